//! What people tell caulk about a repository: `caulk.yaml`, and the baseline of what is known already.
//!
//! The command line and the language server obey the same files: [`load()`] finds and reads them, [`Configs::at`] answers
//! for a path.

pub mod baseline;
mod decode;
mod load;
mod paths;
mod schema;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use load::{LoadError, Loaded, NAMES, Where, load};
pub use paths::PathSet;
pub use schema::schema;

use crate::model::discover::ProjectFiles;
use crate::rule::{Rule, Severity, Tier};

/// What `caulk init` writes: every key, explained and commented out.
pub const TEMPLATE: &str = include_str!("template.yaml");

/// Whether caulk makes passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretsPolicy {
    /// It makes them and writes them into env files.
    Generate,
    /// It writes only their names: somebody else provides the values.
    Declare,
    /// It makes no repair that needs a new one.
    Never,
}

impl SecretsPolicy {
    /// All of them, the most careful last.
    pub const ALL: [Self; 3] = [Self::Generate, Self::Declare, Self::Never];

    /// The word for it: `generate`, `declare`, `never`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Declare => "declare",
            Self::Never => "never",
        }
    }
}

/// Which rules are wanted, as `--select` and `--ignore` say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// If any rule is named here, only these run, and those of [`Choice::tiers`].
    pub only: Vec<String>,
    /// Tiers besides the default one.
    pub tiers: Vec<Tier>,
    /// Rules that do not run.
    pub ignored: Vec<String>,
    /// Tiers that do not run.
    pub ignored_tiers: Vec<Tier>,
}

impl Choice {
    /// This choice after `before`: what it selects takes the place of what `before` selects, even if that is ignored
    /// there, and what it ignores is added.
    fn after(&self, before: &Self) -> Self {
        let mut result = before.clone();
        if !self.only.is_empty() || !self.tiers.is_empty() {
            (result.only, result.tiers) = (self.only.clone(), self.tiers.clone());
            result.ignored.retain(|rule| !self.only.contains(rule));
            result.ignored_tiers.retain(|tier| !self.tiers.contains(tier));
        }
        result.ignored.extend(self.ignored.iter().cloned());
        result.ignored_tiers.extend(&self.ignored_tiers);
        result
    }

    fn admits(&self, rule: &Rule, tier: Tier) -> bool {
        let is_named = self.only.contains(&rule.id);
        let is_default = self.only.is_empty() && tier == Tier::Default;
        let is_wanted = is_named || is_default || self.tiers.contains(&tier);
        is_wanted && !self.ignored.contains(&rule.id) && (is_named || !self.ignored_tiers.contains(&tier))
    }
}

/// What can differ from path to path.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Which rules run.
    pub choice: Choice,
    /// Severities by the id of the rule.
    pub severities: BTreeMap<String, Severity>,
    /// Addresses that may be published on, although they mean every address.
    pub allowed_addresses: Vec<IpAddr>,
}

/// What holds for some paths.
#[derive(Debug, Clone)]
pub struct Override {
    /// The paths.
    pub paths: PathSet,
    /// What holds there.
    pub section: Section,
}

/// A `caulk.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file, absolute. Paths in it rest on its folder.
    pub path: PathBuf,
    /// What holds everywhere.
    pub base: Section,
    /// What holds for some paths; later ones win.
    pub overrides: Vec<Override>,
    /// Paths that caulk does not look at.
    pub excluded: PathSet,
    /// Folders with further rules, absolute.
    pub rule_folders: Vec<PathBuf>,
    /// Projects that Compose is told about with options.
    pub projects: Vec<ProjectFiles>,
    /// Whether passwords are made.
    pub secrets: Option<SecretsPolicy>,
    /// The file with what is known already, absolute.
    pub baseline: Option<PathBuf>,
}

impl Config {
    /// The folder on which its paths rest.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    fn sections(&self, path: &Path) -> impl DoubleEndedIterator<Item = &Section> {
        let overrides = self.overrides.iter().filter(|over| over.paths.contains(path));
        std::iter::once(&self.base).chain(overrides.map(|over| &over.section).collect::<Vec<_>>())
    }
}

/// The configuration of every path of a run. The default has none.
#[derive(Debug, Clone, Default)]
pub struct Configs {
    configs: Vec<Arc<Config>>,
    /// True if the person named the file: then it holds outside of its folder, too.
    is_named: bool,
}

impl Configs {
    /// The one that holds for `path`: that of the nearest folder.
    pub fn at(&self, path: &Path) -> Option<&Config> {
        let holding = self.configs.iter().filter(|config| self.is_named || path.starts_with(config.folder()));
        holding.max_by_key(|config| config.folder().components().count()).map(Arc::as_ref)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Config> {
        self.configs.iter().map(Arc::as_ref)
    }

    /// The projects that are declared.
    pub fn projects(&self) -> Vec<ProjectFiles> {
        self.iter().flat_map(|config| config.projects.iter().cloned()).collect()
    }

    /// True if caulk does not look at `path`.
    pub fn excludes(&self, path: &Path) -> bool {
        self.at(path).is_some_and(|config| config.excluded.contains(path))
    }

    /// True if a rule of that tier speaks about `path`, where `asked` is what the command line says.
    pub fn admit(&self, path: &Path, rule: &Rule, tier: Tier, asked: &Choice) -> bool {
        let is_excluded = self.at(path).is_some_and(|config| config.excluded.contains(path));
        !is_excluded && self.choice(path, asked).admits(rule, tier)
    }

    /// True if somebody wants to hear nothing of a rule at `path`.
    pub fn ignores(&self, path: &Path, rule: &Rule, asked: &Choice) -> bool {
        self.choice(path, asked).ignored.contains(&rule.id)
    }

    fn choice(&self, path: &Path, asked: &Choice) -> Choice {
        let Some(config) = self.at(path) else { return asked.clone() };
        let configured = config.sections(path).fold(Choice::default(), |before, next| next.choice.after(&before));
        asked.after(&configured)
    }

    /// The severity that somebody wants a rule to have at `path`.
    pub fn severity(&self, path: &Path, rule: &str) -> Option<Severity> {
        self.at(path)?.sections(path).rev().find_map(|section| section.severities.get(rule)).copied()
    }

    /// True if ports may be published on `address` at `path`, whatever it means.
    pub fn allows_address(&self, path: &Path, address: IpAddr) -> bool {
        self.at(path)
            .is_some_and(|config| config.sections(path).any(|section| section.allowed_addresses.contains(&address)))
    }
}

#[cfg(test)]
mod tests;
