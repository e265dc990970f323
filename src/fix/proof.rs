//! The proof that a repair did what it means to do, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::repair::Repair;
use super::snapshot::{Path, Resolved, Snapshot};
use super::state::State;
use crate::model::{Project, Weight, Workspace};
use crate::source::relative_to;

/// Why a repair is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A value changed that should not have.
    #[error("it would also change {0}")]
    AlsoChanges(String),
    /// A value did not become what it should.
    #[error("{0} would not become what it must be")]
    Misses(String),
    /// The result can't be read.
    #[error("{0} could not be read any more")]
    Unreadable(String),
    /// A comment is gone.
    #[error("a comment in {0} would be lost")]
    CommentLost(String),
}

/// What repairs mean to change.
#[derive(Default)]
pub struct Meaning {
    /// The values that become something else than what follows from `defines`.
    pub expected: BTreeMap<Path, Option<String>>,
    /// The interpolation variables that are set.
    pub defines: BTreeSet<String>,
}

impl Meaning {
    /// What repairs mean together: each expects what it and those before it come to.
    pub fn of<'r>(repairs: impl Iterator<Item = &'r Repair>) -> Self {
        let mut meaning = Self::default();
        for repair in repairs {
            meaning.expected.extend(repair.expected.clone());
            meaning.defines.extend(repair.defines.iter().cloned());
        }
        meaning
    }
}

/// Compares the state before, what it comes to after only the variables were defined, and the state after all. Answers
/// with the paths at which something changes.
///
/// # Errors
/// The first [`Failure`].
pub fn check(meaning: &Meaning, before: &State, defined: &Snapshot, after: &State) -> Result<BTreeSet<Path>, Failure> {
    readable(&before.workspace, &after.workspace)?;
    comments(&before.workspace, &after.workspace)?;
    let (start, end) = (before.snapshot(), after.snapshot());
    let definitions = start.changes(defined);
    for (path, new) in &definitions {
        if !follows_from(&meaning.defines, path, start.get(path), new.as_ref()) {
            return Err(Failure::AlsoChanges(readable_path(path)));
        }
    }
    let changes = defined.changes(end);
    for (path, new) in &changes {
        match meaning.expected.get(path) {
            None if follows_from(&meaning.defines, path, defined.get(path), new.as_ref()) => {}
            None => return Err(Failure::AlsoChanges(readable_path(path))),
            Some(expected) if expected.as_ref() != new.as_ref().map(|new| &new.value) => {
                return Err(Failure::Misses(readable_path(path)));
            }
            Some(_) => {}
        }
    }
    let missed =
        meaning.expected.iter().find(|(path, expected)| end.get(path).map(|value| &value.value) != expected.as_ref());
    match missed {
        Some((path, _)) => Err(Failure::Misses(readable_path(path))),
        None => Ok(definitions.into_keys().chain(changes.into_keys()).collect()),
    }
}

/// Compares the workspace before and after repairs were taken back, which had changed the values at `changed`, as
/// [`readable_path`] gives them: nothing else may change.
///
/// # Errors
/// The first [`Failure`].
pub fn check_taken_back(
    changed: &BTreeSet<String>,
    before: &Workspace<'_>,
    after: &Workspace<'_>,
) -> Result<(), Failure> {
    readable(before, after)?;
    comments(before, after)?;
    let changes = Snapshot::of(before).changes(&Snapshot::of(after));
    let other = changes.keys().find(|path| !changed.contains(&readable_path(path)));
    other.map_or(Ok(()), |path| Err(Failure::AlsoChanges(readable_path(path))))
}

/// True if a value changed because of a variable that is set.
fn follows_from(defines: &BTreeSet<String>, path: &str, old: Option<&Resolved>, new: Option<&Resolved>) -> bool {
    let named = |name: &String| {
        path.ends_with(&format!(".variables.{name}")) || path.ends_with(&format!(".environment.{name}"))
    };
    let uses =
        |value: Option<&Resolved>| value.is_some_and(|value| value.variables.iter().any(|name| defines.contains(name)));
    defines.iter().any(named) || uses(old) || uses(new)
}

fn readable(before: &Workspace<'_>, after: &Workspace<'_>) -> Result<(), Failure> {
    let errors = |workspace: &Workspace<'_>| -> BTreeMap<PathBuf, usize> {
        let mut count = BTreeMap::new();
        for problem in workspace.problems().filter(|problem| problem.weight == Weight::Error) {
            *count.entry(problem.path.clone()).or_default() += 1;
        }
        count
    };
    let known = errors(before);
    match errors(after).into_iter().find(|(path, count)| known.get(path).is_none_or(|known| known < count)) {
        None => Ok(()),
        Some((path, _)) => Err(Failure::Unreadable(shown(after, &path))),
    }
}

/// Every comment of every file is still there, as often as before.
fn comments(before: &Workspace<'_>, after: &Workspace<'_>) -> Result<(), Failure> {
    let later = all_comments(after);
    for (path, comments) in all_comments(before) {
        let left = later.get(&path);
        let lost =
            comments.iter().any(|(text, count)| left.and_then(|left| left.get(text)).is_none_or(|now| now < count));
        if lost {
            return Err(Failure::CommentLost(shown(after, &path)));
        }
    }
    Ok(())
}

/// A path as a person knows it: from the folder of the project.
fn shown(workspace: &Workspace<'_>, path: &std::path::Path) -> String {
    let is_its = |project: &&Project| project.paths.iter().any(|known| known == path);
    let project = workspace.projects.iter().find(is_its).or(workspace.projects.first());
    project.map_or_else(|| path.display().to_string(), |project| relative_to(&project.folder, path))
}

fn all_comments(workspace: &Workspace<'_>) -> BTreeMap<PathBuf, BTreeMap<String, usize>> {
    let mut all: BTreeMap<PathBuf, BTreeMap<String, usize>> = BTreeMap::new();
    for (id, source) in workspace.sources.iter() {
        let yaml = workspace.document(id).map(|document| document.comments.as_slice());
        let env = workspace.env_file(id).map(|file| file.comments.as_slice());
        let of_file = all.entry(source.path.clone()).or_default();
        for comment in yaml.or(env).unwrap_or_default() {
            *of_file.entry(comment.slice(&source.text).trim_end().to_owned()).or_default() += 1;
        }
    }
    all
}

/// `p0.services.redis.command` as a person would write it: without the number of the project.
pub fn readable_path(path: &Path) -> String {
    path.split_once('.').map_or(path.as_str(), |(_, rest)| rest).to_owned()
}
