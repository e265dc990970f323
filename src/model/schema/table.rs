//! Reads the table; its own first lines describe the notation.

use std::collections::BTreeMap;

use super::{Alternative, Form, Key, Keys, Print, Schema, Section, Type};

/// Reads a table.
///
/// # Errors
/// The line that is not understood.
pub(super) fn read(text: &str) -> Result<Schema, String> {
    let mut schema = Schema::default();
    let mut named: BTreeMap<String, Type> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let line = line.trim();
        let wrong = || line.to_owned();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('@') {
            let (name, value) = rest.split_once('=').ok_or_else(wrong)?;
            let value = read_type(value.trim(), &named).ok_or_else(wrong)?;
            named.insert(name.trim().to_owned(), value);
        } else if let Some(rest) = line.strip_prefix('[') {
            let (name, flags) = rest.split_once(']').ok_or_else(wrong)?;
            let section = Section {
                extensions: flags.split(' ').any(|flag| flag == "x-"),
                capitals: flags.split(' ').any(|flag| flag == "capitals"),
                keys: Vec::new(),
            };
            schema.sections.insert(name.to_owned(), section);
            current = Some(name.to_owned());
        } else {
            let section = current.as_ref().and_then(|name| schema.sections.get_mut(name)).ok_or_else(wrong)?;
            section.keys.push(read_key(line, &named).ok_or_else(wrong)?);
        }
    }
    Ok(schema)
}

fn read_key(line: &str, named: &BTreeMap<String, Type>) -> Option<Key> {
    let (name, rest) = line.split_once(' ')?;
    let (value, print) = match rest.split_once(" : ") {
        Some((value, print)) => (value, print.trim()),
        None => (rest, ""),
    };
    let bare = name.trim_end_matches(['!', '+']);
    Some(Key {
        name: bare.to_owned(),
        required: name[bare.len()..].contains('!'),
        always: name[bare.len()..].contains('+'),
        value: read_type(value.trim(), named)?,
        print: read_print(print.trim_end_matches('*'))?,
        keeps_zero: print.ends_with('*'),
    })
}

fn read_print(word: &str) -> Option<Print> {
    Some(match word {
        "" => Print::ByType,
        "text" => Print::Text,
        "bool" => Print::Bool,
        "int" => Print::Int,
        "count" => Print::Count,
        "float" => Print::Float,
        "bytes" => Print::Bytes,
        "duration" => Print::Duration,
        "command" => Print::Command,
        "test" => Print::Test,
        "mode" => Print::Mode,
        "labels" => Print::Labels,
        "env" => Print::Env,
        "args" => Print::Args,
        "strings" => Print::Strings,
        "hosts" => Print::Hosts,
        "list" => Print::List,
        "ssh" => Print::Ssh,
        "any" => Print::Any,
        "never" => Print::Never,
        _ => return None,
    })
}

fn read_type(text: &str, named: &BTreeMap<String, Type>) -> Option<Type> {
    let mut alternatives = Vec::new();
    for part in split_top(text) {
        match part.strip_prefix('@') {
            Some(name) => alternatives.extend(named.get(name)?.0.iter().cloned()),
            None => alternatives.push(read_alternative(part, named)?),
        }
    }
    Some(Type(alternatives))
}

/// Splits at the `|` that stand in no bracket.
fn split_top(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '<' => depth += 1,
            ']' | '>' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn read_alternative(text: &str, named: &BTreeMap<String, Type>) -> Option<Alternative> {
    let inside = |open: char, close: &str| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(item) = inside('[', "]!") {
        return Some(Alternative::List { item: read_type(item, named)?, unique: true });
    }
    if let Some(item) = inside('[', "]") {
        return Some(Alternative::List { item: read_type(item, named)?, unique: false });
    }
    if let Some(name) = inside('{', "}") {
        return Some(Alternative::Section(name.to_owned()));
    }
    if let Some(word) = inside('\'', "'") {
        return Some(Alternative::Word(word.to_owned()));
    }
    if let Some(value) = inside('<', ">") {
        let marks = [('=', Keys::Names), ('~', Keys::NamesOrIgnored), ('^', Keys::SmallLettersOrIgnored)];
        let marked = marks.into_iter().find_map(|(mark, keys)| Some((keys, value.strip_prefix(mark)?)));
        let (keys, value) = marked.unwrap_or((Keys::Any, value));
        return Some(Alternative::Map { keys, value: read_type(value, named)? });
    }
    if let Some(bounds) = text.strip_prefix("int(") {
        let (least, greatest) = bounds.strip_suffix(')')?.split_once("..")?;
        let greatest = if greatest.is_empty() { i128::MAX } else { greatest.parse().ok()? };
        return Some(Alternative::Int { least: least.parse().ok()?, greatest });
    }
    Some(match text {
        "string" => Alternative::Text,
        "string~container_name" => Alternative::Form(Form::ContainerName),
        "string~pull_policy" => Alternative::Form(Form::PullPolicy),
        "bool" => Alternative::Bool,
        "int" => Alternative::Int { least: i128::MIN, greatest: i128::MAX },
        "number" => Alternative::Number,
        "null" => Alternative::Null,
        "any" => Alternative::Any,
        _ => return None,
    })
}
