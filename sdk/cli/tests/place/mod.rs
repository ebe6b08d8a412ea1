//! A data folder with an account, `bimp` in it, and nobody who answers.

#![allow(dead_code, missing_docs)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

/// Somebody's address.
pub const BERT: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// What the chain is trusted to be.
const CHECKPOINT: &str = r#"{
    "version": 1,
    "genesis": "0x0101010101010101010101010101010101010101010101010101010101010101",
    "number": 1,
    "header": {
        "parentHash": "0x0101010101010101010101010101010101010101010101010101010101010101",
        "number": "0x1",
        "stateRoot": "0x0202020202020202020202020202020202020202020202020202020202020202",
        "extrinsicsRoot": "0x0303030303030303030303030303030303030303030303030303030303030303",
        "digest": {"logs": ["0x06617572612001e9a43500000000"]}
    },
    "setId": 0,
    "authorities": [
        {"key": "0x0404040404040404040404040404040404040404040404040404040404040404", "weight": 1}
    ]
}"#;

/// A data folder with an account, and a file with what is trusted.
pub struct Place {
    pub place: tempfile::TempDir,
    checkpoint: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let checkpoint = place.path().join("checkpoint");
        fs::write(&checkpoint, CHECKPOINT).unwrap();
        let this = Self { place, checkpoint };
        let made = this.run(&["identity", "new", "--offline", "--json"], "");
        assert!(made.status.success(), "{made:?}");
        this
    }

    pub fn folder(&self) -> PathBuf {
        self.place.path().join("folder")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bimp"));
        command
            .args(arguments)
            .env("BIMP_FOLDER", self.folder())
            .env("BIMP_PASSPHRASE", "correct horse battery staple")
            // A port that nothing listens on.
            .env("BIMP_NODE", "ws://127.0.0.1:1")
            .env("BIMP_TRUST", &self.checkpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who ends before it has read everything is right too.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    pub fn history(&self) -> Value {
        let said = self.run(&["history", BERT, "--json"], "");
        object(&said.stdout)["messages"].clone()
    }
}

pub fn object(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(bytes);
        panic!("{error}: {said}")
    })
}

pub fn texts(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().unwrap().iter();
    messages.map(|it| it["text"].as_str().unwrap()).collect()
}

pub fn failed(output: &Output) -> (i32, Value) {
    (output.status.code().unwrap(), object(&output.stderr))
}

/// A bot, and what it said so far.
pub struct Bot {
    pub child: Child,
    events: BufReader<std::process::ChildStdout>,
}

impl Bot {
    pub fn start(place: &Place) -> Self {
        let mut child = place.command(&["bot"]).spawn().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap());
        Self { child, events }
    }

    pub fn write(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// The next event of that name; others are passed over.
    pub fn event(&mut self, name: &str) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.events.read_line(&mut line).unwrap(), 0, "no '{name}'");
            let event = object(line.as_bytes());
            if event["event"] == name {
                return event;
            }
        }
    }

    pub fn ask(&mut self, order: &Value, answer: &str) -> Value {
        self.write(&order.to_string());
        self.event(answer)
    }
}
