//! The list of rules, as a table or as JSON.

use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::json::write_document;
use super::paint::{Look, Painter, Tone};
use super::view::{Severity, Tier};

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// Id of the rule.
    pub id: String,
    /// How bad what it objects to is; where it depends, the worst.
    pub severity: Severity,
    /// Whether it runs without being asked for.
    pub tier: Tier,
    /// Whether caulk can repair it.
    pub fixable: bool,
    /// What it objects to, in one sentence.
    pub summary: String,
}

/// Writes the rules as a table.
///
/// # Errors
/// What `out` says.
pub fn render_text(rules: &[RuleRow], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let painter = Painter::new(*look);
    let column = rules.iter().map(|rule| rule.id.width()).max().unwrap_or(0).max("rule".len());
    let head = format!("{:<column$}  {:<7}  {:<7}  {:<3}  ", "rule", "", "tier", "fix");
    writeln!(out, "{}", painter.paint(Tone::Dim, head.trim_end()))?;
    for rule in rules {
        let fix = if rule.fixable { "yes" } else { "no" };
        let before =
            format!("{:<column$}  {:<7}  {:<7}  {fix:<3}  ", rule.id, rule.severity.as_str(), rule.tier.as_str());
        writeln!(out, "{}", painter.hang(&before, Tone::Plain, &rule.summary))?;
    }
    Ok(())
}

/// Writes the rules as one JSON document, schema `caulk.rules/1`.
///
/// # Errors
/// What `out` says.
pub fn render_json(rules: &[RuleRow], out: &mut dyn Write) -> io::Result<()> {
    let rules = rules.iter().map(|rule| Rule {
        id: &rule.id,
        severity: rule.severity.as_str(),
        tier: rule.tier.as_str(),
        fixable: rule.fixable,
        summary: &rule.summary,
    });
    write_document(&Document { schema: "caulk.rules/1", rules: rules.collect() }, false, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    severity: &'static str,
    tier: &'static str,
    fixable: bool,
    summary: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> [RuleRow; 2] {
        let row = |id: &str, severity, tier, fixable, summary: &str| RuleRow {
            id: id.into(),
            severity,
            tier,
            fixable,
            summary: summary.into(),
        };
        [
            row(
                "public-port",
                Severity::Error,
                Tier::Default,
                true,
                "A port is published on every address of the host.",
            ),
            row("image-latest", Severity::Info, Tier::Strict, false, "An image has no fixed version."),
        ]
    }

    #[test]
    fn rules_are_listed_in_columns() {
        let mut out = Vec::new();
        let look = Look { width: 70, colors: false, unicode: true, links: false };
        render_text(&rules(), &look, &mut out).expect("a vector takes everything");
        let expected = "\
rule                   tier     fix
public-port   error    default  yes  A port is published on every
                                     address of the host.
image-latest  info     strict   no   An image has no fixed version.
";
        assert_eq!(String::from_utf8(out).expect("it is UTF-8"), expected);
    }

    #[test]
    fn rules_are_listed_for_programs() {
        let mut out = Vec::new();
        render_json(&rules()[1..], &mut out).expect("a vector takes everything");
        let expected = r#"{
  "schema": "caulk.rules/1",
  "rules": [
    {
      "id": "image-latest",
      "severity": "info",
      "tier": "strict",
      "fixable": false,
      "summary": "An image has no fixed version."
    }
  ]
}
"#;
        assert_eq!(String::from_utf8(out).expect("it is UTF-8"), expected);
    }
}
