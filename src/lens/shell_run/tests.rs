use super::*;
use crate::syntax::shell;

/// Runs `text` with `client` printing what is given and exiting 0, and `SET`, `BLANK` and `SECRET` (unknown) as
/// variables. Returns the status and the words of each call of `server`.
fn simulate(text: &str, printed: &str) -> (Option<i32>, Vec<String>, Option<String>) {
    let env = |name: &str| match name {
        "SET" => Lookup::Known("a b".to_owned()),
        "BLANK" => Lookup::Known(String::new()),
        "SECRET" => Lookup::Unknown,
        _ => Lookup::Absent,
    };
    let mut servers = Vec::new();
    let mut programs = |call: &Call<'_>| match call.words[0].word.text.as_str() {
        "client" => Some(Outcome { status: Some(0), stdout: Some(format!("{printed}\n")) }),
        "server" => {
            let show = |word: &Word| if word.certain { format!("<{}>", word.text) } else { "<?>".to_owned() };
            servers.push(call.words[1..].iter().map(|word| show(&word.word)).collect::<String>());
            Some(Outcome::UNKNOWN)
        }
        _ => None,
    };
    let script = shell::parse(text).expect(text);
    let run = run(&script, &env, Others::Unknown, &mut programs);
    (run.status, servers, run.aborted)
}

#[test]
fn a_test_fails_exactly_if_the_shell_would_say_so() {
    // The status with the answer PONG, and with a refusal of several words.
    let rows = [
        ("client", Some(0), Some(0)),
        ("client || exit 1", Some(0), Some(0)),
        ("client | grep PONG", Some(0), Some(1)),
        ("client | grep -q PONG || exit 1", Some(0), Some(1)),
        ("client | grep -qE 'PONG|NOAUTH'", Some(0), Some(0)),
        ("client | grep -q 'PONG\\|NOAUTH'", Some(0), Some(0)),
        ("client | grep -v NOAUTH", Some(0), Some(1)),
        ("! client | grep -q NOAUTH", Some(0), Some(1)),
        ("client | grep -Fxq PONG", Some(0), Some(1)),
        ("client | grep -qi pong && echo fine || echo bad", Some(0), Some(0)),
        ("client >/dev/null 2>&1 | grep PONG", Some(1), Some(1)),
        ("[ \"$(client)\" = PONG ]", Some(0), Some(1)),
        ("[ $(client) = PONG ]", Some(0), Some(2)),
        ("test `client` = PONG || exit 7", Some(0), Some(7)),
        ("[[ $(client) == PO* ]]", Some(0), Some(1)),
        ("x=$(client); [ \"$x\" = PONG ]", Some(0), Some(1)),
        ("if client | grep -q PONG; then exit 0; else exit 1; fi", Some(0), Some(1)),
        ("[ -n \"$SET\" ] && client | grep -q PONG", Some(0), Some(1)),
        ("if [ -n \"$SECRET\" ]; then client | grep PONG; else client | grep PONG; fi", Some(0), Some(1)),
        ("if [ -n \"$SECRET\" ]; then client; else client | grep PONG; fi", Some(0), None),
        ("client | tr -d x", Some(0), Some(0)),
        ("client | unheard-of", None, None),
        ("client | head -1 | grep PONG", Some(0), Some(1)),
        ("client; exit $?", Some(0), Some(0)),
        ("unheard-of && exit 1; exit 1", Some(1), Some(1)),
        ("(exit 3); client", Some(0), Some(0)),
    ];
    for (text, healthy, refused) in rows {
        assert_eq!(simulate(text, "PONG").0, healthy, "{text}");
        assert_eq!(simulate(text, "NOAUTH not without a password").0, refused, "{text}");
    }
}

#[test]
fn words_are_expanded_as_the_shell_expands_them() {
    let rows = [
        ("server $SET \"$SET\" x", "<a><b><a b><x>"),
        ("server $BLANK \"$BLANK\" $UNSET", "<>"),
        ("server x$SET", "<xa><b>"),
        ("server ${UNSET:-d} ${BLANK-e} ${SET:+f} ${UNSET+g}", "<d><f>"),
        ("server $SECRET \"x$SECRET\"", "<?><?>"),
        ("server \"$(cat /run/secrets/x)\"", "<?>"),
        ("P=1; export Q=2; server $P$Q", "<12>"),
        ("P=1 exec server $P", ""),
        ("mkdir -p x && exec gosu redis server a", "<a>"),
        ("read P </x; server $P", "<?>"),
        (". /x; server $P", "<?>"),
        ("if unheard-of; then P=1; fi; server \"$P\"", "<?>"),
        ("server $(echo a b)", "<a><b>"),
    ];
    for (text, expected) in rows {
        assert_eq!(simulate(text, "").1, [expected], "{text}");
    }
}

#[test]
fn what_follows_exec_or_exit_does_not_run() {
    assert_eq!(simulate("exec server a; server b", "").1, ["<a>"]);
    assert_eq!(simulate("exit 0; server b", "").1, [""; 0]);
    assert_eq!(simulate("false && server a; server b", "").1, ["<b>"]);
    let (_, servers, aborted) = simulate("server \"${UNSET:?}\"", "");
    assert!(servers.is_empty() && aborted.is_some_and(|reason| reason.contains("UNSET")));
}
