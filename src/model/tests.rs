use std::path::{Path, PathBuf};

use super::container_env::Site;
use super::discover::projects_of;
use super::node::{Certainty, Node, Value};
use super::*;
use crate::source::{NoFiles, Overlay};

fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in files {
        overlay.set(Path::new("/p").join(path), text.as_bytes());
    }
    let given: Vec<PathBuf> =
        files.iter().filter(|(path, _)| path.ends_with(".yml")).map(|(path, _)| Path::new("/p").join(path)).collect();
    let sets = projects_of(&overlay, &given[..1]);
    let workspace = Workspace::read(&overlay, &sets, &Options::default());
    let lines = workspace.projects.iter().filter_map(|project| project.root.as_ref()).flat_map(|root| lines(root, ""));
    let problems = workspace.problems().map(|problem| problem.message.clone());
    (lines.collect(), problems.collect())
}

fn lines(node: &Node, path: &str) -> Vec<String> {
    match &node.value {
        Value::Map(map) => {
            map.entries.iter().flat_map(|entry| lines(&entry.value, &format!("{path}.{}", entry.key))).collect()
        }
        Value::List(items) => {
            items.iter().enumerate().flat_map(|(at, item)| lines(item, &format!("{path}[{at}]"))).collect()
        }
        _ => vec![format!("{path}={}", node.scalar_text().map_or("null".to_owned(), |text| text.value))],
    }
}

#[test]
fn an_override_lies_over_the_main_file_and_lists_append() {
    let (lines, problems) = read(&[
        (
            "docker-compose.yml",
            "services:\n  a:\n    image: x\n    command: old\n    ports: ['1:1']\n    environment: {A: 1}\n",
        ),
        (
            "docker-compose.override.yml",
            "services:\n  a:\n    command: new\n    ports: ['2:2']\n    environment: [B=2]\n",
        ),
    ]);
    assert_eq!(problems, [""; 0]);
    let expected = [
        ".services.a.image=x",
        ".services.a.command=new",
        ".services.a.ports[0]=1:1",
        ".services.a.ports[1]=2:2",
        ".services.a.environment[0].A=1",
        ".services.a.environment[1]=B=2",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn merge_keys_are_shallow_and_explicit_keys_win() {
    let (lines, problems) = read(&[(
        "compose.yml",
        "x-a: &a\n  image: x\n  environment: {A: 1}\nservices:\n  s:\n    <<: *a\n    environment: {B: 2}\n  t: *a\n",
    )]);
    assert_eq!(problems, [""; 0]);
    let services: Vec<_> = lines.iter().filter(|line| line.starts_with(".services")).collect();
    assert_eq!(
        services,
        [".services.s.environment.B=2", ".services.s.image=x", ".services.t.image=x", ".services.t.environment.A=1"]
    );
}

#[test]
fn extended_services_bring_their_base_along() {
    let (lines, problems) = read(&[
        ("compose.yml", "services:\n  s:\n    extends: {file: b/base.yml, service: t}\n    environment: {B: 2}\n"),
        ("b/base.yml", "services:\n  t:\n    image: x\n    environment: {A: 1}\n"),
    ]);
    assert_eq!(problems, [""; 0]);
    assert_eq!(lines, [".services.s.image=x", ".services.s.environment[0].A=1", ".services.s.environment[1].B=2"]);
}

#[test]
fn services_that_extend_each_other_in_a_circle_are_reported() {
    let (_, problems) = read(&[("compose.yml", "services:\n  a:\n    extends: b\n  b:\n    extends: a\n")]);
    assert!(
        problems.iter().all(|problem| problem == "services extend each other in a circle") && !problems.is_empty(),
        "{problems:?}"
    );
}

#[test]
fn a_reset_takes_back_what_was_merged_before() {
    let (lines, _) = read(&[
        ("compose.yml", "services:\n  a:\n    image: x\n    ports: ['1:1']\n    command: c\n"),
        ("compose.override.yml", "services:\n  a:\n    ports: !override ['2:2']\n    command: !reset null\n"),
    ]);
    assert_eq!(lines, [".services.a.image=x", ".services.a.ports[0]=2:2"]);
}

#[test]
fn variables_come_from_the_env_file_and_a_missing_one_is_an_assumption() {
    let mut overlay = Overlay::new(&NoFiles);
    overlay.set(
        "/p/compose.yml".into(),
        &b"services:\n  a:\n    image: x:${TAG}\n    command: '${NONE}'\n    user: ${MUST:?}\n"[..],
    );
    overlay.set("/p/.env".into(), &b"TAG=7\n"[..]);
    let sets = projects_of(&overlay, &["/p/compose.yml".into()]);
    let workspace = Workspace::read(&overlay, &sets, &Options::default());
    let service = workspace.projects[0].service("a").expect("the service is there");
    let text = |key: &str| service.get(key).and_then(Node::as_text).expect("a text");
    assert_eq!((text("image").value.as_str(), &text("image").certainty), ("x:7", &Certainty::Known));
    assert_eq!(text("command").certainty, Certainty::Assumed(vec!["NONE".to_owned()]));
    assert_eq!(text("user").certainty, Certainty::Unknown(vec!["MUST".to_owned()]));
}

#[test]
fn environment_beats_env_files_and_later_files_beat_earlier_ones() {
    let mut overlay = Overlay::new(&NoFiles);
    let compose = "services:\n  a:\n    image: x\n    env_file: [one.env, two.env]\n    environment:\n      - A=compose\n      - GONE\n";
    overlay.set("/p/compose.yml".into(), compose.as_bytes());
    overlay.set("/p/one.env".into(), &b"A=1\nB=1\nGONE=1\n"[..]);
    overlay.set("/p/two.env".into(), &b"B=2\n"[..]);
    let sets = projects_of(&overlay, &["/p/compose.yml".into()]);
    let workspace = Workspace::read(&overlay, &sets, &Options::default());
    let env = &workspace.projects[0].containers["a"];
    let value = |name: &str| env.get(name).and_then(|variable| variable.value.as_ref()).map(|text| text.value.as_str());
    assert_eq!((value("A"), value("B"), value("GONE")), (Some("compose"), Some("2"), None));
    assert!(matches!(env.get("B").expect("it is there").site, Site::File { .. }));
    assert!(!env.open);
}

#[test]
fn what_is_remote_is_noted_at_its_place_and_is_no_mistake() {
    let remote = ["git@github.com:foo/bar.git", "github.com/foo/bar", "oci://docker.io/foo/bar"];
    for name in remote {
        let (_, problems) = read(&[("compose.yml", &format!("include: ['{name}']\nservices:\n  a: {{image: x}}\n"))]);
        assert_eq!(problems, ["this is remote, it is not read"], "{name}");
        let extends = format!("services:\n  a:\n    image: x\n    extends: {{file: '{name}', service: b}}\n");
        let (lines, problems) = read(&[("compose.yml", &extends)]);
        assert_eq!(problems, ["this is remote, it is not read"], "{name}");
        assert_eq!(lines, [".services.a.image=x"], "what is here is read");
    }
}
