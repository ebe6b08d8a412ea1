//! Rules T1 to T8, one after the other.

use super::*;
use crate::relay::Signed;
use parlance_relay::directory::TicketError;

fn refusal(judgement: Judgement) -> TicketError {
    match judgement {
        Judgement::Refused(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ticket_pays_and_is_worth_what_it_says() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    let ticket = ada.ticket(PERIOD, SIZE);
    let shown = scene.show(&ada, 1, &ticket.encode(), false);
    let Judgement::Paid(Some(charge)) = shown.judgement else {
        panic!("{:?}", shown.judgement)
    };
    assert_eq!((charge.period, charge.bytes), (PERIOD, SIZE));
    let worth = shown.worth.unwrap();
    let Signed::Ticket(taken) = worth.signed else {
        panic!("{worth:?}")
    };
    assert_eq!((worth.period, taken.sender), (PERIOD, ada.id()));
    assert_eq!((taken.bytes, taken.device), (SIZE, DeviceId([4; 16])));
    assert_eq!(taken.signature.0, ticket.signature);
}

#[test]
fn the_chain_is_asked_once_for_a_device_and_period() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    for number in 1..=20 {
        let judgement = scene.send(&ada, number, number * SIZE);
        assert!(
            matches!(judgement, Judgement::Paid(Some(_))),
            "{judgement:?}"
        );
    }
    assert_eq!(scene.chain.asked.get(), 1);
    scene.judge.forget(&ada.id());
    assert!(matches!(
        scene.send(&ada, 21, 21 * SIZE),
        Judgement::Paid(_)
    ));
    assert_eq!(scene.chain.asked.get(), 2);
    assert_eq!(scene.judge.senders(), 1);
}

#[test]
fn t1_the_running_period_and_shortly_the_one_before() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    for period in [0, PERIOD - 2, PERIOD + 1, Period::MAX] {
        let ticket = ada.ticket(period, SIZE).encode();
        let shown = scene.show(&ada, 1, &ticket, true);
        let expected = TicketError::Period {
            signed: period,
            running: PERIOD,
        };
        assert_eq!(refusal(shown.judgement), expected);
    }
    // For whom it was drawn in the period before.
    let ben = Person::drawn(true, PERIOD - 1, 0);
    let scene = Scene::with(&[&ben]);
    let ticket = ben.ticket(PERIOD - 1, SIZE).encode();
    let shown = scene.show(&ben, 1, &ticket, false);
    assert!(matches!(shown.judgement, Judgement::Paid(_)));
    assert_eq!(shown.worth.unwrap().period, PERIOD - 1);
    scene.judge.turn(Now {
        period: PERIOD,
        blocks: 4,
    });
    let late = scene.show(&ben, 2, &ben.ticket(PERIOD - 1, 2 * SIZE).encode(), false);
    assert!(matches!(
        refusal(late.judgement),
        TicketError::Period { .. }
    ));
}

#[test]
fn t2_who_is_not_drawn_or_not_on_record_sends_as_without_a_ticket() {
    let far = Person::drawn(false, PERIOD, 0);
    let scene = Scene::with(&[&far]);
    assert_eq!(refusal(scene.send(&far, 1, SIZE)), TicketError::NotIngress);
    let ticket = far.ticket(PERIOD, SIZE).encode();
    let shown = scene.show(&far, 1, &ticket, true);
    assert_eq!(shown.judgement, Judgement::Unpaid);
    assert!(shown.worth.is_none());

    let ada = Person::drawn(true, PERIOD, 0);
    for standing in [DeviceStanding::Left, DeviceStanding::Stranger] {
        let mut scene = Scene::with(&[&ada]);
        scene.change(&ada, |known| known.device = standing);
        assert_eq!(refusal(scene.send(&ada, 1, SIZE)), TicketError::Stranger);
        let ticket = ada.ticket(PERIOD, SIZE).encode();
        let shown = scene.show(&ada, 1, &ticket, true);
        assert_eq!(shown.judgement, Judgement::Unpaid);
    }
    let nobody = Scene::with(&[]);
    assert_eq!(refusal(nobody.send(&ada, 1, SIZE)), TicketError::Stranger);
}

#[test]
fn t3_nothing_that_is_signed_can_be_changed() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    let good = ada.ticket(PERIOD, SIZE);
    let mut forged = vec![
        Ticket {
            bytes: SIZE + 1,
            ..good.clone()
        },
        Ticket {
            latency: 0,
            ..good.clone()
        },
        Ticket {
            signature: Person::drawn(true, PERIOD, 1)
                .ticket(PERIOD, SIZE)
                .signature,
            ..good.clone()
        },
    ];
    for bit in 0..512 {
        let mut one = good.clone();
        one.signature[bit / 8] ^= 1 << (bit % 8);
        forged.push(one);
    }
    for one in forged {
        // Also where the mailbox is this relay's: who shows a ticket means it.
        let shown = scene.show(&ada, 1, &one.encode(), true);
        assert_eq!(refusal(shown.judgement), TicketError::Signature);
        assert!(shown.worth.is_none());
    }
    for bytes in [vec![0], good.encode()[1..].to_vec(), vec![0; 512]] {
        let shown = scene.show(&ada, 1, &bytes, true);
        assert_eq!(refusal(shown.judgement), TicketError::Malformed);
    }
    // Nothing was counted by all that.
    assert!(matches!(
        scene.send(&ada, 1, SIZE),
        Judgement::Paid(Some(_))
    ));
}

#[test]
fn t4_a_ticket_covers_what_was_taken() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    assert!(matches!(scene.send(&ada, 1, SIZE), Judgement::Paid(_)));
    let too_few = TicketError::TooFew {
        signed: SIZE,
        needed: 2 * SIZE,
    };
    assert_eq!(refusal(scene.send(&ada, 2, SIZE)), too_few, "shown twice");
    let almost = refusal(scene.send(&ada, 2, 2 * SIZE - 1));
    assert!(matches!(almost, TicketError::TooFew { .. }));
    assert!(matches!(scene.send(&ada, 2, 2 * SIZE), Judgement::Paid(_)));
}

#[test]
fn t4_what_was_refused_is_not_counted_by_either_side() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    let first = scene.send(&ada, 1, SIZE).charge().unwrap();
    let second = scene.send(&ada, 2, 2 * SIZE).charge().unwrap();
    scene.judge.give_back(&ada.name, &second);
    // It says less than the one before, and covers what was taken.
    let third = scene.send(&ada, 3, 2 * SIZE);
    assert!(matches!(third, Judgement::Paid(Some(_))), "{third:?}");
    // Nothing is given back twice.
    scene.judge.give_back(&ada.name, &second);
    assert!(matches!(
        refusal(scene.send(&ada, 4, 2 * SIZE)),
        TicketError::TooFew { .. }
    ));
    scene.judge.give_back(&ada.name, &first);
    assert!(matches!(scene.send(&ada, 4, 2 * SIZE), Judgement::Paid(_)));
}

#[test]
fn t5_the_same_message_counts_once() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    assert!(matches!(
        scene.send(&ada, 1, SIZE),
        Judgement::Paid(Some(_))
    ));
    for _ in 0..5 {
        assert_eq!(scene.send(&ada, 1, SIZE), Judgement::Paid(None));
    }
    assert!(matches!(
        scene.send(&ada, 2, 2 * SIZE),
        Judgement::Paid(Some(_))
    ));
    assert_eq!(scene.send(&ada, 1, 2 * SIZE), Judgement::Paid(None));
}

#[test]
fn t6_the_cap_is_paid_the_allowance_served_and_no_more() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    let (mut paid, mut surplus) = (0, 0);
    let refused = (1..).find_map(|number| match scene.send(&ada, number, number * SIZE) {
        Judgement::Paid(_) => {
            paid += SIZE;
            None
        }
        Judgement::Surplus(_) => {
            surplus += SIZE;
            None
        }
        other => Some(refusal(other)),
    });
    assert_eq!(refused, Some(TicketError::UsedUp { most: MOST }));
    assert_eq!(paid, CAP / SIZE * SIZE);
    assert_eq!(paid + surplus, MOST / SIZE * SIZE);
    // What it has had can be sent again all the same.
    let last = (paid + surplus) / SIZE;
    let again = scene.send(&ada, last, last * SIZE);
    assert_eq!(again, Judgement::Surplus(None));
}

#[test]
fn t6_a_newcomer_is_served_and_not_paid_for() {
    let ada = Person::drawn(true, PERIOD, 0);
    let mut scene = Scene::with(&[&ada]);
    scene.change(&ada, |known| known.allowance.backed = false);
    assert!(matches!(scene.send(&ada, 1, SIZE), Judgement::Surplus(_)));
}

#[test]
fn t6_devices_of_an_account_share_its_allowance() {
    let phone = Person::drawn(true, PERIOD, 0);
    let mut laptop = phone.clone();
    laptop.name.number = 10;
    let scene = Scene::with(&[&phone, &laptop]);
    let mut sent = [0, 0];
    for number in 0.. {
        let of = usize::from(number % 2 == 1);
        let device = [&phone, &laptop][of];
        sent[of] += SIZE;
        if matches!(scene.send(device, number, sent[of]), Judgement::Refused(_)) {
            sent[of] -= SIZE;
            break;
        }
    }
    assert_eq!(sent[0] + sent[1], MOST / SIZE * SIZE);
}

#[test]
fn t7_without_a_ticket_only_to_mailboxes_that_are_kept() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    let kept = scene.show(&ada, 1, &[], true);
    assert_eq!(kept.judgement, Judgement::Unpaid);
    assert!(kept.worth.is_none());
    let foreign = scene.show(&ada, 1, &[], false);
    assert_eq!(refusal(foreign.judgement), TicketError::Missing);
    assert_eq!(scene.chain.asked.get(), 0);
}

#[test]
fn a_chain_that_does_not_answer_is_asked_again() {
    let ada = Person::drawn(true, PERIOD, 0);
    let mut scene = Scene::with(&[&ada]);
    scene.chain.answers = false;
    assert_eq!(refusal(scene.send(&ada, 1, SIZE)), TicketError::Unavailable);
    scene.chain.answers = true;
    assert!(matches!(scene.send(&ada, 1, SIZE), Judgement::Paid(_)));
    let early = Judge::new(payee(), RUN);
    early.turn(Now {
        period: PERIOD,
        blocks: 1,
    });
    let bytes = envelope(1, &ada.ticket(PERIOD, SIZE).encode());
    let view = EnvelopeView::parse(&bytes).unwrap();
    let (judgement, _) = early.judge(&scene.chain, &ada.name, &view, false);
    assert_eq!(refusal(judgement), TicketError::Unavailable);
}

#[test]
fn another_seed_draws_anew_and_sums_stay() {
    let ada = Person::drawn(true, PERIOD, 0);
    let scene = Scene::with(&[&ada]);
    assert!(matches!(scene.send(&ada, 1, SIZE), Judgement::Paid(_)));
    let without = Setting {
        roster: setting().roster[5..].to_vec(),
        ..setting()
    };
    scene.judge.set(PERIOD, without);
    assert_eq!(
        refusal(scene.send(&ada, 2, 2 * SIZE)),
        TicketError::NotIngress
    );
    scene.judge.set(PERIOD, setting());
    let again = refusal(scene.send(&ada, 2, SIZE));
    assert!(matches!(again, TicketError::TooFew { .. }), "{again}");
    assert!(matches!(scene.send(&ada, 2, 2 * SIZE), Judgement::Paid(_)));
}
