//! What go-yaml refuses although the grammar allows it: duplicate keys, keys that are no text, unknown or circular aliases.

use std::collections::HashMap;

use super::{Document, Kind, NodeId, Pair, Style, resolve};
use crate::syntax::Problem;
use crate::text::Span;

pub(super) fn check(document: &Document, problems: &mut Vec<Problem>) {
    if let Some(at) = document.text().find('\0') {
        problems.push(Problem::new((at..at + 1).into(), "the file holds a NUL byte, so it is no YAML"));
        return;
    }
    version(document, problems);
    for id in document.ids() {
        match &document.node(id).kind {
            Kind::Map(pairs) => keys(document, pairs, problems),
            Kind::Alias { name, target } => alias(document, id, name, *target, problems),
            Kind::Scalar { value, style: Style::Plain } if document.node(id).flow && value.starts_with([':', '?']) => {
                let span = document.node(id).span;
                let problem = Problem::new(span, "inside brackets, a text can't start with a colon or a question mark");
                problems.push(problem.with_help("quote it"));
            }
            Kind::Scalar { style: Style::Double, .. } => escapes(document, id, problems),
            _ => {}
        }
    }
}

/// go-yaml reads the YAML of version 1.1 only, and says so.
fn version(document: &Document, problems: &mut Vec<Problem>) {
    let mut start = 0;
    for line in document.text().split_inclusive('\n') {
        let text = line.trim_start_matches('\u{feff}').trim_end();
        if text.starts_with("%YAML") && !text.ends_with(" 1.1") {
            let span = Span::new(start, start + line.trim_end().len());
            let problem = Problem::new(span, "Compose reads YAML 1.1 only");
            problems.push(problem.with_help("take this line out"));
        }
        if !(text.is_empty() || text.starts_with(['%', '#'])) {
            return;
        }
        start += line.len();
    }
}

/// `\/` belongs to YAML 1.2.
fn escapes(document: &Document, id: NodeId, problems: &mut Vec<Problem>) {
    let span = document.node(id).span;
    let mut chars = span.slice(document.text()).char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && chars.next().is_some_and(|(_, escaped)| escaped == '/') {
            let place = Span::new(span.start + at, span.start + at + 2);
            problems.push(Problem::new(place, "Compose does not know the escape `\\/`").with_help("write `/`"));
        }
    }
}

fn keys(document: &Document, pairs: &[Pair], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&str, NodeId> = HashMap::new();
    for pair in pairs {
        let span = document.node(pair.key).span;
        let Some(key) = document.scalar(pair.key) else {
            if !matches!(document.node(pair.key).kind, Kind::Alias { .. }) {
                problems.push(Problem::new(span, "a key must be text, this is a list or a mapping"));
            }
            continue;
        };
        if let Some(first) = seen.insert(key, pair.key) {
            let help = if key == "<<" && document.style(pair.key) == Some(Style::Plain) {
                "write one merge key with a list: `<<: [*first, *second]`".to_owned()
            } else {
                let line = document.text()[..document.node(first).span.start].matches('\n').count() + 1;
                format!("it is already there in line {line}; Compose refuses the file until one of the two goes")
            };
            problems.push(Problem::new(span, format!("the key `{key}` stands twice in one mapping")).with_help(help));
        }
        if !resolve::is_text(document, pair.key) {
            problems.push(
                Problem::new(span, format!("the key `{key}` is read as a number, boolean or null; Compose wants text"))
                    .with_help("quote it, or write `host:container` without a blank behind the colon if it is a port"),
            );
        }
    }
}

fn alias(document: &Document, id: NodeId, name: &str, target: Option<NodeId>, problems: &mut Vec<Problem>) {
    let span = document.node(id).span;
    let Some(target) = target else {
        problems.push(
            Problem::new(span, format!("no anchor `&{name}` stands before this"))
                .with_help("anchors do not cross files; define it further up in this file"),
        );
        return;
    };
    let mut parent = document.node(id).parent;
    while let Some(above) = parent {
        if above == target {
            problems.push(Problem::new(span, format!("`*{name}` stands inside its own anchor `&{name}`: a circle")));
            return;
        }
        parent = document.node(above).parent;
    }
}
