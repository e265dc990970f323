//! Servers before and after: how each takes the password, and where it is written.

use super::testing::repaired;

const CLIENT: &str = "  api:\n    build: .\n    environment: {REDIS_URL: \"redis://redis:6379\"}\n";

/// The service `redis` and the env file after a safe repair; `redis` is what stands below its name, indented by four.
fn sealed(redis: &str, env: &str) -> (String, String) {
    let compose = format!("services:\n  redis:\n{redis}{CLIENT}");
    let changed = repaired(&[("compose.yaml", compose), (".env", env.to_owned())], false);
    let mut changed = changed.unwrap_or_else(|why| panic!("{redis}{env} is not sealed: {why}"));
    let compose = changed.remove("compose.yaml").expect("the server changes");
    let service = compose.strip_prefix("services:\n  redis:\n").and_then(|rest| rest.split_once("  api:\n"));
    let service = service.expect("the other service is left").0.to_owned();
    (service, changed.remove(".env").unwrap_or_else(|| env.to_owned()))
}

fn reference(name: &str) -> String {
    format!("${{{name}:?set {name} in .env}}")
}

#[test]
fn variables_that_are_the_first_ones_share_one_environment() {
    let reference = reference("REDIS_PASSWORD");
    let block =
        format!("    environment:\n      REDIS_ARGS: --requirepass {reference}\n      REDISCLI_AUTH: {reference}\n");
    let flow = format!("REDIS_ARGS: \"--requirepass {reference}\", REDISCLI_AUTH: \"{reference}\"");
    let check = "    healthcheck:\n      test: redis-cli ping\n";
    let mended = "    healthcheck:\n      test: redis-cli ping | grep -q PONG\n";
    let stack = "    image: redis/redis-stack:latest\n";
    let cases = [
        (format!("{stack}{check}"), format!("{stack}{block}{mended}")),
        (format!("{stack}    environment: {{}}\n{check}"), format!("{stack}    environment: {{{flow}}}\n{mended}")),
        (
            format!("{stack}    environment: []\n{check}"),
            format!(
                "{stack}    environment: [\"REDIS_ARGS=--requirepass {reference}\", \"REDISCLI_AUTH={reference}\"]\n{mended}"
            ),
        ),
        (
            format!("{stack}    environment: {{A: b}}\n{check}"),
            format!("{stack}    environment: {{A: b, {flow}}}\n{mended}"),
        ),
        (
            format!("    image: bitnami/redis:7.2\n{check}"),
            format!(
                "    image: bitnami/redis:7.2\n    environment:\n      REDIS_PASSWORD: {reference}\n      REDISCLI_AUTH: {reference}\n{mended}"
            ),
        ),
    ];
    for (before, after) in cases {
        assert_eq!(sealed(&before, "").0, after, "{before}");
    }
}

#[test]
fn the_blank_variable_in_the_place_of_the_password_gets_the_value() {
    let dragonfly = "    image: ghcr.io/dragonflydb/dragonfly:v1.20\n";
    let (stack, valkey) = ("    image: redis/redis-stack\n", "    image: valkey/valkey:8\n");
    let cases = [
        // A string, with what stands behind the variable.
        (format!("{dragonfly}    command: dragonfly --logtostderr --requirepass=${{DP}} --cache_mode=true\n"), "DP"),
        (format!("{dragonfly}    command: dragonfly --requirepass=${{DP}}  --cache_mode=true\n"), "DP"),
        (format!("{dragonfly}    command: dragonfly --logtostderr --requirepass=${{DP}}\n"), "DP"),
        (
            format!("{dragonfly}    command: dragonfly --requirepass=${{DRAGONFLY_PASSWORD}}  --cache_mode=true\n"),
            "DRAGONFLY_PASSWORD",
        ),
        (format!("{dragonfly}    command: [\"dragonfly\", \"--requirepass=${{DP}}\", \"--x\"]\n"), "DP"),
        (format!("{dragonfly}    environment: {{DFLY_requirepass: \"${{DF_PW}}\"}}\n"), "DF_PW"),
        (format!("{dragonfly}    environment: [\"DFLY_requirepass=${{DP}}\"]\n"), "DP"),
        (format!("{stack}    environment: {{REDIS_ARGS: \"--requirepass ${{SP}}\"}}\n"), "SP"),
        (format!("{stack}    environment: {{REDIS_ARGS: \"--save 60 1 --requirepass ${{SP}}\"}}\n"), "SP"),
        (format!("{valkey}    environment: [\"VALKEY_EXTRA_FLAGS=--requirepass ${{VK}} --save 60 1\"]\n"), "VK"),
        ("    image: redis:7\n    command: redis-server --requirepass \"${P}\" --save 60 1\n".to_owned(), "P"),
        ("    image: redis:7\n    command: [sh, -c, 'redis-server --requirepass \"${P}\"']\n".to_owned(), "P"),
        (
            format!(
                "{stack}    environment: {{REDIS_ARGS: \"--requirepass ${{SP}}\", REDISCLI_AUTH: \"${{SP}}\"}}\n    healthcheck: {{test: [CMD, redis-cli, ping]}}\n"
            ),
            "SP",
        ),
    ];
    for (before, name) in cases {
        let (after, env) = sealed(&before, &format!("A=1\n{name}=\n"));
        let used = format!("${{{name}}}");
        let expected = before.replace(&used, &reference(name));
        let check = after.contains("healthcheck").then_some("[CMD-SHELL, redis-cli ping | grep -q PONG]");
        assert_eq!(
            after,
            check.map_or(expected.clone(), |new| expected.replace("[CMD, redis-cli, ping]", new)),
            "{before}"
        );
        assert_eq!(env, format!("A=1\n{name}=SECRET\n"), "{before}");
    }
}

#[test]
fn a_leave_to_have_no_password_in_an_env_file_gives_way_to_the_password() {
    let reference = reference("REDIS_PASSWORD");
    let before = "    image: bitnami/redis:7.2\n    env_file: r.env\n";
    let compose = format!("services:\n  redis:\n{before}{CLIENT}");
    let files = [("compose.yaml", compose), ("r.env", "ALLOW_EMPTY_PASSWORD=yes\n".to_owned())];
    let changed = repaired(&files, false).expect("it is sealed");
    let after = format!(
        "    image: bitnami/redis:7.2\n    environment:\n      REDIS_PASSWORD: {reference}\n    env_file: r.env\n"
    );
    assert!(changed["compose.yaml"].contains(&after), "{}", changed["compose.yaml"]);
    assert!(!changed.contains_key("r.env"));
}

#[test]
fn the_blank_variable_of_a_client_is_the_one_that_gets_the_value() {
    let server = "services:\n  redis:\n    image: redis:7\n";
    let appwrite = "  web:\n    image: appwrite/appwrite:1.5\n    environment:\n      - _APP_REDIS_HOST=redis\n      - _APP_REDIS_PORT=6379\n      - _APP_REDIS_PASS\n";
    let peertube = "  web:\n    image: chocobozzz/peertube:production-bookworm\n    env_file: .env\n    environment:\n      PEERTUBE_REDIS_HOSTNAME: redis\n";
    for (client, name) in [(appwrite, "_APP_REDIS_PASS"), (peertube, "PEERTUBE_REDIS_AUTH")] {
        let files = [("compose.yaml", format!("{server}{client}")), (".env", format!("{name}=\nA=1\n"))];
        let changed = repaired(&files, false).unwrap_or_else(|why| panic!("{client} {why}"));
        let command = format!("    command: redis-server --requirepass {}\n", reference(name));
        assert_eq!(changed["compose.yaml"], format!("{server}{command}{client}"));
        assert_eq!(changed[".env"], format!("{name}=SECRET\nA=1\n"));
    }
}

#[test]
fn a_password_with_quotes_stands_in_a_list_where_a_new_command_carries_it() {
    let own = "    image: redis:7\n    environment: {REDIS_PASSWORD: \"${REDIS_PASSWORD}\"}\n";
    let client = "  api:\n    build: .\n    environment: {REDIS_HOST: redis, REDIS_PASSWORD: \"${REDIS_PASSWORD}\"}\n";
    let files = |command: &str| {
        let compose = format!("services:\n  redis:\n{own}{command}{client}");
        [("compose.yaml", compose), (".env", "REDIS_PASSWORD='pw \"with space'\n".to_owned())]
    };
    let changed = repaired(&files(""), false).expect("it is sealed");
    let command = format!("    command: [\"redis-server\", \"--requirepass\", \"{}\"]\n", reference("REDIS_PASSWORD"));
    let expected = own.replace("7\n", &format!("7\n{command}"));
    assert_eq!(changed["compose.yaml"], format!("services:\n  redis:\n{expected}{client}"));
    for command in ["    command: sh -c \"redis-server --save '' \"\n", "    command: redis-server --appendonly no\n"] {
        let why = repaired(&files(command), true).expect_err("no word of the string can carry it");
        assert_eq!(
            why,
            "the value of REDIS_PASSWORD holds a character that breaks the words of `redis` that would carry it: choose another password, such as the output of `openssl rand -hex 32`"
        );
    }
}

#[test]
fn the_file_that_the_scripts_name_is_the_one_that_lacks_the_value() {
    let compose = format!("services:\n  redis:\n    image: redis:7\n{CLIENT}");
    let files = [
        ("compose.yaml", compose),
        ("Makefile", "up:\n\tdocker compose --env-file .env.prod up -d\n".to_owned()),
        (".env.prod", "X=1\n".to_owned()),
    ];
    let changed = repaired(&files, false).expect("it is sealed");
    assert_eq!(changed[".env.prod"], "X=1\nREDIS_PASSWORD=SECRET\n");
    let command = "command: redis-server --requirepass ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env.prod}\n";
    assert!(changed["compose.yaml"].contains(command), "{}", changed["compose.yaml"]);
}

#[test]
fn a_blank_variable_whose_name_ends_in_pwd_is_the_password_of_its_host() {
    let compose = "services:\n  redis:\n    image: redis:7\n  api:\n    image: acme/api\n    environment: {REDIS_SERVER_HOST: redis, REDIS_SERVER_PWD: \"\"}\n";
    let changed = repaired(&[("compose.yaml", compose.to_owned())], false).expect("it is sealed");
    let client = "    environment: {REDIS_SERVER_HOST: redis, REDIS_SERVER_PWD: \"${REDIS_PASSWORD}\"}\n";
    assert!(changed["compose.yaml"].ends_with(client), "{}", changed["compose.yaml"]);
}

#[test]
fn servers_whose_passwords_are_one_blank_variable_are_sealed_together() {
    let client = "  api:\n    build: .\n    environment: {A: \"redis://a:6379\", B: \"redis://b:6379\"}\n";
    let sealed_client =
        client.replace("redis://a", "redis://default:${PW}@a").replace("redis://b", "redis://default:${PW}@b");
    let (blank, set) = ("${PW}".to_owned(), reference("PW"));
    let commands = "services:\n  a:\n    image: redis:7\n    command: redis-server --requirepass \"${PW}\"\n  b:\n    image: ghcr.io/dragonflydb/dragonfly\n    command: dragonfly --requirepass=${PW}\n";
    let shared = "x-e: &e\n  VALKEY_EXTRA_FLAGS: --requirepass ${PW}\nservices:\n  a: {image: \"valkey/valkey:8\", environment: *e}\n  b:\n    image: valkey/valkey:8\n    environment:\n      <<: *e\n      X: y\n";
    for servers in [commands, shared] {
        let files = [("compose.yaml", format!("{servers}{client}")), (".env", "PW=\n".to_owned())];
        let changed = repaired(&files, false).unwrap_or_else(|why| panic!("{servers} {why}"));
        assert_eq!(changed["compose.yaml"], format!("{}{sealed_client}", servers.replace(&blank, &set)));
        assert_eq!(changed[".env"], "PW=SECRET\n");
    }
}
