//! Repairs of one URL: it leads to the server that is meant, or becomes one that clients can read.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::Bench;
use super::commit::Role;
use super::journal::Purpose;
use super::repair::{Change, ChangeKind, Repair, RepairKey};
use super::snapshot::environment_path;
use crate::lens::environment;
use crate::lens::url::{StoreUrl, with_host};
use crate::model::Workspace;
use crate::model::container_env::Site;
use crate::rule::Applicability;
use crate::source::SourceId;
use crate::syntax::yaml::NodeId;
use crate::text::{Edit, EditSet};
use crate::topology::{Carrier, Link, LinkKind, Target, spot_of};

/// The repair that lets a URL lead to the server that is meant: `localhost` inside a container becomes the service's name,
/// and a port that counts only on the host becomes the server's own.
///
/// # Errors
/// What a person should do where it can't be made.
pub fn redirect(bench: &Bench<'_, '_>, link: &Link) -> Result<Repair, String> {
    let elsewhere = || "use the name and the port by which the server can be reached from there".to_owned();
    let LinkKind::Url(url) = &link.kind else { return Err(elsewhere()) };
    let number = match link.target {
        Target::Itself(number) => number,
        // A server that has its network from another service goes by no name of its own.
        Target::Nobody(number) if bench.topology.stores[number].names.contains(&url.host.text) => number,
        _ => return Err(elsewhere()),
    };
    let (Some(service), Carrier::Variable { name, .. }) = (&link.service, &link.carrier) else {
        return Err("use the name of the service in place of the host".to_owned());
    };
    let store = &bench.topology.stores[number];
    let written = url.port_number();
    let published = store.published.iter().find(|(host, _)| Some(*host) == written).map(|(_, port)| *port);
    let port = published.or_else(|| store.ports.first().copied());
    let port = port.filter(|port| written.is_some_and(|known| known != *port));
    let by_hand = || format!("set `{name}` of `{service}` under `environment`, with `{}` as the host", store.service);
    let title = format!("let {name} of {service} lead to {}", store.service);
    let written = write(bench, link, &with_host(url, &store.service, port), |edits| {
        // The file may serve programs on the host: the container gets a value of its own. A password stays where it is.
        if url.has_password() || !link.text.variables().is_empty() {
            return None;
        }
        let node = bench.workspace.projects[link.project].service(service)?;
        let value = edits.apply(&link.text.value).replace('$', "$$");
        Some((vec![environment::add_variable(bench.workspace, node, name, &value).ok()?], vec![link]))
    });
    Ok(repair(bench, redirect_key(bench.workspace, link), title, written.ok_or_else(by_hand)?))
}

/// The repair that corrects what is certainly a slip of the pen in a URL.
///
/// # Errors
/// What a person should do where it can't be made.
pub fn mend(bench: &Bench<'_, '_>, link: &Link) -> Result<Repair, String> {
    let LinkKind::Url(url) = &link.kind else { return Err("it is no URL".to_owned()) };
    let by_hand = || by_hand(url);
    let (Some(service), Carrier::Variable { name, site }) = (&link.service, &link.carrier) else {
        return Err(by_hand());
    };
    if url.problems.iter().any(|problem| problem.fix.is_empty()) {
        return Err(by_hand());
    }
    let edits: Vec<_> = url.problems.iter().flat_map(|problem| problem.fix.clone()).collect();
    let title = format!("{name} of {service} becomes a URL that clients can read");
    let written = write(bench, link, &edits, |_| {
        // Whoever reads the file can read the URL no better.
        let Site::File { source, entry } = site else { return None };
        let value = bench.workspace.env_file(*source)?.entries.get(*entry)?.value.as_ref()?;
        let edit =
            |edit: &Edit| Some((*source, Edit::replace(value.escapes.source(in_value(link, edit)?), &*edit.text)));
        Some((edits.iter().map(edit).collect::<Option<_>>()?, sharers(bench, site)))
    });
    Ok(repair(bench, mend_key(bench.workspace, link), title, written.ok_or_else(by_hand)?))
}

/// The place of an edit in the value of an env file's entry. `None` if a variable stands there.
fn in_value(link: &Link, edit: &Edit) -> Option<std::ops::Range<usize>> {
    link.text.literal_range(edit.span.start..edit.span.end)
}

fn by_hand(url: &StoreUrl) -> String {
    let help = url.problems.iter().map(|problem| problem.help.as_str());
    format!("by hand: {}", help.collect::<Vec<_>>().join("; "))
}

/// Changes of files, and the new values of the links that they change.
struct Written<'w> {
    edits: Vec<(SourceId, Edit)>,
    links: Vec<(&'w Link, String)>,
}

/// Writes `edits` of a link's value where the value stands in a Compose file, for all who share it there; `in_file` says
/// what happens where it stands in an env file. `None` if it can't be done.
fn write<'w>(
    bench: &Bench<'w, '_>,
    link: &'w Link,
    edits: &[Edit],
    in_file: impl FnOnce(&EditSet) -> Option<(Vec<(SourceId, Edit)>, Vec<&'w Link>)>,
) -> Option<Written<'w>> {
    let Carrier::Variable { site, .. } = &link.carrier else { return None };
    let mut after = EditSet::new();
    edits.iter().try_for_each(|edit| after.insert(edit.clone())).ok()?;
    let (edits, links) = match site {
        Site::File { .. } => in_file(&after)?,
        Site::Entry { value: place, .. } | Site::Item { item: place } => {
            let document = bench.workspace.document(place.source)?;
            let edit = |edit: &Edit| {
                let range = link.text.literal_range(edit.span.start..edit.span.end)?;
                Some((place.source, document.splice(place.node, range, &edit.text)?))
            };
            (edits.iter().map(edit).collect::<Option<_>>()?, sharers(bench, site))
        }
    };
    let value = after.apply(&link.text.value);
    Some(Written { edits, links: links.into_iter().map(|link| (link, value.clone())).collect() })
}

/// The links whose value stands at a place.
fn sharers<'w>(bench: &Bench<'w, '_>, site: &Site) -> Vec<&'w Link> {
    let is_there =
        |link: &&Link| matches!(&link.carrier, Carrier::Variable { site: other, .. } if spot(other) == spot(site));
    bench.topology.links.iter().filter(is_there).collect()
}

/// What makes two sites one.
fn spot(site: &Site) -> (SourceId, Option<NodeId>, Option<usize>) {
    match site {
        Site::Entry { value: place, .. } | Site::Item { item: place } => (place.source, Some(place.node), None),
        Site::File { source, entry } => (*source, None, Some(*entry)),
    }
}

fn repair(bench: &Bench<'_, '_>, key: RepairKey, title: String, written: Written<'_>) -> Repair {
    let path = |source| bench.workspace.sources.get(source).path.clone();
    let change = |(source, edit)| Change {
        path: path(source),
        kind: ChangeKind::Edit(edit),
        role: Role::Client,
        purpose: Purpose::Plain,
    };
    let in_container = |(link, value): &(&Link, String)| {
        let (service, name) = (link.service.as_ref()?, link.carrier.variable()?);
        Some((environment_path(link.project, service, name), Some(value.clone())))
    };
    Repair {
        key,
        title,
        applicability: Applicability::Safe,
        doubts: Vec::new(),
        expected: written.links.iter().filter_map(in_container).collect::<BTreeMap<_, _>>(),
        changes: written.edits.into_iter().map(change).collect(),
        defines: BTreeSet::new(),
        secrets: BTreeSet::new(),
        notes: Vec::new(),
        closes: None,
        demanding: BTreeMap::new(),
    }
}

/// What [`redirect`] of a link is called.
pub fn redirect_key(workspace: &Workspace<'_>, link: &Link) -> RepairKey {
    key("redirect", workspace, link)
}

/// What [`mend`] of a link is called.
pub fn mend_key(workspace: &Workspace<'_>, link: &Link) -> RepairKey {
    key("mend", workspace, link)
}

fn key(action: &str, workspace: &Workspace<'_>, link: &Link) -> RepairKey {
    let spot = spot_of(workspace, &link.carrier, &link.text, None);
    RepairKey {
        action: action.to_owned(),
        file: workspace.sources.get(spot.source).path.clone(),
        service: link.service.clone().unwrap_or_default(),
        detail: link.carrier.variable().unwrap_or_default().to_owned(),
    }
}
