//! Purchases: whoever buys bit by bit pays for what it gets, once.

use proptest::prelude::*;

use crate::core::purchase::{PRICED, Purchase, price};

proptest! {
    /// However a purchase grows, all that was paid for is exactly what is given.
    #[test]
    fn what_is_given_is_what_was_paid_for(
        steps in prop::collection::vec((0u32..5, 0u64..1_000, 0u32..20), 1..30),
    ) {
        let mut purchase = Purchase::default();
        let (mut now, mut paid, mut given) = (1, 0u128, 0u128);
        for (pass, bytes, periods) in steps {
            for period in now..now + pass {
                given += u128::from(purchase.in_period(period));
            }
            now += pass;
            if let Some((next, due)) = purchase.extended(bytes, periods, now) {
                prop_assert!(due > 0);
                prop_assert!(next.in_period(now) >= purchase.in_period(now));
                prop_assert_eq!(next.in_period(now - 1), purchase.in_period(now - 1));
                paid += due;
                purchase = next;
            }
        }
        for period in now..=purchase.until.max(now) {
            given += u128::from(purchase.in_period(period));
        }
        prop_assert_eq!(given, paid);
    }

    #[test]
    fn the_price_is_rounded_up(bytes in 1..u128::from(u64::MAX), per_mebibyte in 1u128..1 << 60) {
        let exact = price(bytes, per_mebibyte);
        prop_assert!(exact * PRICED >= bytes.saturating_mul(per_mebibyte));
        prop_assert!(exact > 0);
    }
}

#[test]
fn nothing_overflows() {
    let purchase = Purchase {
        bytes: u64::MAX,
        from: 0,
        until: u32::MAX,
        before: 0,
    };
    assert_eq!(purchase.extended(u64::MAX, u32::MAX, 1), None);
    assert_eq!(purchase.extended(1, 2, u32::MAX), None);
    assert!(
        Purchase::default()
            .extended(u64::MAX, u32::MAX, 0)
            .is_some()
    );
}

/// What was bought today is not there yesterday, and what was there yesterday stays.
#[test]
fn nobody_buys_for_the_period_before() {
    let (first, _) = Purchase::default().extended(10, 3, 5).unwrap();
    let given = |purchase: &Purchase| [3, 4, 5, 6, 7, 8].map(|period| purchase.in_period(period));
    assert_eq!(given(&first), [0, 0, 10, 10, 10, 0]);
    // More on the same day, and a day later.
    let (more, due) = first.extended(15, 3, 5).unwrap();
    assert_eq!((given(&more), due), ([0, 0, 15, 15, 15, 0], 15));
    let (later, due) = more.extended(40, 3, 6).unwrap();
    assert_eq!((given(&later), due), ([0, 0, 15, 40, 40, 40], 90));
    let (again, _) = later.extended(41, 3, 6).unwrap();
    assert_eq!(given(&again), [0, 0, 15, 41, 41, 41]);
    // Anew, after it has run out.
    let (anew, due) = later.extended(2, 1, 10).unwrap();
    assert_eq!((anew.in_period(9), anew.in_period(10), due), (0, 2, 2));
    let (at_once, _) = later.extended(2, 1, 9).unwrap();
    assert_eq!((at_once.in_period(8), at_once.in_period(9)), (40, 2));
    // There is nothing before the first period.
    let (at_genesis, _) = Purchase::default().extended(1, 1, 0).unwrap();
    assert_eq!(at_genesis.in_period(0), 1);
    assert_eq!(at_genesis.in_period(u32::MAX), 0);
}
