//! "Ignore here": the comment that silences a rule at one place.

use std::path::Path;

use super::analysis::Setup;
use super::documents::Documents;
use crate::fix::commit::{FileChange, Role};
use crate::fix::journal::Written;
use crate::fix::snapshot::Snapshot;
use crate::fix::state::State;
use crate::lint::finding::Label;
use crate::model::discover::ProjectFiles;
use crate::source::Disk;
use crate::syntax::yaml::Document;
use crate::text::{Edit, EditSet, LineEnding, Span};

/// What stands for the reason until a person writes one.
const REASON: &str = "TODO: say why";

/// The change that silences `rule` at a place; `None` if a comment there would change more than that, or not that.
pub fn ignore(
    setup: &Setup,
    documents: &Documents,
    group: &[ProjectFiles],
    path: &Path,
    span: Span,
    rule: &str,
) -> Option<FileChange> {
    let files = documents.over(&Disk);
    let look = |state: &State, path: &Path| {
        let is_this = |label: &Label| state.workspace.sources.get(label.source).path == path;
        let findings = state.findings.iter().filter(|finding| finding.rule == rule && is_this(&finding.labels[0]));
        (Snapshot::of(&state.workspace), findings.count())
    };
    let (before, edit, old) = setup.with_state(&files, group, |state| {
        let (id, source) = state.workspace.sources.iter().find(|(_, source)| source.path == path)?;
        let edit = comment(&source.text, state.workspace.document(id), span, rule);
        Some((source.text.clone(), edit, look(state, path)))
    })?;
    let mut edits = EditSet::new();
    edits.insert(edit).ok()?;
    let after = edits.apply(&before);
    let mut changed = documents.over(&Disk);
    changed.set(path.to_owned(), after.as_bytes());
    let new = setup.with_state(&changed, group, |state| look(state, path));
    (new.0.changes(&old.0).is_empty() && new.1 < old.1).then(|| FileChange {
        path: path.to_owned(),
        before: Some(before.as_bytes().to_vec()),
        after: Some(after.into_bytes()),
        role: Role::Other,
        secret: false,
        written: Written::default(),
    })
}

/// A line above the one of the place, with its indentation and line ending. Above a text of several lines, which would
/// take the comment for a part of itself.
fn comment(text: &str, yaml: Option<&Document>, span: Span, rule: &str) -> Edit {
    let line_start = |at: usize| text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let mut start = line_start(span.start);
    if let Some(document) = yaml {
        let around = |start: usize| {
            let scalars = document.ids().filter(|id| document.scalar(*id).is_some());
            scalars.map(|id| document.node(id).span).find(|span| span.start < start && start < span.end)
        };
        while let Some(around) = around(start) {
            start = line_start(around.start);
        }
    }
    if start == 0 && text.starts_with('\u{feff}') {
        start = '\u{feff}'.len_utf8();
    }
    let line = text.get(start..).unwrap_or_default();
    let indentation = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default();
    let end = LineEnding::of(text).as_str();
    Edit::insert(start, format!("{indentation}# caulk: ignore[{rule}] {REASON}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::parse;

    fn with_comment(text: &str, at: &str) -> String {
        let (document, _) = parse(text.into());
        let at = text.find(at).expect("it is there");
        let mut edits = EditSet::new();
        edits.insert(comment(text, Some(&document), Span::at(at), "r")).expect("it is the only one");
        edits.apply(text)
    }

    #[test]
    fn the_comment_stands_above_with_the_same_indentation_and_line_ending() {
        let text = "a:\r\n  ports:\r\n    - \"1:1\"\r\n";
        let expected = "a:\r\n  ports:\r\n    # caulk: ignore[r] TODO: say why\r\n    - \"1:1\"\r\n";
        assert_eq!(with_comment(text, "\"1:1\""), expected);
    }

    #[test]
    fn a_text_of_several_lines_is_not_cut() {
        let text = "a:\n  b: >\n    x\n    y\n  c: \"d\n    e\"\n";
        let above_b = "a:\n  # caulk: ignore[r] TODO: say why\n  b: >\n    x\n    y\n  c: \"d\n    e\"\n";
        assert_eq!(with_comment(text, "y\n"), above_b);
        let above_c = "a:\n  b: >\n    x\n    y\n  # caulk: ignore[r] TODO: say why\n  c: \"d\n    e\"\n";
        assert_eq!(with_comment(text, "e\""), above_c);
    }

    #[test]
    fn a_byte_order_mark_stays_first() {
        let first = "\u{feff}# caulk: ignore[r] TODO: say why\na: 1\n";
        assert_eq!(with_comment("\u{feff}a: 1\n", "a: 1"), first);
    }
}
