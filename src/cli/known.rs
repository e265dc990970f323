//! The baseline of a run: what it knows, what of that is gone, and how it is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Error;
use super::settings::Failing;
use crate::config::baseline::{Baseline, Entry, SCHEMA};
use crate::fix::commit::{Disk as Layer, write_own};
use crate::lint::Selection;
use crate::report::baseline::{BaselineEntry, render};
use crate::report::view::{Report, SuppressedBy, SuppressedView};
use crate::rule::RuleSet;
use crate::source::{FileKind, Files, absolute, relative_to};

/// From so many findings on, a person is told of baselines.
const MANY: usize = 20;

/// What is needed to speak of the baseline of a run.
pub struct Known<'a> {
    /// The current folder.
    pub folder: &'a Path,
    /// What the run obeys, the baseline included.
    pub selection: &'a Selection,
    /// The rules.
    pub rules: &'a RuleSet,
    /// The files.
    pub files: &'a dyn Files,
    /// Those that the run is about.
    pub read: &'a BTreeSet<PathBuf>,
}

impl Known<'_> {
    /// Notes how many findings the baseline knows that are not there any more.
    pub fn note_gone(&self, report: &mut Report) {
        let found: BTreeSet<(PathBuf, &str)> = report
            .suppressed
            .iter()
            .map(|suppressed| {
                let finding = &suppressed.finding;
                (absolute(self.folder, &finding.path), finding.fingerprint.as_str())
            })
            .collect();
        let baseline = &self.selection.baseline;
        let is_looked_at = |path: &Path| self.read.contains(path) || self.files.kind(path) == FileKind::Absent;
        let was_asked = |path: &Path, entry: &Entry| {
            let rule = self.rules.rule(&entry.rule);
            rule.is_none_or(|rule| rule.tiers().into_iter().all(|tier| self.selection.admits(path, rule, tier)))
        };
        let gone = baseline.iter().filter(|(path, entry)| {
            is_looked_at(path)
                && was_asked(path, entry)
                && !found.contains(&(path.to_path_buf(), entry.fingerprint.as_str()))
        });
        match gone.count() {
            0 => {}
            1 => report.notes.push("1 finding of the baseline is gone: --write-baseline renews it".into()),
            count => {
                let note = format!("{count} findings of the baseline are gone: --write-baseline renews it");
                report.notes.push(note.into());
            }
        }
    }

    /// Writes what is found to the baseline at `path`, where it counts as known at once. What the old one knows of files
    /// that were not read stays.
    ///
    /// # Errors
    /// [`Error::Other`] if it can't be written.
    pub fn write(&self, path: &Path, report: &mut Report) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(path);
        let mut old = Baseline::default();
        // One that can't be read is about to be replaced.
        let _ = old.add(self.files, path, self.folder);
        let kept = old.iter().filter(|(file, _)| !self.read.contains(*file) && self.files.kind(file) == FileKind::File);
        let mut entries: Vec<_> = kept
            .map(|(_, entry)| BaselineEntry {
                path: entry.path.clone(),
                rule: entry.rule.clone(),
                subject: entry.subject.clone(),
                fingerprint: entry.fingerprint.clone(),
            })
            .collect();
        let found = std::mem::take(&mut report.findings);
        let count = found.len();
        for finding in found {
            let file = relative_to(folder, &absolute(self.folder, &finding.path));
            entries.push(BaselineEntry::new(&finding, file));
            report.suppressed.push(SuppressedView { finding, by: SuppressedBy::Baseline });
        }
        // Nothing is left that they would be about.
        report.repairs.clear();
        report.apply_with.clear();
        report.apply_with_profile.clear();
        report.to_check.clear();
        report.notes.clear();
        let mut bytes = Vec::new();
        render(SCHEMA, entries, &mut bytes)?;
        let name = relative_to(self.folder, path);
        write_own(path, &bytes, &Layer).map_err(|error| Error::Other(format!("{name} can't be written: {error}")))?;
        let is_configured = self.selection.configs.iter().any(|config| config.baseline.as_deref() == Some(path));
        let use_it = if is_configured {
            String::new()
        } else {
            format!(": use it with `--baseline {name}`, or name it as `baseline` in caulk.yaml")
        };
        let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        report.notes.push(format!("wrote {findings} to {name}{use_it}").into());
        Ok(())
    }

    /// Tells of baselines where many findings are left and none is used.
    pub fn offer(&self, failing: &Failing, report: &mut Report) {
        let counting =
            report.findings.iter().filter(|finding| failing.on_finding.is_some_and(|least| finding.severity >= least));
        if counting.count() >= MANY && self.selection.baseline.is_empty() {
            let note = "where these are too many to settle now: `caulk check --write-baseline` notes them, and only new \
                        findings are reported from then on";
            report.notes.push(note.into());
        }
    }
}
