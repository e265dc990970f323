//! Finds and reads `caulk.yaml` and the rules that it brings along.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Config, Configs, decode};
use crate::decode::FileProblem;
use crate::rule::RuleSet;
use crate::source::{FileKind, Files, decode as decode_text, relative_to, repository_root};

/// The names that the configuration may have; the first that is there counts.
pub const NAMES: [&str; 2] = ["caulk.yaml", "caulk.yml"];

/// How deep folders with rules are searched.
const RULES_DEPTH: usize = 5;

/// Where the configuration is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Where {
    /// In the nearest folder that has one, from the file that is looked at upwards, up to the root of its repository.
    #[default]
    Search,
    /// In this file, whatever is looked at.
    File(PathBuf),
    /// Nowhere.
    Nowhere,
}

/// Configuration and rules of a run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What holds where.
    pub configs: Configs,
    /// The rules of caulk, and those that the configuration and the person bring along.
    pub rules: RuleSet,
}

/// Why there is no configuration, or no rules.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder that was named can't be read; what is wrong.
    #[error("{}: {what}", .path)]
    Unreadable {
        /// The path, as seen from the current folder.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Files with mistakes, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<FileProblem>),
}

/// Reads what holds for files in `folders`, and the rules of `rule_folders` (absolute) beside those of caulk and of the
/// configuration. Paths in errors are as seen from `current`.
///
/// # Errors
/// [`LoadError`] with every mistake of every file.
pub fn load<'p>(
    files: &dyn Files,
    place: &Where,
    folders: impl IntoIterator<Item = &'p Path>,
    rule_folders: &[PathBuf],
    current: &Path,
) -> Result<Loaded, LoadError> {
    let paths: BTreeSet<PathBuf> = match place {
        Where::Nowhere => BTreeSet::new(),
        Where::File(path) => BTreeSet::from([path.clone()]),
        Where::Search => {
            let folders: BTreeSet<&Path> = folders.into_iter().collect();
            folders.into_iter().filter_map(|folder| find(files, folder)).collect()
        }
    };
    let read = |path: PathBuf| {
        let text = files.read(&path).and_then(|bytes| decode_text(&bytes));
        let text = text.map_err(|error| unreadable(current, &path, error.to_string()))?;
        Ok((path, text))
    };
    let texts = paths.into_iter().map(read).collect::<Result<Vec<_>, LoadError>>()?;

    let configured = texts.iter().flat_map(|(path, text)| decode::rule_folders(path, text.clone()));
    // One that is not there is a mistake of the configuration, with its place.
    let configured = configured.filter(|folder| files.kind(folder) == FileKind::Directory);
    let all_folders: BTreeSet<PathBuf> = configured.chain(rule_folders.iter().cloned()).collect();
    let mut rule_texts = Vec::new();
    for folder in &all_folders {
        rule_texts.extend(rules_below(files, folder, current)?);
    }
    let mut rules = RuleSet::built_in().clone();
    let mut mistakes = rules.load(rule_texts.iter().map(|(path, text)| (path.as_str(), text.clone())));

    let mut configs = Configs { configs: Vec::new(), is_named: matches!(place, Where::File(_)) };
    for (path, text) in texts {
        match decode::config(files, &path, text.clone(), &rules) {
            Ok(config) => configs.configs.push(Arc::<Config>::new(config)),
            Err(problems) => {
                let path = relative_to(current, &path);
                let of_file = |problem| FileProblem { path: path.clone(), text: text.clone(), problem };
                mistakes.extend(problems.into_iter().map(of_file));
            }
        }
    }
    if mistakes.is_empty() { Ok(Loaded { configs, rules }) } else { Err(LoadError::Mistakes(mistakes)) }
}

/// The configuration that holds in `folder`, searched upwards and not beyond its repository.
fn find(files: &dyn Files, folder: &Path) -> Option<PathBuf> {
    let root = repository_root(files, folder);
    let bound = root;
    let folders = folder.ancestors().take_while(|folder| bound.is_none_or(|root| folder.starts_with(root)));
    folders
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| !matches!(files.kind(path), FileKind::Absent | FileKind::Directory))
}

fn rules_below(files: &dyn Files, folder: &Path, current: &Path) -> Result<Vec<(String, Arc<str>)>, LoadError> {
    if files.kind(folder) != FileKind::Directory {
        return Err(unreadable(current, folder, "this is no folder with rules".to_owned()));
    }
    let mut texts = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for path in files.list(&folder) {
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            match files.kind(&path) {
                FileKind::Directory if depth < RULES_DEPTH => folders.push((path, depth + 1)),
                FileKind::File if is_yaml => {
                    let text = files.read(&path).and_then(|bytes| decode_text(&bytes));
                    let text = text.map_err(|error| unreadable(current, &path, error.to_string()))?;
                    texts.push((relative_to(current, &path), text));
                }
                _ => {}
            }
        }
    }
    texts.sort();
    Ok(texts)
}

fn unreadable(current: &Path, path: &Path, what: String) -> LoadError {
    LoadError::Unreadable { path: relative_to(current, path), what }
}
