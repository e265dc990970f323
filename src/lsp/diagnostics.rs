//! Findings as an editor shows them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri,
};

use super::analysis::Setup;
use super::client::Client;
use super::documents::Documents;
use super::position::Lines;
use super::uri::uri_of;
use crate::config::LoadError;
use crate::decode::FileProblem;
use crate::fix::repair::RepairKey;
use crate::fix::state::State;
use crate::lint::finding::Label;
use crate::lint::{Finding, keep_worst};
use crate::model::{Problem, Weight};
use crate::report::rules_page;
use crate::rule::Severity;
use crate::source::{Disk, SourceId, absolute, relative_to};
use crate::text::Span;

/// All that is wrong in the projects of the open texts.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, by group and place.
    pub notices: Vec<Notice>,
    /// Every file that was read or looked for: a change of one of them may change the report.
    pub files: BTreeSet<PathBuf>,
    /// What is wrong with the configuration.
    pub complaint: Option<String>,
}

/// One thing that is wrong, and what can be done about it.
#[derive(Debug)]
pub struct Notice {
    /// Number of the group.
    pub group: usize,
    /// The file.
    pub path: PathBuf,
    /// As the editor shows it.
    pub diagnostic: Diagnostic,
    /// What its repair is about.
    pub repair: Option<RepairKey>,
    /// The rule; `None` for what can't be read.
    pub rule: Option<String>,
    /// The finding's fingerprint; `None` for what can't be read.
    pub identity: Option<String>,
    /// Its place, in bytes of the file.
    pub span: Span,
    /// Its other places.
    pub related: Vec<(PathBuf, Range)>,
}

impl Report {
    /// Reads and judges the projects of all open texts.
    pub fn read(setup: &Setup, client: &Client, documents: &Documents) -> Self {
        let files = documents.over(&Disk);
        let mut report = Self::default();
        for (number, group) in setup.groups.iter().enumerate() {
            setup.with_state(&files, group, |state| {
                let record = state.workspace.sources.record();
                report.files.extend(record.read.iter().chain(&record.missed).cloned());
                let places = Places::new(state, client, documents);
                let findings = state.findings.iter().chain(&state.remarks);
                report.notices.extend(findings.filter_map(|finding| places.finding(number, finding)));
                report.notices.extend(state.workspace.problems().filter_map(|problem| places.problem(number, problem)));
            });
        }
        if let Some(mistake) = &setup.mistake {
            report.notices.extend(mistakes(mistake, client));
            report.complaint = Some(format!("the configuration does not count: {mistake}"));
        }
        report
    }

    /// What is wrong in one file; once, however many projects read it, and as bad as it is for one of them.
    pub fn of(&self, path: &Path) -> Vec<Diagnostic> {
        let own = self.notices.iter().filter(|notice| notice.path == path).collect();
        // What is no finding is the same if it says the same.
        let place = |notice: &&Notice| {
            let said = notice.identity.clone().unwrap_or_else(|| notice.diagnostic.message.clone());
            (notice.rule.clone(), notice.span, said)
        };
        let badness = |notice: &&Notice| std::cmp::Reverse(notice.diagnostic.severity);
        keep_worst(own, place, badness, |_, _| {}).into_iter().map(|notice| notice.diagnostic.clone()).collect()
    }
}

/// From spans of one state to places in the editor.
struct Places<'a> {
    state: &'a State,
    client: &'a Client,
    /// Of each text of the state, in its order.
    lines: Vec<(SourceId, Uri, Lines<'a>)>,
}

impl<'a> Places<'a> {
    fn new(state: &'a State, client: &'a Client, documents: &Documents) -> Self {
        let lines = state.workspace.sources.iter().filter_map(|(id, source)| {
            Some(match documents.of_path(&source.path) {
                Some(open) => (id, open.uri.clone(), Lines::new(&source.text, client.encoding)),
                None => (id, uri_of(&source.path)?, Lines::of_file(&source.text, client.encoding)),
            })
        });
        Self { state, client, lines: lines.collect() }
    }

    fn finding(&self, group: usize, finding: &Finding) -> Option<Notice> {
        let (first, others) = finding.labels.split_first()?;
        let mut message = finding.message.clone();
        if !finding.assumes.is_empty() {
            message.push_str(&format!(" (as long as {})", finding.assumes.join(" and ")));
        }
        if !self.client.shows_related_places {
            for label in others {
                message.push_str(&format!("\n{}: {}", self.written_place(first, label), label.message));
            }
        }
        if let Some(help) = &finding.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        let related: Vec<_> = others.iter().filter_map(|label| self.related(label)).collect();
        let docs = self.client.shows_code_links.then(|| Uri::from_str(&rules_page::url(&finding.rule)).ok()).flatten();
        let diagnostic = Diagnostic {
            range: self.location(first.source, first.span)?.range,
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Info => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.rule.clone())),
            code_description: docs.map(|href| CodeDescription { href }),
            source: Some("caulk".to_owned()),
            message,
            related_information: (self.client.shows_related_places && !related.is_empty()).then_some(related),
            tags: None,
            data: None,
        };
        Some(Notice {
            group,
            path: self.path(first.source).to_owned(),
            diagnostic,
            repair: self.state.key_of(finding),
            rule: Some(finding.rule.clone()),
            identity: Some(finding.fingerprint.clone()),
            span: first.span,
            related: others
                .iter()
                .filter_map(|label| {
                    Some((self.path(label.source).to_owned(), self.location(label.source, label.span)?.range))
                })
                .collect(),
        })
    }

    fn problem(&self, group: usize, problem: &Problem) -> Option<Notice> {
        // What could not be read at all may be open nevertheless, as another kind of text.
        let range = match problem.source {
            Some(source) => self.location(source, problem.span)?.range,
            None => Range::default(),
        };
        let severity = match problem.weight {
            Weight::Error => DiagnosticSeverity::ERROR,
            Weight::Warning => DiagnosticSeverity::WARNING,
            Weight::Note => DiagnosticSeverity::INFORMATION,
        };
        let help = problem.help.as_deref();
        let diagnostic = of_problem(range, severity, &problem.message, help);
        Some(Notice::of_problem(group, problem.path.clone(), diagnostic, problem.span))
    }

    fn related(&self, label: &Label) -> Option<DiagnosticRelatedInformation> {
        let location = self.location(label.source, label.span)?;
        Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
    }

    fn location(&self, source: SourceId, span: Span) -> Option<Location> {
        let (_, uri, lines) = self.lines.iter().find(|(id, ..)| *id == source)?;
        Some(Location { uri: uri.clone(), range: lines.range(span) })
    }

    /// `.env:4` as seen from the folder of the finding.
    fn written_place(&self, from: &Label, label: &Label) -> String {
        let source = self.state.workspace.sources.get(label.source);
        let folder = self.path(from.source).parent().unwrap_or(Path::new("/"));
        format!("{}:{}", relative_to(folder, &source.path), source.line_column(label.span.start).line)
    }

    fn path(&self, source: SourceId) -> &Path {
        &self.state.workspace.sources.get(source).path
    }
}

/// What is wrong in the files of the configuration, which belong to no group.
fn mistakes(mistake: &LoadError, client: &Client) -> Vec<Notice> {
    let LoadError::Mistakes(mistakes) = mistake else { return Vec::new() };
    let notice = |mistake: &FileProblem| {
        let problem = &mistake.problem;
        let range = Lines::new(&mistake.text, client.encoding).range(problem.span);
        let help = problem.help.as_deref();
        let diagnostic = of_problem(range, DiagnosticSeverity::ERROR, &problem.message, help);
        Notice::of_problem(usize::MAX, absolute(Path::new("/"), &mistake.path), diagnostic, problem.span)
    };
    mistakes.iter().map(notice).collect()
}

fn of_problem(range: Range, severity: DiagnosticSeverity, message: &str, help: Option<&str>) -> Diagnostic {
    let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    Diagnostic {
        range,
        severity: Some(severity),
        source: Some("caulk".to_owned()),
        message: format!("{message}{help}"),
        ..Diagnostic::default()
    }
}

impl Notice {
    /// One that no rule has found and no repair settles.
    fn of_problem(group: usize, path: PathBuf, diagnostic: Diagnostic, span: Span) -> Self {
        let related = Vec::new();
        Self { group, path, diagnostic, repair: None, rule: None, identity: None, span, related }
    }
}
