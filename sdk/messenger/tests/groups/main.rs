//! Conversations of groups: engines of several people, with a model of the encryption and of the relays (G1-G14).

#[path = "../common/mod.rs"]
mod common;
mod relays;
mod rough;
mod tree;
mod turns;
mod world;

use parlance_bimp::{Account, GroupId};
use parlance_messenger::{Error, GroupCommand, GroupFault, GroupNews, groups::Stage};
use world::World;

const ANNA: Account = Account([1; 32]);
const BEN: Account = Account([2; 32]);
const CLEO: Account = Account([3; 32]);
const DORA: Account = Account([4; 32]);

/// A group of the first account's first device.
fn make(world: &mut World) -> GroupId {
    let name = "walkers".to_string();
    let group = world.group(0, GroupCommand::New { name }).unwrap();
    world.pass(2_000);
    group
}

fn invite(world: &mut World, by: usize, group: GroupId, accounts: &[Account]) {
    let accounts = accounts.to_vec();
    world
        .group(by, GroupCommand::Invite { group, accounts })
        .unwrap();
}

/// All who are invited accept.
fn join(world: &mut World, devices: &[usize], group: GroupId) {
    for n in devices {
        world.group(*n, GroupCommand::Join(group)).unwrap();
    }
    world.pass(3_000);
}

#[test]
fn what_is_said_in_a_group_is_on_all_devices_of_all_members() {
    let mut world = World::new(1, &[2, 1, 2]);
    let group = make(&mut world);
    // The other own device is in without being asked.
    assert_eq!(world.stage(1, group), Some(Stage::Member));
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    for n in [2, 3, 4] {
        let invited =
            |news: &GroupNews| matches!(news, GroupNews::Invited { name, .. } if name == "walkers");
        assert_eq!(world.heard(n, invited), 1, "device {n}");
    }
    // Before they join they read nothing, and what is said waits.
    assert!(world.say(0, group, "are you there"));
    world.pass(1_000);
    assert!(world.texts(2, group).is_empty());
    // One device accepts for its account.
    join(&mut world, &[2, 3], group);
    assert_eq!(world.stage(4, group), Some(Stage::Member));
    assert!(world.say(4, group, "yes"));
    world.pass(1_000);
    assert!(world.say(2, group, "me too"));
    world.pass(2_000);
    for n in 0..5 {
        assert_eq!(
            world.texts(n, group),
            ["are you there", "yes", "me too"],
            "device {n}"
        );
        assert_eq!(world.members(n, group), [ANNA, BEN, CLEO]);
    }
    world.judge();
}

#[test]
fn one_text_is_one_upload() {
    let mut world = World::new(2, &[1, 1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    let before = world.relays.uploads;
    for n in 0..10 {
        assert!(world.say(0, group, &format!("text {n}")));
    }
    world.pass(3_000);
    assert_eq!(world.relays.uploads - before, 10);
    let expected: Vec<String> = (0..10).map(|n| format!("text {n}")).collect();
    assert_eq!(world.texts(2, group), expected);
    world.judge();
}

/// P1: what is sent again is paid once in a period.
#[test]
fn a_text_that_is_sent_again_counts_once_on_the_tickets() {
    let mut world = World::new(19, &[1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    join(&mut world, &[1], group);
    world.begin_period(7, 3);
    assert!(world.say(0, group, "one"));
    world.pass(5_000);
    let before = world.tickets(3, 7);
    let last = before[before.len() - 1];
    world.relays.silent = true;
    assert!(world.say(0, group, "two"));
    world.pass(30_000);
    let again = world.tickets(3, 7).split_off(before.len());
    assert!(again.len() >= 2 && again[0] > last, "{again:?}");
    assert!(again.iter().all(|bytes| *bytes == again[0]), "{again:?}");
    // Nobody knows of it in the next one.
    world.begin_period(8, 3);
    world.pass(120_000);
    let later = world.tickets(3, 8);
    assert!(later.len() >= 2 && later[0] > 0, "{later:?}");
    assert!(later.iter().all(|bytes| *bytes == later[0]), "{later:?}");
    world.relays.silent = false;
    world.pass(10_000);
    assert_eq!(world.texts(1, group), ["one", "two"]);
    world.judge();
}

#[test]
fn a_removed_member_reads_and_says_nothing_more() {
    let mut world = World::new(3, &[1, 1, 2]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    let account = CLEO;
    world
        .group(1, GroupCommand::Remove { group, account })
        .unwrap();
    world.pass(3_000);
    assert_eq!(world.stage(2, group), Some(Stage::Out));
    assert_eq!(world.stage(3, group), Some(Stage::Out));
    assert!(world.say(0, group, "now without her"));
    assert!(!world.say(2, group, "hello"));
    world.pass(3_000);
    assert!(world.texts(2, group).is_empty());
    assert_eq!(world.texts(1, group), ["now without her"]);
    let by = Some(BEN);
    assert_eq!(world.heard(2, |news| *news == GroupNews::Out { by }), 1);
    // And can be invited again.
    invite(&mut world, 0, group, &[CLEO]);
    world.pass(3_000);
    join(&mut world, &[2], group);
    assert!(world.say(3, group, "back"));
    world.pass(3_000);
    assert_eq!(world.texts(2, group), ["back"]);
    world.judge();
}

#[test]
fn two_who_invite_at_once_both_do() {
    for seed in 10..20 {
        let mut world = World::new(seed, &[1, 1, 1, 1]);
        let group = make(&mut world);
        invite(&mut world, 0, group, &[BEN]);
        world.pass(3_000);
        join(&mut world, &[1], group);
        invite(&mut world, 0, group, &[CLEO]);
        invite(&mut world, 1, group, &[DORA]);
        assert!(world.say(0, group, "one"));
        assert!(world.say(1, group, "two"));
        world.pass(8_000);
        join(&mut world, &[2, 3], group);
        for n in 0..4 {
            assert_eq!(
                world.members(n, group),
                [ANNA, BEN, CLEO, DORA],
                "seed {seed}"
            );
        }
        let epoch = world.epoch(0, group);
        assert!((1..4).all(|n| world.epoch(n, group) == epoch));
        world.judge();
    }
}

#[test]
fn who_leaves_is_removed_by_one_of_the_others_with_all_devices() {
    let mut world = World::new(4, &[1, 1, 2]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    world.group(3, GroupCommand::Leave(group)).unwrap();
    world.pass(15_000);
    for n in [2, 3] {
        assert_eq!(world.stage(n, group), Some(Stage::Out), "device {n}");
    }
    assert_eq!(world.members(0, group), [ANNA, BEN]);
    assert_eq!(world.members(1, group), [ANNA, BEN]);
    // The last one out needs nobody.
    world.group(1, GroupCommand::Leave(group)).unwrap();
    world.pass(15_000);
    world.group(0, GroupCommand::Leave(group)).unwrap();
    world.pass(1_000);
    assert_eq!(world.stage(0, group), Some(Stage::Out));
    world.judge();
}

#[test]
fn who_does_not_want_to_join_is_taken_off_the_list() {
    let mut world = World::new(5, &[1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    assert_eq!(world.members(0, group), [ANNA, BEN]);
    world.group(1, GroupCommand::Leave(group)).unwrap();
    world.pass(15_000);
    assert_eq!(world.members(0, group), [ANNA]);
    assert_eq!(world.stage(1, group), Some(Stage::Out));
    world.judge();
}

/// G8.
#[test]
fn after_a_day_off_line_everything_is_read() {
    let mut world = World::new(6, &[1, 1, 1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    world.set_away(2, true);
    for round in 0..8 {
        assert!(world.say(0, group, &format!("before {round}")));
        world.pass(1_000);
        let account = DORA;
        match round % 2 {
            0 => invite(&mut world, 1, group, &[DORA]),
            _ => drop(world.group(0, GroupCommand::Remove { group, account })),
        }
        world.pass(4_000);
        assert!(world.say(1, group, &format!("after {round}")));
        world.pass(1_000);
    }
    assert!(world.texts(2, group).is_empty());
    world.jump(24 * 3_600_000);
    world.pass(1_000);
    // What is said away waits here.
    assert!(world.say(2, group, "good morning"));
    world.pass(2_000);
    world.set_away(2, false);
    world.pass(20_000);
    assert_eq!(world.texts(2, group).len(), 17);
    assert_eq!(world.texts(0, group).len(), 17);
    assert_eq!(world.epoch(2, group), world.epoch(0, group));
    world.judge();
}

/// G12, its rule R2.
#[test]
fn who_has_missed_what_relays_keep_joins_anew() {
    let mut world = World::new(7, &[1, 1, 1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO]);
    world.pass(3_000);
    join(&mut world, &[1, 2], group);
    world.set_away(2, true);
    invite(&mut world, 0, group, &[DORA]);
    world.pass(5_000);
    assert!(world.say(2, group, "from afar"));
    let order = world.relays.orders.get_mut(&group).unwrap();
    order.first = order.records.len() as u64;
    world.set_away(2, false);
    world.pass(60_000);
    assert_eq!(world.heard(2, |news| *news == GroupNews::LostTrack), 1);
    assert_eq!(world.heard(2, |news| *news == GroupNews::Rejoined), 1);
    assert_eq!(world.epoch(2, group), world.epoch(0, group));
    assert_eq!(world.texts(1, group), ["from afar"]);
    join(&mut world, &[3], group);
    world.judge();
}

/// G13.
#[test]
fn who_was_removed_and_cannot_read_so_learns_that_it_is_out() {
    let mut world = World::new(17, &[1, 1, 1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN, CLEO, DORA]);
    world.pass(3_000);
    join(&mut world, &[1, 2, 3], group);
    world.set_away(2, true);
    let account = CLEO;
    world
        .group(0, GroupCommand::Remove { group, account })
        .unwrap();
    world.pass(5_000);
    assert!(world.say(2, group, "from afar"));
    // Nobody keeps the record that removed it.
    let order = world.relays.orders.get_mut(&group).unwrap();
    order.first = order.records.len() as u64;
    world.set_away(2, false);
    world.pass(60_000);
    assert_eq!(world.heard(2, |news| *news == GroupNews::LostTrack), 1);
    assert_eq!(world.stage(2, group), Some(Stage::Out));
    assert_eq!(
        world.heard(2, |news| *news == GroupNews::Out { by: None }),
        1
    );
    assert!(!world.say(2, group, "hello"));
    // An invitation leads in again.
    invite(&mut world, 1, group, &[CLEO]);
    world.pass(3_000);
    join(&mut world, &[2], group);
    assert!(world.say(2, group, "back"));
    world.pass(3_000);
    assert_eq!(world.texts(0, group), ["back"]);
    assert_eq!(world.epoch(2, group), world.epoch(0, group));
}

/// G13: with one other account left there is one that can say so.
#[test]
fn who_was_removed_from_a_group_of_two_learns_that_it_is_out() {
    let mut world = World::new(18, &[1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    join(&mut world, &[1], group);
    world.set_away(1, true);
    let account = BEN;
    world
        .group(0, GroupCommand::Remove { group, account })
        .unwrap();
    world.pass(5_000);
    let order = world.relays.orders.get_mut(&group).unwrap();
    order.first = order.records.len() as u64;
    world.set_away(1, false);
    world.pass(20_000);
    assert_eq!(world.stage(1, group), Some(Stage::Member));
    world.pass(60_000);
    assert_eq!(world.stage(1, group), Some(Stage::Out));
}

/// G10.
#[test]
fn a_device_that_is_not_on_record_is_put_out_before_anything_is_said() {
    let mut world = World::new(8, &[1, 2]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    join(&mut world, &[1], group);
    let device = parlance_e2ee::DeviceAddress {
        account: BEN.0,
        device: 1,
    };
    world.strike(device);
    assert!(!world.say(0, group, "secret"));
    world.pass(5_000);
    assert_eq!(world.stage(2, group), Some(Stage::Out));
    assert!(world.say(0, group, "between us"));
    world.pass(2_000);
    assert_eq!(world.texts(1, group), ["between us"]);
    assert!(world.texts(2, group).is_empty());
}

#[test]
fn a_name_is_the_latest_and_commands_say_what_is_wrong() {
    let mut world = World::new(9, &[1, 1]);
    let group = make(&mut world);
    invite(&mut world, 0, group, &[BEN]);
    world.pass(3_000);
    join(&mut world, &[1], group);
    let name = "climbers".to_string();
    world
        .group(1, GroupCommand::Rename { group, name })
        .unwrap();
    world.pass(2_000);
    let named = |it: &GroupNews| matches!(it, GroupNews::Named { name } if name == "climbers");
    assert_eq!(world.heard(0, named), 1);
    for name in ["", "  ", "a\nb"] {
        let name = name.to_string();
        let refused = world.group(0, GroupCommand::New { name });
        assert!(matches!(refused, Err(Error::GroupName { .. })));
    }
    let unknown = GroupId([77; 32]);
    let refused = world.group(0, GroupCommand::Join(unknown));
    assert_eq!(refused, Err(Error::NoSuchGroup));
    world.group(1, GroupCommand::Leave(group)).unwrap();
    let (accounts, account) = (vec![CLEO], ANNA);
    let refused = world.group(1, GroupCommand::Invite { group, accounts });
    assert_eq!(refused, Err(Error::Group(GroupFault::Removed)));
    let refused = world.group(1, GroupCommand::Remove { group, account });
    assert_eq!(refused, Err(Error::Group(GroupFault::Removed)));
}
