//! Asks every rule about everything it looks at.

use super::finding::{Finding, Label};
use super::selection::Selection;
use super::views::{Seen, suppression, views};
use super::worst::keep_worst;
use super::{fingerprint, suppress};
use crate::model::{Project, Workspace};
use crate::rule::{Match, Rule, RuleSet, Severity};
use crate::source::{SourceId, relative_to};
use crate::text::Span;
use crate::topology::Topology;

/// What the rules say about a workspace, each list by project, file and place.
#[derive(Debug, Default)]
pub struct Found {
    /// What is to be reported, and can be repaired.
    pub findings: Vec<Finding>,
    /// What is wrong with comments that silence findings: to be reported, too, but no affair of repairs.
    pub remarks: Vec<Finding>,
    /// What is not to be reported.
    pub silenced: Vec<Silenced>,
}

/// A finding that is not to be reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Silenced {
    /// The finding.
    pub finding: Finding,
    /// What silences it.
    pub by: Silencer,
}

/// What silences a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silencer {
    /// A comment.
    Comment {
        /// The text that it stands in.
        source: SourceId,
        /// Its place.
        span: Span,
        /// The reason that it gives; may be empty.
        reason: String,
    },
    /// The baseline.
    Baseline,
}

/// What the rules find.
pub fn run(workspace: &Workspace<'_>, topology: &Topology, rules: &RuleSet, selection: &Selection) -> Found {
    let seen = views(workspace, topology, rules, &selection.configs);
    let findings = ask(workspace, rules, selection, &seen);
    let mut suppressions = suppress::read(workspace);
    let mut found = Found::default();
    for finding in findings {
        let number = suppress::silencer(&mut suppressions, &finding);
        match number.map(|number| &suppressions[number]) {
            Some(comment) => {
                let (source, span, reason) = (comment.source, comment.span, comment.reason.clone());
                found.silenced.push(Silenced { finding, by: Silencer::Comment { source, span, reason } });
            }
            None => found.findings.push(finding),
        }
    }
    let seen = suppression::seen(workspace, rules, selection, &suppressions);
    found.remarks = ask(workspace, rules, selection, &seen);
    for list in [&mut found.findings, &mut found.remarks] {
        let is_known = |finding: &mut Finding| {
            let path = &workspace.sources.get(finding.labels[0].source).path;
            selection.baseline.knows(path, &finding.fingerprint)
        };
        let known = list.extract_if(.., is_known);
        found.silenced.extend(known.map(|finding| Silenced { finding, by: Silencer::Baseline }));
    }
    silence_what_follows(&mut found);
    found
}

/// Silences what follows from a finding that is silenced.
fn silence_what_follows(found: &mut Found) {
    for finding in std::mem::take(&mut found.findings) {
        let is_cause = |other: &&Silenced| {
            let other = &other.finding;
            Some(&other.rule) == finding.follows.as_ref()
                && (other.project, &other.subject.service) == (finding.project, &finding.subject.service)
        };
        match found.silenced.iter().find(is_cause).map(|cause| cause.by.clone()) {
            Some(by) => found.silenced.push(Silenced { finding, by }),
            None => found.findings.push(finding),
        }
    }
}

/// What the rules say about these views, without what is said twice.
fn ask(workspace: &Workspace<'_>, rules: &RuleSet, selection: &Selection, seen: &[Seen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in &rules.rules {
        for view in seen.iter().filter(|view| view.kind == rule.view()) {
            let Some(said) = rule.apply(view) else { continue };
            let tier = said.tier;
            let cause = said.follows.as_ref().and_then(|id| rules.rule(id));
            let Some(finding) = finding(rule, view, said).filter(|finding| is_started(workspace, finding)) else {
                continue;
            };
            let path = &workspace.sources.get(finding.labels[0].source).path;
            // Of what somebody does not want to hear, nobody is to hear the consequences.
            if selection.admits(path, rule, tier) && cause.is_none_or(|cause| !selection.ignores(path, cause)) {
                let severity = selection.configs.severity(path, &rule.id);
                findings.push(with_severity(finding, severity));
            }
        }
    }
    let order = |finding: &Finding| {
        let label = &finding.labels[0];
        (workspace.sources.get(label.source).path.clone(), label.span, finding.rule.clone())
    };
    findings.sort_by_cached_key(|finding| (finding.project, order(finding)));
    assume_overlays(workspace, &mut findings);
    let mut findings = once(findings);
    findings.sort_by_cached_key(|finding| (finding.project, order(finding)));
    fingerprint::assign(&mut findings, workspace, &selection.root);
    findings
}

/// Notes of findings in a file which other file they take: of those with which a project has the file, and another one has it
/// alone, without the finding.
fn assume_overlays(workspace: &Workspace<'_>, findings: &mut [Finding]) {
    let place = |finding: &Finding| (finding.rule.clone(), finding.labels[0].source, finding.subject.clone());
    let known: Vec<_> = findings.iter().map(|finding| (finding.project, place(finding))).collect();
    for finding in findings {
        let path = &workspace.sources.get(finding.labels[0].source).path;
        let project = &workspace.projects[finding.project];
        // Nothing is laid over a single file.
        if project.paths.len() == 1 {
            continue;
        }
        let own = place(finding);
        let is_without = |(number, other): &(usize, &Project)| {
            let holds_less = other.paths.len() < project.paths.len()
                && other.folder == project.folder
                && other.paths.contains(path)
                && other.paths.iter().all(|path| project.paths.contains(path));
            holds_less && !known.iter().any(|(project, place)| project == number && *place == own)
        };
        let others = workspace.projects.iter().enumerate().filter(is_without);
        let Some((_, other)) = others.max_by_key(|(_, other)| other.paths.len()) else { continue };
        let more = project.paths.iter().filter(|path| !other.paths.contains(path));
        let more: Vec<_> = more.map(|path| relative_to(&project.folder, path)).collect();
        let lie = if more.len() == 1 { "lies" } else { "lie" };
        finding.assumes.push(format!("{} {lie} over it", more.join(" and ")));
        finding.severity = finding.severity.min(Severity::Warning);
    }
}

/// Projects that share a file find the same in it, and one may be sure of what another one only assumes.
fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let place = |finding: &Finding| (finding.rule.clone(), finding.labels[0].source, finding.labels[0].span);
    let badness = |finding: &Finding| (finding.severity, std::cmp::Reverse(finding.assumes.len()));
    let findings = keep_worst(findings, |it| (place(it), it.message.clone()), badness, |_, _| {});
    // What is about no service may be said several times of one place.
    let subject = |finding: &Finding| {
        let message = finding.subject.service.is_none().then(|| finding.message.clone());
        (finding.subject.clone(), message)
    };
    keep_worst(findings, |it| (place(it), subject(it)), badness, |_, _| {})
}

/// False for what Compose does not start with the profiles that the project is declared with.
fn is_started(workspace: &Workspace<'_>, finding: &Finding) -> bool {
    let project = &workspace.projects[finding.project];
    let service = finding.subject.service.as_ref().and_then(|name| project.service(name));
    service.is_none_or(|service| project.is_enabled(service))
}

/// The finding as bad as somebody wants it; what rests on an assumption is at most a warning.
fn with_severity(mut finding: Finding, severity: Option<Severity>) -> Finding {
    if let Some(severity) = severity {
        finding.severity = if finding.assumes.is_empty() { severity } else { severity.min(Severity::Warning) };
    }
    finding
}

fn finding(rule: &Rule, view: &Seen, said: Match) -> Option<Finding> {
    let spot = view.spot(&said.at)?;
    let mut labels = vec![Label { source: spot.source, span: spot.span, message: String::new() }];
    for (field, message) in said.also {
        // A further label only where there is something else to see.
        if let Some(spot) = view.own_spot(&field).filter(|other| *other != spot) {
            labels.push(Label { source: spot.source, span: spot.span, message });
        }
    }
    Some(Finding {
        rule: rule.id.clone(),
        severity: said.severity,
        tier: said.tier,
        project: view.project,
        message: said.message,
        help: said.help,
        labels,
        subject: view.subject.clone(),
        assumes: said.assumes,
        fixes: said.fixes,
        view: rule.view(),
        follows: said.follows,
        fingerprint: String::new(),
    })
}
