//! No line breaks the reader, and each is what it seems.

use super::*;

fn line(text: &str) -> Result<Option<Given>, (Option<String>, NoOrder)> {
    read(Line::Text(text.into()))
}

fn order(text: &str) -> Order {
    line(text).unwrap().unwrap().order
}

fn refused(text: &str) -> &'static str {
    line(text).unwrap_err().1.name()
}

#[test]
fn orders_are_read() {
    let id = "000102030405060708090a0b0c0d0e0f";
    let message = Id(std::array::from_fn(|n| n as u8));
    let (with, text) = (String::from("bert"), String::from("hi"));
    let given = line(r#"{"do": "send", "with": "bert", "text": "hi", "ref": "7"}"#);
    let Given {
        reference,
        order: sent,
    } = given.unwrap().unwrap();
    assert_eq!(reference.as_deref(), Some("7"));
    assert_eq!(sent, Order::Send { with, text });
    let reply = format!(r#"{{"do":"reply","with":"bert","text":"hi","message":"{id}"}}"#);
    let (with, text) = (String::from("bert"), String::from("hi"));
    assert_eq!(
        order(&reply),
        Order::Reply {
            with,
            message,
            text
        }
    );
    let with = String::from("bert");
    let read = order(r#"{"do":"read","with":"bert","upTo":5}"#);
    assert_eq!(read, Order::Read { with, up_to: 5 });
    let with = String::from("bert");
    let timer = order(r#"{"do":"timer","with":"bert","seconds":null}"#);
    let seconds = None;
    assert_eq!(timer, Order::Timer { with, seconds });
    assert_eq!(order(r#"{"do":"quit"}"#), Order::Quit {});
    let path = "/home/bert/a b.png".into();
    let with = String::from("bert");
    let file = order(r#"{"do":"send-file","with":"bert","path":"/home/bert/a b.png"}"#);
    assert_eq!(file, Order::SendFile { with, path });
    let with = String::from("bert");
    let get = order(&format!(
        r#"{{"do":"get-file","with":"bert","message":"{id}"}}"#
    ));
    assert_eq!(get, Order::GetFile { with, message });
    let receipts = order(r#"{"do":"read-receipts","on":false}"#);
    assert_eq!(receipts, Order::ReadReceipts { on: false });
    assert_eq!(line(" \t"), Ok(None));
}

#[test]
fn what_is_no_order_is_refused_by_kind_and_the_reference_comes_back() {
    for text in ["{", "[]", "1", "null", "\"send\"", "{\"do\":\"quit\"} x"] {
        assert_eq!(refused(text), "not-json", "{text}");
    }
    for text in [
        r#"{}"#,
        r#"{"do": "nothing"}"#,
        r#"{"do": "send", "with": "bert"}"#,
        r#"{"do": "send", "with": "bert", "text": 5}"#,
        r#"{"do": "send", "with": "bert", "text": "hi", "colour": "red"}"#,
        r#"{"do": "quit", "now": true}"#,
        r#"{"do": "timer", "with": "bert"}"#,
        r#"{"do": "timer", "with": "bert", "seconds": -1}"#,
        r#"{"do": "read", "with": "bert", "up_to": 1}"#,
        r#"{"do": "delete", "with": "bert", "message": "0102"}"#,
        r#"{"do": "quit", "ref": 5}"#,
    ] {
        assert_eq!(refused(text), "no-order", "{text}");
    }
    let long = "a".repeat(MAX_REFERENCE + 1);
    assert_eq!(
        refused(&format!(r#"{{"do":"quit","ref":"{long}"}}"#)),
        "no-order"
    );
    let (reference, _) = line(r#"{"do": "nothing", "ref": "x"}"#).unwrap_err();
    assert_eq!(reference.as_deref(), Some("x"));
    assert_eq!(read(Line::TooLong).unwrap_err().1.name(), "too-long");
    assert_eq!(read(Line::NotText).unwrap_err().1.name(), "not-json");
    let deep = "[".repeat(10_000);
    assert_eq!(refused(&format!(r#"{{"do":"quit","x":{deep}"#)), "not-json");
}

/// Cuts and changed letters of orders, from a fixed seed: each ends in a value or a refusal.
#[test]
fn no_line_breaks_the_reader() {
    let whole = [
        r#"{"do":"send","with":"bert","text":"a \u00e9 \ud83d\ude00","ref":"7"}"#,
        r#"{"do":"history","with":"bert","limit":10,"before":null}"#,
        r#"{"do":"timer","with":"bert","seconds":3600}"#,
    ];
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bytes = whole[draw(whole.len())].as_bytes().to_vec();
        for _ in 0..=draw(4) {
            let place = draw(bytes.len());
            match draw(3) {
                0 => bytes.truncate(place.max(1)),
                1 => bytes[place] = draw(128) as u8,
                _ => bytes.insert(place, draw(128) as u8),
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        refused += usize::from(line(&text).is_err());
    }
    assert!(refused > 10_000, "{refused}");
}
