//! What comments and the baseline silence, and what makes findings the same.

use std::path::{Path, PathBuf};

use super::*;
use crate::config::{Where, baseline::Baseline, load};
use crate::model::discover::projects_with;
use crate::model::{Options, Workspace};
use crate::rule::RuleSet;
use crate::rule::Severity;
use crate::source::{NoFiles, Overlay, is_compose_name};
use crate::topology::Topology;

/// What is found, as `rule path:line`, in a repository `/r` of these files.
struct Report {
    findings: Vec<String>,
    remarks: Vec<String>,
    silenced: Vec<(String, Silencer)>,
    fingerprints: Vec<String>,
    messages: Vec<String>,
    severities: Vec<Severity>,
    /// What each finding assumes.
    assumes: Vec<Vec<String>>,
    helps: Vec<String>,
    /// What each finding points at.
    pointed_at: Vec<String>,
}

fn lint(texts: &[(&str, &str)]) -> Report {
    lint_with(texts, |_| {})
}

fn lint_with(texts: &[(&str, &str)], change: impl FnOnce(&mut Selection)) -> Report {
    let mut files = Overlay::new(&NoFiles);
    files.set("/r/.git/HEAD".into(), "".as_bytes());
    for (path, text) in texts {
        files.set(Path::new("/r").join(path), text.as_bytes());
    }
    let given: Vec<PathBuf> =
        texts.iter().filter(|(path, _)| is_compose_name(path)).map(|(path, _)| Path::new("/r").join(path)).collect();
    let root = Path::new("/r");
    let loaded = load(&files, &Where::Search, [root], &[], root).unwrap_or_else(|error| panic!("{error}"));
    let sets = projects_with(&files, &given, &loaded.configs.projects());
    let mut workspace = Workspace::read(&files, &sets, &Options::default());
    let topology = Topology::read(&mut workspace, &RuleSet::built_in().stores);
    let mut selection = Selection { configs: loaded.configs, root: root.to_owned(), ..Selection::default() };
    change(&mut selection);
    let found = run(&workspace, &topology, &loaded.rules, &selection);
    let shown = |finding: &Finding| {
        let source = workspace.sources.get(finding.labels[0].source);
        let path = source.path.strip_prefix("/r").expect("it is below").display().to_string();
        format!("{} {path}:{}", finding.rule, source.line_column(finding.labels[0].span.start).line)
    };
    Report {
        findings: found.findings.iter().map(shown).collect(),
        remarks: found.remarks.iter().map(shown).collect(),
        silenced: found.silenced.iter().map(|silenced| (shown(&silenced.finding), silenced.by.clone())).collect(),
        severities: found.findings.iter().map(|finding| finding.severity).collect(),
        assumes: found.findings.iter().map(|finding| finding.assumes.clone()).collect(),
        messages: found.findings.iter().map(|finding| finding.message.clone()).collect(),
        helps: found.findings.iter().filter_map(|finding| finding.help.clone()).collect(),
        pointed_at: found
            .findings
            .iter()
            .map(|finding| {
                finding.labels[0].span.slice(&workspace.sources.get(finding.labels[0].source).text).to_owned()
            })
            .collect(),
        fingerprints: found.findings.iter().map(|finding| finding.fingerprint.clone()).collect(),
    }
}

fn compose(text: &str) -> Report {
    lint(&[("compose.yaml", text)])
}

#[test]
fn a_server_that_turns_others_away_is_not_called_open_to_them() {
    let with = |command: &str, image: &str| {
        let text =
            format!("services:\n  redis:\n    image: {image}\n    command: {command}\n    ports: ['6379:6379']\n");
        let found = compose(&text);
        let is_it = |finding: &&String| finding.starts_with("store-no-auth");
        let at = found.findings.iter().position(|finding| is_it(&finding)).expect("it has no password");
        found.messages[at].clone()
    };
    let closed = "turns everyone away who is not in its own container - ";
    for (command, why) in [
        ("redis-server --protected-mode yes", "`protected-mode yes`"),
        ("redis-server --bind 127.0.0.1", "`bind 127.0.0.1`"),
        ("redis-server --bind 0.0.0.0 --protected-mode yes", "`protected-mode yes`"),
    ] {
        let message = with(command, "redis:7");
        assert!(message.contains(closed) && message.ends_with(why), "{command}: {message}");
    }
    for (command, image) in [
        ("redis-server --protected-mode no", "redis:7"),
        ("redis-server --bind 0.0.0.0", "redis:7"),
        ("redis-server --bind 0.0.0.0 --protected-mode yes", "redis:6-alpine"),
        ("redis-server --appendonly yes", "redis"),
    ] {
        let message = with(command, image);
        assert!(message.contains("can be reached from outside"), "{command}: {message}");
    }
}

#[test]
fn a_variable_that_nothing_replaces_is_no_password() {
    let found = |command: &str, conf: &str| {
        let text = format!(
            "services:\n  redis:\n    image: redis:7\n    command: {command}\n    volumes: [./r.conf:/r.conf]\n  web:\n    image: example/web\n    environment: {{REDIS_URL: 'redis://redis:6379'}}\n"
        );
        lint(&[("compose.yaml", &text), (".env", "PW=hunter22\n"), ("r.conf", conf)]).findings
    };
    for (command, conf) in [
        ("[redis-server, --requirepass, '$${PW}']", ""),
        ("['redis-server', '--requirepass $${PW}']", ""),
        ("redis-server --requirepass $$PW", ""),
        ("redis-server /r.conf", "requirepass ${PW}\n"),
        ("redis-server /r.conf", "requirepass \"$PW\"\n"),
    ] {
        assert_eq!(found(command, conf), ["password-not-expanded compose.yaml:4"], "{command} {conf}");
    }
    for command in ["redis-server --requirepass $$ecret", "sh -c 'redis-server --requirepass \"$$PW\"'"] {
        let found = found(command, "");
        assert!(!found.iter().any(|finding| finding.starts_with("password-not-expanded")), "{command}: {found:?}");
    }
}

#[test]
fn a_password_that_means_none_is_called_by_its_name() {
    let files = |command: &str| {
        let compose = format!(
            "services:\n  redis:\n    image: redis:7\n    command: {command}\n  app:\n    image: example/app\n    env_file: .env\n"
        );
        lint(&[("compose.yaml", &compose), (".env", "REDIS_HOST=redis\nREDIS_PASSWORD=null\n")])
    };
    for command in ["redis-server --requirepass ${REDIS_PASSWORD}", "redis-server --requirepass ${OTHER:-null}"] {
        let found = files(command);
        let at = found.findings.iter().position(|finding| finding == "store-no-auth compose.yaml:2");
        let at = at.unwrap_or_else(|| panic!("{command}: {:?}", found.findings));
        assert!(found.messages[at].contains("has the password `null`"), "{:?}", found.messages);
    }
    assert!(
        !files("redis-server --requirepass nullable").findings.contains(&"store-no-auth compose.yaml:2".to_owned())
    );
}

#[test]
fn of_a_healthcheck_the_words_that_matter_are_pointed_at() {
    let rows = [
        ("[\"CMD\", \"redis-cli\", \"ping\"]", "[\"CMD\", \"redis-cli\", \"ping\"]"),
        ("redis-cli ping", "redis-cli ping"),
        ("\n        - CMD\n        - redis-cli\n        - ping", "redis-cli\n        - ping"),
        (
            "\n        - CMD\n        - timeout\n        - \"3\"\n        - redis-cli\n        - ping",
            "redis-cli\n        - ping",
        ),
        ("\n        - CMD-SHELL\n        - redis-cli ping || exit 1", "redis-cli ping || exit 1"),
        ("\n        - CMD\n        - sh\n        - -c\n        - redis-cli ping", "redis-cli ping"),
        ("[\n          \"CMD\",\n          \"redis-cli\", \"ping\"\n        ]", "\"redis-cli\", \"ping\""),
    ];
    for (test, expected) in rows {
        let found = compose(&format!(
            "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass ${{PW:?}}\n    \
             healthcheck:\n      test: {test}\n"
        ));
        assert!(found.findings[0].starts_with("healthcheck-no-auth"), "{test}: {:?}", found.findings);
        assert_eq!(found.pointed_at[0], expected, "{test}");
    }
}

/// Two open stores, with comments in the places of `1` to `9`.
fn with_comments(comments: &[(usize, &str)]) -> String {
    let text = "{1}services:\n{2}  a:{3}\n    image: redis:7\n{4}    ports:{5}\n{6}      - \"6379:6379\"{7}\n  b:\n    image: redis:7\n    ports:\n      - target: 6379\n{8}        published: 6380{9}\n";
    (1..=9).fold(text.to_owned(), |text, place| {
        let comment = comments.iter().find(|(number, _)| *number == place).map_or("", |(_, comment)| comment);
        text.replace(&format!("{{{place}}}"), comment)
    })
}

#[test]
fn a_comment_silences_its_line_or_the_line_below_with_all_that_begins_there() {
    let all = ["store-no-auth a", "public-port a", "store-no-auth b", "public-port b"];
    let ignore = "# caulk: ignore[store-no-auth, public-port] why not";
    let file = "# caulk: ignore-file[public-port] why not\n";
    let (own, trailing) = (format!("      {ignore}\n"), format!(" {ignore}"));
    let rows: [(usize, &str, &[&str]); 11] = [
        (1, &own, &[]),
        (1, file, &["store-no-auth a", "store-no-auth b"]),
        (8, file, &["store-no-auth a", "store-no-auth b"]),
        (2, &own, &all[2..]),
        (3, &trailing, &all[2..]),
        (4, &own, &["store-no-auth a", "store-no-auth b", "public-port b"]),
        (5, &trailing, &["store-no-auth a", "store-no-auth b", "public-port b"]),
        (6, &own, &["store-no-auth a", "store-no-auth b", "public-port b"]),
        (7, &trailing, &["store-no-auth a", "store-no-auth b", "public-port b"]),
        (9, &trailing, &["store-no-auth a", "public-port a", "store-no-auth b"]),
        (8, "      # an ordinary comment\n", &all),
    ];
    for (place, comment, left) in rows {
        let text = with_comments(&[(place, comment)]);
        let report = compose(&text);
        let line_of = |name: &str| 1 + text.lines().position(|line| line.starts_with(name)).expect("it is there");
        let b = line_of("  b:");
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|finding| {
                let (rule, line) = finding.split_once(" compose.yaml:").expect("it has a place");
                format!("{rule} {}", if line.parse::<usize>().expect("a line") < b { "a" } else { "b" })
            })
            .collect();
        assert_eq!(found, left, "{text}");
        let is_ours =
            |(_, by): &&(String, Silencer)| matches!(by, Silencer::Comment { reason, .. } if reason == "why not");
        assert_eq!(report.silenced.iter().filter(is_ours).count(), 4 - left.len(), "{text}");
    }
}

#[test]
fn comments_in_env_files_silence_what_is_found_there() {
    let compose = "services:\n  web:\n    image: example/web:1\n    env_file: web.env\n";
    let found = |env: &str| {
        let report = lint(&[("compose.yaml", compose), ("web.env", env)]);
        (report.findings, report.silenced.len(), report.remarks)
    };
    let key = "REDIS_URL=redis://h:port/0\n";
    assert_eq!(found(key), (vec!["url-malformed web.env:1".to_owned()], 0, vec![]));
    let comment = "# caulk: ignore[url-malformed] a placeholder";
    for text in
        [format!("{comment}\n{key}"), format!("A=1\n{comment}\n# more\n{key}"), format!("{} {comment}\n", key.trim())]
    {
        assert_eq!(found(&text), (vec![], 1, vec![]), "{text}");
    }
    let (findings, silenced, remarks) = found(&format!("{comment}\nA=1\n{key}"));
    assert_eq!((findings.len(), silenced), (1, 0));
    assert_eq!(remarks, ["suppression-unused web.env:1"]);
}

#[test]
fn what_follows_from_a_silenced_finding_is_silenced_with_it() {
    let text = |comment: &str| {
        format!(
            "services:\n  {comment}\n  a:\n    image: redis:7\n    healthcheck:\n      test: [CMD, redis-cli, ping]\n"
        )
    };
    let open = compose(&text("# nothing"));
    assert_eq!(open.findings, ["store-no-auth compose.yaml:3", "healthcheck-no-auth compose.yaml:6"]);
    let silent = compose(&text("# caulk: ignore[store-no-auth] test data"));
    assert_eq!((silent.findings.len(), silent.silenced.len(), silent.remarks.len()), (0, 2, 0));
    let other = compose(&text("# caulk: ignore[healthcheck-no-auth] test data"));
    assert_eq!(other.findings, ["store-no-auth compose.yaml:3"]);
}

#[test]
fn what_is_wrong_with_comments_is_told() {
    let port =
        |comment: &str| compose(&format!("services:\n  a:\n    image: x/y:1\n    ports:\n      - 80:80 {comment}\n"));
    let rows: [(&str, &[&str]); 8] = [
        ("# caulk: ignore[public-port] why not", &[]),
        ("# caulk: ignore[public-port]: why not", &[]),
        ("#caulk: ignore [ public-port ] why not", &[]),
        ("# caulk: ignore[public-port]", &["suppression-without-reason"]),
        ("# caulk: ignore[public-port, store-no-auth] why not", &["suppression-unused"]),
        ("# caulk: ignore[public-ports] why not", &["suppression-invalid"]),
        ("# caulk: ignore public-port", &["suppression-invalid"]),
        ("# the caulk: of ages", &[]),
    ];
    for (comment, expected) in rows {
        let remarks = port(comment).remarks;
        let rules: Vec<_> = remarks.iter().filter_map(|remark| remark.split(' ').next()).collect();
        assert_eq!(rules, expected, "{comment}");
    }
}

#[test]
fn nothing_is_called_unused_that_may_be_of_use() {
    let text = "# caulk: ignore-file[store-no-auth] why not\nservices:\n  a:\n    image: x/y:1\n";
    assert_eq!(compose(text).remarks.len(), 1);
    let ignoring = lint(&[("compose.yaml", text), ("caulk.yaml", "ignore: [store-no-auth]\n")]);
    assert_eq!(ignoring.remarks, [""; 0], "the rule does not run");
    let broken = compose(&format!("{text}    ports: [\n"));
    assert_eq!(broken.remarks, [""; 0], "a part can't be read");
    let shared = lint(&[
        ("base.yaml", text),
        ("p/compose.yaml", "services:\n  b:\n    extends: { file: ../base.yaml, service: a }\n"),
    ]);
    assert_eq!(shared.remarks, [""; 0], "others may share the file");
}

#[test]
fn a_fingerprint_outlives_moved_lines_and_neighbours() {
    let before = compose(&with_comments(&[])).fingerprints;
    let moved = compose(&format!("# one\n# two\n{}", with_comments(&[(6, "      # more\n")]))).fingerprints;
    assert_eq!(before, moved);
    let mut unique = before.clone();
    unique.dedup();
    assert_eq!(unique.len(), 4, "{before:?}");

    let port = |ports: &str| compose(&format!("services:\n  a:\n    image: x/y:1\n    ports:{ports}\n")).fingerprints;
    let (one, two) = (port("\n      - 80:80"), port("\n      - 443:443\n      - 80:80"));
    assert_eq!(one[0], two[1]);
    let twice = port("\n      - 80:80\n      - 80:80/tcp");
    assert!(twice.len() < 2 || twice[0] != twice[1], "{twice:?}");
}

#[test]
fn a_fingerprint_depends_on_rule_path_and_subject() {
    let text = "services:\n  a:\n    image: x/y:1\n    ports: [80:80]\n";
    let at = |path: &str| lint(&[(path, text)]).fingerprints;
    assert_ne!(at("compose.yaml"), at("sub/compose.yaml"));
    assert_ne!(at("compose.yaml"), compose(&text.replace("80:80", "81:80")).fingerprints);
    assert_ne!(at("compose.yaml"), compose(&text.replace("  a:", "  b:")).fingerprints);
}

#[test]
fn the_baseline_silences_what_it_knows_and_nothing_else() {
    let text = with_comments(&[]);
    let first = compose(&text).fingerprints[0].clone();
    let baseline = format!(
        "{{\"schema\": \"caulk.baseline/1\", \"findings\": [{{\"path\": \"../compose.yaml\", \"rule\": \"x\", \"fingerprint\": \"{first}\"}}]}}"
    );
    let mut files = Overlay::new(&NoFiles);
    files.set("/r/.caulk/b.json".into(), baseline.as_bytes());
    let known = |selection: &mut Selection| {
        let added = selection.baseline.add(&files, Path::new("/r/.caulk/b.json"), Path::new("/r"));
        added.unwrap_or_else(|error| panic!("{error}"));
    };
    let report = lint_with(&[("compose.yaml", &text)], known);
    assert_eq!(report.findings.len(), 3);
    assert!(matches!(report.silenced.as_slice(), [(_, Silencer::Baseline)]));
    let elsewhere = lint_with(&[("sub/compose.yaml", &text)], known);
    assert_eq!(elsewhere.findings.len(), 4, "the path counts, too");
}

#[test]
fn a_file_that_is_no_baseline_is_refused() {
    let rows = [
        ("", "b.json: this is no baseline: EOF while parsing a value at line 1 column 0"),
        ("{\"schema\": \"x\", \"findings\": []}", "b.json: its schema is x, but this caulk reads caulk.baseline/1"),
    ];
    for (text, expected) in rows {
        let mut files = Overlay::new(&NoFiles);
        files.set("/r/b.json".into(), text.as_bytes());
        let error = Baseline::default().add(&files, Path::new("/r/b.json"), Path::new("/r"));
        assert_eq!(error.expect_err("it is refused").to_string(), expected);
    }
}

#[test]
fn the_configuration_decides_about_severity_addresses_and_profiles() {
    let text = "services:\n  a:\n    image: redis:7\n    ports: [\"0.0.0.0:6379:6379\", \"6380:6379\"]\n  b:\n    image: redis:7\n    \
                profiles: [debug]\n";
    let found = |config: &str| lint(&[("compose.yaml", text), ("caulk.yaml", config)]).findings;
    assert_eq!(found("").len(), 4);
    assert_eq!(found("allowed_addresses: [0.0.0.0]\n").len(), 3, "what is not written out is not allowed");
    assert_eq!(found("projects: [{ files: [compose.yaml], profiles: [web] }]\n").len(), 3);
    assert_eq!(found("exclude: [compose.yaml]\n"), [""; 0]);
}

#[test]
fn two_values_of_a_secret_matter_where_one_service_logs_in_at_the_other() {
    let redis = "  redis:\n    image: redis:7\n    command: redis-server --requirepass ${REDIS_PASSWORD:?set it}\n";
    let found = |services: &str, name: &str| {
        let compose = format!("services:\n{redis}{services}");
        let env = format!("REDIS_PASSWORD=one\n{name}=one\n");
        let files = [("compose.yaml", compose.as_str()), (".env", &env), ("b/app.env", &format!("{name}=two\n"))];
        let findings =
            lint(&files).findings.into_iter().filter(|finding| finding.starts_with("variable-defined-twice"));
        findings.collect::<Vec<_>>()
    };
    let twice = ["variable-defined-twice b/app.env:1"];
    let client = "  b:\n    image: example/b:1\n    env_file: b/app.env\n";
    assert_eq!(found(client, "REDIS_PASSWORD"), twice);
    let elsewhere = format!("{client}    environment: {{REDIS_URL: 'redis://:${{X:?}}@other.example.com:6379'}}\n");
    assert_eq!(found(&elsewhere, "REDIS_PASSWORD"), [""; 0], "it logs in elsewhere");
    let other = "  a:\n    image: example/a:1\n    environment: {KEY: '${SECRET_KEY}'}\n";
    assert_eq!(found(&format!("{other}{client}"), "SECRET_KEY"), [""; 0], "each has its own");
    let both = format!("{client}    environment: {{KEY: '${{SECRET_KEY}}'}}\n");
    assert_eq!(found(&both, "SECRET_KEY"), twice, "one service gets both");
}

#[test]
fn a_port_that_a_default_opens_is_not_blamed_on_the_variable_alone() {
    let compose = "services:\n  web:\n    image: x/y:1\n    ports: ['${BIND_IP:-0.0.0.0}:80:80']\n";
    let expected = "`web` publishes port 80 on every address: `BIND_IP` is empty (.env:1) and its default is 0.0.0.0";
    assert_eq!(lint(&[("compose.yaml", compose), (".env", "BIND_IP=\n")]).messages, [expected]);
}

#[test]
fn what_only_an_overlay_makes_wrong_in_another_file_names_it() {
    let base = "services:\n  redis:\n    image: redis:7\n  web:\n    image: x/y:1\n    environment:\n      REDIS_URL: redis://redis\n";
    let over = "services:\n  redis:\n    command: redis-server --requirepass kept\n";
    let about_the_url = |found: &Report| {
        let number = found.findings.iter().position(|finding| finding.starts_with("url-no-password"));
        let number = number.expect("it is found");
        (found.severities[number], found.assumes[number].clone())
    };
    let both = lint(&[("compose.yaml", base), ("compose.dev.yaml", over)]);
    assert_eq!(about_the_url(&both), (Severity::Warning, vec!["compose.dev.yaml lies over it".to_owned()]));
    // This one is always read.
    let always = lint(&[("compose.yaml", base), ("compose.override.yaml", over)]);
    assert_eq!(about_the_url(&always), (Severity::Error, vec![]));
}

#[test]
fn an_admin_interface_is_behind_its_own_ports_only() {
    let found = |port: &str| {
        let portainer = format!("services:\n  a:\n    image: portainer/portainer-ce\n    ports: ['{port}']\n");
        compose(&portainer).messages.iter().any(|message| message.contains("is an admin interface"))
    };
    assert!(found("9443:9443"));
    assert!(found("8999-9000:8999-9000"));
    assert!(!found("8000:8000"), "agents of other machines come in there");
}

#[test]
fn what_hangs_on_a_variable_without_a_value_is_assumed_and_nothing_else() {
    let assumed = |command: &str| {
        let found = compose(&format!(
            "services:\n  a:\n    image: redis:7\n    command: {command}\n    ports: ['6379:6379']\n"
        ));
        let number = found.findings.iter().position(|finding| finding.starts_with("store-no-auth"));
        number.map(|number| found.assumes[number].clone())
    };
    let not_set = Some(vec!["PASSWORD is not set".to_owned()]);
    assert_eq!(assumed("redis-server ${PASSWORD:+--requirepass $PASSWORD}"), not_set);
    assert_eq!(
        assumed(
            r#"sh -c 'if [ -n "${PASSWORD}" ]; then redis-server --requirepass "${PASSWORD}"; else redis-server; fi'"#
        ),
        not_set
    );
    // These never close it.
    for command in
        ["redis-server --masterauth ${MASTER_PASSWORD:-none}", "redis-server --loglevel ${SECRETARY_LEVEL:-notice}"]
    {
        assert_eq!(assumed(command), Some(vec![]), "{command}");
    }
}

#[test]
fn a_store_is_as_open_with_any_number_for_its_port() {
    let severity = |port: &str| {
        let text = format!("services:\n  a:\n    image: redis:7\n    ports: ['{port}']\n");
        let found = compose(&text);
        let number = found.messages.iter().position(|message| message.contains("publishes redis port"));
        found.severities[number.expect("it is found")]
    };
    assert_eq!(severity("${REDIS_PORT}:6379"), severity("6379:6379"));
    assert_ne!(severity("${BIND}:6379"), severity("6379:6379"), "the variable may hold an address");
}

#[test]
fn a_message_names_the_port_that_the_world_reaches() {
    let rows = [
        ("8880:8080", "publishes port 8880 (8080 in the container) on every address"),
        ("82:80/udp", "publishes port 82 (80 in the container) on every address"),
        ("80:80", "publishes port 80 on every address"),
        ("8000-8001:80-81", "publishes port 8000-8001 (80-81 in the container) on every address"),
        ("80", "publishes port 80 (Docker picks the host's) on every address"),
        ("${WEB_PORT}:80", "publishes port 80 (WEB_PORT on the host) on every address"),
    ];
    for (port, expected) in rows {
        let found = compose(&format!("services:\n  a:\n    image: x/y:1\n    ports: ['{port}']\n")).messages;
        assert!(found.iter().any(|message| message.contains(expected)), "{port}: {found:?}");
    }
}

#[test]
fn both_places_of_a_wrong_password_are_named_with_what_to_write() {
    let help = |server: &str, client: &str, dotenv: &str| {
        let compose = format!(
            "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass {server}\n  api:\n    image: example/api\n    environment:\n      REDIS_URL: redis://:{client}@redis:6379\n"
        );
        let report = lint(&[("compose.yaml", &compose), (".env", dotenv)]);
        assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
        assert!(report.findings[0].starts_with("url-wrong-password"), "{:?}", report.findings);
        report.helps[0].clone()
    };
    assert_eq!(
        help("first-1a2b", "${REDIS_PASSWORD}", "REDIS_PASSWORD=second-3c4d\n"),
        "the password of `redis` stands in compose.yaml:4, the URL has that of `REDIS_PASSWORD` (.env:1): write `${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}` in the place of the first"
    );
    assert_eq!(
        help("${REDIS_PASSWORD}", "first-1a2b", "X=1\nREDIS_PASSWORD=second-3c4d\n"),
        "`redis` has the password of `REDIS_PASSWORD` (.env:2): write `${REDIS_PASSWORD}` in the place of the one in the URL (compose.yaml:8)"
    );
    assert_eq!(
        help("${A}", "${B}", "A=first-1a2b\nB=second-3c4d\n"),
        "`redis` has the password of `A` (.env:1), the URL that of `B` (.env:2): write `${A}` in the place of `${B}`"
    );
    let both = help("first-1a2b", "second-3c4d", "X=1\n");
    assert!(both.starts_with("the passwords stand in compose.yaml:4 and compose.yaml:8: put one of them"), "{both}");
}
