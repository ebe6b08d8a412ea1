//! From tokens to the tree. The parser never fails: where a program leaves the grammar it says so once and goes on at the
//! next place it knows.
//!
//! The functions `declarations`, `members`, `statements`, `expressions` and `types` follow the rules of
//! docs/bitup/grammar.md, each named after its rule.

mod declarations;
mod expressions;
mod habits;
mod members;
mod statements;
pub(crate) use statements::assignment;
mod types;

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    kind::Kind,
    lexer::{Token, lex},
    span::Span,
    tree::{Builder, Tree},
};

/// How deep declarations, blocks, types and expressions nest.
pub const DEEPEST: usize = 128;

/// A file's tree and what is wrong with its form.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; every byte of the file is in it.
    pub tree: Tree,
    /// What is wrong, by place.
    pub diagnostics: Diagnostics,
}

/// Parses a file.
#[must_use]
pub fn parse(source: &[u8]) -> Parsed {
    let lexed = lex(source);
    let mut parser = Parser::new(source, lexed.tokens, lexed.diagnostics);
    parser.source_file();
    let mut diagnostics = std::mem::take(&mut parser.diagnostics);
    diagnostics.sort();
    Parsed {
        tree: parser.build(),
        diagnostics,
    }
}

/// What the parser did, in the order of the source.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A node begins. `parent` is the place of the `Start` of a node that was begun later and encloses it.
    Start {
        kind: Kind,
        parent: Option<usize>,
    },
    /// A token that the grammar sees.
    Token(Token),
    Finish,
    /// A node that was given up: its children belong to its parent.
    Nothing,
}

/// A node that is open.
#[must_use]
struct Open(usize);

/// A node that is closed, with the height of the tree below it.
#[derive(Clone, Copy, Debug)]
struct Closed {
    start: usize,
    height: usize,
}

struct Parser<'s> {
    source: &'s [u8],
    /// The tokens that the grammar sees.
    tokens: Vec<Token>,
    /// The others: comments, white space, unknown characters.
    hidden: Vec<Token>,
    /// The next one of `tokens`.
    next: usize,
    events: Vec<Event>,
    diagnostics: Diagnostics,
    depth: usize,
    /// The token at which the last finding was made: one finding for each token is enough.
    last_report: Option<usize>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s [u8], tokens: Vec<Token>, diagnostics: Diagnostics) -> Self {
        let is_hidden = |token: &Token| token.kind.is_trivia() || token.kind == Kind::Unknown;
        let (hidden, tokens) = tokens.into_iter().partition(is_hidden);
        let events = Vec::new();
        Self {
            source,
            tokens,
            hidden,
            next: 0,
            events,
            diagnostics,
            depth: 0,
            last_report: None,
        }
    }

    /// The token `ahead` places on; the end of the file for ever at the end.
    fn token(&self, ahead: usize) -> Token {
        let token = self
            .tokens
            .get(self.next.saturating_add(ahead))
            .or(self.tokens.last());
        token.copied().unwrap_or(Token {
            kind: Kind::EndOfFile,
            span: Span::default(),
        })
    }

    fn kind(&self) -> Kind {
        self.token(0).kind
    }

    fn at(&self, kind: Kind) -> bool {
        self.kind() == kind
    }

    fn text(&self, ahead: usize) -> &'s [u8] {
        self.token(ahead).span.of(self.source)
    }

    /// True at a name with this text: a word that is a keyword only here.
    fn at_word(&self, word: &str) -> bool {
        self.at(Kind::Identifier) && self.text(0) == word.as_bytes()
    }

    /// The end of the token before the next one.
    fn end_before(&self) -> u32 {
        let before = self.events.iter().rev().find_map(|event| match event {
            Event::Token(token) => Some(token.span.end),
            _ => None,
        });
        before.unwrap_or(0)
    }

    fn bump(&mut self) {
        if !self.at(Kind::EndOfFile) {
            self.events.push(Event::Token(self.token(0)));
            self.next += 1;
        }
    }

    fn eat(&mut self, kind: Kind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    /// Takes the token, or says that it is missing.
    fn expect(&mut self, kind: Kind) -> bool {
        let found = self.eat(kind);
        if !found {
            self.missing(&kind.described());
        }
        found
    }

    /// Says that `what` is missing here.
    fn missing(&mut self, what: &str) {
        if !self.habit() {
            let token = self.token(0);
            let message = format!("expected {what}, found {}", self.described());
            // What is missing behind the last token of a line is shown there.
            let gap = Span::new(self.end_before(), token.span.start).of(self.source);
            let place = if gap.contains(&b'\n') || token.kind == Kind::EndOfFile {
                Span::at(self.end_before())
            } else {
                token.span
            };
            let advice = match what {
                "`;`" => "statements and declarations end with `;`".to_owned(),
                _ => format!(
                    "write {what} here, or look for a mark too many or too few in front of it"
                ),
            };
            self.report(Diagnostic::new(Code::Expected, place, message).advise(advice));
        }
    }

    /// The next token as a message names it.
    fn described(&self) -> String {
        match self.kind() {
            Kind::Identifier => format!("`{}`", String::from_utf8_lossy(self.text(0))),
            kind => kind.described(),
        }
    }

    /// Keeps a finding, unless one was made at the same token.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.last_report != Some(self.next) {
            self.last_report = Some(self.next);
            self.diagnostics.push(diagnostic);
        }
    }

    fn report_here(&mut self, code: Code, message: impl Into<String>, advice: &str) {
        let place = self.token(0).span;
        self.report(Diagnostic::new(code, place, message).advise(advice));
    }

    fn open(&mut self) -> Open {
        self.events.push(Event::Nothing);
        Open(self.events.len() - 1)
    }

    /// Opens a node around one that is closed already.
    fn open_around(&mut self, inner: Closed) -> Open {
        let open = self.open();
        if let Some(Event::Start { parent, .. }) = self.events.get_mut(inner.start) {
            *parent = Some(open.0);
        }
        open
    }

    /// Closes a node of a known kind.
    fn close(&mut self, open: Open, kind: Kind) -> Closed {
        self.events[open.0] = Event::Start { kind, parent: None };
        self.events.push(Event::Finish);
        Closed {
            start: open.0,
            height: 1,
        }
    }

    /// Runs `parse` one level deeper; beyond the deepest level, says so and skips what stands there.
    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Closed) -> Closed {
        if self.depth >= DEEPEST {
            return self.too_deep();
        }
        self.depth += 1;
        let closed = parse(self);
        self.depth -= 1;
        closed
    }

    fn too_deep(&mut self) -> Closed {
        let message = format!("this nests more than {DEEPEST} levels");
        self.report_here(
            Code::TooDeep,
            message,
            "give parts of it names of their own",
        );
        self.broken(&[])
    }

    /// Skips tokens up to one of `stop`, a `;`, or a closing mark that was not opened here; brackets are skipped whole.
    fn skip_balanced(&mut self, stop: &[Kind]) {
        let mut depth = 0_usize;
        loop {
            match self.kind() {
                Kind::EndOfFile => return,
                kind if depth == 0 && (stop.contains(&kind) || kind == Kind::Semicolon) => return,
                Kind::LeftBrace | Kind::LeftParen | Kind::LeftBracket => {
                    depth = depth.saturating_add(1)
                }
                Kind::RightBrace | Kind::RightParen | Kind::RightBracket => {
                    match depth.checked_sub(1) {
                        Some(less) => depth = less,
                        None => return,
                    }
                }
                _ => {}
            }
            self.bump();
        }
    }

    /// Puts what cannot be understood in a node of its own, up to one of `stop`.
    fn broken(&mut self, stop: &[Kind]) -> Closed {
        let open = self.open();
        self.skip_balanced(stop);
        self.close(open, Kind::Broken)
    }

    /// Puts one whole construct in a node for what is broken: up to a `;`, or to the end of the braces that open in it.
    fn broken_construct(&mut self) {
        let open = self.open();
        let before = self.next;
        let mut depth = 0_usize;
        loop {
            match self.kind() {
                Kind::EndOfFile => break,
                Kind::Semicolon if depth == 0 => {
                    self.bump();
                    break;
                }
                Kind::LeftBrace | Kind::LeftParen | Kind::LeftBracket => {
                    depth = depth.saturating_add(1)
                }
                kind @ (Kind::RightBrace | Kind::RightParen | Kind::RightBracket) => {
                    if depth == 0 && self.next > before {
                        break;
                    }
                    depth = depth.saturating_sub(1);
                    if depth == 0 && kind == Kind::RightBrace {
                        self.bump();
                        break;
                    }
                }
                _ => {}
            }
            self.bump();
        }
        self.close(open, Kind::Broken);
    }

    /// A list `x, x, x,` up to `end`, which is taken; `what` names an `x`.
    fn list(&mut self, end: Kind, what: &str, mut item: impl FnMut(&mut Self) -> usize) -> usize {
        let mut height = 0;
        while !self.at(end) && !self.at(Kind::EndOfFile) {
            let before = self.next;
            height = height.max(item(self));
            if self.next == before {
                self.missing(what);
            }
            if self.at(end) || self.eat(Kind::Comma) {
                continue;
            }
            self.missing(&format!("`,` or {}", end.described()));
            self.broken(&[Kind::Comma, end]);
            if !self.eat(Kind::Comma) {
                self.eat(end);
                return height;
            }
        }
        self.expect(end);
        height
    }

    /// A list like [`Parser::list`] that has an `x` at least.
    fn list_of_some(
        &mut self,
        end: Kind,
        what: &str,
        item: impl FnMut(&mut Self) -> usize,
    ) -> usize {
        if self.at(end) {
            self.missing(what);
        }
        self.list(end, what, item)
    }

    /// A name that the program gives.
    fn name(&mut self) -> bool {
        let found = self.at_name(0);
        if found {
            self.bump();
        } else {
            self.missing("a name");
        }
        found
    }

    fn at_name(&self, ahead: usize) -> bool {
        self.token(ahead).kind == Kind::Identifier
            && crate::habits::of_word(self.text(ahead)).is_none()
    }

    /// The `;` of a statement or declaration. Without one, what stands on the same line is skipped.
    fn semicolon(&mut self) {
        if self.eat(Kind::Semicolon) {
            return;
        }
        self.missing("`;`");
        let gap = Span::new(self.end_before(), self.token(0).span.start).of(self.source);
        if !gap.contains(&b'\n') && !self.at(Kind::RightBrace) && !self.at(Kind::EndOfFile) {
            self.broken(&[Kind::RightBrace]);
            self.eat(Kind::Semicolon);
        }
    }

    /// Takes a `>`, also as the first character of a longer mark: types end with `>` one by one.
    fn bump_greater(&mut self) {
        let second = match self.kind() {
            Kind::ShiftRight => Kind::Greater,
            Kind::GreaterEqual => Kind::Assign,
            Kind::ShiftRightAssign => Kind::GreaterEqual,
            Kind::UnsignedShift => Kind::ShiftRight,
            _ => return self.bump(),
        };
        let Some(token) = self.tokens.get_mut(self.next) else {
            return;
        };
        let middle = token.span.start.saturating_add(1);
        let first = Token {
            kind: Kind::Greater,
            span: Span::new(token.span.start, middle),
        };
        *token = Token {
            kind: second,
            span: Span::new(middle, token.span.end),
        };
        self.events.push(Event::Token(first));
    }

    /// The tree of all events.
    fn build(mut self) -> Tree {
        let mut builder = Builder::new(self.source, Kind::SourceFile);
        let mut hidden = std::mem::take(&mut self.hidden).into_iter().peekable();
        let end = u32::try_from(self.source.len()).unwrap_or(u32::MAX);
        let start = |event: &Event| match event {
            Event::Token(token) => Some(token.span.start),
            _ => None,
        };
        let starts: Vec<u32> = self.events.iter().filter_map(start).collect();
        let mut next = 0;
        for at in 0..self.events.len() {
            match std::mem::replace(&mut self.events[at], Event::Nothing) {
                Event::Nothing => {}
                Event::Finish => builder.finish(),
                Event::Token(token) => {
                    while let Some(token) =
                        hidden.next_if(|hidden| hidden.span.start < token.span.start)
                    {
                        builder.token(token);
                    }
                    builder.token(token);
                    next += 1;
                }
                Event::Start { kind, parent } => {
                    // Comments and white space in front of a node belong to its parent.
                    let place = starts.get(next).copied().unwrap_or(end);
                    while let Some(token) = hidden.next_if(|hidden| hidden.span.start < place) {
                        builder.token(token);
                    }
                    for kind in self.enclosing(kind, parent).into_iter().rev() {
                        builder.start(kind, place);
                    }
                }
            }
        }
        for token in hidden {
            builder.token(token);
        }
        builder.tree()
    }

    /// The kinds of a node and of the nodes that were begun later around it, from inside to outside.
    fn enclosing(&mut self, kind: Kind, parent: Option<usize>) -> Vec<Kind> {
        let mut kinds = vec![kind];
        let mut outer = parent;
        while let Some(start) = outer {
            outer = match std::mem::replace(&mut self.events[start], Event::Nothing) {
                Event::Start { kind, parent } => {
                    kinds.push(kind);
                    parent
                }
                _ => None,
            };
        }
        kinds
    }
}

#[cfg(test)]
mod tests;
