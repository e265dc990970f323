//! Logins by variables for host and password, as far as it is known which password they present.

use super::password;
use super::service::describe;
use super::store::auth_word;
use super::{Context, Seen};
use crate::lens::command::Command;
use crate::lens::password_variable::password_variable;
use crate::lens::server::Auth;
use crate::lint::finding::Subject;
use crate::model::Project;
use crate::model::node::{Certainty, Entry, Node};
use crate::rule::{FieldValue, ViewKind};
use crate::topology::{Carrier, Link, LinkKind, Spot, StoreService, Target, is_blank, spot_of};

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    let mut known: Vec<(usize, &str, &str)> = Vec::new();
    for link in context.topology.links.iter().filter(|link| link.project == project) {
        let Some(login) = Login::read(context, link) else { continue };
        let name = (login.number, login.service.key.as_str(), login.variable);
        if known.contains(&name) {
            continue;
        }
        known.push(name);
        let subject = Subject {
            service: Some(login.service.key.clone()),
            key: Some(format!("services.{}.environment.{}", login.service.key, login.variable)),
            variable: Some(login.variable.to_owned()),
            store: Some(context.rules.stores[link.store].id.clone()),
            item: None,
        };
        let mut view = Seen::new(ViewKind::Login, project, subject);
        describe(context, project, login.service, &mut view);
        login.fields(context, &mut view);
        seen.push(view);
    }
}

/// What a program presents to a store.
struct Login<'a> {
    link: &'a Link,
    service: &'a Entry,
    /// The store, by its number.
    number: usize,
    server: &'a StoreService,
    /// The variable with the password.
    variable: &'a str,
    /// Its value; `None` if it is not set.
    value: Option<String>,
    /// Where the variable is set; else the host.
    spot: Spot,
}

impl<'a> Login<'a> {
    /// `None` where it can't be known what the program presents.
    fn read(context: &Context<'a, '_>, link: &'a Link) -> Option<Self> {
        let LinkKind::Host { password, is_certain: true, password_file: None, user, is_only_way } = &link.kind else {
            return None;
        };
        let project = &context.workspace.projects[link.project];
        let service = project.services().iter().find(|service| Some(&service.key) == link.service.as_ref())?;
        let Target::Store(number) = link.target else { return None };
        let server = &context.topology.stores[number];
        let env = &project.containers[&service.key];
        let default_user = &context.rules.stores[server.store].default_user;
        let names_user = user.as_ref().and_then(|user| env.get(user)).is_some_and(|user| {
            user.value.as_ref().is_none_or(|text| !is_blank(&text.value) && text.value != *default_user)
        });
        // A program with a URL, too, may take that one.
        let has_url = context.topology.links_to(number).any(|other| {
            other.project == link.project
                && other.service == link.service
                && matches!(&other.kind, LinkKind::Url(url) if url.has_password())
        });
        if names_user || has_url || sets_in_command(&service.value, password) {
            return None;
        }
        // The program may take it from there: `redis:6379,password=…`, `--redis-password …`.
        if let Auth::Password(Some(known)) = &server.auth
            && password::beside(project, service, Some(password), known.reveal()).is_some()
        {
            return None;
        }
        let here = spot_of(context.workspace, &link.carrier, &link.text, None);
        let (value, spot) = match (&link.carrier, env.get(password)) {
            (Carrier::HostFile { source, .. }, None) => {
                let file = context.workspace.env_file(*source)?;
                let entry = file.entries.iter().rposition(|entry| entry.key == *password)?;
                let value = file.entries[entry].value.as_ref().map(|value| value.text.clone()).unwrap_or_default();
                let spot = Spot { source: *source, span: file.entries[entry].key_span };
                ((!value.contains('$')).then_some(Some(value))?, spot)
            }
            (_, Some(variable)) => {
                let text = variable.value.as_ref().filter(|text| text.certainty == Certainty::Known)?;
                let carrier = Carrier::Variable { name: variable.name.clone(), site: variable.site.clone() };
                (Some(text.value.clone()), spot_of(context.workspace, &carrier, text, None))
            }
            (_, None)
                if *is_only_way && !env.open && is_plain(&service.value) && !has_optional_file(&service.value) =>
            {
                (None, here)
            }
            (_, None) => return None,
        };
        Some(Self { link, service, number, server, variable: password, value, spot })
    }

    fn fields(&self, context: &Context<'_, '_>, view: &mut Seen) {
        let presented = self.value.as_deref().filter(|value| !is_blank(value));
        view.place("login.variable", self.spot);
        view.set("login.variable", FieldValue::text(self.variable));
        view.set("login.host_variable", FieldValue::optional(self.link.carrier.variable()));
        view.set("login.credential", FieldValue::text(if presented.is_some() { "password" } else { "none" }));
        let is_other = match (&self.server.auth, presented) {
            (Auth::Password(Some(known)), Some(own)) => known.reveal() != own && is_password(own),
            _ => false,
        };
        view.set("login.is_other_password", FieldValue::Bool(is_other));
        view.set("login.server", FieldValue::text(&self.server.service));
        view.set("login.server_auth", FieldValue::text(auth_word(&self.server.auth)));
        view.set("login.server_password_file", FieldValue::optional(self.server.password_file.clone()));
        view.set("login.password", FieldValue::optional(server_password(context, self.server)));
    }
}

/// True if an env file may be missing here and be there elsewhere.
fn has_optional_file(service: &Node) -> bool {
    let files = service.get("env_file").and_then(Node::as_list).unwrap_or_default();
    files.iter().any(|file| file.get("required").is_some())
}

/// True for what is a password itself. Others may be references, which the program or its start script replaces: a path, a
/// secret store's address, `${X}`, `ENC(…)`, `__X__`.
fn is_password(value: &str) -> bool {
    !value.starts_with("__") && value.chars().all(|c| c.is_alphanumeric() || "_-.!@+=~^*".contains(c))
}

/// How to write the password of a server: the variable with it.
pub(super) fn server_password(context: &Context<'_, '_>, server: &StoreService) -> Option<String> {
    let Auth::Password(Some(password)) = &server.auth else { return None };
    let project: &Project = server.project(context.workspace);
    let value = |name: &str| project.variables.get(name) == Some(password.reveal());
    let env = &project.containers[&server.service];
    let mechanism = server.mechanism(&context.rules.stores);
    let name = password_variable(mechanism, server.node(context.workspace), env, &value)?;
    Some(format!("${{{name}}}"))
}

/// True if the command may give the variable a value of its own.
fn sets_in_command(service: &Node, variable: &str) -> bool {
    ["entrypoint", "command"].into_iter().any(|key| match Command::read(service, key) {
        Ok(command) => command.is_some_and(|command| command.words.iter().any(|word| word.text.contains(variable))),
        Err(_) => true,
    })
}

/// True if nothing but the variables can give the program a password: it is no image of the project's own, and gets no secret.
fn is_plain(service: &Node) -> bool {
    ["build", "secrets", "configs"].into_iter().all(|key| service.get(key).is_none_or(Node::is_null))
}
