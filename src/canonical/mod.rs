//! A project in the canonical form that `docker compose config` prints, each value with its origin.

mod consistency;
mod env_files;
mod item;
mod normalize;
mod print;
mod unit;

use crate::model::node::Node;
use crate::model::{Located, Problem, Weight, Workspace};

pub use item::{Item, Origin, Part, Value};

/// A project as Compose sees it.
pub struct Resolved {
    /// The canonical form; `None` if there is nothing to show.
    pub root: Option<Item>,
    /// What makes Compose refuse the files, and what it warns about, by file and place.
    pub problems: Vec<Problem>,
    /// What makes Compose refuse the project as a whole: what does not fit together, or is named and not there.
    /// In a fragment, or in an override alone, this is to be expected.
    pub inconsistencies: Vec<Problem>,
}

impl Resolved {
    /// True if Compose accepts the project.
    pub fn is_accepted(&self) -> bool {
        let refuses = |problem: &Problem| problem.weight == Weight::Error;
        !self.problems.iter().chain(&self.inconsistencies).any(refuses)
    }
}

/// What happens to resources at the top of a project that no service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// They are left out.
    Drop,
    /// They are printed: `--all-resources`.
    Keep,
}

/// Resolves a project.
pub fn resolve(workspace: &mut Workspace<'_>, located: &Located, unused: Unused) -> Resolved {
    let ((root, mut services), problems) = workspace.apart(|workspace| {
        let Some(mut root) = workspace.long_model(&located.files, &located.folder, &located.variables) else {
            return (None, Vec::new());
        };
        normalize::normalize(&mut root, &located.variables, &located.name);
        let services = print::services(workspace, &root);
        (Some(root), services)
    });
    let Some(root) = root else { return Resolved { root: None, problems, inconsistencies: Vec::new() } };
    let ((), inconsistencies) = workspace.apart(|workspace| {
        let disabled = disable(&mut services, &located.profiles);
        // What seems to be missing may stand in the part that could not be read.
        if workspace.has_cut_files() {
            return;
        }
        consistency::check(workspace, &root, &services, &disabled);
        // Compose opens the env files last, and only if all else is well.
        for (name, service) in &mut services {
            if let Some(node) = root.at(&["services", name.as_str()]) {
                env_files::merge(workspace, node, service, &located.variables);
            }
        }
    });
    Resolved { root: Some(print::project(&root, services, &located.name, unused)), problems, inconsistencies }
}

/// Takes out the services that no profile enables; their names.
fn disable(services: &mut Vec<(String, Item)>, profiles: &[String]) -> Vec<String> {
    let enabled = |service: &Item| {
        let own = service.get("profiles").map(Item::items).unwrap_or_default();
        own.is_empty()
            || profiles.iter().any(|profile| profile == "*" || own.iter().any(|item| item.text() == Some(profile)))
    };
    let (kept, disabled): (Vec<_>, Vec<_>) =
        std::mem::take(services).into_iter().partition(|(_, service)| enabled(service));
    *services = kept;
    disabled.into_iter().map(|(name, _)| name).collect()
}

/// The names and values of a mapping at the top of a model.
fn resources<'n>(root: &'n Node, kind: &str) -> impl Iterator<Item = (&'n str, &'n Node)> {
    let map = root.get(kind).and_then(Node::as_map);
    map.into_iter().flat_map(|map| &map.entries).map(|entry| (entry.key.as_str(), &entry.value))
}

#[cfg(test)]
mod tests;
