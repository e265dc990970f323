//! Decodes field names and texts with fields in them.

use super::super::condition::Condition;
use super::super::fields::{FieldInfo, ViewKind};
use super::super::template::{FILTERS, Mistake, Template};
use crate::decode::Decoder;
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;
use crate::text::Span;

impl Decoder {
    /// The field of that name, or a problem at `place`.
    pub(super) fn field(&mut self, name: &str, place: Span, kind: ViewKind) -> Option<&'static FieldInfo> {
        if let Some(field) = kind.field(name) {
            return Some(field);
        }
        let message = format!("`{name}` is not a field of `{}`", kind.name());
        match ViewKind::ALL.into_iter().find(|other| other.field(name).is_some()) {
            Some(other) => {
                let help = format!("it is a field of `{}`; this rule is for `{}`", other.name(), kind.name());
                self.problem(Problem::new(place, message).with_help(help));
            }
            None => self.unknown_name(place, message, name, kind.fields().map(|field| field.name)),
        }
        None
    }

    /// A text with fields in it. A field that can be absent must be required by one of the `conditions`,
    /// or have a text to fall back on.
    pub(super) fn template(
        &mut self,
        id: NodeId,
        what: &str,
        kind: ViewKind,
        conditions: &[&Condition],
    ) -> Option<Template> {
        let text = self.text(id, what)?;
        let template = match Template::parse(&text) {
            Ok(template) => template,
            Err(mistakes) => {
                for mistake in mistakes {
                    self.mistake(id, &text, mistake);
                }
                return None;
            }
        };
        let mut fine = true;
        for (name, has_default) in template.fields() {
            let start = text.find("{{").and_then(|open| Some(open + text.get(open..)?.find(name)?));
            let place = start.map_or(self.place(id), |start| self.place_in(id, start..start + name.len()));
            let Some(field) = self.field(name, place, kind) else {
                fine = false;
                continue;
            };
            if field.secret {
                let message = format!("`{name}` may hold a password, so it can't be printed");
                self.problem(Problem::new(place, message));
                fine = false;
            } else if field.optional && !has_default && !conditions.iter().any(|condition| condition.needs(name)) {
                let help = format!("require `{name}: present` in `where`, or write `{{{{{name} | or \"...\"}}}}`");
                self.problem(Problem::new(place, format!("`{name}` can be absent here")).with_help(help));
                fine = false;
            }
        }
        fine.then_some(template)
    }

    fn mistake(&mut self, id: NodeId, text: &str, mistake: Mistake) {
        let (range, message) = match mistake {
            Mistake::Open(range) => (range, "`{{` has no `}}`".to_owned()),
            Mistake::Empty(range) => (range, "a field or a filter is missing".to_owned()),
            Mistake::Argument(range) => {
                (range, "`or` and `prefix` need a text behind them, the other filters take none".to_owned())
            }
            Mistake::Filter(range) => {
                let word = text.get(range.clone()).unwrap_or_default().to_owned();
                let place = self.place_in(id, range);
                self.unknown_name(place, format!("there is no filter `{word}`"), &word, FILTERS);
                return;
            }
        };
        let place = self.place_in(id, range);
        self.problem(Problem::new(place, message));
    }

    /// The name of a field whose place is shown, perhaps with `.key` behind it.
    pub(super) fn label(&mut self, id: NodeId, what: &str, kind: ViewKind) -> Option<String> {
        let name = self.text(id, what)?;
        let place = self.place(id);
        self.field(name.strip_suffix(".key").unwrap_or(&name), place, kind)?;
        Some(name)
    }
}
