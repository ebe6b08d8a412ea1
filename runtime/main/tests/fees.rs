//! Prices are read where `pallet_parameters` keeps them.

mod networks;

use frame_support::{assert_ok, traits::Get};
use networks::started;
use parlance_runtime::{
    Balance, Parameters, Runtime, RuntimeOrigin,
    configs::{
        fees::{OfBytes, OfTime, PerByte, PerPicosecond, Price},
        governance::{RuntimeParameters, RuntimeParametersKey, dynamic::fees as parameters},
    },
};

fn set(parameter: parameters::Parameters) {
    let parameter = RuntimeParameters::Fees(parameter);
    assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), parameter));
}

fn agree() -> (Balance, Balance) {
    let ours: (Balance, Balance) = (PerByte::get(), PerPicosecond::get());
    let theirs: (Balance, Balance) = (parameters::PerByte::get(), parameters::PerPicosecond::get());
    assert_eq!(ours, theirs);
    ours
}

#[test]
fn our_short_way_and_the_pallet_name_the_same_prices() {
    started("dev").execute_with(|| {
        let at_first = agree();
        assert_eq!(at_first, (OfBytes::DEFAULT, OfTime::DEFAULT));
        set(parameters::Parameters::PerByte(
            parameters::PerByte,
            Some(7),
        ));
        assert_eq!(agree(), (7, at_first.1));
        set(parameters::Parameters::PerPicosecond(
            parameters::PerPicosecond,
            Some(u128::MAX),
        ));
        assert_eq!(agree(), (7, u128::MAX));
        set(parameters::Parameters::PerByte(parameters::PerByte, None));
        assert_eq!(agree(), (at_first.0, u128::MAX));
    });
}

#[test]
fn the_keys_are_those_of_the_map() {
    let key = |key| {
        let key = RuntimeParametersKey::Fees(key);
        pallet_parameters::Parameters::<Runtime>::hashed_key_for(key)
    };
    started("dev").execute_with(|| {
        let byte = parameters::ParametersKey::PerByte(parameters::PerByte);
        let time = parameters::ParametersKey::PerPicosecond(parameters::PerPicosecond);
        assert_eq!(key(byte), OfBytes::KEY);
        assert_eq!(key(time), OfTime::KEY);
    });
}
