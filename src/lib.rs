//! caulk

pub mod catalog;
pub mod lens;
pub mod syntax;
pub mod text;
