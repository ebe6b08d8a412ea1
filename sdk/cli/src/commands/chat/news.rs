//! What happened, for a person who looks at one conversation.

use parlance_client::{
    bimp::{Account, RelayId},
    chat::Told,
    e2ee::{DeviceAddress, content::TypingState},
    messenger::{Entry, Event, GroupNews, NoTraceNews},
};

use crate::talk::{
    change,
    groups::people,
    show::{Names, clean, device_name, marks},
};

/// Something to be shown.
#[derive(Debug)]
pub enum News {
    /// A message of this conversation.
    Message(Entry),
    /// One that has changed.
    Changed(Entry),
    /// An own message got further.
    Status {
        /// Its number.
        number: u64,
        /// How far.
        marks: &'static str,
    },
    /// The other side types, or not any more.
    Typing(bool),
    /// A line.
    Line(String),
    /// Something that is not as it should be, and may come again and again.
    Remark(String),
    /// Nothing for people.
    Nothing,
}

impl News {
    /// What that is in the conversation with `with`.
    pub fn of(told: Told, with: &Account, names: &Names) -> Self {
        match told {
            Told::Changed { who, what } => Self::Line(change(&who, &what)),
            Told::NotLookedUp { account, cause } => Self::Remark(format!(
                "{} cannot be looked up, and nothing is encrypted for them meanwhile: {cause}",
                names.of(&account)
            )),
            Told::Event(event) => Self::of_event(event, with, names),
        }
    }

    fn of_event(event: Event, with: &Account, names: &Names) -> Self {
        match event {
            Event::Message(entry) if entry.conversation == *with => Self::Message(entry),
            Event::Message(entry) if entry.is_by(names.own()) => Self::Nothing,
            Event::Message(entry) => {
                let name = names.of(&entry.conversation);
                Self::Line(format!("! a message from {name}: 'bimp chat {name}'"))
            }
            Event::Changed(entry) if entry.conversation == *with => Self::Changed(entry),
            Event::Status {
                conversation,
                number,
                status,
                ..
            } if conversation == *with => Self::Status {
                number,
                marks: marks(&status),
            },
            Event::Disappeared {
                conversation,
                number,
            } if conversation == *with => Self::Line(format!("{number:>6}  has disappeared")),
            Event::OutOfTurn { conversation, .. } if conversation == *with => {
                Self::Line("! something that was said before the message above has not come".into())
            }
            Event::Typing {
                conversation,
                state,
            } if conversation == *with => Self::Typing(state == TypingState::Typing),
            Event::Group { group, news } => {
                let account = Account(group.0);
                match of_group(&names.of(&account), news, names) {
                    Some(line) => Self::Line(line),
                    None => Self::Nothing,
                }
            }
            Event::NoTrace {
                with,
                news: NoTraceNews::Invited,
            } => {
                let name = names.of(&with);
                Self::Remark(format!(
                    "{name} asks for a conversation without a trace: end this one and run 'bimp chat {name} --no-trace'"
                ))
            }
            Event::Refused { relay, refusal } => {
                Self::Remark(format!("relay {} refuses: {refusal}", short(&relay)))
            }
            other => Self::of_device(other, names),
        }
    }

    fn of_device(event: Event, names: &Names) -> Self {
        let whose = |device: &DeviceAddress| {
            let name = names.of(&Account(device.account));
            format!("device {} of {name}", device_name(device))
        };
        match event {
            Event::LastResort { device } => Self::Line(format!(
                "! {} had no one-time keys left: until it answers, messages are as safe as its signed prekey",
                whose(&device)
            )),
            Event::NoPreKeys { device } => Self::Remark(format!(
                "{} has put no keys on its relays yet: what is for it waits until it was on line",
                whose(&device)
            )),
            Event::BadPreKeys { device, cause, .. } => Self::Remark(format!(
                "a relay gave out keys that are not those of {} ({cause}); they are not used",
                whose(&device)
            )),
            Event::Renewed { device } => Self::Line(format!(
                "! the session with {} broke and was begun anew",
                whose(&device)
            )),
            Event::DeviceGone { device, .. } => Self::Line(format!(
                "! {} is not on record any more: a message for it was dropped",
                whose(&device)
            )),
            Event::GivenUp { device, .. } => Self::Line(format!(
                "! {} never confirmed a message: it was given up",
                whose(&device)
            )),
            Event::Missing { device, messages } => Self::Line(format!(
                "! {messages} messages of {} are missing and were not sent again",
                whose(&device)
            )),
            Event::HistoryWanted { device } => {
                let name = device_name(&device);
                Self::Line(format!(
                    "! your device {name} asks for what was said: if that is yours, 'bimp device sync --give {name}'"
                ))
            }
            Event::HistoryTaken {
                device, done: true, ..
            } => Self::Line(format!(
                "! what was said before has come from your device {}",
                device_name(&device)
            )),
            Event::HistoryGiven { device, done: true } => Self::Line(format!(
                "! your device {} has everything that was said",
                device_name(&device)
            )),
            _ => Self::Nothing,
        }
    }
}

/// What happened to a group, as a line.
fn of_group(group: &str, news: GroupNews, names: &Names) -> Option<String> {
    let whose = |device: &DeviceAddress| names.of(&Account(device.account));
    let line = match news {
        GroupNews::Invited { by, name } => format!(
            "{} invites you to the group '{name}': 'bimp group join', or 'bimp group leave'",
            whose(&by)
        ),
        GroupNews::Joined => format!("you are in {group} now: 'bimp chat {group}'"),
        GroupNews::Changed { by, came, went } => {
            let by = people(&[by], names);
            match (came.is_empty(), went.is_empty()) {
                (false, _) => format!("{group}: {} came in, by {by}", people(&came, names)),
                (true, false) => format!("{group}: {} went out, by {by}", people(&went, names)),
                (true, true) => return None,
            }
        }
        GroupNews::Named { name } => format!("the group is called {name} now"),
        GroupNews::Out { by: Some(by) } => format!("you are out of {group}, by {}", names.of(&by)),
        GroupNews::Out { by: None } => format!("you have left {group}"),
        GroupNews::BadInvitation { by, cause } => format!(
            "an invitation of {} to {group} cannot be used: {cause}",
            whose(&by)
        ),
        GroupNews::NotOnRecord { device } => format!(
            "{group}: a device of {} is not on record any more and is removed before anything else is said",
            whose(&device)
        ),
        GroupNews::InDoubt => {
            format!("{group}: a change is forged, or was missed; members are asked")
        }
        GroupNews::LostTrack => format!("{group}: this device has lost track and joins anew"),
        GroupNews::Rejoined => format!("{group}: this device is in step again"),
        _ => return None,
    };
    Some(clean(&format!("! {line}")))
}

/// A relay's name, as much of it as people compare.
pub fn short(relay: &RelayId) -> String {
    hex::encode(relay.0.get(..4).unwrap_or_default())
}
