//! One file in the journal of a run: what it was, and what the run made of it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Lines, Written, beside};
use crate::fix::commit::FileChange;

/// One changed file of a run.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// As the run named it, absolute.
    pub path: PathBuf,
    /// Where the bytes are: `path` with its symlinks followed.
    pub target: PathBuf,
    /// Where the new bytes lie until they take their place.
    pub temporary: PathBuf,
    before: Option<Bytes>,
    /// Nothing if the run removed it.
    after_sha256: Option<Hash>,
    /// What each repair wrote.
    pub written: Written,
    /// The lines after the run.
    pub lines: Lines,
    /// True if somebody had edited it before a part of the run was taken back: as a whole it can't be any more.
    pub is_mixed: bool,
}

impl fmt::Debug for FileRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRecord").field("path", &self.path).finish_non_exhaustive()
    }
}

impl FileRecord {
    pub(in crate::fix) fn new(target: PathBuf, change: &FileChange, id: &str) -> Self {
        // Beside the target, as a rename across file systems is none; and after its name, so that a pattern like
        // `.env*` in `.gitignore` covers it too.
        let temporary = beside(&target, &format!(".caulk-{id}.tmp"));
        let mut record = Self {
            path: change.path.clone(),
            target,
            temporary,
            before: change.before.clone().map(Bytes),
            after_sha256: None,
            written: Written::default(),
            lines: Lines::default(),
            is_mixed: false,
        };
        record.set_after(change.after.as_deref(), change.written.clone());
        record
    }

    /// Notes what the file is after the run, and which of it each repair wrote.
    pub(in crate::fix) fn set_after(&mut self, after: Option<&[u8]>, written: Written) {
        self.after_sha256 = after.map(Hash::of);
        self.lines = after.and_then(|after| std::str::from_utf8(after).ok()).map(Lines::of).unwrap_or_default();
        self.written = written;
    }

    /// Adds what a later part of the run made of the file, which holds `now`.
    pub(super) fn continue_with(&mut self, later: &Self, now: Option<&[u8]>) {
        self.is_mixed |= !self.is_after(later.before());
        let text = now.and_then(|now| std::str::from_utf8(now).ok()).unwrap_or_default();
        let mut written = self.written.relocated(&self.lines, text);
        written.unite(later.written.clone());
        self.set_after(now, written);
    }

    /// The bytes before the run; nothing if there was no such file.
    pub fn before(&self) -> Option<&[u8]> {
        self.before.as_ref().map(|bytes| bytes.0.as_slice())
    }

    /// True if `bytes` are what the run wrote, and nothing if it removed the file.
    pub fn is_after(&self, bytes: Option<&[u8]>) -> bool {
        !self.is_mixed && self.after_sha256 == bytes.map(Hash::of)
    }

    /// True if the run removed the file.
    pub fn is_removal(&self) -> bool {
        self.after_sha256.is_none()
    }

    /// Where the old bytes lie until they take their place again.
    pub(super) fn restore_temporary(&self) -> PathBuf {
        beside(&self.temporary, ".old")
    }

    /// All temporary files that a run may have left for it.
    pub(super) fn temporaries(&self) -> [PathBuf; 2] {
        [self.temporary.clone(), self.restore_temporary()]
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Bytes(#[serde(with = "hex")] Vec<u8>);

/// The hash of a file, a line or a path.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Hash(#[serde(with = "hex")] [u8; 32]);

impl Hash {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its first half, in hexadecimal digits: enough to tell texts apart, where it guards nothing.
    pub(super) fn short(&self) -> String {
        hex::encode(self.0.get(..8).unwrap_or(&self.0))
    }
}
