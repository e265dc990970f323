//! One project: its files read, interpolated, extended, merged (the order is Compose's own).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cast;
use super::container_env::ContainerEnv;
use super::discover::{ProjectFiles, Reason};
use super::fault::Fault;
use super::interpolate::{Event, EventKind, interpolate};
use super::invocation::normal_name;
use super::load;
use super::long;
use super::merge::{self, Form, Mismatch};
use super::node::{Node, Place, Text, Value};
use super::problem::Weight;
use super::reading::{self, Reading};
use super::unique;
use super::variables::{Definition, Variables};
use super::workspace::{Options, Workspace};
use crate::source::{FileKind, ReadError, SourceId, absolute, is_remote};
use crate::syntax::env::{EnvFile, Refusal, Resolution, Value as EnvEntryValue};
use crate::syntax::template::{OperatorKind, Template};
use crate::syntax::words;

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
    /// The profiles that Compose is told to enable; empty if nobody says, and then every service counts.
    pub profiles: Vec<String>,
    /// What `${…}` stands for.
    pub variables: Variables,
    /// True if other env files than the folder's `.env` are read for it, because a call of Compose names them.
    pub has_own_env_files: bool,
    /// The merged model; `None` if no file could be read.
    pub root: Option<Node>,
    /// The environment of each service's container.
    pub containers: BTreeMap<String, ContainerEnv>,
    /// The env files in and below the project folder, those that Compose reads included: programs on the host read them.
    pub host_env_files: Vec<SourceId>,
    /// Entries of `ports` that mean the same as another one of their service, of which only the last counts; also this one.
    pub repeated_ports: Vec<Place>,
    /// What Compose does to its texts and their authors may not know.
    pub readings: Vec<Reading>,
    /// True if a part of the project could not be read, so that what is absent is not absent for certain.
    pub incomplete: bool,
}

impl Project {
    /// The name by which its containers are called, unless a call of Compose gives another one; `None` if nothing makes one.
    pub fn name(&self) -> Option<String> {
        let set = self.variables.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).map(str::to_owned);
        let written = || self.root.as_ref()?.get("name")?.as_text().map(|text| text.value.clone());
        let folder = || self.folder.file_name()?.to_str().map(str::to_owned);
        let name = normal_name(&set.or_else(written).or_else(folder)?);
        (!name.is_empty()).then_some(name)
    }

    pub(super) fn read(workspace: &mut Workspace<'_>, set: &ProjectFiles, options: &Options) -> Self {
        let mut variables = read_variables(workspace, set, options);
        demand_all(workspace, &mut variables, &set.files);
        let mut project = Self {
            files: Vec::new(),
            paths: set.files.clone(),
            folder: set.folder.clone(),
            reason: set.reason.clone(),
            profiles: set.profiles.clone(),
            variables,
            has_own_env_files: !set.env_files.is_empty(),
            root: None,
            containers: BTreeMap::new(),
            host_env_files: Vec::new(),
            repeated_ports: Vec::new(),
            readings: Vec::new(),
            incomplete: false,
        };
        let mut reader = Reader::new(workspace, &project.variables, &project.folder, Form::Written);
        (project.files, project.root) = reader.model(&set.files);
        project.incomplete = reader.incomplete;
        let events = reader.events;
        if let Some(root) = &mut project.root {
            project.repeated_ports = unique::apply(root);
        }
        project.containers = project
            .services()
            .iter()
            .map(|service| (service.key.clone(), ContainerEnv::read(workspace, &project, &service.value)))
            .collect();
        report_commands(workspace, &project);
        let below = workspace.sources.env_files_below(&set.folder);
        project.host_env_files = below.iter().filter_map(|path| workspace.load_foreign_env_file(path)).collect();
        project.readings = reading::read(workspace, &project, &events);
        project
    }

    /// The services, in the order of the files.
    pub fn services(&self) -> &[super::node::Entry] {
        let services = self.root.as_ref().and_then(|root| root.get("services")).and_then(Node::as_map);
        services.map_or(&[], |map| &map.entries)
    }

    /// The folder from which the image of a service is built; `None` if it is not, or from one that is elsewhere.
    pub fn build_context(&self, service: &Node) -> Option<PathBuf> {
        let build = service.get("build")?;
        let context = build.scalar_text().or_else(|| build.get("context").and_then(Node::scalar_text))?;
        (!is_remote(&context.value)).then(|| absolute(&self.folder, context.value))
    }

    /// False for a service that Compose does not start with the profiles that it is told to enable.
    pub fn is_enabled(&self, service: &Node) -> bool {
        self.profiles.is_empty() || runs_with(service, &self.profiles)
    }

    /// True if its networks span the machines of a swarm.
    pub fn has_overlay_network(&self) -> bool {
        let networks = self.root.as_ref().and_then(|root| root.get("networks")).and_then(Node::as_map);
        let driver = |network: &Node| network.get("driver").and_then(Node::scalar_text).map(|text| text.value);
        networks.is_some_and(|networks| {
            networks.entries.iter().any(|entry| driver(&entry.value).as_deref() == Some("overlay"))
        })
    }

    /// A service.
    pub fn service(&self, name: &str) -> Option<&Node> {
        self.root.as_ref()?.at(&["services", name])
    }
}

/// True for a service that is in no profile, or in one of these.
pub fn runs_with(service: &Node, profiles: &[String]) -> bool {
    let own = service.get("profiles").and_then(Node::as_list).unwrap_or_default();
    let is_named = |item: &Node| {
        // What can't be read may be any of them.
        item.scalar_text().is_none_or(|text| profiles.iter().any(|name| name == "*" || *name == text.value))
    };
    own.is_empty() || own.iter().any(is_named)
}

/// True if a service needs another one: it waits for it, links to it, or joins its network or its volumes, from all of which
/// Compose derives that it starts later.
pub fn depends_on(service: &Node, other: &str) -> bool {
    let waits = match service.get("depends_on").map(|node| &node.value) {
        Some(Value::Map(map)) => map.get(other).is_some(),
        Some(Value::List(items)) => items.iter().filter_map(Node::scalar_text).any(|text| text.value == other),
        _ => false,
    };
    // `links: [service:alias]`, `volumes_from: [service:ro]`
    let is_named = |key: &str| {
        let items = service.get(key).and_then(Node::as_list).unwrap_or_default();
        items.iter().filter_map(Node::scalar_text).any(|text| text.value.split(':').next() == Some(other))
    };
    let mode = service.get("network_mode").and_then(Node::scalar_text);
    let joins = mode.is_some_and(|mode| mode.value.strip_prefix("service:") == Some(other));
    waits || joins || is_named("links") || is_named("volumes_from")
}

/// The names that `links` of a service gives to another one.
pub fn link_aliases(service: &Node, other: &str) -> Vec<String> {
    let items = service.get("links").and_then(Node::as_list).unwrap_or_default();
    let alias = |text: Text| Some(text.value.split_once(':').filter(|(name, _)| *name == other)?.1.to_owned());
    items.iter().filter_map(Node::scalar_text).filter_map(alias).collect()
}

/// Reads the env files for `${…}`: the project's `.env`, or those that the person or the project named.
fn read_variables(workspace: &mut Workspace<'_>, set: &ProjectFiles, options: &Options) -> Variables {
    let folder = &set.folder;
    let mut variables = Variables::new(options.environment.clone());
    variables.closed = options.environment_is_complete;
    variables.paths = match (options.env_files.as_slice(), set.env_files.as_slice()) {
        ([], []) => vec![folder.join(".env")],
        ([], files) | (files, _) => files.to_vec(),
    };
    variables.give("COMPOSE_PROJECT_NAME", folder.file_name().and_then(|name| name.to_str()).unwrap_or_default());
    let paths = variables.paths.clone();
    let files: Vec<PathBuf> =
        paths.into_iter().filter(|path| workspace.sources.kind(path) != FileKind::Directory).collect();
    define_all(workspace, &mut variables, &files, false);
    variables
}

/// Reports commands that Compose can't split into words.
fn report_commands(workspace: &mut Workspace<'_>, project: &Project) {
    for service in project.services() {
        for node in ["command", "entrypoint"].into_iter().filter_map(|key| service.value.get(key)) {
            if node.as_text().is_some_and(|text| words::split(&text.value).is_err()) {
                let message = "Compose can't split this command into words: something is left open in it";
                let help = "close the quote or parenthesis, or write the command as a list";
                workspace.report_at(&node.place, Weight::Error, message, Some(help));
            }
        }
    }
}

/// Notes which variables the files demand and nobody defines.
fn demand_all(workspace: &mut Workspace<'_>, variables: &mut Variables, files: &[PathBuf]) {
    for path in files {
        let Some((_, document)) = workspace.load_document(path) else { continue };
        let texts = document.ids().filter_map(|id| document.scalar(id)).filter(|text| text.contains("${"));
        for template in texts.filter_map(|text| Template::parse(text).ok()) {
            for variable in template.variables() {
                let is_demanded =
                    variable.operator.as_ref().is_some_and(|operator| operator.kind == OperatorKind::Required);
                if is_demanded && variables.get(&variable.name).is_none_or(str::is_empty) {
                    variables.demand(&variable.name);
                }
            }
        }
    }
}

/// Adds what env files define below what is known already; of several files the later one wins.
/// A file that is not there is an error if it is `required`.
pub(super) fn define_all(workspace: &mut Workspace<'_>, variables: &mut Variables, paths: &[PathBuf], required: bool) {
    let mut found: BTreeMap<String, (String, Definition)> = BTreeMap::new();
    for path in paths {
        let (source, file) = match workspace.load_env_file(path, false) {
            Ok(loaded) => loaded,
            Err(ReadError::Absent) => {
                if required {
                    workspace.report_unreadable(path, &ReadError::Absent);
                }
                continue;
            }
            Err(_) => {
                variables.incomplete = true;
                continue;
            }
        };
        let mut earlier = |name: &str| Some(found.get(name)?.0.clone());
        let resolution = file.resolve_after(&mut |name| variables.get(name).map(str::to_owned), &mut earlier);
        variables.incomplete |= !resolution.refusals.is_empty();
        if variables.closed {
            report_resolution(workspace, source, &file, &resolution);
        }
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
            found.insert(resolved.key, (value.to_owned(), definition));
        }
    }
    for (name, (value, definition)) in found {
        variables.define_if_absent(&name, value, definition);
    }
}

/// Reports what Compose refuses or replaces by a blank in an env file.
pub fn report_resolution(workspace: &mut Workspace<'_>, source: SourceId, file: &EnvFile, resolution: &Resolution) {
    let span = |entry: usize| file.entries.get(entry).map(|entry| entry.span).unwrap_or_default();
    for refusal in &resolution.refusals {
        // A malformed value was reported by the parser.
        if let Refusal::Unmet { entry, unmet } = refusal {
            let colon = if unmet.message.is_empty() { "" } else { ": " };
            let message = format!("the variable {} must be set{colon}{}", unmet.name, unmet.message);
            workspace.report(source, span(*entry), Weight::Error, message, None);
        }
    }
    // The line that was refused may set what is missing elsewhere.
    let unset = if resolution.refusals.is_empty() { resolution.unset.as_slice() } else { &[] };
    for unset in unset {
        let message = format!("the variable {} is not set, Compose puts a blank in its place", unset.name);
        let value = file.entries.get(unset.entry).and_then(|entry| entry.value.as_ref());
        let used = value.and_then(|value| Some((value, value.template.as_ref()?))).and_then(|(value, template)| {
            let variable = template.variables().into_iter().find(|variable| variable.name == unset.name)?;
            Some(value.escapes.source(variable.span.start..variable.span.end))
        });
        workspace.report(source, used.unwrap_or_else(|| span(unset.entry)), Weight::Warning, message, None);
    }
}

/// Reads the files of one project, or of one that is included.
pub(super) struct Reader<'w, 'f, 'p> {
    pub(super) workspace: &'w mut Workspace<'f>,
    pub(super) variables: &'p Variables,
    pub(super) folder: &'p Path,
    pub(super) form: Form,
    /// True if a part of the project could not be read.
    pub(super) incomplete: bool,
    /// What the interpolation did.
    pub(super) events: Vec<Event>,
    /// The files that led here.
    pub(super) chain: Vec<PathBuf>,
}

impl<'w, 'f, 'p> Reader<'w, 'f, 'p> {
    pub(super) fn new(
        workspace: &'w mut Workspace<'f>,
        variables: &'p Variables,
        folder: &'p Path,
        form: Form,
    ) -> Self {
        Self { workspace, variables, folder, form, incomplete: false, events: Vec::new(), chain: Vec::new() }
    }

    /// Reads the files one over the other.
    pub(super) fn model(&mut self, paths: &[PathBuf]) -> (Vec<SourceId>, Option<Node>) {
        let (mut sources, mut root) = (Vec::new(), None);
        for path in paths {
            self.chain.push(path.clone());
            sources.extend(self.add_file(path, &mut root));
        }
        // An empty file beside others, or one that is included, is nothing to Compose.
        let is_project = self.chain.len() == paths.len();
        let is_empty = |source: &SourceId| self.workspace.document(*source).is_some_and(|file| file.roots.is_empty());
        if let Some(source) = sources.first().filter(|_| is_project && root.is_none() && sources.iter().all(is_empty)) {
            let help = Some("Compose wants `services:` here".to_owned());
            self.workspace.report(*source, crate::text::Span::default(), Weight::Error, "the file is empty", help);
        }
        if let (Form::Long, Some(root)) = (self.form, &mut root) {
            let mut faults = Vec::new();
            long::defaults(root, &mut faults);
            long::check(root, &mut faults);
            long::absolute_paths(root, self.folders(), &mut faults);
            long::pass_through(root, self.variables);
            self.report_faults(faults);
        }
        (sources, root)
    }

    /// Lays a file over `root`.
    fn add_file(&mut self, path: &Path, root: &mut Option<Node>) -> Option<SourceId> {
        let Some((source, documents)) = self.interpolated(path) else {
            self.incomplete = true;
            return None;
        };
        for mut loaded in documents {
            self.extend_services(&mut loaded, path);
            for imported in self.included(&mut loaded.root) {
                self.import(&mut loaded.root, imported);
            }
            self.lay_over(root, loaded, true);
        }
        Some(source)
    }

    /// Lays one document over what was read before.
    pub(super) fn lay_over(&mut self, root: &mut Option<Node>, loaded: load::Loaded, with_schema: bool) {
        let mut merged = match root.take() {
            Some(mut earlier) => {
                for path in &loaded.resets {
                    merge::reset(&mut earlier, path);
                }
                self.merge_at(earlier, loaded.root, &mut Vec::new())
            }
            None => loaded.root,
        };
        if self.form == Form::Long {
            let mut faults = Vec::new();
            long::settle(&mut merged, with_schema, &mut faults);
            self.report_faults(faults);
        }
        *root = Some(merged);
    }

    /// The folders on which paths rest.
    pub(super) fn folders(&self) -> long::Folders<'p> {
        long::Folders { project: self.folder, home: self.variables.get("HOME").map(Path::new) }
    }

    pub(super) fn report_faults(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            self.workspace.report_at(&fault.place, fault.weight, fault.message, fault.help.as_deref());
        }
    }

    /// The YAML documents of a file with their variables replaced.
    pub(super) fn interpolated(&mut self, path: &Path) -> Option<(SourceId, Vec<load::Loaded>)> {
        let (source, document) = self.workspace.load_document(path)?;
        let (mut documents, problems) = load::load(source, &document);
        for problem in problems {
            self.workspace.report_cut(source, problem);
        }
        self.incomplete |= self.workspace.is_cut(source);
        let mut events = Vec::new();
        let mut faults = Vec::new();
        for loaded in &mut documents {
            interpolate(&mut loaded.root, self.variables, &mut events);
            if self.form == Form::Long {
                cast::apply(&mut loaded.root, &mut faults);
            }
        }
        self.report_faults(faults);
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
        for event in events {
            self.report_event(&event);
            self.events.push(event);
        }
        Some((source, documents))
    }

    fn report_event(&mut self, event: &Event) {
        let place = &event.place;
        match &event.kind {
            EventKind::Invalid => {
                let help = Some("write `$$` for a `$` that is no variable");
                self.workspace.report_at(place, Weight::Error, "Compose can't read a `$` in this text", help);
            }
            // A line that could not be read may set it.
            _ if self.variables.incomplete => {}
            EventKind::Missing { name, message } if self.variables.closed => {
                let colon = if message.is_empty() { "" } else { ": " };
                let message = format!("the variable {name} must be set{colon}{message}");
                self.workspace.report_at(place, Weight::Error, message, None);
            }
            EventKind::Blank { name } if self.variables.closed => {
                let message = format!("the variable {name} is not set, Compose puts a blank in its place");
                self.workspace.report_at(place, Weight::Warning, message, None);
            }
            // A variable that must come from outside is how many projects are meant to be; the rest is for rules.
            _ => {}
        }
    }

    /// Lays `later` over `earlier`, both at a path, and reports what does not fit.
    pub(super) fn merge_at(&mut self, earlier: Node, later: Node, path: &mut Vec<String>) -> Node {
        let mut mismatches = Vec::new();
        let merged = merge::merge(self.form, earlier, later, path, &mut mismatches);
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
}
