use super::mock::*;
use crate::*;
use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    inherent::{InherentData, ProvideInherent},
};
use parlance_primitives::vdpos::INHERENT_IDENTIFIER;

fn told(height: u32) -> InherentData {
    let mut data = InherentData::new();
    data.put_data(INHERENT_IDENTIFIER, &height).unwrap();
    data
}

#[test]
fn finality_is_noted_once_in_a_block_and_not_ahead_of_it() {
    Genesis::new(4, 4).run(|chain| {
        chain.final_parent = false;
        chain.block(chain.slot + 1, || {
            let note = |height| Vdpos::note_finalized(RuntimeOrigin::none(), height);
            assert_noop!(note(1), Error::<Test>::FinalityAhead);
            assert_noop!(
                Vdpos::note_finalized(signed(1), 0),
                sp_runtime::DispatchError::BadOrigin
            );
            assert_ok!(note(0));
            assert_noop!(note(0), Error::<Test>::FinalityNotedBefore);
        });
        chain.block(chain.slot + 1, || {
            assert_ok!(Vdpos::note_finalized(RuntimeOrigin::none(), 0));
        });
    });
}

#[test]
fn the_inherent_carries_what_the_node_told() {
    Genesis::new(4, 4).run(|chain| {
        chain.pass_slots(10);
        let call = Vdpos::create_inherent(&told(7)).unwrap();
        assert!(matches!(call, Call::note_finalized { height: 7 }));
        assert!(Vdpos::is_inherent(&call));
        assert_eq!(call.get_dispatch_info().class, DispatchClass::Mandatory);
        let call = Vdpos::create_inherent(&told(99)).unwrap();
        assert!(
            matches!(call, Call::note_finalized { height: 9 }),
            "not above the parent"
        );
        assert!(
            Vdpos::create_inherent(&InherentData::new()).is_none(),
            "optional"
        );
        let mut garbage = InherentData::new();
        garbage.put_data(INHERENT_IDENTIFIER, &().encode()).unwrap();
        assert!(Vdpos::create_inherent(&garbage).is_none());
        assert!(!Vdpos::is_inherent(&Call::claim {}));
    });
}

#[test]
fn the_lag_of_an_epoch_is_the_median_of_what_authors_told() {
    Genesis::new(4, 4).run(|chain| {
        chain.next_epoch();
        chain.final_parent = false;
        for block in 0..20 {
            let parent = System::block_number();
            // A third of the authors lies.
            let lag = if block % 3 == 0 { 20 } else { 2 };
            chain.block(chain.slot + 1, || {
                assert_ok!(Vdpos::note_finalized(RuntimeOrigin::none(), parent - lag));
            });
        }
        chain.next_epoch();
        assert_eq!(LastLag::<Test>::get(), Some(2));
        assert_eq!(Vdpos::progress().finality_lag, 2);
    });
}
