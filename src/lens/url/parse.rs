//! From a text to the parts of a URL.

use super::{Component, Password, StoreUrl, UrlForm, UrlProblem, UrlProblemKind as Kind, UrlReading};
use crate::catalog::UrlSchemes;
use crate::lens::value::Secret;
use crate::text::{Edit, Span};

pub(super) fn parse(text: &str, schemes: &UrlSchemes) -> UrlReading {
    let (masked, variables) = mask_variables(text);
    let mut parser = Parser { text, masked: &masked, variables: &variables, schemes, problems: Vec::new() };
    parser.url()
}

/// `text` with each `${…}` made of plain letters, so that what it holds has no meaning; and their places.
fn mask_variables(text: &str) -> (String, Vec<Span>) {
    let mut masked = String::with_capacity(text.len());
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("${") {
        let Some(length) = rest[open..].find('}') else { break };
        let start = masked.len() + open;
        masked.push_str(&rest[..open]);
        masked.extend(std::iter::repeat_n('x', length + 1));
        variables.push(Span::new(start, start + length + 1));
        rest = &rest[open + length + 1..];
    }
    masked.push_str(rest);
    (masked, variables)
}

/// How the text starts.
enum Start {
    /// A scheme, and where the rest starts.
    Scheme {
        span: Span,
        rest: usize,
    },
    /// No scheme, and where the rest starts.
    Bare {
        rest: usize,
    },
    NotAUrl,
}

struct Parser<'a> {
    text: &'a str,
    /// As long as `text`, with boundaries of characters wherever `text` has them outside variables.
    masked: &'a str,
    variables: &'a [Span],
    schemes: &'a UrlSchemes,
    problems: Vec<UrlProblem>,
}

impl Parser<'_> {
    fn url(&mut self) -> UrlReading {
        let body = self.body();
        if body.is_empty() {
            return UrlReading::NotAUrl;
        }
        let (scheme, rest) = match self.start(body) {
            Start::NotAUrl => return UrlReading::NotAUrl,
            Start::Bare { rest } => (None, rest),
            Start::Scheme { span, rest } => (Some(self.component(span)), rest),
        };
        let rest = Span::new(rest, body.end);
        let lower = scheme.as_ref().map(|scheme| scheme.text.to_ascii_lowercase()).unwrap_or_default();
        let of = |schemes: &[String]| schemes.contains(&lower);
        if of(&self.schemes.unjudged) {
            return UrlReading::NotJudged;
        }
        if let Some(scheme) = scheme.as_ref().filter(|_| !of(&self.schemes.plain) && !of(&self.schemes.tls)) {
            self.wrong_scheme(scheme, &lower);
        }
        let is_tls = of(&self.schemes.tls) || lower.ends_with("+tls") || lower.ends_with("+ssl");
        let user_info = self.user_info(rest);
        let host_start = user_info.map_or(rest.start, |info| info.end + 1);
        let mut url = StoreUrl {
            form: UrlForm::Url,
            scheme,
            is_tls,
            user_info,
            user: None,
            password: None,
            host: self.component(Span::at(host_start)),
            port: None,
            database: None,
            query: None,
            problems: Vec::new(),
        };
        if let Some(info) = user_info {
            self.split_user_info(info, &mut url);
        }
        if !self.behind_user_info(Span::new(host_start, rest.end), &mut url) {
            return UrlReading::NotJudged;
        }
        self.literal_variables(&url);
        url.problems = std::mem::take(&mut self.problems);
        url.problems.sort_by_key(|problem| (problem.span, problem.kind));
        UrlReading::Url(Box::new(url))
    }

    fn component(&self, span: Span) -> Component {
        Component { text: span.slice(self.text).to_owned(), span }
    }

    fn report(&mut self, kind: Kind, span: Span, message: &str, help: &str, fix: Vec<Edit>) {
        self.problems.push(UrlProblem { kind, span, message: message.to_owned(), help: help.to_owned(), fix });
    }

    fn is_masked(&self, span: Span) -> bool {
        self.variables.iter().any(|variable| variable.start < span.end && span.start < variable.end)
    }

    /// The text without blanks around it, which matter at its start only, and without quotes.
    fn body(&mut self) -> Span {
        let text = self.text;
        let start = text.len() - text.trim_start().len();
        let mut body = Span::new(start, text.trim_end().len().max(start));
        let quote = body.slice(text).chars().next().filter(|c| matches!(c, '"' | '\''));
        if let Some(quote) = quote {
            let closes = body.len() > 1 && body.slice(text).ends_with(quote);
            let mut fix = vec![Edit::delete(Span::new(body.start, body.start + 1))];
            if closes {
                fix.push(Edit::delete(Span::new(body.end - 1, body.end)));
            }
            let message = "the quotes are part of the value";
            let inner = Span::new(body.start + 1, body.end - usize::from(closes));
            if inner.slice(text).contains("://") {
                self.report(Kind::Quotes, body, message, "leave the quotes away", fix);
                body = inner;
            }
        } else if start > 0 && body.slice(text).contains("://") {
            let blank = Span::new(0, start);
            let fix = vec![Edit::delete(blank)];
            self.report(Kind::Blank, blank, "a blank stands before the URL", "leave it away", fix);
        }
        body
    }

    fn start(&mut self, body: Span) -> Start {
        let masked = body.slice(self.masked);
        let known = |name: &str| {
            let mut all = self.schemes.plain.iter().chain(&self.schemes.tls).chain(&self.schemes.unjudged);
            all.any(|scheme| scheme.eq_ignore_ascii_case(name))
        };
        let plain = self.schemes.plain.first().cloned().unwrap_or_default();
        let scheme_end = masked.find(['/', '@', '?', '#']).unwrap_or(masked.len());
        if let Some(at) = masked.find("://").filter(|at| *at < scheme_end.max(1)) {
            return Start::Scheme { span: Span::new(body.start, body.start + at), rest: body.start + at + 3 };
        }
        if masked.starts_with("//") {
            let fix = vec![Edit::insert(body.start, format!("{plain}:"))];
            let span = Span::new(body.start, body.start + 2);
            self.report(Kind::NetworkPath, span, "there is no scheme", &format!("write `{plain}://`"), fix);
            return Start::Bare { rest: body.start + 2 };
        }
        let head = &masked[..masked.find([':', '/']).unwrap_or(masked.len())];
        let behind = &masked[head.len()..];
        let behind_colons = behind.trim_start_matches(':');
        let next = behind_colons.trim_start_matches('/');
        let (colons, slashes) = (behind.len() - behind_colons.len(), behind_colons.len() - next.len());
        // `redis:6379/0` is a host with a port; `redis:/h`, `redis//h` and `redis:h:6379` are no hosts.
        let is_port = colons == 1 && slashes == 0 && next.starts_with(|c: char| c.is_ascii_digit());
        let is_meant =
            known(head) && ((colons == 1 && (slashes == 1 || next.contains([':', '@'])) && !is_port) || slashes >= 2);
        if is_meant {
            let marks = Span::new(body.start + head.len(), body.start + head.len() + colons + slashes);
            let (kind, message) = match slashes >= 2 {
                true => (Kind::MisspeltScheme, "the scheme has no colon"),
                false => (Kind::Slashes, "two slashes must follow the scheme"),
            };
            self.report(kind, marks, message, &format!("write `{head}://`"), vec![Edit::replace(marks, "://")]);
            return Start::Scheme { span: Span::new(body.start, marks.start), rest: marks.end };
        }
        if masked.find(':').is_some_and(|colon| masked[colon..].contains('@')) && !masked.contains(char::is_whitespace)
        {
            let fix = vec![Edit::insert(body.start, format!("{plain}://"))];
            let span = Span::at(body.start);
            self.report(Kind::MissingScheme, span, "there is no scheme", &format!("write `{plain}://`"), fix);
            return Start::Bare { rest: body.start };
        }
        Start::NotAUrl
    }

    fn wrong_scheme(&mut self, scheme: &Component, lower: &str) {
        let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
        let (plain, tls) = (&self.schemes.plain, &self.schemes.tls);
        let meant = if lower.ends_with("+tls") || lower.ends_with("+ssl") { tls.first() } else { None };
        let meant = meant.or_else(|| plain.iter().chain(tls).find(|known| **known == letters));
        let meant = meant.or_else(|| plain.iter().chain(tls).find(|known| is_near(known, &letters))).cloned();
        match meant {
            Some(meant) => {
                let fix = vec![Edit::replace(scheme.span, meant.clone())];
                let message = "the scheme is misspelt";
                self.report(Kind::MisspeltScheme, scheme.span, message, &format!("write `{meant}://`"), fix);
            }
            None if self.is_masked(scheme.span) => {}
            None => {
                let message = "clients of this store do not know the scheme";
                let help = format!("write `{}://`", plain.first().map_or("", String::as_str));
                self.report(Kind::OtherScheme, scheme.span, message, &help, Vec::new());
            }
        }
    }

    /// Everything up to the `@` before the host. Clients end the authority at the first `/`, `?` or `#`.
    fn user_info(&mut self, rest: Span) -> Option<Span> {
        let masked = rest.slice(self.masked);
        let end = masked.find(['/', '?', '#']).unwrap_or(masked.len());
        let authority = &masked[..end];
        let at = |offset: usize| Span::new(rest.start, rest.start + offset);
        if let Some(offset) = authority.rfind('@') {
            return Some(at(offset));
        }
        let offset = masked.rfind('@')?;
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let is_address = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let path_has_at = masked[end..].split(['?', '#']).next().is_some_and(|path| path.contains('@'));
        if authority.starts_with(':') && authority.len() > 1 || !is_address || port.is_some() && path_has_at {
            return Some(at(offset));
        }
        if authority.is_empty() && masked.starts_with('/') && path_has_at {
            let extra = Span::new(rest.start, rest.start + masked.len() - masked.trim_start_matches('/').len());
            let message = "more than two slashes follow the scheme";
            self.report(Kind::Slashes, extra, message, "write two", vec![Edit::delete(extra)]);
            return Some(Span::new(extra.end, rest.start + offset));
        }
        None
    }

    fn split_user_info(&mut self, info: Span, url: &mut StoreUrl) {
        let masked = info.slice(self.masked);
        let colon = masked.find(':');
        let user = Span::new(info.start, info.start + colon.unwrap_or(masked.len()));
        url.user = (!user.is_empty()).then(|| self.component(user));
        let Some(colon) = colon else {
            let component = user.slice(self.text);
            if resembles_password(component) && !self.is_masked(user) {
                let message = "without a colon, clients take the password for a user name";
                let fix = vec![Edit::insert(user.start, ":")];
                self.report(Kind::PasswordAsUser, user, message, "write a colon before it", fix);
            }
            return;
        };
        let span = Span::new(info.start + colon + 1, info.end);
        let decoded = percent_encoding::percent_decode_str(span.slice(self.text)).decode_utf8_lossy();
        url.password = Some(Password { value: Secret::new(decoded), span });
        let masked = span.slice(self.masked);
        if masked.len() > 1 && masked.ends_with('@') {
            let extra = Span::new(span.end - 1, span.end);
            self.report(Kind::At, extra, "two `@` stand before the host", "write one", vec![Edit::delete(extra)]);
        }
        let special: Vec<(usize, char)> = masked.char_indices().filter(|(_, c)| "/?#".contains(*c)).collect();
        if let (Some((first, _)), Some((last, _))) = (special.first(), special.last()) {
            let marks = Span::new(span.start + first, span.start + last + 1);
            let fix = special.iter().map(|(at, c)| {
                Edit::replace(Span::new(span.start + at, span.start + at + 1), format!("%{:02X}", *c as u32))
            });
            let message = "`/`, `?` or `#` in the password ends it for clients";
            let help = "write %2F for `/`, %3F for `?` and %23 for `#`";
            self.report(Kind::UnescapedPassword, marks, message, help, fix.collect());
        }
    }

    /// Host, port, database and query. False if that is of a kind that is not judged.
    fn behind_user_info(&mut self, rest: Span, url: &mut StoreUrl) -> bool {
        let masked = rest.slice(self.masked);
        let end = masked.find(['/', '?', '#']).unwrap_or(masked.len());
        let address = Span::new(rest.start, rest.start + end);
        if address.slice(self.masked).contains(',') {
            return false;
        }
        let path_end = masked.find(['?', '#']).unwrap_or(masked.len());
        if masked[end..].starts_with('/') {
            let span = Span::new(rest.start + end + 1, rest.start + path_end);
            url.database = Some(self.component(span));
        }
        if masked[path_end..].starts_with('?') {
            let length = masked[path_end..].find('#').unwrap_or(masked.len() - path_end);
            url.query = Some(Span::new(rest.start + path_end + 1, rest.start + path_end + length));
        }
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let database = url.database.clone();
        if let Some(database) = database.filter(|database| !is_number(database.text.trim_end_matches('/'))) {
            // `scheme:///path` is a socket for some clients.
            if address.is_empty() && url.user_info.is_none() {
                return false;
            }
            if !self.is_masked(database.span) && !is_variable(&database.text) {
                let message = "the database is no number";
                self.report(Kind::Database, database.span, message, "write a number, as in `/0`", Vec::new());
            }
        }
        self.address(address, url);
        true
    }

    fn address(&mut self, address: Span, url: &mut StoreUrl) {
        let masked = address.slice(self.masked);
        let colons = masked.matches(':').count();
        let bracket = if masked.starts_with('[') { masked.find(']') } else { None };
        let host_end = match bracket {
            Some(bracket) => bracket + 1,
            None => masked.rfind(':').unwrap_or(masked.len()),
        };
        let host = Span::new(address.start, address.start + host_end);
        url.host = Component { text: host.slice(self.text).trim_matches(['[', ']']).to_owned(), span: host };
        if masked[host_end..].starts_with(':') {
            url.port = Some(self.component(Span::new(host.end + 1, address.end)));
        }
        if bracket.is_none() && colons > 1 {
            let is_ipv6 = masked.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
            if is_ipv6 {
                let help = "write `[` and `]` around the address";
                self.report(Kind::Brackets, address, "an IPv6 address needs brackets", help, Vec::new());
            } else if url.user_info.is_none() {
                let help = "write `@` between password and host";
                self.report(Kind::At, address, "no `@` stands before the host", help, Vec::new());
            } else {
                self.report(Kind::Port, address, "the port is no number", "write one colon", Vec::new());
            }
            return;
        }
        let blank = masked.char_indices().find(|(_, c)| c.is_whitespace());
        if let Some((at, c)) = blank {
            let span = Span::new(address.start + at, address.start + at + c.len_utf8());
            let fix = vec![Edit::delete(span)];
            self.report(Kind::Blank, span, "a blank stands in the host or port", "leave it away", fix);
        }
        if let Some(port) = url.port.clone().filter(|_| blank.is_none()) {
            let is_port = port.text.is_empty() || port.text.bytes().all(|byte| byte.is_ascii_digit());
            let in_range = port.text.is_empty() || port.text.parse::<u16>().is_ok();
            if !(is_port && in_range || self.is_masked(port.span) || is_variable(&port.text)) {
                let message = if is_port { "the port is above 65535" } else { "the port is no number" };
                self.report(Kind::Port, port.span, message, "write a number from 1 to 65535", Vec::new());
            }
        }
        if host.is_empty() && (url.user_info.is_some() || url.port.is_some()) {
            self.report(Kind::EmptyHost, host, "there is no host", "write the host before the port", Vec::new());
        }
    }

    /// `${NAME}` anywhere, and `$NAME` as a whole component.
    fn literal_variables(&mut self, url: &StoreUrl) {
        let components = [url.user.as_ref(), Some(&url.host), url.port.as_ref(), url.database.as_ref()];
        let mut spans: Vec<Span> = components.into_iter().flatten().map(|component| component.span).collect();
        spans.extend(url.password.as_ref().map(|password| password.span));
        spans.retain(|span| is_variable(span.slice(self.text)));
        spans.extend(self.variables);
        for span in spans {
            let message = "nothing replaces this variable: clients get its name as text";
            self.report(Kind::Variable, span, message, "write the value where it is read", Vec::new());
        }
    }
}

/// `$NAME` in capitals.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// A user name is a word; what has digits or capitals, or is long, is a password that lacks its colon.
fn resembles_password(text: &str) -> bool {
    text.len() >= 16 || text.contains(|c: char| !c.is_ascii_lowercase() && !matches!(c, '-' | '_' | '.'))
}

/// One letter left out, added, replaced, or two swapped.
fn is_near(known: &str, text: &str) -> bool {
    if text.len().abs_diff(known.len()) > 1 {
        return false;
    }
    let (known, text) = (known.as_bytes(), text.as_bytes());
    let same_head = known.iter().zip(text).take_while(|(a, b)| a == b).count();
    let (known, text) = (&known[same_head..], &text[same_head..]);
    let same_tail = known.iter().rev().zip(text.iter().rev()).take_while(|(a, b)| a == b).count();
    let (known, text) = (&known[..known.len() - same_tail], &text[..text.len() - same_tail]);
    match (known, text) {
        ([a, b], [c, d]) => a == d && b == c,
        (known, text) => known.len() <= 1 && text.len() <= 1,
    }
}
