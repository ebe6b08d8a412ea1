//! Events: what a program reads.

use parlance_client::{
    bimp::{Account, GroupId},
    chat::Told,
    e2ee::{DeviceAddress, content::TypingState},
    identity::{Contact, Finding},
    messenger::{Event, GroupNews, NoTraceNews},
};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    talk::{
        files::{self, Saved},
        show::{Names, account_of, address, device_name, object, status},
    },
};

/// What happened, as an object with its name under `event`.
pub fn of(told: Told, names: &Names) -> Value {
    match told {
        Told::Event(event) => of_engine(event, names),
        Told::Changed { who, what } => changed(&who, &what),
        Told::NotLookedUp { account, cause } => {
            let mut event = with("not-looked-up", &account, names);
            let failure = Failure::from(cause).object();
            event["error"] = failure["error"].clone();
            event["kind"] = failure["kind"].clone();
            event
        }
    }
}

/// An event about a conversation.
pub fn with(event: &str, account: &Account, names: &Names) -> Value {
    json!({"event": event, "with": names.of(account), "account": address(account)})
}

/// A file lies in its place, or cannot.
pub fn saved(saved: &Saved, names: &Names) -> Value {
    let mut event = with("file", &saved.conversation, names);
    event["id"] = hex::encode(saved.id).into();
    match &saved.place {
        Ok(place) => {
            event["change"] = "saved".into();
            event["path"] = place.display().to_string().into();
        }
        Err(error) => {
            event["change"] = "not-saved".into();
            event["error"] = error.to_string().into();
        }
    }
    event
}

fn of_engine(event: Event, names: &Names) -> Value {
    let about = |event: &str, account: &Account| with(event, account, names);
    let own = names.own();
    match event {
        Event::Message(entry) => {
            let mut event = about("message", &entry.conversation);
            event["message"] = object(&entry, own);
            event
        }
        Event::Changed(entry) => {
            let mut event = about("message-changed", &entry.conversation);
            event["message"] = object(&entry, own);
            event
        }
        Event::Status {
            conversation,
            number,
            id,
            status: far,
        } => {
            let mut event = about("status", &conversation);
            event["number"] = number.into();
            event["id"] = hex::encode(id).into();
            event["status"] = status(&far);
            event
        }
        Event::Disappeared {
            conversation,
            number,
        } => {
            let mut event = about("disappeared", &conversation);
            event["number"] = number.into();
            event
        }
        Event::OutOfTurn {
            conversation,
            id,
            lacks,
        } => {
            let mut event = about("out-of-turn", &conversation);
            event["id"] = hex::encode(id).into();
            event["missing"] = lacks.iter().map(hex::encode).collect();
            event
        }
        Event::ReadElsewhere {
            conversation,
            unread,
        } => {
            let mut event = about("read-elsewhere", &conversation);
            event["unread"] = unread.into();
            event
        }
        Event::Typing {
            conversation,
            state,
        } => {
            let mut event = about("typing", &conversation);
            event["typing"] = (state == TypingState::Typing).into();
            event
        }
        Event::Listening { relay } => json!({
            "event": "listening",
            "relay": relay.map(|relay| hex::encode(relay.0)),
        }),
        Event::Refused { relay, refusal } => json!({
            "event": "refused",
            "relay": hex::encode(relay.0),
            "error": refusal.to_string(),
        }),
        Event::Group { group, news } => of_group(&group, news, names),
        Event::NoTrace { with, news } => {
            let mut event = about("no-trace", &with);
            event["news"] = match news {
                NoTraceNews::Invited => "invited",
                NoTraceNews::Opened { .. } => "opened",
                NoTraceNews::Ended(_) => "ended",
                // Nothing that could be read elsewhere afterwards.
                _ => "other",
            }
            .into();
            event
        }
        Event::File {
            conversation,
            id,
            news,
        } => {
            let mut event = about("file", &conversation);
            let (change, pieces) = files::news(news);
            event["id"] = hex::encode(id).into();
            event["change"] = change.into();
            if let Some((done, of)) = pieces {
                event["done"] = done.into();
                event["of"] = of.into();
            }
            event
        }
        Event::HistoryWanted { device } => of_own("history-wanted", device),
        Event::HistoryGiven { device, done } => {
            let mut event = of_own("history-given", device);
            event["done"] = done.into();
            event
        }
        Event::HistoryTaken {
            device,
            messages,
            all,
            done,
        } => {
            let mut event = of_own("history-taken", device);
            event["messages"] = messages.into();
            event["all"] = all.into();
            event["done"] = done.into();
            event
        }
        Event::Kept { id } => json!({"event": "kept", "id": hex::encode(id.0)}),
        other => of_device(other, names),
    }
}

/// What happened to a group, with its name under `change`.
fn of_group(group: &GroupId, news: GroupNews, names: &Names) -> Value {
    let account = Account(group.0);
    let mut event = json!({
        "event": "group",
        "with": names.of(&account),
        "group": hex::encode(group.0),
    });
    let mut set = |name: &str, value: Value| event[name] = value;
    let person =
        |account: &Account| json!({"name": names.of(account), "account": address(account)});
    let people = |all: &[Account]| Value::from(all.iter().map(person).collect::<Vec<_>>());
    let change = match news {
        GroupNews::Invited { by, name } => {
            set("name", name.into());
            set("by", person(&Account(by.account)));
            "invited"
        }
        GroupNews::Joined => "joined",
        GroupNews::Changed { by, came, went } => {
            set("by", person(&by));
            set("came", people(&came));
            set("went", people(&went));
            "members"
        }
        GroupNews::Named { name } => {
            set("name", name.into());
            "named"
        }
        GroupNews::Out { by } => {
            set("by", by.as_ref().map(person).unwrap_or(Value::Null));
            "out"
        }
        GroupNews::BadInvitation { by, cause } => {
            set("by", person(&Account(by.account)));
            set("error", cause.into());
            "bad-invitation"
        }
        GroupNews::NoKeyPackages { device } => {
            set("who", person(&Account(device.account)));
            set("device", device.device.into());
            "no-key-packages"
        }
        GroupNews::NoDevices { account } => {
            set("who", person(&account));
            "no-devices"
        }
        GroupNews::NotOnRecord { device } => {
            set("who", person(&Account(device.account)));
            set("device", device.device.into());
            "not-on-record"
        }
        GroupNews::NotChanged { cause } => {
            set("error", cause.into());
            "not-changed"
        }
        GroupNews::InDoubt => "in-doubt",
        GroupNews::LostTrack => "lost-track",
        GroupNews::Rejoined => "rejoined",
        // Of a newer engine.
        _ => "other",
    };
    event["change"] = change.into();
    event
}

/// What concerns another device of this account, named as 'device list' names it.
fn of_own(event: &str, device: DeviceAddress) -> Value {
    json!({"event": event, "device": device_name(&device)})
}

/// What concerns one device, or a message on its way to it.
fn of_device(event: Event, names: &Names) -> Value {
    let about = |event: &str, device: DeviceAddress| {
        let mut event = with(event, &Account(device.account), names);
        event["device"] = device.device.into();
        event
    };
    match event {
        Event::LastResort { device } => about("last-resort", device),
        Event::NoPreKeys { device } => about("no-prekeys", device),
        Event::BadPreKeys {
            device,
            relay,
            cause,
        } => {
            let mut event = about("bad-prekeys", device);
            event["relay"] = hex::encode(relay.0).into();
            event["error"] = cause.into();
            event
        }
        Event::Renewed { device } => about("session-renewed", device),
        Event::DeviceGone { device, id } => {
            let mut event = about("device-gone", device);
            event["id"] = hex::encode(id).into();
            event
        }
        Event::GivenUp { device, id } => {
            let mut event = about("given-up", device);
            event["id"] = hex::encode(id).into();
            event
        }
        Event::Missing { device, messages } => {
            let mut event = about("missing", device);
            event["messages"] = messages.into();
            event
        }
        // Of a newer engine.
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

fn changed(who: &Contact, what: &Finding) -> Value {
    let change = match what {
        Finding::Registered => "registered",
        Finding::Removed => "removed",
        Finding::Added(_) => "device-added",
        Finding::Revoked(_) => "device-revoked",
        Finding::Rotated(_) => "device-rotated",
        Finding::MailboxMoved => "mailbox-moved",
        Finding::CameAndWent(_) => "device-came-and-went",
        Finding::Anew => "registered-anew",
        Finding::HistoryUnread { .. } => "history-unread",
        Finding::VerificationBroken => "verification-broken",
    };
    json!({
        "event": "contact-changed",
        "with": who.name,
        "account": address(&account_of(&who.account)),
        "change": change,
        "text": what.to_string(),
    })
}
