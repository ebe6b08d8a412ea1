//! What the scenarios share: people with devices and databases, a chain, relays.

use crate::relays::Relays;
use parlance_e2ee::{
    Body, Content, DeviceAddress, DeviceIdentity, Text, content::MessageId, content::WrittenText,
};
use parlance_groups::{
    Change, Comparison, Error, Event, GroupId, Groups, HandshakeOrder, Member, Place, Record,
    Records, Suite, TABLES, Work,
};
use parlance_store::{Kdf, Options, Store};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, rc::Rc, time::SystemTime};
use tempfile::TempDir;

pub const PASSPHRASE: &[u8] = b"passphrase";

/// What is on record, for all people of a test.
#[derive(Clone, Default)]
pub struct Chain(Rc<RefCell<BTreeMap<DeviceAddress, Record>>>);

impl Chain {
    pub fn set(&self, device: DeviceAddress, record: Record) {
        self.0.borrow_mut().insert(device, record);
    }
}

impl Records for Chain {
    fn record(&self, device: DeviceAddress) -> Record {
        self.0
            .borrow()
            .get(&device)
            .copied()
            .unwrap_or(Record::NoDevice)
    }
}

pub fn options() -> Options {
    let kdf = Kdf {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    Options {
        kdf,
        check_on_open: false,
        ..Options::default()
    }
}

/// A folder in memory where the system has one: nobody pulls the plug here (sdk/store's tests do), and waiting
/// for a disk would take most of the time.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

pub fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn device(number: u32) -> DeviceAddress {
    let mut account = [0; 32];
    account[..4].copy_from_slice(&number.to_be_bytes());
    DeviceAddress { account, device: 0 }
}

pub fn content(id: u64) -> Content {
    let mut bytes: MessageId = [0; 16];
    bytes[..8].copy_from_slice(&id.to_le_bytes());
    let text = Text::new(format!("text {id}")).unwrap();
    Content::new(bytes, id, Body::Text(WrittenText { text }))
}

pub fn id_of(content: &Content) -> u64 {
    u64::from_le_bytes(content.id[..8].try_into().unwrap())
}

/// A device with its database.
pub struct Person {
    pub device: DeviceAddress,
    pub identity: DeviceIdentity,
    pub groups: Groups<Chain>,
    pub store: Option<Store>,
    folder: TempDir,
    chain: Chain,
}

impl Person {
    pub fn new(number: u32, chain: &Chain) -> Self {
        let identity = DeviceIdentity::generate(&mut rng(u64::from(number) + 1_000_000));
        let device = device(number);
        chain.set(device, Record::Device(identity.public().signing));
        let folder = folder();
        let store = Store::create(folder.path().join("store"), PASSPHRASE, options()).unwrap();
        Self {
            device,
            groups: Groups::new(device, identity.clone(), chain.clone()).unwrap(),
            identity,
            store: Some(store),
            folder,
            chain: chain.clone(),
        }
    }

    /// Whoever has a copy of the database and its passphrase, and so the device's keys.
    pub fn thief(&mut self) -> Self {
        let stolen = self.backup();
        let folder = folder();
        let path = folder.path().join("store");
        std::fs::write(&path, stolen).unwrap();
        let (identity, chain) = (self.identity.clone(), self.chain.clone());
        Self {
            device: self.device,
            groups: Groups::new(self.device, identity.clone(), chain.clone()).unwrap(),
            identity,
            store: Some(Store::open(path, PASSPHRASE, options()).unwrap()),
            folder,
            chain,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Does a piece of work and stores it.
    pub fn work<T>(
        &mut self,
        operation: impl FnOnce(&mut Work<'_, '_, Chain>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let store = self.store.as_ref().unwrap();
        let mut work = self.groups.begin(store)?;
        let result = operation(&mut work)?;
        work.commit()?;
        Ok(result)
    }

    /// Ends and begins again: everything in memory is gone, and the database is under another master key.
    pub fn restart(&mut self) {
        let mut store = self.store.take().unwrap();
        let kdf = options().kdf;
        store
            .renew(PASSPHRASE, PASSPHRASE, kdf, &TABLES, |_| ())
            .unwrap();
        drop(store);
        self.open();
    }

    /// A copy of the database as it is now.
    pub fn backup(&mut self) -> Vec<u8> {
        self.store = None;
        let bytes = std::fs::read(self.path()).unwrap();
        self.open();
        bytes
    }

    pub fn restore(&mut self, backup: &[u8]) {
        self.store = None;
        std::fs::write(self.path(), backup).unwrap();
        self.open();
    }

    fn open(&mut self) {
        self.store = Some(Store::open(self.path(), PASSPHRASE, options()).unwrap());
        let (identity, chain) = (self.identity.clone(), self.chain.clone());
        self.groups = Groups::new(self.device, identity, chain).unwrap();
    }

    pub fn key_package(&mut self, suite: Suite) -> Vec<u8> {
        self.work(|work| work.key_packages(suite, 1, now()))
            .unwrap()
            .remove(0)
    }

    pub fn catch_up(&mut self, group: GroupId, relays: &mut Relays) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let progress = self.work(|work| work.catch_up(group, relays)).unwrap();
            all.extend(progress.events);
            if let Some(offer) = progress.offer {
                relays.offer(group, &offer).unwrap();
            }
            if !progress.more {
                return all;
            }
        }
    }

    /// Changes, and reads on until the change is through or overtaken for good.
    pub fn change(&mut self, group: GroupId, change: &Change, relays: &mut Relays) -> Vec<Event> {
        self.work(|work| work.change(group, change)).unwrap();
        let mut events = self.catch_up(group, relays);
        if relays.all().last().is_some_and(|last| is_tree(last)) {
            events.extend(self.catch_up(group, relays));
        }
        events.extend(self.catch_up(group, relays));
        events
    }

    /// Joins by an invitation, with the tree that it names if that is in the order.
    pub fn accept(
        &mut self,
        invitation: &[u8],
        relays: &Relays,
    ) -> Result<(GroupId, Vec<Member>), Error> {
        match Work::<Chain>::tree_at(invitation)? {
            Some(at) => {
                let tree = &relays.all()[at as usize];
                self.work(|work| work.join_with(invitation, tree))
            }
            None => self.work(|work| work.join(invitation)),
        }
    }

    pub fn send(&mut self, group: GroupId, id: u64) -> Result<Vec<u8>, Error> {
        self.work(|work| work.send(group, &content(id)))
    }

    /// The identifiers of the texts that a message gave.
    pub fn read(&mut self, message: &[u8]) -> Result<Vec<u64>, Error> {
        let (_, events) = self.work(|work| work.message(message))?;
        Ok(texts(&events))
    }

    pub fn epoch(&mut self, group: GroupId) -> (u64, Vec<u8>) {
        self.work(|work| work.epoch(group)).unwrap()
    }

    pub fn devices(&mut self, group: GroupId) -> Vec<DeviceAddress> {
        let members = self.work(|work| work.members(group)).unwrap();
        let mut devices: Vec<_> = members.iter().map(|member| member.device).collect();
        devices.sort();
        devices
    }
}

pub fn texts(events: &[Event]) -> Vec<u64> {
    let text = |event: &Event| match event {
        Event::Message { content, .. } => Some(id_of(content)),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// The invitation of the only one who was added.
pub fn invitation(events: &[Event]) -> Vec<u8> {
    let mut found = invitations(events);
    assert_eq!(found.len(), 1, "an invitation");
    found.remove(0).1
}

/// All invitations, and whose they are.
pub fn invitations(events: &[Event]) -> Vec<(DeviceAddress, Vec<u8>)> {
    let of = |event: &Event| match event {
        Event::Changed { invitations, .. } => invitations.clone(),
        _ => Vec::new(),
    };
    events.iter().flat_map(of).collect()
}

/// All of them join, each by its own invitation.
pub fn join_all(people: &mut [Person], events: &[Event], relays: &Relays) {
    let invitations: BTreeMap<_, _> = invitations(events).into_iter().collect();
    for person in people {
        let invitation = &invitations[&person.device];
        person.accept(invitation, relays).unwrap();
    }
}

pub fn is_tree(handshake: &[u8]) -> bool {
    Work::<Chain>::is_tree(handshake)
}

pub fn add(key_packages: Vec<Vec<u8>>) -> Change {
    Change {
        add: key_packages,
        ..Change::default()
    }
}

pub fn remove(devices: &[DeviceAddress]) -> Change {
    Change {
        remove: devices.to_vec(),
        ..Change::default()
    }
}

pub fn renew() -> Change {
    Change {
        renew: true,
        ..Change::default()
    }
}

/// A group of the people `0..count`, made by the first.
pub fn group(
    count: u32,
    suite: Suite,
    chain: &Chain,
    relays: &mut Relays,
) -> (Vec<Person>, GroupId) {
    let mut people: Vec<_> = (0..count)
        .map(|number| Person::new(number, chain))
        .collect();
    let key_packages = people[1..]
        .iter_mut()
        .map(|person| person.key_package(suite))
        .collect();
    let id = people[0].work(|work| work.create(suite)).unwrap();
    if count > 1 {
        let events = people[0].change(id, &add(key_packages), relays);
        join_all(&mut people[1..], &events, relays);
    }
    (people, id)
}

/// All of them see the same group.
pub fn assert_same_group(people: &mut [&mut Person], group: GroupId) {
    let expected = people[0].epoch(group);
    let devices = people[0].devices(group);
    for person in people {
        assert_eq!(person.epoch(group), expected, "{}", person.device);
        assert_eq!(person.devices(group), devices);
    }
}

pub fn place(person: &mut Person, id: GroupId) -> Place {
    person.work(|work| work.place(id)).unwrap()
}

/// What `one` concludes from the place of `other`.
pub fn ask(
    people: &mut [Person],
    one: usize,
    other: usize,
    id: GroupId,
) -> (Comparison, Vec<Event>) {
    let bytes = place(&mut people[other], id).to_bytes();
    let place = Place::from_bytes(&bytes).unwrap();
    people[one].work(|work| work.compare(id, &place)).unwrap()
}

/// `who` joins again with information of `informer`.
pub fn join_again(people: &mut [Person], who: usize, informer: usize, id: GroupId) -> Vec<u8> {
    let information = people[informer].work(|work| work.information(id)).unwrap();
    people[who]
        .work(|work| work.rejoin(&information))
        .unwrap()
        .1
}
