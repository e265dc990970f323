//! Which rules speak where, and what is known already.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::config::baseline::Baseline;
use crate::config::{Choice, Configs};
use crate::model::Workspace;
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
    /// The files and folders that the run is about; `None` for all. Rules look at everything nevertheless.
    pub given: Option<BTreeSet<PathBuf>>,
}

impl Selection {
    /// One rule, and those from which it follows, whatever their tier.
    pub fn of_rule(rule: &Rule) -> Self {
        let only = rule.follows().chain([rule.id.as_str()]).map(str::to_owned).collect();
        Self { asked: Choice { only, ..Choice::default() }, ..Self::default() }
    }

    /// True if the run is about the file at `path`.
    pub fn is_given(&self, path: &Path) -> bool {
        self.given.as_ref().is_none_or(|given| path.ancestors().any(|path| given.contains(path)))
    }

    /// True if a finding has a place in one of the files that the run is about.
    pub fn is_about(&self, workspace: &Workspace<'_>, finding: &Finding) -> bool {
        finding.labels.iter().any(|label| self.is_given(&workspace.sources.get(label.source).path))
    }

    /// True if a rule of that tier speaks about `path`.
    pub fn admits(&self, path: &Path, rule: &Rule, tier: Tier) -> bool {
        self.configs.admit(path, rule, tier, &self.asked)
    }

    /// True if somebody wants to hear nothing of a rule about `path`.
    pub fn ignores(&self, path: &Path, rule: &Rule) -> bool {
        self.configs.ignores(path, rule, &self.asked)
    }
}
