//! What is written is read; what is short or strange is refused.

use super::*;

fn heads() -> [Head; 4] {
    let call = Head {
        kind: Kind::Call(CallId(17)),
        session: 3,
        gas: u64::MAX - 5,
        room: [Some(32), None],
        lengths: [Some(36), None, Some(0), None, Some(7)],
        arguments: core::array::from_fn(|place| u64::MAX - place as u64),
    };
    let end = |kind| Head {
        kind,
        room: [None; MAX_OUTPUTS],
        lengths: [None; MAX_INPUTS],
        arguments: [0; MAX_PARAMS],
        ..call
    };
    [
        call,
        end(Kind::Done(None)),
        end(Kind::Done(Some(-7))),
        end(Kind::Trapped(Trap::OutOfBounds)),
    ]
}

#[test]
fn the_head_has_the_documented_length() {
    assert_eq!(HEAD, 48 + 8 * MAX_PARAMS);
    assert_eq!(24 + 4 * MAX_INPUTS, 44);
    assert_eq!(16 + 4 * MAX_OUTPUTS, 24);
    const { assert!(BUFFER > HEAD) };
}

#[test]
fn what_is_written_is_read() {
    for head in heads() {
        let mut buffer = [0xee; BUFFER];
        head.write(&mut buffer).unwrap();
        assert_eq!(Head::read(&buffer), Some(head));
        assert!(buffer[HEAD..].iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn a_short_buffer_is_left_alone() {
    for head in heads() {
        for len in 0..HEAD {
            let mut buffer = vec![0xee; len];
            assert_eq!(head.write(&mut buffer), None);
            assert!(buffer.iter().all(|byte| *byte == 0xee));
            assert_eq!(Head::read(&buffer), None);
        }
    }
}

#[test]
fn no_bytes_make_reading_panic() {
    let mut state = 1_u64;
    for _ in 0..10_000 {
        let buffer: Vec<u8> = (0..HEAD)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8 & 3
            })
            .collect();
        if let Some(head) = Head::read(&buffer) {
            let mut again = [0; HEAD];
            head.write(&mut again).unwrap();
            assert_eq!(Head::read(&again), Some(head));
        }
    }
}

#[test]
fn room_without_end_is_not_read_as_none() {
    let mut head = heads()[0];
    head.room[0] = Some(u32::MAX);
    let mut buffer = [0; HEAD];
    head.write(&mut buffer).unwrap();
    assert_eq!(Head::read(&buffer).unwrap().room[0], Some(u32::MAX - 1));
}
