//! Which variable carries the password of a store, and what its value is.

use super::credential::{Credential, command_texts};
use super::outside::common_variable;
use super::{Member, NoSeal, Seal};
use crate::fix::bench::SecretsPolicy;
use crate::lens::environment::is_passed_through;
use crate::lens::password_variable::{blank_password_variable, is_password_name};
use crate::lens::server::{Auth, variable_of};
use crate::lens::url::cannot_hold;
use crate::lens::value::Secret;
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::{Certainty, Node, Place, Text, Value};
use crate::model::reading::ReadingKind;
use crate::source::relative_to;
use crate::syntax::template::{Segment, Template};
use crate::text::LineIndex;
use crate::topology::{LinkKind, is_blank};
use std::collections::BTreeSet;

/// Shorter passwords are words that stand elsewhere in texts, too, such as `redis`.
const SHORTEST_MASKED: usize = 6;

impl Seal<'_, '_, '_> {
    pub(super) fn credential(&self, member: &Member<'_>) -> Result<Credential, NoSeal> {
        if let Some(text) = member.store.auth.unexpanded() {
            return Err(NoSeal::Manual(format!(
                "the password of `{}` is the text `{text}` itself: start the server by a shell first, with `\"${text}\"` in its script",
                member.store.service
            )));
        }
        if let Auth::Password(secret) = &member.store.auth {
            let credential = self.existing(member, secret.as_ref().map(|secret| secret.reveal().to_owned()))?;
            if credential.is_known() && credential.value.len() >= SHORTEST_MASKED {
                let path = self.bench.workspace.sources.get(member.node.place.source).path.clone();
                let name = credential.variable.clone().unwrap_or_else(|| self.default_name(member));
                self.bench.secrets.borrow_mut().remember(&path, &name, Secret::new(credential.value.as_str()));
            }
            return Ok(credential);
        }
        let (variable, literal) = self.known_variable(member);
        let variable = variable.unwrap_or_else(|| self.default_name(member));
        self.of_variable(member, &variable, literal)
    }

    /// The line of the env file where a comment is the value of a variable.
    fn comment_as_value(&self, member: &Member<'_>, name: &str) -> Option<String> {
        let mut readings = member.project.readings.iter();
        let reading =
            readings.find(|reading| reading.kind == ReadingKind::CommentAsValue && reading.subject == name)?;
        let source = self.bench.workspace.sources.get(reading.at.source);
        let line = LineIndex::new(&source.text).line_of(reading.at.span.start) + 1;
        Some(format!("{}:{line}", relative_to(&member.project.folder, &source.path)))
    }

    /// The password that the server demands already.
    fn existing(&self, member: &Member<'_>, value: Option<String>) -> Result<Credential, NoSeal> {
        let service = &member.store.service;
        let named = self.server_texts(member).into_iter().flat_map(|text| owned(text.text.variables()));
        let variables = &member.project.variables;
        let fits = |name: &String| match (&value, variables.get(name)) {
            (Some(value), Some(known)) => value == known,
            (None, None) => is_password_name(name),
            _ => false,
        };
        if let Some(name) = named.into_iter().find(fits) {
            let value = value.unwrap_or_else(|| name.clone());
            if let Some(place) = self.comment_as_value(member, &name) {
                return Err(NoSeal::Manual(format!(
                    "the password of `{service}` is the comment behind {name}= ({place}): put the comment on a line of its own and a password in its place"
                )));
            }
            self.fits_into_urls(&value, &format!("the value of {name}"))?;
            return Ok(Credential {
                reference: self.required(member, &name),
                client_reference: format!("${{{name}}}"),
                client_value: match variables.get(&name) {
                    Some(value) => value.to_owned(),
                    None if variables.is_set_outside(&name) => name.clone(),
                    None => String::new(),
                },
                is_declared: false,
                variable: Some(name),
                value,
                write: None,
            });
        }
        let by_hand = || {
            NoSeal::Manual(format!(
                "the password of `{service}` can't be seen: hand it to its healthcheck and its clients by hand"
            ))
        };
        let value = value.filter(|value| !value.is_empty()).ok_or_else(by_hand)?;
        self.fits_into_urls(&value, &format!("the password of `{service}`"))?;
        // As the server has it: a default such as `${REDIS_PASSWORD:-changeme}` stays one.
        let spelled = self.server_texts(member).into_iter().find_map(|text| text.spelling_of(&value));
        let reference = spelled.unwrap_or_else(|| value.replace('$', "$$"));
        Ok(Credential {
            variable: None,
            client_reference: reference.clone(),
            reference,
            client_value: value.clone(),
            value,
            is_declared: false,
            write: None,
        })
    }

    /// An error if clients would need the password in a URL that can't hold it as it is.
    fn fits_into_urls(&self, value: &str, what: &str) -> Result<(), NoSeal> {
        let links = self.group.iter().flat_map(|number| self.bench.topology.links_to(*number));
        let urls = links.filter_map(|link| match &link.kind {
            LinkKind::Url(url) if !url.has_password() => Some(url),
            LinkKind::Url(_) | LinkKind::Host { .. } => None,
        });
        if urls.map(|url| cannot_hold(url, value)).all(|bad| bad.is_empty()) {
            return Ok(());
        }
        // Which characters these are is a part of the secret.
        Err(NoSeal::Manual(format!(
            "{what} holds a character that breaks the URLs that would carry it: choose another password, such as the output of `openssl rand -hex 32`"
        )))
    }

    /// The password that the variable `name` carries, or shall carry.
    pub(super) fn of_variable(
        &self,
        member: &Member<'_>,
        name: &str,
        literal: Option<String>,
    ) -> Result<Credential, NoSeal> {
        let known = member.project.variables.get(name).filter(|value| !is_blank(value)).map(str::to_owned);
        let mut credential = Credential {
            variable: Some(name.to_owned()),
            reference: self.required(member, name),
            client_reference: format!("${{{name}}}"),
            value: name.to_owned(),
            // The server's reference demands it, so that it is never blank.
            client_value: name.to_owned(),
            is_declared: false,
            write: None,
        };
        if let Some(value) = known {
            self.fits_into_urls(&value, &format!("the value of {name}"))?;
            credential.client_value = value.clone();
            credential.value = value;
            return Ok(credential);
        }
        match self.bench.policy {
            SecretsPolicy::Declare => {
                credential.is_declared = true;
                Ok(credential)
            }
            SecretsPolicy::Never => {
                Err(NoSeal::HeldBack(format!("it needs a value for {name}, and --secrets never forbids to make one")))
            }
            SecretsPolicy::Generate => {
                let target = self.env_target(member, name, literal)?;
                let value = self.secret_of(&target, name)?;
                credential.client_value = value.clone();
                credential.value = value;
                credential.write = Some(target);
                Ok(credential)
            }
        }
    }

    /// The variable, or the literal password, that the project uses for this server although the server asks for none.
    fn known_variable(&self, member: &Member<'_>) -> (Option<String>, Option<String>) {
        let mut literal = None;
        let mut consider = |text: &Text| -> Option<String> {
            let names = owned(text.variables());
            if let Some(name) = names.into_iter().find(|name| is_password_name(name)) {
                return Some(name);
            }
            if literal.is_none()
                && text.certainty == Certainty::Known
                && text.pieces.is_empty()
                && !is_blank(&text.value)
                && variable_of(&text.value).is_none()
            {
                literal = Some(text.value.clone());
            }
            None
        };
        let members = || self.group.iter().map(|number| self.member_of(*number));
        let in_its_place = members().find_map(|member| {
            blank_password_variable(member.mechanism, member.node, &member.project.containers[&member.store.service])
        });
        if in_its_place.is_some() {
            return (in_its_place, None);
        }
        // The variable that stands for the password already, as a text that nothing replaces.
        let meant = members().find_map(|member| {
            let text = member.store.unexpanded_variable.as_deref()?;
            variable_of(text).map(str::to_owned)
        });
        if let Some(name) = meant.clone().filter(|name| member.project.variables.get(name).is_some()) {
            return (Some(name), None);
        }
        for text in members().flat_map(|member| self.server_texts(&member)) {
            let names = owned(text.text.variables());
            if let Some(name) = names.into_iter().find(|name| is_password_name(name)) {
                return (Some(name), None);
            }
        }
        for member in members() {
            let env = &member.project.containers[&member.store.service];
            let own = env
                .variables
                .iter()
                .filter(|variable| is_password_name(&variable.name) && !variable.name.ends_with("_FILE"));
            for variable in own.filter(|variable| variable.name != "ALLOW_EMPTY_PASSWORD") {
                // `NAME:` without a value takes it from the project's env file.
                if is_passed_through(self.bench.workspace, variable) {
                    return (Some(variable.name.clone()), None);
                }
                if let Some(name) = variable.value.as_ref().and_then(&mut consider) {
                    return (Some(name), None);
                }
            }
        }
        for link in self.group.iter().flat_map(|number| self.bench.topology.links_to(*number)) {
            let text = match &link.kind {
                LinkKind::Url(url) => url.password.as_ref().map(|password| {
                    let mut text = link.text.slice(password.span.start..password.span.end);
                    if text.variables().is_empty() {
                        text = Text::literal(password.value.reveal());
                    }
                    text
                }),
                LinkKind::Host { password, .. } => {
                    let service = link.service.as_ref().and_then(|service| member.project.containers.get(service));
                    let variable = service.and_then(|env| env.get(password));
                    if variable.is_some_and(|variable| self.is_of_project(member, variable)) {
                        return (Some(password.clone()), literal);
                    }
                    variable.and_then(|variable| variable.value.clone())
                }
            };
            if let Some(name) = text.as_ref().and_then(&mut consider) {
                return (Some(name), literal);
            }
            if let Some(name) = self.password_in_definition(link).filter(|name| is_password_name(name)) {
                return (Some(name), literal);
            }
        }
        let is_free = |name: &str| is_password_name(name) && !self.is_used_by_another_server(member, name);
        if let Some(name) = common_variable(self, member, is_free) {
            return (Some(name), literal);
        }
        let helpers = self.helper_names();
        let texts = helpers.iter().flat_map(|service| command_texts(member.project.service(service)));
        let named = texts.flat_map(|text| owned(text.variables())).find(|name| is_password_name(name));
        (named.or(meant), literal)
    }

    /// True if a variable of a container is one of the project by the same name: it is passed through, or its blank line
    /// stands in the env file that Compose reads for the project, too.
    fn is_of_project(&self, member: &Member<'_>, variable: &ContainerVariable) -> bool {
        let is_empty = variable.value.as_ref().is_none_or(|text| is_blank(&text.value) && text.pieces.is_empty());
        match variable.site {
            Site::File { source, .. } => {
                is_empty && member.project.variables.paths.contains(&self.bench.workspace.sources.get(source).path)
            }
            _ => is_passed_through(self.bench.workspace, variable),
        }
    }

    /// The services that talk to the servers through their client.
    fn helper_names(&self) -> BTreeSet<String> {
        let helpers = self.bench.topology.helpers_of(self.bench.workspace, &self.bench.rules.stores, &self.group);
        helpers.into_iter().map(|helper| helper.service).collect()
    }

    /// The texts that may hold the server's password: its command, its variables.
    fn server_texts(&self, member: &Member<'_>) -> Vec<Spelled> {
        let written = |place: &Place| {
            let document = self.bench.workspace.document(place.source)?;
            document.scalar(place.node).map(str::to_owned)
        };
        let spelled = |node: &Node| Some(Spelled { written: written(&node.place)?, text: node.as_text()?.clone() });
        let mut texts = Vec::new();
        for node in ["command", "entrypoint"].into_iter().filter_map(|key| member.node.get(key)) {
            match &node.value {
                Value::List(items) => texts.extend(items.iter().filter_map(spelled)),
                _ => texts.extend(spelled(node)),
            }
        }
        let env = &member.project.containers[&member.store.service];
        for variable in env.variables.iter().filter(|variable| is_password_name(&variable.name)) {
            let (Site::Entry { value: place, .. } | Site::Item { item: place }) = &variable.site else { continue };
            let written = written(place).unwrap_or_default();
            texts.extend(variable.value.clone().map(|text| Spelled { written, text }));
        }
        texts
    }

    /// `REDIS_PASSWORD`, or a name with the service's in it if the project has several servers.
    fn default_name(&self, member: &Member<'_>) -> String {
        let id = member.definition.id.to_ascii_uppercase();
        let plain = format!("{id}_PASSWORD");
        let siblings = self.bench.topology.stores.iter().enumerate().filter(|(number, store)| {
            let is_other = store.project == member.store.project && store.store == member.store.store;
            is_other && !self.group.contains(number) && (self.group.len() == 1 || store.is_server())
        });
        if siblings.count() == 0 && !self.is_used_by_another_server(member, &plain) {
            return plain;
        }
        let service: String = self
            .common_name(member)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        match () {
            () if service == id && !self.is_used_by_another_server(member, &plain) => plain,
            () if service.contains(&id) => format!("{service}_PASSWORD"),
            () => format!("{service}_{id}_PASSWORD"),
        }
    }

    /// `redis-node` for `redis-node-1` and `redis-node-2`; the name of the first where they have no more in common than with
    /// every other server.
    fn common_name(&self, member: &Member<'_>) -> String {
        let names: Vec<&str> =
            self.group.iter().map(|number| self.bench.topology.stores[*number].service.as_str()).collect();
        let first = names.first().copied().unwrap_or(&member.store.service);
        if names.len() < 2 {
            return first.to_owned();
        }
        let length = first
            .char_indices()
            .find(|(at, _)| {
                !names.iter().all(|name| name.get(..=*at).is_some_and(|head| first.get(..=*at) == Some(head)))
            })
            .map_or(first.len(), |(at, _)| at);
        let common = first[..length].trim_end_matches(|c: char| !c.is_alphabetic());
        let is_whole = first[common.len()..].chars().next().is_none_or(|c| !c.is_alphabetic());
        let is_taken = self.bench.topology.stores.iter().any(|store| store.service == common);
        if common.is_empty() || !is_whole || is_taken { first.to_owned() } else { common.to_owned() }
    }

    fn is_used_by_another_server(&self, member: &Member<'_>, name: &str) -> bool {
        let used = |node: &Node| node.texts().iter().any(|text| text.variables().contains(&name));
        let others = self.bench.topology.stores.iter().enumerate().filter(|(number, store)| {
            let own = &member.store;
            !self.group.contains(number) && store.project == own.project && store.service != own.service
        });
        let helpers = self.helper_names();
        let others = others.filter(|(_, store)| !helpers.contains(&store.service));
        others
            .map(|(_, store)| store.node(self.bench.workspace))
            .any(|node| ["command", "entrypoint", "environment"].into_iter().filter_map(|key| node.get(key)).any(used))
    }
}

/// A text of the server, and the scalar as it is written.
struct Spelled {
    written: String,
    text: Text,
}

impl Spelled {
    /// The `${…}` from which just `value` comes.
    fn spelling_of(&self, value: &str) -> Option<String> {
        let piece = self.text.pieces.iter().find(|piece| self.text.value.get(piece.output.clone()) == Some(value))?;
        let template = Template::parse(&self.written).ok()?;
        let spans =
            template.segments.iter().filter(|segment| matches!(segment, Segment::Variable(_))).map(Segment::span);
        let span = spans.into_iter().find(|span| span.start <= piece.source.start && piece.source.end <= span.end)?;
        Some(span.slice(&self.written).to_owned())
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
