//! Hints: what compiles and is still likely a slip. Unlike findings they never keep a program from being built.

mod body;
mod rule;

pub use rule::Rule;

use crate::{
    analysis::{Analysis, Symbol, SymbolKind, SymbolNumber},
    ast::{self, Item},
    check::{Effect, FileNumber, Source},
    kind::Kind,
    span::Span,
};

/// A hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What it is about.
    pub rule: Rule,
    /// The place.
    pub span: Span,
    /// What is likely wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

/// The hints for each file of a program. There are none while something is wrong with it, and none for files of the
/// standard library that were added.
#[must_use]
pub fn lint(sources: &[Source]) -> Vec<Vec<Hint>> {
    let analysis = Analysis::new(sources);
    let mut found = vec![Vec::new(); sources.len()];
    if analysis.files.iter().any(|(_, list)| !list.is_empty()) {
        return found;
    }
    for (file, hints) in found.iter_mut().enumerate() {
        let mut linter = Linter {
            analysis: &analysis,
            file,
            hints: Vec::new(),
        };
        linter.imports();
        linter.symbols();
        linter.methods();
        linter.bodies();
        let text = String::from_utf8_lossy(&sources[file].text);
        let lines: Vec<&str> = text.lines().collect();
        linter
            .hints
            .retain(|hint| !allowed(&lines, &sources[file].text, hint));
        linter.hints.sort_by_key(|hint| (hint.span, hint.rule));
        *hints = linter.hints;
    }
    found
}

/// `// lint: allow L09` on the line of a hint or the one above.
fn allowed(lines: &[&str], text: &[u8], hint: &Hint) -> bool {
    let before = Span::new(0, hint.span.start).of(text);
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let code = hint.rule.to_string();
    let allows = |line: Option<&&str>| {
        line.and_then(|line| line.split_once("// lint: allow "))
            .is_some_and(|(_, codes)| codes.split([' ', ',']).any(|one| one == code))
    };
    allows(lines.get(line))
        || line
            .checked_sub(1)
            .is_some_and(|above| allows(lines.get(above)))
}

struct Linter<'a> {
    analysis: &'a Analysis,
    file: FileNumber,
    hints: Vec<Hint>,
}

impl Linter<'_> {
    fn hint(
        &mut self,
        rule: Rule,
        span: Span,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.hints.push(Hint {
            rule,
            span,
            message: message.into(),
            advice: advice.into(),
        });
    }

    fn imports(&mut self) {
        let analysis = self.analysis;
        let imports = &analysis.program.files[self.file].1.imports;
        // Imports stand in front of everything else.
        let last = imports.last().map_or(0, |import| import.span.end);
        let names = analysis.names(self.file);
        for (name, here) in imports.iter().flat_map(|import| &import.names) {
            let used = names.iter().any(|one| {
                one.span.start >= last && analysis.text(self.file, one.span) == here.text
            });
            // A name whose meaning is not found is not judged.
            if !used && analysis.at(self.file, name.span.start).is_some() {
                self.hint(
                    Rule::UnusedImport,
                    here.span,
                    format!("`{}` is imported and not used", here.text),
                    "remove it from the import",
                );
            }
        }
    }

    fn symbols(&mut self) {
        let analysis = self.analysis;
        for (number, symbol) in analysis.symbols.iter().enumerate() {
            if symbol.file == self.file {
                self.form(symbol);
                if !symbol.name.starts_with('_') && self.is_unused(number) {
                    self.unused(symbol);
                }
            }
        }
    }

    fn is_unused(&self, number: SymbolNumber) -> bool {
        let places = self.analysis.occurrences(number);
        places.iter().all(|(_, one)| one.declares)
    }

    fn owner(&self, symbol: &Symbol) -> Option<&Symbol> {
        self.analysis.symbols.get(symbol.owner?)
    }

    /// Whether it is of a contract that others do not extend to complete it.
    fn of_whole_contract(&self, symbol: &Symbol) -> bool {
        self.owner(symbol).is_some_and(|owner| {
            owner.kind == SymbolKind::Contract && !owner.head.starts_with("abstract")
        })
    }

    fn unused(&mut self, symbol: &Symbol) {
        let name = &symbol.name;
        match symbol.kind {
            SymbolKind::Local => self.hint(
                Rule::UnusedLocal,
                symbol.span,
                format!("`{name}` is not used"),
                format!("remove it, or call it `_{name}` if it has to be there"),
            ),
            SymbolKind::Parameter if self.is_own_parameter(symbol) => self.hint(
                Rule::UnusedLocal,
                symbol.span,
                format!("the parameter `{name}` is not used"),
                format!("remove it, or call it `_{name}` if it has to be there"),
            ),
            SymbolKind::Method
                if self.of_whole_contract(symbol) && symbol.head.starts_with("private") =>
            {
                self.hint(
                    Rule::UnusedMethod,
                    symbol.span,
                    format!("nobody calls `{name}`"),
                    "remove it, or call it",
                );
            }
            SymbolKind::Field if self.of_whole_contract(symbol) => self.hint(
                Rule::UnusedField,
                symbol.span,
                format!("the field `{name}` is not used"),
                "remove it; where the contract replaces one that is on the chain, its fields must stay",
            ),
            SymbolKind::Event if self.of_whole_contract(symbol) => self.hint(
                Rule::UnusedEvent,
                symbol.span,
                format!("`{name}` is never emitted"),
                format!("remove it, or write `emit {name}(...);` where it happens"),
            ),
            SymbolKind::Error if self.of_whole_contract(symbol) => self.hint(
                Rule::UnusedError,
                symbol.span,
                format!("`{name}` is never thrown"),
                "remove it, or throw it where the mistake is found",
            ),
            _ => {}
        }
    }

    /// Parameters of methods that have a body and whose shape nobody else asks for.
    fn is_own_parameter(&self, symbol: &Symbol) -> bool {
        let Some(owner) = self.owner(symbol) else {
            return true;
        };
        match owner.kind {
            SymbolKind::Function | SymbolKind::Constructor => true,
            SymbolKind::Method => {
                let outer = self.owner(owner).is_some_and(|outer| {
                    outer.kind == SymbolKind::Contract && !outer.head.contains(" implements ")
                });
                outer && !owner.head.contains("override ") && !owner.head.contains("abstract ")
            }
            _ => false,
        }
    }

    fn form(&mut self, symbol: &Symbol) {
        let name = symbol.name.trim_start_matches('_');
        let upper = name.starts_with(|letter: char| letter.is_ascii_uppercase());
        let all_upper = !name.contains(|letter: char| letter.is_ascii_lowercase());
        let (right, form) = match symbol.kind {
            SymbolKind::Contract
            | SymbolKind::Interface
            | SymbolKind::Class
            | SymbolKind::Asset
            | SymbolKind::Enum
            | SymbolKind::Variant
            | SymbolKind::Event
            | SymbolKind::Error
            | SymbolKind::TypeParameter => (upper && !name.contains('_'), "LikeThis"),
            SymbolKind::Constant => (all_upper, "LIKE_THIS"),
            SymbolKind::Constructor => return,
            SymbolKind::Function
            | SymbolKind::Method
            | SymbolKind::Field
            | SymbolKind::Parameter
            | SymbolKind::Local => (!upper && !name.contains('_'), "likeThis"),
        };
        if !right && !name.is_empty() {
            let message = format!("names of a {} are written {form}", symbol.kind.word());
            self.hint(
                Rule::NameForm,
                symbol.span,
                message,
                "rename it: an editor with `bitup lsp` does so everywhere",
            );
        }
    }

    /// Whoever calls a method that writes wants to know what it does.
    fn methods(&mut self) {
        let analysis = self.analysis;
        for info in &analysis.program.contracts {
            if info.file != self.file {
                continue;
            }
            for (method, signature) in info.ast.methods.iter().zip(&info.methods) {
                let writes = signature.effect == Effect::Write && !signature.private;
                let told = !method.docs.is_empty() || method.modifier(Kind::OverrideWord).is_some();
                if writes && !told {
                    self.hint(
                        Rule::NoDocumentation,
                        method.name.span,
                        format!("what does `{}` do?", method.name.text),
                        "say so in a line with `///` above it; `bitup doc` and wallets show it",
                    );
                }
            }
        }
    }

    fn bodies(&mut self) {
        let analysis = self.analysis;
        for item in &analysis.program.files[self.file].1.items {
            match item {
                Item::Contract(one) => {
                    for method in one.methods.iter().chain(&one.constructors) {
                        self.method(method, true);
                    }
                }
                Item::Class(one) => {
                    for method in one.methods.iter().chain(&one.constructors) {
                        self.method(method, false);
                    }
                }
                Item::Function(one) => self.method(one, false),
                _ => {}
            }
        }
    }

    fn method(&mut self, method: &ast::Method, contract: bool) {
        if let Some(block) = &method.body {
            self.block(block, contract);
        }
    }
}

#[cfg(test)]
mod tests;
