//! Messages, for people and for programs.

use std::collections::BTreeMap;

use parlance_client::{
    bimp::Account,
    chat,
    e2ee::{Body, DeviceAddress},
    messenger::{Entry, Group, Status},
    primitives::AccountId,
    vault::Vault,
};
use serde_json::{Value, json};
use sp_core::crypto::Ss58Codec;

use super::{files, paid};
use crate::failure::Failure;

/// An account as the messenger calls it.
pub fn account_of(account: &AccountId) -> Account {
    let bytes: &[u8; 32] = account.as_ref();
    Account(*bytes)
}

/// The address of an account.
pub fn address(account: &Account) -> String {
    AccountId::new(account.0).to_ss58check()
}

/// A device as 'device list' names it, as far as the messenger knows.
pub fn device_name(device: &DeviceAddress) -> String {
    format!("{:08x}", device.device.swap_bytes())
}

/// What the user calls people.
pub struct Names {
    own: Account,
    contacts: BTreeMap<Account, String>,
    groups: BTreeMap<Account, String>,
}

impl Names {
    /// As the vault has them.
    pub fn read(vault: &Vault) -> Result<Self, Failure> {
        let own = account_of(&vault.account()?);
        let contacts = vault.contacts()?.into_iter();
        let contacts = contacts
            .map(|contact| (account_of(&contact.account), contact.name))
            .collect();
        let mut names = Self {
            own,
            contacts,
            groups: BTreeMap::new(),
        };
        names.set_groups(chat::groups(vault)?.iter());
        Ok(names)
    }

    /// What groups are called now.
    pub fn set_groups<'a>(&mut self, groups: impl Iterator<Item = &'a Group>) {
        let name = |group: &Group| (group.conversation(), clean(&group.name));
        self.groups = groups.map(name).collect();
    }

    /// Whether a conversation is a group's.
    pub fn is_group(&self, conversation: &Account) -> bool {
        self.groups.contains_key(conversation)
    }

    /// Everybody who has a name.
    pub fn contacts(&self) -> impl Iterator<Item = (&Account, &String)> + Clone {
        self.contacts.iter()
    }

    /// Who wrote a message.
    pub fn author(&self, entry: &Entry) -> String {
        self.of(&Account(entry.author.account))
    }

    /// A contact's or a group's name, or the address.
    pub fn of(&self, account: &Account) -> String {
        match self.contacts.get(account).or(self.groups.get(account)) {
            Some(name) => name.clone(),
            None => address(account),
        }
    }

    /// The own account.
    pub fn own(&self) -> &Account {
        &self.own
    }
}

/// One message, one line: what others wrote must not look like a line of its own, move the cursor, or turn the order of
/// letters around.
pub fn clean(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|letter| !turns(*letter))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// A message for people, without the time.
pub fn line(entry: &Entry, own: &Account, name: &str) -> String {
    let who = if entry.is_by(own) { "you" } else { name };
    let payment = || paid::payment(entry).map(|payment| paid::words(&payment));
    let file = || files::words(entry).map(|words| format!("file {words}"));
    let text = entry.text().or_else(payment).or_else(file);
    let text = text.unwrap_or_else(|| format!("({})", kind(entry)));
    let mut line = format!("{:>6}  {who}: {}", entry.number, clean(&text));
    if entry.edited.is_some() && !entry.deleted {
        line.push_str(" (edited)");
    }
    if mentions(entry, own) {
        line.push_str("  (mentions you)");
    }
    let emoji = entry.reactions.iter().map(|reaction| &reaction.emoji);
    for emoji in emoji.filter(|emoji| !emoji.is_empty()) {
        line.push_str("  ");
        line.push_str(&clean(emoji));
    }
    line
}

/// Whether somebody else mentions this account.
pub fn mentions(entry: &Entry, own: &Account) -> bool {
    match entry.body() {
        Some(Body::Mention(mention)) if !entry.is_by(own) => {
            let mut ranges = mention.ranges.as_slice().iter();
            ranges.any(|range| range.account == own.0)
        }
        _ => false,
    }
}

/// How far a message of this account is.
pub fn progress(status: &Status) -> &'static str {
    match (status.read, status.delivered.is_empty(), status.accepted) {
        (true, ..) => "read",
        (_, false, _) => "delivered",
        (_, _, Some(_)) => "accepted",
        _ => "waiting",
    }
}

/// The same as marks.
pub fn marks(status: &Status) -> &'static str {
    match progress(status) {
        "read" => "✓✓ read",
        "delivered" => "✓✓",
        "accepted" => "✓",
        _ => "…",
    }
}

fn kind(entry: &Entry) -> &'static str {
    match entry.body() {
        None => "deleted",
        Some(Body::Text(_)) => "text",
        Some(Body::Reply(_)) => "reply",
        Some(Body::Mention(_)) => "mention",
        Some(Body::File(_)) => "file",
        Some(Body::Payment(_)) => "payment",
        Some(Body::Call(_)) => "call",
        Some(Body::Timer(_)) => "timer",
        Some(_) => "unknown",
    }
}

/// How far a message is, for programs.
pub fn status(status: &Status) -> Value {
    json!({
        "progress": progress(status),
        "acceptedBy": status.accepted,
        "deliveredTo": status.delivered.len(),
        "read": status.read,
    })
}

/// A message for programs.
pub fn object(entry: &Entry, own: &Account) -> Value {
    let reply = match entry.body() {
        Some(Body::Reply(reply)) => Some(hex::encode(reply.to)),
        _ => None,
    };
    let timer = match entry.body() {
        Some(Body::Timer(timer)) => timer.lifetime,
        _ => None,
    };
    let reactions: Vec<Value> = entry
        .reactions
        .iter()
        .filter(|reaction| !reaction.emoji.is_empty())
        .map(|it| json!({"own": it.account == *own, "emoji": it.emoji, "at": it.at}))
        .collect();
    json!({
        "number": entry.number,
        "id": hex::encode(entry.id),
        "own": entry.is_by(own),
        "author": address(&Account(entry.author.account)),
        "kind": kind(entry),
        "text": entry.text(),
        "timer": timer,
        "mentionsYou": mentions(entry, own),
        "file": files::object(entry),
        "payment": paid::payment(entry).map(|payment| paid::object(&payment)),
        "replyTo": reply,
        "sentAt": entry.sent_at,
        "arrivedAt": entry.arrived,
        "edited": entry.edited.is_some(),
        "deleted": entry.deleted,
        "read": entry.read,
        "reactions": reactions,
        "status": status(&entry.status),
        "lifetime": entry.lifetime,
        "disappearsAt": entry.expires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_on_its_line() {
        assert_eq!(clean("one\ntwo\r\x1b[2Jthree"), "one two  [2Jthree");
        assert_eq!(clean("abc\u{202e}def\u{2069}"), "abcdef");
        assert_eq!(clean("grün 👍🏽"), "grün 👍🏽");
    }

    #[test]
    fn a_message_is_as_far_as_its_best_news() {
        let mut status = Status::default();
        assert_eq!((progress(&status), marks(&status)), ("waiting", "…"));
        status.accepted = Some(3);
        assert_eq!((progress(&status), marks(&status)), ("accepted", "✓"));
        status.delivered = vec![1];
        assert_eq!((progress(&status), marks(&status)), ("delivered", "✓✓"));
        status.read = true;
        assert_eq!((progress(&status), marks(&status)), ("read", "✓✓ read"));
    }
}
