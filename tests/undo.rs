//! `caulk undo`: the whole run byte for byte, or single repairs in any order, and nothing that somebody has edited since.

mod common;

use std::fs;

use common::{Folder, PROJECTS, Run, compose, compose_config, passwords_in, project, required};

/// A copy of a fixture after `caulk check --fix`, and the ids of the repairs.
fn repaired(name: &str) -> (Folder, Vec<String>) {
    let folder = Folder::copy_of(&project(name).join("input"));
    let ids = fix(&folder, &[]);
    (folder, ids)
}

fn fix(folder: &Folder, more: &[&str]) -> Vec<String> {
    let run = folder.caulk(&[&["check", "--fix", "--format", "json"][..], more].concat());
    let applied = run.json()["fix"]["applied"].clone();
    serde_json::from_value(applied).unwrap_or_else(|_| panic!("{}", run.all()))
}

fn undo(folder: &Folder, ids: &[&str]) -> Run {
    folder.caulk(&[&["undo"][..], ids].concat())
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.files()[name].clone()).expect("it is UTF-8")
}

/// The project of a person: name of each file, and its text.
fn folder_of(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    for (name, text) in files {
        folder.write(name, text);
    }
    folder
}

#[test]
fn repair_by_repair_in_any_order_every_byte_comes_back() {
    for name in PROJECTS {
        let before = Folder::copy_of(&project(name).join("input")).files();
        let count = repaired(name).1.len();
        assert!(count >= 2, "{name} has {count} repairs");
        for is_reversed in [false, true] {
            let (folder, mut ids) = repaired(name);
            if is_reversed {
                ids.reverse();
            }
            for id in &ids {
                let run = undo(&folder, &[id]);
                assert_eq!(run.status, Some(0), "{name}, {id} of {ids:?}: {}", run.all());
            }
            assert!(folder.files() == before, "{name}: {ids:?}");
            assert_eq!(undo(&folder, &[]).status, Some(2), "{name}: nothing is left to take back");
        }
    }
}

#[test]
fn repairs_that_share_a_password_can_be_taken_back_in_every_order() {
    let store = "services:\n  redis:\n    image: redis:7\n    command: redis-server\n  web:\n    image: example/web:1\n    \
                 environment:\n      REDIS_URL: redis://redis:6379/0\n";
    let names = ["compose.yaml", "docker-compose.prod.yml", "docker-compose.test.yml"];
    let files: Vec<_> = names.iter().map(|name| (*name, store)).collect();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let folder = folder_of(&files);
        let before = folder.files();
        let ids = fix(&folder, &[]);
        assert_eq!((ids.len(), passwords_in(&folder.files()).len()), (3, 1));
        for number in order {
            let run = undo(&folder, &[&ids[number]]);
            assert_eq!(run.status, Some(0), "{} of {order:?}: {}", ids[number], run.all());
        }
        assert!(folder.files() == before, "{order:?}");
    }
}

#[test]
fn after_some_repairs_the_rest_of_the_run_can_be_taken_back_too() {
    for name in PROJECTS {
        let before = Folder::copy_of(&project(name).join("input")).files();
        for id in repaired(name).1 {
            let (folder, _) = repaired(name);
            undo(&folder, &[&id]);
            let run = undo(&folder, &[]);
            assert_eq!(run.status, Some(0), "{name}, {id}: {}", run.all());
            assert!(folder.files() == before, "{name}, {id}");
        }
    }
}

#[test]
fn compose_accepts_what_is_left_after_each_repair() {
    let Some(compose) = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", compose())
    else {
        return;
    };
    for name in PROJECTS {
        for id in repaired(name).1 {
            let (folder, _) = repaired(name);
            undo(&folder, &[&id]);
            let config = compose_config(&compose, &folder.path());
            assert!(config.is_ok(), "{name} without {id}: {config:?}");
        }
    }
}

#[test]
fn a_password_goes_and_the_port_stays_on_loopback_or_the_other_way_round() {
    let (folder, ids) = repaired("guide");
    assert_eq!(ids, ["r1", "r2"]);
    let run = undo(&folder, &["r1"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    let compose = text(&folder, "docker-compose.yml");
    assert!(compose.contains("127.0.0.1:6379:6379") && !compose.contains("requirepass"), "{compose}");
    assert!(!folder.files().contains_key(".env"), "the password goes with its repair");

    let (folder, _) = repaired("guide");
    let run = undo(&folder, &["r2"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    let compose = text(&folder, "docker-compose.yml");
    assert!(!compose.contains("127.0.0.1:6379:6379") && compose.contains("requirepass"), "{compose}");
    assert_eq!(passwords_in(&folder.files()).len(), 1);
}

#[test]
fn edits_elsewhere_in_a_file_do_not_matter_to_a_repair() {
    let (folder, _) = repaired("guide");
    let edited = format!("# ours\n{}\nvolumes:\n  more:\n", text(&folder, "docker-compose.yml"));
    folder.write("docker-compose.yml", &edited);
    let run = undo(&folder, &["r1"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    let left = text(&folder, "docker-compose.yml");
    assert!(left.starts_with("# ours\n") && left.ends_with("\nvolumes:\n  more:\n"), "{left}");
    assert!(left.contains("127.0.0.1:6379:6379") && !left.contains("requirepass"), "{left}");
    // The other one can go as well, but not the run as a whole: it would take the edits with it.
    let now = folder.files();
    let run = undo(&folder, &[]);
    assert_eq!(run.status, Some(1), "{}", run.all());
    assert!(run.stdout.contains("docker-compose.yml was edited after caulk wrote it"), "{}", run.all());
    assert_eq!(folder.files(), now);
    assert_eq!(undo(&folder, &["r2"]).status, Some(0));
    let original = fs::read_to_string(project("guide").join("input/docker-compose.yml")).expect("it is there");
    assert_eq!(text(&folder, "docker-compose.yml"), format!("# ours\n{original}\nvolumes:\n  more:\n"));
}

#[test]
fn a_repair_whose_lines_were_edited_stays_file_by_file() {
    for (from, to, id) in
        [("127.0.0.1:6379", "127.0.0.2:6379", "r2"), ("--requirepass", "--appendonly no --requirepass", "r1")]
    {
        let (folder, _) = repaired("guide");
        folder.write("docker-compose.yml", text(&folder, "docker-compose.yml").replacen(from, to, 1));
        let now = folder.files();
        let run = undo(&folder, &[id]);
        assert_eq!(run.status, Some(1), "{}", run.all());
        assert!(run.stdout.contains("docker-compose.yml was edited after caulk wrote it"), "{}", run.all());
        assert_eq!(folder.files(), now, "{id}");
        let other = if id == "r1" { "r2" } else { "r1" };
        assert_eq!(undo(&folder, &[other]).status, Some(0), "the other one can go");
    }
    let (folder, _) = repaired("guide");
    fs::remove_file(folder.path().join(".env")).expect("it was made");
    let run = undo(&folder, &["r1"]);
    assert_eq!(run.status, Some(1), "{}", run.all());
    assert!(run.stdout.contains(".env was removed after caulk wrote it"), "{}", run.all());
}

#[test]
fn repairs_are_listed_with_the_ids_of_the_report() {
    let (folder, ids) = repaired("two-servers");
    let list = undo(&folder, &["--list"]);
    assert_eq!(list.stdout.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect::<Vec<_>>(), ids);
    assert!(list.stdout.contains("port 6380 of redis-queue for this host only (docker-compose.yml)"), "{}", list.all());
    let run = undo(&folder, &["r9"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("made no repair r9") && run.stderr.contains("r2 (port 6379"), "{}", run.all());
    undo(&folder, &["r2"]);
    assert!(undo(&folder, &["--list"]).stdout.contains("port 6379 of redis-cache for this host only (taken back)"));
    let again = undo(&folder, &["r2"]);
    assert_eq!(again.status, Some(2));
    assert!(again.stderr.contains("r2 is taken back already"), "{}", again.all());
}

#[test]
fn a_password_stays_while_the_project_itself_uses_it() {
    let (folder, _) = repaired("guide");
    let compose = text(&folder, "docker-compose.yml");
    folder.write("docker-compose.yml", compose.replace("  redis:\n", "  redis:\n    hostname: r-${REDIS_PASSWORD}\n"));
    let run = undo(&folder, &["r1"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert!(run.stdout.contains(".env keeps REDIS_PASSWORD, which is still in use"), "{}", run.all());
    assert_eq!(passwords_in(&folder.files()).len(), 1);
}

#[test]
fn a_repair_that_another_one_rests_on_goes_with_it() {
    let compose = "\
services:
  cache:
    image: redis:7
    ports: [\"127.0.0.1:6379:6379\"]
  queue:
    image: redis:7
    ports: [\"127.0.0.1:6380:6379\"]
  web:
    image: example/web:1
    env_file: web.env
";
    let env = "CACHE_URL=redis://localhost:6379\nQUEUE_URL=redis://localhost:6380\n";
    let folder = folder_of(&[("compose.yaml", compose), ("web.env", env)]);
    let before = folder.files();
    assert_eq!(fix(&folder, &["--unsafe-fixes"]), ["r1", "r2"]);
    let after = folder.files();
    let run = undo(&folder, &["r1"]);
    // The first one has made the `environment` in which the second one wrote.
    assert_eq!(run.status, Some(2), "{}", run.all());
    assert!(run.stderr.contains("r2 (password for queue (1 secret, 2 clients)) rests on it"), "{}", run.all());
    assert!(run.stderr.contains("`caulk undo r1 r2` takes both back"), "{}", run.all());
    assert_eq!(folder.files(), after);
    let run = undo(&folder, &["r1", "r2"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert_eq!(folder.files(), before);

    fix(&folder, &["--unsafe-fixes"]);
    for id in ["r2", "r1"] {
        assert_eq!(undo(&folder, &[id]).status, Some(0), "{id}");
    }
    assert_eq!(folder.files(), before);
}

#[test]
fn one_call_over_several_projects_is_one_run() {
    let folder = Folder::new();
    for name in ["guide", "two-servers"] {
        for (path, bytes) in common::files_of(&project(name).join("input")) {
            folder.write(&format!("{name}/{path}"), bytes);
        }
    }
    // The folder is one repository, so that all of it is undone from anywhere in it.
    let git = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status();
    if required("git", git.ok()).is_none() {
        return;
    }
    let before = visible(&folder);
    let ids = fix(&folder, &[]);
    assert_eq!(ids, ["r1", "r2", "r3", "r4", "r5", "r6"]);
    let after = visible(&folder);
    let run = Run::of(folder.command(&["undo", "r1", "r6"]).current_dir(folder.path().join("guide")));
    assert_eq!(run.status, Some(0), "{}", run.all());
    let run = undo(&folder, &[]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert_eq!(visible(&folder), before);
    assert_ne!(before, after);
}

/// Two projects in one repository without a `.gitignore`; with `shared`, their clients read one env file.
fn two_projects(shared: bool) -> Option<Folder> {
    let project = |port: u16| {
        let client = if shared {
            "{image: x, env_file: ../shared.env}"
        } else {
            "{image: x, environment: {REDIS_URL: \"redis://redis:6379\"}}"
        };
        format!("services:\n  redis:\n    image: redis:7\n    ports: [\"{port}:6379\"]\n  app: {client}\n")
    };
    let folder = folder_of(&[("a/compose.yaml", &project(6379)), ("b/compose.yaml", &project(6390))]);
    if shared {
        folder.write("shared.env", "REDIS_URL=redis://redis:6379/0\n");
    }
    let git = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status();
    required("git", git.ok())?;
    Some(folder)
}

fn visible(folder: &Folder) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = folder.files();
    files.retain(|name, _| !name.starts_with(".git/"));
    files
}

#[test]
fn projects_that_share_a_gitignore_are_taken_back_in_any_order() {
    let calls: [&[&[&str]]; 6] = [
        &[&[]],
        &[&["r1"], &["r2"], &["r3"], &["r4"]],
        &[&["r4"], &["r3"], &["r2"], &["r1"]],
        &[&["r2"], &["r1", "r3", "r4"]],
        &[&["r1"], &[]],
        &[&["r3"], &[]],
    ];
    for calls in calls {
        let Some(folder) = two_projects(false) else { return };
        let before = visible(&folder);
        assert_eq!(fix(&folder, &[]), ["r1", "r2", "r3", "r4"]);
        for ids in calls {
            let run = undo(&folder, ids);
            assert_eq!(run.status, Some(0), "{ids:?} of {calls:?}: {}", run.all());
        }
        assert!(visible(&folder) == before, "{calls:?}");
    }
}

#[test]
fn a_client_keeps_the_password_of_a_server_that_goes_on_asking_for_it() {
    let Some(folder) = two_projects(true) else { return };
    let before = visible(&folder);
    fix(&folder, &[]);
    let after = visible(&folder);
    let run = undo(&folder, &["r1"]);
    assert_eq!(run.status, Some(2), "{}", run.all());
    assert!(run.all().contains("`caulk undo r1 r3` takes both back"), "{}", run.all());
    assert!(visible(&folder) == after, "nothing was changed");
    for ids in [&["r1", "r3"][..], &[]] {
        let run = undo(&folder, ids);
        assert_eq!(run.status, Some(0), "{}", run.all());
    }
    assert!(visible(&folder) == before);
}
