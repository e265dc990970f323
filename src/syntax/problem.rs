//! What a parser objects to.

use crate::text::Span;

/// Something in a text that its reader would refuse or misread.
/// The message never quotes a value: it could be a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in the text that was given to the parser.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
