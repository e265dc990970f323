//! Of several entries of a list that mean the same thing, the later one counts (Compose specification, "Merge").

use std::collections::HashMap;

use super::super::fault::Fault;
use super::super::node::{Certainty, Node, Value};
use super::volume;

/// What makes two entries the same.
#[derive(Debug, Clone, Copy)]
enum Key {
    /// What stands before `=`.
    Name,
    /// The place in the container.
    Target,
    /// The same for devices.
    Device,
    /// The place in the container, by default the name below this folder.
    Mount(&'static str),
    /// The path.
    Path,
    /// The text of a number or a text.
    Text,
    /// Address, published port, container port, protocol.
    Port,
}

/// Which lists are without repetition.
const LISTS: [(&str, Key); 30] = [
    ("networks.*.labels", Key::Name),
    ("networks.*.ipam.options", Key::Name),
    ("services.*.annotations", Key::Name),
    ("services.*.build.args", Key::Name),
    ("services.*.build.additional_contexts", Key::Name),
    ("services.*.build.platform", Key::Name),
    ("services.*.build.tags", Key::Name),
    ("services.*.build.labels", Key::Name),
    ("services.*.cap_add", Key::Name),
    ("services.*.cap_drop", Key::Name),
    ("services.*.configs", Key::Mount("")),
    ("services.*.deploy.labels", Key::Name),
    ("services.*.devices", Key::Device),
    ("services.*.dns", Key::Name),
    ("services.*.dns_opt", Key::Name),
    ("services.*.dns_search", Key::Name),
    ("services.*.environment", Key::Name),
    ("services.*.env_file", Key::Path),
    ("services.*.expose", Key::Text),
    ("services.*.labels", Key::Name),
    ("services.*.links", Key::Name),
    ("services.*.networks.*.aliases", Key::Name),
    ("services.*.networks.*.link_local_ips", Key::Name),
    ("services.*.ports", Key::Port),
    ("services.*.profiles", Key::Name),
    ("services.*.secrets", Key::Mount("/run/secrets")),
    ("services.*.sysctls", Key::Name),
    ("services.*.tmpfs", Key::Name),
    ("services.*.volumes", Key::Target),
    ("volumes.*.labels", Key::Name),
];

/// Removes from every list what a later entry replaces; that one takes the place of the first.
pub(in super::super) fn unique(root: &mut Node, faults: &mut Vec<Fault>) {
    for (path, key) in LISTS {
        let steps: Vec<&str> = path.split('.').collect();
        super::super::cast::visit(root, &steps, &mut |node| {
            if let Value::List(items) = &mut node.value {
                last_of_each(items, key, faults);
            }
        });
    }
}

fn last_of_each(items: &mut Vec<Node>, key: Key, faults: &mut Vec<Fault>) {
    let mut kept: Vec<Node> = Vec::new();
    let mut place_of: HashMap<String, usize> = HashMap::new();
    for item in items.drain(..) {
        let known = match key_of(&item, key) {
            Ok(Some(key)) => *place_of.entry(key).or_insert(kept.len()),
            Ok(None) => kept.len(),
            Err(fault) => {
                faults.push(*fault);
                kept.len()
            }
        };
        match kept.get_mut(known) {
            Some(known) => *known = item,
            None => kept.push(item),
        }
    }
    *items = kept;
}

fn key_of(item: &Node, key: Key) -> Result<Option<String>, Box<Fault>> {
    let whole = item.as_text().map(|text| text.value.as_str());
    let field = |name: &str| item.get(name).and_then(Node::as_text).map(|text| text.value.clone());
    let missing = |what: &str| Err(Box::new(Fault::new(&item.place, format!("this has no `{what}`"))));
    Ok(match (key, &item.value) {
        (Key::Name, _) => whole.map(|text| text.split('=').next().unwrap_or(text).to_owned()),
        (Key::Text, Value::Int(number)) => Some(number.to_string()),
        (Key::Text, Value::Float(_)) => {
            return Err(Box::new(Fault::new(&item.place, "Compose wants a whole number or a text here")));
        }
        (Key::Text, _) => whole.map(str::to_owned),
        (Key::Path, Value::Map(_)) => field("path"),
        (Key::Path, _) => whole.map(str::to_owned),
        (Key::Target, Value::Map(_)) => match field("target") {
            None => return missing("target"),
            target => target,
        },
        (Key::Target, Value::Text(text)) => match volume::parse(text) {
            Ok(volume) => volume.target.map(|target| target.value),
            Err(_) if text.certainty != Certainty::Known => None,
            Err(error) => return Err(Box::new(Fault::new(&item.place, error.to_string()))),
        },
        (Key::Device, Value::Map(_)) => match field("target") {
            None => return missing("target"),
            target => target,
        },
        (Key::Device, _) => whole.map(|text| {
            let mut parts = text.split(':');
            let source = parts.next().unwrap_or_default();
            parts.next().unwrap_or(source).to_owned()
        }),
        (Key::Mount(_), Value::Map(map)) if map.get("target").is_some() => field("target"),
        (Key::Mount(folder), Value::Map(_)) => Some(format!("{folder}/{}", field("source").unwrap_or_default())),
        (Key::Mount(folder), _) => whole.map(|name| format!("{folder}/{name}")),
        (Key::Port, Value::Int(number)) => Some(number.to_string()),
        (Key::Port, Value::Map(map)) => {
            let Some(Value::Int(target)) = map.get("target").map(|node| &node.value) else { return missing("target") };
            // The reference does not see that a number and a text are the same port.
            let published = match map.get("published").map(|node| &node.value) {
                Some(Value::Text(text)) => text.value.clone(),
                Some(Value::Int(number)) => format!("int {number}"),
                Some(Value::Float(number)) => format!("float {number}"),
                _ => String::new(),
            };
            let host = field("host_ip").unwrap_or_else(|| "0.0.0.0".to_owned());
            let protocol = field("protocol").unwrap_or_else(|| "tcp".to_owned());
            Some(format!("{host}:{published}:{target}/{protocol}"))
        }
        (Key::Port, _) => whole.map(str::to_owned),
        (Key::Target, _) => None,
    })
}
