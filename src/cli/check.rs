//! `caulk check` and `caulk fix`: reads projects, says what is wrong, and repairs it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::SystemTime;

use rayon::prelude::*;

use super::bounds::{Bounds, common_folder};
use super::configure::{Configuration, secrets_policy};
use super::known::Known;
use super::narrow;
use super::progress::Progress;
use super::readings;
use super::settings::{Action, Check, Format, Input, Output, Verbosity};
use super::view::Writer;
use super::{Error, Outcome, look};
use crate::fix::commit::{self, FileChange, FileLayer, RunRecord, commit};
use crate::fix::journal::{self, About, RepairRecord, StateFolder, StatePlaces};
use crate::fix::plan::{Plan, plan};
use crate::fix::recreate::projects;
use crate::fix::secret::{Secrets, random};
use crate::fix::settings::{AT_ONCE, Settings};
use crate::inputs::{self, Chosen};
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::ProjectFiles;
use crate::report::diff::{DiffOptions, DiffTarget, FileDiff};
use crate::report::json::JsonOptions;
use crate::report::junit::JunitOptions;
use crate::report::text::TextOptions;
use crate::report::view::{FindingView, RepairView, Report, Sentence, Severity, in_one_line};
use crate::report::visible::{visible, without_commands};
use crate::report::{concise, diff, github, gitlab, json, junit, rdjson, sarif, text};
use crate::rule::RuleSet;
use crate::source::git::{Git, GitProgram, GitStatus};
use crate::source::{Disk, Files, Overlay, Remembered, absolute, decode, relative_to};
use crate::topology::Surroundings;

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
    let chosen = if check.only_given { Chosen::ByName } else { Chosen::ByPerson };
    let given = inputs::given(&files, &paths, chosen);
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
    let run = Run {
        check,
        folder,
        rules: &rules,
        selection: &selection,
        options: Options {
            env_files: check.env_files.iter().map(|path| absolute(folder, path)).collect(),
            ..Options::default()
        },
        git: GitProgram::default(),
        started: SystemTime::now(),
    };
    let search = || inputs::with_surroundings(&files, found.groups.iter().flatten(), &selection.configs);
    let surroundings = Surroundings::new(search, &run.options, &files);
    let mut progress = Progress::new(found.groups.iter().map(Vec::len).sum(), output.verbosity, err);
    let parts = match &state_folder {
        // One after the other: each may write, and what one has written the next one reads.
        Some(state_folder) => {
            let mut first_repair = 1;
            let parts = found.groups.iter().map(|group| {
                let part = run.group(group, &surroundings, &files, Some(WriteTo { state_folder, first_repair }))?;
                first_repair += part.report.repairs.len();
                progress.step(group.len());
                Ok(part)
            });
            parts.collect::<Result<Vec<_>, _>>()
        }
        // As with `--fix`: what one changes, the next one finds changed.
        None if check.action == Action::ShowDiff => {
            let mut changed = Overlay::new(&files);
            let parts = found.groups.iter().map(|group| {
                let mut part = run.group(group, &surroundings, &changed, None)?;
                for (path, bytes) in std::mem::take(&mut part.changed) {
                    changed.set(path, bytes);
                }
                progress.step(group.len());
                Ok(part)
            });
            parts.collect::<Result<Vec<_>, _>>()
        }
        None => in_parallel(&found.groups, &mut progress, |group| run.group(group, &surroundings, &files, None)),
    };
    progress.finish();
    let mut all = Part::default();
    parts?.into_iter().for_each(|part| all.absorb(part));
    all.report.version = env!("CARGO_PKG_VERSION").to_owned();
    let mut finished = Finished { check, folder, selection: &selection, all };
    finished.keep_only_given();
    readings::unite(&mut finished.all.report);
    narrow::note(check, &mut finished.all.report);
    let Part { report, files: read, .. } = &mut finished.all;
    report.files = read.len();
    let known = Known { folder, selection: &selection, rules: &rules, files: &files, read };
    known.note_gone(report);
    match new_baseline {
        Some(path) => known.write(&path, report)?,
        None => known.offer(&check.failing, report),
    }
    finished.write(output, out, err)
}

/// Does `work` on each group on all processors, and gives the results in the order of the groups.
fn in_parallel<R: Send>(
    groups: &[Vec<ProjectFiles>],
    progress: &mut Progress<'_>,
    work: impl Fn(&[ProjectFiles]) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            groups.par_iter().enumerate().for_each_with(sender, |sender, (number, group)| {
                // Nobody listens any more only if the other side is gone.
                let _ = sender.send((number, work(group)));
            });
        });
        let mut done: Vec<_> =
            receiver.into_iter().inspect(|(number, _)| progress.step(groups[*number].len())).collect();
        done.sort_by_key(|(number, _)| *number);
        done.into_iter().map(|(_, result)| result).collect()
    })
}

/// What one group of projects came to.
#[derive(Default)]
struct Part {
    report: Report,
    files: BTreeSet<PathBuf>,
    diffs: Vec<FileDiff>,
    /// What the files in `diffs` would hold.
    changed: Vec<(PathBuf, Vec<u8>)>,
    /// Why some repairs could not be written.
    not_written: Vec<String>,
}

impl Part {
    fn absorb(&mut self, mut other: Self) {
        self.report.absorb(other.report);
        self.files.append(&mut other.files);
        for diff in other.diffs {
            match self.diffs.iter_mut().find(|known| known.path == diff.path) {
                None => self.diffs.push(diff),
                Some(known) if diff.before.as_ref() == Some(&known.after) => {
                    known.after = diff.after;
                    known.secrets.extend(diff.secrets);
                }
                // A link to it made the same file a part of several projects; a patch changes it once.
                Some(_) => {}
            }
        }
        self.not_written.append(&mut other.not_written);
    }
}

/// Where repairs are noted, and from which number on they count.
#[derive(Clone, Copy)]
struct WriteTo<'a> {
    state_folder: &'a StateFolder,
    first_repair: usize,
}

/// What all groups share.
struct Run<'a> {
    check: &'a Check,
    folder: &'a Path,
    rules: &'a RuleSet,
    selection: &'a Selection,
    options: Options,
    git: GitProgram,
    started: SystemTime,
}

impl Run<'_> {
    /// Reads a group of projects, and repairs it if there is a state folder. Secrets are made for each group: what shares
    /// an env file is in one.
    fn group(
        &self,
        sets: &[ProjectFiles],
        surroundings: &Surroundings<'_>,
        files: &dyn Files,
        write_to: Option<WriteTo<'_>>,
    ) -> Result<Part, Error> {
        let mut part = Part::default();
        let secrets = RefCell::new(Secrets::new(random()));
        let is_fixing = self.check.action != Action::Report;
        // A patch leaves secrets out, so it can show what `--fix` must not write into a file that git tracks.
        let as_if_untracked = |path: &Path| match self.git.status(path) {
            GitStatus::Tracked { root } => GitStatus::Ignored { root },
            status => status,
        };
        let git: &dyn Git = if self.check.action == Action::ShowDiff { &as_if_untracked } else { &self.git };
        let folder =
            common_folder(sets.iter().map(|set| set.folder.as_path())).unwrap_or_else(|| self.folder.to_owned());
        let bounds = Bounds::of(&self.git, &folder);
        let may_write = |path: &Path| bounds.may_write(path).map_err(|reason| reason.to_string());
        let configured = sets.first().and_then(|set| self.selection.configs.at(set.files.first()?));
        let settings = Settings {
            sets,
            surroundings,
            options: &self.options,
            rules: self.rules,
            selection: self.selection,
            is_unsafe_allowed: self.check.unsafe_fixes,
            policy: secrets_policy(self.check.secrets, configured.and_then(|config| config.secrets)),
            git,
            may_write: &may_write,
            at_once: AT_ONCE,
        };
        match write_to {
            Some(WriteTo { state_folder, .. }) => {
                let recovery = journal::recover(bounds.root(), state_folder, &commit::Disk)
                    .map_err(|error| Error::Other(error.to_string()))?;
                part.report.notes.extend(recovery.lines.into_iter().map(Sentence::from));
            }
            None => part.report.notes.extend(self.half_done(bounds.root()).into_iter().map(Sentence::from)),
        }
        // What is written is made from what was judged, whatever others do to the files: then nothing is written.
        let files = Remembered::new(files);
        let mut plan = plan(&files, &settings, &secrets);
        part.report.notes.extend(
            plan.before.workspace.sources.iter().filter(|(_, source)| bounds.is_outside(&source.path)).map(
                |(_, source)| {
                    let path = relative_to(self.folder, &source.path);
                    format!("{path} lies outside of the repository: caulk reads it, and changes nothing there").into()
                },
            ),
        );
        let first_repair = write_to.map_or(1, |write_to| write_to.first_repair);
        let changes = plan.draft.file_changes(first_repair);
        if let Some(WriteTo { state_folder, .. }) = write_to.filter(|_| !changes.is_empty()) {
            let root = bounds.around(changes.iter().map(|change| change.path.as_path()));
            let about = self.about(&settings, &plan, first_repair);
            match commit(&changes, &RunRecord { root, started: self.started, about }, state_folder, &commit::Disk) {
                Ok(done) => part.report.notes.extend(done.notes.into_iter().map(Sentence::from)),
                // Other projects can be repaired all the same.
                Err(error) => {
                    plan.give_up(&error.to_string());
                    part.not_written.push(error.to_string());
                }
            }
        }
        let set_in_shell = self.set_in_shell(&plan, &|name| std::env::var_os(name));
        part.report.notes.extend(set_in_shell.into_iter().map(Sentence::from));
        if self.check.action == Action::ShowDiff {
            let secrets = secrets.borrow().exposed();
            let notes = changes.iter().filter_map(|change| self.not_for_git(change, &secrets));
            part.report.notes.extend(notes.map(Sentence::from));
            // As `git diff` writes them, and `git apply` takes them, in whatever folder of the repository it is called.
            let around = Bounds::of(&self.git, self.folder);
            part.diffs.extend(changes.iter().map(|change| file_diff(around.root(), change, &secrets)));
            part.changed.extend(changes.iter().filter_map(|change| Some((change.path.clone(), change.after.clone()?))));
        }
        // What was written is what is there now.
        let shown = if self.check.action == Action::Repair { &plan.after } else { &plan.before };
        let secrets = secrets.borrow();
        let mut writer = Writer::new(&mut part.report, self.folder, &secrets, self.rules, is_fixing);
        writer.group(shown, &plan);
        part.files = writer.files;
        // A patch closes nothing yet.
        if let (Action::ShowDiff, Some(fix)) = (self.check.action, &mut part.report.fix) {
            fix.closed.clear();
        }
        Ok(part)
    }

    /// The variables to which the repairs give a value that Compose would not read, because the shell has another one.
    fn set_in_shell(&self, plan: &Plan<'_>, shell: &dyn Fn(&str) -> Option<OsString>) -> BTreeSet<String> {
        let workspace = &plan.after.workspace;
        let names = plan.made.iter().flat_map(|made| &made.defines);
        let hidden = names.flat_map(|name| {
            let set = shell(name);
            let definitions = workspace.projects.iter().filter_map(|project| {
                let definition = project.variables.definition(name)?;
                Some((project.variables.get(name)?, &workspace.sources.get(definition.source).path))
            });
            let hidden = definitions.filter(|(value, _)| set.as_ref().is_some_and(|set| *set != **value));
            let shown = |path: &PathBuf| relative_to(self.folder, path);
            hidden
                .map(|(_, path)| format!("{name} is set in your shell and wins over {}: unset it", shown(path)))
                .collect::<Vec<_>>()
        });
        hidden.collect()
    }

    /// What an earlier run left half done in `root`, one sentence each. Nothing is written.
    fn half_done(&self, root: &Path) -> Vec<String> {
        let said = |state: StateFolder| match journal::half_done(root, &state, &commit::Disk) {
            Ok(runs) => runs.iter().map(|run| run.sentence(self.folder)).collect(),
            Err(error) => vec![error.to_string()],
        };
        StateFolder::find(&StatePlaces::from_environment()).into_iter().flat_map(said).collect()
    }

    /// What keeps `--fix` from making a change that a patch shows.
    fn not_for_git(&self, change: &FileChange, secrets: &[String]) -> Option<String> {
        let text = String::from_utf8_lossy(change.after.as_deref().unwrap_or_default());
        let is_secret = secrets.iter().any(|secret| text.contains(secret.as_str()));
        let is_tracked = || matches!(self.git.status(&change.path), GitStatus::Tracked { .. });
        (is_secret && is_tracked()).then(|| {
            let path = relative_to(self.folder, &change.path);
            format!(
                "git tracks {path}, so --fix holds back what needs a password there: `git rm --cached {}` first",
                shell_words::quote(&path)
            )
        })
    }

    /// What the journal notes of a run.
    fn about(&self, settings: &Settings<'_>, plan: &Plan<'_>, first_repair: usize) -> About {
        let since = self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let repairs = plan.made.iter().map(|made| RepairRecord {
            number: first_repair + made.number,
            title: made.title.clone(),
            secrets: made.secrets.iter().cloned().collect(),
            uses: made.uses.iter().cloned().collect(),
            changed: made.changed.iter().cloned().collect(),
            is_undone: false,
        });
        About {
            call: format!("{}-{}", since.as_nanos(), std::process::id()),
            repairs: repairs.collect(),
            projects: projects(plan),
            env_files: settings.options.env_files.clone(),
        }
    }
}

/// A run whose projects are all read.
struct Finished<'a> {
    check: &'a Check,
    folder: &'a Path,
    selection: &'a Selection,
    all: Part,
}

impl Finished<'_> {
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
                let notes = diff::render(&self.all.diffs, &options, out)?;
                for note in notes.into_iter().chain(self.beside_the_patch()) {
                    writeln!(err, "caulk: {note}")?;
                }
            }
            (_, Format::Json) => json::render(&self.all.report, &JsonOptions::default(), out)?,
            (_, Format::Concise) => concise::render(&self.all.report, out)?,
            (_, Format::Sarif) => sarif::render(&self.all.report, out)?,
            (_, Format::Github) => github::render(&self.all.report, out)?,
            (_, Format::Gitlab) => gitlab::render(&self.all.report, out)?,
            (_, Format::Junit) => {
                junit::render(&self.all.report, &JunitOptions { fail_on: self.check.failing.on_finding }, out)?;
            }
            (_, Format::Rdjson) => rdjson::render(&self.all.report, out)?,
            (_, Format::Text) => {
                let options = TextOptions {
                    look,
                    quiet: output.verbosity == Verbosity::Quiet,
                    verbose: output.verbosity == Verbosity::Verbose,
                    statistics: self.check.statistics,
                    show_secrets: self.check.show_secrets,
                };
                text::render(&self.all.report, &options, out)?;
            }
        }
        let tells_findings_only = !matches!(self.check.format, Format::Text | Format::Json);
        if tells_findings_only && self.check.action == Action::Repair && output.verbosity != Verbosity::Quiet {
            for line in self.what_was_repaired() {
                writeln!(err, "caulk: {line}")?;
            }
        }
        if !self.all.not_written.is_empty() {
            return Err(Error::Other(self.all.not_written.join("\n")));
        }
        Ok(outcome)
    }

    fn repair(&self, id: &str) -> Option<&RepairView> {
        self.all.report.repairs.iter().find(|repair| repair.id == id)
    }

    fn title(&self, id: &str) -> String {
        self.repair(id).map_or(id, |repair| repair.title.as_str()).to_owned()
    }

    /// What was repaired and what was not, for a format that has no place for it.
    fn what_was_repaired(&self) -> Vec<String> {
        let report = &self.all.report;
        let applied = report.fix.iter().flat_map(|fix| &fix.applied);
        let repaired = applied.map(|id| format!("repaired: {}", self.title(id)));
        let commands = report.apply_with.iter().filter(|_| report.has_repaired());
        let by_profile = report.apply_with_profile.iter().filter(|_| report.has_repaired());
        let by_profile = by_profile.map(|with| {
            format!("where the profile {} is on, its containers have it once you run: {}", with.profile, with.command)
        });
        let commands = commands.map(|command| format!("the containers have it once you run: {command}"));
        let commands = commands.chain(by_profile);
        let lines = repaired.chain(self.not_repaired()).chain(commands).chain(report.all_notes());
        lines.map(|line| without_commands(&visible(&line)).into_owned()).collect()
    }

    /// What a patch can't say: what could not be read, and which repairs are not in it.
    fn beside_the_patch(&self) -> Vec<String> {
        let report = &self.all.report;
        let problems = report.problems.iter().map(|problem| match &problem.range {
            Some(range) => {
                let (line, column) = (range.start.line, range.start.column);
                format!("{}:{line}:{column}: {}", problem.path, problem.message)
            }
            None => format!("{}: {}", problem.path, problem.message),
        });
        problems.chain(self.not_repaired()).chain(report.all_notes()).collect()
    }

    fn not_repaired(&self) -> Vec<String> {
        let fix = self.all.report.fix.clone().unwrap_or_default();
        let held_back = fix.held_back.into_iter().map(|held| {
            let made_by = self.repair(&held.repair).and_then(|repair| repair.made_by.as_ref());
            let flag = held.flag.map(|flag| match made_by {
                Some(made_by) => format!(" ({})", made_by.command),
                None => format!(" ({flag})"),
            });
            let flag = flag.unwrap_or_default();
            format!("held back: {}: {}{flag}", self.title(&held.repair), in_one_line(&held.reason))
        });
        let refused = fix.refused.into_iter().map(|no| format!("refused: {}: {}", self.title(&no.repair), no.reason));
        held_back.chain(refused).collect()
    }

    /// Takes out what has no place in the files given.
    fn keep_only_given(&mut self) {
        let is_given = |path: &str| self.selection.is_given(&absolute(self.folder, path));
        let is_about =
            |finding: &FindingView| is_given(&finding.path) || finding.labels.iter().any(|label| is_given(&label.path));
        self.all.files.retain(|path| self.selection.is_given(path));
        self.all.report.findings.retain(is_about);
        self.all.report.problems.retain(|problem| is_given(&problem.path));
        self.all.report.suppressed.retain(|suppressed| is_about(&suppressed.finding));
    }

    fn outcome(&self) -> Outcome {
        let failing = &self.check.failing;
        let counts = |severity: Severity| failing.on_finding.is_some_and(|least| severity >= least);
        let is_left = self.all.report.findings.iter().any(|finding| counts(finding.severity))
            || self.all.report.problems.iter().any(|problem| counts(problem.severity));
        let is_repaired = self.all.report.fix.as_ref().is_some_and(|fix| !fix.applied.is_empty());
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

/// The path without symbolic links, behind which git changes nothing. The file may not be there yet.
fn real(path: &Path) -> PathBuf {
    let layer = commit::Disk;
    let behind_folder = || Some(layer.resolve(path.parent()?).ok()?.join(path.file_name()?));
    layer.resolve(path).ok().or_else(behind_folder).unwrap_or_else(|| path.to_owned())
}

fn file_diff(folder: &Path, change: &FileChange, secrets: &[String]) -> FileDiff {
    let text = |bytes: &[u8]| decode(bytes).map(|text| text.to_string()).unwrap_or_default();
    FileDiff {
        path: relative_to(&real(folder), &real(&change.path)),
        before: change.before.as_deref().map(text),
        after: change.after.as_deref().map(text).unwrap_or_default(),
        secrets: secrets.to_vec(),
    }
}
