//! Which keys and types Compose accepts, and how it prints them: read from a table (Compose specification, JSON schema).

mod table;
mod validate;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use validate::{Violation, validate};

/// What Compose 2.40 accepts.
pub fn compose() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| table::read(include_str!("compose.txt")).expect("a test reads the table"));
    &SCHEMA
}

/// The mappings of a Compose file by name.
#[derive(Debug, Default)]
pub struct Schema {
    sections: BTreeMap<String, Section>,
}

impl Schema {
    /// The mapping of that name, such as `service`.
    pub fn section(&self, name: &str) -> &Section {
        static NONE: Section = Section { extensions: false, capitals: false, keys: Vec::new() };
        self.sections.get(name).unwrap_or(&NONE)
    }
}

/// A mapping with known keys.
#[derive(Debug, Default)]
pub struct Section {
    /// True if keys that start with `x-` are allowed.
    pub extensions: bool,
    /// True if keys are printed with a capital.
    pub capitals: bool,
    /// The keys.
    pub keys: Vec<Key>,
}

impl Section {
    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Section {
    /// The name under which a key is printed. The limits of block devices have capitals in the reference.
    pub fn printed_name<'k>(&self, key: &'k Key) -> std::borrow::Cow<'k, str> {
        if !self.capitals {
            return key.name.as_str().into();
        }
        let mut chars = key.name.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }
}

/// A key of a [`Section`].
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// True if it must be there.
    pub required: bool,
    /// True if it is printed even where it is not written.
    pub always: bool,
    /// What its value may be.
    pub value: Type,
    /// How the value is printed.
    pub print: Print,
    /// True if a value that stands for nothing (`false`, 0, an empty text) is printed, too.
    pub keeps_zero: bool,
}

/// What a value may be: any of these.
#[derive(Debug, Clone, Default)]
pub struct Type(pub Vec<Alternative>);

/// One kind of value.
#[derive(Debug, Clone)]
pub enum Alternative {
    /// A text.
    Text,
    /// A text of a certain form.
    Form(Form),
    /// This word.
    Word(String),
    /// `true` or `false`.
    Bool,
    /// A whole number between these, both included.
    Int {
        /// The least.
        least: i128,
        /// The greatest.
        greatest: i128,
    },
    /// A number.
    Number,
    /// Nothing.
    Null,
    /// Anything.
    Any,
    /// A list.
    List {
        /// Its items.
        item: Type,
        /// True if no two may be equal.
        unique: bool,
    },
    /// A mapping with known keys.
    Section(String),
    /// A mapping with keys of the author's choice.
    Map {
        /// Which keys.
        keys: Keys,
        /// Their values.
        value: Type,
    },
}

/// Which keys a mapping may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Any.
    Any,
    /// Letters, digits, `.`, `_` and `-`; others are refused.
    Names,
    /// The same, but others are not looked at.
    NamesOrIgnored,
    /// Small letters; others are not looked at.
    SmallLettersOrIgnored,
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A name of two characters or more.
    ContainerName,
    /// A pull policy.
    PullPolicy,
}

/// How a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// As its type says: mappings by their keys, lists item by item, scalars by [`Print::Text`], [`Print::Bool`] or [`Print::Int`].
    ByType,
    /// A text; whole numbers and booleans become one.
    Text,
    /// A boolean, also from `yes` and `on`.
    Bool,
    /// A whole number, also from a text.
    Int,
    /// The same; a negative one is refused.
    Count,
    /// A number of 32 bits, also from a text.
    Float,
    /// A size in bytes, as a text.
    Bytes,
    /// A time, such as `1m30s`.
    Duration,
    /// Words: a text is split.
    Command,
    /// A healthcheck's test: a text is run by a shell.
    Test,
    /// File permissions, as four octal digits.
    Mode,
    /// Keys with texts; no value is an empty text.
    Labels,
    /// Keys with texts or nothing.
    Env,
    /// Keys with texts; without a value, the key is left out.
    Args,
    /// Keys with texts.
    Strings,
    /// `NAME=ADDRESS` items.
    Hosts,
    /// A list of texts, also from a single one.
    List,
    /// `ID=PATH` items.
    Ssh,
    /// As it is written.
    Any,
    /// Not at all.
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_that_the_table_names_is_in_it() {
        fn named(value: &Type, names: &mut Vec<String>) {
            for alternative in &value.0 {
                match alternative {
                    Alternative::Section(name) => names.push(name.clone()),
                    Alternative::List { item, .. } => named(item, names),
                    Alternative::Map { value, .. } => named(value, names),
                    _ => {}
                }
            }
        }
        let mut names = vec!["project".to_owned()];
        for section in compose().sections.values() {
            section.keys.iter().for_each(|key| named(&key.value, &mut names));
        }
        names.sort();
        names.dedup();
        let known: Vec<_> = compose().sections.keys().cloned().collect();
        assert_eq!(names, known);
    }
}
