//! The projects of `fixtures/projects`: what caulk says about each, and what it makes of it. `UPDATE_EXPECT=1` writes
//! the expectations anew.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{Folder, Habits, PROJECTS, Passwords, Run, files_of, passwords_in, project};

#[test]
fn an_open_project_is_reported() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let before = folder.files();
        let run = folder.caulk(&["check"]);
        assert_eq!(run.status, Some(1), "{name}: {}", run.all());
        expect_file(&project(name).join("expected.txt"), &run.stdout, name);
        assert_eq!(folder.files(), before, "{name}: a check changes nothing");
    }
}

#[test]
fn a_repaired_project_is_as_an_expert_would_leave_it() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{name}: {}", run.all());
        expect_folder(&project(name).join("fixed"), &Passwords::rename_all(&folder.files()), name);
    }
}

#[test]
fn a_second_run_changes_nothing() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        folder.caulk(&["check", "--fix"]);
        let once = folder.files();
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{name}: {}", run.all());
        assert_eq!(folder.files(), once, "{name}");
        let check = folder.caulk(&["check"]);
        assert_eq!(check.status, Some(0), "{name}: {}", check.all());
    }
}

#[test]
fn the_edits_of_a_json_report_have_their_places_in_the_files_as_they_were() {
    let text = "\
services:
  redis:
    image: redis:7  # das Gedächtnis: läuft überall, größer 🚀
    ports:
      - \"6379:6379\"  # für alle geöffnet 🚀
    healthcheck:
      test: [\"CMD\", \"redis-cli\", \"ping\"]  # prüft nichts: ÄÖÜäöü
  web:
    image: example/web:1
    environment:
      REDIS_URL: redis://redis:6379/0  # ohne Schlüssel 🚀
";
    let folder = Folder::new();
    folder.write("compose.yaml", text);
    let run = folder.caulk(&["check", "--fix", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let edits = report["repairs"].as_array().expect("a list").iter().flat_map(|repair| {
        repair["edits"].as_array().expect("a list").iter().filter(|edit| edit["path"] == "compose.yaml")
    });
    let mut count = 0;
    for edit in edits {
        for end in ["start", "end"] {
            let number = |name: &str| edit["range"][end][name].as_u64().expect("a number") as usize;
            let before = &text[..number("offset")];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let place = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
            assert_eq!((number("line"), number("column")), place, "{edit}");
            count += 1;
        }
    }
    assert!(count >= 8, "{}", run.all());
}

#[test]
fn fix_is_check_with_fix() {
    for name in PROJECTS {
        let [one, other] = [&["check", "--fix"][..], &["fix"]].map(|arguments| {
            let folder = Folder::copy_of(&project(name).join("input"));
            let run = folder.caulk(arguments);
            (run.status, Passwords::rename_all(&folder.files()))
        });
        assert_eq!(one, other, "{name}");
    }
}

#[test]
fn a_diff_shows_the_repair_and_changes_nothing() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let before = folder.files();
        let run = folder.caulk(&["check", "--diff"]);
        assert_eq!(run.status, Some(1), "{name}: {}", run.all());
        assert!(run.stdout.lines().any(|line| line.starts_with("+ ") && line.contains("requirepass")), "{}", run.all());
        assert_eq!(folder.files(), before, "{name}");
    }
}

/// The one that README.md names, in this repository, whose git tracks every file of the project.
#[test]
fn a_diff_shows_the_whole_repair_where_git_tracks_the_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let before = files_of(&project("guide").join("input"));
    let folder = Folder::new();
    let mut command = folder.command(&["check", "--diff", "fixtures/projects/guide/input"]);
    let run = common::Run::of(command.current_dir(root));
    assert_eq!(run.status, Some(1), "{}", run.all());
    for line in
        ["+    command: redis-server --requirepass", "+      - \"127.0.0.1:6379:6379\"", "+      REDIS_URL: redis://"]
    {
        assert!(run.stdout.contains(line), "{line} is missing\n{}", run.all());
    }
    assert_eq!(files_of(&project("guide").join("input")), before);
}

#[test]
fn undo_takes_a_whole_run_back() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let before = folder.files();
        folder.caulk(&["check", "--fix"]);
        assert_ne!(folder.files(), before, "{name}");
        let run = folder.caulk(&["undo"]);
        assert_eq!(run.status, Some(0), "{name}: {}", run.all());
        assert_eq!(folder.files(), before, "{name}");
    }
}

#[test]
fn no_output_holds_a_generated_password() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let mut outputs = Vec::new();
        for arguments in
            [&["check", "--fix", "--verbose"][..], &["check"], &["check", "--format", "json"], &["check", "--diff"]]
        {
            outputs.push(folder.caulk(arguments).all());
        }
        let passwords = passwords_in(&folder.files());
        assert!(!passwords.is_empty(), "{name}: no password was generated");
        outputs.push(folder.caulk(&["undo"]).all());
        for (output, password) in outputs.iter().flat_map(|output| passwords.iter().map(move |one| (output, one))) {
            assert!(!output.contains(password.as_str()), "{name}: {output}");
        }
    }
}

#[test]
fn line_ends_byte_order_mark_and_end_of_file_are_kept() {
    for name in PROJECTS {
        let folder = Folder::copy_of(&project(name).join("input"));
        let before = folder.files();
        folder.caulk(&["check", "--fix"]);
        let after = folder.files();
        for (path, bytes) in &before {
            assert!(Habits::of(bytes).are_kept_by(&Habits::of(&after[path])), "{name}/{path}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_new_file_with_a_password_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::copy_of(&project("guide").join("input"));
    folder.caulk(&["check", "--fix"]);
    let mode = fs::metadata(folder.path().join(".env")).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn git_gets_no_password() {
    let git = |folder: &Folder, arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
        let output = command.current_dir(folder.path()).output().expect("git can be run");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git writes UTF-8")
    };
    if common::required("git", common::program("git")).is_none() {
        return;
    }
    let folder = Folder::copy_of(&project("two-servers").join("input"));
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "start"]);
    let run = folder.caulk(&["check", "--fix"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    let passwords = passwords_in(&folder.files());
    assert_eq!(passwords.len(), 2, "two servers, two passwords");
    git(&folder, &["add", "--all"]);
    let staged = git(&folder, &["diff", "--cached"]);
    assert!(staged.contains("requirepass"), "{staged}");
    assert!(passwords.iter().all(|password| !staged.contains(password.as_str())), "{staged}");
}

/// True if expectations are to be written rather than compared.
fn updates() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1")
}

fn expect_file(path: &Path, actual: &str, context: &str) {
    if updates() {
        fs::write(path, actual).expect("the fixture can be written");
        return;
    }
    let expected = fs::read(path).unwrap_or_default();
    assert_same(&expected, actual.as_bytes(), context);
}

fn expect_folder(folder: &Path, actual: &BTreeMap<String, Vec<u8>>, context: &str) {
    if updates() {
        fs::remove_dir_all(folder).expect("the fixture can be written");
        for (name, bytes) in actual {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the fixture can be written");
            fs::write(path, bytes).expect("the fixture can be written");
        }
        return;
    }
    let expected = files_of(folder);
    assert_eq!(actual.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{context}");
    for (name, bytes) in actual {
        assert_same(&expected[name], bytes, &format!("{context}/{name}"));
    }
}

/// Compares texts by bytes, and shows a difference by lines, with what can't be seen escaped.
fn assert_same(expected: &[u8], actual: &[u8], context: &str) {
    if expected == actual {
        return;
    }
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.split_inclusive('\n').map(|line| format!("{}\n", line.escape_debug())).collect::<String>()
    };
    let (expected, actual) = (lines(expected), lines(actual));
    let difference = similar::TextDiff::from_lines(&expected, &actual).unified_diff().to_string();
    panic!("{context}: expected - and got +\n{difference}");
}

const OPEN: &str = "\
services:
  redis:
    image: redis:7
    ports: [\"6379:6379\"]
  web:
    build: .
    environment:
      REDIS_URL: redis://redis:6379/0
";

#[cfg(unix)]
#[test]
fn an_env_file_that_leads_out_of_the_project_holds_back_what_needs_it_and_nothing_else() {
    let folder = Folder::new();
    folder.write("compose.yaml", OPEN);
    fs::write(folder.path().join("../outside"), "A=1\n").expect("there is room");
    std::os::unix::fs::symlink("../outside", folder.path().join(".env")).expect("it is new");
    let run = folder.caulk(&["check", "--fix"]);
    assert_eq!(run.status, Some(1), "{}", run.all());
    assert!(
        run.stdout.contains("Held back 1:") && run.stdout.contains(".env can't be written: it leads to"),
        "{}",
        run.all()
    );
    assert!(run.stdout.contains("r2: port 6379 of redis for this host only"), "{}", run.all());
    let compose = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
    assert_eq!(compose, OPEN.replace("6379:6379", "127.0.0.1:6379:6379"));
    assert_eq!(fs::read_to_string(folder.path().join("../outside")).expect("it is there"), "A=1\n");
}

#[test]
fn an_env_file_of_before_stays_in_the_images_that_may_need_it_and_a_new_one_does_not_get_there() {
    for (env, is_listed) in [(None, true), (Some("A=1\n"), false)] {
        let folder = Folder::new();
        folder.write("compose.yaml", OPEN);
        folder.write("Dockerfile", "FROM scratch\nCOPY . .\n");
        if let Some(env) = env {
            folder.write(".env", env);
        }
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{}", run.all());
        assert_eq!(folder.files().contains_key(".dockerignore"), is_listed, "{env:?}");
        let is_told = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains("name it in .dockerignore");
        assert_eq!(is_told, !is_listed, "{}", run.all());
    }
}

#[test]
fn a_server_in_the_network_of_its_client_is_sealed_with_it() {
    let folder = Folder::new();
    let text = "\
services:
  web:
    image: example/web:1
    ports: [\"8080:80\"]
    environment:
      REDIS_URL: redis://localhost:6379/0
  redis:
    image: redis:7
    network_mode: service:web
";
    folder.write("compose.yaml", text);
    let run = folder.caulk(&["check", "--fix"]);
    assert!(!run.stdout.contains("url-wrong-host"), "{}", run.all());
    let compose = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
    assert!(
        compose.contains("REDIS_URL: redis://default:${REDIS_PASSWORD}@localhost:6379/0"),
        "{compose}\n{}",
        run.all()
    );
    assert!(compose.contains("--requirepass"), "{compose}");
}

#[test]
fn a_port_is_the_stores_only_if_the_server_listens_behind_it() {
    let redis = |keys: &str| format!("services:\n  redis:\n    image: redis:7\n{keys}");
    let joined = "services:\n  redis:\n    image: redis:7\n    network_mode: service:vpn\n  vpn:\n    image: example/vpn\n    ports: [\"6379:6379\"]\n";
    let cases = [
        (redis("    ports: [\"6379:6379\"]\n"), true),
        (redis("    ports: [\"6380:379\"]\n"), false),
        (redis("    ports: [\"6379:6379/udp\"]\n"), false),
        (redis("    ports: [\"6370-6380:6370-6380\"]\n"), true),
        (redis("    ports: [\"16379:16379\"]\n"), true),
        (redis("    command: redis-server --port 6380\n    ports: [\"6380:6380\"]\n"), true),
        (redis("    command: redis-server --port 6380\n    ports: [\"6379:6379\"]\n"), false),
        (redis("    build: .\n    ports: [\"7000:7000\"]\n"), true),
        (
            redis("    command: redis-server /etc/mine.conf\n    volumes: [data:/etc]\n    ports: [\"7000:7000\"]\n"),
            true,
        ),
        ("services:\n  redis:\n    image: redis/redis-stack\n    ports: [\"8001:8001\"]\n".to_owned(), true),
        (joined.to_owned(), true),
        (joined.replace("6379:6379", "80:80"), false),
    ];
    for (text, is_open) in cases {
        let folder = Folder::new();
        folder.write("compose.yaml", &text);
        let out = folder.caulk(&["check", "--format", "concise"]).all();
        assert_eq!(out.contains("publishes redis port"), is_open, "{text}\n{out}");
        assert!(is_open || !out.contains("can be reached from outside"), "{text}\n{out}");
        assert!(out.contains("public-port"), "{text}\n{out}");
    }
}

#[test]
fn a_default_that_is_blank_gives_way_to_the_password() {
    let commands = [
        ("--requirepass ${REDIS_PASSWORD:-}", "--requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}"),
        ("--requirepass \"${REDIS_PASSWORD-}\"", "--requirepass \"${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\""),
        (
            "--requirepass ${REDIS_PASSWORD:-} --appendonly yes",
            "--requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env} --appendonly yes",
        ),
    ];
    for (before, after) in commands {
        let folder = Folder::new();
        let text = |arguments: &str, url: &str| {
            format!(
                "services:\n  redis:\n    image: redis:7\n    command: redis-server {arguments}\n  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://{url}redis:6379/0\n"
            )
        };
        folder.write("compose.yaml", text(before, ""));
        let run = folder.caulk(&["check", "--fix"]);
        let compose = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
        let expected = text(after, "default:${REDIS_PASSWORD}@");
        assert!(compose.starts_with(expected.split("  web").next().unwrap_or_default()), "{compose}\n{}", run.all());
        assert!(compose.ends_with(expected.split("  web").nth(1).unwrap_or_default()), "{compose}\n{}", run.all());
    }
}

#[test]
fn a_file_outside_of_the_repository_is_read_and_told_of_and_never_changed() {
    let outer = Folder::new();
    let shared = "services:\n  cache:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    outer.write("shared/redis.yml", shared);
    outer.write("shared/app.env", "A=1\n");
    let compose = "include: [../shared/redis.yml]\nservices:\n  web:\n    build: .\n    env_file: ../shared/app.env\n    environment:\n      REDIS_URL: redis://cache:6379/0\n";
    outer.write("repo/compose.yaml", compose);
    outer.git(&["init", "-q", "repo"]);
    let mut command = outer.command(&["check", "--fix", "--unsafe-fixes"]);
    let run = Run::of(command.current_dir(outer.path().join("repo")));
    assert_eq!(run.status, Some(1), "{}", run.all());
    for path in ["../shared/redis.yml", "../shared/app.env"] {
        assert!(run.stdout.contains(&format!("{path} lies outside of the repository")), "{}", run.all());
    }
    assert!(run.stdout.contains("Held back 2:"), "{}", run.all());
    let files = outer.files();
    assert_eq!(String::from_utf8_lossy(&files["shared/redis.yml"]), shared);
    assert_eq!(String::from_utf8_lossy(&files["repo/compose.yaml"]), compose);
}

#[test]
fn what_an_unsafe_repair_could_not_be_sure_of_is_said_when_it_is_made() {
    let folder = Folder::new();
    let text = "services:\n  redis:\n    image: redis:7\n  web:\n    image: example/web:1\n    command: sh -c 'exec worker --at redis:6379'\n";
    folder.write("compose.yaml", text);
    let run = folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    assert!(run.stdout.contains("please check: `web` names `redis` in its command"), "{}", run.all());
}

#[test]
fn commands_to_copy_are_quoted_for_a_shell() {
    let folder = Folder::new();
    folder.write("my app; $(x)/compose.yaml", OPEN);
    let run = folder.caulk(&["check", "--fix"]);
    assert!(run.stdout.contains("docker compose --project-directory 'my app; $(x)' up -d redis web"), "{}", run.all());
}

#[test]
fn a_cluster_that_its_file_makes_is_sealed_once_somebody_says_so_and_so_are_its_ports() {
    let folder = Folder::new();
    folder.write("redis.conf", "cluster-enabled yes\nprotected-mode no\n");
    let node = |port: u16, options: &str, address: &str| {
        format!(
            "  node-{port}:\n    image: redis:8\n    command: redis-server /etc/redis.conf --port {port}{options}\n    volumes: [./redis.conf:/etc/redis.conf]\n    ports: [\"{address}{port}:{port}\", \"{address}1{port}:1{port}\"]\n"
        )
    };
    let text = |options: &str, address: &str| {
        format!("services:\n{}{}", node(7000, options, address), node(7001, options, address))
    };
    folder.write("compose.yaml", text("", ""));
    let run = folder.caulk(&["check", "--fix"]);
    assert_eq!(String::from_utf8_lossy(&folder.files()["compose.yaml"]), text("", ""), "{}", run.all());
    assert!(run.stdout.contains("the nodes of the cluster may reach each other by it"), "{}", run.all());
    assert!(run.stdout.contains("other nodes of the cluster can't be seen"), "{}", run.all());
    let run = folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    let after = String::from_utf8_lossy(&folder.files()["compose.yaml"])
        .replace("${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}", "PW");
    assert_eq!(after, text(" --requirepass PW --masterauth PW", "127.0.0.1:"), "{}", run.all());
    assert!(run.stdout.contains("password for node-7000 and 1 more server"), "{}", run.all());
    let again = folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    assert!(!again.stdout.contains("Repaired"), "{}", again.all());
    folder.caulk(&["undo"]);
    assert_eq!(String::from_utf8_lossy(&folder.files()["compose.yaml"]), text("", ""));
}

#[test]
fn a_replica_of_a_master_that_is_not_there_is_left_to_a_person() {
    let folder = Folder::new();
    folder.write("redis.conf", "replicaof main 6379\n");
    let text = "services:\n  copy:\n    image: redis:8\n    command: redis-server /etc/redis.conf\n    volumes: [./redis.conf:/etc/redis.conf]\n";
    folder.write("compose.yaml", text);
    let run = folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(String::from_utf8_lossy(&folder.files()["compose.yaml"]), text, "{}", run.all());
    let words: Vec<_> = run.stdout.split_whitespace().collect();
    let said = words.join(" ");
    assert!(said.contains("`copy` copies a server that can't be seen (`main`)"), "{}", run.all());
    let lines = "`--requirepass \"${REDIS_PASSWORD:?}\" --masterauth \"${REDIS_PASSWORD:?}\"` to the command of `copy`";
    assert!(said.contains(lines), "{}", run.all());
}

#[test]
fn the_password_takes_the_place_of_what_allows_an_empty_one() {
    let cases = [
        (
            "\n      - A=1\n      # for development only\n      - ALLOW_EMPTY_PASSWORD=yes",
            "\n      - A=1\n      # for development only\n      - REDIS_PASSWORD=PW",
        ),
        ("\n      - ALLOW_EMPTY_PASSWORD=yes", "\n      - REDIS_PASSWORD=PW"),
        (
            "\n      - 'ALLOW_EMPTY_PASSWORD=yes' # soon\n      - A=1",
            "\n      - 'REDIS_PASSWORD=PW' # soon\n      - A=1",
        ),
        ("\n      A: 1\n      ALLOW_EMPTY_PASSWORD: \"yes\"", "\n      A: 1\n      REDIS_PASSWORD: \"PW\""),
        (" {ALLOW_EMPTY_PASSWORD: yes, A: 1}", " {REDIS_PASSWORD: \"PW\", A: 1}"),
    ];
    for (before, after) in cases {
        let folder = Folder::new();
        let text = |environment: &str, url: &str| {
            format!(
                "services:\n  redis:\n    image: bitnami/redis:7.2\n    environment:{environment}\n  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://{url}redis:6379/0\n"
            )
        };
        folder.write("compose.yaml", text(before, ""));
        let run = folder.caulk(&["check", "--fix"]);
        let compose = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
        let compose = compose.replace("${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}", "PW");
        assert_eq!(compose, text(after, "default:${REDIS_PASSWORD}@"), "{}", run.all());
    }
}

#[test]
fn services_of_a_profile_that_is_off_are_recreated_by_a_command_of_their_own() {
    let folder = Folder::new();
    let text = "services:\n  redis:\n    image: redis:7\n    profiles: [full, cache]\n  web:\n    image: example/web:1\n    \
                profiles: [full, cache]\n    environment:\n      REDIS_URL: redis://redis:6379/0\n  exporter:\n    \
                image: oliver006/redis_exporter\n    environment: [\"REDIS_ADDR=redis://redis:6379\"]\n";
    folder.write("compose.yaml", text);
    let always = "docker compose up -d exporter";
    let with_profile = "docker compose --profile full up -d redis web";
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let follow = |text: &str, head: &str, command: &str| {
        assert!(lines(text).windows(2).any(|pair| pair[0] == head && pair[1] == command), "{head} {command}\n{text}");
    };
    let checked = folder.caulk(&["check"]).stdout;
    assert!(lines(&checked).iter().any(|line| line.starts_with("after it: ") && line.ends_with(always)), "{checked}");
    assert!(
        lines(&checked).iter().any(|line| line.starts_with("with profile full: ") && line.ends_with(with_profile)),
        "{checked}"
    );
    let json = folder.caulk(&["check", "--format", "json"]).json();
    assert_eq!(json["apply_with"], serde_json::json!([always]));
    assert_eq!(json["apply_with_profile"], serde_json::json!([{"profile": "full", "command": with_profile}]));
    let fixed = folder.caulk(&["fix"]).stdout;
    follow(&fixed, "The containers have it once you run:", always);
    follow(&fixed, "Where the profile full is on:", with_profile);
    let undone = folder.caulk(&["undo"]).all();
    follow(&undone, "Containers keep what they have until you run:", always);
    follow(&undone, "Where the profile full is on:", with_profile);
    // By `.env` it is on.
    folder.write(".env", "COMPOSE_PROFILES=full\n");
    let fixed = folder.caulk(&["fix"]).stdout;
    follow(&fixed, "The containers have it once you run:", "docker compose up -d redis web exporter");
    assert!(!fixed.contains("the profile"), "{fixed}");
}

#[test]
fn an_example_of_the_env_file_shows_the_variable_without_a_value() {
    let rows = [
        ("APP_ENV=local\n", "APP_ENV=local\nREDIS_PASSWORD=\n"),
        (
            "REDIS_HOST=127.0.0.1\nREDIS_PASSWORD=null\nREDIS_PORT=6379\n",
            "REDIS_HOST=127.0.0.1\nREDIS_PASSWORD=\nREDIS_PORT=6379\n",
        ),
        ("REDIS_PASSWORD=null # none\n", "REDIS_PASSWORD='' # none\n"),
        ("REDIS_PASSWORD=\n", "REDIS_PASSWORD=\n"),
        ("REDIS_PASSWORD=change-me\n", "REDIS_PASSWORD=change-me\n"),
    ];
    for (before, after) in rows {
        let folder = Folder::new();
        let text = "services:\n  redis:\n    image: redis:7\n  web:\n    image: example/web:1\n    environment:\n      \
                    REDIS_URL: redis://redis:6379/0\n";
        folder.write("compose.yaml", text);
        folder.write(".env.example", before);
        let run = folder.caulk(&["fix"]);
        let example = String::from_utf8(folder.files()[".env.example"].clone()).expect("it is UTF-8");
        assert_eq!(example, after, "{}", run.all());
        folder.caulk(&["undo"]);
        let example = String::from_utf8(folder.files()[".env.example"].clone()).expect("it is UTF-8");
        assert_eq!(example, before);
    }
}

#[test]
fn a_second_compose_file_of_the_folder_shares_the_network_and_its_client_is_thought_of() {
    let folder = Folder::new();
    let client = "    image: example/web:1\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
    folder.write("compose.yaml", format!("services:\n  redis:\n    image: redis:7\n  api:\n{client}"));
    folder.write("docker-compose.workers.yml", format!("services:\n  worker:\n{client}"));
    let before = folder.files();
    let report = folder.caulk(&["fix"]).stdout;
    assert!(report.contains("`worker` in docker-compose.workers.yml"), "{report}");
    assert!(folder.files() == before, "{report}");
}

#[test]
fn a_comment_that_became_the_password_is_handed_to_no_client() {
    let folder = Folder::new();
    let text = "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass \"${REDIS_PASSWORD}\"\n  \
                web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
    folder.write("compose.yaml", text);
    folder.write(".env", "A=1\nREDIS_PASSWORD= # todo\n");
    let before = folder.files();
    let report = folder.caulk(&["fix"]).stdout;
    let said = report.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(said.contains("the password of `redis` is the comment behind REDIS_PASSWORD= (.env:2)"), "{report}");
    assert!(folder.files() == before, "{report}");
}

/// A store that only a program elsewhere may use, and a service with a port of its own.
fn store_beside_a_service() -> Folder {
    let folder = Folder::new();
    let text = "services:\n  redis:\n    image: redis:7\n    command: redis-server\n    ports: [\"6379:6379\"]\n  \
                sip:\n    image: sip\n    ports: [\"5060:5060/udp\", \"8080:8080\"]\n";
    folder.write("my project/compose.yml", text);
    folder
}

#[test]
fn the_command_that_is_told_for_a_repair_makes_just_that_repair() {
    let folder = store_beside_a_service();
    let report = folder.caulk(&["fix", "my project/compose.yml"]).stdout;
    let command = report.lines().map(str::trim).find(|line| line.starts_with("caulk fix --unsafe-fixes"));
    let command = command.unwrap_or_else(|| panic!("no command:\n{report}"));
    assert_eq!(command, "caulk fix --unsafe-fixes --select store-no-auth 'my project/compose.yml'");
    assert!(!report.contains("--unsafe-fixes makes it"), "{report}");
    let before = String::from_utf8(folder.files()["my project/compose.yml"].clone()).expect("it is UTF-8");
    folder.caulk(&["fix", "--unsafe-fixes", "--select", "store-no-auth", "my project/compose.yml"]);
    let after = String::from_utf8(folder.files()["my project/compose.yml"].clone()).expect("it is UTF-8");
    let sealed = "command: redis-server --requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";
    assert_eq!(after, before.replace("command: redis-server\n", sealed));
}

#[test]
fn the_command_that_is_told_for_a_password_names_the_rule_of_the_store_and_not_of_its_healthcheck() {
    let folder = store_beside_a_service();
    let path = "my project/compose.yml";
    let text = String::from_utf8(folder.files()[path].clone()).expect("it is UTF-8");
    let test = "redis-server\n    healthcheck:\n      test: redis-cli ping\n";
    folder.write(path, text.replace("redis-server\n", test));
    let report = folder.caulk(&["fix", path]).stdout;
    assert!(report.contains("healthcheck-no-auth"), "{report}");
    assert!(report.contains("--select store-no-auth 'my project/compose.yml'"), "{report}");
}

#[test]
fn what_closed_ports_cut_off_is_told_with_the_tunnel_and_the_way_back() {
    let folder = store_beside_a_service();
    let report = folder.caulk(&["fix", "my project/compose.yml"]).stdout;
    let note = "note: redis (6379) can no longer be reached from other machines\n";
    assert!(report.contains(note) && report.contains("ssh -L 6379:127.0.0.1:6379 HOST\n"), "{report}");
    let undo = report.lines().map(str::trim).find_map(|line| line.strip_prefix("caulk undo "));
    let undone = folder.caulk(&["undo", undo.unwrap_or_else(|| panic!("no way back:\n{report}"))]);
    assert_eq!(undone.status, Some(0), "{}", undone.all());
    assert_eq!(folder.files()["my project/compose.yml"], store_beside_a_service().files()["my project/compose.yml"]);
    let report = folder.caulk(&["fix", "--unsafe-fixes", "my project/compose.yml"]).stdout;
    let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
    let note =
        "note: sip (5060, 8080) can no longer be reached from other machines, though others may use them on purpose";
    assert!(report.contains(note) && report.contains("ssh -L 8080:127.0.0.1:8080 HOST"), "{report}");
    let summary = "No leaks left in 1 project (2 files); something to check.";
    assert!(report.contains(summary), "{report}");
}

#[test]
fn a_port_that_a_variable_may_open_again_is_not_said_to_be_closed() {
    let folder = Folder::new();
    folder.write("compose.yml", "services:\n  redis:\n    image: redis:7\n    ports: [\"${BIND_IP}:6379:6379\"]\n");
    let report = folder.caulk(&["check", "--select", "public-port"]).stdout;
    assert!(report.contains("port 6379 of redis for this host only unless BIND_IP is set"), "{report}");
}

#[test]
fn the_command_to_copy_names_what_the_repair_changes_and_starts_nothing() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n    command: redis-server --requirepass ${REDIS_PASSWORD:?}\n    healthcheck:\n      test: redis-cli ping\n  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://:${REDIS_PASSWORD}@redis\n  tool:\n    image: example/tool\n    profiles: [debug]\n    environment:\n      REDIS_URL: redis://redis\n",
    );
    folder.write(".env", "REDIS_PASSWORD=0123456789abcdef\n");
    let run = folder.caulk(&["check", "--fix"]);
    assert!(run.stdout.contains("\n  docker compose up -d redis\n"), "{}", run.all());
    let text = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
    assert!(text.contains("      REDIS_URL: redis://default:${REDIS_PASSWORD}@redis\n"), "{text}");
}

#[test]
fn the_title_of_a_repair_says_what_becomes_of_server_healthcheck_and_clients() {
    let known = "    command: redis-server --requirepass ${REDIS_PASSWORD}\n";
    let app = "  app:\n    image: app\n    environment:\n      REDIS_URL: redis://redis:6379\n";
    let check = |test: &str| format!("    healthcheck:\n      test: {test}\n");
    let logged_in = format!("{known}    environment:\n      REDISCLI_AUTH: ${{REDIS_PASSWORD}}\n");
    let users = "    volumes: [./users.acl:/users.acl]\n    command: redis-server --aclfile /users.acl\n";
    let cases = [
        (String::new(), app, "password for redis (1 secret, 1 client)"),
        (check("redis-cli ping"), app, "password for redis (1 secret, 1 healthcheck, 1 client)"),
        (check("redis-cli ping | grep PONG"), "", "password for redis (1 secret)"),
        (format!("{known}{}", check("redis-cli ping")), "", "healthcheck of redis logs in"),
        (format!("{known}{}", check("redis-cli ping")), app, "password of redis (1 healthcheck, 1 client)"),
        (format!("{logged_in}{}", check("redis-cli ping")), "", "healthcheck of redis notices a refusal"),
        (format!("{users}{}", check("redis-cli -a s3same ping")), "", "healthcheck of redis notices a refusal"),
        (known.to_owned(), app, "password of redis (1 client)"),
    ];
    for (server, client, title) in cases {
        let folder = Folder::new();
        folder.write("compose.yaml", format!("services:\n  redis:\n    image: redis:7\n{server}{client}"));
        folder.write("users.acl", "user default on >s3same ~* +@all\n");
        if server.contains("REDIS_PASSWORD") {
            folder.write(".env", "REDIS_PASSWORD=0123456789abcdef\n");
        }
        let run = folder.caulk(&["fix", "--unsafe-fixes"]);
        assert!(run.stdout.contains(&format!("\n  - r1: {title} (")), "{title}: {}", run.all());
    }
}

#[test]
fn the_command_to_copy_tells_a_service_from_one_whose_name_goes_on_behind_a_dot() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        "services:\n  cache:\n    image: example/web\n  cache.redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n",
    );
    let run = folder.caulk(&["check", "--fix", "--select", "public-port"]);
    assert!(run.stdout.contains("\n  docker compose up -d cache.redis\n"), "{}", run.all());
}

#[test]
fn a_port_by_which_a_container_comes_in_through_the_host_is_left_to_a_person() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n  app:\n    image: x\n    extra_hosts: [\"host.docker.internal:host-gateway\"]\n    environment:\n      REDIS_URL: redis://host.docker.internal:6379\n",
    );
    let run = folder.caulk(&["check", "--fix"]);
    let text = String::from_utf8(folder.files()["compose.yaml"].clone()).expect("it is UTF-8");
    assert!(text.contains("ports: [\"6379:6379\"]") && text.contains("--requirepass"), "{}", run.all());
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`app` comes in by host.docker.internal"), "{}", run.all());
}
