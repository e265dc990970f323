//! The repair that lets a published port listen on another address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::bench::Bench;
use super::commit::Role;
use super::journal::Purpose;
use super::repair::{Change, ChangeKind, Repair, RepairKey};
use super::snapshot::{port_value, port_values, ports_value, service_path};
use crate::lens::port::{Port, ports};
use crate::model::Workspace;
use crate::rule::Applicability;

/// The repair that lets port `index` of a service listen on `ip`.
///
/// # Errors
/// What a person should do where it can't be made.
pub fn set_host_ip(
    bench: &Bench<'_, '_>,
    project: usize,
    service: &str,
    index: usize,
    ip: IpAddr,
) -> Result<Repair, String> {
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
    let edit = match (twin, list, position) {
        (true, Some(list), Some(position)) => document
            .remove_item(list, position)
            .ok_or("take the open entry away: its twin on the loopback address does")?,
        _ => port.set_host_ip(document, ip).map_err(|error| error.to_string())?,
    };
    let mut repair = Repair {
        key: key(bench.workspace, service, port),
        title: format!("port {} of {service} on loopback", published(port)),
        applicability: Applicability::Safe,
        doubts: Vec::new(),
        changes: vec![Change { path, kind: ChangeKind::Edit(edit), role: Role::Server, purpose: Purpose::Plain }],
        expected: BTreeMap::new(),
        defines: BTreeSet::new(),
        secrets: BTreeSet::new(),
        recreate: BTreeSet::new(),
        notes: Vec::new(),
        demanding: BTreeMap::new(),
    };
    if bench.topology.store_behind(project, service, port).is_some_and(|store| store.is_clustered) {
        repair.applicability = Applicability::Unsafe;
        repair.doubts.push("the nodes of the cluster may reach each other by it".to_owned());
    }
    expect_everywhere(bench, (place.source, place.node), ip, twin, &mut repair);
    Ok(repair)
}

/// The entry may be shared by an anchor or by `extends`: it changes for all who share it.
fn expect_everywhere(
    bench: &Bench<'_, '_>,
    place: (crate::source::SourceId, crate::syntax::yaml::NodeId),
    ip: IpAddr,
    is_removed: bool,
    repair: &mut Repair,
) {
    for (number, project) in bench.workspace.projects.iter().enumerate() {
        for service in project.services() {
            let all = ports(&service.value);
            let shared: Vec<_> =
                all.iter().filter(|port| (port.node.place.source, port.node.place.node) == place).collect();
            if shared.is_empty() {
                continue;
            }
            let mut values = port_values(&service.value);
            for port in shared.iter().rev() {
                if is_removed {
                    values.remove(port.index);
                } else {
                    values[port.index] = port_value(port, Some(ip));
                }
            }
            repair.recreate.insert((number, service.key.clone()));
            repair.expected.insert(service_path(number, &service.key, "ports"), Some(ports_value(&values)));
        }
    }
}

/// What the repair of a port is called: by what it publishes, since entries before it may go.
pub fn key(workspace: &Workspace<'_>, service: &str, port: &Port<'_>) -> RepairKey {
    let file = workspace.sources.get(port.node.place.source).path.clone();
    let host = port.host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string());
    let picked = if port.published.is_none() { " picked by the engine" } else { "" };
    let detail = format!("{host}:{}{picked}:{}/{}", published(port), port.target.first, port.protocol);
    RepairKey { action: "port".to_owned(), file, service: service.to_owned(), detail }
}

fn published(port: &Port<'_>) -> String {
    match port.published {
        None => port.target.first.to_string(),
        Some(range) if range.first == range.last => range.first.to_string(),
        Some(range) => format!("{}-{}", range.first, range.last),
    }
}
