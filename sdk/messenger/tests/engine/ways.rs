//! R1 and P1: by which relays messages go, and whom they pay. Of six relays, at places 0 to 5, those at 1, 3 and 5 are ingress
//! relays; Anna's device has the number 1 and begins at the second of them.

use super::*;

fn room() -> Room {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room
}

fn relays(ways: &[(RelayId, Option<Ticket>)]) -> BTreeSet<RelayId> {
    ways.iter().map(|(relay, _)| *relay).collect()
}

#[test]
fn everything_goes_by_one_ingress_relay_and_its_tickets_add_up() {
    let mut room = room();
    for n in 0..5 {
        room.say(0, BEN, &format!("text {n}"));
        room.pass(500);
    }
    let ways = room.ways(0);
    assert!(ways.len() >= 5);
    assert_eq!(relays(&ways), [relay(3)].into());
    let mut before = 0;
    for (_, ticket) in ways {
        let ticket = ticket.unwrap();
        assert!(ticket.bytes >= before + 512);
        before = ticket.bytes;
    }
}

#[test]
fn when_it_is_silent_the_next_one_takes_its_place() {
    let mut room = room();
    room.say(0, BEN, "first");
    room.pass(200);
    let first = room.ways(0);
    room.silent_at.insert(relay(3));
    room.say(0, BEN, "second");
    room.pass(limits::PATIENCE + 100);
    assert_eq!(room.texts(1, ANNA), ["first", "second"]);
    let ways = room.ways(0);
    let [(silent, _), (next, Some(ticket))] = ways.get(..2).unwrap() else {
        panic!("{ways:?}");
    };
    assert_eq!((*silent, *next), (relay(3), relay(5)));
    // Each relay is paid for what went by it.
    assert!(ticket.bytes < first.last().unwrap().1.as_ref().unwrap().bytes + 512);
    room.silent_at.clear();
    room.pass(limits::AVOID + 100);
    room.ways(0);
    room.say(0, BEN, "third");
    room.pass(500);
    assert_eq!(relays(&room.ways(0)), [relay(5)].into());
}

#[test]
fn when_all_are_silent_the_recipients_relays_take_it_unpaid() {
    let mut room = room();
    room.silent_at.extend([1, 3, 5].map(relay));
    room.ways(0);
    room.say(0, BEN, "hello");
    room.pass(4 * limits::PATIENCE);
    assert_eq!(room.texts(1, ANNA), ["hello"]);
    for (relay, ticket) in room.ways(0) {
        assert_eq!(ticket.is_some(), room.ingress.contains(&relay));
    }
}

/// The allowance at one relay is a third of the whole: two others have the rest.
#[test]
fn an_ingress_relay_that_takes_no_more_sends_nobody_away() {
    let mut room = room();
    let reasons = [
        Reason::AllowanceUsedUp,
        Reason::TooFast,
        Reason::BadTicket,
        Reason::AllowanceUsedUp,
    ];
    let mut expected = Vec::new();
    // The fourth time nobody takes more, and the recipient's own relays do.
    for (n, reason) in reasons.into_iter().enumerate() {
        room.ways(0);
        let text = format!("text {n}");
        room.say(0, BEN, &text);
        room.pass(300);
        expected.push(text);
        assert_eq!(room.texts(1, ANNA), expected);
        let ways = room.ways(0);
        let used = ways.last().unwrap();
        assert_eq!(used.1.is_some(), n < 3, "{n}: {ways:?}");
        room.refuse_at.insert(used.0, (reason, 60_000));
    }
    let refused: BTreeSet<RelayId> = room.refuse_at.keys().copied().collect();
    assert!(room.ingress.iter().all(|relay| refused.contains(relay)));
    // The next period has new allowances.
    room.refuse_at.clear();
    room.begin_period(8, &[1, 3, 5]);
    room.settle();
    room.ways(0);
    room.say(0, BEN, "text 4");
    room.pass(300);
    let ways = room.ways(0);
    assert!(ways.iter().all(|(_, ticket)| {
        let period = ticket.as_ref().map(|ticket| ticket.period);
        period == Some(8)
    }));
}

#[test]
fn an_answer_of_the_period_before_counts_and_what_is_new_goes_by_new_relays() {
    let mut room = room();
    room.say(0, BEN, "before");
    room.pass(200);
    room.ways(0);
    room.holds = true;
    room.say(0, BEN, "in flight");
    room.settle();
    assert_eq!(relays(&room.ways(0)), [relay(3)].into());
    room.begin_period(8, &[0, 2, 4]);
    room.settle();
    let id = room.say(0, BEN, "after");
    room.settle();
    let ways = room.ways(0);
    let [(new, Some(ticket))] = &ways[..] else {
        panic!("{ways:?}");
    };
    assert_eq!((*new, ticket.period), (relay(2), 8));
    room.release();
    room.pass(100);
    assert_eq!(room.texts(1, ANNA), ["before", "in flight", "after"]);
    assert_eq!(room.entry(0, BEN, &id).status.accepted, Some(3));
    // Nothing was sent once more.
    assert!(room.ways(0).is_empty());
}

#[test]
fn a_message_counts_once_in_each_period_in_which_it_is_sent() {
    let mut room = room();
    room.say(0, BEN, "before");
    room.pass(200);
    room.ingress = vec![relay(3)];
    room.begin_period(8, &[3]);
    room.ways(0);
    room.silent = true;
    room.say(0, BEN, "hello");
    let mut bytes = Vec::new();
    for period in [8, 9] {
        room.pass(20_000);
        let ways = room.ways(0);
        let tickets: Vec<&Ticket> = ways.iter().filter_map(|(_, it)| it.as_ref()).collect();
        assert!(tickets.len() >= 2, "{ways:?}");
        assert!(tickets.iter().all(|ticket| ticket.period == period));
        bytes.extend(tickets.iter().map(|ticket| ticket.bytes));
        room.begin_period(period + 1, &[3]);
    }
    assert!(bytes[0] >= 512);
    assert!(bytes.iter().all(|it| *it == bytes[0]));
}
