//! A member that makes commits which only some of the others can open: its library encrypts wrongly for the
//! rest, and everything else is as it should be.

use crate::{
    people::{self, Chain, Person, add, ask, assert_same_group, join_again, join_all, renew},
    relays::Relays,
};
use codec::Encode;
use mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, Group, MlsMessage,
    client_builder::MlsConfig,
    crypto::{
        HpkeCiphertext, HpkePsk, HpkePublicKey, HpkeSecretKey, SignaturePublicKey,
        SignatureSecretKey,
    },
    identity::{
        SigningIdentity,
        basic::{BasicCredential, BasicIdentityProvider},
    },
    mls_rules::{DefaultMlsRules, EncryptionOptions},
};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use parlance_groups::{Comparison, Event, GroupId, Record, Suite};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use zeroize::Zeroizing;

const SUITE: CipherSuite = CipherSuite::CURVE25519_CHACHA;

type Rust = <RustCryptoProvider as CryptoProvider>::CipherSuiteProvider;

/// How many of the next path secrets are encrypted wrongly.
#[derive(Clone, Default)]
struct Wrong(Arc<AtomicUsize>);

#[derive(Clone, Default)]
struct UnfairProvider(Wrong);

impl CryptoProvider for UnfairProvider {
    type CipherSuiteProvider = Unfair;

    fn supported_cipher_suites(&self) -> Vec<CipherSuite> {
        vec![SUITE]
    }

    fn cipher_suite_provider(&self, suite: CipherSuite) -> Option<Unfair> {
        let fair = RustCryptoProvider::default().cipher_suite_provider(suite)?;
        Some(Unfair {
            fair,
            wrong: self.0.clone(),
        })
    }
}

#[derive(Clone)]
struct Unfair {
    fair: Rust,
    wrong: Wrong,
}

type Outcome<T> = Result<T, <Rust as CipherSuiteProvider>::Error>;

/// Hands a method on to the library.
macro_rules! hand_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> $result {
            self.fair.$name($($argument),*)
        })*
    };
}

impl CipherSuiteProvider for Unfair {
    type Error = <Rust as CipherSuiteProvider>::Error;
    type HpkeContextS = <Rust as CipherSuiteProvider>::HpkeContextS;
    type HpkeContextR = <Rust as CipherSuiteProvider>::HpkeContextR;

    fn hpke_seal(
        &self,
        remote_key: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
        pt: &[u8],
    ) -> Outcome<HpkeCiphertext> {
        let mut sealed = self.fair.hpke_seal(remote_key, info, aad, pt)?;
        // The label of a path secret (RFC 9420 §7.6).
        let label = b"UpdatePathNode";
        let is_path = info.windows(label.len()).any(|window| window == label);
        let count_down = |left: usize| left.checked_sub(1);
        let wrong = &self.wrong.0;
        if is_path
            && wrong
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down)
                .is_ok()
        {
            sealed.ciphertext[0] ^= 1;
        }
        Ok(sealed)
    }

    hand_on! {
        fn cipher_suite() -> CipherSuite;
        fn hash(data: &[u8]) -> Outcome<Vec<u8>>;
        fn mac(key: &[u8], data: &[u8]) -> Outcome<Vec<u8>>;
        fn aead_seal(key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Outcome<Vec<u8>>;
        fn aead_open(key: &[u8], ciphertext: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Outcome<Zeroizing<Vec<u8>>>;
        fn aead_key_size() -> usize;
        fn aead_nonce_size() -> usize;
        fn kdf_extract(salt: &[u8], ikm: &[u8]) -> Outcome<Zeroizing<Vec<u8>>>;
        fn kdf_expand(prk: &[u8], info: &[u8], len: usize) -> Outcome<Zeroizing<Vec<u8>>>;
        fn kdf_extract_size() -> usize;
        fn hpke_seal_psk(remote_key: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, pt: &[u8], psk: HpkePsk<'_>) -> Outcome<HpkeCiphertext>;
        fn hpke_open(ciphertext: &HpkeCiphertext, local_secret: &HpkeSecretKey, local_public: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>) -> Outcome<Zeroizing<Vec<u8>>>;
        fn hpke_open_psk(ciphertext: &HpkeCiphertext, local_secret: &HpkeSecretKey, local_public: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, psk: HpkePsk<'_>) -> Outcome<Zeroizing<Vec<u8>>>;
        fn hpke_setup_s(remote_key: &HpkePublicKey, info: &[u8]) -> Outcome<(Vec<u8>, Self::HpkeContextS)>;
        fn hpke_setup_r(kem_output: &[u8], local_secret: &HpkeSecretKey, local_public: &HpkePublicKey, info: &[u8]) -> Outcome<Self::HpkeContextR>;
        fn kem_derive(ikm: &[u8]) -> Outcome<(HpkeSecretKey, HpkePublicKey)>;
        fn kem_generate() -> Outcome<(HpkeSecretKey, HpkePublicKey)>;
        fn kem_public_key_validate(key: &HpkePublicKey) -> Outcome<()>;
        fn random_bytes(out: &mut [u8]) -> Outcome<()>;
        fn signature_key_generate() -> Outcome<(SignatureSecretKey, SignaturePublicKey)>;
        fn signature_key_derive_public(secret_key: &SignatureSecretKey) -> Outcome<SignaturePublicKey>;
        fn sign(secret_key: &SignatureSecretKey, data: &[u8]) -> Outcome<Vec<u8>>;
        fn verify(public_key: &SignaturePublicKey, signature: &[u8], data: &[u8]) -> Outcome<()>;
    }
}

fn client(number: u32, chain: &Chain, provider: UnfairProvider) -> Client<impl MlsConfig> {
    let suite = provider.cipher_suite_provider(SUITE).unwrap();
    let (secret, public) = suite.signature_key_generate().unwrap();
    let device = people::device(number);
    let key = public.as_bytes().try_into().unwrap();
    chain.set(device, Record::Device(key));
    let credential = BasicCredential::new(device.encode()).into_credential();
    let rules = DefaultMlsRules::new()
        .with_encryption_options(EncryptionOptions::new(true, Default::default()));
    Client::builder()
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(provider)
        .mls_rules(rules)
        .signing_identity(SigningIdentity::new(credential, public), secret, SUITE)
        .build()
}

/// Makes a commit that some cannot open, and reads it everywhere: who could not, and who could.
fn unfair_commit<C: MlsConfig>(
    people: &mut [Person],
    id: GroupId,
    member: &mut Group<C>,
    wrong: &Wrong,
    relays: &mut Relays,
) -> [Vec<usize>; 2] {
    wrong.0.store(2, Ordering::SeqCst);
    let commit = member.commit_builder().build().unwrap().commit_message;
    assert_eq!(wrong.0.load(Ordering::SeqCst), 0);
    relays.push(commit.to_bytes().unwrap());
    member.apply_pending_commit().unwrap();
    let [mut out, mut with] = [Vec::new(), Vec::new()];
    for (who, person) in people.iter_mut().enumerate() {
        match &person.catch_up(id, relays)[..] {
            [Event::Changed { .. }] => with.push(who),
            [Event::PassedOver { .. }, Event::InDoubt] => out.push(who),
            other => panic!("{other:?}"),
        }
    }
    assert!(!out.is_empty() && with.len() > 1, "{out:?} {with:?}");
    [out, with]
}

/// Those who could not open it join again, and all are in one group.
fn heal(people: &mut [Person], id: GroupId, out: &[usize], with: &[usize], relays: &mut Relays) {
    for who in out {
        people[*who].catch_up(id, relays);
        assert_eq!(ask(people, with[0], *who, id).0, Comparison::Inform);
        assert_eq!(ask(people, *who, with[0], id).0, Comparison::JoinAgain);
        relays.push(join_again(people, *who, with[0], id));
        let events = people[*who].catch_up(id, relays);
        assert!(events.contains(&Event::Rejoined), "{events:?}");
        people[with[0]].catch_up(id, relays);
    }
    for person in people.iter_mut() {
        person.catch_up(id, relays);
    }
    let mut all: Vec<_> = people.iter_mut().collect();
    assert_same_group(&mut all, id);
    for writer in 0..people.len() {
        let text = people[writer].send(id, 100 + writer as u64).unwrap();
        for reader in (0..people.len()).filter(|reader| *reader != writer) {
            assert_eq!(people[reader].read(&text).unwrap(), [100 + writer as u64]);
        }
    }
}

#[test]
fn whoever_cannot_open_a_commit_that_others_can_learns_it_and_comes_back() {
    for they_go_on in [false, true] {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let mut people: Vec<_> = (0..5).map(|number| Person::new(number, &chain)).collect();
        let provider = UnfairProvider::default();
        let wrong = provider.0.clone();
        let member = client(100, &chain, provider);
        let published =
            member.generate_key_package_message(Default::default(), Default::default(), None);
        // First, so that it encrypts to each of the others by itself.
        let mut key_packages = vec![published.unwrap().to_bytes().unwrap()];
        for person in &mut people[1..] {
            key_packages.push(person.key_package(Suite::Classical));
        }
        let id = people[0]
            .work(|work| work.create(Suite::Classical))
            .unwrap();
        let events = people[0].change(id, &add(key_packages), &mut relays);
        join_all(&mut people[1..], &events, &relays);
        let invitations = people::invitations(&events);
        let (_, invitation) = &invitations[0];
        let welcome = MlsMessage::from_bytes(&invitation[9..]).unwrap();
        let (mut member, _) = member.join_group(None, &welcome, None).unwrap();
        let [out, with] = unfair_commit(&mut people, id, &mut member, &wrong, &mut relays);
        if they_go_on {
            // They are two, and one takes the commit of the other: each half is sure of itself.
            people[out[0]].change(id, &renew(), &mut relays);
            people[out[1]].catch_up(id, &mut relays);
            let text = people[out[1]].send(id, 1).unwrap();
            assert_eq!(people[out[0]].read(&text).unwrap(), [1]);
            for who in &out {
                let place = people::place(&mut people[*who], id);
                assert_eq!(place.doubt, None);
            }
            // The next commit of the others tells them.
            people[with[1]].change(id, &renew(), &mut relays);
            people[with[0]].catch_up(id, &mut relays);
            for who in &out {
                let events = people[*who].catch_up(id, &mut relays);
                assert!(events.contains(&Event::InDoubt), "{events:?}");
            }
        }
        heal(&mut people, id, &out, &with, &mut relays);
    }
}
