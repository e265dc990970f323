//! The test of a healthcheck, in every spelling.

use crate::model::node::{Node, Text, Value};
use crate::syntax::yaml::{Document, Fragment, Kind};
use crate::text::{Edit, Span};

/// The `healthcheck` of a service.
#[derive(Debug, Clone)]
pub struct Healthcheck<'p> {
    /// The value of `test`.
    pub node: &'p Node,
    /// What is run.
    pub test: Test<'p>,
}

/// What the engine runs to see whether a container is healthy.
#[derive(Debug, Clone)]
pub enum Test<'p> {
    /// `["CMD", word, …]`: the words behind `CMD`.
    Exec(Vec<&'p Text>),
    /// `["CMD-SHELL", text]` or just a text: the text, for the container's shell.
    Shell {
        /// The node of the text itself.
        node: &'p Node,
        /// The text.
        text: &'p Text,
    },
    /// `NONE`, or `disable: true`.
    Disabled,
}

impl<'p> Healthcheck<'p> {
    /// The healthcheck of a service; `None` if the project has none, or none that Compose accepts.
    pub fn read(service: &'p Node) -> Option<Self> {
        let healthcheck = service.get("healthcheck")?;
        let node = healthcheck.get("test")?;
        if matches!(healthcheck.get("disable").map(|node| &node.value), Some(Value::Bool(true))) {
            return Some(Self { node, test: Test::Disabled });
        }
        let test = match &node.value {
            Value::Text(text) => Test::Shell { node, text },
            Value::List(items) => {
                let (first, rest) = items.split_first()?;
                match (first.as_text()?.value.as_str(), rest) {
                    ("NONE", _) => Test::Disabled,
                    ("CMD", words) => Test::Exec(words.iter().map(Node::as_text).collect::<Option<_>>()?),
                    ("CMD-SHELL", [node, ..]) => Test::Shell { node, text: node.as_text()? },
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self { node, test })
    }
}

/// Changes bytes of a text as the container gets it. `document` is the file of `node`.
pub fn edit_text(document: &Document, node: &Node, text: &Text, edits: &[(Span, String)]) -> Option<Vec<Edit>> {
    let edit = |(span, new): &(Span, String)| {
        let range = super::command::source_range(text, span.start..span.end)?;
        document.splice(node.place.node, range, new)
    };
    edits.iter().map(edit).collect()
}

/// Writes a list of words in the place of another one, in flow or in block style. Comments stay.
pub fn rewrite_list(document: &Document, list: &Node, words: &[String]) -> Option<Vec<Edit>> {
    let id = list.place.node;
    let Kind::Seq(items) = &document.node(id).kind else { return None };
    if document.node(id).flow {
        return Some(vec![document.replace_node(id, &Fragment::words(words))?]);
    }
    let mut edits = Vec::new();
    for (item, word) in items.iter().zip(words) {
        if document.scalar(*item)? != word {
            edits.push(document.replace_scalar(*item, word)?);
        }
    }
    for index in words.len()..items.len() {
        edits.push(document.remove_item(id, index)?);
    }
    if words.len() > items.len() {
        return None;
    }
    Some(edits)
}
