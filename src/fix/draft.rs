//! Files as they would be after the repairs so far: changed in memory, not yet written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit::{FileChange, Role};
use super::journal::{Purpose, Written};
use super::repair::{Change, ChangeKind};
use crate::source::{Files, Overlay, ReadError, decode};
use crate::text::{Edit, EditSet, LineEnding, Overlap};

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
    written: Written,
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

    /// Makes the changes of a repair, all or none. `number` tells it from the others.
    ///
    /// # Errors
    /// [`DraftError`] if they can't be made together.
    pub fn apply(&mut self, number: usize, changes: &[&Change]) -> Result<(), DraftError> {
        let mut by_path: BTreeMap<&Path, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            by_path.entry(&change.path).or_default().push(change);
        }
        let mut next = self.changed.clone();
        for (path, changes) in by_path {
            let known = next.remove(path);
            let (before, text, mut written) = match known {
                Some(changed) => (changed.before, changed.after, changed.written),
                None => {
                    let (before, text) = self.read(path)?;
                    (before, text, Written::default())
                }
            };
            let edits = edits(path, &text, &changes)?;
            let mut set = EditSet::new();
            for (edit, _) in &edits {
                set.insert(edit.clone()).map_err(|overlap| DraftError::Overlap { path: path.to_owned(), overlap })?;
            }
            written.add(number, &edits, &text);
            let after = set.apply(&text);
            let role = changes.iter().map(|change| change.role).max().expect("a path has at least one change");
            let secret = role == Role::EnvFile && before.is_none();
            next.insert(path.to_owned(), Changed { before, after, role, secret, written });
        }
        self.changed = next;
        Ok(())
    }

    /// Gives each repair another number.
    pub fn renumber(&mut self, number_of: &dyn Fn(usize) -> usize) {
        self.changed.values_mut().for_each(|changed| changed.written.renumber(number_of));
    }

    /// What would be written, in no particular order. The repairs count on from `first`.
    pub fn file_changes(&self, first: usize) -> Vec<FileChange> {
        let changed = self.changed.iter().map(|(path, changed)| {
            let mut written = changed.written.clone();
            written.renumber(&|number| first + number);
            FileChange {
                path: path.clone(),
                before: changed.before.as_ref().map(|bytes| bytes.to_vec()),
                after: Some(changed.after.clone().into_bytes()),
                role: changed.role,
                secret: changed.secret,
                written,
            }
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

/// The changes of one file as edits of its text, by place. A line goes to the end.
fn edits(path: &Path, text: &str, changes: &[&Change]) -> Result<Vec<(Edit, Purpose)>, DraftError> {
    let mut purposes = BTreeMap::new();
    let mut set = EditSet::new();
    let mut lines = Vec::new();
    for change in changes {
        match &change.kind {
            ChangeKind::Edit(edit) => {
                let overlap = |overlap| DraftError::Overlap { path: path.to_owned(), overlap };
                set.insert(edit.clone()).map_err(overlap)?;
                purposes.insert(edit.clone(), change.purpose.clone());
            }
            ChangeKind::Line(line) if !lines.iter().any(|(known, _)| known == &line) => {
                lines.push((line, change.purpose.clone()));
            }
            ChangeKind::Line(_) => {}
        }
    }
    let mut edits: Vec<_> =
        set.iter().map(|edit| (edit.clone(), purposes.remove(edit).unwrap_or(Purpose::Plain))).collect();
    let line_break = LineEnding::of(text).as_str();
    let edited = set.apply(text);
    let mut is_at_start_of_line = edited.is_empty() || edited.ends_with('\n');
    for (line, purpose) in lines {
        let start = if is_at_start_of_line { "" } else { line_break };
        edits.push((Edit::insert(text.len(), format!("{start}{line}{line_break}")), purpose));
        is_at_start_of_line = true;
    }
    Ok(edits)
}
