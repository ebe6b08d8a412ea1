//! Faults on purpose. Operators sign two blocks or two votes, change their keys right before, right after
//! or both, and are reported at once or many epochs later. Whatever they do, each of them is slashed while
//! its fault can be reported, and not after.

use super::{
    actors::{OPERATORS_END, SPARE, does, take_other_keys},
    checks::Seen,
    dice::Dice,
};
use crate::{
    tests::{evidence::*, mock::*},
    *,
};
use parlance_primitives::vdpos::{Index, SlotEquivocation};
use sp_core::{ByteArray, Pair};
use sp_runtime::{Perbill, testing::Header, traits::Dispatchable};
use std::collections::BTreeMap;

/// Epochs after which a report is in time in any case, and those after which it is too late in any case:
/// faults are answerable for three eras after their own, of five epochs each.
const IN_TIME: u64 = 10;
const TOO_LATE: u64 = 20;

/// What somebody signed.
#[derive(Clone)]
enum Proof {
    Blocks(SlotEquivocation<Header>),
    Votes(DoubleVote),
}

impl Proof {
    fn kind(&self) -> &'static str {
        match self {
            Proof::Blocks(_) => "report of blocks",
            Proof::Votes(_) => "report of votes",
        }
    }

    /// Whose key it was, as a client finds it out.
    fn ownership(&self) -> Option<KeyOwnerProof> {
        match self {
            Proof::Blocks(proof) => Vdpos::prove_slot_key(proof.slot, &proof.offender),
            Proof::Votes(proof) => finality_ownership(proof.set_id(), proof.offender()),
        }
    }

    fn report(&self, reporter: AccountId, key_owner_proof: KeyOwnerProof) -> bool {
        match self.clone() {
            Proof::Blocks(proof) => {
                let call = Call::report_equivocation {
                    equivocation_proof: Box::new(proof),
                    key_owner_proof,
                };
                does(reporter, call)
            }
            Proof::Votes(proof) => {
                let call = pallet_grandpa::Call::<Test>::report_equivocation {
                    equivocation_proof: Box::new(proof),
                    key_owner_proof,
                };
                RuntimeCall::Grandpa(call)
                    .dispatch(signed(reporter))
                    .is_ok()
            }
        }
    }
}

/// A fault that is known and not reported yet.
struct Fault {
    proof: Proof,
    /// Who did it, and in which epoch.
    culprit: AccountId,
    epoch: Index,
    /// Members of the session.
    members: u32,
    /// Epoch in which it is reported.
    due: Index,
}

/// All faults that wait for their report.
pub struct Faults {
    /// Numbers from which keys are made, by key.
    numbers: BTreeMap<Vec<u8>, u64>,
    /// Each double vote has a round of its own.
    round: u64,
    open: Vec<Fault>,
}

impl Faults {
    pub fn new() -> Self {
        let numbers = (OPERATORS..OPERATORS_END)
            .flat_map(|who| [who, who + SPARE])
            .flat_map(|number| {
                [
                    (key_of(number).public().to_raw_vec(), number),
                    (finality_key_of(number).public().to_raw_vec(), number),
                ]
            })
            .collect();
        Self {
            numbers,
            round: 0,
            open: Vec::new(),
        }
    }

    /// Whether the leader of this block came in from standby and is not in the session yet.
    pub fn stand_in_leads() -> bool {
        LastLeader::<Test>::get()
            .and_then(|leader| leader.seat)
            .is_some_and(|seat| !Session::validators().contains(&seat.account))
    }

    /// Somebody in the set signs something twice.
    pub fn commit(&mut self, dice: &mut Dice, seen: &mut Seen) {
        let blocks = dice.one_in(2);
        let found = if blocks {
            self.slot_key(seen)
        } else {
            self.finality_key(dice)
        };
        let Some((culprit, number)) = found else {
            return;
        };
        if dice.one_in(3) {
            take_other_keys(culprit, seen);
            seen.rekeyed_before += 1;
        }
        let proof = if blocks {
            let slot = LastLeader::<Test>::get().map_or(0, |leader| *leader.slot);
            Proof::Blocks(equivocation(&key_of(number), slot))
        } else {
            self.round += 1;
            let set = Grandpa::current_set_id();
            Proof::Votes(double_vote(&finality_key_of(number), set, self.round))
        };
        if dice.one_in(3) {
            take_other_keys(culprit, seen);
            seen.rekeyed_after += 1;
        }
        let delay = match dice.below(10) {
            0..=3 => 0,
            4..=8 => dice.below(IN_TIME + 1),
            _ => TOO_LATE + dice.below(IN_TIME),
        };
        let epoch = CurrentEpoch::<Test>::get().index;
        self.open.push(Fault {
            proof,
            culprit,
            epoch,
            members: Session::validators().len() as u32,
            due: epoch + delay as Index,
        });
    }

    /// Reports what is due.
    pub fn report_due(&mut self, dice: &mut Dice, seen: &mut Seen) {
        let now = CurrentEpoch::<Test>::get().index;
        let (due, open) = self.open.drain(..).partition(|fault| fault.due <= now);
        self.open = open;
        for fault in due {
            report(fault, VOTERS + dice.below(200), seen);
        }
    }

    /// The leader of this block and the number of the key that had to seal it.
    fn slot_key(&self, seen: &mut Seen) -> Option<(AccountId, u64)> {
        let seat = LastLeader::<Test>::get()?.seat?;
        let number = self.numbers[&seat.key.to_raw_vec()];
        // The first block of an epoch is made under the schedule before. When the key is somebody else's
        // by then, both know it and the headers do not say which of the two sealed them.
        let mut seats = Seats::<Test>::get().into_iter();
        if seats.any(|other| other.key == seat.key && other.account != seat.account) {
            return None;
        }
        seen.stand_ins += u32::from(Self::stand_in_leads());
        Some((seat.account, number))
    }

    /// A voter on finality and the number of its key.
    fn finality_key(&self, dice: &mut Dice) -> Option<(AccountId, u64)> {
        // In the first block of a session the set is announced and not yet in place.
        if Grandpa::pending_change().is_some() {
            return None;
        }
        let (voters, members) = (Grandpa::grandpa_authorities(), Session::validators());
        assert_eq!(voters.len(), members.len(), "the session's members vote");
        let place = dice.below(voters.len() as u64) as usize;
        let number = self.numbers[&voters[place].0.to_raw_vec()];
        Some((members[place], number))
    }
}

/// A report in time is accepted once and slashes the culprit; one that is too late does nothing.
fn report(fault: Fault, reporter: AccountId, seen: &mut Seen) {
    let Fault {
        proof,
        culprit,
        epoch,
        members,
        due,
    } = fault;
    if u64::from(due - epoch) > IN_TIME {
        assert_eq!(proof.ownership(), None, "nobody answers for ever");
        let made_up = KeyOwnerProof {
            session: epoch,
            validator_count: members,
        };
        assert!(!proof.report(reporter, made_up), "too late");
        seen.forgotten += 1;
        return;
    }
    let ownership = proof.ownership().expect("a key in force can be proven");
    let forged = KeyOwnerProof {
        validator_count: ownership.validator_count / 2,
        ..ownership.clone()
    };
    assert!(
        !proof.report(reporter, forged),
        "half the members would be four times the slash"
    );
    if ownership.session == epoch {
        assert_eq!(ownership.validator_count, members);
    }
    let accepted = proof.report(reporter, ownership.clone());
    seen.note(proof.kind(), accepted);
    assert!(accepted, "{} of {culprit} in epoch {epoch}", proof.kind());
    assert!(
        !proof.report(reporter, ownership.clone()),
        "a fault is punished once"
    );
    seen.reported_later += u32::from(CurrentEpoch::<Test>::get().index > epoch);

    let era = Epochs::<Test>::get(ownership.session).map(|record| record.era);
    let slashed = Slashed::<Test>::get(era.expect("it was answerable"), culprit);
    let least = Perbill::from_rational(3, ownership.validator_count).square();
    assert!(
        slashed >= least.max(MINIMUM_SLASH),
        "{culprit} lost {slashed:?} of {least:?}"
    );
    let now = CurrentEra::<Test>::get().index;
    assert!(
        Candidates::<Test>::get(culprit).is_none_or(|one| one.banned_until > now),
        "an offender is shut out"
    );
}
