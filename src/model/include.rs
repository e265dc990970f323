//! `include`: other projects whose services join this one (Compose specification, "include").

use std::path::{Path, PathBuf};

use super::extends::mark;
use super::node::{Entry, Layer, Map, Node, Value};
use super::problem::Weight;
use super::project::{Reader, empty_map};
use crate::source::absolute;

impl Reader<'_, '_, '_> {
    /// Takes `include` out of a document and reads what it names.
    pub(super) fn included(&mut self, root: &mut Node, path: &Path) -> Option<Node> {
        let Value::Map(map) = &mut root.value else { return None };
        let include = map.remove("include")?;
        let folder = path.parent().unwrap_or(path);
        let mut joined = empty_map(&include.value);
        for item in include.value.as_list().unwrap_or_default() {
            for (file, at) in paths(item) {
                if file.to_string_lossy().contains("://") {
                    self.incomplete = true;
                    let help = Some("caulk reads no files from the network; what they define is unknown");
                    self.workspace.report_at(
                        &at.place,
                        Weight::Warning,
                        "this file lies outside, it is not read",
                        help,
                    );
                    continue;
                }
                let file = absolute(folder, file);
                self.include_file(&file, at, &mut joined, folder);
            }
        }
        Some(joined)
    }

    fn include_file(&mut self, file: &Path, at: &Node, joined: &mut Node, from: &Path) {
        let Some((_, documents)) = self.interpolated(file) else {
            self.incomplete = true;
            return;
        };
        for mut loaded in documents {
            self.extend_services(&mut loaded.root, file);
            if file.parent() != Some(from)
                && let Some(inner) = self.included(&mut loaded.root, file)
            {
                self.import(&mut loaded.root, inner);
            }
            mark(
                &mut loaded.root,
                &Layer::Include { at: at.place.span, folder: file.parent().unwrap_or(file).to_owned() },
            );
            self.import(joined, loaded.root);
        }
    }

    /// Adds the resources of an included project; what is there already stays.
    pub(super) fn import(&mut self, own: &mut Node, included: Node) {
        let (Value::Map(own), Value::Map(included)) = (&mut own.value, included.value) else { return };
        for Entry { key, key_place, value } in included.entries {
            if !matches!(key.as_str(), "services" | "networks" | "volumes" | "secrets" | "configs") {
                continue;
            }
            let Value::Map(resources) = value.value else { continue };
            if own.get(&key).is_none() {
                let value = Node { value: Value::Map(Map::default()), place: value.place };
                own.entries.push(Entry { key: key.clone(), key_place, value });
            }
            let known = own.entries.iter_mut().find(|entry| entry.key == key);
            if let Some(Entry { value: Node { value: Value::Map(known), .. }, .. }) = known {
                for resource in resources.entries {
                    if known.get(&resource.key).is_none() {
                        known.entries.push(resource);
                    }
                }
            }
        }
    }
}

/// The files that one item of `include` names.
fn paths(item: &Node) -> Vec<(PathBuf, &Node)> {
    let text = |node: &Node| node.scalar_text().map(|text| PathBuf::from(text.value));
    let named = item.get("path").unwrap_or(item);
    let nodes: Vec<&Node> = named.as_list().map_or_else(|| vec![named], |items| items.iter().collect());
    nodes.into_iter().filter_map(|node| Some((text(node)?, node))).collect()
}
