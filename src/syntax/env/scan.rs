//! The scanner of Compose's dotenv dialect.

use super::super::Problem;
use super::super::escape_map::Decoder;
use super::super::template::Template;
use super::{Entry, EnvFile, EnvValue, EscapeMap, Format, Quote, is_blank, is_key_char, rest_of_line};
use crate::text::Span;

/// Reads all of `text`.
pub(super) fn scan(text: &str) -> (EnvFile, Vec<Problem>) {
    let file = EnvFile { format: Format::Dotenv, entries: Vec::new(), comments: Vec::new() };
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner { text, at, file, problems: Vec::new() };
    while scanner.find_statement() {
        scanner.statement();
    }
    (scanner.file, scanner.problems)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    file: EnvFile,
    problems: Vec<Problem>,
}

/// What ends a key.
enum KeyEnd {
    Separator(usize),
    Line(usize),
    File,
    Unexpected(usize, char),
}

/// What stands before a value.
struct Head {
    start: usize,
    export_span: Option<Span>,
    key_span: Span,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(skipped).len();
    }

    /// Goes to the next statement; a statement can start in the middle of a line, behind a quoted value.
    fn find_statement(&mut self) -> bool {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest().starts_with('#') {
                return self.at < self.text.len();
            }
            let comment = rest_of_line(self.text, self.at);
            self.file.comments.push(comment);
            self.at = comment.end;
        }
    }

    fn statement(&mut self) {
        let start = self.at;
        let export_span = self.export();
        if self.at == self.text.len() {
            self.problems.push(Problem::new(Span::new(start, self.at), "`export` without a name"));
            return;
        }
        let key_start = self.at;
        let end = self.key_end();
        let key_span = |end: usize| {
            Span::new(key_start, key_start + self.text[key_start..end].trim_end_matches(char::is_whitespace).len())
        };
        match end {
            KeyEnd::Unexpected(at, c) => {
                let span = Span::new(at, at + c.len_utf8());
                self.refuse_line(Problem::new(span, format!("unexpected character {c:?} in variable name")));
            }
            KeyEnd::Separator(at) | KeyEnd::Line(at) if key_span(at).slice(self.text).contains(' ') => {
                let problem = Problem::new(key_span(at), "key cannot contain a space");
                self.refuse_line(problem);
            }
            KeyEnd::Separator(at) => {
                let head = Head { start, export_span, key_span: key_span(at) };
                self.at = at + 1;
                self.value(head);
            }
            KeyEnd::Line(at) => {
                let key_span = key_span(at);
                self.at = at + 1;
                // `export` alone on its line does nothing.
                if !key_span.is_empty() {
                    self.push(Head { start, export_span, key_span }, None);
                }
            }
            KeyEnd::File => {
                let value_span = key_span(self.text.len());
                let head = Head { start, export_span, key_span: Span::at(key_start) };
                self.at = self.text.len();
                let value = self.bare(value_span);
                self.push(head, Some(value));
                if let Some(entry) = self.file.entries.last_mut() {
                    entry.swallowed_by_end_of_file = true;
                }
            }
        }
    }

    /// `export` counts as such only before ASCII white space; `export=x` sets a variable of that name.
    fn export(&mut self) -> Option<Span> {
        let after = self.rest().strip_prefix("export")?;
        if !after.starts_with(['\t', '\n', '\u{c}', '\r', ' ']) {
            return None;
        }
        let span = Span::new(self.at, self.at + "export".len());
        self.at = span.end;
        self.skip(is_blank);
        Some(span)
    }

    fn key_end(&self) -> KeyEnd {
        for (offset, c) in self.rest().char_indices() {
            let at = self.at + offset;
            match c {
                '=' | ':' => return KeyEnd::Separator(at),
                '\n' => return KeyEnd::Line(at),
                c if is_blank(c) || is_key_char(c) => {}
                c => return KeyEnd::Unexpected(at, c),
            }
        }
        KeyEnd::File
    }

    fn value(&mut self, head: Head) {
        let behind_separator = self.at;
        self.skip(is_blank);
        let quote = match self.rest().chars().next() {
            Some('\'') => Quote::Single,
            Some('"') => Quote::Double,
            _ => return self.unquoted(head, behind_separator),
        };
        let open = self.at;
        match decode_quoted(self.text, open, quote) {
            Some((inner, text, escapes)) => {
                let span = Span::new(open, inner.end + 1);
                self.at = span.end;
                let value = self.finish(span, inner, Some(quote), text, escapes);
                self.push(head, Some(value));
            }
            None => {
                let problem = Problem::new(rest_of_line(self.text, open), "unterminated quoted value");
                self.refuse_line(problem.with_help(format!("close it with {}", quote.as_char())));
            }
        }
    }

    fn unquoted(&mut self, head: Head, behind_separator: usize) {
        let rest = self.rest();
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        let (value, comment) = match line.find(" #") {
            Some(cut) => (&line[..cut], Some(self.at + cut + 1)),
            None => (line, None),
        };
        let len = value.trim_end_matches(char::is_whitespace).len();
        let span = if len == 0 { Span::at(behind_separator) } else { Span::new(self.at, self.at + len) };
        self.at += line.len();
        self.file.comments.extend(comment.map(|start| rest_of_line(self.text, start)));
        let value = self.bare(span);
        self.push(head, Some(value));
    }

    /// A value without quotes at `span`.
    fn bare(&mut self, span: Span) -> EnvValue {
        self.finish(span, span, None, span.slice(self.text).to_owned(), EscapeMap::verbatim(span))
    }

    fn finish(&mut self, span: Span, inner: Span, quote: Option<Quote>, text: String, escapes: EscapeMap) -> EnvValue {
        let interpolated = quote != Some(Quote::Single);
        let template = if interpolated {
            Template::parse(&text)
                .map_err(|error| {
                    let place = error.span();
                    let problem = Problem::new(escapes.source(place.start..place.end), error.to_string());
                    self.problems.push(problem.with_help("write `$$` for a plain `$`"));
                })
                .ok()
        } else {
            None
        };
        EnvValue { span, inner, quote, text, escapes, interpolated, template }
    }

    fn push(&mut self, head: Head, value: Option<EnvValue>) {
        let end = value.as_ref().map_or(head.key_span.end, |value| value.span.end);
        self.file.entries.push(Entry {
            span: Span::new(head.start, end),
            key: head.key_span.slice(self.text).to_owned(),
            key_span: head.key_span,
            export_span: head.export_span,
            value,
            swallowed_by_end_of_file: false,
        });
    }

    /// Reports what Compose stops at, and goes on in the next line.
    fn refuse_line(&mut self, problem: Problem) {
        let from = problem.span.start.max(self.at);
        self.at = self.text[from..].find('\n').map_or(self.text.len(), |end| from + end);
        self.problems.push(problem);
    }
}

/// The value behind the quote at `open`: its span without quotes, its text, and where that was written.
/// `None` if the quote is never closed.
fn decode_quoted(text: &str, open: usize, quote: Quote) -> Option<(Span, String, EscapeMap)> {
    let mut decoder = Decoder::new(text, open + 1);
    let mut chars = text[open + 1..].char_indices().map(|(at, c)| (open + 1 + at, c)).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote.as_char() {
            let (decoded, escapes) = decoder.finish();
            return Some((Span::new(open + 1, at), decoded, escapes));
        }
        if c != '\\' {
            decoder.copy(Span::new(at, at + c.len_utf8()));
            continue;
        }
        let (next_at, next) = chars.next()?;
        let mut span = Span::new(at, next_at + next.len_utf8());
        match (quote, next) {
            (_, c) if c == quote.as_char() => decoder.escape(span, c.encode_utf8(&mut [0; 4])),
            (Quote::Double, '0') => {
                let mut digits = String::new();
                while let Some((at, digit)) = chars.next_if(|(_, c)| digits.len() < 3 && c.is_ascii_digit()) {
                    span.end = at + 1;
                    digits.push(digit);
                }
                decoder.escape(span, &octal(&digits));
            }
            (Quote::Double, c) => match escaped(c) {
                Some(meaning) => decoder.escape(span, meaning),
                None => decoder.copy(span),
            },
            (Quote::Single, _) => decoder.copy(span),
        }
    }
    None
}

/// What `\c` stands for in double quotes; `None` if it stands for itself.
fn escaped(c: char) -> Option<&'static str> {
    Some(match c {
        'a' => "\u{7}",
        'b' => "\u{8}",
        'f' => "\u{c}",
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'v' => "\u{b}",
        '\\' => "\\",
        '$' => "$$",
        _ => return None,
    })
}

/// What `\0` and the `digits` behind it stand for. Where they are no number below 256, the reference drops the zero.
fn octal(digits: &str) -> String {
    match u8::from_str_radix(digits, 8) {
        Ok(code) if digits.len() == 3 => char::from(code).to_string(),
        _ => format!("\\{digits}"),
    }
}
