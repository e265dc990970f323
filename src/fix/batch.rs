//! Repairs that are made in memory at once, and proved at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::draft::Draft;
use super::port::{EntryPlace, Pending, PortRepair};
use super::proof::{self, Meaning};
use super::repair::Fate;
use super::repair::{Change, ChangeKind, Repair, RepairKey};
use super::seal;
use super::settings::Settings;
use super::snapshot::{Path, Snapshot};
use super::state::State;
use crate::lint::Finding;
use crate::model::{Weight, Workspace};
use crate::rule::Applicability;
use crate::text::EditSet;

/// A repair that was tried, or shall be.
pub struct Tried<'s> {
    /// What it is about.
    pub key: RepairKey,
    /// What it repairs.
    pub finding: &'s Finding,
    /// The repair; `None` if it could not be built.
    pub repair: Option<Repair>,
    /// What it is called in the draft.
    pub number: usize,
    /// The entry of `ports` that it changes, if it does just that.
    pub entry: Option<EntryPlace>,
    /// What became of it; [`Fate::Made`] if the batch can be proved.
    pub fate: Fate,
}

/// A repair as it was built on a state.
pub enum Built {
    /// Of a port: those of other ports may be in the same batch.
    Port(PortRepair),
    /// Of something else: what it comes to may depend on any other repair, so it is alone.
    Other(Repair),
}

/// Repairs that were built on one state, and come to the same as if each were built on the state after those before it.
pub struct Batch<'s, 'f> {
    /// The state.
    pub state: &'s State,
    settings: &'s Settings<'s>,
    /// All that was tried, in this order.
    pub tried: Vec<Tried<'s>>,
    /// The entries of `ports` that it changes.
    pub pending: Pending,
    /// The files with all repairs.
    pub draft: Draft<'f>,
    /// The files with what only defines variables, if something does.
    defined: Option<Draft<'f>>,
    /// What was done to the files of the state.
    edits: BTreeMap<PathBuf, EditSet>,
    /// How many repairs it has.
    pub size: usize,
    /// True if nothing more fits in.
    pub is_closed: bool,
}

/// What a proof has shown.
pub struct Proved {
    /// What the files come to.
    pub after: State,
    /// For each repair that was made the values that it changes, such as `services.redis.command`.
    pub changed: Vec<BTreeSet<String>>,
}

impl<'s, 'f> Batch<'s, 'f> {
    /// No repairs yet. The state was read from the files of the draft.
    pub fn new(state: &'s State, settings: &'s Settings<'s>, draft: Draft<'f>) -> Self {
        Self {
            state,
            settings,
            tried: Vec::new(),
            pending: Pending::new(),
            draft,
            defined: None,
            edits: BTreeMap::new(),
            size: 0,
            is_closed: false,
        }
    }

    /// Adds what was built to repair a finding. False if it does not fit in.
    pub fn add(&mut self, (key, finding, number): (RepairKey, &'s Finding, usize), built: Result<Built, Fate>) -> bool {
        let mut tried = Tried { key, finding, repair: None, number, entry: None, fate: Fate::Made };
        let (repair, port) = match built {
            Err(fate) => {
                tried.fate = fate;
                self.tried.push(tried);
                return true;
            }
            Ok(Built::Other(repair)) => (repair, None),
            Ok(Built::Port(PortRepair { must_wait: true, .. })) => return false,
            Ok(Built::Port(PortRepair { repair, entry, becomes, is_alone, .. })) => {
                (repair, Some((entry, becomes.filter(|_| !is_alone))))
            }
        };
        let Some(changes) = self.moved(&repair.changes) else { return false };
        tried.fate = match hindrance(self.state, self.settings, finding, &repair) {
            Some(fate) => fate,
            None => match self.apply(number, &changes) {
                Err(reason) => Fate::Refused(reason),
                Ok(()) => {
                    self.size += 1;
                    self.note_edits(&repair);
                    tried.entry = port.map(|(entry, _)| entry);
                    match port {
                        Some((entry, Some(ip))) => _ = self.pending.insert(entry, ip),
                        Some((_, None)) | None => self.is_closed = true,
                    }
                    Fate::Made
                }
            },
        };
        tried.repair = Some(repair);
        self.tried.push(tried);
        true
    }

    /// Where changes of the state's files are to be made after those that are there. `None` if they want the same place.
    fn moved(&self, changes: &[Change]) -> Option<Vec<Change>> {
        let moved = |change: &Change| match (&change.kind, self.edits.get(&change.path)) {
            (ChangeKind::Edit(edit), Some(earlier)) => {
                Some(Change { kind: ChangeKind::Edit(earlier.moved(edit).ok()?), ..change.clone() })
            }
            _ => Some(change.clone()),
        };
        changes.iter().map(moved).collect()
    }

    fn note_edits(&mut self, repair: &Repair) {
        for change in &repair.changes {
            if let ChangeKind::Edit(edit) = &change.kind {
                let edits = self.edits.entry(change.path.clone()).or_default();
                edits.insert(edit.clone()).expect("what overlaps is refused before");
            }
        }
    }

    fn apply(&mut self, number: usize, changes: &[Change]) -> Result<(), String> {
        let (defining, rest): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.purpose.defines());
        // Most repairs define nothing: then the state in between is that before.
        let mut defined = (!defining.is_empty()).then(|| self.draft.clone());
        if let Some(defined) = &mut defined {
            defined.apply(number, &defining).map_err(|error| error.to_string())?;
        }
        let all: Vec<_> = defining.into_iter().chain(rest).collect();
        self.draft.apply(number, &all).map_err(|error| error.to_string())?;
        self.defined = defined;
        Ok(())
    }

    /// The repairs that are made if it can be proved.
    pub fn made(&self) -> impl Iterator<Item = (&Tried<'s>, &Repair)> {
        let made = self.tried.iter().filter(|tried| tried.fate == Fate::Made);
        made.filter_map(|tried| Some((tried, tried.repair.as_ref()?)))
    }

    /// Proves all repairs together: just what they mean to change has changed, what they repair is gone, and nothing is
    /// worse.
    ///
    /// # Errors
    /// Why not.
    pub fn prove(&self) -> Result<Proved, String> {
        let (before, settings) = (self.state, self.settings);
        let defined = self
            .defined
            .as_ref()
            .map(|draft| Snapshot::of(&Workspace::read(&draft.overlay(), settings.sets, settings.options)));
        let after = State::read(&self.draft.overlay(), settings);
        let meaning = Meaning::of(self.made().map(|(_, repair)| repair));
        let changed = proof::check(&meaning, before, defined.as_ref().unwrap_or(before.snapshot()), &after)
            .map_err(|failure| format!("caulk could not prove the result: {failure}"))?;
        for (_, repair) in self.made() {
            if let Some(reason) = seal::unsealed(repair, &after.workspace, &after.topology, settings.rules) {
                return Err(format!("caulk could not prove the result: {reason}"));
            }
        }
        if let Some(reason) = self.worsened(&after) {
            return Err(reason);
        }
        let changed = match self.size {
            1 => vec![changed.iter().map(proof::readable_path).collect()],
            _ => self.changed_by_each(),
        };
        Ok(Proved { after, changed })
    }

    /// The values that each repair of a port changes, if the whole is proved.
    fn changed_by_each(&self) -> Vec<BTreeSet<String>> {
        let mut values: BTreeMap<&Path, Option<&String>> = BTreeMap::new();
        let each = self.made().map(|(_, repair)| {
            let mut changed = BTreeSet::new();
            for (path, expected) in &repair.expected {
                let before = self.state.snapshot().get(path).map(|value| &value.value);
                if values.insert(path, expected.as_ref()).unwrap_or(before) != expected.as_ref() {
                    changed.insert(proof::readable_path(path));
                }
            }
            changed
        });
        each.collect()
    }

    /// What would be worse afterwards: a finding is still there, or others are new.
    fn worsened(&self, after: &State) -> Option<String> {
        let open: BTreeSet<_> =
            after.findings.iter().filter_map(|finding| Some((after.key_of(finding)?, finding.rule.as_str()))).collect();
        self.made().find_map(|(tried, repair)| {
            let is_port = repair.key.action == "port";
            let is_left = match is_port {
                true => open.contains(&(repair.key.clone(), tried.finding.rule.as_str())),
                false => is_left(after, tried.finding, repair),
            };
            if is_left {
                return Some("caulk could not prove the result: the finding would still be there".to_owned());
            }
            if is_port { None } else { fresh(self.state, after, repair, self.settings) }
        })
    }
}

/// True if a finding that a repair is about, other than of a port, is still there.
fn is_left(after: &State, finding: &Finding, repair: &Repair) -> bool {
    let identity = finding.identity();
    after.findings.iter().any(|other| {
        // A safe repair leaves nothing of what it is about; another one at least not this.
        let is_same = repair.applicability == Applicability::Safe && after.key_of(other).as_ref() == Some(&repair.key);
        is_same || other.identity() == identity
    })
}

/// A finding that was not there before a repair.
fn fresh(before: &State, after: &State, repair: &Repair, settings: &Settings<'_>) -> Option<String> {
    if settings.is_unsafe_allowed && repair.applicability != Applicability::Safe {
        return None;
    }
    let known: BTreeSet<_> = before.findings.iter().map(Finding::identity).collect();
    let fresh = after.findings.iter().find(|finding| !known.contains(&finding.identity()))?;
    Some(format!("it would leave a new problem: {}", fresh.message))
}

/// Why a repair may not be made.
fn hindrance(state: &State, settings: &Settings<'_>, finding: &Finding, repair: &Repair) -> Option<Fate> {
    let is_allowed = match repair.applicability {
        Applicability::Safe => true,
        Applicability::Unsafe => settings.is_unsafe_allowed,
        Applicability::Manual => false,
    };
    if !is_allowed {
        let flag = (repair.applicability == Applicability::Unsafe).then_some("--unsafe-fixes");
        return Some(Fate::HeldBack { reason: repair.doubts.clone(), flag });
    }
    for change in &repair.changes {
        if let Err(why) = (settings.may_write)(&change.path) {
            let path = crate::source::relative_to(&state.workspace.projects[finding.project].folder, &change.path);
            let reason = vec![format!("{path} can't be written: {why}").into()];
            return Some(Fate::HeldBack { reason, flag: None });
        }
    }
    in_the_way(state, finding.project, repair).map(Fate::Refused)
}

/// What can't be read in the project of a repair, or in a file that it changes. Where a tree breaks off, or Compose
/// refuses the project, nobody can say what an edit would do.
fn in_the_way(state: &State, project: usize, repair: &Repair) -> Option<String> {
    let project = &state.workspace.projects[project];
    let concerns = |path: &std::path::PathBuf| {
        let changed = repair.changes.iter().any(|change| change.path == *path);
        changed || project.paths.contains(path) || project.variables.paths.contains(path)
    };
    let problem =
        state.workspace.problems().find(|problem| problem.weight == Weight::Error && concerns(&problem.path))?;
    let name = crate::source::relative_to(&project.folder, &problem.path);
    Some(format!("{name} must be mended first: {}", problem.message))
}
