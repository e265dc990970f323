//! Compares a model with the table.

use std::collections::HashSet;

use super::{Alternative, Form, Keys, Schema, Section, Type, compose};
use crate::model::node::{Certainty, Map, Node, Place, Value};

/// Something that the schema does not allow.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The key or value.
    pub place: Place,
    /// The path of keys to it, joined by dots.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Everything in a model that the schema does not allow. Values that depend on what caulk does not see are let through.
pub fn validate(root: &Node) -> Vec<Violation> {
    let mut validator = Validator { schema: compose(), path: Vec::new(), found: Vec::new() };
    let project = Type(vec![Alternative::Section("project".to_owned())]);
    validator.check(root, &project);
    validator.found
}

struct Validator<'s> {
    schema: &'s Schema,
    path: Vec<String>,
    found: Vec<Violation>,
}

impl Validator<'_> {
    fn check(&mut self, node: &Node, wanted: &Type) {
        let Some(alternative) = wanted.0.iter().find(|alternative| fits(node, alternative)) else {
            if !is_uncertain(node) {
                let message = format!("Compose wants {} here, this is {}", describe(wanted), kind_of(node, wanted));
                self.note(&node.place, message, None);
            }
            return;
        };
        match (alternative, &node.value) {
            (Alternative::List { item, unique }, Value::List(items)) => {
                let mut seen = HashSet::new();
                for (at, node) in items.iter().enumerate() {
                    self.path.push(at.to_string());
                    self.check(node, item);
                    self.path.pop();
                    if *unique && !seen.insert(node.fingerprint()) {
                        let help = Some("Compose refuses a list in which two items are equal");
                        self.note(&node.place, "this item is already in the list", help);
                    }
                }
            }
            (Alternative::Section(name), Value::Map(map)) => self.section(node, map, self.schema.section(name)),
            (Alternative::Map { keys, value }, Value::Map(map)) => self.map(map, *keys, value),
            _ => {}
        }
    }

    fn section(&mut self, node: &Node, map: &Map, section: &Section) {
        if self.path.is_empty() && is_version_one(map, section) {
            let place = map.entries.first().map_or(&node.place, |entry| &entry.key_place);
            let message = "this file has no `services`: it has the form of Compose 1, which Compose refuses, and nothing in it was checked";
            self.note(place, message, Some("put the services below the key `services`"));
            return;
        }
        for entry in &map.entries {
            self.path.push(entry.key.clone());
            match section.key(&entry.key) {
                Some(key) => self.check(&entry.value, &key.value),
                None if section.extensions && entry.key.starts_with("x-") => {}
                None => {
                    let near = section.keys.iter().find(|key| is_near(&key.name, &entry.key));
                    let help = near.map(|key| format!("do you mean `{}`?", key.name));
                    let message = format!("`{}` is no key that Compose knows here", entry.key);
                    self.note(&entry.key_place, message, help.as_deref());
                }
            }
            self.path.pop();
        }
        for key in &section.keys {
            if key.required && map.get(&key.name).is_none() {
                self.note(&node.place, format!("the key `{}` is missing here", key.name), None);
            }
        }
    }

    fn map(&mut self, map: &Map, keys: Keys, value: &Type) {
        for entry in &map.entries {
            self.path.push(entry.key.clone());
            match keys {
                Keys::Names if !is_name(&entry.key) => {
                    let help = Some("letters, digits, `.`, `_` and `-` are allowed");
                    self.note(&entry.key_place, "Compose does not allow this name", help);
                }
                Keys::NamesOrIgnored if !is_name(&entry.key) => {}
                Keys::SmallLettersOrIgnored if !entry.key.bytes().all(|byte| byte.is_ascii_lowercase()) => {}
                _ => self.check(&entry.value, value),
            }
            self.path.pop();
        }
    }

    fn note(&mut self, place: &Place, message: impl Into<String>, help: Option<&str>) {
        let path = self.path.join(".");
        self.found.push(Violation {
            place: place.clone(),
            path,
            message: message.into(),
            help: help.map(str::to_owned),
        });
    }
}

fn fits(node: &Node, alternative: &Alternative) -> bool {
    match (alternative, &node.value) {
        (Alternative::Any, _)
        | (Alternative::Text, Value::Text(_))
        | (Alternative::Bool, Value::Bool(_))
        | (Alternative::Number, Value::Int(_) | Value::Float(_))
        | (Alternative::Null, Value::Null)
        | (Alternative::List { .. }, Value::List(_))
        | (Alternative::Section(_) | Alternative::Map { .. }, Value::Map(_)) => true,
        (Alternative::Int { least, greatest }, Value::Int(number)) => (least..=greatest).contains(&number),
        (Alternative::Int { .. }, Value::Float(number)) => number.fract() == 0.0,
        (Alternative::Word(word), Value::Text(text)) => *word == text.value,
        (Alternative::Form(form), Value::Text(text)) => has_form(&text.value, *form),
        _ => false,
    }
}

/// True for a text that would be another one if a variable were set.
fn is_uncertain(node: &Node) -> bool {
    node.as_text().is_some_and(|text| text.certainty != Certainty::Known)
}

/// Whether the text holds what the schema's pattern, which is not anchored, looks for.
fn has_form(text: &str, form: Form) -> bool {
    match form {
        Form::ContainerName => {
            let bytes = text.as_bytes();
            let follows = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
            bytes.windows(2).any(|pair| pair[0].is_ascii_alphanumeric() && follows(pair[1]))
        }
        Form::PullPolicy => {
            let words = ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
            words.iter().any(|word| text.contains(word))
                || text.match_indices("every_").any(|(at, word)| {
                    let rest = &text[at + word.len()..];
                    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                    digits > 0 && rest[digits..].starts_with(['w', 'd', 'h', 'm', 's'])
                })
        }
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// True if the two are written alike, or differ by `-` and `_` or by one letter at the end.
fn is_near(known: &str, written: &str) -> bool {
    let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    let (known, written) = (plain(known), plain(written));
    known == written || format!("{written}s") == known || format!("{known}s") == written
}

fn describe(wanted: &Type) -> String {
    let names: Vec<String> = wanted
        .0
        .iter()
        .map(|alternative| match alternative {
            Alternative::Text => "a text".to_owned(),
            Alternative::Form(Form::ContainerName) => "a name of two characters or more".to_owned(),
            Alternative::Form(Form::PullPolicy) => "a pull policy".to_owned(),
            Alternative::Word(word) => format!("`{word}`"),
            Alternative::Bool => "`true` or `false`".to_owned(),
            Alternative::Int { .. } => "a whole number".to_owned(),
            Alternative::Number => "a number".to_owned(),
            Alternative::Null => "nothing".to_owned(),
            Alternative::Any => "anything".to_owned(),
            Alternative::List { .. } => "a list".to_owned(),
            Alternative::Section(_) | Alternative::Map { .. } => "a mapping".to_owned(),
        })
        .collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn kind_of(node: &Node, wanted: &Type) -> &'static str {
    let some_texts = |alternative: &Alternative| matches!(alternative, Alternative::Word(_) | Alternative::Form(_));
    match &node.value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Timestamp(_) => "a date; quote it",
        Value::Text(_) if wanted.0.iter().any(some_texts) => "another one",
        Value::Text(_) => "a text",
        Value::Map(_) => "a mapping",
        Value::List(_) => "a list",
    }
}
/// True for a file of Compose 1: its services stand at the top.
fn is_version_one(map: &Map, section: &Section) -> bool {
    let is_service = |node: &Node| {
        node.as_map().is_some_and(|service| service.get("image").is_some() || service.get("build").is_some())
    };
    let mut unknown =
        map.entries.iter().filter(|entry| section.key(&entry.key).is_none() && !entry.key.starts_with("x-"));
    map.get("services").is_none() && unknown.any(|entry| is_service(&entry.value))
}
