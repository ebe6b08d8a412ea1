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

const OBJECTS: &str = "
class Point {
    x: u64;
    y: u64;
    view sum(): u64 { return this.x + this.y; }
    move(by: u64) { this.x += by; this.y += by; }
    grow(by: memory Point): u64 { this.x += by.x; this.y += by.y; return this.sum(); }
}
class Path {
    name: string;
    points: Point[] = [];
    open: bool = true;
    constructor(name: memory string) {
        this.name = name;
        if (name.length === 0) { this.name = \"nameless\"; return; }
        this.add(new Point(0, 0));
    }
    add(point: memory Point) { this.points.push(point); }
    view length(): u64 {
        let total: u64 = 0;
        for (const point of this.points) { total += point.sum(); }
        return total;
    }
}
class Box<T extends Integer> {
    value: T;
    raise(by: T): T { this.value += by; return this.value; }
    view is(other: T): bool { return this.value === other; }
}
contract Objects {
    storage origin: Point;
    storage paths: Map<u32, Path>;
    storage trail: Point[];
    constructor() { this.origin = new Point(1, 2); }
    view origin2(): memory Point { return this.origin; }
    @anyone shift(by: u64) { this.origin.move(by); }
    @anyone setX(x: u64) { this.origin.x = x; }
    @anyone begin(number: u32, name: memory string) { this.paths[number] = new Path(name); }
    @anyone extend(number: u32, point: memory Point) { this.paths[number].add(point); }
    @anyone shut(number: u32) { this.paths[number].open = false; }
    view path(number: u32): memory Path { return this.paths[number]; }
    view long(number: u32): u64 { return this.paths[number].length(); }
    view nameOf(number: u32): memory string { return this.paths[number].name; }
    @anyone walk(point: memory Point) { this.trail.push(point); }
    @anyone step(at: u32): u64 { return this.trail[at].grow(this.trail[at]); }
    view trailAt(at: u32): u64 { return this.trail[at].x; }
    pure copies(point: memory Point): memory Point[] {
        let one = point;
        const other = one;
        one.move(10);
        const sum = one.grow(one);
        return [point, other, one, new Point(sum, 0)];
    }
    pure boxed(value: u8, by: u8): u8 {
        let box = new Box<u8>(value);
        const raised = box.raise(by);
        return box.is(raised) ? box.value : 0;
    }
    pure nested(name: memory string): memory Path {
        let path = new Path(name);
        const before = path;
        path.points[0].x = 5;
        path.points[0].move(1);
        path.name = path.name.concat(before.name);
        return path;
    }
}";

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

const VARIANTS: &str = "
enum Offer { Open(price: Balance), Sold(buyer: Address, price: Balance, note: string), Closed }
enum Tree<T> { Leaf(value: T), Pair(left: T, right: T) }
contract Variants {
    storage offers: Map<u32, Offer>;
    storage last: Option<Address>;
    storage flags: Map<u32, Option<bool>>;
    event Changed(offer: Offer, who: Option<Address>);
    error NotOpen(offer: Offer);
    @anyone open(number: u32, price: Balance) { this.offers[number] = Offer.Open(price); }
    @anyone buy(number: u32, note: memory string) {
        const offer: memory Offer = this.offers[number];
        match (offer) {
            Open(price) => {
                this.offers[number] = Offer.Sold(msg.sender, price, note);
                this.last = Some(msg.sender);
            }
            _ => { throw NotOpen(offer); }
        }
        emit Changed(this.offers[number], this.last);
    }
    @anyone close(number: u32) { this.offers[number] = Offer.Closed; }
    view offer(number: u32): memory Offer { return this.offers[number]; }
    pure priceOf(offer: memory Offer): memory Option<Balance> {
        match (offer) {
            Open(price) => { return Some(price); }
            Sold(_, price, _) => { return Some(price); }
            Closed => { return None; }
        }
    }
    pure noteOf(offer: memory Offer): memory string {
        match (offer) { Sold(_, _, note) => { return note; } _ => { return \"none\"; } }
    }
    view lastOr(other: Address): Address { return this.last ?? other; }
    view isLast(who: Address): bool { return this.last === Some(who); }
    @anyone flag(number: u32, value: bool) { this.flags[number] = Some(value); }
    view flagOf(number: u32): u8 {
        match (this.flags[number]) { Some(value) => { return value ? 2 : 1; } None => { return 0; } }
    }
    pure same(a: memory Offer, b: memory Offer): bool { return a === b; }
    pure stays(start: memory Option<string>): memory string {
        let value = start;
        match (value) {
            Some(text) => { value = None; return text.concat(value ?? \"-\"); }
            None => { value = Some(\"new\"); }
        }
        return value ?? \"\";
    }
    pure pair(a: u16, b: u16): memory Tree<u16> { return a === b ? Tree.Leaf(a) : Tree.Pair(a, b); }
}";

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

const GENERIC: &str = "
pure greatest<T extends Integer>(items: memory T[], least: T): T {
    let found = least;
    for (const item of items) { if (item > found) { found = item; } }
    return found;
}
pure position<T extends Comparable>(items: memory T[], wanted: T): memory Option<u32> {
    for (const at of (0 as u32)..items.length) { if (items[at] === wanted) { return Some(at); } }
    return None;
}
pure or<T>(value: memory Option<T>, other: T): T { return value ?? other; }
contract Generic {
    pure most(a: memory u8[], b: memory i64[]): i64 {
        return (greatest(a, 0) as i64) + greatest(b, -5);
    }
    pure of(numbers: memory u32[], wanted: u32): memory Option<u32> { return position(numbers, wanted); }
    pure pick(value: memory Option<Address>, other: Address): Address { return or(value, other); }
    private pure both<T extends Integer>(a: T, b: T): memory T[] { return [a, b]; }
    pure pairs(a: u8, b: u64): u32 { return this.both(a, a).length + this.both(b, b).length; }
}";

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

const TICKETS: &str = "
asset Ticket { seat: u32; note: string; }
contract Theatre {
    storage tickets: Map<Address, Ticket>;
    storage next: u32;
    @anyone book(note: memory string) {
        this.next += 1;
        this.tickets.put(msg.sender, new Ticket(this.next, note));
    }
    @anyone give(to: Address) {
        const ticket = this.tickets.take(msg.sender);
        require(ticket.seat > 0);
        this.hand(to, ticket);
    }
    private hand(to: Address, ticket: memory Ticket) { this.tickets.put(to, ticket); }
    @anyone enter() { destroy this.tickets.take(msg.sender); }
    view seatOf(who: Address): u32 { return this.tickets[who].seat; }
    view has(who: Address): bool { return this.tickets.has(who); }
}";

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
