//! Where a rule holds: matchers on fields, in three-valued logic.
//!
//! Absence makes every matcher but `absent` false; what is unknown makes every matcher unknown; a rule fires only on
//! what is true. A truth that rests on an assumed value carries the assumption.

use regex::Regex;

use super::field::{FieldValue, View};
use super::fields::{FieldType, ViewKind};

/// Yes, no, or caulk can't see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// No.
    False,
    /// It may be either.
    Unknown,
    /// Yes.
    True,
}

/// A truth and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The truth.
    pub truth: Truth,
    /// Conditions under which it is that, such as "BIND_IP is not set"; sorted, each once; empty if it is certain.
    pub assumes: Vec<String>,
}

/// A value in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Bool(bool),
}

/// A condition on one view.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All hold; true if there are none.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A field is as the matcher says.
    Field {
        /// Such as `port.host_ip`.
        name: String,
        /// What it must be.
        matcher: Matcher,
    },
}

/// Stands for a condition that could not be read: it never holds, so it needs every field.
pub(super) static NEVER: Condition = Condition::Any(Vec::new());

/// A condition on one value.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// There is a value.
    Present,
    /// There is none, for certain.
    Absent,
    /// It is this.
    Equal(Literal),
    /// It is one of these.
    In(Vec<Literal>),
    /// The regular expression is found in it.
    Matches(Regex),
    /// It starts with this.
    StartsWith(String),
    /// This is found in it.
    Contains(String),
    /// It is less than this.
    Lt(i64),
    /// It is greater than this.
    Gt(i64),
    /// It is what that field is.
    SameAs(String),
    /// An item of the list is so.
    SomeOf(Box<Matcher>),
    /// No item of the list is so.
    NoneOf(Box<Matcher>),
    /// Every item of the list is so.
    Every(Box<Matcher>),
    /// It is not so.
    Not(Box<Matcher>),
    /// At least one holds.
    Any(Vec<Matcher>),
    /// All hold.
    All(Vec<Matcher>),
}

/// A view of a known kind: what conditions, severities and templates read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) kind: ViewKind,
    pub(super) view: &'a dyn View,
}

impl Reading<'_> {
    /// The value of a field. The word `unknown` in a field of fixed values means that caulk can't tell.
    pub(super) fn value(self, name: &str) -> FieldValue {
        let choice = self.kind.field(name).is_some_and(|field| matches!(field.ty, FieldType::Choice(_)));
        match self.view.field(name) {
            FieldValue::Text { text, .. } if choice && text == "unknown" => FieldValue::Unknown,
            value => value,
        }
    }

    /// The text of a field, and what it assumes.
    pub(super) fn text(self, name: &str) -> (Option<String>, Option<String>) {
        match self.value(name) {
            FieldValue::Text { text, assumed } => (Some(text), assumed),
            value => (value.display(), None),
        }
    }
}

impl Verdict {
    fn certain(truth: Truth) -> Self {
        Self { truth, assumes: Vec::new() }
    }

    fn of(value: bool, assumed: Option<String>) -> Self {
        let truth = if value { Truth::True } else { Truth::False };
        Self { truth, assumes: assumed.into_iter().collect() }
    }

    fn not(self) -> Self {
        let truth = match self.truth {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        };
        Self { truth, assumes: self.assumes }
    }

    /// The least of the truths; true if there are none.
    pub(super) fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        Self::settle(verdicts, Truth::False, Truth::True)
    }

    /// The greatest of the truths; false if there are none.
    fn any(verdicts: impl IntoIterator<Item = Self>) -> Self {
        Self::settle(verdicts, Truth::True, Truth::False)
    }

    /// One `decisive` truth settles it, with the fewest assumptions that will do; else anything unknown leaves it
    /// unknown; else it is `otherwise`, which rests on all of them.
    fn settle(verdicts: impl IntoIterator<Item = Self>, decisive: Truth, otherwise: Truth) -> Self {
        let verdicts: Vec<Self> = verdicts.into_iter().collect();
        if let Some(best) = verdicts.iter().filter(|v| v.truth == decisive).min_by_key(|v| v.assumes.len()) {
            return best.clone();
        }
        if verdicts.iter().any(|verdict| verdict.truth == Truth::Unknown) {
            return Self::certain(Truth::Unknown);
        }
        let mut assumes: Vec<_> = verdicts.into_iter().flat_map(|verdict| verdict.assumes).collect();
        assumes.sort_unstable();
        assumes.dedup();
        Self { truth: otherwise, assumes }
    }
}

impl Condition {
    /// What it is on this view.
    pub(super) fn evaluate(&self, reading: Reading<'_>) -> Verdict {
        match self {
            Self::All(parts) => Verdict::all(parts.iter().map(|part| part.evaluate(reading))),
            Self::Any(parts) => Verdict::any(parts.iter().map(|part| part.evaluate(reading))),
            Self::Not(part) => part.evaluate(reading).not(),
            Self::Field { name, matcher } => matcher.evaluate(&reading.value(name), reading),
        }
    }

    /// True if it can hold only where `field` is present.
    pub(super) fn needs(&self, field: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(|part| part.needs(field)),
            Self::Any(parts) => parts.iter().all(|part| part.needs(field)),
            Self::Not(_) => false,
            Self::Field { name, matcher } => name == field && matcher.needs_value(),
        }
    }
}

impl Matcher {
    fn evaluate(&self, value: &FieldValue, reading: Reading<'_>) -> Verdict {
        match self {
            Self::Not(part) => return part.evaluate(value, reading).not(),
            Self::Any(parts) => return Verdict::any(parts.iter().map(|part| part.evaluate(value, reading))),
            Self::All(parts) => return Verdict::all(parts.iter().map(|part| part.evaluate(value, reading))),
            _ => {}
        }
        match value {
            FieldValue::Unknown => Verdict::certain(Truth::Unknown),
            FieldValue::Absent => Verdict::of(matches!(self, Self::Absent), None),
            FieldValue::List(items) => self.on_list(items, reading),
            FieldValue::Text { text, assumed } => self.on_text(text, assumed.as_ref(), reading),
            FieldValue::Number(_) | FieldValue::Bool(_) => self.on_scalar(value, reading),
        }
    }

    fn on_list(&self, items: &[FieldValue], reading: Reading<'_>) -> Verdict {
        let each = |part: &Matcher| items.iter().map(|item| part.evaluate(item, reading)).collect::<Vec<_>>();
        match self {
            Self::Present => Verdict::certain(Truth::True),
            Self::SomeOf(part) => Verdict::any(each(part)),
            Self::NoneOf(part) => Verdict::any(each(part)).not(),
            Self::Every(part) => Verdict::all(each(part)),
            _ => Verdict::certain(Truth::False),
        }
    }

    fn on_text(&self, text: &str, assumed: Option<&String>, reading: Reading<'_>) -> Verdict {
        let holds = match self {
            Self::Present => true,
            Self::Equal(literal) => literal.is_text(text),
            Self::In(literals) => literals.iter().any(|literal| literal.is_text(text)),
            Self::Matches(regex) => regex.is_match(text),
            Self::StartsWith(start) => text.starts_with(start.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::SameAs(field) => {
                return match reading.value(field) {
                    FieldValue::Unknown => Verdict::certain(Truth::Unknown),
                    FieldValue::Text { text: other, assumed: also } => {
                        let mut verdict = Verdict::of(text == other, assumed.cloned());
                        verdict.assumes.extend(also);
                        verdict.assumes.sort_unstable();
                        verdict.assumes.dedup();
                        verdict
                    }
                    other => Verdict::of(other.display().as_deref() == Some(text), assumed.cloned()),
                };
            }
            _ => false,
        };
        Verdict::of(holds, assumed.cloned())
    }

    fn on_scalar(&self, value: &FieldValue, reading: Reading<'_>) -> Verdict {
        let number = match value {
            FieldValue::Number(number) => Some(*number),
            _ => None,
        };
        let holds = match self {
            Self::Present => true,
            Self::Equal(literal) => literal.is(value),
            Self::In(literals) => literals.iter().any(|literal| literal.is(value)),
            Self::Lt(bound) => number.is_some_and(|number| number < *bound),
            Self::Gt(bound) => number.is_some_and(|number| number > *bound),
            Self::SameAs(field) => {
                return match reading.value(field) {
                    FieldValue::Unknown => Verdict::certain(Truth::Unknown),
                    FieldValue::Text { text, assumed } => Verdict::of(Some(text) == value.display(), assumed),
                    other => Verdict::of(other == *value, None),
                };
            }
            _ => false,
        };
        Verdict::of(holds, None)
    }

    fn needs_value(&self) -> bool {
        match self {
            Self::Absent | Self::Not(_) => false,
            Self::Any(parts) => parts.iter().all(Self::needs_value),
            Self::All(parts) => parts.iter().any(Self::needs_value),
            _ => true,
        }
    }
}

impl Literal {
    fn is(&self, value: &FieldValue) -> bool {
        match (self, value) {
            (Self::Number(a), FieldValue::Number(b)) => a == b,
            (Self::Bool(a), FieldValue::Bool(b)) => a == b,
            _ => false,
        }
    }

    fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(own) if own == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Truth::{False, True, Unknown};

    struct One(FieldValue);

    impl View for One {
        fn field(&self, name: &str) -> FieldValue {
            match name {
                "port.published" => FieldValue::text("80"),
                "port.address_source" => FieldValue::Unknown,
                "service.image" => FieldValue::Absent,
                "port.spelling" => FieldValue::Text { text: "80".into(), assumed: Some("B is not set".into()) },
                _ => self.0.clone(),
            }
        }
    }

    fn verdict(matcher: Matcher, value: FieldValue) -> Verdict {
        let condition = Condition::Field { name: "port.host_ip".into(), matcher };
        condition.evaluate(Reading { kind: ViewKind::Port, view: &One(value) })
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::text(text)
    }

    fn equal(text: &str) -> Matcher {
        Matcher::Equal(Literal::Text(text.into()))
    }

    fn regex(pattern: &str) -> Matcher {
        Matcher::Matches(Regex::new(pattern).expect("it compiles"))
    }

    /// Each operator on: an absent value, an unknown one, one that fits, one that does not.
    #[test]
    fn absent_is_false_and_unknown_is_unknown_for_every_operator_but_absent() {
        let list = |items: &[&str]| FieldValue::List(items.iter().map(|item| text(item)).collect());
        let boxed = || Box::new(equal("a"));
        let literals = || vec![Literal::Text("a".into()), Literal::Text("c".into())];
        let cases = [
            (equal("a"), text("a"), text("b")),
            (Matcher::Equal(Literal::Number(7)), FieldValue::Number(7), FieldValue::Number(8)),
            (Matcher::Equal(Literal::Bool(true)), FieldValue::Bool(true), FieldValue::Bool(false)),
            (Matcher::In(literals()), text("c"), text("b")),
            (Matcher::In(vec![Literal::Number(1)]), FieldValue::Number(1), FieldValue::Number(2)),
            (regex("^a+$"), text("aa"), text("ab")),
            (Matcher::StartsWith("ab".into()), text("abc"), text("cab")),
            (Matcher::Contains("b".into()), text("abc"), text("ac")),
            (Matcher::Lt(10), FieldValue::Number(9), FieldValue::Number(10)),
            (Matcher::Gt(10), FieldValue::Number(11), FieldValue::Number(10)),
            (Matcher::SameAs("port.published".into()), text("80"), text("81")),
            (Matcher::SameAs("port.published".into()), FieldValue::Number(80), FieldValue::Number(81)),
            (Matcher::SomeOf(boxed()), list(&["b", "a"]), list(&["b"])),
            (Matcher::SomeOf(boxed()), list(&["a"]), list(&[])),
            (Matcher::NoneOf(boxed()), list(&["b"]), list(&["a", "b"])),
            (Matcher::NoneOf(boxed()), list(&[]), list(&["a"])),
            (Matcher::Every(boxed()), list(&["a", "a"]), list(&["a", "b"])),
        ];
        for (matcher, fits, differs) in cases {
            let truth = |value| verdict(matcher.clone(), value).truth;
            let row = (truth(FieldValue::Absent), truth(FieldValue::Unknown), truth(fits), truth(differs));
            assert_eq!(row, (False, Unknown, True, False), "{matcher:?}");
        }
        let row = |matcher: Matcher| {
            [FieldValue::Absent, FieldValue::Unknown, text("a")].map(|value| verdict(matcher.clone(), value).truth)
        };
        assert_eq!(row(Matcher::Present), [False, Unknown, True]);
        assert_eq!(row(Matcher::Absent), [True, Unknown, False]);
    }

    #[test]
    fn not_any_and_all_follow_kleene() {
        // Matchers that are true, false and unknown on "80".
        let of = |truth| match truth {
            True => equal("80"),
            False => equal("0"),
            Unknown => Matcher::SameAs("port.address_source".into()),
        };
        let any = |a, b| verdict(Matcher::Any(vec![of(a), of(b)]), text("80")).truth;
        let all = |a, b| verdict(Matcher::All(vec![of(a), of(b)]), text("80")).truth;
        let table = [
            (True, True, True, True),
            (True, Unknown, True, Unknown),
            (True, False, True, False),
            (Unknown, Unknown, Unknown, Unknown),
            (Unknown, False, Unknown, False),
            (False, False, False, False),
        ];
        for (a, b, or, and) in table {
            assert_eq!((any(a, b), any(b, a), all(a, b), all(b, a)), (or, or, and, and), "{a:?} {b:?}");
        }
        for (of_part, expected) in [(True, False), (False, True), (Unknown, Unknown)] {
            assert_eq!(verdict(Matcher::Not(Box::new(of(of_part))), text("80")).truth, expected);
        }
        assert_eq!(verdict(Matcher::Any(vec![]), text("80")).truth, False);
        assert_eq!(verdict(Matcher::All(vec![]), text("80")).truth, True);
        assert_eq!(verdict(Matcher::SameAs("service.image".into()), text("80")).truth, False);
    }

    #[test]
    fn an_unknown_item_leaves_a_list_open() {
        let open = |item: &str| FieldValue::List(vec![text(item), FieldValue::Unknown]);
        let some = |item| verdict(Matcher::SomeOf(Box::new(equal("a"))), open(item)).truth;
        let none = |item| verdict(Matcher::NoneOf(Box::new(equal("a"))), open(item)).truth;
        let every = |item| verdict(Matcher::Every(Box::new(equal("a"))), open(item)).truth;
        assert_eq!((some("a"), none("a"), every("a")), (True, False, Unknown));
        assert_eq!((some("b"), none("b"), every("b")), (Unknown, Unknown, False));
    }

    #[test]
    fn a_truth_keeps_what_it_rests_on_and_no_more() {
        let assumed = || FieldValue::Text { text: "80".into(), assumed: Some("A is empty".into()) };
        let assumes = |matcher| verdict(matcher, assumed()).assumes;
        assert_eq!(assumes(equal("80")), ["A is empty"]);
        assert_eq!(assumes(Matcher::Not(Box::new(equal("81")))), ["A is empty"]);
        assert_eq!(assumes(Matcher::SameAs("port.spelling".into())), ["A is empty", "B is not set"]);

        let reading_is = |name: &str, matcher| Condition::Field { name: name.into(), matcher };
        let certain = || reading_is("port.published", equal("80"));
        let resting = || reading_is("port.spelling", equal("80"));
        let view = One(text("80"));
        let evaluate = |condition: Condition| condition.evaluate(Reading { kind: ViewKind::Port, view: &view });
        let none: [&str; 0] = [];
        assert_eq!(evaluate(Condition::Any(vec![resting(), certain()])).assumes, none);
        assert_eq!(evaluate(Condition::All(vec![resting(), certain(), resting()])).assumes, ["B is not set"]);
        assert_eq!(evaluate(Condition::Not(Box::new(resting()))).truth, False);
    }

    #[test]
    fn the_word_unknown_in_a_field_of_fixed_values_is_unknown() {
        let condition = |matcher| Condition::Field { name: "port.exposure".into(), matcher };
        let view = One(text("unknown"));
        for matcher in [Matcher::Present, Matcher::Not(Box::new(equal("public")))] {
            let verdict = condition(matcher).evaluate(Reading { kind: ViewKind::Port, view: &view });
            assert_eq!(verdict.truth, Unknown);
        }
    }
}
