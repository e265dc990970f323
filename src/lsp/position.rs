//! Places in a text: bytes, as caulk counts, and lines with columns, as an editor counts.

use lsp_types::{Position, Range};

use crate::text::Span;

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units: what every client knows.
    Utf16,
}

/// A text with its lines, which end at `\n`, `\r\n` or `\r`, as the protocol has it.
pub struct Lines<'t> {
    text: &'t str,
    encoding: Encoding,
    /// Byte offset of the start of each line.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of a text that the client holds.
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { text, encoding, starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// The lines of a file that no editor has open. Editors take a byte order mark away when they open one.
    pub fn of_file(text: &'t str, encoding: Encoding) -> Self {
        let mut lines = Self::new(text, encoding);
        if text.starts_with('\u{feff}') {
            lines.starts[0] = '\u{feff}'.len_utf8();
        }
        lines
    }

    /// The byte at a place. A place outside of the text counts as the nearest one in it.
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else { return self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let content = self.text.get(start..end).unwrap_or_default().trim_end_matches(['\r', '\n']);
        let wanted = position.character as usize;
        let mut column = 0;
        for (at, char) in content.char_indices() {
            column += self.width(char);
            // A column inside of a character stands for its start.
            if column > wanted {
                return start + at;
            }
        }
        start + content.len()
    }

    /// The place of a byte. An offset behind the text counts as its end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let before = self.text.get(self.starts[line]..offset).unwrap_or_default();
        let column: usize = before.chars().map(|char| self.width(char)).sum();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: number(line), character: number(column) }
    }

    /// The range of a span.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    /// The span of a range. One that ends before it starts is empty.
    pub fn span(&self, range: Range) -> Span {
        let start = self.offset(range.start);
        Span::new(start, self.offset(range.end).max(start))
    }

    fn width(&self, char: char) -> usize {
        match self.encoding {
            Encoding::Utf8 => char.len_utf8(),
            Encoding::Utf16 => char.len_utf16(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: é🚀x\r\nb\rc\n";

    fn place(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_what_the_client_counts() {
        let x = TEXT.find('x').expect("it is there");
        for (encoding, column) in [(Encoding::Utf8, 9), (Encoding::Utf16, 6)] {
            let lines = Lines::new(TEXT, encoding);
            assert_eq!(lines.position(x), place(0, column));
            assert_eq!(lines.offset(place(0, column)), x);
        }
    }

    #[test]
    fn lines_end_at_every_kind_of_line_break() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        let c = TEXT.find('c').expect("it is there");
        assert_eq!(lines.position(c), place(2, 0));
        assert_eq!(lines.position(TEXT.len()), place(3, 0));
    }

    #[test]
    fn a_place_outside_is_the_nearest_inside() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        assert_eq!(lines.offset(place(0, 999)), TEXT.find("\r\n").expect("it is there"));
        assert_eq!(lines.offset(place(999, 0)), TEXT.len());
        // The second half of a surrogate pair.
        assert_eq!(lines.offset(place(0, 5)), TEXT.find('🚀').expect("it is there"));
        let reversed = Range { start: place(2, 0), end: place(0, 0) };
        assert!(lines.span(reversed).is_empty());
    }

    #[test]
    fn an_editor_shows_no_byte_order_mark() {
        let text = "\u{feff}a: 1\n";
        assert_eq!(Lines::of_file(text, Encoding::Utf8).position(3), place(0, 0));
        assert_eq!(Lines::of_file(text, Encoding::Utf8).offset(place(0, 0)), 3);
        assert_eq!(Lines::of_file(text, Encoding::Utf8).position(0), place(0, 0));
    }
}
