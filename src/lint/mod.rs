//! Runs rules over workspaces.

pub mod finding;
mod fingerprint;
mod run;
mod selection;
pub mod suppress;
pub mod views;

pub use finding::{Finding, Label, Subject};
pub use run::{Found, Silenced, Silencer, run};
pub use selection::Selection;

#[cfg(test)]
mod tests;
