//! What the rules of caulk say, word for word.

use super::{Action, BuiltIn, FieldValue, RuleSet, Severity, Tier, View};

struct Fields<'a>(&'a [(&'a str, FieldValue)]);

impl View for Fields<'_> {
    fn field(&self, name: &str) -> FieldValue {
        match name {
            "service.admin" | "port.allowed" => FieldValue::Bool(false),
            "service.name" => FieldValue::text("cache"),
            _ => FieldValue::Absent,
        }
        .or(self.0.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone()))
    }
}

impl FieldValue {
    fn or(self, other: Option<Self>) -> Self {
        other.unwrap_or(self)
    }
}

fn text(text: &str) -> FieldValue {
    FieldValue::text(text)
}

/// `severity: message (title of each fix)`
fn said(rule: &str, fields: &[(&str, FieldValue)]) -> Option<String> {
    let found = RuleSet::built_in().rule(rule).expect("caulk has it").apply(&Fields(fields))?;
    let titles: Vec<_> = found.fixes.iter().map(|fix| format!(" ({})", fix.title)).collect();
    Some(format!("{}: {}{}", found.severity.as_str(), found.message, titles.concat()))
}

#[test]
fn public_port() {
    let base = [("port.exposure", text("public")), ("port.description", text("6379"))];
    let with = |further: &[(&'static str, FieldValue)]| said("public-port", &[&base, further].concat());
    let redis = ("port.store", text("redis"));
    let rows = [
        (
            with(std::slice::from_ref(&redis)),
            "error: `cache` publishes redis port 6379 on every address (Publish port 6379 of `cache` for this host only)",
        ),
        (
            with(&[redis.clone(), ("port.address_source", text("`BIND_IP` is empty (.env:4)"))]),
            "error: `BIND_IP` is empty (.env:4), so `cache` publishes redis port 6379 on every address \
             (Publish port 6379 of `cache` for this host only)",
        ),
        (
            with(&[redis, ("port.host_ip", text("::"))]),
            "error: `cache` publishes redis port 6379 on every address (Publish port 6379 of `cache` for this host only)",
        ),
        (
            with(&[("service.admin", FieldValue::Bool(true))]),
            "warning: `cache` is an admin interface, and port 6379 is published on every address \
             (Publish port 6379 of `cache` for this host only)",
        ),
        (
            with(&[]),
            "info: `cache` publishes port 6379 on every address (Publish port 6379 of `cache` for this host only)",
        ),
    ];
    for (found, expected) in rows {
        assert_eq!(found.as_deref(), Some(expected));
    }
    assert_eq!(with(&[("port.store", FieldValue::Unknown)]), None);
    assert_eq!(said("public-port", &[("port.exposure", text("specific"))]), None);

    let web = RuleSet::built_in().rule("public-port").and_then(|rule| rule.apply(&Fields(&base)));
    assert_eq!(web.map(|found| found.tier), Some(Tier::Default), "whoever looks is told, as an info");
}

#[test]
fn store_no_auth() {
    let with = |auth: &str, reach: &str| {
        let reason = ("store.auth_reason", text("no `--requirepass`"));
        let store = [("store.title", text("Redis")), ("store.auth", text(auth)), ("store.reach", text(reach)), reason];
        said("store-no-auth", &store)
    };
    let fix = " (Give `cache` a password, and its clients with it)";
    let rows = [
        ("open", "published", "error: `cache` (Redis) is open: no password, and its port can be reached from outside"),
        ("open", "host", "error: `cache` (Redis) is open: no password, and it listens on the network of the host"),
        ("open", "shared", "error: `cache` (Redis) is open: no password, on a network that other projects share"),
        (
            "open",
            "project",
            "warning: `cache` (Redis) has no password: every container on its network can read and write",
        ),
        (
            "open",
            "unknown",
            "warning: `cache` (Redis) has no password: every container on its network can read and write",
        ),
        ("certificates", "published", "info: `cache` (Redis) has no password, and lets in whoever has a certificate"),
        ("refuses", "published", "warning: `cache` (Redis) does not start: its password is missing"),
    ];
    for (auth, reach, expected) in rows {
        let end =
            if auth == "certificates" { " - `tls-auth-clients`".into() } else { format!(" - no `--requirepass`{fix}") };
        assert_eq!(with(auth, reach), Some(format!("{expected}{end}")), "{auth} {reach}");
    }
    for auth in ["password", "acl", "unknown"] {
        assert_eq!(with(auth, "published"), None, "{auth}");
    }
}

#[test]
fn healthchecks() {
    let with = |rule: &str, auth: &str, credential: &str, verdict: &str| {
        let client = ("healthcheck.client", text("redis-cli"));
        let check = [("healthcheck.credential", text(credential)), ("healthcheck.verdict", text(verdict))];
        said(rule, &[&[client, ("store.auth", text(auth))], &check[..]].concat())
    };
    let no_auth = |verdict| with("healthcheck-no-auth", "password", "none", verdict);
    let fix = " (Let the healthcheck of `cache` log in)";
    let rows = [
        ("detects-refusal", "error: the healthcheck of `cache` presents no password, so it always fails"),
        (
            "ignores-refusal",
            "warning: the healthcheck of `cache` presents no password, and passes although the server refuses it",
        ),
        ("unknown", "warning: the healthcheck of `cache` presents no password"),
    ];
    for (verdict, expected) in rows {
        assert_eq!(no_auth(verdict), Some(format!("{expected}{fix}")));
    }
    let open = with("healthcheck-no-auth", "open", "none", "ignores-refusal");
    let will = "warning: the healthcheck of `cache` presents no password, and will pass whatever the server says once it asks for one";
    assert_eq!(open, Some(format!("{will}{fix}")));
    let looks = with("healthcheck-no-auth", "open", "none", "detects-refusal");
    let will =
        "warning: the healthcheck of `cache` presents no password, and will need one when the server asks for it";
    assert_eq!(looks, Some(format!("{will}{fix}")));
    for rule in ["healthcheck-no-auth", "healthcheck-ignores-refusal"] {
        assert_eq!(with(rule, "password", "unknown", "ignores-refusal"), None);
        assert_eq!(with(rule, "password", "presented", "detects-refusal"), None);
    }
    assert_eq!(
        with("healthcheck-ignores-refusal", "password", "presented", "ignores-refusal").as_deref(),
        Some(
            "warning: the healthcheck of `cache` would pass even if the server refused its password \
             (Let the healthcheck of `cache` look at the answer)"
        )
    );
}

#[test]
fn urls() {
    let url = |fields: &[(&'static str, FieldValue)]| -> Vec<(&'static str, FieldValue)> {
        let base = [("url.variable", text("REDIS_URL")), ("url.form", text("url")), ("url.host", text("localhost"))];
        [&base, fields].concat()
    };
    let malformed = url(&[("url.problem", text("port")), ("url.problem_text", text("the port is no number"))]);
    assert_eq!(
        said("url-malformed", &malformed).as_deref(),
        Some("error: `REDIS_URL` can't be read: the port is no number")
    );
    let mendable = [&malformed[..], &[("url.is_mendable", FieldValue::Bool(true))]].concat();
    assert_eq!(
        said("url-malformed", &mendable).as_deref(),
        Some("error: `REDIS_URL` can't be read: the port is no number (Write the URL as clients read it)")
    );

    let server =
        [("url.server", text("redis")), ("url.server_auth", text("password")), ("url.credential", text("none"))];
    assert_eq!(
        said("url-no-password", &url(&server)).as_deref(),
        Some("error: `REDIS_URL` has no password, but `redis` asks for one (Give the clients of `redis` its password)")
    );
    assert_eq!(said("url-no-password", &[&malformed[..], &server].concat()), None, "what can't be read comes first");

    let itself = |in_container| {
        let further = [("url.reaches", text("itself")), ("url.in_container", FieldValue::Bool(in_container))];
        url(&[&further[..], &[("url.server_host", text("redis"))]].concat())
    };
    assert_eq!(
        said("url-wrong-host", &itself(true)).as_deref(),
        Some(
            "error: `REDIS_URL` says `localhost`, which inside a container is the container itself \
             (Use `redis` in place of `localhost`)"
        )
    );
    let nobody = [("url.reaches", text("nobody")), ("url.port", FieldValue::Number(6380))];
    assert_eq!(
        said("url-wrong-host", &[&nobody[..], &[("url.host", text("redis"))]].concat()).as_deref(),
        Some("warning: `a URL in the command` leads to port 6380 of `redis`, where nobody listens")
    );
}

#[test]
fn what_is_assumed_is_no_error() {
    let assumed = FieldValue::Text { text: "public".into(), assumed: Some("BIND_IP is not set".into()) };
    let fields = [("port.exposure", assumed), ("port.description", text("6379")), ("port.store", text("redis"))];
    let found = RuleSet::built_in().rule("public-port").and_then(|rule| rule.apply(&Fields(&fields)));
    let found = found.expect("it holds");
    assert_eq!((found.severity, found.assumes), (Severity::Warning, vec!["BIND_IP is not set".to_owned()]));
}

#[test]
fn an_explanation_has_all_that_a_person_needs() {
    let explanation = RuleSet::built_in().rule("store-no-auth").expect("caulk has it").explain();
    assert_eq!(
        explanation.severity,
        "error if `store.reach` is `published`, `host` or `shared`, else warning; info; warning"
    );
    assert_eq!(
        explanation.repairs,
        [format!("safe: Give `<service.name>` a password, and its clients with it ({})", BuiltIn::SealStore.doc())]
    );
    let sample = explanation.sample.expect("it has an example");
    let after = sample.after.expect("it is repaired");
    assert!(!sample.before.contains_key(".env") && after.contains_key(".env"));
    assert_ne!(sample.before["compose.yaml"], after["compose.yaml"]);

    let cut = RuleSet::built_in().rule("command-cut").expect("caulk has it").explain();
    assert_eq!((cut.repairs.len(), cut.sample.and_then(|sample| sample.after)), (0, None));
    let seals = |action: &Action| matches!(action, Action::Repair(BuiltIn::SealStore));
    let fields = [("store.title", text("Redis")), ("store.auth", text("open")), ("store.reach", text("host"))];
    let found = RuleSet::built_in().rule("store-no-auth").and_then(|rule| rule.apply(&Fields(&fields)));
    assert!(found.is_some_and(|found| found.fixes.iter().all(|fix| seals(&fix.action)) && !found.fixes.is_empty()));
}
