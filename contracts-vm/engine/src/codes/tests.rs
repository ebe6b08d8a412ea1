//! Each contract is compiled once, and what is found where changes nothing.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use super::*;
use crate::{Authentic, EntryPoint, Execution, Gas, Interpreter, Step};
#[cfg(feature = "compiled")]
use crate::{Compiled, Compiler};
use std::{fs, path::Path, sync::Barrier, thread, time::Duration};
use tempfile::TempDir;

const RULES: &Rules = &Rules::V1;

/// The interpreter, with the prepared module as its artifact: what is said of files on disk holds without a compiler.
struct Kept(Interpreter);

struct KeptCode {
    ready: Arc<dyn Code>,
    prepared: Vec<u8>,
}

impl Engine for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn build(&self) -> [u8; 32] {
        [7; 32]
    }

    fn compile(&self, prepared: &[u8]) -> Result<Arc<dyn Code>, EngineError> {
        Ok(Arc::new(KeptCode {
            ready: self.0.compile(prepared)?,
            prepared: prepared.to_vec(),
        }))
    }

    fn restore(&self, artifact: &Authentic) -> Option<Arc<dyn Code>> {
        self.compile(artifact.bytes()).ok()
    }
}

impl Code for KeptCode {
    fn start(
        &self,
        entry: EntryPoint,
        gas: Gas,
    ) -> Result<(Box<dyn Execution>, Step), EngineError> {
        self.ready.start(entry, gas)
    }

    fn artifact(&self) -> Option<Vec<u8>> {
        Some(self.prepared.clone())
    }
}

fn code() -> Vec<u8> {
    let text = r#"(module (func (export "deploy"))
        (func (export "call") (result i32) (i32.mul (i32.const 6) (i32.const 7))))"#;
    wat::parse_str(text).unwrap()
}

fn engine() -> Arc<dyn Engine> {
    Arc::new(Kept(Interpreter::new(RULES)))
}

/// The engines that have artifacts.
fn engines() -> Vec<Arc<dyn Engine>> {
    vec![
        engine(),
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Cranelift, 4).unwrap()),
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Winch, 4).unwrap()),
    ]
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(engine: &Arc<dyn Engine>, folder: &Path) -> Codes {
    let artifacts = Artifacts::open(folder, 1 << 30).unwrap();
    Codes::new(engine.clone(), Some(artifacts), 8)
}

fn run(code: &dyn Code) -> Step {
    code.start(EntryPoint::Call, Gas::new(1000)).unwrap().1
}

fn get(codes: &Codes, number: u8) -> Step {
    run(&*codes.get([number; 32], RULES, code).unwrap())
}

/// Hits in memory, hits on disk, compiled.
fn counts(codes: &Codes) -> [u64; 3] {
    let metrics = codes.metrics();
    [metrics.hits_memory, metrics.hits_disk, metrics.compiled]
}

/// The one artifact in a folder.
fn artifact(folder: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(folder).unwrap().flatten();
    let mut files =
        files.filter(|entry| entry.file_name().to_string_lossy().ends_with(".artifact"));
    let file = files.next().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn memory_then_disk_then_the_compiler_and_always_the_same_step() {
    for engine in engines() {
        let folder = folder();
        let codes = open(&engine, folder.path());
        let first = get(&codes, 1);
        assert_eq!(get(&codes, 1), first);
        assert_eq!(counts(&codes), [1, 0, 1]);
        drop(codes);
        let codes = open(&engine, folder.path());
        let loaded = codes
            .get([1; 32], RULES, || panic!("it is on disk"))
            .unwrap();
        assert_eq!(run(&*loaded), first);
        assert_eq!(counts(&codes), [0, 1, 0]);
    }
}

#[test]
fn an_artifact_of_another_engine_is_not_used() {
    let mut all = engines();
    all.push(Arc::new(Interpreter::new(RULES)));
    for (place, first) in engines().iter().enumerate() {
        let folder = folder();
        let step = get(&open(first, folder.path()), 1);
        for (other, engine) in all.iter().enumerate() {
            if other != place {
                let codes = open(engine, folder.path());
                assert_eq!(get(&codes, 1), step);
                assert_eq!(counts(&codes), [0, 0, 1], "{}", engine.name());
                assert_eq!(codes.metrics().refused, 0, "it has another name");
            }
        }
    }
}

#[test]
fn finding_looks_in_memory_and_on_disk_and_compiles_nothing() {
    for engine in engines() {
        let folder = folder();
        let codes = open(&engine, folder.path());
        assert!(codes.find([1; 32], RULES).is_none());
        let prepared = prepare(&code(), Age::New, RULES).unwrap();
        let kept = run(&*codes.keep([1; 32], RULES, &prepared.code).unwrap());
        assert_eq!(run(&*codes.find([1; 32], RULES).unwrap()), kept);
        assert_eq!(counts(&codes), [1, 0, 1]);
        let codes = open(&engine, folder.path());
        assert_eq!(run(&*codes.find([1; 32], RULES).unwrap()), kept);
        assert_eq!(counts(&codes), [0, 1, 0]);
    }
}

/// Under a code that is right, and still no module: the engine has the last word.
#[test]
fn an_artifact_that_is_no_module_is_compiled_anew() {
    for engine in engines() {
        let folder = folder();
        let artifacts = Artifacts::open(folder.path(), 1 << 30).unwrap();
        let key = Key {
            code: [1; 32],
            rules: RULES.version,
            build: engine.build(),
        };
        artifacts.put(&key, b"not a module").unwrap();
        let codes = Codes::new(engine, Some(artifacts), 8);
        assert!(matches!(get(&codes, 1), Step::Done(_)));
        assert_eq!(counts(&codes), [0, 0, 1]);
        assert_eq!(codes.metrics().refused, 1);
    }
}

/// Cut off, turned, empty, or something else: each time compiled anew, and on disk again afterwards.
#[test]
fn what_was_damaged_on_disk_is_compiled_anew_and_kept_again() {
    for engine in engines() {
        let folder = folder();
        let step = get(&open(&engine, folder.path()), 1);
        let path = artifact(folder.path());
        let good = fs::read(&path).unwrap();
        let mut turned = good.clone();
        *turned.last_mut().unwrap() ^= 1;
        let half = good[..good.len() / 2].to_vec();
        for bad in [half, turned, Vec::new(), code()] {
            fs::write(&path, bad).unwrap();
            let codes = open(&engine, folder.path());
            assert_eq!(get(&codes, 1), step);
            assert_eq!(counts(&codes), [0, 0, 1]);
            assert_eq!(codes.metrics().refused, 1);
            let codes = open(&engine, folder.path());
            assert_eq!(get(&codes, 1), step);
            assert_eq!(counts(&codes), [0, 1, 0]);
        }
    }
}

/// The file alone, and then the folder with the key: what is in memory runs on, the rest is compiled, and the next start
/// finds an empty folder.
#[test]
fn files_that_are_deleted_while_the_node_runs_cost_time_and_nothing_else() {
    for engine in engines() {
        let folder = folder();
        let place = folder.path().join("artifacts");
        let codes = open(&engine, &place);
        let step = get(&codes, 1);
        fs::remove_file(artifact(&place)).unwrap();
        assert_eq!(get(&codes, 1), step);
        assert_eq!(counts(&codes), [1, 0, 1]);

        fs::remove_dir_all(&place).unwrap();
        assert_eq!(get(&codes, 1), step);
        assert_eq!(get(&codes, 2), step);
        assert_eq!(counts(&codes), [2, 0, 2]);
        assert_eq!(codes.metrics().unwritten, 1);
        drop(codes);

        let codes = open(&engine, &place);
        assert_eq!(get(&codes, 1), step);
        assert_eq!(counts(&codes), [0, 0, 1]);
        let metrics = codes.metrics();
        assert_eq!((metrics.refused, metrics.unwritten), (0, 0));
    }
}

#[test]
fn the_node_is_told_what_its_engine_does() {
    let folder = folder();
    let engine = engine();
    let artifacts = Artifacts::open(folder.path(), 1 << 30).unwrap();
    let codes = Codes::new(engine, Some(artifacts), 2);
    assert_eq!(codes.metrics(), Metrics::default());
    for number in [1, 1, 2, 3] {
        get(&codes, number);
    }
    let metrics = codes.metrics();
    assert_eq!(counts(&codes), [1, 0, 3]);
    assert_eq!((metrics.contracts, metrics.evicted), (2, 1));
    assert!(metrics.slowest > Duration::ZERO && metrics.compiling >= metrics.slowest);
    let files = fs::read_dir(folder.path()).unwrap().flatten();
    let files = files.filter(|entry| entry.file_name() != "secret");
    let bytes: u64 = files.map(|entry| entry.metadata().unwrap().len()).sum();
    assert_eq!(metrics.disk_bytes, bytes);
}

#[test]
fn many_who_want_the_same_wait_for_one_compilation() {
    for engine in engines() {
        let codes = Arc::new(Codes::new(engine, None, 8));
        let barrier = Arc::new(Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (codes, barrier) = (codes.clone(), barrier.clone());
                thread::spawn(move || {
                    barrier.wait();
                    codes.get([1; 32], RULES, code).unwrap();
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(counts(&codes), [7, 0, 1]);
    }
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let codes = Codes::new(engine(), None, 2);
    for number in [1, 2, 1, 3, 1] {
        get(&codes, number);
    }
    assert_eq!(counts(&codes), [2, 0, 3]);
    get(&codes, 2);
    assert_eq!(counts(&codes), [2, 0, 4]);
}

#[test]
fn what_is_no_contract_is_refused_every_time() {
    let codes = Codes::new(engine(), None, 2);
    for _ in 0..2 {
        let refused = codes.get([1; 32], RULES, || b"\0asm".to_vec());
        assert!(matches!(refused, Err(CodeError::Refused(_))));
    }
    assert_eq!(counts(&codes), [0, 0, 0]);
}
