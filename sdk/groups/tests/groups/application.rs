//! What an application does beside talking: keys of its own, key packages of last resort, work that has its groups.

use crate::{
    people::{Chain, Person, add, group, invitation, now, remove},
    relays::Relays,
};
use parlance_groups::{Error, Event, Suite, Work};

const LABEL: &str = "test/1";

#[test]
fn all_members_derive_the_same_secret_and_the_committer_that_of_the_next_epoch_before() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Hybrid, &chain, &mut relays);
    let before: Vec<_> = people
        .iter_mut()
        .map(|person| person.work(|work| work.export(id, LABEL)).unwrap())
        .collect();
    assert!(before.iter().all(|secret| *secret == before[0]));
    let other = people[0].work(|work| work.export(id, "test/2")).unwrap();
    assert_ne!(other, before[0]);
    let gone = people[2].device;
    let next = people[0]
        .work(|work| {
            assert_eq!(work.export_next(id, LABEL)?, None);
            work.change(id, &remove(&[gone]))?;
            let commit = work.offer(id)?.unwrap();
            let next = work.export_next(id, LABEL)?.unwrap();
            assert_eq!(work.export(id, LABEL)?, before[0]);
            let position = work.position(id)?;
            work.handshake(id, position, &commit)?;
            assert_eq!(work.export(id, LABEL)?, next);
            Ok(next)
        })
        .unwrap();
    assert_ne!(next, before[0]);
}

#[test]
fn a_key_package_of_last_resort_opens_invitations_again_and_again() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let mut ben = Person::new(100, &chain);
    let resort = ben
        .work(|work| work.last_resort(Suite::Hybrid, now()))
        .unwrap();
    let owner = ben.work(|work| work.owner(&resort)).unwrap();
    assert_eq!(owner, ben.device);
    for _ in 0..2 {
        let (mut people, id) = group(2, Suite::Hybrid, &chain, &mut relays);
        let events = people[0].change(id, &add(vec![resort.clone()]), &mut relays);
        ben.work(|work| work.join(&invitation(&events))).unwrap();
        people[1].catch_up(id, &mut relays);
        let message = ben.send(id, 1).unwrap();
        assert_eq!(Work::<Chain>::group_of(&message).unwrap(), id);
        assert_eq!(people[1].read(&message).unwrap(), [1]);
        let information = ben.work(|work| work.information(id)).unwrap();
        assert_eq!(
            Work::<Chain>::group_of_information(&information).unwrap(),
            id
        );
    }
    for wrong in [&b""[..], &[1], &[0; 40]] {
        assert!(Work::<Chain>::group_of(wrong).is_err());
        assert!(Work::<Chain>::group_of_information(wrong).is_err());
        let refused = ben.work(|work| work.owner(wrong));
        assert!(matches!(refused, Err(Error::Malformed { .. })));
    }
}

#[test]
fn work_that_has_its_groups_gives_them_back_with_what_was_kept_alone() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Hybrid, &chain, &mut relays);
    let message = people[0].send(id, 7).unwrap();
    let person = people.pop().unwrap();
    let (groups, store) = (person.groups, person.store.as_ref().unwrap());
    let mut work = groups.into_work(store).map_err(|(_, error)| error).unwrap();
    assert_eq!(work.message(&message).unwrap().1.len(), 1);
    let (groups, undone) = work.end(false);
    undone.unwrap();
    // It opens once more, and then no more.
    let mut groups = groups.unwrap();
    for first in [true, false] {
        let mut work = groups.into_work(store).map_err(|(_, error)| error).unwrap();
        match work.message(&message) {
            Ok((_, events)) => {
                let is_text = |event: &Event| matches!(event, Event::Message { .. });
                assert!(first && events.len() == 1 && events.iter().all(is_text));
            }
            // Its key went with the reading.
            Err(error) => assert!(!first && matches!(error, Error::Unusable { .. })),
        }
        let (kept, stored) = work.end(true);
        stored.unwrap();
        groups = kept.unwrap();
    }
}
