//! `caulk undo`: takes the last run back byte for byte, or some of its repairs by their inverse edits.

mod repairs;

pub use repairs::undo_repairs;

use std::io;
use std::path::{Path, PathBuf};

use super::commit::{CommitError, FileLayer};
use super::journal::{
    FileOutcome, FileRecord, JournalError, OutcomeKind, Phase, ProjectRecord, RepairRecord, Standing, StateFolder,
    StoredRun, last_runs, pending, restore, standing,
};
use super::recreate::{Recreate, commands};
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
    /// The last run made no such repair.
    #[error("the last run made no repair {id}: {}", listed(.known))]
    Unknown {
        /// The repair that was named.
        id: String,
        /// Those that it made.
        known: Vec<RepairRecord>,
    },
    /// It is taken back already.
    #[error("{id} is taken back already")]
    AlreadyUndone {
        /// The repair.
        id: String,
    },
    /// A repair can't be taken back by itself. Nothing was changed.
    #[error("{id} can't be taken back by itself: {why}; nothing was changed")]
    NotAlone {
        /// The repair.
        id: String,
        /// Why, and what can be done.
        why: String,
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
    /// What is left without the repairs could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

fn listed(repairs: &[RepairRecord]) -> String {
    let named = |repair: &RepairRecord| {
        let state = if repair.is_undone { ", taken back already" } else { "" };
        format!("{} ({}{state})", repair.id(), repair.title)
    };
    match repairs.iter().map(named).collect::<Vec<_>>() {
        names if names.is_empty() => "it made none that can be taken back by itself".to_owned(),
        names => format!("there are {}", names.join(", ")),
    }
}

/// What became of the files that were to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoReport {
    /// The repairs that were to be taken back.
    pub repairs: Vec<RepairRecord>,
    /// One for each of their files, in the order in which the run had replaced them.
    pub files: Vec<FileOutcome>,
    /// True if they are taken back. Otherwise nothing was changed, since files were edited or removed after the run:
    /// [`files`](Self::files) says which.
    pub is_undone: bool,
    /// True if the whole run was to be taken back.
    pub is_whole: bool,
    /// What a person should know.
    pub notes: Vec<String>,
    /// The projects of the run.
    pub projects: Vec<ProjectRecord>,
}

impl UndoReport {
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
                    OutcomeKind::TakenOut => "is without it; the rest stays",
                    OutcomeKind::Untouched => "stays as caulk wrote it",
                    OutcomeKind::EditedSince => "was edited after caulk wrote it",
                    OutcomeKind::Missing => "was removed after caulk wrote it",
                };
                format!("{} {what}", relative_to(folder, path))
            })
            .collect();
        lines.extend(self.notes.iter().cloned());
        match (self.is_undone, self.is_whole) {
            (true, _) => {
                let (always, by_profile): (Vec<_>, Vec<_>) =
                    commands(&self.projects, folder).into_iter().partition(|recreate| recreate.profile.is_none());
                if !always.is_empty() {
                    lines.push("Containers keep what they have until you run:".to_owned());
                }
                lines.extend(always.into_iter().map(|recreate| format!("  {}", recreate.command)));
                for Recreate { profile, command } in by_profile {
                    lines.push(format!("Where the profile {} is on:", profile.unwrap_or_default()));
                    lines.push(format!("  {command}"));
                }
            }
            (false, true) => lines.push(
                "Nothing was taken back: a part of the run alone would leave the project neither sealed nor as it was. \
                 Put aside what was edited since and call `caulk undo` again, or take back single repairs \
                 (`caulk undo --list` names them)."
                    .to_owned(),
            ),
            (false, false) => lines.push(
                "Nothing was taken back: somebody has edited the lines that caulk wrote there. Take them back by hand."
                    .to_owned(),
            ),
        }
        lines
    }
}

/// A repair of the last run, and the files in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The repair.
    pub repair: RepairRecord,
    /// Its files, in the order in which the run had replaced them.
    pub files: Vec<PathBuf>,
}

/// The repairs of the latest run in `root`, the folders above and the folders below, that is not taken back yet.
///
/// # Errors
/// [`UndoError::Nothing`] if there is no such run, [`UndoError::Journal`] if the journal can't be read.
pub fn list(root: &Path, state: &StateFolder) -> Result<Vec<Listed>, UndoError> {
    let runs = runs_to_undo(root, state)?;
    let mut listed: Vec<Listed> = runs
        .iter()
        .flat_map(|run| {
            run.journal.about.repairs.iter().map(|repair| {
                let stands =
                    |file: &&FileRecord| file.written.pieces().iter().any(|piece| piece.repair == repair.number);
                let files = run.journal.files.iter().filter(stands).map(|file| file.path.clone());
                Listed { repair: repair.clone(), files: files.collect() }
            })
        })
        .collect();
    listed.sort_by_key(|listed| listed.repair.number);
    Ok(listed)
}

fn runs_to_undo(root: &Path, state: &StateFolder) -> Result<Vec<StoredRun>, UndoError> {
    let runs = last_runs(root, state)?;
    if runs.is_empty() { Err(UndoError::Nothing { root: root.to_path_buf() }) } else { Ok(runs) }
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
    let mut runs = runs_to_undo(root, state)?;
    let mut files = Vec::new();
    for run in &runs {
        for file in &run.journal.files {
            files.push(FileOutcome { path: file.path.clone(), kind: outlook(file, layer)? });
        }
    }
    let is_undone = !files.iter().any(|file| is_in_the_way(file.kind));
    if is_undone {
        files.clear();
        for run in &mut runs {
            state.advance(run, Phase::Undoing, layer)?;
            files.extend(restore(run, layer).map_err(UndoError::HalfWay)?);
            state.advance(run, Phase::Undone, layer).map_err(UndoError::HalfWay)?;
        }
    }
    let projects = runs.iter().flat_map(|run| run.journal.about.projects.iter().cloned()).collect();
    let mut repairs: Vec<_> = runs.into_iter().flat_map(|run| run.journal.about.repairs).collect();
    repairs.sort_by_key(|repair| repair.number);
    Ok(UndoReport { repairs, files, is_undone, is_whole: true, notes: Vec::new(), projects })
}

/// What undoing the run would meet at a file.
fn outlook(file: &FileRecord, layer: &dyn FileLayer) -> Result<OutcomeKind, UndoError> {
    let failed = |source| UndoError::File { path: file.path.clone(), source };
    Ok(match standing(file, layer).map_err(failed)? {
        Standing::AsAfter if file.is_removal() => OutcomeKind::Untouched,
        Standing::AsAfter => {
            layer.check_writable(&file.target).map_err(failed)?;
            OutcomeKind::Untouched
        }
        Standing::AsBefore => OutcomeKind::AlreadyAsBefore,
        Standing::Edited => OutcomeKind::EditedSince,
        Standing::Missing => OutcomeKind::Missing,
    })
}

#[cfg(test)]
mod tests;
