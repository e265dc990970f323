//! Which Compose files belong to others that include or extend them, as far as that is written without variables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{ProjectFiles, Reason, is_compose_file};
use crate::source::{Files, absolute, decode, is_named_compose, repository_root};
use crate::syntax::yaml::{self, Document, Kind, NodeId};

/// How a file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Included,
    Extended,
}

/// The Compose files beside given ones, or in the folders above them, that include or extend one, or a file that does,
/// within their repository.
pub(super) fn users(files: &dyn Files, given: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for folder in given.iter().filter_map(|path| path.parent()).collect::<BTreeSet<_>>() {
        let top = repository_root(files, folder).unwrap_or(folder);
        folders.extend(folder.ancestors().take_while(|above| above.starts_with(top)));
    }
    let given: BTreeSet<_> = given.iter().collect();
    let candidates = folders.into_iter().flat_map(|folder| files.list(folder));
    let uses_given = |path: &PathBuf| all_used(files, path).iter().any(|used| given.contains(used));
    candidates.filter(|path| is_named_compose(path) && uses_given(path) && is_compose_file(files, path)).collect()
}

/// Leaves out projects that are parts of others: a file that stands for itself and that another project includes or extends,
/// and one with a default name that is included from another folder. One that others extend, or that a file beside it
/// includes, is run by itself, too.
pub(super) fn leave_out_parts(files: &dyn Files, projects: &mut BTreeSet<ProjectFiles>) {
    let used: Vec<(PathBuf, PathBuf, Use)> =
        projects.iter().flat_map(|project| &project.files).flat_map(|user| direct(files, user)).collect();
    let is_part = |project: &ProjectFiles, path: &PathBuf| {
        used.iter().any(|(user, file, how)| {
            let counts = match project.reason {
                Reason::Alone => true,
                Reason::DefaultName => *how == Use::Included && user.parent() != Some(&project.folder),
                _ => false,
            };
            // Two that use each other are both whole.
            file == path && counts && !project.files.contains(user) && !all_used(files, path).contains(user)
        })
    };
    projects.retain(|project| !project.files.iter().all(|path| is_part(project, path)));
}

/// What a file includes and extends, and what those do.
fn all_used(files: &dyn Files, path: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![path.to_owned()];
    while let Some(next) = open.pop() {
        for (_, used, _) in direct(files, &next) {
            if found.insert(used.clone()) {
                open.push(used);
            }
        }
    }
    found
}

/// Each use that a file makes of others: itself, the other, how.
fn direct(files: &dyn Files, path: &Path) -> Vec<(PathBuf, PathBuf, Use)> {
    let Ok(text) = files.read(path).and_then(|bytes| decode(&bytes)) else { return Vec::new() };
    if !text.contains("include") && !text.contains("extends") {
        return Vec::new();
    }
    let (document, _) = yaml::parse(text);
    let folder = path.parent().unwrap_or(path);
    let mut used = Vec::new();
    for root in &document.roots {
        let items = document.get(*root, "include").map_or(&[][..], |pair| document.items(pair.value));
        let included = items.iter().flat_map(|item| {
            let path = document.get(*item, "path").map_or(*item, |pair| pair.value);
            texts(&document, path)
        });
        used.extend(included.map(|path| (path, Use::Included)));
        let services = document.get(*root, "services").map_or(&[][..], |pair| document.pairs(pair.value));
        let extended = services.iter().filter_map(|service| {
            let extends = document.get(service.value, "extends")?;
            document.scalar(document.get(extends.value, "file")?.value)
        });
        used.extend(extended.map(|path| (path.to_owned(), Use::Extended)));
    }
    let is_plain = |path: &str| !path.is_empty() && !path.contains('$') && !path.contains("://");
    let used = used.into_iter().filter(|(path, _)| is_plain(path));
    used.map(|(used, how)| (path.to_owned(), absolute(folder, &used), how)).collect()
}

/// A text, or the texts of a list.
fn texts(document: &Document, node: NodeId) -> Vec<String> {
    match &document.node(node).kind {
        Kind::Seq(items) => items.iter().filter_map(|item| document.scalar(*item)).map(str::to_owned).collect(),
        _ => document.scalar(node).map(str::to_owned).into_iter().collect(),
    }
}
