//! New YAML: a small tree without a place, and how it is written.

use super::{Style, resolve};

/// Something to be written into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fragment {
    /// Text, quoted where YAML needs it or where the neighbours are.
    Text(String),
    /// A list.
    List(Vec<Fragment>),
    /// A mapping.
    Map(Vec<(String, Fragment)>),
}

impl Fragment {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts, written in one line: `["a", "b"]`.
    pub fn words<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self::List(words.into_iter().map(Self::text).collect())
    }

    /// In one line, for use inside `{…}` or `[…]` if `flow`. Lists of texts are always written so, with double quotes.
    pub(super) fn inline(&self, like: Option<Style>, flow: bool) -> String {
        match self {
            Self::Text(text) => scalar(text, like, flow),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.inline(Some(Style::Double), true)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", scalar(key, None, true), value.inline(like, true)))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// As the value of a key or behind a `-`: starts with a blank, or with a line break and deeper indentation.
    pub(super) fn value(&self, like: Option<Style>, layout: Layout<'_>) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let inner = format!("{}{}", layout.indent, layout.step);
                let deeper = Layout { indent: &inner, ..layout };
                entries
                    .iter()
                    .map(|(key, value)| {
                        format!(
                            "{}{inner}{}:{}",
                            layout.line_break,
                            scalar(key, None, false),
                            value.value(like, deeper)
                        )
                    })
                    .collect()
            }
            _ => format!(" {}", self.inline(like, false)),
        }
    }
}

/// How the lines around a fragment look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    /// The file's line break.
    pub line_break: &'a str,
    /// Indentation of the line that holds the key.
    pub indent: &'a str,
    /// How much deeper the next level goes.
    pub step: &'a str,
}

/// A scalar in the style of its neighbours, or plain, or quoted where it must be.
pub(super) fn scalar(text: &str, like: Option<Style>, flow: bool) -> String {
    match like {
        Some(Style::Single) if !text.contains(['\n', '\r']) => format!("'{}'", text.replace('\'', "''")),
        Some(Style::Double) => quoted(text),
        _ if is_plain_text(text, flow) => text.to_owned(),
        _ if text.contains(['"', '\\']) && !text.contains(['\'', '\n', '\r']) => format!("'{text}'"),
        _ => quoted(text),
    }
}

/// In double quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// As it stands between double quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// True if the text can stand without quotes and is read as just this text, by YAML 1.1 readers too.
pub(super) fn is_plain_text(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let yaml_1_1_words = ["y", "n", "yes", "no", "on", "off"];
    let starts_badly = match first {
        '-' | '?' | ':' => text[1..].chars().next().is_none_or(|c| c.is_whitespace() || flow && ",[]{}".contains(c)),
        c => ",[]{}#&*!|>'\"%@`".contains(c),
    };
    !starts_badly
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !(flow && text.contains([',', '[', ']', '{', '}']))
        && !yaml_1_1_words.contains(&text.to_ascii_lowercase().as_str())
        && resolve::resolve_plain(text) == resolve::Resolved::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_only_where_yaml_needs_it() {
        let cases = [
            ("redis-server --requirepass ${P:?set P in .env}", "redis-server --requirepass ${P:?set P in .env}"),
            ("127.0.0.1:6379:6379", "127.0.0.1:6379:6379"),
            ("yes", "\"yes\""),
            ("010", "\"010\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("", "\"\""),
            ("*x", "\"*x\""),
            ("say \"hi\": x", "'say \"hi\": x'"),
        ];
        for (text, expected) in cases {
            assert_eq!(scalar(text, None, false), expected);
        }
        assert_eq!(scalar("${P}", None, true), "\"${P}\"");
        assert_eq!(scalar("it's", Some(Style::Single), false), "'it''s'");
    }
}
