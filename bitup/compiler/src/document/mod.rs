//! The public face of a file's contracts, for those who call them: what can be called, by whom, and what is told about it.
//!
//! [`describe`] finds it, [`markdown`] and [`html`] write it.

mod write;

pub use write::{html, markdown};

use crate::{
    analysis::{Analysis, Symbol, SymbolKind, SymbolNumber},
    check::{Effect, FileNumber},
};

/// Something that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: SymbolKind,
    /// Its name.
    pub name: String,
    /// How it is declared.
    pub head: String,
    /// What its author says.
    pub docs: Vec<String>,
    /// The contract above that it comes from.
    pub from: Option<String>,
    /// What is in it, by headings.
    pub parts: Vec<(&'static str, Vec<Entry>)>,
}

/// What a file declares for others.
#[must_use]
pub fn describe(analysis: &Analysis, file: FileNumber) -> Vec<Entry> {
    let own = analysis.symbols.iter().enumerate().filter(|(_, symbol)| {
        symbol.file == file
            && symbol.owner.is_none()
            && !matches!(
                symbol.kind,
                SymbolKind::Local | SymbolKind::Parameter | SymbolKind::TypeParameter
            )
    });
    let mut found: Vec<Entry> = own
        .map(|(number, symbol)| {
            let mut entry = entry(symbol);
            entry.parts = match symbol.kind {
                SymbolKind::Contract => contract(analysis, symbol),
                SymbolKind::Interface => inside(
                    analysis,
                    number,
                    &[
                        ("Methods", SymbolKind::Method),
                        ("Events", SymbolKind::Event),
                        ("Errors", SymbolKind::Error),
                    ],
                ),
                SymbolKind::Class | SymbolKind::Asset => inside(
                    analysis,
                    number,
                    &[
                        ("Fields", SymbolKind::Field),
                        ("Methods", SymbolKind::Method),
                    ],
                ),
                SymbolKind::Enum => inside(analysis, number, &[("Variants", SymbolKind::Variant)]),
                _ => Vec::new(),
            };
            entry.parts.retain(|(_, list)| !list.is_empty());
            entry
        })
        .collect();
    found.sort_by_key(|entry| entry.kind);
    found
}

fn entry(symbol: &Symbol) -> Entry {
    Entry {
        kind: symbol.kind,
        name: symbol.name.clone(),
        head: symbol.head.clone(),
        docs: symbol.docs.clone(),
        from: None,
        parts: Vec::new(),
    }
}

fn inside(
    analysis: &Analysis,
    owner: SymbolNumber,
    kinds: &[(&'static str, SymbolKind)],
) -> Vec<(&'static str, Vec<Entry>)> {
    let of = |kind: SymbolKind| {
        let own = analysis.symbols.iter();
        own.filter(|symbol| symbol.owner == Some(owner) && symbol.kind == kind)
            .map(entry)
            .collect()
    };
    kinds
        .iter()
        .map(|(title, kind)| (*title, of(*kind)))
        .collect()
}

/// What others see of a contract and of those it extends; of each name the nearest.
fn contract(analysis: &Analysis, symbol: &Symbol) -> Vec<(&'static str, Vec<Entry>)> {
    let Some(number) = analysis.contract_at(symbol.file, symbol.span) else {
        return Vec::new();
    };
    let program = &analysis.program;
    let mut made = Vec::new();
    let mut calls: Vec<Entry> = Vec::new();
    let mut views: Vec<Entry> = Vec::new();
    let mut records: [Vec<Entry>; 3] = Default::default();
    for part in program.line(number) {
        let Some(info) = program.contracts.get(part) else {
            continue;
        };
        let from = (part != number).then(|| info.ast.name.text.clone());
        let told = |span| {
            let symbol = analysis
                .symbols
                .get(analysis.declared_at(info.file, span)?)?;
            let mut found = entry(symbol);
            found.from.clone_from(&from);
            Some(found)
        };
        if part == number {
            made.extend(
                info.ast
                    .constructors
                    .iter()
                    .filter_map(|one| told(one.name.span)),
            );
        }
        for (method, signature) in info.ast.methods.iter().zip(&info.methods) {
            let Some(found) = told(method.name.span).filter(|_| !signature.private) else {
                continue;
            };
            let list = if signature.effect == Effect::Write {
                &mut calls
            } else {
                &mut views
            };
            match list.iter_mut().find(|known| known.name == found.name) {
                // One that overrides without a word does what the other says.
                Some(known) if known.docs.is_empty() => known.docs = found.docs,
                Some(_) => {}
                None => list.push(found),
            }
        }
        let [events, errors, constants] = &mut records;
        events.extend(info.ast.events.iter().filter_map(|one| told(one.name.span)));
        errors.extend(info.ast.errors.iter().filter_map(|one| told(one.name.span)));
        constants.extend(
            info.ast
                .constants
                .iter()
                .filter_map(|one| told(one.name.span)),
        );
    }
    let [events, errors, constants] = records;
    vec![
        ("Made with", made),
        ("Calls", calls),
        ("Views", views),
        ("Events", events),
        ("Errors", errors),
        ("Constants", constants),
    ]
}

#[cfg(test)]
mod tests;
