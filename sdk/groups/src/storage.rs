//! openmls's states in the client's database.
//!
//! - **D1** A state is one row of the table `mls`: its kind, then SHA-256 of the MessagePack encoding of what
//!   openmls looks it up by. The value is MessagePack, which describes itself: openmls reads what earlier
//!   versions of it wrote.
//! - **D2** Rows wait in memory until [`Rows::flush`], which the work's commit calls: openmls writes the
//!   message secrets of a group once per message, and only the last of a piece of work counts.
//! - **D3** Everything is in the transaction of the work, so a ratchet and the text that it gave are stored
//!   together or not at all.

use crate::Error;
use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use parlance_store::{Key, Table, WriteTransaction};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::BTreeMap};
use zeroize::Zeroizing;

pub(crate) const MLS: Table = Table::new("mls");
const KEY_PACKAGE: &str = "key package";

type Place = (&'static str, [u8; 32]);
type Bytes = Zeroizing<Vec<u8>>;

/// Rows of openmls, seen through one piece of work.
pub(crate) struct Rows<'s> {
    transaction: WriteTransaction<'s>,
    /// What was written and not flushed; none where it was removed (D2).
    waiting: RefCell<BTreeMap<Place, Option<Bytes>>>,
}

impl<'s> Rows<'s> {
    pub(crate) fn new(transaction: WriteTransaction<'s>) -> Self {
        Self {
            transaction,
            waiting: RefCell::default(),
        }
    }

    pub(crate) fn transaction(&self) -> &WriteTransaction<'s> {
        &self.transaction
    }

    /// Writes what waits and commits.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.flush()?;
        Ok(self.transaction.commit()?)
    }

    fn flush(&self) -> Result<(), Error> {
        for ((kind, place), value) in self.waiting.take() {
            let key = Key::of(kind).part(place);
            match value {
                Some(value) => self.transaction.put(MLS, &key, &value)?,
                None => {
                    self.transaction.remove(MLS, &key)?;
                }
            }
        }
        Ok(())
    }

    /// The number of key packages whose private keys are stored, as far as `limit`.
    pub(crate) fn key_packages(&self, limit: usize) -> Result<usize, Error> {
        self.flush()?;
        let page = parlance_store::Page::first(limit);
        let rows = self.transaction.scan(MLS, &Key::of(KEY_PACKAGE), &page)?;
        Ok(rows.len())
    }

    fn read<T: DeserializeOwned>(&self, place: Place) -> Result<Option<T>, Error> {
        let waiting = self.waiting.borrow();
        let stored;
        let value = match waiting.get(&place) {
            Some(value) => value.as_ref(),
            None => {
                stored = self.transaction.get(MLS, &Key::of(place.0).part(place.1))?;
                stored.as_ref()
            }
        };
        value.map(|value| decode(value)).transpose()
    }

    fn write<T: Serialize + ?Sized>(&self, place: Place, value: &T) -> Result<(), Error> {
        let value = encode(value)?;
        self.waiting.borrow_mut().insert(place, Some(value));
        Ok(())
    }

    fn delete(&self, place: Place) -> Result<(), Error> {
        self.waiting.borrow_mut().insert(place, None);
        Ok(())
    }

    /// A list in one row.
    fn list<T: DeserializeOwned>(&self, place: Place) -> Result<Vec<T>, Error> {
        Ok(self.read(place)?.unwrap_or_default())
    }

    /// Adds to a list in one row. The item is borrowed and the list owns its own, so it goes through bytes.
    fn append<T: Serialize + DeserializeOwned>(&self, place: Place, item: &T) -> Result<(), Error> {
        let mut all: Vec<T> = self.list(place)?;
        all.push(decode(&encode(item)?)?);
        self.write(place, &all)
    }
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Error> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut serializer = rmp_serde::Serializer::new(&mut *bytes)
        .with_bytes(rmp_serde::config::BytesMode::ForceAll)
        .with_struct_map();
    value
        .serialize(&mut serializer)
        .map_err(|error| Error::State(error.to_string()))?;
    Ok(bytes)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    rmp_serde::from_slice(bytes).map_err(|error| Error::State(error.to_string()))
}

fn place<K: Serialize + ?Sized>(kind: &'static str, key: &K) -> Result<Place, Error> {
    Ok((kind, Sha256::digest(encode(key)?.as_slice()).into()))
}

/// States that there is one of per key: how they are written, read and deleted.
macro_rules! single {
    ($($kind:literal: $Key:ident => $Value:ident {
        write $write:ident<$W1:ident, $W2:ident>,
        read $read:ident<$R1:ident, $R2:ident>,
        delete $delete:ident
    })*) => { $(
        fn $write<$W1: traits::$W1<CURRENT_VERSION>, $W2: traits::$W2<CURRENT_VERSION>>(
            &self,
            key: &$Key,
            value: &$Value,
        ) -> Result<(), Error> {
            self.write(place($kind, key)?, value)
        }

        fn $read<$R1: traits::$R1<CURRENT_VERSION>, $R2: traits::$R2<CURRENT_VERSION>>(
            &self,
            key: &$Key,
        ) -> Result<Option<$Value>, Error> {
            self.read(place($kind, key)?)
        }

        fn $delete<$Key: traits::$Key<CURRENT_VERSION>>(&self, key: &$Key) -> Result<(), Error> {
            self.delete(place($kind, key)?)
        }
    )* };
}

impl StorageProvider<CURRENT_VERSION> for Rows<'_> {
    type Error = Error;

    single! {
        "join config": GroupId => MlsGroupJoinConfig {
            write write_mls_join_config<GroupId, MlsGroupJoinConfig>,
            read mls_group_join_config<GroupId, MlsGroupJoinConfig>,
            delete delete_group_config
        }
        "tree": GroupId => TreeSync {
            write write_tree<GroupId, TreeSync>,
            read tree<GroupId, TreeSync>,
            delete delete_tree
        }
        "interim transcript hash": GroupId => InterimTranscriptHash {
            write write_interim_transcript_hash<GroupId, InterimTranscriptHash>,
            read interim_transcript_hash<GroupId, InterimTranscriptHash>,
            delete delete_interim_transcript_hash
        }
        "context": GroupId => GroupContext {
            write write_context<GroupId, GroupContext>,
            read group_context<GroupId, GroupContext>,
            delete delete_context
        }
        "confirmation tag": GroupId => ConfirmationTag {
            write write_confirmation_tag<GroupId, ConfirmationTag>,
            read confirmation_tag<GroupId, ConfirmationTag>,
            delete delete_confirmation_tag
        }
        "group state": GroupId => GroupState {
            write write_group_state<GroupState, GroupId>,
            read group_state<GroupState, GroupId>,
            delete delete_group_state
        }
        "message secrets": GroupId => MessageSecrets {
            write write_message_secrets<GroupId, MessageSecrets>,
            read message_secrets<GroupId, MessageSecrets>,
            delete delete_message_secrets
        }
        "resumption secrets": GroupId => ResumptionPskStore {
            write write_resumption_psk_store<GroupId, ResumptionPskStore>,
            read resumption_psk_store<GroupId, ResumptionPskStore>,
            delete delete_all_resumption_psk_secrets
        }
        "own leaf index": GroupId => LeafNodeIndex {
            write write_own_leaf_index<GroupId, LeafNodeIndex>,
            read own_leaf_index<GroupId, LeafNodeIndex>,
            delete delete_own_leaf_index
        }
        "epoch secrets": GroupId => GroupEpochSecrets {
            write write_group_epoch_secrets<GroupId, GroupEpochSecrets>,
            read group_epoch_secrets<GroupId, GroupEpochSecrets>,
            delete delete_group_epoch_secrets
        }
        "signature key": SignaturePublicKey => SignatureKeyPair {
            write write_signature_key_pair<SignaturePublicKey, SignatureKeyPair>,
            read signature_key_pair<SignaturePublicKey, SignatureKeyPair>,
            delete delete_signature_key_pair
        }
        "encryption key": EncryptionKey => HpkeKeyPair {
            write write_encryption_key_pair<EncryptionKey, HpkeKeyPair>,
            read encryption_key_pair<HpkeKeyPair, EncryptionKey>,
            delete delete_encryption_key_pair
        }
    }

    fn write_key_package<
        HashReference: traits::HashReference<CURRENT_VERSION>,
        KeyPackage: traits::KeyPackage<CURRENT_VERSION>,
    >(
        &self,
        reference: &HashReference,
        key_package: &KeyPackage,
    ) -> Result<(), Error> {
        self.write(place(KEY_PACKAGE, reference)?, key_package)
    }

    fn key_package<
        HashReference: traits::HashReference<CURRENT_VERSION>,
        KeyPackage: traits::KeyPackage<CURRENT_VERSION>,
    >(
        &self,
        reference: &HashReference,
    ) -> Result<Option<KeyPackage>, Error> {
        self.read(place(KEY_PACKAGE, reference)?)
    }

    fn delete_key_package<HashReference: traits::HashReference<CURRENT_VERSION>>(
        &self,
        reference: &HashReference,
    ) -> Result<(), Error> {
        self.delete(place(KEY_PACKAGE, reference)?)
    }

    fn write_psk<
        PskId: traits::PskId<CURRENT_VERSION>,
        PskBundle: traits::PskBundle<CURRENT_VERSION>,
    >(
        &self,
        id: &PskId,
        psk: &PskBundle,
    ) -> Result<(), Error> {
        self.write(place("psk", id)?, psk)
    }

    fn psk<PskBundle: traits::PskBundle<CURRENT_VERSION>, PskId: traits::PskId<CURRENT_VERSION>>(
        &self,
        id: &PskId,
    ) -> Result<Option<PskBundle>, Error> {
        self.read(place("psk", id)?)
    }

    fn delete_psk<PskId: traits::PskId<CURRENT_VERSION>>(&self, id: &PskId) -> Result<(), Error> {
        self.delete(place("psk", id)?)
    }

    fn append_own_leaf_node<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        LeafNode: traits::LeafNode<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        node: &LeafNode,
    ) -> Result<(), Error> {
        self.append(place("own leaf nodes", group)?, node)
    }

    fn own_leaf_nodes<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        LeafNode: traits::LeafNode<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
    ) -> Result<Vec<LeafNode>, Error> {
        self.list(place("own leaf nodes", group)?)
    }

    fn delete_own_leaf_nodes<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &GroupId,
    ) -> Result<(), Error> {
        self.delete(place("own leaf nodes", group)?)
    }

    fn write_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
        pairs: &[HpkeKeyPair],
    ) -> Result<(), Error> {
        self.write(place("epoch keys", &(group, epoch, leaf))?, pairs)
    }

    fn encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Result<Vec<HpkeKeyPair>, Error> {
        self.list(place("epoch keys", &(group, epoch, leaf))?)
    }

    fn delete_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Result<(), Error> {
        self.delete(place("epoch keys", &(group, epoch, leaf))?)
    }

    fn queue_proposal<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        reference: &ProposalRef,
        proposal: &QueuedProposal,
    ) -> Result<(), Error> {
        self.write(place("proposal", &(group, reference))?, proposal)?;
        self.append(place("proposals", group)?, reference)
    }

    fn queued_proposal_refs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
    ) -> Result<Vec<ProposalRef>, Error> {
        self.list(place("proposals", group)?)
    }

    fn queued_proposals<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
    ) -> Result<Vec<(ProposalRef, QueuedProposal)>, Error> {
        let references: Vec<ProposalRef> = self.list(place("proposals", group)?)?;
        let read = |reference: ProposalRef| {
            let proposal = self.read(place("proposal", &(group, &reference))?)?;
            let missing = || Error::State("a proposal is missing".into());
            Ok((reference, proposal.ok_or_else(missing)?))
        };
        references.into_iter().map(read).collect()
    }

    fn remove_proposal<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
        reference: &ProposalRef,
    ) -> Result<(), Error> {
        let list = place("proposals", group)?;
        let gone = encode(reference)?;
        let mut kept = Vec::new();
        for reference in self.list::<ProposalRef>(list)? {
            if encode(&reference)? != gone {
                kept.push(reference);
            }
        }
        self.write(list, &kept)?;
        self.delete(place("proposal", &(group, reference))?)
    }

    fn clear_proposal_queue<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &GroupId,
    ) -> Result<(), Error> {
        for reference in self.list::<ProposalRef>(place("proposals", group)?)? {
            self.delete(place("proposal", &(group, &reference))?)?;
        }
        self.delete(place("proposals", group)?)
    }
}
