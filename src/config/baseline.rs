//! The baseline: a file with the findings that are known already, so that only new ones are reported.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::LoadError;
use crate::source::{Files, absolute, decode, relative_to};

/// Name and version of the file's schema.
pub const SCHEMA: &str = "caulk.baseline/1";

/// What the file is called if nobody says.
pub const FILE_NAME: &str = "caulk-baseline.json";

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Entry {
    /// The file, as seen from the folder of the baseline, with `/`.
    pub path: String,
    /// Id of the rule.
    pub rule: String,
    /// What it is about, for people.
    #[serde(default)]
    pub subject: String,
    /// What tells it from every other finding.
    pub fingerprint: String,
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    findings: Vec<Entry>,
}

/// The findings that are known. The default knows none.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    known: HashMap<(PathBuf, String), Entry>,
}

impl Baseline {
    /// Adds what the file at `path` knows.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`] if it can't be read, or is no baseline; `current` is the folder that it is named from.
    pub fn add(&mut self, files: &dyn Files, path: &Path, current: &Path) -> Result<(), LoadError> {
        let failed = |what: String| LoadError::Unreadable { path: relative_to(current, path), what };
        let text = files.read(path).and_then(|bytes| decode(&bytes));
        let text = text.map_err(|error| failed(format!("{error}; --write-baseline makes a baseline")))?;
        let document: Document =
            serde_json::from_str(&text).map_err(|error| failed(format!("this is no baseline: {error}")))?;
        if document.schema != SCHEMA {
            return Err(failed(format!("its schema is {}, but this caulk reads {SCHEMA}", document.schema)));
        }
        let folder = path.parent().unwrap_or(path);
        let entries = document.findings.into_iter();
        self.known.extend(entries.map(|entry| {
            let key = (absolute(folder, &entry.path), entry.fingerprint.clone());
            (key, entry)
        }));
        Ok(())
    }

    /// True if a finding in the file at `path` is known.
    pub fn knows(&self, path: &Path, fingerprint: &str) -> bool {
        !self.known.is_empty() && self.known.contains_key(&(path.to_owned(), fingerprint.to_owned()))
    }

    /// All that is known, each with the absolute path of its file.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.known.iter().map(|((path, _), entry)| (path.as_path(), entry))
    }

    /// True if nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
