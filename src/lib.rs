//! caulk

pub mod catalog;
pub mod model;
pub mod source;
pub mod syntax;
pub mod text;
