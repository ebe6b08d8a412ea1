//! Keeps a relay's directory up with the chain.
//!
//! - **L1** Best blocks turn periods; final blocks bring relays, rosters and identities.
//! - **L2** Which identities changed is read off the changes of storage of each block. A block whose changes were not seen, as when the node
//!   catches up or another chain becomes the best, has all identities read again that were let in since the start. What is remembered of
//!   others is forgotten: somebody else may have asked for it.
//! - **L3** When more were let in than are remembered, and changes were missed, the relay starts anew: it then knows no owner, and
//!   deletes nothing that a new device waits for.

use super::{
    LOG_TARGET,
    directory::{ChainDirectory, Relays},
    pay::Now,
};
use futures::StreamExt;
use parlance_endpoint::PublicKey;
use parlance_primitives::{
    AccountId, BlockNumber, Hash,
    accounts::{AccountsApi, identity_key},
    relay::RelayApi,
};
use parlance_runtime::opaque::Block;
use sc_client_api::{BlockchainEvents, FinalityNotification, StorageNotification};
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

/// Accounts that are remembered as let in.
const MOST_WATCHED: usize = 262_144;
/// Blocks, and changed accounts, that wait for finality.
const MOST_OPEN: usize = 65_536;
/// Bytes of a storage key before the hash of the account.
const PREFIX: usize = 32;
/// Bytes of an account.
const ACCOUNT: usize = 32;

/// Why a relay cannot go on as it is.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The node stops.
    Closed,
    /// L3.
    Stale,
    /// The record is gone, or names another key.
    Record,
}

/// Accounts that were let in since the start.
#[derive(Debug, Default)]
pub struct Watched {
    accounts: BTreeSet<AccountId>,
    overflowed: bool,
}

impl Watched {
    /// One more.
    pub fn add(&mut self, account: AccountId) {
        match self.accounts.len() < MOST_WATCHED {
            true => {
                self.accounts.insert(account);
            }
            false => self.overflowed |= !self.accounts.contains(&account),
        }
    }

    /// Whether it may be one of them.
    pub fn has(&self, account: &AccountId) -> bool {
        self.overflowed || self.accounts.contains(account)
    }

    /// All of them; none when that is not known.
    pub fn all(&self) -> Option<BTreeSet<AccountId>> {
        (!self.overflowed).then(|| self.accounts.clone())
    }
}

/// Identities that changed in blocks that are not final.
#[derive(Debug, Default)]
struct Changes {
    seen: HashSet<Hash>,
    accounts: BTreeMap<AccountId, BlockNumber>,
}

impl Changes {
    /// These changed in a block.
    fn note(&mut self, block: Hash, number: BlockNumber, accounts: Vec<AccountId>) {
        let room = self.accounts.len().saturating_add(accounts.len());
        if self.seen.len() >= MOST_OPEN || room > MOST_OPEN {
            // What is forgotten counts as not seen.
            *self = Self::default();
            return;
        }
        self.seen.insert(block);
        for account in accounts {
            self.accounts.insert(account, number);
        }
    }

    /// Blocks up to a height are final: what changed, and whether that is all. What changed on another branch is among it, which
    /// costs a look.
    fn take(&mut self, finals: &[Hash], number: BlockNumber) -> (Vec<AccountId>, bool) {
        let mut is_all = true;
        for hash in finals {
            is_all &= self.seen.remove(hash);
        }
        let changed = self.accounts.extract_if(.., |_, at| *at <= number);
        let changed: Vec<_> = changed.map(|(account, _)| account).collect();
        (changed, is_all)
    }

    /// Blocks of branches that lost.
    fn drop_stale(&mut self, stale: impl IntoIterator<Item = Hash>) {
        for hash in stale {
            self.seen.remove(&hash);
        }
    }
}

/// The account whose identity lies under a storage key.
fn account_in(prefix: &[u8], key: &[u8]) -> Option<AccountId> {
    let rest = key.strip_prefix(prefix)?;
    let (_, account) = rest.split_last_chunk::<ACCOUNT>()?;
    // Nothing else of the pallet has this prefix.
    (rest.len() == 16 + ACCOUNT).then(|| AccountId::new(*account))
}

/// Follows the chain for a relay.
pub struct Follower<Client> {
    client: Arc<Client>,
    directory: Arc<ChainDirectory<Client>>,
    key: PublicKey,
    changes: Changes,
    prefix: Vec<u8>,
}

impl<Client> Follower<Client>
where
    Client: BlockchainEvents<Block>
        + HeaderBackend<Block>
        + ProvideRuntimeApi<Block>
        + Send
        + Sync
        + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    /// For the relay whose endpoint has this key.
    pub fn new(
        client: Arc<Client>,
        directory: Arc<ChainDirectory<Client>>,
        key: PublicKey,
    ) -> Self {
        let mut prefix = identity_key(&[]);
        prefix.truncate(PREFIX);
        Self {
            client,
            directory,
            key,
            changes: Changes::default(),
            prefix,
        }
    }

    /// Follows until the relay cannot go on.
    pub async fn run(mut self) -> End {
        let mut imports = self.client.import_notification_stream().fuse();
        let mut finals = self.client.finality_notification_stream().fuse();
        let mut storage = match self.client.storage_changes_notification_stream(None, None) {
            Ok(stream) => stream.fuse(),
            Err(error) => {
                log::error!(target: LOG_TARGET, "changes of storage cannot be followed: {error}");
                return End::Stale;
            }
        };
        let best = self.client.info();
        self.set_best(best.best_hash, best.best_number);
        loop {
            // Changes come first: a block must not seem unseen because it is final already.
            futures::select_biased! {
                changed = storage.next() => match changed {
                    Some(changed) => self.note(&changed),
                    None => return End::Closed,
                },
                block = imports.next() => match block {
                    Some(block) if block.is_new_best => self.set_best(block.hash, block.header.number),
                    Some(_) => {}
                    None => return End::Closed,
                },
                block = finals.next() => match block {
                    Some(block) => {
                        if let Err(end) = self.set_final(&block) {
                            return end;
                        }
                    }
                    None => return End::Closed,
                },
            }
        }
    }

    /// L1.
    fn set_best(&mut self, hash: Hash, number: BlockNumber) {
        self.directory.set_best(hash);
        if let Err(error) = self.turn(hash, number, false) {
            log::warn!(target: LOG_TARGET, "periods are not known at {number}: {error}");
        }
    }

    /// Sets the clock of tickets. What is known of periods is read again if `all`.
    fn turn(&self, hash: Hash, number: BlockNumber, all: bool) -> Result<(), ApiError> {
        let api = self.client.runtime_api();
        let clock = api.clock(hash)?;
        let judge = &self.directory.judge;
        for period in [Some(clock.period), clock.period.checked_sub(1)] {
            let Some(period) = period else { continue };
            if !all && judge.has(period) {
                continue;
            }
            if let Some(setting) = api.setting(hash, period)? {
                judge.set(period, setting);
            }
        }
        // Not before: a ticket of a period that has begun would find nothing of it.
        judge.turn(Now {
            period: clock.period,
            blocks: number.saturating_sub(clock.begins).saturating_add(1),
        });
        Ok(())
    }

    /// L2.
    fn note(&mut self, changed: &StorageNotification<Hash>) {
        let keys = changed.changes.iter().map(|(_, key, _)| key);
        let accounts = keys.filter_map(|key| account_in(&self.prefix, &key.0));
        let accounts: Vec<_> = accounts.collect();
        // Without a number it counts as not seen.
        if let Ok(Some(number)) = self.client.number(changed.block) {
            self.changes.note(changed.block, number, accounts);
        }
    }

    fn set_final(&mut self, block: &FinalityNotification<Block>) -> Result<(), End> {
        let number = block.header.number;
        let finals: Vec<Hash> = block
            .tree_route
            .iter()
            .copied()
            .chain([block.hash])
            .collect();
        let (changed, is_all) = self.changes.take(&finals, number);
        let stale = block.stale_blocks.iter().map(|it| it.hash);
        self.changes.drop_stale(stale);
        let list = match self.client.runtime_api().relays(block.hash) {
            Ok(list) => list,
            Err(error) => {
                log::warn!(target: LOG_TARGET, "relays are not known at {number}: {error}");
                return Err(End::Stale);
            }
        };
        let payee = self.directory.judge.payee();
        let own = list.iter().find(|info| info.account == payee.account);
        if own.is_none_or(|info| info.key.0 != *self.key.as_bytes()) {
            return Err(End::Record);
        }
        self.directory.set_final(block.hash, Relays::of(list));
        let best = self.client.info();
        if let Err(error) = self.turn(best.best_hash, best.best_number, true) {
            log::warn!(target: LOG_TARGET, "periods are not known at {}: {error}", best.best_number);
        }
        if is_all {
            self.directory.refresh(changed);
            return Ok(());
        }
        let mut records = self.directory.records.lock();
        records.forget_all();
        let watched = records.watched.all();
        drop(records);
        let Some(mut watched) = watched else {
            log::warn!(target: LOG_TARGET, "changes of identities were missed: the relay starts anew");
            return Err(End::Stale);
        };
        watched.extend(changed);
        self.directory.refresh(watched.into_iter().collect());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u8) -> Hash {
        Hash::repeat_byte(n)
    }

    fn account(n: u8) -> AccountId {
        AccountId::new([n; 32])
    }

    #[test]
    fn accounts_are_found_in_keys_of_identities_alone() {
        let one = account(7);
        let key = identity_key(AsRef::<[u8]>::as_ref(&one));
        let prefix = key[..PREFIX].to_vec();
        assert_eq!(account_in(&prefix, &key), Some(one));
        assert_eq!(account_in(&prefix, &prefix), None);
        assert_eq!(account_in(&prefix, &key[..key.len() - 1]), None);
        assert_eq!(account_in(&prefix, &[key.as_slice(), &[0]].concat()), None);
        let mut other = key;
        other[0] ^= 1;
        assert_eq!(account_in(&prefix, &other), None);
    }

    #[test]
    fn a_change_waits_until_its_block_is_final() {
        let mut changes = Changes::default();
        changes.note(hash(1), 1, vec![account(1)]);
        changes.note(hash(2), 2, vec![account(2), account(1)]);
        assert_eq!(changes.take(&[hash(1)], 1), (vec![], true));
        let (changed, is_all) = changes.take(&[hash(2)], 2);
        assert_eq!((changed, is_all), (vec![account(1), account(2)], true));
    }

    #[test]
    fn a_block_that_was_not_seen_is_noticed() {
        let mut changes = Changes::default();
        changes.note(hash(1), 1, vec![]);
        changes.note(hash(3), 3, vec![account(3)]);
        let (changed, is_all) = changes.take(&[hash(1), hash(2), hash(3)], 3);
        assert_eq!((changed, is_all), (vec![account(3)], false));
        changes.note(hash(4), 4, vec![]);
        changes.drop_stale([hash(4)]);
        assert!(changes.seen.is_empty());
    }

    #[test]
    fn more_than_there_is_room_for_counts_as_not_seen() {
        let mut changes = Changes::default();
        changes.note(hash(1), 1, vec![account(1)]);
        let crowd = (0..MOST_OPEN as u64).map(|n| {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&n.to_le_bytes());
            AccountId::new(name)
        });
        changes.note(hash(2), 2, crowd.collect());
        let (changed, is_all) = changes.take(&[hash(1), hash(2)], 2);
        assert_eq!((changed, is_all), (vec![], false));
    }

    #[test]
    fn who_was_let_in_is_known_until_there_are_too_many() {
        let mut watched = Watched::default();
        watched.add(account(1));
        watched.add(account(1));
        assert_eq!(watched.all(), Some(BTreeSet::from([account(1)])));
        assert!(watched.has(&account(1)) && !watched.has(&account(2)));
        for n in 0..MOST_WATCHED as u64 {
            let mut name = [1; 32];
            name[..8].copy_from_slice(&n.to_le_bytes());
            watched.add(AccountId::new(name));
        }
        assert_eq!(watched.all(), None);
        assert!(watched.has(&account(2)), "nobody knows");
    }
}
