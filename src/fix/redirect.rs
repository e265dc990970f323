//! The repair that lets a URL lead to the server that is meant: `localhost` inside a container becomes the service's name.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::Bench;
use super::commit::Role;
use super::journal::Purpose;
use super::repair::{Change, ChangeKind, Repair, RepairKey};
use super::snapshot::environment_path;
use crate::lens::environment;
use crate::lens::url::{StoreUrl, with_host};
use crate::model::Workspace;
use crate::model::container_env::{ContainerVariable, Site};
use crate::rule::Applicability;
use crate::source::SourceId;
use crate::text::{Edit, EditSet};
use crate::topology::{Carrier, Link, LinkKind, Target, spot_of};

/// The repair of one link.
///
/// # Errors
/// What a person should do where it can't be made.
pub fn redirect(bench: &Bench<'_, '_>, link: &Link) -> Result<Repair, String> {
    let (LinkKind::Url(url), Target::Itself(number)) = (&link.kind, link.target) else {
        return Err("use the name and the port by which the server can be reached from there".to_owned());
    };
    let (Some(service), Carrier::Variable { name, site }) = (&link.service, &link.carrier) else {
        return Err("use the name of the service in place of the host".to_owned());
    };
    let store = &bench.topology.stores[number];
    let port = store.ports.first().copied().filter(|port| url.port_number().is_some_and(|known| known != *port));
    let edits = with_host(url, &store.service, port);
    let variable = ContainerVariable { name: name.clone(), value: Some(link.text.clone()), site: site.clone() };
    let by_hand = || format!("set `{name}` of `{service}` under `environment`, with `{}` as the host", store.service);
    let changes = write(bench, link, url, service, &variable, &edits).ok_or_else(by_hand)?;
    let mut after = EditSet::new();
    edits.iter().try_for_each(|edit| after.insert(edit.clone())).map_err(|_| by_hand())?;
    let expected = (environment_path(link.project, service, name), Some(after.apply(&link.text.value)));
    Ok(Repair {
        key: key(bench.workspace, link),
        title: format!("{name} of {service} leads to {}", store.service),
        applicability: Applicability::Safe,
        doubts: Vec::new(),
        changes: changes
            .into_iter()
            .map(|(source, edit)| Change {
                path: bench.workspace.sources.get(source).path.clone(),
                kind: ChangeKind::Edit(edit),
                role: Role::Client,
                purpose: Purpose::Plain,
            })
            .collect(),
        expected: BTreeMap::from([expected]),
        defines: BTreeSet::new(),
        secrets: BTreeSet::new(),
        recreate: BTreeSet::from([(link.project, service.clone())]),
        notes: Vec::new(),
    })
}

/// What the repair of a link is called.
pub fn key(workspace: &Workspace<'_>, link: &Link) -> RepairKey {
    let spot = spot_of(workspace, &link.carrier, &link.text, None);
    RepairKey {
        action: "redirect".to_owned(),
        file: workspace.sources.get(spot.source).path.clone(),
        service: link.service.clone().unwrap_or_default(),
        detail: link.carrier.variable().unwrap_or_default().to_owned(),
    }
}

fn write(
    bench: &Bench<'_, '_>,
    link: &Link,
    url: &StoreUrl,
    service: &str,
    variable: &ContainerVariable,
    edits: &[Edit],
) -> Option<Vec<(SourceId, Edit)>> {
    match &variable.site {
        // The file may serve programs on the host: the container gets a value of its own. A password stays where it is.
        Site::File { .. } => {
            if url.has_password() || !link.text.variables().is_empty() {
                return None;
            }
            let node = bench.workspace.projects[link.project].service(service)?;
            let mut set = EditSet::new();
            edits.iter().try_for_each(|edit| set.insert(edit.clone())).ok()?;
            let value = set.apply(&link.text.value).replace('$', "$$");
            Some(vec![environment::add_variable(bench.workspace, node, &variable.name, &value).ok()?])
        }
        Site::Entry { value: place, .. } | Site::Item { item: place } => {
            let document = bench.workspace.document(place.source)?;
            let edit = |edit: &Edit| {
                let range = link.text.literal_range(edit.span.start..edit.span.end)?;
                Some((place.source, document.splice(place.node, range, &edit.text)?))
            };
            edits.iter().map(edit).collect()
        }
    }
}
