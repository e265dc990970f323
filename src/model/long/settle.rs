//! What happens to the model after each document that is laid over it, and once after the last.

use std::net::IpAddr;

use super::super::cast::visit;
use super::super::fault::Fault;
use super::super::node::{Certainty, Node, Value};
use super::super::schema::validate;
use super::{lengthen, unique};

/// After a document: repetitions out, schema, long forms, repetitions out.
pub(in super::super) fn settle(root: &mut Node, with_schema: bool, faults: &mut Vec<Fault>) {
    unique(root, faults);
    if with_schema {
        let violations = validate(root);
        faults.extend(
            violations
                .into_iter()
                .map(|violation| Fault { help: violation.help, ..Fault::new(&violation.place, violation.message) }),
        );
    }
    if let Some(version) = root.as_map_mut().and_then(|map| map.remove("version")) {
        let help = "take it out: it only confuses";
        faults.push(Fault::warning(&version.key_place, "Compose ignores `version`, which is obsolete").with_help(help));
    }
    lengthen(root, faults);
    unique(root, faults);
}

/// After the last document.
pub(in super::super) fn check(root: &mut Node, faults: &mut Vec<Fault>) {
    visit(root, &["services", "*", "ports", "*"], &mut |port| host_ip(port, faults));
    visit(root, &["volumes", "*"], &mut |volume| external_volume(volume, faults));
    visit(root, &["configs", "*"], &mut |config| content(config, &["file", "environment", "content"], faults));
    visit(root, &["secrets", "*"], &mut |secret| content(secret, &["file", "environment"], faults));
    visit(root, &["services", "*", "develop", "watch", "*", "path"], &mut |path| {
        if path.as_text().is_some_and(|text| text.value.is_empty()) {
            faults.push(Fault::new(&path.place, "this path is empty"));
        }
    });
}

fn host_ip(port: &Node, faults: &mut Vec<Fault>) {
    let Some((node, text)) = port.get("host_ip").and_then(|node| Some((node, node.as_text()?))) else { return };
    if text.certainty == Certainty::Known && text.value.parse::<IpAddr>().is_err() {
        let help = "write an address without brackets, or leave `host_ip` out";
        faults.push(Fault::new(&node.place, "this is no IP address; Compose takes no host names here").with_help(help));
    }
}

fn external_volume(volume: &Node, faults: &mut Vec<Fault>) {
    let Some(map) = volume.as_map() else { return };
    if !matches!(map.get("external").map(|node| &node.value), Some(Value::Bool(true))) {
        return;
    }
    for entry in &map.entries {
        if !matches!(entry.key.as_str(), "name" | "external") && !entry.key.starts_with("x-") {
            let message = format!("an external volume can't have `{}`: it exists already", entry.key);
            faults.push(Fault::new(&entry.key_place, message));
        }
    }
}

/// A secret or config has exactly one source.
fn content(node: &Node, sources: &[&str], faults: &mut Vec<Fault>) {
    let Some(map) = node.as_map() else { return };
    let found: Vec<_> = sources.iter().filter_map(|source| map.entry(source)).collect();
    match found.as_slice() {
        [] if map.get("driver").is_none() && map.get("external").is_none() => {
            faults.push(Fault::new(&node.place, format!("one of {} must be here", sources.join(", "))));
        }
        [_, second, ..] => {
            faults.push(Fault::new(&second.key_place, format!("only one of {} may be here", sources.join(", "))));
        }
        _ => {}
    }
}
