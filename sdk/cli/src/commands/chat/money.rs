//! Payments in a conversation.

use std::time::Instant;

use parlance_client::{
    chain::amount::Amount,
    e2ee::content::{PaymentKind, bounds::MAX_NOTE},
    messenger::{Command, Entry},
    primitives::AccountId,
};

use super::{
    LAST, Room,
    pay::{Done, Order, Told},
};
use crate::{
    failure::Failure,
    talk::{Stop, paid, show::account_of},
};

impl Room<'_> {
    /// Asks before anything is paid.
    pub(super) fn ask_to_pay(
        &mut self,
        kind: PaymentKind,
        amount: Amount,
        note: String,
    ) -> Result<(), Failure> {
        if self.payments.is_paying() {
            return Err(Failure::StillPaying);
        }
        // A group's id is nobody's account: what is paid there is lost.
        if self.talk.names().is_group(&self.with) {
            return Err(Failure::NoPayment);
        }
        // What cannot be told is not paid, and neither is what nobody here can sign.
        paid::note::<MAX_NOTE>(&note)?;
        self.vault.account_key()?;
        let to = AccountId::new(self.with.0);
        let question = format!("pay {amount} tokens to {}? /yes agrees", self.name);
        self.payments.asked = Some(Order {
            kind,
            amount,
            note,
            to,
        });
        self.screen.line(&question)
    }

    pub(super) fn agree(&mut self) -> Result<(), Failure> {
        if self.payments.is_paying() {
            return Err(Failure::StillPaying);
        }
        let order = self.payments.asked.take().ok_or(Failure::NothingAsked)?;
        let line = format!("paying {} tokens; it takes some seconds", order.amount);
        self.payments.pay(order);
        self.screen.line(&line)
    }

    /// Has somebody else's payment proven, unless that was done.
    pub(super) fn prove(&mut self, entry: &Entry) -> Result<(), Failure> {
        let own = *self.talk.own();
        let Some(claim) = paid::claim(entry, &own) else {
            return Ok(());
        };
        if self.vault.received(&claim.transaction)?.is_none() {
            self.payments.check(Told {
                number: entry.number,
                id: entry.id,
                claim,
            });
        }
        Ok(())
    }

    pub(super) fn paid(&mut self, done: Done) -> Result<(), Failure> {
        match done {
            Done::Paid(order, Ok(included)) => {
                let (what, block) = ((order.kind, order.amount), included.block);
                let line = format!("paid {} tokens, final in block {block}", order.amount);
                self.screen.line(&line)?;
                let body = paid::body(what, &order.note, &included)?;
                let conversation = account_of(&order.to);
                self.talk
                    .command(Command::Say { conversation, body })
                    .map(drop)
            }
            Done::Paid(order, Err(error)) => {
                let line = format!("! {} tokens were not paid: {error}", order.amount);
                self.screen.line(&line)
            }
            Done::Checked(told, Ok(true)) => {
                let (number, amount) = (told.number, Amount(told.claim.amount));
                let block = told.claim.block;
                let line = format!(
                    "{number:>6}  received {amount} tokens, final in block {block}, proven"
                );
                self.screen.line(&line)
            }
            Done::Checked(told, Ok(false)) => {
                let number = told.number;
                let line =
                    format!("! {number}: the payment of another message once more; nothing came");
                self.screen.line(&line)
            }
            Done::Checked(told, Err(error)) => {
                let line = format!("! {}: not received: {error}", told.number);
                self.screen.line(&line)
            }
        }
    }

    /// After the end, what is being paid is told of: nobody else does.
    pub(super) async fn settle(&mut self, stop: &mut Stop) -> Result<(), Failure> {
        if !self.payments.is_paying() {
            return Ok(());
        }
        let line = "! a payment is under way: this ends when it is final, and Ctrl-D at once";
        self.screen.line(line)?;
        let (mut until, mut reads) = (None, true);
        loop {
            tokio::select! {
                told = self.talk.next() => drop(told?),
                done = self.payments.next() => self.paid(done)?,
                typed = self.screen.typed(), if reads => match typed? {
                    super::Typing::End if self.screen.is_terminal() => return Ok(()),
                    super::Typing::End => reads = false,
                    _ => {}
                },
                () = stop.wanted() => return Ok(()),
            }
            if self.payments.is_paying() {
                continue;
            }
            let until = *until.get_or_insert_with(|| Instant::now() + LAST);
            if self.talk.chat().unsent() == 0 || Instant::now() >= until {
                return Ok(());
            }
        }
    }
}
