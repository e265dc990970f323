//! A generated password stays where it is meant to be: in no output, journal, argument list or commit.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Folder, PROJECTS, Run, files_of, passwords_in, program, project, required};

fn git(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
    let output = command.current_dir(folder.path()).output().expect("git can be run");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("git writes UTF-8")
}

/// A fixture as a repository: its files are committed, but for its env files, which are there and untracked.
fn repository(name: &str) -> Folder {
    let folder = Folder::copy_of(&project(name).join("input"));
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "--all", "--", ".", ":!*.env"]);
    git(&folder, &["commit", "--quiet", "--message", "start"]);
    folder
}

/// The project's own files.
fn files(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let mut files = folder.files();
    files.retain(|name, _| !name.starts_with(".git/"));
    files
}

fn is_env_file(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|name| name.ends_with(".env"))
}

#[test]
fn no_command_says_a_generated_password() {
    if required("git", program("git")).is_none() {
        return;
    }
    for name in PROJECTS {
        let folder = repository(name);
        let compose = files(&folder).into_keys().find(|name| name.ends_with("yml") || name.ends_with("yaml"));
        let compose = compose.expect("there is a Compose file");
        let mut outputs = vec![
            folder.caulk(&["check", "--diff", "--unsafe-fixes"]),
            folder.caulk(&["check", "--fix", "--unsafe-fixes", "--verbose", "--statistics"]),
        ];
        let passwords = passwords_in(&files(&folder));
        assert!(!passwords.is_empty(), "{name}: {}", outputs[1].all());
        for arguments in [
            &["check", "--verbose"][..],
            &["check", "--format", "json", "--select", "strict", "--select", "default"],
            &["check", "--diff", "--unsafe-fixes"],
            &["check", "--diff", "--format", "json"],
            &["check", "--fix", "--unsafe-fixes", "--format", "json"],
            &["check", &compose, "--color", "always"],
            &["resolve", "--origins"],
            &["explain", "store-no-auth"],
            &["undo", "--list"],
            &["undo", "r99"],
            &["undo", "r1"],
            &["undo"],
        ] {
            outputs.push(folder.caulk(arguments));
        }
        for (run, password) in outputs.iter().flat_map(|run| passwords.iter().map(move |password| (run, password))) {
            assert!(!run.all().contains(password.as_str()), "{name}: {}", run.all());
        }
    }
}

#[test]
fn a_report_that_refuses_says_none_either() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
        let passwords = passwords_in(&folder.files());
        // Broken in the line of the password, and edited since.
        let broken: Vec<_> = folder.files().into_iter().filter(|(name, _)| is_env_file(name)).collect();
        for (path, bytes) in broken {
            let text = String::from_utf8(bytes).expect("it is UTF-8").replace("_PASSWORD=", "_PASSWORD=\"");
            folder.write(&path, text);
        }
        for arguments in [
            &["check", "--verbose"][..],
            &["check", "--format", "json"],
            &["undo"],
            &["undo", "r1"],
            &["check", "--fix"],
        ] {
            let run = folder.caulk(arguments);
            assert!(passwords.iter().all(|password| !run.all().contains(password.as_str())), "{name}: {}", run.all());
        }
    }
}

#[test]
fn it_stands_in_env_files_only_and_git_would_add_none_of_them() {
    if required("git", program("git")).is_none() {
        return;
    }
    for name in PROJECTS {
        let folder = repository(name);
        folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
        let files = files(&folder);
        let passwords = passwords_in(&files);
        let holding: BTreeSet<_> = files
            .iter()
            .filter(|(_, bytes)| {
                let text = String::from_utf8_lossy(bytes);
                passwords.iter().any(|password| text.contains(password.as_str()))
            })
            .map(|(name, _)| name.clone())
            .collect();
        assert!(!holding.is_empty(), "{name}");
        assert!(holding.iter().all(|name| is_env_file(name)), "{name}: {holding:?}");
        let added = git(&folder, &["add", "--all", "--dry-run"]);
        let status = git(&folder, &["status", "--porcelain", "--untracked-files=all"]);
        for path in &holding {
            let names_it = |text: &str| text.lines().any(|line| line.trim_end_matches('\'').ends_with(path.as_str()));
            assert!(!names_it(&added) && !names_it(&status), "{name}: {path}\n{added}\n{status}");
        }
        git(&folder, &["add", "--all"]);
        let staged = git(&folder, &["diff", "--cached"]);
        assert!(passwords.iter().all(|password| !staged.contains(password.as_str())), "{name}: {staged}");
    }
}

#[cfg(unix)]
#[test]
fn journals_are_private_and_hold_none() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
        let passwords = passwords_in(&folder.files());
        let state = folder.path().join("../state/caulk");
        assert_eq!(mode(&state), 0o700);
        for step in ["after the run", "after a repair was taken back"] {
            let journals = files_of(&state);
            let journals = journals.iter().filter(|(name, _)| name.ends_with(".json"));
            let mut count = 0;
            for (file, bytes) in journals {
                count += 1;
                assert_eq!(mode(&state.join(file)), 0o600, "{name}, {step}: {file}");
                let text = String::from_utf8_lossy(bytes);
                for password in &passwords {
                    assert!(!text.contains(password.as_str()), "{name}, {step}: {file}");
                    assert!(!text.contains(&hex::encode(password)), "{name}, {step}: {file}");
                }
            }
            assert_eq!(count, 1, "{name}, {step}");
            folder.caulk(&["undo", "r1"]);
        }
    }
}

/// In the place of `git`, a script writes down what it is called with, and calls the real one.
#[cfg(unix)]
#[test]
fn no_child_gets_it_as_an_argument_or_in_its_environment() {
    use std::os::unix::fs::PermissionsExt;
    let Some(real) = required("git", program("git")) else { return };
    for name in PROJECTS {
        let folder = repository(name);
        let log = folder.path().join("../calls");
        let script = format!(
            "#!/bin/sh\n{{ printf '%s\\n' \"$@\"; env; cat /proc/$PPID/cmdline; }} >> '{}'\nexec '{}' \"$@\"\n",
            log.display(),
            real.display()
        );
        let bin = folder.path().join("../bin");
        fs::create_dir(&bin).expect("it is new");
        fs::write(bin.join("git"), script).expect("it can be written");
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let run = Run::of(folder.command(&["check", "--fix", "--unsafe-fixes"]).env("PATH", &path));
        let again = Run::of(folder.command(&["check", "--fix", "--unsafe-fixes"]).env("PATH", &path));
        assert_eq!(run.status, again.status, "{}", again.all());
        let passwords = passwords_in(&files(&folder));
        let calls = String::from_utf8_lossy(&fs::read(&log).expect("git was called")).into_owned();
        assert!(calls.contains("caulk") && !passwords.is_empty(), "{name}: {calls}");
        assert!(passwords.iter().all(|password| !calls.contains(password.as_str())), "{name}: {calls}");
    }
}

/// git reads no `.gitignore` that is a symlink.
#[cfg(unix)]
#[test]
fn an_ignore_list_that_git_does_not_read_hides_nothing() {
    use std::os::unix::fs::symlink;
    if required("git", program("git")).is_none() {
        return;
    }
    let compose = "services:\n  redis:\n    image: redis:7\n  app:\n    image: app\n    environment:\n      \
                   REDIS_URL: redis://redis:6379\n";
    // Inside, outside, and to nothing; for the project at the top of the repository, and below it.
    for (target, place) in ["conf/list", "../list", "nothing"].into_iter().flat_map(|to| [(to, ""), (to, "app/")]) {
        let about = format!("{target} for {place:?}");
        let folder = Folder::new();
        folder.write(&format!("{place}compose.yaml"), compose);
        folder.write("conf/list", "node_modules\n");
        folder.write("../list", "node_modules\n");
        symlink(target, folder.path().join(".gitignore")).expect("it can be made");
        git(&folder, &["init", "--quiet"]);
        let run = folder.caulk(&["check", "--fix"]);
        let outside = fs::read_to_string(folder.path().join("../list")).expect("it stays");
        let added = git(&folder, &["add", "--all", "--dry-run"]);
        assert!(!added.contains(".env"), "{about}: {added}");
        fs::remove_file(folder.path().join(".gitignore")).expect("it is there");
        let files = files(&folder);
        assert_eq!((outside.as_str(), files["conf/list"].as_slice()), ("node_modules\n", &b"node_modules\n"[..]));
        if place.is_empty() {
            assert!(passwords_in(&files).is_empty() && !files.contains_key(".env"), "{about}");
            assert!(run.all().contains("git does not follow"), "{about}: {}", run.all());
        } else {
            assert_eq!(passwords_in(&files).len(), 1, "{about}: {}", run.all());
            assert_eq!(files["app/.gitignore"], b".env\n", "{about}");
        }
    }
}

#[test]
fn an_ignore_list_that_lets_env_files_in_again_is_the_one_that_is_written() {
    if required("git", program("git")).is_none() {
        return;
    }
    let folder = Folder::new();
    let compose = "services:\n  redis:\n    image: redis:7\n  app:\n    build: ./app\n    env_file: app/.env\n";
    for (name, text) in
        [("compose.yaml", compose), ("app/.env", "REDIS_URL=redis://redis:6379/0\n"), ("app/.gitignore", "!.env\n")]
    {
        folder.write(name, text);
    }
    git(&folder, &["init", "--quiet"]);
    let run = folder.caulk(&["check", "--fix"]);
    let files = files(&folder);
    assert_eq!(passwords_in(&files).len(), 1, "{}", run.all());
    assert_eq!(files["app/.gitignore"], b"!.env\n.env\n");
    let added = git(&folder, &["add", "--all", "--dry-run"]);
    assert!(!added.contains(".env"), "{added}");
    // The program may read the file in its image: a person is told.
    assert!(run.all().replace("\n  ", " ").contains(".env lies where the image of `app` is built"), "{}", run.all());
}

#[cfg(unix)]
#[test]
fn what_a_linked_env_file_leads_to_is_hidden_from_git() {
    if required("git", program("git")).is_none() {
        return;
    }
    let folder = Folder::new();
    folder.write("compose.yaml", "services:\n  redis:\n    image: redis:7\n  app:\n    image: x\n    environment:\n      REDIS_URL: redis://redis\n");
    folder.write("conf/prod.env", "A=1\n");
    std::os::unix::fs::symlink("conf/prod.env", folder.path().join(".env")).expect("linked");
    git(&folder, &["init", "--quiet"]);
    let run = folder.caulk(&["check", "--fix"]);
    assert_eq!(passwords_in(&files(&folder)).len(), 1, "{}", run.all());
    let added = git(&folder, &["add", "--all", "--dry-run"]);
    assert!(!added.contains("prod.env"), "{added}");
}
