//! The repair that gives a store a password: server, variable, healthcheck and clients at once.

mod called;
mod check;
mod clients;
mod credential;
mod env_file;
mod expand;
mod group;
mod neighbours;
mod outside;
mod server;
mod users;
mod variable;

#[cfg(test)]
mod clients_tests;
#[cfg(test)]
mod expand_tests;
#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod outside_tests;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod users_tests;

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Bench, Writable};
use super::commit::Role;
use super::journal::Purpose;
use super::look::Look;
use super::remark::{Kind, Remark, collected, told};
use super::repair::{Change, ChangeKind, Repair, RepairKey};
use super::snapshot::{Path, environment_path};
use crate::catalog::{ImageName, Mechanism, Store};
use crate::lens::environment::{self, NoEdit, Room};
use crate::lens::server::Auth;
use crate::lens::value::Lookup;
use crate::model::node::{Node, Place};
use crate::model::{Project, Workspace};
use crate::rule::Applicability;
use crate::source::{SourceId, relative_to};
use crate::text::{Edit, listed};
use crate::topology::{Link, LinkKind, Reach, StoreService, lookup};

use credential::Credential;

pub use expand::{expand, expand_key};
pub use group::unsealed;

/// Why caulk does not make the repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSeal {
    /// A person must do it; what is to be done.
    Manual(String),
    /// It could be done, but not under the circumstances; why, and what would allow it.
    HeldBack(String),
}

/// The repair that lets the store `number` demand a password and hands it to everyone who needs it.
///
/// # Errors
/// [`NoSeal`] if a person must do it, or must first decide something.
pub fn seal(bench: &Bench<'_, '_>, number: usize) -> Result<Repair, NoSeal> {
    let mut left = bench.topology.sealed_together(number);
    let store = &bench.topology.stores[number];
    let key = key(bench.workspace, &bench.topology.stores[left[0]]);
    let mut seal = Seal::new(bench, key);
    let has_overlay_network = store.project(bench.workspace).has_overlay_network();
    if has_overlay_network || bench.is_deployed_to_a_swarm(&seal.repair.key.file) {
        let why =
            if has_overlay_network { "it has an overlay network" } else { "`docker stack deploy` is called for it" };
        return Err(NoSeal::Manual(format!(
            "the project is meant for a swarm ({why}): there `.env` is not read and host addresses are ignored; give the password by a secret, and the services that use it at the same time"
        )));
    }
    while let Some(first) = left.first() {
        let group = bench.topology.working_together(*first);
        left.retain(|number| !group.contains(number));
        seal.group(group)?;
    }
    let repair = seal.finish(number);
    // Nothing that a flag could allow: what stands in the way is all that there is to say.
    if repair.changes.is_empty() && !repair.doubts.is_empty() {
        return Err(NoSeal::HeldBack(told(&repair.doubts)));
    }
    Ok(repair)
}

/// What the seal of a store is called.
pub fn key(workspace: &Workspace<'_>, store: &StoreService) -> RepairKey {
    let file = workspace.sources.get(store.node(workspace).place.source).path.clone();
    RepairKey { action: "seal".to_owned(), file, service: store.service.clone(), detail: String::new() }
}

#[derive(Default)]
struct Counts {
    servers: usize,
    helpers: usize,
    /// Services whose healthcheck changes: one that several projects share counts once.
    checks: BTreeSet<String>,
    /// Services that get the password, and files of programs on the host.
    clients: BTreeSet<String>,
    /// The files in which the user `default` goes off.
    closed: BTreeSet<String>,
    /// True if a healthcheck presented no password before.
    logs_in: bool,
}

struct Seal<'b, 'w, 'f> {
    bench: &'b Bench<'w, 'f>,
    repair: Repair,
    counts: Counts,
    /// The stores that get one password now, by their numbers.
    group: Vec<usize>,
    /// The variables of the members so far.
    variables: Vec<(usize, String)>,
    /// The variables that environments get, and the edit that adds those of one place.
    added: BTreeMap<Room, (Vec<(String, String)>, Edit)>,
}

/// One store that is sealed.
struct Member<'b> {
    number: usize,
    store: &'b StoreService,
    definition: &'b Store,
    mechanism: &'b Mechanism,
    project: &'b Project,
    node: &'b Node,
}

impl<'b, 'w, 'f> Seal<'b, 'w, 'f> {
    fn new(bench: &'b Bench<'w, 'f>, key: RepairKey) -> Self {
        Self {
            bench,
            repair: Repair {
                key,
                title: String::new(),
                applicability: Applicability::Safe,
                doubts: Vec::new(),
                changes: Vec::new(),
                expected: BTreeMap::new(),
                defines: BTreeSet::new(),
                secrets: BTreeSet::new(),
                notes: Vec::new(),
                closes: None,
                demanding: BTreeMap::new(),
            },
            counts: Counts::default(),
            group: Vec::new(),
            variables: Vec::new(),
            added: BTreeMap::new(),
        }
    }

    fn member_of(&self, number: usize) -> Member<'b> {
        let bench: &'b Bench<'_, '_> = self.bench;
        let store = &bench.topology.stores[number];
        Member {
            number,
            store,
            definition: &bench.rules.stores[store.store],
            mechanism: store.mechanism(&bench.rules.stores),
            project: store.project(bench.workspace),
            node: store.node(bench.workspace),
        }
    }

    /// Hands the password of a server to its healthcheck and its clients.
    fn hand_on(&mut self, member: &Member<'_>, credential: &Credential) -> Result<(), NoSeal> {
        self.check(member, credential)?;
        self.called_clients(member, credential);
        match self.confined(member, credential) {
            None => self.clients(member, credential),
            Some(why) if self.bench.topology.links_to(member.number).any(lacks_password) => self.doubt(why),
            Some(_) => {}
        }
        Ok(())
    }

    /// The variable of a member whose command or environment is that of this open one, too: both can only have the same.
    fn variable_of_sharer(&self, member: &Member<'_>) -> Option<String> {
        let place = |node: &Node, key: &str| node.get(key).map(|node| (node.place.source, node.place.node));
        let is_shared = |other: &Node, key: &&str| {
            let own = place(member.node, key);
            own.is_some() && own == place(other, key)
        };
        let sharer = self.variables.iter().find(|(number, _)| {
            let other = &self.bench.topology.stores[*number];
            let node = other.node(self.bench.workspace);
            other.project == member.store.project
                && ["command", "entrypoint", "environment"].iter().any(|key| is_shared(node, key))
        });
        sharer.filter(|_| member.store.auth == Auth::Open).map(|(_, name)| name.clone())
    }

    /// Why a password that stands in the project's own file may not be copied, if it is so.
    fn confined(&self, member: &Member<'_>, credential: &Credential) -> Option<String> {
        let path = &self.bench.workspace.sources.get(member.node.place.source).path;
        let is_confined = credential.is_literal() && self.bench.may_hold_secret(path) != Writable::Yes;
        is_confined.then(|| {
            let name = &member.store.service;
            format!("the password of `{name}` stands in a file that git tracks or would add: move it into .env, name it by a variable, and run caulk again")
        })
    }

    /// Signs of users that caulk can't see, besides the services that are `known` to get the password. True if some of them
    /// are services of the project.
    fn doubt_the_unseen(
        &mut self,
        member: &Member<'_>,
        credential: Option<&Credential>,
        known: &BTreeSet<String>,
    ) -> bool {
        let store = member.store;
        // Nobody gets in yet who is not in its own container.
        if !matches!(store.auth, Auth::Open | Auth::Refuses(_)) || store.reach == Reach::Itself {
            return false;
        }
        let outside = self.outside_clients(member, credential, known);
        let name = &store.service;
        let topology = self.bench.topology;
        let dependents = topology.blind_dependents(self.bench.workspace, &self.bench.rules.stores, member.number);
        let unknown = dependents.into_iter().filter(|dependent| !known.contains(*dependent));
        // It may have its way to another server of the group.
        let blind: Vec<_> = unknown.filter(|dependent| !self.is_linked(store.project, dependent)).collect();
        for dependent in &blind {
            let why = self.why_blind(member, dependent);
            if let Kind::LacksVariables { like, .. } = &why {
                // What says of one of its like that something is amiss says it of all.
                let all = topology.services_like(self.bench.workspace, member.number, like);
                let others = all.into_iter().filter(|other| !known.contains(*other) && !blind.contains(other));
                others.for_each(|other| self.doubt(Remark::of(why.clone(), other)));
            }
            self.doubt(Remark::of(why, dependent));
        }
        let mut mentions = topology.mentions(self.bench.workspace, self.bench.files, member.number);
        mentions.retain(|(service, _)| !known.contains(service));
        for (service, place) in &mentions {
            let (store, place) = (name.clone(), place.clone());
            self.doubt(Remark::of(Kind::Names { store, place }, service));
        }
        if !store.shared_networks.is_empty() {
            self.doubt(Kind::OtherProjects { store: name.clone(), networks: store.shared_networks.clone() });
        }
        let neighbours = self.bench.neighbours(member.number);
        for neighbour in &neighbours {
            let (store, way) = (name.clone(), neighbour.way.clone());
            let file = relative_to(&member.project.folder, &neighbour.file);
            self.doubt(Remark::of(Kind::ReachesFrom { store, way, file }, &neighbour.service));
        }
        !blind.is_empty() || !mentions.is_empty() || !outside.is_empty() || !neighbours.is_empty()
    }

    /// What keeps a service from getting the password that waits for the store without a way to it.
    fn why_blind(&self, member: &Member<'_>, service: &str) -> Kind {
        let like = self.bench.topology.client_like(self.bench.workspace, member.number, service);
        let Some((like, links)) = like else {
            return self.waits(member, service);
        };
        let mut names: Vec<String> = Vec::new();
        for link in links {
            names.extend(link.carrier.variable().map(str::to_owned));
            if let LinkKind::Host { password, .. } = &link.kind {
                names.push(password.clone());
            }
        }
        names.dedup();
        let has_env_file = !member.project.containers[like].files.is_empty();
        Kind::LacksVariables { like: like.to_owned(), variables: listed(names.into_iter(), usize::MAX), has_env_file }
    }

    /// That a service waits for a store, with what to do about it.
    fn waits(&self, member: &Member<'_>, service: &str) -> Kind {
        let store = member.store.service.clone();
        let (id, port) = (member.definition.id.to_ascii_uppercase(), member.store.ports.first());
        let scheme = member.definition.schemes.plain.first().map_or("", String::as_str);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let setting = format!("{id}_URL: {scheme}://{store}{port}");
        Kind::Waits { store, setting, look: self.look_at(member.project, service) }
    }

    /// Where a service shows how its program connects.
    fn look_at(&self, project: &Project, service: &str) -> Look {
        let node = project.service(service);
        node.map_or(Look::Several, |node| Look::at(self.bench.files, project, node))
    }

    fn finish(mut self, number: usize) -> Repair {
        let group = self.bench.topology.working_together(number);
        let store = &self.bench.topology.stores[group[0]];
        let mut parts = Vec::new();
        let mut count = |number: usize, one: &str, many: &str| match number {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            number => parts.push(format!("{number} {many}")),
        };
        count(self.repair.secrets.len(), "secret", "secrets");
        count(self.counts.checks.len(), "healthcheck", "healthchecks");
        count(self.counts.helpers, "helper", "helpers");
        count(self.counts.clients.len(), "client", "clients");
        let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let more = match group.len() - 1 {
            0 => String::new(),
            1 => " and 1 more server".to_owned(),
            others => format!(" and {others} more servers"),
        };
        let name = &store.service;
        let passwords = self.repair.secrets.len() + self.counts.helpers + self.counts.clients.len();
        let is_check_only = self.counts.servers + passwords == 0;
        let closed: Vec<_> = self.counts.closed.iter().map(String::as_str).collect();
        self.repair.title = match (self.counts.servers, self.counts.logs_in) {
            _ if !closed.is_empty() => format!("user default of {name} off in {}{parts}", closed.join(" and ")),
            _ if is_check_only && self.counts.checks.is_empty() => format!("password of {name}{more}"),
            (0, true) if is_check_only => format!("healthcheck of {name} logs in"),
            (0, false) if is_check_only => format!("healthcheck of {name} notices a refusal"),
            (0, _) => format!("password of {name}{more}{parts}"),
            _ => format!("password for {name}{more}{parts}"),
        };
        self.repair.doubts = collected(&self.repair.doubts);
        if !self.repair.doubts.is_empty() {
            self.repair.applicability = Applicability::Unsafe;
        }
        self.repair
    }

    fn doubt(&mut self, why: impl Into<Remark>) {
        self.repair.doubts.push(why.into());
    }

    fn expect(&mut self, path: Path, value: impl Into<String>) {
        self.repair.expected.insert(path, Some(value.into()));
    }

    fn expect_variable(&mut self, member: &Member<'_>, service: &str, name: &str, value: &str) {
        self.expect(environment_path(member.store.project, service, name), value);
    }

    fn edit(&mut self, source: SourceId, edit: Edit, role: Role, defines: bool) {
        let purpose = if defines { Purpose::Value } else { Purpose::Plain };
        let path = self.bench.workspace.sources.get(source).path.clone();
        self.repair.changes.push(Change { path, kind: ChangeKind::Edit(edit), role, purpose });
    }

    /// Adds a variable to a service that does not set it yet, by one edit with those that were added there before.
    fn add_variable(&mut self, service: &Node, name: &str, value: &str, role: Role) -> Result<(), NoEdit> {
        let workspace = self.bench.workspace;
        let room = environment::room(workspace, service)?;
        let (mut variables, before) =
            self.added.get(&room).cloned().map_or_else(Default::default, |(variables, edit)| (variables, Some(edit)));
        match variables.iter().find(|(known, _)| known == name) {
            Some((_, known)) => return if known == value { Ok(()) } else { Err(NoEdit) },
            None => variables.push((name.to_owned(), value.to_owned())),
        }
        let edit = environment::add_variables(workspace, room, &variables)?;
        let path = &workspace.sources.get(room.source).path;
        let is_before = |change: &&mut Change| match (&change.kind, &before) {
            (ChangeKind::Edit(edit), Some(before)) => edit == before && change.path == *path,
            _ => false,
        };
        match self.repair.changes.iter_mut().find(is_before) {
            Some(change) => {
                change.kind = ChangeKind::Edit(edit.clone());
                change.role = change.role.max(role);
            }
            None => self.edit(room.source, edit.clone(), role, false),
        }
        self.added.insert(room, (variables, edit));
        Ok(())
    }

    fn edits(&mut self, place: &Place, edits: Vec<Edit>, role: Role) {
        for edit in edits {
            self.edit(place.source, edit, role, false);
        }
    }
}

impl Member<'_> {
    /// The user that URLs name; servers before Redis 6 know no users, and refuse a login with one.
    fn url_user(&self) -> &str {
        let image = ImageName::parse(&self.store.image).ok();
        let major = image.and_then(|image| image.tag).and_then(|tag| {
            let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().ok()
        });
        if major.is_some_and(|major| (1..6).contains(&major)) { "" } else { &self.definition.default_user }
    }

    fn lookup(&self, name: &str) -> Lookup {
        lookup(&self.project.containers[&self.store.service], name)
    }
}

/// True if a link does not carry a password, as far as it shows by itself.
fn lacks_password(link: &Link) -> bool {
    match &link.kind {
        LinkKind::Url(url) => !url.has_password(),
        LinkKind::Host { .. } => true,
    }
}

/// A text as a person would write it in a command string that Compose splits: quoted if the value needs it.
fn in_command_string(words: Vec<String>, credential: &Credential) -> Vec<String> {
    let quote = |word: String| {
        if word == credential.reference && !credential.is_plain() { format!("\"{word}\"") } else { word }
    };
    words.into_iter().map(quote).collect()
}
