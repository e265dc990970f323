//! From rule files to types: each mistake with its place, all of them at once.

mod catalog;
mod condition;
mod fix;
mod rule;
mod text;

pub(super) use catalog::{admin, store};
pub(super) use condition::operators;
pub(super) use rule::rule;

#[cfg(test)]
mod tests;
