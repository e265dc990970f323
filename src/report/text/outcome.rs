//! The end of the report: how much is wrong, what `--fix` did or would do, and what to run then.

use std::collections::BTreeSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::closed;
use super::super::paint::Tone;
use super::super::view::{Applicability, RepairView, Report, Sentence, Severity};
use super::{NAMED, Page, counted, done, info};

/// What stands before a line that belongs to the one above it.
const INSET: &str = "  ";

/// Writes the summary and everything after it.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    match &page.report.fix {
        Some(fix) => {
            done::write(page, fix, out)?;
            writeln!(out, "{}", summary(page))?;
            info::in_passing(page, out)?;
        }
        None => {
            writeln!(out, "{}", summary(page))?;
            info::in_passing(page, out)?;
            offer(page, out)?;
        }
    }
    for check in &page.report.to_check {
        // With all names: once it is repaired, no other run tells them.
        writeln!(out, "{}", page.painter.hang("please check: ", Tone::Severity(Severity::Warning), &check.text))?;
    }
    for note in page.report.fix.iter().flat_map(|fix| closed::notes(&fix.closed)) {
        writeln!(out, "{}", page.painter.hang("note: ", Tone::Help, &note.text))?;
        // To be copied, so not wrapped.
        for (head, command) in note.commands() {
            writeln!(out, "      {head}\n        {}", page.painter.paint(Tone::Plain, command))?;
        }
    }
    for note in &page.report.notes {
        writeln!(out, "{}", page.painter.hang("note: ", Tone::Help, page.said(note)))?;
    }
    Ok(())
}

/// What a person is to look at although it is repaired, such as "; 21 services to check".
fn to_check(report: &Report) -> String {
    let services: BTreeSet<&String> = report.to_check.iter().flat_map(|check| &check.services).collect();
    match (services.len(), report.to_check.len()) {
        (0, 0) => String::new(),
        (0, _) => "; something to check".to_owned(),
        (count, _) => format!("; {} to check", counted(count, "service")),
    }
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
            0 => format!("{left} {place}{suppressed}{}.", to_check(report)),
            count => format!("Not all could be read: {} {place}{suppressed}.", counted(count, "problem")),
        };
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(severity, count)| page.painter.paint(Tone::Severity(severity), &counted(count, severity.as_str())))
        .collect();
    let left = if report.fix.is_some() { " left" } else { "" };
    format!("{}{left} {place}{suppressed}{unreadable}{}.", parts.join(", "), to_check(report))
}

/// What `--fix` would do, what it would not, and with which option it would.
fn offer(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let told = page.report.findings.iter().filter(|finding| !info::is_in_passing(page, finding));
    let rules: BTreeSet<&str> = told.map(|finding| finding.rule.as_str()).collect();
    let (in_passing, meant): (Vec<_>, Vec<_>) =
        page.report.repairs.iter().partition(|repair| info::is_repair_in_passing(page, &repair.id));
    let of = |applicability, held_back: bool| -> Vec<&RepairView> {
        let repairs = meant.iter().copied();
        repairs.filter(|r| r.applicability == applicability && r.held_back.is_empty() != held_back).collect()
    };
    let now = of(Applicability::Safe, false);
    let mut with_flag = of(Applicability::Unsafe, false);
    with_flag.extend(of(Applicability::Unsafe, true));
    let held_back = of(Applicability::Safe, true);
    let mut by_hand = of(Applicability::Manual, false);
    by_hand.extend(of(Applicability::Manual, true));

    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
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
        let mut lines = titles(page, &with_flag);
        if let Some(last) = lines.last_mut() {
            last.push_str(&others);
        }
        rows.push((head, lines));
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
    let by_profile = page.report.apply_with_profile.iter();
    let by_profile: Vec<_> =
        by_profile.map(|with| (format!("with profile {}:", with.profile), [with.command.clone()])).collect();
    let heads = rows.iter().map(|(head, _)| head.as_str()).chain(["after it:", "why:"]);
    let heads = heads.chain(by_profile.iter().map(|(head, _)| head.as_str()));
    let columns = heads.map(UnicodeWidthStr::width).max().unwrap_or(0);
    // Nobody is to make more than is meant.
    let made_by: BTreeSet<_> = with_flag.iter().map(|repair| repair.made_by.as_ref()).collect();
    let just = match made_by.first() {
        Some(Some(just)) if made_by.len() == 1 && just.others == Some(with_flag.len() - 1) => {
            vec![just.command.clone()]
        }
        _ => Vec::new(),
    };
    for (head, lines) in rows {
        for (number, line) in lines.iter().enumerate() {
            let head = if number == 0 { head.as_str() } else { "" };
            // A reason stands below its title.
            let inset = if line.starts_with(INSET) { INSET } else { "" };
            let text = line.trim_start();
            writeln!(out, "{}", page.painter.hang(&format!("  {head:<columns$} {inset}"), Tone::Help, text))?;
        }
    }
    commands(page, if just.len() == with_flag.len() { "just that:" } else { "just these:" }, columns, &just, out)?;
    commands(page, "after it:", columns, &page.report.apply_with, out)?;
    for (head, command) in &by_profile {
        commands(page, head, columns, command, out)?;
    }
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

/// The titles of `repairs`, each with the number of times that it stands there, and behind them the reasons why they are
/// held back: several of them one a line.
fn titles(page: &Page<'_>, repairs: &[&RepairView]) -> Vec<String> {
    let mut reasons: Vec<&[Sentence]> = Vec::new();
    for repair in repairs {
        if !reasons.contains(&repair.held_back.as_slice()) {
            reasons.push(&repair.held_back);
        }
    }
    let lines = reasons.into_iter().flat_map(|reason| {
        let titles = repairs.iter().filter(|repair| repair.held_back == reason).map(|repair| &repair.title);
        let titles = page.list(&with_counts(titles));
        match reason {
            [] => vec![titles],
            [reason] => vec![format!("{titles}: {}", page.said(reason))],
            reasons => {
                let reasons = reasons.iter().map(|reason| format!("{INSET}{}", page.said(reason)));
                std::iter::once(format!("{titles}:")).chain(reasons).collect()
            }
        }
    });
    lines.collect()
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
