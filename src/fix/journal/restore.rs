//! Puts old bytes back: for a run that failed half way, for one that was cut off, and for `caulk undo`.

use std::io;
use std::path::{Path, PathBuf};

use super::{FileRecord, JournalError, StoredRun};
use crate::fix::commit::{FileLayer, Kind, Stat, create_for_owner, folder_of};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutcome {
    /// As the run named it.
    pub path: PathBuf,
    /// What became of it.
    pub kind: OutcomeKind,
}

/// What can become of a file that a run changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Its old bytes are back.
    Restored,
    /// The run had made it; it is gone.
    Removed,
    /// It was as before the run already.
    AlreadyAsBefore,
    /// It is without what the repair wrote; the rest of it stays.
    TakenOut,
    /// It still is what the run wrote; other files stood in the way of undoing.
    Untouched,
    /// Somebody has edited it since: it stays as it is.
    EditedSince,
    /// Somebody has removed it since: it stays so.
    Missing,
}

/// How a file stands, compared with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) enum Standing {
    AsBefore,
    AsAfter,
    Edited,
    Missing,
}

/// What stands at `path`; nothing if nothing does.
pub(in crate::fix) fn stat(path: &Path, layer: &dyn FileLayer) -> io::Result<Option<Stat>> {
    match layer.stat(path) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Compares the file with what the run found and what it wrote.
pub(in crate::fix) fn standing(file: &FileRecord, layer: &dyn FileLayer) -> io::Result<Standing> {
    match stat(&file.target, layer)? {
        None if file.before().is_none() => Ok(Standing::AsBefore),
        None if file.is_after(None) => Ok(Standing::AsAfter),
        None => Ok(Standing::Missing),
        Some(Stat { kind: Kind::File, .. }) => {
            let now = layer.read(&file.target)?;
            Ok(if file.before() == Some(now.as_slice()) {
                Standing::AsBefore
            } else if file.is_after(Some(&now)) {
                Standing::AsAfter
            } else {
                Standing::Edited
            })
        }
        Some(_) => Ok(Standing::Edited),
    }
}

/// Takes back all that `run` changed, last file first, so that what a server or a client relies on goes after it.
/// Files that were edited or removed since stay as they are. Then removes the run's temporary files.
///
/// The journal must be in the phase `undoing`: if this is cut off, it can be done again.
pub(in crate::fix) fn restore(run: &StoredRun, layer: &dyn FileLayer) -> Result<Vec<FileOutcome>, JournalError> {
    let mut outcomes = Vec::new();
    for file in run.journal.files.iter().rev() {
        let kind = restore_file(file, layer).map_err(|source| JournalError::Io {
            doing: "restore",
            path: file.path.clone(),
            source,
        })?;
        outcomes.push(FileOutcome { path: file.path.clone(), kind });
    }
    outcomes.reverse();
    remove_temporaries(run, layer)?;
    Ok(outcomes)
}

fn restore_file(file: &FileRecord, layer: &dyn FileLayer) -> io::Result<OutcomeKind> {
    match standing(file, layer)? {
        Standing::AsBefore => return Ok(OutcomeKind::AlreadyAsBefore),
        Standing::Edited => return Ok(OutcomeKind::EditedSince),
        Standing::Missing => return Ok(OutcomeKind::Missing),
        Standing::AsAfter => {}
    }
    let kind = match file.before() {
        Some(before) => {
            let (like, temporary) = (stat(&file.target, layer)?, file.restore_temporary());
            remove_if_there(&temporary, layer)?;
            stage(&temporary, before, like.as_ref(), true, layer)?;
            layer.rename(&temporary, &file.target)?;
            OutcomeKind::Restored
        }
        None => {
            layer.remove(&file.target)?;
            OutcomeKind::Removed
        }
    };
    layer.sync_folder(folder_of(&file.target))?;
    Ok(kind)
}

/// Writes `contents` to a new file and waits for the disk. With `like`, it gets the owner and mode of that, else the
/// owner that is right in its folder.
pub(in crate::fix) fn stage(
    temporary: &Path,
    contents: &[u8],
    like: Option<&Stat>,
    private: bool,
    layer: &dyn FileLayer,
) -> io::Result<()> {
    match like {
        Some(like) => {
            layer.create(temporary, contents, true)?;
            layer.dress(temporary, like)?;
        }
        None => create_for_owner(temporary, contents, private, layer)?,
    }
    layer.sync(temporary)
}

/// Removes all temporary files that the run may have left.
pub(in crate::fix) fn remove_temporaries(run: &StoredRun, layer: &dyn FileLayer) -> Result<(), JournalError> {
    for path in run.journal.files.iter().flat_map(FileRecord::temporaries) {
        remove_if_there(&path, layer).map_err(|source| JournalError::Io { doing: "remove", path, source })?;
    }
    Ok(())
}

pub(super) fn remove_if_there(path: &Path, layer: &dyn FileLayer) -> io::Result<()> {
    match stat(path, layer)? {
        None => Ok(()),
        Some(_) => layer.remove(path),
    }
}
