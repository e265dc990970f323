//! Patches: unified diffs that `git apply` accepts.

use std::io::{self, Write};
use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use super::mask::looks_secret;
use super::paint::{Look, Painter, Tone};

/// A file before and after.
#[derive(Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Path relative to the top of the repository or, without one, to the current folder, with `/`.
    pub path: String,
    /// The text as it is; `None` if the file does not exist.
    pub before: Option<String>,
    /// The text as it is to be.
    pub after: String,
    /// Texts that must not be shown: passwords, old and new. What looks like one is not shown anyway.
    pub secrets: Vec<String>,
}

/// Says nothing of the texts, which hold secrets.
impl std::fmt::Debug for FileDiff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileDiff")
            .field("path", &self.path)
            .field("is_new", &self.before.is_none())
            .finish_non_exhaustive()
    }
}

/// How to write a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffOptions {
    /// Whether hunks with secrets are part of the patch.
    pub show_secrets: bool,
    /// For whom it is.
    pub target: DiffTarget,
}

/// For whom a patch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffTarget {
    /// A program: byte for byte.
    Patch,
    /// A person at a terminal: control characters made visible, colours if the look has them.
    Terminal(Look),
}

/// Writes one patch for all `files`, and returns what a person must know of it, one note a file: which files miss
/// hunks because they would show a secret. A file without changes is left out.
///
/// # Errors
/// What `out` says.
pub fn render(files: &[FileDiff], options: &DiffOptions, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    for file in files {
        let hunks = hunks(file.before.as_deref().unwrap_or(""), &file.after);
        let all = hunks.len();
        let shown: Vec<Hunk<'_>> = match options.show_secrets {
            true => hunks,
            false => hunks.into_iter().filter_map(|hunk| hunk.without(&file.secrets)).collect(),
        };
        if shown.len() < all {
            let parts = if all - shown.len() == 1 { "1 part" } else { &format!("{} parts", all - shown.len()) };
            let path = &file.path;
            notes.push(format!("the patch is incomplete: {parts} of {path} would show a secret (--show-secrets)"));
        }
        let is_empty_file = file.before.is_none() && file.after.is_empty();
        if !shown.is_empty() || is_empty_file {
            let text = patch(file, &shown);
            match options.target {
                DiffTarget::Patch => out.write_all(text.as_bytes())?,
                DiffTarget::Terminal(look) => out.write_all(for_terminal(&text, look).as_bytes())?,
            }
        }
    }
    Ok(notes)
}

/// Changed lines with three lines around them.
pub(super) struct Hunk<'a> {
    before: Range<usize>,
    after: Range<usize>,
    lines: Vec<(ChangeTag, &'a str)>,
}

impl Hunk<'_> {
    /// The lines, each with its line break.
    pub fn lines(&self) -> impl Iterator<Item = (ChangeTag, &str)> {
        self.lines.iter().copied()
    }

    /// The hunk without the lines around the changes that show one of `secrets`, or what looks like one; `None` if it
    /// can't do without them.
    fn without(mut self, secrets: &[String]) -> Option<Self> {
        let secrets: Vec<&str> =
            secrets.iter().flat_map(|secret| secret.lines()).filter(|part| !part.trim().is_empty()).collect();
        let shows_one =
            |(_, line): &(ChangeTag, &str)| looks_secret(line) || secrets.iter().any(|secret| line.contains(secret));
        let is_change = |(tag, _): &(ChangeTag, &str)| *tag != ChangeTag::Equal;
        let last_change = self.lines.iter().rposition(is_change)?;
        let after = self.lines.split_off(last_change + 1);
        let kept_after = after.iter().position(shows_one).unwrap_or(after.len());
        if kept_after == 0 && !after.is_empty() {
            // Without a line after the changes, `git apply` would look for them at the end of the file.
            return None;
        }
        let first_change = self.lines.iter().position(is_change)?;
        let from = self.lines.iter().take(first_change).rposition(shows_one).map_or(0, |line| line + 1);
        self.lines.drain(..from);
        if self.lines.iter().any(shows_one) {
            return None;
        }
        let dropped_after = after.len() - kept_after;
        self.lines.extend(after.into_iter().take(kept_after));
        let shrink = |range: Range<usize>| range.start + from..range.end - dropped_after;
        (self.before, self.after) = (shrink(self.before.clone()), shrink(self.after.clone()));
        Some(self)
    }
}

/// The hunks that turn `before` into `after`. Lines end at `\n` alone, as in git; a carriage return is part of its line.
pub(super) fn hunks<'a>(before: &'a str, after: &'a str) -> Vec<Hunk<'a>> {
    let before: Vec<&str> = before.split_inclusive('\n').collect();
    let after: Vec<&str> = after.split_inclusive('\n').collect();
    let diff = TextDiff::from_slices(&before, &after);
    let changes = |ops: &[similar::DiffOp]| -> Vec<(ChangeTag, &'a str)> {
        let changes = ops.iter().flat_map(|op| diff.iter_changes(op));
        changes
            .filter_map(|change| {
                let old = change.old_index().and_then(|line| before.get(line));
                let line = old.or_else(|| change.new_index().and_then(|line| after.get(line)))?;
                Some((change.tag(), *line))
            })
            .collect()
    };
    let groups = diff.grouped_ops(3).into_iter().filter(|ops| !ops.is_empty());
    groups
        .map(|ops: Vec<similar::DiffOp>| {
            let range = |ranges: Vec<Range<usize>>| {
                let start = ranges.first().map_or(0, |range| range.start);
                start..ranges.last().map_or(start, |range| range.end)
            };
            Hunk {
                before: range(ops.iter().map(similar::DiffOp::old_range).collect()),
                after: range(ops.iter().map(similar::DiffOp::new_range).collect()),
                lines: changes(&ops),
            }
        })
        .collect()
}

fn patch(file: &FileDiff, hunks: &[Hunk<'_>]) -> String {
    let (old, new) = (quoted(&format!("a/{}", file.path)), quoted(&format!("b/{}", file.path)));
    let mut text = format!("diff --git {old} {new}\n");
    if file.before.is_none() {
        text.push_str("new file mode 100644\n");
    }
    if hunks.is_empty() {
        return text;
    }
    // A name with a blank ends with a tab, or `git apply` would take the rest of it for a date.
    let end = |name: &str| if name.contains(' ') && !name.starts_with('"') { "\t" } else { "" };
    match file.before {
        Some(_) => text.push_str(&format!("--- {old}{}\n", end(&old))),
        None => text.push_str("--- /dev/null\n"),
    }
    text.push_str(&format!("+++ {new}{}\n", end(&new)));
    // Where a hunk starts in the new text depends on the hunks before it that are there: some may be left out.
    let mut added: isize = 0;
    for hunk in hunks {
        let start = hunk.before.start.saturating_add_signed(added);
        let after = start..start + hunk.after.len();
        added += hunk.after.len().cast_signed() - hunk.before.len().cast_signed();
        text.push_str(&format!("@@ -{} +{} @@\n", counted(&hunk.before), counted(&after)));
        for (tag, line) in hunk.lines() {
            text.push_str(&format!("{tag}{line}"));
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// A range of lines as hunk headers have it: an empty one names the line before it.
fn counted(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        len => format!("{},{len}", range.start + 1),
    }
}

/// `name` as git writes it: quoted as in C if it holds quotes, backslashes or control characters.
fn quoted(name: &str) -> String {
    if !name.contains(|c: char| c == '"' || c == '\\' || c.is_ascii_control()) {
        return name.to_owned();
    }
    let mut text = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_ascii_control() => text.push_str(&format!("\\{:03o}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

fn for_terminal(patch: &str, look: Look) -> String {
    let painter = Painter::new(look);
    let mut text = String::with_capacity(patch.len());
    let mut in_hunk = false;
    for line in patch.lines() {
        in_hunk = line.starts_with("@@") || in_hunk && !line.starts_with("diff ");
        let tone = match line.chars().next() {
            _ if line.starts_with("@@") => Tone::Help,
            _ if !in_hunk => Tone::Strong,
            Some('+') => Tone::Added,
            Some('-') => Tone::Removed,
            _ => Tone::Plain,
        };
        text.push_str(&painter.paint(tone, line));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
