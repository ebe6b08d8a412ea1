//! MLS in vaults, through what the engine uses.

use parlance_bimp::Account;
use parlance_e2ee::{Body, Content, Text, content::WrittenText};
use parlance_messenger::{Storage, Table};

use super::{
    super::{Rows, tests::vault},
    *,
};
use crate::{encryption::number_of, vault::Vault};

struct Someone {
    _folder: tempfile::TempDir,
    vault: Vault,
    device: DeviceAddress,
    identity: DeviceIdentity,
}

impl Someone {
    fn new() -> Self {
        let (folder, _, vault) = vault();
        let secrets = vault.device().unwrap();
        let account = vault.account().unwrap();
        let bytes: &[u8; 32] = account.as_ref();
        let device = DeviceAddress {
            account: *bytes,
            device: number_of(secrets.id()),
        };
        let identity =
            DeviceIdentity::from_secrets(secrets.signing_seed(), secrets.agreement_secret());
        Self {
            _folder: folder,
            vault,
            device,
            identity,
        }
    }

    fn groups(&self, others: &[&Self]) -> VaultGroups<'_> {
        let store = self.vault.store();
        let mut groups = VaultGroups::new(store, self.device, self.identity.clone()).unwrap();
        for someone in others {
            let key = someone.identity.public().signing;
            groups.learn(someone.device.account, vec![(someone.device.device, key)]);
        }
        groups
    }
}

fn row(number: u64) -> Row {
    Row::Message(Account([7; 32]), number)
}

fn wall() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn text(id: u8) -> Content {
    let text = Text::new("hello").unwrap();
    Content::new([id; 16], 1, Body::Text(WrittenText { text }))
}

fn add(package: Vec<u8>) -> Wanted {
    Wanted {
        add: vec![package],
        remove: Vec::new(),
    }
}

/// Makes a group of two, and hands it out with the position that both read next.
fn pair(anna: &mut VaultGroups<'_>, ben: &mut VaultGroups<'_>, package: Vec<u8>) -> GroupId {
    let group = anna.create().unwrap();
    assert!(anna.handshake(group, 0, &[]).unwrap().is_empty());
    let owner = anna.owner(&package).unwrap();
    anna.change(group, &add(package)).unwrap();
    let Some(GroupHandshake::Commit(commit)) = anna.offer(group).unwrap() else {
        panic!("a commit is offered")
    };
    let next = anna.next_access(group).unwrap().unwrap();
    assert_ne!(next, anna.access(group).unwrap());
    let events = anna.handshake(group, 1, &commit).unwrap();
    let [GroupEvent::Changed { invitations, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    let [(device, invitation)] = &invitations[..] else {
        panic!("{invitations:?}")
    };
    assert_eq!(*device, owner);
    assert_eq!(ben.tree_at(invitation), Ok(None));
    anna.commit(&[]).unwrap();
    assert_eq!(anna.access(group).unwrap(), next);
    assert_eq!(anna.next_access(group).unwrap(), None);
    anna.undo();
    assert_eq!(ben.join(invitation, None), Ok(group));
    assert_eq!(ben.access(group).unwrap(), next);
    ben.commit(&[]).unwrap();
    group
}

#[test]
fn what_was_read_and_the_engines_rows_are_kept_together_or_not_at_all() {
    let (anna, ben) = (Someone::new(), Someone::new());
    let (mut one, mut other) = (anna.groups(&[&ben]), ben.groups(&[&anna]));
    let packages = other.key_packages(2, wall()).unwrap();
    assert_eq!(other.owner(&packages[0]), Ok(ben.device));
    other.commit(&[]).unwrap();
    let group = pair(&mut one, &mut other, packages[0].clone());
    one.send(group, &text(1)).unwrap();
    let unsent = one.unsent(group).unwrap();
    one.commit(&[]).unwrap();
    let [(id, message)] = &unsent[..] else {
        panic!("one text waits")
    };
    assert_eq!(*id, [1; 16]);
    // Undone, it opens again.
    assert_eq!(other.message(group, message).unwrap().len(), 1);
    assert!(other.is_open());
    other.undo();
    assert!(!other.is_open());
    let read = other.message(group, message).unwrap();
    let content = Box::new(text(1));
    let from = anna.device;
    assert_eq!(read, [GroupEvent::Said { from, content }]);
    other.commit(&[(row(1), Some(vec![5]))]).unwrap();
    let rows = Rows::new(ben.vault.store());
    assert_eq!(rows.get(&row(1)).unwrap(), Some(vec![5]));
    drop(other);
    let mut other = ben.groups(&[&anna]);
    // Nothing is said twice: its key is gone with the reading.
    let again = other.message(group, message);
    assert!(again.is_err() || again.is_ok_and(|events| events.is_empty()));
    other.undo();
    assert_eq!(rows.all(Table::Messages).unwrap().len(), 1);
    assert_eq!(one.confirmed(group, id, 2), Ok(true));
    assert!(one.unsent(group).unwrap().is_empty());
    one.commit(&[]).unwrap();
}

#[test]
fn a_key_package_of_last_resort_opens_more_than_one_invitation() {
    let (anna, ben) = (Someone::new(), Someone::new());
    let (mut one, mut other) = (anna.groups(&[&ben]), ben.groups(&[&anna]));
    let resort = other.last_resort(wall()).unwrap();
    other.commit(&[]).unwrap();
    let first = pair(&mut one, &mut other, resort.clone());
    let second = pair(&mut one, &mut other, resort);
    assert_ne!(first, second);
}

#[test]
fn a_message_under_the_name_of_another_group_stays_readable() {
    let (anna, ben) = (Someone::new(), Someone::new());
    let (mut one, mut other) = (anna.groups(&[&ben]), ben.groups(&[&anna]));
    let packages = other.key_packages(1, wall()).unwrap();
    other.commit(&[]).unwrap();
    let group = pair(&mut one, &mut other, packages[0].clone());
    one.send(group, &text(2)).unwrap();
    let (_, message) = one.unsent(group).unwrap().remove(0);
    one.commit(&[]).unwrap();
    let refused = other.message(GroupId([1; 32]), &message);
    assert!(matches!(refused, Err(GroupFault::Refused(_))));
    assert_eq!(other.message(group, &message).unwrap().len(), 1);
    other.undo();
}

#[test]
fn a_refused_invitation_is_undone_and_nobody_unknown_comes_in() {
    let (anna, ben) = (Someone::new(), Someone::new());
    let (mut one, mut other) = (anna.groups(&[]), ben.groups(&[&anna]));
    let refused = other.join(&[1, 0, 0], None);
    assert!(matches!(refused, Err(GroupFault::Refused(_))));
    other.undo();
    let packages = other.key_packages(1, wall()).unwrap();
    other.commit(&[]).unwrap();
    let group = one.create().unwrap();
    // Nothing was proven of Ben.
    let refused = one.change(group, &add(packages[0].clone()));
    assert_eq!(refused, Err(GroupFault::NotOnRecord(ben.device)));
    one.undo();
    assert_eq!(one.members(group), Err(GroupFault::NotHere));
    one.undo();
}

#[test]
fn where_many_are_invited_they_read_the_tree_in_the_order() {
    let (anna, ben) = (Someone::new(), Someone::new());
    let (mut one, mut other) = (anna.groups(&[&ben]), ben.groups(&[&anna]));
    let mut packages = other.key_packages(1, wall()).unwrap();
    other.commit(&[]).unwrap();
    for number in 1..20 {
        let device = DeviceAddress {
            account: [100 + number; 32],
            device: 1,
        };
        let identity = DeviceIdentity::linked(&[number; 32]);
        one.learn(device.account, vec![(1, identity.public().signing)]);
        // It never joins, so it may lie in any vault.
        let mut guest = VaultGroups::new(ben.vault.store(), device, identity).unwrap();
        packages.extend(guest.key_packages(1, wall()).unwrap());
        guest.commit(&[]).unwrap();
    }
    let group = one.create().unwrap();
    assert!(one.handshake(group, 0, &[]).unwrap().is_empty());
    let all = Wanted {
        add: packages,
        remove: Vec::new(),
    };
    one.change(group, &all).unwrap();
    let Some(GroupHandshake::Tree(tree)) = one.offer(group).unwrap() else {
        panic!("a tree is offered first")
    };
    assert_eq!(one.passes_over(group, &tree[..64]), Ok(false));
    assert!(one.handshake(group, 1, &tree).unwrap().is_empty());
    let Some(GroupHandshake::Commit(commit)) = one.offer(group).unwrap() else {
        panic!("a commit is offered then")
    };
    let events = one.handshake(group, 2, &commit).unwrap();
    let [GroupEvent::Changed { invitations, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    one.commit(&[]).unwrap();
    let mut invitations = invitations.iter();
    let own = invitations.find(|(device, _)| *device == ben.device);
    let (_, invitation) = own.unwrap();
    assert_eq!(other.tree_at(invitation), Ok(Some(1)));
    let refused = other.join(invitation, None);
    assert!(matches!(refused, Err(GroupFault::Refused(_))));
    other.undo();
    let refused = other.join(invitation, Some(&commit));
    assert_eq!(refused, Err(GroupFault::OtherTree));
    other.undo();
    assert_eq!(other.join(invitation, Some(&tree)), Ok(group));
    assert_eq!(other.position(group), Ok(3));
    assert_eq!(other.access(group), one.access(group));
    assert_eq!(other.passes_over(group, &tree), Ok(true));
    other.commit(&[]).unwrap();
}
