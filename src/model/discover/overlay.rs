//! Tells files that are laid over the default one from those that stand alone.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::{Files, decode};
use crate::syntax::yaml::{self, Document, Kind, NodeId};

/// True if a file is none by itself, and the `main` one has what it lacks. A file that can't be read lacks nothing.
pub(super) fn lies_over(files: &dyn Files, path: &Path, main: &Path) -> bool {
    let (Some(own), Some(main)) = (Services::read(files, path), Services::read(files, main)) else { return false };
    let finds_them = || !own.absent.is_empty() && own.absent.is_subset(&main.names);
    main.are_complete && (!own.are_complete || finds_them())
}

/// What a file says of its services, as far as that tells whether Compose takes it alone.
struct Services {
    names: BTreeSet<String>,
    /// True if each has an image, a build or a base of its own.
    are_complete: bool,
    /// Services of other files, without which Compose refuses it.
    absent: BTreeSet<String>,
}

impl Services {
    /// `None` if the file can't be read.
    fn read(files: &dyn Files, path: &Path) -> Option<Self> {
        let text = files.read(path).and_then(|bytes| decode(&bytes)).ok()?;
        let (document, _) = yaml::parse(text);
        let mut services = Self { names: BTreeSet::new(), are_complete: true, absent: BTreeSet::new() };
        let mut needed = BTreeSet::new();
        let maps = document.roots.iter().filter_map(|root| document.at(*root, &["services"]));
        for pair in maps.flat_map(|map| document.pairs(map)) {
            services.names.extend(document.scalar(pair.key).map(str::to_owned));
            let Some(service) = document.follow(pair.value) else { continue };
            if !matches!(document.node(service).kind, Kind::Map(_)) {
                continue;
            }
            let known = ["image", "build", "extends", "provider", "<<"];
            services.are_complete &= known.iter().any(|key| document.get(service, key).is_some());
            needed.extend(needed_by(&document, service));
        }
        // What is included may have them.
        if !document.roots.iter().any(|root| document.get(*root, "include").is_some()) {
            services.absent = needed.difference(&services.names).cloned().collect();
        }
        Some(services)
    }
}

/// The services without which Compose refuses a service: those that it waits for, and the one whose network it joins.
fn needed_by(document: &Document, service: NodeId) -> Vec<String> {
    let value = |key: &str| document.get(service, key).map(|pair| pair.value);
    let waits_for = value("depends_on").and_then(|node| document.follow(node));
    let mut names: Vec<&str> = waits_for
        .map_or(&[][..], |node| document.items(node))
        .iter()
        .filter_map(|item| document.scalar(*item))
        .collect();
    for pair in waits_for.map_or(&[][..], |node| document.pairs(node)) {
        let required = document.get(pair.value, "required").and_then(|pair| document.scalar(pair.value));
        names.extend(document.scalar(pair.key).filter(|_| required != Some("false")));
    }
    names.extend(value("network_mode").and_then(|node| document.scalar(node)?.strip_prefix("service:")));
    names.into_iter().map(str::to_owned).filter(|name| !name.contains('$')).collect()
}
