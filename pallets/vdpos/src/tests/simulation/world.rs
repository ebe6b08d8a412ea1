//! Slots pass: who is up makes a block, who is down does not.

use super::{
    actors,
    checks::{Model, Seen},
    dice::Dice,
    faults::Faults,
};
use crate::{tests::mock::*, *};
use frame_support::traits::{OnFinalize, OnInitialize};
use parlance_primitives::Balance;
use sp_runtime::Digest;
use std::collections::BTreeMap;

/// How hard life is.
#[derive(Clone, Copy)]
pub struct Temper {
    /// A node crashes once in so many of its slots.
    pub crash: u64,
    /// Something is done in one of so many blocks.
    pub act: u64,
    /// The network stands still once in so many slots.
    pub outage: u64,
}

impl Temper {
    /// Crashes, outages, and something in every second block.
    pub fn rough() -> Self {
        Self {
            crash: 400,
            act: 2,
            outage: 9_000,
        }
    }
}

/// How finality does in this era.
#[derive(Clone, Copy)]
enum Finality {
    Quick,
    Slow,
    Stuck,
}

/// The chain, what goes wrong with it, and what is known of it from outside.
pub struct World {
    /// Slot that passed last, with or without a block.
    slot: u64,
    pub dice: Dice,
    temper: Temper,
    /// Crashed nodes, and the slot in which they are back.
    down: BTreeMap<AccountId, u64>,
    finality: Finality,
    pub blocks: u32,
    pub model: Model,
    faults: Faults,
    pub seen: Seen,
}

impl World {
    pub fn new(dice: Dice, temper: Temper) -> Self {
        let model = Model::new(Balances::total_issuance());
        Self {
            slot: 1_000_003,
            dice,
            temper,
            down: BTreeMap::new(),
            finality: Finality::Quick,
            blocks: 0,
            model,
            faults: Faults::new(),
            seen: Seen::default(),
        }
    }

    /// One slot, with or without a block; now and then an outage of everything.
    pub fn pass_slot(&mut self) {
        if self.dice.one_in(self.temper.outage) {
            self.stand_still();
        }
        self.slot += 1;
        let slot = self.slot;
        let owner = Chain::owner(slot);
        self.model.pass(owner);
        if self.is_down(owner, slot) {
            return;
        }
        let acts = self.dice.one_in(self.temper.act);
        self.block(slot, acts);
    }

    /// Nobody makes blocks for longer than a round: an outage that is nobody's fault.
    fn stand_still(&mut self) {
        let round = Schedule::<Test>::get().len() as u64;
        self.slot += round + 1 + self.dice.below(3 * round);
        self.model.stand_still();
        // The next block comes from whoever is up; slots without one only make the gap longer.
        while self.is_down(Chain::owner(self.slot + 1), self.slot + 1) {
            self.slot += 1;
        }
        self.seen.outages += 1;
    }

    /// Whether the owner of `slot` is down in it; may crash it.
    fn is_down(&mut self, owner: AccountId, slot: u64) -> bool {
        if self.down.get(&owner).is_some_and(|back| slot < *back) {
            return true;
        }
        self.down.remove(&owner);
        let seats = Seats::<Test>::get();
        let is_seated = |who: &&AccountId| seats.iter().any(|seat| seat.account == **who);
        let missing = self.down.keys().filter(is_seated).count();
        // Less than a third down, or nobody would be left to elect.
        if self.dice.one_in(self.temper.crash) && 3 * (missing + 1) < seats.len() {
            let epoch = u64::from(CurrentParameters::<Test>::get().epoch_slots);
            let back = slot + 1 + self.dice.below(4 * epoch);
            self.down.insert(owner, back);
            self.seen.crashes += 1;
            return true;
        }
        false
    }

    /// Makes the block of `slot`, then looks at what it did.
    fn block(&mut self, slot: u64, acts: bool) {
        let lag = match self.finality {
            Finality::Quick => self.dice.below(4),
            Finality::Slow => 4 + self.dice.below(7),
            Finality::Stuck => 11 + self.dice.below(30),
        };
        // One author in twenty states nonsense.
        let lag = if self.dice.one_in(20) {
            self.dice.below(1_000)
        } else {
            lag
        };
        let (dice, seen, faults) = (&mut self.dice, &mut self.seen, &mut self.faults);
        make_block(slot, || {
            let parent = System::block_number() - 1;
            let height = parent.saturating_sub(lag);
            Vdpos::note_finalized(RuntimeOrigin::none(), height).expect("noted once");
            if acts {
                actors::act(dice, seen, faults);
            }
            faults.report_due(dice, seen);
        });
        self.blocks += 1;
        let before = CurrentEra::<Test>::get().index;
        self.model.after_block(&mut self.seen);
        if self.model.era_began() {
            self.finality = match before % 7 {
                0..=3 => Finality::Quick,
                4 | 5 => Finality::Slow,
                _ => Finality::Stuck,
            };
        }
    }

    /// Everybody takes their money: after the unbonding period nothing is left of any vote, and every
    /// token that was not slashed is free.
    pub fn everybody_goes_home(&mut self) {
        let voters: Vec<_> = Voters::<Test>::iter_keys()
            .chain(Unbonding::<Test>::iter_keys())
            .collect();
        self.home_block(|| {
            for who in &voters {
                let tokens = |who| Voters::<Test>::get(who).map_or(0, |voter| voter.tokens());
                assert!(actors::does(*who, Call::refresh { voter: *who }) || tokens(who) == 0);
                let amount = tokens(who);
                if amount > 0 && !actors::does(*who, Call::unvote { amount }) {
                    // Too much was under way already: what has matured makes room.
                    actors::does(*who, Call::withdraw { who: *who });
                }
            }
        });
        for _ in 0..3 {
            let (period, epochs) = {
                let parameters = CurrentParameters::<Test>::get();
                (parameters.unbonding_eras + 2, parameters.epochs_per_era)
            };
            for _ in 0..period * epochs {
                self.quiet_epoch();
            }
            self.home_block(|| {
                for who in &voters {
                    actors::does(*who, Call::withdraw { who: *who });
                    let amount = Voters::<Test>::get(who).map_or(0, |voter| voter.tokens());
                    actors::does(*who, Call::unvote { amount });
                    actors::does(*who, Call::claim {});
                }
            });
        }
        assert_eq!(Voters::<Test>::iter().count(), 0, "nobody votes any more");
        assert_eq!(
            Unbonding::<Test>::iter().count(),
            0,
            "nothing is on its way"
        );
        for who in voters {
            assert_eq!(stake_on_hold(who), 0, "{who} has all its tokens back");
        }
        self.model.check_money();
        assert_invariants();
    }

    /// A block of the way home: everybody is up, and only money counts.
    fn home_block(&mut self, content: impl FnOnce()) {
        self.slot += 1;
        make_block(self.slot, content);
        self.model.read_events(&mut self.seen);
    }

    /// An epoch in which everybody works and nobody acts.
    fn quiet_epoch(&mut self) {
        let epoch = CurrentEpoch::<Test>::get().index;
        while CurrentEpoch::<Test>::get().index == epoch {
            self.home_block(|| {});
        }
    }
}

/// Executes the block of `slot`, as far as this pallet is concerned. No header is made: the root of the
/// state would take longer than all the rest.
fn make_block(slot: u64, content: impl FnOnce()) {
    let number = System::block_number() + 1;
    System::reset_events();
    System::initialize(
        &number,
        &Default::default(),
        &Digest {
            logs: vec![pre_digest(slot)],
        },
    );
    <AllPalletsWithSystem as OnInitialize<u64>>::on_initialize(number);
    Timestamp::set(RuntimeOrigin::none(), slot * SLOT_MS).expect("time moves on");
    content();
    <AllPalletsWithSystem as OnFinalize<u64>>::on_finalize(number);
    // What the system pallet forgets when it makes a header.
    frame_system::BlockHash::<Test>::remove(number.saturating_sub(2));
}

/// All the money that there is, account by account.
pub fn money_of_everybody() -> Balance {
    frame_system::Account::<Test>::iter_values()
        .map(|account| account.data.free + account.data.reserved)
        .sum()
}
