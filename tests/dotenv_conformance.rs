//! Env files and what Docker Compose 2.40.3 reads in them: `NNN.env` with `NNN.expected.json` (keys and values) or
//! `NNN.expected.error`; a file `NNN.raw` marks `format: raw`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use caulk::syntax::Problem;
use caulk::syntax::env::{EnvFile, Format, Refusal, Resolution, parse, parse_raw};
use caulk::text::LineIndex;

/// Cases that are decided elsewhere, with the reason.
const EXCEPTIONS: [(&str, &str); 1] = [("166", "bytes that are no UTF-8 are found by whoever reads the file")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/dotenv")
}

/// The environment in which Compose ran.
fn host() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("host-env.json")).expect("the fixtures are there");
    let mut variables: BTreeMap<String, String> = serde_json::from_str(&text).expect("it is JSON");
    for name in ["HOME", "PATH", "PWD", "COMPOSE_PROJECT_NAME"] {
        variables.insert(name.to_owned(), format!("the {name} of the host"));
    }
    variables
}

/// Keys and values, or what Compose would say.
fn read(
    text: &str,
    raw: bool,
    host: &BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Vec<String>), String> {
    let (file, problems) = if raw { parse_raw(text) } else { parse(text) };
    let resolution = file.resolve(&mut |name| host.get(name).cloned());
    match first_error(text, &file, &problems, &resolution) {
        Some(error) => Err(error),
        None => {
            let values = resolution
                .entries
                .iter()
                .filter_map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned())))
                .collect();
            Ok((values, resolution.unset.into_iter().map(|unset| unset.name).collect()))
        }
    }
}

/// What Compose would say, in the form of [`expected_error`].
fn first_error(text: &str, file: &EnvFile, problems: &[Problem], resolution: &Resolution) -> Option<String> {
    let Some(problem) = problems.first() else {
        return resolution.refusals.first().map(|refusal| match refusal {
            Refusal::Unmet { unmet, .. } => unmet.to_string(),
            Refusal::Malformed { .. } => unreachable!("the parser reports it"),
        });
    };
    let message = problem.message.as_str();
    // Compose notices only at the end of the file that a quote is not closed.
    let at = if message == "unterminated quoted value" { text.len() } else { problem.span.start };
    let line = LineIndex::new(text).line_column(text, at).line;
    Some(match message {
        "invalid interpolation format" => "Invalid template".to_owned(),
        message if message.starts_with("unexpected character") => {
            format!("line {line}: unexpected character {}", problem.span.slice(text))
        }
        message if file.format == Format::Raw => message.to_owned(),
        message => format!("line {line}: {message}"),
    })
}

/// Compose's message without the lines and values that it repeats: in caulk's messages they would be leaks.
fn expected_error(message: &str) -> String {
    let message = message.trim().split_once(".env: ").map_or(message, |(_, rest)| rest).trim();
    if let Some((line, rest)) = message.split_once("unexpected character ") {
        let (character, _) = rest.split_once(" in variable name").expect("the message names the variable");
        let character: String = serde_json::from_str(character).expect("Go quotes it as JSON does");
        return format!("{line}unexpected character {character}");
    }
    for cut in ["Invalid template", "unterminated quoted value", "no variable name on line"] {
        if let Some(at) = message.find(cut) {
            return message[..at + cut.len()].to_owned();
        }
    }
    if message.starts_with("variable '") {
        return "variable name contains whitespaces".to_owned();
    }
    message.to_owned()
}

/// The variables that Compose warned about.
fn expected_warnings(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split('"').nth(1)).collect()
}

#[test]
fn compose_reads_the_same() {
    let host = host();
    let mut cases = 0;
    let mut failures = Vec::new();
    let mut files: Vec<_> = fs::read_dir(folder()).expect("the fixtures are there").flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    for file in files.iter().map(std::fs::DirEntry::path).filter(|path| path.extension().is_some_and(|e| e == "env")) {
        let name = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
        cases += 1;
        if EXCEPTIONS.iter().any(|(exception, _)| *exception == name) {
            continue;
        }
        let beside = |extension: &str| fs::read_to_string(file.with_extension(extension));
        let text = String::from_utf8_lossy(&fs::read(&file).expect("it can be read")).into_owned();
        let actual = read(&text, file.with_extension("raw").exists(), &host);
        let agrees = match (&actual, beside("expected.json"), beside("expected.error")) {
            (Ok((values, unset)), Ok(expected), _) => {
                let expected: BTreeMap<String, String> = serde_json::from_str(&expected).expect("it is JSON");
                let warnings = beside("expected.warnings").unwrap_or_default();
                *values == expected && *unset == expected_warnings(&warnings)
            }
            (Err(error), _, Ok(expected)) => *error == expected_error(&expected),
            _ => false,
        };
        if !agrees {
            failures.push(format!("{name}: {actual:?}"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(cases, 132, "the suite is complete");
}
