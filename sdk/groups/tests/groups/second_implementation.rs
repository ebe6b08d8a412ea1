//! The same groups with members that run mls-rs: key packages, invitations, commits and messages, both ways.

use crate::{
    people::{self, Chain, Person, add, content, device, invitation, remove, renew},
    relays::Relays,
};
use codec::Encode;
use mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, ExtensionList, Group, MlsMessage,
    MlsMessageDescription,
    client_builder::MlsConfig,
    crypto::SignatureSecretKey,
    group::ReceivedMessage,
    identity::{
        SigningIdentity,
        basic::{BasicCredential, BasicIdentityProvider},
    },
    mls_rs_codec::MlsEncode,
    mls_rules::{DefaultMlsRules, EncryptionOptions},
};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use parlance_e2ee::{DeviceAddress, padding};
use parlance_groups::{Event, GroupId, Record, Suite};

const SUITE: CipherSuite = CipherSuite::CURVE25519_CHACHA;

/// A member that runs the other implementation.
struct Other<C: MlsConfig> {
    client: Client<C>,
    device: DeviceAddress,
}

fn other(number: u32, chain: &Chain) -> Other<impl MlsConfig> {
    let crypto = RustCryptoProvider::default();
    let suite = crypto.cipher_suite_provider(SUITE).unwrap();
    let (secret, public): (SignatureSecretKey, _) = suite.signature_key_generate().unwrap();
    let device = device(number);
    chain.set(
        device,
        Record::Device(public.as_bytes().try_into().unwrap()),
    );
    let credential = BasicCredential::new(device.encode()).into_credential();
    let rules = DefaultMlsRules::new()
        .with_encryption_options(EncryptionOptions::new(true, Default::default()));
    let client = Client::builder()
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(crypto)
        .mls_rules(rules)
        .signing_identity(SigningIdentity::new(credential, public), secret, SUITE)
        .build();
    Other { client, device }
}

impl<C: MlsConfig> Other<C> {
    fn key_package(&self) -> Vec<u8> {
        let empty = ExtensionList::default();
        let message = self
            .client
            .generate_key_package_message(empty.clone(), empty, None);
        message.unwrap().to_bytes().unwrap()
    }
}

/// A frame as docs/groups.md describes it, written here from that description.
fn frame(id: u64) -> Vec<u8> {
    let content = content(id).to_bytes().unwrap();
    let bytes = [&[1, 0][..], &content].concat();
    padding::pad(&bytes, padding::class_for(bytes.len() + 4).unwrap()).unwrap()
}

fn say<C: MlsConfig>(group: &mut Group<C>, id: u64) -> Vec<u8> {
    let message = group
        .encrypt_application_message(&frame(id), Vec::new())
        .unwrap();
    message.to_bytes().unwrap()
}

fn hear<C: MlsConfig>(group: &mut Group<C>, message: &[u8]) -> Vec<u8> {
    let message = MlsMessage::from_bytes(message).unwrap();
    match group.process_incoming_message(message).unwrap() {
        ReceivedMessage::ApplicationMessage(message) => message.data().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn follow<C: MlsConfig>(group: &mut Group<C>, commit: &[u8]) {
    let message = MlsMessage::from_bytes(commit).unwrap();
    assert!(matches!(
        message.description(),
        MlsMessageDescription::PrivateProtocolMessage { .. }
    ));
    let received = group.process_incoming_message(message).unwrap();
    assert!(matches!(received, ReceivedMessage::Commit(_)));
}

fn assert_same_epoch<C: MlsConfig>(ours: &mut Person, id: GroupId, theirs: &Group<C>) {
    let (epoch, authenticator) = ours.epoch(id);
    assert_eq!(epoch, theirs.current_epoch());
    assert_eq!(
        authenticator,
        theirs.epoch_authenticator().unwrap().to_vec()
    );
}

fn both_ways<C: MlsConfig>(ours: &mut Person, id: GroupId, theirs: &mut Group<C>, number: u64) {
    assert_same_epoch(ours, id, theirs);
    let messages = [0, 1, 2].map(|n| say(theirs, number + n));
    for n in [2, 0, 1] {
        assert_eq!(ours.read(&messages[n]).unwrap(), [number + n as u64]);
    }
    for n in 10..13 {
        let message = ours.send(id, number + n).unwrap();
        assert_eq!(hear(theirs, &message), frame(number + n));
    }
}

#[test]
fn our_group_with_a_member_of_the_other_implementation() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = people::group(3, Suite::Classical, &chain, &mut relays);
    let other = other(100, &chain);
    let events = people[0].change(id, &add(vec![other.key_package()]), &mut relays);
    // Behind version and position stands the Welcome.
    let welcome = MlsMessage::from_bytes(&invitation(&events)[9..]).unwrap();
    let (mut theirs, _) = other.client.join_group(None, &welcome, None).unwrap();
    both_ways(&mut people[0], id, &mut theirs, 0);
    // Our commits: renewing, removing, adding.
    let gone = people[2].device;
    let mut guest = Person::new(7, &chain);
    let key_package = guest.key_package(Suite::Classical);
    let mut number = 100;
    for change in [renew(), remove(&[gone]), add(vec![key_package])] {
        let place = relays.len();
        people[0].change(id, &change, &mut relays);
        let commits = relays.all()[place..].to_vec();
        commits
            .iter()
            .for_each(|commit| follow(&mut theirs, commit));
        both_ways(&mut people[0], id, &mut theirs, number);
        number += 100;
    }
    // Their commits: renewing, removing one of ours.
    people[1].catch_up(id, &mut relays);
    let victim = people[1].device;
    let leaf = theirs.member_with_identity(&victim.encode()).unwrap().index;
    for remove in [None, Some(leaf)] {
        let mut builder = theirs.commit_builder();
        if let Some(leaf) = remove {
            builder = builder.remove_member(leaf).unwrap();
        }
        relays.push(builder.build().unwrap().commit_message.to_bytes().unwrap());
        theirs.apply_pending_commit().unwrap();
        let events = people[0].catch_up(id, &mut relays);
        assert!(
            matches!(&events[..], [Event::Changed { by, .. }] if *by == other.device),
            "{events:?}"
        );
        both_ways(&mut people[0], id, &mut theirs, number);
        number += 100;
    }
    let events = people[1].catch_up(id, &mut relays);
    assert!(events.contains(&Event::Removed { by: other.device }));
    // We remove them: their next message does not open.
    people[0].change(id, &remove(&[other.device]), &mut relays);
    let commit = relays.all().last().unwrap().clone();
    theirs
        .process_incoming_message(MlsMessage::from_bytes(&commit).unwrap())
        .unwrap();
    let message = people[0].send(id, 999).unwrap();
    let message = MlsMessage::from_bytes(&message).unwrap();
    assert!(theirs.process_incoming_message(message).is_err());
}

#[test]
fn a_group_of_the_other_implementation_with_our_members() {
    let chain = Chain::default();
    let mut relays = Relays::new(1);
    let (other, second) = (other(100, &chain), other(101, &chain));
    let mut ours = Person::new(1, &chain);
    let id = GroupId([9; 32]);
    let mut theirs = other
        .client
        .group_builder()
        .unwrap()
        .with_group_id(id.0.to_vec())
        .build()
        .unwrap();
    let add_by = |theirs: &mut Group<_>, key_package: &[u8]| {
        let key_package = MlsMessage::from_bytes(key_package).unwrap();
        let commit = theirs
            .commit_builder()
            .add_member(key_package)
            .unwrap()
            .build()
            .unwrap();
        theirs.apply_pending_commit().unwrap();
        commit
    };
    let commit = add_by(&mut theirs, &ours.key_package(Suite::Classical));
    relays.push(commit.commit_message.to_bytes().unwrap());
    let welcome = commit.welcome_messages[0].mls_encode_to_vec().unwrap();
    let invitation = [&[1][..], &1u64.to_le_bytes(), &welcome].concat();
    ours.work(|work| work.join(&invitation)).unwrap();
    both_ways(&mut ours, id, &mut theirs, 0);
    // They add one more; we renew; the new one follows both.
    let commit = add_by(&mut theirs, &second.key_package());
    relays.push(commit.commit_message.to_bytes().unwrap());
    let (mut third, _) = second
        .client
        .join_group(None, &commit.welcome_messages[0], None)
        .unwrap();
    ours.catch_up(id, &mut relays);
    both_ways(&mut ours, id, &mut third, 200);
    let place = relays.len();
    ours.change(id, &renew(), &mut relays);
    for commit in &relays.all()[place..] {
        follow(&mut theirs, commit);
        follow(&mut third, commit);
    }
    both_ways(&mut ours, id, &mut theirs, 400);
    // Both commit at once; ours is first, so theirs is dropped and made again.
    theirs.commit_builder().build().unwrap();
    let place = relays.len();
    ours.change(id, &remove(&[second.device]), &mut relays);
    theirs.clear_pending_commit();
    for commit in &relays.all()[place..] {
        follow(&mut theirs, commit);
    }
    both_ways(&mut ours, id, &mut theirs, 600);
}
