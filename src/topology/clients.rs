//! Which program runs in a container, as far as the catalog knows, and from which variables it takes its connection.

use std::collections::HashMap;

use regex::Regex;

use super::part::Part;
use super::patterns::compiled;
use crate::catalog::{Client, ImageName, Settings, Sign, Store};
use crate::model::Project;
use crate::model::container_env::ContainerEnv;
use crate::model::node::{Certainty, Entry, Node};

/// The clients of one store that the catalog knows.
pub(super) struct Clients<'c> {
    known: Vec<(Option<Regex>, &'c Client)>,
}

/// What the catalog says of one service.
pub(super) struct Knowledge<'c> {
    /// What is known of its image.
    of_image: Vec<&'c Client>,
    /// What its variables tell.
    of_variables: Vec<&'c Client>,
}

impl<'c> Clients<'c> {
    /// A pattern that is no regular expression matches nothing; rule files are checked before use.
    pub fn new(store: &'c Store) -> Self {
        let known = store.variables.iter().map(|client| {
            let image = client.image.as_ref().and_then(|image| compiled(&format!("^(?:{image})$")));
            (image, client)
        });
        Self { known: known.collect() }
    }

    /// What is known of each service of a project, by its name. Services of one image, or of one build, are the same program:
    /// what the variables of one tell holds for all of them.
    pub fn of_all<'p>(&self, project: &'p Project) -> HashMap<&'p str, Knowledge<'c>> {
        let told = project.services().iter().filter_map(|service| {
            let told = self.frameworks(&values(&project.containers[&service.key]));
            (!told.is_empty()).then_some((service, told))
        });
        let told: Vec<(&Entry, Vec<&'c Client>)> = told.collect();
        project.services().iter().map(|service| (service.key.as_str(), self.of(project, service, &told))).collect()
    }

    /// What is known of a service; `told` are those that tell their framework.
    fn of(&self, project: &Project, service: &Entry, told: &[(&Entry, Vec<&'c Client>)]) -> Knowledge<'c> {
        let env = &project.containers[&service.key];
        let image = service.value.get("image").and_then(Node::as_text);
        // A tag that comes from a variable without a value leaves its colon.
        let repository = image
            .and_then(|image| ImageName::parse(image.value.trim_end_matches(':')).ok())
            .map(|image| image.repository());
        let is_image = |pattern: &Option<Regex>| matches!((pattern, &repository), (Some(pattern), Some(repository)) if pattern.is_match(repository));
        let mut of_image: Vec<_> =
            self.known.iter().filter(|(image, _)| is_image(image)).map(|(_, client)| *client).collect();
        let own = |client: &&Client| client.is_unmistakable || has_signs(client, &values(env));
        let of_variables: Vec<_> = self.known.iter().map(|(_, client)| *client).filter(own).collect();
        if of_image.is_empty() {
            let of_like =
                told.iter().filter(|(other, _)| is_like(other, service)).flat_map(|(_, told)| told.iter().copied());
            let is_new = |client: &&Client| !of_variables.iter().any(|known| std::ptr::eq(*known, *client));
            of_image.extend(of_like.filter(is_new));
        }
        Knowledge { of_image, of_variables }
    }

    /// The frameworks that variables tell, each given with its value.
    pub fn frameworks<'v>(&self, value: &dyn Fn(&str) -> Option<&'v str>) -> Vec<&'c Client> {
        self.known.iter().map(|(_, client)| *client).filter(|client| has_signs(client, value)).collect()
    }
}

/// The values of variables; blank for one that is only passed through.
fn values<'v>(env: &'v ContainerEnv) -> impl Fn(&str) -> Option<&'v str> {
    move |name| Some(env.get(name)?.value.as_ref().map_or("", |text| text.value.as_str()))
}

/// True if another service runs the same program: its image has the same name, or is built in the same way. An official
/// image, such as `php`, may run any.
pub(super) fn is_like(other: &Entry, service: &Entry) -> bool {
    let same =
        |key: &str| service.value.get(key).filter(|own| other.value.get(key).is_some_and(|it| it.same_value(own)));
    let is_own_image = |image: &Node| {
        let name = image.as_text().and_then(|image| ImageName::parse(&image.value).ok());
        name.is_some_and(|name| name.repository().contains('/') || service.value.get("build").is_some())
    };
    other.key != service.key
        && (same("build").is_some_and(|build| !build.is_null()) || same("image").is_some_and(is_own_image))
}

fn has_signs<'v>(client: &Client, value: &dyn Fn(&str) -> Option<&'v str>) -> bool {
    let is_set = |sign: &Sign| {
        let Some(found) = value(&sign.name) else { return false };
        sign.value.as_ref().is_none_or(|wanted| found.trim().eq_ignore_ascii_case(wanted))
    };
    !client.signs.is_empty() && client.signs.iter().all(|group| group.iter().any(is_set))
}

/// The variables that say where a program connects.
fn connection(client: &Client) -> impl Iterator<Item = &String> {
    client.url.iter().chain(&client.host_list).chain(&client.host)
}

impl<'c> Knowledge<'c> {
    /// True if the image is known to take its connection from the variables that the catalog names, and from nothing else.
    pub fn is_complete(&self) -> bool {
        !self.of_image.is_empty() && self.of_image.iter().all(|client| !client.reads_elsewhere)
    }

    /// The program that reads `name` as a host or as a URL.
    pub fn reader(&self, name: &str) -> Option<&'c Client> {
        let is_complete = self.is_complete();
        let further = self.of_variables.iter().filter(|client| client.is_unmistakable || !is_complete);
        let mut clients = self.of_image.iter().chain(further).copied();
        clients.find(|client| {
            !client.password.is_empty() && client.host.iter().chain(&client.url).any(|known| known == name)
        })
    }

    /// What a variable carries for the program, if the catalog says so.
    pub fn part_of(&self, name: &str) -> Option<Part> {
        let is_complete = self.is_complete();
        let further = self.of_variables.iter().filter(|client| client.is_unmistakable || !is_complete);
        let has = |names: &[String]| names.iter().any(|known| known == name);
        self.of_image.iter().chain(further).find_map(|client| match () {
            () if has(&client.url) => Some(Part::Url),
            () if has(&client.host) => Some(Part::Host),
            () if has(&client.password) => Some(Part::Password),
            () => None,
        })
    }

    /// The variables with the password that the program presents where its URL, in the variable `name`, holds none.
    pub fn url_passwords(&self, name: &str) -> &'c [String] {
        let mut clients = self.of_image.iter().chain(&self.of_variables).copied();
        let found = clients.find(|client| client.url.iter().any(|known| known == name));
        found.map_or(&[], |client| &client.url_password)
    }

    /// The settings that the program reads from the variable `name`.
    pub fn settings(&self, name: &str) -> Option<&'c Settings> {
        self.of_image.iter().filter_map(|client| client.settings.as_ref()).find(|settings| settings.variable == name)
    }

    /// True if the program reads `name` as a list of servers.
    pub fn reads_host_list(&self, name: &str) -> bool {
        self.of_image.iter().any(|client| client.host_list.iter().any(|known| known == name))
    }

    /// The program that takes a host from an option of its command.
    pub fn with_host_option(&self, option: &str) -> Option<&'c Client> {
        self.of_image.iter().copied().find(|client| client.host_option.iter().any(|known| known == option))
    }

    /// The program that connects to a default host, because nothing in its container says another one.
    pub fn with_default_host(&self, env: &ContainerEnv) -> Option<(&'c Client, &'c str)> {
        let silent = |client: &&&'c Client| !connection(client).any(|name| env.get(name).is_some());
        let client = self.of_image.iter().find(silent).filter(|_| !env.open)?;
        Some((client, client.default_host.as_deref()?))
    }

    /// The same for one that has a URL by default, with the variable that would say another one.
    pub fn with_default_url(&self, env: &ContainerEnv) -> Option<(&'c str, &'c str)> {
        let silent = |client: &&&'c Client| !connection(client).any(|name| env.get(name).is_some());
        let client = self.of_image.iter().find(silent).filter(|_| !env.open)?;
        Some((client.url.first()?, client.default_url.as_deref()?))
    }

    /// True if the program could connect, and none of the variables is set that would say where.
    pub fn says_nothing(&self, env: &ContainerEnv) -> bool {
        let mut all = self.of_image.iter().flat_map(|client| connection(client)).peekable();
        all.peek().is_some() && all.all(|name| env.get(name).is_none())
    }

    /// True if the program does not connect to the store of these names: it takes its connection from known variables only,
    /// and none of them leads there.
    pub fn is_no_client_of(&self, names: &[String], env: &ContainerEnv) -> bool {
        let leads_elsewhere = |name: &String| {
            env.get(name).is_none_or(|variable| {
                let known = variable.value.as_ref().filter(|text| text.certainty == Certainty::Known);
                known.is_some_and(|text| {
                    !text.value.trim().is_empty() && !names.iter().any(|name| text.value.contains(name.as_str()))
                })
            })
        };
        let all = || self.of_image.iter().flat_map(|client| connection(client));
        self.is_complete() && (!env.open || all().next().is_none()) && all().all(leads_elsewhere)
    }
}
