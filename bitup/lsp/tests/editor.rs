//! An editor that follows a script talks to the server.

use bitup_lsp::{place, serve};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use std::{path::PathBuf, thread::JoinHandle};

const BELL: &str = "import { Ownable } from \"std/ownable\";
import { twice } from \"lib/sum.bit\";

/// A bell.
contract Bell extends Ownable {
    /// How often it rang.
    storage rung: u32;

    /// Rings.
    @anyone ring(times: u32) {
        this.rung += twice(times);
    }

    view count(): u32 {
        return this.rung;
    }
}
";
const SUM: &str = "/// Two times.\npure twice(a: u32): u32 {\n    return a + a;\n}\n";

struct Editor {
    client: Connection,
    server: Option<JoinHandle<()>>,
    folder: PathBuf,
    asked: i32,
}

impl Editor {
    fn start(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("lib")).unwrap();
        std::fs::write(folder.join("bell.bit"), BELL).unwrap();
        std::fs::write(folder.join("lib/sum.bit"), SUM).unwrap();
        let (server, client) = Connection::memory();
        let server = std::thread::spawn(move || serve(&server).unwrap());
        let mut editor = Self {
            client,
            server: Some(server),
            folder,
            asked: 0,
        };
        let root = place::uri(&editor.folder);
        let hello = editor.ask("initialize", json!({ "rootUri": root, "capabilities": {} }));
        assert_eq!(hello["serverInfo"]["name"], "bitup");
        assert_eq!(hello["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, file: &str) -> String {
        place::uri(&self.folder.join(file))
    }

    fn tell(&self, method: &str, parameters: Value) {
        let message = Notification::new(method.to_owned(), parameters);
        self.client.sender.send(message.into()).unwrap();
    }

    fn respond(&mut self, method: &str, parameters: Value) -> Response {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        let request = Request::new(id.clone(), method.to_owned(), parameters);
        self.client.sender.send(request.into()).unwrap();
        loop {
            match self.client.receiver.recv().unwrap() {
                Message::Response(response) if response.id == id => return response,
                Message::Notification(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.respond(method, parameters).response_result.unwrap()
    }

    /// Asks about the place of the `nth` text.
    fn at(&self, file: &str, text: &str, needle: &str, nth: usize) -> Value {
        let (at, _) = text.match_indices(needle).nth(nth).unwrap();
        let line = text[..at].matches('\n').count();
        let column = at - text[..at].rfind('\n').map_or(0, |end| end + 1);
        json!({
            "textDocument": { "uri": self.uri(file) },
            "position": { "line": line, "character": column },
        })
    }

    fn open(&self, file: &str, text: &str) -> Value {
        let document =
            json!({ "uri": self.uri(file), "languageId": "bitup", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.findings(file)
    }

    /// The next findings about a file.
    fn findings(&self, file: &str) -> Value {
        let uri = self.uri(file);
        loop {
            match self.client.receiver.recv().unwrap() {
                Message::Notification(told) if told.params["uri"] == *uri => {
                    assert_eq!(told.method, "textDocument/publishDiagnostics");
                    return told.params["diagnostics"].clone();
                }
                Message::Notification(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn change(
        &self,
        file: &str,
        version: i64,
        from: (usize, usize),
        to: (usize, usize),
        text: &str,
    ) -> Value {
        let place = |(line, character)| json!({ "line": line, "character": character });
        self.tell(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": self.uri(file), "version": version },
                "contentChanges": [{ "range": { "start": place(from), "end": place(to) }, "text": text }],
            }),
        );
        self.findings(file)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

#[test]
fn findings_follow_every_change() {
    let editor = Editor::start("findings");
    assert_eq!(editor.open("bell.bit", BELL), json!([]));
    // `u32` of the field becomes `u33`.
    let found = editor.change("bell.bit", 2, (6, 20), (6, 21), "3");
    assert_eq!(found[0]["code"], "B0302", "{found}");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 6, "character": 18 })
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("u33") && message.contains('\n'),
        "{message}"
    );
    assert_eq!(
        editor.change("bell.bit", 3, (6, 20), (6, 21), "2"),
        json!([])
    );
    // A document that is opened changes what the other one means.
    editor.open("lib/sum.bit", SUM);
    let whole = json!({
        "textDocument": { "uri": editor.uri("lib/sum.bit"), "version": 2 },
        "contentChanges": [{ "text": SUM.replace("twice", "double") }],
    });
    editor.tell("textDocument/didChange", whole);
    let found = editor.findings("bell.bit");
    assert!(
        found[0]["message"].as_str().unwrap().contains("`twice`"),
        "{found}"
    );
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": editor.uri("lib/sum.bit") } }),
    );
    assert_eq!(editor.findings("lib/sum.bit"), json!([]));
    assert_eq!(
        editor.findings("bell.bit"),
        json!([]),
        "the file on the disk counts again"
    );
}

#[test]
fn hints_are_shown_where_nothing_is_wrong() {
    let editor = Editor::start("hints");
    let found = editor.open("bell.bit", &BELL.replace("    /// Rings.\n", ""));
    assert_eq!(found[0]["code"], "L08", "{found}");
    assert_eq!(found[0]["severity"], 4);
}

#[test]
fn hover_definition_and_references_lead_to_other_files() {
    let mut editor = Editor::start("names");
    editor.open("bell.bit", BELL);
    let place = editor.at("bell.bit", BELL, "twice(", 0);
    let told = editor.ask("textDocument/hover", place.clone());
    assert_eq!(
        told["contents"]["value"],
        "```bitup\npure twice(a: u32): u32\n```\n\nTwo times."
    );
    assert_eq!(
        told["range"]["start"],
        json!({ "line": 10, "character": 21 })
    );
    let found = editor.ask("textDocument/definition", place.clone());
    assert_eq!(found["uri"], editor.uri("lib/sum.bit"));
    assert_eq!(
        found["range"]["start"],
        json!({ "line": 1, "character": 5 })
    );
    let mut all = place.clone();
    all["context"] = json!({ "includeDeclaration": true });
    assert_eq!(
        editor
            .ask("textDocument/references", all.clone())
            .as_array()
            .unwrap()
            .len(),
        3
    );
    all["context"] = json!({ "includeDeclaration": false });
    assert_eq!(
        editor
            .ask("textDocument/references", all)
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // From the other file, which knows nothing of the first.
    let from = editor.at("lib/sum.bit", SUM, "twice", 0);
    let found = editor.ask("textDocument/references", from);
    assert_eq!(found.as_array().unwrap().len(), 3);
    let here = editor.ask("textDocument/documentHighlight", place);
    assert_eq!(here.as_array().unwrap().len(), 2);
    let nothing = editor.at("bell.bit", BELL, "contract", 0);
    assert_eq!(editor.ask("textDocument/hover", nothing), Value::Null);
}

#[test]
fn a_new_name_changes_all_files() {
    let mut editor = Editor::start("rename");
    editor.open("bell.bit", BELL);
    let mut place = editor.at("bell.bit", BELL, "twice(", 0);
    let can = editor.ask("textDocument/prepareRename", place.clone());
    assert_eq!(can["placeholder"], "twice");
    place["newName"] = json!("double");
    let edit = editor.ask("textDocument/rename", place.clone());
    let changes = edit["changes"].as_object().unwrap();
    assert_eq!(
        changes[&editor.uri("bell.bit")].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        changes[&editor.uri("lib/sum.bit")]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    place["newName"] = json!("let");
    let refused = editor
        .respond("textDocument/rename", place)
        .response_result
        .unwrap_err();
    assert!(
        refused.message.contains("`let` cannot be a name"),
        "{}",
        refused.message
    );
    let given = editor.at("bell.bit", BELL, "Ownable", 1);
    let refused = editor
        .respond("textDocument/prepareRename", given)
        .response_result
        .unwrap_err();
    assert!(refused.message.contains("library"), "{}", refused.message);
}

#[test]
fn completion_knows_what_can_stand_here() {
    let mut editor = Editor::start("completion");
    let text = BELL.replace("return this.rung;", "return this.");
    editor.open("bell.bit", &text);
    let mut place = editor.at("bell.bit", &text, "return this.", 0);
    let column = place["position"]["character"].as_u64().unwrap();
    place["position"]["character"] = json!(column + 12);
    let found = editor.ask("textDocument/completion", place);
    let items = found["items"].as_array().unwrap();
    let rung = items.iter().find(|one| one["label"] == "rung").unwrap();
    assert_eq!(rung["detail"], "storage rung: u32");
    assert_eq!(rung["documentation"]["value"], "How often it rang.");
    assert!(items.iter().any(|one| one["label"] == "owner"), "{found}");
}

#[test]
fn the_one_form_and_the_outline_are_given() {
    let mut editor = Editor::start("form");
    let text = BELL.replace("    storage", "storage");
    editor.open("bell.bit", &text);
    let document = json!({ "textDocument": { "uri": editor.uri("bell.bit") } });
    let edits = editor.ask("textDocument/formatting", document.clone());
    assert_eq!(edits[0]["newText"], BELL);
    assert_eq!(
        edits[0]["range"]["end"],
        json!({ "line": 17, "character": 0 })
    );
    let outline = editor.ask("textDocument/documentSymbol", document);
    assert_eq!(outline[0]["name"], "Bell");
    let names: Vec<&Value> = outline[0]["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["rung", "ring", "count"]);
}

#[test]
fn what_is_not_known_is_said_and_nothing_ends_the_server() {
    let mut editor = Editor::start("unknown");
    let answer = editor.respond("textDocument/foldingRange", json!({}));
    assert_eq!(answer.response_result.unwrap_err().code, -32_601);
    for parameters in [
        json!({}),
        json!({ "textDocument": { "uri": "untitled:1" }, "position": { "line": 0, "character": 0 } }),
        json!({ "textDocument": { "uri": editor.uri("missing.bit") }, "position": { "line": 9, "character": 9 } }),
        json!({ "textDocument": { "uri": editor.uri("bell.bit") }, "position": { "line": 99_999, "character": 4_294_967_295_u32 } }),
    ] {
        for method in [
            "hover",
            "completion",
            "definition",
            "references",
            "rename",
            "prepareRename",
            "formatting",
            "documentSymbol",
        ] {
            let _ = editor.respond(&format!("textDocument/{method}"), parameters.clone());
        }
        editor.tell("textDocument/didChange", parameters.clone());
        editor.tell("textDocument/didOpen", parameters.clone());
        editor.tell("textDocument/didClose", parameters);
    }
    editor.open("bell.bit", "contract \u{1f600} {");
    let place = json!({ "textDocument": { "uri": editor.uri("bell.bit") }, "position": { "line": 0, "character": 12 } });
    assert_eq!(editor.ask("textDocument/hover", place), Value::Null);
}
