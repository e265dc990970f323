//! The flat list that most formats for programs are made of: findings and problems alike, each with what such formats ask
//! for.

use std::borrow::Cow;
use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::mask::looks_secret;
use super::view::{Applicability, EditKind, FindingView, RangeView, RepairView, Report, Severity, SuppressedBy};
use super::visible::visible;

/// What stands in the place of a rule's id where a file could not be read.
pub(super) const READING: &str = "reading";
/// What [`READING`] is about.
pub(super) const READING_SUMMARY: &str = "A file can't be read as Docker Compose reads it, or only with doubts.";

/// Something to show at a place.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    /// Id of the rule, or [`READING`].
    pub rule: &'a str,
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it is named.
    pub path: &'a str,
    /// The place in it; `None` if it is about the file as a whole.
    pub range: Option<RangeView>,
    /// What is wrong and under which conditions, on one line, with nothing in it that a terminal would obey.
    pub message: String,
    /// The same for every run on the same project, and different for each item.
    pub fingerprint: String,
    /// The finding; `None` for a problem.
    pub finding: Option<&'a FindingView>,
}

impl<'a> Item<'a> {
    /// Address of the rule's page.
    pub fn url(&self, report: &'a Report) -> Option<&'a str> {
        report.rules.get(self.rule)?.url.as_deref()
    }

    /// Line on which it starts, counted from 1; 1 if it is about the file as a whole.
    pub fn line(&self) -> usize {
        self.range.map_or(1, |range| range.start.line)
    }

    /// The path, with nothing in it that a terminal would obey.
    pub fn shown_path(&self) -> Cow<'a, str> {
        visible(self.path)
    }
}

/// All problems and findings of a report: what could not be read comes first.
pub(super) fn items(report: &Report) -> Vec<Item<'_>> {
    let problems = report.problems.iter().map(|problem| Item {
        rule: READING,
        severity: problem.severity,
        path: &problem.path,
        range: problem.range,
        message: visible(&problem.message).into_owned(),
        fingerprint: digest(&[READING, &problem.path, &problem.message]),
        finding: None,
    });
    let mut items: Vec<_> = problems.chain(report.findings.iter().map(of_finding)).collect();
    let mut seen = HashSet::new();
    for item in &mut items {
        // The same thing twice, such as one service in two projects: which comes first is stable.
        let first = item.fingerprint.clone();
        let mut number = 1;
        while !seen.insert(item.fingerprint.clone()) {
            number += 1;
            item.fingerprint = digest(&[&first, &number.to_string()]);
        }
    }
    items
}

/// The findings that comments and the baseline silence, with what silences each: for formats that have a place for them.
pub(super) fn suppressed(report: &Report) -> impl Iterator<Item = (Item<'_>, &SuppressedBy)> {
    report.suppressed.iter().map(|suppressed| (of_finding(&suppressed.finding), &suppressed.by))
}

fn of_finding(finding: &FindingView) -> Item<'_> {
    Item {
        rule: &finding.rule,
        severity: finding.severity,
        path: &finding.path,
        range: Some(finding.range),
        message: message(finding),
        fingerprint: finding.fingerprint.clone(),
        finding: Some(finding),
    }
}

/// What is wrong and under which conditions.
fn message(finding: &FindingView) -> String {
    let assumes = match finding.assumes.as_slice() {
        [] => String::new(),
        assumes => format!(", as long as {}", assumes.join(" and ")),
    };
    visible(&format!("{}{assumes}", finding.message)).into_owned()
}

fn digest(parts: &[&str]) -> String {
    hex::encode(&Sha256::digest(parts.join("\n"))[..12])
}

/// A repair that another program can make: its edits in the files that there are, as they are.
pub(super) struct Suggestion<'a> {
    /// The repair.
    pub repair: &'a RepairView,
    /// File, place and new text of each edit.
    pub edits: Vec<(&'a str, RangeView, &'a str)>,
}

/// The repairs of a finding that another program can make without harm. Left out is what `--fix` itself would not make;
/// what needs a secret, for a placeholder would become the password; what makes a file, for these formats can't say so;
/// and everything after files were changed, for the edits are meant for the files before.
pub(super) fn suggestions<'a>(report: &'a Report, finding: &FindingView) -> Vec<Suggestion<'a>> {
    if report.fix.is_some() {
        return Vec::new();
    }
    let is_offered = |repair: &&RepairView| {
        finding.repairs.contains(&repair.id)
            && repair.applicability == Applicability::Safe
            && repair.held_back.is_empty()
            && repair.needs_secret.is_empty()
    };
    let offered = report.repairs.iter().filter(is_offered);
    offered.filter_map(|repair| Some(Suggestion { repair, edits: edits(repair)? })).collect()
}

fn edits(repair: &RepairView) -> Option<Vec<(&str, RangeView, &str)>> {
    let edits = repair.edits.iter().map(|edit| match edit.kind {
        EditKind::Edit(range) if !holds_secret(&edit.text) => Some((edit.path.as_str(), range, edit.text.as_str())),
        EditKind::Edit(_) | EditKind::Create => None,
    });
    edits.collect::<Option<Vec<_>>>().filter(|edits| !edits.is_empty())
}

fn holds_secret(text: &str) -> bool {
    text.contains("{{secret:") || text.lines().any(looks_secret)
}
