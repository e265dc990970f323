//! Says what a run left half done when it was cut off, and changes nothing.

use std::path::{Path, PathBuf};

use super::recover::is_blocked;
use super::{JournalError, Phase, StateFolder, StoredRun, pending};
use crate::fix::commit::FileLayer;
use crate::source::relative_to;

/// A run that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfDone {
    /// The files that it was about to change, in its order.
    pub files: Vec<PathBuf>,
    /// What is known of them, and what to do.
    pub way_out: WayOut,
}

/// How a half-done run comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayOut {
    /// No file was changed yet; what lies beside them goes with the next run that writes.
    Sweep,
    /// A repair: it can be finished or taken back.
    FinishOrTakeBack,
    /// A repair whose new bytes are lost or would overwrite somebody's edit: it can only be taken back.
    TakeBack,
    /// The undoing of a whole run.
    UndoAgain,
    /// The undoing of single repairs.
    UndoSameAgain,
}

impl HalfDone {
    /// True if some of the files may be changed already, and others not.
    pub fn may_have_changed(&self) -> bool {
        self.way_out != WayOut::Sweep
    }

    /// A sentence without a full stop, for a person in `folder`.
    pub fn sentence(&self, folder: &Path) -> String {
        let files: Vec<_> = self.files.iter().map(|path| relative_to(folder, path)).collect();
        let files = files.join(", ");
        match self.way_out {
            WayOut::Sweep => format!(
                "a run of caulk was cut off before it changed a file ({files}): the next `caulk fix` or `caulk undo` \
                 removes its temporary files"
            ),
            WayOut::FinishOrTakeBack => format!(
                "a run of caulk was cut off half way ({files}): `caulk fix` finishes it, `caulk undo` takes it back"
            ),
            WayOut::TakeBack => format!(
                "a run of caulk was cut off half way ({files}) and can't be finished: `caulk undo` takes it back"
            ),
            WayOut::UndoAgain => {
                format!("the undoing of a run was cut off half way ({files}): `caulk undo` goes on with it")
            }
            WayOut::UndoSameAgain => format!(
                "the undoing of a repair was cut off half way ({files}): call the same `caulk undo` again to finish it"
            ),
        }
    }
}

/// The half-done runs in `root`, the folders above and the folders below, oldest first. A run that another caulk is
/// writing at this moment is none.
///
/// # Errors
/// [`JournalError`] if the journal of one can't be read.
pub fn half_done(root: &Path, state: &StateFolder, layer: &dyn FileLayer) -> Result<Vec<HalfDone>, JournalError> {
    if pending(root, state)?.is_empty() {
        return Ok(Vec::new());
    }
    let _lock = match state.try_lock() {
        Err(JournalError::Busy { .. }) => return Ok(Vec::new()),
        lock => lock?,
    };
    pending(root, state)?
        .into_iter()
        .map(|run| {
            let way_out = way_out(&run, layer)?;
            Ok(HalfDone { files: run.journal.files.into_iter().map(|file| file.path).collect(), way_out })
        })
        .collect()
}

fn way_out(run: &StoredRun, layer: &dyn FileLayer) -> Result<WayOut, JournalError> {
    Ok(match (run.phase, run.journal.takes_back()) {
        (Phase::Writing, _) => WayOut::Sweep,
        (Phase::Prepared, false) if is_blocked(run, layer)? => WayOut::TakeBack,
        (Phase::Prepared, false) => WayOut::FinishOrTakeBack,
        (Phase::Undoing, false) => WayOut::UndoAgain,
        (Phase::Prepared | Phase::Undoing, true) => WayOut::UndoSameAgain,
        // `pending` gives none of these.
        (Phase::Done | Phase::Undone, _) => WayOut::Sweep,
    })
}
