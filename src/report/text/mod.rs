//! The report for a person: files, what is wrong in them, and what to do.

mod done;
mod group;
mod info;
mod outcome;
mod statistics;

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use self::group::Group;
use super::paint::{Painter, Tone};
use super::snippet::{Frame, Mark, snippet};
use super::view::{FindingView, ProblemView, RangeView, Report, Sentence, Severity};
use super::visible::without_commands;

pub use super::paint::Look;

/// How many places or titles of a kind are named before "and more".
const NAMED: usize = 6;

/// How to write a report as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Width, colours and characters.
    pub look: Look,
    /// Only what is wrong: no summary, nothing of severity info, nothing at all for a clean project.
    pub quiet: bool,
    /// Everything: which files make a project and why, no list cut short.
    pub verbose: bool,
    /// Counts for each rule in the place of the findings.
    pub statistics: bool,
    /// Whether passwords in the lines shown are readable.
    pub show_secrets: bool,
}

/// Writes `report` as text.
///
/// # Errors
/// What `out` says.
pub fn render(report: &Report, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    Page::new(report, options).write(&mut page)?;
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    out.write_all(without_commands(&page).as_bytes())
}

/// A report about to be written.
struct Page<'a> {
    report: &'a Report,
    options: &'a TextOptions,
    painter: Painter,
    frame: Frame,
}

impl<'a> Page<'a> {
    /// A sentence with as many names as are wanted.
    fn said<'s>(&self, sentence: &'s Sentence) -> &'s str {
        if self.options.verbose { &sentence.text } else { &sentence.short }
    }

    fn new(report: &'a Report, options: &'a TextOptions) -> Self {
        let lines = report.findings.iter().flat_map(|finding| {
            std::iter::once(finding.range.start.line).chain(finding.labels.iter().map(|label| label.range.start.line))
        });
        let problem_lines = report.problems.iter().filter_map(|problem| Some(problem.range?.start.line));
        let last = lines.chain(problem_lines).max().unwrap_or(1);
        let frame = Frame { digits: last.to_string().len().max(3), show_secrets: options.show_secrets };
        Self { report, options, painter: Painter::new(options.look), frame }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.options.verbose {
            self.projects(out)?;
        }
        if self.options.statistics {
            statistics::write(self, out)?;
        } else {
            self.files(out)?;
            if !self.options.quiet {
                info::write(self, out)?;
            }
        }
        if self.options.quiet { Ok(()) } else { outcome::write(self, out) }
    }

    fn projects(&self, out: &mut dyn Write) -> io::Result<()> {
        for project in &self.report.projects {
            let files = project.files.join(", ");
            writeln!(out, "{}", self.painter.hang("project: ", Tone::Dim, &format!("{files} ({})", project.reason)))?;
        }
        if self.report.projects.is_empty() { Ok(()) } else { writeln!(out) }
    }

    /// Everything but infos, file by file.
    fn files(&self, out: &mut dyn Write) -> io::Result<()> {
        let groups = group::groups(&self.report.findings);
        let mut paths: Vec<&str> = Vec::new();
        let problem_paths = self.report.problems.iter().map(|problem| problem.path.as_str());
        for path in problem_paths.chain(groups.iter().map(|group| group.path)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        for path in paths {
            writeln!(out, "{}", self.painter.paint(Tone::Strong, path))?;
            for problems in self.problems_of(path) {
                self.problem(&problems, out)?;
            }
            for group in groups.iter().filter(|group| group.path == path) {
                self.group(group, out)?;
            }
        }
        Ok(())
    }

    /// The problems of a file, those that say the same together.
    fn problems_of(&self, path: &str) -> Vec<Vec<&ProblemView>> {
        let mut told: Vec<Vec<&ProblemView>> = Vec::new();
        for problem in self.report.problems.iter().filter(|problem| problem.path == path) {
            let says_the_same = |others: &&mut Vec<&ProblemView>| {
                others
                    .first()
                    .is_some_and(|other| other.message == problem.message && other.severity == problem.severity)
            };
            match told.iter_mut().find(says_the_same) {
                Some(others) => others.push(problem),
                None => told.push(vec![problem]),
            }
        }
        told
    }

    /// Problems of one file that say the same.
    fn problem(&self, problems: &[&ProblemView], out: &mut dyn Write) -> io::Result<()> {
        let Some(first) = problems.first() else { return Ok(()) };
        self.headline(first.severity, &first.message, "", out)?;
        let file = self.report.texts.get(&first.path);
        let ranges: Vec<_> = problems.iter().filter_map(|problem| problem.range).collect();
        let shown = if self.options.verbose || ranges.len() <= NAMED + 1 { ranges.len() } else { NAMED };
        let tone = Tone::Severity(first.severity);
        match file {
            Some(file) => {
                let mark = |range: &RangeView| Mark { range: *range, message: String::new(), tone };
                let marks: Vec<_> = ranges[..shown].iter().map(mark).collect();
                write!(out, "{}", snippet(&self.painter, self.frame, file, &marks, &[]))?;
            }
            None => ranges[..shown]
                .iter()
                .try_for_each(|range| self.place_without_text(&first.path, range.start.line, "", out))?,
        }
        if shown < ranges.len() {
            let more = format!("{} more of these (--verbose shows them)", ranges.len() - shown);
            writeln!(out, "{}", self.painter.hang("    and ", Tone::Plain, &more))?;
        }
        writeln!(out)
    }

    fn group(&self, group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
        for finding in &group.findings {
            self.headline(finding.severity, &finding.message, &finding.rule, out)?;
        }
        for (path, marks) in group.marks() {
            let Some(file) = self.report.texts.get(path) else {
                for mark in &marks {
                    self.place_without_text(path, mark.range.start.line, &mark.message, out)?;
                }
                continue;
            };
            let context = if path == group.path {
                group.heading_line(file)
            } else {
                let characters = self.painter.characters();
                let corner =
                    format!("  {:>digits$} {}{} ", "", characters.ltop, characters.hbar, digits = self.frame.digits);
                writeln!(out, "{}{}", self.painter.paint(Tone::Dim, &corner), self.painter.paint(Tone::Dim, path))?;
                None
            };
            let context: Vec<usize> = context.into_iter().collect();
            write!(out, "{}", snippet(&self.painter, self.frame, file, &marks, &context))?;
        }
        let most = if self.options.verbose { usize::MAX } else { crate::text::NAMED };
        let clients = group.clients(most);
        if !clients.is_empty() {
            self.remark("clients: ", &self.list(&clients), out)?;
        }
        for (head, text) in group.remarks() {
            self.remark(head, &text, out)?;
        }
        if !group.also.is_empty() {
            let places = group.also.iter().map(|finding| format!("{}:{}", finding.path, finding.range.start.line));
            self.remark("also in: ", &self.list(&places.collect::<Vec<_>>()), out)?;
        }
        writeln!(out)
    }

    fn remark(&self, head: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        for (number, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            let head = if number == 0 { head.to_owned() } else { " ".repeat(head.len()) };
            writeln!(out, "{}", self.painter.hang(&format!("    {head}"), Tone::Help, line))?;
        }
        Ok(())
    }

    fn place_without_text(&self, path: &str, line: usize, message: &str, out: &mut dyn Write) -> io::Result<()> {
        let colon = if message.is_empty() { "" } else { ": " };
        writeln!(out, "{}", self.painter.hang("    at ", Tone::Dim, &format!("{path}:{line}{colon}{message}")))
    }

    /// Severity, message and, at the right of its last line, the rule.
    fn headline(&self, severity: Severity, message: &str, rule: &str, out: &mut dyn Write) -> io::Result<()> {
        const INDENT: usize = 11;
        const LEAST: usize = 30;
        let right = self.painter.width();
        let beside = right.saturating_sub(INDENT + 2 + rule.width());
        let mut lines = self.painter.wrap(message, right - INDENT);
        let is_room = |lines: &[String]| lines.last().is_none_or(|last| last.width() <= beside);
        if !is_room(&lines) && beside >= LEAST {
            lines = self.painter.wrap(message, beside);
        }
        let word = format!("{:<7}", severity.as_str());
        let mut head = format!("  {}  ", self.painter.paint(Tone::Severity(severity), &word));
        let is_beside = is_room(&lines);
        for (number, line) in lines.iter().enumerate() {
            write!(out, "{head}{}", self.painter.paint(Tone::Strong, line))?;
            head = " ".repeat(INDENT);
            if number + 1 == lines.len() && !rule.is_empty() {
                let gap = if is_beside {
                    " ".repeat(right.saturating_sub(INDENT + line.width() + rule.width()))
                } else {
                    format!("\n{}", " ".repeat(right.saturating_sub(rule.width())))
                };
                write!(out, "{gap}{}", self.rule(rule))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// The id of a rule, which leads to its page where the terminal can go there.
    fn rule(&self, id: &str) -> String {
        let url = self.report.rules.get(id).and_then(|rule| rule.url.as_deref());
        self.painter.link(url, &self.painter.paint(Tone::Dim, id))
    }

    /// `items` in one line, cut short unless everything is wanted.
    fn list(&self, items: &[String]) -> String {
        let named = if self.options.verbose { items.len() } else { NAMED };
        // One more costs no more room than the words that say so.
        if items.len() <= named + 1 {
            return items.join(", ");
        }
        format!("{} and {} more", items[..named].join(", "), items.len() - named)
    }
}

/// `count` things: "1 error", "2 errors".
fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The findings that are shown with their lines.
fn is_shown(finding: &FindingView) -> bool {
    finding.severity != Severity::Info
}

#[cfg(test)]
mod tests;
