//! What makes a finding the same after lines moved: rule, path and subject, never a line number or a secret.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::finding::{Finding, Subject};
use crate::model::Workspace;
use crate::source::relative_to;

/// Number of bytes of a fingerprint, which is written in hexadecimal.
const LENGTH: usize = 12;

/// Gives each finding its fingerprint. Where several have the same subject, they are counted in their order.
pub(super) fn assign(findings: &mut [Finding], workspace: &Workspace<'_>, root: &Path) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let path = relative_to(root, &workspace.sources.get(finding.labels[0].source).path);
        let identity = format!("{}\n{path}\n{}", finding.rule, subject(&finding.subject));
        let count = seen.entry(identity.clone()).or_default();
        let identity = if *count == 0 { identity } else { format!("{identity}\n{count}") };
        *count += 1;
        finding.fingerprint = hex::encode(&Sha256::digest(identity)[..LENGTH]);
    }
}

fn subject(subject: &Subject) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let key = part(&subject.key);
    // A number in a list changes with its neighbours, so the item itself takes its place where it is known.
    let key = match (&subject.item, key.rsplit_once('[')) {
        (Some(item), Some((list, _))) => format!("{list}[{item}]"),
        (Some(item), None) => format!("{key}{item}"),
        (None, _) => key,
    };
    format!("{}|{key}|{}", part(&subject.service), part(&subject.variable))
}
