//! Which files make a project (Compose specification, "Compose file"; Compose 2.40 for the order of names).

mod overlay;
mod shape;
mod uses;
mod written;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::source::{FileKind, Files, relative_to};

use overlay::lies_over;
pub use shape::is_compose_file;
pub(super) use written::loaded_env_files;
pub use written::scripts_around;

/// The default names; the first that is there wins.
pub const MAIN_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The names of the file that is laid over it, in Compose's order, which is another one.
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The files of one project, and why they belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectFiles {
    /// The Compose files in the order in which they are merged.
    pub files: Vec<PathBuf>,
    /// The project folder, on which relative paths rest.
    pub folder: PathBuf,
    /// Env files in the place of the folder's `.env`; empty if that is read.
    pub env_files: Vec<PathBuf>,
    /// Why these files.
    pub reason: Reason,
    /// The profiles that Compose is told to enable; empty if nobody says.
    pub profiles: Vec<String>,
}

/// Why files make a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// `caulk.yaml` says so.
    Configured,
    /// A call of Compose that somebody wrote down names them.
    Call(CallPlace),
    /// A call of `docker stack deploy` that somebody wrote down names them.
    Stack(CallPlace),
    /// `COMPOSE_FILE` in `.env` lists them.
    ComposeFile,
    /// Compose looks for these names by itself.
    DefaultName,
    /// It has services without image and build, or needs what only the default file defines, so it lies over that.
    Overlay,
    /// It stands for itself.
    Alone,
}

/// Where a call is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallPlace {
    /// The script, workflow, README or Compose file.
    pub path: PathBuf,
    /// Line, counted from 1.
    pub line: usize,
}

impl Reason {
    /// The reason in words, with paths as seen from `folder`.
    pub fn describe(&self, folder: &Path) -> String {
        let at = |place: &CallPlace| format!("{}:{}", relative_to(folder, &place.path), place.line);
        match self {
            Self::Call(place) => format!("called so in {}", at(place)),
            Self::Stack(place) => format!("deployed to a swarm in {}", at(place)),
            Self::Configured => "caulk.yaml".to_owned(),
            Self::ComposeFile => "COMPOSE_FILE in .env".to_owned(),
            Self::DefaultName => "default name".to_owned(),
            Self::Overlay => "lies over the default file".to_owned(),
            Self::Alone => "stands alone".to_owned(),
        }
    }
}

/// The projects to which the given Compose files belong, and those that share a file with them; each project once. A
/// file whose name says nothing stands alone.
pub fn projects_of(files: &dyn Files, given: &[PathBuf]) -> Vec<ProjectFiles> {
    projects_with(files, given, &[])
}

/// The same where `caulk.yaml` declares projects, which come first: their files make no other project, unless they are
/// found together with files that are not declared.
pub fn projects_with(files: &dyn Files, given: &[PathBuf], declared: &[ProjectFiles]) -> Vec<ProjectFiles> {
    let given = &with_users(files, given);
    let declared_files: BTreeSet<_> = declared.iter().flat_map(|project| &project.files).collect();
    let is_rest = |project: &ProjectFiles| project.files.iter().any(|file| !declared_files.contains(file));
    let mut called = written::projects(files, given);
    called.retain(is_rest);
    let is_given = |project: &&ProjectFiles| project.files.iter().any(|file| given.contains(file));
    let mut projects: BTreeSet<ProjectFiles> = declared.iter().filter(is_given).cloned().collect();
    let named: Vec<_> = called.iter().chain(&projects).cloned().collect();
    let given_folders = given.iter().filter_map(|path| path.parent());
    let folders: BTreeSet<_> = given_folders.chain(named.iter().map(|project| project.folder.as_path())).collect();
    for folder in folders {
        let mut names: BTreeSet<PathBuf> =
            files.list(folder).into_iter().filter(|path| is_candidate(files, path)).collect();
        names.extend(given.iter().filter(|path| path.parent() == Some(folder)).cloned());
        projects.extend(group(files, folder, names, &named).into_iter().filter(is_rest));
    }
    for project in called {
        // Files that Compose takes by itself, too, are one project with one reason.
        let read = |project: &ProjectFiles| (project.files.clone(), project.folder.clone(), project.env_files.clone());
        if matches!(project.reason, Reason::Stack(_)) || !projects.iter().any(|other| read(other) == read(&project)) {
            projects.insert(project);
        }
    }
    leave_out_unused_defaults(files, &mut projects);
    uses::leave_out_parts(files, &mut projects);
    reachable(projects.into_iter().collect(), given)
}

/// The Compose files that scripts and documents call by name, of those that hold some.
pub fn called_files(files: &dyn Files, texts: &[PathBuf]) -> BTreeSet<PathBuf> {
    texts.iter().flat_map(|text| written::called_files(files, text)).collect()
}

/// True for files in which somebody may have written down how Compose is called.
pub fn may_hold_calls(path: &Path) -> bool {
    written::is_script(path)
}

/// The given files, and those above them that include or extend them.
fn with_users(files: &dyn Files, given: &[PathBuf]) -> Vec<PathBuf> {
    let users = uses::users(files, given);
    given.iter().cloned().chain(users.into_iter().filter(|user| !given.contains(user))).collect()
}

/// Leaves out files with a default name that have no `.env` beside them where somebody wrote down that they are called from
/// elsewhere, with an env file or a project folder.
fn leave_out_unused_defaults(files: &dyn Files, projects: &mut BTreeSet<ProjectFiles>) {
    let called: Vec<_> = projects.iter().filter(|project| matches!(project.reason, Reason::Call(_))).cloned().collect();
    projects.retain(|project| {
        let is_replaced = || called.iter().any(|call| call.files == project.files);
        let has_env_file = || files.kind(&project.folder.join(".env")) == FileKind::File;
        project.reason != Reason::DefaultName || has_env_file() || !is_replaced()
    });
}

/// The projects that hold a given file, and those that share one with them, and so on.
fn reachable(projects: Vec<ProjectFiles>, given: &[PathBuf]) -> Vec<ProjectFiles> {
    let mut wanted: BTreeSet<&PathBuf> = given.iter().collect();
    loop {
        let before = wanted.len();
        for project in &projects {
            if project.files.iter().any(|file| wanted.contains(file)) {
                wanted.extend(&project.files);
            }
        }
        if wanted.len() == before {
            break;
        }
    }
    let is_wanted = |project: &&ProjectFiles| project.files.iter().any(|file| wanted.contains(file));
    projects.iter().filter(is_wanted).cloned().collect()
}

fn is_candidate(files: &dyn Files, path: &Path) -> bool {
    files.kind(path) == FileKind::File && is_compose_file(files, path)
}

/// The projects of one folder, but for those that are called by name.
fn group(files: &dyn Files, folder: &Path, mut names: BTreeSet<PathBuf>, called: &[ProjectFiles]) -> Vec<ProjectFiles> {
    let mut projects = Vec::new();
    let mut project = |files: Vec<PathBuf>, reason| {
        let (env_files, profiles) = (Vec::new(), Vec::new());
        projects.push(ProjectFiles { files, folder: folder.to_owned(), env_files, reason, profiles });
    };
    if let Some(listed) = listed_in_dotenv(files, folder) {
        for path in &listed {
            names.remove(path);
        }
        project(listed, Reason::ComposeFile);
    }
    let main = first_of(&names, folder, &MAIN_NAMES);
    if let Some(main) = &main {
        let over = first_of(&names, folder, &OVERRIDE_NAMES);
        let set = std::iter::once(main.clone()).chain(over);
        let set: Vec<_> = set.collect();
        for path in &set {
            names.remove(path);
        }
        project(set, Reason::DefaultName);
    }
    let is_called = |path: &PathBuf| called.iter().any(|project| project.files.contains(path));
    for path in names.into_iter().filter(|path| !is_called(path)) {
        match &main {
            Some(main) if lies_over(files, &path, main) => project(vec![main.clone(), path], Reason::Overlay),
            _ => project(vec![path], Reason::Alone),
        }
    }
    projects
}

fn first_of(names: &BTreeSet<PathBuf>, folder: &Path, wanted: &[&str]) -> Option<PathBuf> {
    wanted.iter().map(|name| folder.join(name)).find(|path| names.contains(path))
}

/// The files that `COMPOSE_FILE` names in the folder's `.env`, if one of them is there. Compose refuses a list of which one
/// is not.
pub fn listed_in_dotenv(files: &dyn Files, folder: &Path) -> Option<Vec<PathBuf>> {
    let bytes = files.read(&folder.join(".env")).ok()?;
    let text = crate::source::decode(&bytes).ok()?;
    let (env, _) = crate::syntax::env::parse(&text);
    let value = |name: &str| {
        let entry = env.entries.iter().rev().find(|entry| entry.key == name)?;
        entry.value.as_ref().map(|value| value.text.clone())
    };
    let list = value("COMPOSE_FILE").filter(|list| !list.is_empty())?;
    let separator = value("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).unwrap_or_else(|| ":".to_owned());
    let paths: Vec<_> = list.split(separator.as_str()).map(|path| crate::source::absolute(folder, path)).collect();
    paths.iter().any(|path| files.kind(path) == FileKind::File).then_some(paths)
}

#[cfg(test)]
mod tests;
