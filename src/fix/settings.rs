//! What the making of repairs is told.

use std::path::Path;

use super::bench::SecretsPolicy;
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::ProjectFiles;
use crate::rule::RuleSet;
use crate::source::git::Git;
use crate::topology::Surroundings;

/// What repairs need to know.
pub struct Settings<'a> {
    /// The files of each project.
    pub sets: &'a [ProjectFiles],
    /// Other projects, which are not repaired now, but may use stores of these.
    pub surroundings: &'a Surroundings<'a>,
    /// How projects are read.
    pub options: &'a Options,
    /// What is found, and what is known of stores.
    pub rules: &'a RuleSet,
    /// Which rules speak.
    pub selection: &'a Selection,
    /// Whether unsafe repairs are made.
    pub is_unsafe_allowed: bool,
    /// Whether passwords are made.
    pub policy: SecretsPolicy,
    /// What git thinks of files.
    pub git: &'a dyn Git,
    /// Whether a file can be written; an error says why it can't.
    pub may_write: &'a dyn Fn(&Path) -> Result<(), String>,
    /// How many repairs are proved together at most, such as [`AT_ONCE`]. What comes out is the same for any number.
    pub at_once: usize,
}

/// So many repairs are proved together where nothing speaks against it.
pub const AT_ONCE: usize = 1000;
