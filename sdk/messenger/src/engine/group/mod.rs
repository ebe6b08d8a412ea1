//! Groups in the engine (G1-G14): state, commands, and the part of the turn that is theirs.

mod doubt;
mod keys;
mod offer;
mod order;
mod part;
mod relay;
mod take;
mod texts;
mod tree;
mod wish;

use super::Engine;
use crate::{
    Clock, Encryption, Error, Event, GroupCommand, GroupNews, Row, Storage,
    groups::{Group, GroupFault, GroupSaid, GroupSecrets, MAX_NAME, Stage, Wish},
    history::ContentId,
    limits::{EPOCHS_AHEAD, LONGEST_PATIENCE, MAX_GROUPS},
    outbox::Audience,
    prekeys::{Fetch, Published},
    relays::Relays,
    storage::Table,
};
use codec::{Decode, Encode};
use parlance_bimp::{Account, Answer, GroupId, GroupOffer, MessageId, Reason, RelayId};
use parlance_e2ee::{Body, Content, DeviceAddress};
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

use part::Transfer;

/// What a request about groups is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Enter(GroupId, u64),
    Read(GroupId),
    Part(GroupId, MessageId),
    Offer(GroupId),
    Text(GroupId, ContentId),
    /// A device's wish to leave.
    Wish(GroupId),
    KeyPackage(DeviceAddress),
    Publish {
        tops_up: bool,
    },
}

/// Something that relays are asked, again and again until one answers (R2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Try {
    ask: Option<u64>,
    asked: u64,
    attempts: usize,
    rest_until: u64,
}

impl Try {
    /// Whether to ask now. The answer of a relay that was silent still counts if it comes.
    fn is_due(&self, now: u64) -> bool {
        let patience = Relays::patience(self.attempts.saturating_sub(1));
        let waits = self.ask.is_some() && now < self.asked.saturating_add(patience);
        !waits && now >= self.rest_until
    }

    fn asked(&mut self, ask: u64, now: u64) {
        self.ask = Some(ask);
        self.asked = now;
        self.attempts = self.attempts.saturating_add(1);
    }

    /// The relay has refused, or is lost. Whether it was the one that is waited for.
    fn failed(&mut self, ask: u64, now: u64, rest: u64) -> bool {
        let is = self.ask == Some(ask);
        if is {
            self.ask = None;
            let rest = rest.clamp(20, LONGEST_PATIENCE);
            self.rest_until = now.saturating_add(rest);
        }
        is
    }
}

/// A text on its way.
#[derive(Clone, Debug)]
struct Text {
    id: ContentId,
    message: Vec<u8>,
    attempt: Try,
    /// The position that was read next when it was sent last.
    position: u64,
    /// Requests that carry this message, and not an older one: whether that was taken says nothing of this one.
    asks: Vec<u64>,
}

/// A change on its way into the order.
#[derive(Clone, Debug)]
struct Offer {
    /// Empty for a change of the relays' list alone.
    commit: Vec<u8>,
    position: u64,
    request: GroupOffer,
    /// Parts of the commit that the relay does not have yet, and which were asked for.
    missing: BTreeMap<MessageId, (usize, bool)>,
    /// Which relay has the others.
    relay: Option<RelayId>,
    attempt: Try,
}

/// What is known of a group until the program ends.
#[derive(Debug, Default)]
struct Live {
    /// Position that is read next, once it is known.
    position: u64,
    /// Devices in the group; none where they are to be read anew.
    members: Option<Vec<(DeviceAddress, Option<bool>)>>,
    /// The relay at which the device has entered, and with the key of which record.
    at: Option<(RelayId, u64)>,
    entering: Try,
    /// Relays that know no such group, or not the key.
    refused: usize,
    reading: Option<Try>,
    /// A handshake of which only the beginning is here.
    beginning: Vec<u8>,
    /// The tree of the invitation that the person has accepted (G14), and how often what came was not it.
    tree: Option<Vec<u8>>,
    spoiled: u8,
    read_at: u64,
    /// How often the order is still looked at soon, because something says that it has grown.
    looks: u8,
    /// How far the order reached when the mailbox was quiet: what is said later can be opened from there (G8).
    quiet_at: u64,
    /// Epochs that have begun beyond that.
    begun: usize,
    /// A message came that is ahead of what was read.
    ahead: bool,
    /// A commit is to be asked for.
    wants_offer: bool,
    offer: Option<Offer>,
    /// A change of this device is under way.
    changes: bool,
    /// Texts are to be read anew from the disk.
    stale: bool,
    stale_until: u64,
    texts: Vec<Text>,
    /// Ids of the own messages, which come back like others'.
    sent: BTreeSet<MessageId>,
    /// Messages that tickets of the running period count, at which relays, and how many bytes (P1).
    charged: BTreeMap<(MessageId, RelayId), (u32, usize)>,
    /// Which member is looked up next.
    turn: usize,
    /// Until when somebody's look is waited for.
    looks_until: u64,
    /// The wish to leave, to be sent.
    leave: Option<(Vec<u8>, Try)>,
    leave_at: u64,
    /// Whom this device owes its place, after it has read on (G12).
    owes: BTreeSet<DeviceAddress>,
    /// When members are asked again.
    asks_at: u64,
    /// Accounts that say that this device is not in, to how many questions, and to which last (G13).
    denials: BTreeMap<[u8; 32], (u32, u64)>,
    in_doubt: bool,
}

/// The own key packages (G4).
#[derive(Clone, Debug, Default, Encode, Decode)]
struct Keys {
    /// The one of last resort, and when it was made, milliseconds since 1970.
    last_resort: Option<(Vec<u8>, u64)>,
    published: Vec<Published>,
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: BTreeMap<GroupId, Group>,
    live: BTreeMap<GroupId, Live>,
    transfers: BTreeMap<part::Name, Transfer>,
    fetches: BTreeMap<DeviceAddress, Fetch>,
    fetched: BTreeMap<DeviceAddress, Vec<u8>>,
    /// Devices that have none on their relays, and until when that is believed.
    without: BTreeMap<DeviceAddress, u64>,
    keys: Keys,
    publishing: BTreeMap<RelayId, u64>,
    /// When something came last, and how much still waits of what waited when this device began to listen.
    delivered: u64,
    backlog: u32,
    /// An order has grown, and is read when the mailbox is known to be quiet.
    waits_for_quiet: bool,
}

/// A fault of the disk stops the engine; any other one is handed on.
fn passed<T>(result: Result<T, GroupFault>) -> Result<Result<T, GroupFault>, Error> {
    match result {
        Err(GroupFault::Storage(error)) => Err(error.into()),
        other => Ok(other),
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn load_groups(&mut self) -> Result<(), Error> {
        for group in self.all::<Group>(Table::Groups, "group")? {
            let live = Live {
                wants_offer: true,
                stale: true,
                // How many had begun is forgotten.
                begun: EPOCHS_AHEAD,
                ..Live::default()
            };
            self.groups.live.insert(group.id, live);
            self.groups.all.insert(group.id, group);
        }
        let keys = self.ledger.get(&Row::GroupKeys, "list of key packages")?;
        self.groups.keys = keys.unwrap_or_default();
        self.load_parts()
    }

    fn secrets(&mut self) -> Result<&mut dyn GroupSecrets, Error> {
        Ok(self.encryption.groups().ok_or(GroupFault::NotHere)?)
    }

    /// The group of a conversation.
    pub(super) fn group_of(&self, conversation: &Account) -> Option<GroupId> {
        let id = GroupId(conversation.0);
        self.groups.all.contains_key(&id).then_some(id)
    }

    /// All groups, also those that this device is invited to, and those that it is out of.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.all.values()
    }

    /// The devices in a group, and whether the record knows each with its key.
    pub fn group_members(
        &mut self,
        group: GroupId,
    ) -> Result<Vec<(DeviceAddress, Option<bool>)>, Error> {
        let members = self.secrets()?.members(group);
        // Nothing was changed.
        self.secrets()?.undo();
        Ok(members?)
    }

    /// Does what the user wants with groups.
    ///
    /// # Errors
    ///
    /// [`Error::Group`], [`Error::NoSuchGroup`], [`Error::GroupName`]: nothing has changed. Others as of
    /// [`handle`](Self::handle).
    pub fn group(&mut self, clock: Clock, command: GroupCommand) -> Result<GroupId, Error> {
        self.turn(clock, |engine| match command {
            GroupCommand::New { name } => engine.new_group(name),
            GroupCommand::Invite { group, accounts } => engine.invite_to_group(group, accounts),
            GroupCommand::Join(group) => engine.accept(group),
            GroupCommand::Leave(group) => engine.leave_group(group),
            GroupCommand::Remove { group, account } => engine.remove_from_group(group, account),
            GroupCommand::Rename { group, name } => engine.rename_group(group, name),
        })
    }

    fn new_group(&mut self, name: String) -> Result<GroupId, Error> {
        check_name(&name)?;
        if self.groups.all.len() >= MAX_GROUPS {
            return Err(Error::TooManyGroups { limit: MAX_GROUPS });
        }
        let id = self.secrets()?.create()?;
        let mut group = Group::new(id, name, Stage::Member);
        group.named = self.clock.wall;
        group.members = vec![self.own];
        // The other own devices are members too (G1).
        group.wishes = vec![Wish::Add(self.own)];
        group.founded = false;
        self.put_group(group);
        let live = self.live(id);
        live.stale = true;
        live.wants_offer = true;
        let conversation = self.conversation(Account(id.0));
        self.put_conversation(conversation);
        Ok(id)
    }

    fn member_of(&self, id: GroupId) -> Result<Group, Error> {
        let group = self.groups.all.get(&id).ok_or(Error::NoSuchGroup)?;
        match group.stage {
            Stage::Member => Ok(group.clone()),
            Stage::Invited { .. } => Err(GroupFault::NotHere.into()),
            Stage::Leaving | Stage::Out => Err(GroupFault::Removed.into()),
        }
    }

    fn accept(&mut self, id: GroupId) -> Result<GroupId, Error> {
        let group = self.groups.all.get(&id).ok_or(Error::NoSuchGroup)?;
        let Stage::Invited { by, .. } = group.stage else {
            return Ok(id);
        };
        let mut group = group.clone();
        let accepted = true;
        group.stage = Stage::Invited { by, accepted };
        self.put_group(group);
        self.say_to_own(GroupSaid::Joined(id));
        Ok(id)
    }

    fn rename_group(&mut self, id: GroupId, name: String) -> Result<GroupId, Error> {
        check_name(&name)?;
        let mut group = self.member_of(id)?;
        group.named = self.clock.wall.max(group.named.saturating_add(1));
        group.name = name;
        self.say_name(&group)?;
        self.put_group(group);
        Ok(id)
    }

    /// Tells the members the name, and by that, after a commit, that there is one.
    fn say_name(&mut self, group: &Group) -> Result<(), Error> {
        let (name, at) = (group.name.clone(), group.named);
        let Some(body) = (GroupSaid::Named { name, at }).body() else {
            return Ok(());
        };
        let content = self.new_content(body);
        passed(self.secrets()?.send(group.id, &content))?.ok();
        self.live(group.id).stale = true;
        Ok(())
    }

    fn new_content(&mut self, body: Body) -> Content {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        Content::new(id, self.clock.wall, body)
    }

    fn say_to_own(&mut self, said: GroupSaid) {
        if let Some(body) = said.body() {
            self.say_by_itself(self.own, Audience::Own, body, true);
        }
    }

    fn say_to_device(&mut self, device: DeviceAddress, said: GroupSaid) {
        if let Some(body) = said.body() {
            let conversation = Account(device.account);
            self.say_by_itself(conversation, Audience::One(device), body, true);
        }
    }

    /// The position of a group's order that this device reads next; 0 if it follows none.
    pub(super) fn group_position(&mut self, id: GroupId) -> u64 {
        let known = self.groups.live.get(&id).map_or(0, |live| live.position);
        if known > 0 {
            return known;
        }
        let groups = self.encryption.groups();
        groups.map_or(0, |groups| groups.position(id).unwrap_or(0))
    }

    fn put_group(&mut self, group: Group) {
        self.ledger.put(Row::Group(group.id), &group);
        self.groups.all.insert(group.id, group);
    }

    fn live(&mut self, id: GroupId) -> &mut Live {
        self.groups.live.entry(id).or_default()
    }

    fn group_news(&mut self, group: GroupId, news: GroupNews) {
        if matches!(news, GroupNews::Joined | GroupNews::Rejoined) {
            let key_at = self.groups.all.get(&group).map_or(0, |it| it.key_at);
            self.begin_past(group, key_at, news == GroupNews::Rejoined);
        }
        self.tell(Event::Group { group, news });
    }

    fn ids(&self, which: impl Fn(&Group) -> bool) -> Vec<GroupId> {
        let groups = self.groups.all.values();
        groups
            .filter(|group| which(group))
            .map(|it| it.id)
            .collect()
    }

    /// Everything about groups that is due.
    pub(super) fn group_work(&mut self) -> Result<(), Error> {
        if self.encryption.groups().is_none() {
            return Ok(());
        }
        self.ask_in_doubt()?;
        self.pursue_wishes()?;
        self.read_orders()?;
        self.read_trees()?;
        self.ask_inviters();
        self.offer_changes()?;
        self.send_texts()?;
        self.fetch_key_packages();
        self.publish_key_packages()
    }

    pub(super) fn group_answered(
        &mut self,
        purpose: Purpose,
        at: (RelayId, u64),
        answer: Answer,
    ) -> Result<(), Error> {
        match purpose {
            Purpose::Enter(group, key_at) => {
                self.entered(group, key_at, at, &answer);
                Ok(())
            }
            Purpose::Read(group) => self.order_read(group, at, answer),
            Purpose::Part(group, part) => {
                self.part_taken(group, part, at, &answer);
                Ok(())
            }
            Purpose::Offer(group) => {
                self.change_offered(group, at, &answer);
                Ok(())
            }
            Purpose::Text(group, id) => self.text_taken(group, id, at, &answer),
            Purpose::Wish(group) => {
                self.wish_taken(group, at, &answer);
                Ok(())
            }
            Purpose::KeyPackage(device) => self.key_package_fetched(device, at, answer),
            Purpose::Publish { tops_up } => self.key_packages_published(at.0, tops_up, answer),
        }
    }

    /// What was asked on a connection that has ended.
    pub(super) fn group_lost(&mut self, purpose: Purpose, ask: u64) {
        let now = self.clock.steady;
        match purpose {
            Purpose::KeyPackage(device) => self.key_package_not_fetched(device, ask),
            Purpose::Publish { .. } => {}
            Purpose::Enter(group, _)
            | Purpose::Read(group)
            | Purpose::Part(group, _)
            | Purpose::Offer(group)
            | Purpose::Text(group, _)
            | Purpose::Wish(group) => {
                if let Some(attempt) = self.attempt_of(group, purpose) {
                    attempt.failed(ask, now, 0);
                }
            }
        }
    }

    fn attempt_of(&mut self, group: GroupId, purpose: Purpose) -> Option<&mut Try> {
        let live = self.groups.live.get_mut(&group)?;
        match purpose {
            Purpose::Enter(..) => Some(&mut live.entering),
            Purpose::Read(_) => live.reading.as_mut(),
            Purpose::Part(..) | Purpose::Offer(_) => {
                live.offer.as_mut().map(|offer| &mut offer.attempt)
            }
            Purpose::Wish(_) => live.leave.as_mut().map(|(_, attempt)| attempt),
            Purpose::Text(_, id) => {
                let mut texts = live.texts.iter_mut();
                texts.find(|text| text.id == id).map(|it| &mut it.attempt)
            }
            Purpose::KeyPackage(_) | Purpose::Publish { .. } => None,
        }
    }

    /// A relay did not do what it was asked. It is avoided, and another one asked.
    fn group_refused(
        &mut self,
        group: GroupId,
        purpose: Purpose,
        (relay, ask): (RelayId, u64),
        answer: &Answer,
    ) {
        let now = self.clock.steady;
        let Answer::Refused(refusal) = answer else {
            return;
        };
        // That others were earlier is no fault of the relay.
        if refusal.reason == Reason::Overtaken {
            self.order_has_grown(group, Some(refusal.limit));
        } else {
            self.relays.avoid(relay, now);
            self.leave_relay(relay);
        }
        if refusal.reason == Reason::NotAllowed {
            self.order_has_grown(group, None);
        }
        let rest = u64::from(refusal.retry_after).max(200);
        if let Some(attempt) = self.attempt_of(group, purpose) {
            attempt.failed(ask, now, rest);
        }
    }

    /// How much of groups waits to be accepted by relays.
    pub(super) fn groups_unsent(&self) -> usize {
        // Who has lost track waits for others.
        let is_in = |group: &&Group| group.takes_part() && !group.lost && group.rejoin.is_none();
        let waits = self.groups.all.values().filter(is_in).map(|group| {
            let live = self.groups.live.get(&group.id);
            let live = live.map_or(0, |live| {
                live.texts.len()
                    + usize::from(live.stale)
                    + usize::from(!self.is_settled(group))
                    + usize::from(live.leave.is_some())
            });
            let wishes = group.wishes.iter();
            let without = &self.groups.without;
            let lacks = |account: &Account| without.keys().any(|it| it.account == account.0);
            // What others have to do first is not waited for.
            let now = |wish: &&Wish| match wish {
                Wish::Remove { after, .. } => *after == 0,
                Wish::Add(account) => !lacks(account),
                Wish::RemoveDevice(_) => true,
            };
            live + wishes.filter(now).count()
        });
        let accepted =
            |group: &&Group| matches!(group.stage, Stage::Invited { accepted: true, .. });
        waits.sum::<usize>() + self.groups.all.values().filter(accepted).count()
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = !name.trim().is_empty() && name.len() <= MAX_NAME;
    match fits && !name.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(Error::GroupName { limit: MAX_NAME }),
    }
}
