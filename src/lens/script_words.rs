//! The words of a script that a shell gets as an argument, as in `sh -c SCRIPT`.

use super::command::Command;
use super::shell_run::shell_script_index;
use super::value::{Word, file_name};
use crate::model::node::Node;
use crate::syntax::shell;
use crate::text::Span;

/// Commands of a shell that only show what they are given.
const SHOWING: [&str; 2] = ["echo", "printf"];

/// The number of the word that is a script: behind `sh -c` in these words of `key`, or at their start where the entry point
/// ends in `sh -c`.
pub fn script_index(service: &Node, key: &str, words: &[Word]) -> Option<usize> {
    let within =
        |words: &[Word]| (0..words.len()).find_map(|start| Some(start + shell_script_index(words.get(start..)?)?));
    within(words).or_else(|| {
        let before = Command::read(service, "entrypoint").ok().flatten().filter(|_| key == "command")?.words;
        let all: Vec<Word> = before.iter().chain(words).cloned().collect();
        within(&all)?.checked_sub(before.len())
    })
}

/// The places of the values in the words of a script that stand there as they are, without quotes, escapes and variables
/// inside of them. Left out are commands that only show their words, and those that name a program of `others`.
pub fn script_values(text: &str, others: &dyn Fn(&str) -> bool) -> Vec<Span> {
    let Ok(script) = shell::parse(text) else { return Vec::new() };
    let mut found = Vec::new();
    for simple in script.simple_commands() {
        let mut programs = simple.words.iter().filter_map(shell::Word::literal);
        if programs.any(|word| SHOWING.contains(&file_name(&word)) || others(file_name(&word))) {
            continue;
        }
        for word in simple.words.iter().chain(simple.assignments.iter().map(|assignment| &assignment.value)) {
            let Some(literal) = word.literal() else { continue };
            let value = &literal[value_start(&literal)..];
            let written = &text[word.span.start..word.span.end];
            if let Some(at) = written.rfind(value).filter(|_| !value.is_empty()) {
                let start = word.span.start + at;
                found.push(Span::new(start, start + value.len()));
            }
        }
    }
    found
}

/// Where the value starts in a word such as `VALUE`, `--option=VALUE` or `NAME=VALUE`.
pub fn value_start(word: &str) -> usize {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    word.split_once('=').filter(|(name, _)| is_name(name)).map_or(0, |(name, _)| name.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_wherever_a_script_has_them() {
        let values = |text: &str| {
            let spans = script_values(text, &|name| name == "redis-cli");
            spans.into_iter().map(|span| text[span.start..span.end].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(values("a && b -u 'x://y'"), ["a", "b", "-u", "x://y"]);
        assert_eq!(values("if a; then URL=x://y b --u=\"x://z\"; fi"), ["a", "b", "x://z", "x://y"]);
        assert_eq!(values("while a; do (b) | { c; }; done"), ["a", "b", "c"]);
        assert_eq!(values("a $URL x://$HOST x\"://\"y"), ["a"], "what is put together is left out");
        assert!(values("echo x://y; redis-cli -u x://y").is_empty());
        assert!(values("if a").is_empty(), "it is no script");
    }
}
