//! Real editors, headless, with the set-ups of docs/editors.md as they stand there: the page can't rot.

#![expect(clippy::print_stdout, reason = "a skipped test says so, and an editor what it saw")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Folder, Passwords};

/// Everything on one line, behind characters of several bytes: a wrong column would show.
const COMPOSE: &str = "\
# Büro 🚀
services:
  { app: { image: \"example/é🚀:1\", environment: { REDIS_URL: \"redis://redis:6379/0\" } }, redis: { image: \"redis:7\", ports: [\"${BIND_IP}:6379:6379\"], volumes: [\"data:/data\"] } }
volumes:
  data:
";
const ENV: &str = "# é🚀\nBIND_IP=127.0.0.1\n";

fn project() -> Folder {
    let folder = Folder::new();
    folder.write("compose.yaml", COMPOSE);
    folder.write(".env", ENV);
    folder.write("elsewhere/notes.txt", "");
    folder
}

/// The block of docs/editors.md that is marked as this file.
fn snippet(name: &str) -> String {
    let page = include_str!("../docs/editors.md");
    let mark = format!("<!-- file: {name} -->\n```");
    let start = page.find(&mark).unwrap_or_else(|| panic!("{name} is not in docs/editors.md")) + mark.len();
    let block = &page[start..];
    let block = &block[block.find('\n').expect("the fence ends") + 1..];
    block[..block.find("\n```").expect("the block ends") + 1].to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// An editor that is installed: its program, or nothing, said aloud. With `CI` set it must be there.
fn editor(variable: &str, program: &str, what_for: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from(program));
    if Command::new(&program).arg("--version").output().is_ok() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing, with which {what_for}", program.display());
    println!("skipped: {} is not installed, with which {what_for}", program.display());
    None
}

/// Runs an editor in the project with a snippet. Panics with all it said if it did not succeed.
fn drive(folder: &Folder, editor: &mut Command, name: &str) -> Output {
    let file = folder.path().parent().expect("it has one").join(name);
    std::fs::write(&file, snippet(name)).expect("the folder can be written");
    let caulk = Path::new(env!("CARGO_BIN_EXE_caulk")).parent().expect("it has one").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(caulk).chain(std::env::split_paths(&path))).expect("it is a path");
    let home = folder.path().parent().expect("it has one").join("home");
    std::fs::create_dir_all(&home).expect("the folder can be written");
    editor
        .current_dir(folder.path())
        .env("PATH", path)
        .env("SNIPPET", &file)
        .env("DRIVERS", root().join("tests/editors"))
        .env("HOME", &home)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("CI");
    let output = editor.output().expect("the editor can be run");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success() && said.contains("0 failed"), "{:?}\n{said}", output.status);
    output
}

/// What is on disk after the editor saved all is what `--fix` makes of the same edit.
fn is_as_fixed(folder: &Folder) {
    let expected = project();
    expected.write(".env", ENV.replace("127.0.0.1", ""));
    is_what_fix_makes_of(folder, &expected);
}

fn is_what_fix_makes_of(folder: &Folder, expected: &Folder) {
    expected.caulk(&["fix"]);
    let texts = |folder: &Folder| {
        let files = Passwords::rename_all(&folder.files());
        files.into_iter().map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())).collect::<Vec<_>>()
    };
    assert_eq!(texts(folder), texts(expected));
}

/// Runs a Neovim without a set-up of its own.
fn neovim(program: &Path, driver: &str, folder: &Folder, set_up: &str) {
    let mut command = Command::new(program);
    let driver = root().join("tests/editors").join(driver);
    command.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"]).arg(format!("luafile {}", driver.display()));
    command.env("PLACE", "redis").env("ENCODING", if set_up == "neovim.lua" { "utf-8" } else { "utf-16" });
    drive(folder, &mut command, set_up);
}

fn neovim_serves(variable: &str, program: &str, set_up: &str) {
    let Some(program) = editor(variable, program, "the language server is tested") else { return };
    let folder = project();
    neovim(&program, "nvim_lsp.lua", &folder, set_up);
    is_as_fixed(&folder);
    let guide = common::project("guide").join("input");
    let folder = Folder::copy_of(&guide);
    neovim(&program, "nvim_create.lua", &folder, set_up);
    is_what_fix_makes_of(&folder, &Folder::copy_of(&guide));
}

#[test]
fn neovim_0_7_shows_and_repairs() {
    neovim_serves("NVIM_0_7", "/usr/bin/nvim", "neovim-0.7.lua");
}

#[test]
fn a_new_neovim_shows_and_repairs() {
    neovim_serves("NVIM", "nvim-new", "neovim.lua");
}

#[test]
fn nvim_lint_shows_what_caulk_finds_in_the_buffer() {
    let Some(program) = editor("NVIM_0_7", "/usr/bin/nvim", "the nvim-lint set-up is tested") else { return };
    neovim(&program, "nvim_lint.lua", &project(), "nvim-lint.lua");
}

#[test]
fn eglot_shows_and_repairs() {
    let Some(program) = editor("EMACS", "emacs", "the language server is tested") else { return };
    let folder = project();
    let mut command = Command::new(program);
    command.args(["--batch", "-l"]).arg(root().join("tests/editors/eglot.el"));
    drive(&folder, command.env("PLACE", "redis"), "eglot.el");
    is_as_fixed(&folder);
}

#[test]
fn flymake_shows_what_caulk_finds_in_the_buffer() {
    let Some(program) = editor("EMACS", "emacs", "the flymake set-up is tested") else { return };
    let folder = project();
    let mut command = Command::new(program);
    command.args(["--batch", "-l"]).arg(root().join("tests/editors/flymake.el"));
    drive(&folder, command.env("PLACE", "redis"), "flymake.el");
}

#[test]
fn the_problem_matcher_of_vs_code_understands_every_line() {
    let task: serde_json::Value = serde_json::from_str(&snippet("tasks.json")).expect("it is JSON");
    let task = &task["tasks"][0];
    let arguments: Vec<_> =
        task["args"].as_array().expect("it is a list").iter().filter_map(serde_json::Value::as_str).collect();
    let folder = project();
    folder.write(".env", "BIND_IP=\n");
    let run = folder.caulk(&arguments);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.all());
    let pattern = &task["problemMatcher"]["pattern"];
    let expression = regex::Regex::new(pattern["regexp"].as_str().expect("it is a text")).expect("it is valid");
    let group = |line: &str, key: &str| {
        let found = expression.captures(line).unwrap_or_else(|| panic!("{line} is not understood"));
        found[pattern[key].as_u64().expect("it is a number") as usize].to_owned()
    };
    let lines: Vec<_> = run.stdout.lines().filter(|line| line.contains("public-port")).collect();
    assert_eq!(lines.len(), 1, "{}", run.all());
    let said = ["file", "line", "severity", "code"].map(|key| group(lines[0], key));
    assert_eq!(said, ["compose.yaml", "3", "error", "public-port"]);
    for line in run.stdout.lines() {
        group(line, "message");
    }
}
