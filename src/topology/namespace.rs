//! What names mean inside a container: `localhost`, which services share with `network_mode: service:…` or `container:…`,
//! and what `extra_hosts` decides.

use std::collections::BTreeSet;

use crate::catalog::{ArgsInEnv, ImagePattern, Mechanism, Store};
use crate::lens::command::Command;
use crate::model::Project;
use crate::model::node::{Entry, Node, Value};

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

/// The names to which `extra_hosts` gives addresses, each with its address.
pub(super) fn extra_hosts(service: &Node) -> Vec<(String, String)> {
    match service.get("extra_hosts").map(|node| &node.value) {
        Some(Value::Map(map)) => {
            let text = |entry: &Entry| Some((entry.key.clone(), entry.value.scalar_text()?.value));
            map.entries.iter().filter_map(text).collect()
        }
        Some(Value::List(items)) => {
            let pair = |text: &str| {
                let (name, address) = text.split_once([':', '='])?;
                Some((name.trim().to_owned(), address.trim().to_owned()))
            };
            items.iter().filter_map(Node::scalar_text).filter_map(|text| pair(&text.value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Programs by which a container has servers under `localhost`, of its own or from elsewhere.
const CARRIERS: [&str; 5] = ["stunnel", "socat", "ssh", "supervisord", "s6-svscan"];

/// True if a command starts a server of a store beside the program, or a way to one.
pub(super) fn holds_server(service: &Entry, store: &Store) -> bool {
    let programs = |image: &ImagePattern| match &image.mechanism {
        Mechanism::Argv(argv) | Mechanism::ArgsInEnv(ArgsInEnv { argv, .. }) => argv.server_programs.clone(),
        Mechanism::Env(_) => Vec::new(),
    };
    let servers: BTreeSet<String> = store.images.iter().flat_map(programs).collect();
    Command::all_words(&service.value).iter().any(|word| {
        let mut names = word.text.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c)));
        names.any(|name| servers.contains(name) || CARRIERS.contains(&name))
    })
}
