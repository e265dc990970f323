//! Resolves a project as `caulk resolve` does, for tests that compare it with Docker Compose.
#![allow(dead_code, reason = "each test program uses its own part of this module")]

use std::path::Path;

use caulk::canonical::{self, Unused};
use caulk::cli::resolve::to_json;
use caulk::model::{Invocation, Located, Problem, Weight, Workspace};
use caulk::source::Disk;
use serde_json::Value;

/// What caulk makes of a call of `docker compose`.
pub struct Answer {
    /// The project, `$` doubled; `None` if there is nothing to show.
    pub root: Option<Value>,
    /// All problems.
    pub problems: Vec<Problem>,
    /// What was found, the variables among it.
    pub located: Option<Located>,
    /// The texts of the problems' files, by path.
    pub texts: Vec<(std::path::PathBuf, String)>,
}

impl Answer {
    /// The problems because of which Compose refuses the project.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.weight == Weight::Error)
    }

    /// The problems about which Compose warns.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.weight == Weight::Warning)
    }
}

/// Resolves what `invocation` names on the disk.
pub fn resolve(invocation: &Invocation, unused: Unused) -> Answer {
    let mut workspace = Workspace::empty(&Disk);
    let (located, mut problems) = workspace.apart(|workspace| invocation.locate(workspace));
    let root = located.as_ref().and_then(|located| {
        let resolved = canonical::resolve(&mut workspace, located, unused);
        problems.extend(resolved.problems);
        problems.extend(resolved.inconsistencies);
        resolved.root
    });
    let texts = workspace.sources.iter().map(|(_, source)| (source.path.clone(), source.text.to_string())).collect();
    Answer { root: root.as_ref().map(to_json), problems, located, texts }
}

/// The first path at which two values differ, and how.
pub fn first_difference(compose: &Value, caulk: &Value, path: &str) -> Option<String> {
    match (compose, caulk) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => first_difference(a, b, &format!("{path}.{key}")),
                (Some(_), None) => Some(format!("{path}.{key}: only Compose has it")),
                _ => Some(format!("{path}.{key}: only caulk has it")),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| first_difference(a, b, &format!("{path}[{at}]")))
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        _ if compose == caulk => None,
        _ => Some(format!("{path}: Compose {compose}, caulk {caulk}")),
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the target can be made");
    for entry in std::fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}
