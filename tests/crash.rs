//! Kills and fails the real program at every step of its writing: each file is always the old or the new one, and the
//! next run says what is half done, and repairs it. `strace` does the killing.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Folder, Passwords, Run, files_of, passwords_in, project, required};

type Files = BTreeMap<String, Vec<u8>>;

/// The system calls that change a disk, in the spellings of the architectures.
const CALLS: [&str; 5] = ["write", "fsync", "/^rename", "/^unlink", "/^f?chmod"];

/// `strace`, if it may trace here.
fn strace() -> Option<PathBuf> {
    let strace = common::program("strace");
    let may_trace = |strace: &PathBuf| {
        let tried = Command::new(strace).args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    required("strace (with the right to trace)", strace.filter(may_trace))
}

/// A call of caulk in `folder` with something done to its system calls. Its children are left alone.
fn traced(strace: &Path, injection: &str, log: &Path, folder: &Folder, arguments: &[&str]) -> Command {
    let call = folder.command(arguments);
    let mut command = Command::new(strace);
    command.args(["-qq", "-o"]).arg(log).args(["-e", injection]).arg(call.get_program()).args(call.get_args());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(folder.path());
    command
}

/// How often each kind of call happens in a run that nothing disturbs.
fn counted(strace: &Path, folder: &Folder, arguments: &[&str]) -> Vec<(&'static str, usize)> {
    let log = folder.path().join("../calls");
    let counts = CALLS.iter().map(|call| {
        let copy = Folder::copy_of(&folder.path());
        let mut command = traced(strace, &format!("trace={call}"), &log, &copy, arguments);
        Run::of(&mut command);
        (*call, fs::read_to_string(&log).expect("strace writes it").lines().count())
    });
    counts.collect()
}

/// The project before, as it is repaired, and how far a file has come. Temporary files count for nothing.
struct Guide {
    before: Files,
    after: Files,
}

impl Guide {
    fn new() -> Self {
        let guide = project("guide");
        Self { before: files_of(&guide.join("input")), after: files_of(&guide.join("fixed")) }
    }

    fn folder(&self) -> Folder {
        Folder::copy_of(&project("guide").join("input"))
    }

    /// For each file that changes: true if it is the new one. Panics if it is neither.
    fn progress(&self, folder: &Folder, about: &str) -> Vec<bool> {
        let files = folder.files();
        let changing = self.after.iter().filter(|(name, after)| self.before.get(*name) != Some(after));
        changing
            .map(|(name, after)| {
                let now = files.get(name);
                if now == self.before.get(name) {
                    return false;
                }
                let text = String::from_utf8_lossy(now.map(Vec::as_slice).unwrap_or_default()).into_owned();
                assert!(Passwords::default().rename(&text).as_bytes() == after, "{about}: {name} is neither:\n{text}");
                true
            })
            .collect()
    }

    /// Checks that looking says what is half done and writes nothing.
    fn assert_said(&self, folder: &Folder, about: &str) {
        let (files, journals) = (files_of(&folder.path()), files_of(&folder.path().join("../state")));
        for arguments in [&["check"][..], &["check", "--diff"], &["undo", "--list"]] {
            let run = folder.caulk(arguments);
            assert!(run.all().contains("cut off half way"), "{about}, {arguments:?}: {}", run.all());
            assert!(files_of(&folder.path()) == files, "{about}: {arguments:?} writes nothing");
            assert!(files_of(&folder.path().join("../state")) == journals, "{about}: {arguments:?} writes nothing");
        }
    }

    /// Repairs, checks that all is well, and takes it back.
    fn assert_whole(&self, folder: &Folder, about: &str) -> Run {
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{about}: {}", run.all());
        let files = folder.files();
        assert!(files.keys().eq(self.after.keys()), "{about}: {:?}", files.keys());
        assert!(self.progress(folder, about).iter().all(|is_new| *is_new), "{about}: {}", run.all());
        assert_eq!(passwords_in(&files).len(), 1, "{about}");
        let undone = folder.caulk(&["undo"]);
        assert_eq!(undone.status, Some(0), "{about}: {}", undone.all());
        assert!(folder.files() == self.before, "{about}: undo gives back every byte");
        run
    }
}

#[test]
fn killed_at_any_step_each_file_is_old_or_new_and_the_next_run_repairs_the_rest() {
    let Some(strace) = strace() else { return };
    let guide = Guide::new();
    let (mut kills, mut half_way) = (0, 0);
    for (call, count) in counted(&strace, &guide.folder(), &["check", "--fix"]) {
        for number in 1..=count {
            let (folder, about) = (guide.folder(), format!("killed at {call} {number} of {count}"));
            let log = folder.path().join("../calls");
            let injection = format!("inject={call}:signal=SIGKILL:when={number}");
            let run = Run::of(&mut traced(&strace, &injection, &log, &folder, &["check", "--fix"]));
            if run.status.is_some() {
                continue;
            }
            kills += 1;
            let progress = guide.progress(&folder, &about);
            let is_half_done = progress.contains(&true) && progress.contains(&false);
            half_way += usize::from(is_half_done);
            if is_half_done {
                guide.assert_said(&folder, &about);
            }
            if is_half_done && half_way % 2 == 0 {
                let undone = folder.caulk(&["undo"]);
                assert_eq!(undone.status, Some(0), "{about}: {}", undone.all());
                assert!(folder.files() == guide.before, "{about}: undo gives back every byte: {}", undone.all());
                guide.assert_whole(&folder, &about);
                continue;
            }
            let next = guide.assert_whole(&folder, &about);
            assert!(!is_half_done || next.stdout.contains("cut off half way"), "{about}: {}", next.all());
        }
    }
    assert!(kills > 25 && half_way >= 3, "{kills} kills, {half_way} of them half way");
}

#[test]
fn an_undo_that_is_killed_at_any_step_is_finished_or_taken_back() {
    let Some(strace) = strace() else { return };
    let guide = Guide::new();
    for arguments in [&["undo"][..], &["undo", "r1"]] {
        let mut kills = 0;
        for call in ["fsync", "/^rename", "/^unlink"] {
            for number in 1.. {
                let (folder, about) = (guide.folder(), format!("{arguments:?} killed at {call} {number}"));
                folder.caulk(&["check", "--fix"]);
                let fixed = folder.files();
                let log = folder.path().join("../calls");
                let injection = format!("inject={call}:signal=SIGKILL:when={number}");
                let run = Run::of(&mut traced(&strace, &injection, &log, &folder, arguments));
                if run.status.is_some() {
                    break;
                }
                kills += 1;
                // The next call repairs what is half done, and takes back the run, or what is left of it.
                let list = folder.caulk(&["undo", "--list"]);
                if list.status == Some(0) {
                    let rest = folder.caulk(&["undo"]);
                    assert_eq!(rest.status, Some(0), "{about}: {}\n{}", list.all(), rest.all());
                }
                assert!(folder.files() == guide.before, "{about}: {:?}\n{}", folder.files().keys(), list.all());
                assert!(fixed != guide.before);
                guide.assert_whole(&folder, &about);
            }
        }
        assert!(kills > 8, "{arguments:?}: {kills} kills");
    }
}

#[test]
fn a_disk_that_is_full_or_broken_leaves_all_files_old_or_all_new() {
    let Some(strace) = strace() else { return };
    let guide = Guide::new();
    let mut failures = 0;
    for (calls, error) in [("write", "ENOSPC"), ("fsync", "EIO"), ("/^rename", "EACCES")] {
        let counts = counted(&strace, &guide.folder(), &["check", "--fix"]);
        let count = counts.into_iter().find(|(call, _)| *call == calls).map_or(0, |(_, count)| count);
        for number in 1..=count {
            let (folder, about) = (guide.folder(), format!("{error} at {calls} {number} of {count}"));
            let log = folder.path().join("../calls");
            let injection = format!("inject={calls}:error={error}:when={number}");
            let run = Run::of(&mut traced(&strace, &injection, &log, &folder, &["check", "--fix"]));
            assert!(!run.all().contains("panicked"), "{about}: {}", run.all());
            let progress = guide.progress(&folder, &about);
            let is_uniform = !(progress.contains(&true) && progress.contains(&false));
            assert!(is_uniform, "{about}: {progress:?}\n{}", run.all());
            if run.status == Some(2) && progress.contains(&false) {
                failures += 1;
                assert!(folder.files() == guide.before, "{about}: {:?}", folder.files().keys());
            }
            guide.assert_whole(&folder, &about);
        }
    }
    assert!(failures > 15, "{failures} failures");
}

#[test]
fn what_is_edited_while_caulk_writes_keeps_the_edit() {
    let Some(strace) = strace() else { return };
    let guide = Guide::new();
    type Spoil = fn(&Path);
    let spoils: [(Spoil, &str); 3] = [
        (|path| fs::write(path, "services: {}\n").expect("it can be written"), "was changed since"),
        (|path| fs::remove_file(path).expect("it can be removed"), "was removed since"),
        (
            |path| {
                fs::write(path.with_extension("new"), "services: {}\n").expect("it can be written");
                fs::rename(path.with_extension("new"), path).expect("it can be replaced");
            },
            "was changed since",
        ),
    ];
    for (spoil, reason) in spoils {
        let folder = guide.folder();
        let log = folder.path().join("../calls");
        // The first wait for the disk is that for the journal: by then, all files are read.
        let injection = "inject=fsync:delay_enter=1500000:when=1";
        let mut command = traced(&strace, injection, &log, &folder, &["check", "--fix"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("strace can be run");
        let state = folder.path().join("../state/caulk");
        let start = Instant::now();
        let has_begun = || {
            let names = fs::read_dir(&state).into_iter().flatten().flatten();
            names.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(".new"))
        };
        while !has_begun() {
            assert!(start.elapsed() < Duration::from_secs(30), "the journal is not begun");
            std::thread::sleep(Duration::from_millis(5));
        }
        let compose = folder.path().join("docker-compose.yml");
        spoil(&compose);
        let edited = fs::read(&compose).ok();
        let output = child.wait_with_output().expect("it ends");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(reason) && error.contains("nothing was changed"), "{error}");
        let mut files = folder.files();
        assert_eq!(files.remove("docker-compose.yml"), edited);
        let mut before = guide.before.clone();
        before.remove("docker-compose.yml");
        assert!(files == before, "{:?}", files.keys());
    }
}

#[test]
fn of_two_at_once_one_writes_and_nothing_is_mixed() {
    let guide = Guide::new();
    for _ in 0..5 {
        let folder = guide.folder();
        let start = || {
            let mut command = folder.command(&["check", "--fix"]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
        };
        let children = [start(), start(), start()];
        let outputs = children.map(|child| child.wait_with_output().expect("it ends"));
        for output in &outputs {
            let error = String::from_utf8_lossy(&output.stderr);
            let has_lost =
                ["since caulk", "has appeared", "half done", "another caulk"].iter().any(|why| error.contains(why));
            assert!(output.status.code() == Some(0) || (output.status.code() == Some(2) && has_lost), "{error}");
        }
        assert!(outputs.iter().any(|output| output.status.success()));
        guide.assert_whole(&folder, "three at once");
    }
}

/// Root may write everything, so it becomes somebody else.
fn as_nobody(command: &Command) -> Option<Command> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
    let mut call = if is_root {
        let mut call = Command::new(required("setpriv", common::program("setpriv"))?);
        call.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(command.get_program());
        call
    } else {
        Command::new(command.get_program())
    };
    call.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => call.env(name, value),
            None => call.env_remove(name),
        };
    }
    call.current_dir(command.get_current_dir()?);
    Some(call)
}

#[test]
fn what_may_not_be_written_is_said_and_nothing_changes() {
    use std::os::unix::fs::PermissionsExt;
    let guide = Guide::new();
    let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    for (what, mode, expected) in [
        ("", 0o555, "Permission denied"),
        ("docker-compose.yml", 0o444, "can't be written"),
        ("backend/.env", 0o444, "can't be written"),
    ] {
        let folder = guide.folder();
        let state = folder.path().join("../state");
        fs::create_dir_all(&state).expect("it can be made");
        set(&state, 0o777);
        set(&folder.path().join(".."), 0o777);
        // All can be written by everybody but for one.
        for path in ["", "backend", "docker-compose.yml", "backend/.env"] {
            set(&folder.path().join(path), 0o777);
        }
        set(&folder.path().join(what), mode);
        let program = folder.path().join("../caulk");
        fs::copy(env!("CARGO_BIN_EXE_caulk"), &program).expect("there is room");
        let mut call = Command::new(&program);
        call.args(["check", "--fix"]).current_dir(folder.path());
        for (name, value) in folder.command(&[]).get_envs() {
            match value {
                Some(value) => call.env(name, value),
                None => call.env_remove(name),
            };
        }
        let Some(mut call) = as_nobody(&call) else { return };
        let run = Run::of(&mut call);
        assert!(matches!(run.status, Some(1 | 2)), "{what}: {}", run.all());
        assert!(run.all().contains(expected), "{what}: {}", run.all());
        assert!(run.stdout.contains("6379"), "{what}: the report is written all the same: {}", run.all());
        set(&folder.path(), 0o777);
        assert!(passwords_in(&folder.files()).is_empty() && !folder.files().contains_key(".env"), "{what}");
    }
}
