//! What was said before what.
//!
//! Relays bring what two people say in any order, and a mailbox is emptied in any order too. What a person sees is in an order that makes sense: no
//! answer stands before what it answers.
//!
//! - **B1** A text *names* what its author's device had shown in the conversation when it was written: its own last text, and the last ones of
//!   others. It names only the *heads*, which nothing that it has shown names in turn; what is before these follows. At most
//!   [`MAX_HEADS`] of them, the latest.
//! - **B2** The names stand in an extension of the content, so whoever does not know them shows the text, and a text without them is shown at
//!   once. Who sees them learns what the author's device had, as from the confirmations that it sends anyway; not what its person has read.
//! - **B3** A device shows a text when it has shown all that the text names, and, in a conversation of two, what came of the same author's device before it. Until then it *waits*, on disk.
//! - **B4** It waits [`PAST_WAIT`](crate::limits::PAST_WAIT) or [`PAST_WAIT_OF_TWO`](crate::limits::PAST_WAIT_OF_TWO) at most, and at most [`MAX_WAITS`](crate::limits::MAX_WAITS) texts wait. Then it is shown all the
//!   same, after what it names and waits as well, and is *marked*: something before it is missing. So what is lost holds nobody up for long, and who
//!   names what does not exist delays nothing but its own texts. The mark goes when what was missing comes.
//! - **B5** What a device cannot have is not waited for: in a group what was shown to the author before it had read the record by which this device came in,
//!   or came back (G12), in a conversation of two what was written before this device began, by the clocks of both. A name says which position of the order its author's device read
//!   next then, or when the named text was written. The others of a device that was put out, and comes in again, do not have what it had not sent.
//! - **B6** What is not shown by itself, such as a reaction, an edit or a receipt, names nothing: it waits for what it is about (H2).
//!
//! Texts of different authors that did not know of each other have no order; each device shows them as they come. An author of several
//! devices is as several authors here.

use crate::{history::ContentId, inbox::extension, limits::MAX_MARKS, storage::decode};
use codec::{Decode, Encode};
use parlance_bimp::Account;
use parlance_e2ee::{Bounded, Content, DeviceAddress, Error, List, content::Extension};

/// The extension that names what came before (B1): version (1 byte, [`VERSION`]), then a SCALE list of [`Named`]. Of another version nothing is
/// read.
pub const PAST: u16 = 3;
/// Version of the extension.
pub const VERSION: u8 = 1;
/// Texts that one names.
pub const MAX_HEADS: usize = 16;

/// A text that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Named {
    /// Its identifier.
    pub id: ContentId,
    /// The position of the group's order that the device read next when it showed it; in a conversation of two when it was written,
    /// milliseconds since 1970 by its author's clock (B5).
    pub at: u64,
}

/// A text that is shown although something before it is missing (B4).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// Which.
    pub id: ContentId,
    /// What is missing.
    pub lacks: Vec<ContentId>,
}

/// What this device has shown of a conversation, as far as the order needs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Past {
    version: u8,
    /// The conversation.
    pub conversation: Account,
    /// What was shown to others before this position of the order, or written before this time, is not waited for (B5).
    pub since: u64,
    /// What the next own text names (B1), the latest last.
    pub heads: Vec<Named>,
    /// What is shown too early, the latest last.
    pub marks: Vec<Mark>,
}

/// A text that waits for what it names (B3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Waits {
    /// Its number here: texts wait in the order of arrival.
    pub number: u64,
    /// In which conversation.
    pub conversation: Account,
    /// Its identifier.
    pub id: ContentId,
    /// Who wrote it.
    pub author: DeviceAddress,
    /// The content as it came.
    pub content: Vec<u8>,
}

impl Past {
    /// Of a conversation in which nothing was shown.
    pub fn new(conversation: Account, since: u64) -> Self {
        Self {
            version: VERSION,
            conversation,
            since,
            heads: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// A text is shown that names others.
    pub fn show(&mut self, shown: Named, names: &[Named]) {
        let is_behind =
            |head: &Named| head.id == shown.id || names.iter().any(|it| it.id == head.id);
        self.heads.retain(|head| !is_behind(head));
        self.heads.push(shown);
        let excess = self.heads.len().saturating_sub(MAX_HEADS);
        self.heads.drain(..excess);
        for mark in &mut self.marks {
            mark.lacks.retain(|id| *id != shown.id);
        }
        self.marks.retain(|mark| !mark.lacks.is_empty());
    }

    /// A text was shown without these.
    pub fn mark(&mut self, id: ContentId, lacks: Vec<ContentId>) {
        self.marks.push(Mark { id, lacks });
        let excess = self.marks.len().saturating_sub(MAX_MARKS);
        self.marks.drain(..excess);
    }

    /// Whether a text is shown although something before it is missing.
    pub fn is_marked(&self, id: &ContentId) -> bool {
        self.marks.iter().any(|mark| mark.id == *id)
    }

    /// Whether this was waited for already, in vain.
    pub fn was_given_up(&self, id: &ContentId) -> bool {
        self.marks.iter().any(|mark| mark.lacks.contains(id))
    }

    /// Whether a text that is not here has to be waited for.
    pub fn waits_for(&self, named: &Named) -> bool {
        named.at >= self.since && !self.was_given_up(&named.id)
    }
}

/// Writes into a content what it names. Nothing, if nothing is named.
pub fn name(content: &mut Content, names: &[Named]) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    let names: List<Named, MAX_HEADS> = List::new(names.to_vec(), "names of earlier texts")?;
    let mut bytes = vec![VERSION];
    names.encode_to(&mut bytes);
    let mut extensions = content.extensions.as_slice().to_vec();
    extensions.push(Extension {
        kind: PAST,
        bytes: Bounded::new(bytes, "extension")?,
    });
    content.extensions = List::new(extensions, "extensions")?;
    Ok(())
}

/// What a content names.
pub fn names_of(content: &Content) -> Vec<Named> {
    let names = extension(content, PAST).and_then(|bytes| match bytes.split_first() {
        Some((&VERSION, bytes)) => {
            decode::<List<Named, MAX_HEADS>>(bytes, "names of earlier texts").ok()
        }
        _ => None,
    });
    names.map_or(Vec::new(), |names| names.as_slice().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_e2ee::{Body, Text, content::WrittenText};

    fn named(n: u8) -> Named {
        Named {
            id: [n; 16],
            at: n.into(),
        }
    }

    fn content() -> Content {
        let text = Text::new("hello").unwrap();
        Content::new([9; 16], 5, Body::Text(WrittenText { text }))
    }

    #[test]
    fn names_come_back_and_others_versions_and_bytes_name_nothing() {
        assert!(names_of(&content()).is_empty());
        let mut with = content();
        name(&mut with, &[]).unwrap();
        assert_eq!(with, content());
        let names: Vec<Named> = (0..16).map(named).collect();
        name(&mut with, &names).unwrap();
        let bytes = with.to_bytes().unwrap();
        let back = Content::from_bytes(&bytes).unwrap();
        assert_eq!(names_of(&back), names);
        assert!(name(&mut content(), &[named(1); 17]).is_err());
        // Version 1, one name: the bytes are part of the protocol.
        let mut one = content();
        name(&mut one, &[named(2)]).unwrap();
        let wire = one.extensions.as_slice()[0].bytes.as_slice().to_vec();
        let mut expected = vec![1, 1 << 2];
        expected.extend([2; 16]);
        expected.extend(2_u64.to_le_bytes());
        assert_eq!(wire, expected);
        for wrong in [
            vec![],
            vec![2, 0],
            wire[..wire.len() - 1].to_vec(),
            [&wire[..], &[0]].concat(),
            vec![1, 17 << 2],
        ] {
            let mut content = content();
            let bytes = Bounded::new(wrong, "extension").unwrap();
            let extension = Extension { kind: PAST, bytes };
            content.extensions = List::new(vec![extension], "list").unwrap();
            assert!(names_of(&content).is_empty());
        }
    }

    #[test]
    fn heads_are_what_nothing_shown_names() {
        let mut past = Past::new(Account([1; 32]), 0);
        past.show(named(1), &[]);
        past.show(named(2), &[named(1)]);
        past.show(named(3), &[named(1)]);
        assert_eq!(past.heads, [named(2), named(3)]);
        past.show(named(4), &[named(2), named(3), named(7)]);
        assert_eq!(past.heads, [named(4)]);
        for n in 10..40 {
            past.show(named(n), &[]);
        }
        assert_eq!(past.heads.len(), MAX_HEADS);
        assert_eq!(past.heads.last(), Some(&named(39)));
    }

    #[test]
    fn a_mark_goes_with_what_was_missing() {
        let mut past = Past::new(Account([1; 32]), 0);
        past.mark([5; 16], vec![[1; 16], [2; 16]]);
        past.show(named(1), &[]);
        assert!(past.is_marked(&[5; 16]) && past.was_given_up(&[2; 16]));
        assert!(!past.was_given_up(&[1; 16]));
        past.show(named(2), &[]);
        assert!(!past.is_marked(&[5; 16]) && past.marks.is_empty());
        for n in 0..=MAX_MARKS {
            let n = u8::try_from(n % 250).unwrap();
            past.mark([n; 16], vec![[251; 16]]);
        }
        assert_eq!(past.marks.len(), MAX_MARKS);
    }

    #[test]
    fn what_was_before_this_device_is_not_waited_for() {
        let mut past = Past::new(Account([1; 32]), 5);
        assert!(!past.waits_for(&named(4)));
        assert!(past.waits_for(&named(5)));
        past.mark([9; 16], vec![[6; 16]]);
        assert!(!past.waits_for(&named(6)));
    }
}
