//! Coming in: key packages, invitations, joining again, forgetting.
//!
//! - **R1** A device publishes key packages on its relays, each for one invitation. Its relays hand each out
//!   once; when none is left they hand out the one of last resort (RFC 9420 §16.8), which opens more than one.
//! - **R2** A device whose state is gone, old or left behind joins again by a commit from outside (RFC 9420
//!   §12.4.3.2): a member, best one that is not in doubt, gives it group information through their own session;
//!   its commit takes the place of its old leaf and goes through the relays' order as any other.
//! - **R3** Such a commit is valid only if it replaces the leaf of the same device with the same signature
//!   key. So who gets hold of group information comes in nowhere, and a device with new keys, or one that was
//!   removed, needs an invitation.
//! - **R4** A commit from outside is not encrypted: relays see which device joined again. An invitation after
//!   being removed shows them nothing; it needs a member who does it.
//! - **R5** A commit from outside that is overtaken is void; the device asks for new information. It cannot
//!   judge the commits before its own, since it joins by its own: if there are any for the same epoch or a later
//!   one, whether genuine or forged, it is in doubt, and in the group only when a member's commit or place
//!   shows it (P3). Until then it sends nothing.
//! - **R6** Messages of epochs between the old state and the new are not readable. Their senders' unconfirmed
//!   ones come again (S3).

use crate::{
    Error, GroupId, Member, Records, Suite, Work,
    change::{capabilities, join_config},
    invite::Invitation,
    limits::{CLOCK_MARGIN, KEY_PACKAGE_LIFETIME, MAX_KEY_PACKAGES},
    member::{leaves, members},
    state::{COMMITS, Course, EARLY, SEEN, STATES, State, UNSENT, hash},
    wire::{body, split_position, with_position},
};
use openmls::{
    framing::{MlsMessageBodyIn, MlsMessageOut},
    group::{MlsGroup, StagedWelcome},
    key_packages::{KeyPackage, Lifetime},
    messages::Welcome,
    prelude::{LeafNodeParameters, RatchetTreeIn},
};
use openmls_traits::OpenMlsProvider;
use parlance_e2ee::DeviceAddress;
use parlance_store::Key;

impl<R: Records> Work<'_, '_, R> {
    /// Makes key packages to be published, good for twelve weeks from `now` (seconds since 1970).
    pub fn key_packages(
        &mut self,
        suite: Suite,
        count: usize,
        now: u64,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let kept = self.rows.key_packages(MAX_KEY_PACKAGES)?;
        let length = kept.saturating_add(count);
        if length > MAX_KEY_PACKAGES {
            return Err(Error::TooMany {
                what: "the list of key packages",
                length,
                limit: MAX_KEY_PACKAGES,
            });
        }
        let made = (0..count).map(|_| self.key_package(suite, now)).collect();
        self.or_broken(made)
    }

    /// Makes the key package of last resort (RFC 9420 §16.8): it opens any number of invitations, and is for
    /// when relays have no other one left. It is good for twelve weeks.
    pub fn last_resort(&mut self, suite: Suite, now: u64) -> Result<Vec<u8>, Error> {
        let kept = self.rows.key_packages(MAX_KEY_PACKAGES)?;
        let length = kept.saturating_add(1);
        if length > MAX_KEY_PACKAGES {
            return Err(Error::TooMany {
                what: "the list of key packages",
                length,
                limit: MAX_KEY_PACKAGES,
            });
        }
        let made = self.make_key_package(suite, now, true);
        self.or_broken(made)
    }

    /// Whose a key package is, if it can be used.
    pub fn owner(&self, key_package: &[u8]) -> Result<DeviceAddress, Error> {
        let (device, _) = crate::change::key_package(key_package, &self.context())?;
        Ok(device)
    }

    fn key_package(&self, suite: Suite, now: u64) -> Result<Vec<u8>, Error> {
        self.make_key_package(suite, now, false)
    }

    fn make_key_package(
        &self,
        suite: Suite,
        now: u64,
        last_resort: bool,
    ) -> Result<Vec<u8>, Error> {
        let context = self.context();
        let from = now.saturating_sub(CLOCK_MARGIN);
        let lifetime = Lifetime::init(from, now.saturating_add(KEY_PACKAGE_LIFETIME));
        let builder = KeyPackage::builder()
            .key_package_lifetime(lifetime)
            .leaf_node_capabilities(capabilities());
        let builder = match last_resort {
            true => builder.mark_as_last_resort(),
            false => builder,
        };
        let bundle = builder
            .build(
                suite.to_mls(),
                &context,
                context.own,
                context.own.credential(),
            )
            .map_err(Error::library("make a key package"))?;
        MlsMessageOut::from(bundle.into_key_package())
            .to_bytes()
            .map_err(Error::library("encode a key package"))
    }

    /// Joins the group of an invitation that was made for a key package of this device. Look at the members:
    /// who is not on record must be removed before anything is sent (M4). [`Error::NeedsTree`] is said before anything is spent.
    pub fn join(&mut self, invitation: &[u8]) -> Result<(GroupId, Vec<Member>), Error> {
        match Invitation::read(invitation)? {
            Invitation::Whole { position, welcome } => {
                // Opening an invitation spends the key package, so an error from here on undoes the work.
                let joined = self.join_by(position, welcome, None);
                self.or_broken(joined)
            }
            Invitation::Split { tree, .. } => Err(Error::NeedsTree {
                position: tree.position,
            }),
        }
    }

    /// The same with the tree that stands in the relays' order where the invitation says ([`tree_at`](Self::tree_at), I2).
    pub fn join_with(
        &mut self,
        invitation: &[u8],
        tree: &[u8],
    ) -> Result<(GroupId, Vec<Member>), Error> {
        let Invitation::Split {
            position,
            tree: wanted,
            welcome,
        } = Invitation::read(invitation)?
        else {
            return self.join(invitation);
        };
        let tree = wanted.open(tree, self.context().crypto())?;
        let joined = self.join_by(position, welcome, Some(tree));
        self.or_broken(joined)
    }

    /// The position of the relays' order at which an invitation's tree is; none if it is inside.
    pub fn tree_at(invitation: &[u8]) -> Result<Option<u64>, Error> {
        Ok(match Invitation::read(invitation)? {
            Invitation::Whole { .. } => None,
            Invitation::Split { tree, .. } => Some(tree.position),
        })
    }

    fn join_by(
        &mut self,
        position: u64,
        welcome: Welcome,
        tree: Option<RatchetTreeIn>,
    ) -> Result<(GroupId, Vec<Member>), Error> {
        let malformed = Error::Malformed { what: "invitation" };
        let context = self.context();
        let opened = StagedWelcome::build_from_welcome(&context, &join_config(), welcome);
        let opened = opened.map_err(Error::unusable)?;
        let info = opened.processed_welcome().unverified_group_info();
        let id = GroupId::from_mls(info.group_id()).ok_or(malformed)?;
        let old = State::find(&self.rows, id)?;
        if old
            .as_ref()
            .is_some_and(|old| old.course == Course::Following)
        {
            let present = MlsGroup::load(&self.rows, &id.to_mls())?;
            if present.is_some_and(|group| group.is_active()) {
                return Err(Error::AlreadyJoined(id));
            }
        }
        let opened = match tree {
            Some(tree) => opened.with_ratchet_tree(tree),
            None => opened,
        };
        let mls = opened
            .replace_old_group()
            .build()
            .map_err(Error::unusable)?
            .into_group(&context)
            .map_err(Error::library("store a group"))?;
        leaves(&mls)?;
        let found = members(&mls, context.records)?;
        let mut state = State::new(position, Course::Following);
        if let Some(old) = old {
            state = state.with_rows_of(&old);
        }
        self.unload(id);
        self.insert(id, mls);
        state.write(&self.rows, id)?;
        Ok((id, found))
    }

    /// Group information for a member that must join again (R2). It is for that member alone: send it through
    /// a session.
    pub fn information(&mut self, group: GroupId) -> Result<Vec<u8>, Error> {
        let state = self.following(group)?;
        let bytes = self.with(group, |mls, context| {
            mls.export_group_info(context.crypto(), context.own, true)
                .map_err(Error::library("describe the group"))?
                .to_bytes()
                .map_err(Error::library("encode group information"))
        })?;
        Ok(with_position(state.position, &bytes))
    }

    /// The group that information is of.
    pub fn group_of_information(information: &[u8]) -> Result<GroupId, Error> {
        let what = "group information";
        let (_, bytes) = split_position(information, what)?;
        let MlsMessageBodyIn::GroupInfo(info) = body(bytes, what)? else {
            return Err(Error::Malformed { what });
        };
        GroupId::from_mls(info.group_id()).ok_or(Error::Malformed { what })
    }

    /// Joins a group again: the commit from outside that the relays are asked to take, after the work is
    /// committed.
    pub fn rejoin(&mut self, information: &[u8]) -> Result<(GroupId, Vec<u8>), Error> {
        let what = "group information";
        let (position, bytes) = split_position(information, what)?;
        let MlsMessageBodyIn::GroupInfo(info) = body(bytes, what)? else {
            return Err(Error::Malformed { what });
        };
        let id = GroupId::from_mls(info.group_id()).ok_or(Error::Malformed { what })?;
        let epoch = info.epoch().as_u64();
        let context = self.context();
        // Everything that may be wrong with the information shows before the old state is touched.
        let parameters = LeafNodeParameters::builder()
            .with_capabilities(capabilities())
            .build();
        let built = MlsGroup::external_commit_builder()
            .with_config(join_config())
            .skip_lifetime_validation()
            .build_group(&context, info, context.own.credential())
            .map_err(Error::unusable)?
            .leaf_node_parameters(parameters)
            .load_psks(&self.rows)
            .map_err(Error::library("read shared keys"))?
            .build(context.rand(), context.crypto(), context.own, |_| true)
            .map_err(Error::unusable)?;
        let forgotten = MlsGroup::load(&self.rows, &id.to_mls()).and_then(|old| match old {
            Some(mut old) => old.delete(&self.rows),
            None => Ok(()),
        });
        let finalized = forgotten.and_then(|()| {
            built
                .finalize(&context)
                .map_err(Error::library("store a group"))
        });
        let (mls, bundle) = self.or_broken(finalized)?;
        let commit = bundle.into_commit().to_bytes();
        let commit = self.or_broken(commit.map_err(Error::library("encode a message")))?;
        let course = Course::Joining {
            epoch,
            commit: hash(&commit),
            placed: false,
        };
        let mut state = State::new(position, course);
        if let Some(old) = State::find(&self.rows, id)? {
            state = state.with_rows_of(&old);
            state.pending = old.pending;
        }
        if let Some(pending) = &mut state.pending {
            (pending.commit, pending.tree) = (None, None);
        }
        self.unload(id);
        self.insert(id, mls);
        state.write(&self.rows, id)?;
        Ok((id, commit))
    }

    /// Marks all groups as to be joined again. Call it after a backup was restored: keys of messages may have
    /// been used in the part that is lost, and others would not read what was encrypted under them.
    pub fn restored(&mut self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let groups = self.groups(after, 100)?;
            for group in &groups {
                self.give_up(*group)?;
            }
            match groups.last() {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }

    /// Marks a group as to be joined again: when a member that was asked for its place says that this device is
    /// not in the group any more, so that only an invitation helps.
    pub fn give_up(&mut self, group: GroupId) -> Result<(), Error> {
        let mut state = State::read(&self.rows, group)?;
        state.course = Course::Lost;
        state.write(&self.rows, group)
    }

    /// Deletes everything of a group. A member that only forgets is still in the group for the others.
    pub fn forget(&mut self, group: GroupId) -> Result<(), Error> {
        State::read(&self.rows, group)?;
        self.with(group, |mls, context| mls.delete(context.rows))?;
        self.unload(group);
        for table in [STATES, COMMITS, UNSENT, EARLY, SEEN] {
            self.transaction().remove_all(table, &Key::of(group.0))?;
        }
        Ok(())
    }

    /// The number of key packages whose private keys this device keeps, to know when to publish more.
    pub fn key_packages_left(&self) -> Result<usize, Error> {
        self.rows.key_packages(MAX_KEY_PACKAGES)
    }
}
