//! This tree's groups, with the database on the disk.

use crate::{Figures, TEXT};
use parlance_e2ee::{Body, Content, DeviceAddress, DeviceIdentity, Text, content::WrittenText};
use parlance_groups::{Change, Error, Event, GroupId, Groups, Record, Records, Suite, Work};
use parlance_store::{Kdf, Options, Store};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::time::{Instant, SystemTime};
use tempfile::TempDir;

/// The records of all devices: the key of each comes from its number.
struct Chain;

impl Records for Chain {
    fn record(&self, device: DeviceAddress) -> Record {
        Record::Device(identity(device.device).public().signing)
    }
}

/// Records as a client has them: looked up once, kept.
struct Known(std::collections::BTreeMap<DeviceAddress, Record>);

impl Records for Known {
    fn record(&self, device: DeviceAddress) -> Record {
        self.0.get(&device).copied().unwrap_or(Record::NoDevice)
    }
}

fn identity(number: u32) -> DeviceIdentity {
    DeviceIdentity::generate(&mut ChaCha20Rng::seed_from_u64(number.into()))
}

fn device(number: u32) -> DeviceAddress {
    DeviceAddress {
        account: [1; 32],
        device: number,
    }
}

struct Person {
    groups: Groups<Known>,
    store: Store,
    _folder: TempDir,
}

impl Person {
    fn new(number: u32, members: usize) -> Self {
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
        let store =
            Store::create(folder.path().join("store"), b"passphrase", options).expect("creates");
        let known = (0..=members as u32).map(|n| (device(n), Chain.record(device(n))));
        let groups = Groups::new(device(number), identity(number), Known(known.collect()));
        Self {
            groups: groups.expect("begins"),
            store,
            _folder: folder,
        }
    }

    fn work<T>(
        &mut self,
        operation: impl FnOnce(&mut Work<'_, '_, Known>) -> Result<T, Error>,
    ) -> T {
        let mut work = self.groups.begin(&self.store).expect("begins");
        let result = operation(&mut work).expect("works");
        work.commit().expect("stores");
        result
    }

    fn key_package(&mut self) -> Vec<u8> {
        let now = SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("after 1970")
            .as_secs();
        self.work(|work| work.key_packages(Suite::Hybrid, 1, now))
            .remove(0)
    }
}

fn content(number: u8) -> Content {
    let text = Text::new("a".repeat(TEXT)).expect("short");
    Content::new([number; 16], 1, Body::Text(WrittenText { text }))
}

/// The invitation of a device.
fn invitation(events: &[Event], device: DeviceAddress) -> Vec<u8> {
    let found = events.iter().find_map(|event| match event {
        Event::Changed { invitations, .. } => {
            let mut all = invitations.iter();
            all.find(|(guest, _)| *guest == device)
        }
        _ => None,
    });
    found.expect("an invitation").1.clone()
}

fn timed<T>(operation: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = operation();
    (start.elapsed().as_secs_f64() * 1e3, result)
}

/// The maker's change: its commit is made and stored before the relays are asked, and accepted; before it the tree, if there is one.
fn change(
    maker: &mut Person,
    group: GroupId,
    order: &mut Vec<Vec<u8>>,
    change: &Change,
) -> Vec<Event> {
    maker.work(|work| work.change(group, change));
    loop {
        let offered = maker.work(|work| work.offer(group));
        let handshake = offered.expect("a change waits");
        let position = order.len() as u64;
        let events = maker.work(|work| work.handshake(group, position, &handshake));
        let is_tree = Work::<Chain>::is_tree(&handshake);
        order.push(handshake);
        if !is_tree {
            return events;
        }
    }
}

/// Reads the last handshake of the order, which the reader has read up to there.
fn follow(reader: &mut Person, group: GroupId, order: &[Vec<u8>]) {
    let position = order.len() as u64 - 1;
    reader.work(|work| work.handshake(group, position, &order[order.len() - 1]));
}

/// A group of `members`, one of them added last and another removed then.
pub fn measure(members: usize) -> Figures {
    let mut maker = Person::new(0, members);
    let mut reader = Person::new(1, members);
    let mut packages = vec![reader.key_package()];
    for number in 2..members as u32 - 1 {
        packages.push(Person::new(number, 0).key_package());
    }
    let last = Person::new(members as u32 - 1, 0).key_package();

    let mut order = Vec::new();
    let (making, (group, events)) = timed(|| {
        let group = maker.work(|work| work.create(Suite::Hybrid));
        let add = Change {
            add: packages,
            ..Change::default()
        };
        (group, change(&mut maker, group, &mut order, &add))
    });
    let invitation = invitation(&events, device(1));
    let tree = order.first().expect("a tree or a commit");
    let (joining, _) = timed(|| reader.work(|work| work.join_with(&invitation, tree)));

    const MESSAGES: u8 = 20;
    let (sending, messages) = timed(|| {
        (0..MESSAGES)
            .map(|n| maker.work(|work| work.send(group, &content(n))))
            .collect::<Vec<_>>()
    });
    let (reading, ()) = timed(|| {
        for message in &messages {
            let (_, events) = reader.work(|work| work.message(message));
            assert_eq!(events.len(), 1);
        }
    });
    let add = Change {
        add: vec![last],
        ..Change::default()
    };
    let (adding, _) = timed(|| change(&mut maker, group, &mut order, &add));
    let (following, ()) = timed(|| follow(&mut reader, group, &order));
    let remove = Change {
        remove: vec![device(2)],
        ..Change::default()
    };
    let (removing, _) = timed(|| change(&mut maker, group, &mut order, &remove));
    let (losing, ()) = timed(|| follow(&mut reader, group, &order));
    let left = reader.work(|work| Ok(work.members(group)?.len()));
    assert_eq!(left, members - 1);
    let each = |total: f64| total / f64::from(MESSAGES);
    [
        making,
        joining,
        each(sending),
        each(reading),
        adding,
        following,
        removing,
        losing,
    ]
}
