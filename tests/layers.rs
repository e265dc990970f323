//! Keeps the layers of `src/`: each module uses only those above it, and what touches the outside world stays where
//! it belongs. The lines are read as text, so a violation is named with its file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules, the ground floor first. Each may use those before it.
const LAYERS: [&str; 19] = [
    "text",
    "syntax",
    "decode",
    "source",
    "model",
    "canonical",
    "catalog",
    "lens",
    "topology",
    "rule",
    "config",
    "inputs",
    "lint",
    "fix",
    "report",
    "origins",
    "live",
    "lsp",
    "cli",
];

/// Modules that may use less than their place in [`LAYERS`] allows.
const NARROWER: [(&str, &[&str]); 2] = [("catalog", &["text"]), ("report", &["text"])];

/// What only some files may name: the word, where it is allowed, and why.
const CONFINED: [(&str, &[&str], &str); 6] = [
    (
        "std::fs",
        &["source/disk.rs", "fix/commit", "fix/journal"],
        "files are read through `source::Files` and written by `fix::commit`",
    ),
    ("std::process", &["cli", "main.rs", "source/git.rs"], "only the command line ends the process or starts others"),
    ("serde::Serialize", &["report", "fix/journal", "lsp"], "what is written out has structs of its own"),
    ("clap", &["cli", "main.rs"], "arguments become plain settings in `cli`"),
    ("miette::Report", &["cli", "main.rs"], "below the command line, errors are enums"),
    ("miette", &["report", "cli", "main.rs"], "diagnostics are drawn in `report`"),
];

#[test]
fn every_module_uses_only_those_above_it() {
    let mut violations = Vec::new();
    for (path, text) in sources() {
        violations.extend(violations_in(&path, &text));
    }
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn the_check_sees_what_it_should_see() {
    let cases: [(&str, &str, &[&str]); 20] = [
        ("lens/port.rs", "use crate::model::node::Node;\n", &[]),
        ("model/node.rs", "\nuse crate::lens::Port;\n", &["src/model/node.rs:2: `model` uses `lens`"]),
        ("model/node.rs", "fn f() -> crate::catalog::Store {}", &["src/model/node.rs:1: `model` uses `catalog`"]),
        ("lens.rs", "use crate::{\n    fix,\n    text::{Span, Edit},\n};", &["src/lens.rs:2: `lens` uses `fix`"]),
        ("lens/a/b.rs", "use super::super::super::lint::Finding;", &["src/lens/a/b.rs:1: `lens` uses `lint`"]),
        ("lens/a/b.rs", "use super::super::fix::Finding;", &[]),
        ("catalog/image.rs", "use crate::syntax::words;", &["src/catalog/image.rs:1: `catalog` uses `syntax`"]),
        ("report/text.rs", "use crate::fix::Plan;", &["src/report/text.rs:1: `report` uses `fix`"]),
        ("report/text.rs", "use crate::report::view::Row;\nuse crate::text::Span;", &[]),
        ("model/load.rs", "// see crate::cli\n/// [`crate::fix`]\n//! crate::lsp\n", &[]),
        ("strange/mod.rs", "", &["src/strange/mod.rs:1: `strange` is in no layer: add it to tests/layers.rs"]),
        (
            "model/load.rs",
            "use std::fs;",
            &[
                "src/model/load.rs:1: `std::fs` is not for this file: files are read through `source::Files` and written \
                by `fix::commit`",
            ],
        ),
        (
            "model/load.rs",
            "use std::{\n    collections::BTreeMap,\n    fs::File,\n};",
            &[
                "src/model/load.rs:3: `std::fs` is not for this file: files are read through `source::Files` and written \
                by `fix::commit`",
            ],
        ),
        ("source/disk.rs", "use std::fs;", &[]),
        ("fix/commit/layer.rs", "use std::fs;", &[]),
        ("model/load.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n    use crate::model::Project;\n}", &[]),
        ("source/git_tests.rs", "use std::fs;", &[]),
        (
            "fix/plan.rs",
            "use serde::{Deserialize, Serialize};",
            &["src/fix/plan.rs:1: `serde::Serialize` is not for this file: what is written out has structs of its own"],
        ),
        ("rule/decode.rs", "use serde::Deserialize;", &[]),
        (
            "lint/run.rs",
            "fn f() { std::process::exit(1) }",
            &["src/lint/run.rs:1: `std::process` is not for this file: only the command line ends the process or \
                starts others"],
        ),
    ];
    for (path, text, expected) in cases {
        assert_eq!(violations_in(Path::new(path), text), expected, "{path}: {text}");
    }
}

/// The Rust files below `src/`, by path from there.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                sources.push((path.strip_prefix(&root).expect("it is below").to_owned(), text));
            }
        }
    }
    assert!(sources.len() > 10, "src/ was not found");
    sources.sort();
    sources
}

fn violations_in(path: &Path, text: &str) -> Vec<String> {
    let at = |line: usize, what: String| format!("src/{}:{line}: {what}", path.display());
    let Some(module) = module_of(path) else { return Vec::new() };
    let place = LAYERS.iter().position(|layer| *layer == module);
    if place.is_none() && !is_root(path) {
        return vec![at(1, format!("`{module}` is in no layer: add it to tests/layers.rs"))];
    }
    let mut violations = Vec::new();
    for Use { line, path: used, in_test } in uses(path, text) {
        if let (Some(place), Some(name)) = (place, used.strip_prefix("crate::")) {
            let name = name.split("::").next().unwrap_or_default();
            if let Some(used_place) = LAYERS.iter().position(|layer| *layer == name) {
                let narrower = NARROWER.iter().find(|(narrow, _)| *narrow == module);
                let allowed = used_place <= place && narrower.is_none_or(|(_, names)| names.contains(&name));
                if !allowed && name != module {
                    violations.push(at(line, format!("`{module}` uses `{name}`")));
                }
            }
        }
        if in_test {
            continue;
        }
        for (word, allowed, why) in CONFINED {
            let names_it = used == word || used.strip_prefix(word).is_some_and(|rest| rest.starts_with("::"));
            if names_it && !allowed.iter().any(|place| path.starts_with(place)) {
                violations.push(at(line, format!("`{word}` is not for this file: {why}")));
            }
        }
    }
    violations
}

/// The layer of a file: its folder or name right below `src/`.
fn module_of(path: &Path) -> Option<String> {
    let first = path.components().next()?.as_os_str().to_str()?;
    Some(first.strip_suffix(".rs").unwrap_or(first).to_owned())
}

/// The crate's root files may use everything.
fn is_root(path: &Path) -> bool {
    path == Path::new("lib.rs") || path == Path::new("main.rs")
}

/// A path that a file names.
struct Use {
    /// Counted from 1.
    line: usize,
    /// `crate::…`, `std::…` and so on, with `super` resolved where it leads to the root.
    path: String,
    /// True in what is compiled for tests only. By convention such modules stand at the end of a file.
    in_test: bool,
}

/// All paths that begin with one of the roots that are of interest, groups in braces taken apart.
fn uses(file: &Path, text: &str) -> Vec<Use> {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let test_file = name == "tests" || name == "testing" || name.ends_with("_tests");
    let code = without_comments(text);
    let test_from = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
    // The module's distance from the crate's root.
    let folders = file.components().count() - 1;
    let depth = if name == "mod" { folders } else { folders + 1 };
    let mut found = Vec::new();
    for root in ["crate::", "super::", "std::", "serde::", "clap::", "miette::"] {
        for (start, _) in code.match_indices(root) {
            let before = code.get(..start).unwrap_or_default();
            if before.ends_with(|char: char| char.is_alphanumeric() || char == '_' || char == ':') {
                continue;
            }
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let mut prefix = root.to_owned();
            let mut at = start + root.len();
            if root == "super::" {
                // Inside of an inline module the way to the root is one step longer.
                let indented = code.get(line_start..).is_some_and(|line| line.starts_with("    "));
                let mut steps = 1;
                while code.get(at..).is_some_and(|rest| rest.starts_with("super::")) {
                    at += "super::".len();
                    steps += 1;
                }
                if steps < depth + usize::from(indented && start > test_from) {
                    continue;
                }
                prefix = "crate::".to_owned();
            }
            expand(&code, at, &prefix, &mut |at, path| {
                let line = code.get(..at).unwrap_or_default().matches('\n').count() + 1;
                found.push(Use { line, path, in_test: test_file || at > test_from });
            });
        }
    }
    found.sort_by_key(|found| found.line);
    found
}

/// Reports the path that goes on at byte `at` behind `prefix`: one, or one for each item of a group in braces.
/// Returns the byte behind it.
fn expand(code: &str, at: usize, prefix: &str, report: &mut dyn FnMut(usize, String)) -> usize {
    let rest = code.get(at..).unwrap_or_default();
    if !rest.starts_with('{') {
        let is_part = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.ends_with("::") && rest.get(end..).is_some_and(|rest| rest.starts_with('{')) {
            return expand(code, at + end, &format!("{prefix}{name}"), report);
        }
        if !name.is_empty() {
            report(at, format!("{prefix}{name}"));
        }
        return at + end;
    }
    let mut at = at + 1;
    while let Some(next) = code.get(at..).and_then(|rest| rest.chars().next()) {
        match next {
            '}' => return at + 1,
            next if next.is_alphanumeric() || next == '_' => at = expand(code, at, prefix, report),
            next => at += next.len_utf8(),
        }
    }
    at
}

/// The text with its comments blanked; lines stay where they are.
fn without_comments(text: &str) -> String {
    let code = text.lines().map(|line| {
        let comment = line.trim_start().starts_with("//").then_some(0).or_else(|| line.find(" // "));
        comment.map_or(line, |at| line.get(..at).unwrap_or_default())
    });
    code.collect::<Vec<_>>().join("\n")
}
