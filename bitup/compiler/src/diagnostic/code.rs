//! The codes of diagnostics. The text that explains a code stands in docs/bitup/diagnostics.md.

/// What is known by heart about all codes; a test holds it against the codes.
const EXPLANATIONS: &str = include_str!("../../../../docs/bitup/diagnostics.md");

macro_rules! codes {
    ($($number:literal $name:ident $title:literal,)*) => {
        /// The rule that a program breaks. Its number never changes and is never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the title says it")]
        pub enum Code { $($name = $number,)* }

        impl Code {
            /// All codes by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The rule in some words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    1 InvalidUtf8 "the file is not UTF-8",
    2 UnknownCharacter "a character outside of the language",
    3 DirectionControl "a character that turns the direction of text",
    4 UnterminatedComment "a comment without an end",
    5 UnterminatedText "a text without an end",
    6 UnknownEscape "an unknown escape in a text",
    7 MalformedNumber "a number that is not written right",
    8 NumberTooLarge "a number of more than 256 bits",
    9 MalformedBytes "bytes that are not written right",
    10 FileTooLong "a file of more than 1 MiB",
    11 ForeignLetter "a name with a letter that is not Latin",

    101 Expected "something else is expected here",
    102 NotADeclaration "no declaration begins here",
    103 TooDeep "nested too deep",
    104 ChainedComparison "comparisons do not chain",
    105 MissingBraces "a body without braces",
    106 OptionsNotLast "call options that are not the last argument",
    107 BodyInInterface "a body in an interface",

    201 LooseEquality "`==` of JavaScript",
    202 VarWord "`var` of JavaScript",
    203 FunctionWord "`function` of JavaScript",
    204 NoValue "`undefined` and `null` of JavaScript",
    205 Async "`async` and promises of JavaScript",
    206 Increment "`++` and `--` of JavaScript",
    207 LoopHead "a loop head of JavaScript",
    208 TemplateText "a template text of JavaScript",
    209 SingleQuotes "a text in single quotes",
    210 Fraction "a number with a fraction",
    211 ArrowFunction "an arrow function of JavaScript",
    212 SwitchWord "`switch` of JavaScript",
    213 TypeQuestion "`typeof` and `instanceof` of JavaScript",
    216 OptionalChaining "`?.` of JavaScript",
    217 UnsignedShift "`>>>` of JavaScript",
    218 Spread "`...` of JavaScript",
    219 ThrowNew "`throw new` of JavaScript",
    220 ModuleWord "`export` and `require` of JavaScript modules",
    221 LocalWithoutValue "a local without a value",
    222 FinallyWord "`finally` of JavaScript",
    223 ObjectLiteral "an object literal of JavaScript",
    224 VisibilityWord "a modifier of another language",
    225 DoWord "`do` of JavaScript",

    301 UnknownName "a name that nothing declares",
    302 UnknownType "a type that nothing declares",
    303 UnknownMember "a field or method that is not there",
    304 DeclaredTwice "a name that is declared twice",
    305 UnknownImport "an import that finds nothing",
    306 JavaScriptType "a type of JavaScript",
    307 JavaScriptGlobal "a global object of JavaScript",
    308 ThisOutside "`this` outside of a contract or class",
    309 ReservedName "a name that has a meaning of its own",

    401 WrongType "a value of another type",
    402 UnknownSize "a number or list without a type",
    403 OutOfRange "a number that does not fit",
    404 NotBool "a condition that is not `bool`",
    405 WrongArguments "arguments in another number",
    406 LocationMissing "a type that does not say where its values lie",
    407 LocationUnwanted "a place where none is needed",
    408 HiddenReference "a reference into the storage that cannot be seen",
    409 NoOperator "an operator that the type does not have",
    410 TextPlus "`+` between texts",
    411 ResultIgnored "a result that is ignored",
    412 MissingReturn "a way without a result",
    413 ConstantAssigned "an assignment to what does not change",
    414 NotAPlace "an assignment to nothing",
    415 WrongCast "a conversion that does not exist",
    416 NotCovered "a case that is not covered",
    417 CoveredTwice "a case that is covered twice",
    418 WrongPattern "a pattern that never fits",
    419 OutsideLoop "`break` or `continue` outside of a loop",
    420 TypeArguments "type arguments in another number",
    421 MapOutside "a map outside of storage",
    422 NotAValue "a name that is no value",
    423 NotConstant "a constant that cannot be computed",
    424 Unreachable "a statement that is never reached",
    425 BoundBroken "a type that a type parameter cannot be",
    426 EndlessType "a type that contains itself",

    501 AccessMissing "a method that does not say who may call it",
    502 AccessWrong "a rule about callers that makes no sense",
    503 ViewWrites "a change where nothing may change",
    504 PureReads "a look at the chain where nothing may be read",
    505 ValueNotPayable "`msg.value` where no tokens come",
    506 ValueUnused "tokens that are not used",
    507 OptionNotPayable "tokens for a method that takes none",
    508 ModifierConflict "modifiers that do not go together",
    509 AnnotationWrong "an unknown annotation",
    510 TryWithoutCall "`try` without a call to another contract",
    511 OldOutside "`old` outside of `ensures`",
    512 UnknownOption "an option that a call does not have",
    513 BodyMissing "a method with or without a body",
    514 GenericPublic "type parameters of a public method",
    515 TestOnly "what only tests do",

    601 AssetLost "an asset that would be lost",
    602 AssetUsedTwice "an asset that is used twice",
    603 AssetCopied "an asset that would be copied",
    604 AssetPlace "an asset where none can be",
    605 AssetForeign "an asset made outside of its file",

    701 UnknownBase "a contract or interface that is not there",
    702 InheritanceCircle "inheritance in a circle",
    703 OverrideMissing "a method that hides another",
    704 OverrideNothing "`override` of nothing",
    705 OverrideDiffers "an overriding method of another shape",
    706 AbstractLeft "an abstract method that stays without a body",
    707 InterfaceBroken "an interface that is not kept",
    708 SuperCall "`super` in a wrong place",
    709 FieldHidden "a field that hides another",
    710 InheritanceTooLong "a line of more than 64 contracts",

    801 NotBuilt "a part of the language that cannot be built yet",
    802 NoContract "nothing to build",
}

impl Code {
    /// The code with this text, for instance `B0101`; case does not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['B', 'b'])?;
        let four = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number: u16 = digits.parse().ok().filter(|_| four)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.number() == number)
    }

    /// The number in the code's text.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The section of docs/bitup/diagnostics.md about this code: what the rule is for, a program that breaks it, one
    /// that keeps it.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        let heading = format!("\n## {self} ");
        let Some(start) = EXPLANATIONS.find(&heading) else {
            return "";
        };
        let section = &EXPLANATIONS[start + 1..];
        let end = section.find("\n## ").unwrap_or(section.len());
        section[..end].trim_end()
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "B{:04}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back_and_numbers_grow() {
        for code in Code::ALL {
            assert_eq!(Code::parse(&code.to_string()), Some(*code));
        }
        assert!(
            Code::ALL
                .windows(2)
                .all(|pair| pair[0].number() < pair[1].number())
        );
        assert_eq!(Code::parse("B9999"), None);
        assert_eq!(Code::parse("B+101"), None);
        assert_eq!(Code::parse("101"), None);
        assert_eq!(Code::parse("b0101"), Some(Code::Expected));
    }

    #[test]
    fn every_code_is_explained_under_its_title() {
        for code in Code::ALL {
            let explanation = code.explanation();
            let heading = format!("## {code} {}\n", code.title());
            assert!(
                explanation.starts_with(&heading),
                "{code}: no section `{heading}`"
            );
        }
    }
}
