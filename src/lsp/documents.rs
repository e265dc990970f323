//! The texts that the client has open, and what the disk looks like behind them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use super::position::{Encoding, Lines};
use super::uri::path_of;
use crate::source::{Files, Overlay};

/// A text that is open in the editor.
#[derive(Clone)]
pub struct OpenText {
    /// Its address, as the client writes it.
    pub uri: Uri,
    /// The file that it hides; `None` for a text that is no file.
    pub path: Option<PathBuf>,
    /// What the client takes it for, such as `dockercompose`.
    pub language: String,
    /// The client's number for this state of it.
    pub version: i32,
    /// The text.
    pub text: Arc<str>,
}

/// All open texts at one moment. A copy is cheap.
#[derive(Clone, Default)]
pub struct Documents {
    by_uri: Arc<BTreeMap<String, OpenText>>,
}

impl Documents {
    /// Takes a text that was opened.
    pub fn open(&mut self, item: TextDocumentItem) {
        let open = OpenText {
            path: path_of(&item.uri),
            language: item.language_id,
            version: item.version,
            text: item.text.into(),
            uri: item.uri,
        };
        Arc::make_mut(&mut self.by_uri).insert(open.uri.as_str().to_owned(), open);
    }

    /// Changes a text, one change after the other. False if it is not open.
    pub fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> bool {
        let Some(open) = Arc::make_mut(&mut self.by_uri).get_mut(uri.as_str()) else { return false };
        let mut text = open.text.to_string();
        for change in changes {
            match change.range {
                None => text = change.text,
                Some(range) => {
                    let span = Lines::new(&text, encoding).span(range);
                    text.replace_range(span.start..span.end, &change.text);
                }
            }
        }
        open.text = text.into();
        open.version = version;
        true
    }

    /// Forgets a text that was closed. False if it was not open.
    pub fn close(&mut self, uri: &Uri) -> bool {
        Arc::make_mut(&mut self.by_uri).remove(uri.as_str()).is_some()
    }

    /// The text at an address.
    pub fn get(&self, uri: &Uri) -> Option<&OpenText> {
        self.by_uri.get(uri.as_str())
    }

    /// The text that hides a file.
    pub fn of_path(&self, path: &Path) -> Option<&OpenText> {
        self.iter().find(|open| open.path.as_deref() == Some(path))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &OpenText> {
        self.by_uri.values()
    }

    /// The files as they would be if all were saved.
    pub fn over<'f>(&self, below: &'f dyn Files) -> Overlay<'f> {
        let mut overlay = Overlay::new(below);
        for open in self.iter() {
            if let Some(path) = &open.path {
                overlay.set(path.clone(), open.text.as_bytes());
            }
        }
        overlay
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use lsp_types::{Position, Range};

    use super::*;

    fn uri() -> Uri {
        Uri::from_str("file:///app/compose.yaml").expect("it is an address")
    }

    /// From, to, and what takes the place.
    type Change<'t> = ((u32, u32), (u32, u32), &'t str);

    fn changed(text: &str, changes: &[Change<'_>], encoding: Encoding) -> String {
        let mut documents = Documents::default();
        documents.open(TextDocumentItem { uri: uri(), language_id: "yaml".into(), version: 1, text: text.to_owned() });
        let place = |(line, character)| Position { line, character };
        let changes = changes.iter().map(|(start, end, text)| TextDocumentContentChangeEvent {
            range: Some(Range { start: place(*start), end: place(*end) }),
            range_length: None,
            text: (*text).to_owned(),
        });
        assert!(documents.change(&uri(), 2, changes.collect(), encoding));
        documents.get(&uri()).expect("it is open").text.to_string()
    }

    #[test]
    fn changes_come_one_after_the_other_in_the_clients_columns() {
        let text = "a: é🚀x\r\nb: 1\r\n";
        for (encoding, column) in [(Encoding::Utf8, 9), (Encoding::Utf16, 6)] {
            let result = changed(text, &[((0, column), (0, column + 1), "y"), ((1, 3), (1, 4), "2\r\nc: 3")], encoding);
            assert_eq!(result, "a: é🚀y\r\nb: 2\r\nc: 3\r\n");
        }
    }

    #[test]
    fn changes_outside_of_the_text_do_no_harm() {
        assert_eq!(changed("a\n", &[((9, 9), (7, 1), "b")], Encoding::Utf16), "a\nb");
        assert_eq!(changed("é\n", &[((0, 1), (0, 1), "b")], Encoding::Utf8), "bé\n");
        assert_eq!(changed("a\n", &[((0, 0), (u32::MAX, u32::MAX), "")], Encoding::Utf16), "");
    }
}
