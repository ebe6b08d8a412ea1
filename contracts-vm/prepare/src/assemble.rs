//! The prepared module, put together from what was read and what is added.
//!
//! - The memory, which a contract imports, becomes the module's own: an engine can reserve it with the instance. It has
//!   the same number as before, as there can be but one.
//! - Behind the contract's globals come two: the gas and the stack that are left.
//! - `deploy` and `call` are exported as before, and the memory and the two globals under the names in
//!   [`exports`](crate::exports).
//! - Custom sections are left out. All else is as it was.

use crate::{
    Memory,
    emit::{Metering, val_type},
    exports,
    refused::{Refused, at_most},
    rules::Rules,
    scan::{Constant, Scan},
};
use alloc::vec::Vec;
use core::ops::Range;
use parlance_vm_abi as abi;
use wasm_encoder::{
    CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, GlobalSection, GlobalType,
    ImportSection, MemorySection, MemoryType, Module, RawSection, SectionId, ValType,
};

/// Writes the prepared module.
pub(crate) fn assemble(code: &[u8], scan: &Scan<'_>, rules: &Rules) -> Result<Vec<u8>, Refused> {
    let gas = scan.globals.len() as u32;
    let metering = Metering {
        gas,
        stack: gas.saturating_add(1),
        rules,
    };
    let mut module = Module::new();
    copy(
        &mut module,
        code,
        SectionId::Type,
        scan.sections.types.as_ref(),
    );
    imports(&mut module, scan);
    copy(
        &mut module,
        code,
        SectionId::Function,
        scan.sections.functions.as_ref(),
    );
    copy(
        &mut module,
        code,
        SectionId::Table,
        scan.sections.table.as_ref(),
    );
    if let Some(memory) = scan.memory {
        memories(&mut module, memory);
    }
    globals(&mut module, scan, rules);
    export(&mut module, scan, &metering);
    copy(
        &mut module,
        code,
        SectionId::Element,
        scan.sections.elements.as_ref(),
    );
    bodies(&mut module, code, scan, &metering)?;
    copy(
        &mut module,
        code,
        SectionId::Data,
        scan.sections.data.as_ref(),
    );
    let bytes = module.finish();
    at_most(
        "bytes of metered code",
        bytes.len() as u64,
        rules.limits.prepared_bytes,
    )?;
    Ok(bytes)
}

/// Copies a section as it is.
fn copy(module: &mut Module, code: &[u8], id: SectionId, range: Option<&Range<usize>>) {
    if let Some(data) = range.and_then(|range| code.get(range.clone())) {
        module.section(&RawSection { id: id as u8, data });
    }
}

fn imports(module: &mut Module, scan: &Scan<'_>) {
    if scan.imports.is_empty() {
        return;
    }
    let mut section = ImportSection::new();
    for import in &scan.imports {
        section.import(import.module, import.name, EntityType::Function(import.ty));
    }
    module.section(&section);
}

fn memories(module: &mut Module, memory: Memory) {
    let mut section = MemorySection::new();
    section.memory(MemoryType {
        minimum: u64::from(memory.initial),
        maximum: Some(u64::from(memory.maximum)),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&section);
}

fn globals(module: &mut Module, scan: &Scan<'_>, rules: &Rules) {
    let mut section = GlobalSection::new();
    for (ty, constant) in &scan.globals {
        let ty = GlobalType {
            val_type: val_type(ty.content_type),
            mutable: ty.mutable,
            shared: false,
        };
        let value = match *constant {
            Constant::I32(value) => ConstExpr::i32_const(value),
            Constant::I64(value) => ConstExpr::i64_const(value),
        };
        section.global(ty, &value);
    }
    let own = |val_type| GlobalType {
        val_type,
        mutable: true,
        shared: false,
    };
    // Nothing runs before somebody has said how much gas there is.
    section.global(own(ValType::I64), &ConstExpr::i64_const(0));
    let slots = i32::try_from(rules.limits.stack_slots).unwrap_or(i32::MAX);
    section.global(own(ValType::I32), &ConstExpr::i32_const(slots));
    module.section(&section);
}

fn export(module: &mut Module, scan: &Scan<'_>, metering: &Metering<'_>) {
    let mut section = ExportSection::new();
    for (name, function) in [(abi::DEPLOY, scan.deploy), (abi::CALL, scan.call)] {
        if let Some(function) = function {
            section.export(name, ExportKind::Func, function);
        }
    }
    if scan.memory.is_some() {
        section.export(exports::MEMORY, ExportKind::Memory, 0);
    }
    section.export(exports::GAS, ExportKind::Global, metering.gas);
    section.export(exports::STACK, ExportKind::Global, metering.stack);
    module.section(&section);
}

fn bodies(
    module: &mut Module,
    code: &[u8],
    scan: &Scan<'_>,
    metering: &Metering<'_>,
) -> Result<(), Refused> {
    if scan.bodies.is_empty() {
        return Ok(());
    }
    let mut section = CodeSection::new();
    for plan in &scan.bodies {
        section.function(&metering.function(code, plan));
        let limit = metering.rules.limits.prepared_bytes;
        at_most("bytes of metered code", section.byte_len() as u64, limit)?;
    }
    module.section(&section);
    Ok(())
}
