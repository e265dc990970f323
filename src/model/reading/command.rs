//! Command strings of which the container does not get every word.

use std::ops::Range;

use super::{Passage, Reading, ReadingKind};
use crate::model::node::{Certainty, Node, Text};
use crate::model::project::Project;
use crate::model::workspace::Workspace;
use crate::syntax::template::{Piece, PieceOrigin};
use crate::syntax::words::{self, Split};

pub(super) fn read(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for service in project.services() {
        for key in ["command", "entrypoint"] {
            let Some(node) = service.value.get(key) else { continue };
            let Some(text) = node.as_text() else { continue };
            let Ok(split) = words::split(&text.value) else { continue };
            let command = Command { workspace, project, service: &service.key, node, text };
            readings.extend(split.cut.and_then(|at| command.cut(key, at)));
            if !matches!(text.certainty, Certainty::Unknown(_)) {
                readings.extend(command.blank_words(&split));
            }
        }
    }
    readings
}

/// A command or an entry point that is a string.
struct Command<'a, 'f> {
    workspace: &'a Workspace<'f>,
    project: &'a Project,
    service: &'a str,
    node: &'a Node,
    text: &'a Text,
}

impl Command<'_, '_> {
    fn cut(&self, key: &str, at: usize) -> Option<Reading> {
        let rest = self.text.value.get(at..)?;
        // A descriptor before a `>` goes, too.
        let (offset, by) = rest.char_indices().find(|(_, c)| ends_a_command(*c))?;
        let at = at + offset;
        // What stands before the place must be known.
        let is_open = matches!(self.text.certainty, Certainty::Unknown(_));
        let is_variable = |piece: &&Piece| piece.origin != PieceOrigin::Literal;
        if is_open && self.text.pieces.iter().filter(is_variable).any(|piece| piece.output.start <= at) {
            return None;
        }
        let piece = self.text.pieces.iter().find(|piece| piece.output.contains(&at));
        let variable = piece.and_then(variable_of);
        // `app ;`: the container gets all that there is. In a variable, the character itself is a part of the value.
        if variable.is_none() && offset == 0 && rest.chars().all(|c| c.is_whitespace() || ends_a_command(c)) {
            return None;
        }
        let range = match (piece, variable) {
            (Some(piece), Some(_)) => piece.source.clone(),
            _ => self.text.literal_range(at..at + 1)?,
        };
        Some(Reading {
            kind: ReadingKind::CommandCut { by, variable: variable.map(str::to_owned) },
            service: Some(self.service.to_owned()),
            subject: key.to_owned(),
            at: self.passage(range),
            other: variable.and_then(|name| Passage::definition(self.project, name)),
            assumes: Vec::new(),
        })
    }

    /// Options whose value came out blank and is no word any more.
    fn blank_words(&self, split: &Split) -> Vec<Reading> {
        let end = split.cut.unwrap_or(self.text.value.len());
        let blank = self.text.pieces.iter().filter(|piece| piece.output.is_empty() && piece.output.start <= end);
        blank.filter_map(|piece| self.blank_word(split, piece)).collect()
    }

    fn blank_word(&self, split: &Split, piece: &Piece) -> Option<Reading> {
        let name = variable_of(piece)?;
        let at = piece.output.start;
        // In a word, even an empty one in quotes, it takes no word away.
        if split.words.iter().any(|word| word.span.start <= at && at <= word.span.end) {
            return None;
        }
        let option = split.words.iter().rfind(|word| word.span.end < at).and_then(|word| option_name(&word.value))?;
        let next = split.words.iter().find(|word| word.span.start > at);
        let next = match next {
            Some(word) => Some(option_name(&word.value)?),
            None => None,
        };
        let assumed = match &self.text.certainty {
            Certainty::Assumed(names) => names.iter().filter(|assumed| *assumed == name).cloned().collect(),
            _ => Vec::new(),
        };
        let at = self.passage(piece.source.clone());
        Some(Reading {
            kind: ReadingKind::BlankWord { option, next, by_default: self.has_blank_default(at) },
            service: Some(self.service.to_owned()),
            subject: name.to_owned(),
            at,
            other: Passage::definition(self.project, name),
            assumes: assumed,
        })
    }

    /// True for `${NAME:-}` and `${NAME-}`: that is how further arguments are left to whoever sets them.
    fn has_blank_default(&self, used: Passage) -> bool {
        let text = self.workspace.sources.get(used.source).text.get(used.span.start..used.span.end);
        text.is_some_and(|text| text.ends_with("-}"))
    }

    fn passage(&self, range: Range<usize>) -> Passage {
        Passage::within(self.workspace, &self.node.place, Some(range))
    }
}

/// True for the characters at which Compose ends a command.
fn ends_a_command(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | '<' | '>')
}

/// The variable whose value a piece is.
fn variable_of(piece: &Piece) -> Option<&str> {
    match &piece.origin {
        PieceOrigin::Variable { name } => Some(name),
        _ => None,
    }
}

/// `--name` of a word `--name` or `-n`; `None` if the word is something else or holds its value already.
fn option_name(word: &str) -> Option<String> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|name| name.len() == 1))?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_name.then(|| word.to_owned())
}
