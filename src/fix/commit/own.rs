//! Writes files of caulk's own, which are no part of a repair: a configuration, a baseline.

use std::io;
use std::path::Path;

use super::layer::{FileLayer, create_for_owner};

/// Gives the file at `path`, an absolute path, these contents: all of them or none. What was there goes.
///
/// # Errors
/// What the system says; then the file is as it was.
pub fn write_own(path: &Path, contents: &[u8], layer: &dyn FileLayer) -> io::Result<()> {
    if let Err(error) = layer.stat(path) {
        let is_new = error.kind() == io::ErrorKind::NotFound;
        return if is_new { create_for_owner(path, contents, false, layer) } else { Err(error) };
    }
    let path = layer.resolve(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".caulk-new");
    let new = path.with_file_name(name);
    let replaced = layer.create(&new, contents, false).and_then(|()| {
        layer.dress(&new, &layer.stat(&path)?)?;
        layer.sync(&new)?;
        layer.rename(&new, &path)
    });
    if replaced.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        // It may not be there at all.
        let _ = layer.remove(&new);
    }
    replaced
}
