//! Decodes `fix`: what a rule offers to do.

use super::super::condition::{Condition, NEVER};
use super::super::fields::{FieldType, ViewKind};
use super::super::fix::{ActionSpec, Applicability, BuiltIn, ChangeSpec, FixSpec, OPS, OpSpec};
use crate::decode::{Decoder, Mapping};
use crate::syntax::Problem;
use crate::syntax::yaml::NodeId;

const KEYS: [&str; 6] = ["where", "title", "applicability", "edits", "repair", "lines"];

impl Decoder {
    /// The fixes of a rule or a case, where the `conditions` hold.
    pub(super) fn fixes(&mut self, id: NodeId, kind: ViewKind, conditions: &[&Condition]) -> Option<Vec<FixSpec>> {
        let items = self.list(id, "`fix`")?;
        let fixes: Vec<_> = items.into_iter().map(|item| self.fix(item, kind, conditions)).collect();
        fixes.into_iter().collect()
    }

    fn fix(&mut self, id: NodeId, kind: ViewKind, outer: &[&Condition]) -> Option<FixSpec> {
        let what = "a fix";
        let mapping = self.mapping(id, what, &KEYS)?;
        let own = self.condition(mapping.get("where"), kind);
        let conditions: Vec<_> = outer.iter().copied().chain([own.as_ref().unwrap_or(&NEVER)]).collect();
        let title = self.required(&mapping, "title", what);
        let title = title.and_then(|id| self.template(id, "`title`", kind, &conditions));
        let words = Applicability::ALL.map(|applicability| (applicability.as_str(), applicability));
        let written = mapping.get("applicability").map(|id| (id, self.word(id, "`applicability`", &words)));
        let action = self.action(id, &mapping, kind, &conditions);
        let applicability = match (&action, written) {
            (_, Some((_, None))) => None,
            (Some(ActionSpec::Lines(_)), Some((id, Some(other)))) if other != Applicability::Manual => {
                self.report(id, "lines that a person should write are `manual`");
                None
            }
            (Some(ActionSpec::Repair(_) | ActionSpec::Edits(_)), Some((id, Some(Applicability::Manual)))) => {
                self.report_with(id, "a manual fix has no edits", "say what to write: `lines: |`");
                None
            }
            (_, Some((_, Some(applicability)))) => Some(applicability),
            (Some(ActionSpec::Lines(_)), None) => Some(Applicability::Manual),
            (Some(ActionSpec::Repair(_)), None) => Some(Applicability::Safe),
            (Some(ActionSpec::Edits(_)), None) => {
                self.required(&mapping, "applicability", what);
                None
            }
            (None, None) => None,
        };
        Some(FixSpec { condition: own?, title: title?, applicability: applicability?, action: action? })
    }

    fn action(
        &mut self,
        id: NodeId,
        mapping: &Mapping,
        kind: ViewKind,
        conditions: &[&Condition],
    ) -> Option<ActionSpec> {
        match (mapping.get("edits"), mapping.get("repair"), mapping.get("lines")) {
            (Some(edits), None, None) => self.ops(edits, kind, conditions).map(ActionSpec::Edits),
            (None, Some(repair), None) => {
                let words = BuiltIn::ALL.map(|built_in| (built_in.name(), built_in));
                let built_in = self.word(repair, "`repair`", &words)?;
                if !built_in.views().contains(&kind) {
                    let views: Vec<_> = built_in.views().iter().map(|view| view.name()).collect();
                    let help = format!("it is for: {}", views.join(", "));
                    let message = format!("`{}` can't repair a `{}`", built_in.name(), kind.name());
                    self.report_with(repair, message, help);
                    return None;
                }
                Some(ActionSpec::Repair(built_in))
            }
            (None, None, Some(lines)) => self.template(lines, "`lines`", kind, conditions).map(ActionSpec::Lines),
            _ => {
                self.report(id, "a fix needs one of `edits`, `repair`, `lines`");
                None
            }
        }
    }

    fn ops(&mut self, id: NodeId, kind: ViewKind, conditions: &[&Condition]) -> Option<Vec<OpSpec>> {
        let items = self.list(id, "`edits`")?;
        if items.is_empty() {
            self.report(id, "`edits` is empty");
        }
        let mut ops: Vec<OpSpec> = Vec::new();
        let mut fine = true;
        for item in items {
            match self.op(item, kind, conditions) {
                Some(op) if ops.iter().any(|other| other.field == op.field) => {
                    self.report(item, format!("two edits of one fix change `{}`", op.field));
                }
                Some(op) => ops.push(op),
                None => fine = false,
            }
        }
        fine.then_some(ops)
    }

    fn op(&mut self, id: NodeId, kind: ViewKind, conditions: &[&Condition]) -> Option<OpSpec> {
        let known: Vec<_> = OPS.into_iter().chain(["to"]).collect();
        let mapping = self.mapping(id, "an edit", &known)?;
        let mut named = mapping.entries.iter().filter(|entry| entry.name != "to");
        let (Some(op), None) = (named.next(), named.next()) else {
            self.report(id, format!("an edit needs one of: {}", OPS.join(", ")));
            return None;
        };
        let name = self.text(op.value, &format!("`{}`", op.name))?;
        let place = self.place(op.value);
        let field = self.field(&name, place, kind)?;
        if !field.writable {
            let writable: Vec<_> = kind.fields().filter(|field| field.writable).map(|field| field.name).collect();
            let help = match writable.as_slice() {
                [] => format!("no field of `{}` can be written", kind.name()),
                names => format!("writable are: {}", names.join(", ")),
            };
            self.problem(Problem::new(place, format!("`{name}` can't be written")).with_help(help));
            return None;
        }
        let is_list = field.ty == FieldType::List;
        if op.name != "remove" && op.name != "rename" && is_list != (op.name == "append") {
            let place = self.place(op.key);
            let help = if is_list { "a list takes `append`" } else { "a single value takes `set` or `ensure`" };
            let message = format!("`{}` does not fit `{name}`, which is {}", op.name, field.ty.describe());
            self.problem(Problem::new(place, message).with_help(help));
            return None;
        }
        if op.name == "remove" {
            if let Some(to) = mapping.get("to") {
                self.report(to, "`remove` takes no value");
                return None;
            }
            return Some(OpSpec { field: name, change: ChangeSpec::Remove });
        }
        let to = self.required(&mapping, "to", "an edit")?;
        if op.name == "append" {
            let items = self.list(to, "`to`")?;
            let values: Vec<_> = items.into_iter().map(|item| self.template(item, "`to`", kind, conditions)).collect();
            let values = values.into_iter().collect::<Option<_>>()?;
            return Some(OpSpec { field: name, change: ChangeSpec::Append(values) });
        }
        let value = self.template(to, "`to`", kind, conditions)?;
        let change = match op.name.as_str() {
            "set" => ChangeSpec::Set(value),
            "ensure" => ChangeSpec::Ensure(value),
            _ => ChangeSpec::Rename(value),
        };
        Some(OpSpec { field: name, change })
    }
}
