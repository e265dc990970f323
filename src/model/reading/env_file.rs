//! Lines of env files that mean something else than they seem to. Only files that Compose reads are looked at.

use std::collections::BTreeSet;

use super::{Difference, Passage, Reading, ReadingKind, emptied, swallowed};
use crate::model::project::Project;
use crate::model::workspace::Workspace;
use crate::source::SourceId;
use crate::syntax::env::{Entry, EnvFile, EnvValue, Format, Quote};
use crate::syntax::template::{Segment, Variable};

pub(super) fn read(workspace: &Workspace<'_>, project: &Project) -> Vec<Reading> {
    let paths = &project.variables.paths;
    let named = workspace.sources.iter().filter(|(_, source)| paths.contains(&source.path)).map(|(id, _)| id);
    let of_services = project.containers.values().flat_map(|env| env.files.iter().map(|file| file.source));
    let sources: BTreeSet<SourceId> = named.chain(of_services).collect();
    let files = sources.into_iter().filter_map(|source| Some((source, workspace.env_file(source)?)));
    files.flat_map(|(source, file)| Lines { project, source, file }.read()).collect()
}

/// The lines of one file.
struct Lines<'a> {
    project: &'a Project,
    source: SourceId,
    file: &'a EnvFile,
}

impl Lines<'_> {
    fn read(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for (index, entry) in self.file.entries.iter().enumerate() {
            readings.extend(self.bare_key(entry));
            readings.extend(self.duplicate(index, entry));
            if let Some(value) = entry.value.as_ref().filter(|_| self.file.format == Format::Dotenv) {
                readings.extend(self.comment(entry, value));
                readings.extend(self.dollar(entry, value));
                readings.extend(self.emptied(value));
                readings.extend(self.other_readers(entry, value));
            }
        }
        readings
    }

    fn reading(&self, kind: ReadingKind, subject: &str, span: crate::text::Span) -> Reading {
        Reading {
            kind,
            service: None,
            subject: subject.to_owned(),
            at: Passage { source: self.source, span },
            other: None,
            assumes: Vec::new(),
        }
    }

    fn bare_key(&self, entry: &Entry) -> Option<Reading> {
        let value = entry.value.as_ref().filter(|_| entry.swallowed_by_end_of_file)?;
        Some(self.reading(ReadingKind::BareKeyAtEnd, &value.text, value.span))
    }

    /// The first line of a variable, if the last one says something else.
    fn duplicate(&self, index: usize, entry: &Entry) -> Option<Reading> {
        let is_first = !self.file.entries.iter().take(index).any(|other| other.key == entry.key);
        let last = self.file.last(&entry.key).filter(|_| is_first)?;
        let text = |entry: &Entry| entry.value.as_ref().map(|value| value.text.clone());
        let differ = text(entry).is_some() && text(last).is_some() && text(entry) != text(last);
        differ.then(|| Reading {
            other: Some(Passage { source: self.source, span: last.key_span }),
            ..self.reading(ReadingKind::DuplicateKey, &entry.key, entry.key_span)
        })
    }

    /// Measured with Docker Compose 2.40.3: a `#` starts a comment only behind a value. A colour, `#aabbcc`, has no blank.
    fn comment(&self, entry: &Entry, value: &EnvValue) -> Option<Reading> {
        let rest = value.text.strip_prefix('#').filter(|_| value.quote.is_none())?;
        // `PREFIX=#` and `CHANNEL=#general` are meant so.
        let is_apart = value.span.start > entry.key_span.end + 1;
        let is_comment = rest.starts_with([' ', '\t', '#']) || is_apart && rest.contains([' ', '\t']);
        is_comment.then(|| self.reading(ReadingKind::CommentAsValue, &entry.key, value.span))
    }

    fn dollar(&self, entry: &Entry, value: &EnvValue) -> Option<Reading> {
        let variables = &self.project.variables;
        let in_a_container =
            |name: &str| self.project.containers.values().any(|env| env.open || env.get(name).is_some());
        let mut is_unset = |name: &str| {
            variables.get(name).is_none()
                && !variables.is_set_outside(name)
                && self.file.last(name).is_none()
                && !in_a_container(name)
        };
        let variable = swallowed(value.template.as_ref()?, &mut is_unset)?;
        let looks_like_a_variable = !variable.name.contains(char::is_lowercase);
        let kind = ReadingKind::DollarInWord { looks_like_a_variable };
        Some(self.reading(kind, &entry.key, place(value, variable)))
    }

    fn emptied(&self, value: &EnvValue) -> Vec<Reading> {
        let Some(template) = &value.template else { return Vec::new() };
        let variables = &self.project.variables;
        let found = emptied(template, &mut |name| variables.get(name).is_some_and(str::is_empty));
        let reading = |variable: &Variable| Reading {
            other: Passage::definition(self.project, &variable.name),
            ..self.reading(ReadingKind::EmptyOverDefault, &variable.name, place(value, variable))
        };
        found.into_iter().map(reading).collect()
    }

    fn other_readers(&self, entry: &Entry, value: &EnvValue) -> Option<Reading> {
        let difference = difference(value)?;
        Some(self.reading(ReadingKind::OtherReaders(difference), &entry.key, value.span))
    }
}

fn place(value: &EnvValue, variable: &Variable) -> crate::text::Span {
    value.escapes.source(variable.span.start..variable.span.end)
}

fn difference(value: &EnvValue) -> Option<Difference> {
    let is_bare = value.quote.is_none();
    let has = |wanted: fn(&Segment) -> bool| {
        value.template.as_ref().is_some_and(|template| template.segments.iter().any(wanted))
    };
    Some(match () {
        () if is_bare && value.text.contains('#') => Difference::Hash,
        () if has(|segment| matches!(segment, Segment::Variable(_))) => Difference::Variable,
        () if value.quote != Some(Quote::Single) && has(|segment| matches!(segment, Segment::Dollar { .. })) => {
            Difference::Dollar
        }
        () if is_bare && value.text.starts_with('`') => Difference::Backtick,
        () if is_bare && value.text.contains('\\') => Difference::Backslash,
        () if is_bare && value.text.contains([' ', '\t']) => Difference::Blank,
        () => return None,
    })
}
