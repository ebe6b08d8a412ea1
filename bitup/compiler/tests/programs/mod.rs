//! Programs made up from seeds: right ones, of all that can be built.

mod whole;

use std::fmt::Write;
use whole::{WHOLE, has_zero, is_comparable};

/// Numbers from a seed (splitmix64).
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6269_7475)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn one<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }
}

const NUMBERS: [&str; 11] = [
    "u8", "u16", "u32", "u64", "u128", "u256", "Balance", "i8", "i16", "i32", "i64",
];
const OTHERS: [&str; 4] = ["bool", "Address", "Hash", "Colour"];
const VARIANTS: [&str; 3] = ["Red", "Green", "Blue"];

/// A contract that made up ones call; it lies at the account of threes.
const OTHER: &str = "interface Far {
    view look(a: u64, b: Address): u32;
    payable give(c: memory Colour): Balance;
    view say(text: memory string, list: memory u16[]): memory string[];
    tell(text: memory string): memory Option<string>;
}

contract Other implements Far {
    storage seen: u64;
    storage last: Colour = Colour.Red;
    view look(a: u64, b: Address): u32 {
        require(a % 3 !== 0 || b === address(hex\"0101010101010101010101010101010101010101010101010101010101010101\"));
        return (a % 1000) as u32;
    }
    @anyone payable give(c: memory Colour): Balance {
        require(msg.value < 15);
        this.seen += 1;
        const before: memory Colour = this.last;
        this.last = c;
        return before === c ? msg.value * 2 : msg.value;
    }
    view say(text: memory string, list: memory u16[]): memory string[] {
        require(list.length !== 2);
        return [text, text.length < 9 ? text.concat(\"!\") : text];
    }
    @anyone tell(text: memory string): memory Option<string> {
        this.seen += 1;
        require(text.length !== 2);
        if (text.length > 20) { return None; }
        return Some(text);
    }
}

";

/// What a body may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Effect {
    Pure,
    View,
    Write,
}

struct Helper {
    name: String,
    parameters: Vec<&'static str>,
    result: &'static str,
    effect: Effect,
}

/// The type as locals and parameters have it: an enum says where it lies.
fn placed(ty: &str) -> String {
    match ty {
        "Colour" => "memory Colour".to_owned(),
        _ if WHOLE.contains(&ty) => format!("memory {ty}"),
        _ => ty.to_owned(),
    }
}

/// A program that is being made.
pub struct Maker {
    seeded: Seeded,
    text: String,
    fields: Vec<(String, &'static str)>,
    /// Name, keys, value.
    maps: Vec<(String, Vec<&'static str>, &'static str)>,
    helpers: Vec<Helper>,
    locals: Vec<(String, &'static str, bool)>,
    effect: Effect,
    names: usize,
    loops: usize,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self {
            seeded: Seeded::new(seed),
            text: String::new(),
            fields: Vec::new(),
            maps: Vec::new(),
            helpers: Vec::new(),
            locals: Vec::new(),
            effect: Effect::Pure,
            names: 0,
            loops: 0,
        }
    }

    fn ty(&mut self) -> &'static str {
        if self.seeded.chance(4) {
            WHOLE[self.seeded.below(WHOLE.len())]
        } else if self.seeded.chance(3) {
            OTHERS[self.seeded.below(OTHERS.len())]
        } else {
            NUMBERS[self.seeded.below(NUMBERS.len())]
        }
    }

    /// A type of a key: few types of more than one word are.
    fn key(&mut self) -> &'static str {
        match self.ty() {
            "Colour" => "u16",
            ty if WHOLE.contains(&ty) && !matches!(ty, "string" | "bytes" | "u8[3]") => "u16",
            ty => ty,
        }
    }

    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    /// The whole program.
    pub fn program(mut self) -> String {
        self.text += "enum Colour { Red, Green, Blue }\n\n";
        self.text += "error Bad(code: u32, of: Colour);\n\n";
        self.text += "pure address(value: Address): Address { return value; }\n";
        self.text += "pure hash(value: Hash): Hash { return value; }\n\n";
        self.text += whole::DECLARED;
        for _ in 0..self.seeded.below(3) {
            let name = self.name("free");
            self.function(&name, "", Effect::Pure);
        }
        self.text += OTHER;
        let free = self.helpers.len();
        self.text += "contract Made {\n";
        for _ in 0..1 + self.seeded.below(6) {
            let (name, ty) = (self.name("field"), self.ty());
            writeln!(self.text, "    storage {name}: {ty};").unwrap();
            self.fields.push((name, ty));
        }
        for _ in 0..1 + self.seeded.below(3) {
            let (name, value) = (self.name("map"), self.ty());
            let keys: Vec<_> = (0..1 + self.seeded.below(2)).map(|_| self.key()).collect();
            let inner = keys.iter().rev().fold(value.to_owned(), |inner, key| {
                format!("Map<{key}, {inner}>")
            });
            writeln!(self.text, "    storage {name}: {inner};").unwrap();
            self.maps.push((name, keys, value));
        }
        self.text += "    event Seen(indexed a: u64, indexed b: Address, c: bool);\n";
        self.text += whole::MEMBERS;
        if self.seeded.chance(2) {
            self.effect = Effect::View;
            let holds = self.expr("bool", 2);
            writeln!(self.text, "    invariant {holds} || block.number > 0;").unwrap();
        }
        self.constructor();
        for _ in 0..2 + self.seeded.below(3) {
            let name = self.name("inner");
            let effect = *self
                .seeded
                .one(&[Effect::Pure, Effect::View, Effect::Write]);
            let head = match effect {
                Effect::Pure => "    private pure ",
                Effect::View => "    private view ",
                Effect::Write => "    private ",
            };
            self.function(&name, head, effect);
        }
        for _ in 0..2 + self.seeded.below(3) {
            let name = self.name("call");
            let (effect, head) = match self.seeded.below(4) {
                0 => (Effect::Pure, "    pure "),
                1 => (Effect::View, "    view "),
                2 => (Effect::Write, "    @anyone payable "),
                _ => (Effect::Write, "    @anyone "),
            };
            self.function(&name, head, effect);
        }
        // Public methods are called from outside only: a payable one has no tokens inside.
        self.helpers.truncate(free);
        self.text += "}\n";
        self.text
    }

    fn constructor(&mut self) {
        self.text += "    constructor(first: u64) {\n";
        self.locals = vec![("first".to_owned(), "u64", false)];
        self.effect = Effect::Pure;
        for (name, ty) in self.fields.clone() {
            if !NUMBERS.contains(&ty) || self.seeded.chance(2) {
                let value = self.leaf(ty);
                writeln!(self.text, "        this.{name} = {value};").unwrap();
            }
        }
        self.text += "    }\n";
        self.locals.clear();
    }

    fn function(&mut self, name: &str, head: &str, effect: Effect) {
        self.effect = effect;
        self.locals.clear();
        let outside = head.is_empty();
        let mut parameters = Vec::new();
        for _ in 0..self.seeded.below(4) {
            let (name, ty) = (self.name("p"), self.ty());
            self.locals.push((name, ty, false));
            parameters.push(ty);
        }
        let list: Vec<_> = self
            .locals
            .iter()
            .map(|(name, ty, _)| format!("{name}: {}", placed(ty)))
            .collect();
        let result = self.ty();
        let head = if outside { "pure " } else { head };
        write!(
            self.text,
            "{head}{name}({}): {}",
            list.join(", "),
            placed(result)
        )
        .unwrap();
        if self.seeded.chance(3) && effect != Effect::Pure {
            let before = std::mem::replace(&mut self.effect, Effect::View);
            if self.seeded.chance(2) {
                let holds = self.expr("bool", 1);
                write!(self.text, " requires {holds}").unwrap();
            }
            let (field, ty) = self.seeded.one(&self.fields).clone();
            let kept = self.expr("bool", 1);
            let one = if is_comparable(ty) {
                format!("old(this.{field}) === this.{field}")
            } else {
                format!("old(this.{field}.x) === this.{field}.x")
            };
            let other = if is_comparable(result) {
                "result === result"
            } else {
                "result.x === result.x"
            };
            write!(self.text, " ensures {one} || {other} && ({kept} || true)").unwrap();
            self.effect = before;
        }
        self.text += " {\n";
        if head.contains("payable") {
            let name = self.name("came");
            writeln!(self.text, "        const {name} = msg.value;").unwrap();
            self.locals.push((name, "Balance", false));
        }
        let count = 1 + self.seeded.below(5);
        self.statements(2, count, 2);
        let value = self.expr(result, 3);
        writeln!(self.text, "        return {value};\n    }}").unwrap();
        if !head.contains("@") && !head.contains("    pure") && !head.contains("    view") {
            self.helpers.push(Helper {
                name: if outside {
                    name.to_owned()
                } else {
                    format!("this.{name}")
                },
                parameters,
                result,
                effect,
            });
        }
        self.locals.clear();
    }

    fn statements(&mut self, indent: usize, count: usize, depth: usize) {
        let known = self.locals.len();
        for _ in 0..count {
            self.statement(indent, depth);
        }
        self.locals.truncate(known);
    }

    fn line(&mut self, indent: usize, text: &str) {
        writeln!(self.text, "{}{text}", "    ".repeat(indent)).unwrap();
    }

    fn block(&mut self, indent: usize, head: &str, depth: usize) {
        self.line(indent, &format!("{head} {{"));
        let count = 1 + self.seeded.below(2);
        self.statements(indent + 1, count, depth - 1);
        self.line(indent, "}");
    }

    fn statement(&mut self, indent: usize, depth: usize) {
        match self.seeded.below(18) {
            0 if depth > 0 => {
                let condition = self.expr("bool", 2);
                self.block(indent, &format!("if ({condition})"), depth);
                if self.seeded.chance(2) {
                    self.block(indent, "else", depth);
                }
            }
            1 if depth > 0 => {
                let (name, end) = (self.name("turn"), self.seeded.below(4));
                let known = self.locals.len();
                self.locals.push((name.clone(), "u32", false));
                self.loops += 1;
                self.block(
                    indent,
                    &format!("for (const {name} of (0 as u32)..{end})"),
                    depth,
                );
                self.loops -= 1;
                self.locals.truncate(known);
            }
            2 if depth > 0 => self.looped(indent, depth),
            3 if depth > 0 => self.matched(indent, depth),
            4 => {
                let holds = self.expr("bool", 2);
                let (code, of) = (self.leaf("u32"), self.leaf("Colour"));
                let text = if self.seeded.chance(2) {
                    format!("require({holds} || {holds}, Bad({code}, {of}));")
                } else {
                    format!("require({holds} || true);")
                };
                self.line(indent, &text);
            }
            5 | 6 if self.effect == Effect::Write => self.write(indent),
            7 if self.effect == Effect::Write && self.seeded.chance(2) => {
                let (a, b, c) = (
                    self.expr("u64", 1),
                    self.expr("Address", 1),
                    self.expr("bool", 1),
                );
                self.line(indent, &format!("emit Seen({a}, {b}, {c});"));
            }
            8 if self.effect == Effect::Write && self.seeded.chance(3) => {
                let (to, amount) = (self.expr("Address", 1), self.seeded.below(20));
                self.line(indent, &format!("transfer({to}, {amount});"));
            }
            11 if self.effect == Effect::Write && depth > 0 => self.tried(indent, depth),
            13 if depth > 0 => self.over(indent, depth),
            14 if depth > 0 => self.matched_whole(indent, depth),
            15 if self.effect == Effect::Write && self.seeded.chance(2) => {
                let (a, b) = (self.expr("string", 1), self.expr("u16[]", 1));
                let (c, d) = (self.expr("Offer", 1), self.expr("Option<u64>", 1));
                self.line(indent, &format!("emit Told({a}, {b}, {c}, {d});"));
            }
            16 if self.seeded.chance(3) => {
                let holds = self.expr("bool", 2);
                let (text, list) = (self.leaf("string"), self.leaf("u16[]"));
                let of = self.leaf("Offer");
                self.line(
                    indent,
                    &format!("require({holds} || {holds}, Worse({text}, {list}, {of}));"),
                );
            }
            9 | 17 => {
                let changing: Vec<_> = self
                    .locals
                    .iter()
                    .filter(|local| local.2)
                    .cloned()
                    .collect();
                if changing.is_empty() {
                    return self.local(indent);
                }
                let (name, ty, _) = self.seeded.one(&changing).clone();
                if WHOLE.contains(&ty) && self.seeded.chance(2) {
                    return self.changed(indent, &name, ty);
                }
                let text = self.assigned(&name, ty);
                self.line(indent, &text);
            }
            10 if self.loops > 0 && self.seeded.chance(2) => {
                let condition = self.expr("bool", 1);
                let word = *self.seeded.one(&["break", "continue"]);
                self.line(indent, &format!("if ({condition}) {{ {word}; }}"));
            }
            _ => self.local(indent),
        }
    }

    /// The other contract, or an account where there is none.
    fn far(&mut self) -> String {
        let digit = if self.seeded.chance(8) { 4 } else { 3 };
        let digits = format!("{digit:02}").repeat(32);
        format!("Far.at(address(hex\"{digits}\"))")
    }

    fn tried(&mut self, indent: usize, depth: usize) {
        if self.seeded.chance(3) {
            return self.told(indent, depth);
        }
        let (far, of, name) = (self.far(), self.leaf("Colour"), self.name("given"));
        let value = self.seeded.below(20);
        let head = format!("try (const {name} = {far}.give({of}, {{ value: {value} }}))");
        let known = self.locals.len();
        self.locals.push((name, "Balance", false));
        self.block(indent, &head, depth);
        self.locals.truncate(known);
        self.block(indent, "catch", depth);
    }

    /// A call whose result is made of parts, and whose error is looked at.
    fn told(&mut self, indent: usize, depth: usize) {
        let (far, text, name) = (self.far(), self.leaf("string"), self.name("told"));
        let known = self.locals.len();
        self.locals.push((name.clone(), "Option<string>", false));
        self.block(
            indent,
            &format!("try (const {name} = {far}.tell({text}))"),
            depth,
        );
        self.locals.truncate(known);
        let error = self.name("error");
        self.locals.push((error.clone(), "bytes", false));
        self.block(indent, &format!("catch ({error})"), depth);
        self.locals.truncate(known);
    }

    fn local(&mut self, indent: usize) {
        let ty = self.ty();
        let value = if self.seeded.chance(3) {
            self.untyped(ty)
        } else {
            self.expr(ty, 2)
        };
        let (name, changes) = (self.name("v"), self.seeded.chance(2));
        let word = if changes { "let" } else { "const" };
        self.line(indent, &format!("{word} {name}: {} = {value};", placed(ty)));
        self.locals.push((name, ty, changes));
    }

    /// A loop that ends: its counter changes at the beginning of each turn.
    fn looped(&mut self, indent: usize, depth: usize) {
        let (name, most) = (self.name("left"), self.seeded.below(4));
        self.line(indent, &format!("let {name}: u8 = {most};"));
        let condition = self.expr("bool", 1);
        self.line(
            indent,
            &format!("while ({name} > 0 && ({condition} || true)) {{"),
        );
        self.line(indent + 1, &format!("{name} -= 1;"));
        self.loops += 1;
        self.statements(indent + 1, 1, depth - 1);
        self.loops -= 1;
        self.line(indent, "}");
    }

    fn matched(&mut self, indent: usize, depth: usize) {
        let ty = *self.seeded.one(&["u8", "i16", "bool", "Colour"]);
        let value = self.expr(ty, 1);
        self.line(indent, &format!("match ({value}) {{"));
        let patterns: &[&str] = match ty {
            "u8" => &["0", "7", "_"],
            "i16" => &["-1", "0", "_"],
            "bool" => &["true", "false"],
            _ if self.seeded.chance(2) => &["Red", "Green", "Blue"],
            _ => &["Colour.Green", "_"],
        };
        for pattern in patterns {
            self.block(indent + 1, &format!("{pattern} =>"), depth);
        }
        self.line(indent, "}");
    }

    fn write(&mut self, indent: usize) {
        if self.seeded.chance(2) {
            let (name, ty) = self.seeded.one(&self.fields).clone();
            let place = format!("this.{name}");
            if WHOLE.contains(&ty) && self.seeded.chance(2) {
                return self.changed(indent, &place, ty);
            }
            let text = self.assigned(&place, ty);
            return self.line(indent, &text);
        }
        let (place, ty) = self.entry();
        if WHOLE.contains(&ty) && self.seeded.chance(2) {
            return self.changed(indent, &place, ty);
        }
        let text = if self.seeded.chance(5) {
            format!("delete {place};")
        } else {
            self.assigned(&place, ty)
        };
        self.line(indent, &text);
    }

    fn assigned(&mut self, target: &str, ty: &'static str) -> String {
        let value = self.expr(ty, 2);
        let operators = ["=", "=", "+=", "-=", "*=", "/=", "%="];
        let operator = if NUMBERS.contains(&ty) {
            *self.seeded.one(&operators)
        } else {
            "="
        };
        format!("{target} {operator} {value};")
    }

    /// An entry of a map.
    fn entry(&mut self) -> (String, &'static str) {
        let (name, keys, value) = self.seeded.one(&self.maps).clone();
        let keys: String = keys
            .iter()
            .map(|key| format!("[{}]", self.expr(key, 1)))
            .collect();
        (format!("this.{name}{keys}"), value)
    }

    fn expr(&mut self, ty: &'static str, depth: usize) -> String {
        if depth == 0 || self.seeded.chance(5) {
            return self.leaf(ty);
        }
        match self.seeded.below(6) {
            0 => {
                let condition = self.expr("bool", depth - 1);
                let (yes, no) = (self.expr(ty, depth - 1), self.expr(ty, depth - 1));
                return format!("({condition} ? {yes} : {no})");
            }
            1 => {
                let effect = self.effect;
                let fitting: Vec<usize> = (0..self.helpers.len())
                    .filter(|at| {
                        self.helpers[*at].result == ty && self.helpers[*at].effect <= effect
                    })
                    .collect();
                if !fitting.is_empty() {
                    let at = *self.seeded.one(&fitting);
                    let parameters = self.helpers[at].parameters.clone();
                    let name = self.helpers[at].name.clone();
                    let values: Vec<_> = parameters
                        .iter()
                        .map(|ty| self.expr(ty, depth - 1))
                        .collect();
                    return format!("{name}({})", values.join(", "));
                }
            }
            _ => {}
        }
        if ty == "bool" {
            return self.truth(depth);
        }
        if self.seeded.chance(4)
            && let Some(found) = self.out_of_whole(ty, depth)
        {
            return found;
        }
        if let Some(found) = self.whole(ty, depth) {
            return found;
        }
        if ty == "u32" && self.effect != Effect::Pure && self.seeded.chance(4) {
            let (far, a, b) = (self.far(), self.leaf("u64"), self.leaf("Address"));
            return format!("{far}.look({a}, {b})");
        }
        if NUMBERS.contains(&ty) {
            return self.number(ty, depth);
        }
        self.leaf(ty)
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.seeded.below(6) {
            0 => format!("!{}", self.leaf("bool")),
            1 | 2 => {
                let (a, b) = (self.expr("bool", depth - 1), self.expr("bool", depth - 1));
                let operator = *self.seeded.one(&["&&", "||"]);
                format!("({a} {operator} {b})")
            }
            3 => {
                let ty = if self.seeded.chance(2) {
                    *self.seeded.one(&WHOLE)
                } else {
                    OTHERS[self.seeded.below(OTHERS.len())]
                };
                let ty = if is_comparable(ty) { ty } else { "Offer" };
                let (a, b) = (self.expr(ty, depth - 1), self.expr(ty, depth - 1));
                let operator = *self.seeded.one(&["===", "!=="]);
                format!("({a} {operator} {b})")
            }
            4 if self.effect != Effect::Pure && !self.maps.is_empty() => {
                let (name, keys, _) = self.seeded.one(&self.maps).clone();
                let mut keys: Vec<_> = keys.iter().map(|key| self.expr(key, 1)).collect();
                let last = keys.pop().unwrap();
                let before: String = keys.iter().map(|key| format!("[{key}]")).collect();
                format!("this.{name}{before}.has({last})")
            }
            _ => {
                let ty = NUMBERS[self.seeded.below(NUMBERS.len())];
                let (a, b) = (self.expr(ty, depth - 1), self.expr(ty, depth - 1));
                let operator = *self.seeded.one(&["===", "!==", "<", "<=", ">", ">="]);
                format!("({a} {operator} {b})")
            }
        }
    }

    fn number(&mut self, ty: &'static str, depth: usize) -> String {
        let wide = matches!(ty, "u128" | "u256" | "Balance");
        let signed = ty.starts_with('i');
        match self.seeded.below(7) {
            0 => {
                let from = NUMBERS[self.seeded.below(NUMBERS.len())];
                let word = if self.seeded.chance(3) { "as" } else { "as%" };
                return format!("({} {word} {ty})", self.expr(from, depth - 1));
            }
            1 if !signed => {
                let numbers = [(); 3].map(|()| self.expr(ty, depth - 1));
                let way = *self.seeded.one(&["Up", "Down"]);
                return format!("mulDiv({}, Rounding.{way})", numbers.join(", "));
            }
            2 if !wide => {
                let (value, count) = (self.expr(ty, depth - 1), self.leaf("u8"));
                let operator = if signed {
                    "<<%"
                } else {
                    *self.seeded.one(&["<<", "<<%"])
                };
                let operator = if self.seeded.chance(2) {
                    ">>"
                } else {
                    operator
                };
                return format!("({value} {operator} ({count} % 9))");
            }
            3 if !wide => {
                let value = self.expr(ty, depth - 1);
                return if signed {
                    format!("(-{value})")
                } else {
                    format!("(~{value})")
                };
            }
            _ => {}
        }
        let (a, b) = (self.expr(ty, depth - 1), self.expr(ty, depth - 1));
        let all = ["+", "-", "*", "/", "%", "+%", "-%", "*%", "&", "|", "^"];
        let operator = *self.seeded.one(if wide { &all[..5] } else { &all[..] });
        format!("({a} {operator} {b})")
    }

    fn leaf(&mut self, ty: &'static str) -> String {
        let own: Vec<_> = self
            .locals
            .iter()
            .filter(|local| local.1 == ty)
            .map(|local| local.0.clone())
            .collect();
        if !own.is_empty() && self.seeded.chance(2) {
            return self.seeded.one(&own).clone();
        }
        if self.effect != Effect::Pure && self.seeded.chance(2) {
            let fields: Vec<_> = self
                .fields
                .iter()
                .filter(|field| field.1 == ty)
                .map(|field| field.0.clone())
                .collect();
            if !fields.is_empty() {
                return format!("this.{}", self.seeded.one(&fields));
            }
            let maps: Vec<_> = self
                .maps
                .iter()
                .filter(|map| map.2 == ty)
                .cloned()
                .collect();
            if !maps.is_empty() && has_zero(ty) {
                let (name, keys, _) = self.seeded.one(&maps).clone();
                let keys: String = keys
                    .iter()
                    .map(|key| format!("[{}]", self.literal(key)))
                    .collect();
                return format!("this.{name}{keys}");
            }
            match ty {
                "Address" => return (*self.seeded.one(&["msg.sender", "this.address"])).to_owned(),
                "Balance" => return "this.balance".to_owned(),
                "u32" => return "block.number".to_owned(),
                "u64" => return "block.time".to_owned(),
                _ => {}
            }
        }
        self.literal(ty)
    }

    fn literal(&mut self, ty: &'static str) -> String {
        match ty {
            "bool" => (*self.seeded.one(&["true", "false"])).to_owned(),
            _ if WHOLE.contains(&ty) => self.whole_literal(ty),
            "Colour" => format!("Colour.{}", self.seeded.one(&VARIANTS)),
            "Address" | "Hash" => {
                let digit = self.seeded.below(3);
                // Where bytes stand says whether they are an address or a hash; left of `===` nothing does.
                let word = if ty == "Hash" { "hash" } else { "address" };
                let digits = format!("{digit:02}").repeat(32);
                format!("{word}(hex\"{digits}\")")
            }
            _ => {
                let end = match self.seeded.below(8) {
                    0 => return format!("{ty}.max"),
                    1 => return format!("{ty}.min"),
                    2 => 128,
                    _ => 12,
                };
                format!("({} as {ty})", self.seeded.below(end))
            }
        }
    }
}
