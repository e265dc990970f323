//! Runs rules over workspaces.

pub mod finding;
mod fingerprint;
mod run;
mod selection;
pub mod suppress;
pub mod views;
mod worst;

pub use finding::{Finding, Label, Subject};
pub use run::{Found, Silenced, Silencer, run};
pub use selection::Selection;
pub use worst::keep_worst;

#[cfg(test)]
mod built_image_tests;
#[cfg(test)]
mod tests;
