use super::super::sample::{open_project, range};
use super::super::view::*;
use super::*;
use crate::text::Span;

const OPTIONS: TextOptions = TextOptions {
    look: Look { width: 80, colors: false, unicode: true, links: false },
    quiet: false,
    verbose: false,
    statistics: false,
    show_secrets: false,
};

fn written(report: &Report, options: TextOptions) -> String {
    let mut out = Vec::new();
    render(report, &options, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

#[test]
fn a_first_run_tells_what_is_open_where_and_what_to_do() {
    let expected = r#"docker-compose.yml
  error    redis takes commands without a password                 store-no-auth
  error    port 6379 is published on every address                   public-port
    4 │   redis:
      │   ━━━━━ no password
    8 │       - "6379:6379"
      │         ━━━━━━━━━━━ anyone who can reach this host can read and write
      ╭─ .env
    3 │ REDIS_URL=redis://localhost:6379/0
      │           ━━━━━━━━━━━━━━━━━━━━━━━━ a client without a password
    clients: backend (REDIS_URL, .env:3 and 1 more), worker (waits for it; how
             it connects can't be seen), a program that reads the file
             (REDIS_URL, .env:3)
    help: set a password and give it to the clients

2 errors, 1 info in 1 project (2 files).
  1 port of another service is published on every address (--verbose names it)
  --fix would repair 2 now: password for redis (1 secret, 1 client URL), port
                            6379 of redis for this host only
  after it:                 docker compose up -d redis backend
  why:                      caulk explain RULE
"#;
    assert_eq!(written(&open_project(), OPTIONS), expected);
}

#[test]
fn ascii_is_enough_and_no_line_is_wider_than_the_terminal() {
    let mut report = open_project();
    report.apply_with.clear();
    let look = Look { width: 44, colors: false, unicode: false, links: false };
    let text = written(&report, TextOptions { look, ..OPTIONS });
    assert!(text.is_ascii(), "{text}");
    assert!(text.lines().all(|line| line.len() <= 44), "{text}");
    assert!(
        text.contains(
            "    8 |       - \"6379:6379\"\n      |         ^^^^^^^^^^^\n      | anyone who can reach this host can\n"
        ),
        "{text}"
    );
}

#[test]
fn the_service_is_named_above_a_mark_inside_it() {
    let mut report = open_project();
    report.findings.remove(0);
    let text = written(&report, OPTIONS);
    assert!(text.contains("    4 │   redis:\n    8 │       - \"6379:6379\"\n"), "{text}");
}

#[test]
fn a_run_with_fix_tells_what_was_done_and_what_is_left() {
    let mut report = open_project();
    report.findings.drain(..2);
    report.fix = Some(FixView {
        applied: vec!["r1".into()],
        closed: Vec::new(),
        held_back: vec![HeldBackView {
            repair: "r3".into(),
            reason: vec!["not a store".into()],
            flag: Some("--unsafe-fixes".into()),
        }],
        refused: vec![RefusedView { repair: "r2".into(), reason: "a comment would be lost".into() }],
    });
    report.notes = vec!["the password is in .env".into()];
    let expected = "Repaired 1:
  - r1: password for redis (1 secret, 1 client URL) (.env, .gitignore)
The containers have it once you run:
  docker compose up -d redis backend
Refused 1:
  - port 6379 of redis for this host only: a comment would be lost

1 info left in 1 project (2 files).
  1 port of another service is published on every address (--verbose names it)
note: the password is in .env
";
    assert_eq!(written(&report, OPTIONS), expected);
}

/// A report after a run in which a password was held back for `reasons`.
fn held_back(reasons: Vec<Sentence>) -> Report {
    let mut report = open_project();
    report.repairs.truncate(1);
    report.repairs[0].applicability = Applicability::Unsafe;
    report.repairs[0].held_back = reasons.clone();
    let held_back = HeldBackView { repair: "r1".into(), reason: reasons, flag: Some("--unsafe-fixes".into()) };
    report.fix = Some(FixView { held_back: vec![held_back], ..FixView::default() });
    report
}

fn waiting() -> Sentence {
    Sentence { text: "all 21 wait".into(), short: "5 and 16 more wait".into(), services: vec!["app".into()] }
}

#[test]
fn several_reasons_for_holding_a_repair_back_stand_one_a_line() {
    let report = held_back(vec![waiting(), "the network is shared".into()]);
    let text = written(&report, OPTIONS);
    let expected = "Held back 1:
  - password for redis (1 secret, 1 client URL):
      5 and 16 more wait
      the network is shared
      --unsafe-fixes makes it
";
    assert!(text.contains(expected), "{text}");
    assert!(written(&report, TextOptions { verbose: true, ..OPTIONS }).contains("      all 21 wait\n"));
    let offer = written(&Report { fix: None, ..report }, OPTIONS);
    let expected = "\n  1 with --fix --unsafe-fixes: password for redis (1 secret, 1 client URL):
                                 5 and 16 more wait
                                 the network is shared
";
    assert!(offer.contains(expected), "{offer}");
}

#[test]
fn a_single_reason_stands_behind_the_repair_and_the_same_of_two_projects_is_told_once() {
    let mut report = held_back(vec![waiting()]);
    let text = written(&report, OPTIONS);
    let line = "  - password for redis (1 secret, 1 client URL): 5 and 16 more wait\n    (--unsafe-fixes makes it)\n";
    assert!(text.contains(line), "{text}");
    report.repairs.push(RepairView { id: "r2".into(), project: "p2".into(), ..report.repairs[0].clone() });
    let fix = report.fix.as_mut().expect("it is a run with --fix");
    fix.held_back.push(HeldBackView { repair: "r2".into(), ..fix.held_back[0].clone() });
    let text = written(&report, OPTIONS);
    assert!(
        text.contains("Held back 2:\n  - password for redis (1 secret, 1 client URL) (2 projects): 5 and"),
        "{text}"
    );
    assert_eq!(text.matches("16 more wait").count(), 1, "{text}");
}

#[test]
fn what_is_to_be_checked_is_counted_where_it_says_that_nothing_is_left() {
    let mut report = open_project();
    report.findings.clear();
    report.fix = Some(FixView { applied: vec!["r1".into()], ..FixView::default() });
    report.to_check = vec![waiting()];
    let text = written(&report, OPTIONS);
    let expected = "No leaks left in 1 project (2 files); 1 service to check.\nplease check: all 21 wait\n";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn nobody_is_urged_to_close_a_web_site() {
    let mut report = open_project();
    report.findings.drain(..2);
    report.repairs.retain(|repair| repair.id == "r3");
    report.apply_with.clear();
    let text = written(&report, OPTIONS);
    let expected = "1 info in 1 project (2 files).
  1 port of another service is published on every address (--verbose names it)
";
    assert_eq!(text, expected);
    let verbose = written(&report, TextOptions { verbose: true, ..OPTIONS });
    assert!(verbose.contains("port 80 of web is published") && verbose.contains("--unsafe-fixes"), "{verbose}");

    // Whoever takes the flag for another repair is told what else it does.
    let mut report = open_project();
    report.repairs[0].applicability = Applicability::Unsafe;
    let text = written(&report, TextOptions { look: Look { width: 200, ..OPTIONS.look }, ..OPTIONS });
    assert!(text.contains("; the flag closes 1 port of another service, too"), "{text}");
}

#[test]
fn a_clean_project_takes_one_line_or_none() {
    let mut report = open_project();
    report.findings.clear();
    report.repairs.clear();
    report.apply_with.clear();
    assert_eq!(written(&report, OPTIONS), "No leaks found in 1 project (2 files).\n");
    assert_eq!(written(&report, TextOptions { quiet: true, ..OPTIONS }), "");
    let silenced = |by| SuppressedView { finding: open_project().findings[0].clone(), by };
    let comment =
        SuppressedBy::Comment { path: "a".into(), range: open_project().findings[0].range, reason: "b".into() };
    report.suppressed = vec![silenced(comment.clone()), silenced(comment), silenced(SuppressedBy::Baseline)];
    assert_eq!(written(&report, OPTIONS), "No leaks found in 1 project (2 files), 2 suppressed, 1 in the baseline.\n");
    let verbose = written(&report, TextOptions { verbose: true, ..OPTIONS });
    assert_eq!(verbose.lines().next(), Some("project: docker-compose.yml, .env (default name)"));
}

#[test]
fn clients_that_connect_in_the_same_way_are_told_together() {
    let mut report = open_project();
    let client = |service: &str, variable: Option<&str>, place: Option<(String, usize)>| ClientView {
        service: Some(service.into()),
        variable: variable.map(str::to_owned),
        place,
        is_set_elsewhere: false,
    };
    let shared = Some(("docker-compose.yml".to_owned(), 7));
    report.findings[0].clients = vec![
        client("web", Some("URL"), shared.clone()),
        client("beat", None, None),
        client("worker", Some("URL"), shared),
    ];
    // The same is said of the port.
    report.findings[1].clients = report.findings[0].clients.clone();
    let look = Look { width: 120, ..OPTIONS.look };
    let text = written(&report, TextOptions { look, ..OPTIONS });
    let expected =
        "    clients: beat (waits for it; how it connects can't be seen), web and worker (URL, line 7)\n    help:";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_service_is_not_looked_for_where_another_one_waits_for_it() {
    let text = "services:\n  web:\n    depends_on:\n      redis: {}\n  redis:\n    image: redis\n";
    let file = FileText::new(text.into(), Vec::new());
    let mut report = open_project();
    report.findings.truncate(1);
    report.findings[0].labels.clear();
    let start = text.rfind("redis:").expect("it is there");
    report.findings[0].range = RangeView::new(text, file.index(), Span::new(start, start + 5));
    report.texts = [("docker-compose.yml".to_owned(), file)].into();
    let text = written(&report, OPTIONS);
    assert!(text.contains("    5 │   redis:\n      │   ━━━━━ no password\n"), "{text}");
    assert!(!text.contains("    4 │"), "{text}");
}

#[test]
fn a_rule_leads_to_its_page_where_the_terminal_can_go_there() {
    let mut report = open_project();
    report.findings.truncate(1);
    let url = "https://example.org/rules#store-no-auth";
    let rule = RuleView {
        summary: String::new(),
        why: String::new(),
        severity: Severity::Error,
        tier: Tier::Default,
        url: Some(url.into()),
    };
    report.rules = [("store-no-auth".to_owned(), rule)].into();
    assert!(!written(&report, OPTIONS).contains(url));
    let look = Look { links: true, ..OPTIONS.look };
    let linked = format!("\u{1b}]8;;{url}\u{1b}\\store-no-auth\u{1b}]8;;\u{1b}\\\n");
    let text = written(&report, TextOptions { look, ..OPTIONS });
    assert!(text.lines().next_back().is_some() && text.contains(&linked), "{text}");
}

#[test]
fn many_commands_stand_below_their_head_and_are_cut_short() {
    let mut report = open_project();
    report.apply_with =
        (1..=10).map(|number| format!("docker compose --project-directory of/others/p{number} up -d redis")).collect();
    let text = written(&report, OPTIONS);
    let first = "  after it:\n    docker compose --project-directory of/others/p1 up -d redis\n    docker compose --project-directory of/others/p2";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("p6 up -d redis\n    and 4 more (--verbose names them)\n  why:"), "{text}");
    let verbose = written(&report, TextOptions { verbose: true, ..OPTIONS });
    assert!(verbose.contains("p10 up -d redis\n  why:"), "{verbose}");
}

#[test]
fn repairs_that_wait_for_the_same_reason_are_told_together() {
    let mut report = open_project();
    report.findings.truncate(2);
    for (id, title) in [("r4", "port 81 for this host only"), ("r5", "port 81 for this host only")] {
        let repair = RepairView { id: id.into(), title: title.into(), ..report.repairs[2].clone() };
        report.repairs.push(repair);
    }
    let text = written(&report, TextOptions { look: Look { width: 120, ..OPTIONS.look }, ..OPTIONS });
    let expected = "3 more with --unsafe-fixes: port 80 of web for this host only, 2 times port 81 for this host only: not a store\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn problems_that_say_the_same_are_told_together() {
    let file = FileText::new("a: $\nb: $\n".into(), Vec::new());
    let problem = |what: &str, message: &str| ProblemView {
        path: "c.yml".into(),
        range: Some(range(&file, what)),
        severity: Severity::Error,
        message: message.into(),
    };
    let problems = vec![problem("a", "no"), problem("b", "never"), problem("b", "no")];
    let report = Report { problems, texts: [("c.yml".to_owned(), file)].into(), ..Report::default() };
    let expected = "c.yml\n  error    no\n    1 │ a: $\n      │ ━\n    2 │ b: $\n      │ ━\n\n  error    never\n";
    let text = written(&report, OPTIONS);
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn quiet_leaves_errors_and_their_places_only() {
    let text = written(&open_project(), TextOptions { quiet: true, ..OPTIONS });
    assert!(text.starts_with("docker-compose.yml\n  error"), "{text}");
    assert!(text.ends_with("help: set a password and give it to the clients\n\n"), "{text}");
    assert!(!text.contains("info"), "{text}");
}

#[test]
fn statistics_count_each_rule() {
    let expected = "    1  error    public-port    1 with --fix
    1  error    store-no-auth  1 with --fix
    1  info     public-port

2 errors, 1 info";
    let text = written(&open_project(), TextOptions { statistics: true, ..OPTIONS });
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn copies_of_a_finding_in_other_files_are_told_once() {
    let mut report = open_project();
    report.findings.truncate(2);
    let copy = |path: &str, finding: &FindingView| FindingView { path: path.into(), ..finding.clone() };
    let copies: Vec<_> = report.findings.iter().map(|finding| copy("docker-compose.dev.yml", finding)).collect();
    report.findings.extend(copies);
    let text = written(&report, OPTIONS);
    assert_eq!(text.matches("port 6379 is published").count(), 1, "{text}");
    assert!(text.contains("    also in: docker-compose.dev.yml:4\n"), "{text}");
    // What is different is told again.
    report.findings[2].message = "something else".into();
    assert!(written(&report, OPTIONS).contains("\ndocker-compose.dev.yml\n"));
}

#[test]
fn assumptions_are_part_of_the_finding() {
    let mut report = open_project();
    report.findings[1].assumes = vec!["BIND_IP is not set".into()];
    report.findings[2].assumes = vec!["BIND_IP is not set".into()];
    report.findings[2].rule = "another-rule".into();
    let text = written(&report, OPTIONS);
    assert!(text.contains("    as long as BIND_IP is not set\n    help:"), "{text}");
    assert!(text.contains("every address, as long as BIND_IP is\n           not set (docker"), "{text}");
}

#[test]
fn many_infos_are_cut_short_unless_everything_is_wanted() {
    let mut report = open_project();
    let info = FindingView { rule: "another-rule".into(), ..report.findings.remove(2) };
    report.findings.extend(std::iter::repeat_n(info, 20));
    let text = written(&report, OPTIONS);
    assert!(text.contains("  info     20 of these:"), "{text}");
    assert_eq!(text.matches("port 80 of web is published").count(), 6);
    assert!(text.contains("           and 14 more (--verbose names them)\n"), "{text}");
    let verbose = written(&report, TextOptions { verbose: true, ..OPTIONS });
    assert_eq!(verbose.matches("port 80 of web is published").count(), 20);
}

#[test]
fn problems_are_shown_with_their_place_and_do_not_pass_for_clean() {
    let file = FileText::new("services:\n\tweb: {}\n".into(), Vec::new());
    let range = Some(range(&file, "\t"));
    let problem = |path: &str, range, message: &str| ProblemView {
        path: path.into(),
        range,
        severity: Severity::Error,
        message: message.into(),
    };
    let report = Report {
        projects: vec![ProjectView { id: "p1".into(), files: vec!["c.yml".into()], reason: "alone".into() }],
        files: 1,
        problems: vec![
            problem("c.yml", range, "a tab can't indent"),
            problem("b\u{1b}[2J.env", None, "permission denied"),
        ],
        texts: [("c.yml".to_owned(), file)].into(),
        ..Report::default()
    };
    let expected = "c.yml
  error    a tab can't indent
    2 │     web: {}
      │ ━━━━

b\\u{1b}[2J.env
  error    permission denied

Not all could be read: 2 problems in 1 project (1 file).
";
    assert_eq!(written(&report, OPTIONS), expected);
}

#[test]
fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
    let evil = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\n";
    let text = format!("services: {evil}\n");
    let file = FileText::new(text.as_str().into(), Vec::new());
    let mut report = open_project();
    let place = range(&file, "x");
    for finding in &mut report.findings {
        finding.message = evil.into();
        finding.rule = evil.into();
        finding.path = evil.into();
        finding.range = place;
        finding.label = evil.into();
        finding.help = Some(evil.into());
        finding.assumes = vec![evil.into()];
        finding.labels = vec![LabelView { path: format!("{evil}2"), range: place, message: evil.into() }];
    }
    for repair in &mut report.repairs {
        repair.title = evil.into();
        repair.held_back = repair.held_back.iter().map(|_| evil.into()).collect();
    }
    report.projects[0].files = vec![evil.into()];
    report.projects[0].reason = evil.into();
    report.apply_with = vec![evil.into()];
    report.notes = vec![evil.into()];
    report.problems =
        vec![ProblemView { path: evil.into(), range: Some(place), severity: Severity::Warning, message: evil.into() }];
    report.texts = [(evil.to_owned(), file)].into();
    let fix = FixView {
        applied: vec!["r1".into(), evil.into()],
        closed: Vec::new(),
        held_back: vec![HeldBackView { repair: evil.into(), reason: vec![evil.into()], flag: Some(evil.into()) }],
        refused: vec![RefusedView { repair: "r2".into(), reason: evil.into() }],
    };
    for (fix, statistics) in [(None, false), (Some(fix), true)] {
        report.fix = fix;
        let text = written(&report, TextOptions { verbose: true, statistics, ..OPTIONS });
        let bad: Vec<char> = text.chars().filter(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}')).collect();
        assert!(bad.is_empty(), "{text}");
    }
}

#[test]
fn passwords_in_the_lines_shown_are_masked_unless_asked_for() {
    let mut report = open_project();
    let secret = range(&report.texts[".env"], "SESSION_SECRET=hunter2");
    report.findings[0].labels[0].range = secret;
    let text = written(&report, OPTIONS);
    assert!(text.contains("SESSION_SECRET=***\n") && !text.contains("hunter2"), "{text}");
    let text = written(&report, TextOptions { show_secrets: true, ..OPTIONS });
    assert!(text.contains("SESSION_SECRET=hunter2\n"), "{text}");
}
