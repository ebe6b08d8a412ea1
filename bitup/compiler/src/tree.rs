//! The lossless syntax tree: every byte of the file is in one token, every token in one node.

use crate::{kind::Kind, lexer::Token, span::Span};

/// A file's tree. Nodes stand in an arena; a child stands behind its parent.
#[derive(Clone, Debug)]
pub struct Tree {
    source: Box<[u8]>,
    nodes: Vec<NodeData>,
}

#[derive(Clone, Debug)]
struct NodeData {
    kind: Kind,
    span: Span,
    children: Vec<Element>,
}

#[derive(Clone, Copy, Debug)]
enum Element {
    Node(usize),
    Token(Token),
}

/// A node of a tree.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: usize,
}

/// A child of a node.
#[derive(Clone, Copy, Debug)]
pub enum Child<'t> {
    /// A node.
    Node(Node<'t>),
    /// A token, comments and white space among them.
    Token(Token),
}

impl Child<'_> {
    /// The kind of the node or token.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Node(node) => node.kind(),
            Self::Token(token) => token.kind,
        }
    }

    /// The bytes of the node or token.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Node(node) => node.span(),
            Self::Token(token) => token.span,
        }
    }
}

impl Tree {
    /// The node of the whole file.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node {
            tree: self,
            index: 0,
        }
    }

    /// The bytes that were parsed.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// The bytes of all tokens in the order of the tree; equal to the source.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.source.len());
        for token in self.root().all_tokens() {
            out.extend_from_slice(token.span.of(&self.source));
        }
        out
    }
}

impl<'t> Node<'t> {
    fn data(self) -> &'t NodeData {
        &self.tree.nodes[self.index]
    }

    /// What the node is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// From its first to its last token that is neither comment nor white space.
    #[must_use]
    pub fn span(self) -> Span {
        self.data().span
    }

    /// The tree it is of.
    #[must_use]
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// The bytes of its span.
    #[must_use]
    pub fn text(self) -> &'t [u8] {
        self.span().of(&self.tree.source)
    }

    /// Its children in order.
    pub fn children(self) -> impl DoubleEndedIterator<Item = Child<'t>> {
        self.data()
            .children
            .iter()
            .map(move |element| match *element {
                Element::Node(index) => Child::Node(Node {
                    tree: self.tree,
                    index,
                }),
                Element::Token(token) => Child::Token(token),
            })
    }

    /// Its children that are nodes.
    pub fn nodes(self) -> impl DoubleEndedIterator<Item = Node<'t>> {
        self.children().filter_map(|child| match child {
            Child::Node(node) => Some(node),
            Child::Token(_) => None,
        })
    }

    /// Its first child node of a kind.
    #[must_use]
    pub fn node(self, kind: Kind) -> Option<Node<'t>> {
        self.nodes().find(|node| node.kind() == kind)
    }

    /// Its own tokens without comments and white space.
    pub fn tokens(self) -> impl DoubleEndedIterator<Item = Token> {
        self.children().filter_map(|child| match child {
            Child::Token(token) if !token.kind.is_trivia() => Some(token),
            _ => None,
        })
    }

    /// Its first own token of a kind.
    #[must_use]
    pub fn token(self, kind: Kind) -> Option<Token> {
        self.tokens().find(|token| token.kind == kind)
    }

    /// The text of a token; U+FFFD stands for what is not UTF-8.
    #[must_use]
    pub fn token_text(self, token: Token) -> String {
        String::from_utf8_lossy(token.span.of(&self.tree.source)).into_owned()
    }

    /// All tokens below it in order, comments and white space among them.
    #[must_use]
    pub fn all_tokens(self) -> Vec<Token> {
        let mut found = Vec::new();
        let mut open = vec![self.data().children.iter()];
        while let Some(children) = open.last_mut() {
            match children.next() {
                Some(Element::Token(token)) => found.push(*token),
                Some(Element::Node(index)) => open.push(self.tree.nodes[*index].children.iter()),
                None => {
                    open.pop();
                }
            }
        }
        found
    }

    /// How many nodes stand on the longest way down, this one included.
    #[must_use]
    pub fn height(self) -> usize {
        let mut open = vec![self.data().children.iter()];
        let mut most = 1;
        while let Some(children) = open.last_mut() {
            match children.next() {
                Some(Element::Token(_)) => {}
                Some(Element::Node(index)) => open.push(self.tree.nodes[*index].children.iter()),
                None => {
                    open.pop();
                }
            }
            most = most.max(open.len());
        }
        most
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:?}@{}..{}",
            self.kind(),
            self.span().start,
            self.span().end
        )
    }
}

/// Makes a tree of what the parser says in the order of the source.
pub(crate) struct Builder {
    source: Box<[u8]>,
    nodes: Vec<NodeData>,
    open: Vec<usize>,
}

impl Builder {
    /// A tree whose root is open.
    pub(crate) fn new(source: &[u8], root: Kind) -> Self {
        let whole = u32::try_from(source.len()).unwrap_or(u32::MAX);
        let root = NodeData {
            kind: root,
            span: Span::new(0, whole),
            children: Vec::new(),
        };
        Self {
            source: source.into(),
            nodes: vec![root],
            open: vec![0],
        }
    }

    fn current(&mut self) -> Option<&mut NodeData> {
        let index = *self.open.last()?;
        self.nodes.get_mut(index)
    }

    /// Opens a child of the open node; `at` is where its first token begins.
    pub(crate) fn start(&mut self, kind: Kind, at: u32) {
        let index = self.nodes.len();
        if let Some(parent) = self.current() {
            parent.children.push(Element::Node(index));
        }
        self.nodes.push(NodeData {
            kind,
            span: Span::at(at),
            children: Vec::new(),
        });
        self.open.push(index);
    }

    /// Puts a token in the open node.
    pub(crate) fn token(&mut self, token: Token) {
        if let Some(node) = self.current() {
            node.children.push(Element::Token(token));
            if !token.kind.is_trivia() && token.kind != Kind::Unknown {
                node.span.end = node.span.end.max(token.span.end);
            }
        }
    }

    /// Closes the open node; the root stays open.
    pub(crate) fn finish(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let end = self
            .open
            .pop()
            .map_or(0, |index| self.nodes[index].span.end);
        if let Some(parent) = self.current() {
            parent.span.end = parent.span.end.max(end);
        }
    }

    /// The tree.
    pub(crate) fn tree(self) -> Tree {
        Tree {
            source: self.source,
            nodes: self.nodes,
        }
    }
}
