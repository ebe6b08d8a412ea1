//! Looking, telling and encrypting, against a node that holds a small chain.

mod schedules;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parlance_e2ee::{
    DeviceAddress, DeviceIdentity, Error as CoreError, Mode, PreKeyStore, StateKey, device::FanOut,
};
use parlance_primitives::{
    AccountId,
    accounts::{Change, DeviceId, DeviceKeys},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::*;
use crate::{
    identity::{
        Contact, Finding, LookError, Verification,
        testing::{Lie, World, adds, keys_of, rotates, someone},
    },
    keys::DeviceSecrets,
    light::{Light, LightError},
};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn contact(name: &str, account: &AccountId) -> Contact {
    Contact::new(name, account.clone()).unwrap()
}

/// A device of somebody, with what it remembers of others.
struct Party {
    account: AccountId,
    secrets: DeviceSecrets,
    sessions: Sessions,
    light: Light<Arc<World>>,
    own: Contact,
    people: Vec<Contact>,
    rng: ChaCha20Rng,
}

impl Party {
    async fn new(world: &Arc<World>, account: u8) -> Self {
        let (account, secrets) = (someone(account), DeviceSecrets::generate().unwrap());
        let mut rng = rng(1);
        let mut sessions = Sessions::new(&account, &secrets, world.now(), &mut rng);
        sessions.prekeys_mut().replenish(4, &mut rng);
        Self {
            own: contact("me", &account),
            light: world.light().await,
            people: Vec::new(),
            account,
            secrets,
            sessions,
            rng,
        }
    }

    fn id(&self) -> DeviceId {
        self.secrets.id()
    }

    async fn look(&mut self, now: SystemTime) -> Result<Look, LookError> {
        let (own, people) = (self.own.clone(), self.people.clone());
        Look::at(&mut self.light, now, own, people).await
    }

    /// Looks, tells, and remembers; with what was told.
    async fn recipients(
        &mut self,
        now: SystemTime,
    ) -> Result<(Recipients, Vec<(String, Finding)>), EncryptionError> {
        let look = self.look(now).await.unwrap();
        let mut heard = Vec::new();
        let told = look.tell(&mut self.sessions, |who, finding| {
            heard.push((who.name.clone(), finding.clone()));
        })?;
        (self.own, self.people) = (told.own, told.people);
        Ok((told.recipients, heard))
    }

    fn encrypt(&mut self, to: &Recipients, now: SystemTime) -> Result<FanOut, EncryptionError> {
        self.sessions.encrypt(to, b"a text", now, &mut self.rng)
    }

    /// Begins a session with a device by an honest bundle.
    fn start(&mut self, to: &Recipients, device: &Self, now: SystemTime) {
        let bundle = device.sessions.publish().bundle(0).to_bytes();
        let address = device.sessions.address();
        self.sessions
            .start((to, address), &bundle, now, &mut self.rng)
            .unwrap();
    }
}

/// Anna and Bert, each with one device on record, Bert among Anna's people and the other way about.
async fn two() -> (Arc<World>, Party, Party) {
    let world = World::new();
    let (mut anna, mut bert) = (Party::new(&world, 1).await, Party::new(&world, 2).await);
    world.register(&anna.account, anna.secrets.keys());
    world.register(&bert.account, bert.secrets.keys());
    anna.people = vec![contact("bert", &bert.account)];
    bert.people = vec![contact("anna", &anna.account)];
    (world, anna, bert)
}

fn addresses(sent: &FanOut) -> BTreeSet<DeviceAddress> {
    let written = sent.messages.iter().map(|message| message.to);
    written.chain(sent.missing.iter().copied()).collect()
}

#[tokio::test]
async fn a_text_goes_to_the_devices_that_were_proven() {
    let (world, mut anna, mut bert) = two().await;
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(
        heard,
        vec![
            ("me".into(), Finding::Registered),
            ("bert".into(), Finding::Registered)
        ]
    );
    assert_eq!(to.block(), 2);
    let first = anna.encrypt(&to, world.now()).unwrap();
    assert_eq!(first.missing, vec![bert.sessions.address()]);
    assert_eq!(anna.sessions.missing(&to), first.missing);
    anna.start(&to, &bert, world.now());
    let (plain, now) = (b"hello Bert", world.now());
    let sent = anna
        .sessions
        .encrypt_for((&to, &first.missing), plain, now, &mut anna.rng)
        .unwrap();
    assert!(sent.missing.is_empty());

    bert.recipients(now).await.unwrap();
    let (sender, message) = (anna.sessions.sender(), &sent.messages[0].message);
    let read = bert.sessions.decrypt(&sender, message).unwrap();
    assert_eq!(read.plaintext.as_slice(), plain);
    assert_eq!(read.from, anna.sessions.address());
}

#[tokio::test]
async fn changes_are_told_before_there_are_recipients() {
    let (world, mut anna, mut bert) = two().await;
    anna.recipients(world.now()).await.unwrap();
    anna.people[0].verified();
    world.change(&bert.account, vec![adds(keys_of(9))]);
    world.change(&anna.account, vec![adds(keys_of(8))]);

    // A look that is dropped tells nothing and changes nothing.
    let look = anna.look(world.now()).await.unwrap();
    assert_eq!(look.findings().count(), 3);
    drop(look);
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    let name = |device| DeviceId::of(&keys_of(device).signing);
    assert_eq!(
        heard,
        vec![
            ("me".into(), Finding::Added(name(8))),
            ("bert".into(), Finding::Added(name(9))),
            ("bert".into(), Finding::VerificationBroken)
        ]
    );
    assert_eq!(anna.people[0].verification(), Verification::Broken);
    let expected = [
        bert.sessions.address(),
        address_of(&bert.account, name(9)),
        address_of(&anna.account, name(8)),
    ];
    let sent = anna.encrypt(&to, world.now()).unwrap();
    assert_eq!(addresses(&sent), BTreeSet::from(expected));

    let (_, again) = anna.recipients(world.now()).await.unwrap();
    assert!(again.is_empty(), "told once: {again:?}");
    assert!(bert.recipients(world.now()).await.is_ok());
}

#[tokio::test]
async fn a_device_that_came_and_went_is_told_before_the_next_text() {
    let (world, mut anna, bert) = two().await;
    anna.recipients(world.now()).await.unwrap();
    let device = DeviceId::of(&keys_of(9).signing);
    world.change(&bert.account, vec![adds(keys_of(9))]);
    world.change(&bert.account, vec![Change::Revoke { device }]);
    let (_, heard) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(heard, vec![("bert".into(), Finding::CameAndWent(device))]);
}

#[tokio::test]
async fn a_lost_device_gets_nothing_once_it_is_revoked() {
    let (world, mut anna, bert) = two().await;
    let lost = Party::new(&world, 2).await;
    world.change(&bert.account, vec![adds(lost.secrets.keys())]);
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    anna.start(&to, &bert, world.now());
    anna.start(&to, &lost, world.now());
    assert_eq!(anna.encrypt(&to, world.now()).unwrap().messages.len(), 2);

    world.change(&bert.account, vec![Change::Revoke { device: lost.id() }]);
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(heard, vec![("bert".into(), Finding::Revoked(lost.id()))]);
    let sent = anna.encrypt(&to, world.now()).unwrap();
    assert_eq!(addresses(&sent), BTreeSet::from([bert.sessions.address()]));
    assert_eq!(sent.messages.len(), 1, "the other session stays");
    let address = lost.sessions.address();
    let refused = anna
        .sessions
        .encrypt_for((&to, &[address]), b"text", world.now(), &mut anna.rng);
    let device = address.to_string();
    assert_eq!(refused, Err(EncryptionError::NoRecipient { device }));
}

#[tokio::test]
async fn other_keys_wipe_the_session_and_other_endpoints_do_not() {
    let (world, mut anna, bert) = two().await;
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    anna.start(&to, &bert, world.now());
    let mut keys = bert.secrets.keys();
    keys.endpoint = keys_of(3).endpoint;
    world.change(&bert.account, vec![rotates(bert.id(), keys)]);
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(heard, vec![("bert".into(), Finding::Rotated(bert.id()))]);
    assert!(anna.sessions.missing(&to).is_empty(), "the session stays");

    keys.agreement = [9; 32];
    world.change(&bert.account, vec![rotates(bert.id(), keys)]);
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(heard, vec![("bert".into(), Finding::Rotated(bert.id()))]);
    assert_eq!(anna.sessions.missing(&to), vec![bert.sessions.address()]);
}

#[tokio::test]
async fn recipients_are_of_the_present_or_of_no_use() {
    let (world, mut anna, bert) = two().await;
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    let later = |seconds| world.now() + Duration::from_secs(seconds);
    assert_eq!(to.expires(), later(120));
    assert!(anna.encrypt(&to, later(120)).is_ok());
    let expired = Err(EncryptionError::Expired { age: 121 });
    assert_eq!(anna.encrypt(&to, later(121)), expired);
    let (bundle, rng) = (bert.sessions.publish().bundle(0).to_bytes(), &mut rng(1));
    let address = bert.sessions.address();
    assert_eq!(
        anna.sessions
            .start((&to, address), &bundle, later(121), rng),
        Err(EncryptionError::Expired { age: 121 })
    );
    assert_eq!(
        anna.encrypt(&to, world.now() - Duration::from_secs(31)),
        Err(EncryptionError::ClockBehind { ahead: 31 })
    );
    let stale = anna.look(later(121)).await.err();
    assert!(matches!(
        stale,
        Some(LookError::Light(LightError::Stale { behind: 121 }))
    ));
}

#[tokio::test]
async fn recipients_are_those_of_the_device_that_looked() {
    let (world, mut anna, mut bert) = two().await;
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    bert.recipients(world.now()).await.unwrap();
    let refused = bert.encrypt(&to, world.now());
    assert_eq!(refused, Err(EncryptionError::OtherDevice));
    // Nor can a look be told to the sessions of somebody else.
    let look = anna.look(world.now()).await.unwrap();
    let refused = look.tell(&mut bert.sessions, |_, _| {}).err();
    assert_eq!(refused, Some(EncryptionError::OtherDevice));
}

#[tokio::test]
async fn who_has_no_identity_gets_an_error_and_not_silence() {
    let (world, mut anna, bert) = two().await;
    world.remove(&bert.account);
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    let account = bert.account.clone();
    assert_eq!(
        anna.encrypt(&to, world.now()),
        Err(EncryptionError::NoIdentity { account })
    );
}

#[tokio::test]
async fn somebody_under_two_names_gets_one_text() {
    let (world, mut anna, bert) = two().await;
    anna.people.push(contact("robert", &bert.account));
    anna.people.push(contact("myself", &anna.account));
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["me", "bert", "robert"]);
    assert_eq!(to.accounts().len(), 2);
    let sent = anna.encrypt(&to, world.now()).unwrap();
    assert_eq!(sent.missing, vec![bert.sessions.address()]);
    world.remove(&bert.account);
    assert!(anna.recipients(world.now()).await.is_ok());
}

#[tokio::test]
async fn a_device_that_is_not_on_record_encrypts_nothing() {
    let (world, mut anna, _) = two().await;
    let mut phone = Party::new(&world, 1).await;
    let revoked = Some(EncryptionError::Revoked);
    assert_eq!(phone.recipients(world.now()).await.err(), revoked);
    world.change(&anna.account, vec![adds(phone.secrets.keys())]);
    assert!(phone.recipients(world.now()).await.is_ok());
    let device = anna.id();
    world.change(&anna.account, vec![Change::Revoke { device }]);
    assert_eq!(anna.recipients(world.now()).await.err(), revoked);
    // The same name with another agreement key is not this device either.
    let mut keys = phone.secrets.keys();
    keys.agreement = [9; 32];
    world.change(&anna.account, vec![rotates(phone.id(), keys)]);
    assert_eq!(phone.recipients(world.now()).await.err(), revoked);
}

#[tokio::test]
async fn a_forged_record_leads_to_no_recipients() {
    let (world, mut anna, _) = two().await;
    world.tell(Lie::OtherKey);
    let refused = anna.look(world.now()).await.err();
    assert!(matches!(
        refused,
        Some(LookError::Light(LightError::Unproven { .. }))
    ));
}

#[tokio::test]
async fn forged_prekeys_are_refused_with_a_clear_error() {
    let (world, mut anna, bert) = two().await;
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    let address = bert.sessions.address();
    let mut start = |bundle: &[u8]| {
        anna.sessions
            .start((&to, address), bundle, world.now(), &mut anna.rng)
    };
    let device = address.to_string();
    let refused = |cause| {
        let device = device.clone();
        Err(EncryptionError::Prekeys { device, cause })
    };

    // Somebody's own keys, all in order but not those on record.
    let impostor = DeviceIdentity::generate(&mut rng(7));
    let prekeys = PreKeyStore::new(Mode::Hybrid, 1, &mut rng(8));
    let forged = prekeys.publish(&impostor).bundle(0).to_bytes();
    assert_eq!(start(&forged), refused(CoreError::IdentityMismatch));
    let words = start(&forged).unwrap_err().to_string();
    for part in [device.as_str(), "not the one on record", "another relay"] {
        assert!(words.contains(part), "{words}");
    }

    // The name and the identity of Bert's device over the impostor's prekeys.
    let mut swapped = prekeys.publish(&impostor).bundle(0);
    swapped.identity = identity_of(&bert.secrets.keys());
    let what = "signed prekey";
    let bad = refused(CoreError::BadSignature { what });
    assert_eq!(start(&swapped.to_bytes()), bad);

    let honest = bert.sessions.publish().bundle(0).to_bytes();
    let what = "prekey bundle";
    let malformed = refused(CoreError::Malformed { what });
    assert_eq!(start(&honest[..honest.len() - 1]), malformed);
    assert_eq!(start(&honest), Ok(false), "the honest one");
    let stranger = address_of(&bert.account, DeviceId([1; 16]));
    assert_eq!(
        anna.sessions
            .start((&to, stranger), &honest, world.now(), &mut anna.rng),
        Err(EncryptionError::NoRecipient {
            device: stranger.to_string()
        })
    );
}

/// Keys of two devices whose names begin with the same four bytes.
fn alike() -> (DeviceKeys, DeviceKeys) {
    let mut seen: HashMap<u32, DeviceKeys> = HashMap::new();
    for attempt in 0_u64.. {
        let mut keys = keys_of(1);
        keys.signing.0[..8].copy_from_slice(&attempt.to_le_bytes());
        let number = number_of(DeviceId::of(&keys.signing));
        if let Some(other) = seen.insert(number, keys) {
            return (other, keys);
        }
    }
    unreachable!("32 bits are soon used up")
}

#[tokio::test]
async fn two_devices_of_one_number_get_nothing() {
    let (world, mut anna, bert) = two().await;
    let (one, other) = alike();
    world.change(&bert.account, vec![adds(one)]);
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    world.change(&bert.account, vec![adds(other)]);
    let number = number_of(DeviceId::of(&one.signing));
    let account = bert.account.clone();
    assert_eq!(
        anna.recipients(world.now()).await.err(),
        Some(EncryptionError::SameNumber { account, number })
    );
    let account = bert.account.clone();
    assert_eq!(
        anna.encrypt(&to, world.now()),
        Err(EncryptionError::NotLookedUp { account }),
        "those of before are no way around"
    );
    // One of them takes new keys.
    let device = DeviceId::of(&other.signing);
    world.change(&bert.account, vec![rotates(device, keys_of(77))]);
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    assert_eq!(addresses(&anna.encrypt(&to, world.now()).unwrap()).len(), 3);
}

#[tokio::test]
async fn groups_learn_what_is_on_record_while_it_is_of_the_present() {
    let (world, mut anna, bert) = two().await;
    let device = bert.sessions.address();
    let asked = |anna: &Party, now| anna.sessions.on_record(&device, now);
    assert_eq!(asked(&anna, world.now()), OnRecord::Unavailable);
    anna.recipients(world.now()).await.unwrap();
    let signing = bert.secrets.keys().signing.0;
    assert_eq!(asked(&anna, world.now()), OnRecord::Device(signing));
    let later = world.now() + Duration::from_secs(121);
    assert_eq!(asked(&anna, later), OnRecord::Unavailable);
    let stranger = address_of(&bert.account, DeviceId([1; 16]));
    assert_eq!(
        anna.sessions.on_record(&stranger, world.now()),
        OnRecord::NoDevice
    );
    world.remove(&bert.account);
    anna.recipients(world.now()).await.unwrap();
    assert_eq!(asked(&anna, world.now()), OnRecord::NoDevice);
}

#[tokio::test]
async fn records_do_not_go_back() {
    let (world, mut anna, bert) = two().await;
    let before = anna.look(world.now()).await.unwrap();
    world.change(&bert.account, vec![adds(keys_of(9))]);
    anna.recipients(world.now()).await.unwrap();
    let refused = before.tell(&mut anna.sessions, |_, _| {}).err();
    assert!(
        matches!(refused, Some(EncryptionError::Older { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn stored_sessions_go_on_after_another_look() {
    let (world, mut anna, bert) = two().await;
    let (to, _) = anna.recipients(world.now()).await.unwrap();
    anna.start(&to, &bert, world.now());
    let key = StateKey::new([4; 32]);
    let sealed = anna.sessions.export(&key, &mut anna.rng);
    let other = Sessions::import(&bert.account, &bert.secrets, &key, &sealed);
    assert_eq!(other.err(), Some(EncryptionError::OtherState));

    anna.sessions = Sessions::import(&anna.account, &anna.secrets, &key, &sealed).unwrap();
    let account = anna.account.clone();
    assert_eq!(
        anna.encrypt(&to, world.now()),
        Err(EncryptionError::NotLookedUp { account })
    );
    let (to, heard) = anna.recipients(world.now()).await.unwrap();
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(anna.encrypt(&to, world.now()).unwrap().messages.len(), 1);
}
