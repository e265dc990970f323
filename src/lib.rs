//! caulk

pub mod cli;
pub mod report;
pub mod source;
pub mod syntax;
pub mod text;
