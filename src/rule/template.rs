//! Texts with `{{field}}` and `{{field | filter}}` in them.
//!
//! Double braces are used because `${...}` belongs to Compose and must pass through.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::condition::Reading;

/// Characters that need no encoding anywhere in a URL.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands for a value that is absent or unknown.
const MISSING: &str = "?";

/// The names of the filters.
pub(super) const FILTERS: [&str; 7] = ["lower", "upper", "basename", "percent_encode", "quote", "prefix", "or"];

/// A text with places for fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field { name: String, filters: Vec<Filter> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    Lower,
    Upper,
    /// What stands behind the last `/`.
    Basename,
    PercentEncode,
    /// Double quotes around it.
    Quote,
    /// This before the value, if there is one.
    Prefix(String),
    /// This if there is no value.
    Or(String),
}

/// What is wrong with a template, and where: bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// `{{` without `}}`.
    Open(Range<usize>),
    /// `{{}}`, or nothing behind `|`.
    Empty(Range<usize>),
    /// There is no filter of that name.
    Filter(Range<usize>),
    /// `or` or `prefix` without a text, or another filter with one.
    Argument(Range<usize>),
}

/// A template with values in it.
pub(super) struct Filled {
    pub(super) text: String,
    /// False if a value was missing.
    pub(super) complete: bool,
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let (mut parts, mut mistakes) = (Vec::new(), Vec::new());
        let mut done = 0;
        while let Some(open) = text[done..].find("{{").map(|at| done + at) {
            let Some(close) = text[open..].find("}}").map(|at| open + at) else {
                mistakes.push(Mistake::Open(open..text.len()));
                break;
            };
            if open > done {
                parts.push(Part::Text(text[done..open].to_owned()));
            }
            match placeholder(text, open + 2..close) {
                Ok(part) => parts.push(part),
                Err(mistake) => mistakes.push(mistake),
            }
            done = close + 2;
        }
        if done < text.len() {
            parts.push(Part::Text(text[done..].to_owned()));
        }
        if mistakes.is_empty() { Ok(Self { parts }) } else { Err(mistakes) }
    }

    /// The fields in it; true beside those that have a text to fall back on.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, bool)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field { name, filters } => {
                Some((name.as_str(), filters.iter().any(|filter| matches!(filter, Filter::Or(_)))))
            }
            Part::Text(_) => None,
        })
    }

    /// The text for one view.
    pub(super) fn fill(&self, reading: Reading<'_>) -> Filled {
        let mut filled = Filled { text: String::new(), complete: true };
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.text.push_str(text),
                Part::Field { name, filters } => {
                    let value = reading.value(name).display().filter(|text| !text.is_empty());
                    match filters.iter().fold(value, |value, filter| filter.apply(value)) {
                        Some(text) => filled.text.push_str(&text),
                        None => {
                            filled.text.push_str(MISSING);
                            filled.complete = false;
                        }
                    }
                }
            }
        }
        filled
    }

    /// The text without values, for documentation: `<port.published>`.
    pub(super) fn outline(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Field { name, .. } => format!("<{name}>"),
            })
            .collect()
    }
}

fn placeholder(text: &str, inside: Range<usize>) -> Result<Part, Mistake> {
    let whole = inside.start - 2..inside.end + 2;
    let mut at = inside.start;
    let mut pieces = text[inside].split('|').map(|piece| {
        let start = at + (piece.len() - piece.trim_start().len());
        at += piece.len() + 1;
        (start, piece.trim())
    });
    let name = match pieces.next() {
        Some((_, name)) if !name.is_empty() => name.to_owned(),
        _ => return Err(Mistake::Empty(whole)),
    };
    let mut filters = Vec::new();
    for (start, piece) in pieces {
        let place = start..start + piece.len();
        if piece.is_empty() {
            return Err(Mistake::Empty(whole));
        }
        let (word, argument) = piece.split_once(char::is_whitespace).unwrap_or((piece, ""));
        let argument = argument.trim();
        filters.push(match (word, argument.is_empty()) {
            ("lower", true) => Filter::Lower,
            ("upper", true) => Filter::Upper,
            ("basename", true) => Filter::Basename,
            ("percent_encode", true) => Filter::PercentEncode,
            ("quote", true) => Filter::Quote,
            ("prefix", false) => Filter::Prefix(unquoted(argument).to_owned()),
            ("or", false) => Filter::Or(unquoted(argument).to_owned()),
            _ if FILTERS.contains(&word) => return Err(Mistake::Argument(place)),
            _ => return Err(Mistake::Filter(start..start + word.len())),
        });
    }
    Ok(Part::Field { name, filters })
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

impl Filter {
    fn apply(&self, value: Option<String>) -> Option<String> {
        let Some(value) = value else {
            return match self {
                Self::Or(text) => Some(text.clone()),
                _ => None,
            };
        };
        Some(match self {
            Self::Lower => value.to_lowercase(),
            Self::Upper => value.to_uppercase(),
            Self::Basename => value.rsplit('/').next().unwrap_or_default().to_owned(),
            Self::PercentEncode => utf8_percent_encode(&value, UNSAFE).to_string(),
            Self::Quote => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Prefix(text) => text.clone() + &value,
            Self::Or(_) => value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{FieldValue, View, ViewKind};

    struct Service;

    impl View for Service {
        fn field(&self, name: &str) -> FieldValue {
            match name {
                "service.name" => FieldValue::text("My/Cache é"),
                "service.privileged" => FieldValue::Bool(true),
                "service.volumes" => FieldValue::List(vec![FieldValue::text("a:/a"), FieldValue::text("b:/b")]),
                "service.memory_limit" => FieldValue::Unknown,
                _ => FieldValue::Absent,
            }
        }
    }

    fn filled(text: &str) -> Filled {
        let template = Template::parse(text).expect("it is a template");
        template.fill(Reading { kind: ViewKind::Service, view: &Service })
    }

    #[test]
    fn values_go_through_their_filters() {
        let cases = [
            ("${A:?b} {x}", "${A:?b} {x}"),
            ("`{{service.name}}`", "`My/Cache é`"),
            ("{{ service.name | lower | basename }}", "cache é"),
            ("{{service.name|upper}}", "MY/CACHE É"),
            ("{{service.name | percent_encode}}", "My%2FCache%20%C3%A9"),
            ("{{service.name | quote}}", "\"My/Cache é\""),
            ("{{service.privileged}}, {{service.volumes}}", "true, a:/a, b:/b"),
            ("{{service.store | or \"no store\"}}!", "no store!"),
            ("{{service.name | or nobody | basename}}", "Cache é"),
            ("a{{service.privileged | prefix \": \" | or \"\"}}", "a: true"),
            ("a{{service.store | prefix \": \" | or \"\"}}", "a"),
        ];
        for (text, expected) in cases {
            let filled = filled(text);
            assert_eq!((filled.text.as_str(), filled.complete), (expected, true), "{text}");
        }
    }

    #[test]
    fn a_missing_value_is_told() {
        for text in ["{{service.store}}", "{{service.memory_limit | lower}}"] {
            let filled = filled(text);
            assert_eq!((filled.text.as_str(), filled.complete), ("?", false), "{text}");
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        let cases = [
            ("é {{service.name", Mistake::Open(3..17)),
            ("a {{ }}", Mistake::Empty(2..7)),
            ("{{a | }}", Mistake::Empty(0..8)),
            ("{{a | lowr}}", Mistake::Filter(6..10)),
            ("{{a | or}}", Mistake::Argument(6..8)),
            ("{{a | lower x}}", Mistake::Argument(6..13)),
        ];
        for (text, expected) in cases {
            assert_eq!(Template::parse(text), Err(vec![expected]), "{text}");
        }
    }
}
