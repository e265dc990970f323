use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Item, Resolved, Unused, Value, resolve};
use crate::model::{Invocation, Problem, Weight, Workspace};
use crate::source::{NoFiles, Overlay};

/// What a call in `/p` makes of these files.
struct Answer {
    resolved: Option<Resolved>,
    problems: Vec<Problem>,
}

impl Answer {
    fn line(&self, path: &str) -> Option<String> {
        let root = self.resolved.as_ref()?.root.as_ref()?;
        let item = path.split('.').try_fold(root, |item, step| match step.parse::<usize>() {
            Ok(at) => item.items().get(at),
            Err(_) => item.get(step),
        });
        item.map(text)
    }

    fn errors(&self) -> Vec<String> {
        let resolved =
            self.resolved.iter().flat_map(|resolved| resolved.problems.iter().chain(&resolved.inconsistencies));
        let errors = self.problems.iter().chain(resolved).filter(|problem| problem.weight == Weight::Error);
        errors.map(|problem| problem.message.clone()).collect()
    }
}

/// An item in short.
fn text(item: &Item) -> String {
    match &item.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, item)| format!("{key}: {}", text(item)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn call(files: &[(&str, &str)], invocation: Invocation) -> Answer {
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in files {
        overlay.set(Path::new("/p").join(path), text.as_bytes());
    }
    let mut workspace = Workspace::empty(&overlay);
    let (located, problems) = workspace.apart(|workspace| invocation.locate(workspace));
    let resolved = located.map(|located| resolve(&mut workspace, &located, Unused::Drop));
    Answer { resolved, problems }
}

fn in_folder() -> Invocation {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    Invocation { folder: PathBuf::from("/p"), environment, ..Invocation::default() }
}

fn service(body: &str) -> Answer {
    let file = format!("volumes: {{data: }}\nservices:\n  s:\n    image: i\n    {body}\n");
    call(&[("compose.yaml", &file)], in_folder())
}

#[test]
fn short_spellings_get_their_long_form() {
    let cases = [
        (
            "ports: ['127.0.0.1:80:90/udp']",
            "ports",
            "[{mode: ingress, host_ip: 127.0.0.1, target: 90, published: 80, protocol: udp}]",
        ),
        ("ports: ['9-10:9-10']", "ports.0.target", "10"),
        ("ports: ['9-10:80']", "ports.0.published", "9-10"),
        (
            "volumes: ['./a:/b/:ro']",
            "volumes.0",
            "{type: bind, source: /p/a, target: /b, read_only: true, bind: {create_host_path: true}}",
        ),
        ("volumes: ['data:/b']", "volumes.0", "{type: volume, source: data, target: /b, volume: {}}"),
        ("volumes: ['~/a:/b']", "volumes.0.source", "/home/me/a"),
        ("build: ./a", "build", "{context: /p/a, dockerfile: Dockerfile}"),
        ("command: redis-server --requirepass 'a b'", "command", "[redis-server, --requirepass, a b]"),
        ("command: echo a && echo b", "command", "[echo, a]"),
        ("healthcheck: {test: ping, interval: 90s}", "healthcheck", "{interval: 1m30s, test: [CMD-SHELL, ping]}"),
        ("environment: {A: 0x10, B: , C: true}", "environment", "{A: 16, B: null, C: true}"),
        ("environment: [A=1, A=2]", "environment", "{A: 2}"),
        ("labels: [a]", "labels", "{a: }"),
        ("mem_limit: 1.5g", "mem_limit", "1610612736"),
        ("init: yes", "init", "true"),
        ("extra_hosts: ['a:::1', 'b=1.2.3.4']", "extra_hosts", "[a=::1, b=1.2.3.4]"),
        ("links: [s2]", "depends_on", "{s2: {restart: true, required: true, condition: service_started}}"),
    ];
    for (body, path, expected) in cases {
        assert_eq!(service(body).line(&format!("services.s.{path}")).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn what_compose_refuses_is_an_error() {
    let cases = [
        ("prots: ['80:80']", "`prots` is no key that Compose knows here"),
        ("ports: 80", "Compose wants a list here, this is a number"),
        ("ports: ['80:http']", "`http` is no container port"),
        ("restart: false", "Compose wants a text here, this is a boolean"),
        ("container_name: a", "Compose wants a name of two characters or more here, this is another one"),
        ("healthcheck: {interval: soon}", "Compose wants a time here, such as `30s` or `1m30s`"),
        ("command: 'a (b)'", "invalid command line string: a parenthesis must be quoted"),
        ("cap_add: [A]\n    security_opt: [a, a]", "this item is already in the list"),
        ("image: ${", "Compose can't read a `$` in this text"),
        ("user: '${U:?who}'", "the variable U must be set: who"),
        ("scale: '${N:-x}'", "Compose wants a whole number here, this is another text"),
        ("volumes: ['other:/x']", "`other` is not among the `volumes` at the top of the project"),
        ("depends_on: [t]", "there is no service `t`"),
        ("env_file: no.env", "the env file can't be read: there is no such file"),
        (
            "network_mode: host\n    networks: [n]\nnetworks: {n: }\nx-a:",
            "`network_mode` and `networks` exclude each other",
        ),
    ];
    for (body, expected) in cases {
        let body = body.replace("image: ${", "domainname: ${");
        assert_eq!(service(&body).errors(), [expected], "{body}");
    }
}

#[test]
fn a_fragment_is_inconsistent_but_no_mistake() {
    let answer = call(&[("compose.yaml", "services:\n  s:\n    ports: ['80:80']\n")], in_folder());
    let resolved = answer.resolved.expect("the files are there");
    assert!(resolved.problems.is_empty() && resolved.inconsistencies.len() == 1 && !resolved.is_accepted());
}

#[test]
fn a_later_file_merges_into_the_long_form() {
    let base = "services:\n  s:\n    image: i\n    ports: ['80-82:80-82']\n    environment: {A: 1, B: 2}\n";
    let over = "services:\n  s:\n    ports: ['81:81', '127.0.0.1:80:80']\n    environment: [A]\n";
    let answer = call(&[("compose.yaml", base), ("compose.override.yaml", over)], in_folder());
    assert_eq!(answer.errors(), [""; 0]);
    let published: Vec<_> = (0..5).filter_map(|at| answer.line(&format!("services.s.ports.{at}.published"))).collect();
    assert_eq!(published, ["80", "81", "82", "80"]);
    assert_eq!(answer.line("services.s.environment").as_deref(), Some("{A: null, B: 2}"));
}

#[test]
fn included_projects_have_variables_and_paths_of_their_own() {
    let files = [
        ("compose.yaml", "include: [sub/c.yml]\nservices:\n  s: {image: '${A:-none}'}\n"),
        ("sub/c.yml", "services:\n  t: {image: '$A', volumes: ['./d:/d']}\n"),
        ("sub/.env", "A=sub\n"),
    ];
    let answer = call(&files, in_folder());
    assert_eq!(answer.line("services.s.image").as_deref(), Some("none"));
    assert_eq!(answer.line("services.t.image").as_deref(), Some("sub"));
    assert_eq!(answer.line("services.t.volumes.0.source").as_deref(), Some("/p/sub/d"));
    let conflict =
        [("compose.yaml", "include: [c.yml]\nservices:\n  t: {image: a}\n"), ("c.yml", "services:\n  t: {image: b}\n")];
    assert_eq!(call(&conflict, in_folder()).errors(), ["`t` is something else in an included file"]);
}

#[test]
fn files_are_chosen_as_compose_chooses_them() {
    let file = |image: &str| format!("services:\n  s: {{image: {image}}}\n");
    let (a, b, c) = (file("a"), file("b"), file("'$C'"));
    let files = [
        ("compose.yaml", a.as_str()),
        ("compose.override.yml", &b),
        ("d/c.yml", &c),
        (".env", "C=top\n"),
        ("d/.env", "C=d\n"),
    ];
    let image = |invocation: Invocation| call(&files, invocation).line("services.s.image");
    assert_eq!(image(in_folder()).as_deref(), Some("b"));
    assert_eq!(image(Invocation { folder: "/p/d/e".into(), ..in_folder() }).as_deref(), Some("b"));
    let with_f = |file: &str| Invocation { files: vec![file.to_owned()], ..in_folder() };
    assert_eq!(image(with_f("compose.yaml")).as_deref(), Some("a"));
    assert_eq!(image(with_f("d/c.yml")).as_deref(), Some("d"));
    let mut by_variable = in_folder();
    by_variable.environment.insert("COMPOSE_FILE".to_owned(), "d/c.yml".to_owned());
    assert_eq!(image(by_variable).as_deref(), Some("top"));
}

#[test]
fn profiles_enable_services() {
    let file = "services:\n  a: {image: i}\n  b: {image: i, profiles: [x], env_file: no.env}\n";
    let names = |profiles: &[&str]| {
        let profiles = profiles.iter().map(|profile| (*profile).to_owned()).collect();
        let answer = call(&[("compose.yaml", file)], Invocation { profiles, ..in_folder() });
        (answer.line("services.b").is_some(), answer.errors().len())
    };
    assert_eq!(names(&[]), (false, 0));
    assert_eq!(names(&["x"]), (true, 1));
    assert_eq!(names(&["*"]), (true, 1));
}

#[test]
fn a_blank_profile_is_enabled_where_nobody_names_one() {
    let file = "services:\n  a: {image: i}\n  b: {image: i, profiles: ['${PROF:-}']}\n";
    let is_there = |env: &str| {
        let answer = call(&[("compose.yaml", file), (".env", env)], in_folder());
        answer.line("services.b").is_some()
    };
    assert!(is_there(""));
    assert!(!is_there("PROF=off\n"));
    assert!(!is_there("COMPOSE_PROFILES=x\n"));
}

#[test]
fn a_value_of_a_mapping_is_no_name_of_a_variable() {
    let file = "services:\n  s:\n    image: i\n    environment: {A: TAG, B: '', C: '${UNSET:-}'}\n";
    // The last line is a value without a name to Compose.
    let answer = call(&[("compose.yaml", file), (".env", "TAG=1\nWORD")], in_folder());
    assert_eq!(answer.line("services.s.environment").as_deref(), Some("{A: TAG, B: , C: }"));
}

#[test]
fn a_mistake_of_syntax_is_the_only_thing_that_is_wrong() {
    let service = "services:\n  a:\n    image: i\n    networks: [n]\n    depends_on: [b]\n";
    let unclosed = format!("{service}    user: \"x\n  b: {{image: i}}\nnetworks: {{n: }}\n");
    let tab = format!("name: p\n{}", service.replace("  a:", "\ta:"));
    let bomb = format!("x-a: &a [x]\nx-b: [{}]\n{service}networks: {{n: }}\n", "<<: *a,".repeat(3));
    for (file, expected) in [(unclosed, "unclosed quote"), (tab, "a tab"), (bomb, "merge key")] {
        let errors: BTreeSet<_> = call(&[("compose.yaml", &file)], in_folder()).errors().into_iter().collect();
        assert!(errors.len() == 1 && errors.iter().all(|error| error.contains(expected)), "{errors:?}");
    }
}

#[test]
fn a_broken_env_file_is_not_blamed_for_what_its_other_lines_set() {
    let file = "services:\n  a: {image: 'i:$TAG', user: '${WHO:?set it}'}\n";
    let env = "TAG=1\nWHO=me\nA B=1\n";
    let answer = call(&[("compose.yaml", file), (".env", env)], in_folder());
    let resolved =
        answer.resolved.iter().flat_map(|resolved| resolved.problems.iter().chain(&resolved.inconsistencies));
    let places: BTreeSet<_> = answer.problems.iter().chain(resolved).map(|problem| &problem.path).collect();
    assert_eq!(places, BTreeSet::from([&PathBuf::from("/p/.env")]));
}

#[test]
fn an_unset_variable_of_an_env_file_is_told_where_it_is_used() {
    let file = "services:\n  a: {image: i}\n";
    let answer = call(&[("compose.yaml", file), (".env", "URL=\"http://$HOST_NAME/\"\n")], in_folder());
    let places: Vec<_> = answer.problems.iter().map(|problem| (problem.span.start, problem.span.end)).collect();
    assert_eq!(places, [(12, 22)]);
}
