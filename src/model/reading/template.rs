//! Uses of variables that do not mean what they look like.

use crate::syntax::template::{OperatorKind, Segment, Template, Variable};

/// A `$NAME` in the middle of a word that nothing sets: its author may have meant a dollar sign. The first one, if any.
pub(in crate::model) fn swallowed<'t>(
    template: &'t Template,
    is_unset: &mut dyn FnMut(&str) -> bool,
) -> Option<&'t Variable> {
    let mut is_inside = false;
    for segment in &template.segments {
        is_inside = match segment {
            Segment::Literal { text, .. } => text.ends_with(is_word_character),
            Segment::Dollar { .. } => false,
            Segment::Variable(variable) => {
                let is_bare = !variable.braced && is_unset(&variable.name);
                if is_bare && is_inside {
                    return Some(variable);
                }
                // `$apr1$Ab3` is one word of a password file.
                is_bare
            }
        };
    }
    None
}

/// Uses `${NAME-default}` with a default that is not blank, whose variable is set to nothing.
pub(in crate::model) fn emptied<'t>(
    template: &'t Template,
    is_blank: &mut dyn FnMut(&str) -> bool,
) -> Vec<&'t Variable> {
    let has_default = |variable: &&Variable| {
        variable.operator.as_ref().is_some_and(|operator| {
            operator.kind == OperatorKind::Default && !operator.colon && !operator.argument_span.is_empty()
        })
    };
    template.variables().into_iter().filter(has_default).filter(|variable| is_blank(&variable.name)).collect()
}

/// True for what stands in a password and rarely before a variable.
fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '!' | '#' | '%' | '^' | '*' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_inside_a_word_is_one_that_nothing_before_it_separates() {
        let cases = [
            ("pa$word", Some("$word")),
            ("admin:$apr1$Ab3", Some("$Ab3")),
            ("a$$word", None),
            ("pa${word}", None),
            ("pa$SET", None),
            ("http://$host/$path", None),
            ("$word", None),
        ];
        for (text, expected) in cases {
            let template = Template::parse(text).expect("it is a template");
            let found = swallowed(&template, &mut |name| name != "SET").map(|variable| variable.span.slice(text));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn only_a_default_without_colon_gives_way_to_nothing() {
        let cases =
            [("${X-d}", 1), ("${X:-d}", 0), ("${X-}", 0), ("${SET-d}", 0), ("${X}${X+r}", 0), ("${A:-${X-d}}", 1)];
        for (text, expected) in cases {
            let template = Template::parse(text).expect("it is a template");
            assert_eq!(emptied(&template, &mut |name| name == "X").len(), expected, "{text}");
        }
    }
}
