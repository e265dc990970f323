//! A repair: what it changes, what it means to change, and how far it may be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::commit::Role;
use super::journal::Purpose;
use super::snapshot::Path;
use crate::rule::Applicability;
use crate::text::Edit;

/// Something that is done about one or several findings, all or nothing.
#[derive(Clone)]
pub struct Repair {
    /// What it repairs, in the terms of the project: the same for the same thing in every state of the files.
    pub key: RepairKey,
    /// What it does, in one line.
    pub title: String,
    /// Whether it may be made without asking.
    pub applicability: Applicability,
    /// Why it is not safe, one sentence each; empty for a safe one.
    pub doubts: Vec<String>,
    /// What it changes, file by file.
    pub changes: Vec<Change>,
    /// The values that it means to change besides those that follow from `defines`: path and value, `None` for one that goes.
    pub expected: BTreeMap<Path, Option<String>>,
    /// Interpolation variables that it sets; whatever depends on them may change.
    pub defines: BTreeSet<String>,
    /// Names of the secrets that it writes.
    pub secrets: BTreeSet<String>,
    /// What a person should know: who is cut off, what to do elsewhere.
    pub notes: Vec<String>,
    /// The services that must demand a password afterwards, each with the number of its project, and whether it must present
    /// the same to the server that it copies.
    pub demanding: BTreeMap<(usize, String), bool>,
}

/// What a repair is about; a repair of the same thing is made at most once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepairKey {
    /// What is done: `seal`, `redirect`, `mend`, or the field that is set.
    pub action: String,
    /// The file in which it stands; projects that share the file share the repair.
    pub file: PathBuf,
    /// The service.
    pub service: String,
    /// The entry or variable of the service; empty for the whole.
    pub detail: String,
}

/// A change of one file.
#[derive(Clone)]
pub struct Change {
    /// The file, absolute.
    pub path: PathBuf,
    /// What happens to it.
    pub kind: ChangeKind,
    /// When it is written.
    pub role: Role,
    /// What it is for.
    pub purpose: Purpose,
}

/// What happens to a file.
#[derive(Clone)]
pub enum ChangeKind {
    /// Bytes of it change.
    Edit(Edit),
    /// It is made, or gets this line at its end if it is there already.
    Line(String),
}

impl std::fmt::Display for RepairKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.action, self.service)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ":{}", self.detail) }
    }
}
