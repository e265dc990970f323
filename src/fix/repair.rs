//! A repair: what it changes, what it means to change, and how far it may be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use super::commit::Role;
use super::journal::Purpose;
use super::remark::Remark;
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
    /// Why it is not safe; empty for a safe one.
    pub doubts: Vec<Remark>,
    /// What it changes, file by file.
    pub changes: Vec<Change>,
    /// The values that it means to change besides those that follow from `defines`: path and value, `None` for one that goes.
    pub expected: BTreeMap<Path, Option<String>>,
    /// Interpolation variables that it sets; whatever depends on them may change.
    pub defines: BTreeSet<String>,
    /// Names of the secrets that it writes.
    pub secrets: BTreeSet<String>,
    /// What a person should know: who is cut off, what to do elsewhere.
    pub notes: Vec<Remark>,
    /// The port that only this host reaches afterwards, if it is about one.
    pub closes: Option<ClosedPort>,
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

/// A published port that is no longer reached from other machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPort {
    /// The service that publishes it.
    pub service: String,
    /// First and last port of the host; `None` if the engine picks one.
    pub published: Option<(u16, u16)>,
    /// The address on which the host still reaches it.
    pub ip: IpAddr,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

impl ClosedPort {
    /// The address as URLs write it: `127.0.0.1` or `[::1]`.
    pub fn address(&self) -> String {
        match self.ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        }
    }
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

/// What became of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the draft.
    Made,
    /// It could be made; why it was not, and the option that makes it.
    HeldBack {
        /// Why.
        reason: Vec<Remark>,
        /// Such as `--unsafe-fixes`.
        flag: Option<&'static str>,
    },
    /// A person must do it; what, or why caulk can't.
    Refused(String),
}
