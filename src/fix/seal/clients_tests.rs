//! Which clients get the password by safe repairs, where, and which do not.

use std::collections::BTreeMap;

use super::testing;

const REDIS: &str = "  redis:\n    image: redis:7\n    command: redis-server\n";
const SEALED: &str = "  redis:\n    image: redis:7\n    command: redis-server --requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";

/// The files after the safe repairs of open stores, or why there are none.
fn repaired(files: &[(&str, String)]) -> Result<BTreeMap<String, String>, String> {
    testing::repaired(files, false)
}

/// The services beside `redis` after the repair, which must be safe.
fn clients_after(before: &str) -> String {
    let files = repaired(&[("compose.yaml", format!("services:\n{REDIS}{before}"))]);
    let files = files.unwrap_or_else(|reason| panic!("{before}\nis held back: {reason}"));
    assert_eq!(files[".env"], "REDIS_PASSWORD=SECRET\n");
    let text = &files["compose.yaml"];
    let rest = text.strip_prefix(&format!("services:\n{SEALED}"));
    rest.unwrap_or_else(|| panic!("the server is not sealed:\n{text}")).to_owned()
}

/// Why the repair of `redis` beside these services is held back.
fn doubt(before: &str) -> String {
    match repaired(&[("compose.yaml", format!("services:\n{REDIS}{before}"))]) {
        Ok(files) => panic!("{before}\nwas sealed: {files:?}"),
        Err(reason) => reason,
    }
}

#[test]
fn known_programs_get_the_variable_that_they_read() {
    let rows = [
        ("nextcloud:33", "REDIS_HOST", "REDIS_HOST_PASSWORD"),
        ("docker.io/library/nextcloud:fpm", "REDIS_HOST", "REDIS_HOST_PASSWORD"),
        ("ghcr.io/immich-app/immich-server:v2", "REDIS_HOSTNAME", "REDIS_PASSWORD"),
        ("ghcr.io/goauthentik/server:2025.8", "AUTHENTIK_REDIS__HOST", "AUTHENTIK_REDIS__PASSWORD"),
        ("docker.n8n.io/n8nio/n8n", "QUEUE_BULL_REDIS_HOST", "QUEUE_BULL_REDIS_PASSWORD"),
        ("example/my-n8n", "QUEUE_BULL_REDIS_HOST", "QUEUE_BULL_REDIS_PASSWORD"),
        ("example/shop", "SPRING_DATA_REDIS_HOST", "SPRING_DATA_REDIS_PASSWORD"),
        ("activepieces/activepieces:0.35.0", "AP_REDIS_HOST", "AP_REDIS_PASSWORD"),
        ("owncloud/server:10", "OWNCLOUD_REDIS_HOST", "OWNCLOUD_REDIS_PASSWORD"),
        ("sharelatex/sharelatex:6", "OVERLEAF_REDIS_HOST", "OVERLEAF_REDIS_PASS"),
        ("sharelatex/sharelatex:6", "REDIS_HOST", "REDIS_PASSWORD"),
        ("wallabag/wallabag", "SYMFONY__ENV__REDIS_HOST", "SYMFONY__ENV__REDIS_PASSWORD"),
        ("erikdubbelboer/phpredisadmin", "REDIS_1_HOST", "REDIS_1_AUTH"),
        ("budibase/worker:3", "REDIS_URL", "REDIS_PASSWORD"),
        ("getsentry/sentry:9.1", "SENTRY_REDIS_HOST", "SENTRY_REDIS_PASSWORD"),
        ("ghcr.io/bitmagnet-io/bitmagnet:v0.10.1", "REDIS_ADDR", "REDIS_PASSWORD"),
        ("reallibrephotos/librephotos", "REDIS_HOST", "REDIS_PASS"),
    ];
    let (mut before, mut after) = (String::new(), String::new());
    for (number, (image, host, password)) in rows.iter().enumerate() {
        let app = |kind: &str, start: &str, is: &str| {
            format!("  app-{number}-{kind}:\n    image: {image}\n    environment:\n      {start}{host}{is}redis\n")
        };
        let (map, list) = (app("map", "", ": "), app("list", "- ", "="));
        before += &format!("{map}{list}");
        after += &format!("{map}      {password}: ${{REDIS_PASSWORD}}\n{list}      - {password}=${{REDIS_PASSWORD}}\n");
    }
    assert_eq!(clients_after(&before), after);
}

#[test]
fn laravel_is_known_by_its_variables() {
    let variables = "      APP_KEY: base64:AAAA\n      SESSION_DRIVER: redis\n      REDIS_HOST: redis\n";
    let app = format!("  app:\n    build: .\n    environment:\n{variables}");
    assert_eq!(clients_after(&app), format!("{app}      REDIS_PASSWORD: ${{REDIS_PASSWORD}}\n"));
    assert_eq!(
        clients_after(&format!("{app}      REDIS_PASSWORD: 'null'\n")),
        format!("{app}      REDIS_PASSWORD: '${{REDIS_PASSWORD}}'\n")
    );
    // This is no value: Compose takes it from the project's env file.
    let passed_through = format!("{app}      REDIS_PASSWORD: null\n");
    assert_eq!(clients_after(&passed_through), passed_through);
    let list = "  app:\n    build: .\n    environment:\n      - APP_ENV=local\n      - CACHE_DRIVER=redis\n      - REDIS_HOST=redis\n";
    assert_eq!(
        clients_after(&format!("{list}      - REDIS_PASSWORD=null\n")),
        format!("{list}      - REDIS_PASSWORD=${{REDIS_PASSWORD}}\n")
    );
    let other = "  app:\n    build: .\n    environment:\n      APP_KEY: base64:AAAA\n      SESSION_DRIVER: file\n      REDIS_HOST: redis\n";
    assert!(doubt(other).contains("whether it reads it can't be seen"));
}

#[test]
fn laravel_takes_the_password_from_its_own_env_file() {
    let compose = |folder: &str| {
        format!(
            "services:\n{REDIS}  app:\n    build: .\n    volumes:\n      - {folder}:/var/www/html\n    depends_on: [redis]\n"
        )
    };
    let own = "APP_KEY=base64:AAAA\nQUEUE_CONNECTION=redis\nREDIS_HOST=redis\nREDIS_PASSWORD=null\nREDIS_PORT=6379\n";
    let sealed = own.replace("null", "SECRET");
    let files = repaired(&[("compose.yaml", compose(".")), (".env", own.to_owned())]).expect("it is safe");
    assert_eq!(files[".env"], sealed);
    assert!(files["compose.yaml"].contains("--requirepass"));

    let files =
        repaired(&[("compose.yaml", compose("./backend")), ("backend/.env", own.to_owned())]).expect("it is safe");
    assert_eq!(files["backend/.env"], sealed);
    assert_eq!(files[".env"], "REDIS_PASSWORD=SECRET\n");

    let without = own.replace("REDIS_PASSWORD=null\n", "");
    let files = repaired(&[("compose.yaml", compose("./backend")), ("backend/.env", without.clone())]);
    assert_eq!(files.expect("it is safe")["backend/.env"], format!("{without}REDIS_PASSWORD=SECRET\n"));

    // It is not in the container, or leads elsewhere.
    let reason =
        repaired(&[("compose.yaml", compose("./frontend")), ("backend/.env", own.to_owned())]).expect_err("it is not");
    assert!(reason.contains("can't be seen"), "{reason}");
    let elsewhere = own.replace("REDIS_HOST=redis", "REDIS_HOST=cache.example.com");
    let reason =
        repaired(&[("compose.yaml", compose("./backend")), ("backend/.env", elsewhere)]).expect_err("it is not");
    assert!(reason.contains("can't be seen"), "{reason}");
}

#[test]
fn an_env_file_that_gets_the_secret_hands_it_on() {
    let compose = format!(
        "services:\n{REDIS}  server:\n    image: ghcr.io/immich-app/immich-server\n    env_file: .env\n  learning:\n    image: ghcr.io/immich-app/immich-machine-learning\n    env_file: .env\n    depends_on: [redis]\n  database:\n    image: postgres:16\n    env_file: .env\n"
    );
    let files = repaired(&[("compose.yaml", compose.clone()), (".env", "REDIS_HOSTNAME=redis\n".to_owned())]);
    let files = files.expect("it is safe");
    assert_eq!(files[".env"], "REDIS_HOSTNAME=redis\nREDIS_PASSWORD=SECRET\n");
    assert_eq!(files["compose.yaml"], compose.replace(REDIS, SEALED));
}

#[test]
fn programs_without_a_host_go_to_their_default() {
    let app = "  app:\n    image: ghcr.io/immich-app/immich-server\n    depends_on:\n      - redis\n";
    let after = "  app:\n    image: ghcr.io/immich-app/immich-server\n    environment:\n      REDIS_PASSWORD: ${REDIS_PASSWORD}\n    depends_on:\n      - redis\n";
    assert_eq!(clients_after(app), after);
    let elsewhere = format!("{app}    environment:\n      REDIS_URL: ioredis://e30=\n");
    assert!(doubt(&elsewhere).contains("can't be seen"));
}

#[test]
fn a_program_that_waits_is_no_client_if_nothing_leads_it_there() {
    let app = "  app:\n    image: nextcloud\n    environment:\n      - REDIS_HOST=redis\n";
    let cron = "  cron:\n    image: nextcloud\n    entrypoint: /cron.sh\n    depends_on: [redis]\n";
    let after = format!("{app}      - REDIS_HOST_PASSWORD=${{REDIS_PASSWORD}}\n{cron}");
    assert_eq!(clients_after(&format!("{app}{cron}")), after);

    for blind in [
        // A program that reads a file of its own, an image that is not known.
        "  cron:\n    image: linuxserver/nextcloud\n    depends_on: [redis]\n",
        "  cron:\n    image: rediscommander/redis-commander\n    depends_on: [redis]\n",
    ] {
        assert!(doubt(&format!("{app}{blind}")).contains("`cron` waits for `redis`"), "{blind}");
    }
}

#[test]
fn what_a_program_does_not_read_is_not_set() {
    let web = "  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis\n";
    let sealed = web.replace("//redis", "//default:${REDIS_PASSWORD}@redis");
    let database = "  database:\n    image: postgres:16\n    environment:\n      REDIS_HOST: redis\n";
    assert_eq!(clients_after(&format!("{web}{database}")), format!("{sealed}{database}"));
}

#[test]
fn a_password_from_a_file_and_a_user_of_its_own_are_left_to_a_person() {
    let with = |line: &str| {
        format!("  app:\n    image: timvisee/send\n    environment:\n      REDIS_HOST: redis\n      {line}\n")
    };
    assert!(
        doubt(&with("REDIS_PASSWORD_FILE: /run/secrets/redis")).contains("the file that `REDIS_PASSWORD_FILE` names")
    );
    assert!(doubt(&with("REDIS_USER: send")).contains("names a user of its own"));
    assert!(clients_after(&with("REDIS_USER: default")).contains("REDIS_PASSWORD: ${REDIS_PASSWORD}"));
}

#[test]
fn urls_among_the_arguments_get_the_password() {
    let cases = [
        (
            "command: celery --broker=redis://redis:6379/0 flower",
            "command: celery --broker=redis://default:${REDIS_PASSWORD}@redis:6379/0 flower",
        ),
        (
            "command: [celery, -b, 'redis://redis:6379/0', worker]",
            "command: [celery, -b, 'redis://default:${REDIS_PASSWORD}@redis:6379/0', worker]",
        ),
        (
            "command: [app, --cache=redis://redis]",
            "command: [app, \"--cache=redis://default:${REDIS_PASSWORD}@redis\"]",
        ),
    ];
    for (before, after) in cases {
        let service = |command: &str| format!("  web:\n    image: example/web:1\n    {command}\n");
        assert_eq!(clients_after(&service(before)), service(after));
    }
}

#[test]
fn a_script_gets_the_password_where_its_blank_variable_stands() {
    let server = |variable: &str| {
        format!(
            "services:\n  redis:\n    image: redis:7\n    command: [\"sh\", \"-c\", \"redis-server --requirepass \\\"{variable}\\\"\"]\n  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://"
        )
    };
    let compose = server("$REDIS_PASSWORD") + "redis:6379\n";
    let files = repaired(&[("compose.yaml", compose), (".env", "REDIS_PASSWORD=\n".to_owned())]);
    let files = files.unwrap_or_else(|reason| panic!("held back: {reason}"));
    assert_eq!(files[".env"], "REDIS_PASSWORD=SECRET\n");
    let after = server("${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}") + "default:${REDIS_PASSWORD}@redis:6379\n";
    assert_eq!(files["compose.yaml"], after);
}

#[test]
fn an_env_file_that_the_server_and_others_read_too_is_repaired() {
    let before = format!(
        "services:\n{REDIS}    env_file: app.env\n  web:\n    image: example/web\n    env_file: app.env\n  db:\n    image: postgres:16\n    env_file: app.env\n"
    );
    let files = repaired(&[("compose.yaml", before), ("app.env", "REDIS_URL=redis://redis:6379/1\n".into())]);
    let files = files.unwrap_or_else(|reason| panic!("{reason}"));
    assert_eq!(files["app.env"], "REDIS_URL=redis://default:SECRET@redis:6379/1\n");
}

#[test]
fn what_a_service_gains_stands_where_its_image_is_and_not_in_an_override() {
    let base = "services:\n  redis:\n    image: redis:7\n    healthcheck:\n      test: redis-cli ping\n  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis\n";
    for (own, added) in [("", ""), ("    environment:\n      TZ: UTC\n", "      TZ: UTC\n")] {
        let base = base.replace("    healthcheck", &format!("{own}    healthcheck"));
        let dev = "services:\n  redis:\n    environment:\n      LANG: C\n    ports: [\"127.0.0.1:6379:6379\"]\n";
        let files = repaired(&[("compose.yaml", base), ("compose.override.yaml", dev.into())]);
        let files = files.unwrap_or_else(|reason| panic!("{reason}"));
        let reference = "${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}";
        let expected = format!(
            "services:\n  redis:\n    image: redis:7\n    command: redis-server --requirepass {reference}\n    environment:\n{added}      REDISCLI_AUTH: {reference}\n"
        );
        assert!(files["compose.yaml"].starts_with(&expected), "{}", files["compose.yaml"]);
        assert!(!files.contains_key("compose.override.yaml"));
    }
}

#[test]
fn a_command_that_only_the_override_replaces_is_left_to_a_person() {
    let base = "services:\n  redis:\n    image: redis:7\n    command: redis-server --save 60 1\n  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis\n";
    let dev = "services:\n  redis:\n    command: redis-server --save ''\n";
    let reason =
        repaired(&[("compose.yaml", base.into()), ("compose.override.yaml", dev.into())]).expect_err("held back");
    assert_eq!(
        reason,
        "compose.yaml has a `command` of its own for `redis`, which counts without the override: add `--requirepass \"${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\"` there, too"
    );
}

#[test]
fn two_servers_with_one_command_or_environment_get_one_password() {
    let clients = "  app:\n    image: example/app\n    environment:\n      REDIS_URL: redis://redis\n      QUEUE_URL: redis://queue\n";
    for shared in ["  command: redis-server --appendonly yes\n", "  environment:\n    TZ: UTC\n"] {
        let before = format!(
            "x-redis: &redis\n  image: redis:7\n{shared}  healthcheck:\n    test: redis-cli ping\nservices:\n  redis:\n    <<: *redis\n    restart: always\n  queue:\n    <<: *redis\n{clients}"
        );
        let files = repaired(&[("compose.yaml", before)]).unwrap_or_else(|reason| panic!("{shared}: {reason}"));
        assert_eq!(files[".env"], "REDIS_PASSWORD=SECRET\n");
        let text = &files["compose.yaml"];
        assert!(text.contains("QUEUE_URL: redis://default:${REDIS_PASSWORD}@queue"), "{text}");
    }
}

/// The Compose file after the repair of a store that is built by this Dockerfile, or why there is none.
fn built_after(dockerfile: &str, service: &str) -> Result<String, String> {
    let compose = format!(
        "services:\n  redis:\n    build: db\n{service}  app:\n    environment:\n      REDIS_URL: redis://redis\n    image: a\n"
    );
    let files =
        [("compose.yaml", compose), ("db/Dockerfile", dockerfile.to_owned()), ("db/r.conf", "port 6379\n".to_owned())];
    Ok(repaired(&files)?.remove("compose.yaml").unwrap_or_default())
}

#[test]
fn the_command_of_a_dockerfile_is_written_again_with_the_password() {
    let option = "--requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}";
    let rows = [
        ("FROM redis:7\n", "redis-server"),
        ("FROM redis:7\nCOPY r.conf /etc/\nCMD [\"redis-server\", \"/etc/r.conf\"]\n", "redis-server /etc/r.conf"),
        ("FROM redis:7\nENTRYPOINT [\"redis-server\"]\nCMD [\"--save\", \"60\"]\n", "--save 60"),
    ];
    for (dockerfile, command) in rows {
        let after = built_after(dockerfile, "").unwrap_or_else(|why| panic!("{dockerfile}: {why}"));
        assert!(after.contains(&format!("    command: {command} {option}\n")), "{dockerfile}\n{after}");
    }
    let alone = built_after("FROM redis:7\nENTRYPOINT [\"redis-server\"]\n", "").expect("it is made");
    assert!(alone.contains(&format!("    command: {option}\n")), "{alone}");
    for command in ["redis-server /etc/r.conf", "[\"redis-server\", \"--save\", \"\"]"] {
        let why = built_after(&format!("FROM redis:7\nCOPY r.conf /etc/\nCMD {command}\n"), "").expect_err(command);
        assert!(why.contains("its Dockerfile says what `redis` starts"), "{command}: {why}");
    }
}

#[test]
fn what_an_image_may_bring_along_is_doubted() {
    let check = "FROM redis:7\nHEALTHCHECK CMD redis-cli ping | grep PONG\n";
    let why = built_after(check, "").expect_err("the check is not seen");
    assert!(why.contains("the HEALTHCHECK in the Dockerfile of `redis`"), "{why}");
    assert!(built_after(check, "    healthcheck: { test: [CMD, redis-cli, ping] }\n").is_ok());
    let forks = [
        ("acme/redis:7", false),
        ("redis:7", true),
        ("mirror.gcr.io/library/redis", true),
        ("reg.acme.io/redis", true),
    ];
    for (image, is_made) in forks {
        let compose = format!(
            "services:\n  redis:\n    image: {image}\n  app:\n    environment:\n      REDIS_URL: redis://redis\n    image: a\n"
        );
        let result = repaired(&[("compose.yaml", compose.clone())]);
        assert_eq!(result.is_ok(), is_made, "{image}: {result:?}");
        let with_command = compose.replace("  app:", "    command: redis-server\n  app:");
        assert!(repaired(&[("compose.yaml", with_command)]).is_ok(), "{image}");
    }
}

#[test]
fn a_client_that_names_the_server_a_second_time_is_doubted() {
    let app = |more: &str| {
        format!("  app:\n    image: example/app\n{more}    environment:\n      REDIS_URL: redis://redis:6379/0\n")
    };
    for (place, line) in [
        ("SESSION", "      SESSION: network=tcp,addr=redis:6379,db=0\n"),
        ("CONFIG", "      CONFIG: '{\"redis\":{\"host\":\"redis\",\"port\":6379}}'\n"),
        ("JAVA_OPTS", "      JAVA_OPTS: -Dspring.redis.host=redis -Dspring.redis.port=6379\n"),
        ("CONN", "      CONN: redis,allowAdmin=true\n"),
        ("EXTRA", "      EXTRA: define('WP_REDIS_HOST', 'redis');\n"),
    ] {
        let reason = doubt(&(app("") + line));
        assert_eq!(reason, format!("`app` names `redis` in its {place}, and may need the password there"), "{line}");
    }
    for (place, more) in [
        ("command", "    command: serve --cache redis:6379\n"),
        ("command", "    command: [serve, -h, redis]\n"),
        ("healthcheck", "    healthcheck:\n      test: redis-cli -h redis ping\n"),
    ] {
        let reason = doubt(&app(more));
        assert_eq!(reason, format!("`app` names `redis` in its {place}, and may need the password there"), "{more}");
    }
}

#[test]
fn a_program_that_asks_the_server_by_its_client_gets_the_clients_variable() {
    let web = "  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
    for command in ["sh -c \"redis-cli -h redis --rdb /backup/dump.rdb\"", "redis-cli -h redis config set save 60"] {
        let backup = format!("  backup:\n    image: redis:7\n    command: {command}\n");
        let after = clients_after(&format!("{web}{backup}"));
        let variable = "    environment:\n      REDISCLI_AUTH: ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";
        assert!(after.ends_with(&format!("{backup}{variable}")), "{after}");
    }
}

#[test]
fn a_mounted_file_that_names_the_server_is_a_sign_of_a_client() {
    let web = "  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
    let app = "  app:\n    image: example/app\n    volumes: [\"./config.yml:/app/config.yml\"]\n";
    let compose = format!("services:\n{REDIS}{web}{app}");
    let with = |config: &str| repaired(&[("compose.yaml", compose.clone()), ("config.yml", config.to_owned())]);
    assert_eq!(
        with("redis:\n  host: redis\n  port: 6379\n"),
        Err("`app` names `redis` in its config.yml, and may need the password there".to_owned())
    );
    assert!(with("log: info # redis is used elsewhere\n").is_ok());
}

#[test]
fn configuration_that_names_the_server_is_a_sign_of_a_client_however_it_comes_into_the_container() {
    let compose = |app: &str, top: &str| {
        format!(
            "services:\n{REDIS}  app:\n    image: example/app\n{app}    environment:\n      REDIS_URL: redis://redis:6379/0\n{top}"
        )
    };
    let granted = |key: &str| format!("    {key}: [{{source: app, target: /app/config.toml}}]\n");
    let file = "cache = \"redis://redis:6379/1\"\n";
    let rows = [
        (
            compose(&granted("configs"), "configs:\n  app:\n    content: |\n      cache: redis://redis:6379/1\n"),
            "/app/config.toml",
        ),
        (compose(&granted("configs"), "configs: {app: {file: conf/app.toml}}\n"), "conf/app.toml"),
        (compose("    secrets: [app]\n", "secrets: {app: {file: conf/app.toml}}\n"), "conf/app.toml"),
        (compose("    volumes: [\"./conf:/etc/app:ro\"]\n", ""), "conf/app.toml"),
        (compose("    volumes: [\"./etc:/etc/app\"]\n", ""), "etc/sub/app.toml"),
    ];
    for (compose, place) in rows {
        let files =
            [("compose.yaml", compose.clone()), ("conf/app.toml", file.into()), ("etc/sub/app.toml", file.into())];
        let told = format!("`app` names `redis` in its {place}, and may need the password there");
        assert_eq!(repaired(&files), Err(told), "{compose}");
    }
    // The program itself, text that is no configuration, and what leads elsewhere say nothing.
    for mount in ["./app:/app", ".:/app", "./notes:/app", "./other:/app"] {
        let app = format!("    build: ./app\n    volumes: [\"{mount}\"]\n");
        let files = [
            ("compose.yaml", compose(&app, "")),
            ("app/test.yml", "redis: redis://redis:6379\n".to_owned()),
            ("notes/README.md", "redis://redis:6379\n".to_owned()),
            ("other/app.yml", "redis://elsewhere:6379\n".to_owned()),
        ];
        assert!(repaired(&files).is_ok(), "{mount}: {:?}", repaired(&files));
    }
}

#[test]
fn waiting_for_the_port_needs_no_password() {
    for more in [
        "    command: sh -c \"./wait-for-it.sh redis:6379 -- serve\"\n",
        "    command: [./wait-for-it.sh, 'redis:6379', --, serve]\n",
        "    command: sh -c \"until nc -z -h redis 6379; do sleep 1; done; serve\"\n",
        "    command: sh -c \"wait-for-it -t 9 redis:6379; serve http://example.org\"\n",
    ] {
        let app = format!(
            "  app:\n    image: example/app\n{more}    environment:\n      REDIS_URL: redis://redis/0\n      WAIT_HOSTS: redis:6379\n"
        );
        clients_after(&app);
    }
}

#[test]
fn links_and_joined_networks_and_volumes_are_signs_of_a_client() {
    let app = "  app:\n    image: example/app\n    environment:\n      REDIS_URL: redis://redis\n";
    for sign in
        ["links: [redis]", "links: ['redis:cache']", "network_mode: service:redis", "volumes_from: ['redis:ro']"]
    {
        let why = doubt(&format!("{app}  panel:\n    image: example/panel\n    {sign}\n"));
        assert!(why.contains("`panel` waits for `redis`"), "{sign}: {why}");
    }
    let named =
        app.replace("    environment", "    links: ['redis:cache']\n    environment").replace("//redis", "//cache");
    assert_eq!(clients_after(&named), named.replace("//cache", "//default:${REDIS_PASSWORD}@cache"));
}

#[test]
fn a_healthcheck_that_asks_in_an_unknown_way_is_doubted_and_one_that_connects_is_not() {
    let with = |test: &str| {
        let web = "  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
        repaired(&[("compose.yaml", format!("services:\n{REDIS}    healthcheck:\n      test: {test}\n{web}"))])
    };
    for test in [
        r#"["CMD", "bash", "-c", "exec 3<>/dev/tcp/localhost/6379; echo PING >&3; read -t 1 r <&3; [[ $$r == +PONG* ]]"]"#,
        r#"["CMD-SHELL", "(printf 'PING\\r\\n'; sleep 1) | nc localhost 6379 | grep PONG"]"#,
        r#"["CMD", "/scripts/hc.sh"]"#,
        r#"["CMD", "sh", "/scripts/healthcheck"]"#,
    ] {
        let reason = with(test).expect_err(test);
        assert!(reason.starts_with("what the healthcheck of `redis` asks can't be read"), "{test}: {reason}");
    }
    for test in [
        r#"["CMD", "nc", "-z", "localhost", "6379"]"#,
        r#"["CMD", "bash", "-c", "exec 3<>/dev/tcp/localhost/6379"]"#,
        "pgrep redis-server",
        "exit 0",
    ] {
        assert!(with(test).is_ok(), "{test}: {:?}", with(test));
    }
}

#[test]
fn a_known_program_that_waits_and_does_not_say_where_it_connects_is_doubted_unless_its_like_does() {
    let web = "  web:\n    image: example/web\n    environment:\n      REDIS_URL: redis://redis:6379/0\n";
    let cloud = "  cloud:\n    image: nextcloud:30\n    depends_on: [redis]\n";
    let reason = doubt(&format!("{web}{cloud}"));
    assert!(reason.contains("`cloud` waits for `redis`"), "{reason}");
    let app = "  app:\n    image: nextcloud:30\n    environment:\n      REDIS_HOST: redis\n";
    clients_after(&format!("{app}{cloud}"));
}

#[test]
fn services_on_the_network_of_the_host_reach_each_other_by_loopback() {
    let host = "    network_mode: host\n";
    let app = "  app:\n    image: example/app\n    network_mode: host\n    environment:\n      REDIS_URL: redis://127.0.0.1:6379\n";
    let files = repaired(&[("compose.yaml", format!("services:\n{REDIS}{host}{app}"))]).expect("it is safe");
    assert!(files["compose.yaml"].contains("redis://default:${REDIS_PASSWORD}@127.0.0.1:6379"), "{files:?}");
}

#[test]
fn why_a_password_fits_into_no_url_is_said_without_a_character_of_it() {
    let services = format!(
        "services:\n{REDIS}  app:\n    image: app\n    environment:\n      REDIS_URL: redis://redis:6379\n      \
         REDIS_PASSWORD: ${{REDIS_PASSWORD}}\n"
    );
    let env = "REDIS_PASSWORD=ab/cd%ef\n";
    let why = repaired(&[("compose.yaml", services), (".env", env.to_owned())]).expect_err("it does not fit");
    assert!(why.contains("holds a character that breaks the URLs"), "{why}");
    assert!(!why.contains(['/', '%']), "{why}");
}

#[test]
fn clients_that_scripts_start_in_the_container_log_in_by_its_environment() {
    let app = "  app:\n    image: app\n    environment:\n      REDIS_URL: redis://redis:6379\n";
    let after = |name: &str, text: &str| {
        let services = format!("services:\n{REDIS}    container_name: store\n{app}");
        let files = repaired(&[("compose.yaml", services), (name, text.to_owned())]);
        files.unwrap_or_else(|reason| panic!("{text}\nis held back: {reason}"))["compose.yaml"].clone()
    };
    let logs_in = "    environment:\n      REDISCLI_AUTH: ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";
    for (name, text) in [
        ("Makefile", "flush:\n\t$(COMPOSE) exec -T redis redis-cli FLUSHALL\n"),
        ("scripts/flush.sh", "#!/bin/sh\ndocker exec store redis-cli flushall\n"),
        ("scripts/flush.sh", "#!/bin/sh\ndocker exec -i shop-redis-1 sh -c 'redis-cli flushall'\n"),
        ("README.md", "Look into it: `docker compose exec redis redis-cli`\n"),
    ] {
        assert!(after(name, text).contains(logs_in), "{text}: {}", after(name, text));
    }
    for (name, text) in [
        ("Makefile", "flush:\n\tdocker compose exec app redis-cli -h redis FLUSHALL\n"),
        ("Makefile", "flush:\n\tdocker compose exec redis redis-cli -a \"$PW\" FLUSHALL\n"),
        ("Makefile", "flush:\n\tdocker compose exec redis sh\n"),
    ] {
        assert!(!after(name, text).contains("REDISCLI_AUTH"), "{text}: {}", after(name, text));
    }
}

#[test]
fn the_urls_in_a_script_get_the_password_in_its_own_quotes() {
    let rows = [
        ("    command: sh -c \"migrate && celery worker -b ", "redis:6379/0\"\n"),
        ("    command: sh -c 'migrate && celery worker --broker=\"", "redis:6379/0\"'\n"),
        ("    command: [\"sh\", \"-c\", \"migrate; exec celery -b '", "redis:6379/0'\"]\n"),
        ("    entrypoint: [/bin/bash, -ec]\n    command: [\"BROKER_URL=", "redis:6379/0 celery worker\"]\n"),
        (
            "    command:\n      - bash\n      - -c\n      - |\n        migrate\n        exec celery -b ",
            "redis:6379/0 $$OPTIONS\n",
        ),
        ("    command: >\n      /bin/sh -c \"if migrate; then celery -b ", "redis:6379; fi\"\n"),
        ("    command: ./wait-for redis:6379 -- sh -c \"celery -b ", "redis\"\n"),
    ];
    let (mut before, mut after) = (String::new(), String::new());
    for (number, (start, end)) in rows.iter().enumerate() {
        before += &format!("  app-{number}:\n    image: example/app\n{start}redis://{end}");
        after += &format!("  app-{number}:\n    image: example/app\n{start}redis://default:${{REDIS_PASSWORD}}@{end}");
    }
    assert_eq!(clients_after(&before), after);
}

#[test]
fn several_urls_of_one_value_get_the_password_together() {
    let app = |login: &str| {
        format!(
            "  app:\n    image: example/app\n    command: sh -c \"celery -b redis://{login}redis:6379/0 --result-backend redis://{login}redis:6379/1\"\n  words:\n    image: example/app\n    command: celery -b redis://{login}redis:6379/0 --result-backend redis://{login}redis:6379/1\n"
        )
    };
    assert_eq!(clients_after(&app("")), app("default:${REDIS_PASSWORD}@"));
    let list = |first: &str, second: &str| {
        format!(
            "  gui:\n    image: rediscommander/redis-commander\n    environment:\n      REDIS_HOSTS: \"a:redis:6379{first},b:redis:6379:2{second}\"\n"
        )
    };
    assert_eq!(clients_after(&list("", "")), list(":0:${REDIS_PASSWORD}", ":${REDIS_PASSWORD}"));
}

#[test]
fn what_a_script_does_besides_its_urls_is_still_asked_for() {
    let app = |script: &str| format!("  app:\n    image: example/app\n    command: [\"sh\", \"-c\", \"{script}\"]\n");
    for script in [
        "celery -b redis://redis:6379/0 && ./report --host redis",
        "echo redis://redis:6379/0; ./start",
        "celery -b redis://$$HOST/0; ./start url=redis:6379",
        "case a in *) celery -b redis://redis:6379/0;; esac",
    ] {
        let reason = doubt(&app(script));
        assert!(reason.contains("`app` names `redis` in its command"), "{script}: {reason}");
    }
}

#[test]
fn a_password_that_a_shell_would_read_stays_out_of_scripts() {
    let compose = "services:\n  redis:\n    image: redis:7\n    command: [redis-server, --requirepass, \"${REDIS_PASSWORD}\"]\n  app:\n    image: example/app\n    command: sh -c \"celery -b redis://redis:6379/0\"\n".to_owned();
    let with = |password: &str| {
        let files = [("compose.yaml", compose.clone()), (".env", format!("REDIS_PASSWORD='{password}'\n"))];
        testing::repaired_for("url-no-password", &files, false)
    };
    let files = with("abc_123").expect("it is safe");
    assert!(files["compose.yaml"].contains("-b redis://default:${REDIS_PASSWORD}@redis:6379/0\""));
    for password in ["ab&c", "ab$c", "a;b", "(a)"] {
        let files = with(password);
        assert!(!files.is_ok_and(|files| files.contains_key("compose.yaml")), "{password}");
    }
}

#[test]
fn known_programs_take_the_host_from_an_option_and_the_password_from_a_variable() {
    let rows = [
        ("oliver006/redis_exporter", "-redis.addr redis:6379", "REDIS_PASSWORD"),
        ("bitnami/redis-exporter:1", "--redis.addr=redis:6379", "REDIS_PASSWORD"),
        ("rediscommander/redis-commander", "--redis-host redis --redis-port 6379", "REDIS_PASSWORD"),
    ];
    let (mut before, mut after) = (String::new(), String::new());
    for (number, (image, command, password)) in rows.iter().enumerate() {
        let app = format!("  app-{number}:\n    image: {image}\n    command: {command}\n");
        before += &app;
        after += &format!("{app}    environment:\n      {password}: ${{REDIS_PASSWORD}}\n");
    }
    assert_eq!(clients_after(&before), after);
}

#[test]
fn gitlab_gets_the_password_as_a_setting() {
    let rows = [
        (
            "      GITLAB_OMNIBUS_CONFIG: |\n        redis['enable'] = false\n        gitlab_rails['redis_host'] = 'redis'",
            "\n        gitlab_rails['redis_port'] = 6379\n",
            "'",
        ),
        ("      GITLAB_OMNIBUS_CONFIG: \"external_url 'http://a'; gitlab_rails['redis_host'] = 'redis'", ";\"\n", "'"),
        (
            "      - 'GITLAB_OMNIBUS_CONFIG=gitlab_rails[\"redis_host\"] = 1; gitlab_rails[''redis_host''] = ''redis''",
            "'\n",
            "''",
        ),
    ];
    let (mut before, mut after) = (String::new(), String::new());
    for (number, (start, end, quote)) in rows.iter().enumerate() {
        let head = format!("  app-{number}:\n    image: gitlab/gitlab-ce:17.0.0-ce.0\n    environment:\n{start}");
        before += &format!("{head}{end}");
        let added = format!("; gitlab_rails[{quote}redis_password{quote}] = {quote}${{REDIS_PASSWORD}}{quote}");
        after += &format!("{head}{added}{end}");
    }
    assert_eq!(clients_after(&before), after);
    let unread = "  app:\n    image: gitlab/gitlab-ee\n    environment:\n      GITLAB_OMNIBUS_CONFIG: \"gitlab_rails['redis_host'] = 'redis'; gitlab_rails['redis_password'] = ENV['PW']\"\n";
    let other = unread.replace(
        "gitlab_rails['redis_password'] = ENV['PW']",
        "gitlab_rails['redis_cache_instance'] = 'redis://redis:6379'",
    );
    assert!(doubt(&other).contains("`app` names `redis` in its GITLAB_OMNIBUS_CONFIG"), "{}", doubt(&other));
    assert!(doubt(unread).contains("`app` names `redis` in its GITLAB_OMNIBUS_CONFIG"), "{}", doubt(unread));
}

#[test]
fn a_url_that_a_program_has_by_default_gets_the_password() {
    let app = "  app:\n    image: ynput/ayon:1.3\n";
    let waits = "    depends_on: [redis]\n";
    let variable = "    environment:\n      AYON_REDIS_URL: redis://default:${REDIS_PASSWORD}@redis/\n";
    assert_eq!(clients_after(&format!("{app}{waits}")), format!("{app}{variable}{waits}"));
    let other = format!("{app}{waits}    environment:\n      AYON_REDIS_URL: redis://elsewhere/\n");
    assert!(doubt(&other).contains("waits for `redis`"));
}

#[test]
fn the_name_that_compose_gives_the_container_is_one_of_the_server() {
    for host in ["project-redis-1", "project_redis_1"] {
        let app = |login: &str| {
            format!("  app:\n    image: example/app\n    environment:\n      REDIS_URL: redis://{login}{host}:6379\n")
        };
        assert_eq!(clients_after(&app("")), app("default:${REDIS_PASSWORD}@"));
    }
}
