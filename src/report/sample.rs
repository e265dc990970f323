//! A report as a run on a small open project gives it, for the tests of the renderers.

use super::view::*;
use crate::text::Span;

const COMPOSE: &str = "\
services:
  web:
    ports: [\"80:80\"]
  redis:
    image: redis:7-alpine
    # the queue
    ports:
      - \"6379:6379\"
";
const ENV: &str = "# local\nSESSION_SECRET=hunter2\nREDIS_URL=redis://localhost:6379/0\n";

/// The range of the first `what` in `file`.
pub(super) fn range(file: &FileText, what: &str) -> RangeView {
    let start = file.text().find(what).expect("it is in the text");
    RangeView::new(file.text(), file.index(), Span::new(start, start + what.len()))
}

fn finding(rule: &str, severity: Severity, message: &str, file: &FileText, path: &str, what: &str) -> FindingView {
    FindingView {
        rule: rule.into(),
        severity,
        tier: Tier::Default,
        project: "p1".into(),
        assumes: Vec::new(),
        message: message.into(),
        help: None,
        docs: format!("caulk explain {rule}"),
        path: path.into(),
        range: range(file, what),
        label: String::new(),
        subject: SubjectView::default(),
        labels: Vec::new(),
        clients: Vec::new(),
        repairs: Vec::new(),
        is_consequence: false,
        fingerprint: format!("{rule}:{path}:{what}"),
    }
}

fn client(service: Option<&str>, variable: Option<&str>, place: Option<(&str, usize)>) -> ClientView {
    ClientView {
        service: service.map(str::to_owned),
        variable: variable.map(str::to_owned),
        place: place.map(|(path, line)| (path.to_owned(), line)),
        is_set_elsewhere: false,
    }
}

/// The project before any repair.
pub(super) fn open_project() -> Report {
    let compose = FileText::new(COMPOSE.into(), Vec::new());
    let env = FileText::new(ENV.into(), Vec::new());
    let redis = SubjectView {
        service: Some("redis".into()),
        key: Some("services.redis".into()),
        variable: None,
        store: Some("redis".into()),
    };
    let path = "docker-compose.yml";
    let no_auth = FindingView {
        label: "no password".into(),
        subject: redis.clone(),
        labels: vec![LabelView {
            path: ".env".into(),
            range: range(&env, "redis://localhost:6379/0"),
            message: "a client without a password".into(),
        }],
        help: Some("set a password and give it to the clients".into()),
        clients: vec![
            client(None, Some("REDIS_URL"), Some((".env", 3))),
            client(Some("backend"), Some("REDIS_URL"), Some((".env", 3))),
            client(Some("backend"), None, Some((path, 12))),
            client(Some("worker"), None, None),
        ],
        repairs: vec!["r1".into()],
        ..finding("store-no-auth", Severity::Error, "redis takes commands without a password", &compose, path, "redis")
    };
    let public = FindingView {
        label: "anyone who can reach this host can read and write".into(),
        subject: SubjectView { key: Some("services.redis.ports[0]".into()), ..redis },
        repairs: vec!["r2".into()],
        ..finding(
            "public-port",
            Severity::Error,
            "port 6379 is published on every address",
            &compose,
            path,
            "\"6379:6379\"",
        )
    };
    let web = FindingView {
        subject: SubjectView { service: Some("web".into()), ..SubjectView::default() },
        repairs: vec!["r3".into()],
        ..finding(
            "public-port",
            Severity::Info,
            "port 80 of web is published on every address",
            &compose,
            path,
            "\"80:80\"",
        )
    };
    let end = range(&env, "redis://localhost:6379/0").end;
    let repair = |id: &str, title: &str, applicability, edits| RepairView {
        project: "p1".into(),
        id: id.into(),
        title: title.into(),
        applicability,
        needs_secret: Vec::new(),
        held_back: Vec::new(),
        whole_folder: None,
        made_by: None,
        edits,
    };
    let password = EditView {
        path: ".env".into(),
        kind: EditKind::Edit(RangeView { start: end, end }),
        text: "\nREDIS_PASSWORD={{secret:REDIS_PASSWORD}}".into(),
    };
    let ignore = EditView { path: ".gitignore".into(), kind: EditKind::Create, text: ".env\n".into() };
    Report {
        version: "0.1.0".into(),
        projects: vec![ProjectView {
            id: "p1".into(),
            files: vec![path.into(), ".env".into()],
            reason: "default name".into(),
        }],
        files: 2,
        repairs: vec![
            RepairView {
                needs_secret: vec!["REDIS_PASSWORD".into()],
                ..repair(
                    "r1",
                    "password for redis (1 secret, 1 client URL)",
                    Applicability::Safe,
                    vec![password, ignore],
                )
            },
            repair("r2", "port 6379 of redis for this host only", Applicability::Safe, Vec::new()),
            RepairView {
                held_back: vec!["not a store".into()],
                ..repair("r3", "port 80 of web for this host only", Applicability::Unsafe, Vec::new())
            },
        ],
        findings: vec![no_auth, public, web],
        apply_with: vec!["docker compose up -d redis backend".into()],
        texts: [(path.to_owned(), compose), (".env".to_owned(), env)].into(),
        ..Report::default()
    }
}
