//! Runs rules over workspaces.

pub mod finding;
mod run;
pub mod views;

pub use finding::{Finding, Label, Subject};
pub use run::{Selection, run};
