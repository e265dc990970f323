//! What caulk objects to.

use crate::rule::{Severity, Tier, ViewKind};
use crate::source::SourceId;
use crate::text::Span;

/// A place with something to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The text.
    pub source: SourceId,
    /// The place in it.
    pub span: Span,
    /// What is there; may be empty for the first label of a finding. Holds no secret.
    pub message: String,
}

/// What a finding is about, in the terms of the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Subject {
    /// Name of the service.
    pub service: Option<String>,
    /// Path of the key in the resolved project, such as `services.redis.ports[0]`.
    pub key: Option<String>,
    /// Name of the environment variable.
    pub variable: Option<String>,
    /// Id of the store, such as `redis`.
    pub store: Option<String>,
    /// What tells it from the other items of a list, wherever it stands there, such as `6379:6379/tcp`. Holds no secret.
    pub item: Option<String>,
}

/// An objection to a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Id of the rule, such as `store-no-auth`.
    pub rule: String,
    /// How bad it is here.
    pub severity: Severity,
    /// The tier of the rule.
    pub tier: Tier,
    /// Number of the project in the workspace.
    pub project: usize,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where; the first label is the place of the finding. Never empty.
    pub labels: Vec<Label>,
    /// What it is about.
    pub subject: Subject,
    /// Conditions under which it holds, such as "BIND_IP is not set"; empty if it is certain.
    pub assumes: Vec<String>,
    /// Repairs that the rule offers, the first is the one that `--fix` makes.
    pub fixes: Vec<crate::rule::Fix>,
    /// What the rule looks at.
    pub view: ViewKind,
    /// The rule from which it follows: what silences that for the same service silences this, too.
    pub follows: Option<String>,
    /// What makes it the same after lines moved and in every run: unique among the findings of a workspace.
    pub fingerprint: String,
}

impl Finding {
    /// What makes the finding the same after lines moved and texts changed: rule, project and subject.
    pub fn identity(&self) -> String {
        let subject = &self.subject;
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(
            "{}|{}|{}|{}|{}",
            self.rule,
            self.project,
            part(&subject.service),
            part(&subject.key),
            part(&subject.variable)
        )
    }
}
