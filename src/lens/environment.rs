//! Changes to the `environment` of a service, as a mapping or as a list of `NAME=value`.

use crate::model::Workspace;
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::{Layer, Node};
use crate::source::SourceId;
use crate::syntax::yaml::{Document, Fragment, Kind, NodeId};
use crate::text::Edit;

/// Why a variable can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its environment is written in a way that can't be changed in place")]
pub struct NoEdit;

/// Adds a variable that the service does not set yet. Where its environment is shared by an anchor, it is added there, for
/// all who share it.
///
/// # Errors
/// [`NoEdit`] if it can't be written.
pub fn add_variable(
    workspace: &Workspace<'_>,
    service: &Node,
    name: &str,
    value: &str,
) -> Result<(SourceId, Edit), NoEdit> {
    let (source, mapping) = home(workspace, service).ok_or(NoEdit)?;
    let document = workspace.document(source).ok_or(NoEdit)?;
    let is_spread = source != service.place.source;
    let own = document.get(mapping, "environment").map(|pair| pair.value).filter(|_| is_spread);
    let (source, edit) = match (own, service.get("environment")) {
        (Some(own), _) => (source, add_to(document, own, name, value)),
        (None, Some(environment)) if !is_spread => {
            let source = environment.place.source;
            let document = workspace.document(source).ok_or(NoEdit)?;
            (source, add_to(document, environment.place.node, name, value))
        }
        (None, _) => {
            let value = Fragment::Map(vec![(name.to_owned(), Fragment::text(value))]);
            (source, insert_key(document, mapping, "environment", &value))
        }
    };
    edit.map(|edit| (source, edit)).ok_or(NoEdit)
}

fn add_to(document: &Document, environment: NodeId, name: &str, value: &str) -> Option<Edit> {
    match &document.node(environment).kind {
        Kind::Map(_) => document.insert_entry(environment, None, name, &Fragment::text(value)),
        Kind::Seq(_) => document.append_item(environment, &Fragment::text(format!("{name}={value}"))),
        _ => {
            let map = document.node(environment).parent?;
            let pair = document.pairs(map).iter().copied().find(|pair| pair.value == environment)?;
            let value = Fragment::Map(vec![(name.to_owned(), Fragment::text(value))]);
            document.fill(pair, &value)
        }
    }
}

/// Gives a variable that is written below `environment` another value.
///
/// # Errors
/// [`NoEdit`] if it can't be written; variables of env files are not written here.
pub fn set_variable(
    workspace: &Workspace<'_>,
    variable: &ContainerVariable,
    value: &str,
) -> Result<(SourceId, Edit), NoEdit> {
    let (source, edit) = match &variable.site {
        Site::Entry { key, value: place } => {
            let document = workspace.document(place.source).ok_or(NoEdit)?;
            let edit = if document.is_missing(place.node) {
                let map = document.node(key.node).parent.ok_or(NoEdit)?;
                let pair = document.pairs(map).iter().copied().find(|pair| pair.key == key.node);
                pair.and_then(|pair| document.fill(pair, &Fragment::text(value)))
            } else {
                document.replace_scalar(place.node, value)
            };
            (place.source, edit)
        }
        Site::Item { item } => {
            let document = workspace.document(item.source).ok_or(NoEdit)?;
            let text = document.scalar(item.node).ok_or(NoEdit)?;
            let edit = match text.find('=') {
                Some(at) => document.splice(item.node, at + 1..text.len(), value),
                None => document.splice(item.node, text.len()..text.len(), &format!("={value}")),
            };
            (item.source, edit)
        }
        Site::File { .. } => return Err(NoEdit),
    };
    edit.map(|edit| (source, edit)).ok_or(NoEdit)
}

/// Puts another variable in the place of one that is written below `environment`.
///
/// # Errors
/// [`NoEdit`] if it can't be written; variables of env files are not written here.
pub fn replace_variable(
    workspace: &Workspace<'_>,
    variable: &ContainerVariable,
    name: &str,
    value: &str,
) -> Result<Vec<(SourceId, Edit)>, NoEdit> {
    match &variable.site {
        Site::Entry { key, .. } => {
            let document = workspace.document(key.source).ok_or(NoEdit)?;
            let renamed = document.replace_scalar(key.node, name).ok_or(NoEdit)?;
            Ok(vec![(key.source, renamed), set_variable(workspace, variable, value)?])
        }
        Site::Item { item } => {
            let document = workspace.document(item.source).ok_or(NoEdit)?;
            let edit = document.replace_scalar(item.node, &format!("{name}={value}")).ok_or(NoEdit)?;
            Ok(vec![(item.source, edit)])
        }
        Site::File { .. } => Err(NoEdit),
    }
}

/// Takes a variable away that is written below `environment`. The last one can't go.
///
/// # Errors
/// [`NoEdit`] if it can't be taken away alone.
pub fn remove_variable(workspace: &Workspace<'_>, variable: &ContainerVariable) -> Result<(SourceId, Edit), NoEdit> {
    let (source, edit) = match &variable.site {
        Site::Entry { key, .. } => {
            let document = workspace.document(key.source).ok_or(NoEdit)?;
            let map = document.node(key.node).parent.ok_or(NoEdit)?;
            (key.source, document.remove_entry(map, &variable.name))
        }
        Site::Item { item } => {
            let document = workspace.document(item.source).ok_or(NoEdit)?;
            let list = document.node(item.node).parent.ok_or(NoEdit)?;
            let index = document.items(list).iter().position(|known| *known == item.node).ok_or(NoEdit)?;
            (item.source, document.remove_item(list, index))
        }
        Site::File { .. } => return Err(NoEdit),
    };
    edit.map(|edit| (source, edit)).ok_or(NoEdit)
}

/// The mapping in which a service is defined, for what is to be added to it. Where several files are merged, that is the
/// one with its image: an override is often left out when the project runs elsewhere.
pub fn home(workspace: &Workspace<'_>, service: &Node) -> Option<(SourceId, NodeId)> {
    match definition_of(service).filter(|definition| definition.place.source != service.place.source) {
        None => Some((service.place.source, service.place.node)),
        Some(definition) => {
            let document = workspace.document(definition.place.source)?;
            Some((definition.place.source, document.node(definition.place.node).parent?))
        }
    }
}

/// What makes a mapping the definition of a service: its image or its build, if they are written there and did not come
/// by an anchor or by `extends`.
pub fn definition_of(service: &Node) -> Option<&Node> {
    let definition = service.get("image").or_else(|| service.get("build"))?;
    let is_written_there = definition.place.layers.iter().all(|layer| matches!(layer, Layer::Override { .. }));
    is_written_there.then_some(definition)
}

/// Adds a key to a service, behind what people expect it to follow.
pub fn insert_key(document: &Document, service: NodeId, key: &str, value: &Fragment) -> Option<Edit> {
    let before = ["command", "entrypoint", "container_name", "image", "build", "<<"];
    let after = before.into_iter().find(|before| *before != key && document.get(service, before).is_some());
    document.insert_entry(service, after, key, value)
}
