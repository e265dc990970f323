//! What a rule sees: views with named fields.

/// The value of a field, as far as caulk can know it.
#[derive(Debug, Clone, PartialEq)]
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
    /// Several values.
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
}

/// One thing that a rule looks at: a port, a store, a URL, with the things that hold it.
pub trait View {
    /// The value of a field such as `port.host_ip` or `service.name`. A field that the view does not have is unknown;
    /// rules are checked before use, so this does not happen.
    fn field(&self, name: &str) -> FieldValue;
}
