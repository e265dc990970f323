//! Puts the values of variables into every text of a file, keys excepted (Compose specification, "Interpolation").

use super::node::{Certainty, Node, Place, Text, Value};
use super::variables::Variables;
use crate::syntax::template::{Expansion, Template};

/// What went wrong while a text was interpolated.
#[derive(Debug, Clone)]
pub enum Event {
    /// Compose refuses the text.
    Invalid {
        /// The text.
        place: Place,
    },
    /// A `${NAME:?message}` whose variable no file sets.
    Missing {
        /// The variable.
        name: String,
        /// What the author says.
        message: String,
        /// The text.
        place: Place,
    },
    /// A variable is replaced by a blank, with a warning.
    Blank {
        /// The variable.
        name: String,
        /// The text.
        place: Place,
    },
}

/// What Compose makes of a text that is not in a file yet.
pub fn expand_text(raw: &str, variables: &Variables) -> Text {
    let mut missing = Vec::new();
    let text = evaluate(raw, variables, &mut missing);
    text.ok().flatten().unwrap_or_else(|| Text::literal(raw))
}

/// Interpolates every text below `node`.
pub fn interpolate(node: &mut Node, variables: &Variables, events: &mut Vec<Event>) {
    match &mut node.value {
        Value::Text(text) => {
            if let Some(new) = expand(&text.value, variables, &node.place, events) {
                *text = new;
            }
        }
        Value::Map(map) => {
            for entry in &mut map.entries {
                interpolate(&mut entry.value, variables, events);
            }
        }
        Value::List(items) => {
            for item in items {
                interpolate(item, variables, events);
            }
        }
        _ => {}
    }
}

/// The text with its variables replaced; `None` if it has none.
fn expand(raw: &str, variables: &Variables, place: &Place, events: &mut Vec<Event>) -> Option<Text> {
    let mut notes = Vec::new();
    let result = evaluate(raw, variables, &mut notes);
    events.extend(notes.into_iter().map(|note| match note {
        Note::Missing { name, message } => Event::Missing { name, message, place: place.clone() },
        Note::Blank { name } => Event::Blank { name, place: place.clone() },
    }));
    match result {
        Ok(text) => text,
        Err(Malformed) => {
            events.push(Event::Invalid { place: place.clone() });
            Some(Text { certainty: Certainty::Unknown(Vec::new()), ..Text::literal(raw) })
        }
    }
}

/// Compose can't read the text.
struct Malformed;

enum Note {
    Missing { name: String, message: String },
    Blank { name: String },
}

fn evaluate(raw: &str, variables: &Variables, notes: &mut Vec<Note>) -> Result<Option<Text>, Malformed> {
    if !raw.contains('$') {
        return Ok(None);
    }
    let template = Template::parse(raw).map_err(|_| Malformed)?;
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
                notes.extend(expansion.unset.iter().map(|name| Note::Blank { name: name.clone() }));
                outside.extend(required);
                return Ok(Some(text(expansion, unset, outside)));
            }
            Err(unmet) => {
                notes.push(Note::Missing { name: unmet.name.clone(), message: unmet.message });
                required.push(unmet.name);
            }
        }
    }
    Err(Malformed)
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
