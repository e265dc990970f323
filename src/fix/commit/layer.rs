//! The system calls behind a commit, as a trait: tests fail or stop at each of them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What stands at a path. A symlink is not followed.
#[derive(Debug, Clone)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its mode.
    pub permissions: Permissions,
    /// Numbers of its user and its group, where the system has them.
    pub owner: Option<(u32, u32)>,
}

/// What a path can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A symlink.
    Link,
    /// A folder, device, pipe or socket.
    Other,
}

/// The system calls that a commit is made of. All paths are absolute.
///
/// Each method does one thing, so that a crash between any two of them can be tried; all errors are the system's.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait FileLayer {
    /// What stands at `path` itself.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// The bytes of the file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// `path` with all symlinks followed.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;
    /// Fails if the file may not be written; changes nothing.
    fn check_writable(&self, path: &Path) -> io::Result<()>;
    /// Makes a new file of `contents`, of mode 0600 if `private`, else of the mode that new files have.
    /// Fails if anything stands there. An error may leave a part of the file.
    fn create(&self, path: &Path, contents: &[u8], private: bool) -> io::Result<()>;
    /// Gives the file the owner and the mode of `like`.
    fn dress(&self, path: &Path, like: &Stat) -> io::Result<()>;
    /// Waits until the file is on the disk.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Puts `from` in the place of `to` in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes the file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Waits until the names in the folder are on the disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// Makes a new file as [`FileLayer::create`] does. One that root makes in somebody else's folder becomes theirs, as far as
/// the file system allows it: they could neither read nor edit it otherwise (`sudo caulk fix`).
pub(in crate::fix) fn create_for_owner(
    path: &Path,
    contents: &[u8],
    private: bool,
    layer: &dyn FileLayer,
) -> io::Result<()> {
    layer.create(path, contents, private)?;
    let made = layer.stat(path)?;
    let folder = layer.stat(path.parent().unwrap_or(path))?;
    if let (Some((0, _)), Some((1.., _))) = (made.owner, folder.owner) {
        // Without it, the file is root's, as it would be with any other program.
        let _ = layer.dress(path, &Stat { owner: folder.owner, ..made });
    }
    Ok(())
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileLayer for Disk {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let metadata = fs::symlink_metadata(path)?;
        let kind = if metadata.is_file() {
            Kind::File
        } else if metadata.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        #[cfg(unix)]
        let owner = {
            use std::os::unix::fs::MetadataExt;
            Some((metadata.uid(), metadata.gid()))
        };
        #[cfg(not(unix))]
        let owner = None;
        Ok(Stat { kind, permissions: metadata.permissions(), owner })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn check_writable(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).open(path).map(drop)
    }

    fn create(&self, path: &Path, contents: &[u8], private: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = private;
        options.open(path)?.write_all(contents)
    }

    fn dress(&self, path: &Path, like: &Stat) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{OpenOptionsExt, fchown};
            // Who owns the folder could put a link to something else in the place of the file.
            let flags = rustix::fs::OFlags::NOFOLLOW.bits();
            let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
            if let Some((user, group)) = like.owner
                && self.stat(path)?.owner != like.owner
            {
                fchown(&file, Some(user), Some(group))?;
            }
            // After the owner, since a change of owner takes bits of the mode away.
            file.set_permissions(like.permissions.clone())
        }
        #[cfg(not(unix))]
        fs::set_permissions(path, like.permissions.clone())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(not(unix)) {
            // Folders can't be opened there.
            return Ok(());
        }
        match File::open(path)?.sync_all() {
            // Some network and container file systems have no such thing.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            other => other,
        }
    }
}
