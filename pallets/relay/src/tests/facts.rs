//! What other pallets are told.

use frame_support::{assert_ok, traits::Hooks};
use parlance_primitives::{
    accounts::{Load, NetworkLoad, Resource},
    traits::ServiceFacts,
};
use sp_runtime::Perbill;

use super::{mock::*, world::*};

fn relayed(node: &Node) -> Option<Perbill> {
    <Relays as ServiceFacts<_>>::relayed(&node.id)
}

#[test]
fn the_load_is_what_the_roster_can_carry_and_what_was_proven_yesterday() {
    run(|| {
        assert_eq!(Relays::load(Resource::Relayed), Load::default());
        let (nodes, people) = town(6, 40);
        let capacity = 6 * GIBIBYTE * u64::from(DAY);
        assert_eq!(Relays::load(Resource::Relayed), Load { capacity, used: 0 });
        let (mut node, book, period) = one_period(&nodes, &people);
        let (sent, _) = book.sums();
        assert_ok!(node.claims(book));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        assert_eq!(Relays::load(Resource::Relayed).used, 0, "today is not over");
        pass_to(DAY);
        assert_eq!(Relays::load(Resource::Relayed).used, sent);
        pass_to(2 * DAY);
        assert_eq!(Relays::load(Resource::Relayed).used, 0);
        assert_eq!(Relays::load(Resource::Mailbox), Load::default());
    });
}

#[test]
fn who_asks_at_a_days_first_block_before_the_hook_is_told_of_the_day_that_ended() {
    run(|| {
        let (mut node, book, period) = {
            let (nodes, people) = town(6, 40);
            one_period(&nodes, &people)
        };
        let (sent, _) = book.sums();
        assert_ok!(node.claims(book));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        pass_to(DAY - 1);
        System::set_block_number(DAY * PERIOD);
        assert_eq!(Relays::load(Resource::Relayed).used, sent);
        Relays::on_initialize(DAY * PERIOD);
        assert_eq!(Relays::load(Resource::Relayed).used, sent);
    });
}

#[test]
fn bytes_that_do_not_count_are_use_of_the_network_as_well() {
    run(|| {
        // Everybody sends three times the cap, which the allowance lets them.
        let (node, _, period) = claimed(40, |node, people, period, book| {
            let whole = 10_000_000 * 4 / (3 * u64::from(DAY));
            assert!(usual_cap() * 3 < whole);
            for leaf in &mut book.tickets {
                let sender = people.iter().find(|one| one.id == leaf.sender).unwrap();
                *leaf = sender.ticket(&node.id, period, usual_cap() * 3);
                leaf.counted = usual_cap();
            }
        });
        let sent = node.kept[&period].tickets.root().bytes;
        pass_to_challenge();
        assert_ok!(node.opens(period));
        pass_to(DAY);
        assert_eq!(Relays::load(Resource::Relayed).used, sent * 3);
    });
    run(|| {
        // Nobody's word makes the network look full.
        let (node, _, period) = claimed(40, |node, people, period, book| {
            for leaf in &mut book.tickets {
                let sender = people.iter().find(|one| one.id == leaf.sender).unwrap();
                *leaf = sender.ticket(&node.id, period, u64::MAX);
                leaf.counted = usual_cap();
            }
        });
        let senders = node.kept[&period].tickets.leaves().len() as u64;
        pass_to_challenge();
        assert_ok!(node.opens(period));
        pass_to(DAY);
        let whole = 10_000_000 * 4 / (3 * u64::from(DAY));
        let used = Relays::load(Resource::Relayed).used;
        assert!(used <= senders * (whole + 1), "{used}");
    });
}

#[test]
fn service_is_a_part_of_the_best_relays() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let mut nodes: Vec<_> = nodes.into_iter().take(2).collect();
        let period = Relays::period();
        let books: Vec<_> = nodes
            .iter()
            .map(|node| node.serves(&people, &mut rng(1)))
            .collect();
        let counts: Vec<_> = books.iter().map(Book::counts).collect();
        pass_to(period + 1);
        for (node, book) in nodes.iter_mut().zip(books) {
            assert_ok!(node.claims(book));
        }
        pass_to_challenge();
        for node in &nodes {
            assert_ok!(node.opens(period));
        }
        assert_eq!(relayed(&nodes[0]), None, "there is no yesterday");
        pass_to(DAY);
        let best = *counts.iter().max().unwrap();
        for (node, count) in nodes.iter().zip(&counts) {
            assert_eq!(relayed(node), Some(Perbill::from_rational(*count, best)));
        }
        assert_eq!(relayed(&Node::of("stranger")), None);
        pass_to(2 * DAY);
        assert_eq!(relayed(&nodes[0]), None, "nobody relayed");
        assert_eq!(<Relays as ServiceFacts<_>>::stored(&nodes[0].id), None);
    });
}
