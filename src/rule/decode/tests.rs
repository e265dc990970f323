//! Mistakes in rule files, as people see them: each place, what is wrong there, and the advice.

use std::sync::Arc;

use super::rule;
use crate::syntax::Problem;
use crate::text::LineIndex;

/// A rule without a mistake, to which each test does something.
const FINE: &str = "\
id: some-rule
since: 0.1.0
tier: default
summary: A summary.
why: Because.
for: port
where: { port.exposure: public }
severity: error
message: '{{service.name}} is open'
at: port.host_ip
fix:
  - title: Bind it
    applicability: safe
    edits: [{ set: port.host_ip, to: 127.0.0.1 }]
examples:
  - name: one
    good: 'services: {}'
";

fn mistakes(text: &str) -> Vec<Problem> {
    rule("rules/some-rule.yaml", Arc::from(text)).err().unwrap_or_default()
}

/// `line:column text under the carets | message | help`
fn shown(text: &str) -> Vec<String> {
    let index = LineIndex::new(text);
    mistakes(text)
        .iter()
        .map(|problem| {
            let place = index.line_column(text, problem.span.start);
            let help = problem.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
            let under = problem.span.slice(text);
            format!("{}:{} {under} | {}{help}", place.line, place.column, problem.message)
        })
        .collect()
}

#[track_caller]
fn replaced(from: &str, to: &str, expected: &[&str]) {
    assert!(FINE.contains(from), "{from}");
    assert_eq!(shown(&FINE.replacen(from, to, 1)), expected);
}

#[test]
fn a_rule_without_a_mistake_is_a_rule() {
    assert_eq!(shown(FINE), [""; 0]);
}

#[test]
fn keys() {
    replaced("summary:", "sumary:", &["4:1 sumary | a rule has no key `sumary` | did you mean `summary`?"]);
    replaced("  - name: one", "  - nme: one", &["16:5 nme | an example has no key `nme` | did you mean `name`?"]);
    replaced(
        "message:",
        "expression:",
        &[
            "1:1 id | a rule needs the key `message`",
            "9:1 expression | a rule has no key `expression` | known are: id, since, tier, summary, why, links, for, where, \
         severity, message, help, at, also, fix, follows, cases, examples",
        ],
    );
    replaced("summary: A summary.", "summary:", &["4:8  | `summary` is empty"]);
}

#[test]
fn names_and_words() {
    replaced(
        "id: some-rule",
        "id: other",
        &["1:5 other | the file of rule `other` must be called `other.yaml` | the file is called `some-rule.yaml`"],
    );
    replaced(
        "id: some-rule",
        "id: Some_Rule",
        &["1:5 Some_Rule | `Some_Rule` is no id | an id is lower-case words with dashes between them"],
    );
    replaced("for: port", "for: prot", &["6:6 prot | `for` can't be `prot` | did you mean `port`?"]);
    replaced("severity: error", "severity: eror", &["8:11 eror | `severity` can't be `eror` | did you mean `error`?"]);
    replaced("tier: default", "tier: hard", &["3:7 hard | `tier` can't be `hard` | known are: default, strict"]);
    replaced(
        "applicability: safe",
        "applicability: save",
        &["13:20 save | `applicability` can't be `save` | did you mean `safe`?"],
    );
    replaced(
        "at: port.host_ip",
        "at: port.hostip.key",
        &["10:5 port.hostip.key | `port.hostip` is not a field of `port` | did you mean `port.host_ip`?"],
    );
}

#[test]
fn fields_and_operators() {
    let place = "{ port.exposure: public }";
    replaced(
        place,
        "{ port.hostip: absent }",
        &["7:10 port.hostip | `port.hostip` is not a field of `port` | did you mean `port.host_ip`?"],
    );
    replaced(
        place,
        "{ url.host: present }",
        &["7:10 url.host | `url.host` is not a field of `port` | it is a field of `url`; this rule is for `port`"],
    );
    replaced(
        place,
        "{ port.exposure: publik }",
        &["7:25 publik | `port.exposure` is never `publik` | did you mean `public`?"],
    );
    replaced(
        place,
        "{ port.exposure: { not: unknown } }",
        &[
            "7:32 unknown | `port.exposure` is never `unknown` | a rule never fires on what is unknown, so there is nothing to match",
        ],
    );
    replaced(place, "{ port.target: absent }", &["7:23 absent | `port.target` is never absent"]);
    replaced(
        place,
        "{ port.host_ip: { lt: 5 } }",
        &[
            "7:26 lt | `lt` does not fit `port.host_ip`, which is text | operators that fit: equal, in, matches, starts_with, \
         contains, same_as, not, any, all",
        ],
    );
    replaced(
        place,
        "{ port.host_ip: { startswith: 1 } }",
        &["7:26 startswith | there is no operator `startswith` | did you mean `starts_with`?"],
    );
    replaced(place, "{ port.target: { gt: many } }", &["7:29 many | `gt` must be a whole number in its range"]);
    replaced(
        place,
        "{ port.target: '80' }",
        &["7:23 '80' | a value of `port.target` must be a whole number in its range"],
    );
    replaced(place, "{ service.admin: yes }", &["7:25 yes | a value of `service.admin` must be true or false"]);
    replaced(
        place,
        "{ port.host_ip: [a, b] }",
        &["7:24 [a, b] | a list needs an operator | write `{ in: [...] }` for one of several values"],
    );
    replaced(
        place,
        "{ service.volumes: /data }",
        &[
            "7:27 /data | `service.volumes` is a list, a single value never equals it | operators that fit: some_of, none_of, every",
        ],
    );
    replaced(
        place,
        "{ port.host_ip: { same_as: port.hostname } }",
        &["7:35 port.hostname | `port.hostname` is not a field of `port` | did you mean `port.host_ip`?"],
    );
    replaced(place, "{ any: [] }", &["7:15 [] | `any` is empty"]);
}

#[test]
fn the_caret_stands_inside_a_regular_expression() {
    replaced(
        "{ port.exposure: public }",
        "{ port.host_ip: { matches: '^10[.(1' } }",
        &["7:39 [ | this is no regular expression: unclosed character class"],
    );
}

#[test]
fn placeholders() {
    let place = "'{{service.name}} is open'";
    replaced(
        place,
        "'é {{service.nam}} is open'",
        &["9:15 service.nam | `service.nam` is not a field of `port` | did you mean `service.name`?"],
    );
    replaced(place, "'{{service.name is open'", &["9:11 {{service.name is open | `{{` has no `}}`"]);
    replaced(place, "'{{service.name | uper}}'", &["9:28 uper | there is no filter `uper` | did you mean `upper`?"]);
    replaced(
        place,
        "\"a {{service.store}}\"",
        &[
            "9:15 service.store | `service.store` can be absent here | require `service.store: present` in `where`, or write \
         `{{service.store | or \"...\"}}`",
        ],
    );
    replaced(
        "127.0.0.1 }]",
        "'{{port.published}}' }]",
        &[
            "14:41 port.published | `port.published` can be absent here | require `port.published: present` in `where`, or write \
         `{{port.published | or \"...\"}}`",
        ],
    );
    let required = FINE.replace("public }", "public, port.published: { matches: '^8' } }");
    assert_eq!(shown(&required.replace("127.0.0.1 }]", "'{{port.published}}' }]")), [""; 0]);
    let either = FINE.replace("public }", "public, port.published: { any: [absent, '8'] } }");
    assert_eq!(shown(&either.replace("127.0.0.1 }]", "'{{port.published}}' }]")).len(), 1);
}

#[test]
fn what_may_be_a_password_is_not_printed() {
    let rule =
        FINE.replace("for: port", "for: env_var").replace("{ port.exposure: public }", "{ env_var.value: present }");
    let rule = rule.replace("at: port.host_ip", "at: env_var.name").replace("{{service.name}}", "{{env_var.value}}");
    let found = shown(&rule);
    assert!(
        found.contains(&"9:13 env_var.value | `env_var.value` may hold a password, so it can't be printed".to_owned())
    );
}

#[test]
fn edits() {
    let place = "{ set: port.host_ip, to: 127.0.0.1 }";
    replaced(
        place,
        "{ set: port.target, to: 1 }",
        &["14:20 port.target | `port.target` can't be written | writable are: port.host_ip"],
    );
    replaced(
        place,
        "{ append: port.host_ip, to: [a] }",
        &[
            "14:15 append | `append` does not fit `port.host_ip`, which is text | a single value takes `set` or `ensure`",
        ],
    );
    replaced(
        place,
        "{ st: port.host_ip, to: a }",
        &[
            "14:13 { st: port.host_ip, to: a } | an edit needs one of: set, ensure, append, remove, rename",
            "14:15 st | an edit has no key `st` | did you mean `set`?",
        ],
    );
    replaced(
        place,
        "{ set: port.host_ip, to: a }, { remove: port.host_ip }",
        &["14:43 { remove: port.host_ip } | two edits of one fix change `port.host_ip`"],
    );
    replaced(place, "{ set: port.host_ip }", &["14:15 set | an edit needs the key `to`"]);
    replaced(
        "edits: [{ set: port.host_ip, to: 127.0.0.1 }]",
        "repair: seal_store",
        &["14:13 seal_store | `seal_store` can't repair a `port` | it is for: store, healthcheck, url, login"],
    );
    replaced(
        "edits: [{ set: port.host_ip, to: 127.0.0.1 }]",
        "lines: x",
        &["13:20 safe | lines that a person should write are `manual`"],
    );
}

#[test]
fn severities_that_depend_on_a_field() {
    replaced(
        "severity: error",
        "severity: { by: port.exposure, pubic: error }",
        &[
            "8:13 by | a severity that depends on a field needs the key `else`",
            "8:32 pubic | `port.exposure` is never `pubic` | did you mean `public`?",
        ],
    );
}

#[test]
fn cases_and_examples() {
    let cases = "cases:\n  - where: { port.targt: 80 }\n  - message: a\n    foo: 1\nat:";
    replaced(
        "at:",
        cases,
        &[
            "11:14 port.targt | `port.targt` is not a field of `port` | did you mean `port.target`?",
            "13:5 foo | a case has no key `foo` | known are: where, severity, tier, message, help, at, also, fix, \
             follows",
        ],
    );
    replaced(
        "good: 'services: {}'",
        "good: { ../a.yaml: b }\n    fixed: c",
        &["17:13 ../a.yaml | `../a.yaml` is no path below the project", "18:12 c | a good example has no `fixed`"],
    );
}

#[test]
fn files_that_are_no_rule_at_all() {
    assert_eq!(shown(""), ["1:1  | the file is empty"]);
    assert_eq!(shown("- a\n"), ["1:1 - a | a rule must be a mapping"]);
    assert_eq!(shown("a: &x 1\nb: *x\n"), ["2:4 *x | aliases can't be used here"]);
    assert_eq!(shown("a: 1\n---\nb: 2\n"), ["3:1 b: 2 | there can be one YAML document only"]);
    assert!(!shown("a: [\n").is_empty());
}

#[test]
fn all_mistakes_of_a_file_come_at_once() {
    let rule = FINE.replace("public", "pblic").replace("error", "eror").replace("service.name", "service.nam");
    assert_eq!(mistakes(&rule).len(), 3);
}

#[test]
fn a_mistake_has_no_echo() {
    let rule = FINE.replace("public }", "public, port.published: { mtches: '^8' } }");
    let found = shown(&rule.replace("is open", "{{port.published}}"));
    assert_eq!(found, ["7:51 mtches | there is no operator `mtches` | did you mean `matches`?"]);
    let cases = FINE.replace("at:", "cases: [{ where: { port.target: 1 } }, { where: { port.target: 2 } }]\nat:");
    let found = shown(&cases.replace("service.name", "service.nam"));
    assert_eq!(found, ["9:13 service.nam | `service.nam` is not a field of `port` | did you mean `service.name`?"]);
}

proptest::proptest! {
    #[test]
    fn a_broken_file_has_problems_with_places_inside_it(at in 0..FINE.len(), cut in 0..20_usize, put in "[{}|'\"é:*& \n-]{0,4}") {
        let end = (at + cut).min(FINE.len());
        let text = [&FINE[..at], &put, &FINE[end..]].concat();
        for problem in mistakes(&text) {
            proptest::prop_assert!(text.get(problem.span.start..problem.span.end).is_some(), "{problem:?}");
        }
    }
}
