//! One project: its files read, interpolated, extended, merged (the order is Compose's own).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::container_env::ContainerEnv;
use super::discover::{ProjectFiles, Reason};
use super::interpolate::{Event, interpolate};
use super::load;
use super::merge::{self, Mismatch};
use super::node::{Map, Node, Value};
use super::problem::Weight;
use super::unique;
use super::variables::{Definition, Variables};
use super::workspace::{Options, Workspace};
use crate::source::{FileKind, ReadError, SourceId, absolute};
use crate::syntax::env::Value as EnvEntryValue;

/// A project as Compose sees it.
#[derive(Debug)]
pub struct Project {
    /// The Compose files that could be read, in the order in which they are merged.
    pub files: Vec<SourceId>,
    /// Their paths, those that could not be read included.
    pub paths: Vec<PathBuf>,
    /// The project folder.
    pub folder: PathBuf,
    /// Why these files belong together.
    pub reason: Reason,
    /// What `${…}` stands for.
    pub variables: Variables,
    /// The merged model; `None` if no file could be read.
    pub root: Option<Node>,
    /// The environment of each service's container.
    pub containers: BTreeMap<String, ContainerEnv>,
    /// The env files in and below the project folder, those that Compose reads included: programs on the host read them.
    pub host_env_files: Vec<SourceId>,
    /// True if a part of the project could not be read, so that what is absent is not absent for certain.
    pub incomplete: bool,
}

impl Project {
    pub(super) fn read(workspace: &mut Workspace<'_>, set: &ProjectFiles, options: &Options) -> Self {
        let variables = read_variables(workspace, &set.folder, options);
        let mut project = Self {
            files: Vec::new(),
            paths: set.files.clone(),
            folder: set.folder.clone(),
            reason: set.reason,
            variables,
            root: None,
            containers: BTreeMap::new(),
            host_env_files: Vec::new(),
            incomplete: false,
        };
        let mut reader =
            Reader { workspace, variables: &project.variables, folder: &project.folder, incomplete: false };
        let mut root = None;
        for path in &set.files {
            if let Some(source) = reader.add_file(path, &mut root) {
                project.files.push(source);
            }
        }
        project.incomplete = reader.incomplete;
        if let Some(root) = &mut root {
            unique::apply(root);
        }
        project.root = root;
        project.containers = project
            .services()
            .iter()
            .map(|service| (service.key.clone(), ContainerEnv::read(workspace, &project, &service.value)))
            .collect();
        let below = workspace.sources.env_files_below(&set.folder);
        project.host_env_files = below.iter().filter_map(|path| workspace.load_foreign_env_file(path)).collect();
        project
    }

    /// The services, in the order of the files.
    pub fn services(&self) -> &[super::node::Entry] {
        let services = self.root.as_ref().and_then(|root| root.get("services")).and_then(Node::as_map);
        services.map_or(&[], |map| &map.entries)
    }

    /// A service.
    pub fn service(&self, name: &str) -> Option<&Node> {
        self.root.as_ref()?.at(&["services", name])
    }
}

/// Reads the env files for `${…}`: the project's `.env`, or those that the person named.
fn read_variables(workspace: &mut Workspace<'_>, folder: &Path, options: &Options) -> Variables {
    let mut variables = Variables::new(options.environment.clone());
    variables.paths = match options.env_files.as_slice() {
        [] => vec![folder.join(".env")],
        files => files.to_vec(),
    };
    variables.give("COMPOSE_PROJECT_NAME", folder.file_name().and_then(|name| name.to_str()).unwrap_or_default());
    for path in variables.paths.clone() {
        if workspace.sources.kind(&path) == FileKind::Directory {
            continue;
        }
        match workspace.load_env_file(&path, false) {
            Ok((source, file)) => {
                let resolution = file.resolve(&mut |name| variables.get(name).map(str::to_owned));
                variables.incomplete |= !resolution.refusals.is_empty();
                for resolved in resolution.entries {
                    let entry = &file.entries[resolved.entry];
                    let Some(value) = resolved.value.text() else { continue };
                    // A bare key takes the value from outside; it defines nothing here.
                    if matches!(resolved.value, EnvEntryValue::PassedThrough(_)) {
                        continue;
                    }
                    let definition = Definition {
                        source,
                        entry: resolved.entry,
                        key_span: entry.key_span,
                        value_span: entry.value.as_ref().map(|value| value.span),
                    };
                    variables.define(&resolved.key, value.to_owned(), definition);
                }
            }
            Err(ReadError::Absent) => {}
            Err(_) => variables.incomplete = true,
        }
    }
    variables
}

/// Reads the files of one project.
pub(super) struct Reader<'w, 'f, 'p> {
    pub(super) workspace: &'w mut Workspace<'f>,
    pub(super) variables: &'p Variables,
    pub(super) folder: &'p Path,
    pub(super) incomplete: bool,
}

impl Reader<'_, '_, '_> {
    /// Lays a file over `root`.
    fn add_file(&mut self, path: &Path, root: &mut Option<Node>) -> Option<SourceId> {
        let Some((source, documents)) = self.interpolated(path) else {
            self.incomplete = true;
            return None;
        };
        for mut loaded in documents {
            self.extend_services(&mut loaded.root, path);
            if let Some(root) = root {
                for path in &loaded.resets {
                    merge::reset(root, path);
                }
            }
            let included = self.included(&mut loaded.root, path);
            *root = Some(match root.take() {
                Some(earlier) => self.merge(earlier, loaded.root),
                None => loaded.root,
            });
            if let (Some(included), Some(own)) = (included, root.as_mut()) {
                self.import(own, included);
            }
        }
        Some(source)
    }

    /// The YAML documents of a file with their variables replaced.
    pub(super) fn interpolated(&mut self, path: &Path) -> Option<(SourceId, Vec<load::Loaded>)> {
        let (source, document) = self.workspace.load_document(path)?;
        let (mut documents, problems) = load::load(source, &document);
        for problem in problems {
            self.incomplete = true;
            self.workspace.report(source, problem.span, Weight::Error, problem.message, problem.help);
        }
        let mut events = Vec::new();
        for loaded in &mut documents {
            interpolate(&mut loaded.root, self.variables, &mut events);
        }
        documents.retain(|loaded| match &loaded.root.value {
            Value::Map(_) => true,
            Value::Null => {
                self.workspace.report_at(
                    &loaded.root.place,
                    Weight::Error,
                    "the file is empty",
                    Some("Compose wants `services:` here"),
                );
                false
            }
            _ => {
                let help = Some("the top level must be a mapping with `services:`");
                self.workspace.report_at(&loaded.root.place, Weight::Error, "this is no Compose file", help);
                false
            }
        });
        if documents.is_empty() && document.roots.is_empty() {
            let span = crate::text::Span::default();
            self.workspace.report(
                source,
                span,
                Weight::Error,
                "the file is empty",
                Some("Compose wants `services:` here".to_owned()),
            );
        }
        for event in events {
            self.report_event(event);
        }
        Some((source, documents))
    }

    fn report_event(&mut self, event: Event) {
        match event {
            Event::Invalid { place } => {
                let help = Some("write `$$` for a `$` that is no variable");
                self.workspace.report_at(&place, Weight::Error, "Compose can't read a `$` in this text", help);
            }
            // A variable that must come from outside is how many projects are meant to be.
            Event::Missing { .. } | Event::Blank { .. } => {}
        }
    }

    /// Lays `later` over `earlier` and reports what does not fit.
    pub(super) fn merge(&mut self, earlier: Node, later: Node) -> Node {
        self.merge_at(earlier, later, &mut Vec::new())
    }

    /// The same at a path.
    pub(super) fn merge_at(&mut self, earlier: Node, later: Node, path: &mut Vec<String>) -> Node {
        let mut mismatches = Vec::new();
        let merged = merge::merge(earlier, later, path, &mut mismatches);
        for Mismatch { path, later } in mismatches {
            self.incomplete = true;
            let help = Some("a mapping can't lie over a list or a text, nor the reverse");
            self.workspace.report_at(
                &later,
                Weight::Error,
                format!("this can't override `{path}` of an earlier file"),
                help,
            );
        }
        merged
    }

    /// The path of a file that a Compose file names, as Compose finds it.
    pub(super) fn resolve_path(&self, written: &str) -> PathBuf {
        absolute(self.folder, written)
    }
}

/// An empty mapping at the place of `node`.
pub(super) fn empty_map(node: &Node) -> Node {
    Node { value: Value::Map(Map::default()), place: node.place.clone() }
}
