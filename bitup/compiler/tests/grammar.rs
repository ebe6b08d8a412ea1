//! The parser and docs/bitup/grammar.md say the same: sentences made from the page parse, and for programs and their
//! mutations the parser accepts exactly what a recogniser of the page accepts.

mod ebnf;

use bitup_compiler::{Code, kind::Kind, lexer, parse};
use ebnf::{Grammar, Recogniser};
use proptest::prelude::*;

const PAGE: &str = include_str!("../../../docs/bitup/grammar.md");
const PROGRAMS: &[&str] = &[
    include_str!("../../examples/group_deposit.bit"),
    include_str!("every_rule.bit"),
];

/// The terminals of the page that the tokens of a source are: for names that are keywords in places, both.
fn terminals(source: &str) -> Vec<Vec<String>> {
    let tokens = lexer::lex(source.as_bytes()).tokens;
    let seen = tokens
        .into_iter()
        .filter(|token| !token.kind.is_trivia() && token.kind != Kind::EndOfFile);
    let terminal = |token: lexer::Token| {
        let text = String::from_utf8_lossy(token.span.of(source.as_bytes())).into_owned();
        match token.kind {
            Kind::Identifier => vec!["IDENT".to_owned(), format!("\"{text}\"")],
            Kind::Integer => vec!["INTEGER".to_owned()],
            Kind::Text => vec!["STRING".to_owned()],
            Kind::Bytes => vec!["BYTES".to_owned()],
            _ => vec![format!("\"{text}\"")],
        }
    };
    seen.map(terminal).collect()
}

/// Whether the recogniser accepts; where types end, a mark like `>>` counts as two.
fn recognised(recogniser: &Recogniser, source: &str) -> bool {
    let whole = terminals(source);
    let split = |token: Vec<String>| match token[0].as_str() {
        mark @ ("\">>\"" | "\">=\"" | "\">>=\"") => {
            vec![vec!["\">\"".to_owned()], vec![format!("\"{}", &mark[2..])]]
        }
        _ => vec![token],
    };
    recogniser.accepts(&whole)
        || recogniser.accepts(&whole.into_iter().flat_map(split).collect::<Vec<_>>())
}

fn accepted(source: &str) -> bool {
    parse(source.as_bytes()).diagnostics.is_empty()
}

#[test]
fn the_page_is_whole() {
    let grammar = Grammar::read(PAGE);
    let undefined = grammar.undefined();
    assert_eq!(undefined, ["BYTES", "IDENT", "INTEGER", "STRING"]);
    assert_eq!(grammar.unused(), ["SourceFile"]);
    for (_, text) in bitup_compiler::kind::KEYWORDS {
        assert!(
            PAGE.contains(&format!("`{text}`")),
            "the list of keywords lacks {text}"
        );
        assert!(
            grammar.texts().contains(&(*text).to_owned()),
            "no rule has the keyword {text}"
        );
    }
}

#[test]
fn the_corpus_uses_every_rule() {
    let recogniser = Recogniser::new(&Grammar::read(PAGE));
    for program in PROGRAMS {
        assert!(
            accepted(program),
            "{:?}",
            parse(program.as_bytes()).diagnostics
        );
        assert!(recognised(&recogniser, program));
    }
    let grammar = Grammar::read(PAGE);
    let whole = PROGRAMS.join("\n");
    for text in grammar.texts() {
        assert!(
            whole.contains(&text),
            "no program of the corpus has `{text}`"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn sentences_of_the_page_parse(seed in any::<u64>(), size in 1_u32..60) {
        let sentence = Grammar::read(PAGE).sentence(seed, size);
        let parsed = parse(sentence.as_bytes());
        let codes: Vec<Code> = parsed.diagnostics.list().iter().map(|one| one.code).collect();
        // Depth is bounded by the parser, not by the grammar.
        if codes != [Code::TooDeep] {
            prop_assert!(codes.is_empty(), "{sentence}\n{:?}", parsed.diagnostics);
        }
        let formatted = bitup_compiler::format::format(sentence.as_bytes());
        if let Ok(text) = formatted {
            prop_assert_eq!(bitup_compiler::format::format(text.as_bytes()).ok(), Some(text.clone()), "{}", sentence);
        }
    }

    #[test]
    fn mutated_sentences_are_judged_alike(seed in any::<u64>(), cuts in proptest::collection::vec((any::<u16>(), 0_usize..3, any::<u16>()), 1..3)) {
        let grammar = Grammar::read(PAGE);
        let recogniser = Recogniser::new(&grammar);
        let sentence = grammar.sentence(seed, 3);
        let words: Vec<&str> = sentence.split(' ').filter(|word| !word.is_empty()).collect();
        let mut mutated = words.clone();
        for (at, length, from) in cuts {
            if words.is_empty() { continue; }
            let at = usize::from(at) % (mutated.len() + 1);
            let end = (at + length).min(mutated.len());
            mutated.splice(at..end, [words[usize::from(from) % words.len()]]);
        }
        let source = mutated.join(" ");
        prop_assume!(mutated.len() < 400);
        prop_assert_eq!(accepted(&source), recognised(&recogniser, &source), "{}", source);
    }
}
