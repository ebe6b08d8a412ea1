//! No answer before what it answers (B1-B5).

use crate::{BEN, CLEO, DORA, invite, join, make, world::World};
use parlance_bimp::{GroupId, Mailbox, Message};
use parlance_messenger::limits::PAST_WAIT;

/// Three people with a device each; the third is away.
fn one_is_away(seed: u64) -> (World, GroupId) {
    let mut world = World::new(seed, &[1, 1, 1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    world.set_away(2, true);
    (world, group)
}

/// Two say something in turns, each after having read what the other one said.
fn talk(world: &mut World, group: GroupId, rounds: usize) -> Vec<String> {
    let words: Vec<String> = (0..rounds).map(|round| format!("text {round}")).collect();
    for (round, words) in words.iter().enumerate() {
        assert!(world.say(round % 2, group, words));
        world.pass(400);
    }
    words
}

/// A message disappears from the mailbox of the one who is away.
fn lose_last(world: &mut World) -> Message {
    let mailbox = world.relays.mailboxes.get_mut(&Mailbox::of(&CLEO, 0));
    mailbox.unwrap().pop().unwrap()
}

fn find_again(world: &mut World, message: Message) {
    let mailbox = world.relays.mailboxes.get_mut(&Mailbox::of(&CLEO, 0));
    mailbox.unwrap().push(message);
    world.set_away(2, true);
    world.pass(100);
    world.set_away(2, false);
    world.pass(2_000);
}

#[test]
fn what_a_mailbox_brings_in_any_order_is_shown_in_the_order_of_answers() {
    for seed in 40..50 {
        let (mut world, group) = one_is_away(seed);
        let words = talk(&mut world, group, 12);
        world.set_away(2, false);
        world.pass(2_500);
        assert_eq!(world.texts(2, group), words, "seed {seed}");
        assert_eq!(world.out_of_turn(), 0);
        world.judge();
    }
}

#[test]
fn what_is_lost_holds_nobody_up_for_long_and_is_marked() {
    let (mut world, group) = one_is_away(50);
    assert!(world.say(0, group, "one"));
    world.pass(500);
    let lost = lose_last(&mut world);
    assert!(world.say(1, group, "two"));
    world.pass(500);
    let two = world.said[1].id;
    world.set_away(2, false);
    world.pass(PAST_WAIT - 1_000);
    assert!(world.texts(2, group).is_empty());
    world.pass(2_000);
    assert_eq!(world.texts(2, group), ["two"]);
    let here = parlance_bimp::Account(group.0);
    assert!(world.engine(2).is_out_of_turn(&here, &two));
    // Nothing else waits for it.
    assert!(world.say(0, group, "three"));
    world.pass(1_000);
    assert_eq!(world.texts(2, group), ["two", "three"]);
    // It comes after all: the mark goes, the place stays.
    find_again(&mut world, lost);
    assert_eq!(world.texts(2, group), ["two", "three", "one"]);
    assert!(!world.engine(2).is_out_of_turn(&here, &two));
    assert_eq!(world.out_of_turn(), 1);
    world.judge();
}

#[test]
fn what_waits_outlives_the_program() {
    let (mut world, group) = one_is_away(51);
    assert!(world.say(0, group, "one"));
    world.pass(500);
    let lost = lose_last(&mut world);
    for words in ["two", "three"] {
        assert!(world.say(1, group, words));
        world.pass(500);
    }
    world.set_away(2, false);
    world.pass(1_500);
    world.restart(2, 100);
    world.pass(1_500);
    assert_eq!(world.engine(2).texts_waiting(), 2);
    assert!(world.texts(2, group).is_empty());
    find_again(&mut world, lost);
    assert_eq!(world.texts(2, group), ["one", "two", "three"]);
    assert_eq!(world.out_of_turn(), 0);
    world.judge();
}

/// B5.
#[test]
fn who_comes_in_does_not_wait_for_what_was_said_before() {
    let (mut world, group) = one_is_away(52);
    let words = talk(&mut world, group, 6);
    invite(&mut world, 0, group, &[DORA]);
    world.pass(3_000);
    join(&mut world, &[3], group);
    assert!(world.say(1, group, "welcome"));
    world.pass(500);
    assert_eq!(world.texts(3, group), ["welcome"]);
    assert!(world.say(3, group, "thanks"));
    world.pass(500);
    assert_eq!(world.texts(0, group).len(), words.len() + 2);
    world.set_away(2, false);
    world.pass(5_000);
    let all = [words, vec!["welcome".into(), "thanks".into()]].concat();
    assert_eq!(world.texts(2, group), all);
    assert_eq!(world.out_of_turn(), 0);
    world.judge();
}
