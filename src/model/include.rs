//! `include`: other projects whose services join this one (Compose specification, "include").

use std::path::{Path, PathBuf};

use super::extends::mark;
use super::merge::Form;
use super::node::{Entry, Layer, Map, Node, Place, Value};
use super::problem::Weight;
use super::project::{Reader, define_all};
use super::variables::Variables;
use crate::source::{FileKind, absolute, is_remote};

/// Longest chain of files that include each other.
const DEEPEST: usize = 100;
/// Most files that one project may include, each as often as it is named.
const MOST: usize = 2_000;

impl Reader<'_, '_, '_> {
    /// Takes `include` out of a document and reads what it names: one model for each item.
    pub(super) fn included(&mut self, root: &mut Node) -> Vec<Node> {
        let Value::Map(map) = &mut root.value else { return Vec::new() };
        let Some(include) = map.remove("include") else { return Vec::new() };
        match &include.value.value {
            Value::List(items) => items.iter().filter_map(|item| self.include_item(item)).collect(),
            Value::Null => Vec::new(),
            _ => {
                self.incomplete = true;
                self.workspace.report_at(&include.value.place, Weight::Error, "`include` must be a list", None);
                Vec::new()
            }
        }
    }

    fn include_item(&mut self, item: &Node) -> Option<Node> {
        let paths = texts(item.get("path").unwrap_or(item));
        let (first, at) = paths.first()?;
        if let Some((_, remote)) = paths.iter().find(|(path, _)| is_remote(path)) {
            self.report_remote(&remote.place);
            return None;
        }
        let main = absolute(self.folder, first);
        if self.chain.contains(&main) {
            self.incomplete = true;
            let message = "files include each other in a circle";
            self.workspace.report_at(&at.place, Weight::Error, message, Some("one of them must not include the other"));
            return None;
        }
        self.workspace.includes += 1;
        if self.chain.len() > DEEPEST || self.workspace.includes > MOST {
            self.incomplete = true;
            self.workspace.report_at(&at.place, Weight::Error, "too many files include each other", None);
            return None;
        }
        let folder = match item.get("project_directory").and_then(Node::as_text) {
            Some(text) if !text.value.is_empty() => absolute(self.folder, &text.value),
            _ => main.parent().unwrap_or(&main).to_owned(),
        };
        let mut variables = self.variables.clone();
        self.read_env_files(item, &folder, &mut variables);
        let files: Vec<PathBuf> = paths.iter().map(|(path, _)| absolute(self.folder, path)).collect();
        let mut inner = Reader {
            workspace: &mut *self.workspace,
            variables: &variables,
            folder: &folder,
            form: self.form,
            incomplete: false,
            events: Vec::new(),
            chain: self.chain.clone(),
        };
        let (_, model) = inner.model(&files);
        self.incomplete |= inner.incomplete;
        let events = inner.events;
        self.events.extend(events);
        let mut model = model?;
        mark(&mut model, &Layer::Include { source: at.place.source, at: at.place.span, folder });
        Some(model)
    }

    /// Notes that a part of the project lies in the network.
    pub(super) fn report_remote(&mut self, place: &Place) {
        self.incomplete = true;
        let help = Some("caulk reads nothing from the network; what it defines is unknown");
        self.workspace.report_at(place, Weight::Note, "this is remote, it is not read", help);
    }

    /// The included project's own env files fill in what the outer project does not set.
    fn read_env_files(&mut self, item: &Node, folder: &Path, variables: &mut Variables) {
        let named = item.get("env_file").map(texts).unwrap_or_default();
        if named.is_empty() {
            let path = folder.join(".env");
            if self.workspace.sources.kind(&path) == FileKind::File {
                define_all(self.workspace, variables, &[path], false);
            }
            return;
        }
        let mut paths = Vec::new();
        for (path, at) in named {
            let path = absolute(self.folder, path);
            match self.workspace.sources.kind(&path) {
                FileKind::File => paths.push(path),
                _ => {
                    variables.incomplete = true;
                    self.workspace.report_at(&at.place, Weight::Error, "there is no such file", None);
                }
            }
        }
        define_all(self.workspace, variables, &paths, false);
    }

    /// Adds the resources of an included project; what is there already stays, and must say the same.
    pub(super) fn import(&mut self, own: &mut Node, included: Node) {
        let (Value::Map(own), Value::Map(included)) = (&mut own.value, included.value) else { return };
        for Entry { key, key_place, value } in included.entries {
            if !matches!(key.as_str(), "services" | "networks" | "volumes" | "secrets" | "configs" | "models") {
                continue;
            }
            let Value::Map(resources) = value.value else { continue };
            if own.get(&key).is_none() {
                let value = Node { value: Value::Map(Map::default()), place: value.place };
                own.entries.push(Entry { key: key.clone(), key_place, value });
            }
            let Some(Value::Map(known)) = own.get_mut(&key).map(|node| &mut node.value) else { continue };
            for resource in resources.entries {
                match known.entry(&resource.key) {
                    None => known.entries.push(resource),
                    Some(own) if self.form == Form::Long && !own.value.same_value(&resource.value) => {
                        let message = format!("`{}` is something else in an included file", own.key);
                        let help = Some("an override file may change what is included, the including file may not");
                        self.workspace.report_at(&own.key_place, Weight::Error, message, help);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// A text, or a list of them.
fn texts(node: &Node) -> Vec<(String, &Node)> {
    let nodes: Vec<&Node> = node.as_list().map_or_else(|| vec![node], |items| items.iter().collect());
    nodes.into_iter().filter_map(|node| Some((node.scalar_text()?.value, node))).collect()
}
