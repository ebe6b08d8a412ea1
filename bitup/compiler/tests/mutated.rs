//! Programs whose words were exchanged are built or refused, never broken on; what is built is valid.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{Source, build, lexer::lex, test_program};
use proptest::prelude::*;
use support::validated;

const TEXTS: [&str; 12] = [
    include_str!("../../examples/group_deposit.bit"),
    include_str!("../../examples/token.bit"),
    include_str!("../../modules/escrow/escrow.bit"),
    include_str!("../../modules/red-envelope/red_envelope.bit"),
    include_str!("../../modules/group-deposit/group_deposit.bit"),
    include_str!("contracts/texts.bit"),
    include_str!("contracts/lists.bit"),
    include_str!("contracts/objects.bit"),
    include_str!("contracts/variants.bit"),
    include_str!("contracts/generic.bit"),
    include_str!("contracts/tickets.bit"),
    include_str!("contracts/levels.bit"),
];

/// The text with some tokens exchanged for others of their kind, or for any other.
fn mutated(text: &str, changes: &[(u16, u16, bool)]) -> Vec<u8> {
    let tokens = lex(text.as_bytes()).tokens;
    let mut words: Vec<&[u8]> = tokens
        .iter()
        .map(|token| token.span.of(text.as_bytes()))
        .collect();
    for (at, from, any) in changes {
        let at = usize::from(*at) % tokens.len();
        let same: Vec<usize> = (0..tokens.len())
            .filter(|other| *any || tokens[*other].kind == tokens[at].kind)
            .collect();
        let from = same[usize::from(*from) % same.len()];
        words[at] = tokens[from].span.of(text.as_bytes());
    }
    words.concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn programs_with_other_words_are_built_or_refused(
        changes in proptest::collection::vec((any::<u16>(), any::<u16>(), proptest::bool::weighted(0.1)), 1..4),
    ) {
        for text in TEXTS {
            let source = Source {
                path: "main.bit".to_owned(),
                text: mutated(text, &changes),
            };
            match build(std::slice::from_ref(&source)) {
                Ok(contracts) => {
                    for contract in contracts {
                        validated(&contract.wasm);
                    }
                }
                Err(findings) => prop_assert!(findings.iter().any(|(_, list)| !list.is_empty())),
            }
            // Without a test there is nothing to find.
            if let Err(findings) = test_program(&[source]) {
                prop_assert!(findings.iter().any(|(_, list)| !list.is_empty()));
            }
        }
    }
}
