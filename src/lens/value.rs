//! Values that may be secret or unknown.

use std::fmt;

/// A password, found or made. `Debug` hides it, and nothing else shows it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for comparing and for what is written into env files, never for messages.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([hidden])")
    }
}

/// What is known of a variable of a container.
#[derive(Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It is not set.
    Absent,
    /// It has this value.
    Known(String),
    /// It is set to something that can't be seen, or may be set.
    Unknown,
}

impl Lookup {
    /// True if it is set, to something or to nothing.
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// True if it is certainly not set, or to nothing.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Known(text) => text.is_empty(),
            Self::Unknown => false,
        }
    }
}

/// A value can be a password, so it is not shown.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Known(text) => write!(f, "Known({} bytes)", text.len()),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Looks a variable of the container up.
pub type Environment<'a> = dyn Fn(&str) -> Lookup + 'a;

/// An argument as the container gets it: interpolated, unquoted, split.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// The text; where a piece of it can't be known, that piece is missing.
    pub text: String,
    /// False if it holds a value that can't be known.
    pub certain: bool,
}

impl Word {
    /// A word of which everything is known.
    pub fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), certain: true }
    }

    /// A word that holds something unknown besides `text`.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { text: text.into(), certain: false }
    }
}

/// A word can be a password, so it is not shown.
impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({} bytes{})", self.text.len(), if self.certain { "" } else { ", uncertain" })
    }
}

/// The last component of a path, as programs are known by.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
