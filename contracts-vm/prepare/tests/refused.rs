//! What is refused, and why: one text for each in `fixtures/refused`, whose first line says part of the reason.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_prepare::{Age, Refused, Rules, prepare};
use parlance_vm_reference::generate;
use std::{fs, path::Path};

fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(folder);
    let mut texts: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    texts.sort();
    texts
}

fn with(code: &[u8]) -> Result<Vec<u8>, Refused> {
    prepare(code, Age::New, &Rules::V1).map(|prepared| prepared.code)
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A contract whose `call` is this.
fn contract(body: &str) -> Vec<u8> {
    text(&format!(
        "(module (func (export \"deploy\")) (func (export \"call\") {body}))"
    ))
}

#[test]
fn every_fixture_is_refused_for_its_reason() {
    let mut wrong = Vec::new();
    for (name, source) in fixtures("refused") {
        let reason = source
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(";; refused: "));
        let reason = reason.unwrap_or_else(|| panic!("{name} does not say why"));
        match with(&text(&source)) {
            Ok(_) => wrong.push(format!("{name}: accepted")),
            Err(why) if why.to_string().contains(reason) => (),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_attack_is_a_valid_contract() {
    for (name, source) in fixtures("attacks") {
        let prepared = with(&text(&source));
        assert!(prepared.is_ok(), "{name}: {prepared:?}");
    }
}

#[test]
fn old_system_calls_are_for_code_that_is_there() {
    let code = text(
        r#"(module (import "seal0" "random" (func (param i32 i32 i32 i32)))
        (func (export "deploy")) (func (export "call")))"#,
    );
    assert!(matches!(with(&code), Err(Refused::UnknownImport { .. })));
    assert!(prepare(&code, Age::OnChain, &Rules::V1).is_ok());
}

/// What a compiler would choke on is refused before it gets there. One more of each than is allowed, and as many as are.
#[test]
fn each_limit_lets_its_number_pass_and_no_more() {
    let limits = &Rules::V1.limits;
    let locals = |count: u32| contract(&format!("(local {})", "i32 ".repeat(count as usize)));
    let nesting = |count: u32| {
        let count = count as usize;
        contract(&format!(
            "{}{}",
            "block ".repeat(count),
            "end ".repeat(count)
        ))
    };
    let blocks = |count: u32| contract(&"(br_if 0 (i32.const 0))".repeat(count as usize));
    let targets = |count: u32| {
        contract(&format!(
            "(block (br_table {} (i32.const 0)))",
            "0 ".repeat(count as usize + 1)
        ))
    };
    let types = |count: u32| {
        let types: String = (0..count).map(|_| "(type (func (param i64)))").collect();
        text(&format!(
            "(module {types} (func (export \"deploy\") (type $t)) (func (export \"call\")) (type $t (func)))"
        ))
    };
    let globals = |count: u32| {
        let globals = "(global i32 (i32.const 0))".repeat(count as usize);
        text(&format!(
            "(module {globals} (func (export \"deploy\")) (func (export \"call\")))"
        ))
    };
    let functions = |count: u32| {
        let functions = "(func)".repeat(count as usize - 2);
        text(&format!(
            "(module {functions} (func (export \"deploy\")) (func (export \"call\")))"
        ))
    };
    let parameters = |count: u32| {
        let list = "i32 ".repeat(count as usize);
        text(&format!(
            "(module (func (param {list})) (func (export \"deploy\")) (func (export \"call\")))"
        ))
    };
    let segments = |count: u32| {
        let list = "(data (i32.const 0) \"a\")".repeat(count as usize);
        text(&format!(
            "(module (import \"env\" \"memory\" (memory 1 1)) {list}
            (func (export \"deploy\")) (func (export \"call\")))"
        ))
    };
    let elements = |count: u32| {
        let list = "(elem (i32.const 0) 0)".repeat(count as usize);
        text(&format!(
            "(module (table 1 1 funcref) {list} (func (export \"deploy\")) (func (export \"call\")))"
        ))
    };
    // The function's own block is one; its first basic block is one.
    type Make<'m> = (&'m str, &'m dyn Fn(u32) -> Vec<u8>, u32);
    let makes: [Make<'_>; 10] = [
        ("locals of a function", &locals, limits.locals),
        ("blocks within blocks", &nesting, limits.nesting - 1),
        (
            "basic blocks in a function",
            &blocks,
            limits.basic_blocks - 1,
        ),
        ("targets of a br_table", &targets, limits.branch_targets),
        ("types", &types, limits.types - 1),
        ("globals", &globals, limits.globals),
        ("functions", &functions, limits.functions),
        ("parameters", &parameters, limits.params),
        ("segments of data", &segments, limits.data_segments),
        ("segments of elements", &elements, limits.element_segments),
    ];
    for (what, make, limit) in makes {
        let allowed = with(&make(limit));
        assert!(allowed.is_ok(), "{limit} {what}: {:?}", allowed.err());
        match with(&make(limit + 1)) {
            Err(Refused::TooMany { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{} {what}: {:?}", limit + 1, other.map(|code| code.len())),
        }
    }
}

#[test]
fn what_is_large_in_two_ways_at_once_is_refused() {
    let limits = &Rules::V1.limits;
    let product = contract(&format!(
        "(local {}) {}",
        "i64 ".repeat(limits.locals as usize),
        "(br_if 0 (i32.const 0))".repeat((limits.locals_by_blocks / limits.locals) as usize)
    ));
    let found = with(&product).unwrap_err();
    let what = "locals times basic blocks of a function";
    assert!(
        matches!(found, Refused::TooMany { what: w, .. } if w == what),
        "{found}"
    );

    let table = format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(200));
    let count = limits.branch_targets_in_function / 199 + 1;
    let found = with(&contract(&table.repeat(count as usize))).unwrap_err();
    let what = "targets of br_tables in a function";
    assert!(
        matches!(found, Refused::TooMany { what: w, .. } if w == what),
        "{found}"
    );

    let long = contract(&"(drop (i64.const 0x7fffffffffffffff))".repeat(6000));
    let found = with(&long).unwrap_err();
    assert!(
        matches!(
            found,
            Refused::TooMany {
                what: "bytes of a function",
                ..
            }
        ),
        "{found}"
    );

    let large = vec![0; limits.code_bytes as usize + 1];
    let found = with(&large).unwrap_err();
    assert!(
        matches!(
            found,
            Refused::TooMany {
                what: "bytes of code",
                ..
            }
        ),
        "{found}"
    );
}

/// Operands and locals that no interpreter's sixteen bits can number, in a function that is small enough.
#[test]
fn a_function_that_could_never_be_entered_is_refused() {
    let limits = &Rules::V1.limits;
    // So many operands at once, and as many instructions more, which take a slot for each eight.
    let operands = |count: u32| {
        let count = count as usize;
        contract(&format!(
            "(local {}) {} {}",
            "i64 ".repeat(limits.locals as usize),
            "local.get 0 ".repeat(count),
            "drop ".repeat(count)
        ))
    };
    let costs = &Rules::V1.costs;
    let slots =
        |count| limits.locals + count + (2 * count + 1) / costs.operators_per_slot + costs.frame;
    let most = (1..20_000)
        .rfind(|count| slots(*count) <= limits.stack_slots)
        .unwrap();
    assert!(with(&operands(most)).is_ok());
    for count in [most + 1, 20_000] {
        match with(&operands(count)) {
            Err(Refused::TooMany { what, limit, .. }) => {
                assert_eq!(what, "slots of stack for a function");
                assert_eq!(limit, u64::from(limits.stack_slots));
            }
            other => panic!("{count}: {:?}", other.map(|code| code.len())),
        }
    }
}

/// Numbers of locals that together wrap around, and counts without content.
#[test]
fn counts_that_lie_are_refused() {
    let declared = |groups: &[u8]| {
        let mut body = groups.to_vec();
        body.push(0x0b);
        let mut code = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
        code.extend(b"\x07\x11\x02\x04call\0\0\x06deploy\0\0");
        code.extend([0x0a, body.len() as u8 + 2, 1, body.len() as u8]);
        code.extend(body);
        code
    };
    assert!(with(&declared(&[0])).is_ok());
    let lies: [&[u8]; 4] = [
        // Twice 2^32 - 1 locals.
        &[
            2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e,
        ],
        // Groups that are not there.
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        // A number that does not end.
        &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        // A type that does not exist.
        &[1, 1, 0x55],
    ];
    for lie in lies {
        assert!(with(&declared(lie)).is_err(), "{lie:x?}");
    }
}

/// Bytes at random, bytes turned in contracts, and contracts cut off: all get an answer, and what is accepted is valid.
#[test]
fn malformed_modules_by_the_thousand() {
    let (mut accepted, mut refused) = (0, 0);
    let mut answer = |code: &[u8]| match with(code) {
        Ok(prepared) => {
            accepted += 1;
            // Preparing is for contracts; that what comes out is none says that the meters are there.
            assert!(matches!(
                with(&prepared),
                Err(Refused::OwnMemory | Refused::Export { .. })
            ));
        }
        Err(_) => refused += 1,
    };
    for seed in 0..3000 {
        answer(&generate::bytes(seed, seed as usize % 700));
        let mut headed = b"\0asm\x01\0\0\0".to_vec();
        headed.extend(generate::bytes(seed, seed as usize % 300));
        answer(&headed);
    }
    for seed in 0..300 {
        let Some(code) = generate::contract(seed) else {
            continue;
        };
        let noise = generate::bytes(seed, 400);
        for round in 0..40 {
            let mut turned = code.clone();
            for change in noise[round * 10..round * 10 + 1 + round % 9].chunks(1) {
                let place = (usize::from(change[0]) * 257 + round * 7919) % turned.len();
                turned[place] = turned[place].wrapping_add(change[0] | 1);
            }
            answer(&turned);
            answer(&code[..code.len() * round / 40]);
        }
    }
    println!("accepted {accepted}, refused {refused}");
    assert!(accepted > 100 && refused > 10_000);
}
