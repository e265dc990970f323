//! Programs that start another one: `exec`, `env`, `timeout`, `gosu` and their like, and `sh -c`.

use crate::lens::value::{Lookup, Word, file_name};

/// What stands before the program that really runs.
#[derive(Default)]
pub(crate) struct Stripped {
    /// How many words belong to wrappers.
    pub skip: usize,
    /// True if `exec` was among them.
    pub replaces_shell: bool,
    /// What `env` sets.
    pub assigned: Vec<(String, Lookup)>,
}

/// Finds the program behind its wrappers.
pub(crate) fn strip_wrappers(words: &[Word]) -> Stripped {
    let mut stripped = Stripped::default();
    while let Some(program) = words.get(stripped.skip).filter(|word| word.certain) {
        let rest = words.get(stripped.skip + 1..).unwrap_or_default();
        let options = rest.iter().take_while(|word| word.text.starts_with('-')).count();
        let taken = match file_name(&program.text) {
            "exec" => {
                stripped.replaces_shell = true;
                0
            }
            "command" | "nohup" if options == 0 => 0,
            "env" if options == 0 => {
                let variables = rest.iter().take_while(|word| word.text.contains('=')).count();
                for word in &rest[..variables] {
                    let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
                    let value = if word.certain { Lookup::Known(value.to_owned()) } else { Lookup::Unknown };
                    stripped.assigned.push((name.to_owned(), value));
                }
                variables
            }
            "gosu" | "su-exec" if options == 0 => 1,
            "tini" | "dumb-init" | "catatonit" | "docker-init" => options,
            "timeout" => timeout_arguments(rest),
            _ => return stripped,
        };
        stripped.skip = (stripped.skip + 1 + taken).min(words.len());
    }
    stripped
}

/// Options of `timeout`, with the values of `-k` and `-s`, and the duration.
fn timeout_arguments(rest: &[Word]) -> usize {
    let mut taken = 0;
    while let Some(word) = rest.get(taken).filter(|word| word.text.starts_with('-')) {
        taken += if matches!(word.text.as_str(), "-k" | "-s" | "--kill-after" | "--signal") { 2 } else { 1 };
    }
    taken + 1
}

/// Index of the script in `sh -c SCRIPT`, if `words` start a shell in that way.
pub(crate) fn shell_script_index(words: &[Word]) -> Option<usize> {
    shell_operand(words).filter(|(_, runs_text)| *runs_text).map(|(index, _)| index)
}

/// Index of the file in `sh FILE`, if `words` start a shell in that way.
pub(crate) fn shell_file_index(words: &[Word]) -> Option<usize> {
    shell_operand(words).filter(|(index, runs_text)| !runs_text && words[*index].certain).map(|(index, _)| index)
}

/// Index of the first word behind a shell's options, and whether it is the text of a script.
fn shell_operand(words: &[Word]) -> Option<(usize, bool)> {
    let is_shell = |name: &str| matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh");
    if !words.first().is_some_and(|word| word.certain && is_shell(file_name(&word.text))) {
        return None;
    }
    let mut runs_text = false;
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let text = word.text.as_str();
        if !word.certain || !text.starts_with('-') || text == "--" {
            break;
        }
        if !text.starts_with("--") {
            runs_text |= text.contains('c');
            // `-o NAME`, also at the end of a cluster such as `-euo`.
            index += usize::from(text.ends_with('o'));
        }
        index += 1;
    }
    index += usize::from(words.get(index).is_some_and(|word| word.text == "--"));
    (index < words.len()).then_some((index, runs_text))
}
