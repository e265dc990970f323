//! Where a block scalar really starts and ends.

use crate::text::Span;

/// The span of a block scalar from its `|` or `>` to behind its last line break. `from` is a place behind everything
/// that stands before it, `reported` what the parser says: from the first line of content to the next token.
pub(super) fn block_scalar(text: &str, from: usize, reported: Span) -> Span {
    let Some(header) = header(text, from, reported.end) else { return reported };
    let header_end = line_end(text, header);
    let indicators = &text[header + 1..header_end];
    let keep = indicators.chars().take_while(|c| !c.is_whitespace()).any(|c| c == '+');
    let mut content_indent = None;
    let mut end = header_end;
    let mut at = header_end;
    while at < reported.end {
        let next = line_end(text, at);
        let line = &text[at..next];
        let content = line.trim_start_matches(' ');
        let blank = content.trim_end_matches(['\r', '\n']).is_empty();
        if blank {
            end = if keep { next } else { end };
        } else {
            let indent = line.len() - content.len();
            // The next token may stand on this line: then the scalar is empty, or ends above.
            if at + indent >= reported.end || indent < *content_indent.get_or_insert(indent) {
                break;
            }
            end = next;
        }
        at = next;
    }
    Span::new(header, end)
}

/// The offset behind the line break of the line that holds `offset`.
fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}

/// The first word from `from` on that starts with `|` or `>`; comments, anchors, tags and `:` or `-` stand before it.
fn header(text: &str, from: usize, before: usize) -> Option<usize> {
    let mut at = from;
    while at < before {
        let rest = text.get(at..before)?;
        let word = rest.trim_start();
        let start = at + (rest.len() - word.len());
        match word.chars().next()? {
            '|' | '>' => return Some(start),
            '#' => at = line_end(text, start),
            ':' | ',' | '?' => at = start + 1,
            _ => at = start + word.find(char::is_whitespace)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::syntax::yaml;

    #[test]
    fn an_empty_block_scalar_ends_before_the_next_key() {
        for (text, expected) in [("a:\n  b: >\n  c: y\n", ">\n"), ("a:\n  b: |+\n\n  # c\n  c: y\n", "|+\n\n")] {
            let (document, _) = yaml::parse(text.into());
            let scalar = document.at(document.roots[0], &["a", "b"]).expect("it is there");
            assert_eq!(document.node(scalar).span.slice(text), expected, "{text}");
        }
    }
}
