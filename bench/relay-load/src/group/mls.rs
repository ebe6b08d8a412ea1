//! Members with MLS of `sdk/groups`: every step is stored encrypted on the disk, as a client does.

use crate::people::Person;
use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use parlance_groups::{Error, Groups, Record, Records, Suite, Work};
use parlance_store::{Kdf, Options, Store};
use std::{
    collections::BTreeMap,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Of all groups of the messenger.
pub const SUITE: Suite = Suite::Hybrid;

/// Records as a client has them: looked up once, kept.
#[derive(Default)]
pub struct Known(BTreeMap<DeviceAddress, [u8; 32]>);

impl Known {
    /// The people with numbers below this one.
    pub fn people(below: u32) -> Self {
        let record = |n| (address(n), identity(n).public().signing);
        Self((0..below).map(record).collect())
    }
}

impl Records for Known {
    fn record(&self, device: DeviceAddress) -> Record {
        match self.0.get(&device) {
            Some(key) => Record::Device(*key),
            None => Record::NoDevice,
        }
    }
}

fn identity(number: u32) -> DeviceIdentity {
    DeviceIdentity::linked(&Person::of(number).device.account.0)
}

/// The device of a person.
pub fn address(number: u32) -> DeviceAddress {
    let device = Person::of(number).device;
    DeviceAddress {
        account: device.account.0,
        device: device.number,
    }
}

/// A person's groups and database.
pub struct Member {
    groups: Groups<Known>,
    store: Store,
    _folder: TempDir,
}

impl Member {
    /// The person with this number, who knows those. The database lies in a folder of its own below this one.
    pub fn new(number: u32, known: Known, below: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(below)?;
        // What a passphrase costs is not measured here.
        let kdf = Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let options = Options {
            kdf,
            ..Options::default()
        };
        Ok(Self {
            groups: Groups::new(address(number), identity(number), known)?,
            store: Store::create(folder.path().join("store"), b"passphrase", options)?,
            _folder: folder,
        })
    }

    /// A piece of work, stored.
    pub fn work<T>(
        &mut self,
        operation: impl FnOnce(&mut Work<'_, '_, Known>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut work = self.groups.begin(&self.store)?;
        let result = operation(&mut work)?;
        work.commit()?;
        Ok(result)
    }

    /// The key package of last resort, and one for one invitation.
    pub fn key_packages(&mut self) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let (last, mut made) = self.work(|work| {
            let last = work.last_resort(SUITE, now)?;
            Ok((last, work.key_packages(SUITE, 1, now)?))
        })?;
        let one = made.pop();
        Ok((
            last,
            one.ok_or_else(|| anyhow::anyhow!("no key package was made"))?,
        ))
    }
}
