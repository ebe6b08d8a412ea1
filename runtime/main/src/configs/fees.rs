//! Prices of execution and of bytes, which governance may change.
//!
//! They are parameters of `pallet_parameters`. A transaction asks for them nine times, and each time the map would hash
//! its prefix and its key anew, by calls to the host. Their places in the state never change, so here they
//! stand as constants; a test holds them against the pallet's own.

use crate::*;
use core::marker::PhantomData;
use frame_support::{storage::unhashed, traits::Get};
use hex_literal::hex;
use parlance_primitives::MICRO;

/// Price of a byte in a block until governance changes it, in units of the token.
pub const PER_BYTE: Balance = 10 * MICRO;
/// Price of a picosecond of execution until governance changes it, in units of the token.
pub const PER_PICOSECOND: Balance = 4;

/// A parameter that is a price.
pub trait Price {
    /// Its key in the state.
    const KEY: [u8; 50];
    /// What it is where nobody has changed it.
    const DEFAULT: Balance;
}

/// `dynamic::fees::PerByte`.
pub struct OfBytes;

impl Price for OfBytes {
    const KEY: [u8; 50] = hex!(
        "c63bdd4a39095ccf55623a6f2872bf8ac63bdd4a39095ccf55623a6f2872bf8a"
        "71d0aacb690b61280d0c97c6b6a666640000"
    );
    const DEFAULT: Balance = PER_BYTE;
}

/// `dynamic::fees::PerPicosecond`.
pub struct OfTime;

impl Price for OfTime {
    const KEY: [u8; 50] = hex!(
        "c63bdd4a39095ccf55623a6f2872bf8ac63bdd4a39095ccf55623a6f2872bf8a"
        "0f16feb77e3c129bd8bd4c439f12ebd10001"
    );
    const DEFAULT: Balance = PER_PICOSECOND;
}

/// The present value of a price.
pub struct Current<P>(PhantomData<P>);

/// Price of a byte in a block.
pub type PerByte = Current<OfBytes>;
/// Price of a picosecond of execution.
pub type PerPicosecond = Current<OfTime>;

impl<P: Price> Get<Balance> for Current<P> {
    fn get() -> Balance {
        // The pallet stores a parameter behind the indices of its group and of itself.
        unhashed::get::<(u8, u8, Balance)>(&P::KEY).map_or(P::DEFAULT, |(_, _, price)| price)
    }
}
