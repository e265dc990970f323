//! Finds the Compose files below a folder.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// True for the names under which people keep Compose files: `compose.yaml`, `docker-compose.prod.yml`, `stack-compose.yml`.
pub fn is_compose_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(".yml") || lower.ends_with(".yaml")) && lower.contains("compose")
}

/// The Compose files below `folder`, by name, sorted. What git ignores is left out, hidden folders are not.
pub fn compose_files(folder: &Path) -> Vec<PathBuf> {
    found(folder, is_compose_name)
}

/// The env files below `folder` (`.env`, `.env.local`, `app.env`), sorted; git ignores most of them, so that does not count.
pub fn env_files(folder: &Path) -> Vec<PathBuf> {
    let mut builder = WalkBuilder::new(folder);
    builder.standard_filters(false).max_depth(Some(6)).filter_entry(|entry| !is_left_out(entry.file_name().to_str()));
    collect(&builder, is_env_name)
}

/// True for `.env`, `.env.NAME` and `NAME.env`.
pub fn is_env_name(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}

fn found(folder: &Path, wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut builder = WalkBuilder::new(folder);
    builder.hidden(false).filter_entry(|entry| !is_left_out(entry.file_name().to_str()));
    collect(&builder, wanted)
}

fn collect(builder: &WalkBuilder, wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = builder.build().flatten().filter(|entry| !entry.file_type().is_some_and(|kind| kind.is_dir()));
    let mut paths: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(wanted))
        .map(ignore::DirEntry::into_path)
        .collect();
    paths.sort();
    paths
}

fn is_left_out(name: Option<&str>) -> bool {
    matches!(name, Some(".git" | "node_modules" | ".venv" | "venv" | "__pycache__"))
}
