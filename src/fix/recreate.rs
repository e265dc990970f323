//! The commands that bring repairs to the running containers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shell_words::quote;

use crate::model::discover::Reason;
use crate::model::{Project, Workspace};
use crate::source::relative_to;

/// `docker compose up -d …` for each project of which services are to be recreated: a restart would keep the old command.
/// Paths are as seen from `folder`, in which they are to be run.
pub fn commands(workspace: &Workspace<'_>, recreate: &BTreeSet<(usize, String)>, folder: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    for (number, project) in workspace.projects.iter().enumerate() {
        let services: Vec<_> =
            recreate.iter().filter(|(project, _)| *project == number).map(|(_, name)| name.as_str()).collect();
        if services.is_empty() {
            continue;
        }
        let files = match project.reason {
            Reason::DefaultName | Reason::ComposeFile => String::new(),
            // A swarm takes its stacks from a call of its own, and nothing was repaired for it.
            Reason::Stack(_) => continue,
            Reason::Configured | Reason::Call(_) | Reason::Overlay | Reason::Alone => call_options(project, folder),
        };
        let own = relative_to(folder, &project.folder);
        let from = if files.is_empty() && own != "." { format!("--project-directory {} ", quote(&own)) } else { files };
        let command = format!("docker compose {from}up -d {}", services.join(" "));
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands
}

/// What `docker compose` needs to be told of a project that it does not find by itself.
fn call_options(project: &Project, folder: &Path) -> String {
    let options = |name: &str, paths: &[PathBuf]| -> String {
        paths.iter().map(|path| format!("{name} {} ", quote(&relative_to(folder, path)))).collect()
    };
    let env_files = if project.has_own_env_files { project.variables.paths.as_slice() } else { &[] };
    let mut all = options("--env-file", env_files) + &options("-f", &project.paths);
    all.extend(project.profiles.iter().map(|profile| format!("--profile {} ", quote(profile))));
    if project.paths.first().and_then(|path| path.parent()) != Some(project.folder.as_path()) {
        all.push_str(&options("--project-directory", std::slice::from_ref(&project.folder)));
    }
    all
}
