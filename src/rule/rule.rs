//! A rule, and what it says about one view.

use super::condition::{Condition, Reading, Truth, Verdict};
use super::examples::Example;
use super::field::View;
use super::fields::ViewKind;
use super::fix::{Fix, FixSpec};
use super::severity::{Grade, Severity, Tier};
use super::template::Template;

/// A rule that was decoded and checked.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The stem of its file, such as `store-no-auth`.
    pub id: String,
    /// The version of caulk that had it first, such as `0.1.0`.
    pub since: String,
    /// Whether it runs without being asked for. A case may say otherwise: see [`Match::tier`].
    pub tier: Tier,
    /// One line.
    pub summary: String,
    /// Why it matters, in paragraphs of Markdown.
    pub why: String,
    /// Where to read more.
    pub links: Vec<String>,
    /// Its documentation and its tests.
    pub examples: Vec<Example>,
    pub(super) kind: ViewKind,
    pub(super) condition: Condition,
    /// Never empty; the first that holds speaks.
    pub(super) cases: Vec<Case>,
}

/// What is said where a condition holds.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) condition: Condition,
    pub(super) grade: Grade,
    pub(super) tier: Tier,
    pub(super) message: Template,
    pub(super) help: Option<Template>,
    pub(super) at: String,
    pub(super) also: Vec<(String, Template)>,
    pub(super) fixes: Vec<FixSpec>,
    pub(super) follows: Option<String>,
}

/// What a rule has to say about a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Number of the case that spoke, from 0; 0 for a rule without cases.
    pub case: usize,
    /// How bad it is here; at most a warning if something is assumed.
    pub severity: Severity,
    /// Whether it counts without being asked for.
    pub tier: Tier,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The field whose place is the first label; with `.key` behind it, the place of its key.
    pub at: String,
    /// Further fields to show, each with what is there.
    pub also: Vec<(String, String)>,
    /// Conditions under which it holds, such as "BIND_IP is not set"; empty if it is certain.
    pub assumes: Vec<String>,
    /// Repairs that it offers, the first is the one that `--fix` makes.
    pub fixes: Vec<Fix>,
    /// The rule from which it follows: where that is silenced for the same service, this has nothing to say.
    pub follows: Option<String>,
}

impl Rule {
    /// What it looks at.
    pub fn view(&self) -> ViewKind {
        self.kind
    }

    /// What it says about `view`, which must be of the kind that [`Rule::view`] names; `None` if it does not certainly hold.
    pub fn apply(&self, view: &dyn View) -> Option<Match> {
        let reading = Reading { kind: self.kind, view };
        let base = self.condition.evaluate(reading);
        if base.truth != Truth::True {
            return None;
        }
        self.cases.iter().enumerate().find_map(|(number, case)| {
            let verdict = Verdict::all([base.clone(), case.condition.evaluate(reading)]);
            (verdict.truth == Truth::True).then(|| case.speak(number, verdict.assumes, reading))
        })
    }

    /// The rules from which something that it says follows.
    pub fn follows(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().filter_map(|case| case.follows.as_deref())
    }

    /// The tiers of all that it can say.
    pub fn tiers(&self) -> Vec<Tier> {
        self.cases.iter().map(|case| case.tier).collect()
    }

    /// The worst severity that it can have.
    pub fn worst_severity(&self) -> Severity {
        self.cases.iter().map(|case| case.grade.worst()).max().unwrap_or(Severity::Info)
    }

    /// Its severity in words, such as "error if `store.reach` is `host`, else warning".
    pub fn severity(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for part in self.cases.iter().map(|case| case.grade.describe()) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join("; ")
    }
}

impl Case {
    fn speak(&self, number: usize, mut assumes: Vec<String>, reading: Reading<'_>) -> Match {
        let (severity, assumed) = self.grade.of(reading);
        assumes.extend(assumed);
        assumes.sort_unstable();
        assumes.dedup();
        Match {
            case: number,
            severity: if assumes.is_empty() { severity } else { severity.min(Severity::Warning) },
            tier: self.tier,
            message: self.message.fill(reading).text,
            help: self.help.as_ref().map(|help| help.fill(reading).text),
            at: self.at.clone(),
            also: self.also.iter().map(|(field, text)| (field.clone(), text.fill(reading).text)).collect(),
            assumes,
            fixes: self.fixes.iter().filter_map(|fix| fix.fill(reading)).collect(),
            follows: self.follows.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::decode;
    use super::*;
    use crate::rule::{Action, Applicability, Change, FieldValue, Op};

    const RULE: &str = r#"
id: some-port
since: 0.1.0
tier: default
summary: A port.
why: Because.
for: port
where:
  port.exposure: { not: loopback }
cases:
  - where: { service.store: present }
    severity: { by: port.protocol, tcp: error, else: info }
    message: "{{service.store}} is public"
    also: { port.protocol: "it is {{port.protocol}}" }
  - where: { port.target: { gt: 1000 } }
    severity: info
    tier: strict
    message: "port {{port.target}}"
    help: plain advice
at: port.spelling
fix:
  - where: { port.host_ip: present }
    title: Bind it
    applicability: safe
    edits: [{ set: port.host_ip, to: "127.0.0.1" }]
  - title: Write it
    applicability: manual
    lines: "{{service.name}}: x"
"#;

    struct Port(BTreeMap<&'static str, FieldValue>);

    impl View for Port {
        fn field(&self, name: &str) -> FieldValue {
            self.0.get(name).cloned().unwrap_or(FieldValue::Absent)
        }
    }

    fn apply(fields: &[(&'static str, FieldValue)]) -> Option<Match> {
        let rule = decode::rule("some-port.yaml", RULE.into()).expect("the rule has no mistake");
        rule.apply(&Port(fields.iter().cloned().collect()))
    }

    #[test]
    fn the_first_case_that_certainly_holds_speaks() {
        let text = FieldValue::text;
        let found = apply(&[
            ("port.exposure", text("public")),
            ("port.protocol", text("tcp")),
            ("port.target", FieldValue::Number(6379)),
            ("service.store", text("redis")),
            ("service.name", text("cache")),
        ]);
        let found = found.expect("it holds");
        assert_eq!((found.case, found.severity, found.tier), (0, Severity::Error, Tier::Default));
        assert_eq!(found.message, "redis is public");
        assert_eq!(found.also, [("port.protocol".to_owned(), "it is tcp".to_owned())]);
        assert_eq!(found.at, "port.spelling");
        let titles: Vec<_> = found.fixes.iter().map(|fix| fix.title.as_str()).collect();
        assert_eq!(titles, ["Write it"], "the first fix wants an address");

        let second = apply(&[
            ("port.exposure", text("specific")),
            ("port.target", FieldValue::Number(6379)),
            ("service.store", FieldValue::Unknown),
            ("port.host_ip", text("10.0.0.1")),
            ("service.name", text("cache")),
        ]);
        let second = second.expect("it holds");
        assert_eq!((second.case, second.severity, second.tier), (1, Severity::Info, Tier::Strict));
        assert_eq!(second.help.as_deref(), Some("plain advice"));
        let edits = vec![Op { field: "port.host_ip".into(), change: Change::Set("127.0.0.1".into()) }];
        let bind = Fix { title: "Bind it".into(), applicability: Applicability::Safe, action: Action::Edits(edits) };
        let write = Fix {
            title: "Write it".into(),
            applicability: Applicability::Manual,
            action: Action::Lines("cache: x".into()),
        };
        assert_eq!(second.fixes, [bind, write]);
    }

    #[test]
    fn nothing_is_said_about_what_is_unknown() {
        let store = ("service.store", FieldValue::text("redis"));
        assert_eq!(apply(&[("port.exposure", FieldValue::Unknown), store.clone()]), None);
        assert_eq!(apply(&[("port.exposure", FieldValue::text("unknown")), store.clone()]), None);
        assert_eq!(apply(&[("port.exposure", FieldValue::text("loopback")), store]), None);
        assert_eq!(apply(&[("port.exposure", FieldValue::text("public"))]), None, "no case holds");
    }

    #[test]
    fn what_is_assumed_is_at_most_a_warning_and_told() {
        let exposure = FieldValue::Text { text: "public".into(), assumed: Some("BIND_IP is not set".into()) };
        let found = apply(&[
            ("port.exposure", exposure),
            ("port.protocol", FieldValue::text("tcp")),
            ("service.store", FieldValue::text("redis")),
        ]);
        let found = found.expect("it holds");
        assert_eq!((found.severity, found.assumes), (Severity::Warning, vec!["BIND_IP is not set".to_owned()]));
    }

    #[test]
    fn severity_in_words() {
        let rule = decode::rule("some-port.yaml", RULE.into()).expect("the rule has no mistake");
        assert_eq!(rule.severity(), "error if `port.protocol` is `tcp`, else info; info");
    }
}
