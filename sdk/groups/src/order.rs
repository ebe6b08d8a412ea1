//! The seam to the group's relays: who decides which handshake comes first.

use crate::{Error, Event, GroupId, Records, Work, limits::MAX_PAST_EPOCHS};

/// Handshakes that are read at once.
const PAGE: usize = 64;

/// The order that a group's relays keep of its handshakes (O1).
///
/// What is required of an implementation: all members read the same handshake at the same position; a position
/// that was read once stays; a handshake that was offered gets a position at most once per offer, or none. It
/// may lose, delay and repeat offers. It need not understand them: members pass over what is not valid.
pub trait HandshakeOrder {
    /// Why the relays could not be asked.
    type Error: std::fmt::Display;

    /// Asks for a place behind all others. That it returns does not mean that there is one: reading shows it.
    fn offer(&mut self, group: GroupId, handshake: &[u8]) -> Result<(), Self::Error>;

    /// The handshakes at `from` and behind, without a gap, at most `limit` of them; none if there are none yet.
    fn read(
        &mut self,
        group: GroupId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, Self::Error>;
}

/// What catching up gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What was read.
    pub events: Vec<Event>,
    /// A commit to be offered to the relays, *after the work is committed*: a commit that is accepted and that
    /// its device does not know any more leaves it behind (T5).
    pub offer: Option<Vec<u8>>,
    /// Whether to read the mailbox and then on: so many epochs have begun that messages which are ahead of this
    /// device now may go out of reach (T7).
    pub more: bool,
}

impl<R: Records> Work<'_, '_, R> {
    /// Reads what the relays have ordered, up to [`MAX_PAST_EPOCHS`] new epochs, and says what to offer to them:
    /// the one loop that a client runs per group. Nothing that was in the mailbox before goes out of reach by it.
    pub fn catch_up<O: HandshakeOrder>(
        &mut self,
        group: GroupId,
        order: &mut O,
    ) -> Result<Progress, Error> {
        let (mut events, mut begun) = (Vec::new(), 0);
        loop {
            let position = self.position(group)?;
            let read = order.read(group, position, PAGE);
            let handshakes = read.map_err(|error| Error::Order(error.to_string()))?;
            if handshakes.is_empty() {
                break;
            }
            for (position, handshake) in (position..).zip(&handshakes) {
                let read = self.handshake(group, position, handshake)?;
                let changed = |event: &&Event| matches!(event, Event::Changed { .. });
                begun += read.iter().filter(changed).count();
                events.extend(read);
                if begun >= MAX_PAST_EPOCHS {
                    return Ok(Progress {
                        events,
                        offer: None,
                        more: true,
                    });
                }
            }
        }
        Ok(Progress {
            events,
            offer: self.offer(group)?,
            more: false,
        })
    }
}
