use super::*;

fn hints(text: &str) -> Vec<(Rule, String)> {
    let source = Source {
        path: "main.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let checked = crate::check(std::slice::from_ref(&source));
    assert!(checked.is_right(), "{text}: {:?}", checked.findings);
    let place = |hint: Hint| {
        let text = String::from_utf8_lossy(hint.span.of(text.as_bytes())).into_owned();
        (hint.rule, text)
    };
    lint(&[source])
        .swap_remove(0)
        .into_iter()
        .map(place)
        .collect()
}

/// Programs that get exactly the hint, with the place, and the programs of docs/bitup/lints.md that do not.
#[test]
fn each_slip_is_seen_at_its_place() {
    for (text, rule, place) in [
        (
            "import { min, max } from \"std/math\";\npure f(a: u8): u8 { return min(a, 1); }",
            Rule::UnusedImport,
            "max",
        ),
        (
            "pure f(a: u8): u8 { const b = a; return a; }",
            Rule::UnusedLocal,
            "b",
        ),
        (
            "pure f(a: u8, b: u8): u8 { return a; }",
            Rule::UnusedLocal,
            "b",
        ),
        (
            "contract A { private view f(): u8 { return 1; } }",
            Rule::UnusedMethod,
            "f",
        ),
        ("contract A { storage a: u8; }", Rule::UnusedField, "a"),
        ("contract A { event E(a: u8); }", Rule::UnusedEvent, "E"),
        ("contract A { error E(a: u8); }", Rule::UnusedError, "E"),
        ("contract lower { }", Rule::NameForm, "lower"),
        ("const lower: u8 = 1;", Rule::NameForm, "lower"),
        ("pure Upper(): u8 { return 1; }", Rule::NameForm, "Upper"),
        (
            "contract A { storage a: u8; @anyone f() { this.a = 1; } }",
            Rule::NoDocumentation,
            "f",
        ),
        (
            "contract A { view f(a: u8): u8 { require(a > 1); return a; } }",
            Rule::NamelessRequire,
            "require(a > 1);",
        ),
        (
            "pure f(a: u8, b: u8): u8 { return a / b * 2; }",
            Rule::DivisionFirst,
            "a / b * 2",
        ),
        (
            "contract A { view f(a: u64): bool { return block.time === a; } }",
            Rule::ExactTime,
            "block.time === a",
        ),
        (
            "contract A { storage a: u8[]; view f(): u8 { let s: u8 = 0; for (const x of this.a) { s += x; } return s; } }",
            Rule::GrowingLoop,
            "this.a",
        ),
    ] {
        assert_eq!(hints(text), [(rule, place.to_owned())], "{text}");
    }
}

#[test]
fn what_is_meant_so_is_let_alone() {
    for text in [
        "pure f(_a: u8): u8 { return 1; }",
        "abstract contract A { storage a: u8; event E(); private view f(): u8 { return 1; } }",
        "interface I { f(a: u8): u8; }",
        "pure f(a: u8, b: u8): u8 { return a * b / 2; }",
        "contract A { view f(a: u64): bool { return block.time > a; } }",
        "contract A { view f(a: u8): u8 {\n// lint: allow L09\nrequire(a > 1);\nreturn a; } }",
        "contract A { view f(a: u8): u8 { require(a > 1); // lint: allow L10, L09\nreturn a; } }",
        "test \"a\"(a: u8) { require(a > 1); assert(a > 0); }",
    ] {
        assert_eq!(hints(text), [], "{text}");
    }
}

#[test]
fn a_program_that_is_wrong_gets_findings_and_no_hints() {
    let source = Source {
        path: "main.bit".to_owned(),
        text: b"contract lower { storage a: u9; }".to_vec(),
    };
    assert_eq!(lint(&[source]), [Vec::new()]);
}

#[test]
fn every_rule_is_explained_under_its_title_and_its_programs_are_as_told() {
    for rule in Rule::ALL {
        let explanation = rule.explanation();
        let heading = format!("## {rule} {}\n", rule.title());
        assert!(explanation.starts_with(&heading), "no section `{heading}`");
        assert_eq!(Rule::parse(&rule.to_string().to_lowercase()), Some(*rule));
        let programs: Vec<&str> = explanation
            .split("```bitup\n")
            .skip(1)
            .filter_map(|part| part.split("```").next())
            .collect();
        let [wrong, right] = programs.as_slice() else {
            panic!("{rule} has {} programs, not two", programs.len());
        };
        assert!(
            hints(wrong).iter().any(|(found, _)| found == rule),
            "{rule}: {wrong}"
        );
        assert_eq!(hints(right), [], "{rule}: {right}");
    }
    assert_eq!(Rule::parse("L99"), None);
}
