//! Of several entries that mean the same thing, the later one counts (Compose specification, "Merge", unique resources).

use super::node::{Node, Place, Value};
use super::port;

/// Removes what later entries replace, in every service. Answers with the places of both.
pub(super) fn apply(root: &mut Node) -> Vec<Place> {
    let mut repeated = Vec::new();
    let services = root.get_mut("services").map(|services| &mut services.value);
    let Some(Value::Map(services)) = services else { return repeated };
    for service in &mut services.entries {
        let Value::Map(service) = &mut service.value.value else { continue };
        for entry in &mut service.entries {
            if entry.key == "ports"
                && let Value::List(ports) = &mut entry.value.value
            {
                last_of_each(ports, port_key, &mut repeated);
            }
        }
    }
    repeated
}

/// Keeps the last item of each key, in the place of the first.
fn last_of_each(items: &mut Vec<Node>, key_of: fn(&Node) -> Option<String>, repeated: &mut Vec<Place>) {
    let mut kept: Vec<(Option<String>, Node)> = Vec::new();
    for item in items.drain(..) {
        let key = key_of(&item);
        match kept.iter_mut().find(|(known, _)| key.is_some() && *known == key) {
            Some((_, known)) => {
                repeated.extend([&known.place, &item.place].map(Place::clone));
                *known = item;
            }
            None => kept.push((key, item)),
        }
    }
    items.extend(kept.into_iter().map(|(_, item)| item));
}

/// Address, published port, container port, protocol.
fn port_key(port: &Node) -> Option<String> {
    if let Some(text) = port.scalar_text() {
        let port = port::parse(&text.value).ok()?;
        let host = port.host_ip.map_or("0.0.0.0".to_owned(), |ip| ip.to_string());
        let published = port.published.map(|range| format!("{}-{}", range.first, range.last));
        return Some(format!("{host} {published:?} {:?} {}", port.target, port.protocol));
    }
    let field = |name: &str| port.get(name).and_then(Node::scalar_text).map(|text| text.value);
    let range = |text: String| {
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        format!("{first}-{last}")
    };
    let target: u16 = field("target")?.parse().ok()?;
    let target = port::PortRange { first: target, last: target };
    let host = field("host_ip").unwrap_or_else(|| "0.0.0.0".to_owned());
    let protocol = field("protocol").unwrap_or_else(|| "tcp".to_owned());
    Some(format!("{host} {:?} {target:?} {protocol}", field("published").map(range)))
}
