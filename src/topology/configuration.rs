//! The texts of a project that a service finds in its container and may take for its configuration.

use std::path::{Path, PathBuf};

use super::container_files::{Origin, origins};
use crate::model::Project;
use crate::model::node::Entry;
use crate::source::{FileKind, Files, decode, is_named_compose, relative_to, repository_root};

/// A file that is longer holds data.
const LONGEST: usize = 256 * 1024;

/// How many files of a mounted folder are looked at, and how many folders deep.
const MOST: usize = 200;
const DEEPEST: usize = 4;

/// What the names of configuration end in.
const ENDINGS: [&str; 10] = ["yaml", "yml", "toml", "json", "ini", "conf", "cfg", "cnf", "properties", "xml"];

/// A text that a service finds in its container.
pub(super) struct ConfigurationText {
    /// The file, relative to the project folder, or the path in the container of what stands in the Compose file.
    pub place: String,
    /// The file.
    pub path: Option<PathBuf>,
    /// What it says.
    pub text: String,
}

/// What `volumes`, `configs` and `secrets` put into a container from the project and its repository: single files, texts, and of folders
/// that are not the program itself what is named like configuration.
pub(super) fn read(files: &dyn Files, project: &Project, service: &Entry) -> Vec<ConfigurationText> {
    let mut found = Vec::new();
    // Without a repository, nothing says where the project ends.
    let top = repository_root(files, &project.folder).unwrap_or(&project.folder);
    for (target, origin) in origins(project, &service.value) {
        match origin {
            Origin::Text(text) => {
                found.push(ConfigurationText { place: target, path: None, text: text.to_string() });
            }
            Origin::Host(path) if path.starts_with(top) => match files.kind(&path) {
                FileKind::File => found.extend(text_of(files, project, path)),
                FileKind::Directory if !is_source(files, project, &path) => {
                    let inside = configuration_in(files, &path);
                    found.extend(inside.into_iter().filter_map(|path| text_of(files, project, path)));
                }
                _ => {}
            },
            Origin::Host(_) | Origin::Hidden => {}
        }
    }
    found
}

fn text_of(files: &dyn Files, project: &Project, path: PathBuf) -> Option<ConfigurationText> {
    let bytes = files.read(&path).ok().filter(|bytes| bytes.len() <= LONGEST)?;
    let text = decode(&bytes).ok()?.to_string();
    Some(ConfigurationText { place: relative_to(&project.folder, &path), path: Some(path), text })
}

/// True if a folder holds the program and not only what it reads: it is a project, or an image is built from it.
fn is_source(files: &dyn Files, project: &Project, folder: &Path) -> bool {
    let is_context =
        |service: &Entry| project.build_context(&service.value).is_some_and(|context| context.starts_with(folder));
    project.folder.starts_with(folder)
        || project.services().iter().any(is_context)
        || files.list(folder).iter().any(|path| is_named_compose(path))
}

fn configuration_in(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = pending.pop() {
        for path in files.list(&folder) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            // A link may lead anywhere.
            if name.starts_with('.') || files.is_link(&path) {
                continue;
            }
            match files.kind(&path) {
                FileKind::Directory if depth < DEEPEST => pending.push((path, depth + 1)),
                FileKind::File if ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => found.push(path),
                _ => {}
            }
            if found.len() == MOST {
                return found;
            }
        }
    }
    found
}
