//! Leaving, being removed, and coming back.

use crate::{
    people::{Chain, Person, add, ask, assert_same_group, group, invitation, remove, renew},
    relays::Relays,
};
use parlance_groups::{Change, Comparison, Error, Event, Suite};

#[test]
fn leaving_is_a_wish_that_a_member_fulfils() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let wish = people[2].work(|work| work.leave(id)).unwrap();
    let events = people[0].work(|work| work.message(&wish)).unwrap().1;
    let leaver = people[2].device;
    assert_eq!(events, [Event::WishesToLeave { device: leaver }]);
    people[0].change(id, &remove(&[leaver]), &mut relays);
    let events = people[2].catch_up(id, &mut relays);
    assert!(events.contains(&Event::Removed {
        by: people[0].device
    }));
    people[2].work(|work| work.forget(id)).unwrap();
    assert!(matches!(
        people[2].work(|work| work.members(id)),
        Err(Error::NoGroup(_))
    ));
    assert!(
        people[2]
            .work(|work| work.groups(None, 10))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_member_who_left_is_invited_again() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Hybrid, &chain, &mut relays);
    let gone = people[2].device;
    people[0].change(id, &remove(&[gone]), &mut relays);
    people[2].catch_up(id, &mut relays);
    let key_package = people[2].key_package(Suite::Hybrid);
    let events = people[0].change(id, &add(vec![key_package]), &mut relays);
    people[2]
        .work(|work| work.join(&invitation(&events)))
        .unwrap();
    people[1].catch_up(id, &mut relays);
    let message = people[2].send(id, 1).unwrap();
    for person in &mut people[..2] {
        assert_eq!(person.read(&message).unwrap(), [1]);
    }
}

#[test]
fn a_device_that_lost_its_state_comes_back_and_nobody_else_comes_in_that_way() {
    for suite in [Suite::Hybrid, Suite::Classical] {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(3, suite, &chain, &mut relays);
        let backup = people[2].backup();
        let seen = people[0].send(id, 1).unwrap();
        people[2].read(&seen).unwrap();
        people[2].change(id, &renew(), &mut relays);
        people[2].restore(&backup);
        // Its own commit of the part that is lost makes it doubt, and the place of another tells it.
        let events = people[2].catch_up(id, &mut relays);
        assert!(
            matches!(events[..], [Event::PassedOver { .. }, Event::InDoubt]),
            "{events:?}"
        );
        people[0].catch_up(id, &mut relays);
        assert_eq!(ask(&mut people, 2, 0, id).0, Comparison::JoinAgain);
        let information = people[0].work(|work| work.information(id)).unwrap();

        let mut stranger = Person::new(50, &chain);
        let (_, commit) = stranger.work(|work| work.rejoin(&information)).unwrap();
        relays.push(commit);
        let (_, commit) = people[2].work(|work| work.rejoin(&information)).unwrap();
        assert!(matches!(people[2].send(id, 9), Err(Error::Joining(_))));
        let events = people[0].catch_up(id, &mut relays);
        assert!(
            matches!(&events[..], [Event::PassedOver { .. }]),
            "{events:?}"
        );
        relays.push(commit);
        // The stranger's came first: the device cannot judge it and asks.
        let events = people[2].catch_up(id, &mut relays);
        assert!(events.contains(&Event::InDoubt), "{events:?}");
        assert!(matches!(people[2].send(id, 9), Err(Error::Joining(_))));
        for person in &mut people[..2] {
            person.catch_up(id, &mut relays);
        }
        let asked = ask(&mut people, 2, 1, id);
        assert_eq!(asked, (Comparison::Same, vec![Event::Rejoined]));
        let [a, b, c] = &mut people[..] else {
            unreachable!()
        };
        assert_same_group(&mut [a, b, c], id);
        assert_eq!(people[0].devices(id).len(), 3);
        let message = people[2].send(id, 2).unwrap();
        assert_eq!(people[0].read(&message).unwrap(), [2]);
        assert!(people[0].work(|work| work.message(&message)).is_err());
    }
}

#[test]
fn the_change_of_a_device_that_is_removed_meanwhile_is_void() {
    for offered in [false, true] {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
        let gone = people[2].device;
        people[2].work(|work| work.change(id, &renew())).unwrap();
        if offered {
            // Its commit is on the way when the one that removes it is first.
            people[2].work(|work| work.offer(id)).unwrap().unwrap();
        }
        people[0].change(id, &remove(&[gone]), &mut relays);
        let events = people[2].catch_up(id, &mut relays);
        assert!(matches!(events[..], [Event::Removed { .. }]), "{events:?}");
        assert_eq!(people[2].work(|work| work.offer(id)).unwrap(), None);
        // In again it makes new changes, and not the old one.
        let key_package = people[2].key_package(Suite::Classical);
        let events = people[0].change(id, &add(vec![key_package]), &mut relays);
        people[2]
            .work(|work| work.join(&invitation(&events)))
            .unwrap();
        assert_eq!(people[2].work(|work| work.offer(id)).unwrap(), None);
        people[2].change(id, &renew(), &mut relays);
        for person in &mut people[..2] {
            person.catch_up(id, &mut relays);
        }
        let [a, b, c] = &mut people[..] else {
            unreachable!()
        };
        assert_same_group(&mut [a, b, c], id);
    }
}

#[test]
fn an_invitation_that_a_new_joining_overtakes_makes_the_device_join_once_more() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let gone = people[2].device;
    let key_package = people[2].key_package(Suite::Classical);
    people[2].work(|work| work.restored()).unwrap();
    let change = Change {
        add: vec![key_package],
        remove: vec![gone],
        renew: false,
    };
    let events = people[0].change(id, &change, &mut relays);
    let information = people[0].work(|work| work.information(id)).unwrap();
    let (_, commit) = people[2].work(|work| work.rejoin(&information)).unwrap();
    // Both ways back are for the same epoch: the invitation is read first, the commit is accepted then.
    people[2]
        .work(|work| work.join(&invitation(&events)))
        .unwrap();
    relays.push(commit);
    assert_eq!(people[2].catch_up(id, &mut relays), [Event::LostTrack]);
    for person in &mut people[..2] {
        person.catch_up(id, &mut relays);
        assert_eq!(person.devices(id).len(), 3);
    }
    let information = people[1].work(|work| work.information(id)).unwrap();
    let (_, commit) = people[2].work(|work| work.rejoin(&information)).unwrap();
    relays.push(commit);
    assert_eq!(people[2].catch_up(id, &mut relays), [Event::Rejoined]);
    for person in &mut people[..2] {
        person.catch_up(id, &mut relays);
    }
    let [a, b, c] = &mut people[..] else {
        unreachable!()
    };
    assert_same_group(&mut [a, b, c], id);
}
