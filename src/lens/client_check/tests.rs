use super::*;
use crate::lens::example_store as store;
use crate::lens::value::Lookup;

fn env(name: &str) -> Lookup {
    match name {
        "PW" | "REDIS_PASSWORD" => Lookup::Known("s3cret".to_owned()),
        "OTHER" => Lookup::Known("other".to_owned()),
        "BLANK" => Lookup::Known(String::new()),
        "HIDDEN" => Lookup::Unknown,
        _ => Lookup::Absent,
    }
}

fn env_with_auth(name: &str) -> Lookup {
    if name == "REDISCLI_AUTH" { Lookup::Known("s3cret".to_owned()) } else { env(name) }
}

fn words(texts: &[&str]) -> Vec<Word> {
    texts.iter().map(|text| if *text == "¿" { Word::unknown("") } else { Word::known(*text) }).collect()
}

/// `<credential> <verdict>`, or what else the reading is.
fn show(reading: &CheckReading) -> String {
    let check = match reading {
        CheckReading::Disabled => return "disabled".to_owned(),
        CheckReading::NotAClient => return "no client".to_owned(),
        CheckReading::Unparsed(_) => return "unparsed".to_owned(),
        CheckReading::Client(check) => check,
    };
    let credential = match &check.credential {
        Credential::None(NoCredential::Absent) => "none".to_owned(),
        Credential::None(NoCredential::Blank) => "blank".to_owned(),
        Credential::None(NoCredential::UrlWithoutUser) => "no-user".to_owned(),
        Credential::None(NoCredential::TookCommand) => "swallowed".to_owned(),
        Credential::Presented { value, user, .. } => {
            let user = user.as_ref().map(|user| format!("{user}:")).unwrap_or_default();
            format!("{user}{}", value.as_ref().map_or("?", Secret::reveal))
        }
    };
    let verdict = match check.verdict {
        Verdict::IgnoresRefusal => "ignores",
        Verdict::DetectsRefusal => "detects",
    };
    format!("{credential} {verdict}")
}

fn exec(texts: &[&str]) -> CheckReading {
    read(Test::Exec(&words(texts)), &[store::client()], &env)
}

fn shell(text: &str) -> CheckReading {
    read(Test::Shell(&Word::known(text)), &[store::client()], &env)
}

#[test]
fn a_list_of_words_is_read_as_measured() {
    let rows: [(&[&str], &str); 34] = [
        (&["redis-cli", "ping"], "none ignores"),
        (&["/usr/local/bin/redis-cli", "PING"], "none ignores"),
        (&["valkey-cli", "ping"], "none ignores"),
        (&["timeout", "3", "redis-cli", "ping"], "none ignores"),
        (&["redis-cli", "-e", "ping"], "none detects"),
        (&["redis-cli", "--raw", "incr", "ping"], "none ignores"),
        (&["redis-cli", "-e", "--raw", "incr", "ping"], "none detects"),
        (&["redis-cli", "-a", "pw", "ping"], "pw ignores"),
        (&["redis-cli", "-a", "¿", "ping"], "? ignores"),
        (&["redis-cli", "--no-auth-warning", "-a", "pw", "ping"], "pw ignores"),
        (&["redis-cli", "-a", "pw", "--no-auth-warning", "-h", "h", "-p", "1", "ping"], "pw ignores"),
        (&["redis-cli", "--pass", "pw", "ping"], "pw ignores"),
        (&["redis-cli", "-e", "--no-auth-warning", "-a", "pw", "ping"], "pw detects"),
        (&["redis-cli", "--user", "default", "--pass", "pw", "ping"], "default:pw ignores"),
        (&["redis-cli", "--user", "probe", "--pass", "pw", "ping"], "probe:pw ignores"),
        (&["redis-cli", "-a", "a", "-a", "b", "ping"], "b ignores"),
        (&["redis-cli", "-a", "", "ping"], "blank ignores"),
        (&["redis-cli", "-a", "ping"], "swallowed ignores"),
        (&["redis-cli", "-e", "-a", "ping"], "swallowed ignores"),
        (&["redis-cli", "-a", "$REDIS_PASSWORD", "ping"], "$REDIS_PASSWORD ignores"),
        (&["redis-cli", "-u", "redis://:pw@h", "ping"], "no-user ignores"),
        (&["redis-cli", "-u", "redis://pw@h", "ping"], "pw ignores"),
        (&["redis-cli", "-u", "redis://default:p%2Fw@h:1/0", "ping"], "default:p/w ignores"),
        (&["redis-cli", "-u", "redis://h", "ping"], "none ignores"),
        (&["redis-cli", "auth", "pw"], "pw ignores"),
        (&["redis-cli", "-e", "auth", "pw"], "pw detects"),
        (&["redis-cli", "info", "server"], "none ignores"),
        (&["redis-cli", "set", "health", "1"], "none ignores"),
        (&["env", "REDISCLI_AUTH=pw", "redis-cli", "ping"], "pw ignores"),
        (&["redis-cli", "--unheard-of", "ping"], "unparsed"),
        (&["redis-cli", "-a"], "unparsed"),
        (&["redis-cli"], "unparsed"),
        (&["nc", "-z", "127.0.0.1", "6379"], "no client"),
        (&["sudo", "redis-cli", "ping"], "unparsed"),
    ];
    for (words, expected) in rows {
        assert_eq!(show(&exec(words)), expected, "{words:?}");
    }
    assert_eq!(show(&read(Test::Disabled, &[store::client()], &env)), "disabled");
}

#[test]
fn a_script_is_read_as_measured() {
    let rows = [
        ("redis-cli ping", "none ignores"),
        ("redis-cli ping || exit 1", "none ignores"),
        ("redis-cli ping | grep PONG", "none detects"),
        ("redis-cli ping | grep -q PONG || exit 1", "none detects"),
        ("redis-cli ping | grep -v NOAUTH", "none ignores"),
        ("! redis-cli ping | grep -q NOAUTH", "none detects"),
        ("redis-cli ping 2>&1 | grep -qE 'PONG|NOAUTH'", "none ignores"),
        ("[ \"$(redis-cli ping)\" = \"PONG\" ]", "none detects"),
        ("[ $(valkey-cli --pass \"${PW}\" ping) = 'PONG' ]", "s3cret detects"),
        ("test `redis-cli ping` = PONG", "none detects"),
        ("redis-cli -a \"$PW\" ping | grep PONG", "s3cret detects"),
        ("redis-cli -a $PW ping", "s3cret ignores"),
        ("redis-cli -a $HIDDEN ping", "? ignores"),
        ("redis-cli -a \"$BLANK\" ping", "blank ignores"),
        ("redis-cli -a $BLANK ping", "swallowed ignores"),
        ("redis-cli -a  ping", "swallowed ignores"),
        ("redis-cli -a 'pw' ping | grep PONG", "pw detects"),
        ("redis-cli -a \"$(cat /run/secrets/x)\" ping", "? ignores"),
        ("REDISCLI_AUTH=\"$PW\" redis-cli ping | grep -q PONG", "s3cret detects"),
        ("REDISCLI_AUTH= redis-cli ping", "blank ignores"),
        ("VALKEYCLI_AUTH=pw valkey-cli ping", "pw ignores"),
        ("VALKEYCLI_AUTH=pw redis-cli ping", "none ignores"),
        ("export REDISCLI_AUTH=$(cat /x); redis-cli ping", "? ignores"),
        ("redis-cli --no-auth-warning --user probe --pass $PW ping | grep PONG", "probe:s3cret detects"),
        ("redis-cli -a pw -p 6370 cluster info | grep -q 'cluster_state:ok'", "pw detects"),
        ("if [ -n \"$PW\" ]; then redis-cli -a \"$PW\" ping; else redis-cli ping; fi", "s3cret ignores"),
        ("if [ -n \"$HIDDEN\" ]; then redis-cli -a \"$PW\" ping; else redis-cli ping; fi", "none ignores"),
        ("redis-cli ping && redis-cli -a pw ping", "none ignores"),
        ("redis-cli -e ping", "none detects"),
        ("test -f /ready && redis-cli ping", "none ignores"),
        ("/prepare; redis-cli ping | grep PONG", "none detects"),
        ("redis-cli ping >/dev/null 2>&1", "none ignores"),
        ("printf 'AUTH pw\\r\\nPING\\r\\n' | redis-cli | grep PONG", "unparsed"),
        ("for i in 1 2; do redis-cli ping; done", "unparsed"),
        ("redis-cli ping | unheard-of", "unparsed"),
        ("false && redis-cli ping", "unparsed"),
        ("echo PING | nc 127.0.0.1 6379 | grep PONG", "no client"),
        ("</dev/tcp/127.0.0.1/6379", "no client"),
        ("exit 1", "no client"),
    ];
    for (text, expected) in rows {
        assert_eq!(show(&shell(text)), expected, "{text}");
        assert_eq!(show(&exec(&["sh", "-c", text])), expected, "sh -c {text}");
    }
}

#[test]
fn the_environment_logs_in_unless_an_option_does() {
    let read = |text: &str| show(&read(Test::Shell(&Word::known(text)), &[store::client()], &env_with_auth));
    assert_eq!(read("redis-cli ping"), "s3cret ignores");
    assert_eq!(read("redis-cli ping | grep PONG"), "s3cret detects");
    assert_eq!(read("redis-cli -a other ping"), "other ignores");
    assert_eq!(read("redis-cli -a '' ping"), "blank ignores");
    assert_eq!(read("REDISCLI_AUTH= redis-cli ping"), "blank ignores");
    assert_eq!(read("unset REDISCLI_AUTH; redis-cli ping"), "none ignores");
}

#[test]
fn connection_and_command_are_told_apart() {
    let CheckReading::Client(check) = exec(&["redis-cli", "-h", "h", "--tls", "-a", "x", "-n", "2", "get", "k"]) else {
        panic!("it is a client");
    };
    assert_eq!(check.connection, ["-h", "h", "--tls", "-n", "2"]);
    assert_eq!(check.command, ["get", "k"]);
    assert!(!format!("{:?}", exec(&["redis-cli", "-a", "hunter2", "ping"])).contains("hunter2"));
    assert!(!format!("{:?}", exec(&["redis-cli", "auth", "hunter2"])).contains("hunter2"));
}

fn repair(test: Test<'_>, env: &Environment<'_>) -> Result<(String, Option<String>), NoCheckRepair> {
    let repair = authenticate(test, &[store::client()], env, Some("s3cret"))?;
    Ok((text_after(test, &repair.test), repair.variable))
}

fn text_after(test: Test<'_>, new: &NewTest) -> String {
    match (new, test) {
        (NewTest::Same, _) => "same".to_owned(),
        (NewTest::Edits { word: Some(index), edits }, Test::Exec(words)) => edits.apply(&words[*index].text),
        (NewTest::Edits { word: None, edits }, Test::Shell(text)) => edits.apply(&text.text),
        (new, Test::Exec(words)) => new.shell_text(words).expect("it is a new text"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_check_that_keeps_its_login_gets_a_verdict_and_nothing_else() {
    let rows: [(&[&str], &str); 4] = [
        (&["redis-cli", "-a", "pw", "ping"], "redis-cli -a pw ping | grep -q PONG"),
        (
            &["redis-cli", "--user", "probe", "--pass", "pw", "ping"],
            "redis-cli --user probe --pass pw ping | grep -q PONG",
        ),
        (
            &["redis-cli", "-h", "h", "-u", "redis://probe:pw@h:1", "ping"],
            "redis-cli -h h -u redis://probe:pw@h:1 ping | grep -q PONG",
        ),
        (&["env", "REDISCLI_AUTH=pw", "redis-cli", "ping"], "env REDISCLI_AUTH=pw redis-cli ping | grep -q PONG"),
    ];
    for (texts, expected) in rows {
        let words = words(texts);
        let repair = notice_refusal(Test::Exec(&words), &[store::client()], &env).expect(expected);
        assert_eq!((text_after(Test::Exec(&words), &repair.test).as_str(), repair.variable), (expected, None));
    }
    let script = Word::known("redis-cli -a \"$OTHER\" ping || exit 1");
    let repair = notice_refusal(Test::Shell(&script), &[store::client()], &env).expect("a script");
    let expected = "redis-cli -a \"$OTHER\" ping | grep -q PONG || exit 1";
    assert_eq!((text_after(Test::Shell(&script), &repair.test).as_str(), repair.variable), (expected, None));
    let bare = words(&["redis-cli", "ping"]);
    assert!(notice_refusal(Test::Exec(&bare), &[store::client()], &env).is_err(), "nothing is presented");
}

#[test]
fn a_list_of_words_becomes_a_script_that_detects() {
    let rows: [(&[&str], &str); 24] = [
        (&["redis-cli", "ping"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-p", "26379", "ping"], "redis-cli -p 26379 ping | grep -q PONG"),
        (&["redis-cli", "--raw", "incr", "ping"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-a", "pw", "ping"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-a", "s3cret", "ping"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-a", "", "ping"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-a", "ping"], "redis-cli ping | grep -q PONG"),
        (
            &["redis-cli", "--no-auth-warning", "-h", "h", "--pass", "pw", "ping"],
            "redis-cli --no-auth-warning -h h ping | grep -q PONG",
        ),
        (&["redis-cli", "--user", "default", "--pass", "pw", "ping"], "redis-cli ping | grep -q PONG"),
        (
            &["redis-cli", "--tls", "--cacert", "/my ca", "ping"],
            "redis-cli --tls --cacert '/my ca' ping | grep -q PONG",
        ),
        (&["redis-cli", "-s", "/r.sock", "ping"], "redis-cli -s /r.sock ping | grep -q PONG"),
        (&["redis-cli", "-u", "redis://:pw@h:6380/2", "ping"], "redis-cli -h h -p 6380 -n 2 ping | grep -q PONG"),
        (&["redis-cli", "-u", "rediss://default:pw@h", "ping"], "redis-cli -h h --tls ping | grep -q PONG"),
        (&["redis-cli", "-u", "redis://[::1]:1", "ping"], "redis-cli -h ::1 -p 1 ping | grep -q PONG"),
        (&["redis-cli", "auth", "pw"], "redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-e", "-a", "pw", "ping"], "redis-cli ping | grep -q PONG"),
        (&["timeout", "3", "valkey-cli", "ping"], "timeout 3 valkey-cli ping | grep -q PONG"),
        (&["env", "REDISCLI_AUTH=pw", "redis-cli", "ping"], "env redis-cli ping | grep -q PONG"),
        (&["redis-cli", "-e", "ping"], "same"),
        // What asks for more stays, behind the probe.
        (&["redis-cli", "set", "health", "ok"], "redis-cli ping | grep -q PONG && redis-cli set health ok"),
        (
            &["timeout", "3", "redis-cli", "-p", "1", "-a", "pw", "--raw", "get", "my key"],
            "timeout 3 redis-cli -p 1 ping | grep -q PONG && timeout 3 redis-cli -p 1 --raw get 'my key'",
        ),
        (
            &["redis-cli", "-u", "redis://:pw@h:6380/2", "dbsize"],
            "redis-cli -h h -p 6380 -n 2 ping | grep -q PONG && redis-cli -h h -p 6380 -n 2 dbsize",
        ),
        (&["redis-cli", "-e", "-a", "pw", "info"], "redis-cli -e info"),
        (&["redis-cli", "eval", "return 1", "0"], "redis-cli ping | grep -q PONG && redis-cli eval 'return 1' 0"),
    ];
    for (texts, expected) in rows {
        let words = words(texts);
        let expected = (expected.to_owned(), Some("REDISCLI_AUTH".to_owned()));
        assert_eq!(repair(Test::Exec(&words), &env), Ok(expected), "{texts:?}");
    }
    let words = words(&["redis-cli", "ping"]);
    let expected = ("redis-cli ping | grep -q PONG".to_owned(), None);
    assert_eq!(repair(Test::Exec(&words), &env_with_auth), Ok(expected));
}

#[test]
fn a_script_keeps_all_but_credential_and_verdict() {
    let auth = Some("REDISCLI_AUTH".to_owned());
    let rows = [
        ("redis-cli ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli ping || exit 1", "redis-cli ping | grep -q PONG || exit 1", &auth),
        ("redis-cli ping | grep PONG", "same", &auth),
        ("redis-cli -a 'pw' ping | grep PONG", "redis-cli ping | grep PONG", &auth),
        ("redis-cli -a 's3cret' ping", "redis-cli -a 's3cret' ping | grep -q PONG", &None),
        ("redis-cli -a \"$PW\" ping", "redis-cli -a \"$PW\" ping | grep -q PONG", &None),
        ("redis-cli -a \"$HIDDEN\" ping", "redis-cli -a \"$HIDDEN\" ping | grep -q PONG", &None),
        ("redis-cli -a \"$OTHER\" ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli -a $UNSET ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli -a  ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli --no-auth-warning -a pw -n 1 ping", "redis-cli --no-auth-warning -n 1 ping | grep -q PONG", &auth),
        ("[ \"$(redis-cli -a pw ping)\" = 'PONG' ]", "[ \"$(redis-cli ping)\" = 'PONG' ]", &auth),
        ("[ $(valkey-cli --pass \"${PW}\" ping) = 'PONG' ]", "same", &None),
        ("redis-cli --raw incr ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli info >/dev/null 2>&1", "redis-cli ping | grep -q PONG && redis-cli info >/dev/null 2>&1", &auth),
        (
            "redis-cli set x 1 && redis-cli get x",
            "redis-cli ping | grep -q PONG && redis-cli set x 1 && redis-cli get x",
            &auth,
        ),
        (
            "redis-cli -a pw --no-auth-warning -n 1 --raw set hc $(date +%s) || exit 1",
            "redis-cli --no-auth-warning -n 1 ping | grep -q PONG && \
             redis-cli --no-auth-warning -n 1 --raw set hc $(date +%s) || exit 1",
            &auth,
        ),
        (
            "redis-cli -a \"$PW\" info | head -1",
            "redis-cli -a \"$PW\" ping | grep -q PONG && redis-cli -a \"$PW\" info | head -1",
            &None,
        ),
        (
            "REDISCLI_AUTH=\"$PW\" redis-cli dbsize",
            "REDISCLI_AUTH=\"$PW\" redis-cli ping | grep -q PONG && REDISCLI_AUTH=\"$PW\" redis-cli dbsize",
            &None,
        ),
        ("redis-cli ping && redis-cli set x 1", "redis-cli ping | grep -q PONG && redis-cli set x 1", &auth),
        (
            "if [ -n \"$HIDDEN\" ]; then redis-cli -n 1 info; else redis-cli info; fi",
            "if [ -n \"$HIDDEN\" ]; then redis-cli -n 1 ping | grep -q PONG && redis-cli -n 1 info; else \
             redis-cli ping | grep -q PONG && redis-cli info; fi",
            &auth,
        ),
        ("[ \"$(redis-cli get x)\" = 1 ]", "same", &auth),
        ("redis-cli ping &>/dev/null || exit 1", "redis-cli ping | grep -q PONG || exit 1", &auth),
        ("redis-cli ping 2>&1 | grep -qE 'PONG|NOAUTH'", "redis-cli ping 2>&1 | grep -q PONG", &auth),
        ("redis-cli -a pw cluster info | grep -q state:ok", "redis-cli cluster info | grep -q state:ok", &auth),
        ("REDISCLI_AUTH=\"$PW\" redis-cli ping", "REDISCLI_AUTH=\"$PW\" redis-cli ping | grep -q PONG", &None),
        ("REDISCLI_AUTH=pw redis-cli ping", "redis-cli ping | grep -q PONG", &auth),
        ("redis-cli -u redis://:pw@h:1 ping", "redis-cli -h h -p 1 ping | grep -q PONG", &auth),
        ("test -f /ready && redis-cli ping", "test -f /ready && redis-cli ping | grep -q PONG", &auth),
        (
            "if [ -n \"$PW\" ]; then redis-cli -a \"$PW\" ping; else redis-cli ping; fi",
            "if [ -n \"$PW\" ]; then redis-cli -a \"$PW\" ping | grep -q PONG; else redis-cli ping | grep -q PONG; fi",
            &auth,
        ),
        (
            "redis-cli --user probe --pass $OTHER ping",
            "redis-cli --user probe --pass $OTHER ping | grep -q PONG",
            &None,
        ),
    ];
    for (text, expected, variable) in rows {
        let script = Word::known(text);
        let expected = (expected.to_owned(), variable.clone());
        assert_eq!(repair(Test::Shell(&script), &env), Ok(expected.clone()), "{text}");
        let words = words(&["sh", "-c", text]);
        assert_eq!(repair(Test::Exec(&words), &env), Ok(expected), "sh -c {text}");
    }
}

#[test]
fn what_can_not_be_repaired_is_said() {
    let of_script = |text: &str| repair(Test::Shell(&Word::known(text)), &env).expect_err(text);
    assert_eq!(of_script("nc -z localhost 6379"), NoCheckRepair::NotAClient);
    assert!(matches!(of_script("for i in 1; do redis-cli ping; done"), NoCheckRepair::Unparsed(_)));
    assert!(matches!(of_script("redis-cli ping | grep -q PONG; true"), NoCheckRepair::ByHand(_)));
    assert!(matches!(of_script("redis-cli set x 1 || true"), NoCheckRepair::ByHand(_)));
    assert!(matches!(of_script("redis-cli set x 1; redis-cli -h other info || true"), NoCheckRepair::ByHand(_)));
    assert!(matches!(of_script("redis-cli -u \"$URL\" ping"), NoCheckRepair::Unparsed(_)));
    assert!(matches!(of_script("[ \"$(redis-cli ping)\" != '' ]"), NoCheckRepair::ByHand(_)));
    let words = words(&["redis-cli", "--user", "probe", "--pass", "pw", "ping"]);
    assert_eq!(repair(Test::Exec(&words), &env), Err(NoCheckRepair::OtherUser("probe".to_owned())));
    assert_eq!(repair(Test::Disabled, &env), Err(NoCheckRepair::NotAClient));
}

proptest::proptest! {
    #[test]
    fn no_script_makes_the_repair_panic(
        text in "(redis-cli |-a |-u |ping|PONG|grep |REDISCLI_AUTH=|[a-z $'\"=>;|&/@:(){}é-]){0,9}",
    ) {
        let _ = repair(Test::Shell(&Word::known(&text)), &env);
        let texts: Vec<&str> = text.split(' ').collect();
        let _ = repair(Test::Exec(&words(&texts)), &env);
    }
}
