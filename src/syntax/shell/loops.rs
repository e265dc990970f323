//! `while`, `until` and `for`.

use super::parser::{Parser, is_delimiter};
use super::{Loop, LoopHead, ShellError};
use crate::text::Span;

impl Parser<'_> {
    /// Reads a loop; its first word stands at `start` and is still to be read.
    pub(super) fn repetition(&mut self, start: usize) -> Result<Loop, ShellError> {
        let word = self.raw_word().to_owned();
        self.at += word.len();
        let head = match word.as_str() {
            "while" => LoopHead::While(self.script()?),
            "until" => LoopHead::Until(self.script()?),
            _ => self.words_of_for()?,
        };
        self.skip_lines();
        self.expect_word("do", start)?;
        let body = self.script()?;
        self.expect_word("done", start)?;
        let end = self.at;
        let redirections = self.redirections()?;
        let end = redirections.last().map_or(end, |last| last.span.end);
        Ok(Loop { span: Span::new(start, end), head, body, redirections })
    }

    /// `NAME in WORD…;`, or `NAME` alone.
    fn words_of_for(&mut self) -> Result<LoopHead, ShellError> {
        self.skip_blanks();
        let name = self.raw_word().to_owned();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(ShellError::Unsupported { what: "a loop that only bash knows", span: Span::at(self.at) });
        }
        self.at += name.len();
        self.skip_lines();
        let mut words = Vec::new();
        if self.raw_word() == "in" {
            self.at += "in".len();
            self.skip_blanks();
            while self.peek().is_some_and(|next| !is_delimiter(next)) {
                words.push(self.word()?);
                self.skip_blanks();
            }
        }
        self.skip_blanks();
        self.eat(";");
        Ok(LoopHead::For { name, words })
    }

    fn expect_word(&mut self, word: &str, start: usize) -> Result<(), ShellError> {
        if self.raw_word() != word {
            return Err(ShellError::Unclosed { what: "a loop", span: Span::at(start) });
        }
        self.at += word.len();
        Ok(())
    }
}
