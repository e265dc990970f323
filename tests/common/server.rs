//! The real Redis as the server of a container.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Redis;

impl Redis {
    /// Runs a container's command on loopback and on a free port. Valkey's program stands for the same server here.
    pub fn start(&self, command: &[String]) -> Running {
        self.try_start(command).unwrap_or_else(|| panic!("the server does not start with {command:?}"))
    }

    /// The same, or `None` if the command ends before it answers. A shell finds the image's entry point, which hands on.
    pub fn try_start(&self, command: &[String]) -> Option<Running> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("a port is free").port();
        let own = ["--bind", "127.0.0.1", "--port", &port.to_string()].join(" ");
        let bin = folder.path().join("bin");
        script(&bin, "docker-entrypoint.sh", &format!("exec \"$@\" {own}"));
        let mut call = match program.as_str() {
            "redis-server" | "valkey-server" => {
                let mut call = Command::new(&self.server);
                call.args(arguments).args(own.split(' '));
                call
            }
            "sh" => {
                let mut call = Command::new("/bin/sh");
                call.args(arguments).env("PATH", search_path(&bin, &self.server));
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
        for name in ["redis-cli", "valkey-cli"] {
            script(&bin, name, &format!("exec {} -p {port} \"$@\"", self.client.display()));
        }
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if running.child.try_wait().expect("it can be asked").is_some() {
                return None;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "the server does not answer with {command:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(running)
    }
}

/// Writes a program of the shell.
fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(folder).expect("the folder can be written");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("the folder can be written");
    let made = Command::new("chmod").arg("+x").arg(&path).status().expect("chmod can be run");
    assert!(made.success());
}

fn search_path(first: &Path, server: &Path) -> String {
    let own = server.parent().expect("a program is in a folder");
    format!("{}:{}:/usr/bin:/bin", first.display(), own.display())
}

/// A server that ends with its owner.
pub struct Running {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Running {
    /// The folder with clients of the names that a healthcheck uses, which ask this server in the place of port 6379.
    fn clients(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// What the server answers to a client with this URL, whose host and port are replaced.
    pub fn ask(&self, url: &str) -> Result<String, String> {
        let rest = url.trim_start_matches("redis://");
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let login = authority.rsplit_once('@').map_or(String::new(), |(login, _)| format!("{login}@"));
        let url = format!("redis://{login}127.0.0.1:{}/{database}", self.port);
        let client = redis::Client::open(url).map_err(|error| error.to_string())?;
        let mut connection = client.get_connection().map_err(|error| format!("{error:?}"))?;
        redis::cmd("PING").query(&mut connection).map_err(|error| format!("{error:?}"))
    }

    /// Runs a healthcheck as the engine would: in the container's environment and without input.
    pub fn is_healthy(&self, check: &[String], environment: &BTreeMap<String, String>) -> bool {
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

    pub fn stop(&mut self) {
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
