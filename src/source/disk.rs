//! The real disk.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FileKind, Files, ReadError, SIZE_LIMIT};

/// Reads the disk as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError> {
        match self.kind(path) {
            FileKind::Absent => return Err(ReadError::Absent),
            FileKind::Directory => return Err(ReadError::Directory),
            FileKind::Other if is_null_device(path) => return Ok(Arc::from([])),
            FileKind::Other => return Err(ReadError::NotAFile),
            FileKind::DanglingLink => return Err(ReadError::DanglingLink),
            FileKind::File => {}
        }
        let failed = |error: std::io::Error| ReadError::Io(error.to_string());
        let file = fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        // One byte more than the limit tells a file of just that size from a longer one, which may grow while it is read.
        file.take(SIZE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > SIZE_LIMIT { Err(ReadError::TooLarge) } else { Ok(bytes.into()) }
    }

    fn kind(&self, path: &Path) -> FileKind {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => FileKind::File,
            Ok(metadata) if metadata.is_dir() => FileKind::Directory,
            Ok(_) => FileKind::Other,
            Err(_) if self.is_link(path) => FileKind::DanglingLink,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => FileKind::File,
            Err(_) => FileKind::Absent,
        }
    }

    fn is_link(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.path()).collect();
        names.sort();
        names
    }
}

/// True for `/dev/null` and links to it, which people name to have no file there. It reads as empty, but it is no file, so
/// nothing is ever written to it.
fn is_null_device(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|path| path == Path::new("/dev/null"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_null_device_reads_as_empty_and_is_no_file() {
        let null = Path::new("/dev/null");
        assert_eq!(Disk.read(null).as_deref(), Ok(&[][..]));
        assert_eq!(Disk.kind(null), FileKind::Other);
        assert_eq!(Disk.read(Path::new("/dev/zero")), Err(ReadError::NotAFile));
    }
}
