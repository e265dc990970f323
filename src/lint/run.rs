//! Asks every rule about everything it looks at.

use super::finding::{Finding, Label};
use super::views::{Seen, views};
use crate::model::Workspace;
use crate::rule::{Match, Rule, RuleSet, Tier};
use crate::topology::Topology;

/// Which rules speak.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// If any rule is named here, only these run.
    pub only: Vec<String>,
    /// Tiers besides the default one.
    pub tiers: Vec<Tier>,
    /// Rules that do not run.
    pub ignored: Vec<String>,
    /// Tiers that do not run.
    pub ignored_tiers: Vec<Tier>,
}

impl Selection {
    fn admits(&self, rule: &Rule, tier: Tier) -> bool {
        let is_named = self.only.contains(&rule.id);
        let by_tier = tier == Tier::Default || self.tiers.contains(&tier);
        let is_wanted = if self.only.is_empty() { by_tier } else { is_named };
        is_wanted && !self.ignored.contains(&rule.id) && (is_named || !self.ignored_tiers.contains(&tier))
    }
}

/// What the rules find, by project, file and place.
pub fn run(workspace: &Workspace<'_>, topology: &Topology, rules: &RuleSet, selection: &Selection) -> Vec<Finding> {
    let seen = views(workspace, topology, rules);
    let mut findings = Vec::new();
    for rule in &rules.rules {
        for view in seen.iter().filter(|view| view.kind == rule.view()) {
            let Some(said) = rule.apply(view).filter(|said| selection.admits(rule, said.tier)) else { continue };
            findings.extend(finding(rule, view, said));
        }
    }
    let order = |finding: &Finding| {
        let label = &finding.labels[0];
        (workspace.sources.get(label.source).path.clone(), label.span, finding.rule.clone())
    };
    findings.sort_by_cached_key(|finding| (finding.project, order(finding)));
    // Projects that share a file find the same in it.
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| {
        let label = &finding.labels[0];
        seen.insert((finding.rule.clone(), label.source, label.span, finding.message.clone()))
    });
    findings
}

fn finding(rule: &Rule, view: &Seen, said: Match) -> Option<Finding> {
    let spot = view.spot(&said.at)?;
    let mut labels = vec![Label { source: spot.source, span: spot.span, message: String::new() }];
    for (field, message) in said.also {
        // A further label only where there is something else to see.
        if let Some(spot) = view.own_spot(&field).filter(|other| *other != spot) {
            labels.push(Label { source: spot.source, span: spot.span, message });
        }
    }
    Some(Finding {
        rule: rule.id.clone(),
        severity: said.severity,
        tier: said.tier,
        project: view.project,
        message: said.message,
        help: said.help,
        labels,
        subject: view.subject.clone(),
        assumes: said.assumes,
        fixes: said.fixes,
    })
}
