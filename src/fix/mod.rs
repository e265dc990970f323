//! From findings to files: secrets, the atomic commit, its journal, and the way back.

pub mod commit;
pub mod journal;
pub mod secret;
pub mod undo;
