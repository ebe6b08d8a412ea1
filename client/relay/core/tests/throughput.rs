//! How fast the core alone is: five relays, their disks in memory, one thread, no network.
//!
//! `cargo test --release --test throughput -- --ignored --nocapture`

mod common;

use common::{Net, OTHER, acknowledge, envelope_of, subscribe};
use parlance_bimp::{Account, Answer, Mailbox, MessageId, Request};
use parlance_relay_core::{Config, Limits};
use std::{collections::BTreeMap, time::Instant};

const MAILBOXES: u32 = 100;
const ROUNDS: u32 = 200;
const AT_ONCE: u32 = 100;

#[test]
#[ignore = "measures; run by hand"]
fn messages_per_second_of_five_cores_in_one_thread() {
    let config = Config {
        limits: Limits {
            sender_messages: u64::MAX,
            sender_bytes: u64::MAX,
            pair_messages: u64::MAX,
            pair_bytes: u64::MAX,
            ..Limits::default()
        },
        ..Config::default()
    };
    let mut net = Net::new(5, config);
    let mailboxes: Vec<Mailbox> = (0..MAILBOXES)
        .map(|n| Mailbox::of(&Account([7; 32]), n))
        .collect();
    for n in 0..5 {
        net.open(n, 1, 0, &[OTHER]);
    }
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let (relay, connection) = (index % 5, 100 + index as u64);
        net.open(relay, connection, 0, &[*mailbox]);
        net.ask(relay, connection, subscribe(*mailbox));
    }
    let requests: Vec<Request> = (0..ROUNDS * AT_ONCE)
        .map(|n| {
            let mailbox = mailboxes[(n % MAILBOXES) as usize];
            let (mut request, _) = envelope_of(mailbox, 0, 512);
            if let Request::Send(send) = &mut request {
                let mut bytes = std::mem::take(&mut send.envelope).into_vec();
                let end = bytes.len() - 4;
                bytes[end..].copy_from_slice(&n.to_le_bytes());
                send.envelope = parlance_bimp::Bounded::new(bytes).unwrap();
            }
            request
        })
        .collect();
    let (mut accepted, mut delivered) = (0, 0);
    let began = Instant::now();
    for round in requests.chunks(AT_ONCE as usize) {
        for (index, request) in round.iter().enumerate() {
            net.ask_only(index % 5, 1, request.clone());
        }
        net.settle();
        let answers = std::mem::take(&mut net.answers);
        accepted += answers
            .values()
            .filter(|answer| matches!(answer, Answer::Send(_)))
            .count();
        let mut got: BTreeMap<(usize, u64, Mailbox), Vec<MessageId>> = BTreeMap::new();
        for (relay, connection, key) in std::mem::take(&mut net.delivered) {
            delivered += 1;
            got.entry((relay, connection, key.mailbox))
                .or_default()
                .push(key.id);
        }
        for ((relay, connection, mailbox), ids) in got {
            net.ask_only(relay, connection, acknowledge(mailbox, &ids));
        }
        net.settle();
    }
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!((accepted, delivered), (requests.len(), requests.len()));
    println!(
        "{:.0} messages of 512 bytes a second, sent, kept by five, delivered and acknowledged",
        f64::from(ROUNDS * AT_ONCE) / seconds
    );
}
