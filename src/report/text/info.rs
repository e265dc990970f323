//! Findings of severity info: a line for each, those of one rule together.

use std::io::{self, Write};

use super::super::paint::Tone;
use super::super::view::{FindingView, Severity};
use super::{NAMED, Page, is_shown};

/// The rule whose infos are told in passing: a web site is published to be reached, and its owner knows that it is.
const IN_PASSING: &str = "public-port";

/// True for what gets no lines of its own, unless everything is wanted.
pub(super) fn is_in_passing(page: &Page<'_>, finding: &FindingView) -> bool {
    !page.options.verbose && !is_shown(finding) && finding.rule == IN_PASSING
}

/// True for a repair that only settles such things: nobody is urged to make it.
pub(super) fn is_repair_in_passing(page: &Page<'_>, id: &str) -> bool {
    let mut settled =
        page.report.findings.iter().filter(|finding| finding.repairs.iter().any(|other| other == id)).peekable();
    settled.peek().is_some() && settled.all(|finding| is_in_passing(page, finding))
}

/// Writes one line for all that is told in passing.
pub(super) fn in_passing(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let line = match page.report.findings.iter().filter(|finding| is_in_passing(page, finding)).count() {
        0 => return Ok(()),
        1 => "1 port of another service is published on every address (--verbose names it)".to_owned(),
        count => format!("{count} ports of other services are published on every address (--verbose names them)"),
    };
    writeln!(out, "{}", page.painter.hang("  ", Tone::Plain, &line))
}

/// Writes the infos of the report.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<(&str, Vec<&FindingView>)> = Vec::new();
    for finding in page.report.findings.iter().filter(|finding| !is_shown(finding) && !is_in_passing(page, finding)) {
        match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, findings)) => findings.push(finding),
            None => rules.push((&finding.rule, vec![finding])),
        }
    }
    for (rule, findings) in &rules {
        if let [finding] = findings.as_slice() {
            page.headline(Severity::Info, &one_line(finding), rule, out)?;
        } else {
            page.headline(Severity::Info, &format!("{} of these:", findings.len()), rule, out)?;
            let named = if page.options.verbose || findings.len() <= NAMED + 1 { findings.len() } else { NAMED };
            for finding in findings.iter().take(named) {
                writeln!(out, "{}", page.painter.hang("           ", Tone::Plain, &one_line(finding)))?;
            }
            if named < findings.len() {
                let more = format!("and {} more (--verbose names them)", findings.len() - named);
                writeln!(out, "{}", page.painter.hang("           ", Tone::Plain, &more))?;
            }
        }
    }
    if rules.is_empty() { Ok(()) } else { writeln!(out) }
}

fn one_line(finding: &FindingView) -> String {
    let assumes = if finding.assumes.is_empty() {
        String::new()
    } else {
        format!(", as long as {}", finding.assumes.join(" and "))
    };
    format!("{}{assumes} ({}:{})", finding.message, finding.path, finding.range.start.line)
}
