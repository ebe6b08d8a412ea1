//! How things lie in the columns (rule B4 of the core). Keys are fixed in length and ordered as bytes, so that a mailbox's
//! entries, and a device's one-time prekeys, stand side by side.

use parlance_bimp::{Account, Key, Mailbox, MessageId, PreKeyUse};
use parlance_relay_core::PreKeyOwner;

const NAME: usize = 32;
/// Account, device, use.
const OWNER: usize = NAME + 4 + 1;

/// Mailbox, then message.
pub fn of_entry(key: &Key) -> [u8; 2 * NAME] {
    let mut bytes = [0; 2 * NAME];
    let (mailbox, id) = bytes.split_at_mut(NAME);
    mailbox.copy_from_slice(&key.mailbox.0);
    id.copy_from_slice(&key.id.0);
    bytes
}

/// The key of an entry, if it is one.
pub fn to_entry(bytes: &[u8]) -> Option<Key> {
    let (mailbox, id) = bytes.split_first_chunk::<NAME>()?;
    Some(Key {
        mailbox: Mailbox(*mailbox),
        id: MessageId(id.try_into().ok()?),
    })
}

/// Account, device (big-endian), use.
pub fn of_owner(owner: &PreKeyOwner) -> [u8; OWNER] {
    let mut bytes = [0; OWNER];
    let (account, rest) = bytes.split_at_mut(NAME);
    let (device, usage) = rest.split_at_mut(4);
    account.copy_from_slice(&owner.account.0);
    device.copy_from_slice(&owner.device.to_be_bytes());
    usage.fill(match owner.usage {
        PreKeyUse::Pairwise => 0,
        PreKeyUse::Group => 1,
    });
    bytes
}

/// Whose prekeys, if the key says so.
pub fn to_owner(bytes: &[u8]) -> Option<PreKeyOwner> {
    let (account, rest) = bytes.split_first_chunk::<NAME>()?;
    let (device, usage) = rest.split_first_chunk::<4>()?;
    Some(PreKeyOwner {
        account: Account(*account),
        device: u32::from_be_bytes(*device),
        usage: match usage {
            [0] => PreKeyUse::Pairwise,
            [1] => PreKeyUse::Group,
            _ => return None,
        },
    })
}

/// The owner, then the number (big-endian), so that the oldest stands first.
pub fn of_prekey(owner: &PreKeyOwner, number: u64) -> [u8; OWNER + 8] {
    let mut bytes = [0; OWNER + 8];
    let (whose, which) = bytes.split_at_mut(OWNER);
    whose.copy_from_slice(&of_owner(owner));
    which.copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Whose one-time prekey, and its number.
pub fn to_prekey(bytes: &[u8]) -> Option<(PreKeyOwner, u64)> {
    let (owner, number) = bytes.split_at_checked(OWNER)?;
    Some((
        to_owner(owner)?,
        u64::from_be_bytes(number.try_into().ok()?),
    ))
}

/// The first key behind all that begin with `prefix`; none if there is none.
pub fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if let Some(more) = last.checked_add(1) {
            next.push(more);
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_come_back_and_keep_their_order(
            a in (any::<[u8; 32]>(), any::<u32>(), any::<bool>(), any::<u64>()),
            b in (any::<[u8; 32]>(), any::<u32>(), any::<bool>(), any::<u64>()),
        ) {
            let owner = |(account, device, group, number): ([u8; 32], u32, bool, u64)| {
                let usage = if group { PreKeyUse::Group } else { PreKeyUse::Pairwise };
                (PreKeyOwner { account: Account(account), device, usage }, number)
            };
            let (a, b) = (owner(a), owner(b));
            prop_assert_eq!(to_prekey(&of_prekey(&a.0, a.1)), Some(a));
            prop_assert_eq!(to_owner(&of_owner(&a.0)), Some(a.0));
            prop_assert_eq!(of_prekey(&a.0, a.1).cmp(&of_prekey(&b.0, b.1)), a.cmp(&b));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(key) = to_entry(&bytes) {
                let again = of_entry(&key).to_vec();
                prop_assert_eq!(again, bytes.clone());
            }
            if let Some((owner, number)) = to_prekey(&bytes) {
                let again = of_prekey(&owner, number).to_vec();
                prop_assert_eq!(again, bytes);
            }
        }
    }

    #[test]
    fn behind_a_prefix() {
        assert_eq!(behind(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(behind(&[1, 255]), Some(vec![2]));
        assert_eq!(behind(&[255, 255]), None);
    }
}
