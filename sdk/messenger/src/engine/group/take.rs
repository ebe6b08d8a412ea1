//! What comes about groups: messages, what they say, and what members say through the sessions of pairs.

use super::{part::Came, passed};
use crate::{
    Encryption, Error, Event, GroupNews, Row, Storage,
    engine::Engine,
    groups::{About, Group, GroupEvent, GroupFault, GroupSaid, Planned, Stage, Wish},
    inbox::Held,
    limits::LEAVE_PAUSE,
};
use codec::Decode;
use parlance_bimp::{Account, GroupId, Mailbox, Message, MessageId};
use parlance_e2ee::{Body, Content, DeviceAddress};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// A message of a group lies in the mailbox. What cannot be read yet is held.
    pub(in crate::engine) fn take_group_message(
        &mut self,
        (id, mailbox): (MessageId, Mailbox),
        group: GroupId,
        ciphertext: &[u8],
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        let live = self.groups.live.get_mut(&group);
        if live.is_some_and(|live| live.sent.remove(&id)) {
            self.note_seen(id);
            return Ok(());
        }
        if self.read_group_message(id, group, ciphertext)? {
            return Ok(());
        }
        self.hold((id, mailbox), None, bytes);
        if self.encryption.groups().is_none() {
            self.tell(Event::Kept { id });
        }
        Ok(())
    }

    /// Whether it is done with.
    fn read_group_message(
        &mut self,
        id: MessageId,
        group: GroupId,
        ciphertext: &[u8],
    ) -> Result<bool, Error> {
        let known = self.groups.all.get(&group);
        match known.map(|group| &group.stage) {
            // The invitation may still come.
            None | Some(Stage::Invited { .. }) => return Ok(false),
            Some(Stage::Out) => {
                self.note_seen(id);
                return Ok(true);
            }
            Some(Stage::Member | Stage::Leaving) => {}
        }
        let read = passed(self.secrets()?.message(group, ciphertext))?;
        match read {
            Ok(events) => {
                if events.is_empty() {
                    // It may wait for a commit.
                    self.live(group).ahead = true;
                    self.order_has_grown(group, None);
                }
                self.note_seen(id);
                self.group_events(group, events)?;
                Ok(true)
            }
            Err(GroupFault::Ahead | GroupFault::NotHere) => {
                self.live(group).ahead = true;
                self.order_has_grown(group, None);
                Ok(false)
            }
            // Of an epoch that is gone, of somebody who was removed, or no message at all.
            Err(_) => {
                self.note_seen(id);
                Ok(true)
            }
        }
    }

    /// What was held of a group is read, as far as it can be.
    pub(super) fn release_group(&mut self, group: GroupId) -> Result<(), Error> {
        for held in self.held_of(group) {
            let message = Message::decode(&mut held.message.as_slice());
            let Ok(Message::Group { ciphertext, .. }) = message else {
                continue;
            };
            if self.read_group_message(held.id, group, ciphertext.as_slice())? {
                self.held.remove(&held.id);
                self.ledger.remove(Row::Held(held.id));
            }
        }
        Ok(())
    }

    pub(super) fn drop_held(&mut self, group: GroupId) {
        for held in self.held_of(group) {
            self.held.remove(&held.id);
            self.ledger.remove(Row::Held(held.id));
            self.note_seen(held.id);
        }
    }

    fn held_of(&self, group: GroupId) -> Vec<Held> {
        // Kind and group stand first in the encoding.
        let of_group = |held: &&Held| {
            held.look.is_none() && held.message.get(1..33).is_some_and(|it| *it == group.0)
        };
        let mut held: Vec<Held> = self.held.values().filter(of_group).cloned().collect();
        held.sort_by_key(|held| held.arrived);
        held
    }

    pub(super) fn group_events(
        &mut self,
        id: GroupId,
        events: Vec<GroupEvent>,
    ) -> Result<(), Error> {
        for event in events {
            if self.groups.all.get(&id).is_none_or(|it| !it.takes_part()) {
                break;
            }
            match event {
                GroupEvent::Said { from, content } => self.said_in_group(id, from, *content)?,
                GroupEvent::WishesToLeave { device } => self.wishes_to_leave(id, device),
                GroupEvent::Changed {
                    by,
                    added,
                    removed,
                    invitations,
                } => self.changed(id, by, (added, removed), invitations)?,
                GroupEvent::Removed { by } => self.out_of(id, Some(by))?,
                GroupEvent::Rejoined => self.rejoined(id)?,
                GroupEvent::InDoubt => {
                    self.live(id).in_doubt = true;
                    self.live(id).asks_at = self.clock.steady;
                    self.group_news(id, GroupNews::InDoubt);
                }
                GroupEvent::LostTrack => self.lost_track(id),
            }
        }
        Ok(())
    }

    fn said_in_group(
        &mut self,
        id: GroupId,
        from: DeviceAddress,
        content: Content,
    ) -> Result<(), Error> {
        if GroupSaid::is_one(&content.body) {
            if let Some(GroupSaid::Named { name, at }) = GroupSaid::read(&content.body) {
                self.named(id, name, at);
            }
            return Ok(());
        }
        match content.body {
            // These are between two accounts.
            Body::Receipt(_) | Body::Typing(_) | Body::Resend(_) => Ok(()),
            _ => {
                // What was decoded fits.
                match content.to_bytes() {
                    Ok(bytes) => self.apply(from, Account(id.0), content, bytes),
                    Err(_) => Ok(()),
                }
            }
        }
    }

    /// The latest name counts, and of two at the same time the greater.
    fn named(&mut self, id: GroupId, name: String, at: u64) {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return;
        };
        if (group.named, &group.name) < (at, &name) {
            let other = group.name != name;
            group.named = at;
            group.name = name.clone();
            self.put_group(group);
            if other {
                self.group_news(id, GroupNews::Named { name });
            }
        }
    }

    /// G9.
    fn wishes_to_leave(&mut self, id: GroupId, device: DeviceAddress) {
        let account = Account(device.account);
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return;
        };
        if account == self.own {
            if group.stage == Stage::Member {
                group.stage = Stage::Leaving;
                self.put_group(group);
                // The wish of one device is enough.
                let again = self.clock.steady.saturating_add(crate::limits::LEAVE_AGAIN);
                self.live(id).leave_at = again;
            }
            return;
        }
        let known =
            |wish: &Wish| matches!(wish, Wish::Remove { account: out, .. } if *out == account);
        if group.stage != Stage::Member || group.wishes.iter().any(known) {
            return;
        }
        let pause = self.rng.next_u64() % LEAVE_PAUSE;
        let after = self.clock.wall.saturating_add(pause).max(1);
        group.wishes.retain(|it| *it != Wish::Add(account));
        if super::wish::wish(&mut group, Wish::Remove { account, after }).is_ok() {
            self.put_group(group);
        }
    }

    fn changed(
        &mut self,
        id: GroupId,
        by: DeviceAddress,
        (added, removed): (Vec<DeviceAddress>, Vec<DeviceAddress>),
        invitations: Vec<(DeviceAddress, Vec<u8>)>,
    ) -> Result<(), Error> {
        let live = self.live(id);
        if live.position > live.quiet_at {
            live.begun = live.begun.saturating_add(1);
        }
        live.stale = true;
        live.stale_until = 0;
        live.wants_offer = true;
        live.in_doubt = false;
        let own = by == self.me();
        if own {
            let live = self.live(id);
            live.offer = None;
            live.changes = false;
        }
        let before = self.groups.all.get(&id).map(|it| it.members.clone());
        self.note_members(id)?;
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        if own {
            group.planned = Planned::default();
            self.put_group(group.clone());
            self.send_invitations(&group, invitations)?;
            self.say_name(&group)?;
        }
        let before = before.unwrap_or_default();
        let accounts = |devices: Vec<DeviceAddress>| {
            let mut accounts: Vec<Account> =
                devices.into_iter().map(|it| Account(it.account)).collect();
            accounts.sort_unstable();
            accounts.dedup();
            accounts
        };
        let (mut came, mut went) = (accounts(added), accounts(removed));
        // To people members are accounts.
        came.retain(|account| !before.contains(account));
        went.retain(|account| !group.members.contains(account));
        if !came.is_empty() || !went.is_empty() {
            let by = Account(by.account);
            self.group_news(id, GroupNews::Changed { by, came, went });
        }
        Ok(())
    }

    /// The accounts of the members, as the encryption has them now.
    pub(super) fn note_members(&mut self, id: GroupId) -> Result<(), Error> {
        self.live(id).members = None;
        let devices = self.devices_in(id)?;
        let mut accounts: Vec<Account> = devices.iter().map(|it| Account(it.account)).collect();
        accounts.sort_unstable();
        accounts.dedup();
        if let Some(group) = self.groups.all.get(&id)
            && group.members != accounts
        {
            let mut group = group.clone();
            group.members = accounts;
            self.put_group(group);
        }
        Ok(())
    }

    /// This device is out: by somebody's commit, or because it was alone and left.
    pub(super) fn out_of(&mut self, id: GroupId, by: Option<DeviceAddress>) -> Result<(), Error> {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        passed(self.secrets()?.forget(id))?.ok();
        let name = group.name.clone();
        group.stage = Stage::Out;
        group.wishes.clear();
        group.members.clear();
        group.planned = Planned::default();
        group.mailbox = None;
        group.rejoin = None;
        group.lost = false;
        self.put_group(group);
        self.groups.live.remove(&id);
        self.drop_held(id);
        self.group_news(
            id,
            GroupNews::Out {
                by: by.map(|by| Account(by.account)),
            },
        );
        // It may have been invited again before it learned that it is out.
        let transfers: Vec<super::part::Name> = self.groups.transfers.keys().copied().collect();
        for transfer in transfers {
            let (group, _, about) = transfer;
            let invites = matches!(about, About::Invitation | About::Entrance);
            if group == id && invites && self.whole(&transfer)?.is_some() {
                self.invitation_came(transfer, name.clone());
            }
        }
        Ok(())
    }

    /// What another device says about a group through the session of both.
    pub(in crate::engine) fn take_group_said(
        &mut self,
        from: DeviceAddress,
        body: &Body,
    ) -> Result<(), Error> {
        let own = from.account == self.own.0;
        match GroupSaid::read(body) {
            None | Some(GroupSaid::Named { .. }) => Ok(()),
            Some(GroupSaid::Joined(group)) if own => {
                if self.groups.all.contains_key(&group) {
                    self.accept_silently(group);
                }
                Ok(())
            }
            Some(GroupSaid::Left(group)) if own => self.begin_leaving(group),
            // Somebody does not want to join.
            Some(GroupSaid::Left(group)) => {
                self.wishes_to_leave(group, from);
                Ok(())
            }
            Some(GroupSaid::Joined(_)) => Ok(()),
            Some(GroupSaid::Part {
                group,
                about,
                number,
                index,
                count,
                name,
                key_at,
                bytes,
            }) => {
                let came = Came {
                    name: (group, from, about),
                    number,
                    index,
                    count,
                    key_at,
                    bytes,
                };
                self.take_part(came, name)
            }
            Some(GroupSaid::Place { group, place, asks }) => {
                self.take_place(group, from, &place, asks)
            }
            Some(GroupSaid::NeedsInformation(group)) => self.asked_by(group, from),
            Some(GroupSaid::NotIn(group)) => self.denied(group, from),
        }
    }

    fn accept_silently(&mut self, id: GroupId) {
        if let Some(group) = self.groups.all.get(&id)
            && let Stage::Invited { by, .. } = group.stage
        {
            let mut group: Group = group.clone();
            let accepted = true;
            group.stage = Stage::Invited { by, accepted };
            self.put_group(group);
        }
    }

    fn take_part(&mut self, came: Came, group_name: String) -> Result<(), Error> {
        let name = came.name;
        let (group, from, about) = name;
        if about == About::Information && !self.asks_for_information(group, from)? {
            return Ok(());
        }
        if !self.keep_part(came) {
            return Ok(());
        }
        match about {
            About::Invitation | About::Entrance => {
                self.invitation_came(name, group_name);
                Ok(())
            }
            About::Information => {
                let (bytes, key_at) = (self.whole(&name)?, self.key_of_transfer(&name));
                self.drop_transfer(&name);
                match bytes {
                    Some(bytes) => self.rejoin(group, &bytes, key_at),
                    None => Ok(()),
                }
            }
        }
    }
}
