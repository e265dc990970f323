//! Which findings are told together: those of one service in one file, and near-copies of them in other files.

use super::super::paint::Tone;
use super::super::snippet::Mark;
use super::super::view::{ClientView, FileText, FindingView, RangeView};
use super::is_shown;
use crate::text::{Span, listed};

/// How many lines above a mark the head of its service is looked for.
const HEAD_WITHIN: usize = 400;

/// Findings of one service in one file.
pub(super) struct Group<'a> {
    pub path: &'a str,
    pub service: Option<&'a str>,
    /// Never empty.
    pub findings: Vec<&'a FindingView>,
    /// The first finding of each group that says the same of another place.
    pub also: Vec<&'a FindingView>,
}

/// The groups of all findings that are shown with their lines, in the order of their first findings.
pub(super) fn groups(findings: &[FindingView]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for finding in findings.iter().filter(|finding| is_shown(finding)) {
        let service = finding.subject.service.as_deref();
        let known = service.and_then(|service| index.get(&(finding.path.as_str(), service)).copied());
        let group: Option<&mut Group<'_>> = known.and_then(|at: usize| groups.get_mut(at));
        if let Some(group) = group {
            group.findings.push(finding);
            continue;
        }
        if let Some(service) = service {
            index.insert((finding.path.as_str(), service), groups.len());
        }
        groups.push(Group { path: &finding.path, service, findings: vec![finding], also: Vec::new() });
    }
    for group in &mut groups {
        group.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
    join_copies(groups)
}

/// Leaves the first of the groups that say the same of the same service.
fn join_copies(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut kept: Vec<Group<'_>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for group in groups {
        let said: Vec<_> = group
            .findings
            .iter()
            .map(|finding| (finding.rule.as_str(), finding.severity, finding.message.as_str(), &finding.assumes))
            .collect();
        let at = *index.entry((group.service, said)).or_insert(kept.len());
        match (kept.get_mut(at), group.findings.first()) {
            (Some(first), Some(copy)) => {
                let is_same_place = first.findings.iter().any(|f| f.path == copy.path && f.range == copy.range);
                if !is_same_place {
                    first.also.push(copy);
                }
            }
            _ => kept.push(group),
        }
    }
    kept
}

impl<'a> Group<'a> {
    /// What to mark, file by file: the group's own file first.
    pub fn marks(&self) -> Vec<(&'a str, Vec<Mark>)> {
        let mut files: Vec<(&'a str, Vec<Mark>)> = vec![(self.path, Vec::new())];
        for finding in &self.findings {
            let tone = Tone::Severity(finding.severity);
            add(&mut files, &finding.path, finding.range, &finding.label, tone);
        }
        for label in self.findings.iter().flat_map(|finding| &finding.labels) {
            add(&mut files, &label.path, label.range, &label.message, Tone::Help);
        }
        files
    }

    /// Helps and assumptions, each once, with the words before them.
    pub fn remarks(&self) -> Vec<(&'static str, String)> {
        let mut remarks = Vec::new();
        for finding in &self.findings {
            if !finding.assumes.is_empty() {
                remarks.push(("as long as ", finding.assumes.join(" and ")));
            }
        }
        for finding in &self.findings {
            if let Some(help) = &finding.help {
                remarks.push(("help: ", help.clone()));
            }
        }
        let mut seen = std::collections::HashSet::new();
        remarks.retain(|remark| seen.insert(remark.clone()));
        remarks
    }

    /// The line (counted from 0) that names the service, if it stands above all marks in the group's file: the nearest one
    /// that is less indented. A service can be named elsewhere, such as below `depends_on` of another one.
    pub fn heading_line(&self, file: &FileText) -> Option<usize> {
        let service = self.service?;
        let first = self.findings.iter().map(|finding| file.index().line_of(finding.range.start.offset)).min()?;
        let line = |number| file.line(number).unwrap_or(Span::at(0)).slice(file.text());
        let inside = indent(line(first));
        (first.saturating_sub(HEAD_WITHIN)..first).rev().find(|number| {
            let line = line(*number);
            let name = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(service).unwrap_or("");
            indent(line) < inside && name.trim_start_matches(['"', '\'']).starts_with(':')
        })
    }

    /// Who connects to the store, and who seems to: "api (REDIS_URL, .env:3)", "worker (waits for it; …)". Who does so in
    /// the same way is told together, at most `most` of them by name.
    pub fn clients(&self, most: usize) -> Vec<String> {
        let mut clients: Vec<&ClientView> = self.findings.iter().flat_map(|finding| &finding.clients).collect();
        // A program outside of containers comes last.
        clients.sort_by_key(|client| {
            (client.service.is_none(), client.service.as_deref(), client.variable.is_none(), *client)
        });
        clients.dedup();
        let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
        for client in clients {
            let name = client.service.as_deref().unwrap_or("a program that reads the file");
            let place = client.place.as_ref().map(|(path, line)| {
                let variable = client.variable.as_ref().map(|variable| format!("{variable}, ")).unwrap_or_default();
                let place = if path == self.path { format!("line {line}") } else { format!("{path}:{line}") };
                let elsewhere = if client.is_set_elsewhere { ", set elsewhere" } else { "" };
                format!("{variable}{place}{elsewhere}")
            });
            match ways.last_mut().filter(|(last, _)| *last == name) {
                Some((_, places)) => places.extend(place),
                None => ways.push((name, place.into_iter().collect())),
            }
        }
        let mut told: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for (name, places) in ways {
            match told.iter_mut().find(|(_, others)| *others == places) {
                Some((names, _)) => names.push(name),
                None => told.push((vec![name], places)),
            }
        }
        let tell = |(names, places): (Vec<&str>, Vec<String>)| {
            let is_one = names.len() == 1;
            let names = listed(names.into_iter().map(str::to_owned), most);
            match places.as_slice() {
                [] if is_one => format!("{names} (waits for it; how it connects can't be seen)"),
                [] => format!("{names} (wait for it; how they connect can't be seen)"),
                [place] => format!("{names} ({place})"),
                [place, others @ ..] => format!("{names} ({place} and {} more)", others.len()),
            }
        };
        told.into_iter().map(tell).collect()
    }
}

/// Number of blanks before the text of a line.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Adds a mark, or its words to the mark that is there already.
fn add<'a>(files: &mut Vec<(&'a str, Vec<Mark>)>, path: &'a str, range: RangeView, message: &str, tone: Tone) {
    let at = files.iter().position(|(other, _)| *other == path).unwrap_or_else(|| {
        files.push((path, Vec::new()));
        files.len() - 1
    });
    let Some((_, marks)) = files.get_mut(at) else { return };
    let mark = marks.iter_mut().find(|mark| mark.range == range);
    match mark {
        Some(mark) if mark.message.is_empty() => mark.message.push_str(message),
        Some(mark) if message.is_empty() || mark.message.split("; ").any(|said| said == message) => {}
        Some(mark) => {
            mark.message.push_str("; ");
            mark.message.push_str(message);
        }
        None => marks.push(Mark { range, message: message.to_owned(), tone }),
    }
}
