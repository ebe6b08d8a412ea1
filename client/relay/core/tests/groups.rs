//! What a group's relays do for its members, with a handful of relays on a perfect network. The relays nearest to the place of
//! [`GROUP`] are found in each test; the others are relays of other mailboxes.

mod common;
#[path = "common/members.rs"]
mod members;

use common::{DEVICE, Net, OTHER, OWN, SENDER, envelope_of, place, reason, subscribe};
use members::{GROUP, change, enter, offer, placed, post_of, send, sent};
use parlance_bimp::{
    Account, Answer, Bounded, GroupId, GroupPart, GroupPlaced, GroupRead, GroupRecord, List,
    Mailbox, Reason, Refusal, Request,
};
use parlance_relay_core::{Config, Limits, Routing};

/// A sender and a member at each relay.
fn net_with(count: usize, limits: Limits) -> Net {
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut net = Net::new(count, config);
    for n in 0..count {
        net.open(n, SENDER, 0, &[OTHER]);
        net.open(n, DEVICE, 0, &[OWN]);
    }
    net
}

fn net(count: usize) -> Net {
    net_with(count, Limits::default())
}

/// The group's relays, nearest first.
fn home(net: &Net) -> Vec<usize> {
    let list = common::list(net.relays.len());
    let set = Routing::new(&list).set(&GROUP.place());
    let of = |id| (0..net.relays.len()).find(|n| place(*n) == id).unwrap();
    set.into_iter().map(of).collect()
}

fn next(net: &Net, n: usize) -> u64 {
    net.relays[n].group(&GROUP).map_or(0, |it| it.next())
}

fn record(net: &Net, n: usize, position: u64) -> Option<GroupRecord> {
    net.relays[n].group(&GROUP)?.record(position).cloned()
}

/// Who has a text of the group that is not deleted.
fn owing(net: &Net) -> Vec<usize> {
    let posts = GROUP.posts();
    let all = 0..net.relays.len();
    all.filter(|n| net.waiting(*n, &posts) > 0).collect()
}

fn overtaken(answer: Option<Answer>) -> u64 {
    match answer {
        Some(Answer::Refused(Refusal {
            reason: Reason::Overtaken,
            limit,
            ..
        })) => limit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_has_its_place_at_all_relays_and_is_read_whole() {
    let mut net = net(9);
    let home = home(&net);
    let (a, b) = (home[0], home[4]);
    net.make(a, SENDER, &[OTHER]);
    let extent = net.enter(a, SENDER, (0, 0));
    assert_eq!((extent.first, extent.next), (0, 1));
    // More than one part, and more than one answer.
    let handshake: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
    net.upload(a, SENDER, &handshake);
    let first = change(1, &handshake, &[OWN], &[]);
    let answer = net.ask(a, SENDER, offer(GROUP, 1, 0, &first));
    assert_eq!(
        placed(answer),
        GroupPlaced {
            position: 1,
            next: 2
        }
    );
    assert_eq!(net.grown.last(), Some(&(a, SENDER, 2)));
    for n in &home {
        assert_eq!(next(&net, *n), 2, "{n}");
        assert_eq!(record(&net, *n, 1), record(&net, a, 1));
    }
    // A member reads it with the key that it had, at another relay.
    net.enter(b, DEVICE, (0, 0));
    assert_eq!(net.handshakes(b, DEVICE, 0), [vec![], handshake.clone()]);
    // And writes with the new one.
    net.enter(b, DEVICE, (1, 1));
    net.upload(b, DEVICE, b"second");
    let second = change(2, b"second", &[], &[]);
    placed(net.ask(b, DEVICE, offer(GROUP, 2, 1, &second)));
    assert!(net.grown.contains(&(b, DEVICE, 3)));
    assert!(net.grown.contains(&(a, SENDER, 3)));
    assert_eq!(
        net.handshakes(a, SENDER, 1),
        [handshake, b"second".to_vec()]
    );
    // Who is not of the group keeps nothing of it.
    for n in (0..9).filter(|n| !home.contains(n)) {
        assert!(net.relays[n].group(&GROUP).is_none());
        let refused = net.ask(n, SENDER, offer(GROUP, 3, 2, &second));
        assert_eq!(reason(refused), Reason::NotResponsible);
    }
}

#[test]
fn of_changes_for_one_position_one_has_it() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    let offers: Vec<_> = (0..5u8)
        .map(|n| offer(GROUP, 1, 0, &change(n + 1, &[], &[], &[])))
        .collect();
    // At five relays at once.
    let asked: Vec<_> = (0..5)
        .map(|n| net.ask_only(n, SENDER, offers[n].clone()))
        .collect();
    net.settle();
    net.pass(3_000);
    let answers: Vec<_> = (0..5)
        .map(|n| net.answers.remove(&(n, asked[n])).unwrap())
        .collect();
    let won: Vec<usize> = (0..5)
        .filter(|n| matches!(answers[*n], Answer::GroupOffer(_)))
        .collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    for n in (0..5).filter(|n| *n != won[0]) {
        assert_eq!(overtaken(Some(answers[n].clone())), 2);
    }
    for n in 1..5 {
        assert_eq!(record(&net, n, 1), record(&net, 0, 1));
    }
    // The same again, anywhere, is answered the same.
    let again = net.ask(3, DEVICE, offers[won[0]].clone());
    assert_eq!(placed(again).position, 1);
    let lost = (won[0] + 1) % 5;
    assert_eq!(overtaken(net.ask(3, DEVICE, offers[lost].clone())), 2);
}

#[test]
fn two_dead_relays_hold_up_nobody_and_learn_it_later() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    net.dead.extend([3, 4]);
    net.pass(1_500);
    placed(net.ask(0, SENDER, offer(GROUP, 1, 0, &change(1, &[], &[OWN], &[]))));
    net.dead.clear();
    // One has been restarted meanwhile.
    net.restart(3, Config::default());
    net.pass(5_000);
    for n in 0..5 {
        assert_eq!(next(&net, n), 2, "{n}");
    }
    // Three dead: nothing is decided, and nothing promised.
    net.dead.extend([1, 2, 3]);
    let second = offer(GROUP, 2, 1, &change(2, &[], &[], &[]));
    let from = net.ask_only(0, SENDER, second.clone());
    net.pass(7_000);
    assert_eq!(reason(net.answers.remove(&(0, from))), Reason::NoQuorum);
    assert_eq!(next(&net, 0), 2);
    net.dead.clear();
    net.pass(2_000);
    net.open(4, SENDER, 0, &[OTHER]);
    placed(net.ask(4, SENDER, second));
}

#[test]
fn what_was_accepted_by_a_majority_comes_through_without_its_relay() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    net.pass(1_000);
    let from = net.ask_only(0, SENDER, offer(GROUP, 1, 0, &change(1, &[], &[], &[])));
    // The relay dies when all have its record on disk, before anybody hears more.
    for _ in 0..20 {
        let accepted = |n: usize| {
            let group = net.relays[n].group(&GROUP).unwrap();
            group.votes().accepted.is_some()
        };
        if (1..5).all(accepted) {
            break;
        }
        net.round(&[0, 1, 2, 3, 4]);
    }
    assert!(!net.answers.contains_key(&(0, from)));
    for n in 1..5 {
        net.restart(n, Config::default());
    }
    net.dead.insert(0);
    net.pass(6_000);
    for n in 1..5 {
        assert_eq!(next(&net, n), 2, "{n}");
    }
    net.dead.clear();
    net.restart(0, Config::default());
    net.pass(3_000);
    assert_eq!(record(&net, 0, 1), record(&net, 3, 1));
}

#[test]
fn a_relay_that_lost_its_disk_votes_only_when_it_cannot_have_voted_before() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    placed(net.ask(0, SENDER, offer(GROUP, 1, 0, &change(1, &[], &[], &[]))));
    net.pass(3_000);
    net.disks[4].lose();
    net.restart(4, Config::default());
    assert!(net.relays[4].group(&GROUP).is_none());
    net.pass(50);
    let group = |net: &Net| net.relays[4].group(&GROUP).cloned();
    assert!(group(&net).is_none_or(|it| !it.may_vote()));
    // The others make the order grow by itself.
    net.pass(8_000);
    let known = group(&net).unwrap();
    assert!(known.may_vote() && known.next() >= 4, "{}", known.next());
    for position in 2..4 {
        assert_eq!(record(&net, 0, position).unwrap().offered, None);
        assert_eq!(record(&net, 4, position), record(&net, 0, position));
    }
    // So it stands in for others that die then.
    net.dead.extend([1, 2]);
    net.pass(1_500);
    let at = next(&net, 4);
    net.open(4, SENDER, 0, &[OTHER]);
    placed(net.ask(4, SENDER, offer(GROUP, at, 1, &change(2, &[], &[], &[]))));
}

#[test]
fn strangers_and_removed_members_can_do_nothing_and_are_told_nothing() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    let never = GroupId([0x91; 32]);
    let asked = |group, key: u8, position| {
        let part = Request::GroupPart(GroupPart {
            group,
            bytes: Bounded::new(vec![1, 2]).unwrap(),
        });
        let read = Request::GroupRead(GroupRead {
            group,
            from: 0,
            offset: 0,
        });
        [
            enter(group, 0, DEVICE, (key, position)),
            part,
            offer(group, 1, key, &change(9, &[], &[], &[])),
            read,
            send(post_of(group, (key, position), 7, &[]), b""),
        ]
    };
    let both = asked(GROUP, 7, 0).into_iter().zip(asked(never, 7, 0));
    for (used, unused) in both {
        let refused = net.ask(0, DEVICE, used);
        assert_eq!(refused, net.ask(0, DEVICE, unused));
        assert_eq!(reason(refused), Reason::NotAllowed);
    }
    assert!(net.relays[0].group(&never).is_none());
    // With the signature of a member for another account, or another relay.
    let elsewhere = enter(GROUP, 1, DEVICE, (0, 0));
    assert_eq!(reason(net.ask(0, DEVICE, elsewhere)), Reason::NotAllowed);
    let other = enter(GROUP, 0, SENDER, (0, 0));
    assert_eq!(reason(net.ask(0, DEVICE, other)), Reason::NotAllowed);
    // A group that is there cannot be made again.
    let again = offer(GROUP, 0, 7, &change(7, &[], &[], &[]));
    assert_eq!(reason(net.ask(0, DEVICE, again)), Reason::NotAllowed);

    // A member is removed: it reads on, and that is all.
    net.enter(0, DEVICE, (0, 0));
    placed(net.ask(0, SENDER, offer(GROUP, 1, 0, &change(1, &[], &[], &[OWN]))));
    net.pass(10_050);
    let [_, part, late, read, text] = asked(GROUP, 0, 0);
    assert_eq!(overtaken(net.ask(0, DEVICE, part)), 2);
    assert_eq!(overtaken(net.ask(0, DEVICE, late)), 2);
    assert!(matches!(
        net.ask(0, DEVICE, read),
        Some(Answer::GroupRead(_))
    ));
    assert_eq!(reason(net.ask(0, DEVICE, text)), Reason::NotAllowed);
    let forged = offer(GROUP, 2, 0, &change(9, &[], &[], &[]));
    assert_eq!(reason(net.ask(0, DEVICE, forged)), Reason::NotAllowed);
    assert!((0..5).all(|n| next(&net, n) == 2 && owing(&net).is_empty()));
}

/// A key that nobody has would be the last one: nobody could offer, write or enter any more.
#[test]
fn a_change_that_names_a_key_which_nobody_shows_has_no_place() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    // A key of somebody's that did not sign, and bytes that are no key.
    let theirs = change(9, &[], &[], &[]);
    let Request::GroupOffer(mut forged) = offer(GROUP, 1, 0, &theirs) else {
        panic!("an offer");
    };
    let Request::GroupOffer(elsewhere) = offer(GROUP, 2, 0, &theirs) else {
        panic!("an offer");
    };
    let none = parlance_bimp::GroupChange {
        key: [0xFF; 32],
        ..theirs.clone()
    };
    forged.possession = elsewhere.possession;
    for bad in [Request::GroupOffer(forged), offer(GROUP, 1, 0, &none)] {
        assert_eq!(reason(net.ask(0, SENDER, bad)), Reason::BadMessage);
    }
    net.pass(1_000);
    assert!((0..5).all(|n| next(&net, n) == 1));
    // Whoever has it may name it; and whoever names the one that is need show nothing more.
    placed(net.ask(0, SENDER, offer(GROUP, 1, 0, &theirs)));
    let Request::GroupOffer(mut same) = offer(GROUP, 2, 9, &change(9, &[], &[OWN], &[])) else {
        panic!("an offer");
    };
    same.possession = [0; 64];
    placed(net.ask(1, SENDER, Request::GroupOffer(same)));
    sent(net.ask(2, SENDER, send(post_of(GROUP, (9, 1), 1, &[]), b"")));
}

/// M7: one upload, a copy for each of 500 members, in a message or two to each relay.
#[test]
fn a_text_reaches_every_member_and_wakes_who_is_named() {
    let mut net = net(5);
    let mut members: Vec<Mailbox> = (0..499u32)
        .map(|n| Mailbox::of(&Account([3; 32]), n))
        .collect();
    members.push(OWN);
    net.make(0, SENDER, &members);
    net.ask(1, DEVICE, subscribe(OWN));
    net.asked.clear();
    let post = post_of(GROUP, (0, 0), 1, &[members[7]]);
    let id = post.id();
    let accepted = sent(net.ask(0, SENDER, send(post.clone(), b"")));
    assert_eq!(accepted.id, id);
    assert!(accepted.relays >= 3);
    assert_eq!(net.asked.get(&33), Some(&4));
    for n in 0..5 {
        assert!(members.iter().all(|mailbox| net.waiting(n, mailbox) == 1));
        let woken = net.relays[n].mailboxes().filter(|(_, state)| {
            let entry = state.get(&id);
            entry.is_some_and(|entry| entry.state.mention)
        });
        assert_eq!(woken.map(|(it, _)| *it).collect::<Vec<_>>(), [members[7]]);
    }
    assert_eq!(net.delivered.len(), 1);
    assert_eq!(net.delivered[0].2.id, id);
    // It is done with, everywhere, and again is once.
    assert!(owing(&net).is_empty());
    sent(net.ask(3, SENDER, send(post, b"")));
    net.pass(1_000);
    assert!(members.iter().all(|mailbox| net.waiting(2, mailbox) == 1));
    assert_eq!(net.delivered.len(), 1);
}

#[test]
fn a_text_comes_by_way_of_a_relay_that_is_paid_and_not_without_a_member() {
    let mut net = net(9);
    let home = home(&net);
    let foreign = (0..9).find(|n| !home.contains(n)).unwrap();
    net.make(home[0], SENDER, &[OWN, OTHER]);
    let text = |key, text| post_of(GROUP, (key, 0), text, &[]);
    let unpaid = net.ask(foreign, SENDER, send(text(0, 1), b""));
    // A super relay may stand in, and is refused by those that know the group.
    assert!(matches!(
        reason(unpaid),
        Reason::NotResponsible | Reason::NoQuorum
    ));
    sent(net.ask(foreign, SENDER, send(text(0, 2), b"ticket")));
    assert_eq!(net.entries(foreign, &GROUP.posts()), 0);
    let holders = |mailbox: &Mailbox| (0..9).filter(|n| net.waiting(*n, mailbox) == 1).count();
    assert_eq!((holders(&OWN), holders(&OTHER)), (5, 5));
    let stranger = net.ask(foreign, SENDER, send(text(7, 3), b"ticket"));
    assert_eq!(reason(stranger), Reason::NoQuorum);
    // So does one that writes to no group at all.
    let never = post_of(GroupId([0x91; 32]), (7, 0), 3, &[]);
    let nowhere = net.ask(foreign, SENDER, send(never, b"ticket"));
    assert_eq!(reason(nowhere), Reason::NoQuorum);
    assert!(owing(&net).is_empty());
}

#[test]
fn the_next_relay_writes_the_copies_when_the_first_dies() {
    let mut net = net(9);
    let home = home(&net);
    let members: Vec<Mailbox> = (0..20u8).map(|n| Mailbox([n * 12; 32])).collect();
    net.make(home[0], SENDER, &members);
    net.pass(1_000);
    let post = post_of(GROUP, (0, 0), 1, &[]);
    let from = net.ask_only(home[0], SENDER, send(post.clone(), b""));
    // The group's relays have it, and whoever begins with the copies dies.
    let mut dead = None;
    for _ in 0..200 {
        net.round(&(0..9).collect::<Vec<_>>());
        dead = home.iter().copied().find(|n| net.relays[*n].copying() > 0);
        if let Some(n) = dead {
            net.dead.insert(n);
            break;
        }
    }
    let dead = dead.unwrap();
    net.settle();
    net.pass(5_000);
    let alive = |n: &usize| *n != dead;
    for mailbox in &members {
        let set = Routing::new(&common::list(9)).set(mailbox);
        let set: Vec<usize> = (0..9).filter(|n| set.contains(&place(*n))).collect();
        for n in set.iter().filter(|n| alive(n)) {
            assert_eq!(net.waiting(*n, mailbox), 1, "{mailbox:?} at {n}");
        }
    }
    assert!(owing(&net).iter().all(|n| *n == dead));
    net.dead.clear();
    net.pass(4_000);
    assert!(owing(&net).is_empty());
    // The sender heard, or asks again, which costs nothing.
    net.answers.remove(&(home[0], from));
    sent(net.ask(home[1], SENDER, send(post, b"")));
}

#[test]
fn a_relay_that_lags_behind_has_nothing_copied_that_the_others_would_refuse() {
    let mut net = net(5);
    net.make(0, SENDER, &[OWN]);
    net.dead.insert(4);
    net.pass(1_500);
    for n in 1..5u8 {
        let next = change(n, &[], &[], &[]);
        placed(net.ask(0, SENDER, offer(GROUP, n.into(), n - 1, &next)));
    }
    net.dead.clear();
    net.restart(4, Config::default());
    net.open(4, SENDER, 0, &[OTHER]);
    // It knows no better than that the first key is the last one, and hears it from those that refuse.
    assert_eq!(next(&net, 4), 1);
    let old = net.ask(4, SENDER, send(post_of(GROUP, (0, 0), 1, &[]), b""));
    assert_eq!(reason(old), Reason::NotAllowed);
    assert_eq!(next(&net, 4), 5);
    for n in 0..5 {
        assert_eq!(net.entries(n, &GROUP.posts()), 0, "{n}");
        assert_eq!(net.waiting(n, &OWN), 0, "{n}");
    }
    // The same text with the last key is as good as any.
    sent(net.ask(4, SENDER, send(post_of(GROUP, (4, 4), 1, &[]), b"")));
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 1));
    assert!(owing(&net).is_empty());
}

/// The key that a change has just overtaken is good wherever the text comes in, also where the change is not known yet.
#[test]
fn a_text_that_a_change_overtakes_is_taken_by_all_relays() {
    let mut net = net(5);
    net.make(0, SENDER, &[OWN]);
    net.dead.insert(4);
    net.pass(1_500);
    placed(net.ask(0, SENDER, offer(GROUP, 1, 0, &change(1, &[], &[], &[]))));
    net.dead.clear();
    net.restart(4, Config::default());
    net.open(4, SENDER, 0, &[OTHER]);
    sent(net.ask(4, SENDER, send(post_of(GROUP, (0, 0), 1, &[]), b"")));
    sent(net.ask(1, SENDER, send(post_of(GROUP, (0, 0), 2, &[]), b"")));
    // One that does not know the new key yet gets the text from others, and copies it when it knows the group.
    sent(net.ask(2, SENDER, send(post_of(GROUP, (1, 1), 3, &[]), b"")));
    net.pass(3_000);
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 3));
    assert!(owing(&net).is_empty());
}

#[test]
fn a_text_is_copied_when_nobody_is_left_who_knows_that_a_quorum_has_it() {
    let mut net = net(5);
    net.make(0, SENDER, &[OWN]);
    net.pass(1_000);
    net.ask_only(0, SENDER, send(post_of(GROUP, (0, 0), 1, &[]), b""));
    // Its relay dies when the others have it on disk, before it tells anybody so.
    for relays in [vec![0], vec![1, 2, 3, 4]] {
        net.round(&relays);
    }
    net.dead.insert(0);
    assert_eq!(owing(&net), [0, 1, 2, 3, 4]);
    net.pass(500);
    assert!((1..5).all(|n| net.waiting(n, &OWN) == 0));
    // Meanwhile its key gets so old that nobody would take it any more.
    for n in 1..5u8 {
        let next = change(n, &[], &[], &[]);
        placed(net.ask(1, SENDER, offer(GROUP, n.into(), n - 1, &next)));
    }
    net.pass(4_000);
    assert!((1..5).all(|n| net.waiting(n, &OWN) == 1));
    net.dead.clear();
    net.pass(4_000);
    assert!(owing(&net).is_empty());
}

#[test]
fn a_mailbox_without_room_gets_its_copy_later() {
    let limits = Limits {
        mailbox_messages: 3,
        ..Limits::default()
    };
    let mut net = net_with(5, limits);
    net.make(0, SENDER, &[OWN, OTHER]);
    for text in 0..3 {
        common::accepted(net.ask(0, SENDER, common::envelope(OWN, text).0));
    }
    // Relays take from each other up to twice the limit: there is room for three copies of five.
    let mut ids = Vec::new();
    for text in 1..6 {
        let post = post_of(GROUP, (0, 0), text, &[]);
        ids.push(sent(net.ask(0, SENDER, send(post, b""))).id);
        net.pass(200);
    }
    assert_eq!((net.waiting(2, &OWN), net.waiting(2, &OTHER)), (6, 5));
    assert!(!owing(&net).is_empty());
    // The owner reads, and what was missing comes.
    for _ in 0..8 {
        net.open(1, DEVICE, 0, &[OWN]);
        net.ask(1, DEVICE, subscribe(OWN));
        let got: Vec<_> = net.delivered.drain(..).map(|(_, _, key)| key.id).collect();
        net.ask(1, DEVICE, common::acknowledge(OWN, &got));
        net.pass(3_000);
    }
    assert!(owing(&net).is_empty());
    let had = |id| {
        let state = net.relays[1].mailboxes().find(|(it, _)| **it == OWN);
        let entry = state.and_then(|(_, state)| state.get(id));
        entry.is_some_and(|entry| entry.state.deleted)
    };
    assert!(ids.iter().all(had));
}

#[test]
fn what_one_account_may_upload_and_offer_is_bounded() {
    let limits = Limits {
        sender_messages: 3,
        ..Limits::default()
    };
    let mut net = net_with(5, limits);
    net.make(0, SENDER, &[OTHER]);
    net.enter(0, SENDER, (0, 0));
    net.upload(0, SENDER, b"one");
    // What is there costs nothing.
    net.upload(0, SENDER, b"one");
    net.upload(0, SENDER, b"two");
    let third = Request::GroupPart(GroupPart {
        group: GROUP,
        bytes: Bounded::new(b"three".to_vec()).unwrap(),
    });
    let refused = net.ask(0, SENDER, third);
    assert_eq!(reason(refused), Reason::AllowanceUsedUp);
    let more = offer(GROUP, 1, 0, &change(1, b"one", &[], &[]));
    let refused = net.ask(0, SENDER, more.clone());
    assert_eq!(reason(refused), Reason::AllowanceUsedUp);
    net.enter(0, DEVICE, (0, 0));
    placed(net.ask(0, DEVICE, more));
    let broken = change(2, b"one", &[], &[]);
    let broken = parlance_bimp::GroupChange {
        parts: List::default(),
        ..broken
    };
    let refused = net.ask(0, DEVICE, offer(GROUP, 2, 1, &broken));
    assert_eq!(reason(refused), Reason::BadMessage);
}

#[test]
fn an_envelope_in_a_groups_place_is_thrown_away() {
    let mut net = net(5);
    net.make(0, SENDER, &[OTHER]);
    let (request, key) = envelope_of(GROUP.posts(), 1, 512);
    common::accepted(net.ask(0, SENDER, request));
    sent(net.ask(0, SENDER, send(post_of(GROUP, (0, 0), 1, &[]), b"")));
    net.pass(1_000);
    for n in 0..5 {
        let mut all = net.relays[n].mailboxes();
        let (_, state) = all.find(|(it, _)| **it == key.mailbox).unwrap();
        assert!(state.get(&key.id).unwrap().state.deleted);
    }
}

#[test]
fn old_records_go_and_what_they_left_stays() {
    let limits = Limits {
        group_records: 4,
        ..Limits::default()
    };
    let mut net = net_with(5, limits);
    net.make(0, SENDER, &[OTHER]);
    for position in 1..10u8 {
        let next = change(position, &[], &[Mailbox([position; 32])], &[]);
        let request = offer(GROUP, u64::from(position), position - 1, &next);
        placed(net.ask(usize::from(position) % 5, SENDER, request));
    }
    net.pass(3_000);
    let extent = net.enter(0, SENDER, (9, 9));
    assert_eq!((extent.first, extent.next), (6, 10));
    let order = net.read(0, SENDER, 3, 0);
    assert_eq!((order.first, order.pieces.as_slice().len()), (6, 0));
    let old = enter(GROUP, 0, SENDER, (3, 3));
    assert_eq!(reason(net.ask(0, SENDER, old)), Reason::NotAllowed);
    let config = Config {
        limits,
        ..Config::default()
    };
    for n in 0..5 {
        net.restart(n, config);
    }
    let group = net.relays[2].group(&GROUP).unwrap();
    assert_eq!(
        (group.first(), group.next(), group.now().mailboxes.len()),
        (6, 10, 9)
    );
    // Two weeks later all records have gone; the group goes on.
    net.clock.wall += 15 * common::DAY;
    net.pass(3_000);
    net.open(0, SENDER, 0, &[OTHER]);
    let extent = net.enter(0, SENDER, (9, 9));
    assert_eq!((extent.first, extent.next), (10, 10));
    placed(net.ask(0, SENDER, offer(GROUP, 10, 9, &change(10, &[], &[], &[]))));
    // More than a year later it is forgotten.
    net.clock.wall += 400 * common::DAY;
    net.pass(3_000);
    assert!((0..5).all(|n| net.relays[n].group(&GROUP).is_none()));
}

#[test]
fn a_group_moves_with_the_list_of_relays() {
    let mut net = net(9);
    let before = home(&net);
    net.make(before[0], SENDER, &[OWN]);
    net.enter(before[0], SENDER, (0, 0));
    net.upload(before[0], SENDER, b"first");
    let first = offer(GROUP, 1, 0, &change(1, b"first", &[], &[]));
    placed(net.ask(before[0], SENDER, first));
    // The nearest relay leaves the list.
    let mut list = common::list(9);
    list.retain(|it| it.id != place(before[0]));
    for n in 0..9 {
        net.input(n, parlance_relay_core::Input::Routing(list.clone()));
    }
    net.pass(12_000);
    let set = Routing::new(&list).set(&GROUP.place());
    let after: Vec<usize> = (0..9).filter(|n| set.contains(&place(*n))).collect();
    let joined = *after.iter().find(|n| !before.contains(n)).unwrap();
    for n in &after {
        let group = net.relays[*n].group(&GROUP).unwrap();
        assert_eq!(group.now().relays, set);
        assert!(group.may_vote(), "{n}");
    }
    net.enter(joined, DEVICE, (1, 1));
    assert_eq!(net.handshakes(joined, DEVICE, 1)[0], b"first");
    // The new relay decides with two of the old ones.
    let others: Vec<usize> = after.iter().copied().filter(|n| *n != joined).collect();
    net.dead.extend(&others[2..]);
    net.pass(1_500);
    net.open(joined, DEVICE, 0, &[OWN]);
    let at = next(&net, joined);
    placed(net.ask(
        joined,
        DEVICE,
        offer(GROUP, at, 1, &change(2, &[], &[], &[])),
    ));
    // Who has left has forgotten, or will.
    net.dead.clear();
    net.disks[before[0]].full = false;
    net.input(
        before[0],
        parlance_relay_core::Input::Closed { connection: SENDER },
    );
    net.pass(6_000);
    assert!(net.relays[before[0]].group(&GROUP).is_none());
}
