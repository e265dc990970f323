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

/// A text with its variables replaced; itself where Compose refuses it, which is reported where the text is read in place.
pub(super) fn interpolate_text(raw: &str, variables: &Variables) -> String {
    let expansion = Template::parse(raw).ok();
    let expansion = expansion.and_then(|template| {
        template.evaluate(&mut |name| variables.get(name).map(str::to_owned)).ok()
    });
    expansion.map_or_else(|| raw.to_owned(), |expansion| expansion.text)
}

/// The text with its variables replaced; `None` if it has none.
fn expand(raw: &str, variables: &Variables, place: &Place, events: &mut Vec<Event>) -> Option<Text> {
    if !raw.contains('$') {
        return None;
    }
    let template = match Template::parse(raw) {
        Ok(template) => template,
        Err(_) => {
            events.push(Event::Invalid { place: place.clone() });
            return Some(Text { certainty: Certainty::Unknown(Vec::new()), ..Text::literal(raw) });
        }
    };
    let (mut unset, mut outside, mut required): (Vec<String>, Vec<String>, Vec<String>) = Default::default();
    // Each round learns of at most one more required variable.
    for _ in 0..100 {
        unset.clear();
        outside.clear();
        let mut lookup = |name: &str| {
            let value = variables.get(name).map(str::to_owned);
            if required.iter().any(|known| known == name) {
                return Some(stand_in(name));
            }
            match value {
                Some(value) => Some(value),
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
                for name in &expansion.unset {
                    events.push(Event::Blank { name: name.clone(), place: place.clone() });
                }
                outside.extend(required);
                return Some(text(expansion, unset, outside));
            }
            Err(unmet) => {
                events.push(Event::Missing { name: unmet.name.clone(), message: unmet.message, place: place.clone() });
                required.push(unmet.name);
            }
        }
    }
    None
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
