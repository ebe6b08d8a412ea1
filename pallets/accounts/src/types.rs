//! What the pallet stores, beside the state of [`crate::core`].

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{
    Balance, BlockNumber, DAYS, MILLI, MINUTES, UNIT,
    accounts::{Lane, Resource},
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;

use crate::core::{
    allowance::Bounds,
    gate::{DifficultyRule, Room},
};

/// Rules that governance may change.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Blocks for which an anchor is good. May only get shorter.
    pub anchor_window: BlockNumber,
    /// Difficulty of the puzzle.
    pub difficulty: DifficultyRule,
    /// Room for registrations by work.
    pub work: Room,
    /// Room for registrations by invitation.
    pub invitation: Room,
    /// How long an identity without deposit lives that was never used.
    pub unused_lifetime: BlockNumber,
    /// How long it lives after its last use.
    pub used_lifetime: BlockNumber,
    /// Deposit of an identity, in units.
    #[serde(with = "crate::amounts::one")]
    pub deposit: Balance,
    /// Invitations that an identity with a deposit may give per window, and have open at a time.
    pub invitations: u32,
    /// Length of that window, in blocks.
    pub invitation_window: BlockNumber,
    /// How long an invitation is good.
    pub invitation_lifetime: BlockNumber,
    /// Transactions per window that change an identity without a fee.
    pub free_changes: u32,
    /// Length of that window, in blocks.
    pub change_window: BlockNumber,
    /// Part of the allowance that identities without a deposit have.
    pub newcomer_share: Perbill,
    /// Part of the network's capacity that they have together at most.
    pub newcomer_pool: Perbill,
    /// Bounds of the allowances, in the order of [`Resource::ALL`].
    pub allowances: [Bounds; 3],
    /// Price per mebibyte beyond the allowance, in units, in the order of [`Resource::ALL`].
    #[serde(with = "crate::amounts::three")]
    pub prices: [Balance; 3],
    /// Most periods that allowance may be bought for at a time.
    pub longest_purchase: u32,
}

impl Default for Parameters {
    /// Those of the public chains: `docs/decisions/0006-registration.md` argues them.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        Self {
            anchor_window: 10 * MINUTES,
            difficulty: DifficultyRule {
                floor: 32,
                ceiling: 1 << 20,
                target: 60,
            },
            work: Room {
                per_block: 4,
                per_period: 240,
                standing: 1_000_000,
            },
            invitation: Room {
                per_block: 8,
                per_period: 1_200,
                standing: 2_000_000,
            },
            unused_lifetime: 30 * DAYS,
            used_lifetime: 365 * DAYS,
            deposit: UNIT / 10,
            invitations: 8,
            invitation_window: 7 * DAYS,
            invitation_lifetime: 14 * DAYS,
            free_changes: 4,
            change_window: DAYS,
            newcomer_share: Perbill::from_percent(25),
            newcomer_pool: Perbill::from_percent(10),
            allowances: [
                Bounds {
                    floor: 16 * MIB,
                    ceiling: GIB,
                },
                Bounds {
                    floor: 8 * MIB,
                    ceiling: 256 * MIB,
                },
                Bounds {
                    floor: 32 * MIB,
                    ceiling: 4 * GIB,
                },
            ],
            prices: [MILLI / 100, MILLI / 50, MILLI / 100],
            longest_purchase: 366,
        }
    }
}

impl Parameters {
    /// Room of a way in.
    pub const fn room(&self, lane: Lane) -> &Room {
        match lane {
            Lane::Work => &self.work,
            Lane::Invitation => &self.invitation,
        }
    }

    /// Price per mebibyte, in units.
    pub const fn price(&self, resource: Resource) -> Balance {
        self.prices[resource.index()]
    }

    /// Whether they can be kept, in a runtime where anchors are good for `max_anchor_window` blocks
    /// at most.
    pub fn are_sound(&self, max_anchor_window: BlockNumber) -> bool {
        let difficulty = &self.difficulty;
        let windows = [
            self.anchor_window,
            self.invitation_window,
            self.change_window,
            self.invitation_lifetime,
        ];
        difficulty.floor > 0
            && difficulty.floor <= difficulty.ceiling
            && difficulty.target > 0
            && self.anchor_window <= max_anchor_window
            && self.unused_lifetime > self.anchor_window
            && self.used_lifetime >= self.unused_lifetime
            && windows.iter().all(|blocks| *blocks > 0)
            && self.invitations <= MAX_INVITATIONS
            && self.deposit > 0
            && self.allowances.iter().all(Bounds::are_sound)
    }
}

/// Most invitations in one transaction, and most that [`Parameters::invitations`] may allow.
pub const MAX_INVITATIONS: u32 = 64;
/// Most identities, and most invitations, that one call of `prune` may name.
pub const MAX_PRUNED: u32 = 40;

/// An invitation that nobody has taken.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Invitation<AccountId> {
    /// Who gave it.
    pub inviter: AccountId,
    /// Block from which on it is void.
    pub expires: BlockNumber,
}

/// Sizes of the pallet's maps.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Counts {
    /// Identities without a deposit that came by work.
    pub work: u32,
    /// Identities without a deposit that came by invitation.
    pub invitation: u32,
    /// Identities with a deposit.
    pub backed: u32,
    /// Open invitations.
    pub invitations: u32,
}

impl Counts {
    /// Identities without a deposit that came by a way.
    pub const fn of(&self, lane: Lane) -> u32 {
        match lane {
            Lane::Work => self.work,
            Lane::Invitation => self.invitation,
        }
    }

    /// The same, to change it.
    pub fn of_mut(&mut self, lane: Lane) -> &mut u32 {
        match lane {
            Lane::Work => &mut self.work,
            Lane::Invitation => &mut self.invitation,
        }
    }
}
