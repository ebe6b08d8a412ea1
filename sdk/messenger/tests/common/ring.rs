//! A model of a group's encryption: epochs, commits that win or lose, messages that open or not. What it hides it does not
//! hide from who reads its bytes; it is the engine that is tested with it. The cryptography is tested in `sdk/groups`.

use super::Disk;
use codec::{Decode, Encode};
use parlance_bimp::{GroupId, id::hash, limits::MAX_PART};
use parlance_e2ee::{Content, DeviceAddress};
use parlance_messenger::{
    Row, Storage, StorageError,
    groups::{Change, Comparison, GroupEvent, GroupFault, GroupHandshake, GroupSecrets},
    history::ContentId,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Epochs whose messages still open, and how far one may be ahead.
const NEAR: u64 = 4;
/// Epochs after which a text is encrypted again.
const AGE: u64 = 1;

#[derive(Clone, Debug, Encode, Decode)]
struct Commit {
    group: GroupId,
    epoch: u64,
    by: DeviceAddress,
    add: Vec<(DeviceAddress, u64)>,
    remove: Vec<DeviceAddress>,
    /// From outside: the committer joins anew.
    outside: bool,
    fresh: u64,
    /// Of the epoch's secret and the rest.
    proof: [u8; 32],
}

impl Commit {
    fn digest(&self, secret: &[u8; 32]) -> [u8; 32] {
        let bare = Self {
            proof: [0; 32],
            ..self.clone()
        };
        hash(&[b"commit", secret, &bare.encode()])
    }
}

#[derive(Clone, Debug, Encode, Decode)]
struct Said {
    group: GroupId,
    epoch: u64,
    from: DeviceAddress,
    /// None for the wish to leave.
    content: Option<Vec<u8>>,
    number: u64,
    proof: [u8; 32],
}

#[derive(Clone, Debug, Encode, Decode)]
struct Epoch {
    number: u64,
    secret: [u8; 32],
    members: Vec<DeviceAddress>,
}

#[derive(Clone, Debug, Encode, Decode)]
struct Welcome {
    group: GroupId,
    position: u64,
    epoch: Epoch,
    to: (DeviceAddress, u64),
    /// Where the members are, if they are not here, and their hash.
    tree: Option<(u64, [u8; 32])>,
}

/// How the model's trees begin in the order, which commits do not, since no group has such an identifier.
const TREE: &[u8] = b"tree";
/// A change that adds so many devices has a tree of its own.
const SHARED_FROM: usize = 2;

#[derive(Clone, Debug)]
struct Unsent {
    id: ContentId,
    content: Vec<u8>,
    epoch: u64,
    message: Vec<u8>,
}

/// Devices to add, with the numbers of their key packages, and devices to remove.
type Wish = (Vec<(DeviceAddress, u64)>, Vec<DeviceAddress>);

#[derive(Clone, Debug)]
struct Ring {
    position: u64,
    now: Epoch,
    past: Vec<Epoch>,
    wish: Option<Wish>,
    commit: Option<Vec<u8>>,
    /// For those whom the commit adds, and where it was read.
    tree: Option<(Vec<u8>, Option<u64>)>,
    joining: Option<Vec<u8>>,
    unsent: Vec<Unsent>,
    seen: BTreeSet<ContentId>,
    opened: BTreeSet<[u8; 32]>,
    early: Vec<Said>,
    doubt: bool,
    /// The last epoch that began with a device that cannot open what is older.
    grown: u64,
}

#[derive(Clone, Debug, Default)]
struct State {
    rings: BTreeMap<GroupId, Ring>,
    packages: BTreeSet<u64>,
    last_resort: Option<u64>,
    next: u64,
}

/// The groups of a device of the model.
pub struct Rings {
    me: DeviceAddress,
    disk: Disk,
    kept: Kept,
    state: State,
    open: bool,
    refused: bool,
    /// Devices that are on nobody's record any more.
    pub gone: Rc<RefCell<BTreeSet<DeviceAddress>>>,
}

/// What of the model's groups outlives a process.
#[derive(Clone, Default)]
pub struct Kept(Rc<RefCell<State>>);

impl Kept {
    /// Nothing yet. What is drawn differs from seed to seed.
    pub fn of(seed: u64) -> Self {
        let kept = Self::default();
        kept.0.borrow_mut().next = seed << 16;
        kept
    }
}

impl Rings {
    pub fn new(
        me: DeviceAddress,
        disk: Disk,
        kept: Kept,
        gone: Rc<RefCell<BTreeSet<DeviceAddress>>>,
    ) -> Self {
        let state = kept.0.borrow().clone();
        Self {
            me,
            disk,
            kept,
            state,
            open: false,
            refused: false,
            gone,
        }
    }

    pub fn epoch(&self, group: GroupId) -> Option<u64> {
        Some(self.state.rings.get(&group)?.now.number)
    }

    /// The position that is read next.
    pub fn reads(&self, group: GroupId) -> u64 {
        self.state.rings.get(&group).map_or(0, |ring| ring.position)
    }

    fn draw(&mut self) -> u64 {
        self.open = true;
        self.state.next += 1;
        let me = self.me.encode();
        let bytes = hash(&[b"draw", &me, &self.state.next.to_le_bytes()]);
        u64::from_le_bytes(bytes[..8].try_into().unwrap())
    }

    fn ring(&mut self, group: GroupId) -> Result<&mut Ring, GroupFault> {
        self.open = true;
        self.state.rings.get_mut(&group).ok_or(GroupFault::NotHere)
    }

    /// One that this device follows.
    fn follows(&mut self, group: GroupId) -> Result<&mut Ring, GroupFault> {
        let ring = self.ring(group)?;
        match ring.joining {
            Some(_) => Err(GroupFault::Waits),
            None => Ok(ring),
        }
    }

    fn check_record(&mut self, group: GroupId) -> Result<(), GroupFault> {
        let gone = self.gone.clone();
        let ring = self.ring(group)?;
        let stranger = ring
            .now
            .members
            .iter()
            .find(|it| gone.borrow().contains(*it));
        match stranger {
            Some(device) => Err(GroupFault::NotOnRecord(*device)),
            None => Ok(()),
        }
    }

    fn encrypt(&mut self, group: GroupId, content: Option<Vec<u8>>) -> Result<Vec<u8>, GroupFault> {
        let (number, from) = (self.draw(), self.me);
        let now = self.ring(group)?.now.clone();
        let mut said = Said {
            group,
            epoch: now.number,
            from,
            content,
            number,
            proof: [0; 32],
        };
        said.proof = hash(&[b"said", &now.secret, &said.encode()]);
        Ok(said.encode())
    }

    /// Opens what is of an epoch that is known.
    fn open(&mut self, said: Said) -> Result<Vec<GroupEvent>, GroupFault> {
        let me = self.me;
        let ring = self.ring(said.group)?;
        let mut epochs = ring.past.iter().chain([&ring.now]);
        let epoch = epochs.find(|it| it.number == said.epoch).cloned();
        let Some(epoch) = epoch else {
            return Err(GroupFault::Refused("of an epoch that is gone".into()));
        };
        let bare = Said {
            proof: [0; 32],
            ..said.clone()
        };
        let proof = hash(&[b"said", &epoch.secret, &bare.encode()]);
        if proof != said.proof || !epoch.members.contains(&said.from) {
            return Err(GroupFault::Refused("it does not open".into()));
        }
        if said.from == me || !ring.opened.insert(proof) {
            return Ok(Vec::new());
        }
        let Some(content) = said.content else {
            let device = said.from;
            return Ok(vec![GroupEvent::WishesToLeave { device }]);
        };
        let content = Content::from_bytes(&content).unwrap();
        if !ring.seen.insert(content.id) {
            return Ok(Vec::new());
        }
        let content = Box::new(content);
        let from = said.from;
        Ok(vec![GroupEvent::Said { from, content }])
    }

    /// The epoch that a commit begins.
    fn after(now: &Epoch, commit: &Commit) -> Epoch {
        let mut members = now.members.clone();
        members.retain(|it| !commit.remove.contains(it));
        members.extend(commit.add.iter().map(|(device, _)| *device));
        Epoch {
            number: now.number + 1,
            secret: hash(&[b"epoch", &now.secret, &commit.encode()]),
            members,
        }
    }

    fn accept(&mut self, commit: &Commit, bytes: &[u8]) -> Vec<GroupEvent> {
        let me = self.me;
        let ring = self.state.rings.get_mut(&commit.group).unwrap();
        if commit.remove.contains(&me) {
            ring.now.members.clear();
            return vec![GroupEvent::Removed { by: commit.by }];
        }
        let own = ring.commit.as_deref() == Some(bytes);
        let before = ring.now.clone();
        ring.now = Self::after(&before, commit);
        ring.past.push(before);
        let oldest = ring.now.number.saturating_sub(NEAR);
        ring.past.retain(|it| it.number >= oldest);
        ring.commit = None;
        let tree = ring.tree.take();
        ring.doubt = false;
        if commit.outside || !commit.add.is_empty() {
            ring.grown = ring.now.number;
        }
        let (position, group) = (ring.position, commit.group);
        let mut epoch = ring.now.clone();
        // It was placed before the own commit was offered.
        let tree = tree.filter(|_| own);
        let tree = tree.map(|(tree, at)| (at.unwrap(), hash(&[&tree])));
        if tree.is_some() {
            epoch.members.clear();
        }
        if own {
            ring.wish = None;
        }
        let invitation = |to: &(DeviceAddress, u64)| {
            let (to, epoch) = (*to, epoch.clone());
            let welcome = Welcome {
                group,
                position,
                epoch,
                to,
                tree,
            };
            (to.0, welcome.encode())
        };
        let invited = commit.add.iter().filter(|_| own);
        let invitations = invited.map(invitation).collect();
        let mut events = vec![GroupEvent::Changed {
            by: commit.by,
            added: commit.add.iter().map(|(device, _)| *device).collect(),
            removed: commit.remove.clone(),
            invitations,
        }];
        let now = ring.now.number;
        let due: Vec<Said> = ring.early.extract_if(.., |it| it.epoch <= now).collect();
        for said in due {
            events.extend(self.open(said).unwrap_or_default());
        }
        events
    }
}

impl GroupSecrets for Rings {
    fn create(&mut self) -> Result<GroupId, GroupFault> {
        let (one, me) = (self.draw(), self.me);
        let id = GroupId(hash(&[b"group", &one.to_le_bytes()]));
        let now = Epoch {
            number: 0,
            secret: hash(&[b"first", &id.0]),
            members: vec![me],
        };
        self.state.rings.insert(id, Ring::new(0, now));
        Ok(id)
    }

    fn key_packages(&mut self, count: usize, _: u64) -> Result<Vec<Vec<u8>>, GroupFault> {
        let me = self.me;
        let mut made = Vec::new();
        for _ in 0..count {
            let number = self.draw();
            self.state.packages.insert(number);
            made.push((me, number).encode());
        }
        Ok(made)
    }

    fn last_resort(&mut self, _: u64) -> Result<Vec<u8>, GroupFault> {
        let number = self.draw();
        self.state.last_resort = Some(number);
        Ok((self.me, number).encode())
    }

    fn owner(&mut self, key_package: &[u8]) -> Result<DeviceAddress, GroupFault> {
        let read = <(DeviceAddress, u64)>::decode(&mut &key_package[..]);
        let bad = |_| GroupFault::Refused("no key package".into());
        Ok(read.map_err(bad)?.0)
    }

    fn change(&mut self, group: GroupId, change: &Change) -> Result<(), GroupFault> {
        let read = |it: &Vec<u8>| <(DeviceAddress, u64)>::decode(&mut it.as_slice()).unwrap();
        let add: Vec<_> = change.add.iter().map(read).collect();
        let ring = self.follows(group)?;
        if ring.wish.is_some() {
            return Err(GroupFault::Waits);
        }
        ring.wish = Some((add, change.remove.clone()));
        Ok(())
    }

    fn offer(&mut self, group: GroupId) -> Result<Option<GroupHandshake>, GroupFault> {
        let (fresh, by) = (self.draw(), self.me);
        let ring = self.follows(group)?;
        if ring.commit.is_some() {
            return Ok(ring.next());
        }
        let Some((add, remove)) = &mut ring.wish else {
            return Ok(None);
        };
        let present = &ring.now.members;
        add.retain(|(device, _)| !present.contains(device));
        remove.retain(|device| present.contains(device));
        if add.is_empty() && remove.is_empty() {
            ring.wish = None;
            return Ok(None);
        }
        let mut commit = Commit {
            group,
            epoch: ring.now.number,
            by,
            add: add.clone(),
            remove: remove.clone(),
            outside: false,
            fresh,
            proof: [0; 32],
        };
        commit.proof = commit.digest(&ring.now.secret);
        ring.commit = Some(commit.encode());
        ring.tree = None;
        if commit.add.len() >= SHARED_FROM {
            let members = Self::after(&ring.now, &commit).members;
            // Some take several pieces.
            let pad = if fresh % 2 == 0 { 10 } else { MAX_PART + 500 };
            let tree = (fresh, members, vec![7u8; pad]).encode();
            ring.tree = Some(([TREE, &tree].concat(), None));
        }
        Ok(ring.next())
    }

    fn passes_over(&mut self, group: GroupId, beginning: &[u8]) -> Result<bool, GroupFault> {
        let own = self.ring(group)?.tree.as_ref();
        let own = own.is_some_and(|(tree, _)| tree.starts_with(beginning));
        Ok(beginning.starts_with(TREE) && !own)
    }

    fn tree_at(&mut self, invitation: &[u8]) -> Result<Option<u64>, GroupFault> {
        let bad = |_| GroupFault::Refused("no invitation".into());
        let welcome = Welcome::decode(&mut &invitation[..]).map_err(bad)?;
        Ok(welcome.tree.map(|(at, _)| at))
    }

    fn access(&mut self, group: GroupId) -> Result<[u8; 32], GroupFault> {
        let ring = self.ring(group)?;
        Ok(hash(&[b"access", &ring.now.secret]))
    }

    fn next_access(&mut self, group: GroupId) -> Result<Option<[u8; 32]>, GroupFault> {
        let ring = self.ring(group)?;
        let Some(bytes) = &ring.commit else {
            return Ok(None);
        };
        let commit = Commit::decode(&mut bytes.as_slice()).unwrap();
        let next = Self::after(&ring.now, &commit);
        Ok(Some(hash(&[b"access", &next.secret])))
    }

    fn position(&mut self, group: GroupId) -> Result<u64, GroupFault> {
        Ok(self.ring(group)?.position)
    }

    fn handshake(
        &mut self,
        group: GroupId,
        position: u64,
        handshake: &[u8],
    ) -> Result<Vec<GroupEvent>, GroupFault> {
        let ring = self.ring(group)?;
        assert_eq!(position, ring.position, "read out of order");
        ring.position += 1;
        if let Some((tree, at @ None)) = &mut ring.tree
            && tree.as_slice() == handshake
        {
            *at = Some(position);
        }
        let commit = Commit::decode(&mut &handshake[..]);
        let Some(commit) = commit.ok().filter(|_| !handshake.starts_with(TREE)) else {
            return Ok(Vec::new());
        };
        if let Some(own) = &ring.joining {
            if own.as_slice() != handshake {
                return Ok(Vec::new());
            }
            ring.joining = None;
            return Ok(vec![GroupEvent::Rejoined]);
        }
        if commit.epoch < ring.now.number {
            return Ok(Vec::new());
        }
        let opens = commit.proof == commit.digest(&ring.now.secret);
        if commit.epoch > ring.now.number || !opens {
            ring.doubt = true;
            return Ok(vec![GroupEvent::InDoubt]);
        }
        Ok(self.accept(&commit, handshake))
    }

    fn message(&mut self, group: GroupId, message: &[u8]) -> Result<Vec<GroupEvent>, GroupFault> {
        let Ok(said) = Said::decode(&mut &message[..]) else {
            return Err(GroupFault::Refused("no message".into()));
        };
        let ring = self.ring(group)?;
        let now = ring.now.number;
        if said.epoch > now + NEAR {
            return Err(GroupFault::Ahead);
        }
        if said.epoch > now {
            ring.early.push(said);
            return Ok(Vec::new());
        }
        self.open(said)
    }

    fn send(&mut self, group: GroupId, content: &Content) -> Result<(), GroupFault> {
        self.check_record(group)?;
        let content_bytes = content.to_bytes().unwrap();
        self.follows(group)?;
        let message = self.encrypt(group, Some(content_bytes.clone()))?;
        let ring = self.ring(group)?;
        ring.seen.insert(content.id);
        let epoch = ring.now.number;
        ring.unsent.push(Unsent {
            id: content.id,
            content: content_bytes,
            epoch,
            message,
        });
        Ok(())
    }

    fn unsent(&mut self, group: GroupId) -> Result<Vec<(ContentId, Vec<u8>)>, GroupFault> {
        self.check_record(group)?;
        let now = self.follows(group)?.now.number;
        let count = self.ring(group)?.unsent.len();
        for index in 0..count {
            let unsent = self.ring(group)?.unsent[index].clone();
            if self.ring(group)?.is_old(&unsent) {
                let message = self.encrypt(group, Some(unsent.content))?;
                let unsent = &mut self.ring(group)?.unsent[index];
                unsent.epoch = now;
                unsent.message = message;
            }
        }
        let unsent = self.ring(group)?.unsent.iter();
        Ok(unsent.map(|it| (it.id, it.message.clone())).collect())
    }

    fn confirmed(&mut self, group: GroupId, id: &ContentId, next: u64) -> Result<bool, GroupFault> {
        let ring = self.ring(group)?;
        let old = |it: &Unsent| it.id == *id && ring.is_old(it);
        if next > ring.position || ring.doubt || ring.unsent.iter().any(old) {
            return Ok(false);
        }
        ring.unsent.retain(|it| it.id != *id);
        Ok(true)
    }

    fn leave(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        self.follows(group)?;
        self.encrypt(group, None)
    }

    fn join(&mut self, invitation: &[u8], tree: Option<&[u8]>) -> Result<GroupId, GroupFault> {
        assert!(!self.open, "a join comes first in a turn");
        self.open = true;
        let me = self.me;
        let Ok(mut welcome) = Welcome::decode(&mut &invitation[..]) else {
            self.refused = true;
            return Err(GroupFault::Refused("no invitation".into()));
        };
        if let Some((_, wanted)) = welcome.tree {
            let tree = tree.filter(|tree| hash(&[tree]) == wanted);
            let Some(tree) = tree else {
                return Err(GroupFault::OtherTree);
            };
            let read = <(u64, Vec<DeviceAddress>, Vec<u8>)>::decode(&mut &tree[TREE.len()..]);
            welcome.epoch.members = read.unwrap().1;
        }
        let own = Some(welcome.to).filter(|(device, _)| *device == me);
        let number = own.map(|(_, number)| number);
        let resort = self.state.last_resort;
        let known = number.is_some_and(|it| self.state.packages.remove(&it) || resort == Some(it));
        if !known || self.state.rings.contains_key(&welcome.group) {
            self.refused = true;
            return Err(GroupFault::Refused("not for this device".into()));
        }
        let ring = Ring::new(welcome.position, welcome.epoch);
        self.state.rings.insert(welcome.group, ring);
        Ok(welcome.group)
    }

    fn members(
        &mut self,
        group: GroupId,
    ) -> Result<Vec<(DeviceAddress, Option<bool>)>, GroupFault> {
        let gone = self.gone.borrow().clone();
        let ring = self.state.rings.get(&group).ok_or(GroupFault::NotHere)?;
        let member = |it: &DeviceAddress| (*it, Some(!gone.contains(it)));
        Ok(ring.now.members.iter().map(member).collect())
    }

    fn place(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        let ring = self.ring(group)?;
        Ok((ring.position, ring.now.number, ring.now.secret, ring.doubt).encode())
    }

    fn compare(
        &mut self,
        group: GroupId,
        other: &[u8],
    ) -> Result<(Comparison, Vec<GroupEvent>), GroupFault> {
        type Place = (u64, u64, [u8; 32], bool);
        let bad = |_| GroupFault::Refused("no place".into());
        let (position, epoch, secret, doubt) = Place::decode(&mut &other[..]).map_err(bad)?;
        let ring = self.ring(group)?;
        let same = (ring.now.number, ring.now.secret) == (epoch, secret);
        let comparison = match () {
            () if same && position >= ring.position => Comparison::Same,
            () if same => Comparison::Wait,
            () if position > ring.position && epoch > ring.now.number => Comparison::ReadOn,
            () if position < ring.position && epoch < ring.now.number => Comparison::Wait,
            () if ring.doubt && !doubt => Comparison::JoinAnew,
            () => Comparison::Inform,
        };
        if comparison == Comparison::Same {
            ring.doubt = false;
        }
        Ok((comparison, Vec::new()))
    }

    fn information(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault> {
        let ring = self.follows(group)?;
        Ok((ring.position, ring.now.clone()).encode())
    }

    fn rejoin(&mut self, group: GroupId, information: &[u8]) -> Result<Vec<u8>, GroupFault> {
        let bad = |_| GroupFault::Refused("no information".into());
        let (position, epoch) = <(u64, Epoch)>::decode(&mut &information[..]).map_err(bad)?;
        let (fresh, by) = (self.draw(), self.me);
        let mut commit = Commit {
            group,
            epoch: epoch.number,
            by,
            add: Vec::new(),
            remove: Vec::new(),
            outside: true,
            fresh,
            proof: [0; 32],
        };
        commit.proof = commit.digest(&epoch.secret);
        let mut ring = Ring::new(position, Self::after(&epoch, &commit));
        ring.past = vec![epoch];
        // What waits is encrypted anew.
        ring.grown = ring.now.number;
        if let Some(old) = self.state.rings.remove(&group) {
            (ring.unsent, ring.seen) = (old.unsent, old.seen);
        }
        ring.joining = Some(commit.encode());
        self.state.rings.insert(group, ring);
        Ok(commit.encode())
    }

    fn forget(&mut self, group: GroupId) -> Result<(), GroupFault> {
        self.open = true;
        self.state.rings.remove(&group);
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.open
    }

    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        assert!(!self.refused, "a refused join is undone");
        self.disk.commit(batch)?;
        *self.kept.0.borrow_mut() = self.state.clone();
        self.open = false;
        Ok(())
    }

    fn undo(&mut self) {
        self.state = self.kept.0.borrow().clone();
        self.open = false;
        self.refused = false;
    }
}

impl Ring {
    /// What comes next of the change.
    fn next(&self) -> Option<GroupHandshake> {
        match &self.tree {
            Some((tree, None)) => Some(GroupHandshake::Tree(tree.clone())),
            _ => self.commit.clone().map(GroupHandshake::Commit),
        }
    }

    fn new(position: u64, now: Epoch) -> Self {
        Self {
            position,
            now,
            past: Vec::new(),
            wish: None,
            commit: None,
            tree: None,
            joining: None,
            unsent: Vec::new(),
            seen: BTreeSet::new(),
            opened: BTreeSet::new(),
            early: Vec::new(),
            doubt: false,
            grown: 0,
        }
    }

    /// Whether some of the others may not open a text any more, or could never.
    fn is_old(&self, unsent: &Unsent) -> bool {
        unsent.epoch < self.grown || unsent.epoch + AGE < self.now.number
    }
}
