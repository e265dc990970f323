//! Where a run may write: in the repository of its projects or, without one, where their files are.

use std::path::{Path, PathBuf};

use crate::fix::commit::{self, Reason};
use crate::source::git::{Git, GitStatus};

/// The folder that bounds what is written.
pub(super) struct Bounds {
    root: PathBuf,
    is_repository: bool,
}

impl Bounds {
    /// The bounds for projects that lie in `folder`.
    pub fn of(git: &dyn Git, folder: &Path) -> Self {
        match git.status(&folder.join(".env")) {
            GitStatus::Tracked { root }
            | GitStatus::Ignored { root }
            | GitStatus::Untracked { root, .. }
            | GitStatus::Unknown { root, .. } => Self { root, is_repository: true },
            GitStatus::NoRepository => Self { root: folder.to_owned(), is_repository: false },
        }
    }

    /// The repository, or the folder of the projects.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that bounds a change of these files. Without a repository, what a repair chose to change is what the
    /// project consists of.
    pub fn around<'p>(&'p self, changed: impl Iterator<Item = &'p Path>) -> PathBuf {
        let folders = changed.filter_map(|path| path.parent().filter(|_| !self.is_repository));
        common_folder(folders.chain([self.root.as_path()])).unwrap_or_else(|| self.root.clone())
    }

    /// Whether the file could be written as things stand.
    ///
    /// # Errors
    /// What is in the way.
    pub fn may_write(&self, path: &Path) -> Result<(), Reason> {
        commit::may_write(path, &self.around([path].into_iter()), &commit::Disk)
    }

    /// True if the file lies outside of the repository, or a symlink leads there.
    pub fn is_outside(&self, path: &Path) -> bool {
        matches!(self.may_write(path), Err(Reason::Outside { .. }))
    }
}

/// The folder that holds all of them.
pub(super) fn common_folder<'p>(folders: impl Iterator<Item = &'p Path>) -> Option<PathBuf> {
    folders
        .map(Path::to_owned)
        .reduce(|a, b| a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect())
}
