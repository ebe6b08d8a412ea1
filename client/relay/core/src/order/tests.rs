//! The rules, one by one. Whole networks of relays run in `tests/orders`.

use super::*;
use ed25519_dalek::{Signer, SigningKey};
use parlance_bimp::{
    Ballot, GroupChange, GroupId, GroupRecord, List, Mailbox, MessageId, Offered, RelayId, Vote,
    limits::MAX_PART,
};

const GROUP: GroupId = GroupId([9; 32]);
const ME: RelayId = RelayId([1; 32]);

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn relays(numbers: &[u8]) -> Vec<RelayId> {
    numbers.iter().map(|n| RelayId([*n; 32])).collect()
}

fn change(next: u8, joined: &[u8], left: &[u8]) -> GroupChange {
    let mailboxes = |numbers: &[u8]| {
        let mailboxes = numbers.iter().map(|n| Mailbox([*n; 32])).collect();
        List::new(mailboxes).unwrap()
    };
    GroupChange {
        key: key(next).verifying_key().to_bytes(),
        joined: mailboxes(joined),
        left: mailboxes(left),
        ..GroupChange::default()
    }
}

fn record(position: u64, signer: u8, change: GroupChange) -> GroupRecord {
    let signature = key(signer).sign(&change.statement(&GROUP, position));
    let named = (0..=u8::MAX).map(key);
    let named = named
        .into_iter()
        .find(|key| key.verifying_key().to_bytes() == change.key);
    let possession = named.map(|key| key.sign(&change.possession(&GROUP, position)));
    GroupRecord {
        expires: 1_000,
        relays: List::new(relays(&[1, 2, 3, 4, 5])).unwrap(),
        offered: Some(Offered {
            change,
            signature: signature.to_bytes(),
            possession: possession.map_or([0; 64], |it| it.to_bytes()),
        }),
    }
}

fn settled() -> GroupRecord {
    GroupRecord {
        offered: None,
        ..record(0, 0, change(0, &[], &[]))
    }
}

/// A group with three records: made with key 0, then keys 1 and 2.
fn group() -> Group {
    let mut group = Group::unmade();
    let made = record(0, 0, change(0, &[10], &[]));
    let ballot = ballot(1, 1);
    assert_eq!(group.accept(&GROUP, ballot, &made).0, Vote::Accepted);
    group.push(&GROUP, made, 100).unwrap();
    let second = record(1, 0, change(1, &[12, 11], &[]));
    group.push(&GROUP, second, 200).unwrap();
    let third = record(2, 1, change(2, &[], &[10]));
    group.push(&GROUP, third, 300).unwrap();
    group
}

fn ballot(round: u64, relay: u8) -> Ballot {
    Ballot {
        round,
        relay: RelayId([relay; 32]),
    }
}

#[test]
fn a_change_is_signed_by_the_key_before_it() {
    let mut group = group();
    assert_eq!(group.next(), 3);
    let mailboxes: Vec<u8> = group.now().mailboxes.iter().map(|it| it.0[0]).collect();
    assert_eq!(mailboxes, [11, 12]);
    // A member that was removed has the key before, a stranger none.
    for signer in [0, 1, 7] {
        let bad = record(3, signer, change(3, &[], &[]));
        assert_eq!(group.push(&GROUP, bad, 400), Err(Unfit::Signature));
    }
    // Signed for another position, or for another group.
    let elsewhere = record(4, 2, change(3, &[], &[]));
    assert_eq!(group.push(&GROUP, elsewhere, 400), Err(Unfit::Signature));
    let mut other = record(3, 2, change(3, &[], &[]));
    if let Some(offered) = &mut other.offered {
        let statement = offered.change.statement(&GroupId([8; 32]), 3);
        offered.signature = key(2).sign(&statement).to_bytes();
    }
    assert_eq!(group.push(&GROUP, other, 400), Err(Unfit::Signature));
    // A key that nobody shows.
    let mut foreign = record(3, 2, change(3, &[], &[]));
    if let Some(offered) = &mut foreign.offered {
        let statement = offered.change.possession(&GROUP, 3);
        offered.possession = key(2).sign(&statement).to_bytes();
    }
    assert_eq!(group.push(&GROUP, foreign, 400), Err(Unfit::Possession));
    let good = record(3, 2, change(3, &[], &[]));
    assert_eq!(group.push(&GROUP, good, 400), Ok(()));
}

#[test]
fn what_is_no_record_is_refused() {
    let group = group();
    let check = |record: &GroupRecord| group.now().check(&GROUP, record);
    let mut nobody = record(3, 2, change(3, &[], &[]));
    nobody.relays = List::default();
    assert_eq!(check(&nobody), Err(Unfit::Relays));
    nobody.relays = List::new(relays(&[1, 2, 1])).unwrap();
    assert_eq!(check(&nobody), Err(Unfit::Relays));
    for (size, parts) in [
        (0, 1),
        (1, 0),
        (MAX_PART, 2),
        (MAX_PART + 1, 1),
        (2 * MAX_PART + 1, 2),
    ] {
        let parts = vec![MessageId([3; 32]); parts];
        let change = GroupChange {
            size: size as u32,
            parts: List::new(parts).unwrap(),
            ..change(3, &[], &[])
        };
        assert_eq!(check(&record(3, 2, change)), Err(Unfit::Parts), "{size}");
    }
    let many = (0..512u32).map(|n| {
        let mut mailbox = [0xFF; 32];
        mailbox[..4].copy_from_slice(&n.to_le_bytes());
        Mailbox(mailbox)
    });
    let crowd = GroupChange {
        joined: List::new(many.collect()).unwrap(),
        ..change(3, &[], &[])
    };
    assert_eq!(check(&record(3, 2, crowd.clone())), Err(Unfit::Members));
    let instead = GroupChange {
        left: List::new(vec![Mailbox([11; 32]), Mailbox([12; 32])]).unwrap(),
        ..crowd
    };
    assert_eq!(check(&record(3, 2, instead)), Ok(()));
    assert_eq!(check(&settled()), Ok(()));
    let unmade = Group::unmade();
    assert_eq!(unmade.now().check(&GROUP, &settled()), Err(Unfit::Empty));
}

#[test]
fn keys_are_known_while_their_records_are_kept() {
    let mut group = group();
    group.push(&GROUP, settled(), 400).unwrap();
    let same = record(4, 2, change(2, &[13], &[]));
    group.push(&GROUP, same, 500).unwrap();
    let public = |n| Some(key(n).verifying_key().to_bytes());
    let known: Vec<_> = (0..6).map(|position| group.key_of(position)).collect();
    assert_eq!(known, [public(0), public(1), public(2), None, None, None]);
    assert_eq!(group.key_at(0).map(|it| it.1), Some(0));
    for (position, named) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 2)] {
        assert_eq!(group.key_at(position).map(|it| it.1), Some(named));
    }
    assert_eq!(group.key_at(6), None);
    for gone in 0..5 {
        assert_eq!(group.trim(), Some(gone));
    }
    assert_eq!(group.trim(), None);
    let known: Vec<_> = (0..6).map(|position| group.key_of(position)).collect();
    assert_eq!(known, [None, None, public(2), None, None, None]);
    assert_eq!(group.now(), group.base());
    assert_eq!(Group::unmade().key_of(0), None);
}

#[test]
fn a_text_that_was_on_its_way_may_have_the_key_before_and_no_older_one() {
    let mut group = group();
    let may = |group: &Group, position, now| group.key_to_post(position, now, 50).is_some();
    assert!(may(&group, 2, 10_000));
    // Overtaken at 300 and at 200.
    assert!(may(&group, 1, 349));
    assert!(!may(&group, 1, 350));
    assert!(may(&group, 0, 249));
    assert!(!may(&group, 7, 300));
    // More than two records back, however soon.
    for position in 3..6 {
        let next = record(
            position,
            position as u8 - 1,
            change(position as u8, &[], &[]),
        );
        group.push(&GROUP, next, 310).unwrap();
    }
    assert!(!may(&group, 1, 310));
    assert!(!may(&group, 2, 310));
    assert!(may(&group, 4, 310));
    assert!(!may(&Group::unmade(), 0, 0));
}

#[test]
fn votes_follow_the_ballots() {
    let mut group = group();
    let (low, high) = (ballot(1, 9), ballot(2, 1));
    assert_eq!(group.promise(low), (Vote::Promised(None), true));
    assert_eq!(group.promise(low), (Vote::Promised(None), false));
    let first = record(3, 2, change(3, &[], &[]));
    assert_eq!(group.accept(&GROUP, low, &first), (Vote::Accepted, true));
    assert_eq!(group.accept(&GROUP, low, &first), (Vote::Accepted, false));
    let told = Vote::Promised(Some(Box::new((low, first.clone()))));
    assert_eq!(group.promise(high), (told, true));
    assert_eq!(group.promise(low).0, Vote::Outbid(high));
    assert_eq!(group.accept(&GROUP, low, &first).0, Vote::Outbid(high));
    let second = record(3, 2, change(4, &[], &[]));
    assert_eq!(group.accept(&GROUP, high, &second).0, Vote::Accepted);
    // An acceptance is a promise.
    assert_eq!(group.promise(ballot(2, 0)).0, Vote::Outbid(high));
    let forged = record(3, 0, change(4, &[], &[]));
    assert_eq!(
        group.accept(&GROUP, ballot(3, 1), &forged).0,
        Vote::Abstains
    );
    // With the next position all begins anew.
    group.push(&GROUP, second, 400).unwrap();
    assert_eq!(group.promise(low), (Vote::Promised(None), true));
}

/// P6.
#[test]
fn an_attempt_takes_over_what_was_accepted_with_the_highest_ballot() {
    let all = relays(&[1, 2, 3, 4, 5]);
    let relay = |n: u8| RelayId([n; 32]);
    let own = record(3, 2, change(3, &[], &[]));
    let (a, b) = (
        record(3, 2, change(4, &[], &[])),
        record(3, 2, change(5, &[], &[])),
    );
    let begin = || Attempt::new(3, ballot(9, 1), all.clone(), 0);
    let promised = |accepted: Option<(u64, &GroupRecord)>| {
        let boxed =
            |(round, record): (u64, &GroupRecord)| Box::new((ballot(round, 2), record.clone()));
        Vote::Promised(accepted.map(boxed))
    };
    let mut attempt = begin();
    assert_eq!(
        attempt.take(relay(2), &promised(None), Some(&own)),
        Step::Wait
    );
    // The same twice counts once, strangers do not count, and the own vote must be there.
    assert_eq!(
        attempt.take(relay(2), &promised(None), Some(&own)),
        Step::Wait
    );
    assert_eq!(
        attempt.take(relay(8), &promised(None), Some(&own)),
        Step::Wait
    );
    assert_eq!(
        attempt.take(relay(3), &promised(None), Some(&own)),
        Step::Wait
    );
    assert_eq!(
        attempt.take(relay(4), &promised(None), Some(&own)),
        Step::Wait
    );
    let step = attempt.take(relay(1), &promised(None), Some(&own));
    assert_eq!(step, Step::Accept(own.clone()));
    assert_eq!(attempt.missing().count(), 5);
    // Promises that come late are none of what is asked now.
    assert_eq!(
        attempt.take(relay(5), &promised(None), Some(&own)),
        Step::Wait
    );
    assert_eq!(attempt.take(relay(1), &Vote::Accepted, None), Step::Wait);
    assert_eq!(attempt.take(relay(5), &Vote::Accepted, None), Step::Wait);
    assert_eq!(attempt.take(relay(5), &Vote::Accepted, None), Step::Wait);
    let step = attempt.take(relay(2), &Vote::Accepted, None);
    assert_eq!(step, Step::Decided(own.clone()));

    let mut attempt = begin();
    attempt.take(relay(1), &promised(Some((3, &a))), Some(&own));
    attempt.take(relay(2), &promised(Some((4, &b))), Some(&own));
    let step = attempt.take(relay(3), &promised(None), Some(&own));
    assert_eq!(step, Step::Accept(b));

    let mut attempt = begin();
    attempt.take(relay(1), &promised(None), None);
    attempt.take(relay(2), &promised(None), None);
    assert_eq!(attempt.take(relay(3), &promised(None), None), Step::Idle);
    let outbid = Vote::Outbid(ballot(10, 4));
    assert_eq!(
        attempt.take(relay(4), &outbid, None),
        Step::Outbid(ballot(10, 4))
    );
}

/// P8.
#[test]
fn who_has_no_memory_votes_two_positions_later() {
    for (count, majority_of, witnesses_of) in
        [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 3, 2), (5, 3, 3)]
    {
        assert_eq!(majority(count), majority_of);
        assert_eq!(witnesses(count), witnesses_of);
        // Any so many of the others share a relay with the others of any majority.
        if count > 1 {
            assert!(witnesses_of + (majority_of - 1) > count - 1);
        }
    }
    let base = group().now().clone();
    let mut fresh = Group::learned(base);
    let relay = |n: u8| RelayId([n; 32]);
    assert!(!fresh.may_vote());
    assert_eq!(fresh.promise(ballot(1, 1)).0, Vote::Abstains);
    assert!(!fresh.hear(relay(2), 3, &ME));
    assert!(!fresh.hear(relay(2), 4, &ME));
    // Not of the group.
    assert!(!fresh.hear(relay(8), 9, &ME));
    assert!(!fresh.hear(relay(3), 3, &ME));
    assert!(fresh.hear(relay(4), 3, &ME));
    assert_eq!(fresh.votes().from, 6);
    assert!(!fresh.hear(relay(5), 8, &ME));
    for position in 3..6 {
        assert!(!fresh.may_vote(), "{position}");
        fresh.push(&GROUP, settled(), 0).unwrap();
    }
    assert!(fresh.may_vote());
    assert_eq!(fresh.promise(ballot(1, 1)).0, Vote::Promised(None));
}

/// P8, at the first position: there is nothing that could say whether a relay had voted.
#[test]
fn who_did_not_accept_the_first_record_has_no_memory() {
    let made = record(0, 0, change(0, &[], &[]));
    let mut late = Group::unmade();
    late.push(&GROUP, made.clone(), 0).unwrap();
    assert!(!late.may_vote());
    let mut other = Group::unmade();
    let another = record(0, 1, change(1, &[], &[]));
    other.accept(&GROUP, ballot(1, 1), &another);
    other.push(&GROUP, made, 0).unwrap();
    assert!(!other.may_vote());
    assert!(group().may_vote());
}

#[test]
fn a_group_comes_back_from_its_rows() {
    let mut group = group();
    group.promise(ballot(4, 2));
    let records = |group: &Group| -> Vec<GroupRecord> {
        (group.first()..group.next())
            .filter_map(|position| group.record(position).cloned())
            .collect()
    };
    let load = |group: &Group, votes| Group::load(group.base().clone(), records(group), votes);
    let back = load(&group, group.votes().clone()).unwrap();
    assert_eq!((back.now(), back.votes()), (group.now(), group.votes()));
    group.trim();
    let back = load(&group, group.votes().clone()).unwrap();
    assert_eq!((back.now(), back.first()), (group.now(), 1));
    // Votes of a position that has been decided since are over; of one to come they cannot be.
    let old = Votes {
        position: 2,
        ..group.votes().clone()
    };
    let back = load(&group, old).unwrap();
    assert_eq!((back.votes().position, back.votes().promised), (3, None));
    let new = Votes {
        position: 4,
        ..group.votes().clone()
    };
    assert!(load(&group, new).is_none());
}

#[test]
fn a_base_survives_the_way_and_what_is_none_does_not() {
    let standing = group().now().clone();
    let base = standing.to_base();
    assert_eq!(Standing::of_base(&base), Some(standing));
    let mut bad = base.clone();
    bad.relays = List::default();
    assert_eq!(Standing::of_base(&bad), None);
    let mut bad = base.clone();
    bad.key.1 = bad.position;
    assert_eq!(Standing::of_base(&bad), None);
    let bad = parlance_bimp::GroupBase {
        position: 0,
        ..base
    };
    assert_eq!(Standing::of_base(&bad), None);
}

#[test]
fn no_key_and_no_point_are_refused() {
    let signature = key(7).sign(b"statement").to_bytes();
    let known = key(7).verifying_key().to_bytes();
    assert!(is_signed(Some(&known), b"statement", &signature));
    assert!(!is_signed(Some(&known), b"other", &signature));
    // Not even by the key that is checked against when there is none.
    assert!(!is_signed(None, b"statement", &signature));
    let no_point = (0..=255u8)
        .map(|n| [n; 32])
        .find(|it| ed25519_dalek::VerifyingKey::from_bytes(it).is_err());
    assert!(!is_signed(no_point.as_ref(), b"statement", &signature));
    assert!(no_point.is_some());
}
