//! A group of 500 devices with hybrid keys.

use crate::{
    people::{self, Chain, Person, add, device, invitation, remove, renew},
    relays::Relays,
};
use parlance_e2ee::DeviceAddress;
use parlance_groups::{Error, Suite, limits::MAX_MEMBERS};

/// Most of the 500 only publish a key package; a few are there all the time.
const AWAKE: usize = 6;
/// Bytes of an invitation: the secrets sealed with X-Wing have 1,250.
const MOST_EACH: usize = 1_700;
/// Bytes of the tree: a leaf has 1,400.
const MOST_TREE: usize = 720_000;

/// Nobody gets what is for others, and what is for all is there once.
fn check_sizes(invitations: &[(DeviceAddress, Vec<u8>)], relays: &Relays) {
    assert_eq!(invitations.len(), MAX_MEMBERS - 1);
    let each = invitations.iter().map(|(_, invitation)| invitation.len());
    let (longest, all) = (each.clone().max().unwrap(), each.sum::<usize>());
    assert!(longest <= MOST_EACH, "an invitation has {longest} bytes");
    let is_tree = |it: &&Vec<u8>| people::is_tree(it);
    let trees: Vec<_> = relays.all().iter().filter(is_tree).collect();
    let [tree] = trees[..] else {
        panic!("{} trees", trees.len())
    };
    assert!(tree.len() <= MOST_TREE, "the tree has {} bytes", tree.len());
    println!(
        "{all} bytes in invitations, each at most {longest}; tree {}",
        tree.len()
    );
}

#[test]
fn five_hundred_are_added_in_bulk_removed_written_to_and_let_in_again() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let mut awake: Vec<_> = (0..AWAKE as u32)
        .map(|number| Person::new(number, &chain))
        .collect();
    let mut key_packages: Vec<_> = awake[1..]
        .iter_mut()
        .map(|person| person.key_package(Suite::Hybrid))
        .collect();
    for number in AWAKE as u32..MAX_MEMBERS as u32 {
        key_packages.push(Person::new(number, &chain).key_package(Suite::Hybrid));
    }
    let id = awake[0].work(|work| work.create(Suite::Hybrid)).unwrap();
    let events = awake[0].change(id, &add(key_packages), &mut relays);
    check_sizes(&people::invitations(&events), &relays);
    people::join_all(&mut awake[1..], &events, &relays);
    for person in &mut awake[1..] {
        assert_eq!(person.devices(id).len(), MAX_MEMBERS);
    }
    let first = awake[0].send(id, 1).unwrap();
    for reader in &mut awake[1..] {
        assert_eq!(reader.read(&first).unwrap(), [1]);
    }

    // Nobody more fits in, whoever asks.
    let one_more = Person::new(1_000, &chain).key_package(Suite::Hybrid);
    let full = awake[1].work(|work| work.change(id, &add(vec![one_more])));
    assert!(matches!(
        full,
        Err(Error::TooMany {
            limit: MAX_MEMBERS,
            ..
        })
    ));

    // A hundred go at once, one of them awake.
    let gone: Vec<_> = (5..105).map(device).collect();
    awake[1].change(id, &remove(&gone), &mut relays);
    let second = awake[1].send(id, 2).unwrap();
    let kept = awake[5].read(&second);
    assert!(
        kept.is_ok_and(|texts| texts.is_empty()),
        "it waits for an epoch that never comes"
    );
    awake[5].catch_up(id, &mut relays);
    assert!(matches!(awake[5].read(&second), Err(Error::Removed(_))));
    for who in [0, 2, 3, 4] {
        awake[who].catch_up(id, &mut relays);
        assert_eq!(awake[who].read(&second).unwrap(), [2]);
    }

    // The one that was removed is invited again; one that lost its state joins again by itself.
    let key_package = awake[5].key_package(Suite::Hybrid);
    let events = awake[2].change(id, &add(vec![key_package]), &mut relays);
    awake[5]
        .work(|work| work.join(&invitation(&events)))
        .unwrap();
    awake[3].work(|work| work.restored()).unwrap();
    let information = awake[2].work(|work| work.information(id)).unwrap();
    let (_, commit) = awake[3].work(|work| work.rejoin(&information)).unwrap();
    relays.push(commit);
    for person in &mut awake {
        person.catch_up(id, &mut relays);
    }
    awake[4].change(id, &renew(), &mut relays);
    for person in &mut awake {
        person.catch_up(id, &mut relays);
    }
    let mut all: Vec<_> = awake.iter_mut().collect();
    people::assert_same_group(&mut all, id);
    let third = awake[3].send(id, 3).unwrap();
    for who in [0, 1, 2, 4, 5] {
        assert_eq!(awake[who].read(&third).unwrap(), [3]);
    }
}
