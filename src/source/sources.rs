//! Every text of a run, read once, with its lines and a record of what was looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FileKind, Files, NoFiles, ReadError, decode};
use crate::text::{LineColumn, LineIndex};

/// Names a text of one [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A text that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it stands, absolute.
    pub path: PathBuf,
    /// Its text, a byte order mark included.
    pub text: Arc<str>,
    lines: LineIndex,
}

impl Source {
    /// Line and column of byte `offset`.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        self.lines.line_column(&self.text, offset)
    }
}

/// What a run looked at: a change of any of these may change its result.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Files that were read.
    pub read: BTreeSet<PathBuf>,
    /// Paths at which nothing was found.
    pub missed: BTreeSet<PathBuf>,
}

/// The texts of a run.
pub struct Sources<'f> {
    files: &'f dyn Files,
    sources: Vec<Source>,
    by_path: BTreeMap<PathBuf, Result<SourceId, ReadError>>,
    record: Record,
}

impl<'f> Sources<'f> {
    /// No texts yet.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, sources: Vec::new(), by_path: BTreeMap::new(), record: Record::default() }
    }

    /// The texts that were read, apart from the files behind them: nothing more can be read.
    pub fn detached(self) -> Sources<'static> {
        let Self { sources, by_path, record, .. } = self;
        Sources { files: &NoFiles, sources, by_path, record }
    }

    /// Reads the file at an absolute path; a second call answers from memory.
    ///
    /// # Errors
    /// [`ReadError`] where there is no text.
    pub fn load(&mut self, path: &Path) -> Result<SourceId, ReadError> {
        self.load_as(path, decode)
    }

    /// The same with another way from bytes to text. A text that is not the bytes themselves must never be edited.
    ///
    /// # Errors
    /// [`ReadError`] where there is no text.
    pub fn load_as(
        &mut self,
        path: &Path,
        decode: fn(&[u8]) -> Result<Arc<str>, ReadError>,
    ) -> Result<SourceId, ReadError> {
        if let Some(known) = self.by_path.get(path) {
            return known.clone();
        }
        let result = self.files.read(path).and_then(|bytes| decode(&bytes));
        match &result {
            Err(ReadError::Absent) => self.record.missed.insert(path.to_owned()),
            _ => self.record.read.insert(path.to_owned()),
        };
        let result = result.map(|text| self.add(path.to_owned(), text));
        self.by_path.insert(path.to_owned(), result.clone());
        result
    }

    /// What stands at an absolute path.
    pub fn kind(&mut self, path: &Path) -> FileKind {
        let kind = self.files.kind(path);
        if kind == FileKind::Absent {
            self.record.missed.insert(path.to_owned());
        }
        kind
    }

    /// The files behind the texts, for what is not a text of the run.
    pub fn files(&self) -> &'f dyn Files {
        self.files
    }

    /// The paths in a folder, sorted.
    pub fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.list(folder)
    }

    /// The env files in a folder and not far below it, sorted. Examples and templates are left out.
    pub fn env_files_below(&self, folder: &Path) -> Vec<PathBuf> {
        super::walk::env_files(self.files, folder)
    }

    /// A text that was read.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// All texts that were read.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.sources.iter().enumerate().map(|(number, source)| (SourceId(number as u32), source))
    }

    /// What was read and what was missed.
    pub fn record(&self) -> &Record {
        &self.record
    }

    fn add(&mut self, path: PathBuf, text: Arc<str>) -> SourceId {
        let lines = LineIndex::new(&text);
        self.sources.push(Source { path, text, lines });
        SourceId(self.sources.len() as u32 - 1)
    }
}
