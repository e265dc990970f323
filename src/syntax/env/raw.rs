//! The rules of `format: raw`: a line is a variable, and nothing in it is quoted, escaped or interpolated.

use super::super::Problem;
use super::{Entry, EnvFile, EnvValue, EscapeMap, Format, rest_of_line};
use crate::text::Span;

/// Bytes of a line from which on the reference gives up.
const MAX_LINE: usize = 64 * 1024;

/// Reads all of `text`.
pub(super) fn scan(text: &str) -> (EnvFile, Vec<Problem>) {
    let mut file = EnvFile { format: Format::Raw, entries: Vec::new(), comments: Vec::new() };
    let mut problems = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for line in text[at..].split_inclusive('\n') {
        scan_line(text, at, line, &mut file, &mut problems);
        at += line.len();
    }
    (file, problems)
}

fn scan_line(text: &str, at: usize, line: &str, file: &mut EnvFile, problems: &mut Vec<Problem>) {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.len() >= MAX_LINE {
        problems.push(Problem::new(Span::new(at, at + line.len()), "the line is longer than Compose reads"));
        return;
    }
    let line = line.strip_suffix('\r').unwrap_or(line);
    let content = line.trim_start();
    let start = at + line.len() - content.len();
    let span = Span::new(start, start + content.len());
    if content.is_empty() {
        return;
    }
    if content.starts_with('#') {
        file.comments.push(rest_of_line(text, start));
        return;
    }
    let separator = content.find('=');
    let key = &content[..separator.unwrap_or(content.len())];
    let key_span = Span::new(start, start + key.len());
    if key.is_empty() {
        problems.push(Problem::new(span, "no variable name on line"));
        return;
    }
    if key.contains([' ', '\t']) {
        problems.push(Problem::new(key_span, "variable name contains whitespaces"));
        return;
    }
    let value = separator.map(|separator| {
        let span = Span::new(start + separator + 1, span.end);
        EnvValue {
            span,
            inner: span,
            quote: None,
            text: span.slice(text).to_owned(),
            escapes: EscapeMap::verbatim(span),
            interpolated: false,
            template: None,
        }
    });
    file.entries.push(Entry {
        span,
        key: key.to_owned(),
        key_span,
        export_span: None,
        value,
        swallowed_by_end_of_file: false,
    });
}
