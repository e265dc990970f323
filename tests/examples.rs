//! The examples of every built-in rule, in every variant: what is bad is found, at the place that the example names,
//! what is good is not, and the repair is the one that is shown.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use caulk::fix::trial::failures;
use caulk::rule::{Example, RuleSet};

#[test]
fn every_example_of_every_rule_is_as_it_says() {
    let rules = RuleSet::built_in();
    assert!(!rules.rules.is_empty());
    let failures: Vec<_> = rules
        .rules
        .iter()
        .flat_map(|rule| failures(rules, rule).into_iter().map(|failure| format!("{}: {failure}", rule.id)))
        .collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn every_rule_has_a_bad_and_a_good_example() {
    for rule in &RuleSet::built_in().rules {
        assert!(rule.examples.iter().any(Example::is_bad), "{} has no bad example", rule.id);
        assert!(rule.examples.iter().any(|example| !example.is_bad()), "{} has no good example", rule.id);
    }
}

#[test]
fn an_example_that_is_wrong_fails_in_each_variant() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/network/public-port.yaml");
    let original = fs::read_to_string(path).expect("the rule is there");
    let id = "id: public-port\n";
    let example = "          image: redis:7-alpine\n          ports:\n            - \"6379:6379\" # for redis-cli\n";
    let fixed = "            - \"127.0.0.1:6379:6379\" # for redis-cli\n";
    let cases = [
        ("the repair", fixed, "            - \"127.0.0.1:6379:6379\"\n", "expected"),
        ("what is bad", example, "          image: redis:7-alpine\n", "silent"),
        ("the YAML", example, "          image: [redis\n", "can't be read"),
    ];
    for (what, from, to, says) in cases {
        assert!(original.contains(from), "the example has changed: {from}");
        let text = original.replace(id, "id: changed\n").replacen(from, to, 1);
        let mut rules = RuleSet::built_in().clone();
        let problems = rules.load([("changed.yaml", Arc::from(text))]);
        assert!(problems.is_empty(), "{what}: {problems:?}");
        let rule = rules.rule("changed").expect("it was loaded");
        let failures = failures(&rules, rule);
        assert_eq!(failures.iter().filter(|failure| failure.contains(says)).count(), 4, "{what}: {failures:#?}");
    }
}
