//! Finds what must not be shown in a line of somebody's file: the places of known secrets, and whatever looks like a
//! password by where it stands.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::view::FileText;
use crate::text::Span;

/// The bytes of `line`, a span of `file`, that are secret, in order and without overlaps.
pub(super) fn secret_parts(file: &FileText, line: Span) -> Vec<Span> {
    let text = line.slice(file.text());
    let known = file
        .secrets()
        .iter()
        .map(|secret| Span { start: secret.start.max(line.start), end: secret.end.min(line.end) })
        .filter(|part| part.start < part.end);
    let guessed = guess(text).into_iter().map(|part| Span::new(part.start + line.start, part.end + line.start));
    merged(known.chain(guessed).collect())
}

/// `spans` in order, those that touch or overlap as one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// True if a part of `line` looks like a secret by where it stands.
pub(super) fn looks_secret(line: &str) -> bool {
    !guess(line).is_empty()
}

/// `value` with its secret parts replaced: `secrets`, all of it if one of them is not found in it, and what looks like
/// one. It stands below `key`; `before` is the word before it in a list.
pub(super) fn value(key: &str, before: &str, value: &str, secrets: &[String]) -> String {
    if secrets.iter().any(|secret| !value.contains(secret.as_str())) {
        return "***".to_owned();
    }
    let known = secrets.iter().filter(|secret| !secret.is_empty()).flat_map(|secret| {
        value.match_indices(secret.as_str()).map(|(start, found)| Span::new(start, start + found.len()))
    });
    let contexts = [format!("{key}: "), format!("{before} ")];
    let guessed = contexts.iter().flat_map(|context| {
        let parts = guess(&format!("{context}{value}")).into_iter().filter(|part| part.end > context.len());
        parts.map(|part| Span::new(part.start.max(context.len()) - context.len(), part.end - context.len()))
    });
    let mut shown = value.to_owned();
    for part in merged(known.chain(guessed).collect()).into_iter().rev() {
        shown.replace_range(part.start..part.end, "***");
    }
    shown
}

/// True if a variable of that name holds a secret, and not only the path of one.
pub(super) fn names_secret(name: &str) -> bool {
    static NAMES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"(?i){NAME}|(?:^|[_-])(?:pw|key)$")).expect("the pattern is valid"));
    let lower = name.to_ascii_lowercase();
    NAMES.is_match(name) && !lower.ends_with("file") && !lower.ends_with("path")
}

/// Words in the names of secrets.
const NAME: &str = r"(?:pass|pwd|secret|token|credential|api_?key|access_?key|private_?key|_auth\b|\bauth\b)";

/// Each pattern has its secret in the group `secret`. They take too much rather than too little.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // The password of a URL; it may hold any character as long as nobody escaped it.
        r#"://[^\s:/@"']*:(?<secret>[^\s"']+)@"#.to_owned(),
        // The same where slashes or colons are missing or too many, and a password that stands where the user belongs.
        r#"/:(?<secret>[^\s"'@]+)@"#.to_owned(),
        r#"(?i)[a-z]:?:?//?/?(?<secret>[^\s:/@"'$]+)@"#.to_owned(),
        // What a variable of a telling name is set to, up to the end of the line.
        format!(r#"(?i)(?<name>[\w.-]*{NAME}[\w.-]*)["']?\s*[:=]\s*["']?(?<secret>[^\s"'].*?)["'\]}}\s]*$"#),
        // The value that takes the place of such a variable.
        format!(r"(?i)\$\{{\w*{NAME}\w*:?-(?<secret>[^}}]+)"),
        // Options of servers and their clients, on a command line, in a list or in redis.conf.
        r#"(?i)\b(?:requirepass|masterauth|user-pass)["',=\s]+(?<secret>[^\s"',\]]+)"#.to_owned(),
        r#"(?i)--(?:pass|password|auth|token|secret)["',=\s]+(?<secret>[^\s"',\]]+)"#.to_owned(),
        r#"-cli\b.*?[\s"']-a["',\s]*(?<secret>[^\s"',\]]+)"#.to_owned(),
        r#"(?i)-cli\b.*?[\s"',]auth["',\s]+(?<secret>[^\s"',\]]+)"#.to_owned(),
        // Hashes as htpasswd and crypt make them; in a Compose file each dollar is doubled.
        r"(?<secret>\${1,2}(?:apr1|2[abxy]|[156y]|sha1)\$[^\s\x22',]+)".to_owned(),
        // Keys that begin as their maker's keys do.
        r"\b(?<secret>(?:[rs]k_(?:live|test)|whsec|gh[opsu]|github_pat|glpat|xox[abprs])[_-][\w-]{8,})".to_owned(),
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("the patterns are valid"))
    .collect()
});

/// A password of a user in an ACL file, or its hash; a line can hold several.
static USER_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s[<>#!](?<secret>\S+)").expect("the pattern is valid"));

/// A value that only says where the secret comes from: a variable, or a file. A bracket at the end may have been cut off.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let variable = r"\$\$?(?:\w+|\{\w+\}?|\{\w+:?-\}?|\{\w+:?[?+][^}]*\}?)";
    let file = r"(?:\$\$?\(|`)(?:cat\b|<)[^)`]*[)`]?";
    Regex::new(&format!(r#"^(?:{variable}|{file})["'\]}},]*$"#)).expect("the pattern is valid")
});

/// `line` with each quote that is escaped, for YAML, JSON or a shell, as quotes alone. All bytes stay where they are.
fn with_plain_quotes(line: &str) -> Cow<'_, str> {
    static ESCAPED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\\+(?<quote>["'])"#).expect("the pattern is valid"));
    ESCAPED.replace_all(line, |escaped: &Captures<'_>| escaped["quote"].repeat(escaped[0].len()))
}

fn guess(line: &str) -> Vec<Span> {
    let line = &*with_plain_quotes(line);
    let mut found = Vec::new();
    let of_users = line.split_whitespace().next().filter(|first| first.eq_ignore_ascii_case("user"));
    for pattern in PATTERNS.iter().chain(of_users.map(|_| &*USER_PASSWORD)) {
        let mut from = 0;
        while let Some(captures) = pattern.captures_at(line, from) {
            let Some(secret) = captures.name("secret") else { break };
            from = secret.end();
            if let Some(name) = captures.name("name").filter(|name| only_names(line, name.range())) {
                from = name.end();
            } else if !REFERENCE.is_match(secret.as_str()) {
                found.push(Span::from(secret.range()));
            }
        }
    }
    found
}

/// True if the variable at `name` is not set here but used, or holds the path of a secret.
fn only_names(line: &str, name: std::ops::Range<usize>) -> bool {
    let is_used = line.get(..name.start).is_some_and(|before| before.ends_with("${"));
    let name = line.get(name).unwrap_or("").to_ascii_lowercase();
    is_used || name.ends_with("file") || name.ends_with("path")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with each secret part replaced.
    fn masked(line: &str) -> String {
        let file = FileText::new(line.into(), Vec::new());
        let mut shown = line.to_owned();
        for part in secret_parts(&file, Span::new(0, line.len())).into_iter().rev() {
            shown.replace_range(part.start..part.end, "***");
        }
        shown
    }

    #[test]
    fn what_looks_like_a_password_is_masked_where_it_stands() {
        let cases = [
            ("REDIS_URL=redis://:hunter2@localhost:6379/0", "REDIS_URL=redis://:***@localhost:6379/0"),
            ("  URL: 'redis://app:p#a/s?s@redis:6379'", "  URL: 'redis://app:***@redis:6379'"),
            ("REDIS_PASSWORD=hunter2 and more # old", "REDIS_PASSWORD=***"),
            ("      - \"REDIS_PASSWORD=hunter2\"", "      - \"REDIS_PASSWORD=***\""),
            ("  REDISCLI_AUTH: hunter2", "  REDISCLI_AUTH: ***"),
            ("api_key: \"abc\"", "api_key: \"***\""),
            (
                "    command: redis-server --requirepass hunter2 --port 1",
                "    command: redis-server --requirepass *** --port 1",
            ),
            (
                "command: [\"redis-server\", \"--requirepass\", \"hunter2\"]",
                "command: [\"redis-server\", \"--requirepass\", \"***\"]",
            ),
            ("test: redis-cli -h x -a hunter2 ping", "test: redis-cli -h x -a *** ping"),
            ("requirepass hunter2", "requirepass ***"),
            (
                r#"command: ["sh", "-c", "redis-server --requirepass \"hunter2\""]"#,
                r#"command: ["sh", "-c", "redis-server --requirepass \"***\""]"#,
            ),
            (
                r#"command: ["sh", "-c", "redis-server --requirepass '$$X-hunter2'"]"#,
                r#"command: ["sh", "-c", "redis-server --requirepass '***'"]"#,
            ),
            ("command: sh -c 'redis-cli -a $$(echo hunter2) ping'", "command: sh -c 'redis-cli -a *** hunter2) ping'"),
            ("user default on >hunter2 ~* +@all", "user default on >*** ~* +@all"),
            ("  user app on >one ~* <two #3f +@all", "  user app on >*** ~* <*** #*** +@all"),
            ("X: ${DB_PASSWORD:-hunter2}", "X: ${DB_PASSWORD:-***}"),
            ("X: ${DB_PASSWORD:-hunter2} TOKEN=abc", "X: ${DB_PASSWORD:-***} TOKEN=***"),
            ("URL: redis://:${REDIS_PASSWORD:-hunter2}@redis", "URL: redis://:***@redis"),
        ];
        for (line, expected) in cases {
            assert_eq!(masked(line), expected);
        }
    }

    #[test]
    fn only_the_password_of_a_value_is_masked_however_many_ways_lead_to_it() {
        let cases: [(&str, &str, &str, &[&str], &str); 8] = [
            ("URL", "", "redis://:lima-bean-9@redis:6379/0", &[], "redis://:***@redis:6379/0"),
            ("URL", "", "redis://:lima-bean-9@redis:6379/0", &["lima-bean-9"], "redis://:***@redis:6379/0"),
            ("URL", "", "redis://u:lima-bean-9@redis:6379/0", &["lima-bean-9"], "redis://u:***@redis:6379/0"),
            (
                "command[2]",
                "-u",
                "redis-cli -u redis://:lima-bean-9@redis ping",
                &[],
                "redis-cli -u redis://:***@redis ping",
            ),
            ("command[2]", "--requirepass", "lima-bean-9", &[], "***"),
            ("DB_PASSWORD", "--pass", "x", &["x"], "***"),
            ("X", "", "a=bean;b=lima-bean-9", &["bean", "lima-bean-9"], "a=***;b=***"),
            ("X", "", "an escaped one", &["\"one\""], "***"),
        ];
        for (key, before, text, secrets, expected) in cases {
            let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
            assert_eq!(value(key, before, text, &secrets), expected);
        }
    }

    #[test]
    fn what_only_names_a_secret_is_shown() {
        let lines = [
            "redis:",
            "      - \"6379:6379\"",
            "REDIS_URL=redis://redis:6379/0",
            "  URL: redis://default:${REDIS_PASSWORD}@redis:6379/0",
            "  REDIS_PASSWORD: ${REDIS_PASSWORD:?set it in .env}",
            "  REDIS_PASSWORD: ${REDIS_PASSWORD}",
            "  REDIS_PASSWORD: \"${REDIS_PASSWORD:-}\"\r",
            "  - REDISCLI_AUTH=$REDIS_PASSWORD",
            "command: redis-server --requirepass ${REDIS_PASSWORD:?set it}",
            "command: sh -c 'redis-cli -a $$REDIS_PASSWORD ping'",
            r#"command: ["sh", "-c", "redis-server --requirepass \"$$REDIS_PASSWORD\""]"#,
            r#"command: ["sh", "-c", "redis-server --requirepass \"$${REDIS_PASSWORD}\" --port 1"]"#,
            r#"command: "sh -c 'redis-server --requirepass \"$${REDIS_PASSWORD:?set it}\"'""#,
            r#"command: "sh -c \"redis-server --requirepass \\\"$$REDIS_PASSWORD\\\"\"""#,
            "command: [sh, -c, 'redis-server --requirepass ''$$REDIS_PASSWORD''']",
            "command: sh -c \"redis-server --requirepass '$$REDIS_PASSWORD'\"",
            "command: sh -c 'redis-server --requirepass \"$$(cat /run/secrets/redis)\"'",
            "command: sh -c 'redis-server --requirepass $$(cat /run/secrets/redis) --port 1'",
            "command: sh -c 'redis-server --requirepass `cat /run/secrets/redis`'",
            "command: sh -c 'redis-server $${REDIS_PASSWORD:+--requirepass $$REDIS_PASSWORD}'",
            r#"  REDIS_PASSWORD: "\"${REDIS_PASSWORD}\"""#,
            "  REDIS_PASSWORD_FILE: /run/secrets/redis",
            "REDIS_PASSWORD=",
            "secrets:",
        ];
        for line in lines {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn known_secrets_are_masked_wherever_they_stand() {
        let text = "a: 1\nodd: hunter2 x\n";
        let at = text.find("hunter2").expect("it is there");
        let file = FileText::new(text.into(), vec![Span::new(at, at + 7)]);
        let line = file.line(1).expect("a second line");
        assert_eq!(secret_parts(&file, line), [Span::new(at, at + 7)]);
        assert_eq!(secret_parts(&file, file.line(0).expect("a first line")), []);
    }
}
