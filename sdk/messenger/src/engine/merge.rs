//! The same message as two devices know it (A4).

use crate::{Entry, limits::MAX_REACTIONS};
use parlance_bimp::Account;
use parlance_e2ee::Content;

/// A message that is what it says.
pub(super) fn sound(mut entry: Entry) -> Option<Entry> {
    entry.reactions.truncate(MAX_REACTIONS);
    match entry.deleted {
        true => {
            entry.content = Vec::new();
            entry.edited = None;
            entry.reactions = Vec::new();
            Some(entry)
        }
        false => {
            let content = Content::from_bytes(&entry.content).ok()?;
            (content.id == entry.id).then_some(entry)
        }
    }
}

/// How far another device has seen the same message get. Whether that is further.
pub(super) fn merge_status(known: &mut Entry, other: &Entry) -> bool {
    let before = known.status.clone();
    let status = &mut known.status;
    status.accepted = status.accepted.max(other.status.accepted);
    status.read |= other.status.read;
    for device in &other.status.delivered {
        if !status.delivered.contains(device) {
            status.delivered.push(*device);
        }
    }
    known.status != before
}

/// What another device knows of the same message (A4).
pub(super) fn merge(known: &mut Entry, other: Entry) {
    if other.author != known.author || known.deleted {
        return;
    }
    if other.deleted {
        known.delete(&Account(other.author.account));
        return;
    }
    if other.edited > known.edited {
        known.edited = other.edited;
    }
    for reaction in other.reactions {
        let full = known.reactions.len() >= MAX_REACTIONS;
        match known
            .reactions
            .iter_mut()
            .find(|it| it.account == reaction.account)
        {
            Some(here) if (here.at, &here.emoji) < (reaction.at, &reaction.emoji) => {
                *here = reaction;
            }
            None if !full => known.reactions.push(reaction),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Status,
        history::{ContentId, Reacted},
    };
    use parlance_e2ee::{Body, DeviceAddress, Text, content::WrittenText};

    fn entry(id: ContentId) -> Entry {
        let text = Text::new("hello").unwrap();
        let content = Content::new(id, 5, Body::Text(WrittenText { text }));
        Entry {
            conversation: Account([2; 32]),
            number: 7,
            id,
            author: DeviceAddress {
                account: [2; 32],
                device: 5,
            },
            sent_at: 5,
            arrived: 6,
            content: content.to_bytes().unwrap(),
            edited: None,
            deleted: false,
            reactions: Vec::new(),
            status: Status::default(),
            relays: None,
            read: false,
            lifetime: None,
            expires: None,
        }
    }

    #[test]
    fn a_message_is_what_its_content_says_or_was_taken_back() {
        assert!(sound(entry([1; 16])).is_some());
        let other = Entry {
            id: [2; 16],
            ..entry([1; 16])
        };
        assert_eq!(sound(other), None);
        let mut cut = entry([1; 16]);
        cut.content.pop();
        assert_eq!(sound(cut), None);
        let deleted = Entry {
            deleted: true,
            ..entry([1; 16])
        };
        assert!(sound(deleted).unwrap().content.is_empty());
    }

    #[test]
    fn what_is_later_holds_and_a_deletion_for_ever() {
        let at = |at: u64, text: &str| Entry {
            edited: Some((at, text.into())),
            ..entry([1; 16])
        };
        let mut known = at(5, "later");
        merge(&mut known, at(4, "earlier"));
        assert_eq!(known.text().as_deref(), Some("later"));
        merge(&mut known, at(6, "latest"));
        assert_eq!(known.text().as_deref(), Some("latest"));
        let reacted = |at, emoji: &str| Reacted {
            account: Account([3; 32]),
            emoji: emoji.into(),
            at,
        };
        for (time, emoji) in [(3, "a"), (9, "b"), (7, "c")] {
            let mut other = entry([1; 16]);
            other.reactions = vec![reacted(time, emoji)];
            merge(&mut known, other);
        }
        assert_eq!(known.reactions, [reacted(9, "b")]);
        let deleted = Entry {
            deleted: true,
            ..entry([1; 16])
        };
        merge(&mut known, deleted);
        assert!(known.deleted && known.content.is_empty());
        merge(&mut known, at(9, "back"));
        assert!(known.deleted && known.edited.is_none());
    }
}
