//! Words of issuance: `docs/economy.md`, and `docs/decisions/0004-issuance.md`.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Who a part of each release is meant for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Share {
    /// Block production: super nodes and those who vote for them.
    Production,
    /// Proof of Relay.
    Relay,
    /// Proof-of-Replication and Proof-of-Spacetime.
    Storage,
    /// Proof of Contribution.
    Contribution,
}

impl Share {
    /// All shares, in the order of their encoding.
    pub const ALL: [Share; 4] = [
        Share::Production,
        Share::Relay,
        Share::Storage,
        Share::Contribution,
    ];
}

/// The supply and where it stands on its schedule, in units of the token.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Supply<Balance> {
    /// Never passed.
    pub cap: Balance,
    /// Allocated at genesis.
    pub genesis: Balance,
    /// Released by the schedule so far.
    pub released: Balance,
    /// Minted out of releases.
    pub minted: Balance,
    /// Released and never paid out: nobody qualified.
    pub lapsed: Balance,
    /// Paid back into the mining pool by users of services.
    pub returned: Balance,
    /// Total issuance now.
    pub issuance: Balance,
}

sp_api::decl_runtime_apis! {
    /// Supply for explorers and dashboards.
    pub trait IssuanceApi<Balance> where Balance: codec::Codec {
        /// The supply now.
        fn supply() -> Supply<Balance>;
    }
}
