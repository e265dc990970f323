//! Which stores are built, and whether they ask for a password by what their Dockerfiles say.

use std::path::Path;

use crate::lens::server::Auth;
use crate::model::discover::projects_of;
use crate::model::{Options, Workspace};
use crate::rule::RuleSet;
use crate::source::{NoFiles, Overlay};
use crate::topology::Topology;

/// How the only store of a project is entered; "none" if there is none.
fn auth_with(service: &str, files: &[(&str, &str)]) -> String {
    let mut overlay = Overlay::new(&NoFiles);
    overlay.set("/r/.git/HEAD".into(), "".as_bytes());
    overlay.set("/r/p/compose.yaml".into(), format!("services:\n  db: {{ {service} }}\n").as_bytes());
    for (path, text) in files {
        overlay.set(Path::new("/r/p").join(path), text.as_bytes());
    }
    let sets = projects_of(&overlay, &["/r/p/compose.yaml".into()]);
    let mut workspace = Workspace::read(&overlay, &sets, &Options::default());
    let topology = Topology::read(&mut workspace, &RuleSet::built_in().stores);
    match topology.stores.first().map(|store| store.auth.clone()) {
        None => "none".to_owned(),
        Some(Auth::Password(secret)) => format!("password {}", secret.as_ref().map_or("?", |secret| secret.reveal())),
        Some(Auth::Open) => "open".to_owned(),
        Some(Auth::Acl) => "users".to_owned(),
        Some(Auth::Refuses(_)) => "refuses".to_owned(),
        Some(Auth::Unknown(_)) => "unknown".to_owned(),
        Some(Auth::NoServer(_)) => "no server".to_owned(),
    }
}

/// The same with `build: db`, a Dockerfile there, and a `redis.conf` beside it with a password.
fn auth(dockerfile: &str) -> String {
    auth_with("build: db", &[("db/Dockerfile", dockerfile), ("db/redis.conf", "requirepass pw\n")])
}

#[test]
fn a_dockerfile_that_changes_nothing_makes_the_plain_image() {
    let rows = [
        ("FROM redis:7\n", "open"),
        ("ARG V=7\nFROM redis:${V}-alpine\nRUN apk add curl\nEXPOSE 6379\n", "open"),
        ("FROM golang AS tools\nRUN make\nFROM redis:7 AS plain\nFROM plain\nCOPY --from=tools /x /opt/x\n", "open"),
        ("FROM redis:7 AS data\nFROM python:3\nCOPY --from=data /x /x\n", "none"),
        ("FROM alpine\nRUN apk add redis\nCMD [\"redis-server\"]\n", "none"),
    ];
    for (dockerfile, expected) in rows {
        assert_eq!(auth(dockerfile), expected, "{dockerfile}");
    }
}

#[test]
fn what_the_dockerfile_starts_decides_where_the_project_says_nothing() {
    let rows = [
        ("CMD [\"redis-server\"]", "open"),
        ("CMD redis-server --appendonly yes", "open"),
        ("CMD [\"redis-server\", \"--requirepass\", \"x\"]", "password x"),
        ("CMD redis-server --requirepass x", "password x"),
        ("ENTRYPOINT [\"redis-server\"]\nCMD [\"--requirepass\", \"x\"]", "password x"),
        ("CMD [\"redis-server\", \"--requirepass\", \"x\"]\nENTRYPOINT [\"redis-server\"]", "open"),
        ("COPY redis.conf /etc/redis.conf\nCMD [\"redis-server\", \"/etc/redis.conf\"]", "password pw"),
        ("ADD redis.conf /etc/\nCMD redis-server /etc/redis.conf", "password pw"),
        ("COPY . /etc/\nRUN chown redis /etc/redis.conf\nCMD redis-server /etc/redis.conf", "password pw"),
        ("COPY redis.conf /etc/\nCMD [\"redis-server\"]", "open"),
        ("COPY other.conf /etc/redis.conf\nCMD redis-server /etc/redis.conf", "unknown"),
        ("COPY redis.conf /etc/\nRUN sed -i s/pw/x/ /etc/redis.conf\nCMD redis-server /etc/redis.conf", "unknown"),
        ("RUN echo port 1 > /etc/redis.conf\nCMD redis-server /etc/redis.conf", "unknown"),
        ("COPY --from=redis /c /etc/redis.conf\nCMD redis-server /etc/redis.conf", "unknown"),
        ("ENTRYPOINT [\"/start.sh\"]", "unknown"),
        ("COPY docker-entrypoint.sh /usr/local/bin/", "unknown"),
        ("RUN sed -i s/a/b/ /usr/local/bin/docker-entrypoint.sh", "unknown"),
        ("SHELL [\"bash\", \"-c\"]", "none"),
    ];
    for (lines, expected) in rows {
        assert_eq!(auth(&format!("FROM redis:7\n{lines}\n")), expected, "{lines}");
    }
}

#[test]
fn what_the_project_says_goes_before_the_dockerfile() {
    let docker = ("db/Dockerfile", "FROM redis\nENTRYPOINT [\"redis-server\"]\nCMD [\"--requirepass\", \"x\"]\n");
    let rows = [
        ("build: db, command: --port 6379", "open"),
        ("build: db, command: --requirepass y", "password y"),
        ("build: db, entrypoint: redis-server", "open"),
    ];
    for (service, expected) in rows {
        assert_eq!(auth_with(service, &[docker]), expected, "{service}");
    }
    let variable = ("db/Dockerfile", "FROM bitnami/redis\nENV REDIS_PASSWORD=x\n");
    assert_eq!(auth_with("build: db", &[variable]), "password ?");
    assert_eq!(auth_with("build: db, environment: { REDIS_PASSWORD: y }", &[variable]), "password y");
}

#[test]
fn the_recipe_is_found_as_compose_finds_it() {
    let (plain, other) = ("FROM redis\n", "FROM redis AS a\nFROM python AS b\n");
    let rows: [(&str, &str, &str, &str); 9] = [
        ("build: .", "Dockerfile", plain, "open"),
        ("build: { context: db, dockerfile: x/R }", "db/x/R", plain, "open"),
        ("build: { context: ../db }", "../db/Dockerfile", plain, "open"),
        ("build: { context: ../../db }", "../../db/Dockerfile", plain, "none"),
        ("build: { context: ., target: a }", "Dockerfile", other, "open"),
        ("build: { context: ., target: b }", "Dockerfile", other, "none"),
        ("build: { dockerfile_inline: \"FROM redis\" }", "x", "", "open"),
        ("build: { context: ., args: { B: redis } }", "Dockerfile", "ARG B=python\nFROM $B\n", "open"),
        ("build: { context: ., args: [B] }", "Dockerfile", "ARG B=redis\nFROM $B\n", "none"),
    ];
    for (service, path, text, expected) in rows {
        let path = crate::source::absolute(Path::new("/r/p"), path);
        let path = path.to_str().expect("it is text");
        assert_eq!(auth_with(service, &[(path, text)]), expected, "{service}");
    }
}

#[test]
fn an_image_of_a_store_whose_recipe_is_not_there_is_never_called_open() {
    let rows = [
        ("build: db, image: acme/redis", "unknown"),
        ("build: db, image: acme/redis, command: redis-server", "unknown"),
        ("build: db, image: acme/redis, command: redis-server --requirepass x", "password x"),
        ("build: db, image: acme/redis, entrypoint: redis-server", "open"),
        ("build: \"https://github.com/acme/redis.git\", image: acme/redis", "unknown"),
        ("build: db", "none"),
    ];
    for (service, expected) in rows {
        assert_eq!(auth_with(service, &[]), expected, "{service}");
    }
}
