//! The clients' side: every program that caulk sees gets the password.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::credential::{Credential, EnvTarget};
use super::{Member, Seal};
use crate::fix::commit::Role;
use crate::fix::remark::{Kind, Remark};
use crate::fix::snapshot::{environment_path, service_path, words_value};
use crate::lens::command::Command;
use crate::lens::environment;
use crate::lens::script_words::script_index;
use crate::lens::server::Auth;
use crate::lens::url::{StoreUrl, literal_password, with_host, with_password};
use crate::model::container_env::{ContainerVariable, Site};
use crate::model::node::{Certainty, Text};
use crate::source::SourceId;
use crate::syntax::template::{PieceOrigin, Segment};
use crate::text::{Edit, EditSet, Span};
use crate::topology::{Carrier, Link, LinkKind, Target, is_blank};

impl<'b> Seal<'b, '_, '_> {
    pub(super) fn clients(&mut self, member: &Member<'_>, credential: &Credential) {
        let links: Vec<&'b Link> = self.bench.topology.links_to(member.number).collect();
        let mut values: Vec<Vec<Located<'b>>> = Vec::new();
        for link in links {
            if self.is_own(link) {
                continue;
            }
            let result = match &link.kind {
                LinkKind::Url(url) => self.lacks_password(member, credential, link, url).map(|lacks| {
                    match values.iter_mut().find(|urls| is_one_value(urls[0].0, link)) {
                        Some(urls) if lacks => urls.push((link, url)),
                        None if lacks => values.push(vec![(link, url)]),
                        _ => {}
                    }
                }),
                LinkKind::Host { .. } => self.host(member, credential, link),
            };
            if let Err(why) = result {
                self.doubt(why);
            }
        }
        for urls in values {
            if let Err(why) = self.urls(member, credential, &urls) {
                self.doubt(why);
            }
        }
    }

    /// True if a URL must be given the password.
    fn lacks_password(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        link: &Link,
        url: &StoreUrl,
    ) -> Result<bool, String> {
        let shown = shown(link);
        if url.is_tls && !member.definition.schemes.plain.is_empty() && !url.has_password() && url.host.text.is_empty()
        {
            return Err(format!("{shown} names no host"));
        }
        let in_definition = self.password_in_definition(link);
        if in_definition.is_some() && in_definition == credential.variable {
            self.client(link);
            return Ok(false);
        }
        if url.has_password() {
            return self.url_with_password(member, credential, link, url, &shown).map(|()| false);
        }
        if blank_variable_will_be_set(link, url, credential) {
            self.client(link);
            return Ok(false);
        }
        if let Some(problem) = url.problems.first() {
            return Err(format!(
                "{shown} can't be read by its clients ({}): mend it, then give it the password",
                problem.message
            ));
        }
        let is_other = |user: &str| !user.is_empty() && user != member.definition.default_user;
        if let Some(user) = url.user.as_ref().filter(|user| is_other(&user.text)) {
            return Err(format!("{shown} logs in as `{}`, whom a server with one password does not know", user.text));
        }
        Ok(true)
    }

    /// Gives URLs the password that stand in one variable, or in the words of one command.
    fn urls(&mut self, member: &Member<'_>, credential: &Credential, urls: &[Located<'b>]) -> Result<(), String> {
        let (link, url) = urls[0];
        let shown = shown(link);
        let user = member.url_user();
        match &link.carrier {
            Carrier::HostFile { source, entry, .. } => {
                if !credential.is_known() {
                    return Err(format!("{shown} must be given the password by hand, once it is known"));
                }
                let edits = with_password(url, &literal_password(url, &credential.value), user);
                let edits: Vec<_> = edits.into_iter().map(|edit| (edit.span.start..edit.span.end, edit.text)).collect();
                let may = self.edit_entry(*source, *entry, &edits);
                may.map_err(|why| format!("{shown} needs the password, but {why}"))?;
                let path = &self.bench.workspace.sources.get(*source).path;
                self.counts.clients.insert(path.display().to_string());
                Ok(())
            }
            Carrier::Default { name, .. } => {
                let edits = with_password(url, &credential.client_reference, user);
                self.override_variable(member, credential, link, name, &edits)
            }
            Carrier::Word { key, .. } => self.urls_in_command(member, credential, urls, key),
            Carrier::Variable { name, site } => {
                let variable = ContainerVariable {
                    name: name.clone(),
                    value: Some(link.text.clone()),
                    site: site.clone(),
                    is_passed_through: false,
                };
                self.urls_in_variable(member, credential, urls, &variable)
            }
        }
    }

    /// The variable that stands where the password belongs in the env file from which a URL comes: its value follows.
    pub(super) fn password_in_definition(&self, link: &Link) -> Option<String> {
        let (source, entry) = match &link.carrier {
            Carrier::HostFile { source, entry, .. } => (*source, *entry),
            Carrier::Variable { name, .. } => {
                let project = &self.bench.workspace.projects[link.project];
                let own = || project.containers.get(link.service.as_ref()?)?.get(name);
                let passed = || own().filter(|variable| variable.is_passed_through).map(|_| name.as_str());
                let definition = project.variables.definition(link.text.whole_variable().or_else(passed)?)?;
                (definition.source, definition.entry)
            }
            Carrier::Word { .. } | Carrier::Default { .. } => return None,
        };
        let value = self.bench.workspace.env_file(source)?.entries.get(entry)?.value.as_ref()?;
        let variables = value.template.as_ref()?.segments.iter().filter_map(|segment| match segment {
            Segment::Variable(variable) => Some((variable, segment.span())),
            Segment::Literal { .. } | Segment::Dollar { .. } => None,
        });
        let is_password = |span: &Span| {
            let (before, after) = (value.text.get(..span.start), value.text.get(span.end..));
            before.is_some_and(|text| text.ends_with(':')) && after.is_some_and(|text| text.starts_with('@'))
        };
        let mut found = variables.filter(|(_, span)| is_password(span));
        found.next().map(|(variable, _)| variable.name.clone())
    }

    fn url_with_password(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        link: &Link,
        url: &StoreUrl,
        shown: &str,
    ) -> Result<(), String> {
        let password = url.password.as_ref().map(|password| password.value.reveal()).unwrap_or_default();
        let is_certain = link.text.certainty == Certainty::Known;
        // A server that asks refuses it today, and will: the rule on wrong passwords tells of it.
        let is_refused = matches!(member.store.auth, Auth::Password(_));
        if !credential.is_known() || !is_certain || is_refused || password == credential.value {
            return Ok(());
        }
        Err(format!(
            "{shown} carries another password than the server would have, and keeps it: put {} in its place",
            credential.shown()
        ))
    }

    fn urls_in_variable(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        urls: &[Located<'b>],
        variable: &ContainerVariable,
    ) -> Result<(), String> {
        let (link, url) = urls[0];
        let service = link.service.as_deref().expect("a container's variable has a service");
        let user = member.url_user();
        let literal = literal_password(url, &credential.value);
        let is_astray = |link: &Link| matches!(link.target, Target::Itself(_));
        let redirect = urls.iter().any(|(link, _)| is_astray(link)).then_some(member.store.service.as_str());
        let edits = |reference: &str, redirect: Option<&str>| {
            let of_url = |(link, url): &Located<'_>| {
                let mut edits = with_password(url, reference, user);
                let port = member.store.ports.first().copied();
                let port = port.filter(|port| url.port_number().is_some_and(|known| known != *port));
                let host = redirect.filter(|_| is_astray(link));
                edits.extend(host.map(|host| with_host(url, host, port)).unwrap_or_default());
                edits
            };
            urls.iter().flat_map(of_url).collect::<Vec<_>>()
        };
        let resolved = |value: &str| value_after(&link.text.value, &edits(value, redirect));
        let path = environment_path(link.project, service, &variable.name);
        match &variable.site {
            // A file that serves the host, too, keeps its host: the container gets a value of its own.
            Site::File { .. } if redirect.is_some() => self.override_variable(
                member,
                credential,
                link,
                &variable.name,
                &edits(&credential.client_reference, redirect),
            ),
            Site::File { source, entry } => {
                let ranges = in_entry(&link.text, &edits(&literal, None));
                let written = match ranges {
                    Some(ranges) if credential.is_known() => self.edit_entry(*source, *entry, &ranges).is_ok(),
                    _ => false,
                };
                if written {
                    self.expect(path, resolved(&literal));
                    self.client(link);
                    return Ok(());
                }
                self.override_variable(
                    member,
                    credential,
                    link,
                    &variable.name,
                    &edits(&credential.client_reference, None),
                )
            }
            Site::Entry { value: place, .. } | Site::Item { item: place } => {
                let document = self.bench.workspace.document(place.source).ok_or("its file could not be read")?;
                let text = &link.text;
                let spliced: Option<Vec<Edit>> = edits(&credential.client_reference, redirect)
                    .iter()
                    .map(|edit| {
                        let range = scalar_range(text, edit.span.start..edit.span.end)?;
                        document.splice(place.node, range, &edit.text)
                    })
                    .collect();
                if let Some(spliced) = spliced {
                    let place = place.clone();
                    self.edits(&place, spliced, Role::Client);
                    self.expect(path, resolved(&credential.client_value_for_url()));
                    self.client(link);
                    return Ok(());
                }
                if redirect.is_none() && self.url_in_definition(credential, link, &edits(&literal, None)) {
                    return Ok(());
                }
                // The variable may serve others, too: this service gets the value itself.
                let new = value_after(&text.value, &edits(&credential.client_reference, redirect));
                let result = environment::set_variable(self.bench.workspace, variable, &new);
                let (source, edit) = result.map_err(|error| format!("{}: {error}", shown(link)))?;
                self.edit(source, edit, Role::Client, false);
                self.expect(path, resolved(&credential.client_value_for_url()));
                self.client(link);
                Ok(())
            }
        }
    }

    /// A URL that is all of a variable of the project's env file: it is changed there.
    fn url_in_definition(&mut self, credential: &Credential, link: &Link, edits: &[Edit]) -> bool {
        let Some(name) = link.text.whole_variable().filter(|_| credential.is_known()) else { return false };
        let variables = &self.bench.workspace.projects[link.project].variables;
        let Some(definition) = variables.definition(name).cloned() else { return false };
        let entry = self
            .bench
            .workspace
            .env_file(definition.source)
            .and_then(|file| file.entries.get(definition.entry)?.value.clone());
        let Some(entry) = entry.filter(|entry| entry.text == link.text.value) else { return false };
        let edits: Vec<_> = edits.iter().map(|edit| (edit.span.start..edit.span.end, edit.text.clone())).collect();
        if entry.text.is_empty() || self.edit_entry(definition.source, definition.entry, &edits).is_err() {
            return false;
        }
        self.client(link);
        true
    }

    /// Gives a container a value of its own for a variable of an env file.
    fn override_variable(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        link: &Link,
        name: &str,
        edits: &[Edit],
    ) -> Result<(), String> {
        let service = link.service.as_deref().expect("a container's variable has a service");
        let node = member.project.service(service).ok_or("the service is gone")?;
        // What stands in the env file may hold `$`, which Compose would replace here.
        let base = link.text.value.clone();
        let marker = "\u{1}";
        let marked: Vec<Edit> = edits
            .iter()
            .map(|edit| Edit::replace(edit.span, edit.text.replace(&credential.client_reference, marker)))
            .collect();
        let new = value_after(&base, &marked).replace('$', "$$").replace(marker, &credential.client_reference);
        self.add_variable(node, name, &new, Role::Client).map_err(|error| format!("{}: {error}", shown(link)))?;
        let value = new.replace(&credential.client_reference, &credential.client_value_for_url()).replace("$$", "$");
        self.expect(environment_path(link.project, service, name), value);
        self.client(link);
        Ok(())
    }

    fn urls_in_command(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        urls: &[Located<'b>],
        key: &str,
    ) -> Result<(), String> {
        let (link, _) = urls[0];
        let service = link.service.as_deref().expect("a container's command has a service");
        let node = member.project.service(service).ok_or("the service is gone")?;
        let shown = shown(link);
        let command = Command::read(node, key).ok().flatten().ok_or_else(|| format!("{shown} can't be read"))?;
        let document = self.bench.workspace.document(command.node.place.source).ok_or("its file could not be read")?;
        let script = script_index(node, key, &command.words);
        let mut sets: BTreeMap<usize, EditSet> = BTreeMap::new();
        for (link, url) in urls {
            let Carrier::Word { index, .. } = link.carrier else { continue };
            // The shell reads the password as a part of the script.
            if script == Some(index) && !credential.value.chars().all(is_plain_in_scripts) {
                return Err(format!(
                    "{shown} must be given the password by hand: it holds characters that the shell reads"
                ));
            }
            for edit in with_password(url, &credential.client_reference, member.url_user()) {
                sets.entry(index).or_default().insert(edit).map_err(|_| format!("{shown} can't be changed"))?;
            }
        }
        let mut words: Vec<String> = command.words.iter().map(|word| word.text.clone()).collect();
        let mut edits = Vec::new();
        for (index, set) in sets {
            let in_word = command.edit_word(document, index, &set);
            edits.extend(in_word.ok_or_else(|| format!("{shown} must be given the password by hand"))?);
            let new = set.apply(&words[index]);
            words[index] = new.replace(&credential.client_reference, &credential.client_value_for_url());
        }
        let place = command.node.place.clone();
        self.edits(&place, edits, Role::Client);
        self.expect(service_path(link.project, service, key), words_value(&words));
        self.client(link);
        Ok(())
    }

    pub(super) fn host(&mut self, member: &Member<'_>, credential: &Credential, link: &Link) -> Result<(), String> {
        let LinkKind::Host { password, is_certain, password_file, user, .. } = &link.kind else { return Ok(()) };
        let service = link.service.as_deref().ok_or("a host in a file of its own")?;
        if let Carrier::HostFile { source, .. } = link.carrier {
            return self.host_in_file(member, credential, link, source, password);
        }
        let node = member.project.service(service).ok_or("the service is gone")?;
        let env = &member.project.containers[service];
        let path = environment_path(link.project, service, password);
        let value = if credential.is_known() { credential.value.clone() } else { credential.client_value.clone() };
        if let Some(file) = password_file {
            return Err(format!(
                "`{service}` takes the password from the file that `{file}` names: it must hold what `{}` holds",
                credential.client_reference
            ));
        }
        let is_other = |text: &&Text| !is_blank(&text.value) && text.value != member.definition.default_user;
        let named = user.as_ref().and_then(|name| Some((name, env.get(name)?.value.as_ref().filter(is_other)?)));
        if let Some((name, _)) = named {
            let default = &member.definition.default_user;
            return Err(format!(
                "`{name}` of `{service}` names a user of its own, but the password is that of `{default}`"
            ));
        }
        if let Some(variable) = env.get(password) {
            let text = variable.value.as_ref();
            let will_follow = text.is_some_and(|text| {
                credential.variable.as_deref().is_some_and(|name| text.variables().contains(&name))
            });
            // `NAME:` without a value takes it from the project's env file.
            let is_passed_through = credential.variable.as_deref() == Some(password)
                && (text.is_none() || environment::is_passed_through(self.bench.workspace, variable));
            if is_passed_through && credential.write.is_some() {
                self.client(link);
                return Ok(());
            }
            let is_unknown = text.is_none_or(|text| matches!(text.certainty, Certainty::Unknown(_)));
            if will_follow || text.is_some_and(|text| text.value == credential.value) {
                self.client(link);
                return Ok(());
            }
            if is_unknown && !matches!(&variable.site, Site::Entry { .. } | Site::Item { .. }) {
                return Ok(());
            }
            if text.is_some_and(|text| !is_blank(&text.value)) {
                if matches!(member.store.auth, Auth::Password(_)) {
                    return Ok(());
                }
                return Err(format!(
                    "`{password}` of `{service}` holds another password than the server would have, and keeps it: put {} in its place",
                    credential.shown()
                ));
            }
            if let Site::File { source, entry } = variable.site {
                let is_written = |target: &EnvTarget| {
                    let path = &self.bench.workspace.sources.get(source).path;
                    *path == target.path && credential.variable.as_deref() == Some(password)
                };
                if credential.write.as_ref().is_some_and(is_written) {
                    self.client(link);
                    return Ok(());
                }
                let range = 0..text.map_or(0, |text| text.value.len());
                let is_written = credential.is_known()
                    && self.edit_entry(source, entry, &[(range, credential.value.clone())]).is_ok();
                if is_written {
                    self.expect(path, value);
                    self.client(link);
                    return Ok(());
                }
            } else {
                let (source, edit) =
                    environment::set_variable(self.bench.workspace, variable, &credential.client_reference)
                        .map_err(|error| format!("`{password}` of `{service}`: {error}"))?;
                self.edit(source, edit, Role::Client, false);
                self.expect(path, value);
                self.client(link);
                return Ok(());
            }
        }
        // A program that works with a server that demands a password has it already.
        if !is_certain && matches!(member.store.auth, Auth::Password(_)) {
            return Ok(());
        }
        if !is_certain {
            let look = self.look_at(member.project, service);
            self.doubt(Remark::of(Kind::MayNotRead { variables: [password.clone()].into(), look }, service));
        }
        let target = credential.write.as_ref().filter(|_| credential.variable.as_ref() == Some(password));
        let reads =
            |path: &Path| env.files.iter().any(|file| self.bench.workspace.sources.get(file.source).path == path);
        if target.is_some_and(|target| reads(&target.path)) {
            self.client(link);
            return Ok(());
        }
        self.add_variable(node, password, &credential.client_reference, Role::Client)
            .map_err(|error| format!("`{password}` of `{service}`: {error}"))?;
        self.expect(path, value);
        self.client(link);
        Ok(())
    }

    /// A program that reads host and password from a file in its container.
    fn host_in_file(
        &mut self,
        member: &Member<'_>,
        credential: &Credential,
        link: &Link,
        source: SourceId,
        password: &str,
    ) -> Result<(), String> {
        let path = self.bench.workspace.sources.get(source).path.clone();
        let file = self.bench.workspace.env_file(source).ok_or("its file could not be read")?;
        let entry = file.entries.iter().rposition(|entry| entry.key == password);
        let old = entry.and_then(|entry| file.entries[entry].value.as_ref());
        let is_defined = credential.write.as_ref().is_some_and(|target| target.path == path)
            && credential.variable.as_deref() == Some(password);
        if is_defined || old.is_some_and(|old| old.text == credential.value) {
            self.client(link);
            return Ok(());
        }
        let shown = format!("`{password}` in the env file of `{}`", link.service.as_deref().unwrap_or_default());
        if old.is_some_and(|old| !is_blank(&old.text)) {
            if matches!(member.store.auth, Auth::Password(_)) {
                return Ok(());
            }
            return Err(format!("{shown} holds another password than the server would have, and keeps it"));
        }
        if !credential.is_known() {
            return Err(format!("{shown} must be given the password by hand, once it is known"));
        }
        let written = match (entry, old) {
            (Some(entry), Some(old)) => {
                self.edit_entry(source, entry, &[(0..old.text.len(), credential.value.clone())])
            }
            _ => self.add_entry(source, password, &credential.value),
        };
        written.map_err(|why| format!("{shown} must be given the password, but {why}"))?;
        self.client(link);
        Ok(())
    }

    fn client(&mut self, link: &Link) {
        self.counts.clients.extend(link.service.clone());
    }
}

impl Credential {
    /// What a URL gets where the password stands in it.
    fn client_value_for_url(&self) -> String {
        if self.variable.is_some() && !self.is_known() { self.client_value.clone() } else { self.value.clone() }
    }
}

/// A URL, and where it is.
type Located<'b> = (&'b Link, &'b StoreUrl);

/// True if both are in one variable, or in the words of one command, which are compared as a whole.
fn is_one_value(one: &Link, other: &Link) -> bool {
    let is_one_place = match (&one.carrier, &other.carrier) {
        (Carrier::Variable { name, .. }, Carrier::Variable { name: other, .. }) => name == other,
        (Carrier::Word { key, .. }, Carrier::Word { key: other, .. }) => key == other,
        _ => false,
    };
    is_one_place && one.project == other.project && one.service == other.service
}

fn is_plain_in_scripts(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.:,@%+".contains(c)
}

/// True if the password of the URL is a variable that the repair gives a value.
fn blank_variable_will_be_set(link: &Link, url: &StoreUrl, credential: &Credential) -> bool {
    let (Some(password), Some(variable)) = (&url.password, &credential.variable) else { return false };
    link.text.pieces.iter().any(|piece| {
        let is_it = matches!(&piece.origin, PieceOrigin::Variable { name } if name == variable)
            || piece.inside.contains(variable);
        is_it && piece.output.start >= password.span.start && piece.output.end <= password.span.end
    })
}

fn value_after(value: &str, edits: &[Edit]) -> String {
    let mut set = EditSet::new();
    for edit in edits {
        // Host and user information are different places of a URL.
        let _ = set.insert(edit.clone());
    }
    set.apply(value)
}

/// Bytes of a scalar for bytes of its text; an insertion may go into the default of a variable.
fn scalar_range(text: &Text, range: Range<usize>) -> Option<Range<usize>> {
    if text.pieces.is_empty() {
        return Some(range);
    }
    if !range.is_empty() {
        return text.literal_range(range);
    }
    let literal = |piece: &&crate::syntax::template::Piece| piece.origin == PieceOrigin::Literal;
    let before = text
        .pieces
        .iter()
        .filter(literal)
        .find(|piece| piece.output.start < range.start && range.start <= piece.output.end);
    let piece =
        before.or_else(|| text.pieces.iter().filter(literal).find(|piece| piece.output.start == range.start))?;
    let at = piece.source.start + (range.start - piece.output.start);
    Some(at..at)
}

/// The places of edits in the text of an env file's entry.
fn in_entry(text: &Text, edits: &[Edit]) -> Option<Vec<(Range<usize>, String)>> {
    edits.iter().map(|edit| Some((scalar_range(text, edit.span.start..edit.span.end)?, edit.text.clone()))).collect()
}

/// A link as a person would name it.
fn shown(link: &Link) -> String {
    let what = match &link.carrier {
        Carrier::Variable { name, .. } | Carrier::HostFile { name, .. } | Carrier::Default { name, .. } => {
            format!("`{name}`")
        }
        Carrier::Word { key, .. } => format!("the URL in `{key}`"),
    };
    match &link.service {
        Some(service) => format!("{what} of `{service}`"),
        None => format!("{what} in an env file"),
    }
}
