//! Clients whose connection comes from outside of the project: which of them follow, and what is said of the others.

use std::collections::BTreeMap;

use super::testing;

const REDIS: &str = "  redis:\n    image: redis:7\n    command: redis-server\n";
const SEALED: &str = "  redis:\n    image: redis:7\n    command: redis-server --requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";

type Repaired = Result<BTreeMap<String, String>, String>;

fn repaired(services: &str, is_unsafe_allowed: bool) -> Repaired {
    testing::repaired(&[("compose.yaml", format!("services:\n{services}"))], is_unsafe_allowed)
}

/// The Compose file after the safe repairs.
fn sealed(services: &str) -> String {
    let files = repaired(services, false).unwrap_or_else(|reason| panic!("{services}\nis held back: {reason}"));
    files["compose.yaml"].clone()
}

/// Why the safe repair is held back.
fn doubt(services: &str) -> String {
    match repaired(services, false) {
        Ok(files) => panic!("{services}\nwas sealed: {files:?}"),
        Err(reason) => reason,
    }
}

/// A service with these lines below `environment`.
fn service(name: &str, image: &str, environment: &[&str]) -> String {
    let lines: String = environment.iter().map(|line| format!("      {line}\n")).collect();
    format!("  {name}:\n    image: {image}\n    environment:\n{lines}")
}

fn waiting(name: &str, image: &str, environment: &[&str]) -> String {
    service(name, image, environment) + "    depends_on: [redis]\n"
}

#[test]
fn a_connection_that_nothing_sets_is_named_with_its_variable() {
    let rows = [
        ("REDIS_HOST: ${CACHE_HOST}", "its host from `${CACHE_HOST}`"),
        ("REDIS_HOST:", "its host from `${REDIS_HOST}`"),
        ("- REDIS_HOST", "its host from `${REDIS_HOST}`"),
        ("- REDIS_ADDR=${CACHE_HOST}:6379", "its host from `${CACHE_HOST}`"),
        ("REDIS_URL: ${REDIS_URL}", "its URL from `${REDIS_URL}`"),
        ("REDIS_URL: ${REDIS_URL:?}", "its URL from `${REDIS_URL}`"),
        ("REDIS_URL: redis://${CACHE_HOST}:6379/0", "its host from `${CACHE_HOST}`"),
        ("_APP_REDIS_HOST:", "its host from `${_APP_REDIS_HOST}`"),
        ("APP_REDIS_URI: ${URI}", "its URL from `${URI}`"),
    ];
    for (line, expected) in rows {
        let told = format!(
            "`app` takes {expected}, which nothing here sets: put it into .env, then caulk can see where it leads"
        );
        assert_eq!(doubt(&format!("{REDIS}{}", service("app", "example/app", &[line]))), told, "{line}");
    }
}

#[test]
fn once_the_variable_is_set_its_client_is_seen() {
    let compose =
        format!("services:\n{REDIS}{}", service("app", "example/app", &["URL: x", "REDIS_URL: ${REDIS_URL}"]));
    let env = |url: &str| format!("REDIS_URL={url}\n");
    let files = [("compose.yaml", compose), (".env", env("redis://redis:6379"))];
    let files = testing::repaired(&files, false).expect("it is safe");
    assert_eq!(files[".env"], env("redis://default:SECRET@redis:6379") + "REDIS_PASSWORD=SECRET\n");
}

#[test]
fn services_stand_in_one_sentence_and_never_beside_no_client() {
    let services = service("api", "example/api", &["REDIS_URL: ${API_REDIS}"])
        + &service("web", "example/web", &["REDIS_URL: ${REDIS}"])
        + &service("worker", "example/worker", &["REDIS_URL: ${REDIS}"]);
    assert_eq!(
        doubt(&format!("{REDIS}{services}")),
        "`api`, `web` and `worker` take their URL from `${API_REDIS}` and `${REDIS}`, which nothing here sets: put them into .env, then caulk can see where they lead"
    );
}

#[test]
fn a_blank_that_is_meant_is_no_sign_of_a_client() {
    let app = service("app", "example/app", &["REDIS_URL: redis://redis:6379"]);
    for line in ["REDIS_URL: ${REDIS_URL:-}", "REDIS_URL: ''", "REDIS_COLOR: ${COLOR}", "DB_HOST: ${DB_HOST}"] {
        sealed(&format!("{REDIS}{app}{}", service("other", "example/other", &[line])));
    }
    // Another variable says where it connects.
    sealed(&format!(
        "{REDIS}{}",
        service("app", "example/app", &["REDIS_URL: redis://redis:6379", "REDIS_HOST: ${HOST}"])
    ));
    sealed(&format!(
        "{REDIS}{app}{}",
        service("other", "example/other", &["REDIS_HOST: a.example.com", "REDIS_URL: ${X}"])
    ));
    // These are on no network with it, or are no programs of that kind.
    let elsewhere = service("other", "example/other", &["REDIS_URL: ${X}"]) + "    networks: [other]\n";
    sealed(&format!("{REDIS}{app}{elsewhere}networks: {{other: {{}}}}\n"));
    sealed(&format!("{REDIS}{app}{}", service("db", "postgres:16", &["REDIS_URL: ${X}"])));
    // Who waits for it without another word most likely uses it.
    let waits = doubt(&format!("{REDIS}{app}{}", waiting("other", "example/other", &["REDIS_URL: ${REDIS_URL:-}"])));
    assert!(waits.contains("its URL from `${REDIS_URL}`"), "{waits}");
}

#[test]
fn who_carries_the_password_by_the_variable_of_the_server_follows() {
    let server = "  redis:\n    image: redis:7\n    command: [sh, -c, 'redis-server --requirepass \"$$REDIS_PASSWORD\"']\n    environment:\n      - REDIS_PASSWORD=${REDIS_PASSWORD}\n";
    let clients = [
        waiting("app", "example/app", &["REDIS_HOST: ${REDIS_HOST}", "REDIS_PASSWORD: ${REDIS_PASSWORD}"]),
        waiting("app", "example/app", &["REDIS_HOST:", "REDIS_PASSWORD:"]),
        waiting("app", "example/app", &["REDIS_PASSWORD: ${REDIS_PASSWORD}"]),
        service("app", "example/app", &["REDIS_HOST: ${REDIS_HOST}", "REDIS_PASSWORD: ${REDIS_PASSWORD}"]),
        service("app", "example/app", &["REDIS_URL: 'redis://:${REDIS_PASSWORD}@${REDIS_HOST}:6379'"]),
        // Known to present it with a URL that has none.
        waiting("app", "chatwoot/chatwoot:v4", &["REDIS_URL: ${REDIS_URL}", "REDIS_PASSWORD: ${REDIS_PASSWORD}"]),
    ];
    for client in clients {
        let text = sealed(&format!("{server}{client}"));
        assert!(text.ends_with(&client), "{text}");
        assert!(text.contains("--requirepass \"${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\""), "{text}");
    }
    // A program that has a URL may read nothing else.
    let unknown = waiting("app", "example/app", &["REDIS_URL: ${REDIS_URL}", "REDIS_PASSWORD: ${REDIS_PASSWORD}"]);
    assert!(doubt(&format!("{server}{unknown}")).contains("takes its URL from `${REDIS_URL}`"));
    let other_user = [
        "SPRING_DATA_REDIS_HOST: ${HOST}",
        "SPRING_DATA_REDIS_USERNAME: shop",
        "SPRING_DATA_REDIS_PASSWORD: ${REDIS_PASSWORD}",
    ];
    assert!(doubt(&format!("{server}{}", waiting("app", "example/app", &other_user))).contains("takes its host from"));
}

#[test]
fn a_password_that_many_pass_through_becomes_that_of_the_server() {
    let passes = ["- _APP_REDIS_HOST", "- _APP_REDIS_USER", "- _APP_REDIS_PASS"];
    let clients = waiting("api", "example/api", &passes)
        + &waiting("worker", "example/worker", &passes)
        + &service("migration", "example/worker", &passes);
    let files = repaired(&format!("{REDIS}{clients}"), false).expect("it is safe");
    assert_eq!(files[".env"], "_APP_REDIS_PASS=SECRET\n");
    let server = SEALED.replace("REDIS_PASSWORD", "_APP_REDIS_PASS");
    assert_eq!(files["compose.yaml"], format!("services:\n{server}{clients}"));
    // Nothing says that it is for this server.
    let alone = service("app", "example/app", &["REDIS_HOST:", "REDIS_PASSWORD:"]);
    assert!(doubt(&format!("{REDIS}{alone}")).contains("takes its host from"));
}

#[test]
fn two_servers_do_not_share_what_may_be_the_password_of_either() {
    let servers = format!("{REDIS}{}", REDIS.replace("redis:\n", "cache:\n"));
    let client = service("app", "example/app", &["REDIS_HOST:", "REDIS_PASSWORD:"]);
    let files = repaired(&format!("{servers}{client}"), true).expect("it is asked for");
    assert_eq!(files[".env"], "REDIS_PASSWORD=SECRET\nCACHE_REDIS_PASSWORD=SECRET\n");
    assert!(files["compose.yaml"].ends_with(&client), "{files:?}");
}

#[test]
fn whoever_asks_for_it_gets_the_password_into_programs_that_are_known() {
    let image = "ghcr.io/immich-app/immich-server:v2";
    let client = waiting("immich", image, &["REDIS_HOSTNAME: ${REDIS_HOSTNAME}"]);
    let files = repaired(&format!("{REDIS}{client}"), true).expect("it is asked for");
    let password = "REDIS_HOSTNAME: ${REDIS_HOSTNAME}\n      REDIS_PASSWORD: ${REDIS_PASSWORD}";
    let expected = client.replace("REDIS_HOSTNAME: ${REDIS_HOSTNAME}", password);
    assert_eq!(files["compose.yaml"], format!("services:\n{SEALED}{expected}"));
    let file = waiting("immich", image, &["REDIS_HOSTNAME: ${REDIS_HOSTNAME}", "REDIS_PASSWORD: ${CACHE_PASSWORD}"]);
    let files = repaired(&format!("{REDIS}{file}"), true).expect("it is asked for");
    assert_eq!(files[".env"], "CACHE_PASSWORD=SECRET\n");
}

#[test]
fn what_signs_tell_of_a_service_holds_for_its_like() {
    let app = ["APP_KEY: base64:AAAA", "CACHE_STORE: redis", "REDIS_HOST: redis"];
    let password = |text: &str| {
        text.replace("REDIS_HOST: redis\n", "REDIS_HOST: redis\n      REDIS_PASSWORD: ${REDIS_PASSWORD}\n")
    };
    let clients = |image: &str| service("app", image, &app) + &service("socket", image, &["REDIS_HOST: redis"]);
    let own = clients("example/shop:1");
    assert_eq!(sealed(&format!("{REDIS}{own}")), format!("services:\n{SEALED}{}", password(&own)));
    let built = own.replace("image: example/shop:1", "build: ./shop");
    assert_eq!(sealed(&format!("{REDIS}{built}")), format!("services:\n{SEALED}{}", password(&built)));
    // An official image may run anything.
    let told = doubt(&format!("{REDIS}{}", clients("php:8")));
    assert_eq!(
        told,
        "`socket` gets `REDIS_PASSWORD`, but whether it reads it can't be seen: see the documentation of php, or its code"
    );

    let cloud = service("cloud", "example/cloud", &["NEXTCLOUD_ADMIN_USER: a", "REDIS_HOST: redis"]);
    let cron = "  cron:\n    image: example/cloud\n    entrypoint: /cron.sh\n    depends_on: [redis]\n";
    assert!(sealed(&format!("{REDIS}{cloud}{cron}")).ends_with(cron));
}

#[test]
fn who_lacks_the_variables_of_its_like_is_told_so() {
    let app = "  app:\n    build: .\n    environment:\n      REDIS_HOST: redis\n      REDIS_PASSWORD: ''\n";
    let queue = "  queue:\n    build: .\n    depends_on: [redis]\n";
    assert_eq!(
        doubt(&format!("{REDIS}{app}{queue}")),
        "`queue` runs the same program as `app`, but has none of its variables: give it REDIS_HOST and REDIS_PASSWORD as `app` has them then"
    );
    let other = queue.replace("build: .", "build: ./queue");
    assert!(doubt(&format!("{REDIS}{app}{other}")).contains("`queue` waits for `redis`"));
}

#[test]
fn images_that_never_use_a_store_may_wait_for_it() {
    let app = service("app", "example/app", &["REDIS_URL: redis://redis:6379"]);
    let wait = |image: &str| format!("{REDIS}{app}  other:\n    image: {image}\n    depends_on: [redis]\n");
    for image in
        ["prom/prometheus:v3", "docker.io/prom/alertmanager", "grafana/promtail:3.0.0", "certbot/certbot", "nats:2"]
    {
        sealed(&wait(image));
    }
    for image in ["grafana/loki:3.0.0", "grafana/grafana", "traefik:v3", "haproxy:3"] {
        assert!(doubt(&wait(image)).contains("`other` waits for `redis`"), "{image}");
    }
}

#[test]
fn users_in_other_projects_on_the_network_are_named() {
    let network = "networks:\n  shared:\n    external: true\n    name: lab\n";
    let store = format!("services:\n{REDIS}    networks: [shared]\n{network}");
    let users = service("beat", "example/beat", &["- REDIS_HOST=redis"]) + "    networks: [shared]\n";
    let users = users
        + "  flower:\n    image: example/flower\n    command: flower --broker=redis://redis:6379/0\n    networks: [shared]\n";
    let alone = users.replace("networks: [shared]", "networks: [default]");
    let told = |users: &str| {
        let files = [("compose.yaml", store.clone()), ("jobs/compose.yaml", format!("services:\n{users}{network}"))];
        testing::repaired(&files, false).expect_err("it is held back")
    };
    let told_users = told(&users);
    assert!(
        told_users.starts_with(
            "`beat` and `flower` in jobs/compose.yaml use `redis` over the network `lab`, and need the password, too"
        ),
        "{told_users}"
    );
    assert!(!told_users.contains("no client"), "{told_users}");
    assert!(told(&alone).contains("no client of `redis` can be seen"));
}

#[test]
fn users_in_other_projects_are_named_where_the_network_is_that_of_the_store() {
    let app = service("app", "example/app", &["REDIS_URL: redis://redis:6379"]);
    let told = |store: &str, user: &str| {
        let files =
            [("a/compose.yaml", format!("services:\n{store}")), ("b/compose.yaml", format!("services:\n{user}"))];
        testing::repaired(&files, false).err()
    };
    let on = "    networks: [shared]\n";
    let worker = |host: &str| service("worker", "example/worker", &[&format!("- REDIS_URL=redis://{host}:6379")]) + on;
    let of_name = "networks:\n  shared:\n    name: lab\n";
    let external = format!("{of_name}    external: true\n");
    let store = |rest: &str, network: &str| format!("{REDIS}{rest}{app}{network}");
    let why = told(&store(on, of_name), &format!("{}{external}", worker("redis"))).expect("it is held back");
    assert!(
        why.starts_with(
            "`worker` in ../b/compose.yaml uses `redis` over the network `lab`, and needs the password, too"
        ),
        "{why}"
    );
    let named = "    container_name: lab-redis\n";
    let why = told(&store(&format!("{named}{on}"), of_name), &format!("{}{external}", worker("lab-redis")));
    assert!(why.expect("it is held back").contains("`worker` in ../b/compose.yaml"));
    let default = "networks:\n  shared:\n    name: a_default\n    external: true\n";
    let why = told(&store("", ""), &format!("{}{default}", worker("redis"))).expect("it is held back");
    assert!(why.contains("over the network `a_default`"), "{why}");

    // On another network, and with a server of its own.
    assert_eq!(told(&store("", ""), &format!("{}{external}", worker("redis"))), None);
    assert_eq!(told(&store("", ""), &format!("{}networks:\n  shared:\n", worker("redis"))), None);
    let own =
        format!("{}  redis:\n    image: redis:7\n    command: redis-server --requirepass x1y2z3\n", worker("redis"));
    assert_eq!(told(&store(on, of_name), &format!("{own}{external}")), None);
}

#[test]
fn users_in_other_projects_are_named_where_they_come_by_the_host() {
    let app = service("app", "example/app", &["REDIS_URL: redis://redis:6379"]);
    let told = |user: &str| {
        let store = format!("services:\n{REDIS}    ports: [\"127.0.0.1:6380:6379\"]\n{app}");
        let files = [("a/compose.yaml", store), ("b/compose.yaml", format!("services:\n{user}"))];
        testing::repaired(&files, false).err()
    };
    let user = |variable: &str, rest: &str| service("worker", "example/worker", &[variable]) + rest;
    let why = "`worker` in ../b/compose.yaml uses `redis` by its port of the host, and needs the password, too";
    for (variable, rest) in [
        ("X: redis://host.docker.internal:6380/1", ""),
        ("REDIS_HOST: host.docker.internal", ""),
        ("X: redis://docker:6380", "    extra_hosts: [\"docker:host-gateway\"]\n"),
        ("X: redis://localhost:6380", "    network_mode: host\n"),
    ] {
        assert!(told(&user(variable, rest)).is_some_and(|told| told.contains(why)), "{variable}");
    }
    for variable in
        ["X: redis://host.docker.internal:6379", "DB_HOST: host.docker.internal", "X: redis://localhost:6380"]
    {
        assert_eq!(told(&user(variable, "")), None, "{variable}");
    }
}

#[test]
fn a_check_logs_in_though_the_env_file_of_its_service_is_still_missing() {
    let server = "  redis:\n    image: redis:7\n    command: redis-server\n    env_file: .env\n    healthcheck:\n      test: redis-cli ping\n";
    let app = service("app", "example/app", &["REDIS_URL: redis://redis:6379"]);
    let text = sealed(&format!("{server}{app}"));
    assert!(text.contains("REDISCLI_AUTH: ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}"), "{text}");
}

#[test]
fn who_shares_the_network_of_a_server_that_is_shut_to_others_gets_in() {
    let shut = "  redis:\n    image: redis:7\n    command: redis-server --bind 127.0.0.1\n";
    let app = "  app:\n    build: .\n    network_mode: service:redis\n";
    assert!(doubt(&format!("{shut}{app}")).contains("`app` waits for `redis`"));
    let beside = app.replace("network_mode: service:redis", "depends_on: [redis]");
    assert!(sealed(&format!("{shut}{beside}")).contains("--requirepass"), "nobody else gets in");
}
