//! Claims and their openings.

use alloc::vec::Vec;
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use parlance_primitives::{
    BlockNumber,
    relay::{
        Correspondents, Fault, Flaw, LatencyClass, Leaf, MAX_BYTES, Malformed, Opened, Period,
        ReceiptLeaf, RelayId, Root, Scene, Seed, Seeds, Side, TicketLeaf, carried, check_receipt,
        check_ticket, credited, positions, verify,
    },
};
use sp_runtime::traits::Zero;

use crate::{
    Config, CurrentNetwork, CurrentParameters, Error, Event, HoldReason, LOG_TARGET, Pallet,
    Periods, Relays, Rosters,
    core::pay::{carried as estimate, speed, work},
    types::{Earned, Pending, Relay},
};

/// Epochs of the beacon after that of a claim whose seed may challenge it.
const EPOCHS_AFTER: u64 = 2;

/// What an opening showed.
struct Proof<AccountId> {
    bytes: u64,
    /// Bytes carried, whether they count or not.
    carried: u64,
    speed: u16,
    doubts: u32,
    /// Accounts whose leaves were proven.
    seen: Vec<AccountId>,
}

/// What became of the leaves of a tree.
struct Tally<AccountId> {
    doubts: u32,
    seen: Vec<AccountId>,
    classes: Vec<LatencyClass>,
    /// Bytes carried and bytes that count, of each proven draw.
    carried: Vec<(u64, u64)>,
}

/// What makes a claim void.
type Falsehood = (Side, Fault);

impl<T: Config> Pallet<T> {
    pub(crate) fn do_claim(
        who: T::AccountId,
        period: Period,
        tickets: Root,
        receipts: Root,
    ) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        Self::check_time(period)?;
        let is_member = relay.id.is_some_and(|id| Self::is_member(period, id));
        ensure!(is_member, Error::<T>::NotInRoster);
        ensure!(
            relay.last_claim.is_none_or(|last| last < period),
            Error::<T>::AlreadyClaimed
        );
        ensure!(
            tickets.bytes <= MAX_BYTES && receipts.bytes <= MAX_BYTES,
            Error::<T>::TooMuch
        );
        Self::drop_silent(&who, &mut relay);
        Self::settle(&who, &mut relay);
        relay.last_claim = Some(period);
        if tickets.bytes > 0 && receipts.bytes > 0 {
            let pending = Pending {
                period,
                epoch: T::Seeds::epoch(),
                tickets,
                receipts,
            };
            let kept = relay.pending.try_push(pending);
            kept.map_err(|_| Error::<T>::TooManyClaims)?;
        }
        Relays::<T>::insert(&who, relay);
        Self::deposit_event(Event::Claimed {
            relay: who,
            period,
            tickets: tickets.bytes,
            receipts: receipts.bytes,
        });
        Ok(())
    }

    fn check_time(period: Period) -> Result<(), Error<T>> {
        let running = Self::period();
        ensure!(
            period.checked_add(1) == Some(running),
            Error::<T>::WrongPeriod
        );
        let passed = Self::now().saturating_sub(Self::first_block(running));
        let window = CurrentParameters::<T>::get().claim_window;
        ensure!(passed < window, Error::<T>::WindowClosed);
        Ok(())
    }

    pub(crate) fn is_member(period: Period, id: RelayId) -> bool {
        Rosters::<T>::get(Self::roster_of(period))
            .binary_search(&id)
            .is_ok()
    }

    /// Drops claims that nobody opened in time.
    pub(crate) fn drop_silent(who: &T::AccountId, relay: &mut Relay) {
        let running = Self::period();
        relay.pending.retain(|pending| {
            let open = running < Self::closes_in(pending.period);
            if !open {
                Self::deposit_event(Event::Silent {
                    relay: who.clone(),
                    period: pending.period,
                });
            }
            open
        });
    }

    pub(crate) fn do_open(who: T::AccountId, period: Period, opening: &[u8]) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        let found = relay.pending.iter().position(|one| one.period == period);
        let place = found.ok_or(Error::<T>::NoClaim)?;
        ensure!(
            Self::period() < Self::closes_in(period),
            Error::<T>::TooLate
        );
        let pending = relay.pending.remove(place);
        let outcome = Self::judge(&who, &relay, &pending, opening)?;
        Self::settle(&who, &mut relay);
        match outcome {
            Ok(proof) => Self::credit(&who, &mut relay, period, proof),
            Err(falsehood) => Self::punish(&who, &mut relay, period, falsehood),
        }
        Relays::<T>::insert(&who, relay);
        Ok(())
    }

    /// The seed that challenges a claim, once it is there.
    pub(crate) fn challenge_of(pending: &Pending) -> Option<Seed> {
        T::Seeds::seed_from(pending.epoch.saturating_add(EPOCHS_AFTER))
    }

    /// Judges an opening. Errors are about its form and leave the claim open.
    fn judge(
        who: &T::AccountId,
        relay: &Relay,
        pending: &Pending,
        opening: &[u8],
    ) -> Result<Result<Proof<T::AccountId>, Falsehood>, Error<T>> {
        let period = pending.period;
        let record = Periods::<T>::get(period).ok_or(Error::<T>::TooLate)?;
        let challenge = Self::challenge_of(pending).ok_or(Error::<T>::NotDrawn)?;
        let roster = Rosters::<T>::get(Self::roster_of(period));
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let scene = Scene {
            genesis: &genesis,
            period,
            relay: who,
            id: relay.id.ok_or(Error::<T>::NotInRoster)?,
            roster: &roster,
            seed: &record.seed,
            rules: &record.rules,
        };
        let mut rest = opening;
        let draw = |side, root: &Root| positions(&challenge, period, who, side, root);
        let drawn = draw(Side::Tickets, &pending.tickets);
        let tickets = Self::read::<TicketLeaf<T::AccountId>>(&pending.tickets, &drawn, &mut rest)?;
        let drawn = draw(Side::Receipts, &pending.receipts);
        let receipts =
            Self::read::<ReceiptLeaf<T::AccountId>>(&pending.receipts, &drawn, &mut rest)?;
        ensure!(rest.is_empty(), Error::<T>::from(Malformed::LeftOver));

        let at = Self::first_block(period);
        let sent = match Self::tally_tickets(&scene, &tickets, at) {
            Ok(tally) => tally,
            Err(fault) => return Ok(Err((Side::Tickets, fault))),
        };
        let delivered = match Self::tally_receipts(&scene, &receipts, at) {
            Ok(tally) => tally,
            Err(fault) => return Ok(Err((Side::Receipts, fault))),
        };
        let taken_in = credited(pending.tickets.bytes, sent.doubts);
        let given_out = credited(pending.receipts.bytes, delivered.doubts);
        let mut seen = sent.seen;
        seen.extend(delivered.seen);
        let bytes = taken_in.min(given_out).min(relay.capacity);
        let carried = estimate(taken_in, &sent.carried);
        Ok(Ok(Proof {
            bytes,
            carried: carried.min(relay.capacity).max(bytes),
            speed: speed(sent.classes).min(speed(delivered.classes)),
            doubts: sent.doubts.saturating_add(delivered.doubts),
            seen,
        }))
    }

    fn read<L: Leaf>(
        root: &Root,
        drawn: &[u64],
        rest: &mut &[u8],
    ) -> Result<Vec<Opened<L>>, Error<T>> {
        verify::<L>(root, drawn, rest).map_err(Into::into)
    }

    fn tally_tickets(
        scene: &Scene<T::AccountId>,
        opened: &[Opened<TicketLeaf<T::AccountId>>],
        at: BlockNumber,
    ) -> Result<Tally<T::AccountId>, Fault> {
        let mut tally = Tally::new();
        for one in opened {
            let leaf = &one.leaf;
            let device = T::Correspondents::device(&leaf.sender, leaf.device, at);
            let allowance = T::Correspondents::allowance(&leaf.sender, at);
            let verdict = check_ticket(
                scene,
                one,
                device,
                &allowance,
                sp_io::crypto::ed25519_verify,
            );
            if tally.note(verdict, one.draws, &leaf.sender)? {
                let bytes = carried(leaf.bytes, &allowance, scene.rules);
                let draws = (0..one.draws).map(|_| (bytes, leaf.counted));
                tally.carried.extend(draws);
                tally.classes.extend((0..one.draws).map(|_| leaf.latency));
            }
        }
        Ok(tally)
    }

    fn tally_receipts(
        scene: &Scene<T::AccountId>,
        opened: &[Opened<ReceiptLeaf<T::AccountId>>],
        at: BlockNumber,
    ) -> Result<Tally<T::AccountId>, Fault> {
        let mut tally = Tally::new();
        for one in opened {
            let leaf = &one.leaf;
            let device = T::Correspondents::device(&leaf.recipient, leaf.device, at);
            let epoch = T::Correspondents::mailbox_epoch(&leaf.recipient).unwrap_or(0);
            let verdict = check_receipt(scene, one, device, epoch, sp_io::crypto::ed25519_verify);
            if tally.note(verdict, one.draws, &leaf.recipient)? {
                let class = leaf.delivered.latency;
                tally.classes.extend((0..one.draws).map(|_| class));
            }
        }
        Ok(tally)
    }

    /// Counts a proven claim.
    fn credit(who: &T::AccountId, relay: &mut Relay, period: Period, proof: Proof<T::AccountId>) {
        let Proof {
            bytes,
            carried,
            speed,
            doubts,
            seen,
        } = proof;
        let work = work(bytes, speed);
        if work > 0 {
            Periods::<T>::mutate_extant(period, |record| {
                let before = record.work;
                record.work = before.saturating_add(work);
                record.bytes = record.bytes.saturating_add(bytes);
                let earned = Earned {
                    period,
                    before,
                    work,
                };
                // As many periods are open as it has room for, so there is some.
                if relay.earned.try_push(earned).is_err() {
                    log::error!(target: LOG_TARGET, "no room for what {who:?} earned");
                }
            });
        }
        let day = Self::day_of(Self::period());
        relay.service.add(day, bytes);
        relay.health.note_proven(period);
        let own = relay.service.of_day(day);
        CurrentNetwork::<T>::mutate(|network| {
            network.carried.add(day, carried);
            network.best = network.best.max(own);
        });
        for account in &seen {
            T::Correspondents::note_use(account);
        }
        Self::deposit_event(Event::Proven {
            relay: who.clone(),
            period,
            bytes,
            speed,
            doubts,
        });
    }

    /// Burns a part of the bond of a relay that claimed something false.
    fn punish(who: &T::AccountId, relay: &mut Relay, period: Period, (side, fault): Falsehood) {
        let due = CurrentParameters::<T>::get().slash.mul_ceil(relay.bond);
        let burnt = T::Currency::burn_held(
            &HoldReason::Bond.into(),
            who,
            due,
            Precision::BestEffort,
            Fortitude::Force,
        );
        let slashed = burnt.unwrap_or_else(|error| {
            log::error!(target: LOG_TARGET, "bond of {who:?} not burnt: {error:?}");
            0
        });
        relay.bond = relay.bond.saturating_sub(slashed);
        Self::deposit_event(Event::Falsified {
            relay: who.clone(),
            period,
            side,
            fault,
            slashed,
        });
    }
}

impl<AccountId: Clone> Tally<AccountId> {
    fn new() -> Self {
        Self {
            doubts: 0,
            seen: Vec::new(),
            classes: Vec::new(),
            carried: Vec::new(),
        }
    }

    /// Notes a verdict over a leaf that was drawn so often; whether the leaf is proven.
    fn note(
        &mut self,
        verdict: Result<(), Flaw>,
        draws: u32,
        account: &AccountId,
    ) -> Result<bool, Fault> {
        match verdict {
            Ok(()) => {
                self.seen.push(account.clone());
                Ok(true)
            }
            Err(Flaw::Doubtful(_)) => {
                self.doubts = self.doubts.saturating_add(draws);
                Ok(false)
            }
            Err(Flaw::False(fault)) => Err(fault),
        }
    }
}
