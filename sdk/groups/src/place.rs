//! Where members stand, and which of two gives way if that is not the same place.
//!
//! - **P1** A *place* is what a member knows of its own: how far it has read the order, its epoch, since which
//!   position it is in doubt (T5), and the epoch's authenticator (RFC 9420 §8.7), which is the same for all who
//!   have the same group in that epoch and which nobody else knows.
//! - **P2** Members tell each other their places through their sessions of parlance-e2ee: whoever is in doubt asks
//!   one member, better two of different accounts; everybody may ask at any time, which is how two orders show.
//!   Whoever is asked reads its order first, and compares.
//! - **P3** The same epoch and authenticator: both are in the same group. Whoever is in doubt is in doubt no
//!   longer, if the other has read as far.
//! - **P4** The same epoch with another authenticator, or a lower epoch of the one who has read as far or further:
//!   they are in different groups, and one joins again with information of the other (R2): who has been in doubt
//!   for longer, and whoever waits for its joining before all others; of two alike, who has the lower epoch; of
//!   two in one epoch, who has the greater authenticator. That is an order of all places, so the group
//!   comes together again.
//! - **P5** Otherwise the one who has read less reads on, and they compare again. Whose order ends before it gets
//!   there has been shown another order, or was told a lie, and asks somebody else.
//! - **P6** A place is the word of whoever told it, and moves nobody by itself. A member can so tempt another one
//!   into a group of its own, as it can by group information; it cannot end the group for the others.

use crate::{
    Error, Event, GroupId, Records, Work,
    limits::VERSION,
    state::{Course, State},
};
use codec::{Decode, DecodeAll, Encode};
use std::cmp::{Ordering, Reverse};

/// Where a member stands (P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// Position of the handshake that it reads next.
    pub position: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The handshake since which it is in doubt; 0 as long as it waits for its joining.
    pub doubt: Option<u64>,
    /// The epoch's authenticator.
    pub authenticator: [u8; 32],
}

/// What two places mean for the one who compares (P3-P5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Both are in the same group.
    Same,
    /// This device is in another group and gives way: ask for group information and join again with it.
    JoinAgain,
    /// The other is in another group and gives way: give it group information.
    Inform,
    /// This device has read less than the other: read the order on, and compare then.
    ReadOn,
    /// The other has read less than this device: let it read on, and compare then.
    Wait,
}

impl Place {
    /// The encoding: version, then SCALE.
    pub fn to_bytes(&self) -> Vec<u8> {
        (VERSION, self).encode()
    }

    /// Decodes a place that somebody told.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let what = "place in a group";
        match bytes.split_first() {
            Some((&VERSION, mut rest)) => {
                Self::decode_all(&mut rest).map_err(|_| Error::Malformed { what })
            }
            Some((&found, _)) => Err(Error::UnsupportedVersion { what, found }),
            None => Err(Error::Malformed { what }),
        }
    }

    /// What `other` means for the one who is here.
    pub fn compare(&self, other: &Self) -> Comparison {
        let further = self.position.cmp(&other.position);
        let same = self.authenticator == other.authenticator;
        match (self.epoch.cmp(&other.epoch), further) {
            (Ordering::Equal, Ordering::Greater) if same && self.doubt.is_some() => {
                Comparison::Wait
            }
            (Ordering::Equal, _) if same => Comparison::Same,
            (Ordering::Less, Ordering::Less) => Comparison::ReadOn,
            (Ordering::Greater, Ordering::Greater) => Comparison::Wait,
            _ if self.weight() < other.weight() => Comparison::JoinAgain,
            _ => Comparison::Inform,
        }
    }

    /// Of two places in different groups the one of less weight gives way (P4).
    fn weight(&self) -> (u64, u64, Reverse<[u8; 32]>) {
        let sure_until = self.doubt.unwrap_or(u64::MAX);
        (sure_until, self.epoch, Reverse(self.authenticator))
    }
}

impl<R: Records> Work<'_, '_, R> {
    /// Where this device stands in a group, to be told to another member (P2).
    pub fn place(&mut self, group: GroupId) -> Result<Place, Error> {
        let state = self.standing(group)?;
        self.place_of(group, &state)
    }

    /// What the place of another member means for this device (P3-P5), which is in doubt no longer if it is the
    /// same. Then also what waited for that.
    pub fn compare(
        &mut self,
        group: GroupId,
        other: &Place,
    ) -> Result<(Comparison, Vec<Event>), Error> {
        let mut state = self.standing(group)?;
        let comparison = self.place_of(group, &state)?.compare(other);
        let mut events = Vec::new();
        if comparison == Comparison::Same && state.doubt.is_some() {
            events = self.end_doubt(group, &mut state)?;
            state.write(&self.rows, group)?;
        }
        Ok((comparison, events))
    }

    fn place_of(&mut self, group: GroupId, state: &State) -> Result<Place, Error> {
        let (epoch, authenticator) = self.epoch(group)?;
        let authenticator = authenticator.try_into();
        Ok(Place {
            position: state.position,
            epoch,
            doubt: match state.course {
                Course::Joining { .. } => Some(0),
                _ => state.doubt.map(|doubt| doubt.since),
            },
            authenticator: authenticator
                .map_err(|_| Error::State("an authenticator of another length".into()))?,
        })
    }

    /// The state of a group that this device is in, for all that it knows.
    fn standing(&mut self, group: GroupId) -> Result<State, Error> {
        let state = State::read(&self.rows, group)?;
        match state.course {
            Course::Joining { placed: true, .. } => Ok(state),
            _ => self.following(group),
        }
    }

    /// Another member has shown that it is where this device is (T5, R5).
    pub(crate) fn end_doubt(
        &mut self,
        group: GroupId,
        state: &mut State,
    ) -> Result<Vec<Event>, Error> {
        state.doubt = None;
        let Course::Joining { placed: true, .. } = state.course else {
            return Ok(Vec::new());
        };
        state.course = Course::Following;
        let mut events = vec![Event::Rejoined];
        events.extend(self.read_early(group, state)?);
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(position: u64, epoch: u64, doubt: Option<u64>, authenticator: u8) -> Place {
        Place {
            position,
            epoch,
            doubt,
            authenticator: [authenticator; 32],
        }
    }

    fn all() -> Vec<Place> {
        let mut places = Vec::new();
        for position in 0..3 {
            for epoch in 0..3 {
                for doubt in [None, Some(0), Some(1)] {
                    places.extend([1, 2].map(|last| place(position, epoch, doubt, last)));
                }
            }
        }
        places
    }

    #[test]
    fn two_who_compare_come_to_conclusions_that_fit() {
        for one in all() {
            for other in all() {
                let fits = match (one.compare(&other), other.compare(&one)) {
                    (Comparison::JoinAgain, Comparison::Inform)
                    | (Comparison::Inform, Comparison::JoinAgain) => {
                        (one.epoch, one.authenticator) != (other.epoch, other.authenticator)
                    }
                    (Comparison::ReadOn, Comparison::Wait) => one.position < other.position,
                    (Comparison::Wait, Comparison::ReadOn) => one.position > other.position,
                    (Comparison::Same, Comparison::Same) => true,
                    // In doubt over a handshake that the other has not read.
                    (Comparison::Wait, Comparison::Same) => {
                        one.doubt.is_some() && one.position > other.position
                    }
                    (Comparison::Same, Comparison::Wait) => {
                        other.doubt.is_some() && one.position < other.position
                    }
                    _ => false,
                };
                assert!(fits, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn who_gives_way() {
        let here = place(5, 3, Some(4), 1);
        let cases = [
            (place(5, 3, None, 1), Comparison::Same),
            (place(5, 4, None, 2), Comparison::JoinAgain),
            (place(5, 2, None, 2), Comparison::JoinAgain),
            (place(5, 4, Some(4), 2), Comparison::JoinAgain),
            (place(5, 4, Some(3), 2), Comparison::Inform),
            (place(5, 3, Some(4), 2), Comparison::Inform),
            (place(5, 3, Some(4), 0), Comparison::JoinAgain),
            (place(6, 4, None, 2), Comparison::ReadOn),
            (place(4, 2, None, 2), Comparison::Wait),
            (place(4, 3, None, 1), Comparison::Wait),
        ];
        for (other, expected) in cases {
            assert_eq!(here.compare(&other), expected, "{other:?}");
        }
    }

    #[test]
    fn a_place_survives_its_encoding_and_nothing_else_decodes() {
        for place in all() {
            let bytes = place.to_bytes();
            assert_eq!(Place::from_bytes(&bytes).unwrap(), place);
            for length in 0..bytes.len() {
                assert!(matches!(
                    Place::from_bytes(&bytes[..length]),
                    Err(Error::Malformed { .. })
                ));
            }
            assert!(Place::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
            assert!(matches!(
                Place::from_bytes(&[&[9], &bytes[1..]].concat()),
                Err(Error::UnsupportedVersion { found: 9, .. })
            ));
        }
    }
}
