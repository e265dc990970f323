//! Which rules speak where, and what is known already.

use std::path::{Path, PathBuf};

use crate::config::baseline::Baseline;
use crate::config::{Choice, Configs};
use crate::rule::{Rule, Tier};

/// Which rules speak where, and what is known already.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What the command line asks for; it wins over the configuration.
    pub asked: Choice,
    /// What `caulk.yaml` says.
    pub configs: Configs,
    /// Findings that are known already.
    pub baseline: Baseline,
    /// The folder that paths in fingerprints are seen from: that of the repository, so that it does not matter where
    /// caulk is run.
    pub root: PathBuf,
}

impl Selection {
    /// One rule alone, whatever its tier.
    pub fn of_rule(id: &str) -> Self {
        Self { asked: Choice { only: vec![id.to_owned()], ..Choice::default() }, ..Self::default() }
    }

    /// True if a rule of that tier speaks about `path`.
    pub fn admits(&self, path: &Path, rule: &Rule, tier: Tier) -> bool {
        self.configs.admit(path, rule, tier, &self.asked)
    }
}
