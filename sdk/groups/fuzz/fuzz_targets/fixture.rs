//! A device with a group and a key package.

use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use parlance_groups::{GroupId, Groups, Record, Records, Suite, Work};
use parlance_store::{Kdf, Options, Store};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::time::SystemTime;
use tempfile::TempDir;

pub struct Nobody;

impl Records for Nobody {
    fn record(&self, _: DeviceAddress) -> Record {
        Record::Unavailable
    }
}

pub struct Fixture {
    groups: Groups<Nobody>,
    store: Store,
    pub group: GroupId,
    _folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kdf = Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let options = Options {
            kdf,
            ..Options::default()
        };
        let store = Store::create(folder.path().join("store"), b"", options).expect("creates");
        let device = DeviceAddress {
            account: [1; 32],
            device: 0,
        };
        let identity = DeviceIdentity::generate(&mut ChaCha20Rng::seed_from_u64(1));
        let mut groups = Groups::new(device, identity, Nobody).expect("begins");
        let mut work = groups.begin(&store).expect("begins");
        let group = work.create(Suite::Hybrid).expect("creates");
        let now = SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("after 1970")
            .as_secs();
        work.key_packages(Suite::Hybrid, 1, now).expect("makes");
        work.commit().expect("stores");
        Self {
            groups,
            store,
            group,
            _folder: folder,
        }
    }

    /// A piece of work that is dropped in the end.
    pub fn try_work(&mut self, operation: impl FnOnce(&mut Work<'_, '_, Nobody>)) {
        operation(&mut self.groups.begin(&self.store).expect("begins"));
    }
}
