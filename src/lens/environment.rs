//! Changes to the `environment` of a service, as a mapping or as a list of `NAME=value`.

use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::Node;
use crate::syntax::yaml::{Document, Fragment, Kind, NodeId, Pair};
use crate::text::Edit;

/// Why a variable can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    /// `environment`, or all of the service, is shared with others by an anchor, or comes from another service.
    #[error("its environment is shared with other services by an anchor")]
    Shared,
    /// The text can't be changed in place.
    #[error("its environment is written in a way that can't be changed in place")]
    Spelling,
}

/// Adds a variable that the service does not set yet. `document` is the file of `service`.
///
/// # Errors
/// [`NoEdit`] if that would change others, or can't be written.
pub fn add_variable(document: &Document, service: &Node, name: &str, value: &str) -> Result<Edit, NoEdit> {
    let map = own_mapping(document, service)?;
    let Some(pair) = document.get(map, "environment") else {
        // A merge key may bring an environment along, which a new key here would hide.
        if service.get("environment").is_some_and(|environment| !environment.is_null())
            && document.get(map, "<<").is_some()
        {
            return Err(NoEdit::Shared);
        }
        let value = Fragment::Map(vec![(name.to_owned(), Fragment::text(value))]);
        return insert_key(document, map, "environment", &value).ok_or(NoEdit::Spelling);
    };
    add_to(document, pair, name, value)
}

fn add_to(document: &Document, pair: Pair, name: &str, value: &str) -> Result<Edit, NoEdit> {
    let node = document.node(pair.value);
    if node.anchor.is_some() {
        return Err(NoEdit::Shared);
    }
    let edit = match &node.kind {
        Kind::Alias { .. } => return Err(NoEdit::Shared),
        Kind::Map(_) => document.insert_entry(pair.value, None, name, &Fragment::text(value)),
        Kind::Seq(_) => document.append_item(pair.value, &Fragment::text(format!("{name}={value}"))),
        Kind::Scalar { .. } => {
            let value = Fragment::Map(vec![(name.to_owned(), Fragment::text(value))]);
            document.fill(pair, &value)
        }
    };
    edit.ok_or(NoEdit::Spelling)
}

/// Gives a variable that is written below `environment` another value. `document` is the file of its site.
///
/// # Errors
/// [`NoEdit`] if it can't be written; variables of env files are not written here.
pub fn set_variable(document: &Document, variable: &ContainerVariable, value: &str) -> Result<Edit, NoEdit> {
    let edit = match &variable.site {
        Site::Entry { key, value: place } => match document.is_missing(place.node) {
            true => {
                let pair = document
                    .node(key.node)
                    .parent
                    .and_then(|map| document.pairs(map).iter().copied().find(|pair| pair.key == key.node));
                pair.and_then(|pair| document.fill(pair, &Fragment::text(value)))
            }
            false => document.replace_scalar(place.node, value),
        },
        Site::Item { item } => {
            let text = document.scalar(item.node).ok_or(NoEdit::Spelling)?;
            match text.find('=') {
                Some(at) => document.splice(item.node, at + 1..text.len(), value),
                None => document.splice(item.node, text.len()..text.len(), &format!("={value}")),
            }
        }
        Site::File { .. } => None,
    };
    edit.ok_or(NoEdit::Spelling)
}

/// The mapping of a service in its file, if the service alone owns it.
///
/// # Errors
/// [`NoEdit::Shared`] if it stands behind an alias, or belongs to another service or project.
pub fn own_mapping(document: &Document, service: &Node) -> Result<NodeId, NoEdit> {
    let node = document.node(service.place.node);
    if !service.place.is_direct() || node.anchor.is_some() || !matches!(node.kind, Kind::Map(_)) {
        return Err(NoEdit::Shared);
    }
    Ok(service.place.node)
}

/// Adds a key to a service, behind what people expect it to follow.
pub fn insert_key(document: &Document, service: NodeId, key: &str, value: &Fragment) -> Option<Edit> {
    let before = ["command", "entrypoint", "container_name", "image", "build", "<<"];
    let after = before.into_iter().find(|before| *before != key && document.get(service, before).is_some());
    document.insert_entry(service, after, key, value)
}
