//! Names that the language gives, and names that JavaScript would give.

use crate::diagnostic::Code;

/// A name of JavaScript that is an ordinary name here, and what takes its place.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The name.
    pub javascript: &'static str,
    /// The code of the finding.
    pub code: Code,
    /// What takes its place.
    pub advice: &'static str,
}

const fn ty(javascript: &'static str, advice: &'static str) -> Word {
    Word {
        javascript,
        code: Code::JavaScriptType,
        advice,
    }
}

const fn global(javascript: &'static str, advice: &'static str) -> Word {
    Word {
        javascript,
        code: Code::JavaScriptGlobal,
        advice,
    }
}

/// Types and global objects of JavaScript.
pub const WORDS: &[Word] = &[
    ty(
        "number",
        "say how large: `u8` to `u256`, with sign `i8` to `i256`, for money `Balance`",
    ),
    ty(
        "Number",
        "say how large: `u8` to `u256`, with sign `i8` to `i256`, for money `Balance`",
    ),
    ty(
        "BigInt",
        "every number is exact; the largest type is `u256`",
    ),
    ty("String", "write `string`"),
    ty("Boolean", "write `bool`"),
    ty("boolean", "write `bool`"),
    ty(
        "Array",
        "write the type of an item with `[]` behind it, for instance `u64[]`",
    ),
    ty("Set", "write `Map<T, bool>` in storage"),
    ty("Object", "declare a `class` with the fields"),
    ty("object", "declare a `class` with the fields"),
    ty("any", "name the type; for several shapes declare an `enum`"),
    ty(
        "unknown",
        "name the type; for several shapes declare an `enum`",
    ),
    ty("void", "leave the result out"),
    ty(
        "Date",
        "`block.time` is the time of the block in milliseconds, a `u64`",
    ),
    global(
        "console",
        "emit an event, or look at the transaction with `bitup trace`",
    ),
    global(
        "Math",
        "import `min` and `max` from \"std/math\"; `**` is the power; randomness never comes from the contract's own block",
    ),
    global(
        "JSON",
        "values have types; the metadata tells clients how they are encoded",
    ),
    global(
        "Promise",
        "call the method; its result is there when the call returns",
    ),
    global(
        "Error",
        "declare `error TooLate(deadline: u64);` and write `throw TooLate(this.deadline);`",
    ),
    global("Symbol", "declare an `enum`"),
    global("NaN", "every number is a number"),
    global(
        "Infinity",
        "write `u64.max` for the largest number of a type",
    ),
    global(
        "window",
        "a contract sees `msg`, `block` and its own fields",
    ),
    global(
        "globalThis",
        "a contract sees `msg`, `block` and its own fields",
    ),
    global("parseInt", "values have types; take a number as parameter"),
    global("arguments", "name the parameters"),
];

/// The word with this name.
pub(super) fn of(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.javascript == name)
}

/// Names that a program cannot give.
pub(super) fn is_taken(name: &str) -> bool {
    let given = [
        "msg", "block", "transfer", "mulDiv", "old", "Some", "None", "Option", "Map", "Rounding",
        "blake2", "keccak", "sha2",
    ];
    given.contains(&name) || super::Type::named(name).is_some()
}

/// Advice that names the known name most like an unknown one.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let most = if name.len() < 4 { 1 } else { 2 };
    let near = known
        .map(|other| (distance(name, other), other))
        .filter(|(far, _)| *far <= most)
        .min();
    match near {
        Some((_, other)) => format!("did you mean `{other}`?"),
        None => "declare it, import it, or look for a slip in its letters".to_owned(),
    }
}

/// Letters to change, add or remove; names longer than 64 letters are far from all others.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (column, wanted) in other.iter().enumerate() {
            let changed = before + usize::from(letter != wanted);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
