//! The command line: arguments into plain settings, and the commands that use them.

pub mod args;
pub mod settings;
