//! From arguments and `caulk.yaml` to what a run obeys: rules, their selection, the baseline.

use std::path::{Path, PathBuf};

use super::Error;
use super::settings::{BaselineUse, Check, Input, SecretsPolicy as Asked, Selector};
use crate::config::baseline::{Baseline, FILE_NAME};
use crate::config::{self, Choice, Configs, LoadError, SecretsPolicy, Where};
use crate::lint::Selection;
use crate::rule::{RuleSet, Tier};
use crate::source::{Files, absolute, repository_root};

/// What a run obeys.
pub struct Configuration {
    /// The rules.
    pub rules: RuleSet,
    /// Which of them speak where, and what is known.
    pub selection: Selection,
    /// The baseline that the run writes, if it writes one.
    pub new_baseline: Option<PathBuf>,
}

impl Configuration {
    /// Reads what holds for files in `folders`. `current` is the current folder.
    ///
    /// # Errors
    /// [`Error::Load`] for files that can't be read or have mistakes, [`Error::Other`] for rules that do not exist.
    pub fn read<'p>(
        check: &Check,
        files: &dyn Files,
        folders: impl IntoIterator<Item = &'p Path>,
        current: &Path,
    ) -> Result<Self, Error> {
        let place = match &check.config {
            Where::File(file) => Where::File(absolute(current, file)),
            place => place.clone(),
        };
        let rule_folders: Vec<_> = check.rule_folders.iter().map(|folder| absolute(current, folder)).collect();
        let loaded = config::load(files, &place, folders, &rule_folders, current)?;
        let root = repository_root(files, current).unwrap_or(current).to_owned();
        let asked = choice(&check.select, &check.ignore);
        known(&asked, &loaded.rules)?;
        let baseline = baseline(&check.baseline, &loaded.configs, files, current)?;
        let new_baseline = match &check.baseline {
            BaselineUse::Write(Some(file)) => Some(absolute(current, file)),
            BaselineUse::Write(None) => {
                let configured = loaded.configs.iter().find_map(|config| config.baseline.clone());
                Some(configured.unwrap_or_else(|| root.join(FILE_NAME)))
            }
            _ => None,
        };
        let given = match &check.input {
            _ if !check.only_given => None,
            Input::Paths(paths) => Some(paths.iter().map(|path| absolute(current, path)).collect()),
            Input::Stdin { file_name } => Some([absolute(current, file_name)].into()),
        };
        let selection = Selection { asked, configs: loaded.configs, baseline, root, given };
        Ok(Self { rules: loaded.rules, selection, new_baseline })
    }
}

fn baseline(asked: &BaselineUse, configs: &Configs, files: &dyn Files, current: &Path) -> Result<Baseline, LoadError> {
    let mut baseline = Baseline::default();
    match asked {
        BaselineUse::File(file) => baseline.add(files, &absolute(current, file), current)?,
        BaselineUse::Configured => {
            for file in configs.iter().filter_map(|config| config.baseline.as_ref()) {
                baseline.add(files, file, current)?;
            }
        }
        BaselineUse::Nothing | BaselineUse::Write(_) => {}
    }
    Ok(baseline)
}

/// Which rules are asked for.
pub fn choice(select: &[Selector], ignore: &[Selector]) -> Choice {
    let mut choice = Choice::default();
    for (selectors, is_ignored) in [(select, false), (ignore, true)] {
        for selector in selectors {
            match selector {
                Selector::Tier(tier) => {
                    let tier = if tier.as_str() == Tier::Strict.as_str() { Tier::Strict } else { Tier::Default };
                    if is_ignored { choice.ignored_tiers.push(tier) } else { choice.tiers.push(tier) }
                }
                Selector::Rule(id) if is_ignored => choice.ignored.push(id.clone()),
                Selector::Rule(id) => choice.only.push(id.clone()),
            }
        }
    }
    choice
}

fn known(choice: &Choice, rules: &RuleSet) -> Result<(), Error> {
    let unknown = choice.only.iter().chain(&choice.ignored).find(|id| rules.rule(id).is_none());
    unknown.map_or(Ok(()), |id| Err(super::rules::unknown(rules, id)))
}

impl From<Asked> for SecretsPolicy {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Generate => Self::Generate,
            Asked::Declare => Self::Declare,
            Asked::Never => Self::Never,
        }
    }
}

/// Whether passwords are made: what the person asks for, else what is `configured`. Where nobody sits in front of the
/// screen, caulk makes none unless the person asks for it.
pub fn secrets_policy(asked: Option<Asked>, configured: Option<SecretsPolicy>) -> SecretsPolicy {
    let is_unattended =
        || ["CI", "PRE_COMMIT"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let configured = configured.unwrap_or(SecretsPolicy::Generate);
    match asked {
        Some(asked) => asked.into(),
        None if is_unattended() => configured.max(SecretsPolicy::Declare),
        None => configured,
    }
}
