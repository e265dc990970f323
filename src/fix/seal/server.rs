//! The server's side: the change after which it demands the password.

use super::credential::{Carrier, Credential};
use super::{Member, NoSeal, Seal, in_command_string};
use crate::catalog::Mechanism;
use crate::fix::commit::Role;
use crate::fix::snapshot::{environment_path, service_path, words_value};
use crate::lens::command::Command;
use crate::lens::environment;
use crate::lens::server::{ServerEdit, authenticate_sentinel, require_password};
use crate::lens::value::Word;
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::Node;
use crate::model::{Variables, expand_text};
use crate::source::relative_to;
use crate::syntax::yaml::{Document, Fragment};
use crate::text::EditSet;

impl Seal<'_, '_, '_> {
    /// Lets a server demand the password, and present it to the one that it copies if `presents`.
    pub(super) fn server(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        presents: bool,
    ) -> Result<(), NoSeal> {
        let changes = member.store.with_setup(self.bench.workspace, |setup| {
            require_password(member.mechanism, setup, &credential.reference, presents)
        });
        let changes = changes.map_err(|why| NoSeal::Manual(format!("`{}`: {why}", member.store.service)))?;
        if changes.iter().any(|change| !can_carry(change, member, credential)) {
            return Err(NoSeal::Manual(format!(
                "{} holds a character that breaks the words of `{}` that would carry it: choose another password, such as the output of `openssl rand -hex 32`",
                credential.named(),
                member.store.service
            )));
        }
        self.counts.servers += 1;
        self.doubt_the_image(member, &changes);
        match changes.as_slice() {
            [ServerEdit::SetEnv { set, remove }] => self.server_variables(member, credential, set, remove),
            [ServerEdit::EditEnv { variable, edits }] => self.server_variable_text(member, credential, variable, edits),
            [ServerEdit::SetCommand { words }] => self.new_command(member, credential, words),
            changes => match self.words_in_image(member, changes) {
                Some(words) => self.new_command(member, credential, &words?),
                None => self.command_words(member, credential, changes),
            },
        }
    }

    /// What the image brings along and the password may not fit to.
    fn doubt_the_image(&mut self, member: &Member<'_>, changes: &[ServerEdit]) {
        let name = &member.store.service;
        let is_new = matches!(changes, [ServerEdit::SetCommand { .. }]);
        if is_new && member.store.has_unknown_command(&self.bench.rules.stores) {
            let image = &member.store.image;
            self.doubt(format!(
                "what the image `{image}` of `{name}` starts by itself is not known, and `command` takes its place"
            ));
        }
        if member.store.has_check_in_image() && member.node.at(&["healthcheck", "test"]).is_none() {
            self.doubt(format!("the HEALTHCHECK in the Dockerfile of `{name}` may need the password, too"));
        }
    }

    /// The new command, where the change is one of words that the Dockerfile gives; they are written again, with what is added.
    fn words_in_image(&self, member: &Member<'_>, changes: &[ServerEdit]) -> Option<Result<Vec<String>, NoSeal>> {
        let given = member.store.command_of_image(self.bench.workspace)?;
        let is_plain = |word: &Word| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
            !word.text.is_empty() && word.text.chars().all(is_plain)
        };
        let by_hand = || {
            NoSeal::Manual(format!(
                "its Dockerfile says what `{}` starts, in a form that can't be written again: add the password there",
                member.store.service
            ))
        };
        let added: Option<Vec<_>> = changes
            .iter()
            .map(|change| match change {
                ServerEdit::AppendWords { words, .. } => Some(words.as_slice()),
                _ => None,
            })
            .collect();
        Some(match added.filter(|_| given.iter().all(is_plain)) {
            Some(added) => {
                Ok(given.iter().map(|word| word.text.clone()).chain(added.into_iter().flatten().cloned()).collect())
            }
            None => Err(by_hand()),
        })
    }

    /// Lets a Sentinel log in to the masters of these names.
    pub(super) fn sentinel(
        &mut self,
        sentinel: &Member<'_>,
        credential: &Credential,
        names: &[String],
    ) -> Result<(), NoSeal> {
        let change = sentinel.store.with_setup(self.bench.workspace, |setup| {
            authenticate_sentinel(sentinel.mechanism, setup, names, &credential.reference)
        });
        let change = change.map_err(|why| NoSeal::Manual(format!("`{}`: {why}", sentinel.store.service)))?;
        self.command_words(sentinel, credential, &[change])?;
        Ok(())
    }

    fn new_command(&mut self, member: &Member<'_>, credential: &Credential, words: &[String]) -> Result<(), NoSeal> {
        let by_hand = || by_hand(member, credential);
        let value = resolved(words, credential);
        let written = match credential.fits_into(Carrier::CommandString) {
            true => Fragment::text(in_command_string(words.to_vec(), credential).join(" ")),
            false => Fragment::words(words),
        };
        let (source, edit) = match member.node.get("command") {
            // `command:` without a value.
            Some(command) => {
                let document = self.document(&command.place)?;
                let map = document.node(command.place.node).parent;
                let pair = map
                    .and_then(|map| document.pairs(map).iter().copied().find(|pair| pair.value == command.place.node));
                (command.place.source, pair.and_then(|pair| document.fill(pair, &written)))
            }
            None => {
                let (source, mapping) = environment::home(self.bench.workspace, member.node).ok_or_else(by_hand)?;
                let document = self.bench.workspace.document(source).ok_or_else(by_hand)?;
                (source, environment::insert_key(document, mapping, "command", &written))
            }
        };
        self.edit(source, edit.ok_or_else(by_hand)?, Role::Server, false);
        self.expect(service_path(member.store.project, &member.store.service, "command"), words_value(&value));
        Ok(())
    }

    /// Changes the words of a command. Several changes are all about the same one, and move no words.
    fn command_words(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        changes: &[ServerEdit],
    ) -> Result<(), NoSeal> {
        let by_hand = || by_hand(member, credential);
        let list = changes.iter().try_fold(None, |known, change| match change {
            ServerEdit::AppendWords { list, .. }
            | ServerEdit::ReplaceWord { list, .. }
            | ServerEdit::SetValueAfterFlag { list, .. }
            | ServerEdit::EditShell { list, .. } => {
                known.is_none_or(|known| known == *list).then_some(Some(*list)).ok_or_else(by_hand)
            }
            _ => Err(by_hand()),
        });
        let key = list?.ok_or_else(by_hand)?.key();
        let command = Command::read(member.node, key).ok().flatten().ok_or_else(by_hand)?;
        self.doubt_overridden(member, key, command.node, credential);
        let document = self.document(&command.node.place)?;
        let spelled = |words: &[String]| {
            if command.is_list() { words.to_vec() } else { in_command_string(words.to_vec(), credential) }
        };
        // The words once the variable has its value: it may bring words of its own.
        let before = command.words.len();
        let mut after = self.words_when_set(member, credential, &command).ok_or_else(by_hand)?;
        let grown = after.len() - before.min(after.len());
        let mut all = Vec::new();
        for change in changes {
            let edits = match change {
                ServerEdit::AppendWords { words, .. } => {
                    after.extend(words.iter().cloned());
                    command.append(document, &spelled(words))
                }
                ServerEdit::ReplaceWord { index, words, .. } => {
                    if *index >= after.len() || grown > 0 {
                        return Err(by_hand());
                    }
                    after.splice(*index..*index + 1, words.iter().cloned());
                    command.replace_word(document, *index, &spelled(words))
                }
                ServerEdit::SetValueAfterFlag { index, value, .. } => {
                    if grown == 0 {
                        after.insert((index + 1).min(after.len()), value.clone());
                    }
                    let value = spelled(std::slice::from_ref(value));
                    command.set_value_after(document, *index, &value[0])
                }
                ServerEdit::EditShell { index, edits, .. } => {
                    let word = after.get_mut(*index).ok_or_else(by_hand)?;
                    *word = edited_script(&command.words[*index].text, word, &credential.value, edits);
                    command.edit_word(document, *index, edits)
                }
                _ => None,
            };
            all.extend(edits.ok_or_else(by_hand)?);
        }
        let after = resolved(&after, credential);
        let place = command.node.place.clone();
        self.edits(&place, all, Role::Server);
        self.expect(service_path(member.store.project, &member.store.service, key), words_value(&after));
        Ok(())
    }

    /// Doubts the repair if the command that counts hides one in another file: without the override, that one counts.
    fn doubt_overridden(&mut self, member: &Member<'_>, key: &str, command: &Node, credential: &Credential) {
        let name = &member.store.service;
        let hidden: Vec<_> = self
            .bench
            .workspace
            .sources
            .iter()
            .filter(|(source, file)| *source != command.place.source && member.project.paths.contains(&file.path))
            .filter(|(source, _)| {
                let document = self.bench.workspace.document(*source);
                document.is_some_and(|document| {
                    document.roots.iter().any(|root| document.at(*root, &["services", name, key]).is_some())
                })
            })
            .map(|(_, file)| relative_to(&member.project.folder, &file.path))
            .collect();
        for shown in hidden {
            self.doubt(format!(
                "{shown} has a `{key}` of its own for `{name}`, which counts without the override: add `{} \"{}\"` there, too",
                member.mechanism.argv().password_flag,
                credential.reference
            ));
        }
    }

    fn server_variables(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<(), NoSeal> {
        let env = &member.project.containers[&member.store.service];
        let by_hand = || {
            let lines: Vec<_> = set.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
            NoSeal::Manual(format!("add {} to the `environment` of `{}`", lines.join(" and "), member.store.service))
        };
        // What stands in an env file gives way to `environment`; a password counts more than the leave to go without one.
        let is_here = |variable: &&ContainerVariable| !matches!(variable.site, Site::File { .. });
        let mut leaving: Vec<_> = remove.iter().filter_map(|name| env.get(name)).filter(is_here).collect();
        for (name, value) in set {
            let workspace = self.bench.workspace;
            let result = match (env.get(name).filter(is_here), leaving.pop()) {
                (Some(variable), kept) => {
                    leaving.extend(kept);
                    environment::set_variable(workspace, variable, value).map(|edit| vec![edit])
                }
                // The variable that allows an empty password gives its place to the password.
                (None, Some(old)) => {
                    let path = environment_path(member.store.project, &member.store.service, &old.name);
                    self.repair.expected.insert(path, None);
                    environment::replace_variable(workspace, old, name, value)
                }
                (None, None) => self.add_variable(member.node, name, value, Role::Server).map(|()| Vec::new()),
            };
            for (source, edit) in result.map_err(|_| by_hand())? {
                self.edit(source, edit, Role::Server, false);
            }
            self.expect_variable(
                member,
                &member.store.service,
                name,
                &resolved(std::slice::from_ref(value), credential)[0],
            );
        }
        for variable in leaving {
            let path = environment_path(member.store.project, &member.store.service, &variable.name);
            // The only variable of a service can't go without its key: it becomes harmless.
            let (source, edit) = match environment::remove_variable(self.bench.workspace, variable) {
                Ok(removed) => {
                    self.repair.expected.insert(path, None);
                    removed
                }
                Err(_) => {
                    self.expect(path, "no");
                    environment::set_variable(self.bench.workspace, variable, "no").map_err(|_| by_hand())?
                }
            };
            self.edit(source, edit, Role::Server, false);
        }
        Ok(())
    }

    fn server_variable_text(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        name: &str,
        edits: &EditSet,
    ) -> Result<(), NoSeal> {
        let by_hand = || {
            NoSeal::Manual(format!(
                "`{name}` of `{}` can't be changed in place: write `{} {}` into it",
                member.store.service,
                member.mechanism.argv().password_flag,
                credential.reference
            ))
        };
        let variable = member.project.containers[&member.store.service].get(name).ok_or_else(by_hand)?;
        let (edits, written) =
            environment::edit_variable(self.bench.workspace, variable, edits).map_err(|_| by_hand())?;
        for (source, edit) in edits {
            self.edit(source, edit, Role::Server, false);
        }
        // Compose would stop at the reference while its variable has no value.
        let marker = "\u{1}";
        let written = written.replace(&credential.reference, marker);
        let value = expand_text(&written, &variables_when_set(member, credential)).value;
        self.expect_variable(member, &member.store.service, name, &value.replace(marker, &credential.value));
        Ok(())
    }

    /// The words of a command with the credential's variable set.
    fn words_when_set(
        &self,
        member: &Member<'_>,
        credential: &Credential,
        command: &Command<'_>,
    ) -> Option<Vec<String>> {
        if credential.variable.is_none() || !credential.is_known() {
            return Some(command.words.iter().map(|word| word.text.clone()).collect());
        }
        let variables = variables_when_set(member, credential);
        let document = self.bench.workspace.document(command.node.place.source)?;
        let text = |node: &Node| Some(expand_text(document.scalar(node.place.node)?, &variables).value);
        match command.node.as_list() {
            Some(items) => items.iter().map(text).collect(),
            None => {
                let split = crate::syntax::words::split(&text(command.node)?).ok()?;
                Some(split.words.into_iter().map(|word| word.value).collect())
            }
        }
    }

    fn document(&self, place: &crate::model::node::Place) -> Result<&Document, NoSeal> {
        let missing = || NoSeal::Manual("the file could not be read".to_owned());
        self.bench.workspace.document(place.source).ok_or_else(missing)
    }
}

/// False if the value of the password would not come out of what the change writes as it is.
fn can_carry(change: &ServerEdit, member: &Member<'_>, credential: &Credential) -> bool {
    match change {
        ServerEdit::AppendWords { list, .. }
        | ServerEdit::ReplaceWord { list, .. }
        | ServerEdit::SetValueAfterFlag { list, .. } => {
            let is_list =
                Command::read(member.node, list.key()).ok().flatten().is_some_and(|command| command.is_list());
            is_list || credential.fits_into(Carrier::CommandString)
        }
        ServerEdit::EditShell { .. } => credential.fits_into(Carrier::Script),
        ServerEdit::SetEnv { .. } if !matches!(member.mechanism, Mechanism::ArgsInEnv(_)) => true,
        ServerEdit::SetEnv { .. } | ServerEdit::EditEnv { .. } => credential.fits_into(Carrier::Options),
        // It can be a list.
        ServerEdit::SetCommand { .. } => true,
    }
}

/// The variables of the project with that of the credential, if its value is known.
fn variables_when_set(member: &Member<'_>, credential: &Credential) -> Variables {
    let variables = &member.project.variables;
    match &credential.variable {
        Some(name) if credential.is_known() => variables.with(name, &credential.value),
        _ => variables.clone(),
    }
}

/// Words as the container gets them once the variable is set.
fn resolved(words: &[String], credential: &Credential) -> Vec<String> {
    words.iter().map(|word| word.replace(&credential.reference, &credential.value)).collect()
}

/// The script with `edits` of its text `now`, and the variable set that is blank there; `set` is the script with it set.
fn edited_script(now: &str, set: &str, value: &str, edits: &EditSet) -> String {
    let used_at = now.bytes().zip(set.bytes()).take_while(|(a, b)| a == b).count();
    let is_edited = edits.iter().any(|edit| edit.span.start <= used_at && used_at <= edit.span.end);
    // What uses the variable elsewhere, too, fails the proof.
    if is_edited && set.len() == now.len() + value.len() { edits.apply(now) } else { edits.apply(set) }
}

fn by_hand(member: &Member<'_>, credential: &Credential) -> NoSeal {
    NoSeal::Manual(format!(
        "the command of `{}` can't be changed in place: add `{} \"{}\"` to it",
        member.store.service,
        member.mechanism.argv().password_flag,
        credential.reference
    ))
}
