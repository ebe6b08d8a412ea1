//! Wasm for chains with the system calls of pallet-contracts.
//!
//! The module imports its memory, as such chains ask. Memory, in bytes:
//!
//! | from | holds |
//! | --- | --- |
//! | 0 | the length that goes into and comes out of a system call |
//! | 8 | a narrow value on its way from storage |
//! | 16 | 16 bytes for tokens that came with the call |
//! | 64 | the key of an entry in storage |
//! | 1024 | what the contract returns, the data of an event, what goes to another contract and comes back |
//! | 3072 | the topics of an event |
//! | 4096 | the input |
//! | 8192 | constants, then the frames of functions |
//!
//! A wide value lives in a slot of its function's frame; expressions pass its address. So does a value that is made of parts;
//! the items of its lists lie behind the frames, in room that is given back with the frame of the function that took it.
//!
//! A contract with such values has more room for its input, and for what else stands from 1024 on, see `Layout`.

mod body;
mod encode;
mod entry;
mod expression;
mod external;
mod lists;
mod narrow;
mod parts;
mod release;
mod runtime;
mod store;
mod tasks;
mod wide;

use crate::ir::{Module, Shape};
use runtime::{Import, Routine};
use std::collections::BTreeSet;
use tasks::Task;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, MemoryType, TypeSection, ValType,
};

const LENGTH: u32 = 0;
const NARROW: u32 = 8;
const TOKENS: u32 = 16;
const KEY: u32 = 64;
const OUT: u32 = 1024;
const TOPICS: u32 = 3072;
const INPUT: u32 = 4096;
const CONSTANTS: u32 = 8192;
/// The longest key that a chain takes.
const LONGEST_KEY: u32 = 128;
/// Topics of an event, its signature among them.
const MOST_TOPICS: usize = 4;
/// The most that all constants may take: the smallest memory holds them, and frames behind them.
const MOST_CONSTANTS: usize = 32 * 1024;
/// The input of a contract with values that are made of parts, and what it returns, at most.
const LONG: u32 = 16 * 1024;

/// Where what has no fixed length stands.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// What the contract returns, the data of an event, a value for storage, what goes to another contract and comes back.
    out: u32,
    /// How long that may be.
    longest_out: u32,
    /// How long the input may be.
    longest_input: u32,
    /// Constants, then the frames of functions.
    constants: u32,
}

impl Layout {
    fn of(module: &Module) -> Self {
        if module.whole {
            Self {
                out: INPUT + LONG,
                longest_out: LONG,
                longest_input: LONG,
                constants: INPUT + 2 * LONG,
            }
        } else {
            Self {
                out: OUT,
                longest_out: TOPICS - OUT,
                longest_input: CONSTANTS - INPUT,
                constants: CONSTANTS,
            }
        }
    }
}

/// Smallest and largest memory, in pages of 64 KiB.
const PAGES: (u64, u64) = (2, 16);

/// A contract that cannot be built because a fixed room is too small for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// What has no room.
    pub what: String,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{} is too long; use fewer or shorter fields and parameters",
            self.what
        )
    }
}

impl std::error::Error for TooLarge {}

/// The contract's Wasm.
///
/// # Errors
/// When a parameter list, an error, an event or a key does not fit in its room.
pub fn generate(module: &Module) -> Result<Vec<u8>, TooLarge> {
    // An error is one byte in what a call returns.
    if module.errors.len() > 256 {
        return Err(TooLarge {
            what: "the list of errors".to_owned(),
        });
    }
    // The first pass finds out what is used, the second writes only that.
    let every = Used {
        imports: Import::ALL.iter().copied().collect(),
        routines: Routine::ALL.iter().copied().collect(),
        tasks: Vec::new(),
    };
    let (_, used) = emit(module, &every)?;
    let (bytes, _) = emit(module, &used)?;
    Ok(bytes)
}

/// What a module imports and calls.
#[derive(Clone, Debug, Default)]
struct Used {
    imports: BTreeSet<Import>,
    routines: BTreeSet<Routine>,
    /// In the order in which they were asked for, which is the same in both passes.
    tasks: Vec<(Task, Shape)>,
}

/// The signature of a function.
type Signature = (Vec<ValType>, Vec<ValType>);

/// What all functions of a module share.
struct Shared<'m> {
    module: &'m Module,
    available: &'m Used,
    used: Used,
    constants: Vec<u8>,
    layout: Layout,
}

impl Shared<'_> {
    fn import(&mut self, import: Import) -> u32 {
        self.used.imports.insert(import);
        place(&self.available.imports, &import)
    }

    fn routine(&mut self, routine: Routine) -> u32 {
        let new = self.used.routines.insert(routine);
        if new {
            // What a routine calls is used too.
            for inner in routine.calls() {
                self.routine(*inner);
            }
            for import in routine.imports() {
                self.import(*import);
            }
        }
        self.place_of(routine)
    }

    /// The number of a routine that was asked for; any number while nothing needs it.
    fn place_of(&self, routine: Routine) -> u32 {
        count(self.available.imports.len()) + place(&self.available.routines, &routine)
    }

    fn function(&self, number: usize) -> u32 {
        self.first_task() + count(self.available.tasks.len()) + count(number)
    }

    fn first_task(&self) -> u32 {
        count(self.available.imports.len()) + count(self.available.routines.len())
    }

    /// The number of the function that does something with values of a shape.
    fn task(&mut self, task: Task, shape: &Shape) -> u32 {
        let same = |(one, other): &(Task, Shape)| *one == task && other == shape;
        if !self.used.tasks.iter().any(same) {
            self.used.tasks.push((task, shape.clone()));
        }
        let known = self.available.tasks.iter().position(same);
        self.first_task() + count(known.unwrap_or(0))
    }

    /// The address of constant bytes.
    fn constant(&mut self, bytes: &[u8]) -> u32 {
        let known = self
            .constants
            .windows(bytes.len().max(1))
            .position(|part| part == bytes);
        let at = known.unwrap_or_else(|| {
            self.constants.extend_from_slice(bytes);
            self.constants.len() - bytes.len()
        });
        self.layout.constants + count(at)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn place<T: Ord>(set: &BTreeSet<T>, item: &T) -> u32 {
    count(set.range::<T, _>(..item).count())
}

fn emit(module: &Module, available: &Used) -> Result<(Vec<u8>, Used), TooLarge> {
    let mut shared = Shared {
        module,
        available,
        used: Used::default(),
        constants: Vec::new(),
        layout: Layout::of(module),
    };
    let mut functions: Vec<(Signature, Function)> = Vec::new();
    for function in &module.functions {
        functions.push(body::function(&mut shared, function)?);
    }
    functions.push(entry::deploy(&mut shared)?);
    functions.push(entry::call(&mut shared)?);
    let mut tasks: Vec<(Signature, Function)> = Vec::new();
    // A body may ask for others.
    while let Some((task, shape)) = shared.used.tasks.get(tasks.len()).cloned() {
        tasks.push(tasks::body(&mut shared, task, &shape));
    }
    if shared.constants.len() > MOST_CONSTANTS {
        return Err(TooLarge {
            what: "what the texts and other constants take together".to_owned(),
        });
    }
    // Bodies of routines ask for nothing that was not asked for with the routine.
    let used = shared.used.clone();
    let mut types: Vec<Signature> = Vec::new();
    let mut type_of = |signature: &Signature| {
        let known = types.iter().position(|one| one == signature);
        count(known.unwrap_or_else(|| {
            types.push(signature.clone());
            types.len() - 1
        }))
    };
    let mut imports = ImportSection::new();
    for import in &available.imports {
        let (group, name, signature) = import.parts();
        imports.import(group, name, EntityType::Function(type_of(&signature)));
    }
    let memory = MemoryType {
        minimum: PAGES.0,
        maximum: Some(PAGES.1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    imports.import("env", "memory", EntityType::Memory(memory));
    let mut numbers = FunctionSection::new();
    let mut code = CodeSection::new();
    let routines: Vec<Routine> = available.routines.iter().copied().collect();
    for routine in routines {
        let (signature, function) = routine.body(&mut shared);
        numbers.function(type_of(&signature));
        code.function(&function);
    }
    for (signature, function) in tasks.iter().chain(&functions) {
        numbers.function(type_of(signature));
        code.function(function);
    }
    let mut section = TypeSection::new();
    for (parameters, results) in &types {
        section
            .ty()
            .function(parameters.iter().copied(), results.iter().copied());
    }
    let stack = (shared.layout.constants + count(shared.constants.len())).next_multiple_of(16);
    let mut globals = GlobalSection::new();
    let start = ConstExpr::i32_const(i32::try_from(stack).unwrap_or(i32::MAX));
    globals.global(
        GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        },
        &start,
    );
    let mut exports = ExportSection::new();
    exports.export(
        "deploy",
        ExportKind::Func,
        shared.function(module.functions.len()),
    );
    exports.export(
        "call",
        ExportKind::Func,
        shared.function(module.functions.len() + 1),
    );
    let mut whole = wasm_encoder::Module::new();
    whole
        .section(&section)
        .section(&imports)
        .section(&numbers)
        .section(&globals)
        .section(&exports)
        .section(&code);
    if !shared.constants.is_empty() {
        let mut data = DataSection::new();
        let at = ConstExpr::i32_const(i32::try_from(shared.layout.constants).unwrap_or(i32::MAX));
        data.active(0, &at, shared.constants.iter().copied());
        whole.section(&data);
    }
    Ok((whole.finish(), used))
}
