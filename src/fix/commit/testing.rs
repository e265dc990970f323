//! A small project in a temporary folder, and a file layer that fails or dies on command.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Disk, FileChange, FileLayer, Role, RunRecord, Stat};
use crate::fix::journal::{About, RepairRecord, StateFolder, StatePlaces, Written};

pub const SECRET: &str = "0011223344556677";

/// What a change does to a file of the project: name, old text, new text, role.
pub type Row = (&'static str, Option<&'static str>, &'static str, Role);

/// In another order than that of the renames.
pub const ROWS: [Row; 4] = [
    (
        "compose.yml",
        Some("services:\r\n  redis: {image: redis} # ours\r\n"),
        "services:\r\n  redis: {image: redis, command: x} # ours\r\n",
        Role::Server,
    ),
    ("backend/.env", Some("\u{feff}A=1\r\nURL=redis://redis"), "\u{feff}A=1\r\nURL=redis://:p@redis", Role::Client),
    (".env", None, "REDIS_PASSWORD=0011223344556677\n", Role::EnvFile),
    (".gitignore", Some("target\n"), "target\n.env\n", Role::Other),
];

/// Names of the project's files with their bytes (nothing for a folder) and modes.
pub type Snapshot = BTreeMap<String, (Option<Vec<u8>>, u32)>;

pub struct Project {
    folder: TempDir,
    pub state: StateFolder,
}

impl Project {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let base = folder.path().canonicalize().expect("it exists");
        let places = StatePlaces { state_home: Some(base.join("state")), home: None, temporary: base };
        let (state, _) = StateFolder::open(&places).expect("opened");
        let project = Self { folder, state: state.with_patience(Duration::from_millis(50)) };
        fs::create_dir_all(project.path("backend")).expect("created");
        for (name, before, _, _) in ROWS {
            if let Some(before) = before {
                fs::write(project.path(name), before).expect("written");
            }
        }
        set_mode(&project.path("backend/.env"), 0o640);
        set_mode(&project.path("compose.yml"), 0o755);
        project
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists").join("project")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn changes(&self) -> Vec<FileChange> {
        ROWS.iter().map(|row| self.change(*row)).collect()
    }

    pub fn change(&self, (name, before, after, role): Row) -> FileChange {
        FileChange {
            path: self.path(name),
            before: before.map(Into::into),
            after: Some(after.into()),
            role,
            secret: role == Role::EnvFile,
            written: Written::default(),
        }
    }

    pub fn meta(&self) -> RunRecord {
        let repair = RepairRecord { number: 1, title: "password for redis".into(), ..RepairRecord::default() };
        // Each call is one of its own.
        let call = format!("{:?}", std::time::Instant::now());
        let about = About { call, repairs: vec![repair], ..About::default() };
        RunRecord { root: self.root(), started: SystemTime::now(), about }
    }

    pub fn snapshot(&self) -> Snapshot {
        let (mut files, mut folders) = (Snapshot::new(), vec![self.root()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("listed").path();
                let metadata = path.symlink_metadata().expect("it exists");
                let name = path.strip_prefix(self.root()).expect("below").to_string_lossy().into_owned();
                let bytes = if metadata.is_dir() { None } else { Some(fs::read(&path).unwrap_or_default()) };
                files.insert(name, (bytes, mode(&metadata)));
                if metadata.is_dir() {
                    folders.push(path);
                }
            }
        }
        files
    }

    /// For each row, in the order of the renames: true if the file is the new one. Panics if it is neither.
    pub fn progress(&self) -> Vec<bool> {
        let mut rows = ROWS;
        rows.sort_by_key(|(.., role)| *role);
        rows.iter()
            .map(|(name, before, after, _)| match fs::read(self.path(name)) {
                Ok(now) if now == after.as_bytes() => true,
                Ok(now) if before.is_some_and(|before| now == before.as_bytes()) => false,
                Err(error) if error.kind() == io::ErrorKind::NotFound && before.is_none() => false,
                other => panic!("{name} is neither the old nor the new one: {other:?}"),
            })
            .collect()
    }

    /// Names in the state folder that stand for runs.
    pub fn journals(&self) -> Vec<String> {
        let names = fs::read_dir(self.state.path()).expect("listed");
        let mut names: Vec<String> =
            names.map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != "lock" && name != ".gitignore");
        names.sort();
        names
    }
}

#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("set");
}

#[cfg(not(unix))]
pub fn set_mode(_: &Path, _: u32) {}

#[cfg(unix)]
pub fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

#[cfg(not(unix))]
pub fn mode(_: &fs::Metadata) -> u32 {
    0
}

/// What happens to a call.
pub enum Fate {
    /// It works.
    Go,
    /// It fails with this error number; a new file gets half of its contents if that is [`ENOSPC`].
    Fail(i32),
    /// The process is killed before it: no later call does anything.
    Die,
    /// The process is killed in the middle of it: a new file gets half of its contents.
    DieWithin,
}

pub const ENOSPC: i32 = 28;
pub const EACCES: i32 = 13;
pub const EIO: i32 = 5;

/// The disk, with a word about the fate of each call that would change it. Calls count from 0.
pub struct Scripted<F: Fn(usize, &str, &Path) -> Fate> {
    fate: F,
    calls: Cell<usize>,
    dead: Cell<bool>,
    read_only: Option<PathBuf>,
}

impl<F: Fn(usize, &str, &Path) -> Fate> Scripted<F> {
    pub fn new(fate: F) -> Self {
        Self { fate, calls: Cell::new(0), dead: Cell::new(false), read_only: None }
    }

    /// The same, but this file may not be written; root may write all files, so a mode does not do.
    pub fn with_read_only(self, path: PathBuf) -> Self {
        Self { read_only: Some(path), ..self }
    }

    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead.get() { Err(io::Error::other("the process is dead")) } else { Ok(()) }
    }

    fn call(
        &self,
        name: &str,
        path: &Path,
        within: impl FnOnce(),
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        self.alive()?;
        let number = self.calls.replace(self.calls.get() + 1);
        match (self.fate)(number, name, path) {
            Fate::Go => return work(),
            Fate::Fail(error) => {
                if error == ENOSPC {
                    within();
                }
                return Err(io::Error::from_raw_os_error(error));
            }
            Fate::Die => {}
            Fate::DieWithin => within(),
        }
        self.dead.set(true);
        self.alive()
    }
}

/// The disk, without waiting for it.
pub fn no_wait() -> Scripted<impl Fn(usize, &str, &Path) -> Fate> {
    Scripted::new(|_, _, _| Fate::Go)
}

/// Dies at one call.
pub fn dies_at(at: usize, within: bool) -> Scripted<impl Fn(usize, &str, &Path) -> Fate> {
    Scripted::new(move |call, _, _| match (call == at, within) {
        (false, _) => Fate::Go,
        (true, false) => Fate::Die,
        (true, true) => Fate::DieWithin,
    })
}

impl<F: Fn(usize, &str, &Path) -> Fate> FileLayer for Scripted<F> {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.alive().and_then(|()| Disk.stat(path))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.alive().and_then(|()| Disk.read(path))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.alive().and_then(|()| Disk.resolve(path))
    }

    fn check_writable(&self, path: &Path) -> io::Result<()> {
        self.alive()?;
        if self.read_only.as_deref() == Some(path) {
            return Err(io::Error::from_raw_os_error(EACCES));
        }
        Disk.check_writable(path)
    }

    fn create(&self, path: &Path, contents: &[u8], private: bool) -> io::Result<()> {
        let half = || Disk.create(path, &contents[..contents.len() / 2], private).expect("created");
        self.call("create", path, half, || Disk.create(path, contents, private))
    }

    fn dress(&self, path: &Path, like: &Stat) -> io::Result<()> {
        self.call("dress", path, || (), || Disk.dress(path, like))
    }

    // A temporary folder need not survive the power: waiting for the disk at hundreds of crashes is for nothing.
    fn sync(&self, path: &Path) -> io::Result<()> {
        self.call("sync", path, || (), || Ok(()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", to, || (), || Disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove", path, || (), || Disk.remove(path))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.call("sync_folder", path, || (), || Ok(()))
    }
}
