//! Two parsers of YAML, granit behind `syntax::yaml` and yaml-rust2, find the same in every YAML file of the fixtures.

use std::fs;
use std::path::{Path, PathBuf};

use caulk::syntax::yaml::{Document, Kind, NodeId, parse};
use yaml_rust2::Event;
use yaml_rust2::parser::{EventReceiver, Parser};

/// The structure of a file: its texts, and where mappings, lists and aliases stand.
type Events = Vec<String>;

#[test]
fn both_parsers_find_the_same_in_every_fixture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files = Vec::new();
    yaml_files(&root, &mut files);
    assert!(files.len() > 400, "the fixtures are there");
    let mut differ = Vec::new();
    for path in files {
        // A file in another encoding is for nobody to read.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(&root).expect("it lies below").to_string_lossy().replace('\\', "/");
        let (granit, second) = (by_granit(&text), by_yaml_rust2(&text));
        if granit != second {
            differ.push(format!("{name}: granit {granit:?}, yaml-rust2 {second:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

fn yaml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            files.push(path);
        }
    }
}

/// `None` if it is no YAML.
fn by_granit(text: &str) -> Option<Events> {
    let (document, problems) = parse(text.into());
    // What go-yaml refuses beyond the grammar is no question for yaml-rust2.
    let is_grammar = |message: &str| ["not valid YAML", "a tab", "no anchor"].iter().any(|part| message.contains(part));
    if problems.iter().any(|problem| is_grammar(&problem.message)) {
        return None;
    }
    let mut events = Vec::new();
    for root in &document.roots {
        collect(&document, *root, &mut events);
    }
    Some(events)
}

fn collect(document: &Document, id: NodeId, events: &mut Events) {
    match &document.node(id).kind {
        Kind::Scalar { value, .. } => events.push(scalar(value)),
        Kind::Alias { .. } => events.push("*".to_owned()),
        Kind::Seq(items) => {
            events.push("[".to_owned());
            items.iter().for_each(|item| collect(document, *item, events));
            events.push("]".to_owned());
        }
        Kind::Map(pairs) => {
            events.push("{".to_owned());
            for pair in pairs {
                collect(document, pair.key, events);
                collect(document, pair.value, events);
            }
            events.push("}".to_owned());
        }
    }
}

/// To yaml-rust2, nothing at all is a `~`.
fn scalar(value: &str) -> String {
    format!("={}", if value == "~" { "" } else { value })
}

#[derive(Default)]
struct Receiver(Events);

impl EventReceiver for Receiver {
    fn on_event(&mut self, event: Event) {
        let event = match event {
            Event::Scalar(value, ..) => scalar(&value),
            Event::Alias(_) => "*".to_owned(),
            Event::SequenceStart(..) => "[".to_owned(),
            Event::SequenceEnd => "]".to_owned(),
            Event::MappingStart(..) => "{".to_owned(),
            Event::MappingEnd => "}".to_owned(),
            _ => return,
        };
        self.0.push(event);
    }
}

/// `None` if it is no YAML.
fn by_yaml_rust2(text: &str) -> Option<Events> {
    let mut receiver = Receiver::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Parser::new(text.chars()).load(&mut receiver, true).ok()?;
    Some(receiver.0)
}
