//! What a light client reads: it needs the header's state root and nobody's word.

use codec::{Decode, Encode};
use frame_support::assert_ok;
use parlance_primitives::accounts::{Change, Identity, identity_key};
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{StorageProof, prove_read, read_proof_check};

use super::{mock::*, people::*};
use crate::Identities;

/// Proof of a key's value, as a full node makes it, and the root that it is good for.
fn proof_of(ext: &mut sp_io::TestExternalities, key: &[u8]) -> (Hash, StorageProof) {
    ext.commit_all().unwrap();
    let root = *ext.backend.root();
    (root, prove_read(ext.as_backend(), [key]).unwrap())
}

type Hash = parlance_primitives::Hash;

/// What a client that knows `root` makes of a proof.
fn checked(root: Hash, proof: StorageProof, key: &[u8]) -> Result<Option<Identity>, ()> {
    let values = read_proof_check::<BlakeTwo256, _>(root, proof, [key]).map_err(|_| ())?;
    match values.get(key).ok_or(())? {
        Some(bytes) => Identity::decode(&mut bytes.as_slice())
            .map(Some)
            .map_err(|_| ()),
        None => Ok(None),
    }
}

#[test]
fn an_identity_is_proven_by_the_documented_key_and_a_forged_one_is_not() {
    let mut ext = new_test_ext();
    let (ada, nobody) = (Person::of("Ada"), Person::of("Nobody"));
    let key = identity_key(&ada.id().encode());
    ext.execute_with(|| {
        ada.settles();
        assert_eq!(Identities::<Test>::hashed_key_for(ada.id()), key);
        pass(1);
    });
    let (old_root, old_proof) = proof_of(&mut ext, &key);
    let old = checked(old_root, old_proof.clone(), &key).unwrap().unwrap();
    assert_eq!(old.devices[0].keys, ada.device.keys());

    ext.execute_with(|| {
        let laptop = DeviceSecrets::of("laptop");
        let changes = vec![
            laptop.joins(&ada.id(), ada.version()),
            Change::Revoke {
                device: ada.device.id(),
            },
        ];
        assert_ok!(ada.changes(changes).unwrap());
    });
    let (root, proof) = proof_of(&mut ext, &key);
    let new = checked(root, proof.clone(), &key).unwrap().unwrap();
    assert!(new.version > old.version);
    assert_eq!(new.revoked[0].device, ada.device.id());

    // A node that hides the revocation: the old proof does not fit the new header.
    assert!(checked(root, old_proof, &key).is_err());
    // A node that puts another device into the proof.
    let forged = proof.iter_nodes().map(|node| {
        let mut node = node.clone();
        let place = node.len() / 2;
        node[place] ^= 1;
        node
    });
    assert!(checked(root, StorageProof::new(forged), &key).is_err());
    // Nor can a node deny that Ada has an identity, or say that nobody has one.
    assert!(checked(root, StorageProof::empty(), &key).is_err());
    let other = identity_key(&nobody.id().encode());
    let (root, absence) = proof_of(&mut ext, &other);
    assert_eq!(checked(root, absence, &other), Ok(None));
}

#[test]
fn the_api_says_what_a_newcomer_needs() {
    run(|| {
        pass(3);
        let needs = Accounts::registration_requirements();
        assert_eq!(needs.anchor, now() - 1);
        assert_eq!(needs.anchor_hash, hash_of(now() - 1));
        assert_eq!(needs.puzzle, PUZZLE);
        assert_eq!(needs.difficulty, 2);
        assert_eq!((needs.work_room, needs.invitation_room), (8, 10));
        assert_eq!(needs.next_period, REGISTRATION_PERIOD);
        assert_eq!(needs.deposit, parameters().deposit);
        // Whoever does what it says gets in.
        let ada = Person::of("Ada");
        let guard = ada.work(needs.anchor, needs.difficulty);
        assert_ok!(include(ada.registers(ada.registration(needs.anchor), guard)).unwrap());
        assert_eq!(Accounts::registration_requirements().work_room, 7);
        let standing = Accounts::standing(&ada.id()).unwrap();
        assert_eq!(standing.expires, Some(now() + 100));
        assert_eq!((standing.invitations, standing.free_changes), (0, 2));
        assert_eq!(Accounts::allowances_of(&ada.id()).len(), 3);
        assert_eq!(Accounts::identity(&ada.id()).unwrap().version, now());
    });
}
