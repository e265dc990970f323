//! Builds the tree from the events of `granit-parser`, whose peculiarities end here.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, options};

use super::{Document, Kind, Node, NodeId, Pair, Property, Style, check, extent};
use crate::syntax::Problem;
use crate::text::Span;

/// Compose itself stops at 10,000; nobody writes more than a few dozen.
const DEPTH_LIMIT: usize = 255;

/// Reads a text. Where it is no YAML, the tree holds what stands before the mistake.
pub fn parse(text: Arc<str>) -> (Document, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut document = build(&text, &text, &mut problems);
    // Compose accepts tabs as indentation inside brackets, the parser does not: for the parser they become blanks.
    if let Some(parsed) = problems.first().and_then(|problem| without_flow_tabs(&text, problem)) {
        let mut second = Vec::new();
        let again = build(&text, &parsed, &mut second);
        if second.is_empty() {
            (document, problems) = (again, second);
        }
    }
    // What is wrong before the end of a text that ends in the middle may be the same mistake.
    if !document.is_cut {
        check::check(&document, &mut problems);
    }
    problems.sort_by_key(|problem| problem.span);
    (document, problems)
}

/// A copy of the same length in which tabs before the first character of a line are blanks, if one of them was the problem.
fn without_flow_tabs(text: &str, problem: &Problem) -> Option<String> {
    if !problem.message.contains("tab") {
        return None;
    }
    let mut copy = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        copy.extend(std::iter::repeat_n(' ', line.len() - content.len()));
        copy.push_str(content);
    }
    // Outside brackets a tab is a mistake for Compose too.
    let first_tab = text.get(..problem.span.start)?;
    let depth = first_tab.chars().fold(0i32, |depth, c| match c {
        '[' | '{' => depth + 1,
        ']' | '}' => depth - 1,
        _ => depth,
    });
    (depth > 0).then_some(copy)
}

enum Frame {
    Map { id: NodeId, key: Option<NodeId> },
    Seq { id: NodeId },
}

impl Frame {
    fn id(&self) -> NodeId {
        match self {
            Frame::Map { id, .. } | Frame::Seq { id } => *id,
        }
    }
}

struct Builder<'t> {
    document: Document,
    text: &'t str,
    open: Vec<Frame>,
    by_anchor_id: HashMap<usize, NodeId>,
    /// go-yaml keeps anchors across `---`, so names are resolved over the whole text.
    by_name: HashMap<String, NodeId>,
}

fn build(text: &Arc<str>, parsed: &str, problems: &mut Vec<Problem>) -> Document {
    let document =
        Document { text: text.clone(), nodes: Vec::new(), roots: Vec::new(), comments: Vec::new(), is_cut: false };
    let mut builder =
        Builder { document, text, open: Vec::new(), by_anchor_id: HashMap::new(), by_name: HashMap::new() };
    let options = options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        max_buffered_comment_events: 1 << 20,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    for event in Parser::new_from_str_with_options(parsed, options) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().map_or(Span::at(0), Span::from);
                let tag = span.tag_span().and_then(|tag| tag.byte_range()).map(Span::from);
                builder.event(event, range, tag);
            }
            Err(error) => {
                problems.push(scan_problem(text, &error));
                builder.document.is_cut = true;
                break;
            }
        }
    }
    while !builder.open.is_empty() {
        builder.close(None);
    }
    builder.keep_colons();
    builder.document.comments.sort();
    builder.document
}

fn scan_problem(text: &str, error: &ScanError) -> Problem {
    let offset = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let line_end = text.get(offset..).and_then(|rest| rest.find(['\r', '\n'])).map_or(text.len(), |at| offset + at);
    let span = Span::new(offset, line_end.max(offset));
    match error.kind() {
        ErrorKind::TabInBlockIndentation => {
            Problem::new(span, "a tab stands where YAML wants blanks").with_help("indent with blanks")
        }
        kind => Problem::new(span, format!("this is not valid YAML: {kind}")),
    }
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: Span, tag: Option<Span>) {
        match event {
            Event::Scalar(value, style, anchor, _) => {
                let missing = style == ScalarStyle::Plain && range.is_empty();
                let style = style_of(style);
                let value = if missing { String::new() } else { value.into_owned() };
                let id = self.node(Kind::Scalar { value, style }, range, tag, anchor, false);
                if matches!(style, Style::Literal | Style::Folded) {
                    let from = self.after_previous(id);
                    let flow_end = extent::block_scalar(self.text, from, range);
                    self.document.nodes[id.0 as usize].span = flow_end;
                }
            }
            Event::Alias(anchor) => {
                let target = self.by_anchor_id.get(&anchor).copied();
                let name = range.slice(self.text).trim_start_matches('*').to_owned();
                self.node(Kind::Alias { name, target }, range, tag, 0, false);
            }
            Event::UnresolvedAlias(name) => {
                let target = self.by_name.get(name.as_ref()).copied();
                self.node(Kind::Alias { name: name.into_owned(), target }, range, tag, 0, false);
            }
            Event::SequenceStart(style, anchor, _) => {
                let flow = style == StructureStyle::Flow;
                let id = self.node(Kind::Seq(Vec::new()), range, tag, anchor, flow);
                self.open.push(Frame::Seq { id });
            }
            Event::MappingStart(style, anchor, _) => {
                let flow = style == StructureStyle::Flow;
                let id = self.node(Kind::Map(Vec::new()), range, tag, anchor, flow);
                self.open.push(Frame::Map { id, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(range)),
            Event::Anchor(_, name) => {
                if let Some(last) = self.document.nodes.len().checked_sub(1) {
                    self.by_name.insert(name.to_string(), NodeId(last as u32));
                    self.document.nodes[last].anchor = Some(Property { name: name.into_owned(), span: range });
                }
            }
            Event::Comment(..) => self.document.comments.push(range),
            _ => {}
        }
    }

    fn node(&mut self, kind: Kind, span: Span, tag: Option<Span>, anchor: usize, flow: bool) -> NodeId {
        let id = NodeId(self.document.nodes.len() as u32);
        let parent = self.open.last().map(Frame::id);
        let flow = flow || parent.is_some_and(|parent| self.document.node(parent).flow);
        let tag = tag.map(|span| Property { name: span.slice(self.text).to_owned(), span });
        self.document.nodes.push(Node { kind, span, flow, anchor: None, tag, parent });
        if anchor != 0 {
            self.by_anchor_id.insert(anchor, id);
        }
        match self.open.last_mut() {
            None => self.document.roots.push(id),
            Some(Frame::Seq { id: parent }) => {
                if let Kind::Seq(items) = &mut self.document.nodes[parent.0 as usize].kind {
                    items.push(id);
                }
            }
            Some(Frame::Map { id: parent, key }) => match key.take() {
                None => *key = Some(id),
                Some(key) => {
                    if let Kind::Map(pairs) = &mut self.document.nodes[parent.0 as usize].kind {
                        pairs.push(Pair { key, value: id });
                    }
                }
            },
        }
        id
    }

    /// In `{a:}` the parser finds the key `a`, go-yaml the key `a:`: to it, a bracket ends a text and a colon before it does not.
    fn keep_colons(&mut self) {
        let keys: Vec<NodeId> = self
            .document
            .nodes
            .iter()
            .filter_map(|node| match &node.kind {
                Kind::Map(pairs) if node.flow => Some(pairs),
                _ => None,
            })
            .flatten()
            .map(|pair| pair.key)
            .collect();
        for key in keys {
            let Some(node) = self.document.nodes.get_mut(key.0 as usize) else { continue };
            let behind = self.text.get(node.span.end..).unwrap_or_default();
            let is_bare = behind.strip_prefix(':').is_some_and(|rest| rest.starts_with([',', '[', ']', '{', '}']));
            if let Kind::Scalar { value, style: Style::Plain } = &mut node.kind
                && is_bare
                && !node.span.is_empty()
            {
                value.push(':');
                node.span.end += 1;
            }
        }
    }

    /// The parser reports the end of a block collection at the next token, behind comments: its last child decides.
    fn close(&mut self, end: Option<Span>) {
        let Some(frame) = self.open.pop() else { return };
        let id = frame.id();
        let node = self.document.node(id);
        let last = match &node.kind {
            Kind::Map(pairs) => pairs.last().map(|pair| pair.value),
            Kind::Seq(items) => items.last().copied(),
            _ => None,
        };
        let end = match (end, last) {
            (Some(end), _) if node.flow => end.end,
            (_, Some(last)) => self.end_with_properties(last).max(node.span.start),
            _ => node.span.end,
        };
        let first = match &node.kind {
            Kind::Map(pairs) => pairs.first().map(|pair| self.document.start(pair.key)),
            _ => None,
        };
        let start = first.filter(|_| !node.flow).unwrap_or(node.span.start);
        self.document.nodes[id.0 as usize].span = Span::new(start.min(end), end);
    }

    fn end_with_properties(&self, id: NodeId) -> usize {
        let node = self.document.node(id);
        let properties = [&node.anchor, &node.tag].into_iter().flatten().map(|property| property.span.end);
        let own = properties.fold(node.span.end, usize::max);
        // A value that is not there is placed before the colon of its key; the pair ends behind the colon.
        if self.document.is_missing(id) && node.anchor.is_none() && node.tag.is_none() {
            return match self.text.get(own..).map(|rest| rest.trim_start_matches([' ', '\t'])) {
                Some(rest) if rest.starts_with(':') => self.text.len() - rest.len() + 1,
                _ => own,
            };
        }
        own
    }

    /// Where the text before this node ends: behind its tag, anchor, key or the previous item.
    fn after_previous(&self, id: NodeId) -> usize {
        let node = self.document.node(id);
        let properties = [&node.anchor, &node.tag].into_iter().flatten().map(|property| property.span.end).max();
        properties.unwrap_or_else(|| {
            self.document.nodes[..id.0 as usize]
                .iter()
                .rev()
                .map(|node| node.span.end)
                .find(|end| *end <= node.span.start)
                .unwrap_or(0)
        })
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}
