//! The formats for programs: what each says of one project (`fixtures/projects/guide/formats`; `UPDATE_EXPECT=1` writes the
//! expectations anew), that it is what its standard asks, and that nothing from files does anything where it is shown.

mod common;

use std::fs;
use std::path::Path;

use common::{Folder, project};
use regex::Regex;
use serde_json::Value;

/// Each format, and what its expectations are named.
const FORMATS: [(&str, &str); 7] = [
    ("concise", "concise.txt"),
    ("github", "github.txt"),
    ("gitlab", "gitlab.json"),
    ("json", "report.json"),
    ("junit", "junit.xml"),
    ("rdjson", "rdjson.json"),
    ("sarif", "caulk.sarif"),
];

fn written(folder: &Folder, format: &str) -> String {
    let run = folder.caulk(&["check", "--format", format]);
    assert_eq!(run.stderr, "", "{format}");
    run.stdout
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is valid")
}

fn json(folder: &Folder, format: &str) -> Value {
    serde_json::from_str(&written(folder, format)).unwrap_or_else(|error| panic!("{format}: {error}"))
}

#[test]
fn each_format_says_the_same_of_the_same_project() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    for (format, file) in FORMATS {
        let (path, text) = (project("guide").join("formats").join(file), written(&folder, format));
        if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the fixture can be written");
            fs::write(&path, &text).expect("the fixture can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        snapbox::assert_data_eq!(text, snapbox::Data::text(expected).raw());
    }
}

#[test]
fn the_exit_status_does_not_depend_on_the_format() {
    let open = Folder::copy_of(&project("guide").join("input"));
    let unreadable = Folder::new();
    unreadable.write("compose.yaml", "services:\n\tweb: {}\n");
    let clean = Folder::new();
    clean.write("compose.yaml", "services: {web: {image: nginx}}\n");
    for (format, _) in FORMATS {
        for (folder, options, status) in [
            (&open, &[][..], 1),
            (&open, &["--exit-zero"], 0),
            (&open, &["--select", "healthcheck-no-auth", "--fail-on", "error"], 0),
            (&unreadable, &[], 1),
            (&clean, &[], 0),
        ] {
            let run = folder.caulk(&[&["check", "--format", format][..], options].concat());
            assert_eq!(run.status, Some(status), "{format} {options:?}: {}", run.all());
        }
    }
}

#[test]
fn a_file_of_two_projects_is_told_of_once_in_every_format_and_at_its_worst() {
    let folder = Folder::new();
    folder.write(
        "base.yaml",
        "services:\n  cache:\n    image: redis:7\n    ports:\n      - \"${BIND_IP:-0.0.0.0}:6379:6379\"\n",
    );
    for (name, env) in [("a", "A=1\n"), ("b", "BIND_IP=0.0.0.0\n"), ("c", "A=1\n")] {
        folder.write(
            &format!("{name}/compose.yaml"),
            "services:\n  cache:\n    extends: { file: ../base.yaml, service: cache }\n",
        );
        folder.write(&format!("{name}/.env"), env);
    }
    let concise = written(&folder, "concise");
    assert_eq!(concise.matches("error[public-port]").count(), 1, "{concise}");
    assert_eq!(concise.matches("[public-port]").count(), 1, "{concise}");
    let report = json(&folder, "json");
    let findings = report["findings"].as_array().expect("it has findings");
    let of_port: Vec<_> = findings.iter().filter(|finding| finding["rule"] == "public-port").collect();
    assert_eq!(of_port.len(), 1, "{of_port:#?}");
    assert_eq!((&of_port[0]["severity"], &of_port[0]["assumes"]), (&"error".into(), &serde_json::json!([])));
    assert_eq!(written(&folder, "github").matches("public-port").count(), 1);
    let text = folder.caulk(&["check"]).stdout;
    assert_eq!(text.matches("publishes redis port 6379").count(), 1, "{text}");
    assert_eq!(text.matches("port 6379 of cache for this host only").count(), 1, "{text}");
}

/// Everything that somebody could write into a file to take over whoever shows a report.
const EVIL: &str = "<script>alert(1)</script>]]>\\n::error::pwned\\r\\n::set-output name=a::b\\e]0;owned\\a\\e[31m|`![i](http://e.vil)[l](http://e.vil)@everyone \\u202e%0A::error::&amp;{0}##[add-mask]x ##vso[task.y]";

fn hostile() -> Folder {
    let folder = Folder::new();
    let project = format!(
        "services:\n  \"{EVIL}\":\n    image: redis:7\n    ports: [\"6379:6379\"]\n    healthcheck: {{test: [\"CMD\", \"redis-cli\", \"ping\"]}}\n  \
         app:\n    image: app\n    environment:\n      REDIS_URL: \"redis://localhost:6379/{EVIL}\"\n    command: \"a; {EVIL}\"\n"
    );
    folder.write("compose.yaml", project);
    folder.write("a,b::c%0A <b>&\"]]>/compose.yaml", "services: {redis: {image: redis, ports: [\"6379:6379\"]}}\n");
    folder.write("broken/compose.yaml", format!("services:\n  \"{EVIL}\": \"{EVIL}\"\n\tx: 1\n"));
    #[cfg(unix)]
    folder.write(
        "\u{1b}[31m\n::error::pwned/compose.yaml",
        "services: {redis: {image: redis, ports: [\"6379:6379\"]}}\n",
    );
    folder
}

/// What a program reads out of a JSON document: the texts in it, without the JSON around them.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

fn obeyed(text: &str) -> Option<char> {
    text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}')
}

#[test]
fn no_terminal_obeys_what_stands_in_a_file() {
    let folder = hostile();
    // What caulk itself says in colour.
    let own = pattern("\u{1b}\\[[0-9;]*m");
    let commands = pattern(r"(?m)^\s*::|##[a-z]*\[");
    let text = [&[][..], &["--statistics"], &["--verbose"], &["--color", "always"]].map(|options| ("text", options));
    for (format, options) in FORMATS.map(|(format, _)| (format, &[][..])).into_iter().chain(text) {
        let run = folder.caulk(&[&["check", "--format", format][..], options].concat());
        let text =
            if options.contains(&"--color") { own.replace_all(&run.stdout, "").into_owned() } else { run.stdout };
        assert_eq!(obeyed(&text), None, "{format} {options:?}: {text:?}");
        assert!(format == "github" || !commands.is_match(&text), "{format} {options:?}: {text}");
    }
}

#[test]
fn every_line_of_a_github_log_is_a_command_of_caulk() {
    let folder = hostile();
    let text = written(&folder, "github");
    assert!(text.lines().count() > 5, "{text}");
    for line in text.lines() {
        let (command, rest) = line.strip_prefix("::").and_then(|line| line.split_once(' ')).expect("a command");
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let (properties, message) = rest.split_once("::").expect("a message");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').expect("a name and a value");
            assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&name), "{line}");
            assert!(!value.contains(':'), "{line}");
        }
        for (at, _) in message.match_indices('%') {
            assert!(["%25", "%0A"].contains(&&message[at..at + 3]), "{line}");
        }
    }
    // The runner turns it back into what it was.
    let path = "a,b::c%0A <b>&\"]]>/compose.yaml";
    assert!(text.contains("file=a%2Cb%3A%3Ac%250A <b>&\"]]>/compose.yaml,"), "{path} is missing in {text}");
}

#[test]
fn one_finding_is_one_line() {
    let text = written(&hostile(), "concise");
    let line = pattern(r"^.+:\d+:\d+: (error|warning|info)\[[a-z-]+\] .+$");
    assert!(text.lines().count() > 5, "{text}");
    for written in text.lines() {
        assert!(line.is_match(written), "{written}");
        assert!(!written.starts_with("::"), "{written}");
    }
}

#[test]
fn junit_reports_are_xml_and_count_what_they_hold() {
    let clean = Folder::new();
    clean.write("compose.yaml", "services: {web: {image: nginx}}\n");
    for folder in [hostile(), Folder::copy_of(&project("guide").join("input")), clean] {
        let text = written(&folder, "junit");
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let known = ["testsuites", "testsuite", "testcase", "failure", "error", "system-out"];
        let elements: Vec<_> = document.descendants().filter(|node| node.is_element()).collect();
        assert!(elements.iter().all(|node| known.contains(&node.tag_name().name())), "{text}");
        let count = |scope: roxmltree::Node<'_, '_>, name| {
            scope.descendants().filter(|node| node.has_tag_name(name)).count().to_string()
        };
        for suite in elements.iter().filter(|node| node.tag_name().name().starts_with("testsuite")) {
            for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
                assert_eq!(suite.attribute(attribute), Some(count(*suite, element).as_str()), "{attribute}: {text}");
            }
        }
        assert_ne!(count(document.root(), "testcase"), "0", "{text}");
    }
}

#[test]
fn what_does_not_fail_the_run_fails_no_junit_case() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let failures = |options: &[&str]| {
        let run = folder.caulk(&[&["check", "--format", "junit"][..], options].concat());
        run.stdout.matches("<failure").count()
    };
    assert_eq!([failures(&[]), failures(&["--fail-on", "error"]), failures(&["--exit-zero"])], [4, 3, 0]);
}

#[test]
fn sarif_logs_fit_the_schema_of_the_standard() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/third-party/sarif-2.1.0.json");
    let schema: Value =
        serde_json::from_slice(&fs::read(path).expect("the schema is there")).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
    let folders = common::PROJECTS.iter().map(|name| Folder::copy_of(&project(name).join("input")));
    for folder in folders.chain([hostile(), silenced()]) {
        let log = json(&folder, "sarif");
        let errors: Vec<_> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let results = log["runs"][0]["results"].as_array().expect("results");
        assert!(!results.is_empty());
        for result in results {
            let rule =
                &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("a number") as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            let uri =
                result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("an address");
            assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"`{}|\\^".contains(&byte)), "{uri}");
        }
    }
    let mut wrong = json(&hostile(), "sarif");
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&wrong), "the schema lets everything through");
}

/// A viewer replaces placeholders and shows links: neither may come from a file.
/// A project of which a comment silences a part.
fn silenced() -> Folder {
    let folder = Folder::new();
    let text = "services:\n  # caulk: ignore[store-no-auth] test data\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    folder.write("compose.yaml", text);
    folder
}

#[test]
fn sarif_keeps_what_a_comment_silences_with_its_reason() {
    let log = json(&silenced(), "sarif");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let of = |rule: &str| results.iter().find(|result| result["ruleId"] == rule).expect("it is found");
    let suppression = &of("store-no-auth")["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["justification"]), (&"inSource".into(), &"test data".into()));
    assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 2);
    assert!(of("public-port").get("suppressions").is_none());
}

#[test]
fn sarif_messages_say_what_they_say() {
    let log = json(&hostile(), "sarif");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let messages: Vec<_> = results.iter().filter_map(|result| result["message"]["text"].as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("{{0}}")), "{messages:?}");
    for message in messages {
        assert!(!message.replace("{{", "").contains('{'), "{message}");
        assert!(!message.replace("\\]", "").contains("]("), "{message}");
    }
}

/// Byte for byte what `--fix` would do, in the lines and columns of the standard.
#[test]
fn a_sarif_fix_makes_the_repair() {
    let folder = Folder::new();
    let text = "services:\n  redis: {labels: {a: é🚀}, image: redis, command: redis-server --requirepass x, ports: [\"6379:6379\"]}\n";
    folder.write("compose.yaml", text);
    let log = json(&folder, "sarif");
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let result = results.iter().find(|result| result["ruleId"] == "public-port").expect("the port is open");
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "compose.yaml");
    let replacement = &change["replacements"][0];
    let number = |name: &str| replacement["deletedRegion"][name].as_u64().expect("a number") as usize;
    let line = text.split_inclusive('\n').nth(number("startLine") - 1).expect("the line is there");
    assert_eq!(number("startLine"), number("endLine"));
    let (start, end) = (number("startColumn") - 1, number("endColumn") - 1);
    let before: String = line.chars().take(start).collect();
    let behind: String = line.chars().skip(end).collect();
    let inserted = replacement["insertedContent"]["text"].as_str().expect("a text");
    let by_sarif = text.replace(line, &format!("{before}{inserted}{behind}"));
    folder.caulk(&["check", "--fix", "--select", "public-port"]);
    assert_eq!(by_sarif.into_bytes(), folder.files()["compose.yaml"]);
}

#[test]
fn no_format_holds_a_password_or_offers_to_write_a_placeholder_for_one() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        "services:\n  redis:\n    image: redis\n    ports: [\"6379:6379\"]\n    command: redis-server --requirepass hunter2\n    \
         healthcheck: {test: redis-cli ping}\n  open: {image: redis}\n  \
         app:\n    image: app\n    environment: {REDIS_URL: \"redis://redis:6379\", CACHE_URL: \"redis://:hunter2@localhost:6379\", OPEN_URL: \"redis://open\"}\n",
    );
    for (format, _) in FORMATS {
        let text = written(&folder, format);
        assert!(!text.contains("hunter2"), "{format}: {text}");
        // The report of caulk itself says what a repair would write, with the names of secrets.
        assert!(format == "json" || !text.contains("{{secret"), "{format}: {text}");
    }
}

#[test]
fn gitlab_gets_a_fingerprint_of_its_own_for_each_finding() {
    for folder in [hostile(), Folder::copy_of(&project("two-servers").join("input"))] {
        let issues = json(&folder, "gitlab");
        let issues = issues.as_array().expect("a list");
        let prints: std::collections::BTreeSet<_> =
            issues.iter().filter_map(|issue| issue["fingerprint"].as_str()).collect();
        assert_eq!(prints.len(), issues.len());
        for issue in issues {
            assert!(
                ["info", "minor", "major", "critical", "blocker"]
                    .contains(&issue["severity"].as_str().expect("a word"))
            );
            assert!(issue["location"]["lines"]["begin"].as_u64().expect("a number") > 0);
        }
        assert_eq!(issues, json(&folder, "gitlab").as_array().expect("a list"), "the same at every run");
    }
}

/// reviewdog counts columns in bytes, and writes messages into comments, where they are Markdown.
#[test]
fn reviewdog_gets_columns_in_bytes_and_inert_messages() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        "services:\n  redis: {labels: {a: é🚀}, image: redis, command: redis-server --requirepass x, ports: [\"6379:6379\"]}\n",
    );
    let diagnostics = json(&folder, "rdjson");
    let all = diagnostics["diagnostics"].as_array().expect("a list");
    let port = all.iter().find(|one| one["code"]["value"] == "public-port").expect("the port is open");
    let line =
        "  redis: {labels: {a: é🚀}, image: redis, command: redis-server --requirepass x, ports: [\"6379:6379\"]}";
    let column = line.find("\"6379:6379\"").expect("it is there") + 1;
    assert_eq!(port["location"]["range"]["start"], serde_json::json!({ "line": 2, "column": column }));
    assert_eq!(port["suggestions"][0]["text"], "127.0.0.1:");
    let (code, mut found) = (pattern("`[^`]*`"), Vec::new());
    texts(&json(&hostile(), "rdjson"), &mut found);
    for text in &found {
        assert_eq!(obeyed(text), None, "{text:?}");
        let outside_of_code = code.replace_all(text, "").into_owned();
        assert!(!outside_of_code.replace("\\<", "").contains('<') || text.ends_with("/compose.yaml"), "{text}");
    }
}

#[test]
fn a_run_that_repairs_says_so_beside_the_format() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let run = folder.caulk(&["check", "--fix", "--format", "concise"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{}", run.all());
    assert!(run.stderr.contains("caulk: repaired: port 6379 of redis for this host only\n"), "{}", run.all());
    let quiet = Folder::copy_of(&project("guide").join("input"));
    assert_eq!(
        quiet.caulk(&["check", "--fix", "--quiet", "--format", "concise"]).all(),
        "status: Some(0)\nstdout:\n\nstderr:\n"
    );
}

/// Projects are read in parallel; what is said of them comes in the order of their paths, every time.
#[test]
fn many_projects_are_told_in_a_stable_order() {
    let folder = Folder::new();
    for number in 0..12 {
        let redis = format!("services: {{redis{number}: {{image: redis, ports: [\"{}:6379\"]}}}}\n", 6000 + number);
        folder.write(&format!("p{number:02}/compose.yaml"), redis);
    }
    let text = written(&folder, "concise");
    let mut paths: Vec<_> = text.lines().filter_map(|line| line.split(':').next()).collect();
    paths.dedup();
    assert_eq!(paths, (0..12).map(|number| format!("p{number:02}/compose.yaml")).collect::<Vec<_>>());
    for _ in 0..2 {
        assert_eq!(written(&folder, "concise"), text);
    }
    let report = json(&folder, "json");
    assert_eq!(report["summary"]["files"], 12);
    assert_eq!(report["summary"]["projects"], 12);
    let ids = |list: &str| {
        let ids = report[list].as_array().expect("a list").iter().filter_map(|one| one["id"].as_str());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids("projects"), (1..=12).map(|number| format!("p{number}")).collect::<Vec<_>>());
    assert_eq!(ids("repairs"), (1..=24).map(|number| format!("r{number}")).collect::<Vec<_>>());
    for finding in report["findings"].as_array().expect("a list") {
        let project = finding["project"].as_str().and_then(|id| id.strip_prefix('p')?.parse::<usize>().ok());
        let path = format!("p{:02}/compose.yaml", project.expect("an id") - 1);
        assert_eq!(finding["path"], path);
        for id in finding["repairs"].as_array().expect("a list") {
            let repairs = report["repairs"].as_array().expect("a list");
            let repair = repairs.iter().find(|repair| repair["id"] == *id).expect("it is there");
            assert_eq!(repair["edits"][0]["path"].as_str().map(|path| &path[..3]), Some(&path[..3]));
        }
    }
}
