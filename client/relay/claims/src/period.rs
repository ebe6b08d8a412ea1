//! One period's leaves, and the trees made of them.

use std::collections::{BTreeMap, BTreeSet};

use parlance_primitives::{
    AccountId,
    accounts::DeviceId,
    relay::{
        Challenge, Leaf, MAX_BYTES, MAX_DEPTH, ReceiptLeaf, Root, TicketLeaf, Tree, TreeError,
    },
};

use crate::{Receipt, Record, Refusal};

/// Most leaves of a tree: openings of larger ones do not fit into a transaction.
pub const MOST_LEAVES: usize = 30_000;
/// Most tickets, and most receipts, that are kept of a period: of a crowd, the largest make the tree.
pub const MOST_KEPT: usize = 2 * MOST_LEAVES;

/// Records of a journal beyond twice those that count for which it is not written anew.
const SPARE: usize = 1_024;

/// The trees of a claim.
#[derive(Debug)]
pub(crate) struct Trees {
    tickets: Tree<TicketLeaf<AccountId>>,
    receipts: Tree<ReceiptLeaf<AccountId>>,
}

impl Trees {
    /// What is claimed: tickets, receipts.
    pub(crate) fn roots(&self) -> (Root, Root) {
        (self.tickets.root(), self.receipts.root())
    }

    /// The opening at these positions.
    pub(crate) fn open(&self, challenge: &Challenge) -> Vec<u8> {
        let mut opening = self.tickets.open(&challenge.tickets);
        opening.extend(self.receipts.open(&challenge.receipts));
        opening
    }
}

/// What a device's receipts counted when the relay began to count what it delivers to it (C9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    device: DeviceId,
    run: u64,
    pub counted: u64,
}

impl Base {
    /// As if nothing had been counted before.
    pub fn of(receipt: &Receipt) -> Self {
        Self {
            device: receipt.device,
            run: receipt.pushed.run,
            counted: 0,
        }
    }
}

/// What is known of a period.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) tickets: BTreeMap<AccountId, TicketLeaf<AccountId>>,
    pub(crate) receipts: BTreeMap<AccountId, ReceiptLeaf<AccountId>>,
    /// Of those recipients of whom something came since this was opened.
    pub(crate) bases: BTreeMap<AccountId, Base>,
    /// Once it is claimed for (C4).
    pub(crate) sealed: Option<Trees>,
    /// Records in the journal.
    written: usize,
}

impl Kept {
    /// Takes back what a journal says.
    ///
    /// # Errors
    /// When its leaves make no tree, which leaves that were written by this crate do.
    pub(crate) fn replay(records: Vec<Record>) -> Result<Self, TreeError> {
        let mut kept = Self {
            written: records.len(),
            ..Self::default()
        };
        for record in records {
            match record {
                Record::Ticket(leaf) => {
                    kept.tickets.insert(leaf.sender.clone(), leaf);
                }
                Record::Receipt(leaf) => {
                    kept.receipts.insert(leaf.recipient.clone(), leaf);
                }
                Record::Sealed {
                    senders,
                    recipients,
                } => {
                    kept.seal(&senders, &recipients)?;
                    break;
                }
            }
        }
        Ok(kept)
    }

    /// Notes that the journal has so many records more.
    pub(crate) fn note_written(&mut self, more: usize) {
        self.written = self.written.saturating_add(more);
    }

    /// All records that count, when the journal has far more than those (C7).
    pub(crate) fn overgrown(&self) -> Option<Vec<Record>> {
        let count = self.tickets.len().saturating_add(self.receipts.len());
        let most = count.saturating_mul(2).saturating_add(SPARE);
        if self.sealed.is_some() || self.written <= most {
            return None;
        }
        let tickets = self.tickets.values().cloned().map(Record::Ticket);
        let receipts = self.receipts.values().cloned().map(Record::Receipt);
        Some(tickets.chain(receipts).collect())
    }

    /// Notes that the journal has been written anew, with so many records.
    pub(crate) fn note_rewritten(&mut self, records: usize) {
        self.written = records;
    }

    /// Closes the period with all but these accounts, and makes its trees.
    pub(crate) fn seal(
        &mut self,
        senders: &[AccountId],
        recipients: &[AccountId],
    ) -> Result<(), TreeError> {
        for sender in senders {
            self.tickets.remove(sender);
        }
        for recipient in recipients {
            self.receipts.remove(recipient);
        }
        self.bases.clear();
        let tickets = std::mem::take(&mut self.tickets).into_values().collect();
        let receipts = std::mem::take(&mut self.receipts).into_values().collect();
        let tickets = tree(largest(tickets))?;
        let mut receipts = largest(receipts);
        cut(&mut receipts, tickets.root().bytes);
        self.sealed = Some(Trees {
            tickets,
            receipts: tree(receipts)?,
        });
        Ok(())
    }

    /// What was counted of a device before its receipts had what `fresh` names.
    pub(crate) fn base(&self, fresh: Base, recipient: &AccountId) -> Base {
        let same = |base: &&Base| base.device == fresh.device && base.run == fresh.run;
        if let Some(base) = self.bases.get(recipient).filter(same) {
            return *base;
        }
        // Counted in an earlier run. What another device of the account counts is its own.
        let last = self.receipts.get(recipient);
        let last = last.filter(|leaf| leaf.device == fresh.device);
        Base {
            counted: last.map_or(0, |leaf| leaf.counted),
            ..fresh
        }
    }

    /// Whether a ticket says more than the one that is kept.
    pub(crate) fn check_ticket(&self, sender: &AccountId, bytes: u64) -> Result<(), Refusal> {
        let last = self.tickets.get(sender).map(|last| last.bytes);
        check(last, bytes, self.tickets.len())
    }

    /// Whether a receipt counts for more than the one that is kept.
    pub(crate) fn check_receipt(&self, recipient: &AccountId, worth: u64) -> Result<(), Refusal> {
        let last = self.receipts.get(recipient).map(|last| last.counted);
        check(last, worth, self.receipts.len())
    }
}

fn check(last: Option<u64>, bytes: u64, kept: usize) -> Result<(), Refusal> {
    match last {
        Some(last) if bytes <= last => Err(Refusal::NotMore { bytes: last }),
        None if kept >= MOST_KEPT => Err(Refusal::Full),
        _ => Ok(()),
    }
}

/// The leaves that count most: [`MOST_LEAVES`] of them, none too close to another. The same leaves come in the
/// same order, whatever theirs was.
fn largest<L: Leaf>(leaves: Vec<L>) -> Vec<L> {
    let mut ranked: Vec<(u64, u128, L)> = leaves
        .into_iter()
        .map(|leaf| (leaf.counted(), leaf.place(), leaf))
        .collect();
    ranked.sort_by_key(|(counted, place, _)| (core::cmp::Reverse(*counted), *place));
    let mut taken = BTreeSet::new();
    let apart = |place: u128| place.checked_shr(128 - MAX_DEPTH).unwrap_or(0);
    ranked
        .into_iter()
        .filter(|(_, place, _)| taken.insert(apart(*place)))
        .take(MOST_LEAVES)
        .map(|(_, _, leaf)| leaf)
        .collect()
}

/// Lowers what the largest receipts count to one level, or a byte above it, so that all of them, the largest first, count
/// `most` together (C8).
fn cut(receipts: &mut [ReceiptLeaf<AccountId>], most: u64) {
    // From the smallest on, each gets what it says as long as all that follow could have as much.
    let mut left = most;
    for waiting in (1..=receipts.len()).rev() {
        let Some(waiters) = receipts.get_mut(..waiting) else {
            return;
        };
        let Some(smallest) = waiters.last().map(|leaf| leaf.counted) else {
            return;
        };
        let count = u64::try_from(waiting).unwrap_or(u64::MAX);
        let level = left.checked_div(count).unwrap_or(0);
        if smallest > level {
            let over = left.checked_rem(count).unwrap_or(0);
            for (leaf, place) in waiters.iter_mut().zip(0..) {
                let more = u64::from(place < over);
                leaf.counted = leaf.counted.min(level.saturating_add(more));
            }
            return;
        }
        left = left.saturating_sub(smallest);
    }
}

/// The tree of these leaves, the first of them, as far as they are within [`MAX_BYTES`] together.
fn tree<L: Leaf>(leaves: Vec<L>) -> Result<Tree<L>, TreeError> {
    let mut sum: u64 = 0;
    let mut chosen = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let more = sum.saturating_add(leaf.counted());
        if leaf.counted() > 0 && more <= MAX_BYTES {
            sum = more;
            chosen.push(leaf);
        }
    }
    Tree::new(chosen)
}

#[cfg(test)]
mod tests;
