//! The variables and arguments that lead a program to a store.

use std::collections::HashMap;

use regex::Regex;

use super::app_files::{AppFile, app_files};
use super::clients::{Clients, Knowledge};
use super::namespace;
use super::part::{Part, is_blank};
use super::patterns::compiled;
use super::stores::{Reach, StoreService};
use crate::catalog::{Client, Store};
use crate::lens::server::Auth;
use crate::lens::url::{StoreUrl, UrlReading, host_list, setting};
use crate::model::container_env::{ContainerEnv, ContainerVariable, Site};
use crate::model::node::{Certainty, Entry, Node, Place, Text};
use crate::model::{Project, Workspace, link_aliases};
use crate::source::SourceId;

/// A variable or an argument with a URL or a host of a store.
#[derive(Debug, Clone)]
pub struct Link {
    /// Number of the project.
    pub project: usize,
    /// The service whose container gets it; `None` for a program on the host that reads an env file.
    pub service: Option<String>,
    /// Where it is.
    pub carrier: Carrier,
    /// Its value.
    pub text: Text,
    /// What the value is.
    pub kind: LinkKind,
    /// Number of the store in the catalog whose kind of value it is.
    pub store: usize,
    /// Where it leads.
    pub target: Target,
}

/// Where a link is written.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// A variable of a container.
    Variable {
        /// Its name.
        name: String,
        /// Where it is written.
        site: Site,
    },
    /// A word of a command.
    Word {
        /// `command` or `entrypoint`.
        key: &'static str,
        /// Its number.
        index: usize,
        /// Where the command is written.
        place: Place,
    },
    /// Nowhere: the program in the container connects there by default.
    Default {
        /// The variable that would say another host.
        name: String,
        /// Where the service is written.
        place: Place,
    },
    /// A line of an env file that a program reads: one on the host, or one that finds it in a folder of its container.
    HostFile {
        /// The variable.
        name: String,
        /// The file.
        source: SourceId,
        /// The entry in it.
        entry: usize,
    },
}

impl Carrier {
    /// The name of the variable.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Variable { name, .. } | Self::HostFile { name, .. } | Self::Default { name, .. } => Some(name),
            Self::Word { .. } => None,
        }
    }
}

/// What the value of a link is.
#[derive(Debug, Clone)]
pub enum LinkKind {
    /// A URL, or an entry of a list of servers.
    Url(Box<StoreUrl>),
    /// A host, with other variables for port and password.
    Host {
        /// The variable that carries the password, whether it is set or not.
        password: String,
        /// True if the container's program is known to read it: it is set there, or the program is known.
        is_certain: bool,
        /// A variable that is set to the path of a file with the password, which beats `password`.
        password_file: Option<String>,
        /// A variable that is set to the user who logs in.
        user: Option<String>,
        /// True if the program is known to take the password from nowhere else.
        is_only_way: bool,
    },
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To a store: its number in [`super::Topology::stores`].
    Store(usize),
    /// To its own container, where no store is. The number is that of the store that is probably meant.
    Itself(usize),
    /// To a port of a store on which nobody listens.
    Nobody(usize),
    /// To somewhere that caulk does not see.
    Unknown,
}

impl Target {
    /// The store that it leads to, or that is meant.
    pub fn store(self) -> Option<usize> {
        match self {
            Self::Store(store) | Self::Itself(store) | Self::Nobody(store) => Some(store),
            Self::Unknown => None,
        }
    }
}

/// Shorter passwords are words that many servers have.
const TELLING: usize = 8;

/// How the names of variables with a host end.
const HOST_ENDINGS: &str = "(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$";

/// What tells a value of a store by its variable's name and by its scheme.
pub(super) struct Hints {
    name: Regex,
    value: Regex,
    web: Regex,
    own_name: Regex,
    host_name: Regex,
    own_host_name: Regex,
    own_password_name: Regex,
}

impl Hints {
    pub(super) fn new(store: &Store) -> Self {
        let schemes: Vec<_> =
            store.schemes.plain.iter().chain(&store.schemes.tls).map(|scheme| regex::escape(scheme)).collect();
        let schemes = schemes.join("|");
        let build = |pattern: String| compiled(&pattern).expect("the pattern is made of escaped words");
        Self {
            name: build(format!("(?i)(?:{schemes}).*(?:URL|URI|DSN)$")),
            // A key such as `redis:cache:` is none, nor is an image such as `redis/redis-stack`.
            value: build(format!(r#"(?i)^['"\s]*(?:{schemes})\s*(?::{{1,2}}\s*/|//)"#)),
            web: build(r#"(?i)^['"\s]*https?:"#.to_owned()),
            own_name: build(format!("(?i)^(?:{schemes})_(?:URL|URI|DSN)$")),
            host_name: build(format!("(?i){HOST_ENDINGS}")),
            own_host_name: build(format!("(?i)(?:{schemes}).*{HOST_ENDINGS}")),
            own_password_name: build(format!("(?i)(?:{schemes}).*(?:PASSWORD|PASSWD|PASS|_PWD?|_AUTH)$")),
        }
    }

    /// What a variable carries by its name alone.
    pub(super) fn part_of(&self, name: &str) -> Option<Part> {
        match () {
            () if self.name.is_match(name) => Some(Part::Url),
            () if self.own_host_name.is_match(name) => Some(Part::Host),
            () if self.own_password_name.is_match(name) => Some(Part::Password),
            () => None,
        }
    }

    /// True if a value is a URL of the store, whatever it is called.
    pub(super) fn is_url_by_value(&self, value: &str) -> bool {
        self.value.is_match(value)
    }

    fn is_url(&self, name: Option<&str>, value: &str) -> bool {
        let by_name = |name: &str| {
            // A web address is a mistake in `REDIS_URL`, but just right in `REDIS_COMMANDER_URL`.
            self.name.is_match(name) && (!self.web.is_match(value) || self.own_name.is_match(name))
        };
        self.value.is_match(value) || (!value.trim().is_empty() && name.is_some_and(by_name))
    }
}

/// Finds the links of one project to its stores.
pub(super) fn find(workspace: &Workspace<'_>, finder: &Finder<'_>) -> Vec<Link> {
    let project = finder.project;
    let mut links = Vec::new();
    for service in project.services() {
        for variable in &project.containers[&service.key].variables {
            links.extend(finder.variable(service, variable));
        }
        for key in ["command", "entrypoint"] {
            links.extend(finder.words(service, key));
        }
        links.extend(finder.default_hosts(service));
        links.extend(finder.default_urls(service));
    }
    for (source, entry, name, text) in host_entries(workspace, project) {
        links.extend(finder.host_file(source, entry, name, text));
    }
    for file in app_files(workspace, project) {
        links.extend(finder.app_file(&file));
    }
    links
}

pub(super) struct Finder<'a> {
    pub(super) project: &'a Project,
    pub(super) number: usize,
    pub(super) stores: &'a [StoreService],
    pub(super) catalog: &'a [Store],
    pub(super) hints: Vec<Hints>,
    clients: Vec<Clients<'a>>,
    /// For each kind of store, by the name of the service.
    knowledge: Vec<HashMap<&'a str, Knowledge<'a>>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        workspace: &'a Workspace<'_>,
        number: usize,
        stores: &'a [StoreService],
        catalog: &'a [Store],
    ) -> Self {
        let project = &workspace.projects[number];
        let hints = catalog.iter().map(Hints::new).collect();
        let clients: Vec<_> = catalog.iter().map(Clients::new).collect();
        let knowledge = clients.iter().map(|clients| clients.of_all(project)).collect();
        Self { project, number, stores, catalog, hints, clients, knowledge }
    }

    /// What is known of the program in a service of the project.
    pub(super) fn knowledge(&self, kind: usize, service: &Entry) -> &Knowledge<'a> {
        &self.knowledge[kind][service.key.as_str()]
    }

    fn variable(&self, service: &Entry, variable: &ContainerVariable) -> Vec<Link> {
        let Some(text) = &variable.value else { return Vec::new() };
        let mut kinds = self.host_list(service, &variable.name, text);
        kinds.extend(self.setting(service, &variable.name, text));
        if kinds.is_empty() {
            let url = self.url(Some(&variable.name), text);
            kinds.extend(url.or_else(|| self.host(service, &variable.name, text)));
        }
        let link = |(store, kind)| Link {
            project: self.number,
            service: Some(service.key.clone()),
            carrier: Carrier::Variable { name: variable.name.clone(), site: variable.site.clone() },
            text: text.clone(),
            target: self.target(Some(service), &kind, text, store),
            kind,
            store,
        };
        kinds.into_iter().map(link).collect()
    }

    /// A variable with settings of the program in the container, of which one names a store.
    fn setting(&self, service: &Entry, name: &str, text: &Text) -> Option<(usize, LinkKind)> {
        let found = (0..self.catalog.len()).find_map(|kind| {
            let settings = self.knowledge(kind, service).settings(name)?;
            setting(&text.value, &settings.host, &settings.password)
        })?;
        let number = self.named(Some(service), &found.host.text)?;
        Some((self.stores[number].store, LinkKind::Url(Box::new(found))))
    }

    /// A variable whose value is a list of servers, where the program in the container is known to read it so.
    fn host_list(&self, service: &Entry, name: &str, text: &Text) -> Vec<(usize, LinkKind)> {
        let reads = |kind: &usize| self.knowledge(*kind, service).reads_host_list(name);
        let Some(store) = (0..self.catalog.len()).find(reads) else { return Vec::new() };
        host_list(&text.value).into_iter().map(|server| (store, LinkKind::Url(Box::new(server)))).collect()
    }

    fn host_file(&self, source: SourceId, entry: usize, name: String, text: Text) -> Option<Link> {
        let (store, kind) = self.url(Some(&name), &text)?;
        let target = match &kind {
            LinkKind::Url(url) => self.seen_from_host(url, store),
            _ => Target::Unknown,
        };
        let carrier = Carrier::HostFile { name, source, entry };
        Some(Link { project: self.number, service: None, carrier, text, kind, store, target })
    }

    /// The host in a file that a framework reads in its container; what is set there goes before the file.
    fn app_file(&self, app: &AppFile<'_>) -> Vec<Link> {
        let env = &self.project.containers[&app.service.key];
        let is_unset = |name: &String| app.value(name).is_none_or(is_blank);
        let mut links = Vec::new();
        for (store, clients) in self.clients.iter().enumerate() {
            for client in clients.frameworks(&|name| app.value(name)) {
                let names = client.host.iter().chain(&client.url).chain(&client.password).chain(&client.password_file);
                let is_simple = names.clone().all(|name| env.get(name).is_none())
                    && client.user.iter().chain(&client.url).all(is_unset);
                let host = client.host.iter().find(|name| app.value(name).is_some()).filter(|_| is_simple);
                let (Some(name), Some(password)) = (host, client.password.first()) else { continue };
                let Some(entry) = app.file.entries.iter().rposition(|entry| entry.key == *name) else { continue };
                let text = Text::literal(app.value(name).unwrap_or_default());
                let kind = LinkKind::Host {
                    password: password.clone(),
                    is_certain: true,
                    password_file: None,
                    user: None,
                    is_only_way: true,
                };
                let target = self.target(Some(app.service), &kind, &text, store);
                if target.store().is_none() {
                    continue;
                }
                let carrier = Carrier::HostFile { name: name.clone(), source: app.source, entry };
                let service = Some(app.service.key.clone());
                links.push(Link { project: self.number, service, carrier, text, kind, store, target });
            }
        }
        links
    }

    fn url(&self, name: Option<&str>, text: &Text) -> Option<(usize, LinkKind)> {
        let store = self.hints.iter().position(|hints| hints.is_url(name, &text.value))?;
        if matches!(text.certainty, Certainty::Unknown(_)) && text.whole_variable().is_some() {
            return None;
        }
        match UrlReading::parse(&text.value, &self.catalog[store].schemes) {
            UrlReading::Url(url) => Some((store, LinkKind::Url(url))),
            UrlReading::NotAUrl | UrlReading::NotJudged => None,
        }
    }

    /// A variable such as `REDIS_HOST` whose value is the name of a store.
    fn host(&self, service: &Entry, name: &str, text: &Text) -> Option<(usize, LinkKind)> {
        if matches!(text.certainty, Certainty::Unknown(_)) {
            return None;
        }
        let host = host_of(&text.value);
        let env = &self.project.containers[&service.key];
        let number = self.named(Some(service), host).or_else(|| self.named_by_port(service, name, host, env))?;
        let store = self.stores[number].store;
        Some((store, self.host_kind(service, name, store)?))
    }

    /// What goes with the host in the variable `name`, if the program reads it.
    pub(super) fn host_kind(&self, service: &Entry, name: &str, store: usize) -> Option<LinkKind> {
        let env = &self.project.containers[&service.key];
        let knowledge = self.knowledge(store, service);
        if let Some(client) = knowledge.reader(name) {
            return known_host(client, env);
        }
        // A program that is known reads no other variables; it may get this one because others need it.
        if knowledge.is_complete() || !self.hints[store].host_name.is_match(name) {
            return None;
        }
        let stem = self.hints[store].host_name.replace(name, "");
        let lower = name.chars().any(|c| c.is_ascii_lowercase()) && !name.chars().any(|c| c.is_ascii_uppercase());
        let candidates = ["PASSWORD", "PASS", "PASSWD", "PWD", "AUTH", "AUTH_PASSWORD"].map(|word| {
            let word = if lower { word.to_ascii_lowercase() } else { word.to_owned() };
            format!("{stem}{word}")
        });
        let set = candidates.iter().find(|name| env.get(name).is_some());
        let is_certain = set.is_some();
        let password = set.unwrap_or(&candidates[0]).clone();
        let password_file = file_variable(&password, env);
        let users = ["USERNAME", "USER"].map(|word| {
            let word = if lower { word.to_ascii_lowercase() } else { word.to_owned() };
            format!("{stem}{word}")
        });
        let user = users.into_iter().find(|name| env.get(name).is_some());
        Some(LinkKind::Host { password, is_certain, password_file, user, is_only_way: false })
    }

    /// The store that a service on the host's network reaches by `localhost`, where the variable is named after the store.
    fn named_by_port(&self, service: &Entry, name: &str, host: &str, env: &ContainerEnv) -> Option<usize> {
        let mode = service.value.get("network_mode").and_then(Node::scalar_text);
        if mode.is_none_or(|mode| mode.value != "host") || !matches!(host, "localhost" | "127.0.0.1" | "::1") {
            return None;
        }
        let is_meant = |hints: &Hints| hints.own_host_name.is_match(name);
        let store = self.hints.iter().position(is_meant)?;
        let port = *self.catalog[store].ports.first()?;
        let said = self.hints[store].host_name.replace(name, "");
        let said = [format!("{said}PORT"), format!("{said}port")].into_iter().find_map(|name| env.get(&name));
        let is_usual = said
            .is_none_or(|variable| variable.value.as_ref().is_some_and(|text| text.value.trim().parse() == Ok(port)));
        if !is_usual {
            return None;
        }
        self.published_on(port, store).or_else(|| self.on_the_host(port, store))
    }

    /// Programs that connect to a store because they know of no other host.
    fn default_hosts(&self, service: &Entry) -> Vec<Link> {
        let env = &self.project.containers[&service.key];
        let links = (0..self.catalog.len()).filter_map(|store| {
            let (client, host) = self.knowledge(store, service).with_default_host(env)?;
            let text = Text::literal(host);
            let kind = known_host(client, env)?;
            let target = self.target(Some(service), &kind, &text, store);
            target.store()?;
            let name = client.host.first()?.clone();
            let carrier = Carrier::Default { name, place: service.value.place.clone() };
            Some(Link { project: self.number, service: Some(service.key.clone()), carrier, text, kind, store, target })
        });
        links.collect()
    }

    /// The same for those that have a URL by default.
    fn default_urls(&self, service: &Entry) -> Vec<Link> {
        let env = &self.project.containers[&service.key];
        let links = (0..self.catalog.len()).filter_map(|store| {
            let (name, url) = self.knowledge(store, service).with_default_url(env)?;
            let text = Text::literal(url);
            let (_, kind) = self.url(None, &text)?;
            let target = self.target(Some(service), &kind, &text, store);
            target.store()?;
            let carrier = Carrier::Default { name: name.to_owned(), place: service.value.place.clone() };
            Some(Link { project: self.number, service: Some(service.key.clone()), carrier, text, kind, store, target })
        });
        links.collect()
    }

    pub(super) fn target(&self, service: Option<&Entry>, kind: &LinkKind, text: &Text, store: usize) -> Target {
        let (host, port) = match kind {
            LinkKind::Url(url) => {
                if !self.is_host_certain(url, text) {
                    return Target::Unknown;
                }
                (url.host.text.as_str(), url.port.as_ref().map(|_| url.port_number()))
            }
            LinkKind::Host { .. } => (host_of(&text.value), None),
        };
        // A port that can't be read is another rule's matter.
        let port = match port {
            None => None,
            Some(Some(port)) => Some(port),
            Some(None) => return self.by_name(service, host, None),
        };
        let network = service.and_then(|service| service.value.get("network_mode")).and_then(Node::scalar_text);
        let network = network.map(|text| text.value).unwrap_or_default();
        let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "::1");
        if let Some(neighbour) = service.filter(|_| is_loopback).and_then(|service| self.neighbour(service, port)) {
            return neighbour;
        }
        if is_loopback && network != "host" {
            let is_store = |service: &Entry| self.stores.iter().any(|store| store.service == service.key);
            let own = service
                .is_some_and(|service| is_store(service) || namespace::holds_server(service, &self.catalog[store]));
            let wanted = port.or_else(|| self.catalog[store].ports.first().copied());
            return match wanted
                .and_then(|port| self.published_on(port, store).or_else(|| self.listening_on(port, store)))
            {
                Some(number) if !own => Target::Itself(number),
                _ => Target::Unknown,
            };
        }
        if is_loopback || host == "host.docker.internal" {
            let wanted = port.or_else(|| self.catalog[store].ports.first().copied());
            let found =
                wanted.and_then(|port| self.published_on(port, store).or_else(|| self.on_the_host(port, store)));
            return found.map_or(Target::Unknown, Target::Store);
        }
        self.by_name(service, host, port)
    }

    fn seen_from_host(&self, url: &StoreUrl, store: usize) -> Target {
        let port = match &url.port {
            None => self.catalog[store].ports.first().copied(),
            Some(_) => url.port_number(),
        };
        let host = url.host.text.as_str();
        if matches!(host, "localhost" | "127.0.0.1" | "::1" | "0.0.0.0") {
            let published =
                port.and_then(|port| self.published_on(port, store).or_else(|| self.on_the_host(port, store)));
            let meant = || self.of_password(url, store);
            return published.map(Target::Store).or_else(|| meant().map(Target::Nobody)).unwrap_or(Target::Unknown);
        }
        self.by_name(None, host, port)
    }

    /// The only store with the password of a URL: it is meant, and no server of the machine's own.
    fn of_password(&self, url: &StoreUrl, store: usize) -> Option<usize> {
        let password = url.password.as_ref().map(|password| password.value.reveal())?;
        let is_it = |known: &StoreService| match &known.auth {
            Auth::Password(Some(secret)) => known.store == store && secret.reveal() == password,
            _ => false,
        };
        let mut found = (0..self.stores.len()).filter(|number| is_it(&self.stores[*number]));
        let first = found.next().filter(|_| password.len() >= TELLING)?;
        found.next().is_none().then_some(first)
    }

    /// True if no variable that is set elsewhere takes part in the host.
    fn is_host_certain(&self, url: &StoreUrl, text: &Text) -> bool {
        let Certainty::Unknown(names) = &text.certainty else { return true };
        let span = url.host.span;
        let touches =
            |piece: &&crate::syntax::template::Piece| piece.output.start < span.end && piece.output.end > span.start;
        let variables = text.pieces.iter().filter(touches).flat_map(|piece| {
            let own = match &piece.origin {
                crate::syntax::template::PieceOrigin::Variable { name } => Some(name),
                _ => None,
            };
            piece.inside.iter().chain(own)
        });
        !names.is_empty() && variables.into_iter().all(|name| !names.contains(name))
    }

    /// The store that a service, or a program outside of all, reaches by a name.
    pub(super) fn named(&self, service: Option<&Entry>, host: &str) -> Option<usize> {
        // The container's own list of names goes before the network's.
        if service.is_some_and(|service| namespace::extra_hosts(&service.value).iter().any(|(name, _)| name == host)) {
            return None;
        }
        let is_linked = |store: &StoreService| {
            service.is_some_and(|service| link_aliases(&service.value, &store.service).iter().any(|name| name == host))
        };
        let is_named = |store: &StoreService| store.names.iter().any(|name| name == host);
        self.stores.iter().position(is_linked).or_else(|| self.stores.iter().position(is_named))
    }

    fn by_name(&self, service: Option<&Entry>, host: &str, port: Option<u16>) -> Target {
        let Some(number) = self.named(service, host) else { return Target::Unknown };
        match port {
            Some(port) if !self.stores[number].ports.contains(&port) && !self.stores[number].ports.is_empty() => {
                Target::Nobody(number)
            }
            _ => Target::Store(number),
        }
    }

    /// Where `localhost` leads if a store shares the network of a service.
    fn neighbour(&self, service: &Entry, port: Option<u16>) -> Option<Target> {
        let owner_of = |service: &Entry| namespace::owner(self.project, service).key.clone();
        let own = owner_of(service);
        let shares = |store: &StoreService| {
            let other = self.project.services().iter().find(|other| other.key == store.service);
            store.service != service.key && other.is_some_and(|other| owner_of(other) == own)
        };
        let neighbours = || (0..self.stores.len()).filter(|number| shares(&self.stores[*number]));
        let listens = |number: &usize| {
            let ports = &self.stores[*number].ports;
            port.is_none_or(|port| ports.is_empty() || ports.contains(&port))
        };
        let target = neighbours().find(listens).map(Target::Store);
        target.or_else(|| neighbours().next().map(Target::Nobody))
    }

    fn published_on(&self, port: u16, store: usize) -> Option<usize> {
        self.stores
            .iter()
            .position(|known| known.store == store && known.published.iter().any(|(host, _)| *host == port))
    }

    /// The store that listens on a port of the host, because it is on the host's network.
    fn on_the_host(&self, port: u16, store: usize) -> Option<usize> {
        let is_it =
            |known: &StoreService| known.store == store && known.reach == Reach::Host && known.ports.contains(&port);
        self.stores.iter().position(is_it)
    }

    fn listening_on(&self, port: u16, store: usize) -> Option<usize> {
        self.stores.iter().position(|known| known.store == store && known.ports.contains(&port))
    }
}

/// The host of `redis` or `redis:6379`.
pub(super) fn host_of(value: &str) -> &str {
    value.trim().split(':').next().unwrap_or_default()
}

/// What a known program reads besides the host.
pub(super) fn known_host(client: &Client, env: &ContainerEnv) -> Option<LinkKind> {
    let set = |names: &[String]| names.iter().find(|name| env.get(name).is_some()).cloned();
    let password = set(&client.password).or_else(|| client.password.first().cloned())?;
    let password_file = set(&client.password_file).or_else(|| file_variable(&password, env));
    // A framework may read a file in its image, too.
    let is_only_way = !client.reads_elsewhere && client.signs.is_empty();
    Some(LinkKind::Host { password, is_certain: true, password_file, user: set(&client.user), is_only_way })
}

/// `NAME_FILE`, where it is set: many images take the value of any variable from a file that is named so.
pub(super) fn file_variable(name: &str, env: &ContainerEnv) -> Option<String> {
    let name = format!("{name}_FILE");
    env.get(&name).is_some().then_some(name)
}

/// The lines of env files as a program on the host reads them: those that no container reads, and those with `localhost`.
fn host_entries(workspace: &Workspace<'_>, project: &Project) -> Vec<(SourceId, usize, String, Text)> {
    let in_containers: Vec<SourceId> =
        project.containers.values().flat_map(|env| env.files.iter().map(|file| file.source)).collect();
    let mut entries = Vec::new();
    for source in &project.host_env_files {
        let Some(file) = workspace.env_file(*source) else { continue };
        for (index, entry) in file.entries.iter().enumerate() {
            let Some(value) = &entry.value else { continue };
            let is_local = ["localhost", "127.0.0.1"].iter().any(|host| value.text.contains(host));
            if in_containers.contains(source) && !is_local {
                continue;
            }
            entries.push((*source, index, entry.key.clone(), host_text(value)));
        }
    }
    entries
}

/// The value as a simple dotenv library reads it: unquoted, variables left alone.
fn host_text(value: &crate::syntax::env::EnvValue) -> Text {
    Text::literal(&value.text)
}
