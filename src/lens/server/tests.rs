use super::*;
use crate::catalog::Mechanism;
use crate::lens::example_store as store;
use crate::text::Edit;

const REF: &str = "${PW:?unset}";

/// `¿` marks a word with something unknown in it, and stands for it.
fn words(texts: &[&str]) -> Vec<Word> {
    let word = |text: &&str| match text.contains('¿') {
        true => Word::unknown(text.replace('¿', "")),
        false => Word::known(*text),
    };
    texts.iter().map(word).collect()
}

#[derive(Default)]
struct Case<'a> {
    entrypoint: Option<&'a [&'a str]>,
    command: Option<&'a [&'a str]>,
    env: &'a [(&'a str, &'a str)],
    conf: Option<ConfAuth>,
}

impl Case<'_> {
    fn with<T>(&self, judge: impl FnOnce(&Setup<'_>) -> T) -> T {
        let entrypoint = self.entrypoint.map(words);
        let command = self.command.map(words);
        let env = |name: &str| match self.env.iter().find(|(known, _)| *known == name) {
            Some((_, "¿")) => Lookup::Unknown,
            Some((_, value)) => Lookup::Known((*value).to_owned()),
            None => Lookup::Absent,
        };
        let conf = |path: &str| match (&self.conf, path) {
            (Some(conf), "/r.conf") => ConfFile::Read(Box::new(conf.clone())),
            (_, "/hidden.conf") => ConfFile::Unreadable,
            (_, path) if path.starts_with("/s/") => script(&path[3..]),
            _ => ConfFile::NotMounted,
        };
        judge(&Setup { entrypoint: entrypoint.as_deref(), command: command.as_deref(), env: &env, conf: &conf })
    }

    fn auth(&self, mechanism: &Mechanism) -> String {
        self.with(|setup| match auth(mechanism, setup) {
            Auth::Open => "open".to_owned(),
            Auth::Password(Some(secret)) => format!("password {}", secret.reveal()),
            Auth::Password(None) => "password ?".to_owned(),
            Auth::Refuses(_) => "refuses".to_owned(),
            Auth::Acl => "acl".to_owned(),
            Auth::Unknown(_) => "unknown".to_owned(),
            Auth::NoServer(_) => "no server".to_owned(),
        })
    }

    fn repair(&self, mechanism: &Mechanism) -> Result<ServerEdit, NoRepair> {
        let mut edits = self.with(|setup| require_password(mechanism, setup, REF, false))?;
        assert_eq!(edits.len(), 1, "{edits:?}");
        Ok(edits.remove(0))
    }
}

/// A script with this text.
fn script(text: &str) -> ConfFile {
    ConfFile::Script(Script { path: "start.sh".to_owned(), text: text.to_owned() })
}

fn redis() -> Mechanism {
    Mechanism::Argv(store::argv())
}

fn auth_of(command: &[&str]) -> String {
    Case { command: Some(command), ..Case::default() }.auth(&redis())
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn arguments_mean_what_the_server_makes_of_them() {
    let rows: [(&[&str], &str); 44] = [
        (&["redis-server"], "open"),
        (&["redis-server", "--requirepass", "pw"], "password pw"),
        (&["/usr/local/bin/redis-server", "--REQUIREPASS", "pw"], "password pw"),
        (&["--requirepass", "pw"], "password pw"),
        (&["docker-entrypoint.sh", "--requirepass", "pw"], "password pw"),
        (&["gosu", "redis", "redis-server", "--requirepass", "pw"], "password pw"),
        (&["redis-server", "--requirepass", ""], "open"),
        (&["redis-server", "--requirepass"], "refuses"),
        (&["redis-server", "--requirepass", "--appendonly", "yes"], "refuses"),
        (&["redis-server", "--appendonly", "no", "--requirepass"], "refuses"),
        (&["redis-server", "--requirepass", "--save", "60", "1"], "refuses"),
        (&["redis-server", "--requirepass", "--save", ""], "refuses"),
        (&["redis-server", "--requirepass", "pa", "ss"], "refuses"),
        (&["redis-server", "--requirepass", "s3c", "#", "comment"], "refuses"),
        (&["redis-server", "--requirepass", "pa ss"], "password pa ss"),
        (&["redis-server", "--requirepass", "--pw"], "password --pw"),
        (&["redis-server", "--requirepass", "-pw"], "password -pw"),
        (&["redis-server", "--requirepass", "'pw'"], "password 'pw'"),
        (&["redis-server", "--requirepass pw"], "password pw"),
        (&["redis-server", "--requirepass 'q'"], "password q"),
        (&["redis-server", "--requirepass a#b"], "password a#b"),
        (&["redis-server", "--requirepass "], "refuses"),
        (&["redis-server", "--requirepass a b"], "refuses"),
        (&["redis-server", "--requirepass=pw"], "refuses"),
        (&["redis-server", "--require-pass", "pw"], "refuses"),
        (&["redis-server", "-requirepass", "pw"], "refuses"),
        (&["redis-server", "--requirepass", "pw", "--requirepass", ""], "open"),
        (&["redis-server", "--requirepass", "a", "--requirepass", "b"], "password b"),
        (&["redis-server", "--requirepass", "pw", "/r.conf"], "refuses"),
        (&["redis-server", "--masterauth", "pw"], "open"),
        (&["redis-server", "--save", "--requirepass", "pw"], "password pw"),
        (&["redis-server", "--save", "", "--requirepass", "pw"], "password pw"),
        (&["redis-server", "--save", "900", "1", "300", "10", "--appendonly", "no"], "open"),
        (&["redis-server", "--requirepass", "$(cat /run/secrets/x)"], "password $(cat /run/secrets/x)"),
        (&["redis-server", "--requirepass", "¿"], "password ?"),
        (&["redis-server", "--requirepass ¿"], "password ?"),
        (&["redis-server", "--maxmemory", "¿"], "open"),
        (&["redis-server", "¿"], "unknown"),
        (&["redis-server", "--requirepass", "pw", "¿"], "unknown"),
        (&["redis-server", "¿", "--requirepass", "pw"], "password pw"),
        (&["redis-server", "--include", "/x"], "unknown"),
        (&["redis-sentinel", "/s.conf"], "no server"),
        (&["redis-server", "/r.conf", "--sentinel"], "no server"),
        (&["/start"], "unknown"),
    ];
    for (command, expected) in rows {
        assert_eq!(auth_of(command), expected, "{command:?}");
    }
    assert_eq!(Case::default().auth(&redis()), "open");
}

#[test]
fn users_decide_over_the_password() {
    let rows: [(&[&str], &str); 9] = [
        (&["redis-server", "--aclfile", "/a"], "acl"),
        (&["redis-server", "--aclfile", "/a", "--requirepass", "pw"], "acl"),
        (&["redis-server", "--aclfile", "", "--requirepass", "pw"], "password pw"),
        (&["redis-server", "--user", "default", "on", ">pw", "~*", "&*", "+@all"], "password pw"),
        (&["redis-server", "--user", "default", "on", "#5e884", "~*"], "password ?"),
        (&["redis-server", "--user", "default", "on", "nopass", "~*", "--requirepass", "pw"], "open"),
        (&["redis-server", "--user", "default", "off"], "acl"),
        (&["redis-server", "--user", "app", "on", ">pw"], "open"),
        (&["redis-server", "--requirepass", "pw", "--user", "app", "on", ">other"], "password pw"),
    ];
    for (command, expected) in rows {
        assert_eq!(auth_of(command), expected, "{command:?}");
    }
}

#[test]
fn a_configuration_file_counts_until_an_argument_says_otherwise() {
    let requirepass = |text: &str| ConfAuth { requirepass: Some(Secret::new(text)), ..ConfAuth::default() };
    let user = |default_user| ConfAuth { default_user, ..ConfAuth::default() };
    let including = ConfAuth { includes_unknown: true, ..ConfAuth::default() };
    let users_file = ConfAuth { acl_file: Some("/etc/users.acl".to_owned()), ..ConfAuth::default() };
    let rows: [(ConfAuth, &[&str], &str); 13] = [
        (requirepass("old"), &["redis-server", "/r.conf"], "password old"),
        (requirepass("old"), &["/r.conf"], "password old"),
        (requirepass("old"), &["redis-server", "/r.conf", "--requirepass", "new"], "password new"),
        (requirepass("old"), &["redis-server", "/r.conf", "--requirepass"], "refuses"),
        (requirepass("old"), &["redis-server", "/r.conf", "--requirepass", ""], "open"),
        (requirepass(""), &["redis-server", "/r.conf"], "open"),
        (requirepass("old"), &["redis-server"], "open"),
        (ConfAuth::default(), &["redis-server", "/r.conf"], "open"),
        (user(DefaultUser::Open), &["redis-server", "/r.conf", "--requirepass", "pw"], "open"),
        (user(DefaultUser::Off), &["redis-server", "/r.conf"], "acl"),
        (users_file, &["redis-server", "/r.conf", "--requirepass", "pw"], "acl"),
        (including.clone(), &["redis-server", "/r.conf"], "unknown"),
        (including, &["redis-server", "/r.conf", "--requirepass", "pw"], "password pw"),
    ];
    for (conf, command, expected) in rows {
        let case = Case { command: Some(command), conf: Some(conf), ..Case::default() };
        assert_eq!(case.auth(&redis()), expected, "{command:?}");
    }
    assert_eq!(auth_of(&["redis-server", "/hidden.conf"]), "unknown");
    assert_eq!(auth_of(&["redis-server", "/elsewhere"]), "unknown");
    assert_eq!(auth_of(&["redis-server", "/hidden.conf", "--requirepass", "pw"]), "password pw");
    assert_eq!(auth_of(&["keydb-server", "/etc/keydb/keydb.conf"]), "open");
}

/// Measured with redis-server 7.0 from another address of the machine.
#[test]
fn a_server_may_turn_everyone_away_who_is_not_in_its_container() {
    let closed = |command: &[&str], conf: Option<ConfAuth>, version| {
        let case = Case { command: Some(command), conf, ..Case::default() };
        case.with(|setup| closed_to_others(&redis(), setup, version))
    };
    let rows: [(&[&str], Option<&str>); 12] = [
        (&["redis-server"], None),
        (&["redis-server", "--protected-mode", "no"], None),
        (&["redis-server", "--protected-mode", "YES"], Some("`protected-mode yes`")),
        (&["redis-server", "--protected-mode", "no", "--protected-mode", "yes"], Some("`protected-mode yes`")),
        (&["redis-server", "--protected-mode yes"], Some("`protected-mode yes`")),
        (&["redis-server", "--bind", "0.0.0.0", "--protected-mode", "yes"], Some("`protected-mode yes`")),
        (&["redis-server", "--bind", "127.0.0.1", "-::1"], Some("`bind 127.0.0.1 -::1`")),
        (&["redis-server", "--bind", "127.0.0.1", "10.0.0.1"], None),
        (&["redis-server", "--bind", "¿"], None),
        (&["redis-server", "--protected-mode", "¿"], None),
        (&["redis-server", "--protected-mode", "yes", "¿"], None),
        (&["redis-server", "/hidden.conf", "--protected-mode", "yes"], None),
    ];
    for (command, expected) in rows {
        assert_eq!(closed(command, None, None).as_deref(), expected, "{command:?}");
    }
    let bound = ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "yes"];
    assert_eq!(closed(&bound, None, Some(6)), None, "before 7.0, it holds only for a server that names no address");
    let stock = ConfAuth {
        bind: Some(strings(&["127.0.0.1", "-::1"])),
        protected_mode: Some("yes".into()),
        ..ConfAuth::default()
    };
    assert!(closed(&["redis-server", "/r.conf"], Some(stock.clone()), None).is_some());
    let opened = ["redis-server", "/r.conf", "--bind", "*", "--protected-mode", "no"];
    assert_eq!(closed(&opened, Some(stock), None), None);
}

/// Measured with redis-server 7.0: without a certificate "peer did not return a certificate", and the connection is closed.
#[test]
fn a_server_that_takes_nothing_but_tls_may_ask_for_certificates() {
    let asks = |command: &[&str], conf: Option<ConfAuth>| {
        let case = Case { command: Some(command), conf, ..Case::default() };
        case.with(|setup| asks_for_certificates(&redis(), setup))
    };
    let tls =
        ["redis-server", "--port", "0", "--tls-port", "6379", "--tls-cert-file", "/c", "--tls-ca-cert-file", "/ca"];
    let and = |more: &[&'static str]| [&tls[..], more].concat();
    assert!(asks(&tls, None));
    assert!(asks(&and(&["--tls-auth-clients", "yes"]), None));
    for more in [
        &["--tls-auth-clients", "no"][..],
        &["--tls-auth-clients", "optional"],
        &["--port", "6380"],
        &["--tls-port", "0"],
        &["--tls-port", "¿"],
        &["--tls-auth-clients", "¿"],
    ] {
        assert!(!asks(&and(more), None), "{more:?}");
    }
    assert!(!asks(&["redis-server", "--tls-port", "6380"], None), "the usual port is open, too");
    let conf = ConfAuth { port: Some("0".into()), tls_port: Some("6379".into()), ..ConfAuth::default() };
    assert!(asks(&["redis-server", "/r.conf"], Some(conf.clone())));
    let lax = ConfAuth { tls_auth_clients: Some("no".into()), ..conf };
    assert!(!asks(&["redis-server", "/r.conf"], Some(lax)));
}

/// Measured with redis-server 7.0: the lines of a file stand in the place of `--include`.
#[test]
fn an_included_file_counts_where_it_is_named() {
    let requirepass = |text: &str| ConfAuth { requirepass: Some(Secret::new(text)), ..ConfAuth::default() };
    let rows: [(ConfAuth, &[&str], &str); 6] = [
        (requirepass("b"), &["redis-server", "--include", "/r.conf"], "password b"),
        (requirepass("b"), &["redis-server", "--include", "/r.conf", "--requirepass", "a"], "password a"),
        (requirepass("b"), &["redis-server", "--requirepass", "a", "--include", "/r.conf"], "password b"),
        (requirepass(""), &["redis-server", "--requirepass", "a", "--include", "/r.conf"], "open"),
        (ConfAuth::default(), &["redis-server", "--include", "/r.conf"], "open"),
        (ConfAuth::default(), &["redis-server", "--include", "/r.conf", "/x.conf"], "refuses"),
    ];
    for (conf, command, expected) in rows {
        let case = Case { command: Some(command), conf: Some(conf), ..Case::default() };
        assert_eq!(case.auth(&redis()), expected, "{command:?}");
    }
    let blank = &["redis-server", "--requirepass", "", "--include", "/r.conf"];
    let case = Case { command: Some(blank), conf: Some(requirepass("")), ..Case::default() };
    let words = strings(&["--requirepass", REF]);
    let expected = ServerEdit::AppendWords { list: WordList::Command, words };
    assert_eq!(case.repair(&redis()), Ok(expected), "what stands before the file would have no effect");
}

#[test]
fn a_script_that_is_a_file_is_followed_and_changed_by_hand() {
    let rows: [(&[&str], &str); 5] = [
        (&["sh", "/s/exec redis-server --save 1 1"], "open"),
        (&["bash", "-e", "/s/redis-server --requirepass \"$P\""], "password pw"),
        (&["/s/exec \"$@\""], "unknown"),
        (&["/s/./other.sh\nredis-server"], "unknown"),
        (&["/s/redis-cli ping"], "no server"),
    ];
    for (command, expected) in rows {
        let case = Case { command: Some(command), env: &[("P", "pw")], ..Case::default() };
        assert_eq!(case.auth(&redis()), expected, "{command:?}");
    }
    let case = Case { command: Some(&["sh", "/s/set -e\nexec redis-server --save 1 1"]), ..Case::default() };
    let why = case.repair(&redis()).map_err(|why| why.to_string());
    let expected = "start.sh starts the server, in line 2: add `--requirepass \"$PW\"` to the end of that command, and `PW: ${PW:?unset}` to the service's `environment`, with a value in .env (`openssl rand -hex 32`); then run caulk again for the rest";
    assert_eq!(why, Err(expected.to_owned()));
}

#[test]
fn scripts_are_followed_to_the_server() {
    let env = [("P", "pw"), ("BLANK", ""), ("HIDDEN", "¿"), ("TWO", "pa ss")];
    let rows = [
        ("redis-server --requirepass $P", "password pw"),
        ("exec redis-server --requirepass \"$P\"", "password pw"),
        ("redis-server --requirepass $UNSET", "refuses"),
        ("redis-server --requirepass \"$UNSET\"", "open"),
        ("redis-server --requirepass \"${UNSET:?}\"", "refuses"),
        ("redis-server --requirepass $TWO", "refuses"),
        ("redis-server --requirepass \"$TWO\"", "password pa ss"),
        ("redis-server --requirepass \"$(cat /run/secrets/x)\"", "password ?"),
        ("redis-server --requirepass \"$HIDDEN\"", "password ?"),
        ("P2=$(cat /x) && redis-server --requirepass \"$P2\"", "password ?"),
        ("mkdir -p /d && chown redis /d && redis-server /r.conf", "open"),
        ("echo 'requirepass x' >> /r.conf && redis-server /r.conf", "unknown"),
        ("sed -i s/a/b/ /r.conf && redis-server /r.conf", "unknown"),
        ("/usr/local/bin/docker-entrypoint.sh --requirepass \"$P\"", "password pw"),
        ("if [ -n \"$P\" ]; then redis-server --requirepass \"$P\"; else redis-server; fi", "password pw"),
        ("if [ -n \"$BLANK\" ]; then redis-server --requirepass \"$P\"; else redis-server; fi", "open"),
        ("if [ -n \"$HIDDEN\" ]; then redis-server --requirepass \"$P\"; else redis-server; fi", "unknown"),
        ("redis-server ${P:+--requirepass $P}", "password pw"),
        ("for i in 1; do redis-server; done", "open"),
        ("until check; do sleep 1; done; redis-server --requirepass pw", "password pw"),
        ("case a in a) redis-server;; esac", "unknown"),
        ("/start-all", "unknown"),
    ];
    for (script, expected) in rows {
        let conf = Some(ConfAuth::default());
        let case = Case { command: Some(&["sh", "-c", script]), env: &env, conf, ..Case::default() };
        assert_eq!(case.auth(&redis()), expected, "{script}");
    }
    let split = Case { entrypoint: Some(&["/bin/sh", "-euc"]), command: Some(&["redis-server"]), ..Case::default() };
    assert_eq!(split.auth(&redis()), "open");
    assert_eq!(auth_of(&["sh", "-c", "redis-server ¿"]), "unknown");
    assert_eq!(auth_of(&["sh", "/start.sh"]), "unknown");
}

#[test]
fn an_entry_point_of_the_project_stands_before_the_command() {
    type Row<'a> = (&'a [&'a str], Option<&'a [&'a str]>, &'a str);
    let rows: [Row<'_>; 6] = [
        (&["redis-server"], Some(&["--requirepass", "pw"]), "password pw"),
        (&["redis-server", "--requirepass"], Some(&["pw"]), "password pw"),
        (&["docker-entrypoint.sh"], Some(&["redis-server"]), "open"),
        (&["tini", "--", "docker-entrypoint.sh"], Some(&["--save", ""]), "open"),
        (&["docker-entrypoint.sh"], None, "unknown"),
        (&["--requirepass", "pw"], None, "no server"),
    ];
    for (entrypoint, command, expected) in rows {
        let case = Case { entrypoint: Some(entrypoint), command, ..Case::default() };
        assert_eq!(case.auth(&redis()), expected, "{entrypoint:?}");
    }
}

#[test]
fn flags_of_the_other_syntax_may_be_glued() {
    let mechanism = Mechanism::Argv(store::dragonfly());
    let rows: [(&[&str], &str); 6] = [
        (&["dragonfly", "--requirepass=pw"], "password pw"),
        (&["dragonfly", "--logtostderr", "--requirepass", "pw"], "password pw"),
        (&["--requirepass=pw", "--requirepass="], "open"),
        (&["dragonfly", "-requirepass=pw"], "password pw"),
        (&["dragonfly", "--requirepass=¿"], "password ?"),
        (&["dragonfly", "--flagfile=/f"], "unknown"),
    ];
    for (command, expected) in rows {
        assert_eq!(Case { command: Some(command), ..Case::default() }.auth(&mechanism), expected, "{command:?}");
    }
    let by_variable = Case { env: &[("DFLY_requirepass", "pw")], ..Case::default() };
    assert_eq!(by_variable.auth(&mechanism), "password pw");
    assert_eq!(
        Case { command: Some(&["dragonfly", "--requirepass=old"]), ..Case::default() }.repair(&mechanism),
        Ok(ServerEdit::ReplaceWord { list: WordList::Command, index: 1, words: vec![format!("--requirepass={REF}")] })
    );
    assert_eq!(
        Case::default().repair(&mechanism),
        Ok(ServerEdit::SetCommand { words: strings(&["dragonfly", "--logtostderr", &format!("--requirepass={REF}")]) })
    );
}

#[test]
fn variables_decide_where_the_image_reads_them() {
    let mechanism = Mechanism::Env(Box::new(store::bitnami()));
    let run = "/opt/bitnami/scripts/redis/run.sh";
    type Row<'a> = (Option<&'a [&'a str]>, &'a [(&'a str, &'a str)], &'a str);
    let command: [&[&str]; 3] = [&["redis-server"], &[run, "--maxmemory", "1mb"], &[run, "--requirepass", "b"]];
    let rows: [Row<'_>; 11] = [
        (None, &[], "refuses"),
        (None, &[("REDIS_PASSWORD", "pw")], "password pw"),
        (None, &[("REDIS_PASSWORD", ""), ("ALLOW_EMPTY_PASSWORD", "yes")], "open"),
        (None, &[("ALLOW_EMPTY_PASSWORD", "no")], "refuses"),
        (None, &[("ALLOW_EMPTY_PASSWORD", "¿")], "unknown"),
        (None, &[("REDIS_PASSWORD_FILE", "/run/secrets/x"), ("REDIS_PASSWORD", "pw")], "password ?"),
        (None, &[("REDIS_ACLFILE", "/a"), ("REDIS_PASSWORD", "pw")], "acl"),
        (Some(command[0]), &[("REDIS_PASSWORD", "pw")], "open"),
        (Some(command[1]), &[("REDIS_PASSWORD", "pw")], "password pw"),
        (Some(command[2]), &[("REDIS_PASSWORD", "a")], "password b"),
        (None, &[("REDIS_PASSWORD", "a"), ("REDIS_EXTRA_FLAGS", "--requirepass b")], "password b"),
    ];
    for (command, env, expected) in rows {
        assert_eq!(Case { command, env, ..Case::default() }.auth(&mechanism), expected, "{env:?}");
    }
    let env = [("ALLOW_EMPTY_PASSWORD", "yes")];
    assert_eq!(
        Case { env: &env, ..Case::default() }.repair(&mechanism),
        Ok(ServerEdit::SetEnv {
            set: vec![("REDIS_PASSWORD".to_owned(), REF.to_owned())],
            remove: strings(&["ALLOW_EMPTY_PASSWORD"])
        })
    );
    let by_file = Case { env: &[("REDIS_PASSWORD_FILE", "/x")], ..Case::default() };
    assert_eq!(by_file.repair(&mechanism), Err(NoRepair::File("REDIS_PASSWORD_FILE".to_owned())));
}

#[test]
fn arguments_in_a_variable_count_where_the_image_reads_them() {
    let stack = Mechanism::ArgsInEnv(store::stack());
    let env = [("REDIS_ARGS", "--save 60 1 --requirepass pw")];
    assert_eq!(Case { env: &env, ..Case::default() }.auth(&stack), "password pw");
    assert_eq!(
        Case { env: &env, command: Some(&["redis-stack-server"]), ..Case::default() }.auth(&stack),
        "password pw"
    );
    assert_eq!(Case { env: &env, command: Some(&["redis-server"]), ..Case::default() }.auth(&stack), "open");
    assert_eq!(Case::default().auth(&stack), "open");
    assert_eq!(
        Case::default().repair(&stack),
        Ok(ServerEdit::SetEnv {
            set: vec![("REDIS_ARGS".to_owned(), format!("--requirepass {REF}"))],
            remove: Vec::new()
        })
    );
    let edit = |env: &[(&str, &str)], mechanism: &Mechanism| match (Case { env, ..Case::default() }.repair(mechanism)) {
        Ok(ServerEdit::EditEnv { variable, edits }) => (variable, edits.apply(env[0].1)),
        other => panic!("{other:?}"),
    };
    assert_eq!(edit(&[("REDIS_ARGS", "--save 1 1")], &stack).1, format!("--save 1 1 --requirepass {REF}"));
    assert_eq!(edit(&[("REDIS_ARGS", "--requirepass a")], &stack).1, format!("--requirepass {REF}"));

    let valkey = Mechanism::ArgsInEnv(store::valkey());
    let env = [("VALKEY_EXTRA_FLAGS", "--requirepass b")];
    let command: Option<&[&str]> = Some(&["valkey-server", "--requirepass", "a"]);
    assert_eq!(Case { env: &env, command, ..Case::default() }.auth(&valkey), "password b");
    assert_eq!(edit(&env, &valkey).1, format!("--requirepass {REF}"));
    assert_eq!(
        Case::default().repair(&valkey),
        Ok(ServerEdit::SetCommand { words: strings(&["valkey-server", "--requirepass", REF]) })
    );
}

#[test]
fn the_repair_changes_the_password_and_nothing_else() {
    let command = WordList::Command;
    let replaced = |index, words: &[&str]| ServerEdit::ReplaceWord { list: command, index, words: strings(words) };
    let appended = ServerEdit::AppendWords { list: command, words: strings(&["--requirepass", REF]) };
    let one_word = format!("--requirepass {REF}");
    let behind = |index| ServerEdit::SetValueAfterFlag { list: command, index, value: REF.to_owned() };
    let rows: [(&[&str], ServerEdit); 12] = [
        (&["redis-server"], appended.clone()),
        (&["--save", "60", "1"], appended.clone()),
        (&["redis-server", "/r.conf"], appended.clone()),
        (&["redis-server", "--save", ""], appended),
        (&["redis-server", "--requirepass", "weak", "--save", ""], replaced(2, &[REF])),
        (&["redis-server", "--requirepass", ""], replaced(2, &[REF])),
        (&["redis-server", "--requirepass", "a", "--requirepass", ""], replaced(4, &[REF])),
        (&["redis-server", "--requirepass weak"], replaced(1, &[&one_word])),
        (&["redis-server", "--requirepass=weak"], replaced(1, &["--requirepass", REF])),
        (&["redis-server", "--requirepass"], behind(1)),
        (&["redis-server", "--requirepass", "--appendonly", "yes"], behind(1)),
        (&["redis-server", "--requirepass "], behind(1)),
    ];
    for (words, expected) in rows {
        let case = Case { command: Some(words), conf: Some(ConfAuth::default()), ..Case::default() };
        assert_eq!(case.repair(&redis()), Ok(expected), "{words:?}");
    }
    assert_eq!(
        Case::default().repair(&redis()),
        Ok(ServerEdit::SetCommand { words: strings(&["redis-server", "--requirepass", REF]) })
    );
    let own = Case { entrypoint: Some(&["redis-server", "--save", ""]), ..Case::default() };
    let list = WordList::Entrypoint;
    assert_eq!(own.repair(&redis()), Ok(ServerEdit::AppendWords { list, words: strings(&["--requirepass", REF]) }));
}

#[test]
fn in_a_script_the_reference_stands_in_double_quotes() {
    let rows = [
        ("exec redis-server --save '' >/log", "exec redis-server --save '' --requirepass \"REF\" >/log"),
        ("redis-server --requirepass \"$UNSET\" --port 1", "redis-server --requirepass \"REF\" --port 1"),
        ("redis-server --requirepass $UNSET --port 1", "redis-server --requirepass \"REF\" --port 1"),
        ("redis-server --requirepass weak", "redis-server --requirepass \"REF\""),
        ("redis-server --requirepass", "redis-server --requirepass \"REF\""),
        ("redis-server --requirepass=weak", "redis-server --requirepass \"REF\""),
        (
            "if [ -n \"$UNSET\" ]; then redis-server --requirepass \"$UNSET\"; else redis-server; fi",
            "if [ -n \"$UNSET\" ]; then redis-server --requirepass \"$UNSET\"; else redis-server --requirepass \"REF\"; fi",
        ),
        (
            "if unheard-of; then redis-server --save ''; else redis-server; fi",
            "if unheard-of; then redis-server --save '' --requirepass \"REF\"; else redis-server --requirepass \"REF\"; fi",
        ),
    ];
    for (script, expected) in rows {
        let case = Case { command: Some(&["sh", "-c", script]), ..Case::default() };
        match case.repair(&redis()) {
            Ok(ServerEdit::EditShell { list: WordList::Command, index: 2, edits }) => {
                assert_eq!(edits.apply(script), expected.replace("REF", REF));
                let repaired = edits.apply(script).replace(REF, "pw");
                assert_eq!(auth_of(&["sh", "-c", &repaired]), "password pw", "{repaired}");
            }
            other => panic!("{script}: {other:?}"),
        }
    }
}

#[test]
fn what_can_not_be_repaired_is_said() {
    let no_repair = |command: &[&str]| {
        Case { command: Some(command), ..Case::default() }.repair(&redis()).expect_err("there is no repair")
    };
    assert!(matches!(no_repair(&["redis-server", "--aclfile", "/a"]), NoRepair::Acl(_)));
    assert!(matches!(no_repair(&["redis-server", "--user", "default", "on", "nopass"]), NoRepair::Acl(_)));
    assert!(matches!(no_repair(&["redis-server", "--requirepass", "a", "b"]), NoRepair::SeveralValues(_)));
    assert!(matches!(no_repair(&["redis-server", "/hidden.conf"]), NoRepair::Unknown(_)));
    assert!(matches!(no_repair(&["redis-server", "--appendonly"]), NoRepair::Refuses(_)));
    assert!(matches!(no_repair(&["/start"]), NoRepair::Unknown(_)));
}

#[test]
fn a_copy_names_its_origin() {
    let origin =
        |command: &[&str]| Case { command: Some(command), ..Case::default() }.with(|setup| replica_of(&redis(), setup));
    assert_eq!(origin(&["redis-server", "--replicaof", "main", "6379"]).as_deref(), Some("main"));
    assert_eq!(origin(&["redis-server", "--slaveof main 6379"]).as_deref(), Some("main"));
    assert_eq!(origin(&["redis-server"]), None);
}

/// What makes a server demand the password, and present it.
fn linked(case: &Case<'_>) -> Result<Vec<ServerEdit>, NoRepair> {
    case.with(|setup| require_password(&redis(), setup, REF, true))
}

#[test]
fn a_server_that_copies_presents_what_it_demands() {
    let list = WordList::Command;
    let both = || vec![ServerEdit::AppendWords { list, words: strings(&["--requirepass", REF, "--masterauth", REF]) }];
    let one = |flag: &str| ServerEdit::AppendWords { list, words: strings(&[flag, REF]) };
    let replaced = |index| ServerEdit::ReplaceWord { list, index, words: strings(&[REF]) };
    let rows: [(&[&str], Vec<ServerEdit>); 4] = [
        (&["redis-server", "--replicaof", "main", "6379"], both()),
        (&["redis-server", "--cluster-enabled", "yes"], both()),
        (&["redis-server", "--masterauth", "old"], vec![replaced(2), one("--requirepass")]),
        (&["redis-server", "--requirepass", "", "--masterauth", "old"], vec![replaced(2), replaced(4)]),
    ];
    for (words, expected) in rows {
        let case = Case { command: Some(words), ..Case::default() };
        assert_eq!(linked(&case), Ok(expected), "{words:?}");
    }
    let script = "redis-server --masterauth old --replicaof main 6379";
    let case = Case { command: Some(&["sh", "-c", script]), ..Case::default() };
    let changes = linked(&case);
    let Ok([ServerEdit::EditShell { edits, .. }]) = changes.as_deref() else { panic!("it is one change") };
    let expected = format!("redis-server --masterauth \"{REF}\" --replicaof main 6379 --requirepass \"{REF}\"");
    assert_eq!(edits.apply(script), expected);
}

#[test]
fn what_a_server_presents_is_seen() {
    let presented = |command: &[&str]| {
        Case { command: Some(command), ..Case::default() }.with(|setup| master_password(&redis(), setup))
    };
    assert!(presented(&["redis-server", "--masterauth", "pw"]) == Lookup::Known("pw".to_owned()));
    assert!(presented(&["redis-server", "--masterauth", "¿"]) == Lookup::Unknown);
    assert!(presented(&["redis-server"]) == Lookup::Absent);
    let conf = ConfAuth { master_password: Some(Secret::new("pw")), ..ConfAuth::default() };
    let case = Case { command: Some(&["redis-server", "/r.conf"]), conf: Some(conf), ..Case::default() };
    assert!(case.with(|setup| master_password(&redis(), setup)) == Lookup::Known("pw".to_owned()));
}

#[test]
fn a_sentinel_is_known_with_what_it_watches() {
    let conf = || ConfAuth {
        monitors: Monitor::of_line("sentinel monitor m main 6379 2").into_iter().collect(),
        ..ConfAuth::default()
    };
    let watched = |command: &[&str]| {
        let case = Case { command: Some(command), conf: Some(conf()), ..Case::default() };
        case.with(|setup| sentinel(&redis(), setup)).map(|sentinel| {
            sentinel
                .monitors
                .map(|all| all.iter().map(|one| format!("{}={}", one.name, one.host)).collect::<Vec<_>>().join(" "))
        })
    };
    let script = |text: &str| watched(&["sh", "-c", text]);
    let known = Some(Ok("m=main".to_owned()));
    assert_eq!(watched(&["redis-server", "/r.conf"]), None);
    assert_eq!(watched(&["redis-server", "/r.conf", "--sentinel"]), known);
    assert_eq!(watched(&["redis-sentinel", "/r.conf"]), known);
    assert_eq!(script("cp /r.conf /s.conf; exec redis-sentinel /s.conf"), known);
    assert_eq!(
        script(
            "echo 'port 1' > /s.conf; echo \"sentinel monitor m main 6379 1\" >> /s.conf; redis-server /s.conf --sentinel"
        ),
        known
    );
    assert_eq!(
        script("printf 'port 1\\nsentinel monitor m main 6379 1\\n' > /s.conf && redis-sentinel /s.conf"),
        known
    );
    assert!(matches!(script("make-it > /s.conf; redis-sentinel /s.conf"), Some(Err(_))));
    assert!(matches!(watched(&["redis-sentinel", "/hidden.conf"]), Some(Err(_))));
}

#[test]
fn a_password_is_not_shown_for_debugging() {
    let command = words(&["redis-server", "--requirepass", "hunter2"]);
    let case = Case { command: Some(&["redis-server", "--requirepass", "hunter2"]), ..Case::default() };
    let shown = case.with(|setup| format!("{:?} {command:?}", auth(&redis(), setup)));
    assert!(!shown.contains("hunter2"), "{shown}");
    let edit = Case { command: Some(&["sh", "-c", "redis-server --requirepass hunter2"]), ..Case::default() }
        .repair(&redis())
        .expect("it can be repaired");
    assert!(!format!("{edit:?}").contains("hunter2"));
    assert!(matches!(edit, ServerEdit::EditShell { ref edits, .. }
        if edits.iter().eq([&Edit::replace((27..34).into(), format!("\"{REF}\""))])));
}

proptest::proptest! {
    #[test]
    fn no_command_makes_the_judge_panic(
        script in "(redis-server )?(--requirepass|--user|[a-z $'\"=>;|&-]){0,8}",
        word in "(--requirepass)?[ '\"a\\\\=é-]{0,6}",
    ) {
        for command in [&["sh", "-c", &script][..], &["redis-server", &word, &word], &[&word]] {
            let case = Case { command: Some(command), ..Case::default() };
            for mechanism in [redis(), Mechanism::Argv(store::dragonfly()), Mechanism::ArgsInEnv(store::valkey())] {
                case.auth(&mechanism);
                let _ = case.repair(&mechanism);
            }
        }
    }
}
