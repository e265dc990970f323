//! Published ports: which address they listen on, in every spelling.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::model::node::{Certainty, Node, Text};
use crate::model::port::{self, PortRange, ShortPort};
use crate::syntax::template::PieceOrigin;
use crate::syntax::yaml::{Document, Fragment};
use crate::text::Edit;

/// Who can reach a published port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Everyone who reaches the host, on any of its addresses.
    Public,
    /// Processes of the host itself.
    Loopback,
    /// Those who reach one address that somebody chose, such as that of a private network.
    Specific,
}

/// One entry of `ports`.
#[derive(Debug, Clone)]
pub struct Port<'p> {
    /// Its number in the merged list.
    pub index: usize,
    /// The entry.
    pub node: &'p Node,
    /// The address; `None` if none is given.
    pub host_ip: Option<IpAddr>,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Variables that no file sets and on which the address depends.
    pub assumes: Vec<String>,
    /// Variables that take part in the address.
    pub address_variables: Vec<String>,
    /// The published port or ports; `None` if the engine picks one.
    pub published: Option<PortRange>,
    /// The variable from which the published port comes, if no file sets it.
    pub published_variable: Option<String>,
    /// The port or ports in the container.
    pub target: PortRange,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    spelling: Spelling,
}

#[derive(Debug, Clone)]
enum Spelling {
    Short { text: Text, host: Option<Range<usize>> },
    Long,
}

/// Why the address of a port can't be written by an edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    /// The address, or all of the entry, is in a variable.
    #[error("the address comes from the variable {0}: set it to 127.0.0.1 where it is defined")]
    Variable(String),
    /// The text can't be changed in place.
    #[error("the entry is written in a way that can't be changed in place: write it as \"127.0.0.1:PUBLISHED:TARGET\"")]
    Spelling,
}

/// The ports that a service publishes. Entries that Compose refuses, or whose ports depend on something that caulk does
/// not see, are left out.
pub fn ports(service: &Node) -> Vec<Port<'_>> {
    let items = service.get("ports").and_then(Node::as_list).unwrap_or_default();
    items.iter().enumerate().filter_map(|(index, node)| read(index, node)).collect()
}

fn read(index: usize, node: &Node) -> Option<Port<'_>> {
    match node.scalar_text() {
        Some(text) => short(index, node, text),
        None => long(index, node),
    }
}

fn short(index: usize, node: &Node, text: Text) -> Option<Port<'_>> {
    if matches!(text.certainty, Certainty::Unknown(_)) {
        return None;
    }
    let ShortPort { host_ip, host_range, published, target, protocol } = port::parse(&text.value).ok()?;
    // Without an address the published port decides: a variable there could bring one along.
    let decisive = match &host_range {
        Some(range) => range.clone(),
        None if published.is_none() => 0..0,
        None => 0..text.value.find(':').unwrap_or(0),
    };
    let address_variables = if host_range.is_some() { variables_in(&text, &decisive) } else { Vec::new() };
    let blank = |name: &String| {
        text.pieces.iter().any(|piece| {
            let same = matches!(&piece.origin, PieceOrigin::Variable { name: own } if own == name);
            same && piece.output.is_empty() && piece.output.start <= decisive.end
        })
    };
    let assumed = match &text.certainty {
        Certainty::Assumed(names) => names.as_slice(),
        Certainty::Known | Certainty::Unknown(_) => &[],
    };
    // `${DB_PORT}:5432`: whatever number it is, the address stays the same.
    let is_number = |name: &str| host_range.is_none() && name.to_ascii_uppercase().contains("PORT");
    let published_variable = assumed.iter().find(|name| blank(name) && is_number(name) && published.is_none()).cloned();
    let is_decisive = |name: &&String| address_variables.contains(name) || (blank(name) && !is_number(name));
    let assumes = assumed.iter().filter(is_decisive).cloned().collect();
    let exposure = exposure(host_ip);
    let spelling = Spelling::Short { text, host: host_range };
    Some(Port {
        index,
        node,
        host_ip,
        exposure,
        assumes,
        address_variables,
        published,
        published_variable,
        target,
        protocol,
        spelling,
    })
}

fn long(index: usize, node: &Node) -> Option<Port<'_>> {
    let field = |name: &str| node.get(name).and_then(Node::scalar_text);
    let target: u16 = field("target")?.value.parse().ok()?;
    let target = PortRange { first: target, last: target };
    let published = match field("published") {
        None => None,
        Some(text) if text.value.is_empty() => None,
        Some(text) => {
            let (first, last) = text.value.split_once('-').unwrap_or((&text.value, &text.value));
            Some(PortRange { first: first.parse().ok()?, last: last.parse().ok()? })
        }
    };
    let host = field("host_ip");
    let host_ip = match &host {
        None => None,
        Some(text) if text.value.is_empty() => None,
        Some(text) => Some(text.value.parse().ok()?),
    };
    let (assumes, address_variables) = match &host {
        Some(Text { certainty: Certainty::Unknown(_), .. }) => return None,
        Some(text) => {
            let assumed = if let Certainty::Assumed(names) = &text.certainty { names.clone() } else { Vec::new() };
            (assumed, text.variables().into_iter().map(str::to_owned).collect())
        }
        None => (Vec::new(), Vec::new()),
    };
    let published_variable = field("published").filter(|text| text.value.is_empty());
    let published_variable = published_variable.and_then(|text| text.whole_variable().map(str::to_owned));
    let protocol = field("protocol").map_or_else(|| "tcp".to_owned(), |text| text.value);
    let exposure = exposure(host_ip);
    Some(Port {
        index,
        node,
        host_ip,
        exposure,
        assumes,
        address_variables,
        published,
        published_variable,
        target,
        protocol,
        spelling: Spelling::Long,
    })
}

fn variables_in(text: &Text, range: &Range<usize>) -> Vec<String> {
    let pieces = text
        .pieces
        .iter()
        .filter(|piece| piece.output.start < range.end.max(range.start + 1) && piece.output.end >= range.start);
    let mut names: Vec<String> = Vec::new();
    for piece in pieces {
        let own = if let PieceOrigin::Variable { name } = &piece.origin { Some(name) } else { None };
        names.extend(piece.inside.iter().chain(own).cloned());
    }
    names.dedup();
    names
}

fn exposure(host_ip: Option<IpAddr>) -> Exposure {
    let canonical = host_ip.map(|ip| match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        ip => ip,
    });
    match canonical {
        None => Exposure::Public,
        Some(ip) if ip.is_unspecified() => Exposure::Public,
        Some(ip) if ip.is_loopback() => Exposure::Loopback,
        Some(_) => Exposure::Specific,
    }
}

impl Port<'_> {
    /// The loopback address of the same family as the one that is there.
    pub fn loopback(&self) -> IpAddr {
        match self.host_ip {
            Some(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// True if `other` publishes the same port, on whatever address.
    pub fn publishes_the_same_as(&self, other: &Port<'_>) -> bool {
        let same = self.published.is_some() && other.published == self.published && other.target == self.target;
        same && other.protocol == self.protocol
    }

    /// True if `other` publishes the same port on the loopback address.
    pub fn is_loopback_twin(&self, other: &Port<'_>) -> bool {
        self.publishes_the_same_as(other)
            && other.exposure == Exposure::Loopback
            && other.host_ip == Some(self.loopback())
    }

    /// The edit that lets the entry listen on `ip`; nothing else about it changes. `document` is the file of the entry.
    ///
    /// # Errors
    /// [`NoEdit`] where the address can't be written in place.
    pub fn set_host_ip(&self, document: &Document, ip: IpAddr) -> Result<Edit, NoEdit> {
        let id = self.node.place.node;
        match &self.spelling {
            Spelling::Long => match self.node.get("host_ip") {
                None => {
                    let after = ["published", "target"].into_iter().find(|key| self.node.get(key).is_some());
                    document.insert_entry(id, after, "host_ip", &Fragment::text(ip.to_string())).ok_or(NoEdit::Spelling)
                }
                Some(host) => {
                    let text = host.scalar_text().unwrap_or_default();
                    replace(document, host, &text, 0..text.value.len(), &ip.to_string(), true)
                }
            },
            Spelling::Short { text, host } => {
                let address = match ip {
                    IpAddr::V4(ip) => ip.to_string(),
                    IpAddr::V6(ip) => format!("[{ip}]"),
                };
                match host {
                    Some(range) => replace(document, self.node, text, range.clone(), &address, true),
                    None => {
                        let new = if text.value.contains(':') || self.published.is_some() {
                            format!("{address}:")
                        } else {
                            format!("{address}::")
                        };
                        replace(document, self.node, text, 0..0, &new, false)
                    }
                }
            }
        }
    }
}

/// Replaces bytes of a text; where they are an address that comes from a variable, its use gets a default.
fn replace(
    document: &Document,
    node: &Node,
    text: &Text,
    range: Range<usize>,
    new: &str,
    is_address: bool,
) -> Result<Edit, NoEdit> {
    let id = node.place.node;
    if text.pieces.is_empty() {
        return splice(document, id, range, new);
    }
    if let Some(source) =
        text.literal_range(range.clone()).filter(|_| !range.is_empty() || !starts_in_variable(text, range.start))
    {
        return splice(document, id, source, new);
    }
    let touching: Vec<_> =
        text.pieces.iter().filter(|piece| piece.output.start <= range.end && piece.output.end >= range.start).collect();
    let [first, ..] = touching.as_slice() else { return Err(NoEdit::Spelling) };
    match &first.origin {
        PieceOrigin::Variable { name } if is_address && first.output == range && first.inside.is_empty() => {
            // `${BIND_IP}` and `${BIND_IP-…}` become `${BIND_IP:-ADDRESS}`, which a blank does not defeat.
            if !text.value[range].is_empty() {
                return Err(NoEdit::Variable(name.clone()));
            }
            splice(document, id, first.source.clone(), &format!("${{{name}:-{new}}}"))
        }
        // Without an address the port itself is the variable: the address goes before it.
        PieceOrigin::Variable { .. } if range.is_empty() && first.output.start == range.start => {
            splice(document, id, first.source.start..first.source.start, new)
        }
        PieceOrigin::Literal if range.is_empty() && !first.inside.is_empty() => {
            let start = outer_start(document, node, first.source.start).ok_or(NoEdit::Spelling)?;
            splice(document, id, start..start, new)
        }
        PieceOrigin::Variable { name } => Err(NoEdit::Variable(name.clone())),
        _ => Err(NoEdit::Spelling),
    }
}

fn starts_in_variable(text: &Text, at: usize) -> bool {
    text.pieces
        .iter()
        .any(|piece| piece.output.start == at && (piece.origin != PieceOrigin::Literal || !piece.inside.is_empty()))
}

/// The start of the outermost `${…}` around byte `at` of a scalar.
fn outer_start(document: &Document, node: &Node, at: usize) -> Option<usize> {
    let template = crate::syntax::template::Template::parse(document.scalar(node.place.node)?).ok()?;
    let segment = template
        .segments
        .iter()
        .map(crate::syntax::template::Segment::span)
        .find(|span| span.start <= at && at < span.end)?;
    Some(segment.start)
}

fn splice(
    document: &Document,
    id: crate::syntax::yaml::NodeId,
    range: Range<usize>,
    new: &str,
) -> Result<Edit, NoEdit> {
    document.splice(id, range, new).ok_or(NoEdit::Spelling)
}
