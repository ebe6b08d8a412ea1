//! Contracts that compute (`fixtures/programs`) return what their first line says, on every engine, for the gas that was
//! counted. Each holds fast something that an engine once did wrongly, or could.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{End, RULES, counted, engines, run};
use parlance_vm_engine::EntryPoint;
use parlance_vm_prepare::{Age, prepare};
use std::{fs, path::Path};

#[test]
fn every_program_returns_what_it_says_on_every_engine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/programs");
    let engines = engines();
    let mut wrong = Vec::new();
    let mut programs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let expected: i32 = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(";; returns: "))
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("{name} does not say what it returns"));
        let code = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let prepared = prepare(&code, Age::New, RULES).unwrap();
        let reference = counted(&code, &prepared, 1_000_000).unwrap();
        assert_eq!(reference.end, End::Done(Some(expected)), "{name}");
        for engine in &engines {
            let code = engine.compile(&prepared.code).unwrap();
            let outcome = run(&*code, EntryPoint::Call, 1_000_000);
            if outcome != reference {
                let (end, engine) = (outcome.end, engine.name());
                wrong.push(format!("{name} on {engine}: {end:?}, not {expected}"));
            }
        }
        programs += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(programs >= 8, "{programs} programs");
}
