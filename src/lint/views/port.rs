//! Published ports.

use super::service::{describe, not_set};
use super::{Context, Seen, variable};
use crate::lens::port::{Exposure, Port, ports};
use crate::lint::finding::Subject;
use crate::model::port::PortRange;
use crate::rule::{FieldValue, ViewKind};
use crate::topology::Spot;

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    for service in context.workspace.projects[project].services() {
        // On the host's own network nothing is published: all that listens is open.
        if service
            .value
            .get("network_mode")
            .and_then(|mode| mode.scalar_text())
            .is_some_and(|mode| mode.value == "host")
        {
            continue;
        }
        for port in ports(&service.value) {
            let subject = Subject {
                service: Some(service.key.clone()),
                key: Some(format!("services.{}.ports[{}]", service.key, port.index)),
                item: Some(format!(
                    "{}:{}/{}",
                    port.published.map(range).unwrap_or_default(),
                    range(port.target),
                    port.protocol
                )),
                ..Subject::default()
            };
            let mut view = Seen::new(ViewKind::Port, project, subject);
            describe(context, project, service, &mut view);
            fields(context, project, &port, &mut view);
            let admin = context.admin_interface(&service.value);
            let range = port.target.first..=port.target.last;
            let is_elsewhere = |ports: &[u16]| !ports.is_empty() && !ports.iter().any(|own| range.contains(own));
            if admin.is_some_and(|admin| is_elsewhere(&admin.ports)) {
                view.set("service.admin", FieldValue::Bool(false));
            }
            let store = context.topology.store_behind(project, &service.key, &port);
            let store = store.map(|store| &context.rules.stores[store.store].id);
            view.set("port.store", FieldValue::optional(store));
            seen.push(view);
        }
    }
}

fn fields(context: &Context<'_, '_>, project: usize, port: &Port<'_>, view: &mut Seen) {
    let assumed = not_set(&port.assumes);
    let text = |text: String| FieldValue::Text { text, assumed: assumed.clone() };
    view.set("port.host_ip", port.host_ip.map_or(FieldValue::Absent, |ip| text(ip.to_string())));
    let path = &context.workspace.sources.get(port.node.place.source).path;
    let is_allowed = port.host_ip.is_some_and(|ip| context.configs.allows_address(path, ip));
    view.set("port.allowed", FieldValue::Bool(is_allowed));
    view.set("port.published", FieldValue::optional(port.published.map(range)));
    view.set("port.target", FieldValue::Number(i64::from(port.target.first)));
    view.set("port.description", FieldValue::text(description(port)));
    view.set("port.protocol", FieldValue::text(&port.protocol));
    let exposure = match port.exposure {
        Exposure::Public => "public",
        Exposure::Loopback => "loopback",
        Exposure::Specific => "specific",
    };
    view.set("port.exposure", text(exposure.to_owned()));
    let spelling = if port.node.as_map().is_some() { "long" } else { "short" };
    view.set("port.spelling", FieldValue::text(spelling));
    let variable = port.address_variables.first();
    view.set("port.address_variable", FieldValue::optional(variable));
    let source = variable.map(|name| {
        let source = variable::source_of(context, project, name);
        let is_blank = context.workspace.projects[project].variables.get(name).is_none_or(str::is_empty);
        // What is written beside the name opens the port as much.
        match port.host_ip.filter(|_| is_blank) {
            Some(ip) => format!("{source} and its default is {ip}"),
            None => source,
        }
    });
    view.set("port.address_source", FieldValue::optional(source));
    if let Some(spot) = variable.and_then(|name| variable::definition(context, project, name)) {
        view.place("port.address_variable", spot);
    }
    view.place("port", &port.node.place);
    if let Some(host) = port.node.get("host_ip") {
        view.place("port.host_ip", Spot::from(&host.place));
    }
}

/// The port that the world reaches, and the container's where it differs.
fn description(port: &Port<'_>) -> String {
    let target = range(port.target);
    match (port.published.map(range), &port.published_variable) {
        (Some(published), _) if published == target => target,
        (Some(published), _) => format!("{published} ({target} in the container)"),
        (None, Some(name)) => format!("{target} ({name} on the host)"),
        (None, None) => format!("{target} (Docker picks the host's)"),
    }
}

fn range(range: PortRange) -> String {
    if range.first == range.last { range.first.to_string() } else { format!("{}-{}", range.first, range.last) }
}
