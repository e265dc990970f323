//! Minimal changes to a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{StoreUrl, UrlProblemKind};
use crate::text::{Edit, Span};

/// All but what a URL never gives a meaning.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The changes after which `url` carries `reference` as its password: a text that is right in a URL, such as
/// `${REDIS_PASSWORD:?…}` or what [`encode_password`] gives. A user stays; where there is none, it is `default_user`,
/// since redis-cli and node-redis 4 do not take a URL without one everywhere. Places are bytes of the text that was read.
pub fn with_password(url: &StoreUrl, reference: &str, default_user: &str) -> Vec<Edit> {
    let login = format!("{default_user}:{reference}");
    let lacks_colon = url.problems.iter().any(|problem| problem.kind == UrlProblemKind::PasswordAsUser);
    let edit = match (url.user_info, &url.user, &url.password) {
        (None, ..) => Edit::insert(url.host.span.start, format!("{login}@")),
        (Some(_), Some(_), Some(password)) => Edit::replace(password.span, reference),
        (Some(info), Some(_), None) if !lacks_colon => Edit::insert(info.end, format!(":{reference}")),
        (Some(info), ..) => Edit::replace(info, login),
    };
    vec![edit]
}

/// The changes after which `url` leads to `host`, and to `port` if one is given. An IPv6 address gets its brackets.
pub fn with_host(url: &StoreUrl, host: &str, port: Option<u16>) -> Vec<Edit> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut edits = Vec::new();
    if url.host.span.is_empty() || url.host.text != host {
        edits.push(Edit::replace(url.host.span, host));
    }
    match (port, &url.port) {
        (None, _) => {}
        (Some(port), Some(written)) if written.text == port.to_string() => {}
        (Some(port), Some(written)) => edits.push(Edit::replace(written.span, port.to_string())),
        (Some(port), None) => edits.push(Edit::insert(Span::at(url.host.span.end).end, format!(":{port}"))),
    }
    edits
}

/// `password` as it must stand in a URL.
pub fn encode_password(password: &str) -> String {
    utf8_percent_encode(password, ENCODED).to_string()
}

/// The characters of `password` that must be percent-encoded in a URL, so that the password can't be put there by
/// interpolation: `/`, `?` and `#` end it, `%` starts an escape, clients differ about `[`, `]` and `;` (kombu parts
/// several URLs there), and a second `@` and blanks are taken by clients, but not by much else.
pub fn not_raw(password: &str) -> Vec<char> {
    let mut found: Vec<char> =
        password.chars().filter(|c| "/?#%[];@".contains(*c) || c.is_whitespace() || c.is_control()).collect();
    found.sort_unstable();
    found.dedup();
    found
}
