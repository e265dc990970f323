//! Files as they would be after the repairs so far: changed in memory, not yet written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit::{FileChange, Role};
use super::repair::{Change, ChangeKind};
use crate::source::{Files, Overlay, ReadError, decode};
use crate::text::{EditSet, LineEnding, Overlap};

/// Why a change can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Two changes of one repair want the same place.
    #[error("{}: {overlap}", .path.display())]
    Overlap {
        /// The file.
        path: PathBuf,
        /// The places.
        overlap: Overlap,
    },
    /// The file can't be read any more.
    #[error("{}: {error}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ReadError,
    },
}

/// Files behind changes in memory.
#[derive(Clone)]
pub struct Draft<'f> {
    files: &'f dyn Files,
    changed: BTreeMap<PathBuf, Changed>,
}

/// A file's bytes, if there is one, and its text.
type Read = (Option<Arc<[u8]>>, String);

#[derive(Clone)]
struct Changed {
    before: Option<Arc<[u8]>>,
    after: String,
    role: Role,
    secret: bool,
}

impl<'f> Draft<'f> {
    /// No changes yet.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, changed: BTreeMap::new() }
    }

    /// The files as they would be.
    pub fn overlay(&self) -> Overlay<'f> {
        let mut overlay = Overlay::new(self.files);
        for (path, changed) in &self.changed {
            overlay.set(path.clone(), changed.after.as_bytes());
        }
        overlay
    }

    /// Makes the changes, all or none. `holds_secret` tells of each new file whether others may read it.
    ///
    /// # Errors
    /// [`DraftError`] if they can't be made together.
    pub fn apply(&mut self, changes: &[&Change]) -> Result<(), DraftError> {
        let mut by_path: BTreeMap<&Path, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            by_path.entry(&change.path).or_default().push(change);
        }
        let mut next = self.changed.clone();
        for (path, changes) in by_path {
            let known = next.remove(path);
            let (before, text) = match known {
                Some(changed) => (changed.before, changed.after),
                None => self.read(path)?,
            };
            let after = changed_text(path, text, &changes)?;
            let role = changes.iter().map(|change| change.role).max().expect("a path has at least one change");
            let secret = role == Role::EnvFile && before.is_none();
            next.insert(path.to_owned(), Changed { before, after, role, secret });
        }
        self.changed = next;
        Ok(())
    }

    /// What would be written, in no particular order.
    pub fn file_changes(&self) -> Vec<FileChange> {
        let changed = self.changed.iter().map(|(path, changed)| FileChange {
            path: path.clone(),
            before: changed.before.as_ref().map(|bytes| bytes.to_vec()),
            after: changed.after.clone().into_bytes(),
            role: changed.role,
            secret: changed.secret,
        });
        changed.collect()
    }

    fn read(&self, path: &Path) -> Result<Read, DraftError> {
        let failed = |error| DraftError::Read { path: path.to_owned(), error };
        match self.files.read(path) {
            Ok(bytes) => {
                let text = decode(&bytes).map_err(failed)?;
                Ok((Some(bytes), text.to_string()))
            }
            Err(ReadError::Absent) => Ok((None, String::new())),
            Err(error) => Err(failed(error)),
        }
    }
}

fn changed_text(path: &Path, text: String, changes: &[&Change]) -> Result<String, DraftError> {
    let mut edits = EditSet::new();
    let mut lines = Vec::new();
    for change in changes {
        match &change.kind {
            ChangeKind::Edit(edit) => {
                let overlap = |overlap| DraftError::Overlap { path: path.to_owned(), overlap };
                edits.insert(edit.clone()).map_err(overlap)?;
            }
            ChangeKind::Line(line) if !lines.contains(&line) => lines.push(line),
            ChangeKind::Line(_) => {}
        }
    }
    let line_break = LineEnding::of(&text).as_str();
    let mut after = edits.apply(&text);
    for line in lines {
        if !after.is_empty() && !after.ends_with('\n') {
            after.push_str(line_break);
        }
        after.push_str(line);
        after.push_str(line_break);
    }
    Ok(after)
}
