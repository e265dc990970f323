//! Repairs what a run left half done when it was cut off.

use std::io;
use std::path::Path;

use super::restore::{FileOutcome, OutcomeKind, Standing, remove_temporaries, restore, standing, stat};
use super::{FileRecord, JournalError, Phase, StateFolder, StoredRun, pending};
use crate::fix::commit::{FileLayer, Kind, folder_of};

/// What [`recover`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// For a person; none if nothing was half done.
    pub lines: Vec<String>,
    /// The calls of caulk whose runs are taken back now.
    pub calls_taken_back: Vec<String>,
}

/// Finishes or takes back the half-done runs in `root`, the folders above and the folders below, and says what it did.
///
/// A run is finished if every file is the new one already or has its new bytes ready beside it; else it is taken back.
/// A file that somebody has edited since stays as it is.
///
/// # Errors
/// [`JournalError`]; what was not reached is still half done, and the next call goes on with it.
pub fn recover(root: &Path, state: &StateFolder, layer: &dyn FileLayer) -> Result<Recovery, JournalError> {
    let mut recovery = Recovery::default();
    if pending(root, state)?.is_empty() {
        return Ok(recovery);
    }
    // The run may be under way: after its end, it is no longer half done.
    let _lock = state.lock()?;
    for mut run in pending(root, state)? {
        let lines = &mut recovery.lines;
        match run.phase {
            Phase::Prepared => {
                let steps = steps(&run, layer)?;
                let what = if run.journal.takes_back() { "The undoing of a repair" } else { "A run of caulk" };
                if steps.contains(&Step::Blocked) {
                    state.advance(&mut run, Phase::Undoing, layer)?;
                    lines.push(format!("{what} was cut off half way; it is taken back:"));
                    take_back(&mut run, state, layer, lines)?;
                } else {
                    lines.push(format!("{what} was cut off half way; it is finished now:"));
                    finish(&mut run, &steps, state, layer, lines)?;
                }
            }
            Phase::Undoing => {
                let what = if run.journal.takes_back() { "is taken back" } else { "is finished now" };
                lines.push(format!("The undoing of a run was cut off half way; it {what}:"));
                take_back(&mut run, state, layer, lines)?;
            }
            Phase::Writing => {
                remove_temporaries(&run, layer)?;
                state.forget(&run, layer)?;
                lines.push(
                    "A run of caulk was cut off before it changed a file; its temporary files are gone.".to_owned(),
                );
            }
            // `pending` gives none of these.
            Phase::Done | Phase::Undone => {}
        }
        if run.phase == Phase::Undone {
            recovery.calls_taken_back.push(run.journal.about.call);
        }
    }
    Ok(recovery)
}

/// True if a run that was replacing files can only be taken back.
pub(super) fn is_blocked(run: &StoredRun, layer: &dyn FileLayer) -> Result<bool, JournalError> {
    Ok(steps(run, layer)?.contains(&Step::Blocked))
}

/// What is left to do for one file of a run that was replacing files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is the new one.
    Nothing,
    /// Its new bytes are ready.
    Rename,
    /// It is to go.
    Remove,
    /// Its new bytes took their place, and were edited or removed there.
    LeaveAsEdited,
    /// The new bytes are lost, or would overwrite somebody's edit.
    Blocked,
}

fn steps(run: &StoredRun, layer: &dyn FileLayer) -> Result<Vec<Step>, JournalError> {
    run.journal
        .files
        .iter()
        .map(|file| {
            step(file, layer).map_err(|source| JournalError::Io { doing: "read", path: file.path.clone(), source })
        })
        .collect()
}

fn step(file: &FileRecord, layer: &dyn FileLayer) -> io::Result<Step> {
    let temporary = stat(&file.temporary, layer)?;
    Ok(match (standing(file, layer)?, temporary) {
        (Standing::AsAfter, _) => Step::Nothing,
        (Standing::AsBefore, _) if file.is_removal() => Step::Remove,
        (Standing::AsBefore, Some(stat)) if stat.kind == Kind::File => {
            if file.is_after(Some(&layer.read(&file.temporary)?)) { Step::Rename } else { Step::Blocked }
        }
        // The rename is what takes the temporary file away.
        (Standing::Edited | Standing::Missing, None) => Step::LeaveAsEdited,
        (Standing::AsBefore | Standing::Edited | Standing::Missing, _) => Step::Blocked,
    })
}

fn finish(
    run: &mut StoredRun,
    steps: &[Step],
    state: &StateFolder,
    layer: &dyn FileLayer,
    lines: &mut Vec<String>,
) -> Result<(), JournalError> {
    for (file, step) in run.journal.files.iter().zip(steps) {
        let done = match step {
            Step::Rename => layer.rename(&file.temporary, &file.target),
            Step::Remove => layer.remove(&file.target),
            Step::Nothing | Step::LeaveAsEdited | Step::Blocked => Ok(()),
        };
        done.and_then(|()| layer.sync_folder(folder_of(&file.target))).map_err(|source| JournalError::Io {
            doing: "replace",
            path: file.path.clone(),
            source,
        })?;
        let what = match step {
            Step::LeaveAsEdited => "was edited since; it stays as it is",
            _ if file.is_removal() => "is gone",
            Step::Nothing | Step::Rename | Step::Remove | Step::Blocked => "has its new text",
        };
        lines.push(format!("  {} {what}", file.path.display()));
    }
    remove_temporaries(run, layer)?;
    if !run.journal.takes_back() {
        lines.push("  `caulk undo` takes it back.".to_owned());
    }
    state.complete(run, layer)
}

fn take_back(
    run: &mut StoredRun,
    state: &StateFolder,
    layer: &dyn FileLayer,
    lines: &mut Vec<String>,
) -> Result<(), JournalError> {
    let outcomes = restore(run, layer)?;
    state.abandon(run, layer)?;
    for FileOutcome { path, kind } in outcomes {
        let what = match kind {
            OutcomeKind::Restored => "has its old text again",
            OutcomeKind::AlreadyAsBefore => "has its old text",
            OutcomeKind::Removed => "is gone again",
            OutcomeKind::EditedSince => "was edited since; it stays as it is: look whether it fits the others",
            OutcomeKind::Missing => "was removed since; it stays so: look whether that fits the others",
            OutcomeKind::Untouched | OutcomeKind::TakenOut => "is as caulk wrote it",
        };
        lines.push(format!("  {} {what}", path.display()));
    }
    Ok(())
}
