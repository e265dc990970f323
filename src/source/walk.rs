//! Finds the files below a folder, and the repository around it.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::{FileKind, Files};

/// True for the names under which people keep Compose files: `compose.yaml`, `docker-compose.prod.yml`, `stack-compose.yml`.
/// Composer is another program.
pub fn is_compose_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(".yml") || lower.ends_with(".yaml")) && lower.replace("composer", "").contains("compose")
}

/// True for a path whose last part is such a name.
pub fn is_named_compose(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_compose_name)
}

/// The repository that holds `folder`: the nearest folder with a `.git`, from there upwards.
pub fn repository_root<'p>(files: &dyn Files, folder: &'p Path) -> Option<&'p Path> {
    folder.ancestors().find(|folder| files.kind(&folder.join(".git")) != FileKind::Absent)
}

/// The files below `folder` that are wanted, sorted. What git ignores is left out, hidden folders are not.
pub fn files_below(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut builder = WalkBuilder::new(folder);
    builder.hidden(false).filter_entry(|entry| !is_left_out(entry.file_name().to_str()));
    let entries = builder.build().flatten().filter(|entry| !entry.file_type().is_some_and(|kind| kind.is_dir()));
    let mut paths: Vec<_> = entries.map(ignore::DirEntry::into_path).filter(|path| is_wanted(path)).collect();
    paths.sort();
    paths
}

/// Most folders that are searched for env files.
const FOLDER_LIMIT: usize = 400;
/// How far below the project folder env files are searched.
const ENV_DEPTH: usize = 3;

/// The env files (`.env`, `.env.local`, `app.env`) in `folder` and not far below it, sorted; git ignores most of them, so
/// that does not count. Examples and templates are left out.
pub(super) fn env_files(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        seen += 1;
        if seen > FOLDER_LIMIT {
            break;
        }
        for path in files.list(&folder) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match files.kind(&path) {
                FileKind::File if is_env_name(name) && !is_example_name(name) => found.push(path),
                FileKind::Directory if depth < ENV_DEPTH && !is_left_out(Some(name)) => folders.push((path, depth + 1)),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// True for env files that show which variables there are: `.env.example`, `sample.env`.
pub fn is_example_name(name: &str) -> bool {
    is_env_name(name) && ["example", "sample", "template", "dist"].iter().any(|word| name.contains(word))
}

/// True for `.env`, `.env.NAME` and `NAME.env`.
pub fn is_env_name(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || name == "env.example"
}

fn is_left_out(name: Option<&str>) -> bool {
    matches!(name, Some(".git" | "node_modules" | ".venv" | "venv" | "__pycache__"))
}
