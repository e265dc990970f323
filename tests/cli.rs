//! The command line as people meet it: what README.md shows, help, and exit statuses. `TRYCMD=overwrite` writes the
//! expectations anew.

mod common;

use std::fs;
use std::path::Path;

use common::{Folder, files_of};

/// Runs the console blocks of a Markdown file in a copy of the folders that it speaks of, outside of every repository.
fn run(document: &str, folders: &[&str]) {
    let copies: Vec<_> = folders.iter().map(|name| (*name, format!("{name}/"))).collect();
    let copies: Vec<_> = copies.iter().map(|(name, target)| (*name, target.as_str())).collect();
    run_in(document, &copies);
}

/// The same with the name that each folder has in the copy, which ends with `/` unless it is empty.
fn run_in(document: &str, copies: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new();
    // The runner takes the folder of this name as the current one.
    for (name, target) in copies {
        for (path, bytes) in files_of(&root.join(name)) {
            folder.write(&format!("document.in/{target}{path}"), bytes);
        }
    }
    fs::create_dir_all(folder.path().join("document.in")).expect("the folder can be written");
    let copy = folder.write("document.md", fs::read(root.join(document)).expect("the document is there"));
    let cases = trycmd::TestCases::new();
    cases.case(&copy);
    for (name, value) in [("CI", ""), ("PRE_COMMIT", ""), ("NO_COLOR", "1"), ("COLUMNS", "")] {
        cases.env(name, value);
    }
    cases.env("XDG_STATE_HOME", folder.path().join("state").display().to_string());
    cases.run();
    if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        fs::copy(&copy, root.join(document)).expect("the document can be written");
    }
}

#[test]
fn what_the_readme_shows_is_what_caulk_says() {
    run("README.md", &["fixtures/projects/guide/input"]);
}

/// The commands of README.md that write completions and the manual page, for somebody who has none of the folders.
#[cfg(unix)]
#[test]
fn completions_are_installed_as_the_readme_says() {
    let readme = include_str!("../README.md");
    let is_it = |block: &&str| block.contains("caulk completions");
    let block = readme.split("```sh\n").find(is_it).and_then(|rest| rest.split("```").next()).expect("it shows how");
    let folder = Folder::new();
    let caulk = Path::new(env!("CARGO_BIN_EXE_caulk")).parent().map(Path::to_owned);
    let all = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(caulk.into_iter().chain(std::env::split_paths(&all))).expect("it is a path");
    let mut bash = std::process::Command::new("bash");
    let run = common::Run::of(bash.args(["-ec", block]).env("PATH", path).env("HOME", folder.path()));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{}", run.all());
    let files = folder.files();
    assert_eq!(files.len(), 4, "{:?}", files.keys());
    assert!(files.values().all(|bytes| !bytes.is_empty()));
}

#[test]
fn what_the_page_on_formats_shows_is_what_caulk_says() {
    run("docs/formats.md", &["fixtures/projects/guide/input"]);
}

/// `CAULK_WRITE_DOCS=1` writes it anew.
#[test]
fn the_page_on_rules_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = Folder::new().caulk(&["rules", "--format", "markdown"]).stdout;
    if std::env::var_os("CAULK_WRITE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).expect("the page is committed");
    assert_eq!(committed, page, "run this test with CAULK_WRITE_DOCS=1 to write {}", path.display());
}

#[test]
fn help_is_as_expected() {
    run("tests/cmd/help.md", &[]);
}

#[test]
fn exit_statuses_are_as_designed() {
    run("tests/cmd/status.md", &["tests/cmd/project"]);
}

#[test]
fn what_the_page_on_configuration_shows_is_what_caulk_says() {
    run_in("docs/configuration.md", &[("tests/cmd/shop", "")]);
}

#[test]
fn what_the_page_on_continuous_integration_shows_is_what_caulk_says() {
    run_in("docs/ci.md", &[("tests/cmd/shop", "")]);
}

#[test]
fn rules_are_listed_and_explained() {
    run("tests/cmd/rules.md", &[]);
}

#[test]
fn a_closed_pipe_is_quiet() {
    use std::io::Read;
    use std::process::Stdio;
    let folder = Folder::copy_of(&common::project("two-servers").join("input"));
    let mut child = folder
        .command(&["check", "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("caulk can be run");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("it is a pipe").read_to_string(&mut stderr).expect("caulk writes UTF-8");
    let status = child.wait().expect("it ends");
    assert_eq!(stderr, "");
    assert_ne!(status.code(), Some(101), "it panicked");
}

#[test]
fn ci_gets_no_password_unless_it_asks() {
    let folder = Folder::copy_of(&common::project("guide").join("input"));
    let run = common::Run::of(folder.command(&["check", "--fix"]).env("CI", "true"));
    let passwords = common::passwords_in(&folder.files());
    assert!(passwords.is_empty(), "{}", run.all());
}

/// The terminal behind `script` takes colours unless its name says that it is dumb; `COLUMNS` counts where there is none.
#[cfg(target_os = "linux")]
#[test]
fn a_dumb_terminal_gets_no_colours_and_a_pipe_its_width() {
    let folder = Folder::new();
    folder.write("compose.yaml", "services: { redis: { image: redis, ports: [\"6379:6379\"] } }\n");
    let run = folder.caulk(&["check"]);
    assert!(run.stdout.lines().any(|line| line.chars().count() > 60), "{}", run.stdout);
    let narrow = common::Run::of(folder.command(&["check"]).env("COLUMNS", "60"));
    assert!(narrow.stdout.lines().all(|line| line.chars().count() <= 60), "{}", narrow.stdout);
    let Some(script) = common::required("script", common::program("script")) else { return };
    let in_terminal = |name: &str| {
        let call = format!("{} check", env!("CARGO_BIN_EXE_caulk"));
        let mut script = std::process::Command::new(&script);
        script.args(["-qec", &call, "/dev/null"]).current_dir(folder.path()).env("TERM", name);
        common::Run::of(script.env_remove("NO_COLOR").env_remove("CI")).stdout
    };
    assert!(in_terminal("xterm").contains('\u{1b}'));
    let dumb = in_terminal("dumb");
    assert!(dumb.contains("public-port") && !dumb.contains('\u{1b}'), "{dumb}");
}
