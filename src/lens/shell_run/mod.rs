//! Runs a shell script on paper: which programs it starts with which words, and how it ends.
//! What can't be known stays unknown, and both ways are taken where a condition is.

mod builtins;
mod expand;
mod loops;
mod wrappers;

use std::collections::BTreeMap;

pub(crate) use wrappers::{shell_file_index, shell_script_index, strip_wrappers};

use super::value::{Environment, Lookup, Word};
use crate::syntax::shell::{Command, If, Join, Pipeline, Redirect, Redirection, Script, Simple, Step};
use crate::text::Span;

/// How a command ends and what it prints; `None` where that is unknown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub status: Option<i32>,
    pub stdout: Option<String>,
}

impl Outcome {
    pub const UNKNOWN: Self = Self { status: None, stdout: None };

    fn quiet(status: i32) -> Self {
        Self { status: Some(status), stdout: Some(String::new()) }
    }

    /// What holds whichever of the two came about.
    fn either(self, other: Self) -> Self {
        Self {
            status: same_success(self.status, other.status),
            stdout: if self.stdout == other.stdout { self.stdout } else { None },
        }
    }
}

/// A word of a call, and the word of the script that it came from.
#[derive(Clone)]
pub(crate) struct ScriptWord {
    pub word: Word,
    pub span: Span,
}

/// A program that the script starts.
pub(crate) struct Call<'a> {
    /// Without wrappers such as `exec` and `timeout`; the first is the program.
    pub words: &'a [ScriptWord],
    /// The command that it stands in.
    pub simple: &'a Simple,
    /// What its output is redirected to, and its input.
    pub files: &'a [Word],
    /// Variables that it gets.
    pub variables: &'a dyn Fn(&str) -> Lookup,
    /// True if its input comes from a pipe or a file.
    pub has_input: bool,
}

/// How a script ends.
pub(crate) struct Run {
    /// Its exit status.
    pub status: Option<i32>,
    /// Why the shell itself gave up, as with `${NAME:?}`.
    pub aborted: Option<String>,
}

/// How programs end of which nothing is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// In an unknown way.
    Unknown,
    /// Well, as do tests of files; except where they judge another program's output.
    Succeed,
}

/// Runs `script`. `programs` is asked for the outcome of each program; `None` leaves it to what is built in here.
pub(crate) fn run(
    script: &Script,
    env: &Environment<'_>,
    others: Others,
    programs: &mut dyn FnMut(&Call<'_>) -> Option<Outcome>,
) -> Run {
    let mut shell = Shell::new(env, others, programs);
    let status = match shell.script(script, &None) {
        Flow::Next(outcome) | Flow::Exit(outcome) => outcome.status,
    };
    let status = shell.exits.iter().fold(status, |status, exit| same_success(status, *exit));
    Run { status, aborted: shell.aborted }
}

/// The status if both succeed or both fail.
fn same_success(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    match (a, b) {
        (Some(a), Some(b)) if (a == 0) == (b == 0) => Some(a),
        _ => None,
    }
}

/// Whether the shell goes on after a command.
enum Flow {
    Next(Outcome),
    Exit(Outcome),
}

/// What arrives on standard input: `None` if nothing is connected, `Some(None)` if it is unknown.
type Input = Option<Option<String>>;

struct Shell<'a> {
    env: &'a Environment<'a>,
    others: Others,
    programs: &'a mut dyn FnMut(&Call<'_>) -> Option<Outcome>,
    /// Variables that the script has set.
    variables: BTreeMap<String, Lookup>,
    /// True once a sourced file may have set anything.
    opaque: bool,
    last_status: Option<i32>,
    /// Status of the last `$( … )`, which is that of a command without words.
    substitution_status: Option<i32>,
    /// Ends that the script may have come to on the way.
    exits: Vec<Option<i32>>,
    aborted: Option<String>,
    /// How many unknown conditions guard what runs now.
    guesses: usize,
}

impl<'a> Shell<'a> {
    fn new(
        env: &'a Environment<'a>,
        others: Others,
        programs: &'a mut dyn FnMut(&Call<'_>) -> Option<Outcome>,
    ) -> Self {
        Self {
            env,
            others,
            programs,
            variables: BTreeMap::new(),
            opaque: false,
            last_status: Some(0),
            substitution_status: Some(0),
            exits: Vec::new(),
            aborted: None,
            guesses: 0,
        }
    }

    fn lookup(&self, name: &str) -> Lookup {
        lookup(&self.variables, self.opaque, self.env, name)
    }

    fn script(&mut self, script: &Script, input: &Input) -> Flow {
        let mut status = Some(0);
        let mut stdout = Some(String::new());
        for step in &script.steps {
            let runs = match (step.join, status) {
                (Join::Always, _) => Some(true),
                (Join::And, status) => status.map(|status| status == 0),
                (Join::Or, status) => status.map(|status| status != 0),
            };
            let flow = match runs {
                Some(false) => continue,
                Some(true) => self.step(step, input),
                None => self.guess(|shell| shell.step(step, input)),
            };
            // The status if an unknown condition kept the step from running.
            let skipped = i32::from(step.join == Join::And);
            match flow {
                Flow::Exit(outcome) if runs.is_none() => {
                    self.exits.push(outcome.status);
                    status = Some(skipped);
                    stdout = None;
                }
                Flow::Exit(outcome) => {
                    return Flow::Exit(Outcome { status: outcome.status, stdout: join_output(stdout, outcome.stdout) });
                }
                Flow::Next(outcome) if runs.is_none() => {
                    status = same_success(outcome.status, Some(skipped));
                    stdout = None;
                }
                Flow::Next(outcome) => {
                    status = outcome.status;
                    stdout = join_output(stdout, outcome.stdout);
                }
            }
            self.last_status = status;
        }
        Flow::Next(Outcome { status, stdout })
    }

    /// Runs what may or may not run: afterwards, each variable that it changed is unknown.
    fn guess<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.variables.clone();
        self.guesses += 1;
        let result = run(self);
        self.guesses -= 1;
        self.forget_differences(&before);
        result
    }

    fn forget_differences(&mut self, other: &BTreeMap<String, Lookup>) {
        let names: Vec<String> = self.variables.keys().chain(other.keys()).cloned().collect();
        for name in names {
            if self.variables.get(&name) != other.get(&name) {
                self.variables.insert(name, Lookup::Unknown);
            }
        }
    }

    fn step(&mut self, step: &Step, input: &Input) -> Flow {
        if step.background {
            let outcome = self.subshell(|shell| shell.pipeline(&step.pipeline, input));
            return Flow::Next(Outcome { status: Some(0), stdout: outcome.stdout });
        }
        self.pipeline(&step.pipeline, input)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, input: &Input) -> Flow {
        let flow = match pipeline.commands.as_slice() {
            [only] => self.command(only, input),
            commands => {
                let mut input = input.clone();
                let mut status = Some(0);
                for command in commands {
                    let outcome = self.subshell(|shell| shell.command(command, &input));
                    status = outcome.status;
                    input = Some(outcome.stdout);
                }
                Flow::Next(Outcome { status, stdout: input.flatten() })
            }
        };
        match flow {
            Flow::Next(outcome) if pipeline.negated => {
                let status = outcome.status.map(|status| i32::from(status == 0));
                Flow::Next(Outcome { status, ..outcome })
            }
            flow => flow,
        }
    }

    /// Runs in a process of its own: what it sets and that it exits stays inside.
    fn subshell(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> Outcome {
        let variables = self.variables.clone();
        let exits = std::mem::take(&mut self.exits);
        let (Flow::Next(mut outcome) | Flow::Exit(mut outcome)) = run(self);
        for exit in std::mem::replace(&mut self.exits, exits) {
            outcome.status = same_success(outcome.status, exit);
        }
        self.variables = variables;
        outcome
    }

    fn command(&mut self, command: &Command, input: &Input) -> Flow {
        match command {
            Command::Simple(simple) => self.simple(simple, input),
            Command::Group(group) => {
                let flow = if group.subshell {
                    Flow::Next(self.subshell(|shell| shell.script(&group.body, input)))
                } else {
                    self.script(&group.body, input)
                };
                redirect(flow, &group.redirections)
            }
            Command::If(branching) => redirect(self.branches(branching, 0, input), &branching.redirections),
            Command::Loop(repeated) => redirect(self.repeat(repeated, input), &repeated.redirections),
        }
    }

    fn branches(&mut self, branching: &If, index: usize, input: &Input) -> Flow {
        let Some((condition, body)) = branching.branches.get(index) else {
            return match &branching.otherwise {
                Some(script) => self.script(script, input),
                None => Flow::Next(Outcome::quiet(0)),
            };
        };
        let tested = match self.script(condition, input) {
            Flow::Next(outcome) => outcome,
            exit => return exit,
        };
        let flow = match tested.status {
            Some(0) => self.script(body, input),
            Some(_) => self.branches(branching, index + 1, input),
            None => {
                let before = self.variables.clone();
                self.guesses += 1;
                let one = self.script(body, input);
                let after = std::mem::replace(&mut self.variables, before);
                let other = self.branches(branching, index + 1, input);
                self.guesses -= 1;
                self.forget_differences(&after);
                match (one, other) {
                    (Flow::Next(one), Flow::Next(other)) => Flow::Next(one.either(other)),
                    (Flow::Exit(one), Flow::Exit(other)) => Flow::Exit(one.either(other)),
                    (Flow::Exit(exit), Flow::Next(next)) | (Flow::Next(next), Flow::Exit(exit)) => {
                        self.exits.push(exit.status);
                        Flow::Next(Outcome { status: next.status, stdout: None })
                    }
                }
            }
        };
        match flow {
            Flow::Next(outcome) => {
                Flow::Next(Outcome { status: outcome.status, stdout: join_output(tested.stdout, outcome.stdout) })
            }
            exit => exit,
        }
    }

    fn simple(&mut self, simple: &Simple, input: &Input) -> Flow {
        self.substitution_status = Some(0);
        let expanded = self.expand_simple(simple);
        let (assigned, words, files) = match expanded {
            Ok(expanded) => expanded,
            Err(expand::Abort(reason)) => {
                if self.guesses == 0 {
                    self.aborted.get_or_insert(reason);
                }
                return Flow::Exit(Outcome { status: Some(2), stdout: None });
            }
        };
        if words.is_empty() {
            self.variables.extend(assigned);
            return Flow::Next(Outcome { status: self.substitution_status, stdout: Some(String::new()) });
        }
        let reads_file = simple.redirections.iter().any(|redirection| redirection.operator == Redirect::Read);
        let input = if reads_file { Some(None) } else { input.clone() };
        let plain: Vec<Word> = words.iter().map(|word| word.word.clone()).collect();
        let stripped = strip_wrappers(&plain);
        let call_words = &words[stripped.skip..];
        if call_words.is_empty() {
            return Flow::Next(if stripped.replaces_shell { Outcome::quiet(0) } else { Outcome::UNKNOWN });
        }
        let mut own = assigned;
        own.extend(stripped.assigned);
        let outcome = {
            let (variables, opaque, env) = (&self.variables, self.opaque, self.env);
            let seen = |name: &str| match own.iter().rev().find(|(assigned, _)| assigned == name) {
                Some((_, value)) => value.clone(),
                None => lookup(variables, opaque, env, name),
            };
            let call = Call { words: call_words, simple, files: &files, variables: &seen, has_input: input.is_some() };
            (self.programs)(&call)
        };
        let flow = match outcome {
            Some(outcome) => Flow::Next(outcome),
            None => self.builtin(&plain[stripped.skip..], &input),
        };
        match redirect(flow, &simple.redirections) {
            Flow::Next(outcome) if stripped.replaces_shell => Flow::Exit(outcome),
            flow => flow,
        }
    }
}

fn lookup(variables: &BTreeMap<String, Lookup>, opaque: bool, env: &Environment<'_>, name: &str) -> Lookup {
    match variables.get(name) {
        Some(value) => value.clone(),
        None if opaque => Lookup::Unknown,
        None => env(name),
    }
}

fn join_output(before: Option<String>, after: Option<String>) -> Option<String> {
    Some(before? + &after?)
}

/// Takes away what goes to a file.
fn redirect(flow: Flow, redirections: &[Redirection]) -> Flow {
    let leaves = redirections.iter().any(|redirection| match redirection.operator {
        Redirect::Write => redirection.descriptor.unwrap_or(1) == 1,
        Redirect::WriteBoth => true,
        Redirect::Duplicate => {
            redirection.descriptor.unwrap_or(1) == 1 && redirection.target.literal().as_deref() == Some("2")
        }
        Redirect::Read => false,
    });
    let silence = |outcome: Outcome| Outcome { stdout: Some(String::new()), ..outcome };
    match flow {
        Flow::Next(outcome) if leaves => Flow::Next(silence(outcome)),
        Flow::Exit(outcome) if leaves => Flow::Exit(silence(outcome)),
        flow => flow,
    }
}

#[cfg(test)]
mod tests;
