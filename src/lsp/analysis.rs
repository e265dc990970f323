//! What is wrong in the projects of the open texts, and what could be done about it: all that needs a project to be read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::documents::{Documents, OpenText};
use crate::config::baseline::Baseline;
use crate::config::{self, Configs, LoadError, SecretsPolicy, Where};
use crate::fix::commit::FileChange;
use crate::fix::plan::{Plan, Planned, plan, plan_one};
use crate::fix::recreate::{self, Recreate};
use crate::fix::remark::{NAMED, collected, told};
use crate::fix::repair::Fate;
use crate::fix::repair::RepairKey;
use crate::fix::secret::{Secrets, random};
use crate::fix::settings::{AT_ONCE, Settings};
use crate::fix::state::State;
use crate::inputs::{self, Chosen};
use crate::lens::value::Secret;
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::{ProjectFiles, is_compose_file};
use crate::report::closed::{self, ClosedNote, ClosedView};
use crate::rule::{Applicability, RuleSet};
use crate::source::git::GitProgram;
use crate::source::{Disk, Files, repository_root};
use crate::topology::Surroundings;

/// What the person who started the server asked for; it wins over `caulk.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    /// Which rules speak.
    pub asked: config::Choice,
    /// Folders with further rules, absolute.
    pub rule_folders: Vec<PathBuf>,
    /// Whether passwords are made.
    pub policy: Option<SecretsPolicy>,
}

/// What holds for one state of the texts: configuration, rules, and which files make projects.
pub struct Setup {
    asked: config::Choice,
    policy: Option<SecretsPolicy>,
    rules: RuleSet,
    configs: Configs,
    baseline: Baseline,
    /// The projects to which the open texts most likely belong, those that share files together.
    pub groups: Vec<Vec<ProjectFiles>>,
    /// What is wrong with the configuration, which does not count then.
    pub mistake: Option<LoadError>,
    /// The projects around them, once they are searched.
    around: OnceLock<Vec<ProjectFiles>>,
}

/// Which repairs are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// All that are safe.
    AllSafe,
    /// One, safe or not: a person chose it.
    One(RepairKey),
}

/// What a choice of repairs comes to.
#[derive(Debug, Clone)]
pub enum Offer {
    /// It was proved.
    Ready(Ready),
    /// It can't be made; title and reason.
    Refused {
        /// What it would do.
        title: String,
        /// Why not, or what a person has to do.
        reason: String,
    },
    /// There is nothing to repair.
    Nothing,
}

/// Repairs that were proved.
#[derive(Debug, Clone)]
pub struct Ready {
    /// What they do.
    pub titles: Vec<String>,
    /// Why they may break somebody; empty for safe ones.
    pub doubts: Vec<String>,
    /// The files before and after, in the order in which they are to be written.
    pub changes: Vec<FileChange>,
    /// True if a password had to be made.
    pub has_new_secret: bool,
    /// What a person has to do or to know after them.
    pub advice: String,
}

/// Whether passwords are made for use, or only to see whether a repair holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// The texts are never shown.
    Trial,
    /// The texts go to the editor.
    Real,
}

impl Setup {
    /// Finds out what holds for the open texts.
    pub fn read(engine: &Engine, documents: &Documents) -> Self {
        let files = documents.over(&Disk);
        let roots: BTreeSet<_> = documents.iter().flat_map(|open| roots(&files, open)).collect();
        let given = inputs::given(&files, &roots.into_iter().collect::<Vec<_>>(), Chosen::ByPerson);
        let mut setup = Self {
            asked: engine.asked.clone(),
            policy: engine.policy,
            rules: RuleSet::built_in().clone(),
            configs: Configs::default(),
            baseline: Baseline::default(),
            groups: Vec::new(),
            mistake: None,
            around: OnceLock::new(),
        };
        let top = Path::new("/");
        let load = |place| config::load(&files, place, given.folders(), &engine.rule_folders, top);
        match load(&Where::Search) {
            Ok(loaded) => (setup.rules, setup.configs) = (loaded.rules, loaded.configs),
            Err(mistake) => {
                setup.mistake = Some(mistake);
                if let Ok(loaded) = load(&Where::Nowhere) {
                    setup.rules = loaded.rules;
                }
            }
        }
        for baseline in setup.configs.iter().filter_map(|config| config.baseline.clone()).collect::<Vec<_>>() {
            if let Err(mistake) = setup.baseline.add(&files, &baseline, top) {
                setup.mistake.get_or_insert(mistake);
            }
        }
        setup.groups = inputs::find(&files, &given, &setup.configs).groups;
        setup
    }

    /// Reads and judges one group of projects.
    pub fn with_state<T>(&self, files: &dyn Files, group: &[ProjectFiles], look: impl FnOnce(&State) -> T) -> T {
        let git = GitProgram::default();
        let (options, selection) = (Options::default(), self.selection(files, group));
        let may_write = may_write(files, group);
        let surroundings = Surroundings::new(|| self.around(files), &options, files);
        look(&State::read(files, &self.settings(group, &surroundings, &options, &selection, &git, &may_write)))
    }

    /// Plans and proves repairs on the texts as they are now.
    pub fn offer(&self, documents: &Documents, group: &[ProjectFiles], choice: &Choice, making: Making) -> Offer {
        let files = documents.over(&Disk);
        let git = GitProgram::default();
        let (options, selection) = (Options::default(), self.selection(&files, group));
        let may_write = may_write(&files, group);
        let surroundings = Surroundings::new(|| self.around(&files), &options, &files);
        let settings = Settings {
            is_unsafe_allowed: matches!(choice, Choice::One(_)),
            ..self.settings(group, &surroundings, &options, &selection, &git, &may_write)
        };
        let is_used = Arc::new(AtomicBool::new(false));
        let secrets = RefCell::new(noticing(making, is_used.clone()));
        let plan = match choice {
            Choice::AllSafe => plan(&files, &settings, &secrets),
            Choice::One(key) => plan_one(&files, &settings, &secrets, key),
        };
        let mut offer = offer(&plan, choice, is_used.load(Ordering::Relaxed));
        if let Offer::Ready(ready) = &mut offer {
            ready.advice = advice(&plan, group);
        }
        offer
    }

    fn around(&self, files: &dyn Files) -> Vec<ProjectFiles> {
        let search = || inputs::with_surroundings(files, self.groups.iter().flatten(), &self.configs);
        self.around.get_or_init(search).clone()
    }

    fn selection(&self, files: &dyn Files, group: &[ProjectFiles]) -> Selection {
        let folder = group.first().map(|set| set.folder.as_path()).unwrap_or(Path::new("/"));
        Selection {
            asked: self.asked.clone(),
            configs: self.configs.clone(),
            baseline: self.baseline.clone(),
            root: repository_root(files, folder).unwrap_or(folder).to_owned(),
            given: None,
        }
    }

    fn settings<'a>(
        &'a self,
        sets: &'a [ProjectFiles],
        surroundings: &'a Surroundings<'a>,
        options: &'a Options,
        selection: &'a Selection,
        git: &'a GitProgram,
        may_write: &'a dyn Fn(&Path) -> Result<(), String>,
    ) -> Settings<'a> {
        let configured = sets.first().and_then(|set| self.configs.at(set.files.first()?)).and_then(|own| own.secrets);
        // A person sits in front of an editor, so there is somebody to whom a password is of use.
        let policy = self.policy.or(configured).unwrap_or(SecretsPolicy::Generate);
        Settings {
            sets,
            surroundings,
            options,
            rules: &self.rules,
            selection,
            is_unsafe_allowed: false,
            policy,
            git,
            may_write,
            at_once: AT_ONCE,
        }
    }
}

/// Whether a repair may change a file: one that lies outside of the repository serves other projects, too. The editor
/// writes, and says what it can't.
fn may_write(files: &dyn Files, group: &[ProjectFiles]) -> impl Fn(&Path) -> Result<(), String> {
    let root = group.first().and_then(|set| repository_root(files, &set.folder)).map(Path::to_owned);
    move |path| match &root {
        Some(root) if !path.starts_with(root) => Err(format!("it lies outside of {}", root.display())),
        _ => Ok(()),
    }
}

/// The files of which a text makes us read the projects.
fn roots(files: &dyn Files, open: &OpenText) -> Vec<PathBuf> {
    let Some(path) = &open.path else { return Vec::new() };
    let is_compose =
        is_compose_file(files, path) || matches!(open.language.as_str(), "dockercompose" | "yaml.docker-compose");
    if is_compose { vec![path.clone()] } else { inputs::compose_files_around(files, path) }
}

/// Secrets that take note of a new one. In a trial all look alike and are of no use to anybody.
fn noticing(making: Making, is_used: Arc<AtomicBool>) -> Secrets {
    let mut generate = random();
    Secrets::new(Box::new(move || {
        is_used.store(true, Ordering::Relaxed);
        match making {
            Making::Trial => Ok(Secret::new("0".repeat(64))),
            Making::Real => generate(),
        }
    }))
}

fn offer(plan: &Plan<'_>, choice: &Choice, has_new_secret: bool) -> Offer {
    let made: Vec<_> = plan.repairs.iter().filter(|planned| planned.fate == Fate::Made).collect();
    let mut changes = plan.draft.file_changes(1);
    changes.retain(|change| change.before != change.after);
    changes.sort_by(|a, b| (a.role, &a.path).cmp(&(b.role, &b.path)));
    if !made.is_empty() && !changes.is_empty() {
        let doubts = made.iter().filter(|planned| planned.applicability != Applicability::Safe);
        let doubts = doubts.filter_map(|planned| planned.repair.as_ref()).flat_map(|repair| &repair.doubts);
        return Offer::Ready(Ready {
            titles: made.iter().map(|planned| title(planned)).collect(),
            doubts: collected(doubts).iter().map(|doubt| doubt.tell(NAMED)).collect(),
            changes,
            has_new_secret,
            advice: String::new(),
        });
    }
    let Choice::One(_) = choice else { return Offer::Nothing };
    plan.repairs.first().map_or(Offer::Nothing, |planned| match &planned.fate {
        Fate::Made => Offer::Nothing,
        Fate::HeldBack { reason, .. } => Offer::Refused { title: planned.title.clone(), reason: told(reason) },
        Fate::Refused(reason) => Offer::Refused { title: planned.title.clone(), reason: reason.clone() },
    })
}

/// What a repair does, and whom it cuts off, which an editor shows before it is chosen.
fn title(planned: &Planned) -> String {
    let closes = planned.repair.as_ref().is_some_and(|repair| repair.closes.is_some());
    let cut_off = if closes { " (cuts off other machines)" } else { "" };
    format!("{}{cut_off}", planned.title)
}

/// The ports that repairs close. The editor takes repairs back by itself, so they need no number.
fn closed(plan: &Plan<'_>) -> Vec<ClosedView> {
    let closed = plan.made.iter().filter_map(|made| made.closes.as_ref());
    closed
        .map(|(port, is_ordinary)| ClosedView {
            repair: String::new(),
            service: port.service.clone(),
            published: port.published,
            address: port.address(),
            is_tcp: port.protocol == "tcp",
            is_ordinary: *is_ordinary,
        })
        .collect()
}

/// What to do after repairs, and whom they cut off.
fn advice(plan: &Plan<'_>, group: &[ProjectFiles]) -> String {
    let mut lines = vec!["save all files that the repair changed".to_owned()];
    if let Some(folder) = group.first().map(|set| &set.folder) {
        let commands = recreate::commands(&recreate::projects(plan), folder);
        lines.extend(commands.iter().map(|Recreate { profile, command }| match profile {
            None => format!("then run, in {}: {command}", folder.display()),
            Some(profile) => format!("where the profile {profile} is on, run, in {}: {command}", folder.display()),
        }));
    }
    lines.extend(closed::notes(&closed(plan)).iter().map(ClosedNote::without_undo));
    let checks = collected(&plan.checks);
    lines.extend(checks.iter().map(|check| format!("please check: {}", check.tell(NAMED))));
    lines.extend(collected(&plan.notes).iter().map(|note| note.tell(NAMED)));
    lines.join("\n")
}

/// True if a group was read from the file at `path`.
pub fn reads(state: &State, path: &Path) -> bool {
    state.workspace.sources.iter().any(|(_, source)| source.path == path)
}
