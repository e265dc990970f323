//! From files to projects, as Compose reads them: found, parsed, interpolated, extended, merged.

mod cast;
pub mod container_env;
pub mod discover;
mod extends;
mod fault;
mod include;
mod interpolate;
pub mod invocation;
mod load;
mod long;
mod merge;
pub mod node;
pub mod port;
mod problem;
mod project;
pub mod reading;
pub mod schema;
mod unique;
mod variables;
mod workspace;

pub use cast::boolean;
pub use fault::Fault;
pub use interpolate::expand_text;
pub use invocation::{Invocation, Located, NameSource, enabled_profiles};
pub use long::clean_path;
pub use problem::{Problem, Weight};
pub use project::{Project, depends_on, link_aliases, report_resolution, runs_with};
pub use variables::{Definition, Variables};
pub use workspace::{Options, Workspace};

#[cfg(test)]
mod tests;
