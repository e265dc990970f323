//! Variables that carry a connection by their name, and get their value from outside of the project: where they lead can't be
//! seen, but that they may lead to a store can.

use super::links::{Carrier, Finder, Hints, Link, LinkKind, Target, file_variable};
use super::part::Part;
use super::stores::{StoreService, networks};
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::{Certainty, Entry, Text};
use crate::model::{Project, Workspace, depends_on};
use crate::syntax::env::EnvFile;
use crate::syntax::template::{OperatorKind, PieceOrigin, Template};

/// A variable of a container that may lead to a store of the project, but gets its value from outside.
#[derive(Debug, Clone)]
pub struct OutsideLink {
    /// Number of the project.
    pub project: usize,
    /// The service.
    pub service: String,
    /// Number of the store to which it may lead, in [`super::Topology::stores`].
    pub store: usize,
    /// True if it may lead to other stores of the project as well.
    pub is_ambiguous: bool,
    /// True if the service waits for the store.
    pub is_waiting: bool,
    /// What the variable carries.
    pub part: Part,
    /// The variable from which the value comes and that no file sets; `None` if all that is missing is where the service
    /// connects, and the password is there.
    pub outside: Option<String>,
    /// The container's variable, and where it is written.
    pub carrier: Carrier,
    /// Its value as far as it can be seen.
    pub text: Text,
    /// How the password gets there: as by a link of the kind [`LinkKind::Host`]. `None` if it must stand in the value itself.
    pub password: Option<Link>,
}

/// A variable that says how a service connects to a store of some kind.
struct Clue<'w> {
    variable: &'w ContainerVariable,
    part: Part,
    outside: Option<String>,
    /// True if the value is blank on purpose while the outside gives none: `${NAME:-}`.
    is_optional: bool,
}

/// Finds what may lead to the stores of one project. `links` are those that can be seen.
pub(super) fn find(workspace: &Workspace<'_>, finder: &Finder<'_>, links: &[Link]) -> Vec<OutsideLink> {
    let mut found = Vec::new();
    for service in finder.project.services() {
        if finder.stores.iter().any(|store| store.service == service.key) {
            continue;
        }
        for kind in 0..finder.hints.len() {
            let clues = clues(workspace, finder, service, kind);
            if clues.is_empty() {
                continue;
            }
            found.extend(of_service(finder, service, kind, &clues, links));
        }
    }
    found
}

fn of_service(
    finder: &Finder<'_>,
    service: &Entry,
    kind: usize,
    clues: &[Clue<'_>],
    links: &[Link],
) -> Vec<OutsideLink> {
    let own: Vec<&Link> = links.iter().filter(|link| link.service.as_ref() == Some(&service.key)).collect();
    let linked: Vec<usize> = own.iter().filter_map(|link| link.target.store()).collect();
    // A URL or a host that is there says where the program connects; another one may stay blank.
    let says_where =
        !linked.is_empty() || clues.iter().any(|clue| clue.part != Part::Password && clue.outside.is_none());
    let is_missing = |clue: &&Clue<'_>| clue.part != Part::Password && clue.outside.is_some();
    let is_host_missing = clues.iter().any(|clue| is_missing(&clue) && !clue.is_optional);
    let own_networks = networks(&service.value);
    let meets = |store: &StoreService| {
        service.value.get("network_mode").is_some() || own_networks.iter().any(|name| store.networks.contains(name))
    };
    let is_waiting = |store: &StoreService| depends_on(&service.value, &store.service);
    let is_possible = |(number, store): &(usize, &StoreService)| {
        let is_its_kind = store.store == kind && store.is_server() && !linked.contains(number);
        let has_client = || links.iter().any(|link| link.target.store() == Some(*number));
        is_its_kind && (is_waiting(store) || meets(store) && (!says_where || is_host_missing && !has_client()))
    };
    let mut possible: Vec<(usize, &StoreService)> = finder.stores.iter().enumerate().filter(is_possible).collect();
    // Who waits for one of them means that one.
    if possible.iter().any(|(_, store)| is_waiting(store)) {
        possible.retain(|(_, store)| is_waiting(store));
    }
    let is_ambiguous = possible.len() > 1;
    let mut found = Vec::new();
    for (number, store) in possible {
        let is_waiting = is_waiting(store);
        let counts = |clue: &&Clue<'_>| is_missing(clue) && (is_waiting || !clue.is_optional);
        let mut counting: Vec<&Clue<'_>> = clues.iter().filter(counts).collect();
        if counting.is_empty() && !says_where {
            counting.extend(clues.iter().find(|clue| clue.part == Part::Password && (is_waiting || !clue.is_optional)));
        }
        found.extend(counting.into_iter().map(|clue| {
            let text = clue.variable.value.clone().unwrap_or_default();
            let carrier = Carrier::Variable { name: clue.variable.name.clone(), site: clue.variable.site.clone() };
            let password = password_kind(finder, service, kind, clue).map(|password| Link {
                project: finder.number,
                service: Some(service.key.clone()),
                carrier: carrier.clone(),
                text: text.clone(),
                kind: password,
                store: kind,
                target: Target::Unknown,
            });
            // `redis://${HOST}:6379`
            let is_host_of_url = clue.part == Part::Url && text.value.contains("://");
            OutsideLink {
                project: finder.number,
                service: service.key.clone(),
                store: number,
                is_ambiguous,
                is_waiting,
                part: if is_host_of_url { Part::Host } else { clue.part },
                outside: clue.outside.clone(),
                carrier,
                text,
                password,
            }
        }));
    }
    found
}

/// The variables that say, or should say, how a service connects to a store of the catalog.
fn clues<'w>(workspace: &Workspace<'_>, finder: &Finder<'w>, service: &Entry, kind: usize) -> Vec<Clue<'w>> {
    let knowledge = finder.knowledge(kind, service);
    let by_name = |hints: &Hints, name: &str| if knowledge.is_complete() { None } else { hints.part_of(name) };
    let env = &finder.project.containers[&service.key];
    let clues = env.variables.iter().filter_map(|variable| {
        let part = knowledge.part_of(&variable.name).or_else(|| by_name(&finder.hints[kind], &variable.name))?;
        let value = variable.value.as_ref();
        let outside = outside_of(finder.project, variable, part);
        let is_blank = value.is_some_and(|text| text.value.trim().is_empty()) && outside.is_none();
        let is_passed = value.is_none_or(|text| !text.variables().is_empty());
        // Nothing is said by a blank that stands there, nor by a password that stands there.
        if is_blank || (part == Part::Password && !is_passed) {
            return None;
        }
        let is_optional = outside.as_ref().is_some_and(|name| is_optional(workspace, variable, name));
        Some(Clue { variable, part, outside, is_optional })
    });
    clues.collect()
}

/// The variable that no file sets and from which the value should come; of a URL its host.
fn outside_of(project: &Project, variable: &ContainerVariable, part: Part) -> Option<String> {
    let Some(text) = &variable.value else { return Some(variable.name.clone()) };
    let is_unset = |name: &&str| project.variables.is_undefined(name);
    let is_unknown = matches!(text.certainty, Certainty::Unknown(_));
    if text.value.trim().is_empty() || (is_unknown && text.whole_variable().is_some()) {
        return text.variables().into_iter().find(is_unset).map(str::to_owned);
    }
    // `redis://${HOST}:6379`, `${HOST}:6379`
    let start = if part == Part::Url { text.value.find("://")? + 3 } else { 0 };
    let authority = start + text.value[start..].find(['/', '?', '#']).unwrap_or(text.value.len() - start);
    let host = start + text.value[start..authority].rfind('@').map_or(0, |at| at + 1);
    let first = text
        .pieces
        .iter()
        .find(|piece| matches!(piece.origin, PieceOrigin::Variable { .. }) && piece.output.start == host)?;
    let PieceOrigin::Variable { name } = &first.origin else { return None };
    let is_blank = first.output.is_empty() || is_unknown;
    (is_blank && is_unset(&name.as_str()) && part != Part::Password).then(|| name.clone())
}

/// True if the variable `name` has a default, be it a blank one, where `variable` uses it.
fn is_optional(workspace: &Workspace<'_>, variable: &ContainerVariable, name: &str) -> bool {
    let in_file = |file: &EnvFile, entry: usize| file.entries.get(entry)?.value.as_ref()?.template.clone();
    let template = match &variable.site {
        Site::Entry { value: place, .. } | Site::Item { item: place } => {
            let written = workspace.document(place.source).and_then(|document| document.scalar(place.node));
            written.and_then(|written| Template::parse(written).ok())
        }
        Site::File { source, entry } => workspace.env_file(*source).and_then(|file| in_file(file, *entry)),
    };
    let uses = template.as_ref().map(Template::variables).unwrap_or_default();
    let needs_value = |operator: &OperatorKind| *operator == OperatorKind::Required;
    uses.iter()
        .any(|used| used.name == name && used.operator.as_ref().is_some_and(|operator| !needs_value(&operator.kind)))
}

/// How the password gets to the program whose connection a variable carries.
fn password_kind(finder: &Finder<'_>, service: &Entry, kind: usize, clue: &Clue<'_>) -> Option<LinkKind> {
    let env = &finder.project.containers[&service.key];
    let name = &clue.variable.name;
    let of_variable = |password: &String| LinkKind::Host {
        password: password.clone(),
        is_certain: true,
        password_file: file_variable(password, env),
        user: None,
        is_only_way: false,
    };
    match clue.part {
        Part::Host => finder.host_kind(service, name, kind),
        Part::Url => {
            let known = finder.knowledge(kind, service).url_passwords(name);
            let set = known.iter().find(|password| env.get(password).is_some());
            set.or_else(|| known.first()).map(of_variable)
        }
        Part::Password => Some(of_variable(name)),
    }
}
