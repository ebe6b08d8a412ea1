//! Writing to a group.
//!
//! - **S1** A text is encrypted for the present epoch and stored until the relays have confirmed it, so that a
//!   crash between the two loses nothing.
//! - **S2** Offering the same bytes again does no harm: they open once (T3).
//! - **S3** A text that was not confirmed while the group went on more than [`AGE`] epochs, or before the device joined
//!   anew, or before another one came in, is encrypted again: the others may not be able to open the old one any more, and
//!   who came in never could. Its identifier stays, so nobody sees it twice (T4).
//! - **S4** That relays have taken a text says when, in positions of their order. It is done with if its writer has
//!   read that far, wrote for an epoch that the others still keep, and is not in doubt (T5); otherwise it counts
//!   as not confirmed. So a device that writes before it catches up, is overtaken by many commits at once, or
//!   has missed a commit, loses no text.
//! - **S5** A change of this device that waits, or is overtaken, holds up no text and loses none: a text belongs
//!   to its epoch, not to the commit.
//! - **S6** Nothing is sent while a member is not on record (M4).

use crate::{
    Error, GroupId, Records, Standing, Work,
    limits::{MAX_PAST_EPOCHS, MAX_UNSENT},
    member::members,
    state::{Course, State, UNSENT, Unsent, decode},
    wire::Frame,
};
use codec::Encode;
use openmls::group::MlsGroup;
use parlance_e2ee::{Content, content::MessageId};
use parlance_store::{Key, Page};

/// Epochs after which a text is encrypted again (S3): a quarter of what the others keep. Relays take a text up to two records late
/// (rule O4 of BIMP), so the others may be further than its writer when it is taken, and are further when it comes.
const AGE: u64 = MAX_PAST_EPOCHS as u64 / 4;

impl<R: Records> Work<'_, '_, R> {
    /// Encrypts a content for the group: what the relays are asked to hand to all members, after the work is
    /// committed. It is kept until [`confirmed`](Self::confirmed).
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySent`] if a text of that identifier waits: identifiers are drawn anew for each text.
    pub fn send(&mut self, group: GroupId, content: &Content) -> Result<Vec<u8>, Error> {
        let mut state = self.following(group)?;
        let waiting = state.unsent as usize;
        if waiting >= MAX_UNSENT {
            return Err(Error::TooMany {
                what: "the list of texts that wait for the relays",
                length: waiting,
                limit: MAX_UNSENT,
            });
        }
        let key = Key::of(group.0).part(content.id);
        if self.transaction().get(UNSENT, &key)?.is_some() {
            return Err(Error::AlreadySent);
        }
        let frame = Frame::Content(Box::new(content.clone())).encode()?;
        let (epoch, message) = self.encrypt(group, &frame)?;
        let unsent = Unsent {
            number: state.next_number(),
            joined: state.joined,
            epoch,
            frame,
            message,
        };
        self.put_unsent(group, &content.id, &unsent)?;
        state.unsent += 1;
        state.write(&self.rows, group)?;
        Ok(unsent.message)
    }

    /// The relays have taken a text, when the next position of their order was `position`. Whether it is done
    /// with; if not, read the order and offer what [`unsent`](Self::unsent) gives (S4).
    pub fn confirmed(
        &mut self,
        group: GroupId,
        message: &MessageId,
        position: u64,
    ) -> Result<bool, Error> {
        let key = Key::of(group.0).part(message);
        let mut state = State::read(&self.rows, group)?;
        let Some(row) = self.transaction().get(UNSENT, &key)? else {
            return Ok(true);
        };
        if state.course != Course::Following || position > state.position {
            return Ok(false);
        }
        let (present, alone) = self.with(group, |mls, _| {
            Ok((mls.epoch().as_u64(), mls.members().nth(1).is_none()))
        })?;
        // Who is alone has nobody to ask, and nobody to miss the text.
        let sure = state.doubt.is_none() || alone;
        if !sure || is_old(&decode(&row)?, &state, present) {
            return Ok(false);
        }
        self.transaction().remove(UNSENT, &key)?;
        state.unsent = state.unsent.saturating_sub(1);
        state.write(&self.rows, group)?;
        Ok(true)
    }

    /// Texts that the relays have not confirmed, in the order in which they were written, encrypted so that
    /// all members can open them.
    pub fn unsent(&mut self, group: GroupId) -> Result<Vec<(MessageId, Vec<u8>)>, Error> {
        let state = self.following(group)?;
        let present = self.with(group, |mls, _| Ok(mls.epoch().as_u64()))?;
        let mut texts = Vec::new();
        for (id, mut unsent) in self.unsent_rows(group)? {
            if is_old(&unsent, &state, present) {
                (unsent.epoch, unsent.message) = self.encrypt(group, &unsent.frame)?;
                unsent.joined = state.joined;
                self.put_unsent(group, &id, &unsent)?;
            }
            texts.push((unsent.number, id, unsent.message));
        }
        texts.sort_unstable_by_key(|(number, _, _)| *number);
        let texts = texts.into_iter();
        Ok(texts.map(|(_, id, message)| (id, message)).collect())
    }

    /// Says that this device wishes to leave; a member removes it. Until then it is in the group.
    pub fn leave(&mut self, group: GroupId) -> Result<Vec<u8>, Error> {
        self.following(group)?;
        let frame = Frame::LeaveWish.encode()?;
        self.with(group, |mls, context| encrypt(mls, context, &frame))
    }

    fn encrypt(&mut self, group: GroupId, frame: &[u8]) -> Result<(u64, Vec<u8>), Error> {
        self.with(group, |mls, context| {
            for member in members(mls, context.records)? {
                if member.standing == Standing::NotOnRecord {
                    return Err(Error::NotOnRecord(member.device));
                }
            }
            Ok((mls.epoch().as_u64(), encrypt(mls, context, frame)?))
        })
    }

    fn unsent_rows(&self, group: GroupId) -> Result<Vec<(MessageId, Unsent)>, Error> {
        let page = Page::first(MAX_UNSENT);
        let rows = self.transaction().scan(UNSENT, &Key::of(group.0), &page)?;
        let read = |(key, row): parlance_store::Row| {
            let id = key.bytes_at(1).and_then(|id| id.try_into().ok());
            let id = id.ok_or_else(|| Error::State("a text without identifier".into()))?;
            Ok((id, decode(&row)?))
        };
        rows.into_iter().map(read).collect()
    }

    fn put_unsent(&self, group: GroupId, id: &MessageId, unsent: &Unsent) -> Result<(), Error> {
        let key = Key::of(group.0).part(id);
        Ok(self.transaction().put(UNSENT, &key, &unsent.encode())?)
    }
}

/// Whether some of the others may not be able to open a text any more (S3).
fn is_old(unsent: &Unsent, state: &State, present: u64) -> bool {
    unsent.joined != state.joined
        || unsent.epoch < state.grown
        || unsent.epoch.saturating_add(AGE) < present
}

fn encrypt<R>(
    mls: &mut MlsGroup,
    context: &crate::work::Context<'_, '_, R>,
    frame: &[u8],
) -> Result<Vec<u8>, Error> {
    mls.create_message(context, context.own, frame)
        .map_err(Error::library("encrypt a message"))?
        .to_bytes()
        .map_err(Error::library("encode a message"))
}
