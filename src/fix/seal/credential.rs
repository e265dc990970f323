//! The password of a store as a project says it, and where it is written.

use std::path::PathBuf;

use crate::fix::bench::Exposed;
use crate::lens::value::Lookup;
use crate::model::node::{Node, Text};

/// The password of a store as a project says it.
#[derive(Clone)]
pub(super) struct Credential {
    /// The interpolation variable; `None` if the password stands in the Compose file itself.
    pub variable: Option<String>,
    /// How the server names it: `${REDIS_PASSWORD:?…}`, which stops Compose while it is missing or blank.
    pub reference: String,
    /// How clients name it.
    pub client_reference: String,
    /// Its value; while only the outside knows it, the name of the variable.
    pub value: String,
    /// What clients get while only the outside knows it.
    pub client_value: String,
    /// True if somebody else must give the variable a value.
    pub is_declared: bool,
    /// Where it must be written first.
    pub write: Option<EnvTarget>,
}

/// What a password is written into, besides URLs.
#[derive(Clone, Copy)]
pub(super) enum Carrier {
    /// A command that Compose splits at blanks; the password stands in double quotes.
    CommandString,
    /// A script of a shell, in double quotes.
    Script,
    /// A variable with options, which is split at blanks and knows no quotes.
    Options,
}

impl Credential {
    /// True if the password comes out of the carrier as it is, as far as it is known.
    pub fn fits_into(&self, carrier: Carrier) -> bool {
        let breaks = |c: char| match carrier {
            Carrier::CommandString => matches!(c, '"' | '\\'),
            Carrier::Script => matches!(c, '"' | '\\' | '$' | '`'),
            Carrier::Options => c.is_whitespace() || matches!(c, '*' | '?' | '['),
        };
        !self.is_known() || !self.value.contains(breaks)
    }

    /// The password as the subject of a sentence; never the password itself.
    pub fn named(&self) -> String {
        self.variable.as_ref().map_or_else(|| "the password".to_owned(), |name| format!("the value of {name}"))
    }

    /// True if the value needs no quotes in a command string.
    pub fn is_plain(&self) -> bool {
        self.write.as_ref().is_some_and(|target| target.value.is_none())
            || (!self.value.is_empty()
                && self.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
                && self.is_known())
    }

    /// What a person should write where the password belongs; never the password itself.
    pub fn shown(&self) -> String {
        if self.is_literal() { "the server's password".to_owned() } else { format!("`{}`", self.client_reference) }
    }

    /// True if the password stands in a file of the project in place of a variable.
    pub fn is_literal(&self) -> bool {
        self.variable.is_none() && !self.reference.starts_with("${")
    }

    /// True if the value is known to caulk.
    pub fn is_known(&self) -> bool {
        self.variable.as_deref() != Some(self.value.as_str())
    }
}

/// Where the value of a variable is written.
#[derive(Clone)]
pub(super) struct EnvTarget {
    /// The env file.
    pub path: PathBuf,
    /// A password that the project has already; `None` if one is made.
    pub value: Option<String>,
    /// What git must ignore first.
    pub exposed: Option<Exposed>,
}

/// The texts of entry point and command.
pub(super) fn command_texts(service: Option<&Node>) -> Vec<&Text> {
    ["entrypoint", "command"].into_iter().filter_map(|key| service?.get(key)).flat_map(Node::texts).collect()
}

/// What a container sees of a variable after the repair.
pub(super) fn after(before: Lookup, value: Option<&str>) -> Lookup {
    value.map_or(before, |value| Lookup::Known(value.to_owned()))
}
