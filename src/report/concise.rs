//! One line for each finding: `path:line:column: severity[rule] message`, which editors and `grep` understand.

use std::io::{self, Write};

use super::item::items;
use super::view::Report;
use super::visible::without_commands;

/// Writes `report`, one line for each problem and finding. Columns count Unicode scalar values from 1.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for item in items(report) {
        let path = item.shown_path();
        let column = item.range.map_or(1, |range| range.start.column);
        let (line, severity, rule) = (item.line(), item.severity.as_str(), item.rule);
        let text = format!("{path}:{line}:{column}: {severity}[{rule}] {}", item.message);
        writeln!(out, "{}", without_commands(&text))?;
    }
    Ok(())
}
