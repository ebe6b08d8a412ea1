//! The one form: the whole corpus is in it, and whatever program is brought into it loses nothing and then stays as it is.

#[allow(dead_code, reason = "each test uses a part of it")]
mod ebnf;

use bitup_compiler::{ast::lower, format::format, kind::Kind, lexer::lex, parse};
use ebnf::Grammar;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/bitup/grammar.md");

/// All programs of the tree.
fn corpus() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ["examples", "modules", "std", "cli/templates"]
        .iter()
        .map(|folder| {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(folder)
        })
        .collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "bit") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() >= 10);
    found
}

/// Tokens without the commas at the end of lists, and comments: apart, because a comment may pass a comma.
fn words(source: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut words, mut comments): (Vec<String>, Vec<String>) = Default::default();
    for token in lex(source).tokens {
        let text = String::from_utf8_lossy(token.span.of(source)).into_owned();
        match token.kind {
            Kind::Whitespace | Kind::EndOfFile => {}
            Kind::LineComment | Kind::BlockComment => {
                comments.push(text.trim_end().replace("\r\n", "\n"));
            }
            _ => {
                // Where types end, a mark like `>>` counts as two.
                let apart = text.starts_with('>') && text.len() > 1;
                let marks: Vec<String> = if apart {
                    text.chars().map(String::from).collect()
                } else {
                    vec![text]
                };
                for mark in marks {
                    let closes = [")", "]", "}", ">"].contains(&mark.as_str());
                    if closes && words.last().is_some_and(|word| word == ",") {
                        words.pop();
                    }
                    words.push(mark);
                }
            }
        }
    }
    (words, comments)
}

/// The tree without its places.
fn meaning(source: &[u8]) -> String {
    let text = format!("{:?}", lower(&parse(source).tree));
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((front, behind)) = rest.split_once("Span {") {
        out += front;
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    out + rest
}

/// Brings a program in the one form, and looks at what came of it.
fn formatted(source: &str) -> Option<String> {
    let text = format(source.as_bytes()).ok()?;
    let again = format(text.as_bytes());
    assert_eq!(again.as_ref(), Ok(&text), "of {source}");
    assert_eq!(
        words(source.as_bytes()),
        words(text.as_bytes()),
        "of {source}"
    );
    assert_eq!(
        meaning(source.as_bytes()),
        meaning(text.as_bytes()),
        "of {source}"
    );
    let trailing = text.lines().any(|line| line != line.trim_end());
    assert!(
        !trailing || text.contains("/*"),
        "white space at a line's end in {text}"
    );
    Some(text)
}

#[test]
fn the_corpus_is_in_the_one_form() {
    for (path, text) in corpus() {
        assert_eq!(formatted(&text).as_ref(), Some(&text), "{}", path.display());
    }
}

#[test]
fn programs_on_one_line_and_on_many_become_the_same() {
    for (path, text) in corpus() {
        if text.contains("//") {
            continue;
        }
        let apart: Vec<String> = words(text.as_bytes()).0;
        assert_eq!(
            formatted(&apart.join(" ")),
            formatted(&apart.join("\n")),
            "{}",
            path.display()
        );
    }
}

const COMMENTS: [&str; 8] = [
    "\n\n",
    " // c\n",
    "/* c */",
    "\n// c\n",
    "\n/* c\n   d */\n",
    " ",
    "\r\n",
    "\n/// c\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Words of a program are exchanged, doubled or left out, and comments put between them.
    #[test]
    fn mutated_programs_lose_nothing(
        which: usize,
        changes in proptest::collection::vec(any::<(u16, u16, u8)>(), 0..4),
        comments in proptest::collection::vec((any::<u16>(), 0..COMMENTS.len()), 0..8),
    ) {
        let all = corpus();
        let (_, text) = &all[which % all.len()];
        let tokens = lex(text.as_bytes()).tokens;
        let mut words: Vec<String> = tokens
            .iter()
            .map(|token| String::from_utf8_lossy(token.span.of(text.as_bytes())).into_owned())
            .collect();
        for (at, from, what) in changes {
            let at = usize::from(at) % words.len();
            let kind = tokens[at].kind;
            let same: Vec<usize> = (0..tokens.len()).filter(|other| tokens[*other].kind == kind).collect();
            let from = words[same[usize::from(from) % same.len()]].clone();
            match what % 3 {
                0 => words[at] = from,
                1 => words[at] += &format!(" {from}"),
                _ => words[at].clear(),
            }
        }
        for (at, what) in comments {
            let at = usize::from(at) % words.len();
            words[at].insert_str(0, COMMENTS[what]);
        }
        formatted(&words.concat());
    }

    /// Sentences of the grammar, which use rules as no person would.
    #[test]
    fn sentences_of_the_grammar_lose_nothing(seed: u64, size in 1_u32..8, comments in proptest::collection::vec((any::<u16>(), 0..COMMENTS.len()), 0..4)) {
        let grammar = Grammar::read(PAGE);
        let sentence = grammar.sentence(seed, size);
        let mut words: Vec<String> = lex(sentence.as_bytes())
            .tokens
            .iter()
            .map(|token| String::from_utf8_lossy(token.span.of(sentence.as_bytes())).into_owned())
            .collect();
        for (at, what) in comments {
            let at = usize::from(at) % words.len();
            words[at].insert_str(0, COMMENTS[what]);
        }
        formatted(&words.concat());
    }
}
