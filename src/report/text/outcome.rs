//! The end of the report: how much is wrong, what `--fix` did or would do, and what to run then.

use std::collections::BTreeSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::paint::Tone;
use super::super::view::{Applicability, FixView, RepairView, Severity};
use super::{NAMED, Page, counted, info};

/// Writes the summary and everything after it.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    match &page.report.fix {
        Some(fix) => {
            done(page, fix, out)?;
            writeln!(out, "{}", summary(page))?;
            info::in_passing(page, out)?;
        }
        None => {
            writeln!(out, "{}", summary(page))?;
            info::in_passing(page, out)?;
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
    let told = page.report.findings.iter().filter(|finding| !info::is_in_passing(page, finding));
    let rules: BTreeSet<&str> = told.map(|finding| finding.rule.as_str()).collect();
    let (in_passing, meant): (Vec<_>, Vec<_>) =
        page.report.repairs.iter().partition(|repair| info::is_repair_in_passing(page, &repair.id));
    let of = |applicability, held_back: bool| -> Vec<&RepairView> {
        let repairs = meant.iter().copied();
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
            format!("{} with --fix --unsafe-fixes:", with_flag.len())
        } else {
            format!("{} more with --unsafe-fixes:", with_flag.len())
        };
        // Nobody is to close a web site unawares.
        let others = in_passing.iter().filter(|repair| repair.applicability == Applicability::Unsafe).count();
        let others = match others {
            0 => String::new(),
            1 => "; the flag closes 1 port of another service, too".to_owned(),
            count => format!("; the flag closes {count} ports of other services, too"),
        };
        rows.push((head, format!("{}{others}", titles(page, &with_flag))));
    }
    if !held_back.is_empty() {
        rows.push((format!("{} held back:", held_back.len()), titles(page, &held_back)));
    }
    if !by_hand.is_empty() {
        rows.push((format!("{} to do by hand:", by_hand.len()), titles(page, &by_hand)));
    }
    let why = match rules.iter().collect::<Vec<_>>().as_slice() {
        [] => None,
        [rule] => Some(format!("caulk explain {rule}")),
        _ => Some("caulk explain RULE".to_owned()),
    };
    let heads = rows.iter().map(|(head, _)| head.as_str()).chain(["after it:", "why:"]);
    let columns = heads.map(UnicodeWidthStr::width).max().unwrap_or(0);
    for (head, text) in rows {
        writeln!(out, "{}", page.painter.hang(&format!("  {head:<columns$} "), Tone::Help, &text))?;
    }
    commands(page, "after it:", columns, &page.report.apply_with, out)?;
    commands(page, "why:", columns, why.as_slice(), out)
}

/// Commands after `head`. They are to be copied, so they are not wrapped, and stand below it if they do not all fit.
fn commands(page: &Page<'_>, head: &str, columns: usize, commands: &[String], out: &mut dyn Write) -> io::Result<()> {
    let shown = if page.options.verbose || commands.len() <= NAMED + 1 { commands.len() } else { NAMED };
    let fits = |command: &String| columns + 3 + command.width() <= page.painter.width();
    let is_beside = commands.iter().take(shown).all(fits);
    for (number, command) in commands.iter().take(shown).enumerate() {
        let command = page.painter.paint(Tone::Plain, command);
        let shown_head = if number == 0 { head } else { "" };
        match (is_beside, number) {
            (true, _) => {
                let head = page.painter.paint(Tone::Help, &format!("{shown_head:<columns$}"));
                writeln!(out, "  {head} {command}")?;
            }
            (false, 0) => writeln!(out, "  {}\n    {command}", page.painter.paint(Tone::Help, head))?,
            (false, _) => writeln!(out, "    {command}")?,
        }
    }
    let indent = if is_beside { columns + 3 } else { 4 };
    match commands.len() - shown {
        0 => Ok(()),
        more => writeln!(out, "{}and {more} more (--verbose names them)", " ".repeat(indent)),
    }
}

/// The titles of `repairs`, each with the number of times that it stands there, and behind them the reason why they are
/// held back.
fn titles(page: &Page<'_>, repairs: &[&RepairView]) -> String {
    let mut reasons: Vec<Option<&str>> = Vec::new();
    for reason in repairs.iter().map(|repair| repair.held_back.as_deref()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let parts = reasons.into_iter().map(|reason| {
        let titles = repairs.iter().filter(|repair| repair.held_back.as_deref() == reason).map(|repair| &repair.title);
        let titles = page.list(&with_counts(titles));
        reason.map_or_else(|| titles.clone(), |reason| format!("{titles}: {reason}"))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// Each title once, with the number of times that it is there.
fn with_counts<'a>(titles: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut counts: Vec<(&String, usize)> = Vec::new();
    for title in titles {
        match counts.iter_mut().find(|(other, _)| *other == title) {
            Some((_, count)) => *count += 1,
            None => counts.push((title, 1)),
        }
    }
    let counted = counts.into_iter().map(|(title, count)| match count {
        1 => title.clone(),
        count => format!("{count} times {title}"),
    });
    counted.collect()
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
    let held_back = fix.held_back.iter().filter(|held| !info::is_repair_in_passing(page, &held.repair)).count();
    part(
        format!("Repaired {}:", fix.applied.len()),
        Tone::Added,
        fix.applied.iter().map(|id| format!("{id}: {}{}", title(id), files(id))).collect(),
    )?;
    part(
        format!("Held back {held_back}:"),
        Tone::Severity(Severity::Warning),
        fix.held_back
            .iter()
            .filter(|held| !info::is_repair_in_passing(page, &held.repair))
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
    if fix.applied.is_empty() && held_back == 0 && fix.refused.is_empty() {
        return Ok(());
    }
    writeln!(out)
}
