//! From findings to files: repairs, the proof of each, secrets, the atomic commit, its journal, and the way back.

mod batch;
pub mod bench;
pub mod commit;
pub mod draft;
pub mod journal;
pub mod link;
pub mod look;
pub mod plan;
pub mod port;
pub mod proof;
pub mod recreate;
pub mod remark;
pub mod repair;
pub mod seal;
pub mod secret;
pub mod settings;
pub mod snapshot;
pub mod state;
pub mod trial;
pub mod undo;
