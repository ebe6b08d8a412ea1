//! From a checked program to the code generator's form.

use super::{Expr, Function, LANGUAGE_ERRORS, Module, Place, Record, Shape, Stmt};
use crate::{
    ast,
    check::{Declared, FileNumber, Program, Type},
    diagnostic::{Code, Diagnostic},
    span::Span,
};
use std::collections::{BTreeSet, HashMap};

/// A chain takes about twice as many functions. Type parameters could ask for any number.
const MOST_FUNCTIONS: usize = 1_024;

/// What a function of the output was in the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A method of a contract, with what its parameters refer to in storage and what its type parameters stand for.
    Method(usize, usize, Vec<Reference>, Types),
    Constructor(usize),
    /// A function with what its type parameters stand for.
    Free(usize, Types),
    /// A method of a class.
    Object(usize, usize, Types),
    /// The constructor of a class.
    Maker(usize, Types),
}

/// What type parameters stand for.
pub(super) type Types = Vec<(String, Type)>;

/// What a parameter refers to in storage: its keys are the arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reference {
    pub(super) cell: u32,
    pub(super) keys: Vec<Shape>,
    pub(super) must: bool,
    pub(super) spread: bool,
}

/// What a name stands for in a body.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Local(usize),
    /// A reference into the storage.
    Place(Place),
}

/// What is known of a local.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// It gets other values.
    pub(super) changes: bool,
    /// It shares its lists with no parameter and no literal.
    pub(super) owned: bool,
}

/// A finding was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

pub(super) type Lowered<T> = Result<T, Stopped>;

/// Where a body stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub(super) file: FileNumber,
    /// The contract in which it is written.
    pub(super) written_in: Option<usize>,
}

/// The function that is being made.
#[derive(Debug, Default)]
pub(super) struct Making {
    pub(super) locals: Vec<Shape>,
    /// What is known of each local.
    pub(super) held: Vec<Held>,
    pub(super) names: Vec<(String, Known)>,
    /// Classes: the local of the object whose method is made, and its class.
    pub(super) object: Option<(usize, usize)>,
    /// Constructors of classes: the local that every way through the body gives.
    pub(super) makes: Option<usize>,
    pub(super) result: Outcome,
    pub(super) ensures: Vec<Expr>,
    /// What the type parameters stand for.
    pub(super) types: Types,
    /// In `ensures`: what keeps the values that stand in `old`.
    pub(super) old: Option<Vec<Stmt>>,
}

/// The result of the function that is being made: its shape and, with `ensures`, the local that keeps it.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) shape: Shape,
    pub(super) local: Option<usize>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            shape: Shape::Unit,
            local: None,
        }
    }
}

pub(super) struct Lowering<'p> {
    pub(super) program: &'p Program,
    /// The contract that is made; none for tests.
    pub(super) contract: Option<usize>,
    pub(super) site: Site,
    pub(super) functions: Vec<Option<Function>>,
    numbers: HashMap<Key, usize>,
    waiting: Vec<(Key, usize)>,
    pub(super) making: Making,
    pub(super) errors: Vec<Record>,
    pub(super) events: Vec<Record>,
    pub(super) findings: Vec<(FileNumber, Diagnostic)>,
    /// Constants that were made already.
    pub(super) constants: HashMap<usize, Expr>,
    /// How many constants stand behind the one that is being made.
    pub(super) behind: usize,
    /// Tests: the contracts that they make.
    pub(super) deployed: BTreeSet<usize>,
    /// True once a value was seen that is made of parts.
    pub(super) whole: bool,
}

/// The contract in the code generator's form.
///
/// # Errors
/// With what of the program cannot be built yet, by file.
pub fn lower(program: &Program, contract: usize) -> Result<Module, Vec<(FileNumber, Diagnostic)>> {
    let info = &program.contracts[contract];
    let site = Site {
        file: info.file,
        written_in: Some(contract),
    };
    let mut lowering = Lowering::new(program, Some(contract), site);
    let module = lowering.module(contract);
    lowering.ended(module, info.ast.name.span)
}

/// The first four bytes of the hash of a name.
pub(super) fn selector(name: &str) -> [u8; 4] {
    let hash = crate::metadata::blake2_256(name.as_bytes());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The bytes by which a method is called.
pub(super) fn selector_of(method: &ast::Method) -> [u8; 4] {
    let own = method
        .annotations
        .iter()
        .find(|one| one.name.text == "selector");
    let first = own.and_then(|own| own.arguments.first());
    match first.map(|one| &one.kind) {
        Some(ast::ExprKind::Text(text)) => selector(text),
        Some(ast::ExprKind::Bytes(bytes)) => bytes
            .as_slice()
            .try_into()
            .unwrap_or_else(|_| selector(&method.name.text)),
        _ => selector(&method.name.text),
    }
}

impl<'p> Lowering<'p> {
    pub(super) fn new(program: &'p Program, contract: Option<usize>, site: Site) -> Self {
        let language = LANGUAGE_ERRORS.iter().map(|name| Record {
            name: (*name).to_owned(),
            fields: Vec::new(),
            signature: String::new(),
        });
        Self {
            program,
            contract,
            site,
            functions: Vec::new(),
            numbers: HashMap::new(),
            waiting: Vec::new(),
            making: Making::default(),
            errors: language.collect(),
            events: Vec::new(),
            findings: Vec::new(),
            constants: HashMap::new(),
            behind: 0,
            deployed: BTreeSet::new(),
            whole: false,
        }
    }

    /// What was made, or why it was not.
    pub(super) fn ended<T>(
        mut self,
        made: Lowered<T>,
        span: Span,
    ) -> Result<T, Vec<(FileNumber, Diagnostic)>> {
        match made {
            Ok(made) if self.findings.is_empty() => Ok(made),
            _ => {
                if self.findings.is_empty() {
                    let _ = self.not_built::<()>(span, "this");
                }
                Err(self.findings)
            }
        }
    }
}

impl Lowering<'_> {
    /// Makes all functions that are called.
    pub(super) fn all_functions(&mut self) -> Lowered<Vec<Function>> {
        while let Some((key, number)) = self.waiting.pop() {
            if self.functions.len() > MOST_FUNCTIONS {
                return self.too_many();
            }
            if let Ok(function) = self.function(key) {
                self.functions[number] = Some(function);
            }
        }
        let functions: Option<Vec<Function>> =
            std::mem::take(&mut self.functions).into_iter().collect();
        functions.ok_or(Stopped)
    }

    fn too_many<T>(&mut self) -> Lowered<T> {
        let own = self.contract.map(|number| &self.program.contracts[number]);
        let (file, span) = own.map_or((0, Span::at(0)), |info| (info.file, info.ast.name.span));
        self.site.file = file;
        let what = format!("a contract of more than {MOST_FUNCTIONS} functions");
        self.not_built(span, &what)
    }

    /// Says that something cannot be built yet.
    pub(super) fn not_built<T>(&mut self, span: Span, what: &str) -> Lowered<T> {
        let message = format!("{what} cannot be built yet");
        let advice = "`bitup check` knows all of the language; what `bitup build` knows so far stands at the end of the reference";
        self.findings.push((
            self.site.file,
            Diagnostic::new(Code::NotBuilt, span, message).advise(advice),
        ));
        Err(Stopped)
    }

    /// The type with the types of this call in the place of type parameters.
    pub(super) fn filled(&self, ty: &Type) -> Type {
        let types = &self.making.types;
        ty.replace(&|name| {
            let found = types.iter().find(|(known, _)| known == name);
            found.map(|(_, ty)| ty.clone())
        })
    }

    /// The shape of a type at a place of the program.
    pub(super) fn shape(&mut self, ty: &Type, span: Span) -> Lowered<Shape> {
        match Shape::of(self.program, ty) {
            Some(shape) => {
                self.whole |= shape.is_whole();
                Ok(shape)
            }
            None => {
                let what = format!("`{}`", self.program.shown(ty));
                self.not_built(span, &what)
            }
        }
    }

    /// The number of a function of the output.
    pub(super) fn number(&mut self, key: Key) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.functions.len();
        self.functions.push(None);
        self.numbers.insert(key.clone(), number);
        self.waiting.push((key, number));
        number
    }

    /// The method that is called by this name, seen from `from`.
    pub(super) fn method_at(&self, from: usize, name: &str) -> Option<(usize, usize)> {
        self.program.line(from).into_iter().find_map(|part| {
            let methods = &self.program.contracts[part].methods;
            let number = methods.iter().position(|method| method.name.text == name)?;
            Some((part, number))
        })
    }

    /// The number of a field: fields of the contract furthest above come first.
    pub(super) fn cell(&self, name: &str) -> Option<u32> {
        let line = self.program.line(self.contract?);
        let mut fields = line
            .iter()
            .rev()
            .flat_map(|part| &self.program.contracts[*part].storage);
        let at = fields.position(|slot| slot.name.text == name)?;
        u32::try_from(at).ok()
    }

    fn function(&mut self, key: Key) -> Lowered<Function> {
        self.making = Making::default();
        match key {
            Key::Constructor(part) => self.constructor(part),
            Key::Method(part, number, references, types) => {
                self.making.types = types;
                let info = &self.program.contracts[part];
                self.site = Site {
                    file: info.file,
                    written_in: Some(part),
                };
                let (written, signature) = (&info.ast.methods[number], &info.methods[number]);
                self.written(written, signature, Vec::new(), &references)
            }
            Key::Object(class, number, types) => self.object_function(class, number, types),
            Key::Maker(class, types) => self.maker(class, types),
            Key::Free(number, types) => {
                self.making.types = types;
                let info = &self.program.functions[number];
                self.site = Site {
                    file: info.file,
                    written_in: None,
                };
                self.written(&info.ast, &info.signature, Vec::new(), &[])
            }
        }
    }

    /// A new local.
    pub(super) fn local(&mut self, name: &str, shape: Shape) -> usize {
        let number = self.making.locals.len();
        self.making.locals.push(shape);
        self.making.held.push(Held::default());
        if !name.is_empty() {
            let known = Known::Local(number);
            self.making.names.push((name.to_owned(), known));
        }
        number
    }

    /// What a name stands for in the body that is made.
    pub(super) fn known(&self, name: &str) -> Option<Known> {
        let names = self.making.names.iter().rev();
        let mut found = names.filter(|(known, _)| known == name);
        found.next().map(|(_, known)| known.clone())
    }

    /// What a name stands for where the body was written.
    pub(super) fn declared(&self, name: &str) -> Option<Declared> {
        let inside = self.site.written_in.and_then(|part| {
            let line = self.program.line(part);
            line.into_iter()
                .find_map(|number| self.program.contracts[number].names.get(name).copied())
        });
        inside.or_else(|| self.program.scopes[self.site.file].get(name).copied())
    }
}
