//! The folder of the user that holds the journals, and the lock that keeps two writers apart.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::JournalError;

/// The places where the state folder may be.
#[derive(Debug, Clone)]
pub struct StatePlaces {
    /// `$XDG_STATE_HOME`; a relative path does not count (XDG Base Directory Specification).
    pub state_home: Option<PathBuf>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The system's folder for temporary files.
    pub temporary: PathBuf,
}

impl StatePlaces {
    /// As the environment of this process says.
    pub fn from_environment() -> Self {
        let folder = |name| std::env::var_os(name).map(PathBuf::from);
        let local = if cfg!(windows) { folder("LOCALAPPDATA") } else { None };
        Self { state_home: folder("XDG_STATE_HOME").or(local), home: folder("HOME"), temporary: std::env::temp_dir() }
    }

    /// `$XDG_STATE_HOME/caulk`, or else `~/.local/state/caulk`.
    fn usual(&self) -> Option<PathBuf> {
        let state_home = self.state_home.clone().filter(|path| path.is_absolute());
        let home = self.home.as_ref().filter(|path| path.is_absolute());
        Some(state_home.or_else(|| Some(home?.join(".local").join("state")))?.join("caulk"))
    }

    /// A folder of this user's own below the system's temporary folder.
    fn fallback(&self) -> PathBuf {
        #[cfg(unix)]
        let name = format!("caulk-{}", rustix::process::geteuid().as_raw());
        #[cfg(not(unix))]
        let name = "caulk";
        self.temporary.join(name)
    }
}

/// The folder that holds one journal for each run. Only its user may enter it (mode 0700).
#[derive(Debug, Clone)]
pub struct StateFolder {
    path: PathBuf,
    patience: Duration,
}

/// As long as it exists, no other caulk of this user writes.
#[derive(Debug)]
pub struct Lock {
    // The system lets go of the lock when the file is closed, also if the process is killed: none can be stale.
    _file: File,
}

impl StateFolder {
    /// The usual folder, made if it is missing, or else one below the system's temporary folder. The second value says,
    /// for a person, why it is not the usual one.
    ///
    /// # Errors
    /// [`JournalError::NoStateFolder`] if neither can be had.
    pub fn open(places: &StatePlaces) -> Result<(Self, Vec<String>), JournalError> {
        let why = match places.usual() {
            None => "HOME is not set".to_owned(),
            Some(path) => match prepare(&path) {
                Ok(()) => return Ok((Self::at(path), Vec::new())),
                Err(error) => format!("{} can't be used ({error})", path.display()),
            },
        };
        let path = places.fallback();
        match prepare(&path) {
            Ok(()) => {
                let note = format!(
                    "{why}: what caulk undo needs is kept in {}, which the system may clear at the next start",
                    path.display()
                );
                Ok((Self::at(path), vec![note]))
            }
            Err(error) => {
                Err(JournalError::NoStateFolder(format!("{why}, nor can {} be used ({error})", path.display())))
            }
        }
    }

    /// The folders that earlier runs have left: the usual one first. Makes nothing.
    pub fn find(places: &StatePlaces) -> Vec<Self> {
        let folders = places.usual().into_iter().chain([places.fallback()]);
        folders.filter(|path| check(path).is_ok()).map(Self::at).collect()
    }

    fn at(path: PathBuf) -> Self {
        // Long enough for another run's renames, short enough for a person who waits.
        Self { path, patience: Duration::from_secs(3) }
    }

    /// Waits `patience` for another caulk to finish its writing.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps all other writers of this user out.
    ///
    /// # Errors
    /// [`JournalError::Busy`] if another caulk writes and does not finish soon; [`JournalError::Io`] if the lock file
    /// can't be used.
    pub fn lock(&self) -> Result<Lock, JournalError> {
        let path = self.path.join(LOCK);
        let start = Instant::now();
        loop {
            match try_lock(&path) {
                Ok(Some(file)) => return Ok(Lock { _file: file }),
                Ok(None) if start.elapsed() < self.patience => std::thread::sleep(Duration::from_millis(20)),
                Ok(None) => return Err(JournalError::Busy { lock: path }),
                Err(source) => return Err(JournalError::Io { doing: "lock", path, source }),
            }
        }
    }

    /// As [`lock`](Self::lock), without waiting.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    pub(super) fn try_lock(&self) -> Result<Lock, JournalError> {
        Self { path: self.path.clone(), patience: Duration::ZERO }.lock()
    }

    /// Names of all files in it, in order.
    ///
    /// # Errors
    /// [`JournalError::Io`] if it can't be read.
    pub(super) fn names(&self) -> Result<Vec<String>, JournalError> {
        let failed = |source| JournalError::Io { doing: "list", path: self.path.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

const LOCK: &str = "lock";

/// Makes the folder if it is missing, and checks that it is this user's alone and can be written.
fn prepare(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    check(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    // A home folder may be a repository itself.
    let ignore = path.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    lock_file(&path.join(LOCK)).map(drop)
}

/// Fails unless it is a folder that belongs to this user: in a folder that all can write, another user may have made
/// one of this name, or a link.
fn check(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&metadata) != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    // `~/.local/state` may well lead elsewhere, but the folder itself is ours.
    if metadata.is_dir() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::NotADirectory)) }
}

fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    options.open(path)
}

/// The locked file, or nothing if somebody else has it.
#[cfg(unix)]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    let file = lock_file(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The locked file, or nothing if somebody else has it.
#[cfg(not(unix))]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    /// `ERROR_SHARING_VIOLATION`: open elsewhere, and shared with nobody.
    const SHARING_VIOLATION: i32 = 32;
    match lock_file(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use tempfile::TempDir;

    fn places(folder: &TempDir) -> StatePlaces {
        let path = folder.path();
        let temporary = path.join("tmp");
        fs::create_dir_all(&temporary).expect("created");
        StatePlaces { state_home: None, home: Some(path.join("home")), temporary }
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).expect("it exists").permissions()) & 0o777
    }

    #[test]
    fn it_is_in_the_state_home_or_else_in_the_home_folder() {
        let folder = TempDir::new().expect("a folder");
        for (state_home, expected) in [
            (None, "home/.local/state/caulk"),
            (Some(folder.path().join("state")), "state/caulk"),
            (Some(PathBuf::from("relative")), "home/.local/state/caulk"),
            (Some(PathBuf::new()), "home/.local/state/caulk"),
        ] {
            let places = StatePlaces { state_home, ..places(&folder) };
            let (state, notes) = StateFolder::open(&places).expect("opened");
            assert_eq!(state.path(), folder.path().join(expected));
            assert_eq!(notes, [""; 0]);
            #[cfg(unix)]
            assert_eq!(mode(state.path()), 0o700);
        }
    }

    #[test]
    fn git_does_not_see_what_is_in_it() {
        let folder = TempDir::new().expect("a folder");
        let (state, _) = StateFolder::open(&places(&folder)).expect("opened");
        assert_eq!(fs::read_to_string(state.path().join(".gitignore")).expect("read"), "*\n");
    }

    #[test]
    fn where_the_usual_one_cannot_be_had_a_temporary_one_serves_and_a_note_says_so() {
        let folder = TempDir::new().expect("a folder");
        let places = places(&folder);
        fs::write(folder.path().join("home"), "a file, not a folder").expect("written");
        for places in [places.clone(), StatePlaces { home: None, ..places }] {
            let (state, notes) = StateFolder::open(&places).expect("opened");
            assert!(state.path().starts_with(&places.temporary));
            assert_eq!(notes.len(), 1);
            assert!(notes[0].contains(&state.path().display().to_string()), "{}", notes[0]);
            #[cfg(unix)]
            assert_eq!(mode(state.path()), 0o700);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_temporary_one_is_refused() {
        let folder = TempDir::new().expect("a folder");
        let places = StatePlaces { home: None, ..places(&folder) };
        std::os::unix::fs::symlink(folder.path(), places.fallback()).expect("linked");
        assert!(matches!(StateFolder::open(&places), Err(JournalError::NoStateFolder(_))));
    }

    #[test]
    fn looking_for_it_makes_nothing() {
        let folder = TempDir::new().expect("a folder");
        let places = places(&folder);
        assert!(StateFolder::find(&places).is_empty());
        assert!(!folder.path().join("home").exists());
        let (made, _) = StateFolder::open(&places).expect("opened");
        let found = StateFolder::find(&places);
        assert_eq!(found.iter().map(StateFolder::path).collect::<Vec<_>>(), [made.path()]);
    }

    #[test]
    fn one_lock_keeps_the_second_out_until_it_is_gone() {
        let folder = TempDir::new().expect("a folder");
        let (state, _) = StateFolder::open(&places(&folder)).expect("opened");
        let state = state.with_patience(Duration::from_millis(30));
        let first = state.lock().expect("free");
        let refused = state.lock().expect_err("taken");
        assert!(matches!(refused, JournalError::Busy { .. }), "{refused}");
        drop(first);
        state.lock().expect("free again");
    }
}
