//! Ports that a file means to close and another one keeps open: lists append (Compose specification, "Merge").

use std::net::IpAddr;

use super::{Passage, Reading, ReadingKind};
use crate::model::node::{Certainty, Layer, Node, Text};
use crate::model::port::{self, PortRange};
use crate::model::project::Project;
use crate::model::workspace::Workspace;
use crate::syntax::yaml::Kind;

/// An entry of `ports` as far as it counts here.
struct Entry {
    is_open: bool,
    published: PortRange,
    target: PortRange,
    protocol: String,
    /// It is open, or not, as long as these are not set.
    assumes: Vec<String>,
}

pub(super) fn read(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let mut readings = Vec::new();
    for service in project.services() {
        let items = service.value.get("ports").and_then(Node::as_list).unwrap_or_default();
        // In the order of the layers: what closes must come after what is open.
        let entries: Vec<(&Node, Entry)> = items.iter().filter_map(|node| Some((node, entry(node)?))).collect();
        for (at, (node, closed)) in entries.iter().enumerate().filter(|(_, (_, entry))| !entry.is_open) {
            let is_meant = |(other, open): &&(&Node, Entry)| {
                open.is_open
                    && (open.target, &open.protocol) == (closed.target, &closed.protocol)
                    && comes_from_elsewhere(other, node)
            };
            let earlier = &entries[..at];
            let same = earlier.iter().filter(is_meant).find(|(_, open)| open.published == closed.published);
            let Some((open, entry)) = same.or_else(|| earlier.iter().find(is_meant)) else { continue };
            readings.push(reading(&service.key, Passage::from(&node.place), open, entry));
        }
        readings.extend(emptied_list(workspace, project, &service.key, &entries));
    }
    readings
}

fn reading(service: &str, at: Passage, open: &Node, entry: &Entry) -> Reading {
    let PortRange { first, last } = entry.published;
    Reading {
        kind: ReadingKind::PortStaysOpen,
        service: Some(service.to_owned()),
        subject: if first == last { first.to_string() } else { format!("{first}-{last}") },
        at,
        other: Some(Passage::from(&open.place)),
        assumes: entry.assumes.clone(),
    }
}

/// `ports: []` in a later file, which adds nothing and takes nothing away.
fn emptied_list(
    workspace: &Workspace<'_>,
    project: &Project,
    service: &str,
    entries: &[(&Node, Entry)],
) -> Option<Reading> {
    project.files.iter().enumerate().skip(1).find_map(|(number, source)| {
        let document = workspace.document(*source)?;
        let list = document.roots.iter().find_map(|root| document.at(*root, &["services", service, "ports"]))?;
        let node = document.node(list);
        let is_empty = matches!(&node.kind, Kind::Seq(items) if items.is_empty()) && node.tag.is_none();
        let earlier = project.files.get(..number).filter(|_| is_empty)?;
        let (open, entry) =
            entries.iter().find(|(node, entry)| entry.is_open && earlier.contains(&node.place.source))?;
        Some(reading(service, Passage { source: *source, span: node.span }, open, entry))
    })
}

/// True if the two came together by a merge of files or services.
fn comes_from_elsewhere(one: &Node, other: &Node) -> bool {
    let extended =
        |node: &Node| node.place.layers.iter().filter(|layer| matches!(layer, Layer::Extends { .. })).count();
    one.place.source != other.place.source || extended(one) != extended(other)
}

fn entry(node: &Node) -> Option<Entry> {
    if let Some(text) = node.scalar_text() {
        let assumes = assumed(&text)?;
        let port = port::parse(&text.value).ok()?;
        let is_open = port.host_ip.is_none_or(|ip| ip.is_unspecified());
        return Some(Entry {
            is_open,
            published: port.published?,
            target: port.target,
            protocol: port.protocol,
            assumes,
        });
    }
    let mut assumes = Vec::new();
    let mut known = |name: &str| {
        let text = node.get(name).and_then(Node::scalar_text)?;
        assumes.extend(assumed(&text)?);
        Some(text.value)
    };
    let single = |text: String| text.parse::<u16>().ok().map(|port| PortRange { first: port, last: port });
    let host_ip: Option<IpAddr> = match node.get("host_ip") {
        None => None,
        Some(_) => Some(known("host_ip")?.parse().ok()?),
    };
    Some(Entry {
        is_open: host_ip.is_none_or(|ip| ip.is_unspecified()),
        published: known("published").and_then(single)?,
        target: known("target").and_then(single)?,
        protocol: known("protocol").unwrap_or_else(|| "tcp".to_owned()),
        assumes,
    })
}

/// The variables that must stay unset for the text to hold; `None` if it may be anything.
fn assumed(text: &Text) -> Option<Vec<String>> {
    match &text.certainty {
        Certainty::Known => Some(Vec::new()),
        Certainty::Assumed(names) => Some(names.clone()),
        Certainty::Unknown(_) => None,
    }
}
