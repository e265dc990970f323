//! The URLs and hosts of stores in the words of a command, and in a script that a shell gets there.

use super::links::{Carrier, Finder, Link, LinkKind, host_of, known_host};
use crate::lens::command::Command;
use crate::lens::script_words::{script_index, script_values, value_start};
use crate::lens::url::UrlReading;
use crate::lens::value::Word;
use crate::model::node::{Entry, Text};
use crate::text::Span;

impl Finder<'_> {
    /// The links in `command` or `entrypoint`.
    pub(super) fn words(&self, service: &Entry, key: &'static str) -> Vec<Link> {
        let Some(command) = Command::read(&service.value, key).ok().flatten() else { return Vec::new() };
        let script = script_index(&service.value, key, &command.words);
        let mut links = Vec::new();
        for (index, word) in command.words.iter().enumerate().filter(|(_, word)| word.certain) {
            let link = |(store, kind): (usize, LinkKind), text: Text| Link {
                project: self.number,
                service: Some(service.key.clone()),
                carrier: Carrier::Word { key, index, place: command.node.place.clone() },
                target: self.target(Some(service), &kind, &text, store),
                text,
                kind,
                store,
            };
            let places = match script == Some(index) {
                true => self.values_in_script(&word.text),
                false => vec![Span::new(value_start(&word.text), word.text.len())],
            };
            for span in places {
                let found = self.url_in_word(&word.text[..span.end], span.start);
                links.extend(found.map(|found| link(found, Text::literal(&word.text))));
            }
            if let Some((found, host)) = self.host_option(service, &command.words, index) {
                links.push(link(found, Text::literal(host)));
            }
        }
        links
    }

    /// A URL from byte `start` of a word on.
    fn url_in_word(&self, word: &str, start: usize) -> Option<(usize, LinkKind)> {
        let value = &word[start..];
        let store = self.hints.iter().position(|hints| hints.is_url_by_value(value))?;
        let UrlReading::Url(url) = UrlReading::parse(value, &self.catalog[store].schemes) else { return None };
        Some((store, LinkKind::Url(Box::new(url.shifted(start)))))
    }

    /// What a script hands to the client of a store is judged elsewhere.
    fn values_in_script(&self, text: &str) -> Vec<Span> {
        let clients = self.catalog.iter().flat_map(|store| &store.clients);
        let names: Vec<&String> = clients.flat_map(|client| &client.names).collect();
        script_values(text, &|program| names.iter().any(|name| *name == program))
    }

    /// The host in the word `index`, the value of an option that the program in the container is known to have: behind the
    /// option, or after its `=`.
    fn host_option<'w>(
        &self,
        service: &Entry,
        words: &'w [Word],
        index: usize,
    ) -> Option<((usize, LinkKind), &'w str)> {
        let word = words[index].text.as_str();
        let (option, value) = match word.split_once('=').filter(|_| word.starts_with('-')) {
            Some(assigned) => assigned,
            None => (words[..index].last()?.text.as_str(), word),
        };
        if value.contains("://") {
            return None;
        }
        let store = self.stores.get(self.named(Some(service), host_of(value))?)?.store;
        let client = self.knowledge(store, service).with_host_option(option)?;
        let kind = known_host(client, &self.project.containers[&service.key])?;
        Some(((store, kind), value))
    }
}
