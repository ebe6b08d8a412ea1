//! Programs in the one form: four spaces a level, lines of at most 100 characters where they can be broken, an empty line
//! at most. Nothing but white space and commas at the end of lists changes, and a text in the one form stays as it is.

mod gap;
mod layout;

use crate::{
    diagnostic::Diagnostics,
    kind::Kind,
    lexer::Token,
    parser::parse,
    tree::{Child, Node},
};
use gap::{Gap, gap, is_body, is_list};
use layout::{Step, lay_out};

/// The program in the one form.
///
/// # Errors
/// With what is wrong with the program's form; such a program is not changed.
pub fn format(source: &[u8]) -> Result<String, Diagnostics> {
    let parsed = parse(source);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let mut formatter = Formatter::default();
    formatter.source_file(parsed.tree.root());
    Ok(lay_out(&formatter.steps))
}

/// Comments and line ends between two tokens.
#[derive(Default)]
struct Between {
    /// Each comment with the line ends in front of it.
    comments: Vec<(usize, Kind, String)>,
    /// Line ends behind the last comment.
    lines: usize,
}

impl Between {
    fn add(&mut self, node: Node<'_>, token: Token) {
        let text = node.token_text(token);
        if token.kind == Kind::Whitespace {
            self.lines += text.matches('\n').count();
        } else {
            let text = text.trim_end().replace("\r\n", "\n");
            self.comments
                .push((std::mem::take(&mut self.lines), token.kind, text));
        }
    }
}

#[derive(Default)]
struct Formatter {
    steps: Vec<Step>,
}

impl Formatter {
    fn source_file(&mut self, root: Node<'_>) {
        let mut between = Between::default();
        let mut first = true;
        for child in root.children() {
            match child {
                Child::Token(token) if token.kind.is_trivia() => between.add(root, token),
                Child::Token(_) => {}
                Child::Node(node) => {
                    self.between(std::mem::take(&mut between), Gap::Line, first);
                    first = false;
                    self.node(node);
                }
            }
        }
        self.comments(between.comments, first);
    }

    /// Writes what stands between two tokens. At the `start` of a file or body no empty line is kept.
    fn between(&mut self, between: Between, gap: Gap, start: bool) {
        let commented = !between.comments.is_empty();
        let lines = between.lines;
        let ends_line = self.comments(between.comments, start) || (commented && lines > 0);
        self.steps.push(match gap {
            Gap::Line => line(lines, start && !commented),
            _ if ends_line => Step::Line,
            Gap::Nothing if !commented => return,
            Gap::Nothing | Gap::Space => Step::Space,
            Gap::Soft if !commented => Step::Soft,
            Gap::Soft | Gap::SoftSpace => Step::SoftSpace,
        });
    }

    /// Writes comments; true when a line must end behind the last one.
    fn comments(&mut self, comments: Vec<(usize, Kind, String)>, start: bool) -> bool {
        let mut at_start = start;
        let mut ends_line = false;
        for (lines, kind, text) in comments {
            self.steps.push(if lines > 0 || at_start || ends_line {
                line(lines, at_start)
            } else {
                Step::Space
            });
            self.steps.push(Step::Text(text));
            ends_line = kind == Kind::LineComment;
            at_start = false;
        }
        ends_line
    }

    fn text(&mut self, node: Node<'_>, token: Token) {
        self.steps.push(Step::Text(node.token_text(token)));
    }

    /// A node; comments in front of its first token are written by its parent.
    fn node(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::Binary => {
                self.steps.extend([Step::Open, Step::Indent]);
                self.binary(node);
                self.steps.extend([Step::Dedent, Step::Close]);
            }
            Kind::Conditional => {
                self.steps.extend([Step::Open, Step::Indent]);
                self.children(node);
                self.steps.extend([Step::Dedent, Step::Close]);
            }
            _ => self.children(node),
        }
    }

    /// A chain of operators: all of its lines are broken behind their operators, or none.
    fn binary(&mut self, node: Node<'_>) {
        let mut between = Between::default();
        let mut before: Option<Kind> = None;
        for child in node.children() {
            match child {
                Child::Token(token) if token.kind.is_trivia() => between.add(node, token),
                Child::Token(token) => {
                    self.between(std::mem::take(&mut between), Gap::Space, false);
                    self.text(node, token);
                    before = Some(token.kind);
                }
                Child::Node(inner) => {
                    if before.is_some() {
                        self.between(std::mem::take(&mut between), Gap::SoftSpace, false);
                    }
                    if before.is_none() && inner.kind() == Kind::Binary {
                        self.binary(inner)
                    } else {
                        self.node(inner)
                    }
                }
            }
        }
    }

    fn children(&mut self, node: Node<'_>) {
        let kind = node.kind();
        let mut between = Between::default();
        let mut before: Option<Kind> = None;
        let mut children = node.children().filter(|child| !child.span().is_empty());
        while let Some(child) = children.next() {
            if let Child::Token(token) = child
                && token.kind.is_trivia()
            {
                between.add(node, token);
                continue;
            }
            let condition = child.kind() == Kind::Condition;
            if condition {
                self.steps.push(Step::Indent);
            }
            if let Some(before) = before {
                // `- -a`: without the space it would be another mark.
                let minus = |token: Token| token.kind == Kind::Minus;
                let twice = before == Kind::Minus
                    && matches!(child, Child::Node(inner) if inner.tokens().next().is_some_and(minus));
                let gap = if kind == Kind::Unary && twice {
                    Gap::Space
                } else {
                    gap(kind, before, child.kind())
                };
                self.between(std::mem::take(&mut between), gap, false);
            }
            before = Some(child.kind());
            match child {
                Child::Node(inner) => self.node(inner),
                Child::Token(token) => {
                    self.text(node, token);
                    if is_list(kind, token.kind) {
                        before = Some(Kind::RightParen);
                        self.list(node, &mut children, token.kind == Kind::LeftBrace);
                    } else if is_body(kind, token.kind) {
                        before = Some(Kind::RightBrace);
                        self.body(node, &mut children);
                    }
                }
            }
            if condition {
                self.steps.push(Step::Dedent);
            }
        }
    }

    /// A list behind its opening bracket, up to its closing one.
    fn list<'t>(
        &mut self,
        node: Node<'t>,
        children: &mut impl Iterator<Item = Child<'t>>,
        padded: bool,
    ) {
        let edge = if padded { Gap::SoftSpace } else { Gap::Soft };
        let mut between = Between::default();
        let mut some = false;
        self.steps.extend([Step::Open, Step::Indent]);
        for child in children {
            match child {
                Child::Token(token) if token.kind.is_trivia() => between.add(node, token),
                Child::Token(token) if closes(token.kind) => {
                    if some {
                        self.steps.push(Step::BrokenComma);
                    }
                    let commented = !between.comments.is_empty();
                    // Comments belong to the list, its end does not.
                    let lines = std::mem::take(&mut between.lines);
                    let ends_line = self.comments(std::mem::take(&mut between.comments), false);
                    self.steps.push(Step::Dedent);
                    if some || commented {
                        between.lines = lines;
                        let gap = if ends_line || (commented && lines > 0) {
                            Gap::Line
                        } else {
                            edge
                        };
                        between.lines = between.lines.min(1);
                        self.between(between, gap, true);
                    }
                    self.text(node, token);
                    self.steps.push(Step::Close);
                    return;
                }
                // Commas are written in front of the next item; a comment in front of one comes behind it.
                Child::Token(token) if token.kind == Kind::Comma => {}
                child => {
                    let gap = if some { Gap::SoftSpace } else { edge };
                    if some {
                        self.steps.push(Step::Text(",".to_owned()));
                    }
                    between.lines = between.lines.min(1);
                    self.between(std::mem::take(&mut between), gap, false);
                    some = true;
                    match child {
                        Child::Node(inner) => self.node(inner),
                        Child::Token(token) => self.text(node, token),
                    }
                }
            }
        }
    }

    /// A body behind its opening brace, up to its closing one.
    fn body<'t>(&mut self, node: Node<'t>, children: &mut impl Iterator<Item = Child<'t>>) {
        let mut between = Between::default();
        let mut some = false;
        self.steps.push(Step::Indent);
        for child in children {
            match child {
                Child::Token(token) if token.kind.is_trivia() => between.add(node, token),
                Child::Token(token) if token.kind == Kind::RightBrace => {
                    let empty = !some && between.comments.is_empty();
                    self.comments(between.comments, !some);
                    self.steps.push(Step::Dedent);
                    if !empty {
                        self.steps.push(Step::Line);
                    }
                    self.text(node, token);
                    return;
                }
                // Each variant of an enum is written with its comma.
                Child::Token(_) => {}
                Child::Node(inner) => {
                    self.between(std::mem::take(&mut between), Gap::Line, !some);
                    some = true;
                    self.node(inner);
                    if inner.kind() == Kind::Variant {
                        self.steps.push(Step::Text(",".to_owned()));
                    }
                }
            }
        }
    }
}

/// A line end, with the empty line that the source has there.
fn line(lines: usize, start: bool) -> Step {
    if lines > 1 && !start {
        Step::EmptyLine
    } else {
        Step::Line
    }
}

fn closes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::RightParen | Kind::RightBracket | Kind::RightBrace | Kind::Greater
    )
}

#[cfg(test)]
mod tests;
