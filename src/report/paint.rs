//! Colours, drawing characters and line breaks of everything that is written for a person.

use std::borrow::Cow;

use miette::{GraphicalTheme, ThemeCharacters};
use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthStr;

use super::view::Severity;
use super::visible::visible;

/// How a report is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Number of columns.
    pub width: usize,
    /// Whether to use colours.
    pub colors: bool,
    /// Whether to draw with characters outside ASCII.
    pub unicode: bool,
    /// Whether the terminal takes hyperlinks.
    pub links: bool,
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Ordinary text.
    Plain,
    /// A heading or a name that matters.
    Strong,
    /// Line numbers, rule ids: there, but not in the way.
    Dim,
    /// Something helpful: a command, an option.
    Help,
    /// Said with this severity.
    Severity(Severity),
    /// A line that comes.
    Added,
    /// A line that goes.
    Removed,
}

/// Paints text. Everything that goes through it is [made visible](visible) first.
#[derive(Debug, Clone)]
pub(super) struct Painter {
    theme: GraphicalTheme,
    look: Look,
}

impl Painter {
    pub fn new(look: Look) -> Self {
        let mut theme = match (look.unicode, look.colors) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, true) => GraphicalTheme::ascii(),
            (false, false) => GraphicalTheme::none(),
        };
        if look.unicode {
            theme.characters.underline = '━';
        }
        Self { theme, look }
    }

    /// Number of columns; never so few that nothing fits.
    pub fn width(&self) -> usize {
        self.look.width.max(40)
    }

    /// What to draw with.
    pub fn characters(&self) -> &ThemeCharacters {
        &self.theme.characters
    }

    /// What stands for text that is left out.
    pub fn ellipsis(&self) -> &'static str {
        if self.look.unicode { "…" } else { "..." }
    }

    /// `text` in the colour of `tone`.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let text = visible(text);
        match self.style(tone) {
            Some(style) if !text.is_empty() => text.style(style).to_string(),
            _ => text.into_owned(),
        }
    }

    /// `painted`, which leads to `url` where the terminal takes hyperlinks (OSC 8).
    pub fn link(&self, url: Option<&str>, painted: &str) -> String {
        let is_harmless = |url: &&str| url.chars().all(|c| c.is_ascii_graphic());
        match url.filter(|_| self.look.links).filter(is_harmless) {
            Some(url) => format!("\u{1b}]8;;{url}\u{1b}\\{painted}\u{1b}]8;;\u{1b}\\"),
            None => painted.to_owned(),
        }
    }

    fn style(&self, tone: Tone) -> Option<Style> {
        let styles = &self.theme.styles;
        if !self.look.colors {
            return None;
        }
        match tone {
            Tone::Plain => None,
            Tone::Strong => Some(Style::new().bold()),
            Tone::Dim => Some(styles.linum),
            Tone::Help => Some(styles.help),
            Tone::Severity(Severity::Error) => Some(styles.error.bold()),
            Tone::Severity(Severity::Warning) => Some(styles.warning.bold()),
            Tone::Severity(Severity::Info) => Some(styles.advice.bold()),
            Tone::Added => Some(Style::new().green()),
            Tone::Removed => Some(Style::new().red()),
        }
    }

    /// `text` on lines of at most `width` columns. Longer words stand on a line of their own.
    pub fn wrap(&self, text: &str, width: usize) -> Vec<String> {
        let options = textwrap::Options::new(width.max(20))
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
        textwrap::wrap(&visible(text), options).into_iter().map(Cow::into_owned).collect()
    }

    /// `text` after `head`, wrapped at the width, all lines but the first indented to where `text` starts.
    /// Where the head leaves too little room, the text starts below it.
    pub fn hang(&self, head: &str, head_tone: Tone, text: &str) -> String {
        const ENOUGH: usize = 20;
        let head_text = head.trim_start();
        let before = head.width().saturating_sub(head_text.width());
        let is_beside = head.width() + ENOUGH <= self.width();
        let indent = if is_beside { head.width() } else { before + 4 };
        let lines = self.wrap(text, self.width().saturating_sub(indent));
        let next_line = format!("\n{}", " ".repeat(indent));
        let head_text = if is_beside { head_text } else { head_text.trim_end() };
        let start = if is_beside { "" } else { next_line.as_str() };
        format!("{}{}{start}{}", " ".repeat(before), self.paint(head_tone, head_text), lines.join(&next_line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_there_only_when_asked_for_and_files_have_none() {
        let text = "\u{1b}[31mnot red";
        let plain = Painter::new(Look { width: 80, colors: false, unicode: true, links: false });
        assert_eq!(plain.paint(Tone::Severity(Severity::Error), text), "\\u{1b}[31mnot red");
        let coloured = Painter::new(Look { width: 80, colors: true, unicode: true, links: false });
        assert_eq!(coloured.paint(Tone::Added, text), "\u{1b}[32m\\u{1b}[31mnot red\u{1b}[0m");
    }

    #[test]
    fn links_are_there_only_for_terminals_that_take_them() {
        let look = Look { width: 80, colors: true, unicode: true, links: true };
        let url = "https://example.org/docs#a";
        let linked = "\u{1b}]8;;https://example.org/docs#a\u{1b}\\a\u{1b}]8;;\u{1b}\\";
        assert_eq!(Painter::new(look).link(Some(url), "a"), linked);
        assert_eq!(Painter::new(look).link(None, "a"), "a");
        assert_eq!(Painter::new(look).link(Some("https://x/\u{1b}\\\u{7}"), "a"), "a");
        assert_eq!(Painter::new(Look { links: false, ..look }).link(Some(url), "a"), "a");
    }

    #[test]
    fn long_text_hangs_below_its_start() {
        let painter = Painter::new(Look { width: 40, colors: false, unicode: true, links: false });
        let text = painter.hang("  help: ", Tone::Help, "put a password on the server and on all of its clients");
        assert_eq!(text, "  help: put a password on the server and\n        on all of its clients");
    }
}
