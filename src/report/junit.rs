//! A JUnit report, which nearly every service that runs tests can show: a suite for each project, a failed case for each
//! finding.

use std::io::{self, Write};

use super::item::{Item, items};
use super::view::{Report, Severity};
use super::visible::{is_hidden, visible};

/// How to write a JUnit report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JunitOptions {
    /// The least severity that makes a failed case; what is less bad is a passed one that says so. `None`: nothing fails.
    pub fail_on: Option<Severity>,
}

/// Writes `report` as an XML document.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, options: &JunitOptions, out: &mut dyn Write) -> io::Result<()> {
    let items = items(report);
    let mut suites: Vec<Suite> = Vec::new();
    let unreadable: Vec<_> = items.iter().filter(|item| item.finding.is_none()).collect();
    if !unreadable.is_empty() {
        suites.push(suite("reading", &unreadable, options));
    }
    for project in &report.projects {
        let own = |item: &&Item<'_>| item.finding.is_some_and(|finding| finding.project == project.id);
        let name = project.files.first().map_or(project.id.as_str(), String::as_str);
        suites.push(suite(name, &items.iter().filter(own).collect::<Vec<_>>(), options));
    }
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let (tests, failures, errors) = (sum(|suite| suite.tests), sum(|suite| suite.failures), sum(|suite| suite.errors));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="caulk" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    suites.iter().try_for_each(|suite| out.write_all(suite.text.as_bytes()))?;
    writeln!(out, "</testsuites>")
}

struct Suite {
    text: String,
    tests: usize,
    failures: usize,
    errors: usize,
}

fn suite(name: &str, items: &[&Item<'_>], options: &JunitOptions) -> Suite {
    let fails = |item: &&&Item<'_>| options.fail_on.is_some_and(|least| item.severity >= least);
    let (findings, problems): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.finding.is_some());
    let failures = findings.iter().filter(|item| fails(item)).count();
    let errors = problems.iter().filter(|item| fails(item)).count();
    let cases: String = if items.is_empty() {
        format!("    <testcase name=\"no leaks found\" classname=\"{}\"/>\n", escape(name))
    } else {
        items.iter().map(|item| case(item, fails(&item))).collect()
    };
    let tests = items.len().max(1);
    let head = format!(
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n",
        escape(name)
    );
    Suite { text: format!("{head}{cases}  </testsuite>\n"), tests, failures, errors }
}

fn case(item: &Item<'_>, fails: bool) -> String {
    let (path, line) = (escape(item.path), item.line());
    let (rule, severity) = (escape(item.rule), item.severity.as_str());
    let help = item.finding.and_then(|finding| finding.help.as_deref());
    let help = help.map(|help| format!("\nhelp: {}", visible(help))).unwrap_or_default();
    let text = escape(&format!("{}:{line}: {severity}: {}{help}", visible(item.path), item.message));
    let result = if fails {
        let element = if item.finding.is_some() { "failure" } else { "error" };
        let message = escape(&item.message);
        format!("      <{element} type=\"{severity}\" message=\"{message}\">{text}</{element}>\n")
    } else {
        format!("      <system-out>{text}</system-out>\n")
    };
    format!(
        "    <testcase name=\"{rule}: {path}:{line}\" classname=\"{path}\" file=\"{path}\" line=\"{line}\">\n{result}    </testcase>\n"
    )
}

/// Text for an element or for an attribute in double quotes. Characters that XML 1.0 does not know, or that a terminal
/// would obey, are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Services that read output for commands know `##[command]`.
            '#' if escaped.ends_with('#') => escaped.push_str("&#35;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            // Both are no characters, although Rust has them.
            '\u{fffe}' | '\u{ffff}' => {}
            c if is_hidden(c) => {}
            c => escaped.push(c),
        }
    }
    escaped
}
