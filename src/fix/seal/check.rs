//! The healthcheck's side: it logs in, and looks at the answer.

use super::credential::{Credential, after};
use super::{Member, NoSeal, Seal};
use crate::fix::commit::Role;
use crate::fix::snapshot::{environment_path, service_path, words_value};
use crate::lens::client_check::{self, CheckReading, NewTest, NoCheckRepair};
use crate::lens::environment;
use crate::lens::healthcheck::Healthcheck;
use crate::lens::server::Auth;
use crate::lens::value::Lookup;

impl Seal<'_, '_, '_> {
    pub(super) fn check(&mut self, member: &Member<'_>, credential: &Credential) -> Result<(), NoSeal> {
        let Some(healthcheck) = Healthcheck::read(member.node) else { return Ok(()) };
        let clients = &member.definition.clients;
        let password = member.mechanism_variable();
        // An env file that the repair makes holds nothing else.
        let env = &member.project.containers[&member.store.service];
        let is_made = credential.write.as_ref().is_some_and(|target| env.missing.contains(&target.path));
        let is_absent = |name: &str| is_made && env.get(name).is_none() && credential.variable.as_deref() != Some(name);
        let lookup = |name: &str| {
            let before = if is_absent(name) { Lookup::Absent } else { member.lookup(name) };
            after(before, (Some(name) == password).then_some(credential.value.as_str()))
        };
        let name = &member.store.service;
        match healthcheck.ask(clients, &lookup) {
            CheckReading::Disabled => return Ok(()),
            CheckReading::NotAClient => {
                if matches!(member.store.auth, Auth::Open | Auth::Refuses(_)) && may_ask(&healthcheck.words(None)) {
                    self.doubt(format!(
                        "what the healthcheck of `{name}` asks can't be read: see that it passes when the server wants a password, for example by `redis-cli ping | grep -q PONG`"
                    ));
                }
                return Ok(());
            }
            CheckReading::Unparsed(why) if matches!(member.store.auth, Auth::Password(_)) => {
                return Err(NoSeal::Manual(format!(
                    "the healthcheck of `{name}` can't be read ({why}): see that it logs in"
                )));
            }
            CheckReading::Unparsed(why) => {
                self.doubt(format!("the healthcheck of `{name}` can't be read ({why}): see that it logs in"));
                return Ok(());
            }
            CheckReading::Client(check) => {
                self.counts.logs_in |= matches!(check.credential, client_check::Credential::None(_));
            }
        }
        let known = credential.is_known().then_some(credential.value.as_str());
        let repair = match healthcheck.authenticate(clients, &lookup, known) {
            Ok(repair) => repair,
            Err(NoCheckRepair::NotAClient) => return Ok(()),
            Err(why) => {
                self.doubt(format!("`{name}`: {why}"));
                return Ok(());
            }
        };
        if !self.write_check(member, &healthcheck, &repair.test) {
            self.doubt(format!(
                "the healthcheck of `{name}` can't be changed in place: write `redis-cli ping | grep -q PONG`"
            ));
            return Ok(());
        }
        if let Some(variable) = &repair.variable {
            self.log_in_variable(member, &member.store.service, credential, variable)?;
        }
        Ok(())
    }

    /// The healthcheck of a server whose users stand where they can't be seen: what it presents stays, and it notices a refusal.
    pub(super) fn check_of_unseen_users(&mut self, member: &Member<'_>) -> Result<(), NoSeal> {
        let name = &member.store.service;
        let clients = &member.definition.clients;
        let presents = |healthcheck: &Healthcheck<'_>| match healthcheck.ask(clients, &|name| member.lookup(name)) {
            CheckReading::Client(check) => matches!(check.credential, client_check::Credential::Presented { .. }),
            _ => false,
        };
        let Some(healthcheck) = Healthcheck::read(member.node).filter(presents) else {
            return Err(NoSeal::Manual(format!(
                "a file with users decides who may log in to `{name}`, and can't be seen: let the healthcheck log in as one of the users (`redis-cli --user NAME ping | grep -q PONG`, its password in REDISCLI_AUTH)"
            )));
        };
        self.notice_refusal(member, &healthcheck)?;
        self.doubt(format!(
            "a file with users that can't be seen decides who may log in to `{name}`; if what its healthcheck presents is wrong, the container becomes unhealthy"
        ));
        Ok(())
    }

    /// The healthcheck of a server whose password is a text that was to be another one: what it presents stays if it is that
    /// text, and it notices a refusal.
    pub(super) fn check_of_text(&mut self, member: &Member<'_>) -> Result<(), NoSeal> {
        let (name, password) = (&member.store.service, member.store.auth.unexpanded());
        let ask = |healthcheck: &Healthcheck<'_>| {
            let reading = healthcheck.ask(&member.definition.clients, &|name| member.lookup(name));
            let CheckReading::Client(check) = reading else { return false };
            let client_check::Credential::Presented { value, .. } = &check.credential else { return false };
            value.as_ref().map(|value| value.reveal()) == password
        };
        match Healthcheck::read(member.node).filter(ask) {
            Some(healthcheck) => self.notice_refusal(member, &healthcheck),
            None => Err(NoSeal::Manual(format!(
                "the password of `{name}` must first be the one that is meant (`caulk explain password-not-expanded`)"
            ))),
        }
    }

    /// Writes a new test in the spelling of the old one. False if it can't be written there.
    pub(super) fn write_check(&mut self, member: &Member<'_>, healthcheck: &Healthcheck<'_>, test: &NewTest) -> bool {
        let document = self.bench.workspace.document(healthcheck.node.place.source);
        let Some(edits) = document.and_then(|document| healthcheck.apply(document, test)) else { return false };
        if *test != NewTest::Same {
            self.counts.checks.insert(member.store.service.clone());
            let place = healthcheck.node.place.clone();
            self.edits(&place, edits, Role::Server);
            let words = healthcheck.words(Some(test));
            let name = &member.store.service;
            self.expect(service_path(member.store.project, name, "healthcheck.test"), words_value(&words));
        }
        true
    }

    /// Sets the variable from which the client in a service takes the password of `member`.
    pub(super) fn log_in_variable(
        &mut self,
        member: &Member<'_>,
        service: &str,
        credential: &Credential,
        variable: &str,
    ) -> Result<(), NoSeal> {
        if let Some(why) = self.confined(member, credential) {
            return Err(NoSeal::HeldBack(why));
        }
        let path = environment_path(member.store.project, service, variable);
        let known = member.project.containers[service].get(variable);
        let value = known.and_then(|variable| variable.value.as_ref()).map(|text| text.value.as_str());
        if value == Some(credential.value.as_str()) || self.repair.expected.contains_key(&path) {
            return Ok(());
        }
        let by_hand =
            || NoSeal::Manual(format!("add `{variable}: {}` to the environment of `{service}`", credential.reference));
        let result = match (known, member.project.service(service)) {
            (Some(known), _) => {
                let set = environment::set_variable(self.bench.workspace, known, &credential.reference);
                set.map(|(source, edit)| self.edit(source, edit, Role::Server, false))
            }
            (None, Some(node)) => self.add_variable(node, variable, &credential.reference, Role::Server),
            (None, None) => return Err(by_hand()),
        };
        result.map_err(|_| by_hand())?;
        self.expect_variable(member, service, variable, &credential.value);
        Ok(())
    }
}

/// True if a test that calls no known client may talk to the server all the same: it speaks its language, or is a script.
/// Whoever only connects, or looks for the process, needs no password.
pub(super) fn may_ask(words: &[String]) -> bool {
    let text = words.join(" ");
    let is_script = |word: &str| {
        let word = word.trim_matches(['"', '\'', ';', '(', ')']);
        word.ends_with(".sh") || word.ends_with(".py") || (word.starts_with('/') && word.contains("health"))
    };
    text.to_ascii_uppercase().contains("PING") || text.contains("PONG") || text.split_whitespace().any(is_script)
}

impl Member<'_> {
    /// The variable by which the image takes the password, if it does so.
    fn mechanism_variable(&self) -> Option<&str> {
        match self.mechanism {
            crate::catalog::Mechanism::Env(env) => env.password.first().map(String::as_str),
            _ => None,
        }
    }
}
