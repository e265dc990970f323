//! From findings to files: repairs, the proof of each, secrets, the atomic commit, its journal, and the way back.

pub mod commit;
pub mod draft;
pub mod journal;
pub mod proof;
pub mod repair;
pub mod secret;
pub mod snapshot;
pub mod undo;
