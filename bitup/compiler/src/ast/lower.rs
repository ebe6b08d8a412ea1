//! Declarations of the tree.

use super::{
    Annotation, ArrayLength, Class, Constant, Contract, Enum, ErrorDeclaration, Event, Expr, Field,
    File, Import, Interface, Item, Location, Method, Name, Parameter, Test, Type, TypeParameter,
    lower_body::{arguments, block, expr},
};
use crate::{
    kind::Kind,
    lexer,
    tree::{Child, Node, Tree},
};

/// The program of a tree.
#[must_use]
pub fn lower(tree: &Tree) -> File {
    let mut file = File::default();
    let mut docs = Docs::default();
    for child in tree.root().children() {
        match child {
            Child::Token(token) => docs.see(tree.root(), token),
            Child::Node(node) => {
                let docs = docs.take();
                match node.kind() {
                    Kind::Import => file.imports.push(import(node)),
                    Kind::Contract => file.items.push(Item::Contract(contract(node, docs))),
                    Kind::Interface => file.items.push(Item::Interface(interface(node))),
                    Kind::Class | Kind::Asset => file.items.push(Item::Class(class(node))),
                    Kind::Enum => file.items.push(Item::Enum(enum_(node))),
                    Kind::Event => file.items.push(Item::Event(event(node, docs))),
                    Kind::Error => file.items.push(Item::Error(error(node, docs))),
                    Kind::Constant => file.items.push(Item::Constant(constant(node))),
                    Kind::Function => file.items.push(Item::Function(method(node, docs))),
                    Kind::Test => file.items.push(Item::Test(test(node))),
                    _ => {}
                }
            }
        }
    }
    file
}

/// Comments `///` in front of a declaration.
#[derive(Default)]
struct Docs(Vec<String>);

impl Docs {
    fn see(&mut self, node: Node<'_>, token: lexer::Token) {
        let text = node.token_text(token);
        match token.kind {
            Kind::Whitespace => {}
            Kind::LineComment if text.starts_with("///") => {
                self.0.push(text[3..].trim().to_owned())
            }
            _ => self.0.clear(),
        }
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0)
    }
}

/// The first own name of a node.
pub(super) fn name(node: Node<'_>) -> Name {
    names(node).next().unwrap_or(Name {
        text: String::new(),
        span: node.span(),
    })
}

/// The own names of a node.
pub(super) fn names<'t>(node: Node<'t>) -> impl Iterator<Item = Name> + 't {
    let names = node.tokens().filter(|token| token.kind == Kind::Identifier);
    names.map(move |token| Name {
        text: node.token_text(token),
        span: token.span,
    })
}

/// The last own name: where a word that is a keyword in places stands in front.
fn last_name(node: Node<'_>) -> Name {
    names(node).last().unwrap_or(Name {
        text: String::new(),
        span: node.span(),
    })
}

fn import(node: Node<'_>) -> Import {
    let path = node.token(Kind::Text);
    let imported = node
        .nodes()
        .filter(|child| child.kind() == Kind::ImportName);
    Import {
        names: imported
            .map(|child| (name(child), last_name(child)))
            .collect(),
        path: path.map_or(String::new(), |token| {
            lexer::text_value(node.token_text(token).as_bytes()).unwrap_or_default()
        }),
        span: path.map_or(node.span(), |token| token.span),
    }
}

fn contract(node: Node<'_>, docs: Vec<String>) -> Contract {
    let mut made = Contract {
        docs,
        is_abstract: node.token(Kind::AbstractWord).is_some(),
        ..Contract::default()
    };
    let mut own = names(node);
    made.name = own.next().unwrap_or_default();
    made.extends = own
        .next()
        .filter(|_| node.token(Kind::ExtendsWord).is_some());
    made.implements = node
        .node(Kind::Names)
        .map(|list| names(list).collect())
        .unwrap_or_default();
    let mut docs = Docs::default();
    for child in node.children() {
        match child {
            Child::Token(token) => docs.see(node, token),
            Child::Node(member) => {
                let docs = docs.take();
                match member.kind() {
                    Kind::StorageField => made.storage.push(field(member)),
                    Kind::Event => made.events.push(event(member, docs)),
                    Kind::Error => made.errors.push(error(member, docs)),
                    Kind::Constant => made.constants.push(constant(member)),
                    Kind::Invariant => made.invariants.extend(member.nodes().next().map(expr)),
                    Kind::Constructor => made.constructors.push(method(member, docs)),
                    Kind::Method => made.methods.push(method(member, docs)),
                    _ => {}
                }
            }
        }
    }
    made
}

fn interface(node: Node<'_>) -> Interface {
    let of = |kind: Kind| node.nodes().filter(move |child| child.kind() == kind);
    Interface {
        name: name(node),
        extends: node
            .node(Kind::Names)
            .map(|list| names(list).collect())
            .unwrap_or_default(),
        events: of(Kind::Event)
            .map(|child| event(child, Vec::new()))
            .collect(),
        errors: of(Kind::Error)
            .map(|child| error(child, Vec::new()))
            .collect(),
        methods: of(Kind::Method)
            .map(|child| method(child, Vec::new()))
            .collect(),
    }
}

fn class(node: Node<'_>) -> Class {
    let of = |kind: Kind| node.nodes().filter(move |child| child.kind() == kind);
    let is_asset = node.kind() == Kind::Asset;
    Class {
        name: if is_asset {
            last_name(node)
        } else {
            name(node)
        },
        is_asset,
        type_parameters: type_parameters(node),
        fields: of(Kind::Field).map(field).collect(),
        constructors: of(Kind::Constructor)
            .map(|child| method(child, Vec::new()))
            .collect(),
        methods: of(Kind::Method)
            .map(|child| method(child, Vec::new()))
            .collect(),
    }
}

fn enum_(node: Node<'_>) -> Enum {
    let variants = node.nodes().filter(|child| child.kind() == Kind::Variant);
    Enum {
        name: name(node),
        type_parameters: type_parameters(node),
        variants: variants
            .map(|child| (name(child), parameters(child)))
            .collect(),
    }
}

fn type_parameters(node: Node<'_>) -> Vec<TypeParameter> {
    let Some(list) = node.node(Kind::TypeParameters) else {
        return Vec::new();
    };
    let one = |node: Node<'_>| {
        let mut own = names(node);
        TypeParameter {
            name: own.next().unwrap_or_default(),
            bound: own.next(),
        }
    };
    list.nodes()
        .filter(|child| child.kind() == Kind::TypeParameter)
        .map(one)
        .collect()
}

fn event(node: Node<'_>, docs: Vec<String>) -> Event {
    let one = |node: Node<'_>| {
        let indexed = names(node).count() > 1;
        (
            Parameter {
                name: last_name(node),
                ty: type_of(node),
            },
            indexed,
        )
    };
    let fields = node
        .nodes()
        .filter(|child| child.kind() == Kind::EventField)
        .map(one)
        .collect();
    Event {
        name: last_name(node),
        fields,
        docs,
    }
}

fn error(node: Node<'_>, docs: Vec<String>) -> ErrorDeclaration {
    ErrorDeclaration {
        name: last_name(node),
        fields: parameters(node),
        docs,
    }
}

fn constant(node: Node<'_>) -> Constant {
    Constant {
        name: name(node),
        ty: type_of(node),
        value: value_of(node).unwrap_or(Expr::broken(node.span())),
    }
}

fn test(node: Node<'_>) -> Test {
    let title = node
        .token(Kind::Text)
        .map_or(String::new(), |token| node.token_text(token));
    Test {
        title: lexer::text_value(title.as_bytes()).unwrap_or_default(),
        parameters: parameters(node),
        body: node.node(Kind::Block).map(block).unwrap_or_default(),
    }
}

fn field(node: Node<'_>) -> Field {
    Field {
        name: name(node),
        ty: type_of(node),
        value: value_of(node),
    }
}

/// The first child that is neither a type nor broken: the value of a declaration.
pub(super) fn value_of(node: Node<'_>) -> Option<Expr> {
    node.nodes()
        .find(|child| child.kind() != Kind::Type)
        .map(expr)
}

fn method(node: Node<'_>, docs: Vec<String>) -> Method {
    let constructor = node.token(Kind::ConstructorWord);
    let modifiers = node.node(Kind::Modifiers).map(|words| {
        words
            .tokens()
            .map(|token| (token.kind, token.span))
            .collect()
    });
    let condition = |child: Node<'_>| {
        let value = child
            .nodes()
            .next()
            .map_or(Expr::broken(child.span()), expr);
        (child.token(Kind::EnsuresWord).is_some(), value)
    };
    Method {
        name: match constructor {
            Some(token) => Name {
                text: "constructor".to_owned(),
                span: token.span,
            },
            None => name(node),
        },
        annotations: node
            .nodes()
            .filter(|child| child.kind() == Kind::Annotation)
            .map(annotation)
            .collect(),
        modifiers: modifiers.unwrap_or_default(),
        type_parameters: type_parameters(node),
        parameters: parameters(node),
        result: node.node(Kind::Type).map(type_),
        conditions: node
            .nodes()
            .filter(|child| child.kind() == Kind::Condition)
            .map(condition)
            .collect(),
        body: node.node(Kind::Block).map(block),
        docs,
    }
}

fn annotation(node: Node<'_>) -> Annotation {
    let arguments = node
        .node(Kind::Arguments)
        .map(|list| arguments(list).0)
        .unwrap_or_default();
    Annotation {
        name: name(node),
        arguments,
        span: node.span(),
    }
}

fn parameters(node: Node<'_>) -> Vec<Parameter> {
    let Some(list) = node.node(Kind::Parameters) else {
        return Vec::new();
    };
    let one = |node: Node<'_>| Parameter {
        name: name(node),
        ty: type_of(node),
    };
    list.nodes()
        .filter(|child| child.kind() == Kind::Parameter)
        .map(one)
        .collect()
}

/// The type that is a child of a node.
fn type_of(node: Node<'_>) -> Type {
    node.node(Kind::Type).map_or(
        Type {
            span: node.span(),
            ..Type::default()
        },
        type_,
    )
}

pub(super) fn type_(node: Node<'_>) -> Type {
    let mut made = Type {
        span: node.span(),
        ..Type::default()
    };
    let mut in_brackets = false;
    for child in node.children() {
        match child {
            Child::Node(list) if list.kind() == Kind::TypeArguments => {
                made.arguments = type_arguments(list)
            }
            Child::Node(_) => {}
            Child::Token(token) => match token.kind {
                Kind::StorageWord => made.location = Some((Location::Storage, token.span)),
                Kind::MemoryWord => made.location = Some((Location::Memory, token.span)),
                Kind::LeftBracket => {
                    in_brackets = true;
                    made.arrays.push(ArrayLength::Growing);
                }
                Kind::Identifier => {
                    let found = Name {
                        text: node.token_text(token),
                        span: token.span,
                    };
                    match made.arrays.last_mut().filter(|_| in_brackets) {
                        Some(length) => *length = ArrayLength::Constant(found),
                        None => made.name = found,
                    }
                }
                Kind::Integer => {
                    let value =
                        lexer::integer_value(node.token_text(token).as_bytes()).unwrap_or_default();
                    if let Some(length) = made.arrays.last_mut() {
                        *length = ArrayLength::Number(value, token.span);
                    }
                }
                _ => {}
            },
        }
    }
    made
}

pub(super) fn type_arguments(list: Node<'_>) -> Vec<Type> {
    list.nodes()
        .filter(|child| child.kind() == Kind::Type)
        .map(type_)
        .collect()
}
