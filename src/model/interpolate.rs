//! Puts the values of variables into every text of a file, keys excepted (Compose specification, "Interpolation").

use std::ops::Range;

use super::node::{Certainty, Node, Place, Text, Value};
use super::reading::{emptied, swallowed};
use super::variables::Variables;
use crate::source::SourceId;
use crate::syntax::template::{Expansion, OperatorKind, Template, Variable};
use crate::text::Span;

/// What happened to a text while it was interpolated.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The text.
    pub place: Place,
    /// The keys that lead to it, such as `services`, `web`, `environment`, `NAME`; the last one also from `NAME=value`.
    pub path: Vec<String>,
}

/// The kinds of [`Event`]. Ranges are bytes of the scalar.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// Compose refuses the text.
    Invalid,
    /// A `${NAME:?message}` whose variable no file sets.
    Missing {
        /// The variable.
        name: String,
        /// What the author says.
        message: String,
    },
    /// A variable is replaced by a blank, with a warning.
    Blank {
        /// The variable.
        name: String,
    },
    /// A variable without a default is used that no file sets.
    Undefined {
        /// The variable.
        name: String,
        /// Its use.
        range: Range<usize>,
    },
    /// A `$` in the middle of a word is read as a variable that nothing sets.
    Swallowed {
        /// The variable.
        name: String,
        /// Its use.
        range: Range<usize>,
    },
    /// A `${NAME-default}` is blank because the variable is set to nothing.
    Emptied {
        /// The variable.
        name: String,
        /// Its use.
        range: Range<usize>,
        /// Its name in the env file that sets it.
        definition: Option<(SourceId, Span)>,
    },
}

impl Event {
    /// The service that the text belongs to.
    pub fn service(&self) -> Option<String> {
        match self.path.as_slice() {
            [top, service, ..] if top == "services" => Some(service.clone()),
            _ => None,
        }
    }
}

/// What Compose makes of a text that is not in a file yet.
pub fn expand_text(raw: &str, variables: &Variables) -> Text {
    let mut missing = Vec::new();
    let text = evaluate(raw, variables, &mut missing);
    text.ok().flatten().unwrap_or_else(|| Text::literal(raw))
}

/// Interpolates every text below `node`.
pub fn interpolate(node: &mut Node, variables: &Variables, events: &mut Vec<Event>) {
    walk(node, variables, &mut Vec::new(), events);
}

fn walk(node: &mut Node, variables: &Variables, path: &mut Vec<String>, events: &mut Vec<Event>) {
    match &mut node.value {
        Value::Text(text) => {
            let pair = item_name(&text.value).map(str::to_owned);
            path.extend(pair.clone());
            if let Some(new) = expand(&text.value, variables, &node.place, path, events) {
                *text = new;
            }
            if pair.is_some() {
                path.pop();
            }
        }
        Value::Map(map) => {
            for entry in &mut map.entries {
                path.push(entry.key.clone());
                walk(&mut entry.value, variables, path, events);
                path.pop();
            }
        }
        Value::List(items) => {
            for item in items {
                walk(item, variables, path, events);
            }
        }
        _ => {}
    }
}

/// NAME of `NAME=value`.
fn item_name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    is_name.then_some(name)
}

/// The text with its variables replaced; `None` if it has none.
fn expand(raw: &str, variables: &Variables, place: &Place, path: &[String], events: &mut Vec<Event>) -> Option<Text> {
    let mut kinds = Vec::new();
    let result = evaluate(raw, variables, &mut kinds);
    let text = match result {
        Ok(text) => text,
        Err(Malformed) => {
            kinds.push(EventKind::Invalid);
            Some(Text { certainty: Certainty::Unknown(Vec::new()), ..Text::literal(raw) })
        }
    };
    events.extend(kinds.into_iter().map(|kind| Event { kind, place: place.clone(), path: path.to_vec() }));
    text
}

/// Compose can't read the text.
struct Malformed;

fn evaluate(raw: &str, variables: &Variables, events: &mut Vec<EventKind>) -> Result<Option<Text>, Malformed> {
    if !raw.contains('$') {
        return Ok(None);
    }
    let template = Template::parse(raw).map_err(|_| Malformed)?;
    observe(&template, variables, events);
    let (mut unset, mut outside, mut required): (Vec<String>, Vec<String>, Vec<String>) = Default::default();
    // Each round learns of at most one more required variable.
    for _ in 0..100 {
        unset.clear();
        outside.clear();
        let mut lookup = |name: &str| {
            if required.iter().any(|known| known == name) {
                return Some(stand_in(name));
            }
            match variables.get(name) {
                Some(value) => Some(value.to_owned()),
                None if variables.is_set_outside(name) => {
                    outside.push(name.to_owned());
                    Some(stand_in(name))
                }
                None => {
                    if !variables.closed {
                        unset.push(name.to_owned());
                    }
                    None
                }
            }
        };
        match template.evaluate(&mut lookup) {
            Ok(expansion) => {
                events.extend(expansion.unset.iter().map(|name| EventKind::Blank { name: name.clone() }));
                outside.extend(required);
                return Ok(Some(text(expansion, unset, outside)));
            }
            Err(unmet) => {
                events.push(EventKind::Missing { name: unmet.name.clone(), message: unmet.message });
                required.push(unmet.name);
            }
        }
    }
    Err(Malformed)
}

/// What happens to uses of variables whatever the rest of the text comes to.
fn observe(template: &Template, variables: &Variables, events: &mut Vec<EventKind>) {
    let range = |variable: &Variable| variable.span.start..variable.span.end;
    for variable in template.variables() {
        let needs_value = variable.operator.as_ref().is_none_or(|operator| operator.kind == OperatorKind::Required);
        if needs_value && variables.is_undefined(&variable.name) {
            events.push(EventKind::Undefined { name: variable.name.clone(), range: range(variable) });
        }
    }
    let mut is_unset = |name: &str| variables.get(name).is_none() && !variables.is_set_outside(name);
    if let Some(variable) = swallowed(template, &mut is_unset) {
        events.push(EventKind::Swallowed { name: variable.name.clone(), range: range(variable) });
    }
    for variable in emptied(template, &mut |name| variables.get(name).is_some_and(str::is_empty)) {
        let definition = variables.definition(&variable.name);
        let definition = definition.map(|definition| (definition.source, definition.key_span));
        events.push(EventKind::Emptied { name: variable.name.clone(), range: range(variable), definition });
    }
}

/// What takes the place of a value that only the outside knows: a word that is safe everywhere.
fn stand_in(name: &str) -> String {
    name.to_owned()
}

fn text(expansion: Expansion, mut unset: Vec<String>, mut outside: Vec<String>) -> Text {
    unset.sort();
    unset.dedup();
    outside.sort();
    outside.dedup();
    let certainty = match (outside.is_empty(), unset.is_empty()) {
        (false, _) => Certainty::Unknown(outside),
        (true, false) => Certainty::Assumed(unset),
        (true, true) => Certainty::Known,
    };
    Text { value: expansion.text, pieces: expansion.pieces, certainty }
}
