//! URLs of a store: their parts with their places, and what clients can't read about them.
//! Measured with redis-py 8.1, kombu 5.7, ioredis 5 and 6, node-redis 4 and 6, and redis-rs 1.8.

mod edit;
mod host_list;
mod parse;
mod setting;

use std::fmt;

use super::value::Secret;
use crate::catalog::UrlSchemes;
use crate::text::{Edit, Span};

pub use edit::{cannot_hold, literal_password, with_host, with_password};
pub use host_list::host_list;
pub use setting::setting;

/// What a value is that should be a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlReading {
    /// It is none, and does not try to be: empty, a host, or a host with a port.
    NotAUrl,
    /// It is of a kind that only some clients read: sentinels, clusters, sockets, lists of hosts.
    NotJudged,
    /// It is a URL, or was meant as one.
    Url(Box<StoreUrl>),
}

impl UrlReading {
    /// Reads `text` as the container gets it; all spans are bytes of it.
    pub fn parse(text: &str, schemes: &UrlSchemes) -> Self {
        parse::parse(text, schemes)
    }
}

/// How the parts are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlForm {
    /// As a URL.
    Url,
    /// As an entry of a list of servers.
    HostListEntry {
        /// The entry.
        entry: Span,
        /// How many of the five fields it has.
        fields: usize,
    },
    /// As settings of a program: one with the host, one with the password.
    Setting {
        /// The name of the setting with the password.
        password: String,
        /// The quote of the host.
        quote: char,
    },
}

/// A URL, or what carries the same, and its parts. Where it is malformed, its parts are what the writer seems to have meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// What it is.
    pub form: UrlForm,
    /// What stands before `://`, as written; `None` if there is none.
    pub scheme: Option<Component>,
    /// True if the scheme is one for TLS.
    pub is_tls: bool,
    /// Everything before the `@`, or the password of an entry of a list; may be empty.
    pub user_info: Option<Span>,
    /// As written; `None` if it is blank or missing.
    pub user: Option<Component>,
    /// The password; `None` if there is no colon for it.
    pub password: Option<Password>,
    /// As written, without the brackets of an IPv6 address, which its span has. May be empty.
    pub host: Component,
    /// As written; `None` if there is no colon, blank if nothing follows it.
    pub port: Option<Component>,
    /// As written, without the slash; `None` if there is no slash.
    pub database: Option<Component>,
    /// What follows `?`.
    pub query: Option<Span>,
    /// What clients can't read, in the order of the text.
    pub problems: Vec<UrlProblem>,
}

impl StoreUrl {
    /// The port, if it is written and is one.
    pub fn port_number(&self) -> Option<u16> {
        self.port.as_ref().and_then(|port| port.text.parse().ok())
    }

    /// The same where the text that was read begins at byte `by` of a longer one.
    pub fn shifted(mut self, by: usize) -> Self {
        let shift = |span: &mut Span| *span = Span::new(span.start + by, span.end + by);
        if let UrlForm::HostListEntry { entry, .. } = &mut self.form {
            shift(entry);
        }
        let components = [&mut self.scheme, &mut self.user, &mut self.port, &mut self.database];
        components.into_iter().flatten().for_each(|component| shift(&mut component.span));
        shift(&mut self.host.span);
        [&mut self.user_info, &mut self.query].into_iter().flatten().for_each(shift);
        self.password.iter_mut().for_each(|password| shift(&mut password.span));
        for problem in &mut self.problems {
            shift(&mut problem.span);
            problem.fix.iter_mut().for_each(|edit| shift(&mut edit.span));
        }
        self
    }

    /// True if it carries a password that is not blank.
    pub fn has_password(&self) -> bool {
        self.password.as_ref().is_some_and(|password| !password.value.reveal().is_empty())
    }
}

/// A part of a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Component {
    /// As written.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// In a malformed URL, the password may be taken for a user or a part of the host, so the text is not shown.
impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Component({}..{})", self.span.start, self.span.end)
    }
}

/// The password of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// Percent-decoded.
    pub value: Secret,
    /// Its place, as written.
    pub span: Span,
}

/// Something that clients can't read, or read as something else than was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlProblem {
    /// What it is.
    pub kind: UrlProblemKind,
    /// Its place.
    pub span: Span,
    /// What is wrong, without the password.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The change, where it is certain; else empty.
    pub fix: Vec<Edit>,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UrlProblemKind {
    /// `:password@host`.
    MissingScheme,
    /// `//host`, a network-path reference (RFC 3986, section 4.2). Programs that parse the URL themselves may read it.
    NetworkPath,
    /// `redis:://`, `redis//`, `redsi://`, `redis+tls://`.
    MisspeltScheme,
    /// A scheme of something else.
    OtherScheme,
    /// `redis:/host`, `redis:///user@host` and the like.
    Slashes,
    /// `redis://password@host`: clients take it for a user.
    PasswordAsUser,
    /// `/`, `?` or `#` in the password.
    UnescapedPassword,
    /// No `@` between password and host, or two.
    At,
    /// The value is in quotes that belong to it.
    Quotes,
    /// A blank where none can stand.
    Blank,
    /// A port that is none.
    Port,
    /// An IPv6 address without brackets.
    Brackets,
    /// A database that is no number.
    Database,
    /// `${NAME}` or `$NAME` that nothing replaces.
    Variable,
    /// No host.
    EmptyHost,
}

#[cfg(test)]
mod tests;
