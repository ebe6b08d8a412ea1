//! What engines need in tests: a disk in memory, and sessions that believe the test's records.

#![allow(dead_code, missing_docs)]

pub mod order;
pub mod ring;

use codec::{Decode, Encode};
use parlance_bimp::Account;
use parlance_e2ee::{
    Bundle, Device, DeviceAddress, DeviceIdentity, IdentityPublic, PreKeyStore, PublishedPreKeys,
    Sender,
    device::{Outgoing, Received},
};
use parlance_messenger::{Encryption, Fault, GroupSecrets, Row, Storage, StorageError, Table};
use rand_core::CryptoRng;
use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

type Rows = BTreeMap<Row, Vec<u8>>;

/// A disk that outlives the engine on it.
#[derive(Clone, Default)]
pub struct Disk {
    rows: Rc<RefCell<Rows>>,
    pub commits: Rc<RefCell<u64>>,
    pub fails: Rc<RefCell<bool>>,
    /// What was there before the last commits, of a disk that says that they are durable before they are.
    before: Option<Rc<RefCell<VecDeque<Rows>>>>,
}

/// So many commits a lying disk loses.
const LOST: usize = 20;

impl Disk {
    pub fn new(lies: bool) -> Self {
        Self {
            before: lies.then(Default::default),
            ..Self::default()
        }
    }

    /// The power fails.
    pub fn crash(&self) {
        if let Some(before) = &self.before
            && let Some(first) = before.borrow_mut().drain(..).next()
        {
            *self.rows.borrow_mut() = first;
        }
    }

    pub fn read<T: Decode>(&self, row: &Row) -> Option<T> {
        let bytes = self.rows.borrow().get(row).cloned()?;
        Some(T::decode(&mut bytes.as_slice()).unwrap())
    }

    pub fn count(&self, table: Table) -> usize {
        let rows = self.rows.borrow();
        rows.keys().filter(|row| row.table() == table).count()
    }

    pub fn table<T: Decode>(&self, table: Table) -> Vec<T> {
        let rows = self.all(table).unwrap();
        rows.iter()
            .map(|bytes| T::decode(&mut bytes.as_slice()).unwrap())
            .collect()
    }

    pub fn put(&self, row: Row, bytes: Vec<u8>) {
        self.rows.borrow_mut().insert(row, bytes);
    }
}

impl Storage for Disk {
    fn get(&self, row: &Row) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.rows.borrow().get(row).cloned())
    }

    fn all(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError> {
        let rows = self.rows.borrow();
        let of_table = rows.iter().filter(|(row, _)| row.table() == table);
        // Sessions are not a list of the same thing.
        Ok(of_table.map(|(_, bytes)| bytes.clone()).collect())
    }

    fn messages(
        &self,
        conversation: &Account,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StorageError> {
        let rows = self.rows.borrow();
        let (from, to) = (
            Row::Message(*conversation, 0),
            Row::Message(*conversation, before),
        );
        let newest_first = rows.range(from..to).rev().take(limit);
        Ok(newest_first.map(|(_, bytes)| bytes.clone()).collect())
    }

    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        if *self.fails.borrow() {
            return Err(StorageError("full".into()));
        }
        *self.commits.borrow_mut() += 1;
        let mut rows = self.rows.borrow_mut();
        if let Some(before) = &self.before {
            let mut before = before.borrow_mut();
            before.push_back(rows.clone());
            if before.len() > LOST {
                before.pop_front();
            }
        }
        for (row, value) in batch {
            match value {
                Some(value) => drop(rows.insert(row.clone(), value.clone())),
                None => drop(rows.remove(row)),
            }
        }
        Ok(())
    }
}

/// Whom a test says that a text is for.
pub struct Proof {
    pub accounts: Vec<[u8; 32]>,
    pub expires: u64,
}

pub type Record = Vec<(u32, IdentityPublic)>;

/// Sessions of the encryption core, and the records that they were told of.
pub struct Sessions {
    pub device: Device,
    pub records: BTreeMap<[u8; 32], Record>,
    pub groups: Option<ring::Rings>,
}

impl Sessions {
    pub fn new<R: CryptoRng>(
        address: DeviceAddress,
        identity: DeviceIdentity,
        now: u64,
        rng: &mut R,
    ) -> Self {
        Self {
            device: Device::new(address, identity, now, rng),
            records: BTreeMap::new(),
            groups: None,
        }
    }

    /// From the disk.
    pub fn load(bytes: &[u8]) -> Self {
        Self {
            device: Device::decode(&mut &bytes[..]).unwrap(),
            records: BTreeMap::new(),
            groups: None,
        }
    }

    pub fn take_over(&mut self, account: [u8; 32], record: &Record) {
        self.device.set_contact(account, record).unwrap();
        self.records.insert(account, record.clone());
    }

    fn check(&self, to: &Proof, device: DeviceAddress, wall: u64) -> Result<(), Fault> {
        if wall >= to.expires {
            return Err(Fault::LookAgain);
        }
        match self.devices(to).contains(&device) {
            true => Ok(()),
            false => Err(Fault::NoRecipient),
        }
    }
}

impl Encryption for Sessions {
    type Recipients = Proof;

    fn identity(&self) -> &DeviceIdentity {
        self.device.identity()
    }

    fn sender(&self) -> Sender {
        self.device.sender()
    }

    fn prekeys_mut(&mut self) -> &mut PreKeyStore {
        self.device.prekeys_mut()
    }

    fn publish(&self) -> PublishedPreKeys {
        self.device.publish()
    }

    fn devices(&self, to: &Proof) -> Vec<DeviceAddress> {
        let me = self.device.address();
        let mut devices = Vec::new();
        for account in &to.accounts {
            for (device, _) in self.records.get(account).into_iter().flatten() {
                let (account, device) = (*account, *device);
                let address = DeviceAddress { account, device };
                if address != me && !devices.contains(&address) {
                    devices.push(address);
                }
            }
        }
        devices
    }

    fn known(&self, account: &Account) -> Vec<Sender> {
        self.device.known(&account.0)
    }

    fn expires(&self, to: &Proof) -> u64 {
        to.expires
    }

    fn encrypt<R: CryptoRng>(
        &mut self,
        to: &Proof,
        device: DeviceAddress,
        plaintext: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<Option<Outgoing>, Fault> {
        self.check(to, device, wall)?;
        let sent = self.device.encrypt_for(&[device], plaintext, rng);
        let mut sent = sent.map_err(|error| Fault::Failed(error.to_string()))?;
        Ok(sent.messages.pop())
    }

    fn start<R: CryptoRng>(
        &mut self,
        to: &Proof,
        device: DeviceAddress,
        bundle: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<bool, Fault> {
        self.check(to, device, wall)?;
        let bundle = Bundle::from_bytes(bundle);
        bundle
            .and_then(|bundle| self.device.start(device, bundle, rng))
            .map_err(|error| Fault::PreKeys(error.to_string()))
    }

    fn decrypt(
        &mut self,
        sender: &Sender,
        message: &[u8],
    ) -> Result<Received, parlance_e2ee::Error> {
        self.device.decrypt(sender, message)
    }

    fn groups(&mut self) -> Option<&mut dyn GroupSecrets> {
        let groups = self.groups.as_mut()?;
        Some(groups)
    }

    fn save<R: CryptoRng>(&self, _: &mut R) -> Vec<u8> {
        self.device.encode()
    }
}
