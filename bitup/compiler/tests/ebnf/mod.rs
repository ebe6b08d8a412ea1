//! Reads the EBNF of a page, makes sentences of it, and recognises them (Earley's algorithm).

use std::collections::{BTreeMap, BTreeSet, HashSet};

/// An expression of EBNF.
#[derive(Clone, Debug)]
pub enum Rule {
    Terminal(String),
    Name(String),
    Sequence(Vec<Rule>),
    Choice(Vec<Rule>),
    Optional(Box<Rule>),
    Repeat(Box<Rule>),
}

/// The rules of a page.
pub struct Grammar {
    rules: BTreeMap<String, Rule>,
}

struct Reader<'p> {
    words: Vec<&'p str>,
    next: usize,
}

/// The words of the EBNF: texts in quotes, names, marks.
fn words(page: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for block in page.split("```ebnf\n").skip(1) {
        let mut rest = block.split("```").next().unwrap().trim_start();
        while !rest.is_empty() {
            let length = match rest.as_bytes()[0] {
                b'"' => 2 + rest[1..].find('"').unwrap(),
                letter if letter.is_ascii_alphanumeric() => rest
                    .find(|c: char| !c.is_ascii_alphanumeric())
                    .unwrap_or(rest.len()),
                _ => 1,
            };
            words.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
    }
    words
}

impl<'p> Reader<'p> {
    fn peek(&self) -> &'p str {
        self.words.get(self.next).copied().unwrap_or("")
    }

    fn take(&mut self) -> &'p str {
        let word = self.peek();
        self.next += 1;
        word
    }

    fn expect(&mut self, word: &str) {
        assert_eq!(self.take(), word, "at word {}", self.next);
    }

    fn choice(&mut self) -> Rule {
        let mut choices = vec![self.sequence()];
        while self.peek() == "|" {
            self.take();
            choices.push(self.sequence());
        }
        if choices.len() == 1 {
            choices.remove(0)
        } else {
            Rule::Choice(choices)
        }
    }

    fn sequence(&mut self) -> Rule {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                "" | "|" | ";" | ")" | "]" | "}" => break,
                "(" => parts.push(self.inside(")", |rule| rule)),
                "[" => parts.push(self.inside("]", |rule| Rule::Optional(Box::new(rule)))),
                "{" => parts.push(self.inside("}", |rule| Rule::Repeat(Box::new(rule)))),
                word if word.starts_with('"') => {
                    parts.push(Rule::Terminal(word.to_owned()));
                    self.take();
                }
                word => {
                    parts.push(Rule::Name(word.to_owned()));
                    self.take();
                }
            }
        }
        Rule::Sequence(parts)
    }

    fn inside(&mut self, end: &str, wrap: impl Fn(Rule) -> Rule) -> Rule {
        self.take();
        let rule = self.choice();
        self.expect(end);
        wrap(rule)
    }
}

impl Rule {
    fn visit(&self, see: &mut impl FnMut(&Rule)) {
        see(self);
        match self {
            Self::Terminal(_) | Self::Name(_) => {}
            Self::Sequence(parts) | Self::Choice(parts) => {
                parts.iter().for_each(|part| part.visit(see))
            }
            Self::Optional(part) | Self::Repeat(part) => part.visit(see),
        }
    }
}

impl Grammar {
    /// Reads the fenced blocks of EBNF.
    pub fn read(page: &str) -> Self {
        let mut reader = Reader {
            words: words(page),
            next: 0,
        };
        let mut rules = BTreeMap::new();
        while !reader.peek().is_empty() {
            let name = reader.take().to_owned();
            reader.expect("=");
            let rule = reader.choice();
            reader.expect(";");
            assert!(
                rules.insert(name.clone(), rule).is_none(),
                "{name} stands twice"
            );
        }
        Self { rules }
    }

    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for rule in self.rules.values() {
            rule.visit(&mut |part| {
                if let Rule::Name(name) = part {
                    names.insert(name.clone());
                }
            });
        }
        names
    }

    /// Names that no rule defines: the tokens.
    pub fn undefined(&self) -> Vec<String> {
        self.names()
            .into_iter()
            .filter(|name| !self.rules.contains_key(name))
            .collect()
    }

    /// Rules that no rule uses: the start.
    pub fn unused(&self) -> Vec<String> {
        let names = self.names();
        self.rules
            .keys()
            .filter(|name| !names.contains(*name))
            .cloned()
            .collect()
    }

    /// The texts in quotes.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = BTreeSet::new();
        for rule in self.rules.values() {
            rule.visit(&mut |part| {
                if let Rule::Terminal(text) = part {
                    texts.insert(text.trim_matches('"').to_owned());
                }
            });
        }
        texts.into_iter().collect()
    }

    /// A sentence, its words separated by spaces; a greater `size` makes longer ones.
    pub fn sentence(&self, seed: u64, size: u32) -> String {
        let mut maker = Maker {
            grammar: self,
            state: seed | 1,
            left: i64::from(size) * 20,
            out: Vec::new(),
        };
        maker.name("SourceFile", 0);
        maker.out.join(" ")
    }
}

struct Maker<'g> {
    grammar: &'g Grammar,
    state: u64,
    /// Words still to be made freely; afterwards the shortest way is taken.
    left: i64,
    out: Vec<String>,
}

impl Maker<'_> {
    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 20).unwrap() % below
    }

    fn name(&mut self, name: &str, depth: u32) {
        let token = match name {
            "IDENT" => ["a", "total", "Token", "_x9", "owner"][self.random(5)],
            "INTEGER" => ["0", "7", "1_000", "0xff"][self.random(4)],
            "STRING" => ["\"t\"", "\"\\n\""][self.random(2)],
            "BYTES" => "hex\"00ff\"",
            _ => {
                let rule = self.grammar.rules[name].clone();
                return self.rule(&rule, depth + 1);
            }
        };
        self.out.push(token.to_owned());
        self.left -= 1;
    }

    fn rule(&mut self, rule: &Rule, depth: u32) {
        let free = self.left > 0 && depth < 60;
        match rule {
            Rule::Terminal(text) => {
                self.out.push(text.trim_matches('"').to_owned());
                self.left -= 1;
            }
            Rule::Name(name) => self.name(name, depth),
            Rule::Sequence(parts) => parts.iter().for_each(|part| self.rule(part, depth)),
            Rule::Choice(parts) => {
                let at = if free {
                    self.random(parts.len())
                } else {
                    self.shortest(parts)
                };
                self.rule(&parts[at], depth);
            }
            Rule::Optional(part) => {
                if free && self.random(3) == 0 {
                    self.rule(part, depth);
                }
            }
            Rule::Repeat(part) => {
                let mut turns = 0;
                while self.left > 0
                    && depth < 60
                    && turns < 8
                    && self.random(if depth < 3 { 8 } else { 3 }) != 0
                {
                    self.rule(part, depth);
                    turns += 1;
                }
            }
        }
    }

    /// The choice with the lowest way to its end.
    fn shortest(&self, parts: &[Rule]) -> usize {
        let heights = parts.iter().map(|part| self.height(part, 0));
        heights
            .enumerate()
            .min_by_key(|(_, height)| *height)
            .unwrap()
            .0
    }

    fn height(&self, rule: &Rule, depth: u32) -> u32 {
        if depth > 25 {
            return 1000;
        }
        match rule {
            Rule::Terminal(_) | Rule::Optional(_) | Rule::Repeat(_) => 0,
            Rule::Name(name) => match self.grammar.rules.get(name) {
                None => 0,
                Some(Rule::Choice(parts)) if parts.iter().any(|part| matches!(part, Rule::Sequence(one) if matches!(one.as_slice(), [Rule::Terminal(_)]))) => 1,
                Some(rule) => 1 + self.height(rule, depth + 1),
            },
            Rule::Sequence(parts) => parts.iter().map(|part| self.height(part, depth + 1)).max().unwrap_or(0),
            Rule::Choice(parts) => parts.iter().map(|part| self.height(part, depth + 1)).min().unwrap_or(0),
        }
    }
}

#[derive(Clone, Debug)]
enum Symbol {
    Terminal(String),
    Rule(usize),
}

/// Recognises sentences of a grammar.
pub struct Recogniser {
    /// The ways to write each rule.
    rules: Vec<Vec<Vec<Symbol>>>,
    start: usize,
}

type Item = (usize, usize, usize, usize);

impl Recogniser {
    pub fn new(grammar: &Grammar) -> Self {
        let numbers: BTreeMap<&String, usize> = grammar
            .rules
            .keys()
            .enumerate()
            .map(|(number, name)| (name, number))
            .collect();
        let mut made = Self {
            rules: vec![Vec::new(); numbers.len()],
            start: numbers[&"SourceFile".to_owned()],
        };
        for (name, rule) in &grammar.rules {
            let ways = made.ways(rule, &numbers);
            made.rules[numbers[name]] = ways;
        }
        made
    }

    fn ways(&mut self, rule: &Rule, numbers: &BTreeMap<&String, usize>) -> Vec<Vec<Symbol>> {
        match rule {
            Rule::Choice(parts) => parts.iter().map(|part| self.flat(part, numbers)).collect(),
            other => vec![self.flat(other, numbers)],
        }
    }

    fn flat(&mut self, rule: &Rule, numbers: &BTreeMap<&String, usize>) -> Vec<Symbol> {
        match rule {
            Rule::Terminal(text) => vec![Symbol::Terminal(text.clone())],
            Rule::Name(name) => vec![numbers.get(name).map_or_else(
                || Symbol::Terminal(name.clone()),
                |number| Symbol::Rule(*number),
            )],
            Rule::Sequence(parts) => parts
                .iter()
                .flat_map(|part| self.flat(part, numbers))
                .collect(),
            Rule::Choice(_) => {
                let ways = self.ways(rule, numbers);
                self.extra(ways)
            }
            Rule::Optional(part) => {
                let mut ways = self.ways(part, numbers);
                ways.push(Vec::new());
                self.extra(ways)
            }
            Rule::Repeat(part) => {
                let mut ways = self.ways(part, numbers);
                // A repeat begins with itself; its number is known once its parts have theirs.
                let number = self.rules.len();
                for way in &mut ways {
                    way.insert(0, Symbol::Rule(number));
                }
                ways.push(Vec::new());
                self.extra(ways)
            }
        }
    }

    fn extra(&mut self, ways: Vec<Vec<Symbol>>) -> Vec<Symbol> {
        self.rules.push(ways);
        vec![Symbol::Rule(self.rules.len() - 1)]
    }

    /// Whether the tokens, each with the terminals that it is, are a sentence.
    pub fn accepts(&self, tokens: &[Vec<String>]) -> bool {
        let mut sets: Vec<Vec<Item>> = vec![Vec::new(); tokens.len() + 1];
        let mut known: Vec<HashSet<Item>> = vec![HashSet::new(); tokens.len() + 1];
        let nullable = self.nullable();
        for way in 0..self.rules[self.start].len() {
            sets[0].push((self.start, way, 0, 0));
        }
        for at in 0..=tokens.len() {
            let mut next = 0;
            while next < sets[at].len() {
                let (rule, way, dot, origin) = sets[at][next];
                next += 1;
                let mut add = |sets: &mut Vec<Vec<Item>>, at: usize, item: Item| {
                    if known[at].insert(item) {
                        sets[at].push(item);
                    }
                };
                match self.rules[rule][way].get(dot) {
                    Some(Symbol::Terminal(text)) => {
                        if tokens.get(at).is_some_and(|token| token.contains(text)) {
                            add(&mut sets, at + 1, (rule, way, dot + 1, origin));
                        }
                    }
                    Some(Symbol::Rule(inner)) => {
                        for inner_way in 0..self.rules[*inner].len() {
                            add(&mut sets, at, (*inner, inner_way, 0, at));
                        }
                        if nullable.contains(inner) {
                            add(&mut sets, at, (rule, way, dot + 1, origin));
                        }
                    }
                    None => {
                        let waiting: Vec<Item> = sets[origin]
                            .iter()
                            .filter(|(r, w, d, _)| matches!(self.rules[*r][*w].get(*d), Some(Symbol::Rule(wanted)) if *wanted == rule))
                            .map(|(r, w, d, o)| (*r, *w, d + 1, *o))
                            .collect();
                        for item in waiting {
                            add(&mut sets, at, item);
                        }
                    }
                }
            }
        }
        sets[tokens.len()].iter().any(|(rule, way, dot, origin)| {
            *rule == self.start && *origin == 0 && *dot == self.rules[*rule][*way].len()
        })
    }

    fn nullable(&self) -> HashSet<usize> {
        let mut found = HashSet::new();
        loop {
            let before = found.len();
            for (number, ways) in self.rules.iter().enumerate() {
                let empty = |way: &Vec<Symbol>| {
                    way.iter().all(
                        |symbol| matches!(symbol, Symbol::Rule(inner) if found.contains(inner)),
                    )
                };
                if ways.iter().any(empty) {
                    found.insert(number);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }
}
