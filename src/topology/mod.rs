//! Who reaches which server, by which name, through which variable.

mod stores;

pub use stores::{ImageMatcher, Reach, StoreService, lookup};
