//! The change that makes a server demand a password.

use super::arguments::{Item, ServerOption, option_name};
use super::judge::{self, Judgement};
use super::start::{End, Place, Start};
use super::{Auth, NoRepair, ServerEdit, Setup};
use crate::catalog::{Argv, ArgvSyntax, Env};
use crate::text::{Edit, EditSet, Span};

/// For an image whose scripts read variables.
pub(super) fn variables(env: &Env, auth: &Auth, setup: &Setup<'_>, reference: &str) -> Result<ServerEdit, NoRepair> {
    let is_present = |name: &&String| (setup.env)(name).is_present();
    if *auth == Auth::Acl {
        return Err(NoRepair::Acl(env.password.first().cloned().unwrap_or_default()));
    }
    if let Some(name) = env.password_file.iter().find(is_present) {
        return Err(NoRepair::File(name.clone()));
    }
    let name = env.password.iter().find(is_present).or(env.password.first());
    let name = name.ok_or_else(|| NoRepair::Unknown("no variable takes its password".to_owned()))?;
    let remove = env.allow_empty.iter().filter(is_present).cloned().collect();
    Ok(ServerEdit::SetEnv { set: vec![(name.clone(), reference.to_owned())], remove })
}

/// For servers with arguments. `variable` is where arguments of [`Place::Variable`] stand.
pub(super) fn starts(
    argv: &Argv,
    starts: &[Start],
    variable: Option<&str>,
    setup: &Setup<'_>,
    reference: &str,
) -> Result<ServerEdit, NoRepair> {
    let mut result: Option<ServerEdit> = None;
    for start in starts {
        let edit = one(argv, start, variable, setup, reference)?;
        result = Some(match (result, edit) {
            (None, edit) => edit,
            (Some(ServerEdit::EditShell { list, index, mut edits }), ServerEdit::EditShell { edits: further, .. }) => {
                for edit in further.iter() {
                    edits.insert(edit.clone()).map_err(|_| several_starts())?;
                }
                ServerEdit::EditShell { list, index, edits }
            }
            (Some(first), edit) if first == edit => edit,
            _ => return Err(several_starts()),
        });
    }
    result.ok_or_else(several_starts)
}

fn several_starts() -> NoRepair {
    NoRepair::Unknown("its script starts the server in several ways".to_owned())
}

fn one(
    argv: &Argv,
    start: &Start,
    variable: Option<&str>,
    setup: &Setup<'_>,
    reference: &str,
) -> Result<ServerEdit, NoRepair> {
    let flag = &argv.password_flag;
    let to_add = || format!("{flag} \"{reference}\" --masterauth \"{reference}\"");
    if judge::replica_of(argv, start, setup).is_some() {
        return Err(NoRepair::Linked("replication", to_add()));
    }
    if judge::is_clustered(argv, start, setup) {
        return Err(NoRepair::Linked("a cluster", to_add()));
    }
    let writer = Writer { argv, start, variable, reference };
    let Judgement { auth, user_decides, option, arguments } = judge::one(argv, start, setup);
    if user_decides {
        return Err(NoRepair::Acl(flag.clone()));
    }
    match (auth, option) {
        (Auth::Unknown(why), _) => Err(NoRepair::Unknown(why)),
        (Auth::Refuses(_), Some(option)) if option.values.len() != 1 => writer.replace(&option),
        (Auth::Refuses(why), _) => match glued_option(argv, &arguments.items) {
            Some(argument) => writer.part(argument),
            None => Err(NoRepair::Refuses(why)),
        },
        (_, Some(option)) => writer.replace(&option),
        (_, None) if arguments.dangling => Err(NoRepair::Refuses("its last option has no value".to_owned())),
        (_, None) => writer.append(),
    }
}

/// `--requirepass=pw` where the value must be a word of its own.
fn glued_option(argv: &Argv, items: &[Item]) -> Option<usize> {
    let prefix = option_name(argv, &argv.password_flag) + "=";
    items.iter().find_map(|item| match item {
        Item::Option(option) if option.name.starts_with(&prefix) => Some(option.argument),
        _ => None,
    })
}

/// Writes the password option where its start was written.
struct Writer<'a> {
    argv: &'a Argv,
    start: &'a Start,
    variable: Option<&'a str>,
    reference: &'a str,
}

impl Writer<'_> {
    fn place(&self, argument: usize) -> Place {
        self.start.arguments.get(argument).map_or(Place::Image, |argument| argument.place)
    }

    /// The option with its value, as words.
    fn words(&self) -> Vec<String> {
        let (flag, reference) = (&self.argv.password_flag, self.reference);
        match self.argv.syntax {
            ArgvSyntax::Directives => vec![flag.clone(), reference.to_owned()],
            ArgvSyntax::Flags => vec![format!("{flag}={reference}")],
        }
    }

    /// The option with its value, as text of a script.
    fn shell_words(&self) -> String {
        let (flag, reference) = (&self.argv.password_flag, self.reference);
        match self.argv.syntax {
            ArgvSyntax::Directives => format!("{flag} \"{reference}\""),
            ArgvSyntax::Flags => format!("{flag}=\"{reference}\""),
        }
    }

    fn append(&self) -> Result<ServerEdit, NoRepair> {
        Ok(match &self.start.end {
            End::NewCommand => {
                let words = self.argv.default_command.iter().cloned().chain(self.words()).collect();
                ServerEdit::SetCommand { words }
            }
            End::List(list) => ServerEdit::AppendWords { list: *list, words: self.words() },
            End::Script { list, index, offset, .. } => {
                let edits = single(Edit::insert(*offset, format!(" {}", self.shell_words())));
                ServerEdit::EditShell { list: *list, index: *index, edits }
            }
            End::File { .. } => return Err(self.in_file()),
            End::Variable(None) => {
                ServerEdit::SetEnv { set: vec![(self.variable_name()?, self.words().join(" "))], remove: Vec::new() }
            }
            End::Variable(Some(length)) => {
                let blank = if *length == 0 { "" } else { " " };
                self.edit_variable(Edit::insert(*length, format!("{blank}{}", self.words().join(" "))))?
            }
        })
    }

    fn replace(&self, option: &ServerOption) -> Result<ServerEdit, NoRepair> {
        let first = option.values.first();
        let lacks_value = first.is_none_or(|value| value.word.text.starts_with("--") && option.values.len() > 1);
        if lacks_value {
            return self.add_value(option.argument);
        }
        match option.values.as_slice() {
            [value] if value.argument == option.argument => self.rewrite(option.argument),
            [value] => {
                let text = self.reference;
                match self.place(value.argument) {
                    Place::List { list, index } => {
                        Ok(ServerEdit::ReplaceWord { list, index, words: vec![text.to_owned()] })
                    }
                    Place::Script { list, index, span } if self.stands_alone(value.argument) => {
                        let edits = single(Edit::replace(span, format!("\"{text}\"")));
                        Ok(ServerEdit::EditShell { list, index, edits })
                    }
                    Place::Variable(span) => self.edit_variable(Edit::replace(span, text)),
                    Place::File => Err(self.in_file()),
                    Place::Script { .. } | Place::Image => Err(self.several_values()),
                }
            }
            _ => Err(self.several_values()),
        }
    }

    /// Writes option and value anew where they stand in one word.
    fn rewrite(&self, argument: usize) -> Result<ServerEdit, NoRepair> {
        match (self.place(argument), self.argv.syntax) {
            (Place::List { list, index }, ArgvSyntax::Directives) => {
                let words = vec![format!("{} {}", self.argv.password_flag, self.reference)];
                Ok(ServerEdit::ReplaceWord { list, index, words })
            }
            _ => self.part(argument),
        }
    }

    /// Replaces one word by the option and its value.
    fn part(&self, argument: usize) -> Result<ServerEdit, NoRepair> {
        match self.place(argument) {
            Place::List { list, index } => Ok(ServerEdit::ReplaceWord { list, index, words: self.words() }),
            Place::Script { list, index, span } if self.stands_alone(argument) => {
                Ok(ServerEdit::EditShell { list, index, edits: single(Edit::replace(span, self.shell_words())) })
            }
            Place::Variable(span) => self.edit_variable(Edit::replace(span, self.words().join(" "))),
            Place::File => Err(self.in_file()),
            Place::Script { .. } | Place::Image => Err(self.several_values()),
        }
    }

    /// Gives the option at `argument` the value that it lacks.
    fn add_value(&self, argument: usize) -> Result<ServerEdit, NoRepair> {
        match self.place(argument) {
            Place::List { list, index } => {
                Ok(ServerEdit::SetValueAfterFlag { list, index, value: self.reference.to_owned() })
            }
            Place::Script { list, index, span } => {
                let quoted = format!("\"{}\"", self.reference);
                let edit = match self.vanished_after(span) {
                    Some(word) => Edit::replace(word, quoted),
                    None => Edit::insert(span.end, format!(" {quoted}")),
                };
                Ok(ServerEdit::EditShell { list, index, edits: single(edit) })
            }
            Place::Variable(span) => self.edit_variable(Edit::insert(span.end, format!(" {}", self.reference))),
            Place::File => Err(self.in_file()),
            Place::Image => Err(self.several_values()),
        }
    }

    /// The word of the script behind `span`, if its expansion came out blank.
    fn vanished_after(&self, span: Span) -> Option<Span> {
        let End::Script { words, .. } = &self.start.end else { return None };
        let next = words.iter().copied().find(|word| word.start >= span.end)?;
        let is_argument = self
            .start
            .arguments
            .iter()
            .any(|argument| matches!(argument.place, Place::Script { span, .. } if span == next));
        (!is_argument).then_some(next)
    }

    /// True if no other argument came from the same word of the text.
    fn stands_alone(&self, argument: usize) -> bool {
        let place = self.place(argument);
        self.start.arguments.iter().filter(|argument| argument.place == place).count() == 1
    }

    fn edit_variable(&self, edit: Edit) -> Result<ServerEdit, NoRepair> {
        Ok(ServerEdit::EditEnv { variable: self.variable_name()?, edits: single(edit) })
    }

    fn variable_name(&self) -> Result<String, NoRepair> {
        self.variable.map(str::to_owned).ok_or_else(several_starts)
    }

    /// What a person writes into the script that is a file of its own.
    fn in_file(&self) -> NoRepair {
        let End::File { path, line } = &self.start.end else { return self.several_values() };
        let name = self.reference.strip_prefix("${").and_then(|rest| rest.split([':', '}', '?', '-']).next());
        NoRepair::ScriptFile {
            path: path.clone(),
            line: *line,
            flag: self.argv.password_flag.clone(),
            variable: name.unwrap_or("REDIS_PASSWORD").to_owned(),
            reference: self.reference.to_owned(),
        }
    }

    fn several_values(&self) -> NoRepair {
        NoRepair::SeveralValues(self.argv.password_flag.clone())
    }
}

fn single(edit: Edit) -> EditSet {
    let mut edits = EditSet::new();
    // The first edit of a set has nothing to overlap with.
    let _ = edits.insert(edit);
    edits
}
