//! Rules Q1 to Q3.

use super::*;
use crate::relay::{Signed, pay::receipts::ReceiptError};
use parlance_bimp::Receipt;
use parlance_primitives::relay::{Delivered, MAILBOX, is_near, mailbox_of, receipt_statement};

/// Mailbox epoch of everybody on record.
const EPOCH: u32 = 3;

/// Somebody to whose mailboxes of the epochs this relay is near, or is not.
fn near(wanted: [(u32, bool); 2]) -> Person {
    let all = (0..=u16::MAX).map(|n| {
        let mut account = [4; 32];
        account[..2].copy_from_slice(&n.to_le_bytes());
        Person::of(account)
    });
    let roster = setting().roster;
    let fits = |person: &Person| {
        wanted.iter().all(|(epoch, is_wanted)| {
            let mailbox = mailbox_of(&person.id(), *epoch);
            is_near(&roster, payee().id, mailbox, MAILBOX) == *is_wanted
        })
    };
    all.into_iter().find(fits).unwrap()
}

fn receipt(from: &Person, epoch: u32, bytes: u64) -> Receipt {
    receipt_over(from, epoch, (bytes, 0))
}

fn receipt_over(from: &Person, epoch: u32, (bytes, fanned): (u64, u64)) -> Receipt {
    let delivered = Delivered {
        mailbox_epoch: epoch,
        direct: bytes,
        fanned,
        latency: LatencyClass(1),
    };
    let Payee {
        genesis, account, ..
    } = payee();
    let statement = receipt_statement(&genesis, PERIOD, &account, &from.id(), &delivered);
    Receipt {
        period: PERIOD,
        bytes,
        fanned,
        latency: 1,
        signature: from.pair.sign(&statement).0,
    }
}

fn judge(scene: &Scene, from: &Person, receipt: &Receipt) -> Result<Worth, ReceiptError> {
    scene.judge.judge_receipt(&scene.chain, &from.name, receipt)
}

#[test]
fn a_receipt_is_worth_what_it_says() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    for bytes in [1_000, 2_000] {
        let worth = judge(&scene, &ben, &receipt(&ben, EPOCH, bytes)).unwrap();
        let Signed::Receipt(taken) = worth.signed else {
            panic!("{worth:?}")
        };
        assert_eq!((worth.period, taken.recipient), (PERIOD, ben.id()));
        let delivered = taken.delivered;
        assert_eq!((delivered.direct, delivered.fanned), (bytes, 0));
        assert_eq!(delivered.mailbox_epoch, EPOCH);
    }
    assert_eq!(scene.chain.asked.get(), 1);
    // Copies for members of groups stand apart, and are news as well.
    for fanned in [500, 700] {
        let both = receipt_over(&ben, EPOCH, (2_000, fanned));
        let worth = judge(&scene, &ben, &both).unwrap();
        let Signed::Receipt(taken) = worth.signed else {
            panic!("{worth:?}")
        };
        let delivered = taken.delivered;
        assert_eq!((delivered.direct, delivered.fanned), (2_000, fanned));
    }
    // What was signed as the one is not taken for the other.
    let signed = receipt_over(&ben, EPOCH, (3_000, 1_000));
    let swapped = Receipt {
        bytes: signed.fanned,
        fanned: signed.bytes,
        ..signed
    };
    let error = judge(&scene, &ben, &swapped).unwrap_err();
    assert!(matches!(error, ReceiptError::Signature), "{error}");
}

#[test]
fn q1_of_no_other_period() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    for period in [PERIOD - 2, PERIOD + 1] {
        let other = Receipt {
            period,
            ..receipt(&ben, EPOCH, 10)
        };
        let error = judge(&scene, &ben, &other).unwrap_err();
        assert!(matches!(error, ReceiptError::Period(at) if at == period));
    }
    // Known, and signed for another one.
    let other = Receipt {
        period: PERIOD - 1,
        ..receipt(&ben, EPOCH, 10)
    };
    let error = judge(&scene, &ben, &other).unwrap_err();
    assert!(matches!(error, ReceiptError::Signature), "{error}");
}

#[test]
fn q2_of_the_mailboxes_that_the_chain_counts() {
    // Near to the one of before alone, which is being emptied.
    let ben = near([(EPOCH, false), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    let worth = judge(&scene, &ben, &receipt(&ben, EPOCH - 1, 10)).unwrap();
    let Signed::Receipt(taken) = worth.signed else {
        panic!("{worth:?}")
    };
    assert_eq!(taken.delivered.mailbox_epoch, EPOCH - 1);
    let error = judge(&scene, &ben, &receipt(&ben, EPOCH, 20)).unwrap_err();
    assert!(matches!(error, ReceiptError::Signature), "{error}");

    let far = near([(EPOCH, false), (EPOCH - 1, false)]);
    let scene = Scene::with(&[&far]);
    let error = judge(&scene, &far, &receipt(&far, EPOCH, 10)).unwrap_err();
    assert!(matches!(error, ReceiptError::NotMailbox), "{error}");
}

#[test]
fn q2_of_devices_on_record() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let mut scene = Scene::with(&[&ben]);
    scene.change(&ben, |known| known.device = DeviceStanding::Left);
    let error = judge(&scene, &ben, &receipt(&ben, EPOCH, 10)).unwrap_err();
    assert!(matches!(error, ReceiptError::Stranger), "{error}");
    let error = judge(&Scene::with(&[]), &ben, &receipt(&ben, EPOCH, 10)).unwrap_err();
    assert!(matches!(error, ReceiptError::Stranger), "{error}");
}

#[test]
fn q3_the_most_that_was_confirmed() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    judge(&scene, &ben, &receipt(&ben, EPOCH, 10)).unwrap();
    for bytes in [0, 9, 10] {
        let error = judge(&scene, &ben, &receipt(&ben, EPOCH, bytes)).unwrap_err();
        assert!(matches!(error, ReceiptError::NotMore(10)), "{error}");
    }
    // A forged one does not stand in the way of one that holds.
    let forged = Receipt {
        bytes: u64::MAX,
        ..receipt(&ben, EPOCH, 11)
    };
    let error = judge(&scene, &ben, &forged).unwrap_err();
    assert!(matches!(error, ReceiptError::Signature), "{error}");
    judge(&scene, &ben, &receipt(&ben, EPOCH, 11)).unwrap();
}
