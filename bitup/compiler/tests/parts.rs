//! Texts, bytes, arrays, objects, variants with fields and options, run on a chain's side.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{Code, Source, build, interpret::compact};
use bitup_local::Outcome;
use support::{ALICE, BOB, Contract};

/// A text or bytes as they are passed.
fn text(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    [compact(bytes.as_ref().len()), bytes.as_ref().to_vec()].concat()
}

fn list(items: &[u64]) -> Vec<u8> {
    let bytes = items.iter().flat_map(|item| item.to_le_bytes());
    compact(items.len()).into_iter().chain(bytes).collect()
}

fn place(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

/// The error of the language that says that nothing is there.
fn nothing_there() -> Outcome {
    Outcome::Undone(vec![0, 1, 6])
}

const TEXTS: &str = include_str!("contracts/texts.bit");

#[test]
fn texts_are_stored_joined_cut_and_compared() {
    let mut texts = Contract::deploy(TEXTS, &[]);
    assert_eq!(texts.done(BOB, "get", &[]), text("first"));
    let long = "ä".repeat(20);
    texts.done(BOB, "set", &[&text(&long)]);
    assert_eq!(texts.done(BOB, "get", &[]), text(&long));
    let longer = "a".repeat(300);
    let refused = texts.call(BOB, 0, "set", &[&text(&longer)]);
    let error = [&[0, 1, 9][..], &text(&longer), &place(40)].concat();
    assert_eq!(refused, Outcome::Undone(error));
    assert_eq!(texts.done(BOB, "noteOf", &[&ALICE]), text(""));
    texts.done(ALICE, "note", &[&text(&longer)]);
    assert_eq!(texts.done(BOB, "noteOf", &[&ALICE]), text(&longer));
    texts.done(ALICE, "setAge", &[&text("bob"), &place(30)]);
    texts.done(ALICE, "setAge", &[&text(&longer), &place(31)]);
    assert_eq!(texts.done(BOB, "ageOf", &[&text("bob")]), place(30));
    assert_eq!(texts.done(BOB, "ageOf", &[&text(&longer)]), place(31));
    assert_eq!(texts.done(BOB, "known", &[&text("bo")]), [0]);
    assert_eq!(texts.done(BOB, "known", &[&text("bob")]), [1]);
    texts.done(ALICE, "keep", &[&text([1, 2]), &text([3; 100])]);
    assert_eq!(texts.done(BOB, "kept", &[&text([1, 2])]), text([3; 100]));
    assert_eq!(
        texts.done(BOB, "hello", &[&text("bob")]),
        text("hello, bob!")
    );
    assert_eq!(
        texts.done(BOB, "same", &[&text(&longer), &text(&longer)]),
        [1]
    );
    assert_eq!(texts.done(BOB, "same", &[&text("ab"), &text("ac")]), [0]);
    assert_eq!(texts.done(BOB, "differ", &[&text([0]), &text([0, 0])]), [1]);
}

#[test]
fn places_in_texts_and_bytes_are_checked() {
    let mut texts = Contract::deploy(TEXTS, &[]);
    let mut part = |value: &str, from: u32, to: u32| {
        texts.call(BOB, 0, "part", &[&text(value), &place(from), &place(to)])
    };
    let done = |value: &str| Outcome::Done([vec![0, 0], text(value)].concat());
    assert_eq!(part("hello", 1, 3), done("el"));
    assert_eq!(part("hello", 0, 5), done("hello"));
    assert_eq!(part("hello", 5, 5), done(""));
    assert_eq!(part("hello", 2, 1), nothing_there());
    assert_eq!(part("hello", 2, 6), nothing_there());
    // No text is cut in the middle of a character.
    assert_eq!(part("aéb", 1, 3), done("é"));
    assert_eq!(part("aéb", 1, 2), nothing_there());
    assert_eq!(part("aéb", 2, 3), nothing_there());
    assert_eq!(
        texts.done(BOB, "cut", &[&text("aéb"), &place(2), &place(4)]),
        text([0xa9, b'b'])
    );
    assert_eq!(texts.done(BOB, "byte", &[&text([5, 6]), &place(1)]), [6]);
    let beyond = texts.call(BOB, 0, "byte", &[&text([5, 6]), &place(2)]);
    assert_eq!(beyond, nothing_there());
    assert_eq!(
        texts.done(BOB, "sum", &[&text([200, 100])]),
        300_u64.to_le_bytes()
    );
    // A change to a copy changes nothing else, a literal least of all.
    assert_eq!(
        texts.done(BOB, "changed", &[&text([1, 2])]),
        text([7, 2, 1, 2])
    );
    assert_eq!(texts.call(BOB, 0, "changed", &[&text("")]), nothing_there());
    for _ in 0..2 {
        assert_eq!(texts.done(BOB, "constant", &[]), text([9, 2, 1, 2]));
    }
    let hash = bitup_compiler::metadata::blake2_256(b"abc");
    assert_eq!(texts.done(BOB, "hashed", &[&text("abc")]), hash);
}

#[test]
fn input_that_is_no_text_is_refused() {
    let mut texts = Contract::deploy(TEXTS, &[]);
    let malformed = Outcome::Undone(vec![1, 1]);
    let wrong: &[&[u8]] = &[
        // No length, fewer bytes than the length says, a length that takes more bytes than it needs, one that is too long.
        &[],
        &[8, b'a'],
        &[1 | (1 << 2), 0, b'a'],
        &[3, 1, 0, 0, 0, b'a'],
        &[0xfe, 0xff, 0xff, 0xff],
        // A byte in the middle of a character, a character that ends too early, one written too long, half of a pair, one
        // beyond the last.
        &[4, 0x80],
        &[4, 0xc3],
        &[8, 0xc0, 0x80],
        &[12, 0xe0, 0x80, 0x80],
        &[12, 0xed, 0xa0, 0x80],
        &[16, 0xf0, 0x80, 0x80, 0x80],
        &[16, 0xf4, 0x90, 0x80, 0x80],
        &[4, 0xff],
        &[12, 0xe2, 0x82, b'a'],
    ];
    for bytes in wrong {
        assert_eq!(texts.call(BOB, 0, "set", &[bytes]), malformed, "{bytes:?}");
    }
    for right in [
        "",
        "a",
        "é",
        "€",
        "🜁",
        "\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
        "퟿",
    ] {
        texts.done(BOB, "set", &[&text(right)]);
        assert_eq!(texts.done(BOB, "get", &[]), text(right));
    }
}

#[test]
fn a_long_topic_is_its_hash_and_a_short_one_itself() {
    let mut texts = Contract::deploy(TEXTS, &[]);
    let long = "x".repeat(40);
    for what in ["hi", &long] {
        texts.done(BOB, "say", &[&text(what)]);
    }
    let events = &texts.chain.state.events;
    let mut short = text("hi");
    short.resize(32, 0);
    assert_eq!(events[0].topics[33..65], short);
    let hash = bitup_compiler::metadata::blake2_256(&text(&long));
    assert_eq!(events[1].topics[33..65], hash);
    let name = bitup_compiler::metadata::blake2_256(b"Said(String,AccountId,Vec<u8>)");
    assert_eq!(events[0].topics[1..33], name);
    let data = [text(&long), BOB.to_vec(), text([0, 0xff])].concat();
    assert_eq!(events[1].data, data);
}

const LISTS: &str = include_str!("contracts/lists.bit");

#[test]
fn arrays_in_memory_grow_and_are_copied() {
    let mut lists = Contract::deploy(LISTS, &[]);
    let number = |value: u64| value.to_le_bytes();
    assert_eq!(lists.done(BOB, "sum", &[&list(&[1, 13, 5])]), number(6));
    assert_eq!(lists.done(BOB, "sum", &[&list(&[1, 99, 5])]), number(1));
    let evens: Vec<u64> = (0..100).step_by(2).collect();
    assert_eq!(lists.done(BOB, "evens", &[&number(100)]), list(&evens));
    assert_eq!(
        lists.done(BOB, "backwards", &[&list(&[1, 2, 3])]),
        list(&[3, 2, 1])
    );
    assert_eq!(lists.done(BOB, "backwards", &[&list(&[])]), list(&[]));
    let arguments: &[&[u8]] = &[&list(&[4, 5, 6]), &place(0), &place(2)];
    assert_eq!(lists.done(BOB, "swapped", arguments), list(&[6, 5, 4]));
    let twice = [compact(2), list(&[1, 2]), list(&[2, 2, 5])].concat();
    assert_eq!(lists.done(BOB, "twice", &[&list(&[1, 2])]), twice);
    let row: Vec<u8> = [4_u64, 5, 6]
        .iter()
        .flat_map(|one| one.to_le_bytes())
        .collect();
    assert_eq!(lists.done(BOB, "third", &[&row, &place(2)]), number(6));
    assert_eq!(
        lists.call(BOB, 0, "third", &[&row, &place(3)]),
        nothing_there()
    );
    let seven: Vec<u8> = [7_u64, 1, 9]
        .iter()
        .flat_map(|one| one.to_le_bytes())
        .collect();
    assert_eq!(lists.done(BOB, "row", &[]), seven);
    let names = |names: &[&str]| {
        let all = names.iter().flat_map(text);
        compact(names.len())
            .into_iter()
            .chain(all)
            .collect::<Vec<u8>>()
    };
    let (one, other) = (names(&["a", "bc"]), names(&["ab", "c"]));
    assert_eq!(lists.done(BOB, "same", &[&one, &one]), [1]);
    assert_eq!(lists.done(BOB, "same", &[&one, &other]), [0]);
    // More items than there are bytes for are refused before they take memory.
    let many = [vec![0xfe, 0xff, 0xff, 0xff], vec![0; 100]].concat();
    assert_eq!(
        lists.call(BOB, 0, "sum", &[&many]),
        Outcome::Undone(vec![1, 1])
    );
}

#[test]
fn arrays_in_storage_have_a_cell_for_each_item() {
    let mut lists = Contract::deploy(LISTS, &[]);
    let number = |value: u64| value.to_le_bytes();
    let cells = |lists: &Contract| lists.chain.state.storage.len();
    let before = cells(&lists);
    assert_eq!(lists.done(BOB, "length", &[]), place(0));
    assert_eq!(lists.call(BOB, 0, "pop", &[]), nothing_there());
    assert_eq!(lists.call(BOB, 0, "at", &[&place(0)]), nothing_there());
    for item in [5, 0, 7] {
        lists.done(BOB, "push", &[&number(item)]);
    }
    assert_eq!(cells(&lists), before + 4, "three items and the length");
    assert_eq!(lists.done(BOB, "whole", &[]), list(&[5, 0, 7]));
    assert_eq!(lists.done(BOB, "at", &[&place(1)]), number(0));
    assert_eq!(
        lists.call(BOB, 0, "set", &[&place(3), &number(1)]),
        nothing_there()
    );
    lists.done(BOB, "set", &[&place(1), &number(6)]);
    lists.done(BOB, "add", &[&place(1), &number(10)]);
    assert_eq!(lists.done(BOB, "total", &[]), number(28));
    assert_eq!(lists.done(BOB, "pop", &[]), number(7));
    assert_eq!(lists.done(BOB, "whole", &[]), list(&[5, 16]));
    lists.done(BOB, "all", &[&list(&[9, 8, 7, 6])]);
    assert_eq!(lists.done(BOB, "whole", &[]), list(&[9, 8, 7, 6]));
    lists.done(BOB, "all", &[&list(&[1])]);
    assert_eq!(
        cells(&lists),
        before + 2,
        "a shorter array leaves no items behind"
    );
    assert_eq!(lists.call(BOB, 0, "at", &[&place(1)]), nothing_there());
    // Through a reference, into an entry of a map.
    for name in ["one", "two"] {
        lists.done(ALICE, "name", &[&text(name)]);
    }
    let names = [compact(2), text("one"), text("two")].concat();
    assert_eq!(lists.done(BOB, "namesOf", &[&ALICE]), names);
    assert_eq!(lists.done(BOB, "namesOf", &[&BOB]), [0]);
    assert_eq!(lists.done(BOB, "has", &[&ALICE]), [1]);
    lists.done(ALICE, "forget", &[]);
    assert_eq!(lists.done(BOB, "has", &[&ALICE]), [0]);
    assert_eq!(cells(&lists), before + 2);
    // Arrays of arrays: an inner one lies under the key of its item.
    lists.done(BOB, "line", &[&list(&[1, 2])]);
    lists.done(BOB, "line", &[&list(&[3])]);
    lists.done(BOB, "mark", &[&place(0), &place(1), &number(9)]);
    let lines = [compact(2), list(&[1, 9, 0]), list(&[3])].concat();
    assert_eq!(lists.done(BOB, "lines", &[]), lines);
    let beyond: &[&[u8]] = &[&place(0), &place(3), &number(9)];
    assert_eq!(lists.call(BOB, 0, "mark", beyond), nothing_there());
    lists.done(BOB, "setFixed", &[&place(2), &number(30)]);
    assert_eq!(lists.done(BOB, "fixedAt", &[&place(2)]), number(30));
    assert_eq!(lists.done(BOB, "fixedAt", &[&place(0)]), number(1));
}

#[test]
fn more_than_memory_holds_ends_the_call() {
    let mut lists = Contract::deploy(LISTS, &[]);
    let ended = lists.call(BOB, 0, "evens", &[&10_000_000_u64.to_le_bytes()]);
    assert!(matches!(ended, Outcome::Broken(_)), "{ended:?}");
    // What a turn of a loop took for itself, the next one has again: 5,000 turns of 300 bytes and more.
    let many = lists.done(BOB, "many", &[&place(5_000)]);
    assert_eq!(many, (3_333 * 10_u64).to_le_bytes());
    // What one call took, the next one has again.
    for _ in 0..3 {
        lists.done(BOB, "evens", &[&2_000_u64.to_le_bytes()]);
    }
}

/// A program that is right, and of which a part cannot be built.
#[track_caller]
fn refused(text: &str, what: &str) {
    let source = Source {
        path: "main.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let findings = build(&[source]).expect_err("it is refused");
    let list = findings[0].1.list();
    assert!(!list.is_empty());
    for one in list {
        assert_eq!(one.code, Code::NotBuilt, "{}", one.message);
    }
    assert!(list[0].message.starts_with(what), "{}", list[0].message);
}

#[test]
fn what_is_not_built_is_said() {
    refused(
        "contract A { pure f(a: memory u64[]): u64 { let b = a; return b.pop() + b[0]; } }",
        "`pop` inside of an expression",
    );
    refused(
        "contract A { pure f(a: memory u64[2000]): u64 { return a[0]; } }",
        "`u64[2000]`",
    );
    refused(
        "class E {} contract A { pure f(a: memory E[]): u32 { return a.length; } }",
        "`E[]`",
    );
    refused(
        "class C { n: u64; add(): u64 { this.n += 1; return this.n; } }
         contract A { pure f(): u64 { let c = new C(1); return c.n + c.add(); } }",
        "a call that changes its object",
    );
    // Functions that call themselves with ever larger types would be made for ever.
    refused(
        "pure f<T>(a: memory Option<T>, n: u8): u8 { if (n === 0) { return 0; } return f(Some(a), n - 1) + f(Some([a]), n - 1); }
         contract A { pure g(): u8 { const one: memory Option<u8> = None; return f(one, 3); } }",
        "",
    );
    refused(
        "class C { n: u64[]; } contract A { storage c: C; @anyone f() { this.g(this.c.n); } private g(a: storage u64[]) { a.push(1); } }",
        "a reference into what lies under one key",
    );
}
