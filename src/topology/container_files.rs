//! The files of the project that a service finds in its container, and what Redis makes of a file that includes others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;

use crate::lens::command::Command;
use crate::lens::mount::mounts;
use crate::lens::server::Script;
use crate::lens::value::Secret;
use crate::model::node::{Certainty, Node};
use crate::model::{Project, Workspace};
use crate::source::{FileKind, absolute, relative_to};
use crate::syntax::redis_conf;

/// The texts that a container finds at the paths that matter.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// Texts that are no scripts, what they include in its place, by their path in the container. A pattern stands for
    /// the files that it fits.
    pub texts: BTreeMap<String, Arc<str>>,
    /// Scripts.
    pub scripts: BTreeMap<String, Script>,
}

/// Adds to `texts` what the words of the service, the texts themselves and its scripts name.
pub(super) fn load(
    workspace: &mut Workspace<'_>,
    number: usize,
    service: &str,
    mut texts: BTreeMap<String, Arc<str>>,
) -> Loaded {
    let project = &workspace.projects[number];
    let folder = project.folder.clone();
    let Some(node) = project.service(service) else { return Loaded::default() };
    let files = ContainerFiles::read(project, node);
    let words = Command::all_words(node).into_iter();
    let mut pending: Vec<String> = words.flat_map(|word| paths_of_script(&word.text)).collect();
    pending.extend(
        files.origins.iter().filter(|(_, origin)| matches!(origin, Origin::Text(_))).map(|(path, _)| path.clone()),
    );
    pending.extend(texts.values().flat_map(|text| paths_of_conf(text)));
    // A script that is mounted by itself is looked at again.
    texts.retain(|path, text| !is_script(path, text) || !pending.contains(path));
    let mut patterns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut scripts = BTreeMap::new();
    while let Some(path) = pending.pop() {
        if texts.contains_key(&path) || scripts.contains_key(&path) || patterns.contains_key(&path) {
            continue;
        }
        if is_pattern(&path) {
            if let Some(matching) = files.matching(workspace, &path) {
                pending.extend(matching.iter().cloned());
                patterns.insert(path, matching);
            }
        } else if let Some((text, file)) = files.find(workspace, &path) {
            if is_script(&path, &text) {
                let shown = file.map_or("the Compose file".to_owned(), |file| relative_to(&folder, &file));
                pending.extend(paths_of_script(&text));
                scripts.insert(path, Script { path: shown, text: text.to_string() });
            } else {
                pending.extend(paths_of_conf(&text));
                texts.insert(path, text);
            }
        }
    }
    let mut whole: BTreeMap<String, Arc<str>> = BTreeMap::new();
    for (path, text) in &texts {
        whole.insert(path.clone(), with_included(text, &texts, &patterns, &[path]).into());
    }
    for pattern in patterns.keys() {
        whole.insert(pattern.clone(), with_included(&format!("include \"{pattern}\""), &texts, &patterns, &[]).into());
    }
    Loaded { texts: whole, scripts }
}

/// The text at a path of a container, and its file; `None` for text that stands in the Compose file.
pub(super) fn locate(
    workspace: &mut Workspace<'_>,
    number: usize,
    service: &str,
    path: &str,
) -> Option<(Arc<str>, Option<PathBuf>)> {
    let project = &workspace.projects[number];
    ContainerFiles::read(project, project.service(service)?).find(workspace, path)
}

/// What a program of a container reads at a path.
#[derive(Debug, Clone)]
pub enum FileContent {
    /// Nothing is put there: it is the image's own file, or none.
    NotThere,
    /// Something that can't be seen, such as a secret that is kept elsewhere.
    Hidden,
    /// A file of the project that does not exist.
    Missing(String),
    /// This text.
    Text(Secret),
}

/// What a service finds at `path` in its container.
pub(super) fn content(workspace: &mut Workspace<'_>, number: usize, service: &str, path: &str) -> FileContent {
    let project = &workspace.projects[number];
    let folder = project.folder.clone();
    let Some(node) = project.service(service) else { return FileContent::NotThere };
    let files = ContainerFiles::read(project, node);
    if let Some((text, _)) = files.find(workspace, path) {
        return FileContent::Text(Secret::new(&*text));
    }
    match files.origin(path) {
        None => FileContent::NotThere,
        Some((Origin::Host(host), rest)) => FileContent::Missing(relative_to(&folder, &within(host, rest))),
        Some(_) => FileContent::Hidden,
    }
}

/// The paths in a container at which, or below which, something is mounted.
pub(super) fn targets(service: &Node) -> Vec<String> {
    let volumes = mounts(service).into_iter().map(|mount| mount.target.trim_end_matches('/').to_owned());
    volumes.chain(granted(service).map(|(_, _, target)| target)).collect()
}

/// What `volumes`, `configs` and `secrets` put into a container, by the path there.
pub(super) fn origins(project: &Project, service: &Node) -> Vec<(String, Origin)> {
    ContainerFiles::read(project, service).origins
}

/// What stands at a path of a container or below it.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A file or a folder of the host.
    Host(PathBuf),
    /// Text that stands in the Compose file.
    Text(Arc<str>),
    /// Something that can't be seen.
    Hidden,
}

/// What a service mounts, by the path in its container.
struct ContainerFiles {
    origins: Vec<(String, Origin)>,
}

impl ContainerFiles {
    /// Reads `volumes`, `configs` and `secrets` of a service.
    fn read(project: &Project, service: &Node) -> Self {
        let mut origins: Vec<(String, Origin)> = Vec::new();
        for mount in mounts(service) {
            let source = mount.source.filter(|source| !matches!(source.certainty, Certainty::Unknown(_)));
            let origin = match source {
                Some(source) if mount.is_bind => Origin::Host(absolute(&project.folder, source.value)),
                _ => Origin::Hidden,
            };
            origins.push((mount.target.trim_end_matches('/').to_owned(), origin));
        }
        for (key, source, target) in granted(service) {
            let definition = project.root.as_ref().and_then(|root| root.at(&[key, &source]));
            origins.push((target, definition.map_or(Origin::Hidden, |definition| defined(project, definition))));
        }
        Self { origins }
    }

    /// The text at `path` and its file, if it can be seen; no file for text that stands in the Compose file.
    fn find(&self, workspace: &mut Workspace<'_>, path: &str) -> Option<(Arc<str>, Option<PathBuf>)> {
        match self.origin(path)? {
            (Origin::Text(text), "") => Some((text.clone(), None)),
            (Origin::Host(host), rest) => {
                let host = within(host, rest);
                let is_file = workspace.sources.kind(&host) == FileKind::File;
                let source = is_file.then(|| workspace.sources.load(&host).ok()).flatten()?;
                Some((workspace.sources.get(source).text.clone(), Some(host)))
            }
            _ => None,
        }
    }

    /// The paths in the container that a pattern fits, in the order in which Redis takes them; `None` where they can't
    /// be seen. Only the last part of a path can be a pattern here.
    fn matching(&self, workspace: &Workspace<'_>, pattern: &str) -> Option<Vec<String>> {
        let (parent, name) = pattern.rsplit_once('/')?;
        let regex = glob(name)?;
        let is_inside = |path: &str| path.rsplit_once('/').is_some_and(|(folder, _)| folder == parent);
        let mut found: Vec<String> =
            self.origins.iter().map(|(target, _)| target.clone()).filter(|target| is_inside(target)).collect();
        match self.origin(parent) {
            Some((Origin::Host(host), rest)) => {
                let inside = workspace.sources.list(&within(host, rest));
                let names = inside.iter().filter_map(|path| path.file_name()?.to_str());
                found.extend(names.map(|name| format!("{parent}/{name}")));
            }
            // The folder is the image's own, or can't be seen.
            _ => return None,
        }
        // A pattern fits no hidden name, unless it begins with a dot itself.
        let fits = |found: &str| regex.is_match(found) && (!found.starts_with('.') || name.starts_with('.'));
        found.retain(|path| path.rsplit('/').next().is_some_and(fits));
        found.sort();
        found.dedup();
        Some(found)
    }

    /// The mount that holds `path`, and the path inside it.
    fn origin<'p>(&self, path: &'p str) -> Option<(&Origin, &'p str)> {
        let inside = |target: &str| path.strip_prefix(target).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let holding = self.origins.iter().filter_map(|(target, origin)| Some((target, origin, inside(target)?)));
        let (_, origin, rest) = holding.max_by_key(|(target, _, _)| target.len())?;
        Some((origin, rest))
    }
}

/// What `configs` and `secrets` grant a service: which of the two, its name, and its path in the container.
fn granted(service: &Node) -> impl Iterator<Item = (&'static str, String, String)> {
    let keys = [("configs", ""), ("secrets", "/run/secrets")];
    keys.into_iter().flat_map(move |(key, folder)| {
        let entries = service.get(key).and_then(Node::as_list).unwrap_or_default();
        entries.iter().filter_map(move |entry| {
            let field = |name: &str| entry.get(name).and_then(Node::scalar_text).map(|text| text.value);
            let source = entry.scalar_text().map(|text| text.value).or_else(|| field("source"))?;
            let target = field("target").unwrap_or_else(|| source.clone());
            let target = if target.starts_with('/') { target } else { format!("{folder}/{target}") };
            Some((key, source, target))
        })
    })
}

fn is_script(path: &str, text: &str) -> bool {
    text.starts_with("#!") || path.ends_with(".sh")
}

/// The absolute paths in the text of a script, and in words.
fn paths_of_script(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "\"'`;=()<>|&".contains(c));
    words.filter(|word| word.starts_with('/') && word.len() > 1).map(str::to_owned).collect()
}

/// The files that a configuration names.
fn paths_of_conf(text: &str) -> Vec<String> {
    let (conf, _) = redis_conf::parse(text);
    let named = conf.all("include").chain(conf.all("aclfile")).filter_map(|directive| directive.args.first());
    named.map(|arg| arg.value.clone()).filter(|path| path.starts_with('/')).collect()
}

/// True if Redis takes the argument of `include` for a pattern (since 7.0).
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The text of a configuration with those that it includes in their places. A line stays where its file can't be seen.
fn with_included(
    text: &str,
    texts: &BTreeMap<String, Arc<str>>,
    patterns: &BTreeMap<String, Vec<String>>,
    within: &[&str],
) -> String {
    let (conf, _) = redis_conf::parse(text);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for directive in conf.all("include") {
        let [file] = directive.args.as_slice() else { continue };
        let one = vec![file.value.clone()];
        let paths = if is_pattern(&file.value) { patterns.get(&file.value) } else { Some(&one) };
        // A file that includes itself never comes to an end.
        let included: Option<Vec<String>> = paths.and_then(|paths| {
            let read = |path: &String| {
                let text = texts.get(path).filter(|_| !within.contains(&path.as_str()))?;
                Some(with_included(text, texts, patterns, &[within, &[path.as_str()]].concat()))
            };
            paths.iter().map(read).collect()
        });
        if let Some(included) = included {
            result.push_str(&text[at..directive.line.start]);
            result.push_str(&included.join("\n"));
            at = directive.line.end;
        }
    }
    result.push_str(&text[at..]);
    result
}

/// The path on the host of what stands at `rest` inside a mount.
fn within(host: &Path, rest: &str) -> PathBuf {
    if rest.is_empty() { host.to_owned() } else { host.join(rest.trim_start_matches('/')) }
}

/// The definition of a config or a secret.
fn defined(project: &Project, definition: &Node) -> Origin {
    let field = |name: &str| {
        let text = definition.get(name).and_then(Node::scalar_text)?;
        (!matches!(text.certainty, Certainty::Unknown(_))).then_some(text.value)
    };
    match (field("content"), field("file")) {
        (Some(content), _) => Origin::Text(content.into()),
        (None, Some(file)) => Origin::Host(absolute(&project.folder, file)),
        (None, None) => Origin::Hidden,
    }
}

/// The names that a pattern of the shell fits: `*`, `?` and `[…]`.
fn glob(pattern: &str) -> Option<Regex> {
    let mut regex = String::from("^");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                let class: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let class = class.replace('\\', "\\\\");
                let class = class.strip_prefix('!').map_or(class.clone(), |rest| format!("^{rest}"));
                regex.push_str(&format!("[{class}]"));
            }
            c => regex.push_str(&regex::escape(&c.to_string())),
        }
    }
    regex.push('$');
    Regex::new(&regex).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(files: &[(&str, &str)], patterns: &[(&str, &[&str])]) -> String {
        let texts: BTreeMap<String, Arc<str>> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())).collect();
        let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let patterns = patterns.iter().map(|(pattern, paths)| ((*pattern).to_owned(), owned(paths))).collect();
        with_included(&texts["/a"], &texts, &patterns, &["/a"])
    }

    #[test]
    fn an_included_file_stands_in_the_place_of_its_line() {
        let b = ("/b", "requirepass b\n");
        let rows: [(&[(&str, &str)], &str); 5] = [
            (&[("/a", "port 1\ninclude /b\nsave 1 1"), b], "port 1\nrequirepass b\n\nsave 1 1"),
            (&[("/a", "include \"/b\"\r\nport 1"), b], "requirepass b\n\r\nport 1"),
            (&[("/a", "include /c"), ("/c", "include /b"), b], "requirepass b\n"),
            (&[("/a", "include /gone\nport 1")], "include /gone\nport 1"),
            (&[("/a", "include /a\nport 1")], "include /a\nport 1"),
        ];
        for (files, expected) in rows {
            assert_eq!(included(files, &[]), expected, "{files:?}");
        }
        let files = [("/a", "include /d/*.conf\nport 1"), ("/d/1.conf", "save 1 1"), ("/d/2.conf", "save 2 2")];
        assert_eq!(included(&files, &[("/d/*.conf", &["/d/1.conf", "/d/2.conf"])]), "save 1 1\nsave 2 2\nport 1");
        assert_eq!(included(&files, &[("/d/*.conf", &[])]), "\nport 1", "a pattern may fit nothing");
        assert_eq!(included(&files, &[]), files[0].1);
    }

    #[test]
    fn patterns_are_those_of_the_shell() {
        let rows = [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("?.conf", "a.conf", true),
            ("[a-c].conf", "b.conf", true),
            ("[!a-c].conf", "b.conf", false),
            ("a+.conf", "aa.conf", false),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(glob(pattern).is_some_and(|regex| regex.is_match(name)), expected, "{pattern} {name}");
        }
    }
}
