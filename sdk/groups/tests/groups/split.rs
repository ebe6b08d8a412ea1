//! Invitations whose tree is in the relays' order (I1-I5).

use crate::{
    people::{Chain, Person, add, assert_same_group, invitations, is_tree, join_all, renew},
    relays::Relays,
};
use parlance_groups::{Change, Error, Event, GroupId, Suite, Work};

/// As many new devices as share a tree: 20 times 21 is above the limit.
const NEW: u32 = 20;

/// Somebody with a group, and those whom it wants to add.
fn before(chain: &Chain, first: u32, suite: Suite) -> (Person, GroupId, Vec<Person>, Change) {
    let mut maker = Person::new(first, chain);
    let mut guests: Vec<_> = (first + 1..=first + NEW)
        .map(|number| Person::new(number, chain))
        .collect();
    let packages = guests.iter_mut().map(|guest| guest.key_package(suite));
    let change = add(packages.collect());
    let id = maker.work(|work| work.create(suite)).unwrap();
    (maker, id, guests, change)
}

fn bytes_of(person: &Person, events: &[Event]) -> Vec<u8> {
    let mut all = invitations(events).into_iter();
    let own = all.find(|(device, _)| *device == person.device);
    own.unwrap().1
}

#[test]
fn the_tree_comes_once_and_before_its_commit_and_others_pass_over_it() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut maker, id, mut guests, change) = before(&chain, 0, Suite::Hybrid);
    let mut second = Person::new(100, &chain);
    let key_package = second.key_package(Suite::Hybrid);
    let events = maker.change(id, &add(vec![key_package]), &mut relays);
    // Alone it gets the tree with the invitation.
    let invitation = bytes_of(&second, &events);
    assert_eq!(Work::<Chain>::tree_at(&invitation).unwrap(), None);
    second.accept(&invitation, &relays).unwrap();

    let place = relays.len();
    let events = maker.change(id, &change, &mut relays);
    let [tree, commit] = &relays.all()[place..] else {
        panic!("{} handshakes", relays.len() - place)
    };
    assert!(is_tree(tree) && !is_tree(commit));
    for guest in &guests {
        let at = Work::<Chain>::tree_at(&bytes_of(guest, &events)).unwrap();
        assert_eq!(at, Some(place as u64));
    }
    // The beginning is enough to know that it is another's.
    let passes = |person: &mut Person, bytes: &[u8]| {
        person.work(|work| work.passes_over(id, bytes)).unwrap()
    };
    assert!(passes(&mut second, &tree[..100]) && !passes(&mut second, commit));
    let read = second.catch_up(id, &mut relays);
    let [Event::PassedOver { .. }, Event::Changed { added, .. }] = &read[..] else {
        panic!("{read:?}")
    };
    assert_eq!(added.len(), guests.len());

    join_all(&mut guests, &events, &relays);
    let mut all = vec![&mut maker, &mut second];
    all.extend(&mut guests);
    assert_same_group(&mut all, id);
    let text = guests[7].send(id, 1).unwrap();
    assert_eq!(guests[8].read(&text).unwrap(), [1]);
    assert_eq!(second.read(&text).unwrap(), [1]);
    // They go on from behind the commit that added them.
    guests[3].change(id, &renew(), &mut relays);
    let read = guests[4].catch_up(id, &mut relays);
    assert!(matches!(read[..], [Event::Changed { .. }]), "{read:?}");
}

#[test]
fn a_tree_that_is_damaged_or_anothers_is_refused_and_nothing_is_spent() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut maker, id, mut guests, change) = before(&chain, 0, Suite::Classical);
    let events = maker.change(id, &change, &mut relays);
    let invitation = bytes_of(&guests[0], &events);
    let tree = relays.all()[0].clone();

    let mut others = Relays::new(2);
    let (mut other, other_id, other_guests, change) = before(&chain, 50, Suite::Classical);
    let events = other.change(other_id, &change, &mut others);
    let other_invitation = bytes_of(&other_guests[0], &events);
    let other_tree = others.all()[0].clone();

    let guest = &mut guests[0];
    let needs = guest.work(|work| work.join(&invitation)).unwrap_err();
    assert!(matches!(needs, Error::NeedsTree { position: 0 }), "{needs}");
    let mut damaged = vec![other_tree.clone(), Vec::new(), relays.all()[1].clone()];
    for at in [0, 5, 36, 37, 300, tree.len() - 1] {
        let mut bytes = tree.clone();
        bytes[at] ^= 1;
        damaged.push(bytes);
        damaged.push(tree[..at].to_vec());
    }
    damaged.push([&tree[..], &[0]].concat());
    // Another's bytes under this one's hash.
    damaged.push([&tree[..37], &other_tree[37..]].concat());
    for bytes in damaged {
        let refused = guest.work(|work| work.join_with(&invitation, &bytes));
        assert!(matches!(refused, Err(Error::OtherTree)));
    }
    // An inviter who lies about the tree: key and hash are right for the bytes, and the tree is of another group.
    let head = 9..81;
    let mut lie = invitation.clone();
    lie[head.clone()].copy_from_slice(&other_invitation[head]);
    let refused = guest.work(|work| work.join_with(&lie, &other_tree));
    assert!(matches!(refused, Err(Error::Unusable { .. })));
    // A key that does not open it.
    let mut lie = invitation.clone();
    lie[17..49].copy_from_slice(&other_invitation[17..49]);
    let refused = guest.work(|work| work.join_with(&lie, &tree));
    assert!(matches!(refused, Err(Error::OtherTree)));

    assert_eq!(guest.work(|work| work.key_packages_left()).unwrap(), 1);
    guest.accept(&invitation, &relays).unwrap();
    assert_eq!(guest.work(|work| work.key_packages_left()).unwrap(), 0);
    assert_same_group(&mut [&mut maker, &mut guests[0]], id);
    // It is nobody else's invitation.
    let stolen = guests[1].work(|work| work.join_with(&invitation, &tree));
    assert!(stolen.is_err());
}

#[test]
fn a_commit_that_comes_second_gets_a_tree_of_its_own() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut maker, id, mut guests, change) = before(&chain, 0, Suite::Classical);
    let mut second = Person::new(100, &chain);
    let key_package = second.key_package(Suite::Classical);
    let events = maker.change(id, &add(vec![key_package]), &mut relays);
    second.accept(&bytes_of(&second, &events), &relays).unwrap();

    maker.work(|work| work.change(id, &change)).unwrap();
    maker.catch_up(id, &mut relays);
    let stale = relays.all().last().unwrap().clone();
    assert!(is_tree(&stale));
    second.change(id, &renew(), &mut relays);
    // Both the tree and the other's commit are read, and a tree for the epoch after that is offered.
    maker.catch_up(id, &mut relays);
    let fresh = relays.all().last().unwrap().clone();
    assert!(is_tree(&fresh) && fresh != stale);
    // What was noted is noted on the disk.
    maker.restart();
    maker.catch_up(id, &mut relays);
    maker.restart();
    let events = maker.catch_up(id, &mut relays);
    let invitation = bytes_of(&guests[0], &events);
    let refused = guests[0].work(|work| work.join_with(&invitation, &stale));
    assert!(matches!(refused, Err(Error::OtherTree)));
    join_all(&mut guests, &events, &relays);
    second.catch_up(id, &mut relays);
    let mut all = vec![&mut maker, &mut second];
    all.extend(&mut guests);
    assert_same_group(&mut all, id);
}

#[test]
fn whoever_puts_other_bytes_under_the_hash_of_a_tree_does_not_harm() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut maker, id, mut guests, change) = before(&chain, 0, Suite::Classical);
    maker.work(|work| work.change(id, &change)).unwrap();
    let tree = maker.work(|work| work.offer(id)).unwrap().unwrap();
    assert!(is_tree(&tree));
    let forged = [&tree[..37], &[7; 500]].concat();
    // A beginning like its own is read to its end.
    let passes = maker.work(|work| work.passes_over(id, &forged[..37]));
    assert!(!passes.unwrap());
    relays.push(forged);
    let read = maker.catch_up(id, &mut relays);
    assert!(matches!(read[..], [Event::PassedOver { .. }]), "{read:?}");
    assert!(
        relays.all().last() == Some(&tree),
        "it is still to be placed"
    );
    maker.catch_up(id, &mut relays);
    let events = maker.catch_up(id, &mut relays);
    let at = Work::<Chain>::tree_at(&bytes_of(&guests[0], &events)).unwrap();
    assert_eq!(at, Some(1));
    join_all(&mut guests, &events, &relays);
}
