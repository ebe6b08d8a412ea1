//! openmls without anything around it, its states in memory.

use crate::{Figures, TEXT};
use openmls::prelude::{
    tls_codec::{DeserializeBytes, Serialize},
    *,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_libcrux_crypto::Provider;
use openmls_traits::types::Ciphersuite;
use std::time::Instant;

const SUITE: Ciphersuite = Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519;

struct Person {
    provider: Provider,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
}

impl Person {
    fn new(number: u32) -> Self {
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).expect("makes keys");
        let identity = [&[1; 32][..], &number.to_le_bytes()].concat();
        let credential = CredentialWithKey {
            credential: BasicCredential::new(identity).into(),
            signature_key: signer.public().into(),
        };
        Self {
            provider: Provider::default(),
            signer,
            credential,
        }
    }

    fn key_package(&self) -> Vec<u8> {
        let bundle = KeyPackage::builder()
            .leaf_node_capabilities(Capabilities::new(None, Some(&[SUITE]), None, None, None))
            .build(SUITE, &self.provider, &self.signer, self.credential.clone())
            .expect("makes a key package");
        bundle
            .key_package()
            .tls_serialize_detached()
            .expect("encodes")
    }
}

fn parsed(bytes: &[u8], provider: &Provider) -> KeyPackage {
    KeyPackageIn::tls_deserialize_exact_bytes(bytes)
        .expect("decodes")
        .validate(provider.crypto(), ProtocolVersion::Mls10)
        .expect("is valid")
}

fn protocol(bytes: &[u8]) -> ProtocolMessage {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .expect("decodes")
        .try_into_protocol_message()
        .expect("is a protocol message")
}

fn timed<T>(operation: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = operation();
    (start.elapsed().as_secs_f64() * 1e3, result)
}

fn config() -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(4)
        .use_ratchet_tree_extension(true)
        .capabilities(Capabilities::new(None, Some(&[SUITE]), None, None, None))
        .build()
}

fn follow(group: &mut MlsGroup, provider: &Provider, commit: &[u8]) {
    let processed = group.process_message(provider, protocol(commit));
    let ProcessedMessageContent::StagedCommitMessage(staged) =
        processed.expect("opens").into_content()
    else {
        panic!("a commit")
    };
    group
        .merge_staged_commit(provider, *staged)
        .expect("merges");
}

/// A group of `members`, one of them added last and another removed then.
pub fn measure(members: usize) -> Figures {
    let maker = Person::new(0);
    let reader = Person::new(1);
    let mut packages = vec![reader.key_package()];
    packages.extend((2..members as u32 - 1).map(|number| Person::new(number).key_package()));
    let last = Person::new(members as u32 - 1).key_package();

    let (making, (mut group, welcome)) = timed(|| {
        let (provider, signer) = (&maker.provider, &maker.signer);
        let mut group = MlsGroup::new(provider, signer, &config(), maker.credential.clone())
            .expect("makes a group");
        let packages: Vec<_> = packages
            .iter()
            .map(|bytes| parsed(bytes, provider))
            .collect();
        let (_, welcome, _) = group
            .add_members(provider, signer, &packages)
            .expect("adds");
        group.merge_pending_commit(provider).expect("merges");
        (group, welcome.to_bytes().expect("encodes"))
    });
    let (joining, mut theirs) = timed(|| {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&welcome).expect("decodes");
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            panic!("a welcome")
        };
        let config = config();
        StagedWelcome::new_from_welcome(&reader.provider, config.join_config(), welcome, None)
            .expect("opens")
            .into_group(&reader.provider)
            .expect("joins")
    });

    const MESSAGES: u8 = 20;
    let text = [0x61; TEXT];
    let (sending, messages) = timed(|| {
        (0..MESSAGES)
            .map(|_| {
                let message = group.create_message(&maker.provider, &maker.signer, &text);
                message.expect("encrypts").to_bytes().expect("encodes")
            })
            .collect::<Vec<_>>()
    });
    let (reading, ()) = timed(|| {
        for message in &messages {
            let processed = theirs.process_message(&reader.provider, protocol(message));
            let content = processed.expect("opens").into_content();
            assert!(matches!(
                content,
                ProcessedMessageContent::ApplicationMessage(_)
            ));
        }
    });
    let (adding, commit) = timed(|| {
        let (provider, signer) = (&maker.provider, &maker.signer);
        let package = parsed(&last, provider);
        let (commit, _, _) = group
            .add_members(provider, signer, &[package])
            .expect("adds");
        group.merge_pending_commit(provider).expect("merges");
        commit.to_bytes().expect("encodes")
    });
    let (following, ()) = timed(|| follow(&mut theirs, &reader.provider, &commit));
    let (removing, commit) = timed(|| {
        let (provider, signer) = (&maker.provider, &maker.signer);
        let (commit, _, _) = group
            .remove_members(provider, signer, &[LeafNodeIndex::new(2)])
            .expect("removes");
        group.merge_pending_commit(provider).expect("merges");
        commit.to_bytes().expect("encodes")
    });
    let (losing, left) = timed(|| {
        follow(&mut theirs, &reader.provider, &commit);
        theirs.members().count()
    });
    assert_eq!(left, members - 1);
    let each = |total: f64| total / f64::from(MESSAGES);
    [
        making,
        joining,
        each(sending),
        each(reading),
        adding,
        following,
        removing,
        losing,
    ]
}
