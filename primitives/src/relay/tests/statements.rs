//! The bytes that are signed: what other implementations must reproduce.

use super::*;
use sp_runtime::Perbill;

#[test]
fn statements_are_what_the_table_says() {
    let relay = AccountId::new([0x22; 32]);
    let person = AccountId::new([0x33; 32]);
    let period = 0x0102_0304u32;
    let bytes = 0x0506_0708_090a_0b0cu64;
    assert_eq!(
        ticket_statement(&GENESIS, period, &relay, &person, bytes, LatencyClass(3)),
        [
            &b"parlance/ticket/1"[..],
            &[0x11; 32],
            &[4, 3, 2, 1],
            &[0x22; 32],
            &[0x33; 32],
            &[0x0c, 0x0b, 0x0a, 9, 8, 7, 6, 5],
            &[3],
        ]
        .concat()
    );
    let delivered = Delivered {
        mailbox_epoch: 0x0102_0304,
        direct: 5,
        fanned: bytes,
        latency: LatencyClass(6),
    };
    assert_eq!(
        receipt_statement(&GENESIS, period, &relay, &person, &delivered),
        [
            &b"parlance/receipt/1"[..],
            &[0x11; 32],
            &[4, 3, 2, 1],
            &[0x22; 32],
            &[0x33; 32],
            &[4, 3, 2, 1],
            &[5, 0, 0, 0, 0, 0, 0, 0],
            &[0x0c, 0x0b, 0x0a, 9, 8, 7, 6, 5],
            &[6],
        ]
        .concat()
    );
}

#[test]
fn latency_classes_double() {
    let limits = [50, 100, 200, 400, 800, 1_600, 3_200];
    for (class, limit) in (0..).zip(limits) {
        assert_eq!(LatencyClass::of(limit), LatencyClass(class));
        assert_eq!(LatencyClass::of(limit + 1), LatencyClass(class + 1));
    }
    assert_eq!(LatencyClass::of(0), LatencyClass(0));
    assert_eq!(LatencyClass::of(u64::MAX), LatencyClass::SLOWEST);
}

#[test]
fn a_fanned_byte_is_worth_a_part() {
    let delivered = Delivered {
        mailbox_epoch: 0,
        direct: 100,
        fanned: 999,
        latency: LatencyClass(0),
    };
    assert_eq!(delivered.worth(Perbill::from_percent(10)), 199);
    assert_eq!(delivered.worth(Perbill::zero()), 100);
    let most = Delivered {
        direct: u64::MAX,
        fanned: u64::MAX,
        ..delivered
    };
    assert_eq!(most.worth(Perbill::one()), u64::MAX);
}
