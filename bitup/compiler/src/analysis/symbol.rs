//! What a program gives names to.

use crate::{
    check::{Declared, FileNumber, Program},
    kind::Kind,
    span::Span,
    tree::{Child, Node, Tree},
};
use std::collections::HashMap;

/// What has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "named after the declarations")]
pub enum SymbolKind {
    Contract,
    Interface,
    Class,
    Asset,
    Enum,
    Variant,
    Event,
    Error,
    Constant,
    Function,
    Constructor,
    Method,
    Field,
    Parameter,
    Local,
    TypeParameter,
}

impl SymbolKind {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Interface => "interface",
            Self::Class => "class",
            Self::Asset => "asset",
            Self::Enum => "enum",
            Self::Variant => "variant",
            Self::Event => "event",
            Self::Error => "error",
            Self::Constant => "constant",
            Self::Function => "function",
            Self::Constructor => "constructor",
            Self::Method => "method",
            Self::Field => "field",
            Self::Parameter => "parameter",
            Self::Local => "local",
            Self::TypeParameter => "type parameter",
        }
    }
}

/// Counts in [`super::Analysis::symbols`].
pub type SymbolNumber = usize;

/// Something with a name.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// The name where it is declared.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The file that declares it.
    pub file: FileNumber,
    /// Its name there.
    pub span: Span,
    /// The whole declaration.
    pub whole: Span,
    /// What it stands in: the contract of a method, the enum of a variant.
    pub owner: Option<SymbolNumber>,
    /// How it is declared, without its body.
    pub head: String,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// Where a declared name stands.
#[must_use]
pub fn place(program: &Program, declared: Declared) -> Option<(FileNumber, Span)> {
    Some(match declared {
        Declared::Contract(number) => {
            let info = program.contracts.get(number)?;
            (info.file, info.ast.name.span)
        }
        Declared::Interface(number) => {
            let info = program.interfaces.get(number)?;
            (info.file, info.name.span)
        }
        Declared::Class(number) => {
            let info = program.classes.get(number)?;
            (info.file, info.ast.name.span)
        }
        Declared::Enum(number) => {
            let info = program.enums.get(number)?;
            (info.file, info.name.span)
        }
        Declared::Event(number) => {
            let info = program.events.get(number)?;
            (info.file, info.name.span)
        }
        Declared::Error(number) => {
            let info = program.errors.get(number)?;
            (info.file, info.name.span)
        }
        Declared::Constant(number) => {
            let info = program.constants.get(number)?;
            (info.file, info.ast.name.span)
        }
        Declared::Function(number) => {
            let info = program.functions.get(number)?;
            (info.file, info.ast.name.span)
        }
    })
}

/// A declaration as it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) whole: Span,
    pub(super) head: String,
    pub(super) docs: Vec<String>,
}

const DECLARATIONS: &[Kind] = &[
    Kind::Contract,
    Kind::Interface,
    Kind::Class,
    Kind::Asset,
    Kind::Enum,
    Kind::Variant,
    Kind::Event,
    Kind::Error,
    Kind::Constant,
    Kind::Function,
    Kind::Test,
    Kind::Constructor,
    Kind::Method,
    Kind::StorageField,
    Kind::Field,
    Kind::EventField,
    Kind::Parameter,
    Kind::TypeParameter,
    Kind::Local,
    Kind::For,
    Kind::Try,
];

/// All declarations of a file, each by every name that stands in it and in no declaration inside.
pub(super) fn declarations(tree: &Tree) -> HashMap<Span, Written> {
    let mut found = HashMap::new();
    let mut open = vec![tree.root()];
    while let Some(node) = open.pop() {
        if DECLARATIONS.contains(&node.kind()) {
            let names = node
                .tokens()
                .filter(|token| matches!(token.kind, Kind::Identifier | Kind::ConstructorWord));
            let mut written = None;
            for name in names {
                let written = written.get_or_insert_with(|| Written {
                    whole: node.span(),
                    head: head(node),
                    docs: docs(tree.source(), node.span().start),
                });
                found.insert(name.span, written.clone());
            }
        }
        open.extend(node.nodes());
    }
    found
}

/// A declaration up to its body, on one line, without comments.
fn head(node: Node<'_>) -> String {
    let body = node.children().find(|child| match child {
        Child::Node(inner) => inner.kind() == Kind::Block,
        Child::Token(token) => token.kind == Kind::LeftBrace,
    });
    let end = body.map_or(node.span().end, |body| body.span().start);
    let mut text = String::new();
    let mut space = false;
    for token in node.all_tokens() {
        if token.span.start >= end {
            break;
        }
        if token.kind.is_trivia() {
            space = !text.is_empty();
            continue;
        }
        if std::mem::take(&mut space) {
            text.push(' ');
        }
        text += &node.token_text(token);
    }
    let text = text.trim_end_matches([';', ' ']);
    text.replace("( ", "(").replace(", )", ")")
}

/// The lines of `///` above a place.
fn docs(source: &[u8], start: u32) -> Vec<String> {
    let before = &source[..(start as usize).min(source.len())];
    let text = String::from_utf8_lossy(before);
    let mut lines = text.rsplit('\n');
    if lines.next().is_none_or(|line| !line.trim().is_empty()) {
        return Vec::new();
    }
    let mut docs: Vec<String> = lines
        .map_while(|line| line.trim().strip_prefix("///"))
        .map(|line| line.trim().to_owned())
        .collect();
    docs.reverse();
    docs
}
