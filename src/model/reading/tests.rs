use std::path::{Path, PathBuf};

use super::*;
use crate::model::Options;
use crate::model::discover::projects_of;
use crate::source::{NoFiles, Overlay, is_compose_name, relative_to};

/// `Kind subject @ text [-> file:line] [if VARIABLES]` of each reading of a project.
fn readings(files: &[(&str, &str)]) -> Vec<String> {
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in files {
        overlay.set(Path::new("/p").join(path), text.as_bytes());
    }
    let given: Vec<PathBuf> = files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| is_compose_name(path))
        .map(|path| Path::new("/p").join(path))
        .collect();
    let sets = projects_of(&overlay, &given[..1]);
    let workspace = Workspace::read(&overlay, &sets, &Options::default());
    assert_eq!(workspace.problems().collect::<Vec<_>>(), Vec::<&crate::model::Problem>::new());
    let shown = |reading: &Reading| {
        let debug = format!("{:?}", reading.kind);
        let kind = match reading.kind {
            ReadingKind::TwoValues(_) => debug.as_str(),
            _ => debug.split([' ', '(']).next().unwrap_or_default(),
        };
        let text = reading.at.span.slice(&workspace.sources.get(reading.at.source).text).to_owned();
        let other = reading.other.map(|other| {
            let source = workspace.sources.get(other.source);
            let line = source.line_column(other.span.start).line;
            format!(" -> {}:{line}", relative_to(Path::new("/p"), &source.path))
        });
        let assumes =
            if reading.assumes.is_empty() { String::new() } else { format!(" if {}", reading.assumes.join(",")) };
        format!("{kind} {} @ {text}{}{assumes}", reading.subject, other.unwrap_or_default())
    };
    workspace.projects[0].readings.iter().map(shown).collect()
}

/// A service with a command.
fn command(text: &str) -> String {
    format!("services:\n  a:\n    image: x\n    command: {text}\n")
}

#[test]
fn a_command_is_cut_where_compose_cuts_it() {
    let cases = [
        ("a && b", "CommandCut command @ &"),
        ("a 2>&1", "CommandCut command @ >"),
        ("'a \"b;c\" | d'", "CommandCut command @ |"),
        ("a $CUT b", "CommandCut command @ $CUT -> .env:2"),
        ("sh -c \"a && b\"", ""),
        ("[a, '&&', b]", ""),
        ("a \\; b", ""),
        ("'a ;'", ""),
        ("a &", ""),
        ("'a && ;  '", ""),
        ("a 2>", "CommandCut command @ >"),
        ("a $END", "CommandCut command @ $END -> .env:3"),
        ("a ; $NONE", ""),
        ("a ; $UNSET", ""),
    ];
    for (text, expected) in cases {
        let found = readings(&[("compose.yaml", &command(text)), (".env", "NONE=\nCUT='x;y'\nEND='x;'\n")]);
        assert_eq!(found.join("\n"), expected, "{text}");
    }
}

#[test]
fn a_blank_variable_takes_a_word_away_only_where_it_is_one() {
    let cases = [
        ("a --pass $NONE --b", "BlankWord NONE @ $NONE -> .env:1"),
        ("a --pass ${NONE}", "BlankWord NONE @ ${NONE} -> .env:1"),
        ("a --pass $UNSET -b", "BlankWord UNSET @ $UNSET if UNSET"),
        ("a --pass x$NONE --b", ""),
        ("a --pass '\"$NONE\"' --b", ""),
        ("'a --pass \"$NONE\" --b'", ""),
        ("a --pass=$NONE --b", ""),
        ("a --pass $NONE value", ""),
        ("a --pass ${NONE:-} --b", "BlankWord NONE @ ${NONE:-} -> .env:1"),
        ("a --pass ${UNSET-} --b", "BlankWord UNSET @ ${UNSET-} if UNSET"),
        ("a $NONE --b", ""),
        ("[a, --pass, $NONE, --b]", ""),
    ];
    for (text, expected) in cases {
        let found = readings(&[("compose.yaml", &command(text)), (".env", "NONE=\n")]);
        assert_eq!(found.join("\n"), expected, "{text}");
    }
}

#[test]
fn an_override_leaves_the_port_of_the_base_open() {
    let base = "services:\n  a:\n    image: x\n    ports: ['80:80']\n";
    let over = |port: &str| format!("services:\n  a:\n    ports: {port}\n");
    let found = |base: &str, over: &str| {
        readings(&[("docker-compose.yml", base), ("docker-compose.override.yml", over)]).join("\n")
    };
    let expected = "PortStaysOpen 80 @ '127.0.0.1:80:80' -> docker-compose.yml:4";
    assert_eq!(found(base, &over("['127.0.0.1:80:80']")), expected);
    let moved = "PortStaysOpen 80 @ '127.0.0.1:81:80' -> docker-compose.yml:4";
    assert_eq!(found(base, &over("['127.0.0.1:81:80']")), moved, "the old one stays");
    assert_eq!(found(base, &over("[]")), "PortStaysOpen 80 @ [] -> docker-compose.yml:4");
    let with = |port: &str| base.replace("80:80", port);
    let assumed = format!("{expected} if IP");
    assert_eq!(found(&with("${IP:-0.0.0.0}:80:80"), &over("['127.0.0.1:80:80']")), assumed);
    for closed in ["['127.0.0.1:80:80']", "['80:80']", "[]"] {
        assert_eq!(found(&with("127.0.0.1:80:80"), &over(closed)), "", "{closed} opens, or has nothing to close");
    }
    for other in [
        "",
        "!reset []",
        "!override []",
        "['127.0.0.1:81:81']",
        "['127.0.0.1:80:80/udp']",
        "['81:80']",
        "!override ['127.0.0.1:80:80']",
    ] {
        assert_eq!(found(base, &over(other)), "", "{other}");
    }
    let both = "services:\n  a:\n    image: x\n    ports: ['80:80', '127.0.0.1:80:80']\n";
    assert_eq!(readings(&[("docker-compose.yml", both)]), [""; 0], "one file says both on purpose");
    let extends = "services:\n  b:\n    image: x\n    ports: ['80:80']\n  a:\n    extends: b\n    ports: PORTS\n";
    let extending = |ports: &str| readings(&[("docker-compose.yml", &extends.replace("PORTS", ports))]).join("\n");
    assert_eq!(extending("['127.0.0.1:80:80']"), expected);
    assert_eq!(extending("[]"), "PortStaysOpen 80 @ [] -> docker-compose.yml:4");
}

#[test]
fn a_dollar_in_a_word_belongs_to_the_key_that_holds_it_and_is_told_once_for_all_who_share_it() {
    let compose = "\
x-env: &env
  A_PASSWORD: pa$word
services:
  a:
    image: x
    environment: *env
  b:
    image: x
    environment: [B=pa$word, C=$HOME/x, D=a$b_c]
  c:
    image: x
    environment: {<<: *env}
";
    let found = readings(&[("compose.yaml", compose)]);
    let expected = ["DollarInWord A_PASSWORD @ $word", "DollarInWord B @ $word", "DollarInWord D @ $b_c"];
    assert_eq!(found, expected);
}

#[test]
fn an_empty_variable_and_its_place_are_named_where_a_default_gives_way() {
    let compose = "services:\n  a:\n    image: x\n    ports: ['${IP-127.0.0.1}:80:80', '${IP:-127.0.0.1}:81:81']\n";
    let found = readings(&[("compose.yaml", compose), (".env", "X=1\nIP=\n")]);
    assert_eq!(found, ["EmptyOverDefault IP @ ${IP-127.0.0.1} -> .env:2"]);
}

#[test]
fn a_container_loses_what_environment_passes_through_from_nowhere() {
    let compose = "services:\n  a:\n    image: x\n    env_file: [a.env, b.env]\n    environment: [A, B=1, C, D]\n";
    let env = "A=1\nB=2\nC=3\n";
    let found = readings(&[("compose.yaml", compose), ("a.env", env), ("b.env", "E=\n"), (".env", "C=4\n")]);
    assert_eq!(found, ["RemovedByPassThrough A @ A -> a.env:1 if A"]);
}

#[test]
fn two_files_with_one_variable_are_told_apart_by_whether_both_values_are_used() {
    let compose = "services:\n  a:\n    image: x:$TAG\n    env_file: [a.env, b.env]\n";
    let files =
        [("compose.yaml", compose), (".env", "TAG=1\nB=9\n"), ("a.env", "A=1\nTAG=2\n"), ("b.env", "A=2\nB=8\n")];
    let found = readings(&files);
    assert_eq!(found, ["TwoValues(InOneService) TAG @ TAG -> .env:1", "TwoValues(Replaced) A @ A -> a.env:1"]);
}

#[test]
fn two_values_of_a_variable_meet_in_one_service_or_between_a_server_and_its_client() {
    let found = |server: &str, client: &str, env: &str| {
        let compose = format!("services:\n  db:\n{server}  b:\n    image: b\n    env_file: b.env\n{client}");
        let env = format!("DB_PASSWORD=2\n{env}");
        let readings = readings(&[("compose.yaml", &compose), (".env", "DB_PASSWORD=1\n"), ("b.env", &env)]);
        assert_eq!(readings.len(), 1, "{readings:?}");
        let at = readings[0].find('(').expect("it is a kind with details");
        readings[0][at + 1..].split(')').next().unwrap_or_default().to_owned()
    };
    let (image, built) = ("    image: x/pg:1\n", "    image: x/pg:1\n    build: .\n");
    let uses = "    environment: {PG_PASSWORD: '${DB_PASSWORD}'}\n";
    let cases = [
        (image, "", "", "Apart"),
        (image, "    depends_on: [db]\n", "", "ServerAndClient"),
        (image, "", "DB_HOST=db\n", "ServerAndClient"),
        (image, "", "DB_URL=pg://u@db:5432/x\n", "ServerAndClient"),
        (image, "", "DB_URL=db://u@other/x\nDB_KIND=db\n", "Apart"),
        (built, "    depends_on: [db]\n", "DB_HOST=db\n", "Apart"),
        ("    image: x/db\n", "", "", "ServerAndClient"),
        ("    image: x/db\n", "", "DB_HOST=other\n", "Apart"),
        (image, "    command: run ${DB_PASSWORD}\n", "", "InOneService"),
        (image, "    build: {context: ., args: {A: '${DB_PASSWORD}'}}\n", "", "Apart"),
    ];
    for (server, client, env, expected) in cases {
        assert_eq!(found(&format!("{server}{uses}"), client, env), expected, "{server}{client}{env}");
    }
}

#[test]
fn an_env_file_that_is_not_read_is_named_once_for_all_its_variables() {
    let compose = "services:\n  a:\n    image: x:$A-$B-$C-${D:-1}\n    command: run $A ${E:?set it}\n";
    let backend = ("backend/.env", "A=1\nB=2\nC=\nD=3\nE=4\n");
    let found = readings(&[("compose.yaml", compose), backend]);
    assert_eq!(found, ["UnreadEnvFile A @ $A -> backend/.env:1 if A,B,E"]);
    let found = readings(&[("compose.yaml", compose), backend, (".env.example", "A=\nE=\n"), (".env", "B=1\n")]);
    assert_eq!(found, [""; 0], "an example says that `.env` is to set them");
}

#[test]
fn an_env_file_that_a_script_loads_is_read() {
    let compose = "services:\n  a:\n    image: x:$TAG\n    env_file: prod.env\n";
    let project = [("compose.yaml", compose), ("prod.env", "TAG=1\n")];
    assert_eq!(readings(&project), ["UnreadEnvFile TAG @ $TAG -> prod.env:1 if TAG"]);
    let scripts = [
        ("up.sh", "set -a; source prod.env; set +a; docker compose up -d\n"),
        ("scripts/up.sh", "cd .. && export $(xargs < ./prod.env) && docker compose up\n"),
        ("Makefile", "include prod.env\nexport\nup:\n\tdocker compose up\n"),
    ];
    for script in scripts {
        let files = [project[0], project[1], script];
        assert_eq!(readings(&files), [""; 0], "{script:?}");
    }
}

#[test]
fn lines_of_env_files_are_read_as_compose_reads_them() {
    let compose = "services:\n  a:\n    image: x\n    env_file: a.env\n";
    let cases = [
        ("A=1\nB", "BareKeyAtEnd B @ B"),
        ("A\nB=1", ""),
        ("A=1\nA=2\nA=3\n", "DuplicateKey A @ A -> a.env:3"),
        ("A=1\nA='1'\n", ""),
        ("A=pa$word\n", "DollarInWord A @ $word\nOtherReaders A @ pa$word"),
        ("A='pa$word'\n", ""),
        ("word=1\nA=pa$word\n", "OtherReaders A @ pa$word"),
        ("A=b#c\n", "OtherReaders A @ b#c"),
        ("A=b # c\n", ""),
        ("A=b$$c\n", "OtherReaders A @ b$$c"),
        ("A=`b`\n", "OtherReaders A @ `b`"),
        ("A=b\\c\n", "OtherReaders A @ b\\c"),
        ("A=b c\n", "OtherReaders A @ b c"),
        ("A=\"b c\"\n", ""),
    ];
    for (text, expected) in cases {
        let mut found = readings(&[("compose.yaml", compose), ("a.env", text)]);
        found.sort();
        assert_eq!(found.join("\n"), expected, "{text}");
    }
}

#[test]
fn numbers_are_shown_as_they_are_written_and_as_they_arrive() {
    let cases = [
        ("010", "8", false),
        ("08540", "8540", false),
        ("+49123", "49123", false),
        ("0x1f", "31", false),
        ("1000000.0", "1e+06", false),
        ("12345678901234567890123", "1.2345678901234568e+22", false),
        ("1_000", "1000", true),
        ("1.10", "1.1", true),
        ("1e3", "1000", true),
        ("1e6", "1e+06", true),
        ("1.0", "1", true),
        ("-.50", "-0.5", true),
        ("100.0", "100", true),
        ("0.0", "0", true),
    ];
    for (before, after, same_number) in cases {
        let text = format!("services:\n  a:\n    image: x\n    environment:\n      A: {before}\n");
        let mut overlay = Overlay::new(&NoFiles);
        overlay.set(PathBuf::from("/p/compose.yaml"), text.as_bytes());
        let sets = projects_of(&overlay, &[PathBuf::from("/p/compose.yaml")]);
        let workspace = Workspace::read(&overlay, &sets, &Options::default());
        let kinds: Vec<_> = workspace.projects[0].readings.iter().map(|reading| reading.kind.clone()).collect();
        let expected = ReadingKind::NumberRewritten { before: before.to_owned(), after: after.to_owned(), same_number };
        assert_eq!(kinds, [expected], "{before}");
    }
    for plain in ["8080", "0.5", "'010'", "yes", "-1"] {
        let text = format!("services:\n  a:\n    image: x\n    environment:\n      A: {plain}\n");
        assert_eq!(readings(&[("compose.yaml", &text)]), [""; 0], "{plain}");
    }
}

#[test]
fn words_with_a_dollar_are_whole_words() {
    let mut overlay = Overlay::new(&NoFiles);
    let text = "services:\n  a:\n    image: x\n    environment: [A=pa$word! b, 'B=x$y']\n";
    overlay.set(PathBuf::from("/p/compose.yaml"), text.as_bytes());
    let sets = projects_of(&overlay, &[PathBuf::from("/p/compose.yaml")]);
    let workspace = Workspace::read(&overlay, &sets, &Options::default());
    let source = workspace.projects[0].files[0];
    let words: Vec<_> = words_with_dollar(&workspace, source).iter().map(|span| span.slice(text)).collect();
    assert_eq!(words, ["pa$word!", "x$y"]);
}
