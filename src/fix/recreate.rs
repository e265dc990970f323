//! The calls that bring repairs, or their undoing, to the running containers.

use std::path::{Path, PathBuf};

use shell_words::quote;

use super::journal::Recreation;
use super::plan::Plan;
use super::snapshot::service_path;
use crate::model::Project;
use crate::model::discover::Reason;
use crate::model::node::{Entry, Node};
use crate::source::relative_to;

/// One for each project with services that the repairs change: a restart would keep what they have. Services whose profile
/// is off are left out, since naming them would start them.
pub fn recreations(plan: &Plan<'_>) -> Vec<Recreation> {
    let changed: Vec<_> = plan.before.snapshot().changes(plan.after.snapshot()).into_keys().collect();
    let of_project = |(number, project): (usize, &Project)| {
        let is_changed = |service: &&Entry| {
            let base = service_path(number, &service.key, "");
            changed.iter().any(|path| path.starts_with(&base))
        };
        let services = project.services().iter().filter(is_changed).filter(|service| is_on(project, &service.value));
        let is_found_by_folder = match project.reason {
            Reason::DefaultName | Reason::ComposeFile => true,
            // A swarm takes its stacks from a call of its own, and nothing was repaired for it.
            Reason::Stack(_) => return None,
            Reason::Configured | Reason::Call(_) | Reason::Overlay | Reason::Alone => false,
        };
        let recreation = Recreation {
            folder: project.folder.clone(),
            files: if is_found_by_folder { Vec::new() } else { project.paths.clone() },
            env_files: if project.has_own_env_files { project.variables.paths.clone() } else { Vec::new() },
            profiles: project.profiles.clone(),
            services: services.map(|service| service.key.clone()).collect(),
        };
        (!recreation.services.is_empty()).then_some(recreation)
    };
    plan.before.workspace.projects.iter().enumerate().filter_map(of_project).collect()
}

/// True if the service is in no profile, or in one that is on.
fn is_on(project: &Project, service: &Node) -> bool {
    let profiles = service.get("profiles").and_then(Node::as_list).unwrap_or_default();
    let is_active = |profile: &Node| {
        profile.as_text().is_some_and(|text| project.profiles.iter().any(|on| *on == text.value || on == "*"))
    };
    profiles.is_empty() || profiles.iter().any(is_active)
}

/// `docker compose up -d …` for each of them, once. Paths are as seen from `folder`, in which they are to be run.
pub fn commands(recreations: &[Recreation], folder: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    for recreation in recreations {
        let own = relative_to(folder, &recreation.folder);
        let from = match recreation.files.is_empty() {
            true if own == "." => String::new(),
            true => format!("--project-directory {} ", quote(&own)),
            false => call_options(recreation, folder),
        };
        let command = format!("docker compose {from}up -d {}", recreation.services.join(" "));
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands
}

/// What `docker compose` needs to be told of a project that it does not find by itself.
fn call_options(recreation: &Recreation, folder: &Path) -> String {
    let options = |name: &str, paths: &[PathBuf]| -> String {
        paths.iter().map(|path| format!("{name} {} ", quote(&relative_to(folder, path)))).collect()
    };
    let mut all = options("--env-file", &recreation.env_files) + &options("-f", &recreation.files);
    all.extend(recreation.profiles.iter().map(|profile| format!("--profile {} ", quote(profile))));
    if recreation.files.first().and_then(|path| path.parent()) != Some(recreation.folder.as_path()) {
        all.push_str(&options("--project-directory", std::slice::from_ref(&recreation.folder)));
    }
    all
}
