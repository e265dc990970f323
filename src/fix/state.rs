//! The projects in one state of the files, what was found in them, and what repairs aim at there.

use std::cell::OnceCell;
use std::net::IpAddr;

use super::repair::RepairKey;
use super::settings::Settings;
use super::snapshot::Snapshot;
use super::{link, port, seal};
use crate::lens::port::ports;
use crate::lens::server::Auth;
use crate::lint::{self, Finding, Silenced, Silencer};
use crate::model::Workspace;
use crate::rule::{Action, BuiltIn, Change, Fix, ViewKind};
use crate::source::Files;
use crate::topology::{LinkKind, StoreService, Topology};

/// A workspace with all that was found in it. Its files may be gone: nothing more is read from them.
pub struct State {
    /// The projects.
    pub workspace: Workspace<'static>,
    /// Their stores and links.
    pub topology: Topology,
    /// What the rules say.
    pub findings: Vec<Finding>,
    /// What they say about comments that silence findings.
    pub remarks: Vec<Finding>,
    /// What is not to be reported, nor to be repaired.
    pub silenced: Vec<Silenced>,
    snapshot: OnceCell<Snapshot>,
}

impl State {
    /// Reads and judges the projects.
    pub fn read(files: &dyn Files, settings: &Settings<'_>) -> Self {
        let mut workspace = Workspace::read(files, settings.sets, settings.options);
        workspace.report_refusals();
        let mut topology = Topology::read(&mut workspace, &settings.rules.stores);
        topology.look_around(&workspace, settings.surroundings, &settings.rules.stores);
        let found = lint::run(&workspace, &topology, settings.rules, settings.selection);
        let (findings, remarks, silenced) = (found.findings, found.remarks, found.silenced);
        let workspace = workspace.detached();
        Self { workspace, topology, findings, remarks, silenced, snapshot: OnceCell::new() }
    }

    /// What the first repair that a finding offers is about.
    pub fn key_of(&self, finding: &Finding) -> Option<RepairKey> {
        self.target(finding).map(|target| self.key(finding.project, &target))
    }

    /// What the workspace comes to.
    pub fn snapshot(&self) -> &Snapshot {
        self.snapshot.get_or_init(|| Snapshot::of(&self.workspace))
    }

    /// Why a repair is left alone: what it would repair, too, is silenced.
    pub(super) fn forbidden(&self, key: &RepairKey) -> Option<String> {
        let silenced = self.silenced.iter().find(|silenced| self.key_of(&silenced.finding).as_ref() == Some(key))?;
        let rule = &silenced.finding.rule;
        Some(match &silenced.by {
            Silencer::Comment { source, span, .. } => {
                let source = self.workspace.sources.get(*source);
                let name = source.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                format!("a comment ignores `{rule}` there ({name}:{})", source.line_column(span.start).line)
            }
            Silencer::Baseline => format!("`{rule}` is in the baseline, and it would be repaired, too"),
        })
    }

    pub(super) fn target(&self, finding: &Finding) -> Option<Aim> {
        let fix = finding.fixes.first()?;
        let service = finding.subject.service.as_deref();
        let link = || {
            let wanted = |link: &&crate::topology::Link| {
                let variable = match &link.kind {
                    LinkKind::Url(_) => link.carrier.variable(),
                    LinkKind::Host { password, .. } => Some(password.as_str()),
                };
                link.project == finding.project
                    && link.service.as_deref() == service
                    && variable == finding.subject.variable.as_deref()
            };
            self.topology.links.iter().position(|link| wanted(&link))
        };
        let own = || {
            let is_own =
                |store: &StoreService| store.project == finding.project && Some(store.service.as_str()) == service;
            self.topology.stores.iter().position(is_own)
        };
        match &fix.action {
            Action::Repair(BuiltIn::ExpandPassword) => Some(Aim::Expand(own()?)),
            Action::Repair(BuiltIn::SealStore) => {
                let own = own();
                let by_link = || self.topology.links[link()?].target.store();
                let number = own.filter(|_| finding.subject.variable.is_none()).or_else(by_link)?;
                (self.is_closed(number) || self.is_found_open(number)).then_some(Aim::Seal(number))
            }
            Action::Repair(BuiltIn::RedirectUrl) => Some(Aim::Redirect(link()?)),
            Action::Repair(BuiltIn::MendUrl) => Some(Aim::Mend(link()?)),
            Action::Edits(ops) => {
                let key = finding.subject.key.as_deref()?;
                let index = key.rsplit_once('[')?.1.strip_suffix(']')?.parse().ok()?;
                let [op] = ops.as_slice() else { return None };
                match (op.field.as_str(), &op.change) {
                    ("port.host_ip", Change::Set(ip)) => {
                        Some(Aim::Port { service: service?.to_owned(), index, ip: ip.parse().ok()? })
                    }
                    _ => None,
                }
            }
            Action::Lines(_) => None,
        }
    }

    /// True if the store, and those that are sealed with it, ask for a password already.
    fn is_closed(&self, number: usize) -> bool {
        let is_open = |number: usize| matches!(self.topology.stores[number].auth, Auth::Open | Auth::Refuses(_));
        !self.topology.sealed_together(number).into_iter().any(is_open)
    }

    /// True if somebody wants to hear that the store, or one that is sealed with it, is open: else it is meant to be, and
    /// no finding about its clients or its healthcheck is a reason to close it.
    fn is_found_open(&self, number: usize) -> bool {
        let together = self.topology.sealed_together(number);
        self.findings.iter().any(|finding| {
            let is_it = |other: &&usize| {
                let store = &self.topology.stores[**other];
                store.project == finding.project && Some(&store.service) == finding.subject.service.as_ref()
            };
            let is_seal = matches!(finding.fixes.first(), Some(Fix { action: Action::Repair(BuiltIn::SealStore), .. }));
            is_seal && finding.view == ViewKind::Store && together.iter().any(|other| is_it(&other))
        })
    }

    pub(super) fn key(&self, project: usize, aim: &Aim) -> RepairKey {
        match aim {
            Aim::Seal(number) => {
                let group = self.topology.sealed_together(*number);
                seal::key(&self.workspace, &self.topology.stores[group[0]])
            }
            Aim::Expand(number) => seal::expand_key(&self.workspace, &self.topology.stores[*number]),
            Aim::Redirect(number) => link::redirect_key(&self.workspace, &self.topology.links[*number]),
            Aim::Mend(number) => link::mend_key(&self.workspace, &self.topology.links[*number]),
            Aim::Port { service, index, .. } => {
                let node = self.workspace.projects[project].service(service);
                let all = node.map(ports).unwrap_or_default();
                match all.iter().find(|port| port.index == *index) {
                    Some(found) => port::key(&self.workspace, service, found),
                    None => RepairKey {
                        action: "port".into(),
                        file: self.workspace.projects[project].folder.clone(),
                        service: service.clone(),
                        detail: index.to_string(),
                    },
                }
            }
        }
    }
}

/// What a fix aims at in one state of the files.
pub(super) enum Aim {
    /// To give the store of this number a password.
    Seal(usize),
    /// To let the store of this number take its password from the file that is meant.
    Expand(usize),
    /// To let the link of this number lead to the server that is meant.
    Redirect(usize),
    /// To make the link of this number readable.
    Mend(usize),
    /// To let an entry of `ports` listen on another address.
    Port {
        /// The service.
        service: String,
        /// Number of the entry.
        index: usize,
        /// The address.
        ip: IpAddr,
    },
}

impl Aim {
    /// A URL must be readable before a password can be put there, and a password must be the one that is meant. Then seals, which may mend what other repairs are about.
    pub fn rank(&self) -> usize {
        match self {
            Self::Mend(_) | Self::Expand(_) => 0,
            Self::Seal(_) => 1,
            Self::Redirect(_) => 2,
            Self::Port { .. } => 3,
        }
    }
}
