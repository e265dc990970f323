//! What a rule offers to do about a finding.

use super::condition::{Condition, Reading, Truth};
use super::fields::ViewKind;
use super::template::Template;

/// Whether a repair may be made without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Nothing declared in any project that caulk sees breaks.
    Safe,
    /// Right for the rule, but it may cut off someone whom caulk can't see.
    Unsafe,
    /// A person must do it.
    Manual,
}

impl Applicability {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Safe, Self::Unsafe, Self::Manual];

    /// The word for it: `safe`, `unsafe`, `manual`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Manual => "manual",
        }
    }
}

/// A repair that is written in Rust because it is more than edits of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltIn {
    /// A password for a store: server, variable, healthcheck and clients.
    SealStore,
    /// A shell that puts the password in the place of the `$(cat FILE)` that stands for it.
    ExpandPassword,
    /// Another host or port in a URL.
    RedirectUrl,
    /// What clients can't read in a URL, where it is plain what was meant.
    MendUrl,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SealStore, Self::ExpandPassword, Self::RedirectUrl, Self::MendUrl];

    /// The name in rule files.
    pub fn name(self) -> &'static str {
        match self {
            Self::SealStore => "seal_store",
            Self::ExpandPassword => "expand_password",
            Self::RedirectUrl => "redirect_url",
            Self::MendUrl => "mend_url",
        }
    }

    /// The views whose things it can repair.
    pub fn views(self) -> &'static [ViewKind] {
        match self {
            Self::SealStore => &[ViewKind::Store, ViewKind::Healthcheck, ViewKind::Url, ViewKind::Login],
            Self::ExpandPassword => &[ViewKind::Store],
            Self::RedirectUrl | Self::MendUrl => &[ViewKind::Url],
        }
    }

    /// What it does, in one line.
    pub fn doc(self) -> &'static str {
        match self {
            Self::SealStore => {
                "gives the server a password from `.env`, generates it if there is none, and hands it to the healthcheck \
                 and to every client that caulk sees"
            }
            Self::ExpandPassword => {
                "lets a shell start the server, so that it takes the password from the file that `$(cat FILE)` names, and \
                 lets the healthcheck present the same"
            }
            Self::MendUrl => "corrects what clients can't read, where it is plain what was meant",
            Self::RedirectUrl => "writes the host and port by which the server can be reached from there",
        }
    }
}

/// A repair that is offered with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "Publish port 6379 for this host only".
    pub title: String,
    /// Whether it may be made without asking. A built-in repair may find out that it is less than this.
    pub applicability: Applicability,
    /// What is done.
    pub action: Action,
}

/// What a repair does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A built-in repair of the thing that the finding is about.
    Repair(BuiltIn),
    /// Edits of fields of the view, all or none.
    Edits(Vec<Op>),
    /// Lines that a person should write; the applicability is [`Applicability::Manual`].
    Lines(String),
}

/// An edit of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    /// Such as `port.host_ip`; it is writable.
    pub field: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It becomes this; it is added if absent.
    Set(String),
    /// It becomes this if it is absent.
    Ensure(String),
    /// The items that are not there yet are put at the end of the list.
    Append(Vec<String>),
    /// It goes, with its key, line and trailing comment.
    Remove,
    /// Its key becomes this.
    Rename(String),
}

/// The fix of a rule, before the view is known.
#[derive(Debug, Clone)]
pub(super) struct FixSpec {
    pub(super) condition: Condition,
    pub(super) title: Template,
    pub(super) applicability: Applicability,
    pub(super) action: ActionSpec,
}

#[derive(Debug, Clone)]
pub(super) enum ActionSpec {
    Repair(BuiltIn),
    Edits(Vec<OpSpec>),
    Lines(Template),
}

#[derive(Debug, Clone)]
pub(super) struct OpSpec {
    pub(super) field: String,
    pub(super) change: ChangeSpec,
}

#[derive(Debug, Clone)]
pub(super) enum ChangeSpec {
    Set(Template),
    Ensure(Template),
    Append(Vec<Template>),
    Remove,
    Rename(Template),
}

/// The ops of a fix, as rule files spell them.
pub(super) const OPS: [&str; 5] = ["set", "ensure", "append", "remove", "rename"];

impl FixSpec {
    /// The fix for one view; `None` if its condition does not certainly hold there or a value of an edit is not known.
    pub(super) fn fill(&self, reading: Reading<'_>) -> Option<Fix> {
        if self.condition.evaluate(reading).truth != Truth::True {
            return None;
        }
        let action = match &self.action {
            ActionSpec::Repair(built_in) => Action::Repair(*built_in),
            ActionSpec::Lines(lines) => Action::Lines(lines.fill(reading).text),
            ActionSpec::Edits(ops) => Action::Edits(ops.iter().map(|op| op.fill(reading)).collect::<Option<_>>()?),
        };
        Some(Fix { title: self.title.fill(reading).text, applicability: self.applicability, action })
    }
}

impl OpSpec {
    fn fill(&self, reading: Reading<'_>) -> Option<Op> {
        let known = |template: &Template| {
            let filled = template.fill(reading);
            filled.complete.then_some(filled.text)
        };
        let change = match &self.change {
            ChangeSpec::Set(value) => Change::Set(known(value)?),
            ChangeSpec::Ensure(value) => Change::Ensure(known(value)?),
            ChangeSpec::Append(values) => Change::Append(values.iter().map(known).collect::<Option<_>>()?),
            ChangeSpec::Remove => Change::Remove,
            ChangeSpec::Rename(key) => Change::Rename(known(key)?),
        };
        Some(Op { field: self.field.clone(), change })
    }
}
