//! Changes to an env file: a new value for an entry, and a new entry.

use super::{Entry, EnvFile, EnvValue, Format, Quote, is_key_char, rest_of_line};
use crate::text::{Edit, LineEnding};

/// Why an env file can't be given a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It has no entry to change.
    #[error("the file has no entry for {0}")]
    NoEntry(String),
    /// It would not be read back as this key.
    #[error("{0:?} can't be a key in an env file")]
    Key(String),
    /// A raw env file has no way to write the value, for example one of two lines.
    #[error("a raw env file can't hold the value of {0}")]
    Value(String),
}

impl EnvFile {
    /// Gives the last entry for `key` the literal value `value`: quotes, comment and spacing around it stay where
    /// they can. `text` is the text that this file was parsed from.
    ///
    /// # Errors
    /// [`WriteError::NoEntry`] and, for a raw file, [`WriteError::Value`].
    pub fn set(&self, text: &str, key: &str, value: &str) -> Result<Edit, WriteError> {
        let entry = self.last(key).ok_or_else(|| WriteError::NoEntry(key.to_owned()))?;
        let written = self.write(key, value, entry.value.as_ref().and_then(|old| old.quote))?;
        Ok(match &entry.value {
            // Without quotes, the comment behind it would become the value.
            Some(EnvValue { span, .. })
                if self.format == Format::Dotenv && written.is_empty() && !rest_of_line(text, span.end).is_empty() =>
            {
                Edit::replace(*span, "''")
            }
            Some(EnvValue { span, .. }) => Edit::replace(*span, written),
            // A key that ends the text without line break is read as a value, so the key found here ends its line.
            None => Edit::insert(entry.key_span.end.min(text.len()), format!("={written}")),
        })
    }

    /// Adds a line for `key` with the literal value `value`: directly before the line of the entry with index
    /// `before`, else at the end of the file. The file keeps its line ending, and its want of a final one.
    ///
    /// # Errors
    /// [`WriteError::Key`] and, for a raw file, [`WriteError::Value`].
    pub fn insert(&self, text: &str, key: &str, value: &str, before: Option<usize>) -> Result<Edit, WriteError> {
        let is_key = !key.is_empty() && key != "export" && !key.starts_with('#') && key.chars().all(is_key_char);
        if !is_key {
            return Err(WriteError::Key(key.to_owned()));
        }
        let line = format!("{key}={}", self.write(key, value, None)?);
        let break_ = LineEnding::of(text).as_str();
        // Behind a swallowed word the new line would turn it into a key, so the new line comes before it.
        let swallowed = self.entries.iter().position(|entry| entry.swallowed_by_end_of_file);
        if let Some(entry) = before.or(swallowed).and_then(|index| self.entries.get(index)) {
            return Ok(Edit::insert(self.line_start(text, entry), line + break_));
        }
        let content = text.strip_prefix('\u{feff}').unwrap_or(text);
        let edit =
            if content.is_empty() || content.ends_with('\n') { line + break_ } else { break_.to_owned() + &line };
        Ok(Edit::insert(text.len(), edit))
    }

    /// Where the line of `entry` starts; if that is inside an earlier value of several lines, where that one's starts.
    fn line_start(&self, text: &str, entry: &Entry) -> usize {
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let line_start = |at: usize| text.get(..at).and_then(|head| head.rfind('\n')).map_or(mark, |found| found + 1);
        let mut start = line_start(entry.span.start);
        for other in self.entries.iter().rev() {
            if other.span.start < start && start < other.span.end {
                start = line_start(other.span.start);
            }
        }
        start
    }

    fn write(&self, key: &str, value: &str, quote: Option<Quote>) -> Result<String, WriteError> {
        match self.format {
            Format::Dotenv => Ok(write_dotenv(value, quote)),
            Format::Raw if value.contains('\n') || value.ends_with('\r') => Err(WriteError::Value(key.to_owned())),
            Format::Raw => Ok(value.to_owned()),
        }
    }
}

/// Writes `value` so that Compose reads it back, and common dotenv libraries with it where there is such a spelling.
fn write_dotenv(value: &str, quote: Option<Quote>) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let is_plain_in_double = |c: char| !matches!(c, '"' | '\\' | '$' | '`' | '\n' | '\r');
    let single_quotes_hold_it = || {
        let backslash_is_text = |at: usize| !matches!(value.as_bytes().get(at + 1), None | Some(b'\\'));
        !value.contains(['\'', '\n', '\r']) && value.match_indices('\\').all(|(at, _)| backslash_is_text(at))
    };
    match quote {
        None if value.chars().all(is_safe) => value.to_owned(),
        Some(Quote::Double) if value.chars().all(is_plain_in_double) => format!("\"{value}\""),
        _ if single_quotes_hold_it() => format!("'{value}'"),
        _ => format!("\"{}\"", escape(value)),
    }
}

/// Escapes `value` for double quotes.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '\\' | '"' | '$' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{parse, parse_raw};
    use super::*;
    use crate::text::EditSet;

    fn apply(text: &str, edit: Edit) -> String {
        let mut edits = EditSet::new();
        edits.insert(edit).expect("it is the only one");
        edits.apply(text)
    }

    fn set(text: &str, value: &str) -> String {
        apply(text, parse(text).0.set(text, "A", value).expect("there is an entry"))
    }

    fn insert(text: &str, before: Option<usize>) -> String {
        apply(text, parse(text).0.insert(text, "N", "1", before).expect("it can be written"))
    }

    #[test]
    fn a_new_value_keeps_quotes_comments_and_spacing() {
        let cases = [
            ("A=old # why\nB=1\n", "new", "A=new # why\nB=1\n"),
            ("A = old\r\nB=1\r\n", "new", "A = new\r\nB=1\r\n"),
            ("export A='old'  # why", "new", "export A='new'  # why"),
            ("A=\"old\"\n", "n w", "A=\"n w\"\n"),
            ("A=\"old\"\n", "n$w", "A='n$w'\n"),
            ("A='b'B=c\n", "new", "A='new'B=c\n"),
            ("A: old\n", "a b", "A: 'a b'\n"),
            ("A=\r\nB=1\r\n", "new", "A=new\r\nB=1\r\n"),
            ("A=   \nB=1\n", "new", "A=new   \nB=1\n"),
            ("A=1\nA=2\n", "new", "A=1\nA=new\n"),
            ("A  \nB=1\n", "new", "A=new  \nB=1\n"),
            ("A='x\ny' # c\n", "new", "A='new' # c\n"),
            ("A=old\n", "", "A=\n"),
            ("A=old # why\n", "", "A='' # why\n"),
        ];
        for (text, value, expected) in cases {
            assert_eq!(set(text, value), expected, "{text:?} {value:?}");
        }
    }

    #[test]
    fn a_value_gets_the_plainest_spelling_that_all_readers_share() {
        let cases = [
            ("aZ0_.-", "aZ0_.-"),
            ("#x", "'#x'"),
            ("a$b`c", "'a$b`c'"),
            (r"a\b", r"'a\b'"),
            (r"a\", r#""a\\""#),
            (r"a\\b", r#""a\\\\b""#),
            ("it's", "\"it's\""),
            ("l1\nl2", r#""l1\nl2""#),
            ("it's \"$x\"", r#""it's \"\$x\"""#),
        ];
        for (value, written) in cases {
            assert_eq!(set("A=old\n", value), format!("A={written}\n"), "{value:?}");
        }
    }

    #[test]
    fn a_new_entry_fits_the_files_line_ends() {
        let cases = [
            ("", None, "N=1\n"),
            ("\u{feff}", None, "\u{feff}N=1\n"),
            ("A=1\n", None, "A=1\nN=1\n"),
            ("A=1", None, "A=1\nN=1"),
            ("A=1\r\nB=2", None, "A=1\r\nB=2\r\nN=1"),
            ("A=1\r\n", None, "A=1\r\nN=1\r\n"),
            ("A=1\n# end", None, "A=1\n# end\nN=1"),
            ("A=1\n", Some(0), "N=1\nA=1\n"),
            ("\u{feff}A=1\n", Some(0), "\u{feff}N=1\nA=1\n"),
            ("A='x\ny'B=2\nC=3\n", Some(1), "N=1\nA='x\ny'B=2\nC=3\n"),
            ("A=1\n  B=2\n", Some(1), "A=1\nN=1\n  B=2\n"),
            ("A=1\nWORD", None, "A=1\nN=1\nWORD"),
        ];
        for (text, before, expected) in cases {
            assert_eq!(insert(text, before), expected, "{text:?} {before:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let (file, _) = parse("A=1\n");
        assert_eq!(file.set("A=1\n", "B", "x"), Err(WriteError::NoEntry("B".to_owned())));
        for key in ["", "a b", "a=b", "#a", "a\nb", "export"] {
            assert_eq!(file.insert("A=1\n", key, "x", None), Err(WriteError::Key(key.to_owned())));
        }
        let (raw, _) = parse_raw("A=1\n");
        assert_eq!(raw.set("A=1\n", "A", "x\ny"), Err(WriteError::Value("A".to_owned())));
        assert_eq!(apply("A=1\n", raw.set("A=1\n", "A", "'x' #y").expect("one line")), "A='x' #y\n");
    }

    proptest! {
        #[test]
        fn compose_reads_back_what_was_written(
            text in prop::sample::select(vec!["A=old # c\nB=1\n", "A='o' # c\nB=1\n", "A=\"o\"B=1\n", "A\nB=1\n"]),
            value in r#"([\\'"$#\n\r\t =`]|[a-z0-9{}]|\PC){0,12}"#,
        ) {
            let new = set(text, &value);
            let (file, problems) = parse(&new);
            prop_assert_eq!(problems, vec![]);
            let resolution = file.resolve(&mut |_| None);
            prop_assert_eq!(resolution.get("A"), Some(value.as_str()));
            prop_assert_eq!(resolution.get("B"), Some("1"));
            prop_assert_eq!(file.comments.len(), parse(text).0.comments.len());

            let added = apply(text, parse(text).0.insert(text, "N", &value, None).expect("the key is good"));
            let (file, problems) = parse(&added);
            prop_assert_eq!(problems, vec![]);
            let resolution = file.resolve(&mut |_| None);
            prop_assert_eq!(resolution.get("N"), Some(value.as_str()));
        }
    }
}
