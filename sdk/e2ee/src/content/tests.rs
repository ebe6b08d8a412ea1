use super::*;
use crate::codec_bounds::Text;
use rand_core::Rng;
use std::vec;

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

/// One of each kind.
pub fn samples() -> Vec<Body> {
    let range = MentionRange {
        start: 0,
        length: 4,
        account: [7; 32],
    };
    vec![
        Body::Text(WrittenText {
            text: text("hello"),
        }),
        Body::Reply(Reply {
            to: [1; 16],
            text: text("yes"),
        }),
        Body::Reaction(Reaction {
            to: [1; 16],
            emoji: text("👍"),
        }),
        Body::Edit(Edit {
            of: [1; 16],
            text: text("hallo"),
        }),
        Body::Delete(Delete { of: [1; 16] }),
        Body::Receipt(Receipt {
            kind: ReceiptKind::Read,
            messages: List::new(vec![[1; 16], [2; 16]], "receipts").unwrap(),
        }),
        Body::Typing(TypingState::Typing),
        Body::File(FileReference {
            content: [2; 32],
            key: [3; 32],
            length: 1 << 40,
            name: text("a.jpg"),
            media_type: text("image/jpeg"),
            preview: Bounded::new(vec![4; 100], "preview").unwrap(),
            sources: List::new(vec![FileSource::new(FileSource::RELAYS)], "sources").unwrap(),
        }),
        Body::Mention(Mention {
            text: text("@Bob look"),
            ranges: List::new(vec![range], "mentions").unwrap(),
        }),
        Body::Payment(Payment {
            kind: PaymentKind::Tip,
            amount: 10u128.pow(18),
            reference: [5; 32],
            block: 77,
            note: text("thanks"),
        }),
        Body::Call(CallSignal {
            call: [6; 16],
            kind: CallSignalKind::Offer,
            payload: Bounded::new(vec![7; 50], "signal").unwrap(),
        }),
        Body::Timer(Timer {
            lifetime: Some(3_600),
        }),
        Body::Resend(Resend {
            stream: 1_700_000_000_000,
            after: 7,
        }),
        Body::Transfer(Transfer::Ask {
            transfer: [1; 16],
            page: 3,
            from: Some(Place {
                conversation: [2; 32],
                below: 7,
            }),
        }),
        Body::Transfer(Transfer::Piece {
            transfer: [1; 16],
            page: 3,
            number: 0,
            of: 2,
            bytes: Bounded::new(vec![9; 40], "piece").unwrap(),
        }),
        Body::NoTrace(NoTrace::Accept {
            session: [1; 16],
            identity: crate::DeviceIdentity::from_secrets(&[2; 32], &[3; 32]).public(),
            message: Bounded::new(vec![9; 40], "message").unwrap(),
        }),
        Body::NoTrace(NoTrace::Alive),
        Body::FileStep(FileStep::Piece {
            file: [2; 32],
            number: 1,
            of: 2,
            bytes: Bounded::new(vec![9; 40], "piece").unwrap(),
        }),
        Body::FileStep(FileStep::Ask {
            file: [2; 32],
            gaps: List::new(vec![(0, 1), (5, 9)], "gaps").unwrap(),
        }),
        Body::FileStep(FileStep::Gone { file: [2; 32] }),
        Body::Unknown {
            kind: 9_999,
            bytes: Bounded::new(vec![8; 30], "unknown").unwrap(),
        },
    ]
}

#[test]
fn every_kind_survives_a_round_trip() {
    for body in samples() {
        let mut content = Content::new([9; 16], 1_700_000_000_000, body);
        content.lifetime = Some(60);
        let bytes = content.to_bytes().unwrap();
        assert_eq!(Content::from_bytes(&bytes).unwrap(), content);
    }
}

#[test]
fn what_a_newer_client_added_survives() {
    for body in samples() {
        let known = !matches!(body, Body::Unknown { .. });
        let mut content = Content::new([9; 16], 5, body);
        if known {
            content.rest = Bounded::new(vec![1, 2, 3], "rest").unwrap();
        }
        let bytes = Bounded::new(vec![4, 5], "extension").unwrap();
        content.extensions = List::new(vec![Extension { kind: 77, bytes }], "extensions").unwrap();
        let bytes = content.to_bytes().unwrap();
        let back = Content::from_bytes(&bytes).unwrap();
        assert_eq!(back, content);
        assert_eq!(back.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn a_file_in_a_place_that_is_not_known_is_a_file() {
    let source = FileSource {
        kind: 900,
        place: Bounded::new(vec![1, 2], "place").unwrap(),
    };
    let Some(Body::File(mut file)) = samples().into_iter().find(|it| matches!(it, Body::File(_)))
    else {
        panic!("there is a file among the samples");
    };
    file.sources = List::new(vec![source], "sources").unwrap();
    assert!(!file.is_at(FileSource::RELAYS));
    let content = Content::new([9; 16], 5, Body::File(file));
    let bytes = content.to_bytes().unwrap();
    assert_eq!(Content::from_bytes(&bytes).unwrap(), content);
}

#[test]
fn a_known_kind_that_does_not_decode_is_kept_as_unknown() {
    let body = Body::Unknown {
        kind: 6,
        bytes: Bounded::new(vec![250, 1, 2], "test").unwrap(),
    };
    let bytes = Content::new([9; 16], 5, body.clone()).to_bytes().unwrap();
    assert_eq!(Content::from_bytes(&bytes).unwrap().body, body);
}

#[test]
fn what_decodes_encodes_to_the_same_bytes() {
    let mut rng = crate::test_rng::rng(11);
    let mut decoded = 0;
    for round in 0..20_000usize {
        let samples = samples();
        let body = samples[round % samples.len()].clone();
        let mut bytes = Content::new([9; 16], 5, body).to_bytes().unwrap();
        for _ in 0..1 + rng.next_u32() % 3 {
            let place = rng.next_u32() as usize % bytes.len();
            bytes[place] = rng.next_u32() as u8;
        }
        if let Ok(content) = Content::from_bytes(&bytes) {
            decoded += 1;
            assert_eq!(content.to_bytes().unwrap(), bytes);
        }
    }
    assert!(decoded > 1_000);
}

#[test]
fn a_content_beyond_the_bound_is_refused() {
    let body = Body::Text(WrittenText {
        text: text(&"x".repeat(bounds::MAX_TEXT)),
    });
    let mut content = Content::new([9; 16], 5, body);
    assert!(content.to_bytes().is_ok());
    let bytes = Bounded::new(vec![0; 20_000], "extension").unwrap();
    content.extensions = List::new(vec![Extension { kind: 1, bytes }], "extensions").unwrap();
    assert!(matches!(content.to_bytes(), Err(Error::TooLong { .. })));
    assert!(Text::<{ bounds::MAX_TEXT }>::new("x".repeat(bounds::MAX_TEXT + 1)).is_err());
}
