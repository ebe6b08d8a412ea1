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
        until: u32::MAX,
    };
    assert_eq!(purchase.extended(u64::MAX, u32::MAX, 1), None);
    assert_eq!(purchase.extended(1, 2, u32::MAX), None);
    assert!(
        Purchase::default()
            .extended(u64::MAX, u32::MAX, 0)
            .is_some()
    );
}
