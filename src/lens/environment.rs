//! Changes to the `environment` of a service, as a mapping or as a list of `NAME=value`.

use super::command::{room_for_value, source_range_with_blanks};
use crate::model::Workspace;
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::{Layer, Node};
use crate::source::SourceId;
use crate::syntax::yaml::{Document, Fragment, Kind, NodeId};
use crate::text::{Edit, EditSet};

/// Why a variable can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its environment is written in a way that can't be changed in place")]
pub struct NoEdit;

/// Where variables go that a service does not set yet. Services that share their environment by an anchor share this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// The file.
    pub source: SourceId,
    place: RoomPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RoomPlace {
    /// The value of `environment`.
    Environment(NodeId),
    /// A service without `environment`.
    Service(NodeId),
}

/// Where a service takes further variables. Where its environment is shared by an anchor, that is where all share it.
///
/// # Errors
/// [`NoEdit`] if they can't be written.
pub fn room(workspace: &Workspace<'_>, service: &Node) -> Result<Room, NoEdit> {
    let (source, mapping) = home(workspace, service).ok_or(NoEdit)?;
    let document = workspace.document(source).ok_or(NoEdit)?;
    let is_spread = source != service.place.source;
    let own = document.get(mapping, "environment").map(|pair| pair.value).filter(|_| is_spread);
    Ok(match (own, service.get("environment")) {
        (Some(own), _) => Room { source, place: RoomPlace::Environment(own) },
        (None, Some(environment)) if !is_spread => {
            let place = &environment.place;
            Room { source: place.source, place: RoomPlace::Environment(place.node) }
        }
        (None, _) => Room { source, place: RoomPlace::Service(mapping) },
    })
}

/// Adds variables, names with values, that the services of a place do not set yet: all by one edit, since an `environment`
/// that they are the first in is written once.
///
/// # Errors
/// [`NoEdit`] if they can't be written.
pub fn add_variables(workspace: &Workspace<'_>, room: Room, variables: &[(String, String)]) -> Result<Edit, NoEdit> {
    let document = workspace.document(room.source).ok_or(NoEdit)?;
    let as_map = || {
        let entries = variables.iter().map(|(name, value)| (name.clone(), Fragment::text(value)));
        Fragment::Map(entries.collect())
    };
    let one_by_one = |environment: NodeId, edit: &dyn Fn(&str, &str) -> Option<Edit>| {
        let edits: Option<Vec<_>> = variables.iter().map(|(name, value)| edit(name, value)).collect();
        let edits = edits?;
        // The first ones of `{}` and `[]` bring no comma along.
        let is_empty = document.pairs(environment).is_empty() && document.items(environment).is_empty();
        let separator = if is_empty { ", " } else { "" };
        let text: Vec<_> = edits.iter().map(|edit| edit.text.as_str()).collect();
        Some(Edit::replace(edits.first()?.span, text.join(separator)))
    };
    let edit = match room.place {
        RoomPlace::Service(mapping) => insert_key(document, mapping, "environment", &as_map()),
        RoomPlace::Environment(environment) => match &document.node(environment).kind {
            Kind::Map(_) => one_by_one(environment, &|name, value| {
                document.insert_entry(environment, None, name, &Fragment::text(value))
            }),
            Kind::Seq(_) => one_by_one(environment, &|name, value| {
                document.append_item(environment, &Fragment::text(format!("{name}={value}")))
            }),
            _ => {
                let map = document.node(environment).parent.ok_or(NoEdit)?;
                let pair = document.pairs(map).iter().copied().find(|pair| pair.value == environment);
                pair.and_then(|pair| document.fill(pair, &as_map()))
            }
        },
    };
    edit.ok_or(NoEdit)
}

/// Adds one variable that the service does not set yet; see [`add_variables`].
///
/// # Errors
/// [`NoEdit`] if it can't be written.
pub fn add_variable(
    workspace: &Workspace<'_>,
    service: &Node,
    name: &str,
    value: &str,
) -> Result<(SourceId, Edit), NoEdit> {
    let room = room(workspace, service)?;
    Ok((room.source, add_variables(workspace, room, &[(name.to_owned(), value.to_owned())])?))
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

/// Changes bytes of the value of a variable that is written below `environment`, and gives the edits with the value as it is
/// written then. A variable that came out blank goes with what stands before it, and gives its place to what is put there.
///
/// # Errors
/// [`NoEdit`] if it can't be written; variables of env files are not written here.
pub fn edit_variable(
    workspace: &Workspace<'_>,
    variable: &ContainerVariable,
    edits: &EditSet,
) -> Result<(Vec<(SourceId, Edit)>, String), NoEdit> {
    let (place, is_item) = match &variable.site {
        Site::Entry { value, .. } => (value, false),
        Site::Item { item } => (item, true),
        Site::File { .. } => return Err(NoEdit),
    };
    let document = workspace.document(place.source).ok_or(NoEdit)?;
    let scalar = document.scalar(place.node).ok_or(NoEdit)?;
    let text = variable.value.as_ref().ok_or(NoEdit)?;
    let (mut written, mut spliced) = (EditSet::new(), Vec::new());
    for edit in edits.iter() {
        let span = edit.span.start..edit.span.end;
        let (range, new) = if span.is_empty() {
            let range = room_for_value(text, span.start).ok_or(NoEdit)?;
            let new = if range.is_empty() { edit.text.as_str() } else { edit.text.trim_start() };
            (range, new)
        } else {
            (source_range_with_blanks(text, span).ok_or(NoEdit)?, edit.text.as_str())
        };
        written.insert(Edit::replace(range.clone().into(), new)).map_err(|_| NoEdit)?;
        spliced.push((place.source, document.splice(place.node, range, new).ok_or(NoEdit)?));
    }
    let written = written.apply(scalar);
    let value = if is_item { written.split_once('=').map_or("", |(_, value)| value) } else { &written };
    Ok((spliced, value.to_owned()))
}

/// True for a variable that stands below `environment` by its name alone, and has its value from the project's env file.
pub fn is_passed_through(workspace: &Workspace<'_>, variable: &ContainerVariable) -> bool {
    match &variable.site {
        Site::Entry { value, .. } => {
            workspace.document(value.source).is_some_and(|document| document.is_missing(value.node))
        }
        Site::Item { item } => {
            let text = workspace.document(item.source).and_then(|document| document.scalar(item.node));
            text.is_some_and(|text| !text.contains('='))
        }
        Site::File { .. } => false,
    }
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
