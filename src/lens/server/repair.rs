//! The change that makes a server demand a password.

use super::arguments::{Item, ServerOption, option_name};
use super::judge::{self, Judgement};
use super::start::{End, Place, Start};
use super::{Auth, NoRepair, ServerEdit, Setup};
use crate::catalog::{Argv, ArgvSyntax, Env};
use crate::text::{Edit, EditSet, Span};

/// For an image whose scripts read variables.
pub(super) fn variables(
    env: &Env,
    auth: &Auth,
    setup: &Setup<'_>,
    reference: &str,
    presents: bool,
) -> Result<ServerEdit, NoRepair> {
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
    // A master of these images presents its own password once it is a copy.
    let presented = env.master_password.first().filter(|_| presents && judge::copies(env, setup.env));
    let set = std::iter::once(name).chain(presented).map(|name| (name.clone(), reference.to_owned())).collect();
    Ok(ServerEdit::SetEnv { set, remove })
}

/// For servers with arguments. `variable` is where arguments of [`Place::Variable`] stand.
pub(super) fn starts(
    argv: &Argv,
    starts: &[Start],
    variable: Option<&str>,
    setup: &Setup<'_>,
    reference: &str,
    presents: bool,
) -> Result<Vec<ServerEdit>, NoRepair> {
    let mut result: Option<Vec<ServerEdit>> = None;
    for start in starts {
        let edits = one(argv, start, variable, setup, reference, presents)?;
        result = Some(match result {
            None => edits,
            Some(first) if first == edits => edits,
            Some(first) => together(first.into_iter().chain(edits).collect()).ok_or_else(several_starts)?,
        });
    }
    result.ok_or_else(several_starts)
}

/// Changes of one script as one change.
fn together(changes: Vec<ServerEdit>) -> Option<Vec<ServerEdit>> {
    let mut all = EditSet::new();
    let mut place = None;
    for change in changes {
        let ServerEdit::EditShell { list, index, edits } = change else { return None };
        if *place.get_or_insert((list, index)) != (list, index) {
            return None;
        }
        edits.iter().try_for_each(|edit| all.insert(edit.clone())).ok()?;
    }
    place.map(|(list, index)| vec![ServerEdit::EditShell { list, index, edits: all }])
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
    presents: bool,
) -> Result<Vec<ServerEdit>, NoRepair> {
    let flag = &argv.password_flag;
    let Judgement { auth, user_decides, option, master_option, arguments } = judge::one(argv, start, setup);
    if user_decides {
        return Err(NoRepair::Acl(flag.clone()));
    }
    let master_flag = match &argv.master_password_flag {
        Some(flag) if presents => Some(flag.as_str()),
        None if presents => return Err(NoRepair::Unknown("no option is known by which it presents one".to_owned())),
        _ => None,
    };
    let missing: Vec<&str> = std::iter::once(flag.as_str())
        .filter(|_| option.is_none())
        .chain(master_flag.filter(|_| master_option.is_none()))
        .collect();
    let mut changes = Vec::new();
    match (&auth, &option) {
        (Auth::Unknown(why) | Auth::NoServer(why), _) => return Err(NoRepair::Unknown(why.clone())),
        (Auth::Refuses(_), Some(option)) if option.values.len() != 1 => {
            changes.push(Writer::new(argv, start, variable, reference, vec![flag]).replace(option)?);
        }
        (Auth::Refuses(why), _) => match glued_option(argv, &arguments.items) {
            Some(argument) if master_flag.is_none() => {
                changes.push(Writer::new(argv, start, variable, reference, vec![flag]).part(argument)?)
            }
            _ => return Err(NoRepair::Refuses(why.clone())),
        },
        (_, Some(option)) => changes.push(Writer::new(argv, start, variable, reference, vec![flag]).replace(option)?),
        (_, None) if arguments.dangling => {
            return Err(NoRepair::Refuses("its last option has no value".to_owned()));
        }
        (_, None) => {}
    }
    if let (Some(flag), Some(option)) = (master_flag, &master_option) {
        changes.push(Writer::new(argv, start, variable, reference, vec![flag]).replace(option)?);
    }
    // An image that reads the password from a variable, which stands there blank.
    let by_variable = argv.password_variable.as_ref().filter(|name| (setup.env)(name).is_present());
    if let (Auth::Open, None, None, Some(name)) = (&auth, &option, master_flag, by_variable) {
        return Ok(vec![ServerEdit::SetEnv { set: vec![(name.clone(), reference.to_owned())], remove: Vec::new() }]);
    }
    let is_replaced = matches!(auth, Auth::Refuses(_)) && option.is_none();
    if !missing.is_empty() && !is_replaced {
        changes.push(Writer::new(argv, start, variable, reference, missing).append()?);
    }
    if let [_] = changes.as_slice() {
        return Ok(changes);
    }
    let stays = |change: &ServerEdit| match change {
        ServerEdit::ReplaceWord { words, .. } => words.len() == 1,
        ServerEdit::AppendWords { .. } => true,
        _ => false,
    };
    if changes.iter().all(stays) {
        return Ok(changes);
    }
    together(changes).ok_or_else(|| NoRepair::NoRoom(argv.master_password_flag.clone().unwrap_or_default()))
}

/// `--requirepass=pw` where the value must be a word of its own.
fn glued_option(argv: &Argv, items: &[Item]) -> Option<usize> {
    let prefix = option_name(argv, &argv.password_flag) + "=";
    items.iter().find_map(|item| match item {
        Item::Option(option) if option.name.starts_with(&prefix) => Some(option.argument),
        _ => None,
    })
}

/// Writes options with the password where their start was written.
pub(super) struct Writer<'a> {
    argv: &'a Argv,
    start: &'a Start,
    variable: Option<&'a str>,
    reference: &'a str,
    /// The options, each of which gets the password as its last value.
    flags: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    pub fn new(
        argv: &'a Argv,
        start: &'a Start,
        variable: Option<&'a str>,
        reference: &'a str,
        flags: Vec<&'a str>,
    ) -> Self {
        Self { argv, start, variable, reference, flags }
    }

    fn place(&self, argument: usize) -> Place {
        self.start.arguments.get(argument).map_or(Place::Image, |argument| argument.place)
    }

    /// The options with their value, as words.
    fn words(&self) -> Vec<String> {
        let each = |flag: &&str| match self.argv.syntax {
            ArgvSyntax::Directives => flag.split(' ').chain([self.reference]).map(str::to_owned).collect::<Vec<_>>(),
            ArgvSyntax::Flags => vec![format!("{flag}={}", self.reference)],
        };
        self.flags.iter().flat_map(each).collect()
    }

    /// The options with their value, as text of a script.
    fn shell_words(&self) -> String {
        let sign = match self.argv.syntax {
            ArgvSyntax::Directives => ' ',
            ArgvSyntax::Flags => '=',
        };
        let each = |flag: &&str| format!("{flag}{sign}\"{}\"", self.reference);
        self.flags.iter().map(each).collect::<Vec<_>>().join(" ")
    }

    pub fn append(&self) -> Result<ServerEdit, NoRepair> {
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
                let words = vec![format!("{} {}", self.flags.join(" "), self.reference)];
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
        NoRepair::SeveralValues(self.flags.join(" "))
    }
}

fn single(edit: Edit) -> EditSet {
    let mut edits = EditSet::new();
    // The first edit of a set has nothing to overlap with.
    let _ = edits.insert(edit);
    edits
}
