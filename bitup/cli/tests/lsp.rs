//! `bitup lsp` as an editor starts it: messages with their lengths, over standard input and output.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

struct Server {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bitup"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        Self { child, to, from }
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "it is gone");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(digits) = line.strip_prefix("Content-Length: ") {
                length = digits.parse().unwrap();
            }
        }
        let mut text = vec![0; length];
        self.from.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

#[test]
fn an_editor_starts_it_is_told_what_is_wrong_and_ends_it() {
    let mut server = Server::start();
    server.write(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }));
    let hello = server.read();
    assert_eq!(hello["id"], 1);
    assert_eq!(hello["result"]["serverInfo"]["name"], "bitup");
    server.write(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let document = json!({ "uri": "file:///nowhere/a.bit", "languageId": "bitup", "version": 3, "text": "const A: u8 = 300;\n" });
    server.write(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    let told = server.read();
    assert_eq!(told["method"], "textDocument/publishDiagnostics");
    assert_eq!(told["params"]["version"], 3);
    assert_eq!(told["params"]["diagnostics"][0]["code"], "B0403");
    server.write(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }));
    assert_eq!(server.read()["id"], 2);
    server.write(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn what_is_no_editor_is_told_so() {
    let mut server = Server::start();
    server.write(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    drop(server.to);
    let mut said = String::new();
    let mut errors = server.child.stderr.take().unwrap();
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(2));
    assert!(said.contains("from an editor"), "{said}");
}
