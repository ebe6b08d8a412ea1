//! `bimp file`, and files in `bimp chat` and `bimp bot`, where no node and no relay answers.

mod place;

use std::fs;

use place::{BERT, Bot, Place, failed, object};
use serde_json::json;

#[test]
fn a_file_that_cannot_be_sent_now_is_kept_and_given_back_under_a_name_that_is_free() {
    let place = Place::new();
    let path = place.place.path().join("notes.txt");
    fs::write(&path, "notes").unwrap();
    let none = place.run(&["file", "list"], "");
    assert_eq!(String::from_utf8(none.stdout).unwrap(), "no files\n");
    let path = path.to_str().unwrap();
    let send = ["file", "send", BERT, path, "--patience", "1", "--json"];
    let (code, said) = failed(&place.run(&send, ""));
    assert_eq!((code, &said["kind"]), (9, &json!("waiting")), "{said}");
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("127.0.0.1:1"), "{error}");

    let listed = place.run(&["file", "list", BERT, "--json"], "");
    let listed = object(&listed.stdout);
    let file = &listed["files"][0];
    assert_eq!(
        (&file["name"], &file["size"], &file["stage"], &file["own"]),
        (
            &json!("notes.txt"),
            &json!(5),
            &json!("sending"),
            &json!(true)
        )
    );
    let history = place.history();
    assert_eq!(history[0]["kind"], "file");
    assert_eq!(history[0]["file"]["mediaType"], "text/plain");
    let shown = place.run(&["history", BERT], "");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("you: file notes.txt (5 B)"), "{shown}");

    let id = file["id"].as_str().unwrap();
    let to = place.place.path().join("taken");
    for name in ["notes.txt", "notes (2).txt"] {
        let get = ["file", "get", &id[..8], "--to", to.to_str().unwrap()];
        let taken = place.run(&get, "");
        assert!(taken.status.success(), "{taken:?}");
        assert_eq!(fs::read(to.join(name)).unwrap(), b"notes");
    }
    for id in ["", "00", "0000000000"] {
        let (code, said) = failed(&place.run(&["file", "get", id, "--json"], ""));
        assert_eq!((code, &said["kind"]), (7, &json!("input")), "{said}");
    }
}

#[test]
fn what_is_no_file_or_too_large_is_refused_before_anything_is_said() {
    let place = Place::new();
    let folder = place.place.path();
    let (large, there) = (folder.join("large"), folder.join("there"));
    fs::write(&there, "small").unwrap();
    let file = fs::File::create(&large).unwrap();
    file.set_len((16 << 20) + 1).unwrap();
    let there = there.to_str().unwrap();
    for (path, code, told) in [
        (folder.to_path_buf(), 7, "is no file"),
        (folder.join("nowhere"), 3, "nowhere"),
        (large, 7, "cut it into parts"),
    ] {
        let path = path.to_str().unwrap();
        let send = ["file", "send", BERT, there, path, "--json"];
        let (found, said) = failed(&place.run(&send, ""));
        assert_eq!(found, code, "{said}");
        assert!(said["error"].as_str().unwrap().contains(told), "{said}");
    }
    let nobody = ["file", "send", "nobody", there, "--json"];
    assert_eq!(failed(&place.run(&nobody, "")).0, 7);
    assert_eq!(place.history(), json!([]));
}

#[test]
fn a_bot_sends_files_and_gives_them_back() {
    let place = Place::new();
    let path = place.place.path().join("a b.png");
    fs::write(&path, [0, 1, 2, 255]).unwrap();
    let mut bot = Bot::start(&place);
    bot.event("ready");
    let send = json!({"do": "send-file", "with": BERT, "path": path, "ref": "f"});
    let done = bot.ask(&send, "done");
    assert_eq!((&done["ref"], &done["number"]), (&json!("f"), &json!(0)));
    let message = bot.event("message");
    assert_eq!(message["message"]["file"]["name"], "a b.png");
    assert_eq!(message["message"]["file"]["size"], 4);
    let get = json!({"do": "get-file", "with": BERT, "message": done["id"]});
    bot.ask(&get, "done");
    let saved = loop {
        let event = bot.event("file");
        if event["change"] == "saved" {
            break event;
        }
    };
    assert_eq!(saved["id"], done["id"]);
    let saved = saved["path"].as_str().unwrap();
    assert!(saved.ends_with("files/a b.png"), "{saved}");
    assert_eq!(fs::read(saved).unwrap(), [0, 1, 2, 255]);
    let nothing = json!({"do": "send-file", "with": BERT, "path": "/nowhere/at/all"});
    assert_eq!(bot.ask(&nothing, "error")["kind"], "folder");
    let nothing = json!({"do": "get-file", "with": BERT, "message": "00".repeat(16)});
    assert_eq!(bot.ask(&nothing, "error")["kind"], "input");
    bot.write(r#"{"do": "quit"}"#);
    let bye = bot.event("bye");
    assert!(bye["waiting"].as_u64() > Some(0), "{bye}");
    assert!(bot.child.wait().unwrap().success());
}

#[test]
fn a_chat_sends_a_file_by_its_path_and_refuses_what_is_none() {
    let place = Place::new();
    let path = place.place.path().join("photo.jpg");
    fs::write(&path, "photo").unwrap();
    let typed = format!(
        "/file {}\n/file /nowhere/at/all\n/get 0\n/get 7\n/quit\n",
        path.display()
    );
    let said = place.run(&["chat", BERT], &typed);
    assert!(said.status.success(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("! /nowhere/at/all: "), "{said}");
    assert!(said.contains("photo.jpg (5 B) is saved: "), "{said}");
    assert_eq!(place.history()[0]["file"]["name"], "photo.jpg");
    let saved = place.folder().join("files").join("photo.jpg");
    assert_eq!(fs::read(saved).unwrap(), b"photo");
}
