//! Each call fits a block many times over, and what nobody pays for fits it often enough.

use codec::MaxEncodedLen;
use frame_support::weights::Weight;
use parlance_primitives::accounts::{Identity, MAX_CHANGES};

use crate::{MAX_INVITATIONS, MAX_PRUNED, Parameters, WeightInfo};

#[test]
fn each_call_fits_a_block() {
    // Half a second of computation and half a mebibyte of proof: a quarter of what a block may
    // take.
    let quarter = Weight::from_parts(500_000_000_000, 512 * 1_024);
    for (name, weight) in [
        ("validate_work", <() as WeightInfo>::validate_work()),
        ("validate_invitation", <()>::validate_invitation()),
        ("register", <()>::register()),
        ("change_identity", <()>::change_identity(MAX_CHANGES)),
        ("remove_identity", <()>::remove_identity()),
        ("back_identity", <()>::back_identity()),
        ("invite", <()>::invite(MAX_INVITATIONS)),
        (
            "revoke_invitations",
            <()>::revoke_invitations(MAX_INVITATIONS),
        ),
        ("prune", <()>::prune(MAX_PRUNED, MAX_PRUNED)),
        ("buy_allowance", <()>::buy_allowance()),
        ("set_parameters", <()>::set_parameters()),
        ("open_registration_period", <()>::open_registration_period()),
        ("open_allowance_period", <()>::open_allowance_period()),
    ] {
        assert!(weight.all_lte(quarter), "{name} takes {weight:?}");
        assert!(weight.ref_time() > 0, "{name} takes no time");
    }
}

#[test]
fn registrations_without_a_fee_take_a_small_part_of_a_block() {
    let rules = Parameters::default();
    let each = <()>::register()
        .saturating_add(<()>::validate_work())
        .max(<()>::register().saturating_add(<()>::validate_invitation()));
    let most = each.saturating_mul((rules.work.per_block + rules.invitation.per_block).into());
    // A hundredth of two seconds.
    assert!(most.ref_time() <= 20_000_000_000, "{most:?}");
}

#[test]
fn an_identity_is_as_large_as_the_readme_says() {
    assert_eq!(Identity::max_encoded_len(), 1_162);
    assert!(include_str!("../../README.md").contains("at most 1,162 bytes"));
}
