//! Typed views of a service: each reads one thing in every spelling, and writes it in the spelling that it found.

pub mod client_check;
pub mod client_use;
pub mod command;
pub mod environment;
#[cfg(test)]
mod example_store;
pub mod healthcheck;
pub mod mount;
pub mod password_variable;
pub mod port;
pub mod script_words;
pub mod server;
mod shell_run;
pub mod url;
pub mod value;
