//! caulk

pub mod text;
