//! Commands with a `$(cat FILE)` that no shell replaces, before and after.

use super::testing::repaired_for;

const SECRETS: &str = "    secrets: [pw]\nsecrets:\n  pw:\n    file: ./pw.txt\n";
const GUARD: &str = "grep -q . /run/secrets/pw && exec docker-entrypoint.sh";

fn files(command: &str, more: &str, secret: &str) -> Vec<(&'static str, String)> {
    let compose = format!("services:\n  redis:\n    image: redis:7\n    command: {command}\n{more}{SECRETS}");
    vec![("compose.yaml", compose), ("pw.txt", secret.to_owned())]
}

/// The Compose file after a safe repair.
fn after(command: &str, more: &str) -> String {
    let changed = repaired_for("password-not-expanded", &files(command, more, "1a2b3c4d\n"), false);
    changed.unwrap_or_else(|why| panic!("{command} is not repaired: {why}"))["compose.yaml"].clone()
}

/// Why nothing is changed.
fn told(command: &str, more: &str, secret: &str) -> String {
    match repaired_for("password-not-expanded", &files(command, more, secret), true) {
        Ok(changed) => panic!("{command} was changed: {changed:?}"),
        Err(why) => why,
    }
}

#[test]
fn a_shell_is_put_around_the_command_in_its_spelling() {
    let rows = [
        (
            "redis-server --requirepass $(cat /run/secrets/pw) --appendonly yes # kept",
            format!(
                r#"sh -c '{GUARD} redis-server --requirepass "$$(cat /run/secrets/pw)" --appendonly yes' # kept"#
            ),
        ),
        (
            "--requirepass $(cat /run/secrets/pw)",
            format!(r#"sh -c '{GUARD} --requirepass "$$(cat /run/secrets/pw)"'"#),
        ),
        (
            ">\n      redis-server\n      --requirepass $(cat /run/secrets/pw)\n      --maxmemory ${MEM:-64mb}",
            format!(
                "> \n      sh -c '{GUARD} redis-server\n      --requirepass \"$$(cat /run/secrets/pw)\"\n      --maxmemory ${{MEM:-64mb}}'"
            )
            .replace("> \n", ">\n"),
        ),
        (
            r#""redis-server --save \"\" --requirepass $(cat /run/secrets/pw)""#,
            format!(r#""sh -c '{GUARD} redis-server --save \"\" --requirepass \"$$(cat /run/secrets/pw)\"'""#),
        ),
        (
            r#"["redis-server", "--requirepass", "$(cat /run/secrets/pw)", "--maxmemory", "${MEM:-64mb}"]"#,
            format!(
                r#"["sh", "-c", "{GUARD} redis-server --requirepass \"$$(cat /run/secrets/pw)\" --maxmemory ${{MEM:-64mb}}"]"#
            ),
        ),
    ];
    for (before, expected) in rows {
        let expected = format!("services:\n  redis:\n    image: redis:7\n    command: {expected}\n{SECRETS}");
        assert_eq!(after(before, ""), expected, "{before}");
    }
}

#[test]
fn the_healthcheck_reads_the_same_file() {
    let auth = r#"REDISCLI_AUTH="$$(cat /run/secrets/pw)""#;
    let quoted = auth.replace('"', "\\\"");
    let rows = [
        (r#"["CMD", "redis-cli", "ping"]"#, format!(r#"["CMD-SHELL", "{quoted} redis-cli ping | grep -q PONG"]"#)),
        (
            r#"["CMD", "redis-cli", "-a", "$(cat /run/secrets/pw)", "-p", "6379", "ping"]"#,
            format!(r#"["CMD-SHELL", "{quoted} redis-cli -p 6379 ping | grep -q PONG"]"#),
        ),
        ("timeout 3 redis-cli ping || exit 1", format!("{auth} timeout 3 redis-cli ping | grep -q PONG || exit 1")),
        (
            "redis-cli -a \"$$(cat /run/secrets/pw)\" ping",
            "redis-cli -a \"$$(cat /run/secrets/pw)\" ping | grep -q PONG".to_owned(),
        ),
    ];
    for (before, expected) in rows {
        let check = |test: &str| format!("    healthcheck:\n      test: {test}\n");
        let after = after("redis-server --requirepass $(cat /run/secrets/pw)", &check(before));
        assert!(after.contains(&check(&expected)), "{before}: {after}");
    }
}

#[test]
fn a_secret_that_is_empty_absent_or_kept_elsewhere_is_left_to_a_person() {
    let command = "redis-server --requirepass $(cat /run/secrets/pw)";
    for secret in ["", "\n", "one\ntwo\n"] {
        let why = told(command, "", secret);
        assert!(why.starts_with("/run/secrets/pw does not hold one line with a password"), "{why}");
    }
    let why = told("redis-server --requirepass $(cat /run/secrets/other)", "", "x\n");
    assert!(why.starts_with("nothing puts /run/secrets/other into the container"), "{why}");
    assert!(why.contains(r#"--requirepass \"$$(cat /run/secrets/other)\""#), "{why}");
    let missing = [files(command, "", "x").remove(0)];
    let why = repaired_for("password-not-expanded", &missing, true).expect_err("there is no secret");
    assert!(why.starts_with("pw.txt, which /run/secrets/pw is to show, does not exist"), "{why}");
    let external = [("compose.yaml", missing[0].1.replace("file: ./pw.txt", "external: true"))];
    let why = repaired_for("password-not-expanded", &external, true).expect_err("it can't be seen");
    assert!(why.starts_with("what /run/secrets/pw holds can't be seen"), "{why}");
}

#[test]
fn commands_that_a_shell_would_read_in_another_way_are_left_to_a_person() {
    for command in [
        "redis-server --requirepass $(cat /run/secrets/pw) --logfile 'a b'",
        "|\n      redis-server\n      --requirepass $(cat /run/secrets/pw)",
        r#"["redis-server", "--requirepass", "$(cat /run/secrets/pw)", "--notify-keyspace-events", "$$x"]"#,
    ] {
        let why = told(command, "", "x\n");
        assert!(why.starts_with("the command of `redis` can't be changed in place: write `command: "), "{why}");
    }
}

#[test]
fn a_server_without_the_rights_of_root_may_not_read_the_secret() {
    let command = "redis-server --requirepass $(cat /run/secrets/pw)";
    for more in ["    user: \"999:999\"\n", "    cap_drop: [ALL]\n"] {
        let why = repaired_for("password-not-expanded", &files(command, more, "x\n"), false).expect_err(more);
        assert!(why.contains("may not be able to read /run/secrets/pw"), "{why}");
        assert!(repaired_for("password-not-expanded", &files(command, more, "x\n"), true).is_ok());
    }
}

#[test]
fn a_client_with_the_text_itself_makes_it_unsafe() {
    let command = "redis-server --requirepass $(cat /run/secrets/pw)";
    let web = "  web:\n    image: example/web:1\n    environment:\n      REDIS_HOST: redis\n      REDIS_PASSWORD: $(cat /run/secrets/pw)\n";
    let mut files = files(command, "", "x\n");
    files[0].1 = files[0].1.replace("secrets:\n  pw:", &format!("{web}secrets:\n  pw:"));
    let why = repaired_for("password-not-expanded", &files, false).expect_err("web breaks");
    assert_eq!(why, "`web` presents the text `$(cat /run/secrets/pw)` itself, which is the password now, but not then");
    assert!(repaired_for("password-not-expanded", &files, true).is_ok());
}

/// Compose can't hand on what a file holds.
const CLIENT: &str = "  web:\n    image: example/web\n    environment: {REDIS_URL: 'redis://redis:6379/0'}\n";

#[test]
fn a_check_reads_the_file_from_which_the_server_takes_its_password() {
    let bitnami = "    image: bitnami/redis:7.2\n    environment:\n      REDIS_PASSWORD_FILE: /run/secrets/pw\n";
    let shell = "    image: redis:7\n    command: [\"sh\", \"-c\", \"exec redis-server --requirepass \\\"$$(cat /run/secrets/pw)\\\"\"]\n";
    for server in [bitnami, shell] {
        let secrets = SECRETS.replacen("secrets:\n  pw", &format!("{CLIENT}secrets:\n  pw"), 1);
        let compose =
            |test: &str| format!("services:\n  redis:\n{server}    healthcheck:\n      test: {test} # kept\n{secrets}");
        let rows = [
            (
                r#"["CMD", "redis-cli", "ping"]"#,
                r#"["CMD-SHELL", "REDISCLI_AUTH=\"$$(cat /run/secrets/pw)\" redis-cli ping | grep -q PONG"]"#,
            ),
            ("redis-cli ping", r#"REDISCLI_AUTH="$$(cat /run/secrets/pw)" redis-cli ping | grep -q PONG"#),
        ];
        for (before, after) in rows {
            let files = [("compose.yaml", compose(before)), ("pw.txt", "1a2b3c4d\n".to_owned())];
            let changed = repaired_for("healthcheck-no-auth", &files, false);
            let changed = changed.unwrap_or_else(|why| panic!("{before} is not repaired: {why}"));
            assert_eq!(changed["compose.yaml"], compose(after), "{before}");
        }
    }
}
