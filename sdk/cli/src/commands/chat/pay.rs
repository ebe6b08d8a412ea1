//! Payments while a conversation goes on: one at a time each way.

use std::{collections::VecDeque, future::Future, pin::Pin};

use parlance_client::{
    chain::amount::Amount,
    e2ee::content::PaymentKind,
    messenger::ContentId,
    primitives::AccountId,
    vault::Vault,
    wallet::{Included, received::Claim},
};

use crate::{commands::tip, context::Context, failure::Failure};

/// Payments of others that wait to be proven.
const MAX_CLAIMS: usize = 256;

type Task<'v, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 'v>>;

/// A payment that the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What it is.
    pub kind: PaymentKind,
    /// How much.
    pub amount: Amount,
    /// A note.
    pub note: String,
    /// Whom.
    pub to: AccountId,
}

/// A payment of somebody else.
#[derive(Clone, Debug)]
pub struct Told {
    /// The message's number.
    pub number: u64,
    /// Its id.
    pub id: ContentId,
    /// What it says.
    pub claim: Claim,
}

/// What came of one.
pub enum Done {
    /// Of an own one.
    Paid(Order, Result<Included, Failure>),
    /// Of one of somebody else: whether it is the first message that tells of it.
    Checked(Told, Result<bool, Failure>),
}

/// Both ways.
pub struct Payments<'v> {
    context: &'v Context,
    vault: &'v Vault,
    /// Waits for a yes.
    pub asked: Option<Order>,
    paying: Option<(Order, Task<'v, Included>)>,
    told: VecDeque<Told>,
    checking: Option<(Told, Task<'v, bool>)>,
}

impl<'v> Payments<'v> {
    /// None yet.
    pub fn new(context: &'v Context, vault: &'v Vault) -> Self {
        Self {
            context,
            vault,
            asked: None,
            paying: None,
            told: VecDeque::new(),
            checking: None,
        }
    }

    /// Whether an own one is under way.
    pub fn is_paying(&self) -> bool {
        self.paying.is_some()
    }

    /// Whether any is.
    pub fn is_busy(&self) -> bool {
        self.is_paying() || self.checking.is_some() || !self.told.is_empty()
    }

    /// Pays.
    pub fn pay(&mut self, order: Order) {
        let (context, vault) = (self.context, self.vault);
        let (to, amount) = (order.to.clone(), order.amount);
        let task = async move { tip::pay(context, vault, &to, amount).await };
        self.paying = Some((order, Box::pin(task)));
    }

    /// Proves one of somebody else, after those before it.
    pub fn check(&mut self, told: Told) {
        if self.told.len() < MAX_CLAIMS {
            self.told.push_back(told);
        }
    }

    /// Waits until one is done. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self) -> Done {
        if self.checking.is_none()
            && let Some(told) = self.told.pop_front()
        {
            let (context, vault) = (self.context, self.vault);
            let Told { id, claim, .. } = told.clone();
            let task = async move { tip::check(context, vault, &claim, &id).await };
            self.checking = Some((told, Box::pin(task)));
        }
        tokio::select! {
            paid = ended(&mut self.paying) => Done::Paid(paid.0, paid.1),
            checked = ended(&mut self.checking) => Done::Checked(checked.0, checked.1),
        }
    }
}

/// What a task came to, and what it was about.
async fn ended<A, T>(task: &mut Option<(A, Task<'_, T>)>) -> (A, Result<T, Failure>) {
    let Some((_, running)) = task else {
        return std::future::pending().await;
    };
    let result = running.await;
    match task.take() {
        Some((about, _)) => (about, result),
        None => std::future::pending().await,
    }
}
