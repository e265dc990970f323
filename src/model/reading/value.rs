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
            let same_number = is_same_number(&before, &after);
            Some(Reading {
                kind: ReadingKind::NumberRewritten { before, after, same_number },
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

/// True if a program reads the same number from both. An exponent that nobody wrote may be none for it.
fn is_same_number(before: &str, after: &str) -> bool {
    let has_exponent = |number: &str| number.contains(['e', 'E']);
    let is_plain_enough = has_exponent(before) || !has_exponent(after);
    is_plain_enough && decimal(before).is_some_and(|number| decimal(after) == Some(number))
}

/// What a program reads that knows plain decimals: sign, digits without zeros at the ends, and the power of ten of the last.
/// `None` for what it may take for something else, or whose leading zeros or `+` may be a part of what it stands for.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let plain = number.replace('_', "");
    let (is_negative, plain) = plain.strip_prefix('-').map_or((false, plain.as_str()), |rest| (true, rest));
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (plain, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    if has_leading_zero || !format!("{whole}{fraction}").chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let power = exponent - i64::try_from(fraction.len()).ok()? + i64::try_from(all.len() - digits.len()).ok()?;
    let digits = digits.trim_start_matches('0');
    Some((is_negative, digits.to_owned(), if digits.is_empty() { 0 } else { power }))
}
