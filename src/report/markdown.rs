//! Text for places where it is read as Markdown.

/// One line of text as Markdown that shows just this text. What stands between backticks stays code, where nothing is
/// markup; elsewhere everything that could be markup, HTML, a link or somebody's name to notify is escaped.
pub(super) fn inert(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        if ticks == 0 {
            escape(next, &mut shown);
            rest = &rest[next.len_utf8()..];
            continue;
        }
        let (fence, behind) = rest.split_at(ticks);
        match closing(behind, fence) {
            Some(end) => {
                shown.push_str(&rest[..ticks + end + ticks]);
                rest = &behind[end + ticks..];
            }
            None => {
                fence.chars().for_each(|tick| escape(tick, &mut shown));
                rest = behind;
            }
        }
    }
    shown
}

/// Where the code ends that `fence` began: at the next run of just as many backticks.
fn closing(text: &str, fence: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(start);
        }
        at = start + run;
    }
    None
}

fn escape(c: char, shown: &mut String) {
    match c {
        // No escape keeps a name from being notified, code does.
        '@' => shown.push_str("`@`"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '!' | '$' => {
            shown.push('\\');
            shown.push(c);
        }
        c => shown.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_and_markup_from_files_does_nothing() {
        let cases = [
            ("`redis` is open, see `a_b*c`", "`redis` is open, see `a_b*c`"),
            ("<img src=x> & [a](http://b) ![c](d)", r"\<img src=x\> \& \[a\](http://b) \!\[c\](d)"),
            ("`a` ` <b>", r"`a` \` \<b\>"),
            ("``a`b`` *c*", r"``a`b`` \*c\*"),
            ("``a` <b>", r"\`\`a\` \<b\>"),
            ("ask @somebody about #1", r"ask `@`somebody about \#1"),
        ];
        for (text, expected) in cases {
            assert_eq!(inert(text), expected);
        }
    }
}
