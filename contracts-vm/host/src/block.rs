//! The executions of one block.

use crate::{Vm, code_fault, fault, places::Tree};
use parlance_vm_engine::{self as engine, Execution, Gas, Reply};
use parlance_vm_interface::{
    EntryPoint, Fault, MAX_DEPTH, Machine, Status,
    machine::{Begin, Resume},
    wire::{HEAD, Head, Kind, Trap},
};
use parlance_vm_prepare::{Age, Rules, prepare};
use sp_crypto_hashing::blake2_256;
use sp_externalities::TransactionType;
use std::{collections::BTreeMap, sync::Arc};

/// A contract that stands still.
struct Standing {
    execution: Box<dyn Execution>,
    /// The layer of storage that it began in.
    layer: u32,
    call: engine::Call,
}

/// The VM as one block sees it.
pub(crate) struct Block {
    vm: Arc<Vm>,
    /// How many storage transactions of the runtime are open.
    layer: u32,
    /// The next handle.
    next: u32,
    standing: BTreeMap<u32, Standing>,
    /// The place in the pool, while one stands.
    tree: Option<Tree>,
}

impl Block {
    pub fn new(vm: Arc<Vm>) -> Self {
        Block {
            vm,
            layer: 0,
            next: 1,
            standing: BTreeMap::new(),
            tree: None,
        }
    }

    /// Gives the place back when nothing stands any more.
    fn tidy(&mut self) {
        if self.standing.is_empty() {
            self.tree = None;
        }
        if self.layer == 0 {
            self.next = 1;
        }
    }

    /// Writes a step, and keeps the execution if it goes on.
    fn arrive(
        &mut self,
        session: u32,
        layer: u32,
        execution: Box<dyn Execution>,
        step: engine::Step,
        buffer: &mut [u8],
    ) -> Result<(), Fault> {
        let head = head(session, &step);
        head.write(buffer).ok_or(Status::ShortBuffer)?;
        if let engine::Step::Call(call) = step {
            let inputs = call.inputs();
            let room = buffer.get_mut(HEAD..).unwrap_or_default();
            if let Some(room) = room.get_mut(..inputs.len()) {
                room.copy_from_slice(inputs);
            }
            let standing = Standing {
                execution,
                layer,
                call,
            };
            self.standing.insert(session, standing);
        }
        Ok(())
    }
}

/// The rules of a version.
fn rules(version: u16) -> Result<&'static Rules, Fault> {
    Rules::of_version(version).ok_or(Fault::Status(Status::UnknownRules))
}

fn head(session: u32, step: &engine::Step) -> Head {
    let empty = |kind, gas: Gas| Head {
        kind,
        session,
        gas: gas.amount(),
        room: Default::default(),
        lengths: Default::default(),
        arguments: Default::default(),
    };
    match step {
        engine::Step::Done(done) => empty(Kind::Done(done.result), done.gas),
        engine::Step::Trapped(trapped) => {
            let trap = match trapped.trap {
                engine::Trap::OutOfGas => Trap::OutOfGas,
                engine::Trap::StackOverflow => Trap::StackOverflow,
                engine::Trap::OutOfBounds => Trap::OutOfBounds,
                engine::Trap::Trapped => Trap::Trapped,
            };
            empty(Kind::Trapped(trap), trapped.gas)
        }
        engine::Step::Call(call) => Head {
            lengths: std::array::from_fn(|place| {
                // No input is longer than the memory, and all together are not.
                call.input(place)
                    .map(|input| u32::try_from(input.len()).unwrap_or(u32::MAX))
            }),
            room: call.room,
            arguments: call.arguments,
            ..empty(Kind::Call(call.id), call.gas)
        },
    }
}

impl Machine for Block {
    fn check(
        &mut self,
        code_hash: [u8; 32],
        code: &[u8],
        version: u16,
        reason: &mut [u8],
    ) -> Result<(), Fault> {
        reason.fill(0);
        let rules = rules(version)?;
        if blake2_256(code) != code_hash {
            return Err(Status::NoCode.into());
        }
        // Asked anew each time: that code is compiled says only that it may run, not that it may be uploaded (H1).
        let prepared = match prepare(code, Age::New, rules) {
            Ok(prepared) => prepared,
            Err(refused) => {
                let text = refused.to_string();
                let cut = text.floor_char_boundary(reason.len());
                let (room, text) = (reason.get_mut(..cut), text.as_bytes().get(..cut));
                if let (Some(room), Some(text)) = (room, text) {
                    room.copy_from_slice(text);
                }
                return Err(Status::Refused.into());
            }
        };
        let kept = self.vm.codes.keep(code_hash, rules, &prepared.code);
        kept.map(drop).map_err(fault)
    }

    fn start(&mut self, begin: Begin, code: Option<&[u8]>, step: &mut [u8]) -> Result<(), Fault> {
        let rules = rules(begin.rules)?;
        if self.layer == 0 {
            return Err(Status::NoLayer.into());
        }
        if self.standing.len() >= MAX_DEPTH as usize {
            return Err(Status::TooDeep.into());
        }
        if step.len() < HEAD {
            return Err(Status::ShortBuffer.into());
        }
        let ready = match (self.vm.codes.find(begin.code_hash, rules), code) {
            (Some(ready), _) => ready,
            (None, None) => return Err(Fault::CodeWanted),
            (None, Some(code)) if blake2_256(code) != begin.code_hash => {
                return Err(Status::NoCode.into());
            }
            (None, Some(code)) => {
                let made = self.vm.codes.get(begin.code_hash, rules, || code.to_vec());
                made.map_err(code_fault)?
            }
        };
        if self.tree.is_none() {
            self.tree = Some(self.vm.places.take());
        }
        let entry = match begin.entry {
            EntryPoint::Deploy => engine::EntryPoint::Deploy,
            EntryPoint::Call => engine::EntryPoint::Call,
        };
        let session = self.next;
        self.next = self.next.wrapping_add(1);
        let started = ready.start(entry, Gas::new(begin.gas)).map_err(fault);
        let result = started.and_then(|(execution, first)| {
            self.arrive(session, self.layer, execution, first, step)
        });
        self.tidy();
        result
    }

    fn resume(&mut self, session: u32, answer: Resume<'_>, step: &mut [u8]) -> Result<(), Fault> {
        if step.len() < HEAD {
            return Err(Status::ShortBuffer.into());
        }
        let standing = self.standing.remove(&session).ok_or(Status::NoSession)?;
        let Standing {
            mut execution,
            layer,
            ..
        } = standing;
        let reply = Reply {
            result: answer.result,
            gas: Gas::new(answer.gas),
            outputs: answer.outputs.map(|output| output.map(<[u8]>::to_vec)),
        };
        let resumed = execution.resume(reply).map_err(fault);
        let result = resumed.and_then(|next| self.arrive(session, layer, execution, next, step));
        self.tidy();
        result
    }

    fn fetch(&mut self, session: u32, inputs: &mut [u8]) -> Result<(), Fault> {
        let standing = self.standing.get(&session).ok_or(Status::NoSession)?;
        let from = standing.call.inputs();
        let room = inputs.get_mut(..from.len()).ok_or(Status::ShortBuffer)?;
        room.copy_from_slice(from);
        Ok(())
    }

    fn end(&mut self, session: u32) {
        self.standing.remove(&session);
        self.tidy();
    }

    fn begin_layer(&mut self, by: TransactionType) {
        match by {
            TransactionType::Runtime => self.layer = self.layer.saturating_add(1),
            // The node enters the runtime anew; nothing of before can be meant.
            TransactionType::Host => self.forget(),
        }
    }

    fn end_layer(&mut self, by: TransactionType) {
        match by {
            TransactionType::Runtime => {
                let layer = self.layer;
                self.standing.retain(|_, standing| standing.layer < layer);
                self.layer = layer.saturating_sub(1);
                self.tidy();
            }
            TransactionType::Host => self.forget(),
        }
    }
}

impl Block {
    /// Ends everything.
    fn forget(&mut self) {
        self.standing.clear();
        self.layer = 0;
        self.tidy();
    }
}
