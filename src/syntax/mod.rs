//! From text to trees that know where everything stands: lossless, spanned, and never failing.
//! A parser of a file returns what it could read, and what it objects to.

pub mod acl;
pub mod compose_call;
pub mod dockerfile;
pub mod env;
pub mod env_load;
mod escape_map;
mod problem;
mod redact;
pub mod redis_conf;
pub mod shell;
pub mod template;
pub mod words;
pub mod yaml;

pub use escape_map::EscapeMap;
pub use problem::Problem;
