//! Counts for each rule.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::paint::Tone;
use super::super::view::{Applicability, Severity};
use super::Page;

/// Writes a line for each rule that found something: how often, how bad, whether `--fix` can help.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = page.report;
    let is_safe = |id: &String| {
        let repair = report.repairs.iter().find(|repair| repair.id == *id);
        repair.is_some_and(|repair| repair.applicability == Applicability::Safe && repair.held_back.is_empty())
    };
    let mut counts: BTreeMap<(std::cmp::Reverse<Severity>, &str), (usize, usize)> = BTreeMap::new();
    for finding in &report.findings {
        let (count, fixable) = counts.entry((std::cmp::Reverse(finding.severity), &finding.rule)).or_default();
        *count += 1;
        *fixable += usize::from(finding.repairs.iter().any(is_safe));
    }
    let columns = counts.keys().map(|(_, rule)| rule.len()).max().unwrap_or(0);
    for ((severity, rule), (count, fixable)) in &counts {
        let severity = severity.0;
        let word = page.painter.paint(Tone::Severity(severity), &format!("{:<7}", severity.as_str()));
        let fixable = if *fixable > 0 { format!("  {fixable} with --fix") } else { String::new() };
        writeln!(
            out,
            "{count:>5}  {word}  {}",
            page.painter.paint(Tone::Plain, format!("{rule:<columns$}{fixable}").trim_end())
        )?;
    }
    if counts.is_empty() { Ok(()) } else { writeln!(out) }
}
