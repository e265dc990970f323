//! How bad a finding is, and which rules run without being asked for.

use super::condition::Reading;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be repaired.
    Warning,
    /// Open, broken or contradictory.
    Error,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The word for it: `info`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Which rules run without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// What anyone would want repaired.
    Default,
    /// Hardening that most projects lack.
    Strict,
}

impl Tier {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Default, Self::Strict];

    /// The word for it: `default`, `strict`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
        }
    }
}

/// What a rule file says about severity.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Grade {
    /// The same everywhere.
    Always(Severity),
    /// It depends on the text of a field.
    By {
        /// The field.
        field: String,
        /// Severity for each value.
        values: Vec<(String, Severity)>,
        /// Severity for any other value, and where the field is absent or unknown.
        otherwise: Severity,
    },
}

impl Grade {
    /// The severity here, and what it assumes.
    pub(super) fn of(&self, reading: Reading<'_>) -> (Severity, Option<String>) {
        match self {
            Self::Always(severity) => (*severity, None),
            Self::By { field, values, otherwise } => {
                let (text, assumed) = reading.text(field);
                let found = values.iter().find(|(value, _)| Some(value) == text.as_ref());
                (found.map_or(*otherwise, |(_, severity)| *severity), assumed)
            }
        }
    }

    /// The worst that it can be.
    pub(super) fn worst(&self) -> Severity {
        match self {
            Self::Always(severity) => *severity,
            Self::By { values, otherwise, .. } => {
                values.iter().map(|(_, severity)| *severity).fold(*otherwise, Severity::max)
            }
        }
    }

    /// In words, such as "error if `store.reach` is `host` or `shared`, else warning".
    pub(super) fn describe(&self) -> String {
        let (field, values, otherwise) = match self {
            Self::Always(severity) => return severity.as_str().to_owned(),
            Self::By { field, values, otherwise } => (field, values, otherwise),
        };
        let mut parts = Vec::new();
        for severity in Severity::ALL.into_iter().rev().filter(|severity| severity != otherwise) {
            let names: Vec<_> =
                values.iter().filter(|(_, s)| *s == severity).map(|(value, _)| format!("`{value}`")).collect();
            if let Some((last, others)) = names.split_last() {
                let list = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
                parts.push(format!("{} if `{field}` is {list}", severity.as_str()));
            }
        }
        parts.push(if parts.is_empty() {
            otherwise.as_str().to_owned()
        } else {
            format!("else {}", otherwise.as_str())
        });
        parts.join(", ")
    }
}
