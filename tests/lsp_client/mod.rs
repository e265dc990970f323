//! A client of the language server: it starts the real binary, keeps the texts as an editor would, and applies edits.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::Folder;

/// Longest time that a test waits for the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// The capabilities of a client that knows all that the server can make use of.
pub fn capable(encoding: &str) -> Value {
    json!({
        "general": { "positionEncodings": [encoding] },
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] },
        },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
            "hover": { "contentFormat": ["markdown"] },
            "codeAction": {
                "dataSupport": true,
                "disabledSupport": true,
                "resolveSupport": { "properties": ["edit"] },
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } },
            },
        },
    })
}

/// A running server, and the editor's side of it.
pub struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    folder: PathBuf,
    utf8: bool,
    next: i32,
    /// Open texts by path, with their versions.
    open: BTreeMap<PathBuf, (i32, String)>,
    /// What was published last, by address: version and diagnostics.
    published: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// Requests of the server that were answered with `null`.
    pub asked: Vec<Value>,
    /// Messages that were shown.
    pub shown: Vec<String>,
}

impl Editor {
    /// Starts the server in a folder.
    pub fn start(folder: &Folder, capabilities: &Value) -> Self {
        let mut editor = Self::bare(folder, &[]);
        let answer = editor.request("initialize", json!({ "processId": null, "capabilities": capabilities }));
        let encoding = answer.pointer("/result/capabilities/positionEncoding").and_then(Value::as_str);
        editor.utf8 = encoding == Some("utf-8");
        editor.notify("initialized", json!({}));
        editor
    }

    /// Starts the server and says nothing.
    pub fn bare(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(&["lsp"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().expect("caulk can be run");
        let (sender, messages) = channel();
        let mut output = BufReader::new(server.stdout.take().expect("it is a pipe"));
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            input: server.stdin.take(),
            server,
            messages,
            folder: folder.path(),
            utf8: false,
            next: 0,
            open: BTreeMap::new(),
            published: BTreeMap::new(),
            asked: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// The address of a file.
    pub fn uri(&self, name: &str) -> String {
        uri_of(&self.folder.join(name))
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server listens");
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its id.
    pub fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Sends a request and waits for the whole answer.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// Waits for the answer to a request.
    pub fn answer(&mut self, id: i32) -> Value {
        loop {
            let message = self.next_message();
            if message.get("method").is_none() && message["id"] == json!(id) {
                return message;
            }
        }
    }

    /// The next message, after what has to be done about it is done.
    pub fn next_message(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            let mut log = String::new();
            let _ = self.server.kill();
            let _ = self.server.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
            panic!("the server says nothing: {error}\n{log}");
        });
        if let (Some(method), Some(id)) = (message.get("method").and_then(Value::as_str), message.get("id")) {
            let result = if method == "workspace/applyEdit" {
                self.apply(&message["params"]["edit"]);
                json!({ "applied": true })
            } else {
                Value::Null
            };
            self.asked.push(message.clone());
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        } else if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            let diagnostics = params["diagnostics"].as_array().expect("it is a list").clone();
            let uri = params["uri"].as_str().expect("it is a text").to_owned();
            self.published.insert(uri, (params["version"].as_i64(), diagnostics));
        }
        if message["method"] == "window/showMessage" {
            self.shown.push(message["params"]["message"].as_str().expect("it is a text").to_owned());
        }
        message
    }

    /// Waits until the server has asked the client for something.
    pub fn wait_for_request(&mut self, method: &str) -> Value {
        loop {
            if let Some(at) = self.asked.iter().position(|message| message["method"] == method) {
                return self.asked.remove(at);
            }
            self.next_message();
        }
    }

    /// Opens a file as it is on disk.
    pub fn open(&mut self, name: &str) {
        let bytes = std::fs::read(self.folder.join(name)).expect("the file is there");
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        // As editors do.
        self.open_text(name, text.trim_start_matches('\u{feff}'));
    }

    /// Opens a file with a text of its own.
    pub fn open_text(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.open.insert(self.folder.join(name), (1, text.to_owned()));
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
    }

    /// Replaces a text of an open file, by an incremental change.
    pub fn replace(&mut self, name: &str, old: &str, new: &str) {
        let path = self.folder.join(name);
        let (version, text) = self.open.get(&path).expect("it is open").clone();
        let start = text.find(old).unwrap_or_else(|| panic!("{old} is not in {name}"));
        let (from, to) = (self.position(&text, start), self.position(&text, start + old.len()));
        let changed = format!("{}{new}{}", &text[..start], &text[start + old.len()..]);
        self.open.insert(path, (version + 1, changed));
        let uri = self.uri(name);
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version + 1 },
                "contentChanges": [{ "range": { "start": from, "end": to }, "text": new }],
            }),
        );
    }

    /// Closes a file.
    pub fn close(&mut self, name: &str) {
        self.open.remove(&self.folder.join(name));
        let uri = self.uri(name);
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// Waits until the server has published for a file what `is_it` looks for; all that it published.
    pub fn wait_for(&mut self, name: &str, is_it: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let uri = self.uri(name);
        let start = Instant::now();
        loop {
            if let Some((_, diagnostics)) = self.published.get(&uri).filter(|(_, found)| is_it(found)) {
                return diagnostics.clone();
            }
            assert!(start.elapsed() < PATIENCE, "{name}: {:#?}", self.published.get(&uri));
            self.next_message();
        }
    }

    /// Waits for what is published about a file in its version.
    pub fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        let version = self.open.get(&self.folder.join(name)).map(|(version, _)| i64::from(*version));
        loop {
            if let Some((_, diagnostics)) = self.published.get(&uri).filter(|(known, _)| *known == version) {
                return diagnostics.clone();
            }
            self.next_message();
        }
    }

    /// True if something was published about a file.
    pub fn is_published(&self, name: &str) -> bool {
        self.published.contains_key(&self.uri(name))
    }

    /// The actions at the first place of a text in a file.
    pub fn actions(&mut self, name: &str, at: &str, only: Option<&str>) -> Vec<Value> {
        let text = self.text(name);
        let start = text.find(at).unwrap_or_else(|| panic!("{at} is not in {name}"));
        let place = self.position(&text, start);
        let mut context = json!({ "diagnostics": [] });
        if let Some(only) = only {
            context["only"] = json!([only]);
        }
        let uri = self.uri(name);
        let params = json!({
            "textDocument": { "uri": uri },
            "range": { "start": place, "end": place },
            "context": context,
        });
        let answer = self.request("textDocument/codeAction", params);
        answer["result"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Chooses an action as an editor does: resolve, edit, command.
    pub fn choose(&mut self, action: &Value) {
        let mut action = action.clone();
        if action.get("edit").is_none() && action.get("data").is_some() {
            let answer = self.request("codeAction/resolve", action);
            action = answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone();
        }
        if let Some(edit) = action.get("edit") {
            self.apply(&edit.clone());
        }
        if let Some(command) = action.get("command") {
            let answer = self.request("workspace/executeCommand", command.clone());
            assert!(answer.get("result").is_some(), "{answer}");
        }
    }

    /// The text that an editor has of a file: open, or on disk.
    pub fn text(&self, name: &str) -> String {
        let path = self.folder.join(name);
        self.open.get(&path).map_or_else(|| disk(&path), |(_, text)| text.clone())
    }

    /// Applies an edit: to open texts with the version that they have, to other files on disk.
    pub fn apply(&mut self, edit: &Value) {
        let changes = edit["documentChanges"].as_array().cloned().unwrap_or_else(|| {
            let plain = edit["changes"].as_object().unwrap_or_else(|| panic!("{edit}"));
            let edits = plain.iter().map(|(uri, edits)| json!({ "textDocument": { "uri": uri }, "edits": edits }));
            edits.collect()
        });
        for change in changes {
            if change["kind"] == "create" {
                let path = path_of(&change["uri"]);
                assert!(!path.exists(), "{} is there already", path.display());
                std::fs::write(path, "").expect("the folder can be written");
                continue;
            }
            let path = path_of(&change["textDocument"]["uri"]);
            let open = self.open.get(&path).cloned();
            let version = &change["textDocument"]["version"];
            assert!(version.is_null() || open.as_ref().is_some_and(|(known, _)| json!(known) == *version), "{change}");
            let text = open.as_ref().map_or_else(|| disk(&path), |(_, text)| text.clone());
            let edits = change["edits"].as_array().expect("it is a list");
            // A range over all of an empty text, which editors cut.
            let changed = if text.is_empty() {
                edits.iter().filter_map(|edit| edit["newText"].as_str()).collect()
            } else {
                self.applied(&text, edits)
            };
            match open {
                None => {
                    let mark = std::fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"\xef\xbb\xbf"));
                    let mark = if mark { "\u{feff}" } else { "" };
                    std::fs::write(&path, format!("{mark}{changed}")).expect("the file can be written");
                }
                Some((version, _)) => {
                    self.open.insert(path.clone(), (version + 1, changed.clone()));
                    let document = json!({ "uri": uri_of(&path), "version": version + 1 });
                    let changes = json!([{ "text": changed }]);
                    let params = json!({ "textDocument": document, "contentChanges": changes });
                    self.notify("textDocument/didChange", params);
                }
            }
        }
    }

    /// Saves all open texts.
    pub fn save_all(&mut self) {
        for (path, (_, text)) in self.open.clone() {
            let mark = std::fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"\xef\xbb\xbf"));
            std::fs::write(&path, format!("{}{text}", if mark { "\u{feff}" } else { "" })).expect("it can be written");
            self.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri_of(&path) } }));
        }
    }

    fn applied(&self, text: &str, edits: &[Value]) -> String {
        let mut spans: Vec<_> = edits
            .iter()
            .map(|edit| {
                let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
                (self.offset(text, start), self.offset(text, end), edit["newText"].as_str().expect("it is a text"))
            })
            .collect();
        spans.sort_by_key(|(start, end, _)| (*start, *end));
        let mut text = text.to_owned();
        for (start, end, new) in spans.into_iter().rev() {
            text.replace_range(start..end, new);
        }
        text
    }

    /// The bytes that a diagnostic covers.
    pub fn covered(&self, name: &str, diagnostic: &Value) -> String {
        let text = self.text(name);
        let start = self.offset(&text, &diagnostic["range"]["start"]);
        text[start..self.offset(&text, &diagnostic["range"]["end"])].to_owned()
    }

    fn width(&self, char: char) -> usize {
        if self.utf8 { char.len_utf8() } else { char.len_utf16() }
    }

    /// Where a byte is, as the server counts.
    pub fn position(&self, text: &str, offset: usize) -> Value {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column: usize = before[line_start..].chars().map(|char| self.width(char)).sum();
        json!({ "line": before.matches('\n').count(), "character": column })
    }

    /// Strict, unlike the server: the place must exist.
    fn offset(&self, text: &str, position: &Value) -> usize {
        let line = position["line"].as_u64().expect("it is a number") as usize;
        let column = position["character"].as_u64().expect("it is a number") as usize;
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        let start: usize = lines.iter().take(line).map(|line| line.len()).sum();
        assert!(line < lines.len() || (line == lines.len() && column == 0), "{position} is not in\n{text}");
        let mut seen = 0;
        for (at, char) in text[start..].char_indices() {
            if seen == column {
                return start + at;
            }
            assert_ne!(char, '\n', "{position} is not in\n{text}");
            seen += self.width(char);
        }
        assert_eq!(seen, column, "{position} is not in\n{text}");
        text.len()
    }

    /// Says goodbye; the exit status and what the server logged.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.wait()
    }

    /// Ends the stream; the exit status and what the server logged.
    pub fn hang_up(mut self) -> (Option<i32>, String) {
        self.input = None;
        self.wait()
    }

    /// Waits for the end; the exit status and what the server logged.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.server.try_wait().expect("it was started") {
                break status;
            }
            if start.elapsed() > PATIENCE {
                let _ = self.server.kill();
                panic!("the server does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut log = String::new();
        self.server.stderr.take().expect("it is a pipe").read_to_string(&mut log).expect("the log is UTF-8");
        (status.code(), log)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(input: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server writes JSON"))
}

/// A file without its byte order mark, as editors show it.
fn disk(path: &Path) -> String {
    let text = String::from_utf8(std::fs::read(path).expect("the file is there")).expect("it is UTF-8");
    text.trim_start_matches('\u{feff}').to_owned()
}

fn uri_of(path: &Path) -> String {
    format!("file://{}", path.display().to_string().replace(' ', "%20").replace('é', "%C3%A9"))
}

fn path_of(uri: &Value) -> PathBuf {
    let uri = uri.as_str().expect("it is a text");
    let path = uri.strip_prefix("file://").expect("it is a file");
    PathBuf::from(path.replace("%20", " ").replace("%C3%A9", "é"))
}
