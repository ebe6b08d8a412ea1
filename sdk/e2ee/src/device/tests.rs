use super::*;
use crate::test_rng::rng;
use rand_core::Rng;
use std::vec;

fn account(number: u8) -> Account {
    [number; 32]
}

/// Devices of accounts that know each other's records; `devices[i]` is of account `i`.
fn world(devices: &[u8], seed: u64) -> Vec<Device> {
    let mut rng = rng(seed);
    let mut all: Vec<Device> = devices
        .iter()
        .enumerate()
        .map(|(index, of)| {
            let address = DeviceAddress {
                account: account(*of),
                device: index as u32,
            };
            let identity = DeviceIdentity::generate(&mut rng);
            let mut device = Device::new(address, identity, 1_000, &mut rng);
            device.prekeys_mut().replenish(devices.len() * 4, &mut rng);
            device
        })
        .collect();
    let records = records(&all);
    for device in &mut all {
        for (account, record) in &records {
            device.set_contact(*account, record).unwrap();
        }
    }
    all
}

fn records(all: &[Device]) -> BTreeMap<Account, Vec<(u32, IdentityPublic)>> {
    let mut records: BTreeMap<Account, Vec<_>> = BTreeMap::new();
    for device in all {
        let entry = (device.address.device, device.identity.public());
        records
            .entry(device.address.account)
            .or_default()
            .push(entry);
    }
    records
}

/// Starts the sessions that device `from` needs to write to `to`, with the `nth` one-time prekey of each.
fn start_missing(all: &mut [Device], from: usize, to: &[Account], nth: usize) {
    let mut rng = rng(77 + from as u64);
    for address in all[from].missing(to) {
        let bundle = all[address.device as usize].publish().bundle(nth);
        assert!(!all[from].start(address, bundle, &mut rng).unwrap());
    }
}

fn send(all: &mut [Device], from: usize, to: &[Account], text: &[u8], seed: u64) -> Vec<Outgoing> {
    let sent = all[from].encrypt(to, text, &mut rng(seed)).unwrap();
    assert_eq!(sent.missing, []);
    sent.messages
}

fn deliver(all: &mut [Device], from: usize, messages: &[Outgoing], text: &[u8]) {
    let sender = all[from].sender();
    for outgoing in messages {
        let receiver = &mut all[outgoing.to.device as usize];
        let received = receiver.decrypt(&sender, &outgoing.message).unwrap();
        assert_eq!(received.plaintext.as_slice(), text);
        assert_eq!(received.from, sender.address);
    }
}

#[test]
fn every_device_of_both_accounts_reads_what_one_sends() {
    let mut all = world(&[1, 1, 1, 2, 2], 1);
    let both = [account(1), account(2)];
    for (round, from) in [0, 3, 1, 4, 2, 0].into_iter().enumerate() {
        start_missing(&mut all, from, &both, round);
        let messages = send(&mut all, from, &both, b"hello", round as u64);
        assert_eq!(messages.len(), 4);
        deliver(&mut all, from, &messages, b"hello");
    }
}

#[test]
fn a_device_without_a_session_is_named() {
    let mut all = world(&[1, 2, 2], 2);
    let sent = all[0].encrypt(&[account(2)], b"x", &mut rng(1)).unwrap();
    assert_eq!(sent.messages, []);
    assert_eq!(sent.missing, all[0].missing(&[account(2)]));
    assert_eq!(sent.missing.len(), 2);
}

#[test]
fn both_begin_at_once_and_agree_on_one_session() {
    for seed in 0..20 {
        let mut all = world(&[1, 2], seed);
        start_missing(&mut all, 0, &[account(2)], 0);
        start_missing(&mut all, 1, &[account(1)], 0);
        let from_0 = send(&mut all, 0, &[account(2)], b"a", 1);
        let from_1 = send(&mut all, 1, &[account(1)], b"b", 2);
        deliver(&mut all, 0, &from_0, b"a");
        deliver(&mut all, 1, &from_1, b"b");
        let (one, other) = (all[0].address, all[1].address);
        assert_eq!(all[0].active_session(&other), all[1].active_session(&one));
    }
}

#[test]
fn if_one_beginning_is_lost_the_other_is_used() {
    for seed in 0..20 {
        let mut all = world(&[1, 2], seed);
        start_missing(&mut all, 0, &[account(2)], 0);
        start_missing(&mut all, 1, &[account(1)], 0);
        send(&mut all, 0, &[account(2)], b"lost", 1);
        for round in 0..2 {
            let messages = send(&mut all, 1, &[account(1)], b"b", 2 + round);
            deliver(&mut all, 1, &messages, b"b");
        }
        let messages = send(&mut all, 0, &[account(2)], b"a", 9);
        deliver(&mut all, 0, &messages, b"a");
        let (one, other) = (all[0].address, all[1].address);
        assert_eq!(all[0].active_session(&other), all[1].active_session(&one));
    }
}

/// D6 under random crossing, loss and reordering: one message and its answer in a quiet moment are enough.
#[test]
fn after_any_disorder_one_quiet_round_trip_brings_both_to_one_session() {
    for seed in 0..30 {
        let mut random = rng(1_000 + seed);
        let mut all = world(&[1, 2], seed);
        let mut wire: Vec<(usize, Outgoing)> = Vec::new();
        for step in 0..40u64 {
            let from = (random.next_u32() % 2) as usize;
            let to = [account(2 - from as u8)];
            if random.next_u32().is_multiple_of(5) || !all[from].missing(&to).is_empty() {
                let address = all[1 - from].address;
                let bundle = all[1 - from]
                    .publish()
                    .bundle(random.next_u32() as usize % 8);
                all[from].start(address, bundle, &mut random).unwrap();
            }
            let messages = send(&mut all, from, &to, b"x", step);
            wire.extend(messages.into_iter().map(|message| (from, message)));
            while random.next_u32().is_multiple_of(2) && !wire.is_empty() {
                let (from, outgoing) = wire.remove(random.next_u32() as usize % wire.len());
                let sender = all[from].sender();
                // A prekey may be used twice here, as by a careless relay: such a beginning is refused.
                let _ = all[1 - from].decrypt(&sender, &outgoing.message);
            }
        }
        let (one, other) = (all[0].address, all[1].address);
        let bundle = all[1].publish().bundle(100);
        all[0].start(other, bundle, &mut random).unwrap();
        for from in [0, 1] {
            let messages = send(&mut all, from, &[account(2 - from as u8)], b"quiet", 99);
            deliver(&mut all, from, &messages, b"quiet");
        }
        assert_eq!(all[0].active_session(&other), all[1].active_session(&one));
    }
}

#[test]
fn a_removed_device_gets_nothing_and_is_not_heard() {
    let mut all = world(&[1, 2, 2], 3);
    start_missing(&mut all, 0, &[account(2)], 0);
    let messages = send(&mut all, 0, &[account(2)], b"x", 1);
    deliver(&mut all, 0, &messages, b"x");
    let from_removed = all[2]
        .encrypt(&[account(1)], b"still here", &mut rng(2))
        .unwrap();
    let record = [(1, all[1].identity.public())];
    let change = all[0].set_contact(account(2), &record).unwrap();
    assert_eq!(
        change,
        RecordChange {
            removed: vec![2],
            ..RecordChange::default()
        }
    );
    assert_eq!(send(&mut all, 0, &[account(2)], b"x", 3).len(), 1);
    let sender = all[2].sender();
    let result = all[0].decrypt(&sender, &from_removed.messages[0].message);
    assert_eq!(result.map(|_| ()), Err(Error::UnknownDevice));
}

#[test]
fn a_changed_identity_drops_the_sessions_and_is_told() {
    let mut all = world(&[1, 2], 4);
    start_missing(&mut all, 0, &[account(2)], 0);
    let record = [(1, DeviceIdentity::generate(&mut rng(9)).public())];
    let change = all[0].set_contact(account(2), &record).unwrap();
    assert_eq!(change.changed, [1]);
    assert_eq!(all[0].missing(&[account(2)]).len(), 1);
    let sender = all[1].sender();
    assert_eq!(
        all[0].decrypt(&sender, b"").map(|_| ()),
        Err(Error::IdentityMismatch)
    );
}

#[test]
fn a_replayed_beginning_is_refused_with_and_without_one_time_prekey() {
    for nth in [0, 1_000] {
        let mut all = world(&[1, 2], 5);
        let (to, bundle) = (all[1].address, all[1].publish().bundle(nth));
        let last_resort = all[0].start(to, bundle, &mut rng(1)).unwrap();
        assert_eq!(last_resort, nth == 1_000);
        let messages = send(&mut all, 0, &[account(2)], b"x", 1);
        deliver(&mut all, 0, &messages, b"x");
        let sender = all[0].sender();
        let again = all[1].decrypt(&sender, &messages[0].message).map(|_| ());
        assert_eq!(again, Err(Error::Duplicate));
        all[1].forget_sessions();
        let again = all[1].decrypt(&sender, &messages[0].message).map(|_| ());
        let gone = if last_resort {
            Error::ReplayedHandshake
        } else {
            Error::PreKeyGone
        };
        assert_eq!(again, Err(gone));
    }
}

#[test]
fn an_old_bundle_is_refused() {
    let mut all = world(&[1, 2], 6);
    let mut random = rng(1);
    let (to, old) = (all[1].address, all[1].publish().bundle(0));
    all[1].prekeys_mut().rotate(2_000, &mut random);
    let new = all[1].publish().bundle(1);
    all[0].start(to, new, &mut random).unwrap();
    let result = all[0].start(to, old, &mut random);
    assert_eq!(
        result,
        Err(Error::StaleBundle {
            found: 1_000,
            newest: 2_000
        })
    );
}

#[test]
fn a_beginning_for_the_previous_signed_prekey_is_read_and_for_the_one_before_not() {
    for (rotations, expected) in [(0, Ok(())), (1, Ok(())), (2, Err(Error::PreKeyGone))] {
        let mut all = world(&[1, 2], 7);
        start_missing(&mut all, 0, &[account(2)], 3);
        let messages = send(&mut all, 0, &[account(2)], b"x", 1);
        for _ in 0..rotations {
            all[1].prekeys_mut().rotate(5_000, &mut rng(2));
        }
        let sender = all[0].sender();
        assert_eq!(
            all[1].decrypt(&sender, &messages[0].message).map(|_| ()),
            expected
        );
    }
}

#[test]
fn somebody_else_cannot_pose_as_the_sender() {
    let mut all = world(&[1, 2, 3], 8);
    start_missing(&mut all, 2, &[account(2)], 0);
    let messages = send(&mut all, 2, &[account(2)], b"I am 1", 1);
    // The third account claims to be the first, with its own and with the first one's identity.
    let address = all[0].address;
    let own = Sender {
        address,
        identity: all[2].identity.public(),
    };
    let borrowed = all[0].sender();
    let message = &messages[0].message;
    assert_eq!(
        all[1].decrypt(&own, message).map(|_| ()),
        Err(Error::IdentityMismatch)
    );
    assert_eq!(
        all[1].decrypt(&borrowed, message).map(|_| ()),
        Err(Error::IdentityMismatch)
    );
}

#[test]
fn sessions_per_device_are_bounded() {
    let mut all = world(&[1, 2], 9);
    let mut random = rng(3);
    let to = all[1].address;
    for nth in 0..crate::limits::MAX_SESSIONS_PER_DEVICE + 3 {
        let bundle = all[1].publish().bundle(nth);
        all[0].start(to, bundle, &mut random).unwrap();
    }
    let restored = Device::decode(&mut &all[0].encode()[..]).unwrap();
    assert_eq!(restored.encode(), all[0].encode());
}

#[test]
fn the_own_device_is_left_out() {
    let mut all = world(&[1, 1], 10);
    let own = all[0].sender();
    assert_eq!(all[0].missing(&[account(1)]), [all[1].address]);
    let bundle = all[0].publish().bundle(0);
    let result = all[0].start(own.address, bundle, &mut rng(1));
    assert_eq!(result, Err(Error::OwnDevice));
    assert_eq!(all[0].decrypt(&own, b"").map(|_| ()), Err(Error::OwnDevice));
}
