//! The test of a healthcheck, in every spelling.

use super::client_check::{self, CheckReading, CheckRepair, NewTest, NoCheckRepair, Piece};
use super::command::{rewrite_list, source_range, word_of};
use super::value::{Environment, Word};
use crate::catalog::ClientProgram;
use crate::model::node::{Node, Value};
use crate::syntax::yaml::Document;
use crate::text::{Edit, EditSet, Span};

/// The `healthcheck` of a service.
#[derive(Debug, Clone)]
pub struct Healthcheck<'p> {
    /// The value of `test`.
    pub node: &'p Node,
    test: Test<'p>,
}

/// What the engine runs to see whether a container is healthy.
#[derive(Debug, Clone)]
enum Test<'p> {
    /// `["CMD", word, …]`: the items behind `CMD`.
    Exec { items: &'p [Node], words: Vec<Word> },
    /// `["CMD-SHELL", text]` or just a text, for the container's shell.
    Shell { node: &'p Node, word: Word },
    /// `NONE`, or `disable: true`.
    Disabled,
}

impl<'p> Healthcheck<'p> {
    /// The healthcheck of a service; `None` if the project has none, or none that Compose accepts.
    pub fn read(service: &'p Node) -> Option<Self> {
        let healthcheck = service.get("healthcheck")?;
        let node = healthcheck.get("test")?;
        if matches!(healthcheck.get("disable").map(|node| &node.value), Some(Value::Bool(true))) {
            return Some(Self { node, test: Test::Disabled });
        }
        let test = match &node.value {
            Value::Text(_) => Test::Shell { node, word: whole(node)? },
            Value::List(items) => {
                let (first, rest) = items.split_first()?;
                match (first.as_text()?.value.as_str(), rest) {
                    ("NONE", _) => Test::Disabled,
                    ("CMD", items) => Test::Exec { items, words: items.iter().map(whole).collect::<Option<_>>()? },
                    ("CMD-SHELL", [node, ..]) => Test::Shell { node, word: whole(node)? },
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self { node, test })
    }

    /// The items of the list that say what is run: `CMD` and programs that only start another one left away. Empty where
    /// the test is no list, or runs nothing.
    pub fn command(&self) -> &'p [Node] {
        match &self.test {
            Test::Exec { items, words } => items.get(client_check::command_start(words)..).unwrap_or_default(),
            Test::Shell { node, .. } if !std::ptr::eq(*node, self.node) => std::slice::from_ref(*node),
            Test::Shell { .. } | Test::Disabled => &[],
        }
    }

    /// What it asks the server, and whether it notices a refusal.
    pub fn ask(&self, clients: &[ClientProgram], env: &Environment<'_>) -> CheckReading {
        client_check::read(self.test(), clients, env)
    }

    /// The change after which it logs in and notices a refusal.
    ///
    /// # Errors
    /// [`NoCheckRepair`] if a person must write it.
    pub fn authenticate(
        &self,
        clients: &[ClientProgram],
        env: &Environment<'_>,
        password: Option<&str>,
    ) -> Result<CheckRepair, NoCheckRepair> {
        client_check::authenticate(self.test(), clients, env, password)
    }

    /// The change after which it logs in as a user and notices a refusal.
    ///
    /// # Errors
    /// [`NoCheckRepair`] if a person must write it.
    pub fn authenticate_as(
        &self,
        clients: &[ClientProgram],
        env: &Environment<'_>,
        user: &str,
        password: &str,
    ) -> Result<CheckRepair, NoCheckRepair> {
        client_check::authenticate_as(self.test(), clients, env, user, password)
    }

    /// The change after which it logs in by what the shell makes of `substitution`, and notices a refusal.
    ///
    /// # Errors
    /// [`NoCheckRepair`] if a person must write it.
    pub fn authenticate_by(
        &self,
        clients: &[ClientProgram],
        env: &Environment<'_>,
        substitution: &str,
    ) -> Result<CheckRepair, NoCheckRepair> {
        client_check::authenticate_by(self.test(), clients, env, substitution)
    }

    /// The change after which it notices a refusal of what it presents, which stays as it is.
    ///
    /// # Errors
    /// [`NoCheckRepair`] if a person must write it.
    pub fn notice_refusal(
        &self,
        clients: &[ClientProgram],
        env: &Environment<'_>,
    ) -> Result<CheckRepair, NoCheckRepair> {
        client_check::notice_refusal(self.test(), clients, env)
    }

    /// The test that the engine runs, its words in order; after `repair`, if one is given.
    pub fn words(&self, repair: Option<&NewTest>) -> Vec<String> {
        let changed = |word: &Word, index: Option<usize>| {
            match repair {
                Some(NewTest::Edits { word, edits }) if *word == index => edits,
                _ => return word.text.clone(),
            }
            .apply(&word.text)
        };
        match &self.test {
            Test::Disabled => vec!["NONE".to_owned()],
            Test::Shell { word, .. } => vec!["CMD-SHELL".to_owned(), changed(word, None)],
            Test::Exec { words, .. } => match repair.and_then(|repair| repair.shell_text(words)) {
                Some(text) => vec!["CMD-SHELL".to_owned(), text],
                None => {
                    let words = words.iter().enumerate().map(|(index, word)| changed(word, Some(index)));
                    std::iter::once("CMD".to_owned()).chain(words).collect()
                }
            },
        }
    }

    /// The edits that write `repair` into `document`, the file of the test.
    pub fn apply(&self, document: &Document, repair: &NewTest) -> Option<Vec<Edit>> {
        match (repair, &self.test) {
            (NewTest::Same, _) => Some(Vec::new()),
            (NewTest::Edits { word: None, edits }, Test::Shell { node, .. }) => edit_text(document, node, edits),
            (NewTest::Edits { word: Some(index), edits }, Test::Exec { items, .. }) => {
                edit_text(document, items.get(*index)?, edits)
            }
            (NewTest::Shell(pieces), Test::Exec { items, words }) => {
                let text: Option<String> =
                    pieces.iter().map(|piece| source_text(document, piece, items, words)).collect();
                rewrite_list(document, self.node, &["CMD-SHELL".to_owned(), text?])
            }
            _ => None,
        }
    }

    fn test(&self) -> client_check::Test<'_> {
        match &self.test {
            Test::Disabled => client_check::Test::Disabled,
            Test::Exec { words, .. } => client_check::Test::Exec(words),
            Test::Shell { word, .. } => client_check::Test::Shell(word),
        }
    }
}

fn whole(node: &Node) -> Option<Word> {
    let text = node.as_text()?;
    Some(word_of(text, Span::new(0, text.value.len()), &text.value))
}

/// A piece of a new test as it is written in the file: variables stay variables.
fn source_text(document: &Document, piece: &Piece, items: &[Node], words: &[Word]) -> Option<String> {
    match piece {
        Piece::Text(text) => Some(text.replace('$', "$$")),
        Piece::Word(index) => {
            let written = document.scalar(items.get(*index)?.place.node)?;
            let plain =
                |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-+=:,./@%".contains(c));
            let is_plain = words.get(*index).is_some_and(|word| plain(&word.text));
            match is_plain {
                true => Some(written.to_owned()),
                false => (!written.contains('\'')).then(|| format!("'{written}'")),
            }
        }
    }
}

/// Changes bytes of a text as the container gets it, to texts that the container shall get.
fn edit_text(document: &Document, node: &Node, edits: &EditSet) -> Option<Vec<Edit>> {
    let text = node.as_text()?;
    let edit = |edit: &Edit| {
        let range = source_range(text, edit.span.start..edit.span.end)?;
        document.splice(node.place.node, range, &edit.text.replace('$', "$$"))
    };
    edits.iter().map(edit).collect()
}
