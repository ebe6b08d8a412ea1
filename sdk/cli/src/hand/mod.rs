//! Handing a message to the `bimp chat` or `bimp bot` that has the data folder open.
//!
//! - **L1** Whoever has the folder open and talks listens at a socket in it ([`SOCKET`]), from when it has the vault on until it ends. The
//!   vault's lock lets no other one do so; what is left of one that was killed is replaced.
//! - **L2** The socket is its owner's alone, and whoever calls must be the same user. Nothing but sending can be asked for there: no history, no
//!   keys. Whoever is this user can send while a chat is open, without the passphrase, as they could by typing into it.
//! - **L3** One request, then answers, a line of JSON each: it is taken, which says that it is kept, and how it went. Who hears nothing after *taken*
//!   must not say it again.
//!
//! | file | side |
//! | --- | --- |
//! | `door` | takes |
//! | `over` | gives |

mod door;
mod over;

pub use door::Door;
pub use over::{over, over_soon};

use std::path::{Path, PathBuf};

use parlance_client::messenger::Entry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    arguments::Send,
    report::Report,
    talk::show::{progress, status},
};

/// Name of the socket in the data folder.
const SOCKET: &str = "talk.socket";
/// Version of what goes over it.
const PROTOCOL: u32 = 1;
/// Longest line, bytes: a text of the greatest length in which every letter is written as an escape.
const LONGEST: u64 = 512 << 10;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    protocol: u32,
    /// A contact's name, or an address.
    with: String,
    /// None sends what waits.
    text: Option<String>,
    /// Until when the answer waits: until relays have it, a device has it, or not at all.
    until: Until,
    /// Seconds.
    patience: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Until {
    Kept,
    Accepted,
    Delivered,
}

impl Ask {
    fn new(given: &Send, text: Option<&str>) -> Self {
        Self {
            protocol: PROTOCOL,
            with: given.name.clone(),
            text: text.map(str::to_owned),
            until: match (given.no_wait, given.delivered) {
                (true, _) => Until::Kept,
                (_, true) => Until::Delivered,
                _ => Until::Accepted,
            },
            patience: given.patience,
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    /// It is kept.
    Taken,
    /// It is as far as was wanted: what `bimp send --json` prints.
    Done(Value),
    /// It is not, or is not even kept.
    Failed {
        /// The reason.
        error: String,
        /// The exit code.
        code: u8,
    },
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

/// Whether a message is as far as was wanted.
pub fn is_far(entry: &Entry, delivered: bool) -> bool {
    let status = &entry.status;
    match delivered {
        true => status.read || !status.delivered.is_empty(),
        false => status.accepted.is_some() || !status.delivered.is_empty(),
    }
}

/// A message that is as far as was wanted, for programs.
pub fn sent(name: &str, entry: &Entry, changes: &[String]) -> Value {
    json!({
        "with": name,
        "number": entry.number,
        "id": hex::encode(entry.id),
        "progress": progress(&entry.status),
        "status": status(&entry.status),
        "changes": changes,
    })
}

/// Nothing waits any more, for programs.
pub fn nothing_waits(changes: &[String]) -> Value {
    json!({"changes": changes, "waiting": 0})
}

/// A message that was kept without waiting, for programs.
pub fn kept(name: &str, id: Option<String>, waiting: usize) -> Value {
    json!({
        "with": name,
        "id": id,
        "progress": "waiting",
        "waiting": waiting,
    })
}

/// The same for people too.
pub fn report(value: Value) -> Report {
    let waiting = value["waiting"].as_u64();
    let progress = value["progress"].as_str().map(str::to_owned);
    let relays = value["status"]["acceptedBy"].as_u64();
    let report = Report::new(value);
    match (progress, waiting) {
        (_, Some(0)) => report.line("nothing waits"),
        (_, Some(waiting)) => report.line(format!(
            "kept; {waiting} wait, and leave with the next 'send', 'chat' or 'bot'"
        )),
        (Some(progress), None) => {
            let report = report.field("sent", progress);
            match relays {
                Some(relays) => report.field("relays", format!("{relays} have it for each device")),
                None => report,
            }
        }
        (None, None) => report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_were_written_from() {
        let ask = Ask {
            protocol: PROTOCOL,
            with: "bert".into(),
            text: Some("one\ntwo".into()),
            until: Until::Delivered,
            patience: 30,
        };
        let line = serde_json::to_string(&ask).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Ask>(&line).unwrap(), ask);
        let failed = Answer::Failed {
            error: "no".into(),
            code: 9,
        };
        for answer in [Answer::Taken, Answer::Done(json!({"a": 1})), failed] {
            let line = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer);
        }
    }

    #[test]
    fn what_nobody_asks_for_is_refused() {
        for line in [
            "",
            "[]",
            "{}",
            r#"{"protocol":1,"with":"a","text":null,"until":"read","patience":1}"#,
            r#"{"protocol":1,"with":"a","text":null,"until":"kept","patience":1,"more":1}"#,
            r#"{"protocol":1,"with":"a","text":null,"until":"kept","patience":-1}"#,
        ] {
            assert!(serde_json::from_str::<Ask>(line).is_err(), "{line}");
        }
    }
}
