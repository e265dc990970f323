//! Expansion of words: variables, substitutions, splitting at blanks.

use super::{Flow, ScriptWord, Shell};
use crate::lens::value::{Lookup, Word};
use crate::syntax::shell::{self, Operator, PartKind, Quoting, Simple, Variable};

/// Why the shell ends while it expands a word.
pub(super) struct Abort(pub String);

/// Assignments, words and the files of redirections.
type Expanded = (Vec<(String, Lookup)>, Vec<ScriptWord>, Vec<Word>);

impl Shell<'_> {
    pub(super) fn expand_simple(&mut self, simple: &Simple) -> Result<Expanded, Abort> {
        let mut words = Vec::new();
        for word in &simple.words {
            // `[[` does not split its words.
            let splits = simple.words.first().and_then(shell::Word::literal).as_deref() != Some("[[");
            let fields = self.expand(word, splits)?;
            words.extend(fields.into_iter().map(|field| ScriptWord { word: field, span: word.span }));
        }
        let mut assigned = Vec::new();
        for assignment in &simple.assignments {
            let value = self.expand_whole(&assignment.value)?;
            assigned.push((assignment.name.clone(), as_lookup(value)));
        }
        let mut files = Vec::new();
        for redirection in &simple.redirections {
            files.push(self.expand_whole(&redirection.target)?);
        }
        Ok((assigned, words, files))
    }

    /// The word without splitting.
    fn expand_whole(&mut self, word: &shell::Word) -> Result<Word, Abort> {
        Ok(self.expand(word, false)?.pop().unwrap_or_else(|| Word::known("")))
    }

    pub(super) fn expand(&mut self, word: &shell::Word, splits: bool) -> Result<Vec<Word>, Abort> {
        let mut fields: Vec<Word> = Vec::new();
        // True if the next piece belongs to the last field.
        let mut open = false;
        for part in &word.parts {
            let value = match &part.kind {
                PartKind::Literal(text) => {
                    append(&mut fields, &mut open, &Word::known(text));
                    continue;
                }
                PartKind::Variable(variable) => self.variable(variable)?,
                PartKind::Substitution(script) => {
                    let outcome = self.subshell(|shell| shell.script(script, &None));
                    self.substitution_status = outcome.status;
                    match outcome.stdout {
                        Some(text) => Word::known(text.trim_end_matches('\n')),
                        None => Word::unknown(""),
                    }
                }
            };
            if part.quoting != Quoting::Bare || !splits || !value.certain {
                append(&mut fields, &mut open, &value);
                continue;
            }
            open &= !value.text.starts_with(is_field_separator);
            let pieces: Vec<&str> = value.text.split(is_field_separator).filter(|piece| !piece.is_empty()).collect();
            for (index, piece) in pieces.iter().enumerate() {
                open &= index == 0;
                append(&mut fields, &mut open, &Word::known(*piece));
            }
            open &= !value.text.ends_with(is_field_separator);
        }
        Ok(fields)
    }

    fn variable(&mut self, variable: &Variable) -> Result<Word, Abort> {
        let value = match variable.name.as_str() {
            "?" => self.last_status.map_or(Lookup::Unknown, |status| Lookup::Known(status.to_string())),
            name if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => self.lookup(name),
            _ => Lookup::Unknown,
        };
        let unset = |blank: bool| match &value {
            Lookup::Absent => true,
            Lookup::Known(text) => blank && text.is_empty(),
            Lookup::Unknown => false,
        };
        match &variable.operator {
            Operator::Default { blank, word } if unset(*blank) => return self.expand_whole(word),
            Operator::Alternative { blank, .. } if unset(*blank) => return Ok(Word::known("")),
            Operator::Alternative { word, .. } if value != Lookup::Unknown => return self.expand_whole(word),
            Operator::Required { blank } if unset(*blank) => {
                return Err(Abort(format!("its script ends because {} is not set", variable.name)));
            }
            Operator::Alternative { .. } | Operator::Other => return Ok(Word::unknown("")),
            Operator::None | Operator::Default { .. } | Operator::Required { .. } => {}
        }
        Ok(match value {
            Lookup::Absent => Word::known(""),
            Lookup::Known(text) => Word::known(text),
            Lookup::Unknown => Word::unknown(""),
        })
    }

    pub(super) fn assign(&mut self, field: &Word) {
        match field.text.split_once('=') {
            Some((name, value)) => {
                let value = Word { text: value.to_owned(), certain: field.certain };
                self.variables.insert(name.to_owned(), as_lookup(value));
            }
            // `export NAME` changes nothing here; with an unknown value, anything may have been set.
            None => self.opaque |= !field.certain,
        }
    }

    /// How a script that ends here goes on.
    pub(super) fn exit(&self, status: Option<&Word>) -> Flow {
        let status = match status {
            None => self.last_status,
            Some(word) if word.certain => word.text.parse().ok(),
            Some(_) => None,
        };
        Flow::Exit(super::Outcome { status, stdout: Some(String::new()) })
    }
}

fn as_lookup(word: Word) -> Lookup {
    if word.certain { Lookup::Known(word.text) } else { Lookup::Unknown }
}

fn append(fields: &mut Vec<Word>, open: &mut bool, piece: &Word) {
    match fields.last_mut() {
        Some(last) if *open => {
            last.text.push_str(&piece.text);
            last.certain &= piece.certain;
        }
        _ => fields.push(piece.clone()),
    }
    *open = true;
}

fn is_field_separator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n')
}
