//! From text to trees that keep every byte's place: env files, interpolation, command words, Redis configuration.
//! A parser of a file never fails: it returns what it could read, and what it objects to.

pub mod acl;
pub mod env;
mod escape_map;
mod problem;
mod redact;
pub mod redis_conf;
pub mod template;
pub mod words;

pub use escape_map::EscapeMap;
pub use problem::Problem;
