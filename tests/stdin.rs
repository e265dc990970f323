//! `caulk check --format json -`: what an editor without a language server calls at each pause in typing.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{Folder, project};
use serde_json::Value;

const COMPOSE: &str = "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass \
                       ${REDIS_PASSWORD}\n    ports: [\"${BIND_IP}:6379:6379\"]   # é🚀\n    volumes: [\"data:/data\"]\n\
                       volumes:\n  data:\n";

fn closed_project() -> Folder {
    let folder = Folder::new();
    folder.write("compose.yaml", COMPOSE);
    folder.write(".env", "REDIS_PASSWORD=hunter2hunter2hunter2\nBIND_IP=127.0.0.1\n");
    folder
}

/// The report on a buffer that stands for `name`, and the exit status.
fn check(folder: &Folder, name: &str, buffer: &str, more: &[&str]) -> (Value, Option<i32>) {
    let mut command = folder.command(&["check", "--format", "json", "-", "--stdin-filename", name]);
    command.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("caulk can be run");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    stdin.write_all(buffer.as_bytes()).expect("caulk reads it");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    (serde_json::from_slice(&output.stdout).unwrap_or_default(), output.status.code())
}

/// `path: rule` for each finding.
fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().expect("it is a report");
    let name = |finding: &Value, key: &str| finding[key].as_str().expect("it is a text").to_owned();
    all.iter().map(|finding| format!("{}: {}", name(finding, "path"), name(finding, "rule"))).collect()
}

#[test]
fn the_buffer_takes_the_place_of_the_file_and_nothing_is_written() {
    let folder = closed_project();
    let before = folder.files();
    let (report, status) = check(&folder, "compose.yaml", COMPOSE, &[]);
    assert_eq!((findings(&report), status), (Vec::new(), Some(0)));
    let open = COMPOSE.replace("${BIND_IP}:", "");
    let (report, status) = check(&folder, "compose.yaml", &open, &[]);
    assert_eq!((findings(&report), status), (vec!["compose.yaml: public-port".to_owned()], Some(1)));
    let range = &report["findings"][0]["range"];
    assert_eq!((&range["start"]["line"], &range["start"]["column"]), (&5.into(), &13.into()));
    assert_eq!(folder.files(), before);
}

#[test]
fn the_env_file_can_be_the_buffer() {
    let folder = closed_project();
    let (report, _) = check(&folder, ".env", "REDIS_PASSWORD=hunter2hunter2hunter2\nBIND_IP=\n", &[]);
    assert_eq!(findings(&report), ["compose.yaml: public-port"]);
    let (report, status) = check(&folder, ".env", "A='\n", &["--only-given"]);
    assert_eq!((findings(&report), status), (Vec::new(), Some(1)));
    assert_eq!(report["problems"][0]["path"], ".env");
}

#[test]
fn only_what_is_in_the_buffer_is_reported_if_that_is_asked_for() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let text = |name: &str| String::from_utf8(folder.files()[name].clone()).expect("it is UTF-8");
    let (all, _) = check(&folder, "docker-compose.yml", &text("docker-compose.yml"), &[]);
    assert!(findings(&all).contains(&"backend/.env: url-wrong-host".to_owned()), "{all}");
    let (own, _) = check(&folder, "docker-compose.yml", &text("docker-compose.yml"), &["--only-given"]);
    assert!(findings(&own).iter().all(|finding| finding.starts_with("docker-compose.yml")), "{own}");
    // The env file's project is found above it, in the same repository.
    folder.git(&["init", "-q"]);
    let (env, _) = check(&folder, "backend/.env", &text("backend/.env"), &["--only-given"]);
    assert_eq!(findings(&env), ["backend/.env: url-wrong-host"]);
}

#[test]
fn the_file_need_not_exist_yet() {
    let folder = closed_project();
    let open = "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    let (report, status) = check(&folder, "new/compose.yaml", open, &[]);
    assert!(findings(&report).contains(&"new/compose.yaml: store-no-auth".to_owned()), "{report}");
    assert_eq!(status, Some(1));
    let absolute = folder.path().join("compose.override.yaml").display().to_string();
    let (report, _) = check(&folder, &absolute, "services:\n  redis:\n    ports: [\"6380:6379\"]\n", &[]);
    assert_eq!(findings(&report), ["compose.override.yaml: public-port"]);
}

#[test]
fn an_env_file_of_no_project_is_refused() {
    let folder = Folder::new();
    let (report, status) = check(&folder, ".env", "A=1\n", &[]);
    assert_eq!((report, status), (Value::Null, Some(2)));
}

#[test]
fn a_buffer_may_be_anything() {
    let folder = closed_project();
    for buffer in ["", "\u{feff}", "services: [", "\t\u{0}", "services:\r\n  redis:\r\n    image: redis\r\n"] {
        for name in ["compose.yaml", ".env"] {
            let (report, status) = check(&folder, name, buffer, &[]);
            assert!(report.is_object() && status.is_some_and(|status| status < 2), "{name}: {buffer:?}: {status:?}");
        }
    }
}

#[test]
fn resolve_reads_a_compose_file_from_standard_input_as_compose_does() {
    let folder = Folder::new();
    folder.write(".env", "TAG=7\n");
    let mut command = folder.command(&["resolve", "--origins", "-f", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("caulk can be run");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    stdin.write_all(b"services:\n  redis: {image: \"redis:$TAG\"}\n").expect("caulk reads it");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("services.redis.image = redis:7") && text.contains("-:2 (TAG from .env:1)"), "{text}");
}

#[test]
fn a_remote_include_is_told_and_fails_no_build() {
    let folder = Folder::new();
    folder.write("compose.yaml", "include: [\"oci://docker.io/shop/base\"]\nservices:\n  web: {image: shop/web:1}\n");
    let run = folder.caulk(&["check"]);
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert!(run.stdout.contains("this is remote, it is not read"), "{}", run.all());
}
