//! Whole devices over relays that lose, delay, reorder and repeat envelopes: two accounts with several
//! devices each, restarts from stored state, a backup restored, last-resort prekeys.

mod common;

use common::{below, rng};
use parlance_e2ee::{
    Body, Content, Device, DeviceAddress, DeviceIdentity, Envelope, Error, IdentityPublic,
    PublishedPreKeys, StateKey, Text,
    content::WrittenText,
    device::{Account, Outgoing},
    state::Storable,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};

struct Net {
    devices: Vec<Device>,
    /// What the relays have of each device, and how many of its one-time prekeys they gave out.
    published: Vec<(PublishedPreKeys, usize)>,
    mailboxes: Vec<Vec<(u64, Vec<u8>)>>,
    read: Vec<BTreeSet<u64>>,
    texts: BTreeMap<u64, Content>,
    rng: ChaCha20Rng,
    key: StateKey,
}

impl Net {
    fn new(accounts: &[u8], one_time: usize, seed: u64) -> Self {
        let mut rng = rng(seed);
        let mut devices = Vec::new();
        let mut records: BTreeMap<Account, Vec<(u32, IdentityPublic)>> = BTreeMap::new();
        for (index, account) in accounts.iter().enumerate() {
            let address = DeviceAddress {
                account: [*account; 32],
                device: index as u32,
            };
            let identity = DeviceIdentity::generate(&mut rng);
            records
                .entry(address.account)
                .or_default()
                .push((address.device, identity.public()));
            let mut device = Device::new(address, identity, 1_000, &mut rng);
            device.prekeys_mut().replenish(one_time, &mut rng);
            devices.push(device);
        }
        for device in &mut devices {
            for (account, record) in &records {
                device.set_contact(*account, record).unwrap();
            }
        }
        let count = devices.len();
        let published = devices.iter().map(|device| (device.publish(), 0)).collect();
        Self {
            devices,
            published,
            mailboxes: vec![Vec::new(); count],
            read: vec![BTreeSet::new(); count],
            texts: BTreeMap::new(),
            rng,
            key: StateKey::new([9; 32]),
        }
    }

    fn accounts(&self) -> Vec<Account> {
        let accounts: BTreeSet<_> = self.devices.iter().map(|d| d.address().account).collect();
        accounts.into_iter().collect()
    }

    fn start(&mut self, from: usize, to: DeviceAddress) {
        let (published, given) = &mut self.published[to.device as usize];
        let bundle = published.bundle(*given);
        *given += 1;
        self.devices[from].start(to, bundle, &mut self.rng).unwrap();
    }

    fn send(&mut self, from: usize) -> u64 {
        let accounts = self.accounts();
        for to in self.devices[from].missing(&accounts) {
            self.start(from, to);
        }
        let number = self.texts.len() as u64;
        let text = Text::new(format!("message {number}")).unwrap();
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let content = Content::new(id, number, Body::Text(WrittenText { text }));
        let bytes = content.to_bytes().unwrap();
        self.texts.insert(number, content);
        let sent = self.devices[from]
            .encrypt(&accounts, &bytes, &mut self.rng)
            .unwrap();
        assert!(sent.missing.is_empty());
        let sender = self.devices[from].sender();
        for Outgoing {
            to,
            identity,
            message,
        } in sent.messages
        {
            let mailbox = to.account;
            let ticket = b"ticket".to_vec();
            let envelope =
                Envelope::seal(&sender, &identity, mailbox, ticket, &message, &mut self.rng)
                    .unwrap();
            self.mailboxes[to.device as usize].push((number, envelope.to_bytes()));
        }
        number
    }

    fn fetch(&mut self, at: usize, index: usize) -> Result<u64, Error> {
        let (number, bytes) = self.mailboxes[at].remove(index);
        let envelope = Envelope::from_bytes(&bytes).unwrap();
        let device = &mut self.devices[at];
        let (sender, message) = envelope.open(device.identity()).unwrap();
        let received = device.decrypt(&sender, &message)?;
        assert_eq!(
            Content::from_bytes(&received.plaintext).unwrap(),
            self.texts[&number]
        );
        assert!(
            self.read[at].insert(number),
            "device {at} read message {number} twice"
        );
        Ok(number)
    }

    fn restart(&mut self, at: usize) {
        let stored = self.devices[at].export(&self.key, &mut self.rng);
        self.devices[at] = Device::import(&self.key, &stored).unwrap();
    }
}

#[test]
fn every_device_reads_everything_that_reaches_it_in_any_order() {
    for seed in 0..8 {
        let mut net = Net::new(&[1, 1, 2, 2, 2], 40, seed);
        let mut expected: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); 5];
        for _ in 0..30 {
            let from = below(&mut net.rng, 5);
            let number = net.send(from);
            for (at, expected) in expected.iter_mut().enumerate() {
                if at != from {
                    expected.insert(number);
                }
            }
            let at = below(&mut net.rng, 5);
            while below(&mut net.rng, 3) > 0 && !net.mailboxes[at].is_empty() {
                let index = below(&mut net.rng, net.mailboxes[at].len());
                net.fetch(at, index).unwrap();
            }
            net.restart(at);
        }
        for (at, expected) in expected.iter().enumerate() {
            while !net.mailboxes[at].is_empty() {
                let index = below(&mut net.rng, net.mailboxes[at].len());
                net.fetch(at, index).unwrap();
            }
            assert_eq!(net.read[at], *expected, "device {at}, seed {seed}");
        }
    }
}

#[test]
fn repeated_envelopes_are_refused_and_change_nothing() {
    let mut net = Net::new(&[1, 2], 10, 3);
    for round in 0..20 {
        let from = round % 2;
        net.send(from);
        let at = 1 - from;
        let copy = net.mailboxes[at][0].clone();
        net.fetch(at, 0).unwrap();
        net.mailboxes[at].push(copy);
        let error = net.fetch(at, 0).unwrap_err();
        assert!(matches!(error, Error::Duplicate), "{error}");
    }
}

/// The own state from a backup: the device forgets its sessions, begins anew, and is understood at once.
#[test]
fn a_restored_backup_begins_anew_and_is_understood() {
    let mut net = Net::new(&[1, 2], 10, 4);
    net.send(0);
    net.fetch(1, 0).unwrap();
    let backup = net.devices[0].export(&net.key, &mut net.rng);
    for round in 1..9 {
        net.send(round % 2);
        net.fetch(1 - round % 2, 0).unwrap();
    }
    net.devices[0] = Device::import(&net.key, &backup).unwrap();
    net.devices[0].forget_sessions();
    net.send(1);
    assert!(net.fetch(0, 0).is_err());
    for round in 0..6 {
        net.send(round % 2);
        net.fetch(1 - round % 2, 0).unwrap();
    }
    assert_eq!(
        net.devices[0].active_session(&net.devices[1].address()),
        net.devices[1].active_session(&net.devices[0].address())
    );
}

#[test]
fn without_one_time_prekeys_the_last_resort_serves_everybody_once() {
    let mut net = Net::new(&[1, 2, 3, 4], 0, 5);
    for from in [1, 2, 3] {
        net.send(from);
    }
    let copies = net.mailboxes[0].clone();
    while !net.mailboxes[0].is_empty() {
        net.fetch(0, 0).unwrap();
    }
    net.devices[0].forget_sessions();
    net.mailboxes[0] = copies;
    while !net.mailboxes[0].is_empty() {
        assert_eq!(net.fetch(0, 0).unwrap_err(), Error::ReplayedHandshake);
    }
}
