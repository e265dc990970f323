//! Reads the nodes of a file and collects what is wrong with them.

use std::ops::Range;
use std::sync::Arc;

use super::nearest::nearest;
use crate::syntax::Problem;
use crate::syntax::yaml::resolve::{Resolved, resolve};
use crate::syntax::yaml::{Document, Kind, NodeId, Style, parse};
use crate::text::Span;

/// The tree of a file and the mistakes found in it so far.
pub(crate) struct Decoder {
    document: Document,
    problems: Vec<Problem>,
}

/// A mapping whose keys were checked.
pub(crate) struct Mapping {
    /// Keys in their order.
    pub(crate) entries: Vec<Entry>,
    place: Span,
    /// Keys that somebody mistyped.
    meant: Vec<String>,
}

/// `key: value`
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) key: NodeId,
    pub(crate) value: NodeId,
}

impl Mapping {
    pub(crate) fn get(&self, name: &str) -> Option<NodeId> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }
}

impl Decoder {
    /// The decoder of `text`, and the top of its only YAML document; what is no such text has problems and no top.
    pub(crate) fn new(text: Arc<str>) -> (Self, Option<NodeId>) {
        let (document, problems) = parse(text);
        let mut decoder = Self { document, problems };
        let aliases: Vec<_> =
            decoder.document.ids().filter(|id| matches!(decoder.document.node(*id).kind, Kind::Alias { .. })).collect();
        for id in aliases {
            decoder.report(id, "aliases can't be used here");
        }
        let root = match decoder.document.roots.as_slice() {
            [root] => Some(*root),
            [] => {
                decoder.problem(Problem::new(Span::at(0), "the file is empty"));
                None
            }
            [_, second, ..] => {
                let second = *second;
                decoder.report(second, "there can be one YAML document only");
                None
            }
        };
        let root = root.filter(|_| decoder.problems.is_empty());
        (decoder, root)
    }

    /// The value if nothing is wrong, else everything that is, by place.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => {
                self.problems.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
                // What several cases take from the rule was read for each of them.
                self.problems.dedup();
                Err(self.problems)
            }
        }
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(crate) fn report(&mut self, id: NodeId, message: impl Into<String>) {
        let problem = Problem::new(self.place(id), message);
        self.problems.push(problem);
    }

    pub(crate) fn report_with(&mut self, id: NodeId, message: impl Into<String>, help: impl Into<String>) {
        let problem = Problem::new(self.place(id), message).with_help(help);
        self.problems.push(problem);
    }

    /// A name that is not known, with the one that was probably meant, or all of them.
    pub(crate) fn unknown_name<'a>(
        &mut self,
        place: Span,
        message: impl Into<String>,
        word: &str,
        names: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        let help = match nearest(word, names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("known are: {}", names.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.problems.push(Problem::new(place, message).with_help(help));
    }

    /// Where a node is shown: a scalar as a whole, a collection by its first line.
    pub(crate) fn place(&self, id: NodeId) -> Span {
        let span = self.document.node(id).span;
        match self.document.node(id).kind {
            Kind::Scalar { style: Style::Literal | Style::Folded, .. } | Kind::Map(_) | Kind::Seq(_) => {
                let line = span.slice(self.document.text()).lines().next().unwrap_or_default().trim_end();
                Span::new(span.start, span.start + line.len())
            }
            _ => span,
        }
    }

    /// Where bytes `part` of the text of scalar `id` stand in the file; the whole scalar if escapes or folding hide it.
    pub(crate) fn place_in(&self, id: NodeId, part: Range<usize>) -> Span {
        let whole = self.document.node(id).span;
        let written = whole.slice(self.document.text());
        let Some(value) = self.document.scalar(id) else { return whole };
        let Some(snippet) = value.get(part.clone()).filter(|snippet| !snippet.is_empty()) else { return whole };
        let quote = usize::from(written.starts_with(['"', '\'']));
        let direct = quote + part.start;
        let offset = match written.get(direct..direct + snippet.len()) {
            Some(found) if found == snippet && written.get(quote..quote + value.len()) == Some(value) => Some(direct),
            _ => written.find(snippet),
        };
        offset.map_or(self.place(id), |offset| Span::new(whole.start + offset, whole.start + offset + snippet.len()))
    }

    pub(crate) fn is_list(&self, id: NodeId) -> bool {
        matches!(self.document.node(id).kind, Kind::Seq(_))
    }

    pub(crate) fn is_mapping(&self, id: NodeId) -> bool {
        matches!(self.document.node(id).kind, Kind::Map(_))
    }

    /// The text of a scalar of any type, and its type.
    pub(crate) fn scalar(&self, id: NodeId) -> Option<(&str, Resolved)> {
        Some((self.document.scalar(id)?, resolve(&self.document, id)?))
    }

    /// The text of an unquoted scalar.
    pub(crate) fn plain(&self, id: NodeId) -> Option<&str> {
        self.document.scalar(id).filter(|_| self.document.style(id) == Some(Style::Plain))
    }

    /// A mapping with keys of any name.
    pub(crate) fn open_mapping(&mut self, id: NodeId, what: &str) -> Option<Mapping> {
        if !self.is_mapping(id) {
            self.report(id, format!("{what} must be a mapping"));
            return None;
        }
        let pairs = self.document.pairs(id);
        let entries = pairs
            .iter()
            .filter_map(|pair| {
                let name = self.document.scalar(pair.key)?.to_owned();
                Some(Entry { name, key: pair.key, value: pair.value })
            })
            .collect::<Vec<_>>();
        let place = entries.first().map_or(self.place(id), |entry| self.place(entry.key));
        Some(Mapping { entries, place, meant: Vec::new() })
    }

    /// A mapping that may have these keys and no others.
    pub(crate) fn mapping(&mut self, id: NodeId, what: &str, known: &[&str]) -> Option<Mapping> {
        let mut mapping = self.open_mapping(id, what)?;
        for entry in mapping.entries.iter().filter(|entry| !known.contains(&entry.name.as_str())) {
            let place = self.place(entry.key);
            self.unknown_name(place, format!("{what} has no key `{}`", entry.name), &entry.name, known.iter().copied());
        }
        let unknown = mapping.entries.iter().filter(|entry| !known.contains(&entry.name.as_str()));
        mapping.meant =
            unknown.filter_map(|entry| nearest(&entry.name, known.iter().copied())).map(str::to_owned).collect();
        mapping.entries.retain(|entry| known.contains(&entry.name.as_str()));
        Some(mapping)
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&mut self, mapping: &Mapping, name: &str, what: &str) -> Option<NodeId> {
        let value = mapping.get(name);
        // Of a key that is mistyped its own mistake is told.
        if value.is_none() && !mapping.meant.iter().any(|meant| meant == name) {
            self.problems.push(Problem::new(mapping.place, format!("{what} needs the key `{name}`")));
        }
        value
    }

    /// The items of a list.
    pub(crate) fn list(&mut self, id: NodeId, what: &str) -> Option<Vec<NodeId>> {
        if !self.is_list(id) {
            match self.document.scalar(id).map(|_| self.place(id).slice(self.document.text()).to_owned()) {
                Some(written) if !written.trim().is_empty() && !written.starts_with(['|', '>']) => {
                    self.report_with(id, format!("{what} must be a list"), format!("write `[{written}]`"));
                }
                _ => self.report(id, format!("{what} must be a list")),
            }
            return None;
        }
        Some(self.document.items(id).to_vec())
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, id: NodeId, what: &str) -> Option<String> {
        match self.scalar(id) {
            Some((text, kind)) if kind != Resolved::Null && !text.trim().is_empty() => Some(text.to_owned()),
            Some(_) => {
                self.report(id, format!("{what} is empty"));
                None
            }
            None => {
                self.report(id, format!("{what} must be a text"));
                None
            }
        }
    }

    /// A list of texts that are not empty.
    pub(crate) fn texts(&mut self, id: NodeId, what: &str) -> Option<Vec<String>> {
        let items = self.list(id, what)?;
        let texts: Vec<_> = items.into_iter().map(|item| self.text(item, &format!("an item of {what}"))).collect();
        texts.into_iter().collect()
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, id: NodeId, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(id, what)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let place = self.place(id);
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.unknown_name(place, format!("{what} can't be `{text}`"), &text, names.iter().copied());
        }
        found
    }

    /// True or false.
    pub(crate) fn bool(&mut self, id: NodeId, what: &str) -> Option<bool> {
        if let Some((_, Resolved::Bool(value))) = self.scalar(id) {
            return Some(value);
        }
        self.report(id, format!("{what} must be true or false"));
        None
    }

    /// A whole number.
    pub(crate) fn number<N: TryFrom<i128>>(&mut self, id: NodeId, what: &str) -> Option<N> {
        let number = match self.scalar(id) {
            Some((_, Resolved::Int(number))) => N::try_from(number).ok(),
            _ => None,
        };
        if number.is_none() {
            self.report(id, format!("{what} must be a whole number in its range"));
        }
        number
    }
}
