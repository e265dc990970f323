//! From paths that somebody names, or has open in an editor, to projects, grouped so that what shares files is read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::discover::{ProjectFiles, projects_of};
use crate::source::{FileKind, Files, compose_files, is_compose_name, is_env_name};

/// What the paths came to.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Projects that share files or a folder, one group after the other.
    pub groups: Vec<Vec<ProjectFiles>>,
    /// Paths at which nothing was found, with what is wrong.
    pub missing: Vec<(PathBuf, String)>,
}

/// Finds the projects of absolute paths: a Compose file, an env file or any other file of a project's folder, a folder
/// with everything below it.
pub fn find(files: &dyn Files, paths: &[PathBuf]) -> Inputs {
    let mut inputs = Inputs::default();
    let mut given: BTreeSet<PathBuf> = BTreeSet::new();
    for path in paths {
        match files.kind(path) {
            FileKind::Directory => {
                let found = compose_files(path);
                if found.is_empty() {
                    let what = "there is no Compose file in this folder or below it; give the path of one";
                    inputs.missing.push((path.clone(), what.to_owned()));
                }
                given.extend(found);
            }
            FileKind::File if belongs_to_a_project(path) => {
                let around = compose_files_around(files, path);
                if around.is_empty() {
                    let what = "there is no Compose file beside or above this env file; give the path of the project";
                    inputs.missing.push((path.clone(), what.to_owned()));
                }
                given.extend(around);
            }
            FileKind::Absent => inputs.missing.push((path.clone(), "there is no such file or folder".to_owned())),
            // What can't be read is a finding of the project that it would be.
            FileKind::File | FileKind::DanglingLink | FileKind::Other => {
                given.insert(path.clone());
            }
        }
    }
    let given: Vec<_> = given.into_iter().collect();
    inputs.groups = grouped(projects_of(files, &given));
    inputs
}

/// How far above a file the Compose files are looked for that may read it: as far as a project looks for env files below.
const DEPTH: usize = 3;

/// The Compose files of the projects to which another file most likely belongs: those beside it, else those in the nearest
/// folder above that has any, within its repository.
pub fn compose_files_around(files: &dyn Files, path: &Path) -> Vec<PathBuf> {
    for folder in path.ancestors().skip(1).take(DEPTH + 1) {
        let found: Vec<_> = files.list(folder).into_iter().filter(|path| names_compose(path)).collect();
        if !found.is_empty() {
            return found;
        }
        if files.kind(&folder.join(".git")) != FileKind::Absent {
            break;
        }
    }
    Vec::new()
}

fn belongs_to_a_project(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_env_name)
}

fn names_compose(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_compose_name)
}

/// Projects of one folder share its env file; projects that name one file share that.
fn grouped(projects: Vec<ProjectFiles>) -> Vec<Vec<ProjectFiles>> {
    let mut group_of: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<ProjectFiles>> = Vec::new();
    for project in projects {
        let keys: Vec<_> = project.files.iter().cloned().chain([project.folder.clone()]).collect();
        let known: BTreeSet<_> = keys.iter().filter_map(|key| group_of.get(key)).copied().collect();
        let target = known.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for other in known.into_iter().filter(|other| *other != target) {
            let moved = std::mem::take(&mut groups[other]);
            groups[target].extend(moved);
            group_of.values_mut().filter(|group| **group == other).for_each(|group| *group = target);
        }
        group_of.extend(keys.into_iter().map(|key| (key, target)));
        groups[target].push(project);
    }
    groups.retain(|group| !group.is_empty());
    groups
}
