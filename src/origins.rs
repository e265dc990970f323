//! From a resolved project to the report's plain view of it, each value with the way by which it came.

use std::path::Path;

use crate::canonical::{Item, Value};
use crate::model::node::Layer;
use crate::model::{Variables, Workspace};
use crate::report::resolved::{Branch, OriginView, Tree};
use crate::source::{SourceId, relative_to};
use crate::text::Span;

/// Says where values come from.
pub struct Viewer<'v> {
    /// What was read.
    pub workspace: &'v Workspace<'v>,
    /// What `${…}` stands for in the project.
    pub variables: &'v Variables,
    /// The folder that paths are seen from.
    pub folder: &'v Path,
}

impl Viewer<'_> {
    /// The value with its origins.
    pub fn branch(&self, root: &Item) -> Branch {
        branch(root, &|item| self.origin(item))
    }

    fn origin(&self, item: &Item) -> OriginView {
        let origin = &item.origin;
        let mut steps: Vec<String> = origin.variables.iter().map(|name| self.variable(name, &origin.layers)).collect();
        steps.extend(origin.layers.iter().map(|layer| self.layer(layer, origin.source)));
        OriginView { place: self.place(origin.source, origin.span), steps }
    }

    fn variable(&self, name: &str, layers: &[Layer]) -> String {
        let value = self.variables.get(name);
        let included = layers.iter().any(|layer| matches!(layer, Layer::Include { .. }));
        if value.is_none() && included {
            return format!("{name} as the included project sets it");
        }
        match (self.variables.definition(name), value) {
            (Some(definition), _) => format!("{name} from {}", self.place(definition.source, definition.key_span)),
            (None, Some("")) => format!("{name} is empty in the environment"),
            (None, Some(_)) => format!("{name} from the environment"),
            (None, None) => format!("{name} is not set"),
        }
    }

    fn layer(&self, layer: &Layer, source: SourceId) -> String {
        let line = |span: Span| self.workspace.sources.get(source).line_column(span.start).line;
        match layer {
            Layer::Alias { at } => format!("alias in line {}", line(*at)),
            Layer::Merge { at } => format!("merge key in line {}", line(*at)),
            Layer::Extends { service, .. } => format!("extends {service}"),
            Layer::Include { folder, .. } => format!("include of {}", relative_to(self.folder, folder)),
            Layer::Override { source, span } => format!("over {}", self.place(*source, *span)),
        }
    }

    /// File and line of a place.
    pub fn place(&self, source: SourceId, span: Span) -> String {
        let source = self.workspace.sources.get(source);
        format!("{}:{}", relative_to(self.folder, &source.path), source.line_column(span.start).line)
    }
}

/// The value without origins.
pub fn plain(item: &Item) -> Branch {
    branch(item, &|_| OriginView::default())
}

fn branch(item: &Item, origin: &dyn Fn(&Item) -> OriginView) -> Branch {
    let tree = match &item.value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Int(value) => Tree::Int(*value),
        Value::Float(value) => Tree::Float(*value),
        Value::Text(text) => Tree::Text(text.clone()),
        Value::List(items) => Tree::List(items.iter().map(|item| branch(item, origin)).collect()),
        Value::Map(entries) => {
            Tree::Map(entries.iter().map(|(key, item)| (key.clone(), branch(item, origin))).collect())
        }
    };
    Branch { tree, origin: origin(item) }
}
