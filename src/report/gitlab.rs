//! GitLab's code quality report, which a merge request shows.

use std::io::{self, Write};

use serde::Serialize;

use super::item::items;
use super::json::write_document;
use super::view::{Report, Severity};

/// Writes `report` as one JSON document.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let items = items(report);
    let issues = items.iter().map(|item| Issue {
        description: &item.message,
        check_name: item.rule,
        fingerprint: &item.fingerprint,
        severity: match item.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: Location {
            path: item.path,
            lines: Lines { begin: item.line(), end: item.range.map_or(1, |range| range.end.line) },
        },
    });
    write_document(&issues.collect::<Vec<_>>(), false, out)
}

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

/// Counted from 1, both shown.
#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}
