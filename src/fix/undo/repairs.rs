//! Takes back some repairs of a run, and leaves the others.
//!
//! - What the repairs wrote is found by its lines: edits elsewhere in a file do not matter, edits of those lines do.
//! - A password goes with its repair, unless something that stays refers to its variable: another repair, or the project
//!   itself. What stays then belongs to the repair that needs it.
//! - The lines that hide an env file from git and from images go only when that file is gone, or is to the byte what it was
//!   before the run: it may have come to hold other secrets.
//! - The result is read before it is written: it must be readable, keep all comments, and differ from what is there only in
//!   the values that the repairs had changed.
//! - No client may lose the password of a server that goes on asking for it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use super::{UndoError, UndoReport, runs_to_undo};
use crate::catalog::Store;
use crate::fix::commit::{FileChange, FileLayer, Kind, Role, RunRecord, take_back};
use crate::fix::journal::{
    About, Blocked, FileOutcome, FileRecord, Journal, OutcomeKind, Piece, Purpose, RepairRecord, StateFolder,
    StoredRun, Written, pending,
};
use crate::fix::proof;
use crate::fix::snapshot::Snapshot;
use crate::model::discover::{ProjectFiles, Reason};
use crate::model::{Options, Workspace};
use crate::source::{Files, Overlay};
use crate::text::EditSet;
use crate::topology::Topology;

/// Takes back the repairs that the report of the last run calls `ids`. If the lines that they wrote were edited since,
/// nothing is changed.
///
/// # Errors
/// See [`UndoError`].
pub fn undo_repairs(
    root: &Path,
    ids: &[String],
    files: &dyn Files,
    catalog: &[Store],
    state: &StateFolder,
    layer: &dyn FileLayer,
) -> Result<UndoReport, UndoError> {
    let _lock = state.lock()?;
    if let Some(run) = pending(root, state)?.into_iter().next() {
        return Err(UndoError::HalfDone { root: run.journal.root });
    }
    let runs = runs_to_undo(root, state)?;
    let known: Vec<_> = runs.iter().flat_map(|run| &run.journal.about.repairs).collect();
    let mut asked = BTreeSet::new();
    for id in ids {
        let Some(repair) = known.iter().find(|repair| repair.id() == *id) else {
            let mut known: Vec<_> = known.into_iter().cloned().collect();
            known.sort_by_key(|repair| repair.number);
            return Err(UndoError::Unknown { id: id.clone(), known });
        };
        if repair.is_undone {
            return Err(UndoError::AlreadyUndone { id: id.clone() });
        }
        asked.insert(repair.number);
    }
    let mut report = UndoReport {
        repairs: Vec::new(),
        files: Vec::new(),
        is_undone: true,
        is_whole: false,
        notes: Vec::new(),
        projects: Vec::new(),
    };
    let mut steps = Vec::new();
    for run in &runs {
        let own = run.journal.about.repairs.iter().map(|repair| repair.number);
        let taken: BTreeSet<_> = own.filter(|number| asked.contains(number)).collect();
        if taken.is_empty() {
            continue;
        }
        let found = found_in(run, layer)?;
        let plan = RepairsOf { run, found: &found, files, catalog }.plan(&taken)?;
        report.is_undone &= plan.is_possible;
        report.files.extend(plan.outcomes.iter().cloned());
        report.notes.extend(plan.notes.iter().cloned());
        let taken = run.journal.about.repairs.iter().filter(|repair| taken.contains(&repair.number));
        report.repairs.extend(taken.cloned());
        report.projects.extend(run.journal.about.projects.iter().cloned());
        steps.push((run, plan));
    }
    if report.is_undone {
        for (run, plan) in steps {
            let meta =
                RunRecord { root: run.journal.root.clone(), started: SystemTime::now(), about: About::default() };
            let committed = take_back(&plan.changes, &meta, (run.id.clone(), plan.left), state, layer)?;
            report.notes.extend(committed.notes);
        }
    }
    Ok(report)
}

/// A file of the run as it is now.
struct Found<'r> {
    record: &'r FileRecord,
    /// Its bytes; nothing if it is gone, or is no file any more.
    now: Option<Vec<u8>>,
    /// The pieces at the places where they are now.
    written: Written,
    /// True if it is not as caulk left it.
    is_edited: bool,
}

fn found_in<'r>(run: &'r StoredRun, layer: &dyn FileLayer) -> Result<Vec<Found<'r>>, UndoError> {
    let find = |record: &'r FileRecord| {
        let failed = |source| UndoError::File { path: record.path.clone(), source };
        let now = match layer.stat(&record.target) {
            Ok(stat) if stat.kind == Kind::File => Some(layer.read(&record.target).map_err(failed)?),
            Ok(_) => None,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let is_edited = !record.is_after(now.as_deref());
        let written = if is_edited {
            let text = now.as_deref().and_then(|now| std::str::from_utf8(now).ok()).unwrap_or_default();
            record.written.relocated(&record.lines, text)
        } else {
            record.written.clone()
        };
        Ok(Found { record, now, written, is_edited })
    };
    run.journal.files.iter().map(find).collect()
}

/// What taking back repairs of one run comes to.
struct Plan {
    changes: Vec<FileChange>,
    outcomes: Vec<FileOutcome>,
    notes: Vec<String>,
    /// The run as it stands afterwards.
    left: Journal,
    is_possible: bool,
}

struct RepairsOf<'a> {
    run: &'a StoredRun,
    found: &'a [Found<'a>],
    files: &'a dyn Files,
    catalog: &'a [Store],
}

impl RepairsOf<'_> {
    fn plan(&self, taken: &BTreeSet<usize>) -> Result<Plan, UndoError> {
        if let Some(plan) = self.refused(taken) {
            return Ok(plan);
        }
        let not_alone = |why: String| {
            let id = taken.iter().map(|number| format!("r{number}")).collect::<Vec<_>>().join(", ");
            UndoError::NotAlone { id, why }
        };
        for found in self.found {
            match found.written.blocked(taken) {
                None => {}
                Some(Blocked::By(other)) => return Err(not_alone(self.needs(taken, other))),
                Some(Blocked::Overwritten) => {
                    return Err(not_alone(
                        "others wrote over a part of it (`caulk undo` takes all of the run back)".into(),
                    ));
                }
            }
        }
        let why = match self.proved(taken) {
            Ok(plan) => return Ok(plan),
            Err(why) => why,
        };
        // Another repair may rest on what these have made, without a byte in common.
        let others = self.standing(taken).map(|repair| repair.number);
        let helping = others.into_iter().find(|other| {
            let both: BTreeSet<_> = taken.iter().copied().chain([*other]).collect();
            self.found.iter().all(|found| found.written.blocked(&both).is_none()) && self.proved(&both).is_ok()
        });
        Err(not_alone(match helping {
            Some(other) => self.needs(taken, other),
            None => format!("{why} (`caulk undo` takes all of the run back)"),
        }))
    }

    fn needs(&self, taken: &BTreeSet<usize>, other: usize) -> String {
        let title = self.run.journal.about.repairs.iter().find(|repair| repair.number == other);
        let title = title.map_or("", |repair| repair.title.as_str());
        let all: Vec<_> = taken.iter().chain([&other]).map(|number| format!("r{number}")).collect();
        format!("r{other} ({title}) rests on it; `caulk undo {}` takes both back", all.join(" "))
    }

    /// The repairs that stay.
    fn standing(&self, taken: &BTreeSet<usize>) -> impl Iterator<Item = &RepairRecord> {
        let repairs = self.run.journal.about.repairs.iter();
        repairs.filter(|repair| !repair.is_undone && !taken.contains(&repair.number))
    }

    /// The files whose lines of these repairs were edited since, if there are any.
    fn refused(&self, taken: &BTreeSet<usize>) -> Option<Plan> {
        let of_taken =
            |written: &Written| written.pieces().iter().filter(|piece| taken.contains(&piece.repair)).count();
        let concerned = self.found.iter().filter(|found| of_taken(&found.record.written) > 0);
        let outcomes: Vec<_> = concerned
            .map(|found| {
                let is_whole = of_taken(&found.written) == of_taken(&found.record.written);
                let kind = match &found.now {
                    None => OutcomeKind::Missing,
                    Some(_) if is_whole => OutcomeKind::Untouched,
                    Some(_) => OutcomeKind::EditedSince,
                };
                FileOutcome { path: found.record.path.clone(), kind }
            })
            .collect();
        let is_refused = outcomes.iter().any(|outcome| super::is_in_the_way(outcome.kind));
        is_refused.then(|| Plan {
            changes: Vec::new(),
            outcomes,
            notes: Vec::new(),
            left: self.run.journal.clone(),
            is_possible: false,
        })
    }

    /// The plan that leaves a project that can be read, and in which nothing else changes.
    fn proved(&self, taken: &BTreeSet<usize>) -> Result<Plan, String> {
        let sets = self.run.journal.about.projects.iter().map(|project| ProjectFiles {
            files: project.files.clone(),
            folder: project.folder.clone(),
            env_files: project.env_files.clone(),
            // What is read does not depend on them.
            profiles: Vec::new(),
            reason: Reason::Alone,
        });
        let sets: Vec<_> = sets.collect();
        let options = Options { env_files: self.run.journal.about.env_files.clone(), ..Options::default() };
        let mut before = Workspace::read(self.files, &sets, &options);
        let repairs = self.run.journal.about.repairs.iter().filter(|repair| taken.contains(&repair.number));
        let (mut changed, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        for repair in repairs {
            changed.extend(repair.changed.iter().cloned());
            secrets.extend(repair.secrets.iter().cloned());
        }
        let mut kept: BTreeSet<String> = BTreeSet::new();
        for repair in self.standing(taken) {
            kept.extend(repair.uses.iter().filter(|name| secrets.contains(*name)).cloned());
        }
        // Where it had been in use before the run, it gets the value again that it had then.
        let original = self.original();
        let at_first = Snapshot::of(&Workspace::read(&original, &sets, &options));
        let at_first = at_first.variables_used();
        loop {
            let plan = self.without(taken, &kept);
            let overlay = overlay(self.files, &plan.changes);
            let mut after = Workspace::read(&overlay, &sets, &options);
            let values = Snapshot::of(&after);
            let used = values.variables_used();
            let is_needed = |name: &&String| used.contains(name.as_str()) && !at_first.contains(name.as_str());
            let more: Vec<_> =
                secrets.iter().filter(|name| is_needed(name) && !kept.contains(*name)).cloned().collect();
            if more.is_empty() {
                proof::check_taken_back(&changed, &before, &after).map_err(|failure| failure.to_string())?;
                return match self.newly_shut_out(&mut before, &mut after) {
                    None => Ok(plan),
                    Some(client) => Err(client),
                };
            }
            kept.extend(more);
        }
    }

    /// A client that would lose the password of a store that goes on asking for it.
    fn newly_shut_out(&self, before: &mut Workspace<'_>, after: &mut Workspace<'_>) -> Option<String> {
        let (start, end) = (Topology::read(before, self.catalog), Topology::read(after, self.catalog));
        let known: BTreeSet<_> = start.shut_out(before).collect();
        let (_, service, variable) = end.shut_out(after).find(|client| !known.contains(client))?;
        Some(format!("`{service}` would lose the password in {variable}, and its server goes on asking for it"))
    }

    /// The files as they were before the run.
    fn original(&self) -> Overlay<'_> {
        let mut overlay = Overlay::new(self.files);
        for file in &self.run.journal.files {
            match file.before() {
                Some(before) => overlay.set(file.path.clone(), before),
                None => overlay.remove(file.path.clone()),
            }
        }
        overlay
    }

    /// The files without what the repairs wrote, but for the passwords of `kept` variables.
    fn without(&self, taken: &BTreeSet<usize>, kept: &BTreeSet<String>) -> Plan {
        let stays = |piece: &Piece| matches!(&piece.purpose, Purpose::Secret(name) if kept.contains(name));
        let goes = |piece: &Piece| taken.contains(&piece.repair) && piece.purpose != Purpose::Hiding && !stays(piece);
        let mut states: Vec<_> = self.found.iter().map(|found| found.without(&goes)).collect();
        // The lines that hide files go last: only if there is nothing more to hide.
        let may_be_hidden = |found: &Found<'_>| {
            let is_yaml =
                found.record.path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
            let concerns = |piece: &Piece| taken.contains(&piece.repair) && piece.purpose != Purpose::Hiding;
            !is_yaml && found.record.written.pieces().iter().any(concerns)
        };
        let hidden = self.found.iter().zip(&states).filter(|(found, _)| may_be_hidden(found));
        let is_exposed = hidden.into_iter().any(|(found, state)| state.after.as_deref() != found.record.before());
        if !is_exposed {
            let goes = |piece: &Piece| taken.contains(&piece.repair) && !stays(piece);
            states = self.found.iter().map(|found| found.without(&goes)).collect();
        }
        let mut plan = Plan {
            changes: Vec::new(),
            outcomes: Vec::new(),
            notes: Vec::new(),
            left: self.run.journal.clone(),
            is_possible: true,
        };
        for ((found, state), record) in self.found.iter().zip(states).zip(&mut plan.left.files) {
            let mut written = state.written;
            let heirs = self.settle(taken, kept, &mut written, &found.record.path, &mut plan.notes);
            for (heir, secret) in heirs {
                self.bequeath(taken, heir, secret, &mut plan.left.about.repairs);
            }
            if state.after != found.now {
                let kind = match &state.after {
                    None => OutcomeKind::Removed,
                    Some(after) if Some(after.as_slice()) == found.record.before() => OutcomeKind::Restored,
                    Some(_) => OutcomeKind::TakenOut,
                };
                plan.outcomes.push(FileOutcome { path: found.record.path.clone(), kind });
                plan.changes.push(FileChange {
                    path: found.record.path.clone(),
                    before: found.now.clone(),
                    after: state.after.clone(),
                    role: Role::Other,
                    secret: true,
                    written: Written::default(),
                });
            }
            record.set_after(state.after.as_deref(), written);
            record.is_mixed |= found.is_edited;
        }
        for repair in &mut plan.left.about.repairs {
            repair.is_undone |= taken.contains(&repair.number);
        }
        plan
    }

    /// Lets a repair be the one that gave a variable its password, with the values that this changed: it takes both along.
    fn bequeath(&self, taken: &BTreeSet<usize>, heir: usize, secret: String, repairs: &mut [RepairRecord]) {
        let of_taken = self.run.journal.about.repairs.iter().filter(|repair| taken.contains(&repair.number));
        let is_of_secret = |path: &&String| path.rsplit('.').next() == Some(&secret);
        let changed: Vec<_> = of_taken.flat_map(|repair| &repair.changed).filter(is_of_secret).cloned().collect();
        if let Some(heir) = repairs.iter_mut().find(|repair| repair.number == heir) {
            for (own, more) in [(&mut heir.changed, changed), (&mut heir.secrets, vec![secret])] {
                let new: Vec<_> = more.into_iter().filter(|it| !own.contains(it)).collect();
                own.extend(new);
            }
        }
    }

    /// Gives what stays of the taken repairs to those that need it. Returns which of them got which password.
    fn settle(
        &self,
        taken: &BTreeSet<usize>,
        kept: &BTreeSet<String>,
        written: &mut Written,
        path: &Path,
        notes: &mut Vec<String>,
    ) -> Vec<(usize, String)> {
        let mut heirs = Vec::new();
        let is_left = |piece: &Piece| taken.contains(&piece.repair);
        let left: BTreeSet<_> =
            written.pieces().iter().filter(|piece| is_left(piece)).map(|piece| piece.purpose.clone()).collect();
        for purpose in left {
            let is_meant = |piece: &Piece| is_left(piece) && piece.purpose == purpose;
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let heir = match &purpose {
                Purpose::Secret(secret) => {
                    notes.push(format!("{name} keeps {secret}, which is still in use"));
                    let heir = self.standing(taken).find(|repair| repair.uses.contains(secret));
                    heirs.extend(heir.map(|heir| (heir.number, secret.clone())));
                    heir
                }
                Purpose::Hiding => {
                    notes.push(format!("{name} keeps what hides the env file, which is not as it was before"));
                    self.standing(taken).find(|repair| !repair.secrets.is_empty() || uses_any(repair, kept))
                }
                Purpose::Plain | Purpose::Value => None,
            };
            match heir {
                Some(heir) => written.hand_over(&is_meant, heir.number),
                None => written.forget(&is_meant),
            }
        }
        heirs
    }
}

fn uses_any(repair: &RepairRecord, names: &BTreeSet<String>) -> bool {
    repair.uses.iter().any(|name| names.contains(name))
}

/// A file without some pieces.
struct Without {
    /// Nothing if it goes.
    after: Option<Vec<u8>>,
    written: Written,
}

impl Found<'_> {
    fn without(&self, goes: &dyn Fn(&Piece) -> bool) -> Without {
        let text = self.now.as_deref().and_then(|now| std::str::from_utf8(now).ok());
        let (Some(text), true) = (text, self.written.pieces().iter().any(goes)) else {
            return Without { after: self.now.clone(), written: self.written.clone() };
        };
        let mut edits = EditSet::new();
        for edit in self.written.inverse(goes) {
            // Pieces do not overlap.
            let _ = edits.insert(edit);
        }
        let after = edits.apply(text).into_bytes();
        let is_made = self.record.before().is_none();
        Without { after: (!(is_made && after.is_empty())).then_some(after), written: self.written.without(goes) }
    }
}

fn overlay<'f>(files: &'f dyn Files, changes: &[FileChange]) -> Overlay<'f> {
    let mut overlay = Overlay::new(files);
    for change in changes {
        match &change.after {
            Some(after) => overlay.set(change.path.clone(), after.as_slice()),
            None => overlay.remove(change.path.clone()),
        }
    }
    overlay
}
