//! What stands where: for editors, lints and documentation. Works on broken programs too, as far as they can be understood.
//!
//! | question | answered by |
//! | --- | --- |
//! | what does this name mean, where else does it stand | [`Analysis::at`], [`Analysis::occurrences`] |
//! | how is it declared | [`Analysis::hover`] |
//! | what is changed when it gets another name | [`Analysis::rename`] |
//! | what can stand here | [`complete`] |

mod collect;
mod complete;
mod context;
mod family;
mod resolve;
mod symbol;
mod walk;

pub use complete::{Completion, complete};
pub use family::RenameError;
pub use symbol::{Symbol, SymbolKind, SymbolNumber, place};

use crate::{
    check::{Declared, FileNumber, Program, Source, check_broken},
    diagnostic::Diagnostics,
    parser::parse,
    span::Span,
};
use context::Context;
use std::collections::HashMap;
use symbol::Written;

/// A name where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its place.
    pub span: Span,
    /// What it means.
    pub symbol: SymbolNumber,
    /// True where it is declared.
    pub declares: bool,
}

/// A program with the meaning of its names.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The files with what is wrong with them; those of the standard library stand behind.
    pub files: Vec<(Source, Diagnostics)>,
    /// What they declare.
    pub program: Program,
    /// All that has a name.
    pub symbols: Vec<Symbol>,
    places: HashMap<(FileNumber, Span), SymbolNumber>,
    /// By file, in the order of their places.
    occurrences: Vec<Vec<Occurrence>>,
    written: Vec<HashMap<Span, Written>>,
    /// A place that is asked about, and what stands around it.
    wanted: Option<(FileNumber, Span)>,
    context: Option<Context>,
}

impl Analysis {
    /// Reads a program. What is broken in it is left out.
    #[must_use]
    pub fn new(sources: &[Source]) -> Self {
        Self::asking(sources, None)
    }

    fn asking(sources: &[Source], wanted: Option<(FileNumber, Span)>) -> Self {
        let checked = check_broken(sources);
        let written = checked
            .findings
            .iter()
            .map(|(source, _)| symbol::declarations(&parse(&source.text).tree))
            .collect();
        let mut analysis = Self {
            occurrences: vec![Vec::new(); checked.findings.len()],
            files: checked.findings,
            program: checked.program,
            symbols: Vec::new(),
            places: HashMap::new(),
            written,
            wanted,
            context: None,
        };
        analysis.collect();
        analysis.resolve();
        for list in &mut analysis.occurrences {
            list.sort_by_key(|one| (one.span, !one.declares));
            list.dedup_by_key(|one| one.span);
        }
        analysis
    }

    /// The number of the file with a path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<FileNumber> {
        self.files
            .iter()
            .position(|(source, _)| source.path == path)
    }

    /// The name at a place, its end included.
    #[must_use]
    pub fn at(&self, file: FileNumber, offset: u32) -> Option<Occurrence> {
        let list = self.occurrences.get(file)?;
        let after = list.partition_point(|one| one.span.start <= offset);
        let before = &list[..after];
        before.last().copied().filter(|one| offset <= one.span.end)
    }

    /// All places of a file at which names stand.
    #[must_use]
    pub fn names(&self, file: FileNumber) -> &[Occurrence] {
        self.occurrences.get(file).map_or(&[], Vec::as_slice)
    }

    /// All places of a name, of the methods that it overrides and of those that override it.
    #[must_use]
    pub fn occurrences(&self, symbol: SymbolNumber) -> Vec<(FileNumber, Occurrence)> {
        let family = self.family(symbol);
        let mut found = Vec::new();
        for (file, list) in self.occurrences.iter().enumerate() {
            let here = list.iter().filter(|one| family.contains(&one.symbol));
            found.extend(here.map(|one| (file, *one)));
        }
        found
    }

    /// How the name at a place is declared, and its documentation.
    #[must_use]
    pub fn hover(&self, file: FileNumber, offset: u32) -> Option<(Span, &Symbol)> {
        let found = self.at(file, offset)?;
        Some((found.span, self.symbols.get(found.symbol)?))
    }

    /// What a declaration is called by.
    #[must_use]
    pub fn symbol_of(&self, declared: Declared) -> Option<SymbolNumber> {
        self.places.get(&place(&self.program, declared)?).copied()
    }

    /// The symbol that is declared at a place.
    #[must_use]
    pub fn declared_at(&self, file: FileNumber, name: Span) -> Option<SymbolNumber> {
        self.places.get(&(file, name)).copied()
    }

    /// The text of a place.
    #[must_use]
    pub fn text(&self, file: FileNumber, span: Span) -> String {
        let bytes = self
            .files
            .get(file)
            .map_or(&[][..], |(source, _)| span.of(&source.text));
        String::from_utf8_lossy(bytes).into_owned()
    }
}

#[cfg(test)]
mod tests;
