//! The simple commands of a script, wherever they stand in it.

use crate::lens::value::Word;
use crate::syntax::shell::{self, Command, LoopHead, PartKind, Pipeline, Redirect, Script, Simple};
use crate::text::Span;

/// A simple command of a script, and where it stands.
pub(super) struct Site<'a> {
    pub simple: &'a Simple,
    pub pipeline: &'a Pipeline,
    /// True inside `$( … )`.
    pub is_substituted: bool,
}

/// Adds the simple commands of a script, in its order, to `sites`.
pub(super) fn collect<'a>(script: &'a Script, is_substituted: bool, sites: &mut Vec<Site<'a>>) {
    for pipeline in script.steps.iter().map(|step| &step.pipeline) {
        for command in &pipeline.commands {
            match command {
                Command::Simple(simple) => {
                    sites.push(Site { simple, pipeline, is_substituted });
                    let values = simple.assignments.iter().map(|assignment| &assignment.value);
                    for part in simple.words.iter().chain(values).flat_map(|word| &word.parts) {
                        if let PartKind::Substitution(script) = &part.kind {
                            collect(script, true, sites);
                        }
                    }
                }
                Command::Group(group) => collect(&group.body, is_substituted, sites),
                Command::If(branching) => {
                    for (condition, body) in &branching.branches {
                        collect(condition, is_substituted, sites);
                        collect(body, is_substituted, sites);
                    }
                    if let Some(script) = &branching.otherwise {
                        collect(script, is_substituted, sites);
                    }
                }
                Command::Loop(repeated) => {
                    if let LoopHead::While(condition) | LoopHead::Until(condition) = &repeated.head {
                        collect(condition, is_substituted, sites);
                    }
                    collect(&repeated.body, is_substituted, sites);
                }
            }
        }
    }
}

/// The word as it is written: what it expands to is unknown.
pub(super) fn source_word(word: &shell::Word) -> Word {
    match word.literal() {
        Some(text) => Word::known(text),
        None => {
            let literal = |part: &shell::Part| match &part.kind {
                PartKind::Literal(text) => text.clone(),
                _ => String::new(),
            };
            Word::unknown(word.parts.iter().map(literal).collect::<String>())
        }
    }
}

/// True if it takes what the command writes to its output.
pub(super) fn takes_output(redirection: &shell::Redirection) -> bool {
    match redirection.operator {
        Redirect::Write => redirection.descriptor.unwrap_or(1) == 1,
        Redirect::WriteBoth => true,
        Redirect::Read | Redirect::Duplicate => false,
    }
}

/// The span with the blanks that follow.
pub(super) fn with_blank_behind(span: Span, text: &str) -> Span {
    let behind = text.get(span.end..).unwrap_or("");
    Span::new(span.start, span.end + behind.len() - behind.trim_start_matches([' ', '\t']).len())
}

/// The span with the blanks before it.
pub(super) fn with_blank_before(span: Span, text: &str) -> Span {
    let before = text.get(..span.start).unwrap_or("");
    Span::new(before.trim_end_matches([' ', '\t']).len(), span.end)
}
