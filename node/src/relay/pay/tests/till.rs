//! What waits for the worker.

use super::*;
use crate::relay::{Desk, Handed, Refused, Signed, pay::till::Till};
use futures::StreamExt;
use parlance_relay_claims::{self as claims, Refusal};
use std::sync::{Arc, atomic::Ordering};

fn worth(period: Period, sender: u8, bytes: u64) -> Worth {
    Worth {
        period,
        signed: Signed::Ticket(claims::Ticket {
            sender: AccountId::new([sender; 32]),
            device: DeviceId([0; 16]),
            bytes,
            latency: LatencyClass(0),
            signature: ed25519::Signature::from_raw([0; 64]),
        }),
    }
}

fn bytes(handed: &Handed) -> u64 {
    match &handed.signed {
        Signed::Ticket(ticket) => ticket.bytes,
        Signed::Receipt(receipt) => receipt.delivered.direct,
    }
}

/// Hands in, while a worker answers with `answer`; what the worker got.
async fn hand(
    till: &Till,
    source: &mut (impl futures::Stream<Item = Handed> + Unpin),
    mut answer: impl FnMut(&Handed) -> Result<u64, Refused>,
) -> Vec<u64> {
    let mut got = Vec::new();
    let handing = till.hand(PERIOD);
    futures::pin_mut!(handing);
    loop {
        tokio::select! {
            () = &mut handing => return got,
            Some(handed) = source.next() => {
                got.push(bytes(&handed));
                let answered = answer(&handed);
                let _ = handed.answer.send(answered);
            }
        }
    }
}

#[tokio::test]
async fn the_best_of_each_is_handed_in_once() {
    let (desk, mut source) = Desk::new();
    let till = Till::new(desk);
    for (sender, bytes) in [(1, 10), (1, 30), (1, 20), (2, 5)] {
        till.put(worth(PERIOD, sender, bytes));
    }
    till.put(worth(PERIOD - 1, 1, 7));
    assert_eq!(till.waiting(), 3);
    let got = hand(&till, &mut source, |handed| Ok(bytes(handed))).await;
    assert_eq!(got, [7, 30, 5]);
    assert_eq!(till.waiting(), 0);
    assert_eq!(till.handed.load(Ordering::Relaxed), 3);
    assert!(hand(&till, &mut source, |_| Ok(0)).await.is_empty());
}

#[tokio::test]
async fn more_than_the_worker_takes_at_a_time_is_handed_in_too() {
    let (desk, mut source) = Desk::new();
    let till = Till::new(desk);
    for n in 0..3_000u64 {
        let mut one = worth(PERIOD, 0, 1 + n);
        if let Signed::Ticket(ticket) = &mut one.signed {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&n.to_le_bytes());
            ticket.sender = AccountId::new(name);
        }
        till.put(one);
    }
    let got = hand(&till, &mut source, |handed| Ok(bytes(handed))).await;
    assert_eq!(got.len(), 3_000);
    assert_eq!(till.lost.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_not_taken_for_now_waits_and_what_is_refused_does_not() {
    let (desk, mut source) = Desk::new();
    let till = Till::new(desk);
    till.put(worth(PERIOD, 1, 10));
    till.put(worth(PERIOD, 2, 20));
    till.put(worth(PERIOD, 3, 30));
    hand(&till, &mut source, |handed| match bytes(handed) {
        10 => Err(Refused::NoMember(PERIOD)),
        20 => Err(Refusal::NotMore { bytes: 25 }.into()),
        _ => Err(Refusal::Closed(PERIOD).into()),
    })
    .await;
    assert_eq!(till.waiting(), 1);
    assert_eq!(till.lost.load(Ordering::Relaxed), 1, "the closed one");
    // A better one took its place meanwhile.
    till.put(worth(PERIOD, 1, 11));
    let got = hand(&till, &mut source, |handed| Ok(bytes(handed))).await;
    assert_eq!(got, [11]);
}

#[tokio::test]
async fn without_a_worker_it_waits_until_the_period_is_over() {
    let (desk, source) = Desk::new();
    drop(source);
    let till = Arc::new(Till::new(desk));
    till.put(worth(PERIOD, 1, 10));
    till.hand(PERIOD).await;
    till.hand(PERIOD + 1).await;
    assert_eq!(till.waiting(), 1);
    till.hand(PERIOD + 2).await;
    assert_eq!((till.waiting(), till.lost.load(Ordering::Relaxed)), (0, 1));
}
