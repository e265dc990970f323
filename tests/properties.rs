//! What holds for every input: texts and their trees agree, and a repair changes no more than it must, once.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk::syntax::{env, yaml};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use common::{Folder, Habits, PROJECTS, files_of, project};

/// Each case runs caulk several times.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_tree_covers_its_text(text in any_yaml()) {
        let (document, problems) = yaml::parse(text.as_str().into());
        prop_assert_eq!(document.text(), text.as_str());
        for id in document.ids() {
            let node = document.node(id);
            prop_assert!(text.get(node.span.start..node.span.end).is_some(), "{:?} is not in the text", node.span);
            // Where the text ends in the middle of something, so does the tree.
            if !problems.is_empty() {
                continue;
            }
            if let Some(parent) = node.parent {
                let outer = document.node(parent).span;
                prop_assert!(outer.contains(node.span), "{:?} is not in its parent {outer:?}", node.span);
            }
            let keys_and_values = document.pairs(id).iter().flat_map(|pair| [pair.key, pair.value]);
            let children: Vec<_> = keys_and_values.chain(document.items(id).iter().copied()).collect();
            for neighbours in children.windows(2) {
                let [left, right] = [neighbours[0], neighbours[1]].map(|child| document.node(child).span);
                prop_assert!(left.end <= right.start, "{left:?} and {right:?} overlap");
            }
        }
    }

    #[test]
    fn env_entries_cover_their_text(text in any_env()) {
        for (file, _) in [env::parse(&text), env::parse_raw(&text)] {
            let mut end = 0;
            for entry in &file.entries {
                prop_assert!(end <= entry.key_span.start, "{:?} goes back", entry.key_span);
                prop_assert_eq!(text.get(entry.key_span.start..entry.key_span.end), Some(entry.key.as_str()));
                end = entry.key_span.end;
                if let Some(value) = &entry.value {
                    prop_assert!(end <= value.span.start && text.get(value.span.start..value.span.end).is_some());
                    end = value.span.end;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn a_repair_of_a_damaged_project_is_careful(
        name in select(&PROJECTS[..]),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        let mut files = files_of(&project(name).join("input"));
        for mutation in &mutations {
            mutation.apply(&mut files);
        }
        careful_repair(files)?;
    }

    #[test]
    fn an_open_project_in_any_spelling_is_sealed_carefully(project in open_project()) {
        let (folder, status) = careful_repair(project.files())?;
        let text = folder.caulk(&["check"]).all();
        prop_assert_eq!(status, Some(0), "{}", text);
        let sealed = String::from_utf8_lossy(&folder.files()["docker-compose.yml"]).into_owned();
        prop_assert!(sealed.contains("--requirepass"), "{}", sealed);
        prop_assert!(!sealed.contains("\"6379:6379\""), "{}", sealed);
    }
}

/// Repairs a project and checks what every repair has to keep. Returns the folder and the exit status.
fn careful_repair(files: BTreeMap<String, Vec<u8>>) -> Result<(Folder, Option<i32>), TestCaseError> {
    let folder = Folder::new();
    for (name, bytes) in &files {
        folder.write(name, bytes);
    }
    let run = folder.caulk(&["check", "--fix"]);
    // A damage may leave a file in which nobody would see a project: it is said, and left alone.
    if run.status == Some(2) && run.all().contains("holds something else") {
        prop_assert_eq!(&folder.files(), &files);
        return Ok((folder, run.status));
    }
    prop_assert!(matches!(run.status, Some(0 | 1)), "{}", run.all());
    prop_assert!(!run.all().contains("panicked"), "{}", run.all());
    let once = folder.files();
    let again = folder.caulk(&["check", "--fix"]);
    prop_assert_eq!(again.status, run.status, "{}\n{}", run.all(), again.all());
    prop_assert_eq!(&folder.files(), &once, "the second run changes something");
    for (name, before) in &files {
        let after = &once[name];
        // An empty env file has no habits yet.
        if !before.is_empty() {
            prop_assert!(Habits::of(before).are_kept_by(&Habits::of(after)), "{}: {:?}", name, Habits::of(after));
        }
        let [before, after] = [before, after].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let left = comments(&after);
        for (comment, count) in comments(&before) {
            prop_assert!(left.get(&comment).is_some_and(|left| *left >= count), "{}: {:?} is gone", name, comment);
        }
        for line in removed_lines(&before, &after) {
            let concerned = [
                "redis",
                "valkey",
                "6379",
                "PASSWORD",
                "test:",
                "command:",
                "maxmemory",
                "eviction",
                "--append",
                "environment",
            ];
            prop_assert!(concerned.iter().any(|word| line.contains(word)), "{}: {:?} was changed", name, line);
        }
    }
    taken_back(&files, &run)?;
    Ok((folder, run.status))
}

/// Takes the same repair back, repair by repair and as a whole: every byte is as before.
fn taken_back(files: &BTreeMap<String, Vec<u8>>, run: &common::Run) -> Result<(), TestCaseError> {
    if !run.stdout.contains("Repaired ") {
        return Ok(());
    }
    for is_whole in [true, false] {
        let folder = Folder::new();
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder.caulk(&["check", "--fix"]);
        let list = folder.caulk(&["undo", "--list"]).stdout;
        let mut ids: Vec<_> = list.lines().filter_map(|line| line.split(' ').next()).collect();
        if is_whole {
            ids.truncate(1);
        }
        for id in ids {
            // Some rest on others, which then go first.
            let undone = folder.caulk(&["undo", id]);
            prop_assert!(undone.status == Some(0) || undone.stderr.contains("by itself"), "{}\n{}", list, undone.all());
        }
        let rest = folder.caulk(&["undo"]);
        prop_assert!(matches!(rest.status, Some(0 | 2)), "{}\n{}", list, rest.all());
        prop_assert!(folder.files() == *files, "{}\n{}", list, rest.all());
    }
    Ok(())
}

/// Whatever follows a `#` that could begin a comment, with its number.
fn comments(text: &str) -> BTreeMap<String, usize> {
    let mut comments = BTreeMap::new();
    for line in text.lines() {
        let start = if line.trim_start().starts_with('#') { line.find('#') } else { line.find(" #") };
        if let Some(comment) = start.and_then(|start| line.get(start..)) {
            *comments.entry(comment.trim().to_owned()).or_default() += 1;
        }
    }
    comments
}

/// The lines of `before`, without their ends, that are no longer there.
fn removed_lines(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let diff = similar::TextDiff::from_slices(&before, &after);
    let removed = diff.iter_all_changes().filter(|change| change.tag() == similar::ChangeTag::Delete);
    removed.map(|change| change.value().to_string()).collect()
}

/// A change to one file of a project. It may break the file.
#[derive(Debug, Clone)]
struct Mutation {
    file: Index,
    place: Index,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    CrLf,
    ByteOrderMark,
    NoFinalNewline,
    BlankLine,
    Comment,
    TrailingBlanks,
    TrailingComment,
    RemoveLine,
    RepeatLine,
    RemoveByte,
    Indent,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let kinds = vec![
        Kind::CrLf,
        Kind::ByteOrderMark,
        Kind::NoFinalNewline,
        Kind::BlankLine,
        Kind::Comment,
        Kind::TrailingBlanks,
        Kind::TrailingComment,
        Kind::RemoveLine,
        Kind::RepeatLine,
        Kind::RemoveByte,
        Kind::Indent,
    ];
    (any::<Index>(), any::<Index>(), select(kinds)).prop_map(|(file, place, kind)| Mutation { file, place, kind })
}

impl Mutation {
    fn apply(&self, files: &mut BTreeMap<String, Vec<u8>>) {
        let names: Vec<String> = files.keys().cloned().collect();
        let name = self.file.get(&names);
        let text = String::from_utf8_lossy(&files[name]).into_owned();
        files.insert(name.clone(), self.change(&text).into_bytes());
    }

    fn change(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return text.to_owned();
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let at = self.place.index(lines.len());
        let line = lines[at].clone();
        let content = line.trim_end_matches(['\r', '\n']);
        match self.kind {
            Kind::CrLf => return text.replace("\r\n", "\n").replace('\n', "\r\n"),
            Kind::ByteOrderMark => return format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
            Kind::NoFinalNewline => return text.trim_end_matches(['\r', '\n']).to_owned(),
            // Not in front of a byte order mark.
            Kind::BlankLine => lines.insert(at.max(1).min(lines.len()), end.to_owned()),
            Kind::Comment => {
                let indent: String = content.chars().take_while(|char| *char == ' ').collect();
                lines.insert(at.max(1).min(lines.len()), format!("{indent}# näh: \"{at}\" # it's{end}"));
            }
            Kind::TrailingBlanks => lines[at] = line.replacen(content, &format!("{content}   "), 1),
            Kind::TrailingComment => lines[at] = line.replacen(content, &format!("{content} # there"), 1),
            Kind::RemoveLine => drop(lines.remove(at)),
            Kind::RepeatLine => lines.insert(at, line),
            Kind::RemoveByte => {
                let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
                lines[at].remove(places[self.place.index(places.len())]);
            }
            Kind::Indent => lines[at].insert_str(0, if at == 0 { "" } else { "  " }),
        }
        lines.concat()
    }
}

/// An open Redis and a client of it, spelled in one of many ways.
#[derive(Debug, Clone)]
struct OpenProject {
    image: &'static str,
    command: &'static str,
    ports: &'static str,
    healthcheck: &'static str,
    environment: &'static str,
    client: &'static str,
    four_spaces: bool,
    crlf: bool,
    byte_order_mark: bool,
    final_newline: bool,
    server_first: bool,
    env_file: Option<&'static str>,
}

fn open_project() -> impl Strategy<Value = OpenProject> {
    let image = select(vec!["redis:7-alpine", "'redis:6.2'", "valkey/valkey:8 # pinned", "redis"]);
    let command = select(vec![
        "",
        "    command: redis-server\n",
        "    command: redis-server --appendfsync always # kept\n",
        "    command: \"redis-server --hz 20\"\n",
        "    command: [redis-server, \"--appendfsync\", 'always']\n",
        "    command:\n      - redis-server # the server\n      - --appendfsync\n      - \"always\"\n",
        "    command: >\n      redis-server\n      --appendfsync always\n",
        "    command: --maxmemory 64mb\n",
        "    command: sh -c \"redis-server --appendfsync always\"\n",
    ]);
    let ports = select(vec![
        "",
        "    ports: [\"6379:6379\"]\n",
        "    ports:\n      - \"6379:6379\" # for redis-cli\n",
        "    ports:\n      - 6379:6379\n",
        "    ports:\n    - '6379:6379'\n",
        "    ports:\n      - target: 6379\n        published: 6379\n",
        "    ports: [{target: 6379, published: \"6379\"}]\n",
        "    ports:\n      - \"127.0.0.1:6379:6379\"\n",
    ]);
    let healthcheck = select(vec![
        "",
        "    healthcheck:\n      test: [\"CMD\", \"redis-cli\", \"ping\"]\n      interval: 5s\n",
        "    healthcheck:\n      test: redis-cli ping | grep PONG\n",
        "    healthcheck:\n      # asks\n      test:\n        - CMD-SHELL\n        - redis-cli ping || exit 1\n",
        "    healthcheck: {test: [CMD, redis-cli, --raw, incr, ping], retries: 3}\n",
    ]);
    let environment = select(vec![
        "",
        "    environment:\n      TZ: UTC\n",
        "    environment:\n      - TZ=UTC # zone\n",
        "    environment: {TZ: UTC}\n",
        "    environment: [TZ=UTC]\n",
    ]);
    let client = select(vec![
        "    environment:\n      REDIS_URL: redis://redis:6379/0 # sessions\n",
        "    environment:\n      REDIS_URL: \"redis://redis:6379\"\n      B: 2\n",
        "    environment:\n      - A=1\n      - REDIS_URL=redis://redis:6379/1\n",
        "    environment: {A: 1, REDIS_URL: 'redis://redis:6379/0'}\n",
        "    environment: [\"REDIS_URL=redis://redis/0\"]\n",
    ]);
    let env_file =
        select(vec![None, Some(""), Some("TAG=1\n"), Some("# settings\nTAG='1' # one"), Some("A=1\r\nB=2\r\n")]);
    let texts = (image, command, ports, healthcheck, environment, client);
    let habits = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (texts, habits, env_file).prop_map(
        |(
            (image, command, ports, healthcheck, environment, client),
            (four_spaces, crlf, mark, newline, first),
            env,
        )| {
            OpenProject {
                image,
                command,
                ports,
                healthcheck,
                environment,
                client,
                four_spaces,
                crlf,
                byte_order_mark: mark,
                final_newline: newline,
                server_first: first,
                env_file: env,
            }
        },
    )
}

impl OpenProject {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let Self { image, command, ports, healthcheck, environment, client, .. } = self;
        let server = format!("  redis:\n    image: {image}\n{environment}{command}{ports}{healthcheck}");
        let client = format!("  # the client\n  web:\n    image: example/web:1\n{client}    depends_on: [redis]\n");
        let services = if self.server_first { [server, client] } else { [client, server] };
        let mut text = format!("# A project\n\nservices:\n{}", services.join("\n"));
        if self.four_spaces {
            let wider = text.split_inclusive('\n').map(|line| {
                let content = line.trim_start_matches(' ');
                // A mapping in a list has its keys below each other at an odd place; more blanks are fine everywhere else.
                let indent = line.len() - content.len();
                format!("{}{content}", " ".repeat(if indent > 6 { indent + 6 } else { indent * 2 }))
            });
            text = wider.collect();
        }
        if !self.final_newline {
            text.truncate(text.trim_end().len());
        }
        if self.crlf {
            text = text.replace('\n', "\r\n");
        }
        if self.byte_order_mark {
            text.insert(0, '\u{feff}');
        }
        let mut files = BTreeMap::from([("docker-compose.yml".to_owned(), text.into_bytes())]);
        if let Some(env) = self.env_file {
            files.insert(".env".to_owned(), env.as_bytes().to_vec());
        }
        files
    }
}

/// Fixtures, pieces of them put together anew, and plain noise.
fn any_yaml() -> impl Strategy<Value = String> {
    let fixtures = texts_below("fixtures/projects", &["yml", "yaml"]);
    let whole = (select(fixtures.clone()), prop::collection::vec(mutation(), 0..6))
        .prop_map(|(text, mutations)| mutations.iter().fold(text, |text, mutation| mutation.change(&text)));
    let lines: Vec<String> = fixtures.iter().flat_map(|text| text.split_inclusive('\n').map(str::to_owned)).collect();
    let shuffled = prop::collection::vec(select(lines), 0..20).prop_map(|lines| lines.concat());
    let noise = "[-:?&*!|>'\"%@`{}\\[\\],# \\n\\r\\ta-cé\u{feff}\u{2028}0-9~.$]{0,60}";
    prop_oneof![3 => whole, 2 => shuffled, 2 => noise, 1 => any::<String>()]
}

/// The same for env files.
fn any_env() -> impl Strategy<Value = String> {
    let fixtures = texts_below("fixtures/conformance/dotenv", &["env"]);
    let whole = (select(fixtures), prop::collection::vec(mutation(), 0..6))
        .prop_map(|(text, mutations)| mutations.iter().fold(text, |text, mutation| mutation.change(&text)));
    let noise = "(export )?[A-C_]{1,3}[=: \\n\\r\\t'\"#$\\{\\}\\\\é\u{feff}a-c-]{0,40}";
    prop_oneof![3 => whole, 2 => noise, 1 => any::<String>()]
}

fn texts_below(folder: &str, extensions: &[&str]) -> Vec<String> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = files_of(&folder).into_iter().filter(|(name, _)| {
        let extension = name.rsplit('.').next().unwrap_or_default();
        extensions.contains(&extension)
    });
    let texts: Vec<String> = files.filter_map(|(_, bytes)| String::from_utf8(bytes).ok()).collect();
    assert!(!texts.is_empty(), "{} has no fixtures", folder.display());
    texts
}
