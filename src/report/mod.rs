//! What caulk says: reports, patches and documentation, each in the formats that its readers take.
//!
//! Renderers take plain [views](view) and a writer. They know nothing of the model, of the disk or of the terminal:
//! width, colours and characters are options. Whatever comes from files is made harmless (`visible`) before it is
//! written, and secrets are masked (`mask`) in the lines that are shown. Formats for programs share a flat list (`item`).

pub mod baseline;
pub mod closed;
pub mod concise;
pub mod diff;
pub mod explain;
pub mod github;
pub mod gitlab;
mod item;
pub mod json;
pub mod junit;
mod markdown;
mod mask;
mod paint;
pub mod rdjson;
pub mod resolved;
pub mod rules;
pub mod rules_page;
#[cfg(test)]
mod sample;
pub mod sarif;
mod snippet;
pub mod text;
pub mod view;
pub mod visible;
