//! Services that share one network: with `network_mode: service:…` or `container:…`, `localhost` is the same for all.

use crate::model::Project;
use crate::model::node::{Entry, Node};

/// The service whose network a service uses: its own, or that of the one that it joins. Its ports and names count.
pub(super) fn owner<'p>(project: &'p Project, service: &'p Entry) -> &'p Entry {
    let mut owner = service;
    // As often as there are services, at most: they may name each other in a circle.
    for _ in project.services() {
        match joined(project, owner) {
            Some(next) => owner = next,
            None => return owner,
        }
    }
    service
}

fn joined<'p>(project: &'p Project, service: &Entry) -> Option<&'p Entry> {
    let mode = service.value.get("network_mode")?.scalar_text()?.value;
    let named = |name: &str| project.services().iter().find(|other| other.key == name);
    let is_container = |other: &&Entry, name: &str| {
        other.value.get("container_name").and_then(Node::scalar_text).is_some_and(|text| text.value == name)
    };
    match mode.split_once(':')? {
        ("service", name) => named(name),
        ("container", name) => project.services().iter().find(|other| is_container(other, name)),
        _ => None,
    }
}
