//! The long form of a project: what Compose makes of every short spelling before it lays the next file over it.

mod lists;
mod paths;
mod settle;
mod shapes;
mod volume;

pub(super) use lists::unique;
pub(super) use paths::{Folders, absolute_paths};
pub(super) use settle::{check, settle};
pub(super) use shapes::{defaults, lengthen};
pub use volume::clean_path;

use super::node::{Node, Text, Value};
use super::variables::Variables;

/// Gives the bare names in a list of `environment` the values that the project knows.
pub(super) fn pass_through(root: &mut Node, variables: &Variables) {
    super::cast::visit(root, &["services", "*", "environment"], &mut |environment| {
        // What stands in a mapping is a value, even if there is a variable of that name.
        let Value::List(items) = &mut environment.value else { return };
        for item in items {
            let Value::Text(text) = &item.value else { continue };
            if let Some(value) = variables.get(&text.value) {
                item.value = Value::Text(Text::of_variable(&format!("{}=", text.value), &text.value, value));
            }
        }
    });
}
