//! Findings of severity info: a line for each, those of one rule together.

use std::io::{self, Write};

use super::super::paint::Tone;
use super::super::view::{FindingView, Severity};
use super::{NAMED, Page, is_shown};

/// Writes the infos of the report.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<(&str, Vec<&FindingView>)> = Vec::new();
    for finding in page.report.findings.iter().filter(|finding| !is_shown(finding)) {
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
