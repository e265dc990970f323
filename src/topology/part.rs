//! The parts of a way to a store that a variable can carry, and values that stand for none.

/// What a variable carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A host, with or without a port.
    Host,
    /// A URL.
    Url,
    /// The password alone: the rest is somewhere else.
    Password,
}

/// True for values that mean "none": applications write `null` where they have no password.
pub fn is_blank(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "" | "null" | "none" | "nil" | "false")
}
