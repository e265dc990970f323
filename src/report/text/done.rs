//! What a run with `--fix` did: repaired and how the containers get it, held back and refused with the reasons.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::paint::Tone;
use super::super::view::{FixView, MadeBy, RepairView, Severity};
use super::{Page, info};

/// Writes what was repaired, what to run for it, and what was held back and refused.
pub(super) fn write(page: &Page<'_>, fix: &FixView, out: &mut dyn Write) -> io::Result<()> {
    let held_back: Vec<_> =
        fix.held_back.iter().filter(|held| !info::is_repair_in_passing(page, &held.repair)).collect();
    if fix.applied.is_empty() && held_back.is_empty() && fix.refused.is_empty() {
        return Ok(());
    }
    let repaired = fix.applied.iter().map(|id| Item::new(page, id, &format!("{id}: "), &files(page, id)));
    part(page, "Repaired", Tone::Added, repaired.collect(), out)?;
    if !fix.applied.is_empty() && !page.report.apply_with.is_empty() {
        // A file with several overlays is in several projects, of which hardly all run.
        let head = match page.report.apply_with.len() {
            1 => "The containers have it once you run:",
            _ => "The containers have it once you run, of these, what you use:",
        };
        writeln!(out, "{}", page.painter.paint(Tone::Help, head))?;
        for command in &page.report.apply_with {
            writeln!(out, "  {}", page.painter.paint(Tone::Plain, command))?;
        }
    }
    for with in page.report.apply_with_profile.iter().filter(|_| !fix.applied.is_empty()) {
        let head = format!("Where the profile {} is on:", with.profile);
        writeln!(out, "{}", page.painter.paint(Tone::Help, &head))?;
        writeln!(out, "  {}", page.painter.paint(Tone::Plain, &with.command))?;
    }
    let held_back = held_back.into_iter().map(|held| Item {
        reasons: held.reason.iter().map(|reason| page.said(reason).to_owned()).collect(),
        flag: held.flag.clone(),
        ..Item::new(page, &held.repair, "", "")
    });
    part(page, "Held back", Tone::Severity(Severity::Warning), held_back.collect(), out)?;
    let refused = fix
        .refused
        .iter()
        .map(|refused| Item { reasons: vec![refused.reason.clone()], ..Item::new(page, &refused.repair, "", "") });
    part(page, "Refused", Tone::Severity(Severity::Warning), refused.collect(), out)?;
    writeln!(out)
}

fn part(page: &Page<'_>, heading: &str, tone: Tone, items: Vec<Item>, out: &mut dyn Write) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", page.painter.paint(tone, &format!("{heading} {}:", items.len())))?;
    let items = united(items);
    let commands: Vec<_> = items.iter().map(|item| item.made_by.as_ref().map(|made_by| &made_by.command)).collect();
    let mut first = 0;
    for (number, item) in items.iter().enumerate() {
        item.write(page, out)?;
        // One command for several that stand together.
        if commands.get(number + 1).is_none_or(|next| *next != commands[number]) {
            item.write_command(page, number + 1 - first, out)?;
            first = number + 1;
        }
    }
    Ok(())
}

/// A repair, and why it was not made.
struct Item {
    title: String,
    reasons: Vec<String>,
    flag: Option<String>,
    made_by: Option<MadeBy>,
    /// The projects for which it would be the same.
    projects: BTreeSet<String>,
    /// How often it is there.
    count: usize,
}

impl Item {
    fn new(page: &Page<'_>, id: &str, before: &str, after: &str) -> Self {
        let repair = find(page, id);
        let title = repair.map_or(id, |repair| repair.title.as_str());
        Self {
            title: format!("{before}{title}{after}"),
            reasons: Vec::new(),
            flag: None,
            made_by: repair.and_then(|repair| repair.made_by.clone()),
            projects: repair.map(|repair| repair.project.clone()).into_iter().collect(),
            count: 1,
        }
    }

    fn write(&self, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
        let count = match (self.count, self.projects.len()) {
            (1, _) => String::new(),
            (count, projects) if count == projects => format!(" ({count} projects)"),
            (count, _) => format!(" ({count} times)"),
        };
        let title = format!("{}{count}", self.title);
        let flag = self.flag.as_ref().filter(|_| self.made_by.is_none()).map(|flag| format!("{flag} makes it"));
        match self.reasons.as_slice() {
            [] => self.line(page, &title, out),
            [reason] => {
                let flag = flag.map(|flag| format!(" ({flag})")).unwrap_or_default();
                self.line(page, &format!("{title}: {reason}{flag}"), out)
            }
            reasons => {
                self.line(page, &format!("{title}:"), out)?;
                let lines = reasons.iter().chain(&flag);
                lines
                    .map(|line| page.painter.hang("      ", Tone::Plain, line))
                    .try_for_each(|line| writeln!(out, "{line}"))
            }
        }
    }

    /// The command that makes it and those before it, `count` in all.
    fn write_command(&self, page: &Page<'_>, count: usize, out: &mut dyn Write) -> io::Result<()> {
        self.made_by.as_ref().map_or(Ok(()), |made_by| {
            let these = if count == 1 { "this".to_owned() } else { format!("these {count}") };
            let what = match made_by.others.map(|others| (others + 1).saturating_sub(count)) {
                None => format!("{these} with what depends on it"),
                Some(0) => format!("just {these}"),
                Some(others) => format!("{these} and {others} more"),
            };
            // To be copied, so not wrapped.
            let command = page.painter.paint(Tone::Plain, &made_by.command);
            writeln!(out, "      {}\n        {command}", page.painter.paint(Tone::Help, &format!("to make {what}:")))
        })
    }

    fn line(&self, page: &Page<'_>, text: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", page.painter.hang("  - ", Tone::Dim, text))
    }
}

/// Each line once: two projects may have the same to tell.
fn united(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for item in items {
        let same = |other: &&mut Item| {
            (&other.title, &other.reasons, &other.flag, &other.made_by)
                == (&item.title, &item.reasons, &item.flag, &item.made_by)
        };
        match all.iter_mut().find(same) {
            Some(other) => {
                other.projects.extend(item.projects);
                other.count += 1;
            }
            None => all.push(item),
        }
    }
    all
}

fn find<'a>(page: &Page<'a>, id: &str) -> Option<&'a RepairView> {
    page.report.repairs.iter().find(|repair| repair.id == id)
}

/// The files that a repair has changed.
fn files(page: &Page<'_>, id: &str) -> String {
    let edits = find(page, id).map(|repair| repair.edits.as_slice()).unwrap_or_default();
    let files: BTreeSet<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
    if files.is_empty() { String::new() } else { format!(" ({})", files.into_iter().collect::<Vec<_>>().join(", ")) }
}
