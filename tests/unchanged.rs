//! What a repair does not mean to change stays as it was, in the eyes of the real Docker Compose and of caulk: for every
//! fixture, and every case of the conformance suite that caulk repairs.

mod common;
mod compose;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk::canonical::Unused;
use caulk::model::Invocation;
use serde_json::Value;

use common::{Folder, PROJECTS, compose as find_compose, compose_config, project, required};

/// The paths at which two resolved projects differ.
fn differences(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &path, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(a, b)| differences(a, b, &format!("{path}[]"), found));
        }
        _ if before == after => {}
        _ => found.push(path.to_owned()),
    }
}

/// What repairs are about: how a server is started and checked, what clients are told, and where ports listen. Of a port
/// list, the open entry may go if it has a twin. What services share stands below an extension, which Compose ignores.
fn is_meant(path: &str) -> bool {
    if path.starts_with("x-") {
        return true;
    }
    let Some((_, rest)) = path.strip_prefix("services.").and_then(|rest| rest.split_once('.')) else { return false };
    let starts = ["command", "entrypoint", "environment", "healthcheck.test"];
    starts
        .iter()
        .any(|key| rest == *key || rest.starts_with(&format!("{key}.")) || rest.starts_with(&format!("{key}[")))
        || matches!(rest, "ports" | "ports[].host_ip")
}

/// The project as caulk resolves it.
fn resolved(folder: &Path) -> Option<Value> {
    let invocation = Invocation {
        folder: folder.to_owned(),
        files: Vec::new(),
        env_files: Vec::new(),
        profiles: Vec::new(),
        project_directory: None,
        project_name: None,
        environment: BTreeMap::new(),
    };
    let answer = compose::resolve(&invocation, Unused::Drop);
    if answer.errors().next().is_some() { None } else { answer.root }
}

/// Repairs a copy of the project in `original` if there is something to repair; what has changed that should not have.
fn unmeant(original: &Path, call: Option<&[PathBuf]>) -> Option<Result<(), String>> {
    let folder = Folder::copy_of(original);
    let before = folder.files();
    folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    let after = folder.files();
    if after == before {
        return None;
    }
    let config = || call.map(|call| compose_config(call, &folder.path()));
    let (config_after, resolved_after) = (config(), resolved(&folder.path()));
    // In the same folder, since paths are part of what is compared.
    for (name, _) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        std::fs::remove_file(folder.path().join(name)).expect("caulk has made it");
    }
    before.iter().for_each(|(name, bytes)| drop(folder.write(name, bytes)));
    let mut found = Vec::new();
    if let (Some(Ok(before)), Some(after)) = (config(), config_after) {
        match after {
            Ok(after) => differences(&before, &after, "", &mut found),
            Err(error) => return Some(Err(format!("Compose refuses it: {error}"))),
        }
    }
    if let Some(before) = resolved(&folder.path()) {
        match resolved_after {
            Some(after) => differences(&before, &after, "", &mut found),
            None => return Some(Err("caulk can't resolve it any more".to_owned())),
        }
    }
    found.retain(|path| !is_meant(path));
    Some(if found.is_empty() { Ok(()) } else { Err(found.join(", ")) })
}

#[test]
fn nothing_else_changes_in_any_fixture() {
    let call = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", find_compose());
    for name in PROJECTS {
        let result = unmeant(&project(name).join("input"), call.as_deref());
        assert_eq!(result, Some(Ok(())), "{name}");
    }
}

#[test]
fn nothing_else_changes_in_any_case_of_the_conformance_suite() {
    let call = required("Docker Compose 2 ($DOCKER_COMPOSE, docker-compose or docker compose)", find_compose());
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let entries = std::fs::read_dir(suite).expect("it is there");
    let mut cases: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    cases.retain(|path| path.join("cmd").is_file());
    cases.sort();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (repaired, wrong) = std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(threads)).map(|part| {
            let call = call.as_deref();
            scope.spawn(move || {
                let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let results = part.iter().filter_map(|case| Some((name(case), unmeant(case, call)?)));
                results.collect::<Vec<_>>()
            })
        });
        let parts: Vec<_> = parts.collect();
        let results: Vec<_> = parts.into_iter().flat_map(|part| part.join().expect("no panic")).collect();
        let wrong = results.iter().filter_map(|(case, result)| Some(format!("{case}: {}", result.as_ref().err()?)));
        (results.len(), wrong.collect::<Vec<_>>())
    });
    assert!(wrong.is_empty(), "of {repaired}:\n{}", wrong.join("\n"));
    assert!(repaired > 20, "only {repaired} cases were repaired");
}
