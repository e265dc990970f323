//! `caulk lsp`: starts the language server.

use std::path::Path;

use super::configure::choice;
use super::settings::Serve;
use super::{Error, Outcome, rules};
use crate::lsp::{End, Engine, serve};
use crate::source::absolute;

/// Serves until the client ends it. Ends as with findings where the client did not say goodbye, as the protocol wants it.
///
/// # Errors
/// [`Error`] if the folders with rules can't be read or have mistakes.
pub(super) fn run(asked: &Serve, folder: &Path) -> Result<Outcome, Error> {
    // Mistakes are best told before the editor waits for an answer.
    rules::load(&asked.rule_folders, folder)?;
    let engine = Engine {
        asked: choice(&asked.select, &asked.ignore),
        rule_folders: asked.rule_folders.iter().map(|rules| absolute(folder, rules)).collect(),
        policy: asked.secrets.map(Into::into),
    };
    Ok(match serve(engine)? {
        End::Orderly => Outcome::Clean,
        End::Abrupt => Outcome::Findings,
    })
}
