//! Objects, variants with fields, options, type parameters and assets, run on a chain's side.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::interpret::compact;
use bitup_local::Outcome;
use support::{ALICE, BOB, Contract, built};

fn text(text: &str) -> Vec<u8> {
    [compact(text.len()), text.as_bytes().to_vec()].concat()
}

fn number(value: u64) -> [u8; 8] {
    value.to_le_bytes()
}

fn nothing_there() -> Outcome {
    Outcome::Undone(vec![0, 1, 6])
}

const OBJECTS: &str = include_str!("contracts/objects.bit");

fn point(x: u64, y: u64) -> Vec<u8> {
    [number(x), number(y)].concat()
}

#[test]
fn objects_are_made_changed_and_copied() {
    let mut objects = Contract::deploy(OBJECTS, &[]);
    assert_eq!(objects.done(BOB, "origin2", &[]), point(1, 2));
    objects.done(BOB, "shift", &[&number(4)]);
    objects.done(BOB, "setX", &[&number(9)]);
    assert_eq!(objects.done(BOB, "origin2", &[]), point(9, 6));
    let copies = [
        compact(4),
        point(1, 2),
        point(1, 2),
        point(22, 24),
        point(46, 0),
    ]
    .concat();
    assert_eq!(objects.done(BOB, "copies", &[&point(1, 2)]), copies);
    assert_eq!(objects.done(BOB, "boxed", &[&[5], &[6]]), [11]);
    let overflow = objects.call(BOB, 0, "boxed", &[&[250], &[6]]);
    assert_eq!(overflow, Outcome::Undone(vec![0, 1, 0]));
    let nested = [text("abab"), compact(1), point(6, 1), vec![1]].concat();
    assert_eq!(objects.done(BOB, "nested", &[&text("ab")]), nested);
    assert_eq!(
        objects.call(BOB, 0, "nested", &[&text("")]),
        nothing_there()
    );
}

#[test]
fn objects_in_storage_are_changed_where_they_lie() {
    let mut objects = Contract::deploy(OBJECTS, &[]);
    let one = 1_u32.to_le_bytes();
    assert_eq!(objects.call(BOB, 0, "path", &[&one]), nothing_there());
    assert_eq!(objects.call(BOB, 0, "shut", &[&one]), nothing_there());
    objects.done(BOB, "begin", &[&one, &text("way")]);
    objects.done(BOB, "extend", &[&one, &point(3, 4)]);
    objects.done(BOB, "shut", &[&one]);
    let path = [text("way"), compact(2), point(0, 0), point(3, 4), vec![0]].concat();
    assert_eq!(objects.done(BOB, "path", &[&one]), path);
    assert_eq!(objects.done(BOB, "long", &[&one]), number(7));
    assert_eq!(objects.done(BOB, "nameOf", &[&one]), text("way"));
    objects.done(BOB, "begin", &[&one, &text("")]);
    let empty = [text("nameless"), compact(0), vec![1]].concat();
    assert_eq!(objects.done(BOB, "path", &[&one]), empty);
    objects.done(BOB, "walk", &[&point(1, 2)]);
    let zero = 0_u32.to_le_bytes();
    assert_eq!(objects.done(BOB, "step", &[&zero]), number(6));
    assert_eq!(objects.done(BOB, "trailAt", &[&zero]), number(2));
    assert_eq!(objects.call(BOB, 0, "step", &[&one]), nothing_there());
}

const VARIANTS: &str = include_str!("contracts/variants.bit");

#[test]
fn variants_have_fields_and_are_matched() {
    let mut variants = Contract::deploy(VARIANTS, &[]);
    let one = 1_u32.to_le_bytes();
    let price = 70_u128.to_le_bytes();
    assert_eq!(variants.call(BOB, 0, "offer", &[&one]), nothing_there());
    variants.done(ALICE, "open", &[&one, &price]);
    let open = [&[0][..], &price].concat();
    assert_eq!(variants.done(BOB, "offer", &[&one]), open);
    assert_eq!(variants.done(BOB, "lastOr", &[&ALICE]), ALICE);
    variants.done(BOB, "buy", &[&one, &text("thanks")]);
    let sold = [&[1][..], &BOB, &price, &text("thanks")].concat();
    assert_eq!(variants.done(BOB, "offer", &[&one]), sold);
    assert_eq!(variants.done(BOB, "lastOr", &[&ALICE]), BOB);
    assert_eq!(variants.done(BOB, "isLast", &[&BOB]), [1]);
    assert_eq!(variants.done(BOB, "isLast", &[&ALICE]), [0]);
    let event = [&sold[..], &[1], &BOB].concat();
    assert_eq!(variants.chain.state.events[0].data, event);
    let again = variants.call(BOB, 0, "buy", &[&one, &text("")]);
    assert_eq!(again, Outcome::Undone([&[0, 1, 9][..], &sold].concat()));
    let some = [&[1][..], &price].concat();
    assert_eq!(variants.done(BOB, "priceOf", &[&sold]), some);
    assert_eq!(variants.done(BOB, "priceOf", &[&[2]]), [0]);
    assert_eq!(variants.done(BOB, "noteOf", &[&sold]), text("thanks"));
    assert_eq!(variants.done(BOB, "noteOf", &[&open]), text("none"));
    assert_eq!(variants.done(BOB, "same", &[&sold, &sold]), [1]);
    assert_eq!(variants.done(BOB, "same", &[&sold, &open]), [0]);
    let malformed = Outcome::Undone(vec![1, 1]);
    assert_eq!(variants.call(BOB, 0, "priceOf", &[&[3]]), malformed);
    assert_eq!(variants.call(BOB, 0, "priceOf", &[&sold[..40]]), malformed);
}

#[test]
fn options_are_there_or_not() {
    let mut variants = Contract::deploy(VARIANTS, &[]);
    let one = 1_u32.to_le_bytes();
    assert_eq!(variants.done(BOB, "flagOf", &[&one]), [0]);
    for (value, known) in [(0, 1), (1, 2)] {
        variants.done(BOB, "flag", &[&one, &[value]]);
        assert_eq!(variants.done(BOB, "flagOf", &[&one]), [known]);
    }
    let some = [&[1][..], &text("x")].concat();
    assert_eq!(variants.done(BOB, "stays", &[&some]), text("x-"));
    assert_eq!(variants.done(BOB, "stays", &[&[0]]), text("new"));
    let (two, three) = (2_u16.to_le_bytes(), 3_u16.to_le_bytes());
    assert_eq!(variants.done(BOB, "pair", &[&two, &two]), [0, 2, 0]);
    assert_eq!(variants.done(BOB, "pair", &[&two, &three]), [1, 2, 0, 3, 0]);
}

const GENERIC: &str = include_str!("contracts/generic.bit");

#[test]
fn functions_are_made_for_each_type_that_they_are_called_with() {
    let mut generic = Contract::deploy(GENERIC, &[]);
    let bytes = [&compact(3)[..], &[3, 200, 7]].concat();
    let numbers = |list: &[i64]| {
        let items = list.iter().flat_map(|one| one.to_le_bytes());
        compact(list.len())
            .into_iter()
            .chain(items)
            .collect::<Vec<u8>>()
    };
    let most =
        |generic: &mut Contract, list: &[i64]| generic.done(BOB, "most", &[&bytes, &numbers(list)]);
    assert_eq!(most(&mut generic, &[-9, -3]), 197_i64.to_le_bytes());
    assert_eq!(most(&mut generic, &[-9]), 195_i64.to_le_bytes());
    let list = [compact(2), vec![7, 0, 0, 0, 9, 0, 0, 0]].concat();
    let of = |generic: &mut Contract, wanted: u32| {
        generic.done(BOB, "of", &[&list, &wanted.to_le_bytes()])
    };
    assert_eq!(of(&mut generic, 9), [1, 1, 0, 0, 0]);
    assert_eq!(of(&mut generic, 8), [0]);
    let some = [&[1][..], &ALICE].concat();
    assert_eq!(generic.done(BOB, "pick", &[&some, &BOB]), ALICE);
    assert_eq!(generic.done(BOB, "pick", &[&[0], &BOB]), BOB);
    assert_eq!(
        generic.done(BOB, "pairs", &[&[1], &number(2)]),
        4_u32.to_le_bytes()
    );
}

const TICKETS: &str = include_str!("contracts/tickets.bit");

#[test]
fn an_asset_is_in_one_place() {
    let mut theatre = Contract::deploy(TICKETS, &[]);
    let there = |number: u8| Outcome::Undone(vec![0, 1, number]);
    assert_eq!(theatre.call(ALICE, 0, "enter", &[]), there(6));
    theatre.done(ALICE, "book", &[&text("front")]);
    // Nobody holds two: the first one would be lost.
    assert_eq!(theatre.call(ALICE, 0, "book", &[&text("")]), there(8));
    assert_eq!(theatre.done(BOB, "seatOf", &[&ALICE]), 1_u32.to_le_bytes());
    theatre.done(ALICE, "give", &[&BOB]);
    assert_eq!(theatre.done(BOB, "has", &[&ALICE]), [0]);
    assert_eq!(theatre.done(BOB, "seatOf", &[&BOB]), 1_u32.to_le_bytes());
    assert_eq!(theatre.call(ALICE, 0, "give", &[&BOB]), there(6));
    theatre.done(ALICE, "book", &[&text("")]);
    assert_eq!(theatre.call(ALICE, 0, "give", &[&BOB]), there(8));
    theatre.done(BOB, "enter", &[]);
    assert_eq!(theatre.done(BOB, "has", &[&BOB]), [0]);
    assert_eq!(
        theatre.done(ALICE, "has", &[&ALICE]),
        [1],
        "what failed was undone"
    );
}

#[test]
fn metadata_says_what_parts_there_are() {
    support::snapshot("tests/snapshots/variants.json", &built(VARIANTS).metadata);
    support::snapshot("tests/snapshots/objects.json", &built(OBJECTS).metadata);
}
