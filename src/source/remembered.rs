//! Files that are read once, so that all who ask in the course of a run see the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{FileKind, Files, ReadError};

type Read = Result<Arc<[u8]>, ReadError>;

/// Files as they were when each was first read, whatever others write in the meantime.
pub struct Remembered<'f> {
    files: &'f dyn Files,
    known: Mutex<BTreeMap<PathBuf, Read>>,
}

impl<'f> Remembered<'f> {
    /// Nothing is read yet.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, known: Mutex::default() }
    }
}

impl Files for Remembered<'_> {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError> {
        // Whoever panicked has left whole entries.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(path) {
            return known.clone();
        }
        let read = self.files.read(path);
        known.insert(path.to_owned(), read.clone());
        read
    }

    fn kind(&self, path: &Path) -> FileKind {
        self.files.kind(path)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.files.is_link(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.list(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::NoFiles;

    /// A file that somebody writes anew each time that it is read.
    struct Restless(Mutex<u8>);

    impl Files for Restless {
        fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError> {
            if path == Path::new("/absent") {
                return NoFiles.read(path);
            }
            let mut count = self.0.lock().expect("nobody panics");
            *count += 1;
            Ok(Arc::from([*count]))
        }

        fn kind(&self, path: &Path) -> FileKind {
            NoFiles.kind(path)
        }

        fn is_link(&self, path: &Path) -> bool {
            NoFiles.is_link(path)
        }

        fn list(&self, folder: &Path) -> Vec<PathBuf> {
            NoFiles.list(folder)
        }
    }

    #[test]
    fn a_file_stays_as_it_was_first_read() {
        let restless = Restless(Mutex::new(0));
        let files = Remembered::new(&restless);
        let read = |path: &str| files.read(Path::new(path)).map(|bytes| bytes.to_vec());
        assert_eq!((read("/a"), read("/a"), read("/b")), (Ok(vec![1]), Ok(vec![1]), Ok(vec![2])));
        assert_eq!((read("/absent"), read("/absent")), (Err(ReadError::Absent), Err(ReadError::Absent)));
    }
}
