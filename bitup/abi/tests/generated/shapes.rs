//! `Shapes`, written by `bitup bindings`: it is written anew when the contract changes.

use parity_scale_codec::{Decode, DecodeAll, Encode};

/// An account, of a user or a contract.
pub type Account = [u8; 32];
/// A hash.
pub type Hash = [u8; 32];
/// An integer of 256 bits, the lowest 64 first.
pub type U256 = [u64; 4];

/// A constructor or method with its arguments.
pub trait Call: Encode {
    /// The bytes in front of the arguments.
    const SELECTOR: [u8; 4];
    /// Whether tokens may come with it.
    const PAYABLE: bool;
    /// Whether it may write.
    const WRITES: bool;
    /// What comes back.
    type Answer: Decode;

    /// What is sent to the contract.
    fn data(&self) -> Vec<u8> {
        let mut data = Self::SELECTOR.to_vec();
        self.encode_to(&mut data);
        data
    }

    /// Reads what came back.
    fn answer(data: &[u8]) -> Result<Self::Answer, parity_scale_codec::Error> {
        Self::Answer::decode_all(&mut &data[..])
    }
}

/// The hash of the contract's code.
pub const CODE_HASH: Hash = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01];

/// The types of the contract.
pub mod types {
    #![allow(missing_docs, unused_imports)]
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub struct Share {
        pub owner: Account,
        pub per_mille: u8,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub enum Offer {
        #[codec(index = 0)]
        Empty,
        #[codec(index = 3)]
        Sold { by: Account, share: types::Share },
        #[codec(index = 4)]
        Sum { value0: U256 },
    }

    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub enum Stage {
        #[codec(index = 0)]
        Open,
        #[codec(index = 1)]
        Closed,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub enum LangError {
        #[codec(index = 1)]
        CouldNotReadInput,
    }
}

/// Constructors and methods.
pub mod calls {
    #![allow(missing_docs, unused_imports)]
    use super::*;

    /// Makes one.
    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub struct New {
    }

    impl Call for New {
        const SELECTOR: [u8; 4] = [0x9b, 0xae, 0x9d, 0x5e];
        const PAYABLE: bool = true;
        const WRITES: bool = true;
        type Answer = Result<Result<types::Offer, types::Stage>, types::LangError>;
    }

    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub struct AllOf {
        pub yes: bool,
        pub name: String,
        pub type_: i16,
        pub who: Account,
        pub data: Vec<u8>,
        pub list: Vec<i16>,
        pub two: [bool; 2],
        pub pair: (u8, String,),
        pub maybe: Option<u128>,
        pub stage: types::Stage,
        pub offers: Vec<types::Offer>,
        pub small: parity_scale_codec::Compact<u128>,
    }

    impl Call for AllOf {
        const SELECTOR: [u8; 4] = [0x01, 0x02, 0x03, 0x04];
        const PAYABLE: bool = false;
        const WRITES: bool = false;
        type Answer = Result<Result<types::Offer, types::Stage>, types::LangError>;
    }
}

/// Events.
pub mod events {
    #![allow(missing_docs, unused_imports)]
    use super::*;

    /// It was sold.
    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
    pub struct Sold {
        pub share: types::Share,
        pub price: u128,
    }

    impl Sold {
        /// The first topic of the event.
        pub const TOPIC: Hash = [0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02];
    }
}
