//! Sealed groups against the real thing: replication, failover by a Sentinel, and a cluster that is made, each with the
//! commands that caulk wrote, run on loopback.

mod common;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use caulk::lens::command::Command as Words;
use caulk::model::discover::projects_of;
use caulk::model::{Options, Workspace};
use caulk::source::{Disk, files_below, is_named_compose};

use common::{Folder, Redis, required};

const WEB: &str = "  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://redis-1:6379\n";

#[test]
fn a_sealed_replica_copies_its_sealed_master() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let copy = "  redis-2:\n    image: redis:7\n    command: redis-server --replicaof redis-1 6379\n";
    let group = redis.group(&format!("services:\n  redis-1:\n    image: redis:7\n{copy}{WEB}"), &[]);
    let _servers = [group.start("redis-1"), group.start("redis-2")];
    for name in ["redis-1", "redis-2"] {
        group.wait_for(name, "a stranger is refused", || group.ask(name, "guess", &["ping"]).contains("NOAUTH"));
    }
    assert_eq!(group.ask("redis-1", &group.password, &["set", "key", "copied"]), "OK");
    group.wait_for("redis-2", "it has the key", || group.ask("redis-2", &group.password, &["get", "key"]) == "copied");
}

#[test]
fn a_sentinel_fails_over_between_sealed_servers_and_back() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let lines = [
        "sentinel monitor main redis-1 6379 1",
        "sentinel down-after-milliseconds main 2000",
        "sentinel failover-timeout main 20000",
    ];
    let script: String = lines.iter().map(|line| format!("echo \"{line}\" >> sentinel.conf; ")).collect();
    let watch = format!(
        "  watch:\n    image: redis:7\n    command: sh -c '{script}exec redis-server sentinel.conf --sentinel'\n"
    );
    let copy = "  redis-2:\n    image: redis:7\n    command: [redis-server, --replicaof, redis-1, '6379']\n";
    let group = redis.group(&format!("services:\n  redis-1:\n    image: redis:7\n{copy}{watch}{WEB}"), &[]);
    let main = group.start("redis-1");
    let _copy = group.start("redis-2");
    let role = |name: &str| group.ask(name, &group.password, &["info", "replication"]);
    group.wait_for("redis-2", "it copies", || role("redis-2").contains("master_link_status:up"));
    let _watch = group.start("watch");
    let seen = || group.ask("watch", "", &["sentinel", "master", "main"]);
    group.wait_for("watch", "it sees the copy", || seen().contains("num-slaves\n1\n"));
    drop(main);
    group.wait_for("redis-2", "it is the master", || role("redis-2").contains("role:master"));
    // Before that, the Sentinel would take a master that comes back for the one that it knows.
    let known = || group.ask("watch", "", &["sentinel", "get-master-addr-by-name", "main"]);
    let port = group.services["redis-2"].port.to_string();
    group.wait_for("watch", "it knows the new master", || known().ends_with(&port));
    let _main = group.start("redis-1");
    group.wait_for("redis-1", "it copies the new master", || {
        let role = role("redis-1");
        role.contains("role:slave") && role.contains("master_link_status:up")
    });
}

#[test]
fn a_cluster_of_sealed_nodes_is_made_by_its_helper() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let node = |number: usize| {
        format!(
            "  redis-{number}:\n    image: redis:7\n    command: redis-server --cluster-enabled yes --cluster-node-timeout 2000\n"
        )
    };
    let nodes: String = (1..=3).map(node).collect();
    let create = "redis-cli --cluster create redis-1:6379 redis-2:6379 redis-3:6379 --cluster-yes";
    let script = format!("until redis-cli -h redis-3 -p 6379 ping | grep -q PONG; do sleep 0.1; done; {create}");
    let init = format!("  init:\n    image: redis:7\n    command: [sh, -c, '{script}']\n");
    let group = redis.group(&format!("services:\n{nodes}{init}{WEB}"), &[]);
    let _nodes = ["redis-1", "redis-2", "redis-3"].map(|name| group.start(name));
    let made = group.run("init");
    let said = [made.stdout, made.stderr].concat();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&said));
    for name in ["redis-1", "redis-2", "redis-3"] {
        let info = || group.ask(name, &group.password, &["cluster", "info"]);
        group.wait_for(name, "the cluster is ready", || info().contains("cluster_state:ok"));
        assert!(group.ask(name, "guess", &["cluster", "info"]).contains("NOAUTH"), "{name}");
    }
}

impl Redis {
    /// A project, sealed by safe repairs alone, each of whose services listens on a port of its own.
    fn group(&self, text: &str, arguments: &[&str]) -> Group<'_> {
        let folder = Folder::new();
        folder.write("compose.yaml", text);
        let run = folder.caulk(&[&["check", "--fix", "--select", "store-no-auth"], arguments].concat());
        assert_eq!(run.status, Some(0), "{}", run.all());
        let sets = projects_of(&Disk, &files_below(&folder.path(), &is_named_compose));
        let workspace = Workspace::read(&Disk, &sets, &Options::default());
        let project = &workspace.projects[0];
        let mut services = BTreeMap::new();
        for service in project.services() {
            let command = Words::read(&service.value, "command").expect("the command can be read");
            let words = command.map(|command| command.words.into_iter().map(|word| word.text).collect());
            let words = words.unwrap_or_else(|| vec!["redis-server".to_owned()]);
            let variables = project.containers[&service.key].variables.iter();
            let variables =
                variables.filter_map(|variable| Some((variable.name.clone(), variable.value.as_ref()?.value.clone())));
            services.insert(service.key.clone(), Service { words, variables: variables.collect(), port: free_port() });
        }
        let password = project.variables.get("REDIS_PASSWORD").expect("the project has a password").to_owned();
        Group { redis: self, services, password, work: tempfile::tempdir().expect("the system has room for a folder") }
    }
}

/// A port of which the one for the bus of a cluster, 10,000 above, is free, too.
fn free_port() -> u16 {
    let bind = |port: u16| TcpListener::bind(("127.0.0.1", port));
    loop {
        let listener = bind(0).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        if port < 55_000 && bind(port + 10_000).is_ok() {
            return port;
        }
    }
}

struct Service {
    words: Vec<String>,
    variables: BTreeMap<String, String>,
    port: u16,
}

/// The services of a project, as they run on loopback.
struct Group<'r> {
    redis: &'r Redis,
    services: BTreeMap<String, Service>,
    password: String,
    work: tempfile::TempDir,
}

impl Group<'_> {
    /// The command of a service, other services' names replaced by where they listen.
    fn command(&self, name: &str) -> Command {
        let service = &self.services[name];
        let mut words = service.words.clone();
        for (other, target) in &self.services {
            let port = target.port.to_string();
            for word in &mut words {
                *word = word
                    .replace(&format!("{other}:6379"), &format!("127.0.0.1:{port}"))
                    .replace(&format!("-h {other} -p 6379"), &format!("-p {port}"))
                    .replace(&format!("{other} 6379"), &format!("127.0.0.1 {port}"));
            }
            let at = words.windows(2).position(|pair| pair[0] == *other && pair[1] == "6379");
            if let Some(at) = at {
                words.splice(at..at + 2, ["127.0.0.1".to_owned(), port]);
            }
        }
        let listen = format!("--port {} --bind 127.0.0.1", service.port);
        if let Some(script) = words.iter_mut().find(|word| word.contains("redis-server ")) {
            script.push_str(&format!(" {listen}"));
        } else if words[0] == "redis-server" {
            // A replica need not wait for others.
            let listen = format!("{listen} --repl-diskless-sync-delay 0");
            words.extend(listen.split(' ').map(str::to_owned));
        }
        let folder = self.work.path().join(name);
        std::fs::create_dir_all(&folder).expect("the folder can be written");
        let programs = [
            self.redis.server.parent(),
            self.redis.client.parent(),
            Some(Path::new("/usr/bin")),
            Some(Path::new("/bin")),
        ];
        let programs = std::env::join_paths(programs.into_iter().flatten()).expect("paths can be joined");
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(&service.variables).env("PATH", programs);
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn start(&self, name: &str) -> Running {
        Running(self.command(name).spawn().expect("it can be started"))
    }

    /// Runs a service to its end.
    fn run(&self, name: &str) -> Output {
        let command = &mut self.command(name);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it can be run")
    }

    /// What a service answers to a client with this password.
    fn ask(&self, name: &str, password: &str, words: &[&str]) -> String {
        let mut command = Command::new(&self.redis.client);
        command.args(["-p", &self.services[name].port.to_string()]).args(words).env_remove("REDISCLI_AUTH");
        if !password.is_empty() {
            command.env("REDISCLI_AUTH", password);
        }
        let output = command.stdin(Stdio::null()).output().expect("redis-cli can be run");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().replace('\r', "")
    }

    fn wait_for(&self, name: &str, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            let state = || self.ask(name, &self.password, &["info", "replication"]);
            assert!(start.elapsed() < Duration::from_secs(60), "{name}: {what}: {}", state());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
