//! Runs repairs of open stores on files in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use crate::fix::bench::SecretsPolicy;
use crate::fix::plan::plan;
use crate::fix::remark::told;
use crate::fix::repair::Fate;
use crate::fix::secret::Secrets;
use crate::fix::settings::{AT_ONCE, Settings};
use crate::fix::state::State;
use crate::lens::value::Secret;
use crate::lint::Selection;
use crate::model::Options;
use crate::model::discover::projects_of;
use crate::rule::RuleSet;
use crate::source::git::GitStatus;
use crate::source::{NoFiles, Overlay};
use crate::topology::Surroundings;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The files that the repairs of open stores change, afterwards; or why one was not made. Git tracks files that end in
/// `.tracked.conf`. The password that is made shows as `SECRET`.
pub(super) fn repaired(files: &[(&str, String)], is_unsafe_allowed: bool) -> Result<BTreeMap<String, String>, String> {
    repaired_for("store-no-auth", files, is_unsafe_allowed)
}

/// The same for what another rule finds.
pub(super) fn repaired_for(
    rule: &str,
    files: &[(&str, String)],
    is_unsafe_allowed: bool,
) -> Result<BTreeMap<String, String>, String> {
    let folder = Path::new("/project");
    let mut overlay = Overlay::new(&NoFiles);
    for (path, text) in files {
        overlay.set(folder.join(path), text.as_bytes());
    }
    let compose_files = files.iter().map(|(path, _)| folder.join(path)).filter(|path| path.ends_with("compose.yaml"));
    let sets = projects_of(&overlay, &compose_files.collect::<Vec<_>>());
    let status = |path: &Path| match path.to_string_lossy().ends_with(".tracked.conf") {
        true => GitStatus::Tracked { root: folder.to_owned() },
        false => GitStatus::NoRepository,
    };
    let options = Options::default();
    let settings = Settings {
        sets: &sets,
        surroundings: &Surroundings::new(|| sets.clone(), &options, &overlay),
        options: &options,
        rules: RuleSet::built_in(),
        selection: &Selection::of_rule(RuleSet::built_in().rule(rule).expect("it is a rule of caulk")),
        is_unsafe_allowed,
        policy: SecretsPolicy::Generate,
        git: &status,
        may_write: &|_| Ok(()),
        at_once: AT_ONCE,
    };
    assert_eq!(State::read(&overlay, &settings).workspace.problems().count(), 0, "{files:?}");
    let secrets = RefCell::new(Secrets::new(Box::new(|| Ok(Secret::new(SECRET)))));
    let plan = plan(&overlay, &settings, &secrets);
    let fate = plan.repairs.into_iter().map(|planned| planned.fate).find(|fate| *fate != Fate::Made);
    match fate {
        Some(Fate::HeldBack { reason, .. }) => return Err(told(&reason)),
        Some(Fate::Refused(reason)) => return Err(reason),
        Some(Fate::Made) | None => {}
    }
    let changes = plan.draft.file_changes(1);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(SECRET, "SECRET");
    let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
    Ok(changes.iter().map(|change| (name(&change.path), text(change.after.as_deref().unwrap_or_default()))).collect())
}
