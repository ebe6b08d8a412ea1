//! A module, read into what the interpreter walks over.

use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, FuncType, Operator, Parser, Payload, TypeRef,
};

/// A function of the module's own.
pub(crate) struct Body<'m> {
    pub ty: FuncType,
    /// Declared locals.
    pub locals: u32,
    pub operators: Vec<Operator<'m>>,
    /// For each `block`, `loop`, `if` and `else`: where its `else` (or `end`) and its `end` are.
    pub ends: Vec<(usize, usize)>,
}

/// A module that can be run.
#[derive(Default)]
pub struct Module<'m> {
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<(&'m str, &'m str, FuncType)>,
    pub(crate) bodies: Vec<Body<'m>>,
    pub(crate) memory: Option<(u64, u64)>,
    pub(crate) table: Vec<Option<u32>>,
    pub(crate) globals: Vec<u64>,
    pub(crate) exports: Vec<(&'m str, u32)>,
    pub(crate) data: Vec<(u64, &'m [u8])>,
}

impl<'m> Module<'m> {
    /// Reads a valid module.
    ///
    /// # Errors
    /// The parser's, in words.
    pub fn new(code: &'m [u8]) -> Result<Self, String> {
        let mut module = Module::default();
        let mut functions: Vec<u32> = Vec::new();
        let words = |error: wasmparser::BinaryReaderError| error.to_string();
        for payload in Parser::new(0).parse_all(code) {
            match payload.map_err(words)? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        module.types.push(ty.map_err(words)?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section {
                        let import = import.map_err(words)?;
                        match import.ty {
                            TypeRef::Func(ty) => {
                                let ty = module.types[ty as usize].clone();
                                module.imports.push((import.module, import.name, ty));
                            }
                            TypeRef::Memory(ty) => {
                                module.memory = Some((ty.initial, ty.maximum.unwrap_or(65536)));
                            }
                            _ => return Err("an import of another kind".into()),
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        functions.push(ty.map_err(words)?);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        let table = table.map_err(words)?;
                        module.table = vec![None; table.ty.initial as usize];
                    }
                }
                Payload::MemorySection(section) => {
                    for ty in section {
                        let ty = ty.map_err(words)?;
                        module.memory = Some((ty.initial, ty.maximum.unwrap_or(65536)));
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        module
                            .globals
                            .push(constant(&global.map_err(words)?.init_expr)?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(words)?;
                        if export.kind == wasmparser::ExternalKind::Func {
                            module.exports.push((export.name, export.index));
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element.map_err(words)?;
                        let ElementKind::Active { offset_expr, .. } = &element.kind else {
                            return Err("a passive segment".into());
                        };
                        let ElementItems::Functions(items) = element.items else {
                            return Err("a segment of expressions".into());
                        };
                        let offset = constant(offset_expr)? as usize;
                        for (place, item) in items.into_iter().enumerate() {
                            let entry = module.table.get_mut(offset + place);
                            *entry.ok_or("a segment beyond the table")? =
                                Some(item.map_err(words)?);
                        }
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data.map_err(words)?;
                        let DataKind::Active { offset_expr, .. } = &data.kind else {
                            return Err("a passive segment".into());
                        };
                        module.data.push((constant(offset_expr)?, data.data));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let ty = functions[module.bodies.len()];
                    let mut locals = 0;
                    for group in body.get_locals_reader().map_err(words)? {
                        locals += group.map_err(words)?.0;
                    }
                    let operators = body.get_operators_reader().map_err(words)?;
                    let operators: Vec<_> = operators
                        .into_iter()
                        .collect::<Result<_, _>>()
                        .map_err(words)?;
                    let ends = ends(&operators);
                    let ty = module.types[ty as usize].clone();
                    module.bodies.push(Body {
                        ty,
                        locals,
                        operators,
                        ends,
                    });
                }
                _ => (),
            }
        }
        Ok(module)
    }

    /// The function that is exported under a name.
    pub fn export(&self, name: &str) -> Option<u32> {
        self.exports
            .iter()
            .find(|export| export.0 == name)
            .map(|export| export.1)
    }

    /// The type of a function, imported or own.
    pub(crate) fn type_of(&self, function: u32) -> &FuncType {
        let place = function as usize;
        match place.checked_sub(self.imports.len()) {
            None => &self.imports[place].2,
            Some(own) => &self.bodies[own].ty,
        }
    }
}

/// The value of a constant expression, as the 64 bits that a value is kept in.
fn constant(expression: &ConstExpr<'_>) -> Result<u64, String> {
    match expression.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Ok(u64::from(value as u32)),
        Ok(Operator::I64Const { value }) => Ok(value as u64),
        _ => Err("not a constant".into()),
    }
}

/// Where the blocks end.
fn ends(operators: &[Operator<'_>]) -> Vec<(usize, usize)> {
    let mut ends = vec![(0, 0); operators.len()];
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    for (place, operator) in operators.iter().enumerate() {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                open.push((place, None));
            }
            Operator::Else => {
                if let Some(last) = open.last_mut() {
                    last.1 = Some(place);
                }
            }
            Operator::End => {
                // The last one is the function's own.
                if let Some((begin, otherwise)) = open.pop() {
                    ends[begin] = (otherwise.unwrap_or(place), place);
                    if let Some(otherwise) = otherwise {
                        ends[otherwise] = (place, place);
                    }
                }
            }
            _ => (),
        }
    }
    ends
}
