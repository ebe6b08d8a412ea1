//! Keys of messages that have not arrived (R9).

use crate::{
    codec_bounds::decode_list,
    limits::{MAX_SKIPPED_CHAINS, MAX_SKIPPED_KEYS},
    secret::{Secret, push_wiping, remove_wiping, wipes_on_drop},
};
use alloc::vec::Vec;
use codec::{Decode, Encode, Error as CodecError, Input};
use zeroize::Zeroize;

/// What names a chain: its header key (hybrid) or its public key (classical).
pub type ChainName = Secret<32>;

/// A kept message key.
#[derive(Clone, Debug, Encode, Decode)]
pub struct SkippedKey {
    pub number: u32,
    pub key: Secret<32>,
}

impl Zeroize for SkippedKey {
    fn zeroize(&mut self) {
        self.number.zeroize();
        self.key.zeroize();
    }
}

#[derive(Clone, Debug, Encode)]
struct SkippedChain {
    name: ChainName,
    /// In the order of their numbers.
    keys: Vec<SkippedKey>,
}

impl Decode for SkippedChain {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let name = Decode::decode(input)?;
        let keys: Vec<SkippedKey> = decode_list(input, MAX_SKIPPED_KEYS)?;
        let ordered = keys.windows(2).all(|pair| match pair {
            [first, second] => first.number < second.number,
            _ => true,
        });
        if keys.is_empty() || !ordered {
            return Err("kept keys out of order".into());
        }
        Ok(Self { name, keys })
    }
}

impl Zeroize for SkippedChain {
    fn zeroize(&mut self) {
        self.name.zeroize();
        self.keys.zeroize();
    }
}

/// All kept keys, oldest chain first.
#[derive(Clone, Debug, Default, Encode)]
pub struct SkippedKeys {
    chains: Vec<SkippedChain>,
}

wipes_on_drop! { SkippedKey { secret: [key], open: [number] } }
wipes_on_drop! { SkippedChain { secret: [name, keys], open: [] } }
wipes_on_drop! { SkippedKeys { secret: [chains], open: [] } }

impl SkippedKeys {
    pub fn len(&self) -> usize {
        self.chains.iter().map(|chain| chain.keys.len()).sum()
    }

    /// The names of the chains, newest first.
    pub fn names(&self) -> impl Iterator<Item = &ChainName> {
        self.chains.iter().rev().map(|chain| &chain.name)
    }

    pub fn has_chain(&self, name: &ChainName) -> bool {
        self.names().any(|known| known == name)
    }

    pub fn get(&self, name: &ChainName, number: u32) -> Option<&Secret<32>> {
        let chain = self.chains.iter().find(|chain| chain.name == *name)?;
        let place = chain
            .keys
            .binary_search_by_key(&number, |key| key.number)
            .ok()?;
        chain.keys.get(place).map(|key| &key.key)
    }

    pub fn remove(&mut self, name: &ChainName, number: u32) {
        let Some(index) = self.chains.iter().position(|chain| chain.name == *name) else {
            return;
        };
        let Some(chain) = self.chains.get_mut(index) else {
            return;
        };
        if let Ok(place) = chain.keys.binary_search_by_key(&number, |key| key.number) {
            remove_wiping(&mut chain.keys, place);
        }
        if chain.keys.is_empty() {
            remove_wiping(&mut self.chains, index);
        }
    }

    /// Adds keys of a chain, whose numbers are above those already kept of it, and drops the oldest of all
    /// if there are too many.
    pub fn add(&mut self, name: &ChainName, keys: Vec<SkippedKey>) {
        if keys.is_empty() {
            return;
        }
        match self.chains.iter_mut().find(|chain| chain.name == *name) {
            Some(chain) => keys
                .into_iter()
                .for_each(|key| push_wiping(&mut chain.keys, key)),
            None => push_wiping(
                &mut self.chains,
                SkippedChain {
                    name: name.clone(),
                    keys,
                },
            ),
        }
        while self.chains.len() > MAX_SKIPPED_CHAINS {
            remove_wiping(&mut self.chains, 0);
        }
        let mut excess = self.len().saturating_sub(MAX_SKIPPED_KEYS);
        while excess > 0 {
            let Some(oldest) = self.chains.first_mut() else {
                return;
            };
            if oldest.keys.len() <= excess {
                excess = excess.saturating_sub(oldest.keys.len());
                remove_wiping(&mut self.chains, 0);
            } else {
                oldest.keys.rotate_left(excess);
                let left = oldest.keys.len().saturating_sub(excess);
                // Wiped before it is cut off: `truncate` leaves the memory of what it drops to the vector.
                oldest.keys.iter_mut().skip(left).for_each(Zeroize::zeroize);
                oldest.keys.truncate(left);
                excess = 0;
            }
        }
    }
}

impl Decode for SkippedKeys {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let keys = Self {
            chains: decode_list(input, MAX_SKIPPED_CHAINS)?,
        };
        if keys.len() > MAX_SKIPPED_KEYS {
            return Err("more kept keys than the bound".into());
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(numbers: impl Iterator<Item = u32>) -> Vec<SkippedKey> {
        numbers
            .map(|number| SkippedKey {
                number,
                key: Secret::new([number as u8; 32]),
            })
            .collect()
    }

    fn name(index: usize) -> ChainName {
        let mut name = [0; 32];
        name[..8].copy_from_slice(&index.to_le_bytes());
        Secret::new(name)
    }

    #[test]
    fn the_oldest_keys_go_out_first() {
        let mut kept = SkippedKeys::default();
        kept.add(&name(0), keys(0..900));
        kept.add(&name(1), keys(0..900));
        kept.add(&name(1), keys(950..1_200));
        assert_eq!(kept.len(), MAX_SKIPPED_KEYS);
        assert_eq!(kept.get(&name(0), 49), None);
        assert!(kept.get(&name(0), 50).is_some());
        kept.add(&name(2), keys(0..1_000));
        assert!(!kept.has_chain(&name(0)));
        assert_eq!(kept.len(), MAX_SKIPPED_KEYS);
        assert_eq!(kept.get(&name(1), 149), None);
        assert!(kept.get(&name(1), 150).is_some());
    }

    #[test]
    fn the_oldest_chains_go_out_first() {
        let mut kept = SkippedKeys::default();
        for index in 0..=MAX_SKIPPED_CHAINS {
            kept.add(&name(index), keys(0..1));
        }
        assert_eq!(kept.len(), MAX_SKIPPED_CHAINS);
        assert!(!kept.has_chain(&name(0)));
        assert!(kept.has_chain(&name(1)));
    }

    #[test]
    fn a_key_is_there_once_and_an_empty_chain_is_forgotten() {
        let mut kept = SkippedKeys::default();
        kept.add(&name(7), keys(3..5));
        assert_eq!(kept.get(&name(7), 3), Some(&Secret::new([3; 32])));
        kept.remove(&name(7), 3);
        assert_eq!(kept.get(&name(7), 3), None);
        kept.remove(&name(7), 4);
        assert!(!kept.has_chain(&name(7)));
    }

    #[test]
    fn the_encoding_comes_back_and_a_wrong_order_is_refused() {
        let mut kept = SkippedKeys::default();
        kept.add(&name(1), keys(3..9));
        let back = SkippedKeys::decode(&mut &kept.encode()[..]).unwrap();
        assert_eq!(back.encode(), kept.encode());
        kept.chains[0].keys.reverse();
        assert!(SkippedKeys::decode(&mut &kept.encode()[..]).is_err());
    }
}
