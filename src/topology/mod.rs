//! Who reaches which server, by which name, through which variable.

mod app_files;
mod built_image;
mod clients;
mod configuration;
mod container_files;
mod groups;
mod links;
mod mentions;
mod namespace;
mod neighbours;
mod outside;
mod part;
mod patterns;
mod spot;
mod stores;
mod users;
mod word_links;

use std::collections::{BTreeSet, HashMap};

use crate::catalog::Store;
use crate::lens::environment::definition_of;
use crate::lens::password_variable::blank_password_variable;
use crate::lens::port::Port;
use crate::lens::server::Auth;
use crate::model::node::{Entry, Node};
use crate::model::{Workspace, depends_on};
use crate::source::SourceId;
use crate::syntax::yaml::NodeId;

use clients::Clients;
use links::Finder;
use stores::networks;

pub use container_files::FileContent;
pub use groups::Helper;
pub use links::{Carrier, Link, LinkKind, Target};
pub use neighbours::{ForeignServer, Neighbour, Surroundings, Way};
pub use outside::OutsideLink;
pub use part::{Part, is_blank};
pub use spot::{Spot, spot_of};
pub use stores::{ImageMatcher, MeantPassword, Reach, StoreService, lookup, names_of};
pub use users::{Home, UsersFile};

/// The stores of a workspace and what leads to them.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    /// The services that are stores. A store is named by its number here.
    pub stores: Vec<StoreService>,
    /// What leads to them, or to a place where a store should be.
    pub links: Vec<Link>,
    /// What may lead to them, by variables that get their value from outside.
    pub outside_links: Vec<OutsideLink>,
    /// For links by their numbers, the server of another project to which they lead.
    foreign: HashMap<usize, ForeignServer>,
    /// For each store the first one of those with which it is sealed.
    groups: Vec<usize>,
}

impl Topology {
    /// Finds the stores of all projects, and the links within each.
    pub fn read(workspace: &mut Workspace<'_>, catalog: &[Store]) -> Self {
        let images = ImageMatcher::new(catalog);
        let mut topology = Self::default();
        for project in 0..workspace.projects.len() {
            let first = topology.stores.len();
            let stores = stores::find(workspace, project, &images);
            let finder = Finder::new(workspace, project, &stores, catalog);
            let mut links = links::find(workspace, &finder);
            let mut outside_links = outside::find(workspace, &finder, &links);
            outside_links.iter_mut().for_each(|link| link.store += first);
            for link in &mut links {
                link.target = match link.target {
                    Target::Store(number) => Target::Store(first + number),
                    Target::Itself(number) => Target::Itself(first + number),
                    Target::Nobody(number) => Target::Nobody(first + number),
                    Target::Unknown => Target::Unknown,
                };
            }
            topology.stores.extend(stores);
            topology.links.extend(links);
            topology.outside_links.extend(outside_links);
        }
        topology.forget_what_others_publish();
        topology.groups = topology.read_groups(workspace, catalog);
        topology
    }

    /// A program on the host that reaches a store of one project says nothing of the stores of the others.
    fn forget_what_others_publish(&mut self) {
        let line = |link: &Link| match &link.carrier {
            Carrier::HostFile { source, entry, .. } => Some((*source, *entry)),
            _ => None,
        };
        let reached = self.links.iter().filter(|link| matches!(link.target, Target::Store(_)));
        let reached: BTreeSet<_> = reached.filter_map(line).collect();
        for link in self.links.iter_mut().filter(|link| line(link).is_some_and(|line| reached.contains(&line))) {
            if let Target::Nobody(_) = link.target {
                link.target = Target::Unknown;
            }
        }
    }

    /// The store that a service is.
    pub fn store_of(&self, project: usize, service: &str) -> Option<&StoreService> {
        self.stores.iter().find(|store| store.project == project && store.service == service)
    }

    /// The store behind a published port of a service: its own, or one that has joined its network.
    pub fn store_behind(&self, project: usize, service: &str, port: &Port<'_>) -> Option<&StoreService> {
        self.stores.iter().find(|store| store.project == project && store.is_behind(service, port))
    }

    /// What leads to the store `number`, or should.
    pub fn links_to(&self, number: usize) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.target.store() == Some(number))
    }

    /// What may lead to the store `number`, by variables that get their value from outside.
    pub fn outside_links_to(&self, number: usize) -> impl Iterator<Item = &OutsideLink> {
        self.outside_links.iter().filter(move |link| link.store == number)
    }

    /// The clients that present no password to a store that asks for one: number of the project, service, variable.
    pub fn shut_out<'t>(&'t self, workspace: &'t Workspace<'_>) -> impl Iterator<Item = (usize, &'t str, &'t str)> {
        let asks = |store: &StoreService| matches!(store.auth, Auth::Password(_));
        self.clients_where(workspace, move |store, presents| asks(store) && presents == Presents::Nothing)
    }

    /// The clients that present a password, and no user, to a store that asks for none: Redis refuses that.
    pub fn turned_away<'t>(&'t self, workspace: &'t Workspace<'_>) -> impl Iterator<Item = (usize, &'t str, &'t str)> {
        self.clients_where(workspace, |store, presents| store.auth == Auth::Open && presents == Presents::PasswordOnly)
    }

    /// The clients of servers that do not start.
    pub fn waiting_in_vain<'t>(
        &'t self,
        workspace: &'t Workspace<'_>,
    ) -> impl Iterator<Item = (usize, &'t str, &'t str)> {
        self.clients_where(workspace, |store, _| matches!(store.auth, Auth::Refuses(_)))
    }

    fn clients_where<'t>(
        &'t self,
        workspace: &'t Workspace<'_>,
        is_wanted: impl Fn(&StoreService, Presents) -> bool + 't,
    ) -> impl Iterator<Item = (usize, &'t str, &'t str)> {
        self.links.iter().filter_map(move |link| {
            let (Target::Store(number), Some(service)) = (link.target, link.service.as_deref()) else { return None };
            let is_blank = |name: &str| lookup(&workspace.projects[link.project].containers[service], name).is_blank();
            let presents = match &link.kind {
                LinkKind::Url(url) if !url.has_password() => Presents::Nothing,
                LinkKind::Url(url) if url.user.is_some() => Presents::User,
                LinkKind::Host { password_file: Some(_), .. } | LinkKind::Host { user: Some(_), .. } => Presents::User,
                LinkKind::Host { password, .. } if is_blank(password) => Presents::Nothing,
                LinkKind::Url(_) | LinkKind::Host { .. } => Presents::PasswordOnly,
            };
            is_wanted(&self.stores[number], presents)
                .then(|| (link.project, service, link.carrier.variable().unwrap_or("its command")))
        })
    }

    /// The stores that get their passwords by one repair with the store `number`; itself included. They work together,
    /// take it from one variable that is blank, or share a part of their definition by an anchor, by `extends`, or because their projects share a file: a change of one
    /// is a change of all.
    pub fn sealed_together(&self, number: usize) -> Vec<usize> {
        let first = self.groups[number];
        self.groups.iter().enumerate().filter(|(_, other)| **other == first).map(|(number, _)| number).collect()
    }

    /// The services that wait for a store.
    pub fn dependents<'w>(&self, workspace: &'w Workspace<'_>, number: usize) -> Vec<&'w str> {
        let store = &self.stores[number];
        let services = store.project(workspace).services().iter();
        let waiting = services.filter(|service| depends_on(&service.value, &store.service));
        waiting.map(|service| service.key.as_str()).collect()
    }

    /// The services beside a store of which nothing says whether they use it: a program may have its name by default.
    pub fn bystanders<'w>(&self, workspace: &'w Workspace<'_>, catalog: &[Store], number: usize) -> Vec<&'w str> {
        let store = &self.stores[number];
        let project = store.project(workspace);
        let programs = Clients::new(&catalog[store.store]).of_all(project);
        let is_beside = |service: &&Entry| {
            let owner = &namespace::owner(project, service).value;
            let env = &project.containers[&service.key];
            let program = &programs[service.key.as_str()];
            self.store_of(store.project, &service.key).is_none()
                && owner.get("network_mode").is_none()
                && networks(owner).iter().any(|network| store.networks.contains(network))
                && (!program.is_no_client_of(&store.names, env) || program.says_nothing(env))
        };
        project.services().iter().filter(is_beside).map(|service| service.key.as_str()).collect()
    }

    /// The services that wait for a store without a visible way to it, as far as they are not known to have none, and without
    /// a variable that may be one.
    pub fn blind_dependents<'w>(&self, workspace: &'w Workspace<'_>, catalog: &[Store], number: usize) -> Vec<&'w str> {
        let store = &self.stores[number];
        let project = store.project(workspace);
        let programs = Clients::new(&catalog[store.store]).of_all(project);
        let linked: Vec<_> = self.links_to(number).filter_map(|link| link.service.as_deref()).collect();
        let seen: Vec<_> =
            self.outside_links_to(number).map(|link| link.service.as_str()).chain(linked.clone()).collect();
        let is_blind = |service: &&Entry| {
            let env = &project.containers[&service.key];
            // Why it waits shows if its like has a way to the store: it does other work.
            let has_linked_sibling = || {
                let mut siblings = project.services().iter().filter(|other| linked.contains(&other.key.as_str()));
                siblings.any(|other| is_same_image(other, service))
            };
            let program = &programs[service.key.as_str()];
            let is_no_client =
                program.is_no_client_of(&store.names, env) && (!program.says_nothing(env) || has_linked_sibling());
            depends_on(&service.value, &store.service) && !seen.contains(&service.key.as_str()) && !is_no_client
        };
        project.services().iter().filter(is_blind).map(|service| service.key.as_str()).collect()
    }

    /// The services that run the same program as a client of the store `number`, and have none of the variables that lead
    /// it there.
    pub fn services_like<'w>(&self, workspace: &'w Workspace<'_>, number: usize, client: &str) -> Vec<&'w str> {
        let services = self.stores[number].project(workspace).services().iter().map(|service| service.key.as_str());
        let is_like =
            |service: &&str| self.client_like(workspace, number, service).is_some_and(|(like, _)| like == client);
        services.filter(is_like).collect()
    }

    /// The client of the store `number` that runs the same program as a service, with the variables that lead it there.
    pub fn client_like(&self, workspace: &Workspace<'_>, number: usize, service: &str) -> Option<(&str, Vec<&Link>)> {
        let project = self.stores[number].project(workspace);
        let find = |name: &str| project.services().iter().find(|other| other.key == name);
        let own = find(service)?;
        let is_variable = |link: &&Link| matches!(link.carrier, Carrier::Variable { .. });
        let mut others = self.links_to(number).filter(is_variable).filter_map(|link| link.service.as_deref());
        let like = others.find(|other| find(other).is_some_and(|other| clients::is_like(other, own)))?;
        let links = self.links_to(number).filter(is_variable).filter(|link| link.service.as_deref() == Some(like));
        let links: Vec<_> = links.collect();
        let env = &project.containers[service];
        let lacks_all = links.iter().filter_map(|link| link.carrier.variable()).all(|name| env.get(name).is_none());
        lacks_all.then_some((like, links))
    }

    /// For each store the first one with which it is sealed, also by way of others.
    fn read_groups(&self, workspace: &Workspace<'_>, catalog: &[Store]) -> Vec<usize> {
        let mut firsts: Vec<usize> = (0..self.stores.len()).collect();
        let mut unite = |a: usize, b: usize| {
            let (first, later) = (firsts[a].min(firsts[b]), firsts[a].max(firsts[b]));
            firsts.iter_mut().filter(|known| **known == later).for_each(|known| *known = first);
        };
        let (mut known, mut variables) = (HashMap::new(), HashMap::new());
        for (number, store) in self.stores.iter().enumerate() {
            let env = &store.project(workspace).containers[&store.service];
            if let Some(name) = blank_password_variable(store.mechanism(catalog), store.node(workspace), env) {
                unite(number, *variables.entry((store.project, name)).or_insert(number));
            }
            for place in definition_places(store.node(workspace)) {
                unite(number, *known.entry(place).or_insert(number));
            }
            if store.is_clustered || store.replica_of.is_some() {
                (0..self.stores.len())
                    .filter(|other| self.work_together(number, *other))
                    .for_each(|other| unite(number, other));
            }
        }
        firsts
    }
}

/// True if two services have the same image, also an official one.
fn is_same_image(one: &Entry, other: &Entry) -> bool {
    let image = |service: &Entry| service.value.get("image").and_then(Node::scalar_text).map(|image| image.value);
    image(one).is_some_and(|name| Some(name) == image(other)) || clients::is_like(one, other)
}

/// What a client shows to a store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presents {
    Nothing,
    PasswordOnly,
    /// A user's name, or something that can't be seen.
    User,
}

/// The places in the files that make up what a store is.
fn definition_places(service: &Node) -> Vec<(SourceId, NodeId)> {
    let test = service.at(&["healthcheck", "test"]);
    let parts = ["command", "entrypoint", "healthcheck", "environment"].into_iter().filter_map(|key| service.get(key));
    // Where several files are merged, what is added goes to the one with the image.
    let home = definition_of(service);
    std::iter::once(service)
        .chain(parts)
        .chain(test)
        .chain(home)
        .map(|node| (node.place.source, node.place.node))
        .collect()
}
