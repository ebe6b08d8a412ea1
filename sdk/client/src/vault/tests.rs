//! What a vault keeps, and what it does not show.

use super::*;
use crate::{
    keys::Words,
    light::testing::{ChainOf, Voters},
};
use parlance_store::Kdf;
use std::path::PathBuf;

const PASSPHRASE: &[u8] = b"passphrase";

fn options() -> Options {
    Options {
        kdf: Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        ..Options::default()
    }
}

fn vault() -> (tempfile::TempDir, PathBuf, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = Vault::create(&path, PASSPHRASE, options()).unwrap();
    (folder, path, vault)
}

fn bob() -> Contact {
    Contact::new("Bob", AccountId::new([2; 32])).unwrap()
}

#[test]
fn a_command_waits_for_the_one_before_it() {
    let (_folder, path, first) = vault();
    let second = thread::spawn(move || {
        let vault = Vault::open(&path, PASSPHRASE, options())?;
        vault.contacts()
    });
    thread::sleep(PAUSE * 5);
    first.add_contact(&bob()).unwrap();
    drop(first);
    assert_eq!(second.join().unwrap().unwrap(), vec![bob()]);
}

#[test]
fn everything_is_there_after_opening_again() {
    let (_folder, path, vault) = vault();
    let phrase = Phrase::generate(Words::Twelve).unwrap();
    let key = vault.adopt(&phrase, "//savings").unwrap();
    let device = vault.device().unwrap().keys();
    vault.add_contact(&bob()).unwrap();
    let invitation = InvitationSecret::generate().unwrap();
    vault
        .keep_invitations(std::slice::from_ref(&invitation))
        .unwrap();
    drop(vault);

    let vault = Vault::open(&path, PASSPHRASE, options()).unwrap();
    assert_eq!(vault.account().unwrap(), key.account());
    assert_eq!(vault.account_key().unwrap().account(), key.account());
    let (words, derivation) = vault.phrase().unwrap();
    assert_eq!(
        (words.words(), derivation.as_str()),
        (phrase.words(), "//savings")
    );
    assert_eq!(vault.device().unwrap().keys(), device);
    assert_eq!(vault.contacts().unwrap(), vec![bob()]);
    assert_eq!(
        vault.invitations().unwrap()[0].public(),
        invitation.public()
    );
    vault.forget_invitation(&invitation.public()).unwrap();
    assert!(vault.invitations().unwrap().is_empty());
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_a_new_one_does() {
    let (_folder, path, mut vault) = vault();
    vault
        .change_passphrase(PASSPHRASE, b"another one", options(), |_| ())
        .unwrap();
    drop(vault);
    assert!(matches!(
        Vault::open(&path, PASSPHRASE, options()),
        Err(VaultError::Store(parlance_store::Error::WrongPassphrase))
    ));
    assert!(Vault::open(&path, b"another one", options()).is_ok());
}

/// A table that [`TABLES`] did not name would make the renewal fail.
#[test]
fn a_new_passphrase_keeps_everything_and_leaves_an_old_backup_what_it_held() {
    let (folder, path, vault) = vault();
    let phrase = Phrase::generate(Words::Twelve).unwrap();
    let key = vault.adopt(&phrase, "").unwrap();
    let next = vault.begin_rotation().unwrap().keys();
    vault.add_contact(&bob()).unwrap();
    let invitation = InvitationSecret::generate().unwrap();
    vault
        .keep_invitations(std::slice::from_ref(&invitation))
        .unwrap();
    let chain = ChainOf::new(&Voters::new(0..4));
    let checkpoint = Checkpoint {
        genesis: chain.tip().hash(),
        finalised: chain.finalised(),
    };
    vault.keep_checkpoint(&checkpoint).unwrap();
    drop(vault);
    let backup = folder.path().join("backup");
    std::fs::copy(&path, &backup).unwrap();

    let mut vault = Vault::open(&path, PASSPHRASE, options()).unwrap();
    let mut last = Renewal::default();
    vault
        .change_passphrase(PASSPHRASE, b"another one", options(), |now| last = now)
        .unwrap();
    assert_eq!(last.percent(), 100);
    vault.remove_contact("Bob").unwrap();
    drop(vault);
    let vault = Vault::open(&path, b"another one", options()).unwrap();
    assert_eq!(vault.account().unwrap(), key.account());
    assert_eq!(vault.phrase().unwrap().0.words(), phrase.words());
    assert_eq!(vault.begin_rotation().unwrap().keys(), next);
    assert!(vault.contacts().unwrap().is_empty());
    assert_eq!(
        vault.invitations().unwrap()[0].public(),
        invitation.public()
    );
    assert_eq!(vault.checkpoint().unwrap(), Some(checkpoint));

    let backup = Vault::open(&backup, PASSPHRASE, options()).unwrap();
    assert_eq!(backup.contacts().unwrap(), vec![bob()]);
}

#[test]
fn one_folder_holds_one_account() {
    let (_folder, _, vault) = vault();
    assert!(matches!(vault.account(), Err(VaultError::NoAccount)));
    vault.link(AccountId::new([1; 32])).unwrap();
    assert!(matches!(vault.account_key(), Err(VaultError::NoAccountKey)));
    assert!(matches!(
        vault.link(AccountId::new([2; 32])),
        Err(VaultError::AccountExists)
    ));
}

#[test]
fn new_device_keys_count_once_they_are_settled() {
    let (_folder, _, vault) = vault();
    vault.link(AccountId::new([1; 32])).unwrap();
    let old = vault.device().unwrap().keys();
    let next = vault.begin_rotation().unwrap().keys();
    assert_ne!(next, old);
    // Begun twice it is the same: the first may be on its way to the chain.
    assert_eq!(vault.begin_rotation().unwrap().keys(), next);
    assert_eq!(vault.device().unwrap().keys(), old);
    vault.settle_rotation().unwrap();
    assert_eq!(vault.device().unwrap().keys(), next);
    vault.settle_rotation().unwrap();
    assert_eq!(vault.device().unwrap().keys(), next);
}

#[test]
fn what_is_trusted_does_not_go_back_but_anew() {
    let (_folder, _, vault) = vault();
    let voters = Voters::new(0..4);
    let mut chain = ChainOf::new(&voters);
    let first = Checkpoint {
        genesis: chain.tip().hash(),
        finalised: chain.finalised(),
    };
    chain.grow(3);
    let mut later = first.clone();
    later.finalised.header = chain.tip().clone();
    vault.keep_checkpoint(&later).unwrap();
    vault.keep_checkpoint(&first).unwrap();
    assert_eq!(vault.checkpoint().unwrap(), Some(later));
    vault.trust_anew(&first).unwrap();
    assert_eq!(vault.checkpoint().unwrap(), Some(first));
}

#[test]
fn contacts_have_names_of_their_own() {
    let (_folder, _, vault) = vault();
    vault.add_contact(&bob()).unwrap();
    assert!(matches!(
        vault.add_contact(&bob()),
        Err(VaultError::ContactExists { .. })
    ));
    for number in 0..600 {
        let name = format!("contact {number:03}");
        let contact = Contact::new(&name, AccountId::new([3; 32])).unwrap();
        vault.put_contact(&contact).unwrap();
    }
    assert_eq!(vault.contacts().unwrap().len(), 601, "more than a page");
    vault.remove_contact("Bob").unwrap();
    assert!(matches!(
        vault.remove_contact("Bob"),
        Err(VaultError::NoContact { .. })
    ));
}

#[test]
fn an_export_is_restored_under_another_passphrase() {
    let (folder, _, vault) = vault();
    let phrase = Phrase::generate(Words::TwentyFour).unwrap();
    let key = vault.adopt(&phrase, "").unwrap();
    vault.add_contact(&bob()).unwrap();
    let device = vault.device().unwrap().keys();
    let (export, there) = (folder.path().join("export"), folder.path().join("there"));
    vault.export(&export, b"of the export", options()).unwrap();
    assert!(
        vault.export(&export, b"of the export", options()).is_err(),
        "an export is not written over another"
    );
    let wrong = Vault::restore((&export, b"wrong"), &there, PASSPHRASE, options());
    assert!(wrong.is_err());
    let back =
        Vault::restore((&export, b"of the export"), &there, b"third one", options()).unwrap();
    assert_eq!(back.account().unwrap(), key.account());
    assert_eq!(back.phrase().unwrap().0.words(), phrase.words());
    assert_eq!(back.device().unwrap().keys(), device);
    assert_eq!(back.contacts().unwrap(), vec![bob()]);
}

#[test]
fn no_secret_is_readable_in_the_file() {
    let (_folder, path, vault) = vault();
    let phrase = Phrase::generate(Words::Twelve).unwrap();
    vault.adopt(&phrase, "").unwrap();
    let seed = *vault.device().unwrap().endpoint_seed();
    drop(vault);
    let file = std::fs::read(&path).unwrap();
    let word = phrase
        .words()
        .split(' ')
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    for secret in [word.as_bytes(), &seed[..8]] {
        assert!(!file.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn a_newer_format_says_so() {
    let (_folder, path, vault) = vault();
    vault
        .put(META, &Key::of("format"), &9_u16.encode())
        .unwrap();
    drop(vault);
    assert!(matches!(
        Vault::open(&path, PASSPHRASE, options()),
        Err(VaultError::NewerFormat { found: 9 })
    ));
}
