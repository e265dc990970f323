//! `env_file` and `label_file`: what the files of a service say goes below what the service itself says.

use super::item::{Item, Origin, Part, Value};
use crate::model::node::{Layer, Node, Place};
use crate::model::{Variables, Weight, Workspace, report_resolution};
use crate::source::{ReadError, SourceId};
use crate::syntax::env::Entry;
use std::path::Path;

/// Puts the variables and labels of the service's files into its printed form.
pub(super) fn merge(workspace: &mut Workspace<'_>, node: &Node, service: &mut Item, variables: &Variables) {
    merge_one(workspace, node, service, variables, "env_file", "environment");
    merge_one(workspace, node, service, variables, "label_file", "labels");
}

fn merge_one(
    workspace: &mut Workspace<'_>,
    node: &Node,
    service: &mut Item,
    variables: &Variables,
    files: &str,
    key: &str,
) {
    let files = node.get(files).and_then(Node::as_list).unwrap_or_default();
    if files.is_empty() {
        return;
    }
    let own = service.remove(key);
    let own = own.as_ref().map(Item::entries).unwrap_or_default();
    let mut found: Vec<(String, Item)> = Vec::new();
    for file in files {
        read_file(workspace, file, variables, own, &mut found);
    }
    for (name, item) in own {
        set(&mut found, name, item.clone());
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if !found.is_empty() {
        service.set(key, Item { value: Value::Map(found), origin: Origin::of(node) });
    }
}

fn read_file(
    workspace: &mut Workspace<'_>,
    file: &Node,
    variables: &Variables,
    own: &[(String, Item)],
    found: &mut Vec<(String, Item)>,
) {
    let Some(path) = file.get("path").unwrap_or(file).as_text() else { return };
    let required = file.get("required").is_none_or(|required| match &required.value {
        crate::model::node::Value::Text(text) => crate::model::boolean(&text.value).unwrap_or(true),
        value => !matches!(value, crate::model::node::Value::Bool(false)),
    });
    let raw = match file.get("format").and_then(Node::as_text).map(|format| format.value.as_str()) {
        None | Some("") => false,
        Some("raw") => true,
        Some(_) => {
            let help = Some("`raw` is the only one, or none");
            workspace.report_at(&file.place, Weight::Error, "Compose does not know this format", help);
            return;
        }
    };
    let (source, parsed) = match workspace.load_env_file(Path::new(&path.value), raw) {
        Ok(loaded) => loaded,
        Err(ReadError::Absent) if !required => return,
        Err(error) => {
            let message = format!("the env file can't be read: {error}");
            workspace.report_at(&file.place, Weight::Error, message, None);
            return;
        }
    };
    let text = |items: &[(String, Item)], name: &str| {
        items.iter().find(|(known, _)| known == name).and_then(|(_, item)| item.text()).map(str::to_owned)
    };
    let mut outer = |name: &str| variables.get(name).map(str::to_owned).or_else(|| text(own, name));
    let resolution = parsed.resolve_after(&mut outer, &mut |name| text(found, name));
    report_resolution(workspace, source, &parsed, &resolution);
    for resolved in &resolution.entries {
        let Some(value) = resolved.value.text() else { continue };
        let Some(entry) = parsed.entries.get(resolved.entry) else { continue };
        let origin = in_file(source, entry, &file.place, variables);
        set(found, &resolved.key, Item { value: Value::Text(value.to_owned()), origin });
    }
}

/// The origin of what an entry of an env file says; the file is named at `named`.
fn in_file(source: SourceId, entry: &Entry, named: &Place, variables: &Variables) -> Origin {
    let template = entry.value.as_ref().and_then(|value| value.template.as_ref());
    let used = template.map(|template| template.variables()).unwrap_or_default();
    let known = used.into_iter().filter_map(|variable| Some((&variable.name, variables.get(&variable.name)?)));
    let part =
        |(name, text): (&String, &str)| Part { name: name.clone(), text: text.to_owned(), is_alternative: false };
    let mut layers = vec![Layer::EnvFile { source: named.source, at: named.span }];
    layers.extend(named.layers.iter().cloned());
    Origin { source, span: entry.span, layers, parts: known.map(part).collect() }
}

fn set(entries: &mut Vec<(String, Item)>, name: &str, item: Item) {
    match entries.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = item,
        None => entries.push((name.to_owned(), item)),
    }
}
