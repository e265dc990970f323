//! Lines of a file with marks under them.
//!
//! Drawn here, with the characters and colours of miette's themes, because its own renderer frames each place by
//! itself, shows lines as they are (escape sequences, passwords) and does not cut them to the width.

use unicode_width::UnicodeWidthStr;

use super::mask::secret_parts;
use super::paint::{Painter, Tone};
use super::view::{FileText, RangeView};
use super::visible::push_visible;
use crate::text::Span;

/// What stands in the place of a secret, whatever its length.
const MASK: &str = "***";
/// Columns between the stops that tabs go to.
const TAB: usize = 4;
/// Bytes of the longest line that is shown; a minified file would take more time and memory than it is worth.
const LONGEST: usize = 10_000;
/// Columns that are kept before a mark when the start of its line is cut off.
const BEFORE: usize = 16;

/// A place with something to say about it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Where.
    pub range: RangeView,
    /// What; may be empty.
    pub message: String,
    /// Its colour.
    pub tone: Tone,
}

/// How to show lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Columns of the line numbers.
    pub digits: usize,
    /// Whether secrets are shown.
    pub show_secrets: bool,
}

/// The lines of `file` that have `marks`, and `context` (line numbers that count from 0), each with its number and with
/// underlines below. Lines in between are left out.
pub(super) fn snippet(painter: &Painter, frame: Frame, file: &FileText, marks: &[Mark], context: &[usize]) -> String {
    let mut lines: Vec<usize> = marks
        .iter()
        .map(|mark| file.index().line_of(start_of(file, mark.range)))
        .chain(context.iter().copied())
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let mut result = String::new();
    for number in lines {
        let Some(span) = file.line(number) else { continue };
        let mut here: Vec<&Mark> =
            marks.iter().filter(|mark| file.index().line_of(start_of(file, mark.range)) == number).collect();
        here.sort_by_key(|mark| (mark.range.start.offset, mark.range.end.offset));
        show_line(painter, frame, file, number, span, &here, &mut result);
    }
    result
}

/// Offset at which a range starts, inside the text whatever the range says.
fn start_of(file: &FileText, range: RangeView) -> usize {
    range.start.offset.min(file.text().len())
}

fn show_line(
    painter: &Painter,
    frame: Frame,
    file: &FileText,
    number: usize,
    span: Span,
    marks: &[&Mark],
    result: &mut String,
) {
    let bar = painter.characters().vbar;
    let gutter = format!("  {:>digits$} {bar} ", number + 1, digits = frame.digits);
    let blank_gutter = format!("  {:>digits$} {bar} ", "", digits = frame.digits);
    let room = painter.width().saturating_sub(gutter.width()).max(20);
    let cells = Cells::new(file, span, frame.show_secrets);
    let first_mark = marks.first().map(|mark| cells.columns(mark.range)).unwrap_or((0, 0));
    let window = Window::new(&cells, room, first_mark, painter.ellipsis());

    result.push_str(&painter.paint(Tone::Dim, &gutter));
    result.push_str(window.text.trim_end());
    result.push('\n');
    for (at, mark) in marks.iter().enumerate() {
        let said_again = marks.get(at + 1).is_some_and(|next| next.range == mark.range && next.message == mark.message);
        if said_again {
            continue;
        }
        let (start, end) = cells.columns(mark.range);
        let (start, end) = (window.place(start), window.place(end).max(window.place(start) + 1));
        let underline: String = std::iter::repeat_n(painter.characters().underline, end - start).collect();
        result.push_str(&painter.paint(Tone::Dim, &blank_gutter));
        result.push_str(&" ".repeat(start));
        result.push_str(&painter.paint(mark.tone, &underline));
        say(painter, mark, &blank_gutter, (start, end), room, result);
    }
}

/// Writes the message of `mark` after its underline if it fits there, else below.
fn say(painter: &Painter, mark: &Mark, gutter: &str, (start, end): (usize, usize), room: usize, result: &mut String) {
    let beside = painter.wrap(&mark.message, usize::MAX);
    let message = beside.first().map_or("", String::as_str);
    if message.is_empty() {
        result.push('\n');
    } else if end + 1 + message.width() <= room {
        result.push(' ');
        result.push_str(&painter.paint(mark.tone, message));
        result.push('\n');
    } else {
        result.push('\n');
        let indent = start.min(room.saturating_sub(50));
        for line in painter.wrap(&mark.message, room - indent) {
            result.push_str(&painter.paint(Tone::Dim, gutter));
            result.push_str(&" ".repeat(indent));
            result.push_str(&painter.paint(mark.tone, &line));
            result.push('\n');
        }
    }
}

/// A line as it is shown, piece by piece.
struct Cells {
    cells: Vec<Cell>,
    width: usize,
}

/// What is shown in the place of some bytes: a character, or a mask for a whole secret.
struct Cell {
    /// The bytes, in the file.
    span: Span,
    /// What is shown.
    text: String,
    /// Column of its start, counted from 0.
    column: usize,
    /// Number of columns.
    width: usize,
}

impl Cells {
    fn new(file: &FileText, line: Span, show_secrets: bool) -> Self {
        let mut result = Self { cells: Vec::new(), width: 0 };
        if line.len() > LONGEST {
            result.push(line, format!("(a line of {} bytes)", line.len()));
            return result;
        }
        let secrets = if show_secrets { Vec::new() } else { secret_parts(file, line) };
        let mut masked_to = 0;
        for (at, c) in line.slice(file.text()).char_indices() {
            let span = Span::new(line.start + at, line.start + at + c.len_utf8());
            let secret = secrets.iter().find(|secret| secret.start < span.end && span.start < secret.end);
            match secret {
                _ if span.start < masked_to => {}
                Some(secret) => {
                    masked_to = secret.end;
                    result.push(*secret, MASK.to_owned());
                }
                None if c == '\u{feff}' && span.start == 0 => {}
                None if c == '\t' => result.push(span, " ".repeat(TAB - result.width % TAB)),
                None => {
                    let mut text = String::new();
                    push_visible(&mut text, c);
                    result.push(span, text);
                }
            }
        }
        result
    }

    fn push(&mut self, span: Span, text: String) {
        let width = text.width();
        self.cells.push(Cell { span, text, column: self.width, width });
        self.width += width;
    }

    /// The columns that show `range`, as far as it lies on this line, without blanks at its end; at least one.
    fn columns(&self, range: RangeView) -> (usize, usize) {
        let covered =
            self.cells.iter().filter(|cell| cell.span.end > range.start.offset && cell.span.start < range.end.offset);
        let is_blank = |cell: &&Cell| cell.text.trim().is_empty();
        let last = covered.clone().rfind(|cell| !is_blank(cell)).or_else(|| covered.clone().next_back());
        let first = self.cells.iter().find(|cell| cell.span.end > range.start.offset);
        let start = first.map_or(self.width, |cell| cell.column);
        let end = last.map_or(0, |cell| cell.column + cell.width);
        (start, end.max(start + 1))
    }
}

/// The part of a line that fits.
struct Window {
    text: String,
    /// First column that is shown.
    from: usize,
    /// Column after the last one that is shown.
    to: usize,
    /// Columns that the sign for a cut takes at the start.
    shift: usize,
}

impl Window {
    fn new(cells: &Cells, room: usize, (start, end): (usize, usize), ellipsis: &str) -> Self {
        let sign = ellipsis.width();
        if cells.width <= room {
            let text = cells.cells.iter().map(|cell| cell.text.as_str()).collect();
            return Self { text, from: 0, to: cells.width, shift: 0 };
        }
        let from = if end + sign <= room { 0 } else { start.saturating_sub(BEFORE) };
        let shift = if from > 0 { sign } else { 0 };
        let to = from + room - shift - sign;
        let shown = cells.cells.iter().filter(|cell| from <= cell.column && cell.column + cell.width <= to);
        // A wide character at the edge may be left out: what is shown starts where the next one does.
        let from = shown.clone().next().map_or(from, |cell| cell.column);
        let mut text = if shift > 0 { ellipsis.to_owned() } else { String::new() };
        text.extend(shown.map(|cell| cell.text.as_str()));
        if to < cells.width {
            text.push_str(ellipsis);
        }
        Self { text, from, to, shift }
    }

    /// Where `column` of the line is on the screen, or the edge that is nearer to it.
    fn place(&self, column: usize) -> usize {
        column.clamp(self.from, self.to.max(self.from)) - self.from + self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::super::paint::Look;
    use super::*;

    /// The lines of `text` around `what`, with `message` at it.
    fn shown(text: &str, what: &str, message: &str, width: usize) -> String {
        let painter = Painter::new(Look { width, colors: false, unicode: true, links: false });
        let file = FileText::new(text.into(), Vec::new());
        let start = text.find(what).expect("it is there");
        let range = RangeView::new(text, file.index(), Span::new(start, start + what.len()));
        let mark = Mark { range, message: message.into(), tone: Tone::Plain };
        snippet(&painter, Frame { digits: 3, show_secrets: false }, &file, &[mark], &[])
    }

    #[test]
    fn the_underline_stands_below_what_it_speaks_of() {
        let cases = [
            ("services:\n  redis:\n", "redis", "    2 │   redis:\n      │   ━━━━━ here\n"),
            ("a: 世界 \"80\"\r\n", "80", "    1 │ a: 世界 \"80\"\n      │          ━━ here\n"),
            ("\ta: 1\n", "1", "    1 │     a: 1\n      │        ━ here\n"),
            ("\u{feff}a: 1", "a", "    1 │ a: 1\n      │ ━ here\n"),
            ("A=\u{1b}[2J B", "B", "    1 │ A=\\u{1b}[2J B\n      │             ━ here\n"),
            ("U=redis://:hunter2@h/0", "@h", "    1 │ U=redis://:***@h/0\n      │               ━━ here\n"),
            ("U=redis://:hunter2@h/0", "unter", "    1 │ U=redis://:***@h/0\n      │            ━━━ here\n"),
            ("a:\n  - b\n  - c\n", "- b\n  - c\n", "    2 │   - b\n      │   ━━━ here\n"),
        ];
        for (text, what, expected) in cases {
            assert_eq!(shown(text, what, "here", 80), expected);
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("key: {}MARK{}", "a".repeat(100), "b".repeat(100));
        let lines = shown(&text, "MARK", "this is what is wrong", 48);
        assert_eq!(
            lines,
            "    1 │ …aaaaaaaaaaaaaaaaMARKbbbbbbbbbbbbbbbbbb…\n      │                  ━━━━\n      │ this is what is wrong\n"
        );
        assert!(lines.lines().all(|line| line.width() <= 48), "{lines}");
    }

    #[test]
    fn a_huge_line_is_only_named() {
        let text = format!("{{a: {}}}\nb: 1\n", "x".repeat(20_000));
        let expected = "    1 │ (a line of 20005 bytes)\n      │ ━━━━━━━━━━━━━━━━━━━━━━━ here\n";
        assert_eq!(shown(&text, "xxx", "here", 80), expected);
    }

    #[test]
    fn a_range_that_the_text_does_not_have_is_harmless() {
        let painter = Painter::new(Look { width: 80, colors: false, unicode: false, links: false });
        let file = FileText::new("é".into(), Vec::new());
        let place = |offset| super::super::view::PlaceView { line: 9, column: 9, offset };
        for (start, end) in [(1, 1), (7, 9), (0, 99), (2, 0)] {
            let range = RangeView { start: place(start), end: place(end) };
            let mark = Mark { range, message: "x".into(), tone: Tone::Plain };
            let lines = snippet(&painter, Frame { digits: 1, show_secrets: false }, &file, &[mark], &[77]);
            assert!(lines.starts_with("  1 | é\n"), "{lines}");
        }
    }
}
