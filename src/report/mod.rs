//! What caulk says: reports, patches and documentation, written as text or JSON.
//!
//! Renderers take plain [views](view) and a writer. They know nothing of the model, of the disk or of the terminal:
//! width, colours and characters are options. Whatever comes from files is made harmless (`visible`) before it is
//! written, and secrets are masked (`mask`) in the lines that are shown.

pub mod baseline;
pub mod diff;
pub mod explain;
pub mod json;
mod mask;
mod paint;
pub mod resolved;
pub mod rules;
#[cfg(test)]
mod sample;
mod snippet;
pub mod text;
pub mod view;
mod visible;
