//! A device with a group, and genuine bytes of another member for it, to be damaged: MLS authenticates nearly
//! everything, so bytes out of nothing would be stopped at the door.

use parlance_e2ee::{Body, Content, DeviceAddress, DeviceIdentity, Text, content::WrittenText};
use parlance_groups::{Change, Error, Event, GroupId, Groups, Record, Records, Suite, Work};
use parlance_store::{Kdf, Options, Store};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::time::SystemTime;
use tempfile::TempDir;

pub struct Chain;

impl Records for Chain {
    fn record(&self, device: DeviceAddress) -> Record {
        Record::Device(identity(device.device).public().signing)
    }
}

fn identity(number: u32) -> DeviceIdentity {
    DeviceIdentity::generate(&mut ChaCha20Rng::seed_from_u64(number.into()))
}

/// What other members made for the device.
pub struct Genuine {
    pub message: Vec<u8>,
    pub commit: Vec<u8>,
    /// Of a device that is in no group.
    pub key_package: Vec<u8>,
    /// To another group.
    pub invitation: Vec<u8>,
    pub information: Vec<u8>,
}

pub struct Fixture {
    reader: Person,
    pub group: GroupId,
    pub genuine: Genuine,
}

struct Person {
    groups: Groups<Chain>,
    store: Store,
    _folder: TempDir,
}

impl Person {
    fn new(device: u32) -> Self {
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
        let address = DeviceAddress {
            account: [1; 32],
            device,
        };
        Self {
            groups: Groups::new(address, identity(device), Chain).expect("begins"),
            store,
            _folder: folder,
        }
    }

    fn work<T>(
        &mut self,
        operation: impl FnOnce(&mut Work<'_, '_, Chain>) -> Result<T, Error>,
    ) -> T {
        let mut work = self.groups.begin(&self.store).expect("begins");
        let result = operation(&mut work).expect("works");
        work.commit().expect("stores");
        result
    }

    fn key_package(&mut self) -> Vec<u8> {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
        self.work(|work| work.key_packages(Suite::Hybrid, 1, now.as_secs()))
            .remove(0)
    }

    /// A new group with the device that the key package is of, and its invitation.
    fn group_with(&mut self, key_package: Vec<u8>) -> (GroupId, Vec<u8>) {
        let group = self.work(|work| work.create(Suite::Hybrid));
        let change = adding(key_package);
        let commit = self.work(|work| {
            work.change(group, &change)?;
            Ok(work.offer(group)?.expect("a change waits"))
        });
        let events = self.work(|work| work.handshake(group, 0, &commit));
        let [Event::Changed { invitations, .. }] = &events[..] else {
            panic!("an accepted commit")
        };
        (group, invitations[0].1.clone())
    }
}

pub fn adding(key_package: Vec<u8>) -> Change {
    Change {
        add: vec![key_package],
        ..Change::default()
    }
}

impl Fixture {
    pub fn new() -> Self {
        let (mut reader, mut writer) = (Person::new(0), Person::new(1));
        let (group, welcome) = writer.group_with(reader.key_package());
        reader.work(|work| work.join(&welcome));
        let (_, invitation) = writer.group_with(reader.key_package());
        let text = Text::new("text".to_string()).expect("short");
        let content = Content::new([1; 16], 1, Body::Text(WrittenText { text }));
        let message = writer.work(|work| work.send(group, &content));
        let information = writer.work(|work| work.information(group));
        let renew = Change {
            renew: true,
            ..Change::default()
        };
        let commit = writer.work(|work| {
            work.change(group, &renew)?;
            Ok(work.offer(group)?.expect("a change waits"))
        });
        Self {
            reader,
            group,
            genuine: Genuine {
                message,
                commit,
                key_package: Person::new(2).key_package(),
                invitation,
                information,
            },
        }
    }

    /// A piece of work that is dropped in the end.
    pub fn try_work(&mut self, operation: impl FnOnce(&mut Work<'_, '_, Chain>, &Genuine)) {
        let mut work = self
            .reader
            .groups
            .begin(&self.reader.store)
            .expect("begins");
        operation(&mut work, &self.genuine);
    }
}

/// The input itself, or genuine bytes that it changes, cuts or is put into.
pub fn damaged(genuine: &[u8], input: &[u8]) -> Vec<u8> {
    let [kind, low, high, input @ ..] = input else {
        return input.to_vec();
    };
    let place = usize::from(u16::from_le_bytes([*low, *high])) % (genuine.len() + 1);
    let (before, after) = genuine.split_at(place);
    match kind % 4 {
        0 => input.to_vec(),
        1 => {
            let mut bytes = genuine.to_vec();
            for (byte, mask) in bytes[place..].iter_mut().zip(input) {
                *byte ^= mask;
            }
            bytes
        }
        2 => [before, input, after].concat(),
        _ => [before, input].concat(),
    }
}
