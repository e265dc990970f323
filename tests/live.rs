//! The sealed projects against the real thing: a `redis-server` that runs each server's resolved command, and the real
//! Docker Compose, which must accept them and resolve them as caulk does.

mod common;
#[path = "live/users.rs"]
mod users;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use caulk::lens::command::Command as Words;
use caulk::lens::healthcheck::Healthcheck;
use caulk::lens::port::ports;
use caulk::model::discover::projects_of;
use caulk::model::node::Node;
use caulk::model::{Options, Project, Workspace};
use caulk::source::{Disk, files_below, is_named_compose};

use common::{PROJECTS, Redis, compose, compose_config, project, required};

#[test]
fn a_sealed_server_refuses_strangers_and_takes_its_clients() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for name in PROJECTS {
        for sealed in servers_of(&project(name).join("fixed")) {
            let context = format!("{name}: {}", sealed.service);
            let server = redis.start(&sealed.command);
            let stranger = server.ask("redis://127.0.0.1").expect_err(&context);
            assert!(stranger.contains("NOAUTH"), "{context}: {stranger}");
            let guess = server.ask("redis://default:guess@127.0.0.1").expect_err(&context);
            assert!(guess.contains("AuthenticationFailed"), "{context}: {guess}");
            assert!(!sealed.clients.is_empty(), "{context} has no clients");
            for (client, url) in &sealed.clients {
                let answer = server.ask(url);
                assert_eq!(answer.as_deref(), Ok("PONG"), "{context}: {client}");
            }
        }
    }
}

#[test]
fn the_same_server_was_open_before() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for name in PROJECTS {
        for open in servers_of(&project(name).join("input")) {
            let context = format!("{name}: {}", open.service);
            let server = redis.start(&open.command);
            assert_eq!(server.ask("redis://127.0.0.1").as_deref(), Ok("PONG"), "{context}");
        }
    }
}

#[test]
fn a_sealed_healthcheck_says_what_is_true() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for name in PROJECTS {
        for sealed in servers_of(&project(name).join("fixed")) {
            let context = format!("{name}: {}", sealed.service);
            let mut server = redis.start(&sealed.command);
            server.assert_check_is_true(&sealed, &context);
            server.stop();
            assert!(!server.is_healthy(&sealed.check, &sealed.environment), "{context}: no server");
        }
    }
}

#[test]
fn a_healthcheck_that_asks_for_more_than_the_probe_still_does() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let tests = [
        ("redis-cli set health ok", "health"),
        ("redis-cli set health ok >/dev/null && redis-cli get health || exit 1", "health"),
        (r#"["CMD", "redis-cli", "--raw", "incr", "checks"]"#, "checks"),
        (r#"["CMD-SHELL", "redis-cli -n 0 lpush checks $$(date +%s) | head -1"]"#, "checks"),
    ];
    for (test, key) in tests {
        let folder = common::Folder::new();
        let text = format!(
            "services:\n  redis:\n    image: redis:7\n    healthcheck:\n      test: {test}\n  app:\n    image: app\n    \
             environment:\n      REDIS_URL: redis://redis:6379\n"
        );
        folder.write("compose.yaml", text);
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{test}: {}", run.all());
        let [sealed] = servers_of(&folder.path()).try_into().ok().expect("one server");
        let server = redis.start(&sealed.command);
        server.assert_check_is_true(&sealed, test);
        let exists = vec!["CMD-SHELL".to_owned(), format!("redis-cli exists {key} | grep -q 1")];
        assert!(server.is_healthy(&exists, &sealed.environment), "{test}: {:?} writes no {key}", sealed.check);
    }
}

/// A copy of a project after its repair, without the repairs whose titles hold `word`.
fn without(name: &str, word: &str) -> common::Folder {
    let folder = common::Folder::copy_of(&project(name).join("input"));
    folder.caulk(&["check", "--fix"]);
    let list = folder.caulk(&["undo", "--list"]).stdout;
    let ids = list.lines().filter(|line| line.contains(word)).filter_map(|line| line.split(' ').next());
    let arguments: Vec<_> = std::iter::once("undo").chain(ids).collect();
    assert!(arguments.len() > 1, "{name}: {list}");
    let run = folder.caulk(&arguments);
    assert_eq!(run.status, Some(0), "{name}: {}", run.all());
    folder
}

#[test]
fn once_a_password_is_taken_back_the_server_is_open_its_check_passes_and_its_port_stays_on_loopback() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for name in PROJECTS {
        let folder = without(name, "password");
        for open in servers_of(&folder.path()) {
            let context = format!("{name}: {}", open.service);
            let mut server = redis.start(&open.command);
            assert_eq!(server.ask("redis://127.0.0.1").as_deref(), Ok("PONG"), "{context}");
            assert!(server.is_healthy(&open.check, &open.environment), "{context}: {:?}", open.check);
            server.stop();
            assert!(!server.is_healthy(&open.check, &open.environment), "{context}: no server");
        }
        with_project(&folder.path(), |project| {
            for service in project.services().iter().filter(|service| is_server(&service.value)) {
                for port in ports(&service.value) {
                    let address = port.host_ip.map(|address| address.to_string());
                    assert_eq!(address.as_deref(), Some("127.0.0.1"), "{name}: {}", service.key);
                }
            }
        });
    }
}

#[test]
fn once_a_port_is_taken_back_the_server_keeps_its_password() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for name in PROJECTS {
        for sealed in servers_of(&without(name, "for this host only").path()) {
            let context = format!("{name}: {}", sealed.service);
            let server = redis.start(&sealed.command);
            let stranger = server.ask("redis://127.0.0.1").expect_err(&context);
            assert!(stranger.contains("NOAUTH"), "{context}: {stranger}");
            assert!(server.is_healthy(&sealed.check, &sealed.environment), "{context}");
        }
    }
}

#[test]
fn compose_accepts_the_sealed_projects_and_reads_them_as_caulk_does() {
    let Some(compose) = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", compose())
    else {
        return;
    };
    for name in PROJECTS {
        for state in ["input", "fixed"] {
            let folder = project(name).join(state);
            let config =
                compose_config(&compose, &folder).unwrap_or_else(|error| panic!("{name}/{state} is refused: {error}"));
            with_project(&folder, |project| {
                let services = config["services"].as_object().expect("a project has services");
                assert_eq!(services.len(), project.services().len(), "{name}/{state}");
                for service in project.services() {
                    let seen = seen_by_caulk(project, &service.key, &service.value);
                    let expected = seen_by_compose(&services[&service.key]);
                    assert_eq!(seen, expected, "{name}/{state}: {}", service.key);
                }
            });
        }
    }
}

/// No quotes, no escapes, no variables: what stands behind `=` is the value.
#[test]
fn compose_reads_a_raw_env_file_as_caulk_wrote_it() {
    let Some(compose) = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", compose())
    else {
        return;
    };
    let cases = [
        ("", "# old\nREDIS_URL=redis://redis:6379/0\nX='1' # 2\n", "REDIS_URL", "redis://default:PW@redis:6379/0"),
        ("", "REDIS_URL=\"redis://redis:6379/0\"\r\n", "REDIS_URL", "redis://default:PW@redis:6379/0"),
        ("", "REDIS_HOST=redis\nREDIS_PASSWORD=\n", "REDIS_PASSWORD", "PW"),
        ("pa$$ss", "REDIS_URL=redis://redis:6379", "REDIS_URL", "redis://default:pa%24ss@redis:6379"),
    ];
    for (password, before, name, expected) in cases {
        let folder = common::Folder::new();
        let own = if password.is_empty() {
            String::new()
        } else {
            format!("    command: [redis-server, --requirepass, '{password}']\n")
        };
        let services = format!("services:\n  redis:\n    image: redis:7\n{own}");
        folder.write(
            "compose.yaml",
            services + "  app:\n    image: app\n    env_file:\n      - path: app.env\n        format: raw\n",
        );
        // Who reads it as dotenv sees other values.
        folder.write("app.env", before);
        let run = folder.caulk(&["check", "--fix"]);
        assert!(run.stdout.contains("Repaired"), "{before:?}: {}", run.all());
        let config = compose_config(&compose, &folder.path()).unwrap_or_else(|error| panic!("{before:?}: {error}"));
        let made = config["services"]["redis"]["command"][2].as_str().expect("the server has a password");
        let value = config["services"]["app"]["environment"][name].as_str().expect("the client has the variable");
        assert_eq!(value, expected.replace("PW", made), "{before:?}: {}", run.all());
        with_project(&folder.path(), |project| {
            assert_eq!(environment_of(project, "app")[name], value, "caulk reads it as Compose does");
        });
    }
}

#[test]
fn compose_starts_no_sealed_project_without_its_password() {
    let Some(compose) = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", compose())
    else {
        return;
    };
    for name in PROJECTS {
        let folder = common::Folder::copy_of(&project(name).join("fixed"));
        fs::remove_file(folder.path().join(".env")).expect("a sealed project has a .env");
        let error = compose_config(&compose, &folder.path()).expect_err(name);
        assert!(error.contains("is missing a value"), "{name}: {error}");
    }
}

#[test]
fn the_ports_of_every_sealed_server_are_on_loopback() {
    for name in PROJECTS {
        with_project(&project(name).join("fixed"), |project| {
            let servers = project.services().iter().filter(|service| is_server(&service.value));
            for server in servers {
                for port in ports(&server.value) {
                    let address = port.host_ip.map(|address| address.to_string());
                    assert_eq!(address.as_deref(), Some("127.0.0.1"), "{name}: {}", server.key);
                }
            }
        });
    }
}

type Variables = BTreeMap<String, String>;

/// A Redis server of a project, as its container would get it.
struct Server {
    service: String,
    /// Program and arguments.
    command: Vec<String>,
    /// What the container's environment holds.
    environment: Variables,
    /// The test, `CMD` or `CMD-SHELL` first.
    check: Vec<String>,
    /// Where each URL that leads to it stands, and the URL.
    clients: Vec<(String, String)>,
}

/// What the real Compose makes of the project with these variables in the shell: the server's command, and the variables
/// of the service `app`. An error is what Compose says.
fn resolved_with(
    call: &[PathBuf],
    folder: &Path,
    shell: &[(&str, &str)],
) -> Result<(Vec<String>, serde_json::Value), String> {
    let (program, arguments) = call.split_first().expect("a call has a program");
    let mut command = Command::new(program);
    command.args(arguments).args(["config", "--format", "json"]).current_dir(folder);
    command.env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = command.envs(shell.iter().copied()).output().expect("Compose can be run");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut config: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it writes JSON");
    let server = config["services"]["redis"]["command"].as_array().expect("it is a list");
    let server = server.iter().filter_map(|word| word.as_str()).map(str::to_owned).collect();
    Ok((server, config["services"]["app"]["environment"].take()))
}

/// A client whose host the shell gives, and that passes its password through.
const PASSED_THROUGH: &str = "services:
  redis:
    image: redis:7
    command: [redis-server, --requirepass, '${CACHE_PASS}']
  app:
    image: example/app
    depends_on: [redis]
    environment:
      - REDIS_HOST
      - REDIS_PASSWORD=${CACHE_PASS}
      - CACHE_PASS
";

#[test]
fn a_client_from_outside_logs_in_with_what_it_passed_through_before() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let Some(compose) = required("Docker Compose 2", compose()) else { return };
    let folder = common::Folder::new();
    folder.write("compose.yaml", PASSED_THROUGH);
    let shell = [("REDIS_HOST", "redis")];
    let (open, _) = resolved_with(&compose, &folder.path(), &shell).expect("Compose accepts it");
    assert_eq!(redis.start(&open).ask("redis://127.0.0.1").as_deref(), Ok("PONG"), "{open:?}");

    let run = folder.caulk(&["check", "--fix"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    let (sealed, app) = resolved_with(&compose, &folder.path(), &shell).expect("Compose accepts it");
    let password = app["REDIS_PASSWORD"].as_str().expect("it has one");
    assert_eq!((app["REDIS_HOST"].as_str(), &app["CACHE_PASS"]), (Some("redis"), &app["REDIS_PASSWORD"]));
    let server = redis.start(&sealed);
    assert!(server.ask("redis://127.0.0.1").expect_err("a stranger").contains("NOAUTH"));
    assert_eq!(server.ask(&format!("redis://:{password}@127.0.0.1")).as_deref(), Ok("PONG"));
}

#[test]
fn a_variable_of_the_shell_wins_and_caulk_says_so() {
    let folder = common::Folder::new();
    folder.write("compose.yaml", PASSED_THROUGH);
    let mut command = folder.command(&["check", "--fix"]);
    let run = common::Run::of(command.env("CACHE_PASS", "from-the-shell"));
    let note = "note: CACHE_PASS is set in your shell and wins over .env: unset it";
    assert!(run.stdout.contains(note), "{}", run.all());
    assert!(!run.all().contains("from-the-shell"), "{}", run.all());
    let Some(compose) = required("Docker Compose 2", compose()) else { return };
    let (server, _) =
        resolved_with(&compose, &folder.path(), &[("CACHE_PASS", "from-the-shell")]).expect("it is right");
    assert_eq!(server.last().map(String::as_str), Some("from-the-shell"));
    let blank = resolved_with(&compose, &folder.path(), &[("CACHE_PASS", "")]).expect_err("it is demanded");
    assert!(blank.contains("CACHE_PASS"), "{blank}");

    // Where the shell does not set it, there is nothing to say.
    let again = common::Folder::new();
    again.write("compose.yaml", PASSED_THROUGH);
    let run = again.caulk(&["check", "--fix"]);
    assert!(!run.stdout.contains("in your shell"), "{}", run.all());
}

fn is_server(service: &Node) -> bool {
    let image = service.get("image").and_then(Node::as_text).map_or("", |image| image.value.as_str());
    ["redis:", "valkey/valkey:"].iter().any(|name| image.starts_with(name))
}

/// Reads the one project in `folder`.
fn with_project<T>(folder: &Path, look: impl FnOnce(&Project) -> T) -> T {
    let sets = projects_of(&Disk, &files_below(folder, &is_named_compose));
    let workspace = Workspace::read(&Disk, &sets, &Options::default());
    let problems: Vec<_> = workspace.problems().map(|problem| &problem.message).collect();
    assert!(problems.is_empty(), "{}: {problems:?}", folder.display());
    let [project] = workspace.projects.as_slice() else { panic!("{} is not one project", folder.display()) };
    look(project)
}

fn servers_of(folder: &Path) -> Vec<Server> {
    let servers = with_project(folder, |project| {
        let servers = project.services().iter().filter(|service| is_server(&service.value));
        servers.map(|service| read_server(folder, project, &service.key, &service.value)).collect::<Vec<_>>()
    });
    assert!(!servers.is_empty(), "{} has no server", folder.display());
    servers
}

fn read_server(folder: &Path, project: &Project, name: &str, service: &Node) -> Server {
    let words = Words::read(service, "command").expect("the command can be read");
    let command = words.map_or_else(
        || vec!["redis-server".to_owned()],
        |command| command.words.iter().map(|word| word.text.clone()).collect(),
    );
    let check = Healthcheck::read(service).expect("each server has a healthcheck").words(None);
    let environment = environment_of(project, name);
    Server { service: name.to_owned(), command, environment, check, clients: clients_of(folder, project, name) }
}

fn environment_of(project: &Project, service: &str) -> Variables {
    let variables = project.containers[service].variables.iter();
    variables.filter_map(|variable| Some((variable.name.clone(), variable.value.as_ref()?.value.clone()))).collect()
}

/// The URLs that lead to `server`: those of the containers, and those of env files that a process of the host reads.
fn clients_of(folder: &Path, project: &Project, server: &str) -> Vec<(String, String)> {
    let mut clients = Vec::new();
    for service in project.services() {
        for (name, value) in environment_of(project, &service.key) {
            if value.starts_with("redis://") && host_of(&value) == server {
                clients.push((format!("{} in {}", name, service.key), value));
            }
        }
    }
    for (path, bytes) in common::files_of(folder) {
        if path.ends_with("/.env") {
            let text = String::from_utf8(bytes).expect("env files are UTF-8");
            for line in text.lines() {
                if let Some((name, value)) = line.split_once("=redis://") {
                    assert_eq!(host_of(&format!("redis://{value}")), "localhost", "{path}: {name}");
                    clients.push((format!("{name} in {path}"), format!("redis://{value}")));
                }
            }
        }
    }
    clients
}

fn host_of(url: &str) -> &str {
    let authority = url.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

/// Command, healthcheck, environment and ports of a service.
#[derive(Debug, PartialEq)]
struct Seen {
    command: Option<Vec<String>>,
    healthcheck: Option<Vec<String>>,
    environment: Variables,
    ports: Vec<(String, String, u16)>,
}

fn seen_by_caulk(project: &Project, name: &str, service: &Node) -> Seen {
    let command = Words::read(service, "command").expect("the command can be read");
    let ports = ports(service).into_iter().map(|port| {
        let published = port.published.map_or(String::new(), |range| range.first.to_string());
        (port.host_ip.map_or(String::new(), |address| address.to_string()), published, port.target.first)
    });
    Seen {
        command: command.map(|command| command.words.iter().map(|word| word.text.clone()).collect()),
        healthcheck: Healthcheck::read(service).map(|healthcheck| healthcheck.words(None)),
        environment: environment_of(project, name),
        ports: ports.collect(),
    }
}

fn seen_by_compose(service: &serde_json::Value) -> Seen {
    // What Compose prints could be read by it again: a dollar sign is doubled.
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().replace("$$", "$");
    let words =
        |value: &serde_json::Value| value.as_array().map(|words| words.iter().map(text).collect::<Vec<String>>());
    let environment = service["environment"].as_object().into_iter().flatten();
    let ports = service["ports"].as_array().into_iter().flatten().map(|port| {
        let target = port["target"].as_u64().and_then(|target| u16::try_from(target).ok());
        (text(&port["host_ip"]), text(&port["published"]), target.expect("a port has a target"))
    });
    Seen {
        command: words(&service["command"]),
        healthcheck: words(&service["healthcheck"]["test"]),
        environment: environment.map(|(name, value)| (name.clone(), text(value))).collect(),
        ports: ports.collect(),
    }
}

impl Redis {
    /// Runs a container's command on loopback and on a free port. Valkey's program stands for the same server here.
    fn start(&self, command: &[String]) -> Running {
        self.try_start(command).unwrap_or_else(|| panic!("the server does not start with {command:?}"))
    }

    /// The same, or `None` if the command ends before it answers. A shell finds the image's entry point, which hands on.
    fn try_start(&self, command: &[String]) -> Option<Running> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("a port is free").port();
        let own = format!("--bind 127.0.0.1 --port {port}");
        let mut call = match program.as_str() {
            "redis-server" | "valkey-server" => {
                let mut call = Command::new(&self.server);
                call.args(arguments).args(own.split(' '));
                call
            }
            "sh" => {
                program_in(folder.path(), "docker-entrypoint.sh", &format!("exec \"$@\" {own}"));
                let server = self.server.parent().expect("a program is in a folder");
                let path = format!("{}:{}:/usr/bin:/bin", folder.path().display(), server.display());
                let mut call = Command::new("/bin/sh");
                call.args(arguments).env("PATH", path);
                call
            }
            _ => panic!("{program} is no server"),
        };
        let child = call
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command can be run");
        let mut running = Running { child, port, folder };
        running.make_clients(&self.client);
        let start = Instant::now();
        while !answers(port) {
            if running.child.try_wait().expect("it can be asked").is_some() {
                return None;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "the server does not answer with {command:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(running)
    }
}

/// True if a server answers, whatever it says. It listens before it reads the file with its users, which may end it.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"PING\r\n")?;
        stream.read(&mut [0; 1])
    };
    ask().is_ok_and(|read| read > 0)
}

/// Writes a program of the shell.
fn program_in(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(folder).expect("the folder can be written");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("the folder can be written");
    let made = Command::new("chmod").arg("+x").arg(&path).status().expect("chmod can be run");
    assert!(made.success());
}

/// A server that ends with its owner.
struct Running {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Running {
    /// Clients of the names that a healthcheck uses, which ask this server in the place of port 6379.
    fn make_clients(&self, client: &Path) {
        for name in ["redis-cli", "valkey-cli"] {
            program_in(&self.clients(), name, &format!("exec {} -p {} \"$@\"", client.display(), self.port));
        }
    }

    fn clients(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// What the server answers to a client with this URL, whose host and port are replaced.
    fn ask(&self, url: &str) -> Result<String, String> {
        let rest = url.trim_start_matches("redis://");
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let login = authority.rsplit_once('@').map_or(String::new(), |(login, _)| format!("{login}@"));
        let url = format!("redis://{login}127.0.0.1:{}/{database}", self.port);
        let client = redis::Client::open(url).map_err(|error| error.to_string())?;
        let mut connection = client.get_connection().map_err(|error| format!("{error:?}"))?;
        redis::cmd("PING").query(&mut connection).map_err(|error| format!("{error:?}"))
    }

    /// Runs a healthcheck as the engine would: in the container's environment and without input.
    fn is_healthy(&self, check: &[String], environment: &Variables) -> bool {
        let mut command = match check {
            [kind, program, arguments @ ..] if kind == "CMD" => {
                let mut command = Command::new(self.clients().join(program));
                command.args(arguments);
                command
            }
            [kind, text] if kind == "CMD-SHELL" => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", text]);
                command
            }
            _ => panic!("no test that an engine would run: {check:?}"),
        };
        let path = format!("{}:/usr/bin:/bin", self.clients().display());
        let output = command.env_clear().envs(environment).env("PATH", path).stdin(Stdio::null()).output();
        output.expect("the check can be run").status.success()
    }

    /// Checks that the healthcheck of `sealed` passes with the right password, and only so.
    fn assert_check_is_true(&self, sealed: &Server, context: &str) {
        let wrong: Variables = sealed.environment.keys().map(|name| (name.clone(), "wrong".to_owned())).collect();
        let situations = [
            ("the right password", &sealed.environment, true),
            ("a wrong password", &wrong, false),
            ("no variable", &Variables::new(), false),
        ];
        for (situation, environment, healthy) in situations {
            assert_eq!(self.is_healthy(&sealed.check, environment), healthy, "{context}: {situation}");
        }
    }

    fn stop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}
