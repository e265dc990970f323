//! Whether a server listens to anybody but the programs in its own container.

use super::Setup;
use super::arguments::{Item, option_name, parse};
use super::judge::config;
use super::start::Start;
use crate::catalog::Argv;

/// The option that keeps others out while there is no password. Measured with redis 7.0: a connection to another address
/// than those behind `bind` is refused, and in protected mode the server answers DENIED; the last word counts for each.
pub(super) fn closed_to_others(argv: &Argv, start: &Start, setup: &Setup<'_>, version: Option<u32>) -> Option<String> {
    let arguments = parse(argv, &start.arguments);
    let (mut bind, mut protected) = (None, None);
    if let Some(file) = &arguments.config {
        let conf = config(argv, file, start, setup).filter(|conf| !conf.includes_unknown)?;
        (bind, protected) = (conf.bind, conf.protected_mode);
    }
    for item in &arguments.items {
        let Item::Option(option) = item else { return None };
        let is = |flag: &Option<String>| flag.as_ref().is_some_and(|flag| option_name(argv, flag) == option.name);
        let values = || option.values.iter().flat_map(|value| value.word.text.split_ascii_whitespace());
        let is_certain = option.values.iter().all(|value| value.word.certain);
        if is(&argv.bind_flag) {
            if !is_certain {
                return None;
            }
            bind = Some(values().map(str::to_owned).collect());
        } else if is(&argv.protected_mode_flag) {
            protected = Some(is_certain && values().next().is_some_and(|value| value.eq_ignore_ascii_case("yes")));
        } else if option.name == "include" {
            let file = option.values.first()?;
            let conf = config(argv, &file.word, start, setup).filter(|conf| !conf.includes_unknown)?;
            bind = conf.bind.or(bind);
            protected = conf.protected_mode.or(protected);
        }
    }
    let addresses = bind.unwrap_or_default();
    // `-::1` may be missing on the machine.
    let is_loopback = |address: &String| matches!(address.trim_start_matches('-'), "127.0.0.1" | "::1" | "localhost");
    if !addresses.is_empty() && addresses.iter().all(is_loopback) {
        return Some(format!("`bind {}`", addresses.join(" ")));
    }
    let holds_when_bound =
        argv.protects_bound_since.is_some_and(|since| version.is_none_or(|version| version >= since));
    (protected == Some(true) && (addresses.is_empty() || holds_when_bound)).then(|| "`protected-mode yes`".to_owned())
}
