//! Trees, and openings of every kind.

use super::*;
use codec::Compact;
use proptest::prelude::*;

type Tickets = Tree<TicketLeaf<AccountId>>;

fn tree(leaves: u32) -> Tickets {
    let leaf = |n: u32| ticket(n, 1 + number(5, n.into()) % 100_000);
    Tree::new((0..leaves).map(leaf).collect()).unwrap()
}

fn drawn(seed: u8, root: &Root) -> [u64; DRAWS] {
    positions(&[seed; 32], 4, &account(0), Side::Tickets, root)
}

fn read(
    root: &Root,
    drawn: &[u64],
    bytes: &[u8],
) -> Result<Vec<Opened<TicketLeaf<AccountId>>>, Malformed> {
    let mut rest = bytes;
    let opened = verify(root, drawn, &mut rest)?;
    if rest.is_empty() {
        Ok(opened)
    } else {
        Err(Malformed::LeftOver)
    }
}

#[test]
fn what_is_opened_is_what_covers_the_positions() {
    for leaves in [1, 2, 3, 7, 100, 1_000] {
        let tree = tree(leaves);
        let root = tree.root();
        for seed in 0..10 {
            let drawn = drawn(seed, &root);
            let opened = read(&root, &drawn, &tree.open(&drawn)).unwrap();
            let draws: u32 = opened.iter().map(|one| one.draws).sum();
            assert_eq!(draws as usize, DRAWS);
            let mut covered = Vec::new();
            for position in drawn {
                let mut end = 0;
                let leaf = tree.leaves().iter().find(|leaf| {
                    end += leaf.counted;
                    position < end
                });
                covered.push(leaf.unwrap().clone());
            }
            covered.dedup();
            let leaves: Vec<_> = opened.iter().map(|one| one.leaf.clone()).collect();
            assert_eq!(leaves, covered);
            for one in opened {
                assert!(one.in_place);
                assert_eq!(one.bytes, one.leaf.counted);
            }
        }
    }
}

#[test]
fn draws_follow_bytes() {
    // One sender with as many bytes as all others together is drawn half of the time.
    let mut leaves: Vec<_> = (0..100).map(|n| ticket(n, 1_000)).collect();
    leaves.push(ticket(1_000, 100_000));
    let tree = Tree::new(leaves).unwrap();
    let root = tree.root();
    let mut large = 0;
    for seed in 0..250 {
        let drawn = drawn(seed, &root);
        for one in read(&root, &drawn, &tree.open(&drawn)).unwrap() {
            if one.leaf.sender == account(1_000) {
                large += one.draws;
            }
        }
    }
    // Expected 1,000 of 2,000, with a standard deviation of 22.
    assert!((880..=1_120).contains(&large), "{large}");
}

#[test]
fn a_root_depends_on_every_leaf_and_not_on_their_order() {
    let leaves: Vec<_> = (0..50).map(|n| ticket(n, 100)).collect();
    let root = Tree::new(leaves.clone()).unwrap().root();
    let mut turned = leaves.clone();
    turned.reverse();
    assert_eq!(Tree::new(turned).unwrap().root(), root);
    for changed in 0..50 {
        let mut other = leaves.clone();
        other[changed].bytes += 1;
        assert_ne!(Tree::new(other).unwrap().root().hash, root.hash);
        let mut fewer = leaves.clone();
        fewer.remove(changed);
        assert_ne!(Tree::new(fewer).unwrap().root().hash, root.hash);
    }
}

#[test]
fn tickets_and_receipts_never_hash_alike() {
    // Even where the bytes are the same.
    let bytes = ticket(1, 5).encode();
    assert_ne!(
        NodeHash::of(&[TicketLeaf::<AccountId>::DOMAIN, &bytes].concat()),
        NodeHash::of(&[ReceiptLeaf::<AccountId>::DOMAIN, &bytes].concat())
    );
}

#[test]
fn one_account_has_one_leaf() {
    let twice = vec![ticket(1, 5), ticket(2, 5), ticket(1, 9)];
    assert!(matches!(Tree::new(twice), Err(TreeError::TooClose(_))));
}

#[test]
fn leaves_that_make_no_tree_are_named() {
    let nothing = vec![ticket(1, 5), ticket(2, 0)];
    assert_eq!(Tree::new(nothing).unwrap_err(), TreeError::CountsNothing(1));
    let much = vec![ticket(1, MAX_BYTES), ticket(2, 1)];
    assert_eq!(Tree::new(much).unwrap_err(), TreeError::TooMuch);
    assert!(Tree::new(vec![ticket(1, MAX_BYTES)]).is_ok());
    let empty = Tickets::new(Vec::new()).unwrap();
    assert_eq!(empty.root(), Root::default());
    assert!(empty.open(&[0; DRAWS]).is_empty());
    assert_eq!(
        read(&Root::default(), &[0; DRAWS], &[]),
        Err(Malformed::NoPosition)
    );
}

/// A leaf that is committed to where another account belongs, or for more than it counts: what a relay
/// that lies builds by hand.
fn lying(
    left: &TicketLeaf<AccountId>,
    right: &TicketLeaf<AccountId>,
    sums: (u64, u64),
) -> (Root, Vec<u8>) {
    let part = |leaf: &TicketLeaf<AccountId>, bytes| Root {
        hash: leaf.hash(),
        bytes,
    };
    let (left_part, right_part) = (part(left, sums.0), part(right, sums.1));
    let root = Root {
        hash: NodeHash::of_halves(&left_part, &right_part),
        bytes: sums.0 + sums.1,
    };
    let mut opening = Compact(sums.0 + 1).encode();
    for leaf in [left, right] {
        opening.extend(Compact(0u64).encode());
        opening.extend(leaf.encode());
    }
    (root, opening)
}

#[test]
fn a_leaf_at_two_places_is_out_of_place_at_one_of_them() {
    let one = ticket(1, 100);
    let (root, opening) = lying(&one, &one, (100, 100));
    let drawn = [10, 150];
    let opened = read(&root, &drawn, &opening).unwrap();
    let in_place: Vec<_> = opened.iter().map(|one| one.in_place).collect();
    assert!(in_place == [true, false] || in_place == [false, true]);
}

#[test]
fn a_leaf_that_stands_for_other_bytes_shows_it() {
    let on_the_left = |one: &TicketLeaf<AccountId>| one.place().leading_zeros() > 0;
    let left = (0..).map(|n| ticket(n, 100)).find(on_the_left).unwrap();
    let right = (0..)
        .map(|n| ticket(n, 7))
        .find(|one| !on_the_left(one))
        .unwrap();
    let (root, opening) = lying(&left, &right, (100, 1_000_000));
    let opened = read(&root, &[10, 150, 900_000], &opening).unwrap();
    assert!(opened.iter().all(|one| one.in_place));
    assert_eq!(opened[0].bytes, opened[0].leaf.counted);
    assert_eq!((opened[1].bytes, opened[1].leaf.counted), (1_000_000, 7));
    assert_eq!(opened[1].draws, 2);
}

#[test]
fn no_opening_is_of_a_sum_that_was_made_up() {
    let tree = tree(100);
    let honest = tree.root();
    let root = Root {
        bytes: honest.bytes * 2,
        ..honest
    };
    let drawn = drawn(1, &root);
    assert!(read(&root, &drawn, &tree.open(&drawn)).is_err());
    assert_eq!(
        read(
            &Root {
                bytes: MAX_BYTES + 1,
                ..honest
            },
            &[5],
            &tree.open(&[5])
        ),
        Err(Malformed::NoPosition)
    );
}

#[test]
fn a_deep_opening_is_refused_before_it_is_followed() {
    // All bytes on the left, again and again.
    let mut opening = Vec::new();
    for _ in 0..10_000 {
        opening.extend(Compact(100u64 + 1).encode());
    }
    let root = Root {
        hash: NodeHash::EMPTY,
        bytes: 100,
    };
    assert_eq!(read(&root, &[5], &opening), Err(Malformed::TooDeep));
    let more = Compact(102u64).encode();
    assert_eq!(read(&root, &[5], &more), Err(Malformed::SumsDisagree));
    assert_eq!(read(&root, &[], &more), Err(Malformed::NoPosition));
    assert_eq!(read(&root, &[9, 5], &more), Err(Malformed::NoPosition));
}

#[test]
fn every_changed_bit_and_every_cut_is_noticed() {
    let tree = tree(60);
    let root = tree.root();
    let drawn = drawn(3, &root);
    let opening = tree.open(&drawn);
    let honest = read(&root, &drawn, &opening).unwrap();
    for end in 0..opening.len() {
        assert!(read(&root, &drawn, &opening[..end]).is_err(), "{end} bytes");
    }
    for place in 0..opening.len() * 8 {
        let mut other = opening.clone();
        other[place / 8] ^= 1 << (place % 8);
        assert!(read(&root, &drawn, &other).is_err(), "bit {place}");
    }
    let longer = [opening.as_slice(), &[0]].concat();
    assert_eq!(read(&root, &drawn, &longer), Err(Malformed::LeftOver));
    assert_eq!(read(&root, &drawn, &opening), Ok(honest));
}

/// Both openings of a relay with so many senders and recipients, in bytes.
fn opening_size(leaves: u32, seed: u8) -> usize {
    let bytes = |n: u32| 2_000 + number(seed.into(), n.into()) % 40_000;
    let tickets = Tree::new((0..leaves).map(|n| ticket(n, bytes(n))).collect()).unwrap();
    let receipts = Tree::new((0..leaves).map(|n| receipt(leaves + n, bytes(n))).collect()).unwrap();
    let sizes = (0..25).map(|draw| {
        let seed = sp_crypto_hashing::blake2_256(&[seed, draw]);
        let draw = |side, root: &Root| positions(&seed, 4, &account(0), side, root);
        let sent = tickets.open(&draw(Side::Tickets, &tickets.root()));
        let received = receipts.open(&draw(Side::Receipts, &receipts.root()));
        sent.len() + received.len()
    });
    sizes.max().unwrap()
}

#[test]
fn openings_of_large_relays_are_within_the_bound() {
    let bound = MAX_OPENING as usize;
    for (leaves, most) in [
        (100, 4_000),
        (1_000, 5_500),
        (8_000, 7_000),
        (30_000, bound),
    ] {
        let size = opening_size(leaves, 1);
        println!("{leaves} senders and as many recipients: at most {size} bytes");
        assert!(size <= most, "{leaves} leaves: {size} bytes");
    }
}

proptest! {
    #[test]
    fn any_leaves_open_anywhere(
        bytes in prop::collection::vec(1u64..1 << 40, 1..80),
        places in prop::collection::vec(any::<u64>(), 1..20),
    ) {
        let leaves = (0u32..).zip(&bytes).map(|(n, bytes)| ticket(n, *bytes)).collect();
        let tree = Tree::new(leaves).unwrap();
        let root = tree.root();
        prop_assert_eq!(root.bytes, bytes.iter().sum::<u64>());
        let mut drawn: Vec<_> = places.iter().map(|place| place % root.bytes).collect();
        drawn.sort_unstable();
        let opened = read(&root, &drawn, &tree.open(&drawn)).unwrap();
        let draws: u32 = opened.iter().map(|one| one.draws).sum();
        prop_assert_eq!(draws as usize, drawn.len());
        for one in opened {
            prop_assert!(one.in_place && one.bytes == one.leaf.counted);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        sum in 1u64..=MAX_BYTES,
    ) {
        let root = Root { hash: NodeHash([1; HASH]), bytes: sum };
        let drawn = drawn(1, &root);
        prop_assert!(read(&root, &drawn, &bytes).is_err());
    }
}
