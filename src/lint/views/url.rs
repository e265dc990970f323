//! URLs of stores, in variables and commands.

use super::password;
use super::service::describe;
use super::store::auth_word;
use super::{Context, Seen};
use crate::lens::server::Auth;
use crate::lens::url::{Component, StoreUrl, UrlForm, UrlProblem, UrlProblemKind};
use crate::lint::finding::Subject;
use crate::model::container_env::Site;
use crate::model::node::Certainty;
use crate::rule::{FieldValue, ViewKind};
use crate::source::relative_to;
use crate::syntax::template::PieceOrigin;
use crate::text::Span;
use crate::topology::{Carrier, Link, LinkKind, Spot, Target, spot_of};

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    for link in context.topology.links.iter().filter(|link| link.project == project) {
        let LinkKind::Url(url) = &link.kind else { continue };
        if is_seen_in_a_container(context, link) {
            continue;
        }
        let key = link.service.as_ref().map(|service| match &link.carrier {
            Carrier::Word { key, .. } => format!("services.{service}.{key}"),
            carrier => format!("services.{service}.environment.{}", carrier.variable().unwrap_or_default()),
        });
        let subject = Subject {
            service: link.service.clone(),
            key,
            variable: link.carrier.variable().map(str::to_owned),
            store: Some(context.rules.stores[link.store].id.clone()),
            item: None,
        };
        let mut view = Seen::new(ViewKind::Url, project, subject);
        let service = link.service.as_ref().and_then(|name| {
            context.workspace.projects[project].services().iter().find(|service| service.key == *name)
        });
        if let Some(service) = service {
            describe(context, project, service, &mut view);
        }
        fields(context, link, url, &mut view);
        seen.push(view);
    }
}

/// True for a line of an env file that a container reads, too: it is judged there.
fn is_seen_in_a_container(context: &Context<'_, '_>, link: &Link) -> bool {
    let Carrier::HostFile { name, source, .. } = &link.carrier else { return false };
    let defines = |variable: &str| {
        let definition = context.workspace.projects[link.project].variables.definition(variable);
        definition.is_some_and(|definition| definition.source == *source)
    };
    context.topology.links.iter().any(|other| match &other.carrier {
        Carrier::Variable { name: other_name, site: Site::File { source: file, .. } } => {
            file == source && other_name == name
        }
        Carrier::Variable { .. } => other.text.variables().contains(&name.as_str()) && defines(name),
        _ => false,
    })
}

fn fields(context: &Context<'_, '_>, link: &Link, url: &StoreUrl, view: &mut Seen) {
    let place = |span: Option<Span>| spot_of(context.workspace, &link.carrier, &link.text, span);
    view.place("url", place(None));
    view.set("url.variable", FieldValue::optional(link.carrier.variable()));
    let written = match &link.carrier {
        Carrier::Word { .. } => "command",
        Carrier::HostFile { .. } | Carrier::Variable { site: Site::File { .. }, .. } => "env-file",
        Carrier::Variable { .. } | Carrier::Default { .. } => "compose",
    };
    view.set("url.where", FieldValue::text(written));
    problem(context, link, url, view);
    let form = match url.form {
        UrlForm::Url => "url",
        UrlForm::HostListEntry { .. } => "host-list",
        UrlForm::Setting { .. } => "setting",
    };
    view.set("url.form", FieldValue::text(form));
    view.set("url.scheme", FieldValue::optional(url.scheme.as_ref().map(|scheme| &scheme.text)));
    view.set("url.host", FieldValue::text(&url.host.text));
    view.place("url.host", place(Some(url.host.span)));
    view.set("url.port", url.port_number().map_or(FieldValue::Absent, |port| FieldValue::Number(i64::from(port))));
    view.set("url.credential", FieldValue::text(credential(link, url)));
    if let Some(span) = url.user_info {
        view.place("url.credential", place(Some(span)));
    }
    let is_other = is_other_password(context, link, url);
    view.set("url.password_beside", password_beside(context, link).map_or(FieldValue::Absent, FieldValue::text));
    view.set("url.is_other_password", FieldValue::Bool(is_other));
    let other = link.target.store().filter(|_| is_other).map(|number| &context.topology.stores[number]);
    let help = other.and_then(|store| password::help(context, link, url, store));
    view.set("url.password_help", FieldValue::optional(help));
    view.set("url.in_container", FieldValue::Bool(link.service.is_some()));
    let reaches = match link.target {
        Target::Store(_) => "server",
        Target::Itself(_) => "itself",
        Target::Nobody(_) => "nobody",
        Target::Unknown => "unknown",
    };
    view.set("url.reaches", FieldValue::text(reaches));
    let server = link.target.store().map(|number| &context.topology.stores[number]);
    let foreign = context.topology.foreign_server(link);
    let name = server.map(|server| &server.service).or(foreign.map(|foreign| &foreign.service));
    view.set("url.server", FieldValue::optional(name));
    let auth = server.map(|server| &server.auth).or(foreign.map(|foreign| &foreign.auth));
    view.set("url.server_auth", auth.map_or(FieldValue::Absent, |auth| FieldValue::text(auth_word(auth))));
    let folder = &context.workspace.projects[link.project].folder;
    view.set("url.server_file", FieldValue::optional(foreign.map(|foreign| relative_to(folder, &foreign.file))));
    let password = server.and_then(|server| super::login::server_password(context, server));
    view.set("url.with_password", FieldValue::text(with_password(url, password.as_deref())));
    view.set("url.server_password", FieldValue::optional(password));
    let file = server.and_then(|server| server.password_file.clone());
    view.set("url.server_password_file", FieldValue::optional(file));
    let published = server.and_then(|server| server.published.first()).map(|(port, _)| *port);
    let (host, port) = match server {
        // A program on the machine comes by what is published.
        Some(_) if link.service.is_none() => (published.map(|_| "localhost"), published),
        Some(server) => (Some(server.service.as_str()), server.ports.first().copied()),
        None => (None, None),
    };
    view.set("url.server_host", FieldValue::optional(host));
    view.set("url.server_port", port.map_or(FieldValue::Absent, |port| FieldValue::Number(i64::from(port))));
    view.set(
        "url.expands",
        FieldValue::Bool(!url.problems.iter().any(|problem| problem.kind == UrlProblemKind::Variable)),
    );
}

/// The URL, or the entry of a list, as it would be with a password: the variable with it, or a word that stands for it.
fn with_password(url: &StoreUrl, password: Option<&str>) -> String {
    let password = password.unwrap_or("PASSWORD");
    let part = |part: &Option<Component>, before: &str| {
        part.as_ref().map(|part| format!("{before}{}", part.text)).unwrap_or_default()
    };
    let host = match url.host.text.contains(':') {
        true => format!("[{}]", url.host.text),
        false => url.host.text.clone(),
    };
    match &url.form {
        UrlForm::Url => {
            let scheme = url.scheme.as_ref().map_or("redis", |scheme| scheme.text.as_str());
            let user = url.user.as_ref().map_or("default", |user| user.text.as_str());
            format!("{scheme}://{user}:{password}@{host}{}{}", part(&url.port, ":"), part(&url.database, "/"))
        }
        UrlForm::HostListEntry { .. } => {
            let port = url.port.as_ref().map_or("6379", |port| port.text.as_str());
            let database = url.database.as_ref().map_or("0", |database| database.text.as_str());
            format!("LABEL:{host}:{port}:{database}:{password}")
        }
        UrlForm::Setting { password: name, quote } => format!("{name} = {quote}{password}{quote}"),
    }
}

fn problem(context: &Context<'_, '_>, link: &Link, url: &StoreUrl, view: &mut Seen) {
    let place = |span: Option<Span>| spot_of(context.workspace, &link.carrier, &link.text, span);
    if let Some((name, spot)) = defined_too_late(context, link) {
        view.set("url.problem", FieldValue::text("late-variable"));
        view.set(
            "url.problem_text",
            FieldValue::text(format!("`{name}` is blank here: the line that sets it comes further down")),
        );
        view.set("url.problem_help", FieldValue::text(format!("move the line of `{name}` above this one")));
        view.place("url.problem", spot);
        return;
    }
    // What depends on a value that only the outside knows is no problem of this file.
    let is_certain = !matches!(link.text.certainty, Certainty::Unknown(_));
    // A library of the program may replace variables that Compose does not see.
    let counts = |problem: &&UrlProblem| problem.kind != UrlProblemKind::Variable || link.service.is_some();
    let problem = url.problems.iter().find(counts).filter(|_| is_certain);
    let assumed = match &link.text.certainty {
        Certainty::Assumed(names) => super::service::not_set(names),
        _ => None,
    };
    let word = problem.map(|problem| problem_word(problem.kind));
    view.set(
        "url.problem",
        word.map_or(FieldValue::Absent, |word| FieldValue::Text { text: word.to_owned(), assumed }),
    );
    view.set("url.problem_text", FieldValue::optional(problem.map(|problem| &problem.message)));
    view.set("url.problem_help", FieldValue::optional(problem.map(|problem| &problem.help)));
    let is_mendable = url.problems.iter().all(|problem| !problem.fix.is_empty());
    view.set("url.is_mendable", FieldValue::Bool(is_mendable && !url.problems.is_empty()));
    if let Some(problem) = problem {
        view.place("url.problem", place(Some(problem.span)));
    }
}

/// A variable that is blank in a line of an env file because the file sets it in a later line.
fn defined_too_late(context: &Context<'_, '_>, link: &Link) -> Option<(String, Spot)> {
    let Carrier::Variable { site: Site::File { source, entry }, .. } = &link.carrier else { return None };
    let file = context.workspace.env_file(*source)?;
    let late = link.text.pieces.iter().find_map(|piece| match &piece.origin {
        PieceOrigin::Variable { name } if piece.output.is_empty() => {
            let later = file.entries.iter().skip(entry + 1).any(|entry| entry.key == *name);
            let earlier = file.entries.iter().take(*entry).any(|entry| entry.key == *name);
            (later && !earlier).then(|| name.clone())
        }
        _ => None,
    })?;
    Some((late, spot_of(context.workspace, &link.carrier, &link.text, None)))
}

fn credential(link: &Link, url: &StoreUrl) -> &'static str {
    if url.has_password() {
        return "password";
    }
    let area = url.user_info.unwrap_or(url.host.span);
    // A blank variable may be set elsewhere.
    let may_be_set = link.text.certainty != Certainty::Known
        && link.text.pieces.iter().any(|piece| {
            piece.origin != PieceOrigin::Literal
                && piece.output.start <= area.end
                && piece.output.end >= area.start
                && url.user_info.is_some()
        });
    if may_be_set { "unknown" } else { "none" }
}

/// Where the server's password stands beside a URL.
fn password_beside(context: &Context<'_, '_>, link: &Link) -> Option<&'static str> {
    let server = &context.topology.stores[link.target.store()?];
    let Auth::Password(Some(known)) = &server.auth else { return None };
    let project = &context.workspace.projects[link.project];
    let service = project.services().iter().find(|service| Some(&service.key) == link.service.as_ref())?;
    password::beside(project, service, link.carrier.variable(), known.reveal())
}

/// True if the URL carries a password that is certainly not the server's. One that logs in as another user has its own.
fn is_other_password(context: &Context<'_, '_>, link: &Link, url: &StoreUrl) -> bool {
    let Some(store) = link.target.store().map(|number| &context.topology.stores[number]) else { return false };
    let (Auth::Password(Some(known)), Some(own)) = (&store.auth, &url.password) else { return false };
    let default_user = &context.rules.stores[store.store].default_user;
    let is_default = url.user.as_ref().is_none_or(|user| user.text.is_empty() || user.text == *default_user);
    let is_certain = link.text.certainty == Certainty::Known && url.problems.is_empty();
    is_default && is_certain && !own.value.reveal().is_empty() && own.value.reveal() != known.reveal()
}

fn problem_word(kind: UrlProblemKind) -> &'static str {
    match kind {
        UrlProblemKind::MissingScheme => "missing-scheme",
        UrlProblemKind::NetworkPath => "network-path",
        UrlProblemKind::MisspeltScheme => "misspelt-scheme",
        UrlProblemKind::OtherScheme => "other-scheme",
        UrlProblemKind::Slashes => "slashes",
        UrlProblemKind::PasswordAsUser => "password-as-user",
        UrlProblemKind::UnescapedPassword => "unescaped-password",
        UrlProblemKind::At => "at",
        UrlProblemKind::Quotes => "quotes",
        UrlProblemKind::Blank => "blank",
        UrlProblemKind::Port => "port",
        UrlProblemKind::Brackets => "brackets",
        UrlProblemKind::Database => "database",
        UrlProblemKind::Variable => "variable",
        UrlProblemKind::EmptyHost => "empty-host",
    }
}
