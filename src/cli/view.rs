//! From what was found and planned to the plain data of a report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::fix::plan::{Plan, Planned};
use crate::fix::recreate::{self, Recreate};
use crate::fix::remark::{Kind, NAMED, Remark, collected};
use crate::fix::repair::Fate;
use crate::fix::repair::{Change, ChangeKind};
use crate::fix::secret::Secrets;
use crate::fix::state::State;
use crate::lint::{Finding, Label, Silencer};
use crate::model::Weight;
use crate::model::node::Text;
use crate::model::reading::words_with_dollar;
use crate::report::closed::ClosedView;
use crate::report::rules_page;
use crate::report::view::{
    Applicability, ClientView, EditKind, EditView, FileText, FindingView, FixView, HeldBackView, LabelView,
    ProblemView, ProfileCommand, ProjectView, RangeView, RefusedView, RepairView, Report, RuleView, Sentence, Severity,
    SubjectView, SuppressedBy, SuppressedView, Tier,
};
use crate::rule::{self, Rule, RuleSet, ViewKind};
use crate::source::{SourceId, relative_to};
use crate::text::{LineIndex, Span};
use crate::topology::{Carrier, Link, StoreService, spot_of};

/// Adds one group of projects to a report.
pub struct Writer<'a> {
    /// The report.
    pub report: &'a mut Report,
    /// The folder that paths are seen from.
    pub folder: &'a Path,
    /// The secrets that were made, which no text may show.
    pub secrets: &'a Secrets,
    /// The rules that ran, and what is known of stores.
    pub rules: &'a RuleSet,
    /// True if repairs were asked for.
    pub is_fixing: bool,
    /// The files that were read.
    pub files: BTreeSet<PathBuf>,
}

impl<'a> Writer<'a> {
    /// A writer into `report`.
    pub fn new(
        report: &'a mut Report,
        folder: &'a Path,
        secrets: &'a Secrets,
        rules: &'a RuleSet,
        is_fixing: bool,
    ) -> Self {
        if is_fixing {
            report.fix.get_or_insert_default();
        }
        Self { report, folder, secrets, rules, is_fixing, files: BTreeSet::new() }
    }

    /// Adds the findings of `shown`, and the repairs.
    pub fn group(&mut self, shown: &State, plan: &Plan<'_>) {
        let first_project = self.report.projects.len() + 1;
        let first_repair = self.report.repairs.len() + 1;
        for (number, project) in shown.workspace.projects.iter().enumerate() {
            let files = project.paths.iter().map(|path| self.path(path)).collect();
            self.files.extend(project.paths.iter().cloned());
            let id = format!("p{}", first_project + number);
            self.report.projects.push(ProjectView { id, files, reason: project.reason.describe(self.folder) });
        }
        for (_, source) in shown.workspace.sources.iter() {
            self.files.insert(source.path.clone());
        }
        for finding in shown.findings.iter().chain(&shown.remarks) {
            let keys: Vec<_> = shown.key_of(finding).into_iter().collect();
            let repairs =
                plan.repairs_of(&keys).into_iter().map(|number| format!("r{}", first_repair + number)).collect();
            let view = self.finding(shown, finding, first_project, repairs);
            self.report.findings.push(view);
        }
        for silenced in &shown.silenced {
            let finding = self.finding(shown, &silenced.finding, first_project, Vec::new());
            let by = match &silenced.by {
                Silencer::Comment { source, span, reason } => SuppressedBy::Comment {
                    path: self.path(&shown.workspace.sources.get(*source).path),
                    range: self.range(shown, *source, *span),
                    reason: reason.clone(),
                },
                Silencer::Baseline => SuppressedBy::Baseline,
            };
            self.report.suppressed.push(SuppressedView { finding, by });
        }
        for problem in shown.workspace.problems() {
            let range = problem.source.map(|source| self.range(shown, source, problem.span));
            let severity = match problem.weight {
                Weight::Error => Severity::Error,
                Weight::Warning => Severity::Warning,
                Weight::Note => Severity::Info,
            };
            let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            let message = format!("{}{help}", problem.message);
            let view = ProblemView { path: self.path(&problem.path), range, severity, message };
            self.report.problems.push(view);
        }
        let needing = plan
            .before
            .findings
            .iter()
            .rev()
            .filter_map(|finding| Some((plan.before.key_of(finding)?, finding.project)));
        let needing: BTreeMap<_, _> = needing.collect();
        for (number, repair) in plan.repairs.iter().enumerate() {
            let project = format!("p{}", first_project + needing.get(&repair.key).copied().unwrap_or_default());
            self.repair(&plan.before, repair, format!("r{}", first_repair + number), project);
        }
        self.apply_with(plan);
        self.report.to_check.extend(sentences(&plan.checks));
        if let Some(fix) = self.report.fix.as_mut().filter(|_| self.is_fixing) {
            let closed = plan.made.iter().filter_map(|made| Some((made.number, made.closes.as_ref()?)));
            fix.closed.extend(closed.map(|(number, (port, is_ordinary))| ClosedView {
                repair: format!("r{}", first_repair + number),
                service: port.service.clone(),
                published: port.published,
                address: port.address(),
                is_tcp: port.protocol == "tcp",
                is_ordinary: *is_ordinary,
            }));
        }
        for note in sentences(&plan.notes) {
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
        }
    }

    fn finding(&mut self, state: &State, finding: &Finding, first_project: usize, repairs: Vec<String>) -> FindingView {
        let (first, others) = finding.labels.split_first().expect("a finding has a place");
        let path = self.path(&state.workspace.sources.get(first.source).path);
        let subject = &finding.subject;
        let labels = others.iter().map(|label| self.label(state, label)).collect();
        if let Some(rule) = self.rules.rule(&finding.rule) {
            self.report.rules.entry(finding.rule.clone()).or_insert_with(|| rule_view(rule));
        }
        FindingView {
            rule: finding.rule.clone(),
            severity: severity(finding.severity),
            tier: tier(finding.tier),
            project: format!("p{}", first_project + finding.project),
            assumes: finding.assumes.clone(),
            message: finding.message.clone(),
            help: finding.help.clone(),
            docs: format!("caulk explain {}", finding.rule),
            range: self.range(state, first.source, first.span),
            label: first.message.clone(),
            fingerprint: finding.fingerprint.clone(),
            path,
            subject: SubjectView {
                service: subject.service.clone(),
                key: subject.key.clone(),
                variable: subject.variable.clone(),
                store: subject.store.clone(),
            },
            labels,
            clients: self.clients(state, finding),
            repairs,
            is_consequence: finding.follows.is_some(),
        }
    }

    /// Who connects to the store that a finding is about, if it is one about who gets in.
    fn clients(&self, state: &State, finding: &Finding) -> Vec<ClientView> {
        let is_about_access =
            self.rules.rule(&finding.rule).is_some_and(|rule| matches!(rule.view(), ViewKind::Store | ViewKind::Port));
        let service = finding.subject.service.as_deref().filter(|_| is_about_access);
        let is_it = |store: &StoreService| store.project == finding.project && Some(store.service.as_str()) == service;
        let Some(number) = state.topology.stores.iter().position(is_it) else { return Vec::new() };
        let workspace = &state.workspace;
        // A server that gets the env file of its clients is none of them.
        let is_other = |link: &&Link| link.service.as_deref() != service;
        let place = |carrier: &Carrier, text: &Text| {
            let spot = spot_of(workspace, carrier, text, None);
            let source = workspace.sources.get(spot.source);
            (self.path(&source.path), LineIndex::new(&source.text).line_of(spot.span.start) + 1)
        };
        let linked = state.topology.links_to(number).filter(is_other).map(|link| ClientView {
            service: link.service.clone(),
            variable: link.carrier.variable().map(str::to_owned),
            place: Some(place(&link.carrier, &link.text)),
            is_set_elsewhere: false,
        });
        let outside = state.topology.outside_links_to(number).map(|link| ClientView {
            service: Some(link.service.clone()),
            variable: link.carrier.variable().map(str::to_owned),
            place: Some(place(&link.carrier, &link.text)),
            is_set_elsewhere: link.outside.is_some(),
        });
        let blind = state.topology.blind_dependents(workspace, &self.rules.stores, number).into_iter();
        let blind = blind.map(|service| ClientView {
            service: Some(service.into()),
            variable: None,
            place: None,
            is_set_elsewhere: false,
        });
        let mut clients: Vec<_> = linked.chain(outside).chain(blind).collect();
        clients.sort();
        clients.dedup();
        clients
    }

    fn label(&mut self, state: &State, label: &Label) -> LabelView {
        let path = self.path(&state.workspace.sources.get(label.source).path);
        LabelView { path, range: self.range(state, label.source, label.span), message: label.message.clone() }
    }

    fn repair(&mut self, state: &State, planned: &Planned, id: String, project: String) {
        let needs_secret =
            planned.repair.as_ref().map(|repair| repair.secrets.iter().cloned().collect()).unwrap_or_default();
        let changes = planned.repair.as_ref().map(|repair| repair.changes.as_slice()).unwrap_or_default();
        let edits = changes.iter().map(|change| self.edit(state, change)).collect();
        let whole_folder =
            planned.repair.iter().flat_map(|repair| &repair.doubts).find_map(|doubt| match &doubt.kind {
                Kind::WouldBreak { folder, .. } => Some(self.path(folder)),
                _ => None,
            });
        let (title, held_back) = (planned.title.clone(), why_not(&planned.fate));
        let applicability = match planned.applicability {
            _ if matches!(planned.fate, Fate::Refused(_)) => Applicability::Manual,
            rule::Applicability::Safe => Applicability::Safe,
            rule::Applicability::Unsafe => Applicability::Unsafe,
            rule::Applicability::Manual => Applicability::Manual,
        };
        if let Some(fix) = self.report.fix.as_mut().filter(|_| self.is_fixing) {
            note_fate(fix, &id, &planned.fate);
        }
        self.report.repairs.push(RepairView {
            id,
            project,
            title,
            applicability,
            needs_secret,
            held_back,
            whole_folder,
            made_by: None,
            edits,
        });
    }

    fn edit(&mut self, state: &State, change: &Change) -> EditView {
        let path = self.path(&change.path);
        let source = state.workspace.sources.iter().find(|(_, source)| source.path == change.path).map(|(id, _)| id);
        let (kind, text) = match (&change.kind, source) {
            (ChangeKind::Edit(edit), Some(source)) => {
                (EditKind::Edit(range_before(state, source, edit.span)), edit.text.clone())
            }
            (ChangeKind::Edit(edit), None) => (EditKind::Create, edit.text.clone()),
            (ChangeKind::Line(line), Some(source)) => {
                let end = state.workspace.sources.get(source).text.len();
                (EditKind::Edit(range_before(state, source, Span::at(end))), format!("{line}\n"))
            }
            (ChangeKind::Line(line), None) => (EditKind::Create, format!("{line}\n")),
        };
        EditView { path, kind, text: self.secrets.mask(&text) }
    }

    fn apply_with(&mut self, plan: &Plan<'_>) {
        for Recreate { profile, command } in recreate::commands(&recreate::projects(plan), self.folder) {
            let report = &mut self.report;
            match profile {
                None if !report.apply_with.contains(&command) => report.apply_with.push(command),
                None => {}
                Some(profile) => {
                    let with = ProfileCommand { profile, command };
                    if !report.apply_with_profile.contains(&with) {
                        report.apply_with_profile.push(with);
                    }
                }
            }
        }
    }

    fn range(&mut self, state: &State, id: SourceId, span: Span) -> RangeView {
        let source = state.workspace.sources.get(id);
        let path = relative_to(self.folder, &source.path);
        let text =
            self.report.texts.entry(path).or_insert_with(|| FileText::new(source.text.clone(), hidden(state, id)));
        RangeView::new(&source.text, text.index(), span)
    }

    fn path(&self, path: &Path) -> String {
        relative_to(self.folder, path)
    }
}

/// A place in a file as it was before any repair, which the report itself does not show once repairs are made.
fn range_before(state: &State, id: SourceId, span: Span) -> RangeView {
    let text = &state.workspace.sources.get(id).text;
    RangeView::new(text, &LineIndex::new(text), span)
}

/// What no report shows of a file: words that are most likely passwords, and the lines of an env file that can't be read,
/// which may hold some.
fn hidden(state: &State, source: SourceId) -> Vec<Span> {
    let mut hidden = words_with_dollar(&state.workspace, source);
    if state.workspace.env_file(source).is_none() {
        return hidden;
    }
    let text = &state.workspace.sources.get(source).text;
    let problems = state.workspace.problems().filter(|problem| problem.source == Some(source));
    let lines = problems.map(|problem| {
        let start = text[..problem.span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[problem.span.end..].find('\n').map_or(text.len(), |at| problem.span.end + at);
        Span::new(start, end)
    });
    hidden.extend(lines);
    hidden
}

/// What a report says of a rule itself.
fn rule_view(rule: &Rule) -> RuleView {
    // Rules of a person's own have no page.
    let url = RuleSet::built_in().rule(&rule.id).map(|rule| rules_page::url(&rule.id));
    RuleView {
        summary: rule.summary.clone(),
        why: rule.why.clone(),
        severity: severity(rule.worst_severity()),
        tier: tier(rule.tier),
        url,
    }
}

/// How a report names a tier.
pub fn tier(tier: rule::Tier) -> Tier {
    match tier {
        rule::Tier::Default => Tier::Default,
        rule::Tier::Strict => Tier::Strict,
    }
}

/// How a report names a severity.
pub fn severity(severity: rule::Severity) -> Severity {
    match severity {
        rule::Severity::Info => Severity::Info,
        rule::Severity::Warning => Severity::Warning,
        rule::Severity::Error => Severity::Error,
    }
}

fn why_not(fate: &Fate) -> Vec<Sentence> {
    match fate {
        Fate::Made => Vec::new(),
        Fate::HeldBack { reason, .. } => sentences(reason),
        Fate::Refused(reason) => vec![reason.clone().into()],
    }
}

/// What a report says of remarks: one sentence for each kind.
fn sentences<'r>(remarks: impl IntoIterator<Item = &'r Remark>) -> Vec<Sentence> {
    let sentence = |remark: Remark| Sentence {
        text: remark.tell(usize::MAX),
        short: remark.tell(NAMED),
        services: remark.services.into_iter().collect(),
    };
    collected(remarks).into_iter().map(sentence).collect()
}

fn note_fate(fix: &mut FixView, id: &str, fate: &Fate) {
    match fate {
        Fate::Made => fix.applied.push(id.to_owned()),
        Fate::HeldBack { reason, flag } => {
            fix.held_back.push(HeldBackView {
                repair: id.to_owned(),
                reason: sentences(reason),
                flag: flag.map(str::to_owned),
            });
        }
        Fate::Refused(reason) => fix.refused.push(RefusedView { repair: id.to_owned(), reason: reason.clone() }),
    }
}
