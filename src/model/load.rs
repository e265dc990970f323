//! From the YAML tree of one file to values: aliases and merge keys followed, types read, tags noted.

use super::node::{Entry, Layer, Map, Node, Place, Text, Value};
use crate::source::SourceId;
use crate::syntax::Problem;
use crate::syntax::yaml::resolve::{Resolved, resolve};
use crate::syntax::yaml::{Document, Kind, NodeId, Style};
use crate::text::Span;

/// Most values that one file may have once its aliases are followed; a few aliases of aliases make billions.
const BUDGET: usize = 300_000;
/// Deepest nesting once aliases are followed.
const DEPTH: usize = 500;

/// One YAML document of a file.
#[derive(Debug)]
pub struct Loaded {
    /// Its values.
    pub root: Node,
    /// Paths at which it takes back what was merged before it: `!reset`, `!override`.
    pub resets: Vec<Vec<String>>,
}

/// Reads all YAML documents of a file.
pub fn load(source: SourceId, document: &Document) -> (Vec<Loaded>, Vec<Problem>) {
    let mut loader = Loader {
        source,
        document,
        left: BUDGET,
        problems: Vec::new(),
        resets: Vec::new(),
        path: Vec::new(),
        merging: 0,
    };
    let mut loaded = Vec::new();
    for root in &document.roots {
        let root = loader.node(*root, &[], 0);
        loaded.push(Loaded { root, resets: std::mem::take(&mut loader.resets) });
    }
    (loaded, loader.problems)
}

struct Loader<'d> {
    source: SourceId,
    document: &'d Document,
    left: usize,
    problems: Vec<Problem>,
    resets: Vec<Vec<String>>,
    path: Vec<String>,
    /// How many merge keys are open: what is taken back behind one concerns nothing outside.
    merging: usize,
}

impl Loader<'_> {
    fn node(&mut self, id: NodeId, layers: &[Layer], depth: usize) -> Node {
        let node = self.document.node(id);
        let place = Place { source: self.source, node: id, span: node.span, layers: layers.to_vec() };
        if !self.spend(node.span, depth) {
            return Node { value: Value::Null, place };
        }
        let value = match &node.kind {
            Kind::Alias { target: Some(target), .. } => {
                let layers = with(layers, Layer::Alias { at: node.span });
                return self.node(*target, &layers, depth + 1);
            }
            Kind::Alias { target: None, .. } => Value::Null,
            Kind::Scalar { value, .. } => scalar(self.document, id, value),
            Kind::Seq(items) => {
                let kept = items.iter().filter(|item| self.tag(**item) != Some("!reset"));
                let kept: Vec<NodeId> = kept.copied().collect();
                Value::List(kept.into_iter().map(|item| self.node(item, layers, depth + 1)).collect())
            }
            Kind::Map(_) => Value::Map(self.map(id, layers, depth)),
        };
        Node { value, place }
    }

    fn map(&mut self, id: NodeId, layers: &[Layer], depth: usize) -> Map {
        let mut map = Map::default();
        let mut merged = Vec::new();
        for pair in self.document.pairs(id) {
            if is_merge_key(self.document, pair.key) {
                merged.push(pair.value);
                continue;
            }
            let Some(key) = self.document.follow(pair.key).and_then(|key| self.document.scalar(key)).map(str::to_owned)
            else {
                continue;
            };
            self.path.push(key.clone());
            let (resets, overrides) = match self.tag(pair.value) {
                Some("!reset") => (true, false),
                Some("!override") => (false, true),
                _ => (false, false),
            };
            if (resets || overrides) && self.merging == 0 {
                self.resets.push(self.path.clone());
            }
            if !resets {
                let key_span = self.document.node(pair.key).span;
                let key_place = Place { source: self.source, node: pair.key, span: key_span, layers: layers.to_vec() };
                let value = self.node(pair.value, layers, depth + 1);
                map.remove(&key);
                map.entries.push(Entry { key, key_place, value });
            }
            self.path.pop();
        }
        for value in merged {
            self.merge_key(&mut map, value, layers, depth + 1);
        }
        map
    }

    /// Adds what `<<` brings: a mapping, or several of which the first wins; keys that are there already win over both.
    fn merge_key(&mut self, map: &mut Map, value: NodeId, layers: &[Layer], depth: usize) {
        let span = self.document.node(value).span;
        if !self.spend(span, depth) {
            return;
        }
        let Some(target) = self.document.follow(value) else { return };
        match &self.document.node(target).kind {
            Kind::Map(_) => {
                let layers = with(layers, Layer::Merge { at: span });
                self.merging += 1;
                let merged = self.map(target, &layers, depth);
                self.merging -= 1;
                for entry in merged.entries {
                    if map.get(&entry.key).is_none() {
                        map.entries.push(entry);
                    }
                }
            }
            Kind::Seq(items) => {
                for item in items.clone() {
                    self.merge_key(map, item, layers, depth + 1);
                }
            }
            _ => self.problems.push(
                Problem::new(span, "a merge key `<<` wants a mapping, or a list of mappings")
                    .with_help("give it an alias of a mapping: `<<: *name`"),
            ),
        }
    }

    /// The tag of a node, or of the node behind an alias.
    fn tag(&self, id: NodeId) -> Option<&str> {
        let target = self.document.follow(id)?;
        let own = self.document.node(id).tag.as_ref().or(self.document.node(target).tag.as_ref());
        own.map(|tag| tag.name.as_str())
    }

    fn spend(&mut self, span: Span, depth: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        if self.left == 0 || depth > DEPTH {
            self.left = 0;
            self.problems.push(
                Problem::new(span, format!("the aliases of this file stand for more than {BUDGET} values"))
                    .with_help("Compose itself does not finish on such a file; write out what is meant"),
            );
            return false;
        }
        true
    }
}

fn scalar(document: &Document, id: NodeId, value: &str) -> Value {
    match resolve(document, id) {
        Some(Resolved::Null) => Value::Null,
        Some(Resolved::Bool(value)) => Value::Bool(value),
        Some(Resolved::Int(value)) => Value::Int(value),
        Some(Resolved::Float(value)) => Value::Float(value),
        Some(Resolved::Timestamp) => Value::Timestamp(value.to_owned()),
        _ => Value::Text(Text::literal(value)),
    }
}

fn is_merge_key(document: &Document, key: NodeId) -> bool {
    document.scalar(key) == Some("<<") && document.style(key) == Some(Style::Plain)
}

fn with(layers: &[Layer], layer: Layer) -> Vec<Layer> {
    let mut layers = layers.to_vec();
    layers.push(layer);
    layers
}
