//! Bytes from strangers, random ones and genuine ones with random changes, for every decoder and the operation
//! behind it. Nothing panics, nothing is accepted that should not be, nothing is changed. Seeds replay; the
//! fuzz targets in `fuzz/` go further.

use crate::{
    people::{Chain, Person, add, group, invitation, invitations, renew, rng},
    relays::Relays,
};
use parlance_groups::{Error, Event, Suite};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

const ROUNDS: usize = 400;

fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    rng.next_u32() as usize % bound
}

/// A change that parsers trip over: flips, cuts, repeats, lengths that are all ones.
fn damage(bytes: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + below(rng, 3) {
        if bytes.is_empty() {
            bytes.push(rng.next_u32() as u8);
        }
        // Lengths and kinds stand at the beginning.
        let reach = if below(rng, 2) == 0 {
            bytes.len().min(120)
        } else {
            bytes.len()
        };
        let place = below(rng, reach);
        match below(rng, 6) {
            0 => bytes[place] ^= 1 << below(rng, 8),
            1 => bytes[place] = 0xFF,
            2 => bytes.truncate(place),
            3 => bytes.insert(place, rng.next_u32() as u8),
            4 => {
                let end = (place + below(rng, 64)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
            _ => bytes[place] = rng.next_u32() as u8,
        }
    }
    bytes
}

fn inputs(genuine: &[u8], seed: u64) -> Vec<Vec<u8>> {
    let mut rng = rng(seed);
    let mut inputs: Vec<_> = (0..ROUNDS)
        .map(|round| match round % 8 {
            0 => {
                let mut bytes = vec![0; below(&mut rng, 600)];
                rng.fill_bytes(&mut bytes);
                bytes
            }
            _ => damage(genuine, &mut rng),
        })
        .collect();
    inputs.retain(|bytes| bytes != genuine);
    inputs
}

#[test]
fn messages() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Hybrid, &chain, &mut relays);
    let message = people[0].send(id, 1).unwrap();
    let before = people[1].epoch(id);
    let reader = &mut people[1];
    let mut work = reader.groups.begin(reader.store.as_ref().unwrap()).unwrap();
    for bytes in inputs(&message, 1) {
        // A changed epoch makes it a message that waits for a commit; nothing else is accepted.
        if let Ok((_, events)) = work.message(&bytes) {
            assert!(events.is_empty());
        }
    }
    work.commit().unwrap();
    assert_eq!(reader.epoch(id), before);
    assert_eq!(reader.read(&message).unwrap(), [1]);
}

#[test]
fn handshakes() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    people[0].work(|work| work.change(id, &renew())).unwrap();
    let commit = people[0].work(|work| work.offer(id)).unwrap().unwrap();
    people[1].work(|work| work.restored()).unwrap();
    let information = people[2].work(|work| work.information(id)).unwrap();
    let (_, outside) = people[1].work(|work| work.rejoin(&information)).unwrap();
    let before = people[2].epoch(id);
    for (genuine, seed) in [(&commit, 2), (&outside, 3)] {
        people[2]
            .work(|work| {
                for bytes in inputs(genuine, seed) {
                    let position = work.position(id)?;
                    for event in work.handshake(id, position, &bytes)? {
                        let harmless = matches!(event, Event::PassedOver { .. } | Event::InDoubt);
                        assert!(harmless, "{event:?}");
                    }
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(people[2].epoch(id), before);
        // All of them together stop neither the reader nor what is genuine.
        assert!(people[2].work(|work| work.information(id)).is_ok());
        assert!(people[2].send(id, seed).is_ok());
    }
    people[2]
        .work(|work| {
            let position = work.position(id)?;
            let events = work.handshake(id, position, &outside)?;
            assert!(matches!(&events[..], [Event::Changed { .. }]), "{events:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn key_packages_invitations_and_information() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Hybrid, &chain, &mut relays);
    let mut guest = Person::new(9, &chain);
    let key_package = guest.key_package(Suite::Hybrid);
    for bytes in inputs(&key_package, 4) {
        let refused = people[0].work(|work| work.change(id, &add(vec![bytes])));
        assert!(refused.is_err());
    }
    let invitation = invitation(&people[0].change(id, &add(vec![key_package]), &mut relays));
    for mut bytes in inputs(&invitation, 5) {
        // The position is the inviter's word for where to begin to read; any is possible.
        if bytes.len() > 9 {
            bytes[1..9].copy_from_slice(&invitation[1..9]);
        }
        if bytes == invitation {
            continue;
        }
        let store = guest.store.as_ref().unwrap();
        let mut work = guest.groups.begin(store).unwrap();
        assert!(work.join(&bytes).is_err());
    }
    guest.work(|work| work.join(&invitation)).unwrap();
    let information = people[0].work(|work| work.information(id)).unwrap();
    people[1].work(|work| work.restored()).unwrap();
    for mut bytes in inputs(&information, 6) {
        if bytes.len() > 9 {
            bytes[1..9].copy_from_slice(&information[1..9]);
        }
        if bytes == information {
            continue;
        }
        let person = &mut people[1];
        let mut work = person.groups.begin(person.store.as_ref().unwrap()).unwrap();
        let refused = work.rejoin(&bytes);
        assert!(refused.is_err());
    }
    assert!(people[1].work(|work| work.rejoin(&information)).is_ok());
}

#[test]
fn invitations_without_a_tree_and_trees() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(1, Suite::Classical, &chain, &mut relays);
    let mut guests: Vec<_> = (1..21).map(|number| Person::new(number, &chain)).collect();
    let packages = guests.iter_mut();
    let packages = packages.map(|guest| guest.key_package(Suite::Classical));
    let events = people[0].change(id, &add(packages.collect()), &mut relays);
    let (device, invitation) = invitations(&events).remove(0);
    let guest = guests.iter_mut().find(|guest| guest.device == device);
    let guest = guest.unwrap();
    let tree = relays.all()[0].clone();
    for mut bytes in inputs(&invitation, 7) {
        if bytes.len() > 17 {
            // Both positions are the inviter's word.
            bytes[1..17].copy_from_slice(&invitation[1..17]);
        }
        if bytes != invitation {
            let store = guest.store.as_ref().unwrap();
            let mut work = guest.groups.begin(store).unwrap();
            assert!(work.join_with(&bytes, &tree).is_err());
        }
    }
    for bytes in inputs(&tree, 8) {
        let store = guest.store.as_ref().unwrap();
        let mut work = guest.groups.begin(store).unwrap();
        let refused = work.join_with(&invitation, &bytes);
        assert!(matches!(refused, Err(Error::OtherTree)));
    }
    guest.accept(&invitation, &relays).unwrap();
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, _) = group(1, Suite::Classical, &chain, &mut relays);
    let long = vec![1; 9 * 1024 * 1024];
    let person = &mut people[0];
    assert!(matches!(
        person.work(|work| work.message(&long)),
        Err(Error::TooMany { .. })
    ));
    assert!(matches!(
        person.work(|work| work.join(&long)),
        Err(Error::TooMany { .. })
    ));
    assert!(matches!(
        person.work(|work| work.rejoin(&long)),
        Err(Error::TooMany { .. })
    ));
}
