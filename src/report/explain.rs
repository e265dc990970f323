//! The documentation of a rule, for a terminal.

use std::io::{self, Write};

use similar::ChangeTag;

use super::diff::hunks;
use super::paint::{Look, Painter, Tone};
use super::view::{Severity, Tier};

/// Columns after which prose is wrapped, however wide the terminal is.
const PROSE: usize = 100;

/// What there is to say about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDoc {
    /// Its id.
    pub id: String,
    /// What it objects to, in one sentence.
    pub summary: String,
    /// How bad that is; where it depends, the worst.
    pub severity: Severity,
    /// Whether it runs without being asked for.
    pub tier: Tier,
    /// Why it matters: paragraphs, lists of lines that start with `- `, and code indented by four blanks, with an
    /// empty line between them.
    pub why: String,
    /// What a repair does, in the same form; `None` if caulk can't repair it.
    pub fix: Option<String>,
    /// Examples, best first.
    pub examples: Vec<ExampleDoc>,
    /// Where to read more: addresses.
    pub links: Vec<String>,
}

/// A project, or a part of one, on which a rule has something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleDoc {
    /// What it shows; may be empty.
    pub title: String,
    /// Its files.
    pub files: Vec<ExampleFile>,
}

/// A file of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path.
    pub path: String,
    /// The text that the rule objects to; empty if the repair makes the file.
    pub before: String,
    /// The repaired text; `None` if nothing changes in it.
    pub after: Option<String>,
}

/// Writes the documentation of a rule.
///
/// # Errors
/// What `out` says.
pub fn render(rule: &RuleDoc, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let look = Look { width: look.width.min(PROSE), ..*look };
    let painter = Painter::new(look);
    let severity = painter.paint(Tone::Severity(rule.severity), rule.severity.as_str());
    let tier = match rule.tier {
        Tier::Default => "on by default",
        Tier::Strict => "on with --select strict",
    };
    let fix = if rule.fix.is_some() { "--fix can repair it" } else { "to repair by hand" };
    writeln!(out, "{}", painter.paint(Tone::Strong, &rule.id))?;
    writeln!(out, "{severity}, {tier}, {fix}\n")?;
    prose(&painter, &rule.summary, out)?;
    section(&painter, "Why", &rule.why, out)?;
    section(&painter, "What --fix does", rule.fix.as_deref().unwrap_or(""), out)?;
    for example in &rule.examples {
        let colon = if example.title.is_empty() { "" } else { ": " };
        writeln!(out, "\n{}", painter.paint(Tone::Strong, &format!("Example{colon}{}", example.title)))?;
        for file in &example.files {
            writeln!(out, "  {}", painter.paint(Tone::Dim, &file.path))?;
            example_file(&painter, file, out)?;
        }
    }
    if !rule.links.is_empty() {
        writeln!(out, "\n{}", painter.paint(Tone::Strong, "See also"))?;
        rule.links.iter().try_for_each(|link| writeln!(out, "  {}", painter.paint(Tone::Help, link)))?;
    }
    Ok(())
}

fn section(painter: &Painter, title: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", painter.paint(Tone::Strong, title))?;
    prose(painter, text, out)
}

/// Paragraphs and lists, wrapped and indented; code as it is.
fn prose(painter: &Painter, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut paragraph = Paragraph::default();
    for line in text.lines() {
        let content = line.trim();
        if line.starts_with("    ") && paragraph.text.is_empty() && !content.is_empty() {
            writeln!(out, "  {}", painter.paint(Tone::Help, line.trim_end()))?;
        } else if content.is_empty() {
            paragraph.write(painter, out)?;
            writeln!(out)?;
        } else {
            if let Some(item) = content.strip_prefix("- ") {
                paragraph.write(painter, out)?;
                paragraph = Paragraph { head: "  - ", text: item.to_owned() };
                continue;
            }
            if !paragraph.text.is_empty() {
                paragraph.text.push(' ');
            }
            paragraph.text.push_str(content);
        }
    }
    paragraph.write(painter, out)
}

/// Lines that are to be wrapped together.
struct Paragraph {
    head: &'static str,
    text: String,
}

impl Default for Paragraph {
    fn default() -> Self {
        Self { head: "  ", text: String::new() }
    }
}

impl Paragraph {
    /// Writes it, if there is one, and begins a new one.
    fn write(&mut self, painter: &Painter, out: &mut dyn Write) -> io::Result<()> {
        let paragraph = std::mem::take(self);
        if paragraph.text.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", painter.hang(paragraph.head, Tone::Plain, &paragraph.text))
    }
}

/// The changes of an example's file, or its text.
fn example_file(painter: &Painter, file: &ExampleFile, out: &mut dyn Write) -> io::Result<()> {
    let Some(after) = &file.after else {
        return file.before.lines().try_for_each(|line| writeln!(out, "      {}", painter.paint(Tone::Plain, line)));
    };
    for (number, hunk) in hunks(&file.before, after).iter().enumerate() {
        if number > 0 {
            writeln!(out, "    {}", painter.ellipsis())?;
        }
        for (tag, line) in hunk.lines() {
            let (sign, tone) = match tag {
                ChangeTag::Equal => (' ', Tone::Plain),
                ChangeTag::Delete => ('-', Tone::Removed),
                ChangeTag::Insert => ('+', Tone::Added),
            };
            let line = painter.paint(tone, format!("{sign} {}", line.trim_end()).trim_end());
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RuleDoc {
        RuleDoc {
            id: "public-port".into(),
            summary: "A port is published on every address of the host.".into(),
            severity: Severity::Error,
            tier: Tier::Default,
            why: "Docker opens the port past the host's firewall, so that anyone who reaches the host\n\
                  reaches the service.\n\n\
                  - an entry without an address\n- an entry with `0.0.0.0`, which says the same in more words than it needs to\n\n    \
                  ports: [\"6379:6379\"]\n"
                .into(),
            fix: Some("Binds the port to loopback.".into()),
            examples: vec![ExampleDoc {
                title: "a list of ports".into(),
                files: vec![ExampleFile {
                    path: "compose.yaml".into(),
                    before: "ports:\n  - \"6379:6379\"\n".into(),
                    after: Some("ports:\n  - \"127.0.0.1:6379:6379\"\n".into()),
                }],
            }],
            links: vec!["https://docs.docker.com/engine/network/packet-filtering-firewalls/".into()],
        }
    }

    fn written(rule: &RuleDoc) -> String {
        let mut out = Vec::new();
        let look = Look { width: 60, colors: false, unicode: true, links: false };
        render(rule, &look, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("it is UTF-8")
    }

    #[test]
    fn a_rule_is_explained_within_the_width() {
        let expected = "public-port
error, on by default, --fix can repair it

  A port is published on every address of the host.

Why
  Docker opens the port past the host's firewall, so that
  anyone who reaches the host reaches the service.

  - an entry without an address
  - an entry with `0.0.0.0`, which says the same in more
    words than it needs to

      ports: [\"6379:6379\"]

What --fix does
  Binds the port to loopback.

Example: a list of ports
  compose.yaml
      ports:
    -   - \"6379:6379\"
    +   - \"127.0.0.1:6379:6379\"

See also
  https://docs.docker.com/engine/network/packet-filtering-firewalls/
";
        assert_eq!(written(&rule()), expected);
    }

    #[test]
    fn what_is_not_there_has_no_heading() {
        let mut rule = rule();
        (rule.tier, rule.fix, rule.why) = (Tier::Strict, None, String::new());
        rule.examples.clear();
        rule.links.clear();
        let expected = "public-port
error, on with --select strict, to repair by hand

  A port is published on every address of the host.
";
        assert_eq!(written(&rule), expected);
    }

    #[test]
    fn a_rule_of_somebody_else_can_not_command_the_terminal() {
        let mut rule = rule();
        let evil = "x\u{1b}[2J\u{202e}";
        rule.why = format!("{evil}\n\n    {evil}\n\n- {evil}");
        (rule.id, rule.summary, rule.fix) = (evil.into(), evil.into(), Some(evil.into()));
        rule.links = vec![evil.into()];
        let file = |after| ExampleFile { path: evil.into(), before: evil.into(), after };
        rule.examples = vec![ExampleDoc { title: evil.into(), files: vec![file(None), file(Some("y".into()))] }];
        assert!(!written(&rule).contains(['\u{1b}', '\u{202e}']));
    }
}
