//! `caulk undo`: takes the last run back, byte for byte.

use std::io;
use std::path::{Path, PathBuf};

use super::commit::FileLayer;
use super::journal::{
    FileOutcome, JournalError, OutcomeKind, Phase, Standing, StateFolder, StoredRun, last_run, pending, restore,
    standing,
};
use crate::source::relative_to;

/// A run could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is no run that is done and not undone.
    #[error("there is no run of caulk to take back in {}", .root.display())]
    Nothing {
        /// Where one was looked for.
        root: PathBuf,
    },
    /// A run is half done, and has to be recovered first. Nothing was changed.
    #[error("a run in {} is half done; nothing was taken back", .root.display())]
    HalfDone {
        /// Root of that run.
        root: PathBuf,
    },
    /// A file can't be looked at or may not be written. Nothing was changed.
    #[error("{} can't be taken back: {source}; nothing was changed", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The journal can't be used. Nothing was changed.
    #[error("{0}; nothing was taken back")]
    Journal(#[from] JournalError),
    /// The system refused something half way.
    #[error("{0}; the next run of caulk takes back the rest")]
    HalfWay(JournalError),
}

/// What became of the files of the run that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoReport {
    /// The run.
    pub run: StoredRun,
    /// One for each of its files, in the order in which the run had replaced them.
    pub files: Vec<FileOutcome>,
}

impl UndoReport {
    /// True if the run is taken back. Otherwise nothing was changed, since files were edited or removed after it:
    /// [`files`](Self::files) says which.
    pub fn is_undone(&self) -> bool {
        self.run.phase == Phase::Undone
    }

    /// For a person in `folder`: what became of each file, and what to do if the run stands.
    pub fn lines(&self, folder: &Path) -> Vec<String> {
        let mut lines: Vec<String> = self
            .files
            .iter()
            .map(|FileOutcome { path, kind }| {
                let what = match kind {
                    OutcomeKind::Restored => "has its old text again",
                    OutcomeKind::Removed => "is gone again",
                    OutcomeKind::AlreadyAsBefore => "had its old text already",
                    OutcomeKind::Untouched => "stays as caulk wrote it",
                    OutcomeKind::EditedSince => "was edited after caulk wrote it",
                    OutcomeKind::Missing => "was removed after caulk wrote it",
                };
                format!("{} {what}", relative_to(folder, path))
            })
            .collect();
        if !self.is_undone() {
            lines.push(
                "Nothing was taken back: a part of the run alone would leave the project neither sealed nor as it was. \
                 Put aside what was edited since and call `caulk undo` again, or take the run back by hand."
                    .to_owned(),
            );
        }
        lines
    }
}

fn is_in_the_way(kind: OutcomeKind) -> bool {
    matches!(kind, OutcomeKind::EditedSince | OutcomeKind::Missing)
}

/// Takes back the latest run, in `root`, the folders above and the folders below, that is not taken back yet: files get
/// their old bytes, files that it made go. If any of its files was edited or removed since, nothing is changed.
///
/// Called once more, it takes back the run before.
///
/// # Errors
/// See [`UndoError`].
pub fn undo(root: &Path, state: &StateFolder, layer: &dyn FileLayer) -> Result<UndoReport, UndoError> {
    let _lock = state.lock()?;
    if let Some(run) = pending(root, state)?.into_iter().next() {
        return Err(UndoError::HalfDone { root: run.journal.root });
    }
    let Some(mut run) = last_run(root, state)? else {
        return Err(UndoError::Nothing { root: root.to_path_buf() });
    };
    let mut files = Vec::new();
    for file in &run.journal.files {
        let failed = |source| UndoError::File { path: file.path.clone(), source };
        let kind = match standing(file, layer).map_err(failed)? {
            Standing::AsAfter => {
                layer.check_writable(&file.target).map_err(failed)?;
                OutcomeKind::Untouched
            }
            Standing::AsBefore => OutcomeKind::AlreadyAsBefore,
            Standing::Edited => OutcomeKind::EditedSince,
            Standing::Missing => OutcomeKind::Missing,
        };
        files.push(FileOutcome { path: file.path.clone(), kind });
    }
    if !files.iter().any(|file| is_in_the_way(file.kind)) {
        state.advance(&mut run, Phase::Undoing, layer)?;
        files = restore(&run, layer).map_err(UndoError::HalfWay)?;
        state.advance(&mut run, Phase::Undone, layer).map_err(UndoError::HalfWay)?;
    }
    Ok(UndoReport { run, files })
}

#[cfg(test)]
#[path = "undo_tests.rs"]
mod tests;
