//! What rules look at, taken from projects: each view with the values of its fields and their places.

mod healthcheck;
mod login;
mod password;
mod port;
mod reading;
mod service;
mod store;
pub(super) mod suppression;
mod url;
mod variable;

use std::collections::BTreeMap;

use super::finding::Subject;
use crate::catalog::ImageName;
use crate::config::Configs;
use crate::lens::command::Command;
use crate::model::Workspace;
use crate::model::node::Node;
use crate::rule::{AdminInterface, FieldValue, RuleSet, View, ViewKind};
use crate::topology::{Spot, Topology};

/// One thing that rules look at.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it is.
    pub kind: ViewKind,
    /// Number of its project in the workspace.
    pub project: usize,
    /// What a finding about it is about.
    pub subject: Subject,
    fields: BTreeMap<&'static str, FieldValue>,
    spots: BTreeMap<&'static str, Spot>,
}

impl Seen {
    fn new(kind: ViewKind, project: usize, subject: Subject) -> Self {
        Self { kind, project, subject, fields: BTreeMap::new(), spots: BTreeMap::new() }
    }

    fn set(&mut self, field: &'static str, value: FieldValue) {
        self.fields.insert(field, value);
    }

    fn place(&mut self, field: &'static str, spot: impl Into<Spot>) {
        self.spots.insert(field, spot.into());
    }

    /// The place of a field, if it has one of its own.
    pub fn own_spot(&self, field: &str) -> Option<Spot> {
        self.spots.get(field).copied()
    }

    /// The place of a field, of the thing that holds it, or of the whole.
    pub fn spot(&self, field: &str) -> Option<Spot> {
        let area = field.split('.').next().unwrap_or(field);
        [field, area, "service.name"].into_iter().find_map(|name| self.spots.get(name)).copied()
    }
}

impl View for Seen {
    fn field(&self, name: &str) -> FieldValue {
        self.fields.get(name).cloned().unwrap_or(FieldValue::Unknown)
    }
}

/// All that rules look at in a workspace, in the order of the files.
pub fn views(workspace: &Workspace<'_>, topology: &Topology, rules: &RuleSet, configs: &Configs) -> Vec<Seen> {
    let context = Context { workspace, topology, rules, configs };
    let mut seen = Vec::new();
    for project in 0..workspace.projects.len() {
        service::add(&context, project, &mut seen);
        port::add(&context, project, &mut seen);
        store::add(&context, project, &mut seen);
        healthcheck::add(&context, project, &mut seen);
        url::add(&context, project, &mut seen);
        login::add(&context, project, &mut seen);
        reading::add(&context, project, &mut seen);
    }
    seen
}

struct Context<'a, 'f> {
    workspace: &'a Workspace<'f>,
    topology: &'a Topology,
    rules: &'a RuleSet,
    configs: &'a Configs,
}

impl Context<'_, '_> {
    /// The admin interface that a service is.
    fn admin_interface(&self, service: &Node) -> Option<&AdminInterface> {
        let image = ImageName::parse(&service.get("image")?.as_text()?.value).ok()?;
        let words = Command::read(service, "command").ok().flatten().map(|command| command.words).unwrap_or_default();
        let command: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
        self.rules.admin.iter().find(|admin| admin.is(&image, &command.join(" ")))
    }
}
