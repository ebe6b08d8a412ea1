//! Whatever the file is, what stands where is found without a crash, and lies in the file.

use bitup_compiler::{
    Source,
    analysis::{Analysis, complete},
    document,
    lexer::lex,
    lint,
};
use proptest::prelude::*;

const TEXTS: [&str; 5] = [
    include_str!("../../examples/group_deposit.bit"),
    include_str!("../../examples/token.bit"),
    include_str!("../../modules/escrow/escrow.test.bit"),
    include_str!("../../std/roles.bit"),
    include_str!("every_rule.bit"),
];

/// Some tokens are left out, doubled or exchanged; the rest of the file may be missing.
fn broken(text: &str, changes: &[(u16, u16, u8)], cut: u16) -> Vec<u8> {
    let tokens = lex(text.as_bytes()).tokens;
    let mut words: Vec<Vec<u8>> = tokens
        .iter()
        .map(|token| token.span.of(text.as_bytes()).to_vec())
        .collect();
    for (at, from, what) in changes {
        let at = usize::from(*at) % words.len();
        let from = words[usize::from(*from) % words.len()].clone();
        match what % 3 {
            0 => words[at].clear(),
            1 => words[at].extend(from),
            _ => words[at] = from,
        }
    }
    if cut.is_multiple_of(4) {
        words.truncate(usize::from(cut) % words.len());
    }
    words.concat()
}

fn program(text: Vec<u8>) -> Vec<Source> {
    let other = "import { A } from \"main.bit\";\ncontract B extends A { }\n";
    let source = |path: &str, text: Vec<u8>| Source {
        path: path.to_owned(),
        text,
    };
    vec![source("main.bit", text), source("other.bit", other.into())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn broken_programs_are_read(
        which in 0..TEXTS.len(),
        changes in proptest::collection::vec(any::<(u16, u16, u8)>(), 0..5),
        cut: u16,
        at: u16,
    ) {
        let text = broken(TEXTS[which], &changes, cut);
        let length = text.len();
        let sources = program(text);
        let analysis = Analysis::new(&sources);
        for one in analysis.names(0) {
            prop_assert!(one.span.end as usize <= length && !one.span.is_empty());
            let symbol = &analysis.symbols[one.symbol];
            let declared = analysis.text(symbol.file, symbol.span);
            prop_assert_eq!(&declared, &symbol.name);
        }
        let at = u32::from(at) % u32::try_from(length + 1).unwrap();
        let _ = complete(&sources, 0, at);
        let _ = analysis.rename(0, at, "another_name");
        let _ = lint::lint(&sources);
        let _ = document::describe(&analysis, 0);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), at: u16) {
        let sources = program(bytes);
        let _ = Analysis::new(&sources);
        let _ = complete(&sources, 0, u32::from(at));
    }
}

/// Every name of the programs here is understood.
#[test]
fn no_name_of_the_corpus_is_left_out() {
    for text in [
        include_str!("../../examples/group_deposit.bit"),
        include_str!("../../examples/token.bit"),
        include_str!("../../modules/escrow/escrow.bit"),
        include_str!("../../modules/red-envelope/red_envelope.bit"),
        include_str!("../../modules/group-deposit/group_deposit.bit"),
    ] {
        let sources = program(text.into());
        let analysis = Analysis::new(&sources[..1]);
        let given = [
            "only", "anyone", "msg", "sender", "value", "block", "time", "number", "transfer",
            "mulDiv", "has", "take", "put", "length", "push", "at", "address", "balance", "old",
            "result", "Rounding", "Down", "Up", "Some", "None", "max", "min", "selector", "from",
            "indexed", "event", "error", "asset", "test", "of", "gas",
        ];
        for token in lex(text.as_bytes()).tokens {
            let word = String::from_utf8_lossy(token.span.of(text.as_bytes())).into_owned();
            if token.kind != bitup_compiler::kind::Kind::Identifier
                || given.contains(&word.as_str())
                || bitup_compiler::check::Type::named(&word).is_some()
                || ["Map", "Option"].contains(&word.as_str())
            {
                continue;
            }
            let found = analysis.at(0, token.span.start);
            assert!(
                found.is_some_and(|one| one.span == token.span),
                "{word} at {}",
                token.span.start
            );
        }
    }
}
