//! Where the bytes of a link stand in the files.

use super::links::Carrier;
use crate::model::Workspace;
use crate::model::container_env::Site;
use crate::model::node::{Place, Text};
use crate::source::SourceId;
use crate::text::Span;

/// A place to point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The text.
    pub source: SourceId,
    /// The bytes.
    pub span: Span,
}

impl From<&Place> for Spot {
    fn from(place: &Place) -> Self {
        Self { source: place.source, span: place.span }
    }
}

/// The place of bytes of a link's value, of all of it without `range`, or where they come from a variable.
pub fn spot_of(workspace: &Workspace<'_>, carrier: &Carrier, text: &Text, range: Option<Span>) -> Spot {
    let range = range.map(|span| span.start..span.end).filter(|range| !range.is_empty()).unwrap_or(0..text.value.len());
    let literal = text.literal_range(range);
    let in_scalar = |place: &Place| {
        let span = literal.clone().and_then(|range| workspace.document(place.source)?.value_span(place.node, range));
        span.map_or(Spot::from(place), |span| Spot { source: place.source, span })
    };
    let in_file = |source: SourceId, entry: usize| {
        let entry = workspace.env_file(source).and_then(|file| file.entries.get(entry));
        let span = entry.map_or(Span::default(), |entry| match (&entry.value, &literal) {
            (Some(value), Some(range)) => value.escapes.source(range.clone()),
            (Some(value), None) => value.span,
            (None, _) => entry.key_span,
        });
        Spot { source, span }
    };
    match carrier {
        Carrier::Variable { site: Site::Entry { value, .. }, .. } => in_scalar(value),
        Carrier::Variable { site: Site::Item { item }, .. } => in_scalar(item),
        Carrier::Variable { site: Site::File { source, entry }, .. } | Carrier::HostFile { source, entry, .. } => {
            in_file(*source, *entry)
        }
        Carrier::Word { place, .. } | Carrier::Default { place, .. } => Spot::from(place),
    }
}
