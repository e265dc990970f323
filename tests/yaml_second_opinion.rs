//! YAML as another parser reads it: where both accept a text, they must see the same nodes.

mod common;

use std::path::Path;

use caulk::syntax::yaml::{Document, Kind, NodeId, Style, parse};
use proptest::prelude::*;
use proptest::sample::select;
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// The YAML texts below some folders of the package.
fn texts(folders: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders.iter().flat_map(|folder| common::files_of(&root.join(folder)));
    let yaml = files.filter(|(name, _)| name.ends_with(".yml") || name.ends_with(".yaml"));
    // The other parser takes a byte order mark for text.
    let texts =
        yaml.filter_map(|(_, bytes)| Some(String::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').to_owned()));
    let texts: Vec<String> = texts.collect();
    assert!(texts.len() > 10, "there are hardly any texts");
    texts
}

#[test]
fn our_own_files_are_read_alike() {
    for text in texts(&["fixtures/projects", "rules"]) {
        let ours = ours(&text).unwrap_or_else(|| panic!("this is not valid:\n{text}"));
        let theirs = theirs(&text).expect("this is valid");
        assert_eq!(ours, theirs, "{text}");
    }
}

#[test]
fn what_both_accept_of_the_conformance_suite_is_read_alike() {
    let texts = texts(&["fixtures/conformance"]);
    let both = texts.iter().filter_map(|text| Some((text, ours(text)?, theirs(text)?)));
    let compared = both.map(|(text, ours, theirs)| assert_eq!(ours, theirs, "{text}")).count();
    assert!(compared * 10 > texts.len() * 9, "only {compared} of {} texts can be compared", texts.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_put_together_anew_are_read_alike(text in lines()) {
        if let (Some(ours), Some(theirs)) = (ours(&text), theirs(&text)) {
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}

fn lines() -> impl Strategy<Value = String> {
    let texts = texts(&["fixtures", "rules"]);
    let lines: Vec<String> = texts.iter().flat_map(|text| text.lines().map(|line| format!("{line}\n"))).collect();
    prop::collection::vec(select(lines), 0..12).prop_map(|lines| lines.concat())
}

/// One line for each beginning and end of a node.
type Nodes = Vec<String>;

fn ours(text: &str) -> Option<Nodes> {
    let (document, problems) = parse(text.into());
    let mut nodes = Nodes::new();
    for root in &document.roots {
        nodes.push("document".to_owned());
        describe(&document, *root, &mut nodes);
    }
    problems.is_empty().then_some(nodes)
}

fn describe(document: &Document, id: NodeId, nodes: &mut Nodes) {
    match &document.node(id).kind {
        Kind::Scalar { value, style } => nodes.push(scalar(*style, value)),
        Kind::Alias { .. } => nodes.push("alias".to_owned()),
        Kind::Seq(items) => {
            nodes.push("list".to_owned());
            items.iter().for_each(|item| describe(document, *item, nodes));
            nodes.push("end".to_owned());
        }
        Kind::Map(pairs) => {
            nodes.push("mapping".to_owned());
            for pair in pairs {
                describe(document, pair.key, nodes);
                describe(document, pair.value, nodes);
            }
            nodes.push("end".to_owned());
        }
    }
}

fn scalar(style: Style, value: &str) -> String {
    let (name, value) = match style {
        // What is left out is called `~` by the other parser.
        Style::Plain => ("plain", if value == "~" { "" } else { value }),
        Style::Single => ("single", value),
        Style::Double => ("double", value),
        // An empty one has no line break: YAML 1.2.2, section 8.1.1.2, and Compose say so.
        Style::Literal => ("literal", if value == "\n" { "" } else { value }),
        Style::Folded => ("folded", if value == "\n" { "" } else { value }),
    };
    format!("{name} {value:?}")
}

fn theirs(text: &str) -> Option<Nodes> {
    struct Receiver(Nodes);
    impl MarkedEventReceiver for Receiver {
        fn on_event(&mut self, event: Event, _: Marker) {
            self.0.push(match event {
                Event::DocumentStart => "document".to_owned(),
                Event::Alias(_) => "alias".to_owned(),
                Event::SequenceStart(..) => "list".to_owned(),
                Event::MappingStart(..) => "mapping".to_owned(),
                Event::SequenceEnd | Event::MappingEnd => "end".to_owned(),
                Event::Scalar(value, style, ..) => {
                    let style = match style {
                        TScalarStyle::Plain => Style::Plain,
                        TScalarStyle::SingleQuoted => Style::Single,
                        TScalarStyle::DoubleQuoted => Style::Double,
                        TScalarStyle::Literal => Style::Literal,
                        TScalarStyle::Folded => Style::Folded,
                    };
                    scalar(style, &value)
                }
                _ => return,
            });
        }
    }
    let mut receiver = Receiver(Nodes::new());
    Parser::new_from_str(text).load(&mut receiver, true).ok()?;
    Some(receiver.0)
}
