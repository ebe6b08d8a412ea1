//! Rules Q1 to Q3, and Q5.

use super::*;
use crate::relay::{Signed, pay::receipts::ReceiptError};
use parlance_bimp::Receipt;
use parlance_primitives::relay::{self as chain, MAILBOX, is_near, mailbox_of, receipt_statement};
use parlance_relay::directory::Delivered;
use parlance_relay_claims::Pushed;

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

fn receipt_over(from: &Person, epoch: u32, sums: (u64, u64)) -> Receipt {
    receipt_of(from, PERIOD, epoch, sums)
}

fn receipt_of(from: &Person, period: Period, epoch: u32, (bytes, fanned): (u64, u64)) -> Receipt {
    let delivered = chain::Delivered {
        mailbox_epoch: epoch,
        direct: bytes,
        fanned,
        latency: LatencyClass(1),
    };
    let Payee {
        genesis, account, ..
    } = payee();
    let statement = receipt_statement(&genesis, period, &account, &from.id(), &delivered);
    Receipt {
        period,
        bytes,
        fanned,
        latency: 1,
        signature: from.pair.sign(&statement).0,
    }
}

/// What a receipt is worth when everything was delivered.
fn judge(scene: &Scene, from: &Person, receipt: &Receipt) -> Result<Worth, ReceiptError> {
    let much = Delivered {
        direct: 1 << 20,
        fanned: 1 << 20,
    };
    scene.judge.deliver(&from.name, much);
    let worth = take(scene, from, receipt)?;
    Ok(worth.unwrap())
}

fn take(scene: &Scene, from: &Person, receipt: &Receipt) -> Result<Option<Worth>, ReceiptError> {
    scene.judge.judge_receipt(&scene.chain, &from.name, receipt)
}

fn deliver(scene: &Scene, to: &Person, direct: u64, fanned: u64) -> Vec<Pushed> {
    let delivered = Delivered { direct, fanned };
    let worth = scene.judge.deliver(&to.name, delivered);
    worth.into_iter().map(|worth| pushed(&worth)).collect()
}

/// What counts of a receipt.
fn pushed(worth: &Worth) -> Pushed {
    match &worth.signed {
        Signed::Receipt(receipt) => receipt.pushed,
        Signed::Ticket(_) => panic!("{worth:?}"),
    }
}

fn counted(direct: u64, fanned: u64) -> Pushed {
    Pushed {
        run: RUN,
        direct,
        fanned,
    }
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

/// Q5: somebody who signs for a gibibyte that never came brings the relay nothing by it, whoever of the two wants that.
#[test]
fn q5_what_was_not_delivered_does_not_count() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    let boast = receipt_over(&ben, EPOCH, (1 << 30, 1 << 30));
    assert!(take(&scene, &ben, &boast).unwrap().is_none());
    // It counts bit by bit as it is delivered, each kind for itself, and is worth no more by being said again.
    assert_eq!(deliver(&scene, &ben, 700, 0), [counted(700, 0)]);
    assert_eq!(deliver(&scene, &ben, 0, 90), [counted(700, 90)]);
    let again = take(&scene, &ben, &boast);
    assert!(matches!(again, Err(ReceiptError::NotMore(_))), "{again:?}");
    let more = receipt_over(&ben, EPOCH, (1 << 31, 1 << 30));
    assert!(take(&scene, &ben, &more).unwrap().is_none());
    // Nor does another person's.
    let eve = Person::of([77; 32]);
    assert!(deliver(&scene, &eve, 5_000, 0).is_empty());
    assert_eq!(deliver(&scene, &ben, 1, 0), [counted(701, 90)]);
}

/// Q5: what is acknowledged before it is signed for counts with the receipt, up to what that says.
#[test]
fn q5_what_is_signed_for_later_counts_then() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    assert!(deliver(&scene, &ben, 1_000, 50).is_empty());
    let first = take(&scene, &ben, &receipt(&ben, EPOCH, 600));
    assert_eq!(pushed(&first.unwrap().unwrap()), counted(600, 0));
    let second = take(&scene, &ben, &receipt_over(&ben, EPOCH, (900, 10)));
    assert_eq!(pushed(&second.unwrap().unwrap()), counted(900, 10));
    assert_eq!(deliver(&scene, &ben, 500, 0), [] as [Pushed; 0]);
    // What is left: 100 and 500 bytes, of which the next period's receipts may have some.
    scene.judge.set(PERIOD + 1, setting());
    scene.judge.turn(Now {
        period: PERIOD + 1,
        blocks: 1,
    });
    let late = take(&scene, &ben, &receipt_over(&ben, EPOCH, (950, 10)));
    assert_eq!(pushed(&late.unwrap().unwrap()), counted(950, 10));
    let next = receipt_of(&ben, PERIOD + 1, EPOCH, (1 << 30, 0));
    let worth = take(&scene, &ben, &next).unwrap().unwrap();
    assert_eq!(
        (worth.period, pushed(&worth)),
        (PERIOD + 1, counted(550, 0))
    );
}

/// Q5: what the last receipt of a period is about is acknowledged when the next one has begun, and not much later.
#[test]
fn q5_the_last_bytes_of_a_period_count_for_it() {
    let ben = near([(EPOCH, true), (EPOCH - 1, true)]);
    let scene = Scene::with(&[&ben]);
    let last = take(&scene, &ben, &receipt(&ben, EPOCH, 300));
    assert!(last.unwrap().is_none());
    scene.judge.set(PERIOD + 1, setting());
    let turn = |blocks| {
        scene.judge.turn(Now {
            period: PERIOD + 1,
            blocks,
        });
    };
    turn(1);
    let worth = scene.judge.deliver(
        &ben.name,
        Delivered {
            direct: 100,
            fanned: 0,
        },
    );
    assert_eq!(worth.len(), 1);
    assert_eq!(
        (worth[0].period, pushed(&worth[0])),
        (PERIOD, counted(100, 0))
    );
    turn(4);
    assert!(deliver(&scene, &ben, 100, 0).is_empty());
    let next = receipt_of(&ben, PERIOD + 1, EPOCH, (1 << 30, 0));
    let worth = take(&scene, &ben, &next).unwrap().unwrap();
    assert_eq!(
        (worth.period, pushed(&worth)),
        (PERIOD + 1, counted(100, 0))
    );
}
