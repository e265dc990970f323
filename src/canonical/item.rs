//! The values of the canonical form.

use crate::model::node::{Layer, Node, Place, Text};
use crate::source::SourceId;
use crate::syntax::template::PieceOrigin;
use crate::text::Span;

/// A value and where it comes from.
#[derive(Clone)]
pub struct Item {
    /// What Compose prints.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// What is printed.
#[derive(Clone)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Another number.
    Float(f64),
    /// A text, single dollars.
    Text(String),
    /// A list.
    List(Vec<Item>),
    /// A mapping in the order of printing.
    Map(Vec<(String, Item)>),
}

/// Where a value comes from. A value that Compose adds comes from the place that made it do so.
#[derive(Clone)]
pub struct Origin {
    /// The file.
    pub source: SourceId,
    /// The bytes.
    pub span: Span,
    /// The way from there.
    pub layers: Vec<Layer>,
    /// What variables have put into it, in order.
    pub parts: Vec<Part>,
}

/// What a variable has put into a text.
#[derive(Clone)]
pub struct Part {
    /// The variable.
    pub name: String,
    /// What is there because of it; often a password.
    pub text: String,
    /// False if it is the variable's value; true if it is the default or the alternative that stands beside the name.
    pub is_alternative: bool,
}

impl Part {
    /// The parts of a text.
    fn of(text: &Text) -> Vec<Self> {
        let parts = text.pieces.iter().flat_map(|piece| {
            let output = text.value.get(piece.output.clone()).unwrap_or_default();
            let own = match &piece.origin {
                PieceOrigin::Variable { name } => Some((name, false)),
                _ => None,
            };
            let all = piece.inside.iter().map(|name| (name, true)).chain(own);
            all.map(move |(name, is_alternative)| Self { name: name.clone(), text: output.to_owned(), is_alternative })
        });
        parts.collect()
    }
}

impl Origin {
    /// The origin of what stands at `place`.
    pub fn at(place: &Place) -> Self {
        Self { source: place.source, span: place.span, layers: place.layers.clone(), parts: Vec::new() }
    }

    /// The origin of a value.
    pub fn of(node: &Node) -> Self {
        Self { parts: node.as_text().map(Part::of).unwrap_or_default(), ..Self::at(&node.place) }
    }

    /// The origin of a part of a text that stands at `place`.
    pub fn of_text(text: &Text, place: &Place) -> Self {
        Self { parts: Part::of(text), ..Self::at(place) }
    }

    /// The same for what nobody wrote: Compose puts it there.
    #[must_use]
    pub fn by_default(mut self) -> Self {
        self.layers.push(Layer::Default);
        self
    }
}

impl Item {
    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Item> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, item)| item),
            _ => None,
        }
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self, |item, key| item.get(key))
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Item] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(String, Item)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Sets a key of a mapping.
    pub(super) fn set(&mut self, key: &str, item: Item) {
        if let Value::Map(entries) = &mut self.value {
            match entries.iter_mut().find(|(name, _)| name == key) {
                Some((_, known)) => *known = item,
                None => entries.push((key.to_owned(), item)),
            }
        }
    }

    /// Takes a key of a mapping out.
    pub(super) fn remove(&mut self, key: &str) -> Option<Item> {
        let Value::Map(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }
}
