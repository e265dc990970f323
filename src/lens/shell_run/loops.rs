//! Loops: nobody knows how often they run, so their body is run once, as under a condition that can't be known.

use super::expand::Abort;
use super::{Flow, Input, Outcome, Shell};
use crate::lens::value::{Lookup, Word};
use crate::syntax::shell::{Loop, LoopHead};

impl Shell<'_> {
    pub(super) fn repeat(&mut self, repeated: &Loop, input: &Input) -> Flow {
        match &repeated.head {
            // The condition is asked at least once.
            LoopHead::While(condition) | LoopHead::Until(condition) => {
                if let exit @ Flow::Exit(_) = self.script(condition, input) {
                    return exit;
                }
            }
            LoopHead::For { name, words } => {
                let mut all = Vec::new();
                for word in words {
                    match self.expand(word, true) {
                        Ok(fields) => all.extend(fields),
                        Err(Abort(reason)) => {
                            if self.guesses == 0 {
                                self.aborted.get_or_insert(reason);
                            }
                            return Flow::Exit(Outcome { status: Some(2), stdout: None });
                        }
                    }
                }
                let value = match all.as_slice() {
                    [Word { text, certain: true }] => Lookup::Known(text.clone()),
                    _ => Lookup::Unknown,
                };
                self.variables.insert(name.clone(), value);
            }
        }
        if let Flow::Exit(outcome) = self.guess(|shell| shell.script(&repeated.body, input)) {
            self.exits.push(outcome.status);
        }
        Flow::Next(Outcome::UNKNOWN)
    }
}
