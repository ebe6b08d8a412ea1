//! What is left out, or done together, while there is much to do (G9, Y5).

mod common;

use common::{OTHER, SENDER, disk::Disk, envelope, list, owner, place};
use parlance_bimp::{
    Account, Answer, Content, Key, List, Range, Reconcile, RelayId, Request, Stored,
};
use parlance_relay_core::{
    Asker, Clock, Config, Effect, Input, Relay, Storage, Who, relay::reconcile::PARTS,
};

const NEIGHBOUR: u64 = 70;

/// One relay of five; the others are played.
struct One {
    relay: Relay,
    disk: Disk,
    clock: Clock,
}

impl One {
    fn new() -> Self {
        let clock = Clock {
            steady: 10_000,
            wall: 1_700_000_000_000,
        };
        let disk = Disk::new(false);
        let mut relay = Relay::start(place(0), Config::default(), clock, &list(5), &disk).unwrap();
        let who = Who::Device {
            account: Account([9; 32]),
            device: 0,
            mailboxes: Vec::new(),
            owner: owner(&[0]),
        };
        let connection = SENDER;
        relay.handle(clock, Input::Opened { connection, who });
        let (connection, who) = (NEIGHBOUR, Who::Relay(place(1)));
        relay.handle(clock, Input::Opened { connection, who });
        Self { relay, disk, clock }
    }

    fn input(&mut self, input: Input) {
        self.relay.handle(self.clock, input);
        while let Some(batch) = self.relay.flush(&self.disk) {
            let (clock, result) = (self.clock, self.disk.commit_durable(&batch));
            let committed = self
                .relay
                .committed(clock, batch.number, result, &self.disk);
            committed.unwrap();
        }
    }

    fn send(&mut self, text: u8) -> Key {
        let (request, key) = envelope(OTHER, text);
        let from = Asker {
            connection: SENDER,
            request: text.into(),
        };
        self.input(Input::Request { from, request });
        key
    }

    fn stored(&mut self, relay: RelayId, keys: &[Key]) {
        let answer = Answer::Replicate(Stored {
            stored: List::new(keys.to_vec()).unwrap(),
            refused: List::default(),
        });
        self.input(Input::Answered { relay, answer });
    }

    /// How many entries went to whom since the last look, request by request.
    fn asked(&mut self) -> Vec<(RelayId, usize)> {
        let effects = std::iter::from_fn(|| self.relay.next_effect());
        effects
            .filter_map(|effect| match effect {
                Effect::Ask {
                    relay,
                    request: Request::Replicate(entries),
                } => Some((relay, entries.entries.as_slice().len())),
                _ => None,
            })
            .collect()
    }

    /// Into how many parts it cuts everything for a neighbour that has nothing.
    fn parts(&mut self) -> usize {
        let everything = Range {
            from: Key::FIRST,
            to: None,
            content: Content::Fingerprint {
                count: 0,
                fingerprint: [0; 16],
            },
        };
        let from = Asker {
            connection: NEIGHBOUR,
            request: 1,
        };
        let request = Request::Reconcile(Reconcile {
            ranges: List::new(vec![everything]).unwrap(),
            want: List::default(),
        });
        self.input(Input::Request { from, request });
        let effects = std::iter::from_fn(|| self.relay.next_effect());
        let answer = effects.filter_map(|effect| match effect {
            Effect::Answer {
                to,
                answer: Answer::Reconcile(answer),
            } if to == from => Some(answer.ranges.as_slice().len()),
            _ => None,
        });
        answer.last().unwrap()
    }

    fn others(entries: usize) -> Vec<(RelayId, usize)> {
        (1..5).map(|n| (place(n), entries)).collect()
    }
}

#[test]
fn what_comes_while_a_relay_is_busy_goes_to_it_together() {
    let mut one = One::new();
    let busy = Config::default().limits.requests as u8;
    let mut keys = Vec::new();
    // A relay that has time gets each at once.
    for text in 0..busy {
        keys.push(one.send(text));
        assert_eq!(one.asked(), One::others(1));
    }
    for text in busy..busy + 8 {
        keys.push(one.send(text));
        assert!(one.asked().is_empty());
    }
    one.stored(place(3), &keys[..1]);
    assert_eq!(one.asked(), [(place(3), 8)]);
    // As many requests are on their way as before.
    one.send(100);
    assert!(one.asked().is_empty());
}

#[test]
fn what_a_relay_has_not_answered_is_not_sent_again_as_long_as_it_answers_something() {
    let mut one = One::new();
    let (timings, busy) = (
        Config::default().timings,
        Config::default().limits.requests as u8,
    );
    let keys: Vec<Key> = (0..busy + 8).map(|text| one.send(text)).collect();
    one.asked();
    one.clock.steady += timings.retry / 2;
    for n in 1..5 {
        one.stored(place(n), &keys[..1]);
    }
    assert_eq!(one.asked(), One::others(8));
    one.clock.steady += timings.retry / 2;
    one.input(Input::Tick);
    assert!(one.asked().is_empty());
    // They have been silent for longer than an answer may take: everything but the first.
    one.clock.steady += timings.retry;
    one.input(Input::Tick);
    assert_eq!(one.asked(), One::others(keys.len() - 1));
}

#[test]
fn who_is_back_is_asked_for_everything_that_it_has_not_confirmed() {
    let mut one = One::new();
    let (timings, relay) = (Config::default().timings, place(2));
    let keys: Vec<Key> = (0..4).map(|text| one.send(text)).collect();
    one.stored(relay, &keys[..1]);
    one.asked();
    one.input(Input::Unreachable { relay });
    one.clock.steady += timings.retry;
    one.input(Input::Tick);
    assert!(one.asked().iter().all(|(to, _)| *to != relay));
    // Its answer to a probe.
    one.stored(relay, &[]);
    one.clock.steady += timings.retry;
    one.input(Input::Tick);
    let to_it: Vec<usize> = one
        .asked()
        .iter()
        .filter(|it| it.0 == relay)
        .map(|it| it.1)
        .collect();
    assert_eq!(to_it, [3]);
}

#[test]
fn a_mailbox_that_changes_all_the_time_is_cut_seldom() {
    let mut one = One::new();
    let every = Config::default().timings.reconcile;
    for text in 0..200 {
        one.send(text);
    }
    one.clock.steady += every - 1;
    assert_eq!(one.parts(), 0);
    // It is quiet.
    one.clock.steady += 1;
    assert_eq!(one.parts(), PARTS);
    let (mut cut, mut looks) = (0, 0);
    for text in 200..=255 {
        one.send(text);
        one.clock.steady += every / 2;
        cut += usize::from(one.parts() > 0);
        looks += 1;
    }
    // Half of the time between two reconciliations lies between two looks.
    assert_eq!((looks, cut), (56, 2));
}
