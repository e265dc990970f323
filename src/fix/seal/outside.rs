//! Clients whose way to a store gets its value from outside: they follow if they carry the password by the variable of the
//! repair; else a person must say where they lead.

use std::collections::{BTreeMap, BTreeSet};

use super::credential::{Credential, command_texts};
use super::{Member, Seal};
use crate::fix::remark::{Kind, Remark};
use crate::lens::server::Auth;
use crate::model::container_env::ContainerEnv;
use crate::syntax::template::{Piece, PieceOrigin};
use crate::topology::{Link, LinkKind, OutsideLink, Part, is_blank};

impl<'b> Seal<'b, '_, '_> {
    /// Hands the password (`None` where clients log in as users of their own) to the services that may lead to a store by
    /// variables from outside, except to those that are `known` to get it. Gives the services of which nothing more is to
    /// be said.
    pub(super) fn outside_clients(
        &mut self,
        member: &Member<'_>,
        credential: Option<&Credential>,
        known: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        if !matches!(member.store.auth, Auth::Open | Auth::Refuses(_)) {
            return told;
        }
        let links: Vec<&'b OutsideLink> = self.bench.topology.outside_links_to(member.number).collect();
        let is_known = |link: &&&OutsideLink| known.contains(&link.service) && link.project == member.store.project;
        // The variable is that of this server, and no other's.
        let follows = |password: &Link| credential.is_some_and(|credential| self.follows(member, credential, password));
        let is_tied = credential.is_some_and(|credential| self.is_variable_of_server(member, credential)) || {
            let mut waiting = links.iter().filter(|link| link.is_waiting).filter_map(|link| link.password.as_ref());
            waiting.any(follows)
        };
        let mut missing: BTreeMap<Part, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for link in links.iter().filter(|link| !is_known(link)) {
            if self.is_linked(link.project, &link.service) && !link.is_waiting {
                continue;
            }
            told.insert(link.service.clone());
            let is_tied = link.is_waiting || is_tied;
            let has_it = |credential: &Credential| {
                link.password.as_ref().is_some_and(|password| self.follows(member, credential, password))
                    || has_in_url(link, credential)
            };
            if is_tied && credential.is_some_and(has_it) {
                self.counts.clients.insert(link.service.clone());
                continue;
            }
            match &link.outside {
                Some(variable) => {
                    let (services, variables) = missing.entry(link.part).or_default();
                    services.insert(link.service.clone());
                    variables.insert(variable.clone());
                }
                None => {
                    self.doubt(Remark::of(self.waits(member, &link.service), &link.service));
                }
            }
            // Whoever asks for the repair all the same gets it where the program is known to read it, or to be meant.
            let is_meant = |password: &&Link| {
                let is_certain = matches!(password.kind, LinkKind::Host { is_certain: true, .. });
                !link.is_ambiguous && (is_certain || link.is_waiting)
            };
            if let Some(credential) = credential
                && let Some(password) = link.password.as_ref().filter(is_meant)
                && let Err(why) = self.host(member, credential, password)
            {
                self.doubt(why);
            }
        }
        for (part, (services, variables)) in missing {
            self.doubt(Remark { kind: Kind::FromOutside { part, variables }, services });
        }
        told
    }

    /// True if the server, or a client whose way to it can be seen, names the variable of the repair.
    fn is_variable_of_server(&self, member: &Member<'_>, credential: &Credential) -> bool {
        let Some(own) = credential.variable.as_deref() else { return false };
        let is_own = |env: &ContainerEnv, name: &str| match env.get(name).map(|variable| &variable.value) {
            Some(None) => name == own,
            Some(Some(text)) => text.variables().contains(&own),
            None => false,
        };
        let of_server = &member.project.containers[&member.store.service];
        let by_command = || command_texts(Some(member.node)).iter().any(|text| text.variables().contains(&own));
        let by_environment = || of_server.variables.iter().any(|variable| is_own(of_server, &variable.name));
        let by_client = || {
            self.bench.topology.links_to(member.number).any(|link| match (&link.kind, &link.service) {
                (LinkKind::Host { password, .. }, Some(service)) => {
                    is_own(&member.project.containers[service], password)
                }
                (LinkKind::Url(_), _) => link.text.variables().contains(&own),
                _ => false,
            })
        };
        by_command() || by_environment() || by_client()
    }

    /// True if a service presents the password by the variable of the repair, whatever else comes from outside.
    fn follows(&self, member: &Member<'_>, credential: &Credential, link: &Link) -> bool {
        let LinkKind::Host { password, password_file: None, user, .. } = &link.kind else { return false };
        let (Some(own), Some(service)) = (credential.variable.as_deref(), link.service.as_ref()) else { return false };
        let env = &member.project.containers[service];
        let names_user = user
            .as_ref()
            .and_then(|name| env.get(name)?.value.as_ref())
            .is_some_and(|user| !is_blank(&user.value) && user.value != member.definition.default_user);
        !names_user && self.carries(env, password, own, credential)
    }

    fn carries(&self, env: &ContainerEnv, password: &str, own: &str, credential: &Credential) -> bool {
        let Some(variable) = env.get(password) else {
            let target = credential.write.as_ref().filter(|_| own == password);
            let reads = |file: &crate::model::container_env::EnvFileUse| {
                target.is_some_and(|target| self.bench.workspace.sources.get(file.source).path == target.path)
            };
            return env.files.iter().any(reads);
        };
        match &variable.value {
            None => own == password,
            Some(text) => text.whole_variable() == Some(own),
        }
    }
}

/// True if a URL whose host comes from outside holds the password by the variable of the repair: `redis://:${PASSWORD}@${HOST}`.
fn has_in_url(link: &OutsideLink, credential: &Credential) -> bool {
    let Some(at) = link.text.value.rfind('@').filter(|_| link.text.value.contains("://")) else { return false };
    let is_it = |piece: &Piece| match &piece.origin {
        PieceOrigin::Variable { name } => Some(name) == credential.variable.as_ref(),
        _ => false,
    };
    link.text.pieces.iter().any(|piece| is_it(piece) && piece.output.end <= at)
}

/// The variable of the project that most of the services present as the password that may lead to these stores, and to no
/// others.
pub(super) fn common_variable(
    seal: &Seal<'_, '_, '_>,
    member: &Member<'_>,
    is_password: impl Fn(&str) -> bool,
) -> Option<String> {
    let topology = seal.bench.topology;
    let links = seal.group.iter().flat_map(|number| topology.outside_links_to(*number));
    let mut services: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for link in links.filter(|link| !link.is_ambiguous || link.is_waiting) {
        let Some(LinkKind::Host { password, .. }) = link.password.as_ref().map(|link| &link.kind) else { continue };
        let Some(variable) = member.project.containers[&link.service].get(password) else { continue };
        let name = match &variable.value {
            None => Some(password.as_str()),
            Some(text) => text.whole_variable(),
        };
        let Some(name) = name.filter(|name| is_password(name)) else { continue };
        match services.iter_mut().find(|(known, _)| known == name) {
            Some((_, services)) => drop(services.insert(&link.service)),
            None => services.push((name.to_owned(), [link.service.as_str()].into())),
        }
    }
    // Of equal ones the first.
    services.into_iter().rev().max_by_key(|(_, services)| services.len()).map(|(name, _)| name)
}
