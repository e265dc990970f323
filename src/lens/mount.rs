//! What is mounted into a container.

use crate::model::node::{Certainty, Node, Text};

/// One entry of `volumes`.
#[derive(Debug, Clone)]
pub struct Mount<'p> {
    /// The entry.
    pub node: &'p Node,
    /// What is mounted: a path for a bind mount, a name for a volume; `None` for an anonymous volume.
    pub source: Option<Text>,
    /// Where, in the container.
    pub target: String,
    /// True if `source` is a path on the host.
    pub is_bind: bool,
}

/// The mounts of a service (Compose specification, "volumes").
pub fn mounts(service: &Node) -> Vec<Mount<'_>> {
    let items = service.get("volumes").and_then(Node::as_list).unwrap_or_default();
    items.iter().filter_map(read).collect()
}

fn read(node: &Node) -> Option<Mount<'_>> {
    let Some(text) = node.scalar_text() else {
        let field = |name: &str| node.get(name).and_then(Node::scalar_text);
        let is_bind = field("type").is_some_and(|kind| kind.value == "bind");
        return Some(Mount {
            node,
            source: field("source").or_else(|| field("src")),
            target: field("target")?.value,
            is_bind,
        });
    };
    if matches!(text.certainty, Certainty::Unknown(_)) && !text.value.contains(':') {
        return None;
    }
    let Some(colon) = text.value.find(':') else {
        return Some(Mount { node, source: None, target: text.value, is_bind: false });
    };
    let rest = &text.value[colon + 1..];
    let target = rest.split(':').next().unwrap_or(rest).to_owned();
    let source = text.slice(0..colon);
    let is_bind = source.value.starts_with(['.', '/', '~']);
    Some(Mount { node, source: Some(source), target, is_bind })
}
