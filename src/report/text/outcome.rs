//! The end of the report: how much is wrong, what `--fix` did or would do, and what to run then.

use std::collections::BTreeSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::paint::Tone;
use super::super::view::{Applicability, FixView, RepairView, Severity};
use super::{Page, counted};

/// Writes the summary and everything after it.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    match &page.report.fix {
        Some(fix) => {
            done(page, fix, out)?;
            writeln!(out, "{}", summary(page))?;
        }
        None => {
            writeln!(out, "{}", summary(page))?;
            offer(page, out)?;
        }
    }
    for note in &page.report.notes {
        writeln!(out, "{}", page.painter.hang("note: ", Tone::Help, note))?;
    }
    Ok(())
}

/// Such as "2 errors, 1 warning in 2 projects (3 files), 1 suppressed."
fn summary(page: &Page<'_>) -> String {
    let report = page.report;
    let place = format!("in {} ({})", counted(report.projects.len(), "project"), counted(report.files, "file"));
    let (by_comments, known) = report.suppressed_counts();
    let mut suppressed = String::new();
    if by_comments > 0 {
        suppressed.push_str(&format!(", {by_comments} suppressed"));
    }
    if known > 0 {
        suppressed.push_str(&format!(", {known} in the baseline"));
    }
    let unreadable = match report.problems.len() {
        0 => String::new(),
        count => format!("; {} while reading", counted(count, "problem")),
    };
    let counts: Vec<(Severity, usize)> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (severity, report.findings.iter().filter(|finding| finding.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    if counts.is_empty() {
        let left = if report.fix.as_ref().is_some_and(|fix| !fix.applied.is_empty()) {
            "No leaks left"
        } else {
            "No leaks found"
        };
        return match report.problems.len() {
            0 => format!("{left} {place}{suppressed}."),
            count => format!("Not all could be read: {} {place}{suppressed}.", counted(count, "problem")),
        };
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(severity, count)| page.painter.paint(Tone::Severity(severity), &counted(count, severity.as_str())))
        .collect();
    let left = if report.fix.is_some() { " left" } else { "" };
    format!("{}{left} {place}{suppressed}{unreadable}.", parts.join(", "))
}

/// What `--fix` would do, what it would not, and with which option it would.
fn offer(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: BTreeSet<&str> = page.report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let of = |applicability, held_back: bool| -> Vec<&RepairView> {
        let repairs = page.report.repairs.iter();
        repairs.filter(|r| r.applicability == applicability && r.held_back.is_some() == held_back).collect()
    };
    let now = of(Applicability::Safe, false);
    let mut with_flag = of(Applicability::Unsafe, false);
    with_flag.extend(of(Applicability::Unsafe, true));
    let held_back = of(Applicability::Safe, true);
    let mut by_hand = of(Applicability::Manual, false);
    by_hand.extend(of(Applicability::Manual, true));

    let mut rows: Vec<(String, String)> = Vec::new();
    if !now.is_empty() {
        rows.push((format!("--fix would repair {} now:", now.len()), titles(page, &now)));
    }
    if !with_flag.is_empty() {
        let head = if now.is_empty() {
            format!("--fix --unsafe-fixes would repair {}:", with_flag.len())
        } else {
            format!("{} more with --unsafe-fixes:", with_flag.len())
        };
        rows.push((head, titles(page, &with_flag)));
    }
    if !held_back.is_empty() {
        rows.push((format!("{} held back:", held_back.len()), titles(page, &held_back)));
    }
    if !by_hand.is_empty() {
        rows.push((format!("{} to do by hand:", by_hand.len()), titles(page, &by_hand)));
    }
    // Commands are to be copied, so they are not wrapped.
    let mut commands: Vec<(&str, String)> =
        page.report.apply_with.iter().map(|command| ("after it:", command.clone())).collect();
    match rules.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [rule] => commands.push(("why:", format!("caulk explain {rule}"))),
        _ => commands.push(("why:", "caulk explain RULE".to_owned())),
    }
    let heads = rows.iter().map(|(head, _)| head.as_str()).chain(commands.iter().map(|(head, _)| *head));
    let columns = heads.map(UnicodeWidthStr::width).max().unwrap_or(0);
    for (head, text) in rows {
        writeln!(out, "{}", page.painter.hang(&format!("  {head:<columns$} "), Tone::Help, &text))?;
    }
    for (head, command) in commands {
        let fits = columns + 3 + command.width() <= page.painter.width();
        let columns = if fits { columns } else { 0 };
        let head = page.painter.paint(Tone::Help, &format!("{head:<columns$}"));
        writeln!(out, "  {head} {}", page.painter.paint(Tone::Plain, &command))?;
    }
    Ok(())
}

/// The titles of `repairs`, each with the reason why it is held back and the number of times that it stands there.
fn titles(page: &Page<'_>, repairs: &[&RepairView]) -> String {
    let mut titles: Vec<(String, usize)> = Vec::new();
    for repair in repairs {
        let title = match &repair.held_back {
            Some(reason) => format!("{} ({reason})", repair.title),
            None => repair.title.clone(),
        };
        match titles.iter_mut().find(|(other, _)| *other == title) {
            Some((_, count)) => *count += 1,
            None => titles.push((title, 1)),
        }
    }
    let titles =
        titles.into_iter().map(|(title, count)| if count == 1 { title } else { format!("{count} times {title}") });
    page.list(&titles.collect::<Vec<_>>())
}

/// What was repaired, held back and refused, and what to run.
fn done(page: &Page<'_>, fix: &FixView, out: &mut dyn Write) -> io::Result<()> {
    let repair = |id: &str| page.report.repairs.iter().find(|repair| repair.id == id);
    let title = |id: &str| repair(id).map_or_else(|| id.to_owned(), |repair| repair.title.clone());
    let files = |id: &str| {
        let edits = repair(id).map(|repair| repair.edits.as_slice()).unwrap_or_default();
        let files: BTreeSet<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
        if files.is_empty() {
            String::new()
        } else {
            format!(" ({})", files.into_iter().collect::<Vec<_>>().join(", "))
        }
    };
    let mut part = |heading: String, tone: Tone, items: Vec<String>| -> io::Result<()> {
        if !items.is_empty() {
            writeln!(out, "{}", page.painter.paint(tone, &heading))?;
        }
        items.iter().try_for_each(|item| writeln!(out, "{}", page.painter.hang("  - ", Tone::Dim, item)))
    };
    part(
        format!("Repaired {}:", fix.applied.len()),
        Tone::Added,
        fix.applied.iter().map(|id| format!("{}{}", title(id), files(id))).collect(),
    )?;
    part(
        format!("Held back {}:", fix.held_back.len()),
        Tone::Severity(Severity::Warning),
        fix.held_back
            .iter()
            .map(|held| {
                let flag = held.flag.as_ref().map_or(String::new(), |flag| format!(" ({flag} makes it)"));
                format!("{}: {}{flag}", title(&held.repair), held.reason)
            })
            .collect(),
    )?;
    part(
        format!("Refused {}:", fix.refused.len()),
        Tone::Severity(Severity::Warning),
        fix.refused.iter().map(|refused| format!("{}: {}", title(&refused.repair), refused.reason)).collect(),
    )?;
    if !fix.applied.is_empty() && !page.report.apply_with.is_empty() {
        writeln!(out, "{}", page.painter.paint(Tone::Help, "The containers have it once you run:"))?;
        for command in &page.report.apply_with {
            writeln!(out, "  {}", page.painter.paint(Tone::Plain, command))?;
        }
    }
    if fix.applied.is_empty() && fix.held_back.is_empty() && fix.refused.is_empty() {
        return Ok(());
    }
    writeln!(out)
}
