//! Chooses repairs, makes them in memory one after the other, and proves each before the next.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::bench::{Bench, SecretsPolicy};
use super::draft::Draft;
use super::repair::{ChangeKind, Repair, RepairKey};
use super::seal::{self, NoSeal};
use super::secret::Secrets;
use super::{link, port, proof};
use crate::lens::port::ports;
use crate::lint::{self, Finding, Selection, Silenced, Silencer};
use crate::model::discover::ProjectFiles;
use crate::model::{Options, Weight, Workspace};
use crate::rule::{Action, Applicability, BuiltIn, Change, RuleSet};
use crate::source::Files;
use crate::source::git::Git;
use crate::topology::{LinkKind, Topology};

/// What repairs need to know.
pub struct Settings<'a> {
    /// The files of each project.
    pub sets: &'a [ProjectFiles],
    /// How projects are read.
    pub options: &'a Options,
    /// What is found, and what is known of stores.
    pub rules: &'a RuleSet,
    /// Which rules speak.
    pub selection: &'a Selection,
    /// Whether unsafe repairs are made.
    pub is_unsafe_allowed: bool,
    /// Whether passwords are made.
    pub policy: SecretsPolicy,
    /// What git thinks of files.
    pub git: &'a dyn Git,
    /// Whether a file can be written; an error says why it can't.
    pub may_write: &'a dyn Fn(&Path) -> Result<(), String>,
}

/// What became of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the draft.
    Made,
    /// It could be made; why it was not, and the option that makes it.
    HeldBack {
        /// Why.
        reason: String,
        /// Such as `--unsafe-fixes`.
        flag: Option<&'static str>,
    },
    /// A person must do it; what, or why caulk can't.
    Refused(String),
}

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
    /// Services to recreate.
    pub recreate: BTreeSet<(usize, String)>,
    /// What a person should know.
    pub notes: BTreeSet<String>,
    /// What is to be remembered of the repairs that are in the draft.
    pub made: Vec<Made>,
}

/// What is remembered of a repair, so that it can be taken back.
pub struct Made {
    /// Its number among [`Plan::repairs`].
    pub number: usize,
    /// Its title.
    pub title: String,
    /// The variables that it gives a password.
    pub secrets: BTreeSet<String>,
    /// The variables that what it writes refers to.
    pub uses: BTreeSet<String>,
    /// The values that it changes, such as `services.redis.command`.
    pub changed: BTreeSet<String>,
}

impl Plan<'_> {
    /// Notes that the repairs could not be written.
    pub fn give_up(&mut self, why: &str) {
        let made = self.made.drain(..).map(|made| made.number).collect::<BTreeSet<_>>();
        for number in made {
            self.repairs[number].fate = Fate::Refused(why.to_owned());
        }
        self.recreate.clear();
        self.notes.clear();
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

/// A workspace with all that was found in it.
pub struct State<'f> {
    /// The projects.
    pub workspace: Workspace<'f>,
    /// Their stores and links.
    pub topology: Topology,
    /// What the rules say.
    pub findings: Vec<Finding>,
    /// What they say about comments that silence findings.
    pub remarks: Vec<Finding>,
    /// What is not to be reported, nor to be repaired.
    pub silenced: Vec<Silenced>,
}

impl<'f> State<'f> {
    /// Reads and judges the projects.
    pub fn read(files: &'f dyn Files, settings: &Settings<'_>) -> Self {
        let mut workspace = Workspace::read(files, settings.sets, settings.options);
        workspace.report_refusals();
        let topology = Topology::read(&mut workspace, &settings.rules.stores);
        let found = lint::run(&workspace, &topology, settings.rules, settings.selection);
        let (findings, remarks, silenced) = (found.findings, found.remarks, found.silenced);
        Self { workspace, topology, findings, remarks, silenced }
    }

    /// What the first repair that a finding offers is about.
    pub fn key_of(&self, finding: &Finding) -> Option<RepairKey> {
        self.target(finding).map(|target| self.key(finding.project, &target))
    }

    /// Why a repair is left alone: what it would repair, too, is silenced.
    fn forbidden(&self, key: &RepairKey) -> Option<String> {
        let silenced = self.silenced.iter().find(|silenced| self.key_of(&silenced.finding).as_ref() == Some(key))?;
        let rule = &silenced.finding.rule;
        Some(match &silenced.by {
            Silencer::Comment { source, span, .. } => {
                let source = self.workspace.sources.get(*source);
                let name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                format!("a comment ignores `{rule}` there ({name}:{})", source.line_column(span.start).line)
            }
            Silencer::Baseline => format!("`{rule}` is in the baseline, and it would be repaired, too"),
        })
    }

    fn target(&self, finding: &Finding) -> Option<Aim> {
        let fix = finding.fixes.first()?;
        let service = finding.subject.service.as_deref();
        let link = || {
            let wanted = |link: &&crate::topology::Link| {
                link.project == finding.project
                    && link.service.as_deref() == service
                    && link.carrier.variable() == finding.subject.variable.as_deref()
                    && matches!(link.kind, LinkKind::Url(_))
            };
            self.topology.links.iter().position(|link| wanted(&link))
        };
        match &fix.action {
            Action::Repair(BuiltIn::SealStore) => {
                let own = self
                    .topology
                    .stores
                    .iter()
                    .position(|store| store.project == finding.project && Some(store.service.as_str()) == service);
                let by_link = || self.topology.links[link()?].target.store();
                Some(Aim::Seal(own.filter(|_| finding.subject.variable.is_none()).or_else(by_link)?))
            }
            Action::Repair(BuiltIn::RedirectUrl) => Some(Aim::Redirect(link()?)),
            Action::Repair(BuiltIn::MendUrl) => Some(Aim::Mend(link()?)),
            Action::Edits(ops) => {
                let key = finding.subject.key.as_deref()?;
                let index = key.rsplit_once('[')?.1.strip_suffix(']')?.parse().ok()?;
                let [op] = ops.as_slice() else { return None };
                match (op.field.as_str(), &op.change) {
                    ("port.host_ip", Change::Set(ip)) => {
                        Some(Aim::Port { service: service?.to_owned(), index, ip: ip.parse().ok()? })
                    }
                    _ => None,
                }
            }
            Action::Lines(_) => None,
        }
    }

    fn key(&self, project: usize, aim: &Aim) -> RepairKey {
        match aim {
            Aim::Seal(number) => {
                let group = self.topology.sealed_together(&self.workspace, *number);
                seal::key(&self.workspace, &self.topology.stores[group[0]])
            }
            Aim::Redirect(number) => link::redirect_key(&self.workspace, &self.topology.links[*number]),
            Aim::Mend(number) => link::mend_key(&self.workspace, &self.topology.links[*number]),
            Aim::Port { service, index, .. } => {
                let node = self.workspace.projects[project].service(service);
                let all = node.map(ports).unwrap_or_default();
                match all.iter().find(|port| port.index == *index) {
                    Some(found) => port::key(&self.workspace, service, found),
                    None => RepairKey {
                        action: "port".into(),
                        file: self.workspace.projects[project].folder.clone(),
                        service: service.clone(),
                        detail: index.to_string(),
                    },
                }
            }
        }
    }
}

/// Why a port of an ordinary service stays open until somebody says otherwise.
const ON_PURPOSE: &str = "others may use it from outside, on purpose";

/// What a fix aims at in one state of the files.
enum Aim {
    Seal(usize),
    Redirect(usize),
    Mend(usize),
    Port { service: String, index: usize, ip: std::net::IpAddr },
}

impl Aim {
    /// A URL must be readable before a password can be put there. Then seals, which may mend what other repairs are about.
    fn rank(&self) -> usize {
        match self {
            Self::Mend(_) => 0,
            Self::Seal(_) => 1,
            Self::Redirect(_) => 2,
            Self::Port { .. } => 3,
        }
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
    let mut plan = Plan {
        repairs: Vec::new(),
        draft: Draft::new(files),
        recreate: BTreeSet::new(),
        notes: BTreeSet::new(),
        made: Vec::new(),
    };
    first_look(files, settings, secrets, is_chosen, &mut plan);
    let mut progress = Progress::default();
    loop {
        let made = plan.made.len();
        while step(settings, secrets, is_chosen, &mut plan, &mut progress) {}
        if plan.made.len() == made {
            break;
        }
        // What was refused may have waited for a repair that was made after it. A second run would make it, too.
        progress.tried.retain(|key| !plan.is_refused(key));
    }
    plan.leave_out(&progress.settled);
    plan
}

/// How far the making of repairs has come.
#[derive(Default)]
struct Progress {
    tried: BTreeSet<RepairKey>,
    /// Repairs that were not needed any more, each with the one that settled what it is about.
    settled: BTreeMap<RepairKey, RepairKey>,
}

/// Builds each repair on the files as they are, so that a report can show it.
fn first_look(
    files: &dyn Files,
    settings: &Settings<'_>,
    secrets: &RefCell<Secrets>,
    is_chosen: &dyn Fn(&RepairKey) -> bool,
    plan: &mut Plan<'_>,
) {
    let state = State::read(files, settings);
    for finding in &state.findings {
        let Some(aim) = state.target(finding) else { continue };
        let key = state.key(finding.project, &aim);
        if !is_chosen(&key) || plan.repairs.iter().any(|planned| planned.key == key) {
            continue;
        }
        let planned = match build(&state, files, settings, secrets, finding, &aim) {
            Ok(repair) => Planned {
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
        plan.repairs.push(planned);
    }
}

/// Makes the next repair. False if there is none left.
fn step(
    settings: &Settings<'_>,
    secrets: &RefCell<Secrets>,
    is_chosen: &dyn Fn(&RepairKey) -> bool,
    plan: &mut Plan<'_>,
    progress: &mut Progress,
) -> bool {
    let overlay = plan.draft.overlay();
    let state = State::read(&overlay, settings);
    let wanted = state.findings.iter().filter(|finding| settings.selection.is_about(&state.workspace, finding));
    let mut aims: Vec<_> = wanted.filter_map(|finding| Some((state.target(finding)?, finding))).collect();
    aims.sort_by_key(|(aim, _)| aim.rank());
    if let Some(last) = plan.made.last().map(|made| &plan.repairs[made.number].key) {
        let open: BTreeSet<_> = aims.iter().map(|(aim, finding)| state.key(finding.project, aim)).collect();
        let keys = plan.repairs.iter().map(|planned| &planned.key);
        for key in keys.filter(|key| !open.contains(key) && !progress.tried.contains(key)) {
            progress.settled.entry(key.clone()).or_insert_with(|| last.clone());
        }
    }
    for (aim, finding) in aims {
        let key = state.key(finding.project, &aim);
        if !is_chosen(&key) || !progress.tried.insert(key.clone()) {
            continue;
        }
        let built = build(&state, &overlay, settings, secrets, finding, &aim);
        let known = plan.repairs.iter().position(|planned| planned.key == key);
        let number = known.unwrap_or(plan.repairs.len());
        let (fate, repair, changed) = match built {
            Err(fate) => (fate, None, BTreeSet::new()),
            Ok(repair) => match attempt(&state, settings, finding, number, &repair, &mut plan.draft) {
                Ok(changed) => (Fate::Made, Some(repair), changed),
                Err(fate) => (fate, Some(repair), BTreeSet::new()),
            },
        };
        let is_made = fate == Fate::Made;
        match known {
            Some(known) => plan.repairs[known].fate = fate,
            None => {
                let title = repair.as_ref().map_or_else(String::new, |repair| repair.title.clone());
                let applicability = repair.as_ref().map_or(Applicability::Manual, |repair| repair.applicability);
                let settles = BTreeSet::new();
                plan.repairs.push(Planned { key: key.clone(), repair: None, title, applicability, fate, settles });
            }
        }
        if let Some(repair) = repair.filter(|_| is_made) {
            plan.made.push(Made {
                number,
                uses: variables_in(&repair),
                changed,
                title: repair.title,
                secrets: repair.secrets,
            });
            plan.recreate.extend(repair.recreate);
            plan.notes.extend(repair.notes);
            let unsure = repair.doubts.iter().filter(|doubt| *doubt != ON_PURPOSE);
            plan.notes.extend(unsure.map(|doubt| format!("please check: {doubt}")));
            return true;
        }
    }
    false
}

fn build(
    state: &State<'_>,
    files: &dyn Files,
    settings: &Settings<'_>,
    secrets: &RefCell<Secrets>,
    finding: &Finding,
    aim: &Aim,
) -> Result<Repair, Fate> {
    if let Some(reason) = state.forbidden(&state.key(finding.project, aim)) {
        return Err(Fate::HeldBack { reason, flag: None });
    }
    let bench = Bench {
        workspace: &state.workspace,
        topology: &state.topology,
        rules: settings.rules,
        files,
        git: settings.git,
        policy: settings.policy,
        secrets,
    };
    let mut repair = match aim {
        Aim::Seal(number) => seal::seal(&bench, *number).map_err(|why| match why {
            NoSeal::Manual(what) => Fate::Refused(what),
            NoSeal::HeldBack(reason) => Fate::HeldBack { reason, flag: None },
        })?,
        Aim::Redirect(number) => link::redirect(&bench, &state.topology.links[*number]).map_err(Fate::Refused)?,
        Aim::Mend(number) => link::mend(&bench, &state.topology.links[*number]).map_err(Fate::Refused)?,
        Aim::Port { service, index, ip } => {
            port::set_host_ip(&bench, finding.project, service, *index, *ip).map_err(Fate::Refused)?
        }
    };
    // What the rule says counts, too: it may be less sure than the repair.
    let declared = finding.fixes.first().map_or(Applicability::Safe, |fix| fix.applicability);
    if declared > repair.applicability {
        repair.applicability = declared;
        if repair.doubts.is_empty() {
            repair.doubts.push(ON_PURPOSE.to_owned());
        }
    }
    Ok(repair)
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

/// Makes a repair in the draft if it may be made and can be proved. Answers with the values that it changes.
fn attempt(
    state: &State<'_>,
    settings: &Settings<'_>,
    finding: &Finding,
    number: usize,
    repair: &Repair,
    draft: &mut Draft<'_>,
) -> Result<BTreeSet<String>, Fate> {
    let is_allowed = match repair.applicability {
        Applicability::Safe => true,
        Applicability::Unsafe => settings.is_unsafe_allowed,
        Applicability::Manual => false,
    };
    if !is_allowed {
        let flag = (repair.applicability == Applicability::Unsafe).then_some("--unsafe-fixes");
        return Err(Fate::HeldBack { reason: repair.doubts.join("; "), flag });
    }
    for change in &repair.changes {
        if let Err(why) = (settings.may_write)(&change.path) {
            let path = crate::source::relative_to(&state.workspace.projects[finding.project].folder, &change.path);
            return Err(Fate::HeldBack { reason: format!("{path} can't be written: {why}"), flag: None });
        }
    }
    if let Some(problem) = in_the_way(state, finding.project, repair) {
        return Err(Fate::Refused(problem));
    }
    let mut next = draft.clone();
    let (defining, rest): (Vec<_>, Vec<_>) = repair.changes.iter().partition(|change| change.purpose.defines());
    let mut defined = draft.clone();
    let applied = defined
        .apply(number, &defining)
        .and_then(|()| next.apply(number, &defining.into_iter().chain(rest).collect::<Vec<_>>()));
    if let Err(error) = applied {
        return Err(Fate::Refused(error.to_string()));
    }
    let (defined_files, next_files) = (defined.overlay(), next.overlay());
    // Most repairs define nothing: then the state in between is that before.
    let is_defining = repair.changes.iter().any(|change| change.purpose.defines());
    let defined_workspace = is_defining.then(|| Workspace::read(&defined_files, settings.sets, settings.options));
    let defined_workspace = defined_workspace.as_ref().unwrap_or(&state.workspace);
    let after = State::read(&next_files, settings);
    let changed = proof::check(repair, &state.workspace, defined_workspace, &after.workspace)
        .map_err(|failure| Fate::Refused(format!("caulk could not prove the result: {failure}")))?;
    if let Some(reason) = seal::unsealed(repair, &after.workspace, &after.topology, settings.rules) {
        return Err(Fate::Refused(format!("caulk could not prove the result: {reason}")));
    }
    if let Some(reason) = worsened(state, &after, finding, repair, settings) {
        return Err(Fate::Refused(reason));
    }
    *draft = next;
    Ok(changed.iter().map(proof::readable_path).collect())
}

/// What can't be read in the project of a repair, or in a file that it changes. Where a tree breaks off, or Compose
/// refuses the project, nobody can say what an edit would do.
fn in_the_way(state: &State<'_>, project: usize, repair: &Repair) -> Option<String> {
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

/// What would be worse after a repair: its finding is still there, or others are new.
fn worsened(
    before: &State<'_>,
    after: &State<'_>,
    finding: &Finding,
    repair: &Repair,
    settings: &Settings<'_>,
) -> Option<String> {
    let identity = finding.identity();
    let port_entry = repair.key.action == "port";
    let still = after.findings.iter().any(|other| {
        if port_entry {
            return after.key_of(other).as_ref() == Some(&repair.key) && other.rule == finding.rule;
        }
        // A safe repair leaves nothing of what it is about; another one at least not this.
        let is_same = repair.applicability == Applicability::Safe && after.key_of(other).as_ref() == Some(&repair.key);
        is_same || other.identity() == identity
    });
    if still {
        return Some("caulk could not prove the result: the finding would still be there".to_owned());
    }
    if port_entry {
        return None;
    }
    let count = |state: &State<'_>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for finding in &state.findings {
            *counts.entry(finding.identity()).or_default() += 1;
        }
        counts
    };
    let known = count(before);
    let fresh = after.findings.iter().find(|finding| !known.contains_key(&finding.identity()));
    let fresh = fresh.filter(|_| !settings.is_unsafe_allowed || repair.applicability == Applicability::Safe)?;
    Some(format!("it would leave a new problem: {}", fresh.message))
}
