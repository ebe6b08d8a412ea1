//! G7 and G8: what a relay does with messages for mailboxes that others keep. Of nine relays the first five keep [`OWN`], the
//! last three are super relays, and relay 5 is neither.

mod common;

use common::{
    DEVICE, Net, OTHER, OWN, SENDER, accepted, envelope, envelope_of, list, reason, subscribe,
    unpaid,
};
use parlance_bimp::{Reason, Request};
use parlance_relay_core::{Asker, Config, Input, Limits};

const FOREIGN: usize = 5;
const SUPER: usize = 6;

/// The sender is at all relays, the device of [`OWN`] at one of its set.
fn net_with(limits: Limits) -> Net {
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut net = Net::new(9, config);
    for n in 0..9 {
        net.open(n, SENDER, 0, &[OTHER]);
    }
    net.open(4, DEVICE, 0, &[OWN]);
    net.ask(4, DEVICE, subscribe(OWN));
    net
}

fn net() -> Net {
    net_with(Limits::default())
}

/// Asked, and not answered at once.
fn waits(net: &mut Net, n: usize, request: Request) -> Asker {
    let from = net.ask_only(n, SENDER, request);
    net.settle();
    assert!(!net.answers.contains_key(&(n, from)));
    from
}

/// Who has an entry of the mailbox.
fn holders(net: &Net) -> Vec<usize> {
    (0..9).filter(|n| net.entries(*n, &OWN) > 0).collect()
}

#[test]
fn a_relay_outside_of_the_set_writes_to_it_and_keeps_nothing() {
    let mut net = net();
    for sender in [FOREIGN, SUPER] {
        let (request, key) = envelope(OWN, sender as u8);
        let accepted = accepted(net.ask(sender, SENDER, request));
        assert_eq!((accepted.id, accepted.relays >= 3), (key.id, true));
        assert_eq!(net.delivered.pop(), Some((4, DEVICE, key)));
        assert_eq!(net.relays[sender].counters().coordinated, 1);
        assert_eq!(net.disks[sender].commits, 0);
    }
    assert_eq!(holders(&net), [0, 1, 2, 3, 4]);
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 2));
    // Of those who keep it nobody coordinates.
    accepted(net.ask(1, SENDER, envelope(OWN, 9).0));
    assert_eq!(net.relays[1].counters().coordinated, 0);
}

#[test]
fn a_quorum_is_enough_and_without_one_nobody_is_told_so() {
    let mut net = net();
    net.dead.extend([0, 1]);
    accepted(net.ask(FOREIGN, SENDER, envelope(OWN, 1).0));
    net.dead.extend([2, SUPER, 7, 8]);
    let from = waits(&mut net, FOREIGN, envelope(OWN, 2).0);
    net.pass(Config::default().timings.write + 500);
    let answer = net.answers.remove(&(FOREIGN, from));
    assert_eq!(reason(answer), Reason::NoQuorum);
}

#[test]
fn others_stand_in_for_members_that_are_dead() {
    let mut net = net();
    net.dead.extend([0, 1, 2]);
    let from = waits(&mut net, FOREIGN, envelope(OWN, 1).0);
    net.pass(Config::default().timings.stand_in + 300);
    accepted(net.answers.remove(&(FOREIGN, from)));
    assert_eq!(holders(&net), [3, 4, 6, 7, 8]);
    // Who is dead is known now.
    net.pass(500);
    accepted(net.ask(FOREIGN, SENDER, envelope(OWN, 2).0));
    net.dead.clear();
    net.pass(12_000);
    assert_eq!(holders(&net), [0, 1, 2, 3, 4]);
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 2));
    assert_eq!(net.delivered.len(), 2);
}

#[test]
fn a_super_relay_stands_in_itself_unless_its_disk_is_full() {
    for full in [false, true] {
        let mut net = net();
        net.disks[SUPER].full = full;
        net.dead.extend([0, 1]);
        accepted(net.ask(SUPER, SENDER, envelope(OWN, 1).0));
        assert_eq!(net.entries(SUPER, &OWN), 0);
        net.dead.insert(2);
        let from = waits(&mut net, SUPER, envelope(OWN, 2).0);
        net.pass(Config::default().timings.stand_in + 300);
        accepted(net.answers.remove(&(SUPER, from)));
        assert_eq!(net.entries(SUPER, &OWN) > 0, !full);
        net.disks[SUPER].full = false;
        net.dead.clear();
        net.pass(12_000);
        assert_eq!(holders(&net), [0, 1, 2, 3, 4]);
        assert!((0..5).all(|n| net.waiting(n, &OWN) == 2));
    }
}

#[test]
fn sending_again_waits_along_or_finds_the_message_there_and_is_charged_once() {
    let mut net = net_with(Limits {
        pair_messages: 1,
        ..Limits::default()
    });
    let (request, key) = envelope(OWN, 1);
    net.dead.extend([0, 1, 2]);
    let first = waits(&mut net, FOREIGN, request.clone());
    let again = waits(&mut net, FOREIGN, request.clone());
    net.pass(Config::default().timings.stand_in + 300);
    for from in [first, again] {
        accepted(net.answers.remove(&(FOREIGN, from)));
    }
    net.dead.clear();
    net.pass(12_000);
    accepted(net.ask(FOREIGN, SENDER, request));
    assert_eq!(net.delivered, [(4, DEVICE, key)]);
    assert!((0..5).all(|n| net.entries(n, &OWN) == 1));
    let other = net.ask(FOREIGN, SENDER, envelope(OWN, 2).0);
    assert_eq!(reason(other), Reason::NoRoom);
}

#[test]
fn members_without_room_refuse_and_the_sender_hears_it() {
    let mut net = net_with(Limits {
        mailbox_messages: 1,
        ..Limits::default()
    });
    // Members take up to twice as much from others.
    for text in [1, 2] {
        accepted(net.ask(FOREIGN, SENDER, envelope(OWN, text).0));
    }
    let refused = net.ask(FOREIGN, SENDER, envelope(OWN, 3).0);
    assert_eq!(reason(refused), Reason::NoRoom);
    // Two that refuse are no matter.
    let mut net = net_with(Limits::default());
    for n in [0, 1] {
        let config = Config {
            limits: Limits {
                messages: 0,
                ..Limits::default()
            },
            ..Config::default()
        };
        net.restart(n, config);
    }
    accepted(net.ask(FOREIGN, SENDER, envelope(OWN, 1).0));
    assert_eq!(holders(&net), [2, 3, 4]);
}

#[test]
fn what_waits_for_a_quorum_is_bounded_in_number_and_in_bytes() {
    for limits in [
        Limits {
            writes: 1,
            ..Limits::default()
        },
        Limits {
            write_bytes: 2_000,
            ..Limits::default()
        },
    ] {
        let mut net = net_with(limits);
        net.dead.extend([0, 1, 2]);
        let (first, _) = envelope_of(OWN, 1, 1_024);
        let (second, _) = envelope_of(OWN, 2, 1_024);
        let asked = waits(&mut net, FOREIGN, first.clone());
        let refused = net.ask(FOREIGN, SENDER, second.clone());
        assert_eq!(reason(refused), Reason::TooFast);
        // What is there already takes no room.
        let again = waits(&mut net, FOREIGN, first);
        net.pass(Config::default().timings.stand_in + 300);
        for from in [asked, again] {
            accepted(net.answers.remove(&(FOREIGN, from)));
        }
        net.pass(Config::default().timings.write);
        accepted(net.ask(FOREIGN, SENDER, second));
    }
}

/// The sender's connection breaks with the relay, and it turns to another one.
#[test]
fn a_relay_that_dies_while_it_coordinates_loses_and_doubles_nothing() {
    let mut net = net();
    let (request, key) = envelope(OWN, 1);
    net.dead.extend([0, 1, 2]);
    waits(&mut net, FOREIGN, request.clone());
    assert_eq!(holders(&net), [3, 4]);
    net.restart(FOREIGN, Config::default());
    net.dead.clear();
    accepted(net.ask(7, SENDER, request.clone()));
    // And to the first one again, when it is back.
    net.open(FOREIGN, SENDER, 0, &[OTHER]);
    accepted(net.ask(FOREIGN, SENDER, request));
    net.pass(5_000);
    assert_eq!(holders(&net), [0, 1, 2, 3, 4]);
    assert!((0..5).all(|n| net.entries(n, &OWN) == 1));
    assert_eq!(net.delivered, [(4, DEVICE, key)]);
}

#[test]
fn without_a_ticket_only_members_and_stand_ins_take_it() {
    let mut net = net();
    let refused = net.ask(FOREIGN, SENDER, unpaid(OWN, 1).0);
    assert_eq!(reason(refused), Reason::NotResponsible);
    for n in [0, 4, SUPER, 8] {
        accepted(net.ask(n, SENDER, unpaid(OWN, n as u8).0));
    }
    assert_eq!(holders(&net), [0, 1, 2, 3, 4]);
}

fn change_list(net: &mut Net, gone: &[usize]) {
    let mut relays = list(9);
    relays.retain(|relay| gone.iter().all(|n| relay.id != common::place(*n)));
    for n in 0..9 {
        net.input(n, Input::Routing(relays.clone()));
    }
}

#[test]
fn a_write_goes_to_the_set_of_a_new_list() {
    // Relay 5 becomes a member itself, 8 does not.
    for (sender, outside) in [(FOREIGN, 8), (8, 8)] {
        let mut net = net();
        net.dead.extend([0, 1, 2]);
        let from = waits(&mut net, sender, envelope(OWN, 1).0);
        change_list(&mut net, &[0, 1, 2]);
        net.settle();
        accepted(net.answers.remove(&(sender, from)));
        assert_eq!(holders(&net), [3, 4, 5, 6, 7]);
        assert_eq!(net.entries(outside, &OWN), 0);
    }
}

/// As a stand-in does, since it hands over what it has.
#[test]
fn who_has_the_message_counts_when_it_leaves_the_set() {
    let mut net = net();
    net.dead.extend([2, 3, 4]);
    let from = waits(&mut net, 8, envelope(OWN, 1).0);
    assert_eq!(holders(&net), [0, 1]);
    change_list(&mut net, &[0]);
    net.settle();
    assert_eq!(accepted(net.answers.remove(&(8, from))).relays, 3);
    assert_eq!(holders(&net), [0, 1, 5]);
    net.dead.clear();
    net.pass(12_000);
    assert_eq!(holders(&net), [1, 2, 3, 4, 5]);
}
