//! What the test programs share: the fixture projects, the binary, and the real programs that caulk is checked against.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The projects in `fixtures/projects`, each with `input/`, `fixed/` and `expected.txt`.
pub const PROJECTS: [&str; 5] = ["guide", "list-and-flow", "anchors-override", "two-servers", "crlf-bom"];

/// The folder of a fixture project.
pub fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects").join(name)
}

/// A folder of its own, outside of every repository, that goes away in the end.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        let folder = Self { folder: tempfile::tempdir().expect("the system has room for a folder") };
        fs::create_dir(folder.path()).expect("it is new");
        folder
    }

    /// A copy of another folder.
    pub fn copy_of(original: &Path) -> Self {
        let folder = Self::new();
        for (name, bytes) in files_of(original) {
            folder.write(&name, bytes);
        }
        folder
    }

    /// Where the files are.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Writes a file, its folders included.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be written");
        fs::write(&path, bytes).expect("the folder can be written");
        path
    }

    /// All files in it.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files_of(&self.path())
    }

    /// Runs git in it.
    pub fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.path()).env("HOME", self.folder.path()).env_remove("GIT_DIR");
        let output = git.output().expect("git can be run");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs caulk in it.
    pub fn caulk(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// A call of caulk in it, by a person rather than by a service that builds and tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_caulk"));
        command.args(arguments).current_dir(self.path());
        for variable in ["CI", "PRE_COMMIT", "COMPOSE_FILE", "COMPOSE_ENV_FILES", "COLUMNS", "REDIS_PASSWORD"] {
            command.env_remove(variable);
        }
        command.env("XDG_STATE_HOME", self.folder.path().join("state")).env("NO_COLOR", "1");
        // Where the journal goes if the state folder can't be used.
        command.env("TMPDIR", self.folder.path());
        command
    }
}

/// All files below a folder, by their path from there with `/`.
pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").to_str().expect("names are UTF-8");
                let bytes = fs::read(&path).expect("the file can be read");
                files.insert(name.replace('\\', "/"), bytes);
            }
        }
    }
    files
}

/// What caulk said and how it ended.
#[derive(Debug)]
pub struct Run {
    /// Exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub duration: Duration,
}

impl Run {
    /// The longest that any call may take, on a slow machine, too.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Runs a command to its end. One that does not end fails the test.
    pub fn of(command: &mut Command) -> Self {
        // Files, not pipes: nobody has to read while the program runs.
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let output = |name| fs::File::create(folder.path().join(name)).expect("the folder is new");
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn()
            .expect("the program can be run");
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break status;
            }
            if start.elapsed() > Self::PATIENCE {
                // It may have ended just now; the test fails either way.
                let _ = child.kill();
                panic!("{command:?} does not end");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let duration = start.elapsed();
        let text = |name| fs::read_to_string(folder.path().join(name)).expect("caulk writes UTF-8");
        Self { status: ExitStatus::code(&status), stdout: text("stdout"), stderr: text("stderr"), duration }
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{}", self.all()))
    }

    /// Both outputs, for messages.
    pub fn all(&self) -> String {
        format!("status: {:?}\nstdout:\n{}\nstderr:\n{}", self.status, self.stdout, self.stderr)
    }
}

/// The generated passwords, 64 hexadecimal digits each, renamed in the order of their appearance: the first becomes
/// `00000001` eight times, as `caulk::fix::secret::counting` makes them.
#[derive(Default)]
pub struct Passwords {
    known: Vec<String>,
}

impl Passwords {
    /// All files with their passwords renamed.
    pub fn rename_all(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
        let mut passwords = Self::default();
        let renamed = files.iter().map(|(name, bytes)| {
            let text = String::from_utf8(bytes.clone()).expect("fixtures are UTF-8");
            (name.clone(), passwords.rename(&text).into_bytes())
        });
        renamed.collect()
    }

    /// The text with its passwords renamed.
    pub fn rename(&mut self, text: &str) -> String {
        let mut renamed = String::new();
        let mut rest = text;
        let is_digit = |char: char| char.is_ascii_digit() || ('a'..='f').contains(&char);
        while let Some(start) = rest.find(is_digit) {
            let (before, from) = rest.split_at(start);
            let length = from.find(|char| !is_digit(char)).unwrap_or(from.len());
            let (digits, behind) = from.split_at(length);
            renamed.push_str(before);
            renamed.push_str(&if length == 64 { self.new_name(digits) } else { digits.to_owned() });
            rest = behind;
        }
        renamed + rest
    }

    fn new_name(&mut self, password: &str) -> String {
        let known = self.known.iter().position(|known| known == password);
        let number = known.unwrap_or_else(|| {
            self.known.push(password.to_owned());
            self.known.len() - 1
        });
        format!("{:08x}", number + 1).repeat(8)
    }
}

/// The generated passwords in some files.
pub fn passwords_in(files: &BTreeMap<String, Vec<u8>>) -> BTreeSet<String> {
    let texts = files.values().map(|bytes| String::from_utf8_lossy(bytes));
    let words = texts
        .flat_map(|text| text.split(|char: char| !char.is_ascii_hexdigit()).map(str::to_owned).collect::<Vec<_>>());
    words.filter(|word| word.len() == 64).collect()
}

/// How a file is written, which no repair may change.
#[derive(Debug, PartialEq, Eq)]
pub struct Habits {
    /// Whether all lines end with `\r\n`, and whether none does; nothing for a file of one line without an end.
    crlf: Option<(bool, bool)>,
    byte_order_mark: bool,
    final_newline: bool,
}

impl Habits {
    /// Those of a file.
    pub fn of(bytes: &[u8]) -> Self {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
        Self {
            crlf: (lines > 0).then_some((crlf == lines, crlf == 0)),
            byte_order_mark: bytes.starts_with(b"\xef\xbb\xbf"),
            final_newline: bytes.ends_with(b"\n"),
        }
    }

    /// True if a file that is to have these habits has those. An empty file has none.
    pub fn are_kept_by(&self, after: &Self) -> bool {
        let is_same_end = self.crlf.is_none() || self.crlf == after.crlf;
        is_same_end && self.byte_order_mark == after.byte_order_mark && self.final_newline == after.final_newline
    }
}

/// A program that a test needs. Where it is missing, the reason goes to standard error past the test runner, and the
/// test has nothing to do; in CI it must be there.
pub fn required<T>(program: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        let reason = format!("skipped: {program} is not there");
        assert!(std::env::var_os("CI").is_none(), "{reason}, and CI is set");
        let _ = writeln!(std::io::stderr(), "{reason}");
    }
    found
}

/// The programs of the real Redis.
pub struct Redis {
    /// `redis-server`
    pub server: PathBuf,
    /// `redis-cli`
    pub client: PathBuf,
}

impl Redis {
    pub fn find() -> Option<Self> {
        Some(Self { server: program("redis-server")?, client: program("redis-cli")? })
    }
}

/// A program in PATH.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The real Docker Compose: `$DOCKER_COMPOSE`, `docker-compose` in PATH, or the plugin of `docker`. Only 2.x counts.
pub fn compose() -> Option<Vec<PathBuf>> {
    let named = std::env::var_os("DOCKER_COMPOSE").filter(|name| !name.is_empty()).map(|name| vec![name.into()]);
    let alone = || Some(vec![program("docker-compose")?]);
    let plugin = || Some(vec![program("docker")?, "compose".into()]);
    let candidates = [named, alone(), plugin()];
    candidates.into_iter().flatten().find(|call| {
        let (program, arguments) = call.split_first().expect("a call has a program");
        let output = Command::new(program).args(arguments).args(["version", "--short"]).output();
        output.is_ok_and(|output| output.status.success() && output.stdout.trim_ascii().starts_with(b"2."))
    })
}

/// What Compose makes of the project in `folder`.
pub fn compose_config(call: &[PathBuf], folder: &Path) -> Result<serde_json::Value, String> {
    let (program, arguments) = call.split_first().expect("a call has a program");
    let mut command = Command::new(program);
    command.args(arguments).args(["config", "--format", "json"]).current_dir(folder);
    // Nothing but the project's own files may take part.
    command.env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
