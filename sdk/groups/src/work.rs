//! A device's groups, and pieces of work on them.

use crate::{
    Error, GroupId, Member, Records,
    change::Checked,
    crypto::Crypto,
    limits::MAX_LOADED,
    member::{Own, members},
    state::{STATES, State},
    storage::Rows,
};
use openmls::group::MlsGroup;
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::OpenMlsProvider;
use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use parlance_store::{Key, Page, Store, WriteTransaction};
use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
};

/// The groups of one device. It holds no states but those it has read; all are in the database.
pub struct Groups<R> {
    pub(crate) own: Own,
    pub(crate) records: R,
    pub(crate) crypto: Crypto,
    loaded: BTreeMap<GroupId, MlsGroup>,
}

impl<R: Records> Groups<R> {
    /// The groups of the device at `device`. Randomness comes from the operating system.
    pub fn new(device: DeviceAddress, identity: DeviceIdentity, records: R) -> Result<Self, Error> {
        let crypto = Crypto::new().map_err(Error::library("begin"))?;
        Ok(Self {
            own: Own::new(device, identity),
            records,
            crypto,
            loaded: BTreeMap::new(),
        })
    }

    /// Begins a piece of work: any number of operations that are stored together.
    pub fn begin<'g, 's>(&'g mut self, store: &'s Store) -> Result<Work<'g, 's, R>, Error> {
        Ok(Work {
            rows: Rows::new(store.begin_write()?),
            groups: Holder::Lent(self),
            loaded: BTreeMap::new(),
            checked: Checked::new(),
            broken: false,
        })
    }

    /// As [`begin`](Self::begin), of groups that the work has until it [ends](Work::end): for whoever cannot hold both.
    ///
    /// # Errors
    ///
    /// With the groups, as they were.
    pub fn into_work<'s>(self, store: &'s Store) -> Result<Work<'static, 's, R>, (Self, Error)> {
        let transaction = match store.begin_write() {
            Ok(transaction) => transaction,
            Err(error) => return Err((self, error.into())),
        };
        Ok(Work {
            rows: Rows::new(transaction),
            groups: Holder::Own(Box::new(self)),
            loaded: BTreeMap::new(),
            checked: Checked::new(),
            broken: false,
        })
    }

    /// Records, to be brought up to date.
    pub fn records_mut(&mut self) -> &mut R {
        &mut self.records
    }
}

/// Groups that a piece of work has or has borrowed.
pub(crate) enum Holder<'g, R> {
    Lent(&'g mut Groups<R>),
    Own(Box<Groups<R>>),
}

impl<R> Deref for Holder<'_, R> {
    type Target = Groups<R>;

    fn deref(&self) -> &Groups<R> {
        match self {
            Self::Lent(groups) => groups,
            Self::Own(groups) => groups,
        }
    }
}

impl<R> DerefMut for Holder<'_, R> {
    fn deref_mut(&mut self) -> &mut Groups<R> {
        match self {
            Self::Lent(groups) => groups,
            Self::Own(groups) => groups,
        }
    }
}

/// Operations that are stored together, with whatever the caller adds to the transaction. Dropping it undoes
/// all of them.
pub struct Work<'g, 's, R> {
    pub(crate) groups: Holder<'g, R>,
    pub(crate) rows: Rows<'s>,
    loaded: BTreeMap<GroupId, MlsGroup>,
    /// Of the change that was begun last, so that their signatures are verified once.
    pub(crate) checked: Checked,
    broken: bool,
}

/// What an operation on a group may use beside the group.
pub(crate) struct Context<'a, 's, R> {
    pub(crate) own: &'a Own,
    pub(crate) records: &'a R,
    pub(crate) rows: &'a Rows<'s>,
    crypto: &'a Crypto,
}

impl<'s, R> OpenMlsProvider for Context<'_, 's, R> {
    type CryptoProvider = Crypto;
    type RandProvider = CryptoProvider;
    type StorageProvider = Rows<'s>;

    fn storage(&self) -> &Self::StorageProvider {
        self.rows
    }

    fn crypto(&self) -> &Self::CryptoProvider {
        self.crypto
    }

    fn rand(&self) -> &Self::RandProvider {
        self.crypto.rand()
    }
}

impl<'g, 's, R: Records> Work<'g, 's, R> {
    /// The transaction of this work, for what shall be stored with it, such as texts that were read.
    pub fn transaction(&self) -> &WriteTransaction<'s> {
        self.rows.transaction()
    }

    /// Makes everything durable at once.
    pub fn commit(self) -> Result<(), Error> {
        self.finish().1
    }

    fn finish(self) -> (Holder<'g, R>, Result<(), Error>) {
        let mut groups = self.groups;
        if self.broken {
            return (groups, Err(Error::Broken));
        }
        if let Err(error) = self.rows.commit() {
            return (groups, Err(error));
        }
        let loaded = &mut groups.loaded;
        loaded.extend(self.loaded);
        while loaded.len() > MAX_LOADED {
            loaded.pop_first();
        }
        (groups, Ok(()))
    }

    /// All groups of the device, at most `limit`, after `after`.
    pub fn groups(&self, after: Option<GroupId>, limit: usize) -> Result<Vec<GroupId>, Error> {
        let mut page = Page::first(limit);
        if let Some(after) = after {
            page = page.after(Key::of(after.0));
        }
        let rows = self.transaction().scan(STATES, &Key::root(), &page)?;
        let id = |key: &Key| key.bytes_at(0).and_then(|id| id.try_into().ok());
        let ids: Option<Vec<[u8; 32]>> = rows.iter().map(|(key, _)| id(key)).collect();
        let ids = ids.ok_or_else(|| Error::State("a group without identifier".into()))?;
        Ok(ids.into_iter().map(GroupId).collect())
    }

    /// The members of a group.
    pub fn members(&mut self, group: GroupId) -> Result<Vec<Member>, Error> {
        self.with(group, |mls, context| members(mls, context.records))
    }

    /// The epoch of a group, and a value that is the same for all members who see the same group in it
    /// (P1).
    pub fn epoch(&mut self, group: GroupId) -> Result<(u64, Vec<u8>), Error> {
        self.with(group, |mls, _| {
            let authenticator = mls.epoch_authenticator().as_slice().to_vec();
            Ok((mls.epoch().as_u64(), authenticator))
        })
    }

    /// A secret that follows from the present epoch by the MLS exporter (RFC 9420 §8.5), the same for all who are in it,
    /// under a name that no other use has.
    pub fn export(&mut self, group: GroupId, label: &str) -> Result<[u8; 32], Error> {
        self.with(group, |mls, context| {
            let secret = mls.export_secret(context.crypto(), label, b"", 32);
            let secret = secret.map_err(Error::library("derive a secret"))?;
            let wrong = |_| Error::State("a secret of another length".into());
            secret.try_into().map_err(wrong)
        })
    }

    /// The same of the epoch that the own commit begins; none if no commit waits.
    pub fn export_next(&mut self, group: GroupId, label: &str) -> Result<Option<[u8; 32]>, Error> {
        self.with(group, |mls, context| {
            let Some(commit) = mls.pending_commit() else {
                return Ok(None);
            };
            let secret = commit.export_secret(context.crypto(), label, b"", 32);
            let secret = secret.map_err(Error::library("derive a secret"))?;
            let wrong = |_| Error::State("a secret of another length".into());
            secret.try_into().map(Some).map_err(wrong)
        })
    }

    /// Position of the handshake that comes next.
    pub fn position(&self, group: GroupId) -> Result<u64, Error> {
        Ok(State::read(&self.rows, group)?.position)
    }

    pub(crate) fn context(&self) -> Context<'_, 's, R> {
        Context {
            own: &self.groups.own,
            records: &self.groups.records,
            rows: &self.rows,
            crypto: &self.groups.crypto,
        }
    }

    /// Runs an operation on a group. A group whose states may have been left half-written is not kept, and
    /// the work cannot be committed any more.
    pub(crate) fn with<T>(
        &mut self,
        id: GroupId,
        operation: impl FnOnce(&mut MlsGroup, &Context<'_, 's, R>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let known = self.loaded.remove(&id);
        let known = known.or_else(|| self.groups.loaded.remove(&id));
        let mut group = match known {
            Some(group) => group,
            None => MlsGroup::load(&self.rows, &id.to_mls())?.ok_or(Error::NoGroup(id))?,
        };
        let result = operation(&mut group, &self.context());
        match &result {
            Err(error) if error.is_of_the_database() => self.broken = true,
            _ => self.insert(id, group),
        }
        result
    }

    pub(crate) fn insert(&mut self, id: GroupId, group: MlsGroup) {
        self.loaded.insert(id, group);
    }

    /// Forgets what is in memory of a group; its rows are deleted by the caller.
    pub(crate) fn unload(&mut self, id: GroupId) {
        self.loaded.remove(&id);
        self.groups.loaded.remove(&id);
    }

    /// Marks the work as not to be committed if an operation outside of [`Self::with`] failed half-way.
    pub(crate) fn or_broken<T, E>(&mut self, result: Result<T, E>) -> Result<T, E> {
        self.broken |= result.is_err();
        result
    }
}

impl<R: Records> Work<'static, '_, R> {
    /// Ends a work that has its groups ([`Groups::into_work`]), and gives them back; with what was done if that is
    /// `kept` and could be stored, otherwise without.
    pub fn end(self, kept: bool) -> (Option<Groups<R>>, Result<(), Error>) {
        let (groups, result) = match kept {
            true => self.finish(),
            false => (self.groups, Ok(())),
        };
        match groups {
            Holder::Own(groups) => (Some(*groups), result),
            Holder::Lent(_) => (None, result),
        }
    }
}
