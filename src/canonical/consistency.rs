//! What does not fit together in a project, or is named and not there.

use std::collections::BTreeMap;

use super::item::{Item, Origin, Value};
use super::resources;
use crate::model::node::{self, Node};
use crate::model::{Weight, Workspace};

/// Reports what makes Compose refuse the enabled services.
pub(super) fn check(workspace: &mut Workspace<'_>, root: &Node, services: &[(String, Item)], disabled: &[String]) {
    let mut found = Vec::new();
    for (name, service) in services {
        let mut checker = Checker { root, services, disabled, name, service, found: &mut found };
        checker.check();
    }
    for (name, secret) in resources(root, "secrets") {
        let has = |key: &str| secret.get(key).and_then(Node::as_text).is_some_and(|text| !text.value.is_empty());
        let external = matches!(secret.get("external").map(|node| &node.value), Some(node::Value::Bool(true)));
        if !external && !has("file") && !has("environment") {
            found.push((Origin::of(secret), format!("the secret `{name}` has neither `file` nor `environment`")));
        }
    }
    container_names(services, &mut found);
    circles(services, &mut found);
    for (origin, message) in found {
        workspace.report(origin.source, origin.span, Weight::Error, message, None);
    }
}

type Found = Vec<(Origin, String)>;

struct Checker<'c> {
    root: &'c Node,
    services: &'c [(String, Item)],
    disabled: &'c [String],
    name: &'c str,
    service: &'c Item,
    found: &'c mut Found,
}

impl Checker<'_> {
    fn check(&mut self) {
        let has = |key: &str| self.service.get(key).is_some();
        if !has("image") && !has("build") && !has("provider") {
            self.note(self.service, format!("the service `{}` has neither `image` nor `build`", self.name));
        }
        self.build();
        self.networks();
        self.healthcheck();
        self.dependencies();
        self.sources();
        self.models();
        self.mounts();
        self.numbers();
    }

    fn build(&mut self) {
        let Some(build) = self.service.get("build") else { return };
        if let (Some(_), Some(inline)) = (build.get("dockerfile"), build.get("dockerfile_inline")) {
            self.note(inline, "`dockerfile` and `dockerfile_inline` exclude each other");
        }
        for (_, context) in build.get("additional_contexts").map(Item::entries).unwrap_or_default() {
            let target = context.text().and_then(|text| text.strip_prefix("service:"));
            if let Some(target) = target
                && self.service_named(target).is_none_or(|service| service.get("build").is_none())
            {
                self.note(context, format!("there is no service `{target}` with `build`"));
            }
        }
        let platforms = build.get("platforms").map(Item::items).unwrap_or_default();
        if let Some(platform) = self.service.get("platform")
            && !platforms.is_empty()
            && !platforms.iter().any(|known| known.text() == platform.text())
        {
            self.note(platform, "`build.platforms` does not hold this platform");
        }
    }

    fn networks(&mut self) {
        let networks = self.service.get("networks");
        if let (Some(mode), Some(networks)) = (self.service.get("network_mode"), networks)
            && !networks.entries().is_empty()
        {
            self.note(mode, "`network_mode` and `networks` exclude each other");
        }
        for (network, item) in networks.map(Item::entries).unwrap_or_default() {
            if self.root.at(&["networks", network]).is_none() {
                self.note(item, format!("there is no network `{network}`"));
            }
        }
        let mode = self.service.get("network_mode");
        if let Some((mode, target)) = mode.and_then(|mode| Some((mode, mode.text()?.strip_prefix("service:")?)))
            && self.service_named(target).is_none()
        {
            self.note(mode, format!("there is no service `{target}`"));
        }
    }

    fn healthcheck(&mut self) {
        let test = self.service.at(&["healthcheck", "test"]).map(Item::items).unwrap_or_default();
        if let Some(first) = test.first()
            && !matches!(first.text(), Some("CMD" | "CMD-SHELL" | "NONE"))
        {
            self.note(first, "the list must start with CMD, CMD-SHELL or NONE");
        }
    }

    fn dependencies(&mut self) {
        for (target, item) in self.service.get("depends_on").map(Item::entries).unwrap_or_default() {
            let optional = matches!(item.get("required").map(|item| &item.value), Some(Value::Bool(false)));
            let is_disabled = self.disabled.iter().any(|name| name == target);
            if self.service_named(target).is_none() && !(optional && is_disabled) {
                let why = if is_disabled { "no profile enables the service" } else { "there is no service" };
                self.note(item, format!("{why} `{target}`"));
            }
        }
    }

    fn sources(&mut self) {
        let lists = [
            ("volumes", "volumes", self.service.get("volumes")),
            ("configs", "configs", self.service.get("configs")),
            ("secrets", "secrets", self.service.get("secrets")),
            ("secrets", "secrets", self.service.at(&["build", "secrets"])),
        ];
        for (kind, label, list) in lists {
            for item in list.map(Item::items).unwrap_or_default() {
                if kind == "volumes" && item.get("type").and_then(Item::text) != Some("volume") {
                    continue;
                }
                let source = item.get("source").and_then(Item::text).unwrap_or_default();
                let missing = resources(self.root, kind).all(|(name, _)| name != source);
                if missing && !(kind == "volumes" && source.is_empty()) {
                    self.note(item, format!("`{source}` is not among the `{label}` at the top of the project"));
                }
            }
        }
    }

    fn models(&mut self) {
        for (model, item) in self.service.get("models").map(Item::entries).unwrap_or_default() {
            if self.root.at(&["models", model]).is_none() {
                self.note(item, format!("there is no model `{model}`"));
            }
        }
    }

    /// Two mounts at one place of the container.
    fn mounts(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        let tmpfs = self.service.get("tmpfs").map(Item::items).unwrap_or_default();
        let tmpfs = tmpfs.iter().filter_map(|item| Some((item, item.text()?.split(':').next()?)));
        let volumes = self.service.get("volumes").map(Item::items).unwrap_or_default();
        let volumes = volumes.iter().filter_map(|item| Some((item, item.get("target")?.text()?)));
        for (item, target) in tmpfs.chain(volumes) {
            if seen.iter().any(|known| known == target) {
                self.note(item, format!("`{target}` is mounted already"));
            }
            seen.push(target.to_owned());
        }
    }

    fn numbers(&mut self) {
        let pairs: [(&[&str], &[&str]); 5] = [
            (&["scale"], &["deploy", "replicas"]),
            (&["cpus"], &["deploy", "resources", "limits", "cpus"]),
            (&["mem_limit"], &["deploy", "resources", "limits", "memory"]),
            (&["mem_reservation"], &["deploy", "resources", "reservations", "memory"]),
            (&["pids_limit"], &["deploy", "resources", "limits", "pids"]),
        ];
        for (own, deploy) in pairs {
            if let (Some(a), Some(b)) = (self.service.at(own), self.service.at(deploy))
                && number(a) != number(b)
            {
                self.note(a, format!("`{}` and `{}` differ", own.join("."), deploy.join(".")));
            }
        }
        let count = self.service.get("scale").or_else(|| self.service.at(&["deploy", "replicas"]));
        if let (Some(name), Some(count)) = (self.service.get("container_name"), count.and_then(number))
            && count > 1.0
        {
            self.note(name, "several containers of one service can't share a `container_name`");
        }
    }

    fn service_named(&self, name: &str) -> Option<&Item> {
        self.services.iter().find(|(known, _)| known == name).map(|(_, service)| service)
    }

    fn note(&mut self, item: &Item, message: impl Into<String>) {
        self.found.push((item.origin.clone(), message.into()));
    }
}

fn number(item: &Item) -> Option<f64> {
    match &item.value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn container_names(services: &[(String, Item)], found: &mut Found) {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for (service, item) in services {
        let Some(name) = item.get("container_name") else { continue };
        if let Some(other) = name.text().and_then(|text| names.insert(text, service)) {
            found.push((name.origin.clone(), format!("the service `{other}` has the same `container_name`")));
        }
    }
}

/// Services that depend on each other.
fn circles(services: &[(String, Item)], found: &mut Found) {
    let depends = |name: &str| {
        let service = services.iter().find(|(known, _)| known == name).map(|(_, service)| service);
        service.and_then(|service| service.get("depends_on")).map(Item::entries).unwrap_or_default()
    };
    for (start, _) in services {
        let mut seen: Vec<&str> = Vec::new();
        let mut open: Vec<&str> = depends(start).iter().map(|(name, _)| name.as_str()).collect();
        while let Some(next) = open.pop() {
            if next == start {
                let origin = depends(start).first().map(|(_, item)| item.origin.clone());
                found.extend(origin.map(|origin| (origin, format!("`{start}` depends on itself in the end"))));
                break;
            }
            if !seen.contains(&next) {
                seen.push(next);
                open.extend(depends(next).iter().map(|(name, _)| name.as_str()));
            }
        }
    }
}
