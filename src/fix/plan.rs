//! Chooses repairs, makes them in memory, and proves them before the next ones.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::batch::{Batch, Built, Proved, Tried};
use super::bench::Bench;
use super::draft::Draft;
use super::port::Pending;
use super::remark::{Kind, Remark};
use super::repair::{ChangeKind, ClosedPort, Fate, Repair, RepairKey};
use super::seal::{self, NoSeal};
use super::secret::Secrets;
use super::settings::Settings;
use super::state::{Aim, State};
use super::{link, port};
use crate::lint::Finding;
use crate::model::node::Node;
use crate::rule::Applicability;
use crate::source::Files;

/// A repair and what became of it.
pub struct Planned {
    /// What it is about.
    pub key: RepairKey,
    /// The repair on the files as they are; `None` if it could not be built.
    pub repair: Option<Repair>,
    /// What it would be called.
    pub title: String,
    /// Whether it may be made without asking.
    pub applicability: Applicability,
    /// What became of it.
    pub fate: Fate,
    /// Repairs that it has made needless.
    pub settles: BTreeSet<RepairKey>,
}

/// All repairs of a workspace.
pub struct Plan<'f> {
    /// The repairs, in the order of their findings.
    pub repairs: Vec<Planned>,
    /// The files after those that were made.
    pub draft: Draft<'f>,
    /// What a person should know.
    pub notes: BTreeSet<Remark>,
    /// What a person should check, since a repair that may break it was made all the same.
    pub checks: BTreeSet<Remark>,
    /// What is to be remembered of the repairs that are in the draft.
    pub made: Vec<Made>,
    /// The projects as they are.
    pub before: Rc<State>,
    /// The projects as they are in the draft.
    pub after: Rc<State>,
}

/// What is remembered of a repair, so that it can be taken back.
pub struct Made {
    /// Its number among [`Plan::repairs`].
    pub number: usize,
    /// Its title.
    pub title: String,
    /// The variables that it gives a password.
    pub secrets: BTreeSet<String>,
    /// The variables of the project to which it gives a value.
    pub defines: BTreeSet<String>,
    /// The variables that what it writes refers to.
    pub uses: BTreeSet<String>,
    /// The values that it changes, such as `services.redis.command`.
    pub changed: BTreeSet<String>,
    /// The port that it closes, and whether somebody may have published it on purpose.
    pub closes: Option<(ClosedPort, bool)>,
}

impl Plan<'_> {
    /// Notes that the repairs could not be written.
    pub fn give_up(&mut self, why: &str) {
        let made = self.made.drain(..).map(|made| made.number).collect::<BTreeSet<_>>();
        for number in made {
            self.repairs[number].fate = Fate::Refused(why.to_owned());
        }
        self.notes.clear();
        self.checks.clear();
        self.after = self.before.clone();
    }

    /// Numbers of the repairs of a finding.
    pub fn repairs_of(&self, keys: &[RepairKey]) -> Vec<usize> {
        let is_meant = |planned: &Planned, key: &RepairKey| planned.key == *key || planned.settles.contains(key);
        keys.iter().filter_map(|key| self.repairs.iter().position(|planned| is_meant(planned, key))).collect()
    }

    fn is_refused(&self, key: &RepairKey) -> bool {
        self.repairs.iter().any(|planned| planned.key == *key && matches!(planned.fate, Fate::Refused(_)))
    }

    /// Takes out the repairs that others have made needless, and counts the rest anew.
    fn leave_out(&mut self, settled: &BTreeMap<RepairKey, RepairKey>) {
        for (key, by) in settled {
            if let Some(planned) = self.repairs.iter_mut().find(|planned| planned.key == *by) {
                planned.settles.insert(key.clone());
            }
        }
        let kept: Vec<_> = self.repairs.iter().map(|planned| !settled.contains_key(&planned.key)).collect();
        let number_of = |number: usize| kept.iter().take(number).filter(|is_kept| **is_kept).count();
        self.made.iter_mut().for_each(|made| made.number = number_of(made.number));
        self.draft.renumber(&number_of);
        self.repairs.retain(|planned| !settled.contains_key(&planned.key));
    }
}

/// Plans all repairs for what is found in the files.
pub fn plan<'f>(files: &'f dyn Files, settings: &Settings<'_>, secrets: &RefCell<Secrets>) -> Plan<'f> {
    plan_chosen(files, settings, secrets, &|_| true)
}

/// Plans one repair, and leaves whatever else is found as it is. The plan is empty if nothing needs that repair.
pub fn plan_one<'f>(
    files: &'f dyn Files,
    settings: &Settings<'_>,
    secrets: &RefCell<Secrets>,
    key: &RepairKey,
) -> Plan<'f> {
    plan_chosen(files, settings, secrets, &|other| other == key)
}

fn plan_chosen<'f>(
    files: &'f dyn Files,
    settings: &Settings<'_>,
    secrets: &RefCell<Secrets>,
    is_chosen: &dyn Fn(&RepairKey) -> bool,
) -> Plan<'f> {
    let before = Rc::new(State::read(files, settings));
    let plan = Plan {
        repairs: Vec::new(),
        draft: Draft::new(files),
        notes: BTreeSet::new(),
        checks: BTreeSet::new(),
        made: Vec::new(),
        after: before.clone(),
        before,
    };
    let mut planner = Planner {
        settings,
        secrets,
        is_chosen,
        plan,
        numbers: BTreeMap::new(),
        tried: BTreeSet::new(),
        settled: BTreeMap::new(),
        at_once: settings.at_once,
    };
    planner.first_look();
    loop {
        let made = planner.plan.made.len();
        while planner.step() {}
        if planner.plan.made.len() == made {
            break;
        }
        // What was refused may have waited for a repair that was made after it. A second run would make it, too.
        let Planner { tried, plan, .. } = &mut planner;
        tried.retain(|key| !plan.is_refused(key));
    }
    let Planner { mut plan, settled, .. } = planner;
    plan.leave_out(&settled);
    plan
}

/// The making of repairs.
struct Planner<'a, 'f> {
    settings: &'a Settings<'a>,
    secrets: &'a RefCell<Secrets>,
    is_chosen: &'a dyn Fn(&RepairKey) -> bool,
    plan: Plan<'f>,
    /// Where each repair is in the plan.
    numbers: BTreeMap<RepairKey, usize>,
    tried: BTreeSet<RepairKey>,
    /// Repairs that were not needed any more, each with the one that settled what it is about.
    settled: BTreeMap<RepairKey, RepairKey>,
    /// How many repairs are proved together now: fewer after a proof that failed.
    at_once: usize,
}

/// What could be repaired in a state, in the order in which it is tried.
struct Wish<'s> {
    key: RepairKey,
    aim: Aim,
    finding: &'s Finding,
}

impl<'a, 'f> Planner<'a, 'f> {
    /// Builds each repair on the files as they are, so that a report can show it.
    fn first_look(&mut self) {
        let state = self.plan.before.clone();
        let overlay = self.plan.draft.overlay();
        for finding in &state.findings {
            let Some(aim) = state.target(finding) else { continue };
            let key = state.key(finding.project, &aim);
            if !(self.is_chosen)(&key) || self.numbers.contains_key(&key) {
                continue;
            }
            let planned = match self.build(&state, &overlay, finding, &aim, &Pending::new()) {
                Ok(Built::Port(port::PortRepair { repair, .. }) | Built::Other(repair)) => Planned {
                    key,
                    title: repair.title.clone(),
                    applicability: repair.applicability,
                    // Until it is tried: another repair may mend the same, and it is never needed.
                    fate: Fate::Made,
                    repair: Some(repair),
                    settles: BTreeSet::new(),
                },
                Err(fate) => {
                    let title = finding.fixes.first().map(|fix| fix.title.clone()).unwrap_or_default();
                    Planned {
                        key,
                        repair: None,
                        title,
                        applicability: Applicability::Manual,
                        fate,
                        settles: BTreeSet::new(),
                    }
                }
            };
            self.add(planned);
        }
    }

    fn add(&mut self, planned: Planned) {
        self.numbers.insert(planned.key.clone(), self.plan.repairs.len());
        self.plan.repairs.push(planned);
    }

    /// Makes the next repairs. False if there is none left.
    fn step(&mut self) -> bool {
        let state = self.plan.after.clone();
        let wishes = self.wishes(&state);
        if let Some(last) = self.plan.made.last() {
            let last = self.plan.repairs[last.number].key.clone();
            self.settle(&wishes, &last);
        }
        loop {
            let batch = self.batch(&state, &wishes);
            if batch.size == 0 {
                self.record(batch.tried, Vec::new());
                return false;
            }
            let with_settled = |proved: Proved| self.settled_by(&wishes, &batch, &proved.after).map(|by| (proved, by));
            match batch.prove().map(with_settled) {
                Ok(Some((proved, settled))) => {
                    self.at_once = self.at_once.saturating_mul(2).min(self.settings.at_once);
                    self.plan.draft = batch.draft;
                    self.record(batch.tried, proved.changed);
                    self.settled.extend(settled);
                    self.plan.after = Rc::new(proved.after);
                    return true;
                }
                Err(reason) if batch.size == 1 => {
                    let refused = batch.tried.into_iter().map(|tried| match tried.fate {
                        Fate::Made => Tried { fate: Fate::Refused(reason.clone()), ..tried },
                        _ => tried,
                    });
                    self.record(refused.collect(), Vec::new());
                }
                // Which one it is shows in smaller batches.
                Ok(None) | Err(_) => self.at_once = batch.size / 2,
            }
        }
    }

    fn wishes<'s>(&self, state: &'s State) -> Vec<Wish<'s>> {
        let wanted =
            state.findings.iter().filter(|finding| self.settings.selection.is_about(&state.workspace, finding));
        let wish = |finding: &'s Finding| {
            let aim = state.target(finding)?;
            Some(Wish { key: state.key(finding.project, &aim), aim, finding })
        };
        let mut wishes: Vec<_> = wanted.filter_map(wish).collect();
        wishes.sort_by_key(|wish| wish.aim.rank());
        wishes
    }

    /// Notes what needs no repair any more.
    fn settle(&mut self, wishes: &[Wish<'_>], by: &RepairKey) {
        let open: BTreeSet<_> = wishes.iter().map(|wish| &wish.key).collect();
        let keys = self.plan.repairs.iter().map(|planned| &planned.key);
        for key in keys.filter(|key| !open.contains(key) && !self.tried.contains(key)) {
            self.settled.entry(key.clone()).or_insert_with(|| by.clone());
        }
    }

    /// The next repairs that can be made together: what is there in the order of the wishes, none passed over.
    fn batch<'s>(&self, state: &'s State, wishes: &[Wish<'s>]) -> Batch<'s, 'f>
    where
        'a: 's,
    {
        let overlay = self.plan.draft.overlay();
        let mut batch = Batch::new(state, self.settings, self.plan.draft.clone());
        let mut keys = BTreeSet::new();
        let mut next_number = self.plan.repairs.len();
        for Wish { key, aim, finding } in wishes {
            if !(self.is_chosen)(key) || self.tried.contains(key) || !keys.insert(key) {
                continue;
            }
            if batch.size > 0 && !matches!(aim, Aim::Port { .. }) {
                break;
            }
            let built = self.build(state, &overlay, finding, aim, &batch.pending);
            let known = self.numbers.get(key).copied();
            if !batch.add((key.clone(), finding, known.unwrap_or(next_number)), built) {
                break;
            }
            next_number += usize::from(known.is_none());
            if batch.is_closed || batch.size >= self.at_once {
                break;
            }
        }
        batch
    }

    /// What needs no repair any more after a batch, each with the repair of the batch that has settled it. `None` if
    /// something has come or gone between the repairs that would have made a difference if they were made one by one.
    fn settled_by(
        &self,
        wishes: &[Wish<'_>],
        batch: &Batch<'_, '_>,
        after: &State,
    ) -> Option<BTreeMap<RepairKey, RepairKey>> {
        let made: Vec<_> = batch.made().map(|(tried, _)| tried).collect();
        let tried: BTreeSet<_> = batch.tried.iter().map(|tried| &tried.key).collect();
        let is_left = |key: &RepairKey| !self.tried.contains(key) && !tried.contains(key);
        let later = self.wishes(after);
        let later: BTreeSet<_> = later.iter().map(|wish| &wish.key).collect();
        let mut open: BTreeMap<&RepairKey, Vec<&Wish<'_>>> = BTreeMap::new();
        wishes.iter().for_each(|wish| open.entry(&wish.key).or_default().push(wish));
        let is_new = |key: &&RepairKey| (self.is_chosen)(key) && is_left(key) && !open.contains_key(key);
        if batch.size > 1 && later.iter().copied().any(|key| is_new(&key)) {
            return None;
        }
        let settles = |wish: &&Wish<'_>| {
            let entry = entry_of(batch.state, wish.finding.project, &wish.aim);
            made.iter().position(|tried| tried.entry.is_some() && tried.entry == entry)
        };
        let keys = self.plan.repairs.iter().map(|planned| &planned.key);
        let gone = keys.filter(|key| is_left(key) && !later.contains(key) && !self.settled.contains_key(key));
        let by = gone.map(|key| {
            let number = match open.get(key) {
                // What was not there before any of them is settled by the first.
                None => 0,
                Some(_) if batch.size == 1 => 0,
                Some(own) => own.iter().map(settles).collect::<Option<Vec<_>>>()?.into_iter().max()?,
            };
            Some((key.clone(), made.get(number)?.key.clone()))
        });
        by.collect()
    }

    /// Notes what became of repairs; `changed` are the values that each that was made has changed.
    fn record(&mut self, tried: Vec<Tried<'_>>, changed: Vec<BTreeSet<String>>) {
        let mut changed = changed.into_iter();
        for Tried { key, repair, number, fate, .. } in tried {
            self.tried.insert(key.clone());
            let is_made = fate == Fate::Made;
            match self.plan.repairs.get_mut(number) {
                Some(known) => known.fate = fate,
                None => {
                    let title = repair.as_ref().map_or_else(String::new, |repair| repair.title.clone());
                    let applicability = repair.as_ref().map_or(Applicability::Manual, |repair| repair.applicability);
                    let settles = BTreeSet::new();
                    self.add(Planned { key, repair: None, title, applicability, fate, settles });
                }
            }
            let Some(repair) = repair.filter(|_| is_made) else { continue };
            let plan = &mut self.plan;
            plan.made.push(Made {
                number,
                uses: variables_in(&repair),
                changed: changed.next().unwrap_or_default(),
                title: repair.title,
                secrets: repair.secrets,
                defines: repair.defines,
                closes: repair.closes.map(|port| (port, repair.applicability == Applicability::Unsafe)),
            });
            plan.notes.extend(repair.notes);
            plan.checks.extend(repair.doubts.into_iter().filter(|doubt| doubt.kind != Kind::OnPurpose));
        }
    }

    /// The repair of a finding in a state, which was read from `files`.
    fn build(
        &self,
        state: &State,
        files: &dyn Files,
        finding: &Finding,
        aim: &Aim,
        pending: &Pending,
    ) -> Result<Built, Fate> {
        if let Some(reason) = state.forbidden(&state.key(finding.project, aim)) {
            return Err(Fate::HeldBack { reason: vec![reason.into()], flag: None });
        }
        let bench = Bench {
            workspace: &state.workspace,
            topology: &state.topology,
            surroundings: self.settings.surroundings,
            rules: self.settings.rules,
            files,
            git: self.settings.git,
            policy: self.settings.policy,
            secrets: self.secrets,
        };
        let no_seal = |why| match why {
            NoSeal::Manual(what) => Fate::Refused(what),
            NoSeal::HeldBack(reason) => Fate::HeldBack { reason: vec![reason.into()], flag: None },
        };
        let mut built = match aim {
            Aim::Seal(number) => Built::Other(seal::seal(&bench, *number).map_err(no_seal)?),
            Aim::Expand(number) => Built::Other(seal::expand(&bench, *number).map_err(no_seal)?),
            Aim::Redirect(number) => {
                Built::Other(link::redirect(&bench, &state.topology.links[*number]).map_err(Fate::Refused)?)
            }
            Aim::Mend(number) => {
                Built::Other(link::mend(&bench, &state.topology.links[*number]).map_err(Fate::Refused)?)
            }
            Aim::Port { service, index, ip } => Built::Port(
                port::set_host_ip(&bench, finding.project, service, (*index, *ip), pending).map_err(Fate::Refused)?,
            ),
        };
        let (Built::Port(port::PortRepair { repair, .. }) | Built::Other(repair)) = &mut built;
        // What the rule says counts, too: it may be less sure than the repair.
        let declared = finding.fixes.first().map_or(Applicability::Safe, |fix| fix.applicability);
        if declared > repair.applicability {
            repair.applicability = declared;
            if repair.doubts.is_empty() {
                repair.doubts.push(Kind::OnPurpose.into());
            }
        }
        Ok(built)
    }
}

/// Names of the variables that what a repair writes refers to.
fn variables_in(repair: &Repair) -> BTreeSet<String> {
    let names = |text: &str| -> Vec<String> {
        let behind = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
        let names = behind.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        names.filter(|name: &String| !name.is_empty()).collect()
    };
    let texts = repair.changes.iter().map(|change| match &change.kind {
        ChangeKind::Edit(edit) => edit.text.as_str(),
        ChangeKind::Line(line) => line,
    });
    texts.flat_map(names).collect()
}

/// The entry at which a repair of a port aims; `None` for other repairs.
fn entry_of(state: &State, project: usize, aim: &Aim) -> Option<port::EntryPlace> {
    let Aim::Port { service, index, .. } = aim else { return None };
    let items = state.workspace.projects[project].service(service)?.get("ports").and_then(Node::as_list)?;
    items.get(*index).map(port::place_of)
}
