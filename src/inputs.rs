//! From paths that somebody names, or has open in an editor, to projects, grouped so that what shares files is read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::Configs;
use crate::model::discover::{
    MAIN_NAMES, ProjectFiles, called_files, is_compose_file, listed_in_dotenv, may_hold_calls, projects_with,
};
use crate::source::{FileKind, Files, files_below, is_env_name, is_named_compose, relative_to, repository_root};

/// What the paths stand for, before it is known which files make a project.
#[derive(Debug, Default)]
pub struct Given {
    /// Compose files.
    pub files: BTreeSet<PathBuf>,
    /// Env files, each with the Compose files around it.
    pub env_files: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Paths at which nothing was found, with what is wrong.
    pub missing: Vec<(PathBuf, String)>,
}

impl Given {
    /// The folders of all files.
    pub fn folders(&self) -> BTreeSet<&Path> {
        let around = self.env_files.values().flatten();
        self.files.iter().chain(self.env_files.keys()).chain(around).filter_map(|path| path.parent()).collect()
    }
}

/// What the paths came to.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Projects that share files or a folder, one group after the other.
    pub groups: Vec<Vec<ProjectFiles>>,
    /// Env files that belong to no project, with what is wrong.
    pub lonely: Vec<(PathBuf, String)>,
}

/// Who chose the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// Somebody who knows that they are Compose files.
    ByPerson,
    /// A pattern of names, as hooks and editors have: a file that is no Compose file is no mistake.
    ByName,
}

/// Looks at absolute paths: a Compose file, an env file of a project, a folder with everything below it.
pub fn given(files: &dyn Files, paths: &[PathBuf], chosen: Chosen) -> Given {
    let mut given = Given::default();
    for path in paths {
        match files.kind(path) {
            FileKind::Directory => {
                let (named, texts): (Vec<_>, Vec<_>) =
                    files_below(path, &|path| is_named_compose(path) || may_hold_calls(path))
                        .into_iter()
                        .partition(|path| is_named_compose(path));
                let (mut found, others): (Vec<PathBuf>, Vec<_>) =
                    named.into_iter().partition(|path| is_compose_file(files, path));
                found.extend(called_files(files, &texts));
                found.extend(listed_in_dotenv(files, path).unwrap_or_default());
                if found.is_empty() {
                    // As Compose does in a folder of a project.
                    found = compose_files_around(files, &path.join(MAIN_NAMES[0]));
                }
                if found.is_empty() {
                    let what = "there is no Compose file in this folder or below it; give the path of one";
                    let other =
                        others.first().map(|other| format!(" ({} holds something else)", relative_to(path, other)));
                    given.missing.push((path.clone(), what.to_owned() + &other.unwrap_or_default()));
                }
                given.files.extend(found);
            }
            FileKind::File if belongs_to_a_project(path) => {
                given.env_files.insert(path.clone(), compose_files_around(files, path));
            }
            FileKind::File if chosen == Chosen::ByName && !is_compose_file(files, path) => {}
            FileKind::Absent => given.missing.push((path.clone(), "there is no such file or folder".to_owned())),
            // What can't be read is a finding of the project that it would be.
            FileKind::File | FileKind::DanglingLink | FileKind::Other => {
                given.files.insert(path.clone());
            }
        }
    }
    given
}

/// Finds the projects of what is given, but for what the configuration excludes.
pub fn find(files: &dyn Files, given: &Given, configs: &Configs) -> Inputs {
    let mut inputs = Inputs::default();
    let declared = configs.projects();
    let mut wanted = given.files.clone();
    for (env_file, around) in given.env_files.iter().filter(|(path, _)| !configs.excludes(path)) {
        let readers = declared.iter().filter(|project| project.env_files.contains(env_file));
        let found: Vec<_> = readers.flat_map(|project| &project.files).chain(around).cloned().collect();
        if found.is_empty() {
            let what = "there is no Compose file beside this env file or above it; give the path of the project";
            inputs.lonely.push((env_file.clone(), what.to_owned()));
        }
        wanted.extend(found);
    }
    let wanted: Vec<_> = wanted.into_iter().filter(|path| !configs.excludes(path)).collect();
    inputs.groups = grouped(projects_with(files, &wanted, &declared));
    inputs
}

/// These projects, and the others of their repositories (without one: of their folders): what services use of each other's
/// projects counts, whichever of them somebody looks at.
pub fn with_surroundings<'p>(
    files: &dyn Files,
    projects: impl IntoIterator<Item = &'p ProjectFiles>,
    configs: &Configs,
) -> Vec<ProjectFiles> {
    let mut all: BTreeSet<ProjectFiles> = projects.into_iter().cloned().collect();
    let folders: BTreeSet<_> = all.iter().map(|project| project.folder.clone()).collect();
    let roots: BTreeSet<_> = folders.iter().filter_map(|folder| repository_root(files, folder)).collect();
    let in_repositories = roots.iter().flat_map(|root| files_below(root, &|path| is_named_compose(path)));
    let alone = folders.iter().filter(|folder| !roots.iter().any(|root| folder.starts_with(root)));
    let beside = alone.flat_map(|folder| files.list(folder)).filter(|path| is_named_compose(path));
    let mut found: Vec<_> = in_repositories.chain(beside).collect();
    found.retain(|path| is_compose_file(files, path) && !configs.excludes(path));
    all.extend(projects_with(files, &found, &configs.projects()));
    all.into_iter().collect()
}

/// The Compose files beside an env file, or another file that a project may read, or in the nearest folder above it that has
/// some, within its repository.
pub fn compose_files_around(files: &dyn Files, env_file: &Path) -> Vec<PathBuf> {
    let folder = env_file.parent().unwrap_or(env_file);
    let root = repository_root(files, folder);
    // Without a repository, nothing says where a project ends.
    let top = root.unwrap_or(folder);
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(top));
    let in_folder =
        |folder: &Path| files.list(folder).into_iter().filter(|path| is_compose_file(files, path)).collect::<Vec<_>>();
    folders.map(in_folder).find(|found| !found.is_empty()).unwrap_or_default()
}

fn belongs_to_a_project(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_env_name)
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
