//! Commands that make one repair for which a person must give the word, where the option alone would make others, too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shell_words::quote;

use super::settings::{BaselineUse, Check, Input, SecretsPolicy};
use crate::config::Where;
use crate::report::view::{Applicability, MadeBy, RepairView, Report};

/// Notes for each repair that is held back the command that makes it and as few others as can be.
pub fn note(check: &Check, report: &mut Report) {
    let waiting = |repair: &&RepairView| repair.applicability == Applicability::Unsafe && !repair.held_back.is_empty();
    let waiting: Vec<String> = report.repairs.iter().filter(waiting).map(|repair| repair.id.clone()).collect();
    let made_by: Vec<_> = waiting.iter().map(|id| made_by(check, report, id, &waiting)).collect();
    for (id, made_by) in waiting.iter().zip(made_by) {
        if let Some(repair) = report.repairs.iter_mut().find(|repair| repair.id == *id) {
            repair.made_by = made_by;
        }
    }
}

fn made_by(check: &Check, report: &Report, id: &String, waiting: &[String]) -> Option<MadeBy> {
    let repair = report.repairs.iter().find(|repair| repair.id == *id)?;
    // In the order of the report: of a store and its healthcheck the store comes first, and its rule names what is at stake.
    let found = report.findings.iter().filter(|finding| finding.repairs.contains(id) && !finding.is_consequence);
    let mut rules = found.map(|finding| finding.rule.as_str());
    if let Some(folder) = &repair.whole_folder {
        // Where that is all that stands in the way, what is safe is enough.
        let rule = rules.next().filter(|_| repair.held_back.len() > 1);
        return Some(MadeBy { command: command(check, rule, &[PathBuf::from(folder)]), others: None });
    }
    let others = |rule: &str| {
        let of_rule = report.findings.iter().filter(|finding| finding.rule == rule);
        let repairs: BTreeSet<_> = of_rule.flat_map(|finding| &finding.repairs).collect();
        repairs.into_iter().filter(|other| *other != id && waiting.contains(other)).count()
    };
    let (others, rule) = rules.map(|rule| (others(rule), rule)).min_by_key(|(others, _)| *others)?;
    let Input::Paths(paths) = &check.input else { return None };
    let is_narrower = others + 1 < waiting.len();
    is_narrower.then(|| MadeBy { command: command(check, Some(rule), paths), others: Some(others) })
}

/// The call that repairs `paths`: all that is safe, or all of one rule.
fn command(check: &Check, rule: Option<&str>, paths: &[PathBuf]) -> String {
    let mut words = vec!["caulk".to_owned(), "fix".into()];
    if let Some(rule) = rule {
        words.extend(["--unsafe-fixes".to_owned(), "--select".into(), rule.to_owned()]);
    }
    let mut option = |name: &str, path: Option<&Path>| {
        words.push(name.to_owned());
        words.extend(path.map(|path| path.to_string_lossy().into_owned()));
    };
    check.rule_folders.iter().for_each(|folder| option("--rules", Some(folder)));
    match &check.config {
        Where::Search => {}
        Where::File(path) => option("--config", Some(path)),
        Where::Nowhere => option("--no-config", None),
    }
    match &check.baseline {
        BaselineUse::Configured | BaselineUse::Write(_) => {}
        BaselineUse::File(path) => option("--baseline", Some(path)),
        BaselineUse::Nothing => option("--no-baseline", None),
    }
    check.env_files.iter().for_each(|path| option("--env-file", Some(path)));
    if let Some(policy) = check.secrets {
        option("--secrets", None);
        option(
            match policy {
                SecretsPolicy::Generate => "generate",
                SecretsPolicy::Declare => "declare",
                SecretsPolicy::Never => "never",
            },
            None,
        );
    }
    if check.only_given {
        option("--only-given", None);
    }
    let paths: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    if paths.iter().any(|path| path.starts_with('-')) {
        words.push("--".to_owned());
    }
    // The current folder is what is looked at without any.
    words.extend(paths.into_iter().filter(|path| path != ".").map(String::from));
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}
