//! What a workspace comes to, value by value, so that two states of it can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::lens::command::Command;
use crate::lens::healthcheck::Healthcheck;
use crate::lens::port::{Port, ports};
use crate::model::node::{Entry, Node, Text, Value};
use crate::model::{Project, Workspace};

/// A value of the resolved workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What it is. It can be a password.
    pub value: String,
    /// The variables that it depends on.
    pub variables: Vec<String>,
}

/// Paths in a workspace: `p0.services.redis.command`.
pub type Path = String;

/// Every value of a workspace by its path.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    values: BTreeMap<Path, Resolved>,
}

impl Snapshot {
    /// The values of a workspace now.
    pub fn of(workspace: &Workspace<'_>) -> Self {
        let mut snapshot = Self::default();
        for (number, project) in workspace.projects.iter().enumerate() {
            for name in project.variables.names() {
                let value = project.variables.get(name).unwrap_or_default().to_owned();
                let variables = workspace.variables_behind(project, name).into_iter().collect();
                snapshot.values.insert(variable_path(number, name), Resolved { value, variables });
            }
            let Some(root) = project.root.as_ref().and_then(Node::as_map) else { continue };
            // Compose ignores `x-…`: what an anchor there holds counts where its aliases stand.
            let counts = |entry: &&Entry| entry.key != "services" && !entry.key.starts_with("x-");
            for entry in root.entries.iter().filter(counts) {
                snapshot.add_node(format!("p{number}.{}", entry.key), &entry.value);
            }
            let first = service_base(number, "");
            for service in project.services() {
                snapshot.add_service(number, project, service);
            }
            let own = snapshot.values.iter_mut().filter(|(path, _)| path.starts_with(&first)).map(|(_, value)| value);
            for value in own.filter(|value| !value.variables.is_empty()) {
                let behind = value.variables.iter().flat_map(|name| workspace.variables_behind(project, name));
                let behind: Vec<_> = behind.filter(|name| !value.variables.contains(name)).collect();
                value.variables.extend(behind);
            }
        }
        snapshot
    }

    /// The paths at which two states differ, with the later value; `None` for one that is gone.
    pub fn changes(&self, later: &Self) -> BTreeMap<Path, Option<Resolved>> {
        let gone = self.values.keys().filter(|path| !later.values.contains_key(*path)).map(|path| (path.clone(), None));
        let changed =
            later.values.iter().filter(|(path, new)| self.values.get(*path).is_none_or(|old| old.value != new.value));
        gone.chain(changed.map(|(path, new)| (path.clone(), Some(new.clone())))).collect()
    }

    /// The value at a path.
    pub fn get(&self, path: &str) -> Option<&Resolved> {
        self.values.get(path)
    }

    /// Names of the interpolation variables that values depend on, those of other variables left out.
    pub fn variables_used(&self) -> BTreeSet<&str> {
        let values = self.values.iter().filter(|(path, _)| !path.contains(".variables."));
        values.flat_map(|(_, value)| value.variables.iter().map(String::as_str)).collect()
    }

    fn add_service(&mut self, number: usize, project: &Project, service: &Entry) {
        let base = service_base(number, &service.key);
        let Some(map) = service.value.as_map() else { return self.add_node(base, &service.value) };
        for entry in &map.entries {
            let path = format!("{base}.{}", entry.key);
            match entry.key.as_str() {
                "environment" => {}
                "command" | "entrypoint" => match Command::read(&service.value, &entry.key) {
                    Ok(Some(command)) => {
                        let words: Vec<_> = command.words.iter().map(|word| word.text.as_str()).collect();
                        self.add_with(path, words_value(&words), &entry.value);
                    }
                    _ => self.add_node(path, &entry.value),
                },
                "ports" if entry.value.as_list().is_some() => {
                    self.add_with(path, ports_value(&port_values(&service.value)), &entry.value);
                }
                "healthcheck" => {
                    if let Some(healthcheck) = Healthcheck::read(&service.value) {
                        let words = healthcheck.words(None);
                        self.add_with(format!("{path}.test"), words_value(&words), healthcheck.node);
                    }
                    for entry in entry
                        .value
                        .as_map()
                        .map_or(&[][..], |map| &map.entries)
                        .iter()
                        .filter(|entry| entry.key != "test")
                    {
                        self.add_node(format!("{path}.{}", entry.key), &entry.value);
                    }
                }
                _ => self.add_node(path, &entry.value),
            }
        }
        for variable in &project.containers[&service.key].variables {
            let unset = Text::literal("\0");
            let path = environment_path(number, &service.key, &variable.name);
            self.add(path.clone(), variable.value.as_ref().unwrap_or(&unset));
            // `NAME:` without a value takes what the project's env file says.
            if let (true, Some(value)) = (variable.is_passed_through, self.values.get_mut(&path)) {
                value.variables.push(variable.name.clone());
            }
        }
    }

    fn add_node(&mut self, path: Path, node: &Node) {
        match &node.value {
            Value::Map(map) => {
                for entry in &map.entries {
                    self.add_node(format!("{path}.{}", entry.key), &entry.value);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add_node(format!("{path}[{index}]"), item);
                }
            }
            _ => self.add(path, &node.scalar_text().unwrap_or_else(|| Text::literal("\0"))),
        }
    }

    fn add(&mut self, path: Path, text: &Text) {
        let variables = text.variables().into_iter().map(str::to_owned).collect();
        self.values.insert(path, Resolved { value: text.value.clone(), variables });
    }

    /// Adds a value that was read from several texts below `node`.
    fn add_with(&mut self, path: Path, value: String, node: &Node) {
        let mut variables = Vec::new();
        collect_variables(node, &mut variables);
        self.values.insert(path, Resolved { value, variables });
    }
}

fn collect_variables(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Text(text) => found.extend(text.variables().into_iter().map(str::to_owned)),
        Value::List(items) => items.iter().for_each(|item| collect_variables(item, found)),
        Value::Map(map) => map.entries.iter().for_each(|entry| collect_variables(&entry.value, found)),
        _ => {}
    }
}

/// The path of an interpolation variable.
pub fn variable_path(project: usize, name: &str) -> Path {
    format!("p{project}.variables.{name}")
}

/// The path of a service. A name with a dot is quoted: what lies below `a` is told from what lies below `a.b`.
fn service_base(project: usize, service: &str) -> Path {
    if service.contains('.') {
        format!("p{project}.services.{service:?}")
    } else {
        format!("p{project}.services.{service}")
    }
}

/// The path of a service's key.
pub fn service_path(project: usize, service: &str, key: &str) -> Path {
    format!("{}.{key}", service_base(project, service))
}

/// The path of a variable of a container.
pub fn environment_path(project: usize, service: &str, name: &str) -> Path {
    service_path(project, service, &format!("environment.{name}"))
}

/// How a list of words is compared.
pub fn words_value<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|word| format!("{:?}", word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// The entries of a service's `ports`, as they are compared.
pub fn port_values(service: &Node) -> Vec<String> {
    let items = service.get("ports").and_then(Node::as_list).unwrap_or_default();
    let mut values: Vec<String> = items.iter().map(raw_value).collect();
    for port in ports(service) {
        values[port.index] = port_value(&port, port.host_ip);
    }
    values
}

/// An entry that caulk does not understand, as it is compared.
fn raw_value(node: &Node) -> String {
    let mut snapshot = Snapshot::default();
    snapshot.add_node(String::new(), node);
    snapshot.values.iter().map(|(path, value)| format!("{path}={}", value.value)).collect::<Vec<_>>().join(",")
}

/// How a list of ports is compared.
pub fn ports_value(ports: &[String]) -> String {
    ports.join(" ")
}

/// How a port is compared if it listened on `host_ip`.
pub fn port_value(port: &Port<'_>, host_ip: Option<IpAddr>) -> String {
    let host = host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string());
    let range = |first: u16, last: u16| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let published = port.published.map_or("?".to_owned(), |ports| range(ports.first, ports.last));
    format!("{host}|{published}|{}|{}", range(port.target.first, port.target.last), port.protocol)
}
