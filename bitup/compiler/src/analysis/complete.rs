//! What can be written at a place.

use super::{Analysis, Context, SymbolKind, SymbolNumber, context::Receiver};
use crate::{
    check::{Declared, FileNumber, Source, Type},
    parser::parse,
    span::Span,
};

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is written.
    pub label: String,
    /// What it is; none for words that the language gives.
    pub kind: Option<SymbolKind>,
    /// How it is declared.
    pub detail: String,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// A name that no program has.
const MARK: &str = "bitup_is_asked_here_";

/// What may stand behind the name so that the file is whole.
const ENDS: [&str; 6] = ["", ";", "();", ": u8;", "() {}", " {}"];

/// What can be written at a place of a file, where perhaps the beginning of a name stands already.
#[must_use]
pub fn complete(sources: &[Source], file: FileNumber, offset: u32) -> Vec<Completion> {
    let Some(source) = sources.get(file) else {
        return Vec::new();
    };
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let at = (offset as usize).min(source.text.len());
    let before = source.text[..at].iter().rev().take_while(|one| letter(one));
    let start = at - before.count();
    let end = at
        + source.text[at..]
            .iter()
            .take_while(|one| letter(one))
            .count();
    let typed = String::from_utf8_lossy(&source.text[start..at]).into_owned();
    let begin = u32::try_from(start).unwrap_or(u32::MAX);
    let mark = Span::new(begin, begin.saturating_add(MARK.len() as u32));
    let mut changed = sources.to_vec();
    let with = |behind: &str| {
        let parts: [&[u8]; 4] = [
            &source.text[..start],
            MARK.as_bytes(),
            behind.as_bytes(),
            &source.text[end..],
        ];
        parts.concat()
    };
    let whole = ENDS
        .iter()
        .map(|behind| with(behind))
        .min_by_key(|text| parse(text).diagnostics.list().len());
    changed[file].text = whole.unwrap_or_default();
    let mut analysis = Analysis::asking(&changed, Some((file, mark)));
    let context = analysis.context.take();
    let mut found = match context {
        Some(context) => Finder {
            analysis: &analysis,
            file,
        }
        .of(&context),
        None => declarations(&analysis, file, begin),
    };
    found.retain(|one| one.label != MARK && one.label.starts_with(&typed));
    let rank = |one: &Completion| (one.kind.is_none(), one.kind);
    found.sort_by(|one, other| (rank(one), &one.label).cmp(&(rank(other), &other.label)));
    found.dedup_by(|one, other| one.label == other.label);
    found
}

fn word(label: &str, detail: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        kind: None,
        detail: detail.to_owned(),
        docs: Vec::new(),
    }
}

fn words(list: &[(&str, &str)]) -> Vec<Completion> {
    list.iter()
        .map(|(label, detail)| word(label, detail))
        .collect()
}

/// Words that begin a declaration.
fn declarations(analysis: &Analysis, file: FileNumber, offset: u32) -> Vec<Completion> {
    let inside = analysis.symbols.iter().any(|symbol| {
        symbol.file == file
            && matches!(
                symbol.kind,
                SymbolKind::Contract | SymbolKind::Interface | SymbolKind::Class
            )
            && symbol.whole.start < offset
            && offset < symbol.whole.end
    });
    let list: &[&str] = if inside {
        &[
            "storage",
            "event",
            "error",
            "const",
            "invariant",
            "constructor",
            "abstract",
            "override",
            "private",
            "payable",
            "view",
            "pure",
            "requires",
            "ensures",
            "memory",
        ]
    } else {
        &[
            "import",
            "abstract",
            "contract",
            "interface",
            "class",
            "asset",
            "enum",
            "event",
            "error",
            "const",
            "pure",
            "test",
            "extends",
            "implements",
        ]
    };
    list.iter().map(|one| word(one, "")).collect()
}

struct Finder<'a> {
    analysis: &'a Analysis,
    file: FileNumber,
}

impl Finder<'_> {
    fn of(&self, context: &Context) -> Vec<Completion> {
        match context {
            Context::Member(receiver) => self.members(receiver),
            Context::Value {
                contract,
                class,
                locals,
                test,
            } => self.values(*contract, *class, locals, *test),
            Context::Type { parameters } => self.types(parameters),
            Context::Event(contract) => {
                self.declared(*contract, |declared| matches!(declared, Declared::Event(_)))
            }
            Context::Error(contract) => {
                self.declared(*contract, |declared| matches!(declared, Declared::Error(_)))
            }
            Context::Variant(Some(number)) => self.variants(*number),
            Context::Variant(None) => words(&[("Some", "a value"), ("None", "no value")]),
            Context::Caller(contract) => self.callers(*contract),
            Context::Annotation => words(&[
                ("anyone", "everyone may call"),
                ("only", "only these accounts may call"),
                ("reentrant", "may be called while the contract is at work"),
                ("selector", "the four bytes by which it is called"),
            ]),
            Context::Import(path) => self.imported(path),
        }
    }

    fn symbol(&self, number: SymbolNumber) -> Option<Completion> {
        let symbol = self.analysis.symbols.get(number)?;
        Some(Completion {
            label: symbol.name.clone(),
            kind: Some(symbol.kind),
            detail: symbol.head.clone(),
            docs: symbol.docs.clone(),
        })
    }

    fn declared(
        &self,
        contract: Option<usize>,
        fits: impl Fn(&Declared) -> bool,
    ) -> Vec<Completion> {
        let program = &self.analysis.program;
        let line = contract.map(|contract| program.line(contract));
        let inside = line
            .iter()
            .flatten()
            .filter_map(|part| program.contracts.get(*part))
            .flat_map(|info| &info.names);
        let scope = program.scopes.get(self.file);
        let all = inside.chain(scope.into_iter().flatten());
        let fitting = all.filter(|(_, declared)| fits(declared));
        fitting
            .filter_map(|(name, declared)| {
                let mut found = self.symbol(self.analysis.symbol_of(*declared)?)?;
                found.label.clone_from(name);
                Some(found)
            })
            .collect()
    }

    fn values(
        &self,
        contract: Option<usize>,
        class: bool,
        locals: &[SymbolNumber],
        test: bool,
    ) -> Vec<Completion> {
        let mut found: Vec<Completion> = locals
            .iter()
            .filter_map(|number| self.symbol(*number))
            .collect();
        found.extend(self.declared(contract, |declared| !matches!(declared, Declared::Event(_))));
        found.extend(words(&[
            ("Some", "Some(value)"),
            ("None", "no value"),
            ("mulDiv", "mulDiv(a, b, c, Rounding.Down): a * b / c"),
            ("Rounding", "Rounding.Up, Rounding.Down"),
            ("blake2", "blake2(data: bytes): Hash"),
            ("keccak", "keccak(data: bytes): Hash"),
            ("sha2", "sha2(data: bytes): Hash"),
        ]));
        if contract.is_some() || class {
            found.push(word("this", "the contract or object whose method runs"));
        }
        if contract.is_some() {
            found.extend(words(&[
                ("super", "the contract above"),
                ("msg", "msg.sender, msg.value"),
                ("block", "block.number, block.time"),
                ("transfer", "transfer(to: Address, amount: Balance)"),
                ("old", "old(x): what x was before"),
            ]));
        }
        if test {
            found.extend(words(&[
                ("account", "account(\"alice\"): Address"),
                ("balance", "balance(who: Address): Balance"),
                ("wait", "wait(milliseconds)"),
                ("fails", "fails(call, \"Error\")"),
            ]));
        }
        let statements = [
            "let", "const", "if", "while", "for", "match", "try", "return", "break", "continue",
            "require", "assert", "throw", "emit", "delete", "destroy", "new", "true", "false",
        ];
        found.extend(statements.map(|one| word(one, "")));
        found
    }

    fn types(&self, parameters: &[SymbolNumber]) -> Vec<Completion> {
        let mut found: Vec<Completion> = parameters
            .iter()
            .filter_map(|number| self.symbol(*number))
            .collect();
        found.extend(self.declared(None, |declared| {
            matches!(
                declared,
                Declared::Contract(_)
                    | Declared::Interface(_)
                    | Declared::Class(_)
                    | Declared::Enum(_)
            )
        }));
        let given = [
            "u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16", "i32", "i64", "i128", "i256",
            "Balance", "bool", "Address", "Hash", "bytes", "string", "Option", "Map", "storage",
            "memory",
        ];
        found.extend(given.map(|one| word(one, "")));
        found
    }

    fn variants(&self, number: usize) -> Vec<Completion> {
        let Some(info) = self.analysis.program.enums.get(number) else {
            return Vec::new();
        };
        let names = info.variants.iter().map(|(name, _)| name.span);
        names
            .filter_map(|span| self.symbol(self.analysis.declared_at(info.file, span)?))
            .collect()
    }

    /// Fields and methods of a contract; the nearest of each name.
    fn own(&self, contract: usize) -> Vec<Completion> {
        let program = &self.analysis.program;
        let mut found: Vec<Completion> = Vec::new();
        for part in program.line(contract) {
            let Some(info) = program.contracts.get(part) else {
                continue;
            };
            let fields = info.ast.storage.iter().map(|field| field.name.span);
            let methods = info.ast.methods.iter().map(|method| method.name.span);
            for span in fields.chain(methods) {
                let one = self.analysis.declared_at(info.file, span);
                if let Some(one) = one.and_then(|number| self.symbol(number))
                    && !found.iter().any(|known| known.label == one.label)
                {
                    found.push(one);
                }
            }
        }
        found
    }

    fn callers(&self, contract: usize) -> Vec<Completion> {
        let mut found = self.own(contract);
        found.retain(|one| {
            one.kind == Some(SymbolKind::Field)
                && (one.detail.ends_with(": Address") || one.detail.ends_with("Map<Address, bool>"))
                || one.kind == Some(SymbolKind::Method) && one.detail.contains(": Address): bool")
        });
        found
    }

    fn class(&self, number: usize) -> Vec<Completion> {
        let Some(info) = self.analysis.program.classes.get(number) else {
            return Vec::new();
        };
        let fields = info.ast.fields.iter().map(|field| field.name.span);
        let methods = info.ast.methods.iter().map(|method| method.name.span);
        fields
            .chain(methods)
            .filter_map(|span| self.symbol(self.analysis.declared_at(info.file, span)?))
            .collect()
    }

    fn handle(&self, number: usize) -> Vec<Completion> {
        let Some(info) = self.analysis.program.interfaces.get(number) else {
            return Vec::new();
        };
        let methods = info.methods.iter();
        let mut found: Vec<Completion> = methods
            .filter_map(|method| {
                self.symbol(self.analysis.interface_member(number, &method.name.text)?)
            })
            .collect();
        found.push(word("address", "Address"));
        found
    }

    fn members(&self, receiver: &Receiver) -> Vec<Completion> {
        match receiver {
            Receiver::Contract(number) => {
                let mut found = self.own(*number);
                found.extend(words(&[
                    ("address", "the contract's own Address"),
                    ("balance", "the contract's tokens: Balance"),
                ]));
                found
            }
            Receiver::Super(number) => {
                let mut found = self.own(*number);
                found.retain(|one| one.kind == Some(SymbolKind::Method));
                found
            }
            Receiver::Class(number) => self.class(*number),
            Receiver::Enum(number) => self.variants(*number),
            Receiver::Callable(contract) => {
                let mut found = words(&[("at", "at(address): the contract there")]);
                if *contract {
                    found.push(word("deploy", "deploy(...): makes one"));
                }
                found
            }
            Receiver::Given(name) => match name.as_str() {
                "msg" => words(&[("sender", "Address"), ("value", "Balance")]),
                "block" => words(&[("number", "u32"), ("time", "u64, in milliseconds")]),
                "Rounding" => words(&[("Up", ""), ("Down", "")]),
                _ => words(&[("max", "the largest value"), ("min", "the least value")]),
            },
            Receiver::Value(ty) => self.of_type(ty),
        }
    }

    fn of_type(&self, ty: &Type) -> Vec<Completion> {
        match ty {
            Type::Class(number, _) => self.class(*number),
            Type::Handle(number) => self.handle(*number),
            Type::Array(_) => words(&[
                ("length", "u32"),
                ("push", "push(value)"),
                ("pop", "pop(): the last value"),
            ]),
            Type::Fixed(..) | Type::Bytes | Type::Text => words(&[("length", "u32")]),
            Type::Map(..) => words(&[
                ("has", "has(key): bool"),
                ("put", "put(key, value): fails when it is there"),
                ("take", "take(key): removes and gives it"),
            ]),
            _ => Vec::new(),
        }
    }

    fn imported(&self, path: &str) -> Vec<Completion> {
        let program = &self.analysis.program;
        let file = program.files.iter().position(|(known, _)| known == path);
        let own = self.analysis.symbols.iter().enumerate().filter(|(_, one)| {
            Some(one.file) == file
                && one.owner.is_none()
                && !matches!(one.kind, SymbolKind::Local | SymbolKind::Parameter)
        });
        own.filter_map(|(number, _)| self.symbol(number)).collect()
    }
}
