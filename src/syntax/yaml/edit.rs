//! Small edits of a text that keep everything around them: one key, one item, one value.
//!
//! Each function answers `None` where the edit can't be written without touching something else.

use super::fragment::{Layout, scalar};
use super::{Document, Fragment, Kind, NodeId, Pair, Style};
use crate::text::{Edit, Span};

impl Document {
    /// Adds `key: value` to a mapping, behind the entry `after` or, without one, behind the last.
    pub fn insert_entry(&self, map: NodeId, after: Option<&str>, key: &str, value: &Fragment) -> Option<Edit> {
        let node = self.node(map);
        let Kind::Map(pairs) = &node.kind else { return None };
        let anchor = after.and_then(|after| self.get(map, after)).or(pairs.last().copied());
        let Some(anchor) = anchor else {
            let inside = Span::new(node.span.start, node.span.end).slice(self.text());
            let entry = format!("{}: {}", scalar(key, None, true), value.inline(None, true));
            return (node.flow && inside.starts_with('{')).then(|| Edit::insert(node.span.start + 1, entry));
        };
        let key_style = self.style(anchor.key).filter(|style| *style != Style::Plain);
        let like = self.value_style(pairs.iter().map(|pair| pair.value));
        if node.flow {
            let entry = format!("{}: {}", scalar(key, key_style, true), value.inline(like, true));
            return Some(self.insert_in_flow(self.pair_end(anchor), self.start(anchor.key), &entry));
        }
        let indent = self.indent_of(self.start(pairs.first()?.key));
        let step = self.step(map, indent.len());
        let layout = Layout { line_break: self.line_ending().as_str(), indent: &indent, step: &step };
        let entry = format!("{indent}{}:{}", scalar(key, key_style, false), value.value(like, layout));
        Some(self.insert_lines(self.pair_end(anchor), &entry))
    }

    /// Writes a value behind `key:` where there is none.
    pub fn fill(&self, pair: Pair, value: &Fragment) -> Option<Edit> {
        if !self.is_missing(pair.value) {
            return None;
        }
        let indent = self.indent_of(self.start(pair.key));
        let flow = self.node(pair.value).flow;
        let step = self.node(pair.key).parent.map_or_else(|| "  ".to_owned(), |map| self.step(map, indent.len()));
        let layout = Layout { line_break: self.line_ending().as_str(), indent: &indent, step: &step };
        let text = if flow { format!(" {}", value.inline(None, true)) } else { value.value(None, layout) };
        let node = self.node(pair.value);
        let properties = [&node.anchor, &node.tag].into_iter().flatten().map(|property| property.span.end).max();
        let colon = self.pair_end(pair);
        // Lines go behind a comment on the key's line, a value in the same line before it.
        let at = properties.unwrap_or(colon);
        Some(Edit::insert(if text.starts_with(' ') { at } else { self.line_end(at) }, text))
    }

    /// Adds an item at the end of a sequence.
    pub fn append_item(&self, seq: NodeId, item: &Fragment) -> Option<Edit> {
        let node = self.node(seq);
        let Kind::Seq(items) = &node.kind else { return None };
        let like = self.value_style(items.iter().copied());
        let Some(last) = items.last().copied() else {
            return node.flow.then(|| Edit::insert(node.span.start + 1, item.inline(like, true)));
        };
        if node.flow {
            return Some(self.insert_in_flow(self.node(last).span.end, self.start(last), &item.inline(like, true)));
        }
        let dash = self.dash(seq, items.len() - 1)?;
        let between = self.text().get(dash + 1..self.start(last))?;
        let gap = if between.chars().all(|c| c == ' ') && !between.is_empty() { between } else { " " };
        let indent = self.indent_of(dash);
        let entry = format!("{indent}-{gap}{}", item.inline(like, false));
        Some(self.insert_lines(self.node(last).span.end, &entry))
    }

    /// Takes an item of a block sequence away with its line; a comment behind it stays. `None` if it is the only item.
    pub fn remove_item(&self, seq: NodeId, index: usize) -> Option<Edit> {
        let items = self.items(seq);
        let item = *items.get(index)?;
        if items.len() < 2 {
            return None;
        }
        if self.node(seq).flow {
            let span = match index {
                0 => Span::new(self.start(item), self.start(items[1])),
                _ => Span::new(self.node(items[index - 1]).span.end, self.node(item).span.end),
            };
            return (!self.has_comment(span)).then(|| Edit::delete(span));
        }
        self.remove_lines(self.dash(seq, index)?, self.node(item).span.end)
    }

    /// Takes an entry of a mapping away with its lines; a comment behind it stays. `None` if it is the only entry.
    pub fn remove_entry(&self, map: NodeId, key: &str) -> Option<Edit> {
        let pairs = self.pairs(map);
        let index = pairs.iter().position(|pair| self.scalar(pair.key) == Some(key))?;
        if pairs.len() < 2 {
            return None;
        }
        let pair = pairs[index];
        if self.node(map).flow {
            let span = match index {
                0 => Span::new(self.start(pair.key), self.start(pairs[1].key)),
                _ => Span::new(self.pair_end(pairs[index - 1]), self.pair_end(pair)),
            };
            return (!self.has_comment(span)).then(|| Edit::delete(span));
        }
        self.remove_lines(self.start(pair.key), self.pair_end(pair))
    }

    /// Puts another text in the place of a scalar, quoted as it was if the quotes still serve.
    pub fn replace_scalar(&self, id: NodeId, text: &str) -> Option<Edit> {
        let Kind::Scalar { value, style } = &self.node(id).kind else { return None };
        if self.is_missing(id) {
            return None;
        }
        self.splice(id, 0..value.len(), text).or_else(|| {
            let lines = matches!(style, Style::Literal | Style::Folded);
            (!lines).then(|| Edit::replace(self.node(id).span, scalar(text, Some(*style), self.node(id).flow)))
        })
    }

    /// Puts new YAML, written in one line, in the place of a scalar or a flow collection without comments.
    pub fn replace_node(&self, id: NodeId, value: &Fragment) -> Option<Edit> {
        let node = self.node(id);
        let collection = matches!(node.kind, Kind::Map(_) | Kind::Seq(_));
        if matches!(node.kind, Kind::Alias { .. })
            || self.is_missing(id)
            || collection && !node.flow
            || self.has_comment(node.span)
        {
            return None;
        }
        let like = self.style(id).filter(|style| matches!(style, Style::Single | Style::Double));
        let text = value.inline(like, node.flow && !collection);
        // A block scalar ends behind its line break, which the new value does not bring.
        let ends_line = node.span.slice(self.text()).ends_with('\n');
        let line_break = if ends_line { self.line_ending().as_str() } else { "" };
        Some(Edit::replace(node.span, format!("{text}{line_break}")))
    }

    /// Where the entry ends, in the last line of its value.
    pub fn pair_end(&self, pair: Pair) -> usize {
        if self.is_missing(pair.value) {
            let key_end = self.node(pair.key).span.end;
            let colon = self.text()[key_end..].find(':').map_or(key_end, |at| key_end + at + 1);
            let node = self.node(pair.value);
            return [&node.anchor, &node.tag]
                .into_iter()
                .flatten()
                .map(|property| property.span.end)
                .fold(colon, usize::max);
        }
        self.node(pair.value).span.end
    }

    /// The offset of the `-` of an item in a block sequence.
    pub fn dash(&self, seq: NodeId, index: usize) -> Option<usize> {
        let items = self.items(seq);
        let before = match index.checked_sub(1) {
            Some(previous) => self.node(*items.get(previous)?).span.end,
            None => self.node(seq).parent.map_or(0, |parent| {
                let key = self.pairs(parent).iter().find(|pair| pair.value == seq).map(|pair| pair.key);
                key.map_or(self.node(parent).span.start, |key| self.node(key).span.end)
            }),
        };
        let item = self.start(*items.get(index)?);
        let mut at = before;
        while at < item.min(self.text().len()) {
            if let Some(comment) = self.comments.iter().find(|comment| comment.start <= at && at < comment.end) {
                at = comment.end;
                continue;
            }
            let rest = self.text().get(at..item)?;
            let c = rest.chars().next()?;
            if c == '-' && rest[1..].chars().next().is_none_or(char::is_whitespace) {
                return Some(at);
            }
            at += c.len_utf8();
        }
        None
    }

    /// The blanks with which a new line in the column of `offset` starts.
    pub fn indent_of(&self, offset: usize) -> String {
        let start = self.line_start(offset);
        self.text()[start..offset].chars().filter(|c| *c != '\u{feff}').map(|_| ' ').collect()
    }

    fn step(&self, map: NodeId, column: usize) -> String {
        let column_of = |id: NodeId| {
            let pairs = self.pairs(id);
            let block = !self.node(id).flow;
            pairs.first().filter(|_| block).map(|pair| self.indent_of(self.start(pair.key)).len())
        };
        let below =
            self.pairs(map).iter().find_map(|pair| column_of(pair.value)).and_then(|inner| inner.checked_sub(column));
        let above = self.node(map).parent.and_then(column_of).and_then(|outer| column.checked_sub(outer));
        " ".repeat(below.or(above).filter(|step| *step > 0).unwrap_or(2))
    }

    /// The quotes of the neighbours, if all text among them has the same.
    fn value_style(&self, values: impl Iterator<Item = NodeId>) -> Option<Style> {
        let mut styles = values.filter(|id| !self.is_missing(*id)).filter_map(|id| self.style(id));
        let first = styles.next()?;
        (matches!(first, Style::Single | Style::Double) && styles.all(|style| style == first)).then_some(first)
    }

    fn insert_in_flow(&self, end: usize, start_of_last: usize, entry: &str) -> Edit {
        let line = self.line_start(start_of_last);
        let own_line = self.text()[line..start_of_last].trim().is_empty() && start_of_last > line;
        let separator = if own_line {
            format!(",{}{}", self.line_ending().as_str(), self.indent_of(start_of_last))
        } else {
            ", ".to_owned()
        };
        Edit::insert(end, format!("{separator}{entry}"))
    }

    /// Adds whole lines behind the line in which `end` lies, whose comment stays with it.
    fn insert_lines(&self, end: usize, lines: &str) -> Edit {
        let line_break = self.line_ending().as_str();
        if end > 0 && self.text().as_bytes().get(end - 1) == Some(&b'\n') {
            return Edit::insert(end, format!("{lines}{line_break}"));
        }
        Edit::insert(self.line_end(end), format!("{line_break}{lines}"))
    }

    fn remove_lines(&self, start: usize, end: usize) -> Option<Edit> {
        if self.has_comment(Span::new(start, end)) {
            return None;
        }
        let line = self.line_start(start);
        let alone = self.text()[line..start].trim().is_empty();
        if !alone {
            return None;
        }
        let line_end = if self.text()[..end].ends_with('\n') { end } else { self.line_end(end) };
        if let Some(comment) = self.comments.iter().find(|comment| comment.start >= end && comment.end <= line_end) {
            return Some(Edit::delete(Span::new(start, comment.start)));
        }
        let rest = &self.text()[line_end..];
        let with_break = if rest.starts_with("\r\n") {
            line_end + 2
        } else if rest.starts_with('\n') {
            line_end + 1
        } else {
            line_end
        };
        Some(Edit::delete(Span::new(line, with_break)))
    }

    fn has_comment(&self, span: Span) -> bool {
        self.comments.iter().any(|comment| span.contains(*comment))
    }

    fn line_start(&self, offset: usize) -> usize {
        self.text()[..offset].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The end of the line before its line break, behind a comment.
    fn line_end(&self, offset: usize) -> usize {
        let end = self.text()[offset..].find('\n').map_or(self.text().len(), |at| offset + at);
        if end > offset && self.text()[..end].ends_with('\r') { end - 1 } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn document(text: &str) -> Document {
        let (document, problems) = parse(text.into());
        assert_eq!(problems, [], "{text}");
        document
    }

    fn node(document: &Document, path: &str) -> NodeId {
        let path: Vec<_> = path.split('.').filter(|step| !step.is_empty()).collect();
        document.at(document.roots[0], &path).expect("the path exists")
    }

    fn applied(before: &str, edit: Option<Edit>) -> String {
        let edit = edit.expect("the edit can be written");
        let after = format!("{}{}{}", &before[..edit.span.start], edit.text, &before[edit.span.end..]);
        let (_, problems) = parse(after.as_str().into());
        assert_eq!(problems, [], "{after}");
        after
    }

    #[test]
    fn an_entry_goes_behind_its_neighbour_and_the_comment_of_that() {
        let cases = [
            ("a:\n  image: x # pinned\n  z: 1\n", "a", Some("image"), "a:\n  image: x # pinned\n  k: v\n  z: 1\n"),
            ("a:\n  image: x\r\n  z: 1", "a", None, "a:\n  image: x\r\n  z: 1\n  k: v"),
            ("a: {image: x, z: 1}\n", "a", Some("image"), "a: {image: x, k: v, z: 1}\n"),
            ("a:\n  t: |\n    x\n\n  # about b\nb: 1\n", "a", None, "a:\n  t: |\n    x\n  k: v\n\n  # about b\nb: 1\n"),
            (
                "{\n  \"a\": {\n    \"image\": \"x\"\n  }\n}\n",
                "a",
                None,
                "{\n  \"a\": {\n    \"image\": \"x\",\n    \"k\": \"v\"\n  }\n}\n",
            ),
            ("a:\n  e:\n  z: 1\n", "a", Some("e"), "a:\n  e:\n  k: v\n  z: 1\n"),
        ];
        for (before, map, after, expected) in cases {
            let document = document(before);
            let edit = document.insert_entry(node(&document, map), after, "k", &Fragment::text("v"));
            assert_eq!(applied(before, edit), expected);
        }
    }

    #[test]
    fn a_mapping_is_written_below_its_key_with_the_indentation_of_the_file() {
        let before = "services:\n    a:\n        image: x\n";
        let document = document(before);
        let value = Fragment::Map(vec![("K".into(), Fragment::text("${P:?}"))]);
        let edit = document.insert_entry(node(&document, "services.a"), None, "environment", &value);
        assert_eq!(
            applied(before, edit),
            "services:\n    a:\n        image: x\n        environment:\n            K: ${P:?}\n"
        );
    }

    #[test]
    fn an_empty_value_is_filled() {
        let before = "a:\n  environment: # none yet\n  z: 1\n";
        let document = document(before);
        let pair = document.get(node(&document, "a"), "environment").expect("it is there");
        let value = Fragment::Map(vec![("K".into(), Fragment::text("v"))]);
        assert_eq!(applied(before, document.fill(pair, &value)), "a:\n  environment: # none yet\n    K: v\n  z: 1\n");
        let words = Fragment::words(["x"]);
        assert_eq!(applied(before, document.fill(pair, &words)), "a:\n  environment: [\"x\"] # none yet\n  z: 1\n");
    }

    #[test]
    fn an_item_looks_like_its_neighbours() {
        let cases = [
            ("l:\n- a # one\n- b   # two\n# end\n", "l:\n- a # one\n- b   # two\n- n=1\n# end\n"),
            ("l:\n  - 'a'\n  -   'b'", "l:\n  - 'a'\n  -   'b'\n  -   'n=1'"),
            ("l: [\"a\", \"b\"]\r\n", "l: [\"a\", \"b\", \"n=1\"]\r\n"),
            ("l: []\n", "l: [n=1]\n"),
            ("l:\n  - # a-b\n    k: v\n", "l:\n  - # a-b\n    k: v\n  - n=1\n"),
        ];
        for (before, expected) in cases {
            let document = document(before);
            assert_eq!(applied(before, document.append_item(node(&document, "l"), &Fragment::text("n=1"))), expected);
        }
    }

    #[test]
    fn what_is_taken_away_leaves_its_comment_and_its_neighbours() {
        let cases = [
            ("l:\n  - a\n  - b # why\n  - c\n", "l:\n  - a\n  # why\n  - c\n"),
            ("l:\n  - a\n  # about b\n  - b\n", "l:\n  - a\n  # about b\n"),
            ("l: [a, b]\n", "l: [a]\n"),
        ];
        for (before, expected) in cases {
            let document = document(before);
            assert_eq!(applied(before, document.remove_item(node(&document, "l"), 1)), expected);
        }
        let before = "a:\n  x: 1\n  y: |\n    z\n  w: 2\n";
        let document = document(before);
        assert_eq!(applied(before, document.remove_entry(node(&document, "a"), "y")), "a:\n  x: 1\n  w: 2\n");
    }

    #[test]
    fn a_splice_changes_only_its_place_in_every_style() {
        let cases = [
            ("c: redis-server # c\n", "c: redis-server --x # c\n"),
            ("c: 'it''s'\n", "c: 'it''s --x'\n"),
            ("c: \"a\\tb\"\n", "c: \"a\\tb --x\"\n"),
            ("c: |\n  a\n  b\n\nd: 1\n", "c: |\n  a\n  b --x\n\nd: 1\n"),
            ("c: >\n  a\n    b\n  c\n", "c: >\n  a\n    b\n  c --x\n"),
            ("c: >-\r\n  a\r\n  b\r\n", "c: >-\r\n  a\r\n  b --x\r\n"),
            ("c: a\n  b\n", "c: a\n  b --x\n"),
            ("c: [redis-server]\n", "c: [redis-server --x]\n"),
        ];
        for (before, expected) in cases {
            let document = document(before);
            let id = node(&document, "c");
            let id = document.items(id).first().copied().unwrap_or(id);
            let end = document.scalar(id).expect("a scalar").trim_end_matches('\n').len();
            assert_eq!(applied(before, document.splice(id, end..end, " --x")), expected);
        }
    }

    #[test]
    fn a_splice_escapes_what_the_style_wants_escaped() {
        let cases = [
            ("c: \"a\"\n", "c: \"a\\\"\"\n"),
            ("c: 'a'\n", "c: 'a\"'\n"),
            ("c: a\n", "c: a\"\n"),
            ("c: [a]\n", "c: [a\"]\n"),
        ];
        for (before, expected) in cases {
            let document = document(before);
            let id = node(&document, "c");
            let id = document.items(id).first().copied().unwrap_or(id);
            assert_eq!(applied(before, document.splice(id, 1..1, "\"")), expected);
        }
        let before = "c: [a]\n";
        let document = document(before);
        let item = document.items(node(&document, "c"))[0];
        assert_eq!(applied(before, document.splice(item, 1..1, "${P}")), "c: [\"a${P}\"]\n");
    }
}
