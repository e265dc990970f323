//! What repairs are built from: the workspace as it is now, what is known of it, and how secrets are handled.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use crate::config::SecretsPolicy;

use super::secret::{SecretError, Secrets};
use crate::lens::value::Secret;
use crate::model::discover::Reason;
use crate::model::{Project, Workspace};
use crate::rule::RuleSet;
use crate::source::git::{Git, GitStatus};
use crate::source::{Files, decode};
use crate::topology::{Neighbour, Surroundings, Topology};

/// The workbench of repairs.
pub struct Bench<'w, 'f> {
    /// The projects.
    pub workspace: &'w Workspace<'f>,
    /// Their stores and links.
    pub topology: &'w Topology,
    /// Projects around them.
    pub surroundings: &'w Surroundings<'w>,
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
    /// Whose `.gitignore` can hide it.
    pub folder: PathBuf,
    /// The file; what a symlink leads to.
    pub file: PathBuf,
}

/// The name of the files that say what git leaves alone.
pub const IGNORE_LIST: &str = ".gitignore";

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

    /// The services of other projects that use the store `number`.
    pub fn neighbours(&self, number: usize) -> Vec<Neighbour> {
        self.topology.neighbours(self.workspace, self.surroundings, &self.rules.stores, number)
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
            GitStatus::Untracked { root, file } => match self.hiding_folder(&root, &file) {
                Some(folder) => Writable::IfIgnored(Exposed { folder, file }),
                None => Writable::No(
                    "`git add -A` would take it, and the .gitignore there is a symlink, which git does not follow: put a \
                     file in its place"
                        .to_owned(),
                ),
            },
            GitStatus::Tracked { .. } => {
                Writable::No("git tracks it, so a password there would be committed".to_owned())
            }
            GitStatus::Unknown { why, .. } => Writable::No(format!("git can't say whether it tracks it: {why}")),
        }
    }

    /// The folder of the work tree `root` whose `.gitignore` is to name `file`. git follows no symlink of that name
    /// (gitignore(5)). Of several lists the deepest decides: one that lets files in again has the last word on what is
    /// below it.
    fn hiding_folder(&self, root: &Path, file: &Path) -> Option<PathBuf> {
        let list = |folder: &Path| folder.join(IGNORE_LIST);
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        let usable: Vec<&Path> = folders.filter(|folder| !self.files.is_link(&list(folder))).collect();
        let lets_in = |folder: &&&Path| {
            self.read(&list(folder)).is_some_and(|text| text.lines().any(|line| line.starts_with('!')))
        };
        usable.iter().find(lets_in).or(usable.last()).map(|folder| folder.to_path_buf())
    }

    /// The text of a file; nothing if there is none that can be read.
    pub fn read(&self, path: &Path) -> Option<String> {
        decode(&self.files.read(path).ok()?).ok().map(|text| text.to_string())
    }
}
