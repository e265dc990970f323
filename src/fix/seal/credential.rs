//! Which variable carries the password of a store, and what its value is.

use super::env_file::EnvTarget;
use super::{Member, NoSeal, Seal};
use crate::fix::bench::SecretsPolicy;
use crate::lens::server::Auth;
use crate::lens::url::not_raw;
use crate::lens::value::Lookup;
use crate::model::node::{Certainty, Node, Text, Value};
use crate::topology::{LinkKind, is_blank};

/// The password of a store as a project says it.
#[derive(Clone)]
pub(super) struct Credential {
    /// The interpolation variable; `None` if the password stands in the Compose file itself.
    pub variable: Option<String>,
    /// How the server names it: `${REDIS_PASSWORD:?…}`, which stops Compose while it is missing or blank.
    pub reference: String,
    /// How clients name it.
    pub client_reference: String,
    /// Its value; while only the outside knows it, the name of the variable.
    pub value: String,
    /// What clients get while only the outside knows it.
    pub client_value: String,
    /// True if somebody else must give the variable a value.
    pub is_declared: bool,
    /// Where it must be written first.
    pub write: Option<EnvTarget>,
}

impl Credential {
    /// True if the value needs no quotes in a command string.
    pub fn is_plain(&self) -> bool {
        self.write.as_ref().is_some_and(|target| target.value.is_none())
            || (!self.value.is_empty()
                && self.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
                && self.is_known())
    }

    /// True if the value is known to caulk.
    pub fn is_known(&self) -> bool {
        self.variable.as_deref() != Some(self.value.as_str())
    }
}

impl Seal<'_, '_, '_> {
    pub(super) fn credential(&self, member: &Member<'_>) -> Result<Credential, NoSeal> {
        if let Auth::Password(secret) = &member.store.auth {
            return Ok(self.existing(member, secret.as_ref().map(|secret| secret.reveal().to_owned())));
        }
        let (variable, literal) = self.known_variable(member);
        let variable = variable.unwrap_or_else(|| self.default_name(member));
        self.of_variable(member, &variable, literal)
    }

    /// The password that the server demands already.
    fn existing(&self, member: &Member<'_>, value: Option<String>) -> Credential {
        let named = self.server_texts(member).into_iter().flat_map(|text| owned(text.variables()));
        let variables = &member.project.variables;
        let fits = |name: &String| match (&value, variables.get(name)) {
            (Some(value), Some(known)) => value == known,
            (None, None) => looks_like_password(name),
            _ => false,
        };
        match named.into_iter().find(fits) {
            Some(name) => {
                let value = value.unwrap_or_else(|| name.clone());
                Credential {
                    reference: required(&name),
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
                }
            }
            None => {
                let value = value.unwrap_or_default();
                let escaped = value.replace('$', "$$");
                Credential {
                    variable: None,
                    reference: escaped.clone(),
                    client_reference: escaped,
                    client_value: value.clone(),
                    value,
                    is_declared: false,
                    write: None,
                }
            }
        }
    }

    fn of_variable(&self, member: &Member<'_>, name: &str, literal: Option<String>) -> Result<Credential, NoSeal> {
        let known = member.project.variables.get(name).filter(|value| !is_blank(value)).map(str::to_owned);
        let mut credential = Credential {
            variable: Some(name.to_owned()),
            reference: required(name),
            client_reference: format!("${{{name}}}"),
            value: name.to_owned(),
            // The server's reference demands it, so that it is never blank.
            client_value: name.to_owned(),
            is_declared: false,
            write: None,
        };
        if let Some(value) = known {
            let bad = not_raw(&value);
            if !bad.is_empty() && self.has_url_client(member) {
                let bad: String = bad.into_iter().collect();
                return Err(NoSeal::Manual(format!(
                    "the value of {name} holds `{bad}`, which breaks the URLs that would carry it: give {name} another value, such as the output of `openssl rand -hex 32`"
                )));
            }
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
            if let Some(name) = names.into_iter().find(|name| looks_like_password(name)) {
                return Some(name);
            }
            if literal.is_none()
                && text.certainty == Certainty::Known
                && text.pieces.is_empty()
                && !is_blank(&text.value)
            {
                literal = Some(text.value.clone());
            }
            None
        };
        for text in self.server_texts(member) {
            let names = owned(text.variables());
            if let Some(name) = names.into_iter().find(|name| looks_like_password(name)) {
                return (Some(name), None);
            }
        }
        let env = &member.project.containers[&member.store.service];
        let own = env
            .variables
            .iter()
            .filter(|variable| looks_like_password(&variable.name) && !variable.name.ends_with("_FILE"));
        for variable in own.filter(|variable| variable.name != "ALLOW_EMPTY_PASSWORD") {
            if let Some(name) = variable.value.as_ref().and_then(&mut consider) {
                return (Some(name), None);
            }
        }
        for link in self.bench.topology.links_to(member.number) {
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
                    service.and_then(|env| env.get(password)).and_then(|variable| variable.value.clone())
                }
            };
            if let Some(name) = text.as_ref().and_then(&mut consider) {
                return (Some(name), literal);
            }
        }
        (None, literal)
    }

    /// The texts that may hold the server's password: its command, its variables.
    fn server_texts(&self, member: &Member<'_>) -> Vec<Text> {
        let mut texts = Vec::new();
        for key in ["command", "entrypoint"] {
            match member.node.get(key).map(|node| &node.value) {
                Some(Value::Text(text)) => texts.push(text.clone()),
                Some(Value::List(items)) => texts.extend(items.iter().filter_map(Node::as_text).cloned()),
                _ => {}
            }
        }
        let env = &member.project.containers[&member.store.service];
        texts.extend(
            env.variables
                .iter()
                .filter(|variable| looks_like_password(&variable.name))
                .filter_map(|variable| variable.value.clone()),
        );
        texts
    }

    /// `REDIS_PASSWORD`, or a name with the service's in it if the project has several servers.
    fn default_name(&self, member: &Member<'_>) -> String {
        let id = member.definition.id.to_ascii_uppercase();
        let plain = format!("{id}_PASSWORD");
        let siblings = self
            .bench
            .topology
            .stores
            .iter()
            .filter(|store| store.project == member.store.project && store.store == member.store.store);
        if siblings.count() < 2 {
            return plain;
        }
        let service: String = member
            .store
            .service
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        match () {
            () if service == id => plain,
            () if service.contains(&id) => format!("{service}_PASSWORD"),
            () => format!("{service}_{id}_PASSWORD"),
        }
    }

    fn has_url_client(&self, member: &Member<'_>) -> bool {
        self.bench.topology.links_to(member.number).any(|link| match &link.kind {
            LinkKind::Url(url) => !url.has_password(),
            LinkKind::Host { .. } => false,
        })
    }
}

/// `${NAME:?…}`: with a blank value a server would be open, or dead.
fn required(name: &str) -> String {
    format!("${{{name}:?set {name} in .env}}")
}

/// True for names such as `REDIS_PASSWORD`, `CACHE_PASS`, `REDIS_AUTH`.
pub(super) fn looks_like_password(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "_PASS", "_PW", "_AUTH", "SECRET"].iter().any(|word| upper.contains(word)) || upper == "PASS"
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// What a container sees of a variable after the repair.
pub(super) fn after(before: Lookup, value: Option<&str>) -> Lookup {
    value.map_or(before, |value| Lookup::Known(value.to_owned()))
}
