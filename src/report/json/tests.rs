use serde_json::Value;
use snapbox::{assert_data_eq, str};

use super::super::sample::open_project;
use super::super::view::{FixView, HeldBackView, ProblemView, RefusedView, Report, Severity};
use super::*;

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &JsonOptions::default(), &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn schema() -> Value {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Document<'_>>();
    schema.insert("$id".into(), "https://raw.githubusercontent.com/caulk-dev/caulk/main/schemas/report-1.json".into());
    schema.insert("title".into(), SCHEMA.into());
    schema.to_value()
}

#[test]
fn the_committed_schema_is_the_one_of_the_structs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/report-1.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&schema()).expect("a schema is JSON"));
    if std::env::var_os("CAULK_WRITE_SCHEMAS").is_some() {
        std::fs::write(path, &current).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(path).expect("the schema is committed");
    assert_eq!(committed, current, "run the tests with CAULK_WRITE_SCHEMAS=1 to write {path}");
}

#[test]
fn reports_fit_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is valid");
    let mut fixed = open_project();
    fixed.fix = Some(FixView {
        applied: vec!["r1".into()],
        closed: Vec::new(),
        held_back: vec![HeldBackView { repair: "r3".into(), reason: vec!["not a store".into()], flag: None }],
        refused: vec![RefusedView { repair: "r2".into(), reason: "it would not be closed".into() }],
    });
    let range = Some(fixed.findings[0].range);
    let problem = ProblemView { path: "b.yml".into(), range, severity: Severity::Error, message: "a tab".into() };
    fixed.problems = vec![ProblemView { range: None, ..problem.clone() }, problem];
    for report in [Report::default(), open_project(), fixed] {
        let value: Value = serde_json::from_str(&written(&report)).expect("it is JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut other = serde_json::from_str::<Value>(&written(&open_project())).expect("it is JSON");
    other["schema"] = "caulk.report/2".into();
    assert!(!validator.is_valid(&other), "another version is another schema");
    other["schema"] = SCHEMA.into();
    other["findings"][0]["severity"] = "fatal".into();
    assert!(!validator.is_valid(&other));
}

#[test]
fn a_report_has_the_fields_of_its_schema_in_their_order() {
    let mut report = open_project();
    report.findings.truncate(1);
    report.repairs.truncate(1);
    assert_data_eq!(
        written(&report),
        str![[r#"
{
  "schema": "caulk.report/1",
  "tool": {
    "name": "caulk",
    "version": "0.1.0"
  },
  "summary": {
    "projects": 1,
    "files": 2,
    "findings": 1,
    "error": 1,
    "warning": 0,
    "info": 0,
    "suppressed": 0,
    "baselined": 0,
    "problems": 0
  },
  "projects": [
    {
      "id": "p1",
      "files": [
        "docker-compose.yml",
        ".env"
      ],
      "reason": "default name"
    }
  ],
  "findings": [
    {
      "rule": "store-no-auth",
      "severity": "error",
      "tier": "default",
      "project": "p1",
      "assumes": [],
      "message": "redis takes commands without a password",
      "help": "set a password and give it to the clients",
      "docs": "caulk explain store-no-auth",
      "path": "docker-compose.yml",
      "range": {
        "start": {
          "line": 4,
          "column": 3,
          "offset": 40
        },
        "end": {
          "line": 4,
          "column": 8,
          "offset": 45
        }
      },
      "label": "no password",
      "subject": {
        "service": "redis",
        "key": "services.redis",
        "variable": null,
        "store": "redis"
      },
      "labels": [
        {
          "path": ".env",
          "range": {
            "start": {
              "line": 3,
              "column": 11,
              "offset": 41
            },
            "end": {
              "line": 3,
              "column": 35,
              "offset": 65
            }
          },
          "message": "a client without a password"
        }
      ],
      "clients": [
        {
          "service": null,
          "variable": "REDIS_URL",
          "path": ".env",
          "line": 3,
          "set_elsewhere": false
        },
        {
          "service": "backend",
          "variable": "REDIS_URL",
          "path": ".env",
          "line": 3,
          "set_elsewhere": false
        },
        {
          "service": "backend",
          "variable": null,
          "path": "docker-compose.yml",
          "line": 12,
          "set_elsewhere": false
        },
        {
          "service": "worker",
          "variable": null,
          "path": null,
          "line": null,
          "set_elsewhere": false
        }
      ],
      "repairs": [
        "r1"
      ],
      "fingerprint": "store-no-auth:docker-compose.yml:redis"
    }
  ],
  "suppressed": [],
  "repairs": [
    {
      "id": "r1",
      "title": "password for redis (1 secret, 1 client URL)",
      "applicability": "safe",
      "needs_secret": [
        "REDIS_PASSWORD"
      ],
      "held_back": null,
      "made_by": null,
      "edits": [
        {
          "path": ".env",
          "kind": "edit",
          "range": {
            "start": {
              "line": 3,
              "column": 35,
              "offset": 65
            },
            "end": {
              "line": 3,
              "column": 35,
              "offset": 65
            }
          },
          "text": "/nREDIS_PASSWORD={{secret:REDIS_PASSWORD}}"
        },
        {
          "path": ".gitignore",
          "kind": "create",
          "text": ".env/n"
        }
      ]
    }
  ],
  "problems": [],
  "fix": null,
  "apply_with": [
    "docker compose up -d redis backend"
  ],
  "apply_with_profile": [],
  "notes": []
}

"#]]
    );
}

#[test]
fn strings_are_whole_but_nothing_in_them_is_obeyed() {
    let evil = "a\u{1b}[2J\u{9b}1m\u{7f}\u{202e}\u{e0041}\n\"é🚀";
    let report = Report { notes: vec![evil.into()], ..Report::default() };
    let text = written(&report);
    assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text}");
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(value["notes"][0], evil);
}
