//! Comments that silence findings: `# caulk: ignore[rule-a, rule-b] reason` and `# caulk: ignore-file[rule] reason`.
//!
//! A comment at the end of a line is for that line, a comment that stands alone for the line below it; where a key with a
//! block or an item of a list begins there, it is for all of that.

use std::sync::LazyLock;

use regex::Regex;

use super::finding::Finding;
use crate::model::Workspace;
use crate::source::{Source, SourceId};
use crate::syntax::env::EnvFile;
use crate::syntax::yaml::{Document, Kind, NodeId};
use crate::text::Span;

/// A comment that speaks to caulk.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The text.
    pub source: SourceId,
    /// The comment, from the `#` of `# caulk:` on.
    pub span: Span,
    /// The ids that it names, as written, with their places. Empty if it can't be understood.
    pub rules: Vec<Named>,
    /// What the author says; may be empty.
    pub reason: String,
    /// Where it works.
    scope: Scope,
}

/// A rule in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id, as written.
    pub id: String,
    /// Where.
    pub span: Span,
    /// True if the comment silenced a finding of it.
    pub is_used: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    File,
    Part(Span),
}

/// The comments of all Compose and env files that were read.
pub(super) fn read(workspace: &Workspace<'_>) -> Vec<Suppression> {
    let mut all = Vec::new();
    for (id, source) in workspace.sources.iter().filter(|(_, source)| source.text.contains("caulk")) {
        if let Some(document) = workspace.document(id) {
            let blocks = |line: Span| blocks(document, line);
            all.extend(document.comments.iter().filter_map(|comment| suppression(id, source, *comment, &blocks)));
        } else if let Some(file) = workspace.env_file(id) {
            let entries = |line: Span| entries(file, line);
            all.extend(file.comments.iter().filter_map(|comment| suppression(id, source, *comment, &entries)));
        }
    }
    // What is nearer comes first.
    all.sort_by_key(|suppression| suppression.scope == Scope::File);
    all
}

/// The first comment that silences `finding`. All that do are marked as used.
pub(super) fn silencer(all: &mut [Suppression], finding: &Finding) -> Option<usize> {
    let label = &finding.labels[0];
    let mut first = None;
    for (number, suppression) in all.iter_mut().enumerate() {
        let is_there = match suppression.scope {
            Scope::File => true,
            Scope::Part(part) => touches(part, label.span),
        };
        if suppression.source != label.source || !is_there {
            continue;
        }
        for named in suppression.rules.iter_mut().filter(|named| named.id == finding.rule) {
            named.is_used = true;
            first.get_or_insert(number);
        }
    }
    first
}

fn touches(part: Span, label: Span) -> bool {
    label.start < part.end && (part.start < label.end || part.start <= label.start)
}

fn suppression(
    source: SourceId,
    file: &Source,
    comment: Span,
    parts: &dyn Fn(Span) -> Option<Span>,
) -> Option<Suppression> {
    static START: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"#\s*caulk:").expect("the pattern is valid"));
    static ORDER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*ignore(-file)?\s*\[([^\]]*)\](.*)$").expect("the pattern is valid"));
    let written = comment.slice(&file.text);
    let start = START.find(written)?;
    let span = Span::new(comment.start + start.start(), comment.start + written.trim_end().len());
    let order = ORDER.captures(written.get(start.end()..)?);
    let offset = comment.start + start.end();
    let mut rules = Vec::new();
    let (mut reason, mut is_file) = (String::new(), false);
    if let Some(order) = order {
        let list = order.get(2)?;
        let mut at = offset + list.start();
        for part in list.as_str().split(',') {
            let id = part.trim();
            let start = at + (part.len() - part.trim_start().len());
            if !id.is_empty() {
                rules.push(Named { id: id.to_owned(), span: Span::new(start, start + id.len()), is_used: false });
            }
            at += part.len() + 1;
        }
        reason = order[3].trim_start_matches([' ', '\t', ':', '-', '–', '—']).trim().to_owned();
        is_file = order.get(1).is_some();
    }
    let scope = if is_file { Scope::File } else { Scope::Part(part(&file.text, comment, parts)) };
    Some(Suppression { source, span, rules, reason, scope })
}

/// What a comment is for: its line or the one below it, with what begins there.
fn part(text: &str, comment: Span, parts: &dyn Fn(Span) -> Option<Span>) -> Span {
    let mut line = line_at(text, comment.start);
    let before = Span::new(line.start, comment.start).slice(text);
    if before.trim_start_matches('\u{feff}').trim().is_empty() {
        // Several comments may stand one above the other.
        while line.slice(text).trim_start_matches('\u{feff}').trim_start().starts_with('#') {
            line = line_at(text, line.end);
        }
    }
    parts(line).map_or(line, |part| part.join(line))
}

/// The line that holds byte `offset`, its line break included.
fn line_at(text: &str, offset: usize) -> Span {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(offset..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| offset + at + 1);
    Span::new(start, end)
}

/// All that begins on `line`: the pair of a key, or an item of a list.
fn blocks(document: &Document, line: Span) -> Option<Span> {
    let begins = |id: NodeId| line.contains(Span::at(document.start(id))) && document.start(id) < line.end;
    let parts = document.ids().flat_map(|id| -> Vec<Span> {
        match &document.node(id).kind {
            Kind::Map(pairs) => {
                let begun = pairs.iter().filter(|pair| begins(pair.key));
                begun.map(|pair| document.node(pair.key).span.join(document.node(pair.value).span)).collect()
            }
            Kind::Seq(items) => {
                items.iter().filter(|item| begins(**item)).map(|item| document.node(*item).span).collect()
            }
            _ => Vec::new(),
        }
    });
    parts.reduce(Span::join)
}

fn entries(file: &EnvFile, line: Span) -> Option<Span> {
    let begun = file.entries.iter().filter(|entry| line.start <= entry.span.start && entry.span.start < line.end);
    begun.map(|entry| entry.span).reduce(Span::join)
}
