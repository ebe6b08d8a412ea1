//! Senders of all kinds, in any order: nobody is served for more than what the relay may claim, and nobody honest is refused.

use super::*;
use parlance_relay::directory::{Charge, TicketError};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What happens between a sender and the relay.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A new message with a ticket over all of them.
    Send,
    /// The message of so many ago once more, as after a time-out.
    Again(usize),
    /// The core refuses the message of so many ago.
    Refuse(usize),
    /// A new message with a ticket that was shown before.
    Replay(usize),
    /// A new message with a ticket over so many bytes.
    Claim(u64),
    /// The record is read again.
    Forget,
    /// The same, with the same words of the chain.
    Set,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Send),
        2 => (0..8usize).prop_map(Step::Again),
        2 => (0..8usize).prop_map(Step::Refuse),
        2 => (0..16usize).prop_map(Step::Replay),
        1 => (0..40 * SIZE).prop_map(Step::Claim),
        1 => Just(Step::Forget),
        1 => Just(Step::Set),
    ];
    proptest::collection::vec(step, 1..80)
}

/// The relay's side, reckoned from outside.
#[derive(Default)]
struct Ledger {
    /// Messages that were taken.
    taken: BTreeMap<u64, Charge>,
    /// The most that was signed.
    best: u64,
}

impl Ledger {
    fn note(&mut self, number: u64, judgement: Judgement, signed: u64) {
        if let Judgement::Paid(charge) | Judgement::Surplus(charge) = judgement {
            self.taken.extend(charge.map(|charge| (number, charge)));
            self.best = self.best.max(signed);
        }
    }

    fn sum(&self) -> u64 {
        self.taken.len() as u64 * SIZE
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a sender does, the bytes that were taken of it are covered by one ticket, which the relay has.
    #[test]
    fn what_is_taken_is_signed_for(steps in steps()) {
        let ada = Person::drawn(true, PERIOD, 0);
        let scene = Scene::with(&[&ada]);
        let mut ledger = Ledger::default();
        let mut shown = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let number = number as u64;
            match step {
                Step::Send | Step::Claim(_) => {
                    let bytes = match step {
                        Step::Claim(bytes) => bytes,
                        _ => ledger.sum() + SIZE,
                    };
                    let ticket = ada.ticket(PERIOD, bytes);
                    let judgement = scene.show(&ada, number, &ticket.encode(), false).judgement;
                    ledger.note(number, judgement, bytes);
                    shown.push(ticket);
                }
                Step::Replay(back) => {
                    let Some(ticket) = shown.iter().rev().nth(back) else { continue };
                    let judgement = scene.show(&ada, number, &ticket.encode(), false).judgement;
                    ledger.note(number, judgement, ticket.bytes);
                }
                Step::Again(back) => {
                    let Some((number, _)) = ledger.taken.iter().rev().nth(back) else { continue };
                    let (number, before) = (*number, ledger.sum());
                    let judgement = scene.send(&ada, number, before);
                    prop_assert!(
                        matches!(judgement, Judgement::Paid(None) | Judgement::Surplus(None)),
                        "{judgement:?}"
                    );
                    ledger.note(number, judgement, before);
                }
                Step::Refuse(back) => {
                    let Some(number) = ledger.taken.keys().rev().nth(back).copied() else { continue };
                    let charge = ledger.taken.remove(&number).unwrap();
                    scene.judge.give_back(&ada.name, &charge);
                }
                Step::Forget => scene.judge.forget(&ada.id()),
                Step::Set => scene.judge.set(PERIOD, setting()),
            }
            prop_assert!(ledger.sum() <= ledger.best, "{} > {}", ledger.sum(), ledger.best);
            prop_assert!(ledger.sum() <= MOST);
        }
    }

    /// A sender that counts as P1 of the messenger says is refused for its allowance alone, whatever gets lost, comes twice or is
    /// refused by the core.
    #[test]
    fn honest_senders_are_served(
        fates in proptest::collection::vec((0..4u8, 0..3usize), 1..100),
    ) {
        let ada = Person::drawn(true, PERIOD, 0);
        let scene = Scene::with(&[&ada]);
        let (mut sent, mut taken) = (0, BTreeSet::new());
        for (number, (fate, copies)) in fates.into_iter().enumerate() {
            let number = number as u64;
            sent += SIZE;
            if fate == 0 {
                // Lost on the way: it stays counted, and is sent through another relay.
                continue;
            }
            let mut judgement = scene.send(&ada, number, sent);
            if let Judgement::Refused(error) = judgement {
                let used_up = TicketError::UsedUp { most: MOST };
                prop_assert_eq!(error, used_up);
                prop_assert!((taken.len() as u64 + 1) * SIZE > MOST);
                sent -= SIZE;
                continue;
            }
            let charge = judgement.charge();
            for _ in 0..copies {
                judgement = scene.send(&ada, number, sent);
                prop_assert_eq!(judgement.charge(), None, "counted twice");
            }
            match (fate, charge) {
                (1, Some(charge)) => {
                    scene.judge.give_back(&ada.name, &charge);
                    sent -= SIZE;
                }
                _ => {
                    taken.insert(number);
                }
            }
        }
    }

    /// No bytes in the place of a ticket do anything but be refused.
    #[test]
    fn no_bytes_break_it(ticket in proptest::collection::vec(any::<u8>(), 1..=512), keeps in any::<bool>()) {
        let ada = Person::drawn(true, PERIOD, 0);
        let scene = Scene::with(&[&ada]);
        let shown = scene.show(&ada, 1, &ticket, keeps);
        prop_assert!(matches!(shown.judgement, Judgement::Refused(_)), "{:?}", shown.judgement);
        prop_assert!(shown.worth.is_none());
    }
}
