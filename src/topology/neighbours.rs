//! Users of a store in other projects: over a network that both projects are on, or by a port of the host.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use regex::Regex;

use super::Topology;
use super::links::{Link, LinkKind, Target};
use super::mentions::address_of;
use super::namespace;
use super::stores::{self, ImageMatcher, StoreService, names_of, networks};
use crate::catalog::Store;
use crate::lens::command::Command;
use crate::lens::server::Auth;
use crate::model::discover::ProjectFiles;
use crate::model::invocation::normal_name;
use crate::model::node::{Certainty, Entry, Node, Value};
use crate::model::{Options, Project, Workspace};
use crate::source::{Files, decode};

/// Names under which a container knows the host; the last is the address of the usual bridge.
const HOST_NAMES: [&str; 3] = ["host.docker.internal", "gateway.docker.internal", "172.17.0.1"];

/// Words without which no service of a project reaches another project.
const SIGNS: [&str; 6] = ["external", "name:", "host-gateway", HOST_NAMES[0], HOST_NAMES[1], HOST_NAMES[2]];

/// A service of another project that names a store of this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Neighbour {
    /// The first Compose file of its project.
    pub file: PathBuf,
    /// The service.
    pub service: String,
    /// How it gets there.
    pub way: Way,
}

/// How a service of another project reaches a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A network on which both are, as the engine calls it.
    Network(String),
    /// A port of the host, by an address that the containers have for it.
    Bridge,
    /// A port of the host, whose network the service is on.
    Loopback,
}

/// A server of another project to which a URL leads.
#[derive(Debug, Clone)]
pub struct ForeignServer {
    /// The first Compose file of its project.
    pub file: PathBuf,
    /// Its service.
    pub service: String,
    /// What it asks of those who connect.
    pub auth: Auth,
}

/// The projects around those that are judged, as far as their services may reach stores of each other. They are searched and
/// read when that is asked first.
pub struct Surroundings<'a> {
    search: Box<dyn Fn() -> Vec<ProjectFiles> + Send + Sync + 'a>,
    options: &'a Options,
    files: &'a dyn Files,
    sets: OnceLock<Vec<ProjectFiles>>,
    visitors: OnceLock<Vec<Visitors>>,
    servers: OnceLock<Vec<Servers>>,
}

/// The stores of a project, each with the networks that it is on.
struct Servers {
    paths: Vec<PathBuf>,
    stores: Vec<(StoreService, Vec<Network>)>,
}

impl<'a> Surroundings<'a> {
    /// What `search` finds: the judged projects are among them.
    pub fn new(
        search: impl Fn() -> Vec<ProjectFiles> + Send + Sync + 'a,
        options: &'a Options,
        files: &'a dyn Files,
    ) -> Self {
        Self {
            search: Box::new(search),
            options,
            files,
            sets: OnceLock::new(),
            visitors: OnceLock::new(),
            servers: OnceLock::new(),
        }
    }

    /// The projects that are found; none where there is only the judged one.
    fn sets(&self) -> &[ProjectFiles] {
        let sets = self.sets.get_or_init(|| (self.search)());
        if sets.len() > 1 { sets } else { &[] }
    }

    fn visitors(&self) -> &[Visitors] {
        self.visitors.get_or_init(|| {
            let sets = self.sets();
            // Those of one folder share its networks without a word.
            let mut in_folder: BTreeMap<&Path, usize> = BTreeMap::new();
            sets.iter().for_each(|set| *in_folder.entry(&set.folder).or_default() += 1);
            let sets = sets.iter().filter(|set| in_folder[set.folder.as_path()] > 1 || may_visit(self.files, set));
            let read = |set: &ProjectFiles| {
                let workspace = Workspace::read(self.files, std::slice::from_ref(set), self.options);
                // Compose reads no file that breaks off.
                workspace.projects.first().filter(|_| !workspace.has_cut_files()).map(Visitors::of)
            };
            sets.filter_map(read).collect()
        })
    }

    fn servers(&self, catalog: &[Store]) -> &[Servers] {
        self.servers.get_or_init(|| {
            let images = ImageMatcher::new(catalog);
            let read = |set: &ProjectFiles| {
                let mut workspace = Workspace::read(self.files, std::slice::from_ref(set), self.options);
                let stores = stores::find(&mut workspace, 0, &images);
                let project = workspace.projects.first()?;
                let networked = |store: StoreService| {
                    let networks = engine_networks(project, &store.networks);
                    (store, networks)
                };
                Some(Servers { paths: project.paths.clone(), stores: stores.into_iter().map(networked).collect() })
            };
            self.sets().iter().filter_map(read).collect()
        })
    }
}

/// True if a text of the project has one of the [`SIGNS`].
fn may_visit(files: &dyn Files, set: &ProjectFiles) -> bool {
    let dotenv = set.folder.join(".env");
    let mut paths = set.files.iter().chain(&set.env_files).chain([&dotenv]);
    paths.any(|path| {
        let text = files.read(path).ok().and_then(|bytes| decode(&bytes).ok().map(|text| text.to_string()));
        text.is_some_and(|text| SIGNS.iter().any(|sign| text.contains(sign)))
    })
}

/// The services of a project, as far as they may reach stores of another one.
struct Visitors {
    paths: Vec<PathBuf>,
    names: Vec<String>,
    services: Vec<Visitor>,
}

struct Visitor {
    service: String,
    networks: Vec<Network>,
    /// What names the host, or `localhost` where the service is on its network.
    by_host: Vec<HostAddress>,
    is_on_the_host: bool,
    /// What may name an address: variables with their names, and the words of commands.
    texts: Vec<String>,
}

/// A way by the host.
enum HostAddress {
    /// To this port.
    Port(u16),
    /// To a port that is not said, in a variable of this name in small letters.
    Variable(String),
}

impl HostAddress {
    /// True if the store is behind the port, or the variable is named after the store, by one of the `words`.
    fn leads_to(&self, store: &StoreService, words: &[&str]) -> bool {
        match self {
            Self::Port(port) => store.published.iter().any(|(host, _)| host == port),
            Self::Variable(name) => !store.published.is_empty() && words.iter().any(|word| name.contains(word)),
        }
    }
}

/// A network as the engine knows it.
struct Network {
    name: String,
    /// False for a name that Compose makes: others may come upon it by chance.
    is_explicit: bool,
    /// The project folder: Compose files of one folder are one project for the engine.
    folder: PathBuf,
}

impl Visitors {
    fn of(project: &Project) -> Self {
        let names = project.services().iter().map(|service| service.key.clone()).collect();
        let services = project.services().iter().map(|service| Visitor::of(project, service)).collect();
        Self { paths: project.paths.clone(), names, services }
    }

    /// Those that name a store of another project.
    fn users(&self, store: &StoreService, at: &[Network], words: &[&str]) -> Vec<Neighbour> {
        // A service of that name in the project itself is nearer.
        let names: Vec<String> = store.names.iter().filter(|name| !self.names.contains(name)).cloned().collect();
        // Patterns cost more than all else, and most projects have nothing to do with each other.
        let is_near = |text: &String| names.iter().any(|name| text.contains(name.as_str()));
        let address = OnceCell::new();
        let address = || address.get_or_init(|| address_of(&names));
        let users = self.services.iter().filter_map(|visitor| {
            let is_named = |pattern: &Regex| visitor.texts.iter().any(|text| pattern.is_match(text));
            let network = visitor.networks.iter().find(|network| at.iter().any(|other| other.is_it(network)));
            let by_network = network
                .filter(|_| visitor.texts.iter().any(is_near) && is_named(address()))
                .map(|network| Way::Network(network.name.clone()));
            let by_host = || {
                let way = if visitor.is_on_the_host { Way::Loopback } else { Way::Bridge };
                visitor.by_host.iter().any(|address| address.leads_to(store, words)).then_some(way)
            };
            let way = by_network.or_else(by_host)?;
            Some(Neighbour { file: self.paths.first()?.clone(), service: visitor.service.clone(), way })
        });
        users.collect()
    }
}

impl Visitor {
    fn of(project: &Project, service: &Entry) -> Self {
        let owner = &namespace::owner(project, service).value;
        let mode = owner.get("network_mode").and_then(Node::scalar_text).map(|text| text.value);
        let is_on_the_host = mode.as_deref() == Some("host");
        let mut hosts: Vec<String> = HOST_NAMES.map(str::to_owned).into();
        if is_on_the_host {
            hosts.extend(["localhost", "127.0.0.1"].map(str::to_owned));
        }
        let of_gateway = |(name, address): (String, String)| (address == "host-gateway").then_some(name);
        hosts.extend(namespace::extra_hosts(owner).into_iter().filter_map(of_gateway));
        let networks = match mode {
            Some(mode) if !["host", "none", "bridge"].contains(&mode.as_str()) && !mode.contains(':') => {
                vec![Network { name: mode, is_explicit: true, folder: project.folder.clone() }]
            }
            Some(_) => Vec::new(),
            None => engine_networks(project, &networks(owner)),
        };
        let texts = texts(project, service);
        let by_host = texts.iter().flat_map(|text| host_addresses(text, &hosts)).collect();
        Self { service: service.key.clone(), networks, by_host, is_on_the_host, texts }
    }
}

impl Network {
    fn is_it(&self, other: &Self) -> bool {
        self.name == other.name && (self.is_explicit || other.is_explicit || self.folder == other.folder)
    }
}

impl Topology {
    /// The services of other projects, of the workspace and around it, that name the store `number` as an address at which
    /// they reach it.
    pub fn neighbours(
        &self,
        workspace: &Workspace<'_>,
        surroundings: &Surroundings<'_>,
        catalog: &[Store],
        number: usize,
    ) -> Vec<Neighbour> {
        let store = &self.stores[number];
        let own = store.project(workspace);
        let at = engine_networks(own, &store.networks);
        let definition = &catalog[store.store];
        let schemes = definition.schemes.plain.iter().chain(&definition.schemes.tls);
        let words: Vec<&str> = schemes.chain([&definition.id]).map(String::as_str).collect();
        // The same files under another name are the same containers.
        let shares_files = |paths: &[PathBuf]| paths.iter().any(|path| own.paths.contains(path));
        let near = workspace.projects.iter().enumerate().filter(|(other, _)| *other != store.project);
        let near: Vec<Visitors> = near.map(|(_, project)| Visitors::of(project)).collect();
        let is_read = |paths: &[PathBuf]| workspace.projects.iter().any(|project| project.paths == paths);
        let around = surroundings.visitors().iter().filter(|visitors| !is_read(&visitors.paths));
        let others = near.iter().chain(around).filter(|visitors| !shares_files(&visitors.paths));
        let mut found: Vec<_> = others.flat_map(|visitors| visitors.users(store, &at, &words)).collect();
        found.sort();
        found.dedup();
        found
    }
}

impl Topology {
    /// Notes which URLs lead to a server of another project, over a network that both name: to just one, for certain.
    pub fn look_around(&mut self, workspace: &Workspace<'_>, surroundings: &Surroundings<'_>, catalog: &[Store]) {
        let unknown = self.links.iter().enumerate().filter(|(_, link)| link.target == Target::Unknown);
        let found = unknown
            .filter_map(|(number, link)| Some((number, foreign_server(workspace, surroundings, catalog, link)?)));
        self.foreign = found.collect();
    }

    /// The server of another project to which a URL leads.
    pub fn foreign_server(&self, link: &Link) -> Option<&ForeignServer> {
        let number = self.links.iter().position(|other| std::ptr::eq(other, link))?;
        self.foreign.get(&number)
    }
}

fn foreign_server(
    workspace: &Workspace<'_>,
    surroundings: &Surroundings<'_>,
    catalog: &[Store],
    link: &Link,
) -> Option<ForeignServer> {
    let (LinkKind::Url(url), Some(service)) = (&link.kind, &link.service) else { return None };
    let project = &workspace.projects[link.project];
    let entry = project.services().iter().find(|entry| entry.key == *service)?;
    let owner = namespace::owner(project, entry);
    let host = url.host.text.as_str();
    let is_own =
        |other: &Entry| names_of(project, &other.key).is_some_and(|names| names.iter().any(|name| name == host));
    if link.text.certainty != Certainty::Known
        || host.is_empty()
        || owner.value.get("network_mode").is_some()
        || project.services().iter().any(is_own)
    {
        return None;
    }
    let mut at = engine_networks(project, &networks(&owner.value));
    at.retain(|network| network.is_explicit);
    if at.is_empty() {
        return None;
    }
    let port = match &url.port {
        Some(_) => url.port_number()?,
        None => *catalog[link.store].ports.first()?,
    };
    let others = surroundings.servers(catalog).iter().filter(|servers| servers.paths != project.paths);
    let all = others.flat_map(|servers| servers.stores.iter().map(move |(store, networks)| (servers, store, networks)));
    let mut meant = all.filter(|(_, store, networks)| {
        let meets = networks.iter().any(|network| at.iter().any(|own| own.is_it(network)));
        meets && store.names.iter().any(|name| name == host)
    });
    let (servers, store, _) = meant.next()?;
    let is_it = meant.next().is_none() && store.is_server() && store.sentinel.is_none() && store.ports.contains(&port);
    is_it.then(|| ForeignServer {
        file: servers.paths.first().cloned().unwrap_or_default(),
        service: store.service.clone(),
        auth: store.auth.clone(),
    })
}

/// The places of a text that name the host, by one of its names.
fn host_addresses<'t>(text: &'t str, hosts: &'t [String]) -> impl Iterator<Item = HostAddress> + 't {
    let is_inside_a_name = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    let read = move |(at, host): (usize, &str)| {
        let (before, behind) = (&text[..at], &text[at + host.len()..]);
        if before.ends_with(is_inside_a_name) {
            return None;
        }
        if let Some(port) = behind.strip_prefix(':') {
            let digits = port.len() - port.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            return Some(HostAddress::Port(port[..digits].parse().ok()?));
        }
        let (name, start) = before.split_once('=')?;
        let is_whole = (behind.is_empty() || behind.starts_with(['/', '?']))
            && (start.is_empty() || start.ends_with(['/', '@']))
            && !start.contains(char::is_whitespace);
        is_whole.then(|| HostAddress::Variable(name.to_ascii_lowercase()))
    };
    hosts.iter().flat_map(move |host| text.match_indices(host.as_str())).filter_map(read)
}

/// What may name an address: variables with their names, and the words of commands.
fn texts(project: &Project, service: &Entry) -> Vec<String> {
    let variables = project.containers[&service.key].variables.iter();
    let variables =
        variables.filter_map(|variable| Some(format!("{}={}", variable.name, variable.value.as_ref()?.value)));
    let words: Vec<String> = Command::all_words(&service.value).into_iter().map(|word| word.text).collect();
    variables.chain([words.join(" ")]).collect()
}

/// The names by which the engine knows networks of a project.
fn engine_networks(project: &Project, keys: &[String]) -> Vec<Network> {
    let of_project = project_names(project);
    let of_key = |key: &String| -> Vec<(String, bool)> {
        let network = project.root.as_ref().and_then(|root| root.at(&["networks", key]));
        let external = network.and_then(|network| network.get("external"));
        let external = external.filter(|node| !matches!(node.value, Value::Bool(false) | Value::Null));
        let named = network.and_then(|network| network.get("name")).or_else(|| external?.get("name"));
        match named.and_then(Node::scalar_text) {
            Some(name) => vec![(name.value, true)],
            None if external.is_some() => vec![(key.clone(), true)],
            None => of_project.iter().map(|name| (format!("{name}_{key}"), false)).collect(),
        }
    };
    let all = keys.iter().flat_map(of_key).filter(|(name, _)| !name.is_empty());
    all.map(|(name, is_explicit)| Network { name, is_explicit, folder: project.folder.clone() }).collect()
}

/// What Compose may call a project: the person who starts it can say another name.
fn project_names(project: &Project) -> Vec<String> {
    let written = project.root.as_ref().and_then(|root| root.get("name")).and_then(Node::scalar_text);
    let folder = || Path::file_name(&project.folder).and_then(|name| name.to_str()).map(str::to_owned);
    let said = project.variables.get("COMPOSE_PROJECT_NAME").map(str::to_owned);
    let mut names: Vec<_> = [written.map(|text| text.value), said, folder()].into_iter().flatten().collect();
    names.iter_mut().for_each(|name| *name = normal_name(name));
    names.sort();
    names.dedup();
    names
}
