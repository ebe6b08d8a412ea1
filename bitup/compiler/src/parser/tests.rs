use super::*;
use crate::kind::{KEYWORDS, MARKS};
use proptest::prelude::*;

/// What the parser promises for any bytes.
fn sound(source: &[u8]) -> Parsed {
    let parsed = parse(source);
    assert_eq!(parsed.tree.print(), source, "the tree prints back");
    let height = parsed.tree.root().height();
    assert!(height <= 6 * DEEPEST, "the tree is {height} high");
    let length = u32::try_from(source.len()).unwrap();
    for diagnostic in parsed.diagnostics.list() {
        assert!(diagnostic.span.end <= length);
        assert!(!crate::diagnostic::render(diagnostic, "a.bit", source).is_empty());
    }
    parsed
}

fn codes(source: &str) -> Vec<Code> {
    sound(source.as_bytes())
        .diagnostics
        .list()
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

fn statement_codes(statement: &str) -> Vec<Code> {
    codes(&format!("contract A {{ @anyone f() {{ {statement} }} }}"))
}

/// The tree of a statement's expression, with brackets around each operation.
fn grouped(expression: &str) -> String {
    let source = format!("pure f() {{ {expression}; }}");
    let parsed = sound(source.as_bytes());
    assert!(
        parsed.diagnostics.is_empty(),
        "{expression}: {:?}",
        parsed.diagnostics
    );
    let function = parsed.tree.root().node(Kind::Function).unwrap();
    let statement = function
        .node(Kind::Block)
        .unwrap()
        .node(Kind::ExprStatement)
        .unwrap();
    show(statement.nodes().next().unwrap())
}

fn show(node: crate::tree::Node<'_>) -> String {
    let mut out = String::new();
    for child in node.children() {
        match child {
            crate::tree::Child::Node(inner) => out += &show(inner),
            crate::tree::Child::Token(token) if !token.kind.is_trivia() => {
                out += &node.token_text(token)
            }
            crate::tree::Child::Token(_) => {}
        }
    }
    match node.kind() {
        Kind::Binary
        | Kind::Unary
        | Kind::Cast
        | Kind::Conditional
        | Kind::Member
        | Kind::Index
        | Kind::Call => format!("[{out}]"),
        _ => out,
    }
}

#[test]
fn operators_bind_as_the_grammar_says() {
    assert_eq!(grouped("a + b * c"), "[a+[b*c]]");
    assert_eq!(grouped("a - b - c"), "[[a-b]-c]");
    assert_eq!(grouped("a ** b ** c"), "[a**[b**c]]");
    assert_eq!(grouped("-a ** b"), "[-[a**b]]");
    assert_eq!(grouped("-a as u8 * b"), "[[[-a]asu8]*b]");
    assert_eq!(grouped("a as % u8 % b"), "[[aas%u8]%b]");
    assert_eq!(grouped("a & b === c | d"), "[[a&b]===[c|d]]");
    assert_eq!(grouped("a || b && c"), "[a||[b&&c]]");
    assert_eq!(grouped("a ?? b ?? c"), "[a??[b??c]]");
    assert_eq!(grouped("a ? b : c ? d : e"), "[a?b:[c?d:e]]");
    assert_eq!(grouped("a.b[c](d, e)"), "[[[a.b][c]](d,e)]");
    assert_eq!(grouped("a << b +% c"), "[a<<[b+%c]]");
    assert_eq!(grouped("(a + b) * c"), "[([a+b])*c]");
    assert_eq!(grouped("a as u8 < b"), "[[aasu8]<b]");
    assert_eq!(
        grouped("new Box<Map<A, Option<B>>>(a).b"),
        "[newBox<Map<A,Option<B>>>(a).b]"
    );
}

#[test]
fn types_end_with_one_greater_sign_each() {
    assert_eq!(
        codes("contract A { storage a: Map<B, Map<C, D>>; storage b: Option<Option<u8>>= x; }"),
        []
    );
    assert_eq!(
        codes("contract A { storage a: M<M<M<M<D>>>>; storage c: M<M<u8>>\n= x; }"),
        []
    );
    assert_eq!(
        codes("contract A { storage a: Map<B, C; }"),
        [Code::Expected]
    );
}

#[test]
fn one_mistake_is_one_diagnostic() {
    for statement in [
        "let a = 1",
        "a +;",
        "f(a b);",
        "f(a, , b);",
        "if a { }",
        "let = 1;",
        "return 1 2;",
        "a = ;",
        "[1, 2;",
        "try { f(); } catch { }",
        "match (a) { 1 { } }",
        "emit A;",
        "f({});",
        "throw ;",
        "x y;",
        "for (const a of) { }",
    ] {
        assert_eq!(
            statement_codes(statement).len(),
            1,
            "{statement}: {:?}",
            statement_codes(statement)
        );
    }
    for file in [
        "contract { }",
        "contract A extends { }",
        "x",
        "}",
        "enum E { }",
        "import { } from \"a\";",
    ] {
        assert_eq!(codes(file).len(), 1, "{file}: {:?}", codes(file));
    }
}

#[test]
fn the_parser_goes_on_behind_a_mistake() {
    let source = "contract A { storage a u8; @anyone f() { let = 1; g(] ; let b = 2; } view g(): u8 { return 1 } }\ncontract B { }";
    let parsed = sound(source.as_bytes());
    let contracts: Vec<_> = parsed
        .tree
        .root()
        .nodes()
        .filter(|node| node.kind() == Kind::Contract)
        .collect();
    assert_eq!(contracts.len(), 2);
    let methods = contracts[0]
        .nodes()
        .filter(|node| node.kind() == Kind::Method)
        .count();
    assert_eq!(methods, 2);
    assert_eq!(parsed.diagnostics.list().len(), 4);
}

#[test]
fn habits_are_answered_at_their_place() {
    for habit in crate::habits::HABITS {
        let inside = statement_codes(habit.javascript);
        let outside = codes(habit.javascript);
        assert!(
            inside == [habit.code] || outside == [habit.code],
            "{}: {inside:?} or {outside:?}",
            habit.javascript
        );
        let inside = statement_codes(habit.bitup);
        let outside = codes(habit.bitup);
        assert!(
            inside.is_empty() || outside.is_empty(),
            "{}: {inside:?} or {outside:?}",
            habit.bitup
        );
    }
    assert_eq!(
        statement_codes("for (let i = 0; i < n; i++) { f(i); }"),
        [Code::LoopHead]
    );
    assert_eq!(
        statement_codes("for (const i in n) { f(i); }"),
        [Code::LoopHead]
    );
    assert_eq!(statement_codes("let a;"), [Code::LocalWithoutValue]);
    assert_eq!(statement_codes("if (a) f();"), [Code::MissingBraces]);
    assert_eq!(statement_codes("throw new Late(1);"), [Code::ThrowNew]);
    assert_eq!(
        statement_codes("f({ value: 1 }, 'a');"),
        [Code::SingleQuotes]
    );
    assert_eq!(
        statement_codes("const f = (a, b) => a + b;"),
        [Code::ArrowFunction]
    );
    assert_eq!(
        statement_codes("const p = { a: 1, b: 2 };"),
        [Code::ObjectLiteral]
    );
    assert_eq!(statement_codes("a < b < c;"), [Code::ChainedComparison]);
    assert_eq!(
        codes("contract A { function f() { } }"),
        [Code::FunctionWord]
    );
    assert_eq!(codes("contract A { async f() { } }"), [Code::Async]);
    assert_eq!(codes("interface A { f() { } }"), [Code::BodyInInterface]);
}

#[test]
fn nesting_is_bounded_in_every_direction() {
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("!", "a", ""),
        ("- ", "a", ""),
        ("1 + ", "1", ""),
        ("a ?? ", "a", ""),
        ("a ** ", "a", ""),
        ("a ? ", "a", " : a"),
        ("a ? a : ", "a", ""),
        ("", "a", ".b"),
        ("", "a", "[0]"),
        ("", "a", "()"),
        ("", "a", " as u8"),
        ("f({ v: ", "1", " })"),
        ("new A(", "", ")"),
    ] {
        let source = format!(
            "pure f() {{ x = {}{middle}{}; }}",
            open.repeat(20_000),
            close.repeat(20_000)
        );
        assert!(
            codes(&source).contains(&Code::TooDeep),
            "{open}{middle}{close}"
        );
    }
    for (open, close) in [
        ("{", "}"),
        ("if (a) {", "}"),
        ("if (a) { } else ", ""),
        ("if (a) ", ";"),
        ("match (a) { _ => {", "}}"),
    ] {
        let source = format!(
            "pure f() {{ {}{{}}{} }}",
            open.repeat(20_000),
            close.repeat(20_000)
        );
        assert!(codes(&source).contains(&Code::TooDeep), "{open}{close}");
    }
    let source = format!(
        "const A: {}u8{} = 1;",
        "B<".repeat(20_000),
        ">".repeat(20_000)
    );
    assert!(codes(&source).contains(&Code::TooDeep));
    let mixed = format!("pure f() {{ x = {}1; }}", "((((a.b.c + ".repeat(5_000));
    sound(mixed.as_bytes());
}

#[test]
fn a_report_is_bounded() {
    let parsed = sound("contract A { ] }\n".repeat(5_000).as_bytes());
    assert_eq!(
        parsed.diagnostics.list().len(),
        crate::diagnostic::MOST_DIAGNOSTICS
    );
    assert!(parsed.diagnostics.left_out() > 1_000);
}

/// Words to make token soup of.
fn words() -> Vec<&'static str> {
    let others = [
        "a",
        "x1",
        "event",
        "error",
        "asset",
        "test",
        "of",
        "indexed",
        "from",
        "var",
        "null",
        "function",
        "12",
        "0x",
        "\"t\"",
        "\"",
        "'",
        "/*",
        "*/",
        "//\n",
        "\n",
        "hex\"00\"",
        "#",
        "\u{e4}",
    ];
    KEYWORDS
        .iter()
        .chain(MARKS)
        .map(|(_, text)| *text)
        .chain(others)
        .collect()
}

const PROGRAM: &str = include_str!("../../../examples/group_deposit.bit");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_never_break_it(source in proptest::collection::vec(any::<u8>(), 0..400)) {
        sound(&source);
    }

    #[test]
    fn token_soup_never_breaks_it(soup in proptest::collection::vec(proptest::sample::select(words()), 0..200), space in any::<bool>()) {
        sound(soup.join(if space { " " } else { "" }).as_bytes());
    }

    #[test]
    fn mutated_programs_never_break_it(cuts in proptest::collection::vec((any::<u16>(), 0_u8..20, proptest::sample::select(words())), 1..8)) {
        let mut source = PROGRAM.as_bytes().to_vec();
        for (at, length, word) in cuts {
            let at = usize::from(at) % (source.len() + 1);
            let end = (at + usize::from(length)).min(source.len());
            source.splice(at..end, word.bytes());
        }
        sound(&source);
    }
}
