//! What must outlive the process.

use codec::{Decode, Encode};
use parlance_primitives::{
    AccountId,
    relay::{Period, ReceiptLeaf, TicketLeaf},
};

/// An entry of a period's journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
    /// A sender's ticket; a later one takes its place.
    Ticket(TicketLeaf<AccountId>),
    /// A recipient's receipt; a later one takes its place.
    Receipt(ReceiptLeaf<AccountId>),
    /// The period is claimed with all before this, but for accounts that were found in doubt. Nothing
    /// follows.
    Sealed {
        /// Senders left out.
        senders: Vec<AccountId>,
        /// Recipients left out.
        recipients: Vec<AccountId>,
    },
}

/// Journals, one for each period.
pub trait Store {
    /// Why it fails.
    type Error: core::error::Error + 'static;

    /// Periods that have a journal.
    ///
    /// # Errors
    /// When they cannot be read.
    fn periods(&self) -> Result<Vec<Period>, Self::Error>;

    /// A journal from its beginning up to the last record that was written whole.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, period: Period) -> Result<Vec<Record>, Self::Error>;

    /// Appends records. Once it returns they survive the end of the process.
    ///
    /// # Errors
    /// When not all of them do.
    fn append(&mut self, period: Period, records: &[Record]) -> Result<(), Self::Error>;

    /// Puts records in the place of all that a journal has, without the seal. Once it returns they survive a loss of
    /// power; until then the journal is what it was.
    ///
    /// # Errors
    /// When they do not take its place.
    fn rewrite(&mut self, period: Period, records: &[Record]) -> Result<(), Self::Error>;

    /// Once it returns, what was appended survives a loss of power.
    ///
    /// # Errors
    /// When it may not.
    fn sync(&mut self, period: Period) -> Result<(), Self::Error>;

    /// Removes a journal.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&mut self, period: Period) -> Result<(), Self::Error>;
}
