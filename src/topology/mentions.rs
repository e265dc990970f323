//! Places that name a store although no link was found there: a program may use it in a way that caulk can't read.

use std::collections::BTreeSet;

use regex::Regex;

use super::{Carrier, Topology};
use crate::model::Workspace;
use crate::model::node::{Node, Value};

/// Keys whose texts name services without talking to them.
const NAMING: [&str; 9] =
    ["depends_on", "links", "networks", "image", "container_name", "hostname", "volumes", "extra_hosts", "labels"];

impl Topology {
    /// The services that name the store `number` as an address where no link leads to it, with the key or variable.
    pub fn mentions(&self, workspace: &Workspace<'_>, number: usize) -> Vec<(String, String)> {
        let store = &self.stores[number];
        let project = store.project(workspace);
        let names: Vec<_> = store.names.iter().map(|name| regex::escape(name)).collect();
        let names = names.join("|");
        let pattern = format!(
            r#"(?:://|@|\s-h[\s=]+|host["']?[\s:=]+["']?)(?:{names})(?:[^\w.-]|$)|(?:^|[\s,;='"])(?:{names}):\d{{2,5}}"#
        );
        let address = Regex::new(&pattern).expect("the pattern is made of escaped names");
        let in_project = self.stores.iter().filter(|other| other.project == store.project);
        let stores: BTreeSet<_> = in_project.map(|other| other.service.as_str()).collect();
        let mut mentions = Vec::new();
        for service in project.services().iter().filter(|service| !stores.contains(service.key.as_str())) {
            let linked: Vec<_> =
                self.links_to(number).filter(|link| link.service.as_deref() == Some(service.key.as_str())).collect();
            let mut add = |place: String, text: &str| {
                let is_covered = linked.iter().any(|link| match &link.carrier {
                    Carrier::Word { key, .. } => *key == place,
                    carrier => link.text.value == text || carrier.variable() == Some(place.as_str()),
                });
                // A script that waits for the port and then starts the program needs no password for that.
                let is_waiting = !linked.is_empty() && !text.contains("://");
                if address.is_match(text) && !is_covered && !is_waiting {
                    mentions.push((service.key.clone(), place));
                }
            };
            for entry in service.value.as_map().map_or(&[][..], |map| &map.entries) {
                if !NAMING.contains(&entry.key.as_str()) && entry.key != "environment" {
                    texts(&entry.value, &mut |text| add(entry.key.clone(), text));
                }
            }
            for variable in &project.containers[&service.key].variables {
                if let Some(value) = &variable.value {
                    add(variable.name.clone(), &value.value);
                }
            }
        }
        mentions.sort();
        mentions.dedup();
        mentions
    }
}

fn texts(node: &Node, found: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Text(text) => found(&text.value),
        Value::List(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Map(map) => map.entries.iter().for_each(|entry| texts(&entry.value, found)),
        _ => {}
    }
}
