//! Benchmarks of the contribution and of a rotation.

use super::*;
use frame_benchmarking::v2::*;
use sp_consensus_aura::sr25519::AuthorityId;

/// Public key of the slot key with seed `[1; 32]`.
const KEY: [u8; 32] = [
    0x18, 0x9d, 0xac, 0x29, 0x29, 0x6d, 0x31, 0x81, 0x4d, 0xc8, 0xc5, 0x6c, 0xf3, 0xd3, 0x6a, 0x05,
    0x43, 0x37, 0x2b, 0xba, 0x75, 0x38, 0xfa, 0x32, 0x2a, 0x4a, 0xeb, 0xfe, 0xbc, 0x39, 0xe0, 0x56,
];
/// Its contribution for slot 10 and the seed `[7; 32]`: signing needs secret keys, which a runtime
/// does not have, so it was made once. The test suite below shows that it verifies.
const CONTRIBUTION: [u8; 96] = [
    0x9c, 0x96, 0x6d, 0x04, 0xe7, 0x6a, 0x84, 0xf8, 0x1d, 0xfc, 0xf7, 0xe3, 0x64, 0xde, 0x13, 0x58,
    0x48, 0xdd, 0x67, 0xdd, 0xb5, 0xe2, 0x60, 0xf3, 0xcf, 0xf4, 0x23, 0xfc, 0x7c, 0x60, 0xe4, 0x7e,
    0x0b, 0x29, 0x59, 0x6c, 0xf0, 0x67, 0xcd, 0x4d, 0xf4, 0xd0, 0x84, 0xbb, 0x5a, 0x96, 0xd7, 0x89,
    0x87, 0x74, 0x91, 0x67, 0x65, 0x66, 0xb5, 0x08, 0xb1, 0x19, 0xa2, 0x86, 0xc6, 0x22, 0x07, 0x09,
    0xd8, 0x0b, 0x50, 0x90, 0x2b, 0x4f, 0xdc, 0x7b, 0x04, 0xec, 0x9b, 0xc7, 0xc5, 0x02, 0x80, 0xee,
    0xb8, 0x12, 0x62, 0x87, 0xad, 0x5b, 0xf2, 0x3c, 0x52, 0x5c, 0x3b, 0x7a, 0x45, 0x8f, 0x0c, 0x00,
];

#[benchmarks]
mod benchmarks {
    use super::*;

    /// The body of the call with the fixed contribution instead of one by the runtime's own leader; the
    /// leader is asked all the same, for what that costs.
    #[benchmark]
    fn contribute() -> Result<(), BenchmarkError> {
        let contribution = <Contribution as codec::Decode>::decode(&mut &CONTRIBUTION[..])
            .map_err(|_| BenchmarkError::Stop("the fixed contribution does not decode"))?;
        let key = AuthorityId::from(sp_core::sr25519::Public::from_raw(KEY));
        Owed::<T>::put([7; 32]);
        Mix::<T>::put([1; 32]);
        let accepted;

        #[block]
        {
            core::hint::black_box((T::Leader::slot(), T::Leader::key()));
            let seed = Owed::<T>::take().unwrap_or_default();
            let output = vrf::output(&seed, 10.into(), &key, &contribution);
            accepted = output.is_some();
            Pallet::<T>::mix(&output.unwrap_or_default());
        }

        assert!(accepted);
        assert_ne!(Mix::<T>::get(), [1; 32]);
        Ok(())
    }

    #[benchmark]
    fn rotate() {
        Mix::<T>::put([1; 32]);

        #[block]
        {
            <Pallet<T> as EpochSeed>::rotate(65);
        }

        assert!(Pallet::<T>::seed_of(65).is_some());
        assert!(!Mix::<T>::exists());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
