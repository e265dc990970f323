//! caulk in git hooks: real commits with the real pre-commit, lefthook and lint-staged, in the way of `docs/hooks.md`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use caulk::source::{is_compose_name, is_env_name};
use common::{Folder, Run, program, required};

const OPEN: &str = "services:\n  cache:\n    image: redis:7-alpine\n    ports:\n      - \"6379:6379\"\n  web:\n    image: example/shop:1\n    \
                    environment:\n      REDIS_URL: redis://cache:6379/0\n";
const SOUND: &str = "services:\n  web:\n    image: example/shop:1\n    ports:\n      - \"127.0.0.1:8080:80\"\n";

/// A git repository, alone in its folder, for somebody without a configuration of their own.
struct Repository {
    folder: Folder,
    /// Folders of programs that come before all others.
    programs: Vec<PathBuf>,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: Folder::new(), programs: Vec::new() };
        repository.must(&["git", "init", "-q"]);
        repository
    }

    /// With a hook of the real pre-commit, if there is one.
    fn with_pre_commit(hook: &str) -> Option<Self> {
        let pre_commit = required("pre-commit", program("pre-commit"))?;
        let mut repository = Self::new();
        repository.programs.extend(pre_commit.parent().map(Path::to_owned));
        // The hooks as they are, but that the program is there already and has not to be built.
        let source = repository.path().with_file_name("hooks");
        fs::create_dir(&source).expect("it is new");
        let caulk = format!("entry: {} ", env!("CARGO_BIN_EXE_caulk"));
        let manifest = manifest().replace("language: rust", "language: system").replace("entry: caulk ", &caulk);
        fs::write(source.join(".pre-commit-hooks.yaml"), manifest).expect("the folder is there");
        for arguments in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "hooks"]] {
            assert_eq!(Run::of(repository.command("git", arguments).current_dir(&source)).status, Some(0));
        }
        let revision = Run::of(repository.command("git", &["rev-parse", "HEAD"]).current_dir(&source)).stdout;
        let config = format!(
            "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: {hook}\n",
            source.display(),
            revision.trim()
        );
        repository.write(".pre-commit-config.yaml", &config);
        repository.must(&["pre-commit", "install"]);
        repository.must(&["git", "add", "."]);
        repository.must(&["git", "commit", "-q", "-m", "hook"]);
        Some(repository)
    }

    fn path(&self) -> PathBuf {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        self.folder.write(path, text);
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).expect("it is there")
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path());
        let all = std::env::var_os("PATH").unwrap_or_default();
        let caulk = Path::new(env!("CARGO_BIN_EXE_caulk")).parent().map(Path::to_owned);
        let path = self.programs.iter().cloned().chain(caulk).chain(std::env::split_paths(&all));
        command.env("PATH", std::env::join_paths(path).expect("they came from there"));
        // A test that is itself run by a hook must not speak to that repository.
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "CI", "PRE_COMMIT", "SKIP"] {
            command.env_remove(name);
        }
        let beside = self.path().with_file_name("home");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "PRE_COMMIT_HOME"] {
            command.env(name, &beside);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@example.com");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("NO_COLOR", "1").env("LEFTHOOK_QUIET", "meta");
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        Run::of(&mut self.command(words[0], &words[1..]))
    }

    fn must(&self, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.status, Some(0), "{words:?}: {}", run.all());
        run
    }

    fn commit(&self) -> Run {
        self.run(&["git", "commit", "-q", "-m", "change"])
    }
}

fn manifest() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    fs::read_to_string(path).expect("the hooks are there")
}

/// The block of `docs/hooks.md` below a heading.
fn recipe(heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hooks.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("the page has it");
    section.split("```").nth(1).and_then(|block| Some(block.split_once('\n')?.1)).expect("it has a block").to_owned()
}

#[test]
fn the_hooks_take_the_files_that_caulk_takes_and_no_others() {
    let manifest = manifest();
    let pattern = manifest.split("&files '").nth(1).and_then(|rest| rest.split('\'').next()).expect("it is there");
    let pattern = regex::Regex::new(pattern).expect("it is a pattern");
    let taken = [
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "a/b/docker-compose.yaml",
        "compose.override.yml",
        "docker-compose.prod.yaml",
        "docker-compose-dev.yml",
        "docker_compose.yml",
        "shop-compose.yaml",
        "shop.docker-compose.test.yml",
        ".env",
        ".env.local",
        ".env.example",
        "a/.env.production",
        "prod.env",
        "a/b.c/redis.env",
        "with space/my compose.yml/.env",
    ];
    for path in taken {
        let name = path.rsplit('/').next().expect("a path has a name");
        assert!(pattern.is_match(path), "{path}");
        assert!(is_compose_name(name) || is_env_name(name), "{name} would be taken for something else");
    }
    let left = [
        "stack.yml",
        "decompose.yml",
        "composer.yaml",
        "compose.json",
        "compose.yaml.bak",
        ".envrc",
        ".env-old",
        "env",
        "compose.yaml/README.md",
        "docker-compose.yml.j2",
        "environment.yml",
        ".environment",
    ];
    for path in left {
        assert!(!pattern.is_match(path), "{path}");
    }
}

#[test]
fn pre_commit_accepts_the_manifest() {
    let Some(_) = required("pre-commit", program("pre-commit")) else { return };
    let repository = Repository::new();
    repository.write(".pre-commit-hooks.yaml", &manifest());
    repository.must(&["pre-commit", "validate-manifest", ".pre-commit-hooks.yaml"]);
}

/// The hook that README.md shows uses the program that is installed.
#[test]
fn the_hook_of_the_readme_stops_a_bad_commit() {
    let Some(pre_commit) = required("pre-commit", program("pre-commit")) else { return };
    let readme = include_str!("../README.md");
    let block = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it shows a hook");
    let files = |text: &str| text.split("'(?x)").nth(1).and_then(|rest| rest.split('\'').next()).map(str::to_owned);
    assert_eq!(files(block), files(&manifest()), "both take the same files");
    let mut repository = Repository::new();
    repository.programs.extend(pre_commit.parent().map(Path::to_owned));
    repository.write(".pre-commit-config.yaml", block);
    repository.must(&["pre-commit", "install"]);
    repository.write("compose.yaml", OPEN);
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert!(stopped.all().contains("store-no-auth"), "{}", stopped.all());
    repository.write("compose.yaml", SOUND);
    repository.must(&["git", "add", "."]);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "{}", through.all());
}

#[test]
fn a_bad_commit_is_stopped_and_a_repaired_one_goes_through() {
    let Some(repository) = Repository::with_pre_commit("caulk-fix") else { return };
    repository.write("compose.yaml", OPEN);
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    let text = repository.text("compose.yaml");
    assert!(text.contains("127.0.0.1:6379:6379") && text.contains("--requirepass"), "{text}");
    assert!(common::passwords_in(&repository.folder.files()).is_empty(), "a hook makes no password");
    repository.must(&["git", "add", "compose.yaml"]);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "{}", through.all());
    assert_eq!(repository.must(&["git", "show", "HEAD:compose.yaml"]).stdout, text);
}

#[test]
fn the_checking_hook_changes_nothing_and_works_from_a_subfolder() {
    let Some(repository) = Repository::with_pre_commit("caulk") else { return };
    repository.write("deploy/compose.yaml", OPEN);
    repository.write("deploy/notes/a.txt", "");
    repository.must(&["git", "add", "."]);
    let below = repository.path().join("deploy/notes");
    let stopped = Run::of(repository.command("git", &["commit", "-q", "-m", "change"]).current_dir(&below));
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert!(
        stopped.all().contains("store-no-auth") && stopped.all().contains("deploy/compose.yaml"),
        "{}",
        stopped.all()
    );
    let by_hand = Run::of(repository.command("pre-commit", &["run", "caulk"]).current_dir(&below));
    assert_eq!(by_hand.status, Some(1), "{}", by_hand.all());
    assert_eq!(repository.text("deploy/compose.yaml"), OPEN);
}

#[test]
fn what_is_staged_counts_and_not_what_is_only_in_the_folder() {
    let Some(repository) = Repository::with_pre_commit("caulk-fix") else { return };
    // The sound part is staged, the open one is not.
    repository.write("compose.yaml", SOUND);
    repository.must(&["git", "add", "."]);
    repository.write("compose.yaml", OPEN);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "{}", through.all());
    assert_eq!(repository.text("compose.yaml"), OPEN, "what was not staged is back");
    assert_eq!(repository.must(&["git", "show", "HEAD:compose.yaml"]).stdout, SOUND);
    // The open part is staged, and further work is not: that must survive, whatever becomes of the repair.
    repository.must(&["git", "add", "."]);
    let further = format!("{OPEN}  worker:\n    image: example/worker:1\n");
    repository.write("compose.yaml", &further);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert!(repository.text("compose.yaml").ends_with("  worker:\n    image: example/worker:1\n"));
}

#[test]
fn deleted_files_are_no_reason_to_stop() {
    let Some(repository) = Repository::with_pre_commit("caulk") else { return };
    repository.write("compose.yaml", SOUND);
    repository.write("web.env", "A=1\n");
    repository.must(&["git", "add", "."]);
    repository.must(&["git", "commit", "-q", "-m", "both"]);
    repository.must(&["git", "rm", "-q", "compose.yaml"]);
    repository.write("web.env", "A=2\n");
    repository.must(&["git", "add", "."]);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "an env file without a project is fine: {}", through.all());
}

#[test]
fn a_change_of_dotenv_alone_is_looked_at_with_its_project() {
    let Some(repository) = Repository::with_pre_commit("caulk") else { return };
    let text = SOUND.replace("example/shop:1", "redis:7").replace("127.0.0.1:8080:80", "${BIND_IP}:6379:6379");
    repository.write("compose.yaml", &text.replace("  web:", "  # caulk: ignore[store-no-auth] test data\n  web:"));
    repository.write("sub/.env", "A=1\n");
    repository.write(".env", "BIND_IP=127.0.0.1\n");
    repository.must(&["git", "add", "."]);
    repository.must(&["git", "commit", "-q", "-m", "closed"]);
    repository.write(".env", "BIND_IP=\n");
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert!(stopped.all().contains("`BIND_IP` is empty (.env:1)"), "{}", stopped.all());
    repository.must(&["git", "checkout", "-q", "HEAD", ".env"]);
    repository.write("sub/.env", "A=2\n");
    repository.must(&["git", "add", "."]);
    assert_eq!(repository.commit().status, Some(0), "an env file far from the Compose file");
}

#[test]
fn five_hundred_files_are_one_run() {
    let Some(repository) = Repository::with_pre_commit("caulk") else { return };
    for number in 0..250 {
        let open = if number == 123 { OPEN } else { SOUND };
        repository.write(&format!("p{number}/compose.yaml"), open);
        repository.write(&format!("p{number}/.env"), "A=1\n");
    }
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    let all = stopped.all();
    assert!(all.contains("p123/compose.yaml") && all.contains("in 250 projects"), "{all}");
    assert_eq!(all.matches("/compose.yaml\n").count(), 1, "{all}");
}

#[test]
fn of_forty_projects_only_those_in_the_commit_are_repaired() {
    let Some(repository) = Repository::with_pre_commit("caulk-fix") else { return };
    for number in 0..40 {
        repository.write(&format!("p{number}/compose.yaml"), OPEN);
    }
    repository.must(&["git", "add", "."]);
    repository.must(&["git", "commit", "-q", "-n", "-m", "old"]);
    repository.write("p7/compose.yaml", &format!("# changed\n{OPEN}"));
    repository.must(&["git", "add", "."]);
    assert_eq!(repository.commit().status, Some(1));
    let changed = repository.must(&["git", "diff", "--name-only"]).stdout;
    assert_eq!(changed, "p7/compose.yaml\n");
    repository.must(&["git", "add", "."]);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "{}", through.all());
}

#[test]
fn a_file_beside_the_one_that_is_committed_is_left_alone() {
    let Some(repository) = Repository::with_pre_commit("caulk-fix") else { return };
    repository.write("compose.yaml", OPEN);
    repository.must(&["git", "add", "."]);
    repository.must(&["git", "commit", "-q", "-n", "-m", "old"]);
    repository.write("compose.override.yaml", "services:\n  web:\n    ports:\n      - \"8080:80\"\n");
    repository.must(&["git", "add", "."]);
    let through = repository.commit();
    assert_eq!(through.status, Some(0), "what was there before does not stop it: {}", through.all());
    assert_eq!(repository.text("compose.yaml"), OPEN);
}

#[test]
fn lefthook_commits_what_was_repaired() {
    let Some(lefthook) = required("lefthook", program("lefthook")) else { return };
    let mut repository = Repository::new();
    repository.programs.extend(lefthook.parent().map(Path::to_owned));
    repository.write("lefthook.yml", &recipe("lefthook"));
    repository.must(&["lefthook", "install"]);
    commits_what_was_repaired(&repository);
}

#[test]
fn lint_staged_commits_what_was_repaired() {
    let Some(lint_staged) = required("lint-staged", program("lint-staged")) else { return };
    let mut repository = Repository::new();
    repository.programs.extend(lint_staged.parent().map(Path::to_owned));
    repository.write(".lintstagedrc.json", &recipe("lint-staged"));
    repository.write(".git/hooks/pre-commit", "#!/bin/sh\nexec lint-staged\n");
    repository.must(&["chmod", "+x", ".git/hooks/pre-commit"]);
    // It needs a commit to come back to.
    repository.write("README", "");
    repository.must(&["git", "add", "README"]);
    repository.must(&["git", "commit", "-q", "-n", "-m", "first"]);
    commits_what_was_repaired(&repository);
}

fn commits_what_was_repaired(repository: &Repository) {
    for path in ["compose.yaml", "deploy/docker-compose.prod.yml"] {
        repository.write(path, OPEN);
        repository.must(&["git", "add", path]);
        let through = repository.commit();
        assert_eq!(through.status, Some(0), "{}", through.all());
        let committed = repository.must(&["git", "show", &format!("HEAD:{path}")]).stdout;
        assert!(committed.contains("127.0.0.1:6379:6379") && committed.contains("--requirepass"), "{committed}");
        assert_eq!(committed, repository.text(path));
    }
    // What nobody can repair stops the commit.
    repository.write("web.env", "REDIS_URL=redis://h:port/0\n");
    repository.write("compose.yaml", "services:\n  web:\n    image: example/shop:1\n    env_file: web.env\n");
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_eq!(stopped.status, Some(1), "{}", stopped.all());
    assert_eq!(repository.text("web.env"), "REDIS_URL=redis://h:port/0\n");
    assert!(common::passwords_in(&repository.folder.files()).is_empty());
}

#[test]
fn the_hook_without_a_manager_stops_a_bad_commit() {
    let repository = Repository::new();
    repository.write(".git/hooks/pre-commit", &recipe("Without a manager"));
    repository.must(&["chmod", "+x", ".git/hooks/pre-commit"]);
    repository.write("README", "");
    repository.must(&["git", "add", "."]);
    assert_eq!(repository.commit().status, Some(0), "there is nothing to look at");
    repository.write("a b/compose.yaml", OPEN);
    repository.must(&["git", "add", "."]);
    let stopped = repository.commit();
    assert_ne!(stopped.status, Some(0), "{}", stopped.all());
    assert!(stopped.all().contains("store-no-auth"), "{}", stopped.all());
    repository.write("a b/compose.yaml", SOUND);
    repository.must(&["git", "add", "."]);
    assert_eq!(repository.commit().status, Some(0));
}
