//! `caulk check` and `caulk fix`: reads projects, says what is wrong, and repairs it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::configure::{Configuration, secrets_policy};
use super::known::Known;
use super::settings::{Action, Check, Format, Input, Output, Verbosity};
use super::view::Writer;
use super::{Error, Outcome, look};
use crate::fix::commit::{self, FileChange, RunRecord, commit};
use crate::fix::journal::{self, RepairRecord, StateFolder, StatePlaces};
use crate::fix::plan::{Fate, Plan, Settings, State, plan};
use crate::fix::secret::{Secrets, random};
use crate::inputs;
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::ProjectFiles;
use crate::report::diff::{DiffOptions, DiffTarget, FileDiff};
use crate::report::json::JsonOptions;
use crate::report::text::TextOptions;
use crate::report::view::{Report, Severity};
use crate::report::{diff, json, text};
use crate::rule::RuleSet;
use crate::source::git::{Git, GitProgram, GitStatus};
use crate::source::{Disk, Files, Overlay, absolute, decode, relative_to};

/// Runs the command.
///
/// # Errors
/// [`Error`] if it could not do what was asked at all.
pub fn run(
    check: &Check,
    output: Output,
    folder: &Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Outcome, Error> {
    let disk = Disk;
    let (files, paths) = files_and_paths(check, folder, &disk)?;
    let given = inputs::given(&files, &paths);
    let Configuration { rules, selection, new_baseline } = Configuration::read(check, &files, given.folders(), folder)?;
    let found = inputs::find(&files, &given, &selection.configs);
    // Who gives single files, as a hook does, may give some that belong to no project.
    let lonely = if check.only_given { Vec::new() } else { found.lonely };
    let missing: Vec<_> = given.missing.into_iter().chain(lonely).collect();
    if !missing.is_empty() {
        return Err(Error::Input(missing.into_iter().map(|(path, what)| (relative_to(folder, &path), what)).collect()));
    }
    let is_repairing = check.action == Action::Repair;
    let state_folder = if is_repairing { Some(open_state(err)?) } else { None };
    let mut run = Run {
        check,
        folder,
        rules: &rules,
        selection: &selection,
        options: Options {
            env_files: check.env_files.iter().map(|path| absolute(folder, path)).collect(),
            ..Options::default()
        },
        git: GitProgram::default(),
        secrets: RefCell::new(Secrets::new(random())),
        report: Report { version: env!("CARGO_PKG_VERSION").to_owned(), ..Report::default() },
        diffs: Vec::new(),
        read: BTreeSet::new(),
    };
    for group in &found.groups {
        run.group(group, &files, state_folder.as_ref())?;
    }
    if check.only_given {
        run.keep_only_given();
    }
    let known = Known { folder, selection: &selection, rules: &rules, files: &files, read: &run.read };
    known.note_gone(&mut run.report);
    match new_baseline {
        Some(path) => known.write(&path, &mut run.report)?,
        None => known.offer(&check.failing, &mut run.report),
    }
    run.write(output, out, err)
}

struct Run<'a> {
    check: &'a Check,
    folder: &'a Path,
    rules: &'a RuleSet,
    selection: &'a Selection,
    options: Options,
    git: GitProgram,
    secrets: RefCell<Secrets>,
    report: Report,
    diffs: Vec<FileDiff>,
    /// The files that were read.
    read: BTreeSet<PathBuf>,
}

impl Run<'_> {
    fn group(
        &mut self,
        sets: &[ProjectFiles],
        files: &dyn Files,
        state_folder: Option<&StateFolder>,
    ) -> Result<(), Error> {
        let is_fixing = self.check.action != Action::Report;
        // A patch leaves secrets out, so it can show what `--fix` must not write into a file that git tracks.
        let as_if_untracked = |path: &Path| match self.git.status(path) {
            GitStatus::Tracked { root } => GitStatus::Ignored { root },
            status => status,
        };
        let git: &dyn Git = if self.check.action == Action::ShowDiff { &as_if_untracked } else { &self.git };
        let configured = sets.first().and_then(|set| self.selection.configs.at(set.files.first()?));
        let settings = Settings {
            sets,
            options: &self.options,
            rules: self.rules,
            selection: self.selection,
            is_unsafe_allowed: self.check.unsafe_fixes,
            policy: secrets_policy(self.check.secrets, configured.and_then(|config| config.secrets)),
            git,
        };
        let folder =
            common_folder(sets.iter().map(|set| set.folder.as_path())).unwrap_or_else(|| self.folder.to_owned());
        let root = self.root(&folder);
        if let Some(state_folder) = state_folder {
            let lines = journal::recover(&root, state_folder, &commit::Disk)
                .map_err(|error| Error::Other(error.to_string()))?;
            self.report.notes.extend(lines);
        }
        let before = State::read(files, &settings);
        let plan = plan(files, &settings, &self.secrets);
        let changes = plan.draft.file_changes();
        let overlay = plan.draft.overlay();
        let after = if self.check.action == Action::Repair { Some(State::read(&overlay, &settings)) } else { None };
        if let Some(state_folder) = state_folder.filter(|_| !changes.is_empty()) {
            // Without a repository, what a repair chose to change is what the project consists of.
            let changed = changes.iter().filter_map(|change| change.path.parent());
            let root = common_folder(changed.chain([root.as_path()])).unwrap_or(root);
            let record = record(root, &plan);
            let done = commit(&changes, &record, state_folder, &commit::Disk)
                .map_err(|error| Error::Other(error.to_string()))?;
            self.report.notes.extend(done.notes);
        }
        if self.check.action == Action::ShowDiff {
            let secrets = self.secrets.borrow().exposed();
            let notes: Vec<_> = changes.iter().filter_map(|change| self.not_for_git(change, &secrets)).collect();
            self.report.notes.extend(notes);
            self.diffs.extend(changes.iter().map(|change| file_diff(self.folder, change, &secrets)));
        }
        let shown = after.as_ref().unwrap_or(&before);
        let secrets = self.secrets.borrow();
        let mut writer = Writer::new(&mut self.report, self.folder, &secrets, is_fixing);
        writer.group(shown, &before, &plan);
        self.read.append(&mut writer.files);
        self.report.files = self.read.len();
        Ok(())
    }

    /// What keeps `--fix` from making a change that a patch shows.
    fn not_for_git(&self, change: &FileChange, secrets: &[String]) -> Option<String> {
        let text = String::from_utf8_lossy(&change.after);
        let is_secret = secrets.iter().any(|secret| text.contains(secret.as_str()));
        let is_tracked = || matches!(self.git.status(&change.path), GitStatus::Tracked { .. });
        (is_secret && is_tracked()).then(|| {
            let path = relative_to(self.folder, &change.path);
            format!(
                "git tracks {path}, so --fix holds back what needs a password there: `git rm --cached {path}` first"
            )
        })
    }

    /// The folder that bounds what is written: the repository, or the project.
    fn root(&self, folder: &Path) -> PathBuf {
        match self.git.status(&folder.join(".env")) {
            GitStatus::Tracked { root }
            | GitStatus::Ignored { root }
            | GitStatus::Untracked { root }
            | GitStatus::Unknown { root, .. } => root,
            GitStatus::NoRepository => folder.to_owned(),
        }
    }

    fn write(self, output: Output, out: &mut dyn Write, err: &mut dyn Write) -> Result<Outcome, Error> {
        let look = look(output.color);
        let outcome = self.outcome();
        match (self.check.action, self.check.format) {
            (Action::ShowDiff, Format::Text) => {
                let target = if super::is_terminal_out() && look.colors {
                    DiffTarget::Terminal(look)
                } else {
                    DiffTarget::Patch
                };
                let options = DiffOptions { show_secrets: self.check.show_secrets, target };
                let notes = diff::render(&self.diffs, &options, out)?;
                for note in notes.into_iter().chain(self.beside_the_patch()) {
                    writeln!(err, "caulk: {note}")?;
                }
            }
            (_, Format::Json) => json::render(&self.report, &JsonOptions::default(), out)?,
            (_, Format::Text) => {
                let options = TextOptions {
                    look,
                    quiet: output.verbosity == Verbosity::Quiet,
                    verbose: output.verbosity == Verbosity::Verbose,
                    statistics: self.check.statistics,
                    show_secrets: self.check.show_secrets,
                };
                text::render(&self.report, &options, out)?;
            }
        }
        Ok(outcome)
    }

    /// What a patch can't say: what could not be read, and which repairs are not in it.
    fn beside_the_patch(&self) -> Vec<String> {
        let report = &self.report;
        let title = |id: &str| {
            let repair = report.repairs.iter().find(|repair| repair.id == id);
            repair.map_or(id, |repair| repair.title.as_str()).to_owned()
        };
        let problems = report.problems.iter().map(|problem| match &problem.range {
            Some(range) => {
                let (line, column) = (range.start.line, range.start.column);
                format!("{}:{line}:{column}: {}", problem.path, problem.message)
            }
            None => format!("{}: {}", problem.path, problem.message),
        });
        let fix = report.fix.clone().unwrap_or_default();
        let held_back = fix.held_back.into_iter().map(|held| {
            let flag = held.flag.map(|flag| format!(" ({flag})")).unwrap_or_default();
            format!("held back: {}: {}{flag}", title(&held.repair), held.reason)
        });
        let refused = fix.refused.into_iter().map(|no| format!("refused: {}: {}", title(&no.repair), no.reason));
        problems.chain(held_back).chain(refused).chain(report.notes.iter().cloned()).collect()
    }

    fn keep_only_given(&mut self) {
        let paths = match &self.check.input {
            Input::Paths(paths) => paths.as_slice(),
            Input::Stdin { file_name } => std::slice::from_ref(file_name),
        };
        let given: Vec<_> = paths.iter().map(|path| relative_to(self.folder, &absolute(self.folder, path))).collect();
        self.read.retain(|path| given.contains(&relative_to(self.folder, path)));
        self.report.findings.retain(|finding| given.contains(&finding.path));
        self.report.problems.retain(|problem| given.contains(&problem.path));
        self.report.suppressed.retain(|suppressed| given.contains(&suppressed.finding.path));
    }

    fn outcome(&self) -> Outcome {
        let failing = &self.check.failing;
        let counts = |severity: Severity| failing.on_finding.is_some_and(|least| severity >= least);
        let is_left = self.report.findings.iter().any(|finding| counts(finding.severity))
            || self.report.problems.iter().any(|problem| counts(problem.severity));
        let is_repaired = self.report.fix.as_ref().is_some_and(|fix| !fix.applied.is_empty());
        if is_left || (failing.on_repair && is_repaired) { Outcome::Findings } else { Outcome::Clean }
    }
}

fn files_and_paths<'d>(check: &Check, folder: &Path, disk: &'d Disk) -> Result<(Overlay<'d>, Vec<PathBuf>), Error> {
    let mut files = Overlay::new(disk);
    let paths = match &check.input {
        Input::Paths(paths) => paths.iter().map(|path| absolute(folder, path)).collect(),
        Input::Stdin { file_name } => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            let path = absolute(folder, file_name);
            files.set(path.clone(), bytes);
            vec![path]
        }
    };
    Ok((files, paths))
}

fn open_state(err: &mut dyn Write) -> Result<StateFolder, Error> {
    let (folder, notes) =
        StateFolder::open(&StatePlaces::from_environment()).map_err(|error| Error::Other(error.to_string()))?;
    for note in notes {
        writeln!(err, "caulk: {note}")?;
    }
    Ok(folder)
}

fn record(root: PathBuf, plan: &Plan<'_>) -> RunRecord {
    let made = plan.repairs.iter().filter(|planned| planned.fate == Fate::Made);
    let repairs = made.map(|planned| RepairRecord {
        id: planned.key.to_string(),
        title: planned.title.clone(),
        edits: Vec::new(),
    });
    RunRecord { root, started: SystemTime::now(), repairs: repairs.collect() }
}

fn file_diff(folder: &Path, change: &FileChange, secrets: &[String]) -> FileDiff {
    let text = |bytes: &[u8]| decode(bytes).map(|text| text.to_string()).unwrap_or_default();
    FileDiff {
        path: relative_to(folder, &change.path),
        before: change.before.as_deref().map(text),
        after: text(&change.after),
        secrets: secrets.to_vec(),
    }
}

/// The folder that holds all of them.
fn common_folder<'p>(folders: impl Iterator<Item = &'p Path>) -> Option<PathBuf> {
    folders
        .map(Path::to_owned)
        .reduce(|a, b| a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect())
}
