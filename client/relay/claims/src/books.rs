//! Taking in, sealing, forgetting.

use std::collections::BTreeMap;

use parlance_primitives::{
    AccountId,
    relay::{Agenda, Correspondent, Period, Root, TreeError},
};

use crate::{
    GivenUp, Occasion, Owner, Receipt, Record, Refusal, State, Store, Ticket,
    leaves::{Signatures, judge_receipt, judge_ticket, receipt_leaf, ticket_leaf},
    period::{Base, Kept},
    plan::Attempts,
};

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error<Storage, Chain> {
    /// The journal failed.
    #[error("the journal of claims: {0}")]
    Store(Storage),
    /// The state of the chain could not be asked.
    #[error("the state of the chain: {0}")]
    Chain(Chain),
    /// Leaves make no tree.
    #[error("the leaves of a claim: {0}")]
    Tree(TreeError),
}

/// Whose leaves a claim does not have.
#[derive(Default)]
struct LeftOut {
    senders: Vec<AccountId>,
    recipients: Vec<AccountId>,
}

/// A relay's tickets and receipts, and the trees that it has claimed.
#[derive(Debug)]
pub struct Books<S> {
    pub(crate) owner: Owner,
    pub(crate) store: S,
    pub(crate) kept: BTreeMap<Period, Kept>,
    /// What is not written yet.
    unwritten: BTreeMap<Period, Vec<Record>>,
    pub(crate) attempts: Attempts,
    /// The first period that is not closed for good.
    first: Period,
}

impl<S: Store> Books<S> {
    /// The books of `owner` as the journal has them.
    ///
    /// # Errors
    /// When the journal cannot be read, or is of another crate's making.
    pub fn open(
        owner: Owner,
        store: S,
    ) -> Result<Self, Error<S::Error, core::convert::Infallible>> {
        let mut kept = BTreeMap::new();
        for period in store.periods().map_err(Error::Store)? {
            let records = store.read(period).map_err(Error::Store)?;
            kept.insert(period, Kept::replay(records).map_err(Error::Tree)?);
        }
        Ok(Self {
            owner,
            store,
            kept,
            unwritten: BTreeMap::new(),
            attempts: Attempts::default(),
            first: 0,
        })
    }

    /// Takes a ticket, and says how many of its bytes count: none when the sender has no allowance that
    /// counts, in which case nothing is kept.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn take_ticket(
        &mut self,
        occasion: &Occasion<'_>,
        ticket: Ticket,
        known: &Correspondent,
    ) -> Result<u64, Refusal> {
        self.check_open(occasion.period)?;
        if let Some(kept) = self.kept.get(&occasion.period) {
            kept.check_ticket(&ticket.sender, ticket.bytes)?;
        }
        let leaf = ticket_leaf(&self.owner, occasion, ticket, known)?;
        let counted = leaf.counted;
        if counted > 0 {
            let kept = self.kept.entry(occasion.period).or_default();
            kept.tickets.insert(leaf.sender.clone(), leaf.clone());
            self.note(occasion.period, Record::Ticket(leaf));
        }
        Ok(counted)
    }

    /// Takes a receipt, and says how many bytes it counts (C9).
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn take_receipt(
        &mut self,
        occasion: &Occasion<'_>,
        receipt: Receipt,
        known: &Correspondent,
    ) -> Result<u64, Refusal> {
        self.check_open(occasion.period)?;
        let rules = &occasion.setting.rules;
        let pushed = receipt.pushed.worth(&receipt.delivered, rules);
        let mut base = Base::of(&receipt);
        if let Some(kept) = self.kept.get(&occasion.period) {
            base = kept.base(base, &receipt.recipient);
        }
        let most = receipt.delivered.worth(rules.fan_out);
        let counted = base.counted.saturating_add(pushed).min(most);
        if let Some(kept) = self.kept.get(&occasion.period) {
            kept.check_receipt(&receipt.recipient, counted)?;
        }
        let leaf = receipt_leaf(&self.owner, occasion, receipt, counted, known)?;
        if counted > 0 {
            let kept = self.kept.entry(occasion.period).or_default();
            kept.bases.insert(leaf.recipient.clone(), base);
            kept.receipts.insert(leaf.recipient.clone(), leaf.clone());
            self.note(occasion.period, Record::Receipt(leaf));
        }
        Ok(counted)
    }

    /// Bytes of the last ticket of `sender` in a period: its next one goes on from there.
    pub fn ticketed(&self, period: Period, sender: &AccountId) -> u64 {
        let kept = self.kept.get(&period);
        kept.and_then(|kept| kept.tickets.get(sender))
            .map_or(0, |leaf| leaf.bytes)
    }

    /// Bytes that the tickets and the receipts of a period count.
    pub fn counted(&self, period: Period) -> (u64, u64) {
        let Some(kept) = self.kept.get(&period) else {
            return (0, 0);
        };
        if let Some(trees) = &kept.sealed {
            let (tickets, receipts) = trees.roots();
            return (tickets.bytes, receipts.bytes);
        }
        let tickets = kept.tickets.values().map(|leaf| leaf.counted);
        let receipts = kept.receipts.values().map(|leaf| leaf.counted);
        (
            tickets.fold(0, u64::saturating_add),
            receipts.fold(0, u64::saturating_add),
        )
    }

    /// Writes what came. Call it once for all that came together.
    ///
    /// # Errors
    /// When the journal fails; what is not written stays for the next call.
    pub fn flush(&mut self) -> Result<(), S::Error> {
        while let Some(entry) = self.unwritten.first_entry() {
            self.store.append(*entry.key(), entry.get())?;
            let (period, records) = entry.remove_entry();
            let Some(kept) = self.kept.get_mut(&period) else {
                continue;
            };
            kept.note_written(records.len());
            if let Some(all) = kept.overgrown() {
                self.store.rewrite(period, &all)?;
                kept.note_rewritten(all.len());
            }
        }
        Ok(())
    }

    /// Forgets periods about which the chain is final, by the agenda of the last final block; says which
    /// were lost.
    ///
    /// # Errors
    /// When the journal fails.
    pub fn forget(&mut self, agenda: &Agenda) -> Result<Vec<(Period, GivenUp)>, S::Error> {
        let mut lost = Vec::new();
        // Claims for the period before may still come.
        self.first = self.first.max(agenda.clock.period.saturating_sub(1));
        let over: Vec<Period> = self
            .kept
            .range(..self.first)
            .map(|(period, _)| *period)
            .filter(|period| agenda.open.iter().all(|open| open.period != *period))
            .collect();
        for period in over {
            self.store.remove(period)?;
            self.unwritten.remove(&period);
            if let Some(kept) = self.kept.remove(&period)
                && kept.sealed.is_none()
                && !kept.tickets.is_empty()
            {
                lost.push((period, GivenUp::NotClaimed));
            }
            self.attempts.forget(period);
        }
        let oldest = self.kept.first_key_value().map(|(period, _)| *period);
        let open = agenda.open.iter().map(|open| open.period).min();
        let needed = [Some(self.first), oldest, open];
        if let Some(before) = needed.into_iter().flatten().min() {
            self.attempts.forget_before(before);
        }
        Ok(lost)
    }

    /// The roots to claim for a period: those of before, or of what there is now, which is closed with it.
    pub(crate) fn claimed<C: State>(
        &mut self,
        period: Period,
        agenda: &Agenda,
        state: &C,
    ) -> Result<(Root, Root), Error<S::Error, C::Error>> {
        let is_sealed = |kept: &Kept| kept.sealed.is_some();
        if !self.kept.get(&period).is_some_and(is_sealed) {
            self.seal(period, agenda, state)?;
        }
        self.store.sync(period).map_err(Error::Store)?;
        let trees = self.kept.get(&period).and_then(|kept| kept.sealed.as_ref());
        Ok(trees.map(|trees| trees.roots()).unwrap_or_default())
    }

    fn seal<C: State>(
        &mut self,
        period: Period,
        agenda: &Agenda,
        state: &C,
    ) -> Result<(), Error<S::Error, C::Error>> {
        let LeftOut {
            senders,
            recipients,
        } = self.doubtful(period, agenda, state)?;
        let record = Record::Sealed {
            senders: senders.clone(),
            recipients: recipients.clone(),
        };
        self.store.append(period, &[record]).map_err(Error::Store)?;
        // From here on the journal says so, whatever fails next.
        let kept = self.kept.entry(period).or_default();
        kept.seal(&senders, &recipients).map_err(Error::Tree)
    }

    /// Senders and recipients whose leaves would not hold any more (C2).
    fn doubtful<C: State>(
        &self,
        period: Period,
        agenda: &Agenda,
        state: &C,
    ) -> Result<LeftOut, Error<S::Error, C::Error>> {
        let Some(kept) = self.kept.get(&period) else {
            return Ok(LeftOut::default());
        };
        let setting = state.setting(period).map_err(Error::Chain)?;
        let (Some(id), Some(setting)) = (agenda.id, setting) else {
            // Nobody can judge them, so that none of them may be claimed.
            let senders = kept.tickets.keys().cloned().collect();
            let recipients = kept.receipts.keys().cloned().collect();
            return Ok(LeftOut {
                senders,
                recipients,
            });
        };
        let occasion = Occasion {
            period,
            id,
            setting: &setting,
        };
        let mut senders = Vec::new();
        for (who, leaf) in &kept.tickets {
            let known = state
                .correspondent(who, leaf.device, period)
                .map_err(Error::Chain)?;
            let signatures = Signatures::Known;
            if judge_ticket(&self.owner, &occasion, leaf.clone(), &known, signatures).is_err() {
                senders.push(who.clone());
            }
        }
        let mut recipients = Vec::new();
        for (who, leaf) in &kept.receipts {
            let known = state
                .correspondent(who, leaf.device, period)
                .map_err(Error::Chain)?;
            let signatures = Signatures::Known;
            if judge_receipt(&self.owner, &occasion, leaf.clone(), &known, signatures).is_err() {
                recipients.push(who.clone());
            }
        }
        Ok(LeftOut {
            senders,
            recipients,
        })
    }

    fn check_open(&self, period: Period) -> Result<(), Refusal> {
        let is_sealed = |kept: &Kept| kept.sealed.is_some();
        if period < self.first || self.kept.get(&period).is_some_and(is_sealed) {
            return Err(Refusal::Closed(period));
        }
        Ok(())
    }

    fn note(&mut self, period: Period, record: Record) {
        self.unwritten.entry(period).or_default().push(record);
    }
}
