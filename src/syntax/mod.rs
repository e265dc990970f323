//! Text to trees that keep every byte's place.

pub mod shell;
