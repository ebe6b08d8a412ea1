use super::*;
use num_bigint::BigUint;
use proptest::prelude::*;

fn kinds(source: &str) -> Vec<Kind> {
    let lexed = lex(source.as_bytes());
    assert!(
        lexed.diagnostics.is_empty(),
        "{source}: {:?}",
        lexed.diagnostics
    );
    let kinds = lexed.tokens.into_iter().map(|token| token.kind);
    kinds
        .filter(|kind| !kind.is_trivia() && *kind != Kind::EndOfFile)
        .collect()
}

fn codes(source: &[u8]) -> Vec<Code> {
    lex(source)
        .diagnostics
        .list()
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

fn covers(source: &[u8]) {
    let lexed = lex(source);
    let mut offset = 0;
    for token in &lexed.tokens {
        assert_eq!(token.span.start, offset);
        assert!(!token.span.is_empty() || token.kind == Kind::EndOfFile);
        offset = token.span.end;
    }
    assert_eq!(offset as usize, source.len());
    assert_eq!(lexed.tokens.last().unwrap().kind, Kind::EndOfFile);
}

#[test]
fn the_longest_mark_wins() {
    use Kind::*;
    assert_eq!(kinds("a+%=b"), [Identifier, WrapPlusAssign, Identifier]);
    assert_eq!(
        kinds("a **b*c"),
        [Identifier, Power, Identifier, Star, Identifier]
    );
    assert_eq!(kinds("0..n"), [Integer, DotDot, Identifier]);
    assert_eq!(
        kinds("a<<%=b<<%c<<d"),
        [
            Identifier,
            WrapShiftAssign,
            Identifier,
            WrapShift,
            Identifier,
            ShiftLeft,
            Identifier
        ]
    );
    assert_eq!(
        kinds("x ?? y===z!==w"),
        [
            Identifier, Coalescing, Identifier, Equal, Identifier, NotEqual, Identifier
        ]
    );
    assert_eq!(
        kinds("_ _a view viewer"),
        [Underscore, Identifier, ViewWord, Identifier]
    );
}

#[test]
fn every_keyword_and_mark_is_a_token() {
    for (kind, text) in crate::kind::KEYWORDS.iter().chain(MARKS) {
        assert_eq!(kinds(text), [*kind]);
    }
}

#[test]
fn comments_and_texts_are_kept_whole() {
    use Kind::*;
    let lexed = lex("// größe\n/* a * / b */\"a // \\\" b\" hex\"00ff\"".as_bytes());
    let kinds: Vec<_> = lexed.tokens.iter().map(|token| token.kind).collect();
    assert_eq!(
        kinds,
        [
            LineComment,
            Whitespace,
            BlockComment,
            Text,
            Whitespace,
            Bytes,
            EndOfFile
        ]
    );
    assert!(lexed.diagnostics.is_empty());
    assert_eq!(lex(b"\xef\xbb\xbfa").tokens[0].kind, Whitespace);
}

#[test]
fn numbers_reach_256_bits() {
    assert_eq!(integer_value(b"1_000").unwrap(), BigUint::from(1000_u32));
    assert_eq!(integer_value(b"0xff").unwrap(), BigUint::from(255_u32));
    assert_eq!(integer_value(b"0b1010").unwrap(), BigUint::from(10_u32));
    assert_eq!(integer_value(b"0o17").unwrap(), BigUint::from(15_u32));
    assert_eq!(integer_value(b"0").unwrap(), BigUint::ZERO);
    let most = (BigUint::from(1_u32) << 256_u32) - 1_u32;
    assert_eq!(integer_value(most.to_string().as_bytes()).unwrap(), most);
    assert!(
        integer_value((most + 1_u32).to_string().as_bytes())
            .unwrap_err()
            .too_large
    );
    assert!(integer_value(&[b'1'; 5000]).unwrap_err().too_large);
    for wrong in ["0x", "1_", "0b2", "12a", "00", "1e18", "5n", "0x_1"] {
        assert!(
            !integer_value(wrong.as_bytes()).unwrap_err().too_large,
            "{wrong}"
        );
        assert_eq!(codes(wrong.as_bytes()), [Code::MalformedNumber], "{wrong}");
    }
}

#[test]
fn texts_have_few_escapes() {
    assert_eq!(
        text_value(br#""a\n\t\\\"\0\u{1F600}z""#).unwrap(),
        "a\n\t\\\"\0\u{1F600}z"
    );
    for wrong in [
        r#""\x41""#,
        r#""\u{}""#,
        r#""\u{110000}""#,
        r#""\u{d800}""#,
        r#""\u41""#,
        r#""\u{+1}""#,
    ] {
        assert_eq!(codes(wrong.as_bytes()), [Code::UnknownEscape], "{wrong}");
    }
    assert_eq!(bytes_value(b"hex\"00_fF\"").unwrap(), [0, 255]);
    for wrong in ["hex\"0\"", "hex\"0_0\"", "hex\"zz\""] {
        assert_eq!(codes(wrong.as_bytes()), [Code::MalformedBytes], "{wrong}");
    }
}

#[test]
fn what_is_not_closed_is_said_once() {
    assert_eq!(codes(b"/* a"), [Code::UnterminatedComment]);
    assert_eq!(codes(b"\"a\nb"), [Code::UnterminatedText]);
    assert_eq!(codes(b"\"a\\"), [Code::UnterminatedText]);
    assert_eq!(codes(b"hex\"00"), [Code::UnterminatedText]);
}

#[test]
fn foreign_bytes_are_refused_with_their_own_codes() {
    assert_eq!(
        codes(b"a \xff\xfe b"),
        [Code::InvalidUtf8, Code::InvalidUtf8]
    );
    assert_eq!(codes("größe".as_bytes()), [Code::ForeignLetter]);
    assert_eq!(codes("аdmin".as_bytes()), [Code::ForeignLetter]);
    assert_eq!(codes("a € b".as_bytes()), [Code::UnknownCharacter]);
    assert_eq!(codes("a\u{a0}b".as_bytes()), [Code::UnknownCharacter]);
    assert_eq!(
        codes("// a \u{202e} b".as_bytes()),
        [Code::DirectionControl]
    );
    assert_eq!(codes(b"a # b"), [Code::UnknownCharacter]);
}

#[test]
fn a_file_too_long_is_one_token() {
    let source = vec![b'a'; LONGEST_FILE + 1];
    assert_eq!(codes(&source), [Code::FileTooLong]);
    covers(&source);
}

proptest! {
    #[test]
    fn any_bytes_are_covered(source in proptest::collection::vec(any::<u8>(), 0..300)) {
        covers(&source);
    }

    #[test]
    fn any_text_is_covered(source in "[ -~äа€\u{202e}\n\"'`/*\\\\]{0,200}") {
        covers(source.as_bytes());
    }
}
