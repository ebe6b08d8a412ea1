//! The engine on a vault, and its looks against a node that holds a small chain.

use std::path::PathBuf;

use parlance_bimp::Account;
use parlance_e2ee::{Body, Text, content::WrittenText};
use parlance_messenger::{Command, Effect, Event, Input, Row, Storage, Table};
use parlance_store::{Kdf, Options};

use super::*;
use crate::{
    identity::{
        Contact, Finding,
        testing::{World, adds, keys_of, someone},
    },
    keys::{Phrase, Words},
    vault::Vault,
};

const PASSPHRASE: &[u8] = b"passphrase";
const BEN: Account = Account([2; 32]);

pub(super) fn options() -> Options {
    Options {
        kdf: Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        ..Options::default()
    }
}

pub(super) fn vault() -> (tempfile::TempDir, PathBuf, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = Vault::create(&path, PASSPHRASE, options()).unwrap();
    let phrase = Phrase::generate(Words::Twelve).unwrap();
    vault.adopt(&phrase, "").unwrap();
    (folder, path, vault)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn steady(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn say(chat: &mut Chat<'_>, words: &str) {
    let text = Text::new(words).unwrap();
    let body = Body::Text(WrittenText { text });
    let conversation = BEN;
    let command = Command::Say { conversation, body };
    chat.command(clock(now(), steady(5)), command).unwrap();
}

fn texts(chat: &Chat<'_>) -> Vec<String> {
    let entries = chat.messages(&BEN, u64::MAX, 100).unwrap();
    let texts = entries.iter().rev();
    texts
        .map(|entry| entry.text().unwrap_or_default())
        .collect()
}

#[test]
fn new_keys_keep_what_was_said_and_begin_new_sessions() {
    let (_folder, _path, vault) = vault();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    for words in ["one", "two"] {
        say(&mut chat, words);
    }
    let before = chat.disk().get(&Row::Sessions).unwrap();
    drop(chat);
    vault.begin_rotation().unwrap();
    vault.settle_rotation().unwrap();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!(texts(&chat), ["one", "two"]);
    assert_eq!(chat.waiting(), 0);
    say(&mut chat, "three");
    assert_ne!(chat.disk().get(&Row::Sessions).unwrap(), before);
    drop(chat);
    let chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!(texts(&chat), ["one", "two", "three"]);
    assert_eq!(chat.waiting(), 1);
}

#[test]
fn what_was_said_off_line_is_there_after_opening_again_and_still_waits() {
    let (_folder, path, vault) = vault();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    for words in ["one", "two", "three"] {
        say(&mut chat, words);
    }
    drop(chat);
    drop(vault);
    let vault = Vault::open(&path, PASSPHRASE, options()).unwrap();
    let chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!(texts(&chat), ["one", "two", "three"]);
    assert_eq!(chat.waiting(), 3);
    let newest = chat.messages(&BEN, 2, 1).unwrap();
    assert_eq!(newest[0].text().as_deref(), Some("two"));
}

#[test]
fn rows_are_read_back_whatever_their_number() {
    let (_folder, _path, vault) = vault();
    let mut rows = Rows::new(vault.store());
    let row = |number: u64| Row::Message(BEN, number);
    let count = 3_000u64;
    let batch: Vec<_> = (0..count)
        .map(|number| (row(number), Some(number.to_le_bytes().to_vec())))
        .collect();
    rows.commit(&batch).unwrap();
    rows.commit(&[(row(7), None)]).unwrap();
    assert_eq!(rows.get(&row(7)).unwrap(), None);
    assert_eq!(rows.get(&row(8)).unwrap().unwrap(), 8u64.to_le_bytes());
    let mut all = rows.all(Table::Messages).unwrap();
    all.sort_by_key(|bytes| u64::from_le_bytes(bytes.as_slice().try_into().unwrap()));
    assert_eq!(all.len(), 2_999);
    assert_eq!(all[7], 8u64.to_le_bytes());
    let page = rows.messages(&BEN, 9, 2).unwrap();
    assert_eq!(
        page,
        [8u64.to_le_bytes().to_vec(), 6u64.to_le_bytes().to_vec()]
    );
    assert!(rows.messages(&Account([3; 32]), 9, 2).unwrap().is_empty());
}

#[test]
fn a_new_passphrase_keeps_the_chat_and_an_export_takes_what_was_said() {
    let (folder, _path, mut vault) = vault();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    say(&mut chat, "one");
    drop(chat);
    vault
        .change_passphrase(PASSPHRASE, b"another one", options(), |_| ())
        .unwrap();
    let chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!((texts(&chat), chat.waiting()), (vec!["one".into()], 1));
    drop(chat);

    let export = folder.path().join("export");
    vault.export(&export, b"exported", options()).unwrap();
    let path = folder.path().join("restored");
    let from = (export.as_path(), b"exported".as_slice());
    let restored = Vault::restore(from, &path, PASSPHRASE, options()).unwrap();
    assert!(
        Rows::new(restored.store())
            .get(&Row::Sessions)
            .unwrap()
            .is_none()
    );
    let chat = open(&restored, now(), steady(0)).unwrap();
    assert_eq!((texts(&chat), chat.waiting()), (vec!["one".into()], 0));
}

/// T1, T5.
#[test]
fn sessions_of_another_device_are_refused_or_begun_anew() {
    let (_one, _path, vault) = vault();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    say(&mut chat, "one");
    drop(chat);
    let foreign = Rows::new(vault.store()).get(&Row::Sessions).unwrap();
    let put = |vault: &Vault| {
        let batch = [(Row::Sessions, foreign.clone())];
        Rows::new(vault.store()).commit(&batch).unwrap();
    };

    // This device has had sessions of its own: these are none of them.
    let (_other, _path, other) = self::vault();
    drop(open(&other, now(), steady(0)).unwrap());
    put(&other);
    let refused = open(&other, now(), steady(0));
    assert!(matches!(refused, Err(ChatError::Encryption(_))));

    // This one is new, and was given those of the device before it.
    let (_third, _path, third) = self::vault();
    put(&third);
    let mut chat = open(&third, now(), steady(0)).unwrap();
    say(&mut chat, "two");
    drop(chat);
    let own = Rows::new(third.store()).get(&Row::Sessions).unwrap();
    assert!(own.is_some() && own != foreign);
}

/// T2.
#[tokio::test]
async fn a_look_tells_once_and_gives_the_engine_whom_to_encrypt_for() {
    let (_folder, _path, vault) = vault();
    let world = World::new();
    let (own, ben) = (vault.account().unwrap(), someone(2));
    world.register(&own, vault.device().unwrap().keys());
    world.register(&ben, keys_of(5));
    let with = Account(*AsRef::<[u8; 32]>::as_ref(&ben));
    let mut light = world.light().await;
    let mut chat = open(&vault, world.now(), steady(0)).unwrap();
    let text = Text::new("hello").unwrap();
    let body = Body::Text(WrittenText { text });
    let conversation = with;
    let command = Command::Say { conversation, body };
    chat.command(clock(world.now(), steady(5)), command)
        .unwrap();
    let mut wants = false;
    while let Some(effect) = chat.next_effect() {
        wants |= matches!(effect, Effect::Look { account } if account == with);
    }
    assert!(wants);

    let mut heard: Vec<Finding> = Vec::new();
    let mut hear = |_: &Contact, what: &Finding| heard.push(what.clone());
    let found = look(
        (&mut chat, &vault),
        &mut light,
        with,
        world.now(),
        &mut hear,
    );
    let input = found.await.unwrap();
    assert!(matches!(input, Input::Looked { account, .. } if account == with));
    chat.handle(clock(world.now(), steady(10)), [input])
        .unwrap();
    assert_eq!(heard, [Finding::Registered, Finding::Registered]);
    // One copy, which waits for prekeys.
    assert_eq!((chat.waiting(), chat.unsent()), (1, 1));

    // What changed is told once, also over a restart.
    world.change(&ben, vec![adds(keys_of(9))]);
    drop(chat);
    let mut chat = open(&vault, world.now(), steady(0)).unwrap();
    for expected in [1, 0] {
        let mut heard = 0;
        let mut hear = |_: &Contact, _: &Finding| heard += 1;
        let found = look(
            (&mut chat, &vault),
            &mut light,
            with,
            world.now(),
            &mut hear,
        );
        let input = found.await.unwrap();
        chat.handle(clock(world.now(), steady(20)), [input])
            .unwrap();
        assert_eq!(heard, expected);
    }
    let mut told = Vec::new();
    while let Some(effect) = chat.next_effect() {
        told.extend(match effect {
            Effect::Tell(event @ (Event::DeviceGone { .. } | Event::GivenUp { .. })) => Some(event),
            _ => None,
        });
    }
    assert_eq!(told, []);
}

/// The engine knows no chain, and the chain no engine; both know what is signed for relays.
#[test]
fn tickets_and_receipts_are_those_of_the_chain() {
    use parlance_messenger::proof;
    use parlance_primitives::{
        AccountId,
        relay::{Delivered, LatencyClass, receipt_statement, ticket_statement},
    };
    let (genesis, relay, person) = ([1; 32], [2; 32], [3; 32]);
    for (period, epoch, bytes, latency) in
        [(0, 0, 0, 0), (7, 5, 1_000, 4), (u32::MAX, 300, 1 << 40, 7)]
    {
        let ticket = proof::ticket_statement(&genesis, period, &relay, &person, bytes, latency);
        let class = LatencyClass(latency);
        let (genesis_hash, relay_account, account) = (
            parlance_primitives::Hash::from(genesis),
            AccountId::new(relay),
            AccountId::new(person),
        );
        assert_eq!(
            ticket,
            ticket_statement(
                &genesis_hash,
                period,
                &relay_account,
                &account,
                bytes,
                class
            )
        );
        let came = (bytes, bytes / 3);
        let receipt =
            proof::receipt_statement(&genesis, period, &relay, &person, epoch, came, latency);
        let delivered = Delivered {
            mailbox_epoch: epoch,
            direct: came.0,
            fanned: came.1,
            latency: class,
        };
        assert_eq!(
            receipt,
            receipt_statement(&genesis_hash, period, &relay_account, &account, &delivered)
        );
    }
}

/// Rows of the history as they stand in the store.
fn raw(vault: &Vault) -> Vec<Vec<u8>> {
    let view = vault.store().begin_read().unwrap();
    let table = parlance_store::Table::new(Table::Messages.name());
    let page = parlance_store::Page::first(100);
    let rows = view.scan(table, &parlance_store::Key::root(), &page);
    let rows = rows.unwrap().into_iter();
    rows.map(|(_, value)| value.to_vec()).collect()
}

fn readable(vault: &Vault, value: &[u8]) -> bool {
    let value = parlance_store::Value::new(value.to_vec());
    vault.store().passing().open(value).unwrap().is_some()
}

/// T6.
#[test]
fn the_key_of_a_message_that_disappeared_is_gone_and_an_export_keeps_what_has_not() {
    use parlance_e2ee::content::Timer;
    let (folder, path, vault) = vault();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    say(&mut chat, "stays");
    let body = Body::Timer(Timer { lifetime: Some(60) });
    let conversation = BEN;
    let command = Command::Say { conversation, body };
    chat.command(clock(now(), steady(5)), command).unwrap();
    say(&mut chat, "goes");
    drop(chat);
    let slot = |value: &Vec<u8>| parlance_store::PassingKeys::slot(value);
    let before = raw(&vault);
    let sealed: Vec<&Vec<u8>> = before.iter().filter(|it| slot(it).is_some()).collect();
    assert_eq!((before.len(), sealed.len()), (3, 1));
    assert!(readable(&vault, sealed[0]));

    // Another passphrase, and another folder.
    let export = folder.path().join("export");
    vault.export(&export, b"exported", options()).unwrap();
    let there = folder.path().join("there");
    let from = (export.as_path(), b"exported".as_slice());
    let restored = Vault::restore(from, &there, PASSPHRASE, options()).unwrap();
    let chat = open(&restored, now(), steady(0)).unwrap();
    assert_eq!(texts(&chat), ["stays", "", "goes"]);
    drop(chat);
    assert_eq!(raw(&restored).iter().filter_map(slot).count(), 1);

    // After a restart, and a minute.
    drop(vault);
    let mut vault = Vault::open(&path, PASSPHRASE, options()).unwrap();
    vault
        .change_passphrase(PASSPHRASE, b"another one", options(), |_| ())
        .unwrap();
    let mut chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!(texts(&chat), ["stays", "", "goes"]);
    let later = clock(now() + Duration::from_secs(61), steady(61_000));
    chat.handle(later, [Input::Tick]).unwrap();
    assert_eq!(texts(&chat), ["stays", ""]);
    assert!(!readable(&vault, sealed[0]));
    // What waits for the other side has not had its time.
    drop(chat);
    let chat = open(&vault, now(), steady(0)).unwrap();
    assert_eq!((texts(&chat).len(), chat.waiting()), (2, 3));
}
