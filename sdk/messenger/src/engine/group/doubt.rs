//! Whether this device and the others are in the same group (G12), or it is in none any more (G13).

use super::passed;
use crate::{
    Encryption, Error, GroupNews, Storage,
    engine::Engine,
    groups::{About, Comparison, Group, GroupSaid, Rejoin},
    limits::{ASK_AGAIN, DENIALS, MAX_OWED},
};
use parlance_bimp::GroupId;
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;
use std::collections::BTreeSet;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn ask_in_doubt(&mut self) -> Result<(), Error> {
        let now = self.clock.steady;
        for id in self.ids(Group::takes_part) {
            let lost = self.groups.all.get(&id).is_some_and(|group| group.lost);
            let joining = self
                .groups
                .all
                .get(&id)
                .is_some_and(|it| it.rejoin.is_some());
            let live = self.live(id);
            if now < live.asks_at || !(lost || live.in_doubt || joining) {
                continue;
            }
            live.asks_at = now.saturating_add(ASK_AGAIN);
            for device in self.some_members(id)? {
                match lost {
                    true => self.say_to_device(device, GroupSaid::NeedsInformation(id)),
                    false => self.tell_place(id, device, true)?,
                }
            }
        }
        Ok(())
    }

    /// One device of each of two other accounts, others each time.
    fn some_members(&mut self, id: GroupId) -> Result<Vec<DeviceAddress>, Error> {
        let own = self.own.0;
        let mut others = self.devices_in(id)?;
        others.retain(|device| device.account != own);
        let mut chosen: Vec<DeviceAddress> = Vec::new();
        let mut accounts = BTreeSet::from([own]);
        while chosen.len() < 2 {
            others.retain(|device| !accounts.contains(&device.account));
            let Ok(count) = u64::try_from(others.len()) else {
                break;
            };
            let Some(place) = self.rng.next_u64().checked_rem(count) else {
                break;
            };
            let place = usize::try_from(place).unwrap_or(0);
            let Some(device) = others.get(place).copied() else {
                break;
            };
            accounts.insert(device.account);
            chosen.push(device);
        }
        Ok(chosen)
    }

    fn tell_place(&mut self, id: GroupId, to: DeviceAddress, asks: bool) -> Result<(), Error> {
        let place = passed(self.secrets()?.place(id))?;
        if let Ok(place) = place {
            let group = id;
            self.say_to_device(to, GroupSaid::Place { group, place, asks });
        }
        Ok(())
    }

    /// A member has told its place. Whoever is asked reads the order first.
    pub(super) fn take_place(
        &mut self,
        id: GroupId,
        from: DeviceAddress,
        place: &[u8],
        asks: bool,
    ) -> Result<(), Error> {
        if asks {
            self.owe_place(id, from);
        }
        if !self.is_fellow(id, from)? {
            return Ok(());
        }
        let compared = passed(self.secrets()?.compare(id, place))?;
        let Ok((comparison, events)) = compared else {
            return Ok(());
        };
        self.group_events(id, events)?;
        match comparison {
            Comparison::Same => self.live(id).in_doubt = false,
            Comparison::JoinAnew => self.lost_track(id),
            Comparison::Inform => self.inform(id, from)?,
            Comparison::ReadOn => self.order_has_grown(id, None),
            Comparison::Wait => {}
        }
        Ok(())
    }

    /// The order is read before somebody who asks is answered.
    fn owe_place(&mut self, id: GroupId, to: DeviceAddress) {
        if !self.groups.all.get(&id).is_some_and(Group::takes_part) {
            return;
        }
        let live = self.live(id);
        if live.owes.len() < MAX_OWED {
            live.owes.insert(to);
        }
        self.order_has_grown(id, None);
    }

    /// After the order was read: those who asked are told.
    pub(super) fn pay_places(&mut self, id: GroupId) -> Result<(), Error> {
        let owes = std::mem::take(&mut self.live(id).owes);
        for device in owes {
            match self.is_fellow(id, device)? {
                true => self.tell_place(id, device, false)?,
                false => self.deny(id, device),
            }
        }
        Ok(())
    }

    /// Who is in step itself tells somebody who is not in (G13).
    fn deny(&mut self, id: GroupId, to: DeviceAddress) {
        let in_step = |group: &Group| group.takes_part() && !group.lost && group.rejoin.is_none();
        let in_step = self.groups.all.get(&id).is_some_and(in_step);
        if in_step && !self.live(id).in_doubt {
            self.say_to_device(to, GroupSaid::NotIn(id));
        }
    }

    /// Somebody needs information: at once if it is a member.
    pub(super) fn asked_by(&mut self, id: GroupId, from: DeviceAddress) -> Result<(), Error> {
        match self.is_fellow(id, from)? {
            true => self.inform(id, from),
            false => {
                self.owe_place(id, from);
                Ok(())
            }
        }
    }

    /// A member says that this device is not in any more (G13).
    pub(super) fn denied(&mut self, id: GroupId, from: DeviceAddress) -> Result<(), Error> {
        if self.is_lost_guest_of(id, from) {
            return self.bad_invitation(id, "this device was removed meanwhile");
        }
        let seeks = |group: &Group| group.lost || group.rejoin.is_some();
        let seeks = self.groups.all.get(&id).is_some_and(seeks);
        if !seeks || !self.is_fellow(id, from)? {
            return Ok(());
        }
        let live = self.live(id);
        let question = live.asks_at;
        let (count, last) = live.denials.entry(from.account).or_insert((0, 0));
        if *last != question {
            (*count, *last) = (count.saturating_add(1), question);
        }
        let often = live.denials.values().any(|(count, _)| *count >= DENIALS);
        match often || live.denials.len() >= 2 {
            true => self.out_of(id, None),
            false => Ok(()),
        }
    }

    fn is_fellow(&mut self, id: GroupId, device: DeviceAddress) -> Result<bool, Error> {
        let takes_part = self.groups.all.get(&id).is_some_and(Group::takes_part);
        Ok(takes_part && self.devices_in(id)?.contains(&device))
    }

    /// Gives a member what it needs to join anew.
    pub(super) fn inform(&mut self, id: GroupId, to: DeviceAddress) -> Result<(), Error> {
        let lost = self.groups.all.get(&id).is_none_or(|group| group.lost);
        if lost || !self.is_fellow(id, to)? {
            return Ok(());
        }
        let information = passed(self.secrets()?.information(id))?;
        let access = passed(self.secrets()?.access(id))?;
        if let (Ok(information), Ok(access)) = (information, access)
            && let Some(group) = self.groups.all.get(&id).cloned()
        {
            let bytes = [&access[..], &information].concat();
            self.send_parts(to, &group, About::Information, &bytes);
        }
        Ok(())
    }

    pub(super) fn lost_track(&mut self, id: GroupId) {
        let now = self.clock.steady;
        if let Some(group) = self.groups.all.get(&id)
            && !group.lost
        {
            let mut group = group.clone();
            let invited = !group.takes_part();
            group.lost = true;
            group.rejoin = None;
            self.put_group(group);
            self.live(id).asks_at = now;
            // Who is not in has no track to lose (G14).
            if !invited {
                self.group_news(id, GroupNews::LostTrack);
            }
        }
    }

    pub(super) fn asks_for_information(
        &mut self,
        id: GroupId,
        from: DeviceAddress,
    ) -> Result<bool, Error> {
        let lost = self.groups.all.get(&id).is_some_and(|group| group.lost);
        Ok(self.is_lost_guest_of(id, from) || (lost && self.is_fellow(id, from)?))
    }

    /// Information is here, behind the access key: the commit from outside goes to the relays.
    pub(super) fn rejoin(&mut self, id: GroupId, bytes: &[u8], key_at: u64) -> Result<(), Error> {
        let Some((access, information)) = bytes.split_first_chunk::<32>() else {
            return Ok(());
        };
        let made = passed(self.secrets()?.rejoin(id, information))?;
        let Ok(commit) = made else {
            return Ok(());
        };
        let position = passed(self.secrets()?.position(id))?.unwrap_or(0);
        self.come_in_anew(id)?;
        if let Some(group) = self.groups.all.get(&id) {
            let mut group = group.clone();
            group.lost = false;
            group.rejoin = Some(Rejoin {
                commit,
                key: (*access, key_at),
                placed: None,
            });
            self.put_group(group);
        }
        let live = self.live(id);
        live.position = position;
        live.beginning.clear();
        live.reading = None;
        live.at = None;
        live.members = None;
        live.offer = None;
        live.wants_offer = true;
        live.in_doubt = false;
        live.denials.clear();
        Ok(())
    }

    /// This device is in step again.
    pub(super) fn rejoined(&mut self, id: GroupId) -> Result<(), Error> {
        if let Some(group) = self.groups.all.get(&id) {
            let mut group = group.clone();
            let placed = group.rejoin.take().and_then(|rejoin| rejoin.placed);
            group.key_at = placed.unwrap_or(group.key_at);
            group.lost = false;
            self.put_group(group);
        }
        let live = self.live(id);
        live.offer = None;
        live.wants_offer = true;
        live.stale = true;
        live.stale_until = 0;
        live.in_doubt = false;
        live.denials.clear();
        self.note_members(id)?;
        self.group_news(id, GroupNews::Rejoined);
        Ok(())
    }
}
