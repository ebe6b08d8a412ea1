//! The VM through its host functions, on externalities as a node has them, with each engine.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_abi::id;
#[cfg(feature = "compiled")]
use parlance_vm_host::engine::{Compiled, Compiler};
use parlance_vm_host::{
    Vm,
    engine::{Engine, Interpreter},
};
use parlance_vm_interface::{
    Answer, EntryPoint, MAX_DEPTH, Session, Status, Step, calls::contracts_vm, session::check,
    wire::Trap,
};
use parlance_vm_prepare::Rules;
use sp_core::Blake2Hasher;
use sp_crypto_hashing::blake2_256;
use sp_externalities::{Extension, Externalities, TransactionType, with_externalities};
use std::{sync::Arc, thread, time::Duration};

const RULES: &Rules = &Rules::V1;
const GAS: u64 = 1_000_000;
/// Call trees that the engines under test have room for.
const TREES: u32 = 2;

type Node = sp_state_machine::TestExternalities<Blake2Hasher>;

/// All engines that this was built with.
fn engines() -> Vec<Arc<dyn Engine>> {
    vec![
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Cranelift, Vm::instances(TREES)).unwrap()),
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Winch, Vm::instances(TREES)).unwrap()),
        Arc::new(Interpreter::new(RULES)),
    ]
}

/// A vector as SCALE writes it, under a gigabyte.
fn stored(code: &[u8]) -> Vec<u8> {
    let len = (code.len() as u32) << 2 | 2;
    [&len.to_le_bytes(), code].concat()
}

/// A contract in the storage of a node.
#[derive(Clone)]
struct Contract {
    code: Vec<u8>,
    hash: [u8; 32],
}

impl Contract {
    fn new(text: &str) -> Self {
        let code = wat::parse_str(text).unwrap();
        let hash = blake2_256(&code);
        Contract { code, hash }
    }

    fn start(&self) -> Result<Session, Status> {
        Session::start(self.hash, &self.hash, RULES.version, EntryPoint::Call, GAS)
    }
}

fn node(vm: &Arc<Vm>, contracts: &[&Contract]) -> Node {
    let mut node = Node::default();
    node.register_extension(vm.extension());
    node.execute_with(|| {
        for contract in contracts {
            externalities(|ext| {
                ext.place_storage(contract.hash.to_vec(), Some(stored(&contract.code)))
            });
        }
    });
    node
}

fn externalities<R>(work: impl FnOnce(&mut dyn Externalities) -> R) -> R {
    with_externalities(work).unwrap()
}

fn begin() {
    externalities(|ext| ext.storage_start_transaction());
}

fn commit() {
    externalities(|ext| ext.storage_commit_transaction()).unwrap();
}

fn roll_back() {
    externalities(|ext| ext.storage_rollback_transaction()).unwrap();
}

/// With each engine, in a node of its own, within one layer of storage.
fn everywhere(contracts: &[&Contract], test: impl Fn()) {
    for engine in engines() {
        let vm = Vm::new(engine, None, 8, TREES);
        node(&vm, contracts).execute_with(|| {
            begin();
            test();
            commit();
        });
    }
}

/// Asks for the input, and stores as much of it as it is told, under the key "name".
fn storing() -> Contract {
    Contract::new(
        r#"(module
        (import "seal0" "input" (func $input (param i32 i32)))
        (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
        (import "env" "memory" (memory 1 1))
        (data (i32.const 0) "name")
        (data (i32.const 8) "\ff\7f\00\00")
        (func (export "deploy"))
        (func (export "call")
            (call $input (i32.const 16) (i32.const 8))
            (if (i32.ne (call $set (i32.const 0) (i32.const 4) (i32.const 16) (i32.load (i32.const 8)))
                        (i32.const 7))
                (then (unreachable)))))"#,
    )
}

fn input_of(session: &Session) -> Vec<u8> {
    let Step::Call(call) = session.step().unwrap() else {
        panic!("no call")
    };
    assert_eq!(call.id, id::INPUT);
    assert_eq!(call.room, [Some(0x7fff), None]);
    assert!(call.gas < GAS);
    call.input(0).unwrap_or_default().to_vec()
}

#[test]
fn what_a_call_reads_comes_along_and_what_is_answered_arrives() {
    let contract = storing();
    // In the buffer of the step, just not in it, and far beyond it.
    for len in [0_usize, 9, 356, 357, 20_000] {
        everywhere(&[&contract], || {
            let value: Vec<u8> = (0..len).map(|place| place as u8).collect();
            let mut session = contract.start().unwrap();
            assert!(input_of(&session).is_empty());
            let answer = |result, outputs| Answer {
                result,
                gas: GAS / 2,
                outputs,
            };
            session.resume(answer(0, [Some(&value), None])).unwrap();
            {
                let Step::Call(call) = session.step().unwrap() else {
                    panic!("no call")
                };
                assert_eq!(call.id, id::SET_STORAGE_V2);
                assert!(call.gas <= GAS / 2);
                assert_eq!(call.argument(1), 4);
                assert_eq!(call.input(0), Some(&b"name"[..]));
                assert_eq!(call.input(1), Some(&value[..]));
                assert_eq!(call.input(2), None);
            }
            session.resume(answer(7, [None, None])).unwrap();
            assert!(matches!(session.step().unwrap(), Step::Done { gas } if gas <= GAS / 2));
        });
    }
}

#[test]
fn the_result_arrives_too() {
    let contract = storing();
    everywhere(&[&contract], || {
        let mut session = contract.start().unwrap();
        session
            .resume(Answer {
                gas: GAS,
                outputs: [Some(b"x"), None],
                ..Answer::default()
            })
            .unwrap();
        session
            .resume(Answer {
                result: 8,
                gas: GAS,
                ..Answer::default()
            })
            .unwrap();
        let trap = Trap::Trapped;
        assert!(matches!(session.step().unwrap(), Step::Trapped { trap: t, .. } if t == trap));
    });
}

#[test]
fn gas_that_the_runtime_takes_away_is_gone() {
    let contract = storing();
    everywhere(&[&contract], || {
        let mut session = contract.start().unwrap();
        // The next call is paid for already; what comes behind it is not.
        session.resume(Answer::default()).unwrap();
        assert!(matches!(session.step().unwrap(), Step::Call(call) if call.gas == 0));
        session.resume(Answer::default()).unwrap();
        assert_eq!(
            session.step().unwrap(),
            Step::Trapped {
                trap: Trap::OutOfGas,
                gas: 0
            }
        );
    });
}

#[test]
fn without_a_layer_of_storage_nothing_starts() {
    let contract = storing();
    for engine in engines() {
        let vm = Vm::new(engine, None, 8, TREES);
        node(&vm, &[&contract]).execute_with(|| {
            assert_eq!(contract.start().err(), Some(Status::NoLayer));
        });
    }
}

#[test]
fn an_execution_ends_with_the_layer_it_began_in() {
    let contract = storing();
    for end in [commit, roll_back] {
        everywhere(&[&contract], || {
            let mut outer = contract.start().unwrap();
            begin();
            let mut inner = contract.start().unwrap();
            end();
            assert_eq!(inner.resume(Answer::default()), Err(Status::NoSession));
            outer.resume(Answer::default()).unwrap();
        });
    }
}

#[test]
fn handles_count_from_one_in_each_outermost_layer() {
    let contract = storing();
    everywhere(&[&contract], || {
        for _ in 0..2 {
            let first = contract.start().unwrap();
            let second = contract.start().unwrap();
            // One execution is resumed by its handle, so these two are one and two.
            for handle in [1, 2] {
                let mut inputs = [];
                assert_eq!(contracts_vm::fetch(handle, &mut inputs), 0);
            }
            assert_eq!(
                Status::result(contracts_vm::fetch(3, &mut [])),
                Err(Status::NoSession)
            );
            drop((first, second));
            commit();
            begin();
        }
    });
}

#[test]
fn the_node_that_enters_anew_finds_nothing() {
    let contract = storing();
    let vm = Vm::new(engines()[0].clone(), None, 8, TREES);
    let mut extension = vm.extension();
    let mut node = node(&vm, &[&contract]);
    node.execute_with(|| {
        begin();
        let mut session = contract.start().unwrap();
        externalities(|ext| {
            let machine = ext
                .extension_by_type_id(parlance_vm_interface::MachineExt::type_id())
                .unwrap();
            let machine = machine
                .downcast_mut::<parlance_vm_interface::MachineExt>()
                .unwrap();
            machine.start_transaction(TransactionType::Host);
        });
        assert_eq!(session.resume(Answer::default()), Err(Status::NoSession));
        assert_eq!(contract.start().err(), Some(Status::NoLayer));
    });
    // An extension without a block is harmless, too.
    extension.rollback_transaction(TransactionType::Runtime);
}

#[test]
fn the_deepest_nesting_has_a_place_and_the_next_has_not() {
    let contract = storing();
    everywhere(&[&contract], || {
        let mut alive: Vec<Session> = (0..MAX_DEPTH).map(|_| contract.start().unwrap()).collect();
        assert_eq!(contract.start().err(), Some(Status::TooDeep));
        alive.pop();
        alive.push(contract.start().unwrap());
        for session in &mut alive {
            session.resume(Answer::default()).unwrap();
        }
    });
}

#[test]
fn code_is_believed_by_its_hash_alone() {
    let contract = storing();
    let other = Contract {
        hash: [9; 32],
        ..contract.clone()
    };
    let missing = Contract::new("(module)");
    everywhere(&[&contract, &other], || {
        assert_eq!(other.start().err(), Some(Status::NoCode));
        assert_eq!(missing.start().err(), Some(Status::NoCode));
        contract.start().unwrap();
        let unknown = Session::start(contract.hash, &contract.hash, 9, EntryPoint::Call, GAS);
        assert_eq!(unknown.err(), Some(Status::UnknownRules));
    });
}

#[test]
fn what_is_no_contract_is_refused_with_a_reason_that_fits() {
    let contract = storing();
    let empty = Contract::new("(module)");
    everywhere(&[], || {
        let mut reason = [0xee; 200];
        let asked = |contract: &Contract, reason: &mut [u8]| {
            check(contract.hash, &contract.code, RULES.version, reason)
        };
        assert_eq!(asked(&contract, &mut reason), Ok(()));
        assert_eq!(reason, [0; 200]);
        assert_eq!(asked(&empty, &mut reason), Err(Status::Refused));
        let text = std::str::from_utf8(&reason).unwrap().trim_end_matches('\0');
        assert!(text.contains("deploy"), "{text}");
        let mut short = [0xee; 5];
        assert_eq!(asked(&empty, &mut short), Err(Status::Refused));
        assert_eq!(short, text.as_bytes()[..5]);
        assert_eq!(
            check([1; 32], &contract.code, RULES.version, &mut []),
            Err(Status::NoCode)
        );
    });
}

#[test]
fn an_answer_that_does_not_fit_is_the_runtimes_error_and_ends_the_execution() {
    let contract = storing();
    everywhere(&[&contract], || {
        let mut session = contract.start().unwrap();
        let long = vec![0; 0x8000];
        let answer = Answer {
            gas: GAS,
            outputs: [Some(&long), None],
            ..Answer::default()
        };
        assert_eq!(session.resume(answer), Err(Status::Misfit));
        assert_eq!(session.resume(Answer::default()), Err(Status::NoSession));
    });
}

#[test]
fn a_short_buffer_starts_nothing() {
    let contract = storing();
    everywhere(&[&contract], || {
        let mut buffer = [0; 151];
        let status = contracts_vm::start(contract.hash, &contract.hash, 1, 1, GAS, &mut buffer);
        assert_eq!(Status::result(status), Err(Status::ShortBuffer));
        let status = contracts_vm::fetch(1, &mut []);
        assert_eq!(Status::result(status), Err(Status::NoSession));
    });
}

/// Two trees, one place: the second block waits for the first, and then runs.
#[test]
fn a_tree_waits_for_its_place_and_gets_it() {
    let contract = storing();
    let vm = Vm::new(engines()[0].clone(), None, 8, 1);
    let waiting = thread::scope(|scope| {
        let mut first = node(&vm, &[&contract]);
        first.execute_with(|| {
            begin();
            let all: Vec<Session> = (0..MAX_DEPTH).map(|_| contract.start().unwrap()).collect();
            let second = scope.spawn(|| {
                node(&vm, &[&contract]).execute_with(|| {
                    begin();
                    let started = contract.start().is_ok();
                    commit();
                    started
                })
            });
            // It cannot have run yet; that it has not ended is what is seen of it.
            thread::sleep(Duration::from_millis(50));
            let waiting = !second.is_finished();
            drop(all);
            assert!(second.join().unwrap());
            commit();
            waiting
        })
    });
    assert!(waiting);
}
