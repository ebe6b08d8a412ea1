//! What is to be written into one function, found in one pass over it, which validates it at the same time.
//!
//! # Rules
//!
//! - G1. A *basic block* is a run of instructions of which either all are executed or, if none of them traps, none. It
//!   ends behind a branch that may be taken or not, and where branches come together: at a `loop`, behind the `end` of
//!   an `if`, at an `else`, and behind the `end` of a `block` that a branch goes to.
//! - G2. The whole block is paid for before its first instruction. So what has been paid is never less than what has
//!   been done, and exactly that when nothing traps.
//! - G3. The first block of a function also pays for its locals, which have to be zeroed.
//! - G4. A branch back goes to the head of a `loop`, where a block begins; the branch itself costs. So no round of a
//!   loop is free.
//! - G5. Code that no path leads to is neither charged nor changed.
//! - S1. A function takes as many slots of stack as it has parameters, locals and operands at the most, a frame, and
//!   one for every few instructions. The last is for optimising compilers: they find that two instructions compute the
//!   same, and keep the value from the first to the second, across calls, where the code as it is written needs no room
//!   for it. So what the machine's stack needs is bounded by what is counted here, times a constant.
//!   A function that takes more than there is could never be entered and is refused; so what an engine has to number and
//!   to place in one function is bounded, too.
//! - S2. A function that calls no other of the module has nothing to give back: it only looks whether there is room.

use crate::{
    operators,
    refused::{Refused, at_most},
    rules::Rules,
};
use alloc::vec::Vec;
use wasmparser::{
    FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody, Operator, ValType,
    ValidatorResources,
};

/// What one function becomes.
pub(crate) struct Plan {
    /// Changes, in the order of their places.
    pub edits: Vec<Edit>,
    /// The declared locals, run by run.
    pub locals: Vec<(u32, ValType)>,
    /// Parameters and locals: the number of the first local that is added.
    pub local_count: u32,
    /// Slots of stack (S1).
    pub frame: u32,
    /// Whether it calls no function of the module (S2).
    pub leaf: bool,
    /// Whether it has a `memory.grow`.
    pub grows: bool,
    /// Its result.
    pub result: Option<ValType>,
    /// The bytes of its instructions in the module, with the last `end`.
    pub start: usize,
    /// Where they end.
    pub end: usize,
}

/// A change at a place in the module.
pub(crate) struct Edit {
    /// The byte before which it goes.
    pub at: usize,
    /// The change.
    pub what: Change,
}

/// What a change is.
pub(crate) enum Change {
    /// Charge so much.
    Charge(u64),
    /// The `return` here becomes a branch out of so many blocks.
    Return(u32),
    /// Charge for the pages that the `memory.grow` here is asked for.
    Grow,
}

/// What opened a block of the structure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Loop,
    If,
    Else,
}

/// A block of the structure that is open.
struct Open {
    kind: Kind,
    /// Whether a path leads to its beginning.
    entered: bool,
    /// Whether a path leads to its end by a branch.
    joined: bool,
}

/// The state of the pass.
struct Pass<'r> {
    rules: &'r Rules,
    edits: Vec<Edit>,
    open: Vec<Open>,
    /// The place in `edits` of the charge for the block that is being read; `None` where no path leads.
    current: Option<usize>,
    blocks: u64,
    targets: u64,
}

impl Pass<'_> {
    /// A basic block begins at this byte.
    fn begin(&mut self, at: usize) -> Result<(), Refused> {
        self.blocks = self.blocks.saturating_add(1);
        at_most(
            "basic blocks in a function",
            self.blocks,
            self.rules.limits.basic_blocks,
        )?;
        self.current = Some(self.edits.len());
        self.edits.push(Edit {
            at,
            what: Change::Charge(0),
        });
        Ok(())
    }

    /// The block that is being read costs so much more.
    fn pay(&mut self, cost: u32) {
        if let Some(Edit {
            what: Change::Charge(sum),
            ..
        }) = self.current.and_then(|place| self.edits.get_mut(place))
        {
            *sum = sum.saturating_add(u64::from(cost));
        }
    }

    fn enter(&mut self, kind: Kind) -> Result<(), Refused> {
        self.open.push(Open {
            kind,
            entered: self.current.is_some(),
            joined: false,
        });
        at_most(
            "blocks within blocks",
            self.open.len() as u64,
            self.rules.limits.nesting,
        )
    }

    /// A branch out of `depth` blocks, from where a path leads.
    fn branch(&mut self, depth: u32) {
        let place =
            (self.open.len().checked_sub(1)).and_then(|top| top.checked_sub(depth as usize));
        if let Some(open) = place.and_then(|place| self.open.get_mut(place)) {
            // The end of a loop is not where its branches go.
            open.joined |= open.kind != Kind::Loop;
        }
    }

    fn otherwise(&mut self, next: usize) -> Result<(), Refused> {
        let falls = self.current.is_some();
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        open.kind = Kind::Else;
        open.joined |= falls;
        self.current = None;
        if open.entered {
            self.begin(next)
        } else {
            Ok(())
        }
    }

    fn end(&mut self, next: usize) -> Result<(), Refused> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        if self.open.is_empty() || !open.entered {
            return Ok(());
        }
        let begins = match open.kind {
            Kind::Loop => false,
            Kind::Block => open.joined,
            // Without an `else`, the condition may have been false.
            Kind::If => true,
            Kind::Else => open.joined || self.current.is_some(),
        };
        if begins { self.begin(next) } else { Ok(()) }
    }

    fn step(&mut self, operator: &Operator<'_>, at: usize, next: usize) -> Result<(), Refused> {
        let cost =
            operators::cost(operator, &self.rules.costs).ok_or(Refused::Instruction { at })?;
        self.pay(cost);
        let live = self.current.is_some();
        match operator {
            Operator::Block { .. } => self.enter(Kind::Block)?,
            Operator::Loop { .. } => {
                self.enter(Kind::Loop)?;
                if live {
                    self.begin(next)?;
                }
            }
            Operator::If { .. } => {
                self.enter(Kind::If)?;
                if live {
                    self.begin(next)?;
                }
            }
            Operator::Else => self.otherwise(next)?,
            Operator::End => self.end(next)?,
            Operator::BrTable { targets } => {
                let limits = &self.rules.limits;
                at_most(
                    "targets of a br_table",
                    u64::from(targets.len()),
                    limits.branch_targets,
                )?;
                self.targets = self.targets.saturating_add(u64::from(targets.len()));
                let all = limits.branch_targets_in_function;
                at_most("targets of br_tables in a function", self.targets, all)?;
                if live {
                    self.branch(targets.default());
                    for target in targets.targets() {
                        self.branch(target?);
                    }
                }
                self.current = None;
            }
            Operator::Br { relative_depth } if live => {
                self.branch(*relative_depth);
                self.current = None;
            }
            Operator::BrIf { relative_depth } if live => {
                self.branch(*relative_depth);
                self.begin(next)?;
            }
            Operator::Return if live => {
                // The outermost block of the structure is the function's own.
                let depth = self.open.len().saturating_sub(1);
                let depth = u32::try_from(depth).unwrap_or(u32::MAX);
                self.edits.push(Edit {
                    at,
                    what: Change::Return(depth),
                });
                self.current = None;
            }
            Operator::Unreachable => self.current = None,
            Operator::MemoryGrow { .. } if live => self.edits.push(Edit {
                at,
                what: Change::Grow,
            }),
            _ => (),
        }
        Ok(())
    }
}

/// Reads a function, validates it, and says what is to be changed.
///
/// # Errors
/// If it is not valid, uses an instruction that contracts have not, or exceeds a limit.
pub(crate) fn analyse(
    func: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    ty: &FuncType,
    imports: u32,
    rules: &Rules,
    allocations: &mut FuncValidatorAllocations,
) -> Result<Plan, Refused> {
    let mut validator = func.into_validator(core::mem::take(allocations));

    let mut reader = body.get_locals_reader()?;
    let mut locals = Vec::new();
    let mut local_count = ty.params().len() as u64;
    for _ in 0..reader.get_count() {
        let at = reader.original_position();
        let (count, local) = reader.read()?;
        local_count = local_count.saturating_add(u64::from(count));
        at_most("locals of a function", local_count, rules.limits.locals)?;
        validator.define_locals(at, count, local)?;
        locals.push((count, local));
    }
    let local_count = u32::try_from(local_count).unwrap_or(u32::MAX);

    let mut operators = body.get_operators_reader()?;
    let start = operators.original_position();
    let mut pass = Pass {
        rules,
        edits: Vec::new(),
        open: Vec::new(),
        current: None,
        blocks: 0,
        targets: 0,
    };
    pass.begin(start)?;
    pass.pay(rules.costs.local.saturating_mul(local_count));
    pass.enter(Kind::Block)?;
    let (mut height, mut leaf, mut grows, mut count) = (0, true, false, 0_u32);
    while !operators.eof() {
        let at = operators.original_position();
        let operator = operators.read()?;
        validator.op(at, &operator)?;
        pass.step(&operator, at, operators.original_position())?;
        height = height.max(validator.operand_stack_height());
        count = count.saturating_add(1);
        match operator {
            Operator::Call { function_index } => leaf &= function_index < imports,
            Operator::CallIndirect { .. } => leaf = false,
            Operator::MemoryGrow { .. } => grows = true,
            _ => (),
        }
    }
    operators.finish()?;
    *allocations = validator.into_allocations();

    let table = u64::from(local_count).saturating_mul(pass.blocks);
    at_most(
        "locals times basic blocks of a function",
        table,
        rules.limits.locals_by_blocks,
    )?;
    let mut edits = pass.edits;
    edits.retain(|edit| !matches!(edit.what, Change::Charge(0)));
    // The locals that charge for `memory.grow` are two.
    let kept = count
        .checked_div(rules.costs.operators_per_slot)
        .unwrap_or(count);
    let frame = [local_count, height, kept, if grows { 2 } else { 0 }]
        .iter()
        .fold(rules.costs.frame, |sum, part| sum.saturating_add(*part));
    at_most(
        "slots of stack for a function",
        u64::from(frame),
        rules.limits.stack_slots,
    )?;
    let result = ty.results().first().copied();
    let end = body.range().end;
    Ok(Plan {
        edits,
        locals,
        local_count,
        frame,
        leaf,
        grows,
        result,
        start,
        end,
    })
}
