//! Typed views of services.

pub mod client_check;
#[cfg(test)]
pub(crate) mod example_store;
pub mod server;
mod shell_run;
pub mod url;
pub mod value;
