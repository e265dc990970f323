//! Decodes a rule file.

use std::sync::Arc;

use super::super::condition::{Condition, NEVER};
use super::super::examples::{Example, Expectation, Files};
use super::super::fields::{FieldType, ViewKind};
use super::super::rule::{Case, Rule};
use super::super::severity::{Grade, Severity, Tier};
use super::super::template::Template;
use crate::decode::{Decoder, Mapping};
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;

/// Keys of a rule that a case may have, too.
const CASE_KEYS: [&str; 9] = ["where", "severity", "tier", "message", "help", "at", "also", "fix", "follows"];
const RULE_KEYS: [&str; 17] = [
    "id", "since", "tier", "summary", "why", "links", "for", "where", "severity", "message", "help", "at", "also",
    "fix", "follows", "cases", "examples",
];
const EXAMPLE_KEYS: [&str; 5] = ["name", "good", "bad", "at", "fixed"];

/// The rule in `text`, the file at `path`.
///
/// # Errors
/// Everything that is wrong with it, by place.
pub(in super::super) fn rule(path: &str, text: Arc<str>) -> Result<Rule, Vec<Problem>> {
    let (mut decoder, root) = Decoder::new(text);
    let rule = root.and_then(|root| decoder.rule(root, path));
    decoder.finish(rule)
}

/// The last part of a path, without its extension.
pub(in super::super) fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

impl Decoder {
    fn rule(&mut self, root: NodeId, path: &str) -> Option<Rule> {
        let what = "a rule";
        let mapping = self.mapping(root, what, &RULE_KEYS)?;
        let id = self.required(&mapping, "id", what).and_then(|id| self.id(id, path));
        let mut text = |key: &str| {
            let id = self.required(&mapping, key, what)?;
            self.text(id, &format!("`{key}`")).map(|text| text.trim_end().to_owned())
        };
        let (since, summary, why) = (text("since"), text("summary"), text("why"));
        let links = mapping.get("links").map_or(Some(Vec::new()), |id| self.texts(id, "`links`"));
        let examples = mapping.get("examples").map_or(Some(Vec::new()), |id| self.examples(id));
        let tier = self.required(&mapping, "tier", what).and_then(|id| self.tier(id));
        let views = ViewKind::ALL.map(|kind| (kind.name(), kind));
        let kind = self.required(&mapping, "for", what).and_then(|id| self.word(id, "`for`", &views))?;
        let condition = self.condition(mapping.get("where"), kind);
        let known = condition.as_ref().unwrap_or(&NEVER);
        let cases = self.cases(&mapping, kind, tier.unwrap_or(Tier::Default), known);
        Some(Rule {
            id: id?,
            since: since?,
            tier: tier?,
            summary: summary?,
            why: why?,
            links: links?,
            examples: examples?,
            kind,
            condition: condition?,
            cases: cases?,
        })
    }

    fn id(&mut self, node: NodeId, path: &str) -> Option<String> {
        let id = self.text(node, "`id`")?;
        let words_only = id.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric()));
        if !words_only || id.chars().any(|c| c.is_ascii_uppercase()) {
            self.report_with(node, format!("`{id}` is no id"), "an id is lower-case words with dashes between them");
            return None;
        }
        if id != stem(path) {
            let help = format!("the file is called `{}`", path.rsplit(['/', '\\']).next().unwrap_or(path));
            self.report_with(node, format!("the file of rule `{id}` must be called `{id}.yaml`"), help);
            return None;
        }
        Some(id)
    }

    fn tier(&mut self, id: NodeId) -> Option<Tier> {
        self.word(id, "`tier`", &Tier::ALL.map(|tier| (tier.as_str(), tier)))
    }

    fn cases(&mut self, rule: &Mapping, kind: ViewKind, tier: Tier, condition: &Condition) -> Option<Vec<Case>> {
        let Some(id) = rule.get("cases") else {
            return self.case(rule, rule, kind, tier, condition).map(|case| vec![case]);
        };
        let items = self.list(id, "`cases`")?;
        if items.is_empty() {
            self.report(id, "`cases` is empty");
        }
        let cases: Vec<_> = items
            .into_iter()
            .map(|item| {
                let mapping = self.mapping(item, "a case", &CASE_KEYS)?;
                self.case(rule, &mapping, kind, tier, condition)
            })
            .collect();
        cases.into_iter().collect()
    }

    /// A case; what it does not say, the rule says. A rule without cases is its own case.
    fn case(&mut self, rule: &Mapping, case: &Mapping, kind: ViewKind, tier: Tier, outer: &Condition) -> Option<Case> {
        let whole = std::ptr::eq(rule, case);
        let what = if whole { "a rule" } else { "a case" };
        let value = |key: &str| case.get(key).or_else(|| rule.get(key));
        let own = if whole { Some(Condition::All(Vec::new())) } else { self.condition(case.get("where"), kind) };
        let conditions = [outer, own.as_ref().unwrap_or(&NEVER)];

        let grade = match value("severity") {
            Some(id) => self.grade(id, kind),
            None => self.required(case, "severity", what).and(None),
        };
        let message = match value("message") {
            Some(id) => self.template(id, "`message`", kind, &conditions),
            None => self.required(case, "message", what).and(None),
        };
        let at = match value("at") {
            Some(id) => self.label(id, "`at`", kind),
            None => self.required(case, "at", what).and(None),
        };
        let help = value("help").map(|id| self.template(id, "`help`", kind, &conditions));
        let also = value("also").map_or(Some(Vec::new()), |id| self.also(id, kind, &conditions));
        let fixes = value("fix").map_or(Some(Vec::new()), |id| self.fixes(id, kind, &conditions));
        let tier = match case.get("tier") {
            Some(id) if !whole => self.tier(id)?,
            _ => tier,
        };
        let follows = value("follows").map(|id| self.text(id, "`follows`"));
        let help = match help {
            Some(help) => Some(help?),
            None => None,
        };
        Some(Case {
            condition: own?,
            grade: grade?,
            tier,
            message: message?,
            help,
            at: at?,
            also: also?,
            fixes: fixes?,
            follows: opened(follows)?,
        })
    }

    fn also(&mut self, id: NodeId, kind: ViewKind, conditions: &[&Condition]) -> Option<Vec<(String, Template)>> {
        let mapping = self.open_mapping(id, "`also`")?;
        let labels: Vec<_> = mapping
            .entries
            .iter()
            .map(|entry| {
                let name = self.label(entry.key, "a key of `also`", kind);
                let text = self.template(entry.value, "a text of `also`", kind, conditions);
                Some((name?, text?))
            })
            .collect();
        labels.into_iter().collect()
    }

    fn grade(&mut self, id: NodeId, kind: ViewKind) -> Option<Grade> {
        let words = Severity::ALL.map(|severity| (severity.as_str(), severity));
        if !self.is_mapping(id) {
            return self.word(id, "`severity`", &words).map(Grade::Always);
        }
        let mapping = self.open_mapping(id, "`severity`")?;
        let by = self.required(&mapping, "by", "a severity that depends on a field")?;
        let otherwise = self
            .required(&mapping, "else", "a severity that depends on a field")
            .and_then(|id| self.word(id, "a severity", &words));
        let field = self.text(by, "`by`")?;
        let place = self.place(by);
        let info = self.field(&field, place, kind)?;
        let mut values = Vec::new();
        let mut fine = true;
        for entry in mapping.entries.iter().filter(|entry| entry.name != "by" && entry.name != "else") {
            let place = self.place(entry.key);
            let fits = match info.ty {
                FieldType::Choice(words) => self.choice(&entry.name, place, &field, words).is_some(),
                _ => true,
            };
            let severity = self.word(entry.value, "a severity", &words);
            fine &= fits && severity.is_some();
            values.extend(severity.map(|severity| (entry.name.clone(), severity)));
        }
        let otherwise = otherwise?;
        fine.then_some(Grade::By { field, values, otherwise })
    }

    fn examples(&mut self, id: NodeId) -> Option<Vec<Example>> {
        let items = self.list(id, "`examples`")?;
        let examples: Vec<_> = items.into_iter().map(|item| self.example(item)).collect();
        examples.into_iter().collect()
    }

    fn example(&mut self, id: NodeId) -> Option<Example> {
        let what = "an example";
        let mapping = self.mapping(id, what, &EXAMPLE_KEYS)?;
        let name = self.required(&mapping, "name", what).and_then(|id| self.text(id, "`name`"));
        let at = mapping.get("at").map(|id| self.text(id, "`at`"));
        let fixed = mapping.get("fixed").map(|id| self.files(id, "`fixed`"));
        match (mapping.get("bad"), mapping.get("good")) {
            (Some(bad), None) => {
                let files = self.files(bad, "`bad`")?;
                let expected = Expectation::Bad { at: opened(at)?, fixed: opened(fixed)? };
                Some(Example { name: name?, files, expected })
            }
            (None, Some(good)) => {
                for key in ["at", "fixed"] {
                    if let Some(id) = mapping.get(key) {
                        self.report(id, format!("a good example has no `{key}`"));
                    }
                }
                let files = self.files(good, "`good`")?;
                Some(Example { name: name?, files, expected: Expectation::Good })
            }
            _ => {
                self.report(id, "an example needs either `bad` or `good`");
                None
            }
        }
    }

    /// Files by their path; a single text is `compose.yaml`.
    fn files(&mut self, id: NodeId, what: &str) -> Option<Files> {
        if !self.is_mapping(id) {
            return Some(Files::from([("compose.yaml".to_owned(), self.text(id, what)?)]));
        }
        let mapping = self.open_mapping(id, what)?;
        let mut files = Files::new();
        for entry in &mapping.entries {
            if entry.name.starts_with(['/', '\\']) || entry.name.split('/').any(|part| matches!(part, "" | "." | ".."))
            {
                self.report(entry.key, format!("`{}` is no path below the project", entry.name));
            }
            match self.scalar(entry.value) {
                Some((text, _)) => {
                    let text = text.to_owned();
                    files.insert(entry.name.clone(), text);
                }
                None => self.report(entry.value, "a file must be a text"),
            }
        }
        Some(files)
    }
}

/// `None` if it was written and is wrong.
fn opened<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}
