//! `bimp send` where another `bimp` has the data folder open.

mod place;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::PathBuf,
};

use place::{BERT, Bot, Place, failed, object, texts};
use serde_json::{Value, json};

fn socket(place: &Place) -> PathBuf {
    place.folder().join("talk.socket")
}

/// Hands a text over without waiting, which must be taken.
fn hand(place: &Place, text: &str) -> Value {
    let said = place.run(&["send", BERT, "--no-wait", "--json", text], "");
    assert!(said.status.success(), "{said:?}");
    object(&said.stdout)
}

#[test]
fn a_bot_takes_what_is_sent_meanwhile() {
    let place = Place::new();
    let mut bot = Bot::start(&place);
    bot.event("ready");
    let first = hand(&place, "one");
    assert_eq!(
        (&first["handedOver"], &first["progress"], &first["waiting"]),
        (&json!(true), &json!("waiting"), &json!(1))
    );
    let message = bot.event("message");
    assert_eq!(
        (&message["message"]["id"], &message["message"]["text"]),
        (&first["id"], &json!("one"))
    );
    // Who has the folder open has asked for the passphrase.
    let mut without = place.command(&["send", BERT, "--no-wait", "--json", "-"]);
    let mut without = without.env_remove("BIMP_PASSPHRASE").spawn().unwrap();
    let mut input = without.stdin.take().unwrap();
    input.write_all(b"two\nlines\n").unwrap();
    drop(input);
    assert!(without.wait_with_output().unwrap().status.success());

    let (code, said) = failed(&place.run(&["send", BERT, "--patience", "1", "--json", "x"], ""));
    assert_eq!((code, &said["kind"]), (9, &json!("waiting")), "{said}");
    assert!(said["error"].as_str().unwrap().contains("127.0.0.1:1"));
    let waiting = ["send", BERT, "--waiting", "--patience", "1", "--json"];
    assert_eq!(failed(&place.run(&waiting, "")).0, 9);
    for (name, text) in [("nobody", "x"), (BERT, " ")] {
        let (code, said) = failed(&place.run(&["send", name, "--json", text], ""));
        assert_eq!((code, &said["kind"]), (7, &json!("input")), "{said}");
    }
    let history = bot.ask(&json!({"do": "history", "with": BERT}), "history");
    assert_eq!(texts(&history["messages"]), ["one", "two\nlines", "x"]);

    bot.ask(&json!({"do": "quit"}), "bye");
    assert!(bot.child.wait().unwrap().success());
    assert!(!socket(&place).exists());
    assert_eq!(hand(&place, "alone")["handedOver"], Value::Null);
    assert_eq!(texts(&place.history()), ["one", "two\nlines", "x", "alone"]);
}

#[test]
fn a_conversation_shows_what_is_sent_meanwhile() {
    let place = Place::new();
    let mut chat = place.command(&["chat", BERT]).spawn().unwrap();
    let mut input = chat.stdin.take().unwrap();
    let mut shown = BufReader::new(chat.stdout.take().unwrap());
    // It has begun once it answers.
    writeln!(input, "/status").unwrap();
    let mut line = String::new();
    while !line.contains("wait to be sent") {
        line.clear();
        assert_ne!(shown.read_line(&mut line).unwrap(), 0);
    }
    assert_eq!(hand(&place, "from outside")["handedOver"], true);
    while !line.contains("you: from outside") {
        line.clear();
        assert_ne!(shown.read_line(&mut line).unwrap(), 0);
    }
    writeln!(input, "/quit").unwrap();
    assert!(chat.wait().unwrap().success());
}

#[test]
fn the_socket_is_its_owners_alone_and_goes_with_whoever_listens() {
    let place = Place::new();
    let mut bot = Bot::start(&place);
    bot.event("ready");
    let mode = fs::metadata(socket(&place)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bot.child.kill().unwrap();
    bot.child.wait().unwrap();
    // What is left of one that was killed keeps nobody from anything.
    assert!(socket(&place).exists());
    assert_eq!(hand(&place, "one")["handedOver"], Value::Null);
    let mut bot = Bot::start(&place);
    bot.event("ready");
    assert_eq!(hand(&place, "two")["handedOver"], true);
    bot.ask(&json!({"do": "quit"}), "bye");
    assert!(bot.child.wait().unwrap().success());
    assert!(!socket(&place).exists());
}

#[test]
fn who_calls_with_nonsense_or_says_nothing_keeps_nobody_from_it() {
    let place = Place::new();
    let mut bot = Bot::start(&place);
    bot.event("ready");
    let path = socket(&place);
    let history = r#"{"do":"history","with":"bert"}"#;
    for line in ["", "hello", "{}", "\u{0}", history, &"a".repeat(2 << 20)] {
        let mut caller = UnixStream::connect(&path).unwrap();
        // It may hang up before it has read all of a line that is too long.
        let _ = caller.write_all(line.as_bytes());
        let _ = caller.write_all(b"\n");
        let mut answer = String::new();
        let _ = caller.read_to_string(&mut answer);
        assert!(!answer.contains("taken"), "{line:.40}: {answer}");
    }
    let silent: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(&path).unwrap())
        .collect();
    assert_eq!(hand(&place, "one")["handedOver"], true);
    drop(silent);
    // It hangs up before it hears.
    let ask = json!({
        "protocol": 1, "with": BERT, "text": "two", "until": "delivered", "patience": 60,
    });
    let mut caller = UnixStream::connect(&path).unwrap();
    caller.write_all(format!("{ask}\n").as_bytes()).unwrap();
    let mut taken = String::new();
    BufReader::new(&caller).read_line(&mut taken).unwrap();
    assert_eq!(taken, "\"taken\"\n");
    drop(caller);
    let of_another = json!({
        "protocol": 2, "with": BERT, "text": "x", "until": "kept", "patience": 1,
    });
    let mut caller = UnixStream::connect(&path).unwrap();
    caller
        .write_all(format!("{of_another}\n").as_bytes())
        .unwrap();
    let mut refused = String::new();
    caller.read_to_string(&mut refused).unwrap();
    assert!(refused.contains("failed"), "{refused}");
    let history = bot.ask(&json!({"do": "history", "with": BERT}), "history");
    assert_eq!(texts(&history["messages"]), ["one", "two"]);
}

#[test]
fn where_no_socket_fits_the_folder_is_in_use() {
    let place = Place::new();
    let deep = place.place.path().join("a".repeat(120));
    fs::rename(place.folder(), &deep).unwrap();
    let mut bot = place.command(&["bot"]);
    let mut bot = bot.env("BIMP_FOLDER", &deep).spawn().unwrap();
    let mut first = String::new();
    let mut events = BufReader::new(bot.stdout.take().unwrap());
    events.read_line(&mut first).unwrap();
    assert!(first.contains("ready"), "{first}");
    let mut send = place.command(&["send", BERT, "--json", "x"]);
    let send = send.env("BIMP_FOLDER", &deep).output().unwrap();
    let (code, said) = failed(&send);
    assert_eq!((code, &said["kind"]), (3, &json!("folder")), "{said}");
    assert!(said["error"].as_str().unwrap().contains("bimp bot"));
    drop(bot.stdin.take());
    assert!(bot.wait().unwrap().success());
}
