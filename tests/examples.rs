//! The examples of every built-in rule, in every variant: what is bad is found, at the place that the example names,
//! what is good is not, and the repair is the one that is shown.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk::fix::bench::SecretsPolicy;
use caulk::fix::plan::{Settings, plan};
use caulk::fix::secret::{Secret, Secrets};
use caulk::lint::{self, Finding, Selection};
use caulk::model::discover::{ProjectFiles, projects_of};
use caulk::model::{Options, Workspace};
use caulk::rule::{Example, Expectation, Rule, RuleSet, Variant};
use caulk::source::git::GitStatus;
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
fn every_repair_is_the_one_that_is_shown() {
    let failures = for_all_examples(|rule, example| {
        let expected = match &example.expected {
            Expectation::Bad { fixed, .. } => fixed.clone().unwrap_or_default(),
            Expectation::Good => BTreeMap::new(),
        };
        let repaired = repair(rule, &example.files);
        if repaired != expected {
            return Err(difference(&expected, &repaired));
        }
        let mut files = example.files.clone();
        files.extend(repaired);
        let again = repair(rule, &files);
        if again.is_empty() { Ok(()) } else { Err(format!("a second run changes it again: {again:#?}")) }
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

fn overlay(files: &BTreeMap<String, String>) -> Overlay<'static> {
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in files {
        overlay.set(place(path), text.as_bytes());
    }
    overlay
}

/// The projects of an example, as a walk over its folder would find them.
fn projects(rule: &Rule, overlay: &Overlay<'_>, files: &BTreeMap<String, String>) -> Vec<ProjectFiles> {
    let is_compose = |path: &&String| is_compose_name(path.rsplit('/').next().unwrap_or(path));
    let compose_files: Vec<PathBuf> = files.keys().filter(is_compose).map(|path| place(path)).collect();
    let projects = projects_of(overlay, &compose_files);
    assert!(!projects.is_empty(), "an example of {} has no Compose file", rule.id);
    projects
}

/// The rule of an example alone, whatever its tier.
fn only(rule: &Rule) -> Selection {
    Selection { only: vec![rule.id.clone()], ..Selection::default() }
}

fn with_findings<T>(rule: &Rule, example: &Example, look: impl FnOnce(&Workspace<'_>, &[Finding]) -> T) -> T {
    let files = overlay(&example.files);
    let sets = projects(rule, &files, &example.files);
    let rules = RuleSet::built_in();
    let mut workspace = Workspace::read(&files, &sets, &Options::default());
    let topology = Topology::read(&mut workspace, &rules.stores);
    let findings = lint::run(&workspace, &topology, rules, &only(rule));
    look(&workspace, &findings)
}

/// The files that change or come into being when what the rule finds is repaired, unsafe repairs included.
fn repair(rule: &Rule, files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let overlay = overlay(files);
    let settings = Settings {
        sets: &projects(rule, &overlay, files),
        options: &Options::default(),
        rules: RuleSet::built_in(),
        selection: &only(rule),
        is_unsafe_allowed: true,
        policy: SecretsPolicy::Generate,
        git: &|_: &Path| GitStatus::NoRepository,
    };
    let secrets = RefCell::new(Secrets::new(Box::new(|| Ok(Secret::new("0123456789abcdef".repeat(4))))));
    let changes = plan(&overlay, &settings, &secrets).draft.file_changes();
    let changed = changes.into_iter().filter(|change| change.before.as_ref() != Some(&change.after));
    changed
        .map(|change| {
            let path = change.path.strip_prefix("/project").expect("it belongs to the example").display().to_string();
            (path, String::from_utf8(change.after).expect("texts stay texts"))
        })
        .collect()
}

/// What differs, by file and line.
fn difference(expected: &BTreeMap<String, String>, actual: &BTreeMap<String, String>) -> String {
    let text = |files: &BTreeMap<String, String>| {
        let lines = files.iter().flat_map(|(path, text)| {
            let lines = text.split_inclusive('\n').map(|line| format!("  {}\n", line.escape_debug()));
            std::iter::once(format!("{path}\n")).chain(lines)
        });
        lines.collect::<String>()
    };
    let (expected, actual) = (text(expected), text(actual));
    let difference = similar::TextDiff::from_lines(&expected, &actual).unified_diff().to_string();
    format!("expected - and got +\n{difference}")
}
