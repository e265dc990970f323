//! `caulk lsp`: starts the language server.

use super::settings::Serve;
use super::{Error, Outcome, check, rules};
use crate::fix::bench::SecretsPolicy;
use crate::lsp::{End, Engine, serve};

/// Serves until the client ends it. Ends as with findings where the client did not say goodbye, as the protocol wants it.
///
/// # Errors
/// [`Error`] if rules can't be read or are not known.
pub(super) fn run(asked: &Serve) -> Result<Outcome, Error> {
    let rules = rules::load(&asked.rule_folders)?;
    let selection = check::selection(&asked.select, &asked.ignore, &rules)?;
    let policy = asked.secrets.map_or(SecretsPolicy::Generate, SecretsPolicy::from);
    Ok(match serve(Engine { rules, selection, policy })? {
        End::Orderly => Outcome::Clean,
        End::Abrupt => Outcome::Findings,
    })
}
