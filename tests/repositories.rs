//! Whole repositories: nested projects, fragments, overlays, env files far from their Compose file, files that git ignores,
//! submodules and symbolic links. All in one, as nobody would write it and everybody has a part of it.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::{Folder, Run};

const STORE: &str = "services:\n  cache:\n    image: redis:7-alpine # keep\n    ports:\n      - \"6379:6379\"\n";
const CLIENT: &str = "  web:\n    image: example/shop:1\n    environment:\n      REDIS_URL: redis://cache:6379/0\n";

fn git(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]);
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    let run = Run::of(&mut command);
    assert_eq!(run.status, Some(0), "{arguments:?}: {}", run.all());
    run
}

fn repository() -> Folder {
    let folder = Folder::new();
    let path = folder.path();
    git(&path, &["init", "-q"]);
    folder.write(".gitignore", ".env\n/scratch/\n");
    // A project with its overlay and its override.
    folder.write("shop/compose.yaml", format!("{STORE}{CLIENT}"));
    folder.write("shop/compose.override.yaml", "services:\n  web:\n    ports: [\"127.0.0.1:8080:80\"]\n");
    folder.write("shop/compose.debug.yaml", "services:\n  web:\n    command: debug\n");
    // The client's variable is set far below the Compose file.
    let far = format!("{STORE}  web:\n    image: example/shop:1\n    env_file: config/web/prod.env\n");
    folder.write("stacks/far/docker-compose.yml", far);
    folder.write("stacks/far/config/web/prod.env", "REDIS_URL=redis://cache:6379/0 # keep\n");
    // A fragment of an app store, and one with other line ends.
    folder.write("apps/fragment/compose.yaml", "services:\n  web:\n    environment:\n      A: ${A:-}\n");
    folder.write("apps/windows/compose.yaml", format!("{STORE}{CLIENT}").replace('\n', "\r\n"));
    // What git ignores, and what it has not seen.
    folder.write("scratch/compose.yaml", STORE);
    git(&path, &["add", "."]);
    git(&path, &["commit", "-q", "-m", "first"]);
    folder.write("new/compose.yaml", format!("{STORE}{CLIENT}"));
    // A repository in the repository.
    let module = path.with_file_name("module");
    fs::create_dir(&module).expect("it is new");
    git(&module, &["init", "-q"]);
    fs::write(module.join("compose.yaml"), format!("{STORE}{CLIENT}")).expect("the folder is there");
    git(&module, &["add", "."]);
    git(&module, &["commit", "-q", "-m", "module"]);
    git(&path, &["submodule", "add", "-q", &module.display().to_string(), "modules/m"]);
    // Links: to a project of the repository, out of it, to nothing, and in a circle.
    symlink("../shop", path.join("apps/link")).expect("links can be made");
    fs::create_dir(path.join("links")).expect("it is new");
    symlink("../shop/compose.yaml", path.join("links/compose.yaml")).expect("links can be made");
    symlink("nowhere.yaml", path.join("links/docker-compose.old.yml")).expect("links can be made");
    symlink(".", path.join("links/circle")).expect("links can be made");
    folder
}

/// The regular files and what they hold, without those of git.
fn texts(folder: &Folder) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.path()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            let kind = fs::symlink_metadata(&path).expect("it is there").file_type();
            if kind.is_dir() && path.file_name().is_none_or(|name| name != ".git") {
                folders.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(folder.path()).expect("it is below").display().to_string();
                texts.insert(name, fs::read_to_string(&path).expect("it is UTF-8"));
            }
        }
    }
    texts
}

const OPEN: [&str; 5] = [
    "shop/compose.yaml",
    "stacks/far/docker-compose.yml",
    "apps/windows/compose.yaml",
    "new/compose.yaml",
    "modules/m/compose.yaml",
];

#[test]
fn a_repository_of_every_shape_is_repaired_in_one_run() {
    let folder = repository();
    let before = texts(&folder);
    let run = folder.caulk(&["check", "--fix", "--secrets", "declare", "."]);
    let after = texts(&folder);
    for path in OPEN {
        assert!(after[path].contains("\"127.0.0.1:6379:6379\""), "{path}: {}", run.all());
        assert!(after[path].contains("--requirepass") && after[path].contains(" # keep"), "{path}: {}", run.all());
        let lines = |text: &str| (text.matches("\r\n").count() > 0, text.replace("\r\n", "").contains('\n'));
        assert_eq!(lines(&before[path]), lines(&after[path]), "{path}");
    }
    assert_eq!(before["scratch/compose.yaml"], after["scratch/compose.yaml"], "what git ignores is not looked at");
    for path in ["apps/fragment/compose.yaml", "shop/compose.debug.yaml", "shop/compose.override.yaml"] {
        assert_eq!(before[path], after[path], "{path}");
    }
    for link in ["apps/link", "links/compose.yaml", "links/docker-compose.old.yml", "links/circle"] {
        assert!(fs::symlink_metadata(folder.path().join(link)).is_ok_and(|found| found.is_symlink()), "{link}");
    }
    let again = folder.caulk(&["check", "--fix", "--secrets", "declare", "."]);
    assert_eq!(texts(&folder), after, "a second run has nothing to do: {}", again.all());
}

#[test]
fn a_repository_gives_one_document_with_every_project_once() {
    let folder = repository();
    let report = folder.caulk(&["check", "--format", "json", "."]).json();
    let findings = report["findings"].as_array().expect("it is a list");
    let mut open: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == "store-no-auth")
        .filter_map(|finding| finding["path"].as_str())
        .filter(|path| !path.starts_with("links/"))
        .collect();
    open.sort_unstable();
    let mut expected = OPEN;
    expected.sort_unstable();
    assert_eq!(open, expected);
    let problems = report["problems"].as_array().expect("it is a list");
    assert!(problems.iter().all(|problem| problem["path"] == "links/docker-compose.old.yml"), "{problems:#?}");
}

#[test]
fn the_patch_of_a_whole_repository_can_be_applied_by_git() {
    let folder = repository();
    let run = folder.caulk(&[
        "check",
        "--diff",
        "--secrets",
        "declare",
        "--ignore",
        "default",
        "--select",
        "public-port",
        ".",
    ]);
    assert!(run.stdout.matches("\n+++ b/").count() >= 4, "{}", run.all());
    let before = texts(&folder);
    let patch = folder.path().with_file_name("all.patch");
    // The submodule is a repository of its own, and git applies nothing beyond it.
    fs::write(&patch, &run.stdout).expect("it can be written");
    let name = patch.display().to_string();
    git(&folder.path(), &["apply", "--exclude", "modules/*", "--check", &name]);
    git(&folder.path(), &["apply", "--exclude", "modules/*", &name]);
    let after = texts(&folder);
    for path in OPEN.iter().filter(|path| !path.starts_with("modules/")) {
        assert_eq!(after[*path], before[*path].replace("\"6379:6379\"", "\"127.0.0.1:6379:6379\""), "{path}");
    }
    git(&folder.path(), &["apply", "-R", "--exclude", "modules/*", &name]);
    assert_eq!(texts(&folder), before);
}

#[test]
fn a_patch_made_in_a_folder_of_a_repository_can_be_applied_there_and_at_the_top() {
    let folder = repository();
    let shop = folder.path().join("shop");
    let made = Run::of(folder.command(&["check", "--diff", "--show-secrets"]).current_dir(&shop));
    let patch = folder.path().with_file_name("shop.patch");
    fs::write(&patch, &made.stdout).expect("it can be written");
    let before = texts(&folder);
    for place in [&shop, &folder.path()] {
        git(place, &["apply", &patch.display().to_string()]);
        assert_ne!(texts(&folder)["shop/compose.yaml"], before["shop/compose.yaml"], "{}", made.all());
        git(&folder.path(), &["apply", "-R", &patch.display().to_string()]);
        assert_eq!(texts(&folder), before);
    }
}

#[test]
fn files_that_only_a_script_or_an_env_file_names_are_found() {
    let service = "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    let cases: [&[(&str, &str)]; 3] = [
        &[
            ("docker/base.yml", service),
            ("docker/prod.yml", "services:\n  redis:\n    restart: always\n"),
            ("scripts/up.sh", "cd \"$(dirname \"$0\")/../docker\"\n\ndocker compose -f base.yml -f prod.yml up -d\n"),
        ],
        &[("local.yml", service), ("README.md", "Run `docker compose -f local.yml up`.\n")],
        &[("base.yml", service), (".env", "COMPOSE_FILE=base.yml\n"), (".gitignore", ".env\n")],
    ];
    for files in cases {
        let folder = Folder::new();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder.git(&["init", "-q"]);
        let run = folder.caulk(&["check", "--format", "concise"]);
        assert!(run.stdout.contains("store-no-auth"), "{files:?}\n{}", run.all());
    }
}

#[test]
fn a_folder_of_a_project_stands_for_the_project_as_it_does_for_compose() {
    let folder = Folder::new();
    folder.write("compose.yaml", "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n");
    folder.write("src/deep/main.py", "");
    folder.git(&["init", "-q"]);
    let mut command = folder.command(&["check", "--format", "concise"]);
    let run = Run::of(command.current_dir(folder.path().join("src/deep")));
    assert!(run.stdout.contains("../../compose.yaml:2:3: error[store-no-auth]"), "{}", run.all());
}

#[test]
fn a_neighbour_that_the_same_env_file_would_break_holds_a_repair_back_until_it_is_repaired_too() {
    let folder = Folder::new();
    let server = "services:\n  redis:\n    image: redis:7\n";
    let client = "  web:\n    image: example/shop:1\n    environment:\n";
    folder.write(
        "compose.yaml",
        format!("{server}{client}      REDIS_URL: redis://:${{REDIS_PASSWORD:-}}@redis:6379/0\n"),
    );
    // It would send a password to a server that asks for none.
    folder
        .write("compose.prod.yaml", format!("{server}{client}      REDIS_URL: redis://:${{REDIS_PASSWORD:-}}@redis\n"));
    // It names the variable, and nothing about it changes.
    folder.write(
        "compose.dev.yaml",
        "services:\n  shell:\n    image: alpine\n    environment: [REDIS_PASSWORD=$REDIS_PASSWORD]\n",
    );
    let run = folder.caulk(&["check", "--fix", "compose.yaml"]);
    let said = "`compose.prod.yaml` would break: REDIS_PASSWORD of .env is used there, too";
    assert!(run.all().replace("\n    ", " ").contains(said), "{}", run.all());
    assert!(!folder.files().contains_key(".env"));
    folder.caulk(&["check", "--fix"]);
    let texts = texts(&folder);
    for name in ["compose.yaml", "compose.prod.yaml"] {
        assert!(texts[name].contains("--requirepass ${REDIS_PASSWORD:?"), "{name}: {}", texts[name]);
    }
}

#[test]
fn a_user_in_another_project_of_the_repository_holds_back_what_would_cut_it_off() {
    let folder = Folder::new();
    let redis = "services:\n  redis:\n    image: redis:7\n    networks: [shared]\n";
    let user = |name: &str, host: &str| {
        format!("  {name}:\n    image: example/{name}:1\n    environment:\n      REDIS_URL: redis://{host}:6379\n")
    };
    let on = "    networks: [shared]\n";
    let network = "networks:\n  shared:\n    name: lab\n";
    folder.write("a/compose.yaml", format!("{redis}{}{on}{network}", user("api", "redis")));
    let before_b = format!("services:\n{}{on}{network}    external: true\n", user("worker", "redis"));
    folder.write("b/compose.yaml", &before_b);
    let before = folder.files();
    let run = folder.caulk(&["check", "--fix"]);
    let said = "`worker` in ../b/compose.yaml uses `redis` over the network `lab`, and needs the password, too";
    let in_one_line = |run: &Run| run.all().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(in_one_line(&run).contains(said), "{}", run.all());
    assert_eq!(run.status, Some(1), "{}", run.all());
    assert_eq!(folder.files(), before);

    // Once it asks for a password, who has none is found.
    folder.caulk(&["check", "--fix", "--unsafe-fixes"]);
    let run = folder.caulk(&["check"]);
    let said = "`REDIS_URL` has no password, but `redis` in ../a/compose.yaml asks for one";
    assert!(in_one_line(&run).contains(said), "{}", run.all());
    folder.write("b/compose.yaml", before_b.replace("redis:6379", "example:6379"));
    assert_eq!(folder.caulk(&["check"]).status, Some(0));

    // By the host, the port is needed, too.
    let folder = Folder::new();
    let redis = "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    folder.write("a/compose.yaml", format!("{redis}{}", user("api", "redis")));
    folder.write("b/compose.yaml", format!("services:\n{}", user("worker", "host.docker.internal")));
    let before = folder.files();
    let run = folder.caulk(&["check", "--fix"]);
    for said in ["by its port of the host, and needs the password, too", "comes in by an address of the host"] {
        assert!(in_one_line(&run).contains(said), "{said}: {}", run.all());
    }
    assert_eq!(folder.files(), before);
}

#[test]
fn a_user_elsewhere_in_the_repository_counts_when_only_the_server_is_looked_at() {
    let folder = Folder::new();
    let redis = "services:\n  redis:\n    image: redis:7\n    ports: [\"6379:6379\"]\n";
    let user = "services:\n  worker:\n    image: example/worker:1\n    environment:\n      REDIS_URL: redis://host.docker.internal:6379\n";
    folder.write("infra/compose.yaml", redis);
    folder.write("jobs/compose.yaml", user);
    let said = "`worker` in ../jobs/compose.yaml uses `redis` by its port of the host";
    let fix = || {
        let run = folder.caulk(&["check", "--fix", "infra/compose.yaml"]);
        run.all().lines().map(str::trim).collect::<Vec<_>>().join(" ")
    };
    git(&folder.path(), &["init", "-q"]);
    let before = folder.files();
    assert!(fix().contains(said), "{}", fix());
    assert_eq!(folder.files(), before);
    // What only caulk can't see does not keep Compose from running it.
    folder.write("jobs/compose.yaml", format!("include: [\"https://example.org/x.git\"]\n{user}"));
    assert!(fix().contains(said), "{}", fix());

    // Without a repository nothing says where the project ends: only the folder itself counts.
    fs::remove_dir_all(folder.path().join(".git")).expect("it is there");
    assert!(!fix().contains(said), "{}", fix());
    folder.write("infra/compose.yaml", redis);
    folder.write("infra/compose.jobs.yaml", user);
    assert!(fix().contains("`worker` in compose.jobs.yaml uses `redis`"), "{}", fix());
}

#[test]
fn who_pulls_the_repair_without_the_env_file_is_thought_of() {
    let told = |is_repository: bool| {
        let folder = Folder::new();
        folder.write("compose.yaml", format!("{STORE}{CLIENT}"));
        if is_repository {
            git(&folder.path(), &["init", "-q"]);
        }
        let report = folder.caulk(&["fix"]).stdout;
        assert!(report.contains("No leaks left"), "{report}");
        report.lines().map(str::trim).collect::<Vec<_>>().join(" ").contains(
            "note: git leaves .env alone: whoever else runs the project (colleagues, servers, CI) needs REDIS_PASSWORD \
             there, too; until then Compose stops and names it",
        )
    };
    assert_eq!((told(true), told(false)), (true, false));
}

#[test]
fn variables_that_come_from_elsewhere_may_mean_another_env_file() {
    let told = |rest: &str, beside: Option<&str>| {
        let folder = Folder::new();
        folder.write("compose.yaml", format!("{STORE}{CLIENT}{rest}"));
        if let Some(name) = beside {
            folder.write(name, "APP_DATA=/srv\n");
        }
        let report = folder.caulk(&["fix"]).stdout;
        assert!(report.contains("No leaks left"), "{report}");
        report.lines().map(str::trim).collect::<Vec<_>>().join(" ").contains(
            "note: nothing here sets APP_DATA: if another env file does (`--env-file`), .env is not read, and \
             REDIS_PASSWORD belongs there, too",
        )
    };
    let unset = "    volumes: [\"${APP_DATA}:/data\"]\n";
    assert!(told(unset, None));
    assert!(!told("", None));
    assert!(!told("    volumes: [\"${APP_DATA:-./data}:/data\"]\n", None));
    assert!(!told(unset, Some(".env")));
    assert!(!told(unset, Some(".env.example")));
}

#[test]
fn a_configuration_elsewhere_in_the_repository_is_a_sign_of_a_client() {
    let folder = Folder::new();
    git(&folder.path(), &["init", "-q"]);
    let search = "  search:\n    image: example/search:1\n    volumes: [\"../files/search:/etc/search\"]\n";
    folder.write("app/compose.yaml", format!("{STORE}{CLIENT}{search}"));
    folder.write("files/search/settings.yml", "valkey:\n  url: valkey://cache:6379/0\n");
    let run = folder.caulk(&["check", "--fix", "app"]);
    let said = run.all().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let expected = "`search` names `cache` in its ../files/search/settings.yml, and may need the password there";
    assert!(said.contains(expected), "{}", run.all());
}
