use super::mock::Test;
use crate::{Config, WeightInfo};
use frame_support::{
    dispatch::DispatchClass,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_SECOND},
};
use frame_system::limits::BlockWeights;

type Weights = <Test as Config>::WeightInfo;

/// A block may take a second; what the runtime uses.
fn block() -> BlockWeights {
    BlockWeights::with_sensible_defaults(
        Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND, u64::MAX),
        sp_runtime::Perbill::from_percent(75),
    )
}

#[test]
fn each_call_fits_a_block() {
    let most = block().get(DispatchClass::Normal).max_extrinsic.unwrap();
    for (name, weight) in [
        ("set_parameters", Weights::set_parameters()),
        ("register", Weights::register()),
        ("bond_more", Weights::bond_more()),
        ("set_commission", Weights::set_commission()),
        ("retire", Weights::retire()),
        ("vote", Weights::vote(16)),
        ("unvote", Weights::unvote()),
        ("withdraw", Weights::withdraw(32)),
        ("claim", Weights::claim()),
        ("refresh", Weights::refresh()),
        ("note_finalized", Weights::note_finalized()),
        ("report_equivocation", Weights::report_equivocation(101)),
    ] {
        assert!(weight.all_lte(most), "{name}: {weight} of {most}");
        assert!(weight.ref_time() > 1_000_000, "{name} costs something");
    }
}

#[test]
fn the_change_of_an_era_fits_a_block() {
    // The session pallet charges a whole block for a rotation.
    let change = Weights::note_slot(1_024)
        .saturating_add(Weights::rotate_epoch())
        .saturating_add(Weights::rotate_era(512));
    assert!(change.all_lte(block().max_block), "{change}");
}

#[test]
fn weights_grow_with_what_they_depend_on() {
    for (name, least, most) in [
        ("vote", Weights::vote(1), Weights::vote(16)),
        ("withdraw", Weights::withdraw(1), Weights::withdraw(32)),
        (
            "report_equivocation",
            Weights::report_equivocation(4),
            Weights::report_equivocation(101),
        ),
        (
            "rotate_era",
            Weights::rotate_era(1),
            Weights::rotate_era(512),
        ),
    ] {
        assert!(least.ref_time() < most.ref_time(), "{name}");
        assert!(least.proof_size() <= most.proof_size(), "{name}");
    }
    // A slot without a block costs about 2 ns of 40 us: some measurements see it, others do not.
    assert!(Weights::note_slot(0).all_lte(Weights::note_slot(1_023)));
}
