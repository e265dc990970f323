//! Env files in Compose's own dialect: lossless, with the place of every key, value and comment.
//!
//! The dialect is that of compose-go 2.9, measured with Docker Compose 2.40.3: it is neither a shell's nor that of
//! any dotenv library. A file that Compose refuses is read on behind the fault, so that the rest can be checked.

mod edit;
mod raw;
mod resolve;
mod scan;

use std::fmt;

pub use edit::WriteError;
pub use resolve::{Refusal, Resolution, Resolved, UnsetVariable, Value};

use super::redact::Redacted;
use super::template::Template;
use super::{EscapeMap, Problem};
use crate::text::Span;

/// An env file. All spans count in its text, a byte order mark included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// By which rules it was read.
    pub format: Format,
    /// What it defines and passes through, in order; a key can come more than once.
    pub entries: Vec<Entry>,
    /// Comments from `#` to the end of the line, without the line break.
    pub comments: Vec<Span>,
}

/// The rules by which Compose reads an env file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Quotes, escapes and interpolation.
    #[default]
    Dotenv,
    /// `format: raw`, as `docker run --env-file` reads it: the value is the rest of the line.
    Raw,
}

/// A line `KEY=value`, `KEY: value` or `KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From `export` or the key to the end of the value.
    pub span: Span,
    /// The name.
    pub key: String,
    /// Where the name stands; empty where the key is empty.
    pub key_span: Span,
    /// The word `export`, if it stands before the key.
    pub export_span: Option<Span>,
    /// What it is set to; `None` takes the value from outside.
    pub value: Option<EnvValue>,
    /// The last line is a lone word without a line break: Compose takes the word for the *value* of a variable
    /// without name, where the author meant to pass a variable through.
    pub swallowed_by_end_of_file: bool,
}

/// The value of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvValue {
    /// With its quotes. The empty place behind the separator for an empty value without quotes.
    pub span: Span,
    /// Without its quotes.
    pub inner: Span,
    /// The quotes around it.
    pub quote: Option<Quote>,
    /// After quotes and escapes are taken away and before variables are replaced. An escaped `\$` is `$$` here, which
    /// interpolation makes a `$`: Compose does it in these two steps.
    pub text: String,
    /// Maps byte ranges of `text` to the file.
    pub escapes: EscapeMap,
    /// Compose replaces variables in it.
    pub interpolated: bool,
    /// `text` as a template: `None` if it is not interpolated, or malformed and reported as a problem.
    pub template: Option<Template>,
}

/// The quotes around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// `'`: only `\'` is an escape, and nothing is interpolated.
    Single,
    /// `"`: escapes and interpolation.
    Double,
}

impl Quote {
    /// The character.
    pub fn as_char(self) -> char {
        match self {
            Self::Single => '\'',
            Self::Double => '"',
        }
    }
}

/// Reads an env file as Compose reads `.env`, `--env-file` and `env_file`.
/// Compose refuses the file if there is any problem; entries are read before and behind it nevertheless.
pub fn parse(text: &str) -> (EnvFile, Vec<Problem>) {
    scan::scan(text)
}

/// Reads an env file by the rules of `format: raw`.
/// Compose refuses the file if there is any problem; entries are read before and behind it nevertheless.
pub fn parse_raw(text: &str) -> (EnvFile, Vec<Problem>) {
    raw::scan(text)
}

impl EnvFile {
    /// The entry for `key` that counts: the last one.
    pub fn last(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rfind(|entry| entry.key == key)
    }
}

impl fmt::Debug for EnvValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvValue")
            .field("span", &self.span)
            .field("inner", &self.inner)
            .field("quote", &self.quote)
            .field("text", &Redacted(&self.text))
            .field("interpolated", &self.interpolated)
            .finish_non_exhaustive()
    }
}

/// White space inside a line, as Compose counts it around keys and separators.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// A character that may stand in a key, blanks apart.
fn is_key_char(c: char) -> bool {
    static LETTER_OR_NUMBER: std::sync::LazyLock<regex::Regex> =
        std::sync::LazyLock::new(|| regex::Regex::new(r"\A[\p{L}\p{N}]\z").expect("the pattern is valid"));
    match c {
        '_' | '.' | '-' | '[' | ']' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => LETTER_OR_NUMBER.is_match(c.encode_utf8(&mut [0; 4])),
    }
}

/// From `start` to the end of the line, without the line break.
fn rest_of_line(text: &str, start: usize) -> Span {
    let rest = text.get(start..).unwrap_or("");
    let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
    Span::new(start, start + line.trim_end_matches('\r').len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(text: &str) -> Entry {
        let (file, problems) = parse(text);
        assert_eq!(problems, vec![], "{text:?}");
        let [entry] = file.entries.as_slice() else { panic!("{text:?} has one entry: {file:?}") };
        entry.clone()
    }

    #[test]
    fn every_part_of_an_entry_has_its_place() {
        let cases = [
            ("A=b\n", "A=b", "A", "b", "b"),
            ("\u{feff}  export  A = b c  # d\n", "export  A = b c", "A", "b c", "b c"),
            ("A: 'b'\n", "A: 'b'", "A", "'b'", "b"),
            ("A=\"b\nc\" # d", "A=\"b\nc\"", "A", "\"b\nc\"", "b\nc"),
            ("A=b \r\n", "A=b", "A", "b", "b"),
        ];
        for (text, span, key, value, inner) in cases {
            let entry = only(text);
            let found = entry.value.expect("it has a value");
            let places = [entry.span, entry.key_span, found.span, found.inner].map(|span| span.slice(text));
            assert_eq!(places, [span, key, value, inner]);
            assert_eq!(entry.export_span.is_some(), text.contains("export"));
        }
    }

    #[test]
    fn an_empty_value_lies_behind_its_separator() {
        for (text, at) in [("A=\n", 2), ("A=  \nB\n", 2), ("A :\r\n", 3)] {
            let value = parse(text).0.entries[0].value.clone().expect("it has a value");
            assert_eq!(value.span, Span::at(at), "{text:?}");
        }
    }

    #[test]
    fn escapes_lead_back_to_where_they_were_written() {
        let text = r#"A="x\n\$y\0101""#;
        let value = only(text).value.expect("it has a value");
        assert_eq!(value.text, "x\n$$yA");
        assert_eq!(value.escapes.source(1..2).slice(text), r"\n");
        assert_eq!(value.escapes.source(2..5).slice(text), r"\$y");
        assert_eq!(value.escapes.source(5..6).slice(text), r"\0101");
    }

    #[test]
    fn comments_are_kept_with_their_places() {
        let text = "# one\r\nA=b # two\nB='c'#three\nC=d#no";
        let comments: Vec<_> = parse(text).0.comments.iter().map(|span| span.slice(text)).collect();
        assert_eq!(comments, ["# one", "# two", "#three"]);
    }

    #[test]
    fn a_lone_word_at_the_end_of_the_file_is_the_value_of_no_name() {
        let text = "A=1\nexport WORD ";
        let (file, problems) = parse(text);
        assert_eq!(problems, vec![]);
        let entry = &file.entries[1];
        assert!(entry.swallowed_by_end_of_file && !file.entries[0].swallowed_by_end_of_file);
        assert_eq!((entry.key.as_str(), entry.span.slice(text)), ("", "export WORD"));
        assert_eq!(entry.value.as_ref().expect("the word").text, "WORD");
        assert!(only("WORD\n").value.is_none());
    }

    #[test]
    fn the_rest_of_a_refused_file_is_read_all_the_same() {
        let text = "A=1\nB!=secret\nC D=2\nE='open\nF=${\nexport\nG=3\nexport ";
        let (file, problems) = parse(text);
        let keys: Vec<_> = file.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["A", "F", "G"]);
        let places: Vec<_> = problems.iter().map(|problem| problem.span.slice(text)).collect();
        assert_eq!(places, ["!", "C D", "'open", "${", "export "]);
        assert!(problems.iter().all(|problem| !problem.message.contains("secret")));
    }

    #[test]
    fn the_environment_outside_is_asked_before_the_file() {
        let (file, _) = parse("HOST=file\nA=$HOST\nB=$A\nHOST\nNOPE\nA=2\nA\n");
        let resolution = file.resolve(&mut |name| (name == "HOST").then(|| "shell".to_owned()));
        let values: Vec<_> = resolution.entries.iter().map(|entry| entry.value.text()).collect();
        let expected =
            ["file", "shell", "shell", "shell", "", "2", "2"].map(|value| Some(value).filter(|v| !v.is_empty()));
        assert_eq!(values, expected);
        assert_eq!(resolution.get("A"), Some("2"));
        assert_eq!(resolution.get("NOPE"), None);
    }

    #[test]
    fn blanks_and_refusals_name_their_entry() {
        let (file, _) = parse("A=$U\nB=${U:?set it}\nC=${\n");
        let resolution = file.resolve(&mut |_| None);
        assert_eq!(resolution.unset, [UnsetVariable { name: "U".to_owned(), entry: 0 }]);
        let [Refusal::Unmet { entry: 1, unmet }, Refusal::Malformed { entry: 2 }] = resolution.refusals.as_slice()
        else {
            panic!("{:?}", resolution.refusals)
        };
        assert_eq!(unmet.to_string(), "required variable U is missing a value: set it");
        assert_eq!(resolution.entries[1].value, Value::Refused);
    }

    #[test]
    fn a_raw_line_is_taken_as_it_is() {
        let text = "\u{feff}  A='x' #y \r\n# c\nB\n=z\n D E=1\nF";
        let (file, problems) = parse_raw(text);
        let values: Vec<_> = file
            .entries
            .iter()
            .map(|entry| (entry.key_span.slice(text), entry.value.as_ref().map(|value| value.span.slice(text))))
            .collect();
        assert_eq!(values, [("A", Some("'x' #y ")), ("B", None), ("F", None)]);
        assert_eq!(file.comments.iter().map(|span| span.slice(text)).collect::<Vec<_>>(), ["# c"]);
        assert_eq!(problems.iter().map(|problem| problem.span.slice(text)).collect::<Vec<_>>(), ["=z", "D E"]);
    }

    #[test]
    fn debug_output_shows_no_value() {
        let (file, _) = parse("A=hunter2\nB='hunter2'\nC=$A\nhunter2");
        let resolution = file.resolve(&mut |_| None);
        assert!(!format!("{file:?}{resolution:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_scanner_and_spans_hold_what_they_claim(
            text in r#"\u{feff}?([A-C =:'"\\#$\{\}\n\r\t0n]|export|[-]|\PC|\u{2003}|\u{a0}){0,40}"#,
        ) {
            for (file, problems) in [parse(&text), parse_raw(&text)] {
                let mut at = 0;
                for entry in &file.entries {
                    prop_assert!(at <= entry.span.start && entry.span.end <= text.len());
                    at = entry.span.end;
                    prop_assert!(entry.span.contains(entry.key_span));
                    prop_assert_eq!(entry.key_span.slice(&text), &entry.key);
                    let Some(value) = &entry.value else { continue };
                    prop_assert!(entry.span.contains(value.span) && value.span.contains(value.inner));
                    prop_assert!(value.inner.contains(value.escapes.source(0..value.text.len())));
                    for (offset, c) in value.text.char_indices() {
                        let source = value.escapes.source(offset..offset + c.len_utf8()).slice(&text);
                        prop_assert!(source.starts_with(c) || source.starts_with('\\'), "{:?} from {:?}", c, source);
                    }
                }
                for span in file.comments.iter().copied().chain(problems.iter().map(|problem| problem.span)) {
                    prop_assert!(text.get(span.start..span.end).is_some());
                }
                prop_assert!(file.comments.iter().all(|span| span.slice(&text).starts_with('#')));
                file.resolve(&mut |_| None);
            }
        }
    }
}
