//! Prekeys: the own ones on the own relays, and those of others.
//!
//! - **K1** On each relay of the own set lie the signed prekey and one-time prekeys of its own, [`PREKEYS_PER_RELAY`] of them; no prekey is
//!   put on two relays, or twice on one. Each relay is asked every [`PREKEY_CHECK`](crate::limits::PREKEY_CHECK) how many are left, and gets
//!   more below [`PREKEYS_LOW`]. Private halves are on disk before public ones leave. The first time
//!   that a relay is given any, what lay there before is thrown away.
//! - **K2** The signed prekey is replaced after [`ROTATION`](crate::limits::ROTATION), or when its replay log fills.
//! - **K3** For a device without a session its relays are asked one after the other. The first bundle with a one-time prekey is taken; one
//!   without only when no relay has any, and then the user is told ([`Event::LastResort`](crate::Event::LastResort)).
//! - **K4** A bundle that is not by the device, or is older than one seen before, is not used; the user is told who gave it
//!   out, and the next relay is asked.

use crate::limits::{PREKEYS_LOW, PREKEYS_PER_RELAY};
use codec::{Decode, Encode};
use parlance_bimp::RelayId;

/// What lies on a relay (K1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Published {
    /// The relay.
    pub relay: RelayId,
    /// When the signed prekey there was made.
    pub created: u64,
    /// When the relay was asked last, milliseconds since 1970.
    pub checked: u64,
}

/// Prekeys that are fetched (K3).
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetch {
    /// The session broke and is begun anew (I4).
    pub renews: bool,
    pub ask: Option<u64>,
    pub asked: u64,
    /// Relays tried in this round.
    pub tried: usize,
    pub attempts: usize,
    pub rest_until: u64,
    /// A bundle without a one-time prekey.
    pub fallback: Option<(RelayId, Vec<u8>)>,
    /// The user knows that there are none.
    pub told: bool,
}

/// How many more a relay gets when so many are left (K1).
pub(crate) fn more(left: u32) -> usize {
    match left < PREKEYS_LOW {
        true => usize::try_from(PREKEYS_PER_RELAY.saturating_sub(left)).unwrap_or(0),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_has_enough_gets_none() {
        assert_eq!(more(0), 40);
        assert_eq!(more(14), 26);
        assert_eq!(more(15), 0);
        assert_eq!(more(u32::MAX), 0);
    }
}
