//! The examples of every built-in rule, in every variant: what is bad is found, at the place that the example names,
//! what is good is not, and the repair is the one that is shown.

use std::path::{Path, PathBuf};

use caulk::lint::{self, Finding, Selection};
use caulk::model::discover::projects_of;
use caulk::model::{Options, Workspace};
use caulk::rule::{Example, Expectation, Rule, RuleSet, Variant};
use caulk::source::{NoFiles, Overlay, is_compose_name};
use caulk::topology::Topology;

#[test]
fn every_rule_finds_what_is_bad_and_leaves_what_is_good() {
    let failures = for_all_examples(|rule, example| {
        with_findings(rule, example, |workspace, findings| {
            let found: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == rule.id).collect();
            match &example.expected {
                Expectation::Good if found.is_empty() => Ok(()),
                Expectation::Good => Err(format!("found in a good example: {}", found[0].message)),
                Expectation::Bad { at, .. } => {
                    let first = found.first().ok_or("not found")?;
                    let label = first.labels.first().ok_or("a finding without a place")?;
                    let text = label.span.slice(&workspace.sources.get(label.source).text);
                    match at {
                        Some(at) if at != text => Err(format!("found at {text:?}, not at {at:?}")),
                        _ => Ok(()),
                    }
                }
            }
        })
    });
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn no_example_is_damaged_input() {
    let failures = for_all_examples(|rule, example| {
        with_findings(rule, example, |workspace, _| match workspace.problems().next() {
            Some(problem) => Err(format!("{}: {}", problem.path.display(), problem.message)),
            None => Ok(()),
        })
    });
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn every_rule_has_a_bad_and_a_good_example() {
    for rule in &RuleSet::built_in().rules {
        assert!(rule.examples.iter().any(Example::is_bad), "{} has no bad example", rule.id);
        assert!(rule.examples.iter().any(|example| !example.is_bad()), "{} has no good example", rule.id);
    }
}

/// Puts each variant of each example of each rule to the test; returns what failed.
fn for_all_examples(test: impl Fn(&Rule, &Example) -> Result<(), String>) -> Vec<String> {
    let mut failures = Vec::new();
    let mut tested = 0;
    for rule in &RuleSet::built_in().rules {
        for (example, variant) in rule.examples.iter().flat_map(|example| Variant::ALL.map(|one| (example, one))) {
            tested += 1;
            if let Err(failure) = test(rule, &example.variant(variant)) {
                failures.push(format!("{}, \"{}\", {variant:?}: {failure}", rule.id, example.name));
            }
        }
    }
    assert!(tested > 0, "there are no examples");
    failures
}

/// Where the files of an example stand. Nothing is read from the disk.
fn place(path: &str) -> PathBuf {
    Path::new("/project").join(path)
}

fn overlay(example: &Example) -> Overlay<'static> {
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in &example.files {
        overlay.set(place(path), text.as_bytes());
    }
    overlay
}

/// The Compose files of an example, as a walk over its folder would find them.
fn compose_files(example: &Example) -> Vec<PathBuf> {
    let is_compose = |path: &&String| is_compose_name(path.rsplit('/').next().unwrap_or(path));
    example.files.keys().filter(is_compose).map(|path| place(path)).collect()
}

fn with_findings<T>(rule: &Rule, example: &Example, look: impl FnOnce(&Workspace<'_>, &[Finding]) -> T) -> T {
    let files = overlay(example);
    let sets = projects_of(&files, &compose_files(example));
    assert!(!sets.is_empty(), "{}, \"{}\" has no Compose file", rule.id, example.name);
    let rules = RuleSet::built_in();
    let mut workspace = Workspace::read(&files, &sets, &Options::default());
    let topology = Topology::read(&mut workspace, &rules.stores);
    let selection = Selection { only: vec![rule.id.clone()], ..Selection::default() };
    let findings = lint::run(&workspace, &topology, rules, &selection);
    look(&workspace, &findings)
}
