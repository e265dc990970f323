//! Recursive descent over the bytes of a script.

use super::{
    Assignment, Command, Group, If, Join, Operator, Part, PartKind, Pipeline, Quoting, Redirect, Redirection, Script,
    ShellError, Simple, Step, Variable, Word,
};
use crate::text::Span;

/// Substitutions, groups, conditions and expansions inside each other.
const MAX_DEPTH: usize = 40;

/// Words that end or divide a block, where a command could start.
const CLOSERS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

pub(super) fn parse(text: &str) -> Result<Script, ShellError> {
    let mut parser = Parser { text, at: 0, end: text.len(), depth: 0 };
    let script = parser.script()?;
    if parser.at < parser.end {
        return Err(ShellError::Unexpected { span: parser.here() });
    }
    Ok(script)
}

/// What ends a run of word parts, besides the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Blanks and operators.
    Delimiter,
    /// `}` of `${NAME:-word}`; with the quoting of what surrounds it.
    Brace(Quoting),
}

pub(super) struct Parser<'a> {
    text: &'a str,
    pub(super) at: usize,
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.starts(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// The next character, or the end.
    fn here(&self) -> Span {
        Span::new(self.at, self.at + self.peek().map_or(0, char::len_utf8))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ShellError>) -> Result<T, ShellError> {
        if self.depth == MAX_DEPTH {
            return Err(ShellError::TooDeep { span: self.here() });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.starts("\\\n") => self.at += 2,
                Some('\\') if self.starts("\\\r\n") => self.at += 3,
                Some('#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    pub(super) fn skip_lines(&mut self) {
        self.skip_blanks();
        while self.eat("\n") {
            self.skip_blanks();
        }
    }

    /// The characters up to the next blank or operator, unparsed: enough to know a reserved word.
    pub(super) fn raw_word(&self) -> &str {
        let rest = self.rest();
        &rest[..rest.find(is_delimiter).unwrap_or(rest.len())]
    }

    /// Reads up to the end, a `)`, or a word that closes a block; the caller looks which.
    pub(super) fn script(&mut self) -> Result<Script, ShellError> {
        self.skip_lines();
        let start = self.at;
        let mut steps: Vec<Step> = Vec::new();
        let mut join = Join::Always;
        let mut last = start;
        loop {
            self.skip_lines();
            if self.at >= self.end || self.starts(")") || CLOSERS.contains(&self.raw_word()) {
                if join != Join::Always {
                    return Err(ShellError::Unexpected { span: self.here() });
                }
                return Ok(Script { span: Span::new(start, last), steps });
            }
            let pipeline = self.pipeline()?;
            last = pipeline.span.end;
            self.skip_blanks();
            let mut background = false;
            let next = if self.eat("&&") {
                Join::And
            } else if self.eat("||") {
                Join::Or
            } else {
                if self.starts(";;") {
                    return Err(ShellError::Unexpected { span: self.here() });
                }
                if self.eat("&") {
                    background = true;
                } else if !self.eat(";")
                    && !self.eat("\n")
                    && self.at < self.end
                    && !self.starts(")")
                    && !CLOSERS.contains(&self.raw_word())
                {
                    return Err(ShellError::Unexpected { span: self.here() });
                }
                Join::Always
            };
            steps.push(Step { join, pipeline, background });
            join = next;
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, ShellError> {
        let start = self.at;
        let mut negated = false;
        while self.raw_word() == "!" {
            self.at += 1;
            self.skip_blanks();
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        let mut end = commands[0].span().end;
        loop {
            self.skip_blanks();
            if self.starts("||") || !self.starts("|") {
                return Ok(Pipeline { span: Span::new(start, end), negated, commands });
            }
            if self.starts("|&") {
                return Err(ShellError::Unsupported { what: "a pipe for errors, `|&`", span: self.here() });
            }
            self.at += 1;
            self.skip_lines();
            let command = self.command()?;
            end = command.span().end;
            commands.push(command);
        }
    }

    fn command(&mut self) -> Result<Command, ShellError> {
        let start = self.at;
        let unsupported = |what| Err(ShellError::Unsupported { what, span: Span::at(start) });
        match self.raw_word() {
            "if" => return self.deeper(|parser| parser.branching(start)).map(Command::If),
            "{" => {
                self.at += 1;
                return self.deeper(|parser| parser.group(start, "}")).map(Command::Group);
            }
            "while" | "until" | "for" => return self.deeper(|parser| parser.repetition(start)).map(Command::Loop),
            "select" => return unsupported("a loop that only bash knows"),
            "case" => return unsupported("a `case`"),
            "function" => return unsupported("a function"),
            "time" | "coproc" => return unsupported("a word that only bash knows"),
            _ => {}
        }
        if self.starts("((") {
            return unsupported("arithmetic");
        }
        if self.eat("(") {
            return self.deeper(|parser| parser.group(start, ")")).map(Command::Group);
        }
        self.simple().map(Command::Simple)
    }

    fn group(&mut self, start: usize, close: &'static str) -> Result<Group, ShellError> {
        let body = self.script()?;
        if !self.eat(close) {
            return Err(ShellError::Unclosed { what: "a group", span: Span::at(start) });
        }
        let close_end = self.at;
        let redirections = self.redirections()?;
        let end = redirections.last().map_or(close_end, |last| last.span.end);
        Ok(Group { span: Span::new(start, end), body, subshell: close == ")", redirections })
    }

    fn branching(&mut self, start: usize) -> Result<If, ShellError> {
        let unclosed = ShellError::Unclosed { what: "an `if`", span: Span::at(start) };
        self.at += "if".len();
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.script()?;
            if self.raw_word() != "then" {
                return Err(unclosed);
            }
            self.at += "then".len();
            branches.push((condition, self.script()?));
            if self.raw_word() == "elif" {
                self.at += "elif".len();
                continue;
            }
            if self.raw_word() == "else" {
                self.at += "else".len();
                otherwise = Some(self.script()?);
            }
            break;
        }
        if self.raw_word() != "fi" {
            return Err(unclosed);
        }
        self.at += "fi".len();
        let close_end = self.at;
        let redirections = self.redirections()?;
        let end = redirections.last().map_or(close_end, |last| last.span.end);
        Ok(If { span: Span::new(start, end), branches, otherwise, redirections })
    }

    pub(super) fn redirections(&mut self) -> Result<Vec<Redirection>, ShellError> {
        let mut found = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirection()? {
                Some(redirection) => found.push(redirection),
                None => return Ok(found),
            }
        }
    }

    fn redirection(&mut self) -> Result<Option<Redirection>, ShellError> {
        let start = self.at;
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let operators = [
            ("&>>", Redirect::WriteBoth),
            ("&>", Redirect::WriteBoth),
            ("<>", Redirect::Read),
            (">>", Redirect::Write),
            (">|", Redirect::Write),
            (">&", Redirect::Duplicate),
            ("<&", Redirect::Duplicate),
            (">", Redirect::Write),
            ("<", Redirect::Read),
        ];
        let behind = &rest[digits..];
        if behind.starts_with("<<") {
            return Err(ShellError::Unsupported { what: "a here-document", span: Span::at(start) });
        }
        let Some((sign, operator)) = operators.into_iter().find(|(sign, _)| behind.starts_with(sign)) else {
            return Ok(None);
        };
        if digits > 0 && sign.starts_with('&') {
            return Ok(None);
        }
        let descriptor = rest[..digits].parse().ok();
        self.at += digits + sign.len();
        self.skip_blanks();
        let target = self.word()?;
        if target.parts.is_empty() {
            return Err(ShellError::Unexpected { span: self.here() });
        }
        Ok(Some(Redirection { span: Span::new(start, target.span.end), descriptor, operator, target }))
    }

    fn simple(&mut self) -> Result<Simple, ShellError> {
        let start = self.at;
        let mut end = start;
        let (mut assignments, mut words, mut redirections) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.skip_blanks();
            if let Some(redirection) = self.redirection()? {
                end = redirection.span.end;
                redirections.push(redirection);
                continue;
            }
            if self.peek().is_none_or(is_delimiter) {
                if self.starts("(") {
                    return Err(ShellError::Unsupported { what: "a function", span: self.here() });
                }
                break;
            }
            let word_start = self.at;
            let name_length = if words.is_empty() { assigned_name(self.rest()) } else { None };
            if let Some(length) = name_length {
                let name = self.rest()[..length].to_owned();
                self.at += length + 1;
                let value = self.word()?;
                end = self.at;
                assignments.push(Assignment { span: Span::new(word_start, end), name, value });
            } else {
                let word = self.word()?;
                end = word.span.end;
                words.push(word);
            }
        }
        if end == start {
            return Err(ShellError::Unexpected { span: self.here() });
        }
        Ok(Simple { span: Span::new(start, end), assignments, words, redirections })
    }

    pub(super) fn word(&mut self) -> Result<Word, ShellError> {
        let start = self.at;
        let parts = self.parts(Until::Delimiter)?;
        Ok(Word { span: Span::new(start, self.at), parts })
    }

    fn parts(&mut self, until: Until) -> Result<Vec<Part>, ShellError> {
        let bare = match until {
            Until::Brace(quoting) => quoting,
            Until::Delimiter => Quoting::Bare,
        };
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            let start = self.at;
            match next {
                '}' if until != Until::Delimiter => break,
                c if until == Until::Delimiter && is_delimiter(c) => break,
                '\\' => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') => {}
                        Some(c) => push(&mut parts, Span::new(start, self.at), Quoting::Single, c),
                        None => push(&mut parts, Span::new(start, self.at), bare, '\\'),
                    }
                }
                '\'' if bare == Quoting::Bare => {
                    let body = start + 1;
                    let length = self
                        .text
                        .get(body..self.end)
                        .and_then(|rest| rest.find('\''))
                        .ok_or(ShellError::Unclosed { what: "a quote", span: Span::new(start, start + 1) })?;
                    self.at = body + length + 1;
                    let text = self.text[body..body + length].to_owned();
                    let span = Span::new(body, body + length);
                    parts.push(Part { span, quoting: Quoting::Single, kind: PartKind::Literal(text) });
                }
                '"' => self.double_quoted(&mut parts)?,
                '$' | '`' => self.expansion(bare, &mut parts)?,
                c => {
                    self.at += c.len_utf8();
                    push(&mut parts, Span::new(start, self.at), bare, c);
                }
            }
        }
        Ok(parts)
    }

    fn double_quoted(&mut self, parts: &mut Vec<Part>) -> Result<(), ShellError> {
        let open = self.at;
        let unclosed = ShellError::Unclosed { what: "a quote", span: Span::new(open, open + 1) };
        self.at += 1;
        let before = parts.len();
        loop {
            let start = self.at;
            match self.peek().ok_or(unclosed.clone())? {
                '"' => break,
                '$' | '`' => self.expansion(Quoting::Double, parts)?,
                '\\' => {
                    self.at += 1;
                    match self.bump().ok_or(unclosed.clone())? {
                        '\n' => {}
                        c @ ('$' | '`' | '"' | '\\') => {
                            push(parts, Span::new(start, self.at), Quoting::Double, c);
                        }
                        c => {
                            push(parts, Span::new(start, start + 1), Quoting::Double, '\\');
                            push(parts, Span::new(start + 1, self.at), Quoting::Double, c);
                        }
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    push(parts, Span::new(start, self.at), Quoting::Double, c);
                }
            }
        }
        if parts.len() == before {
            let kind = PartKind::Literal(String::new());
            parts.push(Part { span: Span::at(self.at), quoting: Quoting::Double, kind });
        }
        self.at += 1;
        Ok(())
    }

    /// At `$` or a backtick.
    fn expansion(&mut self, quoting: Quoting, parts: &mut Vec<Part>) -> Result<(), ShellError> {
        let start = self.at;
        let kind = if self.starts("$((") {
            return Err(ShellError::Unsupported { what: "arithmetic", span: Span::new(start, start + 3) });
        } else if self.eat("$(") {
            let script = self.deeper(Self::script)?;
            if !self.eat(")") {
                return Err(ShellError::Unclosed { what: "a `$(`", span: Span::new(start, start + 2) });
            }
            PartKind::Substitution(script)
        } else if self.eat("`") {
            PartKind::Substitution(self.backticks(start)?)
        } else if self.eat("${") {
            PartKind::Variable(self.deeper(|parser| parser.braced(start, quoting))?)
        } else {
            self.at += 1;
            match self.peek() {
                Some('\'' | '"') if quoting == Quoting::Bare => {
                    return Err(ShellError::Unsupported {
                        what: "a quote that only bash knows",
                        span: Span::at(start),
                    });
                }
                Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                    let length = name_length(self.rest());
                    let name = self.rest()[..length].to_owned();
                    self.at += length;
                    PartKind::Variable(Variable { name, operator: Operator::None })
                }
                Some(c) if c.is_ascii_digit() || is_special(c) => {
                    self.at += 1;
                    PartKind::Variable(Variable { name: c.to_string(), operator: Operator::None })
                }
                _ => {
                    push(parts, Span::new(start, self.at), quoting, '$');
                    return Ok(());
                }
            }
        };
        parts.push(Part { span: Span::new(start, self.at), quoting, kind });
        Ok(())
    }

    fn backticks(&mut self, open: usize) -> Result<Script, ShellError> {
        let body = self.at;
        let length = self
            .rest()
            .find('`')
            .ok_or(ShellError::Unclosed { what: "a backtick", span: Span::new(open, open + 1) })?;
        if self.rest()[..length].contains('\\') {
            return Err(ShellError::Unsupported { what: "a backslash between backticks", span: Span::at(open) });
        }
        let outer_end = self.end;
        self.end = body + length;
        let script = self.deeper(Self::script);
        let complete = self.at == self.end;
        self.end = outer_end;
        let script = script?;
        if !complete {
            return Err(ShellError::Unexpected { span: self.here() });
        }
        self.at = body + length + 1;
        Ok(script)
    }

    /// Behind `${`.
    fn braced(&mut self, open: usize, quoting: Quoting) -> Result<Variable, ShellError> {
        let unclosed = ShellError::Unclosed { what: "a `${`", span: Span::new(open, open + 2) };
        let mut length = name_length(self.rest());
        if length == 0 && self.peek().is_some_and(is_special) {
            length = 1;
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        if !name.is_empty() && self.eat("}") {
            return Ok(Variable { name, operator: Operator::None });
        }
        let blank = self.eat(":");
        let operator = match self.peek().ok_or(unclosed.clone())? {
            sign @ ('-' | '=' | '+' | '?') if !name.is_empty() => {
                self.at += 1;
                let start = self.at;
                let parts = self.parts(Until::Brace(quoting))?;
                let word = Word { span: Span::new(start, self.at), parts };
                match sign {
                    '+' => Operator::Alternative { blank, word },
                    '?' => Operator::Required { blank },
                    _ => Operator::Default { blank, word },
                }
            }
            _ => {
                self.parts(Until::Brace(quoting))?;
                Operator::Other
            }
        };
        if self.eat("}") { Ok(Variable { name, operator }) } else { Err(unclosed) }
    }
}

/// Adds one character, to the last part if it is of the same quoting and adjoins.
fn push(parts: &mut Vec<Part>, span: Span, quoting: Quoting, c: char) {
    if let Some(Part { span: last, quoting: same, kind: PartKind::Literal(text) }) = parts.last_mut()
        && *same == quoting
        && last.end == span.start
    {
        text.push(c);
        last.end = span.end;
        return;
    }
    parts.push(Part { span, quoting, kind: PartKind::Literal(c.to_string()) });
}

/// Blanks and operators, which end a word. A carriage return counts as a blank: a script in a file with CRLF has it.
pub(super) fn is_delimiter(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

fn is_special(c: char) -> bool {
    matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!')
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Length of `NAME` if `text` starts with `NAME=`.
fn assigned_name(text: &str) -> Option<usize> {
    let length = name_length(text);
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (is_name && text[length..].starts_with('=')).then_some(length)
}
