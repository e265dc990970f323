//! Files with users, before and after; and what a person is told where none is changed.

use super::testing::repaired_for;

const SERVER: &str = "services:\n  redis:\n    image: redis:7\n    command: redis-server --aclfile /etc/redis/users.acl\n    volumes: [\"./redis/users.acl:/etc/redis/users.acl:ro\"]\n";
const WEB: &str =
    "  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: redis://app:${REDIS_PASSWORD}@redis:6379/0\n";
const ROOT: &str = "user app on >5e6f7a8b ~* &* +@all";

fn files(compose: &str, users: &str) -> Vec<(&'static str, String)> {
    vec![
        ("compose.yaml", compose.to_owned()),
        ("redis/users.acl", users.to_owned()),
        (".env", "REDIS_PASSWORD=5e6f7a8b\n".to_owned()),
    ]
}

/// The file with the users after a safe repair of the open store.
fn closed(users: &str) -> String {
    let files = files(&format!("{SERVER}{WEB}"), users);
    let changed = repaired_for("store-no-auth", &files, false);
    let mut changed = changed.unwrap_or_else(|why| panic!("{users:?} is not repaired: {why}"));
    assert_eq!(changed.len(), 1, "{changed:?}");
    changed.remove("redis/users.acl").expect("it is the file that changes")
}

/// What a person is told about a rule where nothing is changed, even if unsafe repairs are allowed.
fn told(rule: &str, compose: &str, users: &str) -> String {
    match repaired_for(rule, &files(compose, users), true) {
        Ok(changed) => panic!("{compose}\n{users}\nwas changed: {changed:?}"),
        Err(why) => why,
    }
}

fn check(test: &str) -> String {
    format!("    healthcheck:\n      test: {test}\n")
}

#[test]
fn the_user_default_goes_off_and_the_rest_of_the_file_stays() {
    let rows = [
        (format!("{ROOT}\n"), format!("{ROOT}\nuser default off\n")),
        (ROOT.to_owned(), format!("{ROOT}\nuser default off")),
        (format!("{ROOT}\r\n"), format!("{ROOT}\r\nuser default off\r\n")),
        (format!("\n{ROOT}  \n\n"), format!("\n{ROOT}  \nuser default off\n\n")),
        (format!("user default on nopass ~* +@all\n{ROOT}\n"), format!("user default off nopass ~* +@all\n{ROOT}\n")),
        (format!("{ROOT}\nuser default off ON nopass +@all"), format!("{ROOT}\nuser default off off nopass +@all")),
    ];
    for (before, after) in rows {
        assert_eq!(closed(&before), after, "{before:?}");
    }
}

#[test]
fn a_configuration_that_lets_everyone_in_is_closed_too() {
    let compose = "services:\n  redis:\n    image: redis:7\n    command: redis-server /r.conf --requirepass 5e6f7a8b\n    volumes: [\"./r.conf:/r.conf\"]\n";
    let conf = "# users\nuser default on nopass ~* +@all # all\nuser app on >5e6f7a8b ~* +@all\n";
    let files = [
        ("compose.yaml", format!("{compose}{WEB}")),
        ("r.conf", conf.replace(" # all", "")),
        (".env", "REDIS_PASSWORD=5e6f7a8b\n".to_owned()),
    ];
    let changed = repaired_for("store-no-auth", &files, false).expect("all log in as app");
    assert_eq!(changed["r.conf"], "# users\nuser default off nopass ~* +@all\nuser app on >5e6f7a8b ~* +@all\n");
    assert_eq!(changed.len(), 1);
}

#[test]
fn clients_that_work_as_default_are_named_and_nothing_changes() {
    let rows = [
        ("redis://redis:6379/0", "`web` (REDIS_URL) works as the user `default`"),
        ("redis://default:5e6f7a8b@redis:6379/0", "`web` (REDIS_URL) works as the user `default`"),
        ("redis://:5e6f7a8b@redis:6379/0", "`web` (REDIS_URL) works as the user `default`"),
    ];
    for (url, expected) in rows {
        let web = format!("  web:\n    image: example/web:1\n    environment:\n      REDIS_URL: {url}\n");
        let why = told("store-no-auth", &format!("{SERVER}{web}"), ROOT);
        assert!(
            why.starts_with(expected) && why.contains("add the line `user default off` to redis/users.acl"),
            "{why}"
        );
    }
}

#[test]
fn a_service_that_calls_the_client_without_a_user_works_as_default() {
    let init = "  init:\n    image: redis:7\n    command: redis-cli -h redis set ready 1\n";
    let why = told("store-no-auth", &format!("{SERVER}{WEB}{init}"), ROOT);
    assert!(why.starts_with("`init` (its command) works as the user `default`"), "{why}");
}

#[test]
fn a_server_whose_clients_cant_be_seen_is_closed_only_when_asked() {
    let files = files(SERVER, ROOT);
    let why = repaired_for("store-no-auth", &files, false).expect_err("nobody is seen");
    assert!(why.starts_with("no client of `redis` can be seen"), "{why}");
    assert_eq!(repaired_for("store-no-auth", &files, true).map(|changed| changed.len()), Ok(1));
}

#[test]
fn a_client_that_names_a_user_is_believed_if_the_password_is_that_of_the_user() {
    let web = |user: &str, password: &str| {
        let env = format!("      REDIS_HOST: redis\n      REDIS_USERNAME: {user}\n      REDIS_PASSWORD: {password}\n");
        format!("{SERVER}  web:\n    image: example/web:1\n    environment:\n{env}")
    };
    assert!(repaired_for("store-no-auth", &files(&web("app", "5e6f7a8b"), ROOT), false).is_ok());
    let rows = [
        (web("app", "other"), "the user `app` has another password (redis/users.acl:1)"),
        (web("nobody", "5e6f7a8b"), "redis/users.acl has no user `nobody`"),
        (web("app", "${ELSEWHERE:?}"), "its password is not here"),
    ];
    for (compose, expected) in rows {
        let why = repaired_for("store-no-auth", &files(&compose, ROOT), false).expect_err(&compose);
        assert!(why.contains(expected), "{why}");
        assert!(repaired_for("store-no-auth", &files(&compose, ROOT), true).is_ok());
    }
}

#[test]
fn a_program_on_the_network_of_the_host_comes_by_the_published_port() {
    let published = SERVER.replace("    volumes", "    ports: [\"127.0.0.1:6379:6379\"]\n    volumes");
    let app = "  app:\n    image: example/app:1\n    network_mode: host\n    environment:\n      spring.data.redis.host: localhost\n      spring.data.redis.port: 6379\n      spring.data.redis.username: app\n      spring.data.redis.password: 5e6f7a8b\n";
    assert!(repaired_for("store-no-auth", &files(&format!("{published}{app}"), ROOT), false).is_ok());
    let elsewhere = app.replace("port: 6379", "port: 6380");
    let why = repaired_for("store-no-auth", &files(&format!("{published}{elsewhere}"), ROOT), false);
    assert!(why.expect_err("it is another server").starts_with("no client of `redis` can be seen"));
}

#[test]
fn an_image_and_a_file_that_redis_does_not_read_are_left_to_a_person() {
    let why = told("store-no-auth", &format!("{SERVER}{WEB}"), &format!("# mine\n{ROOT}\n"));
    assert!(why.starts_with("the server of `redis` does not start with redis/users.acl:1: "), "{why}");
    let compose = "services:\n  redis:\n    image: redis:7\n    command: redis-server --aclfile /u.acl\n    configs: [{source: u, target: /u.acl}]\nconfigs:\n  u:\n    content: |\n      user app on >5e6f7a8b +@all\n";
    let why = told("store-no-auth", &compose.replace("configs:\n  u", &format!("{WEB}configs:\n  u")), ROOT);
    assert!(why.contains("add the line `user default off` to the `content` of /u.acl"), "{why}");
}

#[test]
fn two_servers_with_one_file_are_closed_together_or_not_at_all() {
    let second = SERVER.trim_start_matches("services:\n").replace("  redis:\n", "  cache:\n");
    let compose = format!("{SERVER}{second}{WEB}");
    let users = [
        ("compose.yaml", compose),
        ("redis/users.acl", ROOT.to_owned()),
        (".env", "REDIS_PASSWORD=5e6f7a8b\n".to_owned()),
    ];
    assert_eq!(repaired_for("store-no-auth", &users, false).map(|changed| changed.len()), Ok(1));
    let open = users[0].1.clone()
        + "  other:\n    image: example/other:1\n    environment:\n      REDIS_URL: redis://cache:6379\n";
    let why = told("store-no-auth", &open, ROOT);
    assert!(why.starts_with("`other` (REDIS_URL) works as the user `default`"), "{why}");
}

#[test]
fn what_a_healthcheck_presents_is_compared_with_the_users() {
    let rule = "healthcheck-ignores-refusal";
    let hash = "#30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";
    let users = format!("user default on >one ~* +@all\nuser hashed on {hash} +@all\nuser reader on >one +@read\n");
    let rows = [
        (r#"["CMD", "redis-cli", "-a", "one", "ping"]"#, r#"["CMD-SHELL", "redis-cli -a one ping | grep -q PONG"]"#),
        (
            r#"["CMD", "redis-cli", "--user", "hashed", "--pass", "pw", "ping"]"#,
            r#"["CMD-SHELL", "redis-cli --user hashed --pass pw ping | grep -q PONG"]"#,
        ),
        (
            "redis-cli -u redis://hashed:pw@localhost ping",
            "redis-cli -u redis://hashed:pw@localhost ping | grep -q PONG",
        ),
    ];
    for (before, after) in rows {
        let changed = repaired_for(rule, &files(&format!("{SERVER}{}", check(before)), &users), false);
        assert_eq!(changed.expect(before)["compose.yaml"], format!("{SERVER}{}", check(after)));
    }
    for test in [
        r#"["CMD", "redis-cli", "-a", "two", "ping"]"#,
        r#"["CMD", "redis-cli", "--user", "reader", "-a", "one", "ping"]"#,
        r#"["CMD", "redis-cli", "--user", "nobody", "-a", "one", "ping"]"#,
    ] {
        let why = told(rule, &format!("{SERVER}{}", check(test)), &users);
        let expected = r#"write the test of `redis` as `["CMD-SHELL", "redis-cli --user hashed ping | grep -q PONG"]`"#;
        assert!(why.starts_with(expected) && why.contains("redis/users.acl:2"), "{why}");
    }
}

#[test]
fn a_healthcheck_logs_in_as_a_user_whose_password_a_variable_holds() {
    let users = format!("user default off\n{ROOT}\n");
    let auth = "    environment:\n      REDISCLI_AUTH: ${REDIS_PASSWORD:?set REDIS_PASSWORD in .env}\n";
    let rows = [
        (r#"["CMD", "redis-cli", "ping"]"#, r#"["CMD-SHELL", "redis-cli --user app ping | grep -q PONG"]"#),
        ("redis-cli ping 2>&1 | grep -qE 'PONG|NOAUTH'", "redis-cli --user app ping 2>&1 | grep -q PONG"),
        ("timeout 5 redis-cli -h localhost ping", "timeout 5 redis-cli --user app -h localhost ping | grep -q PONG"),
    ];
    for (before, after) in rows {
        let files = files(&format!("{SERVER}{}{WEB}", check(before)), &users);
        let changed = repaired_for("healthcheck-no-auth", &files, false).expect(before);
        let server = SERVER.replace("    volumes", &format!("{auth}    volumes"));
        assert_eq!(changed["compose.yaml"], format!("{server}{}{WEB}", check(after)));
    }
}

#[test]
fn lines_to_write_name_a_user_who_may_ping() {
    let rule = "healthcheck-no-auth";
    let compose = format!("{SERVER}{}", check(r#"["CMD", "redis-cli", "ping"]"#));
    let why = told(rule, &compose, "user default off\nuser reader on >a ~* +@read\nuser admin on >b ~* +@all\n");
    assert!(why.contains("redis-cli --user admin ping") && why.contains("redis/users.acl:3"), "{why}");
    let why = told(rule, &compose, "user default off\nuser reader on >a ~* +@read\n");
    assert!(why.contains("add the line `user health on >PASSWORD resetchannels -@all +ping` there"), "{why}");
    let blank = format!("{SERVER}{}", check(r#"["CMD", "redis-cli", "-a", "${ADMIN_PASSWORD}", "ping"]"#));
    let why = told("healthcheck-ignores-refusal", &blank, "user default on >b ~* +@all\n");
    assert!(
        why.contains("`ADMIN_PASSWORD`, which has no value: put the password of `default` (redis/users.acl:1)"),
        "{why}"
    );
}
