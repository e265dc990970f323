//! Changed files as one edit of the editor's workspace.

use std::collections::HashMap;
use std::path::PathBuf;

use lsp_types::{
    AnnotatedTextEdit, CreateFile, CreateFileOptions, DocumentChangeOperation, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, Position, Range, ResourceOp, TextDocumentEdit, TextEdit, Uri,
    WorkspaceEdit,
};
use similar::{ChangeTag, TextDiff};

use super::client::Client;
use super::documents::Documents;
use super::position::Lines;
use super::uri::uri_of;
use crate::fix::commit::FileChange;
use crate::text::Span;

/// Why an edit can't be handed to the editor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Files would have to be made.
    #[error(
        "this editor can't create files for a language server: create {} first, even if empty, or run `caulk check --fix`",
        .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
    )]
    CreatesFiles(Vec<PathBuf>),
    /// A path that no address can say.
    #[error("{} has a name that a language server can't pass on: run `caulk check --fix`", .0.display())]
    NoAddress(PathBuf),
    /// A file that is no text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
}

/// The edit that makes the changes, in their order. Open texts are edited in the version that `documents` holds.
///
/// # Errors
/// [`EditError`] if the client can't be told.
pub fn workspace_edit(
    changes: &[FileChange],
    documents: &Documents,
    client: &Client,
) -> Result<WorkspaceEdit, EditError> {
    let missing: Vec<_> =
        changes.iter().filter(|change| change.before.is_none()).map(|change| change.path.clone()).collect();
    if !missing.is_empty() && !client.creates_files {
        return Err(EditError::CreatesFiles(missing));
    }
    let mut operations = Vec::new();
    for change in changes {
        let open = documents.of_path(&change.path);
        let uri = open.map(|open| open.uri.clone()).or_else(|| uri_of(&change.path));
        let uri = uri.ok_or_else(|| EditError::NoAddress(change.path.clone()))?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| EditError::NotText(change.path.clone()));
        let after = text(change.after.as_deref().unwrap_or_default())?;
        let edits = match &change.before {
            None => {
                operations.push(DocumentChangeOperation::Op(ResourceOp::Create(create(uri.clone()))));
                // All of the file with its last line break: given its start alone, Neovim adds an empty line.
                let all = Range::new(Position::default(), Position::new(1, 0));
                vec![TextEdit { range: all, new_text: after.to_owned() }]
            }
            Some(before) => {
                let before = text(before.as_slice())?;
                let lines = match open {
                    Some(_) => Lines::new(before, client.encoding),
                    None => Lines::of_file(before, client.encoding),
                };
                let edits = differences(before, after).into_iter();
                edits.map(|(span, text)| TextEdit { range: lines.range(span), new_text: text }).collect()
            }
        };
        operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version: open.map(|open| open.version) },
            edits: edits.into_iter().map(OneOf::<TextEdit, AnnotatedTextEdit>::Left).collect(),
        }));
    }
    Ok(if client.knows_versioned_edits { versioned(operations) } else { plain(operations) })
}

fn versioned(operations: Vec<DocumentChangeOperation>) -> WorkspaceEdit {
    WorkspaceEdit { document_changes: Some(DocumentChanges::Operations(operations)), ..WorkspaceEdit::default() }
}

/// The older form, which has no order and no versions.
#[expect(clippy::mutable_key_type, reason = "lsp_types has addresses as keys; nothing changes them")]
fn plain(operations: Vec<DocumentChangeOperation>) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for operation in operations {
        if let DocumentChangeOperation::Edit(edit) = operation {
            let edits = edit.edits.into_iter().map(|edit| match edit {
                OneOf::Left(edit) => edit,
                OneOf::Right(annotated) => annotated.text_edit,
            });
            changes.entry(edit.text_document.uri).or_default().extend(edits);
        }
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

fn create(uri: Uri) -> CreateFile {
    // A file that came in the meantime is somebody's work.
    let options = CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(false) };
    CreateFile { uri, options: Some(options), annotation_id: None }
}

/// The smallest replacements, line by line, that make `after` of `before`: bytes of `before` and what takes their place.
fn differences(before: &str, after: &str) -> Vec<(Span, String)> {
    let mut found: Vec<(Span, Span)> = Vec::new();
    let (mut old, mut new) = (0, 0);
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        let length = change.value().len();
        let (old_end, new_end) = match change.tag() {
            ChangeTag::Equal => (old + length, new + length),
            ChangeTag::Delete => (old + length, new),
            ChangeTag::Insert => (old, new + length),
        };
        if change.tag() != ChangeTag::Equal {
            match found.last_mut().filter(|(a, b)| a.end == old && b.end == new) {
                Some((a, b)) => (a.end, b.end) = (old_end, new_end),
                None => found.push((Span::new(old, old_end), Span::new(new, new_end))),
            }
        }
        (old, new) = (old_end, new_end);
    }
    let trimmed = found.into_iter().map(|(a, b)| trimmed(a, b.slice(after), before));
    trimmed.map(|(span, text)| before_last_break(span, text, before)).collect()
}

/// New lines at the end of a text go before its last line break rather than behind it, which is the same and no place of
/// its own: Neovim 0.11 would add an empty line.
fn before_last_break(span: Span, text: &str, before: &str) -> (Span, String) {
    if span == Span::at(before.len()) {
        for line_break in ["\r\n", "\n"] {
            if let (true, Some(lines)) = (before.ends_with(line_break), text.strip_suffix(line_break)) {
                return (Span::at(before.len() - line_break.len()), format!("{line_break}{lines}"));
            }
        }
    }
    (span, text.to_owned())
}

/// The same replacement without what both texts begin and end with. No character and no `\r\n` is cut.
fn trimmed<'t>(span: Span, text: &'t str, before: &str) -> (Span, &'t str) {
    let old = span.slice(before);
    let equal = |(a, b): &(char, char)| a == b;
    let is_break = |char: char| matches!(char, '\r' | '\n');
    let prefix: usize = old
        .chars()
        .zip(text.chars())
        .take_while(equal)
        .take_while(|(a, _)| !is_break(*a))
        .map(|(a, _)| a.len_utf8())
        .sum();
    let (old_rest, rest) = (old.get(prefix..).unwrap_or_default(), text.get(prefix..).unwrap_or_default());
    let mut suffix: usize =
        old_rest.chars().rev().zip(rest.chars().rev()).take_while(equal).map(|(a, _)| a.len_utf8()).sum();
    let cut = |text: &str, suffix: usize| text.len() - suffix;
    let splits = |text: &str| {
        let at = cut(text, suffix);
        text.get(..at).is_some_and(|head| head.ends_with('\r'))
            && text.get(at..).is_some_and(|tail| tail.starts_with('\n'))
    };
    if splits(old_rest) || splits(rest) {
        suffix -= 1;
    }
    let (start, end) = (span.start + prefix, span.end - suffix);
    (Span::new(start, end), rest.get(..cut(rest, suffix)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_lead_from_one_text_to_the_other() {
        let cases = [
            ("a: 1\nb: 2\n", "a: 1\nb: é\n"),
            ("a: 1\r\nb: 2\r\n", "a: 1\r\nx: 🚀\r\nb: 2\r\n"),
            ("a\nb\nc\n", "c\n"),
            ("a\r\n", "a\n"),
            ("a\n", "a\r\n"),
            ("a", "a\nb\n"),
            ("", "a\n"),
            ("é", "è"),
            ("aaa\n", "aa\n"),
            ("a\r\n", "a\r\nb\r\n"),
            ("a\n", "a\n\nb\nc\n"),
            ("a\r\n", "a\r\nb\n"),
        ];
        for (before, after) in cases {
            let mut text = before.to_owned();
            for (span, new) in differences(before, after).into_iter().rev() {
                text.replace_range(span.start..span.end, &new);
            }
            assert_eq!(text, after, "{before:?}");
        }
    }

    #[test]
    fn lines_at_the_end_go_before_the_last_line_break() {
        assert_eq!(differences("a\r\n", "a\r\nb\r\n"), [(Span::at(1), "\r\nb".to_owned())]);
    }

    #[test]
    fn a_change_within_a_line_leaves_the_rest_of_it() {
        let before = "ports:\n  - \"6379:6379\"   # é\n";
        let after = "ports:\n  - \"127.0.0.1:6379:6379\"   # é\n";
        let at = before.find("6379").expect("it is there");
        assert_eq!(differences(before, after), [(Span::at(at), "127.0.0.1:".to_owned())]);
    }
}
