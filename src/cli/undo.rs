//! `caulk undo`: takes the repairs of the last run back.

use std::io::Write;
use std::path::Path;

use super::{Error, Outcome};
use crate::fix::commit::Disk;
use crate::fix::journal::{self, StateFolder, StatePlaces};
use crate::fix::undo::undo;

/// Runs the command for the project around `folder`.
///
/// # Errors
/// [`Error`] if there is nothing to take back, or it can't be.
pub fn run(repair: Option<&str>, folder: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    if let Some(repair) = repair {
        return Err(Error::Other(format!(
            "`{repair}` can't be taken back alone; `caulk undo` takes all of the last run back"
        )));
    }
    let nothing = || Error::Other("there is no run to take back".to_owned());
    let state = StateFolder::find(&StatePlaces::from_environment()).ok_or_else(nothing)?;
    let failed = |error: &dyn std::error::Error| Error::Other(error.to_string());
    for line in journal::recover(folder, &state, &Disk).map_err(|error| failed(&error))? {
        writeln!(out, "{line}")?;
    }
    let report = undo(folder, &state, &Disk).map_err(|error| failed(&error))?;
    for line in report.lines(folder) {
        writeln!(out, "{line}")?;
    }
    Ok(if report.is_undone() { Outcome::Clean } else { Outcome::Findings })
}
