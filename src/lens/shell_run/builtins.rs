//! Commands whose outcome follows from their words and their input.

use regex::RegexBuilder;

use super::{Flow, Input, Others, Outcome, Shell};
use crate::lens::value::{Lookup, Word, file_name};

impl Shell<'_> {
    pub(super) fn builtin(&mut self, words: &[Word], input: &Input) -> Flow {
        let Some((program, arguments)) = words.split_first().filter(|(program, _)| program.certain) else {
            return Flow::Next(Outcome::UNKNOWN);
        };
        let outcome = match file_name(&program.text) {
            ":" | "true" | "set" | "cd" | "umask" | "sleep" | "wait" | "trap" | "shift" => Outcome::quiet(0),
            "false" => Outcome::quiet(1),
            "exit" => return self.exit(arguments.first()),
            "export" | "readonly" | "local" | "declare" => {
                arguments.iter().for_each(|argument| self.assign(argument));
                Outcome::quiet(0)
            }
            "unset" => {
                for argument in arguments {
                    self.variables.insert(argument.text.clone(), Lookup::Absent);
                }
                Outcome::quiet(0)
            }
            "read" => {
                for argument in arguments {
                    self.variables.insert(argument.text.clone(), Lookup::Unknown);
                }
                Outcome { status: None, stdout: Some(String::new()) }
            }
            "." | "source" | "eval" => {
                self.opaque = true;
                self.variables.clear();
                Outcome::UNKNOWN
            }
            "echo" => echo(arguments),
            "printf" => Outcome { status: Some(0), stdout: printf(arguments) },
            "[" => match arguments.split_last() {
                Some((last, operands)) if last.text == "]" => quiet(test(operands)),
                _ => Outcome::quiet(2),
            },
            "[[" => match arguments.split_last() {
                Some((last, operands)) if last.text == "]]" => quiet(test_pattern(operands)),
                _ => Outcome::quiet(2),
            },
            "test" => quiet(test(arguments)),
            "grep" => grep(arguments, Dialect::Basic, input),
            "egrep" => grep(arguments, Dialect::Extended, input),
            "fgrep" => grep(arguments, Dialect::Fixed, input),
            "cat" if arguments.is_empty() => Outcome { status: Some(0), stdout: input.clone().flatten() },
            "head" | "tail" => filter(arguments, input),
            "tr" | "cut" | "sed" | "awk" | "wc" | "sort" | "uniq" | "tee" if input.is_some() => {
                Outcome { status: Some(0), stdout: None }
            }
            _ => Outcome::UNKNOWN,
        };
        if outcome.status.is_none() && input.is_none() && self.others == Others::Succeed && is_other(words) {
            return Flow::Next(Outcome { status: Some(0), ..outcome });
        }
        Flow::Next(outcome)
    }
}

/// True for programs that the shell knows nothing of, and for tests of files.
fn is_other(words: &[Word]) -> bool {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match texts.as_slice() {
        ["test", operator, _] | ["[", operator, _, "]"] | ["[[", operator, _, "]]"] => {
            operator.starts_with('-') && !matches!(*operator, "-n" | "-z")
        }
        [program, ..] => !matches!(*program, "test" | "[" | "[[" | "read" | "grep" | "egrep" | "fgrep"),
        [] => false,
    }
}

fn quiet(status: Option<i32>) -> Outcome {
    Outcome { status, stdout: Some(String::new()) }
}

fn truth(holds: bool) -> Option<i32> {
    Some(i32::from(!holds))
}

fn echo(arguments: &[Word]) -> Outcome {
    let known = arguments.iter().all(|argument| argument.certain);
    let plain = known && !arguments.first().is_some_and(|first| first.text.starts_with('-'));
    let texts: Vec<&str> = arguments.iter().map(|argument| argument.text.as_str()).collect();
    Outcome { status: Some(0), stdout: plain.then(|| texts.join(" ") + "\n") }
}

fn printf(arguments: &[Word]) -> Option<String> {
    match arguments {
        [text] if text.certain && !text.text.contains(['%', '\\']) => Some(text.text.clone()),
        _ => None,
    }
}

/// `head` and `tail` let a single line pass.
fn filter(arguments: &[Word], input: &Input) -> Outcome {
    let is_plain = arguments.iter().all(|argument| argument.text.starts_with('-'));
    let text = input.clone().flatten().filter(|text| is_plain && text.trim_end_matches('\n').lines().count() <= 1);
    Outcome { status: input.as_ref().map(|_| 0), stdout: text }
}

/// The status of `test` with `operands`.
fn test(operands: &[Word]) -> Option<i32> {
    if operands.iter().any(|operand| !operand.certain) {
        return None;
    }
    let texts: Vec<&str> = operands.iter().map(|operand| operand.text.as_str()).collect();
    match texts.as_slice() {
        [] => truth(false),
        ["!", rest @ ..] if !rest.is_empty() && rest.len() < 4 => {
            test(&operands[1..]).map(|status| if status > 1 { status } else { 1 - status })
        }
        [text] => truth(!text.is_empty()),
        ["-n", text] => truth(!text.is_empty()),
        ["-z", text] => truth(text.is_empty()),
        [a, "=" | "==", b] => truth(a == b),
        [a, "!=", b] => truth(a != b),
        [a, operator @ ("-eq" | "-ne" | "-gt" | "-ge" | "-lt" | "-le"), b] => {
            let (Ok(a), Ok(b)) = (a.trim().parse::<i64>(), b.trim().parse::<i64>()) else { return Some(2) };
            truth(match *operator {
                "-eq" => a == b,
                "-ne" => a != b,
                "-gt" => a > b,
                "-ge" => a >= b,
                "-lt" => a < b,
                _ => a <= b,
            })
        }
        texts if texts.len() <= 2 || texts.iter().any(|text| matches!(*text, "-a" | "-o" | "(")) => None,
        // Too many operands, as when an unquoted `$(…)` becomes several words.
        _ => Some(2),
    }
}

/// The status of `[[ … ]]`, whose right side is a pattern.
fn test_pattern(operands: &[Word]) -> Option<i32> {
    let [a, operator, b] = operands else { return test(operands) };
    if !(a.certain && b.certain) {
        return None;
    }
    let pattern = match operator.text.as_str() {
        "=" | "==" | "!=" => {
            let escaped = regex::escape(&b.text).replace("\\*", ".*").replace("\\?", ".");
            format!("^(?s:{escaped})$")
        }
        "=~" => b.text.clone(),
        _ => return test(operands),
    };
    let matches = RegexBuilder::new(&pattern).build().ok()?.is_match(&a.text);
    truth(matches != (operator.text == "!="))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Basic,
    Extended,
    Fixed,
}

fn grep(arguments: &[Word], dialect: Dialect, input: &Input) -> Outcome {
    grep_lines(arguments, dialect, input).unwrap_or(Outcome::UNKNOWN)
}

fn grep_lines(arguments: &[Word], mut dialect: Dialect, input: &Input) -> Option<Outcome> {
    let text = input.as_ref()?.as_ref()?;
    let (mut inverted, mut ignore_case, mut whole_line, mut whole_word) = (false, false, false, false);
    let (mut quiet, mut other_output) = (false, false);
    let mut patterns: Vec<&str> = Vec::new();
    let mut operands: Vec<&str> = Vec::new();
    let mut index = 0;
    while let Some(argument) = arguments.get(index) {
        index += 1;
        if !argument.certain {
            return None;
        }
        let Some(options) = argument.text.strip_prefix('-').filter(|options| !options.is_empty()) else {
            operands.push(&argument.text);
            continue;
        };
        let letters = match options {
            "-quiet" | "-silent" => "q",
            "-ignore-case" => "i",
            "-invert-match" => "v",
            "-line-regexp" => "x",
            "-extended-regexp" => "E",
            "-fixed-strings" => "F",
            "-" => "",
            long if long.starts_with('-') => return None,
            letters => letters,
        };
        for (at, letter) in letters.char_indices() {
            match letter {
                'q' => quiet = true,
                'i' | 'y' => ignore_case = true,
                'v' => inverted = true,
                'x' => whole_line = true,
                'w' => whole_word = true,
                'E' => dialect = Dialect::Extended,
                'F' => dialect = Dialect::Fixed,
                'G' => dialect = Dialect::Basic,
                's' | 'a' | 'h' => {}
                'c' | 'o' | 'n' => other_output = true,
                'e' | 'm' => {
                    let glued = &letters[at + 1..];
                    let value = if glued.is_empty() {
                        index += 1;
                        arguments.get(index - 1).filter(|value| value.certain)?.text.as_str()
                    } else {
                        glued
                    };
                    if letter == 'e' {
                        patterns.push(value);
                    }
                    break;
                }
                _ => return None,
            }
        }
    }
    if patterns.is_empty() {
        patterns.push(operands.first()?);
        operands.remove(0);
    }
    if !operands.is_empty() {
        return None;
    }
    let alternatives: Vec<String> =
        patterns.iter().flat_map(|pattern| pattern.split('\n')).map(|pattern| translate(pattern, dialect)).collect();
    let mut pattern = format!("(?:{})", alternatives.join("|"));
    if whole_word {
        pattern = format!(r"\b{pattern}\b");
    }
    if whole_line {
        pattern = format!("^{pattern}$");
    }
    let pattern = RegexBuilder::new(&pattern).case_insensitive(ignore_case).build().ok()?;
    let selected: Vec<&str> = text.lines().filter(|line| pattern.is_match(line) != inverted).collect();
    let stdout = match (quiet, other_output) {
        (true, _) => Some(String::new()),
        (false, true) => None,
        (false, false) => Some(selected.iter().map(|line| format!("{line}\n")).collect()),
    };
    Some(Outcome { status: truth(!selected.is_empty()), stdout })
}

/// A pattern of `grep` in the spelling of the `regex` crate.
fn translate(pattern: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Fixed => regex::escape(pattern),
        Dialect::Extended => pattern.to_owned(),
        Dialect::Basic => {
            let mut translated = String::new();
            let mut chars = pattern.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' => match chars.next() {
                        Some(special @ ('|' | '(' | ')' | '{' | '}' | '+' | '?')) => translated.push(special),
                        Some('<' | '>') => translated.push_str(r"\b"),
                        Some(other) => translated.extend(['\\', other]),
                        None => translated.push_str(r"\\"),
                    },
                    '|' | '(' | ')' | '{' | '}' | '+' | '?' => translated.extend(['\\', c]),
                    c => translated.push(c),
                }
            }
            translated
        }
    }
}
