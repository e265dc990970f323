//! Whether a server listens to anybody but the programs in its own container, or those with a certificate.

use super::arguments::{Item, option_name, parse};
use super::judge::config;
use super::start::Start;
use super::{ConfAuth, Setup};
use crate::catalog::{Argv, ArgvSyntax};
use crate::lens::value::Word;

/// Something about the option can't be known.
struct Unseen;

/// The option that keeps others out while there is no password. Measured with redis 7.0: a connection to another address
/// than those behind `bind` is refused, and in protected mode the server answers DENIED; the last word counts for each.
pub(super) fn closed_to_others(argv: &Argv, start: &Start, setup: &Setup<'_>, version: Option<u32>) -> Option<String> {
    let value = |flag: &Option<String>, in_conf: &dyn Fn(&ConfAuth) -> Option<Vec<String>>| match flag {
        Some(flag) => last_value(argv, start, setup, &option_name(argv, flag), in_conf),
        None => Ok(None),
    };
    let addresses = value(&argv.bind_flag, &|conf| conf.bind.clone()).ok()?.unwrap_or_default();
    // `-::1` may be missing on the machine.
    let is_loopback = |address: &String| matches!(address.trim_start_matches('-'), "127.0.0.1" | "::1" | "localhost");
    if !addresses.is_empty() && addresses.iter().all(is_loopback) {
        return Some(format!("`bind {}`", addresses.join(" ")));
    }
    let mode = value(&argv.protected_mode_flag, &|conf| Some(vec![conf.protected_mode.clone()?])).ok()?;
    let is_protected = mode.is_some_and(|mode| mode.first().is_some_and(|mode| mode.eq_ignore_ascii_case("yes")));
    let holds_when_bound =
        argv.protects_bound_since.is_some_and(|since| version.is_none_or(|version| version >= since));
    (is_protected && (addresses.is_empty() || holds_when_bound)).then(|| "`protected-mode yes`".to_owned())
}

/// True if the server takes nothing but TLS, and wants a certificate of those who connect. Measured with redis 7.0: that is
/// what it does unless `tls-auth-clients` says otherwise; the connection of others is closed.
pub(super) fn asks_for_certificates(argv: &Argv, start: &Start, setup: &Setup<'_>) -> bool {
    if !matches!(argv.syntax, ArgvSyntax::Directives) {
        return false;
    }
    let value = |name: &str, in_conf: fn(&ConfAuth) -> &Option<String>| {
        let found = last_value(argv, start, setup, name, &|conf| Some(vec![in_conf(conf).clone()?]));
        found.map(|values| values.map(|values| values.first().cloned().unwrap_or_default()))
    };
    let is = |value: Result<Option<String>, Unseen>, is_it: fn(Option<&str>) -> bool| {
        value.is_ok_and(|value| is_it(value.as_deref()))
    };
    is(value("port", |conf| &conf.port), |port| port == Some("0"))
        && is(value("tls-port", |conf| &conf.tls_port), |port| port.is_some_and(|port| port != "0"))
        && is(value("tls-auth-clients", |conf| &conf.tls_auth_clients), |asks| {
            asks.is_none_or(|asks| asks.eq_ignore_ascii_case("yes"))
        })
}

/// The values of an option, or of the line of a file, that counts: the last one.
fn last_value(
    argv: &Argv,
    start: &Start,
    setup: &Setup<'_>,
    name: &str,
    in_conf: &dyn Fn(&ConfAuth) -> Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Unseen> {
    let arguments = parse(argv, &start.arguments);
    let of_file = |file: &Word| {
        let conf = config(argv, file, start, setup).filter(|conf| !conf.includes_unknown).ok_or(Unseen)?;
        Ok(in_conf(&conf))
    };
    let mut last = arguments.config.as_ref().map_or(Ok(None), of_file)?;
    for item in &arguments.items {
        let Item::Option(option) = item else { return Err(Unseen) };
        if option.name == name {
            if option.values.iter().any(|value| !value.word.certain) {
                return Err(Unseen);
            }
            let values = option.values.iter().flat_map(|value| value.word.text.split_ascii_whitespace());
            last = Some(values.map(str::to_owned).collect());
        } else if option.name == "include" {
            last = of_file(&option.values.first().ok_or(Unseen)?.word)?.or(last);
        }
    }
    Ok(last)
}
