//! The world of the random schedules: people, relays, what they wrote, and what each of them can do.

use crate::{
    liar::{damaged, of_epoch},
    people::{self, Chain, Person, add, content, device, id_of},
    relays::{Relays, Weather},
};
use parlance_e2ee::DeviceAddress;
use parlance_groups::{Comparison, Error, Event, GroupId, HandshakeOrder, Suite};
use std::collections::{BTreeMap, BTreeSet};

pub const PEOPLE: usize = 6;
/// Who are in the group from the start.
const FIRST: usize = 4;

/// A person as the test sees it.
pub struct Seat {
    pub person: Person,
    pub on_the_way: Vec<Vec<u8>>,
    pub mailbox: Vec<Vec<u8>>,
    /// Texts that this person's database knows to be read.
    pub read: BTreeSet<u64>,
    pub backup: Option<(Vec<u8>, BTreeSet<u64>)>,
    /// Whether the person has been in the group with one state from the start.
    pub unbroken: bool,
    pub lost: bool,
}

pub struct Text {
    pub from: usize,
    /// Who may read it: who was in the group when it was encrypted, first or again.
    pub readers: BTreeSet<DeviceAddress>,
    /// Whether its writer was told that it is done with.
    pub confirmed: bool,
}

/// What the schedules led to, so that they are known to do what they are for.
#[derive(Debug, Default)]
pub struct Tally {
    pub read: u64,
    pub epochs: u64,
    pub removed: u64,
    pub invited: u64,
    pub lost: u64,
    pub rejoined: u64,
    pub confirmed: u64,
    pub unconfirmed: u64,
    pub lies: u64,
    pub doubts: u64,
    pub asked: u64,
}

pub struct World {
    pub seats: Vec<Seat>,
    pub group: GroupId,
    pub relays: Relays,
    pub texts: BTreeMap<u64, Text>,
    pub tally: Tally,
}

impl World {
    pub fn new(seed: u64, suite: Suite) -> Self {
        let (chain, mut relays) = (Chain::default(), Relays::new(seed));
        let (people, group) = people::group(FIRST as u32, suite, &chain, &mut relays);
        let strangers = (FIRST..PEOPLE).map(|number| Person::new(number as u32, &chain));
        let seats = people.into_iter().chain(strangers).enumerate();
        let seats = seats.map(|(number, person)| Seat {
            person,
            on_the_way: Vec::new(),
            mailbox: Vec::new(),
            read: BTreeSet::new(),
            backup: None,
            unbroken: number < FIRST,
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
            tally: Tally::default(),
        }
    }

    /// The members as `who` sees them, in no group if it is in none.
    pub fn members(&mut self, who: usize) -> BTreeSet<DeviceAddress> {
        let group = self.group;
        let members = self.seats[who].person.work(|work| work.members(group));
        let members = members.unwrap_or_default().into_iter();
        members.map(|member| member.device).collect()
    }

    /// Writes down what reading gave.
    pub fn note(&mut self, who: usize, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Message { content, from, .. } => self.note_text(who, id_of(&content), from),
                Event::Changed { invitations, .. } => {
                    for (device, invitation) in invitations {
                        let mut seats = self.seats.iter();
                        let guest = seats.position(|seat| seat.person.device == device);
                        self.invite(guest.unwrap(), &invitation);
                    }
                }
                Event::InDoubt => self.tally.doubts += 1,
                Event::LostTrack => {
                    self.tally.lost += 1;
                    self.seats[who].lost = true;
                }
                Event::Rejoined => {
                    self.tally.rejoined += 1;
                    self.seats[who].lost = false;
                }
                Event::Removed { by } => {
                    assert_ne!(by, self.seats[who].person.device);
                    self.tally.removed += 1;
                    self.seats[who].unbroken = false;
                }
                _ => {}
            }
        }
    }

    pub fn note_text(&mut self, who: usize, id: u64, from: DeviceAddress) {
        let text = &self.texts[&id];
        assert_eq!(from, self.seats[text.from].person.device);
        let seat = &mut self.seats[who];
        let device = seat.person.device;
        assert!(text.readers.contains(&device), "{device} read {id}");
        assert!(seat.read.insert(id), "{device} read {id} twice");
        self.tally.read += 1;
    }

    pub fn invite(&mut self, guest: usize, invitation: &[u8]) {
        let join = |person: &mut Person| person.work(|work| work.join(invitation));
        let mut joined = join(&mut self.seats[guest].person);
        if matches!(joined, Err(Error::AlreadyJoined(_))) {
            // It was removed and does not know yet.
            self.catch_up(guest);
            joined = join(&mut self.seats[guest].person);
        }
        match joined {
            Ok(_) => {
                self.tally.invited += 1;
                self.seats[guest].lost = false;
            }
            // It came late: the guest was removed and invited by somebody else meanwhile.
            Err(Error::AlreadyJoined(_)) => {}
            // A rolled-back database does not have the key package any more.
            Err(Error::Unusable { .. }) => self.seats[guest].lost = true,
            Err(other) => panic!("{other}"),
        }
    }

    /// What a client does when it is connected: reads its mailbox, then the order, and begins again if there is
    /// more (T7).
    pub fn catch_up(&mut self, who: usize) {
        let (mut more, group) = (true, self.group);
        while more {
            self.read_mailbox(who);
            let relays = &mut self.relays;
            let person = &mut self.seats[who].person;
            match person.work(|work| work.catch_up(group, relays)) {
                Ok(progress) => {
                    if let Some(offer) = progress.offer {
                        self.relays.offer(group, &offer).unwrap();
                    }
                    self.note(who, progress.events);
                    more = progress.more;
                }
                Err(Error::NoGroup(_)) => more = false,
                Err(other) => panic!("{other}"),
            }
        }
    }

    pub fn read_mailbox(&mut self, who: usize) {
        let mut early = Vec::new();
        while !self.seats[who].mailbox.is_empty() {
            early.extend(self.take_from_mailbox(who));
        }
        self.seats[who].mailbox = early;
    }

    /// Tells `who` where another member stands, as it asks for if it is in doubt.
    pub fn ask(&mut self, who: usize) {
        let group = self.group;
        let device_of = |who: usize| device(who as u32);
        let members = self.members(who);
        let whom = (0..PEOPLE).find(|other| {
            *other != who
                && members.contains(&device_of(*other))
                && (*other == 0 || !self.seats[*other].lost)
        });
        let Some(whom) = whom else {
            return;
        };
        self.catch_up(whom);
        let Ok(place) = self.seats[whom].person.work(|work| work.place(group)) else {
            return;
        };
        let person = &mut self.seats[who].person;
        match person.work(|work| work.compare(group, &place)) {
            Ok((comparison, events)) => {
                // Nobody here is in another group than the first person, who never loses its state, but those
                // who wait for their joining.
                let waits = person.work(|work| work.information(group)).is_err();
                assert!(
                    waits
                        || matches!(
                            comparison,
                            Comparison::Same | Comparison::ReadOn | Comparison::Wait
                        ),
                    "{who} {whom} {comparison:?}"
                );
                self.tally.asked += u64::from(comparison == Comparison::Same);
                self.note(who, events);
            }
            Err(Error::LostTrack(_) | Error::Joining(_) | Error::Removed(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    pub fn is_in_doubt(&mut self, who: usize) -> bool {
        let group = self.group;
        let place = self.seats[who].person.work(|work| work.place(group));
        place.is_ok_and(|place| place.doubt.is_some())
    }

    /// Puts a forged handshake into the order, made of one that was offered.
    pub fn lie(&mut self, who: usize) {
        let group = self.group;
        let person = &mut self.seats[who].person;
        let fresh = person.work(|work| work.offer(group)).ok().flatten();
        let seen = self.relays.below(self.relays.len());
        let genuine = fresh.unwrap_or_else(|| self.relays.all()[seen].clone());
        let present = self.seats[0].person.epoch(group).0;
        let mark = self.relays.below(256) as u8;
        let lie = match self.relays.below(6) {
            0 | 1 => damaged(&genuine, mark),
            2 => of_epoch(&genuine, present),
            3 => of_epoch(&genuine, present + 1 + u64::from(mark)),
            4 => of_epoch(&genuine, u64::MAX),
            _ => damaged(&of_epoch(&genuine, present), mark),
        };
        self.relays.push(lie);
        self.tally.lies += 1;
    }

    pub fn send(&mut self, who: usize) -> Option<u64> {
        let id = self.texts.len() as u64;
        let group = self.group;
        let person = &mut self.seats[who].person;
        let message = match person.work(|work| work.send(group, &content(id))) {
            Ok(message) => message,
            Err(
                Error::NoGroup(_) | Error::Removed(_) | Error::LostTrack(_) | Error::Joining(_),
            ) => return None,
            Err(other) => panic!("{other}"),
        };
        let text = Text {
            from: who,
            readers: BTreeSet::new(),
            confirmed: false,
        };
        self.texts.insert(id, text);
        self.hand_over(who, id, &message);
        Some(id)
    }

    pub fn send_again(&mut self, who: usize) {
        let group = self.group;
        let Ok(unsent) = self.seats[who].person.work(|work| work.unsent(group)) else {
            return;
        };
        for (id, message) in unsent {
            let id = u64::from_le_bytes(id[..8].try_into().unwrap());
            self.hand_over(who, id, &message);
        }
    }

    /// Hands a message to the relays, which confirm it when all mailboxes have it.
    pub fn hand_over(&mut self, who: usize, id: u64, message: &[u8]) {
        let members = self.members(who);
        let text = self.texts.get_mut(&id).unwrap();
        text.readers.extend(members);
        if !self.hand_out(message) || self.relays.chance(self.relays.weather.lost) {
            return;
        }
        let (group, position) = (self.group, self.relays.next_position());
        let message = content(id).id;
        let person = &mut self.seats[who].person;
        let done = person
            .work(|work| work.confirmed(group, &message, position))
            .unwrap();
        if done {
            self.texts.get_mut(&id).unwrap().confirmed = true;
            self.tally.confirmed += 1;
        } else {
            self.tally.unconfirmed += 1;
        }
    }

    /// Hands a message to everybody, members or not, some of it lost, some late, some twice. Whether all
    /// mailboxes have it.
    pub fn hand_out(&mut self, message: &[u8]) -> bool {
        let weather = self.relays.weather;
        // Bad luck of one part of the group is more telling than of each member alone.
        let bad = self.relays.chance(50);
        let mut everywhere = true;
        for who in 0..self.seats.len() {
            let mut arrived = false;
            for _ in 0..1 + usize::from(self.relays.chance(weather.repeated)) {
                if bad && self.relays.chance(weather.lost) {
                    continue;
                }
                let late = bad && self.relays.chance(weather.delayed);
                let seat = &mut self.seats[who];
                let place = if late {
                    &mut seat.on_the_way
                } else {
                    &mut seat.mailbox
                };
                place.push(message.to_vec());
                arrived |= !late;
            }
            everywhere &= arrived;
        }
        everywhere
    }

    /// Lets one late message arrive.
    pub fn arrive(&mut self, who: usize) {
        let late = self.seats[who].on_the_way.len();
        if late > 0 {
            let which = self.relays.below(late);
            let seat = &mut self.seats[who];
            let message = seat.on_the_way.swap_remove(which);
            seat.mailbox.push(message);
        }
    }

    pub fn read_one(&mut self, who: usize) {
        if !self.seats[who].mailbox.is_empty() {
            let early = self.take_from_mailbox(who);
            self.seats[who].mailbox.extend(early);
        }
    }

    /// Reads one message, and gives it back if it stays in the mailbox.
    pub fn take_from_mailbox(&mut self, who: usize) -> Option<Vec<u8>> {
        let which = self.relays.below(self.seats[who].mailbox.len());
        let message = self.seats[who].mailbox.swap_remove(which);
        match self.seats[who].person.work(|work| work.message(&message)) {
            Ok((_, events)) => self.note(who, events),
            Err(Error::TooEarly(_)) => return Some(message),
            Err(Error::Unusable { .. } | Error::NoGroup(_) | Error::Removed(_)) => {}
            Err(other) => panic!("{other}"),
        }
        None
    }

    pub fn change(&mut self, who: usize) {
        let target = self.relays.below(PEOPLE);
        let group = self.group;
        let is_member = self.members(target).contains(&device(target as u32));
        let change = match self.relays.below(6) {
            // The first stays, so that somebody can always let the others in again.
            0 if target != 0 => people::remove(&[device(target as u32)]),
            1..4 if !is_member => add(vec![
                self.seats[target].person.key_package(Suite::Classical),
            ]),
            _ => people::renew(),
        };
        let person = &mut self.seats[who].person;
        match person.work(|work| work.change(group, &change)) {
            Ok(())
            | Err(
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

    pub fn back_up(&mut self, who: usize) {
        let seat = &mut self.seats[who];
        seat.backup = Some((seat.person.backup(), seat.read.clone()));
    }

    pub fn roll_back(&mut self, who: usize) {
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
    pub fn come_back(&mut self, who: usize) {
        let group = self.group;
        if !self.members(0).contains(&device(who as u32)) {
            return;
        }
        let information = self.seats[0].person.work(|work| work.information(group));
        let information = information.unwrap();
        let person = &mut self.seats[who].person;
        let (_, commit) = person.work(|work| work.rejoin(&information)).unwrap();
        self.seats[who].unbroken = false;
        self.relays.offer(group, &commit).unwrap();
    }
}
