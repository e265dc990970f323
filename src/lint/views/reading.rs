//! What Compose does to texts and their authors may not know.

use super::service::{describe, not_set};
use super::{Context, Seen};
use crate::lens::command::Command;
use crate::lens::script_words::script_index;
use crate::lint::finding::Subject;
use crate::model::node::Node;
use crate::model::reading::{Difference, Passage, Reading, ReadingKind, TwoValues, UnreadFile};
use crate::rule::{FieldValue, ViewKind};
use crate::source::{is_env_name, relative_to};
use crate::topology::Spot;

pub(super) fn add(context: &Context<'_, '_>, number: usize, seen: &mut Vec<Seen>) {
    let project = &context.workspace.projects[number];
    for reading in &project.readings {
        let service = reading.service.as_ref();
        let service = service.and_then(|name| project.services().iter().find(|service| service.key == *name));
        let key = match (&reading.kind, &reading.service) {
            (ReadingKind::CommandCut { .. }, Some(service)) => Some(format!("services.{service}.{}", reading.subject)),
            (ReadingKind::PortStaysOpen { .. }, Some(service)) => Some(format!("services.{service}.ports")),
            _ => None,
        };
        let subject = Subject {
            service: reading.service.clone(),
            variable: key.is_none().then(|| reading.subject.clone()),
            key,
            ..Subject::default()
        };
        let mut view = Seen::new(ViewKind::Reading, number, subject);
        match service {
            Some(service) => describe(context, number, service, &mut view),
            None => view.set("service.name", FieldValue::Absent),
        }
        fields(context, number, reading, &mut view);
        seen.push(view);
    }
}

fn fields(context: &Context<'_, '_>, number: usize, reading: &Reading, view: &mut Seen) {
    for name in ["reading.variable", "reading.detail", "reading.next", "reading.before", "reading.after"] {
        view.set(name, FieldValue::Absent);
    }
    view.set("reading.by_default", FieldValue::Bool(false));
    let service = reading.service.as_ref().and_then(|name| context.workspace.projects[number].service(name));
    let is_script = reading.subject == "command" && service.is_some_and(is_script);
    view.set("reading.is_script", FieldValue::Bool(is_script));
    let kind = kind(&reading.kind);
    let assumed = match reading.assumes.as_slice() {
        names @ [_, ..] if names.len() > SHOWN => Some(format!("{} are not set", some_of(names))),
        names => not_set(names),
    };
    let text = FieldValue::Text { text: kind.to_owned(), assumed };
    view.set("reading.kind", text);
    view.set("reading.subject", FieldValue::text(&reading.subject));
    view.place("reading", spot(reading.at));
    let path = &context.workspace.sources.get(reading.at.source).path;
    let is_env_file = path.file_name().and_then(|name| name.to_str()).is_some_and(is_env_name);
    view.set("reading.where", FieldValue::text(if is_env_file { "env-file" } else { "compose" }));
    view.set("reading.other", FieldValue::optional(reading.other.map(|other| place_name(context, number, other))));
    if let Some(other) = reading.other {
        view.place("reading.other", spot(other));
    }
    match &reading.kind {
        ReadingKind::PortStaysOpen { by_empty_list } => {
            view.set("reading.detail", FieldValue::text(if *by_empty_list { "empty" } else { "entry" }));
        }
        ReadingKind::CommandCut { by, variable } => {
            view.set("reading.detail", FieldValue::text(*by));
            view.set("reading.variable", FieldValue::optional(variable.as_ref()));
        }
        ReadingKind::BlankWord { option, next, by_default } => {
            view.set("reading.by_default", FieldValue::Bool(*by_default));
            view.set("reading.detail", FieldValue::text(option));
            view.set("reading.next", FieldValue::optional(next.as_ref()));
        }
        ReadingKind::DollarInWord { looks_like_a_variable } => {
            view.set("reading.detail", FieldValue::text(if *looks_like_a_variable { "variable" } else { "text" }));
        }
        ReadingKind::UnreadEnvFile { variables, file } => {
            view.set("reading.detail", FieldValue::text(unread_file(*file)));
            view.set("reading.variable", FieldValue::text(some_of(variables)));
        }
        ReadingKind::OtherReaders(difference) => {
            view.set("reading.detail", FieldValue::text(difference_word(*difference)));
        }
        ReadingKind::NumberRewritten { before, after, same_number } => {
            view.set("reading.detail", FieldValue::text(if *same_number { "spelling" } else { "value" }));
            if !may_be_secret(&reading.subject) {
                view.set("reading.before", FieldValue::text(before));
                view.set("reading.after", FieldValue::text(after));
            }
        }
        ReadingKind::TwoValues(relation) => view.set("reading.detail", FieldValue::text(relation_word(*relation))),
        _ => {}
    }
}

/// True if the entry point is a shell that takes the command as its script: `["/bin/sh", "-ec"]`.
fn is_script(service: &Node) -> bool {
    let words = Command::read(service, "command").ok().flatten().map(|command| command.words).unwrap_or_default();
    script_index(service, "command", &words) == Some(0)
}

fn kind(kind: &ReadingKind) -> &'static str {
    match kind {
        ReadingKind::PortStaysOpen { .. } => "port-stays-open",
        ReadingKind::CommandCut { .. } => "command-cut",
        ReadingKind::BlankWord { .. } => "blank-word",
        ReadingKind::DollarInWord { .. } => "dollar-in-word",
        ReadingKind::EmptyOverDefault => "empty-over-default",
        ReadingKind::RemovedByPassThrough => "removed-by-pass-through",
        ReadingKind::UnreadEnvFile { .. } => "unread-env-file",
        ReadingKind::BareKeyAtEnd => "bare-key-at-end",
        ReadingKind::CommentAsValue => "comment-as-value",
        ReadingKind::OtherReaders(_) => "other-readers",
        ReadingKind::NumberRewritten { .. } => "number-rewritten",
        ReadingKind::DuplicateKey => "duplicate-key",
        ReadingKind::TwoValues(_) => "two-values",
    }
}

fn unread_file(file: UnreadFile) -> &'static str {
    match file {
        UnreadFile::OfAService => "service",
        UnreadFile::OfAnotherFolder => "folder",
        UnreadFile::Other => "other",
    }
}

fn relation_word(relation: TwoValues) -> &'static str {
    match relation {
        TwoValues::Replaced => "replaced",
        TwoValues::InOneService => "one-service",
        TwoValues::ServerAndClient => "server-and-client",
        TwoValues::Apart => "apart",
    }
}

fn difference_word(difference: Difference) -> &'static str {
    match difference {
        Difference::Hash => "hash",
        Difference::Variable => "variable",
        Difference::Dollar => "dollar",
        Difference::Backtick => "backtick",
        Difference::Backslash => "backslash",
        Difference::Blank => "blank",
    }
}

/// Most names that a message lists.
const SHOWN: usize = 4;

/// "A, B and C", or "A, B, C and 2 more"
fn some_of(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [first @ .., last] if names.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        names => {
            let (shown, further) = names.split_at(names.len().min(SHOWN - 1));
            format!("{} and {} more", shown.join(", "), further.len())
        }
    }
}

/// True for names under which people keep passwords, also such that are numbers.
fn may_be_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = ["pass", "pwd", "secret", "token", "credential", "key", "auth", "pin", "code", "salt"];
    words.iter().any(|word| lower.contains(word))
}

fn spot(passage: Passage) -> Spot {
    Spot { source: passage.source, span: passage.span }
}

/// `.env:4`
fn place_name(context: &Context<'_, '_>, project: usize, passage: Passage) -> String {
    let source = context.workspace.sources.get(passage.source);
    let line = source.line_column(passage.span.start).line;
    let path = relative_to(&context.workspace.projects[project].folder, &source.path);
    format!("{path}:{line}")
}
