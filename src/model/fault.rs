//! What Compose refuses or warns about, at the place of a value.

use super::node::Place;
use super::problem::Weight;

/// Something that Compose refuses or warns about.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong. A value is never quoted: it could be a password.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// How much it matters.
    pub weight: Weight,
}

impl Fault {
    /// A fault without advice.
    pub fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into(), help: None, weight: Weight::Error }
    }

    /// Something that Compose only warns about.
    pub fn warning(place: &Place, message: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::new(place, message) }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
