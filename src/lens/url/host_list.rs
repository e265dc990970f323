//! Lists of servers such as `label:host:port:database:password,…`, as Redis Commander takes them from `REDIS_HOSTS`
//! (docker/entrypoint.sh and README of its version 0.9.0).

use super::{Component, Password, StoreUrl, UrlForm};
use crate::lens::value::Secret;
use crate::text::{Edit, Span};

/// What is read in the place of fields that are left away, from the front and from the back.
const LABEL: &str = "default";
const FURTHER: [&str; 2] = ["6379", "0"];

/// The servers of a list. An entry that can't be read as one is left out.
pub fn host_list(text: &str) -> Vec<StoreUrl> {
    let mut servers = Vec::new();
    let mut at = 0;
    for entry in text.split_inclusive(|c: char| c == ',' || c.is_whitespace()) {
        let written = entry.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
        servers.extend(server(written, at));
        at += entry.len();
    }
    servers
}

fn server(entry: &str, start: usize) -> Option<StoreUrl> {
    let mut at = start;
    let fields: Vec<Component> = entry
        .split(':')
        .map(|field| {
            let span = Span::new(at, at + field.len());
            at += field.len() + 1;
            Component { text: field.to_owned(), span }
        })
        .collect();
    // A password that came out blank is none; any other blank field would move those behind it.
    let blank = fields.iter().position(|field| field.text.is_empty());
    if fields.len() > 5 || blank.is_some_and(|blank| blank != 4) {
        return None;
    }
    let (host, port, database, password) = match fields.as_slice() {
        [host] => (host, None, None, None),
        [_, host, rest @ ..] => (host, rest.first(), rest.get(1), rest.get(2)),
        [] => return None,
    };
    Some(StoreUrl {
        form: UrlForm::HostListEntry { entry: Span::new(start, start + entry.len()), fields: fields.len() },
        scheme: None,
        is_tls: false,
        user_info: password.map(|password| password.span),
        user: None,
        password: password.map(|password| Password { value: Secret::new(password.text.as_str()), span: password.span }),
        host: host.clone(),
        port: port.cloned(),
        database: database.cloned(),
        query: None,
        problems: Vec::new(),
    })
}

/// The changes that add `further` behind the fields of an entry, which has `fields` of them, up to a field of that number.
pub(super) fn with_field(entry: Span, fields: usize, number: usize, value: &str) -> Vec<Edit> {
    let label = (fields == 1).then(|| Edit::insert(entry.start, format!("{LABEL}:")));
    let between = FURTHER.iter().take(number - 3).skip(fields.max(2) - 2);
    let added: String = between.copied().chain([value]).flat_map(|field| [":", field]).collect();
    label.into_iter().chain([Edit::insert(entry.end, added)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{with_host, with_password};
    use super::*;
    use crate::text::EditSet;

    fn apply(text: &str, edits: Vec<Edit>) -> String {
        let mut set = EditSet::new();
        for edit in edits {
            set.insert(edit).expect("they are different places");
        }
        set.apply(text)
    }

    #[test]
    fn each_entry_gets_the_password_behind_its_database() {
        let cases = [
            ("redis", "default:redis:6379:0:pw"),
            ("local:redis", "local:redis:6379:0:pw"),
            ("local:redis:6380", "local:redis:6380:0:pw"),
            ("local:redis:6379:2", "local:redis:6379:2:pw"),
            ("local:redis:6379:2:old", "local:redis:6379:2:pw"),
            ("local:redis:6379:2:", "local:redis:6379:2:pw"),
            ("a:redis:6379, b:other:6379", "a:redis:6379:0:pw, b:other:6379:0:pw"),
        ];
        for (before, after) in cases {
            let edits = host_list(before).iter().flat_map(|server| with_password(server, "pw", "default")).collect();
            assert_eq!(apply(before, edits), after);
        }
    }

    #[test]
    fn an_entry_is_led_elsewhere() {
        let cases = [
            ("localhost", "default:cache:6380"),
            ("a:localhost", "a:cache:6380"),
            ("a:localhost:6379:1", "a:cache:6380:1"),
            ("a:cache:6380", "a:cache:6380"),
        ];
        for (before, after) in cases {
            let edits = host_list(before).iter().flat_map(|server| with_host(server, "cache", Some(6380))).collect();
            assert_eq!(apply(before, edits), after);
        }
    }

    #[test]
    fn what_is_no_entry_is_left_out() {
        assert!(host_list("").is_empty());
        assert!(host_list("a::6379").is_empty());
        assert!(host_list("a:redis:6379:0:pass:word").is_empty(), "the program would take `pass`");
        assert_eq!(host_list("x::1,a:redis").len(), 1);
    }
}
