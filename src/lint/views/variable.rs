//! Why a value is what it is, where a variable of the project decides.

use super::Context;
use crate::source::relative_to;
use crate::topology::Spot;

/// "`BIND_IP` is empty (.env:4)", or that no file sets it. Only for variables whose value may be shown.
pub(super) fn source_of(context: &Context<'_, '_>, project: usize, name: &str) -> String {
    let project = &context.workspace.projects[project];
    let Some(definition) = project.variables.definition(name) else { return format!("`{name}` is not set") };
    let source = context.workspace.sources.get(definition.source);
    let line = source.line_column(definition.key_span.start).line;
    let path = relative_to(&project.folder, &source.path);
    let value = project.variables.get(name).unwrap_or_default();
    let what = if value.is_empty() { "is empty".to_owned() } else { format!("is {value}") };
    format!("`{name}` {what} ({path}:{line})")
}

/// The name of a variable where an env file sets it.
pub(super) fn definition(context: &Context<'_, '_>, project: usize, name: &str) -> Option<Spot> {
    let definition = context.workspace.projects[project].variables.definition(name)?;
    Some(Spot { source: definition.source, span: definition.key_span })
}
