//! Decodes `where`: conditions on fields.

use regex::Regex;

use super::super::condition::{Condition, Literal, Matcher};
use super::super::fields::{FieldInfo, FieldType, ViewKind};
use crate::decode::{Decoder, Entry};
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;
use crate::syntax::yaml::resolve::Resolved;
use crate::text::Span;

const TEXT_OPERATORS: &[&str] = &["equal", "in", "matches", "starts_with", "contains", "same_as", "not", "any", "all"];
const CHOICE_OPERATORS: &[&str] = &["equal", "in", "same_as", "not", "any", "all"];
const NUMBER_OPERATORS: &[&str] = &["equal", "in", "lt", "gt", "same_as", "not", "any", "all"];
const BOOL_OPERATORS: &[&str] = &["equal", "same_as", "not", "any", "all"];
const LIST_OPERATORS: &[&str] = &["some_of", "none_of", "every", "not", "any", "all"];

/// The operators that fit a field of that type.
pub(in super::super) fn operators(ty: FieldType) -> &'static [&'static str] {
    match ty {
        FieldType::Text => TEXT_OPERATORS,
        FieldType::Choice(_) => CHOICE_OPERATORS,
        FieldType::Number => NUMBER_OPERATORS,
        FieldType::Bool => BOOL_OPERATORS,
        FieldType::List => LIST_OPERATORS,
    }
}

fn is_operator(name: &str) -> bool {
    [TEXT_OPERATORS, NUMBER_OPERATORS, LIST_OPERATORS].iter().any(|names| names.contains(&name))
}

impl Decoder {
    /// A condition; no node is one that always holds.
    pub(super) fn condition(&mut self, id: Option<NodeId>, kind: ViewKind) -> Option<Condition> {
        let Some(id) = id else { return Some(Condition::All(Vec::new())) };
        let mapping = self.open_mapping(id, "`where`")?;
        if mapping.entries.is_empty() {
            self.report(id, "`where` is empty");
        }
        let parts: Vec<_> = mapping.entries.iter().map(|entry| self.part(entry, kind)).collect();
        Some(one_or(parts.into_iter().collect::<Option<_>>()?, Condition::All))
    }

    fn part(&mut self, entry: &Entry, kind: ViewKind) -> Option<Condition> {
        match entry.name.as_str() {
            "not" => Some(Condition::Not(Box::new(self.condition(Some(entry.value), kind)?))),
            name @ ("any" | "all") => {
                let items = self.list(entry.value, &format!("`{name}`"))?;
                if items.is_empty() {
                    self.report(entry.value, format!("`{name}` is empty"));
                }
                let parts: Vec<_> = items.into_iter().map(|item| self.condition(Some(item), kind)).collect();
                let parts = parts.into_iter().collect::<Option<_>>()?;
                Some(if name == "any" { Condition::Any(parts) } else { Condition::All(parts) })
            }
            name => {
                let place = self.place(entry.key);
                let field = self.field(name, place, kind)?;
                Some(Condition::Field { name: name.to_owned(), matcher: self.matcher(entry.value, field, kind)? })
            }
        }
    }

    fn matcher(&mut self, id: NodeId, field: &FieldInfo, kind: ViewKind) -> Option<Matcher> {
        if self.is_list(id) {
            self.report_with(id, "a list needs an operator", "write `{ in: [...] }` for one of several values");
            return None;
        }
        if !self.is_mapping(id) {
            return match self.plain(id) {
                Some("present") => Some(Matcher::Present),
                Some("absent") if field.optional => Some(Matcher::Absent),
                Some("absent") => {
                    self.report(id, format!("`{}` is never absent", field.name));
                    None
                }
                _ => Some(Matcher::Equal(self.literal(id, field)?)),
            };
        }
        let mapping = self.open_mapping(id, "a matcher")?;
        if mapping.entries.is_empty() {
            self.report(id, "a matcher needs an operator");
        }
        let parts: Vec<_> = mapping.entries.iter().map(|entry| self.operator(entry, field, kind)).collect();
        Some(one_or(parts.into_iter().collect::<Option<_>>()?, Matcher::All))
    }

    fn operator(&mut self, entry: &Entry, field: &FieldInfo, kind: ViewKind) -> Option<Matcher> {
        let (name, value) = (entry.name.as_str(), entry.value);
        let fitting = operators(field.ty);
        if !fitting.contains(&name) {
            let place = self.place(entry.key);
            if is_operator(name) {
                let message = format!("`{name}` does not fit `{}`, which is {}", field.name, field.ty.describe());
                let help = format!("operators that fit: {}", fitting.join(", "));
                self.problem(Problem::new(place, message).with_help(help));
            } else {
                self.unknown_name(place, format!("there is no operator `{name}`"), name, fitting.iter().copied());
            }
            return None;
        }
        let what = format!("`{name}`");
        let item = FieldInfo { ty: FieldType::Text, optional: true, ..*field };
        let mut inner = |field: &FieldInfo| Some(Box::new(self.matcher(value, field, kind)?));
        Some(match name {
            "not" => Matcher::Not(inner(field)?),
            "some_of" => Matcher::SomeOf(inner(&item)?),
            "none_of" => Matcher::NoneOf(inner(&item)?),
            "every" => Matcher::Every(inner(&item)?),
            "any" | "all" => {
                let items = self.list(value, &what)?;
                if items.is_empty() {
                    self.report(value, format!("{what} is empty"));
                }
                let parts: Vec<_> = items.into_iter().map(|item| self.matcher(item, field, kind)).collect();
                let parts = parts.into_iter().collect::<Option<_>>()?;
                if name == "any" { Matcher::Any(parts) } else { Matcher::All(parts) }
            }
            "in" => {
                let items = self.list(value, &what)?;
                let literals: Vec<_> = items.into_iter().map(|item| self.literal(item, field)).collect();
                Matcher::In(literals.into_iter().collect::<Option<_>>()?)
            }
            "matches" => Matcher::Matches(self.regex(value, &what)?),
            "starts_with" => Matcher::StartsWith(self.text(value, &what)?),
            "contains" => Matcher::Contains(self.text(value, &what)?),
            "lt" => Matcher::Lt(self.number(value, &what)?),
            "gt" => Matcher::Gt(self.number(value, &what)?),
            "same_as" => {
                let other = self.text(value, &what)?;
                let place = self.place(value);
                let found = self.field(&other, place, kind)?;
                if found.ty == FieldType::List {
                    self.report(value, format!("`{other}` is a list, so it can't be compared"));
                    return None;
                }
                Matcher::SameAs(other)
            }
            _ => Matcher::Equal(self.literal(value, field)?),
        })
    }

    fn literal(&mut self, id: NodeId, field: &FieldInfo) -> Option<Literal> {
        let what = format!("a value of `{}`", field.name);
        match field.ty {
            FieldType::Number => self.number(id, &what).map(Literal::Number),
            FieldType::Bool => self.bool(id, &what).map(Literal::Bool),
            FieldType::List => {
                let help = "operators that fit: some_of, none_of, every";
                self.report_with(id, format!("`{}` is a list, a single value never equals it", field.name), help);
                None
            }
            FieldType::Text => match self.scalar(id) {
                Some((text, kind)) if kind != Resolved::Null => Some(Literal::Text(text.to_owned())),
                _ => {
                    self.report_with(id, format!("{what} must be a text"), "for no value at all, write `absent`");
                    None
                }
            },
            FieldType::Choice(values) => {
                let text = self.text(id, &what)?;
                self.choice(&text, self.place(id), field.name, values)?;
                Some(Literal::Text(text))
            }
        }
    }

    /// Checks that `text` is a value that the field can have.
    pub(super) fn choice(&mut self, text: &str, place: Span, field: &str, values: &[&str]) -> Option<()> {
        if values.contains(&text) {
            return Some(());
        }
        let message = format!("`{field}` is never `{text}`");
        if text == "unknown" {
            let help = "a rule never fires on what is unknown, so there is nothing to match";
            self.problem(Problem::new(place, message).with_help(help));
        } else {
            self.unknown_name(place, message, text, values.iter().copied());
        }
        None
    }

    /// A regular expression, which is searched for anywhere in the text.
    pub(super) fn regex(&mut self, id: NodeId, what: &str) -> Option<Regex> {
        let pattern = self.text(id, what)?;
        match Regex::new(&pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let (place, reason) = match &error {
                    regex::Error::Syntax(text) => {
                        (caret(text).map_or(0..pattern.len(), |at| at..(at + 1).min(pattern.len())), last_line(text))
                    }
                    _ => (0..pattern.len(), "it would become too big".to_owned()),
                };
                let place = self.place_in(id, place);
                self.problem(Problem::new(place, format!("this is no regular expression: {reason}")));
                None
            }
        }
    }
}

/// Where the message of the `regex` crate points to: it shows the pattern, indented, with `^` below the place.
fn caret(message: &str) -> Option<usize> {
    let lines: Vec<&str> = message.lines().collect();
    let at = lines.iter().rposition(|line| line.trim_start().starts_with('^'))?;
    let pattern = lines.get(at.checked_sub(1)?)?;
    let indent = pattern.len() - pattern.trim_start().len();
    let column = lines.get(at)?.find('^')?.checked_sub(indent)?;
    pattern.trim_start().char_indices().nth(column).map(|(offset, _)| offset)
}

fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn one_or<T>(mut parts: Vec<T>, several: impl FnOnce(Vec<T>) -> T) -> T {
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => part,
        (Some(part), false) => {
            parts.push(part);
            several(parts)
        }
        (None, _) => several(parts),
    }
}
