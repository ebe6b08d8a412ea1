//! Groups in the vault: MLS of `parlance-groups` as the engine uses it (T7).

mod records;
#[cfg(test)]
mod tests;

pub(super) use records::Known;

use std::time::UNIX_EPOCH;

use parlance_bimp::{GroupId, id::ACCESS_LABEL};
use parlance_e2ee::{Content, DeviceAddress, DeviceIdentity};
use parlance_groups::{
    Change, Comparison, Error, Event, GroupId as Id, Groups, Member, Place, Standing, Suite, Work,
};
use parlance_messenger::{
    ContentId, GroupFault, GroupSecrets, Row, StorageError,
    groups::{Change as Wanted, Comparison as Compared, GroupEvent, GroupHandshake},
};
use parlance_store::Store;

use super::{passing::Keys, rows};

/// Of all groups of the messenger.
const SUITE: Suite = Suite::Hybrid;

/// The groups of this device. What is done with them is one piece of work until the engine's batch is written.
pub struct VaultGroups<'v> {
    store: &'v Store,
    groups: Option<Groups<Known>>,
    work: Option<Work<'static, 'v, Known>>,
}

impl<'v> VaultGroups<'v> {
    /// Of the device with these keys.
    pub fn new(
        store: &'v Store,
        device: DeviceAddress,
        identity: DeviceIdentity,
    ) -> Result<Self, Error> {
        Ok(Self {
            store,
            groups: Some(Groups::new(device, identity, Known::default())?),
            work: None,
        })
    }

    /// What was proven of an account, for the comparison with members.
    pub(super) fn learn(&mut self, account: [u8; 32], devices: Vec<(u32, [u8; 32])>) {
        if let Some(groups) = &mut self.groups {
            groups.records_mut().learn(account, devices);
        }
    }

    fn work(&mut self) -> Result<&mut Work<'static, 'v, Known>, GroupFault> {
        if self.work.is_none()
            && let Some(groups) = self.groups.take()
        {
            match groups.into_work(self.store) {
                Ok(work) => self.work = Some(work),
                Err((groups, error)) => {
                    self.groups = Some(groups);
                    return Err(fault(error));
                }
            }
        }
        self.work.as_mut().ok_or_else(gone)
    }

    /// Ends the work, with what was done or without.
    fn end(&mut self, kept: bool) -> Result<(), StorageError> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let (groups, result) = work.end(kept);
        self.groups = groups;
        result.map_err(failed)
    }
}

fn gone() -> GroupFault {
    StorageError("the groups are in use".into()).into()
}

fn failed(error: impl ToString) -> StorageError {
    StorageError(error.to_string())
}

fn id(group: GroupId) -> Id {
    Id(group.0)
}

fn fault(error: Error) -> GroupFault {
    match error {
        Error::Store(_) | Error::State(_) | Error::Broken | Error::Library { .. } => {
            failed(error).into()
        }
        Error::NoGroup(_) => GroupFault::NotHere,
        Error::Removed(_) => GroupFault::Removed,
        Error::LostTrack(_) => GroupFault::Lost,
        Error::Joining(_) | Error::ChangeWaits(_) => GroupFault::Waits,
        Error::TooEarly(_) => GroupFault::Ahead,
        Error::NotOnRecord(device) => GroupFault::NotOnRecord(device),
        Error::OtherTree => GroupFault::OtherTree,
        error => GroupFault::Refused(error.to_string()),
    }
}

fn events(events: Vec<Event>) -> Vec<GroupEvent> {
    events.into_iter().filter_map(event).collect()
}

fn event(event: Event) -> Option<GroupEvent> {
    let event = match event {
        Event::Message { from, content, .. } => GroupEvent::Said { from, content },
        Event::WishesToLeave { device } => GroupEvent::WishesToLeave { device },
        Event::Changed {
            by,
            added,
            removed,
            invitations,
            ..
        } => GroupEvent::Changed {
            by,
            added: added.into_iter().map(|member| member.device).collect(),
            removed,
            invitations,
        },
        Event::Removed { by } => GroupEvent::Removed { by },
        Event::Rejoined => GroupEvent::Rejoined,
        Event::InDoubt => GroupEvent::InDoubt,
        Event::LostTrack => GroupEvent::LostTrack,
        // Of a newer version, and records without a commit.
        Event::Unknown { .. } | Event::PassedOver { .. } => return None,
    };
    Some(event)
}

fn standing(member: Member) -> (DeviceAddress, Option<bool>) {
    let on_record = match member.standing {
        Standing::OnRecord => Some(true),
        Standing::NotOnRecord => Some(false),
        Standing::Unknown => None,
    };
    (member.device, on_record)
}

impl GroupSecrets for VaultGroups<'_> {
    fn create(&mut self) -> Result<GroupId, GroupFault> {
        let made = self.work()?.create(SUITE).map_err(fault)?;
        Ok(GroupId(made.0))
    }

    fn key_packages(&mut self, count: usize, _: u64) -> Result<Vec<Vec<u8>>, GroupFault> {
        let made = self.work()?.key_packages(SUITE, count, now());
        made.map_err(fault)
    }

    fn last_resort(&mut self, _: u64) -> Result<Vec<u8>, GroupFault> {
        let made = self.work()?.last_resort(SUITE, now());
        made.map_err(fault)
    }

    fn owner(&mut self, key_package: &[u8]) -> Result<DeviceAddress, GroupFault> {
        self.work()?.owner(key_package).map_err(fault)
    }

    fn change(&mut self, group: GroupId, change: &Wanted) -> Result<(), GroupFault> {
        let change = Change {
            add: change.add.clone(),
            remove: change.remove.clone(),
            renew: false,
        };
        self.work()?.change(id(group), &change).map_err(fault)
    }

    fn offer(&mut self, group: GroupId) -> Result<Option<GroupHandshake>, GroupFault> {
        let offered = self.work()?.offer(id(group)).map_err(fault)?;
        Ok(offered.map(|bytes| match Work::<Known>::is_tree(&bytes) {
            true => GroupHandshake::Tree(bytes),
            false => GroupHandshake::Commit(bytes),
        }))
    }

    fn access(&mut self, group: GroupId) -> Result<[u8; 32], GroupFault> {
        let secret = self.work()?.export(id(group), ACCESS_LABEL);
        secret.map_err(fault)
    }

    fn next_access(&mut self, group: GroupId) -> Result<Option<[u8; 32]>, GroupFault> {
        let secret = self.work()?.export_next(id(group), ACCESS_LABEL);
        secret.map_err(fault)
    }

    fn position(&mut self, group: GroupId) -> Result<u64, GroupFault> {
        self.work()?.position(id(group)).map_err(fault)
    }

    fn handshake(
        &mut self,
        group: GroupId,
        position: u64,
        handshake: &[u8],
    ) -> Result<Vec<GroupEvent>, GroupFault> {
        let read = self.work()?.handshake(id(group), position, handshake);
        read.map(events).map_err(fault)
    }

    fn passes_over(&mut self, group: GroupId, beginning: &[u8]) -> Result<bool, GroupFault> {
        let passes = self.work()?.passes_over(id(group), beginning);
        passes.map_err(fault)
    }

    fn message(&mut self, group: GroupId, message: &[u8]) -> Result<Vec<GroupEvent>, GroupFault> {
        let work = self.work()?;
        // Before it is opened: its key would be spent.
        if Work::<Known>::group_of(message).map_err(fault)? != id(group) {
            return Err(GroupFault::Refused("it is of another group".into()));
        }
        let (_, read) = work.message(message).map_err(fault)?;
        Ok(events(read))
    }

    fn send(&mut self, group: GroupId, content: &Content) -> Result<(), GroupFault> {
        let sent = self.work()?.send(id(group), content);
        sent.map(drop).map_err(fault)
    }

    fn unsent(&mut self, group: GroupId) -> Result<Vec<(ContentId, Vec<u8>)>, GroupFault> {
        self.work()?.unsent(id(group)).map_err(fault)
    }

    fn confirmed(
        &mut self,
        group: GroupId,
        content: &ContentId,
        next: u64,
    ) -> Result<bool, GroupFault> {
        let done = self.work()?.confirmed(id(group), content, next);
        done.map_err(fault)
    }

    fn leave(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        self.work()?.leave(id(group)).map_err(fault)
    }

    fn tree_at(&mut self, invitation: &[u8]) -> Result<Option<u64>, GroupFault> {
        Work::<Known>::tree_at(invitation).map_err(fault)
    }

    fn join(&mut self, invitation: &[u8], tree: Option<&[u8]>) -> Result<GroupId, GroupFault> {
        let work = self.work()?;
        let joined = match tree {
            Some(tree) => work.join_with(invitation, tree),
            None => work.join(invitation),
        };
        let (joined, _) = joined.map_err(refused_join)?;
        Ok(GroupId(joined.0))
    }

    fn members(
        &mut self,
        group: GroupId,
    ) -> Result<Vec<(DeviceAddress, Option<bool>)>, GroupFault> {
        let members = self.work()?.members(id(group)).map_err(fault)?;
        Ok(members.into_iter().map(standing).collect())
    }

    fn place(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        let place = self.work()?.place(id(group)).map_err(fault)?;
        Ok(place.to_bytes())
    }

    fn compare(
        &mut self,
        group: GroupId,
        other: &[u8],
    ) -> Result<(Compared, Vec<GroupEvent>), GroupFault> {
        let other = Place::from_bytes(other).map_err(fault)?;
        let compared = self.work()?.compare(id(group), &other);
        let (comparison, followed) = compared.map_err(fault)?;
        let comparison = match comparison {
            Comparison::Same => Compared::Same,
            Comparison::JoinAgain => Compared::JoinAnew,
            Comparison::Inform => Compared::Inform,
            Comparison::ReadOn => Compared::ReadOn,
            Comparison::Wait => Compared::Wait,
        };
        Ok((comparison, events(followed)))
    }

    fn information(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        self.work()?.information(id(group)).map_err(fault)
    }

    fn rejoin(&mut self, group: GroupId, information: &[u8]) -> Result<Vec<u8>, GroupFault> {
        let of = Work::<Known>::group_of_information(information).map_err(fault)?;
        if of != id(group) {
            return Err(GroupFault::Refused("it is of another group".into()));
        }
        let (_, commit) = self.work()?.rejoin(information).map_err(fault)?;
        Ok(commit)
    }

    fn forget(&mut self, group: GroupId) -> Result<(), GroupFault> {
        self.work()?.forget(id(group)).map_err(fault)
    }

    fn is_open(&self) -> bool {
        self.work.is_some()
    }

    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        let Some(work) = &self.work else {
            return Err(StorageError("no groups are in use".into()));
        };
        let mut keys = Keys::new(self.store);
        let written = rows::write_to((&mut keys, work.transaction()), batch);
        let written = written.and_then(|()| keys.before()).map_err(failed);
        self.end(written.is_ok())?;
        written?;
        keys.after().map_err(failed)
    }

    fn undo(&mut self) {
        // What is not kept cannot fail to be stored.
        let _ = self.end(false);
    }
}

/// An invitation is a stranger's bytes: what they lead to is undone, and is no fault of the disk.
fn refused_join(error: Error) -> GroupFault {
    match error {
        Error::Library { .. } => GroupFault::Refused(error.to_string()),
        error => fault(error),
    }
}

/// Seconds since 1970, by the clock that openmls reads when it looks whether a key package has expired.
fn now() -> u64 {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_secs()
}
