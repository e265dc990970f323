//! Patterns of the catalog, compiled once: a run reads many workspaces, and each repair reads its own several times.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

/// The compiled pattern; `None` if it is no regular expression. Only for patterns that rule files give, since each is kept.
pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(pattern) {
        return regex.clone();
    }
    let regex = Regex::new(pattern).ok();
    known.insert(pattern.to_owned(), regex.clone());
    regex
}
