//! What repairs are built from: the workspace as it is now, what is known of it, and how secrets are handled.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use crate::config::SecretsPolicy;

use super::secret::{SecretError, Secrets};
use crate::lens::value::Secret;
use crate::model::discover::Reason;
use crate::model::{Project, Workspace};
use crate::rule::RuleSet;
use crate::source::Files;
use crate::source::git::{Git, GitStatus};
use crate::topology::Topology;

/// The workbench of repairs.
pub struct Bench<'w, 'f> {
    /// The projects.
    pub workspace: &'w Workspace<'f>,
    /// Their stores and links.
    pub topology: &'w Topology,
    /// What is known of stores.
    pub rules: &'w RuleSet,
    /// The files as they are now.
    pub files: &'w dyn Files,
    /// What git thinks of files.
    pub git: &'w dyn Git,
    /// Whether passwords are made.
    pub policy: SecretsPolicy,
    /// Those that were made.
    pub secrets: &'w RefCell<Secrets>,
}

/// A file that `git add -A` would take into the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// Top folder of the work tree.
    pub root: PathBuf,
    /// The file; what a symlink leads to.
    pub file: PathBuf,
}

/// Whether a secret may be written into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writable {
    /// Yes.
    Yes,
    /// Yes, if git is told to ignore it.
    IfIgnored(Exposed),
    /// No; why.
    No(String),
}

impl Bench<'_, '_> {
    /// The secret of an env file's variable, made if there is none yet.
    ///
    /// # Errors
    /// [`SecretError`] if the system gives no random bytes.
    pub fn secret(&self, env_file: &Path, variable: &str) -> Result<Secret, SecretError> {
        self.secrets.borrow_mut().get(env_file, variable)
    }

    /// True if a call of `docker stack deploy` that somebody wrote down names the Compose file at `path`.
    pub fn is_deployed_to_a_swarm(&self, path: &Path) -> bool {
        let is_stack = |project: &&Project| matches!(project.reason, Reason::Stack(_));
        self.workspace.projects.iter().filter(is_stack).any(|project| project.paths.iter().any(|own| own == path))
    }

    /// Whether a secret may be written into the file at `path`.
    pub fn may_hold_secret(&self, path: &Path) -> Writable {
        match self.git.status(path) {
            GitStatus::NoRepository | GitStatus::Ignored { .. } => Writable::Yes,
            GitStatus::Untracked { root, file } => Writable::IfIgnored(Exposed { root, file }),
            GitStatus::Tracked { .. } => {
                Writable::No("git tracks it, so a password there would be committed".to_owned())
            }
            GitStatus::Unknown { why, .. } => Writable::No(format!("git can't say whether it tracks it: {why}")),
        }
    }
}
