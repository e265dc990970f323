//! The format of reviewdog, which comments on the lines of a pull request.

use std::io::{self, Write};

use serde::Serialize;

use super::item::{Item, items, suggestions};
use super::json::write_document;
use super::markdown::inert;
use super::view::{PlaceView, RangeView, Report, Severity};
use super::visible::visible;

/// Writes `report` as one JSON document. reviewdog writes messages into comments, where they are Markdown: markup that
/// comes from files is made inert.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let items = items(report);
    let diagnostics = items.iter().map(|item| diagnostic(report, item)).collect();
    let source = Source { name: "caulk", url: env!("CARGO_PKG_REPOSITORY") };
    write_document(&Document { source, diagnostics }, false, out)
}

fn diagnostic<'a>(report: &'a Report, item: &Item<'a>) -> Diagnostic<'a> {
    let labels = item.finding.map(|finding| finding.labels.as_slice()).unwrap_or_default();
    let related_locations = labels.iter().map(|label| RelatedLocation {
        message: inert(&visible(&label.message)),
        location: location(report, &label.path, Some(label.range)),
    });
    Diagnostic {
        message: inert(&item.message),
        location: location(report, item.path, item.range),
        severity: match item.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        code: Code { value: item.rule, url: item.url(report) },
        suggestions: item.finding.map(|finding| own_suggestions(report, finding)).unwrap_or_default(),
        related_locations: related_locations.collect(),
    }
}

/// A person accepts each suggestion by itself, so only a repair of a single edit in the finding's own file is one.
fn own_suggestions<'a>(report: &'a Report, finding: &super::view::FindingView) -> Vec<SuggestionOut<'a>> {
    let repairs = suggestions(report, finding).into_iter();
    repairs
        .filter_map(|suggestion| match suggestion.edits.as_slice() {
            [(path, at, text)] if *path == finding.path => {
                Some(SuggestionOut { range: range(report, path, *at), text })
            }
            _ => None,
        })
        .collect()
}

fn location(report: &Report, path: &str, at: Option<RangeView>) -> Location {
    Location { range: at.map(|at| range(report, path, at)), path: visible(path).into_owned() }
}

fn range(report: &Report, path: &str, range: RangeView) -> Range {
    let index = report.texts.get(path).map(|file| file.index());
    let position = |place: PlaceView| {
        let line_start = index.and_then(|index| index.line_start(place.line.checked_sub(1)?));
        let column = line_start.and_then(|start| place.offset.checked_sub(start)).map_or(place.column, |at| at + 1);
        Position { line: place.line, column }
    };
    Range { start: position(range.start), end: position(range.end) }
}

#[derive(Serialize)]
struct Document<'a> {
    source: Source,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<SuggestionOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<RelatedLocation>,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct RelatedLocation {
    message: String,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

/// Up to but not including `end`.
#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

/// Both count from 1, columns in bytes.
#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct SuggestionOut<'a> {
    range: Range,
    text: &'a str,
}
