//! Projects that somebody has written down: in the calls of Compose in scripts, Makefiles, workflows, READMEs and the
//! header comments of Compose files, beside them or above them in the same repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shape::holds_compose;
use super::{CallPlace, MAIN_NAMES, OVERRIDE_NAMES, ProjectFiles, Reason, first_of};
use crate::source::{FileKind, Files, absolute, decode, is_named_compose, repository_root};
use crate::syntax::compose_call::{self, ComposeCall, Program};
use crate::syntax::env_load;

/// Longest text in which calls are looked for, in bytes.
const LENGTH_LIMIT: usize = 512 * 1024;
/// Folders beside a Compose file, or above it, that hold scripts and workflows.
const SCRIPT_FOLDERS: [&str; 11] = [
    "scripts",
    "script",
    "bin",
    "ci",
    "docs",
    "deploy",
    "deployment",
    "tools",
    "hack",
    ".circleci",
    ".github/workflows",
];
/// Names of build and pipeline files that have no telling suffix.
const SCRIPT_NAMES: [&str; 13] = [
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    "package.json",
    "jenkinsfile",
    "taskfile.yml",
    "taskfile.yaml",
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    "procfile",
];
const SCRIPT_SUFFIXES: [&str; 7] = [".sh", ".bash", ".mk", ".ps1", ".bat", ".cmd", ".just"];

/// The projects that calls name, each once. A call counts if all its files are there and it says more than the name of
/// one file.
pub(super) fn projects(files: &dyn Files, given: &[PathBuf]) -> Vec<ProjectFiles> {
    let mut found: BTreeMap<(Vec<PathBuf>, Vec<PathBuf>, bool), ProjectFiles> = BTreeMap::new();
    let mut calls_of: BTreeMap<PathBuf, Vec<(PathBuf, ComposeCall)>> = BTreeMap::new();
    let folders: BTreeSet<_> = given.iter().filter_map(|path| path.parent()).collect();
    for folder in folders {
        let reach = Reach::of(files, folder);
        for base in &reach.read {
            let calls = calls_of.entry(base.to_path_buf()).or_insert_with(|| calls_in(files, base));
            for (text, call) in calls.iter() {
                let located = locate(files, &reach, Some(folder), text, call);
                let Some(project) = located.and_then(|located| project(files, text, call, located)) else { continue };
                let is_stack = matches!(project.reason, Reason::Stack(_));
                found.entry((project.files.clone(), project.env_files.clone(), is_stack)).or_insert(project);
            }
        }
    }
    found.into_values().collect()
}

/// The env files that scripts and documents around a Compose file's folder load into the environment of Compose, or put where
/// it looks.
pub(in super::super) fn loaded_env_files(files: &dyn Files, folder: &Path) -> BTreeSet<PathBuf> {
    let reach = Reach::of(files, folder);
    let mut found = BTreeSet::new();
    for (path, text) in scripts_around(files, folder) {
        let above = || path.ancestors().skip(1).take_while(|base| base.starts_with(reach.root)).chain([folder]);
        for name in env_load::loaded_files(&text) {
            found.extend(above().map(|base| absolute(base, &name)).filter(|path| files.kind(path) == FileKind::File));
        }
    }
    found
}

/// The texts of the scripts and documents around a Compose file's folder.
pub fn scripts_around(files: &dyn Files, folder: &Path) -> Vec<(PathBuf, Arc<str>)> {
    let reach = Reach::of(files, folder);
    let texts = reach.read.iter().flat_map(|base| texts(files, base)).filter(|path| is_script(path));
    texts.filter_map(|path| Some((path.clone(), script(files, &path)?))).collect()
}

/// The Compose files that a text calls by name.
pub(super) fn called_files(files: &dyn Files, text: &Path) -> Vec<PathBuf> {
    let Some(folder) = text.parent() else { return Vec::new() };
    let reach = Reach::of(files, folder);
    let calls = calls(files, text);
    let named = calls.iter().filter(|call| !call.files.is_empty());
    let found = named.filter_map(|call| Some(locate(files, &reach, None, text, call)?.1));
    found.flatten().filter(|path| holds_compose(files, path)).collect()
}

/// How far around a Compose file's folder calls are looked for.
struct Reach<'p> {
    /// Folders whose scripts are read: all up to the repository's; outside of a repository, just the one.
    read: Vec<&'p Path>,
    /// The folder in which everything that a call names must lie.
    root: &'p Path,
}

impl<'p> Reach<'p> {
    fn of(files: &dyn Files, folder: &'p Path) -> Self {
        match repository_root(files, folder) {
            Some(root) => {
                Self { read: folder.ancestors().take_while(|folder| folder.starts_with(root)).collect(), root }
            }
            None => Self { read: vec![folder], root: folder.parent().unwrap_or(folder) },
        }
    }
}

/// The calls in the texts of a folder and of its folders of scripts.
fn calls_in(files: &dyn Files, folder: &Path) -> Vec<(PathBuf, ComposeCall)> {
    let calls = |path: PathBuf| calls(files, &path).into_iter().map(move |call| (path.clone(), call));
    texts(files, folder).into_iter().flat_map(calls).collect()
}

/// The files of a folder, and of its folders of scripts, in which calls may stand.
fn texts(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let inside = SCRIPT_FOLDERS.iter().flat_map(|name| files.list(&folder.join(name))).filter(|path| is_script(path));
    let beside = files.list(folder).into_iter().filter(|path| is_script(path) || is_named_compose(path));
    beside.chain(inside).filter(|path| files.kind(path) == FileKind::File).collect()
}

fn lower_name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// True for files that people write to be run or read, so that calls may stand there.
pub(super) fn is_script(path: &Path) -> bool {
    let name = lower_name(path);
    let folder = path.parent();
    name.starts_with("readme")
        || name.ends_with(".md")
        || SCRIPT_NAMES.contains(&name.as_str())
        || folder.is_some_and(|folder| folder.ends_with(".github/workflows") || folder.ends_with(".circleci"))
        || SCRIPT_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// The text of a script, unless it is too long.
fn script(files: &dyn Files, path: &Path) -> Option<Arc<str>> {
    files.read(path).and_then(|bytes| decode(&bytes)).ok().filter(|text| text.len() <= LENGTH_LIMIT)
}

fn calls(files: &dyn Files, path: &Path) -> Vec<ComposeCall> {
    let Some(text) = script(files, path) else { return Vec::new() };
    if is_named_compose(path) && !is_script(path) {
        return compose_call::calls(&compose_call::header(&text));
    }
    compose_call::calls(&text)
}

/// The folder in which a call is made and the Compose files that it names: the first folder from which all of them are
/// there, be it that into which the text changes, that of the text, or one above it. A script may have changed into the
/// Compose file's folder; a document says the same of any folder.
fn locate(
    files: &dyn Files,
    reach: &Reach<'_>,
    folder: Option<&Path>,
    text: &Path,
    call: &ComposeCall,
) -> Option<(PathBuf, Vec<PathBuf>)> {
    let above = || text.ancestors().skip(1).take_while(|base| base.starts_with(reach.root)).map(Path::to_owned);
    let changed = call.folder.iter().flat_map(|folder| above().map(move |base| absolute(&base, folder)));
    let may_change_folder = !call.files.is_empty() && !lower_name(text).ends_with(".md");
    let given = folder.filter(|_| may_change_folder).map(Path::to_owned);
    changed.chain(above()).chain(given).find_map(|base| {
        let named = named_files(files, &base, call);
        let is_inside = |path: &PathBuf| path.starts_with(reach.root) && files.kind(path) == FileKind::File;
        (!named.is_empty() && named.iter().all(is_inside)).then_some((base, named))
    })
}

/// The project of a call that is made in `base` for the files `named`, if it says more than the name of one file.
fn project(
    files: &dyn Files,
    text: &Path,
    call: &ComposeCall,
    (base, named): (PathBuf, Vec<PathBuf>),
) -> Option<ProjectFiles> {
    let directory = call.project_directory.as_ref().map(|path| absolute(&base, path));
    let folder = directory.clone().or_else(|| Some(named[0].parent()?.to_owned()))?;
    let mut env_files: Vec<_> = call.env_files.iter().map(|path| absolute(&base, path)).collect();
    let is_all_there = env_files.iter().all(|path| files.kind(path) == FileKind::File);
    if !is_all_there || env_files == [folder.join(".env")] {
        env_files.clear();
    }
    let says_more = !env_files.is_empty() || directory.is_some() || call.files.len() > 1;
    let place = CallPlace { path: text.to_owned(), line: call.line };
    let reason = match call.program {
        Program::Stack => Reason::Stack(place),
        Program::Compose if says_more => Reason::Call(place),
        Program::Compose => return None,
    };
    Some(ProjectFiles { files: named, folder, env_files, reason, profiles: Vec::new() })
}

/// The Compose files of a call made in `base`: those that it names, or those that Compose takes by itself.
fn named_files(files: &dyn Files, base: &Path, call: &ComposeCall) -> Vec<PathBuf> {
    if !call.files.is_empty() {
        return call.files.iter().map(|path| absolute(base, path)).collect();
    }
    let names = files.list(base).into_iter().collect();
    let Some(main) = first_of(&names, base, &MAIN_NAMES) else { return Vec::new() };
    std::iter::once(main).chain(first_of(&names, base, &OVERRIDE_NAMES)).collect()
}
