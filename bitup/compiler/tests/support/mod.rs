//! What several tests need.

use bitup_compiler::{Built, Diagnostics, Source, build, metadata::blake2_256, render};
use bitup_local::{Account, Chain, Outcome};
use std::path::{Path, PathBuf};
use wasmparser::{Validator, WasmFeatures};

/// A path below the crate's folder.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Compares with a file that was looked at by a person. With `UPDATE_SNAPSHOTS=1` in the environment it is written instead,
/// to be read in the change.
pub fn snapshot(relative: &str, text: &str) {
    let file = path(relative);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        known, text,
        "{relative} differs; UPDATE_SNAPSHOTS=1 writes it"
    );
}

pub const ALICE: Account = [0xaa; 32];
pub const BOB: Account = [0xbb; 32];
/// The contract's own account.
pub const CONTRACT: Account = [0xcc; 32];

/// The first contract of a text.
pub fn built(text: &str) -> Built {
    let source = Source {
        path: "main.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    match build(&[source]) {
        Ok(mut contracts) => contracts.remove(0),
        Err(findings) => panic!("{}\n{text}", shown(&findings)),
    }
}

/// Findings as a person reads them.
pub fn shown(findings: &[(Source, Diagnostics)]) -> String {
    let texts = findings.iter().flat_map(|(source, list)| {
        list.list()
            .iter()
            .map(|one| render(one, &source.path, &source.text))
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The bytes of a call.
pub fn input(name: &str, arguments: &[&[u8]]) -> Vec<u8> {
    [&blake2_256(name.as_bytes())[..4], &arguments.concat()].concat()
}

/// The chain takes the code, and the validator that the chain's engines use finds nothing in it.
pub fn validated(wasm: &[u8]) -> &[u8] {
    let features = WasmFeatures::MUTABLE_GLOBAL | WasmFeatures::SIGN_EXTENSION;
    let mut validator = Validator::new_with_features(features);
    validator.validate_all(wasm).expect("valid Wasm");
    wasm
}

/// A contract on a chain on which Alice and Bob have 1,000.
pub struct Contract {
    pub chain: Chain,
}

impl Contract {
    pub fn deploy(text: &str, arguments: &[&[u8]]) -> Self {
        let mut chain = Chain::default();
        for who in [ALICE, BOB] {
            chain.state.balances.insert(who, 1_000);
        }
        let code = chain
            .upload(validated(&built(text).wasm))
            .expect("the chain takes it");
        let made = chain.deploy(code, CONTRACT, ALICE, 0, &input("new", arguments));
        assert_eq!(made.outcome, Outcome::Done(vec![0, 0]));
        Self { chain }
    }

    pub fn raw(&mut self, who: Account, input: &[u8]) -> Outcome {
        self.chain.call(CONTRACT, who, 0, input).outcome
    }

    pub fn call(&mut self, who: Account, value: u128, name: &str, arguments: &[&[u8]]) -> Outcome {
        let input = input(name, arguments);
        self.chain.call(CONTRACT, who, value, &input).outcome
    }

    /// The result of a call that is done.
    #[track_caller]
    pub fn done(&mut self, who: Account, name: &str, arguments: &[&[u8]]) -> Vec<u8> {
        match self.call(who, 0, name, arguments) {
            Outcome::Done(output) if output[..2] == [0, 0] => output[2..].to_vec(),
            other => panic!("{name}: {other:?}"),
        }
    }

    pub fn balance(&self, who: Account) -> u128 {
        self.chain.state.balance(&who)
    }
}
