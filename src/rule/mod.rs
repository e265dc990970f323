//! The rules: YAML files that name a view, say where they hold, and what to report and repair.
//!
//! A rule file becomes a [`Rule`] only if nothing is wrong with it; every mistake is a
//! [`Problem`](crate::syntax::Problem) with its place. [`Rule::apply`] then looks at one [`View`] and cannot fail.

mod condition;
mod decode;
mod examples;
mod explain;
mod field;
mod fields;
mod fix;
#[expect(clippy::module_inception, reason = "the module is named for what it is about, the file for the type")]
mod rule;
mod schema;
mod set;
mod severity;
#[cfg(test)]
mod shipped;
mod template;

pub use examples::{Example, Expectation, Variant};
pub use explain::{Explanation, Sample};
pub use field::{FieldValue, View};
pub use fields::{FieldInfo, FieldType, ViewKind};
pub use fix::{Action, Applicability, BuiltIn, Change, Fix, Op};
pub use rule::{Match, Rule};
pub use schema::schema;
pub use set::{AdminInterface, RuleSet};
pub use severity::{Severity, Tier};
