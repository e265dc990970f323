//! `caulk explain`, `caulk rules` and the rule folders of a run.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::settings::Format;
use super::{Error, Outcome};
use crate::config::{self, Where};
use crate::report::explain::{self, ExampleDoc, ExampleFile, RuleDoc};
use crate::report::rules::{RuleRow, render_json, render_text};
use crate::report::text::Look;
use crate::rule::{Rule, RuleSet};
use crate::source::{Disk, absolute};

/// The built-in rules, those of the folders, and those of the configuration that holds in the current one.
///
/// # Errors
/// [`Error::Load`] with every mistake of every file.
pub fn load(folders: &[PathBuf], current: &Path) -> Result<RuleSet, Error> {
    let folders: Vec<_> = folders.iter().map(|folder| absolute(current, folder)).collect();
    Ok(config::load(&Disk, &Where::Search, [current], &folders, current)?.rules)
}

/// Writes the documentation of a rule.
///
/// # Errors
/// [`Error`] if there is no such rule.
pub fn explain(id: &str, rules: &RuleSet, look: &Look, out: &mut dyn Write) -> Result<Outcome, Error> {
    let rule = rules.rule(id).ok_or_else(|| unknown(rules, id))?;
    explain::render(&document(rule), look, out)?;
    Ok(Outcome::Clean)
}

/// Writes a table of the rules.
///
/// # Errors
/// What `out` says.
pub fn list(rules: &RuleSet, format: Format, look: &Look, out: &mut dyn Write) -> Result<Outcome, Error> {
    let rows: Vec<_> = rules.rules.iter().map(row).collect();
    match format {
        Format::Text => render_text(&rows, look, out)?,
        Format::Json => render_json(&rows, out)?,
    }
    Ok(Outcome::Clean)
}

/// Runs the examples of the rules in a folder.
///
/// # Errors
/// [`Error`] if the folder can't be read or its rules have mistakes.
pub fn test(folder: &Path, current: &Path, out: &mut dyn Write) -> Result<Outcome, Error> {
    let built_in = RuleSet::built_in().rules.len();
    let rules = config::load(&Disk, &Where::Nowhere, [], &[absolute(current, folder)], current)?.rules;
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
