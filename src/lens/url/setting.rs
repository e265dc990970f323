//! A host among the settings of a program that stand in one variable as Ruby, such as `gitlab_rails['redis_host'] = 'redis'` in
//! GitLab's GITLAB_OMNIBUS_CONFIG; another setting carries the password.

use super::{Component, Password, StoreUrl, UrlForm};
use crate::lens::value::Secret;
use crate::text::{Edit, Span};

/// The server that the setting `host` names, with what the setting `password` says. `None` if one of them is set twice, or to
/// something else than a text that stands there as it is.
pub fn setting(text: &str, host: &str, password: &str) -> Option<StoreUrl> {
    let host = one_value(text, host)??;
    let quote = text[..host.span.start].chars().next_back()?;
    let known = one_value(text, password)?;
    Some(StoreUrl {
        form: UrlForm::Setting { password: password.to_owned(), quote },
        scheme: None,
        is_tls: false,
        user_info: known.as_ref().map(|known| known.span),
        user: None,
        password: known.map(|known| Password { value: Secret::new(known.text.as_str()), span: known.span }),
        host,
        port: None,
        database: None,
        query: None,
        problems: Vec::new(),
    })
}

/// The change that adds the setting `name` behind the one with the host, in its quotes.
pub(super) fn with_setting(host: Span, quote: char, name: &str, value: &str) -> Edit {
    Edit::insert(host.end + quote.len_utf8(), format!("; {name} = {quote}{value}{quote}"))
}

/// The value of the setting `name`, `Some(None)` if it is not set. `None` if that can't be read.
fn one_value(text: &str, name: &str) -> Option<Option<Component>> {
    let mut found = text.match_indices(name).map(|(at, _)| at).filter(|at| is_read(text, *at));
    let Some(at) = found.next() else { return Some(None) };
    let rest = text[at + name.len()..].trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let value = rest.strip_prefix(['\'', '"'])?;
    let quote = rest.chars().next()?;
    let value = &value[..value.find(quote)?];
    let start = text.len() - rest.len() + 1;
    let is_plain = !value.contains(['\\', '#', '\n']);
    let is_end = text[start + value.len() + 1..].trim_start_matches([' ', '\t']).starts_with([';', '#', '\n', '\r'])
        || text[start + value.len() + 1..].trim().is_empty();
    let value = Component { text: value.to_owned(), span: Span::new(start, start + value.len()) };
    (found.next().is_none() && is_plain && is_end).then_some(Some(value))
}

/// True if a statement starts at a byte of the text, and no comment.
fn is_read(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |line_break| line_break + 1);
    !text[line..at].contains('#')
}

#[cfg(test)]
mod tests {
    use super::super::with_password;
    use super::*;
    use crate::text::EditSet;

    const HOST: &str = "gitlab_rails['redis_host']";
    const PASSWORD: &str = "gitlab_rails['redis_password']";

    fn after(text: &str) -> Option<String> {
        let mut set = EditSet::new();
        for edit in with_password(&setting(text, HOST, PASSWORD)?, "pw", "default") {
            set.insert(edit).expect("they are different places");
        }
        Some(set.apply(text))
    }

    #[test]
    fn the_password_goes_behind_the_host_or_into_its_setting() {
        let cases = [
            (
                "gitlab_rails['redis_host'] = 'redis'",
                "gitlab_rails['redis_host'] = 'redis'; gitlab_rails['redis_password'] = 'pw'",
            ),
            (
                "a['x'] = 1\ngitlab_rails['redis_host']=\"redis\" # mine\nb['y'] = 2\n",
                "a['x'] = 1\ngitlab_rails['redis_host']=\"redis\"; gitlab_rails['redis_password'] = \"pw\" # mine\nb['y'] = 2\n",
            ),
            (
                "gitlab_rails['redis_password'] = ''; gitlab_rails['redis_host'] = 'redis';",
                "gitlab_rails['redis_password'] = 'pw'; gitlab_rails['redis_host'] = 'redis';",
            ),
            (
                "# gitlab_rails['redis_host'] = 'old'\ngitlab_rails['redis_host'] = 'redis'\n# gitlab_rails['redis_password'] = 'x'\n",
                "# gitlab_rails['redis_host'] = 'old'\ngitlab_rails['redis_host'] = 'redis'; gitlab_rails['redis_password'] = 'pw'\n# gitlab_rails['redis_password'] = 'x'\n",
            ),
        ];
        for (before, expected) in cases {
            assert_eq!(after(before).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_put_together_is_not_read() {
        for text in [
            "gitlab_rails['redis_port'] = 6379",
            "# gitlab_rails['redis_host'] = 'redis'",
            "gitlab_rails['redis_host'] = ENV['H']",
            "gitlab_rails['redis_host'] = 'redis' + suffix",
            "gitlab_rails['redis_host'] = \"#{host}\"",
            "gitlab_rails['redis_host'] = 'a'\ngitlab_rails['redis_host'] = 'b'",
            "gitlab_rails['redis_host'] = 'a'\ngitlab_rails['redis_password'] = ENV['PW']",
        ] {
            assert_eq!(after(text), None, "{text}");
        }
    }
}
