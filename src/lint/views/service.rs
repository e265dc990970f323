//! Services, and what every view tells about the service that it belongs to.

use super::{Context, Seen};
use crate::catalog::ImageName;
use crate::lens::mount::mounts;
use crate::lint::finding::Subject;
use crate::model::node::{Certainty, Entry, Node, Text, Value};
use crate::rule::{FieldValue, ViewKind};

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    for service in context.workspace.projects[project].services() {
        let subject = Subject {
            service: Some(service.key.clone()),
            key: Some(format!("services.{}", service.key)),
            ..Subject::default()
        };
        let mut view = Seen::new(ViewKind::Service, project, subject);
        describe(context, project, service, &mut view);
        seen.push(view);
    }
}

/// Sets the fields `service.…` and `project.…`.
pub(super) fn describe(context: &Context<'_, '_>, project: usize, service: &Entry, view: &mut Seen) {
    let node = &service.value;
    let image = node.get("image").and_then(Node::as_text);
    let image_name = image.and_then(|image| ImageName::parse(&image.value).ok());
    let store = context.topology.store_of(project, &service.key).map(|store| &context.rules.stores[store.store]);
    let admin = context.admin_interface(node).is_some();
    let folder = context.workspace.projects[project].folder.file_name().map(|name| name.to_string_lossy().into_owned());
    view.set("project.name", FieldValue::optional(folder));
    view.set("service.name", FieldValue::text(&service.key));
    view.set("service.image", optional(image));
    view.set("service.image_name", FieldValue::optional(image_name.map(|image| image.name)));
    view.set("service.store", FieldValue::optional(store.map(|store| &store.id)));
    view.set("service.admin", FieldValue::Bool(admin));
    view.set("service.network_mode", optional(node.get("network_mode").and_then(Node::as_text)));
    view.set("service.privileged", flag(node.get("privileged")));
    view.set("service.memory_limit", memory_limit(node));
    let mounts = mounts(node).into_iter().map(|mount| FieldValue::text(mount.target)).collect();
    view.set("service.volumes", FieldValue::List(mounts));
    view.place("service.name", &service.key_place);
    for (field, key) in
        [("service.image", "image"), ("service.network_mode", "network_mode"), ("service.privileged", "privileged")]
    {
        if let Some(value) = node.get(key) {
            view.place(field, &value.place);
        }
    }
}

/// A text as a field: unknown where its variables are.
pub(super) fn optional(text: Option<&Text>) -> FieldValue {
    let Some(text) = text else { return FieldValue::Absent };
    match &text.certainty {
        Certainty::Known => FieldValue::text(&text.value),
        Certainty::Assumed(names) => FieldValue::Text { text: text.value.clone(), assumed: not_set(names) },
        Certainty::Unknown(_) => FieldValue::Unknown,
    }
}

/// "A and B are not set", for the reader of a finding.
pub(super) fn not_set(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("{name} is not set")),
        [first @ .., last] => Some(format!("{} and {last} are not set", first.join(", "))),
    }
}

fn flag(node: Option<&Node>) -> FieldValue {
    match node.map(|node| &node.value) {
        None | Some(Value::Null) => FieldValue::Absent,
        Some(Value::Bool(value)) => FieldValue::Bool(*value),
        Some(Value::Text(text)) if text.certainty == Certainty::Known => FieldValue::Bool(text.value == "true"),
        _ => FieldValue::Unknown,
    }
}

fn memory_limit(service: &Node) -> FieldValue {
    let limit = service.get("mem_limit").or_else(|| service.at(&["deploy", "resources", "limits", "memory"]));
    FieldValue::optional(limit.and_then(Node::scalar_text).map(|text| text.value))
}
