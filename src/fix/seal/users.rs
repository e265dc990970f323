//! Servers whose users stand in a file (`aclfile`): the user `default` goes off, and the healthcheck logs in as a user.

use std::collections::BTreeSet;

use super::check::may_ask;
use super::{Member, NoSeal, Seal};
use crate::fix::commit::Role;
use crate::fix::journal::Purpose;
use crate::fix::remark::Remark;
use crate::fix::repair::{Change, ChangeKind};
use crate::lens::client_check::{self, CheckReading};
use crate::lens::healthcheck::Healthcheck;
use crate::lens::password_variable::is_password_name;
use crate::model::node::{Certainty, Node, Text, Value};
use crate::source::relative_to;
use crate::syntax::acl::{Answer, User};
use crate::text::{Edit, LineEnding};
use crate::topology::{Carrier, Home, Link, LinkKind, Reach, UsersFile, is_blank};

/// A user as whom the healthcheck can log in, and the variable of the project that holds the password.
struct Known<'u> {
    user: &'u str,
    variable: String,
    password: &'u str,
}

impl Seal<'_, '_, '_> {
    /// Repairs a server whose users are known.
    pub(super) fn users(&mut self, member: &Member<'_>, users: &UsersFile) -> Result<(), NoSeal> {
        if !users.opens_to_all() {
            return self.check_of_users(member, users, false);
        }
        let sharers: Vec<usize> = (0..self.bench.topology.stores.len())
            .filter(|number| {
                let other = &self.bench.topology.stores[*number];
                *number == member.number || other.users.as_ref().is_some_and(|other| other.home == users.home)
            })
            .collect();
        self.close_default(member, users)?;
        let mut has_clients = false;
        let mut has_signs = false;
        for number in &sharers {
            let sharer = self.member_of(*number);
            has_clients |= self.clients_are_named(&sharer, users)?;
            has_signs |= self.doubt_the_unseen(&sharer, None, &BTreeSet::new());
            self.check_of_users(&sharer, users, true)?;
        }
        let name = &member.store.service;
        if !has_clients && !has_signs {
            self.doubt_for_want_of_clients(std::slice::from_ref(member));
        }
        if member.store.reach == Reach::Published {
            let note = format!(
                "programs outside of the project that use `{name}` must log in as a user of {} from now on",
                users.shown
            );
            self.repair.notes.push(note.into());
        }
        Ok(())
    }

    /// Turns the user `default` off in its file.
    fn close_default(&mut self, member: &Member<'_>, users: &UsersFile) -> Result<(), NoSeal> {
        let name = &member.store.service;
        if let Some(problem) = users.problems.first() {
            return Err(NoSeal::Manual(format!(
                "the server of `{name}` does not start with {}: {}; then {}",
                users.place(problem.span),
                problem.message,
                off_line(users)
            )));
        }
        let path = match &users.home {
            Home::File(path) => path.clone(),
            Home::Image(_) => {
                return Err(NoSeal::Manual(format!(
                    "{}: {}, and build the image again (`docker compose up -d --build {name}`)",
                    users.shown,
                    off_line(users)
                )));
            }
            Home::Compose => return Err(NoSeal::Manual(format!("{}: {}", users.shown, off_line(users)))),
        };
        let edit = match users.acl.user("default") {
            None => append_line(users.text.reveal(), "user default off"),
            Some(user) => match user.on {
                Some(on) => Edit::replace(on, "off"),
                None => return Err(NoSeal::Manual(off_line(users))),
            },
        };
        self.repair.changes.push(Change {
            path,
            kind: ChangeKind::Edit(edit),
            role: Role::Server,
            purpose: Purpose::Plain,
        });
        self.counts.closed.insert(users.shown.clone());
        Ok(())
    }

    /// Whether a store has visible clients, all of which log in as users of their own.
    ///
    /// # Errors
    /// What to write where some of them work as `default`.
    fn clients_are_named(&mut self, member: &Member<'_>, users: &UsersFile) -> Result<bool, NoSeal> {
        let links: Vec<&Link> = self.bench.topology.links_to(member.number).filter(|link| !self.is_own(link)).collect();
        let links_without = links.iter().filter(|link| self.user_of(member, link).is_none());
        let mut nameless: BTreeSet<String> = links_without.map(|link| self.shown(link)).collect();
        nameless.extend(self.nameless_helpers(member));
        if nameless.is_empty() {
            let told = links.iter().filter_map(|link| {
                let (user, service) = (self.user_of(member, link)?, link.service.as_ref()?);
                Some(format!("`{service}` logs in as `{user}` and is not touched"))
            });
            let told: BTreeSet<String> = told.collect();
            self.repair.notes.extend(told.into_iter().map(Remark::from));
            let unsure: BTreeSet<String> =
                links.iter().filter_map(|link| self.unsure_login(member, users, link)).collect();
            unsure.into_iter().for_each(|why| self.doubt(why));
            return Ok(!links.is_empty());
        }
        let named = nameless.iter().cloned().collect::<Vec<_>>().join(", ");
        let (work, them) = if nameless.len() == 1 { ("works", "it") } else { ("work", "them") };
        Err(NoSeal::Manual(format!(
            "{named} {work} as the user `default`: let {them} log in as another user of {shown}, then {off}; or give `default` a password there (`user default on >PASSWORD ~* &* +@all`) and hand it to {them} and to the healthcheck",
            shown = users.shown,
            off = off_line(users),
        )))
    }

    /// Sentinels, and services that call the client without a login, or in a way that can't be read.
    fn nameless_helpers(&self, member: &Member<'_>) -> Vec<String> {
        let (topology, own) = (self.bench.topology, [member.number]);
        let sentinels = topology.sentinels_of(&own).into_iter();
        let sentinels = sentinels.map(|(sentinel, _)| format!("`{}` (a Sentinel)", sentinel.service));
        let helpers = topology.helpers_of(self.bench.workspace, &self.bench.rules.stores, &own).into_iter();
        let works_as_default =
            helpers.filter(|helper| helper.client_use.lacks_credential || !helper.client_use.is_understood);
        sentinels.chain(works_as_default.map(|helper| format!("`{}` (its command)", helper.service))).collect()
    }

    /// Why it is not certain that a link logs in as the user whom it names: a program that is refused, or that does not read
    /// the name, may work as `default` today.
    fn unsure_login(&self, member: &Member<'_>, users: &UsersFile, link: &Link) -> Option<String> {
        let user = self.user_of(member, link)?;
        let shown = self.shown(link);
        let password = self.password_text(member, link).filter(|text| !matches!(text.certainty, Certainty::Unknown(_)));
        let password = match &link.kind {
            LinkKind::Url(url) => {
                password.and(url.password.as_ref()).map(|password| password.value.reveal().to_owned())
            }
            LinkKind::Host { .. } => password.map(|text| text.value),
        };
        let Some(password) = password else {
            return Some(format!("whether {shown} logs in as `{user}` can't be seen: its password is not here"));
        };
        let refusal = match users.acl.answer(&user, &password) {
            Answer::Pong | Answer::NoPermission => return None,
            Answer::NoUser | Answer::Off | Answer::WrongPassword => users.refusal(&user, &password)?,
        };
        Some(format!("{shown} names the user `{user}`, but {refusal}: it may work as `default` today"))
    }

    /// The user as whom a link logs in, if it names one besides the default one.
    fn user_of(&self, member: &Member<'_>, link: &Link) -> Option<String> {
        let is_named = |user: &&str| !is_blank(user) && *user != member.definition.default_user;
        match &link.kind {
            LinkKind::Url(url) => {
                let user = url.user.as_ref().map(|user| user.text.as_str()).filter(is_named)?;
                url.has_password().then(|| user.to_owned())
            }
            LinkKind::Host { user, .. } => {
                let env = &member.project.containers[link.service.as_ref()?];
                let value = env.get(user.as_ref()?)?.value.as_ref()?;
                Some(value.value.as_str()).filter(is_named).map(str::to_owned)
            }
        }
    }

    /// Who a link belongs to and where: `web` (REDIS_URL).
    fn shown(&self, link: &Link) -> String {
        let service = link.service.as_ref().map(|service| format!("`{service}`"));
        let file = |link: &Link| match &link.carrier {
            Carrier::HostFile { source, .. } => {
                let folder = &self.bench.workspace.projects[link.project].folder;
                Some(relative_to(folder, &self.bench.workspace.sources.get(*source).path))
            }
            _ => None,
        };
        let who = service.or_else(|| file(link)).unwrap_or_else(|| "a program".to_owned());
        format!("{who} ({})", link.carrier.variable().unwrap_or("its command"))
    }

    /// Lets the healthcheck log in as a user of the file, and notice a refusal. `closes` is true if `default` goes off now.
    fn check_of_users(&mut self, member: &Member<'_>, users: &UsersFile, closes: bool) -> Result<(), NoSeal> {
        let name = &member.store.service;
        let lookup = |name: &str| member.lookup(name);
        let clients = &member.definition.clients;
        let Some(healthcheck) = Healthcheck::read(member.node) else { return Ok(()) };
        let check = match healthcheck.ask(clients, &lookup) {
            CheckReading::Disabled => return Ok(()),
            CheckReading::NotAClient => {
                if closes && may_ask(&healthcheck.words(None)) {
                    self.doubt(format!(
                        "what the healthcheck of `{name}` asks can't be read: see that it logs in as a user of {}",
                        users.shown
                    ));
                }
                return Ok(());
            }
            CheckReading::Unparsed(why) => {
                return Err(NoSeal::Manual(format!(
                    "the healthcheck of `{name}` can't be read ({why}): {}",
                    self.log_in_lines(member, users, &healthcheck)
                )));
            }
            CheckReading::Client(check) => check,
        };
        let default = &member.definition.default_user;
        if let client_check::Credential::Presented { value, user, .. } = &check.credential {
            let user = user.as_ref().unwrap_or(default);
            let is_off = closes && user == default;
            match value.as_ref().map(|value| users.refusal(user, value.reveal())) {
                _ if is_off => {}
                None if users.acl.user(user).is_some_and(|user| user.enabled && user.may_ping) => {
                    self.doubt(format!(
                        "whether the healthcheck of `{name}` presents the password of `{user}` ({}) can't be seen; if it does not, the container becomes unhealthy",
                        users.shown
                    ));
                    return self.notice_refusal(member, &healthcheck);
                }
                Some(None) => return self.notice_refusal(member, &healthcheck),
                None | Some(Some(_)) => {}
            }
        }
        let Some(known) = self.known_login(member, users, closes) else {
            return Err(NoSeal::Manual(self.log_in_lines(member, users, &healthcheck)));
        };
        let credential = self.of_variable(member, &known.variable, None)?;
        let repair = healthcheck.authenticate_as(clients, &lookup, known.user, known.password);
        let repair = repair.map_err(|why| NoSeal::Manual(format!("`{name}`: {why}")))?;
        self.counts.logs_in = true;
        if !self.write_check(member, &healthcheck, &repair.test) {
            return Err(NoSeal::Manual(self.log_in_lines(member, users, &healthcheck)));
        }
        match &repair.variable {
            Some(variable) => self.log_in_variable(member, name, &credential, variable),
            None => Ok(()),
        }
    }

    /// What the healthcheck presents stays, and it notices a refusal.
    pub(super) fn notice_refusal(&mut self, member: &Member<'_>, healthcheck: &Healthcheck<'_>) -> Result<(), NoSeal> {
        let name = &member.store.service;
        let repair = healthcheck.notice_refusal(&member.definition.clients, &|name| member.lookup(name));
        let repair = repair.map_err(|why| NoSeal::Manual(format!("`{name}`: {why}")))?;
        match self.write_check(member, healthcheck, &repair.test) {
            true => Ok(()),
            false => Err(NoSeal::Manual(format!("let the healthcheck of `{name}` end in `ping | grep -q PONG`"))),
        }
    }

    /// A user that may ping and whose password a variable of the project holds that is meant for this store: a client
    /// presents it by the variable, or the variable has the store's name.
    fn known_login<'u>(&self, member: &Member<'_>, users: &'u UsersFile, closes: bool) -> Option<Known<'u>> {
        let default = &member.definition.default_user;
        let presented: Vec<(String, Vec<String>)> = self
            .bench
            .topology
            .links_to(member.number)
            .filter_map(|link| {
                let user = self.user_of(member, link).unwrap_or_else(|| default.clone());
                Some((user, owned_names(self.password_text(member, link)?)))
            })
            .collect();
        let is_meant = |user: &str, variable: &str| {
            let is_presented =
                presented.iter().any(|(name, variables)| name == user && variables.iter().any(|own| own == variable));
            let is_named = variable.to_ascii_uppercase().contains(&member.definition.id.to_ascii_uppercase());
            is_presented || is_named && is_password_name(variable)
        };
        let able = users.acl.users.iter().filter(|user| is_able(user) && !(closes && user.name == *default));
        able.into_iter().find_map(|user| {
            let fits = |(name, value): &(&str, &str)| {
                is_meant(&user.name, name) && users.acl.answer(&user.name, value) == Answer::Pong && !user.nopass
            };
            let (variable, value) = member.project.variables.iter().find(fits)?;
            let password = user.passwords.iter().find(|password| password.text == value)?;
            Some(Known { user: &user.name, variable: variable.to_owned(), password: &password.text })
        })
    }

    /// The text in which a link carries its password.
    fn password_text(&self, member: &Member<'_>, link: &Link) -> Option<Text> {
        match &link.kind {
            LinkKind::Url(url) => {
                let span = url.password.as_ref()?.span;
                Some(link.text.slice(span.start..span.end))
            }
            LinkKind::Host { password, .. } => {
                member.project.containers[link.service.as_ref()?].get(password)?.value.clone()
            }
        }
    }

    /// What a person writes so that the healthcheck logs in.
    fn log_in_lines(&self, member: &Member<'_>, users: &UsersFile, healthcheck: &Healthcheck<'_>) -> String {
        let name = &member.store.service;
        let default = &member.definition.default_user;
        let able = || users.acl.users.iter().filter(|user| is_able(user));
        let blank = blank_variables(member, healthcheck.node);
        // A password is there, but has no value yet: only that is missing.
        let asked = self.user_of_check(member, healthcheck);
        if let (Some(variable), Some(user)) = (blank.first(), able().find(|user| user.name == asked)) {
            return format!(
                "the healthcheck of `{name}` presents `{variable}`, which has no value: put the password of `{asked}` ({}) there, then run caulk again",
                users.place(user.span)
            );
        }
        let client = member.definition.clients.first();
        let (program, probe, answer) =
            client.map_or(("redis-cli", "ping", "PONG"), |client| (&client.names[0], &client.probe, &client.answer));
        let Some(user) = able().find(|user| user.name != *default).or_else(|| able().next()) else {
            return format!(
                "no user of {} may run PING: add the line `user health on >PASSWORD resetchannels -@all +ping` there, and let the healthcheck of `{name}` log in: `{program} --user health {probe} | grep -q {answer}`, its password in REDISCLI_AUTH",
                users.shown
            );
        };
        let option = if user.name == *default { String::new() } else { format!(" --user {}", user.name) };
        format!(
            "write the test of `{name}` as `[\"CMD-SHELL\", \"{program}{option} {probe} | grep -q {answer}\"]`, with `REDISCLI_AUTH: ${{REDIS_PASSWORD:?}}` under `environment` and the password of `{user}`, who may run PING ({place}), as REDIS_PASSWORD in .env",
            user = user.name,
            place = users.place(user.span),
        )
    }

    fn user_of_check(&self, member: &Member<'_>, healthcheck: &Healthcheck<'_>) -> String {
        let reading = healthcheck.ask(&member.definition.clients, &|name| member.lookup(name));
        match reading {
            CheckReading::Client(check) => match check.credential {
                client_check::Credential::Presented { user: Some(user), .. } => user,
                _ => member.definition.default_user.clone(),
            },
            _ => member.definition.default_user.clone(),
        }
    }
}

/// What a person writes so that `default` is off.
fn off_line(users: &UsersFile) -> String {
    match users.acl.user("default") {
        Some(user) => format!("write `off` in place of `on` for the user `default` ({})", users.place(user.span)),
        None => format!("add the line `user default off` to {}", users.shown),
    }
}

/// A line behind the last one that is not blank; whether the file ends in a line break stays.
fn append_line(text: &str, line: &str) -> Edit {
    let end = text.trim_end().len();
    if end == 0 {
        return Edit::insert(0, format!("{line}\n"));
    }
    let rest = &text[end..];
    let at = end + rest.find(['\r', '\n']).unwrap_or(rest.len());
    Edit::insert(at, format!("{}{line}", LineEnding::of(text).as_str()))
}

fn is_able(user: &User) -> bool {
    user.enabled && user.may_ping
}

fn owned_names(text: Text) -> Vec<String> {
    text.variables().into_iter().map(str::to_owned).collect()
}

/// The variables of Compose in a healthcheck that have no value.
fn blank_variables(member: &Member<'_>, node: &Node) -> Vec<String> {
    let texts: Vec<&Text> = match &node.value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().filter_map(Node::as_text).collect(),
        _ => Vec::new(),
    };
    let names = texts.into_iter().flat_map(|text| text.variables()).map(str::to_owned);
    names.filter(|name| member.project.variables.get(name).is_none_or(is_blank)).collect()
}
