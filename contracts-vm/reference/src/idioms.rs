//! Contracts as compilers write them, made up from seeds: comparisons that are negated, selected by and branched on,
//! operands whose local is set meanwhile, numbers around the edges of what an engine can put into an instruction.
//!
//! A generator that knows all of Wasm seldom puts these next to each other, and an engine that fuses instructions goes
//! wrong just there. Everything that is computed ends up in the memory, to be compared.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Functions of a contract besides `deploy` and `call`. Each calls those before it.
const FUNCTIONS: u32 = 4;
/// Expressions of a function, at the most; then only leaves follow.
const NODES: u32 = 160;
/// Blocks within blocks.
const NESTING: u32 = 6;

/// Around the edges of 8, 15, 16, 31, 32 and 63 bits.
const EDGES: [i64; 20] = [
    0,
    1,
    -1,
    2,
    3,
    7,
    127,
    -128,
    255,
    32_767,
    32_768,
    -32_768,
    -32_769,
    65_535,
    0x7fff_ffff,
    -0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX,
    i64::MIN,
];

const OPERATORS: [&str; 11] = [
    "add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr",
];
const DIVISIONS: [&str; 4] = ["div_s", "div_u", "rem_s", "rem_u"];
const COMPARISONS: [&str; 10] = [
    "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
];

/// The text of the contract of a seed.
pub fn text(seed: u64) -> String {
    let mut maker = Maker {
        random: ChaCha20Rng::seed_from_u64(seed),
        text: String::new(),
        nodes: 0,
        function: 0,
        loops: 0,
    };
    maker.module();
    maker.text
}

/// The contract of a seed.
pub fn contract(seed: u64) -> Vec<u8> {
    wat::parse_str(text(seed)).expect("the text is Wasm")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Narrow,
    Wide,
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Width::Narrow => "i32",
            Width::Wide => "i64",
        }
    }
}

struct Maker {
    random: ChaCha20Rng,
    text: String,
    /// Expressions that are still allowed.
    nodes: u32,
    /// The function that is being written.
    function: u32,
    /// Loops that are open: each counts in a local of its own.
    loops: u32,
}

impl Maker {
    fn below(&mut self, count: u32) -> u32 {
        self.random.next_u32() % count
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let place = self.below(of.len() as u32) as usize;
        of[place]
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push(' ');
    }

    fn module(&mut self) {
        self.put(
            "(module (type $t (func (param i32 i32 i64 i64) (result i64)))
            (import \"seal0\" \"caller_is_origin\" (func $origin (result i32)))
            (import \"seal0\" \"instantiation_nonce\" (func $nonce (result i64)))
            (import \"env\" \"memory\" (memory 1 2))
            (table 4 4 funcref) (elem (i32.const 0) $f0 $f0 $f1)
            (global (mut i32) (i32.const 5)) (global (mut i64) (i64.const -5))
            (data (i32.const 1024) \"\\80\\ff\\00\\7f\\01\\fe\\ff\\ff\\ff\\ff\\ff\\7f\\00\\00\\00\\80\")
            (func (export \"deploy\"))",
        );
        for function in 0..FUNCTIONS {
            self.function = function;
            self.nodes = NODES;
            self.put(&format!(
                "(func $f{function} (type $t) (local i32 i32 i64 i64 i32 i32 i32 i32 i32 i32)"
            ));
            for _ in 0..1 + self.below(4) {
                self.statement(NESTING);
            }
            self.value(Width::Wide, NESTING);
            self.put(")\n");
        }
        self.put("(func (export \"call\")");
        self.function = 0;
        for call in 0..16 {
            self.put(&format!("(i64.store (i32.const {})", call * 8));
            self.put(&format!("(call $f{}", call % FUNCTIONS));
            for width in [Width::Narrow, Width::Narrow, Width::Wide, Width::Wide] {
                self.constant(width);
            }
            self.put("))\n");
        }
        self.put("))");
    }

    fn constant(&mut self, width: Width) {
        let edge = self.one_of(&EDGES);
        let near = edge.wrapping_add(i64::from(self.below(3)) - 1);
        let value = if self.below(3) == 0 { near } else { edge };
        match width {
            Width::Narrow => self.put(&format!("(i32.const {})", value as i32)),
            Width::Wide => self.put(&format!("(i64.const {value})")),
        }
    }

    fn local(&mut self, width: Width) -> u32 {
        match width {
            Width::Narrow => self.one_of(&[0, 1, 4, 5]),
            Width::Wide => self.one_of(&[2, 3, 6, 7]),
        }
    }

    fn leaf(&mut self, width: Width) {
        match self.below(8) {
            0..=2 => self.constant(width),
            3..=6 => {
                let local = self.local(width);
                self.put(&format!("(local.get {local})"));
            }
            _ if width == Width::Narrow => self.put("(global.get 0)"),
            _ => self.put("(global.get 1)"),
        }
    }

    /// An expression of one value.
    fn value(&mut self, width: Width, depth: u32) {
        if depth == 0 || self.nodes == 0 {
            return self.leaf(width);
        }
        self.nodes -= 1;
        let (depth, name) = (depth - 1, width.name());
        match self.below(20) {
            0..=2 => return self.leaf(width),
            3..=6 => {
                let operator = self.one_of(&OPERATORS);
                self.put(&format!("({name}.{operator}"));
                self.value(width, depth);
                self.value(width, depth);
            }
            7 => return self.division(width, depth),
            8 => {
                let narrow = ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"];
                let operator = match self.below(6) {
                    5 if width == Width::Wide => "extend32_s",
                    place => narrow[place as usize % narrow.len()],
                };
                self.put(&format!("({name}.{operator}"));
                self.value(width, depth);
            }
            9 if width == Width::Narrow => {
                self.put("(i32.wrap_i64");
                self.value(Width::Wide, depth);
            }
            9 => {
                let operator = self.one_of(&["extend_i32_s", "extend_i32_u"]);
                self.put(&format!("(i64.{operator}"));
                self.value(Width::Narrow, depth);
            }
            10..=12 => {
                self.put("(select");
                self.value(width, depth);
                self.value(width, depth);
                self.condition(depth);
            }
            13 => {
                self.put(&format!("(if (result {name})"));
                self.condition(depth);
                self.put("(then");
                self.value(width, depth);
                self.put(") (else");
                self.value(width, depth);
                self.put(")");
            }
            14 => {
                // Out of a block with a value, or on with another.
                self.put(&format!("(block (result {name}) (drop (br_if 0"));
                self.value(width, depth);
                self.condition(depth);
                self.put("))");
                self.value(width, depth);
            }
            15 => {
                // Something happens while operands wait.
                self.put(&format!("(block (result {name})"));
                self.statement(depth);
                self.value(width, depth);
            }
            16 => {
                let local = self.local(width);
                self.put(&format!("(local.tee {local}"));
                self.value(width, depth);
            }
            17 => self.load(width, depth),
            18 if width == Width::Narrow => return self.condition(depth),
            18 => return self.call(depth),
            _ if width == Width::Narrow => self.put("(call $origin"),
            _ => self.put("(call $nonce"),
        }
        self.put(")");
    }

    /// A division, most often by what cannot be zero, as a compiler guards it.
    fn division(&mut self, width: Width, depth: u32) {
        let (name, operator) = (width.name(), self.one_of(&DIVISIONS));
        self.put(&format!("({name}.{operator}"));
        self.value(width, depth);
        let local = self.local(width);
        match self.below(40) {
            0 => self.value(width, depth),
            1..=19 => self.put(&format!(
                "(select ({name}.const 1) (local.get {local}) ({name}.eqz (local.get {local})))"
            )),
            _ => {
                self.put(&format!("({name}.or ({name}.const 2)"));
                self.value(width, depth);
                self.put(")");
            }
        }
        self.put(")");
    }

    /// A load from where there is memory, as a rule.
    fn load(&mut self, width: Width, depth: u32) {
        let kind = match (width, self.below(7)) {
            (Width::Wide, 5) => "load32_s",
            (Width::Wide, 6) => "load32_u",
            (_, 0) => "load8_s",
            (_, 1) => "load8_u",
            (_, 2) => "load16_s",
            (_, 3) => "load16_u",
            _ => "load",
        };
        let offset = self.one_of(&[0, 0, 1, 1024, 1031, 40_000]);
        self.put(&format!("({}.{kind} offset={offset}", width.name()));
        self.address(depth);
    }

    fn address(&mut self, depth: u32) {
        match self.below(30) {
            0 => self.value(Width::Narrow, depth),
            1..=9 => {
                let place = self.below(200);
                self.put(&format!("(i32.const {place})"));
            }
            _ => {
                self.put("(i32.and (i32.const 255)");
                self.value(Width::Narrow, depth);
                self.put(")");
            }
        }
    }

    fn call(&mut self, depth: u32) {
        if self.function == 0 {
            return self.leaf(Width::Wide);
        }
        let callee = self.below(self.function);
        let direct = self.below(3) > 0;
        if direct {
            self.put(&format!("(call $f{callee}"));
        } else {
            self.put("(call_indirect (type $t)");
        }
        for width in [Width::Narrow, Width::Narrow, Width::Wide, Width::Wide] {
            self.value(width, depth.min(2));
        }
        if !direct {
            // The entries are of the first two functions; the last is empty, and seldom asked for.
            let entry = match self.below(30) {
                0 => 3,
                _ if self.function > 1 => self.below(3),
                _ => self.below(2),
            };
            self.put(&format!("(i32.const {entry})"));
        }
        self.put(")");
    }

    /// A value that is branched on: most often a comparison, negated as often as not.
    fn condition(&mut self, depth: u32) {
        if self.nodes == 0 || self.below(8) == 0 {
            return self.leaf(Width::Narrow);
        }
        self.nodes -= 1;
        let (depth, negations) = (depth.saturating_sub(1), self.below(4).saturating_sub(1));
        for _ in 0..negations {
            self.put("(i32.eqz");
        }
        let width = self.one_of(&[Width::Narrow, Width::Wide]);
        let name = width.name();
        match self.below(8) {
            0 | 1 => {
                self.put(&format!("({name}.eqz"));
                self.value(width, depth);
            }
            2 => {
                // The bits of a mask, compared with zero.
                let (compare, mask) = (
                    self.one_of(&["eq", "ne"]),
                    self.one_of(&["and", "or", "xor"]),
                );
                self.put(&format!("({name}.{compare} ({name}.{mask}"));
                self.value(width, depth);
                self.value(width, depth);
                self.put(&format!(") ({name}.const 0)"));
            }
            3 => {
                self.put("(i32.and");
                self.condition(depth);
                self.condition(depth);
            }
            _ => {
                let compare = self.one_of(&COMPARISONS);
                self.put(&format!("({name}.{compare}"));
                self.value(width, depth);
                self.value(width, depth);
            }
        }
        self.put(")");
        for _ in 0..negations {
            self.put(")");
        }
    }

    fn statement(&mut self, depth: u32) {
        let width = self.one_of(&[Width::Narrow, Width::Wide]);
        if depth == 0 || self.nodes == 0 {
            return self.put("(nop)");
        }
        self.nodes -= 1;
        let depth = depth - 1;
        match self.below(12) {
            0..=3 => {
                let local = self.local(width);
                self.put(&format!("(local.set {local}"));
                self.value(width, depth);
            }
            4 => {
                let global = if width == Width::Narrow { 0 } else { 1 };
                self.put(&format!("(global.set {global}"));
                self.value(width, depth);
            }
            5 | 6 => {
                let kind = self.one_of(&["store", "store8", "store16"]);
                let offset = self.one_of(&[128, 129, 2048, 40_000]);
                self.put(&format!("({}.{kind} offset={offset}", width.name()));
                self.address(depth);
                self.value(width, depth);
            }
            7 => {
                self.put("(if");
                self.condition(depth);
                self.put("(then");
                self.statement(depth);
                self.put(") (else");
                self.statement(depth);
                self.put(")");
            }
            8 => {
                self.put("(block (br_if 0");
                self.condition(depth);
                self.put(")");
                self.statement(depth);
            }
            9 if self.loops < 3 => {
                let counter = 8 + self.loops;
                self.loops += 1;
                self.put(&format!("(local.set {counter} (i32.const 3)) (loop"));
                self.statement(depth);
                self.put(&format!(
                    "(br_if 0 (local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1))))"
                ));
                self.loops -= 1;
            }
            10 => {
                self.put("(block (block (block (br_table 0 1 2 1 0");
                self.value(Width::Narrow, depth);
                self.put("))");
                self.statement(depth);
                self.put(")");
                self.statement(depth);
            }
            _ => {
                self.put("(if");
                self.condition(depth);
                self.put("(then (return");
                self.value(Width::Wide, depth.min(2));
                self.put("))");
            }
        }
        self.put(")");
    }
}
