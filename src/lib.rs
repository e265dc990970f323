//! caulk

pub mod canonical;
pub mod catalog;
pub mod cli;
pub mod fix;
pub mod lens;
pub mod lint;
pub mod model;
pub mod report;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod text;
pub mod topology;
