//! `redis.conf`: directives with their arguments, and changes to them. Read as Redis 7 reads it (valkey does the same).

use std::fmt;

use super::escape_map::Decoder;
use super::redact::Redacted;
use super::{EscapeMap, Problem};
use crate::text::{Edit, LineEnding, Span};

/// A configuration file. All spans count in its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedisConf {
    /// The directives, `include` among them, in order. Of most of them the last one counts.
    pub directives: Vec<Directive>,
    /// Comment lines, from `#` to the end of the line. Redis knows no comments behind a directive.
    pub comments: Vec<Span>,
}

/// A line such as `requirepass secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// In lower case; Redis does not mind the case.
    pub name: String,
    /// Where the name stands, with quotes if it has any.
    pub name_span: Span,
    /// What follows the name.
    pub args: Vec<Arg>,
    /// The whole line without its line break.
    pub line: Span,
}

/// An argument of a directive.
#[derive(Clone, PartialEq, Eq)]
pub struct Arg {
    /// Without quotes and escapes. Bytes that are no UTF-8 (`"\xff"`) are replaced by U+FFFD.
    pub value: String,
    /// With its quotes.
    pub span: Span,
    /// Written in quotes, at least in part.
    pub quoted: bool,
    /// Maps byte ranges of `value` to the file.
    pub escapes: EscapeMap,
}

/// Reads a configuration file. Redis refuses to start if there is any problem.
pub fn parse(text: &str) -> (RedisConf, Vec<Problem>) {
    let mut conf = RedisConf::default();
    let mut problems = Vec::new();
    let mut at = 0;
    if text.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
        problems.push(Problem::new(Span::new(0, at), "Redis takes a byte order mark for part of the first directive"));
    }
    for line in text[at..].split('\n') {
        let start = at;
        at += line.len() + 1;
        let line = line.trim_end_matches('\r');
        let content = line.trim_matches(is_trimmed);
        let content_start = start + (line.len() - line.trim_start_matches(is_trimmed).len());
        let span = Span::new(content_start, content_start + content.len());
        if content.starts_with('#') {
            conf.comments.push(span);
            continue;
        }
        match split_args(text, span) {
            Ok(mut args) if !args.is_empty() => {
                let name = args.remove(0);
                conf.directives.push(Directive {
                    name: name.value.to_ascii_lowercase(),
                    name_span: name.span,
                    args,
                    line: Span::new(start, start + line.len()),
                });
            }
            Ok(_) => {}
            Err(problem) => problems.push(problem),
        }
    }
    (conf, problems)
}

impl RedisConf {
    /// The directives of that name, in order. `name` is in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |directive| directive.name == name)
    }

    /// The directive that counts where the last one does. `name` is in lower case.
    pub fn last(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().rfind(|directive| directive.name == name)
    }

    /// Gives the last directive of that name other arguments, or appends one. `text` is the text that this file was
    /// parsed from, `name` is in lower case.
    pub fn set(&self, text: &str, name: &str, args: &[&str]) -> Edit {
        let Some(directive) = self.last(name) else { return append(text, name, args) };
        let written = write_args(args);
        match (directive.args.first(), directive.args.last()) {
            (Some(first), Some(last)) => Edit::replace(first.span.join(last.span), written),
            _ => Edit::insert(directive.name_span.end, format!(" {written}")),
        }
    }
}

/// Adds a directive at the end of `text`, with the file's line ending and, like the file, with a final one or without.
pub fn append(text: &str, name: &str, args: &[&str]) -> Edit {
    let line = format!("{name} {}", write_args(args));
    let line_break = LineEnding::of(text).as_str();
    let edit = if text.is_empty() || text.ends_with('\n') { line + line_break } else { line_break.to_owned() + &line };
    Edit::insert(text.len(), edit)
}

impl fmt::Debug for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arg")
            .field("value", &Redacted(&self.value))
            .field("span", &self.span)
            .field("quoted", &self.quoted)
            .finish_non_exhaustive()
    }
}

/// What Redis takes off both ends of a line.
fn is_trimmed(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// White space between arguments, as C's `isspace` knows it.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

/// Splits the line at `span` into arguments, by the rules of Redis' `sdssplitargs`.
fn split_args(text: &str, span: Span) -> Result<Vec<Arg>, Problem> {
    let mut reader = Reader { text, at: span.start, end: span.end };
    let mut args = Vec::new();
    loop {
        while reader.peek().is_some_and(is_space) {
            reader.bump();
        }
        if reader.peek().is_none() {
            return Ok(args);
        }
        args.push(reader.arg()?);
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes one character.
    fn bump(&mut self) -> Span {
        let start = self.at;
        self.at += self.peek().map_or(0, char::len_utf8);
        Span::new(start, self.at)
    }

    fn arg(&mut self) -> Result<Arg, Problem> {
        let start = self.at;
        let mut decoder = Decoder::new(self.text, start);
        let mut quoted = false;
        // Quotes can open in the middle of an argument, but must close at its end.
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\n' | '\r' | '\t' => break,
                '"' | '\'' => {
                    quoted = true;
                    self.quoted(c, &mut decoder)?;
                    break;
                }
                _ => {
                    let span = self.bump();
                    decoder.copy(span);
                }
            }
        }
        let (value, escapes) = decoder.finish();
        Ok(Arg { value, span: Span::new(start, self.at), quoted, escapes })
    }

    fn quoted(&mut self, quote: char, decoder: &mut Decoder<'_>) -> Result<(), Problem> {
        let open = self.bump();
        loop {
            let Some(c) = self.peek() else {
                return Err(Problem::new(Span::new(open.start, self.end), "unbalanced quotes in configuration line"));
            };
            let rest = self.rest();
            if c == quote {
                let close = self.bump();
                return match self.peek() {
                    Some(next) if !is_space(next) => {
                        Err(Problem::new(close, "a closing quote must be followed by a space"))
                    }
                    _ => Ok(()),
                };
            }
            if quote == '"' && hex_escape(rest).is_some() {
                self.hex_escapes(decoder);
            } else if c == '\\' && (quote == '"' || rest.starts_with("\\'")) && rest.len() > 1 {
                let backslash = self.bump();
                let escaped = self.peek().unwrap_or('\\');
                let span = backslash.join(self.bump());
                let meaning = match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'a' => '\u{7}',
                    other => other,
                };
                decoder.escape(span, meaning.encode_utf8(&mut [0; 4]));
            } else {
                let span = self.bump();
                decoder.copy(span);
            }
        }
    }

    /// Takes all `\xHH` that follow each other: together they may be the bytes of one character.
    fn hex_escapes(&mut self, decoder: &mut Decoder<'_>) {
        let start = self.at;
        let mut bytes = Vec::new();
        while let Some(byte) = hex_escape(self.rest()) {
            bytes.push(byte);
            self.at += 4;
        }
        decoder.escape(Span::new(start, self.at), &String::from_utf8_lossy(&bytes));
    }
}

fn hex_escape(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("\\x")?.get(..2)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

fn write_args(args: &[&str]) -> String {
    args.iter().map(|arg| write_arg(arg)).collect::<Vec<_>>().join(" ")
}

/// Writes an argument so that Redis reads it back, in quotes only where they are needed.
fn write_arg(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\');
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut written = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c.is_ascii_control() => written.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::EditSet;

    fn apply(text: &str, edit: Edit) -> String {
        let mut edits = EditSet::new();
        edits.insert(edit).expect("it is the only one");
        edits.apply(text)
    }

    fn args(line: &str) -> Vec<String> {
        let (conf, problems) = parse(line);
        assert_eq!(problems, vec![], "{line}");
        conf.directives[0].args.iter().map(|arg| arg.value.clone()).collect()
    }

    #[test]
    fn arguments_are_read_as_redis_reads_them() {
        let cases: &[(&str, &[&str])] = &[
            ("requirepass ab#cd", &["ab#cd"]),
            ("requirepass #cd", &["#cd"]),
            ("requirepass pa ss", &["pa", "ss"]),
            ("requirepass \"pa ss\"", &["pa ss"]),
            (r#"requirepass "a\x41b""#, &["aAb"]),
            (r#"requirepass "\xc3\xa9\n\q\x0z""#, &["é\nqx0z"]),
            (r"requirepass 'a\'b\n'", &[r"a'b\n"]),
            (r"requirepass a\nb", &[r"a\nb"]),
            ("requirepass ab\"c d\"", &["abc d"]),
            ("save \"\"", &[""]),
            ("requirepass ${REDIS_PASSWORD}", &["${REDIS_PASSWORD}"]),
            ("\u{b}requirepass a\u{b}b", &["a\u{b}b"]),
        ];
        for (line, expected) in cases {
            assert_eq!(args(line), *expected, "{line}");
        }
    }

    #[test]
    fn lines_are_directives_comments_or_problems() {
        let text =
            "# head\r\n\r\n  \"RequirePass\"\tpw \r\n #requirepass no\r\ninclude /etc/a.conf\nbad \"x\nbad 'x'y\nport";
        let (conf, problems) = parse(text);
        let names: Vec<_> = conf.directives.iter().map(|directive| directive.name.as_str()).collect();
        assert_eq!(names, ["requirepass", "include", "port"]);
        assert_eq!(conf.directives[0].line.slice(text), "  \"RequirePass\"\tpw ");
        assert_eq!(conf.directives[0].name_span.slice(text), "\"RequirePass\"");
        assert_eq!(
            conf.comments.iter().map(|span| span.slice(text)).collect::<Vec<_>>(),
            ["# head", "#requirepass no"]
        );
        assert_eq!(problems.iter().map(|problem| problem.span.slice(text)).collect::<Vec<_>>(), ["\"x", "'"]);
        assert_eq!(parse("\u{feff}port 1").1.len(), 1);
    }

    #[test]
    fn a_new_value_keeps_the_rest_of_the_file() {
        let cases = [
            ("port 1\nrequirepass  old \nsave \"\"\n", "port 1\nrequirepass  n#w \nsave \"\"\n"),
            ("requirepass a\nrequirepass 'b c'\r\n", "requirepass a\nrequirepass n#w\r\n"),
            ("requirepass\n", "requirepass n#w\n"),
            ("# requirepass x\r\nport 1", "# requirepass x\r\nport 1\r\nrequirepass n#w"),
            ("", "requirepass n#w\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(text, parse(text).0.set(text, "requirepass", &["n#w"])), expected, "{text:?}");
        }
    }

    #[test]
    fn debug_output_shows_no_argument() {
        assert!(!format!("{:?}", parse("requirepass hunter2\nuser a >hunter2")).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_spans_hold_what_they_claim(text in r#"([a #'"\\nx0-9f\r\n\t]|\\x|\PC){0,40}"#) {
            let (conf, problems) = parse(&text);
            for directive in &conf.directives {
                prop_assert!(directive.line.contains(directive.name_span));
                for arg in &directive.args {
                    prop_assert!(directive.line.contains(arg.span));
                    prop_assert!(arg.span.contains(arg.escapes.source(0..arg.value.len())));
                    if !arg.quoted {
                        prop_assert_eq!(arg.span.slice(&text), &arg.value);
                    }
                }
            }
            prop_assert!(conf.comments.iter().all(|span| span.slice(&text).starts_with('#')));
            prop_assert!(problems.iter().all(|problem| text.get(problem.span.start..problem.span.end).is_some()));
        }

        #[test]
        fn redis_reads_back_what_was_written(value in r#"([a #'"\\\r\n\t\x00x0]|\PC){0,12}"#) {
            let text = "port 1\nrequirepass old\n";
            let new = apply(text, parse(text).0.set(text, "requirepass", &[&value, "b"]));
            let (conf, problems) = parse(&new);
            prop_assert_eq!(problems, vec![]);
            let args: Vec<_> = conf.directives[1].args.iter().map(|arg| arg.value.as_str()).collect();
            prop_assert_eq!(args, [value.as_str(), "b"]);
        }
    }
}
