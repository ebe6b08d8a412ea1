//! Changing a group: creating, adding, removing, renewing keys.
//!
//! - **O1** The group's relays keep an order of handshakes: each has a position, from 0 on, and everybody
//!   reads the same order ([`crate::order::HandshakeOrder`]). They need not understand MLS.
//! - **O2** Members take the first *valid* commit of each epoch in that order. Validity depends on the group
//!   and the commit alone (M3), so all members take the same one. Later commits of the epoch are overtaken.
//! - **O3** Commits carry their proposals; loose proposals are refused, so that nobody's text waits for
//!   somebody else's commit (RFC 9420 §12.4 forbids sending while proposals wait).
//! - **O4** A member has one change at a time. It is stored before it is offered, and made into a commit for
//!   the present epoch. If the commit is overtaken, what is left of the change is made into a new commit for
//!   the next epoch: members who are in already are not added, members who are gone not removed. A change of
//!   a device that is removed meanwhile is void.
//! - **O5** An invitation is given out when its commit has been accepted, never before. It names the position behind that commit.
//! - **O6** Valid: every leaf is a well-formed device, each is there once; at most
//!   [`MAX_MEMBERS`](crate::limits::MAX_MEMBERS); proposals are Add, Remove, and ExternalInit of a commit
//!   from outside; the committer stays the same device; a commit from outside replaces the leaf of the
//!   same device with the same key (R3).

use crate::{
    Error, GroupId, Records, Suite, Work,
    crypto::Crypto,
    invite::{Guests, divide, is_split, reference, seal, tree_named},
    limits::{MAX_KEY_PACKAGE, MAX_LATE, MAX_MEMBERS, MAX_PAST_EPOCHS, MAX_SKIP},
    member::{Standing, check_size, device_of, leaves, standing},
    state::{COMMITS, Course, OwnCommit, OwnTree, Pending, State, decode, hash},
    wire::{body, check_length},
    work::Context,
};
use codec::Encode;
use openmls::{
    credentials::CredentialType,
    extensions::ExtensionType,
    framing::MlsMessageBodyIn,
    group::{
        MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
    },
    key_packages::KeyPackage,
    prelude::{Capabilities, LeafNodeIndex, SenderRatchetConfiguration},
    versions::ProtocolVersion,
};
use openmls_traits::{OpenMlsProvider, random::OpenMlsRand};
use parlance_e2ee::DeviceAddress;
use parlance_store::Key;
use std::collections::BTreeMap;

/// Handshakes are padded to a multiple of this, bytes.
const PADDING: usize = 128;

/// Key packages that were found good in this piece of work, by their hash, and whose they are.
pub(crate) type Checked = BTreeMap<[u8; 32], (DeviceAddress, KeyPackage)>;

/// A change of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Key packages of devices to add, fresh from their relays.
    pub add: Vec<Vec<u8>>,
    /// Devices to remove.
    pub remove: Vec<DeviceAddress>,
    /// Whether to renew this device's keys: a thief of its state is locked out.
    pub renew: bool,
}

impl<R: Records> Work<'_, '_, R> {
    /// Makes a group with this device in it.
    pub fn create(&mut self, suite: Suite) -> Result<GroupId, Error> {
        let context = self.context();
        let id = GroupId(
            context
                .rand()
                .random_array()
                .map_err(Error::library("draw random bytes"))?,
        );
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(suite.to_mls())
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .padding_size(PADDING)
            .max_past_epochs(MAX_PAST_EPOCHS)
            .number_of_resumption_psks(0)
            .use_ratchet_tree_extension(true)
            .capabilities(capabilities())
            .sender_ratchet_configuration(late())
            .build();
        let credential = context.own.credential();
        let made =
            MlsGroup::new_with_group_id(&context, context.own, &config, id.to_mls(), credential)
                .map_err(Error::library("make a group"));
        let mls = self.or_broken(made)?;
        self.insert(id, mls);
        State::new(0, Course::Following).write(&self.rows, id)?;
        Ok(id)
    }

    /// Begins a change. [`offer`](Self::offer) gives what the relays are asked to take.
    pub fn change(&mut self, group: GroupId, change: &Change) -> Result<(), Error> {
        let mut state = self.following(group)?;
        if state.pending.is_some() {
            return Err(Error::ChangeWaits(group));
        }
        if change.add.is_empty() && change.remove.is_empty() && !change.renew {
            return Err(Error::NothingToDo);
        }
        self.checked = self.with(group, |mls, context| check_change(mls, context, change))?;
        state.pending = Some(Pending {
            add: change.add.clone(),
            remove: change.remove.clone(),
            renew: change.renew,
            commit: None,
            tree: None,
        });
        state.write(&self.rows, group)
    }

    /// What the relays are asked to take for the change that waits: its commit, made for the present epoch, or before it the tree for
    /// those who come ([`is_tree`](Self::is_tree), I3). None if no change waits or nothing of it is left to do. Commit the work before
    /// offering it (T5). Offering it twice does no harm.
    pub fn offer(&mut self, group: GroupId) -> Result<Option<Vec<u8>>, Error> {
        let mut state = State::read(&self.rows, group)?;
        if state.course != Course::Following {
            return Ok(None);
        }
        let Some(mut pending) = state.pending.take() else {
            return Ok(None);
        };
        let (epoch, _) = self.epoch(group)?;
        if pending
            .commit
            .is_some_and(|(made_for, _)| made_for == epoch)
        {
            let own = self.own_commit(group)?;
            return Ok(Some(next_of(&pending, own)));
        }
        let checked = std::mem::take(&mut self.checked);
        let made = self.with(group, |mls, context| {
            make(mls, context, &mut pending, checked)
        })?;
        state.pending = made.as_ref().map(|made| Pending {
            commit: Some((epoch, hash(&made.handshake))),
            ..pending
        });
        if let Some(made) = &made {
            let key = Key::of(group.0);
            self.transaction().put(COMMITS, &key, &made.encode())?;
        }
        state.write(&self.rows, group)?;
        let pending = state.pending.as_ref();
        Ok(pending
            .zip(made)
            .map(|(pending, made)| next_of(pending, made)))
    }

    /// Whether what is offered, or read, is a tree and no commit (I4). Its beginning is enough. It begins no epoch.
    pub fn is_tree(handshake: &[u8]) -> bool {
        tree_named(handshake).is_some()
    }

    /// Whether a handshake that begins so is nothing to this device: the rest need not be read, and
    /// [`handshake`](Self::handshake) is as good without it. So it is with the trees of others.
    pub fn passes_over(&self, group: GroupId, beginning: &[u8]) -> Result<bool, Error> {
        let Some(named) = tree_named(beginning) else {
            return Ok(false);
        };
        let pending = State::read(&self.rows, group)?.pending;
        let own = pending.and_then(|pending| pending.tree);
        Ok(own.is_none_or(|own| own.hash != named))
    }

    pub(crate) fn own_commit(&self, group: GroupId) -> Result<OwnCommit, Error> {
        let row = self.transaction().get(COMMITS, &Key::of(group.0))?;
        decode(&row.ok_or_else(|| Error::State("the own commit is missing".into()))?)
    }

    /// The state of a group that this device follows.
    pub(crate) fn following(&mut self, group: GroupId) -> Result<State, Error> {
        let state = State::read(&self.rows, group)?;
        match state.course {
            Course::Following => {}
            Course::Joining { .. } => return Err(Error::Joining(group)),
            Course::Lost => return Err(Error::LostTrack(group)),
        }
        if !self.with(group, |mls, _| Ok(mls.is_active()))? {
            return Err(Error::Removed(group));
        }
        Ok(state)
    }
}

/// What a device says that it can.
pub(crate) fn capabilities() -> Capabilities {
    let suites = [Suite::Hybrid.to_mls(), Suite::Classical.to_mls()];
    let credentials = [CredentialType::Basic];
    // Key packages of last resort carry it.
    let extensions = [ExtensionType::LastResort];
    Capabilities::new(
        None,
        Some(&suites),
        Some(&extensions),
        None,
        Some(&credentials),
    )
}

pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .padding_size(PADDING)
        .max_past_epochs(MAX_PAST_EPOCHS)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(late())
        .build()
}

fn late() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(MAX_LATE, MAX_SKIP)
}

fn check_change<R: Records>(
    mls: &MlsGroup,
    context: &Context<'_, '_, R>,
    change: &Change,
) -> Result<Checked, Error> {
    let mut checked = Checked::new();
    let mut leaves = leaves(mls)?;
    check_count(change.add.len())?;
    for device in &change.remove {
        if *device == context.own.device {
            return Err(Error::NotMember(*device));
        }
        leaves.remove(device).ok_or(Error::NotMember(*device))?;
    }
    for bytes in &change.add {
        let (device, key_package) = key_package(bytes, context)?;
        if key_package.ciphersuite() != mls.ciphersuite() {
            return Err(Error::BadKeyPackage {
                reason: "it is for another ciphersuite than the group's".into(),
            });
        }
        let key = key_package.leaf_node().signature_key();
        if standing(context.records, device, key.as_slice()) != Standing::OnRecord {
            return Err(Error::NotOnRecord(device));
        }
        if leaves.insert(device, LeafNodeIndex::new(0)).is_some() {
            return Err(Error::AlreadyMember(device));
        }
        checked.insert(hash(bytes), (device, key_package));
    }
    check_size(leaves.len())?;
    Ok(checked)
}

/// Bounds the work before any of it is done.
fn check_count(length: usize) -> Result<(), Error> {
    if length > MAX_MEMBERS {
        return Err(Error::TooMany {
            what: "a change",
            length,
            limit: MAX_MEMBERS,
        });
    }
    Ok(())
}

/// A key package whose signatures and lifetime are right, and whose it is.
pub(crate) fn key_package<R>(
    bytes: &[u8],
    context: &Context<'_, '_, R>,
) -> Result<(DeviceAddress, KeyPackage), Error> {
    check_length(bytes, MAX_KEY_PACKAGE, "key package")?;
    let MlsMessageBodyIn::KeyPackage(key_package) = body(bytes, "key package")? else {
        return Err(Error::Malformed {
            what: "key package",
        });
    };
    let bad = |reason: String| Error::BadKeyPackage { reason };
    let key_package = key_package
        .validate(context.crypto(), ProtocolVersion::Mls10)
        .map_err(|error| bad(error.to_string()))?;
    check_time(&key_package)?;
    let device = device_of(key_package.leaf_node().credential())?;
    Ok((device, key_package))
}

fn check_time(key_package: &KeyPackage) -> Result<(), Error> {
    let validity = key_package.life_time().validate();
    validity.map_err(|error| Error::BadKeyPackage {
        reason: error.to_string(),
    })
}

/// Makes the commit of a change, after leaving out what is done already (O4).
fn make<R: Records>(
    mls: &mut MlsGroup,
    context: &Context<'_, '_, R>,
    pending: &mut Pending,
    mut checked: Checked,
) -> Result<Option<OwnCommit>, Error> {
    let present = leaves(mls)?;
    pending.remove.retain(|device| present.contains_key(device));
    let removed: Vec<_> = pending
        .remove
        .iter()
        .map(|device| present[device])
        .collect();
    let mut added = Vec::with_capacity(pending.add.len());
    let mut kept = Vec::with_capacity(pending.add.len());
    let mut guests = Guests::new();
    for bytes in pending.add.drain(..) {
        // Good when the change began; it may have expired since, and would hold up the rest for ever.
        let found = match checked.remove(&hash(&bytes)) {
            Some(known) => check_time(&known.1).map(|()| known),
            None => key_package(&bytes, context),
        };
        let Ok((device, key_package)) = found else {
            continue;
        };
        if !present.contains_key(&device) || pending.remove.contains(&device) {
            guests.insert(reference(&key_package, context.crypto())?, device);
            added.push(key_package);
            kept.push(bytes);
        }
    }
    pending.add = kept;
    if added.is_empty() && removed.is_empty() && !pending.renew {
        return Ok(None);
    }
    let stay = present.len().saturating_sub(removed.len());
    let split = is_split(added.len(), stay.saturating_add(added.len()));
    mls.clear_pending_commit(context.rows)?;
    let bundle = mls
        .commit_builder()
        .propose_adds(added)
        .propose_removals(removed)
        .force_self_update(true)
        .load_psks(context.rows)
        .map_err(Error::library("read shared keys"))?
        .use_ratchet_tree_extension(!split)
        // That would be for joining from outside.
        .create_group_info(false)
        .build(context.rand(), context.crypto(), context.own, |_| true);
    Crypto::forget();
    let bundle = bundle
        .map_err(Error::library("make a commit"))?
        .stage_commit(context)
        .map_err(Error::library("store a commit"))?;
    let (commit, welcome, _) = bundle.into_contents();
    let handshake = commit.to_bytes();
    let handshake = handshake.map_err(Error::library("encode a message"))?;
    let welcomes = welcome.map(|welcome| divide(&welcome, &guests));
    let sealed = split.then(|| seal_next(mls, context)).transpose()?;
    let (own, tree) = sealed.unzip();
    pending.tree = own;
    Ok(Some(OwnCommit {
        handshake,
        welcomes: welcomes.transpose()?.unwrap_or_default(),
        tree,
    }))
}

/// The tree of the epoch that the own commit begins.
fn seal_next<R>(mls: &MlsGroup, context: &Context<'_, '_, R>) -> Result<(OwnTree, Vec<u8>), Error> {
    let failed = Error::library("export the tree");
    let commit = mls.pending_commit();
    let commit = commit.ok_or_else(|| Error::State("the own commit is missing".into()))?;
    let tree = commit.export_ratchet_tree(context.crypto(), mls.export_ratchet_tree());
    let tree = tree.map_err(failed)?;
    let tree = tree.ok_or_else(|| Error::library("export the tree")("there is none"))?;
    seal(&tree, context.crypto(), context.rand())
}

/// What of a change comes next (I3).
fn next_of(pending: &Pending, own: OwnCommit) -> Vec<u8> {
    let waits = |tree: &OwnTree| tree.at.is_none();
    match own.tree {
        Some(tree) if pending.tree.as_ref().is_some_and(waits) => tree,
        _ => own.handshake,
    }
}
