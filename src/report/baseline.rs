//! The baseline: the findings that are known from now on.

use std::io::{self, Write};

use serde::Serialize;

use super::json::write_document;
use super::view::FindingView;

/// A finding, as the baseline keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BaselineEntry {
    /// The file, as seen from the folder of the baseline, with `/`.
    pub path: String,
    /// Id of the rule.
    pub rule: String,
    /// What it is about, for people.
    pub subject: String,
    /// What tells it from every other finding.
    pub fingerprint: String,
}

impl BaselineEntry {
    /// The entry of a finding in the file that is called `path` in the folder of the baseline.
    pub fn new(finding: &FindingView, path: String) -> Self {
        let subject = &finding.subject;
        let parts = [&subject.service, &subject.variable].into_iter().flatten();
        let key = subject.key.as_ref().filter(|_| subject.variable.is_none());
        let subject = key.map_or_else(|| parts.cloned().collect::<Vec<_>>().join(" "), Clone::clone);
        Self { path, rule: finding.rule.clone(), subject, fingerprint: finding.fingerprint.clone() }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    findings: &'a [BaselineEntry],
}

/// Writes the entries, which are sorted so that two versions differ in what differs.
///
/// # Errors
/// What `out` says.
pub fn render(schema: &str, mut entries: Vec<BaselineEntry>, out: &mut dyn Write) -> io::Result<()> {
    entries.sort();
    write_document(&Document { schema, findings: &entries }, false, out)
}
