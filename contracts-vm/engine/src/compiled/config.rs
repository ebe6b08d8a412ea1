//! How wasmtime is set up.

use parlance_vm_prepare::Rules;
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy};

/// Who makes the machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiler {
    /// Cranelift: optimises.
    Cranelift,
    /// Winch: one pass over the code, three to five times quicker, and its code as many times slower.
    Winch,
}

impl Compiler {
    /// The engine's name with it.
    pub fn name(self) -> &'static str {
        match self {
            Compiler::Cranelift => "cranelift",
            Compiler::Winch => "winch",
        }
    }
}

/// What the host's own functions may need of a contract's stack.
const HOST_STACK: usize = 512 * 1024;

/// The address space for one memory: with this much, no access of 32 bits needs to be compared with the memory's size.
const MEMORY_RESERVATION: u64 = 4 << 30;

/// Bytes of a memory that are zeroed by writing to them when a slot is used again. Above it, pages go back to the system
/// and come again one fault at a time; a small contract touches less than this.
const KEEP_RESIDENT: usize = 128 * 1024;

/// The settings.
pub(super) fn config(rules: &Rules, compiler: Compiler, instances: u32) -> Config {
    // Twice what the rules allow for (E4). It is address space; what is not touched costs nothing.
    let stack = rules.most_native_stack().saturating_mul(2);
    let memory = (rules.limits.memory_pages as usize).saturating_mul(65536);

    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(instances)
        .total_memories(instances)
        .total_tables(instances)
        .total_stacks(instances)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(memory)
        .table_elements(rules.limits.table_entries as usize)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(4096 * size_of::<usize>());

    let mut config = Config::new();
    config
        .strategy(match compiler {
            Compiler::Cranelift => Strategy::Cranelift,
            Compiler::Winch => Strategy::Winch,
        })
        .cranelift_opt_level(OptLevel::Speed)
        .async_support(true)
        .max_wasm_stack(stack)
        .async_stack_size(stack.saturating_add(HOST_STACK))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_reservation(MEMORY_RESERVATION)
        .memory_may_move(false)
        .memory_init_cow(true)
        // The preparation lets none of it through. Off all the same, as far as it can be.
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_value(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_extended_const(false)
        .wasm_tail_call(false)
        // Nobody looks at where a contract trapped: it costs time at every trap, and space in every artifact.
        .wasm_backtrace(false)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
