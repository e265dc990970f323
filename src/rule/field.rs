//! What a rule sees: views with named fields.

use std::fmt;

/// The value of a field, as far as caulk can know it.
#[derive(Clone, PartialEq)]
pub enum FieldValue {
    /// It is not there, for certain.
    Absent,
    /// It may be there, with any value.
    Unknown,
    /// A text. `assumed` names the condition under which it holds, such as "BIND_IP is not set".
    Text {
        /// The text.
        text: String,
        /// What is assumed, if anything.
        assumed: Option<String>,
    },
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
    /// Several values. An unknown one among them stands for any number of values that caulk can't see.
    List(Vec<FieldValue>),
}

impl FieldValue {
    /// A text that is certain.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), assumed: None }
    }

    /// The same, if there is one.
    pub fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Absent, Self::text)
    }

    /// The value as people read it; `None` for what is absent or unknown. Unknown items of a list are left out.
    pub fn display(&self) -> Option<String> {
        match self {
            Self::Absent | Self::Unknown => None,
            Self::Text { text, .. } => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::List(items) => Some(items.iter().filter_map(Self::display).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Texts are not shown: any of them may be a password.
impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Unknown => f.write_str("Unknown"),
            Self::Text { text, assumed } => {
                write!(f, "Text({} bytes", text.len())?;
                assumed.as_ref().map_or(Ok(()), |condition| write!(f, " if {condition}"))?;
                f.write_str(")")
            }
            Self::Number(number) => write!(f, "Number({number})"),
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::List(items) => f.debug_list().entries(items).finish(),
        }
    }
}

/// One thing that a rule looks at: a port, a store, a URL, with the things that hold it.
pub trait View {
    /// The value of a field such as `port.host_ip` or `service.name`. A field that the view does not have is unknown;
    /// rules are checked before use, so this does not happen.
    fn field(&self, name: &str) -> FieldValue;
}
