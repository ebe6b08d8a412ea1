//! What accounts can do beyond a single signed call: batches, shared accounts, delegates.

use crate::*;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    parameter_types,
    traits::{ConstU32, InstanceFilter},
};
use parlance_primitives::MILLI;
use sp_runtime::traits::BlakeTwo256;

/// Deposit for `items` storage entries of `bytes` bytes together.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    items as Balance * 20 * MILLI + bytes as Balance * MILLI / 10
}

parameter_types! {
    pub const MultisigDepositBase: Balance = deposit(1, 88);
    pub const MultisigDepositFactor: Balance = deposit(0, 32);
    pub const ProxyDepositBase: Balance = deposit(1, 8);
    pub const ProxyDepositFactor: Balance = deposit(0, 33);
    pub const AnnouncementDepositBase: Balance = deposit(1, 16);
    pub const AnnouncementDepositFactor: Balance = deposit(0, 68);
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

impl pallet_multisig::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type DepositBase = MultisigDepositBase;
    type DepositFactor = MultisigDepositFactor;
    type MaxSignatories = ConstU32<100>;
    type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
    type BlockNumberProvider = System;
}

/// What a proxy may do in the name of its principal.
#[derive(
    Copy,
    Clone,
    Default,
    Eq,
    PartialEq,
    Ord,
    PartialOrd,
    Encode,
    Decode,
    DecodeWithMemTracking,
    Debug,
    MaxEncodedLen,
    scale_info::TypeInfo,
)]
pub enum ProxyType {
    /// Everything.
    #[default]
    Any,
    /// Everything that moves no money and no bond of a relay, and leaves the identity alone, whose devices
    /// read the principal's messages.
    NonTransfer,
    /// Votes in referenda.
    Governance,
    /// Candidacy, votes and claims of VDPoS, session keys, and a relay's claims and openings, but not its
    /// bond.
    Staking,
}

/// Whether a call moves the bond of a relay.
fn moves_bond(call: &RuntimeCall) -> bool {
    matches!(
        call,
        RuntimeCall::Relay(
            pallet_relay::Call::register { .. }
                | pallet_relay::Call::update { .. }
                | pallet_relay::Call::withdraw { .. }
        )
    )
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        match self {
            ProxyType::Any => true,
            ProxyType::NonTransfer => {
                let forbidden = matches!(
                    call,
                    RuntimeCall::Balances(..)
                        | RuntimeCall::Assets(..)
                        | RuntimeCall::Vesting(..)
                        | RuntimeCall::Accounts(..)
                );
                !forbidden && !moves_bond(call)
            }
            ProxyType::Governance => matches!(
                call,
                RuntimeCall::Referenda(..)
                    | RuntimeCall::ConvictionVoting(..)
                    | RuntimeCall::Treasury(..)
                    | RuntimeCall::Utility(..)
            ),
            ProxyType::Staking => {
                let own = matches!(
                    call,
                    RuntimeCall::Vdpos(..)
                        | RuntimeCall::Session(..)
                        | RuntimeCall::Relay(..)
                        | RuntimeCall::Utility(..)
                );
                own && !moves_bond(call)
            }
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        match (self, other) {
            (x, y) if x == y => true,
            (ProxyType::Any, _) => true,
            (_, ProxyType::Any) => false,
            (ProxyType::NonTransfer, _) => true,
            _ => false,
        }
    }
}

impl pallet_proxy::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type ProxyType = ProxyType;
    type ProxyDepositBase = ProxyDepositBase;
    type ProxyDepositFactor = ProxyDepositFactor;
    type MaxProxies = ConstU32<32>;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
    type MaxPending = ConstU32<32>;
    type CallHasher = BlakeTwo256;
    type AnnouncementDepositBase = AnnouncementDepositBase;
    type AnnouncementDepositFactor = AnnouncementDepositFactor;
    type BlockNumberProvider = System;
}
