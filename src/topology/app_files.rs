//! Env files that a program reads for itself, from a folder of the repository that is mounted into its container.

use crate::lens::mount::mounts;
use crate::model::node::{Certainty, Entry};
use crate::model::{Project, Workspace};
use crate::source::{SourceId, absolute};
use crate::syntax::env::EnvFile;

/// A `.env` that stands in a folder, and a service into whose container the folder is mounted.
pub(super) struct AppFile<'w> {
    pub source: SourceId,
    pub file: &'w EnvFile,
    pub service: &'w Entry,
}

impl AppFile<'_> {
    /// The value of a variable; `None` if it is not there.
    pub fn value(&self, name: &str) -> Option<&str> {
        Some(self.file.last(name)?.value.as_ref().map_or("", |value| value.text.as_str()))
    }
}

/// The files of a project. Only the name `.env` is read by itself; others are named in code.
pub(super) fn app_files<'w>(workspace: &'w Workspace<'_>, project: &'w Project) -> Vec<AppFile<'w>> {
    let mut found = Vec::new();
    for source in project.host_env_files.iter().copied() {
        let path = &workspace.sources.get(source).path;
        let Some(file) = workspace.env_file(source).filter(|_| path.ends_with(".env")) else { continue };
        for service in project.services() {
            let is_mounted = mounts(&service.value).iter().filter(|mount| mount.is_bind).any(|mount| {
                let mounted = mount.source.as_ref().filter(|text| !matches!(text.certainty, Certainty::Unknown(_)));
                let mounted = mounted.map(|text| absolute(&project.folder, &text.value));
                mounted.is_some_and(|mounted| mounted == *path || path.parent() == Some(mounted.as_path()))
            });
            if is_mounted {
                found.push(AppFile { source, file, service });
            }
        }
    }
    found
}
