//! Places that name a store although no link was found there: a program may use it in a way that caulk can't read.

use std::ops::Range;
use std::path::Path;

use regex::Regex;

use super::{Carrier, Link, LinkKind, Topology, configuration};
use crate::lens::url::{StoreUrl, UrlForm};
use crate::model::Workspace;
use crate::source::Files;

/// Keys whose texts name services without talking to them.
const NAMING: [&str; 9] =
    ["depends_on", "links", "networks", "image", "container_name", "hostname", "volumes", "extra_hosts", "labels"];

/// What a program that only waits for a port is called by, or the variable that tells it to.
const WAITING: &str = r"(?i)wait|\bnc\s+-\w*z|dockerize";
/// A command of a script that only waits for a port.
const WAITING_COMMAND: &str = r"(?i)\S*wait[-_]for\S*\s[^;&|\n]*";

impl Topology {
    /// The services that name the store `number` as an address where no link leads to it, with the key, the variable or the
    /// mounted file.
    pub fn mentions(&self, workspace: &Workspace<'_>, files: &dyn Files, number: usize) -> Vec<(String, String)> {
        let store = &self.stores[number];
        let project = store.project(workspace);
        let address = address_of(&store.names);
        let waiting = Regex::new(WAITING).expect("it is one");
        let waiting_command = Regex::new(WAITING_COMMAND).expect("it is one");
        let mut mentions = Vec::new();
        for service in project.services().iter().filter(|service| service.key != store.service) {
            let linked: Vec<_> =
                self.links_to(number).filter(|link| link.service.as_deref() == Some(service.key.as_str())).collect();
            let unlinked = |place: &str, text: &str| without_linked_words(text, place, &linked);
            let mut add = |place: String, text: &str| {
                if address.is_match(text) && !linked.iter().any(|link| covers(link, &place, text)) {
                    mentions.push((service.key.clone(), place));
                }
            };
            for entry in service.value.as_map().map_or(&[][..], |map| &map.entries) {
                let words: Vec<&str> = entry.value.texts().into_iter().map(|text| text.value.as_str()).collect();
                // A program that waits for the port needs no password; one that asks the server does.
                let all = unlinked(&entry.key, &words.join(" "));
                let is_waiting = waiting.is_match(&all) && !all.contains("-cli") && !all.contains("://");
                if !NAMING.contains(&entry.key.as_str()) && entry.key != "environment" && !is_waiting {
                    for text in words.iter().map(|text| unlinked(&entry.key, text)).chain([all]) {
                        add(entry.key.clone(), &waiting_command.replace_all(&text, ""));
                    }
                }
            }
            for variable in &project.containers[&service.key].variables {
                if let Some(value) = variable.value.as_ref().filter(|_| !waiting.is_match(&variable.name)) {
                    add(variable.name.clone(), &unlinked(&variable.name, &value.value));
                }
            }
            let is_linked_by = |path: &Path| {
                linked.iter().any(|link| match &link.carrier {
                    Carrier::HostFile { source, .. } => workspace.sources.get(*source).path == path,
                    _ => false,
                })
            };
            for found in configuration::read(files, project, service) {
                if !found.path.is_some_and(|path| is_linked_by(&path)) {
                    add(found.place, &found.text);
                }
            }
        }
        mentions.sort();
        mentions.dedup();
        mentions
    }
}

/// Matches texts that hold one of the names where an address belongs.
pub(super) fn address_of(names: &[String]) -> Regex {
    let names: Vec<_> = names.iter().map(|name| regex::escape(name)).collect();
    let names = names.join("|");
    let after_host = format!(r#"(?:://|@|\s-h[\s=]+|(?i:host)["']?\]?[\s:=,]+["']?)(?:{names})(?:[^\w.-]|$)"#);
    let with_port = format!(r#"(?:^|[\s,;='"])(?:{names}):\d{{2,5}}"#);
    let with_options = format!(r"^(?:{names}),\w+=");
    Regex::new(&format!("{after_host}|{with_port}|{with_options}")).expect("the pattern is made of escaped names")
}

/// True if the link is what the text says there.
fn covers(link: &Link, place: &str, text: &str) -> bool {
    match &link.carrier {
        Carrier::Word { .. } => false,
        _ if setting_of(link).is_some() => false,
        carrier => link.text.value == text || carrier.variable() == Some(place),
    }
}

/// The text without the hosts to which links in the command `place` lead, or in the settings of the variable `place`.
fn without_linked_words(text: &str, place: &str, linked: &[&Link]) -> String {
    let mut text = text.to_owned();
    for link in linked {
        if let Some(url) = setting_of(link).filter(|_| link.carrier.variable() == Some(place)) {
            if text == link.text.value {
                text.replace_range(url.host.span.start..url.host.span.end, "");
            }
            continue;
        }
        if !matches!(link.carrier, Carrier::Word { key, .. } if key == place) {
            continue;
        }
        let (written, is_whole) = match &link.kind {
            LinkKind::Url(url) => (&link.text.value[url_span(url)], false),
            LinkKind::Host { .. } => (link.text.value.as_str(), true),
        };
        let parts_words = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "='\"".contains(c));
        let found = text.rmatch_indices(written).map(|(at, _)| at..at + written.len()).find(|range| {
            !is_whole
                || parts_words(text[..range.start].chars().next_back()) && parts_words(text[range.end..].chars().next())
        });
        if let Some(range) = found {
            text.replace_range(range, "");
        }
    }
    text
}

/// The server among the settings in a variable.
fn setting_of(link: &Link) -> Option<&StoreUrl> {
    match &link.kind {
        LinkKind::Url(url) if matches!(url.form, UrlForm::Setting { .. }) => Some(url),
        _ => None,
    }
}

/// From the scheme to the host and its port.
fn url_span(url: &StoreUrl) -> Range<usize> {
    let start = url.scheme.as_ref().or(url.user.as_ref()).unwrap_or(&url.host).span.start;
    let end = url.port.as_ref().unwrap_or(&url.host).span.end;
    start..end
}
