//! Tickets and receipts (P1-P5).

use super::{Engine, Purpose};
use crate::{
    Encryption, Row, Storage,
    limits::{BRIEF, MAX_ACCOUNTS_OF_PROOF, RECEIPT_BYTES, RECEIPT_PAUSE},
    proof::{Account, Ticket, receipt_statement, ticket_statement},
};
use codec::Encode;
use parlance_bimp::{Receipt, RelayId, Request};
use parlance_e2ee::Content;
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// What a message counts for at a relay now, if tickets pay it (P1).
    pub(super) fn charge_of(&self, relay: RelayId) -> Option<(u32, RelayId)> {
        let period = self.directory.period?;
        let takes = self.relays.takes_tickets(&relay, self.clock.steady);
        takes.then_some((period, relay))
    }

    /// The ticket for so many more bytes at a relay; empty if it is not an ingress relay.
    pub(super) fn ticket(&mut self, relay: RelayId, more: usize) -> Vec<u8> {
        let paid = self.charge_of(relay).zip(self.relays.account(&relay));
        let Some(((period, _), account)) = paid else {
            return Vec::new();
        };
        let Some(counts) = self.counts(relay) else {
            return Vec::new();
        };
        counts.sent = counts.sent.saturating_add(more as u64);
        let (bytes, latency) = (counts.sent, counts.upload_class());
        self.put_counts(relay);
        let (genesis, sender) = (&self.directory.genesis, &self.own.0);
        let statement = ticket_statement(genesis, period, &account, sender, bytes, latency);
        let ticket = Ticket {
            period,
            bytes,
            latency,
            signature: self.encryption.identity().sign(&statement),
        };
        ticket.encode()
    }

    /// A relay did not take what a ticket was for.
    pub(super) fn uncount(&mut self, (period, relay): (u32, RelayId), bytes: usize) {
        if self.directory.period != Some(period) {
            return;
        }
        if let Some(counts) = self.counts(relay) {
            counts.sent = counts.sent.saturating_sub(bytes as u64);
            self.put_counts(relay);
        }
    }

    pub(super) fn note_upload(&mut self, relay: RelayId, took: u64) {
        if self.charge_of(relay).is_none() {
            return;
        }
        if let Some(counts) = self.counts(relay) {
            counts.uploaded(took);
            self.put_counts(relay);
        }
    }

    pub(super) fn count_delivery(&mut self, relay: RelayId, bytes: usize, of_group: bool) {
        if let Some(counts) = self.counts(relay) {
            counts.delivered(bytes, of_group);
            self.put_counts(relay);
        }
    }

    /// How long a message took, if it did not wait for this device.
    pub(super) fn note_delivery_time(&mut self, plaintext: &[u8]) {
        let Ok(content) = Content::from_bytes(plaintext) else {
            return;
        };
        let took = self.clock.wall.saturating_sub(content.sent_at);
        let Some(relay) = self.subscription.at().filter(|_| took <= BRIEF) else {
            return;
        };
        if let Some(counts) = self.counts(relay) {
            counts.took(took);
        }
    }

    fn counts(&mut self, relay: RelayId) -> Option<&mut Account> {
        let period = self.directory.period?;
        let full = self.proofs.len() >= MAX_ACCOUNTS_OF_PROOF;
        if full && !self.proofs.contains_key(&(period, relay)) {
            return None;
        }
        let counts = self.proofs.entry((period, relay));
        Some(counts.or_insert_with(|| Account::new(period, relay)))
    }

    fn put_counts(&mut self, relay: RelayId) {
        let Some(period) = self.directory.period else {
            return;
        };
        if let Some(counts) = self.proofs.get(&(period, relay)) {
            self.ledger.put(Row::Proof(period, relay), counts);
        }
    }

    /// P3.
    pub(super) fn give_receipts(&mut self) {
        let Some(period) = self.directory.period else {
            return;
        };
        let now = self.clock.steady;
        let due: Vec<RelayId> = self
            .proofs
            .values()
            .filter(|counts| {
                let open = counts.open();
                let last = self.receipted.get(&counts.relay).copied();
                let waited = last.is_none_or(|last| now >= last.saturating_add(RECEIPT_PAUSE));
                counts.period == period && (open >= RECEIPT_BYTES || (open > 0 && waited))
            })
            .map(|counts| counts.relay)
            .collect();
        for relay in due {
            self.give_receipt(period, relay);
        }
    }

    fn give_receipt(&mut self, period: u32, relay: RelayId) {
        let Some(account) = self.relays.account(&relay) else {
            return;
        };
        let Some(counts) = self.proofs.get_mut(&(period, relay)) else {
            return;
        };
        counts.receipted = counts.received.saturating_add(counts.fanned);
        let came = (counts.received, counts.fanned);
        let latency = counts.delivery_class();
        self.ledger.put(Row::Proof(period, relay), counts);
        self.receipted.insert(relay, self.clock.steady);
        let (genesis, own) = (&self.directory.genesis, &self.own.0);
        let statement =
            receipt_statement(genesis, period, &account, own, self.epoch, came, latency);
        let signature = self.encryption.identity().sign(&statement);
        let receipt = Receipt {
            period,
            bytes: came.0,
            fanned: came.1,
            latency,
            signature,
        };
        self.ask(relay, Purpose::Nothing, Request::Receipt(receipt));
    }

    /// The last receipts of a period, and what was before it is forgotten.
    pub(super) fn end_period(&mut self, next: Option<u32>) {
        if let Some(period) = self.directory.period {
            let open: Vec<RelayId> = self
                .proofs
                .values()
                .filter(|it| it.period == period && it.open() > 0)
                .map(|it| it.relay)
                .collect();
            for relay in open {
                self.give_receipt(period, relay);
            }
        }
        let old: Vec<(u32, RelayId)> = self
            .proofs
            .keys()
            .filter(|(period, _)| Some(*period) != next)
            .copied()
            .collect();
        for (period, relay) in old {
            self.proofs.remove(&(period, relay));
            self.ledger.remove(Row::Proof(period, relay));
        }
    }
}
