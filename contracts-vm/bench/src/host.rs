//! What answers the contracts: a storage in memory, and constants. The same for every engine and for the peer, so that
//! what is measured is what differs.

use parlance_vm_abi::{CallId, MAX_OUTPUTS, id};
use parlance_vm_engine::{Code, EntryPoint, Gas, Reply, Step};
use std::collections::HashMap;

/// Gas for every run.
pub const GAS: u64 = 1 << 40;

/// What a call writes.
pub type Outputs = [Option<Vec<u8>>; MAX_OUTPUTS];

/// The host.
pub struct Host {
    storage: HashMap<Vec<u8>, Vec<u8>>,
    input: Vec<u8>,
    caller: Vec<u8>,
    /// What the contract returned.
    pub returned: Option<Vec<u8>>,
    /// How many system calls there were.
    pub calls: u64,
}

impl Host {
    /// A host with balances, and with a transfer as the input.
    pub fn new() -> Self {
        let (caller, to) = (vec![1; 32], vec![2; 32]);
        let balance = |who: &[u8]| {
            (
                [&[1, 0, 0, 0], who].concat(),
                (1_u128 << 100).to_le_bytes().to_vec(),
            )
        };
        let mut storage = HashMap::from([balance(&caller), balance(&to)]);
        storage.insert(vec![0; 4], vec![7; 16]);
        storage.insert(vec![0; 36], vec![7; 16]);
        let selector = 0xdba3_a184_u32.to_le_bytes();
        let input = [&selector[..], &to, &1_u128.to_le_bytes()].concat();
        Host {
            storage,
            input,
            caller,
            returned: None,
            calls: 0,
        }
    }

    /// Answers a call.
    pub fn serve<'i>(&mut self, call: CallId, input: impl Fn(usize) -> &'i [u8]) -> (u64, Outputs) {
        self.calls += 1;
        let mut outputs = [None, None];
        let result = match call {
            id::INPUT => {
                outputs[0] = Some(self.input.clone());
                0
            }
            id::VALUE_TRANSFERRED => {
                outputs[0] = Some(vec![0; 16]);
                0
            }
            id::CALLER => {
                outputs[0] = Some(self.caller.clone());
                0
            }
            id::GET_STORAGE_V1 => {
                outputs[0] = self.storage.get(input(0)).cloned();
                // 3: the key is not there.
                if outputs[0].is_some() { 0 } else { 3 }
            }
            id::SET_STORAGE_V2 => {
                let before = self.storage.insert(input(0).to_vec(), input(1).to_vec());
                before.map_or(u64::from(u32::MAX), |value| value.len() as u64)
            }
            id::HASH_BLAKE2_256 => {
                outputs[0] = Some(blake3::hash(input(0)).as_bytes().to_vec());
                0
            }
            id::DEPOSIT_EVENT => (input(0).len() + input(1).len()) as u64,
            id::RETURN => {
                self.returned = Some(input(0).to_vec());
                0
            }
            _ => 1,
        };
        (result, outputs)
    }
}

/// Runs a contract on an engine, from its instance to its end.
pub fn run(code: &dyn Code, host: &mut Host) {
    let (mut execution, mut step) = code
        .start(EntryPoint::Call, Gas::new(GAS))
        .expect("the engine has an instance");
    host.returned = None;
    loop {
        match step {
            Step::Call(call) => {
                let (result, outputs) =
                    host.serve(call.id, |place| call.input(place).unwrap_or_default());
                if host.returned.is_some() {
                    return;
                }
                step = execution
                    .resume(Reply {
                        result,
                        gas: call.gas,
                        outputs,
                    })
                    .expect("the answer fits the call");
            }
            Step::Done(_) => return,
            Step::Trapped(trapped) => panic!("{trapped:?}"),
        }
    }
}
