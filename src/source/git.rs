//! What git thinks of a path: whether `git add -A` would take what is written there into the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How git sees one path. `root` is the top folder of the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitStatus {
    /// No repository holds the path.
    NoRepository,
    /// The path is in the index: the next commit would hold what is written there.
    Tracked {
        /// Top folder of the work tree.
        root: PathBuf,
    },
    /// A rule ignores the path, and it is not in the index.
    Ignored {
        /// Top folder of the work tree.
        root: PathBuf,
    },
    /// Neither: `git add -A` would take it.
    Untracked {
        /// Top folder of the work tree.
        root: PathBuf,
        /// The file that it would take: what a symlink leads to.
        file: PathBuf,
    },
    /// There is a repository, but git could not be asked. Treat it like a tracked path.
    Unknown {
        /// Folder that holds `.git`.
        root: PathBuf,
        /// What is in the way, in git's own words where it said any.
        why: String,
    },
}

/// Somebody who knows how git sees paths.
///
/// Any `Fn(&Path) -> GitStatus` is one.
pub trait Git: Send + Sync {
    /// How git sees `path`, which need not exist. A symlink stands for what it leads to, since that is where the
    /// text would be written.
    fn status(&self, path: &Path) -> GitStatus;

    /// The same for many paths, in their order.
    fn statuses(&self, paths: &[PathBuf]) -> Vec<GitStatus> {
        paths.iter().map(|path| self.status(path)).collect()
    }
}

impl<F: Fn(&Path) -> GitStatus + Send + Sync> Git for F {
    fn status(&self, path: &Path) -> GitStatus {
        self(path)
    }
}

/// The `git` program. It answers each path once and remembers the answer; make a new one after files have changed.
#[derive(Debug)]
pub struct GitProgram {
    program: OsString,
    patience: Duration,
    /// The work tree's top folder, or the reason why it is not known, by folder.
    work_trees: Mutex<BTreeMap<PathBuf, Option<WorkTree>>>,
    answers: Mutex<BTreeMap<PathBuf, GitStatus>>,
}

/// A call of git with more paths than this is split, so that the argument list stays below the system's limit.
const PATHS_IN_ONE_CALL: usize = 256;

/// What would make git look at another repository than the one that holds the path: a hook sets these.
/// As `git rev-parse --local-env-vars` lists them, but for the settings, and how to read patterns.
const REPOSITORY_VARIABLES: [&str; 14] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

#[derive(Debug, Clone)]
enum WorkTree {
    Known(PathBuf),
    Unknown { root: PathBuf, why: String },
}

impl Default for GitProgram {
    fn default() -> Self {
        Self::new("git")
    }
}

impl Git for GitProgram {
    fn status(&self, path: &Path) -> GitStatus {
        let answer = self.statuses(&[path.to_path_buf()]).pop();
        answer.expect("one answer for each path")
    }

    fn statuses(&self, paths: &[PathBuf]) -> Vec<GitStatus> {
        let places: Vec<PathBuf> = paths.iter().map(|path| resolve(path)).collect();
        let mut questions: BTreeMap<PathBuf, BTreeMap<String, PathBuf>> = BTreeMap::new();
        for place in &places {
            if locked(&self.answers).contains_key(place) {
                continue;
            }
            let answer = match self.work_tree(place) {
                None => GitStatus::NoRepository,
                Some(WorkTree::Unknown { root, why }) => GitStatus::Unknown { root, why },
                Some(WorkTree::Known(root)) => match name_in(&root, place) {
                    Some(name) => {
                        questions.entry(root).or_default().insert(name, place.clone());
                        continue;
                    }
                    None => GitStatus::Unknown { root, why: "git can't be asked about a path of this name".into() },
                },
            };
            locked(&self.answers).insert(place.clone(), answer);
        }
        for (root, places) in questions {
            let (names, places): (Vec<String>, Vec<PathBuf>) = places.into_iter().unzip();
            let answers = names.chunks(PATHS_IN_ONE_CALL).flat_map(|names| self.ask(&root, names));
            locked(&self.answers).extend(places.into_iter().zip(answers));
        }
        let answers = locked(&self.answers);
        places.iter().map(|place| answers.get(place).cloned().unwrap_or(GitStatus::NoRepository)).collect()
    }
}

impl GitProgram {
    /// Will run `program`, a name to be found in PATH or a path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            // Far more than git needs on a large index; it is there for a file system that does not answer.
            patience: Duration::from_secs(20),
            work_trees: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Gives git `patience` for each call, then ends it.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The work tree that holds `place`, a path without symlinks.
    fn work_tree(&self, place: &Path) -> Option<WorkTree> {
        let folder = place.ancestors().skip(1).find(|folder| folder.is_dir())?;
        if let Some(known) = locked(&self.work_trees).get(folder) {
            return known.clone();
        }
        // `.git` is a folder, or a file in a submodule or an added work tree.
        let marked = folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        let found = marked.map(|marked| match self.run(folder, &["rev-parse", "--show-toplevel"], "") {
            Ok(Output { status, stdout, stderr }) if status.success() => match String::from_utf8(stdout) {
                Ok(text) => WorkTree::Known(resolve(Path::new(text.trim_end_matches(['\r', '\n'])))),
                Err(_) => unknown(marked, said(&stderr, "the path of its top folder is not UTF-8")),
            },
            Ok(Output { stderr, .. }) => unknown(marked, said(&stderr, "git rev-parse failed")),
            Err(why) => unknown(marked, why),
        });
        locked(&self.work_trees).insert(folder.to_path_buf(), found.clone());
        found
    }

    /// One answer for each of `names`, which are paths from `root` on.
    fn ask(&self, root: &Path, names: &[String]) -> Vec<GitStatus> {
        let unknown = |why| vec![GitStatus::Unknown { root: root.to_path_buf(), why }; names.len()];
        let literal: Vec<&str> = ["--literal-pathspecs", "ls-files", "-z", "--"]
            .into_iter()
            .chain(names.iter().map(String::as_str))
            .collect();
        let tracked = match self.list(root, &literal, "") {
            Ok(tracked) => tracked,
            Err(why) => return unknown(why),
        };
        // It knows no literal patterns; `./` keeps a colon from being magic, and without the index nothing is
        // compared with a name as a pattern. It takes names that are separated by NUL as input only.
        let input: String = names.iter().map(|name| format!("./{name}\0")).collect();
        let ignored = match self.list(root, &["check-ignore", "--no-index", "-z", "--stdin"], &input) {
            Ok(ignored) => ignored,
            Err(why) => return unknown(why),
        };
        let root = || root.to_path_buf();
        names
            .iter()
            .map(|name| match (tracked.contains(name), ignored.contains(&format!("./{name}"))) {
                (true, _) => GitStatus::Tracked { root: root() },
                (false, true) => GitStatus::Ignored { root: root() },
                (false, false) => GitStatus::Untracked { root: root(), file: root().join(name) },
            })
            .collect()
    }

    /// The names that git lists when called with `arguments` and given `input` to read.
    fn list(&self, root: &Path, arguments: &[&str], input: &str) -> Result<BTreeSet<String>, String> {
        let Output { status, stdout, stderr } = self.run(root, arguments, input)?;
        // `check-ignore` ends with 1 when it has nothing to list; what is fatal ends with more.
        if !matches!(status.code(), Some(0 | 1)) {
            return Err(said(&stderr, "git failed"));
        }
        let text = String::from_utf8_lossy(&stdout);
        Ok(text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// Runs git in `folder` with `input` to read from and nobody to ask.
    fn run(&self, folder: &Path, arguments: &[&str], input: &str) -> Result<Output, String> {
        let cannot = |error: std::io::Error| format!("cannot run {}: {error}", self.program.display());
        // Files, not pipes: a program that fills one pipe while we wait for another would hang.
        let file = || tempfile::tempfile().map_err(cannot);
        let (mut stdin, mut stdout, mut stderr) = (file()?, file()?, file()?);
        stdin.write_all(input.as_bytes()).and_then(|()| stdin.rewind()).map_err(cannot)?;
        let mut command = Command::new(&self.program);
        // A file system monitor is a program that the repository names: it is not ours to run.
        command.args(["-c", "core.fsmonitor=false", "-C"]).arg(folder);
        command.args(arguments);
        for variable in REPOSITORY_VARIABLES {
            command.env_remove(variable);
        }
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1")
            .env("LC_ALL", "C")
            .stdin(stdin)
            .stdout(stdout.try_clone().map_err(cannot)?)
            .stderr(stderr.try_clone().map_err(cannot)?);
        let mut child = command.spawn().map_err(cannot)?;
        let start = Instant::now();
        let mut pause = Duration::from_micros(500);
        let status = loop {
            if let Some(status) = child.try_wait().map_err(cannot)? {
                break status;
            }
            if start.elapsed() >= self.patience {
                // It may have ended by itself just now; either way it is over.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("git did not answer within {} seconds", self.patience.as_secs_f32()));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        let mut output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
        for (file, bytes) in [(&mut stdout, &mut output.stdout), (&mut stderr, &mut output.stderr)] {
            file.rewind().map_err(cannot)?;
            file.read_to_end(bytes).map_err(cannot)?;
        }
        Ok(output)
    }
}

struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

fn unknown(root: &Path, why: String) -> WorkTree {
    WorkTree::Unknown { root: root.to_path_buf(), why }
}

/// The first line of what git said, without its "fatal: ", or else `otherwise`.
fn said(stderr: &[u8], otherwise: &str) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map_or(otherwise, |line| line.strip_prefix("fatal: ").unwrap_or(line)).to_owned()
}

/// `place` as git lists it: from `root` on, with `/`; nothing if it lies elsewhere or is not UTF-8.
fn name_in(root: &Path, place: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> =
        place.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// `path` from the root of the file system, with the symlinks resolved in all of it that exists.
fn resolve(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut missing: Vec<&OsStr> = Vec::new();
    for existing in path.ancestors() {
        if let Ok(mut real) = existing.canonicalize() {
            real.extend(missing.iter().rev());
            return real;
        }
        match existing.components().next_back() {
            Some(Component::Normal(name)) => missing.push(name),
            _ => break,
        }
    }
    path
}

/// What a poisoned lock holds is still right: each entry is written in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "git_tests.rs"]
mod tests;
