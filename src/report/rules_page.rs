//! The documentation of all rules as one page of Markdown, `docs/rules.md`.

use std::io::{self, Write};

use similar::TextDiff;

use super::explain::{ExampleDoc, RuleDoc};
use super::view::Tier;

/// Address of the documentation of a rule that is part of caulk.
pub fn url(rule: &str) -> String {
    format!("{}/blob/main/docs/rules.md#{rule}", env!("CARGO_PKG_REPOSITORY"))
}

/// Writes the page.
///
/// # Errors
/// What `out` says.
pub fn render(rules: &[RuleDoc], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Rules\n")?;
    writeln!(out, "Written by `caulk rules --format markdown`. `caulk explain RULE` says the same on a terminal.\n")?;
    writeln!(out, "| rule | severity | tier | `--fix` | objects to |\n|---|---|---|---|---|")?;
    for rule in rules {
        let (id, severity, tier) = (&rule.id, rule.severity.as_str(), rule.tier.as_str());
        let fix = if rule.fix.is_some() { "yes" } else { "no" };
        writeln!(out, "| [`{id}`](#{id}) | {severity} | {tier} | {fix} | {} |", rule.summary.replace('|', "\\|"))?;
    }
    rules.iter().try_for_each(|rule| section(rule, out))
}

fn section(rule: &RuleDoc, out: &mut dyn Write) -> io::Result<()> {
    let tier = match rule.tier {
        Tier::Default => "on by default",
        Tier::Strict => "on with `--select strict`",
    };
    writeln!(out, "\n## {}\n\n{}\n", rule.id, rule.summary)?;
    writeln!(out, "Severity {}, {tier}.\n\n{}", rule.severity.as_str(), rule.why.trim_end())?;
    if let Some(fix) = &rule.fix {
        writeln!(out, "\n**What `--fix` does**\n")?;
        fix.lines().try_for_each(|line| writeln!(out, "- {line}"))?;
    }
    rule.examples.iter().try_for_each(|sample| example(sample, out))?;
    if !rule.links.is_empty() {
        writeln!(out, "\n**See also**\n")?;
        rule.links.iter().try_for_each(|link| writeln!(out, "- <{link}>"))?;
    }
    Ok(())
}

fn example(sample: &ExampleDoc, out: &mut dyn Write) -> io::Result<()> {
    let colon = if sample.title.is_empty() { "" } else { ": " };
    writeln!(out, "\n**Example**{colon}{}", sample.title)?;
    for file in &sample.files {
        let (kind, text) = match &file.after {
            Some(after) if *after != file.before => ("diff", difference(&file.before, after)),
            _ if file.path.ends_with(".yml") || file.path.ends_with(".yaml") => ("yaml", file.before.clone()),
            _ => ("sh", file.before.clone()),
        };
        let fence = if text.contains("```") { "````" } else { "```" };
        writeln!(out, "\n`{}`\n\n{fence}{kind}\n{}\n{fence}", file.path, text.trim_end())?;
    }
    Ok(())
}

/// All lines, with `-`, `+` or a blank before each.
fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.iter_all_changes().map(|change| format!("{}{}\n", change.tag(), change.value().trim_end())).collect()
}
