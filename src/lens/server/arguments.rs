//! The arguments of a server as options with values.

use super::start::Argument;
use crate::catalog::{Argv, ArgvSyntax};
use crate::lens::value::Word;

/// Arguments as the server reads them.
#[derive(Default)]
pub(super) struct Arguments {
    /// The configuration file: the first argument, if it is no option.
    pub config: Option<Word>,
    /// What follows, in order.
    pub items: Vec<Item>,
    /// True if the last option has no value and would swallow the next word.
    pub dangling: bool,
}

/// An option, or something that may hold any.
pub(super) enum Item {
    /// An option with its values.
    Option(ServerOption),
    /// One or more options that can't be seen.
    Opaque,
    /// A word that is neither an option nor belongs to one.
    Stray,
}

/// An option with its values.
pub(super) struct ServerOption {
    /// Without dashes; in lower case where case means nothing.
    pub name: String,
    /// Its place among the arguments.
    pub argument: usize,
    /// In order.
    pub values: Vec<Value>,
}

/// A value of an option.
pub(super) struct Value {
    pub word: Word,
    /// Its place among the arguments; the option's own if both stand in one word.
    pub argument: usize,
}

/// Reads arguments in the syntax of the server.
pub(super) fn parse(argv: &Argv, arguments: &[Argument]) -> Arguments {
    match argv.syntax {
        ArgvSyntax::Directives => parse_directives(arguments),
        ArgvSyntax::Flags => parse_flags(arguments),
    }
}

/// The name of an option in the form of [`ServerOption::name`].
pub(super) fn option_name(argv: &Argv, flag: &str) -> String {
    let name = flag.trim_start_matches('-');
    match argv.syntax {
        ArgvSyntax::Directives => name.to_ascii_lowercase(),
        ArgvSyntax::Flags => name.to_owned(),
    }
}

/// Follows `main` of redis 7: each `--name` starts a line of configuration, unless it comes right behind a `--name`
/// that has no value yet.
fn parse_directives(arguments: &[Argument]) -> Arguments {
    let mut read = Arguments::default();
    let mut takes_value = false;
    for (index, argument) in arguments.iter().enumerate() {
        let word = &argument.word;
        if index == 0 && word.certain && !word.text.starts_with('-') {
            read.config = Some(word.clone());
            continue;
        }
        if index == 0 && word.certain && !word.text.starts_with("--") {
            // `-` is a configuration on standard input, `-v` and `-h` start no server.
            let stray = word.text.len() > 2;
            read.items.push(if stray { Item::Stray } else { Item::Opaque });
            continue;
        }
        if !takes_value && word.text.starts_with("--") {
            let pieces = split_line(&word.text);
            let name = pieces.first().map_or("", |name| name.trim_start_matches('-')).to_ascii_lowercase();
            let known = pieces.into_iter().skip(1).map(Word::known);
            let unknown = (!word.certain).then(|| Word::unknown(""));
            let values: Vec<Value> = known.chain(unknown).map(|word| Value { word, argument: index }).collect();
            // `--save --port 1` and `--sentinel --port 1` count as complete.
            let next_is_option = arguments.get(index + 1).is_none_or(|next| next.word.text.starts_with("--"));
            let may_be_bare = matches!(name.as_str(), "save" | "sentinel") && next_is_option;
            takes_value = values.is_empty() && !may_be_bare;
            read.items.push(Item::Option(ServerOption { name, argument: index, values }));
            continue;
        }
        let value = Value { word: word.clone(), argument: index };
        match read.items.last_mut() {
            Some(Item::Option(option)) if takes_value || word.certain => option.values.push(value),
            _ if !word.certain => read.items.push(Item::Opaque),
            Some(Item::Opaque) => {}
            _ => read.items.push(Item::Stray),
        }
        takes_value = false;
    }
    read.dangling = takes_value;
    read
}

/// `--name=value` and `--name value`, with one dash or two.
fn parse_flags(arguments: &[Argument]) -> Arguments {
    let mut read = Arguments::default();
    for (index, argument) in arguments.iter().enumerate() {
        let word = &argument.word;
        let Some(flag) = word.text.strip_prefix("--").or(word.text.strip_prefix('-')) else {
            let value = Value { word: word.clone(), argument: index };
            match read.items.last_mut() {
                Some(Item::Option(option)) if option.values.is_empty() => option.values.push(value),
                _ if !word.certain => read.items.push(Item::Opaque),
                _ => {}
            }
            continue;
        };
        let (name, values) = match flag.split_once('=') {
            Some((name, value)) => {
                let word = Word { text: value.to_owned(), certain: word.certain };
                (name, vec![Value { word, argument: index }])
            }
            None if !word.certain => {
                read.items.push(Item::Opaque);
                continue;
            }
            None => (flag, Vec::new()),
        };
        read.items.push(Item::Option(ServerOption { name: name.to_owned(), argument: index, values }));
    }
    read
}

/// Splits a line of configuration: blanks, `'…'`, and `"…"` with `\"`, `\\` and `\xHH`.
fn split_line(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let Some(first) = chars.next() else { return words };
        let mut word = String::new();
        match first {
            '\'' | '"' => {
                while let Some(c) = chars.next().filter(|c| *c != first) {
                    match c {
                        '\\' if first == '"' || chars.peek() == Some(&'\'') => {
                            word.extend(chars.next().map(|escaped| match escaped {
                                'n' => '\n',
                                'r' => '\r',
                                't' => '\t',
                                other => other,
                            }));
                        }
                        c => word.push(c),
                    }
                }
            }
            c => {
                word.push(c);
                while let Some(c) = chars.next_if(|c| !c.is_ascii_whitespace()) {
                    word.push(c);
                }
            }
        }
        words.push(word);
    }
}
