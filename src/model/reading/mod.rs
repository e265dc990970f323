//! What Compose does to a project's texts without a word, or with no more than a warning: each event with its place.

mod command;
mod env_file;
mod port;
mod template;
mod two_values;
mod value;
mod variable;

#[cfg(test)]
mod tests;

use super::container_env::Site;
use super::interpolate::Event;
use super::node::Place;
use super::project::Project;
use super::workspace::Workspace;
use crate::source::SourceId;
use crate::text::Span;

pub(super) use template::{emptied, swallowed};

/// Something that Compose does to a text and that its author may not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What is done.
    pub kind: ReadingKind,
    /// The service that it is done to, if it is one.
    pub service: Option<String>,
    /// The key, variable or port that it is done to; never a value.
    pub subject: String,
    /// Where.
    pub at: Passage,
    /// The other place that takes part: a definition, or what is kept or lost.
    pub other: Option<Passage>,
    /// It holds as long as these variables, which no file sets, are not set elsewhere.
    pub assumes: Vec<String>,
}

/// Bytes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    /// The text.
    pub source: SourceId,
    /// The bytes.
    pub span: Span,
}

/// The kinds of [`Reading`]. None of their texts is a value that could be a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadingKind {
    /// A file binds a port, the subject, to one address; an entry of an earlier file, which [`Reading::other`] is, still
    /// opens it.
    PortStaysOpen {
        /// True if it is no entry that is to close it, but `ports: []`.
        by_empty_list: bool,
    },
    /// A command string ends at an unquoted character, and the rest is thrown away.
    CommandCut {
        /// The character: `;`, `&`, `|`, `<` or `>`.
        by: char,
        /// The variable that brings it along.
        variable: Option<String>,
    },
    /// A blank variable, the subject, is no word of a command: what stands before it is followed by something else, or by
    /// nothing.
    BlankWord {
        /// The option before it. It may be one that takes no value.
        option: String,
        /// The option behind it, which becomes the value.
        next: Option<String>,
        /// True if the file itself gives nothing as the default: `${NAME:-}`. Compose does not warn of it then.
        by_default: bool,
    },
    /// A `$` and the letters behind it, in the middle of a word, are taken for a variable that nothing sets.
    DollarInWord {
        /// True if what is taken for a name has no lower-case letter, as most variables.
        looks_like_a_variable: bool,
    },
    /// `${NAME-default}` is blank, because NAME is set to nothing.
    EmptyOverDefault,
    /// A variable that an env file sets is not set in the container: `environment` passes it through from outside.
    RemovedByPassThrough,
    /// Variables that a Compose file uses are set only in an env file that Compose does not read for it.
    UnreadEnvFile {
        /// The variables in order, each once.
        variables: Vec<String>,
        /// How the file is used.
        file: UnreadFile,
    },
    /// The last line of an env file is a name without a line break, and Compose takes it for a value without name.
    BareKeyAtEnd,
    /// What looks like a comment behind `=` is the value: `NAME= # comment`.
    CommentAsValue,
    /// Other programs that read env files get another value.
    OtherReaders(Difference),
    /// An unquoted number reaches the container in another spelling.
    NumberRewritten {
        /// As it is written.
        before: String,
        /// As the container gets it.
        after: String,
        /// True if both are one number in plain decimals, as 1.50 and 1.5 are.
        same_number: bool,
    },
    /// An env file sets a variable twice, to different values; [`Reading::other`] is the one that counts.
    DuplicateKey,
    /// Two files set a variable to different values.
    TwoValues(TwoValues),
}

/// What becomes of two values of one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoValues {
    /// One replaces the other.
    Replaced,
    /// One is in `${…}` and one in the container, in the same service.
    InOneService,
    /// One is in `${…}` of a service with an image of somebody else, and one in a container that reaches it.
    ServerAndClient,
    /// One is in `${…}` and one in the container of another service, and nothing says that the two need the same.
    Apart,
}

/// What an env file is that Compose does not read for `${…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadFile {
    /// A service reads it by `env_file`.
    OfAService,
    /// A file `.env` of another folder.
    OfAnotherFolder,
    /// A file with another name, which `--env-file` may name.
    Other,
}

/// Why programs disagree on a value. Measured with python-dotenv, Node's dotenv, dotenvy and `sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// An unquoted `#` inside: Node's dotenv ends the value there.
    Hash,
    /// A variable: Node's dotenv and `node --env-file` keep it as text; python-dotenv keeps `$NAME`.
    Variable,
    /// `$$`: only Compose makes one `$` of it.
    Dollar,
    /// A backtick at the start: Node's dotenv takes it for a quote.
    Backtick,
    /// An unquoted backslash: a shell and dotenvy take it for an escape.
    Backslash,
    /// An unquoted blank: a shell and dotenvy refuse the line.
    Blank,
}

/// The words of a text whose `$` Compose takes for a variable, in order: most of them are passwords.
pub fn words_with_dollar(workspace: &Workspace<'_>, source: SourceId) -> Vec<Span> {
    let readings = workspace.projects.iter().flat_map(|project| &project.readings);
    let dollars = readings
        .filter(|reading| reading.at.source == source && matches!(reading.kind, ReadingKind::DollarInWord { .. }));
    let text = &workspace.sources.get(source).text;
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=');
    dollars
        .map(|reading| {
            let Span { start, end } = reading.at.span;
            let before = text.get(..start).unwrap_or_default();
            let after = text.get(end..).unwrap_or_default();
            let start = before.len() - before.rsplit(is_edge).next().unwrap_or_default().len();
            Span::new(start, end + after.split(is_edge).next().unwrap_or_default().len())
        })
        .collect()
}

/// All that Compose does to the texts of a project, by place. `events` tell what the interpolation did.
pub(super) fn read(workspace: &mut Workspace<'_>, project: &Project, events: &[Event]) -> Vec<Reading> {
    let mut readings = value::from_events(workspace, events);
    readings.extend(value::numbers(workspace, project));
    readings.extend(command::read(workspace, project));
    readings.extend(port::read(workspace, project));
    readings.extend(variable::unread(workspace, project, events));
    readings.extend(variable::overlaps(workspace, project));
    readings.extend(two_values::read(workspace, project));
    readings.extend(env_file::read(workspace, project));
    readings.sort_by(|a, b| (a.at, &a.subject).cmp(&(b.at, &b.subject)));
    // Anchors and `extends` read one text several times.
    readings.dedup_by(|a, b| a.at == b.at && a.kind == b.kind && a.subject == b.subject);
    readings
}

impl From<&Place> for Passage {
    fn from(place: &Place) -> Self {
        Self { source: place.source, span: place.span }
    }
}

impl Passage {
    /// The bytes `range` of a scalar's value, or the whole scalar.
    fn within(workspace: &Workspace<'_>, place: &Place, range: Option<std::ops::Range<usize>>) -> Self {
        let part = range.and_then(|range| workspace.document(place.source)?.value_span(place.node, range));
        Self { source: place.source, span: part.unwrap_or(place.span) }
    }

    /// The name of a variable where it is defined for interpolation.
    fn definition(project: &Project, name: &str) -> Option<Self> {
        let definition = project.variables.definition(name)?;
        Some(Self { source: definition.source, span: definition.key_span })
    }

    /// A variable of a container: its entry, or its name in an env file.
    fn of_site(workspace: &Workspace<'_>, site: &Site) -> Self {
        match site {
            Site::Entry { key, .. } => Self::from(key),
            Site::Item { item } => Self::from(item),
            Site::File { source, entry } => {
                let entry = workspace.env_file(*source).and_then(|file| file.entries.get(*entry));
                Self { source: *source, span: entry.map(|entry| entry.key_span).unwrap_or_default() }
            }
        }
    }
}
