//! Where each byte of an unescaped text was written.

use std::ops::Range;

use crate::text::Span;

/// Maps byte ranges of a decoded text (quotes and escapes taken away) to spans of the text that it was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscapeMap {
    runs: Vec<Run>,
    /// The place of a decoded text of no bytes.
    start: usize,
}

/// A piece of the decoded text; runs follow each other without gap.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    decoded: Span,
    source: Span,
    /// Copied byte for byte; otherwise the source is one escape, which has no inner places.
    verbatim: bool,
}

impl EscapeMap {
    /// The map of a text without escapes, written at `source`.
    pub fn verbatim(source: Span) -> Self {
        let mut map = Self::starting_at(source.start);
        map.push(source, source.len(), true);
        map
    }

    /// The span in which the bytes `decoded` of the decoded text were written. A range that cuts an escape covers
    /// all of it; an empty range is the place before its byte; what lies behind the text counts as its end.
    pub fn source(&self, decoded: Range<usize>) -> Span {
        let start = self.start_of(decoded.start);
        if decoded.end <= decoded.start {
            return Span::at(start);
        }
        Span::new(start, self.end_of(decoded.end).max(start))
    }

    fn start_of(&self, offset: usize) -> usize {
        match self.run_at(offset) {
            Some(run) if run.verbatim => run.source.start + (offset - run.decoded.start),
            Some(run) => run.source.start,
            None => self.runs.last().map_or(self.start, |run| run.source.end),
        }
    }

    fn end_of(&self, offset: usize) -> usize {
        match offset.checked_sub(1).and_then(|last| self.run_at(last)) {
            Some(run) if run.verbatim => run.source.start + (offset - run.decoded.start),
            Some(run) => run.source.end,
            None => self.runs.last().map_or(self.start, |run| run.source.end),
        }
    }

    fn run_at(&self, offset: usize) -> Option<&Run> {
        let index = self.runs.partition_point(|run| run.decoded.end <= offset);
        self.runs.get(index)
    }

    fn starting_at(start: usize) -> Self {
        Self { runs: Vec::new(), start }
    }

    fn push(&mut self, source: Span, decoded_len: usize, verbatim: bool) {
        if decoded_len == 0 {
            return;
        }
        let at = self.runs.last().map_or(0, |run| run.decoded.end);
        if let Some(last) = self.runs.last_mut()
            && verbatim
            && last.verbatim
            && last.source.end == source.start
        {
            last.source.end = source.end;
            last.decoded.end += decoded_len;
            return;
        }
        self.runs.push(Run { decoded: Span::new(at, at + decoded_len), source, verbatim });
    }
}

/// Builds a decoded text together with its map.
pub(super) struct Decoder<'a> {
    source: &'a str,
    text: String,
    map: EscapeMap,
}

impl<'a> Decoder<'a> {
    /// Decodes from `source`; a text of no bytes will lie at `start`.
    pub(super) fn new(source: &'a str, start: usize) -> Self {
        Self { source, text: String::new(), map: EscapeMap::starting_at(start) }
    }

    /// Takes the bytes of `span` as they are.
    pub(super) fn copy(&mut self, span: Span) {
        let text = span.slice(self.source);
        self.map.push(span, text.len(), true);
        self.text.push_str(text);
    }

    /// Takes `decoded` for the escape at `span`.
    pub(super) fn escape(&mut self, span: Span, decoded: &str) {
        self.map.push(span, decoded.len(), false);
        self.text.push_str(decoded);
    }

    /// What was decoded so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text and its map.
    pub(super) fn finish(self) -> (String, EscapeMap) {
        (self.text, self.map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_touches_an_escape_covers_all_of_it() {
        let source = r#""ab\$cd""#;
        let mut decoder = Decoder::new(source, 1);
        decoder.copy(Span::new(1, 3));
        decoder.escape(Span::new(3, 5), "$$");
        decoder.copy(Span::new(5, 7));
        let (text, map) = decoder.finish();
        assert_eq!(text, "ab$$cd");
        for (decoded, expected) in
            [(0..1, "a"), (0..2, "ab"), (2..3, r"\$"), (3..4, r"\$"), (1..5, r"b\$c"), (5..6, "d")]
        {
            assert_eq!(map.source(decoded).slice(source), expected);
        }
        assert_eq!(map.source(4..4), Span::at(5));
        assert_eq!(map.source(6..6), Span::at(7));
        assert_eq!(map.source(9..12), Span::at(7));
    }

    #[test]
    fn a_text_of_no_bytes_has_a_place() {
        assert_eq!(EscapeMap::verbatim(Span::at(4)).source(0..0), Span::at(4));
    }
}
