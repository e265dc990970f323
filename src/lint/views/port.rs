//! Published ports.

use super::service::{describe, not_set};
use super::{Context, Seen};
use crate::lens::port::{Exposure, Port, ports};
use crate::lint::finding::Subject;
use crate::model::port::PortRange;
use crate::rule::{FieldValue, ViewKind};
use crate::source::relative_to;
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
                ..Subject::default()
            };
            let mut view = Seen::new(ViewKind::Port, project, subject);
            describe(context, project, service, &mut view);
            fields(context, project, &port, &mut view);
            seen.push(view);
        }
    }
}

fn fields(context: &Context<'_, '_>, project: usize, port: &Port<'_>, view: &mut Seen) {
    let assumed = not_set(&port.assumes);
    let text = |text: String| FieldValue::Text { text, assumed: assumed.clone() };
    view.set("port.host_ip", port.host_ip.map_or(FieldValue::Absent, |ip| text(ip.to_string())));
    view.set("port.published", FieldValue::optional(port.published.map(range)));
    view.set("port.target", FieldValue::Number(i64::from(port.target.first)));
    view.set("port.protocol", FieldValue::text(&port.protocol));
    let exposure = match port.exposure {
        Exposure::Public => "public",
        Exposure::Loopback => "loopback",
        Exposure::Specific => "specific",
    };
    view.set("port.exposure", text(exposure.to_owned()));
    let spelling = if port.node.as_map().is_some() { "long" } else { "short" };
    view.set("port.spelling", FieldValue::text(spelling));
    view.set("port.address_source", FieldValue::optional(address_source(context, project, port)));
    view.place("port", &port.node.place);
    if let Some(host) = port.node.get("host_ip") {
        view.place("port.host_ip", Spot::from(&host.place));
    }
}

fn range(range: PortRange) -> String {
    if range.first == range.last { range.first.to_string() } else { format!("{}-{}", range.first, range.last) }
}

/// Where the address comes from, if a variable decides: "BIND_IP is empty (.env:4)".
fn address_source(context: &Context<'_, '_>, project: usize, port: &Port<'_>) -> Option<String> {
    let name = port.address_variables.first()?;
    let project = &context.workspace.projects[project];
    let Some(definition) = project.variables.definition(name) else { return Some(format!("{name} is not set")) };
    let source = context.workspace.sources.get(definition.source);
    let line = source.line_column(definition.key_span.start).line;
    let path = relative_to(&project.folder, &source.path);
    let value = project.variables.get(name).unwrap_or_default();
    let what = if value.is_empty() { "is empty".to_owned() } else { format!("is {value}") };
    Some(format!("{name} {what} ({path}:{line})"))
}
