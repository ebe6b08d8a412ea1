//! Orders: what a program writes.

use std::path::PathBuf;

use parlance_client::messenger::ContentId;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use crate::input::{Line, MAX_LINE};

/// Longest reference, bytes.
const MAX_REFERENCE: usize = 128;

/// An order, and what its answer is to carry.
#[derive(Debug, PartialEq, Eq)]
pub struct Given {
    /// Comes back.
    pub reference: Option<String>,
    /// What is to be done.
    pub order: Order,
}

/// What is to be done. `with` is a contact's name, an address, or a group's name; `who` and `group` are one of them.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(
    tag = "do",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Order {
    /// A text.
    Send { with: String, text: String },
    /// An answer to a message.
    Reply {
        with: String,
        message: Id,
        text: String,
    },
    /// A reaction; an empty one takes it back.
    React {
        with: String,
        message: Id,
        emoji: String,
    },
    /// A new text for an own message.
    Edit {
        with: String,
        message: Id,
        text: String,
    },
    /// Takes an own message back.
    Delete { with: String, message: Id },
    /// Life of later messages in seconds; null lets them stay.
    Timer {
        with: String,
        #[serde(deserialize_with = "present")]
        seconds: Option<u32>,
    },
    /// Everything up to a message was read.
    Read { with: String, up_to: u64 },
    /// Typing, or not any more.
    Typing { with: String, typing: bool },
    /// The last messages.
    History {
        with: String,
        limit: Option<u16>,
        before: Option<u64>,
    },
    /// The last messages with these words.
    Search {
        with: String,
        words: String,
        limit: Option<u16>,
    },
    /// Everybody who is known.
    Contacts {},
    /// How things stand.
    State {},
    /// Whether others are told what was read.
    ReadReceipts { on: bool },
    /// Whether a person waits at the screen.
    Attention { on: bool },
    /// A file of this machine, by its path.
    SendFile { with: String, path: PathBuf },
    /// Takes the file of a message.
    GetFile { with: String, message: Id },
    /// All groups.
    Groups {},
    /// Makes a group.
    GroupNew { name: String },
    /// Invites people.
    GroupInvite { group: String, who: Vec<String> },
    /// Accepts an invitation.
    GroupJoin { group: String },
    /// Leaves, or declines an invitation.
    GroupLeave { group: String },
    /// Removes somebody.
    GroupRemove { group: String, who: String },
    /// Gives a group another name.
    GroupRename { group: String, name: String },
    /// The end.
    Quit {},
}

/// A message's name, in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub ContentId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let mut id = [0; 16];
        hex::decode_to_slice(&text, &mut id)
            .map_err(|_| D::Error::custom("a message's id has 32 hexadecimal digits"))?;
        Ok(Self(id))
    }
}

/// It has to be there, be it null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Option::deserialize(from)
}

/// Why a line is no order.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOrder {
    /// Too long.
    #[error("the line has more than {MAX_LINE} bytes and was passed over: send less at a time")]
    TooLong,
    /// No text.
    #[error("the line is not UTF-8: write JSON")]
    NotText,
    /// No JSON.
    #[error("the line is no JSON object ({cause}): write one object a line")]
    NotJson {
        /// What is wrong.
        cause: String,
    },
    /// The reference cannot come back.
    #[error("'ref' is not a text of at most {MAX_REFERENCE} bytes")]
    BadReference,
    /// Not one of the orders.
    #[error("no such order: {cause}; docs/bimp.md lists them")]
    Unknown {
        /// What is wrong.
        cause: String,
    },
}

impl NoOrder {
    /// For programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::NotText | Self::NotJson { .. } => "not-json",
            Self::BadReference | Self::Unknown { .. } => "no-order",
        }
    }
}

/// What a line orders, `None` if it is empty. An error carries the reference, if that could be read.
pub fn read(line: Line) -> Result<Option<Given>, (Option<String>, NoOrder)> {
    let text = match line {
        Line::Text(text) => text,
        Line::TooLong => return Err((None, NoOrder::TooLong)),
        Line::NotText => return Err((None, NoOrder::NotText)),
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    let object: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        let cause = error.to_string();
        (None, NoOrder::NotJson { cause })
    })?;
    let (reference, object) = split(object).map_err(|error| (None, error))?;
    match serde_json::from_value(Value::Object(object)) {
        Ok(order) => Ok(Some(Given { reference, order })),
        Err(error) => {
            let cause = error.to_string();
            Err((reference, NoOrder::Unknown { cause }))
        }
    }
}

type Split = (Option<String>, Map<String, Value>);

fn split(mut object: Map<String, Value>) -> Result<Split, NoOrder> {
    let reference = match object.remove("ref") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= MAX_REFERENCE => Some(text),
        Some(_) => return Err(NoOrder::BadReference),
    };
    Ok((reference, object))
}

#[cfg(test)]
mod tests;
