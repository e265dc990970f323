//! Decodes `caulk.yaml`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Choice, Config, Override, PathSet, SecretsPolicy, Section};
use crate::decode::{Decoder, Mapping};
use crate::model::discover::{ProjectFiles, Reason};
use crate::rule::{RuleSet, Severity, Tier};
use crate::source::{FileKind, Files, absolute};
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;

/// Keys of an override; the top level has them, too.
pub(super) const SECTION_KEYS: [&str; 4] = ["select", "ignore", "severity", "allowed_addresses"];
/// Keys of the top level alone.
pub(super) const TOP_KEYS: [&str; 6] = ["overrides", "exclude", "rules", "projects", "secrets", "baseline"];
/// Keys of a project.
pub(super) const PROJECT_KEYS: [&str; 4] = ["files", "env_files", "profiles", "project_directory"];

/// The folders with rules that the file at `path` names, as far as they can be read.
pub(super) fn rule_folders(path: &Path, text: Arc<str>) -> Vec<PathBuf> {
    let (decoder, root) = Decoder::new(text);
    let mut reader = Reader { decoder, path, files: None, rules: None };
    let folders = root.and_then(|root| {
        let mapping = reader.decoder.open_mapping(root, "")?;
        mapping.get("rules").map(|id| reader.paths(id, "`rules`"))
    });
    folders.unwrap_or_default().into_iter().map(|(_, folder)| folder).collect()
}

/// The configuration in `text`, the file at `path`.
///
/// # Errors
/// Everything that is wrong with it, by place.
pub(super) fn config(files: &dyn Files, path: &Path, text: Arc<str>, rules: &RuleSet) -> Result<Config, Vec<Problem>> {
    let is_empty = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    if is_empty.into_iter().all(|line| line.is_empty() || line.starts_with('#') || line == "---") {
        return Ok(Config { path: path.to_owned(), ..Config::default() });
    }
    let (decoder, root) = Decoder::new(text);
    let mut reader = Reader { decoder, path, files: Some(files), rules: Some(rules) };
    let config = root.and_then(|root| reader.config(root));
    reader.decoder.finish(config)
}

/// Reads one file. What is wrong is noted by the decoder, so the methods return what could be read.
struct Reader<'a> {
    decoder: Decoder,
    path: &'a Path,
    files: Option<&'a dyn Files>,
    rules: Option<&'a RuleSet>,
}

impl Reader<'_> {
    fn config(&mut self, root: NodeId) -> Option<Config> {
        let known: Vec<_> = SECTION_KEYS.into_iter().chain(TOP_KEYS).collect();
        let mapping = self.decoder.mapping(root, "caulk.yaml", &known)?;
        let policies = SecretsPolicy::ALL.map(|policy| (policy.as_str(), policy));
        let excluded = mapping.get("exclude").map(|id| self.path_set(id, "`exclude`"));
        Some(Config {
            path: self.path.to_owned(),
            base: self.section(&mapping),
            overrides: self.each(&mapping, "overrides", Self::over),
            excluded: excluded.unwrap_or_default(),
            rule_folders: self.existing_paths(&mapping, "rules", FileKind::Directory),
            projects: self.each(&mapping, "projects", Self::project),
            secrets: mapping.get("secrets").and_then(|id| self.decoder.word(id, "`secrets`", &policies)),
            baseline: mapping.get("baseline").and_then(|id| self.one_path(id, "`baseline`")),
        })
    }

    fn each<T>(&mut self, mapping: &Mapping, key: &str, read: fn(&mut Self, NodeId) -> Option<T>) -> Vec<T> {
        let items = mapping.get(key).and_then(|id| self.decoder.list(id, &format!("`{key}`"))).unwrap_or_default();
        items.into_iter().filter_map(|item| read(self, item)).collect()
    }

    fn section(&mut self, mapping: &Mapping) -> Section {
        let mut choice = Choice::default();
        for (tier, rule) in self.rules_or_tiers(mapping, "select") {
            choice.tiers.extend(tier);
            choice.only.extend(rule);
        }
        for (tier, rule) in self.rules_or_tiers(mapping, "ignore") {
            choice.ignored_tiers.extend(tier);
            choice.ignored.extend(rule);
        }
        let words = Severity::ALL.map(|severity| (severity.as_str(), severity));
        let severities = mapping.get("severity").and_then(|id| self.decoder.open_mapping(id, "`severity`"));
        let severities = severities.map(|mapping| mapping.entries).unwrap_or_default().into_iter();
        let severities = severities.filter_map(|entry| {
            let rule = self.rule(entry.key, &entry.name, &[]);
            Some((rule?, self.decoder.word(entry.value, "a severity", &words)?))
        });
        Section { choice, severities: severities.collect(), allowed_addresses: self.addresses(mapping) }
    }

    fn rules_or_tiers(&mut self, mapping: &Mapping, key: &str) -> Vec<(Option<Tier>, Option<String>)> {
        let items = mapping.get(key).and_then(|id| self.decoder.list(id, &format!("`{key}`"))).unwrap_or_default();
        let mut names = Vec::new();
        for item in items {
            let Some(name) = self.decoder.text(item, &format!("an item of `{key}`")) else { continue };
            let tier = Tier::ALL.into_iter().find(|tier| tier.as_str() == name);
            let rule = if tier.is_some() { None } else { self.rule(item, &name, &Tier::ALL.map(Tier::as_str)) };
            names.push((tier, rule));
        }
        names
    }

    /// The id of a rule that exists; `others` are names that are allowed beside those of rules.
    fn rule(&mut self, id: NodeId, name: &str, others: &[&str]) -> Option<String> {
        let rules = self.rules?;
        if rules.rule(name).is_some() {
            return Some(name.to_owned());
        }
        let names = rules.rules.iter().map(|rule| rule.id.as_str()).chain(others.iter().copied());
        let place = self.decoder.place(id);
        let message = format!("there is no rule `{name}`");
        self.decoder.unknown_name(place, message, name, names.collect::<Vec<_>>());
        None
    }

    fn addresses(&mut self, mapping: &Mapping) -> Vec<IpAddr> {
        let key = "allowed_addresses";
        let items = mapping.get(key).and_then(|id| self.decoder.list(id, &format!("`{key}`"))).unwrap_or_default();
        let mut addresses = Vec::new();
        for item in items {
            let Some(text) = self.decoder.text(item, &format!("an item of `{key}`")) else { continue };
            match text.trim_matches(['[', ']']).parse() {
                Ok(address) => addresses.push(address),
                Err(_) => {
                    let help = "write one such as 0.0.0.0 or \"::\"";
                    self.decoder.report_with(item, format!("`{text}` is no IP address"), help);
                }
            }
        }
        addresses
    }

    fn over(&mut self, id: NodeId) -> Option<Override> {
        let what = "an override";
        let known: Vec<_> = std::iter::once("paths").chain(SECTION_KEYS).collect();
        let mapping = self.decoder.mapping(id, what, &known)?;
        let paths = self.decoder.required(&mapping, "paths", what).map(|id| self.path_set(id, "`paths`"));
        let section = self.section(&mapping);
        Some(Override { paths: paths?, section })
    }

    fn path_set(&mut self, id: NodeId, what: &str) -> PathSet {
        let mut patterns = Vec::new();
        for item in self.decoder.list(id, what).unwrap_or_default() {
            let Some(pattern) = self.decoder.text(item, &format!("an item of {what}")) else { continue };
            match PathSet::mistake(&pattern) {
                Some(mistake) => self.decoder.report(item, format!("`{pattern}` is no pattern: {mistake}")),
                None => patterns.push(pattern),
            }
        }
        PathSet::new(self.folder(), patterns.iter().map(String::as_str))
    }

    fn project(&mut self, id: NodeId) -> Option<ProjectFiles> {
        let what = "a project";
        let mapping = self.decoder.mapping(id, what, &PROJECT_KEYS)?;
        let has_files = self.decoder.required(&mapping, "files", what);
        let files = self.existing_paths(&mapping, "files", FileKind::File);
        if let Some(id) = has_files.filter(|_| files.is_empty()) {
            self.decoder.report(id, "a project needs at least one file");
        }
        let env_files = self.existing_paths(&mapping, "env_files", FileKind::File);
        let profiles = mapping.get("profiles").map(|id| self.decoder.texts(id, "`profiles`"));
        let folder = mapping.get("project_directory").and_then(|id| self.one_path(id, "`project_directory`"));
        let folder = folder.or_else(|| files.first()?.parent().map(Path::to_owned))?;
        let profiles = profiles.flatten().unwrap_or_default();
        Some(ProjectFiles { files, folder, reason: Reason::Configured, env_files, profiles })
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(self.path)
    }

    fn one_path(&mut self, id: NodeId, what: &str) -> Option<PathBuf> {
        let path = self.decoder.text(id, what)?;
        Some(absolute(self.folder(), path))
    }

    fn paths(&mut self, id: NodeId, what: &str) -> Vec<(NodeId, PathBuf)> {
        let items = self.decoder.list(id, what).unwrap_or_default();
        let item = format!("an item of {what}");
        items.into_iter().filter_map(|id| Some((id, self.one_path(id, &item)?))).collect()
    }

    /// Paths at which something of that kind must stand.
    fn existing_paths(&mut self, mapping: &Mapping, key: &str, kind: FileKind) -> Vec<PathBuf> {
        let paths = mapping.get(key).map(|id| self.paths(id, &format!("`{key}`"))).unwrap_or_default();
        for (id, path) in &paths {
            if self.files.is_some_and(|files| files.kind(path) != kind) {
                let what = if kind == FileKind::Directory { "folder" } else { "file" };
                let help = "paths in caulk.yaml are relative to its folder";
                self.decoder.report_with(*id, format!("there is no such {what}"), help);
            }
        }
        paths.into_iter().map(|(_, path)| path).collect()
    }
}
