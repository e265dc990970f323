//! Servers that work together get one password, all at once, with the Sentinels that watch them and the services that make a
//! cluster of them: half of it would stop replication, failover, or the making of the cluster.

use std::collections::BTreeSet;

use super::credential::{Credential, command_texts};
use super::{Member, NoSeal, Seal};
use crate::catalog::{ArgsInEnv, Mechanism};
use crate::fix::bench::Writable;
use crate::fix::remark::{Kind, Remark};
use crate::fix::repair::Repair;
use crate::lens::mount::mounts;
use crate::lens::server::{self, Auth, Monitor, master_password};
use crate::lens::value::{Lookup, Secret};
use crate::model::node::{Certainty, Entry, Node};
use crate::model::{Project, Workspace, depends_on};
use crate::rule::RuleSet;
use crate::source::absolute;
use crate::topology::{Link, Reach, StoreService, Topology, names_of};

/// A cluster is made of three masters at least (redis.io, "Scale with Redis Cluster").
const SMALLEST_CLUSTER: usize = 3;

impl<'b> Seal<'b, '_, '_> {
    /// Seals the stores of a group, all or none.
    pub(super) fn group(&mut self, group: Vec<usize>) -> Result<(), NoSeal> {
        self.group = group;
        let members: Vec<Member<'_>> = self.group.iter().map(|number| self.member_of(*number)).collect();
        if let [member] = members.as_slice() {
            if let Some(users) = &member.store.users {
                return self.users(member, users);
            }
            if member.store.auth.unexpanded().is_some() {
                return self.check_of_text(member);
            }
            if let Some(path) = &member.store.password_file {
                return self.by_file(member, path);
            }
            match &member.store.auth {
                Auth::Acl => return self.check_of_unseen_users(member),
                Auth::Unknown(why) | Auth::NoServer(why) => {
                    return Err(NoSeal::Manual(format!("`{}`: {why}", member.store.service)));
                }
                Auth::Open | Auth::Password(_) | Auth::Refuses(_) => {}
            }
        }
        if members.iter().all(|member| matches!(member.store.auth, Auth::Password(_))) {
            for member in &members {
                let credential = self.credential(member)?;
                self.variables.extend(credential.variable.clone().map(|name| (member.number, name)));
                self.define(&credential)?;
                self.hand_on(member, &credential)?;
            }
            return Ok(());
        }
        let sealed = self.open_group(&members);
        sealed.map_err(|why| match why {
            NoSeal::Manual(why) if self.is_linked_group(&members) => {
                let has_sentinel = !self.bench.topology.sentinels_of(&self.group).is_empty();
                NoSeal::Manual(by_hand(&members, has_sentinel, &why))
            }
            why => why,
        })
    }

    fn is_linked_group(&self, members: &[Member<'_>]) -> bool {
        let is_linked = |member: &Member<'_>| member.store.is_clustered || member.store.replica_of.is_some();
        members.iter().any(is_linked) || !self.bench.topology.sentinels_of(&self.group).is_empty()
    }

    /// Seals a group with a server that demands no password yet.
    fn open_group(&mut self, members: &[Member<'_>]) -> Result<(), NoSeal> {
        let topology = self.bench.topology;
        for member in members {
            let name = &member.store.service;
            match &member.store.auth {
                Auth::Acl => {
                    return Err(NoSeal::Manual(format!("a file with users decides who may log in to `{name}`")));
                }
                Auth::Unknown(why) | Auth::NoServer(why) => return Err(NoSeal::Manual(format!("`{name}`: {why}"))),
                Auth::Open | Auth::Password(_) | Auth::Refuses(_) => {}
            }
            if let Some(host) = topology.hidden_master(member.number) {
                return Err(NoSeal::Manual(format!("`{name}` copies a server that can't be seen (`{host}`)")));
            }
        }
        if let Some(copy) = topology.hidden_copies(self.bench.workspace, &self.group).first() {
            return Err(NoSeal::Manual(format!("how `{}` works with them can't be read", copy.service)));
        }
        let mut sentinels: Vec<(&StoreService, Vec<&Monitor>)> = Vec::new();
        for (sentinel, monitors) in topology.sentinels_of(&self.group) {
            let name = &sentinel.service;
            let why = |why: String| NoSeal::Manual(format!("the Sentinel `{name}`: {why}"));
            let monitors = monitors.map_err(why)?;
            self.may_log_in(sentinel, &monitors)?;
            sentinels.push((sentinel, monitors));
        }
        let credential = self.group_credential(members)?;
        let first = &members[0];
        let named = credential.variable.iter().flat_map(|name| self.group.iter().map(|number| (*number, name.clone())));
        self.variables.extend(named);
        self.define(&credential)?;
        let can_fail_over = !sentinels.is_empty() || first.project.services().iter().any(has_sentinel_image);
        for member in members {
            let store = member.store;
            let presents = store.is_clustered || store.replica_of.is_some() || can_fail_over;
            if matches!(store.auth, Auth::Open | Auth::Refuses(_)) {
                self.server(member, &credential, presents)?;
                self.repair.demanding.insert((store.project, store.service.clone()), presents);
            }
        }
        let mut known: BTreeSet<String> = members.iter().map(|member| member.store.service.clone()).collect();
        for (sentinel, monitors) in sentinels {
            let number = topology.stores.iter().position(|store| std::ptr::eq(store, sentinel));
            let sentinel = self.member_of(number.expect("a Sentinel is a store of the topology"));
            let names: BTreeSet<String> = monitors.iter().map(|monitor| monitor.name.clone()).collect();
            self.sentinel(&sentinel, &credential, &names.into_iter().collect::<Vec<_>>())?;
            self.doubt_users_of_sentinel(sentinel.store.project, &sentinel.store.service);
            known.insert(sentinel.store.service.clone());
        }
        for sentinel in self.sentinel_clients(first.project, first.store.project) {
            self.doubt_users_of_sentinel(first.store.project, &sentinel);
        }
        let mut makes_cluster = self.helpers(members, &credential, &mut known)?;
        for member in
            members.iter().filter(|member| server::makes_cluster(member.mechanism, &|name| member.lookup(name)))
        {
            if let Some(variable) = client_variable(member) {
                self.log_in_variable(member, &member.store.service, &credential, &variable)?;
            }
            makes_cluster = true;
        }
        if members.iter().any(|member| member.store.is_clustered) {
            if members.len() < SMALLEST_CLUSTER {
                self.doubt("other nodes of the cluster can't be seen".to_owned());
            }
            if !makes_cluster {
                self.doubt(
                    "what makes a cluster of the servers can't be seen: it must log in (REDISCLI_AUTH)".to_owned(),
                );
            }
        }
        let mut has_signs = false;
        for member in members {
            self.hand_on(member, &credential)?;
            has_signs |= self.doubt_the_unseen(member, Some(&credential), &known);
        }
        self.doubt_the_group(members, has_signs);
        Ok(())
    }

    /// Signs of users of any member that caulk can't see; `has_signs` if it has found some among the services.
    fn doubt_the_group(&mut self, members: &[Member<'_>], has_signs: bool) {
        let is_shut = members.iter().all(|member| member.store.reach == Reach::Itself);
        let mut links = self.group.iter().flat_map(|number| self.bench.topology.links_to(*number));
        if !has_signs && !is_shut && !links.any(|link| !self.is_own(link)) {
            self.doubt_for_want_of_clients(members);
        }
        let is_published = |member: &&Member<'_>| member.store.reach == Reach::Published;
        let published: Vec<_> = members.iter().filter(is_published).collect();
        if !published.is_empty() {
            let note =
                format!("programs outside of the project that use {} need the password from now on", named(published));
            self.repair.notes.push(note.into());
        }
    }

    /// Doubts the repair of stores for which no client can be seen.
    pub(super) fn doubt_for_want_of_clients(&mut self, members: &[Member<'_>]) {
        let (workspace, topology) = (self.bench.workspace, self.bench.topology);
        let own: BTreeSet<_> = members.iter().map(|member| member.store.service.as_str()).collect();
        let of_each = |services: &dyn Fn(usize) -> Vec<&'b str>| -> BTreeSet<String> {
            let all = members.iter().flat_map(|member| services(member.number));
            all.filter(|service| !own.contains(service)).map(str::to_owned).collect()
        };
        let services = of_each(&|number| topology.dependents(workspace, number));
        let bystanders = of_each(&|number| topology.bystanders(workspace, &self.bench.rules.stores, number));
        let kind = Kind::NoClient { stores: named(members), bystanders: bystanders.into_iter().collect() };
        self.doubt(Remark { kind, services });
    }

    /// The password of all members: the one that some of them have, or a new one.
    fn group_credential(&self, members: &[Member<'_>]) -> Result<Credential, NoSeal> {
        let has_one = |member: &&Member<'_>| matches!(member.store.auth, Auth::Password(_));
        let Some(member) = members.iter().find(has_one) else {
            let shared = members.iter().find_map(|member| Some((member, self.variable_of_sharer(member)?)));
            return match shared {
                Some((member, name)) => self.of_variable(member, &name, None),
                None => self.credential(&members[0]),
            };
        };
        let credential = self.credential(member)?;
        for other in members.iter().filter(has_one) {
            if self.credential(other)?.reference != credential.reference {
                return Err(NoSeal::Manual("they have different passwords".to_owned()));
            }
        }
        match self.confined(member, &credential) {
            Some(why) => Err(NoSeal::HeldBack(why)),
            None => Ok(credential),
        }
    }

    /// A Sentinel writes the password into its configuration file: that must not be one that git would commit.
    fn may_log_in(&self, sentinel: &StoreService, monitors: &[&Monitor]) -> Result<(), NoSeal> {
        let Some(file) = sentinel.sentinel.as_ref().and_then(|sentinel| sentinel.file.as_deref()) else {
            return Ok(());
        };
        let node = sentinel.node(self.bench.workspace);
        let folder = &sentinel.project(self.bench.workspace).folder;
        for mount in mounts(node).iter().filter(|mount| mount.is_bind) {
            let target = mount.target.trim_end_matches('/');
            let Some(rest) = file.strip_prefix(target) else { continue };
            if !rest.is_empty() && !rest.starts_with('/') {
                continue;
            }
            let source = mount.source.as_ref().filter(|source| !matches!(source.certainty, Certainty::Unknown(_)));
            let path = source.map(|source| absolute(folder, format!("{}{rest}", source.value.trim_end_matches('/'))));
            let may = path.map(|path| self.bench.may_hold_secret(&path));
            if may != Some(Writable::Yes) {
                let lines: Vec<_> =
                    monitors.iter().map(|monitor| format!("`sentinel auth-pass {} PASSWORD`", monitor.name)).collect();
                return Err(NoSeal::Manual(format!(
                    "the Sentinel `{}` writes the password that it gets into {file}, which git tracks or would add: let it start with a copy of that file, or keep the file out of git; then give it {}",
                    sentinel.service,
                    lines.join(" and ")
                )));
            }
        }
        Ok(())
    }

    /// Who asks a Sentinel for the master needs the master's password, whatever else leads it to a server.
    fn doubt_users_of_sentinel(&mut self, project: usize, sentinel: &str) {
        let all = &self.bench.workspace.projects[project];
        let Some(names) = names_of(all, sentinel) else { return };
        for service in all.services() {
            let values = all.containers[&service.key].variables.iter().filter_map(|variable| variable.value.as_ref());
            let texts = values.chain(command_texts(Some(&service.value)));
            let is_named = |value: &str| {
                let mut words = value.split(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
                words.any(|word| names.iter().any(|name| name == word))
            };
            // What waits for it may have its way to a server.
            let waits = depends_on(&service.value, sentinel) && !self.is_linked(project, &service.key);
            let asks = waits || texts.into_iter().any(|text| is_named(&text.value));
            let is_other = service.key != sentinel && !has_sentinel_image(service);
            if asks && is_other && self.bench.topology.store_of(project, &service.key).is_none() {
                self.doubt(format!(
                    "`{}` uses the Sentinel `{sentinel}`, and needs the password of the server",
                    service.key
                ));
            }
        }
    }

    /// The services of images of their own that watch a server of the group: they are its clients.
    fn sentinel_clients(&self, project: &Project, number: usize) -> Vec<String> {
        let watching = project.services().iter().filter(|service| has_sentinel_image(service));
        watching.map(|service| service.key.clone()).filter(|service| self.is_linked(number, service)).collect()
    }

    /// Lets the services log in that talk to the servers through their client. True if one of them was read whole and
    /// addresses several servers, as what makes a cluster does.
    fn helpers(
        &mut self,
        members: &[Member<'_>],
        credential: &Credential,
        known: &mut BTreeSet<String>,
    ) -> Result<bool, NoSeal> {
        let first = &members[0];
        let variable = client_variable(first);
        let helpers = self.bench.topology.helpers_of(self.bench.workspace, &self.bench.rules.stores, &self.group);
        let mut makes_cluster = false;
        for helper in helpers {
            let (service, used) = (&helper.service, &helper.client_use);
            let follows = self.names_variable(first, service, credential);
            let is_right = |secret: &Option<Secret>| {
                secret.as_ref().is_some_and(|secret| secret.reveal() == credential.value) || follows
            };
            match used.credentials.iter().find(|secret| !is_right(secret)) {
                None => {}
                Some(Some(_)) => {
                    return Err(NoSeal::Manual(format!("`{service}` logs in with another password than the server's")));
                }
                Some(None) => self.doubt(format!("what `{service}` logs in with can't be seen")),
            }
            // A URL that is found to lead to the server gets the password itself.
            let is_bare = used.has_bare_url && !self.is_linked(first.store.project, service);
            if used.lacks_credential || is_bare || !used.is_understood {
                let Some(variable) = &variable else { continue };
                self.log_in_variable(first, service, credential, variable)?;
                self.counts.helpers += usize::from(!known.contains(service));
            }
            if !used.is_understood && !known.contains(service) {
                self.doubt(format!("what `{service}` does can't be read whole: see that it logs in"));
            }
            makes_cluster |= used.is_understood && used.addresses >= SMALLEST_CLUSTER;
            known.insert(service.clone());
        }
        Ok(makes_cluster)
    }

    /// True if the command of a service takes its password from the variable that the repair sets.
    fn names_variable(&self, member: &Member<'_>, service: &str, credential: &Credential) -> bool {
        let Some(name) = &credential.variable else { return false };
        command_texts(member.project.service(service)).iter().any(|text| text.variables().contains(&name.as_str()))
    }

    /// True if a link is that of a server to another one of its group, or to itself.
    pub(super) fn is_own(&self, link: &Link) -> bool {
        let is_it = |number: &usize| {
            let store = &self.bench.topology.stores[*number];
            store.project == link.project && link.service.as_ref() == Some(&store.service)
        };
        self.group.iter().any(is_it)
    }

    /// True if a service has a visible way to a server of the group.
    pub(super) fn is_linked(&self, project: usize, service: &str) -> bool {
        let mut links = self.group.iter().flat_map(|number| self.bench.topology.links_to(*number));
        links.any(|link| link.project == project && link.service.as_deref() == Some(service))
    }
}

/// The variable from which every client of a server takes the password.
fn client_variable(member: &Member<'_>) -> Option<String> {
    let variables = member.definition.clients.iter().flat_map(|client| &client.credential_variables);
    variables.into_iter().find(|variable| variable.programs.is_empty()).map(|variable| variable.name.clone())
}

/// True if the image of a service is that of a Sentinel.
fn has_sentinel_image(service: &Entry) -> bool {
    service.value.get("image").and_then(Node::as_text).is_some_and(|image| image.value.contains("sentinel"))
}

/// The names of stores.
fn named<'m, 'b: 'm>(members: impl IntoIterator<Item = &'m Member<'b>>) -> String {
    members.into_iter().map(|member| format!("`{}`", member.store.service)).collect::<Vec<_>>().join(", ")
}

/// What a person must do where a group can't be sealed whole.
fn by_hand(members: &[Member<'_>], has_sentinel: bool, why: &str) -> String {
    let each = if members.len() == 1 { "the command of" } else { "the commands of" };
    let (them, reference) = (named(members), "${REDIS_PASSWORD:?}");
    let add = match members[0].mechanism {
        Mechanism::Env(env) => {
            let names: Vec<_> = env.password.iter().take(1).chain(env.master_password.iter().take(1)).collect();
            let lines: Vec<_> = names.iter().map(|name| format!("`{name}: {reference}`")).collect();
            format!("{} to the environment of {them}", lines.join(" and "))
        }
        Mechanism::Argv(argv) | Mechanism::ArgsInEnv(ArgsInEnv { argv, .. }) => {
            let flags = std::iter::once(&argv.password_flag).chain(&argv.master_password_flag);
            let words: Vec<_> = flags.map(|flag| format!("{flag} \"{reference}\"")).collect();
            format!("`{}` to {each} {them}", words.join(" "))
        }
    };
    let sentinel = if has_sentinel { ", `sentinel auth-pass NAME PASSWORD` to what the Sentinels read" } else { "" };
    format!(
        "{why}; servers that work together need the password at the same time: add {add}{sentinel}, and REDISCLI_AUTH to the environment of what calls redis-cli"
    )
}

/// What is open after a repair that meant to seal it, or does not present the password to the server that it copies.
pub fn unsealed(repair: &Repair, workspace: &Workspace<'_>, topology: &Topology, rules: &RuleSet) -> Option<String> {
    let missing = repair.demanding.iter().find(|((project, service), presents)| {
        let Some(store) = topology.store_of(*project, service) else { return true };
        let Auth::Password(demanded) = &store.auth else { return true };
        let mechanism = store.mechanism(&rules.stores);
        let presented = store.with_setup(workspace, |setup| master_password(mechanism, setup));
        **presents
            && match (presented, demanded) {
                (Lookup::Known(presented), Some(demanded)) => presented != demanded.reveal(),
                (Lookup::Absent, _) => true,
                (Lookup::Known(_) | Lookup::Unknown, _) => false,
            }
    });
    missing.map(|((_, service), _)| format!("`{service}` would not have the password that its group has"))
}
