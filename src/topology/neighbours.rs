//! Users of a store in other projects, over a network that both projects are on.

use super::Topology;
use super::mentions::address_of;
use super::stores::networks;
use crate::lens::command::Command;
use crate::model::node::{Entry, Node, Value};
use crate::model::{Project, Workspace};

/// A service of another project that names a store of this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Neighbour {
    /// Number of the project.
    pub project: usize,
    /// The service.
    pub service: String,
    /// The network on which both are, as the engine calls it.
    pub network: String,
}

impl Topology {
    /// The services of other projects of the workspace that are on an external network with the store `number` and name it
    /// as an address.
    pub fn neighbours(&self, workspace: &Workspace<'_>, number: usize) -> Vec<Neighbour> {
        let store = &self.stores[number];
        if !store.is_shared {
            return Vec::new();
        }
        let own_networks = external_networks(store.project(workspace), store.node(workspace));
        let address = address_of(&store.names);
        let mut found = Vec::new();
        for (number, project) in workspace.projects.iter().enumerate() {
            // The same files under another name are the same containers; a service of that name is nearer.
            let is_named = |service: &Entry| store.names.contains(&service.key);
            if number == store.project || project.services().iter().any(is_named) {
                continue;
            }
            for service in project.services() {
                let shared = external_networks(project, &service.value).into_iter();
                let network = shared.into_iter().find(|network| own_networks.contains(network));
                let texts = texts(project, service);
                if let Some(network) = network.filter(|_| texts.iter().any(|text| address.is_match(text))) {
                    found.push(Neighbour { project: number, service: service.key.clone(), network });
                }
            }
        }
        found
    }
}

/// What may name an address: variables with their names, and the words of commands.
fn texts(project: &Project, service: &Entry) -> Vec<String> {
    let variables = project.containers[&service.key].variables.iter();
    let variables =
        variables.filter_map(|variable| Some(format!("{}={}", variable.name, variable.value.as_ref()?.value)));
    let commands =
        ["entrypoint", "command"].into_iter().filter_map(|key| Command::read(&service.value, key).ok().flatten());
    let commands = commands.map(|command| {
        let words: Vec<_> = command.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    });
    variables.chain(commands).collect()
}

/// The names by which the engine knows the external networks that a service is on.
fn external_networks(project: &Project, service: &Node) -> Vec<String> {
    let name = |key: &String| {
        let network = project.root.as_ref()?.at(&["networks", key])?;
        let external =
            network.get("external").filter(|node| !matches!(node.value, Value::Bool(false) | Value::Null))?;
        let named = network.get("name").or_else(|| external.get("name")).and_then(Node::scalar_text);
        Some(named.map_or_else(|| key.clone(), |text| text.value))
    };
    networks(service).iter().filter_map(name).collect()
}
