//! Values that are made of parts: texts, bytes, arrays, options, objects, variants with fields.

use super::{Effect, Maker};

/// The types.
pub const WHOLE: [&str; 9] = [
    "string",
    "bytes",
    "u16[]",
    "string[]",
    "u8[3]",
    "Option<u64>",
    "Option<string>",
    "Point",
    "Offer",
];

/// What all made up programs declare of them. Functions give literals a type where nothing else does.
pub const DECLARED: &str = "class Point {
    x: u64;
    name: string;
    view sum(): u64 { return this.x +% (this.name.length as u64); }
    move(by: u64, name: memory string): u64 {
        this.x = this.x +% by;
        if (by % 2 === 0) { this.name = name; }
        return this.sum();
    }
}

enum Offer { Closed, Open(price: Balance, tags: u16[]), Sold(buyer: Address, note: string) }

error Worse(text: string, list: u16[], of: Offer);

pure numbers(value: memory u16[]): memory u16[] { return value; }
pure texts(value: memory string[]): memory string[] { return value; }
pure three(value: memory u8[3]): memory u8[3] { return value; }
pure maybe(value: memory Option<u64>): memory Option<u64> { return value; }
pure perhaps(value: memory Option<string>): memory Option<string> { return value; }

";

/// What each made up contract has for them.
pub const MEMBERS: &str = "    event Told(indexed a: string, b: u16[], c: Offer, d: Option<u64>);
    private grow(list: storage u16[], item: u16) {
        if (list.length < 6) {
            list.push(item);
        }
    }
";

/// True for types that have `===`.
pub fn is_comparable(ty: &str) -> bool {
    ty != "Point"
}

/// True for types of which a missing entry of a map is a value.
pub fn has_zero(ty: &str) -> bool {
    !matches!(ty, "Address" | "Hash" | "u8[3]" | "Point" | "Offer")
}

/// What a loop over a value of the type goes over.
fn item(ty: &str) -> Option<&'static str> {
    match ty {
        "u16[]" => Some("u16"),
        "string[]" => Some("string"),
        "bytes" | "u8[3]" => Some("u8"),
        _ => None,
    }
}

impl Maker {
    pub(super) fn whole_literal(&mut self, ty: &'static str) -> String {
        match ty {
            "string" => (*self.seeded.one(&["\"\"", "\"ab\"", "\"xyz\"", "\"é🜁\""])).to_owned(),
            "bytes" => (*self.seeded.one(&["hex\"\"", "hex\"00\"", "hex\"0102ff\""])).to_owned(),
            "Point" => format!(
                "new Point({}, {})",
                self.literal("u64"),
                self.literal("string")
            ),
            "Offer" => match self.seeded.below(3) {
                0 => "Offer.Closed".to_owned(),
                1 => {
                    let (price, tags) = (self.literal("Balance"), self.literal("u16[]"));
                    format!("Offer.Open({price}, {tags})")
                }
                _ => {
                    let (buyer, note) = (self.literal("Address"), self.literal("string"));
                    format!("Offer.Sold({buyer}, {note})")
                }
            },
            _ => {
                let name = match ty {
                    "u16[]" => "numbers",
                    "string[]" => "texts",
                    "u8[3]" => "three",
                    "Option<u64>" => "maybe",
                    _ => "perhaps",
                };
                format!("{name}({})", self.untyped(ty))
            }
        }
    }

    /// A literal whose type is known where it stands.
    pub(super) fn untyped(&mut self, ty: &'static str) -> String {
        match ty {
            "u16[]" | "string[]" | "u8[3]" => {
                let of = item(ty).unwrap_or("u8");
                let length = if ty == "u8[3]" {
                    3
                } else {
                    self.seeded.below(4)
                };
                // Three bytes are a key, and what keys are made of may not ask for keys.
                let items: Vec<_> = (0..length)
                    .map(|_| match ty {
                        "u8[3]" => self.literal(of),
                        _ => self.leaf(of),
                    })
                    .collect();
                format!("[{}]", items.join(", "))
            }
            "Option<u64>" if self.seeded.chance(2) => format!("Some({})", self.leaf("u64")),
            "Option<string>" if self.seeded.chance(2) => format!("Some({})", self.leaf("string")),
            "Option<u64>" | "Option<string>" => "None".to_owned(),
            _ => self.leaf(ty),
        }
    }

    /// An expression of such a type; none where a leaf will do.
    pub(super) fn whole(&mut self, ty: &'static str, depth: usize) -> Option<String> {
        let text = matches!(ty, "string" | "bytes");
        match self.seeded.below(5) {
            // Nothing grows without end: neither results nor storage hold it.
            0 | 1 if text => {
                let (a, b) = (self.leaf(ty), self.leaf(ty));
                Some(format!(
                    "({a}.length + {b}.length < 60 ? {a}.concat({b}) : {a})"
                ))
            }
            2 if text => {
                let (a, end) = (self.leaf(ty), self.seeded.below(4));
                let from = self.seeded.below(end + 1);
                Some(if self.seeded.chance(4) {
                    format!("{a}.slice({from}, {end})")
                } else {
                    format!("({a}.length > 0 ? {a}.slice(0, {a}.length) : {a})")
                })
            }
            0 if ty == "string" => Some(format!("{}.name", self.leaf("Point"))),
            3 if ty == "string" => {
                let (option, other) = (self.leaf("Option<string>"), self.expr(ty, depth - 1));
                Some(format!("({option} ?? {other})"))
            }
            0 if ty == "Offer" => {
                let (price, tags) = (self.expr("Balance", depth - 1), self.leaf("u16[]"));
                Some(format!("Offer.Open({price}, {tags})"))
            }
            0 if ty == "Point" => {
                let (x, name) = (self.expr("u64", depth - 1), self.expr("string", depth - 1));
                Some(format!("new Point({x}, {name})"))
            }
            0 if ty == "string[]" && self.effect != Effect::Pure => {
                let (far, a, b) = (self.far(), self.leaf("string"), self.leaf("u16[]"));
                Some(format!("{far}.say({a}, {b})"))
            }
            _ => None,
        }
    }

    /// A number out of such a value.
    pub(super) fn out_of_whole(&mut self, ty: &'static str, depth: usize) -> Option<String> {
        match ty {
            "u32" => {
                let of = *self
                    .seeded
                    .one(&["string", "bytes", "u16[]", "string[]", "u8[3]"]);
                Some(format!("{}.length", self.leaf(of)))
            }
            "u16" | "u8" => {
                let of = match ty {
                    "u16" => "u16[]",
                    _ => *self.seeded.one(&["bytes", "u8[3]"]),
                };
                let (list, at) = (self.leaf(of), self.seeded.below(3));
                let other = self.expr(ty, depth - 1);
                Some(if self.seeded.chance(4) {
                    format!("{list}[{at}]")
                } else {
                    format!("({list}.length > {at} ? {list}[{at}] : {other})")
                })
            }
            "u64" => match self.seeded.below(3) {
                0 => Some(format!("{}.x", self.leaf("Point"))),
                1 => Some(format!("{}.sum()", self.leaf("Point"))),
                _ => {
                    let (option, other) = (self.leaf("Option<u64>"), self.expr(ty, depth - 1));
                    Some(format!("({option} ?? {other})"))
                }
            },
            "Hash" => Some(format!("blake2({})", self.leaf("bytes"))),
            _ => None,
        }
    }

    /// A change of a part of what a place holds.
    pub(super) fn changed(&mut self, indent: usize, place: &str, ty: &'static str) {
        let at = self.seeded.below(3);
        match ty {
            "u16[]" | "string[]" => {
                let value = self.expr(item(ty).unwrap_or("u16"), 1);
                let name = self.name("last");
                let line = match self.seeded.below(4) {
                    0 => format!("if ({place}.length < 6) {{ {place}.push({value}); }}"),
                    1 => format!("if ({place}.length > 0) {{ const {name} = {place}.pop(); }}"),
                    2 if ty == "u16[]" && place.starts_with("this") => {
                        format!("this.grow({place}, {value});")
                    }
                    _ if self.seeded.chance(4) => format!("{place}[{at}] = {value};"),
                    _ => format!("if ({place}.length > {at}) {{ {place}[{at}] = {value}; }}"),
                };
                self.line(indent, &line);
            }
            "bytes" => {
                let value = self.expr("u8", 1);
                self.line(
                    indent,
                    &format!("if ({place}.length > {at}) {{ {place}[{at}] = {value}; }}"),
                );
            }
            "u8[3]" => {
                let (operator, value) = (*self.seeded.one(&["=", "+="]), self.expr("u8", 1));
                self.line(indent, &format!("{place}[{at}] {operator} {value};"));
            }
            "Point" => {
                let (by, text) = (self.expr("u64", 1), self.expr("string", 1));
                let name = self.name("moved");
                let line = match self.seeded.below(3) {
                    0 => format!("{place}.x = {by};"),
                    1 => format!("{place}.name = {text};"),
                    _ => format!("const {name} = {place}.move({by}, {text});"),
                };
                self.line(indent, &line);
            }
            _ => {
                let text = self.assigned(place, ty);
                self.line(indent, &text);
            }
        }
    }

    /// A loop over the items of a value.
    pub(super) fn over(&mut self, indent: usize, depth: usize) {
        let ty = *self.seeded.one(&["u16[]", "string[]", "bytes", "u8[3]"]);
        let (list, name) = (self.leaf(ty), self.name("item"));
        let known = self.locals.len();
        self.locals
            .push((name.clone(), item(ty).unwrap_or("u8"), false));
        self.loops += 1;
        self.block(indent, &format!("for (const {name} of {list})"), depth);
        self.loops -= 1;
        self.locals.truncate(known);
    }

    /// A `match` of variants with fields.
    pub(super) fn matched_whole(&mut self, indent: usize, depth: usize) {
        let ty = *self.seeded.one(&["Offer", "Option<u64>", "Option<string>"]);
        let value = self.expr(ty, 1);
        self.line(indent, &format!("match ({value}) {{"));
        let arms: &[(&str, &[&'static str])] = match ty {
            "Offer" => &[
                ("Open", &["Balance", "u16[]"]),
                ("Offer.Sold", &["Address", "string"]),
                ("_", &[]),
            ],
            "Option<u64>" => &[("Some", &["u64"]), ("None", &[])],
            _ => &[("None", &[]), ("Some", &["string"])],
        };
        for (pattern, fields) in arms {
            let known = self.locals.len();
            let names: Vec<_> = fields
                .iter()
                .map(|ty| {
                    if self.seeded.chance(4) {
                        return "_".to_owned();
                    }
                    let name = self.name("part");
                    self.locals.push((name.clone(), *ty, false));
                    name
                })
                .collect();
            let list = if names.is_empty() {
                String::new()
            } else {
                format!("({})", names.join(", "))
            };
            self.block(indent + 1, &format!("{pattern}{list} =>"), depth);
            self.locals.truncate(known);
        }
        self.line(indent, "}");
    }
}
