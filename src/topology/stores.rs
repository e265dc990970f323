//! Which services are data stores, whether they demand a password, and who can reach them.

use std::collections::BTreeMap;

use regex::Regex;

use super::built_image::Origin;
use super::container_files::{self, FileContent};
use super::namespace;
use super::part::is_blank;
use super::patterns::compiled;
use super::users::UsersFile;
use crate::catalog::{ArgvSyntax, ImageName, Mechanism, Store};
use crate::lens::command::Command;
use crate::lens::mount::mounts;
use crate::lens::port::{Exposure, Port, ports};
use crate::lens::server::{self, Auth, ConfAuth, ConfFile, DefaultUser, Monitor, Sentinel, Setup, UsersIn};
use crate::lens::value::{Lookup, Secret, Word};
use crate::model::container_env::ContainerEnv;
use crate::model::node::{Certainty, Entry, Node, Value};
use crate::model::{Project, Workspace};
use crate::source::absolute;
use crate::syntax::{acl, redis_conf};

/// Who can reach a store, the widest circle that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is published beyond the host itself.
    Published,
    /// It listens on the host's own network.
    Host,
    /// It is on a network that other projects use.
    Shared,
    /// The containers of its project.
    Project,
    /// The programs in its own container, as long as it has no password.
    Itself,
}

/// What `$(cat FILE)` would come to.
#[derive(Debug, Clone)]
pub struct MeantPassword {
    /// The file, by its path in the container.
    pub path: String,
    /// What it holds.
    pub content: FileContent,
}

/// A service that is a data store.
#[derive(Debug, Clone)]
pub struct StoreService {
    /// Number of the project in the workspace.
    pub project: usize,
    /// Name of the service.
    pub service: String,
    /// Number of the store in the catalog.
    pub store: usize,
    /// Number of the pattern in [`Store::images`] that its image matches.
    pub pattern: usize,
    /// Its image, or the one on which it rests where the project builds it.
    pub image: String,
    /// Whether it demands a password.
    pub auth: Auth,
    /// Its password, if it is a word that programs take for none, such as `null`: it counts as open then.
    pub placeholder: Option<String>,
    /// Its password, if it is the text of a variable that nothing has replaced, such as `${NAME}`: it counts as open then.
    pub unexpanded_variable: Option<String>,
    /// The file from which it takes its password when it starts, by its path in the container.
    pub password_file: Option<String>,
    /// The file that decides who may log in, if there is one and it can be seen.
    pub users: Option<UsersFile>,
    /// What a shell would take for the password, where none replaces the `$(cat FILE)` that stands for it.
    pub meant: Option<MeantPassword>,
    /// Names under which other containers reach it.
    pub names: Vec<String>,
    /// Ports on which it listens in its container.
    pub ports: Vec<u16>,
    /// The service in whose network it is: itself, or the one that it joins.
    owner: String,
    /// The container ports behind which its data lies; `None` if that can't be seen.
    doors: Option<Vec<u16>>,
    /// Ports of the host that lead to it: host port, container port.
    pub published: Vec<(u16, u16)>,
    /// Who can reach it.
    pub reach: Reach,
    /// True if it has no password, and lets in only programs with a certificate.
    pub asks_for_certificates: bool,
    /// What turns everyone else away, where only programs in its own container reach it: an option with its value.
    pub closed_by: Option<String>,
    /// The networks it is on that other projects use, too, as the engine calls them.
    pub shared_networks: Vec<String>,
    /// True if its data outlives the container.
    pub has_data_volume: bool,
    /// True if its arguments ask it to keep its data on disk.
    pub persists: bool,
    /// The server that it copies, if it is a replica.
    pub replica_of: Option<String>,
    /// True if it is a part of a cluster.
    pub is_clustered: bool,
    /// What it watches, if it is a Sentinel in place of a server.
    pub sentinel: Option<Sentinel>,
    /// The networks of the project that it is on.
    pub networks: Vec<String>,
    /// Mounted configuration files, by their path in the container.
    configurations: BTreeMap<String, ConfFile>,
    /// Where its image comes from.
    origin: Origin,
}

impl StoreService {
    /// The project that holds it.
    pub fn project<'w>(&self, workspace: &'w Workspace<'_>) -> &'w Project {
        &workspace.projects[self.project]
    }

    /// Its node in the project.
    pub fn node<'w>(&self, workspace: &'w Workspace<'_>) -> &'w Node {
        self.project(workspace).service(&self.service).expect("a store service is a service of its project")
    }

    /// How its image takes the password.
    pub fn mechanism<'c>(&self, stores: &'c [Store]) -> &'c Mechanism {
        &stores[self.store].images[self.pattern].mechanism
    }

    /// True if it is known to be a server, in place of a program from the same image.
    pub fn is_server(&self) -> bool {
        !matches!(self.auth, Auth::Unknown(_) | Auth::NoServer(_))
    }

    /// True if an entry under `ports` of a service leads to it, or may.
    pub fn is_behind(&self, service: &str, port: &Port<'_>) -> bool {
        self.owner == service && leads(port, self.doors.as_deref())
    }

    /// Calls `use_setup` with what the service says about its server.
    pub fn with_setup<T>(&self, workspace: &Workspace<'_>, use_setup: impl FnOnce(&Setup<'_>) -> T) -> T {
        let project = self.project(workspace);
        let env = &project.containers[&self.service];
        with_setup(self.node(workspace), env, &self.origin, &self.configurations, use_setup)
    }

    /// True if the project neither says what it starts, nor is that known of its image.
    pub fn has_unknown_command(&self, stores: &[Store]) -> bool {
        matches!(self.origin, Origin::Named) && stores[self.store].images[self.pattern].is_fork
    }

    /// True if the image has a healthcheck of its own, by the Dockerfile in the project.
    pub fn has_check_in_image(&self) -> bool {
        matches!(&self.origin, Origin::Built(image) if image.has_check)
    }

    /// The command that its Dockerfile gives it, if the project gives it neither command nor entry point.
    pub fn command_of_image(&self, workspace: &Workspace<'_>) -> Option<&[Word]> {
        let node = self.node(workspace);
        let is_own = ["command", "entrypoint"].into_iter().any(|key| node.get(key).is_some_and(|node| !node.is_null()));
        match &self.origin {
            Origin::Built(image) if !is_own => image.command.as_deref(),
            _ => None,
        }
    }
}

/// Tells which store an image holds.
pub struct ImageMatcher<'c> {
    stores: &'c [Store],
    patterns: Vec<(usize, usize, Regex)>,
}

impl<'c> ImageMatcher<'c> {
    /// A matcher for the stores of the catalog. A pattern that is no regular expression matches nothing; rule files are
    /// checked before use.
    pub fn new(stores: &'c [Store]) -> Self {
        let patterns = stores.iter().enumerate().flat_map(|(number, store)| {
            store.images.iter().enumerate().filter_map(move |(pattern, image)| {
                Some((number, pattern, compiled(&format!("^(?:{})$", image.pattern))?))
            })
        });
        Self { stores, patterns: patterns.collect() }
    }

    /// Numbers of the store and of the pattern that an image matches.
    pub fn find(&self, image: &str) -> Option<(usize, usize)> {
        // A tag that comes from a variable without a value leaves its colon.
        let repository = ImageName::parse(image.trim_end_matches(':')).ok()?.repository();
        let found = self.patterns.iter().find(|(_, _, regex)| regex.is_match(&repository))?;
        Some((found.0, found.1))
    }
}

/// Finds the stores of a project.
pub(super) fn find(workspace: &mut Workspace<'_>, number: usize, images: &ImageMatcher<'_>) -> Vec<StoreService> {
    let names: Vec<_> = workspace.projects[number].services().iter().map(|service| service.key.clone()).collect();
    names.into_iter().filter_map(|name| read(workspace, number, &name, images)).collect()
}

/// What a service says about its server by itself.
struct Judged {
    auth: Auth,
    users_file: Option<UsersIn>,
    replica_of: Option<String>,
    is_clustered: bool,
    sentinel: Option<Sentinel>,
    listening: Listening,
    closed_by: Option<String>,
    asks_for_certificates: bool,
    password_file: Option<String>,
}

impl Judged {
    fn read(
        mechanism: &Mechanism,
        setup: &Setup<'_>,
        conf_ports: &BTreeMap<String, Listening>,
        version: Option<u32>,
    ) -> Self {
        let auth = server::auth(mechanism, setup);
        Self {
            users_file: server::users_file(mechanism, setup),
            replica_of: server::replica_of(mechanism, setup),
            is_clustered: server::is_clustered(mechanism, setup),
            sentinel: server::sentinel(mechanism, setup),
            listening: listening(setup, conf_ports),
            closed_by: server::closed_to_others(mechanism, setup, version),
            asks_for_certificates: server::asks_for_certificates(mechanism, setup),
            password_file: server::password_file(mechanism, setup).filter(|_| auth == Auth::Password(None)),
            auth,
        }
    }
}

fn read(workspace: &mut Workspace<'_>, number: usize, name: &str, images: &ImageMatcher<'_>) -> Option<StoreService> {
    let (image, origin) = image(workspace, number, name, images)?;
    let (store, pattern) = images.find(&image)?;
    let (configurations, conf_ports) = configurations(workspace, number, name, &origin);
    let project = &workspace.projects[number];
    let service = project.service(name)?;
    let definition: &Store = &images.stores[store];
    let mechanism = &definition.images[pattern].mechanism;
    let env = &project.containers[name];
    let judged = with_setup(service, env, &origin, &configurations, |setup| {
        Judged::read(mechanism, setup, &conf_ports, major_version(&image))
    });
    let Judged {
        mut auth,
        users_file,
        sentinel,
        listening,
        closed_by,
        asks_for_certificates,
        password_file,
        replica_of,
        is_clustered,
    } = judged;
    let users = match (&auth, users_file) {
        (Auth::Acl, Some(UsersIn::Own(path))) => UsersFile::read(workspace, number, name, &origin, &path),
        (Auth::Acl | Auth::Open, Some(UsersIn::Config(path))) => UsersFile::read_conf(workspace, number, name, &path),
        _ => None,
    };
    // A file with users decides alone; the user `default` is open where it does not speak of it.
    if users.as_ref().is_some_and(UsersFile::opens_to_all) {
        auth = Auth::Open;
    }
    let meant = auth.unexpanded().and_then(printed_file).map(|path| {
        let content = container_files::content(workspace, number, name, &path);
        MeantPassword { path, content }
    });
    let project = &workspace.projects[number];
    let entry = project.services().iter().find(|entry| entry.key == name)?;
    let (service, owner) = (&entry.value, namespace::owner(project, entry));
    // Nobody waits for the end of a server.
    if matches!(auth, Auth::Unknown(_)) && is_awaited_to_end(project, name) {
        auth = Auth::NoServer("other services wait for its end".to_owned());
    }
    let keeps = origin.keeps(mechanism);
    let auth = match auth {
        _ if unreadable(service) => Auth::Unknown("its command can't be read".to_owned()),
        Auth::Open | Auth::Refuses(_) if !keeps && service.get("entrypoint").is_none() => {
            Auth::Unknown("its image is built here: what its Dockerfile starts can't be seen".to_owned())
        }
        auth => auth,
    };
    let is_plain = opens_only_its_ports(mechanism) && keeps;
    let is_seen = is_plain && !matches!(auth, Auth::Unknown(_) | Auth::NoServer(_));
    let (listens_on, is_listed, auth) = match listening {
        Listening::Usual => (definition.ports.clone(), is_seen, auth),
        Listening::On(0) => (Vec::new(), true, Auth::NoServer("it listens on a socket only".to_owned())),
        Listening::On(port) => (vec![port], is_plain, auth),
        Listening::Unknown => (Vec::new(), false, auth),
    };
    // What joins another service's network shares its ports with others: only those that are known are its own.
    let doors = (is_listed || owner.key != entry.key).then(|| listens_on.clone());
    let leading: Vec<_> = ports(&owner.value).into_iter().filter(|port| leads(port, doors.as_deref())).collect();
    let closed_by = closed_by.filter(|_| auth == Auth::Open);
    let asks_for_certificates = asks_for_certificates && auth == Auth::Open;
    let reach = match reach(project, entry, owner, &leading) {
        // The programs of the host are its neighbours there.
        Reach::Host if closed_by.is_some() => Reach::Project,
        _ if closed_by.is_some() && owner.value.get("network_mode").is_none() => {
            let shares = |other: &Entry| other.key != name && namespace::owner(project, other).key == owner.key;
            if project.services().iter().any(shares) { Reach::Project } else { Reach::Itself }
        }
        reach => reach,
    };
    let unexpanded_variable = auth.unexpanded_variable().map(str::to_owned);
    let (placeholder, auth) = match auth {
        _ if unexpanded_variable.is_some() => (None, Auth::Open),
        Auth::Password(Some(secret)) if is_blank(secret.reveal()) => (Some(secret.reveal().to_owned()), Auth::Open),
        auth => (None, auth),
    };
    Some(StoreService {
        project: number,
        service: name.to_owned(),
        store,
        pattern,
        image,
        auth,
        placeholder,
        unexpanded_variable,
        password_file,
        users,
        meant,
        names: names(project, entry, owner),
        published: published(&leading),
        reach,
        asks_for_certificates,
        closed_by,
        owner: owner.key.clone(),
        doors,
        shared_networks: shared_networks(project, &owner.value),
        persists: persists(service),
        has_data_volume: mounts(service).iter().any(|mount| !configurations.contains_key(&mount.target)),
        ports: listens_on,
        replica_of,
        is_clustered,
        sentinel,
        networks: networks(&owner.value),
        configurations,
        origin,
    })
}

/// The image of a service, and where it comes from; `None` if it holds no store.
fn image(
    workspace: &mut Workspace<'_>,
    number: usize,
    name: &str,
    images: &ImageMatcher<'_>,
) -> Option<(String, Origin)> {
    let origin = Origin::read(workspace, number, name);
    if let Origin::Built(built) = &origin
        && images.find(&built.base).is_some()
    {
        return Some((built.base.clone(), origin));
    }
    let image = workspace.projects[number].service(name)?.get("image")?.as_text()?.value.clone();
    images.find(&image)?;
    // A server on a base of another kind: only its name tells what it is.
    let origin = if matches!(origin, Origin::Named) { Origin::Named } else { Origin::Unseen };
    Some((image, origin))
}

/// The file that `$(cat FILE)` prints.
fn printed_file(text: &str) -> Option<String> {
    let path = text.strip_prefix("$(cat ")?.strip_suffix(')')?.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    (path.starts_with('/') && path.chars().all(is_plain)).then(|| path.to_owned())
}

fn unreadable(service: &Node) -> bool {
    ["command", "entrypoint"].into_iter().any(|key| Command::read(service, key).is_err())
}

fn with_setup<T>(
    service: &Node,
    env: &ContainerEnv,
    origin: &Origin,
    configurations: &BTreeMap<String, ConfFile>,
    use_setup: impl FnOnce(&Setup<'_>) -> T,
) -> T {
    let words = |key: &str| Command::read(service, key).ok().flatten().map(|command| command.words);
    let (entrypoint, command) = origin.start(words("entrypoint"), words("command"));
    let lookup = |name: &str| match lookup(env, name) {
        Lookup::Absent if origin.may_set(name) => Lookup::Unknown,
        found => found,
    };
    let conf = |path: &str| match configuration(service, configurations, path) {
        ConfFile::NotMounted if origin.hides(path) => ConfFile::Unreadable,
        found => found,
    };
    use_setup(&Setup { entrypoint: entrypoint.as_deref(), command: command.as_deref(), env: &lookup, conf: &conf })
}

/// What is known of a variable of a container.
pub fn lookup(env: &ContainerEnv, name: &str) -> Lookup {
    match env.get(name) {
        None if env.open => Lookup::Unknown,
        None => Lookup::Absent,
        Some(variable) => match &variable.value {
            None => Lookup::Unknown,
            Some(text) if matches!(text.certainty, Certainty::Unknown(_)) => Lookup::Unknown,
            Some(text) => Lookup::Known(text.value.clone()),
        },
    }
}

/// Where a server listens, as far as it says so.
enum Listening {
    /// Nothing is said: the ports of its kind.
    Usual,
    /// On this port; 0 for a socket only.
    On(u16),
    /// It can't be seen.
    Unknown,
}

fn listening(setup: &Setup<'_>, ports: &BTreeMap<String, Listening>) -> Listening {
    let words: Vec<&Word> = [setup.entrypoint, setup.command].into_iter().flatten().flatten().collect();
    let script = words.iter().find(|word| word.text.contains(char::is_whitespace));
    if words.iter().any(|word| word.text == "--tls-port") || script.is_some_and(|word| word.text.contains("port")) {
        return Listening::Unknown;
    }
    if let Some(at) = words.iter().rposition(|word| word.text == "--port") {
        let port = words.get(at + 1).filter(|word| word.certain).and_then(|word| word.text.parse().ok());
        return port.map_or(Listening::Unknown, Listening::On);
    }
    let file = words.iter().find(|word| word.text.ends_with(".conf"));
    match file.map(|file| ports.get(&file.text)) {
        None | Some(Some(Listening::Usual)) => Listening::Usual,
        Some(Some(Listening::On(port))) => Listening::On(*port),
        Some(_) => Listening::Unknown,
    }
}

/// True if the last word about it turns the append-only file on, or snapshots.
fn persists(service: &Node) -> bool {
    let words = Command::all_words(service);
    let value = |option: &str| {
        let at = words.iter().rposition(|word| word.text == option)?;
        words.get(at + 1).filter(|word| word.certain).map(|word| word.text.as_str())
    };
    value("--appendonly") == Some("yes")
        || value("--save")
            .is_some_and(|times| times.trim_matches(['"', '\'']).starts_with(|c: char| c.is_ascii_digit()))
}

/// True if the server listens on loopback addresses only, by its own arguments.
fn binds_to_loopback(service: &Node) -> bool {
    let words = Command::all_words(service);
    let Some(at) = words.iter().rposition(|word| word.text == "--bind") else { return false };
    let mut addresses = words[at + 1..].iter().take_while(|word| !word.text.starts_with("--")).peekable();
    let is_loopback = |word: &Word| matches!(word.text.trim_start_matches('-'), "127.0.0.1" | "::1" | "localhost");
    addresses.peek().is_some() && addresses.all(is_loopback)
}

/// The first number of the version in an image's tag; `None` where it has none, as `latest`.
fn major_version(image: &str) -> Option<u32> {
    let tag = ImageName::parse(image).ok()?.tag?;
    tag.trim_start_matches('v').split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// What is mounted at a path in the container, or above it.
fn configuration(service: &Node, configurations: &BTreeMap<String, ConfFile>, path: &str) -> ConfFile {
    if let Some(known) = configurations.get(path) {
        return known.clone();
    }
    let covers = |target: &String| {
        path.strip_prefix(target.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if container_files::targets(service).iter().any(covers) { ConfFile::Unreadable } else { ConfFile::NotMounted }
}

/// The configuration files that a service mounts from the repository, as a file or within a folder.
fn configurations(
    workspace: &mut Workspace<'_>,
    number: usize,
    name: &str,
    origin: &Origin,
) -> (BTreeMap<String, ConfFile>, BTreeMap<String, Listening>) {
    let project = &workspace.projects[number];
    let folder = project.folder.clone();
    let Some(service) = project.service(name) else { return Default::default() };
    let mounted: Vec<_> = mounts(service).into_iter().map(|mount| mount.target).collect();
    let (mut wanted, changed) = origin.configurations(&mounted);
    for mount in mounts(service).iter().filter(|mount| mount.is_bind) {
        let Some(source) = mount.source.as_ref().filter(|source| !matches!(source.certainty, Certainty::Unknown(_)))
        else {
            continue;
        };
        let path = absolute(&folder, &source.value);
        wanted.push((mount.target.clone(), path.clone()));
        let inside = workspace.sources.list(&path);
        wanted.extend(inside.into_iter().filter_map(|file| {
            let name = file.file_name()?.to_str()?.to_owned();
            (name.ends_with(".conf") || name.ends_with(".acl"))
                .then(|| (format!("{}/{name}", mount.target.trim_end_matches('/')), file))
        }));
    }
    let mut found: BTreeMap<_, _> = changed.into_iter().map(|path| (path, ConfFile::Unreadable)).collect();
    let mut texts = BTreeMap::new();
    for (target, path) in wanted {
        if !matches!(workspace.sources.kind(&path), crate::source::FileKind::File) {
            continue;
        }
        match workspace.sources.load(&path) {
            Ok(source) => {
                texts.insert(target, workspace.sources.get(source).text.clone());
            }
            Err(_) => {
                found.insert(target, ConfFile::Unreadable);
            }
        }
    }
    let container_files::Loaded { texts, scripts } = container_files::load(workspace, number, name, texts);
    found.extend(scripts.into_iter().map(|(target, script)| (target, ConfFile::Script(script))));
    for (target, text) in &texts {
        found.entry(target.clone()).or_insert_with(|| ConfFile::Read(Box::new(conf_auth(text))));
    }
    let ports = texts.into_iter().map(|(target, text)| {
        let conf = redis_conf::parse(&text).0;
        let port = conf.last("port").and_then(|directive| directive.args.first()?.value.parse().ok());
        let listening = match port {
            _ if conf.last("tls-port").is_some() || conf.all("include").next().is_some() => Listening::Unknown,
            Some(port) => Listening::On(port),
            None => Listening::Usual,
        };
        (target, listening)
    });
    (found, ports.collect())
}

fn conf_auth(text: &str) -> ConfAuth {
    let (conf, _) = redis_conf::parse(text);
    let (users, _) = acl::from_conf(&conf);
    let default_user = match users.default_user() {
        acl::DefaultUser::NotDefined => DefaultUser::NotDefined,
        acl::DefaultUser::Open => DefaultUser::Open,
        acl::DefaultUser::Off => DefaultUser::Off,
        acl::DefaultUser::Password => {
            let password =
                users.users.iter().rfind(|user| user.name == "default").and_then(|user| user.passwords.last());
            DefaultUser::Password(password.map(|password| Secret::new(password.text.clone())))
        }
    };
    let value = |name: &str| conf.last(name).and_then(|directive| Some(directive.args.first()?.value.clone()));
    ConfAuth {
        requirepass: value("requirepass").map(Secret::new),
        default_user,
        acl_file: value("aclfile").filter(|path| !path.is_empty()),
        includes_unknown: conf.all("include").next().is_some(),
        replica_of: ["replicaof", "slaveof"]
            .into_iter()
            .find_map(|name| value(name).filter(|host| !host.eq_ignore_ascii_case("no"))),
        is_clustered: value("cluster-enabled").is_some_and(|value| value.eq_ignore_ascii_case("yes")),
        master_password: value("masterauth").map(Secret::new),
        monitors: text.lines().filter_map(Monitor::of_line).collect(),
        bind: conf.last("bind").map(|directive| directive.args.iter().map(|address| address.value.clone()).collect()),
        protected_mode: value("protected-mode"),
        port: value("port"),
        tls_port: value("tls-port"),
        tls_auth_clients: value("tls-auth-clients"),
    }
}

/// The names under which other containers reach a service of a project.
pub fn names_of(project: &Project, service: &str) -> Option<Vec<String>> {
    let entry = project.services().iter().find(|entry| entry.key == service)?;
    Some(names(project, entry, namespace::owner(project, entry)))
}

/// The names of a service, and those of the one whose network it joins.
fn names(project: &Project, service: &Entry, owner: &Entry) -> Vec<String> {
    let mut names = own_names(project, &service.key, &service.value);
    if owner.key != service.key {
        names.extend(own_names(project, &owner.key, &owner.value));
    }
    names
}

fn own_names(project: &Project, name: &str, service: &Node) -> Vec<String> {
    let field = |key: &str| service.get(key).and_then(Node::scalar_text).map(|text| text.value);
    let mut names = vec![name.to_owned()];
    match field("container_name") {
        Some(name) => names.push(name),
        // The container's name is known on its networks, too: `-` since Compose 2, `_` before and with `--compatibility`.
        None => {
            let project = project.name().into_iter();
            names.extend(project.flat_map(|project| ['-', '_'].map(|mark| format!("{project}{mark}{name}{mark}1"))));
        }
    }
    names.extend(field("hostname"));
    let networks = service.get("networks").and_then(Node::as_map);
    for network in networks.map_or(&[][..], |map| &map.entries) {
        let aliases = network.value.get("aliases").and_then(Node::as_list).unwrap_or_default();
        names.extend(aliases.iter().filter_map(Node::scalar_text).map(|text| text.value));
        let addresses = ["ipv4_address", "ipv6_address"].into_iter().filter_map(|key| network.value.get(key));
        names.extend(addresses.filter_map(Node::scalar_text).map(|text| text.value));
    }
    names.dedup();
    names
}

/// True if a published port leads to one of these container ports, or may: `None` if they can't be seen. The port of
/// the cluster bus, 10,000 above, takes anybody's orders, too (redis.io, cluster specification).
fn leads(port: &Port<'_>, doors: Option<&[u16]>) -> bool {
    let target = u32::from(port.target.first)..=u32::from(port.target.last);
    let is_reached = |door: &u16| target.contains(&u32::from(*door)) || target.contains(&(u32::from(*door) + 10_000));
    port.protocol != "udp" && doors.is_none_or(|doors| doors.iter().any(is_reached))
}

/// True for the images whose server alone listens, where its arguments and its file tell it to. Stack adds a user
/// interface, Bitnami's and Dragonfly's take other ports from variables.
fn opens_only_its_ports(mechanism: &Mechanism) -> bool {
    matches!(mechanism, Mechanism::Argv(argv) if argv.syntax == ArgvSyntax::Directives)
}

fn published(leading: &[Port<'_>]) -> Vec<(u16, u16)> {
    let pairs = leading.iter().filter_map(|port| {
        let published = port.published?;
        Some((published.first..=published.last).zip(port.target.first..=port.target.last))
    });
    pairs.flatten().collect()
}

fn reach(project: &Project, service: &Entry, owner: &Entry, leading: &[Port<'_>]) -> Reach {
    if owner.value.get("network_mode").and_then(Node::scalar_text).is_some_and(|mode| mode.value == "host") {
        return if binds_to_loopback(&service.value) { Reach::Project } else { Reach::Host };
    }
    if leading.iter().any(|port| port.exposure != Exposure::Loopback) {
        return Reach::Published;
    }
    if shared_networks(project, &owner.value).is_empty() { Reach::Project } else { Reach::Shared }
}

/// The networks that a service is on.
pub(super) fn networks(service: &Node) -> Vec<String> {
    match service.get("networks").map(|node| &node.value) {
        Some(Value::Map(map)) => map.entries.iter().map(|entry| entry.key.clone()).collect(),
        Some(Value::List(items)) => items.iter().filter_map(Node::scalar_text).map(|text| text.value).collect(),
        _ => vec!["default".to_owned()],
    }
}

fn is_awaited_to_end(project: &Project, name: &str) -> bool {
    project.services().iter().any(|service| {
        let condition = service.value.at(&["depends_on", name, "condition"]).and_then(Node::scalar_text);
        condition.is_some_and(|condition| condition.value == "service_completed_successfully")
    })
}

/// Those that the project does not make itself.
fn shared_networks(project: &Project, service: &Node) -> Vec<String> {
    let name = |key: String| {
        let network = project.root.as_ref().and_then(|root| root.at(&["networks", &key]))?;
        let external =
            network.get("external").filter(|node| !matches!(node.value, Value::Bool(false) | Value::Null))?;
        let name = network.get("name").or_else(|| external.get("name")).and_then(Node::scalar_text);
        Some(name.map(|text| text.value).filter(|name| !name.is_empty()).unwrap_or(key))
    };
    networks(service).into_iter().filter_map(name).collect()
}
