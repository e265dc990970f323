use std::collections::BTreeSet;

use super::UrlProblemKind as Kind;
use super::*;
use crate::lens::example_store::schemes;
use crate::text::EditSet;

fn url(text: &str) -> StoreUrl {
    match UrlReading::parse(text, &schemes()) {
        UrlReading::Url(url) => *url,
        other => panic!("{text}: {other:?}"),
    }
}

fn kinds(text: &str) -> Vec<Kind> {
    url(text).problems.iter().map(|problem| problem.kind).collect()
}

fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut set = EditSet::new();
    for edit in edits {
        set.insert(edit).expect("they do not overlap");
    }
    set.apply(text)
}

#[test]
fn what_all_clients_read_has_no_problem() {
    for text in [
        "redis://store:6379",
        "redis://store/3",
        "redis://store",
        "redis://10.1.2.3:6379/0",
        "redis://my_store:6379/0",
        "redis://Store:6379",
        "redis://[::1]:6379",
        "redis://[fe80::1]/2",
        "redis://:pw@store:6379/0",
        "redis://default:pw@store:6379/15",
        "rediss://:pw@[::1]:6379/0",
        "REDIS://:pw@store:6379/0",
        "redis://:a+b=@store:6379",
        "redis://:a@b@store:6379",
        "redis://:a:b@store:6379",
        "redis://:a b@store:6379",
        "redis://:a;b,c@store:6379",
        "redis://:a!$&*()'b@store:6379",
        "redis://:a%2Fb%23@store:6379",
        "redis://:a-._~b@store:6379/00",
        "redis://:pw@store:6379/",
        "redis://:pw@store:/0",
        "redis://:pw@store:0/0",
        "redis://:pw@store:6379/0 ",
        "redis://:pw@store:6379/0\r",
        "redis://:pw@store:6379?db=0",
        "redis://:pw@store:6379/0?mail=a@b",
        "redis://:pw@store:6379/0#part",
        "redis://:@store:6379",
        "redis://@store:6379",
        "redis://user:@store:6379",
        "redis://default@store:6379",
        "redis:///0",
        "redis://",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn what_no_client_reads_as_it_was_meant_is_named() {
    let rows = [
        ("//store:6379", Kind::NetworkPath, "//"),
        ("//:pw@store:6379/0", Kind::NetworkPath, "//"),
        (":pw@store:6379/0", Kind::MissingScheme, ""),
        ("user:pw@store", Kind::MissingScheme, ""),
        ("redis:://:pw@store:6379/0", Kind::MisspeltScheme, "redis:"),
        ("redis ://:pw@store:6379/0", Kind::MisspeltScheme, "redis "),
        ("redis//:pw@store:6379/0", Kind::MisspeltScheme, "//"),
        ("redsi://store", Kind::MisspeltScheme, "redsi"),
        ("reddis://store", Kind::MisspeltScheme, "reddis"),
        ("redisss://store", Kind::MisspeltScheme, "redisss"),
        ("redis+tls://:pw@store:6379/0", Kind::MisspeltScheme, "redis+tls"),
        ("http://:pw@store:6379/0", Kind::OtherScheme, "http"),
        ("redis:/:pw@store:6379/0", Kind::Slashes, ":/"),
        ("redis:/store:6379/0", Kind::Slashes, ":/"),
        ("redis:store:6379", Kind::Slashes, ":"),
        ("redis:///:pw@store:6379/0", Kind::Slashes, "/"),
        ("redis://Secr3t@store:6379", Kind::PasswordAsUser, "Secr3t"),
        ("redis://:a/b@store:6379/0", Kind::UnescapedPassword, "/"),
        ("redis://:a#b@store:6379/0", Kind::UnescapedPassword, "#"),
        ("redis://:a?b@store:6379/0", Kind::UnescapedPassword, "?"),
        ("redis://:a/b+c=/d==@store", Kind::UnescapedPassword, "/b+c=/"),
        ("redis://user:12/34@store:6379", Kind::UnescapedPassword, "/"),
        ("redis://:pwstore:6379/0", Kind::At, ":pwstore:6379"),
        ("redis://:pw@@store:6379/0", Kind::At, "@"),
        ("\"redis://:pw@store:6379/0\"", Kind::Quotes, "\"redis://:pw@store:6379/0\""),
        ("'redis://store'", Kind::Quotes, "'redis://store'"),
        (" redis://store", Kind::Blank, " "),
        ("redis://:pw@store :6379/0", Kind::Blank, " "),
        ("redis://:pw@sto re:6379/0", Kind::Blank, " "),
        ("redis://:pw@store:637900/0", Kind::Port, "637900"),
        ("redis://:pw@store:63x9/0", Kind::Port, "63x9"),
        ("redis://:pw@store:-1/0", Kind::Port, "-1"),
        ("redis://:pw@::1:6379/0", Kind::Brackets, "::1:6379"),
        ("redis://:pw@store:6379/-1", Kind::Database, "-1"),
        ("redis://store/zero", Kind::Database, "zero"),
        ("redis://store/1.5", Kind::Database, "1.5"),
        ("redis://store/0/1", Kind::Database, "0/1"),
        ("redis://:${PW:-a/b}@store:6379/0", Kind::Variable, "${PW:-a/b}"),
        ("redis://:$REDIS_PASSWORD@store:6379/0", Kind::Variable, "$REDIS_PASSWORD"),
        ("redis://store:${PORT}/0", Kind::Variable, "${PORT}"),
        ("redis://:pw@:6379/0", Kind::EmptyHost, ""),
        ("redis://:6379", Kind::EmptyHost, ""),
    ];
    for (text, kind, place) in rows {
        let problems = url(text).problems;
        let [problem] = problems.as_slice() else { panic!("{text}: {problems:?}") };
        assert_eq!((problem.kind, problem.span.slice(text)), (kind, place), "{text}");
    }
}

#[test]
fn hosts_and_what_only_some_clients_read_are_let_be() {
    for text in
        ["", " ", "store", "store:6379", "store:6379/0", "redis:6379", "redis:6379/0", "a:1,b:2", "a b: c@d", "redis"]
    {
        assert_eq!(UrlReading::parse(text, &schemes()), UrlReading::NotAUrl, "{text}");
    }
    for text in [
        "unix:///tmp/r.sock",
        "redis+sentinel://:pw@a:26379/0",
        "sentinel://a:26379",
        "redis://:pw@a:6379,b:6379/0",
        "redis:///tmp/r.sock",
    ] {
        assert_eq!(UrlReading::parse(text, &schemes()), UrlReading::NotJudged, "{text}");
    }
}

#[test]
fn parts_know_their_places() {
    let text = "rediss://app:p%2Fw@[::1]:6380/2?x=1#y";
    let url = url(text);
    let part = |component: &Option<Component>| component.as_ref().map(|component| component.span.slice(text));
    assert_eq!(part(&url.scheme), Some("rediss"));
    assert_eq!(part(&url.user), Some("app"));
    assert_eq!(url.password.as_ref().map(|password| password.value.reveal()), Some("p/w"));
    assert_eq!(url.password.as_ref().map(|password| password.span.slice(text)), Some("p%2Fw"));
    assert_eq!((url.host.text.as_str(), url.host.span.slice(text)), ("::1", "[::1]"));
    assert_eq!(url.port_number(), Some(6380));
    assert_eq!(part(&url.database), Some("2"));
    assert_eq!(url.query.map(|query| query.slice(text)), Some("x=1"));
    assert!(url.is_tls && url.has_password());
}

#[test]
fn a_password_is_not_shown_for_debugging_even_where_it_is_misplaced() {
    for text in [
        "redis://:hunter2@store",
        "redis://Hunter2@store",
        "redis://:hunter2store:6379",
        "redis://:a/hunter2@store",
        ":hunter2@store",
    ] {
        let shown = format!("{:?}", url(text)).to_lowercase();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn certain_fixes_leave_no_problem() {
    let rows = [
        ("//:pw@store", "redis://:pw@store"),
        (":pw@store:6379", "redis://:pw@store:6379"),
        ("redis:://store", "redis://store"),
        ("redis//store", "redis://store"),
        ("redis:/store", "redis://store"),
        ("redis:///:pw@store/0", "redis://:pw@store/0"),
        ("redis+tls://store", "rediss://store"),
        ("redis://Secr3t@store", "redis://:Secr3t@store"),
        ("redis://:a/b#c@store", "redis://:a%2Fb%23c@store"),
        ("redis://:pw@@store", "redis://:pw@store"),
        ("\"redis://store\"", "redis://store"),
        ("redis://store :6379", "redis://store:6379"),
    ];
    for (text, expected) in rows {
        let fix = url(text).problems.into_iter().flat_map(|problem| problem.fix).collect();
        assert_eq!(apply(text, fix), expected);
        assert_eq!(kinds(expected), [], "{expected}");
    }
}

#[test]
fn a_password_is_put_in_and_nothing_else_changes() {
    let rows = [
        ("redis://store:6379/0", "redis://default:REF@store:6379/0"),
        ("redis://:old@store:6379/0", "redis://default:REF@store:6379/0"),
        ("redis://:@store", "redis://default:REF@store"),
        ("redis://@store", "redis://default:REF@store"),
        ("redis://app:old@store", "redis://app:REF@store"),
        ("redis://app:@store", "redis://app:REF@store"),
        ("redis://default@store", "redis://default:REF@store"),
        ("redis://Secr3t@store", "redis://default:REF@store"),
        ("redis://:${PW}@store", "redis://default:REF@store"),
        ("redis://:a/b@store/1?x=y", "redis://default:REF@store/1?x=y"),
        ("rediss://[::1]:1", "rediss://default:REF@[::1]:1"),
    ];
    for (text, expected) in rows {
        assert_eq!(apply(text, with_password(&url(text), "REF", "default")), expected);
    }
}

#[test]
fn a_host_is_replaced_and_nothing_else() {
    let rows = [
        ("redis://localhost:6379/0", "store", None, "redis://store:6379/0"),
        ("redis://:pw@localhost", "store", Some(6379), "redis://:pw@store:6379"),
        ("redis://localhost:16379/0", "store", Some(6379), "redis://store:6379/0"),
        ("redis://:pw@:6379", "store", None, "redis://:pw@store:6379"),
        ("redis://localhost:6379", "::1", None, "redis://[::1]:6379"),
        ("redis://store:6379", "store", Some(6379), "redis://store:6379"),
    ];
    for (text, host, port, expected) in rows {
        assert_eq!(apply(text, with_host(&url(text), host, port)), expected);
    }
}

#[test]
fn passwords_are_encoded_where_they_must_be() {
    let url = url("redis://redis:6379");
    assert_eq!(literal_password(&url, "a/b+c=é~"), "a%2Fb%2Bc%3D%C3%A9~");
    assert_eq!(cannot_hold(&url, "0123abc-._~+="), BTreeSet::new());
    assert_eq!(cannot_hold(&url, "a/b#c?d%e/"), BTreeSet::from(['#', '%', '/', '?']));
    let entry = &host_list("a:redis:6379")[0];
    assert_eq!(literal_password(entry, "a/b"), "a/b");
    assert_eq!(cannot_hold(entry, "a/b,c:d"), BTreeSet::from([',', ':']));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(redis)?[a-z:/@?#$\\{\\}\\[\\]\" 0é\u{a0},]{0,30}") {
        if let UrlReading::Url(url) = UrlReading::parse(&text, &schemes()) {
            apply(&text, with_password(&url, "REF", "default"));
            apply(&text, with_host(&url, "h", Some(1)));
            for problem in url.problems {
                apply(&text, problem.fix);
            }
        }
    }
}
