//! Statements and expressions of the tree.

use super::{
    Arm, Block, ErrorValue, Expr, ExprKind, Name, Pattern, Statement, StatementKind,
    lower::{name, names, type_, type_arguments},
};
use crate::{
    kind::Kind,
    lexer,
    parser::assignment,
    span::Span,
    tree::{Child, Node},
};

pub(super) fn block(node: Node<'_>) -> Block {
    Block {
        statements: node.nodes().map(statement).collect(),
        span: node.span(),
    }
}

/// The children that are expressions.
fn values<'t>(node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    let other = [
        Kind::Type,
        Kind::Block,
        Kind::Arm,
        Kind::If,
        Kind::ErrorValue,
        Kind::Arguments,
    ];
    node.nodes()
        .filter(move |child| !other.contains(&child.kind()))
}

fn value(node: Node<'_>, number: usize) -> Expr {
    values(node)
        .nth(number)
        .map_or(Expr::broken(node.span()), expr)
}

fn blocks<'t>(node: Node<'t>) -> impl Iterator<Item = Block> + 't {
    node.nodes()
        .filter(|child| child.kind() == Kind::Block)
        .map(block)
}

fn first_block(node: Node<'_>) -> Block {
    blocks(node).next().unwrap_or_default()
}

fn statement(node: Node<'_>) -> Statement {
    let kind = match node.kind() {
        Kind::Block => StatementKind::Block(block(node)),
        Kind::Local => StatementKind::Local {
            name: name(node),
            changes: node.token(Kind::ConstWord).is_none(),
            ty: node.node(Kind::Type).map(type_),
            value: value(node, 0),
        },
        Kind::If => if_(node),
        Kind::While => StatementKind::While {
            condition: value(node, 0),
            body: first_block(node),
        },
        Kind::For => StatementKind::For {
            name: name(node),
            from: value(node, 0),
            to: node.token(Kind::DotDot).map(|_| value(node, 1)),
            body: first_block(node),
        },
        Kind::Match => StatementKind::Match {
            value: value(node, 0),
            arms: node
                .nodes()
                .filter(|child| child.kind() == Kind::Arm)
                .map(arm)
                .collect(),
        },
        Kind::Try => try_(node),
        Kind::Return => StatementKind::Return(values(node).next().map(expr)),
        Kind::Break => StatementKind::Break,
        Kind::Continue => StatementKind::Continue,
        Kind::Require => StatementKind::Require {
            condition: value(node, 0),
            error: node.node(Kind::ErrorValue).map(error_value),
        },
        Kind::Assert => StatementKind::Assert(value(node, 0)),
        Kind::Throw => StatementKind::Throw(
            node.node(Kind::ErrorValue)
                .map(error_value)
                .unwrap_or_default(),
        ),
        Kind::Emit => StatementKind::Emit {
            event: name(node),
            arguments: node
                .node(Kind::Arguments)
                .map(|list| arguments(list).0)
                .unwrap_or_default(),
        },
        Kind::Delete => StatementKind::Delete(value(node, 0)),
        Kind::Destroy => StatementKind::Destroy(value(node, 0)),
        Kind::ExprStatement => match node.tokens().find(|token| assignment(token.kind)) {
            Some(token) => StatementKind::Assign {
                target: value(node, 0),
                operator: token.kind,
                value: value(node, 1),
            },
            None => StatementKind::Value(value(node, 0)),
        },
        _ => StatementKind::Broken,
    };
    Statement {
        kind,
        span: node.span(),
    }
}

fn if_(node: Node<'_>) -> StatementKind {
    let mut bodies = blocks(node);
    let then = bodies.next().unwrap_or_default();
    let chained = node.node(Kind::If).map(|inner| Block {
        statements: vec![statement(inner)],
        span: inner.span(),
    });
    StatementKind::If {
        condition: value(node, 0),
        then,
        otherwise: chained.or(bodies.next()),
    }
}

fn try_(node: Node<'_>) -> StatementKind {
    let mut caught = false;
    let (mut result, mut error) = (None, None);
    for token in node.tokens() {
        let found = || {
            Some(Name {
                text: node.token_text(token),
                span: token.span,
            })
        };
        match token.kind {
            Kind::CatchWord => caught = true,
            Kind::Identifier if caught => error = found(),
            Kind::Identifier => result = found(),
            _ => {}
        }
    }
    let mut bodies = blocks(node);
    StatementKind::Try {
        name: result,
        ty: node.node(Kind::Type).map(type_),
        call: value(node, 0),
        body: bodies.next().unwrap_or_default(),
        error,
        catch: bodies.next().unwrap_or_default(),
    }
}

fn arm(node: Node<'_>) -> Arm {
    let found = node.node(Kind::Pattern);
    Arm {
        pattern: found.map_or(Pattern::Any, pattern),
        span: found.map_or(node.span(), Node::span),
        body: first_block(node),
    }
}

fn pattern(node: Node<'_>) -> Pattern {
    let negative = node.token(Kind::Minus).is_some();
    if let Some(token) = node.token(Kind::Integer) {
        let value = lexer::integer_value(node.token_text(token).as_bytes()).unwrap_or_default();
        return Pattern::Integer(negative, value);
    }
    if node.token(Kind::TrueWord).is_some() || node.token(Kind::FalseWord).is_some() {
        return Pattern::Bool(node.token(Kind::TrueWord).is_some());
    }
    let mut own = names(node);
    let Some(first) = own.next() else {
        return Pattern::Any;
    };
    let binding = |child: Node<'_>| names(child).next();
    let bindings = node
        .nodes()
        .filter(|child| child.kind() == Kind::Binding)
        .map(binding)
        .collect();
    let bindings = node.token(Kind::LeftParen).map(|_| bindings);
    match own.next() {
        Some(second) => Pattern::Variant {
            of: Some(first),
            name: second,
            bindings,
        },
        None => Pattern::Variant {
            of: None,
            name: first,
            bindings,
        },
    }
}

fn error_value(node: Node<'_>) -> ErrorValue {
    let arguments = node
        .node(Kind::Arguments)
        .map(|list| arguments(list).0)
        .unwrap_or_default();
    ErrorValue {
        name: name(node),
        arguments,
    }
}

/// The arguments of a call, its options, and the place of options that do not stand last.
#[allow(clippy::type_complexity, reason = "taken apart at once by the callers")]
pub(super) fn arguments(list: Node<'_>) -> (Vec<Expr>, Vec<(Name, Expr)>, Option<Span>) {
    let (mut arguments, mut options, mut misplaced) = (Vec::new(), Vec::new(), None);
    let count = list.nodes().count();
    for (number, child) in list.nodes().enumerate() {
        if child.kind() != Kind::CallOptions {
            arguments.push(expr(child));
            continue;
        }
        if number + 1 < count {
            misplaced = Some(child.span());
        }
        for option in child
            .nodes()
            .filter(|option| option.kind() == Kind::CallOption)
        {
            options.push((name(option), value(option, 0)));
        }
    }
    (arguments, options, misplaced)
}

fn boxed(node: Node<'_>, number: usize) -> Box<Expr> {
    Box::new(value(node, number))
}

pub(super) fn expr(node: Node<'_>) -> Expr {
    let kind = match node.kind() {
        Kind::Literal => literal(node),
        Kind::This => ExprKind::This,
        Kind::Super => ExprKind::Super,
        Kind::Name => ExprKind::Name(name(node).text),
        // Parentheses group; the tree has done its work.
        Kind::Parenthesised => return value(node, 0),
        Kind::Array => ExprKind::Array(values(node).map(expr).collect()),
        Kind::New => ExprKind::New {
            class: name(node),
            type_arguments: node
                .node(Kind::TypeArguments)
                .map(type_arguments)
                .unwrap_or_default(),
            arguments: node
                .node(Kind::Arguments)
                .map(|list| arguments(list).0)
                .unwrap_or_default(),
        },
        Kind::Member => ExprKind::Member(boxed(node, 0), names(node).last().unwrap_or_default()),
        Kind::Index => ExprKind::Index(boxed(node, 0), boxed(node, 1)),
        Kind::Call => {
            let (arguments, options, misplaced) = node
                .node(Kind::Arguments)
                .map(arguments)
                .unwrap_or_default();
            ExprKind::Call {
                function: boxed(node, 0),
                arguments,
                options,
                misplaced,
            }
        }
        Kind::Unary => ExprKind::Unary(operator(node), boxed(node, 0)),
        Kind::Binary => ExprKind::Binary(operator(node), boxed(node, 0), boxed(node, 1)),
        Kind::Cast => ExprKind::Cast {
            value: boxed(node, 0),
            wraps: node.token(Kind::Percent).is_some(),
            to: name(node),
        },
        Kind::Conditional => ExprKind::Conditional(boxed(node, 0), boxed(node, 1), boxed(node, 2)),
        _ => ExprKind::Broken,
    };
    Expr {
        kind,
        span: node.span(),
    }
}

fn operator(node: Node<'_>) -> Kind {
    node.children()
        .find_map(|child| match child {
            Child::Token(token) if !token.kind.is_trivia() => Some(token.kind),
            _ => None,
        })
        .unwrap_or(Kind::Broken)
}

fn literal(node: Node<'_>) -> ExprKind {
    let Some(token) = node.tokens().next() else {
        return ExprKind::Broken;
    };
    let text = node.token_text(token);
    match token.kind {
        Kind::Integer => {
            lexer::integer_value(text.as_bytes()).map_or(ExprKind::Broken, ExprKind::Integer)
        }
        Kind::Text => lexer::text_value(text.as_bytes()).map_or(ExprKind::Broken, ExprKind::Text),
        Kind::Bytes => {
            lexer::bytes_value(text.as_bytes()).map_or(ExprKind::Broken, ExprKind::Bytes)
        }
        Kind::TrueWord => ExprKind::Bool(true),
        Kind::FalseWord => ExprKind::Bool(false),
        _ => ExprKind::Broken,
    }
}
