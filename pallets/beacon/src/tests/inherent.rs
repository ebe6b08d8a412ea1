//! How the inherent is made and demanded.

use crate::{Call, InherentError, mock::*};
use codec::Encode;
use frame_support::inherent::{InherentData, ProvideInherent};
use parlance_primitives::beacon::INHERENT_IDENTIFIER;
use sp_inherents::IsFatalError;

#[test]
fn the_nodes_contribution_becomes_the_call() {
    new_test_ext().execute_with(|| {
        let contribution = contribution(&author(1), &GENESIS_SEED, 10);
        let mut data = InherentData::new();
        data.put_data(INHERENT_IDENTIFIER, &contribution).unwrap();
        let call = Beacon::create_inherent(&data).unwrap();
        assert_eq!(call, Call::contribute { contribution });
        assert!(Beacon::is_inherent(&call));
        assert!(Beacon::check_inherent(&call, &InherentData::new()).is_ok());
    });
}

#[test]
fn without_data_nothing_is_made() {
    new_test_ext().execute_with(|| {
        assert_eq!(Beacon::create_inherent(&InherentData::new()), None);
    });
}

#[test]
fn damaged_data_makes_nothing_and_does_not_panic() {
    new_test_ext().execute_with(|| {
        for damaged in [vec![0_u8; 3], vec![0xff; 96]] {
            let mut data = InherentData::new();
            data.put_data(INHERENT_IDENTIFIER, &sp_runtime::OpaqueValue::new(damaged))
                .unwrap();
            assert_eq!(Beacon::create_inherent(&data), None);
        }
    });
}

#[test]
fn every_node_demands_it_whatever_its_own_data() {
    new_test_ext().execute_with(|| {
        let demanded = Beacon::is_inherent_required(&InherentData::new())
            .unwrap()
            .unwrap();
        assert_eq!(demanded, InherentError::Missing);
        assert!(demanded.is_fatal_error());
        assert_eq!(demanded.encode(), [0]);
    });
}
