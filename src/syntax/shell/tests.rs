use super::*;

/// The script in a canonical spelling, so that rows stay readable: `[a b]` is a simple command.
fn show(script: &Script) -> String {
    let mut shown = String::new();
    for (index, step) in script.steps.iter().enumerate() {
        shown += match step.join {
            Join::Always if index == 0 => "",
            Join::Always => " ; ",
            Join::And => " && ",
            Join::Or => " || ",
        };
        shown += if step.pipeline.negated { "! " } else { "" };
        shown += &step.pipeline.commands.iter().map(show_command).collect::<Vec<_>>().join(" | ");
        shown += if step.background { " &" } else { "" };
    }
    shown
}

fn show_command(command: &Command) -> String {
    match command {
        Command::Simple(simple) => {
            let assignments = simple.assignments.iter().map(|a| format!("{}={}", a.name, show_word(&a.value)));
            let redirections = simple.redirections.iter().map(|r| {
                let descriptor = r.descriptor.map(|d| d.to_string()).unwrap_or_default();
                format!("{descriptor}{:?}:{}", r.operator, show_word(&r.target))
            });
            let all: Vec<_> = assignments.chain(simple.words.iter().map(show_word)).chain(redirections).collect();
            format!("[{}]", all.join(" "))
        }
        Command::Group(group) if group.subshell => format!("({})", show(&group.body)),
        Command::Group(group) => format!("{{{}}}", show(&group.body)),
        Command::If(branching) => {
            let branches: Vec<_> =
                branching.branches.iter().map(|(a, b)| format!("{} then {}", show(a), show(b))).collect();
            let otherwise = branching.otherwise.as_ref().map(|script| format!(" else {}", show(script)));
            format!("if {}{}", branches.join(" elif "), otherwise.unwrap_or_default())
        }
        Command::Loop(repeated) => {
            let head = match &repeated.head {
                LoopHead::While(condition) => format!("while {}", show(condition)),
                LoopHead::Until(condition) => format!("until {}", show(condition)),
                LoopHead::For { name, words } => {
                    format!("for {name} in {}", words.iter().map(show_word).collect::<Vec<_>>().join(" "))
                }
            };
            format!("{head} do {}", show(&repeated.body))
        }
    }
}

fn show_word(word: &Word) -> String {
    word.parts.iter().map(show_part).collect::<Vec<_>>().join("+")
}

fn show_part(part: &Part) -> String {
    let text = match &part.kind {
        PartKind::Literal(text) => text.clone(),
        PartKind::Variable(Variable { name, operator }) => match operator {
            Operator::None => format!("${name}"),
            Operator::Default { blank, word } => format!("${name}-{blank}({})", show_word(word)),
            Operator::Alternative { blank, word } => format!("${name}+{blank}({})", show_word(word)),
            Operator::Required { blank } => format!("${name}?{blank}"),
            Operator::Other => format!("${name}~"),
        },
        PartKind::Substitution(script) => format!("$({})", show(script)),
    };
    match part.quoting {
        Quoting::Bare => text,
        Quoting::Single => format!("'{text}'"),
        Quoting::Double => format!("\"{text}\""),
    }
}

#[test]
fn scripts_are_read_as_a_shell_reads_them() {
    let rows = [
        ("", ""),
        ("a b  c", "[a b c]"),
        ("a && b || c; d & e\nf", "[a] && [b] || [c] ; [d] & ; [e] ; [f]"),
        ("a |\n b | c", "[a] | [b] | [c]"),
        ("! a", "! [a]"),
        ("P=1 Q= a P=2", "[P=1 Q= a P=2]"),
        ("a >f 2>&1 < g &>h >>i", "[a Write:f 2Duplicate:1 Read:g WriteBoth:h Write:i]"),
        ("a1>f", "[a1 Write:f]"),
        ("a 'b c'\"d e\"f\\ g", "[a 'b c'+\"d e\"+f+' '+g]"),
        ("a \"\" ''", "[a \"\" '']"),
        (r#"a "\$x \n \"q\"""#, r#"[a "$x \n "q""]"#),
        ("a $X ${Y} \"$Z\" $1 $? $", "[a $X $Y \"$Z\" $1 $? $]"),
        ("a ${X:-d e} ${X+y} \"${X:?is not set}\" ${X%%:*}", "[a $X-true(d e) $X+false(y) \"$X?true\" $X~]"),
        ("a \"$(b \"c d\")\" `e f`", "[a \"$([b \"c d\"])\" $([e f])]"),
        ("[ \"$(p q)\" = 'R' ]", "[[ \"$([p q])\" = 'R' ]]"),
        ("if a; then b; elif c; then d; else e; fi && f", "if [a] then [b] elif [c] then [d] else [e] && [f]"),
        ("{ a; b; } | (c; d) >f", "{[a] ; [b]} | ([c] ; [d])"),
        ("a # not b\nc#d", "[a] ; [c#d]"),
        ("\n a \\\n  b\r\n\n c\n", "[a b] ; [c]"),
        ("é 'ü'", "[é 'ü']"),
    ];
    for (text, expected) in rows {
        assert_eq!(parse(text).map(|script| show(&script)).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn loops_have_a_head_and_a_body() {
    let rows = [
        ("while a; do b; done", "while [a] do [b]"),
        (
            "until a -h b ping | grep -q x; do\n  sleep 1 # wait\ndone && c",
            "until [a -h b ping] | [grep -q x] do [sleep 1] && [c]",
        ),
        ("for a in b $c; do d; done >e", "for a in b $c do [d]"),
        ("for a in b c\ndo d; done; e", "for a in b c do [d] ; [e]"),
        ("for a; do b; done", "for a in  do [b]"),
        ("while true; do until a; do b; done; done &", "while [true] do until [a] do [b] &"),
    ];
    for (text, expected) in rows {
        assert_eq!(parse(text).map(|script| show(&script)).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    for text in [
        "select a in b; do c; done",
        "for ((i = 0; i < 3; i++)); do b; done",
        "case a in b) c;; esac",
        "f() { a; }",
        "a <<E\nb\nE",
        "echo $((1 + 2))",
        "a |& b",
        "a $'b'",
    ] {
        assert!(matches!(parse(text), Err(ShellError::Unsupported { .. })), "{text}");
    }
    for text in
        ["a 'b", "a \"b", "a $(b", "a ${b", "(a", "{ a; ", "if a; then b", "while a; do b", "for a in b; c", "a `b"]
    {
        assert!(matches!(parse(text), Err(ShellError::Unclosed { .. })), "{text}");
    }
    for text in ["a &&", "&& a", "a; ; b", ")", "fi", "a >", "a | | b", "a )"] {
        assert!(matches!(parse(text), Err(ShellError::Unexpected { .. })), "{text}");
    }
    assert!(matches!(parse(&"$(".repeat(99)), Err(ShellError::TooDeep { .. })));
    assert!(matches!(parse(&"${a:-".repeat(99)), Err(ShellError::TooDeep { .. })));
}

#[test]
fn spans_cover_what_they_name() {
    let text = "exec srv --pass \"$PW\" x=$(cat 'a b') >log && next";
    let script = parse(text).expect("it is plain shell");
    let Command::Simple(simple) = &script.steps[0].pipeline.commands[0] else { panic!("no simple command") };
    let words: Vec<_> = simple.words.iter().map(|word| word.span.slice(text)).collect();
    assert_eq!(words, ["exec", "srv", "--pass", "\"$PW\"", "x=$(cat 'a b')"]);
    assert_eq!(simple.words[3].parts[0].span.slice(text), "$PW");
    assert_eq!(simple.redirections[0].span.slice(text), ">log");
    assert_eq!(script.steps[0].pipeline.span.slice(text), "exec srv --pass \"$PW\" x=$(cat 'a b') >log");
    assert_eq!(script.span.slice(text), text);
}

#[test]
fn only_words_without_expansions_have_a_literal() {
    let literal = |text: &str| {
        let script = parse(text).expect("it is plain shell");
        let Command::Simple(simple) = &script.steps[0].pipeline.commands[0] else { panic!("no simple command") };
        simple.words[0].literal()
    };
    assert_eq!(literal("a'b'\"c\"\\d").as_deref(), Some("abcd"));
    assert_eq!(literal("a$B"), None);
}

#[test]
fn literals_are_not_shown_for_debugging() {
    let script = parse("srv --requirepass hunter2 'correct horse'").expect("it is plain shell");
    let shown = format!("{script:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("horse"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ab $`'\"\\\\(){};&|<>#\\n:=-]{0,40}") {
        let _ = parse(&text);
    }
}
