//! Comments that silence findings, where something is wrong with them.

use super::Seen;
use crate::lint::finding::Subject;
use crate::lint::selection::Selection;
use crate::lint::suppress::{Named, Suppression};
use crate::model::{Weight, Workspace};
use crate::rule::{FieldValue, RuleSet, ViewKind};
use crate::source::SourceId;
use crate::text::Span;
use crate::topology::Spot;

/// What is wrong with the comments.
pub(in crate::lint) fn seen(
    workspace: &Workspace<'_>,
    rules: &RuleSet,
    selection: &Selection,
    suppressions: &[Suppression],
) -> Vec<Seen> {
    let mut seen = Vec::new();
    for suppression in suppressions {
        let mut add = |problem: &str, named: Option<&Named>, suggestion: Option<&str>| {
            seen.push(view(workspace, suppression, problem, named, suggestion));
        };
        if suppression.rules.is_empty() {
            add("malformed", None, None);
            continue;
        }
        if suppression.reason.is_empty() {
            add("no-reason", None, None);
        }
        for named in &suppression.rules {
            if rules.rule(&named.id).is_none() {
                add("unknown-rule", Some(named), rules.nearest_rule(&named.id));
            } else if !named.is_used && would_be_used(workspace, rules, selection, suppression.source, named) {
                add("unused", Some(named), None);
            }
        }
    }
    seen
}

/// True if the rule was asked about all that the comment can be for, so that its silence means something.
fn would_be_used(
    workspace: &Workspace<'_>,
    rules: &RuleSet,
    selection: &Selection,
    source: SourceId,
    named: &Named,
) -> bool {
    let path = &workspace.sources.get(source).path;
    let is_asked = rules.rule(&named.id).is_some_and(|rule| {
        rule.view() != ViewKind::Suppression && rule.tiers().into_iter().all(|tier| selection.admits(path, rule, tier))
    });
    let is_all_read = workspace.problems().all(|problem| problem.weight != Weight::Error)
        && workspace.projects.iter().all(|project| !project.incomplete && project.profiles.is_empty());
    // A file from elsewhere may silence what other projects have in it.
    let is_own = workspace.projects.iter().any(|project| {
        let is_read = project.files.contains(&source)
            || project.variables.paths.contains(path)
            || project.containers.values().any(|env| env.files.iter().any(|file| file.source == source))
            || workspace.document(source).is_some();
        is_read && path.starts_with(&project.folder)
    });
    is_asked && is_all_read && is_own
}

fn view(
    workspace: &Workspace<'_>,
    suppression: &Suppression,
    problem: &str,
    named: Option<&Named>,
    suggestion: Option<&str>,
) -> Seen {
    let reads = |project: &crate::model::Project| {
        project.files.contains(&suppression.source)
            || project.variables.paths.contains(&workspace.sources.get(suppression.source).path)
    };
    let project = workspace.projects.iter().position(reads).unwrap_or(0);
    let rules: Vec<_> = suppression.rules.iter().map(|named| named.id.as_str()).collect();
    let item = format!("{problem} {}", named.map_or_else(|| rules.join(","), |named| named.id.clone()));
    let mut view = Seen::new(ViewKind::Suppression, project, Subject { item: Some(item), ..Subject::default() });
    let folder = &workspace.projects[project].folder;
    view.set("project.name", FieldValue::optional(folder.file_name().map(|name| name.to_string_lossy().into_owned())));
    view.set("service.name", FieldValue::Absent);
    view.set("suppression.problem", FieldValue::text(problem));
    view.set("suppression.rule", FieldValue::optional(named.map(|named| named.id.clone())));
    view.set("suppression.suggestion", FieldValue::optional(suggestion));
    let place = |span: Span| Spot { source: suppression.source, span };
    view.place("suppression", place(suppression.span));
    view.place("suppression.rule", place(named.map_or(suppression.span, |named| named.span)));
    view
}
