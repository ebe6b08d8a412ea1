//! Prekeys of devices (rule O2 of BIMP). In memory are only the numbers of those that are left.
//!
//! A one-time prekey is answered when its removal is on disk, so that no crash lets the relay give it out twice.

use super::Relay;
use crate::{
    effect::Asker,
    storage::{PreKeyOwner, Storage, StorageError, Write},
};
use parlance_bimp::{
    Account, Answer, Bounded, DeviceNumber, FetchPreKeys, Fetched, PreKeys, PreKeysLeft,
    PublishPreKeys, Reason,
};
use std::collections::{BTreeMap, VecDeque};

/// Whose prekeys there are.
#[derive(Debug, Default)]
pub(super) struct PreKeyTable {
    owners: BTreeMap<PreKeyOwner, VecDeque<u64>>,
    /// Whose prekeys are asked for, and whether with a one-time prekey (U5).
    fetches: Vec<(Asker, PreKeyOwner, bool)>,
}

impl PreKeyTable {
    pub fn load(storage: &dyn Storage) -> Result<Self, StorageError> {
        let mut table = Self::default();
        table.reload(storage)?;
        Ok(table)
    }

    pub fn reload(&mut self, storage: &dyn Storage) -> Result<(), StorageError> {
        let owners = storage.prekey_owners()?;
        self.owners = owners
            .into_iter()
            .map(|(owner, numbers)| (owner, numbers.into()))
            .collect();
        Ok(())
    }
}

impl Relay {
    pub(super) fn publish_prekeys(
        &mut self,
        from: Asker,
        (account, device): (Account, DeviceNumber),
        body: PublishPreKeys,
    ) {
        let owner = PreKeyOwner {
            account,
            device,
            usage: body.usage,
        };
        let limits = &self.config.limits;
        let known = self.prekeys.owners.contains_key(&owner);
        if !known && self.prekeys.owners.len() >= limits.prekey_owners {
            return self.refuse(from, Reason::NoRoom);
        }
        let numbers = self.prekeys.owners.entry(owner).or_default();
        let writes = &mut self.stage.prekeys;
        let head = body.head.into_vec();
        writes.push(Write::PutHead { owner, head });
        let mut next = numbers.back().map_or(0, |last| last.saturating_add(1));
        if body.anew {
            for number in numbers.drain(..) {
                writes.push(Write::RemovePreKey { owner, number });
            }
        }
        for prekey in body.one_time.into_vec() {
            writes.push(Write::PutPreKey {
                owner,
                number: next,
                prekey: prekey.into_vec(),
            });
            numbers.push_back(next);
            next = next.saturating_add(1);
        }
        // The oldest go: their bundles are the likeliest to be lost.
        while numbers.len() > limits.prekeys {
            if let Some(number) = numbers.pop_front() {
                writes.push(Write::RemovePreKey { owner, number });
            }
        }
        let one_time = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        self.stage.owners.insert(owner);
        self.stage.publishers.insert(owner);
        self.answer_durably(from, Answer::PublishPreKeys(PreKeysLeft { one_time }));
    }

    pub(super) fn fetch_prekeys(&mut self, from: Asker, asker: Account, body: FetchPreKeys) {
        let owner = PreKeyOwner {
            account: body.account,
            device: body.device,
            usage: body.usage,
        };
        if !self.prekeys.owners.contains_key(&owner) {
            let none = PreKeys { found: None };
            return self.answer(from, Answer::FetchPreKeys(none));
        }
        if self.prekeys.fetches.len() >= self.config.limits.writes {
            return self.refuse(from, Reason::TooFast);
        }
        let (steady, period) = (self.clock.steady, self.config.timings.period);
        self.quotas.roll(steady, period);
        let with_one = self.quotas.fetch(asker, owner.account, &self.config.limits);
        self.prekeys.fetches.push((from, owner, with_one));
    }

    /// Answers what was asked, from the disk.
    pub(super) fn serve_prekeys(&mut self, storage: &dyn Storage) {
        for (to, owner, with_one) in std::mem::take(&mut self.prekeys.fetches) {
            let in_flight = self.in_flight.as_ref();
            let publishes = self.stage.publishers.contains(&owner)
                || in_flight.is_some_and(|batch| batch.publishers.contains(&owner));
            if publishes {
                self.prekeys.fetches.push((to, owner, with_one));
                continue;
            }
            match self.take_prekey(&owner, with_one, storage) {
                Ok(found) => {
                    let answer = Answer::FetchPreKeys(PreKeys { found });
                    self.answer_durably(to, answer);
                }
                Err(_) => self.refuse(to, Reason::Internal),
            }
        }
    }

    fn take_prekey(
        &mut self,
        owner: &PreKeyOwner,
        with_one: bool,
        storage: &dyn Storage,
    ) -> Result<Option<Fetched>, StorageError> {
        let Some(head) = storage.head(owner)? else {
            return Ok(None);
        };
        let numbers = self.prekeys.owners.get_mut(owner);
        let numbers = numbers.filter(|_| with_one);
        let one_time = match numbers.and_then(VecDeque::pop_front) {
            None => None,
            Some(number) => {
                self.stage.owners.insert(*owner);
                self.stage.prekeys.push(Write::RemovePreKey {
                    owner: *owner,
                    number,
                });
                storage.prekey(owner, number)?
            }
        };
        // Both were bounded when they came.
        let head = Bounded::new(head).unwrap_or_default();
        let one_time = one_time.and_then(|bytes| Bounded::new(bytes).ok());
        Ok(Some(Fetched { head, one_time }))
    }
}
