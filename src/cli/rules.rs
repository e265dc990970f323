//! `caulk explain`, `caulk rules` and the rule folders of a run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::settings::RulesFormat;
use super::{Error, Outcome};
use crate::report::explain::{self, ExampleDoc, ExampleFile, RuleDoc};
use crate::report::rules::{RuleRow, render_json, render_text};
use crate::report::rules_page;
use crate::report::text::Look;
use crate::rule::{FileProblem, Rule, RuleSet};
use crate::source::{Disk, FileKind, Files, decode};
use crate::text::LineIndex;

/// The built-in rules and those of the folders.
///
/// # Errors
/// [`Error::Rules`] with every mistake of every file, [`Error::Input`] for a folder that is none.
pub fn load(folders: &[PathBuf]) -> Result<RuleSet, Error> {
    let mut rules = RuleSet::built_in().clone();
    let mut texts = Vec::new();
    for folder in folders {
        texts.extend(texts_below(folder)?);
    }
    let problems = rules.load(texts.iter().map(|(path, text)| (path.as_str(), text.clone())));
    if problems.is_empty() { Ok(rules) } else { Err(Error::Rules(problems.iter().map(describe).collect())) }
}

/// Writes the documentation of a rule.
///
/// # Errors
/// [`Error`] if there is no such rule.
pub fn explain(id: &str, folders: &[PathBuf], look: &Look, out: &mut dyn Write) -> Result<Outcome, Error> {
    let rules = load(folders)?;
    let rule = rules.rule(id).ok_or_else(|| unknown(&rules, id))?;
    explain::render(&document(rule), look, out)?;
    Ok(Outcome::Clean)
}

/// Writes the rules as a table, as JSON or as a page.
///
/// # Errors
/// [`Error`] if a folder can't be read.
pub fn list(folders: &[PathBuf], format: RulesFormat, look: &Look, out: &mut dyn Write) -> Result<Outcome, Error> {
    let rules = load(folders)?;
    let rows = || rules.rules.iter().map(row).collect::<Vec<_>>();
    match format {
        RulesFormat::Text => render_text(&rows(), look, out)?,
        RulesFormat::Json => render_json(&rows(), out)?,
        RulesFormat::Markdown => rules_page::render(&rules.rules.iter().map(document).collect::<Vec<_>>(), out)?,
    }
    Ok(Outcome::Clean)
}

/// Runs the examples of the rules in a folder.
///
/// # Errors
/// [`Error`] if the folder can't be read or its rules have mistakes.
pub fn test(folder: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    let built_in = RuleSet::built_in().rules.len();
    let rules = load(&[folder.to_owned()])?;
    let mut failures = 0;
    let mut count = 0;
    for rule in &rules.rules[built_in..] {
        for failure in crate::fix::trial::failures(&rules, rule) {
            writeln!(out, "{}: {failure}", rule.id)?;
            failures += 1;
        }
        count += rule.examples.len();
    }
    writeln!(out, "{count} examples, {failures} failures")?;
    Ok(if failures == 0 { Outcome::Clean } else { Outcome::Findings })
}

/// The error for a rule that does not exist, with the nearest one that does.
pub fn unknown(rules: &RuleSet, id: &str) -> Error {
    let nearest = rules.nearest_rule(id).map(|nearest| format!(": did you mean `{nearest}`?")).unwrap_or_default();
    Error::Other(format!("there is no rule `{id}`{nearest} (`caulk rules` lists them)"))
}

fn texts_below(folder: &Path) -> Result<Vec<(String, Arc<str>)>, Error> {
    let failed = |what: String| Error::Input(vec![(folder.display().to_string(), what)]);
    if Disk.kind(folder) != FileKind::Directory {
        return Err(failed("this is no folder with rules".to_owned()));
    }
    let mut texts = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for path in Disk.list(&folder) {
            match Disk.kind(&path) {
                FileKind::Directory if depth < 5 => folders.push((path, depth + 1)),
                FileKind::File
                    if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") =>
                {
                    let text =
                        Disk.read(&path).and_then(|bytes| decode(&bytes)).map_err(|error| failed(error.to_string()))?;
                    texts.push((path.display().to_string(), text));
                }
                _ => {}
            }
        }
    }
    texts.sort();
    Ok(texts)
}

fn describe(problem: &FileProblem) -> String {
    let place = LineIndex::new(&problem.text).line_column(&problem.text, problem.problem.span.start);
    let line = problem.text.lines().nth(place.line - 1).unwrap_or_default();
    let width = problem.problem.span.slice(&problem.text).lines().next().unwrap_or_default().chars().count().max(1);
    let help = problem.problem.help.as_ref().map(|help| format!("\n   = {help}")).unwrap_or_default();
    format!(
        "{}:{}:{}: {}\n   | {line}\n   | {}{}{help}",
        problem.path,
        place.line,
        place.column,
        problem.problem.message,
        " ".repeat(place.column - 1),
        "^".repeat(width),
    )
}

fn row(rule: &Rule) -> RuleRow {
    let explanation = rule.explain();
    RuleRow {
        id: rule.id.clone(),
        severity: super::view::severity(rule.worst_severity()),
        tier: super::view::tier(rule.tier),
        fixable: !explanation.repairs.is_empty(),
        summary: explanation.summary,
    }
}

fn document(rule: &Rule) -> RuleDoc {
    let explanation = rule.explain();
    let sample = explanation.sample.map(|sample| {
        let after = sample.after.unwrap_or_default();
        let mut files: Vec<_> = sample
            .before
            .iter()
            .map(|(path, before)| ExampleFile {
                path: path.clone(),
                before: before.clone(),
                after: after.get(path).cloned(),
            })
            .collect();
        let created = after.iter().filter(|(path, _)| !sample.before.contains_key(*path));
        files.extend(created.map(|(path, text)| ExampleFile {
            path: path.clone(),
            before: String::new(),
            after: Some(text.clone()),
        }));
        ExampleDoc { title: sample.name, files }
    });
    RuleDoc {
        id: explanation.id,
        summary: explanation.summary,
        severity: super::view::severity(rule.worst_severity()),
        tier: super::view::tier(rule.tier),
        why: explanation.why,
        fix: (!explanation.repairs.is_empty()).then(|| explanation.repairs.join("\n")),
        examples: sample.into_iter().collect(),
        links: explanation.links,
    }
}
