//! Minimal changes to a URL.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::host_list::with_field;
use super::setting::with_setting;
use super::{StoreUrl, UrlForm, UrlProblemKind};
use crate::text::{Edit, Span};

/// All but what a URL never gives a meaning.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The changes after which `url` carries `reference` as its password: a text that is right in a URL, such as
/// `${REDIS_PASSWORD:?…}` or what [`literal_password`] gives. A user stays; where there is none, it is `default_user`,
/// since redis-cli and node-redis 4 do not take a URL without one everywhere. Places are bytes of the text that was read.
pub fn with_password(url: &StoreUrl, reference: &str, default_user: &str) -> Vec<Edit> {
    let added = match &url.form {
        UrlForm::Url => None,
        UrlForm::HostListEntry { entry, fields } => Some(with_field(*entry, *fields, 5, reference)),
        UrlForm::Setting { password, quote } => Some(vec![with_setting(url.host.span, *quote, password, reference)]),
    };
    if let Some(added) = added {
        return url.password.as_ref().map_or(added, |password| vec![Edit::replace(password.span, reference)]);
    }
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
        (Some(port), None) => match &url.form {
            UrlForm::HostListEntry { entry, fields } => {
                edits.extend(with_field(*entry, *fields, 3, &port.to_string()));
            }
            UrlForm::Url => edits.push(Edit::insert(Span::at(url.host.span.end).end, format!(":{port}"))),
            UrlForm::Setting { .. } => {}
        },
    }
    edits
}

/// `password` as it must stand in `url`.
pub fn literal_password(url: &StoreUrl, password: &str) -> String {
    match &url.form {
        UrlForm::Url => utf8_percent_encode(password, ENCODED).to_string(),
        UrlForm::HostListEntry { .. } | UrlForm::Setting { .. } => password.to_owned(),
    }
}

/// The characters of `password` with which it can't be put into `url` by interpolation. In a URL they must be
/// percent-encoded: `/`, `?` and `#` end it, `%` starts an escape, clients differ about `[`, `]` and `;` (kombu parts
/// several URLs there), and a second `@` and blanks are taken by clients, but not by much else. A list has no escapes, and in
/// a setting they would have to be written as such.
pub fn cannot_hold(url: &StoreUrl, password: &str) -> BTreeSet<char> {
    let special = match &url.form {
        UrlForm::Url => "/?#%[];@",
        UrlForm::HostListEntry { .. } => ":,\"\\",
        UrlForm::Setting { .. } => "'\"\\#",
    };
    password.chars().filter(|c| special.contains(*c) || c.is_whitespace() || c.is_control()).collect()
}
