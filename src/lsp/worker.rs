//! The thread that reads projects, so that the server hears of edits and cancelled requests meanwhile.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use lsp_server::{ErrorCode, RequestId, Response};
use lsp_types::{
    CodeAction, CodeActionParams, Diagnostic, DocumentDiagnosticReport, FullDocumentDiagnosticReport, Hover,
    HoverContents, HoverParams, MarkupContent, MarkupKind, RelatedFullDocumentDiagnosticReport, Uri,
};
use serde::Serialize;

use super::actions::{self, Desk, Offers, carry_out};
use super::analysis::{Engine, Setup};
use super::client::Client;
use super::diagnostics::Report;
use super::documents::Documents;
use super::hover::{explain, markdown};
use super::position::Lines;

/// Something to do on the texts as they were when it was asked for.
pub struct Task {
    /// The texts.
    pub documents: Documents,
    /// Which state of texts and files it is; a higher number is a later one.
    pub revision: u64,
    /// What to do.
    pub kind: Kind,
}

/// What to do.
pub enum Kind {
    /// Say what is wrong in all open texts.
    Diagnose,
    /// Answer a request.
    Answer {
        /// Its id.
        id: RequestId,
        /// True as soon as nobody wants the answer any more.
        cancelled: Arc<AtomicBool>,
        /// What is asked.
        question: Question,
    },
}

/// A request that needs projects to be read.
pub enum Question {
    /// What is wrong in one text.
    Diagnostics(Uri),
    /// What can be done at a place.
    Actions(Box<CodeActionParams>),
    /// The edit of an action.
    Resolve(Box<CodeAction>),
    /// The edit of a command.
    Command(serde_json::Value),
    /// What a place means.
    Hover(Box<HoverParams>),
}

/// What came of a task.
pub enum Done {
    /// What is wrong in each open text, by its address, with its version.
    Diagnosed {
        /// The state that it is about.
        revision: u64,
        /// Address, version and what is wrong.
        texts: Vec<(Uri, i32, Vec<Diagnostic>)>,
        /// Files of which a change may change this.
        files: BTreeSet<PathBuf>,
        /// What is wrong with the configuration.
        complaint: Option<String>,
    },
    /// The answer to a request.
    Answered(Response),
    /// The edit that a command stands for.
    Edit {
        /// The id of the request.
        id: RequestId,
        /// The edit, and what to say of it.
        done: Box<actions::Done>,
    },
}

/// Does tasks, one after the other.
pub struct Worker {
    engine: Engine,
    client: Client,
    /// The latest state of texts and files.
    latest: Arc<AtomicU64>,
    known: Option<Known>,
}

/// What is known of the last state of texts and files that was looked at.
struct Known {
    revision: u64,
    setup: Setup,
    report: Report,
    offers: Offers,
}

impl Worker {
    /// A worker for one client.
    pub fn new(engine: Engine, client: Client, latest: Arc<AtomicU64>) -> Self {
        Self { engine, client, latest, known: None }
    }

    /// Works until nobody sends tasks or nobody wants results any more.
    pub fn run<T>(mut self, tasks: &Receiver<Task>, results: &Sender<T>, wrap: impl Fn(Done) -> T) {
        for task in tasks {
            let request = match &task.kind {
                Kind::Answer { id, .. } => Some(id.clone()),
                Kind::Diagnose => None,
            };
            let done = attempt(request, || self.work(task)).unwrap_or_else(|broken| {
                self.known = None;
                broken
            });
            if done.is_some_and(|done| results.send(wrap(done)).is_err()) {
                return;
            }
        }
    }

    /// Does a task; `None` if nobody wants the result any more.
    fn work(&mut self, task: Task) -> Option<Done> {
        let Task { documents, revision, kind } = task;
        match kind {
            Kind::Diagnose if revision < self.latest.load(Ordering::Relaxed) => None,
            Kind::Diagnose => {
                let report = &self.known(&documents, revision).report;
                let texts = documents.iter().map(|open| {
                    let found = open.path.as_deref().map(|path| report.of(path)).unwrap_or_default();
                    (open.uri.clone(), open.version, found)
                });
                Some(Done::Diagnosed {
                    revision,
                    texts: texts.collect(),
                    files: report.files.clone(),
                    complaint: report.complaint.clone(),
                })
            }
            Kind::Answer { cancelled, .. } if cancelled.load(Ordering::Relaxed) => None,
            Kind::Answer { id, question, .. } => Some(self.answer(id, question, &documents, revision)),
        }
    }

    fn answer(&mut self, id: RequestId, question: Question, documents: &Documents, revision: u64) -> Done {
        let failed = |id, message| Done::Answered(Response::new_err(id, ErrorCode::RequestFailed as i32, message));
        match question {
            Question::Diagnostics(uri) => {
                let path = documents.get(&uri).and_then(|open| open.path.clone());
                let items = path.map(|path| self.known(documents, revision).report.of(&path)).unwrap_or_default();
                let report = FullDocumentDiagnosticReport { result_id: None, items };
                answered(
                    id,
                    DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                        related_documents: None,
                        full_document_diagnostic_report: report,
                    }),
                )
            }
            Question::Actions(params) => {
                let client = self.client;
                let Known { setup, report, offers, .. } = self.known(documents, revision);
                let mut desk = Desk { setup, client: &client, documents, report, offers };
                answered(id, desk.list(&params))
            }
            Question::Resolve(mut action) => match action.data.take() {
                // It came with all there is to know.
                None => answered(id, action),
                Some(data) => match carry_out(&self.engine, &self.client, documents, data) {
                    Ok(done) => {
                        action.edit = Some(done.edit);
                        answered(id, action)
                    }
                    Err(error) => failed(id, error.to_string()),
                },
            },
            Question::Command(data) => match carry_out(&self.engine, &self.client, documents, data) {
                Ok(done) => Done::Edit { id, done: Box::new(done) },
                Err(error) => failed(id, error.to_string()),
            },
            Question::Hover(params) => answered(id, self.hover(&params, documents)),
        }
    }

    fn hover(&self, params: &HoverParams, documents: &Documents) -> Option<Hover> {
        let place = &params.text_document_position_params;
        let open = documents.get(&place.text_document.uri)?;
        let lines = Lines::new(&open.text, self.client.encoding);
        let explanation = explain(&self.engine, documents, open.path.as_deref()?, lines.offset(place.position))?;
        let contents = if self.client.shows_markdown {
            MarkupContent { kind: MarkupKind::Markdown, value: markdown(&explanation.lines) }
        } else {
            MarkupContent { kind: MarkupKind::PlainText, value: explanation.lines.join("\n") }
        };
        Some(Hover { contents: HoverContents::Markup(contents), range: Some(lines.range(explanation.span)) })
    }

    /// What is known of a state, found out if it is not.
    fn known(&mut self, documents: &Documents, revision: u64) -> &mut Known {
        if self.known.as_ref().is_some_and(|known| known.revision != revision) {
            self.known = None;
        }
        let (engine, client) = (&self.engine, &self.client);
        self.known.get_or_insert_with(|| {
            let setup = Setup::read(engine, documents);
            let report = Report::read(&setup, client, documents);
            Known { revision, setup, report, offers: Offers::new() }
        })
    }
}

fn answered(id: RequestId, result: impl Serialize) -> Done {
    Done::Answered(Response::new_ok(id, result))
}

/// What the work comes to, or, if it panics, what to tell whoever asked for it. The panic hook has logged where.
fn attempt(request: Option<RequestId>, work: impl FnOnce() -> Option<Done>) -> Result<Option<Done>, Option<Done>> {
    // What a broken task leaves behind is thrown away.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        request.map(|id| {
            let message = "caulk has a fault; its log tells where".to_owned();
            Done::Answered(Response::new_err(id, ErrorCode::InternalError as i32, message))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_answers_the_request_and_says_nothing_of_texts() {
        let broken = attempt(Some(RequestId::from(7)), || panic!("hunter2"));
        let Err(Some(Done::Answered(response))) = broken else { panic!("it answers") };
        let text = serde_json::to_string(&response).expect("it is JSON");
        assert!(text.contains("\"id\":7") && text.contains("-32603") && !text.contains("hunter2"), "{text}");
        assert!(matches!(attempt(None, || panic!("hunter2")), Err(None)));
    }
}
