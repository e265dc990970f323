//! The secret in the env file that Compose reads for `${…}`, and what must know of it: git, Docker builds, example files.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::credential::{Credential, EnvTarget};
use super::{Member, NoSeal, Seal};
use crate::fix::bench::{Exposed, IGNORE_LIST, Writable};
use crate::fix::commit::Role;
use crate::fix::journal::Purpose;
use crate::fix::remark::{Kind, Remark};
use crate::fix::repair::{Change, ChangeKind};
use crate::fix::snapshot::environment_path;
use crate::model::Project;
use crate::model::container_env::{ContainerVariable, Site};
use crate::source::git::GitStatus;
use crate::source::{FileKind, SourceId, is_example_name, relative_to};
use crate::syntax::env::{self, EnvFile};
use crate::syntax::template::PieceOrigin;
use crate::text::{Edit, EditSet, LineIndex, NAMED, listed};
use crate::topology::is_blank;

impl Seal<'_, '_, '_> {
    /// The env file that holds the value of `name`, or the one that Compose reads for it.
    fn env_path(&self, member: &Member<'_>, name: &str) -> PathBuf {
        let variables = &member.project.variables;
        let defined = variables
            .definition(name)
            .map(|definition| self.bench.workspace.sources.get(definition.source).path.clone());
        let is_there = |path: &&PathBuf| self.bench.files.kind(path) == FileKind::File;
        let existing = || variables.paths.iter().rev().find(is_there).or(variables.paths.first()).cloned();
        defined.or_else(existing).expect("a project has at least one path for its env file")
    }

    /// `${NAME:?…}`: with a blank value a server would be open, or dead. The text names the file in which it is missing.
    pub(super) fn required(&self, member: &Member<'_>, name: &str) -> String {
        let file = relative_to(&member.project.folder, &self.env_path(member, name));
        let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
        let file = if is_plain { file.as_str() } else { "the env file" };
        format!("${{{name}:?set {name} in {file}}}")
    }

    /// The env file that shall hold the value of `name`.
    pub(super) fn env_target(
        &self,
        member: &Member<'_>,
        name: &str,
        literal: Option<String>,
    ) -> Result<EnvTarget, NoSeal> {
        let path = self.env_path(member, name);
        let shown = relative_to(&member.project.folder, &path);
        let exposed = match self.bench.may_hold_secret(&path) {
            Writable::Yes => None,
            Writable::IfIgnored(exposed) => Some(exposed),
            Writable::No(why) => {
                let untrack = match self.bench.git.status(&path) {
                    GitStatus::Tracked { .. } => {
                        format!("run `git rm --cached {}` and ignore it, or ", shell_words::quote(&shown))
                    }
                    _ => String::new(),
                };
                return Err(NoSeal::HeldBack(format!(
                    "the password belongs into {shown}, but {why}; {untrack}use --secrets declare and set {name} elsewhere"
                )));
            }
        };
        Ok(EnvTarget { path, value: literal, exposed })
    }

    pub(super) fn secret_of(&self, target: &EnvTarget, name: &str) -> Result<String, NoSeal> {
        if let Some(value) = &target.value {
            return Ok(value.clone());
        }
        let secret = self.bench.secret(&target.path, name).map_err(|error| NoSeal::HeldBack(error.to_string()))?;
        Ok(secret.reveal().to_owned())
    }

    /// Writes the value of the credential's variable, if it has none yet.
    pub(super) fn define(&mut self, credential: &Credential) -> Result<(), NoSeal> {
        let Some(name) = &credential.variable else { return Ok(()) };
        if credential.is_declared {
            self.repair.defines.insert(name.clone());
            let set_it = format!("set {name} where the project runs: Compose stops while it has no value");
            self.repair.notes.push(set_it.into());
        }
        let Some(target) = &credential.write else { return Ok(()) };
        if self.repair.defines.contains(name) {
            return Ok(());
        }
        if let Some(why) = self.defined_twice(&target.path, name) {
            return Err(NoSeal::Manual(why));
        }
        let kind = match self.read(&target.path) {
            None => ChangeKind::Line(format!("{name}={}", credential.value)),
            Some(text) => ChangeKind::Edit(define_in(&text, name, &credential.value)?),
        };
        let is_new = matches!(kind, ChangeKind::Line(_));
        let text = match &kind {
            ChangeKind::Edit(edit) => edited(&self.read(&target.path).unwrap_or_default(), [edit]),
            ChangeKind::Line(line) => line.clone(),
        };
        self.doubt_neighbours(&target.path, name, &text);
        let purpose = Purpose::Secret(name.clone());
        self.repair.changes.push(Change { path: target.path.clone(), kind, role: Role::EnvFile, purpose });
        self.repair.defines.insert(name.clone());
        self.repair.secrets.insert(name.clone());
        if let Some(exposed) = &target.exposed {
            self.ignore(exposed);
        }
        let project = &self.bench.workspace.projects[self.bench.topology.stores[self.group[0]].project];
        let file = relative_to(&project.folder, &target.path);
        let unset = if is_new { self.unset_variables(project) } else { BTreeSet::new() };
        if !unset.is_empty() {
            let unset = listed(unset.into_iter(), NAMED);
            self.repair.notes.push(format!("nothing here sets {unset}: if another env file does (`--env-file`), {file} is not read, and {name} belongs there, too").into());
        }
        if self.bench.git.status(&target.path) != GitStatus::NoRepository {
            self.repair.notes.push(Remark::of(Kind::KeptFromGit { file }, name));
        }
        self.keep_out_of_images(&target.path, is_new);
        self.show_in_examples(&target.path, name);
        Ok(())
    }

    /// The variables that the project can't do without, that no file sets, and that no example file shows.
    fn unset_variables(&self, project: &Project) -> BTreeSet<String> {
        let texts = project.services().iter().flat_map(|service| service.value.texts());
        let named = texts.flat_map(|text| text.pieces.iter()).filter_map(|piece| match &piece.origin {
            PieceOrigin::Variable { name } => Some(name),
            _ => None,
        });
        let mut unset: BTreeSet<String> = named.filter(|name| project.variables.is_undefined(name)).cloned().collect();
        for example in self.examples(&project.folder) {
            let (file, _) = env::parse(&self.read(&example).unwrap_or_default());
            unset.retain(|name| file.last(name).is_none());
        }
        unset
    }

    /// The files of a folder that show which variables there are.
    fn examples(&self, folder: &Path) -> Vec<PathBuf> {
        let mut files = self.bench.files.list(folder);
        files.retain(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_example_name));
        files
    }

    /// What a person must do first, if several lines of a file set a variable: only the last one would have an effect.
    fn defined_twice(&self, path: &Path, name: &str) -> Option<String> {
        let text = self.read(path)?;
        let index = LineIndex::new(&text);
        let (file, _) = env::parse(&text);
        let entries = file.entries.iter().filter(|entry| entry.key == name);
        let lines: Vec<_> = entries.map(|entry| (index.line_of(entry.span.start) + 1).to_string()).collect();
        let shown = path.file_name().unwrap_or_default().to_string_lossy();
        (lines.len() > 1).then(|| {
            format!(
                "{name} stands in {shown} more than once (lines {}): leave one of these lines, then run caulk again",
                listed(lines.into_iter(), usize::MAX)
            )
        })
    }

    /// Adds an entry to an env file that a program reads. `Err` if git would see it.
    pub(super) fn add_entry(&mut self, source: SourceId, name: &str, value: &str) -> Result<(), String> {
        let file = self.bench.workspace.sources.get(source);
        let (path, text) = (file.path.clone(), file.text.clone());
        let exposed = match self.bench.may_hold_secret(&path) {
            Writable::Yes => None,
            Writable::IfIgnored(exposed) => Some(exposed),
            Writable::No(why) => return Err(why),
        };
        let entries = self.bench.workspace.env_file(source).ok_or("it can't be read")?;
        let edit = entries.insert(&text, name, value, None).map_err(|error| error.to_string())?;
        let defines = self.bench.workspace.projects.iter().any(|project| project.variables.paths.contains(&path));
        self.edit(source, edit, Role::EnvFile, defines);
        if defines {
            self.repair.defines.insert(name.to_owned());
        }
        if let Some(exposed) = exposed {
            self.ignore(&exposed);
        }
        self.keep_out_of_images(&path, false);
        Ok(())
    }

    /// Writes `new` in the place of bytes of an entry's value, as [`env::EnvValue::text`] has them. `None` if git would see it.
    pub(super) fn edit_entry(
        &mut self,
        source: SourceId,
        entry: usize,
        edits: &[(Range<usize>, String)],
    ) -> Result<(), String> {
        let path = self.bench.workspace.sources.get(source).path.clone();
        let exposed = match self.bench.may_hold_secret(&path) {
            Writable::Yes => None,
            Writable::IfIgnored(exposed) => Some(exposed),
            Writable::No(why) => return Err(why),
        };
        let value = self.bench.workspace.env_file(source).and_then(|file| file.entries.get(entry)?.value.as_ref());
        let value = value.ok_or_else(|| "the line has no value".to_owned())?;
        let (old, new) = (value.text.clone(), replaced(&value.text, edits));
        let edits: Vec<_> =
            edits.iter().map(|(range, new)| Edit::replace(value.escapes.source(range.clone()), new.clone())).collect();
        let name = self.bench.workspace.env_file(source).and_then(|file| Some(file.entries.get(entry)?.key.clone()));
        let is_definition = |name: &String| {
            let definitions =
                self.bench.workspace.projects.iter().filter_map(|project| project.variables.definition(name));
            definitions.into_iter().any(|definition| (definition.source, definition.entry) == (source, entry))
        };
        let defined = name.filter(is_definition);
        if let Some(name) = &defined {
            let text = edited(&self.bench.workspace.sources.get(source).text, &edits);
            self.doubt_neighbours(&path, name, &text);
        }
        for edit in edits {
            self.edit(source, edit, Role::EnvFile, defined.is_some());
        }
        self.repair.defines.extend(defined);
        self.expect_in_bystanders((source, entry), &old, &new);
        if let Some(exposed) = exposed {
            self.ignore(&exposed);
        }
        self.keep_out_of_images(&path, false);
        Ok(())
    }

    /// Containers that read the same line and are no clients of another server, such as the server itself, get its new
    /// value, too.
    fn expect_in_bystanders(&mut self, line: (SourceId, usize), old: &str, new: &str) {
        for (number, project) in self.bench.workspace.projects.iter().enumerate() {
            for service in project.services() {
                let leads_elsewhere = |variable: &str| {
                    self.bench.topology.links.iter().any(|link| {
                        let is_it = link.project == number
                            && link.service.as_ref() == Some(&service.key)
                            && link.carrier.variable() == Some(variable);
                        let own = link.target.store().map(|store| &self.bench.topology.stores[store].service);
                        is_it && own != Some(&service.key)
                    })
                };
                let reads = |variable: &&ContainerVariable| {
                    let is_line = matches!(variable.site, Site::File { source, entry } if (source, entry) == line);
                    is_line && variable.value.as_ref().is_some_and(|text| text.value == old)
                };
                let variables = project.containers[&service.key].variables.iter().filter(reads);
                let bystanders: Vec<_> = variables.filter(|variable| !leads_elsewhere(&variable.name)).collect();
                for variable in bystanders {
                    self.expect(environment_path(number, &service.key, &variable.name), new);
                }
            }
        }
    }

    fn ignore(&mut self, Exposed { folder, file }: &Exposed) {
        let list = folder.join(IGNORE_LIST);
        let line = pattern_of(&relative_to(folder, file));
        // A repair that was made before has hidden it. A later `!` could bring it back.
        let text = self.read(&list).unwrap_or_default();
        let decisive = text.lines().rev().find(|known| *known == line || known.starts_with('!'));
        if decisive.is_some_and(|known| known == line) {
            return;
        }
        self.repair.changes.push(Change {
            path: list,
            kind: ChangeKind::Line(line),
            role: Role::Other,
            purpose: Purpose::Hiding,
        });
    }

    /// Keeps a new env file out of the images that are built from a folder above it. One that was there before may be
    /// meant to be in them, and programs that find it there would break: a person is told.
    fn keep_out_of_images(&mut self, path: &Path, is_new: bool) {
        let workspace = self.bench.workspace;
        let services = workspace
            .projects
            .iter()
            .flat_map(|project| project.services().iter().map(move |service| (project, service)));
        for (project, service) in services {
            let Some(folder) = project.build_context(&service.value) else { continue };
            if !path.starts_with(&folder) || self.bench.files.kind(&folder) != FileKind::Directory {
                continue;
            }
            let list = folder.join(".dockerignore");
            let line = relative_to(&folder, path);
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let known = [
                line.clone(),
                format!("/{line}"),
                format!("**/{name}"),
                format!("{name}*"),
                format!("**/{name}*"),
                "*".to_owned(),
                ".*".to_owned(),
            ];
            let text = self.read(&list).unwrap_or_default();
            if text.lines().any(|line| known.iter().any(|known| line.trim() == known)) {
                continue;
            }
            if !is_new {
                self.repair.notes.push(Remark::of(Kind::BuiltAround { file: line }, &service.key));
                continue;
            }
            self.repair.changes.push(Change {
                path: list,
                kind: ChangeKind::Line(line),
                role: Role::Other,
                purpose: Purpose::Hiding,
            });
        }
    }

    /// Adds the name, without a value, to the files that show which variables there are. One that stands for "none" gives way:
    /// the server would take a copied `null` for its password, which the programs read as none.
    fn show_in_examples(&mut self, path: &Path, name: &str) {
        let Some(folder) = path.parent() else { return };
        for example in self.examples(folder) {
            let Some(text) = self.read(&example) else { continue };
            let (file, problems) = env::parse(&text);
            let shown = file.last(name).map(|entry| entry.value.as_ref().map_or("", |value| value.text.as_str()));
            let edit = match shown {
                None => file.insert(&text, name, "", None),
                Some(value) if is_blank(value) && !value.trim().is_empty() => file.set(&text, name, ""),
                Some(_) => continue,
            };
            if let (Ok(edit), true) = (edit, problems.is_empty()) {
                self.repair.changes.push(Change {
                    path: example,
                    kind: ChangeKind::Edit(edit),
                    role: Role::Other,
                    purpose: Purpose::Plain,
                });
            }
        }
    }

    pub(super) fn read(&self, path: &Path) -> Option<String> {
        self.bench.read(path)
    }
}

/// The text with other bytes in the place of some.
fn replaced(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let edits: Vec<_> = edits.iter().map(|(range, new)| Edit::replace(range.clone().into(), new.clone())).collect();
    edited(text, &edits)
}

fn edited<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut set = EditSet::new();
    // Edits of one value do not overlap.
    edits.into_iter().for_each(|edit| drop(set.insert(edit.clone())));
    set.apply(text)
}

/// The pattern of `.gitignore` that means just this path.
fn pattern_of(path: &str) -> String {
    let mut pattern = String::new();
    for (position, c) in path.char_indices() {
        if "*?[\\".contains(c) || (position == 0 && "#!".contains(c)) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn define_in(text: &str, name: &str, value: &str) -> Result<Edit, NoSeal> {
    let (file, _) = env::parse(text);
    let edit = match file.last(name) {
        Some(_) => file.set(text, name, value),
        None => file.insert(text, name, value, first_use(&file, name)),
    };
    edit.map_err(|error| NoSeal::Manual(format!("write {name} into the env file by hand: {error}")))
}

/// The first entry that uses the variable: its definition must come before.
fn first_use(file: &EnvFile, name: &str) -> Option<usize> {
    file.entries.iter().position(|entry| {
        let template = entry.value.as_ref().and_then(|value| value.template.as_ref());
        template.is_some_and(|template| template.variables().iter().any(|variable| variable.name == name))
    })
}
