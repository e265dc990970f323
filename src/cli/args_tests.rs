//! Which settings a command line comes to.

use super::super::settings::{Format, RulesFormat, Shell};
use super::*;
use crate::report::view::Tier;

fn settings(line: &str) -> Result<Settings, clap::Error> {
    parse(std::iter::once("caulk").chain(line.split_whitespace()))
}

fn check(line: &str) -> Check {
    match settings(line).map(|settings| settings.command) {
        Ok(Command::Check(check)) => *check,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    command().debug_assert();
}

#[test]
fn a_bare_check_reports_on_the_current_folder() {
    let expected = Check {
        input: Input::Paths(vec![".".into()]),
        action: Action::Report,
        unsafe_fixes: false,
        format: Format::Text,
        select: Vec::new(),
        ignore: Vec::new(),
        rule_folders: Vec::new(),
        config: Where::Search,
        baseline: BaselineUse::Configured,
        env_files: Vec::new(),
        only_given: false,
        secrets: None,
        show_secrets: false,
        statistics: false,
        failing: Failing { on_finding: Some(Severity::Warning), on_repair: false },
    };
    assert_eq!(check("check"), expected);
    let output = settings("check").expect("it is valid").output;
    assert_eq!(output, Output { color: ColorChoice::Auto, verbosity: Verbosity::Normal });
}

#[test]
fn every_option_reaches_the_settings() {
    let line = "check a b.yml --only-given --env-file x --env-file y --fix --unsafe-fixes --secrets declare \
                --show-secrets --select strict,public-port --select default --ignore url-malformed --rules r \
                --config c.yaml --baseline b.json \
                --format json --statistics --fail-on error --exit-non-zero-on-fix";
    let expected = Check {
        input: Input::Paths(vec!["a".into(), "b.yml".into()]),
        action: Action::Repair,
        unsafe_fixes: true,
        format: Format::Json,
        select: vec![Selector::Tier(Tier::Strict), Selector::Rule("public-port".into()), Selector::Tier(Tier::Default)],
        ignore: vec![Selector::Rule("url-malformed".into())],
        rule_folders: vec!["r".into()],
        config: Where::File("c.yaml".into()),
        baseline: BaselineUse::File("b.json".into()),
        env_files: vec!["x".into(), "y".into()],
        only_given: true,
        secrets: Some(SecretsPolicy::Declare),
        show_secrets: true,
        statistics: true,
        failing: Failing { on_finding: Some(Severity::Error), on_repair: true },
    };
    assert_eq!(check(line), expected);
}

#[test]
fn every_format_has_its_word() {
    let cases = [
        ("text", Format::Text),
        ("concise", Format::Concise),
        ("json", Format::Json),
        ("sarif", Format::Sarif),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
        ("junit", Format::Junit),
        ("rdjson", Format::Rdjson),
    ];
    for (word, format) in cases {
        assert_eq!(check(&format!("check --format {word}")).format, format);
    }
}

#[test]
fn a_diff_is_shown_and_nothing_written_whatever_else_is_asked_for() {
    let cases = [
        ("check", Action::Report),
        ("check --unsafe-fixes", Action::Report),
        ("check --fix", Action::Repair),
        ("fix", Action::Repair),
        ("fix --fix", Action::Repair),
        ("check --diff", Action::ShowDiff),
        ("check --diff --fix", Action::ShowDiff),
        ("fix --diff", Action::ShowDiff),
        ("check --diff - --stdin-filename c.yml", Action::ShowDiff),
    ];
    for (line, action) in cases {
        assert_eq!(check(line).action, action, "{line}");
    }
}

#[test]
fn standard_input_needs_a_name_and_no_other_path() {
    let stdin = check("check - --stdin-filename a/compose.yml");
    assert_eq!(stdin.input, Input::Stdin { file_name: "a/compose.yml".into() });
    let refused = [
        "check -",
        "check --stdin-filename c.yml",
        "check . --stdin-filename c.yml",
        "check - . --stdin-filename c.yml",
        "check --fix - --stdin-filename c.yml",
        "fix - --stdin-filename c.yml",
    ];
    for line in refused {
        let error = settings(line).expect_err(line);
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{line}");
        assert!(error.to_string().contains("Usage: caulk "), "{error}");
    }
}

#[test]
fn a_baseline_is_written_where_the_person_says_or_else_where_it_is_expected() {
    let write = |file: Option<&str>| BaselineUse::Write(file.map(PathBuf::from));
    assert_eq!(check("check --write-baseline .").baseline, write(None));
    assert_eq!(check("check --write-baseline=b.json .").baseline, write(Some("b.json")));
    assert_eq!(check("check --no-baseline").baseline, BaselineUse::Nothing);
    assert_eq!(check("check --no-config").config, Where::Nowhere);
    for line in ["check --write-baseline --fix", "fix --write-baseline", "check --write-baseline --baseline b"] {
        assert_eq!(settings(line).expect_err(line).kind(), ErrorKind::ArgumentConflict, "{line}");
    }
}

#[test]
fn exit_zero_lets_no_finding_fail() {
    assert_eq!(check("check --exit-zero").failing, Failing { on_finding: None, on_repair: false });
}

#[test]
fn other_commands_are_read() {
    let cases = [
        ("lsp", Command::Serve(Box::default())),
        (
            "lsp --stdio --select strict --ignore public-port --rules r --secrets declare",
            Command::Serve(Box::new(Serve {
                select: vec![Selector::Tier(Tier::Strict)],
                ignore: vec![Selector::Rule("public-port".into())],
                rule_folders: vec!["r".into()],
                secrets: Some(SecretsPolicy::Declare),
            })),
        ),
        ("init", Command::Init),
        ("undo", Command::Undo(Undo::default())),
        ("undo --list", Command::Undo(Undo { is_list: true, ..Undo::default() })),
        ("undo r2 r3", Command::Undo(Undo { repairs: vec!["r2".into(), "r3".into()], is_list: false })),
        (
            "explain public-port --rules a --rules b",
            Command::Explain { rule: "public-port".into(), rule_folders: vec!["a".into(), "b".into()] },
        ),
        ("rules", Command::ListRules { rule_folders: Vec::new(), format: RulesFormat::Text }),
        (
            "rules --format json --rules a",
            Command::ListRules { rule_folders: vec!["a".into()], format: RulesFormat::Json },
        ),
        ("completions powershell", Command::Completions { shell: Shell::PowerShell }),
        ("man", Command::Man { command: None }),
        ("man check", Command::Man { command: Some("check".into()) }),
        ("rules test mine", Command::TestRules { folder: "mine".into() }),
    ];
    for (line, command) in cases {
        assert_eq!(settings(line).expect(line).command, command, "{line}");
    }
}

#[test]
fn how_to_say_it_can_stand_anywhere() {
    for line in ["--color never --verbose check", "check --color never -v", "rules --verbose --color=never"] {
        let output = settings(line).expect(line).output;
        assert_eq!(output, Output { color: ColorChoice::Never, verbosity: Verbosity::Verbose }, "{line}");
    }
    assert_eq!(settings("undo -q").expect("it is valid").output.verbosity, Verbosity::Quiet);
}

#[test]
fn what_contradicts_itself_or_is_unknown_is_refused() {
    let cases = [
        ("check -q -v", ErrorKind::ArgumentConflict),
        ("check --exit-zero --fail-on error", ErrorKind::ArgumentConflict),
        ("check --exit-zero --exit-non-zero-on-fix", ErrorKind::ArgumentConflict),
        ("check --format xml", ErrorKind::InvalidValue),
        ("check --fixx", ErrorKind::UnknownArgument),
        ("seal", ErrorKind::InvalidSubcommand),
        ("explain", ErrorKind::MissingRequiredArgument),
        ("rules test", ErrorKind::MissingRequiredArgument),
        ("rules --rules a test b", ErrorKind::ArgumentConflict),
    ];
    for (line, kind) in cases {
        let error = settings(line).expect_err(line);
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}");
    }
}

#[test]
fn without_a_command_there_is_help() {
    let error = settings("").expect_err("it is help");
    assert_eq!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    let help = settings("--help").expect_err("it is help");
    assert_eq!((help.kind(), help.exit_code()), (ErrorKind::DisplayHelp, 0));
    for name in ["check", "fix", "undo", "explain", "rules"] {
        assert!(help.to_string().contains(&format!("\n  {name}")), "{help}");
    }
}
