//! Writes the files of a run, all or none, so that a crash at any point can be repaired.

mod check;
mod layer;
mod own;

pub use check::{Reason, Refusal, may_write};
pub use layer::{Disk, FileLayer, Kind, Stat};
pub use own::write_own;

pub(in crate::fix) use layer::create_for_owner;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::journal::{
    About, FileRecord, Journal, JournalError, OutcomeKind, Phase, StateFolder, StoredRun, Succession, Successor,
    Written, pending, remove_temporaries, restore, stage,
};
use check::{Target, check, check_unchanged};

/// The new contents of one file.
#[derive(Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The file, as an absolute path.
    pub path: PathBuf,
    /// The bytes that the change was made from; nothing if there must be no such file.
    pub before: Option<Vec<u8>>,
    /// The bytes that it shall hold; nothing if it shall go.
    pub after: Option<Vec<u8>>,
    /// What the file is for, which decides its place in the order.
    pub role: Role,
    /// True if `after` holds a secret: if the file is made now, its mode is 0600.
    pub secret: bool,
    /// What each repair wrote of it.
    pub written: Written,
}

impl fmt::Debug for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileChange").field("path", &self.path).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What a file is for. In this order the files are replaced, so that after a crash whatever relies on another file finds
/// it in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nothing relies on it being later: `.gitignore`, which must stand before the secret does, an example file,
    /// a change that is not about secrets.
    Other,
    /// Holds the values of variables.
    EnvFile,
    /// Holds the credentials of clients.
    Client,
    /// The Compose file of the server, which asks for the credential from now on.
    Server,
}

/// What the journal notes about a run, apart from its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Folder of the repository, or else of the workspace. Nothing outside is written.
    pub root: PathBuf,
    /// When the run began.
    pub started: SystemTime,
    /// Its repairs, and the projects that they are about.
    pub about: About,
}

/// A run that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The files that were replaced or made, as the run named them, in that order.
    pub files: Vec<PathBuf>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A run was not written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Some files can't be written as they stand. Nothing was changed.
    #[error("nothing was changed:{}", lines(.0))]
    Refused(Vec<Refusal>),
    /// An earlier run is half done, and has to be recovered first. Nothing was changed.
    #[error("an earlier run in {} is half done; nothing was changed", .root.display())]
    HalfDone {
        /// Root of that run.
        root: PathBuf,
    },
    /// The journal can't be kept. Nothing was changed.
    #[error("{0}; nothing was changed")]
    Journal(#[from] JournalError),
    /// Writing failed half way.
    #[error("cannot {doing} {}: {source}; {left}", .path.display())]
    Failed {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
        /// How the files stand now.
        left: Left,
    },
}

fn lines(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| format!("\n  {refusal}")).collect()
}

/// How a run that failed has left the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// As they were.
    AsBefore,
    /// As they were, but for these: somebody edited or removed them right after they had been replaced.
    EditedMeanwhile(Vec<PathBuf>),
    /// Each one is the old or the new one; the next run will say so and repair it.
    HalfDone,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsBefore => f.write_str("nothing was changed"),
            Self::EditedMeanwhile(paths) => {
                f.write_str("all is as it was, except for files that were edited while caulk wrote:")?;
                paths.iter().try_for_each(|path| write!(f, " {}", path.display()))
            }
            Self::HalfDone => {
                f.write_str("some files may be half done: the next run of caulk finishes or takes back what is there")
            }
        }
    }
}

/// Writes `changes`, all or none. Changes without a difference count for nothing.
///
/// Each new file is complete beside the old one, with its mode and owner, before the first one is replaced; the journal
/// knows of it before it is there. A symlink inside the root stays, and what it leads to is written.
///
/// # Errors
/// See [`CommitError`]. After any error but one with [`Left::HalfDone`], the files are as they were.
pub fn commit(
    changes: &[FileChange],
    meta: &RunRecord,
    state: &StateFolder,
    layer: &dyn FileLayer,
) -> Result<Committed, CommitError> {
    let _lock = state.lock()?;
    write(changes, meta, None, state, layer)
}

/// Writes changes that take back a part of another run, as whose `left` it stands afterwards. The caller holds the lock.
pub(in crate::fix) fn take_back(
    changes: &[FileChange],
    meta: &RunRecord,
    left: (String, Journal),
    state: &StateFolder,
    layer: &dyn FileLayer,
) -> Result<Committed, CommitError> {
    let (id, journal) = left;
    write(changes, meta, Some(Successor { id, journal, change: Succession::TakesBack }), state, layer)
}

fn write(
    changes: &[FileChange],
    meta: &RunRecord,
    taken_from: Option<Successor>,
    state: &StateFolder,
    layer: &dyn FileLayer,
) -> Result<Committed, CommitError> {
    let root = layer.resolve(&meta.root).map_err(|source| CommitError::Failed {
        doing: "find",
        path: meta.root.clone(),
        source,
        left: Left::AsBefore,
    })?;
    if let Some(run) = pending(&root, state)?.into_iter().next() {
        return Err(CommitError::HalfDone { root: run.journal.root });
    }
    let mut targets = check(changes, &root, layer).map_err(CommitError::Refused)?;
    if taken_from.is_some() {
        // What relies on another file lets go of it first.
        targets.reverse();
    }
    if targets.is_empty() {
        return Ok(Committed::default());
    }
    state.sweep(&root, layer)?;
    let (id, started_ms) = state.new_id(&root, meta.started)?;
    let files: Vec<_> = targets.iter().map(|target| FileRecord::new(target.path.clone(), target.change, &id)).collect();
    let successor = match taken_from {
        Some(successor) => Some(successor),
        None => state.latest_of(&meta.about.call, &root)?.map(|run| {
            let texts = targets.iter().map(|target| target.change.after.as_deref());
            let journal = run.journal.continued(files.iter().zip(texts), &meta.about);
            Successor { id: run.id, journal, change: Succession::Continues }
        }),
    };
    let journal = Journal::new(root, started_ms, files, meta.about.clone(), successor);
    let mut run = state.begin(id, journal, layer)?;

    let staged = stage_all(&targets, &run, layer);
    if let Err(failure) = staged.and_then(|()| Ok(state.advance(&mut run, Phase::Prepared, layer)?)) {
        return Err(failure.into_error(give_up(&mut run, state, layer)));
    }
    if let Err((replaced, failure)) = replace_all(&targets, &run, layer) {
        return Err(failure.into_error(roll_back(&mut run, replaced, state, layer)));
    }

    let mut notes = Vec::new();
    if let Err(error) = state.complete(&mut run, layer) {
        notes.push(format!("{error}: all files are written, but the next run may take this one for half done"));
    }
    Ok(Committed { files: targets.iter().map(|target| target.change.path.clone()).collect(), notes })
}

/// Why a step failed.
enum Failure {
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    Journal(JournalError),
    Changed(Refusal),
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl Failure {
    fn into_error(self, left: Left) -> CommitError {
        match (self, left) {
            (Self::Io { doing, path, source } | Self::Journal(JournalError::Io { doing, path, source }), left) => {
                CommitError::Failed { doing, path, source, left }
            }
            (Self::Journal(error), _) => CommitError::Journal(error),
            (Self::Changed(refusal), Left::AsBefore) => CommitError::Refused(vec![refusal]),
            (Self::Changed(refusal), left) => {
                let source = io::Error::other(refusal.reason.to_string());
                CommitError::Failed { doing: "replace", path: refusal.path, source, left }
            }
        }
    }
}

/// Writes all new contents beside their targets.
fn stage_all(targets: &[Target<'_>], run: &StoredRun, layer: &dyn FileLayer) -> Result<(), Failure> {
    for (target, file) in targets.iter().zip(&run.journal.files) {
        let FileChange { path, after: Some(after), secret, .. } = target.change else { continue };
        stage(&file.temporary, after, target.stat.as_ref(), *secret, layer)
            .and_then(|()| layer.sync_folder(folder_of(&target.path)))
            .map_err(|source| Failure::Io { doing: "write", path: path.clone(), source })?;
    }
    Ok(())
}

/// Puts the new files in the place of the old ones, each of which is looked at once more. An error comes with the number
/// of files that were replaced before it.
fn replace_all(targets: &[Target<'_>], run: &StoredRun, layer: &dyn FileLayer) -> Result<(), (usize, Failure)> {
    for (replaced, (target, file)) in targets.iter().zip(&run.journal.files).enumerate() {
        let path = &target.change.path;
        check_unchanged(target, layer)
            .map_err(|reason| (replaced, Failure::Changed(Refusal { path: path.clone(), reason })))?;
        let replaced_it = match target.change.after {
            Some(_) => layer.rename(&file.temporary, &target.path),
            None => layer.remove(&target.path),
        };
        replaced_it
            .and_then(|()| layer.sync_folder(folder_of(&target.path)))
            .map_err(|source| (replaced, Failure::Io { doing: "replace", path: path.clone(), source }))?;
    }
    Ok(())
}

/// Before the first file was replaced: leaves no trace of the run.
fn give_up(run: &mut StoredRun, state: &StateFolder, layer: &dyn FileLayer) -> Left {
    // Even if the journal can't be forgotten, no file was changed; the next run finds nothing but the journal.
    let cleared = remove_temporaries(run, layer).and_then(|()| state.forget(run, layer));
    if cleared.is_ok() { Left::AsBefore } else { Left::HalfDone }
}

/// After the first file may have been replaced, and no more than `replaced`: takes them back.
fn roll_back(run: &mut StoredRun, replaced: usize, state: &StateFolder, layer: &dyn FileLayer) -> Left {
    let restored = state.advance(run, Phase::Undoing, layer).and_then(|()| restore(run, layer));
    let Ok(outcomes) = restored else { return Left::HalfDone };
    let edited: Vec<PathBuf> = outcomes
        .into_iter()
        .take(replaced)
        .filter(|file| matches!(file.kind, OutcomeKind::EditedSince | OutcomeKind::Missing))
        .map(|file| file.path)
        .collect();
    // All is done that can be done, whatever becomes of the journal: nothing is left to restore from it. Where somebody
    // has edited a new file, it keeps the old one.
    if edited.is_empty() {
        let _ = state.forget(run, layer);
        Left::AsBefore
    } else {
        let _ = state.abandon(run, layer);
        Left::EditedMeanwhile(edited)
    }
}

/// The folder that holds the file; an absolute path of a file has one.
pub(in crate::fix) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[cfg(test)]
pub(in crate::fix) mod testing;
#[cfg(test)]
mod tests;
