//! Projects and what Docker Compose 2.40.3 makes of them: `fixtures/conformance/README.md` describes the cases.
//! The environment variable `CAULK_CONFORMANCE` names a second folder of cases.
#![expect(clippy::print_stdout, reason = "a count and the failures are what a person wants of this test")]

mod compose;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use caulk::canonical::Unused;
use caulk::model::{Invocation, Problem};
use caulk::source::{decode, decode_env};
use caulk::syntax::env::{parse, parse_raw};
use compose::{Answer, copy, first_difference, resolve};
use serde_json::Value;

/// Cases that caulk answers in its own way.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("150", "a service named on the command line is not part of `resolve`"),
    ("593", "a bug of the reference: `x-` keys in `environment` and `labels` become `#extensions`"),
];

#[test]
fn conformance() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let second = std::env::var_os("CAULK_CONFORMANCE").map(PathBuf::from);
    let mut failed = Vec::new();
    for suite in std::iter::once(own).chain(second) {
        let cases = names(&suite, |path| path.join("cmd").is_file());
        let wrong = wrong(&cases, &EXCEPTIONS, |case| run_case(&suite.join(case)));
        let env_files = names(&suite.join("dotenv"), |path| path.extension().is_some_and(|end| end == "env"));
        let wrong_env = self::wrong(&env_files, &[], |case| run_env_file(&suite.join("dotenv"), case));
        println!(
            "{} of {} projects, {} of {} env files",
            cases.len() - wrong.len(),
            cases.len(),
            env_files.len() - wrong_env.len(),
            env_files.len()
        );
        for (case, why) in wrong.into_iter().chain(wrong_env) {
            let number = case.split(['-', '.']).next().unwrap_or(&case);
            let reason = EXCEPTIONS.iter().find(|(known, _)| *known == number);
            println!("{case}: {why}{}", reason.map(|(_, reason)| format!(" ({reason})")).unwrap_or_default());
            if reason.is_none() {
                failed.push(case);
            }
        }
    }
    assert_eq!(failed, Vec::<String>::new());
}

/// The entries of a folder that are cases, sorted.
fn names(folder: &Path, is_case: fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> = entries
        .filter(|path| is_case(path))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    names.sort();
    names
}

/// The cases that fail, and why; an exception that passes is no exception.
fn wrong(
    cases: &[String],
    exceptions: &[(&str, &str)],
    run: impl Fn(&str) -> Result<(), String>,
) -> Vec<(String, String)> {
    cases
        .iter()
        .filter_map(|case| match run(case) {
            Err(why) => Some((case.clone(), why)),
            Ok(()) => {
                let listed = exceptions.iter().any(|(number, _)| case.starts_with(number));
                assert!(!listed, "{case} passes: it is no exception");
                None
            }
        })
        .collect()
}

/// A case's `cmd`.
struct Cmd {
    mode: String,
    args: Vec<String>,
    config_args: Vec<String>,
    env: BTreeMap<String, String>,
    cwd: String,
    mkdir: Vec<String>,
    unstable: bool,
}

impl Cmd {
    fn read(case: &Path) -> Self {
        let text = fs::read_to_string(case.join("cmd")).expect("the case has a cmd");
        let json: Value = serde_json::from_str(&text).expect("cmd is JSON");
        let text = |key: &str, other: &str| json.get(key).and_then(Value::as_str).unwrap_or(other).to_owned();
        let list = |key: &str| {
            let items = json.get(key).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let env = json.get("env").and_then(Value::as_object).into_iter().flatten();
        Self {
            mode: text("mode", "json"),
            args: list("args"),
            config_args: list("config_args"),
            env: env.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
            cwd: text("cwd", "."),
            mkdir: list("mkdir"),
            unstable: json.get("unstable") == Some(&Value::Bool(true)),
        }
    }
}

fn run_case(case: &Path) -> Result<(), String> {
    let cmd = Cmd::read(case);
    if !cmd.config_args.is_empty() {
        return Err("it has arguments behind `config`".to_owned());
    }
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let parent = scratch.path().canonicalize().expect("it is there");
    let (project, home) = (parent.join("caulkcase"), parent.join("home"));
    copy(case, &project);
    fs::create_dir_all(&home).expect("a folder can be made");
    for name in fs::read_dir(&project).expect("it is there").flatten() {
        let name = name.file_name().to_string_lossy().into_owned();
        if name == "cmd" || name.starts_with("expected.") {
            fs::remove_file(project.join(name)).expect("it was copied");
        }
    }
    for folder in &cmd.mkdir {
        fs::create_dir_all(project.join(folder)).expect("a folder can be made");
    }
    let places = [("@DIR@", &project), ("@PARENT@", &parent), ("@HOME@", &home)];
    let put = |text: &str| {
        places.iter().fold(text.to_owned(), |text, (mark, path)| text.replace(mark, &path.to_string_lossy()))
    };
    let take = |text: &str| {
        let text = text.replace(&*project.to_string_lossy(), "@DIR@").replace(&*home.to_string_lossy(), "@HOME@");
        text.replace(&*parent.to_string_lossy(), "@PARENT@").replace("caulkcase", "@PROJECT@")
    };
    let mut environment: BTreeMap<String, String> =
        cmd.env.iter().map(|(key, value)| (key.clone(), put(value))).collect();
    environment.insert("HOME".to_owned(), home.to_string_lossy().into_owned());
    environment.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let (mut invocation, unused) = invocation(&cmd.args.iter().map(|arg| put(arg)).collect::<Vec<_>>())?;
    invocation.folder = caulk::source::absolute(&project, &cmd.cwd);
    invocation.environment = environment;
    let answer = resolve(&invocation, unused);
    if let Ok(expected) = fs::read_to_string(case.join("expected.json")) {
        compare(&expected, &cmd.mode, &answer, &take)?;
    } else {
        has_placed_error(&answer)?;
    }
    if cmd.unstable { Ok(()) } else { compare_warnings(case, &answer) }
}

/// The flags that come before `config`.
fn invocation(args: &[String]) -> Result<(Invocation, Unused), String> {
    let (mut invocation, mut unused) = (Invocation::default(), Unused::Drop);
    let mut args = args.iter().cloned();
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "-f" | "--file" => invocation.files.push(value()),
            "--env-file" => invocation.env_files.push(value()),
            "--profile" => invocation.profiles.push(value()),
            "--project-directory" => invocation.project_directory = Some(value()),
            "-p" | "--project-name" => invocation.project_name = Some(value()),
            "--all-resources" => unused = Unused::Keep,
            other => return Err(format!("caulk has no flag {other}")),
        }
    }
    Ok((invocation, unused))
}

fn compare(expected: &str, mode: &str, answer: &Answer, take: &dyn Fn(&str) -> String) -> Result<(), String> {
    if let Some(problem) = answer.errors().next() {
        return Err(format!("caulk refuses it: {}", problem.message));
    }
    let expected: Value = serde_json::from_str(expected).expect("it is JSON");
    let (root, located) = answer.root.as_ref().zip(answer.located.as_ref()).ok_or("caulk found nothing")?;
    let found = match mode {
        "json" => root.clone(),
        "services" => {
            let names = root.get("services").and_then(Value::as_object).into_iter().flatten();
            Value::Array(names.map(|(name, _)| Value::String(name.clone())).collect())
        }
        "environment" => {
            let known = expected.as_object().into_iter().flatten().map(|(name, _)| name);
            let value = |name: &String| Some((name.clone(), Value::String(located.variables.get(name)?.to_owned())));
            Value::Object(known.filter_map(value).collect())
        }
        other => return Err(format!("caulk does not print {other}")),
    };
    let found: Value = serde_json::from_str(&take(&found.to_string())).expect("it is still JSON");
    first_difference(&expected, &found, "").map_or(Ok(()), Err)
}

/// What Compose refuses is a problem of a file, and of a place in it if the file can be read.
fn has_placed_error(answer: &Answer) -> Result<(), String> {
    let Some(problem) = answer.errors().next() else { return Err("Compose refuses it, caulk does not".to_owned()) };
    let text = answer.texts.iter().find(|(path, _)| *path == problem.path);
    let in_text = |problem: &Problem, text: &str| text.get(problem.span.start..problem.span.end).is_some();
    match (problem.source, text) {
        (Some(_), Some((_, text))) if in_text(problem, text) => Ok(()),
        (None, _) if problem.path.is_absolute() => Ok(()),
        _ => Err(format!("`{}` has no place", problem.message)),
    }
}

/// What Compose warns about is a warning; of variables without a value there are no others.
fn compare_warnings(case: &Path, answer: &Answer) -> Result<(), String> {
    if case.join("expected.error").is_file() {
        return Ok(());
    }
    let expected = fs::read_to_string(case.join("expected.warnings")).unwrap_or_default();
    let found: Vec<&str> = answer.warnings().map(|problem| problem.message.as_str()).collect();
    let warned = |wanted: &str| found.iter().any(|message| message.contains(wanted));
    let mut blank = BTreeSet::new();
    for line in expected.lines() {
        let known = if let Some((_, rest)) = line.split_once("The \"") {
            let name = rest.split('"').next().unwrap_or_default();
            blank.insert(name.to_owned());
            warned(&format!("the variable {name} is not set"))
        } else if line.contains("for boolean is not supported") {
            warned("Compose reads a boolean here")
        } else if line.contains("external.name is deprecated") {
            warned("`external.name` is deprecated")
        } else if line.contains("`version` is obsolete") {
            warned("`version`, which is obsolete")
        } else if line.starts_with("Found multiple") {
            warned("stands beside it and is not read")
        } else {
            // "Using FILE" says what the line before it means.
            line.starts_with("Using ")
        };
        if !known {
            return Err(format!("caulk does not warn: {line}"));
        }
    }
    let names = found.iter().filter_map(|message| message.strip_prefix("the variable ")?.split(' ').next());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    if names == blank { Ok(()) } else { Err(format!("blank for Compose {blank:?}, for caulk {names:?}")) }
}

/// An env file as a service reads it.
fn run_env_file(folder: &Path, name: &str) -> Result<(), String> {
    let stem = name.trim_end_matches(".env");
    let host = fs::read_to_string(folder.join("host-env.json")).expect("the suite has it");
    let mut host: BTreeMap<String, String> = serde_json::from_str(&host).expect("it is JSON");
    for name in ["HOME", "PATH", "PWD", "COMPOSE_PROJECT_NAME"] {
        host.insert(name.to_owned(), format!("the {name} of the host"));
    }
    let bytes = fs::read(folder.join(name)).expect("the case is there");
    let raw = folder.join(format!("{stem}.raw")).exists();
    let text = if raw { decode(&bytes) } else { decode_env(&bytes) };
    let is_text = text.is_ok();
    let text = text.unwrap_or_default();
    let (file, problems) = if raw { parse_raw(&text) } else { parse(&text) };
    let resolution = file.resolve(&mut |name| host.get(name).cloned());
    let accepted = is_text && problems.is_empty() && resolution.refusals.is_empty();
    match fs::read_to_string(folder.join(format!("{stem}.expected.json"))) {
        Ok(_) if !accepted => Err("Compose accepts it, caulk does not".to_owned()),
        Ok(expected) => {
            let expected: BTreeMap<String, String> = serde_json::from_str(&expected).expect("it is JSON");
            let found: BTreeMap<String, String> = resolution
                .entries
                .iter()
                .filter_map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned())))
                .collect();
            let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            let wrong: Vec<_> = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key)).collect();
            if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:?} differ")) }
        }
        Err(_) if accepted => Err("Compose refuses it, caulk does not".to_owned()),
        Err(_) => Ok(()),
    }
}
