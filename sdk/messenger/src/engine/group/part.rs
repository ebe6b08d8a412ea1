//! Invitations and information, which are larger than a content, in parts (G5).

use super::{Groups, Live, passed};
use crate::{
    Encryption, Error, GroupNews, Row, Storage,
    engine::Engine,
    groups::{About, Group, GroupFault, GroupSaid, PART, Stage},
    limits::{MAX_GROUPS, MAX_PARTS, MAX_PARTS_OF_ONE},
    storage::Table,
};
use codec::{Decode, Encode};
use parlance_bimp::{Account, GroupId};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;
use std::collections::BTreeSet;

/// Whose bytes about what.
pub(super) type Name = (GroupId, DeviceAddress, About);

/// Which parts of them are here.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfer {
    number: u64,
    count: u16,
    key_at: u64,
    here: BTreeSet<u16>,
}

impl Transfer {
    fn is_whole(&self) -> bool {
        self.here.len() == usize::from(self.count)
    }
}

/// A part on disk.
#[derive(Clone, Debug, Encode, Decode)]
struct Kept {
    name: (GroupId, DeviceAddress, About),
    number: u64,
    index: u16,
    count: u16,
    key_at: u64,
    bytes: Vec<u8>,
}

/// A part that came.
pub(super) struct Came {
    pub name: Name,
    pub number: u64,
    pub index: u16,
    pub count: u16,
    pub key_at: u64,
    pub bytes: Vec<u8>,
}

impl Groups {
    fn parts(&self) -> usize {
        let here = self.transfers.values().map(|transfer| transfer.here.len());
        here.sum()
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn load_parts(&mut self) -> Result<(), Error> {
        for part in self.all::<Kept>(Table::GroupParts, "part of an invitation")? {
            let transfer = self.groups.transfers.entry(part.name).or_default();
            transfer.number = part.number;
            transfer.count = part.count;
            transfer.key_at = part.key_at;
            transfer.here.insert(part.index);
        }
        Ok(())
    }

    /// Sends large bytes to a device.
    pub(super) fn send_parts(
        &mut self,
        to: DeviceAddress,
        group: &Group,
        about: About,
        bytes: &[u8],
    ) {
        let number = self.rng.next_u64();
        let Ok(count) = u16::try_from(bytes.len().div_ceil(PART)) else {
            return;
        };
        for (index, bytes) in (0..count).zip(bytes.chunks(PART)) {
            let part = GroupSaid::Part {
                group: group.id,
                about,
                number,
                index,
                count,
                name: group.name.clone(),
                key_at: group.key_at,
                bytes: bytes.to_vec(),
            };
            self.say_to_device(to, part);
        }
    }

    /// Keeps a part; whether all are here. Bytes of another number put an end to those before.
    pub(super) fn keep_part(&mut self, part: Came) -> bool {
        let Came {
            name,
            number,
            index,
            count,
            key_at,
            bytes,
        } = part;
        let known = self.groups.transfers.get(&name);
        if known.is_some_and(|known| known.number != number || known.count != count) {
            self.drop_transfer(&name);
        }
        let full = self.groups.parts() >= MAX_PARTS;
        if full || usize::from(count) > MAX_PARTS_OF_ONE {
            return false;
        }
        let transfer = self.groups.transfers.entry(name).or_default();
        transfer.number = number;
        transfer.count = count;
        transfer.key_at = key_at;
        transfer.here.insert(index);
        let whole = transfer.is_whole();
        let (group, from, about) = name;
        let row = Row::GroupPart(group, from, about.encode(), index);
        let kept = Kept {
            name,
            number,
            index,
            count,
            key_at,
            bytes,
        };
        self.ledger.put(row, &kept);
        whole
    }

    /// All of the bytes, if all are here.
    pub(super) fn whole(&self, name: &Name) -> Result<Option<Vec<u8>>, Error> {
        let transfer = self.groups.transfers.get(name);
        let Some(transfer) = transfer.filter(|transfer| transfer.is_whole()) else {
            return Ok(None);
        };
        let (group, from, about) = *name;
        let mut all = Vec::new();
        for index in &transfer.here {
            let row = Row::GroupPart(group, from, about.encode(), *index);
            let part: Option<Kept> = self.ledger.get(&row, "part of an invitation")?;
            match part {
                Some(part) => all.extend(part.bytes),
                None => return Ok(None),
            }
        }
        Ok(Some(all))
    }

    pub(super) fn key_of_transfer(&self, name: &Name) -> u64 {
        let transfer = self.groups.transfers.get(name);
        transfer.map_or(0, |transfer| transfer.key_at)
    }

    pub(super) fn drop_transfer(&mut self, name: &Name) {
        let (group, from, about) = *name;
        let transfer = self.groups.transfers.remove(name).unwrap_or_default();
        for index in transfer.here {
            let row = Row::GroupPart(group, from, about.encode(), index);
            self.ledger.remove(row);
        }
    }

    /// Everything that was begun about a group.
    pub(super) fn drop_parts(&mut self, group: GroupId) {
        if let Some(live) = self.groups.live.get_mut(&group) {
            live.tree = None;
            live.beginning.clear();
        }
        let names = self.groups.transfers.keys();
        let names: Vec<Name> = names.filter(|name| name.0 == group).copied().collect();
        for name in names {
            self.drop_transfer(&name);
        }
    }

    /// An invitation is here. One of the own account's is accepted at once; a later one counts.
    pub(super) fn invitation_came(&mut self, transfer: Name, name: String) {
        let (id, by, about) = transfer;
        let own = by.account == self.own.0;
        let known = self.groups.all.get(&id);
        let key_at = self.key_of_transfer(&transfer);
        let later = known.is_some_and(|group| group.key_at > key_at);
        let was_accepted = match known.map(|group| &group.stage) {
            // It may have been removed since, and learns it later.
            Some(Stage::Member | Stage::Leaving) => return,
            // Of two the later one counts, whichever comes first.
            Some(Stage::Invited { .. }) if later => return self.drop_transfer(&transfer),
            Some(Stage::Invited { accepted, .. }) => *accepted,
            Some(Stage::Out) | None => false,
        };
        if known.is_none() && self.groups.all.len() >= MAX_GROUPS {
            return self.drop_transfer(&transfer);
        }
        // One of the same device that came before, in the other form.
        let before = match about {
            About::Entrance => About::Invitation,
            _ => About::Entrance,
        };
        self.drop_transfer(&(id, by, before));
        if let Some(live) = self.groups.live.get_mut(&id) {
            *live = Live::default();
        }
        let accepted = own || was_accepted;
        let stage = Stage::Invited { by, accepted };
        let mut group = Group::new(id, name.clone(), stage);
        group.members = vec![Account(by.account)];
        group.key_at = key_at;
        self.put_group(group);
        if !accepted {
            self.group_news(id, GroupNews::Invited { by, name });
        }
    }

    /// Joins a group that the person wants to join. It comes before everything else in a turn: a refused invitation
    /// leaves nothing but undoing, so one is taken at a time.
    pub(in crate::engine) fn join_accepted(&mut self) -> Result<(), Error> {
        if self.encryption.groups().is_none() {
            return Ok(());
        }
        let accepted = |group: &Group| matches!(group.stage, Stage::Invited { accepted: true, .. });
        for id in self.ids(accepted) {
            if self.join_if_ready(id)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether everything that an invitation needs was here, and it was taken, or refused.
    fn join_if_ready(&mut self, id: GroupId) -> Result<bool, Error> {
        let lost = self.groups.all.get(&id).is_none_or(|group| group.lost);
        let Some(invitation) = self.accepted_invitation(id)?.filter(|_| !lost) else {
            return Ok(false);
        };
        let tree = match self.tree_of(&invitation)? {
            None => None,
            Some(_) => match self.live(id).tree.take() {
                // It is being read.
                None => return Ok(false),
                tree => tree,
            },
        };
        let joined = passed(self.secrets()?.join(&invitation.bytes, tree.as_deref()))?;
        match joined {
            Ok(joined) if joined == id => {
                self.drop_parts(id);
                if let Some(group) = self.groups.all.get(&id).cloned() {
                    self.joined(group)?;
                }
            }
            Err(GroupFault::OtherTree) => {
                self.secrets()?.undo();
                self.spoiled(id)?;
            }
            // It names another group than its sender did, or does not open.
            other => {
                self.secrets()?.undo();
                let cause = match other {
                    Ok(_) => "it is for another group".to_string(),
                    Err(fault) => fault.to_string(),
                };
                self.bad_invitation(id, &cause)?;
            }
        }
        Ok(true)
    }

    fn joined(&mut self, mut group: Group) -> Result<(), Error> {
        let id = group.id;
        group.stage = Stage::Member;
        group.rejoin = None;
        group.lost = false;
        self.put_group(group);
        let position = self.secrets()?.position(id)?;
        *self.live(id) = Live {
            position,
            stale: true,
            wants_offer: true,
            ..Live::default()
        };
        self.note_members(id)?;
        let conversation = self.conversation(Account(id.0));
        self.put_conversation(conversation);
        self.group_news(id, GroupNews::Joined);
        self.release_group(id)
    }
}
