//! The documentation of a rule as plain data.

use std::collections::BTreeMap;

use super::examples::Expectation;
use super::fix::ActionSpec;
use super::rule::Rule;
use super::severity::Tier;

/// Everything that a person should know about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Such as `store-no-auth`.
    pub id: String,
    /// The version that had it first.
    pub since: String,
    /// Whether it runs without being asked for.
    pub tier: Tier,
    /// Its severity in words, such as "error if `store.reach` is `host`, else warning".
    pub severity: String,
    /// One line.
    pub summary: String,
    /// Paragraphs of Markdown, separated by empty lines.
    pub why: String,
    /// What each repair does, with its applicability: "safe: ...". The first is the one that `--fix` makes.
    pub repairs: Vec<String>,
    /// Where to read more.
    pub links: Vec<String>,
    /// The first example that is repaired, or else the first bad one.
    pub sample: Option<Sample>,
}

/// A project before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What it shows.
    pub name: String,
    /// Texts by their path.
    pub before: BTreeMap<String, String>,
    /// The same after the repair, unchanged files included; `None` if there is no repair.
    pub after: Option<BTreeMap<String, String>>,
}

impl Rule {
    /// Its documentation.
    pub fn explain(&self) -> Explanation {
        let mut repairs = Vec::new();
        for fix in self.cases.iter().flat_map(|case| &case.fixes) {
            let what = match &fix.action {
                ActionSpec::Repair(built_in) => format!(" ({})", built_in.doc()),
                ActionSpec::Edits(_) | ActionSpec::Lines(_) => String::new(),
            };
            let text = format!("{}: {}{what}", fix.applicability.as_str(), fix.title.outline());
            if !repairs.contains(&text) {
                repairs.push(text);
            }
        }
        Explanation {
            id: self.id.clone(),
            since: self.since.clone(),
            tier: self.tier,
            severity: self.severity(),
            summary: self.summary.clone(),
            why: self.why.clone(),
            repairs,
            links: self.links.clone(),
            sample: self.sample(),
        }
    }

    fn sample(&self) -> Option<Sample> {
        let fixed = |expected: &Expectation| matches!(expected, Expectation::Bad { fixed: Some(_), .. });
        let example = self
            .examples
            .iter()
            .find(|example| fixed(&example.expected))
            .or_else(|| self.examples.iter().find(|example| example.is_bad()))?;
        let after = match &example.expected {
            Expectation::Bad { fixed: Some(fixed), .. } => {
                let mut files = example.files.clone();
                files.extend(fixed.clone());
                Some(files)
            }
            _ => None,
        };
        Some(Sample { name: example.name.clone(), before: example.files.clone(), after })
    }
}
