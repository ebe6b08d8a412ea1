//! Names that change together, and what a new name changes.

use super::{Analysis, SymbolKind, SymbolNumber};
use crate::{
    check::{Declared, FileNumber, Source, check_one},
    span::Span,
    standard,
};
use std::collections::BTreeSet;

/// Why a name is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenameError {
    /// There is no name of the program at the place.
    NoName,
    /// The language or its standard library gives the name.
    Given(String),
    /// The new name is none, or has a meaning of its own.
    NotAName(String),
    /// The program would mean something else or nothing; what would be wrong first.
    Changes(String),
}

impl std::fmt::Display for RenameError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoName => out.write_str("no name stands here that the program gives"),
            Self::Given(name) => write!(
                out,
                "`{name}` is given by the language or its library; only names of the program can change"
            ),
            Self::NotAName(name) => write!(
                out,
                "`{name}` cannot be a name; take Latin letters, digits and `_`, and no word of the language"
            ),
            Self::Changes(why) => write!(
                out,
                "with this name the program would mean something else: {why}; choose another name"
            ),
        }
    }
}

impl std::error::Error for RenameError {}

impl Analysis {
    /// A symbol and all that must have its name: methods that override it or that it overrides, also through interfaces.
    pub(super) fn family(&self, symbol: SymbolNumber) -> BTreeSet<SymbolNumber> {
        let mut family = BTreeSet::from([symbol]);
        let Some(first) = self.symbols.get(symbol) else {
            return family;
        };
        if first.kind != SymbolKind::Method {
            return family;
        }
        let groups: Vec<BTreeSet<SymbolNumber>> = (0..self.program.contracts.len())
            .map(|contract| self.tied(contract, &first.name))
            .collect();
        loop {
            let before = family.len();
            for group in &groups {
                if !group.is_disjoint(&family) {
                    family.extend(group);
                }
            }
            if family.len() == before {
                return family;
            }
        }
    }

    /// The methods with a name of a contract, of those it extends and of the interfaces of all of them.
    fn tied(&self, contract: usize, name: &str) -> BTreeSet<SymbolNumber> {
        let mut found = BTreeSet::new();
        for part in self.program.line(contract) {
            let Some(info) = self.program.contracts.get(part) else {
                continue;
            };
            let own = info.ast.methods.iter().find(|one| one.name.text == name);
            found.extend(own.and_then(|one| self.declared_at(info.file, one.name.span)));
            for interface in &info.ast.implements {
                if let Some(Declared::Interface(number)) =
                    self.declared(info.file, None, &interface.text)
                {
                    found.extend(self.interface_member(number, name));
                }
            }
        }
        found
    }

    /// The changes that give the name at a place another name.
    ///
    /// # Errors
    /// If there is no such name, or the program would not stay what it is.
    pub fn rename(
        &self,
        file: FileNumber,
        offset: u32,
        new: &str,
    ) -> Result<Vec<(FileNumber, Span)>, RenameError> {
        let (symbol, old) = self.can_rename(file, offset)?;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = new.bytes().all(letters)
            && check_one(format!("const {new}: u8 = 1;").as_bytes()).is_empty();
        if !is_name {
            return Err(RenameError::NotAName(new.to_owned()));
        }
        let alias = self.symbols[symbol].name != old;
        let places: Vec<(FileNumber, Span)> = self
            .occurrences(symbol)
            .into_iter()
            .filter(|(at, one)| (!alias || *at == file) && self.text(*at, one.span) == old)
            .map(|(at, one)| (at, one.span))
            .collect();
        self.stays(symbol, &places, new)?;
        Ok(places)
    }

    /// The name at a place, if it can be changed.
    ///
    /// # Errors
    /// If there is none, or it is not the program's own.
    pub fn can_rename(
        &self,
        file: FileNumber,
        offset: u32,
    ) -> Result<(SymbolNumber, String), RenameError> {
        let found = self.at(file, offset).ok_or(RenameError::NoName)?;
        let old = self.text(file, found.span);
        let symbol = self.symbols.get(found.symbol).ok_or(RenameError::NoName)?;
        let foreign = self.family(found.symbol).iter().any(|one| {
            let path = &self.files[self.symbols[*one].file].0.path;
            standard::source(path).is_some()
        });
        if symbol.kind == SymbolKind::Constructor || (foreign && symbol.name == old) {
            return Err(RenameError::Given(old));
        }
        Ok((found.symbol, old))
    }

    /// Holds the changed program against this one.
    fn stays(
        &self,
        symbol: SymbolNumber,
        places: &[(FileNumber, Span)],
        new: &str,
    ) -> Result<(), RenameError> {
        let changed: Vec<Source> = self
            .files
            .iter()
            .enumerate()
            .map(|(number, (source, _))| {
                let here = places.iter().filter(|(file, _)| *file == number);
                let mut here: Vec<Span> = here.map(|(_, span)| *span).collect();
                here.sort_unstable();
                let mut text = source.text.clone();
                for span in here.iter().rev() {
                    text.splice(span.start as usize..span.end as usize, new.bytes());
                }
                Source {
                    path: source.path.clone(),
                    text,
                }
            })
            .collect();
        let after = Self::new(&changed);
        let wrong = after.files.iter().zip(&self.files);
        for ((_, now), (_, before)) in wrong {
            if let (Some(finding), true) = (now.list().first(), before.is_empty()) {
                return Err(RenameError::Changes(finding.message.clone()));
            }
        }
        let counts = |analysis: &Self| -> Vec<Vec<SymbolNumber>> {
            let meaning =
                |list: &Vec<super::Occurrence>| list.iter().map(|one| one.symbol).collect();
            analysis.occurrences.iter().map(meaning).collect()
        };
        if counts(self) != counts(&after) {
            let name = &self.symbols[symbol].name;
            return Err(RenameError::Changes(format!(
                "some places of `{name}` or `{new}` would be about the other one"
            )));
        }
        Ok(())
    }
}
