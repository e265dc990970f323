//! The values of a project, each with its place and the way by which it got there.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use crate::source::SourceId;
use crate::syntax::template::{Piece, PieceOrigin};
use crate::syntax::yaml::NodeId;
use crate::text::Span;

/// A value of the resolved project.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is written, and how it came from there.
    pub place: Place,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`, `~`, or nothing behind the colon.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// An unquoted date.
    Timestamp(String),
    /// Text, its variables replaced.
    Text(Text),
    /// A mapping.
    Map(Map),
    /// A list.
    List(Vec<Node>),
}

/// A mapping in the order in which Compose meets its keys.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// The entries; each key stands once.
    pub entries: Vec<Entry>,
}

/// `key: value`
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub key_place: Place,
    /// The value.
    pub value: Node,
}

/// Where a value is written.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file.
    pub source: SourceId,
    /// The node of the file's YAML tree; for an alias the node behind it.
    pub node: NodeId,
    /// The bytes of that node.
    pub span: Span,
    /// How it came from there to where it stands in the project, the outermost step last. Empty if it is just written there.
    pub layers: Vec<Layer>,
}

/// A step between the place where a value is written and the place where it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// `*name`, or below it.
    Alias {
        /// Where the alias stands.
        at: Span,
    },
    /// `<<: *name`
    Merge {
        /// Where the alias of the merge key stands.
        at: Span,
    },
    /// `extends`: the value belongs to another service.
    Extends {
        /// The service that it comes from.
        service: String,
        /// The file that extends it.
        source: SourceId,
        /// Where it says so.
        at: Span,
        /// The folder of that service's file, on which its relative paths rest; `None` for the same file.
        folder: Option<PathBuf>,
    },
    /// The value stands in an env file that a service names. Only the long form tells.
    EnvFile {
        /// The file that names it.
        source: SourceId,
        /// Where.
        at: Span,
    },
    /// Nobody wrote the value: Compose puts it there because of what stands at the place. Only the long form tells.
    Default,
    /// The value lies over another one. Only the long form tells.
    Override {
        /// The file of the other one.
        source: SourceId,
        /// The other one.
        span: Span,
    },
    /// `include`: the value belongs to another project.
    Include {
        /// The including file.
        source: SourceId,
        /// Where the path stands.
        at: Span,
        /// The folder of the included file, on which its relative paths rest.
        folder: PathBuf,
    },
}

impl Place {
    /// True if the place belongs to this one value alone, so that an edit there changes nothing else in the file.
    pub fn is_direct(&self) -> bool {
        self.layers.is_empty()
    }
}

/// A text whose variables are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// What Compose reads.
    pub value: String,
    /// Where its bytes come from, in order, without gaps. Empty for a text that was not interpolated: it is the scalar itself.
    pub pieces: Vec<Piece>,
    /// How sure the value is.
    pub certainty: Certainty,
}

/// How sure a value is. Caulk sees what the project's files say; the process environment may say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Certainty {
    /// The project's files fix it.
    #[default]
    Known,
    /// It holds as long as these variables, which no file sets, are not set elsewhere.
    Assumed(Vec<String>),
    /// It needs variables that no file sets: any value is possible.
    Unknown(Vec<String>),
}

impl Text {
    /// `before`, and behind it the value of a variable.
    pub fn of_variable(before: &str, name: &str, value: &str) -> Self {
        let piece = |output, origin| Piece { output, source: 0..before.len(), origin, inside: Vec::new() };
        let end = before.len() + value.len();
        let pieces = vec![
            piece(0..before.len(), PieceOrigin::Literal),
            piece(before.len()..end, PieceOrigin::Variable { name: name.to_owned() }),
        ];
        Self { value: format!("{before}{value}"), pieces, ..Self::default() }
    }

    /// A text as it is written.
    pub fn literal(value: impl Into<String>) -> Self {
        Self { value: value.into(), ..Self::default() }
    }

    /// The bytes `range` of the value as a text of its own, whose pieces still count in the whole scalar.
    pub fn slice(&self, range: Range<usize>) -> Text {
        let value = self.value.get(range.clone()).unwrap_or_default().to_owned();
        let whole = [Piece {
            output: 0..self.value.len(),
            source: 0..self.value.len(),
            origin: PieceOrigin::Literal,
            inside: Vec::new(),
        }];
        let pieces = if self.pieces.is_empty() { &whole[..] } else { &self.pieces[..] };
        let pieces = pieces.iter().filter_map(|piece| {
            let start = piece.output.start.max(range.start);
            let end = piece.output.end.min(range.end);
            let touches = start < end
                || (piece.output.is_empty() && range.start <= piece.output.start && piece.output.start <= range.end);
            touches.then(|| {
                let literal = piece.origin == PieceOrigin::Literal;
                let shift = |at: usize| piece.source.start + (at - piece.output.start);
                let source = if literal { shift(start)..shift(end.max(start)) } else { piece.source.clone() };
                let output = start - range.start..end.max(start) - range.start;
                Piece { output, source, origin: piece.origin.clone(), inside: piece.inside.clone() }
            })
        });
        let mut pieces: Vec<_> = pieces.collect();
        if pieces.is_empty() {
            // An empty text still has a place.
            let at = self.insertion_point(range.start).unwrap_or_default();
            pieces.push(Piece { output: 0..0, source: at..at, origin: PieceOrigin::Literal, inside: Vec::new() });
        }
        Text { value, pieces, certainty: self.certainty.clone() }
    }

    /// The variables that the value depends on, in order, each once.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for piece in &self.pieces {
            let own = match &piece.origin {
                PieceOrigin::Variable { name } => Some(name),
                _ => None,
            };
            for name in piece.inside.iter().chain(own) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The variable of which the whole value is, if it is just one.
    pub fn whole_variable(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece { origin: PieceOrigin::Variable { name }, .. }] => Some(name),
            _ => None,
        }
    }

    /// Bytes of the scalar from which the bytes `range` of the value come, if they are copied; `None` where a variable takes part.
    pub fn literal_range(&self, range: Range<usize>) -> Option<Range<usize>> {
        if self.pieces.is_empty() {
            return Some(range);
        }
        let inside = |at: usize, end: bool| {
            self.pieces.iter().find(|piece| {
                let after = if end { piece.output.start < at } else { piece.output.start <= at };
                let before = if end { at <= piece.output.end } else { at < piece.output.end };
                after && before
            })
        };
        if range.is_empty() {
            return self.insertion_point(range.start).map(|at| at..at);
        }
        let (first, last) = (inside(range.start, false)?, inside(range.end, true)?);
        let copied = |piece: &Piece| piece.origin == PieceOrigin::Literal;
        (copied(first) && copied(last) && std::ptr::eq(first, last)).then(|| {
            let shift = |at: usize| first.source.start + (at - first.output.start);
            shift(range.start)..shift(range.end)
        })
    }

    /// The byte of the scalar before which text must go to stand before byte `at` of the value; `None` inside a variable's value.
    pub fn insertion_point(&self, at: usize) -> Option<usize> {
        if self.pieces.is_empty() {
            return Some(at);
        }
        if let Some(piece) = self.pieces.iter().find(|piece| piece.output.start <= at && at < piece.output.end) {
            return match piece.origin {
                PieceOrigin::Literal if piece.inside.is_empty() => Some(piece.source.start + (at - piece.output.start)),
                _ if piece.inside.is_empty() && piece.output.start == at => Some(piece.source.start),
                _ => None,
            };
        }
        self.pieces
            .last()
            .filter(|piece| piece.output.end == at && piece.inside.is_empty())
            .map(|piece| piece.source.end)
    }
}

impl Node {
    /// A value that stands for what is written at `place`.
    pub fn new(value: Value, place: &Place) -> Self {
        Self { value, place: place.clone() }
    }

    /// A text that stands for what is written at `place`.
    pub fn text(text: impl Into<String>, place: &Place) -> Self {
        Self::new(Value::Text(Text::literal(text)), place)
    }

    /// The same value, which nobody wrote.
    #[must_use]
    pub fn by_default(mut self) -> Self {
        super::extends::mark(&mut self, &Layer::Default);
        self
    }

    /// The variables that the texts in it depend on.
    pub fn variables(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut left = vec![self];
        while let Some(node) = left.pop() {
            match &node.value {
                Value::Text(text) => found.extend(text.variables()),
                Value::Map(map) => left.extend(map.entries.iter().map(|entry| &entry.value)),
                Value::List(items) => left.extend(items),
                _ => {}
            }
        }
        found
    }

    /// A mapping that stands for what is written at `place`; its keys stand where their values do.
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Node)>, place: &Place) -> Self {
        let entry = |(key, value): (&str, Node)| Entry { key: key.to_owned(), key_place: value.place.clone(), value };
        Self::new(Value::Map(Map { entries: entries.into_iter().map(entry).collect() }), place)
    }

    /// The mapping, if it is one, to be changed.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a list, to be changed.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key of a mapping, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts in it, at any depth; no keys.
    pub fn texts(&self) -> Vec<&Text> {
        match &self.value {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().flat_map(Self::texts).collect(),
            Value::Map(map) => map.entries.iter().flat_map(|entry| entry.value.texts()).collect(),
            _ => Vec::new(),
        }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The node at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// True if the two say the same, wherever they are written.
    pub fn same_value(&self, other: &Node) -> bool {
        self.fingerprint() == other.fingerprint()
    }

    /// A text that is equal for two nodes that say the same: the order of keys does not count, 1 and 1.0 are one number.
    pub fn fingerprint(&self) -> String {
        let list = |mut items: Vec<String>, sorted: bool| {
            if sorted {
                items.sort();
            }
            items.join(",")
        };
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => format!("#{}", *value as f64),
            Value::Float(value) => format!("#{value}"),
            Value::Timestamp(text) => format!("@{text:?}"),
            Value::Text(text) => format!("{:?}", text.value),
            Value::List(items) => format!("[{}]", list(items.iter().map(Node::fingerprint).collect(), false)),
            Value::Map(map) => {
                let entry = |entry: &Entry| format!("{:?}:{}", entry.key, entry.value.fingerprint());
                format!("{{{}}}", list(map.entries.iter().map(entry).collect(), true))
            }
        }
    }

    /// A scalar as the text that Compose would write; `None` for null, mappings and lists.
    pub fn scalar_text(&self) -> Option<Text> {
        Some(match &self.value {
            Value::Text(text) => text.clone(),
            Value::Bool(value) => Text::literal(value.to_string()),
            Value::Int(value) => Text::literal(value.to_string()),
            Value::Float(value) => Text::literal(float_text(*value)),
            Value::Timestamp(text) => Text::literal(text.clone()),
            Value::Null | Value::Map(_) | Value::List(_) => return None,
        })
    }
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Sets a key; the key stands where its value does.
    pub fn set(&mut self, key: &str, value: Node) {
        match self.get_mut(key) {
            Some(known) => *known = value,
            None => self.entries.push(Entry { key: key.to_owned(), key_place: value.place.clone(), value }),
        }
    }

    /// Takes the entry of a key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }
}

/// A number as Go prints it: shortest, with an exponent below 0.0001 and from 1,000,000 on.
pub fn float_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 || value.is_nan() {
        return value.to_string();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific.clone() };
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
