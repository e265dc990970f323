//! The environment of a container: `env_file` and `environment` together, each variable with the place that counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::node::{Certainty, Layer, Node, Place, Text, Value};
use super::project::Project;
use super::workspace::Workspace;
use crate::source::{ReadError, SourceId, absolute};
use crate::syntax::env::Value as EnvEntryValue;

/// The variables of one service.
#[derive(Debug, Clone, Default)]
pub struct ContainerEnv {
    /// Each variable once, sorted by name; the one that reaches the container.
    pub variables: Vec<ContainerVariable>,
    /// True if a file with more of them could not be read, so that a variable that is not here may still be there.
    pub open: bool,
    /// The env files that it names and that are not there, so that Compose would not start it.
    pub missing: Vec<PathBuf>,
    /// The env files of the service that were read, later ones win.
    pub files: Vec<EnvFileUse>,
    /// Variables that a later place takes away or replaces, in order.
    pub overlaps: Vec<Overlap>,
}

/// A variable that an env file sets and that another place sets otherwise.
#[derive(Debug, Clone)]
pub struct Overlap {
    /// The variable.
    pub name: String,
    /// What becomes of it.
    pub kind: OverlapKind,
    /// The line of the env file.
    pub earlier: Site,
    /// The place that counts.
    pub later: Site,
}

/// What a later place does to a variable of an env file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapKind {
    /// `environment` passes it through from an outside that does not set it.
    Removed,
    /// Another env file gives it another value.
    Replaced,
}

/// An env file that a service reads.
#[derive(Debug, Clone)]
pub struct EnvFileUse {
    /// The file.
    pub source: SourceId,
    /// Where the service names it.
    pub place: Place,
    /// `format: raw`
    pub raw: bool,
}

/// A variable of a container.
#[derive(Debug, Clone)]
pub struct ContainerVariable {
    /// Its name.
    pub name: String,
    /// Its value; `None` if the name is passed through from an environment that caulk does not see.
    pub value: Option<Text>,
    /// Where it is written.
    pub site: Site,
    /// True if no value is written there, so that it comes from the interpolation environment.
    pub is_passed_through: bool,
}

/// Where a variable of a container is written.
#[derive(Debug, Clone)]
pub enum Site {
    /// `NAME: value` below `environment`.
    Entry {
        /// The key.
        key: Place,
        /// The value.
        value: Place,
    },
    /// `- NAME=value` below `environment`. The text's pieces count in the whole item.
    Item {
        /// The item.
        item: Place,
    },
    /// A line of an env file. The text's pieces count in [`crate::syntax::env::EnvValue::text`].
    File {
        /// The file.
        source: SourceId,
        /// The entry in it, counted from 0.
        entry: usize,
    },
}

impl ContainerEnv {
    /// The variable of that name.
    pub fn get(&self, name: &str) -> Option<&ContainerVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Reads the environment of a service.
    pub fn read(workspace: &mut Workspace<'_>, project: &Project, service: &Node) -> Self {
        let mut env = Self::default();
        let own = own_variables(service, project);
        let mut by_name: BTreeMap<String, ContainerVariable> = BTreeMap::new();
        for file in env_files(service, &project.folder) {
            env.read_file(workspace, project, &file, &own, &mut by_name);
        }
        for variable in own {
            let earlier = by_name.get(&variable.name).filter(|earlier| earlier.value.is_some());
            if let Some(earlier) = earlier.filter(|_| variable.value.is_none()) {
                let (earlier, later) = (earlier.site.clone(), variable.site.clone());
                env.overlaps.push(Overlap { name: variable.name.clone(), kind: OverlapKind::Removed, earlier, later });
            }
            by_name.insert(variable.name.clone(), variable);
        }
        env.variables = by_name.into_values().collect();
        env
    }

    fn read_file(
        &mut self,
        workspace: &mut Workspace<'_>,
        project: &Project,
        file: &NamedFile,
        own: &[ContainerVariable],
        by_name: &mut BTreeMap<String, ContainerVariable>,
    ) {
        let Some(path) = &file.path else {
            self.open = true;
            return;
        };
        let (source, parsed) = match workspace.load_env_file(path, file.raw) {
            Ok(loaded) => loaded,
            Err(error) => {
                // What is not in the repository is often made at the place of deployment.
                self.open |= file.required || error != ReadError::Absent;
                if file.required && error == ReadError::Absent {
                    self.missing.push(path.clone());
                }
                return;
            }
        };
        self.files.push(EnvFileUse { source, place: file.place.clone(), raw: file.raw });
        // Names that were looked up in vain: they may still be set outside.
        let mut missing: Vec<String> = Vec::new();
        let value = |variable: &ContainerVariable| variable.value.as_ref().map(|text| text.value.clone());
        let mut outer = |name: &str| {
            let own = || own.iter().find(|variable| variable.name == name).and_then(value);
            project.variables.get(name).map(str::to_owned).or_else(own)
        };
        let mut earlier = |name: &str| {
            let found = by_name.get(name).and_then(value);
            if found.is_none() {
                missing.push(name.to_owned());
            }
            found
        };
        let resolution = parsed.resolve_after(&mut outer, &mut earlier);
        for resolved in resolution.entries {
            let is_passed_through = matches!(resolved.value, EnvEntryValue::PassedThrough(_));
            let value = match resolved.value {
                EnvEntryValue::Written(expansion) => {
                    let used = |name: &String| {
                        expansion.pieces.iter().any(|piece| piece.inside.contains(name))
                            || expansion.unset.contains(name)
                    };
                    let unset: Vec<_> = missing.iter().filter(|name| used(name)).cloned().collect();
                    let certainty = if unset.is_empty() { Certainty::Known } else { Certainty::Assumed(unset) };
                    Some(Text { value: expansion.text, pieces: expansion.pieces, certainty })
                }
                EnvEntryValue::PassedThrough(text) => Some(Text::literal(text)),
                EnvEntryValue::Absent => None,
                EnvEntryValue::Refused => {
                    self.open = true;
                    continue;
                }
            };
            let site = Site::File { source, entry: resolved.entry };
            let variable = ContainerVariable { name: resolved.key, value, site, is_passed_through };
            if let Some(earlier) = by_name.get(&variable.name).filter(|earlier| is_replaced(earlier, &variable)) {
                let (earlier, later) = (earlier.site.clone(), variable.site.clone());
                self.overlaps.push(Overlap {
                    name: variable.name.clone(),
                    kind: OverlapKind::Replaced,
                    earlier,
                    later,
                });
            }
            by_name.insert(variable.name.clone(), variable);
        }
    }
}

/// True if another file gives the variable another value.
fn is_replaced(earlier: &ContainerVariable, later: &ContainerVariable) -> bool {
    let source = |variable: &ContainerVariable| match variable.site {
        Site::File { source, .. } => Some(source),
        _ => None,
    };
    let value = |variable: &ContainerVariable| variable.value.as_ref().map(|text| text.value.clone());
    source(earlier) != source(later) && value(later).is_some() && value(earlier) != value(later)
}

/// What `environment` itself says, in its order, of one name the last.
fn own_variables(service: &Node, project: &Project) -> Vec<ContainerVariable> {
    let mut variables: Vec<ContainerVariable> = Vec::new();
    let mut add = |variable: ContainerVariable| {
        variables.retain(|known| known.name != variable.name);
        variables.push(variable);
    };
    let Some(environment) = service.get("environment") else { return variables };
    match &environment.value {
        Value::Map(map) => map.entries.iter().for_each(|entry| add(from_entry(entry, project))),
        Value::List(items) => {
            for item in items {
                match &item.value {
                    Value::Map(map) => map.entries.iter().for_each(|entry| add(from_entry(entry, project))),
                    _ => item.scalar_text().into_iter().for_each(|text| add(from_item(&text, item, project))),
                }
            }
        }
        _ => {}
    }
    variables
}

fn from_entry(entry: &super::node::Entry, project: &Project) -> ContainerVariable {
    let site = Site::Entry { key: entry.key_place.clone(), value: entry.value.place.clone() };
    let written = entry.value.scalar_text();
    let is_passed_through = written.is_none();
    let value = written.or_else(|| passed_through(&entry.key, project));
    ContainerVariable { name: entry.key.clone(), value, site, is_passed_through }
}

fn from_item(text: &Text, item: &Node, project: &Project) -> ContainerVariable {
    let site = Site::Item { item: item.place.clone() };
    match text.value.find('=') {
        Some(at) => ContainerVariable {
            name: text.value[..at].to_owned(),
            value: Some(text.slice(at + 1..text.value.len())),
            site,
            is_passed_through: false,
        },
        None => ContainerVariable {
            name: text.value.clone(),
            value: passed_through(&text.value, project),
            site,
            is_passed_through: true,
        },
    }
}

fn passed_through(name: &str, project: &Project) -> Option<Text> {
    project.variables.get(name).map(Text::literal)
}

/// An env file as a service names it.
struct NamedFile {
    /// `None` if the path depends on something that caulk does not see.
    path: Option<PathBuf>,
    required: bool,
    raw: bool,
    place: Place,
}

fn env_files(service: &Node, folder: &Path) -> Vec<NamedFile> {
    let Some(named) = service.get("env_file") else { return Vec::new() };
    let items: Vec<&Node> = named.as_list().map_or_else(|| vec![named], |items| items.iter().collect());
    items
        .into_iter()
        .filter_map(|item| {
            let text = |node: &Node| node.scalar_text();
            let path = text(item).or_else(|| item.get("path").and_then(text))?;
            let flag = |name: &str| item.get(name).map(|node| matches!(node.value, Value::Bool(true)));
            let raw = item.get("format").and_then(text).is_some_and(|format| format.value == "raw");
            let known = !matches!(path.certainty, Certainty::Unknown(_)) && !path.value.is_empty();
            let path = known.then(|| absolute(base_folder(&item.place, folder), &path.value));
            Some(NamedFile { path, required: flag("required").unwrap_or(true), raw, place: item.place.clone() })
        })
        .collect()
}

/// The folder on which a relative path at `place` rests: that of the file from which it was extended or included.
fn base_folder<'p>(place: &'p Place, folder: &'p Path) -> &'p Path {
    let foreign = place.layers.iter().find_map(|layer| match layer {
        Layer::Extends { folder, .. } => folder.as_deref(),
        Layer::Include { folder, .. } => Some(folder.as_path()),
        _ => None,
    });
    foreign.unwrap_or(folder)
}
