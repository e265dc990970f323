//! Runs the examples of rules: a bad one must be found, and repaired to what the example says; a good one must pass.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::bench::SecretsPolicy;
use super::plan::plan;
use super::secret::Secrets;
use super::settings::{AT_ONCE, Settings};
use super::state::State;
use crate::lens::value::Secret;
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::projects_of;
use crate::rule::{Example, Expectation, Rule, RuleSet, Variant, ViewKind};
use crate::source::git::GitStatus;
use crate::source::{NoFiles, Overlay, is_compose_name};
use crate::topology::Surroundings;

/// The password that repairs make in examples.
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What goes wrong in the examples of a rule, one sentence each.
pub fn failures(rules: &RuleSet, rule: &Rule) -> Vec<String> {
    let variants = |example: &Example| Variant::ALL.map(|variant| (variant, example.variant(variant)));
    let tried = rule.examples.iter().flat_map(variants);
    tried
        .filter_map(|(variant, example)| {
            Some(format!("{} ({variant:?}): {}", example.name, failure(rules, rule, &example)?))
        })
        .collect()
}

fn failure(rules: &RuleSet, rule: &Rule, example: &Example) -> Option<String> {
    let folder = Path::new("/example");
    let mut files = Overlay::new(&NoFiles);
    for (path, text) in &example.files {
        files.set(folder.join(path), text.as_bytes());
    }
    let compose: Vec<_> =
        example.files.keys().filter(|path| is_compose_name(path)).map(|path| folder.join(path)).collect();
    let sets = projects_of(&files, &compose);
    let options = Options::default();
    let settings = Settings {
        sets: &sets,
        surroundings: &Surroundings::new(|| sets.clone(), &options, &files),
        options: &options,
        rules,
        selection: &Selection::of_rule(rule),
        is_unsafe_allowed: true,
        policy: SecretsPolicy::Generate,
        git: &|_: &Path| GitStatus::NoRepository,
        may_write: &|_| Ok(()),
        at_once: AT_ONCE,
    };
    let state = match rule.view() {
        // What a comment is worth shows only if the rules that it names run, too.
        ViewKind::Suppression => State::read(&files, &Settings { selection: &Selection::default(), ..settings }),
        _ => State::read(&files, &settings),
    };
    if let Some(problem) = state.workspace.problems().next() {
        return Some(format!("the example can't be read: {}", problem.message));
    }
    let found = state.findings.iter().chain(&state.remarks).find(|finding| finding.rule == rule.id);
    let Expectation::Bad { at, fixed } = &example.expected else {
        let finding = found?;
        return Some(format!("it is good, but the rule says: {}", finding.message));
    };
    let Some(finding) = found else { return Some("it is bad, but the rule is silent".to_owned()) };
    if let Some(at) = at {
        let label = &finding.labels[0];
        let text = label.span.slice(&state.workspace.sources.get(label.source).text).to_owned();
        if text != *at {
            return Some(format!("the rule points at `{text}`, not at `{at}`"));
        }
    }
    let secrets = RefCell::new(Secrets::new(Box::new(|| Ok(Secret::new(SECRET)))));
    let plan = plan(&files, &settings, &secrets);
    let changes = plan.draft.file_changes(1);
    let result: BTreeMap<String, String> = changes
        .iter()
        .map(|change| {
            let path = change.path.strip_prefix(folder).unwrap_or(&change.path);
            (
                path.to_string_lossy().into_owned(),
                String::from_utf8_lossy(change.after.as_deref().unwrap_or_default()).into_owned(),
            )
        })
        .collect();
    let fates = || {
        plan.repairs
            .iter()
            .map(|planned| format!("{}: {:?}", planned.title, planned.fate))
            .collect::<Vec<_>>()
            .join("; ")
    };
    match fixed {
        None if result.is_empty() => None,
        None => Some("no repair is expected, but one was made".to_owned()),
        Some(fixed) if *fixed == result => None,
        Some(fixed) => Some(format!("expected\n{}got\n{}({})", shown(fixed), shown(&result), fates())),
    }
}

fn shown(files: &BTreeMap<String, String>) -> String {
    files.iter().map(|(path, text)| format!("--- {path}\n{text}\n")).collect()
}
