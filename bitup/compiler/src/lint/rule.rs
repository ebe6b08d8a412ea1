//! The rules of `bitup lint`. The text that explains one stands in docs/bitup/lints.md.

const EXPLANATIONS: &str = include_str!("../../../../docs/bitup/lints.md");

macro_rules! rules {
    ($($number:literal $name:ident $title:literal,)*) => {
        /// What a hint is about. Its number never changes and is never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the title says it")]
        pub enum Rule { $($name = $number,)* }

        impl Rule {
            /// All rules by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The rule in some words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

rules! {
    1 UnusedImport "an import that is not used",
    2 UnusedLocal "a local or parameter that is not used",
    3 UnusedMethod "a private method that nobody calls",
    4 UnusedField "a field that is not used",
    5 UnusedEvent "an event that is never emitted",
    6 UnusedError "an error that is never thrown",
    7 NameForm "a name in another form than its kind has",
    8 NoDocumentation "a method that writes, without documentation",
    9 NamelessRequire "a `require` without an error",
    10 DivisionFirst "a division before a multiplication",
    11 ExactTime "a comparison with one exact time",
    12 GrowingLoop "a loop over an array in storage that grows",
}

impl Rule {
    /// The rule with a text like `L07`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.to_string() == text)
    }

    /// The section of docs/bitup/lints.md about this rule.
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

impl std::fmt::Display for Rule {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "L{:02}", *self as u8)
    }
}
