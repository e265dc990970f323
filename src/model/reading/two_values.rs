//! Variables that have one value in `${…}`, and another in a container that gets it from an env file.

use std::collections::BTreeSet;

use super::{Passage, Reading, ReadingKind, TwoValues};
use crate::model::container_env::{ContainerEnv, Site};
use crate::model::node::{Certainty, Entry, Node};
use crate::model::project::{Project, depends_on};
use crate::model::workspace::Workspace;

pub(super) fn read(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let used = project.root.as_ref().map(Node::variables).unwrap_or_default();
    let users: Vec<_> = project.services().iter().map(|service| (service, variables_of(service))).collect();
    let mut readings = Vec::new();
    for (service, env) in &project.containers {
        for variable in env.variables.iter().filter(|variable| used.contains(variable.name.as_str())) {
            let name = variable.name.as_str();
            let Site::File { source, .. } = &variable.site else { continue };
            let Some(text) = variable.value.as_ref().filter(|text| text.certainty == Certainty::Known) else {
                continue;
            };
            let Some(definition) = project.variables.definition(name) else { continue };
            let interpolated = project.variables.get(name).unwrap_or_default();
            let differ = !text.value.is_empty() && !interpolated.is_empty() && text.value != interpolated;
            if definition.source == *source || !differ {
                continue;
            }
            let users = users.iter().filter(|(_, used)| used.contains(name)).map(|(user, _)| *user);
            readings.push(Reading {
                kind: ReadingKind::TwoValues(relation(project, service, env, name, users)),
                service: Some(service.clone()),
                subject: name.to_owned(),
                at: Passage::of_site(workspace, &variable.site),
                other: Some(Passage { source: definition.source, span: definition.key_span }),
                assumes: Vec::new(),
            });
        }
    }
    readings
}

/// Whether the values meet: `service` gets one, `users` the other.
fn relation<'p>(
    project: &Project,
    service: &str,
    env: &ContainerEnv,
    name: &str,
    mut users: impl Iterator<Item = &'p Entry> + Clone,
) -> TwoValues {
    let own = project.service(service);
    // Of a program that is built here caulk can't know whether others log in to it.
    let is_server = |user: &Entry| user.value.get("build").is_none() && user.value.get("image").is_some();
    let reaches = |user: &Entry| {
        own.is_some_and(|own| depends_on(own, &user.key)) || names_host(env, user) || is_named_for(user, env, name)
    };
    match () {
        () if users.clone().any(|user| user.key == service) => TwoValues::InOneService,
        () if users.any(|user| is_server(user) && reaches(user)) => TwoValues::ServerAndClient,
        () => TwoValues::Apart,
    }
}

/// True if a variable of the container is the address of a service.
fn names_host(env: &ContainerEnv, server: &Entry) -> bool {
    env.variables.iter().any(|variable| {
        let value = variable.value.as_ref().map(|text| text.value.as_str()).unwrap_or_default();
        is_address(&variable.name) && has_host(value, server)
    })
}

/// True for a variable such as REDIS_PASSWORD of a service with the image `redis`, if none such as REDIS_HOST says that
/// it is for another one.
fn is_named_for(server: &Entry, env: &ContainerEnv, name: &str) -> bool {
    let Some((word, _)) = name.split_once('_') else { return false };
    let image = server.value.get("image").and_then(Node::as_text).map(|text| text.value.as_str()).unwrap_or_default();
    let image = image.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
    let mut addresses = env.variables.iter().filter(|variable| {
        is_address(&variable.name) && variable.name.split('_').next().is_some_and(|first| first == word)
    });
    word.eq_ignore_ascii_case(image) && addresses.next().is_none()
}

/// True for names such as REDIS_HOST and DATABASE_URL.
fn is_address(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or_default().to_ascii_uppercase();
    ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "ENDPOINT", "URL", "URI", "DSN"].contains(&last.as_str())
}

/// True if a host in the text is the service's name: it stands alone, or between `/`, `@`, `,` and the like.
fn has_host(text: &str, server: &Entry) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let names =
        ["container_name", "hostname"].into_iter().filter_map(|key| server.value.get(key).and_then(Node::as_text));
    let names: Vec<&str> = names.map(|text| text.value.as_str()).chain([server.key.as_str()]).collect();
    // `postgres://` is a scheme.
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.split(|c| !is_part(c)).any(|word| names.contains(&word))
}

/// The variables that Compose replaces in a service, but for those of its build.
fn variables_of(service: &Entry) -> BTreeSet<&str> {
    let entries = service.value.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
    entries.iter().filter(|entry| entry.key != "build").flat_map(|entry| entry.value.variables()).collect()
}
