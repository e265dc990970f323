//! From files to projects, as Compose reads them: found, parsed, interpolated, extended, merged.

pub mod container_env;
pub mod discover;
mod extends;
mod include;
mod interpolate;
mod load;
mod merge;
pub mod node;
pub mod port;
mod problem;
mod project;
mod unique;
mod variables;
mod workspace;

pub use interpolate::expand_text;
pub use problem::{Problem, Weight};
pub use project::Project;
pub use variables::{Definition, Variables};
pub use workspace::{Options, Workspace};

#[cfg(test)]
mod tests;
