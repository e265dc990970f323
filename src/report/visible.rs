//! Makes text from files harmless for whoever looks at it: nothing in it can move the cursor, change colours, turn the
//! direction of writing or hide.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;

/// True for characters that a terminal or an editor obeys, or does not show, instead of printing them.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'                     // soft hyphen
            | '\u{61c}'                  // Arabic letter mark
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{180e}'                 // Mongolian vowel separator
            | '\u{200b}'..='\u{200f}'    // zero width characters, marks of direction
            | '\u{2028}'..='\u{202e}'    // line and paragraph separators, embeddings and overrides of direction
            | '\u{2060}'..='\u{206f}'    // joiners, isolates, deprecated format characters
            | '\u{feff}'                 // byte order mark
            | '\u{fff9}'..='\u{fffb}'    // interlinear annotation
            | '\u{e0000}'..='\u{e0fff}'  // tags, variation selectors
        )
}

/// `text` on one line: breaks and tabs become blanks; other characters that a terminal or an editor obeys, or does not
/// show, become `\u{…}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c => push_visible(&mut shown, c),
        }
    }
    Cow::Owned(shown)
}

/// Adds `c` to `shown`, as `\u{…}` if it is [hidden](is_hidden).
pub(super) fn push_visible(shown: &mut String, c: char) {
    if is_hidden(c) {
        // Writing to a string does not fail.
        let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
    } else {
        shown.push(c);
    }
}

/// `text`, a report for a person, with nothing in it that a service obeys which builds and tests, and reads the output of
/// programs for commands: `::command::` at the start of a line (GitHub), `##[command]`, `##vso[command]`,
/// `##teamcity[command]` anywhere in it (GitHub, Azure, TeamCity). Caulk's own reports have none of them.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    static COMMANDS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [r"(?m)^(?<before>[^\S\n]*:)(?<behind>:)", r"(?<before>##)(?<behind>[a-zA-Z]*\[)"]
            .map(|pattern| Regex::new(pattern).expect("the patterns are valid"))
    });
    COMMANDS.iter().fold(Cow::Borrowed(text), |text, command| match command.replace_all(&text, "$before $behind") {
        Cow::Borrowed(_) => text,
        Cow::Owned(broken) => Cow::Owned(broken),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        let cases = [
            ("redis\u{1b}[31mred\u{1b}]8;;http://x\u{7}", "redis\\u{1b}[31mred\\u{1b}]8;;http://x\\u{7}"),
            ("a\u{9b}2Jb", "a\\u{9b}2Jb"),
            ("a\u{202e}txt.yml", "a\\u{202e}txt.yml"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("two\r\nlines\tand a tab", "two  lines and a tab"),
            ("Grüße, 世界 🚀", "Grüße, 世界 🚀"),
        ];
        for (text, expected) in cases {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn nothing_is_a_command_to_the_service_that_reads_the_output() {
        let cases = [
            ("::error::a::b\n  ::warning::c", ": :error::a::b\n  : :warning::c"),
            ("a ##[error]b ##vso[task.x]c ###teamcity[d]", "a ## [error]b ## vso[task.x]c ### teamcity[d]"),
            ("a::b ## [c] # d", "a::b ## [c] # d"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_commands(text), expected);
        }
    }
}
