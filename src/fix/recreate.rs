//! The calls that bring repairs, or their undoing, to the running containers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shell_words::quote;

use super::journal::Recreation;
use crate::model::discover::Reason;
use crate::model::{Project, Workspace};
use crate::source::relative_to;

/// One for each project of which services are to be recreated: a restart would keep the old command.
pub fn recreations(workspace: &Workspace<'_>, recreate: &BTreeSet<(usize, String)>) -> Vec<Recreation> {
    let of_project = |(number, project): (usize, &Project)| {
        let services = recreate.iter().filter(|(project, _)| *project == number).map(|(_, name)| name.clone());
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
            services: services.collect(),
        };
        (!recreation.services.is_empty()).then_some(recreation)
    };
    workspace.projects.iter().enumerate().filter_map(of_project).collect()
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
