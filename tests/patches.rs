//! `--diff` prints patches that the real `git apply` accepts, and that come to what `--fix` writes.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use common::{Folder, PROJECTS, Passwords, files_of, passwords_in, program, project, required};

type Files = BTreeMap<String, Vec<u8>>;

/// The files after `git apply`.
fn applied(folder: &Folder, patch: &str) -> Result<Files, String> {
    let copy = Folder::copy_of(&folder.path());
    let file = copy.path().join("../caulk.patch");
    fs::write(&file, patch).expect("there is room");
    let output = Command::new("git")
        .args(["apply", "--whitespace=nowarn"])
        .arg(&file)
        .env("GIT_CEILING_DIRECTORIES", copy.path().join(".."))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(copy.path())
        .output()
        .expect("git can be run");
    if output.status.success() { Ok(copy.files()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The text with another end of its lines, a byte order mark, or without its last line break.
fn respelled(files: &Files, spelling: &str) -> Files {
    let change = |text: String| match spelling {
        "crlf" => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        "byte order mark" => format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
        "no final newline" => text.trim_end().to_owned(),
        _ => text,
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("fixtures are UTF-8");
    files.iter().map(|(name, bytes)| (name.clone(), change(text(bytes)).into_bytes())).collect()
}

fn folder_with(files: &Files, below: &str) -> Folder {
    let folder = Folder::new();
    for (name, bytes) in files {
        folder.write(&format!("{below}{name}"), bytes);
    }
    folder
}

#[test]
fn a_whole_patch_comes_to_what_fix_writes() {
    if required("git", program("git")).is_none() {
        return;
    }
    for name in PROJECTS {
        let original = files_of(&project(name).join("input"));
        for spelling in ["as it is", "crlf", "byte order mark", "no final newline"] {
            let about = format!("{name}, {spelling}");
            let folder = folder_with(&respelled(&original, spelling), "");
            let run = folder.caulk(&["check", "--diff", "--show-secrets", "--unsafe-fixes"]);
            let patched =
                applied(&folder, &run.stdout).unwrap_or_else(|error| panic!("{about}: {error}\n{}", run.all()));
            assert!(!run.stderr.contains("incomplete"), "{about}: {}", run.all());
            folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
            let (patched, fixed) = (Passwords::rename_all(&patched), Passwords::rename_all(&folder.files()));
            assert!(patched.keys().eq(fixed.keys()), "{about}: {:?} {:?}", patched.keys(), fixed.keys());
            for (path, bytes) in &fixed {
                let [patched, fixed] = [&patched[path], bytes].map(|bytes| String::from_utf8_lossy(bytes));
                assert_eq!(patched, fixed, "{about}: {path}");
            }
        }
    }
}

#[test]
fn a_patch_without_secrets_applies_and_says_what_it_leaves_out() {
    if required("git", program("git")).is_none() {
        return;
    }
    for name in PROJECTS {
        let original = files_of(&project(name).join("input"));
        for spelling in ["as it is", "crlf", "byte order mark", "no final newline"] {
            let about = format!("{name}, {spelling}");
            let folder = folder_with(&respelled(&original, spelling), "");
            let run = folder.caulk(&["check", "--diff", "--unsafe-fixes"]);
            assert!(passwords_in(&BTreeMap::from([("".to_owned(), run.all().into_bytes())])).is_empty(), "{about}");
            let patched =
                applied(&folder, &run.stdout).unwrap_or_else(|error| panic!("{about}: {error}\n{}", run.all()));
            assert!(
                run.stderr.contains("the patch is incomplete") && run.stderr.contains(".env"),
                "{about}: {}",
                run.all()
            );
            // What it leaves out is left as it is; the rest is as `--fix` writes it.
            folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
            let fixed = folder.files();
            for (path, bytes) in &patched {
                let is_left_out = run.stderr.contains(&format!(" of {path} would show a secret"));
                assert!(is_left_out || fixed[path] == *bytes, "{about}: {path}");
            }
        }
    }
}

#[test]
fn names_with_blanks_quotes_and_other_letters_are_understood() {
    if required("git", program("git")).is_none() {
        return;
    }
    let original = files_of(&project("guide").join("input"));
    for below in ["my project/", "größe/日本/", "it's \"quoted\"/"] {
        let folder = folder_with(&original, below);
        let run = folder.caulk(&["check", "--diff", "--show-secrets"]);
        let patched = applied(&folder, &run.stdout).unwrap_or_else(|error| panic!("{below}: {error}\n{}", run.all()));
        folder.caulk(&["check", "--fix"]);
        assert_eq!(Passwords::rename_all(&patched), Passwords::rename_all(&folder.files()), "{below}");
    }
}

#[test]
fn several_projects_make_one_patch() {
    if required("git", program("git")).is_none() {
        return;
    }
    let folder = Folder::new();
    for name in PROJECTS {
        for (path, bytes) in files_of(&project(name).join("input")) {
            folder.write(&format!("{name}/{path}"), bytes);
        }
    }
    let run = folder.caulk(&["check", "--diff", "--show-secrets", "--unsafe-fixes"]);
    let patched = applied(&folder, &run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.all()));
    folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(Passwords::rename_all(&patched), Passwords::rename_all(&folder.files()));
}
