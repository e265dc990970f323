//! Repairs of ports are proved many at once: the outcome is that of one by one, and the files are read a few times only.

mod common;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use caulk::config::SecretsPolicy;
use caulk::fix::commit::FileChange;
use caulk::fix::plan::plan;
use caulk::fix::recreate::{commands, projects};
use caulk::fix::repair::Fate;
use caulk::fix::repair::RepairKey;
use caulk::fix::secret::Secrets;
use caulk::fix::settings::{AT_ONCE, Settings};
use caulk::lens::value::Secret;
use caulk::lint::Selection;
use caulk::model::Options;
use caulk::model::discover::projects_of;
use caulk::rule::RuleSet;
use caulk::source::git::GitStatus;
use caulk::source::{FileKind, Files, NoFiles, Overlay, ReadError, is_named_compose};
use caulk::topology::Surroundings;
use proptest::prelude::*;
use proptest::sample::select;

use common::{PROJECTS, files_of, project};

/// All that comes out of a plan.
#[derive(Debug, PartialEq)]
struct Outcome {
    changes: Vec<FileChange>,
    texts: BTreeMap<PathBuf, String>,
    /// For each repair what it is about, its title, what became of it, and what it made needless.
    repairs: Vec<(RepairKey, String, Fate, BTreeSet<RepairKey>)>,
    /// What the journal is told of the repairs that were made, in their order.
    made: Vec<(usize, String, [BTreeSet<String>; 3])>,
    recreate: Vec<String>,
    notes: BTreeSet<caulk::fix::remark::Remark>,
    /// What is still found.
    left: Vec<String>,
}

fn outcome(files: &dyn Files, at_once: usize, is_unsafe_allowed: bool) -> Outcome {
    let compose: Vec<_> = files.list(Path::new("/project")).into_iter().filter(|path| is_named_compose(path)).collect();
    let sets = projects_of(files, &compose);
    assert!(!sets.is_empty(), "there is a project");
    let options = Options::default();
    let settings = Settings {
        sets: &sets,
        surroundings: &Surroundings::new(|| sets.clone(), &options, files),
        options: &options,
        rules: RuleSet::built_in(),
        selection: &Selection::default(),
        is_unsafe_allowed,
        policy: SecretsPolicy::Generate,
        git: &|_: &Path| GitStatus::NoRepository,
        may_write: &|_| Ok(()),
        at_once,
    };
    let secrets = RefCell::new(Secrets::new(Box::new(|| Ok(Secret::new("0123456789abcdef")))));
    let plan = plan(files, &settings, &secrets);
    let changes = plan.draft.file_changes(1);
    let recreate = commands(&projects(&plan), Path::new("/"));
    let text = |change: &FileChange| String::from_utf8_lossy(change.after.as_deref().unwrap_or_default()).into_owned();
    Outcome {
        texts: changes.iter().map(|change| (change.path.clone(), text(change))).collect(),
        changes,
        repairs: plan.repairs.into_iter().map(|it| (it.key, it.title, it.fate, it.settles)).collect(),
        made: plan.made.into_iter().map(|it| (it.number, it.title, [it.secrets, it.uses, it.changed])).collect(),
        recreate: recreate.into_iter().map(|call| call.command).collect(),
        notes: plan.notes,
        left: plan.after.findings.iter().map(|finding| finding.message.clone()).collect(),
    }
}

fn in_memory<'t>(files: impl IntoIterator<Item = (&'t str, &'t [u8])>) -> Overlay<'static> {
    let mut overlay = Overlay::new(&NoFiles);
    for (name, bytes) in files {
        overlay.set(Path::new("/project").join(name), bytes);
    }
    overlay
}

#[test]
fn fixture_projects_come_out_the_same_for_any_size_of_batches() {
    for name in PROJECTS {
        let files = files_of(&project(name).join("input"));
        let files = in_memory(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
        for is_unsafe_allowed in [false, true] {
            let one_by_one = outcome(&files, 1, is_unsafe_allowed);
            assert!(!one_by_one.made.is_empty(), "{name}");
            assert_eq!(outcome(&files, AT_ONCE, is_unsafe_allowed), one_by_one, "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_ports_come_out_the_same_for_any_size_of_batches(
        text in compose_file(),
        second in prop::option::of(compose_file()),
        env in select(vec!["", "BIND=\n", "BIND=0.0.0.0\nWEB=8080\n", "BIND=127.0.0.1\n"]),
        is_unsafe_allowed in any::<bool>(),
        at_once in select(vec![2, 3, AT_ONCE]),
    ) {
        let mut files = vec![("compose.yaml", text.as_bytes()), (".env", env.as_bytes())];
        files.extend(second.as_ref().map(|text| ("compose.override.yaml", text.as_bytes())));
        let files = in_memory(files);
        prop_assert_eq!(outcome(&files, at_once, is_unsafe_allowed), outcome(&files, 1, is_unsafe_allowed));
    }
}

/// Services with ports in all spellings: shared, twice, with a twin on the loopback address, refused by Compose.
fn compose_file() -> impl Strategy<Value = String> {
    let entry = select(vec![
        "6379:6379",
        "0.0.0.0:6379:6379",
        "127.0.0.1:6379:6379",
        "'6380:6379'",
        "\"[::]:6379:6379\"",
        "\"${BIND}:6379:6379\"",
        "\"${BIND:-0.0.0.0}:6381:6379\"",
        "\"${WEB}:80\"",
        "'8000-8002:8000-8002'",
        "\"53:53/udp\" # names",
        "{target: 6379, published: '6379'}",
        "{target: 80, published: \"8080\", host_ip: 0.0.0.0}",
        "6379",
        "localhost:80:80",
    ]);
    let entries = || prop::collection::vec(entry.clone(), 0..4);
    let ports = prop_oneof![
        entries().prop_map(|entries| format!("    ports:\n{}", block(&entries))),
        entries().prop_map(|entries| format!("    ports: [{}]\n", without_comments(&entries).join(", "))),
        Just("    ports: *open\n".to_owned()),
        Just("    ports:\n      - *entry\n      - 81:81\n".to_owned()),
        Just("    extends: s0\n".to_owned()),
        Just("    <<: *service\n".to_owned()),
        Just(String::new()),
    ];
    let image = select(vec!["redis:7", "redis", "nginx", "adminer", "postgres:16", "valkey/valkey:8"]);
    let service = (image, ports).prop_map(|(image, ports)| format!("    image: {image}\n{ports}"));
    (entries(), entry.clone(), prop::collection::vec(service, 1..7)).prop_map(|(open, entry, services)| {
        let entry = without_comments(&[entry]).join("");
        let shared = format!(
            "x-entry: &entry {entry}\nx-open: &open\n{}      - 82:82\nx-service: &service\n  ports:\n    - *entry\n    - 83:83\n",
            block(&open)
        );
        let services = services.iter().enumerate().map(|(number, text)| format!("  s{number}:\n{text}"));
        format!("{shared}services:\n{}", services.collect::<String>())
    })
}

fn block(entries: &[&str]) -> String {
    entries.iter().map(|entry| format!("      - {entry}\n")).collect()
}

fn without_comments<'t>(entries: &[&'t str]) -> Vec<&'t str> {
    entries.iter().map(|entry| entry.split(" #").next().unwrap_or(entry)).collect()
}

/// Counts how often Compose files are read.
struct Counted<'f> {
    files: &'f dyn Files,
    reads: AtomicUsize,
}

impl Files for Counted<'_> {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, ReadError> {
        self.reads.fetch_add(usize::from(is_named_compose(path)), Ordering::Relaxed);
        self.files.read(path)
    }

    fn kind(&self, path: &Path) -> FileKind {
        self.files.kind(path)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.files.is_link(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.list(folder)
    }
}

#[test]
fn the_files_are_read_as_often_for_many_ports_as_for_a_few() {
    let reads = |services: usize| {
        let service =
            |number: usize| format!("  s{number}:\n    image: redis:7\n    ports: [\"{}:6379\"]\n", 7000 + number);
        let text = format!("services:\n{}", (0..services).map(service).collect::<String>());
        let files = in_memory([("compose.yaml", text.as_bytes())]);
        let files = Counted { files: &files, reads: AtomicUsize::new(0) };
        assert_eq!(outcome(&files, AT_ONCE, false).made.len(), services);
        files.reads.into_inner()
    };
    assert_eq!(reads(40), reads(3));
}
