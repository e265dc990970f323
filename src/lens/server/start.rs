//! Finds the server among wrappers, entry points and scripts, with its arguments and where each was written.

use super::{Auth, ConfFile, Script, Setup, WordList};
use crate::catalog::{Argv, Env};
use crate::lens::shell_run::{
    self, Call, Others, Outcome, ScriptWord, shell_file_index, shell_script_index, strip_wrappers,
};
use crate::lens::value::{Environment, Lookup, Word, file_name};
use crate::syntax::shell;
use crate::text::Span;

/// A server that is started.
pub(super) struct Start {
    /// Its arguments, without the program.
    pub arguments: Vec<Argument>,
    /// Where further arguments go.
    pub end: End,
    /// Files that the script around it may write.
    pub written_files: Vec<String>,
    /// What the script around it prints.
    pub printed: Vec<Word>,
    /// Files that it copies: from, to.
    pub copied: Vec<(String, String)>,
}

/// An argument and its origin.
#[derive(Clone)]
pub(super) struct Argument {
    pub word: Word,
    pub place: Place,
}

/// Where an argument was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the image's own command.
    Image,
    /// As a word of the project.
    List { list: WordList, index: usize },
    /// As a word of the script in a word of the project.
    Script { list: WordList, index: usize, span: Span },
    /// In a variable's value.
    Variable(Span),
    /// In a script that is a file of its own.
    File,
}

/// Where further arguments go.
pub(super) enum End {
    /// The project has no command yet.
    NewCommand,
    /// Behind the last word of a list.
    List(WordList),
    /// Behind a byte of a script; with the places of the words of its command.
    Script { list: WordList, index: usize, offset: usize, words: Vec<Span> },
    /// Behind the value of a variable, of so many bytes; `None` if it is not set.
    Variable(Option<usize>),
    /// In a script that is a file of its own: its path as a person knows it, and the line of the command, from 1.
    File { path: String, line: usize },
}

impl Start {
    pub fn new(arguments: Vec<Argument>, end: End) -> Self {
        Self { arguments, end, written_files: Vec::new(), printed: Vec::new(), copied: Vec::new() }
    }

    /// Adds the arguments that stand in a variable. `is_end` is true if further arguments go there.
    pub fn append_variable(&mut self, value: &Lookup, is_end: bool) {
        self.arguments.extend(variable_arguments(value));
        if is_end {
            self.end = End::Variable(match value {
                Lookup::Known(text) => Some(text.len()),
                Lookup::Absent | Lookup::Unknown => None,
            });
        }
    }
}

/// The servers that the service may start.
///
/// # Errors
/// What holds instead if there is none.
pub(super) fn find(argv: &Argv, setup: &Setup<'_>) -> Result<Vec<Start>, Auth> {
    let entrypoint = setup.entrypoint.filter(|words| !words.is_empty());
    let command = setup.command.unwrap_or_default();
    let placed = |list, words: &[Word]| -> Vec<Argument> {
        let place = |index| Place::List { list, index };
        words.iter().enumerate().map(|(index, word)| Argument { word: word.clone(), place: place(index) }).collect()
    };
    let mut words = placed(WordList::Entrypoint, entrypoint.unwrap_or_default());
    words.extend(placed(WordList::Command, command));
    let end = match (entrypoint, command) {
        (None, []) => {
            let image = |text: &String| Argument { word: Word::known(text), place: Place::Image };
            words = argv.default_command.iter().map(image).collect();
            End::NewCommand
        }
        (Some(_), []) => End::List(WordList::Entrypoint),
        _ => End::List(WordList::Command),
    };
    let plain: Vec<Word> = words.iter().map(|word| word.word.clone()).collect();
    match program(argv, &plain, entrypoint.is_none()) {
        Program::Server { skip } => Ok(vec![Start::new(words.split_off(skip.min(words.len())), end)]),
        Program::Script { skip } => match words.get(skip) {
            Some(Argument { word, place: Place::List { list, index } }) => {
                if !word.certain {
                    return Err(Auth::Unknown("its script can't be known".to_owned()));
                }
                find_in_script(argv, &word.text, Holder::Word { list: *list, index: *index }, setup.env)
            }
            _ => Err(Auth::Unknown("the image starts its server by a script".to_owned())),
        },
        Program::File { at } => match (setup.conf)(&plain[at].text) {
            ConfFile::Script(script) => find_in_script(argv, &script.text, Holder::File(&script), setup.env),
            ConfFile::NotMounted | ConfFile::Unreadable | ConfFile::Read(_) => {
                Err(Auth::Unknown(format!("it runs the script {}, which can't be seen", plain[at].text)))
            }
        },
        Program::Other(name) => Err(Auth::NoServer(format!("it runs {name}"))),
        Program::Unknown(why) => Err(Auth::Unknown(why)),
    }
}

/// The server that an image's scripts start: their arguments follow the script's name.
pub(super) fn behind_runner(env: &Env, setup: &Setup<'_>, extra: Option<&str>) -> Start {
    let lists = [(WordList::Entrypoint, setup.entrypoint), (WordList::Command, setup.command)];
    let mut arguments: Vec<Argument> = Vec::new();
    for (list, words) in lists {
        for (index, word) in words.unwrap_or_default().iter().enumerate() {
            arguments.push(Argument { word: word.clone(), place: Place::List { list, index } });
        }
    }
    let runner = arguments.iter().position(|word| word.word.certain && env.runners.contains(&word.word.text));
    let end = if setup.command.is_some() { WordList::Command } else { WordList::Entrypoint };
    let arguments = arguments.split_off(runner.map_or(arguments.len(), |at| at + 1));
    let mut start = Start::new(arguments, End::List(end));
    if let Some(name) = extra {
        start.append_variable(&(setup.env)(name), false);
    }
    start
}

/// What a list of words starts.
enum Program {
    /// A server, with arguments from `skip` on.
    Server { skip: usize },
    /// A shell, with its script at `skip`.
    Script { skip: usize },
    /// A script that is a file, the word `at`.
    File { at: usize },
    /// A program of this name, which is no server.
    Other(String),
    /// It can't be seen; the text says why.
    Unknown(String),
}

/// `through_entrypoint`: the image's own entry point gets the words.
fn program(argv: &Argv, words: &[Word], mut through_entrypoint: bool) -> Program {
    let mut skip = 0;
    loop {
        skip += strip_wrappers(words.get(skip..).unwrap_or_default()).skip;
        let Some(word) = words.get(skip) else {
            return Program::Unknown("nothing says which program it runs".to_owned());
        };
        let name = file_name(&word.text);
        let is_config = argv.config_suffix.as_ref().is_some_and(|suffix| word.text.ends_with(suffix.as_str()));
        if through_entrypoint && (word.text.starts_with('-') || is_config) {
            return Program::Server { skip };
        }
        if !word.certain {
            return Program::Unknown("the program that it runs can't be known".to_owned());
        }
        if argv.server_programs.iter().any(|program| program == name) {
            return Program::Server { skip: skip + 1 };
        }
        if argv.other_programs.iter().any(|program| program == name) {
            return Program::Other(name.to_owned());
        }
        if argv.entrypoints.iter().any(|entrypoint| entrypoint == name) {
            through_entrypoint = true;
            skip += 1;
            continue;
        }
        let rest = words.get(skip..).unwrap_or_default();
        return match (shell_script_index(rest), shell_file_index(rest)) {
            (Some(script), _) => Program::Script { skip: skip + script },
            (None, Some(file)) => Program::File { at: skip + file },
            (None, None) if is_script_file(&word.text) => Program::File { at: skip },
            (None, None) => Program::Other(name.to_owned()),
        };
    }
}

/// True if a word that is run can only be a script of the project's or the image's own.
fn is_script_file(program: &str) -> bool {
    let is_of_the_system =
        ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"].iter().any(|folder| program.starts_with(folder));
    program.ends_with(".sh") || program.contains('/') && !is_of_the_system
}

/// What holds a script.
#[derive(Clone, Copy)]
enum Holder<'a> {
    /// A word of the project.
    Word { list: WordList, index: usize },
    /// A file.
    File(&'a Script),
}

/// Programs that name a file without writing it.
const READERS: [&str; 12] =
    ["chown", "chmod", "ls", "cat", "test", "[", "[[", "mkdir", "touch", "stat", "grep", "echo"];

fn find_in_script(argv: &Argv, script: &str, holder: Holder<'_>, env: &Environment<'_>) -> Result<Vec<Start>, Auth> {
    let parsed = shell::parse(script).map_err(|error| Auth::Unknown(error.to_string()))?;
    let mut starts: Vec<Start> = Vec::new();
    // What may start a server that can't be seen.
    let mut hidden: Option<String> = None;
    let mut written_files: Vec<String> = Vec::new();
    let (mut printed, mut copied) = (Vec::new(), Vec::new());
    let mut programs = |call: &Call<'_>| {
        let words: Vec<Word> = call.words.iter().map(|word| word.word.clone()).collect();
        written_files.extend(call.files.iter().map(|file| file.text.clone()));
        match program(argv, &words, false) {
            Program::Server { skip } => {
                let place = |word: &ScriptWord| match holder {
                    Holder::Word { list, index } => Place::Script { list, index, span: word.span },
                    Holder::File(_) => Place::File,
                };
                let argument = |word: &ScriptWord| Argument { word: word.word.clone(), place: place(word) };
                let arguments = call.words.get(skip..).unwrap_or_default().iter().map(argument).collect();
                let words: Vec<Span> = call.simple.words.iter().map(|word| word.span).collect();
                let offset = words.last().map_or(call.simple.span.end, |last| last.end);
                let end = match holder {
                    Holder::Word { list, index } => End::Script { list, index, offset, words },
                    Holder::File(file) => {
                        End::File { path: file.path.clone(), line: line_of(script, call.simple.span.start) }
                    }
                };
                starts.push(Start::new(arguments, end));
                Some(Outcome::UNKNOWN)
            }
            Program::Script { .. } => Some(Outcome::UNKNOWN),
            Program::File { at } => {
                hidden.get_or_insert_with(|| format!("it runs the script {}, which can't be seen", words[at].text));
                None
            }
            Program::Unknown(why) => {
                hidden.get_or_insert(why);
                None
            }
            Program::Other(_) => {
                match words.as_slice() {
                    [program, rest @ ..] if matches!(file_name(&program.text), "echo" | "printf") => {
                        let text: Vec<_> = rest.iter().map(|word| word.text.as_str()).collect();
                        let certain = rest.iter().all(|word| word.certain);
                        printed.push(Word { text: text.join(" "), certain });
                    }
                    [program, .., from, to] if file_name(&program.text) == "cp" && from.certain && to.certain => {
                        copied.push((from.text.clone(), to.text.clone()));
                    }
                    _ => {}
                }
                if !words.first().is_some_and(|word| READERS.contains(&file_name(&word.text))) {
                    written_files.extend(words.iter().map(|word| word.text.clone()));
                }
                None
            }
        }
    };
    let run = shell_run::run(&parsed, env, Others::Unknown, &mut programs);
    for start in &mut starts {
        start.written_files.clone_from(&written_files);
        start.printed.clone_from(&printed);
        start.copied.clone_from(&copied);
    }
    match (starts.is_empty(), run.aborted, hidden) {
        (true, Some(reason), _) => Err(Auth::Refuses(reason)),
        (_, _, Some(why)) => Err(Auth::Unknown(why)),
        (true, None, None) => Err(Auth::NoServer("its script starts no server".to_owned())),
        (false, _, None) => Ok(starts),
    }
}

/// The line of a byte, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// The value's words; quotes mean nothing.
fn variable_arguments(value: &Lookup) -> Vec<Argument> {
    let text = match value {
        Lookup::Absent => return Vec::new(),
        Lookup::Unknown => {
            return vec![Argument { word: Word::unknown(""), place: Place::Variable(Span::at(0)) }];
        }
        Lookup::Known(text) => text,
    };
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_ascii_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                let span = Span::new(from, at);
                found.push(Argument { word: Word::known(span.slice(text)), place: Place::Variable(span) });
                start = None;
            }
            _ => {}
        }
    }
    found
}
