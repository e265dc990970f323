//! Typed views of services.

#[cfg(test)]
pub(crate) mod example_store;
pub mod server;
mod shell_run;
pub mod value;
