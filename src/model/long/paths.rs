//! Relative paths become absolute (Compose specification, "Relative path resolution").

use std::path::{Path, PathBuf};

use super::super::cast::visit;
use super::super::fault::Fault;
use super::super::node::{Node, Text, Value};
use crate::source::absolute;

/// The folders that paths rest on.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Folders<'p> {
    /// For relative paths.
    pub project: &'p Path,
    /// For `~`; `None` if nobody knows it.
    pub home: Option<&'p Path>,
}

/// How a path is written.
#[derive(Debug, Clone, Copy)]
enum PathKind {
    /// A file or a folder.
    File,
    /// The same; a path of Windows is absolute, too.
    Host,
    /// A folder, an address or a service.
    Context,
}

const PATHS: [(&str, PathKind); 10] = [
    ("services.*.build.context", PathKind::Context),
    ("services.*.build.additional_contexts.*", PathKind::Context),
    ("services.*.build.ssh.*", PathKind::Host),
    ("services.*.env_file.*.path", PathKind::File),
    ("services.*.label_file.*", PathKind::File),
    ("services.*.extends.file", PathKind::File),
    ("services.*.develop.watch.*.path", PathKind::File),
    ("configs.*.file", PathKind::Host),
    ("secrets.*.file", PathKind::Host),
    ("include.*.path", PathKind::File),
];

/// Makes the paths below the top of a model absolute.
pub(in super::super) fn absolute_paths(root: &mut Node, folders: Folders<'_>, faults: &mut Vec<Fault>) {
    for (path, kind) in PATHS {
        let steps: Vec<&str> = path.split('.').collect();
        visit(root, &steps, &mut |node| resolve(node, kind, folders));
    }
    visit(root, &["services", "*", "volumes", "*"], &mut |node| mount(node, folders, faults));
    visit(root, &["volumes", "*"], &mut |node| bound_volume(node, folders));
}

fn resolve(node: &mut Node, kind: PathKind, folders: Folders<'_>) {
    let Value::Text(text) = &mut node.value else { return };
    if let Some(path) = resolved(&text.value, kind, folders) {
        *text = Text { value: path, pieces: Vec::new(), certainty: text.certainty.clone() };
    }
}

/// The absolute path; `None` if the text stays as it is.
fn resolved(text: &str, kind: PathKind, folders: Folders<'_>) -> Option<String> {
    let is_remote = |text: &str| {
        let starts = ["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
        text.contains("://") || starts.iter().any(|start| text.starts_with(start))
    };
    if matches!(kind, PathKind::Context) && (text.is_empty() || is_remote(text)) {
        return None;
    }
    let path: PathBuf = match text.strip_prefix('~') {
        Some(rest) => absolute(folders.home?, rest.trim_start_matches('/')),
        None if text.starts_with('/') => return None,
        None if matches!(kind, PathKind::Host) && is_windows_path(text) => return None,
        None => absolute(folders.project, text),
    };
    Some(path.to_string_lossy().into_owned())
}

fn is_windows_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    text.starts_with("\\\\") || (drive && matches!(bytes.get(2), Some(b'\\' | b'/')))
}

fn mount(node: &mut Node, folders: Folders<'_>, faults: &mut Vec<Fault>) {
    let place = node.place.clone();
    let Value::Map(map) = &mut node.value else { return };
    let binds = map.get("type").and_then(Node::as_text).is_some_and(|text| text.value == "bind");
    if !binds {
        return;
    }
    match map.get_mut("source") {
        Some(source) => resolve(source, PathKind::Host, folders),
        None => faults.push(Fault::new(&place, "this bind mount has no `source`")),
    }
}

/// A local volume with `o: bind` is a bind mount in disguise.
fn bound_volume(node: &mut Node, folders: Folders<'_>) {
    let is = |node: &Node, path: &[&str], wanted: &str| {
        node.at(path).and_then(Node::as_text).is_some_and(|text| text.value == wanted)
    };
    if !is(node, &["driver"], "local") || !is(node, &["driver_opts", "o"], "bind") {
        return;
    }
    if let Some(device) = node.get_mut("driver_opts").and_then(|options| options.get_mut("device")) {
        resolve(device, PathKind::Host, folders);
    }
}
