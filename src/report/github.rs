//! Annotations of GitHub Actions: workflow commands, one for each finding, which a job writes to its log.

use std::io::{self, Write};

use super::item::{Item, items};
use super::view::{Report, Severity};
use super::visible::visible;

/// Writes `report`, one workflow command for each problem and finding.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    items(report).iter().try_for_each(|item| writeln!(out, "{}", command(item)))
}

fn command(item: &Item<'_>) -> String {
    let command = match item.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = vec![format!("file={}", property(item.path)), format!("line={}", item.line())];
    if let Some(range) = item.range {
        properties.push(format!("endLine={}", range.end.line));
        // Columns are allowed only within one line.
        if range.start.line == range.end.line {
            properties.push(format!("col={}", range.start.column));
            properties.push(format!("endColumn={}", range.end.column));
        }
    }
    properties.push(format!("title={}", property(&format!("caulk: {}", item.rule))));
    let help =
        item.finding.and_then(|finding| finding.help.as_deref()).map(|help| format!("\nhelp: {}", visible(help)));
    let text = format!("{}{}", item.message, help.unwrap_or_default());
    format!("::{command} {}::{}", properties.join(","), data(&text))
}

/// A text behind `::`, as the runner's own library escapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, as the runner's own library escapes it.
fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}
