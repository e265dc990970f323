//! `extends`: a service that starts from another one (Compose specification, "extends").

use std::path::{Path, PathBuf};

use super::load::Loaded;
use super::long::{Folders, absolute_paths};
use super::merge::{self, Form};
use super::node::{Layer, Map, Node, Place, Value};
use super::problem::Weight;
use super::project::Reader;
use crate::source::{absolute, is_remote};

/// The way from an extending service to the ones that it is made of.
struct Chain {
    /// The file that started it: its paths rest on the project folder, those of the others on their own.
    top: PathBuf,
    /// What the document takes back from the services that it extends.
    resets: Vec<Vec<String>>,
    /// File and name of the services so far.
    steps: Vec<(PathBuf, String)>,
}

/// Longest chain of services that extend each other.
const CHAIN: usize = 50;

impl Reader<'_, '_, '_> {
    /// Replaces every service of the document that extends another one by the two merged.
    pub(super) fn extend_services(&mut self, loaded: &mut Loaded, path: &Path) {
        let Loaded { root, resets } = loaded;
        let Some(services) = root.get("services").and_then(Node::as_map) else { return };
        if !services.entries.iter().any(|entry| entry.value.get("extends").is_some()) {
            return;
        }
        let services = services.clone();
        let names: Vec<_> = services.entries.iter().map(|entry| entry.key.clone()).collect();
        let mut chain = Chain { top: path.to_owned(), resets: resets.clone(), steps: Vec::new() };
        let resolved: Vec<_> = names.iter().map(|name| self.extended(name, &services, path, &mut chain)).collect();
        if let Value::Map(map) = &mut root.value
            && let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == "services")
            && let Value::Map(services) = &mut entry.value.value
        {
            for (entry, resolved) in services.entries.iter_mut().zip(resolved) {
                if let Some(resolved) = resolved {
                    entry.value = resolved;
                }
            }
        }
    }

    fn extended(&mut self, name: &str, services: &Map, path: &Path, chain: &mut Chain) -> Option<Node> {
        let mut service = services.get(name)?.clone();
        let Value::Map(map) = &mut service.value else { return Some(service) };
        let Some(extends) = map.remove("extends") else { return Some(service) };
        let here = (path.to_owned(), name.to_owned());
        if chain.steps.contains(&here) || chain.steps.len() >= CHAIN {
            self.incomplete = true;
            let help = Some("one of the services in the circle must not extend another");
            self.workspace.report_at(
                &extends.value.place,
                Weight::Error,
                "services extend each other in a circle",
                help,
            );
            return Some(service);
        }
        let text = |node: &Node| node.scalar_text().map(|text| text.value);
        let base_name = text(&extends.value).or_else(|| extends.value.get("service").and_then(text))?;
        let named = extends.value.get("file");
        let file = named.and_then(text);
        if let Some(remote) = named.filter(|_| file.as_deref().is_some_and(is_remote)) {
            self.report_remote(&remote.place);
            return Some(service);
        }
        chain.steps.push(here);
        let mut folder = None;
        let base = match file {
            None => self.extended(&base_name, services, path, chain),
            Some(file) => {
                let base = if path == chain.top { self.folder } else { path.parent().unwrap_or(path) };
                let other = absolute(base, &file);
                folder = other.parent().map(Path::to_owned);
                self.services_of(&other).and_then(|services| self.extended(&base_name, &services, &other, chain))
            }
        };
        chain.steps.pop();
        if base.as_ref().is_some_and(Node::is_null) {
            return Some(service);
        }
        let Some(mut base) = base else {
            self.incomplete = true;
            let message = format!("the service `{base_name}` that this extends is not to be found");
            self.workspace.report_at(&extends.value.place, Weight::Error, message, None);
            return Some(service);
        };
        for path in &chain.resets {
            if let [services, service, rest @ ..] = path.as_slice()
                && services == "services"
                && service == name
                && !rest.is_empty()
            {
                merge::reset(&mut base, rest);
            }
        }
        let Place { source, span: at, .. } = extends.value.place;
        mark(&mut base, &Layer::Extends { service: base_name, source, at, folder });
        Some(self.merge_at(base, service, &mut vec!["services".to_owned(), name.to_owned()]))
    }

    fn services_of(&mut self, path: &Path) -> Option<Map> {
        let (_, documents) = self.interpolated(path)?;
        let mut root: Option<Node> = None;
        for loaded in documents {
            self.lay_over(&mut root, loaded, false);
        }
        let mut root = root?;
        if self.form == Form::Long {
            let mut faults = Vec::new();
            let folders = Folders { project: path.parent().unwrap_or(path), ..self.folders() };
            absolute_paths(&mut root, folders, &mut faults);
            self.report_faults(faults);
        }
        root.get("services")?.as_map().cloned()
    }
}

/// Notes on every value below `node` that it came by `layer`.
pub(super) fn mark(node: &mut Node, layer: &Layer) {
    node.place.layers.push(layer.clone());
    match &mut node.value {
        Value::Map(map) => {
            for entry in &mut map.entries {
                entry.key_place.layers.push(layer.clone());
                mark(&mut entry.value, layer);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| mark(item, layer)),
        _ => {}
    }
}
