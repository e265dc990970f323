//! Files with users, and passwords that come from a file: what caulk reads and writes against the real Redis.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use caulk::syntax::acl::{self, Answer, DefaultUser};

use super::common::{Folder, Redis, required};
use super::{Server, servers_of};

/// The server of the project in `folder`, which finds outside of a container what is mounted: paths in the container, each
/// with that of the file.
fn server(folder: &Path, mounted: &[(&str, &str)]) -> Server {
    let mut server = servers_of(folder).remove(0);
    for word in server.command.iter_mut().chain(&mut server.check) {
        for (path, file) in mounted {
            *word = word.replace(path, &folder.join(file).display().to_string());
        }
    }
    server
}

const USERS: &str = "services:
  redis:
    image: redis:7
    command: redis-server --aclfile /etc/redis/users.acl
    volumes: [\"./redis/users.acl:/etc/redis/users.acl:ro\"]
    healthcheck:
      test: [\"CMD\", \"redis-cli\", \"ping\"]
  web:
    image: example/web:1
    environment:
      REDIS_URL: redis://app:${REDIS_PASSWORD}@redis:6379/0
";
const MOUNTED: [(&str, &str); 1] = [("/etc/redis/users.acl", "redis/users.acl")];

#[test]
fn a_closed_file_of_users_refuses_strangers_and_is_undone_byte_for_byte() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    for users in
        ["user app on >5e6f7a8b ~* &* +@all", "user default on nopass ~* &* +@all\r\nuser app on >5e6f7a8b +@all\r\n"]
    {
        let folder = Folder::new();
        folder.write("compose.yaml", USERS);
        folder.write("redis/users.acl", users);
        folder.write(".env", "REDIS_PASSWORD=5e6f7a8b\n");
        let before = folder.files();
        let open = redis.start(&server(&folder.path(), &MOUNTED).command);
        assert_eq!(open.ask("redis://127.0.0.1").as_deref(), Ok("PONG"), "{users}");
        drop(open);

        let run = folder.caulk(&["fix"]);
        assert_eq!(run.status, Some(0), "{}", run.all());
        assert!(run.all().contains("`web` logs in as `app` and is not touched"), "{}", run.all());
        let sealed = server(&folder.path(), &MOUNTED);
        let running = redis.start(&sealed.command);
        let stranger = running.ask("redis://127.0.0.1").expect_err(users);
        assert!(stranger.contains("NOAUTH"), "{stranger}");
        assert_eq!(running.ask("redis://app:5e6f7a8b@127.0.0.1").as_deref(), Ok("PONG"), "{users}");
        assert!(running.is_healthy(&sealed.check, &sealed.environment), "{:?}", sealed.check);
        let wrong = BTreeMap::from([("REDISCLI_AUTH".to_owned(), "wrong".to_owned())]);
        assert!(!running.is_healthy(&sealed.check, &wrong), "{:?}", sealed.check);

        let again = folder.caulk(&["fix"]);
        assert!(again.all().contains("No leaks found"), "{}", again.all());
        let undone = folder.caulk(&["undo"]);
        assert_eq!(undone.status, Some(0), "{}", undone.all());
        assert_eq!(folder.files(), before, "{users}");
    }
}

#[test]
fn a_file_alone_that_changes_takes_a_forced_recreation() {
    let folder = Folder::new();
    let compose = USERS.replace("    healthcheck:\n      test: [\"CMD\", \"redis-cli\", \"ping\"]\n", "");
    folder.write("compose.yaml", compose);
    folder.write("redis/users.acl", "user app on >5e6f7a8b ~* &* +@all\n");
    folder.write(".env", "REDIS_PASSWORD=5e6f7a8b\n");
    let run = folder.caulk(&["fix"]);
    assert!(run.all().contains("docker compose up -d --force-recreate redis"), "{}", run.all());
    let undone = folder.caulk(&["undo"]);
    assert!(undone.all().contains("docker compose up -d --force-recreate redis"), "{}", undone.all());
}

#[test]
fn redis_reads_files_of_users_as_caulk_does() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let files = [
        "",
        "\n  \nuser app on >pw +@all\n\n",
        "user app on >pw +@all\r\nuser default off\r\n",
        "user default off",
        "# comment\nuser default off\n",
        "user default on nopass ~* +@all off\n",
        "user default off nopass ~* +@all\n",
        "user default on >pw ~* +@all\n",
        "user default on nopass ~* +@all\n",
    ];
    for text in files {
        let folder = Folder::new();
        let path = folder.write("users.acl", text);
        let running = redis.try_start(&["redis-server".into(), "--aclfile".into(), path.display().to_string()]);
        let (users, problems) = acl::parse(text);
        assert_eq!(running.is_some(), problems.is_empty(), "{text:?}");
        let Some(running) = running else { continue };
        let is_open = matches!(users.default_user(), DefaultUser::NotDefined | DefaultUser::Open);
        assert_eq!(running.ask("redis://127.0.0.1").is_ok(), is_open, "{text:?}");
    }
}

#[test]
fn redis_answers_logins_as_caulk_foretells() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let text = "user default off\nuser root on >one >two ~* +@all\nuser reader on >r +@read -@dangerous\n\
        user asker on >r +@connection\nuser fast on >r +@fast\nuser single on >r +ping\nuser barred on >r +@all -ping\n\
        user selected on >r (+ping)\nuser any on nopass +ping\nuser left off >r +@all\n\
        user hashed on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 +@all\n";
    let folder = Folder::new();
    let path = folder.write("users.acl", text);
    let running = redis.start(&["redis-server".into(), "--aclfile".into(), path.display().to_string()]);
    let (users, problems) = acl::parse(text);
    assert_eq!(problems, vec![]);
    let check = ["CMD", "redis-cli", "-e", "ping"].map(str::to_owned);
    let names = users.users.iter().map(|user| user.name.as_str()).chain(["nobody"]);
    for (name, password) in names.flat_map(|name| ["one", "r", "pw"].map(|password| (name, password))) {
        let mut check = check.to_vec();
        check.splice(2..2, ["--user".to_owned(), name.to_owned()]);
        let environment = BTreeMap::from([("REDISCLI_AUTH".to_owned(), password.to_owned())]);
        let is_let_in = users.answer(name, password) == Answer::Pong;
        assert_eq!(running.is_healthy(&check, &environment), is_let_in, "{name} {password}");
    }
}

#[test]
fn a_shell_takes_the_password_from_the_file_and_starts_no_server_without_one() {
    let Some(redis) = required("redis-server", Redis::find()) else { return };
    let commands = [
        "redis-server --save \"\" --requirepass $(cat /run/secrets/pw)",
        "[\"redis-server\", \"--requirepass\", \"$(cat /run/secrets/pw)\", \"--save\", \"\"]",
    ];
    for command in commands {
        let folder = Folder::new();
        let compose = format!(
            "services:\n  redis:\n    image: redis:7\n    command: {command}\n    secrets: [pw]\n    healthcheck:\n      test: [\"CMD\", \"redis-cli\", \"-a\", \"$(cat /run/secrets/pw)\", \"ping\"]\nsecrets:\n  pw:\n    file: ./pw.txt\n"
        );
        folder.write("compose.yaml", compose);
        folder.write("pw.txt", "1a2b 3c'4d\n");
        let run = folder.caulk(&["fix"]);
        assert_eq!(run.status, Some(0), "{}", run.all());
        let sealed = server(&folder.path(), &[("/run/secrets/pw", "pw.txt")]);
        let running = redis.start(&sealed.command);
        let stranger = running.ask("redis://127.0.0.1").expect_err(command);
        assert!(stranger.contains("NOAUTH"), "{stranger}");
        assert_eq!(running.ask("redis://default:1a2b%203c'4d@127.0.0.1").as_deref(), Ok("PONG"), "{command}");
        assert!(running.is_healthy(&sealed.check, &sealed.environment), "{:?}", sealed.check);
        fs::write(folder.path().join("pw.txt"), "other\n").expect("it can be written");
        assert!(!running.is_healthy(&sealed.check, &sealed.environment), "{:?}", sealed.check);
        drop(running);
        for empty in ["", "\n"] {
            fs::write(folder.path().join("pw.txt"), empty).expect("it can be written");
            assert!(redis.try_start(&sealed.command).is_none(), "{command}: it would be open");
        }
        fs::remove_file(folder.path().join("pw.txt")).expect("it can be removed");
        assert!(redis.try_start(&sealed.command).is_none(), "{command}: it would be open");
    }
}
