//! A password that is the text `$(cat FILE)` itself, since no shell runs: one is put around the command, so that the server
//! and its healthcheck take what the file holds.

use std::collections::BTreeSet;

use super::{Member, NoSeal, Seal, key};
use crate::catalog::{ArgvSyntax, Mechanism};
use crate::fix::bench::Bench;
use crate::fix::commit::Role;
use crate::fix::repair::{Repair, RepairKey};
use crate::fix::snapshot::{service_path, words_value};
use crate::lens::client_check::{self, CheckReading};
use crate::lens::command::Command;
use crate::lens::healthcheck::Healthcheck;
use crate::model::Workspace;
use crate::text::listed;
use crate::topology::{FileContent, Link, LinkKind, MeantPassword, Reach, StoreService};

/// What the repair of a store is called.
pub fn expand_key(workspace: &Workspace<'_>, store: &StoreService) -> RepairKey {
    RepairKey { action: "expand".to_owned(), ..key(workspace, store) }
}

/// The repair that lets the store `number` take what a file holds for its password, in place of the text that was to print it.
///
/// # Errors
/// [`NoSeal`] if a person must do it, with what to write.
pub fn expand(bench: &Bench<'_, '_>, number: usize) -> Result<Repair, NoSeal> {
    let store = &bench.topology.stores[number];
    let mut seal = Seal::new(bench, expand_key(bench.workspace, store));
    seal.group = vec![number];
    let member = seal.member_of(number);
    let text = store.auth.unexpanded().unwrap_or_default();
    seal.expand(&member, text)?;
    let mut repair = seal.finish(number);
    repair.title = match &store.meant {
        Some(meant) => format!("password of {} from {}", store.service, meant.path),
        None => format!("password of {} by a shell", store.service),
    };
    Ok(repair)
}

impl Seal<'_, '_, '_> {
    fn expand(&mut self, member: &Member<'_>, text: &str) -> Result<(), NoSeal> {
        let name = &member.store.service;
        let lines = expanded_lines(member, text);
        let by_hand = |why: String| NoSeal::Manual(format!("{why}: {lines}"));
        let Some(meant) = &member.store.meant else {
            return Err(by_hand(format!("what `{text}` would print can't be seen")));
        };
        if let Some(why) = unusable(meant) {
            return Err(by_hand(why));
        }
        let command = Command::read(member.node, "command").ok().flatten();
        let argv = match member.mechanism {
            Mechanism::Argv(argv) => Some(argv),
            Mechanism::ArgsInEnv(args) if args.after_command => Some(&args.argv),
            Mechanism::ArgsInEnv(_) | Mechanism::Env(_) => None,
        };
        let argv = argv.filter(|argv| argv.syntax == ArgvSyntax::Directives);
        // As root, the entry point of the image gives up its rights only if it starts the server itself.
        let entrypoint = argv.and_then(|argv| argv.entrypoints.first());
        let has_entrypoint = member.node.get("entrypoint").is_some_and(|node| !node.is_null());
        let (Some(command), Some(entrypoint), false) = (command, entrypoint, has_entrypoint) else {
            return Err(by_hand(format!("what starts `{name}` can't be written anew")));
        };
        if self.bench.topology.sealed_together(member.number).len() > 1 {
            return Err(by_hand(format!("other services have the same definition as `{name}`")));
        }
        if member.store.has_unknown_command(&self.bench.rules.stores) {
            self.doubt(format!("what `{entrypoint}` of the image `{}` does is not known", member.store.image));
        }
        if let Some(why) = may_not_read(member) {
            self.doubt(format!("{why}, and may not be able to read {}: then it would not start", meant.path));
        }
        let path = &meant.path;
        let places: Vec<usize> = (0..command.words.len()).filter(|index| command.words[*index].text == text).collect();
        let document = self.bench.workspace.document(command.node.place.source);
        // Without the password the server would be open: it must not start then.
        let prefix = format!("grep -q . {path} && exec {entrypoint} ");
        let changed = document
            .filter(|_| !places.is_empty())
            .and_then(|document| command.run_by_shell(document, &prefix, (&places, &format!("\"{text}\""))));
        let Some((edits, words)) = changed else {
            return Err(by_hand(format!("the command of `{name}` can't be changed in place")));
        };
        self.edits(&command.node.place, edits, Role::Server);
        self.expect(service_path(member.store.project, name, "command"), words_value(&words));
        self.counts.servers += 1;
        self.check_by_substitution(member, text)?;
        self.doubt_those_with_the_text(member, text);
        if member.store.reach == Reach::Published {
            let note = format!("programs outside of the project that use `{name}` need what {path} holds from now on");
            self.repair.notes.push(note.into());
        }
        Ok(())
    }

    /// The healthcheck presents what the file holds.
    fn check_by_substitution(&mut self, member: &Member<'_>, text: &str) -> Result<(), NoSeal> {
        let Some(healthcheck) = Healthcheck::read(member.node) else { return Ok(()) };
        let clients = &member.definition.clients;
        let lookup = |name: &str| member.lookup(name);
        let CheckReading::Client(check) = healthcheck.ask(clients, &lookup) else {
            if !matches!(healthcheck.ask(clients, &lookup), CheckReading::Unparsed(_)) {
                return Ok(());
            }
            self.doubt(format!("the healthcheck of `{}` can't be read: see that it logs in", member.store.service));
            return Ok(());
        };
        let is_hidden = matches!(&check.credential, client_check::Credential::Presented { value: None, .. });
        let repair = match is_hidden {
            // By the like of `-a "$(cat FILE)"`, which a shell runs.
            true => healthcheck.notice_refusal(clients, &lookup),
            false => healthcheck.authenticate_by(clients, &lookup, text),
        };
        let by_hand = |why: String| {
            NoSeal::Manual(format!("`{}`: {why}: {}", member.store.service, expanded_lines(member, text)))
        };
        let repair = repair.map_err(|why| by_hand(why.to_string()))?;
        match self.write_check(member, &healthcheck, &repair.test) {
            true => Ok(()),
            false => Err(by_hand("the healthcheck can't be changed in place".to_owned())),
        }
    }

    /// A server that takes its password from a file when it starts: its healthcheck does the same. A client has to read the
    /// file by itself.
    pub(super) fn by_file(&mut self, member: &Member<'_>, path: &str) -> Result<(), NoSeal> {
        let (name, substitution) = (&member.store.service, format!("$(cat {path})"));
        if let Some(healthcheck) = Healthcheck::read(member.node) {
            let clients = &member.definition.clients;
            let lookup = |name: &str| member.lookup(name);
            let repair = match healthcheck.ask(clients, &lookup) {
                CheckReading::Client(check) => match &check.credential {
                    client_check::Credential::Presented { value: None, .. } => {
                        Some(healthcheck.notice_refusal(clients, &lookup))
                    }
                    _ => {
                        self.counts.logs_in = true;
                        Some(healthcheck.authenticate_by(clients, &lookup, &substitution))
                    }
                },
                CheckReading::Unparsed(why) => Some(Err(client_check::NoCheckRepair::Unparsed(why))),
                CheckReading::Disabled | CheckReading::NotAClient => None,
            };
            let is_written = match repair {
                None => Ok(()),
                Some(Err(why)) => Err(why.to_string()),
                Some(Ok(repair)) if self.write_check(member, &healthcheck, &repair.test) => Ok(()),
                Some(Ok(_)) => Err("the healthcheck can't be changed in place".to_owned()),
            };
            is_written.map_err(|why| {
                NoSeal::Manual(format!(
                    "`{name}`: {why}: write it as `[\"CMD-SHELL\", \"REDISCLI_AUTH=\\\"${substitution}\\\" redis-cli ping | grep -q PONG\"]`"
                ))
            })?;
        }
        let links = self.bench.topology.links_to(member.number).filter(|link| !self.is_own(link));
        let lacking: BTreeSet<&str> =
            links.filter(|link| super::lacks_password(link)).filter_map(|link| link.service.as_deref()).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let services = listed(lacking.iter().map(|service| format!("`{service}`")), usize::MAX);
        let told = format!(
            "`{name}` takes its password from {path}, which Compose can't put into a variable: mount the same secret into {services} and let the program read the file, or move the password into .env and name it by a variable in both"
        );
        if self.repair.changes.is_empty() {
            return Err(NoSeal::Manual(told));
        }
        self.repair.notes.push(told.into());
        Ok(())
    }

    /// A client that has found out what the password really is works today, and would not afterwards.
    fn doubt_those_with_the_text(&mut self, member: &Member<'_>, text: &str) {
        let presents = |link: &&Link| match &link.kind {
            LinkKind::Url(url) => url.password.as_ref().is_some_and(|password| password.value.reveal() == text),
            LinkKind::Host { password, .. } => {
                let service = link.service.as_ref().and_then(|service| member.project.containers.get(service));
                let value = service.and_then(|env| env.get(password)).and_then(|variable| variable.value.as_ref());
                value.is_some_and(|value| value.value == text)
            }
        };
        let links = self.bench.topology.links_to(member.number).filter(presents);
        let services: Vec<_> = links.filter_map(|link| link.service.clone()).collect();
        for service in services {
            self.doubt(format!(
                "`{service}` presents the text `{text}` itself, which is the password now, but not then"
            ));
        }
    }
}

/// What a person writes.
fn expanded_lines(member: &Member<'_>, text: &str) -> String {
    let (flag, program, entrypoint) = match member.mechanism {
        Mechanism::Argv(argv) => (&argv.password_flag, argv.server_programs.first(), argv.entrypoints.first()),
        Mechanism::ArgsInEnv(args) => {
            (&args.argv.password_flag, args.argv.server_programs.first(), args.argv.entrypoints.first())
        }
        Mechanism::Env(env) => (&env.argv.password_flag, env.argv.server_programs.first(), None),
    };
    let program = program.map_or("redis-server", String::as_str);
    let entrypoint = entrypoint.map(|entrypoint| format!("{entrypoint} ")).unwrap_or_default();
    let guard = match &member.store.meant {
        Some(meant) => format!("grep -q . {} && ", meant.path),
        None => String::new(),
    };
    format!(
        "write `command: [\"sh\", \"-c\", \"{guard}exec {entrypoint}{program} {flag} \\\"${text}\\\"\"]` with the other options in it, and the healthcheck as `REDISCLI_AUTH=\"${text}\" redis-cli ping | grep -q PONG`"
    )
}

/// Why the shell may lack the rights to read a file of the host, which root in a container has.
fn may_not_read(member: &Member<'_>) -> Option<String> {
    let name = &member.store.service;
    let is_set = |key: &str| member.node.get(key).is_some_and(|node| !node.is_null());
    match () {
        () if is_set("user") => Some(format!("`{name}` runs as a `user` of its own")),
        () if is_set("cap_drop") => Some(format!("`{name}` drops rights of root (`cap_drop`)")),
        () => None,
    }
}

/// Why what a file holds can't be the password.
fn unusable(meant: &MeantPassword) -> Option<String> {
    let path = &meant.path;
    match &meant.content {
        FileContent::NotThere => Some(format!(
            "nothing puts {path} into the container: list the secret under `secrets` of the service, then"
        )),
        FileContent::Hidden => {
            Some(format!("what {path} holds can't be seen, since it is kept elsewhere: see that it is not empty, then"))
        }
        FileContent::Missing(file) => {
            Some(format!("{file}, which {path} is to show, does not exist: make it (`openssl rand -hex 32`), then"))
        }
        FileContent::Text(secret) => {
            // A shell takes the line breaks off the end.
            let password = secret.reveal().trim_end_matches(['\n', '\r']);
            let is_line = !password.trim().is_empty() && !password.contains(['\n', '\r']);
            (!is_line).then(|| {
                format!("{path} does not hold one line with a password: mend that (`openssl rand -hex 32`), then")
            })
        }
    }
}
