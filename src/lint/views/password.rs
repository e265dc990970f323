//! Where the passwords of a server and of its clients are written: side by side, or where they differ, with what to write.

use super::Context;
use crate::lens::command::Command;
use crate::lens::server::Auth;
use crate::lens::url::StoreUrl;
use crate::model::Project;
use crate::model::container_env::Site;
use crate::model::node::{Entry, Node, Place, Text, Value};
use crate::source::relative_to;
use crate::syntax::template::PieceOrigin;
use crate::text::Span;
use crate::topology::{Link, Spot, StoreService, spot_of};

/// A password as a project says it.
struct Said {
    /// The variable of the project from which it comes; `None` if it is written out.
    variable: Option<String>,
    /// Such as `.env:4`.
    place: String,
}

/// What to write so that a URL carries the password of its server, with the places of both; `None` if one can't be seen.
pub(super) fn help(context: &Context<'_, '_>, link: &Link, url: &StoreUrl, store: &StoreService) -> Option<String> {
    let (server, own) = (of_server(context, store)?, of_url(context, link, url)?);
    let (name, at, from) = (&store.service, &server.place, &own.place);
    Some(match (&server.variable, &own.variable) {
        // Programs on the host may not replace variables.
        _ if link.service.is_none() => {
            format!("`{name}` has the password that {at} says: write the same one at {from}")
        }
        (Some(its), Some(variable)) if its == variable => {
            format!("`{name}` takes `{its}` from {at}, the URL from {from}: give both the same value")
        }
        (Some(its), Some(variable)) => format!(
            "`{name}` has the password of `{its}` ({at}), the URL that of `{variable}` ({from}): write `${{{its}}}` in the place of `${{{variable}}}`"
        ),
        (Some(its), None) => format!(
            "`{name}` has the password of `{its}` ({at}): write `${{{its}}}` in the place of the one in the URL ({from})"
        ),
        (None, Some(variable)) => format!(
            "the password of `{name}` stands in {at}, the URL has that of `{variable}` ({from}): write `${{{variable}:?set {variable} in .env}}` in the place of the first"
        ),
        (None, None) => format!(
            "the passwords stand in {at} and {from}: put one of them into .env as REDIS_PASSWORD, and write `${{REDIS_PASSWORD}}` in the place of both"
        ),
    })
}

/// Where a service has the server's password besides the `except` variable: in a `variable` or an `option`, by itself or as a
/// part such as `redis:6379,password=…`. The program may take it from there.
pub(super) fn beside(project: &Project, service: &Entry, except: Option<&str>, known: &str) -> Option<&'static str> {
    let is_meant = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["pass", "pwd", "auth", "_pw"].iter().any(|word| name.contains(word)) && name != "rediscli_auth"
    };
    let is_said = |name: &str, value: &str| is_meant(name) && value == known;
    let has_part = |text: &str| {
        let mut parts = text.split([',', ';', '&', '?', ' ']).filter_map(|part| part.split_once('='));
        parts.any(|(name, value)| is_said(name, value))
    };
    let mut variables = project.containers[&service.key].variables.iter();
    let is_variable = variables.any(|variable| {
        let value = variable.value.as_ref().map_or("", |text| text.value.as_str());
        except != Some(variable.name.as_str()) && (is_said(&variable.name, value) || has_part(value))
    });
    let words = Command::all_words(&service.value);
    let is_option = || {
        words.iter().any(|word| has_part(&word.text))
            || words.windows(2).any(|pair| is_said(&pair[0].text, &pair[1].text))
    };
    match is_variable {
        _ if known.is_empty() => None,
        true => Some("variable"),
        false => is_option().then_some("option"),
    }
}

fn of_server(context: &Context<'_, '_>, store: &StoreService) -> Option<Said> {
    let Auth::Password(Some(secret)) = &store.auth else { return None };
    let secret = secret.reveal();
    let node = store.node(context.workspace);
    let commands = ["command", "entrypoint"].into_iter().filter_map(|key| node.get(key));
    let words = commands.flat_map(|node| match &node.value {
        Value::List(items) => items.iter().collect::<Vec<_>>(),
        _ => vec![node],
    });
    let in_node =
        |node: &Node| said(context, store, node.as_text()?, secret, &|range| in_scalar(context, &node.place, range));
    let in_command = words.into_iter().find_map(in_node);
    let env = &store.project(context.workspace).containers[&store.service];
    in_command.or_else(|| {
        env.variables.iter().find_map(|variable| {
            let text = variable.value.as_ref()?;
            said(context, store, text, secret, &|range| match &variable.site {
                Site::Entry { value: place, .. } | Site::Item { item: place } => in_scalar(context, place, range),
                Site::File { source, entry } => {
                    let entry = context.workspace.env_file(*source)?.entries.get(*entry)?;
                    Some(Spot { source: *source, span: entry.span })
                }
            })
        })
    })
}

/// How a text says the password, if it does; `spot` gives the place of bytes of it.
fn said(
    context: &Context<'_, '_>,
    store: &StoreService,
    text: &Text,
    secret: &str,
    spot: &dyn Fn(Option<Span>) -> Option<Spot>,
) -> Option<Said> {
    let at = text.value.find(secret)?;
    let range = Span::from(at..at + secret.len());
    let variable = variable_at(text, range);
    let defined = variable.as_ref().and_then(|name| super::variable::definition(context, store.project, name));
    let spot = defined.or_else(|| spot(text.literal_range(range.start..range.end).map(Span::from)))?;
    Some(Said { variable, place: shown(context, store.project, spot) })
}

fn of_url(context: &Context<'_, '_>, link: &Link, url: &StoreUrl) -> Option<Said> {
    let span = url.password.as_ref()?.span;
    let variable = variable_at(&link.text, span);
    let defined = variable.as_ref().and_then(|name| super::variable::definition(context, link.project, name));
    let spot = defined.unwrap_or_else(|| spot_of(context.workspace, &link.carrier, &link.text, Some(span)));
    Some(Said { variable, place: shown(context, link.project, spot) })
}

/// The variable from which just these bytes come.
fn variable_at(text: &Text, span: Span) -> Option<String> {
    text.pieces.iter().find_map(|piece| match &piece.origin {
        PieceOrigin::Variable { name } if piece.output == (span.start..span.end) => Some(name.clone()),
        _ => None,
    })
}

fn in_scalar(context: &Context<'_, '_>, place: &Place, range: Option<Span>) -> Option<Spot> {
    let document = context.workspace.document(place.source)?;
    let span = range.and_then(|range| document.value_span(place.node, range.start..range.end));
    Some(span.map_or(Spot::from(place), |span| Spot { source: place.source, span }))
}

/// `.env:4`
fn shown(context: &Context<'_, '_>, project: usize, spot: Spot) -> String {
    let source = context.workspace.sources.get(spot.source);
    let line = source.line_column(spot.span.start).line;
    format!("{}:{line}", relative_to(&context.workspace.projects[project].folder, &source.path))
}
