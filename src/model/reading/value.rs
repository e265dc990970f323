//! Values of a Compose file that reach the container as others: by interpolation, or by the types of YAML.

use super::{Passage, Reading, ReadingKind};
use crate::model::interpolate::{Event, EventKind};
use crate::model::node::{Entry, Node, Value};
use crate::model::project::Project;
use crate::model::workspace::Workspace;

/// What the interpolation of the files did.
pub(super) fn from_events(workspace: &Workspace<'_>, events: &[Event]) -> Vec<Reading> {
    let readings = events.iter().filter_map(|event| {
        let at = |range| Passage::within(workspace, &event.place, Some(range));
        let (kind, subject, at, other) = match &event.kind {
            EventKind::Swallowed { name, range } => {
                let looks_like_a_variable = !name.contains(char::is_lowercase);
                let kind = ReadingKind::DollarInWord { looks_like_a_variable };
                (kind, event.path.last()?.clone(), at(range.clone()), None)
            }
            EventKind::Emptied { name, range, definition } => {
                let other = definition.map(|(source, span)| Passage { source, span });
                (ReadingKind::EmptyOverDefault, name.clone(), at(range.clone()), other)
            }
            _ => return None,
        };
        Some(Reading { kind, service: event.service(), subject, at, other, assumes: Vec::new() })
    });
    readings.collect()
}

/// Mappings of a service whose values reach a program as text.
const TEXTS: [&[&str]; 5] =
    [&["environment"], &["labels"], &["annotations"], &["build", "args"], &["deploy", "labels"]];

/// Numbers that are not spelled as Compose spells them.
pub(super) fn numbers(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for service in project.services() {
        let nodes = TEXTS.iter().filter_map(|path| service.value.at(path));
        readings.extend(nodes.flat_map(entries).filter_map(|entry| {
            let (before, after) = rewritten(workspace, &entry.value)?;
            // Digits and a point alone: every reader makes the same number of both, but a leading zero may mean octal.
            let is_plain = before.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
            let is_same = is_plain && before.parse::<f64>().ok() == after.parse::<f64>().ok();
            Some(Reading {
                kind: ReadingKind::NumberRewritten { before, after, is_same },
                service: Some(service.key.clone()),
                subject: entry.key.clone(),
                at: Passage::from(&entry.value.place),
                other: None,
                assumes: Vec::new(),
            })
        }));
    }
    readings
}

/// The entries of a mapping, or of the mappings in a list.
fn entries(node: &Node) -> Vec<&Entry> {
    match &node.value {
        Value::Map(map) => map.entries.iter().collect(),
        Value::List(items) => items.iter().filter_map(Node::as_map).flat_map(|map| &map.entries).collect(),
        _ => Vec::new(),
    }
}

fn rewritten(workspace: &Workspace<'_>, node: &Node) -> Option<(String, String)> {
    if !matches!(node.value, Value::Int(_) | Value::Float(_)) {
        return None;
    }
    let before = workspace.document(node.place.source)?.scalar(node.place.node)?;
    let after = node.scalar_text()?.value;
    (before != after).then(|| (before.to_owned(), after))
}
