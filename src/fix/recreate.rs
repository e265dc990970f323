//! The calls that bring repairs, or their undoing, to the running containers.

use std::path::{Path, PathBuf};

use shell_words::quote;

use super::journal::{ProfileServices, ProjectRecord};
use super::plan::Plan;
use super::snapshot::service_path;
use super::state::State;
use crate::model::discover::Reason;
use crate::model::node::{Entry, Node};
use crate::model::{Project, enabled_profiles, runs_with};
use crate::source::relative_to;

/// A call, and where it is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recreate {
    /// The profile without which it would start what does not run; `None` for services that always run.
    pub profile: Option<String>,
    /// The call.
    pub command: String,
}

/// The projects with the services that the repairs change: a restart would keep what they have. Services whose profile is
/// off stand by themselves, since naming them would start them.
pub fn projects(plan: &Plan<'_>) -> Vec<ProjectRecord> {
    let changed: Vec<_> = plan.before.snapshot().changes(plan.after.snapshot()).into_keys().collect();
    let of_project = |(number, project): (usize, &Project)| {
        let is_changed = |service: &Entry| {
            let base = service_path(number, &service.key, "");
            changed.iter().any(|path| path.starts_with(&base))
        };
        let enabled = enabled_profiles(&project.profiles, &project.variables);
        let mut record = ProjectRecord {
            files: project.paths.clone(),
            folder: project.folder.clone(),
            env_files: if project.has_own_env_files { project.variables.paths.clone() } else { Vec::new() },
            profiles: project.profiles.clone(),
            is_found_by_folder: matches!(project.reason, Reason::DefaultName | Reason::ComposeFile),
            recreate: Vec::new(),
            reload: Vec::new(),
            recreate_in_profiles: Vec::new(),
        };
        // A swarm takes its stacks from a call of its own, and nothing was repaired for it. It knows no profiles.
        if matches!(project.reason, Reason::Stack(_)) {
            return record;
        }
        for service in project.services() {
            let is_reload = !is_changed(service);
            if is_reload && !has_other_users(plan, number, &service.key) {
                continue;
            }
            match (runs_with(&service.value, &enabled), is_reload) {
                (true, false) => record.recreate.push(service.key.clone()),
                (true, true) => record.reload.push(service.key.clone()),
                (false, _) => add(&mut record.recreate_in_profiles, service, is_reload),
            }
        }
        record
    };
    plan.before.workspace.projects.iter().enumerate().map(of_project).collect()
}

/// True if the repairs change the file with the users of a service.
fn has_other_users(plan: &Plan<'_>, project: usize, service: &str) -> bool {
    let text =
        |state: &State| state.topology.store_of(project, service)?.users.as_ref().map(|users| users.text.clone());
    text(&plan.before) != text(&plan.after)
}

fn profiles_of(service: &Node) -> Vec<String> {
    let profiles = service.get("profiles").and_then(Node::as_list).unwrap_or_default();
    profiles.iter().filter_map(Node::as_text).map(|text| text.value.clone()).collect()
}

/// Adds a service to those of the same profiles.
fn add(all: &mut Vec<ProfileServices>, service: &Entry, is_reload: bool) {
    let profiles = profiles_of(&service.value);
    match all.iter_mut().find(|known| known.profiles == profiles && known.is_reload == is_reload) {
        Some(known) => known.services.push(service.key.clone()),
        None => all.push(ProfileServices { profiles, services: vec![service.key.clone()], is_reload }),
    }
}

/// `docker compose up -d …` for each that was changed, once: first what always runs, then by profile. Paths are as seen
/// from `folder`, in which they are to be run.
pub fn commands(projects: &[ProjectRecord], folder: &Path) -> Vec<Recreate> {
    let always = projects.iter().flat_map(|project| {
        let parts = [(false, &project.recreate), (true, &project.reload)];
        let parts = parts.into_iter().filter(|(_, services)| !services.is_empty());
        parts.map(|(is_reload, services)| call(project, folder, None, is_reload, services))
    });
    let by_profile = projects.iter().flat_map(|project| {
        // One profile is enough.
        let parts = project.recreate_in_profiles.iter();
        parts.map(|part| call(project, folder, part.profiles.first(), part.is_reload, &part.services))
    });
    let mut all = Vec::new();
    for recreate in always.chain(by_profile) {
        if !all.contains(&recreate) {
            all.push(recreate);
        }
    }
    all
}

fn call(
    project: &ProjectRecord,
    folder: &Path,
    profile: Option<&String>,
    is_reload: bool,
    services: &[String],
) -> Recreate {
    let from = from(project, folder);
    let with = profile.map(|profile| format!("--profile {} ", quote(profile))).unwrap_or_default();
    let option = if is_reload { "--force-recreate " } else { "" };
    let command = format!("docker compose {from}{with}up -d {option}{}", services.join(" "));
    Recreate { profile: profile.cloned(), command }
}

/// The options that lead Compose to the project.
fn from(project: &ProjectRecord, folder: &Path) -> String {
    let own = relative_to(folder, &project.folder);
    match project.is_found_by_folder {
        true if own == "." => String::new(),
        true => format!("--project-directory {} ", quote(&own)),
        false => call_options(project, folder),
    }
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
