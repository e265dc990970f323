//! The report for programs: schema `caulk.report/1`.
//!
//! Within a version, fields are only added. `schemas/report-1.json` is generated from the structs here.

use std::io::{self, Write};

use serde::Serialize;

use super::view;
use super::visible::is_hidden;

/// Name and version of the schema.
pub const SCHEMA: &str = "caulk.report/1";

/// How to write a report as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JsonOptions {
    /// One line instead of an indented document.
    pub compact: bool,
}

/// Writes `report` as one JSON document with a line break at its end.
///
/// # Errors
/// What `out` says.
pub fn render(report: &view::Report, options: &JsonOptions, out: &mut dyn Write) -> io::Result<()> {
    write_document(&Document::from(report), options.compact, out)
}

/// Writes `document` so that a terminal has nothing to obey in it: [hidden](is_hidden) characters, which can only stand
/// inside of strings, are escaped. So is the second of two `#`, for services that read output for `##[commands]`.
pub(super) fn write_document<T: Serialize>(document: &T, compact: bool, out: &mut dyn Write) -> io::Result<()> {
    let text = if compact { serde_json::to_string(document)? } else { serde_json::to_string_pretty(document)? };
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c == '#' && escaped.ends_with('#') {
            escaped.push_str("\\u0023");
        } else if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped.push('\n');
    out.write_all(escaped.as_bytes())
}

/// What caulk found in a set of Docker Compose projects, and what it did or would do about it.
/// Paths are relative to the current folder and have `/` between their parts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Report"))]
struct Document<'a> {
    /// Name and version of the schema. Within a version, fields are only added.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The program that wrote the report.
    tool: Tool<'a>,
    /// Counts.
    summary: Summary,
    /// The projects that were looked at.
    projects: Vec<Project<'a>>,
    /// What is wrong. After a run that repairs: what is left.
    findings: Vec<Finding<'a>>,
    /// What is not to be reported, because a comment or the baseline says so. Counts for nothing else.
    suppressed: Vec<Suppressed<'a>>,
    /// The repairs that findings and `fix` refer to.
    repairs: Vec<Repair<'a>>,
    /// What could not be read.
    problems: Vec<Problem<'a>>,
    /// What was repaired; null if the run was not to repair.
    fix: Option<Fix<'a>>,
    /// Commands that bring the repairs to the running containers.
    apply_with: &'a [String],
    /// The same for services that run only where a profile is on: elsewhere it would start them.
    apply_with_profile: Vec<ProfileCommand<'a>>,
    /// What else a person should know.
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ProfileCommand<'a> {
    /// The profile.
    profile: &'a str,
    /// What to run.
    command: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Tool<'a> {
    /// Always `caulk`.
    name: &'static str,
    /// Its version.
    version: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Summary {
    /// Number of projects.
    projects: usize,
    /// Number of different files that were read.
    files: usize,
    /// Number of findings.
    findings: usize,
    /// Number of findings of severity error.
    error: usize,
    /// Number of findings of severity warning.
    warning: usize,
    /// Number of findings of severity info.
    info: usize,
    /// Number of findings that comments silence.
    suppressed: usize,
    /// Number of findings that the baseline knows.
    baselined: usize,
    /// Number of problems while reading.
    problems: usize,
}

/// A set of files that Compose reads together.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Project<'a> {
    /// Id within the report.
    id: &'a str,
    /// Its files.
    files: &'a [String],
    /// Why they belong together.
    reason: &'a str,
}

/// One objection to a project.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Finding<'a> {
    /// Id of the rule.
    rule: &'a str,
    /// How bad it is here.
    severity: Severity,
    /// `default`: what anyone would want repaired; `strict`: hardening that most projects lack.
    tier: Tier,
    /// Id of the project.
    project: &'a str,
    /// Conditions under which it holds, such as "BIND_IP is not set"; empty if it is certain.
    assumes: &'a [String],
    /// One sentence: what is wrong.
    message: &'a str,
    /// What to do about it.
    help: Option<&'a str>,
    /// Where the rule is explained: an address, or a command.
    docs: &'a str,
    /// The file.
    path: &'a str,
    /// The place in it.
    range: Range,
    /// What is at the place; may be empty.
    label: &'a str,
    /// What the finding is about.
    subject: Subject<'a>,
    /// Other places that belong to it.
    labels: Vec<Label<'a>>,
    /// Who connects to the store that it is about, as far as it can be seen.
    clients: Vec<Client<'a>>,
    /// Ids of the repairs that would settle it.
    repairs: &'a [String],
    /// Made of rule, path and subject: stays the same when lines move.
    fingerprint: &'a str,
}

/// A finding that is not to be reported.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Suppressed<'a> {
    /// `comment`: a comment beside it; `baseline`: it was there before.
    by: SuppressedBy,
    /// The reason that the comment gives; null if there is none.
    reason: Option<&'a str>,
    /// The finding.
    finding: Finding<'a>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum SuppressedBy {
    Comment,
    Baseline,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Info,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Tier {
    Default,
    Strict,
}

/// What a finding is about, in the terms of the project.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Subject<'a> {
    /// Name of the service.
    service: Option<&'a str>,
    /// Path of the key in the resolved project, such as `services.redis.ports[0]`.
    key: Option<&'a str>,
    /// Name of the environment variable.
    variable: Option<&'a str>,
    /// Id of the store, such as `redis`.
    store: Option<&'a str>,
}

/// A place with something to say about it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Label<'a> {
    /// The file.
    path: &'a str,
    /// The place in it.
    range: Range,
    /// What is there.
    message: &'a str,
}

/// Somebody who uses a store.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Client<'a> {
    /// Name of the service; null for a program outside of containers.
    service: Option<&'a str>,
    /// The variable that leads it to the store, if one does.
    variable: Option<&'a str>,
    /// The file that leads it there; null if it waits for the store but how it connects can't be seen.
    path: Option<&'a str>,
    /// The line in it, counted from 1.
    line: Option<usize>,
    /// True if the variable gets its value from outside of the project, so that it may lead elsewhere.
    set_elsewhere: bool,
}

/// A range of a file, up to but not including `end`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Range {
    /// Its first character.
    start: Place,
    /// The place after its last character.
    end: Place,
}

/// A place in a file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Place {
    /// Counts from 1.
    #[cfg_attr(test, schemars(range(min = 1)))]
    line: usize,
    /// Counts from 1, in Unicode scalar values.
    #[cfg_attr(test, schemars(range(min = 1)))]
    column: usize,
    /// Bytes, counts from 0.
    offset: usize,
}

/// A change that settles one or more findings. All of it is made, or none.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Repair<'a> {
    /// Id within the report.
    id: &'a str,
    /// What it does.
    title: &'a str,
    /// `safe`: nothing that caulk sees breaks; `unsafe`: there may be users that it can't see; `manual`: for a person.
    applicability: Applicability,
    /// Names of the secrets that it writes.
    needs_secret: &'a [String],
    /// Why `--fix` does not make it, if so.
    held_back: Option<String>,
    /// The command that makes it and as few others as can be; null unless the option of `fix.held_back` would make more.
    made_by: Option<&'a str>,
    /// The changes.
    edits: Vec<Edit<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Applicability {
    Safe,
    Unsafe,
    Manual,
}

/// A change of one file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Edit<'a> {
    /// The file.
    path: &'a str,
    /// `edit` replaces the range, `create` makes the file.
    kind: EditKind,
    /// The bytes that go, in the file as it was read; not there if the file is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    /// What takes their place, with `{{secret:NAME}}` for each secret.
    text: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum EditKind {
    Edit,
    Create,
}

/// A file, or a place in it, that could not be read as what it should be.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Problem<'a> {
    /// The file.
    path: &'a str,
    /// The place in it; null if it is about the file as a whole.
    range: Option<Range>,
    /// How bad it is.
    severity: Severity,
    /// One sentence: what is wrong.
    message: &'a str,
}

/// What a run that repairs did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Fix<'a> {
    /// Ids of the repairs that were made.
    applied: &'a [String],
    /// Repairs that wait for a person's word.
    held_back: Vec<HeldBack<'a>>,
    /// Repairs that could not be proved right.
    refused: Vec<Refused<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct HeldBack<'a> {
    /// Id of the repair.
    repair: &'a str,
    /// Why.
    reason: String,
    /// The option with which it is made; null if there is none.
    flag: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Refused<'a> {
    /// Id of the repair.
    repair: &'a str,
    /// Why.
    reason: &'a str,
}

impl<'a> From<&'a view::Report> for Document<'a> {
    fn from(report: &'a view::Report) -> Self {
        let (suppressed, baselined) = report.suppressed_counts();
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        Self {
            schema: SCHEMA,
            tool: Tool { name: "caulk", version: &report.version },
            summary: Summary {
                projects: report.projects.len(),
                files: report.files,
                findings: report.findings.len(),
                error: count(view::Severity::Error),
                warning: count(view::Severity::Warning),
                info: count(view::Severity::Info),
                suppressed,
                baselined,
                problems: report.problems.len(),
            },
            projects: report
                .projects
                .iter()
                .map(|project| Project { id: &project.id, files: &project.files, reason: &project.reason })
                .collect(),
            findings: report.findings.iter().map(Finding::from).collect(),
            suppressed: report.suppressed.iter().map(Suppressed::from).collect(),
            repairs: report.repairs.iter().map(Repair::from).collect(),
            problems: report.problems.iter().map(Problem::from).collect(),
            fix: report.fix.as_ref().map(Fix::from),
            apply_with: &report.apply_with,
            apply_with_profile: report
                .apply_with_profile
                .iter()
                .map(|with| ProfileCommand { profile: &with.profile, command: &with.command })
                .collect(),
            notes: report.all_notes(),
        }
    }
}

impl<'a> From<&'a view::FindingView> for Finding<'a> {
    fn from(finding: &'a view::FindingView) -> Self {
        let subject = &finding.subject;
        Self {
            rule: &finding.rule,
            severity: finding.severity.into(),
            tier: match finding.tier {
                view::Tier::Default => Tier::Default,
                view::Tier::Strict => Tier::Strict,
            },
            project: &finding.project,
            assumes: &finding.assumes,
            message: &finding.message,
            help: finding.help.as_deref(),
            docs: &finding.docs,
            path: &finding.path,
            range: finding.range.into(),
            label: &finding.label,
            subject: Subject {
                service: subject.service.as_deref(),
                key: subject.key.as_deref(),
                variable: subject.variable.as_deref(),
                store: subject.store.as_deref(),
            },
            labels: finding
                .labels
                .iter()
                .map(|label| Label { path: &label.path, range: label.range.into(), message: &label.message })
                .collect(),
            clients: finding.clients.iter().map(Client::from).collect(),
            repairs: &finding.repairs,
            fingerprint: &finding.fingerprint,
        }
    }
}

impl<'a> From<&'a view::ClientView> for Client<'a> {
    fn from(client: &'a view::ClientView) -> Self {
        Self {
            service: client.service.as_deref(),
            variable: client.variable.as_deref(),
            path: client.place.as_ref().map(|(path, _)| path.as_str()),
            line: client.place.as_ref().map(|(_, line)| *line),
            set_elsewhere: client.is_set_elsewhere,
        }
    }
}

impl<'a> From<&'a view::SuppressedView> for Suppressed<'a> {
    fn from(suppressed: &'a view::SuppressedView) -> Self {
        let (by, reason) = match &suppressed.by {
            view::SuppressedBy::Comment { reason, .. } => (SuppressedBy::Comment, reason.as_str()),
            view::SuppressedBy::Baseline => (SuppressedBy::Baseline, ""),
        };
        Self {
            by,
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            finding: Finding::from(&suppressed.finding),
        }
    }
}

impl<'a> From<&'a view::RepairView> for Repair<'a> {
    fn from(repair: &'a view::RepairView) -> Self {
        let edit = |edit: &'a view::EditView| {
            let (kind, range) = match edit.kind {
                view::EditKind::Edit(range) => (EditKind::Edit, Some(range.into())),
                view::EditKind::Create => (EditKind::Create, None),
            };
            Edit { path: &edit.path, kind, range, text: &edit.text }
        };
        Self {
            id: &repair.id,
            title: &repair.title,
            applicability: match repair.applicability {
                view::Applicability::Safe => Applicability::Safe,
                view::Applicability::Unsafe => Applicability::Unsafe,
                view::Applicability::Manual => Applicability::Manual,
            },
            needs_secret: &repair.needs_secret,
            held_back: Some(view::in_one_line(&repair.held_back)).filter(|why| !why.is_empty()),
            made_by: repair.made_by.as_ref().map(|made_by| made_by.command.as_str()),
            edits: repair.edits.iter().map(edit).collect(),
        }
    }
}

impl<'a> From<&'a view::ProblemView> for Problem<'a> {
    fn from(problem: &'a view::ProblemView) -> Self {
        Self {
            path: &problem.path,
            range: problem.range.map(Range::from),
            severity: problem.severity.into(),
            message: &problem.message,
        }
    }
}

impl<'a> From<&'a view::FixView> for Fix<'a> {
    fn from(fix: &'a view::FixView) -> Self {
        Self {
            applied: &fix.applied,
            held_back: fix
                .held_back
                .iter()
                .map(|held| HeldBack {
                    repair: &held.repair,
                    reason: view::in_one_line(&held.reason),
                    flag: held.flag.as_deref(),
                })
                .collect(),
            refused: fix
                .refused
                .iter()
                .map(|refused| Refused { repair: &refused.repair, reason: &refused.reason })
                .collect(),
        }
    }
}

impl From<view::Severity> for Severity {
    fn from(severity: view::Severity) -> Self {
        match severity {
            view::Severity::Error => Self::Error,
            view::Severity::Warning => Self::Warning,
            view::Severity::Info => Self::Info,
        }
    }
}

impl From<view::RangeView> for Range {
    fn from(range: view::RangeView) -> Self {
        let place = |place: view::PlaceView| Place { line: place.line, column: place.column, offset: place.offset };
        Self { start: place(range.start), end: place(range.end) }
    }
}

#[cfg(test)]
mod tests;
