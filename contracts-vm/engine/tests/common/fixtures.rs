//! The attacks of `fixtures/attacks`: how each is to end stands in its first line.

use super::{End, RULES};
use parlance_vm_engine::Trap;
use parlance_vm_prepare::{Age, Prepared, prepare};
use std::{fs, path::Path};

/// A contract that means harm.
pub struct Attack {
    pub name: String,
    pub end: End,
    /// What it is started with when all that it asked is kept and compared.
    pub gas: u64,
    pub code: Vec<u8>,
    pub prepared: Prepared,
}

/// All of them, by name.
pub fn attacks() -> Vec<Attack> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/attacks");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| attack(path)).collect()
}

fn attack(path: &Path) -> Attack {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let head = |what: &str| {
        let mut lines = text.lines().take(3);
        lines.find_map(|line| line.strip_prefix(what))
    };
    let end = match head(";; ends: ").unwrap_or_else(|| panic!("{name} does not say its end")) {
        "Done" => End::Done(None),
        "OutOfGas" => End::Trapped(Trap::OutOfGas),
        "StackOverflow" => End::Trapped(Trap::StackOverflow),
        "OutOfBounds" => End::Trapped(Trap::OutOfBounds),
        "Trapped" => End::Trapped(Trap::Trapped),
        other => panic!("{name}: {other} is no end"),
    };
    let gas = head(";; gas: ").map_or(2_000_000, |gas| gas.parse().unwrap());
    let code = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let prepared = prepare(&code, Age::New, RULES).unwrap_or_else(|why| panic!("{name}: {why}"));
    Attack {
        name,
        end,
        gas,
        code,
        prepared,
    }
}
