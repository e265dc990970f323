//! Keeps values that could be passwords out of `Debug` output.

use std::fmt;

/// Prints the length of a text in place of the text.
pub(super) struct Redacted<'a>(pub &'a str);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}
