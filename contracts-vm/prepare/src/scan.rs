//! A module, read section by section, validated and held against the limits.
//!
//! A limit is looked at before the work that it bounds is done, so the reading itself costs no more than the limits say.

use crate::{
    function::{self, Plan},
    refused::{Refused, at_most},
    rules::{Limits, Rules},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::ops::Range;
use parlance_vm_abi as abi;
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncType,
    FuncValidatorAllocations, GlobalType, Import, Operator, Parser, Payload, TableType, TypeRef,
    ValType, ValidPayload, Validator, WasmFeatures,
};

/// Wasm 1.0 without floats, with what compilers for it have long used.
const FEATURES: WasmFeatures = WasmFeatures::GC_TYPES
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION);

/// Whether a module is new to the chain, or code that is there already and may use old system calls (A3 of the table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is being uploaded.
    New,
    /// It was accepted before.
    OnChain,
}

/// An initial value or an offset.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Constant {
    I32(i32),
    I64(i64),
}

/// A memory, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Pages at the beginning.
    pub initial: u32,
    /// Pages at the most.
    pub maximum: u32,
}

/// An imported function.
pub(crate) struct SystemCall<'a> {
    pub module: &'a str,
    pub name: &'a str,
    pub ty: u32,
    pub id: abi::CallId,
}

/// What is known of a module when it has been read.
#[derive(Default)]
pub(crate) struct Scan<'a> {
    pub types: Vec<FuncType>,
    pub imports: Vec<SystemCall<'a>>,
    /// The types of the module's own functions.
    pub functions: Vec<u32>,
    pub table: Option<TableType>,
    pub memory: Option<Memory>,
    pub globals: Vec<(GlobalType, Constant)>,
    pub deploy: Option<u32>,
    pub call: Option<u32>,
    pub sections: Sections,
    pub bodies: Vec<Plan>,
}

/// Sections that are copied as they are.
#[derive(Default)]
pub(crate) struct Sections {
    pub types: Option<Range<usize>>,
    pub functions: Option<Range<usize>>,
    pub table: Option<Range<usize>>,
    pub elements: Option<Range<usize>>,
    pub data: Option<Range<usize>>,
}

/// Reads a module.
pub(crate) fn scan<'a>(code: &'a [u8], age: Age, rules: &Rules) -> Result<Scan<'a>, Refused> {
    at_most("bytes of code", code.len() as u64, rules.limits.code_bytes)?;
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    let mut scan = Scan::default();
    for payload in parser.parse_all(code) {
        let payload = payload?;
        within(&payload, &rules.limits)?;
        if let ValidPayload::Func(func, body) = validator.payload(&payload)? {
            let imports = scan.imports.len() as u32;
            let ty = scan.type_of(imports.saturating_add(scan.bodies.len() as u32));
            let ty = ty.cloned().ok_or(Refused::Instruction {
                at: body.range().start,
            })?;
            scan.bodies.push(function::analyse(
                func,
                &body,
                &ty,
                imports,
                rules,
                &mut allocations,
            )?);
        }
        scan.take(payload, age, rules)?;
    }
    scan.complete()?;
    Ok(scan)
}

/// Refuses a section that has too much of something, before it is read.
fn within(payload: &Payload<'_>, limits: &Limits) -> Result<(), Refused> {
    let (what, found, limit) = match payload {
        Payload::TypeSection(section) => ("types", section.count(), limits.types),
        Payload::ImportSection(section) => {
            ("imports", section.count(), limits.imports.saturating_add(1))
        }
        Payload::FunctionSection(section) => ("functions", section.count(), limits.functions),
        Payload::TableSection(section) => ("tables", section.count(), 1),
        Payload::MemorySection(section) => ("memories", section.count(), 1),
        Payload::GlobalSection(section) => ("globals", section.count(), limits.globals),
        // Two are allowed; whoever has some more shall be told which.
        Payload::ExportSection(section) => ("exports", section.count(), 16),
        Payload::ElementSection(section) => (
            "segments of elements",
            section.count(),
            limits.element_segments,
        ),
        Payload::DataSection(section) => {
            ("segments of data", section.count(), limits.data_segments)
        }
        Payload::CodeSectionEntry(body) => {
            let len = u32::try_from(body.range().len()).unwrap_or(u32::MAX);
            ("bytes of a function", len, limits.function_bytes)
        }
        _ => return Ok(()),
    };
    at_most(what, u64::from(found), limit)
}

impl<'a> Scan<'a> {
    /// The type of a function, imported or own.
    pub fn type_of(&self, function: u32) -> Option<&FuncType> {
        let place = function as usize;
        let ty = match place.checked_sub(self.imports.len()) {
            None => self.imports.get(place)?.ty,
            Some(own) => *self.functions.get(own)?,
        };
        self.types.get(ty as usize)
    }

    /// Keeps what is needed of a section that has been validated.
    fn take(&mut self, payload: Payload<'a>, age: Age, rules: &Rules) -> Result<(), Refused> {
        match payload {
            Payload::TypeSection(section) => {
                self.sections.types = Some(section.range());
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    at_most("parameters", ty.params().len() as u64, rules.limits.params)?;
                    self.types.push(ty);
                }
            }
            Payload::ImportSection(section) => {
                for import in section {
                    self.import(import?, age, rules)?;
                }
            }
            Payload::FunctionSection(section) => {
                self.sections.functions = Some(section.range());
                for ty in section {
                    self.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                self.sections.table = Some(section.range());
                for table in section {
                    let ty = table?.ty;
                    let maximum = ty.maximum.ok_or(Refused::NoMaximum { what: "table" })?;
                    at_most("entries of the table", maximum, rules.limits.table_entries)?;
                    self.table = Some(ty);
                }
            }
            Payload::MemorySection(section) if section.count() > 0 => {
                return Err(Refused::OwnMemory);
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    self.globals.push((global.ty, constant(&global.init_expr)?));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let place = match export.name {
                        abi::DEPLOY => &mut self.deploy,
                        abi::CALL => &mut self.call,
                        name => {
                            return Err(Refused::Export {
                                name: name.to_string(),
                            });
                        }
                    };
                    if export.kind != ExternalKind::Func {
                        return Err(Refused::Export {
                            name: export.name.to_string(),
                        });
                    }
                    *place = Some(export.index);
                }
            }
            Payload::StartSection { .. } => return Err(Refused::Start),
            Payload::ElementSection(section) => {
                self.sections.elements = Some(section.range());
                for element in section {
                    let element = element?;
                    let count = match &element.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    let ElementKind::Active { offset_expr, .. } = &element.kind else {
                        return Err(Refused::NotConstant {
                            at: element.range.start,
                        });
                    };
                    let size = self.table.map_or(0, |table| table.initial);
                    fits("elements", offset_expr, u64::from(count), size)?;
                }
            }
            Payload::DataSection(section) => {
                self.sections.data = Some(section.range());
                for data in section {
                    let data = data?;
                    let DataKind::Active { offset_expr, .. } = &data.kind else {
                        return Err(Refused::NotConstant {
                            at: data.range.start,
                        });
                    };
                    let size = self
                        .memory
                        .map_or(0, |memory| u64::from(memory.initial) << 16);
                    fits("data", offset_expr, data.data.len() as u64, size)?;
                }
            }
            // Custom sections say nothing that a chain wants to know.
            _ => (),
        }
        Ok(())
    }

    fn import(&mut self, import: Import<'a>, age: Age, rules: &Rules) -> Result<(), Refused> {
        let names = || -> (String, String) { (import.module.into(), import.name.into()) };
        match import.ty {
            TypeRef::Func(ty) => {
                let entry = abi::find(import.module, import.name)
                    .filter(|entry| age == Age::OnChain || !entry.deprecated);
                let Some(entry) = entry else {
                    let (module, name) = names();
                    return Err(Refused::UnknownImport { module, name });
                };
                let declared = self.types.get(ty as usize);
                if !declared.is_some_and(|declared| has_type(declared, entry)) {
                    let (module, name) = names();
                    return Err(Refused::ImportType { module, name });
                }
                self.imports.push(SystemCall {
                    module: import.module,
                    name: import.name,
                    ty,
                    id: entry.id,
                });
                at_most("imports", self.imports.len() as u64, rules.limits.imports)
            }
            TypeRef::Memory(memory) if (import.module, import.name) == abi::MEMORY => {
                let maximum = memory
                    .maximum
                    .ok_or(Refused::NoMaximum { what: "memory" })?;
                at_most("pages of memory", maximum, rules.limits.memory_pages)?;
                let pages = |pages| u32::try_from(pages).unwrap_or(u32::MAX);
                self.memory = Some(Memory {
                    initial: pages(memory.initial),
                    maximum: pages(maximum),
                });
                Ok(())
            }
            _ => {
                let (module, name) = names();
                Err(Refused::ImportKind { module, name })
            }
        }
    }

    /// What can be said only when all has been read.
    fn complete(&self) -> Result<(), Refused> {
        for (name, function) in [(abi::DEPLOY, self.deploy), (abi::CALL, self.call)] {
            let own = function.filter(|index| *index as usize >= self.imports.len());
            let ty = own.and_then(|index| self.type_of(index));
            // A result is allowed, and ignored, as for old code it always was.
            let right = ty.is_some_and(|ty| {
                ty.params().is_empty() && matches!(ty.results(), [] | [ValType::I32])
            });
            if !right {
                return Err(Refused::EntryPoint { name });
            }
        }
        Ok(())
    }
}

/// Whether a function type is that of a system call.
fn has_type(declared: &FuncType, entry: &abi::Entry) -> bool {
    let same = |declared: &[ValType], known: &[abi::ValType]| {
        declared.len() == known.len()
            && declared
                .iter()
                .zip(known)
                .all(|(declared, known)| match known {
                    abi::ValType::I32 => *declared == ValType::I32,
                    abi::ValType::I64 => *declared == ValType::I64,
                })
    };
    same(declared.params(), entry.params) && same(declared.results(), entry.results)
}

/// The value of an initial value. It has been validated: its type is right, and it ends.
fn constant(expression: &ConstExpr<'_>) -> Result<Constant, Refused> {
    let mut operators = expression.get_operators_reader();
    let at = operators.original_position();
    let value = match operators.read()? {
        Operator::I32Const { value } => Constant::I32(value),
        Operator::I64Const { value } => Constant::I64(value),
        _ => return Err(Refused::NotConstant { at }),
    };
    match operators.read()? {
        Operator::End => Ok(value),
        _ => Err(Refused::NotConstant { at }),
    }
}

/// Refuses a segment that does not fit: to instantiate the contract could only fail.
fn fits(what: &'static str, offset: &ConstExpr<'_>, len: u64, size: u64) -> Result<(), Refused> {
    let Constant::I32(offset) = constant(offset)? else {
        return Err(Refused::Segment {
            what,
            end: u64::MAX,
            size,
        });
    };
    // An offset is unsigned.
    let end = u64::from(offset.cast_unsigned()).saturating_add(len);
    if end > size {
        Err(Refused::Segment { what, end, size })
    } else {
        Ok(())
    }
}
