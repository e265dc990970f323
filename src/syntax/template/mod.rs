//! Compose's interpolation: `$NAME`, `${NAME}`, `${NAME:-default}` and their like, parsed once and evaluated often.
//!
//! The grammar is that of compose-go 2.9, quirks included; measured with Docker Compose 2.40.3.

mod parse;

use std::fmt;
use std::ops::Range;

use super::redact::Redacted;
use crate::text::Span;

/// A text with variables, in parts that cover it completely. All spans count in the text it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The parts, in order.
    pub segments: Vec<Segment>,
}

/// A part of a template.
#[derive(Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text that stays as it is.
    Literal {
        /// Where it stands.
        span: Span,
        /// The text itself.
        text: String,
    },
    /// `$$`, which stands for one `$`.
    Dollar {
        /// The two bytes.
        span: Span,
    },
    /// A variable.
    Variable(Variable),
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// From `$` to the end of the name or to the closing brace.
    pub span: Span,
    /// Its name, as written: names are case-sensitive.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Written as `${NAME}`, not as `$NAME`.
    pub braced: bool,
    /// What happens when it is set or not; `None` is a blank with a warning when it is not.
    pub operator: Option<Operator>,
}

/// What follows the name inside the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// `-`, `+` or `?`.
    pub kind: OperatorKind,
    /// Written with `:`, which treats an empty variable like one that is not set.
    pub colon: bool,
    /// The default, the alternative or the message. Compose evaluates it even where it does not use it.
    pub argument: Template,
    /// Where the argument stands.
    pub argument_span: Span,
}

/// The kinds of [`Operator`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperatorKind {
    /// `-`: the argument is used if the variable is not set.
    Default,
    /// `+`: the argument is used if the variable is set.
    Alternative,
    /// `?`: Compose stops with the argument as message if the variable is not set.
    Required,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` is not followed by what Compose can read.
    #[error("invalid interpolation format")]
    Invalid {
        /// From `$` to the next closing brace or the end of the line.
        span: Span,
        /// The text that Compose quotes in its message: the innermost argument, or all.
        quoted: Span,
    },
    /// More than 100 variables inside each other: caulk reads no further.
    #[error("variables are nested more than {} deep", parse::MAX_DEPTH)]
    TooDeep {
        /// The argument that is one too many.
        span: Span,
    },
}

impl TemplateError {
    /// The place to point at.
    pub fn span(&self) -> Span {
        match self {
            Self::Invalid { span, .. } | Self::TooDeep { span } => *span,
        }
    }
}

/// A variable that must be set and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("required variable {name} is missing a value{}{message}", if .message.is_empty() { "" } else { ": " })]
pub struct Unmet {
    /// Its name.
    pub name: String,
    /// What the author says about it; may be empty.
    pub message: String,
    /// The use that demands it, from `$` to the closing brace.
    pub span: Span,
}

/// What a template comes to.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// The result.
    pub text: String,
    /// Where each byte of the result comes from, in order and without gap. A variable that is used and blank has an
    /// empty piece.
    pub pieces: Vec<Piece>,
    /// The variables that Compose warns about ("Defaulting to a blank string"), once each. One that stands in an
    /// argument that was not used counts too.
    pub unset: Vec<String>,
}

/// A part of an [`Expansion`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Byte range of the result.
    pub output: Range<usize>,
    /// Byte range of the template's text: of equal length for a literal, the whole use for a variable.
    pub source: Range<usize>,
    /// What stands there.
    pub origin: PieceOrigin,
    /// The variables in whose default or alternative it stands, outermost first.
    pub inside: Vec<String>,
}

/// What a [`Piece`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceOrigin {
    /// Copied byte for byte.
    Literal,
    /// The `$` of a `$$`.
    Dollar,
    /// The value of a variable; a blank one if it is not set.
    Variable {
        /// Its name.
        name: String,
    },
}

/// True if the text has `$NAME` or `${NAME…}`.
pub fn names_variable(text: &str, name: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('{');
        rest.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}

impl Piece {
    /// True for a variable that came out blank.
    pub fn is_blank_variable(&self) -> bool {
        matches!(self.origin, PieceOrigin::Variable { .. }) && self.output.is_empty() && self.inside.is_empty()
    }
}

impl Template {
    /// Parses `text`.
    ///
    /// # Errors
    /// [`TemplateError`] if Compose would refuse it.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::parse(text)
    }

    /// Evaluates it; `lookup` gives the value of a variable, `None` if it is not set.
    ///
    /// # Errors
    /// [`Unmet`] for the first required variable without a value, even one inside an argument that is not used.
    pub fn evaluate(&self, lookup: &mut dyn FnMut(&str) -> Option<String>) -> Result<Expansion, Unmet> {
        let mut expansion = Expansion::default();
        self.evaluate_into(&mut expansion, &mut Vec::new(), lookup)?;
        Ok(expansion)
    }

    /// All uses of variables, nested ones after the one that they stand in.
    pub fn variables(&self) -> Vec<&Variable> {
        let mut found = Vec::new();
        self.collect_variables(&mut found);
        found
    }

    fn collect_variables<'a>(&'a self, found: &mut Vec<&'a Variable>) {
        for segment in &self.segments {
            if let Segment::Variable(variable) = segment {
                found.push(variable);
                if let Some(operator) = &variable.operator {
                    operator.argument.collect_variables(found);
                }
            }
        }
    }

    fn evaluate_into(
        &self,
        expansion: &mut Expansion,
        inside: &mut Vec<String>,
        lookup: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Result<(), Unmet> {
        for segment in &self.segments {
            match segment {
                Segment::Literal { span, text } => expansion.push(text, *span, PieceOrigin::Literal, inside),
                Segment::Dollar { span } => expansion.push("$", *span, PieceOrigin::Dollar, inside),
                Segment::Variable(variable) => variable.evaluate_into(expansion, inside, lookup)?,
            }
        }
        Ok(())
    }
}

impl Segment {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Literal { span, .. } | Self::Dollar { span } => *span,
            Self::Variable(variable) => variable.span,
        }
    }
}

impl Variable {
    fn evaluate_into(
        &self,
        expansion: &mut Expansion,
        inside: &mut Vec<String>,
        lookup: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Result<(), Unmet> {
        let origin = PieceOrigin::Variable { name: self.name.clone() };
        let Some(operator) = &self.operator else {
            let value = lookup(&self.name);
            if value.is_none() {
                expansion.warn_about(&self.name);
            }
            expansion.push(&value.unwrap_or_default(), self.span, origin, inside);
            return Ok(());
        };
        let mut argument = Expansion::default();
        inside.push(self.name.clone());
        operator.argument.evaluate_into(&mut argument, inside, lookup)?;
        inside.pop();
        for name in std::mem::take(&mut argument.unset) {
            expansion.warn_about(&name);
        }
        let value = lookup(&self.name);
        let counts = value.as_ref().is_some_and(|value| !operator.colon || !value.is_empty());
        match (operator.kind, counts) {
            (OperatorKind::Required, false) => {
                return Err(Unmet { name: self.name.clone(), message: argument.text, span: self.span });
            }
            // `${NAME:-}` is blank, too, and must be found where it stands.
            (OperatorKind::Default, false) if argument.pieces.is_empty() => {
                expansion.push("", self.span, origin, inside);
            }
            (OperatorKind::Default, false) | (OperatorKind::Alternative, true) => expansion.append(argument),
            _ => expansion.push(&value.unwrap_or_default(), self.span, origin, inside),
        }
        Ok(())
    }
}

impl Expansion {
    /// A text without variables, one literal piece.
    pub fn literal(text: &str) -> Self {
        let mut expansion = Self::default();
        if !text.is_empty() {
            expansion.push(text, Span::new(0, text.len()), PieceOrigin::Literal, &[]);
        }
        expansion
    }

    fn push(&mut self, text: &str, source: Span, origin: PieceOrigin, inside: &[String]) {
        let start = self.text.len();
        self.text.push_str(text);
        let output = start..self.text.len();
        self.pieces.push(Piece { output, source: source.start..source.end, origin, inside: inside.to_vec() });
    }

    fn append(&mut self, other: Expansion) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.pieces.extend(
            other
                .pieces
                .into_iter()
                .map(|piece| Piece { output: piece.output.start + shift..piece.output.end + shift, ..piece }),
        );
    }

    fn warn_about(&mut self, name: &str) {
        if !self.unset.iter().any(|known| known == name) {
            self.unset.push(name.to_owned());
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal { span, text } => {
                f.debug_struct("Literal").field("span", span).field("text", &Redacted(text)).finish()
            }
            Self::Dollar { span } => f.debug_struct("Dollar").field("span", span).finish(),
            Self::Variable(variable) => variable.fmt(f),
        }
    }
}

impl fmt::Debug for Expansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expansion")
            .field("text", &Redacted(&self.text))
            .field("pieces", &self.pieces)
            .field("unset", &self.unset)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "SET" => Some("val".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn evaluate(text: &str) -> Result<Expansion, Unmet> {
        Template::parse(text).expect("it is a template").evaluate(&mut environment)
    }

    #[test]
    fn operators_decide_by_unset_empty_and_set() {
        let cases = [
            ("$U|$EMPTY|$SET", "||val"),
            ("${U:-d}|${EMPTY:-d}|${SET:-d}", "d|d|val"),
            ("${U-d}|${EMPTY-d}|${SET-d}", "d||val"),
            ("${U:+r}|${EMPTY:+r}|${SET:+r}", "||r"),
            ("${U+r}|${EMPTY+r}|${SET+r}", "|r|r"),
            ("${EMPTY?e}|${SET:?e}", "|val"),
            ("${U:-${W:-{}}}", "{}"),
            ("${U:-a$$b}$$SET", "a$b$SET"),
            ("${SET:-{{x}}}", "val}"),
        ];
        for (text, expected) in cases {
            assert_eq!(evaluate(text).expect("nothing is required").text, expected, "{text}");
        }
    }

    #[test]
    fn a_missing_required_variable_stops_with_its_message() {
        let cases = [
            ("${U?}", "required variable U is missing a value"),
            ("${EMPTY:?}", "required variable EMPTY is missing a value"),
            ("${U:?set ${W:-me}}", "required variable U is missing a value: set me"),
            ("${SET:-${W:?n}}", "required variable W is missing a value: n"),
        ];
        for (text, expected) in cases {
            assert_eq!(evaluate(text).expect_err("it is not set").to_string(), expected, "{text}");
        }
    }

    #[test]
    fn blanks_are_named_once_even_in_arguments_that_are_not_used() {
        assert_eq!(evaluate("$U$W${U}${A:-x}${B+${C}}").expect("nothing is required").unset, ["U", "W", "C"]);
    }

    #[test]
    fn pieces_tell_where_each_byte_comes_from() {
        let text = "a$$${U:-b${W:-c$SET}}$U";
        let expansion = evaluate(text).expect("nothing is required");
        let seen: Vec<_> = expansion
            .pieces
            .iter()
            .map(|piece| (&expansion.text[piece.output.clone()], &text[piece.source.clone()], piece.inside.join(">")))
            .collect();
        let expected = [
            ("a", "a", ""),
            ("$", "$$", ""),
            ("b", "b", "U"),
            ("c", "c", "U>W"),
            ("val", "$SET", "U>W"),
            ("", "$U", ""),
        ];
        assert_eq!(seen, expected.map(|(output, source, inside)| (output, source, inside.to_owned())));
    }

    #[test]
    fn all_uses_are_listed_outer_before_inner() {
        let template = Template::parse("${A:-$B}$C").expect("it is a template");
        let names: Vec<_> = template.variables().iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C"]);
    }

    #[test]
    fn debug_output_shows_no_text() {
        let template = Template::parse("hunter2${U:-hunter2}").expect("it is a template");
        let expansion = template.evaluate(&mut environment).expect("nothing is required");
        assert!(!format!("{template:?}{expansion:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn segments_cover_the_text_and_pieces_cover_the_result(text in r"([$]|[{}]|[:?+-]|SET|EMPTY|U|\PC|\n){0,24}") {
            let Ok(template) = Template::parse(&text) else { return Ok(()) };
            let mut at = 0;
            for segment in &template.segments {
                prop_assert_eq!(segment.span().start, at);
                at = segment.span().end;
            }
            prop_assert_eq!(at, text.len());
            for variable in template.variables() {
                prop_assert_eq!(variable.name_span.slice(&text), &variable.name);
            }
            let Ok(expansion) = template.evaluate(&mut environment) else { return Ok(()) };
            let mut at = 0;
            for piece in &expansion.pieces {
                prop_assert_eq!(piece.output.start, at);
                at = piece.output.end;
                if piece.origin == PieceOrigin::Literal {
                    prop_assert_eq!(&expansion.text[piece.output.clone()], &text[piece.source.clone()]);
                }
            }
            prop_assert_eq!(at, expansion.text.len());
        }
    }

    #[test]
    fn a_variable_is_told_from_a_longer_name() {
        for text in ["a: $PW", "a: ${PW}", "a: ${PW:-x}/0", "a: $PW/b"] {
            assert!(names_variable(text, "PW"), "{text}");
        }
        for text in ["a: $PWX", "a: ${PW_2}", "a: PW", ""] {
            assert!(!names_variable(text, "PW"), "{text}");
        }
    }
}
