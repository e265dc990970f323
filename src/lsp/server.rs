//! The conversation with the client: phases, open texts, requests under way, and when to look again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    ApplyWorkspaceEditParams, ApplyWorkspaceEditResponse, CancelParams, CodeAction, CodeActionParams, Diagnostic,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentDiagnosticParams, ExecuteCommandParams, HoverParams, InitializeParams, MessageType, NumberOrString,
    PublishDiagnosticsParams, ShowMessageParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::actions::{ADVICE_COMMAND, COMMAND};
use super::analysis::Engine;
use super::capabilities::{initialize_result, watchers};
use super::client::Client;
use super::documents::Documents;
use super::transport::Incoming;
use super::uri::path_of;
use super::worker::{Done, Kind, Question, Task, Worker};
use crate::config;
use crate::source::{is_compose_name, is_env_name};

/// How long nobody may type before projects are read again.
const PAUSE: Duration = Duration::from_millis(120);
/// Room for the recursion of parsers, which the main thread of a program has, too.
const STACK: usize = 16 << 20;

/// Something that happened.
pub enum Event {
    /// The client said something; `None` at the end of its stream.
    Client(Option<Incoming>),
    /// The worker is done with a task.
    Done(Done),
}

/// How the conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As the protocol wants it: `shutdown`, then `exit`.
    Orderly,
    /// In any other way.
    Abrupt,
}

/// One side of a conversation.
pub struct Server<'l> {
    messages: Sender<Message>,
    events: Sender<Event>,
    log: &'l dyn Fn(&str),
    phase: Phase,
}

enum Phase {
    /// Before `initialize`; the engine waits for its client.
    New(Engine),
    Running(Box<Session>),
    ShutDown,
}

/// What is known between `initialize` and `shutdown`.
struct Session {
    client: Client,
    documents: Documents,
    /// Counts the states of texts and files.
    latest: Arc<AtomicU64>,
    tasks: Sender<Task>,
    /// Requests that the worker has not answered.
    pending: BTreeMap<RequestId, Arc<AtomicBool>>,
    /// When to look again.
    due: Option<Instant>,
    /// What was last said of each text: its version and what is wrong with it.
    said: BTreeMap<String, (i32, Vec<Diagnostic>)>,
    /// Files of which a change may change that.
    files: BTreeSet<PathBuf>,
    /// What was last said of the configuration.
    complaint: Option<String>,
    /// Number of the next request to the client.
    next: u32,
    /// Edits that the client was sent, each with what to do after it.
    edits: BTreeMap<RequestId, String>,
}

impl<'l> Server<'l> {
    /// A server that writes to `messages`. What the worker does comes back through `events`.
    pub fn new(engine: Engine, messages: Sender<Message>, events: Sender<Event>, log: &'l dyn Fn(&str)) -> Self {
        Self { messages, events, log, phase: Phase::New(engine) }
    }

    /// Talks until one of the two ends it.
    pub fn run(mut self, events: &Receiver<Event>) -> End {
        loop {
            let due = if let Phase::Running(session) = &self.phase { session.due } else { None };
            let event = match due {
                Some(due) => events.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::Client(Some(Incoming::Message(message)))) => {
                    if let Some(end) = self.message(message) {
                        return end;
                    }
                }
                Ok(Event::Client(Some(Incoming::Garbage(why)))) => (self.log)(&why),
                Ok(Event::Done(done)) => self.done(done),
                Err(RecvTimeoutError::Timeout) => {
                    if let Phase::Running(session) = &mut self.phase {
                        session.due = None;
                        session.ask(Kind::Diagnose);
                    }
                }
                Ok(Event::Client(None)) | Err(RecvTimeoutError::Disconnected) => {
                    return if matches!(self.phase, Phase::ShutDown) { End::Orderly } else { End::Abrupt };
                }
            }
        }
    }

    fn message(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Response(response) => self.response(response),
            Message::Notification(notification) if notification.method == "exit" => {
                return Some(if matches!(self.phase, Phase::ShutDown) { End::Orderly } else { End::Abrupt });
            }
            Message::Notification(notification) => self.notification(notification),
        }
        None
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (&mut self.phase, method.as_str()) {
            (Phase::New(engine), "initialize") => match serde_json::from_value::<InitializeParams>(params.clone()) {
                Ok(initialize) => {
                    let client = Client::new(&initialize, &params);
                    match Session::start(engine.clone(), client, self.events.clone()) {
                        Ok(session) => {
                            self.phase = Phase::Running(Box::new(session));
                            self.answer(id, initialize_result(&client));
                        }
                        Err(error) => self.refuse(id, ErrorCode::InternalError, &error.to_string()),
                    }
                }
                Err(_) => self.refuse(id, ErrorCode::InvalidParams, "these are no parameters for initialize"),
            },
            (Phase::New(_), _) => self.refuse(id, ErrorCode::ServerNotInitialized, "initialize comes first"),
            (Phase::ShutDown, _) => self.refuse(id, ErrorCode::InvalidRequest, "the server is shut down"),
            (Phase::Running(_), "initialize") => {
                self.refuse(id, ErrorCode::InvalidRequest, "the server is initialized already");
            }
            (Phase::Running(_), "shutdown") => {
                self.phase = Phase::ShutDown;
                self.answer(id, ());
            }
            (Phase::Running(_), "workspace/executeCommand") if params["command"] == ADVICE_COMMAND => {
                match params["arguments"][0].as_str() {
                    Some(advice) => {
                        self.show(MessageType::INFO, advice);
                        self.answer(id, ());
                    }
                    None => self.refuse(id, ErrorCode::InvalidParams, "this command wants a text"),
                }
            }
            (Phase::Running(session), method) => match question(method, params) {
                Ok(question) => session.question(id, question),
                Err((code, message)) => self.refuse(id, code, &message),
            },
        }
    }

    fn response(&mut self, response: Response) {
        let Phase::Running(session) = &mut self.phase else { return };
        let Some(advice) = session.edits.remove(&response.id) else { return };
        let reason = match response.response_result {
            Ok(result) => match serde_json::from_value::<ApplyWorkspaceEditResponse>(result) {
                Ok(ApplyWorkspaceEditResponse { applied: false, failure_reason, .. }) => failure_reason,
                _ => return self.show(MessageType::INFO, &advice),
            },
            Err(error) => Some(error.message),
        };
        let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        self.show(MessageType::ERROR, &format!("the editor did not make the repair{why}"));
    }

    fn show(&self, typ: MessageType, what: &str) {
        self.notify("window/showMessage", ShowMessageParams { typ, message: format!("caulk: {what}") });
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let Phase::Running(session) = &mut self.phase else { return };
        let is_valid = match method.as_str() {
            "initialized" => {
                if session.client.watches_files {
                    let id = session.next_id();
                    self.send_request(id, "client/registerCapability", watchers());
                }
                true
            }
            "textDocument/didOpen" => with(params, |params: DidOpenTextDocumentParams| {
                session.documents.open(params.text_document);
                session.changed(Duration::ZERO);
            }),
            "textDocument/didChange" => with(params, |params: DidChangeTextDocumentParams| {
                let document = params.text_document;
                let encoding = session.client.encoding;
                if session.documents.change(&document.uri, document.version, params.content_changes, encoding) {
                    session.changed(PAUSE);
                }
            }),
            "textDocument/didClose" => match serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                Ok(params) => {
                    self.closed(params.text_document.uri);
                    true
                }
                Err(_) => false,
            },
            // Whatever it was, files may have changed.
            "textDocument/didSave" | "workspace/didChangeConfiguration" | "workspace/didChangeWorkspaceFolders" => {
                session.changed(Duration::ZERO);
                true
            }
            "workspace/didChangeWatchedFiles" => with(params, |params: DidChangeWatchedFilesParams| {
                if params.changes.iter().any(|change| session.depends_on(&change.uri)) {
                    session.changed(PAUSE);
                }
            }),
            "$/cancelRequest" => match serde_json::from_value::<CancelParams>(params) {
                Ok(CancelParams { id }) => {
                    let id = match id {
                        NumberOrString::Number(number) => RequestId::from(number),
                        NumberOrString::String(text) => RequestId::from(text),
                    };
                    if let Some(cancelled) = session.pending.remove(&id) {
                        cancelled.store(true, Ordering::Relaxed);
                        self.refuse(id, ErrorCode::RequestCanceled, "cancelled");
                    }
                    true
                }
                Err(_) => false,
            },
            _ => true,
        };
        if !is_valid {
            (self.log)(&format!("these are no parameters for {method}"));
        }
    }

    fn closed(&mut self, uri: Uri) {
        let Phase::Running(session) = &mut self.phase else { return };
        if !session.documents.close(&uri) {
            return;
        }
        session.said.remove(uri.as_str());
        session.changed(Duration::ZERO);
        if !session.client.pulls_diagnostics {
            self.publish(uri, None, Vec::new());
        }
    }

    fn done(&mut self, done: Done) {
        let Phase::Running(session) = &mut self.phase else { return };
        match done {
            Done::Answered(response) => {
                if session.pending.remove(&response.id).is_some() {
                    self.send(Message::Response(response));
                }
            }
            Done::Edit { id, done } => {
                if session.pending.remove(&id).is_some() {
                    let own = session.next_id();
                    session.edits.insert(own.clone(), done.advice);
                    let params = ApplyWorkspaceEditParams { label: Some(done.label), edit: done.edit };
                    self.send_request(own, "workspace/applyEdit", params);
                    self.answer(id, ());
                }
            }
            Done::Diagnosed { revision, texts, files, complaint } => {
                // What is outdated will be found out anew.
                if revision == session.latest.load(Ordering::Relaxed) {
                    session.files = files;
                    let news = complaint.clone().filter(|_| session.complaint != complaint);
                    session.complaint = complaint;
                    if let Some(news) = news {
                        self.show(MessageType::ERROR, &news);
                    }
                    self.diagnosed(texts);
                }
            }
        }
    }

    fn diagnosed(&mut self, texts: Vec<(Uri, i32, Vec<Diagnostic>)>) {
        let Phase::Running(session) = &mut self.phase else { return };
        let mut news = Vec::new();
        let mut is_stale = false;
        for (uri, version, found) in texts {
            let known = session.said.get(uri.as_str());
            // A text that was changed is asked for anyway.
            is_stale |= known.is_some_and(|(known, said)| *known == version && *said != found);
            if known.is_none_or(|known| *known != (version, found.clone())) {
                session.said.insert(uri.as_str().to_owned(), (version, found.clone()));
                news.push((uri, version, found));
            }
        }
        if !session.client.pulls_diagnostics {
            for (uri, version, found) in news {
                self.publish(uri, Some(version), found);
            }
        } else if is_stale {
            let id = session.next_id();
            self.send_request(id, "workspace/diagnostic/refresh", Value::Null);
        }
    }

    fn publish(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        self.notify("textDocument/publishDiagnostics", PublishDiagnosticsParams { uri, diagnostics, version });
    }

    fn answer(&self, id: RequestId, result: impl Serialize) {
        self.send(Message::Response(Response::new_ok(id, json!(result))));
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, message: &str) {
        self.send(Message::Response(Response::new_err(id, code as i32, message.to_owned())));
    }

    fn notify(&self, method: &str, params: impl Serialize) {
        self.send(Message::Notification(Notification { method: method.to_owned(), params: json!(params) }));
    }

    fn send_request(&self, id: RequestId, method: &str, params: impl Serialize) {
        self.send(Message::Request(Request { id, method: method.to_owned(), params: json!(params) }));
    }

    fn send(&self, message: Message) {
        // A client that is gone is noticed by the end of its stream.
        let _ = self.messages.send(message);
    }
}

impl Session {
    fn start(engine: Engine, client: Client, events: Sender<Event>) -> std::io::Result<Self> {
        let latest = Arc::new(AtomicU64::new(0));
        let (tasks, list) = channel();
        let worker = Worker::new(engine, client, latest.clone());
        std::thread::Builder::new()
            .name("worker".to_owned())
            .stack_size(STACK)
            .spawn(move || worker.run(&list, &events, Event::Done))?;
        Ok(Self {
            client,
            documents: Documents::default(),
            latest,
            tasks,
            pending: BTreeMap::new(),
            due: None,
            said: BTreeMap::new(),
            files: BTreeSet::new(),
            complaint: None,
            next: 0,
            edits: BTreeMap::new(),
        })
    }

    /// Texts or files are not what they were: look again after a pause.
    fn changed(&mut self, pause: Duration) {
        self.latest.fetch_add(1, Ordering::Relaxed);
        self.due = Some(Instant::now() + pause);
    }

    fn question(&mut self, id: RequestId, question: Question) {
        let cancelled = Arc::new(AtomicBool::new(false));
        self.pending.insert(id.clone(), cancelled.clone());
        self.ask(Kind::Answer { id, cancelled, question });
    }

    fn ask(&self, kind: Kind) {
        let revision = self.latest.load(Ordering::Relaxed);
        // The worker ends with the session only.
        let _ = self.tasks.send(Task { documents: self.documents.clone(), revision, kind });
    }

    fn depends_on(&self, uri: &Uri) -> bool {
        let Some(path) = path_of(uri) else { return false };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // New files can make new projects.
        self.files.contains(&path)
            || is_compose_name(name)
            || is_env_name(name)
            || config::NAMES.contains(&name)
            || name == config::baseline::FILE_NAME
    }

    fn next_id(&mut self) -> RequestId {
        self.next += 1;
        RequestId::from(format!("caulk-{}", self.next))
    }
}

/// What a request asks for.
fn question(method: &str, params: Value) -> Result<Question, (ErrorCode, String)> {
    fn read<T: DeserializeOwned>(method: &str, params: Value) -> Result<T, (ErrorCode, String)> {
        let invalid = |_| (ErrorCode::InvalidParams, format!("these are no parameters for {method}"));
        serde_json::from_value(params).map_err(invalid)
    }
    match method {
        "textDocument/diagnostic" => {
            let params: DocumentDiagnosticParams = read(method, params)?;
            Ok(Question::Diagnostics(params.text_document.uri))
        }
        "textDocument/codeAction" => Ok(Question::Actions(Box::new(read::<CodeActionParams>(method, params)?))),
        "codeAction/resolve" => Ok(Question::Resolve(Box::new(read::<CodeAction>(method, params)?))),
        "textDocument/hover" => Ok(Question::Hover(Box::new(read::<HoverParams>(method, params)?))),
        "workspace/executeCommand" => {
            let params: ExecuteCommandParams = read(method, params)?;
            match (params.command.as_str(), params.arguments.into_iter().next()) {
                (COMMAND, Some(data)) => Ok(Question::Command(data)),
                _ => Err((ErrorCode::InvalidParams, "caulk knows no such command".to_owned())),
            }
        }
        _ => Err((ErrorCode::MethodNotFound, format!("caulk does not know {method}"))),
    }
}

/// Hands parameters over. False if they are none.
fn with<T: DeserializeOwned>(params: Value, take: impl FnOnce(T)) -> bool {
    serde_json::from_value(params).map(take).is_ok()
}
