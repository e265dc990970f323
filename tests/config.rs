//! Comments, baselines and `caulk.yaml` at work: what is silenced is neither reported nor repaired, and the rest is.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Folder, Run};

const OPEN: &str = "services:\n  cache:\n    image: redis:7-alpine\n    ports:\n      - \"6379:6379\"\n  web:\n    image: example/shop:1\n    \
                    environment:\n      REDIS_URL: redis://cache:6379/0\n";

fn repository(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    let init = Run::of(Command::new("git").args(["init", "-q"]).current_dir(folder.path()));
    assert_eq!(init.status, Some(0), "{}", init.all());
    for (path, text) in files {
        folder.write(path, text);
    }
    folder
}

fn text_of(folder: &Folder, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).expect("it is there")
}

/// The rules that are reported, sorted.
fn rules(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("it is a list");
    let mut rules: Vec<_> = findings.iter().filter_map(|finding| Some(finding["rule"].as_str()?.to_owned())).collect();
    rules.sort();
    rules
}

#[test]
fn a_silenced_finding_is_counted_and_listed_and_neither_fails_nor_is_repaired() {
    let silenced = OPEN.replace("  cache:", "  # caulk: ignore[store-no-auth] test data\n  cache:");
    let folder = repository(&[("compose.yaml", &silenced)]);
    let report = folder.caulk(&["check", "--format", "json"]);
    assert_eq!(rules(&report), ["public-port"]);
    let json = report.json();
    assert_eq!((&json["summary"]["suppressed"], &json["summary"]["baselined"]), (&1.into(), &0.into()));
    let suppressed = &json["suppressed"][0];
    assert_eq!((&suppressed["by"], &suppressed["reason"]), (&"comment".into(), &"test data".into()));
    assert_eq!(suppressed["finding"]["rule"], "store-no-auth");

    let fixed = folder.caulk(&["check", "--fix"]);
    assert_eq!(fixed.status, Some(0), "{}", fixed.all());
    assert_eq!(text_of(&folder, "compose.yaml"), silenced.replace("\"6379:6379\"", "\"127.0.0.1:6379:6379\""));
    assert!(!folder.path().join(".env").exists(), "a store whose finding is silenced gets no password");
}

#[test]
fn a_repair_that_would_settle_what_is_silenced_is_held_back() {
    let text = "services:\n  cache:\n    image: redis:7-alpine\n    command: redis-server --requirepass ${REDIS_PASSWORD:?}\n    \
                healthcheck:\n      test: [CMD, redis-cli, ping] # caulk: ignore[healthcheck-no-auth] ours\n  web:\n    \
                image: example/shop:1\n    environment:\n      REDIS_URL: redis://cache:6379/0\n";
    let folder = repository(&[("compose.yaml", text), (".env", "REDIS_PASSWORD=kept\n")]);
    let report = folder.caulk(&["check", "--fix", "--unsafe-fixes", "--format", "json"]);
    assert_eq!(report.status, Some(1), "{}", report.all());
    let reason = "a comment ignores `healthcheck-no-auth` there (compose.yaml:6)";
    assert_eq!(report.json()["fix"]["held_back"][0]["reason"], reason, "{}", report.all());
    assert_eq!(text_of(&folder, "compose.yaml"), text);
}

#[test]
fn what_is_ignored_is_not_closed_by_the_repair_of_something_else() {
    let checked =
        OPEN.replace("    ports:", "    healthcheck:\n      test: [CMD, redis-cli, -a, secret, ping]\n    ports:");
    let pings = OPEN.replace("    ports:", "    healthcheck:\n      test: [CMD, redis-cli, ping]\n    ports:");
    for compose in [&checked, &pings] {
        for arguments in
            [&["--ignore", "store-no-auth"][..], &["--select", "healthcheck-no-auth,healthcheck-ignores-refusal"]]
        {
            let folder = repository(&[("compose.yaml", compose)]);
            folder.caulk(&[&["check", "--fix", "--unsafe-fixes"], arguments].concat());
            let text = text_of(&folder, "compose.yaml");
            assert!(!text.contains("requirepass") && text.contains("redis://cache:6379"), "{arguments:?}: {text}");
        }
        // An overlay with a password is no reason, either.
        let over = "services:\n  cache:\n    command: redis-server --requirepass ${REDIS_PASSWORD:?set it}\n";
        let folder = repository(&[
            ("compose.yaml", compose),
            ("compose.prod.yaml", over),
            (".env", "REDIS_PASSWORD=5e6f7a8b\n"),
        ]);
        folder.caulk(&["check", "--fix", "--unsafe-fixes", "--ignore", "store-no-auth"]);
        assert!(!text_of(&folder, "compose.yaml").contains("requirepass"), "{}", text_of(&folder, "compose.yaml"));
        // Who selects one rule hears of it, whatever else is not selected.
        let folder = repository(&[("compose.yaml", &pings)]);
        let selected = folder.caulk(&["check", "--select", "healthcheck-no-auth", "--format", "json"]);
        assert_eq!(rules(&selected), ["healthcheck-no-auth"]);
        let folder = repository(&[("compose.yaml", compose), ("caulk.yaml", "ignore: [store-no-auth]\n")]);
        let report = rules(&folder.caulk(&["check", "--format", "json"]));
        assert!(!report.contains(&"healthcheck-no-auth".to_owned()), "{report:?}");
    }
}

#[test]
fn a_baseline_outlives_edits_and_lets_only_new_findings_through() {
    let folder = repository(&[("a/compose.yaml", OPEN), ("caulk.yaml", "baseline: known.json\n")]);
    let missing = folder.caulk(&["check"]);
    assert_eq!(missing.status, Some(2));
    assert!(missing.stderr.contains("known.json: there is no such file; --write-baseline makes"), "{}", missing.all());
    let written = folder.caulk(&["check", "--write-baseline", "."]);
    assert_eq!(written.status, Some(0), "{}", written.all());
    assert!(written.stdout.contains("note: wrote 2 findings to known.json\n"), "{}", written.all());

    folder.write("a/compose.yaml", format!("# moved\n\n{OPEN}"));
    assert_eq!(rules(&folder.caulk(&["check", "--format", "json"])), [""; 0]);
    let from_below = Run::of(folder.command(&["check", "--format", "json"]).current_dir(folder.path().join("a")));
    assert_eq!(rules(&from_below), [""; 0], "the folder that caulk is run in does not matter");
    assert_eq!(from_below.json()["summary"]["baselined"], 2);

    folder.write("b/compose.yaml", OPEN);
    assert_eq!(rules(&folder.caulk(&["check", "--format", "json"])), ["public-port", "store-no-auth"]);
    let fixed = folder.caulk(&["check", "--fix"]);
    assert_eq!(fixed.status, Some(0), "{}", fixed.all());
    assert_eq!(text_of(&folder, "a/compose.yaml"), format!("# moved\n\n{OPEN}"), "what is known is not repaired");

    // What was not looked at stays known, and what is gone is told.
    folder.write("b/compose.yaml", OPEN);
    let renewed = folder.caulk(&["check", "--write-baseline", "b"]);
    assert_eq!(renewed.status, Some(0), "{}", renewed.all());
    assert_eq!(folder.caulk(&["check"]).status, Some(0));
    folder.write("a/compose.yaml", OPEN.replace("6379:6379\"", "127.0.0.1:6379:6379\""));
    let gone = folder.caulk(&["check"]);
    assert!(gone.stdout.contains("note: 1 finding of the baseline is gone"), "{}", gone.all());
    assert!(!folder.caulk(&["check", "b"]).stdout.contains("gone"));
    assert!(!folder.caulk(&["check", "--select", "url-malformed"]).stdout.contains("gone"), "nobody asked those rules");
}

#[test]
fn who_meets_many_findings_is_told_of_baselines() {
    let services = |count: usize| {
        (0..count)
            .map(|n| format!("  s{n}:\n    image: redis:7\n    ports: [\"{}:6379\"]\n", 7000 + n))
            .collect::<String>()
    };
    let says = |count: usize| {
        let folder = repository(&[("compose.yaml", &format!("services:\n{}", services(count)))]);
        folder.caulk(&["check"]).stdout.contains("--write-baseline")
    };
    assert!(says(10) && !says(9));
}

#[test]
fn the_file_that_init_writes_is_accepted_and_never_overwritten() {
    let folder = repository(&[("compose.yaml", OPEN)]);
    assert_eq!(folder.caulk(&["init"]).status, Some(0));
    let written = text_of(&folder, "caulk.yaml");
    assert_eq!(folder.caulk(&["check"]).status, Some(1), "it changes nothing");
    folder.write("caulk.yaml", format!("{written}ignore: [default]\n"));
    assert_eq!(folder.caulk(&["init"]).status, Some(2));
    assert_eq!(text_of(&folder, "caulk.yaml"), format!("{written}ignore: [default]\n"));
    assert_eq!(folder.caulk(&["check"]).status, Some(0));
}

#[test]
fn the_command_line_wins_over_the_file() {
    let folder = repository(&[("compose.yaml", OPEN), ("caulk.yaml", "ignore: [public-port]\nsecrets: never\n")]);
    let json = |more: &[&str]| rules(&folder.caulk(&[&["check", "--format", "json"], more].concat()));
    assert_eq!(json(&[]), ["store-no-auth"]);
    assert_eq!(json(&["--select", "public-port"]), ["public-port"]);
    assert_eq!(json(&["--ignore", "store-no-auth"]), [""; 0]);
    assert_eq!(json(&["--no-config"]), ["public-port", "store-no-auth"]);
    folder.write("other.yaml", "ignore: [store-no-auth]\n");
    assert_eq!(json(&["--config", "other.yaml"]), ["public-port"]);

    let diff = |more: &[&str]| folder.caulk(&[&["check", "--diff"], more].concat()).stdout;
    assert!(!diff(&[]).contains("requirepass"));
    assert!(diff(&["--secrets", "declare"]).contains("requirepass"));
}

#[test]
fn no_secret_is_made_in_ci_because_a_file_says_so() {
    let folder = repository(&[("compose.yaml", OPEN), ("caulk.yaml", "secrets: generate\n")]);
    for name in ["CI", "PRE_COMMIT"] {
        let run = Run::of(folder.command(&["check", "--fix"]).env(name, "1"));
        assert!(common::passwords_in(&folder.files()).is_empty(), "{}", run.all());
        folder.write("compose.yaml", OPEN);
    }
}

#[test]
fn projects_of_the_file_are_read_as_compose_is_told() {
    let base = "services:\n  cache:\n    image: redis:7-alpine\n";
    let over = "services:\n  cache:\n    ports: [\"${BIND:?}:6379:6379\"]\n";
    let config =
        "projects:\n  - files: [base.yaml, deploy/prod.yaml]\n    env_files: [deploy/prod.env]\n    profiles: [web]\n";
    let files = [
        ("base.yaml", base),
        ("deploy/prod.yaml", over),
        ("deploy/prod.env", "BIND=0.0.0.0\n"),
        ("caulk.yaml", config),
    ];
    let folder = repository(&files);
    for path in ["deploy/prod.yaml", "base.yaml", "deploy/prod.env"] {
        let run = folder.caulk(&["check", "--format", "json", path]);
        assert_eq!(rules(&run), ["public-port", "store-no-auth"], "{path}");
        let report = run.json();
        assert_eq!(report["projects"].as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(report["projects"][0]["reason"], "caulk.yaml");
    }
    let report = folder.caulk(&["check", "base.yaml", "--unsafe-fixes", "--format", "json"]).json();
    let command =
        "docker compose --env-file deploy/prod.env -f base.yaml -f deploy/prod.yaml --profile web up -d cache";
    assert_eq!(report["apply_with"][0], command);
}

#[test]
fn what_is_excluded_is_not_looked_at_even_if_it_is_named() {
    let folder = repository(&[("vendor/compose.yaml", OPEN), ("caulk.yaml", "exclude: [vendor/]\n")]);
    for arguments in [&["check"][..], &["check", "vendor/compose.yaml"], &["check", "vendor"]] {
        let run = folder.caulk(arguments);
        assert_eq!(run.status, Some(0), "{}", run.all());
    }
}

#[test]
fn explanations_and_lists_know_the_rules_of_the_configuration() {
    let rule = "id: my-rule\nsince: 1.0.0\ntier: default\nsummary: Mine.\nwhy: a\nfor: service\nwhere: { service.admin: true }\n\
                severity: info\nmessage: a\nat: service.name\n";
    let folder = repository(&[("lint/my-rule.yaml", rule), ("caulk.yaml", "rules: [lint]\n")]);
    assert_eq!(folder.caulk(&["explain", "my-rule"]).status, Some(0));
    assert!(folder.caulk(&["rules"]).stdout.contains("my-rule"));
}

#[test]
fn the_page_on_configuration_shows_the_baseline_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::copy_of(&root.join("tests/cmd/shop"));
    folder.caulk(&["check", "--write-baseline", "compose.yaml"]);
    let page = fs::read_to_string(root.join("docs/configuration.md")).expect("the page is there");
    let written = text_of(&folder, "caulk-baseline.json");
    assert!(page.contains(&format!("```json\n{written}```\n")), "{written}");
}
