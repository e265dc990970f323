//! From the YAML of caulk's own files (rules, stores, `caulk.yaml`) to types: each mistake with its place, all of them at
//! once, and the name that was probably meant.

mod mapping;
mod nearest;

use std::fmt;
use std::sync::Arc;

pub(crate) use mapping::{Decoder, Entry, Mapping};
pub(crate) use nearest::nearest;

use crate::syntax::Problem;
use crate::text::LineIndex;

/// What is wrong in a file of caulk's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// The path under which the file was given.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
    /// What is wrong, and where in the text.
    pub problem: Problem,
}

/// With the line and a caret, over several lines.
impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = LineIndex::new(&self.text).line_column(&self.text, self.problem.span.start);
        let line = self.text.lines().nth(place.line - 1).unwrap_or_default();
        let width = self.problem.span.slice(&self.text).lines().next().unwrap_or_default().chars().count().max(1);
        let (indent, carets) = (" ".repeat(place.column - 1), "^".repeat(width));
        writeln!(f, "{}:{}:{}: {}", self.path, place.line, place.column, self.problem.message)?;
        write!(f, "   | {line}\n   | {indent}{carets}")?;
        self.problem.help.iter().try_for_each(|help| write!(f, "\n   = {help}"))
    }
}
