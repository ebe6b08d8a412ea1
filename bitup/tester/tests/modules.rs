//! The ready-made modules keep their promises, and their tests notice when they do not.

use bitup_compiler::{Source, build, format::format, render, test_program};
use bitup_tester::{Options, Report, run};
use std::path::{Path, PathBuf};

fn folder(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../modules")
        .join(module)
}

/// The files of a module, the contract first.
fn files(module: &str) -> Vec<Source> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder(module))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "bit"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| Source {
        path: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read(path).unwrap(),
    };
    paths.iter().map(read).collect()
}

fn reports(sources: &[Source], runs: u32) -> Vec<Report> {
    let program = test_program(sources).unwrap_or_else(|findings| {
        let texts = findings.iter().flat_map(|(source, list)| {
            let list = list.list().iter();
            list.map(|one| render(one, &source.path, &source.text))
        });
        panic!("{}", texts.collect::<Vec<_>>().join("\n"))
    });
    let options = Options {
        runs,
        ..Options::default()
    };
    run(&program, &options).unwrap()
}

fn keeps_its_promises(module: &str, tests: usize) {
    let sources = files(module);
    for source in &sources {
        let text = String::from_utf8(source.text.clone()).unwrap();
        assert_eq!(format(&source.text).unwrap(), text, "{}", source.path);
    }
    let reports = reports(&sources, 50);
    assert_eq!(reports.len(), tests);
    for report in &reports {
        println!("{}: {} gas", report.title, report.gas);
        assert_eq!(report.failure, None, "{}", report.title);
    }
    for contract in build(&sources).unwrap() {
        println!("{}: {} bytes of Wasm", contract.name, contract.wasm.len());
    }
}

/// Each change of the contract makes a test fail.
fn notices(module: &str, changes: &[(&str, &str)]) {
    let sources = files(module);
    for (right, wrong) in changes {
        let mut changed = sources.clone();
        let text = String::from_utf8(changed[0].text.clone()).unwrap();
        assert!(text.contains(right), "`{right}` is not in the contract");
        changed[0].text = text.replacen(right, wrong, 1).into_bytes();
        let found = reports(&changed, 20);
        assert!(
            found.iter().any(|report| report.failure.is_some()),
            "no test notices `{wrong}` in the place of `{right}`"
        );
    }
}

#[test]
fn a_group_deposit_keeps_its_promises() {
    keeps_its_promises("group-deposit", 6);
}

#[test]
fn an_escrow_keeps_its_promises() {
    keeps_its_promises("escrow", 4);
}

#[test]
fn a_red_envelope_keeps_its_promises() {
    keeps_its_promises("red-envelope", 3);
}

#[test]
fn the_tests_of_the_modules_notice_faults() {
    notices(
        "group-deposit",
        &[
            ("msg.value === this.price &&", "msg.value <= this.price &&"),
            ("require(!this.stages.has(msg.sender)", "require(true"),
            ("block.time <= before", "true"),
            ("member !== msg.sender", "true"),
            ("!this.voted[number][msg.sender]", "true"),
            ("block.time <= until", "true"),
            ("block.time > until", "true"),
            (
                "this.votesFor[number] > this.votesAgainst[number]",
                "this.votesFor[number] >= this.votesAgainst[number]",
            ),
            ("this.cases += 1;", ""),
            ("= this.destinations[member]", "= this.destination"),
            ("this.held -= amount;", ""),
            ("@only(owner) propose", "@anyone propose"),
        ],
    );
    notices(
        "escrow",
        &[
            (
                "this.buyers[number] === msg.sender, NotYours",
                "true, NotYours",
            ),
            (
                "require(!this.disputed[number], InDispute(number));\n        const until",
                "const until",
            ),
            ("block.time > until", "true"),
            ("Rounding.Down", "Rounding.Up"),
            ("delete this.amounts[number];", ""),
            ("fee <= MOST_FEE", "true"),
        ],
    );
    notices(
        "red-envelope",
        &[
            ("this.shares[number] -= 1;", ""),
            ("!this.opened[number][msg.sender]", "true"),
            ("block.time <= until", "true"),
            ("block.time > until", "true"),
            ("msg.value >= shares as Balance", "true"),
            ("this.givers[number] === msg.sender", "true"),
        ],
    );
}
