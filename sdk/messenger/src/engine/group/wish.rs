//! From what this device wants to a change of the group (G5, G6, G9, G10).

use super::{Try, passed};
use crate::{
    Encryption, Error, GroupNews, Storage,
    engine::Engine,
    groups::{Change, Group, GroupFault, GroupSaid, Planned, Stage, Wish},
    limits::{LEAVE_AGAIN, MAX_WISHES, NOT_BEGUN},
};
use parlance_bimp::{Account, GroupId};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;
use std::collections::BTreeSet;

/// What can be done about a wish now.
enum Step {
    /// It is true.
    Done,
    /// The account has no devices.
    Nobody,
    /// Not now.
    Later,
    /// These come in; some may be known to be without key packages.
    Add(Vec<DeviceAddress>),
    /// These go out.
    Remove(Vec<DeviceAddress>),
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn invite_to_group(
        &mut self,
        id: GroupId,
        accounts: Vec<Account>,
    ) -> Result<GroupId, Error> {
        let mut group = self.member_of(id)?;
        for account in accounts {
            group
                .wishes
                .retain(|it| !matches!(it, Wish::Remove { account: out, .. } if *out == account));
            wish(&mut group, Wish::Add(account))?;
        }
        self.put_group(group);
        Ok(id)
    }

    pub(super) fn remove_from_group(
        &mut self,
        id: GroupId,
        account: Account,
    ) -> Result<GroupId, Error> {
        if account == self.own {
            return self.leave_group(id);
        }
        let mut group = self.member_of(id)?;
        group.wishes.retain(|it| *it != Wish::Add(account));
        let after = 0;
        wish(&mut group, Wish::Remove { account, after })?;
        self.put_group(group);
        Ok(id)
    }

    /// G9. Who is invited and does not want to join says so to whoever invited.
    pub(super) fn leave_group(&mut self, id: GroupId) -> Result<GroupId, Error> {
        let group = self.groups.all.get(&id).ok_or(Error::NoSuchGroup)?;
        if group.stage == Stage::Out {
            return Err(GroupFault::Removed.into());
        }
        self.say_to_own(GroupSaid::Left(id));
        self.begin_leaving(id)?;
        Ok(id)
    }

    /// This device leaves, because its person does.
    pub(super) fn begin_leaving(&mut self, id: GroupId) -> Result<(), Error> {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        match group.stage {
            Stage::Member => {
                group.stage = Stage::Leaving;
                group.wishes.clear();
                self.put_group(group);
                Ok(())
            }
            Stage::Invited { by, .. } => {
                self.say_to_device(by, GroupSaid::Left(id));
                self.drop_parts(id);
                group.stage = Stage::Out;
                self.put_group(group);
                self.drop_held(id);
                Ok(())
            }
            Stage::Leaving | Stage::Out => Ok(()),
        }
    }

    /// Who is alone is out at once: nobody is there to remove it.
    fn say_leave(&mut self, id: GroupId) -> Result<(), Error> {
        let own = self.own.0;
        let others = self.devices_in(id)?;
        if others.iter().all(|device| device.account == own) {
            return self.out_of(id, None);
        }
        let message = passed(self.secrets()?.leave(id))?;
        let at = self.clock.steady.saturating_add(LEAVE_AGAIN);
        let live = self.live(id);
        live.leave_at = at;
        live.leave = message.ok().map(|message| (message, Try::default()));
        Ok(())
    }

    /// The devices in a group.
    pub(super) fn devices_in(&mut self, id: GroupId) -> Result<Vec<DeviceAddress>, Error> {
        let members = self.members_in(id)?;
        Ok(members.into_iter().map(|(device, _)| device).collect())
    }

    pub(super) fn members_in(
        &mut self,
        id: GroupId,
    ) -> Result<Vec<(DeviceAddress, Option<bool>)>, Error> {
        if let Some(known) = &self.live(id).members {
            return Ok(known.clone());
        }
        let members = passed(self.secrets()?.members(id))?.unwrap_or_default();
        self.live(id).members = Some(members.clone());
        Ok(members)
    }

    pub(super) fn pursue_wishes(&mut self) -> Result<(), Error> {
        for id in self.ids(|group| group.takes_part() && !group.lost) {
            let now = self.clock.steady;
            let leaving = self
                .groups
                .all
                .get(&id)
                .map(|it| it.stage == Stage::Leaving);
            let live = self.live(id);
            let silent = live.leave.is_none() && now >= live.leave_at;
            let changes = live.changes;
            match leaving {
                Some(true) if silent => self.say_leave(id)?,
                Some(false) => {
                    self.notice_devices(id)?;
                    if !changes {
                        self.pursue(id)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// G10: devices of the own account that are on record and not in the group.
    fn notice_devices(&mut self, id: GroupId) -> Result<(), Error> {
        let (own, wall) = (self.own, self.clock.wall);
        let Some(recipients) = self.looks.of(&own, &own, wall) else {
            return Ok(());
        };
        let mut devices = self.encryption.devices(recipients);
        devices.retain(|device| device.account == own.0);
        let present = self.devices_in(id)?;
        let Some(group) = self.groups.all.get(&id) else {
            return Ok(());
        };
        let lacks = devices.iter().any(|device| !present.contains(device));
        if lacks && group.stage == Stage::Member && !group.wishes.contains(&Wish::Add(own)) {
            let mut group = group.clone();
            if wish(&mut group, Wish::Add(own)).is_ok() {
                self.put_group(group);
            }
        }
        Ok(())
    }

    fn pursue(&mut self, id: GroupId) -> Result<(), Error> {
        let Some(group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        if group.wishes.is_empty() || group.stage != Stage::Member {
            return Ok(());
        }
        let present = self.devices_in(id)?;
        let (mut add, mut remove) = (BTreeSet::new(), BTreeSet::new());
        let mut done = Vec::new();
        for wish in &group.wishes {
            match self.step(wish, &present) {
                Step::Done => done.push(wish.clone()),
                Step::Nobody => {
                    done.push(wish.clone());
                    if let Wish::Add(account) = wish {
                        let account = *account;
                        self.group_news(id, GroupNews::NoDevices { account });
                    }
                }
                Step::Later => {}
                Step::Add(devices) => add.extend(devices),
                Step::Remove(devices) => remove.extend(devices),
            }
        }
        if !done.is_empty() {
            let mut group = group;
            group.wishes.retain(|wish| !done.contains(wish));
            self.put_group(group);
        }
        let packages = add.iter().map(|it| self.groups.fetched.get(it).cloned());
        let change = Change {
            add: packages.flatten().collect(),
            remove: remove.into_iter().collect(),
        };
        if change.add.is_empty() && change.remove.is_empty() {
            return Ok(());
        }
        let begun = passed(self.secrets()?.change(id, &change))?;
        let (fresh, waits) = (begun.is_ok(), begun == Err(GroupFault::Waits));
        match begun {
            Ok(()) | Err(GroupFault::Waits) => {
                if let Some(group) = self.groups.all.get(&id).filter(|_| fresh) {
                    let mut group = group.clone();
                    group.planned = Planned {
                        add: add.iter().copied().collect(),
                        remove: change.remove,
                    };
                    self.put_group(group);
                }
                let live = self.live(id);
                live.changes = true;
                live.wants_offer = true;
            }
            Err(fault) => self.not_begun(id, &add, fault),
        }
        // Each key package is for one invitation.
        for device in add.iter().filter(|_| !waits) {
            self.groups.fetched.remove(device);
        }
        Ok(())
    }

    /// A change was refused: the key packages were stale, or the record has changed. They are fetched
    /// again after a while and a look, so that nobody's are used up.
    fn not_begun(&mut self, id: GroupId, add: &BTreeSet<DeviceAddress>, fault: GroupFault) {
        let cause = fault.to_string();
        let until = self.clock.steady.saturating_add(NOT_BEGUN);
        for device in add {
            let account = Account(device.account);
            self.looks.forget(&account, &self.own);
            self.groups.without.insert(*device, until);
        }
        self.group_news(id, GroupNews::NotChanged { cause });
    }

    fn step(&mut self, wish: &Wish, present: &[DeviceAddress]) -> Step {
        let out = |devices: Vec<DeviceAddress>| match devices.is_empty() {
            true => Step::Done,
            false => Step::Remove(devices),
        };
        match wish {
            Wish::RemoveDevice(device) => {
                out(present.iter().filter(|it| *it == device).copied().collect())
            }
            Wish::Remove { account, after } => {
                let of = |device: &&DeviceAddress| device.account == account.0;
                let devices: Vec<_> = present.iter().filter(of).copied().collect();
                match self.clock.wall < *after && !devices.is_empty() {
                    true => Step::Later,
                    false => out(devices),
                }
            }
            Wish::Add(account) => self.step_in(*account, present),
        }
    }

    /// All devices of an account that are on record and not in, once it is known for each whether it has a key package.
    fn step_in(&mut self, account: Account, present: &[DeviceAddress]) -> Step {
        let wall = self.clock.wall;
        let Some(recipients) = self.looks.of(&account, &self.own, wall) else {
            self.want_look(account);
            return Step::Later;
        };
        let mut devices = self.encryption.devices(recipients);
        devices.retain(|it| it.account == account.0 && !present.contains(it));
        if devices.is_empty() {
            if !present.iter().any(|it| it.account == account.0) {
                return Step::Nobody;
            }
            return Step::Done;
        }
        let (mut found, mut waits) = (Vec::new(), false);
        for device in devices {
            if self.groups.fetched.contains_key(&device) {
                found.push(device);
            } else if self.is_without(&device) {
                // It comes in when it has published some.
            } else {
                waits = true;
                self.groups.fetches.entry(device).or_default();
            }
        }
        match waits || found.is_empty() {
            true => Step::Later,
            false => Step::Add(found),
        }
    }

    fn is_without(&self, device: &DeviceAddress) -> bool {
        let until = self.groups.without.get(device);
        until.is_some_and(|until| self.clock.steady < *until)
    }

    /// A member that the record does not know is in the way of everything (G10).
    pub(super) fn put_out(&mut self, id: GroupId, device: DeviceAddress) {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return;
        };
        let out = Wish::RemoveDevice(device);
        if !group.wishes.contains(&out) && wish(&mut group, out).is_ok() {
            self.put_group(group);
            self.group_news(id, GroupNews::NotOnRecord { device });
            // Who still believes an older look would bring it in again.
            self.looks.forget(&Account(device.account), &self.own);
        }
    }
}

/// Adds a wish, once.
pub(super) fn wish(group: &mut Group, wish: Wish) -> Result<(), Error> {
    if group.wishes.contains(&wish) {
        return Ok(());
    }
    if group.wishes.len() >= MAX_WISHES {
        return Err(Error::TooManyWishes { limit: MAX_WISHES });
    }
    group.wishes.push(wish);
    Ok(())
}
