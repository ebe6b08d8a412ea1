//! The machine that executes.

use crate::{Module, module::Body, numeric};
use wasmparser::{BlockType, MemArg, Operator};

/// Bytes of a page.
const PAGE: u64 = 65536;

/// Why an execution ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A trap, with its kind.
    Trap(&'static str),
    /// What was counted is more than the budget.
    Budget,
    /// Calls within calls are deeper than [`Count::depth`].
    Depth,
    /// The host said so.
    Host,
}

/// Who answers calls of imported functions.
pub trait Host {
    /// A call of the import with this number. `spent` is what has been counted so far, this call included.
    ///
    /// # Errors
    /// To end the execution.
    fn call(
        &mut self,
        import: usize,
        arguments: &[u64],
        memory: &mut [u8],
        spent: u64,
    ) -> Result<Option<u64>, Stop>;
}

/// What is counted.
pub struct Count<'c> {
    /// What an instruction costs.
    pub cost: &'c dyn Fn(&Operator<'_>) -> u64,
    /// What entering a function costs for each parameter and local.
    pub local: u64,
    /// What each page costs that the memory is asked to grow by, up to `pages`.
    pub page: u64,
    /// See `page`.
    pub pages: u64,
    /// When to stop.
    pub budget: u64,
    /// How deep calls may go.
    pub depth: u32,
}

/// One execution.
pub struct Machine<'m, 'c> {
    module: &'m Module<'m>,
    count: Count<'c>,
    host: &'c mut dyn Host,
    /// The memory.
    pub memory: Vec<u8>,
    /// The globals' values.
    pub globals: Vec<u64>,
    /// What was counted.
    pub spent: u64,
    depth: u32,
}

/// Where a branch goes.
struct Label {
    /// The instruction to go on with.
    to: usize,
    /// Operands below the block.
    height: usize,
    /// Values that a branch takes along.
    arity: usize,
    is_loop: bool,
}

/// A function that is being executed.
#[derive(Default)]
struct Frame {
    stack: Vec<u64>,
    labels: Vec<Label>,
    at: usize,
}

impl Frame {
    fn pop(&mut self) -> u64 {
        self.stack.pop().expect("a valid module has the operand")
    }

    fn branch(&mut self, depth: u32) {
        let place = self.labels.len() - 1 - depth as usize;
        let label = &self.labels[place];
        let kept = self.stack.split_off(self.stack.len() - label.arity);
        self.stack.truncate(label.height);
        self.stack.extend(kept);
        self.at = label.to;
        let keep = if label.is_loop { place + 1 } else { place };
        self.labels.truncate(keep);
    }

    fn enter(&mut self, to: usize, arity: usize, is_loop: bool) {
        self.labels.push(Label {
            to,
            height: self.stack.len(),
            arity,
            is_loop,
        });
    }
}

fn arity(block: &BlockType) -> usize {
    usize::from(!matches!(block, BlockType::Empty))
}

impl<'m, 'c> Machine<'m, 'c> {
    /// A fresh instance.
    pub fn new(module: &'m Module<'m>, count: Count<'c>, host: &'c mut dyn Host) -> Self {
        let pages = module.memory.map_or(0, |memory| memory.0);
        let mut memory = vec![0; (pages * PAGE) as usize];
        for (offset, bytes) in &module.data {
            let offset = *offset as usize;
            memory[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        let globals = module.globals.clone();
        Machine {
            module,
            count,
            host,
            memory,
            globals,
            spent: 0,
            depth: 0,
        }
    }

    /// Runs the function that is exported under a name and has no parameters.
    ///
    /// # Errors
    /// If it does not come to its end.
    pub fn run(&mut self, export: &str) -> Result<Option<u64>, Stop> {
        let function = self.module.export(export).expect("the module exports it");
        self.invoke(function, Vec::new())
    }

    fn spend(&mut self, cost: u64) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(cost);
        if self.spent > self.count.budget {
            Err(Stop::Budget)
        } else {
            Ok(())
        }
    }

    fn invoke(&mut self, function: u32, arguments: Vec<u64>) -> Result<Option<u64>, Stop> {
        let module = self.module;
        let place = function as usize;
        let Some(own) = place.checked_sub(module.imports.len()) else {
            return self
                .host
                .call(place, &arguments, &mut self.memory, self.spent);
        };
        let body = &module.bodies[own];
        self.depth += 1;
        if self.depth > self.count.depth {
            return Err(Stop::Depth);
        }
        let mut locals = arguments;
        locals.resize(locals.len() + body.locals as usize, 0);
        self.spend(self.count.local.saturating_mul(locals.len() as u64))?;
        let result = self.execute(body, &mut locals)?;
        self.depth -= 1;
        Ok(result)
    }

    fn execute(&mut self, body: &Body<'m>, locals: &mut [u64]) -> Result<Option<u64>, Stop> {
        let mut frame = Frame::default();
        let results = body.ty.results().len();
        frame.enter(body.operators.len(), results, false);
        while let Some(operator) = body.operators.get(frame.at) {
            self.spend((self.count.cost)(operator))?;
            let at = frame.at;
            frame.at += 1;
            match operator {
                Operator::Block { blockty } => {
                    frame.enter(body.ends[at].1 + 1, arity(blockty), false);
                }
                Operator::Loop { .. } => frame.enter(at + 1, 0, true),
                Operator::If { blockty } => {
                    let (otherwise, end) = body.ends[at];
                    let condition = frame.pop() as u32;
                    frame.enter(end + 1, arity(blockty), false);
                    if condition == 0 {
                        frame.at = if otherwise == end { end } else { otherwise + 1 };
                    }
                }
                Operator::Else => frame.at = body.ends[at].1,
                Operator::End => {
                    frame.labels.pop();
                }
                Operator::Br { relative_depth } => frame.branch(*relative_depth),
                Operator::BrIf { relative_depth } => {
                    if frame.pop() as u32 != 0 {
                        frame.branch(*relative_depth);
                    }
                }
                Operator::BrTable { targets } => {
                    let index = frame.pop() as u32;
                    let target = targets.targets().nth(index as usize);
                    frame.branch(target.map_or(targets.default(), |target| {
                        target.expect("a valid module has valid targets")
                    }));
                }
                Operator::Return => frame.branch(frame.labels.len() as u32 - 1),
                Operator::Call { function_index } => self.call(&mut frame, *function_index)?,
                Operator::CallIndirect { type_index, .. } => {
                    let index = frame.pop() as u32;
                    let entry = self.module.table.get(index as usize);
                    let function = *entry.ok_or(Stop::Trap("table index"))?;
                    let function = function.ok_or(Stop::Trap("empty entry"))?;
                    let wanted = &self.module.types[*type_index as usize];
                    if self.module.type_of(function) != wanted {
                        return Err(Stop::Trap("another type"));
                    }
                    self.call(&mut frame, function)?;
                }
                Operator::LocalGet { local_index } => {
                    frame.stack.push(locals[*local_index as usize]);
                }
                Operator::LocalSet { local_index } => locals[*local_index as usize] = frame.pop(),
                Operator::LocalTee { local_index } => {
                    let value = frame.pop();
                    frame.stack.push(value);
                    locals[*local_index as usize] = value;
                }
                other => self.simple(&mut frame.stack, other)?,
            }
        }
        Ok(if results == 1 {
            frame.stack.pop()
        } else {
            None
        })
    }

    fn call(&mut self, frame: &mut Frame, function: u32) -> Result<(), Stop> {
        let parameters = self.module.type_of(function).params().len();
        let arguments = frame.stack.split_off(frame.stack.len() - parameters);
        let result = self.invoke(function, arguments)?;
        frame.stack.extend(result);
        Ok(())
    }

    /// Everything that has to do neither with control nor with locals.
    fn simple(&mut self, stack: &mut Vec<u64>, operator: &Operator<'_>) -> Result<(), Stop> {
        let pop = |stack: &mut Vec<u64>| stack.pop().expect("a valid module has the operand");
        if self.load(stack, operator)? || self.store(stack, operator)? {
            return Ok(());
        }
        match operator {
            Operator::Nop => (),
            Operator::Unreachable => return Err(Stop::Trap("unreachable")),
            Operator::Drop => {
                pop(stack);
            }
            Operator::Select => {
                let condition = pop(stack) as u32;
                let (second, first) = (pop(stack), pop(stack));
                stack.push(if condition == 0 { second } else { first });
            }
            Operator::GlobalGet { global_index } => {
                stack.push(self.globals[*global_index as usize])
            }
            Operator::GlobalSet { global_index } => {
                self.globals[*global_index as usize] = pop(stack);
            }
            Operator::I32Const { value } => stack.push(u64::from(*value as u32)),
            Operator::I64Const { value } => stack.push(*value as u64),
            Operator::MemorySize { .. } => stack.push(self.memory.len() as u64 / PAGE),
            Operator::MemoryGrow { .. } => {
                let asked = u64::from(pop(stack) as u32);
                self.spend(self.count.page.saturating_mul(asked.min(self.count.pages)))?;
                let before = self.memory.len() as u64 / PAGE;
                let most = self.module.memory.map_or(0, |memory| memory.1);
                let fits = before + asked <= most;
                if fits {
                    self.memory.resize(((before + asked) * PAGE) as usize, 0);
                }
                stack.push(if fits { before } else { u64::from(u32::MAX) });
            }
            other => {
                let top = pop(stack);
                if let Some(value) = numeric::unary(other, top) {
                    stack.push(value);
                } else {
                    let below = pop(stack);
                    let value = numeric::binary(other, below, top);
                    stack.push(value.unwrap_or_else(|| panic!("not a contract's: {other:?}"))?);
                }
            }
        }
        Ok(())
    }

    fn place(&self, base: u64, argument: &MemArg, len: usize) -> Result<usize, Stop> {
        let begin = u64::from(base as u32) + argument.offset;
        let inside = begin + len as u64 <= self.memory.len() as u64;
        if inside {
            Ok(begin as usize)
        } else {
            Err(Stop::Trap("memory"))
        }
    }

    fn load(&mut self, stack: &mut Vec<u64>, operator: &Operator<'_>) -> Result<bool, Stop> {
        // Bytes, whether the sign is extended, and to what.
        let (argument, len, signed, wide) = match operator {
            Operator::I32Load { memarg } => (memarg, 4, false, false),
            Operator::I64Load { memarg } => (memarg, 8, false, true),
            Operator::I32Load8S { memarg } => (memarg, 1, true, false),
            Operator::I32Load8U { memarg } => (memarg, 1, false, false),
            Operator::I32Load16S { memarg } => (memarg, 2, true, false),
            Operator::I32Load16U { memarg } => (memarg, 2, false, false),
            Operator::I64Load8S { memarg } => (memarg, 1, true, true),
            Operator::I64Load8U { memarg } => (memarg, 1, false, true),
            Operator::I64Load16S { memarg } => (memarg, 2, true, true),
            Operator::I64Load16U { memarg } => (memarg, 2, false, true),
            Operator::I64Load32S { memarg } => (memarg, 4, true, true),
            Operator::I64Load32U { memarg } => (memarg, 4, false, true),
            _ => return Ok(false),
        };
        let base = stack.pop().expect("a valid module has the address");
        let begin = self.place(base, argument, len)?;
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(&self.memory[begin..begin + len]);
        let mut value = u64::from_le_bytes(bytes);
        if signed {
            let unused = 64 - 8 * len as u32;
            value = (((value << unused) as i64) >> unused) as u64;
        }
        stack.push(if wide { value } else { u64::from(value as u32) });
        Ok(true)
    }

    fn store(&mut self, stack: &mut Vec<u64>, operator: &Operator<'_>) -> Result<bool, Stop> {
        let (argument, len) = match operator {
            Operator::I32Store { memarg } | Operator::I64Store32 { memarg } => (memarg, 4),
            Operator::I64Store { memarg } => (memarg, 8),
            Operator::I32Store8 { memarg } | Operator::I64Store8 { memarg } => (memarg, 1),
            Operator::I32Store16 { memarg } | Operator::I64Store16 { memarg } => (memarg, 2),
            _ => return Ok(false),
        };
        let value = stack.pop().expect("a valid module has the value");
        let base = stack.pop().expect("a valid module has the address");
        let begin = self.place(base, argument, len)?;
        self.memory[begin..begin + len].copy_from_slice(&value.to_le_bytes()[..len]);
        Ok(true)
    }
}
