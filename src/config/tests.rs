//! `caulk.yaml` as people write it: what it means, and what is said of mistakes.

use std::path::{Path, PathBuf};

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::*;
use crate::model::discover::Reason;
use crate::rule::RuleSet;
use crate::source::{NoFiles, Overlay};

/// A repository `/r` with some files and this configuration.
fn overlay<'f>(config: &str, further: &[(&str, &str)]) -> Overlay<'f> {
    let mut files = Overlay::new(&NoFiles);
    for (path, text) in further.iter().chain(&[("/r/caulk.yaml", config), ("/r/.git/HEAD", "")]) {
        files.set(PathBuf::from(path), text.as_bytes());
    }
    files
}

fn loaded(config: &str, further: &[(&str, &str)]) -> Result<Loaded, String> {
    let files = overlay(config, further);
    load(&files, &Where::Search, [Path::new("/r/a")], &[], Path::new("/r")).map_err(|error| error.to_string())
}

fn configs(config: &str) -> Configs {
    loaded(config, &[]).unwrap_or_else(|error| panic!("{error}")).configs
}

/// Where `rule` speaks.
fn admitted(configs: &Configs, rule: &str, path: &str) -> bool {
    asked(configs, rule, path, &Choice::default())
}

fn asked(configs: &Configs, rule: &str, path: &str, asked: &Choice) -> bool {
    let rule = RuleSet::built_in().rule(rule).expect("caulk has it");
    configs.admit(Path::new(path), rule, rule.tier, asked)
}

#[test]
fn every_example_in_what_init_writes_is_accepted() {
    let further = [("/r/compose.yaml", ""), ("/r/compose.prod.yaml", ""), ("/r/prod.env", ""), ("/r/lint/rules/x", "")];
    assert!(loaded(TEMPLATE, &further).is_ok_and(|loaded| loaded.configs.iter().count() == 1));
    let written = uncommented(TEMPLATE);
    let config = loaded(&written, &further).unwrap_or_else(|error| panic!("{error}")).configs;
    let config = config.at(Path::new("/r/a")).expect("it holds there");
    assert_eq!((config.projects.len(), config.overrides.len()), (1, 1));
    for key in decode::SECTION_KEYS.iter().chain(&decode::TOP_KEYS) {
        assert!(written.lines().any(|line| line.starts_with(&format!("{key}:"))), "`{key}` is not explained");
    }
    assert!(validator().is_valid(&as_json(&written)));
}

#[test]
fn the_example_of_the_documentation_is_accepted() {
    let page = include_str!("../../docs/configuration.md");
    let example = page.split("```yaml\n").find(|block| block.starts_with("select:")).expect("the page has one");
    let example = example.split("```").next().expect("it ends");
    assert!(loaded(example, &[]).is_ok_and(|loaded| loaded.configs.iter().count() == 1));
    assert!(validator().is_valid(&as_json(example)));
}

fn uncommented(template: &str) -> String {
    let lines = template
        .lines()
        .filter_map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(" ") || rest.starts_with("  ")));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn all_mistakes_are_told_at_once_with_their_place() {
    let config = "selct: [strict]\nignore: [public-prot, strict]\nseverity:\n  public-port: fatal\n  nothing: info\n\
                  allowed_addresses: [everywhere]\nexclude: ['{a']\nrules: [no-rules]\nprojects:\n  - files: [missing.yaml]\n    \
                  file: x\n  - files: []\n  - profiles: [a]\noverrides:\n  - ignore: []\n    exclude: [x]\nsecrets: generated\n";
    let error = loaded(config, &[]).expect_err("it is full of mistakes");
    let expected = [
        "caulk.yaml:1:1: caulk.yaml has no key `selct`",
        "   | selct: [strict]",
        "   | ^^^^^",
        "   = did you mean `select`?",
        "caulk.yaml:2:10: there is no rule `public-prot`",
        "   = did you mean `public-port`?",
        "caulk.yaml:4:16: a severity can't be `fatal`",
        "caulk.yaml:5:3: there is no rule `nothing`",
        "caulk.yaml:6:21: `everywhere` is no IP address",
        "caulk.yaml:7:11: `{a` is no pattern: ",
        "caulk.yaml:8:9: there is no such folder",
        "caulk.yaml:10:13: there is no such file",
        "caulk.yaml:11:5: a project has no key `file`",
        "   = did you mean `files`?",
        "caulk.yaml:12:12: a project needs at least one file",
        "caulk.yaml:13:5: a project needs the key `files`",
        "caulk.yaml:15:5: an override needs the key `paths`",
        "caulk.yaml:16:5: an override has no key `exclude`",
        "caulk.yaml:17:10: `secrets` can't be `generated`",
        "   = did you mean `generate`?",
    ];
    let mut rest = error.lines();
    for line in expected {
        assert!(rest.any(|other| other.starts_with(line)), "`{line}` is missing, or not in its place:\n{error}");
    }
}

#[test]
fn a_mistyped_key_is_told_once_and_a_lone_word_as_the_list_that_it_should_be() {
    let error = loaded("overrides:\n  - path: [x]\n    ignore: [strict]\n", &[]).expect_err("it is mistyped");
    assert!(error.contains("did you mean `paths`?") && !error.contains("needs the key"), "{error}");
    let error = loaded("overrides:\n  - paths: examples/\n    ignore: [strict]\n", &[]).expect_err("it is no list");
    assert!(error.contains("must be a list") && error.contains("= write `[examples/]`"), "{error}");
}

#[test]
fn a_file_of_comments_says_nothing() {
    for text in ["", "# later\n", "---\n# later\n", "\u{feff}\n"] {
        assert!(admitted(&configs(text), "public-port", "/r/a/compose.yaml"), "{text:?}");
    }
}

#[test]
fn what_is_selected_and_ignored_follows_the_path_and_the_command_line_wins() {
    let configs = configs(
        "ignore: [public-port]\nexclude: [vendor/]\noverrides:\n  - paths: [examples/]\n    select: [public-port]\n  \
         - paths: ['*.dev.yaml']\n    ignore: [store-no-auth]\n",
    );
    let rows = [
        ("public-port", "/r/a/compose.yaml", false),
        ("store-no-auth", "/r/a/compose.yaml", true),
        ("public-port", "/r/examples/compose.yaml", true),
        ("store-no-auth", "/r/examples/compose.yaml", false),
        ("store-no-auth", "/r/a/compose.dev.yaml", false),
        ("store-no-auth", "/r/vendor/compose.yaml", false),
        ("public-port", "/elsewhere/compose.yaml", true),
    ];
    for (rule, path, expected) in rows {
        assert_eq!(admitted(&configs, rule, path), expected, "{rule} {path}");
    }
    let select = Choice { only: vec!["public-port".into()], ..Choice::default() };
    assert!(asked(&configs, "public-port", "/r/a/compose.yaml", &select));
    assert!(!asked(&configs, "store-no-auth", "/r/a/compose.yaml", &select));
    let ignore = Choice { ignored: vec!["public-port".into()], ..Choice::default() };
    assert!(!asked(&configs, "public-port", "/r/examples/compose.yaml", &ignore));
}

#[test]
fn a_tier_beside_a_rule_runs_too() {
    let choice = Choice { only: vec!["public-port".into()], tiers: vec![Tier::Default], ..Choice::default() };
    assert!(asked(&Configs::default(), "store-no-auth", "/r/compose.yaml", &choice));
}

#[test]
fn severities_and_addresses_follow_the_path() {
    let configs = configs(
        "severity: { public-port: warning }\nallowed_addresses: [0.0.0.0]\noverrides:\n  - paths: [prod/]\n    \
         severity: { public-port: error }\n    allowed_addresses: ['[::]']\n",
    );
    let severity = |path: &str| configs.severity(Path::new(path), "public-port");
    assert_eq!(severity("/r/a/compose.yaml"), Some(Severity::Warning));
    assert_eq!(severity("/r/prod/compose.yaml"), Some(Severity::Error));
    assert_eq!(severity("/elsewhere"), None);
    let allows = |path: &str, address: &str| configs.allows_address(Path::new(path), address.parse().expect("an IP"));
    assert!(allows("/r/a/compose.yaml", "0.0.0.0") && !allows("/r/a/compose.yaml", "::"));
    assert!(allows("/r/prod/compose.yaml", "0.0.0.0") && allows("/r/prod/compose.yaml", "::"));
}

#[test]
fn projects_are_read_with_all_that_compose_is_told() {
    let further = [("/r/d/a.yaml", ""), ("/r/b.yaml", ""), ("/r/x.env", "")];
    let text = "projects:\n  - files: [d/a.yaml, b.yaml]\n    env_files: [x.env]\n    profiles: [web]\n  - files: [b.yaml]\n    \
                project_directory: d\n";
    let projects = loaded(text, &further).unwrap_or_else(|error| panic!("{error}")).configs.projects();
    let first = ProjectFiles {
        files: vec!["/r/d/a.yaml".into(), "/r/b.yaml".into()],
        folder: "/r/d".into(),
        reason: Reason::Configured,
        env_files: vec!["/r/x.env".into()],
        profiles: vec!["web".into()],
    };
    assert_eq!(projects[0], first);
    assert_eq!(projects[1].folder, Path::new("/r/d"));
}

#[test]
fn the_nearest_file_of_the_repository_counts() {
    let files =
        overlay("secrets: never\n", &[("/r/a/caulk.yml", "secrets: declare\n"), ("/caulk.yaml", "nonsense: 1\n")]);
    let folders = [Path::new("/r/a/b"), Path::new("/r/c")];
    let found = load(&files, &Where::Search, folders, &[], Path::new("/r")).expect("nothing is wrong").configs;
    let secrets = |path: &str| found.at(Path::new(path)).and_then(|config| config.secrets);
    assert_eq!(secrets("/r/a/b/compose.yaml"), Some(SecretsPolicy::Declare));
    assert_eq!(secrets("/r/c/compose.yaml"), Some(SecretsPolicy::Never));
    assert_eq!(secrets("/other"), None);

    let named = Where::File("/r/a/caulk.yml".into());
    let found = load(&files, &named, folders, &[], Path::new("/r")).expect("nothing is wrong").configs;
    assert_eq!(found.at(Path::new("/other")).and_then(|config| config.secrets), Some(SecretsPolicy::Declare));
    let none = load(&files, &Where::Nowhere, folders, &[], Path::new("/r")).expect("nothing is wrong").configs;
    assert_eq!(none.iter().count(), 0);
    let missing = load(&files, &Where::File("/r/no.yaml".into()), folders, &[], Path::new("/r"));
    assert_eq!(missing.expect_err("it is not there").to_string(), "no.yaml: there is no such file");
}

#[test]
fn rules_of_ones_own_can_be_named() {
    let rule = "id: my-rule\nsince: 1.0.0\ntier: strict\nsummary: a\nwhy: a\nfor: service\nwhere: { service.admin: true }\n\
                severity: info\nmessage: a\nat: service.name\n";
    let further = [("/r/lint/my-rule.yaml", rule)];
    let found = loaded("rules: [lint]\nselect: [my-rule]\n", &further).unwrap_or_else(|error| panic!("{error}"));
    assert!(found.rules.rule("my-rule").is_some());
    let error = loaded("rules: [lint]\nselect: [other]\n", &[("/r/lint/my-rule.yaml", "id: my-rule\n")]);
    let error = error.expect_err("both files have mistakes");
    assert!(error.contains("lint/my-rule.yaml:1:1") && error.contains("caulk.yaml:2:10"), "{error}");
}

/// `SNAPSHOTS=overwrite` writes it anew.
#[test]
fn the_committed_schema_is_current() {
    snapbox::assert_data_eq!(schema(), snapbox::file!["../../schemas/caulk.json"].raw());
}

#[test]
fn the_schema_refuses_what_caulk_refuses() {
    let good =
        ["", "select: [strict, public-port]\n", "severity: { my-own-rule: info }\n", "projects: [{ files: [a] }]\n"];
    for text in good {
        assert!(validator().is_valid(&as_json(text)), "{text}");
    }
    let bad = [
        "selct: [strict]\n",
        "select: strict\n",
        "severity: { public-port: fatal }\n",
        "projects: [{ files: [] }]\n",
        "projects: [{ profiles: [a] }]\n",
        "overrides: [{ ignore: [strict] }]\n",
        "overrides: [{ paths: [a], exclude: [b] }]\n",
        "secrets: generated\n",
        "baseline: ''\n",
    ];
    for text in bad {
        assert!(!validator().is_valid(&as_json(text)), "{text}");
        assert!(loaded(text, &[]).is_err(), "{text}");
    }
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&schema()).expect("it is JSON");
    jsonschema::validator_for(&schema).expect("it is a schema")
}

fn as_json(text: &str) -> Value {
    YamlLoader::load_from_str(text).expect("it is YAML").first().map_or(Value::Null, value)
}

fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => text.as_str().into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Boolean(bool) => (*bool).into(),
        Yaml::Array(items) => items.iter().map(value).collect(),
        Yaml::Hash(entries) => {
            entries.iter().map(|(key, item)| (key.as_str().unwrap_or_default().to_owned(), value(item))).collect()
        }
        _ => Value::Null,
    }
}
