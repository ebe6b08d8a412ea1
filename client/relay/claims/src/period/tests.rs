use parlance_primitives::{
    accounts::DeviceId,
    relay::{Delivered, LatencyClass, MAX_OPENING, Side, positions, verify},
};
use proptest::prelude::*;
use sp_core::ed25519;

use super::*;

fn account(index: u32) -> AccountId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&index.to_le_bytes());
    AccountId::from(bytes)
}

fn ticket(index: u32, counted: u64) -> TicketLeaf<AccountId> {
    TicketLeaf {
        sender: account(index),
        device: DeviceId([1; 16]),
        counted,
        bytes: counted,
        latency: LatencyClass(1),
        signature: ed25519::Signature::from_raw([2; 64]),
    }
}

fn receipt(index: u32, counted: u64) -> ReceiptLeaf<AccountId> {
    ReceiptLeaf {
        recipient: account(index),
        device: DeviceId([1; 16]),
        counted,
        delivered: Delivered {
            mailbox_epoch: 0,
            direct: counted,
            fanned: 0,
            latency: LatencyClass(1),
        },
        signature: ed25519::Signature::from_raw([2; 64]),
    }
}

proptest! {
    /// A journal gives the same trees however often a process was killed over it, and they open.
    #[test]
    fn a_journal_gives_the_same_trees(
        sizes in proptest::collection::vec((0u32..40, 0u64..1 << 20), 0..120),
        left_out in proptest::collection::vec(0u32..40, 0..6),
        seed: [u8; 32],
    ) {
        let mut journal = Vec::new();
        for (index, size) in &sizes {
            journal.push(Record::Ticket(ticket(*index, *size)));
            journal.push(Record::Receipt(receipt(*index, size / 2)));
        }
        let out: Vec<AccountId> = left_out.iter().map(|index| account(*index)).collect();
        journal.push(Record::Sealed {
            senders: out.clone(),
            recipients: Vec::new(),
        });
        // After the seal nothing counts.
        journal.push(Record::Ticket(ticket(99, 1)));
        let one = Kept::replay(journal.clone()).unwrap();
        let other = Kept::replay(journal).unwrap();
        let (trees, again) = (one.sealed.unwrap(), other.sealed.unwrap());
        prop_assert_eq!(trees.roots(), again.roots());

        let mut last = BTreeMap::new();
        for (index, size) in sizes {
            last.insert(account(index), size);
        }
        let receipts: u64 = last.values().map(|size| size / 2).sum();
        last.retain(|who, _| !out.contains(who));
        let (tickets_root, receipts_root) = trees.roots();
        let tickets = last.values().sum::<u64>();
        prop_assert_eq!(tickets_root.bytes, tickets);
        // No more than tickets, but for what is left when it is shared out evenly.
        let few = tickets..tickets.saturating_add(40);
        prop_assert!(receipts_root.bytes == receipts || receipts > tickets && few.contains(&receipts_root.bytes));

        if tickets_root.bytes > 0 && receipts_root.bytes > 0 {
            let relay = account(7);
            let draw = |side, root: &Root| positions(&seed, 3, &relay, side, root);
            let challenge = Challenge {
                tickets: draw(Side::Tickets, &tickets_root),
                receipts: draw(Side::Receipts, &receipts_root),
            };
            let opening = again.open(&challenge);
            let mut rest = &opening[..];
            let opened = verify::<TicketLeaf<AccountId>>(&tickets_root, &challenge.tickets, &mut rest);
            prop_assert!(opened.unwrap().iter().all(|one| one.in_place));
            let opened = verify::<ReceiptLeaf<AccountId>>(&receipts_root, &challenge.receipts, &mut rest);
            prop_assert!(opened.unwrap().iter().all(|one| one.in_place));
            prop_assert!(rest.is_empty());
        }
    }
}

#[test]
fn of_a_crowd_the_largest_make_the_tree_and_its_opening_fits() {
    let all = MOST_LEAVES as u32 + 500;
    let mut kept = Kept::default();
    for index in 0..all {
        kept.tickets
            .insert(account(index), ticket(index, u64::from(index) + 1));
        kept.receipts
            .insert(account(index), receipt(index, u64::from(index) + 1));
    }
    kept.seal(&[], &[]).unwrap();
    let trees = kept.sealed.unwrap();
    assert_eq!(trees.tickets.leaves().len(), MOST_LEAVES);
    let (tickets, receipts) = trees.roots();
    let expected: u64 = (501..=u64::from(all)).sum();
    assert_eq!(tickets.bytes, expected);
    let relay = account(1);
    let challenge = Challenge {
        tickets: positions(&[3; 32], 1, &relay, Side::Tickets, &tickets),
        receipts: positions(&[3; 32], 1, &relay, Side::Receipts, &receipts),
    };
    assert!(trees.open(&challenge).len() <= MAX_OPENING as usize);
}

#[test]
fn a_sum_that_no_claim_may_have_is_cut() {
    let mut kept = Kept::default();
    for index in 0..4 {
        kept.tickets
            .insert(account(index), ticket(index, MAX_BYTES / 3));
    }
    kept.seal(&[], &[]).unwrap();
    let (tickets, receipts) = kept.sealed.unwrap().roots();
    assert_eq!(tickets.bytes, 3 * (MAX_BYTES / 3));
    assert_eq!(receipts, Root::default());
}

proptest! {
    /// C8: the sum is that of the tickets, or of all receipts; nobody counts more than it signed, and only the largest less,
    /// down to one level or a byte above it.
    #[test]
    fn receipts_are_cut_to_one_level(
        signed in proptest::collection::vec(1u64..1 << 61, 1..60),
        most in 0u64..1 << 50,
    ) {
        let mut leaves: Vec<_> = signed
            .iter()
            .zip(0u32..)
            .map(|(bytes, index)| receipt(index, *bytes))
            .collect();
        leaves = largest(leaves);
        cut(&mut leaves, most);
        let all: u128 = signed.iter().map(|bytes| u128::from(*bytes)).sum();
        let sum: u128 = leaves.iter().map(|leaf| u128::from(leaf.counted)).sum();
        let most = u128::from(most);
        prop_assert_eq!(sum, all.min(most));
        let highest = leaves.iter().map(|leaf| leaf.counted).max().unwrap();
        for leaf in &leaves {
            let uncut = leaf.counted == leaf.delivered.direct;
            prop_assert!(uncut || highest - leaf.counted <= 1);
        }
    }
}

/// C8: a recipient that signs for more than all others together decides neither how fast the relay was, nor, by
/// leaving, whether it is paid.
#[test]
fn a_recipient_that_signs_for_everything_is_one_of_many() {
    for boast in [1 << 40, MAX_BYTES, u64::MAX] {
        let mut kept = Kept::default();
        for index in 0..100 {
            kept.tickets.insert(account(index), ticket(index, 1_000));
            kept.receipts.insert(account(index), receipt(index, 1_000));
        }
        kept.receipts.insert(account(100), receipt(100, boast));
        kept.seal(&[], &[]).unwrap();
        let trees = kept.sealed.unwrap();
        let (tickets, receipts) = trees.roots();
        assert_eq!(tickets.bytes, 100_000);
        assert_eq!(receipts.bytes, 100_000);
        let all = trees.receipts.leaves();
        assert_eq!(all.len(), 101);
        let leaf = all.iter().find(|leaf| leaf.recipient == account(100));
        assert!(leaf.unwrap().counted <= 1_000);
    }
}

#[test]
fn less_than_before_is_no_news() {
    let mut kept = Kept::default();
    kept.tickets.insert(account(1), ticket(1, 10));
    let refused = Err(Refusal::NotMore { bytes: 10 });
    assert_eq!(kept.check_ticket(&account(1), 10), refused);
    assert_eq!(kept.check_ticket(&account(1), 11), Ok(()));
    assert_eq!(kept.check_ticket(&account(2), 1), Ok(()));
}
