//! Every code of docs/bitup/diagnostics.md has a program that gets it and one that does not.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{Code, Diagnostics, Source, check, check_one, format::format, render};

/// The programs of a section in fences of this kind.
fn programs<'t>(section: &'t str, kind: &str) -> Vec<&'t str> {
    let fence = format!("```bitup {kind}\n");
    section
        .split(fence.as_str())
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(str::trim_end)
        .collect()
}

fn rendered(diagnostics: &Diagnostics, source: &[u8]) -> String {
    let texts: Vec<_> = diagnostics
        .list()
        .iter()
        .map(|one| render(one, "example.bit", source))
        .collect();
    texts.join("\n")
}

/// Programs that cannot be printed on a page.
fn unprintable(code: Code) -> Option<Vec<u8>> {
    match code {
        Code::InvalidUtf8 => Some(b"const A: u8 = 1; // gr\xf6\xdfe".to_vec()),
        Code::FileTooLong => Some(vec![b' '; (1 << 20) + 1]),
        Code::InheritanceTooLong => {
            let line = (0..64).map(|number| {
                format!("abstract contract C{} extends C{number} {{}}\n", number + 1)
            });
            Some(format!("abstract contract C0 {{}}\n{}", line.collect::<String>()).into_bytes())
        }
        _ => None,
    }
}

#[test]
fn assets_are_made_in_their_own_file_only() {
    let ticket = Source {
        path: "ticket.bit".to_owned(),
        text: b"asset Ticket {\n    seat: u32;\n}\n".to_vec(),
    };
    let text = "import { Ticket } from \"ticket.bit\";\n\ncontract A {\n    @anyone f() {\n        destroy new Ticket(1);\n    }\n}\n";
    let main = Source {
        path: "example.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let checked = check(&[main, ticket]);
    let found = &checked.findings[0].1;
    let codes: Vec<_> = found.list().iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::AssetForeign, Code::AssetForeign]);
    support::snapshot(
        "tests/snapshots/B0605.txt",
        &rendered(found, text.as_bytes()),
    );
}

#[test]
fn each_rejected_program_has_its_code_and_looks_as_known() {
    let mut wrong = String::new();
    for code in Code::ALL {
        let mut sources: Vec<Vec<u8>> = programs(code.explanation(), "rejected")
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
        sources.extend(unprintable(*code));
        // These need more than a check of one file and have tests of their own.
        if matches!(code, Code::AssetForeign | Code::NotBuilt | Code::NoContract) {
            continue;
        }
        assert!(!sources.is_empty(), "{code}: no rejected program");
        for (number, source) in sources.iter().enumerate() {
            let found = check_one(source);
            let codes: Vec<_> = found.list().iter().map(|one| one.code).collect();
            if codes.first() != Some(code) || codes.iter().any(|other| other != code) {
                wrong += &format!("{code}: {codes:?}\n{}\n", rendered(&found, source));
                continue;
            }
            let name = if number == 0 {
                format!("tests/snapshots/{code}.txt")
            } else {
                format!("tests/snapshots/{code}-{}.txt", number + 1)
            };
            let text = rendered(&found, source);
            assert!(
                text.contains("advice: "),
                "{code} says nothing about what to do:\n{text}"
            );
            support::snapshot(&name, &text);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_accepted_program_has_no_finding_and_the_one_form() {
    let mut wrong = String::new();
    for code in Code::ALL {
        let sources = programs(code.explanation(), "accepted");
        assert!(!sources.is_empty(), "{code}: no accepted program");
        for source in sources {
            let found = check_one(source.as_bytes());
            if !found.is_empty() {
                wrong += &format!("{code}: {}\n", rendered(&found, source.as_bytes()));
            } else if format(source.as_bytes()).unwrap().trim_end() != source {
                wrong += &format!("{code}: {}\n", format(source.as_bytes()).unwrap());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
