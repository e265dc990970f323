//! Short spellings and their long forms (Compose specification; Compose 2.40 for the defaults).

use super::super::cast::visit;
use super::super::fault::Fault;
use super::super::node::{Certainty, Map, Node, Place, Text, Value};
use super::super::port::{self, PortRange};
use super::volume;

/// A list of ports that publishes more than these is a mistake: there are 65,536 for each protocol.
const MOST_PORTS: usize = 200_000;

/// Gives a value its long form.
type Lengthen = fn(&mut Node, &mut Vec<Fault>);

const SHAPES: [(&str, Lengthen); 22] = [
    ("services.*.build", build),
    ("services.*.build.additional_contexts", pairs),
    ("services.*.build.ssh", ssh),
    ("services.*.build.secrets.*", mount),
    ("services.*.depends_on", depends_on),
    ("services.*.devices.*", device),
    ("services.*.dns", list),
    ("services.*.env_file", list),
    ("services.*.env_file.*", env_file),
    ("services.*.label_file", list),
    ("services.*.gpus", gpus),
    ("services.*.networks", names),
    ("services.*.models", names),
    ("services.*.volumes.*", volume),
    ("services.*.secrets.*", mount),
    ("services.*.configs.*", mount),
    ("services.*.ports", ports),
    ("volumes.*", external),
    ("networks.*", external),
    ("secrets.*", external),
    ("configs.*", external),
    ("services.*.dns", without_empty),
];

/// What is added once all files are read.
const DEFAULTS: [(&str, Lengthen); 5] = [
    ("services.*.build", default_context),
    ("services.*.secrets.*", default_secret),
    ("services.*.ports.*", default_port),
    ("services.*.deploy.resources.reservations.devices.*", default_device),
    ("services.*.gpus.*", default_device),
];

/// Gives every value its long form.
pub(in super::super) fn lengthen(root: &mut Node, faults: &mut Vec<Fault>) {
    apply(root, &SHAPES, faults);
}

/// Adds what Compose takes where nothing is written.
pub(in super::super) fn defaults(root: &mut Node, faults: &mut Vec<Fault>) {
    apply(root, &DEFAULTS, faults);
}

fn apply(root: &mut Node, shapes: &[(&str, Lengthen)], faults: &mut Vec<Fault>) {
    for (path, shape) in shapes {
        let steps: Vec<&str> = path.split('.').collect();
        visit(root, &steps, &mut |node| shape(node, faults));
    }
}

fn build(node: &mut Node, _: &mut Vec<Fault>) {
    if matches!(node.value, Value::Text(_)) {
        *node = Node::map([("context", node.clone())], &node.place);
    }
}

/// `NAME=value` items become a mapping.
fn pairs(node: &mut Node, _: &mut Vec<Fault>) {
    let Value::List(items) = &node.value else { return };
    let mut map = Map::default();
    for item in items {
        let Some(text) = item.as_text() else { continue };
        match text.value.find('=') {
            Some(at) => {
                let value = text.slice(at + 1..text.value.len());
                map.set(&text.value[..at], Node::new(Value::Text(value), &item.place));
            }
            None => map.set(&text.value, Node::new(Value::Null, &item.place)),
        }
    }
    node.value = Value::Map(map);
}

/// `ID=path` items; only the default key goes without a path.
fn ssh(node: &mut Node, faults: &mut Vec<Fault>) {
    for item in node.as_list().unwrap_or_default() {
        if item.as_text().is_some_and(|text| !text.value.contains('=') && text.value != "default") {
            faults.push(Fault::new(&item.place, "this key has no path").with_help("write `ID=path`, or `default`"));
        }
    }
    pairs(node, faults);
}

/// `NAME` stands for `source: NAME`.
fn mount(node: &mut Node, _: &mut Vec<Fault>) {
    if matches!(node.value, Value::Text(_)) {
        *node = Node::map([("source", node.clone())], &node.place);
    }
}

fn depends_on(node: &mut Node, _: &mut Vec<Fault>) {
    match &mut node.value {
        Value::List(items) => {
            let mut map = Map::default();
            for item in items {
                if let Some(text) = item.as_text() {
                    map.set(&text.value, dependency(&item.place, None));
                }
            }
            node.value = Value::Map(map);
        }
        Value::Map(map) => {
            for entry in &mut map.entries {
                let place = entry.value.place.clone();
                if let Value::Map(dependency) = &mut entry.value.value {
                    add(dependency, "condition", || Node::text("service_started", &place));
                    add(dependency, "required", || Node::new(Value::Bool(true), &place));
                }
            }
        }
        _ => {}
    }
}

/// A dependency as Compose infers it.
pub(in super::super) fn dependency(place: &Place, restart: Option<bool>) -> Node {
    let restart = restart.map(|restart| ("restart", Node::new(Value::Bool(restart), place)));
    let entries =
        [("condition", Node::text("service_started", place)), ("required", Node::new(Value::Bool(true), place))];
    Node::map(entries.into_iter().chain(restart), place)
}

fn add(map: &mut Map, key: &str, value: impl FnOnce() -> Node) {
    if map.get(key).is_none() {
        map.set(key, value().by_default());
    }
}

fn device(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::Text(text) = &node.value else { return };
    let parts = split(text, ':');
    if parts.len() > 3 {
        faults.push(Fault::new(&node.place, "this device has too many colons"));
        return;
    }
    let part = |at: usize| parts.get(at).filter(|text| !text.value.is_empty()).cloned();
    let text = |text: Text| Node::new(Value::Text(text), &node.place);
    let source = parts.first().cloned().unwrap_or_default();
    let target = part(1).unwrap_or_else(|| source.clone());
    let permissions = parts.get(2).cloned().unwrap_or_else(|| Text::literal("rwm"));
    let long = [("source", text(source)), ("target", text(target)), ("permissions", text(permissions))];
    *node = Node::map(long, &node.place);
}

/// The parts of a text between a character.
pub(in super::super) fn split(text: &Text, separator: char) -> Vec<Text> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, part) in text.value.match_indices(separator) {
        parts.push(text.slice(start..at));
        start = at + part.len();
    }
    parts.push(text.slice(start..text.value.len()));
    parts
}

fn list(node: &mut Node, _: &mut Vec<Fault>) {
    if matches!(node.value, Value::Text(_)) {
        *node = Node::new(Value::List(vec![node.clone()]), &node.place);
    }
}

fn env_file(node: &mut Node, _: &mut Vec<Fault>) {
    let place = node.place.clone();
    if matches!(node.value, Value::Text(_)) {
        *node = Node::map([("path", node.clone())], &place);
    }
    if let Value::Map(map) = &mut node.value {
        add(map, "required", || Node::new(Value::Bool(true), &place));
    }
}

fn gpus(node: &mut Node, _: &mut Vec<Fault>) {
    if matches!(node.value, Value::Text(_)) {
        let all = Node::map([("count", Node::text("all", &node.place))], &node.place);
        *node = Node::new(Value::List(vec![all]), &node.place);
    }
}

fn names(node: &mut Node, _: &mut Vec<Fault>) {
    let Value::List(items) = &node.value else { return };
    let mut map = Map::default();
    for item in items {
        if let Some(text) = item.as_text() {
            map.set(&text.value, Node::new(Value::Null, &item.place));
        }
    }
    node.value = Value::Map(map);
}

fn volume(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::Text(text) = &node.value else { return };
    match volume::parse(text) {
        Ok(volume) => *node = volume::long(volume, &node.place),
        Err(_) if is_uncertain(node) => {}
        Err(error) => faults.push(Fault::new(&node.place, error.to_string())),
    }
}

/// True for a text that would be another one if a variable were set.
fn is_uncertain(node: &Node) -> bool {
    node.as_text().is_some_and(|text| text.certainty != Certainty::Known)
}

fn ports(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::List(items) = &mut node.value else { return };
    let mut long = Vec::new();
    for item in items.drain(..) {
        if long.len() > MOST_PORTS {
            faults.push(Fault::new(&item.place, "these are more ports than there are"));
            break;
        }
        match &item.value {
            Value::Map(_) => long.push(item),
            Value::Int(_) | Value::Text(_) => match item.scalar_text().map(|text| port::parse(&text.value)) {
                Some(Ok(port)) => long.extend(long_ports(&port, &item)),
                Some(Err(_)) if is_uncertain(&item) => {}
                Some(Err(error)) => faults.push(Fault::new(&item.place, error.to_string())),
                None => {}
            },
            _ => faults.push(Fault::new(&item.place, "this is no port")),
        }
    }
    *items = long;
}

/// One entry for each container port, in the order of their text.
fn long_ports(port: &port::ShortPort, item: &Node) -> Vec<Node> {
    let place = &item.place;
    let range = |range: PortRange| {
        if range.first == range.last { range.first.to_string() } else { format!("{}-{}", range.first, range.last) }
    };
    let text = item.scalar_text().unwrap_or_default();
    let host = port.host_range.clone().map(|range| text.slice(range)).filter(|host| !host.value.is_empty());
    let host = host.map(|host| match host.value.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(_) => host.slice(1..host.value.len() - 1),
        None => host,
    });
    let mut targets: Vec<u16> = (port.target.first..=port.target.last).collect();
    targets.sort_by_key(|target| format!("{target}/"));
    let one = |target: u16| {
        let published = port.published.map(|published| {
            if port.target.first == port.target.last {
                range(published)
            } else {
                (u32::from(published.first) + u32::from(target - port.target.first)).to_string()
            }
        });
        let mut entries = vec![("mode", Node::text("ingress", place).by_default())];
        entries.extend(host.clone().map(|host| ("host_ip", Node::new(Value::Text(host), place))));
        // To the reference, port 0 is no port.
        entries.extend((target != 0).then(|| ("target", Node::new(Value::Int(target.into()), place))));
        entries.extend(published.map(|published| ("published", Node::text(published, place))));
        let protocol = Node::text(port.protocol.clone(), place);
        let is_written = text.value.contains('/');
        entries.push(("protocol", if is_written { protocol } else { protocol.by_default() }));
        Node::map(entries, place)
    };
    targets.into_iter().map(one).collect()
}

/// `external: {name: x}` is an old spelling of `external: true` with `name: x`.
fn external(node: &mut Node, faults: &mut Vec<Fault>) {
    let Value::Map(map) = &mut node.value else { return };
    let Some(external) = map.get("external").filter(|external| external.as_map().is_some()).cloned() else { return };
    map.set("external", Node::new(Value::Bool(true), &external.place));
    let Some(inner) = external.get("name") else { return };
    let help = "write `name` beside `external: true`";
    faults.push(Fault::warning(&inner.place, "`external.name` is deprecated").with_help(help));
    let same = |outer: &Node| outer.scalar_text() == inner.scalar_text();
    match map.get("name") {
        Some(outer) if !same(outer) => {
            faults.push(Fault::new(&inner.place, "`name` and `external.name` differ").with_help("use `name` alone"));
        }
        Some(_) => {}
        None => map.set("name", inner.clone()),
    }
}

fn without_empty(node: &mut Node, _: &mut Vec<Fault>) {
    if let Value::List(items) = &mut node.value {
        items.retain(|item| !item.is_null() && item.as_text().is_none_or(|text| !text.value.is_empty()));
    }
}

fn default_context(node: &mut Node, _: &mut Vec<Fault>) {
    let place = node.place.clone();
    if let Value::Map(map) = &mut node.value {
        add(map, "context", || Node::text(".", &place));
    }
}

fn default_secret(node: &mut Node, _: &mut Vec<Fault>) {
    let place = node.place.clone();
    if let Value::Map(map) = &mut node.value {
        let source = map.get("source").and_then(Node::as_text).map(|text| text.value.clone()).unwrap_or_default();
        add(map, "target", || Node::text(format!("/run/secrets/{source}"), &place));
    }
}

fn default_port(node: &mut Node, _: &mut Vec<Fault>) {
    let place = node.place.clone();
    if let Value::Map(map) = &mut node.value {
        add(map, "mode", || Node::text("ingress", &place));
        add(map, "protocol", || Node::text("tcp", &place));
    }
}

fn default_device(node: &mut Node, faults: &mut Vec<Fault>) {
    let place = node.place.clone();
    if let Value::Map(map) = &mut node.value {
        match (map.get("count").is_some(), map.get("device_ids").is_some()) {
            (true, true) => faults.push(Fault::new(&place, "`count` and `device_ids` exclude each other")),
            (false, false) => map.set("count", Node::text("all", &place)),
            _ => {}
        }
    }
}
