//! Changes inside a scalar: from bytes of its value to bytes of the text.

use std::ops::Range;

use super::{Document, Kind, NodeId, Style, fragment};
use crate::text::{Edit, Span};

/// A run of a scalar's value and the text that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chunk {
    value: Range<usize>,
    source: Span,
    /// True if the bytes are the same; false for an escape or a folded line break, which only move as a whole.
    same: bool,
}

impl Document {
    /// The bytes of the text from which the bytes `range` of the scalar's value come; `None` if `id` is no scalar
    /// or the range cuts an escape.
    pub fn value_span(&self, id: NodeId, range: Range<usize>) -> Option<Span> {
        let chunks = self.chunks(id)?;
        let end_of_value = chunks.last().map_or(0, |chunk| chunk.value.end);
        if range.end > end_of_value {
            return None;
        }
        let start = start_in(&chunks, range.start, self.content(id)?)?;
        if range.is_empty() {
            return Some(Span::at(start));
        }
        let last = chunks.iter().find(|chunk| chunk.value.start < range.end && range.end <= chunk.value.end)?;
        let end = if last.value.end == range.end {
            last.source.end
        } else if last.same {
            last.source.start + (range.end - last.value.start)
        } else {
            return None;
        };
        (start <= end).then(|| Span::new(start, end))
    }

    /// The edit that puts `new` in the place of the bytes `range` of the scalar's value, written in the scalar's style.
    /// A plain scalar that would no longer be one is quoted as a whole. `None` where this can't be written so.
    pub fn splice(&self, id: NodeId, range: Range<usize>, new: &str) -> Option<Edit> {
        let node = self.node(id);
        let Kind::Scalar { value, style } = &node.kind else { return None };
        let after = format!("{}{new}{}", value.get(..range.start)?, value.get(range.end..)?);
        let place = self.value_span(id, range);
        match (style, place) {
            (Style::Plain, Some(span)) if !new.contains('\n') && fragment::is_plain_text(&after, node.flow) => {
                Some(Edit::replace(span, new))
            }
            (Style::Plain, _) => {
                // Folded lines would become one; that is no longer a small change.
                let lines = node.span.slice(&self.text).contains('\n');
                (!lines).then(|| Edit::replace(node.span, fragment::quoted(&after)))
            }
            (Style::Single, Some(span)) if !new.contains(['\n', '\r']) => {
                Some(Edit::replace(span, new.replace('\'', "''")))
            }
            (Style::Double, Some(span)) => Some(Edit::replace(span, fragment::escaped(new))),
            (Style::Literal | Style::Folded, Some(span)) if !new.contains('\n') => Some(Edit::replace(span, new)),
            _ => None,
        }
    }

    /// The place between the quotes, or the whole of an unquoted scalar.
    fn content(&self, id: NodeId) -> Option<Span> {
        let node = self.node(id);
        let Kind::Scalar { style, .. } = &node.kind else { return None };
        Some(match style {
            Style::Single | Style::Double if node.span.len() >= 2 => Span::new(node.span.start + 1, node.span.end - 1),
            _ => node.span,
        })
    }

    /// The runs of the value, checked against the value that the parser gave.
    fn chunks(&self, id: NodeId) -> Option<Vec<Chunk>> {
        let Kind::Scalar { value, style } = &self.node(id).kind else { return None };
        let content = self.content(id)?;
        let mut reader = Reader { text: &self.text, chunks: Vec::new(), value: String::new() };
        match style {
            Style::Plain => reader.flow_lines(content, |_, _| None),
            Style::Single => {
                reader.flow_lines(content, |text, at| text[at..].starts_with("''").then(|| (2, "'".to_owned())))
            }
            Style::Double => reader.flow_lines(content, double_escape),
            Style::Literal => reader.block_lines(content, false),
            Style::Folded => reader.block_lines(content, true),
        }
        // Chomping cuts line breaks at the end of a block scalar.
        while reader.value.len() > value.len() && reader.value.ends_with('\n') {
            reader.value.pop();
            reader.chunks.pop();
        }
        (reader.value == *value).then_some(reader.chunks)
    }
}

/// The source offset at which byte `at` of the value stands.
fn start_in(chunks: &[Chunk], at: usize, content: Span) -> Option<usize> {
    match chunks.iter().find(|chunk| chunk.value.start <= at && at < chunk.value.end) {
        Some(chunk) if chunk.value.start == at => Some(chunk.source.start),
        Some(chunk) if chunk.same => Some(chunk.source.start + (at - chunk.value.start)),
        Some(_) => None,
        None => Some(chunks.last().map_or(content.start, |chunk| chunk.source.end)),
    }
}

struct Reader<'t> {
    text: &'t str,
    chunks: Vec<Chunk>,
    value: String,
}

impl Reader<'_> {
    fn push(&mut self, value: &str, source: Span, same: bool) {
        if value.is_empty() && source.is_empty() {
            return;
        }
        let range = self.value.len()..self.value.len() + value.len();
        self.value.push_str(value);
        match self.chunks.last_mut() {
            Some(last) if last.same && same && last.source.end == source.start => {
                last.value.end = range.end;
                last.source.end = source.end;
            }
            _ => self.chunks.push(Chunk { value: range, source, same }),
        }
    }

    /// Plain and quoted scalars: a line break is a blank, each further one a line break.
    fn flow_lines(&mut self, content: Span, escape: fn(&str, usize) -> Option<(usize, String)>) {
        let text = self.text;
        let mut at = content.start;
        while at < content.end {
            let Some(c) = text[at..content.end].chars().next() else { break };
            if let Some((length, value)) = escape(text, at) {
                self.push(&value, Span::new(at, (at + length).min(content.end)), false);
                at += length;
            } else if c == '\n' || c == '\r' || (c == ' ' || c == '\t') && at_line_end(text, at, content.end) {
                let end = content.end - text[at..content.end].trim_start_matches([' ', '\t', '\r', '\n']).len();
                let breaks = text[at..end].matches('\n').count();
                let folded = if breaks == 0 {
                    text[at..end].to_owned()
                } else if breaks == 1 {
                    " ".to_owned()
                } else {
                    "\n".repeat(breaks - 1)
                };
                self.push(&folded, Span::new(at, end), breaks == 0);
                at = end;
            } else {
                self.push(c.encode_utf8(&mut [0; 4]), Span::new(at, at + c.len_utf8()), true);
                at += c.len_utf8();
            }
        }
    }

    /// Literal and folded scalars.
    fn block_lines(&mut self, content: Span, folded: bool) {
        let text = self.text;
        let Some(header) = text[content.start..content.end].find('\n') else { return };
        let mut lines = Vec::new();
        let mut at = content.start + header + 1;
        while at < content.end {
            let end = text[at..content.end].find('\n').map_or(content.end, |next| at + next + 1);
            lines.push(Span::new(at, end));
            at = end;
        }
        let blank = |line: Span| line.slice(text).trim_matches([' ', '\r', '\n']).is_empty();
        let indent_of = |line: Span| line.len() - line.slice(text).trim_start_matches(' ').len();
        let Some(indent) = lines.iter().copied().filter(|line| !blank(*line)).map(indent_of).next() else { return };
        let kept = |line: Span| Span::new(line.start + indent.min(line.len()), line.end);
        let more_indented = |line: Span| kept(line).slice(text).starts_with([' ', '\t']);
        for (number, line) in lines.iter().copied().enumerate() {
            let line_text = line.slice(text);
            let body_end = line.start + line_text.trim_end_matches(['\r', '\n']).len();
            let body = if blank(line) { Span::at(body_end) } else { Span::new(kept(line).start, body_end) };
            self.push(body.slice(text), body, true);
            if !line_text.ends_with('\n') {
                continue;
            }
            let next = lines.get(number + 1).copied();
            let joins = folded && !blank(line) && !more_indented(line);
            let break_text = match next {
                Some(next) if joins && !blank(next) && !more_indented(next) => " ",
                Some(next) if joins && blank(next) => {
                    // The first break before blank lines vanishes, unless more-indented text follows them.
                    let follower = lines[number + 1..].iter().copied().find(|line| !blank(*line));
                    if follower.is_some_and(|line| !more_indented(line)) { "" } else { "\n" }
                }
                _ => "\n",
            };
            self.push(break_text, Span::new(body_end, line.end), false);
        }
    }
}

fn at_line_end(text: &str, at: usize, end: usize) -> bool {
    text[at..end].trim_start_matches([' ', '\t']).starts_with(['\r', '\n'])
}

/// The escape of a double-quoted scalar that starts at `at`: its length in the text, and its value.
fn double_escape(text: &str, at: usize) -> Option<(usize, String)> {
    let rest = text[at..].strip_prefix('\\')?;
    let c = rest.chars().next()?;
    let hex = |digits: usize| {
        let code = u32::from_str_radix(rest.get(1..1 + digits)?, 16).ok()?;
        Some((2 + digits, char::from_u32(code)?.to_string()))
    };
    let simple = match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => c,
        'x' => return hex(2),
        'u' => return hex(4),
        'U' => return hex(8),
        '\n' | '\r' => {
            let skipped = rest.len()
                - rest.trim_start_matches('\r').trim_start_matches('\n').trim_start_matches([' ', '\t']).len();
            return Some((1 + skipped, String::new()));
        }
        _ => return None,
    };
    Some((1 + c.len_utf8(), simple.to_string()))
}
