//! What Compose infers: default network, Dockerfile, dependencies, names, values that are passed through.

use crate::model::node::{Map, Node, Place, Text, Value};
use crate::model::{Variables, clean_path};

/// Adds to the long form what Compose infers from it.
pub(super) fn normalize(root: &mut Node, variables: &Variables, name: &str) {
    let place = root.place.clone();
    let uses_default = services(root).is_some_and(|services| {
        let mut uses = false;
        for service in &mut services.entries {
            if let Value::Map(map) = &mut service.value.value {
                uses |= join_default_network(map, &service.key_place);
                infer(map, variables, &service.key_place);
            }
        }
        uses
    });
    if let Value::Map(map) = &mut root.value {
        if uses_default && map.get("networks").and_then(|networks| networks.get("default")).is_none() {
            if map.get("networks").is_none() {
                map.set("networks", Node::map([], &place).by_default());
            }
            if let Some(Value::Map(networks)) = map.get_mut("networks").map(|node| &mut node.value) {
                networks.set("default", Node::new(Value::Null, &place).by_default());
            }
        }
        for kind in ["networks", "volumes", "configs", "secrets"] {
            if let Some(Value::Map(resources)) = map.get_mut(kind).map(|node| &mut node.value) {
                resources.entries.iter_mut().for_each(|entry| set_name(&entry.key, &mut entry.value, name));
            }
        }
    }
}

fn services(root: &mut Node) -> Option<&mut Map> {
    root.get_mut("services")?.as_map_mut()
}

/// A service without networks of its own is in the default one; true if it is in it.
fn join_default_network(service: &mut Map, place: &Place) -> bool {
    if service.get("provider").is_some() || service.get("network_mode").is_some() {
        return false;
    }
    match service.get("networks").map(|node| &node.value) {
        Some(Value::Map(networks)) if !networks.entries.is_empty() => networks.get("default").is_some(),
        Some(Value::Map(_)) | None => {
            service.set("networks", Node::map([("default", Node::new(Value::Null, place))], place).by_default());
            true
        }
        Some(_) => false,
    }
}

fn infer(service: &mut Map, variables: &Variables, place: &Place) {
    if let Some(Value::Text(policy)) = service.get_mut("pull_policy").map(|node| &mut node.value)
        && policy.value == "if_not_present"
    {
        *policy = Text::literal("missing");
    }
    if let Some(Value::Map(build)) = service.get_mut("build").map(|node| &mut node.value) {
        if build.get("dockerfile").is_none_or(Node::is_null) && build.get("dockerfile_inline").is_none_or(Node::is_null)
        {
            build.set("dockerfile", Node::text("Dockerfile", place).by_default());
        }
        if let Some(args) = build.get_mut("args") {
            pass_through(args, variables, false);
        }
    }
    if let Some(environment) = service.get_mut("environment") {
        pass_through(environment, variables, true);
    }
    if let Some(Value::List(volumes)) = service.get_mut("volumes").map(|node| &mut node.value) {
        for volume in volumes.iter_mut() {
            if let Some(Value::Text(target)) = volume.get_mut("target").map(|node| &mut node.value) {
                target.value = clean_path(&target.value);
            }
        }
    }
    infer_dependencies(service, place);
}

/// Gives names without a value the one that the project knows; the others stay, or go if not `keep`.
fn pass_through(node: &mut Node, variables: &Variables, keep: bool) {
    match &mut node.value {
        Value::Map(map) => {
            for entry in map.entries.iter_mut().filter(|entry| entry.value.is_null()) {
                if let Some(value) = variables.get(&entry.key) {
                    entry.value.value = Value::Text(Text::of_variable("", &entry.key, value));
                }
            }
            map.entries.retain(|entry| keep || !entry.value.is_null());
        }
        Value::List(items) => items.retain_mut(|item| match &item.value {
            Value::Text(text) if !text.value.contains('=') => match variables.get(&text.value) {
                Some(value) => {
                    item.value = Value::Text(Text::of_variable(&format!("{}=", text.value), &text.value, value));
                    true
                }
                None => keep,
            },
            _ => true,
        }),
        _ => {}
    }
}

fn infer_dependencies(service: &mut Map, place: &Place) {
    let mut inferred: Vec<(String, bool, Place)> = Vec::new();
    let texts = |key: &str| {
        let items = service.get(key).and_then(Node::as_list).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.as_text()?.value.as_str(), &item.place))).collect::<Vec<_>>()
    };
    for (link, place) in texts("links") {
        let name = match link.split(':').collect::<Vec<_>>().as_slice() {
            [name, _] => *name,
            _ => link,
        };
        inferred.push((name.to_owned(), true, place.clone()));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let text =
            service.get(key).and_then(|node| Some((node.as_text()?.value.strip_prefix("service:")?, &node.place)));
        inferred.extend(text.map(|(name, place)| (name.to_owned(), true, place.clone())));
    }
    for (volumes, place) in texts("volumes_from") {
        if !volumes.starts_with("container:") {
            let name = volumes.split(':').next().unwrap_or_default();
            inferred.push((name.to_owned(), false, place.clone()));
        }
    }
    if inferred.is_empty() {
        return;
    }
    if service.get("depends_on").is_none_or(Node::is_null) {
        service.set("depends_on", Node::map([], place).by_default());
    }
    if let Some(Value::Map(known)) = service.get_mut("depends_on").map(|node| &mut node.value) {
        for (name, restart, place) in inferred {
            if known.get(&name).is_none() {
                let dependency = [
                    ("condition", Node::text("service_started", &place)),
                    ("restart", Node::new(Value::Bool(restart), &place)),
                    ("required", Node::new(Value::Bool(true), &place)),
                ];
                known.set(&name, Node::map(dependency, &place).by_default());
            }
        }
    }
}

/// A resource without a name is called after its key; one that Compose makes after the project, too.
fn set_name(key: &str, resource: &mut Node, project: &str) {
    let place = resource.place.clone();
    if resource.is_null() {
        *resource = Node::map([], &place);
    }
    let Value::Map(map) = &mut resource.value else { return };
    if map.get("name").is_none_or(Node::is_null) {
        let external = matches!(map.get("external").map(|node| &node.value), Some(Value::Bool(true)));
        let name = if external { key.to_owned() } else { format!("{project}_{key}") };
        map.set("name", Node::text(name, &place).by_default());
    }
}
