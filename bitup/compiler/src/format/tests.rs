use super::*;
use proptest::prelude::*;

fn formatted(source: &str) -> String {
    let text = format(source.as_bytes()).unwrap_or_else(|wrong| panic!("{source}: {wrong:?}"));
    let again = format(text.as_bytes()).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    assert_eq!(text, again, "a second pass changes nothing");
    assert_eq!(
        words(source.as_bytes()),
        words(text.as_bytes()),
        "nothing is lost"
    );
    text
}

/// Tokens and comments without the commas at the end of lists, comments apart because they may pass a comma.
fn words(source: &[u8]) -> (Vec<String>, Vec<String>) {
    let parsed = parse(source);
    let root = parsed.tree.root();
    let (mut words, mut comments): (Vec<String>, Vec<String>) = Default::default();
    for token in root.all_tokens() {
        let text = root.token_text(token);
        match token.kind {
            Kind::Whitespace => {}
            Kind::LineComment | Kind::BlockComment => comments.push(text.trim_end().to_owned()),
            _ => {
                if closes(token.kind) && words.last().is_some_and(|word| word == ",") {
                    words.pop();
                }
                words.push(text);
            }
        }
    }
    (words, comments)
}

#[test]
fn a_program_gets_the_one_form() {
    let source = r#"import {A,B as C} from "x";


contract   T extends A implements I,J{storage a:Map<Address,u8[32]>=x;
event E(indexed a:u8,b:u8);invariant a>=b;
@only(owner) payable f<T extends Integer>(a:u8,b:memory string):u8 requires a>b ensures b===1{
if(a){f();}else if(b){}else{g(1,{value:2});}
for(const i of 0..n){continue;}match(x){1=>{}Some(y)=>{return;}_=>{}}
try(const r=T.at(a).f()){}catch(e){throw E();}
let z=a as u8*-b**c as%u8;require(a===b,E(1));a[1]+=b?c:d;delete a.b;
}}
enum X<T>{A,B(a:u8)}
"#;
    let expected = r#"import { A, B as C } from "x";

contract T extends A implements I, J {
    storage a: Map<Address, u8[32]> = x;
    event E(indexed a: u8, b: u8);
    invariant a >= b;
    @only(owner) payable f<T extends Integer>(a: u8, b: memory string): u8
        requires a > b
        ensures b === 1
    {
        if (a) {
            f();
        } else if (b) {} else {
            g(1, { value: 2 });
        }
        for (const i of 0..n) {
            continue;
        }
        match (x) {
            1 => {}
            Some(y) => {
                return;
            }
            _ => {}
        }
        try (const r = T.at(a).f()) {} catch (e) {
            throw E();
        }
        let z = a as u8 * -b ** c as% u8;
        require(a === b, E(1));
        a[1] += b ? c : d;
        delete a.b;
    }
}
enum X<T> {
    A,
    B(a: u8),
}
"#;
    assert_eq!(formatted(source), expected);
}

#[test]
fn comments_stay_where_they_are() {
    let source = "// first\n\n/* second */ const A: u8 = /* in */ 1; // behind\n\n\n\n// own\npure f(a: u8, // one\nb: u8 /* two */) {\n// in\n\nf(); // tail\n\n// last\n}\nenum E { A, // a\n// b\n B }\n// end";
    let expected = "// first\n\n/* second */\nconst A: u8 = /* in */ 1; // behind\n\n// own\npure f(\n    a: u8, // one\n    b: u8, /* two */\n) {\n    // in\n\n    f(); // tail\n\n    // last\n}\nenum E {\n    A, // a\n    // b\n    B,\n}\n// end\n";
    assert_eq!(formatted(source), expected);
}

#[test]
fn long_lines_are_broken_at_lists_and_operators() {
    let name = "a_rather_long_name_of_thirty_x";
    let source = format!(
        "pure f() {{ {name}({name}, {name}, {name}); x = {name} + {name} + {name} + {name}; }}"
    );
    let expected = format!(
        "pure f() {{\n    {name}(\n        {name},\n        {name},\n        {name},\n    );\n    x = {name} +\n        {name} +\n        {name} +\n        {name};\n}}\n"
    );
    assert_eq!(formatted(&source), expected);
}

#[test]
fn nothing_is_made_of_nothing_and_mistakes_stay() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n"), "");
    assert!(format(b"contract {").is_err());
    assert_eq!(formatted("contract A {\r\n\r\n}\r\n"), "contract A {}\n");
}

#[test]
fn the_examples_are_in_the_one_form() {
    for source in [
        include_str!("../../../examples/group_deposit.bit"),
        include_str!("../../../examples/flipper.bit"),
        include_str!("../../../examples/token.bit"),
    ] {
        assert_eq!(formatted(source), source);
    }
}

const PROGRAM: &str = include_str!("../../../examples/group_deposit.bit");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Comments and line ends at any place between two tokens.
    #[test]
    fn comments_anywhere_are_kept(places in proptest::collection::vec((any::<u16>(), 0_usize..6), 1..12)) {
        let tokens = crate::lexer::lex(PROGRAM.as_bytes()).tokens;
        let mut source = PROGRAM.to_owned();
        let mut places: Vec<_> = places.into_iter().map(|(at, what)| (tokens[usize::from(at) % tokens.len()].span.start as usize, what)).collect();
        places.sort_unstable();
        for (at, what) in places.into_iter().rev() {
            source.insert_str(at, ["\n\n", " // c\n", "/* c */", "\n// c\n", "\n/* c\n   d */\n", " "][what]);
        }
        formatted(&source);
    }
}
