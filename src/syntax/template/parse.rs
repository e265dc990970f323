//! The grammar of interpolation, as compose-go's pattern and brace counter read it.

use super::{Operator, OperatorKind, Segment, Template, TemplateError, Variable};
use crate::text::Span;

/// How deep variables may stand inside the arguments of others.
pub(super) const MAX_DEPTH: usize = 100;

/// Parses all of `text`.
pub(super) fn parse(text: &str) -> Result<Template, TemplateError> {
    parse_range(text, Span::new(0, text.len()), 0)
}

fn parse_range(text: &str, range: Span, depth: usize) -> Result<Template, TemplateError> {
    if depth > MAX_DEPTH {
        return Err(TemplateError::TooDeep { span: range });
    }
    let bytes = &text.as_bytes()[..range.end];
    let mut line = Line::default();
    let mut segments = Vec::new();
    let mut literal = range.start;
    let mut at = range.start;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'$')) {
        let start = at + found;
        let segment = match bytes.get(start + 1) {
            Some(b'$') => Segment::Dollar { span: Span::new(start, start + 2) },
            Some(b'{') => {
                line.move_to(bytes, start);
                Segment::Variable(braced(text, range, start, &line, depth)?)
            }
            _ => match name_len(&text[start + 1..range.end]) {
                0 => {
                    at = start + 1;
                    continue;
                }
                len => {
                    let name_span = Span::new(start + 1, start + 1 + len);
                    Segment::Variable(Variable {
                        span: Span::new(start, name_span.end),
                        name: name_span.slice(text).to_owned(),
                        name_span,
                        braced: false,
                        operator: None,
                    })
                }
            },
        };
        push_literal(&mut segments, text, Span::new(literal, start));
        at = segment.span().end;
        literal = at;
        segments.push(segment);
    }
    push_literal(&mut segments, text, Span::new(literal, range.end));
    Ok(Template { segments })
}

fn push_literal(segments: &mut Vec<Segment>, text: &str, span: Span) {
    if !span.is_empty() {
        segments.push(Segment::Literal { span, text: span.slice(text).to_owned() });
    }
}

/// The line that the parser is in, so that its end is searched for only once.
#[derive(Default)]
struct Line {
    end: usize,
    last_brace: Option<usize>,
}

impl Line {
    fn move_to(&mut self, bytes: &[u8], at: usize) {
        if at < self.end {
            return;
        }
        let rest = &bytes[at..];
        let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.end = at + len;
        self.last_brace = rest[..len].iter().rposition(|byte| *byte == b'}').map(|found| at + found);
    }
}

/// A `${`, which stands at `start`.
fn braced(text: &str, range: Span, start: usize, line: &Line, depth: usize) -> Result<Variable, TemplateError> {
    let invalid = || {
        let end = text[start..line.end].find('}').map_or(line.end, |found| start + found + 1);
        TemplateError::Invalid { span: Span::new(start, end), quoted: range }
    };
    let bytes = text.as_bytes();
    let name_span = Span::new(start + 2, start + 2 + name_len(&text[start + 2..range.end]));
    let name = name_span.slice(text).to_owned();
    if name.is_empty() {
        return Err(invalid());
    }
    let mut at = name_span.end;
    if bytes[..range.end].get(at) == Some(&b'}') {
        return Ok(Variable { span: Span::new(start, at + 1), name, name_span, braced: true, operator: None });
    }
    let colon = bytes[..range.end].get(at) == Some(&b':');
    at += usize::from(colon);
    let kind = match bytes[..range.end].get(at) {
        Some(b'-') => OperatorKind::Default,
        Some(b'+') => OperatorKind::Alternative,
        Some(b'?') => OperatorKind::Required,
        _ => return Err(invalid()),
    };
    at += 1;
    // The pattern takes all up to the last brace of the line; then the braces are counted to find the matching one.
    let last = line.last_brace.filter(|last| *last >= at).ok_or_else(invalid)?;
    let close = closing_brace(&bytes[start..=last]).map_or(last, |found| start + found);
    let argument_span = Span::new(at, close.max(at));
    let argument = parse_range(text, argument_span, depth + 1)?;
    let operator = Some(Operator { kind, colon, argument, argument_span });
    Ok(Variable { span: Span::new(start, close + 1), name, name_span, braced: true, operator })
}

/// The brace that closes the first one. The byte after each opening brace is not looked at: so does compose-go,
/// which is why `${A:-{}}` closes only at the end of the line.
fn closing_brace(bytes: &[u8]) -> Option<usize> {
    let mut open = 0_i64;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Length of the variable name at the start of `text`. The two characters beside ASCII come from Go's case folding.
fn name_len(text: &str) -> usize {
    let is_start = |c: char| c == '_' || c.is_ascii_alphabetic() || matches!(c, '\u{17f}' | '\u{212a}');
    let mut chars = text.char_indices();
    match chars.next() {
        Some((_, first)) if is_start(first) => {}
        _ => return 0,
    }
    chars.find(|(_, c)| !is_start(*c) && !c.is_ascii_digit()).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template in a form that shows its parts: `L(..)` literal, `$$`, `V(..)` variable.
    fn shape(text: &str) -> String {
        fn show(template: &Template, text: &str, out: &mut String) {
            for segment in &template.segments {
                match segment {
                    Segment::Literal { span, text: literal } => {
                        assert_eq!(span.slice(text), literal);
                        out.push_str(&format!("L({literal})"));
                    }
                    Segment::Dollar { span } => out.push_str(span.slice(text)),
                    Segment::Variable(variable) => {
                        assert_eq!(variable.name_span.slice(text), variable.name);
                        assert_eq!(variable.braced, variable.span.slice(text).starts_with("${"));
                        out.push_str(&format!("V({}", variable.name));
                        if let Some(operator) = &variable.operator {
                            out.push_str(&format!(" {}{:?} ", if operator.colon { ":" } else { "" }, operator.kind));
                            show(&operator.argument, text, out);
                        }
                        out.push(')');
                    }
                }
            }
        }
        let mut out = String::new();
        match Template::parse(text) {
            Ok(template) => show(&template, text, &mut out),
            Err(error) => out = format!("error at {}", error.span().slice(text)),
        }
        out
    }

    #[test]
    fn texts_fall_into_the_parts_that_compose_sees() {
        let cases = [
            ("", ""),
            ("plain", "L(plain)"),
            ("$A$B.c", "V(A)V(B)L(.c)"),
            ("${A}x", "V(A)L(x)"),
            ("a$$b", "L(a)$$L(b)"),
            ("a$$$A", "L(a)$$V(A)"),
            ("pa$1word $5.00 $(cmd) $- a$", "L(pa$1word $5.00 $(cmd) $- a$)"),
            ("$${", "$$L({)"),
            ("${A:-d}${B-d}", "V(A :Default L(d))V(B Default L(d))"),
            ("${A:+r}${B+r}", "V(A :Alternative L(r))V(B Alternative L(r))"),
            ("${A:?m}${B?}", "V(A :Required L(m))V(B Required )"),
            ("${A-:-b}", "V(A Default L(:-b))"),
            ("${A:-${B:-${C}}}", "V(A :Default V(B :Default V(C)))"),
            ("${A:-a}b}", "V(A :Default L(a))L(b})"),
            ("${A:-{x}}", "V(A :Default L({x}))"),
            ("${A:-a} {b} ${C:-c}", "V(A :Default L(a))L( {b} )V(C :Default L(c))"),
            ("${A:-a}\n}", "V(A :Default L(a))L(\n})"),
            ("${A}}}", "V(A)L(}})"),
            ("${\u{17f}ET}$\u{212a}", "V(\u{17f}ET)V(\u{212a})"),
        ];
        for (text, expected) in cases {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn the_byte_after_an_opening_brace_is_not_counted() {
        let cases = [
            ("${A:-{}}", "V(A :Default L({}))"),
            ("${A:-{}} }", "V(A :Default L({}} ))"),
            ("${A:-{}}x", "V(A :Default L({}))L(x)"),
            ("${A:-{{x}}}", "V(A :Default L({{x}))L(})"),
            ("${A:-{}}-${B}", "error at ${B"),
        ];
        for (text, expected) in cases {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn what_compose_refuses_is_an_error_with_a_place() {
        let cases = [
            ("x ${", "${"),
            ("${}", "${}"),
            ("${1x} y", "${1x}"),
            ("${A B}", "${A B}"),
            ("${ A}", "${ A}"),
            ("${A", "${A"),
            ("${A.b}", "${A.b}"),
            ("${A:}", "${A:}"),
            ("${A//x/y}", "${A//x/y}"),
            ("${${A}}", "${${A}"),
            ("${A:-x\ny}", "${A:-x"),
            ("${\u{c9}}", "${\u{c9}}"),
            ("${A:-${}}", "${}"),
        ];
        for (text, place) in cases {
            assert_eq!(shape(text), format!("error at {place}"), "{text}");
        }
    }

    #[test]
    fn the_error_names_the_innermost_text_as_compose_does() {
        let text = "${A:-x ${}}";
        let Err(TemplateError::Invalid { quoted, .. }) = Template::parse(text) else { panic!("it is invalid") };
        assert_eq!(quoted.slice(text), "x ${}");
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_an_overflow() {
        let nested = |depth: usize| format!("{}{}", "${A:-".repeat(depth), "}".repeat(depth));
        assert!(Template::parse(&nested(100)).is_ok());
        assert!(matches!(Template::parse(&nested(101)), Err(TemplateError::TooDeep { .. })));
        assert!(matches!(Template::parse(&nested(50_000)), Err(TemplateError::TooDeep { .. })));
    }
}
