//! What a contract may contain and what its instructions cost, under a version.

/// The rules of one version. All of a contract's life on the chain goes by the version it was prepared with; a change of
/// any number here is a new version, and the old one stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The version's number.
    pub version: u16,
    /// How much there may be.
    pub limits: Limits,
    /// What is charged.
    pub costs: Costs,
}

/// How much of everything a module may have. Each limit bounds a cost that is paid before the contract runs: reading,
/// rewriting, compiling, instantiating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the module as it is uploaded.
    pub code_bytes: u32,
    /// Bytes of the module with the metering in it.
    pub prepared_bytes: u32,
    /// Function types.
    pub types: u32,
    /// Parameters of one function type.
    pub params: u32,
    /// Imported functions.
    pub imports: u32,
    /// Functions of its own.
    pub functions: u32,
    /// Bytes of one function.
    pub function_bytes: u32,
    /// Parameters and locals of one function.
    pub locals: u32,
    /// Blocks within blocks of one function.
    pub nesting: u32,
    /// Pieces of code without a branch in one function, each of which is charged for at once.
    pub basic_blocks: u32,
    /// Locals times basic blocks of one function: what a compiler's tables of values grow with.
    pub locals_by_blocks: u32,
    /// Targets of one `br_table`.
    pub branch_targets: u32,
    /// Targets of all `br_table`s of one function together: each is an edge, and an edge carries every live value.
    pub branch_targets_in_function: u32,
    /// Globals.
    pub globals: u32,
    /// Entries of the table.
    pub table_entries: u32,
    /// Segments of elements.
    pub element_segments: u32,
    /// Segments of data.
    pub data_segments: u32,
    /// Pages of 64 KiB that the memory may grow to.
    pub memory_pages: u32,
    /// The stack, in slots of eight bytes: see [`Costs::frame`]. No function may need more for itself alone.
    pub stack_slots: u32,
}

/// What is charged, in gas. One gas is about what the cheapest instruction takes; the runtime says what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// An instruction that is not named below. At least one, or a loop could be free.
    pub basic: u32,
    /// A load from memory or a store to it.
    pub memory: u32,
    /// A multiplication.
    pub multiply: u32,
    /// A division or a remainder.
    pub divide: u32,
    /// A branch: `br`, `br_if`, `if`, `return`.
    pub branch: u32,
    /// A `br_table`.
    pub branch_table: u32,
    /// A call of a function, paid by the caller. The same for an import; the system call itself is priced by the runtime.
    pub call: u32,
    /// A call through the table.
    pub call_indirect: u32,
    /// What a function that is entered pays for each local, which has to be zeroed.
    pub local: u32,
    /// `memory.grow`, whatever it is asked for.
    pub grow: u32,
    /// Each page that `memory.grow` is asked for, up to the limit of pages.
    pub page: u32,
    /// Slots of stack that each active function takes, beyond its parameters, locals and operands.
    pub frame: u32,
    /// One more slot for so many instructions of the function: a compiler may keep the value of each alive, wherever
    /// it pleases.
    pub operators_per_slot: u32,
}

impl Rules {
    /// The first version. The numbers of [`Costs`] wait for the benchmarks on the reference machine, and this version
    /// may change until there is a chain that lives by it.
    pub const V1: Rules = Rules {
        version: 1,
        limits: Limits {
            code_bytes: 128 * 1024,
            prepared_bytes: 1024 * 1024,
            types: 512,
            params: 32,
            imports: 128,
            functions: 2048,
            function_bytes: 64 * 1024,
            locals: 1024,
            nesting: 512,
            basic_blocks: 2048,
            locals_by_blocks: 512 * 1024,
            branch_targets: 256,
            branch_targets_in_function: 4096,
            globals: 256,
            table_entries: 4096,
            element_segments: 256,
            data_segments: 256,
            memory_pages: 16,
            stack_slots: 16 * 1024,
        },
        costs: Costs {
            basic: 1,
            memory: 2,
            multiply: 2,
            divide: 12,
            branch: 2,
            branch_table: 6,
            call: 8,
            call_indirect: 12,
            local: 1,
            grow: 200,
            page: 4000,
            frame: 8,
            operators_per_slot: 8,
        },
    };

    /// The rules of a version. `None` if there is no such version.
    pub fn of_version(version: u16) -> Option<&'static Rules> {
        const KNOWN: &[Rules] = &[Rules::V1];
        KNOWN.iter().find(|rules| rules.version == version)
    }

    /// The deepest that calls can go: every function takes at least its frame.
    pub fn deepest_call(&self) -> u32 {
        self.limits
            .stack_slots
            .checked_div(self.costs.frame)
            .unwrap_or(self.limits.stack_slots)
    }
}

/// Bytes of the machine's stack that a function needs at the most before its first value: return address, frame pointer,
/// registers that are saved.
const NATIVE_FRAME: usize = 128;

impl Rules {
    /// Bytes of the machine's stack that the limit of slots can stand for, at the most.
    ///
    /// A function has a value of eight bytes for each parameter and local, and no more than two for each instruction: its
    /// own, and one of the meter's. With S1 of the preparation, that is `128 + 8 L + 16 N` bytes for no less than
    /// `frame + L + N / operators_per_slot` slots.
    pub fn most_native_stack(&self) -> usize {
        let costs = &self.costs;
        let of_frame = NATIVE_FRAME.div_ceil(costs.frame.max(1) as usize);
        let of_operator = (costs.operators_per_slot.max(1) as usize).saturating_mul(16);
        let slot = of_frame.max(of_operator).max(8);
        (self.limits.stack_slots as usize).saturating_mul(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_its_number() {
        assert_eq!(Rules::of_version(1), Some(&Rules::V1));
        assert_eq!(Rules::of_version(0), None);
        assert_eq!(Rules::of_version(2), None);
    }

    #[test]
    fn nothing_that_repeats_is_free() {
        let costs = &Rules::V1.costs;
        for cost in [
            costs.basic,
            costs.memory,
            costs.branch,
            costs.branch_table,
            costs.call,
        ] {
            assert!(cost > 0);
        }
        assert!(costs.frame > 0, "recursion would have no end");
        assert!(Rules::V1.limits.stack_slots < i32::MAX as u32);
    }
}
