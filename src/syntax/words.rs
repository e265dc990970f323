//! How Compose splits a `command` or `entrypoint` string into words: the rules of go-shellwords, which is no shell.
//!
//! Measured with Docker Compose 2.40.3: a `\` keeps the next character, inside double quotes too; nothing is expanded;
//! `#` is no comment; and an unquoted `;`, `&`, `|`, `<` or `>` ends the command without a word of warning.

use std::fmt;

use super::EscapeMap;
use super::escape_map::Decoder;
use super::redact::Redacted;
use crate::text::Span;

/// The words of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What the container gets.
    pub words: Vec<Word>,
    /// From here on all is thrown away: the offset of an unquoted `;`, `&`, `|`, `<` or `>`, or of the word right
    /// before a `>`, which goes too if it starts with a digit.
    pub cut: Option<usize>,
}

/// One word. All spans count in the text that was split.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and escapes.
    pub value: String,
    /// With its quotes.
    pub span: Span,
    /// How it is quoted.
    pub quotes: WordQuotes,
    /// Maps byte ranges of `value` to the text.
    pub escapes: EscapeMap,
}

/// How a word is quoted. A `\` is no quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordQuotes {
    /// Not at all.
    None,
    /// As a whole, by one pair of `'`.
    Single,
    /// As a whole, by one pair of `"`.
    Double,
    /// In parts.
    Mixed,
}

/// Why Compose refuses a string: `invalid command line string`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A quote, a backtick or a parenthesis is never closed.
    #[error("invalid command line string: this is never closed")]
    Unclosed {
        /// What opens.
        span: Span,
    },
    /// A parenthesis that is not that of a `$(...)`, or one inside of it.
    #[error("invalid command line string: a parenthesis must be quoted")]
    Parenthesis {
        /// The parenthesis.
        span: Span,
    },
    /// The string ends with a `\`.
    #[error("invalid command line string: nothing follows the backslash")]
    Backslash {
        /// The backslash.
        span: Span,
    },
}

impl WordsError {
    /// The place to point at.
    pub fn span(&self) -> Span {
        match self {
            Self::Unclosed { span } | Self::Parenthesis { span } | Self::Backslash { span } => *span,
        }
    }
}

/// Splits `text`, which is interpolated already: Compose splits last.
///
/// # Errors
/// [`WordsError`] where Compose refuses the string.
pub fn split(text: &str) -> Result<Split, WordsError> {
    let mut splitter = Splitter { text, ..Splitter::default() };
    let mut cut = None;
    for (at, c) in text.char_indices() {
        if splitter.ends_at(c) {
            cut = Some(splitter.cut(at, c));
            break;
        }
        splitter.take(Span::new(at, at + c.len_utf8()), c)?;
    }
    splitter.finish(cut)
}

#[derive(Default)]
struct Splitter<'a> {
    text: &'a str,
    words: Vec<Word>,
    word: Option<Partial<'a>>,
    /// The `\` before this character.
    backslash: Option<Span>,
    /// What is open, with the place where it was opened.
    single: Option<Span>,
    double: Option<Span>,
    backtick: Option<Span>,
    substitution: Option<Span>,
}

/// A word that is being read.
struct Partial<'a> {
    start: usize,
    end: usize,
    decoder: Decoder<'a>,
    quotes: usize,
}

impl<'a> Splitter<'a> {
    fn is_open(&self) -> bool {
        self.single.is_some() || self.double.is_some() || self.backtick.is_some() || self.substitution.is_some()
    }

    fn word(&mut self, span: Span) -> &mut Partial<'a> {
        let text = self.text;
        let word = self.word.get_or_insert_with(|| Partial {
            start: span.start,
            end: span.end,
            decoder: Decoder::new(text, span.start),
            quotes: 0,
        });
        word.end = span.end;
        word
    }

    /// Takes the character at `span` as part of a word.
    fn copy(&mut self, span: Span) {
        self.word(span).decoder.copy(span);
    }

    fn take(&mut self, span: Span, c: char) -> Result<(), WordsError> {
        if let Some(backslash) = self.backslash.take() {
            let text = self.text;
            self.word(span).decoder.escape(backslash.join(span), span.slice(text));
            return Ok(());
        }
        match c {
            '\\' if self.single.is_none() => {
                self.word(span);
                self.backslash = Some(span);
            }
            ' ' | '\t' | '\r' | '\n' if !self.is_open() => self.end_word(),
            '`' if self.single.is_none() && self.double.is_none() && self.substitution.is_none() => {
                self.backtick = if self.backtick.is_some() { None } else { Some(span) };
                self.copy(span);
            }
            // A lone closing parenthesis opens: the reference toggles.
            ')' if self.single.is_none() && self.double.is_none() && self.backtick.is_none() => {
                self.substitution = if self.substitution.is_some() { None } else { Some(span) };
                self.copy(span);
            }
            '(' if self.single.is_none() && self.double.is_none() && self.backtick.is_none() => {
                let behind_dollar = self.word.as_ref().is_some_and(|word| word.decoder.text().ends_with('$'));
                if self.substitution.is_some() || !behind_dollar {
                    return Err(WordsError::Parenthesis { span });
                }
                self.substitution = Some(span);
                self.copy(span);
            }
            '"' if self.single.is_none() && self.substitution.is_none() => {
                self.double = if self.double.is_some() { None } else { Some(span) };
                self.word(span).quotes += 1;
            }
            '\'' if self.double.is_none() && self.substitution.is_none() => {
                self.single = if self.single.is_some() { None } else { Some(span) };
                self.word(span).quotes += 1;
            }
            _ => self.copy(span),
        }
        Ok(())
    }

    fn ends_at(&self, c: char) -> bool {
        matches!(c, ';' | '&' | '|' | '<' | '>') && self.backslash.is_none() && !self.is_open()
    }

    fn cut(&mut self, at: usize, c: char) -> usize {
        let is_descriptor =
            |word: &mut Partial<'_>| c == '>' && word.decoder.text().starts_with(|c: char| c.is_ascii_digit());
        self.word.take_if(is_descriptor).map_or(at, |word| word.start)
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let span = Span::new(word.start, word.end);
        let written = span.slice(self.text);
        let whole = |quote: char| word.quotes == 2 && written.starts_with(quote) && written.ends_with(quote);
        let quotes = match word.quotes {
            0 => WordQuotes::None,
            _ if whole('\'') => WordQuotes::Single,
            _ if whole('"') => WordQuotes::Double,
            _ => WordQuotes::Mixed,
        };
        let (value, escapes) = word.decoder.finish();
        self.words.push(Word { value, span, quotes, escapes });
    }

    fn finish(mut self, cut: Option<usize>) -> Result<Split, WordsError> {
        if let Some(span) = self.backslash {
            return Err(WordsError::Backslash { span });
        }
        if let Some(span) = self.single.or(self.double).or(self.backtick).or(self.substitution) {
            let is_stray = span.slice(self.text) == ")";
            return Err(if is_stray { WordsError::Parenthesis { span } } else { WordsError::Unclosed { span } });
        }
        self.end_word();
        Ok(Split { words: self.words, cut })
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Word")
            .field("value", &Redacted(&self.value))
            .field("span", &self.span)
            .field("quotes", &self.quotes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<String> {
        split(text).expect("it is a command").words.into_iter().map(|word| word.value).collect()
    }

    #[test]
    fn strings_fall_into_the_words_that_compose_sees() {
        let cases: &[(&str, &[&str])] = &[
            ("  ", &[]),
            ("redis-server --requirepass pw\n", &["redis-server", "--requirepass", "pw"]),
            ("a\tb\rc\u{b}d \u{a0}e", &["a", "b", "c\u{b}d", "\u{a0}e"]),
            ("\"\" a ''", &["", "a", ""]),
            (r#"a="b c"'d' e"#, &["a=b cd", "e"]),
            (r#"a\nb "c\nd" "e\"f" 'g\h' \\ \" a\ b"#, &["anb", "cnd", "e\"f", r"g\h", r"\", "\"", "a b"]),
            ("a\\\nb", &["a\nb"]),
            ("# a $B", &["#", "a", "$B"]),
            ("echo `a b` $(c \"d e\") f", &["echo", "`a b`", "$(c \"d e\")", "f"]),
            ("x\"$\"(y z) \\$(y z)", &["x$(y z)", "$(y z)"]),
            ("`a \"b c` d\" e` f", &["`a b c` d e`", "f"]),
            ("a ) b ) c", &["a", ") b )", "c"]),
            ("\"$(a b)\" '`'", &["$(a b)", "`"]),
            ("`a;b` $(c|d) \"e&f\" g\\;h", &["`a;b`", "$(c|d)", "e&f", "g;h"]),
        ];
        for (text, expected) in cases {
            assert_eq!(values(text), *expected, "{text}");
            assert_eq!(split(text).expect("it is a command").cut, None, "{text}");
        }
    }

    #[test]
    fn an_operator_silently_ends_the_command() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("echo a && echo b", &["echo", "a"], "&& echo b"),
            ("--requirepass pa&ss --appendonly yes", &["--requirepass", "pa"], "&ss --appendonly yes"),
            ("a\";\"b;c", &["a;b"], ";c"),
            ("a;b'", &["a"], ";b'"),
            ("&& x", &[], "&& x"),
            ("x 2>err y", &["x"], "2>err y"),
            ("x '2 3'>e", &["x"], "'2 3'>e"),
            ("x \\2a>e", &["x"], "\\2a>e"),
            ("x ab2>e", &["x", "ab2"], ">e"),
            ("x 2 >e", &["x", "2"], ">e"),
            ("x 2<e", &["x", "2"], "<e"),
            ("x \"\">e", &["x", ""], ">e"),
        ];
        for (text, words, lost) in cases {
            let split = split(text).expect("it is a command");
            assert_eq!(split.words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>(), *words, "{text}");
            assert_eq!(&text[split.cut.expect("it is cut")..], *lost);
        }
    }

    #[test]
    fn what_compose_refuses_has_a_place() {
        let cases = [
            ("a 'b", "'b"),
            ("a \"b'", "\"b'"),
            ("a';b", "';b"),
            ("a `b", "`b"),
            ("a $(b", "(b"),
            ("a (b) c", "(b) c"),
            ("$(a (b) c)", "(b) c)"),
            ("a$ (b)", "(b)"),
            ("a ) b", ") b"),
            ("a b\\", "\\"),
        ];
        for (text, place) in cases {
            let error = split(text).expect_err("it is refused");
            assert_eq!(&text[error.span().start..], place, "{text}");
        }
    }

    #[test]
    fn words_lead_back_to_where_they_were_written() {
        let text = r#"x pre"a b"\;'c'  "whole" 'w' "a""b""#;
        let split = split(text).expect("it is a command");
        let word = &split.words[1];
        assert_eq!((word.value.as_str(), word.span.slice(text)), ("prea b;c", r#"pre"a b"\;'c'"#));
        assert_eq!(word.escapes.source(3..6).slice(text), "a b");
        assert_eq!(word.escapes.source(5..7).slice(text), r#"b"\;"#);
        let quotes: Vec<_> = split.words.iter().map(|word| word.quotes).collect();
        use WordQuotes::{Double, Mixed, None, Single};
        assert_eq!(quotes, [None, Mixed, Double, Single, Mixed]);
    }

    #[test]
    fn debug_output_shows_no_value() {
        assert!(!format!("{:?}", split("--requirepass hunter2")).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_splitter_and_spans_hold_what_they_claim(
            text in r#"([a0 \t\n\\'"`$();&>]|\PC){0,30}"#,
        ) {
            let Ok(split) = split(&text) else { return Ok(()) };
            let mut at = 0;
            for word in &split.words {
                prop_assert!(at <= word.span.start && word.span.end <= split.cut.unwrap_or(text.len()));
                at = word.span.end;
                for (offset, c) in word.value.char_indices() {
                    let source = word.escapes.source(offset..offset + c.len_utf8());
                    prop_assert!(word.span.contains(source));
                    prop_assert!(source.slice(&text).ends_with(c));
                }
                if word.quotes == WordQuotes::None && !word.span.slice(&text).contains('\\') {
                    prop_assert_eq!(word.span.slice(&text), &word.value);
                }
            }
        }
    }
}
