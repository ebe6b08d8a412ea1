//! What stands between two neighbours.

use crate::kind::Kind;

/// What stands between two children of a node when no comment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Nothing,
    Space,
    /// The place where a long list or expression is broken, nothing otherwise.
    Soft,
    /// The same, a space otherwise.
    SoftSpace,
    /// A line end; an empty line of the source stays.
    Line,
}

/// The gap between two children in a node that is neither a list nor a body.
pub(super) fn gap(parent: Kind, before: Kind, after: Kind) -> Gap {
    match (parent, before, after) {
        (_, _, Kind::Semicolon | Kind::Comma) => Gap::Nothing,
        (Kind::Method | Kind::Constructor | Kind::Function, _, Kind::Condition) => Gap::Line,
        (Kind::Method | Kind::Constructor | Kind::Function, Kind::Condition, _) => Gap::Line,
        (Kind::Conditional, _, Kind::Question | Kind::Colon) => Gap::SoftSpace,
        (Kind::Conditional, _, _) => Gap::Space,
        (_, _, Kind::Colon) => Gap::Nothing,
        (_, Kind::Dot | Kind::At | Kind::DotDot, _) | (_, _, Kind::Dot | Kind::DotDot) => {
            Gap::Nothing
        }
        (_, Kind::LeftParen | Kind::LeftBracket, _) => Gap::Nothing,
        (_, _, Kind::RightParen | Kind::RightBracket | Kind::LeftBracket) => Gap::Nothing,
        (_, _, Kind::Parameters | Kind::TypeParameters | Kind::TypeArguments | Kind::Arguments) => {
            Gap::Nothing
        }
        (Kind::Unary, _, _) => Gap::Nothing,
        (Kind::Pattern, _, _) => Gap::Nothing,
        (Kind::Cast, Kind::AsWord, Kind::Percent) => Gap::Nothing,
        (Kind::Require | Kind::Assert | Kind::Event, _, Kind::LeftParen) => Gap::Nothing,
        _ => Gap::Space,
    }
}

/// True where the brackets in a node hold a list that is broken when it is too long.
pub(super) fn is_list(parent: Kind, open: Kind) -> bool {
    match open {
        Kind::LeftParen => matches!(
            parent,
            Kind::Parameters | Kind::Arguments | Kind::Event | Kind::Require | Kind::Pattern
        ),
        Kind::LeftBracket => parent == Kind::Array,
        Kind::LeftBrace => matches!(parent, Kind::CallOptions | Kind::Import),
        Kind::Less => matches!(parent, Kind::TypeArguments | Kind::TypeParameters),
        _ => false,
    }
}

/// True where the braces in a node hold one thing a line.
pub(super) fn is_body(parent: Kind, open: Kind) -> bool {
    let bodies = [
        Kind::Block,
        Kind::Contract,
        Kind::Interface,
        Kind::Class,
        Kind::Asset,
        Kind::Enum,
        Kind::Match,
    ];
    open == Kind::LeftBrace && bodies.contains(&parent)
}
