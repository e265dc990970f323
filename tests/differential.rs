//! Random projects, resolved by caulk and by the real Docker Compose.
//!
//! `DOCKER_COMPOSE` names the binary, `CAULK_DIFFERENTIAL_CASES` the number of cases, `CAULK_DIFFERENTIAL_SEED` the first seed.
#![expect(clippy::print_stdout, reason = "a count and the failures are what a person wants of this test")]

mod compose;
mod random;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use caulk::canonical::Unused;
use caulk::model::Invocation;
use compose::{first_difference, resolve};
use random::Project;
use serde_json::Value;

/// The real binary, if there is one.
fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("DOCKER_COMPOSE").map(PathBuf::from);
    let cached = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/judge-tools/docker-compose"));
    named.or(cached).filter(|path| path.is_file())
}

fn number(name: &str, other: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(other)
}

#[test]
fn random_projects_are_read_as_compose_reads_them() {
    let Some(binary) = binary() else {
        println!("skipped: no Docker Compose; set DOCKER_COMPOSE to its path");
        return;
    };
    let (cases, first) = (number("CAULK_DIFFERENTIAL_CASES", 40), number("CAULK_DIFFERENTIAL_SEED", 1));
    println!("{cases} cases from seed {first} on");
    let (mut accepted, mut failed) = (0, Vec::new());
    for seed in first..first + cases {
        let project = Project::new(seed);
        match compare(&binary, &project) {
            Ok(true) => accepted += 1,
            Ok(false) => {}
            Err(why) => {
                println!("seed {seed}: {why}");
                project.files.iter().for_each(|(name, text)| println!("--- {name}\n{text}"));
                failed.push(seed);
            }
        }
    }
    println!("{accepted} of {cases} are accepted by Compose, {} differ", failed.len());
    assert_eq!(failed, Vec::<u64>::new(), "seeds");
}

/// True if both accept the project and agree, false if both refuse it.
fn compare(binary: &Path, project: &Project) -> Result<bool, String> {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let folder = scratch.path().canonicalize().expect("it is there").join("case");
    for (name, text) in &project.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
    let environment: BTreeMap<String, String> =
        [("HOME", "/home/someone"), ("PATH", "/usr/bin:/bin"), ("SHELL_SET", "shell"), ("SHELL_EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let mut command = Command::new(binary);
    command.current_dir(&folder).env_clear().envs(&environment).stdin(Stdio::null());
    for file in &project.order {
        command.args(["-f", file]);
    }
    let output = command.args(["config", "--format", "json"]).output().expect("Compose runs");
    let invocation =
        Invocation { folder: folder.clone(), files: project.order.clone(), environment, ..Invocation::default() };
    let answer = resolve(&invocation, Unused::Drop);
    let refused = answer.errors().next();
    match (output.status.success(), refused) {
        (false, Some(_)) => Ok(false),
        (false, None) => Err(format!("only Compose refuses it: {}", String::from_utf8_lossy(&output.stderr).trim())),
        (true, Some(problem)) => Err(format!("only caulk refuses it: {}", problem.message)),
        (true, None) => {
            let compose: Value = serde_json::from_slice(&output.stdout).expect("Compose prints JSON");
            let difference = first_difference(&compose, &answer.root.unwrap_or_default(), "");
            difference.map_or(Ok(true), Err)
        }
    }
}
