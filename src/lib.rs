//! caulk

pub mod fix;
pub mod source;
pub mod text;
