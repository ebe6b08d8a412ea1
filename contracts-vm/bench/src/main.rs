//! The numbers that the choice of an engine rests on. All engines in one run, round by round in turn; medians, and the
//! quarter above and below. With `BENCH_OUT` set, the figures also go to `P4-engine.json` there.
//!
//! Nothing here runs inside a runtime: the crossing from the runtime's Wasm to the host is not in it.

mod host;
mod large;
mod peer;

use host::Host;
use parlance_vm_engine::{Artifacts, Code, Codes, Compiled, Compiler, Engine, Interpreter};
use parlance_vm_prepare::{Age, Rules, prepare};
use std::{env, fs, hint::black_box, path::Path, sync::Arc, time::Instant};

const RULES: &Rules = &Rules::V1;

/// One figure: who, what, and all its measurements in microseconds.
struct Series {
    what: &'static str,
    who: String,
    times: Vec<f64>,
}

impl Series {
    fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * part).round() as usize]
    }

    fn line(&self) -> String {
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|part| self.quantile(part));
        format!(
            "{:<34} {:<12} {middle:>11.3} us   {low:.3} .. {high:.3}",
            self.what, self.who
        )
    }
}

/// Microseconds of one of so many turns.
fn time(turns: u32, mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    (0..turns).for_each(|_| work());
    begin.elapsed().as_secs_f64() * 1e6 / f64::from(turns)
}

/// Something that is measured: its name, the contract, turns in one measurement, system calls in one turn to divide by.
struct Case {
    what: &'static str,
    code: Vec<u8>,
    turns: u32,
    divide: f64,
}

fn cases() -> Vec<Case> {
    let text = |text: &str| wat::parse_str(text).expect("the text is Wasm");
    let case = |what, code, turns, divide| Case {
        what,
        code: text(code),
        turns,
        divide,
    };
    vec![
        case(
            "system call, nothing in it",
            include_str!("../contracts/round-trips.wat"),
            1,
            1e4,
        ),
        case(
            "system call, 36 bytes in, 16 out",
            include_str!("../contracts/round-trips-with-bytes.wat"),
            1,
            1e4,
        ),
        case(
            "instance and empty call",
            include_str!("../contracts/empty.wat"),
            200,
            1.0,
        ),
        case(
            "token transfer, 13 calls",
            include_str!("../contracts/token.wat"),
            100,
            1.0,
        ),
        case(
            "computing: sieve and mix",
            include_str!("../contracts/compute.wat"),
            1,
            1.0,
        ),
    ]
}

fn main() {
    let rounds = env::var("VM_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(41);
    let engines: Vec<Arc<dyn Engine>> = vec![
        Arc::new(Compiled::new(RULES, Compiler::Cranelift, 8).expect("wasmtime starts")),
        Arc::new(Compiled::new(RULES, Compiler::Winch, 8).expect("wasmtime starts")),
        Arc::new(Interpreter::new(RULES)),
    ];
    let mut all = Vec::new();
    for case in cases() {
        all.extend(running(&case, &engines, rounds));
    }
    all.extend(compiling(&engines, rounds / 2 + 1));
    for series in &all {
        println!("{}", series.line());
    }
    if let Some(folder) = env::var_os("BENCH_OUT") {
        write(Path::new(&folder), &all);
    }
}

fn running(case: &Case, engines: &[Arc<dyn Engine>], rounds: usize) -> Vec<Series> {
    let prepared = prepare(&case.code, Age::New, RULES).expect("it is a contract");
    let ready: Vec<Arc<dyn Code>> = engines
        .iter()
        .map(|engine| engine.compile(&prepared.code).expect("it is compiled"))
        .collect();
    let series = |who: &str| Series {
        what: case.what,
        who: who.into(),
        times: Vec::new(),
    };
    let mut all: Vec<Series> = engines.iter().map(|engine| series(engine.name())).collect();
    all.push(series("wasmi 0.32"));
    let mut host = Host::new();
    for _ in 0..rounds {
        for (code, series) in ready.iter().zip(&mut all) {
            let taken = time(case.turns, || host::run(&**code, &mut host));
            series.times.push(taken / case.divide);
        }
        let turns = case.turns.min(20);
        let mut peer = Some(Host::new());
        let taken = time(turns, || {
            peer = peer.take().map(|host| peer::run(&case.code, host))
        });
        if let Some(series) = all.last_mut() {
            series.times.push(taken / case.divide);
        }
    }
    all
}

fn compiling(engines: &[Arc<dyn Engine>], rounds: usize) -> Vec<Series> {
    let code = large::contract();
    let prepared = prepare(&code, Age::New, RULES).expect("it is a contract");
    println!(
        "compiled: {} bytes, {} prepared",
        code.len(),
        prepared.code.len()
    );
    let series = |what, who: &str| Series {
        what,
        who: who.into(),
        times: Vec::new(),
    };
    let mut preparing = series("prepare 20 kB", "prepare");
    let mut compiling: Vec<Series> = engines
        .iter()
        .map(|engine| series("compile 20 kB, prepared", engine.name()))
        .collect();
    let mut uploading = series("translate 20 kB", "wasmi 0.32");
    let mut restoring = series("20 kB from disk", engines[0].name());

    let folder = env::temp_dir().join(format!("parlance-vm-bench-{}", std::process::id()));
    let open = || Artifacts::open(&folder, 1 << 30).expect("the folder can be written");
    let warm = Codes::new(engines[0].clone(), Some(open()), 4);
    warm.get([7; 32], RULES, || code.clone())
        .expect("it is compiled");
    for _ in 0..rounds {
        preparing.times.push(time(1, || {
            black_box(prepare(&code, Age::New, RULES).is_ok());
        }));
        for (engine, series) in engines.iter().zip(&mut compiling) {
            series.times.push(time(1, || {
                black_box(engine.compile(&prepared.code).is_ok());
            }));
        }
        uploading.times.push(time(1, || peer::compile(&code)));
        let cold = Codes::new(engines[0].clone(), Some(open()), 4);
        restoring.times.push(time(1, || {
            cold.get([7; 32], RULES, || panic!("it is on disk"))
                .expect("it is loaded");
        }));
    }
    drop(fs::remove_dir_all(&folder));
    let mut all = vec![preparing];
    all.extend(compiling);
    all.extend([uploading, restoring]);
    all
}

/// The figures for machines.
fn write(folder: &Path, all: &[Series]) {
    let lines: Vec<String> = all
        .iter()
        .map(|series| {
            format!(
                "{{\"name\":\"{}\",\"engine\":\"{}\",\"unit\":\"us\",\"better\":\"lower\",\"ours\":{:?}}}",
                series.what, series.who, series.times
            )
        })
        .collect();
    let text = format!(
        "{{\"id\":\"P4-engine\",\"metrics\":[\n{}\n]}}\n",
        lines.join(",\n")
    );
    if let Err(error) = fs::write(folder.join("P4-engine.json"), text) {
        eprintln!("{}: {error}", folder.display());
    }
}
