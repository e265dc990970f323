//! `caulk undo`: takes the repairs of the last run back, all or some of them.

use std::io::Write;
use std::path::Path;

use super::settings::Undo;
use super::{Error, Outcome};
use crate::fix::commit::Disk;
use crate::fix::journal::{self, Recovery, StateFolder, StatePlaces};
use crate::fix::undo::{UndoError, list, undo, undo_repairs};
use crate::rule::RuleSet;
use crate::source;
use crate::source::relative_to;

/// Runs the command for the project around `folder`.
///
/// # Errors
/// [`Error`] if there is nothing to take back, or it can't be.
pub fn run(settings: &Undo, folder: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    let states = StateFolder::find(&StatePlaces::from_environment());
    // Where the usual folder could not be used, the run is in the other one.
    let has_runs = |state: &&StateFolder| !matches!(list(folder, state), Err(UndoError::Nothing { .. }));
    let with_runs = || states.iter().find(has_runs);
    let nothing = || Error::Other("there is no run to take back".to_owned());
    if settings.is_list {
        return match write_half_done(folder, &states, out)? {
            // What could be taken back depends on how that run ends.
            true => Ok(Outcome::Clean),
            false => write_list(folder, with_runs().ok_or_else(nothing)?, out),
        };
    }
    let mut recovered = Recovery::default();
    for state in &states {
        let recovery = journal::recover(folder, state, &Disk).map_err(|error| Error::Other(error.to_string()))?;
        recovered.lines.extend(recovery.lines);
        recovered.calls_taken_back.extend(recovery.calls_taken_back);
    }
    for line in &recovered.lines {
        writeln!(out, "{line}")?;
    }
    let Some(state) = with_runs() else {
        return if recovered.lines.is_empty() { Err(nothing()) } else { Ok(Outcome::Clean) };
    };
    // What was asked for is done, unless that call wrote elsewhere, too: the run before it stays.
    if settings.repairs.is_empty() && !recovered.calls_taken_back.is_empty() {
        let runs = journal::last_runs(folder, state).map_err(|error| Error::Other(error.to_string()))?;
        if !runs.iter().any(|run| recovered.calls_taken_back.contains(&run.journal.about.call)) {
            return Ok(Outcome::Clean);
        }
    }
    let report = match settings.repairs.as_slice() {
        [] => undo(folder, state, &Disk),
        ids => undo_repairs(folder, ids, &source::Disk, &RuleSet::built_in().stores, state, &Disk),
    };
    let report = report.map_err(|error| Error::Other(error.to_string()))?;
    for line in report.lines(folder) {
        writeln!(out, "{line}")?;
    }
    Ok(if report.is_undone { Outcome::Clean } else { Outcome::Findings })
}

/// Says what is half done; true if files may be changed by it.
fn write_half_done(folder: &Path, states: &[StateFolder], out: &mut dyn Write) -> Result<bool, Error> {
    let mut may_have_changed = false;
    for state in states {
        let runs = journal::half_done(folder, state, &Disk).map_err(|error| Error::Other(error.to_string()))?;
        for run in runs {
            may_have_changed |= run.may_have_changed();
            writeln!(out, "note: {}", run.sentence(folder))?;
        }
    }
    Ok(may_have_changed)
}

fn write_list(folder: &Path, state: &StateFolder, out: &mut dyn Write) -> Result<Outcome, Error> {
    let listed = list(folder, state).map_err(|error| Error::Other(error.to_string()))?;
    let width = listed.iter().map(|listed| listed.repair.id().len()).max().unwrap_or_default();
    for listed in listed {
        let files: Vec<_> = listed.files.iter().map(|path| relative_to(folder, path)).collect();
        let place = if listed.repair.is_undone { "taken back".to_owned() } else { files.join(", ") };
        writeln!(out, "{:<width$}  {} ({place})", listed.repair.id(), listed.repair.title)?;
    }
    Ok(Outcome::Clean)
}
