//! What `docker compose` reads when it is called with certain flags in a certain folder and environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::discover::{MAIN_NAMES, OVERRIDE_NAMES};
use super::interpolate::expand_text;
use super::problem::Weight;
use super::project::define_all;
use super::variables::Variables;
use super::workspace::Workspace;
use crate::source::{FileKind, ReadError, absolute, is_remote};

/// A call of `docker compose`.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The current folder, absolute.
    pub folder: PathBuf,
    /// `-f`
    pub files: Vec<String>,
    /// `--env-file`
    pub env_files: Vec<String>,
    /// `--profile`
    pub profiles: Vec<String>,
    /// `--project-directory`
    pub project_directory: Option<String>,
    /// `-p`
    pub project_name: Option<String>,
    /// The process environment.
    pub environment: BTreeMap<String, String>,
}

/// What the call means.
#[derive(Debug)]
pub struct Located {
    /// The Compose files, in the order in which they are merged.
    pub files: Vec<PathBuf>,
    /// The project folder.
    pub folder: PathBuf,
    /// What `${…}` stands for.
    pub variables: Variables,
    /// The profiles that are enabled.
    pub profiles: Vec<String>,
    /// The name of the project.
    pub name: String,
    /// Who gave it that name.
    pub name_source: NameSource,
}

/// Who gives a project its name; the first of these that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSource {
    /// `-p`
    Option,
    /// `COMPOSE_PROJECT_NAME`
    Variable,
    /// `name:` in a file.
    File,
    /// The project folder.
    Folder,
}

impl Invocation {
    /// Finds the files, the folder, the variables and the name, in Compose's order. What keeps it from that is reported.
    pub fn locate(&self, workspace: &mut Workspace<'_>) -> Option<Located> {
        let mut environment = self.environment.clone();
        environment.entry("PWD".to_owned()).or_insert_with(|| self.folder.to_string_lossy().into_owned());
        let mut variables = Variables::new(environment);
        variables.closed = true;
        let named: Vec<PathBuf> = self.env_file_names().iter().map(|name| absolute(&self.folder, name)).collect();
        if self.files.iter().any(|file| is_remote(file)) {
            return self.refuse_remote(workspace);
        }
        let mut files: Vec<PathBuf> = self.files.iter().map(|file| absolute(&self.folder, file)).collect();
        self.read_env_files(workspace, &named, &self.project_folder(&files), &mut variables)?;
        if files.is_empty()
            && let Some(list) = variables.get("COMPOSE_FILE")
        {
            let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).unwrap_or(":");
            if is_remote(list) {
                return self.refuse_remote(workspace);
            }
            files = list.split(separator).map(|file| absolute(&self.folder, file)).collect();
        }
        if files.is_empty() {
            files = default_files(workspace, &self.project_folder(&[]));
        }
        if files.is_empty() {
            workspace.report_unreadable(&self.project_folder(&[]).join(MAIN_NAMES[0]), &ReadError::Absent);
            return None;
        }
        let folder = self.project_folder(&files);
        self.read_env_files(workspace, &named, &folder, &mut variables)?;
        let profiles = enabled_profiles(&self.profiles, &variables);
        let (name, name_source) = self.name(workspace, &files, &folder, &variables)?;
        if variables.get("COMPOSE_PROJECT_NAME").is_some_and(|known| known != name) {
            variables.set("COMPOSE_PROJECT_NAME", name.clone());
        }
        variables.give("COMPOSE_PROJECT_NAME", name.clone());
        Some(Located { files, folder, variables, profiles, name, name_source })
    }

    /// Says that a Compose file lies in the network. Its address is not repeated: it may hold a password.
    fn refuse_remote<T>(&self, workspace: &mut Workspace<'_>) -> Option<T> {
        let message = "a Compose file of this call is remote, and caulk reads no files from the network";
        workspace.report_file(&self.folder, message);
        None
    }

    fn env_file_names(&self) -> Vec<String> {
        let listed = self.environment.get("COMPOSE_ENV_FILES").filter(|list| !list.is_empty());
        match listed {
            Some(list) if self.env_files.is_empty() => {
                list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
            }
            _ => self.env_files.clone(),
        }
    }

    /// The project folder as it is known with these files.
    fn project_folder(&self, files: &[PathBuf]) -> PathBuf {
        match (&self.project_directory, files.first().and_then(|file| file.parent())) {
            (Some(folder), _) => absolute(&self.folder, folder),
            (None, Some(parent)) => parent.to_owned(),
            (None, None) => self.folder.clone(),
        }
    }

    /// Reads the env files that are named, else the folder's `.env`. `None` if Compose stops here.
    fn read_env_files(
        &self,
        workspace: &mut Workspace<'_>,
        named: &[PathBuf],
        folder: &Path,
        variables: &mut Variables,
    ) -> Option<()> {
        if !named.is_empty() {
            for path in named {
                if !variables.paths.contains(path) {
                    variables.paths.push(path.clone());
                }
            }
            define_all(workspace, variables, named, true);
            return Some(());
        }
        let path = folder.join(".env");
        if self.is_disabled(workspace, variables, &path)? {
            return Some(());
        }
        if workspace.sources.kind(&path) == FileKind::File && !variables.paths.contains(&path) {
            variables.paths.push(path.clone());
            define_all(workspace, variables, std::slice::from_ref(&path), false);
            // A file that disables itself has told what begins with COMPOSE_ already.
            if self.is_disabled(workspace, variables, &path)? {
                variables.keep_only("COMPOSE_");
            }
        }
        Some(())
    }

    /// What `COMPOSE_DISABLE_ENV_FILE` says. `None` if Compose stops because of it.
    fn is_disabled(&self, workspace: &mut Workspace<'_>, variables: &Variables, path: &Path) -> Option<bool> {
        match variables.get("COMPOSE_DISABLE_ENV_FILE") {
            None | Some("0" | "f" | "F" | "FALSE" | "false" | "False") => Some(false),
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => Some(true),
            Some(_) => {
                workspace.report_file(path, "COMPOSE_DISABLE_ENV_FILE must be `true` or `false`");
                None
            }
        }
    }

    /// `-p`, else `COMPOSE_PROJECT_NAME`, else the last `name:` of the files, else the folder's name.
    fn name(
        &self,
        workspace: &mut Workspace<'_>,
        files: &[PathBuf],
        folder: &Path,
        variables: &Variables,
    ) -> Option<(String, NameSource)> {
        let named = |name: Option<&'_ str>| name.filter(|name| !name.is_empty()).map(str::to_owned);
        let given = named(self.project_name.as_deref()).map(|name| (name, NameSource::Option));
        let variable = || named(variables.get("COMPOSE_PROJECT_NAME")).map(|name| (name, NameSource::Variable));
        if let Some((name, from)) = given.or_else(variable) {
            if normal_name(&name) != name {
                let message = "the project's name must be made of small letters, digits, `-` and `_`";
                workspace.report_file(files.first().map_or(folder, PathBuf::as_path), message);
                return None;
            }
            return Some((name, from));
        }
        let written = files.iter().filter_map(|file| written_name(workspace, file)).next_back();
        let written = written.map(|name| normal_name(&expand_text(&name, variables).value));
        let from = if written.is_some() { NameSource::File } else { NameSource::Folder };
        let own = folder.file_name().and_then(|name| name.to_str()).map(normal_name).unwrap_or_default();
        let name = written.unwrap_or(own);
        if name.is_empty() {
            let message = "nothing makes a name for the project: `name:` must have small letters or digits";
            workspace.report_file(files.first().map_or(folder, PathBuf::as_path), message);
            return None;
        }
        Some((name, from))
    }
}

/// The last `name:` of a file.
fn written_name(workspace: &mut Workspace<'_>, path: &Path) -> Option<String> {
    let (_, document) = workspace.load_document(path)?;
    let names = document.roots.iter().filter_map(|root| document.at(*root, &["name"]));
    names.filter_map(|name| document.scalar(name)).rfind(|name| !name.is_empty()).map(str::to_owned)
}

/// A name as Compose makes it: small letters, digits, `-` and `_`, the last two not at the start.
pub(super) fn normal_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept: String =
        lower.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')).collect();
    kept.trim_start_matches(['-', '_']).to_owned()
}

/// The file with a default name and its override, in `folder` or the nearest one above.
fn default_files(workspace: &mut Workspace<'_>, folder: &Path) -> Vec<PathBuf> {
    for folder in folder.ancestors() {
        let mut there = |names: &[&str]| {
            let paths = names.iter().map(|name| folder.join(name));
            let found: Vec<_> = paths.filter(|path| workspace.sources.kind(path) != FileKind::Absent).collect();
            if let [first, second, ..] = found.as_slice() {
                let message = format!(
                    "`{}` stands beside it and is not read",
                    second.file_name().unwrap_or_default().to_string_lossy()
                );
                workspace.report_file_as(first, Weight::Warning, message);
            }
            found.into_iter().next()
        };
        if let Some(main) = there(&MAIN_NAMES) {
            return std::iter::once(main).chain(there(&OVERRIDE_NAMES)).collect();
        }
    }
    Vec::new()
}

/// The profiles that are on: those that the call names, or else those of `COMPOSE_PROFILES`, separated by commas.
pub fn enabled_profiles(named: &[String], variables: &Variables) -> Vec<String> {
    if named.is_empty() {
        let list = variables.get("COMPOSE_PROFILES").unwrap_or_default();
        // Where nothing is listed, that is one profile, the blank one: it enables `profiles: [""]`.
        list.split(',').map(str::trim).map(str::to_owned).collect()
    } else {
        named.to_vec()
    }
}
