//! Which files make a project (Compose specification, "Compose file"; Compose 2.40 for the order of names).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::source::{FileKind, Files, is_compose_name};
use crate::syntax::yaml::{self, Kind};

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
    /// Why these files.
    pub reason: Reason,
    /// Env files in the place of the folder's `.env`; empty for that.
    pub env_files: Vec<PathBuf>,
    /// The profiles that Compose is told to enable; empty if nobody says.
    pub profiles: Vec<String>,
}

/// Why files make a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// `caulk.yaml` says so.
    Configured,
    /// `COMPOSE_FILE` in `.env` lists them.
    ComposeFile,
    /// Compose looks for these names by itself.
    DefaultName,
    /// It has services without image and build, so it lies over the default file.
    Overlay,
    /// It stands for itself.
    Alone,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Configured => "caulk.yaml",
            Self::ComposeFile => "COMPOSE_FILE in .env",
            Self::DefaultName => "default name",
            Self::Overlay => "lies over the default file",
            Self::Alone => "stands alone",
        })
    }
}

/// The projects to which the given Compose files belong; each project once. A file whose name says nothing stands alone.
pub fn projects_of(files: &dyn Files, given: &[PathBuf]) -> Vec<ProjectFiles> {
    projects_with(files, given, &[])
}

/// The same where somebody declares projects, which come first: their files make no other project, unless Compose finds
/// them by itself together with files that are not declared.
pub fn projects_with(files: &dyn Files, given: &[PathBuf], declared: &[ProjectFiles]) -> Vec<ProjectFiles> {
    let folders: BTreeSet<_> = given.iter().filter_map(|path| path.parent()).collect();
    let wanted: BTreeSet<_> = given.iter().collect();
    let is_wanted = |project: &ProjectFiles| project.files.iter().any(|file| wanted.contains(file));
    let taken: BTreeSet<_> = declared.iter().flat_map(|project| &project.files).collect();
    let mut projects: BTreeSet<_> = declared.iter().filter(|project| is_wanted(project)).cloned().collect();
    for folder in folders {
        let mut names: BTreeSet<PathBuf> =
            files.list(folder).into_iter().filter(|path| is_candidate(files, path)).collect();
        names.extend(given.iter().filter(|path| path.parent() == Some(folder)).cloned());
        let grouped = group(files, folder, names);
        let is_rest = |project: &ProjectFiles| project.files.iter().any(|file| !taken.contains(file));
        projects.extend(grouped.into_iter().filter(|project| is_wanted(project) && is_rest(project)));
    }
    projects.into_iter().collect()
}

fn is_candidate(files: &dyn Files, path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_compose_name) && files.kind(path) == FileKind::File
}

fn group(files: &dyn Files, folder: &Path, mut names: BTreeSet<PathBuf>) -> Vec<ProjectFiles> {
    let mut projects = Vec::new();
    let mut project = |files: Vec<PathBuf>, reason| {
        let (env_files, profiles) = (Vec::new(), Vec::new());
        projects.push(ProjectFiles { files, folder: folder.to_owned(), reason, env_files, profiles });
    };
    if let Some(listed) = listed_in_dotenv(files, folder) {
        for path in &listed {
            names.remove(path);
        }
        project(listed, Reason::ComposeFile);
    }
    let main = first_of(&names, folder, &MAIN_NAMES);
    if let Some(main) = &main {
        names.remove(main);
        let over = first_of(&names, folder, &OVERRIDE_NAMES);
        let set = std::iter::once(main.clone()).chain(over);
        let set: Vec<_> = set.collect();
        for path in &set {
            names.remove(path);
        }
        project(set, Reason::DefaultName);
    }
    for path in names {
        match &main {
            Some(main) if !is_complete(files, &path) && is_complete(files, main) => {
                project(vec![main.clone(), path], Reason::Overlay)
            }
            _ => project(vec![path], Reason::Alone),
        }
    }
    projects
}

fn first_of(names: &BTreeSet<PathBuf>, folder: &Path, wanted: &[&str]) -> Option<PathBuf> {
    wanted.iter().map(|name| folder.join(name)).find(|path| names.contains(path))
}

/// The files that `COMPOSE_FILE` names in the folder's `.env`, if all of them are there.
fn listed_in_dotenv(files: &dyn Files, folder: &Path) -> Option<Vec<PathBuf>> {
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
    paths.iter().all(|path| files.kind(path) == FileKind::File).then_some(paths)
}

/// True if every service of the file has an image, a build or a base of its own. A file that can't be read is complete.
fn is_complete(files: &dyn Files, path: &Path) -> bool {
    let Ok(text) = files.read(path).and_then(|bytes| crate::source::decode(&bytes)) else { return true };
    let (document, _) = yaml::parse(text);
    let services = document.roots.iter().filter_map(|root| document.at(*root, &["services"]));
    services.into_iter().all(|services| {
        document.pairs(services).iter().all(|pair| {
            let Some(service) = document.follow(pair.value) else { return true };
            let known = ["image", "build", "extends", "provider", "<<"];
            !matches!(document.node(service).kind, Kind::Map(_))
                || known.iter().any(|key| document.get(service, key).is_some())
        })
    })
}
