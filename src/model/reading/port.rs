//! Ports that a file means to close and another one keeps open: lists append (Compose specification, "Merge").

use std::net::IpAddr;

use super::{Passage, Reading, ReadingKind};
use crate::model::node::{Certainty, Entry, Layer, Node, Place, Text};
use crate::model::port::{self, PortRange};
use crate::model::project::Project;
use crate::model::workspace::Workspace;
use crate::syntax::yaml::Kind;

/// An entry of `ports` as far as it counts here.
struct Published<'p> {
    place: &'p Place,
    is_open: bool,
    published: PortRange,
    target: PortRange,
    protocol: String,
    /// It holds as long as these variables are not set.
    assumes: Vec<String>,
}

pub(super) fn read(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for service in project.services() {
        let Some(ports) = service.value.as_map().and_then(|service| service.entry("ports")) else { continue };
        let items: Vec<_> = ports.value.as_list().unwrap_or_default().iter().filter_map(Published::read).collect();
        for (number, closed) in items.iter().enumerate().filter(|(_, item)| !item.is_open) {
            // The files append in their order: what stands before this entry is what its author found.
            let Some(open) = closed.still_open(items.get(..number).unwrap_or_default()) else { continue };
            let assumes = closed.assumes.iter().chain(&open.assumes).cloned().collect();
            readings.push(open.stays_open(service, Passage::from(closed.place), false, assumes));
        }
        if let Some((at, open)) =
            empty_list(workspace, ports).and_then(|at| Some((at, items.iter().find(|i| i.is_open)?)))
        {
            readings.push(open.stays_open(service, at, true, open.assumes.clone()));
        }
    }
    readings
}

/// The last list of `ports`, if it is an empty one over others: it takes nothing away.
fn empty_list(workspace: &Workspace<'_>, ports: &Entry) -> Option<Passage> {
    let Place { source, node: key, .. } = ports.key_place;
    let document = workspace.document(source)?;
    let map = document.node(key).parent?;
    let value = document.pairs(map).iter().find(|pair| pair.key == key)?.value;
    let node = document.node(document.follow(value)?);
    let is_empty = matches!(&node.kind, Kind::Seq(items) if items.is_empty());
    is_empty.then(|| Passage { source, span: document.node(value).span })
}

/// True if the two came together by a merge of files or services.
fn comes_from_elsewhere(one: &Place, other: &Place) -> bool {
    let extended = |place: &Place| place.layers.iter().filter(|layer| matches!(layer, Layer::Extends { .. })).count();
    one.source != other.source || extended(one) != extended(other)
}

impl<'p> Published<'p> {
    fn read(node: &'p Node) -> Option<Self> {
        let mut assumes = Vec::new();
        let mut known = |text: Text| match text.certainty {
            Certainty::Known => Some(text.value),
            Certainty::Assumed(names) => {
                assumes.extend(names);
                Some(text.value)
            }
            Certainty::Unknown(_) => None,
        };
        let (host_ip, published, target, protocol) = if let Some(text) = node.scalar_text() {
            let port = port::parse(&known(text)?).ok()?;
            (port.host_ip, port.published?, port.target, port.protocol)
        } else {
            let field = |name: &str| node.get(name).and_then(Node::scalar_text);
            let single = |text: String| text.parse::<u16>().ok().map(|port| PortRange { first: port, last: port });
            let host_ip: Option<IpAddr> = match field("host_ip") {
                None => None,
                Some(text) => Some(known(text)?.parse().ok()?),
            };
            let (published, target) = (single(known(field("published")?)?)?, single(known(field("target")?)?)?);
            (host_ip, published, target, field("protocol").map_or_else(|| "tcp".to_owned(), |text| text.value))
        };
        let is_open = host_ip.is_none_or(|ip| ip.is_unspecified());
        Some(Self { place: &node.place, is_open, published, target, protocol, assumes })
    }

    /// The entry of another file that still opens what this one closes, the one with the same published port first.
    /// Where this one has another, it was meant to move the port.
    fn still_open<'i>(&self, earlier: &'i [Self]) -> Option<&'i Self> {
        let same = |open: &&Self| {
            open.is_open
                && (open.target, &open.protocol) == (self.target, &self.protocol)
                && comes_from_elsewhere(open.place, self.place)
        };
        let mut open: Vec<_> = earlier.iter().filter(same).collect();
        open.sort_by_key(|open| open.published != self.published);
        open.first().copied()
    }

    fn stays_open(&self, service: &Entry, at: Passage, by_empty_list: bool, mut assumes: Vec<String>) -> Reading {
        assumes.sort();
        assumes.dedup();
        let PortRange { first, last } = self.published;
        Reading {
            kind: ReadingKind::PortStaysOpen { by_empty_list },
            service: Some(service.key.clone()),
            subject: if first == last { first.to_string() } else { format!("{first}-{last}") },
            at,
            other: Some(Passage::from(self.place)),
            assumes,
        }
    }
}
