//! Invitations whose tree is in the order (G14). The model has one for each change that adds two devices or more.

use crate::{BEN, CLEO, invite, join, make, world::World};
use parlance_bimp::{GroupId, limits::MAX_PART};
use parlance_messenger::{GroupCommand, GroupNews, groups::Stage};

const BAD: fn(&GroupNews) -> bool = |news| matches!(news, GroupNews::BadInvitation { .. });

/// Anna and Ben are in, and Cleo's two devices are invited.
fn before(seed: u64) -> (World, GroupId) {
    let mut world = World::new(seed, &[1, 1, 2]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    join(&mut world, &[1], group);
    world.relays.read.clear();
    invite(&mut world, 0, group, &[CLEO]);
    world.pass(5_000);
    (world, group)
}

fn trees(world: &World, group: GroupId) -> Vec<usize> {
    let records = world.relays.orders[&group].records.iter();
    let trees = records.filter(|(_, _, handshake)| handshake.starts_with(b"tree"));
    trees.map(|(_, _, handshake)| handshake.len()).collect()
}

fn read(world: &World, device: usize) -> usize {
    world.relays.read.get(&device).copied().unwrap_or(0)
}

#[test]
fn those_who_join_read_the_tree_and_the_others_its_beginning() {
    let (mut small, mut large) = (0, 0);
    for seed in 60..72 {
        let (mut world, group) = before(seed);
        let [tree] = trees(&world, group)[..] else {
            panic!("seed {seed}: {:?}", trees(&world, group))
        };
        // Nobody reads anything of a group that no person has joined.
        assert_eq!((read(&world, 2), read(&world, 3)), (0, 0));
        let commit = 2_000;
        match tree > MAX_PART {
            true => {
                large += 1;
                assert!(read(&world, 1) <= MAX_PART + commit, "seed {seed}");
            }
            false => small += 1,
        }
        // Who has put it there sees it whole.
        assert!(read(&world, 0) >= tree);
        join(&mut world, &[2], group);
        for n in [2, 3] {
            assert_eq!(world.stage(n, group), Some(Stage::Member), "seed {seed}");
            assert!(read(&world, n) >= tree);
        }
        assert!(world.say(3, group, "here"));
        assert!(world.say(1, group, "welcome"));
        world.pass(3_000);
        assert_eq!(world.texts(2, group).len(), 2);
        world.judge();
    }
    assert!(small > 0 && large > 0, "{small} small, {large} large");
}

#[test]
fn who_invites_may_end_at_any_moment() {
    for pause in 0..20 {
        let mut world = World::new(80 + pause, &[1, 1, 2]);
        let group = make(&mut world);
        invite(&mut world, 0, group, &[BEN, CLEO]);
        world.pass(pause * 40);
        world.restart(0, 100);
        world.pass(20_000);
        join(&mut world, &[1, 2], group);
        for n in [1, 2, 3] {
            assert_eq!(world.stage(n, group), Some(Stage::Member), "pause {pause}");
        }
        assert!(world.say(0, group, "all there"));
        world.pass(3_000);
        assert_eq!(world.texts(3, group), ["all there"]);
        world.judge();
    }
}

#[test]
fn who_reads_the_tree_may_end_at_any_moment() {
    for pause in 0..12 {
        let (mut world, group) = before(110 + pause);
        let command = GroupCommand::Join(group);
        world.group(2, command).unwrap();
        world.pass(pause * 10);
        world.restart(2, 100);
        world.pass(10_000);
        for n in [2, 3] {
            assert_eq!(world.stage(n, group), Some(Stage::Member), "pause {pause}");
        }
        world.judge();
    }
}

#[test]
fn another_relay_is_asked_when_one_gives_something_else() {
    let mut more = 0;
    for r in 0..8u8 {
        let (mut world, group) = before(140);
        let tree = trees(&world, group)[0];
        world.spoil(r);
        join(&mut world, &[2], group);
        world.pass(10_000);
        for n in [2, 3] {
            assert_eq!(world.stage(n, group), Some(Stage::Member), "relay {r}");
            more += usize::from(read(&world, n) >= 2 * tree);
        }
        world.relays.spoil.clear();
        world.judge();
    }
    assert!(more > 0, "nobody was given anything else");
}

#[test]
fn an_invitation_whose_tree_cannot_be_had_is_bad() {
    let (mut world, group) = before(150);
    (0..8).for_each(|r| world.spoil(r));
    join(&mut world, &[2], group);
    world.pass(20_000);
    for n in [2, 3] {
        assert_eq!(world.stage(n, group), Some(Stage::Out));
        assert_eq!(world.heard(n, BAD), 1);
    }
}

/// The group's relays keep nothing of what was there.
fn forget(world: &mut World, group: GroupId) {
    let order = world.relays.orders.get_mut(&group).unwrap();
    order.first = order.records.len() as u64;
}

#[test]
fn who_accepts_when_the_tree_is_gone_comes_in_by_information() {
    let (mut world, group) = before(151);
    forget(&mut world, group);
    join(&mut world, &[2], group);
    world.pass(60_000);
    for n in [2, 3] {
        assert_eq!(world.stage(n, group), Some(Stage::Member));
        let joined = |news: &GroupNews| matches!(news, GroupNews::Joined);
        assert_eq!(world.heard(n, joined), 1);
        assert_eq!(world.epoch(n, group), world.epoch(0, group));
    }
    assert!(world.say(1, group, "late"));
    assert!(world.say(3, group, "and there"));
    world.pass(5_000);
    for n in 0..4 {
        assert_eq!(world.texts(n, group).len(), 2);
    }
    world.judge();
}

#[test]
fn who_accepts_when_the_tree_is_gone_and_was_removed_learns_that() {
    let (mut world, group) = before(152);
    let account = CLEO;
    let command = GroupCommand::Remove { group, account };
    world.group(0, command).unwrap();
    world.pass(5_000);
    forget(&mut world, group);
    join(&mut world, &[2], group);
    world.pass(60_000);
    for n in [2, 3] {
        assert_eq!(world.stage(n, group), Some(Stage::Out));
        assert_eq!(world.heard(n, BAD), 1);
    }
}
