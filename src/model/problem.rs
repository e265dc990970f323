//! What keeps a project, or a part of it, from being read as it is meant.

use std::path::PathBuf;

use crate::source::SourceId;
use crate::text::Span;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Compose reads it, caulk does not.
    Note,
    /// Compose goes on, with a warning.
    Warning,
    /// Compose refuses the project.
    Error,
}

/// Something that Compose or caulk can't read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// Its text; `None` if it could not be read.
    pub source: Option<SourceId>,
    /// The place; empty at 0 if the whole file is meant.
    pub span: Span,
    /// How much it hides.
    pub weight: Weight,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}
