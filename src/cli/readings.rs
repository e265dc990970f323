//! Projects that are read apart may share a file, by `extends` or by links: what they all find in it is told once.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::lint::keep_worst;
use crate::report::view::{FindingView, RangeView, Report};

/// What is the same finding, problem or suppression in any project: rule or message, path, place and subject.
fn identity(finding: &FindingView) -> (String, String, RangeView, String) {
    (finding.rule.clone(), finding.path.clone(), finding.range, finding.fingerprint.clone())
}

/// Leaves one finding for each place, rule and subject: the worst reading, with the repairs and clients of all.
pub fn unite(report: &mut Report) {
    let badness = |finding: &FindingView| (finding.severity, Reverse(finding.assumes.len()));
    report.findings = keep_worst(std::mem::take(&mut report.findings), identity, badness, |kept, other| {
        kept.repairs.extend(other.repairs.into_iter().filter(|id| !kept.repairs.contains(id)).collect::<Vec<_>>());
        kept.clients.extend(other.clients);
        kept.clients.sort();
        kept.clients.dedup();
    });
    report.suppressed = keep_worst(
        std::mem::take(&mut report.suppressed),
        |suppressed| identity(&suppressed.finding),
        |suppressed| badness(&suppressed.finding),
        |_, _| {},
    );
    let mut seen = BTreeSet::new();
    report.problems.retain(|problem| {
        seen.insert((problem.path.clone(), problem.range, problem.severity, problem.message.clone()))
    });
    if report.fix.is_none() {
        leave_out_copies(report);
    }
}

/// Leaves out repairs that are the same as an earlier one: `--fix` would find them made.
fn leave_out_copies(report: &mut Report) {
    let mut copies = BTreeSet::new();
    for finding in &mut report.findings {
        let mut titles = BTreeSet::new();
        finding.repairs.retain(|id| {
            let repair = report.repairs.iter().find(|repair| repair.id == *id);
            let is_first = repair.is_none_or(|repair| titles.insert((repair.title.clone(), repair.applicability)));
            if !is_first {
                copies.insert(id.clone());
            }
            is_first
        });
    }
    let used: BTreeSet<&String> = report.findings.iter().flat_map(|finding| &finding.repairs).collect();
    report.repairs.retain(|repair| !copies.contains(&repair.id) || used.contains(&repair.id));
}
