//! The variables that Compose puts in the place of `${…}`: what the env files say, and the shell where it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::source::SourceId;
use crate::text::Span;

/// Where a variable gets its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The env file.
    pub source: SourceId,
    /// The entry in it, counted from 0.
    pub entry: usize,
    /// The key.
    pub key_span: Span,
    /// The value with its quotes; `None` for a key without a value.
    pub value_span: Option<Span>,
}

/// The interpolation environment of a project.
#[derive(Clone, Default)]
pub struct Variables {
    /// The process environment, which is stronger than any file. Empty where only the project's files count.
    outer: BTreeMap<String, String>,
    files: BTreeMap<String, (String, Definition)>,
    /// Values that Compose itself provides.
    given: BTreeMap<String, String>,
    /// The env files that Compose reads for this project, in its order, whether they exist or not.
    pub paths: Vec<PathBuf>,
    /// Variables without which Compose refuses the project: `${NAME:?…}`.
    demanded: BTreeSet<String>,
    /// True if one of them was missing or refused, so that any variable may have any value.
    pub incomplete: bool,
    /// True if what is set nowhere is blank for certain: the process environment is known, too.
    pub closed: bool,
}

/// The process environment always has these, with values that no file tells.
const SURELY_SET: [&str; 6] = ["HOME", "PATH", "PWD", "USER", "LOGNAME", "HOSTNAME"];

impl Variables {
    /// No variables but those of the process.
    pub fn new(outer: BTreeMap<String, String>) -> Self {
        Self { outer, ..Self::default() }
    }

    /// Sets what Compose provides by itself, such as `COMPOSE_PROJECT_NAME`.
    pub fn give(&mut self, name: &str, value: impl Into<String>) {
        self.given.insert(name.to_owned(), value.into());
    }

    /// Sets what counts more than anything else.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.outer.insert(name.to_owned(), value.into());
    }

    /// Forgets what env files define, names that start with `prefix` excepted.
    pub fn keep_only(&mut self, prefix: &str) {
        self.files.retain(|name, _| name.starts_with(prefix));
    }

    /// The same variables, and `name` with a value from outside.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut variables = self.clone();
        variables.outer.insert(name.to_owned(), value.to_owned());
        variables
    }

    /// Notes that the project can't run without a value for `name`: what runs has one from outside.
    pub fn demand(&mut self, name: &str) {
        self.demanded.insert(name.to_owned());
    }

    /// Adds what an env file defines; later definitions win.
    pub fn define(&mut self, name: &str, value: String, definition: Definition) {
        self.files.insert(name.to_owned(), (value, definition));
    }

    /// Adds what an env file defines, if nothing else does.
    pub fn define_if_absent(&mut self, name: &str, value: String, definition: Definition) {
        if self.get(name).is_none() {
            self.define(name, value, definition);
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        let outer = self.outer.get(name);
        outer
            .or_else(|| self.files.get(name).map(|(value, _)| value))
            .or_else(|| self.given.get(name))
            .map(String::as_str)
    }

    /// The process environment's value.
    pub fn outer(&self, name: &str) -> Option<&str> {
        self.outer.get(name).map(String::as_str)
    }

    /// The place of the definition that counts, if it is in a file.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        if self.outer.contains_key(name) {
            return None;
        }
        self.files.get(name).map(|(_, definition)| definition)
    }

    /// True if the variable has a value at run time, but none that a file tells.
    pub fn is_set_outside(&self, name: &str) -> bool {
        !self.closed
            && self.get(name).is_none()
            && (self.incomplete || SURELY_SET.contains(&name) || self.demanded.contains(name))
    }

    /// True if nothing that can be seen sets the variable, and no system does.
    pub fn is_undefined(&self, name: &str) -> bool {
        self.get(name).is_none() && !SURELY_SET.contains(&name)
    }

    /// All variables that are known, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(name, (value, _))| (name, value));
        self.outer.iter().chain(files).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names that files define.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variables")
            .field("names", &self.files.keys())
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}
