use super::*;

fn findings(checked: &Checked) -> String {
    let mut out = String::new();
    for (source, list) in &checked.findings {
        for one in list.list() {
            out += &crate::diagnostic::render(one, &source.path, &source.text);
        }
    }
    out
}

fn file(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.as_bytes().to_vec(),
    }
}

#[test]
fn the_standard_library_is_right() {
    for (path, text) in standard::FILES {
        let checked = check(&[file(path, text)]);
        assert!(checked.is_right(), "{}", findings(&checked));
        assert_eq!(crate::format::format(text.as_bytes()).unwrap(), *text);
    }
}

#[test]
fn the_examples_are_right() {
    for text in [
        include_str!("../../../examples/group_deposit.bit"),
        include_str!("../../../examples/flipper.bit"),
        include_str!("../../../examples/token.bit"),
    ] {
        let checked = check(&[file("main.bit", text)]);
        assert!(checked.is_right(), "{}", findings(&checked));
    }
}

#[test]
fn files_import_each_other() {
    let one = file(
        "one.bit",
        "import { two } from \"two.bit\";\npure one(): u8 {\n    return two();\n}\n",
    );
    let two = file(
        "two.bit",
        "import { one as uno } from \"one.bit\";\npure two(): u8 {\n    return uno();\n}\n",
    );
    let checked = check(&[one.clone(), two]);
    assert!(checked.is_right(), "{}", findings(&checked));
    let checked = check(&[one]);
    assert_eq!(checked.findings[0].1.list()[0].code, Code::UnknownImport);
}

#[test]
fn types_are_kept_by_place() {
    let text = "pure f(a: u64): bool {\n    return a + 1 > 2;\n}\n";
    let checked = check(&[file("main.bit", text)]);
    assert!(checked.is_right());
    let at = |part: &str| {
        let start = u32::try_from(text.find(part).unwrap()).unwrap();
        Span::new(start, start + u32::try_from(part.len()).unwrap())
    };
    let type_of = |part: &str| checked.program.types[&(0, at(part))].clone();
    assert_eq!(type_of("a + 1 > 2"), Type::Bool);
    assert_eq!(
        type_of("a + 1"),
        Type::Integer(Integer {
            signed: false,
            bits: 64,
            balance: false
        })
    );
}

#[test]
fn hostile_programs_end_soon() {
    let mut constants = String::from("const A0: u8 = 1;\n");
    for number in 1..2_000 {
        constants += &format!("const A{number}: u8 = A{0} + A{0};\n", number - 1);
    }
    assert!(!check(&[file("main.bit", &constants)]).is_right());
    let calls = format!(
        "pure f<T>(a: T, b: T): T {{ return a; }}\npure g(): u8 {{ return {}1{}; }}",
        "f(1, ".repeat(60),
        ")".repeat(60)
    );
    let _ = check(&[file("main.bit", &calls)]);
    let mut circle = String::new();
    for number in 0..500 {
        circle += &format!(
            "abstract contract C{number} extends C{} {{}}\n",
            (number + 1) % 500
        );
    }
    assert!(!check(&[file("main.bit", &circle)]).is_right());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Programs whose words were exchanged still parse now and then, and are checked without a crash.
    #[test]
    fn programs_with_other_words_never_break_it(changes in proptest::collection::vec((proptest::prelude::any::<u16>(), proptest::prelude::any::<u16>()), 1..10)) {
        for text in [include_str!("../../../examples/group_deposit.bit"), include_str!("../../../examples/token.bit"), include_str!("../../tests/every_rule.bit")] {
            let tokens = crate::lexer::lex(text.as_bytes()).tokens;
            let mut words: Vec<&[u8]> = tokens.iter().map(|token| token.span.of(text.as_bytes())).collect();
            let same: Vec<Vec<usize>> = (0..tokens.len())
                .map(|at| (0..tokens.len()).filter(|other| tokens[*other].kind == tokens[at].kind).collect())
                .collect();
            for (at, from) in &changes {
                let at = usize::from(*at) % tokens.len();
                let from = same[at][usize::from(*from) % same[at].len()];
                words[at] = tokens[from].span.of(text.as_bytes());
            }
            let source = Source { path: "main.bit".to_owned(), text: words.concat() };
            for (source, list) in check(&[source]).findings {
                for one in list.list() {
                    assert!(one.span.end as usize <= source.text.len());
                }
            }
        }
    }
}
