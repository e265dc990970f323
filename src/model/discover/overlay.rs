//! Tells files that are laid over the default one from those that stand alone.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::{Files, decode};
use crate::syntax::yaml::{self, Document, Kind, NodeId, Pair};

/// The kinds of things that Compose refuses to do without where a service names them (measured with 2.40.3). A volume that
/// is not defined is made.
const KINDS: [&str; 4] = ["services", "networks", "secrets", "configs"];

/// True if a file is none by itself, and the `main` one has what it lacks. A file that can't be read lacks nothing.
pub(super) fn lies_over(files: &dyn Files, path: &Path, main: &Path) -> bool {
    let (Some(own), Some(main)) = (Contents::read(files, path), Contents::read(files, main)) else { return false };
    let finds_them = || !own.absent.is_empty() && own.absent.is_subset(&main.defined);
    main.are_complete && (!own.are_complete || finds_them())
}

/// A kind of things, of [`KINDS`], and a name.
type Thing = (&'static str, String);

/// What a file says, as far as that tells whether Compose takes it alone.
struct Contents {
    /// True if each service has an image, a build or a base of its own.
    are_complete: bool,
    defined: BTreeSet<Thing>,
    /// Things of other files, without which Compose refuses it.
    absent: BTreeSet<Thing>,
}

impl Contents {
    /// `None` if the file can't be read.
    fn read(files: &dyn Files, path: &Path) -> Option<Self> {
        let text = files.read(path).and_then(|bytes| decode(&bytes)).ok()?;
        let (document, _) = yaml::parse(text);
        let pairs = |kind: &str| -> Vec<&Pair> {
            let maps = document.roots.iter().filter_map(|root| document.at(*root, &[kind]));
            maps.flat_map(|map| document.pairs(map)).collect()
        };
        let mut defined: BTreeSet<Thing> = [("networks", "default".to_owned())].into();
        for kind in KINDS {
            let names = pairs(kind).into_iter().filter_map(|pair| document.scalar(pair.key));
            defined.extend(names.map(|name| (kind, name.to_owned())));
        }
        let services = pairs("services").into_iter().filter_map(|pair| document.follow(pair.value));
        let services: Vec<_> =
            services.filter(|service| matches!(document.node(*service).kind, Kind::Map(_))).collect();
        let known = ["image", "build", "extends", "provider", "<<"];
        let is_complete = |service: &NodeId| known.iter().any(|key| document.get(*service, key).is_some());
        let needed: BTreeSet<_> = services.iter().flat_map(|service| needed_by(&document, *service)).collect();
        // What is included may have them.
        let includes = document.roots.iter().any(|root| document.get(*root, "include").is_some());
        let absent = if includes { BTreeSet::new() } else { needed.difference(&defined).cloned().collect() };
        Some(Self { are_complete: services.iter().all(is_complete), defined, absent })
    }
}

/// What a service names that must be defined.
fn needed_by(document: &Document, service: NodeId) -> Vec<Thing> {
    let value = |key: &str| document.get(service, key).and_then(|pair| document.follow(pair.value));
    // The items of a list, of which long ones have a source, and the keys of a mapping.
    let names = |key: &str| -> Vec<&str> {
        let Some(node) = value(key) else { return Vec::new() };
        let source = |item: NodeId| document.get(item, "source").and_then(|pair| document.scalar(pair.value));
        let items = document.items(node).iter().filter_map(|item| document.scalar(*item).or_else(|| source(*item)));
        items.chain(document.pairs(node).iter().filter_map(|pair| document.scalar(pair.key))).collect()
    };
    let before_colon = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let shared = ["network_mode", "ipc", "pid", "uts"].into_iter().filter_map(&value);
    let shared = shared.filter_map(|node| document.scalar(node)?.strip_prefix("service:"));
    let from = names("volumes_from").into_iter().filter(|name| !name.starts_with("container:"));
    let services = names("depends_on").into_iter().chain(shared).map(str::to_owned);
    let services = services.chain(names("links").into_iter().chain(from).map(before_colon));
    let services = services.map(|name| ("services", name));
    let others = ["networks", "secrets", "configs"];
    let others = others.into_iter().flat_map(|kind| names(kind).into_iter().map(move |name| (kind, name.to_owned())));
    services.chain(others).filter(|(_, name)| !name.contains('$')).collect()
}
