//! Messages that are ahead of their commits.
//!
//! Who writes them shows only when they open, so anybody who can write to the mailbox can fill the room for them:
//! it is small, each epoch has its own, and what is kept is not put out by what comes later. What finds no room
//! is not lost, since it stays in the mailbox and is read after the commit (T7).

use crate::{
    Error, Event, GroupId, Records, Work,
    limits::{MAX_AHEAD, MAX_EARLY, MAX_EARLY_BYTES, MAX_MESSAGE},
    state::{EARLY, Early, State, hash},
    wire::protocol_message,
};
use parlance_store::{Key, Page};

impl<R: Records> Work<'_, '_, R> {
    /// Keeps a message of a later epoch (T2).
    pub(crate) fn keep_early(
        &mut self,
        group: GroupId,
        state: &mut State,
        (epoch, present): (u64, u64),
        bytes: &[u8],
    ) -> Result<(), Error> {
        let key = key_of(group, epoch).part(hash(bytes));
        if self.transaction().get(EARLY, &key)?.is_some() {
            return Ok(());
        }
        if !make_room(&mut state.early, epoch, present, bytes.len()) {
            return Err(Error::TooEarly(group));
        }
        self.transaction().put(EARLY, &key, bytes)?;
        state.write(&self.rows, group)
    }

    /// Reads the messages that waited for this epoch, and drops what is too far ahead after joining anew.
    pub(crate) fn read_early(
        &mut self,
        group: GroupId,
        state: &mut State,
    ) -> Result<Vec<Event>, Error> {
        if state.early.is_empty() {
            return Ok(Vec::new());
        }
        let present = self.with(group, |mls, _| Ok(mls.epoch().as_u64()))?;
        let due = |early: &Early| early.epoch <= present || is_far(early.epoch, present);
        let mut due: Vec<_> = state.early.extract_if(.., |early| due(early)).collect();
        due.sort_unstable_by_key(|early| early.epoch);
        let mut events = Vec::new();
        for early in due {
            let prefix = key_of(group, early.epoch);
            let waiting = self
                .transaction()
                .scan(EARLY, &prefix, &Page::first(MAX_EARLY))?;
            self.transaction().remove_all(EARLY, &prefix)?;
            if early.epoch > present {
                continue;
            }
            for (_, bytes) in waiting {
                let message = protocol_message(&bytes, MAX_MESSAGE, "message")?;
                match self.open(group, state, message) {
                    Ok(opened) => events.extend(opened),
                    Err(error) if error.is_of_the_database() => return Err(error),
                    // Somebody put bytes there that never open.
                    Err(_) => {}
                }
            }
        }
        Ok(events)
    }
}

fn key_of(group: GroupId, epoch: u64) -> Key {
    Key::of(group.0).part(epoch.to_be_bytes())
}

fn is_far(epoch: u64, present: u64) -> bool {
    epoch.saturating_sub(present) > MAX_AHEAD
}

/// Counts a message in, if its epoch has room for it.
fn make_room(waiting: &mut Vec<Early>, epoch: u64, present: u64, length: usize) -> bool {
    if is_far(epoch, present) {
        return false;
    }
    let Some(place) = waiting.iter().position(|early| early.epoch == epoch) else {
        // After joining anew there may be rows of epochs that are far now; they go with the next commit.
        let room = waiting.len() < MAX_AHEAD as usize && length <= MAX_EARLY_BYTES;
        if room {
            waiting.push(Early {
                epoch,
                messages: 1,
                bytes: length as u32,
            });
        }
        return room;
    };
    let early = &mut waiting[place];
    let bytes = (early.bytes as usize).saturating_add(length);
    if early.messages as usize >= MAX_EARLY || bytes > MAX_EARLY_BYTES {
        return false;
    }
    early.messages += 1;
    early.bytes = bytes as u32;
    true
}
