//! From byte offsets to lines and columns.

/// A place as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Counts from 1.
    pub line: usize,
    /// Counts from 1, in Unicode scalar values.
    pub column: usize,
}

/// Where each line of a text starts. Lines end at `\n`.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// The index of `text`.
    pub fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The place of byte `offset` in `text`, which must be the text that the index was made of.
    /// A byte order mark has no column. An offset behind the text counts as its end.
    pub fn line_column(&self, text: &str, offset: usize) -> LineColumn {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let before = &text[self.starts[line]..offset];
        let column = before.chars().filter(|c| *c != '\u{feff}').count();
        LineColumn { line: line + 1, column: column + 1 }
    }

    /// The line that holds byte `offset`, counted from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// Byte offset at which `line` (counted from 0) starts; `None` behind the last line.
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    /// Number of lines; a text that ends with a line break has an empty last one.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let text = "a: é🚀x\r\nb: 1\n";
        let index = LineIndex::new(text);
        let place = |needle: &str| index.line_column(text, text.find(needle).expect("in the text"));
        assert_eq!(place("x"), LineColumn { line: 1, column: 6 });
        assert_eq!(place("b"), LineColumn { line: 2, column: 1 });
        assert_eq!(index.line_column(text, 999), LineColumn { line: 3, column: 1 });
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}a: 1";
        assert_eq!(LineIndex::new(text).line_column(text, 3), LineColumn { line: 1, column: 1 });
    }
}
