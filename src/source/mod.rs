//! Where texts come from, and what git thinks of their places.

pub mod git;
