//! `bimp send`, `bimp chat` and `bimp bot` where no node and no relay answers, as a person or a program runs them.

mod place;

use std::fs;

use place::{BERT, Bot, Place, failed, object, texts};
use serde_json::{Value, json};

#[test]
fn what_cannot_be_sent_is_kept_and_the_reason_told() {
    let place = Place::new();
    let kept = place.run(&["send", BERT, "--no-wait", "--json", "one"], "");
    assert!(kept.status.success(), "{kept:?}");
    let kept = object(&kept.stdout);
    assert_eq!(
        (&kept["progress"], &kept["waiting"]),
        (&json!("waiting"), &json!(1))
    );
    let arguments = ["send", BERT, "--patience", "1", "--json", "-"];
    let (code, said) = failed(&place.run(&arguments, "two\n"));
    assert_eq!((code, &said["kind"]), (9, &json!("waiting")), "{said}");
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("2 wait"), "{error}");
    assert!(error.contains("127.0.0.1:1"), "{error}");
    assert_eq!(texts(&place.history()), ["one", "two"]);
    // The line for people.
    let shown = place.run(&["history", BERT], "");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.ends_with("1  you: two  [waiting]\n"), "{shown}");
}

#[test]
fn what_is_typed_wrongly_is_not_sent() {
    let place = Place::new();
    for (arguments, code, told) in [
        (&["send", "nobody", "--json", "hello"][..], 7, "nobody"),
        (&["send", BERT, "--json", " "], 7, "nothing in it"),
        (&["chat", "nobody", "--json"], 7, "nobody"),
    ] {
        let (found, said) = failed(&place.run(arguments, ""));
        assert_eq!(found, code, "{arguments:?}: {said}");
        let error = said["error"].as_str().unwrap();
        assert!(error.contains(told), "{error}");
    }
    let long = "a".repeat(49 * 1_024);
    let (code, said) = failed(&place.run(&["send", BERT, "--json", "-"], &long));
    assert_eq!((code, &said["kind"]), (7, &json!("input")), "{said}");
    assert_eq!(place.history(), json!([]));
}

#[test]
fn without_trust_or_an_account_nothing_is_sent_and_the_remedy_told() {
    let place = Place::new();
    let mut command = place.command(&["send", BERT, "--json", "hello"]);
    let (code, said) = failed(&command.env_remove("BIMP_TRUST").output().unwrap());
    assert_eq!((code, &said["kind"]), (8, &json!("state")), "{said}");
    assert!(said["error"].as_str().unwrap().contains("--trust"));
    let mut command = place.command(&["bot", "--json"]);
    let nowhere = place.place.path().join("nowhere");
    let (code, said) = failed(&command.env("BIMP_FOLDER", nowhere).output().unwrap());
    assert_eq!((code, &said["kind"]), (8, &json!("state")), "{said}");
    let mut command = place.command(&["chat", BERT, "--json"]);
    let wrong = command.env("BIMP_PASSPHRASE", "another one").output();
    assert_eq!(failed(&wrong.unwrap()).0, 3);
}

#[test]
fn a_bot_does_what_it_is_told_and_answers_what_it_does_not_understand() {
    let place = Place::new();
    let mut bot = Bot::start(&place);
    let ready = bot.event("ready");
    assert_eq!(ready["protocol"], 1);
    let trouble = bot.event("trouble");
    assert!(trouble["error"].as_str().unwrap().contains("127.0.0.1:1"));

    let send = json!({"do": "send", "with": BERT, "text": "hello", "ref": "a"});
    bot.write(&send.to_string());
    // What was said is told before the order is answered, or after it.
    let done = bot.event("done");
    assert_eq!((&done["ref"], &done["number"]), (&json!("a"), &json!(0)));
    let id = done["id"].clone();
    let message = bot.event("message");
    assert_eq!(
        (&message["with"], &message["message"]["id"]),
        (&json!(BERT), &id)
    );
    let edit = json!({"do": "edit", "with": BERT, "message": id, "text": "hello, Bert"});
    bot.ask(&edit, "done");
    let history = bot.ask(
        &json!({"do": "history", "with": BERT, "ref": "h"}),
        "history",
    );
    assert_eq!(history["ref"], "h");
    assert_eq!(texts(&history["messages"]), ["hello, Bert"]);
    assert_eq!(
        bot.ask(&json!({"do": "contacts"}), "contacts")["contacts"],
        json!([])
    );
    let state = bot.ask(&json!({"do": "state"}), "state");
    assert_eq!(
        (&state["unsent"], &state["listening"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(state["conversations"][0]["account"], BERT);

    let long = format!("{{\"do\": \"quit\", \"ref\": \"{}\"}}", "a".repeat(200_000));
    for (line, kind) in [
        ("hello", "not-json"),
        ("[1]", "not-json"),
        (r#"{"do": "fly", "ref": "x"}"#, "no-order"),
        (r#"{"do": "quit", "why": 1, "ref": "x"}"#, "no-order"),
        (
            r#"{"do": "send", "with": "nobody", "text": "x", "ref": "x"}"#,
            "input",
        ),
        (
            r#"{"do": "timer", "with": "nobody", "seconds": 60, "ref": "x"}"#,
            "input",
        ),
        (long.as_str(), "too-long"),
    ] {
        bot.write(line);
        let error = bot.event("error");
        assert_eq!(error["kind"], kind, "{error}");
        let reference = if line.contains("\"x\"}") {
            json!("x")
        } else {
            Value::Null
        };
        assert_eq!(error["ref"], reference);
    }
    let nowhere = json!({"do": "delete", "with": BERT, "message": "00".repeat(16)});
    assert_eq!(bot.ask(&nowhere, "error")["kind"], "input");

    // The folder is its own meanwhile, but for what is handed to it.
    let (code, said) = failed(&place.run(&["history", BERT, "--json"], ""));
    assert_eq!((code, &said["kind"]), (3, &json!("folder")), "{said}");
    assert!(said["error"].as_str().unwrap().contains("bimp bot"));

    let bye = bot.ask(&json!({"do": "quit"}), "bye");
    assert_eq!(bye["waiting"], 2);
    assert!(bot.child.wait().unwrap().success());
    assert_eq!(texts(&place.history()), ["hello, Bert"]);
}

#[test]
fn a_conversation_on_a_pipe_takes_texts_and_commands() {
    let place = Place::new();
    let input =
        "hello\n//etc\n/edit 0 hello, Bert\n/edit 7 x\n/fly\n/search bert\n/status\n/quit\n";
    let said = place.run(&["chat", BERT], input);
    assert!(said.status.success(), "{said:?}");
    let shown = String::from_utf8(said.stdout).unwrap();
    for told in [
        "0  you: hello  …",
        "1  you: /etc  …",
        "0  you: hello, Bert (edited)  …",
        "! there is no message 7",
        "! '/fly' is no command",
        "3 wait to be sent",
        "listens at no relay",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let history = place.history();
    assert_eq!(texts(&history), ["hello, Bert", "/etc"]);
    // The next one begins with what was said.
    let said = place.run(&["chat", BERT, "--history", "1"], "/quit\n");
    let shown = String::from_utf8(said.stdout).unwrap();
    assert!(
        shown.contains("1  you: /etc  …") && !shown.contains("hello"),
        "{shown}"
    );
}

#[test]
fn nothing_is_left_beside_the_vault() {
    let place = Place::new();
    place.run(&["chat", BERT], "/quit\n");
    let names: Vec<_> = fs::read_dir(place.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["vault"]);
}

#[test]
fn groups_are_made_and_written_to_where_nobody_answers_and_wrong_names_say_so() {
    let place = Place::new();
    let listed = place.run(&["group", "list", "--json"], "");
    assert_eq!(object(&listed.stdout)["groups"], json!([]));
    let made = ["group", "new", "walkers", "--patience", "1", "--json"];
    let made = place.run(&made, "");
    assert_eq!(made.status.code(), Some(9), "{made:?}");
    let listed = object(&place.run(&["group", "list", "--json"], "").stdout);
    let group = &listed["groups"][0];
    assert_eq!(
        (&group["name"], &group["stage"]),
        (&json!("walkers"), &json!("member"))
    );
    assert_eq!(group["members"].as_array().map(Vec::len), Some(1));
    let again = place.run(&["group", "new", "walkers", "--json"], "");
    assert_eq!(again.status.code(), Some(7), "{again:?}");
    let id = group["id"].as_str().unwrap();
    let by_id = format!("+{}", &id[..8]);
    for name in ["walkers", "+walkers", &by_id] {
        let sent = place.run(&["send", name, "--no-wait", "hello", "--json"], "");
        assert!(sent.status.success(), "{sent:?}");
    }
    let history = object(&place.run(&["history", "walkers", "--json"], "").stdout);
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(3));
    let shown = object(
        &place
            .run(&["group", "show", "walkers", "--json"], "")
            .stdout,
    );
    assert_eq!(shown["devices"].as_array().map(Vec::len), Some(1));
    for arguments in [
        &["group", "show", "climbers"][..],
        &["group", "leave", "+climbers"],
        &["send", "climbers", "hello"],
        &["send", "walkers", "--delivered", "hello"],
        &["group", "invite", "walkers", "nobody"],
    ] {
        let refused = place.run(arguments, "");
        assert_eq!(refused.status.code(), Some(7), "{refused:?}");
    }
    let order = r#"{"do": "groups", "ref": "1"}"#;
    let said = place.run(&["bot"], &format!("{order}\n{{\"do\": \"quit\"}}\n"));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let event = said.lines().find(|line| line.contains("\"groups\""));
    let event: Value = serde_json::from_str(event.unwrap()).unwrap();
    assert_eq!(event["groups"][0]["name"], "walkers");
}
