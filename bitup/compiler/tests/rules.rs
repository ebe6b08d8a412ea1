//! Corners of the rules that docs/bitup/diagnostics.md has no room for.

use bitup_compiler::{Code, check_one, render};

fn codes(program: &str) -> Vec<Code> {
    check_one(program.as_bytes())
        .list()
        .iter()
        .map(|one| one.code)
        .collect()
}

#[track_caller]
fn right(program: &str) {
    let found = check_one(program.as_bytes());
    let texts: Vec<_> = found
        .list()
        .iter()
        .map(|one| render(one, "a.bit", program.as_bytes()))
        .collect();
    assert!(texts.is_empty(), "{}", texts.join("\n"));
}

#[track_caller]
fn wrong(program: &str, expected: &[Code]) {
    assert_eq!(codes(program), expected, "{program}");
}

/// A method of a contract with an asset and a map of it.
fn theatre(body: &str) -> String {
    format!(
        "asset Ticket {{ seat: u32; }}
        contract A {{
            storage tickets: Map<Address, Ticket>;
            storage count: u32;
            private keep(ticket: memory Ticket) {{ this.tickets.put(msg.sender, ticket); }}
            private make(): memory Ticket {{ return new Ticket(1); }}
            @anyone f(a: bool, n: u32) {{ {body} }}
        }}"
    )
}

#[test]
fn assets_leave_on_every_way_once() {
    for body in [
        "const t = new Ticket(1); this.keep(t);",
        "this.keep(this.make());",
        "const t = new Ticket(1); if (a) { this.keep(t); } else { destroy t; }",
        "const t = new Ticket(1); if (a) { this.keep(t); return; } destroy t;",
        "const t = new Ticket(1); require(a); this.keep(t);",
        "const t = new Ticket(1); match (n) { 1 => { this.keep(t); } _ => { destroy t; } }",
        "for (const i of 0..n) { const t = new Ticket(i); destroy t; }",
        "for (const i of 0..n) { const t = new Ticket(i); destroy t; if (a) { break; } }",
        "const t = new Ticket(1); this.count = t.seat; destroy t;",
        "this.count = this.tickets[msg.sender].seat;",
        "const t = new Ticket(1); const u = t; destroy u;",
    ] {
        right(&theatre(body));
    }
    for (body, code) in [
        ("const t = new Ticket(1);", Code::AssetLost),
        (
            "const t = new Ticket(1); if (a) { this.keep(t); }",
            Code::AssetLost,
        ),
        (
            "const t = new Ticket(1); if (a) { return; } this.keep(t);",
            Code::AssetLost,
        ),
        (
            "const t = new Ticket(1); this.keep(t); destroy t;",
            Code::AssetUsedTwice,
        ),
        (
            "const t = new Ticket(1); this.keep(t); this.count = t.seat;",
            Code::AssetUsedTwice,
        ),
        (
            "const t = new Ticket(1); while (a) { this.keep(t); }",
            Code::AssetUsedTwice,
        ),
        (
            "for (const i of 0..n) { const t = new Ticket(i); if (a) { break; } destroy t; }",
            Code::AssetLost,
        ),
        ("this.keep(this.tickets[msg.sender]);", Code::AssetCopied),
        ("this.tickets[msg.sender] = new Ticket(1);", Code::AssetLost),
        ("delete this.tickets[msg.sender];", Code::AssetLost),
        ("this.make();", Code::ResultIgnored),
        (
            "const t = new Ticket(1); const u = new Ticket(2); this.keep(a ? t : u);",
            Code::AssetLost,
        ),
        (
            "const t = new Ticket(1); match (n) { 1 => { this.keep(t); } _ => { } }",
            Code::AssetLost,
        ),
        (
            "let t = new Ticket(1); t = new Ticket(2); destroy t;",
            Code::AssetLost,
        ),
        ("const list: memory Ticket[] = [];", Code::AssetPlace),
        ("const t: memory Option<Ticket> = None;", Code::AssetPlace),
    ] {
        let found = codes(&theatre(body));
        assert!(
            !found.is_empty() && found.iter().all(|one| *one == code),
            "{body}: {found:?}"
        );
    }
    wrong(
        "asset T { a: u8; } pure f(t: memory T) { destroy t; }",
        &[Code::ViewWrites],
    );
    wrong(
        "asset T { a: u8; } contract A { @anyone f(t: memory T) { destroy t; } }",
        &[Code::AssetPlace],
    );
}

#[test]
fn numbers_find_their_types() {
    right("pure f(a: u64): bool { return 1 + 2 < a && a * 2 > 10; }");
    right("pure f(a: i8): i8 { return -128 + -a; }");
    right("pure f(a: u256): u256 { return 2 ** 255 + a; }");
    right("pure f(a: u8, n: u32): u8 { return a << n | 1; }");
    right("pure f(a: bool): u16 { return a ? 1 : 300; }");
    right("pure f(a: memory u8[]): u8 { let s: u8 = 0; for (const x of a) { s += x; } return s; }");
    right("pure f(): memory u16[3] { return [1, 2, 300]; }");
    right("pure f(a: u64): memory Option<u64> { return a > 1 ? Some(a) : None; }");
    right("pure f(a: i64): u8 { return a as% u8; }");
    right("const A: u8 = 2 ** 8 - 1; pure f(a: memory u8[A]): u8 { return a[A as u32 - 1]; }");
    right("pure f(): u256 { return u256.max - u8.max as u256; }");
    wrong("pure f(): u8 { return -1; }", &[Code::OutOfRange]);
    wrong("pure f(a: u8): u8 { return -a; }", &[Code::NoOperator]);
    wrong(
        "pure f(a: u8): bool { return a === 256; }",
        &[Code::OutOfRange],
    );
    wrong(
        "pure f(a: u8): bool { return 1 === 1; }",
        &[Code::UnknownSize],
    );
    wrong(
        "pure f(a: u8, n: i8): u8 { return a << n; }",
        &[Code::NoOperator],
    );
    wrong(
        "pure f(a: Balance, b: u128): Balance { return a + b; }",
        &[Code::WrongType],
    );
    wrong("pure f(a: u8): u8 { return !a ? 1 : 2; }", &[Code::NotBool]);
    wrong(
        "pure f(): memory u8[2] { return [1, 2, 3]; }",
        &[Code::WrongType],
    );
    wrong("const A: u8 = B; const B: u8 = A;", &[Code::NotConstant]);
    wrong("const A: u8 = 1 / 0;", &[Code::NotConstant]);
    wrong(
        "pure f(a: memory u8[0]): u8 { return 1; }",
        &[Code::OutOfRange],
    );
    wrong("const A: u256 = 2 ** 256;", &[Code::NotConstant]);
    wrong(
        "pure f() { for (const i of 0..10) {} }",
        &[Code::UnknownSize],
    );
}

#[test]
fn generics_keep_their_bounds() {
    right(
        "class Box<T> { item: T; view get(): T { return this.item; } } pure f(): u8 { const b = new Box<u8>(1); return b.get(); }",
    );
    right(
        "class Box<T> { item: T; set(to: T) { this.item = to; } } pure f(a: u8): u8 { let b = new Box(a); b.set(2); return b.item; }",
    );
    right(
        "pure same<T extends Comparable>(a: T, b: T): bool { return a === b; } pure f(a: Address): bool { return same(a, a); }",
    );
    right("pure first<T>(a: T, b: T): T { return a; } pure f(): u8 { return first(1, 2); }");
    right(
        "enum Either<A, B> { Left(a: A), Right(b: B) } pure f(e: memory Either<u8, bool>): u8 { match (e) { Left(a) => { return a; } Right(b) => { return b ? 1 : 0; } } }",
    );
    right(
        "enum Either<A, B> { Left(a: A), Right(b: B) } pure f(): memory Either<u8, bool> { return Either.Left(1); }",
    );
    wrong(
        "pure same<T>(a: T, b: T): bool { return a === b; }",
        &[Code::NoOperator],
    );
    wrong(
        "pure add<T extends Comparable>(a: T, b: T): T { return a + b; }",
        &[Code::NoOperator],
    );
    wrong(
        "class Box<T> { item: T; set(to: T) { this.item = to; } } pure f(a: u8) { const b = new Box(a); b.set(2); }",
        &[Code::ConstantAssigned],
    );
    wrong(
        "class Box<T> { item: T; view set(to: T) { this.item = to; } }",
        &[Code::ConstantAssigned],
    );
    wrong(
        "pure f<T extends Number>(a: T): T { return a; }",
        &[Code::UnknownType],
    );
    wrong(
        "class Box<T> { item: T; } pure f() { const b = new Box<u8, u8>(1); }",
        &[Code::TypeArguments],
    );
}

#[test]
fn places_are_seen() {
    let contract = |members: &str| {
        format!(
            "contract A {{ storage list: u64[]; storage map: Map<u8, u64[]>; storage name: string; {members} }}"
        )
    };
    right(&contract(
        "@anyone f() { const copy: memory u64[] = this.list; this.map[1] = copy; }",
    ));
    right(&contract(
        "@anyone f() { const list: storage u64[] = this.map[1]; list.push(1); }",
    ));
    right(&contract(
        "private g(list: storage u64[]) { list.push(1); } @anyone f() { this.g(this.map[2]); }",
    ));
    right(&contract(
        "@anyone f(name: memory string) { this.name = name; } view g(): memory string { return this.name; }",
    ));
    wrong(
        &contract(
            "private g(list: storage u64[]) { list.push(1); } @anyone f(l: memory u64[]) { this.g(l); }",
        ),
        &[Code::HiddenReference],
    );
    wrong(
        &contract("@anyone f() { const list: storage u64[] = [1]; }"),
        &[Code::HiddenReference],
    );
    wrong(
        &contract("view f(): storage u64[] { return this.list; }"),
        &[Code::HiddenReference],
    );
    wrong(
        &contract("@anyone f(list: storage u64[]) { list.push(1); }"),
        &[Code::HiddenReference],
    );
    wrong(
        &contract("view f() { const list: storage u64[] = this.list; list.push(1); }"),
        &[Code::ViewWrites],
    );
    wrong(
        &contract("@anyone f(list: memory u64[]) { list.push(1); }"),
        &[Code::ConstantAssigned],
    );
    wrong(
        &contract("@anyone f() { this.map = this.map; }"),
        &[Code::MapOutside],
    );
    wrong(
        &contract("@anyone f() { delete this.list[0]; }"),
        &[Code::NotAPlace],
    );
    wrong(
        "contract A { storage a: storage u64[]; }",
        &[Code::LocationUnwanted],
    );
    wrong(
        "contract A { storage a: Map<u64[], u8>; }",
        &[Code::MapOutside],
    );
    wrong(
        "contract A { storage a: Map<u64, u8>[]; }",
        &[Code::MapOutside],
    );
}

#[test]
fn effects_are_kept() {
    let contract = |members: &str| format!("contract A {{ storage a: u64; event E(); {members} }}");
    right(&contract(
        "invariant this.a < 10; @anyone f() requires this.a > 1 ensures this.a === old(this.a) + 1 { this.a += 1; }",
    ));
    right(&contract(
        "view f(): u64 ensures result > 0 { return this.a; }",
    ));
    right(&contract(
        "private payable g() { this.a = 1; require(msg.value > 0); } @anyone payable f() { this.g(); }",
    ));
    wrong(&contract("view f() { emit E(); }"), &[Code::ViewWrites]);
    wrong(
        &contract("view f() { transfer(msg.sender, 1); }"),
        &[Code::ViewWrites],
    );
    wrong(
        &contract("private g() { this.a = 1; } view f() { this.g(); }"),
        &[Code::ViewWrites],
    );
    wrong(
        &contract("private g() { this.a = 1; } pure f() { this.g(); }"),
        &[Code::ViewWrites],
    );
    wrong(
        &contract("view g(): u64 { return this.a; } pure f(): u64 { return this.g(); }"),
        &[Code::PureReads],
    );
    wrong(
        &contract("pure f(): u64 { return block.time; }"),
        &[Code::PureReads],
    );
    wrong(
        &contract("invariant this.f(); private f(): bool { this.a = 1; return true; }"),
        &[Code::ViewWrites],
    );
    wrong(
        &contract("private payable g() { require(msg.value > 0); } @anyone f() { this.g(); }"),
        &[Code::ValueNotPayable],
    );
    wrong(
        &contract("payable view f(): Balance { return msg.value; }"),
        &[Code::ModifierConflict],
    );
    wrong(
        &contract("@anyone private f() { this.a = 1; }"),
        &[Code::AccessWrong],
    );
    wrong(
        &contract("@anyone view f(): u64 { return this.a; }"),
        &[Code::AccessWrong],
    );
    wrong(
        &contract("@anyone @anyone f() { this.a = 1; }"),
        &[Code::AccessWrong],
    );
    wrong(
        &contract("@anyone constructor() { this.a = 1; }"),
        &[Code::AccessWrong],
    );
    wrong(
        &contract("@only(nobody) f() { this.a = 1; }"),
        &[Code::AccessWrong],
    );
    right(&contract(
        "view isIn(who: Address): bool { return this.a > 0; } @only(isIn) f() { this.a = 1; }",
    ));
    right(&contract(
        "@selector(\"PSP22::transfer\") @anyone f() { this.a = 1; }",
    ));
    wrong(
        &contract("@selector(5) @anyone f() { this.a = 1; }"),
        &[Code::AnnotationWrong],
    );
}

#[test]
fn inheritance_is_seen() {
    right(
        "abstract contract A { abstract view a(): u8; view b(): u8 { return this.a(); } } contract B extends A { override view a(): u8 { return 1; } }",
    );
    right(
        "contract A { @anyone f() {} } contract B extends A { @anyone override f() { super.f(); } }",
    );
    wrong(
        "contract A { view a(): u8 { return 1; } } contract B extends A { storage a: u8; }",
        &[Code::FieldHidden],
    );
    wrong(
        "contract A { storage a: u8; view a(): u8 { return 1; } }",
        &[Code::DeclaredTwice],
    );
    wrong("contract A { storage balance: u8; }", &[Code::ReservedName]);
    wrong(
        "contract A { constructor() {} constructor(a: u8) {} }",
        &[Code::DeclaredTwice],
    );
    wrong(
        "contract A { constructor() { super(); } }",
        &[Code::SuperCall],
    );
    wrong(
        "abstract contract A { constructor(a: u8) {} } contract B extends A {}",
        &[Code::SuperCall],
    );
    wrong(
        "abstract contract A { abstract f(); } contract B extends A { @anyone override f() { super.f(); } }",
        &[Code::SuperCall],
    );
    wrong(
        "interface I { f(a: u8); } contract A implements I { @anyone f(a: u16) {} }",
        &[Code::InterfaceBroken],
    );
    right(
        "interface I { f(a: u8); } contract B { @anyone f(a: u8) {} } contract A extends B implements I {}",
    );
    right(
        "interface I { view f(): u8; } interface J extends I { g(); } contract A { @anyone h(j: Address): u8 { J.at(j).g(); return J.at(j).f(); } }",
    );
    wrong("interface I extends I {}", &[Code::InheritanceCircle]);
    wrong("contract A { view f(): u8; }", &[Code::BodyMissing]);
    wrong(
        "contract A { view f(): u8 { return 1; } view f(): u8 { return 2; } }",
        &[Code::DeclaredTwice],
    );
}

#[test]
fn ways_through_bodies_are_followed() {
    right("pure f(a: bool): u8 { if (a) { return 1; } else { return 2; } }");
    right("error E(); pure f(a: bool): u8 { if (a) { return 1; } throw E(); }");
    right("pure f(): u8 { while (true) { return 1; } }");
    wrong(
        "pure f(): u8 { while (true) { break; } }",
        &[Code::MissingReturn],
    );
    wrong(
        "pure f(a: bool): u8 { while (a) { return 1; } }",
        &[Code::MissingReturn],
    );
    wrong(
        "pure f() { while (true) { continue; f(); } }",
        &[Code::Unreachable],
    );
    wrong(
        "pure f(a: u8): u8 { match (a) { 1 => { return 1; } _ => { } } }",
        &[Code::MissingReturn],
    );
    wrong(
        "pure f(a: u8): u8 { match (a) { _ => { return 1; } 2 => { return 1; } } }",
        &[Code::CoveredTwice],
    );
    wrong("pure f() { return 1; }", &[Code::WrongType]);
    wrong("pure f(): u8 { return; }", &[Code::WrongType]);
    wrong(
        "pure f() { const a: u8 = 1; { const a: u8 = 2; } }",
        &[Code::DeclaredTwice],
    );
    right("pure f() { { const a: u8 = 2; } const a: u8 = 1; }");
}
