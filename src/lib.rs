//! caulk

pub mod catalog;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod text;
