//! Random schedules: losses, delays, repeats, reordering, restarts, states rolled back, members coming and
//! going, commits at once. Whatever happens: what is delivered is delivered once, nobody reads what was
//! written when they were not in the group, and in the end all members are in the same group and have
//! every text that a member with an unbroken state wrote. Seeds replay.

mod common;

use common::{
    Chain, Person, add, content, device, id_of, now,
    relays::{Relays, Weather},
};
use parlance_e2ee::DeviceAddress;
use parlance_groups::{Error, Event, GroupId, HandshakeOrder, Progress, Suite};
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 6;
const STEPS: usize = 250;

/// A person as the test sees it.
struct Seat {
    person: Person,
    mailbox: Vec<Vec<u8>>,
    /// Texts that this person's database knows to be read.
    read: BTreeSet<u64>,
    backup: Option<(Vec<u8>, BTreeSet<u64>)>,
    /// Whether the person was in the group with an unbroken state from the start.
    unbroken: bool,
    lost: bool,
}

struct Text {
    from: usize,
    readers: BTreeSet<DeviceAddress>,
}

struct World {
    seats: Vec<Seat>,
    group: GroupId,
    relays: Relays,
    texts: BTreeMap<u64, Text>,
}

impl World {
    fn new(seed: u64, suite: Suite) -> Self {
        let (chain, mut relays) = (Chain::default(), Relays::new(seed));
        let (people, group) = common::group(4, suite, &chain, &mut relays);
        let strangers = (4..PEOPLE as u32).map(|number| Person::new(number, &chain));
        let seats = people
            .into_iter()
            .chain(strangers)
            .enumerate()
            .map(|(number, person)| Seat {
                person,
                mailbox: Vec::new(),
                read: BTreeSet::new(),
                backup: None,
                unbroken: number < 4,
                lost: false,
            });
        relays.weather = Weather {
            lost: 15,
            delayed: 25,
            repeated: 15,
        };
        Self {
            seats: seats.collect(),
            group,
            relays,
            texts: BTreeMap::new(),
        }
    }

    fn member(&mut self, who: usize) -> bool {
        let (group, own) = (self.group, self.seats[who].person.device);
        let members = self.seats[who].person.work(|work| work.members(group));
        members.is_ok_and(|members| members.iter().any(|member| member.device == own))
    }

    /// Writes down what reading gave.
    fn note(&mut self, who: usize, events: Vec<Event>) {
        let device = self.seats[who].person.device;
        for event in events {
            match event {
                Event::Message { content, from, .. } => {
                    let id = id_of(&content);
                    assert_eq!(from, self.seats[self.texts[&id].from].person.device);
                    assert!(
                        self.texts[&id].readers.contains(&device),
                        "{device} read {id}"
                    );
                    assert!(self.seats[who].read.insert(id), "{device} read {id} twice");
                }
                Event::Changed {
                    invitation: Some(invitation),
                    added,
                    ..
                } => {
                    for member in added {
                        let guest = self
                            .seats
                            .iter()
                            .position(|seat| seat.person.device == member.device);
                        self.invite(guest.unwrap(), &invitation);
                    }
                }
                Event::LostTrack => self.seats[who].lost = true,
                Event::Rejoined => self.seats[who].lost = false,
                Event::Removed { .. } => self.seats[who].unbroken = false,
                _ => {}
            }
        }
    }

    fn invite(&mut self, guest: usize, invitation: &[u8]) {
        let join = |person: &mut Person| person.work(|work| work.join(invitation));
        let mut joined = join(&mut self.seats[guest].person);
        if matches!(joined, Err(Error::AlreadyJoined(_))) {
            // It was removed and does not know yet.
            self.catch_up(guest);
            joined = join(&mut self.seats[guest].person);
        }
        match joined {
            Ok(_) => self.seats[guest].lost = false,
            // A rolled-back database does not have the key package any more.
            Err(Error::Unusable { .. }) => self.seats[guest].lost = true,
            Err(other) => panic!("{other}"),
        }
    }

    fn catch_up(&mut self, who: usize) {
        let (group, relays) = (self.group, &mut self.relays);
        let progress = self.seats[who]
            .person
            .work(|work| work.catch_up(group, relays));
        match progress {
            Ok(Progress { events, offer }) => {
                if let Some(offer) = offer {
                    self.relays.offer(group, &offer).unwrap();
                }
                self.note(who, events);
            }
            Err(Error::NoGroup(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    fn send(&mut self, who: usize) {
        let id = self.texts.len() as u64;
        let group = self.group;
        let sent = self.seats[who].person.work(|work| {
            let message = work.send(group, &content(id))?;
            Ok((message, work.members(group)?))
        });
        let (message, members) = match sent {
            Ok(sent) => sent,
            Err(
                Error::NoGroup(_) | Error::Removed(_) | Error::LostTrack(_) | Error::Joining(_),
            ) => return,
            Err(other) => panic!("{other}"),
        };
        let readers = members.into_iter().map(|member| member.device).collect();
        self.texts.insert(id, Text { from: who, readers });
        self.hand_out(&message, 20);
    }

    /// Hands a message to everybody, members or not, some of it lost, some of it twice.
    fn hand_out(&mut self, message: &[u8], lost: u32) {
        for who in 0..self.seats.len() {
            let copies = 1 + usize::from(self.relays.chance(10));
            for _ in 0..copies {
                if !self.relays.chance(lost) {
                    self.seats[who].mailbox.push(message.to_vec());
                }
            }
        }
    }

    fn read_one(&mut self, who: usize) {
        if self.seats[who].mailbox.is_empty() {
            return;
        }
        let which = self.relays.below(self.seats[who].mailbox.len());
        let message = self.seats[who].mailbox.swap_remove(which);
        match self.seats[who].person.work(|work| work.message(&message)) {
            Ok((_, events)) => self.note(who, events),
            Err(Error::Unusable { .. } | Error::NoGroup(_) | Error::Removed(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    fn change(&mut self, who: usize) {
        let target = self.relays.below(PEOPLE);
        let group = self.group;
        let change = match self.relays.below(3) {
            // The first stays, so that somebody can always let the others in again.
            0 if target != 0 => common::remove(&[device(target as u32)]),
            1 if !self.member(target) => add(vec![self.key_package(target)]),
            _ => common::renew(),
        };
        match self.seats[who]
            .person
            .work(|work| work.change(group, &change))
        {
            Ok(()) => {}
            Err(
                Error::NoGroup(_)
                | Error::Removed(_)
                | Error::LostTrack(_)
                | Error::Joining(_)
                | Error::ChangeWaits(_)
                | Error::NotMember(_)
                | Error::AlreadyMember(_),
            ) => {}
            Err(other) => panic!("{other}"),
        }
    }

    fn key_package(&mut self, who: usize) -> Vec<u8> {
        let suite = Suite::Classical;
        let made = self.seats[who]
            .person
            .work(|work| work.key_packages(suite, 1, now()));
        made.unwrap().remove(0)
    }

    fn back_up(&mut self, who: usize) {
        let seat = &mut self.seats[who];
        seat.backup = Some((seat.person.backup(), seat.read.clone()));
    }

    fn roll_back(&mut self, who: usize) {
        let seat = &mut self.seats[who];
        let Some((database, read)) = seat.backup.take() else {
            return;
        };
        seat.person.restore(&database);
        seat.read = read;
        seat.unbroken = false;
        seat.lost = true;
        seat.person.work(|work| work.restored()).unwrap();
    }

    /// What a client does when it has lost track: asks a member, who gives information if it is one.
    fn come_back(&mut self, who: usize) {
        let group = self.group;
        let information = self.seats[0]
            .person
            .work(|work| work.information(group))
            .unwrap();
        let own = self.seats[who].person.device;
        if !self.seats[0].person.devices(group).contains(&own) {
            return;
        }
        let (_, commit) = self.seats[who]
            .person
            .work(|work| work.rejoin(&information))
            .unwrap();
        self.seats[who].unbroken = false;
        self.relays.offer(group, &commit).unwrap();
    }

    fn step(&mut self) {
        let who = self.relays.below(PEOPLE);
        match self.relays.below(100) {
            0..35 => self.send(who),
            35..65 => self.read_one(who),
            65..80 => self.catch_up(who),
            80..86 => self.change(who),
            86..90 => self.relays.arrive(),
            90..94 => self.seats[who].person.restart(),
            94..96 => self.back_up(who),
            96..98 if who != 0 => self.roll_back(who),
            _ if self.seats[who].lost => self.come_back(who),
            _ => {}
        }
    }

    /// Whether a person knows itself to be in the group. Who was added by a member that was rolled back before
    /// it saw its commit accepted has got no invitation, and hears from the others that it is a member.
    fn stands(&mut self, who: usize) -> bool {
        let group = self.group;
        self.seats[who]
            .person
            .work(|work| work.unsent(group))
            .is_ok()
    }

    /// Good weather until nothing moves.
    fn settle(&mut self) {
        self.relays.weather = Weather::default();
        for _ in 0..PEOPLE * 3 {
            self.relays.arrive();
            for who in 0..PEOPLE {
                self.catch_up(who);
                self.catch_up(who);
                self.seats[who].lost |= !self.stands(who);
                if self.seats[who].lost {
                    self.catch_up(0);
                    self.come_back(who);
                    self.catch_up(who);
                }
            }
        }
        let group = self.group;
        let present: BTreeSet<_> = self.seats[0].person.devices(group).into_iter().collect();
        for who in 0..PEOPLE {
            let Ok(unsent) = self.seats[who].person.work(|work| work.unsent(group)) else {
                continue;
            };
            for (id, message) in unsent {
                let id = u64::from_le_bytes(id[..8].try_into().unwrap());
                self.texts.get_mut(&id).unwrap().readers.extend(&present);
                self.hand_out(&message, 0);
            }
        }
        for who in 0..PEOPLE {
            while !self.seats[who].mailbox.is_empty() {
                self.read_one(who);
            }
        }
    }

    fn check(&mut self, seed: u64) {
        let group = self.group;
        let expected = self.seats[0].person.epoch(group);
        let devices = self.seats[0].person.devices(group);
        for seat in &mut self.seats {
            if !devices.contains(&seat.person.device) {
                continue;
            }
            let same =
                seat.person.epoch(group) == expected && seat.person.devices(group) == devices;
            assert!(
                same,
                "seed {seed}: {} is in another group",
                seat.person.device
            );
        }
        let unbroken = |who: usize| {
            self.seats[who].unbroken && devices.contains(&self.seats[who].person.device)
        };
        for (id, text) in self.texts.iter().filter(|(_, text)| unbroken(text.from)) {
            for who in (0..PEOPLE).filter(|who| *who != text.from && unbroken(*who)) {
                assert!(
                    self.seats[who].read.contains(id),
                    "seed {seed}: {who} misses text {id} of {}",
                    text.from
                );
            }
        }
    }
}

#[test]
fn whatever_happens_texts_are_read_once_and_members_converge() {
    let mut read = 0;
    let mut epochs = 0;
    for seed in 0..24 {
        let mut world = World::new(seed, Suite::Classical);
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        world.check(seed);
        read += world
            .seats
            .iter()
            .map(|seat| seat.read.len())
            .sum::<usize>();
        let group = world.group;
        epochs += world.seats[0].person.epoch(group).0;
    }
    // The schedules did what they are for.
    assert!(read > 24 * 100, "{read} texts read");
    assert!(epochs > 24 * 8, "{epochs} epochs");
}
