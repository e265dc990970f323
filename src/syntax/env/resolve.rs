//! What the entries of an env file come to.

use std::collections::HashMap;
use std::fmt;

use super::super::redact::Redacted;
use super::super::template::{Expansion, Unmet};
use super::{EnvFile, EnvValue};

/// The values of an env file, entry by entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// One for each entry of the file, in order. The last one of a key counts.
    pub entries: Vec<Resolved>,
    /// Variables that Compose replaces by a blank with a warning, in order.
    pub unset: Vec<UnsetVariable>,
    /// What makes Compose refuse the file, in order; it stops at the first.
    pub refusals: Vec<Refusal>,
}

/// The value of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name.
    pub key: String,
    /// What it is set to.
    pub value: Value,
    /// Index into [`EnvFile::entries`].
    pub entry: usize,
}

/// What an entry comes to.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Written in the file; pieces are ranges of [`EnvValue::text`].
    Written(Expansion),
    /// A key without value, found outside or in an earlier line of the file.
    PassedThrough(String),
    /// A key without value that is set nowhere: the entry defines nothing.
    Absent,
    /// Compose refuses the entry, and with it the file.
    Refused,
}

/// A variable that is not set where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsetVariable {
    /// Its name.
    pub name: String,
    /// Index of the entry that uses it.
    pub entry: usize,
}

/// An entry that Compose can't give a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its value is no template; the parser has reported where.
    Malformed {
        /// Index of the entry.
        entry: usize,
    },
    /// A required variable is missing; its span counts in [`EnvValue::text`].
    Unmet {
        /// Index of the entry.
        entry: usize,
        /// The variable.
        unmet: Unmet,
    },
}

impl Value {
    /// The text, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Written(expansion) => Some(&expansion.text),
            Self::PassedThrough(text) => Some(text),
            Self::Absent | Self::Refused => None,
        }
    }
}

impl Resolution {
    /// The value of `key` after the whole file: that of its last entry; `None` if it has none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().rfind(|resolved| resolved.key == key)?.value.text()
    }
}

impl EnvFile {
    /// Gives each entry its value. `outer` knows the environment outside, which is asked first, before the earlier
    /// lines of this file; its variables do not replace the values that the file itself gives to its keys.
    pub fn resolve(&self, outer: &mut dyn FnMut(&str) -> Option<String>) -> Resolution {
        self.resolve_after(outer, &mut |_| None)
    }

    /// The same for a file that is read after others; `earlier` knows what they say, and is asked last.
    pub fn resolve_after(
        &self,
        outer: &mut dyn FnMut(&str) -> Option<String>,
        earlier: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Resolution {
        let mut resolution = Resolution::default();
        let mut known: HashMap<&str, String> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let mut lookup = |name: &str| outer(name).or_else(|| known.get(name).cloned()).or_else(|| earlier(name));
            let value = match &entry.value {
                None => lookup(&entry.key).map_or(Value::Absent, Value::PassedThrough),
                Some(value) => value.resolve(index, &mut lookup, &mut resolution),
            };
            if let Some(text) = value.text() {
                known.insert(&entry.key, text.to_owned());
            }
            resolution.entries.push(Resolved { key: entry.key.clone(), value, entry: index });
        }
        resolution
    }
}

impl EnvValue {
    fn resolve(
        &self,
        entry: usize,
        lookup: &mut dyn FnMut(&str) -> Option<String>,
        resolution: &mut Resolution,
    ) -> Value {
        if !self.interpolated {
            return Value::Written(Expansion::literal(&self.text));
        }
        let Some(template) = &self.template else {
            resolution.refusals.push(Refusal::Malformed { entry });
            return Value::Refused;
        };
        match template.evaluate(lookup) {
            Ok(expansion) => {
                let unset = expansion.unset.iter().map(|name| UnsetVariable { name: name.clone(), entry });
                resolution.unset.extend(unset);
                Value::Written(expansion)
            }
            Err(unmet) => {
                resolution.refusals.push(Refusal::Unmet { entry, unmet });
                Value::Refused
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(expansion) => expansion.fmt(f),
            Self::PassedThrough(text) => f.debug_tuple("PassedThrough").field(&Redacted(text)).finish(),
            Self::Absent => f.write_str("Absent"),
            Self::Refused => f.write_str("Refused"),
        }
    }
}
