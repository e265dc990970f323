//! Input that nobody should have to think about: caulk says what is wrong and where, and harms nothing.

mod common;

use std::fs;
use std::time::Duration;

use common::{Folder, Run, files_of, project};

/// More than any of these files should take, on a slow machine and without optimisation.
const A_FEW_SECONDS: Duration = Duration::from_secs(20);

/// A good project beside the file in question has to be read all the same.
const GOOD: &str = "services:\n  web:\n    image: example/web:1\n";

/// A file, what is said about it, and the line, if there is one to name.
struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    line: Option<u64>,
    says: &'static str,
}

fn case(
    name: &'static str,
    file: &'static str,
    bytes: impl Into<Vec<u8>>,
    line: impl Into<Option<u64>>,
    says: &'static str,
) -> Case {
    Case { name, file, bytes: bytes.into(), line: line.into(), says }
}

fn cases() -> Vec<Case> {
    let utf16 = |mark: &[u8], text: &str, bytes: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    let compose = "docker-compose.yml";
    vec![
        case("an open bracket", compose, "services:\n  a:\n    image: [redis\n", 3, ""),
        case("a stray brace", compose, "services:\n  a:\n    image: x\n}\n", 4, ""),
        case("an open quote", compose, "services:\n  a:\n    image: \"redis\n", 3, ""),
        case(
            "keys of two depths",
            compose,
            "services:\n  redis:\n    image: redis:7\n   ports:\n    - \"6379:6379\"\n",
            4,
            "",
        ),
        case("a key twice", compose, "services:\n  a:\n    image: x\n    ports: []\n    image: y\n", 5, "image"),
        case("a service twice", compose, "services:\n  a:\n    image: x\n  a:\n    image: y\n", 4, "a"),
        case("tabs", compose, "services:\n\ta:\n\t\timage: x\n", 2, "tab"),
        case("NUL", compose, "services:\n  a:\n    image: x\0y\n", 3, ""),
        case("UTF-16, little end first", compose, utf16(b"\xff\xfe", GOOD, u16::to_le_bytes), None, "UTF-16"),
        case("UTF-16, big end first", compose, utf16(b"\xfe\xff", GOOD, u16::to_be_bytes), None, "UTF-16"),
        case("UTF-16 without mark", compose, utf16(b"", GOOD, u16::to_le_bytes), 1, ""),
        case("Latin-1", compose, b"# caf\xe9\nservices:\n  a:\n    image: x\n".to_vec(), None, "UTF-8"),
        case("100,000 brackets", compose, format!("services: {}", "[".repeat(100_000)), 1, "limit"),
        case("an alias bomb", compose, alias_bomb(), 2, "alias"),
        case("an alias of itself", compose, "services: &a\n  x: *a\n", 2, ""),
        case("an alias of nothing", compose, "services:\n  x: *nothing\n", 2, "nothing"),
        case("50 MB", compose, "# a comment\n".repeat(50_000_000 / 12), None, "MB"),
        case("an empty file", compose, "", None, "empty"),
        case("nothing but comments", compose, "# soon\n", None, "empty"),
        case("a .env with a syntax error", ".env", "A=1\nB=\"never closed\nC=2\n", 2, ""),
        case("a .env in UTF-16", ".env", utf16(b"\xff\xfe", "A=1\n", u16::to_le_bytes), None, "UTF-16"),
        case("a .env that is Latin-1", ".env", b"A=caf\xe9\n".to_vec(), None, "UTF-8"),
        case("a .env of 50 MB", ".env", "A=1\n".repeat(50_000_000 / 4), None, "MB"),
    ]
}

/// Nine aliases of nine aliases, and so on: 9^9 values.
fn alias_bomb() -> String {
    let mut text = "services:\n  a0: &a0 {image: x}\n".to_owned();
    for level in 1..=9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
    }
    text
}

#[test]
fn a_bad_file_is_a_finding_with_its_place_and_stays_as_it_is() {
    let failures: Vec<String> = cases()
        .into_iter()
        .filter_map(|case| harmless(&case).err().map(|failure| format!("{}: {failure}", case.name)))
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn what_only_has_the_name_of_a_compose_file_is_judged_when_it_is_named() {
    for text in ["- services\n", "hello\n", "stages: [up]\n"] {
        let folder = Folder::new();
        folder.write("ci/compose.yml", text);
        let run = folder.caulk(&["check"]);
        assert_eq!(run.status, Some(2), "{}", run.all());
        assert!(run.stderr.contains("ci/compose.yml holds something else"), "{}", run.all());
        let run = folder.caulk(&["check", "ci/compose.yml"]);
        assert_eq!(run.status, Some(1), "{}", run.all());
        assert!(run.stdout.contains("ci/compose.yml"), "{}", run.all());
        let run = folder.caulk(&["check", "--only-given", "ci/compose.yml"]);
        assert_eq!(run.status, Some(0), "a hook gives it for its name: {}", run.all());
        folder.write("compose.yaml", GOOD);
        assert!(!folder.caulk(&["check"]).all().contains("ci/"), "it is no part of the report of others");
    }
}

fn harmless(Case { name, file, bytes, line, says }: &Case) -> Result<(), String> {
    let folder = Folder::new();
    folder.write("docker-compose.yml", GOOD);
    folder.write(file, bytes);
    for arguments in [&["check"][..], &["check", "--fix", "--unsafe-fixes"], &["check", "--diff"]] {
        let run = folder.caulk(arguments);
        assert_sound(&run, name);
        if run.status != Some(1) {
            return Err(format!("{arguments:?} does not end with 1\n{}", run.all()));
        }
        if !run.all().contains(file) {
            return Err(format!("{arguments:?} does not name the file\n{}", run.all()));
        }
        assert_eq!(fs::read(folder.path().join(file)).ok().as_ref(), Some(bytes), "{name}: {arguments:?}");
    }
    let report = folder.caulk(&["check", "--format", "json"]).json();
    let problems = report["problems"].as_array().expect("it is a list");
    let is_it = |problem: &serde_json::Value| {
        let at = problem["range"]["start"]["line"].as_u64();
        let text = problem["message"].as_str().unwrap_or_default();
        problem["path"] == *file && line.is_none_or(|line| at == Some(line)) && text.contains(says)
    };
    match problems.iter().any(is_it) {
        true => Ok(()),
        false => Err(format!("no problem in line {line:?} that says {says:?}\n{problems:#?}")),
    }
}

#[test]
fn one_bad_file_does_not_keep_others_from_being_repaired() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    folder.write("broken/docker-compose.yml", "services:\n  a: [\n");
    let run = folder.caulk(&["check", "--fix"]);
    assert_clean_end(&run, 1, "a good and a bad project");
    assert!(run.stdout.contains("broken/docker-compose.yml"), "{}", run.all());
    let sealed = fs::read_to_string(folder.path().join("docker-compose.yml")).expect("it is there");
    assert!(sealed.contains("--requirepass"), "{}", run.all());
    assert_eq!(folder.files()["broken/docker-compose.yml"], b"services:\n  a: [\n");
}

#[test]
fn a_folder_without_compose_files_is_nothing_to_work_on() {
    let folder = Folder::new();
    folder.write("README.md", "hello");
    for arguments in [&["check"][..], &["check", "--fix"], &["check", "."]] {
        let run = folder.caulk(arguments);
        assert_clean_end(&run, 2, "no Compose file");
        assert!(run.stderr.contains("no Compose file"), "{}", run.all());
        assert_eq!(folder.files().len(), 1);
    }
}

#[test]
fn a_path_that_is_not_there_is_nothing_to_work_on() {
    let folder = Folder::new();
    let run = folder.caulk(&["check", "nowhere/compose.yaml"]);
    assert_clean_end(&run, 2, "no such file");
    assert!(run.stderr.contains("nowhere/compose.yaml"), "{}", run.all());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use common::{program, required};

    #[test]
    fn a_dangling_link_is_named() {
        let folder = Folder::new();
        symlink("gone.yml", folder.path().join("docker-compose.yml")).expect("links can be made");
        let run = folder.caulk(&["check", "--fix"]);
        assert_clean_end(&run, 1, "a dangling link");
        assert!(run.stdout.contains("docker-compose.yml"), "{}", run.all());
        assert!(fs::symlink_metadata(folder.path().join("docker-compose.yml")).expect("it stays").is_symlink());
        assert!(!folder.path().join("gone.yml").exists());
    }

    #[test]
    fn a_dangling_env_file_is_named_and_nothing_is_written_through_it() {
        let folder = Folder::copy_of(&project("two-servers").join("input"));
        symlink("../outside.env", folder.path().join(".env")).expect("links can be made");
        let before = fs::read(folder.path().join("docker-compose.yml")).expect("it is there");
        let run = folder.caulk(&["check", "--fix"]);
        assert_clean_end(&run, 1, "a dangling .env");
        assert!(run.all().contains(".env"), "{}", run.all());
        assert!(!folder.path().join("../outside.env").exists());
        let after = String::from_utf8(fs::read(folder.path().join("docker-compose.yml")).expect("it is there"));
        let after = after.expect("it is UTF-8");
        assert!(!after.contains("requirepass"), "sealed without a place for the password\n{}", run.all());
        // Ports may be closed: they need no password.
        assert!(after.len() >= before.len());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = Folder::new();
        let path = folder.path().join("docker-compose.yml");
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo can be run");
        assert!(made.success());
        let run = folder.caulk(&["check", "docker-compose.yml"]);
        assert_ne!(run.status, Some(0), "{}", run.all());
        assert_ne!(run.status, None, "{}", run.all());
        assert!(run.all().contains("docker-compose.yml"), "{}", run.all());
    }

    /// Runs caulk as somebody whom permissions concern: root may read and write everything.
    fn as_a_user(folder: &Folder, arguments: &[&str]) -> Option<Run> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !is_root {
            return Some(folder.caulk(arguments));
        }
        let setpriv = required("setpriv (these tests run as root)", program("setpriv"))?;
        // The folders above may be closed to others.
        let parent = folder.path().parent().expect("it lies in a folder").to_owned();
        let binary = parent.join("caulk");
        if !binary.exists() {
            fs::copy(env!("CARGO_BIN_EXE_caulk"), &binary).expect("the binary can be copied");
        }
        fs::set_permissions(&parent, fs::Permissions::from_mode(0o777)).expect("the mode can be set");
        let mut command = Command::new(setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&binary).args(arguments);
        command.current_dir(folder.path()).env_clear().env("XDG_STATE_HOME", parent.join("state")).env("NO_COLOR", "1");
        Some(Run::of(&mut command))
    }

    fn set_mode(folder: &Folder, name: &str, mode: u32) {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).expect("the mode can be set");
    }

    #[test]
    fn an_unreadable_file_is_a_finding() {
        let folder = Folder::new();
        folder.write("docker-compose.yml", GOOD);
        set_mode(&folder, "docker-compose.yml", 0o000);
        set_mode(&folder, ".", 0o777);
        let Some(run) = as_a_user(&folder, &["check"]) else { return };
        assert_clean_end(&run, 1, "an unreadable file");
        assert!(run.stdout.contains("docker-compose.yml"), "{}", run.all());
        assert!(run.stdout.contains("can't be read"), "{}", run.all());
    }

    #[test]
    fn an_unreadable_env_file_is_a_finding() {
        let folder = Folder::new();
        folder.write("docker-compose.yml", GOOD);
        folder.write(".env", "A=1\n");
        set_mode(&folder, ".env", 0o000);
        set_mode(&folder, ".", 0o777);
        let Some(run) = as_a_user(&folder, &["check"]) else { return };
        assert_clean_end(&run, 1, "an unreadable .env");
        assert!(run.stdout.contains(".env"), "{}", run.all());
    }

    #[test]
    fn a_project_in_a_folder_that_cannot_be_written_stays_as_it_is() {
        let folder = Folder::copy_of(&project("guide").join("input"));
        set_mode(&folder, "backend", 0o555);
        set_mode(&folder, ".", 0o555);
        let run = as_a_user(&folder, &["check", "--fix"]);
        let after = folder.files();
        set_mode(&folder, "backend", 0o755);
        set_mode(&folder, ".", 0o755);
        let Some(run) = run else { return };
        assert_clean_end(&run, 1, "a read-only folder");
        assert!(run.stdout.contains("Held back") && run.stdout.contains("can't be written"), "{}", run.all());
        assert_eq!(after, files_of(&project("guide").join("input")));
    }

    #[test]
    fn a_read_only_file_keeps_its_mode() {
        let folder = Folder::copy_of(&project("guide").join("input"));
        set_mode(&folder, "docker-compose.yml", 0o444);
        let run = folder.caulk(&["check", "--fix"]);
        let mode = fs::metadata(folder.path().join("docker-compose.yml")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o444, "{}", run.all());
        assert_sound(&run, "a read-only file");
        let written = folder.files() != files_of(&project("guide").join("input"));
        assert_eq!(written, run.status == Some(0), "either all is written, or nothing\n{}", run.all());
    }
}

/// The run ended by itself, soon, with this status, and without a panic.
fn assert_clean_end(run: &Run, status: i32, name: &str) {
    assert_eq!(run.status, Some(status), "{name}: {}", run.all());
    assert_sound(run, name);
}

fn assert_sound(run: &Run, name: &str) {
    assert!(!run.all().contains("panicked"), "{name}: {}", run.all());
    assert!(run.duration < A_FEW_SECONDS, "{name} takes {:?}", run.duration);
}
