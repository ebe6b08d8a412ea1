//! Habits from JavaScript and what bitUp has instead. docs/bitup/javascript-habits.md is made from this table.

use crate::{diagnostic::Code, kind::Kind};

/// One habit.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    /// The code of the diagnostic.
    pub code: Code,
    /// Words that only this habit uses; they are not names in bitUp.
    pub words: &'static [&'static str],
    /// Marks that only this habit uses.
    pub marks: &'static [Kind],
    /// What is wrong.
    pub message: &'static str,
    /// What to write instead.
    pub advice: &'static str,
    /// A statement or declaration with the habit.
    pub javascript: &'static str,
    /// The same in bitUp.
    pub bitup: &'static str,
}

/// All habits that the parser knows, by code. Those about types and names are in the checker's own table.
pub const HABITS: &[Habit] = &[
    Habit {
        code: Code::LooseEquality,
        words: &[],
        marks: &[Kind::LooseEqual, Kind::LooseNotEqual],
        message: "there is no loose comparison",
        advice: "write `===` or `!==`: both sides have the same type, and nothing is converted",
        javascript: "if (a == b) { }",
        bitup: "if (a === b) { }",
    },
    Habit {
        code: Code::VarWord,
        words: &["var"],
        marks: &[],
        message: "there is no `var`",
        advice: "write `let` for what changes and `const` for what does not; both end with their block",
        javascript: "var a = b;",
        bitup: "let a = b;",
    },
    Habit {
        code: Code::FunctionWord,
        words: &["function"],
        marks: &[],
        message: "there is no `function`",
        advice: "a method begins with its name, behind `view` when it only reads; outside of contracts write `pure name(...)`",
        javascript: "function double(a: u8): u8 { return a * 2; }",
        bitup: "pure double(a: u8): u8 { return a * 2; }",
    },
    Habit {
        code: Code::NoValue,
        words: &["undefined", "null"],
        marks: &[],
        message: "every value is there",
        advice: "for what may be absent, give it the type `Option<T>` and write `Some(value)` or `None`",
        javascript: "const a = null;",
        bitup: "const a: memory Option<u8> = None;",
    },
    Habit {
        code: Code::Async,
        words: &["async", "await"],
        marks: &[],
        message: "nothing is asynchronous in a contract",
        advice: "call the method; its result is there when the call returns, and a failure undoes everything",
        javascript: "await send(b);",
        bitup: "send(b);",
    },
    Habit {
        code: Code::Increment,
        words: &[],
        marks: &[Kind::PlusPlus, Kind::MinusMinus],
        message: "there is no `++` and no `--`",
        advice: "write `x += 1;` or `x -= 1;`, as a statement of its own",
        javascript: "a++;",
        bitup: "a += 1;",
    },
    Habit {
        code: Code::ArrowFunction,
        words: &[],
        marks: &[Kind::Arrow],
        message: "there are no arrow functions",
        advice: "write a loop, or a function with a name: `pure name(...)`",
        javascript: "const f = (x) => x + 1;",
        bitup: "const f = next(x);",
    },
    Habit {
        code: Code::SwitchWord,
        words: &["switch"],
        marks: &[],
        message: "there is no `switch`",
        advice: "write `match (value) { 1 => { ... } _ => { ... } }`: every case is covered and none falls through",
        javascript: "switch (a) { case 1: break; }",
        bitup: "match (a) { 1 => { } _ => { } }",
    },
    Habit {
        code: Code::TypeQuestion,
        words: &["typeof", "instanceof"],
        marks: &[],
        message: "types are known before the program runs",
        advice: "leave the question out; for a value of several shapes declare an `enum` and `match` it",
        javascript: "const t = typeof a;",
        bitup: "match (shape) { Circle(radius) => { } _ => { } }",
    },
    Habit {
        code: Code::OptionalChaining,
        words: &[],
        marks: &[Kind::OptionalDot],
        message: "there is no `?.`",
        advice: "`match` the option, or give a value for its absence: `option ?? value`",
        javascript: "const a = b?.c;",
        bitup: "const a = b ?? c;",
    },
    Habit {
        code: Code::UnsignedShift,
        words: &[],
        marks: &[Kind::UnsignedShift],
        message: "there is no `>>>`",
        advice: "write `>>`: it fills with zeros for `u` types and with the sign for `i` types",
        javascript: "const a = b >>> 2;",
        bitup: "const a = b >> 2;",
    },
    Habit {
        code: Code::Spread,
        words: &[],
        marks: &[Kind::Spread],
        message: "there is no `...`",
        advice: "name the values one by one, or pass the array",
        javascript: "f(...values);",
        bitup: "f(values);",
    },
    Habit {
        code: Code::ModuleWord,
        words: &["export", "module"],
        marks: &[],
        message: "there is no `export`",
        advice: "leave it out: every declaration of a file can be imported",
        javascript: "export const A: u8 = 1;",
        bitup: "const A: u8 = 1;",
    },
    Habit {
        code: Code::FinallyWord,
        words: &["finally"],
        marks: &[],
        message: "there is no `finally`",
        advice: "write it behind the `try` statement; after an uncaught error nothing has happened that needs cleaning up",
        javascript: "try (f()) { } catch { } finally { }",
        bitup: "try (f()) { } catch { }",
    },
    Habit {
        code: Code::VisibilityWord,
        words: &["public", "static", "protected", "readonly"],
        marks: &[],
        message: "there is no such modifier",
        advice: "methods are public unless `private`; say who may call with `@anyone` or `@only(owner)`, and `view` when it only reads",
        javascript: "public total(): u8 { return 1; }",
        bitup: "pure total(): u8 { return 1; }",
    },
    Habit {
        code: Code::DoWord,
        words: &["do"],
        marks: &[],
        message: "there is no `do`",
        advice: "write `while (condition) { ... }`",
        javascript: "do { f(); } while (a);",
        bitup: "while (a) { f(); }",
    },
];

/// The habit that uses a word.
#[must_use]
pub fn of_word(word: &[u8]) -> Option<&'static Habit> {
    HABITS
        .iter()
        .find(|habit| habit.words.iter().any(|known| known.as_bytes() == word))
}

/// The habit that uses a mark.
#[must_use]
pub fn of_mark(mark: Kind) -> Option<&'static Habit> {
    HABITS.iter().find(|habit| habit.marks.contains(&mark))
}
