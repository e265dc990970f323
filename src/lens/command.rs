//! `command` and `entrypoint`: the words that the container gets, and changes to them in the spelling that is there.

use std::ops::Range;

use crate::lens::value::Word;
use crate::model::node::{Certainty, Node, Text, Value};
use crate::syntax::template::{Piece, PieceOrigin};
use crate::syntax::words::{self, Split, WordQuotes};
use crate::syntax::yaml::{Document, Fragment, Kind, NodeId, Style};
use crate::text::{Edit, EditSet, Span};

/// The words of a `command` or `entrypoint`.
#[derive(Debug, Clone)]
pub struct Command<'p> {
    /// The value as it is written.
    pub node: &'p Node,
    /// What the container gets.
    pub words: Vec<Word>,
    /// Where Compose throws the rest of a string away, in bytes of its text.
    pub cut: Option<usize>,
    form: Form<'p>,
}

#[derive(Debug, Clone)]
enum Form<'p> {
    /// A string that Compose splits.
    Text { text: &'p Text, split: Split },
    /// A list of words.
    List(&'p [Node]),
}

/// Why a command can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Compose refuses the string.
    #[error("Compose can't split this command: a quote, a backslash or a parenthesis is left open")]
    Words,
    /// It is neither text nor a list of texts.
    #[error("this is no command: it wants text or a list of texts")]
    Type,
}

impl<'p> Command<'p> {
    /// Reads the value of `key` (`command` or `entrypoint`); `None` if the image decides.
    ///
    /// # Errors
    /// [`Unreadable`] where Compose refuses it.
    pub fn read(service: &'p Node, key: &str) -> Result<Option<Self>, Unreadable> {
        let Some(node) = service.get(key) else { return Ok(None) };
        match &node.value {
            Value::Null => Ok(None),
            Value::Text(text) => {
                let split = words::split(&text.value).map_err(|_| Unreadable::Words)?;
                let words = split.words.iter().map(|word| word_of(text, word.span, &word.value)).collect();
                Ok(Some(Self { node, words, cut: split.cut, form: Form::Text { text, split } }))
            }
            Value::List(items) => {
                let words = items.iter().map(|item| {
                    let text = item.as_text().ok_or(Unreadable::Type)?;
                    Ok(word_of(text, Span::new(0, text.value.len()), &text.value))
                });
                let words = words.collect::<Result<_, _>>()?;
                Ok(Some(Self { node, words, cut: None, form: Form::List(items) }))
            }
            _ => Err(Unreadable::Type),
        }
    }

    /// The words of a service's entry point and of its command behind it, as far as they can be read.
    pub fn all_words(service: &Node) -> Vec<Word> {
        let commands = ["entrypoint", "command"].into_iter();
        let commands = commands.filter_map(|key| Command::read(service, key).ok().flatten());
        commands.flat_map(|command| command.words).collect()
    }

    /// True if the words are a YAML list.
    pub fn is_list(&self) -> bool {
        matches!(self.form, Form::List(_))
    }

    /// Adds words at the end. In a string they stand as they are given, so they must need no quotes there.
    pub fn append(&self, document: &Document, words: &[String]) -> Option<Vec<Edit>> {
        match &self.form {
            Form::List(items) => self.append_to_list(document, items, words),
            Form::Text { text, split } => {
                let end = split.words.last().map_or(0, |word| word.span.end);
                // A variable that came out blank at the end stays before the new words.
                let end = text
                    .pieces
                    .iter()
                    .filter(|piece| piece.output == (end..end))
                    .map(|piece| piece.source.end)
                    .next_back()
                    .or_else(|| text.insertion_point(end));
                let separator = if split.words.is_empty() { "" } else { " " };
                let edit =
                    document.splice(self.node.place.node, end?..end?, &format!("{separator}{}", words.join(" ")))?;
                Some(vec![edit])
            }
        }
    }

    /// Puts words in the place of the word `index`.
    pub fn replace_word(&self, document: &Document, index: usize, words: &[String]) -> Option<Vec<Edit>> {
        match &self.form {
            Form::List(items) => {
                let item = items.get(index)?;
                let edit = match words {
                    [word] => document.replace_scalar(item.place.node, word)?,
                    // One word becomes several: written one after the other in the place of the item.
                    _ => self.several_items(document, item, words)?,
                };
                Some(vec![edit])
            }
            Form::Text { text, split } => {
                let word = split.words.get(index)?;
                let range = source_range_with_blanks(text, word.span.start..word.span.end)?;
                let new = match words {
                    [new] if word.quotes == WordQuotes::Double && !new.starts_with('"') => format!("\"{new}\""),
                    words => words.join(" "),
                };
                Some(vec![document.splice(self.node.place.node, range, &new)?])
            }
        }
    }

    /// Lets `sh` run the command after `prefix`, a text of the shell with a blank at its end; the words at `replaced` become
    /// `replacement`, another such text. The texts are as the container shall get them. Answers with the edits and the words
    /// that the container gets then. `None` where a shell would read the words in another way, or the spelling has no room.
    pub fn run_by_shell(
        &self,
        document: &Document,
        prefix: &str,
        (replaced, replacement): (&[usize], &str),
    ) -> Option<(Vec<Edit>, Vec<String>)> {
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c));
        let others = || self.words.iter().enumerate().filter(|(index, _)| !replaced.contains(index));
        if self.cut.is_some() || others().any(|(_, word)| !word.certain || !is_plain(&word.text.replace(' ', ""))) {
            return None;
        }
        let in_file = |text: &str| text.replace('$', "$$");
        let quoted =
            |text: &str| if text.is_empty() || text.contains(' ') { format!("\"{text}\"") } else { text.to_owned() };
        let script: Vec<String> = self
            .words
            .iter()
            .enumerate()
            .map(|(index, word)| if replaced.contains(&index) { replacement.to_owned() } else { quoted(&word.text) })
            .collect();
        let after = |script: String| vec!["sh".to_owned(), "-c".to_owned(), script];
        match &self.form {
            Form::List(items) => {
                // Variables of Compose stay as they are written.
                let written = |index: usize, item: &Node| {
                    let written = document.scalar(item.place.node)?;
                    (!written.contains(['\'', '"', '\\'])).then(|| match replaced.contains(&index) {
                        true => in_file(replacement),
                        false => quoted(written),
                    })
                };
                let words: Option<Vec<_>> =
                    items.iter().enumerate().map(|(index, item)| written(index, item)).collect();
                let text = format!("{}{}", in_file(prefix), words?.join(" "));
                let edits = rewrite_list(document, self.node, &after(text))?;
                Some((edits, after(format!("{prefix}{}", script.join(" ")))))
            }
            Form::Text { text, split } => {
                let id = self.node.place.node;
                let end = split.words.last()?.span.end;
                let is_simple = !text.value[..end].contains(['\'', '\n', '\\']) && split.words.first()?.span.start == 0;
                if !is_simple {
                    return None;
                }
                let is_default = |span: Span| {
                    let touches = |piece: &&Piece| piece.output.start < span.end && span.start < piece.output.end;
                    text.pieces.iter().filter(touches).any(|piece| !piece.inside.is_empty())
                };
                let written_end = document.scalar(id)?.trim_end().len();
                let mut edits = vec![document.splice(id, 0..0, &format!("sh -c '{}", in_file(prefix)))?];
                let mut is_closed = false;
                for index in replaced {
                    let span = split.words.get(*index)?.span;
                    let own = text.literal_range(span.start..span.end).filter(|_| !is_default(span))?;
                    let is_last = own.end == written_end;
                    is_closed |= is_last;
                    let close = if is_last { "'" } else { "" };
                    edits.push(document.splice(id, own, &format!("{}{close}", in_file(replacement)))?);
                }
                if !is_closed {
                    edits.push(document.splice(id, written_end..written_end, "'")?);
                }
                // What stands between the words stays as it is.
                let mut whole = prefix.to_owned();
                let mut at = 0;
                for index in replaced {
                    let span = split.words.get(*index)?.span;
                    whole.push_str(&text.value[at..span.start]);
                    whole.push_str(replacement);
                    at = span.end;
                }
                whole.push_str(&text.value[at..end]);
                Some((edits, after(whole)))
            }
        }
    }

    /// Puts `value` behind the option `index`, which has none; a variable that came out blank there goes.
    pub fn set_value_after(&self, document: &Document, index: usize, value: &str) -> Option<Vec<Edit>> {
        let Form::Text { text, split } = &self.form else { return None };
        let option = split.words.get(index)?;
        let next = split.words.get(index + 1).map_or(text.value.len(), |word| word.span.start);
        let vanished = text.pieces.iter().find(|piece| {
            let variable = matches!(piece.origin, PieceOrigin::Variable { .. });
            variable && piece.output.is_empty() && piece.output.start >= option.span.end && piece.output.start <= next
        });
        let id = self.node.place.node;
        let edit = match vanished {
            Some(piece) => document.splice(id, piece.source.clone(), value)?,
            None => {
                let at = text.insertion_point(option.span.end)?;
                document.splice(id, at..at, &format!(" {value}"))?
            }
        };
        Some(vec![edit])
    }

    /// Changes bytes of the word `index`, as the container gets it.
    pub fn edit_word(&self, document: &Document, index: usize, edits: &EditSet) -> Option<Vec<Edit>> {
        let (node, text, word) = match &self.form {
            Form::List(items) => {
                let item = items.get(index)?;
                (item, item.as_text()?, None)
            }
            Form::Text { text, split } => (self.node, *text, Some(split.words.get(index)?)),
        };
        let parts_words = |c: char| c.is_whitespace() || "'\"\\;&|<>".contains(c);
        edits
            .iter()
            .map(|edit| {
                let span = edit.span.start..edit.span.end;
                let range = word.map_or(span.clone(), |word| {
                    let span = word.escapes.source(span);
                    span.start..span.end
                });
                let range = source_range_with_blanks(text, range)?;
                let quoted = word.map(|word| word.quotes);
                let new = match quoted {
                    None | Some(WordQuotes::Single) if !edit.text.contains('\'') || quoted.is_none() => {
                        edit.text.clone()
                    }
                    Some(WordQuotes::None | WordQuotes::Mixed) if !edit.text.contains(parts_words) => edit.text.clone(),
                    Some(WordQuotes::Double) => edit.text.replace('\\', "\\\\").replace('"', "\\\""),
                    _ => return None,
                };
                document.splice(node.place.node, range, &new)
            })
            .collect()
    }

    fn append_to_list(&self, document: &Document, items: &[Node], words: &[String]) -> Option<Vec<Edit>> {
        let id = self.node.place.node;
        let last = items.last();
        let flow = document.node(id).flow;
        let mut text = String::new();
        let mut at = None;
        for word in words {
            let edit = document.append_item(id, &Fragment::text(word))?;
            at = Some(edit.span);
            // The line break of the last line is written once, in front or behind.
            if flow && last.is_none() && !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&edit.text);
        }
        Some(vec![Edit::replace(at?, text)])
    }

    fn several_items(&self, document: &Document, item: &Node, words: &[String]) -> Option<Edit> {
        let id = item.place.node;
        let node = document.node(id);
        let quote = |word: &String| match document.style(id) {
            Some(Style::Single) => format!("'{}'", word.replace('\'', "''")),
            _ => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
        };
        let separator = if node.flow {
            ", ".to_owned()
        } else {
            let dash = document.text()[..document.start(id)].rfind('-')?;
            format!("{}{}- ", document.line_ending().as_str(), document.indent_of(dash))
        };
        let words: Vec<_> = words.iter().map(quote).collect();
        Some(Edit::replace(node.span, words.join(&separator)))
    }
}

pub(super) fn word_of(text: &Text, span: Span, value: &str) -> Word {
    let unknown: &[String] = match &text.certainty {
        Certainty::Unknown(names) => names,
        _ => &[],
    };
    let all_unknown = unknown.is_empty() && matches!(text.certainty, Certainty::Unknown(_));
    let touched = text.pieces.iter().any(|piece| {
        let variable = match &piece.origin {
            PieceOrigin::Variable { name } => unknown.contains(name),
            _ => piece.inside.iter().any(|name| unknown.contains(name)),
        };
        variable && piece.output.start < span.end && piece.output.end > span.start
    });
    if all_unknown || touched { Word::unknown(value) } else { Word::known(value) }
}

/// Bytes of the scalar for bytes of its resolved text: copied ones, or whole uses of variables.
pub(super) fn source_range(text: &Text, range: Range<usize>) -> Option<Range<usize>> {
    if let Some(range) = text.literal_range(range.clone()) {
        return Some(range);
    }
    let touching = text.pieces.iter().filter(|piece| piece.output.start < range.end && piece.output.end > range.start);
    let mut bounds: Option<Range<usize>> = None;
    for piece in touching {
        let inner = match piece.origin {
            PieceOrigin::Literal if piece.inside.is_empty() => {
                let start = piece.source.start + range.start.saturating_sub(piece.output.start);
                let end = piece.source.end - piece.output.end.saturating_sub(range.end);
                start..end
            }
            _ if !piece.inside.is_empty() => return None,
            _ if range.start <= piece.output.start && piece.output.end <= range.end => piece.source.clone(),
            _ => return None,
        };
        bounds = Some(match bounds {
            None => inner,
            Some(known) => known.start.min(inner.start)..known.end.max(inner.end),
        });
    }
    bounds
}

/// The same with the variables right behind the bytes that came out blank: they belong to what is replaced. An insertion
/// leaves them.
pub(super) fn source_range_with_blanks(text: &Text, range: Range<usize>) -> Option<Range<usize>> {
    let mut bytes = source_range(text, range.clone())?;
    if range.is_empty() {
        return Some(bytes);
    }
    for piece in text.pieces.iter().filter(|piece| piece.is_blank_variable() && piece.output.start == range.end) {
        if piece.source.start == bytes.end {
            bytes.end = piece.source.end;
        }
    }
    Some(bytes)
}

/// Bytes of the scalar for a value that goes behind byte `at` of its text: the variable that came out blank there, or the
/// place itself.
pub(super) fn room_for_value(text: &Text, at: usize) -> Option<Range<usize>> {
    let is_next = |piece: &&Piece| {
        let between = text.value.get(at..piece.output.start);
        piece.is_blank_variable() && between.is_some_and(|between| between.trim().is_empty())
    };
    match text.pieces.iter().find(is_next) {
        Some(piece) => Some(piece.source.clone()),
        None => text.insertion_point(at).map(|at| at..at),
    }
}

/// Writes a list of words in the place of another one, in flow or in block style. Comments stay.
pub(super) fn rewrite_list(document: &Document, list: &Node, words: &[String]) -> Option<Vec<Edit>> {
    let id = list.place.node;
    // Item by item, quotes and blanks between them stay.
    let by_item = rewrite_items(document, id, words);
    by_item.or_else(|| Some(vec![document.replace_node(id, &Fragment::words(words))?]))
}

fn rewrite_items(document: &Document, id: NodeId, words: &[String]) -> Option<Vec<Edit>> {
    let Kind::Seq(items) = &document.node(id).kind else { return None };
    if words.len() > items.len() {
        return None;
    }
    let mut edits = Vec::new();
    for (item, word) in items.iter().zip(words) {
        if document.scalar(*item)? != word {
            edits.push(document.replace_scalar(*item, word)?);
        }
    }
    for index in words.len()..items.len() {
        edits.push(document.remove_item(id, index)?);
    }
    Some(edits)
}
