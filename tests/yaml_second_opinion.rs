//! YAML as another parser reads it: where both accept a text, they must see the same nodes.

mod common;

use std::path::Path;

use caulk::syntax::yaml::{Document, Kind, NodeId, Style, parse};
use proptest::prelude::*;
use proptest::sample::select;
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// The texts below `fixtures/` and `rules/`.
fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["fixtures", "rules", "tests/cmd"].map(|folder| common::files_of(&root.join(folder)));
    let is_yaml = |name: &String| name.ends_with(".yml") || name.ends_with(".yaml");
    let files = folders.into_iter().flatten().filter(|(name, _)| is_yaml(name));
    let texts: Vec<String> = files.filter_map(|(_, bytes)| String::from_utf8(bytes).ok()).collect();
    assert!(texts.len() > 10, "there are hardly any texts");
    texts
}

#[test]
fn our_own_files_are_read_alike() {
    for text in texts() {
        let ours = ours(&text).unwrap_or_else(|| panic!("this is not valid:\n{text}"));
        // The other parser takes a byte order mark for text.
        let theirs = theirs(text.trim_start_matches('\u{feff}')).expect("this is valid");
        assert_eq!(ours, theirs, "{text}");
    }
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
    let lines: Vec<String> = texts()
        .iter()
        .flat_map(|text| text.lines().map(|line| format!("{}\n", line.trim_start_matches('\u{feff}'))))
        .collect();
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
        Kind::Scalar { value, style } => nodes.push(format!("{} {value:?}", style_name(*style))),
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

fn style_name(style: Style) -> &'static str {
    match style {
        Style::Plain => "plain",
        Style::Single => "single",
        Style::Double => "double",
        Style::Literal => "literal",
        Style::Folded => "folded",
    }
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
                    // What is left out is called `~` there.
                    let value = if style == Style::Plain && value == "~" { String::new() } else { value };
                    // An empty block scalar has no line break: YAML 1.2.2, section 8.1.1.2, and Compose say so.
                    let is_block = matches!(style, Style::Literal | Style::Folded);
                    let value = if is_block && value == "\n" { String::new() } else { value };
                    format!("{} {value:?}", style_name(style))
                }
                _ => return,
            });
        }
    }
    let mut receiver = Receiver(Nodes::new());
    Parser::new_from_str(text).load(&mut receiver, true).ok()?;
    Some(receiver.0)
}
