//! From text to trees that know where everything stands: lossless, spanned, and never failing.

mod problem;
pub mod yaml;

pub use problem::Problem;
