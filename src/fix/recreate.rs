//! The calls that bring repairs, or their undoing, to the running containers.

use std::path::{Path, PathBuf};

use shell_words::quote;

use super::journal::ProjectRecord;
use super::plan::Plan;
use super::snapshot::service_path;
use super::state::State;
use crate::model::Project;
use crate::model::discover::Reason;
use crate::model::node::{Entry, Node};
use crate::source::relative_to;

/// The projects with the services that the repairs change: a restart would keep what they have. Services whose profile is
/// off are left out, since naming them would start them.
pub fn projects(plan: &Plan<'_>) -> Vec<ProjectRecord> {
    let changed: Vec<_> = plan.before.snapshot().changes(plan.after.snapshot()).into_keys().collect();
    let of_project = |(number, project): (usize, &Project)| {
        let is_changed = |service: &&Entry| {
            let base = service_path(number, &service.key, "");
            changed.iter().any(|path| path.starts_with(&base))
        };
        let active = || project.services().iter().filter(|service| is_on(project, &service.value));
        let services = active().filter(is_changed);
        let is_reloaded = |service: &&Entry| !is_changed(service) && has_other_users(plan, number, &service.key);
        let reload = active().filter(is_reloaded).map(|service| service.key.clone()).collect();
        ProjectRecord {
            files: project.paths.clone(),
            folder: project.folder.clone(),
            env_files: if project.has_own_env_files { project.variables.paths.clone() } else { Vec::new() },
            profiles: project.profiles.clone(),
            is_found_by_folder: matches!(project.reason, Reason::DefaultName | Reason::ComposeFile),
            // A swarm takes its stacks from a call of its own, and nothing was repaired for it.
            recreate: match project.reason {
                Reason::Stack(_) => Vec::new(),
                _ => services.map(|service| service.key.clone()).collect(),
            },
            reload,
        }
    };
    plan.before.workspace.projects.iter().enumerate().map(of_project).collect()
}

/// True if the repairs change the file with the users of a service.
fn has_other_users(plan: &Plan<'_>, project: usize, service: &str) -> bool {
    let text =
        |state: &State| state.topology.store_of(project, service)?.users.as_ref().map(|users| users.text.clone());
    text(&plan.before) != text(&plan.after)
}

/// True if the service is in no profile, or in one that is on.
fn is_on(project: &Project, service: &Node) -> bool {
    let profiles = service.get("profiles").and_then(Node::as_list).unwrap_or_default();
    let is_active = |profile: &Node| {
        profile.as_text().is_some_and(|text| project.profiles.iter().any(|on| *on == text.value || on == "*"))
    };
    profiles.is_empty() || profiles.iter().any(is_active)
}

/// `docker compose up -d …` for each that was changed, once. Paths are as seen from `folder`, in which they are to be run.
pub fn commands(projects: &[ProjectRecord], folder: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    for project in projects {
        let own = relative_to(folder, &project.folder);
        let from = match project.is_found_by_folder {
            true if own == "." => String::new(),
            true => format!("--project-directory {} ", quote(&own)),
            false => call_options(project, folder),
        };
        for (option, services) in [("", &project.recreate), ("--force-recreate ", &project.reload)] {
            let command = format!("docker compose {from}up -d {option}{}", services.join(" "));
            if !services.is_empty() && !commands.contains(&command) {
                commands.push(command);
            }
        }
    }
    commands
}

/// What `docker compose` needs to be told of a project that it does not find by itself.
fn call_options(project: &ProjectRecord, folder: &Path) -> String {
    let options = |name: &str, paths: &[PathBuf]| -> String {
        paths.iter().map(|path| format!("{name} {} ", quote(&relative_to(folder, path)))).collect()
    };
    let mut all = options("--env-file", &project.env_files) + &options("-f", &project.files);
    all.extend(project.profiles.iter().map(|profile| format!("--profile {} ", quote(profile))));
    if project.files.first().and_then(|path| path.parent()) != Some(project.folder.as_path()) {
        all.push_str(&options("--project-directory", std::slice::from_ref(&project.folder)));
    }
    all
}
