//! Servers that work together, as copies of each other or as a cluster, and the services that help them.

use regex::Regex;

use super::stores::StoreService;
use super::{Topology, lookup};
use crate::catalog::Store;
use crate::lens::client_use::{ClientUse, client_use};
use crate::lens::command::Command;
use crate::lens::server::Monitor;
use crate::model::node::Entry;
use crate::model::{Workspace, depends_on};

/// A service that talks to servers through their client, as one that makes a cluster does.
pub struct Helper {
    /// Name of the service.
    pub service: String,
    /// What its command does.
    pub client_use: ClientUse,
}

impl Topology {
    /// The stores that must demand the same password as the store `number`, itself included: they copy each other, or are
    /// the nodes of one cluster.
    pub fn working_together(&self, number: usize) -> Vec<usize> {
        self.closure(number, |a, b| self.work_together(a, b))
    }

    /// Numbers that are related to `number`, itself included, in order.
    pub(super) fn closure(&self, number: usize, are_related: impl Fn(usize, usize) -> bool) -> Vec<usize> {
        let mut group = vec![number];
        let mut next = 0;
        while let Some(member) = group.get(next).copied() {
            next += 1;
            let related: Vec<_> =
                (0..self.stores.len()).filter(|other| !group.contains(other) && are_related(member, *other)).collect();
            group.extend(related);
        }
        group.sort_unstable();
        group
    }

    pub(super) fn work_together(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.stores[a], &self.stores[b]);
        let copies = |copy: &StoreService, master: &StoreService| {
            copy.replica_of.as_ref().is_some_and(|host| master.names.contains(host))
        };
        let is_cluster =
            || a.is_clustered && b.is_clustered && a.networks.iter().any(|network| b.networks.contains(network));
        let are_servers = a.sentinel.is_none() && b.sentinel.is_none();
        a.project == b.project && a.store == b.store && are_servers && (copies(a, b) || copies(b, a) || is_cluster())
    }

    /// The host of the server that a store copies, if no service of the project has that name.
    pub fn hidden_master(&self, number: usize) -> Option<&str> {
        let store = &self.stores[number];
        let host = store.replica_of.as_deref()?;
        let is_seen = self
            .stores
            .iter()
            .any(|other| other.project == store.project && other.names.iter().any(|name| name == host));
        (!is_seen).then_some(host)
    }

    /// The Sentinels that watch one of these stores, or may, with the masters among them; an error says why it can't be seen.
    pub fn sentinels_of(&self, group: &[usize]) -> Vec<(&StoreService, Result<Vec<&Monitor>, String>)> {
        let members: Vec<&StoreService> = group.iter().map(|number| &self.stores[*number]).collect();
        let Some(first) = members.first().filter(|first| !first.is_clustered) else { return Vec::new() };
        let meets = |sentinel: &StoreService| {
            members.iter().any(|member| member.networks.iter().any(|network| sentinel.networks.contains(network)))
        };
        let sentinels = self.stores.iter().filter(|store| store.project == first.project && store.store == first.store);
        let watch = |store: &&'_ StoreService| store.sentinel.is_some() && meets(store);
        let watching = sentinels.filter(watch).filter_map(|store| {
            let sentinel = store.sentinel.as_ref()?;
            let monitors = match &sentinel.monitors {
                Ok(monitors) => monitors,
                Err(why) => return Some((store, Err(why.clone()))),
            };
            let is_of = |stores: &[&StoreService], monitor: &Monitor| {
                stores.iter().any(|store| store.names.contains(&monitor.host))
            };
            let of_project: Vec<_> = self.stores.iter().filter(|other| other.project == first.project).collect();
            if let Some(hidden) = monitors.iter().find(|monitor| !is_of(&of_project, monitor)) {
                return Some((store, Err(format!("it can't be seen which server `{}` is", hidden.host))));
            }
            let own: Vec<_> = monitors.iter().filter(|monitor| is_of(&members, monitor)).collect();
            (!own.is_empty()).then_some((store, Ok(own)))
        });
        watching.collect()
    }

    /// The services that talk to these stores through a client, the stores themselves included.
    pub fn helpers_of(&self, workspace: &Workspace<'_>, catalog: &[Store], group: &[usize]) -> Vec<Helper> {
        let Some(first) = group.first().map(|number| &self.stores[*number]) else { return Vec::new() };
        let project = first.project(workspace);
        let names: Vec<&String> = group.iter().flat_map(|number| &self.stores[*number].names).collect();
        let pattern = names.iter().map(|name| regex::escape(name)).collect::<Vec<_>>().join("|");
        let named = Regex::new(&format!(r"(?:^|[^\w.-])(?:{pattern})(?:[^\w.-]|$)"))
            .expect("the pattern is made of escaped names");
        let clients = &catalog[first.store].clients;
        let helper = |service: &Entry| {
            let own = self.store_of(first.project, &service.key);
            let is_member = group.iter().any(|number| self.stores[*number].service == service.key);
            if own.is_some_and(|store| store.sentinel.is_some()) {
                return None;
            }
            let env = &project.containers[&service.key];
            let words = Command::all_words(&service.value);
            let mut found = client_use(&words, clients, &|name| lookup(env, name));
            let is_named = words.iter().any(|word| named.is_match(&word.text));
            if is_member {
                let is_used = found.calls_client;
                return is_used.then(|| Helper { service: service.key.clone(), client_use: found });
            }
            if own.is_some_and(|store| store.is_server()) {
                return None;
            }
            // What runs a script that can't be seen in an image with the client most likely calls it.
            let waits = || group.iter().any(|number| depends_on(&service.value, &self.stores[*number].service));
            let is_hidden = own.is_some() && !found.calls_client && !found.is_understood && waits();
            found.calls_client |= is_hidden;
            let addresses = found.hosts.iter().any(|host| names.contains(&host));
            let is_about = addresses || is_named || (is_hidden || found.hosts.is_empty()) && waits();
            (found.calls_client && is_about).then(|| Helper { service: service.key.clone(), client_use: found })
        };
        project.services().iter().filter_map(helper).collect()
    }

    /// The stores whose command names one of these servers and can't be read, though it may make them a copy.
    pub fn hidden_copies(&self, workspace: &Workspace<'_>, group: &[usize]) -> Vec<&StoreService> {
        let Some(first) = group.first().map(|number| &self.stores[*number]) else { return Vec::new() };
        let names: Vec<&String> = group.iter().flat_map(|number| &self.stores[*number].names).collect();
        let may_copy = |store: &&StoreService| {
            let text: Vec<String> =
                Command::all_words(store.node(workspace)).into_iter().map(|word| word.text).collect();
            let text = text.join(" ").to_ascii_lowercase();
            let copies = ["replicaof", "slaveof", "sentinel"].iter().any(|word| text.contains(word));
            copies && names.iter().any(|name| text.contains(&name.to_ascii_lowercase()))
        };
        let others = self.stores.iter().filter(|store| store.project == first.project && store.sentinel.is_none());
        others.filter(|store| !store.is_server() && !names.contains(&&store.service)).filter(may_copy).collect()
    }
}
