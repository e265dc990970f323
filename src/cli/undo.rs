//! `caulk undo`: takes the repairs of the last run back, all or some of them.

use std::io::Write;
use std::path::Path;

use super::settings::Undo;
use super::{Error, Outcome};
use crate::fix::commit::Disk;
use crate::fix::journal::{self, StateFolder, StatePlaces};
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
    for state in &states {
        let recovered = journal::recover(folder, state, &Disk).map_err(|error| Error::Other(error.to_string()))?;
        for line in recovered {
            writeln!(out, "{line}")?;
        }
    }
    // Where the usual folder could not be used, the run is in the other one.
    let has_runs = |state: &&StateFolder| !matches!(list(folder, state), Err(UndoError::Nothing { .. }));
    let nothing = || Error::Other("there is no run to take back".to_owned());
    let state = states.iter().find(has_runs).ok_or_else(nothing)?;
    if settings.is_list {
        return write_list(folder, state, out);
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
