//! Code actions: repairs, "repair all that is safe", "ignore here".
//!
//! A repair that needs no password comes with its edit. One that makes a password comes without: the password is made
//! when the action is chosen, by `codeAction/resolve`, or by the command [`COMMAND`] if the client can't resolve.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::{
    CodeAction, CodeActionDisabled, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionTriggerKind,
    Command, Range, Uri, WorkspaceEdit,
};
use serde::{Deserialize, Serialize};

use super::analysis::{Choice, Engine, Making, Offer, Ready, Setup, reads};
use super::client::Client;
use super::diagnostics::{Notice, Report};
use super::documents::Documents;
use super::edits::{EditError, workspace_edit};
use super::ignore::ignore;
use crate::fix::repair::RepairKey;
use crate::source::Disk;

/// The command that makes a repair and sends the edit to the client.
pub const COMMAND: &str = "caulk.repair";
/// The command that shows what to do after a repair: its argument.
pub const ADVICE_COMMAND: &str = "caulk.advice";
/// The kind of "repair all that is safe".
pub const FIX_ALL: &str = "source.fixAll.caulk";

/// Why an action can't be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The client sent back something else than it was given.
    #[error("this is no action of caulk")]
    Foreign,
    /// What it repairs is not there any more.
    #[error("nothing needs this repair any more")]
    Outdated,
    /// It can't be made.
    #[error("{0}")]
    Refused(String),
    /// The client can't make it.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// What an action means, for the way to the client and back.
#[derive(Debug, Serialize, Deserialize)]
struct Meaning {
    uri: Uri,
    /// `None` for all that are safe.
    repair: Option<Key>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Key {
    action: String,
    file: PathBuf,
    service: String,
    detail: String,
}

/// What repairs came to in one state of the texts, by group.
pub type Offers = BTreeMap<(usize, Choice), Offer>;

/// What the actions of one state of the texts are made of.
pub struct Desk<'a> {
    /// What is found and how it is repaired.
    pub setup: &'a Setup,
    /// What the client can do.
    pub client: &'a Client,
    /// The texts.
    pub documents: &'a Documents,
    /// What is wrong in them.
    pub report: &'a Report,
    /// What is known of repairs already.
    pub offers: &'a mut Offers,
}

impl Desk<'_> {
    /// What can be done at a place.
    pub fn list(&mut self, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
        let uri = &params.text_document.uri;
        let Some(path) = self.documents.get(uri).and_then(|open| open.path.clone()) else { return Vec::new() };
        let only = params.context.only.as_deref();
        let is_wanted = |kind: &str| {
            let is_part = |wanted: &CodeActionKind| {
                kind.strip_prefix(wanted.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.as_str().is_empty())
            };
            only.is_none_or(|only| only.iter().any(is_part))
        };
        let mut actions = Vec::new();
        if is_wanted(CodeActionKind::QUICKFIX.as_str()) {
            let report = self.report;
            let here: Vec<_> = report.notices.iter().filter(|notice| touches(notice, &path, params.range)).collect();
            actions.extend(self.repairs(uri, &path, &here));
            actions.extend(self.ignores(&path, &here));
        }
        // Asked without being told what for, at each move of the cursor, it would cost too much.
        let is_automatic = params.context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC) && only.is_none();
        if is_wanted(FIX_ALL) && !is_automatic {
            actions.extend(self.fix_all(uri, &path));
        }
        actions
    }

    fn repairs(&mut self, uri: &Uri, path: &Path, here: &[&Notice]) -> Vec<CodeActionOrCommand> {
        let mut keys: Vec<(usize, &RepairKey)> = Vec::new();
        for notice in here {
            let key = notice.repair.as_ref().map(|key| (notice.group, key));
            keys.extend(key.filter(|key| !keys.contains(key)));
        }
        let mut actions = Vec::new();
        for (group, key) in keys {
            let mended =
                self.report.notices.iter().filter(|notice| {
                    notice.path == path && notice.group == group && notice.repair.as_ref() == Some(key)
                });
            let action = CodeAction {
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(mended.map(|notice| notice.diagnostic.clone()).collect()),
                ..CodeAction::default()
            };
            let offer = self.offer(group, Choice::One(key.clone()));
            let meaning = Meaning { uri: uri.clone(), repair: Some(Key::of(key)) };
            actions.extend(self.action(action, &offer, meaning));
        }
        actions
    }

    fn fix_all(&mut self, uri: &Uri, path: &Path) -> Option<CodeActionOrCommand> {
        let group = self.report.notices.iter().find(|notice| notice.path == path)?.group;
        let offer = self.offer(group, Choice::AllSafe);
        let action = CodeAction { kind: Some(CodeActionKind::new(FIX_ALL)), ..CodeAction::default() };
        self.action(action, &offer, Meaning { uri: uri.clone(), repair: None })
    }

    /// Fills in an action for what was proved, as far as the client can make it.
    fn action(&self, mut action: CodeAction, offer: &Offer, meaning: Meaning) -> Option<CodeActionOrCommand> {
        let is_one = meaning.repair.is_some();
        let ready = match offer {
            Offer::Nothing => return None,
            Offer::Refused { title, reason } => return self.disabled(action, title, reason),
            Offer::Ready(ready) => ready,
        };
        action.title = title(ready, is_one);
        action.is_preferred = (is_one && ready.doubts.is_empty()).then_some(true);
        let edit = match workspace_edit(&ready.changes, self.documents, self.client) {
            Err(error) if self.client.shows_disabled_actions => {
                return self.disabled(action, &title(ready, is_one), &error.to_string());
            }
            // Whoever chooses it is told why not.
            Err(_) => None,
            Ok(edit) => Some(edit),
        };
        let data = serde_json::to_value(meaning).ok();
        let command = || Command {
            title: title(ready, is_one),
            command: COMMAND.to_owned(),
            arguments: data.clone().map(|data| vec![data]),
        };
        if !self.client.knows_actions {
            return self.client.applies_edits.then(|| CodeActionOrCommand::Command(command()));
        }
        // Editors make the edit first, and then the command.
        let advice = || Command {
            title: "what to do next".to_owned(),
            command: ADVICE_COMMAND.to_owned(),
            arguments: Some(vec![ready.advice.clone().into()]),
        };
        if !ready.has_new_secret && edit.is_some() {
            (action.edit, action.command) = (edit, Some(advice()));
        } else if self.client.resolves_actions {
            (action.data, action.command) = (data, Some(advice()));
        } else if self.client.applies_edits {
            action.command = Some(command());
        } else {
            let reason = "it makes a password, and this editor can't ask for an edit later: run `caulk check --fix`";
            return self.disabled(action, &title(ready, is_one), reason);
        }
        Some(CodeActionOrCommand::CodeAction(action))
    }

    fn disabled(&self, mut action: CodeAction, title: &str, reason: &str) -> Option<CodeActionOrCommand> {
        if !self.client.shows_disabled_actions || !self.client.knows_actions {
            return None;
        }
        action.title = title.to_owned();
        action.disabled = Some(CodeActionDisabled { reason: reason.to_owned() });
        Some(CodeActionOrCommand::CodeAction(action))
    }

    fn ignores(&self, path: &Path, here: &[&Notice]) -> Vec<CodeActionOrCommand> {
        let mut actions = Vec::new();
        for notice in here.iter().filter(|notice| notice.path == path && self.client.knows_actions) {
            let Some(rule) = &notice.rule else { continue };
            let Some(group) = self.setup.groups.get(notice.group) else { continue };
            let Some(change) = ignore(self.setup, self.documents, group, path, notice.span, rule) else { continue };
            let Ok(edit) = workspace_edit(&[change], self.documents, self.client) else { continue };
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("ignore {rule} here, with a reason"),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![notice.diagnostic.clone()]),
                edit: Some(edit),
                ..CodeAction::default()
            }));
        }
        actions
    }

    fn offer(&mut self, group: usize, choice: Choice) -> Offer {
        let Some(sets) = self.setup.groups.get(group) else { return Offer::Nothing };
        let make = |choice: &Choice| self.setup.offer(self.documents, sets, choice, Making::Trial);
        self.offers.entry((group, choice)).or_insert_with_key(|(_, choice)| make(choice)).clone()
    }
}

/// An action that was carried out.
#[derive(Debug)]
pub struct Done {
    /// What it does.
    pub label: String,
    /// The edit that does it.
    pub edit: WorkspaceEdit,
    /// What to do after it.
    pub advice: String,
}

/// Carries out what an action means, on the texts as they are now, with a new password where one is needed.
///
/// # Errors
/// [`ActionError`] if it can't be done any more.
pub fn carry_out(
    engine: &Engine,
    client: &Client,
    documents: &Documents,
    data: serde_json::Value,
) -> Result<Done, ActionError> {
    let meaning: Meaning = serde_json::from_value(data).map_err(|_| ActionError::Foreign)?;
    let is_one = meaning.repair.is_some();
    let path = documents.get(&meaning.uri).and_then(|open| open.path.clone()).ok_or(ActionError::Outdated)?;
    let choice = meaning.repair.map_or(Choice::AllSafe, |key| Choice::One(key.into_key()));
    let (setup, files) = (Setup::read(engine, documents), documents.over(&Disk));
    for group in &setup.groups {
        if !setup.with_state(&files, group, |state| reads(state, &path)) {
            continue;
        }
        match setup.offer(documents, group, &choice, Making::Real) {
            Offer::Nothing => {}
            Offer::Refused { reason, .. } => return Err(ActionError::Refused(reason)),
            Offer::Ready(ready) => {
                let edit = workspace_edit(&ready.changes, documents, client)?;
                return Ok(Done { label: title(&ready, is_one), edit, advice: ready.advice });
            }
        }
    }
    Err(ActionError::Outdated)
}

fn title(ready: &Ready, is_one: bool) -> String {
    let doubts =
        if ready.doubts.is_empty() { String::new() } else { format!(" (unsafe: {})", ready.doubts.join("; ")) };
    match ready.titles.as_slice() {
        [title] if is_one => format!("{title}{doubts}"),
        titles => format!("repair all that is safe: {}", titles.join("; ")),
    }
}

/// True if a notice is at the place, or points to it.
fn touches(notice: &Notice, path: &Path, range: Range) -> bool {
    let meets = |other: &Range| other.start <= range.end && range.start <= other.end;
    (notice.path == path && meets(&notice.diagnostic.range))
        || notice.related.iter().any(|(other, place)| other == path && meets(place))
}

impl Key {
    fn of(key: &RepairKey) -> Self {
        let RepairKey { action, file, service, detail } = key.clone();
        Self { action, file, service, detail }
    }

    fn into_key(self) -> RepairKey {
        let Self { action, file, service, detail } = self;
        RepairKey { action, file, service, detail }
    }
}
