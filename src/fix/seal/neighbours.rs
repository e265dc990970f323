//! Compose files that caulk was not asked to read, beside an env file: what a repair writes there reaches them, too.

use std::collections::BTreeSet;
use std::path::Path;

use super::Seal;
use crate::fix::remark::Kind;
use crate::model::discover::{ProjectFiles, Reason};
use crate::model::{Options, Workspace};
use crate::source::{Files, Overlay, is_named_compose, relative_to};
use crate::syntax::template::names_variable;
use crate::topology::Topology;

impl Seal<'_, '_, '_> {
    /// Doubts the repair if such a file uses the variable `name`, and would not work with the env file at `path` holding
    /// `text`: its clients would send a password to a server that asks for none, or none to one that asks.
    pub(super) fn doubt_neighbours(&mut self, path: &Path, name: &str, text: &str) {
        let Some(folder) = path.parent() else { return };
        let read = |file: &Path| {
            self.bench.workspace.projects.iter().any(|project| project.paths.iter().any(|known| known == file))
        };
        let mut after = Overlay::new(self.bench.files);
        after.set(path.to_owned(), text.as_bytes());
        let files = self.bench.files.list(folder).into_iter().filter(|file| is_named_compose(file) && !read(file));
        let broken: Vec<_> = files
            .filter(|file| self.read(file).is_some_and(|text| names_variable(&text, name)))
            .filter(|file| !self.misfits(file, &after).is_subset(&self.misfits(file, self.bench.files)))
            .map(|file| format!("`{}`", relative_to(folder, &file)))
            .collect();
        if !broken.is_empty() {
            self.doubt(Kind::WouldBreak {
                files: broken.join(", "),
                folder: folder.to_owned(),
                variable: name.to_owned(),
                env_file: relative_to(folder, path),
            });
        }
    }

    /// The clients of a Compose file that fit their server in no way: service and variable.
    fn misfits(&self, file: &Path, files: &dyn Files) -> BTreeSet<(String, String)> {
        let set = ProjectFiles {
            files: vec![file.to_owned()],
            folder: file.parent().unwrap_or(file).to_owned(),
            env_files: Vec::new(),
            profiles: Vec::new(),
            reason: Reason::Alone,
        };
        let mut workspace = Workspace::read(files, &[set], &Options::default());
        // Compose reads no file that breaks off.
        if workspace.has_cut_files() {
            return BTreeSet::new();
        }
        let topology = Topology::read(&mut workspace, &self.bench.rules.stores);
        let misfits = topology.shut_out(&workspace).chain(topology.turned_away(&workspace));
        let misfits = misfits.chain(topology.waiting_in_vain(&workspace));
        misfits.map(|(_, service, variable)| (service.to_owned(), variable.to_owned())).collect()
    }
}
