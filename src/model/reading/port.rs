//! Ports that a file means to close and another one keeps open: lists append (Compose specification, "Merge").

use std::net::IpAddr;

use super::{Passage, Reading, ReadingKind};
use crate::model::node::{Certainty, Layer, Node};
use crate::model::port::{self, PortRange};
use crate::model::project::Project;

/// An entry of `ports` as far as it counts here.
#[derive(PartialEq, Eq)]
struct Entry {
    is_open: bool,
    published: PortRange,
    target: PortRange,
    protocol: String,
}

pub(super) fn read(project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for service in project.services() {
        let items = service.value.get("ports").and_then(Node::as_list).unwrap_or_default();
        let entries: Vec<(&Node, Entry)> = items.iter().filter_map(|node| Some((node, entry(node)?))).collect();
        for (node, closed) in entries.iter().filter(|(_, entry)| !entry.is_open) {
            let same = |open: &Entry| {
                open.is_open
                    && (open.published, open.target, &open.protocol)
                        == (closed.published, closed.target, &closed.protocol)
            };
            let Some((open, _)) =
                entries.iter().find(|(other, entry)| same(entry) && comes_from_elsewhere(other, node))
            else {
                continue;
            };
            let range = closed.published;
            let port = if range.first == range.last {
                range.first.to_string()
            } else {
                format!("{}-{}", range.first, range.last)
            };
            readings.push(Reading {
                kind: ReadingKind::PortStaysOpen,
                service: Some(service.key.clone()),
                subject: port,
                at: Passage::from(&node.place),
                other: Some(Passage::from(&open.place)),
                assumes: Vec::new(),
            });
        }
    }
    readings
}

/// True if the two came together by a merge of files or services.
fn comes_from_elsewhere(one: &Node, other: &Node) -> bool {
    let extended =
        |node: &Node| node.place.layers.iter().filter(|layer| matches!(layer, Layer::Extends { .. })).count();
    one.place.source != other.place.source || extended(one) != extended(other)
}

fn entry(node: &Node) -> Option<Entry> {
    if let Some(text) = node.scalar_text() {
        let port = port::parse(&text.value).ok().filter(|_| text.certainty == Certainty::Known)?;
        let is_open = port.host_ip.is_none_or(|ip| ip.is_unspecified());
        return Some(Entry { is_open, published: port.published?, target: port.target, protocol: port.protocol });
    }
    let field = |name: &str| node.get(name).and_then(Node::scalar_text);
    let known = |name: &str| field(name).filter(|text| text.certainty == Certainty::Known).map(|text| text.value);
    let single = |text: String| text.parse::<u16>().ok().map(|port| PortRange { first: port, last: port });
    let host_ip: Option<IpAddr> = match field("host_ip") {
        None => None,
        Some(_) => Some(known("host_ip")?.parse().ok()?),
    };
    Some(Entry {
        is_open: host_ip.is_none_or(|ip| ip.is_unspecified()),
        published: known("published").and_then(single)?,
        target: known("target").and_then(single)?,
        protocol: field("protocol").map_or_else(|| "tcp".to_owned(), |text| text.value),
    })
}
