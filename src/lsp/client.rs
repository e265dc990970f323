//! What the client on the other side can do.

use lsp_types::{ClientCapabilities, InitializeParams, MarkupKind, PositionEncodingKind, ResourceOperationKind};
use serde_json::Value;

use super::position::Encoding;

/// What the client can do, as it said when it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// What a column counts: bytes if the client offers it, so that nothing has to be converted.
    pub encoding: Encoding,
    /// It asks for diagnostics and can be told to ask again. A client that can't (Neovim 0.11) would never learn that an
    /// edit in `.env` changed what is wrong in the Compose file, so it is sent them.
    pub pulls_diagnostics: bool,
    /// Diagnostics may point to other places.
    pub shows_related_places: bool,
    /// Diagnostics may lead to their documentation.
    pub shows_code_links: bool,
    /// Edits may name the version of the text that they are for.
    pub knows_versioned_edits: bool,
    /// Edits may create files.
    pub creates_files: bool,
    /// Actions may be objects rather than commands.
    pub knows_actions: bool,
    /// The edit of an action may be asked for when it is chosen.
    pub resolves_actions: bool,
    /// Actions may be shown with the reason why they can't be chosen.
    pub shows_disabled_actions: bool,
    /// The server may send edits on its own.
    pub applies_edits: bool,
    /// It tells of files that change on disk if it is asked to.
    pub watches_files: bool,
    /// Hover texts may be Markdown.
    pub shows_markdown: bool,
}

impl Client {
    /// Reads the parameters of `initialize`. `raw` is the same in JSON: `lsp_types` 0.97 knows `workspace.diagnostics`
    /// by a wrong name.
    pub fn new(params: &InitializeParams, raw: &Value) -> Self {
        let capabilities = &params.capabilities;
        let ClientCapabilities { workspace, text_document, general, .. } = capabilities;
        let offers_utf8 = general
            .as_ref()
            .and_then(|general| general.position_encodings.as_ref())
            .is_some_and(|encodings| encodings.contains(&PositionEncodingKind::UTF8));
        let publish = text_document.as_ref().and_then(|document| document.publish_diagnostics.as_ref());
        let edit = workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
        let operations = edit.and_then(|edit| edit.resource_operations.as_deref()).unwrap_or_default();
        let action = text_document.as_ref().and_then(|document| document.code_action.as_ref());
        let hover = text_document.as_ref().and_then(|document| document.hover.as_ref());
        let refreshes = raw.pointer("/capabilities/workspace/diagnostics/refreshSupport").and_then(Value::as_bool);
        let pulls = text_document.as_ref().is_some_and(|document| document.diagnostic.is_some());
        Self {
            encoding: if offers_utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            pulls_diagnostics: pulls && refreshes == Some(true),
            shows_related_places: publish.and_then(|publish| publish.related_information) == Some(true),
            shows_code_links: publish.and_then(|publish| publish.code_description_support) == Some(true),
            // Neovim announces operations, which only such edits can hold, and not the edits themselves.
            knows_versioned_edits: edit.and_then(|edit| edit.document_changes) == Some(true) || !operations.is_empty(),
            creates_files: operations.contains(&ResourceOperationKind::Create),
            knows_actions: action.is_some_and(|action| action.code_action_literal_support.is_some()),
            resolves_actions: action.is_some_and(|action| {
                let properties = action.resolve_support.as_ref().map(|support| support.properties.as_slice());
                action.data_support == Some(true)
                    && properties.unwrap_or_default().iter().any(|property| property == "edit")
            }),
            shows_disabled_actions: action.and_then(|action| action.disabled_support) == Some(true),
            applies_edits: workspace.as_ref().and_then(|workspace| workspace.apply_edit) == Some(true),
            watches_files: workspace
                .as_ref()
                .and_then(|workspace| workspace.did_change_watched_files)
                .and_then(|watched| watched.dynamic_registration)
                == Some(true),
            shows_markdown: hover
                .and_then(|hover| hover.content_format.as_ref())
                .and_then(|formats| formats.first())
                .is_some_and(|first| *first == MarkupKind::Markdown),
        }
    }
}
