//! SARIF 2.1.0, which code scanning services and editors read.
//!
//! What stands in the [standard](https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html) and matters here:
//! braces in messages are doubled (3.11.5), brackets that would make a link are escaped (3.11.6), addresses of files are
//! percent-encoded and relative to a base (3.4.3), regions count lines and columns from 1 and end behind their last
//! character (3.30).

use std::collections::BTreeMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::item::{Item, READING_SUMMARY, items, suggestions, suppressed};
use super::json::write_document;
use super::view::{FindingView, LabelView, RangeView, Report, Severity, SuppressedBy, in_one_line};
use super::visible::visible;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
/// The folder that paths are seen from: that of the repository, if caulk runs there. GitHub knows it by this name.
const BASE: &str = "%SRCROOT%";
/// Name and version of what [`FindingView::fingerprint`] is made of.
const FINGERPRINT: &str = "caulk/v1";
/// What stays as it is in the path of an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes `report` as one SARIF log.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let items = items(report);
    let silent: Vec<_> = suppressed(report).collect();
    let mut rules: Vec<&str> = items.iter().chain(silent.iter().map(|(item, _)| item)).map(|item| item.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let run =
        Run {
            tool: Tool {
                driver: Driver {
                    name: "caulk",
                    version: &report.version,
                    semantic_version: &report.version,
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.iter().map(|id| rule(report, id)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: [(BASE, Base { description: text("The folder in which caulk ran.") })].into(),
            results: items
                .iter()
                .map(|item| result(report, &rules, item))
                .chain(silent.iter().map(|(item, by)| ResultOut {
                    suppressions: vec![suppression(by)],
                    ..result(report, &rules, item)
                }))
                .collect(),
        };
    write_document(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, false, out)
}

fn rule<'a>(report: &'a Report, id: &'a str) -> Rule<'a> {
    let known = report.rules.get(id);
    let summary = known.map_or(READING_SUMMARY, |rule| rule.summary.as_str());
    let why = known.map_or(READING_SUMMARY, |rule| rule.why.trim_end());
    Rule {
        id,
        short_description: text(summary),
        full_description: text(summary),
        help: Help { text: why, markdown: why },
        help_uri: known.and_then(|rule| rule.url.as_deref()),
        default_configuration: Configuration { level: level(known.map_or(Severity::Error, |rule| rule.severity)) },
        properties: RuleProperties { tags: ["security", "docker-compose"] },
    }
}

fn result<'a>(report: &'a Report, rules: &[&str], item: &Item<'a>) -> ResultOut<'a> {
    let finding = item.finding;
    let logical = finding
        .and_then(|finding| finding.subject.key.as_deref())
        .map(|key| LogicalLocation { fully_qualified_name: visible(key).into_owned() });
    let labels = finding.map(|finding| finding.labels.as_slice()).unwrap_or_default();
    ResultOut {
        rule_id: item.rule,
        rule_index: rules.binary_search(&item.rule).ok(),
        level: level(item.severity),
        message: text(&full_message(item)),
        locations: [Location {
            physical_location: PhysicalLocation::new(item.path, item.range),
            logical_locations: logical.into_iter().collect(),
        }],
        related_locations: labels.iter().enumerate().map(|(number, label)| related(number, label)).collect(),
        partial_fingerprints: [(FINGERPRINT, item.fingerprint.clone())].into(),
        suppressions: Vec::new(),
        fixes: finding.map(|finding| fixes(report, finding)).unwrap_or_default(),
        properties: finding.map(|finding| ResultProperties {
            tier: finding.tier.as_str(),
            assumes: &finding.assumes,
            repairs: repairs(report, finding),
        }),
    }
}

fn suppression(by: &SuppressedBy) -> Suppression {
    match by {
        SuppressedBy::Comment { path, range, reason } => Suppression {
            kind: "inSource",
            justification: Some(visible(reason).into_owned()).filter(|reason| !reason.is_empty()),
            location: Some(SuppressionLocation { physical_location: PhysicalLocation::new(path, Some(*range)) }),
        },
        SuppressedBy::Baseline => {
            Suppression { kind: "external", justification: Some("in the baseline".to_owned()), location: None }
        }
    }
}

/// The message, and what to do about it: viewers show nothing else.
fn full_message(item: &Item<'_>) -> String {
    match item.finding.and_then(|finding| finding.help.as_deref()) {
        Some(help) => format!("{}\n{}", item.message, visible(help)),
        None => item.message.clone(),
    }
}

fn related(number: usize, label: &LabelView) -> RelatedLocation {
    let message = if label.message.is_empty() { "see also" } else { &label.message };
    RelatedLocation {
        id: number + 1,
        physical_location: PhysicalLocation::new(&label.path, Some(label.range)),
        message: text(&visible(message)),
    }
}

fn fixes<'a>(report: &'a Report, finding: &FindingView) -> Vec<Fix<'a>> {
    let fix = |suggestion: super::item::Suggestion<'a>| {
        let mut changes: BTreeMap<&str, Vec<Replacement<'_>>> = BTreeMap::new();
        for (path, range, new) in suggestion.edits {
            let inserted_content = (!new.is_empty()).then_some(Content { text: new });
            changes.entry(path).or_default().push(Replacement { deleted_region: range.into(), inserted_content });
        }
        let changes = changes
            .into_iter()
            .map(|(path, replacements)| Change { artifact_location: ArtifactLocation::new(path), replacements });
        Fix { description: text(&visible(&suggestion.repair.title)), artifact_changes: changes.collect() }
    };
    suggestions(report, finding).into_iter().map(fix).collect()
}

/// What caulk itself would do, also where that can't be told as edits.
fn repairs(report: &Report, finding: &FindingView) -> Vec<Repair> {
    let repairs = report.repairs.iter().filter(|repair| finding.repairs.contains(&repair.id));
    repairs
        .map(|repair| Repair {
            title: visible(&repair.title).into_owned(),
            applicability: repair.applicability.as_str(),
            needs_secret: repair.needs_secret.iter().map(|name| visible(name).into_owned()).collect(),
            held_back: Some(visible(&in_one_line(&repair.held_back)).into_owned()).filter(|why| !why.is_empty()),
        })
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A text as a message that says just this.
fn text(text: &str) -> Message {
    let text = if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.to_owned() };
    Message { text: text.replace('{', "{{").replace('}', "}}") }
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    results: Vec<ResultOut<'a>>,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    semantic_version: &'a str,
    information_uri: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help: Help<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

/// Rule files are trusted: their Markdown stays Markdown. Nothing gives it arguments, so braces stay, too.
#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [&'static str; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut<'a> {
    rule_id: &'a str,
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<RelatedLocation>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ResultProperties<'a>>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<SuppressionLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SuppressionLocation {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties<'a> {
    tier: &'static str,
    assumes: &'a [String],
    repairs: Vec<Repair>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Repair {
    title: String,
    applicability: &'static str,
    needs_secret: Vec<String>,
    held_back: Option<String>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RelatedLocation {
    id: usize,
    physical_location: PhysicalLocation,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

impl PhysicalLocation {
    /// What is about a file as a whole is shown at its first line: GitHub shows nothing without a region.
    fn new(path: &str, range: Option<RangeView>) -> Self {
        let first_line = Region { start_line: 1, start_column: None, end_line: None, end_column: None };
        Self { artifact_location: ArtifactLocation::new(path), region: range.map_or(first_line, Region::from) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

impl ArtifactLocation {
    fn new(path: &str) -> Self {
        let encoded = utf8_percent_encode(path, PATH).to_string();
        if path.starts_with('/') {
            Self { uri: format!("file://{encoded}"), uri_base_id: None }
        } else {
            Self { uri: encoded, uri_base_id: Some(BASE) }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

impl From<RangeView> for Region {
    fn from(range: RangeView) -> Self {
        Self {
            start_line: range.start.line,
            start_column: Some(range.start.column),
            end_line: Some(range.end.line),
            end_column: Some(range.end.column),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Message,
    artifact_changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted_content: Option<Content<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    text: &'a str,
}
