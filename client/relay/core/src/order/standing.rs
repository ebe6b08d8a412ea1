//! What a group is at a position, and what a record makes of it.

use codec::{Decode, Encode};
use ed25519_dalek::{Signature, VerifyingKey};
use parlance_bimp::{
    GroupBase, GroupChange, GroupId, GroupRecord, Mailbox, Offered, RelayId,
    bounded::List,
    limits::{MAX_MEMBERS, MAX_PART},
};
use std::collections::BTreeSet;

/// A group at a position: everything that the records before it have left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Standing {
    /// The position that comes next.
    pub position: u64,
    /// The access key, and the position of the record that named it.
    pub key: ([u8; 32], u64),
    /// When the handshake of the record before is thrown away, milliseconds since 1970.
    pub until: u64,
    /// The relays that decide on the position (P1). None before the group is made.
    pub relays: Vec<RelayId>,
    /// Mailboxes of the members, rising.
    pub mailboxes: Vec<Mailbox>,
}

/// Why a record cannot stand at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nobody could decide on the next position.
    #[error("the record names no relays, or one twice: name the set of the group's place")]
    Relays,
    /// Position 0 makes the group.
    #[error("the first record has no change: it must name the group's first key")]
    Empty,
    /// Size and parts do not agree.
    #[error("the handshake's size and its parts do not agree: cut it into parts of 64 KiB")]
    Parts,
    /// No member signed it.
    #[error("the signature is not by the key of the record before: read the order, and sign anew")]
    Signature,
    /// Nobody may have the key that comes.
    #[error("the key that the record names has not signed it: sign it with that key, too")]
    Possession,
    /// Too many mailboxes.
    #[error("the group would have more members than a group may have: take some out first")]
    Members,
}

/// A key that is nobody's: its seed is known, and whatever is checked against it is refused.
const NOBODY: [u8; 32] = [
    0xea, 0x4a, 0x6c, 0x63, 0xe2, 0x9c, 0x52, 0x0a, 0xbe, 0xf5, 0x50, 0x7b, 0x13, 0x2e, 0xc5, 0xf9,
    0x95, 0x47, 0x76, 0xae, 0xbe, 0xbe, 0x7b, 0x92, 0x42, 0x1e, 0xea, 0x69, 0x14, 0x46, 0xd2, 0x2c,
];

/// Whether `key` has signed. No key, and one that is no point, take as long as any other, so that how long a refusal takes
/// does not say whether there is a group.
pub fn is_signed(key: Option<&[u8; 32]>, statement: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    let holds = |key: VerifyingKey| key.verify_strict(statement, &signature).is_ok();
    match key.map(VerifyingKey::from_bytes) {
        Some(Ok(key)) => holds(key),
        _ => {
            let nobody = VerifyingKey::from_bytes(&NOBODY);
            std::hint::black_box(nobody.is_ok_and(holds));
            false
        }
    }
}

/// Whether somebody has the key that a change by `signer` names, if that is another one.
pub fn names_own_key(group: &GroupId, position: u64, signer: &[u8; 32], offered: &Offered) -> bool {
    let change = &offered.change;
    let statement = change.possession(group, position);
    change.key == *signer || is_signed(Some(&change.key), &statement, &offered.possession)
}

impl Standing {
    /// The number of parts of a handshake.
    fn parts(size: u32) -> usize {
        (size as usize).div_ceil(MAX_PART)
    }

    /// The mailboxes after a change, rising.
    fn mailboxes_after(&self, change: &GroupChange) -> Vec<Mailbox> {
        let mut after: BTreeSet<Mailbox> = self.mailboxes.iter().copied().collect();
        for mailbox in change.left.as_slice() {
            after.remove(mailbox);
        }
        after.extend(change.joined.as_slice());
        after.into_iter().collect()
    }

    /// The key that must have signed a change at this position.
    pub fn signer(&self, change: &GroupChange) -> [u8; 32] {
        match self.position {
            0 => change.key,
            _ => self.key.0,
        }
    }

    /// Whether a record may stand here (P2), apart from the bytes of its handshake.
    pub fn check(&self, group: &GroupId, record: &GroupRecord) -> Result<(), Unfit> {
        let relays = record.relays.as_slice();
        let distinct: BTreeSet<&RelayId> = relays.iter().collect();
        if relays.is_empty() || distinct.len() != relays.len() {
            return Err(Unfit::Relays);
        }
        let Some(offered) = &record.offered else {
            return match self.position {
                0 => Err(Unfit::Empty),
                _ => Ok(()),
            };
        };
        let change = &offered.change;
        self.check_change(change)?;
        let statement = change.statement(group, self.position);
        let signer = self.signer(change);
        if !is_signed(Some(&signer), &statement, &offered.signature) {
            return Err(Unfit::Signature);
        }
        match names_own_key(group, self.position, &signer, offered) {
            true => Ok(()),
            false => Err(Unfit::Possession),
        }
    }

    /// Whether a change is one, whoever signed it.
    pub fn check_change(&self, change: &GroupChange) -> Result<(), Unfit> {
        if change.parts.as_slice().len() != Self::parts(change.size) {
            return Err(Unfit::Parts);
        }
        if self.mailboxes_after(change).len() > MAX_MEMBERS {
            return Err(Unfit::Members);
        }
        Ok(())
    }

    /// The group behind a record that stands here.
    pub fn apply(&mut self, record: &GroupRecord) {
        if let Some(offered) = &record.offered {
            let change = &offered.change;
            if !change.joined.as_slice().is_empty() || !change.left.as_slice().is_empty() {
                self.mailboxes = self.mailboxes_after(change);
            }
            if self.position == 0 || offered.change.key != self.key.0 {
                self.key = (offered.change.key, self.position);
            }
        }
        self.until = record.expires;
        self.relays = record.relays.as_slice().to_vec();
        self.position = self.position.saturating_add(1);
    }

    /// As it is sent. Its lists are bounded by what made them.
    pub fn to_base(&self) -> GroupBase {
        GroupBase {
            position: self.position,
            key: self.key,
            until: self.until,
            relays: List::new(self.relays.clone()).unwrap_or_default(),
            mailboxes: List::new(self.mailboxes.clone()).unwrap_or_default(),
        }
    }

    /// As it came; none if it cannot be one.
    pub fn of_base(base: &GroupBase) -> Option<Self> {
        let relays = base.relays.as_slice().to_vec();
        let distinct: BTreeSet<&RelayId> = relays.iter().collect();
        let mailboxes: BTreeSet<Mailbox> = base.mailboxes.as_slice().iter().copied().collect();
        let known = !relays.is_empty() && distinct.len() == relays.len();
        let is_one = base.position > 0 && base.key.1 < base.position && known;
        is_one.then(|| Self {
            position: base.position,
            key: base.key,
            until: base.until,
            relays,
            mailboxes: mailboxes.into_iter().collect(),
        })
    }
}
