//! The repair that lets a published port listen on another address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::bench::Bench;
use super::commit::Role;
use super::journal::Purpose;
use super::repair::{Change, ChangeKind, ClosedPort, Repair, RepairKey};
use super::snapshot::{port_value, port_values, ports_value, service_path};
use crate::lens::port::{Port, ports};
use crate::model::node::Node;
use crate::model::{Project, Workspace};
use crate::rule::Applicability;
use crate::source::{SourceId, relative_to};
use crate::syntax::yaml::NodeId;
use crate::topology::{Neighbour, Way};

/// Where an entry of `ports` is written.
pub type EntryPlace = (SourceId, NodeId);

/// Entries of `ports` that other repairs change, which are not yet in the files: the address on which each will listen.
pub type Pending = BTreeMap<EntryPlace, IpAddr>;

/// The repair of a port.
pub struct PortRepair {
    /// The repair; what it expects holds after those that are pending, too.
    pub repair: Repair,
    /// The entry that it changes.
    pub entry: EntryPlace,
    /// The address on which it listens afterwards; `None` if the entry goes.
    pub becomes: Option<IpAddr>,
    /// True if no other may be made together with it.
    pub is_alone: bool,
    /// True if it may become another one once those that are pending are made.
    pub must_wait: bool,
}

/// The repair that lets port `index` of a service listen on `ip`.
///
/// # Errors
/// What a person should do where it can't be made.
pub fn set_host_ip(
    bench: &Bench<'_, '_>,
    project: usize,
    service: &str,
    (index, ip): (usize, IpAddr),
    pending: &Pending,
) -> Result<PortRepair, String> {
    let gone = || "the port is no longer there".to_owned();
    let node = bench.workspace.projects[project].service(service).ok_or_else(gone)?;
    let all = ports(node);
    let port = all.iter().find(|port| port.index == index).ok_or_else(gone)?;
    let place = &port.node.place;
    let path = bench.workspace.sources.get(place.source).path.clone();
    if bench.is_deployed_to_a_swarm(&path) {
        return Err("`docker stack deploy` is called for this file, and a swarm ignores host addresses: take the entry away, or keep strangers out with a firewall on every machine".to_owned());
    }
    let document = bench.workspace.document(place.source).ok_or_else(gone)?;
    let twin = all.iter().any(|other| other.index != index && port.is_loopback_twin(other));
    let list = document.node(place.node).parent;
    let position = list.and_then(|list| document.items(list).iter().position(|item| *item == place.node));
    let (edit, becomes) = match (twin, list, position) {
        (true, Some(list), Some(position)) => {
            let edit = document.remove_item(list, position);
            (edit.ok_or("take the open entry away: its twin on the loopback address does")?, None)
        }
        _ => (port.set_host_ip(document, ip).map_err(|error| error.to_string())?, Some(ip)),
    };
    let mut repair = Repair {
        key: key(bench.workspace, service, port),
        title: format!("port {} of {service} for this host only{}", published(port), unless(port, twin)),
        applicability: Applicability::Safe,
        doubts: Vec::new(),
        changes: vec![Change { path, kind: ChangeKind::Edit(edit), role: Role::Server, purpose: Purpose::Plain }],
        expected: BTreeMap::new(),
        defines: BTreeSet::new(),
        secrets: BTreeSet::new(),
        notes: Vec::new(),
        closes: Some(ClosedPort {
            service: service.to_owned(),
            published: port.published.map(|range| (range.first, range.last)),
            ip,
            protocol: port.protocol.clone(),
        }),
        demanding: BTreeMap::new(),
    };
    if bench.topology.store_behind(project, service, port).is_some_and(|store| store.is_clustered) {
        repair.applicability = Applicability::Unsafe;
        repair.doubts.push("the nodes of the cluster may reach each other by it".to_owned().into());
    }
    for visitor in visitors_by_the_bridge(bench, project, service, port) {
        repair.applicability = Applicability::Unsafe;
        repair.doubts.push(
            format!(
                "`{visitor}` comes in by host.docker.internal, which does not lead to 127.0.0.1 on Linux: let it use the name `{service}`"
            )
            .into(),
        );
    }
    for Neighbour { file, service: visitor, .. } in neighbours_by_the_bridge(bench, project, service, port) {
        let file = relative_to(&bench.workspace.projects[project].folder, &file);
        repair.applicability = Applicability::Unsafe;
        repair.doubts.push(
            format!(
                "`{visitor}` in {file} comes in by an address of the host that does not lead to 127.0.0.1 on Linux: put both on one network"
            )
            .into(),
        );
    }
    let entry = place_of(port.node);
    expect_everywhere(bench, entry, becomes, pending, &mut repair);
    // Once the other one listens on the loopback address, this one is to go.
    let is_rival = |other: &Port<'_>| port.publishes_the_same_as(other) && pending.contains_key(&place_of(other.node));
    // What it comes to depends on the other entry.
    let is_repeated =
        |project: &Project| project.repeated_ports.iter().any(|place| (place.source, place.node) == entry);
    let is_alone = becomes.is_none() || bench.workspace.projects.iter().any(is_repeated);
    let must_wait = (is_alone && !pending.is_empty()) || pending.contains_key(&entry) || all.iter().any(is_rival);
    Ok(PortRepair { repair, entry, becomes, is_alone, must_wait })
}

/// The services that reach the store behind a port by way of the host.
fn visitors_by_the_bridge<'b>(
    bench: &'b Bench<'_, '_>,
    project: usize,
    service: &str,
    port: &Port<'_>,
) -> BTreeSet<&'b str> {
    let Some(store) = bench.topology.store_behind(project, service, port) else { return BTreeSet::new() };
    let links = bench.topology.links.iter().filter(|link| {
        let target = link.target.store().map(|number| &bench.topology.stores[number]);
        target.is_some_and(|target| std::ptr::eq(target, store)) && link.text.value.contains("host.docker.internal")
    });
    links.filter_map(|link| link.service.as_deref()).collect()
}

/// The services of other projects that reach the store behind a port by way of the host.
fn neighbours_by_the_bridge(bench: &Bench<'_, '_>, project: usize, service: &str, port: &Port<'_>) -> Vec<Neighbour> {
    let Some(store) = bench.topology.store_behind(project, service, port) else { return Vec::new() };
    let number = bench.topology.stores.iter().position(|other| std::ptr::eq(other, store));
    let mut neighbours = number.map(|number| bench.neighbours(number)).unwrap_or_default();
    neighbours.retain(|neighbour| neighbour.way == Way::Bridge);
    neighbours
}

/// The entry may be shared by an anchor or by `extends`: it changes for all who share it.
fn expect_everywhere(
    bench: &Bench<'_, '_>,
    entry: EntryPlace,
    becomes: Option<IpAddr>,
    pending: &Pending,
    repair: &mut Repair,
) {
    for (number, project) in bench.workspace.projects.iter().enumerate() {
        for service in project.services() {
            let items = service.value.get("ports").and_then(Node::as_list).unwrap_or_default();
            if !items.iter().any(|item| place_of(item) == entry) {
                continue;
            }
            let mut values = port_values(&service.value);
            for port in ports(&service.value).iter().rev() {
                let place = place_of(port.node);
                if place != entry {
                    if let Some(ip) = pending.get(&place) {
                        values[port.index] = port_value(port, Some(*ip));
                    }
                } else if let Some(ip) = becomes {
                    values[port.index] = port_value(port, Some(ip));
                } else {
                    values.remove(port.index);
                }
            }
            repair.expected.insert(service_path(number, &service.key, "ports"), Some(ports_value(&values)));
        }
    }
}

/// Where an entry of `ports` is written.
pub(super) fn place_of(entry: &Node) -> EntryPlace {
    (entry.place.source, entry.place.node)
}

/// What the repair of a port is called: by what it publishes, since entries before it may go.
pub fn key(workspace: &Workspace<'_>, service: &str, port: &Port<'_>) -> RepairKey {
    let file = workspace.sources.get(port.node.place.source).path.clone();
    let host = port.host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string());
    let picked = if port.published.is_none() { " picked by the engine" } else { "" };
    let detail = format!("{host}:{}{picked}:{}/{}", published(port), port.target.first, port.protocol);
    RepairKey { action: "port".to_owned(), file, service: service.to_owned(), detail }
}

/// The variable that still lets others in, if it is set.
fn unless(port: &Port<'_>, is_removed: bool) -> String {
    match port.address_variables.first().filter(|_| !is_removed) {
        Some(name) => format!(" unless {name} is set"),
        None => String::new(),
    }
}

fn published(port: &Port<'_>) -> String {
    match port.published {
        None => port.target.first.to_string(),
        Some(range) if range.first == range.last => range.first.to_string(),
        Some(range) => format!("{}-{}", range.first, range.last),
    }
}
