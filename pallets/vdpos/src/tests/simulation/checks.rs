//! What must be true, found out without the pallet's own arithmetic.

use super::world::money_of_everybody;
use crate::{core::schedule::CAPPED_FROM, tests::mock::*, *};
use codec::Encode;
use parlance_primitives::{Balance, vdpos::Index};
use sp_consensus_aura::{AURA_ENGINE_ID, ConsensusLog};
use sp_core::crypto::key_types::AURA;
use sp_runtime::{DigestItem, Perbill};
use std::collections::{BTreeMap, BTreeSet};

/// Epochs after which shares are compared with weights.
const SHORT_WINDOW: u32 = 20;
const LONG_WINDOW: u32 = 400;

/// What happened, so that a life in which nothing happens is no proof.
#[derive(Debug, Default)]
pub struct Seen {
    pub crashes: u32,
    pub outages: u32,
    pub tiny_claims: u32,
    /// Faults right after a change of keys, right before one, and reported in a later epoch.
    pub rekeyed_before: u32,
    pub rekeyed_after: u32,
    pub reported_later: u32,
    /// Faults whose report came too late.
    pub forgotten: u32,
    /// Faults by who came in from standby and was not in the session yet.
    pub stand_ins: u32,
    /// Calls by kind: accepted and refused.
    pub calls: BTreeMap<&'static str, (u32, u32)>,
    struck: u32,
    taken_over: u32,
    banned: u32,
    slashed: u32,
    elections: u32,
    set_changes: u32,
    grown: u32,
    shrunk: u32,
    quality_lost: u32,
    quality_regained: u32,
    burnt_from_voters: u32,
    long_windows: u32,
}

impl Seen {
    pub fn note(&mut self, kind: &'static str, accepted: bool) {
        let (yes, no) = self.calls.entry(kind).or_default();
        if accepted { *yes += 1 } else { *no += 1 }
    }

    /// A long life has seen everything, a short one its share.
    pub fn assert_everything_happened(&self, blocks: u32) {
        let always = [self.crashes, self.elections, self.set_changes];
        assert!(always.iter().all(|&times| times > 0), "{self:?}");
        if blocks < 100_000 {
            return;
        }
        let often = [
            self.outages,
            self.tiny_claims,
            self.rekeyed_before,
            self.rekeyed_after,
            self.reported_later,
            self.forgotten,
            self.stand_ins,
            self.struck,
            self.taken_over,
            self.banned,
            self.slashed,
            self.grown,
            self.shrunk,
            self.quality_lost,
            self.quality_regained,
            self.burnt_from_voters,
            self.long_windows,
        ];
        assert!(often.iter().all(|&times| times > 1), "{self:?}");
        for kind in [
            "vote",
            "unvote",
            "withdraw",
            "claim",
            "refresh",
            "register",
            "retire",
            "report of blocks",
            "report of votes",
            "new keys",
            "keys of others",
        ] {
            assert!(self.calls[kind].0 > 0, "{kind} never worked: {self:?}");
        }
    }
}

/// Fair and real slots of each account over some epochs.
#[derive(Default)]
struct Window {
    epochs: u32,
    slots: BTreeMap<AccountId, (f64, f64)>,
}

/// What an observer knows who only counts slots and reads events.
pub struct Model {
    epoch: Index,
    era: Index,
    era_began: bool,
    /// Owners of the slots since the last block.
    pending: Vec<AccountId>,
    standing: bool,
    /// Blocks and slots by seat in this epoch.
    tally: BTreeMap<AccountId, Service>,
    failed: BTreeSet<AccountId>,
    /// Money at the start, and money burnt since.
    endowed: Balance,
    burnt: Balance,
    average: BTreeMap<AccountId, Perbill>,
    target: u32,
    short: Window,
    long: Window,
}

impl Model {
    pub fn new(endowed: Balance) -> Self {
        Self {
            epoch: CurrentEpoch::<Test>::get().index,
            era: CurrentEra::<Test>::get().index,
            era_began: false,
            pending: Vec::new(),
            standing: false,
            tally: seated()
                .into_iter()
                .map(|who| (who, Service::default()))
                .collect(),
            failed: BTreeSet::new(),
            endowed,
            burnt: 0,
            average: BTreeMap::new(),
            target: TargetSize::<Test>::get(),
            short: Window::default(),
            long: Window::default(),
        }
    }

    /// A slot of `owner` passes.
    pub fn pass(&mut self, owner: AccountId) {
        self.pending.push(owner);
    }

    /// More than a round passes without anybody.
    pub fn stand_still(&mut self) {
        self.standing = true;
    }

    pub fn era_began(&self) -> bool {
        self.era_began
    }

    /// A block was made in the last slot that passed.
    pub fn after_block(&mut self, seen: &mut Seen) {
        self.charge();
        self.read_events(seen);
        self.era_began = CurrentEra::<Test>::get().index != self.era;
        if CurrentEpoch::<Test>::get().index != self.epoch {
            self.check_strikes();
            self.open_epoch(seen);
        } else if System::block_number().is_multiple_of(16) {
            self.check_tally();
        }
        if self.era_began {
            self.era = CurrentEra::<Test>::get().index;
            self.check_era(seen);
        }
    }

    /// Nothing comes from nowhere and nothing vanishes.
    pub fn check_money(&self) {
        let issuance = Balances::total_issuance();
        assert_eq!(
            issuance,
            self.endowed + Minted::get() - self.burnt,
            "minted and burnt"
        );
        assert_eq!(issuance, money_of_everybody(), "account by account");
    }

    fn charge(&mut self) {
        let maker = self.pending.last().copied().expect("a slot passed");
        for owner in self.pending.drain(..).filter(|_| !self.standing) {
            self.tally.entry(owner).or_default().expected += 1;
        }
        let service = self.tally.entry(maker).or_default();
        service.expected += u32::from(self.standing);
        service.made += 1;
        self.standing = false;
    }

    fn check_tally(&self) {
        for (seat, service) in Seats::<Test>::get().iter().zip(Tally::<Test>::get()) {
            assert_eq!(
                self.tally[&seat.account], service,
                "slots of {}",
                seat.account
            );
        }
    }

    /// Counts what a block says it did.
    pub fn read_events(&mut self, seen: &mut Seen) {
        for event in events() {
            match event {
                Event::StakeSlashed { amount, .. } => {
                    self.burnt += amount;
                    seen.burnt_from_voters += 1;
                }
                Event::OffenderSlashed { bond, fraction, .. } => {
                    self.burnt += bond;
                    assert!(fraction >= MINIMUM_SLASH);
                    seen.slashed += 1;
                }
                Event::Struck { successor, .. } => {
                    seen.struck += 1;
                    seen.taken_over += u32::from(successor.is_some());
                }
                Event::Banned { .. } => seen.banned += 1,
                Event::Elected { active, .. } => {
                    seen.elections += 1;
                    assert!(active > 0);
                }
                Event::ElectionFailed { .. } => panic!("there were candidates enough"),
                Event::EraPaid { minted, paid, .. } => {
                    assert_eq!(minted, Release::get(), "the whole share");
                    assert!(paid <= minted + 2 * DEPOSIT);
                }
                _ => (),
            }
        }
    }

    /// Who missed more than half of two epochs lost its slots at once, and the first in line has them.
    fn check_strikes(&mut self) {
        let struck: BTreeMap<AccountId, Option<AccountId>> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Struck {
                    candidate,
                    successor,
                } => Some((candidate, successor)),
                _ => None,
            })
            .collect();
        for (who, service) in &self.tally {
            let failed =
                service.expected > 0 && service.expected - service.made > service.expected / 2;
            let before = self.failed.contains(who);
            assert!(
                !(failed && before) || struck.contains_key(who),
                "{who} failed twice"
            );
            if failed {
                self.failed.insert(*who)
            } else {
                self.failed.remove(who)
            };
        }
        let seats: BTreeSet<_> = seated().into_iter().collect();
        for (who, successor) in struck {
            if let Some(successor) = successor {
                self.failed.remove(&who);
                assert!(
                    self.era_began || seats.contains(&successor) || has_key_of_another(successor),
                    "{successor} took over"
                );
            }
            assert!(
                self.era_began || !seats.contains(&who),
                "{who} lost its slots"
            );
        }
        let active = active();
        self.failed.retain(|who| active.contains(who));
    }

    /// The rules of a new schedule.
    fn open_epoch(&mut self, seen: &mut Seen) {
        let epoch = CurrentEpoch::<Test>::get();
        assert_eq!(epoch.index, self.epoch + 1, "epochs are counted one by one");
        assert_eq!(
            Session::current_index(),
            epoch.index,
            "an epoch is a session"
        );
        self.epoch = epoch.index;
        let now = <Vdpos as parlance_primitives::traits::SlotLeader>::slot();
        assert!(
            epoch.start <= now && now < epoch.end(),
            "the epoch is the one of its slots"
        );

        let seats = seated();
        let schedule = Schedule::<Test>::get().into_inner();
        assert_eq!(schedule.len() as u32, epoch.length);
        let twice: Vec<u16> = schedule.iter().chain(&schedule).copied().collect();
        let longest = twice
            .chunk_by(|one, other| one == other)
            .map(<[u16]>::len)
            .max();
        assert!(
            seats.len() == 1 || longest <= Some(2),
            "two in a row at most"
        );
        let change = ConsensusLog::AuthoritiesChange(Vdpos::authorities()).encode();
        let announced = DigestItem::Consensus(AURA_ENGINE_ID, change);
        assert!(
            System::digest().logs.contains(&announced),
            "clients hear of the schedule"
        );

        let era = CurrentEra::<Test>::get().index;
        // Whose fault was reported in this very block keeps its slots for this epoch.
        let caught: BTreeSet<_> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::OffenderSlashed { candidate, .. } => Some(candidate),
                _ => None,
            })
            .collect();
        let quotas = quotas();
        for who in &seats {
            let own = slots_of(*who) as u32;
            assert!(own >= 1, "nobody sits without a slot");
            assert!(
                (f64::from(own) - quotas[who]).abs() < 1.0 + 1e-6,
                "{who}: {own} of {quotas:?}"
            );
            assert!(
                seats.len() < CAPPED_FROM || own <= epoch.length / 10,
                "a tenth at most"
            );
            let candidate = Candidates::<Test>::get(who);
            assert!(
                caught.contains(who) || candidate.is_some_and(|one| one.banned_until <= era),
                "{who} is shut out"
            );
            for window in [&mut self.short, &mut self.long] {
                let (fair, real) = window.slots.entry(*who).or_default();
                *fair += quotas[who];
                *real += f64::from(own);
            }
        }
        let before: BTreeSet<_> = self.tally.keys().copied().collect();
        seen.set_changes += u32::from(before != seats.iter().copied().collect());
        self.tally = seats
            .into_iter()
            .map(|who| (who, Service::default()))
            .collect();
        self.close_windows(seen);
    }

    /// Shares follow weights: within half a percent of all slots after 20 epochs, and within 2 % of the
    /// own share after 400, although weights, order and members change all the time.
    fn close_windows(&mut self, seen: &mut Seen) {
        self.short.epochs += 1;
        self.long.epochs += 1;
        if self.short.epochs == SHORT_WINDOW {
            for (who, (fair, real)) in std::mem::take(&mut self.short).slots {
                assert!(
                    (fair - real).abs() <= 0.005 * 20.0 * 60.0,
                    "{who} had {real} slots for {fair}"
                );
            }
        }
        if self.long.epochs == LONG_WINDOW {
            for (who, (fair, real)) in std::mem::take(&mut self.long).slots {
                if fair >= 1_000.0 {
                    assert!(
                        (fair - real).abs() <= 0.02 * fair,
                        "{who} had {real} slots for {fair}"
                    );
                    seen.long_windows += 1;
                }
            }
        }
    }

    fn check_era(&mut self, seen: &mut Seen) {
        assert_invariants();
        self.check_money();
        let parameters = CurrentParameters::<Test>::get();
        let target = TargetSize::<Test>::get();
        assert!((parameters.min_set..=parameters.max_set).contains(&target));
        assert!(
            target.abs_diff(self.target) <= 1,
            "the set changes by one at a time"
        );
        seen.grown += u32::from(target > self.target);
        seen.shrunk += u32::from(target < self.target);
        self.target = target;
        for (who, candidate) in Candidates::<Test>::iter() {
            let low = Perbill::from_percent(80);
            let high = Perbill::from_percent(99);
            let before = self
                .average
                .insert(who, candidate.average)
                .unwrap_or(Perbill::one());
            seen.quality_lost += u32::from(before >= low && candidate.average < low);
            seen.quality_regained += u32::from(before < high && candidate.average >= high);
        }
    }
}

/// Whether the slot key that an operator registered is still in force for the one that gave it up.
fn has_key_of_another(who: AccountId) -> bool {
    let key = <Keys as OperatorKeys<AccountId>>::slot_key(&who);
    let epoch = CurrentEpoch::<Test>::get().index;
    key.and_then(|key| Vdpos::key_owner(epoch, AURA, key.as_ref()))
        .is_some_and(|(owner, _)| owner != who)
}

fn seated() -> Vec<AccountId> {
    Seats::<Test>::get()
        .into_iter()
        .map(|seat| seat.account)
        .collect()
}

/// Fair slots of each seat in one round: proportional to backing times quality, at least one, at most a
/// tenth. The factor is found by bisection, another way than the pallet's.
pub fn quotas() -> BTreeMap<AccountId, f64> {
    let slots = f64::from(Schedule::<Test>::get().len() as u32);
    let seats = seated();
    let weights: Vec<f64> = seats
        .iter()
        .map(|who| {
            let active = Active::<Test>::get();
            let producer = active
                .iter()
                .find(|one| one.account == *who)
                .expect("seated: active");
            let average = Candidates::<Test>::get(who).map_or(0, |one| one.average.deconstruct());
            producer.backing as f64 * (0.5 + f64::from(average) / 2e9)
        })
        .collect();
    let cap = match seats.len() {
        1 => slots,
        count if count < CAPPED_FROM => (slots * 2.0 / 3.0).floor(),
        _ => (slots / 10.0).floor(),
    };
    let at = |factor: f64| -> Vec<f64> {
        weights
            .iter()
            .map(|weight| (weight * factor).clamp(1.0, cap))
            .collect()
    };
    let (mut low, mut high) = (0.0, slots);
    for _ in 0..300 {
        let middle = (low + high) / 2.0;
        if at(middle).iter().sum::<f64>() < slots {
            low = middle
        } else {
            high = middle
        }
    }
    seats.into_iter().zip(at(high)).collect()
}
