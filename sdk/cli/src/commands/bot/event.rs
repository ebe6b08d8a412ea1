//! Events: what a program reads.

use parlance_client::{
    bimp::Account,
    chat::Told,
    e2ee::{DeviceAddress, content::TypingState},
    identity::{Contact, Finding},
    messenger::{Event, NoTraceNews},
};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    talk::show::{Names, account_of, address, device_name, object, status},
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
