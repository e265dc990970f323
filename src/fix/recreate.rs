//! The calls that bring repairs, or their undoing, to the running containers.

use std::path::{Path, PathBuf};

use shell_words::quote;

use super::journal::{ProfileServices, ProjectRecord};
use super::plan::Plan;
use super::snapshot::service_path;
use crate::model::discover::Reason;
use crate::model::node::{Entry, Node};
use crate::model::{Project, enabled_profiles};
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
        let is_changed = |service: &&Entry| {
            let base = service_path(number, &service.key, "");
            changed.iter().any(|path| path.starts_with(&base))
        };
        let services = project.services().iter().filter(is_changed);
        let enabled = enabled_profiles(&project.profiles, &project.variables);
        let (on, off): (Vec<_>, Vec<_>) = services.partition(|service| is_on(&enabled, &service.value));
        ProjectRecord {
            files: project.paths.clone(),
            folder: project.folder.clone(),
            env_files: if project.has_own_env_files { project.variables.paths.clone() } else { Vec::new() },
            profiles: project.profiles.clone(),
            is_found_by_folder: matches!(project.reason, Reason::DefaultName | Reason::ComposeFile),
            // A swarm takes its stacks from a call of its own, and nothing was repaired for it. It knows no profiles.
            recreate: match project.reason {
                Reason::Stack(_) => Vec::new(),
                _ => on.iter().map(|service| service.key.clone()).collect(),
            },
            recreate_in_profiles: in_profiles(&off),
        }
    };
    plan.before.workspace.projects.iter().enumerate().map(of_project).collect()
}

/// True if the service is in no profile, or in one that is on.
fn is_on(enabled: &[String], service: &Node) -> bool {
    let profiles = profiles_of(service);
    profiles.is_empty() || profiles.iter().any(|profile| enabled.iter().any(|on| on == profile || on == "*"))
}

fn profiles_of(service: &Node) -> Vec<String> {
    let profiles = service.get("profiles").and_then(Node::as_list).unwrap_or_default();
    profiles.iter().filter_map(Node::as_text).map(|text| text.value.clone()).collect()
}

/// The services by the profiles that they are in.
fn in_profiles(services: &[&Entry]) -> Vec<ProfileServices> {
    let mut all: Vec<ProfileServices> = Vec::new();
    for service in services {
        let profiles = profiles_of(&service.value);
        match all.iter_mut().find(|known| known.profiles == profiles) {
            Some(known) => known.services.push(service.key.clone()),
            None => all.push(ProfileServices { profiles, services: vec![service.key.clone()] }),
        }
    }
    all
}

/// `docker compose up -d …` for each that was changed, once: first what always runs, then by profile. Paths are as seen
/// from `folder`, in which they are to be run.
pub fn commands(projects: &[ProjectRecord], folder: &Path) -> Vec<Recreate> {
    let always = projects.iter().filter(|project| !project.recreate.is_empty());
    let always = always.map(|project| Recreate {
        profile: None,
        command: format!("docker compose {}up -d {}", from(project, folder), project.recreate.join(" ")),
    });
    let by_profile = projects.iter().flat_map(|project| {
        project.recreate_in_profiles.iter().filter_map(|part| {
            // One is enough.
            let profile = part.profiles.first()?;
            let (from, services) = (from(project, folder), part.services.join(" "));
            let command = format!("docker compose {from}--profile {} up -d {services}", quote(profile));
            Some(Recreate { profile: Some(profile.clone()), command })
        })
    });
    let mut all = Vec::new();
    for recreate in always.chain(by_profile) {
        if !all.contains(&recreate) {
            all.push(recreate);
        }
    }
    all
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
