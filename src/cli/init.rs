//! `caulk init`: a `caulk.yaml` to start from.

use std::io::Write;
use std::path::Path;

use super::{Error, Outcome};
use crate::config::{NAMES, TEMPLATE};
use crate::fix::commit::{Disk as Layer, write_own};
use crate::source::{Disk, FileKind, Files};

/// Writes the file into `folder`.
///
/// # Errors
/// [`Error`] if there is one already, or it can't be written.
pub fn run(folder: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    if let Some(name) = NAMES.iter().find(|name| Disk.kind(&folder.join(name)) != FileKind::Absent) {
        return Err(Error::Other(format!("{name} is here already; it was left as it is")));
    }
    let name = NAMES[0];
    write_own(&folder.join(name), TEMPLATE.as_bytes(), &Layer)
        .map_err(|error| Error::Other(format!("{name} can't be written: {error}")))?;
    writeln!(out, "Wrote {name}. All in it is commented out: take what you need.")?;
    Ok(Outcome::Clean)
}
