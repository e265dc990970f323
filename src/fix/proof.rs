//! The proof that a repair did what it means to do, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::repair::Repair;
use super::snapshot::{Path, Resolved, Snapshot};
use crate::model::{Weight, Workspace};

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

/// Compares the workspace before, after only the variables were defined, and after all of the repair. Answers with the
/// paths at which it changes.
///
/// # Errors
/// The first [`Failure`].
pub fn check(
    repair: &Repair,
    before: &Workspace<'_>,
    defined: &Workspace<'_>,
    after: &Workspace<'_>,
) -> Result<BTreeSet<Path>, Failure> {
    readable(before, after)?;
    comments(before, after)?;
    let (start, middle, end) = (Snapshot::of(before), Snapshot::of(defined), Snapshot::of(after));
    let definitions = start.changes(&middle);
    for (path, new) in &definitions {
        if !follows_from(repair, path, start.get(path), new.as_ref()) {
            return Err(Failure::AlsoChanges(readable_path(path)));
        }
    }
    let changes = middle.changes(&end);
    for (path, new) in &changes {
        match repair.expected.get(path) {
            None if follows_from(repair, path, middle.get(path), new.as_ref()) => {}
            None => return Err(Failure::AlsoChanges(readable_path(path))),
            Some(expected) if expected.as_ref() != new.as_ref().map(|new| &new.value) => {
                return Err(Failure::Misses(readable_path(path)));
            }
            Some(_) => {}
        }
    }
    let missed =
        repair.expected.iter().find(|(path, expected)| end.get(path).map(|value| &value.value) != expected.as_ref());
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

/// True if a value changed because of a variable that the repair sets.
fn follows_from(repair: &Repair, path: &str, old: Option<&Resolved>, new: Option<&Resolved>) -> bool {
    let named = |name: &String| {
        path.ends_with(&format!(".variables.{name}")) || path.ends_with(&format!(".environment.{name}"))
    };
    let uses = |value: Option<&Resolved>| {
        value.is_some_and(|value| value.variables.iter().any(|name| repair.defines.contains(name)))
    };
    repair.defines.iter().any(named) || uses(old) || uses(new)
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
        Some((path, _)) => Err(Failure::Unreadable(path.display().to_string())),
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
            return Err(Failure::CommentLost(path.display().to_string()));
        }
    }
    Ok(())
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
