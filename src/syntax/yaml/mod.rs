//! YAML as a tree of nodes with exact places, and small edits of its text.
//!
//! The tree keeps what the text says: aliases and merge keys stay as written, comments are listed, nothing is expanded.
//! Every byte of the text stays where it was; see [`edit`] for how a change becomes bytes.

mod check;
pub mod edit;
mod extent;
mod fragment;
mod parse;
pub mod resolve;
mod splice;

use std::sync::Arc;

use crate::text::{LineEnding, Span};

pub use fragment::Fragment;
pub use parse::parse;

/// Names a node of one [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// `key: value` in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The key's node, a scalar in all sane files.
    pub key: NodeId,
    /// The value's node.
    pub value: NodeId,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text, number, boolean or null; `value` is what is written, after unescaping and folding.
    Scalar {
        /// The text; empty for a value that is not there.
        value: String,
        /// How it is written.
        style: Style,
    },
    /// A mapping, in the order of the text, duplicates included.
    Map(Vec<Pair>),
    /// A sequence.
    Seq(Vec<NodeId>),
    /// `*name`
    Alias {
        /// The name without `*`.
        name: String,
        /// The anchored node, if there is one before it.
        target: Option<NodeId>,
    },
}

/// A named place or type before a node: `&name`, `!tag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The anchor's name without `&`, or the tag as written.
    pub name: String,
    /// Where it is written, sigil included.
    pub span: Span,
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its text without anchor and tag; quotes and brackets included. A block collection ends where its last child ends;
    /// a block scalar starts at its `|` or `>` and ends after its last line break. Empty for a value that is not there.
    pub span: Span,
    /// True for `{…}`, `[…]`, and for scalars inside them.
    pub flow: bool,
    /// `&name`
    pub anchor: Option<Property>,
    /// `!tag`
    pub tag: Option<Property>,
    /// The mapping or sequence that holds it.
    pub parent: Option<NodeId>,
}

/// The tree of one text, which may hold several YAML documents.
#[derive(Debug, Clone)]
pub struct Document {
    text: Arc<str>,
    nodes: Vec<Node>,
    /// The top node of each YAML document in the text, in order.
    pub roots: Vec<NodeId>,
    /// Where the comments stand, `#` included, sorted.
    pub comments: Vec<Span>,
    /// True if the text is no YAML from some place on, so that what stands behind it is not in the tree.
    pub is_cut: bool,
}

impl Document {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The node of that name.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// All nodes, in the order of the text; a mapping stands before its children.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The text of a scalar.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The style of a scalar.
    pub fn style(&self, id: NodeId) -> Option<Style> {
        match &self.node(id).kind {
            Kind::Scalar { style, .. } => Some(*style),
            _ => None,
        }
    }

    /// The pairs of a mapping; empty for any other node. Aliases are not followed.
    pub fn pairs(&self, id: NodeId) -> &[Pair] {
        match &self.node(id).kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a sequence; empty for any other node. Aliases are not followed.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// The pair of mapping `map` whose key is `key`.
    pub fn get(&self, map: NodeId, key: &str) -> Option<Pair> {
        self.pairs(map).iter().copied().find(|pair| self.scalar(pair.key) == Some(key))
    }

    /// The node behind aliases; `None` if an alias leads nowhere or in a circle.
    pub fn follow(&self, id: NodeId) -> Option<NodeId> {
        let mut id = id;
        for _ in 0..64 {
            match &self.node(id).kind {
                Kind::Alias { target, .. } => id = (*target)?,
                _ => return Some(id),
            }
        }
        None
    }

    /// The node at a path of keys and item numbers below `from`, aliases followed.
    pub fn at(&self, from: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(self.follow(from)?, |id, step| {
            let next = match &self.node(id).kind {
                Kind::Seq(items) => *items.get(step.parse::<usize>().ok()?)?,
                _ => self.get(id, step)?.value,
            };
            self.follow(next)
        })
    }

    /// Where the node starts in the text, its anchor and tag included.
    pub fn start(&self, id: NodeId) -> usize {
        let node = self.node(id);
        [&node.anchor, &node.tag]
            .into_iter()
            .flatten()
            .map(|property| property.span.start)
            .fold(node.span.start, usize::min)
    }

    /// True if the value is not written at all (`key:`); `~` and `null` are written.
    pub fn is_missing(&self, id: NodeId) -> bool {
        matches!(&self.node(id).kind, Kind::Scalar { style: Style::Plain, .. }) && self.node(id).span.is_empty()
    }

    /// The line ending of the text.
    pub fn line_ending(&self) -> LineEnding {
        LineEnding::of(&self.text)
    }
}
