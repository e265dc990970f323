//! Files: where texts come from, and a record of every one that was read or looked for in vain.

mod disk;
pub mod git;
mod overlay;
mod path;
mod remembered;
mod sources;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use disk::Disk;
pub use overlay::{NoFiles, Overlay};
pub use path::{absolute, is_remote, relative_to};
pub use remembered::Remembered;
pub use sources::{Record, Source, SourceId, Sources};
pub use walk::{files_below, is_compose_name, is_env_name, is_example_name, is_named_compose, repository_root};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file, also behind a symbolic link.
    File,
    /// A folder, also behind a symbolic link.
    Directory,
    /// A device, socket or pipe, which is never read.
    Other,
    /// A symbolic link that leads nowhere.
    DanglingLink,
    /// Nothing.
    Absent,
}

/// Why a file gave no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing stands there.
    #[error("there is no such file")]
    Absent,
    /// It is a folder.
    #[error("this is a folder, not a file")]
    Directory,
    /// A device, socket or pipe.
    #[error("this is no regular file")]
    NotAFile,
    /// A symbolic link to nothing.
    #[error("this symbolic link leads nowhere")]
    DanglingLink,
    /// The operating system refused.
    #[error("it can't be read: {0}")]
    Io(String),
    /// More than [`SIZE_LIMIT`].
    #[error("it is larger than {} MB, which no Compose project needs", SIZE_LIMIT / 1_000_000)]
    TooLarge,
    /// UTF-16 with a byte order mark.
    #[error("it is written in UTF-16; save it as UTF-8")]
    Utf16,
    /// Neither UTF-8 nor UTF-16.
    #[error("it is not valid UTF-8 from byte {offset} on; save it as UTF-8")]
    NotUtf8 {
        /// Offset of the first byte that fits nowhere.
        offset: usize,
    },
}

/// Largest file that is read, in bytes.
pub const SIZE_LIMIT: usize = 8_000_000;

/// The files that caulk may look at: the disk, or the disk behind an editor's open buffers. Paths are absolute.
pub trait Files: Sync {
    /// The bytes of a file of at most [`SIZE_LIMIT`].
    ///
    /// # Errors
    /// [`ReadError`] where there is no file, or none that can be read.
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError>;

    /// What stands at `path`, or where a symbolic link there leads.
    fn kind(&self, path: &Path) -> FileKind;

    /// True if a symbolic link stands at `path` itself.
    fn is_link(&self, path: &Path) -> bool;

    /// The paths in a folder, sorted; empty where there is no folder.
    fn list(&self, folder: &Path) -> Vec<PathBuf>;
}

/// The text of a file's bytes.
///
/// # Errors
/// [`ReadError::Utf16`] or [`ReadError::NotUtf8`].
pub fn decode(bytes: &[u8]) -> Result<Arc<str>, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    std::str::from_utf8(bytes).map(Arc::from).map_err(|error| ReadError::NotUtf8 { offset: error.valid_up_to() })
}

/// The text of a file's bytes, UTF-16 with a byte order mark included: as Compose reads YAML.
///
/// # Errors
/// [`ReadError::NotUtf8`] for anything else.
pub fn decode_yaml(bytes: &[u8]) -> Result<Arc<str>, ReadError> {
    let units = |of: fn([u8; 2]) -> u16| bytes.chunks_exact(2).skip(1).map(move |pair| of([pair[0], pair[1]]));
    let decoded: Option<Result<String, _>> = match bytes {
        [0xff, 0xfe, ..] => Some(char::decode_utf16(units(u16::from_le_bytes)).collect()),
        [0xfe, 0xff, ..] => Some(char::decode_utf16(units(u16::from_be_bytes)).collect()),
        _ => None,
    };
    match decoded {
        Some(text) => text.map(Arc::from).map_err(|_| ReadError::Utf16),
        None => decode(bytes),
    }
}

/// The text of a file's bytes, each that is no UTF-8 replaced: as Compose reads env files.
///
/// # Errors
/// None.
pub fn decode_env(bytes: &[u8]) -> Result<Arc<str>, ReadError> {
    Ok(String::from_utf8_lossy(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_may_be_utf_16_and_env_files_may_be_anything() {
        let utf_16 = [0xff, 0xfe, b'a', 0, b':', 0, 0xe9, 0];
        assert_eq!(decode(&utf_16), Err(ReadError::Utf16));
        assert_eq!(decode_yaml(&utf_16).as_deref(), Ok("a:\u{e9}"));
        assert_eq!(decode_yaml(b"a\xff"), Err(ReadError::NotUtf8 { offset: 1 }));
        assert_eq!(decode_env(b"a\xff").as_deref(), Ok("a\u{fffd}"));
    }
}
