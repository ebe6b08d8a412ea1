//! The kinds of tokens and nodes.

macro_rules! kinds {
    (
        words { $($word:ident = $word_text:literal,)* }
        marks { $($mark:ident = $mark_text:literal,)* }
        tokens { $($token:ident = $token_name:literal,)* }
        nodes { $($node:ident,)* }
    ) => {
        /// What a token or a node of the syntax tree is. Keywords and marks are named after their text, nodes after the
        /// rules of docs/bitup/grammar.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each name is a rule of the grammar or the name of a mark")]
        pub enum Kind { $($word,)* $($mark,)* $($token,)* $($node,)* }

        /// The keywords with their texts.
        pub const KEYWORDS: &[(Kind, &str)] = &[$((Kind::$word, $word_text),)*];

        /// Operators and punctuation with their texts.
        pub const MARKS: &[(Kind, &str)] = &[$((Kind::$mark, $mark_text),)*];

        impl Kind {
            /// The text of a keyword or mark, a name for other tokens, the name of the rule for nodes.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$word => $word_text,)*
                    $(Self::$mark => $mark_text,)*
                    $(Self::$token => $token_name,)*
                    $(Self::$node => stringify!($node),)*
                }
            }
        }
    };
}

kinds! {
    words {
        AbstractWord = "abstract", AsWord = "as", AssertWord = "assert", BreakWord = "break", CatchWord = "catch",
        ClassWord = "class", ConstWord = "const", ConstructorWord = "constructor", ContinueWord = "continue",
        ContractWord = "contract", DeleteWord = "delete", DestroyWord = "destroy", ElseWord = "else",
        EmitWord = "emit", EnsuresWord = "ensures", EnumWord = "enum", ExtendsWord = "extends", FalseWord = "false",
        ForWord = "for", IfWord = "if", ImplementsWord = "implements", ImportWord = "import",
        InterfaceWord = "interface", InvariantWord = "invariant", LetWord = "let", MatchWord = "match",
        MemoryWord = "memory", NewWord = "new", OverrideWord = "override", PayableWord = "payable",
        PrivateWord = "private", PureWord = "pure", RequireWord = "require", RequiresWord = "requires",
        ReturnWord = "return", StorageWord = "storage", SuperWord = "super", ThisWord = "this",
        ThrowWord = "throw", TrueWord = "true", TryWord = "try", ViewWord = "view", WhileWord = "while",
    }
    marks {
        LeftBrace = "{", RightBrace = "}", LeftParen = "(", RightParen = ")", LeftBracket = "[", RightBracket = "]",
        Comma = ",", Semicolon = ";", Colon = ":", Dot = ".", DotDot = "..", At = "@", Underscore = "_",
        Question = "?", Coalescing = "??", Arrow = "=>",
        Assign = "=", PlusAssign = "+=", MinusAssign = "-=", StarAssign = "*=", SlashAssign = "/=",
        PercentAssign = "%=", PowerAssign = "**=", ShiftLeftAssign = "<<=", ShiftRightAssign = ">>=",
        AmpersandAssign = "&=", PipeAssign = "|=", CaretAssign = "^=", WrapPlusAssign = "+%=",
        WrapMinusAssign = "-%=", WrapStarAssign = "*%=", WrapShiftAssign = "<<%=",
        OrOr = "||", AndAnd = "&&", Equal = "===", NotEqual = "!==", Less = "<", LessEqual = "<=", Greater = ">",
        GreaterEqual = ">=", Pipe = "|", Caret = "^", Ampersand = "&", ShiftLeft = "<<", WrapShift = "<<%",
        ShiftRight = ">>", Plus = "+", Minus = "-", WrapPlus = "+%", WrapMinus = "-%", Star = "*", Slash = "/",
        Percent = "%", WrapStar = "*%", Power = "**", Bang = "!", Tilde = "~",
        // Marks of JavaScript that bitUp answers with advice.
        LooseEqual = "==", LooseNotEqual = "!=", PlusPlus = "++", MinusMinus = "--", UnsignedShift = ">>>",
        OptionalDot = "?.", Spread = "...",
    }
    tokens {
        Identifier = "a name", Integer = "a number", Text = "a text", Bytes = "bytes",
        // Tokens of JavaScript that bitUp answers with advice.
        Fraction = "a number with a fraction", TemplateText = "a template text", QuotedText = "a text in single quotes",
        Unknown = "a character outside of the language",
        Whitespace = "white space", LineComment = "a comment", BlockComment = "a comment", EndOfFile = "the end of the file",
    }
    nodes {
        SourceFile, Import, ImportName, Contract, Names, StorageField, Invariant, Constructor, Method, Modifiers, Annotation,
        Condition, Interface, Class, Asset, Field, Enum, Variant, Event, EventField, Error, Constant, Function, Test,
        Parameters, Parameter, TypeParameters, TypeParameter, Type, TypeArguments,
        Block, Local, If, While, For, Match, Arm, Pattern, Binding, Try, Return, Break, Continue, Require, Assert, Throw,
        Emit, Delete, Destroy, ExprStatement, ErrorValue,
        Conditional, Binary, Cast, Unary, Member, Index, Call, Arguments, CallOptions, CallOption, Literal, Name, This, Super,
        Parenthesised, Array, New,
        Broken,
    }
}

impl Kind {
    /// White space and comments, which the parser does not see.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Whitespace | Self::LineComment | Self::BlockComment
        )
    }

    /// The keyword with this text.
    #[must_use]
    pub fn keyword(text: &[u8]) -> Option<Self> {
        KEYWORDS
            .iter()
            .find(|(_, word)| word.as_bytes() == text)
            .map(|(kind, _)| *kind)
    }

    /// True for the keywords.
    #[must_use]
    pub fn is_keyword(self) -> bool {
        self <= Self::WhileWord
    }

    /// How a message names the token: keywords and marks in backquotes, others by their name.
    #[must_use]
    pub fn described(self) -> String {
        if self < Self::Identifier {
            format!("`{}`", self.text())
        } else {
            self.text().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_by_its_text_and_no_text_twice() {
        for (kind, text) in KEYWORDS {
            assert_eq!(Kind::keyword(text.as_bytes()), Some(*kind));
            assert!(kind.is_keyword());
        }
        let mut texts: Vec<_> = KEYWORDS
            .iter()
            .chain(MARKS)
            .map(|(_, text)| *text)
            .collect();
        texts.sort_unstable();
        let count = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), count);
        assert!(!Kind::LeftBrace.is_keyword());
        assert_eq!(Kind::keyword(b"var"), None);
    }
}
