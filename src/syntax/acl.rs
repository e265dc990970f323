//! Redis' access control lists: the `user` lines of an ACL file and of `redis.conf`, and who gets in by them.
//!
//! Measured with redis 7.0, 8.0 and valkey 9.1.

use std::fmt;

use sha2::{Digest, Sha256};

use super::redact::Redacted;
use super::redis_conf::RedisConf;
use super::{EscapeMap, Problem};
use crate::text::Span;

/// The users of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    /// In order. A name can be there only once; a second one is a problem.
    pub users: Vec<User>,
}

/// A user after all its rules, which start from nothing: off, no password, no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name; case counts.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// From the name to the last rule.
    pub span: Span,
    /// `on`.
    pub enabled: bool,
    /// The word `on` that counts, if there is one.
    pub on: Option<Span>,
    /// `nopass`: any password is right, and so is none for the default user.
    pub nopass: bool,
    /// Passwords in clear (`>password`).
    pub passwords: Vec<Credential>,
    /// SHA-256 hashes of passwords (`#hash`).
    pub hashes: Vec<Credential>,
    /// May run some command; without one, being in is worth nothing.
    pub has_commands: bool,
    /// May run `PING`, by which healthchecks ask: a command of the categories `@connection` and `@fast`, but not of `@read`.
    pub may_ping: bool,
}

/// What a server answers to a login, and then to `PING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// `PONG`.
    Pong,
    /// `WRONGPASS`: there is no such user.
    NoUser,
    /// `WRONGPASS`: the user is off.
    Off,
    /// `WRONGPASS`: it is not the user's password.
    WrongPassword,
    /// `NOPERM`: the login is right, but the user may not run `PING`.
    NoPermission,
}

/// A password or its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The password or the hash, without the sign before it.
    pub text: String,
    /// Where it stands, without the sign.
    pub span: Span,
}

/// How the server greets a client that does not log in: it is the user `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefaultUser {
    /// Everyone is in. `requirepass` does not help: it is ignored.
    Open,
    /// A password is asked for.
    Password,
    /// Nobody works as `default`: it is off, or may run no command.
    Off,
    /// The file does not speak of it. An ACL file then leaves the server open and `requirepass` ignored; in
    /// `redis.conf`, `requirepass` decides.
    NotDefined,
}

/// Reads an ACL file. Redis refuses to start if there is any problem. Words end at single spaces; neither quotes nor
/// comments exist.
pub fn parse(text: &str) -> (Acl, Vec<Problem>) {
    let mut acl = Acl::default();
    let mut problems = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let start = at + (line.len() - line.trim_start_matches(is_trimmed).len());
        let content = line.trim_matches(is_trimmed);
        at += line.len() + 1;
        if content.is_empty() {
            continue;
        }
        let mut word_start = start;
        let mut words = content.split(' ').map(|word| {
            let span = Span::new(word_start, word_start + word.len());
            word_start = span.end + 1;
            Word { text: word, span, escapes: None }
        });
        match (words.next(), words.next()) {
            (Some(Word { text: "user", .. }), Some(name)) => acl.add(&name, words, &mut problems),
            _ => {
                let span = Span::new(start, start + content.len());
                let problem = Problem::new(span, "a line must start with `user` and a name");
                problems.push(if content.starts_with('#') {
                    problem.with_help("ACL files have no comments: Redis does not start with one")
                } else {
                    problem
                });
            }
        }
    }
    (acl, problems)
}

/// Reads the `user` directives of a configuration file. Redis refuses to start if there is any problem.
pub fn from_conf(conf: &RedisConf) -> (Acl, Vec<Problem>) {
    let mut acl = Acl::default();
    let mut problems = Vec::new();
    for directive in conf.all("user") {
        let mut words =
            directive.args.iter().map(|arg| Word { text: &arg.value, span: arg.span, escapes: Some(&arg.escapes) });
        match words.next() {
            Some(name) => acl.add(&name, words, &mut problems),
            None => problems.push(Problem::new(directive.name_span, "`user` needs a name")),
        }
    }
    (acl, problems)
}

impl Acl {
    /// How a client that does not log in is greeted.
    pub fn default_user(&self) -> DefaultUser {
        match self.users.iter().find(|user| user.name == "default") {
            None => DefaultUser::NotDefined,
            Some(user) if !user.enabled || (user.nopass && !user.has_commands) => DefaultUser::Off,
            Some(user) if user.nopass => DefaultUser::Open,
            Some(_) => DefaultUser::Password,
        }
    }

    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// What the server answers to a login with a password, if these are all of its users. The user `default` has all rights and
    /// no password where nothing defines it.
    pub fn answer(&self, name: &str, password: &str) -> Answer {
        match self.user(name) {
            None if name == "default" => Answer::Pong,
            None => Answer::NoUser,
            Some(user) if !user.enabled => Answer::Off,
            Some(user) if !user.accepts(password) => Answer::WrongPassword,
            Some(user) if !user.may_ping => Answer::NoPermission,
            Some(_) => Answer::Pong,
        }
    }

    fn add<'a>(&mut self, name: &Word<'a>, rules: impl Iterator<Item = Word<'a>>, problems: &mut Vec<Problem>) {
        if name.text.is_empty() || name.text.contains([' ', '\0']) {
            problems.push(Problem::new(name.span, "this can't be the name of a user"));
            return;
        }
        if self.users.iter().any(|user| user.name == name.text) {
            problems.push(Problem::new(name.span, "the user is defined twice"));
            return;
        }
        let mut builder = Builder::new(name);
        for rule in rules {
            builder.user.span = builder.user.span.join(rule.span);
            builder.apply(&rule, problems);
        }
        if let Some(span) = builder.selector {
            problems.push(Problem::new(span, "unmatched parenthesis in a selector"));
        }
        self.users.push(builder.finish());
    }
}

impl User {
    fn accepts(&self, password: &str) -> bool {
        let hash = hex::encode(Sha256::digest(password));
        self.nopass
            || self.passwords.iter().any(|known| known.text == password)
            || self.hashes.iter().any(|known| known.text == hash)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("text", &Redacted(&self.text)).field("span", &self.span).finish()
    }
}

/// What Redis takes off both ends of a line.
fn is_trimmed(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A word of a `user` line.
struct Word<'a> {
    text: &'a str,
    span: Span,
    /// Where its bytes stand, if they were quoted.
    escapes: Option<&'a EscapeMap>,
}

impl Word<'_> {
    /// What follows the sign at its start.
    fn credential(&self) -> Credential {
        let text = self.text.get(1..).unwrap_or("").to_owned();
        let span = match self.escapes {
            Some(escapes) => escapes.source(1..self.text.len()),
            None => Span::new(self.span.start + 1, self.span.end),
        };
        Credential { text, span }
    }
}

/// Applies rules to a user, one by one.
struct Builder {
    user: User,
    /// Commands of the user itself, and of its selectors.
    root_commands: bool,
    selector_commands: bool,
    /// `PING` of the user itself, and of its selectors.
    root_ping: bool,
    selector_ping: bool,
    /// The parenthesis of the selector that is open.
    selector: Option<Span>,
}

impl Builder {
    fn new(name: &Word<'_>) -> Self {
        let user = User {
            name: name.text.to_owned(),
            name_span: name.span,
            span: name.span,
            enabled: false,
            on: None,
            nopass: false,
            passwords: Vec::new(),
            hashes: Vec::new(),
            has_commands: false,
            may_ping: false,
        };
        Self {
            user,
            root_commands: false,
            selector_commands: false,
            root_ping: false,
            selector_ping: false,
            selector: None,
        }
    }

    fn apply(&mut self, rule: &Word<'_>, problems: &mut Vec<Problem>) {
        if self.selector.is_some() || rule.text.starts_with('(') {
            self.apply_in_selector(rule);
            return;
        }
        let lower = rule.text.to_ascii_lowercase();
        self.root_ping = ping_after(&lower).unwrap_or(self.root_ping);
        match lower.as_str() {
            "on" => self.enable(Some(rule.span)),
            "off" => self.enable(None),
            "nopass" => {
                self.forget_passwords();
                self.user.nopass = true;
            }
            "resetpass" => self.forget_passwords(),
            "reset" => {
                self.forget_passwords();
                self.enable(None);
                self.root_commands = false;
                self.clear_selectors();
            }
            "clearselectors" => self.clear_selectors(),
            "allcommands" => self.root_commands = true,
            "nocommands" | "-@all" => self.root_commands = false,
            ""
            | "allkeys"
            | "resetkeys"
            | "allchannels"
            | "resetchannels"
            | "sanitize-payload"
            | "skip-sanitize-payload" => {}
            _ => self.apply_sign(rule, problems),
        }
    }

    fn apply_sign(&mut self, rule: &Word<'_>, problems: &mut Vec<Problem>) {
        match rule.text.as_bytes().first() {
            Some(b'>') => {
                self.user.nopass = false;
                self.user.passwords.push(rule.credential());
            }
            Some(b'#') if is_hash(&rule.text[1..]) => {
                self.user.nopass = false;
                self.user.hashes.push(rule.credential());
            }
            Some(b'<') => self.user.passwords.retain(|password| password.text != rule.text[1..]),
            Some(b'!') if is_hash(&rule.text[1..]) => self.user.hashes.retain(|hash| hash.text != rule.text[1..]),
            Some(b'#' | b'!') => {
                problems.push(Problem::new(rule.span, "a password hash must be 64 lower-case hexadecimal digits"));
            }
            Some(b'+') => self.root_commands = true,
            Some(b'-' | b'~' | b'%' | b'&') => {}
            _ => problems.push(Problem::new(rule.span, "Redis knows no such rule")),
        }
    }

    /// A selector runs from `(` to `)`, over several words.
    fn apply_in_selector(&mut self, rule: &Word<'_>) {
        let inner = rule.text.trim_start_matches('(').trim_end_matches(')');
        if inner.starts_with('+') || inner.eq_ignore_ascii_case("allcommands") {
            self.selector_commands = true;
        }
        self.selector_ping |= ping_after(&inner.to_ascii_lowercase()).unwrap_or(false);
        self.selector = if rule.text.ends_with(')') { None } else { self.selector.or(Some(rule.span)) };
    }

    fn enable(&mut self, on: Option<Span>) {
        self.user.enabled = on.is_some();
        self.user.on = on;
    }

    fn clear_selectors(&mut self) {
        self.selector_commands = false;
        self.selector_ping = false;
    }

    fn forget_passwords(&mut self) {
        self.user.nopass = false;
        self.user.passwords.clear();
        self.user.hashes.clear();
    }

    fn finish(self) -> User {
        User {
            has_commands: self.root_commands || self.selector_commands,
            may_ping: self.root_ping || self.selector_ping,
            ..self.user
        }
    }
}

/// Whether `PING` may be run after a rule in lower case; `None` for one that is not about it.
fn ping_after(rule: &str) -> Option<bool> {
    match rule {
        "allcommands" | "+@all" | "+@connection" | "+@fast" | "+ping" => Some(true),
        "nocommands" | "reset" | "-@all" | "-@connection" | "-@fast" | "-ping" => Some(false),
        _ => None,
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::redis_conf;
    use super::*;

    fn in_file(text: &str) -> (Acl, Vec<Problem>) {
        parse(text)
    }

    fn in_conf(text: &str) -> (Acl, Vec<Problem>) {
        from_conf(&redis_conf::parse(text).0)
    }

    #[test]
    fn the_default_user_decides_whether_the_server_is_open() {
        use DefaultUser::{NotDefined, Off, Open, Password};
        let hash = "#30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";
        let cases = [
            ("user default on >pw ~* &* +@all", Password),
            ("user default on >pw ~* +@all", Password),
            (&format!("user default on {hash} ~* +@all"), Password),
            ("user default off", Off),
            ("user default on nopass +@all ~*", Open),
            ("user default   ON  NoPass +@all ~*", Open),
            ("user default on nopass -@all +ping ~*", Open),
            ("user default on nopass (+@all ~* &*)", Open),
            ("user default on nopass ( +@all ~* )", Open),
            ("user default on nopass", Off),
            ("user default on nopass +@all nocommands", Off),
            ("user default on +@all", Password),
            ("user default on >pw nopass +@all", Open),
            ("user default nopass on >pw +@all", Password),
            ("user default on nopass +@all resetpass", Password),
            ("user default on nopass +@all reset", Off),
            ("user app on >pw ~* +@all", NotDefined),
            ("user Default on nopass +@all", NotDefined),
            ("user app on >pw ~* +@all\nuser default off", Off),
            ("", NotDefined),
        ];
        for (text, expected) in cases {
            for (acl, problems) in [in_file(text), in_conf(text)] {
                assert_eq!(problems, vec![], "{text}");
                assert_eq!(acl.default_user(), expected, "{text}");
            }
        }
    }

    #[test]
    fn users_have_their_passwords_with_their_places() {
        let text = "\r\n  user app on >one >two <two >three\\ ~* +@all \r\n";
        let (acl, problems) = in_file(text);
        assert_eq!(problems, vec![]);
        let user = &acl.users[0];
        assert_eq!(user.span.slice(text), "app on >one >two <two >three\\ ~* +@all");
        let places: Vec<_> = user.passwords.iter().map(|password| password.span.slice(text)).collect();
        assert_eq!(places, ["one", "three\\"]);
        assert_eq!(user.passwords[1].text, "three\\");

        let conf = r#"user app on ">a\x62 c" +@all"#;
        let password = &in_conf(conf).0.users[0].passwords[0];
        assert_eq!((password.text.as_str(), password.span.slice(conf)), ("ab c", r"a\x62 c"));
    }

    #[test]
    fn a_login_is_answered_as_redis_does() {
        let text = "user default off\n\
            user root on >one >two ~* +@all\n\
            user hashed on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 +@all\n\
            user reader on >r +@read -@dangerous\n\
            user asker on >r +@connection\n\
            user selected on >r (+ping)\n\
            user barred on >r +@all -ping\n\
            user any on nopass +ping\n\
            user left off >r +@all";
        let (acl, problems) = in_file(text);
        assert_eq!(problems, vec![]);
        let rows = [
            ("root", "two", Answer::Pong),
            ("root", "three", Answer::WrongPassword),
            ("hashed", "pw", Answer::Pong),
            ("hashed", "other", Answer::WrongPassword),
            ("reader", "r", Answer::NoPermission),
            ("asker", "r", Answer::Pong),
            ("selected", "r", Answer::Pong),
            ("barred", "r", Answer::NoPermission),
            ("any", "thing", Answer::Pong),
            ("left", "r", Answer::Off),
            ("default", "one", Answer::Off),
            ("nobody", "one", Answer::NoUser),
        ];
        for (name, password, expected) in rows {
            assert_eq!(acl.answer(name, password), expected, "{name} {password}");
        }
        assert_eq!(in_file("user app on >pw +@all").0.answer("default", "any"), Answer::Pong);
    }

    #[test]
    fn what_redis_does_not_start_with_is_a_problem() {
        let cases = [
            ("user default on nopass\n# comment", "# comment"),
            ("USER default on", "USER default on"),
            ("user", "user"),
            ("user  default on", ""),
            ("user a on\nuser a off", "a"),
            ("user a on bogus", "bogus"),
            ("user a on \"#x\"", "\"#x\""),
            ("user a on #12", "#12"),
            ("user a on (+@all ~*", "(+@all"),
        ];
        for (text, place) in cases {
            let (_, problems) = in_file(text);
            assert_eq!(problems.iter().map(|problem| problem.span.slice(text)).collect::<Vec<_>>(), [place], "{text}");
        }
        assert_eq!(in_conf("user").1.len(), 1);
    }

    #[test]
    fn debug_output_shows_no_password() {
        let hash = "30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";
        let shown = format!("{:?}", in_file(&format!("user a on >hunter2 #{hash}")));
        assert!(!shown.contains("hunter2") && !shown.contains(hash));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_spans_hold_what_they_claim(
            text in r#"(user |default |on |nopass |>|#|<|!|\(|\)|["\\ \r\n]|\PC){0,30}"#,
        ) {
            for (acl, problems) in [in_file(&text), in_conf(&text)] {
                for user in &acl.users {
                    prop_assert!(user.span.contains(user.name_span));
                    for password in &user.passwords {
                        prop_assert!(text.get(password.span.start..password.span.end).is_some());
                    }
                }
                prop_assert!(problems.iter().all(|problem| text.get(problem.span.start..problem.span.end).is_some()));
            }
            for password in in_file(&text).0.users.iter().flat_map(|user| &user.passwords) {
                prop_assert_eq!(password.span.slice(&text), &password.text);
            }
        }
    }
}
