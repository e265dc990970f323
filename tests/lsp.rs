//! The language server as an editor meets it: the real binary, the real protocol.

mod common;
mod lsp_client;

use std::collections::BTreeMap;
use std::io::Write;

use common::{Folder, PROJECTS, Passwords, project};
use lsp_client::{Editor, capable};
use serde_json::{Value, json};

/// A service on one line, behind characters of several bytes.
const COMPOSE: &str = "\
# Büro 🚀
services:
  store: { labels: { note: \"é🚀\" }, image: \"redis:7\", ports: [\"${BIND_IP}:6379:6379\"], volumes: [\"data:/data\"], \
                       command: \"redis-server --requirepass ${REDIS_PASSWORD:?set it}\" }   # é
  app:
    image: example/app:1
    environment:
      REDIS_URL: redis://default:${REDIS_PASSWORD}@store:6379/0
volumes:
  data:
";

const OPEN: &str = "# 🚀\nservices:\n  redis:\n    image: redis:7\n    volumes: [\"data:/data\"]\n  app:\n    \
                    image: example/app:1\n    environment:\n      REDIS_URL: redis://redis:6379/0   # é\nvolumes:\n  \
                    data:\n";

fn bind_ip_project() -> Folder {
    let folder = Folder::new();
    folder.write("compose.yaml", COMPOSE);
    folder.write(".env", "# é🚀\nREDIS_PASSWORD=hunter2hunter2hunter2\nBIND_IP=127.0.0.1\n");
    folder
}

fn rules(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().filter_map(|diagnostic| diagnostic["code"].as_str()).collect()
}

fn title(action: &Value) -> &str {
    action["title"].as_str().unwrap_or_default()
}

fn digits_of_a_password(text: &str) -> bool {
    text.split(|char: char| !char.is_ascii_hexdigit()).any(|word| word.len() == 64)
}

#[test]
fn an_edit_in_the_env_file_changes_what_is_said_of_the_compose_file_and_back() {
    for encoding in ["utf-8", "utf-16"] {
        let folder = bind_ip_project();
        let mut editor = Editor::start(&folder, &capable(encoding));
        editor.open("compose.yaml");
        editor.open(".env");
        assert_eq!(editor.diagnostics("compose.yaml"), Vec::<Value>::new());
        editor.replace(".env", "127.0.0.1", "");
        let found = editor.wait_for("compose.yaml", |found| !found.is_empty());
        let port = found.iter().find(|diagnostic| diagnostic["code"] == "public-port").expect("the port is open");
        assert_eq!(editor.covered("compose.yaml", port), "\"${BIND_IP}:6379:6379\"");
        assert_eq!(port["source"], "caulk");
        assert!(port["codeDescription"]["href"].as_str().is_some_and(|link| link.contains("public-port")), "{port}");
        let related = &port["relatedInformation"][0];
        assert_eq!(related["location"]["uri"], json!(editor.uri(".env")), "{port:#}");
        assert_eq!(editor.covered(".env", &related["location"]), "BIND_IP");
        // The other way: the fault goes away in the Compose file.
        editor.replace("compose.yaml", "${BIND_IP}", "127.0.0.1");
        assert_eq!(editor.diagnostics("compose.yaml"), Vec::<Value>::new());
        assert_eq!(editor.end().0, Some(0));
    }
}

#[test]
fn a_text_that_is_closed_or_mended_is_said_to_be_clean() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    editor.open("docker-compose.yml");
    assert!(!editor.diagnostics("docker-compose.yml").is_empty());
    assert!(!editor.is_published("backend/.env"), "it is not open");
    editor.open("backend/.env");
    assert_eq!(rules(&editor.diagnostics("backend/.env")), ["url-wrong-host"]);
    editor.replace("backend/.env", "localhost", "redis");
    assert!(!rules(&editor.diagnostics("backend/.env")).contains(&"url-wrong-host"));
    editor.close("backend/.env");
    editor.close("docker-compose.yml");
    editor.wait_for("docker-compose.yml", <[Value]>::is_empty);
    editor.wait_for("backend/.env", <[Value]>::is_empty);
}

#[test]
fn repairing_all_in_the_editor_gives_what_the_command_line_gives() {
    for name in PROJECTS {
        let by_hand = Folder::copy_of(&project(name).join("input"));
        by_hand.caulk(&["fix"]);
        let expected = Passwords::rename_all(&by_hand.files());
        for encoding in if name == "crlf-bom" { vec!["utf-8", "utf-16"] } else { vec!["utf-16"] } {
            let folder = Folder::copy_of(&project(name).join("input"));
            let compose: Vec<_> = folder.files().into_keys().filter(|name| name.contains("compose")).collect();
            let mut editor = Editor::start(&folder, &capable(encoding));
            for file in &compose {
                editor.open(file);
            }
            let all = editor.actions(&compose[0], "services", Some("source.fixAll"));
            assert_eq!(all.len(), 1, "{name}: {all:#?}");
            assert_eq!(all[0]["kind"], "source.fixAll.caulk");
            assert!(!digits_of_a_password(&all[0].to_string()), "{}", all[0]);
            editor.choose(&all[0]);
            editor.save_all();
            assert_eq!(readable(&Passwords::rename_all(&folder.files())), readable(&expected), "{name}");
            assert_eq!(editor.actions(&compose[0], "services", Some("source.fixAll.caulk")), Vec::<Value>::new());
            let (status, log) = editor.end();
            assert_eq!((status, log.as_str()), (Some(0), ""));
        }
    }
}

fn readable(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, String> {
    files.iter().map(|(name, bytes)| (name.as_str(), String::from_utf8_lossy(bytes).into_owned())).collect()
}

#[test]
fn one_repair_leaves_the_others_alone() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open("docker-compose.yml");
    let actions = editor.actions("docker-compose.yml", "6379:6379", Some("quickfix"));
    let port = actions.iter().find(|action| title(action).contains("for this host only")).expect("it is offered");
    assert_eq!(title(port), "port 6379 of redis for this host only (cuts off other machines)");
    assert_eq!(port["isPreferred"], true);
    assert_eq!(port["diagnostics"][0]["code"], "public-port");
    assert!(port.get("edit").is_some(), "it makes no password: {port}");
    let before = editor.text("docker-compose.yml");
    editor.choose(port);
    let expected = before.replace("\"6379:6379\"", "\"127.0.0.1:6379:6379\"");
    assert_eq!(editor.text("docker-compose.yml"), expected);
    // As the report of the command line says it.
    let loss = "redis (6379) can no longer be reached from other machines; from elsewhere, by a tunnel: `ssh -L 6379:";
    assert!(editor.shown[0].contains(loss) && !editor.shown[0].contains("caulk undo"), "{:?}", editor.shown);
    let left = editor.diagnostics("docker-compose.yml");
    assert!(rules(&left).contains(&"store-no-auth") && !rules(&left).contains(&"public-port"), "{left:?}");
}

#[test]
fn several_findings_share_the_repair_that_makes_a_password_only_when_chosen() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    editor.open("docker-compose.yml");
    let of_store = editor.actions("docker-compose.yml", "redis:\n    image", Some("quickfix"));
    let of_check = editor.actions("docker-compose.yml", "redis-cli", Some("quickfix"));
    let seal = |actions: &[Value]| {
        let found = actions.iter().find(|action| title(action).starts_with("password for redis"));
        found.unwrap_or_else(|| panic!("{actions:#?}")).clone()
    };
    let action = seal(&of_store);
    assert_eq!(title(&seal(&of_check)), title(&action));
    assert_eq!(action["diagnostics"].as_array().map(Vec::len), Some(2), "{action:#}");
    assert!(action.get("edit").is_none() && !digits_of_a_password(&action.to_string()), "{action}");
    editor.choose(&action);
    assert!(digits_of_a_password(&editor.text(".env")), "{}", editor.text(".env"));
    // What to do next is said once it is done.
    let folder = folder.path().display().to_string();
    assert!(editor.shown[0].contains(&format!("in {folder}: docker compose up -d api redis")), "{:?}", editor.shown);
    assert!(editor.shown[0].contains("need the password from now on"), "{:?}", editor.shown);
    assert!(editor.text("docker-compose.yml").contains("--requirepass"));
}

#[test]
fn a_client_that_can_not_resolve_gets_the_repair_by_a_command() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut capabilities = capable("utf-16");
    capabilities["textDocument"]["codeAction"]["resolveSupport"] = Value::Null;
    let mut editor = Editor::start(&folder, &capabilities);
    editor.open("docker-compose.yml");
    let all = editor.actions("docker-compose.yml", "services", Some("source.fixAll.caulk"));
    assert_eq!(all[0]["command"]["command"], "caulk.repair", "{all:#?}");
    editor.choose(&all[0]);
    editor.wait_for_request("workspace/applyEdit");
    while editor.shown.is_empty() {
        editor.next_message();
    }
    assert!(editor.shown[0].contains("docker compose up -d api redis"), "{:?}", editor.shown);
    assert!(digits_of_a_password(&editor.text(".env")));
    assert!(editor.text("docker-compose.yml").contains("127.0.0.1:6379:6379"));
}

#[test]
fn a_client_that_can_not_create_files_is_told_what_to_do() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut capabilities = capable("utf-16");
    capabilities["workspace"]["workspaceEdit"] = json!({ "documentChanges": true });
    let mut editor = Editor::start(&folder, &capabilities);
    editor.open("docker-compose.yml");
    let all = editor.actions("docker-compose.yml", "services", Some("source.fixAll.caulk"));
    let reason = all[0]["disabled"]["reason"].as_str().expect("it is disabled");
    assert!(reason.contains(".env first") && reason.contains("caulk check --fix"), "{reason}");
    // A client that can't show why learns it when the action is chosen.
    let mut older = capabilities.clone();
    older["textDocument"]["codeAction"] =
        json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } });
    let mut old_editor = Editor::start(&folder, &older);
    old_editor.open("docker-compose.yml");
    let all = old_editor.actions("docker-compose.yml", "services", Some("source.fixAll.caulk"));
    let answer = old_editor.request("workspace/executeCommand", all[0]["command"].clone());
    assert!(answer["error"]["message"].as_str().is_some_and(|why| why.contains(".env first")), "{answer}");
    // What makes no file is offered all the same.
    let port = editor.actions("docker-compose.yml", "6379:6379", Some("quickfix"));
    assert!(port.iter().any(|action| action.get("edit").is_some()), "{port:#?}");
    folder.write(".env", "");
    editor.notify("textDocument/didSave", json!({ "textDocument": { "uri": editor.uri("docker-compose.yml") } }));
    let all = editor.actions("docker-compose.yml", "services", Some("source.fixAll.caulk"));
    assert!(all[0].get("disabled").is_none(), "{all:#?}");
    editor.choose(&all[0]);
    assert!(digits_of_a_password(&editor.text(".env")));
}

#[test]
fn no_password_goes_into_a_file_that_git_tracks_and_the_ignore_file_is_part_of_the_edit() {
    let folder = Folder::new();
    folder.write("compose.yaml", OPEN);
    folder.git(&["init", "-q"]);
    folder.git(&["add", "-A"]);
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open("compose.yaml");
    let all = editor.actions("compose.yaml", "services", Some("source.fixAll.caulk"));
    editor.choose(&all[0]);
    assert_eq!(editor.text(".gitignore").lines().next(), Some(".env"), "{}", editor.text(".gitignore"));
    assert!(digits_of_a_password(&editor.text(".env")));
    // The same with an env file that is committed.
    let folder = Folder::new();
    folder.write("compose.yaml", OPEN);
    folder.write(".env", "A=1\n");
    folder.git(&["init", "-q"]);
    folder.git(&["add", "-A"]);
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open("compose.yaml");
    assert_eq!(editor.actions("compose.yaml", "services", Some("source.fixAll.caulk")), Vec::<Value>::new());
    let actions = editor.actions("compose.yaml", "redis:\n", Some("quickfix"));
    let reasons: Vec<_> = actions.iter().filter_map(|action| action["disabled"]["reason"].as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("git tracks")), "{actions:#?}");
}

#[test]
fn the_mouse_shows_the_value_and_where_it_comes_from_but_no_secret() {
    let folder = bind_ip_project();
    for encoding in ["utf-8", "utf-16"] {
        let mut editor = Editor::start(&folder, &capable(encoding));
        editor.open("compose.yaml");
        editor.open(".env");
        let mut hover = |name: &str, at: &str| {
            let text = editor.text(name);
            let place = editor.position(&text, text.find(at).expect("it is there") + 1);
            let params = json!({ "textDocument": { "uri": editor.uri(name) }, "position": place });
            let answer = editor.request("textDocument/hover", params);
            answer["result"]["contents"]["value"].as_str().unwrap_or_default().to_owned()
        };
        let port = hover("compose.yaml", "6379:6379\"]");
        assert!(port.contains("services.store.ports[0].host_ip = 127.0.0.1"), "{port}");
        assert!(port.contains("compose.yaml:3 (BIND_IP from .env:3)"), "{port}");
        let key = hover("compose.yaml", "image: \"redis");
        assert!(key.contains("services.store.image = redis:7  compose.yaml:3"), "{key}");
        let url = hover("compose.yaml", "redis://");
        assert!(
            url.contains("redis://default:***@store:6379/0") && url.contains("REDIS_PASSWORD from .env:2"),
            "{url}"
        );
        let variable = hover(".env", "BIND_IP");
        assert!(variable.contains("BIND_IP = 127.0.0.1  .env:3"), "{variable}");
        assert!(variable.contains("used in services.store.ports[0].host_ip  compose.yaml:3"), "{variable}");
        let secret = hover(".env", "REDIS_PASSWORD");
        assert!(secret.contains("REDIS_PASSWORD = ***  .env:2"), "{secret}");
        for text in [port, url, variable, secret] {
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert_eq!(hover("compose.yaml", "# Büro"), "");
    }
}

#[test]
fn the_mouse_shows_no_secret_under_another_name() {
    let folder = Folder::new();
    let environment = "{X: \"${DB_PASSWORD}\", Y: \"is-${COPY}-it\", Z: \"redis://:${DB_PASSWORD}@redis:6379/0\"}";
    folder.write(
        "compose.yaml",
        format!("services:\n  app:\n    image: x\n    environment: {environment}\n    labels: {{a: $COPY}}\n"),
    );
    folder.write(".env", "DB_PASSWORD=hunter2\nCOPY=${DB_PASSWORD}\n");
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open("compose.yaml");
    editor.open(".env");
    for (name, at, expected) in [
        ("compose.yaml", "X:", "services.app.environment.X = ***  compose.yaml:4 (DB_PASSWORD from .env:1)"),
        ("compose.yaml", "Y:", "services.app.environment.Y = is-***-it  compose.yaml:4 (COPY from .env:2)"),
        ("compose.yaml", "Z:", "services.app.environment.Z = redis://:***@redis:6379/0  compose.yaml:4"),
        ("compose.yaml", "a: $", "services.app.labels.a = ***  compose.yaml:5 (COPY from .env:2)"),
        (".env", "COPY", "COPY = ***  .env:2"),
    ] {
        let text = editor.text(name);
        let place = editor.position(&text, text.find(at).expect("it is there"));
        let params = json!({ "textDocument": { "uri": editor.uri(name) }, "position": place });
        let answer = editor.request("textDocument/hover", params);
        let shown = answer["result"]["contents"]["value"].as_str().unwrap_or_default();
        assert!(shown.contains(expected) && !shown.contains("hunter2"), "{at}: {shown}");
    }
}

#[test]
fn a_client_that_asks_for_diagnostics_is_told_when_to_ask_again() {
    let folder = bind_ip_project();
    let mut capabilities = capable("utf-16");
    capabilities["textDocument"]["diagnostic"] = json!({});
    capabilities["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    let mut editor = Editor::start(&folder, &capabilities);
    editor.open("compose.yaml");
    editor.open(".env");
    let uri = editor.uri("compose.yaml");
    let pull = |editor: &mut Editor| {
        let answer = editor.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }));
        assert_eq!(answer["result"]["kind"], "full", "{answer}");
        answer["result"]["items"].as_array().expect("it is a list").clone()
    };
    assert_eq!(pull(&mut editor), Vec::<Value>::new());
    // Give it time to know what it said.
    std::thread::sleep(std::time::Duration::from_millis(300));
    editor.replace(".env", "127.0.0.1", "");
    editor.wait_for_request("workspace/diagnostic/refresh");
    assert_eq!(rules(&pull(&mut editor)), ["public-port"]);
    assert!(!editor.is_published("compose.yaml"), "it would be shown twice");
}

#[test]
fn a_client_that_can_not_be_told_to_ask_again_is_sent_them() {
    let folder = bind_ip_project();
    let mut capabilities = capable("utf-8");
    capabilities["textDocument"]["diagnostic"] = json!({});
    let mut editor = Editor::start(&folder, &capabilities);
    editor.open(".env");
    editor.open("compose.yaml");
    editor.replace(".env", "127.0.0.1", "");
    editor.wait_for("compose.yaml", |found| rules(found).contains(&"public-port"));
}

#[test]
fn changes_on_disk_are_looked_at_when_the_client_tells_of_them() {
    let folder = bind_ip_project();
    let mut capabilities = capable("utf-8");
    capabilities["workspace"]["didChangeWatchedFiles"] = json!({ "dynamicRegistration": true });
    let mut editor = Editor::start(&folder, &capabilities);
    let asked = editor.wait_for_request("client/registerCapability");
    assert!(asked.to_string().contains("**/.env"), "{asked}");
    editor.open("compose.yaml");
    assert_eq!(editor.diagnostics("compose.yaml"), Vec::<Value>::new());
    folder.write(".env", "REDIS_PASSWORD=x\nBIND_IP=\n");
    let changes = json!({ "changes": [{ "uri": editor.uri(".env"), "type": 2 }] });
    editor.notify("workspace/didChangeWatchedFiles", changes);
    editor.wait_for("compose.yaml", |found| rules(found).contains(&"public-port"));
}

#[test]
fn texts_outside_of_every_project_are_left_alone() {
    let folder = Folder::new();
    folder.write("values.yaml", "services: {redis: {image: redis}}\n");
    folder.write("notes.txt", "redis\n");
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    for name in ["values.yaml", "notes.txt"] {
        editor.open(name);
        assert_eq!(editor.diagnostics(name), Vec::<Value>::new());
        assert_eq!(editor.actions(name, "redis", None), Vec::<Value>::new());
    }
    // A text that is no file, and one that is not there yet.
    let untitled = json!({ "uri": "untitled:Untitled-1", "languageId": "yaml", "version": 1, "text": OPEN });
    editor.notify("textDocument/didOpen", json!({ "textDocument": untitled }));
    editor.open_text("new/compose.yaml", OPEN);
    assert!(rules(&editor.diagnostics("new/compose.yaml")).contains(&"store-no-auth"));
    assert_eq!(editor.end().0, Some(0));
}

#[test]
fn ignoring_adds_a_comment_and_nothing_else() {
    let folder = Folder::new();
    folder
        .write("compose.yaml", "# é\r\nservices:\r\n  s:\r\n    image: redis:7\r\n    ports:\r\n      - 6379:6379\r\n");
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    editor.open("compose.yaml");
    let actions = editor.actions("compose.yaml", "6379:6379", Some("quickfix"));
    let ignore = actions.iter().find(|action| title(action).starts_with("ignore public-port")).expect("it is offered");
    editor.choose(ignore);
    let expected = "# é\r\nservices:\r\n  s:\r\n    image: redis:7\r\n    ports:\r\n      \
                    # caulk: ignore[public-port] TODO: say why\r\n      - 6379:6379\r\n";
    assert_eq!(editor.text("compose.yaml"), expected);
}

#[test]
fn a_cancelled_request_is_answered_as_cancelled() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    editor.open("docker-compose.yml");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": editor.uri("docker-compose.yml") },
        "range": range,
        "context": { "diagnostics": [] },
    });
    // The first keeps the worker busy.
    let first = editor.ask("textDocument/codeAction", params.clone());
    let second = editor.ask("textDocument/codeAction", params);
    editor.notify("$/cancelRequest", json!({ "id": second }));
    assert_eq!(editor.answer(second)["error"]["code"], -32800);
    assert!(editor.answer(first)["result"].is_array());
    editor.notify("$/cancelRequest", json!({ "id": 12345 }));
    assert_eq!(editor.end().0, Some(0));
}

#[test]
fn the_exit_status_tells_whether_the_client_said_goodbye() {
    let folder = Folder::new();
    assert_eq!(Editor::start(&folder, &capable("utf-8")).end().0, Some(0));
    assert_eq!(Editor::start(&folder, &capable("utf-8")).hang_up().0, Some(1));
    assert_eq!(Editor::bare(&folder, &["--stdio"]).hang_up().0, Some(1));
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait().0, Some(1));
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.request("shutdown", Value::Null);
    assert_eq!(editor.request("textDocument/hover", json!({}))["error"]["code"], -32600);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait().0, Some(0));
}

#[test]
fn whatever_a_client_sends_the_server_goes_on() {
    let folder = bind_ip_project();
    let mut editor = Editor::bare(&folder, &[]);
    let code = |answer: Value| answer["error"]["code"].as_i64();
    assert_eq!(code(editor.request("textDocument/hover", json!({}))), Some(-32002));
    editor.notify("textDocument/didOpen", json!({ "hunter2": 1 }));
    assert_eq!(code(editor.request("initialize", json!({ "capabilities": "none" }))), Some(-32602));
    let hello = editor.request("initialize", json!({ "processId": null, "capabilities": {} }));
    assert_eq!(hello["result"]["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(code(editor.request("initialize", json!({ "processId": null, "capabilities": {} }))), Some(-32600));
    for garbage in ["{hunter2}", "[]", "{}", "null", "{\"id\":1,\"jsonrpc\":\"2.0\"}", "\u{0}", "{\"method\":5}"] {
        editor.send_raw(format!("Content-Length: {}\r\n\r\n{garbage}", garbage.len()).as_bytes());
    }
    editor.send_raw(b"Content-Length: -1\r\nX: y\r\n\r\n");
    for method in ["no/such", "$/no", "textDocument/formatting", "textDocument/completion"] {
        assert_eq!(code(editor.request(method, json!({}))), Some(-32601), "{method}");
    }
    let methods = ["hover", "codeAction", "diagnostic"].map(|name| format!("textDocument/{name}"));
    for method in methods.iter().map(String::as_str).chain(["codeAction/resolve", "workspace/executeCommand"]) {
        for params in [json!({}), json!([]), json!(7), json!({ "textDocument": "hunter2" }), Value::Null] {
            assert_eq!(code(editor.request(method, params)), Some(-32602), "{method}");
        }
    }
    editor.notify("no/such", json!({}));
    let foreign = json!({ "title": "t", "data": { "uri": 7 } });
    assert_eq!(code(editor.request("codeAction/resolve", foreign)), Some(-32803));
    assert_eq!(
        code(editor.request("workspace/executeCommand", json!({ "command": "rm", "arguments": [] }))),
        Some(-32602)
    );
    // Addresses of all kinds, places out of all bounds, texts of all kinds.
    let uris = [
        editor.uri("compose.yaml"),
        "untitled:a".to_owned(),
        "file:///c%3A/Users/x/compose.yaml".to_owned(),
        "file://server/share/compose.yaml".to_owned(),
        "file:///%00/compose.yaml".to_owned(),
        "file:///no%20such/%F0%9F%9A%80/compose.yaml".to_owned(),
        "http://example.com/compose.yaml".to_owned(),
        "file:///".to_owned(),
        "x y".to_owned(),
    ];
    let deep = format!("services: {}", "[".repeat(20_000));
    let texts =
        [COMPOSE, "", "\u{feff}", "a: &a [*a]\n", "services: 5", "\u{0}\u{1}", "services:\n\tx: 1", deep.as_str()];
    for (uri, text) in uris.iter().flat_map(|uri| texts.iter().map(move |text| (uri, *text))) {
        let document = json!({ "uri": uri, "languageId": "dockercompose", "version": 1, "text": text });
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
        let odd = json!({ "line": 3, "character": 1 });
        let change = json!({ "range": { "start": far, "end": odd }, "text": "🚀" });
        let versioned = json!({ "uri": uri, "version": 2 });
        editor.notify("textDocument/didChange", json!({ "textDocument": versioned, "contentChanges": [change] }));
        let document = json!({ "uri": uri });
        editor.request("textDocument/hover", json!({ "textDocument": document, "position": far }));
        let range = json!({ "start": odd, "end": far });
        let context = json!({ "diagnostics": [] });
        editor.request(
            "textDocument/codeAction",
            json!({ "textDocument": document, "range": range, "context": context }),
        );
        editor.notify("textDocument/didClose", json!({ "textDocument": document }));
        editor.notify("textDocument/didClose", json!({ "textDocument": document }));
    }
    // It still does its work.
    editor.open("compose.yaml");
    editor.open(".env");
    editor.replace(".env", "127.0.0.1", "");
    editor.wait_for("compose.yaml", |found| rules(found).contains(&"public-port"));
    let (status, log) = editor.end();
    assert_eq!(status, Some(0));
    assert!(!log.contains("hunter2") && !log.contains("a fault"), "{log}");
}

#[test]
fn a_huge_text_is_refused_and_nothing_else() {
    let folder = bind_ip_project();
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open_text("compose.yaml", &"# é\n".repeat(2_500_000));
    editor.wait_for("compose.yaml", |found| found.iter().any(|found| found.to_string().contains("larger than")));
    let mut line = Vec::new();
    write!(line, "Content-Length: 70000000\r\n\r\n").expect("memory can be written");
    line.resize(line.len() + 70_000_000, b' ');
    editor.send_raw(&line);
    let (status, log) = editor.end();
    assert_eq!(status, Some(0));
    assert!(log.contains("70000000 bytes"), "{log}");
}

#[test]
fn the_configuration_holds_in_the_editor_too_and_its_mistakes_are_shown() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    folder.write("caulk.yaml", "ignore: [public-port]\n");
    let mut editor = Editor::start(&folder, &capable("utf-16"));
    editor.open("docker-compose.yml");
    let found = editor.diagnostics("docker-compose.yml");
    assert!(rules(&found).contains(&"store-no-auth") && !rules(&found).contains(&"public-port"), "{found:?}");
    // The open text counts, not the one on disk.
    editor.open("caulk.yaml");
    editor.replace("caulk.yaml", "public-port", "store-no-auth");
    editor.wait_for("docker-compose.yml", |found| rules(found).contains(&"public-port"));
    editor.replace("caulk.yaml", "ignore:", "# é\nignroe:");
    let mistakes = editor.wait_for("caulk.yaml", |found| !found.is_empty());
    assert_eq!(editor.covered("caulk.yaml", &mistakes[0]), "ignroe");
    editor.replace("caulk.yaml", "ignroe", "ignore");
    editor.wait_for("caulk.yaml", <[Value]>::is_empty);
}

#[test]
fn ignoring_silences_the_rule_there() {
    let folder = Folder::copy_of(&project("guide").join("input"));
    let mut editor = Editor::start(&folder, &capable("utf-8"));
    editor.open("docker-compose.yml");
    let actions = editor.actions("docker-compose.yml", "6379:6379", Some("quickfix"));
    let ignore = actions.iter().find(|action| title(action).starts_with("ignore public-port")).expect("it is offered");
    editor.choose(ignore);
    let left = editor.diagnostics("docker-compose.yml");
    assert!(rules(&left).contains(&"store-no-auth") && !rules(&left).contains(&"public-port"), "{left:?}");
}
