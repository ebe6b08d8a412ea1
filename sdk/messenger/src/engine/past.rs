//! In which order texts are shown (B1-B6).

use super::Engine;
use crate::{
    Encryption, Error, Event, Row, Storage,
    history::{ContentId, is_shown},
    limits::{MAX_WAITS, PAST_WAIT, PAST_WAIT_OF_TWO},
    past::{Named, Past, Waits, name, names_of},
    storage::Table,
};
use parlance_bimp::{Account, GroupId};
use parlance_e2ee::{Content, DeviceAddress};
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

/// A text that waits, and for what.
#[derive(Debug)]
struct Waiting {
    text: Waits,
    lacks: BTreeSet<ContentId>,
    until: u64,
}

/// What was shown, and what waits.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    all: BTreeMap<Account, Past>,
    waiting: BTreeMap<u64, Waiting>,
    /// Numbers of those that wait, by their name.
    here: BTreeMap<(Account, ContentId), u64>,
    /// Who waits for what.
    wanted: BTreeMap<(Account, ContentId), Vec<u64>>,
    /// What waits no longer.
    ready: BTreeSet<u64>,
    /// What comes now has waited already, in its stream (I3).
    pub(super) has_waited: bool,
    /// When this device began, by its own clock (B5).
    born: u64,
}

impl Pasts {
    fn wait(&mut self, text: Waits, lacks: BTreeSet<ContentId>, until: u64) {
        let number = text.number;
        let conversation = text.conversation;
        self.here.insert((conversation, text.id), number);
        for id in &lacks {
            let wanted = self.wanted.entry((conversation, *id)).or_default();
            wanted.push(number);
        }
        if lacks.is_empty() {
            self.ready.insert(number);
        }
        let waiting = Waiting { text, lacks, until };
        self.waiting.insert(number, waiting);
    }

    /// The last text of an author that waits in a conversation.
    fn last_of(&self, conversation: &Account, author: &DeviceAddress) -> Option<ContentId> {
        let of = |it: &&Waiting| it.text.conversation == *conversation && it.text.author == *author;
        let mut texts = self.waiting.values().rev();
        texts.find(of).map(|it| it.text.id)
    }

    fn remove(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        let conversation = waiting.text.conversation;
        self.here.remove(&(conversation, waiting.text.id));
        self.ready.remove(&number);
        for id in &waiting.lacks {
            let place = (conversation, *id);
            if let Some(wanted) = self.wanted.get_mut(&place) {
                wanted.retain(|other| *other != number);
                if wanted.is_empty() {
                    self.wanted.remove(&place);
                }
            }
        }
        Some(waiting)
    }

    /// Something is shown: who waited for it alone waits no longer.
    fn came(&mut self, conversation: Account, id: ContentId) {
        for number in self.wanted.remove(&(conversation, id)).unwrap_or_default() {
            if let Some(waiting) = self.waiting.get_mut(&number) {
                waiting.lacks.remove(&id);
                if waiting.lacks.is_empty() {
                    self.ready.insert(number);
                }
            }
        }
    }

    /// The one that has waited long enough, or is one too many.
    fn due(&self, now: u64) -> Option<u64> {
        let over = |it: &Waiting| now >= it.until;
        let first = self.waiting.first_key_value().map(|(number, _)| *number);
        if self.waiting.len() > MAX_WAITS {
            return first;
        }
        let mut due = self.waiting.iter().filter(|(_, it)| over(it));
        due.next().map(|(number, _)| *number)
    }

    /// The first of what waits and has to be shown before this one. Who names each other in a circle comes in any order.
    fn first_before(&self, number: u64) -> u64 {
        let (mut now, mut passed) = (number, BTreeSet::from([number]));
        loop {
            let Some(waiting) = self.waiting.get(&now) else {
                return now;
            };
            let conversation = waiting.text.conversation;
            let mut before = waiting.lacks.iter();
            let before = before.find_map(|id| self.here.get(&(conversation, *id)));
            match before {
                Some(before) if passed.insert(*before) => now = *before,
                _ => return now,
            }
        }
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn load_pasts(&mut self) -> Result<(), Error> {
        for past in self.all::<Past>(Table::Pasts, "order of a conversation")? {
            self.pasts.all.insert(past.conversation, past);
        }
        let notes = self.pasts.all.get(&self.own).map(|past| past.since);
        self.pasts.born = notes.unwrap_or(self.clock.wall);
        if notes.is_none() {
            self.put_past(self.past(&self.own));
        }
        let mut texts = self.all::<Waits>(Table::Waits, "text that waits")?;
        texts.sort_by_key(|text| text.number);
        let until = self.clock.steady.saturating_add(PAST_WAIT);
        for text in texts {
            let names = Content::from_bytes(&text.content).map(|content| names_of(&content));
            let mut lacks = self.lacks(text.conversation, &names.unwrap_or_default())?;
            lacks.extend(self.before_it(&text.conversation, &text.author, &text.id));
            self.pasts.wait(text, lacks, until);
        }
        Ok(())
    }

    fn past(&self, conversation: &Account) -> Past {
        if let Some(known) = self.pasts.all.get(conversation) {
            return known.clone();
        }
        let since = match self.group_of(conversation) {
            Some(_) => 0,
            None => self.pasts.born,
        };
        Past::new(*conversation, since)
    }

    fn put_past(&mut self, past: Past) {
        self.ledger.put(Row::Past(past.conversation), &past);
        self.pasts.all.insert(past.conversation, past);
    }

    /// This device has come into a group with the record at a position, or came `back` by it (B5).
    pub(super) fn begin_past(&mut self, group: GroupId, position: u64, back: bool) {
        let mut past = self.past(&Account(group.0));
        past.since = position.saturating_add(1);
        // What was not sent when it was put out nobody will have.
        if !back {
            past.heads.clear();
        }
        self.put_past(past);
    }

    /// B1. What is too long with it names nothing.
    pub(super) fn name_past(&mut self, conversation: &Account, content: &mut Content) {
        if !is_shown(&content.body) {
            return;
        }
        let names = self.past(conversation).heads;
        let mut with = content.clone();
        if name(&mut with, &names).is_ok() && with.to_bytes().is_ok() {
            *content = with;
        }
    }

    /// What a text names and is not here.
    fn lacks(&self, conversation: Account, names: &[Named]) -> Result<BTreeSet<ContentId>, Error> {
        let past = self.past(&conversation);
        let mut lacks = BTreeSet::new();
        for named in names {
            // What waits here itself comes first in any case.
            let waits = self.pasts.here.contains_key(&(conversation, named.id));
            let lacking = waits || past.waits_for(named);
            if lacking && !self.was_shown(&conversation, &named.id)? {
                lacks.insert(named.id);
            }
        }
        Ok(lacks)
    }

    /// What one device says to another comes in its order (I1), whatever it names; in groups it does not. Who waits for
    /// a text is not waited for by it.
    fn before_it(
        &self,
        conversation: &Account,
        author: &DeviceAddress,
        id: &ContentId,
    ) -> Option<ContentId> {
        let is_wanted = self.pasts.wanted.contains_key(&(*conversation, *id));
        if is_wanted || self.group_of(conversation).is_some() {
            return None;
        }
        self.pasts.last_of(conversation, author)
    }

    /// Also what has disappeared.
    fn was_shown(&self, conversation: &Account, id: &ContentId) -> Result<bool, Error> {
        let row = Row::Name(*conversation, *id);
        let number: Option<u64> = self.ledger.get(&row, "name of a message")?;
        Ok(number.is_some())
    }

    /// Whether a text is to be shown now. If not, it waits (B3).
    pub(super) fn is_in_turn(
        &mut self,
        author: DeviceAddress,
        conversation: Account,
        content: &Content,
        bytes: &[u8],
    ) -> Result<bool, Error> {
        // What was written here was written after all that was shown here.
        if author == self.me() || !is_shown(&content.body) {
            return Ok(true);
        }
        let id = content.id;
        if self.pasts.here.contains_key(&(conversation, id)) {
            return Ok(false);
        }
        let mut lacks = self.lacks(conversation, &names_of(content))?;
        lacks.extend(self.before_it(&conversation, &author, &id));
        if lacks.is_empty() || self.was_shown(&conversation, &id)? {
            return Ok(true);
        }
        let number = self.next_number();
        let text = Waits {
            number,
            conversation,
            id,
            author,
            content: bytes.to_vec(),
        };
        self.ledger.put(Row::Waits(number), &text);
        let now = self.clock.steady;
        let wait = match self.group_of(&conversation) {
            Some(_) => PAST_WAIT,
            None => PAST_WAIT_OF_TWO,
        };
        let until = match self.pasts.has_waited {
            true => now,
            false => now.saturating_add(wait),
        };
        self.pasts.wait(text, lacks, until);
        Ok(false)
    }

    /// A text is shown now.
    pub(super) fn note_shown(&mut self, conversation: Account, content: &Content) {
        let id = content.id;
        let at = match self.group_of(&conversation) {
            Some(group) => self.group_position(group),
            None => content.sent_at,
        };
        let mut past = self.past(&conversation);
        past.show(Named { id, at }, &names_of(content));
        self.put_past(past);
        self.pasts.came(conversation, id);
    }

    /// A history brought a text.
    pub(super) fn note_taken(&mut self, conversation: Account, id: ContentId) {
        self.pasts.came(conversation, id);
        if let Some(&number) = self.pasts.here.get(&(conversation, id)) {
            self.pasts.remove(number);
            self.ledger.remove(Row::Waits(number));
        }
    }

    /// Shows what waits no longer, and what has waited long enough (B4).
    pub(super) fn show_waiting(&mut self) -> Result<(), Error> {
        loop {
            let ready = self.pasts.ready.first().copied();
            let due = || self.pasts.due(self.clock.steady);
            let due = || due().map(|number| self.pasts.first_before(number));
            let Some(number) = ready.or_else(due) else {
                return Ok(());
            };
            self.show_now(number)?;
        }
    }

    fn show_now(&mut self, number: u64) -> Result<(), Error> {
        let Some(Waiting { text, lacks, .. }) = self.pasts.remove(number) else {
            return Ok(());
        };
        self.ledger.remove(Row::Waits(number));
        let Waits {
            conversation,
            id,
            author,
            content: bytes,
            ..
        } = text;
        let Ok(content) = Content::from_bytes(&bytes) else {
            return Ok(());
        };
        self.insert(author, conversation, content, bytes)?;
        if !lacks.is_empty() {
            let lacks: Vec<ContentId> = lacks.into_iter().collect();
            let mut past = self.past(&conversation);
            past.mark(id, lacks.clone());
            self.put_past(past);
            self.tell(Event::OutOfTurn {
                conversation,
                id,
                lacks,
            });
        }
        Ok(())
    }

    /// Whether a message is shown although something that its author had read before is missing (B4).
    pub fn is_out_of_turn(&self, conversation: &Account, id: &ContentId) -> bool {
        let past = self.pasts.all.get(conversation);
        past.is_some_and(|past| past.is_marked(id))
    }

    /// Texts that wait for others before them.
    pub fn texts_waiting(&self) -> usize {
        self.pasts.waiting.len()
    }
}
