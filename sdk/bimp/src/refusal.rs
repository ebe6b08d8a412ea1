//! Why a request was refused, on the wire.
//!
//! - **E1** A refusal holds the number of the reason (2 bytes), after how many milliseconds asking again may help (4
//!   bytes, 0: it will not, or nobody knows) and a limit that belongs to the reason (8 bytes, 0: none). Numbers
//!   that a reader does not know stay what they are ([`Reason::Other`]).
//! - **E2** *What a stranger learns.* The answer to somebody who does not own a mailbox follows from the routing
//!   table, which is public, from what the asker itself has sent, and from the room that is left. It never
//!   depends on whether an account has the mailbox, whether anybody ever subscribed to it, or whether
//!   prekeys or presence were never published or have run out. Mailboxes that nobody owns take
//!   messages, fill and expire as any other. Nor does it depend on whether a group exists: who shows no membership is
//!   [`Reason::NotAllowed`] after the same work.
//! - **E3** A request about a mailbox of somebody else is [`Reason::NotAllowed`], and is refused before the mailbox is
//!   looked up.
//! - **E4** *No room* does not say whether the sender's share of a mailbox is used up or the mailbox is full.

use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $number:literal $name:ident $text:literal)*) => {
        /// What a refusal is about (E1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// One that this version does not know.
            Other(u16),
        }

        impl Reason {
            /// Those that this version knows.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number on the wire.
            pub fn code(self) -> u16 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Other(code) => code,
                }
            }

            /// The reason with this number.
            pub fn from_code(code: u16) -> Self {
                match code {
                    $($number => Self::$name,)*
                    code => Self::Other(code),
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(_) => "a reason that this version does not know: update this application",
                }
            }
        }
    };
}

reasons! {
    /// The connection has not shown who it is.
    1 NotAuthenticated "this connection is nobody's: authenticate first"
    /// Not the asker's to do, whether the thing exists or not (E3).
    2 NotAllowed "only the owner, or a relay, may do this: check mailbox, mailbox epoch and role"
    /// The signature, the device or the relay is not what the chain has on record.
    3 BadCredentials "signature and record do not agree: read the identity record, and sign for this connection"
    /// The body cannot be read.
    4 Malformed "the request cannot be read: this application or the relay is broken, update it"
    /// An operation of a later version.
    5 NotSpoken "the relay does not know this operation: do without it, or ask another relay"
    /// The mailbox lies on other relays, and, of a message, there is no ticket for passing it on.
    6 NotResponsible "the mailbox lies on other relays: read the list of relays again and choose from its set"
    /// E4.
    7 NoRoom "no room for this message: send less to this mailbox, or try again later"
    /// The sender's allowance.
    8 AllowanceUsedUp "this period's allowance is used up: wait for the next period, or buy more"
    /// Too many requests at a time.
    9 TooFast "too many requests: wait and send fewer at a time"
    /// Fewer relays than the quorum have the message.
    10 NoQuorum "too few relays have the message: send the same again, to another relay of the set"
    /// The relay's disk.
    11 DiskFull "the relay cannot store anything now: send the same to another relay of the set"
    /// Not an envelope, or in no size class.
    12 BadMessage "this is no envelope in a size class: seal it again"
    /// The ticket does not pay for the message.
    13 BadTicket "the ticket does not cover this message, period or relay: sign a new one"
    /// The time is past, or too far ahead.
    14 BadTime "the time lies in the past or too far ahead: check the clock"
    /// The relay goes away.
    15 Stopping "the relay stops: connect to another one of the set"
    /// A fault of the relay.
    16 Internal "the relay failed: send the same to another relay of the set"
    /// Another change has the position; the limit is the one that is free.
    17 Overtaken "another change came first: read the group's order, and offer anew what is still wanted"
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A refused request (E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused ({}): {reason}", .reason.code())]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// After how many milliseconds asking again may help; 0 if unknown or never.
    pub retry_after: u32,
    /// The limit that was met, in the unit of the reason; 0 if there is none.
    pub limit: u64,
}

impl Refusal {
    /// A refusal that time does not mend.
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            retry_after: 0,
            limit: 0,
        }
    }

    /// A refusal that may not last: after so many milliseconds.
    pub fn after(reason: Reason, retry_after: u32) -> Self {
        Self {
            retry_after,
            ..Self::new(reason)
        }
    }
}

impl Encode for Refusal {
    fn size_hint(&self) -> usize {
        14
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        (self.reason.code(), self.retry_after, self.limit).encode_to(dest);
    }
}

impl Decode for Refusal {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (code, retry_after, limit) = <(u16, u32, u64)>::decode(input)?;
        Ok(Self {
            reason: Reason::from_code(code),
            retry_after,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, string::ToString};

    #[test]
    fn numbers_are_unique_and_survive_even_if_they_are_unknown() {
        let codes: BTreeSet<u16> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL.iter().copied().chain([Reason::Other(999)]) {
            let refusal = Refusal::after(reason, 5);
            assert_eq!(Refusal::decode(&mut &refusal.encode()[..]), Ok(refusal));
        }
    }

    #[test]
    fn every_text_names_cause_and_remedy() {
        for reason in Reason::ALL {
            let text = Refusal::new(*reason).to_string();
            assert!(text.matches(": ").count() >= 2, "{text}");
        }
    }
}
