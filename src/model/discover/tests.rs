use super::*;
use crate::source::{NoFiles, Overlay};

const SERVICE: &str = "services:\n  a:\n    image: a\n";
const OVER: &str = "services:\n  a:\n    ports: []\n";

/// The projects of files below `/r`, as `file + file [env file] (reason)`.
fn found(texts: &[(&str, &str)], given: &[&str]) -> Vec<String> {
    let mut files = Overlay::new(&NoFiles);
    for (path, text) in texts {
        files.set(Path::new("/r").join(path), text.as_bytes().to_vec());
    }
    let given: Vec<_> = given.iter().map(|path| Path::new("/r").join(path)).collect();
    let shown =
        |paths: &[PathBuf]| paths.iter().map(|path| relative_to(Path::new("/r"), path)).collect::<Vec<_>>().join(" + ");
    let show = |project: ProjectFiles| {
        let env =
            if project.env_files.is_empty() { String::new() } else { format!(" [{}]", shown(&project.env_files)) };
        format!("{}{env} ({})", shown(&project.files), project.reason.describe(Path::new("/r")))
    };
    projects_of(&files, &given).into_iter().map(show).collect()
}

#[test]
fn a_file_that_needs_what_the_default_one_defines_lies_over_it() {
    let main = format!("{SERVICE}networks:\n  n:\nsecrets:\n  s:\n    file: s\n");
    let over = |rest: &str| {
        let text = format!("services:\n  b:\n    image: b\n{rest}");
        found(&[("compose.yml", &main), ("compose.b.yml", &text)], &["compose.b.yml"]).pop().expect("there is one")
    };
    for rest in [
        "    depends_on: [a]\n",
        "    depends_on:\n      a:\n        condition: service_started\n",
        "    depends_on:\n      a:\n        condition: service_started\n        required: false\n",
        "    network_mode: service:a\n",
        "    pid: service:a\n",
        "    links: ['a:cache']\n",
        "    volumes_from: ['a:ro']\n",
        "    networks: [n, default]\n",
        "    networks:\n      n:\n        aliases: [x]\n",
        "    secrets: [{ source: s }]\n",
    ] {
        assert_eq!(over(rest), "compose.yml + compose.b.yml (lies over the default file)", "{rest}");
    }
    // Compose takes these as they are, or refuses them over the default file, too.
    for rest in [
        "",
        "    depends_on: [b]\n",
        "    depends_on: [c, a]\n",
        "    networks: [n]\nnetworks:\n  n:\n",
        "    networks: [default]\n",
        "    volumes_from: ['container:a']\n    volumes: ['v:/v']\n",
        "    depends_on: [a]\ninclude: [other.yml]\n",
    ] {
        assert_eq!(over(rest), "compose.b.yml (stands alone)", "{rest}");
    }
}

#[test]
fn a_list_in_a_readme_makes_a_project_beside_the_default_one() {
    let texts = [
        ("compose.yml", SERVICE),
        ("compose.tools.yml", SERVICE),
        ("README.md", "# Shop\n\n    docker compose -f compose.yml -f compose.tools.yml up\n"),
    ];
    let both = ["compose.yml + compose.tools.yml (called so in README.md:3)", "compose.yml (default name)"];
    let mut projects = found(&texts, &["compose.yml"]);
    projects.sort_by_key(|project| project.contains("default"));
    assert_eq!(projects, both);
    assert_eq!(found(&texts, &["compose.tools.yml"]).len(), 2, "a file brings what shares a file with it");
}

#[test]
fn lists_are_found_in_every_kind_of_script() {
    let list = "docker compose -f compose.yml -f compose.ci.yml up";
    let kinds = [
        "Makefile",
        "deploy.sh",
        "scripts/up.sh",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        "justfile",
        "package.json",
        "docs/install.md",
    ];
    for script in kinds {
        let texts = [("compose.yml", SERVICE), ("compose.ci.yml", SERVICE), (script, list)];
        let projects = found(&texts, &["compose.ci.yml"]);
        let expected = format!("compose.yml + compose.ci.yml (called so in {script}:1)");
        assert!(projects.contains(&expected), "{script}: {projects:?}");
        assert!(!projects.iter().any(|project| project.contains("alone")), "{script}: {projects:?}");
    }
}

#[test]
fn a_header_comment_counts_and_a_comment_further_down_does_not() {
    let call = "# docker compose -f compose.yml -f monitoring/compose.yml up\n";
    let above = format!("{call}{SERVICE}");
    let below = format!("{SERVICE}{call}");
    let project = "compose.yml + monitoring/compose.yml (called so in monitoring/compose.yml:1)".to_owned();
    let is_found = |text: &str| {
        let texts = [("compose.yml", SERVICE), ("monitoring/compose.yml", text)];
        found(&texts, &["monitoring/compose.yml"]).contains(&project)
    };
    assert!(is_found(&above));
    assert!(!is_found(&below));
}

#[test]
fn the_root_of_the_repository_speaks_for_its_folders_and_nothing_above_it_does() {
    let list = "docker compose -f deploy/compose.yml -f deploy/compose.prod.yml up";
    let texts = [
        ("repo/.git/HEAD", ""),
        ("repo/Makefile", list),
        ("repo/deploy/compose.yml", SERVICE),
        ("repo/deploy/compose.prod.yml", SERVICE),
        ("Makefile", "docker compose --env-file repo/deploy/x.env -f repo/deploy/compose.yml up"),
        ("repo/deploy/x.env", ""),
    ];
    let projects = found(&texts, &["repo/deploy/compose.prod.yml"]);
    assert_eq!(
        projects,
        [
            "repo/deploy/compose.yml (default name)",
            "repo/deploy/compose.yml + repo/deploy/compose.prod.yml (called so in repo/Makefile:1)",
        ]
    );
}

#[test]
fn a_script_above_may_change_into_the_folder_and_a_document_above_speaks_of_none() {
    let list = "cd deploy\ndocker compose -f compose.yml -f compose.prod.yml up\ndocker compose --env-file x.env up\n";
    let found_by = |text: &str| {
        let texts = [
            ("x/.git/HEAD", ""),
            (text, list),
            ("x/deploy/compose.yml", SERVICE),
            ("x/deploy/compose.prod.yml", SERVICE),
            ("x/deploy/x.env", ""),
        ];
        let projects = found(&texts, &["x/deploy/compose.yml"]);
        projects.into_iter().filter(|project| project.contains("called")).collect::<Vec<_>>()
    };
    let called = |text: &str| {
        [
            format!("x/deploy/compose.yml [x/deploy/x.env] (called so in {text}:3)"),
            format!("x/deploy/compose.yml + x/deploy/compose.prod.yml (called so in {text}:2)"),
        ]
    };
    assert_eq!(found_by("x/run.sh"), called("x/run.sh"));
    assert_eq!(found_by("x/README.md"), called("x/README.md"));
}

#[test]
fn files_that_are_not_there_or_lie_outside_make_no_project() {
    let cases = [
        "docker compose -f compose.yml -f compose.gone.yml up",
        "docker compose -f compose.yml -f ../../other/compose.yml up",
        "docker compose -f compose.yml up",
    ];
    for call in cases {
        let texts =
            [("x/.git/HEAD", ""), ("x/compose.yml", SERVICE), ("other/compose.yml", SERVICE), ("x/run.sh", call)];
        assert_eq!(found(&texts, &["x/compose.yml"]), ["x/compose.yml (default name)"], "{call}");
    }
}

#[test]
fn an_env_file_that_a_call_names_is_read_in_the_place_of_the_usual_one() {
    let texts = [
        ("compose.yml", SERVICE),
        (".env.prod", "A=1\n"),
        ("up.sh", "docker compose --env-file .env.prod up\ndocker compose --env-file .env.gone up\n"),
    ];
    let projects = found(&texts, &["compose.yml"]);
    assert_eq!(projects, ["compose.yml [.env.prod] (called so in up.sh:1)"]);
    let texts = [texts[0], texts[1], texts[2], (".env", "A=2\n")];
    let projects = found(&texts, &["compose.yml"]);
    assert_eq!(projects, ["compose.yml (default name)", "compose.yml [.env.prod] (called so in up.sh:1)"]);
}

#[test]
fn a_call_from_another_folder_takes_the_place_of_the_default_that_has_no_env_file() {
    let calls = [
        (
            "docker compose -f docker/compose.yml --env-file .env up",
            "docker/compose.yml [.env] (called so in README.md:1)",
        ),
        ("cd docker && docker compose --env-file ../.env up", "docker/compose.yml [.env] (called so in README.md:1)"),
        (
            "docker compose --project-directory . -f docker/compose.yml up",
            "docker/compose.yml (called so in README.md:1)",
        ),
    ];
    for (call, expected) in calls {
        let texts = [(".git/HEAD", ""), ("docker/compose.yml", SERVICE), (".env", "A=1\n"), ("README.md", call)];
        assert_eq!(found(&texts, &["docker/compose.yml"]), [expected], "{call}");
        let texts = [&texts[..], &[("docker/.env", "A=2\n")]].concat();
        assert_eq!(found(&texts, &["docker/compose.yml"]).len(), 2, "{call}");
    }
}

#[test]
fn what_a_project_includes_or_extends_is_a_part_of_it() {
    let include =
        "include:\n  - redis/compose.yml\n  - path: [a.yml, db/compose.db.yml]\nservices:\n  a:\n    image: a\n";
    let extend = "services:\n  a:\n    extends: {file: compose.base.yml, service: a}\n";
    let texts = [
        (".git/HEAD", ""),
        ("compose.yml", include),
        ("redis/compose.yml", SERVICE),
        ("db/compose.db.yml", extend),
        ("db/compose.base.yml", SERVICE),
    ];
    let all = ["compose.yml", "redis/compose.yml", "db/compose.db.yml", "db/compose.base.yml"];
    assert_eq!(found(&texts, &all), ["compose.yml (default name)"]);
    for part in &all[1..] {
        assert_eq!(found(&texts, &[part]), ["compose.yml (default name)"], "{part} brings what uses it");
    }
}

#[test]
fn a_default_file_that_others_extend_is_run_by_itself_too() {
    let extend = "services:\n  a:\n    extends: {file: compose.yml, service: a}\n";
    let texts = [("compose.yml", SERVICE), ("compose.dev.yml", extend)];
    assert_eq!(
        found(&texts, &["compose.yml", "compose.dev.yml"]),
        ["compose.dev.yml (stands alone)", "compose.yml (default name)"]
    );
}

#[test]
fn files_that_include_each_other_stay() {
    let texts = [
        ("compose.a.yml", "include: [compose.b.yml]\nservices:\n  a: {image: a}\n"),
        ("compose.b.yml", "include: [compose.a.yml]\nservices:\n  b: {image: b}\n"),
    ];
    assert_eq!(found(&texts, &["compose.a.yml"]).len(), 2);
}

#[test]
fn a_stack_is_told_apart_from_the_same_files_under_compose() {
    let texts = [("compose.yml", SERVICE), ("up.sh", "docker stack deploy -c compose.yml shop\n")];
    let projects = found(&texts, &["compose.yml"]);
    assert_eq!(projects, ["compose.yml (deployed to a swarm in up.sh:1)", "compose.yml (default name)"]);
}

#[test]
fn a_file_without_images_lies_over_the_default_one_and_a_complete_one_stands_alone() {
    let texts = [("compose.yml", SERVICE), ("compose.dev.yml", OVER), ("compose.other.yml", SERVICE)];
    assert_eq!(
        found(&texts, &["compose.dev.yml", "compose.other.yml"]),
        [
            "compose.other.yml (stands alone)",
            "compose.yml (default name)",
            "compose.yml + compose.dev.yml (lies over the default file)",
        ]
    );
}
