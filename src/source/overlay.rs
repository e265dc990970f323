//! Texts that stand in the place of files: an editor's buffers, standard input, repairs that are not yet written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FileKind, Files, ReadError, SIZE_LIMIT};

/// No files at all: the ground below an [`Overlay`] that stands for itself, such as a rule's example.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Arc<[u8]>, ReadError> {
        Err(ReadError::Absent)
    }

    fn kind(&self, _: &Path) -> FileKind {
        FileKind::Absent
    }

    fn is_link(&self, _: &Path) -> bool {
        false
    }

    fn list(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Files behind a layer of texts that hide them.
pub struct Overlay<'f> {
    below: &'f dyn Files,
    /// Nothing for a file that is gone.
    texts: BTreeMap<PathBuf, Option<Arc<[u8]>>>,
}

impl<'f> Overlay<'f> {
    /// An overlay that hides nothing yet.
    pub fn new(below: &'f dyn Files) -> Self {
        Self { below, texts: BTreeMap::new() }
    }

    /// Lets `path` read as `bytes`, whether it exists below or not.
    pub fn set(&mut self, path: PathBuf, bytes: impl Into<Arc<[u8]>>) {
        self.texts.insert(path, Some(bytes.into()));
    }

    /// Lets `path` be absent, whether it exists below or not.
    pub fn remove(&mut self, path: PathBuf) {
        self.texts.insert(path, None);
    }

    /// The paths that read as a text.
    fn present(&self) -> impl Iterator<Item = &PathBuf> {
        self.texts.iter().filter(|(_, text)| text.is_some()).map(|(path, _)| path)
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError> {
        match self.texts.get(path) {
            Some(Some(bytes)) if bytes.len() > SIZE_LIMIT => Err(ReadError::TooLarge),
            Some(text) => text.clone().ok_or(ReadError::Absent),
            None => self.below.read(path),
        }
    }

    fn kind(&self, path: &Path) -> FileKind {
        match self.texts.get(path) {
            Some(Some(_)) => FileKind::File,
            Some(None) => FileKind::Absent,
            None if self.present().any(|text| text.starts_with(path)) => FileKind::Directory,
            None => self.below.kind(path),
        }
    }

    // A new text is written through a link.
    fn is_link(&self, path: &Path) -> bool {
        self.texts.get(path) != Some(&None) && self.below.is_link(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let below =
            |path: &PathBuf| path.strip_prefix(folder).ok()?.components().next().map(|first| folder.join(first));
        let own = self.present().filter_map(below);
        let all: BTreeSet<_> = self.below.list(folder).into_iter().chain(own).collect();
        all.into_iter().filter(|path| self.texts.get(path) != Some(&None)).collect()
    }
}
