//! What a run changed, kept outside the repository: a crash can be repaired with it, and a run taken back.
//!
//! Each run is one file, `<id>-<root>.<phase>.json`, of mode 0600: its before-images may hold passwords. The phase is a
//! part of the name, since a rename can neither tear nor fail on a full disk, and since half-done runs are then found
//! without reading a file:
//!
//! | phase      | on the disk                                                       |
//! |------------|-------------------------------------------------------------------|
//! | `writing`  | every file is the old one; temporary files may lie beside it      |
//! | `prepared` | each file is the old one or the new one; the temporary files of those that are old are complete |
//! | `done`     | every file was the new one when the run ended                     |
//! | `undoing`  | each file is the new one or the old one                           |
//! | `undone`   | every file was the old one again, or was left as somebody edited it |

mod file_record;
mod half_done;
mod recover;
mod restore;
mod state_folder;
mod written;

pub use file_record::FileRecord;
pub use half_done::{HalfDone, WayOut, half_done};
pub use recover::{Recovery, recover};
pub use restore::{FileOutcome, OutcomeKind};
pub use state_folder::{Lock, StateFolder, StatePlaces};
pub use written::{Lines, Piece, Purpose, Written};

pub(in crate::fix) use written::Blocked;

use file_record::Hash;
use restore::remove_if_there;
pub(in crate::fix) use restore::{Standing, remove_temporaries, restore, stage, standing};

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::commit::FileLayer;

/// The schema of the files that this version writes and reads.
const SCHEMA: &str = "caulk.journal/1";

/// The runs of so many calls are kept for one root; older ones, with the passwords that their before-images may hold, go.
const RUNS_KEPT: usize = 20;

/// The journal could not be kept, read or used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No folder to keep it in.
    #[error("caulk has no place to write down what it changes: {0}")]
    NoStateFolder(String),
    /// Another caulk writes at this moment.
    #[error("another caulk is writing at this moment (it holds {}): try again when it is done", .lock.display())]
    Busy {
        /// The lock file.
        lock: PathBuf,
    },
    /// A journal of this project can't be understood.
    #[error("{} can't be read: {why}", .path.display())]
    Unreadable {
        /// The journal's file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A path or text can't be written down as JSON.
    #[error("the journal of this run can't be written: {0}")]
    Encode(String),
    /// The system refused something.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A repair of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RepairRecord {
    /// Its number in the report, from 1.
    pub number: usize,
    /// One line for a person, without secrets.
    pub title: String,
    /// The variables that it gave a password.
    pub secrets: Vec<String>,
    /// The variables that what it wrote refers to.
    pub uses: Vec<String>,
    /// The values of the resolved projects that it changed, such as `services.redis.command`.
    pub changed: Vec<String>,
    /// True once it was taken back.
    pub is_undone: bool,
}

impl RepairRecord {
    /// As the report names it, such as `r1`.
    pub fn id(&self) -> String {
        format!("r{}", self.number)
    }
}

/// One project, as a run read and changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRecord {
    /// The Compose files in the order in which they are merged.
    pub files: Vec<PathBuf>,
    /// The project folder.
    pub folder: PathBuf,
    /// Env files that whoever calls Compose names for it.
    pub env_files: Vec<PathBuf>,
    /// Profiles that are enabled.
    pub profiles: Vec<String>,
    /// True if Compose finds its files in the folder by itself.
    pub is_found_by_folder: bool,
    /// The services that were changed, and must be recreated.
    pub recreate: Vec<String>,
    /// The services of which only a mounted file was changed, which Compose does not notice.
    #[serde(default)]
    pub reload: Vec<String>,
    /// Those of both kinds that are in profiles that are off.
    #[serde(default)]
    pub recreate_in_profiles: Vec<ProfileServices>,
}

/// Services of a project that only run where one of some profiles is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileServices {
    /// The profiles, of which one is enough.
    pub profiles: Vec<String>,
    /// The services.
    pub services: Vec<String>,
    /// True if only a mounted file of theirs was changed, which Compose does not notice.
    pub is_reload: bool,
}

/// One run, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    schema: String,
    /// Folder of the workspace, without symlinks.
    pub root: PathBuf,
    /// When the run began, in milliseconds since 1970 (UTC).
    pub started_ms: u64,
    /// What it changed, in the order of the renames.
    pub files: Vec<FileRecord>,
    /// What else is known of it.
    #[serde(flatten)]
    pub about: About,
    /// For a run that changes another: how that one stands afterwards.
    successor: Option<Box<Successor>>,
}

/// What is noted of a run besides its files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// Names the call of caulk. What it writes in one root, one commit for each group of projects, is one run; blank if
    /// the run belongs to no call.
    pub call: String,
    /// Its repairs.
    pub repairs: Vec<RepairRecord>,
    /// The projects that it read.
    pub projects: Vec<ProjectRecord>,
    /// Env files that it read in place of each project's own.
    pub env_files: Vec<PathBuf>,
}

/// How a run stands after another one has changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::fix) struct Successor {
    /// Which run.
    pub id: String,
    /// What it is afterwards.
    pub journal: Journal,
    /// Whether it has lost something, or gained.
    pub change: Succession,
}

/// What a run does to the one that it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::fix) enum Succession {
    /// It takes back a part of it.
    TakesBack,
    /// It is the next part of it.
    Continues,
}

impl Journal {
    /// The journal of a run that is about to begin.
    pub(in crate::fix) fn new(
        root: PathBuf,
        started_ms: u64,
        files: Vec<FileRecord>,
        about: About,
        successor: Option<Successor>,
    ) -> Self {
        Self { schema: SCHEMA.to_owned(), root, started_ms, files, about, successor: successor.map(Box::new) }
    }

    /// True if the run takes back a part of another one.
    pub(in crate::fix) fn takes_back(&self) -> bool {
        self.successor.as_ref().is_some_and(|successor| successor.change == Succession::TakesBack)
    }

    /// This run with a further part, whose files hold `texts` now.
    pub(in crate::fix) fn continued<'t>(
        mut self,
        files: impl Iterator<Item = (&'t FileRecord, Option<&'t [u8]>)>,
        about: &About,
    ) -> Self {
        for (file, now) in files {
            match self.files.iter_mut().find(|known| known.target == file.target) {
                Some(known) => known.continue_with(file, now),
                None => self.files.push(file.clone()),
            }
        }
        self.about.repairs.extend(about.repairs.iter().cloned());
        // The groups of a call have no project in common.
        self.about.projects.extend(about.projects.iter().cloned());
        self
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// How far a run, or its undoing, has come. See the module's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Temporary files are being written.
    Writing,
    /// Files are being replaced.
    Prepared,
    /// All files are replaced.
    Done,
    /// Files are being restored.
    Undoing,
    /// All files are restored.
    Undone,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Writing, Self::Prepared, Self::Done, Self::Undoing, Self::Undone];

    fn word(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Prepared => "prepared",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// True while files may be neither all old nor all new.
    pub fn is_half_done(self) -> bool {
        matches!(self, Self::Writing | Self::Prepared | Self::Undoing)
    }
}

/// A run in the state folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    /// Identifies it, and orders it among the others by its time.
    pub id: String,
    /// How far it came.
    pub phase: Phase,
    /// What it changed.
    pub journal: Journal,
}

/// Half-done runs in `root`, the folders above and the folders below, oldest first.
///
/// A caulk that writes at this moment has one; [`recover()`] waits for it.
///
/// # Errors
/// [`JournalError::Io`], and [`JournalError::Unreadable`] for a journal of `root` itself.
pub fn pending(root: &Path, state: &StateFolder) -> Result<Vec<StoredRun>, JournalError> {
    state.runs(root, Phase::is_half_done)
}

/// The runs of the latest call of caulk that are done and not undone, in `root`, the folders above and the folders below;
/// latest first. A call makes one run for each root in which it writes.
///
/// # Errors
/// [`JournalError::Io`], and [`JournalError::Unreadable`] for a journal of `root` itself.
pub fn last_runs(root: &Path, state: &StateFolder) -> Result<Vec<StoredRun>, JournalError> {
    let mut runs = state.runs(root, |phase| phase == Phase::Done)?;
    runs.reverse();
    let call = runs.first().map(|run| run.journal.about.call.clone());
    runs.retain(|run| Some(&run.journal.about.call) == call.as_ref());
    Ok(runs)
}

/// A journal's file name: `<id>-<root>.<phase>.json`.
struct Name<'a> {
    id: &'a str,
    root: &'a str,
    phase: Phase,
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (stem, phase) = name.strip_suffix(".json")?.rsplit_once('.')?;
        let (_, root) = stem.split_once('-')?;
        Some(Self { id: stem, root, phase: Phase::ALL.into_iter().find(|known| known.word() == phase)? })
    }
}

/// Names the root in file names.
fn root_name(root: &Path) -> String {
    Hash::of(root.as_os_str().as_encoded_bytes()).short()
}

fn real(root: &Path) -> PathBuf {
    root.canonicalize().unwrap_or_else(|_| root.to_path_buf())
}

impl StateFolder {
    fn file(&self, id: &str, phase: Phase) -> PathBuf {
        self.path().join(format!("{id}.{}.json", phase.word()))
    }

    /// Runs that concern `root` and are in a `wanted` phase, oldest first.
    fn runs(&self, root: &Path, wanted: impl Fn(Phase) -> bool) -> Result<Vec<StoredRun>, JournalError> {
        let (root, mut runs) = (real(root), Vec::new());
        let own = root_name(&root);
        for name in self.names()? {
            let Some(Name { id, root: root_of_run, phase }) = Name::parse(&name).filter(|name| wanted(name.phase))
            else {
                continue;
            };
            match read(&self.path().join(&name)) {
                Ok(journal) if journal.root.starts_with(&root) || root.starts_with(&journal.root) => {
                    runs.push(StoredRun { id: id.to_owned(), phase, journal });
                }
                // What another project's journal holds is not this run's business.
                Err(error) if root_of_run == own => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(runs)
    }

    /// The latest run of `root`, if it is done and belongs to `call`.
    pub(in crate::fix) fn latest_of(&self, call: &str, root: &Path) -> Result<Option<StoredRun>, JournalError> {
        let (names, own) = (self.names()?, root_name(root));
        let latest =
            names.iter().rev().find_map(|name| Some((name, Name::parse(name)?)).filter(|(_, n)| n.root == own));
        let Some((name, Name { id, phase: Phase::Done, .. })) = latest else { return Ok(None) };
        // One that can't be read is of another version, and of another call.
        let Ok(journal) = read(&self.path().join(name)) else { return Ok(None) };
        let is_meant = !call.is_empty() && journal.about.call == call && journal.root == root;
        Ok(is_meant.then(|| StoredRun { id: id.to_owned(), phase: Phase::Done, journal }))
    }

    /// A name for a run that begins now, later than all others even if the clock was set back.
    pub(in crate::fix) fn new_id(&self, root: &Path, now: SystemTime) -> Result<(String, u64), JournalError> {
        let now =
            now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let names = self.names()?;
        let last = names.iter().filter_map(|name| Name::parse(name)?.id.split_once('-')?.0.parse::<u64>().ok()).max();
        let time = now.max(last.map_or(0, |last| last.saturating_add(1)));
        Ok((format!("{time:015}-{}", root_name(root)), now))
    }

    /// Writes the journal of a run that is about to begin.
    pub(in crate::fix) fn begin(
        &self,
        id: String,
        journal: Journal,
        layer: &dyn FileLayer,
    ) -> Result<StoredRun, JournalError> {
        let run = StoredRun { id, phase: Phase::Writing, journal };
        let path = self.file(&run.id, run.phase);
        if let Err(error) = self.write(&path, &run.journal, layer) {
            // The error that is told is the first one; what stays behind is swept with the next run.
            let _ = layer.remove(&path);
            return Err(error);
        }
        Ok(run)
    }

    /// Writes a journal in one step; an earlier one of that name is replaced.
    fn write(&self, path: &Path, journal: &Journal, layer: &dyn FileLayer) -> Result<(), JournalError> {
        let bytes = serde_json::to_vec(journal).map_err(|error| JournalError::Encode(error.to_string()))?;
        let temporary = beside(path, UNFINISHED);
        let written = remove_if_there(&temporary, layer)
            .and_then(|()| layer.create(&temporary, &bytes, true))
            .and_then(|()| layer.sync(&temporary))
            .and_then(|()| layer.rename(&temporary, path))
            .and_then(|()| layer.sync_folder(self.path()));
        written.map_err(|source| {
            let _ = layer.remove(&temporary);
            JournalError::Io { doing: "write", path: path.to_path_buf(), source }
        })
    }

    /// Notes that all files of `run` are as it wants them. If it changed another run, it is forgotten, and that one stands
    /// as it left it.
    pub(in crate::fix) fn complete(&self, run: &mut StoredRun, layer: &dyn FileLayer) -> Result<(), JournalError> {
        let Some(successor) = run.journal.successor.clone() else {
            return self.advance(run, Phase::Done, layer);
        };
        let is_empty = successor.journal.about.repairs.iter().all(|repair| repair.is_undone);
        let done = self.file(&successor.id, Phase::Done);
        self.write(&done, &successor.journal, layer)?;
        if is_empty {
            let mut other = StoredRun { id: successor.id, phase: Phase::Done, journal: successor.journal };
            self.advance(&mut other, Phase::Undone, layer)?;
        }
        self.forget(run, layer)
    }

    /// Notes that all files of `run` are as it found them, or as somebody edited them since.
    pub(in crate::fix) fn abandon(&self, run: &mut StoredRun, layer: &dyn FileLayer) -> Result<(), JournalError> {
        match run.journal.successor {
            Some(_) => self.forget(run, layer),
            None => self.advance(run, Phase::Undone, layer),
        }
    }

    /// Notes that `run` has come to `phase`.
    pub(in crate::fix) fn advance(
        &self,
        run: &mut StoredRun,
        phase: Phase,
        layer: &dyn FileLayer,
    ) -> Result<(), JournalError> {
        let (from, to) = (self.file(&run.id, run.phase), self.file(&run.id, phase));
        layer
            .rename(&from, &to)
            .map(|()| run.phase = phase)
            .and_then(|()| layer.sync_folder(self.path()))
            .map_err(|source| JournalError::Io { doing: "write", path: to, source })
    }

    /// Forgets a run that changed nothing in the end.
    pub(in crate::fix) fn forget(&self, run: &StoredRun, layer: &dyn FileLayer) -> Result<(), JournalError> {
        let path = self.file(&run.id, run.phase);
        layer.remove(&path).map_err(|source| JournalError::Io { doing: "remove", path, source })
    }

    /// Makes room for one more run: removes the oldest runs of `root`, and journals that were never finished.
    pub(in crate::fix) fn sweep(&self, root: &Path, layer: &dyn FileLayer) -> Result<(), JournalError> {
        let (names, own) = (self.names()?, root_name(root));
        let finished =
            |name: &&String| Name::parse(name).is_some_and(|name| name.root == own && !name.phase.is_half_done());
        // One call may make many runs: they are kept or go together.
        let mut calls = BTreeSet::new();
        let old = names.iter().rev().filter(finished).filter(|name| {
            let call = read(&self.path().join(name)).map_or_else(|_| (*name).clone(), |journal| journal.about.call);
            calls.insert(call);
            calls.len() >= RUNS_KEPT
        });
        let old: Vec<_> = old.collect();
        for name in old.into_iter().chain(names.iter().filter(|name| name.ends_with(UNFINISHED))) {
            let path = self.path().join(name);
            layer.remove(&path).map_err(|source| JournalError::Io { doing: "remove", path, source })?;
        }
        Ok(())
    }
}

/// What the name of a journal that is being written ends with.
const UNFINISHED: &str = ".new";

fn read(path: &Path) -> Result<Journal, JournalError> {
    let unreadable = |why: String| JournalError::Unreadable { path: path.to_path_buf(), why };
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    // The error's text says where it is and what was expected; a value that it quotes could be a secret.
    let journal: Journal = serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(format!("not a journal (line {}, column {})", error.line(), error.column())))?;
    if journal.schema != SCHEMA {
        return Err(unreadable(format!("its schema is not {SCHEMA}; another version of caulk has written it")));
    }
    Ok(journal)
}

#[cfg(test)]
mod tests;
