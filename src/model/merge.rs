//! How a later file, document or service lies over an earlier one (Compose specification, "Merge").

use super::node::{Entry, Layer, Map, Node, Text, Value};
use crate::syntax::template::{Piece, PieceOrigin};

/// Which spelling of a project is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Every value as it is written, so that it can be edited.
    Written,
    /// The long form that Compose itself works on.
    Long,
}

/// Types that do not fit on each other, which Compose refuses with `cannot override PATH`.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// The path, its steps joined by dots.
    pub path: String,
    /// The later value.
    pub later: super::node::Place,
}

/// Lays `later` over `earlier`, both at `path`. Where the types do not fit, the earlier value stays.
pub fn merge(form: Form, earlier: Node, later: Node, path: &mut Vec<String>, mismatches: &mut Vec<Mismatch>) -> Node {
    let rule = rule(path);
    if earlier.is_null() && matches!(rule, Rule::Generic | Rule::Replace) {
        return later;
    }
    if later.is_null() && !matches!(rule, Rule::Replace) {
        return earlier;
    }
    match rule {
        Rule::Generic => generic(form, earlier, later, path, mismatches),
        Rule::Replace => over(form, &earlier, later),
        Rule::Pairs if form == Form::Long => append(as_sequence(earlier), as_sequence(later)),
        Rule::Pairs => append(as_pairs(earlier), as_pairs(later)),
        Rule::Items => append(as_items(earlier), as_items(later)),
        Rule::Hosts => {
            let (earlier, mut later) = match form {
                Form::Long => (as_sequence(earlier), as_sequence(later)),
                Form::Written => (as_pairs(earlier), as_pairs(later)),
            };
            let known = earlier.as_list().unwrap_or_default();
            if let Value::List(items) = &mut later.value {
                items.retain(|item| !known.iter().any(|known| known.same_value(item)));
            }
            append(earlier, later)
        }
        Rule::Named(default) => generic(form, as_named(earlier, default), as_named(later, default), path, mismatches),
        Rule::Build => generic(form, as_build(earlier), as_build(later), path, mismatches),
        Rule::Logging => logging(form, earlier, later, path, mismatches),
        Rule::Subnets => subnets(form, earlier, later, path, mismatches),
    }
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Scalars are replaced, mappings merged, lists appended.
    Generic,
    /// The later value counts alone, also `null`.
    Replace,
    /// `KEY: value` and `KEY=value` mixed, one after the other; of one key the last counts.
    Pairs,
    /// A text or a list of texts, one after the other.
    Items,
    /// A list of names, or a mapping with options for each.
    Named(NamedDefault),
    /// A path or a mapping.
    Build,
    /// Options only merge within one driver.
    Logging,
    /// Like pairs, but only what is there word for word is left out.
    Hosts,
    /// Mappings that merge where they have the same `subnet`.
    Subnets,
}

/// What a bare name in a list stands for.
#[derive(Debug, Clone, Copy)]
enum NamedDefault {
    Null,
    Dependency,
}

fn rule(path: &[String]) -> Rule {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    match steps.as_slice() {
        ["networks" | "volumes", _, "labels"] => Rule::Pairs,
        ["networks", _, "ipam", "config"] => Rule::Subnets,
        ["services", _, rest @ ..] => match rest {
            ["command" | "entrypoint"] | ["healthcheck", "test"] | ["ulimits", _] => Rule::Replace,
            ["annotations" | "environment" | "labels" | "sysctls"]
            | ["build", "args" | "labels" | "additional_contexts"]
            | ["deploy", "labels"] => Rule::Pairs,
            ["extra_hosts"] | ["build", "extra_hosts"] => Rule::Hosts,
            ["dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "tmpfs"] => Rule::Items,
            ["depends_on"] => Rule::Named(NamedDefault::Dependency),
            ["networks" | "models"] => Rule::Named(NamedDefault::Null),
            ["build"] => Rule::Build,
            ["logging"] => Rule::Logging,
            _ => Rule::Generic,
        },
        _ => Rule::Generic,
    }
}

fn generic(form: Form, earlier: Node, later: Node, path: &mut Vec<String>, mismatches: &mut Vec<Mismatch>) -> Node {
    let place = later.place.clone();
    match (earlier.value, later.value) {
        (Value::Map(earlier_map), Value::Map(later_map)) => {
            Node { value: Value::Map(maps(form, earlier_map, later_map, path, mismatches)), place }
        }
        (Value::List(mut items), Value::List(more)) => {
            items.extend(more);
            Node { value: Value::List(items), place: earlier.place }
        }
        (value @ (Value::Map(_) | Value::List(_)), _) => {
            mismatches.push(Mismatch { path: path.join("."), later: place });
            Node { value, place: earlier.place }
        }
        (value, other) => over(form, &Node { value, place: earlier.place }, Node { value: other, place }),
    }
}

/// Notes in the long form that a scalar or a command lies over another one.
fn over(form: Form, earlier: &Node, mut later: Node) -> Node {
    if form == Form::Long && !earlier.is_null() {
        later.place.layers.push(Layer::Override { source: earlier.place.source, span: earlier.place.span });
    }
    later
}

fn maps(form: Form, mut earlier: Map, later: Map, path: &mut Vec<String>, mismatches: &mut Vec<Mismatch>) -> Map {
    for entry in later.entries {
        match earlier.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => {
                path.push(entry.key);
                let before =
                    std::mem::replace(&mut known.value, Node { value: Value::Null, place: entry.value.place.clone() });
                known.value = merge(form, before, entry.value, path, mismatches);
                path.pop();
                known.key_place = entry.key_place;
            }
            None => earlier.entries.push(entry),
        }
    }
    earlier
}

fn append(earlier: Node, later: Node) -> Node {
    match (earlier.value, later.value) {
        (Value::List(mut items), Value::List(more)) => {
            items.extend(more);
            Node { value: Value::List(items), place: earlier.place }
        }
        (_, value) => Node { value, place: later.place },
    }
}

/// A mapping as a list of mappings with one entry each, so that it can stand beside `KEY=value` items.
fn as_pairs(node: Node) -> Node {
    let value = match node.value {
        Value::Map(map) => Value::List(
            map.entries
                .into_iter()
                .map(|entry| {
                    let place = entry.key_place.clone();
                    Node { value: Value::Map(Map { entries: vec![entry] }), place }
                })
                .collect(),
        ),
        value => value,
    };
    Node { value, place: node.place }
}

/// A mapping as a list of `KEY=value` items, sorted, as Compose makes it before it appends another one.
fn as_sequence(node: Node) -> Node {
    let place = node.place.clone();
    let value = match node.value {
        Value::Map(map) => {
            let mut items: Vec<Node> = map.entries.into_iter().flat_map(as_texts).collect();
            items.sort_by_cached_key(|item| item.as_text().map(|text| text.value.clone()));
            Value::List(items)
        }
        value @ (Value::List(_) | Value::Null) => value,
        value => Value::List(vec![Node { value, place: place.clone() }]),
    };
    Node { value, place }
}

/// `KEY=value`, one for each value of a list.
fn as_texts(entry: Entry) -> Vec<Node> {
    let Entry { key, key_place, value } = entry;
    match value.value {
        Value::Null => vec![Node::text(key, &key_place)],
        Value::List(items) => items.iter().map(|item| as_text(&key, item)).collect(),
        other => vec![as_text(&key, &Node { value: other, place: value.place })],
    }
}

fn as_text(key: &str, value: &Node) -> Node {
    let text = value.scalar_text().unwrap_or_else(|| Text::literal(printed(value, 0)));
    Node::new(Value::Text(joined(key, text)), &value.place)
}

/// A value as Go prints it: that is what the reference puts in the place of a mapping where it wants a text.
fn printed(value: &Node, depth: usize) -> String {
    const DEPTH: usize = 100;
    let entries: Vec<String> = match &value.value {
        _ if depth > DEPTH => Vec::new(),
        Value::Map(map) => {
            let printed = |entry: &Entry| format!("{}:{}", entry.key, printed(&entry.value, depth + 1));
            map.entries.iter().map(printed).collect()
        }
        Value::List(items) => items.iter().map(|item| printed(item, depth + 1)).collect(),
        Value::Null => return "<nil>".to_owned(),
        _ => return value.scalar_text().map(|text| text.value).unwrap_or_default(),
    };
    let mut entries = entries;
    match &value.value {
        Value::Map(_) => {
            entries.sort();
            format!("map[{}]", entries.join(" "))
        }
        _ => format!("[{}]", entries.join(" ")),
    }
}

/// `KEY=` before a text.
fn joined(key: &str, text: Text) -> Text {
    let before = key.len() + 1;
    let mut pieces = Vec::new();
    if !text.pieces.is_empty() {
        pieces.push(Piece { output: 0..before, source: 0..0, origin: PieceOrigin::Literal, inside: Vec::new() });
        pieces.extend(text.pieces.into_iter().map(|piece| {
            let output = piece.output.start + before..piece.output.end + before;
            Piece { output, ..piece }
        }));
    }
    Text { value: format!("{key}={}", text.value), pieces, certainty: text.certainty }
}

/// Entries with the same `subnet` merge, others are appended.
fn subnets(form: Form, earlier: Node, later: Node, path: &mut Vec<String>, mismatches: &mut Vec<Mismatch>) -> Node {
    let subnet = |node: &Node| node.get("subnet").and_then(Node::scalar_text).map(|text| text.value);
    match (earlier.value, later.value) {
        (Value::List(mut items), Value::List(more)) => {
            for item in more {
                match items.iter_mut().find(|known| subnet(known).is_some() && subnet(known) == subnet(&item)) {
                    Some(known) => {
                        let before = std::mem::replace(known, Node::new(Value::Null, &item.place));
                        *known = generic(form, before, item, path, mismatches);
                    }
                    None => items.push(item),
                }
            }
            Node { value: Value::List(items), place: earlier.place }
        }
        (value, other) => generic(
            form,
            Node { value, place: earlier.place },
            Node { value: other, place: later.place },
            path,
            mismatches,
        ),
    }
}

fn as_items(node: Node) -> Node {
    match node.value {
        value @ (Value::List(_) | Value::Null) => Node { value, place: node.place },
        value => {
            let place = node.place.clone();
            Node { value: Value::List(vec![Node { value, place: place.clone() }]), place }
        }
    }
}

fn as_named(node: Node, default: NamedDefault) -> Node {
    let Value::List(items) = node.value else { return node };
    let entries = items.into_iter().filter_map(|item| {
        let name = item.scalar_text()?.value;
        let value = match default {
            NamedDefault::Null => Value::Null,
            NamedDefault::Dependency => {
                let text = |key: &str, value| Entry {
                    key: key.to_owned(),
                    key_place: item.place.clone(),
                    value: Node { value, place: item.place.clone() },
                };
                Value::Map(Map {
                    entries: vec![
                        text("condition", Value::Text(Text::literal("service_started"))),
                        text("required", Value::Bool(true)),
                    ],
                })
            }
        };
        Some(Entry { key: name, key_place: item.place.clone(), value: Node { value, place: item.place } })
    });
    Node { value: Value::Map(Map { entries: entries.collect() }), place: node.place }
}

fn as_build(node: Node) -> Node {
    match node.value {
        Value::Text(text) => {
            let place = node.place.clone();
            let context = Entry {
                key: "context".to_owned(),
                key_place: place.clone(),
                value: Node { value: Value::Text(text), place: place.clone() },
            };
            Node { value: Value::Map(Map { entries: vec![context] }), place }
        }
        value => Node { value, place: node.place },
    }
}

fn logging(form: Form, earlier: Node, later: Node, path: &mut Vec<String>, mismatches: &mut Vec<Mismatch>) -> Node {
    let driver = |node: &Node| node.get("driver").and_then(Node::as_text).map(|text| text.value.clone());
    match (driver(&earlier), driver(&later)) {
        (Some(a), Some(b)) if a != b => later,
        _ => generic(form, earlier, later, path, mismatches),
    }
}

/// Removes what `!reset` and `!override` take back: the value at `path`, if it can be reached through mappings.
pub fn reset(root: &mut Node, path: &[String]) {
    let Value::Map(map) = &mut root.value else { return };
    match path {
        [] => {}
        [last] => {
            map.remove(last);
        }
        [first, rest @ ..] => {
            if let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == *first) {
                reset(&mut entry.value, rest);
            }
        }
    }
}
